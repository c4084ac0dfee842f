"""Lists: what several exporters need of the rows: folders, sizes, buckets of frames."""

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from evenflow.data.row import Row


def folders_of(rows: Sequence[Row]) -> list[str]:
    """Folders that clips lie in, in order.

    >>> folders_of([Row("a", "videos/a.mp4"), Row("b", "videos/b.mp4")])
    ['videos']
    """
    return list(dict.fromkeys(PurePosixPath(row.path).parent.as_posix() for row in rows))


def one_line(text: str) -> str:
    """A caption in one line, for lists with a line a clip."""
    return " ".join(text.split())


def side(rows: Sequence[Row], step: int = 16) -> int:
    """Side in pixels of a square of the usual area, a multiple of `step`.

    >>> side([Row("a", "a.mp4", width=832, height=480)])
    624
    """
    areas = [row.width * row.height for row in rows if row.width and row.height]
    if not areas:
        return 512
    return max(step, int(float(np.sqrt(np.median(areas))) // step * step))


def frame_buckets(rows: Sequence[Row], step: int = 4, most: int = 4) -> list[int]:
    """Counts `1 + k * step` that clips reach: a still, and up to `most` - 1 lengths.

    >>> frame_buckets([Row("a", "a.mp4", num_frames=49), Row("b", "b.mp4", num_frames=50)])
    [1, 17, 33, 49]
    """
    counts = sorted(row.num_frames for row in rows if row.num_frames)
    if not counts:
        return [1]
    groups = (counts[-1] - 1) // step
    return sorted({1 + groups * k // (most - 1) * step for k in range(most)})


def rate(rows: Sequence[Row]) -> float:
    """The usual frame rate."""
    rates = [float(row.fps) for row in rows if row.fps]
    return float(np.median(rates)) if rates else 24.0
