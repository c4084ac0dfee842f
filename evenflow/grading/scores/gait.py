"""Gait: feet that stand do not slide, and legs turn with the way that is gone."""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw
from evenflow.grading.paths import runs
from evenflow.grading.reading import SEEN
from evenflow.world.gait import stride_of
from evenflow.world.words import WALKERS

D = NDArray[np.float64]

NOBODY = "no walker was read"


def foot_slip(case: Case) -> Raw:
    """Median speed of the slowest sole over that of the body while it walks; a planted foot stands
    still, one that slides goes along with the body. The worst walker."""
    best: float | None = None
    spans: tuple[Span, ...] = ()
    some = False
    for track, path in zip(case.reading.tracks, case.paths, strict=True):
        if track.kind not in WALKERS:
            continue
        some = True
        feet = track.feet.astype(np.float64)
        if np.isfinite(feet[..., 0]).sum() < 12:
            continue
        shift = np.nan_to_num(case.reading.view.motion[:, :2].astype(np.float64))
        for motion in path.motions:
            a, b = motion.start, motion.end
            if motion.part or b - a < 6 or not np.isfinite(path.unit[a:b]).all():
                continue
            body = np.abs(np.diff(track.center[a:b, 0].astype(np.float64)) - shift[a + 1 : b, 0])
            step = np.diff(feet[a:b], axis=0) - shift[a + 1 : b, None]
            size = np.linalg.norm(step, axis=2)
            size[~np.isfinite(size)] = np.inf
            slow = size.min(axis=1)
            ok = np.isfinite(slow) & (body > 0.15)
            if ok.sum() < 5:
                continue
            value = float(np.median(slow[ok] / body[ok]))
            if best is None or value > best:
                best, spans = value, (Span("unnatural_motion", a, b, None, track.id, value),)
    if best is None:
        return Raw(None, "soles were not read" if some else NOBODY)
    return Raw(best, spans=spans)


def phase(case: Case) -> Raw:
    """Cycles of the legs over the cycles that the way should take: |log| of the ratio; legs that
    stand still while the body goes give 3. The worst walker."""
    best: float | None = None
    spans: tuple[Span, ...] = ()
    some = False
    for track, path in zip(case.reading.tracks, case.paths, strict=True):
        if track.kind not in WALKERS:
            continue
        some = True
        for motion in path.motions:
            a, b = motion.start, motion.end
            rows = track.phase[a:b].astype(np.float64)
            ok = np.isfinite(rows) & (track.state[a:b] == SEEN)
            if motion.part or ok.sum() < 8 or not path.known:
                continue
            first, last = max(runs(ok), key=lambda r: r[1] - r[0])
            if last - first < 8:
                continue
            line = np.unwrap(rows[first:last] * 2 * np.pi) / (2 * np.pi)
            way = path.filled[a + first : a + last]
            length = float(np.linalg.norm(np.diff(way[:, [0, 2]], axis=0), axis=1).sum())
            size = float(np.nanmedian(track.size)) if np.isfinite(track.size).any() else 0.85
            speed = length / max((last - first - 1) / case.reading.fps, 1e-9)
            should = length / stride_of(track.kind, size, speed)
            if should < 0.5:
                continue
            turned = abs(float(line[-1] - line[0]))
            value = min(3.0, abs(float(np.log(max(turned, 0.02) / should))))
            if best is None or value > best:
                best, spans = value, (Span("unnatural_motion", a, b, None, track.id, value),)
    if best is None:
        return Raw(None, "nobody walks while the legs are seen" if some else NOBODY)
    return Raw(best, spans=spans)
