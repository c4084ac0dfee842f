"""Control: drawn trajectories, pinned states and camera keys, sketches and depth as conditions.

What somebody draws on a picture becomes part of the scene: pixels are cast back onto the ground and
staged as routes (walkers) or pinned states (things), so the clip that comes out has its truth like
any other. Sketches and depth maps go the other way: they are read off a clip's truth.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation, CameraTrack
from evenflow.world.spec import CameraMove, Entity, Event, Key, SceneSpec, Vec3
from evenflow.world.words import COLORS, WALKERS

Array = NDArray[np.float64]


def project(points: NDArray, camera: CameraTrack, frame: int) -> tuple[Array, Array]:
    """World points `(n, 3)` to pixels `(n, 2)` and z-depth `(n,)` in one frame.

    A point behind the camera has a depth that is not positive, and pixels that mean nothing.
    """
    pose = camera.world_to_camera[frame].astype(np.float64)
    k = camera.intrinsics[frame].astype(np.float64)
    local = np.asarray(points, np.float64) @ pose[:3, :3].T + pose[:3, 3]
    depth = local[:, 2]
    if camera.orthographic[frame]:
        flat = local[:, :2]
    else:
        flat = local[:, :2] / np.where(np.abs(depth) > 1e-9, depth, 1e-9)[:, None]
    return flat * [k[0, 0], k[1, 1]] + [k[0, 2], k[1, 2]], depth


def unproject(
    pixels: NDArray, camera: CameraTrack, frame: int, *, height: float = 0.0
) -> NDArray[np.float64]:
    """Pixels `(n, 2)` of one frame to the world points `(n, 3)` that they show at a height.

    Args:
        pixels: x to the right, y down, pixel centers at +0.5.
        height: of the horizontal plane that is hit; 0 is the ground.

    Raises:
        BadInput: a pixel shows no point of the plane (it lies above the horizon).
    """
    pose = camera.world_to_camera[frame].astype(np.float64)
    k = camera.intrinsics[frame].astype(np.float64)
    pixels = np.asarray(pixels, np.float64).reshape(-1, 2)
    flat = (pixels - [k[0, 2], k[1, 2]]) / [k[0, 0], k[1, 1]]
    turn = pose[:3, :3]
    center = -turn.T @ pose[:3, 3]
    if camera.orthographic[frame]:
        start = center + np.c_[flat, np.zeros(len(flat))] @ turn
        way = np.tile(turn[2], (len(flat), 1))
    else:
        start = np.tile(center, (len(flat), 1))
        way = np.c_[flat, np.ones(len(flat))] @ turn
    down = way[:, 1]
    far = np.where(np.abs(down) > 1e-9, (height - start[:, 1]) / np.where(down == 0, 1, down), -1)
    bad = (far <= 0) | (far > 1e4)
    if bad.any():
        x, y = pixels[int(np.argmax(bad))]
        raise BadInput(
            f"the point ({x:g}, {y:g}) of frame {frame} shows no ground: draw below the horizon"
        )
    return start + far[:, None] * way


def draw(
    spec: SceneSpec,
    entity: int,
    line: Sequence[tuple[float, float]],
    *,
    start: float = 0.0,
    end: float | None = None,
) -> SceneSpec:
    """The same scene in which an entity follows a line that was drawn on the picture.

    Every point of the line is where the foot of the entity is seen at its time; the points are
    spread over the time by the length of the way on the ground, so the speed is even. Cameras may
    move: a point is cast back by the camera of its time.

    Args:
        entity: id; a walker walks the line, a thing is pinned to it (`SceneSpec.keys`).
        line: points `(x, y)` in pixels, two at least.
        start, end: seconds; `end` is by default that of the clip.

    Raises:
        BadInput: nobody has this id, a point is above the horizon, the time is empty, a walker
            would have to be faster than 8 units a second.
    """
    last = (spec.num_frames - 1) / float(spec.fps)
    end = last if end is None else end
    who = _entity(spec, entity)
    if len(line) < 2:
        raise BadInput(f"a line has two points or more, got {len(line)}")
    if not 0 <= start < end <= spec.num_frames / float(spec.fps):
        raise BadInput(
            f"a line is drawn over a stretch of the clip's {last:.2f} s, got {start:g} to {end:g} s"
        )
    camera = camera_of(spec)
    pixels = np.asarray(line, np.float64).reshape(-1, 2)
    share = np.linspace(0, 1, len(pixels))
    for _ in range(4):  # times need lengths, lengths need the camera's times
        frames = np.clip(
            np.round((start + share * (end - start)) * float(spec.fps)), 0, spec.num_frames - 1
        )
        ground = np.concatenate(
            [
                unproject(p[None], camera, int(f), height=who.position[1])
                for p, f in zip(pixels, frames, strict=True)
            ]
        )
        steps = np.linalg.norm(np.diff(ground, axis=0), axis=1)
        if steps.sum() < 1e-6:
            raise BadInput("a line leads somewhere: its points are all at one place")
        share = np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])
    times = start + share * (end - start)
    if who.kind in WALKERS:
        return _walk(spec, entity, ground, float(start), float(end))
    headings = _headings(ground)
    keys = tuple(
        Key(entity, float(t), _vec(p), float(h))
        for t, p, h in zip(times, ground, headings, strict=True)
    )
    return keyframes(spec, keys)


def keyframes(
    spec: SceneSpec,
    keys: Sequence[Key] = (),
    *,
    camera: Sequence[tuple[float, ...]] = (),
    shot: int = 0,
) -> SceneSpec:
    """The same scene with states pinned at times: at the start, at the end, anywhere between.

    Things and fixtures keep their keys (`SceneSpec.keys`); walkers get routes that bring them to
    each place at its time; the camera of a shot gets its keys. Events of an entity that is pinned
    and that would move it are left out.

    Args:
        keys: states, in any order.
        camera: `(seconds, eye x y z, look-at x y z, fov)` rows.
        shot: whose camera is meant.

    Raises:
        BadInput: see `draw`; or two states of one entity at one time.
    """
    for key in keys:
        if key.time < 0:
            raise BadInput(f"a state is pinned at a time from 0 on, got {key.time:g} s")
        if not np.isfinite([key.time, *key.position, key.heading]).all():
            raise BadInput("a pinned state has finite numbers")
        if key.color and key.color not in COLORS:
            raise BadInput(f"the color {key.color!r} is not known: say {', '.join(COLORS)}")
    by_entity: dict[int, list[Key]] = {}
    for key in sorted(keys, key=lambda k: (k.entity, k.time)):
        row = by_entity.setdefault(key.entity, [])
        if row and key.time - row[-1].time < 1e-6:
            raise BadInput(f"entity {key.entity} is pinned twice at {key.time:g} s")
        row.append(key)
    for id, states in by_entity.items():
        who = _entity(spec, id)
        if who.kind not in WALKERS:
            continue
        at = np.array(who.position)
        if states[0].time < 0.5 / float(spec.fps):
            at = np.array(states[0].position)
            moved = replace(who, position=states[0].position, heading=states[0].heading)
            spec = replace(spec, cast=tuple(moved if c.id == id else c for c in spec.cast))
            states = states[1:]
        now, fresh = 0.0, True
        for state in states:
            goal = np.array(state.position)
            if np.linalg.norm(goal - at) > 0.02:
                route = np.stack([at, goal])
                spec = _walk(spec, id, route, now, state.time, keep=not fresh)
                fresh = False
            at, now = goal, state.time
    pinned = tuple(k for ks in by_entity.values() for k in ks if not _walks(spec, k.entity))
    ids = {key.entity for key in pinned}
    kept = tuple(
        e for e in spec.events if e.agent not in ids or e.kind in ("change_color", "shatter")
    )
    rest = tuple(k for k in spec.keys if k.entity not in ids)
    spec = replace(
        spec,
        events=kept,
        keys=tuple(sorted((*rest, *pinned), key=lambda k: (k.time, k.entity))),
    )
    if camera:
        rows = sorted(tuple(float(v) for v in row) for row in camera)
        if any(len(row) != 8 for row in rows):
            raise BadInput("a key of the camera is (seconds, eye x y z, look-at x y z, fov)")
        if not 0 <= shot < len(spec.shots):
            raise BadInput(f"there is no shot {shot}: the scene has {len(spec.shots)}")
        old = spec.shots[shot]
        new = replace(old, camera=replace(old.camera, keys=tuple(rows)))
        spec = replace(spec, shots=tuple(new if i == shot else s for i, s in enumerate(spec.shots)))
    return spec


def move_camera(spec: SceneSpec, moves: Sequence[CameraMove], *, shot: int = 0) -> SceneSpec:
    """The same scene, whose camera makes other moves in a shot."""
    if not 0 <= shot < len(spec.shots):
        raise BadInput(f"there is no shot {shot}: the scene has {len(spec.shots)}")
    old = spec.shots[shot]
    new = replace(old, camera=replace(old.camera, moves=tuple(moves), keys=()))
    return replace(spec, shots=tuple(new if i == shot else s for i, s in enumerate(spec.shots)))


def there_and_back(spec: SceneSpec, kind: str, amount: float, *, away_s: float) -> SceneSpec:
    """The same scene, whose camera looks away, waits, and comes back to the very same view.

    A third of the time that it is away it takes to go and a third to come back, a second each at
    the most; the scene is prolonged so that the view is held for half a second before and after.

    Args:
        kind: a row of CAMERA_MOVES that has an opposite, like `pan left`.
        amount: see `CameraMove`.
        away_s: seconds from the first to the last frame that is not the first view.
    """
    opposite = {"left": "right", "right": "left", "up": "down", "down": "up", "in": "out"}
    opposite |= {"out": "in"}
    *name, side = kind.split(" ")
    pairs = {"rise": "sink", "sink": "rise"}
    back = pairs.get(kind) or " ".join([*name, opposite.get(side, "")])
    if (side not in opposite and kind not in pairs) or away_s <= 0:
        raise BadInput(f"{kind!r} for {away_s:g} s has no way back: say one like 'pan left'")
    if len(spec.shots) != 1:
        raise BadInput("the camera looks away and back in a scene of one shot")
    still, go = 0.5, min(1.0, away_s / 3)
    frames = max(spec.num_frames, round((away_s + 2 * still) * float(spec.fps)) + 1)
    amount_back = 1 / amount if kind.startswith("zoom") else amount
    moves = (
        CameraMove(kind, still, still + go, amount),
        CameraMove(back, still + away_s - go, still + away_s, amount_back),
    )
    spec = replace(spec, shots=(replace(spec.shots[0], frames=frames),))
    return move_camera(spec, moves)


def camera_of(spec: SceneSpec) -> CameraTrack:
    """The camera of every frame of a scene, before anything is rendered."""
    from evenflow.world.simulate import simulate

    return simulate(spec).camera


def sketch(
    instance: NDArray,
    normal: NDArray,
    depth: NDArray,
    *,
    part: NDArray | None = None,
    crease_deg: float = 40.0,
    step: float = 0.06,
) -> NDArray[np.uint8]:
    """Line drawings from truth: 255 on outlines and creases, 0 elsewhere, `(t, h, w)`.

    A line is one pixel wide and lies on the nearer side of an outline.

    Args:
        instance: ids `(t, h, w)`; where two differ there is an outline.
        normal: unit vectors `(t, h, w, 3)`; a crease is where two neighbors of one instance differ
            by more than `crease_deg`.
        depth: z-depth `(t, h, w)`, infinite for the sky; a jump by a share of more than `step` that
            the slope of the surface does not explain is an outline.
        part: ids of parts; where given, parts of one instance have outlines too.
    """
    instance, depth = np.asarray(instance), np.asarray(depth, np.float32)
    normal = np.asarray(normal, np.float32)
    if normal.shape != (*instance.shape, 3) or depth.shape != instance.shape:
        raise BadInput(
            f"ids, normals and depth are of one size, got {instance.shape}, {normal.shape} and "
            f"{depth.shape}"
        )
    lines = np.zeros(instance.shape, bool)
    near = np.where(np.isfinite(depth) & (depth > 0), depth, 1e6)
    inverse = 1.0 / near  # linear over a plane, so a second difference is 0 on one
    crease = np.cos(np.radians(crease_deg))
    for axis in (1, 2):
        a = [slice(None)] * 3
        b = [slice(None)] * 3
        a[axis], b[axis] = slice(None, -1), slice(1, None)
        first, second = tuple(a), tuple(b)
        edge = instance[first] != instance[second]
        if part is not None:
            edge |= np.asarray(part)[first] != np.asarray(part)[second]
        # A jump in depth that the slope on neither side explains.
        slope = np.diff(inverse, axis=axis)
        before, after = np.zeros_like(slope), np.zeros_like(slope)
        inner_a = [slice(None)] * 3
        inner_b = [slice(None)] * 3
        inner_a[axis], inner_b[axis] = slice(1, None), slice(None, -1)
        before[tuple(inner_a)] = slope[tuple(inner_b)]
        after[tuple(inner_b)] = slope[tuple(inner_a)]
        least = np.minimum(np.abs(slope - before), np.abs(slope - after))
        jump = least > step * np.maximum(inverse[first], inverse[second])
        facing = np.sum(normal[first] * normal[second], axis=-1)
        same = instance[first] == instance[second]
        edge |= jump | ((facing < crease) & same & (instance[first] != 0))
        front = near[first] <= near[second]
        lines[first] |= edge & front
        lines[second] |= edge & ~front
    return np.where(lines, 255, 0).astype(np.uint8)


def depth_map(
    depth: NDArray, *, near: float | None = None, far: float | None = None
) -> NDArray[np.uint16]:
    """Depth as generators take it: inverse, 65535 at `near`, 0 at `far` and in the sky.

    Args:
        depth: z-depth in world units, infinite for the sky.
        near, far: world units; by default the range of this clip (its 0.1 % and 99.9 % quantiles).
    """
    depth = np.asarray(depth, np.float64)
    finite = depth[np.isfinite(depth) & (depth > 0)]
    if finite.size == 0:
        return np.zeros(depth.shape, np.uint16)
    near = float(np.quantile(finite, 0.001)) if near is None else near
    far = float(np.quantile(finite, 0.999)) if far is None else far
    if not 0 < near <= far:
        raise BadInput(f"depth runs from near to far, both above 0, got {near:g} to {far:g}")
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(depth > 0, 1.0 / depth, 0.0)
    span = max(1.0 / near - 1.0 / far, 1e-9)
    return np.round(np.clip((inverse - 1.0 / far) / span, 0, 1) * 65535).astype(np.uint16)


def with_colors_and_sizes(animation: Animation) -> Animation:
    """The same animation, with the sizes and colors that keys of its scene pin.

    Places and headings are those of the simulation, which pushes aside what is in the way; sizes
    grow about the foot, colors go over evenly from key to key, and pieces that have colors of their
    own keep them.
    """
    spec = animation.spec
    wanted = [key for key in spec.keys if key.size or key.color]
    if not wanted:
        return animation
    parts, entities = animation.parts, animation.entities
    times = np.arange(spec.num_frames) / float(spec.fps)
    position, scale, color = parts.position.copy(), parts.scale.copy(), parts.color.copy()
    center, size, names = entities.position.copy(), entities.size.copy(), entities.color.copy()
    rows = list(COLORS)
    for id in sorted({key.entity for key in wanted}):
        who, e = _entity(spec, id), id - 1
        states = sorted((k for k in spec.keys if k.entity == id), key=lambda k: k.time)
        at = np.array([s.time for s in states])
        half = _curve(times, at, np.array([s.size or who.size for s in states]))
        grown = half / np.maximum(size[:, e].astype(np.float64), 1e-9)
        mine = parts.entity == id
        away = position[:, mine] - center[:, e][:, None]
        moved = center[:, e].astype(np.float64)
        moved[:, 1] += (grown - 1) * size[:, e]
        position[:, mine] = moved[:, None] + away * grown[:, None, None]
        scale[:, mine] = scale[:, mine] * grown[:, None, None]
        center[:, e], size[:, e] = moved, half
        named = [s.color or who.color for s in states]
        if any(name != who.color for name in named):
            paint = np.array([_linear(COLORS[name]) for name in named])
            base = np.array(_linear(COLORS[who.color]))
            tint = np.stack([np.interp(times, at, paint[:, c]) for c in range(3)], axis=1)
            was = color[:, mine]
            own = np.abs(was - base).max(axis=-1, keepdims=True) < 0.02
            color[:, mine] = np.where(own, tint[:, None], was)
            latest = np.clip(np.searchsorted(at, times + 1e-9) - 1, 0, len(at) - 1)
            names[:, e] = np.array([rows.index(name) for name in named])[latest]
    return replace(
        animation,
        parts=replace(parts, position=position, scale=scale, color=color),
        entities=replace(entities, position=center, size=size, color=names),
    )


def _curve(times: Array, at: Array, values: NDArray) -> Array:
    """Values at `times`: monotone cubic between the keys, standing still outside of them."""
    values = np.asarray(values, np.float64)
    if len(at) == 1:
        return np.repeat(values, len(times), axis=0)
    inside = np.clip(times, at[0], at[-1])
    if len(at) == 2:
        share = (inside - at[0]) / (at[1] - at[0])
        share = share.reshape(-1, *[1] * (values.ndim - 1))
        return values[0] + share * (values[1] - values[0])
    from scipy.interpolate import PchipInterpolator

    return np.asarray(PchipInterpolator(at, values, axis=0)(inside), np.float64)


def _linear(color: tuple[int, int, int]) -> list[float]:
    return [
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color
    ]


def _vec(values: NDArray) -> Vec3:
    x, y, z = (round(float(v), 6) + 0.0 for v in values)
    return x, y, z


def _headings(ground: Array) -> Array:
    """Heading along a way at each of its points."""
    steps = np.diff(ground, axis=0)
    angles = np.unwrap(np.arctan2(-steps[:, 0], steps[:, 2]))
    return np.concatenate([angles[:1], (angles[:-1] + angles[1:]) / 2, angles[-1:]])


def _entity(spec: SceneSpec, id: int) -> Entity:
    for one in spec.cast:
        if one.id == id:
            return one
    raise BadInput(f"there is no entity {id}: the cast has {len(spec.cast)}")


def _walks(spec: SceneSpec, id: int) -> bool:
    return _entity(spec, id).kind in WALKERS


_MOVES = ("walk", "run", "follow", "circle", "turn", "jump", "push", "carry", "sit", "stand")


def _walk(
    spec: SceneSpec, id: int, ground: Array, start: float, end: float, *, keep: bool = False
) -> SceneSpec:
    """The scene with a walker on a route; other moves of the walker are left out."""
    who = _entity(spec, id)
    length = float(np.linalg.norm(np.diff(ground[:, [0, 2]], axis=0), axis=1).sum())
    speed = length / (end - start)
    if speed > 8:
        raise BadInput(
            f"the {who.kind} would have to make {length:.1f} units in {end - start:.2f} s: give it "
            f"{length / 3:.1f} s or draw a shorter way"
        )
    route = tuple(round(float(v), 6) for p in ground for v in (p[0], p[2]))
    event = Event(
        "run" if speed > 2.2 else "walk",
        round(start, 6),
        round(end, 6),
        agent=id,
        numbers={"route": route, "speed": (round(speed, 6),)},
    )
    others = tuple(e for e in spec.events if keep or e.agent != id or e.kind not in _MOVES)
    if start < 0.5 / float(spec.fps):
        dx, dz = float(ground[1, 0] - ground[0, 0]), float(ground[1, 2] - ground[0, 2])
        placed = replace(
            who, position=_vec(ground[0]), heading=round(float(np.arctan2(-dx, dz)), 6)
        )
        spec = replace(spec, cast=tuple(placed if c.id == id else c for c in spec.cast))
    return replace(spec, events=tuple(sorted((*others, event), key=lambda e: e.start)))
