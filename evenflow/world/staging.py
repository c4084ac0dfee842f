"""Staging: a Script becomes a SceneSpec in which what the script says really happens and is seen.

The order: roles are cast (`casting.py`), deeds get their seconds (`timing.py`), shots get places
(`scenery.py`), everybody is put where the deeds need them (`blocking.py`, `motions.py`,
`doings.py`), a camera keeps it in view (`framing.py`); then the scene is simulated and every deed
is checked (`checking.py`). A layout that fails is tried again with the next sub-seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world import (
    cameras,
    casting,
    checking,
    doings,
    flat,
    framing,
    motions,
    scenery,
    timing,
)
from evenflow.world.animation import Animation
from evenflow.world.blocking import (
    FREE_MOTIONS,
    THEN,
    Actor,
    Stage,
    Unstaged,
    box_of,
    fit_sizes,
)
from evenflow.world.motions import Item
from evenflow.world.script import Deed, Script
from evenflow.world.spec import Entity, Event, Place, Preset, SceneSpec, Shot
from evenflow.world.words import EVENTS, FIXTURES, STYLES, THINGS, WALKERS

ATTEMPTS = 30
"""Layouts that are tried before a script is given up."""

_WALKS = ("walk", "run", "enter", "exit", "pass", "hide", "appear", "hit", "stop")


@dataclass(frozen=True)
class Layout:
    """A staged scene and what is planned in it.

    Args:
        spec: the scene.
        deeds: number of the deed of every event, -1 for those that nobody spoke of.
        off: `(id, start, end)`: planned to be out of the picture.
        hidden: `(id, by whom, start, end)`: planned to be hidden.
        needed: ids that have to be seen, by shot.
        views: field of view, pitch, heading, shot size and the id that is followed, by shot.
    """

    spec: SceneSpec
    deeds: tuple[int, ...]
    off: tuple[tuple[int, float, float], ...]
    hidden: tuple[tuple[int, int, float, float], ...]
    needed: tuple[tuple[int, ...], ...]
    views: tuple[tuple[float, float, float, str, int], ...] = ()


def stage(
    script: Script, *, preset: Preset = "story", seed: int = 0, frames: int = 49,
    fps: Fraction = Fraction(12), size: tuple[int, int] = (128, 128),
) -> SceneSpec:  # fmt: skip
    """A scene in which a script comes true.

    Args:
        script: what is said; what it leaves open is chosen by the seed.
        preset: `lab`, `story` or `flat`.
        seed: equal seeds give equal scenes.
        frames, fps, size: of the clip; size is (width, height) in pixels.

    Raises:
        BadInput: the script contradicts itself, needs more frames, asks a kind for what it cannot
            do, or could not be staged (the message says what and why).
    """
    return layout(script, preset=preset, seed=seed, frames=frames, fps=fps, size=size).spec


def layout(
    script: Script, *, preset: Preset = "story", seed: int = 0, frames: int = 49,
    fps: Fraction = Fraction(12), size: tuple[int, int] = (128, 128), attempts: int = ATTEMPTS,
) -> Layout:  # fmt: skip
    """The scene of `stage`, and what is planned to be hidden or out of the picture."""
    _check_script(script, frames)
    counts, slots = timing.plan(script, frames=frames, fps=fps)
    why: dict[str, int] = {}
    if preset == "flat":
        for deed in script.deeds:
            if not flat.allowed(deed.kind):
                raise BadInput(
                    f"{deed.kind.replace('_', ' ')} does not happen in a flat scene, which has "
                    f"only things and their physics; take lab or story"
                )
        script = flat.straight(script)
    for attempt in range(attempts):
        rng = np.random.default_rng([seed, 8101, attempt])
        try:
            found = _attempt(
                script, preset=preset, seed=seed, rng=rng, counts=counts, slots=slots, fps=fps,
                size=size, attempt=attempt,
            )  # fmt: skip
            animation = checking.simulated(found.spec)
            found, animation = _reframed(found, animation)
            problem, times = checking.problem_of(found, script, animation)
        except Unstaged as error:
            problem = str(error)
        else:
            if not problem:
                free = {
                    number: time
                    for number, time in times.items()
                    if script.deeds[found.deeds[number]].start is None
                }
                return replace(found, spec=_retimed(found.spec, free))
        why[problem] = why.get(problem, 0) + 1
    reason = max(why, key=lambda key: why[key])
    raise BadInput(
        f"this could not be staged in {frames} frames after {attempts} layouts: {reason}; "
        f"say less, or ask for more frames"
    )


def _reframed(found: Layout, animation: Animation) -> tuple[Layout, Animation]:
    """The same scene with cameras that fit what was simulated, rather than what was planned."""
    spec = found.spec
    fps = float(spec.fps)
    shots = []
    first = 0
    for number, shot in enumerate(spec.shots):
        fov, pitch, yaw, shot_size, follows = found.views[number]
        last = first + shot.frames - 1
        edges = [f for _, a, b in found.off for f in (int(a * fps), int(np.ceil(b * fps)))]
        inside = [f for f in edges if first <= f <= last]
        even = np.linspace(first, last, 13).round().astype(int)
        frames = np.unique(np.concatenate([even, np.array(inside, np.int64)]))
        first = last + 1
        needed = found.needed[number]
        if not needed:
            shots.append(shot)
            continue
        times = frames / fps
        points, must = framing.seen_points(animation, needed, found.off, frames, yaw)
        targets = {
            id: animation.entities.position[frames, id - 1].astype(np.float64)
            for id in ({move.target for move in shot.camera.moves} - {0})
        }
        if spec.preset == "flat":
            camera = flat.side_view(animation, needed, found.off, frames, spec.size)
            shots.append(replace(shot, camera=camera))
            continue
        camera = framing.frame(
            points, must, times, moves=shot.camera.moves, fov=fov, pitch=pitch, yaw=yaw,
            shot_size=shot_size, size=spec.size, fps=fps, targets=targets,
            nearest=_nearest(spec, needed) if not follows else 4.8,
            farthest=15.0 if len(needed) < 7 else 22.0,
        )  # fmt: skip
        shots.append(replace(shot, camera=camera))
    spec = replace(spec, shots=tuple(shots))
    camera_track = cameras.track(spec, animation.entities)
    return replace(found, spec=spec), replace(animation, spec=spec, camera=camera_track)


def _nearest(spec: SceneSpec, needed: Sequence[int]) -> float:
    """How near a camera may come: small things are looked at from nearer."""
    largest = max(spec.cast[id - 1].size for id in needed)
    return float(np.clip(6.5 * largest, 1.9, 3.6))


def _retimed(spec: SceneSpec, times: dict[int, float]) -> SceneSpec:
    """Events that are consequences begin when they were seen to begin.

    Args:
        times: seconds by number of the event.
    """
    events = list(spec.events)
    for number, time in times.items():
        event = events[number]
        long = max(event.end - event.start, 0.05)
        events[number] = replace(event, start=round(time, 4), end=round(time + long, 4))
    return replace(spec, events=tuple(events))


def _check_script(script: Script, frames: int) -> None:
    """Raises where a script cannot be meant."""
    if frames < 1:
        raise BadInput(f"a clip has at least one frame, got {frames}")
    if script.style and script.style not in STYLES:
        raise BadInput(f"{script.style!r} is no style; take one of {', '.join(STYLES)}")
    kinds = {role.id: role.kind for role in script.cast}
    names = {role.id: " ".join(x for x in (role.color, role.kind) if x) for role in script.cast}
    for deed in script.deeds:
        if deed.kind not in EVENTS:
            raise BadInput(f"{deed.kind!r} is no event; take one of {', '.join(EVENTS)}")
        row = EVENTS[deed.kind]
        for role in row.roles:
            if not role.endswith("?") and not getattr(deed, role):
                raise BadInput(f"{deed.kind.replace('_', ' ')} needs its {role}; say who or what")
        kind = kinds.get(deed.agent, "")
        group = (
            "walker"
            if kind in WALKERS or kind == "person"
            else ("fixture" if kind in FIXTURES else "thing")
        )
        if deed.agent and group not in row.agents:
            raise BadInput(
                f"a {kind} cannot {deed.kind.replace('_', ' ')}; that is what a "
                f"{' or a '.join(row.agents)} does"
            )
    for k, deed in enumerate(script.deeds):
        for other in script.deeds[:k]:
            if other.agent != deed.agent or not deed.agent or other.shot != deed.shot:
                continue
            both = deed.together or (
                deed.start is not None and other.start is not None and deed.end is not None
                and other.end is not None and deed.start < other.end and other.start < deed.end
            )  # fmt: skip
            last = deed.together and other is script.deeds[k - 1]
            if not (last or (both and not deed.together)):
                continue
            if deed.kind in MOTIONS and other.kind in MOTIONS:
                if deed.direction != other.direction and deed.direction and other.direction:
                    raise BadInput(
                        f"the {names[deed.agent]} cannot {other.kind} {other.direction} and "
                        f"{deed.kind} {deed.direction} at once; say one after the other"
                    )
                if deed.kind != other.kind:
                    raise BadInput(
                        f"the {names[deed.agent]} cannot {other.kind} and {deed.kind} at once; "
                        f"say one after the other"
                    )
            if deed.kind == other.kind == "change_color" and deed.color != other.color:
                raise BadInput(
                    f"the {names[deed.agent]} cannot turn {other.color} and {deed.color} at once; "
                    f"say one after the other"
                )
            if {deed.kind, other.kind} in OPPOSITE:
                raise BadInput(
                    f"the {names[deed.agent]} cannot {other.kind} and {deed.kind} at once; say "
                    f"one after the other"
                )
    opposite = {"left of": "right of", "right of": "left of", "behind": "in front of",
                "in front of": "behind", "on": "under", "under": "on"}  # fmt: skip
    said = {(s.role, s.target): s.relation for s in script.standing}
    for (one, target), relation in said.items():
        again = said.get((target, one))
        clash = [
            s.relation
            for s in script.standing
            if (s.role, s.target) == (one, target) and s.relation == opposite.get(relation)
        ]
        if clash or (again and again == relation and relation in opposite):
            raise BadInput(
                f"the {names[one]} cannot be {relation} the {names[target]} and "
                f"{clash[0] + ' it' if clash else 'the other way around'}; say one of them"
            )


MOTIONS = ("roll", "slide", "walk", "run", "throw")
OPPOSITE = (
    {"grow", "shrink"}, {"lower", "raise"}, {"open", "close"}, {"cover", "uncover"},
    {"sit", "walk"}, {"sit", "run"}, {"sit", "jump"}, {"stand", "sit"},
)  # fmt: skip


def _expand(
    script: Script, of: dict[int, tuple[int, ...]], slots: Sequence[timing.Slot]
) -> list[Item]:
    """One item for each agent of a deed, in the order of telling."""
    out = []
    for index, deed in enumerate(script.deeds):
        agents = of.get(deed.agent, (0,))
        targets = of.get(deed.target, (0,))
        others = of.get(deed.other, (0,))
        slot = slots[index]
        for k, agent in enumerate(agents):
            target = targets[k % len(targets)]
            other = others[k % len(others)]
            if deed.relation in ("between", "through") and not other and len(targets) > 1:
                target, other = targets[0], targets[1]
            delay = 0.12 * k if len(agents) > 1 else 0.0
            start = min(slot.start + delay, slot.end - 0.2)
            out.append(Item(index, deed, agent, target, other, start, slot.end))
    return out


def _places(script: Script) -> list[int]:
    """Number of the setting of every shot."""
    out: list[int] = []
    for number, shot in enumerate(script.shots):
        at = next(
            (k for k, s in enumerate(script.settings) if shot.place and s.name == shot.place), None
        )
        if at is None:
            at = out[-1] if out and not shot.place else min(number, len(script.settings) - 1)
            if not shot.place and not out:
                at = 0
        out.append(at)
    return out


def _attempt(
    script: Script, *, preset: Preset, seed: int, rng: np.random.Generator,
    counts: tuple[int, ...], slots: tuple[timing.Slot, ...], fps: Fraction, size: tuple[int, int],
    attempt: int,
) -> Layout:  # fmt: skip
    players = casting.cast(script, preset=preset, rng=rng)
    of = dict(players.of)
    entities = {one.id: one for one in players.entities}
    items = _expand(script, of, slots)
    said_size = {id for role in script.cast if role.size for id in of[role.id]}
    pairs = [(i.deed, i.agent, i.target, i.other) for i in items]
    pairs += [
        (Deed("stand", s.role, s.target, relation=s.relation), a, of[s.target][0], 0)
        for s in script.standing for a in of[s.role]
    ]  # fmt: skip
    fit_sizes(entities, pairs, said_size)
    actors = {
        id: Actor(one, box_of(one), heading=float(np.pi) if one.kind == "bench" else 0.0)
        for id, one in entities.items()
    }
    place_of = _places(script)
    here = _who_is_where(script, items, of, place_of)
    places: list[Place] = []
    themes: list[str] = []
    for setting in script.settings:
        theme = scenery.theme_of(setting, preset, rng)
        colors = tuple({one.color for one in entities.values()})
        themes.append(theme)
        made = scenery.place_for(setting, theme, preset=preset, avoid=colors, rng=rng)
        if any(deed.kind == "sunrise" for deed in script.deeds):
            if not setting.sky and preset == "story":
                made = replace(made, sky="morning", light=replace(
                    scenery.LIGHTS["morning"], azimuth=made.light.azimuth))  # fmt: skip
            made = replace(made, light=replace(made.light, elevation=0.02))
        elif any(deed.kind == "sunset" for deed in script.deeds):
            if not setting.sky and preset == "story":
                made = replace(made, sky="evening")
            low = max(made.light.elevation, 0.35)
            made = replace(made, light=replace(made.light, elevation=low))
        places.append(made)
    fps_f = float(fps)
    events: list[tuple[int, Event]] = []
    off: list[tuple[int, float, float]] = []
    hidden: list[tuple[int, int, float, float]] = []
    shots: list[Shot] = []
    needed_all: list[tuple[int, ...]] = []
    views: list[tuple[float, float, float, str, int]] = []
    first_position: dict[int, tuple[np.ndarray, float]] = {}
    where: dict[int, int] = {}
    extra: list[Entity] = []
    extra_of_place: dict[int, list[int]] = {}
    turn = 0.0 if preset in ("lab", "flat") else float(rng.uniform(-0.5, 0.5))
    begin = 0
    for number, shot in enumerate(script.shots):
        start, end = begin / fps_f, (begin + counts[number]) / fps_f
        mine = [item for item in items if item.deed.shot == number]
        place = place_of[number]
        present = sorted(here[number])
        roomy = 1.0 if len(present) <= 5 else min(1.0 + 0.09 * (len(present) - 5), 1.7)
        fov = 0.75 if preset == "lab" else float(rng.uniform(0.66, 0.82))
        pitch = float(rng.uniform(0.24, 0.32) if preset == "lab" else rng.uniform(0.15, 0.32))
        eye = (0.0, 1.9, -7.2 * roomy)
        active = {i for item in mine for i in (item.agent, item.target, item.other) if i}
        fresh: list[int] = []
        for id in present:
            actor = actors[id]
            actor.path = []
            actor.first = None
            actor.moves = False
            if where.get(id) != place or actor.gone:
                if actor.held and actor.held in here[number] and where.get(id) is not None:
                    continue
                actor.at = None
                actor.gone = False
                actor.sits = False
            elif number and id in active and attempt % 3 and not actor.held and not actor.holds:
                # What cannot be done from where it stands: it is put elsewhere at the cut.
                thing = actor.entity.kind in THINGS and _first_is_motion(mine, id)
                if thing or (attempt % 3 == 2 and actor.entity.kind in WALKERS):
                    actor.at = None
        kept = {id: actors[id].at.copy() for id in present if actors[id].at is not None}  # type: ignore[union-attr]
        kept_heading = {id: actors[id].heading for id in kept}
        everyone = {id: actors[id] for id in present}
        set_up = Stage(
            everyone, eye=eye, rng=rng, start=start, end=end,
            half_width=float(np.tan(0.5 * fov)) * size[0] / size[1], roomy=roomy,
            flat=preset == "flat", fps=fps_f,
        )  # fmt: skip
        set_up.sides = {i: role.side for role in script.cast if role.side for i in of[role.id]}
        for standing in script.standing:
            both = [*of[standing.role], *of[standing.target]]
            free = [i for i in of[standing.role] if i in everyone and everyone[i].at is None]
            if free and all(i in everyone for i in both):
                set_up.relate(standing, of)
        _block(set_up, mine)
        set_up.events = [(k, _told(k, event, mine)) for k, event in set_up.events]
        for id, ramp in set_up.on_ramp.items():
            if everyone[id].at is None:
                kind = "roll" if everyone[id].entity.kind in casting.ROLLING else "slide"
                run = Item(-1, Deed(kind, id, ramp, direction="down"), id, ramp, 0, start, end)
                motions.down_ramp(set_up, [run], 0)
        for id in _by_size(everyone):
            if everyone[id].at is None and not everyone[id].held:
                set_up.put_aside(id)
        for id in present:
            actor = everyone[id]
            if actor.at is None and actor.held:
                holder = actors[actor.held]
                assert holder.at is not None
                base = _start_of(holder)
                actor.at = np.array(
                    [base[0], 0.0 if holder.entity.kind in WALKERS else base[1], base[2]]
                )
        initial: dict[int, np.ndarray] = {}
        for id in present:
            initial[id] = kept[id] if id in kept else _start_of(everyone[id])
            if id not in kept:
                fresh.append(id)
        needed = sorted(active) if active else [id for id in present if everyone[id].entity.said]
        bystanders = [id for id in present if id not in needed]
        if number == 0 or where_new(where, present, place):
            needed = sorted({*needed, *bystanders})
        follows = of.get(shot.follows, (0,))[0] if shot.follows else 0
        if "follow" in shot.moves and not follows:
            follows = next((item.agent for item in mine if item.agent), needed[0] if needed else 0)
        moves = framing.moves_of(shot.moves, follows, start=start, end=end, manner=shot.manner)
        if "follow" not in shot.moves:
            follows = 0
        times = np.linspace(start, end, 9)
        look_for = [follows] if follows else needed
        if look_for:
            points, must = framing.points_of(everyone, look_for, set_up.off, times, initial)
            targets = {
                id: framing.track_of(everyone[id], times) + np.array([0, everyone[id].half[1], 0])
                for id in sorted({move.target for move in moves} - {0})
            }
            camera = framing.frame(
                points, must, times, moves=moves, fov=fov, pitch=pitch, yaw=0.0,
                shot_size=shot.size, size=size, fps=fps_f, targets=targets,
                nearest=4.2 if not follows else 5.0, farthest=14.0 if len(look_for) < 7 else 20.0,
            )  # fmt: skip
        else:
            camera = framing.aim(
                np.array([0.0, 0.6, 1.0]), 7.0, fov=fov, pitch=pitch, yaw=0.0, moves=moves
            )
        if preset == "story" and place not in extra_of_place:
            taken = _taken(set_up)
            far = camera.look_at[2] - camera.eye[2] + 1.6
            back = max([p[1] - camera.eye[2] + 0.6 for p in ((c[0], c[1]) for c in taken)] or [far])
            around = scenery.scenery(
                themes[place], 1, taken=tuple(taken), eye=camera.eye, ahead=(0.0, 1.0),
                half_width=set_up.half_width, depth=max(min(back, far + 2.5), far - 0.5),
                most=6, rng=rng,
            )  # fmt: skip
            extra_of_place[place] = []
            for one in around:
                id = len(entities) + len(extra) + 1
                extra.append(replace(one, id=id))
                extra_of_place[place].append(id)
        starts = []
        for id in fresh:
            actor = everyone[id]
            spot = initial[id]
            if id not in first_position:
                first_position[id] = (spot, _heading_at_start(set_up, actor, kept_heading.get(id)))
            if number:
                heading = _heading_at_start(set_up, actor, None)
                starts.append((float(id), float(spot[0]), float(spot[1]), float(spot[2]), heading))
        for id in present:
            where[id] = place
        events += set_up.events
        off += set_up.off
        hidden += set_up.hidden
        needed_all.append(tuple(sorted(look_for)))
        views.append((fov, pitch, turn, shot.size, follows))
        shots.append(
            Shot(
                frames=counts[number], camera=camera, place=place, starts=tuple(starts),
                cast=tuple(present), size_word=shot.size,
            )
        )  # fmt: skip
        begin += counts[number]
    cast = []
    for id, actor in actors.items():
        spot, heading = first_position.get(id, (np.zeros(3), 0.0))
        cast.append(
            replace(
                actor.entity, position=(float(spot[0]), float(spot[1]), float(spot[2])),
                heading=round(heading, 5),
            )
        )  # fmt: skip
    cast += extra
    everybody = tuple(one.id for one in cast)
    final_shots = []
    for shot_spec in shots:
        present_ids = tuple(sorted((*shot_spec.cast, *extra_of_place.get(shot_spec.place, ()))))
        final_shots.append(replace(shot_spec, cast=() if present_ids == everybody else present_ids))
    order = sorted(range(len(events)), key=lambda k: (events[k][1].start, events[k][0]))
    style = script.style or _style(themes, preset, rng)
    if style == "foggy":  # one fog is enough, unless both are said
        places = [
            one if setting.fog else replace(one, fog=0.0)
            for one, setting in zip(places, script.settings, strict=True)
        ]
    spec = SceneSpec(
        seed=seed, preset=preset, shots=tuple(final_shots), places=tuple(places), cast=tuple(cast),
        events=tuple(events[k][1] for k in order), fps=fps, size=size, style=style,
    )  # fmt: skip
    if turn:
        spec = turn_scene(spec, turn)
    else:
        spec = replace(spec, cast=tuple(_rounded(one) for one in spec.cast))
    return Layout(
        spec,
        tuple(events[k][0] for k in order),
        tuple(off),
        tuple(hidden),
        tuple(needed_all),
        tuple(views),
    )


def where_new(where: dict[int, int], present: Sequence[int], place: int) -> bool:
    """True if nobody has been in this place before."""
    return all(where.get(id) != place for id in present)


def _rounded(one: Entity) -> Entity:
    x, y, z = one.position
    return replace(one, position=(round(x, 4), round(y, 4), round(z, 4)))


def _first_is_motion(items: Sequence[Item], id: int) -> bool:
    return any(
        i.agent == id and i.deed.kind in (*FREE_MOTIONS, *THEN, "drop", "throw", "enter")
        for i in items
    )


def _start_of(actor: Actor) -> np.ndarray:
    """Where an actor is when its shot begins."""
    if actor.first is not None:
        return actor.first.copy()
    if actor.path:
        first = min(actor.path)
        return np.array([first[1], first[2], first[3]])
    assert actor.at is not None
    return actor.at.copy()


def _heading_at_start(stage: Stage, actor: Actor, known: float | None) -> float:
    """Heading before anything turned it."""
    if known is not None:
        return known
    heading = actor.heading
    id = actor.entity.id
    routes = [e for _, e in stage.events if e.agent == id and "route" in e.numbers]
    if actor.entity.kind not in WALKERS:
        return heading
    turns = [e for _, e in stage.events if e.agent == id and e.kind == "turn"]
    firsts = sorted([*routes, *turns], key=lambda e: e.start)
    if not firsts:
        return heading
    if "route" in firsts[0].numbers:
        r = firsts[0].numbers["route"]
        for k in range(2, len(r), 2):
            if np.hypot(r[k] - r[0], r[k + 1] - r[1]) > 0.05:
                return float(np.arctan2(-(r[k] - r[0]), r[k + 1] - r[1]))
        return heading
    # Turned in place first: undo all that came after.
    after = heading
    if routes:
        r = min(routes, key=lambda e: e.start).numbers["route"]
        after = float(np.arctan2(-(r[2] - r[0]), r[3] - r[1]))
        turned = sum(e.numbers["angle"][0] for e in turns if e.start < min(x.start for x in routes))
        return after - turned
    return after - sum(e.numbers["angle"][0] for e in turns)


def _by_size(actors: dict[int, Actor]) -> list[int]:
    return sorted(actors, key=lambda id: -actors[id].half[0] * actors[id].half[1])


def _taken(stage: Stage) -> list[tuple[float, float, float]]:
    """Circles that scenery must leave free."""
    out = []
    for actor in stage.actors.values():
        if actor.at is None:
            continue
        out.append((float(actor.at[0]), float(actor.at[2]), actor.radius + 0.2))
        out += [(p[1], p[3], actor.radius + 0.2) for p in actor.path]
    for a, b, r in stage.corridors:
        for share in (0.25, 0.5, 0.75):
            p = a + share * (b - a)
            out.append((float(p[0]), float(p[1]), r + 0.2))
    return out


def _who_is_where(
    script: Script, items: Sequence[Item], of: dict[int, tuple[int, ...]], place_of: Sequence[int]
) -> list[set[int]]:
    """Ids that are there in every shot."""
    num = len(script.shots)
    mentioned: list[set[int]] = [set() for _ in range(num)]
    for item in items:
        mentioned[item.deed.shot] |= {i for i in (item.agent, item.target, item.other) if i}
    for number, shot in enumerate(script.shots):
        if shot.follows in of:
            mentioned[number] |= set(of[shot.follows])
    ever = set().union(*mentioned)
    everyone = {i for ids in of.values() for i in ids}
    linked: dict[int, set[int]] = {}
    for s in script.standing:
        group = {i for role in (s.role, s.target, s.other) if role for i in of[role]}
        for i in group:
            linked.setdefault(i, set()).update(group)
    at_place: dict[int, set[int]] = {}
    for number in range(num):
        at_place.setdefault(place_of[number], set()).update(mentioned[number])
    for place in at_place:
        grown = True
        while grown:
            more = set().union(*(linked.get(i, set()) for i in at_place[place])) - at_place[place]
            more -= {i for p, ids in at_place.items() if p != place for i in ids}
            at_place[place] |= more
            grown = bool(more)
    left = everyone - ever - set().union(*at_place.values())
    at_place[place_of[0]] |= left
    out = []
    walking = {i for item in items for i in (item.agent, item.target, item.other) if i}
    for number in range(num):
        ids = set(at_place[place_of[number]])
        if len(set(place_of)) > 1 and num > 1:
            # Who is spoken of elsewhere only comes to a place when it is spoken of there.
            for i in list(ids):
                seen_here = [
                    n for n in range(num) if place_of[n] == place_of[number] and i in mentioned[n]
                ]
                elsewhere = [
                    n for n in range(num) if place_of[n] != place_of[number] and i in mentioned[n]
                ]
                if seen_here and elsewhere and i in walking and number not in seen_here:
                    ids.discard(i)
        out.append(ids or set(at_place[place_of[0]]))
    return out


def _block(stage: Stage, items: Sequence[Item]) -> None:
    """Takes the deeds of a shot one after the other."""
    for number, item in enumerate(items):
        if number in stage.done:
            continue
        deed = item.deed
        kind = deed.kind
        if not item.agent:
            stage.done.add(number)
            doings.change(stage, items, number)
            continue
        actor = stage.actors[item.agent]
        walks = actor.entity.kind in WALKERS
        doer = item.other if kind in DONE_BY and item.other else 0
        if doer and stage.actors[doer].entity.kind in WALKERS:
            doings.stand_by(stage, item, doer)
        if walks and kind in _WALKS:
            doings.walk(stage, items, number)
        elif kind == "follow":
            doings.follow(stage, items, number)
        elif kind == "circle":
            doings.circle(stage, items, number)
        elif kind in ("turn", "jump", "wave", "stand", "hand_over_face", "spin"):
            doings.in_place(stage, items, number)
        elif kind in HANDLED:
            HANDLED[kind](stage, items, number)
        elif kind in FREE_MOTIONS or (kind == "enter" and not walks):
            if kind == "enter":
                _enter_thing(stage, items, number)
            else:
                motions.go(stage, items, number)
        elif kind in ("drop", "throw"):
            thrower = item.other and stage.actors[item.other].entity.kind in casting.HANDS
            if thrower or actor.held:
                doings.let_go(stage, items, number)
            else:
                motions.fly(stage, items, number)
        elif kind in ("hide", "appear") and _by_screen(stage, items, number):
            stage.emit(item.index, deed, item.start, item.end, agent=item.agent, target=item.target)
            stage.hidden.append((item.agent, item.target, stage.start, stage.end))
        elif kind in THEN:
            motions.lone(stage, items, number)
        else:
            doings.change(stage, items, number)
        stage.done.add(number)


def _told(index: int, event: Event, items: Sequence[Item]) -> Event:
    """The event with what its deed says beside what it needs to happen: who does it."""
    if not event.said or event.other:
        return event
    for item in items:
        same = (item.index, item.agent, item.deed.kind) == (index, event.agent, event.kind)
        if same and item.other and item.other != event.target:
            return replace(event, other=item.other)
    return event


DONE_BY = ("roll", "slide", "open", "close", "cover", "uncover")
"""Deeds of things that somebody does: who it is stands by."""
HANDLED = {
    "sit": doings.sit, "pick_up": doings.pick_up, "carry": doings.carry,
    "put_down": doings.put_down, "give": doings.give, "push": doings.push, "kick": doings.kick,
}  # fmt: skip


def _by_screen(stage: Stage, items: Sequence[Item], number: int) -> bool:
    """True if a screen, a door or a cover hides or shows the thing, which need not move."""
    item = items[number]
    return bool(item.target) and any(
        other.agent == item.target
        and other.deed.kind in ("lower", "raise", "open", "close", "cover", "uncover")
        for other in items
    )


def _enter_thing(stage: Stage, items: Sequence[Item], number: int) -> None:
    """A thing that enters rolls or slides in; a roll that follows at once is that very motion."""
    item = items[number]
    after = next(
        (k for k in range(number + 1, len(items))
         if items[k].agent == item.agent and k not in stage.done), None
    )  # fmt: skip
    if after is not None and items[after].deed.kind in FREE_MOTIONS:
        lead = items[after]
        direction = lead.deed.direction or item.deed.direction
        merged = list(items)
        merged[after] = replace(
            lead,
            start=max(stage.start, item.start - 0.3),
            deed=replace(lead.deed, direction=direction),
        )
        stage.done.add(number)
        motions.go(stage, merged, after)
        stage.emit(item.index, item.deed, item.start, item.end, agent=item.agent)
        return
    motions.go(stage, items, number)


def _style(themes: Sequence[str], preset: Preset, rng: np.random.Generator) -> str:
    if preset != "story":
        return "plain"
    styles = scenery.THEMES[themes[0]].styles
    return "plain" if rng.random() < 0.6 else str(styles[int(rng.integers(len(styles)))])


def turn_scene(spec: SceneSpec, turn: float) -> SceneSpec:
    """The same scene turned about the origin: ground, sky and light lie differently to it."""
    c, s = float(np.cos(turn)), float(np.sin(turn))

    def xz(x: float, z: float) -> tuple[float, float]:
        return round(c * x - s * z, 5), round(s * x + c * z, 5)

    def point(p: Sequence[float]) -> tuple[float, float, float]:
        x, z = xz(p[0], p[2])
        return x, round(float(p[1]), 5), z

    cast = tuple(
        replace(one, position=point(one.position), heading=round(one.heading + turn, 5))
        for one in spec.cast
    )
    events = []
    for event in spec.events:
        numbers = dict(event.numbers)
        for name in ("velocity", "place"):
            if name in numbers:
                numbers[name] = point(numbers[name])
        if "route" in numbers:
            r = numbers["route"]
            numbers["route"] = tuple(v for k in range(0, len(r), 2) for v in xz(r[k], r[k + 1]))
        events.append(replace(event, numbers=numbers))
    shots = tuple(
        replace(
            shot, camera=framing.turned(shot.camera, turn),
            starts=tuple((q[0], *point(q[1:4]), round(q[4] + turn, 5)) for q in shot.starts),
        )
        for shot in spec.shots
    )  # fmt: skip
    places = tuple(
        replace(p, light=replace(p.light, azimuth=round(p.light.azimuth + turn, 4)))
        for p in spec.places
    )
    return replace(spec, cast=cast, events=tuple(events), shots=shots, places=places)


__all__ = ["Deed", "Layout", "layout", "stage", "turn_scene"]
