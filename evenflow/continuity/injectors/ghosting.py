"""Ghosting: a stale copy of what moves hangs in the picture behind it."""

from collections import deque
from collections.abc import Iterator
from functools import partial

import numpy as np

from evenflow.continuity.injectors.followed import generator
from evenflow.continuity.injectors.plant import Picture, Placed, Plant, colors
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken


def lag(plant: Plant) -> int:
    """Age of the copy in frames: 2 to 4 at 24 frames a second."""
    age = int(generator(plant).integers(2, 5))
    return max(1, round(age * float(plant.info.fps) / 24))


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """The frames of the range; the first frame of the clip has nothing to copy."""
    first = max(plant.start, 1)
    return Placed(plant, first, plant.end, plant.box, parameters={"lag_frames": lag(plant)})


def ghosting(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Mixes in a frame from shortly before; `magnitude` is its share."""
    past: deque[Picture] = deque(maxlen=lag(plant))
    x0, y0, x1, y1 = plant.box or (0, 0, plant.info.width, plant.info.height)
    share = np.float32(plant.magnitude)

    def mixed(x: Picture, *, old: Picture) -> Picture:
        return x + share * (old - x)

    for frame in frames:
        near = plant.start - (past.maxlen or 1) <= frame.index < plant.end
        own = colors(frame)[y0:y1, x0:x1] if near else None
        if frame.index in plant and past:
            yield plant.softly(frame, partial(mixed, old=past[0]))
        else:
            yield frame
        if own is not None:
            past.append(own)
