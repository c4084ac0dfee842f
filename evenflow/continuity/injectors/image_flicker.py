"""Image flicker: single frames come out dark, soft or washed out, their neighbors do not."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.plant import Plant
from evenflow.core.clip import Frame


def image_flicker(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Damages about one frame in six, never two in a row; `magnitude` in (0, 1] is how much."""
    rng = plant.rng()
    bad: dict[int, str] = {}
    index = plant.start + int(rng.integers(0, 2)) if plant.length > 2 else plant.start
    while index < plant.end:
        bad[index] = str(rng.choice(["dark", "bright", "soft"]))
        index += int(rng.integers(4, 9))
    height = plant.info.height

    def damage(x: NDArray[np.float32], *, how: str) -> NDArray[np.float32]:
        if how == "dark":
            return x * np.float32(1.0 - 0.7 * plant.magnitude)
        if how == "bright":
            return x + np.float32(0.6 * plant.magnitude) * (1.0 - x)
        sigma = max(0.4, plant.magnitude * height / 80)
        soft = cv2.GaussianBlur(x, (0, 0), sigma).reshape(x.shape)
        return soft * np.float32(1.0 - 0.25 * plant.magnitude)

    for frame in frames:
        how = bad.get(frame.index)
        yield frame if how is None else plant.edited(frame, partial(damage, how=how))
