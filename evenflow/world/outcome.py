"""What came of a scene: hits, bounces, stops, falls, who was hidden by whom, who came and went.

Everything is measured from the simulated states; who hides whom by rays from the camera to a few
points of everybody, against the solids of everybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenflow.world import physics
from evenflow.world.animation import CameraTrack, Contact, EntityTrack, Happened
from evenflow.world.spec import Event, SceneSpec
from evenflow.world.words import EVENTS, THINGS, WALKERS

D = NDArray[np.float64]

MOVING, STILL = 0.2, 0.06
"""World units a second: what is faster moves, what is slower stands."""
HIT = 0.05
"""Change of speed, units a second, that counts as a hit."""
BOUNCE = 0.5
"""Change of speed, units a second, that counts as a bounce."""
HIDDEN = 0.8
"""Share of an entity's points that must be covered for it to be hidden."""


@dataclass(frozen=True)
class Solids:
    """What can be in the way of a look: `m` bodies in `t` frames.

    Args:
        entity: ids, `(m,)`; shape as in `physics.py`, `(m,)`.
        position: of the centers, `(t, m, 3)`; heading `(t, m)`; half sizes `(t, m, 3)`.
        present: `(t, m)`.
    """

    entity: NDArray[np.int64]
    shape: NDArray[np.int64]
    position: D
    heading: D
    half: D
    present: NDArray[np.bool_]


def happened(
    spec: SceneSpec,
    entities: EntityTrack,
    camera: CameraTrack,
    contacts: Sequence[Contact],
    broken: Sequence[tuple[int, int]],
    solids: Solids,
) -> tuple[Happened, ...]:
    """Everything that came true, in the order of frames.

    Args:
        broken: `(frame, id)` of what shattered.
        solids: what can hide and be hidden; the first of an entity is its body.
    """
    cuts = np.cumsum([shot.frames for shot in spec.shots])[:-1]
    out = [
        _caused(spec, entities, contacts, event)
        for event in spec.events
        if EVENTS[event.kind].cause and came_true(spec, entities, event)
    ]
    out += [Happened("shatter", frame, frame, id) for frame, id in broken]
    out += _touches(spec, entities, contacts)
    out += _stops(spec, entities, contacts, cuts)
    ends = {id: frame for frame, id in broken}
    out = [
        h
        for h in out
        if h.kind not in ("bounce", "stop") or h.start_frame < ends.get(h.agent, 10**9)
    ]
    out += _falls(spec, entities, cuts)
    out += _seen(spec, entities, camera, solids, cuts)
    return tuple(sorted(out, key=lambda h: (h.start_frame, h.kind, h.agent, h.target)))


def came_true(spec: SceneSpec, entities: EntityTrack, event: Event) -> bool:
    """Whether a deed left the trace that it must leave."""
    fps, last = float(spec.fps), spec.num_frames - 1
    start = min(max(int(event.start * fps), 0), last)
    end = min(max(int(np.ceil(event.end * fps)), start) + 1, last)
    position, support = entities.position, entities.support

    def way(id: int) -> float:
        return float(np.abs(position[start : end + 1, id - 1] - position[start, id - 1]).max())

    if event.kind in ("roll", "slide", "throw", "walk", "run", "circle", "follow", "rise"):
        return way(event.agent) > 0.05
    if event.kind in ("pick_up", "carry") and event.target:
        return bool((support[start : end + 1, event.target - 1] == event.agent).any())
    if event.kind == "put_down" and event.target:
        return bool(support[end, event.target - 1] != event.agent)
    if event.kind == "give" and event.target and event.other:
        return bool((support[start : end + 1, event.target - 1] == event.other).any())
    if event.kind in ("push", "kick") and event.target:
        return way(event.target) > 0.05
    return True


def _caused(
    spec: SceneSpec, entities: EntityTrack, contacts: Sequence[Contact], event: Event
) -> Happened:
    """A deed and the frames that show it: what was set going goes on until it stops."""
    fps, last = float(spec.fps), spec.num_frames - 1
    start = min(max(round(event.start * fps), 0), last)
    end = min(max(round(event.end * fps), start), last)
    e = event.agent - 1
    if event.kind in ("roll", "slide", "throw") and not event.numbers.get("route"):
        speed = np.sqrt((entities.velocity[start:, e].astype(np.float64) ** 2).sum(axis=1))
        slow = np.flatnonzero(speed[1:] < STILL)
        end = start + 1 + int(slow[0]) if len(slow) else last
    elif event.kind == "pick_up" and event.target:
        held = np.flatnonzero(entities.support[start:, event.target - 1] == event.agent)
        start = start + int(held[0]) if len(held) else start
    elif event.kind == "put_down" and event.target:
        free = np.flatnonzero(entities.support[start:, event.target - 1] != event.agent)
        end = start + int(free[0]) if len(free) else end
    elif event.kind == "give" and event.target:
        over = np.flatnonzero(entities.support[start:, event.target - 1] == event.other)
        end = start + int(over[0]) if len(over) else end
    elif event.kind == "drop":
        later = [c.frame for c in contacts if c.first == event.agent and c.frame > start]
        end = later[0] if later else end
    end = min(max(end, start), last)
    return Happened(event.kind, start, end, event.agent, event.target, event.other)


def _touches(spec: SceneSpec, entities: EntityTrack, contacts: Sequence[Contact]) -> list[Happened]:
    """Hits of two entities and bounces off the ground or a fixture."""
    out: list[Happened] = []
    last: dict[tuple[str, int, int], float] = {}
    for c in contacts:
        if not c.first:
            continue
        frame = max(c.frame - 1, 0)
        first, second = c.first, c.second
        mass = spec.entity(first).mass
        if second:
            mass = min(mass, spec.entity(second).mass)
        change = c.impulse / mass
        if abs(c.normal[1]) > 0.7:
            upper, lower = (first, second) if c.normal[1] > 0 else (second, first)
            if change > BOUNCE and upper and spec.entity(upper).kind in THINGS:
                _add(out, last, "bounce", c, upper, lower, 0.1)
                if lower and spec.entity(lower).kind in (*THINGS, *WALKERS):
                    _add(out, last, "hit", c, upper, lower, 0.5)
            continue
        if not second or change < HIT:
            continue
        v = entities.velocity[frame].astype(np.float64)
        a, b = (np.sqrt((v[i - 1] ** 2).sum()) for i in (first, second))
        agent, target = (first, second) if a >= b else (second, first)
        if spec.entity(agent).kind not in (*THINGS, *WALKERS):
            agent, target = target, agent
        _add(out, last, "hit", c, agent, target, 0.5)
        if change > BOUNCE and spec.entity(target).kind not in (*THINGS, *WALKERS):
            _add(out, last, "bounce", c, agent, target, 0.0)
    return out


def _add(
    out: list[Happened],
    last: dict[tuple[str, int, int], float],
    kind: str,
    contact: Contact,
    agent: int,
    target: int,
    pause: float,
) -> None:
    """Lists a touch, unless the same two touched within a pause."""
    key = (kind, min(agent, target), max(agent, target))
    before = last.get(key, -1e9)
    last[key] = contact.time
    if contact.time - before >= pause:
        out.append(Happened(kind, contact.frame, contact.frame, agent, target))


def _stops(
    spec: SceneSpec, entities: EntityTrack, contacts: Sequence[Contact], cuts: NDArray
) -> list[Happened]:
    """Frames in which somebody who moved comes to stand; the target is what it bumped into."""
    out = []
    speed = np.sqrt((entities.velocity.astype(np.float64) ** 2).sum(axis=2))  # (t, e)
    for e, one in enumerate(spec.cast):
        if one.kind not in (*THINGS, *WALKERS) or not (speed[:, e] > MOVING).any():
            continue
        moving = False
        begin = 0
        for t in range(len(speed)):
            if t in cuts:
                moving = False
            if speed[t, e] > MOVING:
                if not moving:
                    begin = t
                moving = True
            elif moving and speed[t, e] < STILL and (speed[t : t + 3, e] < STILL).all():
                moving = False
                near = [
                    c for c in contacts
                    if one.id in (c.first, c.second) and c.first and c.second
                    and begin <= c.frame <= t and t - c.frame <= 0.35 * float(spec.fps) + 1
                ]  # fmt: skip
                target = 0
                if near:
                    target = near[-1].second if near[-1].first == one.id else near[-1].first
                out.append(Happened("stop", t, t, one.id, target))
    return out


def _falls(spec: SceneSpec, entities: EntityTrack, cuts: NDArray) -> list[Happened]:
    """Stretches without support in which something goes down by a quarter of a unit or more."""
    out = []
    high, fall = entities.position[:, :, 1], entities.velocity[:, :, 1]
    free = (entities.support == -1) & (fall < -0.05)
    for e, one in enumerate(spec.cast):
        if one.kind not in THINGS or one.kind == "balloon" or not free[:, e].any():
            continue
        led = [ev for ev in spec.events if ev.agent == one.id and ev.kind in ("cover", "uncover")]
        for event in led:
            a, b = (round(x * float(spec.fps)) for x in (event.start, event.end))
            free[a : b + 2, e] = False
        t = 0
        while t < len(free):
            if not free[t, e]:
                t += 1
                continue
            begin = t
            while t + 1 < len(free) and free[t + 1, e] and t + 1 not in cuts:
                t += 1
            end = min(t + 1, len(free) - 1)
            if high[max(begin - 1, 0), e] - high[end, e] > 0.25:
                off = int(entities.support[max(begin - 1, 0), e])
                out.append(Happened("fall", max(begin - 1, 0), end, one.id, max(off, 0)))
            t += 1
    return out


_POINTS = np.array(
    [[0, 0], [0, 0.85], [0, -0.85], [0.85, 0], [-0.85, 0], [0.5, 0.5], [-0.5, 0.5], [0.5, -0.5],
     [-0.5, -0.5]]
)  # fmt: skip
"""Across and up, in halves of an entity."""


def _seen(
    spec: SceneSpec, entities: EntityTrack, camera: CameraTrack, solids: Solids, cuts: NDArray
) -> list[Happened]:
    """Who is hidden by whom, who appears, enters, leaves, and passes whom in the picture."""
    movers = [one for one in spec.cast if one.kind in THINGS or one.kind in WALKERS]
    if not movers:
        return []
    share, by, inside, across = looks(spec, entities, camera, solids)
    out: list[Happened] = []
    stretches = np.split(np.arange(spec.num_frames), cuts)
    speed = np.abs(entities.velocity).max(axis=2)
    for one in movers:
        e = one.id - 1
        for frames in stretches:
            begin = int(frames[0])
            there = entities.present[frames, e]
            if not there.all():
                continue
            hidden = share[frames, e] >= HIDDEN
            for a, b in _stretches(hidden):
                target = int(np.bincount(by[frames[a : b + 1], e]).argmax())
                if a > 0:
                    out.append(Happened("hide", begin + a, begin + b, one.id, target))
                if b + 1 < len(frames):
                    out.append(Happened("appear", begin + b + 1, begin + b + 1, one.id, target))
            shown = inside[frames, e]
            for a, b in _stretches(shown):
                if a > 0:
                    out.append(Happened("enter", begin + a, begin + a, one.id))
                if b + 1 < len(frames):
                    out.append(Happened("exit", begin + b + 1, begin + b + 1, one.id))
            if not (speed[frames, e] > MOVING).any():
                continue
            for other in spec.cast:
                o = other.id - 1
                if o == e or not other.said or not entities.present[frames, o].all():
                    continue
                side = across[frames, e] > across[frames, o]
                for k in np.flatnonzero(side[1:] != side[:-1]):
                    t = begin + int(k) + 1
                    seen = inside[t, e] and inside[t, o]
                    away = entities.position[t, e] - entities.position[t, o]
                    seen = seen and float(np.abs(away).max()) > 0.3 * one.size
                    apart = entities.velocity[t, e] - entities.velocity[t, o]
                    seen = seen and float(np.abs(apart).max()) > MOVING
                    if seen and speed[t, e] > MOVING and speed[t, e] >= speed[t, o]:
                        out.append(Happened("pass", t, t, one.id, other.id))
    return out


def _stretches(values: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    edge = np.diff(np.concatenate([[0], values.astype(np.int8), [0]]))
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1
    return [(int(a), int(b)) for a, b in zip(first, last, strict=True)]


def looks(
    spec: SceneSpec, entities: EntityTrack, camera: CameraTrack, solids: Solids
) -> tuple[D, NDArray[np.int64], NDArray[np.bool_], D]:
    """How everybody looks to the camera, `(t, e)` each.

    Returns:
        The share of it that somebody else covers, who covers most of that (id), whether its middle
        or an edge is in the picture, and where its middle is across, in pixels.
    """
    t, num = entities.present.shape
    view = camera.world_to_camera.astype(np.float64)
    turn, shift = view[:, :3, :3], view[:, :3, 3]
    eye = -np.einsum("tji,tj->ti", turn, shift)
    right, ahead = turn[:, 0], turn[:, 2]
    first = np.array([int(np.flatnonzero(solids.entity == i + 1)[0]) for i in range(num)])
    half = solids.half[:, first]
    middle = entities.position.astype(np.float64)
    wide = np.minimum(half[:, :, 0], half[:, :, 2])
    # Points (t, e, s, 3)
    points = (
        middle[:, :, None]
        + _POINTS[:, 0, None] * wide[:, :, None, None] * right[:, None, None]
        + _POINTS[:, 1, None] * half[:, :, None, 1:2] * np.array([0.0, 1.0, 0.0])
    )
    flat = camera.orthographic
    # In the picture.
    local = np.einsum("tij,tesj->tesi", turn, points) + shift[:, None, None]
    depth = np.where(flat[:, None, None], 1.0, np.maximum(local[..., 2], 1e-6))
    k = camera.intrinsics.astype(np.float64)
    u = k[:, 0, 0, None, None] * local[..., 0] / depth + k[:, 0, 2, None, None]
    v = k[:, 1, 1, None, None] * local[..., 1] / depth + k[:, 1, 2, None, None]
    width, height = spec.size
    inside = (u > 0) & (u < width) & (v > 0) & (v < height) & (local[..., 2] > 0)
    visible = inside.any(axis=2) & entities.present
    # In the way: from the eye (or along the view) to every point, against every solid.
    start = np.where(
        flat[:, None, None, None],
        points - ahead[:, None, None] * 100.0,
        np.broadcast_to(eye[:, None, None], points.shape),
    )
    covered = np.zeros((t, num, len(_POINTS)), np.bool_)
    most = np.zeros((t, num), np.int64)
    best = np.zeros((t, num), np.int64)
    movers = np.array(
        [i for i, one in enumerate(spec.cast) if one.kind in THINGS or one.kind in WALKERS], int
    )
    tally: dict[int, NDArray[np.bool_]] = {}
    for m in range(len(solids.entity)):
        id = int(solids.entity[m])
        shape = int(solids.shape[m])
        high = solids.half[:, m]
        if not solids.present[:, m].any() or high.max() < 0.05:
            continue
        others = movers[movers != id - 1]
        if not len(others):
            continue
        a = _into(start[:, others] - solids.position[:, None, None, m], solids.heading[:, m])
        b = _into(points[:, others] - solids.position[:, None, None, m], solids.heading[:, m])
        block = _blocks(a, b, high[:, None, None], shape) & solids.present[:, None, None, m]
        if not block.any():
            continue
        mine = np.zeros_like(covered)
        mine[:, others] = block
        tally[id] = tally[id] | mine if id in tally else mine
    for id, mine in tally.items():
        covered |= mine
        count = mine.sum(axis=2)
        better = count > best
        best[better], most[better] = count[better], id
    return covered.mean(axis=2), most, visible, u[..., 0]


def _into(points: D, heading: D) -> D:
    """World offsets in the axes of a body with a heading."""
    c, s = np.cos(heading)[:, None, None], np.sin(heading)[:, None, None]
    out = np.empty_like(points)
    out[..., 0] = c * points[..., 0] + s * points[..., 2]
    out[..., 1] = points[..., 1]
    out[..., 2] = -s * points[..., 0] + c * points[..., 2]
    return out


def _blocks(a: D, b: D, half: D, shape: int) -> NDArray[np.bool_]:
    """Whether segments from a to b meet a body: a ball or round body as an ellipsoid or cylinder,
    others as a box."""
    way = b - a
    if shape in (physics.SPHERE, physics.CYLINDER, physics.CONE, physics.CAPSULE):
        axes = (0, 1, 2) if shape == physics.SPHERE else (0, 2)
        p = [a[..., i] / half[..., i] for i in axes]
        d = [way[..., i] / half[..., i] for i in axes]
        aa = sum(x * x for x in d) + 1e-12
        bb = sum(x * y for x, y in zip(p, d, strict=True))
        cc = sum(x * x for x in p) - 1
        under = bb * bb - aa * cc
        root = np.sqrt(np.maximum(under, 0))
        near, far = (-bb - root) / aa, (-bb + root) / aa
        hit = under > 0
        if shape != physics.SPHERE:
            low, high = _slab(a[..., 1], way[..., 1], half[..., 1])
            near, far = np.maximum(near, low), np.minimum(far, high)
    else:
        near = np.full(a.shape[:-1], -1e30)
        far = np.full(a.shape[:-1], 1e30)
        for i in range(3):
            low, high = _slab(a[..., i], way[..., i], half[..., i])
            near, far = np.maximum(near, low), np.minimum(far, high)
        hit = near < far
    return np.asarray(hit & (near < far) & (near < 1) & (far > 0))


def _slab(a: D, way: D, half: D) -> tuple[D, D]:
    safe = np.where(np.abs(way) < 1e-12, 1e-12, way)
    one, two = (-half - a) / safe, (half - a) / safe
    return np.minimum(one, two), np.maximum(one, two)
