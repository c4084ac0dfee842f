"""High-frequency noise: grain or specks that are not there in the rest of the shot.

Signal: sigma of the Laplacian difference mask in the flatter tiles (fine grain, specks, coarse
grain) above the shot's own lower sixth; confirmed by what motion cannot explain. Grain that is
there from the first frame to the last is a look.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import running_median, runs
from evenflow.continuity.severity import GRAIN

KINDS = ("fine grain", "specks", "coarse grain")
WEIGHTS = np.array([1.0, 0.4, 1.5])
"""Coarse grain is seen at less contrast than fine grain (peak sensitivity lies at 3 to 5 cycles a
degree). Specks are few and strong; a new look sharpens edges and must not pass for them."""


def excess_grain(passage: Passage) -> Series:
    """Grain above the shot's own, `(3, n)`, in gray levels of fine grain."""
    own = np.percentile(passage.grains, 15, axis=1, keepdims=True)
    excess: Series = WEIGHTS[:, None] * np.sqrt(np.maximum(passage.grains**2 - own**2, 0.0))
    return excess


def detect(passage: Passage) -> list[Candidate]:
    """Spans whose grain stands above the shot's own."""
    if len(passage) < 6 or passage.pairs[-1] is None:
        return []
    each = excess_grain(passage)
    excess = each.max(axis=0)
    steady = running_median(excess, 5) if len(passage) >= 8 else excess
    found = []
    for first, last in runs(np.minimum(excess, steady * 1.5) > 0.6 * GRAIN, gap=3):
        start, end = loud_part(excess, first, last)
        if end - start < 4:
            continue
        level = float(np.median(excess[start:end]))
        if level < 0.6 * GRAIN or not is_fresh(passage, start, end, level):
            continue
        if not is_sudden(excess, start, end):
            continue
        what = KINDS[int(np.argmax(np.median(each[:, start:end], axis=1)))]
        found.append(
            Candidate(
                "high_frequency_noise",
                start,
                end,
                start + int(np.argmax(excess[start:end])),
                level / GRAIN,
                0.6 + 0.1 * min(4.0, level / GRAIN),
                f"{what} of {level:.1f} gray levels appears on top of the shot's own",
                evidence("noise", level, GRAIN),
                ("film grain", "sharp texture"),
            )
        )
    return found


def is_fresh(passage: Passage, start: int, end: int, level: float) -> bool:
    """True if the grain is another one on every frame: texture would move along and cancel.

    Independent grain of sigma s adds 0.3 s, in squares, to what is left between two frames at 120
    lines; it is held against the frames next to the span.
    """
    step = passage.step_half
    inside = step[start + 1 : end]
    outside = np.concatenate([step[max(1, start - 8) : start], step[end + 1 : end + 9]])
    inside, outside = inside[np.isfinite(inside)], outside[np.isfinite(outside)]
    if len(inside) == 0 or len(outside) == 0:
        return True
    added = float(np.median(inside) ** 2 - np.median(outside) ** 2)
    return added > (0.12 * level) ** 2


def loud_part(excess: Series, start: int, end: int) -> tuple[int, int]:
    """The longest part of a run that is as loud as its louder half."""
    part = excess[start:end]
    loud = runs(part > 0.45 * float(np.percentile(part, 80)), gap=3)
    first, last = max(loud, key=lambda r: r[1] - r[0])
    return start + first, start + last


def is_sudden(excess: Series, start: int, end: int) -> bool:
    """True if the grain comes or goes within three frames, as nothing in a lens does."""
    level = float(np.median(excess[start:end]))
    rises = []
    if start > 2:
        inside, before = excess[start + 1 : start + 4], excess[max(0, start - 4) : start]
        rises.append(float(np.median(inside) - np.median(before)))
    if end < len(excess) - 2:
        inside, after = excess[max(0, end - 4) : end - 1], excess[end : end + 4]
        rises.append(float(np.median(inside) - np.median(after)))
    return bool(rises) and max(rises) > 0.5 * level
