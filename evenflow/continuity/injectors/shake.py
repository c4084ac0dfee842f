"""Shake: the camera trembles; at every frame the picture is shifted around its place."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.plant import Plant
from evenflow.core.clip import Frame


def shake(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Shifts the picture by `magnitude` percent of its height (rms); borders are mirrored."""
    rng = plant.rng()
    noise = rng.standard_normal((plant.length, 2))
    path = np.zeros_like(noise)
    for i in range(plant.length):  # AR(1), most of it between 3 Hz and half the frame rate
        path[i] = noise[i] + (0.3 * path[i - 1] if i else 0.0)
    path *= plant.magnitude / 100.0 * plant.info.height / max(np.sqrt((path**2).mean()), 1e-9)
    for frame in frames:
        if frame.index not in plant:
            yield frame
            continue
        dx, dy = path[frame.index - plant.start]
        yield plant.edited(frame, partial(_shift, dx=float(dx), dy=float(dy)))


def _shift(x: NDArray[np.float32], *, dx: float, dy: float) -> NDArray[np.float32]:
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    size = (x.shape[1], x.shape[0])
    moved = cv2.warpAffine(x, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return moved.reshape(x.shape)
