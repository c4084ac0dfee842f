"""Drift: color and exposure run away slowly over the span, as they do in long generated videos."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.plant import Plant
from evenflow.core.clip import Frame


def drift(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Moves CIELAB along one random direction, linear in time, to `magnitude` dE at the span's end.

    The span runs to the end of the clip if nothing brings the look back, so frames behind it keep
    it.
    """
    direction = plant.rng().standard_normal(3)
    direction[0] *= 0.5  # most drifts are of color
    direction /= np.linalg.norm(direction)
    for frame in frames:
        share = np.clip((frame.index - plant.start + 1) / plant.length, 0.0, 1.0)
        if share <= 0.0:
            yield frame
            continue
        offset = (direction * plant.magnitude * share).astype(np.float32)
        yield plant.edited(frame, partial(_shifted, offset=offset))


def _shifted(x: NDArray[np.float32], *, offset: NDArray[np.float32]) -> NDArray[np.float32]:
    if x.shape[2] == 1:
        return x + offset[0] / 100.0
    lab = cv2.cvtColor(np.ascontiguousarray(x), cv2.COLOR_RGB2Lab)
    # shadows and highlights cannot carry a cast: fade it out there, as a grade does
    light = lab[..., :1] / 100.0
    room = np.clip(4.0 * light * (1.0 - light) * 1.2, 0.25, 1.0)
    made: NDArray[np.float32] = cv2.cvtColor(lab + offset * room, cv2.COLOR_Lab2RGB)
    return made
