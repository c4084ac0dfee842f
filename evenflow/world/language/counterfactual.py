"""Counterfactual captions: captions that are wrong in one thing, and in which.

They ask whether a model obeys its text: the true caption must fit a clip better than each of these.
"""

import random
from dataclasses import dataclass, replace
from typing import Literal

from evenflow.world import words as world
from evenflow.world.language.content import TRANSITIVE, Level, at_level, normalized, sort_of
from evenflow.world.language.describe import describe
from evenflow.world.language.refer import noun_phrase, shortest
from evenflow.world.language.script_of import script_of
from evenflow.world.script import Deed, Role, Script
from evenflow.world.spec import SceneSpec

What = Literal[
    "color", "direction", "order", "count", "agent", "relation", "kind", "size", "manner"
]
WHATS: tuple[What, ...] = (
    "color", "direction", "order", "count", "agent", "relation", "kind", "size", "manner",
)  # fmt: skip
_TURNED = {"left": "right", "right": "left", "forward": "back", "back": "forward",
           "up": "down", "down": "up"}  # fmt: skip
_RELATIONS = {"behind": "in front of", "in front of": "behind", "past": "toward",
              "toward": "away from", "away from": "toward", "onto": "off", "off": "onto",
              "over": "under", "under": "over", "into": "past", "through": "past",
              "beside": "behind", "around": "past", "between": "past",
              "out from behind": "in front of"}  # fmt: skip
_STANDING = {"left of": "right of", "right of": "left of", "behind": "in front of",
             "in front of": "behind", "on": "under", "under": "on", "in": "beside",
             "beside": "on"}  # fmt: skip
_OPPOSITE = {"slowly": "quickly", "quickly": "slowly", "cheerfully": "sadly",
             "sadly": "cheerfully", "nervously": "sleepily", "sleepily": "nervously",
             "proudly": "sadly", "gently": "quickly", "drunkenly": "proudly",
             "stealthily": "cheerfully"}  # fmt: skip


@dataclass(frozen=True)
class Counterfactual:
    """A caption that is false.

    Args:
        text: the caption.
        what: the one thing that is false about it.
        true, false: what is so, and what the caption says instead.
        script: what the caption says.
    """

    text: str
    what: What
    true: str
    false: str
    script: Script


def counterfactuals(
    scene: SceneSpec | Script, seed: int = 0, *, level: Level = "L2"
) -> list[Counterfactual]:
    """False captions of a scene, at most one for each of color, direction, order, count, agent,
    relation, kind, size and manner: as many as what the caption says allows.

    Args:
        scene: a spec or a script.
        seed: of what is swapped and of the wording.
        level: of the captions.
    """
    script = script_of(scene) if isinstance(scene, SceneSpec) else scene
    plain = at_level(script, level)
    rng = random.Random(seed)
    found = []
    for what in WHATS:
        options = [row for row in _swapped(plain, what) if row[0] != row[1]]
        if not options:
            continue
        true, false, other = options[int(rng.random() * len(options))]
        other = normalized(other)
        if other == plain:
            continue
        found.append(Counterfactual(describe(other, level, seed=seed), what, true, false, other))
    return found


def _swapped(script: Script, what: What) -> list[tuple[str, str, Script]]:
    """All (true, false, script) of a sort."""
    if what in ("color", "size", "kind", "count"):
        return [row for role in script.cast for row in _role_swaps(script, role, what)]
    rows: list[tuple[str, str, Script]] = []
    deeds = script.deeds
    if what == "order":
        for at in range(len(deeds) - 1):
            one, other = deeds[at], deeds[at + 1]
            if other.together or one.shot != other.shot:
                continue
            if at + 2 < len(deeds) and deeds[at + 2].together:
                continue
            if at and one.together:
                continue
            if replace(one, start=None, end=None) == replace(other, start=None, end=None):
                continue
            swapped = (
                replace(other, start=one.start, end=one.end),
                replace(one, start=other.start, end=other.end),
            )
            say = [deed.kind.replace("_", " ") for deed in (one, other)]
            if say[0] == say[1]:
                say = [
                    f"{_label(script, deed.agent)} {word} {deed.direction or deed.color}".strip()
                    for deed, word in zip((one, other), say, strict=True)
                ]
            new = replace(script, deeds=(*deeds[:at], *swapped, *deeds[at + 2 :]))
            rows.append((f"{say[0]} before {say[1]}", f"{say[1]} before {say[0]}", new))
        return rows
    if what == "relation":
        for at, where in enumerate(script.standing):
            if (to := _STANDING.get(where.relation)) is not None:
                standing = list(script.standing)
                standing[at] = replace(where, relation=to, other=0)
                rows.append((where.relation, to, replace(script, standing=tuple(standing))))
    for at, deed in enumerate(deeds):
        for true, false, swap in _deed_swaps(script, deed, what):
            after = (*deeds[:at], swap, *deeds[at + 1 :])
            rows.append((true, false, replace(script, deeds=after)))
    return rows


def _role_swaps(script: Script, role: Role, what: What) -> list[tuple[str, str, Script]]:
    def put(**changes: object) -> Script:
        new = replace(role, **changes)  # type: ignore[arg-type]
        return replace(script, cast=tuple(new if one.id == role.id else one for one in script.cast))

    like = [one for one in script.cast if one.kind == role.kind and one.id != role.id]
    if what == "color" and role.color:
        turns = {deed.color for deed in script.deeds if deed.agent == role.id}
        taken = {one.color for one in like} | turns | {role.color, role.second}
        near = {"orange": "red", "red": "orange", "teal": "blue", "blue": "teal", "pink": "red",
                "purple": "blue", "white": "gray", "gray": "white"}  # fmt: skip
        free = [c for c in world.COLORS if c not in taken and near.get(role.color) != c]
        return [(role.color, color, put(color=color)) for color in free]
    if what == "size" and role.size in ("small", "large"):
        to = "large" if role.size == "small" else "small"
        return [(role.size, to, put(size=to))]
    if what == "count":
        more = role.count + 1
        if not any(one.count == more for one in like) and sort_of(role.kind) != "fixture":
            return [(str(role.count), str(more), put(count=more, side=""))]
    if what == "kind" and not like:
        kinds = {one.kind for one in script.cast}
        mine = [deed for deed in script.deeds if role.id in (deed.agent, deed.target, deed.other)]
        pools = (
            ("ball", "cube", "cylinder", "cone", "ring"),
            ("man", "woman", "child"),
            ("dog", "cat", "horse"),
            ("pillar", "tree", "wall", "rock"),
            ("cup", "vase", "crate"),
        )
        for pool in pools:
            if role.kind in pool:
                able = {deed.kind for deed in mine if deed.agent == role.id}
                if pool[0] == "ball" and able & {"roll", "slide", "bounce"}:
                    continue  # what rolls is a ball: another kind would say another motion
                return [(role.kind, to, put(kind=to)) for to in pool if to not in kinds]
    return []


def _deed_swaps(script: Script, deed: Deed, what: What) -> list[tuple[str, str, Deed]]:
    if what == "direction" and deed.direction and deed.kind != "turn":
        to = _TURNED[deed.direction]
        return [(deed.direction, to, replace(deed, direction=to))]
    if what == "direction" and deed.kind == "turn" and deed.direction in ("left", "right"):
        to = _TURNED[deed.direction]
        return [(deed.direction, to, replace(deed, direction=to))]
    if what == "manner" and deed.manner:
        to = _OPPOSITE[deed.manner]
        return [(deed.manner, to, replace(deed, manner=to))]
    if what == "relation" and deed.relation in _RELATIONS and deed.kind != "circle":
        to = _RELATIONS[deed.relation]
        other = 0 if deed.relation == "between" and deed.kind not in TRANSITIVE else deed.other
        return [(deed.relation, to, replace(deed, relation=to, other=other))]
    if what == "agent" and deed.agent:
        kinds = {role.id: role.kind for role in script.cast}
        sort = sort_of(kinds[deed.agent])
        rows = []
        for role in script.cast:
            if role.id == deed.agent or sort_of(role.kind) != sort or _alike(script, role, deed):
                continue
            swap = {deed.agent: role.id, role.id: deed.agent}
            new = replace(
                deed,
                agent=role.id,
                target=swap.get(deed.target, deed.target),
                other=swap.get(deed.other, deed.other),
            )
            if any(_says(new, one) for one in script.deeds):
                continue
            if sort == "thing" and role.kind != kinds[deed.agent] and deed.kind in ("roll", "rise"):
                continue
            rows.append((_label(script, deed.agent), _label(script, role.id), new))
        return rows
    return []


def _alike(script: Script, role: Role, deed: Deed) -> bool:
    """True if a role looks just like the agent of a deed."""
    agent = next(one for one in script.cast if one.id == deed.agent)
    return replace(agent, id=0, side="") == replace(role, id=0, side="")


def _says(one: Deed, other: Deed) -> bool:
    """True if both say the same, whenever it is."""
    bare = {"start": None, "end": None, "seconds": None, "together": False}
    return replace(one, **bare) == replace(other, **bare)  # type: ignore[arg-type]


def _label(script: Script, id: int) -> str:
    role = next((one for one in script.cast if one.id == id), None)
    if role is None:
        return "the light"
    return noun_phrase(shortest(role, script.cast, [one.id for one in script.cast]))
