"""When a defect is planted, and in whom: drawn by the seed among what suits its kind.

A span never crosses a cut unless the kind may; a kind that stays changed goes on to the end. Who
carries it is seen with 60 pixels at least when it begins and through half of its frames.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.core.times import Range
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Defect
from evenflow.world.defects.seen import LEAST_PIXELS

ATTEMPTS = 24
LEAD, TAIL = 0.33, 0.17
"""Seconds of a shot that stay clean before and behind a defect."""


def spans(
    animation: Animation, row: Defect, rng: np.random.Generator, at: "Range | str | None" = None
) -> Iterator[tuple[int, int]]:
    """Frames `[start, end)` to try, one after the other; one only where `at` says when.

    Raises:
        BadInput: the clip is too short for the kind, or `at` lies outside of it or crosses a cut.
    """
    num, fps = len(animation.shot), animation.spec.fps
    if at is not None:
        stretch = Range.parse(at) if isinstance(at, str) else at
        start, end = stretch.frames(num_frames=num, fps=fps)
        if end - start < row.least:
            raise BadInput(f"this defect needs {row.least} frames, {stretch} has {end - start}")
        if not row.cuts and not row.to_end and animation.shot[start] != animation.shot[end - 1]:
            cut = start + int(np.flatnonzero(animation.shot[start:end] != animation.shot[start])[0])
            raise BadInput(f"{stretch} crosses the cut at frame {cut}: end before it")
        yield start, end
        return
    rate = float(fps)
    lead, tail = max(2, round(LEAD * rate)), max(1, round(TAIL * rate))
    shots = [np.flatnonzero(animation.shot == shot) for shot in np.unique(animation.shot)]
    reach = [(int(rows[0]), int(rows[-1]) + 1) for rows in shots]
    if row.first:
        for _ in range(ATTEMPTS):
            yield 0, num
        return
    if row.cuts:
        reach = [(0, num)]
    long = [pair for pair in reach if pair[1] - pair[0] >= row.least + lead]
    if not long:
        raise BadInput(
            f"this defect needs {row.least + lead} frames without a cut, the longest shot has "
            f"{max(b - a for a, b in reach)}"
        )
    for attempt in range(ATTEMPTS):
        if row.to_end or row.whole:
            # The last shot first: what changed stays, and no cut excuses it.
            low, high = long[-1] if attempt < ATTEMPTS // 2 else long[int(rng.integers(len(long)))]
        else:
            low, high = long[int(rng.integers(len(long)))]
        length = high - low
        if row.whole:
            start = low + 1 + int(rng.integers(0, max(1, length // 8)))
            if high - start >= row.least:
                yield start, num if row.to_end else high
            continue
        if row.to_end:
            shortest = max(row.least, min(round(0.7 * rate), length - lead))
            start = low + lead + int(rng.integers(0, max(1, length - lead - shortest + 1)))
            yield start, num
            continue
        span = max(row.least, round(row.seconds * float(rng.uniform(0.8, 1.4)) * rate))
        span = min(span, max(row.least, length - lead - tail))
        room = max(1, length - lead - tail - span + 1)
        start = low + lead + int(rng.integers(0, room))
        yield start, min(start + span, high)


def carriers(
    animation: Animation,
    seen: NDArray[np.float64],
    row: Defect,
    start: int,
    end: int,
    rng: np.random.Generator,
    entity: int = 0,
) -> list[int]:
    """Ids to try, in a random order that favors the best; 0 where the whole picture has it.

    Args:
        seen: pixels of everybody, `(t, e)`.
        entity: must be this one, or 0.
    """
    if row.carriers is None:
        return [0]
    stop = min(end, start + max(row.least, len(animation.shot)))
    able = row.carriers(animation, start, stop)
    if entity:
        return [entity] if entity in able else []
    shot = animation.shot[start:end] == animation.shot[start]
    some = seen[start:end][shot]
    good = [
        id
        for id in able
        if seen[start, id - 1] >= LEAST_PIXELS and (some[:, id - 1] >= LEAST_PIXELS).mean() >= 0.5
    ]
    if len(good) < 2:
        return good
    weight = 0.6 ** np.arange(len(good))
    order = rng.choice(len(good), size=len(good), replace=False, p=weight / weight.sum())
    return [good[int(i)] for i in order]
