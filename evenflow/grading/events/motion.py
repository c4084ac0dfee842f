"""Events of going: roll, slide, walk, run, throw, follow, circle, turn, jump, sit, spin, swing."""

import numpy as np
from numpy.typing import NDArray

from evenflow.grading.events.found import Found, Stage, When, goes, held, word
from evenflow.grading.events.sight import crossings, hidden
from evenflow.grading.paths import Motion, Path, runs, shots_of
from evenflow.grading.reading import SEEN, Track
from evenflow.world.language.content import TRANSITIVE
from evenflow.world.script import Deed

D = NDArray[np.float64]


def go(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It moves, in the direction and along the relation that were said."""
    path = stage.path(agent)
    motions = list(path.motions)
    if not motions:
        if path.seen.sum() < 3:
            return Found.unread("it is hardly seen")
        return Found((), "does not move")
    reason = ""
    if deed.direction:
        fits = [goes(one, deed.direction, path) for one in motions]
        kept = [one for one, fit in zip(motions, fits, strict=True) if fit]
        if not kept and any(fit is None for fit in fits):
            return Found.unread("how it goes in depth cannot be seen without a camera")
        if not kept:
            reason = f"goes {word(max(motions, key=lambda m: m.length).way)}"
        motions = kept
    if motions and deed.relation and deed.kind not in TRANSITIVE:
        target = stage.one(deed.target)
        if target is None:
            return Found.unread("what it is about was not read")
        other = stage.one(deed.other) if deed.relation == "between" else None
        fits = [relates(stage, one, agent, target, deed.relation, other) for one in motions]
        kept = [one for one, fit in zip(motions, fits, strict=True) if fit]
        if not kept and any(fit is None for fit in fits):
            return Found.unread(f"{deed.relation!r} cannot be told here")
        if not kept:
            reason = f"does not go {deed.relation} it"
        motions = kept
    return Found(tuple(When(m.start, m.end, m) for m in motions), reason)


def relates(
    stage: Stage,
    motion: Motion,
    agent: Track,
    target: Track,
    relation: str,
    other: Track | None = None,
) -> bool | None:
    """Whether a motion lies to a target as a relation says; None where that cannot be seen."""
    a, b = max(motion.start - 1, 0), min(motion.end + 1, stage.reading.num_frames)
    far = stage.distance(agent, target)[a:b]
    ok = np.isfinite(far)
    if ok.sum() < 2:
        return None
    far = far[ok]
    one, two = stage.path(agent), stage.path(target)
    reach = reach_of(stage, agent) + reach_of(stage, target)
    match relation:
        case "toward":
            nearer = far[0] - far.min()
            return bool(nearer > max(0.1, 0.25 * motion.length) and far[-1] < far[0])
        case "away from":
            return bool(far[-1] - far[0] > max(0.08, 0.3 * motion.length))
        case "behind" | "in front of":
            return _order(stage, agent, target, a, b, behind=relation == "behind")
        case "past":
            if any(a <= w.start <= b + 1 for w in crossings(stage, agent, target)):
                return True
            gone = [h for h in hidden(stage, agent, target) if h[0] < b and h[1] > a]
            return bool(gone) or _passes(one, two, a, b)
        case "beside":
            return bool(far[-1] < reach + 0.9)
        case "around":
            swept = sweep(stage, agent, target, a, b)
            return None if swept is None else bool(abs(swept) > 2.4)
        case "under" | "over" if meets := _meets(stage, agent, target, a, b):
            above = float(np.median(meets)) < 0
            return above if relation == "over" else not above
        case "through" | "under":
            if any(a <= w.start <= b + 1 for w in crossings(stage, agent, target)):
                return True
            return bool(far.min() < 0.6 * max(reach, 0.5))
        case "onto" | "over":
            if not one.known:
                return bool(far.min() < reach)
            high = held(one.filled)[a:b, 1]
            return bool(far.min() < reach and high.max() > high[0] + 0.1) or bool(
                relation == "onto" and far[-1] < reach and high[-1] > 0.1
            )
        case "off":
            if not one.known:
                return bool(far[-1] > far[0] + 0.1)
            high = held(one.filled)[a : min(b + 8, len(one.filled)), 1]
            return bool(high[0] - high.min() > 0.12 or far[-1] > far[0] + 0.3)
        case "into":
            gone = [h for h in hidden(stage, agent, target) if h[0] <= b + 2 and h[1] > a]
            return bool(gone) or bool(far.min() < 0.75 * max(reach, 0.4))
        case "between":
            if other is None:
                return None
            return bool(crossings(stage, agent, target)) or bool(far.min() < 2.0)
        case "out from behind":
            gone = [h for h in hidden(stage, agent, target) if h[0] <= a + 2 <= h[1] + 8]
            if gone:
                return True
            first = np.flatnonzero(agent.state == SEEN)
            late = len(first) and first[0] > 0 and first[0] >= a - 2
            return bool(late) or bool(far[-1] > far[0] + 0.1 and far[0] < reach + 0.8)
    return None


def reach_of(stage: Stage, track: Track) -> float:
    """Half of how wide somebody looks, world units."""
    rows = track.whole & (track.state == SEEN)
    rows = rows if rows.any() else track.state == SEEN
    if not rows.any():
        return 0.4
    wide = (track.box[rows, 2] - track.box[rows, 0]) / stage.path(track).unit[rows]
    return float(np.clip(0.5 * np.nanmedian(wide), 0.05, 3.0))


def _order(
    stage: Stage, agent: Track, target: Track, a: int, b: int, *, behind: bool
) -> bool | None:
    """Whether somebody is farther than the target where both are at the same place across."""
    gone = [h for h in hidden(stage, agent, target) if h[0] < b + 2 and h[1] > a]
    if gone:
        return behind
    deep = stage.depth(agent) - stage.depth(target)
    x = stage.across(stage.path(agent)) - stage.across(stage.path(target))
    ok = np.flatnonzero(np.isfinite(deep[a:b]) & np.isfinite(x[a:b]))
    if not len(ok):
        return None
    wide = 0.5 * np.nanmedian(
        (target.box[:, 2] - target.box[:, 0]) + (agent.box[:, 2] - agent.box[:, 0])
    )
    near = ok[np.abs(x[a:b][ok]) < wide]
    rows = near if len(near) else ok[-1:]
    if not len(near) and np.abs(x[a:b][ok]).min() > 2.5 * wide:
        return False
    away = float(np.median(deep[a:b][rows]))
    return bool(away > 0) if behind else bool(away < 0)


def _meets(stage: Stage, agent: Track, target: Track, a: int, b: int) -> list[float]:
    """How far below the target's middle somebody's middle is, pixels, where they change sides."""
    rows = [w.start for w in crossings(stage, agent, target) if a <= w.start <= b + 1]
    gap = agent.center[:, 1].astype(np.float64) - target.center[:, 1]
    return [float(gap[t]) for t in rows if np.isfinite(gap[t])]


def _passes(one: Path, two: Path, a: int, b: int) -> bool:
    """Whether somebody has another ahead and later behind."""
    if not (one.known and two.known):
        return False
    p, q = held(one.filled)[a:b][:, [0, 2]], held(two.filled)[a:b][:, [0, 2]]
    way = p[-1] - p[0]
    along = ((p - q) * way).sum(axis=1)
    return bool(along[0] < 0 < along[-1])


def sweep(stage: Stage, agent: Track, target: Track, a: int, b: int) -> float | None:
    """Angle that somebody goes around another, radians."""
    one, two = stage.path(agent), stage.path(target)
    if not (one.known and two.known):
        return None
    gap = held(one.filled)[a:b][:, [0, 2]] - held(two.filled)[a:b][:, [0, 2]]
    angle = np.unwrap(np.arctan2(gap[:, 1], gap[:, 0]))
    return float(angle[-1] - angle[0])


def circle(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It goes around the target by more than half a turn."""
    target = stage.one(deed.target)
    path = stage.path(agent)
    if not path.motions:
        return Found((), "does not move")
    if target is None:
        return Found.unread("what it should go around was not read")
    whens, known = [], False
    for one in path.motions:
        swept = sweep(stage, agent, target, one.start, one.end)
        known |= swept is not None
        if swept is not None and abs(swept) > 2.4:
            whens.append(When(one.start, one.end, one))
    if not known:
        return Found.unread("a way around cannot be seen without a camera")
    return Found(tuple(whens), "does not go around it")


def follow(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Both move the same way at once, and it stays behind the target."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("whom it follows was not read")
    one, two = stage.path(agent), stage.path(target)
    if not one.motions:
        return Found((), "does not move")
    whens = []
    for mine in one.motions:
        for theirs in two.motions:
            a, b = max(mine.start, theirs.start), min(mine.end, theirs.end)
            if b - a < 4:
                continue
            axes = [0, 2] if one.known and two.known else [0]
            p, q = held(one.filled)[a:b][:, axes], held(two.filled)[a:b][:, axes]
            v, w = p[-1] - p[0], q[-1] - q[0]
            like = float(v @ w) / max(float(np.linalg.norm(v) * np.linalg.norm(w)), 1e-9)
            behind = ((q - p) @ w).mean() > 0
            if like > 0.3 and behind:
                whens.append(When(a, b, mine))
    return Found(tuple(whens), "does not go after it")


def turn(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It turns about itself by a third of a right angle or more."""
    angle = agent.turn.astype(np.float64)
    whens = []
    if np.isfinite(angle).sum() < 4:
        return Found.unread("which way it faces was not read")
    for a, b in shots_of(stage.reading):
        ok = np.flatnonzero(np.isfinite(angle[a:b]))
        if len(ok) < 4:
            continue
        line = np.interp(np.arange(b - a), ok, np.unwrap(angle[a:b][ok]))
        step = np.abs(np.gradient(line)) * stage.reading.fps
        for first, last in runs(step > 0.5):
            by = line[min(last, b - a - 1)] - line[max(first - 1, 0)]
            left = by > 0
            if abs(by) > 0.5 and (
                deed.direction not in ("left", "right") or left == (deed.direction == "left")
            ):
                whens.append(When(a + first, a + last))
    return Found(tuple(whens), "does not turn so")


def spin(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Its marks go around, or its outline swings as that of something that turns in place."""
    angle = agent.turn.astype(np.float64)
    rate = np.full(len(angle), np.nan)
    if np.isfinite(angle).sum() >= 4:
        rate[1:] = np.abs(np.angle(np.exp(1j * np.diff(angle)))) * stage.reading.fps
        whens = [When(a, b) for a, b in runs(np.nan_to_num(rate) > 0.6) if b - a >= 3]
        return Found(tuple(whens), "does not turn about itself")
    if agent.kind in ("ball", "cylinder", "cone", "capsule", "balloon", "vase", "cup", "tower"):
        return Found.unread("what is round and plain shows no turning")
    rows = agent.whole & (agent.state == SEEN)
    if rows.sum() < 8:
        return Found.unread("it is hardly seen whole")
    wide = (agent.box[:, 2] - agent.box[:, 0]).astype(np.float64)
    wide = np.where(rows, wide, np.nan)
    swing = (np.nanmax(wide) - np.nanmin(wide)) / np.nanmedian(wide)
    if swing < 0.12:
        return Found((), "its outline stands still")
    change = np.abs(np.gradient(np.interp(np.arange(len(wide)), np.flatnonzero(rows), wide[rows])))
    active = np.flatnonzero(change > 0.25 * change.max())
    return Found((When(int(active[0]), int(active[-1]) + 1),), "")


def swing(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Its middle goes to and fro in the picture."""
    x = agent.center[:, 0].astype(np.float64)
    ok = np.flatnonzero(np.isfinite(x))
    if len(ok) < 6:
        return Found.unread("it is hardly seen")
    line = x[ok]
    if np.ptp(line) < 0.02 * stage.reading.width:
        return Found((), "hangs still")
    v = np.gradient(line)
    strong = v[np.abs(v) > 0.2 * np.abs(v).max()]
    back = np.count_nonzero(np.diff(np.sign(strong)))
    if back < 1:
        return Found((), "does not come back")
    return Found((When(int(ok[0]), int(ok[-1]) + 1),), "")


def rise(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It goes up."""
    path = stage.path(agent)
    line = -agent.center[:, 1].astype(np.float64) / path.unit
    ok = np.isfinite(line)
    if ok.sum() < 3:
        return Found.unread("it is hardly seen")
    rows = np.flatnonzero(ok)
    up = np.gradient(line[rows]) * stage.reading.fps > 0.08
    whens = [
        When(int(rows[a]), int(rows[b - 1]) + 1)
        for a, b in runs(up)
        if line[rows[b - 1]] - line[rows[a]] > 0.12
    ]
    return Found(tuple(whens), "does not rise")


def jump(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Its lowest point leaves the ground and comes back within 1.5 seconds."""
    path = stage.path(agent)
    whens: list[When] = []
    foot = -agent.box[:, 3].astype(np.float64) / path.unit
    if path.known and np.nanmax(path.at[:, 1]) > 0.05:
        foot = path.at[:, 1]
    ok = np.flatnonzero(np.isfinite(foot))
    if len(ok) < 5:
        return Found.unread("it is hardly seen")
    line = np.interp(np.arange(len(foot)), ok, foot[ok])
    reach = round(0.75 * stage.reading.fps)
    for t in range(1, len(line) - 1):
        if not (line[t] >= line[t - 1] and line[t] > line[t + 1]):
            continue
        left, right = line[max(t - reach, 0) : t].min(), line[t + 1 : t + 1 + reach].min()
        if line[t] - max(left, right) > 0.07 and (
            not whens or t - whens[-1].end > 0.25 * stage.reading.fps
        ):
            a = max(t - reach, 0) + int(line[max(t - reach, 0) : t].argmin())
            whens.append(When(a, t + 1))
    return Found(tuple(whens), "stays on the ground")


def _tall(stage: Stage, agent: Track) -> D:
    tall = (agent.box[:, 3] - agent.box[:, 1]).astype(np.float64)
    tall[~(agent.whole & (agent.state == SEEN))] = np.nan
    return tall


def sit(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It gets lower by an eighth or more and stays so."""
    tall = _tall(stage, agent)
    ok = np.flatnonzero(np.isfinite(tall))
    if len(ok) < 6:
        return Found.unread("it is hardly seen whole")
    line = np.interp(np.arange(len(tall)), ok, tall[ok])
    line = np.convolve(np.pad(line, 1, mode="edge"), np.ones(3) / 3, "valid")
    for t in range(2, len(line) - 2):
        if line[t:].max() < 0.9 * np.median(line[:t]):
            a = max(t - round(0.5 * stage.reading.fps), 0)
            return Found((When(a, t + 1),), "")
    return Found((), "stays as tall as it was")


def stand(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It gets taller by an eighth or more and stays so."""
    tall = _tall(stage, agent)
    ok = np.flatnonzero(np.isfinite(tall))
    if len(ok) < 6:
        return Found.unread("it is hardly seen whole")
    line = np.interp(np.arange(len(tall)), ok, tall[ok])
    for t in range(2, len(line) - 2):
        if line[t:].min() > 1.08 * line[:t].min():
            return Found((When(max(t - 4, 0), t + 1),), "")
    return Found((), "stays as low as it was")
