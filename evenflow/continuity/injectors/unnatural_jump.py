"""Unnatural jump: a few frames of time are missing; with a box, the region jerks aside once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from evenflow.continuity.injectors.plant import Placed, Plant
from evenflow.core.clip import ArrayFrame, Frame, Source
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken


def skipped_frames(plant: Plant) -> int:
    """How many frames are removed from the clip."""
    return 0 if plant.box is not None else max(1, round(plant.magnitude))


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """The first frame behind the gap, or the one that jerks.

    Raises:
        BadInput: nothing is left before or behind the frames to be skipped.
    """
    lost, count = skipped_frames(plant), source.info.num_frames
    if plant.start < 1 or (count is not None and plant.start + lost >= count):
        raise BadInput(
            f"a jump needs a frame before it and one after {lost} skipped ones: the range starts "
            f"at frame {plant.start} of {count}"
        )
    # one frame that differs from both neighbors is an image flicker just as much
    equal = () if plant.box is None else ("image_flicker",)
    return Placed(plant, plant.start, plant.start + 1, plant.box, lost, equal)


def unnatural_jump(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Drops `magnitude` frames from `start` on; a box it shifts by 8 % of its size per unit."""
    if plant.box is not None:
        yield from _jerk(frames, plant)
        return
    missing = skipped_frames(plant)
    times = []
    for frame in frames:
        times.append(frame.time)
        if plant.start <= frame.index < plant.start + missing:
            continue
        behind = frame.index >= plant.start + missing
        index = frame.index - missing if behind else frame.index
        yield _moved(frame, index, times[index]) if behind else frame


def _jerk(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    assert plant.box is not None
    x0, y0, x1, y1 = plant.box
    angle = plant.rng().uniform(0, 2 * np.pi)
    size = 0.08 * plant.magnitude * min(x1 - x0, y1 - y0)
    dx, dy = round(size * np.cos(angle)), round(size * np.sin(angle))
    for frame in frames:
        if frame.index != plant.start:
            yield frame
            continue
        pixels = frame.pixels()
        rows = np.clip(np.arange(y0, y1) - dy, 0, pixels.shape[0] - 1)
        cols = np.clip(np.arange(x0, x1) - dx, 0, pixels.shape[1] - 1)
        made = pixels.copy()
        made[y0:y1, x0:x1] = pixels[rows][:, cols]
        yield ArrayFrame(frame.index, frame.time, made)


def _moved(frame: Frame, index: int, time: object) -> Frame:
    if hasattr(frame, "__dataclass_fields__"):
        return replace(frame, index=index, time=time)  # type: ignore[type-var]
    return ArrayFrame(index, time, frame.pixels())  # type: ignore[arg-type]
