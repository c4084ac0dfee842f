"""Frozen: the picture stops in the middle of a motion, or repeats itself to the last bit.

A repeat is a step in which nothing changes beyond what a codec does to one and the same picture. A
run of repeats freezes the clip if it interrupts: the step before it is one of full motion, and
behind it either the same places move on, or the picture leaps, because time had gone on. At the end
of a shot the step before must be as large as is usual: things that come to rest slow down. At the
beginning nothing can be interrupted.

Source: the hold rule of `evenflow.continuity.detectors.freeze`, per tile instead of per picture, so
that one small thing is enough.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.data.curation.black import black_frames
from evenflow.data.curation.cuts import changes
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
"""Share of the usual change that the steps before and behind a run must reach."""
SUDDEN = 1.0
"""The same at the end of a shot, where only the step before is seen."""
SUDDEN_USUAL = 2.0
"""Gray levels that are usual there at least."""
LEAP = 1.8
"""How many times the usual change the step behind a run reaches if time had gone on."""
PLACES = 0.3
"""Least overlap of where it moves before a run and behind it: each tile's share of the speed in
one step, the smaller of both, summed up; 1 is the same place."""
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
    usual = float(np.percentile(loud, 75)) if len(loud) else 0.0
    silent &= np.nan_to_num(most, nan=np.inf) < max(0.25, SILENT * usual)
    silent |= statistics.same
    silent &= ~black_frames(statistics)  # that is another fault
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
            if _interrupts(statistics, silent, a, b):
                marks["frozen"] = f"{(b - a) * step:.2f} s from {statistics.seconds[a]:.2f} s on"
                break
    return Verdict(scores, marks)


def _interrupts(statistics: Statistics, silent: NDArray[np.bool_], start: int, end: int) -> bool:
    """True if the run of steps `[start, end)` interrupts a motion."""
    most, changed = statistics.most_change, _changed(statistics)
    count = len(most)
    before, behind = start - 1, end
    if before < 1 or changed[before]:
        return False  # a shot begins with it
    reach = max(4, round(1.0 / statistics.step_s))
    near = np.r_[max(1, start - reach) : start, end : min(count, end + reach)]
    near = near[np.isfinite(most[near]) & ~silent[near] & ~changed[near]]
    usual = float(np.median(most[near])) if len(near) else 0.0
    if usual < LEAST_USUAL:
        return False
    if behind >= count or changed[behind]:
        return bool(usual >= SUDDEN_USUAL and most[before] >= SUDDEN * usual)
    if most[before] < ABRUPT * usual or most[behind] < ABRUPT * usual:
        return False
    if most[behind] > LEAP * usual:
        return True
    places = [np.nan_to_num(statistics.tile_speed[i]) for i in (before, behind)]
    shares = [speed / max(float(speed.sum()), 1e-9) for speed in places]
    return float(np.minimum(*shares).sum()) >= PLACES


def _changed(statistics: Statistics) -> NDArray[np.bool_]:
    """Steps over which the picture becomes another one; they are no motion."""
    flags = np.zeros(len(statistics), bool)
    for start, end, _ in changes(statistics):
        flags[start + 1 : end + 1] = True
    dark = black_frames(statistics)
    flags |= dark
    flags[1:] |= dark[:-1]
    return flags
