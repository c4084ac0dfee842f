"""Shake: the camera trembles above what a hand does.

Signal: the camera path without its smooth part (everything slower than about 3 Hz), rms over half a
second, in minutes of arc; it must turn back and forth.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import running_rms, runs
from evenflow.continuity.severity import SHAKE_ARCMIN


def tremble(passage: Passage) -> Series:
    """Camera position without its smooth part, `(n, 2)`, minutes of arc."""
    trusted = np.nan_to_num(passage.inliers) > 0.35
    steps = np.where(trusted[:, None], np.nan_to_num(passage.camera), 0.0)
    path = np.cumsum(steps, axis=0)
    sigma = max(1.0, passage.fps / 12.0)
    smooth = gaussian_filter1d(path, sigma, axis=0, mode="nearest")
    rest: Series = (path - smooth) * passage.arcmin
    return rest


def detect(passage: Passage) -> list[Candidate]:
    """Stretches of at least a quarter second that tremble."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    rest = tremble(passage)
    size = np.hypot(rest[:, 0], rest[:, 1])
    window = max(6, round(0.5 * passage.fps))
    rms = running_rms(size, window)
    found = []
    for start, end in runs(rms > SHAKE_ARCMIN, gap=window // 2):
        loud = np.flatnonzero(size[start:end] > 0.35 * rms[start:end].max())
        if len(loud) == 0:
            continue
        first, last = start + int(loud[0]), start + int(loud[-1]) + 1
        part = rest[first:last]
        axis = int(np.argmax(part.std(axis=0))) if len(part) else 0
        turns = int((np.diff(np.sign(np.diff(part[:, axis]))) != 0).sum())
        seconds = (last - first) / passage.fps
        if last - first < 6 or turns < 4 or turns / seconds < 5.0:
            continue
        many = (size[first:last] > 0.3 * np.percentile(size[first:last], 92)).mean()
        if many < 0.4:
            continue
        value = float(rms[first:last].max())
        found.append(
            Candidate(
                "shake",
                first,
                last,
                first + int(np.argmax(size[first:last])),
                value / SHAKE_ARCMIN,
                0.5 + 0.1 * min(4.0, value / SHAKE_ARCMIN - 1.0),
                f"the camera trembles by {value:.1f} minutes of arc (rms), "
                f"turning {turns / seconds:.0f} times a second",
                evidence("shake", value, SHAKE_ARCMIN),
                ("pan", "unnatural_jump"),
            )
        )
    return found
