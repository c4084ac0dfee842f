"""SceneSpec to Script: what there is to say about a scene that has been staged."""

import math
from collections import defaultdict
from dataclasses import replace

from evenflow.world import words as world
from evenflow.world.language.content import IMPLIED, TRANSITIVE, normalized
from evenflow.world.language.refer import CLOTHED, PEOPLE
from evenflow.world.language.vocabulary import PLACES
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing
from evenflow.world.spec import Entity, Event, Place, SceneSpec

NEAR = 2.5
"""World units within which an onlooker is said to stand beside another."""
FOG = 0.02
"""Share of fog at 10 units from which on it is spoken of."""
_HAIR = ("black", "brown", "red", "orange", "yellow", "gray", "white")


def script_of(spec: SceneSpec, *, full: bool = False) -> Script:
    """Everything that captions of a scene may say.

    Those who look alike and do the same are one role with a count; of those who look alike and do
    different things the side of the picture tells who is who.

    Args:
        spec: a staged scene.
        full: also trousers, hair and what things are made of, which are else said only where they
            tell one from another.
    """
    spoken = {id for event in spec.events if event.said for id in _roles(event)}
    cast = [one for one in spec.cast if one.said or one.id in spoken]
    groups = _grouped(cast, spec)
    role_of = {entity.id: number for number, group in enumerate(groups, 1) for entity in group}
    roles = [_role(number, group, full=full) for number, group in enumerate(groups, 1)]
    if not full:  # nobody says "medium" where there is nothing to compare
        kinds = [role.kind for role in roles]
        several = {kind for kind in kinds if kinds.count(kind) > 1}
        roles = [
            replace(role, size="") if role.size == "medium" and role.kind not in several else role
            for role in roles
        ]
    roles = _told_apart(roles, groups, spec)
    deeds = _deeds(spec, role_of)
    settings, names = _settings(spec)
    fps = float(spec.fps)
    shots = tuple(
        ScriptShot(
            place=names[shot.place],
            size=shot.size_word,
            moves=tuple(move.kind for move in sorted(shot.camera.moves, key=lambda m: m.start))
            or (() if shot.camera.keys or spec.actions else ("static",)),
            follows=next((role_of[m.target] for m in shot.camera.moves if m.target in role_of), 0),
            seconds=round(shot.frames / fps, 2),
            manner=next((move.manner for move in shot.camera.moves if move.manner), ""),
        )
        for shot in spec.shots
    )
    standing = _standing(spec, groups, role_of, deeds)
    style = "" if spec.style == "plain" else spec.style
    return normalized(Script(tuple(roles), standing, deeds, settings, shots, style))


def _roles(event: Event) -> tuple[int, ...]:
    return tuple(id for id in (event.agent, event.target, event.other) if id)


def _look(entity: Entity) -> tuple[object, ...]:
    return (
        entity.kind, entity.color, entity.second if _second(entity) else "", entity.size_word,
        entity.pattern, entity.material, _hair(entity),
    )  # fmt: skip


def _second(entity: Entity) -> bool:
    return entity.kind in CLOTHED or (
        entity.pattern != "plain" and entity.kind in world.THINGS and entity.second != entity.color
    )


def _hair(entity: Entity) -> str:
    return _nearest(entity.hair, _HAIR) if entity.kind in PEOPLE else ""


def _nearest(color: tuple[int, int, int], names: tuple[str, ...]) -> str:
    return min(names, key=lambda name: math.dist(color, world.COLORS[name]))


def _grouped(cast: list[Entity], spec: SceneSpec) -> list[list[Entity]]:
    """Entities that look alike and do just the same, together."""
    doing: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for event in spec.events:
        if not event.said:
            continue
        for name in ("agent", "target", "other"):
            if id := getattr(event, name):
                rest = [getattr(event, other) for other in ("agent", "target", "other")]
                rest[("agent", "target", "other").index(name)] = -1
                doing[id].append(
                    (name, event.kind, *rest, event.direction, event.relation, event.color,
                     event.manner)
                )  # fmt: skip
    followed = {move.target for shot in spec.shots for move in shot.camera.moves}
    groups: dict[tuple[object, ...], list[Entity]] = {}
    for one in cast:
        key = (_look(one), tuple(doing[one.id]), one.attached, one.id if one.id in followed else 0)
        groups.setdefault(key, []).append(one)
    # What happens to several as targets is told of each of them.
    split: list[list[Entity]] = []
    for group in groups.values():
        suffers = any(row[0] != "agent" for row in doing[group[0].id])
        split += [[one] for one in group] if suffers else [group]
    return sorted(split, key=lambda group: group[0].id)


def _role(number: int, group: list[Entity], *, full: bool) -> Role:
    one = group[0]
    people = one.kind in PEOPLE
    return Role(
        id=number,
        kind=one.kind,
        color=one.color,
        second=one.second if _second(one) and (full or not people) else "",
        size=one.size_word,
        pattern="" if one.pattern == "plain" else one.pattern,
        material=one.material
        if full and one.kind not in world.WALKERS and one.material != "matte"
        else "",
        count=len(group),
        hair=_hair(one) if full else "",
    )


def _told_apart(roles: list[Role], groups: list[list[Entity]], spec: SceneSpec) -> list[Role]:
    """Roles with what is needed so that no two of them are described alike."""
    alike: dict[Role, list[int]] = defaultdict(list)
    for at, role in enumerate(roles):
        alike[replace(role, id=0)].append(at)
    for several in alike.values():
        if len(several) < 2:
            continue
        for name, value in (
            ("material", lambda e: "" if e.kind in world.WALKERS else e.material),
            ("second", lambda e: e.second if e.kind in CLOTHED else ""),
            ("hair", _hair),
        ):
            found = [value(groups[at][0]) for at in several]
            if len(set(found)) == len(found) and all(found):
                for at, word in zip(several, found, strict=True):
                    roles[at] = replace(roles[at], **{name: word})  # type: ignore[arg-type]
                break
        else:
            if len(several) <= 3:
                order = sorted(several, key=lambda at: _across(groups[at][0], spec))
                sides = ("left", "right") if len(order) == 2 else ("left", "middle", "right")
                for at, side in zip(order, sides, strict=True):
                    roles[at] = replace(roles[at], side=side)
    return roles


def _start(entity: Entity, spec: SceneSpec) -> tuple[float, float, float]:
    for row in spec.shots[0].starts:
        if int(row[0]) == entity.id:
            return (row[1], row[2], row[3])
    return entity.position


def _axes(spec: SceneSpec, shot: int = 0) -> tuple[tuple[float, float], tuple[float, float]]:
    """Right and forward of the camera of a shot on the ground, as (x, z)."""
    camera = spec.shots[shot].camera
    x, z = camera.look_at[0] - camera.eye[0], camera.look_at[2] - camera.eye[2]
    length = math.hypot(x, z) or 1.0
    return (z / length, -x / length), (x / length, z / length)


def _across(entity: Entity, spec: SceneSpec) -> float:
    """Where it is seen from left to right."""
    right, forward = _axes(spec)
    x, _, z = _start(entity, spec)
    eye = spec.shots[0].camera.eye
    x, z = x - eye[0], z - eye[2]
    deep = x * forward[0] + z * forward[1]
    return (x * right[0] + z * right[1]) / max(deep, 0.1)


def _deeds(spec: SceneSpec, role_of: dict[int, int]) -> tuple[Deed, ...]:
    """The events that are spoken of, in the order in which they begin."""
    fps = float(spec.fps)
    ends, total = [], 0
    for shot in spec.shots:
        total += shot.frames
        ends.append(total / fps)
    events = sorted((event for event in spec.events if event.said), key=lambda event: event.start)
    found: list[Deed] = []
    sources: list[Event] = []
    seen: set[tuple[object, ...]] = set()
    for event in events:
        about = event.other if event.kind in TRANSITIVE else event.target
        relation = event.relation if about else ""
        if not relation and about:
            relation = IMPLIED.get(event.kind, "")
        number = next((n for n, end in enumerate(ends) if event.start < end - 1e-6), len(ends) - 1)
        deed = Deed(
            kind=event.kind,
            agent=role_of.get(event.agent, 0),
            target=role_of.get(event.target, 0),
            other=role_of.get(event.other, 0),
            direction=event.direction or ("" if about else _direction(spec, event, number)),
            relation=relation,
            color=event.color,
            manner=event.manner,
            start=round(event.start, 2),
            end=round(event.end, 2) if event.end > event.start else None,
            seconds=event.seconds or None,
            shot=number,
        )
        key = tuple(
            getattr(deed, name)
            for name in ("kind", "agent", "target", "other", "direction", "relation", "color",
                         "manner", "shot")
        )  # fmt: skip
        several = sum(role == deed.agent for role in role_of.values()) > 1
        if several and key in seen:
            continue
        seen.add(key)
        if found and found[-1].shot == number:
            deed = replace(deed, together=_together(sources[-1], event))
        found.append(deed)
        sources.append(event)
    return tuple(found)


def _direction(spec: SceneSpec, event: Event, shot: int) -> str:
    """Where a motion goes as the camera sees it, by its numbers; empty where it is neither."""
    numbers = event.numbers
    if event.kind in ("roll", "slide", "throw", "kick") and len(numbers.get("velocity", ())) == 3:
        x, y, z = numbers["velocity"]
        if math.hypot(x, z) < 0.5 * abs(y):
            return ""
    elif event.kind in ("walk", "run", "push", "carry") and len(numbers.get("route", ())) >= 4:
        route = numbers["route"]
        x, z = route[-2] - route[0], route[-1] - route[1]
    else:
        return ""
    right, forward = _axes(spec, shot)
    across, deep = x * right[0] + z * right[1], x * forward[0] + z * forward[1]
    if max(abs(across), abs(deep)) < 0.1:
        return ""
    if abs(across) > 1.5 * abs(deep):
        return "right" if across > 0 else "left"
    if abs(deep) > 1.5 * abs(across):
        return "forward" if deep > 0 else "back"
    return ""


def _together(before: Event, event: Event) -> bool:
    """True if two events share more than half of the shorter; what follows from one does not.

    What was set going rolls on for long: what begins only then is told as coming after it.
    """
    if not (world.EVENTS[before.kind].cause and world.EVENTS[event.kind].cause):
        return False
    shared = min(before.end, event.end) - max(before.start, event.start)
    shorter = min(before.end - before.start, event.end - event.start)
    set_going = before.kind in ("roll", "slide") and "velocity" in before.numbers
    if set_going and event.start - before.start > max(0.5 * shorter, 0.5):
        return False
    return shorter > 0 and shared > 0.5 * shorter


def _settings(spec: SceneSpec) -> tuple[tuple[Setting, ...], list[str]]:
    """Settings, and the name of every place."""
    names: list[str] = []
    several = len({shot.place for shot in spec.shots}) > 1
    for place in spec.places:
        name = place.name if place.name in PLACES and place.name not in names else ""
        if several and not name:
            like = [n for n, row in PLACES.items() if row.background == place.background]
            name = next(n for n in (*like, *PLACES) if n not in names)
        names.append(name)
    rows = tuple(_setting(place, name) for place, name in zip(spec.places, names, strict=True))
    return rows, names


def _setting(place: Place, name: str) -> Setting:
    colors: tuple[str, ...] = ()
    if place.ground in ("plain", "checker", "carpet", "tiles"):
        named = [_nearest(color, tuple(world.COLORS)) for color in place.colors]
        colors = tuple(dict.fromkeys(named)) if place.ground == "checker" else (named[0],)
    return Setting(
        name=name,
        ground=place.ground,
        colors=colors,
        sky=place.sky,
        background="" if place.background == "none" else place.background,
        fog=place.fog > FOG,
    )


def _standing(
    spec: SceneSpec, groups: list[list[Entity]], role_of: dict[int, int], deeds: tuple[Deed, ...]
) -> tuple[Standing, ...]:
    """Who holds or bears whom, and beside whom those stand who do nothing."""
    acting = {id for deed in deeds for id in (deed.agent, deed.target, deed.other)}
    single = {group[0].id: group[0] for group in groups if len(group) == 1}
    right, forward = _axes(spec)
    found: list[Standing] = []
    for number, group in enumerate(groups, 1):
        one = group[0]
        x, y, z = _start(one, spec)
        if one.attached in role_of:
            holder = spec.entity(one.attached).kind in world.WALKERS
            found.append(Standing(number, "held by" if holder else "in", role_of[one.attached]))
            continue
        if len(group) > 1:
            continue
        others = [other for other in single.values() if other.id != one.id]
        below = next((other for other in others if y > 0.05 and _bears(other, x, y, z, spec)), None)
        if below is not None:
            found.append(Standing(number, "on", role_of[below.id]))
            continue
        if number in acting or y > 0.05 or one.kind in world.FIXTURES:
            continue
        best: tuple[float, Entity, str] | None = None
        for other in others:
            ox, oy, oz = _start(other, spec)
            across = (x - ox) * right[0] + (z - oz) * right[1]
            deep = (x - ox) * forward[0] + (z - oz) * forward[1]
            far = math.hypot(across, deep)
            if far > NEAR or oy > 0.05 or other.attached:
                continue
            if abs(across) > 2 * abs(deep):
                relation = "right of" if across > 0 else "left of"
            elif abs(deep) > 2 * abs(across):
                relation = "behind" if deep > 0 else "in front of"
            else:
                continue
            if best is None or far < best[0]:
                best = (far, other, relation)
        if best is not None and not any(
            one.role == role_of[best[1].id] and one.target == number for one in found
        ):
            found.append(Standing(number, best[2], role_of[best[1].id]))
    return tuple(found)


def _bears(other: Entity, x: float, y: float, z: float, spec: SceneSpec) -> bool:
    """True if a foot at (x, y, z) stands on the top of `other`."""
    ox, oy, oz = _start(other, spec)
    if other.kind in world.WALKERS:
        return False
    near = math.hypot(x - ox, z - oz) < max(other.size, 0.3)
    return near and 0.5 * other.size < y - oy <= 2.3 * other.size
