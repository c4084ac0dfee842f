"""Lighting flicker: brightness goes up and down from frame to frame, while motion is accounted for.

Signal: the path of log luminance after motion compensation, without its running median; its rms
over half a second. A ramp or a lasting step leaves nothing behind the median.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import running_median, running_rms, runs
from evenflow.continuity.severity import LUMA_FLICKER


def flicker_path(passage: Passage) -> Series:
    """Log luminance without what lasts longer than a few frames, `(n,)`."""
    path = passage.tone[:, 0]
    return path - running_median(path, max(9, round(0.7 * passage.fps)))


def sustained(path: Series, start: int, end: int) -> float:
    """Share of frames in the span that deviate at all; single bad frames leave it low."""
    part = np.abs(path[start:end])
    if len(part) == 0:
        return 0.0
    return float((part > 0.2 * np.percentile(part, 92)).mean())


def detect(passage: Passage) -> list[Candidate]:
    """Spans in which most frames deviate in brightness, both ways."""
    if len(passage) < 6:
        return []
    path = flicker_path(passage)
    window = max(6, round(0.5 * passage.fps))
    rms = running_rms(path, window)
    found = []
    for start, end in runs(rms > LUMA_FLICKER, gap=window // 2):
        loud = np.flatnonzero(np.abs(path[start:end]) > 0.35 * rms[start:end].max())
        if len(loud) == 0:
            continue
        first, last = start + int(loud[0]), start + int(loud[-1]) + 1
        part = path[first:last]
        turns = int((np.diff(np.sign(np.diff(part))) != 0).sum())
        both_ways = min(float(part.max()), -float(part.min()))
        if last - first < 5 or turns < 3 or sustained(path, first, last) < 0.45:
            continue
        power = np.sort(np.nan_to_num(passage.gain[first : last + 1]) ** 2)
        if power[-2:].sum() > 0.75 * power.sum():
            continue  # one step or one bad frame, not an up and down
        if both_ways < 0.35 * float(np.abs(part).max()) or both_ways < 0.5 * LUMA_FLICKER:
            continue
        peak = start + int(np.argmax(rms[start:end]))
        value = float(rms[peak])
        found.append(
            Candidate(
                "lighting_flicker",
                first,
                last,
                first + int(np.argmax(np.abs(part))),
                value / LUMA_FLICKER,
                0.6 + 0.1 * min(4.0, value / LUMA_FLICKER - 1.0),
                f"brightness goes up and down by {100 * value:.1f} % (rms) from frame to frame",
                evidence("luma_gain", 100 * value, 100 * LUMA_FLICKER),
                ("cut", "exposure ramp"),
            )
        )
    return found
