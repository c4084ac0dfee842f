"""Clauses: what a caption says, statement by statement, and whether a reading shows it."""

import math
from collections.abc import Sequence

import numpy as np

from evenflow.grading.casting import (
    ENOUGH,
    color_share,
    early_color,
    kind_share,
    likeness,
    size_of,
    size_word,
)
from evenflow.grading.events import LIGHT, Found, Stage, When, find
from evenflow.grading.events.motion import reach_of
from evenflow.grading.grade import Clause
from evenflow.grading.paths import shots_of
from evenflow.grading.reading import SEEN, Track
from evenflow.world.gait import MANNERS as GAITS
from evenflow.world.gait import pace
from evenflow.world.language.content import sort_of
from evenflow.world.language.describe import refer
from evenflow.world.script import Deed, Role, Script, ScriptShot, Standing
from evenflow.world.words import FIXTURES, SIZES, WALKERS

SEEN_KIND, SEEN_COLOR = 0.5, 0.5
"""Shares of votes that show an attribute."""
HASTE = {
    "slowly": 0.6, "quickly": 1.5, "gently": 0.75, "sadly": 0.75, "sleepily": 0.65,
    "stealthily": 0.65, "cheerfully": 1.1, "nervously": 1.1, "drunkenly": 0.8, "proudly": 0.9,
}  # fmt: skip
"""What a manner does to the speed of what has no gait (as `world/blocking.py` has it)."""
BOXES = ("cube", "box", "crate")
"""Kinds that only their proportions and planks tell apart."""
PACE = 1.6
"""Units a second of what rolls or slides without a manner (as `world/motions.py` has it)."""


def judge(stage: Stage) -> tuple[Clause, ...]:
    """Every statement of the script: looks, places, deeds, order, camera, the rest."""
    script = stage.script
    clauses: list[Clause] = []
    for role in script.cast:
        clauses += _looks(stage, role)
    for where in script.standing:
        clauses.append(_stands(stage, where))
    found = [find(stage, deed) for deed in script.deeds]
    chosen = _times(stage, found)
    for deed, one, when in zip(script.deeds, found, chosen, strict=True):
        clauses.append(_happens(stage, deed, one, when))
        if deed.manner:
            clauses.append(_manner(stage, deed, one, when))
        if deed.start is not None and deed.end is not None:
            clauses.append(_timed(stage, deed, one, when))
    clauses += _order(stage, chosen)
    for number, shot in enumerate(script.shots):
        clauses += _camera(stage, shot, number)
    clauses += _settings(script)
    return tuple(clauses)


def _name(stage: Stage, role: int) -> str:
    return refer(stage.script, role) if role else "the light"


def _expected(stage: Stage, role: Role) -> bool:
    """Whether a role that is not there would have been seen: things and walkers would."""
    return sort_of(role.kind) != "fixture" and stage.reading.coverage >= 0.8


def _looks(stage: Stage, role: Role) -> list[Clause]:
    name = _name(stage, role.id)
    tracks = stage.cast[role.id]
    if not tracks:
        if not _expected(stage, role):
            return [Clause(f"there is {name}", "attribute", None, "no such thing was read")]
        near = max(
            stage.reading.tracks, key=lambda t: likeness(role, t, stage.script), default=None
        )
        saw = f"the nearest is a {near.color} {near.kind}" if near is not None else "nothing"
        return [Clause(f"there is {name}", "attribute", False, saw)]
    out = []
    share = float(np.mean([kind_share(role.kind, t) for t in tracks]))
    said = role.kind.replace("_", " ")
    saw = tracks[0].kind
    if share >= SEEN_KIND:
        out.append(Clause(f"{name} is a {said}", "kind", True))
    elif saw in BOXES and role.kind in BOXES:
        reason = f"looks like a {saw}, which is told by its marks alone"
        out.append(Clause(f"{name} is a {said}", "kind", None, reason))
    elif saw == "thing" and sort_of(role.kind) == "thing":
        out.append(Clause(f"{name} is a {said}", "kind", None, "its shape was not read"))
    else:
        out.append(Clause(f"{name} is a {said}", "kind", False, f"looks like a {saw}"))
    if role.color:
        share = float(np.mean([color_share(role, t, stage.script.deeds) for t in tracks]))
        worst = min(tracks, key=lambda t: color_share(role, t, stage.script.deeds))
        out.append(
            Clause(
                f"{name} is {role.color}",
                "color",
                share >= SEEN_COLOR,
                "" if share >= SEEN_COLOR else f"is {early_color(worst)}",
            )
        )
    if role.pattern:
        pattern = tracks[0].pattern
        shown = True if pattern == role.pattern else (None if pattern in ("", "plain") else False)
        reason = "" if shown else (f"is {pattern}" if shown is False else "no marks were read")
        out.append(Clause(f"{name} is {role.pattern}", "pattern", shown, reason))
    if role.size and role.kind not in WALKERS and role.kind not in FIXTURES:
        out.append(_size(stage, role, name, tracks[0]))
    out.append(_count(stage, role, name))
    return out


def _size(stage: Stage, role: Role, name: str, track: Track) -> Clause:
    if not np.isfinite(track.size).any():
        return Clause(f"{name} is {role.size}", "size", None, "no size without a camera")
    size = size_of(track, role.kind)
    word = size_word(track, role.kind)
    order = list(SIZES)
    gap = abs(order.index(word) - order.index(role.size))
    if word == role.size:
        return Clause(f"{name} is {role.size}", "size", True)
    edge = math.sqrt(SIZES[word] * SIZES[role.size])
    if gap == 1 and abs(math.log(size / edge)) < 0.06:
        return Clause(f"{name} is {role.size}", "size", None, f"between {word} and {role.size}")
    return Clause(f"{name} is {role.size}", "size", False, f"is {word}")


def _count(stage: Stage, role: Role, name: str) -> Clause:
    """As many as were said, and no more that look the same and are nobody else."""
    tracks = stage.cast[role.id]
    taken = {t.id for others in stage.cast.values() for t in others}
    total = len(tracks)
    if sort_of(role.kind) != "fixture":
        for track in stage.reading.tracks:
            if track.id in taken or (track.state == SEEN).sum() < 4:
                continue
            same = kind_share(role.kind, track) >= 0.6
            if role.color:
                same &= color_share(role, track, ()) >= 0.6
            if role.pattern:
                same &= track.pattern == role.pattern
            if role.size and np.isfinite(track.size).any():
                same &= size_word(track, role.kind) == role.size
            if same and likeness(role, track, stage.script) >= ENOUGH:
                total += 1
    text = f"there {'is' if role.count == 1 else 'are'} {role.count} ({name})"
    if total == role.count:
        return Clause(text, "count", True)
    if stage.reading.coverage < 0.8 or (sort_of(role.kind) == "fixture" and total < role.count):
        return Clause(text, "count", None, f"{total} were read")
    return Clause(text, "count", False, f"{total} are seen")


def _stands(stage: Stage, where: Standing) -> Clause:
    text = f"{_name(stage, where.role)} is {where.relation} {_name(stage, where.target)}"
    if where.other:
        text += f" and {_name(stage, where.other)}"
    one, two = stage.one(where.role), stage.one(where.target)
    if one is None or two is None:
        return Clause(text, "relation", None, "not all of them were read")
    shown, reason = _relation(stage, where, one, two)
    return Clause(text, "relation", shown, reason)


def _relation(stage: Stage, where: Standing, one: Track, two: Track) -> tuple[bool | None, str]:
    both = np.flatnonzero((one.state == SEEN) & (two.state == SEEN))
    if not len(both):
        if where.relation in ("in", "held by"):
            return None, "they are never seen together"
        return None, "they are never seen at once"
    rows = both[:5]
    a, b = stage.path(one), stage.path(two)
    x = float(np.median(one.center[rows, 0] - two.center[rows, 0]))
    reach = reach_of(stage, one) + reach_of(stage, two)
    across = x / float(np.nanmedian(np.fmax(a.unit[rows], b.unit[rows])))
    far = stage.distance(one, two)[rows]
    gap = float(np.nanmedian(far)) if np.isfinite(far).any() else abs(across)
    deep = stage.depth(one)[rows] - stage.depth(two)[rows]
    away = float(np.nanmedian(deep)) if np.isfinite(deep).any() else math.nan
    high = math.nan
    if a.known and b.known:
        high = float(np.nanmedian(a.filled[rows, 1] - b.filled[rows, 1]))
    match where.relation:
        case "left of":
            return across < 0, "" if across < 0 else "is on the right"
        case "right of":
            return across > 0, "" if across > 0 else "is on the left"
        case "behind":
            return (None, "depth was not read") if math.isnan(away) else (away > 0, "")
        case "in front of":
            return (None, "depth was not read") if math.isnan(away) else (away < 0, "")
        case "beside":
            return gap < reach + 2.0, "" if gap < reach + 2.0 else "is far from it"
        case "on" | "onto":
            if math.isnan(high):
                shown = (
                    abs(across) < reach
                    and float(np.median(one.box[rows, 3] - two.box[rows, 3])) < 0
                )
            else:
                shown = high > 0.1 and abs(across) < reach
            return shown, "" if shown else "is not on it"
        case "under":
            if math.isnan(high):
                return None, "height was not read"
            return (gap < reach and high < 0.1), ""
        case "in" | "into":
            return gap < reach, "" if gap < reach else "is outside"
        case "held by":
            return gap < reach + 0.5, "" if gap < reach + 0.5 else "is far from it"
        case "between":
            three = stage.one(where.other)
            if three is None:
                return None, "not all of them were read"
            y = float(np.nanmedian(one.center[rows, 0] - three.center[rows, 0]))
            return bool(x * y < 0 or gap < reach + 1.0), ""
    return None, f"{where.relation!r} is not judged"


def _times(stage: Stage, found: Sequence[Found]) -> list[When | None]:
    """One time for every deed: alike deeds of one agent in the order of telling, others their
    first; a deed of which several times fit takes one that no other has."""
    deeds = stage.script.deeds
    chosen: list[When | None] = [None] * len(found)
    edges = shots_of(stage.reading)
    taken: list[tuple[int, When]] = []
    for i, (deed, one) in enumerate(zip(deeds, found, strict=True)):
        whens = list(one.whens)
        if len(stage.script.shots) == len(edges):
            a, b = edges[min(deed.shot, len(edges) - 1)]
            inside = [w for w in whens if a <= w.start < b]
            whens = inside or whens
        fresh = [
            w for w in whens
            if not any(
                deeds[j].agent == deed.agent and deeds[j].kind == deed.kind
                and t.start == w.start and t.end == w.end
                for j, t in taken
            )
        ]  # fmt: skip
        if not whens:
            continue
        pick = (fresh or whens)[0]
        if deed.start is not None:
            near = deed.start * stage.reading.fps
            pick = min(fresh or whens, key=lambda w: abs(w.start - near))
        chosen[i] = pick
        taken.append((i, pick))
    return chosen


def describe_deed(stage: Stage, deed: Deed) -> str:
    """A deed in plain words."""
    words = [_name(stage, deed.agent), deed.kind.replace("_", " ")]
    about = deed.other if deed.kind in ("push", "kick", "carry", "put_down") else deed.target
    if about != deed.target and deed.target:
        words.append(_name(stage, deed.target))
    if deed.color:
        words.append(f"to {deed.color}")
    if deed.direction:
        words.append(deed.direction)
    if deed.relation:
        words.append(deed.relation)
    if about:
        words.append(_name(stage, about))
    if deed.other and about != deed.other and deed.relation == "between":
        words.append(f"and {_name(stage, deed.other)}")
    return " ".join(words)


def _happens(stage: Stage, deed: Deed, found: Found, when: When | None) -> Clause:
    text = describe_deed(stage, deed)
    kind = "light" if deed.kind in LIGHT else "event"
    if not found.parsed:
        return Clause(text, kind, None, found.reason)
    if when is None:
        agent = stage.one(deed.agent)
        if agent is not None and stage.watched(agent) < 0.15:
            return Clause(text, kind, None, "who does it is hardly seen")
        return Clause(text, kind, False, found.reason)
    return Clause(text, kind, True, "", when.start, max(when.end, when.start + 1))


def _manner(stage: Stage, deed: Deed, found: Found, when: When | None) -> Clause:
    text = f"{describe_deed(stage, deed)}: {deed.manner}"
    agent = stage.one(deed.agent)
    ratio = None
    if when is not None and agent is not None:
        ratio = haste(stage, deed, agent, when)
    if ratio is None:
        return Clause(text, "manner", None, "its speed tells nothing here")
    table = {k: v.speed for k, v in GAITS.items()} if agent and agent.kind in WALKERS else HASTE
    said = table.get(deed.manner, 1.0)
    if abs(math.log(said)) < 0.22:
        return Clause(text, "manner", None, "this manner does not show in the speed")
    limit = 0.5 * math.log(said)
    shown = math.log(ratio) > limit if said > 1 else math.log(ratio) < limit
    if not shown and abs(math.log(ratio) - limit) < 0.12:
        return Clause(text, "manner", None, "on the border between two manners")
    return Clause(text, "manner", shown, "" if shown else f"at {ratio:.2f} of the usual speed")


def haste(stage: Stage, deed: Deed, agent: Track, when: When) -> float | None:
    """Speed over the usual one of such a motion, or None where there is none to compare."""
    path = stage.path(agent)
    if when.motion is None or not path.known:
        return None
    rows = path.speed[when.start : when.end]
    rows = rows[np.isfinite(rows)]
    if len(rows) < 3:
        return None
    if agent.kind in WALKERS and deed.kind in ("walk", "run", "carry", "push", "follow"):
        size = float(np.nanmedian(agent.size)) if np.isfinite(agent.size).any() else 0.85
        usual = pace(agent.kind, size, run=deed.kind == "run")
        return float(np.quantile(rows, 0.7)) / usual
    if deed.kind in ("roll", "slide"):
        return float(np.quantile(rows, 0.8)) / PACE
    return None


def _timed(stage: Stage, deed: Deed, found: Found, when: When | None) -> Clause:
    text = f"{describe_deed(stage, deed)} at {deed.start:g} to {deed.end:g} s"
    if when is None:
        return Clause(text, "time", None, "it was not seen")
    fps = stage.reading.fps
    start, end = float(deed.start or 0) * fps, float(deed.end or 0) * fps
    slack = 0.5 * fps
    shown = when.start < end + slack and when.end > start - slack
    reason = "" if shown else f"it is seen at {when.start / fps:.1f} s"
    return Clause(text, "time", shown, reason, when.start, max(when.end, when.start + 1))


def seen_deeds(stage: Stage) -> list[When | None]:
    """When every deed of the script was seen, or None."""
    return _times(stage, [find(stage, deed) for deed in stage.script.deeds])


def pairs(stage: Stage, chosen: Sequence[When | None]) -> list[tuple[int, int, int]]:
    """Pairs of deeds that were told one after the other and both seen: `(i, j, sign)`, 1 where they
    came in that order, -1 in the other, 0 where nobody could tell them apart."""
    deeds = stage.script.deeds
    out = []
    for j in range(len(deeds)):
        for i in range(j):
            one, two = chosen[i], chosen[j]
            if one is None or two is None or deeds[i].shot != deeds[j].shot:
                continue
            if any(deeds[k].together for k in range(i + 1, j + 1)):
                continue
            slack = 2 if stage.reading.fps <= 15 else 0.15 * stage.reading.fps
            gap = two.start - one.start
            out.append((i, j, 0 if abs(gap) <= slack else (1 if gap > 0 else -1)))
    return out


def _order(stage: Stage, chosen: Sequence[When | None]) -> list[Clause]:
    deeds = stage.script.deeds
    out = []
    for i, j, sign in pairs(stage, chosen):
        if j != i + 1:
            continue
        text = f"{describe_deed(stage, deeds[i])}, then {describe_deed(stage, deeds[j])}"
        if sign == 0:
            out.append(Clause(text, "order", True, "they begin within two frames"))
        else:
            out.append(
                Clause(text, "order", sign > 0, "" if sign > 0 else "they come the other way round")
            )
    return out


MOVES = {
    "pan left": (0, 1.0), "pan right": (0, -1.0), "truck left": (0, 1.0), "truck right": (0, -1.0),
    "whip pan left": (0, 1.0), "whip pan right": (0, -1.0), "orbit left": (0, 1.0),
    "orbit right": (0, -1.0), "tilt up": (1, 1.0), "tilt down": (1, -1.0), "rise": (1, 1.0),
    "sink": (1, -1.0), "dolly in": (2, 1.0), "zoom in": (2, 1.0), "dolly out": (2, -1.0),
    "zoom out": (2, -1.0),
}  # fmt: skip
"""Which part of the background's motion a move of the camera shows in, and its sign."""


def _camera(stage: Stage, shot: ScriptShot, number: int) -> list[Clause]:
    edges = shots_of(stage.reading)
    if number >= len(edges):
        return [Clause(f"there is a shot {number + 1}", "cut", False, f"{len(edges)} are seen")]
    a, b = edges[number]
    motion = stage.reading.view.motion[a:b].astype(np.float64).copy()
    out = []
    height = float(stage.reading.height)
    told = np.ones(4, np.bool_)
    if b - a > 1 and np.isnan(motion[1:, 0]).mean() > 0.4:
        # Nothing in the background shows how it moves.
        motion[:, :2], told[2:] = _together(stage, a, b), False
        motion[:, 2:] = np.where(np.isfinite(motion[:, :1]), 0.0, np.nan)
    motion[0] = np.nan
    known = np.isfinite(motion).all(axis=1)
    for move in shot.moves:
        text = (
            f"the camera: {move}" if len(edges) == 1 else f"the camera in shot {number + 1}: {move}"
        )
        if known.sum() < max(3, 0.6 * (b - a - 1)) or not told[MOVES.get(move, (0, 0.0))[0]]:
            out.append(Clause(text, "camera", None, "the background's motion was not read"))
            continue
        total = np.nansum(motion, axis=0)
        path = np.nansum(np.abs(motion), axis=0)
        steps = np.hypot(motion[:, 0], motion[:, 1]) + 0.35 * height * np.abs(motion[:, 2])
        still = float(np.nanmean(steps)) / height
        if move == "static":
            shown: bool | None = still < 0.0016 or (
                len(shot.moves) > 1 and bool(np.nanmin(steps) / height < 0.0016)
            )
            out.append(Clause(text, "camera", shown, "" if shown else "it moves"))
        elif move == "shake":
            rough = np.diff(motion[known][:, :2], axis=0)
            shown = bool(np.sqrt((rough**2).mean()) > 0.0015 * height)
            out.append(Clause(text, "camera", shown, "" if shown else "it is steady"))
        elif move == "follow":
            shown = still > 0.0016
            out.append(
                Clause(text, "camera", shown if shown else None, "" if shown else "it stands still")
            )
        elif move in MOVES:
            axis, sign = MOVES[move]
            scale = height if axis < 2 else 1.0
            value = sign * (total[axis] if len(shot.moves) == 1 else _peak(motion[:, axis], sign))
            if len(shot.moves) > 1 and axis < 2:
                value = abs(value)
            limit = 0.012
            shown = (
                bool(value / scale > limit)
                if len(shot.moves) == 1
                else bool(value / scale > 0.5 * limit)
            )
            vague = move in ("rise", "sink") or move.startswith(("orbit", "truck"))
            if not shown and vague and still > 0.0016:
                out.append(Clause(text, "camera", None, "it moves, but not how is seen"))
            else:
                moved = path[axis] / scale > limit
                reason = "" if shown else ("it goes the other way" if moved else "it does not")
                out.append(Clause(text, "camera", shown, reason))
        else:
            out.append(Clause(text, "camera", None, "this move is not judged"))
    return out


def _together(stage: Stage, a: int, b: int) -> np.ndarray:
    """Steps in the picture that all bodies do at once, as they do where the camera moves, `(n, 2)`:
    of each axis the smallest where all have one sign, else 0; NaN where less than two are seen."""
    rows = []
    for track in stage.reading.tracks:
        at = track.center[a:b].astype(np.float64).copy()
        at[(track.state[a:b] != SEEN) | ~track.whole[a:b]] = np.nan
        rows.append(np.concatenate([np.full((1, 2), np.nan), np.diff(at, axis=0)]))
    out = np.full((b - a, 2), np.nan)
    for t in range(1, b - a):
        here = np.array([row[t] for row in rows if np.isfinite(row[t, 0])]).reshape(-1, 2)
        if len(here) >= 2:
            same = np.abs(np.sign(here).sum(axis=0)) == len(here)
            out[t] = np.where(same, np.abs(here).min(axis=0) * np.sign(here[0]), 0.0)
    return out


def _peak(steps: np.ndarray, sign: float) -> float:
    """The largest sum of a stretch that goes one way, times the sign."""
    best = run = 0.0
    for value in np.nan_to_num(sign * steps):
        run = max(run + value, 0.0)
        best = max(best, run)
    return best * sign


def _settings(script: Script) -> list[Clause]:
    out = []
    for one in script.settings:
        for what, value in (
            ("the ground is", one.ground), ("the sky is", one.sky), ("behind is", one.background)
        ):  # fmt: skip
            if value:
                out.append(Clause(f"{what} {value}", "place", None, "places are not read"))
    if script.style:
        out.append(Clause(f"the style is {script.style}", "style", None, "styles are not read"))
    return out


__all__ = ["describe_deed", "judge", "pairs", "seen_deeds"]
