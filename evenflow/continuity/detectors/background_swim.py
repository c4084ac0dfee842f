"""Background swim: ground that should be rigid flows out and back in slow waves.

Signal: the cells' own motion (`evenflow.continuity.own_field`): the median over the picture rises
above the shot's own, in most cells at once; it goes out and comes back (its sum is small beside its
length) and it is smooth in time, so that flow follows it. Parallax keeps its sign and follows the
camera; things that move are a part of the picture and go somewhere; tremble is the camera's.

Where much moves anyway the speed says little. There a swim shows by what it does to shapes: the
ground stretches in most places, while things are stiff and differ from each other at their outlines
only. The stretching, as a share of the fastest motion, is compared with the shot's own.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.own_field import own_field
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import runs

RISE = 1.6
"""Least rise above the shot's own."""
LEAST_DEG_S = 0.14
"""Least speed of the median cell, degrees a second."""
COVER = 0.62
"""Least share of the cells that move more than outside the span."""
RETURNS = 0.62
"""Most of the way that may be left at the end, as a share of its length (median over the cells)."""
EVEN = 2.7
"""Most that the upper quartile of the cells moves, as a multiple of the lower."""
SEEN = 0.9
"""Least share of cells with a flow, as a share of those outside the span."""
SMOOTH = 0.5
"""Least correlation of one step with the next, at 24 frames a second."""
ARCMIN = 0.9
"""rms displacement that is just visible where a whole ground moves."""
MOST_ARCMIN = 20.0
"""More than that is no ground that flows: something passes close by."""
REACH = 4
"""Cells across which stretching is read: half a wave of the ground."""
PARTED = 1.3
"""How far two cells part that are `REACH` from each other, as a multiple of what each moves."""
SOFT = 0.44
"""Least stretching, as a share of the fastest motion."""
SOFTER = 1.2
"""Least rise of that share above the shot's own."""
STRETCH_DEG_S = 0.22
"""Least stretching across `REACH` cells, degrees a second."""


def detect(passage: Passage) -> list[Candidate]:
    """Spans in which most of the picture swims."""
    if len(passage) < 10 or passage.pairs[-1] is None:
        return []
    steps = own_field(passage)
    power = (steps**2).sum(axis=2)
    window = max(3, round(0.2 * passage.fps) | 1)
    mean = uniform_filter1d(power, window, axis=0, mode="nearest")
    speed = np.sqrt(np.maximum(mean, 0.0))  # (n, 432)
    middle = np.median(speed, axis=1)
    middle[0] = middle[1]
    floor = float(np.percentile(middle, 8))
    per_s = passage.fps * passage.arcmin / 60.0
    least = max(RISE * floor, LEAST_DEG_S / per_s)
    found = []
    for start, end in runs(middle > least, gap=round(0.3 * passage.fps)):
        if start <= 2 or end - start < max(5, 0.4 * passage.fps):
            continue
        level = float(np.median(middle[start:end]))
        made = _judged(passage, steps, speed, start, end, level / max(floor, 1e-3))
        if made is not None:
            found.append(made)
    return found or _softened(passage, steps)


def _softened(passage: Passage, steps: Series) -> list[Candidate]:
    """Spans in which the ground stretches as nothing else in the shot does."""
    window = max(3, round(0.2 * passage.fps) | 1)
    slow = uniform_filter1d(steps, window, axis=0, mode="nearest")
    grid = slow.astype(np.float32).reshape(len(passage), ROWS, COLS, 2)
    across = (grid[:, :, REACH:] - grid[:, :, :-REACH]).reshape(len(passage), -1, 2)
    down = (grid[:, REACH:] - grid[:, :-REACH]).reshape(len(passage), -1, 2)
    power = np.concatenate([(across**2).sum(axis=2), (down**2).sum(axis=2)], axis=1)
    stretch = np.sqrt(_quantile(power, 0.35))
    fastest = np.sqrt(_quantile((slow**2).sum(axis=2), 0.8))
    even = max(3, round(0.3 * passage.fps) | 1)
    stretch, fastest = (uniform_filter1d(v, even, mode="nearest") for v in (stretch, fastest))
    share = stretch / np.maximum(fastest, 1e-4)
    per_s = passage.fps * passage.arcmin / 60.0
    moves = stretch * per_s > STRETCH_DEG_S
    own = float(np.percentile(share, 12))
    found = []
    soft = moves & (share > max(SOFT, SOFTER * own))
    for start, end in runs(soft, gap=round(0.35 * passage.fps)):
        closed = start > 2 and end < len(passage) - 2  # what comes in and stays is no wave
        if not closed or end - start < max(8, 0.8 * passage.fps):
            continue
        other = np.ones(len(passage), bool)
        other[max(0, start - 2) : end + 2] = False
        inside = float(np.median(share[start:end]))
        if other.sum() < 8 or inside < SOFTER * float(np.median(share[other])):
            continue
        smooth = _smooth(steps[start:end])
        if smooth < max(_least_smooth(passage), _smooth(steps[other])):
            continue
        low, high = np.percentile(np.hypot(*steps[start:end].T).sum(axis=1), (25, 75))
        if high > EVEN * low:
            continue
        size = _stretched(across, down, start, end) * passage.arcmin
        rise = inside / max(float(np.median(share[other])), 1e-3)
        found.append(
            _candidate(start, end, start + int(np.argmax(stretch[start:end])), size, rise, None)
        )
    return found


def _smooth(steps: Series) -> float:
    """Correlation of each step with the next."""
    return float((steps[1:] * steps[:-1]).sum() / max(float((steps**2).sum()), 1e-9))


def _least_smooth(passage: Passage) -> float:
    return float(SMOOTH * min(1.0, (passage.fps / 20.0) ** 2))


def _stretched(across: Series, down: Series, start: int, end: int) -> float:
    """What the ground moves by: rms over time, from how far neighbors part (median), pixels."""
    path = np.cumsum(np.concatenate([across[start:end], down[start:end]], axis=1), axis=0)
    power = (_level(path) ** 2).sum(axis=2).mean(axis=0)
    return float(np.sqrt(np.median(power))) / PARTED


def _level(path: Series) -> Series:
    """A path without its mean and its straight part in time."""
    time = np.linspace(-1, 1, len(path))[:, None, None]
    slope = (time * path).mean(axis=0) / (time**2).mean()
    made: Series = path - path.mean(axis=0) - time * slope
    return made


def _quantile(values: Series, share: float) -> Series:
    at = round(share * (values.shape[1] - 1))
    made: Series = np.partition(values, at, axis=1)[:, at].astype(np.float64)
    return made


def _judged(
    passage: Passage, steps: Series, speed: Series, start: int, end: int, rise: float
) -> Candidate | None:
    inside = slice(start, end)
    other = np.ones(len(passage), bool)
    other[max(0, start - 2) : end + 2] = False
    other[0] = False
    if other.sum() < 4:
        return None
    moving = np.median(speed[inside], axis=0)
    cover = moving > 1.4 * np.median(speed[other], axis=0)
    least = COVER if end < len(passage) - 4 else 0.5 + 0.5 * COVER
    low, high = np.percentile(moving, (25, 75))
    part = steps[inside]
    length = np.hypot(part[..., 0], part[..., 1]).sum(axis=0)
    returns = float(np.median(np.hypot(*part.sum(axis=0).T) / np.maximum(length, 1e-6)))
    finite = np.isfinite(passage.cells["u"])
    seen = finite[inside].mean() / max(finite[other].mean(), 0.5)
    if cover.mean() < least or high > EVEN * low or returns > RETURNS or seen < SEEN:
        return None
    if _smooth(part) < _least_smooth(passage):
        return None
    path = _level(np.cumsum(part, axis=0))
    size = float(np.median(np.sqrt((path**2).sum(axis=2).mean(axis=0)))) * passage.arcmin
    if size > MOST_ARCMIN:
        return None
    peak = start + int(np.argmax(np.median(speed[inside], axis=1)))
    return _candidate(start, end, peak, size, rise, cover)


def _candidate(
    start: int, end: int, peak: int, size: float, rise: float, place: NDArray[np.bool_] | None
) -> Candidate:
    return Candidate(
        "background_swim",
        start,
        end,
        peak,
        (size / ARCMIN) ** 0.85,
        0.5 + 0.1 * min(4.0, rise - 1.0),
        f"the ground flows out and back by {size:.1f} minutes of arc (rms) beside the camera's "
        "motion, in most of the picture",
        evidence("own_path", size, ARCMIN),
        ("parallax", "shake", "moving object"),
        place,
        # a camera that trembles moves the ground, it does not stretch it
        immune=frozenset({"shake"}) if place is None else frozenset(),
    )
