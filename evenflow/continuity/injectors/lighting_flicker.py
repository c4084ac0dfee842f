"""Lighting flicker: the light changes a little at every frame, in linear light."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from evenflow.continuity.injectors.plant import Plant
from evenflow.core.clip import Frame


def lighting_flicker(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Multiplies linear light by `1 + n_t`; `magnitude` is the rms of n in percent."""
    rng = plant.rng()
    noise = rng.standard_normal(plant.length)
    wave = noise - 0.3 * np.concatenate([[0.0], noise[:-1]])
    wave *= plant.magnitude / 100.0 / max(float(np.sqrt((wave**2).mean())), 1e-9)
    for frame in frames:
        if frame.index in plant:
            gain = max(0.05, 1.0 + wave[frame.index - plant.start])
            factor = np.float32(gain ** (1 / 2.2))
            yield plant.edited(frame, partial(np.multiply, factor))
        else:
            yield frame
