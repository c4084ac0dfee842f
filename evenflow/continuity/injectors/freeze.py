"""Freeze: the picture stands still for a while, then goes on where it would have been."""

from collections.abc import Iterator

from evenflow.continuity.injectors.plant import Placed, Plant
from evenflow.core.clip import ArrayFrame, Frame, Source
from evenflow.core.events import CancelToken


def held_frames(plant: Plant) -> int:
    """How many frames repeat the first one of the span."""
    return max(1, min(plant.length - 1, round(plant.magnitude * (plant.length - 1))))


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """The frames that repeat the one before them."""
    return Placed(plant, plant.start + 1, plant.start + 1 + held_frames(plant), plant.box)


def freeze(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Repeats the frame at `start` for a share `magnitude` of the span (at least one frame)."""
    held = None
    last = plant.start + held_frames(plant)
    for frame in frames:
        if frame.index == plant.start:
            held = frame.pixels()
        if held is None or not plant.start < frame.index <= last:
            yield frame
            continue
        if plant.box is None:
            yield ArrayFrame(frame.index, frame.time, held)
        else:
            x0, y0, x1, y1 = plant.box
            mixed = frame.pixels().copy()
            mixed[y0:y1, x0:x1] = held[y0:y1, x0:x1]
            yield ArrayFrame(frame.index, frame.time, mixed)
