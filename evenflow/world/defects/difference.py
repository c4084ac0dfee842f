"""What a planted defect changed: masks, silhouettes and boxes, measured on the pictures.

A pixel belongs to a defect if a channel of it differs by more than 2/255 from the clip that the
defect was planted into: so shadows and background that comes to light belong to it too.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.world.defects.defect import Planted
from evenflow.world.defects.draw import StagedSource

THRESHOLD = 2
"""Gray levels of 255 that nobody sees."""


def differing(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where two pictures `(..., h, w, 3)` differ by more than THRESHOLD, `(..., h, w)`."""
    apart = np.abs(a.astype(np.int16) - b.astype(np.int16)).max(axis=-1)
    return np.asarray(apart > THRESHOLD)


def mask(planted: Planted, frame: int, *, clean: bool = False) -> NDArray[np.bool_]:
    """Pixels `(h, w)` of a frame that the defect changed.

    Args:
        clean: compare with the clean twin, where several defects were planted.
    """
    return masks(planted, [frame], clean=clean)[0]


def masks(planted: Planted, frames: Sequence[int], *, clean: bool = False) -> NDArray[np.bool_]:
    """Pixels `(t, h, w)` of frames that the defect changed; see `mask`."""
    other = planted.clean if clean or planted.base is None else planted.base
    return np.stack([
        differing(_frame(planted.clip, f), _frame(other, f)) for f in frames
    ])  # fmt: skip


def silhouettes(planted: Planted, frames: Sequence[int]) -> NDArray[np.bool_]:
    """Where the entities of a defect are seen, in the clip or in its clean twin, `(t, h, w)`."""
    out = None
    for clip in (planted.clip, planted.clean):
        source = clip.source
        if not isinstance(source, StagedSource):
            raise BadInput("silhouettes are known of clips that `inject` made")
        ids = source.draw(frames, truth=("instance",))[1].instance
        assert ids is not None
        mine = np.isin(ids.cpu().numpy(), planted.entities)
        out = mine if out is None else out | mine
    assert out is not None
    return out


def measure(
    clip: Clip,
    base: Clip,
    start: int,
    end: int,
    *,
    cancel: CancelToken | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Pixels that differ, their boxes, and frames of which any byte differs; see `Planted`."""
    num = len(clip)
    visible = np.zeros(num, np.int32)
    boxes = np.full((num, 4), -1, np.int32)
    any_ = np.zeros(num, np.bool_)
    pairs = zip(
        clip.stream(start, end, cancel=cancel), base.stream(start, end, cancel=cancel), strict=True
    )
    for one, other in pairs:
        a, b = one.pixels(), other.pixels()
        f = one.index
        if np.array_equal(a, b):
            continue
        any_[f] = True
        where = differing(a, b)  # type: ignore[arg-type]
        visible[f] = where.sum()
        if visible[f]:
            x, y = np.flatnonzero(where.any(axis=0)), np.flatnonzero(where.any(axis=1))
            boxes[f] = x[0], y[0], x[-1] + 1, y[-1] + 1
    return visible, boxes, any_


def common(boxes: NDArray[np.int32]) -> tuple[int, int, int, int] | None:
    """The box around all boxes, or None where there are none."""
    some = boxes[boxes[:, 0] >= 0]
    if not len(some):
        return None
    low, high = some[:, :2].min(axis=0), some[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _frame(clip: Clip, frame: int) -> NDArray[np.uint8]:
    return np.asarray(clip.frames(frame, frame + 1)[0], np.uint8)
