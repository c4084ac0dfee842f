"""Subject swap: from one frame on somebody else is in the subject's place, on the same path."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.grain import grain_level, grainy
from evenflow.continuity.injectors.identity import another
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken
from evenflow.core.span import Box


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """A subject, and who takes its place."""
    plant, look = look_ahead(source, plant, cancel)
    rng = generator(plant, 1)
    settings = {"grain": grain_level(look.first)}
    picture = another(look, plant.followed(), rng)
    return placed(replace(plant, picture=picture, settings=settings))


def replaced(x: Picture, box: Box, *, plant: Plant, index: int, share: float) -> Picture:
    """A part of the region's colors mixed with the other identity, which has the clip's grain."""
    assert plant.picture is not None
    other = plant.followed().placed(plant.picture, index, box)
    other = grainy(other, plant.settings["grain"], [plant.seed, index])
    return x + np.float32(share) * (other - x)


def subject_swap(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Shows another identity in a region from the first frame on; `magnitude` is its share."""
    for frame in frames:
        if frame.index in plant:
            edit = partial(replaced, plant=plant, index=frame.index, share=plant.magnitude)
            yield plant.within(frame, edit)
        else:
            yield frame
