"""Events of touch and fall: hit, bounce, stop, fall, drop, throw."""

import numpy as np
from numpy.typing import NDArray

from evenflow.grading.events.found import Found, Stage, When, held, sided
from evenflow.grading.events.motion import go, reach_of
from evenflow.grading.paths import Path, runs, shots_of, velocity
from evenflow.grading.reading import SEEN, Track
from evenflow.world.script import Deed

D = NDArray[np.float64]


def near(
    stage: Stage, one: Track, other: Track, slack: float = 0.18, *, ground: bool = True
) -> NDArray[np.bool_]:
    """Frames in which two are near enough to touch: in the picture, and on the ground where that
    is known; a frame in which one is hidden keeps its last box."""
    a, b = held(one.box.astype(np.float64)), held(other.box.astype(np.float64))
    pixels = 0.012 * stage.reading.height + 1.5
    touch = (
        (a[:, 0] < b[:, 2] + pixels) & (b[:, 0] < a[:, 2] + pixels)
        & (a[:, 1] < b[:, 3] + pixels) & (b[:, 1] < a[:, 3] + pixels)
    )  # fmt: skip
    p, q = stage.path(one), stage.path(other)
    if ground and p.known and q.known:
        gap = held(p.filled) - held(q.filled)
        flat = np.hypot(gap[:, 0], gap[:, 2])
        touch &= flat < 1.25 * (reach_of(stage, one) + reach_of(stage, other)) + slack
    return np.asarray(touch)


def velocities(path: Path, fps: float) -> D:
    """World units a second before and after each frame differ most where something hit: slopes over
    three frames, `(t, 3)`; away is 0 where it is not known."""
    rows = path.filled.copy()
    if not path.known:
        rows[:, 2] = np.where(np.isfinite(rows[:, 0]), 0.0, np.nan)
    return velocity(rows, fps, half=1)


def _kick(path: Path, fps: float, cuts: tuple[int, ...]) -> D:
    """Change of velocity about every frame, units a second, `(t,)`: slopes of three frames before
    and three after."""
    rows = path.filled if path.known else path.filled[:, :2]
    num = len(rows)
    out = np.zeros(num)
    for t in range(1, num - 1):
        a, b = max(t - 3, 0), min(t + 4, num)
        if any(a < c < b for c in cuts):
            continue
        before, after = rows[a : t + 1], rows[t:b]
        if not (np.isfinite(before).all() and np.isfinite(after).all()):
            continue
        v = (before[-1] - before[0]) / max(t - a, 1) * fps
        w = (after[-1] - after[0]) / max(b - 1 - t, 1) * fps
        out[t] = float(np.linalg.norm(w - v))
    return out


def hit(stage: Stage, deed: Deed, agent: Track) -> Found:
    """They come near, and the velocity of one of them breaks there."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what it hits was not read")
    touch = near(stage, agent, target)
    one, two = stage.path(agent), stage.path(target)
    if not touch.any():
        return Found((), "they never touch")
    fps, cuts = stage.reading.fps, stage.reading.cuts
    break_, struck = _kick(one, fps, cuts), _kick(two, fps, cuts)
    came = list(one.motions)
    whens = []
    for a, b in runs(touch):
        if not any(m.start <= a + 2 and m.end >= a - 2 for m in came) and not any(
            m.start < b and m.end > a for m in came
        ):
            continue
        rows = slice(max(a - 2, 0), min(b + 2, a + round(1.2 * fps) + 2))
        target_moves = any(a - 3 <= m.start <= b + 2 for m in two.motions)
        if struck[rows].max(initial=0) > 0.08 or break_[rows].max(initial=0) > 0.2 or target_moves:
            both = struck[rows] + 0.5 * break_[rows]
            t = rows.start + int(both.argmax())
            whens.append(When(t, t + 1))
    return Found(tuple(whens), "they meet without a push" if not whens else "")


def bounce(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It comes down and goes up again, or comes back from a wall."""
    path = stage.path(agent)
    fps = stage.reading.fps
    whens: list[When] = []
    if path.seen.sum() < 5:
        return Found.unread("it is hardly seen")
    for line, a, b in _heights(stage, path):
        if whens:
            break
        ok = np.isfinite(line)
        for first, last in runs(ok[a:b]):
            row = line[a + first : a + last]
            for t in range(1, len(row) - 1):
                if not (row[t] <= row[t - 1] and row[t] < row[t + 1]):
                    continue
                reach = round(0.4 * fps)
                down = row[max(t - reach, 0) : t].max() - row[t]
                up = row[t + 1 : t + 1 + reach].max() - row[t]
                if down > 0.1 and up > 0.03 and (not whens or a + first + t - whens[-1].start > 2):
                    whens.append(When(a + first + t, a + first + t + 1))
    target = stage.one(deed.target)
    if target is not None:
        touch = near(stage, agent, target)
        v = velocities(path, fps)
        for t in range(2, len(v) - 2):
            before, after = v[t - 2, [0, 2]], v[t + 2, [0, 2]]
            turned = float(before @ after) < -0.02
            if (
                touch[max(t - 2, 0) : t + 3].any()
                and turned
                and (not whens or t - whens[-1].start > 3)
            ):
                whens.append(When(t, t + 1))
        kept = [w for w in whens if touch[max(w.start - 2, 0) : w.start + 3].any()]
        whens = kept or whens
    if not whens:
        return Found((), "does not bounce")
    return sided(stage, deed, agent, whens, "does not bounce")


def _heights(stage: Stage, path: Path) -> list[tuple[D, int, int]]:
    """What tells how high somebody is, shot by shot: places, then the row of the picture."""
    lines = [_height(path)]
    if path.known:
        lines.append(-path.track.box[:, 3].astype(np.float64) / path.unit)
    return [(line, a, b) for line in lines for a, b in shots_of(stage.reading)]


def _height(path: Path) -> D:
    """How high the foot is, world units; where the ground is not known, by the picture."""
    if path.known:
        return np.asarray(path.at[:, 1])
    return np.asarray(-path.track.box[:, 3] / path.unit)


def descents(stage: Stage, agent: Track, least: float = 0.15) -> list[tuple[int, int, float]]:
    """Stretches `(start, end, by)` in which the foot comes down by more than `least` units."""
    found: list[tuple[int, int, float]] = []
    for line, a, b in _heights(stage, stage.path(agent)):
        if found:
            break
        ok = np.flatnonzero(np.isfinite(line[a:b]))
        if len(ok) < 2:
            continue
        row = np.interp(np.arange(ok[0], ok[-1] + 1), ok, line[a:b][ok])
        down = np.diff(row) < -0.012
        for first, last in runs(down):
            by = float(row[first] - row[last])
            seconds = max(last - first, 1) / stage.reading.fps
            if by > least and by / seconds > 0.45:
                found.append((a + int(ok[0]) + first, a + int(ok[0]) + last, by))
    return found


def drop(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It comes down fast, onto the target where one was said."""
    found = descents(stage, agent)
    if not found:
        if stage.path(agent).seen.sum() < 4:
            return Found.unread("it is hardly seen")
        return Found((), "does not come down")
    whens = [When(a, b) for a, b, _ in found]
    target = stage.one(deed.target)
    if deed.target and deed.relation in ("onto", "into", "") and deed.kind != "fall":
        if target is None:
            return Found.unread("what it falls on was not read")
        touch = near(stage, agent, target, ground=False)
        whens = [w for w in whens if touch[w.start : w.end + 4].any()]
        return Found(tuple(whens), "comes down elsewhere")
    if deed.target and deed.relation == "off" and target is not None:
        touch = near(stage, agent, target, ground=False)
        whens = [w for w in whens if touch[max(w.start - 5, 0) : w.start + 3].any()]
        return Found(tuple(whens), "falls elsewhere")
    return Found(tuple(whens), "")


def throw(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It flies: it moves while it is off the ground."""
    found = go(stage, deed, agent)
    if not found.whens:
        return found
    path = stage.path(agent)
    high = _height(path)
    base = np.nanmin(high)
    whens = tuple(
        w for w in found.whens if np.nanmax(high[w.start : w.end], initial=base) - base > 0.12
    )
    return Found(whens, "stays on the ground")


def stop(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It moved, and stands still for a quarter of a second."""
    path = stage.path(agent)
    rest = max(2, round(0.25 * stage.reading.fps))
    whens = []
    for motion in path.motions:
        after = path.speed[motion.end : motion.end + rest]
        if len(after) >= 2 and np.isfinite(after).all() and (after < 0.25).all():
            whens.append(When(max(motion.end - 1, 0), motion.end))
    if not path.motions:
        return Found((), "never moves")
    target = stage.one(deed.target)
    if deed.target and target is None:
        return Found.unread("where it stops was not read")
    if target is not None and whens:
        far = stage.distance(agent, target)
        limit = reach_of(stage, agent) + reach_of(stage, target) + 0.9
        whens = [w for w in whens if not np.isfinite(far[w.start]) or far[w.start] < limit]
        return Found(tuple(whens), "stops elsewhere")
    return Found(tuple(whens), "does not stop")


__all__ = ["SEEN", "bounce", "descents", "drop", "hit", "near", "stop", "throw", "velocities"]
