"""Physics: residuals against the laws of the world, where places are known well enough.

Gravity is 9.81 units a second squared, restitution never exceeds 1, what rolls turns by its way
over its radius, and bodies do not share room. Without a camera none of this can be told, and below
a coverage of 0.8 none of it is.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw
from evenflow.grading.events.motion import reach_of
from evenflow.grading.events.permitted import carried
from evenflow.grading.paths import Path, runs
from evenflow.world.words import FIXTURES, THINGS, WALKERS

D = NDArray[np.float64]

GRAVITY = 9.81
UNKNOWN = "places in the world are not known"


def _things(case: Case) -> list[Path]:
    return [
        path
        for path in case.paths
        if path.known and (path.track.kind in THINGS or path.track.kind == "thing")
        and path.track.kind != "balloon"
    ]  # fmt: skip


def flights(path: Path) -> list[tuple[int, int]]:
    """Frames `[a, b)` in which somebody is off the ground and its height bends downward, between
    bounces: five frames or more."""
    high = path.at[:, 1]
    base = np.nanmin(high) if np.isfinite(high).any() else 0.0
    air = np.isfinite(high) & (high > max(base, 0.0) + 0.06)
    out = []
    for a, b in runs(air):
        turn = [t for t in range(a + 1, b - 1) if high[t] <= high[t - 1] and high[t] < high[t + 1]]
        edges = [a, *turn, b - 1]
        for i, j in zip(edges, edges[1:], strict=False):
            if j - i + 1 >= 4:
                out.append((i, j + 1))
    return out


def _fit(path: Path, a: int, b: int, fps: float) -> tuple[float, float, float] | None:
    """Acceleration, its standard error, and the residual, of the height in `[a, b)`."""
    rows = path.at[a:b, 1]
    ok = np.isfinite(rows)
    if ok.sum() < 4:
        return None
    time = np.flatnonzero(ok) / fps
    m = np.stack([np.ones(ok.sum()), time, 0.5 * time**2], axis=1)
    found, *_ = np.linalg.lstsq(m, rows[ok], rcond=None)
    rest = rows[ok] - m @ found
    sigma = float(np.sqrt((rest**2).sum() / max(ok.sum() - 3, 1)))
    error = sigma * float(np.sqrt(np.linalg.inv(m.T @ m)[2, 2]))
    return float(found[2]), error, sigma


def gravity(case: Case) -> Raw:
    """How far falls are from gravity: |log(g / 9.81)|, the worst flight that can be measured."""
    paths = _things(case)
    if not paths:
        return Raw(None, UNKNOWN)
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for path in paths:
        if carried(case, path.track) or case.told(path.track, "cover", "uncover", "rise"):
            continue
        for a, b in flights(path):
            high = path.at[a:b, 1]
            drop = np.nanmax(high) - np.nanmin(high)
            if drop < 0.2:
                continue
            inner = (a + 1, b - 1) if b - a >= 7 else (a, b)
            found = _fit(path, *inner, case.reading.fps)
            if found is None or found[1] > 0.35 * GRAVITY:
                continue
            value = abs(float(np.log(max(-found[0], 0.1 * GRAVITY) / GRAVITY)))
            if best is None or value > best:
                best = value
                spans = (Span("unphysical", a, b, None, path.track.id, value),)
    if best is None:
        return Raw(None, "nothing flies long enough")
    return Raw(best, spans=spans)


def _peaks(path: Path) -> list[tuple[int, float, float, float]]:
    """Bounces `(frame, height, peak before, peak after)`."""
    high = path.at[:, 1]
    out = []
    ok = np.isfinite(high)
    for a, b in runs(ok):
        row = high[a:b]
        low = [t for t in range(1, len(row) - 1) if row[t] <= row[t - 1] and row[t] < row[t + 1]]
        low = [t for t in low if row[max(t - 6, 0) : t].max(initial=-9) - row[t] > 0.1]
        edges = [0, *low, len(row) - 1]
        for k in range(1, len(edges) - 1):
            before = row[edges[k - 1] : edges[k]].max(initial=-9)
            after = row[edges[k] : edges[k + 1] + 1].max(initial=-9)
            out.append((a + edges[k], float(row[edges[k]]), float(before), float(after)))
    return out


def restitution(case: Case) -> Raw:
    """Largest ratio of heights after and before a bounce, at 12 frames a second with room for what
    is between the frames; the law says at most 1 (its root is the restitution)."""
    paths = _things(case)
    if not paths:
        return Raw(None, UNKNOWN)
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for path in paths:
        if carried(case, path.track):
            continue
        for t, low, before, after in _peaks(path):
            if before - low < 0.15 or after - low < 0.02:
                continue
            value = (after - low) / (before - low)
            if best is None or value > best:
                best, spans = value, (Span("unphysical", t, t + 1, None, path.track.id, value),)
    if best is None:
        return Raw(None, "nothing bounces high enough")
    return Raw(float(best), spans=spans)


def energy(case: Case) -> Raw:
    """Largest gain of energy per mass (g h + v^2 / 2) of something that nobody touches, as a share
    of what it had most, from the median of three frames to that of three a third of a second on."""
    paths = _things(case)
    if not paths:
        return Raw(None, UNKNOWN)
    fps = case.reading.fps
    best: float | None = None
    spans: tuple[Span, ...] = ()
    reach = max(3, round(fps / 3))
    for path in paths:
        track = path.track
        if carried(case, track) or case.told(track, "kick", "push", "throw", "carry", "rise"):
            continue
        move = path.filled
        v = np.gradient(np.nan_to_num(move), axis=0) * fps
        e = GRAVITY * np.nan_to_num(move[:, 1]) + 0.5 * (v**2).sum(axis=1)
        e[~np.isfinite(move[:, 0]) | ~path.seen] = np.nan
        near = _touched(case, path)
        for motion in path.motions:  # what sets it going is told, or was not seen
            near[max(motion.start - 2, 0) : motion.start + 2] = True
        scale = np.nanmax(e, initial=0.0)
        if scale < 0.15:
            continue
        for a, b in runs(np.isfinite(e) & ~near):
            moving = path.speed[a:b] > 0.3
            row = e[a:b]
            for i in range(2, len(row) - reach - 1):
                if not moving[i]:
                    continue
                gain = np.median(row[i + reach - 1 : i + reach + 2]) - np.median(row[i - 1 : i + 2])
                if best is None or gain / scale > best:
                    best = gain / scale
                    spans = (Span("unphysical", a + i, a + i + reach, None, track.id),)
    if best is None:
        return Raw(None, "nothing moves freely long enough")
    return Raw(max(float(best), 0.0), spans=spans)


def _touched(case: Case, path: Path) -> NDArray[np.bool_]:
    """Frames in which somebody else's box is near."""
    out = np.zeros(len(path.seen), np.bool_)
    mine = path.track.box
    slack = 0.02 * case.reading.height
    for other in case.reading.tracks:
        if other.id == path.track.id:
            continue
        box = other.box
        with np.errstate(invalid="ignore"):
            out |= (
                (mine[:, 0] < box[:, 2] + slack) & (box[:, 0] < mine[:, 2] + slack)
                & (mine[:, 1] < box[:, 3] + slack) & (box[:, 1] < mine[:, 3] + slack)
            )  # fmt: skip
    grown = out.copy()
    for k in (1, 2):
        grown[k:] |= out[:-k]
        grown[:-k] |= out[k:]
    return grown


def floating(case: Case) -> Raw:
    """Height over the ground that somebody keeps for a third of a second with nothing under it,
    body heights; the worst."""
    if not any(path.known for path in case.paths):
        return Raw(None, UNKNOWN)
    reach = max(4, round(case.reading.fps / 3))
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for path in case.paths:
        track = path.track
        if not path.known or track.kind in FIXTURES or track.kind == "balloon":
            continue
        if carried(case, track) or case.told(track, "rise", "cover", "uncover", "lower", "raise"):
            continue
        if case.told(track, "sit", "jump", "drop", "throw", "fall"):
            continue
        high = np.where(path.seen & track.whole, path.at[:, 1], np.nan)
        over = _over(case, path)
        size = 2 * float(np.nanmedian(track.size)) if np.isfinite(track.size).any() else 0.92
        for t in range(len(high) - reach):
            rows = high[t : t + reach]
            if not np.isfinite(rows).all() or over[t : t + reach].any():
                continue
            if float(np.ptp(rows)) > 0.2 * size:  # it falls, or jumps
                continue
            value = float(rows.min()) / size
            if best is None or value > best:
                best = value
                spans = (Span("unnatural_motion", t, t + reach, None, track.id, value),)
    if best is None:
        return Raw(None, "nobody stands free")
    return Raw(max(best, 0.0), spans=spans)


def _over(case: Case, path: Path) -> NDArray[np.bool_]:
    """Frames in which somebody else is under or around it."""
    out = np.zeros(len(path.seen), np.bool_)
    for other in case.paths:
        if other.track.id == path.track.id or not other.known:
            continue
        gap = path.filled - other.filled
        reach = 0.46 + (
            0.46
            if not np.isfinite(other.track.size).any()
            else float(np.nanmedian(other.track.size))
        )
        with np.errstate(invalid="ignore"):
            out |= np.hypot(gap[:, 0], gap[:, 2]) < reach
    return out


def interpenetration(case: Case) -> Raw:
    """How deep two bodies on the ground are in each other, as a share of the smaller one's width,
    for two frames or more."""
    paths = [p for p in case.paths if p.known and p.track.kind in (*THINGS, *WALKERS)]
    if len(paths) < 2:
        return Raw(None, UNKNOWN if not paths else "there is one body only")
    stage = case.stage
    if stage is None:
        from evenflow.grading.events.found import Stage
        from evenflow.world.script import Script

        stage = Stage(case.reading, Script(), {})
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for i, one in enumerate(paths):
        for two in paths[:i]:
            if carried(case, one.track) or carried(case, two.track):
                continue
            if case.told(one.track, "cover", "uncover", "give", "pick_up", "sit", "carry") or (
                case.told(two.track, "cover", "uncover", "give", "pick_up", "sit", "carry")
            ):
                continue
            gap = one.at - two.at
            flat = np.hypot(gap[:, 0], gap[:, 2])
            a, b = reach_of(stage, one.track), reach_of(stage, two.track)
            level = np.abs(gap[:, 1]) < 0.6 * min(a, b) + 0.05
            ok = np.isfinite(flat) & level
            if ok.sum() < 4:
                continue
            deep = np.where(ok, (a + b - flat) / (2 * min(a, b)), -1.0)
            pair = np.minimum(deep[1:], deep[:-1])
            t = int(pair.argmax())
            if best is None or pair[t] > best:
                best = float(pair[t])
                spans = (Span("unphysical", t, t + 2, None, one.track.id, best),)
    if best is None:
        return Raw(None, "no two bodies are seen on one level")
    return Raw(max(best, 0.0), spans=spans)


def momentum(case: Case) -> Raw:
    """In collisions of two things: change of both momenta over that of the first, with masses as
    the cube of sizes; 0 where nothing is lost. The worst."""
    paths = _things(case)
    if len(paths) < 2:
        return Raw(None, "no two things have places")
    fps = case.reading.fps
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for i, one in enumerate(paths):
        for two in paths[:i]:
            gap = np.hypot(*(one.at - two.at)[:, [0, 2]].T)
            if not np.isfinite(gap).any():
                continue
            t = int(np.nanargmin(gap))
            if t < 4 or t > len(gap) - 5:
                continue
            sizes = [np.nanmedian(p.track.size) for p in (one, two)]
            if not np.isfinite(sizes).all() or gap[t] > 1.3 * sum(sizes):
                continue
            rows = [p.at[[t - 4, t - 1, t + 1, t + 4]][:, [0, 2]] for p in (one, two)]
            if not all(np.isfinite(r).all() for r in rows):
                continue
            before = [(r[1] - r[0]) / 3 * fps for r in rows]
            after = [(r[3] - r[2]) / 3 * fps for r in rows]
            change = [s**3 * (w - v) for s, v, w in zip(sizes, before, after, strict=True)]
            lost = [float(np.linalg.norm(c)) for c in change]
            if max(lost) / max(sizes) ** 3 < 0.3:
                continue
            value = float(np.linalg.norm(change[0] + change[1])) / max(lost)
            if best is None or value > best:
                best, spans = value, (Span("unphysical", t, t + 1, None, one.track.id),)
    if best is None:
        return Raw(None, "no two things collide")
    return Raw(best, spans=spans)


def reaction(case: Case) -> Raw:
    """Of things that meet on the ground while one moves: how much of their way they share without a
    change of speed; 1 where one goes through another as if it were not there."""
    paths = _things(case)
    if len(paths) < 2:
        return Raw(None, "no two things have places")
    fps = case.reading.fps
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for i, one in enumerate(paths):
        for two in paths[:i]:
            if carried(case, one.track) or carried(case, two.track):
                continue
            sizes = [np.nanmedian(p.track.size) for p in (one, two)]
            if not np.isfinite(sizes).all():
                continue
            gap = (one.filled - two.filled)[:, [0, 2]]
            flat = np.hypot(gap[:, 0], gap[:, 1])
            high = np.abs(one.filled[:, 1] - two.filled[:, 1])
            near = np.isfinite(flat) & (flat < 0.75 * sum(sizes)) & (high < 0.7 * min(sizes))
            for a, b in runs(near):
                if a < 4 or b > len(flat) - 4:
                    continue
                v = [(p.filled[a - 1] - p.filled[a - 4])[[0, 2]] / 3 * fps for p in (one, two)]
                w = [
                    (p.filled[min(b + 3, len(flat) - 1)] - p.filled[b])[[0, 2]] / 3 * fps
                    for p in (one, two)
                ]
                fast = float(np.linalg.norm(v[0] - v[1]))
                if not np.isfinite(fast) or fast < 0.4 or not np.isfinite(w).all():
                    continue
                change = float(np.linalg.norm((w[0] - w[1]) - (v[0] - v[1]))) / fast
                value = max(0.0, 1 - change)
                if best is None or value > best:
                    best, spans = value, (Span("unphysical", a, b, None, one.track.id),)
    if best is None:
        return Raw(None, "no two things meet")
    return Raw(best, spans=spans)


def rolling(case: Case) -> Raw:
    """What rolls turns by its way over its radius: |log| of the ratio, the worst of those whose
    marks are seen."""
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for path in _things(case):
        track = path.track
        if track.kind != "ball" or track.pattern in ("", "plain"):
            continue
        angle = track.turn.astype(np.float64)
        for motion in path.motions:
            row = angle[motion.start : motion.end]
            if motion.part or np.isfinite(row).sum() < 6 or not np.isfinite(track.size).any():
                continue
            turned = abs(float(np.diff(np.unwrap(row[np.isfinite(row)])).sum()))
            should = motion.length / float(np.nanmedian(track.size))
            if should < 1.0:
                continue
            value = abs(float(np.log(max(turned, 0.05) / should)))
            if best is None or value > best:
                best, spans = value, (Span("unnatural_motion", motion.start, motion.end),)
    if best is None:
        return Raw(None, "nothing with marks that can be read rolls")
    return Raw(best, spans=spans)
