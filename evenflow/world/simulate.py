"""The simulator: a SceneSpec goes in, an Animation comes out; a pure function of the spec.

The order: walkers act (`walkers.py`), things and fixtures obey physics and their events
(`physics.py`), what came of it is listed (`outcome.py`), models become parts (`things.py`), lamps
and cameras look at where everybody is (`lights.py`, `cameras.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world import cameras, control, lights, outcome, physics, things, walkers
from evenflow.world.animation import (
    SHAPES,
    Animation,
    Contact,
    EntityTrack,
    Parts,
    Skeletons,
)
from evenflow.world.physics import FREE, MOVED, STATIC, Bodies, Command, Course, Track
from evenflow.world.spec import Entity, Event, SceneSpec
from evenflow.world.walkers import Acted
from evenflow.world.words import COLORS, FIXTURES, MATERIALS, PATTERNS, THINGS, WALKERS

D = NDArray[np.float64]
F = NDArray[np.float32]
NUM_SHARDS = 12
WALL_HEIGHT = 2.4
"""World units of the walls of a maze."""

_COLOR_ROW = {name: row for row, name in enumerate(COLORS)}
_MATERIAL_ROW = {name: row for row, name in enumerate(MATERIALS)}
_PATTERN_ROW = {name: row for row, name in enumerate(PATTERNS)}


@dataclass
class Stage:
    """Bodies of a scene and who they belong to.

    Args:
        world: the bodies.
        main: row of an entity's body, by id.
        rows: all its rows, by id; shards come last.
        mode: of every row when its entity is there.
        local: center of every row in its entity's axes, `(n, 3)`.
        lying: ids of cylinders that lie on their side to roll.
        inverted: ids of cups that stand upside down to cover.
        walls: rows of walls of every place.
    """

    world: Bodies
    main: dict[int, int]
    rows: dict[int, list[int]]
    mode: NDArray[np.int64]
    local: D
    lying: frozenset[int]
    inverted: frozenset[int]
    walls: dict[int, list[int]] = field(default_factory=dict)


def about_y(heading: D) -> D:
    """Rotations `(..., 3, 3)` by headings: local +z goes to `(-sin h, 0, cos h)`."""
    c, s = np.cos(heading), np.sin(heading)
    out = np.zeros((*np.shape(heading), 3, 3))
    out[..., 0, 0], out[..., 0, 2] = c, -s
    out[..., 1, 1] = 1
    out[..., 2, 0], out[..., 2, 2] = s, c
    return out


def quaternions(q: D) -> D:
    """Rotations `(..., 3, 3)` of unit quaternions `(..., 4)`, w first."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    out = np.empty((*q.shape[:-1], 3, 3))
    out[..., 0, 0] = 1 - 2 * (y * y + z * z)
    out[..., 0, 1] = 2 * (x * y - w * z)
    out[..., 0, 2] = 2 * (x * z + w * y)
    out[..., 1, 0] = 2 * (x * y + w * z)
    out[..., 1, 1] = 1 - 2 * (x * x + z * z)
    out[..., 1, 2] = 2 * (y * z - w * x)
    out[..., 2, 0] = 2 * (x * z - w * y)
    out[..., 2, 1] = 2 * (y * z + w * x)
    out[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return out


def _about(axis: int, angle: D) -> D:
    """Rotations `(t, 3, 3)` about a local axis by the right-hand formula."""
    c, s = np.cos(angle), np.sin(angle)
    out = np.zeros((len(angle), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out[:, axis, axis] = 1
    out[:, i, i], out[:, i, j] = c, -s
    out[:, j, i], out[:, j, j] = s, c
    return out


def _times(a: D, b: D) -> D:
    """Products of 3x3 matrices, written out."""
    return np.einsum("...ij,...jk->...ik", a, b)


def _events(spec: SceneSpec, id: int, *kinds: str) -> list[Event]:
    mine = [e for e in spec.events if e.agent == id and e.kind in kinds]
    return sorted(mine, key=lambda e: e.start)


def _number(event: Event, name: str, default: float) -> float:
    values = event.numbers.get(name)
    return float(values[0]) if values else default


def _vector(event: Event, name: str) -> tuple[float, float, float] | None:
    values = event.numbers.get(name)
    if not values:
        return None
    if len(values) != 3:
        raise BadInput(f"{name} of `{event.kind}` is (x, y, z), got {len(values)} numbers")
    return float(values[0]), float(values[1]), float(values[2])


def _check(spec: SceneSpec) -> None:
    if not spec.shots or any(shot.frames < 1 for shot in spec.shots):
        raise BadInput("a scene needs one shot of one frame at least")
    for row, one in enumerate(spec.cast):
        if one.id != row + 1:
            raise BadInput(f"ids of the cast count from 1 in order, number {row + 1} has {one.id}")
        if one.kind not in things.MODELS and one.kind not in WALKERS:
            raise BadInput(f"there is no kind `{one.kind}`; see words.py")
        if not one.size > 0 or not one.mass > 0:
            raise BadInput(f"size and mass are above 0, entity {one.id} has another")
    num = len(spec.cast)
    for event in spec.events:
        if max(event.agent, event.target, event.other) > num:
            raise BadInput(f"`{event.kind}` speaks of an entity that is not in the cast of {num}")
    for shot in spec.shots:
        if not 0 <= shot.place < len(spec.places):
            raise BadInput(f"there is no place {shot.place}; the scene has {len(spec.places)}")


def _rolling_heading(
    spec: SceneSpec, one: Entity, front: float, heading: float, time: float
) -> float:
    """Where something on wheels must point so that its next roll goes straight."""
    for event in _events(spec, one.id, "roll"):
        velocity = _vector(event, "velocity")
        route = event.numbers.get("route")
        if route and len(route) >= 4:
            velocity = (route[2] - route[0], 0.0, route[3] - route[1])
        if event.start >= time - 1e-6 and velocity and (velocity[0] or velocity[2]):
            straight = float(np.arctan2(-velocity[0], velocity[2])) - front
            if one.kind != "cart" and np.cos(straight - heading) < 0:
                straight += np.pi
            return straight
    return heading


def _stage(spec: SceneSpec) -> Stage:
    """The bodies of a scene, as it begins."""
    lying = frozenset(
        one.id for one in spec.cast if one.kind == "cylinder" and _events(spec, one.id, "roll")
    )
    inverted = frozenset(
        one.id
        for one in spec.cast
        if one.kind == "cup" and _events(spec, one.id, "cover", "uncover")
    )
    plan: list[tuple[Entity | None, things.Solid | None, int]] = []
    main: dict[int, int] = {}
    rows: dict[int, list[int]] = {}
    for one in spec.cast:
        main[one.id] = len(plan)
        rows[one.id] = []
        solids: Sequence[things.Solid]
        if one.kind in WALKERS:
            wide = 2 * walkers.RADIUS.get(one.kind, 0.15)
            solids = (things.Solid(physics.CAPSULE, (0, 0, 0), (wide, 1, wide)),)
        else:
            solids = things.model(one.kind, one.seed).solids
        for part in solids:
            rows[one.id].append(len(plan))
            plan.append((one, part, 0))
        if one.kind in things.FRAGILE:
            for k in range(NUM_SHARDS):
                rows[one.id].append(len(plan))
                plan.append((one, None, k + 1))
    walls: dict[int, list[int]] = {}
    first_wall = len(plan)
    for number, place in enumerate(spec.places):
        walls[number] = []
        for _ in place.walls:
            walls[number].append(len(plan))
            plan.append((None, None, 0))
    world = physics.bodies(len(plan))
    mode = np.zeros(len(plan), np.int64)
    local = np.zeros((len(plan), 3))
    for row, (who, solid, shard) in enumerate(plan[:first_wall]):
        assert who is not None
        size = who.size
        world.entity[row] = who.id
        world.group[row] = who.id
        world.mass[row] = who.mass
        world.restitution[row] = who.restitution
        world.friction[row] = who.friction
        world.rolling[row] = physics.ROLLING * who.friction
        if shard:
            continue
        assert solid is not None
        half = np.array(solid.half) * size
        local[row] = np.array(solid.at) * size
        world.shape[row] = solid.shape
        mode[row] = STATIC
        if who.kind in THINGS:
            mode[row] = FREE
            m = things.model(who.kind, who.seed)
            if who.id in lying:
                world.shape[row] = physics.BOX
                half = np.array([half[0], half[0], half[1]])
                world.wheels[row], world.front[row] = half[0], -np.pi / 2
            elif m.wheels:
                world.wheels[row], world.front[row] = m.wheels * size, m.front
            if who.kind == "balloon":
                world.weight[row], world.drag[row] = 0.0, 2.5
            world.fragile[row] = things.FRAGILE.get(who.kind, 0.0)
        elif who.kind in WALKERS:
            mode[row] = MOVED
            world.restitution[row], world.mass[row] = 0.2, 60.0
        elif solid.node == things.BOB:
            mode[row] = FREE
        world.half[row] = half
    stage = Stage(world, main, rows, mode, local, lying, inverted, walls)
    _shards(spec, stage)
    for number, place in enumerate(spec.places):
        for row, (x0, z0, x1, z1) in zip(walls[number], place.walls, strict=True):
            world.shape[row] = physics.BOX
            world.half[row] = abs(x1 - x0) / 2, WALL_HEIGHT / 2, abs(z1 - z0) / 2
            world.position[row] = (x0 + x1) / 2, WALL_HEIGHT / 2, (z0 + z1) / 2
            mode[row] = STATIC
    starts = {int(row[0]): row for row in spec.shots[0].starts}
    for one in spec.cast:
        start = starts.get(one.id, (one.id, *one.position, one.heading))
        _begin(spec, stage, one, start, 0.0)
    return stage


def _shards(spec: SceneSpec, stage: Stage) -> None:
    """Where the splinters of what can break lie in it, and where they fly to."""
    world = stage.world
    for one in spec.cast:
        if one.kind not in things.FRAGILE:
            continue
        rng = np.random.default_rng([spec.seed, one.id, 7002])
        first = stage.rows[one.id][-NUM_SHARDS]
        body = stage.main[one.id]
        world.shards[body] = first, NUM_SHARDS
        turn = rng.uniform(0, 2 * np.pi)
        angle = turn + 2 * np.pi * (np.arange(NUM_SHARDS) + rng.uniform(-0.3, 0.3, NUM_SHARDS)) / 6
        high = np.where(np.arange(NUM_SHARDS) % 2 == 0, -0.5, 0.5)
        speed = rng.uniform(0.5, 1.0, NUM_SHARDS)
        burst = np.stack([np.cos(angle), 0.5 + 0.4 * high, np.sin(angle)], 1) * speed[:, None]
        burst -= burst.mean(axis=0)  # they keep the momentum of the whole
        burst /= np.sqrt((burst**2).sum(axis=1).mean())  # and at most its energy
        where = np.stack([0.7 * np.cos(angle), high, 0.7 * np.sin(angle)], 1)
        for k in range(NUM_SHARDS):
            row = first + k
            world.burst[row, :3], world.burst[row, 3:] = burst[k], where[k]
            world.half[row] = one.size * 0.16 * rng.uniform(0.8, 1.25)
            world.mass[row] = one.mass / NUM_SHARDS
            world.restitution[row] = 0.25
            world.friction[row], world.rolling[row] = 0.7, 0.35


def _put(stage: Stage, one: Entity, x: float, y: float, z: float, heading: float) -> None:
    """All bodies of an entity at a place, at rest."""
    world = stage.world
    c, s = float(np.cos(heading)), float(np.sin(heading))
    main = stage.main[one.id]
    grown = float(world.size[main])
    high = one.size * grown
    if one.id in stage.lying:
        high = float(world.half[main, 1]) * grown
    for row in stage.rows[one.id]:
        if world.mass[row] < one.mass and one.kind in things.FRAGILE:
            continue
        lx, ly, lz = stage.local[row] * grown
        world.position[row] = x + c * lx - s * lz, y + high + ly, z + s * lx + c * lz
        world.heading[row] = heading
        world.velocity[row] = 0
        world.spin[row] = 0
        world.host[row] = -1
    if one.kind in WALKERS or one.kind in THINGS:
        return
    m = things.model(one.kind, one.seed)
    px, py, pz = (v * one.size for v in m.pivot)
    pivot = (x + c * px - s * pz, y + one.size + py, z + s * px + c * pz)
    solids = m.solids
    for row, solid in zip(stage.rows[one.id], solids, strict=False):
        if solid.node == things.LEAF:
            half = (solid.at[0] - m.pivot[0]) * one.size
            world.pivot[row] = (*pivot, -half)
            world.rate[row] = heading
        elif solid.node == things.PANEL:
            world.pivot[row] = (y, solid.half[1] * one.size, 0, 0)
        elif solid.node == things.BOB:
            world.pivot[row] = (*pivot, m.length * one.size)
            world.rate[row] = 0


def _begin(
    spec: SceneSpec, stage: Stage, one: Entity, start: tuple[float, ...], time: float
) -> None:
    """An entity where a shot starts it, held if an event is to let it go later."""
    world = stage.world
    row = stage.main[one.id]
    x, y, z = start[1:4]
    heading = start[4] if len(start) > 4 else one.heading
    if world.wheels[row] > 0:
        heading = _rolling_heading(spec, one, float(world.front[row]), heading, time)
    causes = _events(spec, one.id, "drop", "throw", "rise", "cover", "roll", "slide")
    causes = [event for event in causes if event.start >= time - 1e-6]
    if causes and causes[0].kind == "drop" and not one.attached:
        y = _number(causes[0], "height", y)
    _put(stage, one, x, y, z, heading)
    waits = bool(causes) and causes[0].kind in ("drop", "throw", "rise", "cover")
    if one.kind in THINGS and one.kind != "balloon" and waits and y > 0.02:
        stage.mode[row] = MOVED
    elif time > 0 and one.kind in THINGS and stage.mode[row] == MOVED:
        stage.mode[row] = FREE
    if time > 0:
        return
    if one.kind == "screen":
        moves = _events(spec, one.id, "lower", "raise")
        world.joint[row] = 0.0 if moves and moves[0].kind == "raise" else 1.0
    elif one.kind == "door":
        moves = _events(spec, one.id, "open", "close")
        world.joint[row] = things.DOOR_OPEN if moves and moves[0].kind == "close" else 0.0
    elif one.kind == "pendulum":
        moves = _events(spec, one.id, "swing")
        if moves:
            world.joint[row] = _number(moves[0], "angle", 0.6)
            stage.mode[row] = MOVED
    if one.attached and one.kind in THINGS and spec.entity(one.attached).kind in THINGS:
        host = stage.main[one.attached]
        world.host[row] = host
        world.group[row] = world.group[host]
        stage.mode[row] = MOVED


_KIND = {
    "roll": physics.VELOCITY, "slide": physics.VELOCITY, "throw": physics.VELOCITY,
    "drop": physics.RELEASE, "spin": physics.SPIN, "grow": physics.SCALE,
    "shrink": physics.SCALE, "cover": physics.COVER, "uncover": physics.UNCOVER,
    "swing": physics.SWING, "open": physics.HINGE, "close": physics.HINGE,
    "lower": physics.PANEL, "raise": physics.PANEL, "rise": physics.RISE,
}  # fmt: skip


def _commands(spec: SceneSpec, stage: Stage, steps: float) -> list[Command]:
    """What events do to bodies; times in substeps of the whole scene (`steps` a second)."""
    out = []
    for event in spec.events:
        if event.kind not in _KIND or not event.agent:
            continue
        if spec.entity(event.agent).kind in WALKERS or event.numbers.get("route"):
            continue
        kind = _KIND[event.kind]
        value = (0.0, 0.0, 0.0, 0.0)
        if kind == physics.VELOCITY:
            velocity = _vector(event, "velocity")
            if velocity is None:
                continue
            value = (*velocity, 1.0 if event.kind == "roll" else 0.0)
        elif kind == physics.SPIN:
            value = (_number(event, "rate", 2.0), 0.0, 0.0, 0.0)
        elif kind == physics.SCALE:
            usual = 1.5 if event.kind == "grow" else 0.6
            value = (_number(event, "factor", usual), 0.0, 0.0, 0.0)
        elif kind in (physics.COVER, physics.UNCOVER):
            value = (_number(event, "height", 1.2), 0.0, 0.0, 0.0)
        elif kind == physics.SWING:
            value = (_number(event, "angle", 0.6), 0.0, 0.0, 0.0)
        elif kind == physics.HINGE:
            usual = things.DOOR_OPEN if event.kind == "open" else 0.0
            value = (_number(event, "angle", usual), 0.0, 0.0, 0.0)
        elif kind == physics.PANEL:
            usual = 0.0 if event.kind == "lower" else 1.0
            value = (_number(event, "share", usual), 0.0, 0.0, 0.0)
        elif kind == physics.RISE:
            value = (_number(event, "speed", 0.8), 0.0, 0.0, 0.0)
        other = stage.main[event.target] if event.target else -1
        if kind in (physics.COVER, physics.UNCOVER) and other < 0:
            continue
        start, end = round(event.start * steps), round(event.end * steps)
        out.append(Command(kind, start, max(end, start), stage.main[event.agent], other, value))
    return sorted(out, key=lambda c: (c.start, c.body))


def _routes(spec: SceneSpec, stage: Stage) -> list[Track]:
    """Things that events or pinned states lead along a way, over the whole scene."""
    num = spec.num_frames
    fps = float(spec.fps)
    times = np.arange(num + 1) / fps
    tracks = []
    for event in spec.events:
        route = event.numbers.get("route")
        if not route or event.kind not in ("roll", "slide"):
            continue
        one = spec.entity(event.agent)
        row = stage.main[one.id]
        points = np.array(route, np.float64).reshape(-1, 2)
        long = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        share = np.clip((times - event.start) / max(event.end - event.start, 1e-9), 0, 1)
        if event.kind == "slide":  # by an invisible hand
            share = share * share * (3 - 2 * share)
        pose = np.full((num + 1, 4), np.nan)
        for c, column in enumerate((0, 2)):
            pose[:, column] = np.interp(share * long[-1], long, points[:, c])
        pose[:, 1] = stage.world.position[row, 1]
        if one.kind != "ball" or event.kind == "slide":
            pose[:, 3] = stage.world.heading[row]
        active = (times >= event.start - 1e-9) & (times < event.end - 1e-9)
        tracks.append(Track(row, pose, active, keep=event.kind == "roll"))
    for id in sorted({key.entity for key in spec.keys}):
        one = spec.entity(id)
        if one.kind in WALKERS:
            continue
        keys = sorted((k for k in spec.keys if k.entity == id), key=lambda k: k.time)
        at = np.array([k.time for k in keys])
        foot = np.array([k.position for k in keys], np.float64)
        heading = np.unwrap([k.heading for k in keys])
        pose = np.empty((num + 1, 4))
        rows = np.concatenate([foot, heading[:, None]], 1)
        if len(at) > 1:
            from scipy.interpolate import PchipInterpolator

            pose[:] = PchipInterpolator(at, rows, axis=0)(np.clip(times, at[0], at[-1]))
        else:
            pose[:] = rows[0]
        pose[:, 1] += one.size
        if one.kind == "ball":
            pose[:, 3] = np.nan  # it rolls there
        tracks.append(Track(stage.main[id], pose, np.ones(num + 1, np.bool_)))
    return tracks


def _led(spec: SceneSpec, stage: Stage, acted: Acted) -> tuple[list[Track], list[Command]]:
    """Walkers as bodies that nothing stops, what they hold, and what they kick."""
    tracks, commands = [], []
    fps = float(spec.fps)
    always = np.ones(spec.num_frames + 1, np.bool_)
    for w, id in enumerate(acted.ids):
        one = spec.entity(id)
        pose = np.empty((spec.num_frames + 1, 4))
        pose[:, :3], pose[:, 3] = acted.root[:, w], acted.heading[:, w]
        pose[:, 1] += one.size
        tracks.append(Track(stage.main[id], pose, always))
    for hold in acted.holds:
        active = hold.active.copy()
        for event in spec.events:
            if event.agent == hold.thing and event.kind in ("drop", "throw", "rise"):
                first = round(event.start * fps)
                rest = np.flatnonzero(~active[first:])
                active[first : first + (int(rest[0]) if len(rest) else len(active))] = False
        pose = hold.pose.copy()
        for f in np.flatnonzero(active[:-1] & np.isnan(pose[1:, 0])):
            # Where it is let go: a push goes on, a putting down has a third of its last step left.
            share = 1.0 if hold.pushed[f] else 1 / 3
            step = pose[f] - pose[f - 1] if f and active[f - 1] else np.zeros(4)
            pose[f + 1] = pose[f] + share * step
        tracks.append(Track(stage.main[hold.thing], pose, active, bool(hold.pushed.any())))
    steps = fps * physics.substeps(fps)
    for kick in acted.kicks:
        if kick.velocity is not None:
            at = round(kick.time * steps)
            rolls = 1.0 if abs(kick.velocity[1]) < 1e-6 else 0.0
            values = (*kick.velocity, rolls)
            commands.append(Command(physics.VELOCITY, at, at, stage.main[kick.thing], -1, values))
    return tracks, commands


def _clip(tracks: Sequence[Track], first: int, frames: int) -> list[Track]:
    """The same tracks for a run that begins at a frame."""
    out = []
    for track in tracks:
        pose = track.pose[first : first + frames + 1]
        active = track.active[first : first + frames + 1]
        if active.any():
            out.append(Track(track.body, pose, active, track.keep))
    return out


def _run(spec: SceneSpec, stage: Stage, tracks: Sequence[Track], more: Sequence[Command]) -> Course:
    """All shots, one after the other."""
    fps = float(spec.fps)
    num_sub = physics.substeps(fps)
    commands = [*_commands(spec, stage, fps * num_sub), *more]
    world, mode = stage.world, stage.mode
    gone: set[int] = set()
    goals: dict[Command, float] = {}
    courses = []
    first = 0
    for number, shot in enumerate(spec.shots):
        here = set(shot.cast) if shot.cast else {one.id for one in spec.cast}
        if number:
            for start in shot.starts:
                one = spec.entity(int(start[0]))
                _begin(spec, stage, one, tuple(start), first / fps)
        for one in spec.cast:
            for row in stage.rows[one.id]:
                world.mode[row] = mode[row] if one.id in here else physics.ABSENT
            if one.id in here and stage.main[one.id] in gone:
                world.mode[stage.main[one.id]] = physics.ABSENT
        for place, rows in stage.walls.items():
            for row in rows:
                world.mode[row] = STATIC if place == shot.place else physics.ABSENT
        begin = first * num_sub
        mine = []
        for c in commands:
            if c.start >= begin + shot.frames * num_sub:
                continue
            at, values = c.start - begin, c.values
            if at < 0:  # a cut came between: what is left of it
                if c.kind not in (physics.SPIN, physics.SCALE, physics.HINGE, physics.PANEL):
                    continue
                at = 0
                if c.kind == physics.SCALE:
                    values = (goals[c] / world.size[c.body], 0.0, 0.0, 0.0)
            elif c.kind == physics.SCALE:
                goals[c] = world.size[c.body] * values[0]
            end = max(c.end - begin, at)
            if c.end >= begin:
                mine.append(Command(c.kind, at, end, c.body, c.other, values))
            elif c.kind in (physics.HINGE, physics.PANEL):
                world.joint[c.body] = values[0]
        mine.sort(key=lambda c: (c.start, c.body))
        course = physics.run(
            world,
            num_frames=shot.frames,
            fps=fps,
            gravity=spec.gravity,
            commands=mine,
            tracks=_clip(tracks, first, shot.frames),
            flat=spec.preset == "flat",
            num_sub=num_sub,
        )
        course.touched[:, 0] += begin
        course.broken[:, 0] += begin
        course.touch[:, 0] += first / fps
        courses.append(course)
        for _, row in course.broken:
            gone.add(int(row))
            k, n = world.shards[row]
            mode[k : k + n] = FREE
        for one in spec.cast:
            row = stage.main[one.id]
            if one.id in here and world.mode[row] != physics.ABSENT:
                mode[row] = world.mode[row]
        first += shot.frames
    names = list(Course.__dataclass_fields__)
    if len(courses) == 1:
        return courses[0]
    joined = {name: np.concatenate([getattr(c, name) for c in courses]) for name in names}
    return Course(**joined)


def _shown(spec: SceneSpec) -> NDArray[np.bool_]:
    """Who is in the cast of every frame, `(t, e)`."""
    out = np.ones((spec.num_frames, len(spec.cast)), np.bool_)
    first = 0
    for shot in spec.shots:
        if shot.cast:
            out[first : first + shot.frames] = False
            for id in shot.cast:
                out[first : first + shot.frames, id - 1] = True
        first += shot.frames
    return out


def _palette(spec: SceneSpec) -> tuple[D, D, NDArray[np.int8]]:
    """Linear colors of every frame: first and second `(t, e, 3)`, and rows of COLORS `(t, e)`."""
    t, n = spec.num_frames, len(spec.cast)
    color, second = np.empty((t, n, 3)), np.empty((t, n, 3))
    names = np.empty((t, n), np.int8)
    times = np.arange(t) / float(spec.fps)
    for e, one in enumerate(spec.cast):
        color[:, e], second[:, e] = things.linear(one.color), things.linear(one.second)
        names[:, e] = _COLOR_ROW[one.color]
        for event in _events(spec, one.id, "change_color"):
            if not event.color:
                continue
            u = np.clip((times - event.start) / max(event.end - event.start, 1e-9), 0, 1)
            u = (u * u * (3 - 2 * u))[:, None]
            to = np.array(things.linear(event.color))
            # Mixed by square roots, about as bright to the eye on the way.
            color[:, e] = ((1 - u) * np.sqrt(color[:, e]) + u * np.sqrt(to)) ** 2
            names[u[:, 0] >= 0.5, e] = _COLOR_ROW[event.color]
    return color, second, names


def _velocities(
    position: D, mode: NDArray[np.int64], velocity: D, fps: float, cuts: list[int]
) -> D:
    """Velocities of what is moved, from where it goes; of the others as simulated."""
    out = velocity
    moved = (mode == MOVED).any(axis=0)
    if not moved.any() or len(position) < 2:
        return out
    out = velocity.copy()
    for row in np.flatnonzero(moved):
        step = np.empty_like(position[:, row])
        step[:-1] = np.diff(position[:, row], axis=0) * fps
        step[-1] = step[-2]
        for cut in cuts:
            step[cut - 1] = step[cut - 2] if cut > 1 else 0
        at = mode[:, row] == MOVED
        out[at, row] = step[at]
    return out


def _entities(
    spec: SceneSpec, stage: Stage, course: Course, names: NDArray[np.int8], acted: Acted | None
) -> tuple[EntityTrack, D, D, D]:
    """States of all, and poses in double precision for the parts: position, rotation, size."""
    t, n = spec.num_frames, len(spec.cast)
    world = stage.world
    position, rotation = np.empty((t, n, 3)), np.empty((t, n, 3, 3))
    velocity, spin = np.zeros((t, n, 3)), np.zeros((t, n, 3))
    size = np.empty((t, n))
    support = np.zeros((t, n), np.int16)
    present = _shown(spec)
    cuts = [int(c) for c in np.cumsum([s.frames for s in spec.shots])[:-1]]
    speed = _velocities(course.position, course.mode, course.velocity, float(spec.fps), cuts)
    owner = np.concatenate([world.entity, [-1, 0]])  # the last two: NOTHING = -2, GROUND = -1
    for e, one in enumerate(spec.cast):
        row = stage.main[one.id]
        size[:, e] = one.size * course.size[:, row]
        if one.kind in FIXTURES:
            position[:, e], heading = _stands(spec, one)
            rotation[:, e] = about_y(heading)
            continue
        position[:, e] = course.position[:, row]
        velocity[:, e], spin[:, e] = speed[:, row], course.spin[:, row]
        if world.shape[row] == physics.SPHERE:
            rotation[:, e] = about_y(np.array(one.heading)) if one.heading else np.eye(3)
            rotation[:, e] = _times(quaternions(course.rotation[:, row]), rotation[:, e])
        else:
            rotation[:, e] = _upright(stage, one, course, row)
        below = course.support[:, row]
        support[:, e] = owner[below]
        held = (course.mode[:, row] == MOVED) | (below == physics.NOTHING)
        low = position[:, e, 1] - world.half[row, 1] * course.size[:, row] < 0.012
        support[held & low, e] = 0
        if world.shards[row, 1]:
            _broken(stage, course, row, position[:, e], velocity[:, e], support[:, e])
    if acted is not None:
        for w, id in enumerate(acted.ids):
            seat, up = acted.seats[:, w], acted.root[:t, w, 1] > 0.012
            support[:, id - 1] = np.where(seat > 0, seat, np.where(up, -1, 0))
        for hold in acted.holds:
            held = (course.mode[:, stage.main[hold.thing]] == MOVED) & (hold.holder[:t] > 0)
            held &= ~hold.pushed[:t]
            support[held, hold.thing - 1] = hold.holder[:t][held]
    track = EntityTrack(
        _f(position),
        _f(rotation),
        _f(velocity),
        _f(spin),
        _f(size),
        names,
        present,
        support,
    )
    return track, position, rotation, size


def _stands(spec: SceneSpec, one: Entity) -> tuple[D, D]:
    """Center and heading of a fixture in every frame."""
    center, heading = np.empty((spec.num_frames, 3)), np.empty(spec.num_frames)
    row: tuple[float, ...] = (one.id, *one.position, one.heading)
    first = 0
    for shot in spec.shots:
        row = next((tuple(r) for r in shot.starts if int(r[0]) == one.id), row)
        center[first:] = row[1], row[2] + one.size, row[3]
        heading[first:] = row[4] if len(row) > 4 else one.heading
        first += shot.frames
    return center, heading


def _upright(stage: Stage, one: Entity, course: Course, row: int) -> D:
    """Rotations of a body that turns about y, tilts on ramps, and may roll on wheels."""
    out = about_y(course.heading[:, row])
    up = course.tilt[:, row]
    if (up[:, 1] < 0.99999).any():
        out = _times(_tilting(up), out)
    if stage.world.wheels[row] > 0 and one.kind != "cart":
        out = _times(out, _about(2, -course.joint[:, row]))
    if one.id in stage.lying:
        out = _times(out, things.turn(np.pi / 2, 0, 0))
    if one.id in stage.inverted:
        out = _times(out, things.turn(np.pi, 0, 0))
    return out


def _tilting(up: D) -> D:
    """The shortest rotations that take y to unit vectors, `(t, 3, 3)`."""
    up = up / np.sqrt((up * up).sum(axis=1))[:, None]
    x, y, z = up.T
    k = 1 / (1 + y)
    out = np.empty((len(up), 3, 3))
    out[:, 0, 0], out[:, 0, 1], out[:, 0, 2] = 1 - k * x * x, x, -k * x * z
    out[:, 1, 0], out[:, 1, 1], out[:, 1, 2] = -x, y, -z
    out[:, 2, 0], out[:, 2, 1], out[:, 2, 2] = -k * x * z, z, 1 - k * z * z
    return out


def _broken(
    stage: Stage, course: Course, row: int, position: D, velocity: D, support: NDArray[np.int16]
) -> None:
    """Something that broke is where its shards are on average."""
    at = np.flatnonzero(course.mode[:, stage.world.shards[row, 0]] == FREE)
    if not len(at):
        return
    first, num = stage.world.shards[row]
    position[at] = course.position[at, first : first + num].mean(axis=1)
    velocity[at] = course.velocity[at, first : first + num].mean(axis=1)
    support[at] = 0


def _f(values: D) -> F:
    return np.ascontiguousarray(values, np.float32)


def _parts(
    spec: SceneSpec,
    stage: Stage,
    course: Course,
    present: NDArray[np.bool_],
    pose: tuple[D, D, D],
    colors: tuple[D, D],
) -> Parts:
    """Models of things and fixtures at their poses."""
    t = spec.num_frames
    position, rotation, size = pose
    color, second = colors
    cast = [one for one in spec.cast if one.kind not in WALKERS]
    sheets = [things.sheet(one.kind, one.seed) for one in cast]
    counts = [len(s.shape) for s in sheets]
    total = sum(counts)
    begin = np.concatenate([[0], np.cumsum(counts)]).astype(int)
    who = np.repeat(np.array([one.id for one in cast], np.int64), counts)
    e = who - 1

    def join(name: str, shape: tuple[int, ...] = ()) -> NDArray:
        if not sheets:
            return np.zeros((0, *shape))
        return np.concatenate([getattr(s, name) for s in sheets])

    pattern, material = join("pattern").astype(np.int8), join("material").astype(np.int8)
    own_pattern = np.array([_PATTERN_ROW[one.pattern] for one in spec.cast], np.int8)
    own_material = np.array([_MATERIAL_ROW[one.material] for one in spec.cast], np.int8)
    pattern = np.where(pattern < 0, own_pattern[e], pattern).astype(np.int8)
    material = np.where(material < 0, own_material[e], material).astype(np.int8)
    at, half, local = join("at", (3,)), join("half", (3,)), join("rotation", (3, 3))
    big = size[:, e]
    turned = rotation[:, e]
    out_position = position[:, e] + np.einsum("tkij,kj->tki", turned, at) * big[:, :, None]
    out_rotation = np.einsum("tkij,kjl->tkil", turned, local)
    out_scale = half[None] * big[:, :, None]
    gain = join("gain")[None, :, None]
    own = (color[:, e], second[:, e])
    first_color = np.minimum(_painted(join("paint"), join("fixed", (3,)), *own) * gain, 1)
    second_color = _painted(join("second"), join("fixed_second", (3,)), *own)
    shown = present[:, e].copy()
    for k, one in enumerate(cast):
        rows = slice(int(begin[k]), int(begin[k + 1]))
        row = stage.main[one.id]
        if one.kind in ("cart", "door", "screen", "pendulum"):
            _jointed(
                one, course.joint[:, row], sheets[k], rows,
                (position[:, one.id - 1], rotation[:, one.id - 1], size[:, one.id - 1]),
                (out_position, out_rotation, out_scale),
            )  # fmt: skip
        if stage.world.shards[row, 1]:
            shown[course.mode[:, row] == physics.ABSENT, rows] = False
    parts = Parts(
        shape=join("shape").astype(np.int8),
        entity=who.astype(np.int16),
        param=join("param").astype(np.float32),
        pattern=pattern,
        material=material,
        pattern_scale=join("repeats").astype(np.float32),
        pattern_seed=np.array([one.seed & 0x7FFFFFFF for one in spec.cast], np.int32)[e]
        if total
        else np.zeros(0, np.int32),
        position=_f(out_position),
        rotation=_f(out_rotation),
        scale=_f(out_scale),
        color=_f(first_color),
        second=_f(second_color),
        pattern_shift=np.zeros((t, total, 3), np.float32),
        present=shown,
    )
    broken = {int(stage.world.entity[row]) for _, row in course.broken}
    if not broken:
        return parts
    return merge([parts, _splinters(spec, stage, course, present, colors, sorted(broken))])


def _painted(paint: NDArray, fixed: D, color: D, second: D) -> D:
    out = np.where((paint == 1)[None, :, None], second, color)
    return np.where((paint == 2)[None, :, None], fixed[None], out)


def _jointed(
    one: Entity,
    joint: D,
    sheet: things.Sheet,
    rows: slice,
    pose: tuple[D, D, D],
    out: tuple[D, D, D],
) -> None:
    """Parts that turn or grow against their entity: wheels, leaves, panels, pendulums."""
    position, rotation, size = pose
    mine = np.flatnonzero(sheet.node != things.BODY)
    to = mine + rows.start
    at, pivot = sheet.at[mine], sheet.pivot[mine]
    if one.kind == "screen":
        share = np.maximum(joint, 1e-3)[:, None]
        local = np.repeat(at[None], len(joint), 0)
        local[:, :, 1] = -1 + share * (1 + at[None, :, 1])
        moved = np.einsum("tij,tkj->tki", rotation, local) * size[:, None, None]
        out[0][:, to] = position[:, None] + moved
        out[2][:, to, 1] *= share
        return
    if one.kind == "cart":
        turn = _about(0, joint)
    elif one.kind == "door":
        turn = about_y(joint)
    else:
        turn = _about(2, joint)
    local = pivot[None] + np.einsum("tij,kj->tki", turn, at - pivot)
    out[0][:, to] = (
        position[:, None] + np.einsum("tij,tkj->tki", rotation, local) * size[:, None, None]
    )
    both = _times(rotation, turn)
    out[1][:, to] = np.einsum("tij,kjl->tkil", both, sheet.rotation[mine])


def _splinters(
    spec: SceneSpec,
    stage: Stage,
    course: Course,
    present: NDArray[np.bool_],
    colors: tuple[D, D],
    ids: Sequence[int],
) -> Parts:
    """Parts of what broke: flat pieces, where they fly and lie."""
    t = spec.num_frames
    world = stage.world
    rows = np.concatenate([
        np.arange(world.shards[stage.main[id], 0], world.shards[stage.main[id]].sum()) for id in ids
    ])  # fmt: skip
    e = world.entity[rows] - 1
    k = len(rows)
    rng = np.random.default_rng([spec.seed, 7003])
    flat = rng.uniform([0.9, 0.25, 0.7], [1.5, 0.4, 1.2], (k, 3))
    shown = (course.mode[:, rows] == FREE) & present[:, e]
    material = np.array([_MATERIAL_ROW[one.material] for one in spec.cast], np.int8)
    pattern = np.array([_PATTERN_ROW[one.pattern] for one in spec.cast], np.int8)
    box = np.where(np.arange(k) % 3 == 2, SHAPES.index("cone"), SHAPES.index("box"))
    return Parts(
        shape=box.astype(np.int8),
        entity=(e + 1).astype(np.int16),
        param=np.zeros(k, np.float32),
        pattern=pattern[e],
        material=material[e],
        pattern_scale=np.ones(k, np.float32),
        pattern_seed=np.arange(k, dtype=np.int32),
        position=_f(course.position[:, rows]),
        rotation=_f(quaternions(course.rotation[:, rows])),
        scale=_f(world.half[rows][None] * flat[None] * course.size[:, rows, None]),
        color=_f(colors[0][:, e]),
        second=_f(colors[1][:, e]),
        pattern_shift=np.zeros((t, k, 3), np.float32),
        present=shown,
    )


def merge(several: Sequence[Parts]) -> Parts:
    """Parts after parts, in order."""
    several = [parts for parts in several if len(parts.shape)] or list(several[:1])
    if len(several) == 1:
        return several[0]
    flat = ("shape", "entity", "param", "pattern", "material", "pattern_scale", "pattern_seed")
    joined = {
        name: np.concatenate(
            [getattr(parts, name) for parts in several], axis=0 if name in flat else 1
        )
        for name in Parts.__dataclass_fields__
    }
    return Parts(**joined)


def _contacts(spec: SceneSpec, stage: Stage, course: Course) -> tuple[Contact, ...]:
    """What touched, in the order of time; shards are left out."""
    out = []
    splinter = np.zeros(len(stage.world.shape), np.bool_)
    for first, num in stage.world.shards[stage.world.shards[:, 1] > 0]:
        splinter[first : first + num] = True
    owner = stage.world.entity
    for (_, i, j), row in zip(course.touched, course.touch, strict=True):
        if splinter[i] or (j >= 0 and splinter[j]):
            continue
        first, second = int(owner[i]), int(owner[j]) if j >= 0 else 0
        frame = min(int(np.ceil((row[0] * float(spec.fps)) - 1e-6)), spec.num_frames - 1)
        out.append(
            Contact(
                frame, float(row[0]), first, second, float(row[1]),
                (float(row[2]), float(row[3]), float(row[4])),
                (float(row[5]), float(row[6]), float(row[7])),
            )
        )  # fmt: skip
    return tuple(sorted(out, key=lambda c: (c.time, c.first, c.second)))


def no_skeletons(num_frames: int) -> Skeletons:
    """Of a scene without walkers."""
    return Skeletons(
        np.zeros(0, np.int16),
        np.zeros((num_frames, 0, 17, 3), np.float32),
        np.zeros((num_frames, 0, 4, 3), np.float32),
        np.zeros((num_frames, 0, 4), np.bool_),
        np.zeros((num_frames, 0), np.float32),
    )


def _play_out(spec: SceneSpec) -> tuple[Stage, Course, Acted | None]:
    """Walkers and physics. Who goes to a thing that has moved by itself is told where it is then,
    and everything begins again; two such turns are enough for a deed that follows from another."""
    if not any(one.kind in WALKERS for one in spec.cast):
        stage = _stage(spec)
        return stage, _run(spec, stage, _routes(spec, stage), ()), None
    acted = walkers.act(spec)
    goals = [
        (event.target, event.start)
        for event in spec.events
        if event.target and event.agent
        and spec.entity(event.agent).kind in WALKERS and spec.entity(event.target).kind in THINGS
    ]  # fmt: skip
    known: D | None = None
    for turn in range(3):
        stage = _stage(spec)
        tracks, commands = _led(spec, stage, acted)
        course = _run(spec, stage, [*_routes(spec, stage), *tracks], commands)
        if turn == 2 or not goals:
            break
        there = _Where(spec, stage, course)
        now = np.array([there(*goal)[0] for goal in goals])
        if known is None:
            known = np.array([spec.entity(target).position for target, _ in goals])
        if np.abs(now - known).max() < 0.02:
            break
        known = now
        acted = walkers.act(spec, there)
    return stage, course, acted


@dataclass(frozen=True)
class _Where:
    """Where things are at a time: foot and heading."""

    spec: SceneSpec
    stage: Stage
    course: Course

    def __call__(self, id: int, time: float) -> tuple[tuple[float, float, float], float]:
        row = self.stage.main[id]
        at = min(max(time * float(self.spec.fps), 0.0), self.spec.num_frames - 1.0)
        i = int(at)
        j = min(i + 1, self.spec.num_frames - 1)
        a, b = self.course.position[i, row], self.course.position[j, row]
        x, y, z = a + (b - a) * (at - i)
        high = self.spec.entity(id).size
        return (float(x), float(y) - high, float(z)), float(self.course.heading[i, row])


def _solids(
    spec: SceneSpec, stage: Stage, course: Course, present: NDArray[np.bool_]
) -> outcome.Solids:
    """Bodies without shards, as what hides and is hidden; walls of a place have no id."""
    world = stage.world
    rows = [row for one in spec.cast for row in stage.rows[one.id]]
    rows += [row for mine in stage.walls.values() for row in mine]
    keep = np.array([row for row in rows if world.burst[row].any() == 0], np.int64)
    half = np.repeat(world.half[keep][None], len(course.size), 0) * course.size[:, keep, None]
    for k, row in enumerate(keep):
        if world.pivot[row, 3] == 0 and world.pivot[row, 1] > 0:
            half[:, k, 1] = np.maximum(world.pivot[row, 1] * course.joint[:, row], 1e-3)
    there = present[:, np.maximum(world.entity[keep] - 1, 0)] | (world.entity[keep] == 0)
    there &= course.mode[:, keep] != physics.ABSENT
    return outcome.Solids(
        world.entity[keep],
        world.shape[keep],
        course.position[:, keep],
        course.heading[:, keep],
        half,
        there,
    )


def overlaps(spec: SceneSpec, *, most: float = 0.01) -> list[tuple[int, int, float]]:
    """Who stands inside of whom when the scene begins: ids and how deep, in world units.

    Args:
        most: depth that does not count. Walkers and what is held at the start are not looked at.
    """
    _check(spec)
    stage = _stage(spec)
    world, mode = stage.world, stage.mode
    deepest: dict[tuple[int, int], float] = {}
    result, work, more = np.empty(8), np.empty(8), np.empty(8)
    here = set(spec.shots[0].cast) or {one.id for one in spec.cast}
    rows = [row for one in spec.cast if one.id in here for row in stage.rows[one.id]]
    rows += stage.walls[spec.shots[0].place]
    for a, i in enumerate(rows):
        for j in rows[a + 1 :]:
            if (mode[i] != FREE and mode[j] != FREE) or physics.ABSENT in (mode[i], mode[j]):
                continue
            if MOVED in (mode[i], mode[j]) or world.group[i] == world.group[j]:
                continue
            if physics.depth(world, i, j, work, more, result) > most:
                pair = int(world.entity[i]), int(world.entity[j])
                deepest[pair] = max(deepest.get(pair, 0.0), float(result[0]))
    return [(*pair, deep) for pair, deep in deepest.items()]


def simulate(spec: SceneSpec) -> Animation:
    """Everything that happens in a scene.

    Raises:
        BadInput: the spec names what is not there, or numbers that make no sense.
    """
    _check(spec)
    if spec.actions:
        from evenflow.world import play

        return play.animate(spec)
    stage, course, acted = _play_out(spec)
    color, second, names = _palette(spec)
    entities, *pose = _entities(spec, stage, course, names, acted)
    parts = _parts(
        spec, stage, course, entities.present, (pose[0], pose[1], pose[2]), (color, second)
    )
    if acted is not None:
        parts = merge([parts, walkers.parts(acted, spec, color, second, entities.present)])
    lengths = [shot.frames for shot in spec.shots]
    shot_of = np.repeat(np.arange(len(lengths)), lengths).astype(np.int16)
    place_of = np.repeat([shot.place for shot in spec.shots], lengths).astype(np.int16)
    camera = cameras.track(spec, entities)
    contacts = _contacts(spec, stage, course)
    num_sub = physics.substeps(float(spec.fps))
    broken = [
        (min(int(step) // num_sub + 1, spec.num_frames - 1), int(stage.world.entity[row]))
        for step, row in course.broken
    ]
    solids = _solids(spec, stage, course, entities.present)
    animation = Animation(
        spec=spec,
        parts=parts,
        camera=camera,
        light=lights.track(spec, entities),
        entities=entities,
        skeletons=no_skeletons(spec.num_frames) if acted is None else acted.skeletons,
        shot=shot_of,
        place=place_of,
        contacts=contacts,
        happened=outcome.happened(spec, entities, camera, contacts, broken, solids),
    )
    return control.with_colors_and_sizes(animation) if spec.keys else animation
