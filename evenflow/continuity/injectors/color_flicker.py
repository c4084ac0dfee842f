"""Color flicker: the color of an object goes to and fro at every frame, its lightness stays."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from evenflow.continuity.injectors.followed import look_ahead, placed
from evenflow.continuity.injectors.hue import recolored
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken
from evenflow.core.span import Box


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """An object with colors that can change."""
    plant, _ = look_ahead(source, plant, cancel, color=True)
    return placed(plant)


def color_flicker(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Adds a fresh tint to an object at every frame; `magnitude` is its rms in dE."""
    tints = plant.rng().standard_normal((plant.length, 2))
    tints -= 0.5 * np.concatenate([np.zeros((1, 2)), tints[:-1]])  # rather to and fro than slow
    tints *= plant.magnitude / max(float(np.sqrt((tints**2).sum(axis=1).mean())), 1e-9)

    def tinted(x: Picture, box: Box, *, tint: tuple[float, float]) -> Picture:
        return recolored(x, turn=0.0, tint=tint)

    for frame in frames:
        if frame.index in plant:
            a, b = tints[frame.index - plant.start]
            yield plant.within(frame, partial(tinted, tint=(float(a), float(b))))
        else:
            yield frame
