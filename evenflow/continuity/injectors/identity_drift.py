"""Identity drift: a subject slowly becomes somebody else, and stays so."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.grain import grain_level
from evenflow.continuity.injectors.identity import another
from evenflow.continuity.injectors.plant import Placed, Plant
from evenflow.continuity.injectors.subject_swap import replaced
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """A subject that is followed to the end of the clip, and whom it turns into."""
    plant, look = look_ahead(source, plant, cancel, end=source.info.num_frames)
    rng = generator(plant, 1)
    settings = {"grain": grain_level(look.first)}
    picture = another(look, plant.followed(), rng)
    return placed(replace(plant, picture=picture, settings=settings))


def identity_drift(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Mixes another identity into a region, linear in time up to a share of `magnitude`.

    Frames behind the span keep what it has reached.
    """
    for frame in frames:
        share = min((frame.index - plant.start + 1) / plant.length, 1.0) * plant.magnitude
        if share <= 0.0:
            yield frame
        else:
            yield plant.within(
                frame, partial(replaced, plant=plant, index=frame.index, share=share)
            )
