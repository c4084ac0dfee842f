"""What in a script cannot come true: opposite motions at once, kinds that cannot, wrong places.

A caption that contradicts itself is read like any other; whoever stages it asks here first.
"""

from dataclasses import dataclass, replace
from typing import Literal

from evenflow.world import words as world
from evenflow.world.language.content import sort_of
from evenflow.world.language.refer import noun_phrase, shortest
from evenflow.world.script import Deed, Script

MOTIONS = frozenset({"roll", "slide", "throw", "walk", "run", "carry", "push", "rise", "follow",
                     "circle", "enter", "exit", "drop", "fall"})  # fmt: skip
"""Kinds that move their agent as a whole."""
WHOLE_BODY = frozenset({"walk", "run", "sit", "stand", "jump", "follow", "circle", "carry", "push",
                        "pick_up", "put_down", "kick"})  # fmt: skip
"""What a walker does with all of its body: one at a time (but `carry` goes with its walk)."""
OPPOSITES = {
    frozenset(pair)
    for pair in (
        ("grow", "shrink"), ("lower", "raise"), ("open", "close"), ("cover", "uncover"),
        ("dim", "brighten"), ("sunset", "sunrise"), ("sit", "stand"), ("enter", "exit"),
        ("pick_up", "put_down"), ("hide", "appear"), ("rise", "fall"), ("rise", "drop"),
    )
}  # fmt: skip
"""Kinds that undo each other."""
INVERSE = {"left of": "right of", "right of": "left of", "behind": "in front of",
           "in front of": "behind", "under": "on", "on": "under", "over": "under",
           "held by": "held by", "in": "in"}  # fmt: skip


@dataclass(frozen=True)
class Contradiction:
    """Something that cannot come true.

    Args:
        what: `direction`, `motion`, `opposite`, `kind`, `self`, `place`, `color`, `order`.
        text: one line: what is said that cannot be, and what to say instead.
        deeds: numbers of the deeds, from 0.
    """

    what: Literal["direction", "motion", "opposite", "kind", "self", "place", "color", "order"]
    text: str
    deeds: tuple[int, ...] = ()


def contradictions(script: Script) -> list[Contradiction]:
    """Everything that a script says and that cannot come true, in the order of telling."""
    names = _names(script)
    kinds = {role.id: role.kind for role in script.cast}
    found: list[Contradiction] = []
    for number, deed in enumerate(script.deeds):
        found += _alone(number, deed, names, kinds)
        for before in range(number):
            if _at_once(script.deeds, before, number):
                found += _both(before, script.deeds[before], number, deed, names)
    found += _held(script, names)
    for at, one in enumerate(script.standing):
        for other in script.standing[:at]:
            same = (one.role, one.target) == (other.role, other.target)
            swapped = (one.role, one.target) == (other.target, other.role)
            inverse = INVERSE.get(one.relation)
            if (same and inverse == other.relation and one.relation != other.relation) or (
                swapped and one.relation == other.relation and inverse is not None
            ):
                found.append(
                    Contradiction(
                        "place",
                        f"{names[one.role]} cannot be {_say(one.relation)} {names[one.target]} "
                        "when "
                        f"{names[other.role]} is {_say(other.relation)} {names[other.target]}; "
                        "keep one of the two",
                    )
                )
        if one.role == one.target:
            text = f"{names[one.role]} cannot be {_say(one.relation)} itself; name another"
            found.append(Contradiction("place", text))
    return found


def _say(relation: str) -> str:
    return f"to the {relation}" if relation in ("left of", "right of") else relation


def _names(script: Script) -> dict[int, str]:
    order = [role.id for role in script.cast]
    cast = list(script.cast)
    names = {role.id: noun_phrase(shortest(role, cast, order)) for role in cast}
    return {0: "the light", **names}


def _kind(deed: Deed) -> str:
    words = f"{deed.kind.replace('_', ' ')} {deed.direction}"
    return words.strip()


def _alone(
    number: int, deed: Deed, names: dict[int, str], kinds: dict[int, str]
) -> list[Contradiction]:
    found = []
    row = world.EVENTS[deed.kind]
    if deed.agent and (sort := sort_of(kinds[deed.agent])) not in row.agents:
        able = " or a ".join(row.agents)
        text = (
            f"{names[deed.agent]} cannot {_kind(deed)}: it is a {sort}, and that takes a {able}; "
            "say who can"
        )
        found.append(Contradiction("kind", text, (number,)))
    ids = [id for id in (deed.agent, deed.target, deed.other) if id]
    if len(set(ids)) < len(ids):
        text = f"{names[deed.agent]} cannot {_kind(deed)} with itself; name another"
        found.append(Contradiction("self", text, (number,)))
    return found


def _at_once(deeds: tuple[Deed, ...], first: int, second: int) -> bool:
    """True if two deeds happen at the same time."""
    one, other = deeds[first], deeds[second]
    if one.shot != other.shot:
        return False
    if None not in (one.start, one.end, other.start, other.end):
        return one.start < other.end and other.start < one.end  # type: ignore[operator]
    return all(deeds[at].together for at in range(first + 1, second + 1))


def _both(
    first: int, one: Deed, second: int, other: Deed, names: dict[int, str]
) -> list[Contradiction]:
    """What two deeds at once contradict."""
    if one.agent != other.agent:
        return []
    who = names[one.agent]
    pair = (first, second)
    both = f"{who} cannot {_kind(one)} and {_kind(other)} at once; say one after the other"
    if frozenset((one.kind, other.kind)) in OPPOSITES:
        if not one.agent:
            both = f"the light cannot {one.kind} and {other.kind} at once; say one after the other"
        return [Contradiction("opposite", both, pair)]
    if not one.agent:
        return []
    if one.kind == other.kind == "change_color":
        if one.color == other.color:
            return []
        text = f"{who} cannot turn {one.color} and {other.color} at once; say one after the other"
        return [Contradiction("color", text, pair)]
    if one.kind in MOTIONS and other.kind in MOTIONS | {"turn"}:
        if one.direction and other.direction and one.direction != other.direction:
            return [Contradiction("direction", both, pair)]
        if replace(one, manner="") == replace(other, manner="", together=one.together):
            return []
    whole = {one.kind, other.kind}
    if (
        one.kind != other.kind
        and whole <= WHOLE_BODY
        and whole not in ({"walk", "carry"}, {"run", "carry"}, {"walk", "follow"}, {"walk", "push"})
    ):
        return [Contradiction("motion", both, pair)]
    if whole <= {"roll", "slide", "throw", "rise", "drop"} and one.kind != other.kind:
        return [Contradiction("motion", both, pair)]
    if one.kind == other.kind and one.kind in MOTIONS and one.target != other.target:
        text = f"{who} cannot {one.kind} {one.relation} {names[one.target]} and {other.relation} "
        text += f"{names[other.target]} at once; say one after the other"
        if one.target and other.target:
            return [Contradiction("direction", text, pair)]
    return []


def _held(script: Script, names: dict[int, str]) -> list[Contradiction]:
    """Things that are put down by who does not have them, or picked up twice."""
    holder: dict[int, int] = {
        one.role: one.target for one in script.standing if one.relation == "held by"
    }
    open_: dict[int, bool] = {}
    found = []
    for number, deed in enumerate(script.deeds):
        what = names.get(deed.target, "it")
        has = holder.get(deed.target, 0)
        if deed.kind == "pick_up":
            if has:
                text = f"{names[deed.agent]} cannot pick up {what}: {names[has]} has it already"
                found.append(Contradiction("order", text + "; let it be put down first", (number,)))
            holder[deed.target] = deed.agent
        elif deed.kind in ("put_down", "give") and has and has != deed.agent:
            text = f"{names[deed.agent]} cannot {deed.kind.replace('_', ' ')} {what}: "
            text += f"{names[has]} has it; let it be given first"
            found.append(Contradiction("order", text, (number,)))
        if deed.kind == "put_down":
            holder.pop(deed.target, None)
        elif deed.kind == "give":
            holder[deed.target] = deed.other
        if deed.kind in ("open", "close", "lower", "raise"):
            done = deed.kind in ("open", "raise")
            if open_.get(deed.agent) == done:
                text = f"{names[deed.agent]} cannot {deed.kind} twice; let it go back between"
                found.append(Contradiction("order", text, (number,)))
            open_[deed.agent] = done
    return found
