"""What a caption of a level says: a Script in its plain form, and what every level keeps of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from evenflow.world import words as world
from evenflow.world.language.refer import CLOTHED
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing

Level = Literal["L0", "L1", "L2", "L3", "L4", "L5"]
CaptionForm = Literal["explicit", "ambiguous"]

IMPLIED: dict[str, str] = {
    "roll": "toward", "slide": "toward", "walk": "toward", "run": "toward", "throw": "toward",
    "drop": "onto", "bounce": "off", "stop": "beside", "fall": "off", "pass": "past",
    "hide": "behind", "appear": "out from behind", "circle": "around", "push": "toward",
    "kick": "toward", "carry": "toward", "put_down": "onto",
}  # fmt: skip
"""The relation that is meant where a deed has a target (what is put down, carried, pushed or
kicked: an other) and no relation is said."""
TRANSITIVE = frozenset({"push", "kick", "carry", "put_down"})
"""Kinds whose relation is about `other`."""
DIRECTED = frozenset(
    {"roll", "slide", "throw", "bounce", "walk", "run", "turn", "jump", "carry", "push", "kick",
     "enter", "exit", "pass", "fall"}
)  # fmt: skip
"""Kinds that a direction is said of."""


def default_motion(kind: str) -> str:
    """What "moves" and "goes" mean of a kind: walkers walk, round things roll, others slide."""
    if kind in (*world.WALKERS, "person"):
        return "walk"
    if kind == "balloon":
        return "rise"
    return "roll" if kind in ("ball", "cart", "ring", "thing", "cylinder") else "slide"


def assigned(kinds: Sequence[str], cast: Sequence[Role]) -> list[Deed]:
    """Deeds of which only the kind is said, given to the first of the cast who can do them."""
    deeds = []
    for kind in kinds:
        row = world.EVENTS[kind]
        agent = next((one.id for one in cast if sort_of(one.kind) in row.agents), 0)
        target = 0
        if "target" in row.roles:
            things = [one.id for one in cast if one.id != agent]
            if kind in ("pick_up", "carry", "put_down", "give", "push", "kick", "cover", "uncover"):
                things = [one.id for one in cast if one.id != agent and one.kind in world.THINGS]
            target = next(iter(things), 0)
        other = 0
        if "other" in row.roles:
            people = [
                one.id
                for one in cast
                if one.id not in (agent, target) and sort_of(one.kind) == "walker"
            ]
            other = next(iter(people), 0)
        deeds.append(Deed(kind, agent=agent, target=target, other=other))
    return deeds


def sort_of(kind: str) -> str:
    """`thing`, `walker` or `fixture`."""
    if kind in (*world.WALKERS, "person"):
        return "walker"
    return "fixture" if kind in world.FIXTURES else "thing"


def normalized(script: Script, *, renumber: bool = True) -> Script:
    """The plain form: what is implied is filled in, what cannot be said is left out.

    Args:
        renumber: also number the cast in the order of telling (deeds shot by shot, then where
            somebody stands, then the rest), drop settings that no shot goes to, and sort.
    """
    settings = script.settings or (Setting(),)
    shots = script.shots or (ScriptShot(),)
    first = settings[0].name
    names = {one.name for one in settings}
    shots = tuple(
        replace(shot, place=shot.place if shot.place in names else first) for shot in shots
    )
    roles = tuple(_role(one) for one in script.cast)
    deeds = [_deed(one) for one in script.deeds]
    deeds.sort(key=lambda one: one.shot)
    seen: set[int] = set()
    for at, deed in enumerate(deeds):
        if deed.shot not in seen:
            seen.add(deed.shot)
            deeds[at] = replace(deed, together=False)
    shots = tuple(
        replace(
            shot,
            moves=tuple(
                move
                for at, move in enumerate(shot.moves)
                if move != "static" or shot.moves[at - 1 : at] != ("static",)
            ),
            follows=shot.follows if _held(shot.moves) else 0,
            manner=shot.manner if set(shot.moves) - {"static"} else "",
        )
        for shot in shots
    )
    plain = Script(roles, script.standing, tuple(deeds), settings, shots, script.style)
    return _renumbered(plain) if renumber else plain


def _held(moves: tuple[str, ...]) -> bool:
    return any(move == "follow" or move.startswith("orbit") for move in moves)


def _role(role: Role) -> Role:
    second = role.second
    if second and not role.color and role.kind not in CLOTHED and not role.pattern:
        second = ""
    if (
        second
        and not role.color
        and role.pattern in ("", "plain", "two-tone")
        and (role.kind not in CLOTHED)
    ):
        second = ""
    hair = role.hair if role.kind in CLOTHED else ""
    return replace(role, second=second, hair=hair, count=max(1, role.count))


def _deed(deed: Deed) -> Deed:
    about = deed.other if deed.kind in TRANSITIVE else deed.target
    relation = deed.relation
    if deed.kind not in IMPLIED or not about:
        relation = ""
    elif not relation or (deed.kind == "circle"):
        relation = IMPLIED[deed.kind]
    direction = deed.direction if deed.kind in DIRECTED else ""
    if (deed.kind in ("jump", "drop", "fall") and direction in ("up", "down")) or (
        deed.kind == "turn" and direction in ("up", "down")
    ):
        direction = ""
    color = deed.color if deed.kind == "change_color" else ""
    return replace(deed, relation=relation, direction=direction, color=color)


def _renumbered(script: Script) -> Script:
    order: list[int] = []

    def tell(*ids: int) -> None:
        order.extend(id for id in ids if id and id not in order)

    for number in range(len(script.shots)):
        for deed in script.deeds:
            if deed.shot == number:
                tell(deed.agent, deed.target, deed.other)
    for one in sorted(script.standing, key=lambda s: (s.role, s.relation, s.target)):
        if one.role in order or one.target in order:
            tell(one.role, one.target, one.other)
    for one in script.standing:
        tell(one.role, one.target, one.other)
    for shot in script.shots:
        tell(shot.follows)
    tell(*(role.id for role in script.cast))
    numbers = {id: at for at, id in enumerate(order, 1)} | {0: 0}
    by_id = {role.id: role for role in script.cast}
    cast = tuple(replace(by_id[id], id=numbers[id]) for id in order if id in by_id)
    deeds = tuple(
        replace(
            deed,
            agent=numbers[deed.agent],
            target=numbers[deed.target],
            other=numbers[deed.other],
        )
        for deed in script.deeds
    )
    standing = sorted(
        {
            Standing(numbers[one.role], one.relation, numbers[one.target], numbers[one.other])
            for one in script.standing
        },
        key=lambda one: (one.role, one.relation, one.target, one.other),
    )
    places = list(dict.fromkeys(shot.place for shot in script.shots))
    settings = tuple(next(s for s in script.settings if s.name == name) for name in places)
    shots = tuple(replace(shot, follows=numbers.get(shot.follows, 0)) for shot in script.shots)
    return Script(cast, tuple(standing), deeds, settings, shots, script.style)


def at_level(script: Script, level: Level, *, form: CaptionForm = "explicit") -> Script:
    """What a caption of a level says of a script; `describe` writes that and no more.

    `normalized(parse(describe(script, level)))` is `normalized(at_level(script, level))`.

    L0: the cast and what happens; who does it is the first who can. L1: the first deed with
    colors. L2: the cast, where they stand, all deeds, the camera of the first shot. L3: all but
    times. L4: all but the seconds of the last shot. L5: all but the times of deeds.
    """
    if form == "ambiguous":
        script = _vague(script)
    plain = normalized(script)
    if level == "L0":
        first = plain.shots[0]
        return replace(
            plain,
            standing=(),
            deeds=tuple(assigned([one.kind for one in plain.deeds], plain.cast)),
            settings=tuple(one for one in plain.settings if one.name == first.place)[:1],
            shots=(replace(first, follows=0, seconds=None),),
        )
    if level == "L1":
        return _first_clause(plain)
    untimed = [replace(one, start=None, end=None, seconds=None) for one in plain.deeds]
    if level == "L2":
        return normalized(
            Script(
                plain.cast,
                plain.standing,
                tuple(replace(one, shot=0) for one in untimed),
                shots=(replace(plain.shots[0], place="", seconds=None),),
            )
        )
    if level == "L3":
        shots = tuple(replace(one, seconds=None) for one in plain.shots)
        return normalized(replace(plain, deeds=tuple(untimed), shots=shots))
    if level == "L4":
        known = all(one.seconds is not None for one in plain.shots[:-1])
        shots = tuple(
            replace(one, seconds=_round(one.seconds) if known else None) for one in plain.shots[:-1]
        )
        last = replace(plain.shots[-1], seconds=None)
        deeds = tuple(
            replace(one, start=_round(one.start), end=_round(one.end), seconds=_round(one.seconds))
            for one in plain.deeds
        )
        return normalized(replace(plain, deeds=deeds, shots=(*shots, last)))
    shots = tuple(replace(one, seconds=_round(one.seconds)) for one in plain.shots)
    return normalized(replace(plain, deeds=tuple(untimed), shots=shots))


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(float(seconds), 2)


def _first_clause(plain: Script) -> Script:
    roles = [Role(one.id, one.kind, color=one.color, count=one.count) for one in plain.cast]
    if not plain.deeds:
        return normalized(Script(tuple(roles)))
    deed = plain.deeds[0]
    bare = replace(deed, manner="", start=None, end=None, seconds=None, together=False, shot=0)
    told = {deed.agent, deed.target, deed.other}
    return normalized(Script(tuple(one for one in roles if one.id in told), deeds=(bare,)))


def _vague(script: Script) -> Script:
    """The ambiguous form: who acts keeps only its kind, everything else is a thing or a person."""
    plain = normalized(script)
    agents = {one.agent for one in plain.deeds} or {one.id for one in plain.cast}
    roles = []
    for one in plain.cast:
        kind = one.kind
        if one.id not in agents:
            sort = sort_of(kind)
            if sort != "walker":
                kind = "thing"
            elif kind in ("man", "woman", "child"):
                kind = "person"
        roles.append(Role(one.id, kind, count=one.count))
    kinds = {one.id: one.kind for one in roles}
    deeds = []
    for deed in plain.deeds:
        kind = deed.kind
        if kind in ("roll", "slide", "walk", "run"):
            kind = default_motion(kinds.get(deed.agent, "thing"))
            if kind == "rise":
                kind = deed.kind
        keeps = kind == deed.kind or deed.relation == "between"
        other = deed.other if keeps else 0
        deeds.append(replace(deed, kind=kind, direction="", manner="", other=other))
    shots = tuple(ScriptShot(moves=one.moves, follows=one.follows) for one in plain.shots)
    return normalized(Script(tuple(roles), deeds=tuple(deeds), shots=shots))
