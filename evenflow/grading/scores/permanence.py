"""Permanence: seen, hidden and gone out add up, and what comes back is where it must be."""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw
from evenflow.grading.events.found import Stage
from evenflow.grading.events.sight import at_border
from evenflow.grading.paths import runs, shots_of
from evenflow.grading.reading import HIDDEN, LOST, OUTSIDE, SEEN, Track
from evenflow.world.script import Script
from evenflow.world.words import FIXTURES


def _stage(case: Case) -> Stage:
    return case.stage or Stage(case.reading, Script(), {})


def _beside(case: Case, track: Track, t: int) -> bool:
    """Whether another's box touches a track's in a frame."""
    mine = track.box[t]
    slack = 0.03 * case.reading.height
    for other in case.reading.tracks:
        if other.id == track.id:
            continue
        for s in (t, max(t - 1, 0)):
            box = other.box[s]
            if np.isfinite(box).all() and (
                mine[0] < box[2] + slack and box[0] < mine[2] + slack
                and mine[1] < box[3] + slack and box[1] < mine[3] + slack
            ):  # fmt: skip
                return True
    return False


def _at_once(track: Track, seen: NDArray[np.int64]) -> bool:
    """Whether a track is there whole in the first frame that shows it: who comes out from behind
    somebody is seen in part first."""
    area = track.area[seen[:6]]
    return bool(
        len(area) >= 4 and track.whole[seen[:4]].all() and area[0] >= 0.9 * float(np.median(area))
    )


def permanence(case: Case) -> Raw:
    """Seconds that somebody is gone with no reason, and half a second for everybody who comes from
    nowhere; the sum over the tracks."""
    reading, stage = case.reading, _stage(case)
    total, spans = 0.0, []
    counted = False
    for track in reading.tracks:
        area = np.nanmax(track.area[track.state == SEEN], initial=0)
        if area < 60 or track.kind in FIXTURES or (track.state == SEEN).sum() < 6:
            continue
        if not case.known(track):
            continue
        counted = True
        excused = case.told(track, "shatter", "cover", "uncover")
        for a, b in shots_of(reading):
            state = track.state[a:b]
            seen = np.flatnonzero(state == SEEN)
            if not len(seen):
                continue
            for first, last in runs(state == LOST):
                if first < seen[0] or excused:
                    continue
                total += (last - first) / reading.fps
                spans.append(Span("vanish", a + first, a + last, None, track.id))
            first = a + int(seen[0])
            before = track.state[max(first - 1, 0)]
            if (
                seen[0] > 0
                and before not in (HIDDEN, OUTSIDE)
                and not at_border(stage, track, first)
                and (_at_once(track, a + seen) or not _beside(case, track, first))
                and not excused
                and len(seen) >= 3
            ):
                total += 0.5
                spans.append(Span("vanish", first, first + 1, None, track.id))
    if not counted:
        return Raw(None, "nobody was followed")
    return Raw(total, spans=tuple(spans))


def reappearance(case: Case) -> Raw:
    """Of those who were hidden while they moved: how far from the straight continuation of their
    way they come back, in body heights; the worst."""
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for track, path in zip(case.reading.tracks, case.paths, strict=True):
        if case.told(track, "hide", "stop", "hit", "bounce", "carry", "pick_up"):
            continue
        for first, last in runs(np.isin(track.state, (HIDDEN, LOST))):
            if first < 4 or last > len(track.state) - 3 or last - first < 2:
                continue
            if not (track.state[first - 4 : first] == SEEN).all():
                continue
            if any(first - 4 < cut < last + 3 for cut in case.reading.cuts):
                continue
            x = path.at[:, 0]
            before, after = x[first - 4 : first], x[last : last + 3]
            if not (np.isfinite(before).all() and np.isfinite(after).all()):
                continue
            # Edges of what hides cut the picture of it: the middle lags by up to half a width.
            v = (before[2] - before[0]) / 2
            if abs(v) * case.reading.fps < 0.3:
                continue
            gap = abs(after[-1] - (before[0] + v * (last + 2 - (first - 4))))
            size = 2 * float(np.nanmedian(track.size)) if np.isfinite(track.size).any() else 0.92
            if best is None or gap / size > best:
                best = gap / size
                spans = (Span("vanish", last, last + 1, None, track.id, best),)
    if best is None:
        return Raw(None, "nobody was hidden on its way")
    return Raw(float(best), spans=spans)


def revisit(case: Case) -> Raw:
    """How unlike a place is when the camera comes back to it: 1 less the likeness, largest."""
    alike = case.reading.background[1:]
    if not np.isfinite(alike).any():
        return Raw(None, "no place is seen twice")
    t = int(np.nanargmin(alike)) + 1
    return Raw(float(1 - np.nanmin(alike)), spans=(Span("background_switch", t, t + 1),))
