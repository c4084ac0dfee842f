"""Action sequence: parts of an action run in the wrong order, or one of them backwards."""

import math
from collections.abc import Iterator
from dataclasses import replace

from evenflow.continuity.injectors.followed import generator
from evenflow.continuity.injectors.plant import Placed, Plant
from evenflow.continuity.injectors.retimed import fits_in_memory, retimed
from evenflow.core.clip import Frame, Source
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken

ROOM_S = 1.5
"""Shortest range in which two parts of the greatest strength find room."""


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """Which frames change places.

    Two neighboring parts are exchanged, or, one time in two and in ranges below `ROOM_S`, one part
    runs backwards.

    Raises:
        BadInput: the range is shorter than one part, or a part does not fit in memory.
    """
    length = max(2, math.ceil(plant.magnitude * float(plant.info.fps)))
    if plant.length < length:
        raise BadInput(
            f"an action of {length} frames is to run in a wrong order, the range holds "
            f"{plant.length}: give a longer one or a smaller strength"
        )
    fits_in_memory(plant.info, length)
    rng = generator(plant)
    swap = bool(rng.random() < 0.5) and plant.length >= ROOM_S * float(plant.info.fps)
    used = 2 * length if swap else length
    first = plant.start + int(rng.random() * (plant.length - used + 1))
    order = list(range(first, first + used))
    order = order[length:] + order[:length] if swap else order[::-1]
    variant = "exchanged" if swap else "backwards"
    plant = replace(plant, variant=variant, settings={"first": first, "order": order})
    parameters = {"variant": variant, "part_frames": length}
    return Placed(plant, first, first + used, None, parameters=parameters)


def action_sequence(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Exchanges two parts of `magnitude` seconds, or runs one backwards; no frame is lost."""
    yield from retimed(frames, plant.settings["first"], plant.settings["order"])
