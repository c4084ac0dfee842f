"""Motion: no jumps, no stalls, no jitter beyond what bodies and a camera do."""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw
from evenflow.grading.paths import runs, shots_of
from evenflow.grading.reading import SEEN, Track
from evenflow.grading.scores.identity import sustained
from evenflow.world.words import FIXTURES, WALKERS

D = NDArray[np.float64]


def _picture(case: Case, track: Track, *, whole: bool = True) -> D:
    """Middle of a track in pixels with the background's motion taken out, NaN where it is not seen
    (or not whole)."""
    at = track.center.astype(np.float64).copy()
    at[track.state != SEEN] = np.nan
    if whole:
        at[~track.whole] = np.nan
    for a, b in shots_of(case.reading):
        shift = np.nan_to_num(case.reading.view.motion[a:b, :2].astype(np.float64))
        shift[0] = 0
        at[a:b] -= np.cumsum(shift, axis=0)
    return at


def _tall(track: Track) -> float:
    rows = (track.state == SEEN) & track.whole
    rows = rows if rows.any() else track.state == SEEN
    return float(max(np.nanmedian(track.box[rows, 3] - track.box[rows, 1]), 6.0))


def teleport(case: Case) -> Raw:
    """Largest step of somebody beyond those before and after it, in body heights; over a gap,
    beyond what its speed and the gap allow. Where the border or somebody nearer cuts it, half a
    height is allowed for that."""
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for track, path in zip(case.reading.tracks, case.paths, strict=True):
        if track.kind in FIXTURES or not case.known(track):
            continue
        at = _picture(case, track, whole=False)
        rows = np.flatnonzero(np.isfinite(at[:, 0]))
        if path.known:  # depth counts too; a row of pixels far away is a large step
            deep = path.at[:, [0, 2]] * np.nanmedian(path.unit)
            near = np.flatnonzero(np.isfinite(deep[:, 0]) & track.whole)
            high = (track.box[:, 3] - track.box[:, 1]).astype(np.float64)
            value, t = _deep(deep[near], high[near], near, _tall(track), case.reading.cuts)
            if best is None or value > best:
                best, spans = value, (Span("teleportation", t, t + 1, None, track.id),)
        if len(rows) < 5 or np.nanmedian(track.area[track.state == SEEN]) < 40:
            continue
        tall = _tall(track)
        step = np.full(len(rows), np.nan)
        gap = np.ones(len(rows))
        for i in range(1, len(rows)):
            if any(rows[i - 1] < c <= rows[i] for c in case.reading.cuts):
                continue
            gap[i] = rows[i] - rows[i - 1]
            step[i] = float(np.linalg.norm(at[rows[i]] - at[rows[i - 1]]))
        rate = step / gap
        for i in range(1, len(rows)):
            if not np.isfinite(step[i]):
                continue
            beside = [
                rate[j]
                for j in (i - 2, i - 1, i + 1, i + 2)
                if 0 < j < len(rows) and np.isfinite(rate[j])
            ]
            allowed = 1.5 * max(beside, default=0.0) * gap[i] + 0.25 * (gap[i] - 1)
            if not (track.whole[rows[i]] and track.whole[rows[i - 1]]):
                allowed += 0.25 * tall
            excess = (step[i] - allowed) / tall
            if best is None or excess > best:
                best = excess
                spans = (Span("teleportation", int(rows[i]), int(rows[i]) + 1, None, track.id),)
    if best is None:
        return Raw(None, "nobody was followed long enough")
    return Raw(max(float(best), 0.0), spans=spans)


def _deep(
    at: D, high: D, rows: NDArray[np.int64], tall: float, cuts: tuple[int, ...]
) -> tuple[float, int]:
    """Largest lasting step over the ground between medians of three frames, beyond what three
    frames' own ways explain and 0.4 heights, in heights; and its frame. Where the box changes its
    height by a quarter it was parsed in another way."""
    best, where = 0.0, 0
    if len(rows) < 8:
        return best, where
    noise = float(np.median(np.linalg.norm(np.diff(at, n=2, axis=0), axis=1)))
    for i in range(3, len(rows) - 2):
        if rows[i] - rows[i - 1] > 1 or any(rows[i - 3] < c <= rows[i + 2] for c in cuts):
            continue
        grown = np.median(high[i : i + 3]) / max(float(np.median(high[i - 3 : i])), 1.0)
        if not 0.8 < grown < 1.25:
            continue
        gap = float(np.linalg.norm(np.median(at[i : i + 3], 0) - np.median(at[i - 3 : i], 0)))
        own = max(
            float(np.linalg.norm(at[i + 2] - at[i])), float(np.linalg.norm(at[i - 1] - at[i - 3]))
        )
        value = (gap - 2.0 * own - 2.0 * noise) / tall - 0.4
        if value > best:
            best, where = value, int(rows[i])
    return best, where


def _ratio(values: D, t: int, a: int, b: int, floor: float) -> float:
    """An entry over the largest of the two before and the two after it."""
    beside = [values[s] for s in (t - 2, t - 1, t + 1, t + 2) if a <= s < b]
    beside = [v for v in beside if np.isfinite(v)]
    if len(beside) < 3 or not np.isfinite(values[t]):
        return 0.0
    return float((values[t] + floor) / (max(beside) + floor))


def surge(case: Case) -> Raw:
    """Largest step over those beside it: of the whole picture's difference, of somebody's middle,
    or of the camera. A skip shows as a step that is several as long."""
    reading = case.reading
    best, at = 0.0, 0
    height = float(reading.height)
    motion = reading.view.motion.astype(np.float64)
    moved = np.hypot(motion[:, 0], motion[:, 1]) + 0.35 * height * np.abs(motion[:, 2])
    series: list[tuple[D, float, float, bool]] = [
        (case.signals.same, 0.05, 0.3, False), (moved, 0.002 * height, 0.008 * height, False)
    ]  # fmt: skip
    for track in reading.tracks:
        if track.kind in FIXTURES or np.nanmedian(track.area[track.state == SEEN]) < 40:
            continue
        middle = _picture(case, track)
        step = np.full(len(middle), np.nan)
        step[1:] = np.linalg.norm(np.diff(middle, axis=0), axis=1)
        series.append((step, 0.006 * height, 0.02 * height, True))
    for values, floor, enough, own in series:
        for a, b in shots_of(reading):
            for t in range(a + 1, b):
                if not np.isfinite(values[t]):
                    continue
                ratio = _ratio(values, t, a + 1, b, floor) * min(1.0, values[t] / enough)
                if own:  # only where the picture says so too: eyes slip, skips do not
                    whole = _ratio(case.signals.same, t, a + 1, b, 0.05)
                    ratio = float(np.sqrt(ratio * whole)) if whole > 1.1 else 0.0
                if ratio > best:
                    best, at = ratio, t
    return Raw(best, spans=(Span("unnatural_jump", at, at + 1),))


def stall(case: Case) -> Raw:
    """A second or less of repeated frames in the midst of motion: the smaller of what moved right
    before and right after, levels of 255, times the root of the frames."""
    same = case.signals.same
    best = 0.0
    spans: tuple[Span, ...] = ()
    most = round(1.1 * case.reading.fps)
    for a, b in shots_of(case.reading):
        row = same[a + 1 : b]
        for first, last in runs(row < 0.03):
            if first < 1 or last - first > most:
                continue
            moved = float(row[first - 1])
            again = float(row[last]) if last < len(row) else 0.3 * moved
            value = min(moved, again) * float(np.sqrt(last - first))
            if value > best:
                best = value
                spans = (Span("freeze", a + 1 + first, a + 1 + last),)
    return Raw(float(best), spans=spans)


def jerk(case: Case) -> Raw:
    """Third differences of somebody's middle and of its box' width, kept up for eight frames, in
    thousandths of its height: a hit is shorter, limbs that tremble are not."""
    best: float | None = None
    where = 0
    for track in case.reading.tracks:
        at = _picture(case, track)
        if track.kind in FIXTURES or np.nanmedian(track.area[track.state == SEEN]) < 60:
            continue
        if not case.known(track):
            continue
        wide = (track.box[:, 2:3] - track.box[:, 0:1]).astype(np.float64)
        values = np.concatenate([at, 0.5 * wide], axis=1)
        third = np.full(len(at), np.nan)
        for a, b in runs(np.isfinite(values).all(axis=1)):
            if b - a >= 4 and not any(a < c < b for c in case.reading.cuts):
                third[a + 1 : b - 2] = np.linalg.norm(np.diff(values[a:b], n=3, axis=0), axis=1)
        found = sustained(third)
        if found is None:
            continue
        value = found[0] / _tall(track) * 1000
        if best is None or value > best:
            best, where = value, track.id
    if best is None:
        return Raw(None, "nobody was followed long enough")
    return Raw(best, detail={"track": where})


def stuck(case: Case) -> Raw:
    """Somebody that moved stands still from one frame to the next and goes on with a jump, or
    never: the speed that it lost at once, body heights a second."""
    best = 0.0
    spans: tuple[Span, ...] = ()
    any_ = False
    for track in case.reading.tracks:
        at = _picture(case, track)
        ok = np.isfinite(at[:, 0])
        tall = _tall(track)
        for a, b in runs(ok):
            if b - a < 8:
                continue
            any_ = True
            step = np.linalg.norm(np.diff(at[a:b], axis=0), axis=1) / tall
            for first, last in runs(step < 0.004):
                if first < 2 or last - first < 3:
                    continue
                before = float(step[max(first - 2, 0) : first].min())
                after = float(step[last : last + 2].max()) if last < len(step) else 0.0
                value = min(before, after) if last < len(step) else 0.5 * before
                if value * case.reading.fps > best:
                    best = value * case.reading.fps
                    spans = (Span("freeze", a + first, a + last, None, track.id),)
    if not any_:
        return Raw(None, "nobody was followed long enough")
    return Raw(best, spans=spans)


def backward(case: Case) -> Raw:
    """How far somebody goes back along its way, within a second, before it goes on as before: body
    heights. Who is led on and back by a told deed does not count, nor does up and down."""
    best = 0.0
    spans: tuple[Span, ...] = ()
    any_ = False
    most = round(0.9 * case.reading.fps)
    for track in case.reading.tracks:
        if track.kind in FIXTURES or np.nanmedian(track.area[track.state == SEEN]) < 40:
            continue
        if case.told(track, "spin", "shake", "swing", "dance", "give", "sit", "turn"):
            continue
        at = _picture(case, track)
        if track.kind not in WALKERS:
            at[:, 1] = 0.0 * at[:, 1]  # what falls and bounces goes up and down
        tall = _tall(track)
        for a, b in runs(np.isfinite(at[:, 0])):
            if b - a < 10:
                continue
            any_ = True
            row = at[a:b]
            for t in range(3, b - a - 3):
                way = row[t] - row[t - 3]
                length = float(np.linalg.norm(way))
                if length < 0.04 * tall:
                    continue
                along = (row[t : t + 2 * most + 1] - row[t]) @ way / length
                low = int(along[: most + 1].argmin())
                after = along[low : low + most + 1]
                value = min(-float(along[low]), float(after.max()) - float(along[low])) / tall
                if after.max() >= 0 and value > best:
                    best = value
                    spans = (Span("action_sequence", a + t, a + t + low + 1, None, track.id),)
    if not any_:
        return Raw(None, "nobody was followed long enough")
    return Raw(best, spans=spans)


def _common(case: Case, a: int, b: int) -> D:
    """Second differences of places in the picture that all who are followed have in common: the
    smallest of each axis where all have one sign, else 0, `(n, 2)`; 0 for less than two."""
    rows = []
    for track in case.reading.tracks:
        at = track.center[a:b].astype(np.float64).copy()
        at[(track.state[a:b] != SEEN) | ~track.whole[a:b]] = np.nan
        if np.nanmedian(track.area[track.state == SEEN]) >= 60:
            rows.append(np.diff(at, n=2, axis=0))
    out = np.zeros((max(b - a - 2, 0), 2))
    for t in range(len(out)):
        here = np.array([row[t] for row in rows if np.isfinite(row[t, 0])]).reshape(-1, 2)
        if len(here) >= 2:
            least = np.abs(here).min(axis=0)
            out[t] = np.where(np.abs(np.sign(here).sum(axis=0)) == len(here), least, 0.0)
    return out


def steadiness(case: Case) -> Raw:
    """Second differences of the background's shift, or of what all bodies do at once where it has
    no texture, root mean square of the roughest third, in thousandths of the picture's height."""
    if case.moves("shake"):
        return Raw(None, "the caption asks for a camera that shakes")
    parts = []
    for a, b in shots_of(case.reading):
        motion = case.reading.view.motion[a + 1 : b].astype(np.float64)
        if len(motion) >= 5 and np.isfinite(motion).all() and np.abs(motion).max() > 0:
            parts.append(np.diff(motion[:, :2], axis=0))
        elif len(motion) >= 5:
            parts.append(_common(case, a, b))
    if not parts:
        return Raw(None, "the background's motion was not read")
    size = np.linalg.norm(np.concatenate(parts), axis=1)
    keep = max(4, len(size) // 3)
    value = float(np.sqrt((np.sort(size)[-keep:] ** 2).mean())) / case.reading.height * 1000
    return Raw(value)
