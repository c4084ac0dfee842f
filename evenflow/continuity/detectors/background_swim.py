"""Background swim: ground that should be rigid flows out and back in slow waves.

Signal: the cells' own motion (`evenflow.continuity.own_field`): the median over the picture rises
above the shot's own, in most cells at once; it goes out and comes back (its sum is small beside its
length) and it is smooth in time, so that flow follows it. Parallax keeps its sign and follows the
camera; things that move are a part of the picture and go somewhere; tremble is the camera's.
"""

import numpy as np
from scipy.ndimage import uniform_filter1d

from evenflow.continuity.candidate import Candidate, evidence
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
    return found


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
    smooth = float((part[1:] * part[:-1]).sum() / max(float((part**2).sum()), 1e-9))
    if cover.mean() < least or high > EVEN * low or returns > RETURNS or seen < SEEN:
        return None
    if smooth < SMOOTH * min(1.0, (passage.fps / 20.0) ** 2):
        return None
    path = np.cumsum(part, axis=0)
    time = np.linspace(-1, 1, len(path))[:, None, None]
    path = path - path.mean(axis=0) - time * (time * path).mean(axis=0) / (time**2).mean()
    size = float(np.median(np.sqrt((path**2).sum(axis=2).mean(axis=0)))) * passage.arcmin
    return Candidate(
        "background_swim",
        start,
        end,
        start + int(np.argmax(np.median(speed[inside], axis=1))),
        (size / ARCMIN) ** 0.85,
        0.5 + 0.1 * min(4.0, rise - 1.0),
        f"the ground flows out and back by {size:.1f} minutes of arc (rms) beside the camera's "
        "motion, in most of the picture",
        evidence("own_path", size, ARCMIN),
        ("parallax", "shake", "moving object"),
        cover,
    )
