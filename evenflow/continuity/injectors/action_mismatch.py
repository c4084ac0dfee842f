"""Action mismatch: the motion is not what a prompt says, because it runs mirrored or backwards."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np

from evenflow.continuity.injectors.followed import generator
from evenflow.continuity.injectors.plant import Placed, Plant
from evenflow.continuity.injectors.retimed import fits_in_memory, retimed
from evenflow.continuity.injectors.survey import ground, survey
from evenflow.core.clip import ArrayFrame, Frame, Pixels, Source
from evenflow.core.events import CancelToken

LEAST_PAN = 0.01
"""Way of the picture, as a share of its width, below which no direction is named."""


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """Which part runs wrong, and how the picture moved before and moves now.

    A range that does not begin with the clip shows the turn of events as well; what runs
    backwards is then a wrong sequence of actions just as much.

    Raises:
        BadInput: the part does not fit in memory to run backwards.
    """
    count = max(2, round(plant.magnitude * plant.length))
    variant = str(generator(plant).choice(["mirrored", "backwards"]))
    if variant == "backwards":
        fits_in_memory(plant.info, count)
    plant = replace(plant, variant=variant, settings={"count": count})
    was = "not measured: the source is a stream"
    now = was
    if plant.info.num_frames is not None and min(plant.info.width, plant.info.height) >= 32:
        was, now = _directions(source, plant, count, cancel)
    whole = plant.start == 0 and count == plant.info.num_frames
    equal = ("action_sequence",) if variant == "backwards" and not whole else ()
    parameters = {"variant": variant, "was": was, "now": now}
    return Placed(plant, plant.start, plant.start + count, None, equal=equal, parameters=parameters)


def _directions(
    source: Source, plant: Plant, count: int, cancel: CancelToken | None
) -> tuple[str, str]:
    """How the picture's content moves, before and after, in words."""
    track, _ = ground(survey(source, plant.start, plant.start + count, cancel))
    center = np.array([plant.info.width / 2, plant.info.height / 2, 1.0])
    dx, dy = (track.matrices[-1] @ center - center)[:2] / plant.info.width
    if plant.variant == "mirrored":
        return _words(dx, dy), _words(-dx, dy)
    return _words(dx, dy), _words(-dx, -dy)


def _words(dx: float, dy: float) -> str:
    across = "" if abs(dx) < LEAST_PAN else "to the right" if dx > 0 else "to the left"
    along = "" if abs(dy) < LEAST_PAN else "down" if dy > 0 else "up"
    return "the picture moves " + (" and ".join(filter(None, (across, along))) or "nowhere")


def action_mismatch(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Shows a part of the range mirrored or backwards; `magnitude` is that part.

    To contradict a prompt from the beginning, plant it at strength 5 from the first frame to the
    last.
    """
    first, last = plant.start, plant.start + plant.settings["count"]
    if plant.variant == "backwards":
        yield from retimed(frames, first, list(range(last - 1, first - 1, -1)))
        return
    for frame in frames:
        if first <= frame.index < last:
            mirrored = cast("Pixels", np.ascontiguousarray(frame.pixels()[:, ::-1]))
            yield ArrayFrame(frame.index, frame.time, mirrored)
        else:
            yield frame
