"""Frozen: the picture stops in the middle of a motion, or repeats itself to the last bit.

A repeat is a step in which nothing changes beyond what a codec does to one and the same picture. A
run of repeats freezes the clip if it interrupts: what moved just before or just behind it moved as
it usually does. Things that slow down and come to rest do not.

Source: the hold rule of `evenflow.continuity.detectors.freeze`, per tile instead of per picture, so
that one small thing is enough.
"""

import numpy as np

from evenflow.data.curation.runs import longest, runs
from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SILENT = 0.08
"""Share of the usual change of the tile that changes most below which a step counts as none."""
STILL = 0.985
"""Least share of pixels that keep their value within one gray level."""
LEAST_USUAL = 0.8
"""Gray levels of usual change of that tile below which no motion can be interrupted."""
ABRUPT = 0.4
"""Share of the usual change that a step at an end of the run must reach."""
LEAST_S = 0.3
SCORES = {
    "repeats": "share of the steps in which nothing changes",
    "repeats_s": "seconds of the longest run of such steps",
}
MARKS = {"frozen": f"motion is interrupted for {LEAST_S:g} s or more, or all frames are the same"}


def frozen(row: Row, statistics: Statistics) -> Verdict:
    """Share and longest run of repeated frames, and whether one interrupts a motion."""
    count = len(statistics)
    if count < 3 or statistics.reason:
        return Verdict()
    most = statistics.most_change
    silent = np.nan_to_num(statistics.still, nan=0.0) > STILL
    loud = most[1:][~silent[1:]]
    usual = float(np.median(loud)) if len(loud) else 0.0
    silent &= np.nan_to_num(most, nan=np.inf) < max(0.25, SILENT * usual)
    silent |= statistics.same
    silent[0] = False
    found = runs(silent)
    start, end = longest(found)
    step = statistics.step_s
    scores = {
        "repeats": float(np.count_nonzero(silent[1:])) / (count - 1),
        "repeats_s": (end - start) * step,
    }
    marks = {}
    if silent[1:].all():
        marks["frozen"] = f"all {count} frames are the same"
    else:
        for a, b in sorted(found, key=lambda s: s[0] - s[1]):
            if (b - a) * step < LEAST_S - 1e-6:
                break
            if _interrupts(most, silent, a, b, step):
                marks["frozen"] = f"{(b - a) * step:.2f} s from {statistics.seconds[a]:.2f} s on"
                break
    return Verdict(scores, marks)


def _interrupts(most: np.ndarray, silent: np.ndarray, start: int, end: int, step: float) -> bool:
    reach = max(4, round(1.0 / step))
    near = np.concatenate([most[max(1, start - reach) : start], most[end : end + reach]])
    quiet = np.concatenate([silent[max(1, start - reach) : start], silent[end : end + reach]])
    near = near[np.isfinite(near) & ~quiet]
    if not len(near):
        return False
    usual = float(np.median(near))
    if usual < LEAST_USUAL:
        return False
    ends = [most[start - 1] if start > 1 else 0.0, most[end] if end < len(most) else 0.0]
    return bool(np.nanmax(ends) >= ABRUPT * usual)
