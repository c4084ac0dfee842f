"""Walkers: what they do, event by event, as tracks of bodies, feet and hands; a pure function.

`act` goes through the events of all walkers in the order of time. What moves a body over the ground
(walk, run, carry, push, follow, circle, turn, spin, jump) goes into its `gait.Way`; what it does
besides (wave, sit, pick up, give, kick, cover its face) is laid over it by `posing.pose`. Somebody
who stands too far away for a deed, or looks elsewhere, steps up and turns first.

Things may have rolled before they are picked up: `act` takes a function that says where they are,
so a simulation can ask once more when it knows. Moods change gait, posture, arms and head as listed
in `gait.MANNERS`; no face shows them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world import bodies, things
from evenflow.world.animation import SHAPES, Parts, Skeletons
from evenflow.world.bodies import Biped
from evenflow.world.cameras import ease
from evenflow.world.gait import FIELDS, MANNERS, Leg, Way, pace
from evenflow.world.hands import (
    Grasp,
    Hold,
    Kick,
    b_height,
    carried_at,
    girth,
    grips,
    hold_tracks,
    stand_off,
)
from evenflow.world.posing import Pose, leg_length, neutral, pose, still
from evenflow.world.spec import Entity, Event, SceneSpec
from evenflow.world.words import MATERIALS, PATTERNS, WALKERS

D = NDArray[np.float64]
Where = Callable[[int, float], tuple[tuple[float, float, float], float]]
"""Id of a thing and seconds in, the place of its foot and its heading out."""

GO = ("walk", "run", "carry", "push", "circle")
RADIUS: dict[str, float] = {"dog": 0.3, "cat": 0.3, "horse": 0.18}
"""Radius of a walker as a share of its height, as physics sees it; of two legs it is 0.15."""


@dataclass(frozen=True)
class Acted:
    """What all walkers of a scene do.

    Args:
        ids: of the walkers, in the order of the cast.
        root: where they stand on the ground, with the height of jumps, `(t + 1, w, 3)`; the last
            row is one frame after the last.
        heading: `(t + 1, w)`.
        poses: bones of every frame, one for each walker.
        skeletons: joints, soles, stance, phase.
        holds, kicks: what they do to things.
        stride, distance: of the gait, `(t, w)`.
        seats: what each sits on, id or 0, -1 while it does not sit, int16 `(t, w)`.
    """

    ids: tuple[int, ...]
    root: D
    heading: D
    poses: tuple[Pose, ...]
    skeletons: Skeletons
    holds: tuple[Hold, ...]
    kicks: tuple[Kick, ...]
    stride: D
    distance: D
    seats: NDArray[np.int16]


@dataclass
class _Actor:
    """One walker while it is worked out: its way, and what it does besides."""

    entity: Entity
    way: Way
    waves: list[tuple[float, float, int, str]]
    covers: list[tuple[float, float]]
    bends: list[tuple[float, float, float, float]]
    squats: list[tuple[float, float, float]]
    sits: list[tuple[float, float, float, float, int]]
    stands: list[tuple[float, float]]
    kicks: list[tuple[float, float, float, int]]
    looks: list[tuple[float, float, D]]
    reaches: list[tuple[Grasp, float, float]]
    manners: list[tuple[float, float, str]]
    holding: Grasp | None = None
    seated: bool = False


def _number(event: Event, name: str, default: float) -> float:
    values = event.numbers.get(name)
    return float(values[0]) if values else default


def _route(event: Event) -> D | None:
    values = event.numbers.get("route")
    if not values:
        return None
    if len(values) % 2:
        raise BadInput(
            f"a route is x, z, x, z ...; that of `{event.kind}` at {event.start:g} s has "
            f"{len(values)} numbers"
        )
    return np.array(values, np.float64).reshape(-1, 2)


class _Play:
    """The state of `act`."""

    def __init__(self, spec: SceneSpec, where: Where | None) -> None:
        self.spec = spec
        self.cast = {one.id: one for one in spec.cast}
        fps = float(spec.fps)
        self.fine = max(int(np.ceil(60.0 / fps)), 2)
        self.frames = np.arange(spec.num_frames + 1) / fps
        self.time = np.arange(spec.num_frames * self.fine + 1) / (fps * self.fine)
        self.over = float(self.frames[-1])
        self.where = where
        self.grasps: list[Grasp] = []
        self.kicks: list[Kick] = []
        self.actors: dict[int, _Actor] = {}
        self.left: dict[int, tuple[float, D]] = {}
        starts = {int(s[0]): s for s in spec.shots[0].starts}
        for one in spec.cast:
            if one.kind not in WALKERS:
                continue
            x, y, z = one.position
            h = one.heading
            if one.id in starts:
                _, x, y, z, h = starts[one.id]
            way = Way(
                self.time, one.kind, one.size, (x, z, h), neutral(one.kind, one.size),
                leg_length(one.kind, one.size), 1.0 / fps, [spec.seed, 7201, one.id],
            )  # fmt: skip
            way.y[:] = y
            self.actors[one.id] = _Actor(one, way, [], [], [], [], [], [], [], [], [], [])
        for one in spec.cast:
            if one.attached in self.actors and one.kind not in WALKERS:
                self._start_with(self.actors[one.attached], one)

    # Things

    def place_of(self, thing: int, time: float) -> tuple[D, float]:
        """Center and heading of a thing, also in somebody's hands."""
        one = self.cast[thing]
        held = next((g for g in self.grasps if g.thing == thing and g.end == np.inf), None)
        if held is not None and held.walker in self.actors:
            return self._in_hands(held, time)
        if thing in self.left:
            when, at = self.left[thing]
            if self.where is None or time <= when + 0.05:
                return at[:3], float(at[3])
        if one.kind in WALKERS:
            x, z, h = self._at(thing, time)
            return np.array([x, one.size, z]), h
        if self.where is not None:
            (x, y, z), heading = self.where(thing, time)
        else:
            (x, y, z), heading = one.position, one.heading
            first = 0
            for shot in self.spec.shots:
                if first / float(self.spec.fps) <= time + 1e-9:
                    for start in shot.starts:
                        if int(start[0]) == thing:
                            x, y, z, heading = start[1:5]
                first += shot.frames
        return np.array([x, y + one.size, z]), heading

    def _in_hands(self, grasp: Grasp, time: float) -> tuple[D, float]:
        x, z, h = self._at(grasp.walker, time)
        way, local = self.actors[grasp.walker].way, grasp.offset
        sine, cosine = float(np.sin(h)), float(np.cos(h))
        high = grasp.took[1] if grasp.kind == "push" else float(way.y[0]) + local[1]
        at = np.array(
            [x + cosine * local[0] - sine * local[2], high, z + sine * local[0] + cosine * local[2]]
        )
        return at, h + float(grasp.took[3]) - self._at(grasp.walker, max(grasp.start, 0.0))[2]

    def _at(self, walker: int, time: float) -> tuple[float, float, float]:
        way = self.actors[walker].way
        i = int(np.searchsorted(self.time, time - 1e-9))
        if i < way._filled:
            return float(way.x[i]), float(way.z[i]), float(way.heading[i])
        return way.here

    def _start_with(self, actor: _Actor, thing: Entity) -> None:
        x, z, h = actor.way.here
        local = carried_at(actor.entity, thing)
        at = np.array(
            [
                x + np.cos(h) * local[0] - np.sin(h) * local[2], actor.way.y[0] + local[1],
                z + np.sin(h) * local[0] + np.cos(h) * local[2], thing.heading,
            ]
        )  # fmt: skip
        self._hold(Grasp(actor.entity.id, thing.id, "carry", -1.0, -0.5, at, offset=local), actor)

    def _hold(self, grasp: Grasp, actor: _Actor) -> None:
        self.grasps.append(grasp)
        actor.holding = grasp
        actor.reaches.append((grasp, grasp.start - 0.45, 0.0))

    def _snap(self, time: float) -> float:
        """The next frame: hands close and open on frames."""
        fps = float(self.spec.fps)
        return float(np.ceil(time * fps - 1e-6) / fps)

    # Ways

    def _busy(self, actor: _Actor, time: float) -> bool:
        return actor.way._index(time) < actor.way._filled - 1

    def approach(
        self, actor: _Actor, start: float, end: float, x: float, z: float, off: float
    ) -> float:
        """Walks up to a point until it is `off` away, and faces it; returns when."""
        if self._busy(actor, start) or actor.seated:
            return start
        here = np.array(actor.way.here[:2])
        gap = np.array([x, z]) - here
        far = float(np.hypot(*gap))
        if far > off + 0.12:
            goal = np.array([x, z]) - gap / far * off
            until = start + 0.55 * (end - start)
            usual = pace(actor.entity.kind, actor.entity.size)
            need = (far - off) / usual + 0.5
            until = min(until, start + need)
            start = actor.way.walk([Leg(start, until, goal[None], 0.0, 0.0, "")])
        elif far < 0.6 * off and far > 1e-3:
            goal = np.array([x, z]) - gap / far * off
            away = actor.way.here[2]
            until = start + min(0.35 * (end - start), 0.7)
            start = self._step_back(actor, start, until, goal, away)
        return actor.way.face(start, x, z, 0.3 * max(end - start, 0.2))

    def _step_back(self, actor: _Actor, start: float, end: float, goal: D, face: float) -> float:
        """A step or two without turning."""
        from evenflow.world.gait import path_through

        way = actor.way
        way.stand_until(start)
        step = self.time[1] - self.time[0]
        fine = np.arange(start, end + step, step)
        route = path_through(np.stack([np.array(way.here[:2]), goal]))
        s = route.length * ease((fine - start) / max(end - start, 1e-6))
        stride = np.full(len(fine), 0.9 * actor.entity.size)
        way._lay(
            way._filled, fine, s, route, stride, np.zeros(len(fine)), MANNERS[""], rests=True,
            heading=np.full(len(fine), face),
        )  # fmt: skip
        return end

    def go(self, actor: _Actor, chain: list[Event]) -> None:
        """A walk, or several that join on to one another."""
        legs = []
        here = np.array(actor.way.here[:2])
        facing = actor.way.here[2]
        one_kind = actor.entity.kind
        for event in chain:
            route = _route(event)
            one = actor.entity
            speed = _number(event, "speed", 0.0)
            run = event.kind == "run" or speed > 2.1 * pace(one_kind, actor.entity.size)
            if route is None:
                usual = speed or pace(one.kind, one.size, run=run, manner=event.manner)
                far = usual * max(event.end - event.start - 0.4, 0.2)
                if event.kind == "circle" and event.target:
                    center = self.place_of(event.target, event.start)[0][[0, 2]]
                    route = _ring(here, center)
                else:
                    route = (here + far * np.array([-np.sin(facing), np.cos(facing)]))[None]
            elif len(route) > 1 and np.hypot(*(route[0] - here)) < 0.35:
                route = route[1:]
            legs.append(
                Leg(event.start, event.end, route, speed, 1.0 if run else 0.0, event.manner)
            )
            here = route[-1]
        push = chain[0].kind == "push"
        start = max(legs[0].start, self._free_from(actor, legs[0].start))
        legs[0] = replace(legs[0], start=start)
        if actor.seated:
            actor.stands.append((start, start + 0.5))
            actor.seated = False
            legs[0] = replace(legs[0], start=start + 0.5)
        if push and chain[0].target:
            start = self._grip_to_push(actor, chain[0], start)
            legs[0] = replace(legs[0], start=start)
        carried = chain[0].kind == "carry" and chain[0].target and actor.holding is None
        if carried:
            start = self._take(actor, chain[0].target, start, start + 0.9)
            legs[0] = replace(legs[0], start=start)
        for i in range(len(legs)):
            begins = max(legs[i].start, legs[i - 1].start + 0.2 if i else 0.0)
            legs[i] = replace(legs[i], start=begins, end=max(legs[i].end, begins + 0.3))
        arrived = actor.way.walk(legs)
        if push and actor.holding is not None:
            self._let_go(actor, self._snap(min(arrived, chain[-1].end)), None)

    def _free_from(self, actor: _Actor, time: float) -> float:
        filled = min(actor.way._filled, len(self.time))
        return max(time, float(self.time[filled - 1])) if filled else time

    def _grip_to_push(self, actor: _Actor, event: Event, start: float) -> float:
        thing = self.cast[event.target]
        center, heading = self.place_of(event.target, start)
        off = stand_off(actor.entity, thing, "push")
        ready = self.approach(actor, start, event.end, float(center[0]), float(center[2]), off)
        ready = self._snap(ready + 0.15)
        center, heading = self._taken(thing.id, ready, center, heading)
        x, z, h = actor.way.here
        dx, dz = center[0] - x, center[2] - z
        local = np.array([np.cos(h) * dx + np.sin(h) * dz, 0.0, -np.sin(h) * dx + np.cos(h) * dz])
        took = np.array([*center, heading])
        self._hold(
            Grasp(actor.entity.id, thing.id, "push", ready, ready, took, offset=local), actor
        )
        actor.manners.append((ready, event.end, "push"))
        return ready

    def _taken(self, thing: int, when: float, center: D, heading: float) -> tuple[D, float]:
        """Takes a thing out of the hands that have it; where it is then."""
        for other in self.actors.values():
            if other.holding is not None and other.holding.thing == thing:
                center, heading = self.place_of(thing, when)
                self._let_go(other, when, None)
        return center, heading

    def _let_go(self, actor: _Actor, when: float, put: D | None, down: float = 0.0) -> None:
        grasp = actor.holding
        if grasp is None:
            return
        at, heading = self._in_hands(grasp, when)
        grasp.end, grasp.put, grasp.down = when, put, down
        actor.holding = None
        self.left[grasp.thing] = (when, np.array([*at, heading]) if put is None else put)

    def follow(self, actor: _Actor, event: Event) -> None:
        """Goes where its target went, a gap behind."""
        gap = _number(event, "gap", 1.0)
        start, end = self._free_from(actor, event.start), min(event.end, self.over)
        inside = (self.time >= start - 1e-9) & (self.time <= end + 0.7)
        fine = self.time[inside]
        if len(fine) < 8 or not event.target:
            return
        if event.target in self.actors:
            leader = self.actors[event.target].way
            leader.stand_until(self.over + 1.0)
            trail = np.stack([leader.x[inside], leader.z[inside]], 1)
        else:
            coarse = np.linspace(fine[0], fine[-1], max(int((fine[-1] - fine[0]) * 12), 2))
            rows = np.array([self.place_of(event.target, float(t))[0][[0, 2]] for t in coarse])
            trail = np.stack([np.interp(fine, coarse, rows[:, k]) for k in (0, 1)], 1)
        here = np.array(actor.way.here[:2])
        steps = np.hypot(*np.diff(trail, axis=0).T)
        far = float(np.hypot(*(trail[0] - here)))
        gone = far + np.concatenate([[0.0], np.cumsum(steps)])
        keep = np.concatenate([[True], np.diff(np.floor(gone / 0.12)) > 0])
        from evenflow.world.gait import path_through

        points = np.concatenate([here[None], trail[keep], trail[-1:]])
        route = path_through(points)
        scale = route.length / max(float(gone[-1]), 1e-6)
        wanted = np.maximum((gone - gap) * scale, 0.0)
        usual = pace(actor.entity.kind, actor.entity.size)
        step = float(fine[1] - fine[0])
        most = max(1.5 * float(steps.max()) / step * scale, 1.3 * usual)
        s, speed = np.zeros(len(fine)), 0.0
        for i in range(1, len(fine)):
            aim = np.clip(2.2 * (wanted[i] - s[i - 1]), 0.0, most) if fine[i] < end else 0.0
            speed += float(np.clip(aim - speed, -4.0 * step, 3.0 * step))
            s[i] = s[i - 1] + max(speed, 0.0) * step
        s = np.minimum(s, route.length)
        top = float(np.gradient(s, step).max())
        if s[-1] < 0.05:
            return
        run = 1.0 if top > 1.9 * usual else 0.0
        self._lay_stops(actor, fine, s, route, top, run, event)

    def _lay_stops(
        self, actor: _Actor, fine: D, s: D, route: object, top: float, run: float, event: Event
    ) -> None:
        """Lays a way that may stop and go on, stretch by stretch."""
        from evenflow.world.gait import Path, stride_of

        assert isinstance(route, Path)
        one = actor.entity
        step = float(fine[1] - fine[0])
        speed = np.gradient(s, step)
        moving = speed > 0.03
        edges = np.flatnonzero(np.diff(np.concatenate([[0], moving.astype(int), [0]])))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            a0, b0 = max(a - 1, 0), min(b, len(fine) - 1)
            if b0 - a0 < 4 or s[b0] - s[a0] < 0.03:
                continue
            way = actor.way
            way.stand_until(float(fine[a0]))
            there = np.interp(s[a0], route.s, route.x), np.interp(s[a0], route.s, route.z)
            if np.hypot(there[0] - way.here[0], there[1] - way.here[1]) > 0.2:
                continue
            mean = float(np.quantile(speed[a0:b0], 0.7))
            stride = stride_of(one.kind, one.size, mean, run=run > 0, manner=event.manner)
            cut = slice(a0, b0 + 1)
            begin = float(np.interp(s[a0], route.s, route.s))
            rest = Path(route.s - begin, route.x, route.z, route.heading)
            count = b0 + 1 - a0
            rests = bool(b0 < len(fine) - 1 or speed[b0] < 0.05)
            way._lay(
                way._filled, fine[cut], s[cut] - s[a0], rest, np.full(count, stride),
                np.full(count, run), MANNERS[event.manner], rests=rests,
            )  # fmt: skip

    # Deeds

    def deed(self, actor: _Actor, event: Event) -> None:
        """One event that is no walk."""
        one, way = actor.entity, actor.way
        start, end = event.start, max(event.end, event.start + 0.2)
        kind = event.kind
        still = kind in (
            "turn", "spin", "jump", "sit", "stand", "pick_up", "put_down", "give", "kick",
        )  # fmt: skip
        if still and kind != "jump":
            free = self._free_from(actor, start)
            start, end = free, end + free - start
        if actor.seated and kind in ("turn", "spin", "jump", "kick", "stand", "pick_up"):
            actor.stands.append((start, min(start + 0.7, end) if kind != "stand" else end))
            actor.seated = False
            if kind == "stand":
                return
            start = min(start + 0.7, end)
            end = max(end, start + 0.5)
        if kind in ("turn", "spin"):
            angle = _number(event, "angle", 3.0)
            if kind == "spin":
                angle = _number(event, "rate", 2.5) * (end - start)
            way.turn(start, end, angle)
        elif kind == "jump":
            high = _number(event, "height", 0.32 * one.size)
            if not self._busy(actor, start):
                way.stand_until(start)
            leaves, lands = way.jump(start, end, high, self.spec.gravity)
            actor.squats.append((start, leaves, lands))
        elif kind == "wave":
            side = 0 if _number(event, "side", 1.0) < 0 else 1
            if event.target:
                start = self._turn_to(actor, event.target, start, end)
            actor.waves.append((start, end, side, event.manner))
        elif kind == "hand_over_face":
            actor.covers.append((start, end))
        elif kind == "sit":
            self._sit(actor, event, start, end)
        elif kind == "pick_up" and event.target:
            self._take(actor, event.target, start, end)
        elif kind == "put_down":
            self._put(actor, event, start, end)
        elif kind == "give":
            self._give(actor, event, start, end)
        elif kind == "kick" and event.target:
            self._kick(actor, event, start, end)

    def _turn_to(self, actor: _Actor, target: int, start: float, end: float) -> float:
        at = self.place_of(target, start)[0]
        actor.looks.append((start, end, at))
        if self._busy(actor, start) or actor.seated:
            return start
        return actor.way.face(start, float(at[0]), float(at[2]), 0.4 * (end - start))

    def _sit(self, actor: _Actor, event: Event, start: float, end: float) -> None:
        one, way = actor.entity, actor.way
        high = 2.0 * one.size
        b = bodies.build(one.kind)
        seat, back = 0.0, 0.17 * high
        target = event.target
        two = isinstance(b, Biped)
        if target and two:
            what = self.cast[target]
            x, y, z = girth(what)
            center, heading = self.place_of(target, start)
            top = center[1] + y
            front = np.array([-np.sin(heading), np.cos(heading)])
            if what.kind == "bench":
                top = center[1] + things.SEAT * what.size
                middle = center[[0, 2]] + 0.08 * what.size * front
                deep = 0.42 * what.size
            else:
                gap = np.array(way.here[:2]) - center[[0, 2]]
                far = float(np.hypot(*gap))
                front = gap / far if far > 1e-3 else front
                middle, deep = center[[0, 2]], 0.5 * (x + z)
            assert isinstance(b, Biped)
            seat = min(top, (b.hip - 0.04) * high)
            back = 0.245 * high
            hips = middle + front * max(deep - 0.12 * high, 0.0)
            goal = hips + front * back
            here = np.array(way.here[:2])
            if np.hypot(*(goal - here)) > 0.1 and not self._busy(actor, start):
                route = [goal]
                if (here - middle) @ front < 0.0:  # from behind: around the end of it
                    across = np.array([front[1], -front[0]])
                    sign = 1.0 if (here - middle) @ across > 0 else -1.0
                    route = [middle + across * sign * (x + 0.4), goal + front * 0.1, goal]
                until = start + 0.5 * (end - start)
                start = way.walk([Leg(start, until, np.array(route), 0.0, 0.0, "")])
            error = float(np.arctan2(-front[0], front[1])) - way.here[2]
            error = (error + np.pi) % (2 * np.pi) - np.pi
            if abs(error) > 0.05:
                took = min(0.25 + 0.3 * abs(error), 0.55 * max(end - start, 0.3))
                took = max(took, way.turn_seconds(error))
                way.turn(start, start + took, error)
                start += took
            back = min(float(np.hypot(*(np.array(way.here[:2]) - hips))), 0.3 * high)
        actor.sits.append((start, max(end, start + 0.02), seat, back, target))
        actor.seated = True

    def _bend_for(self, actor: _Actor, height: float, far: float) -> float:
        """How far it must bend to reach a height, `far` ahead of its root."""
        b = bodies.build(actor.entity.kind)
        high = 2.0 * actor.entity.size
        if not isinstance(b, Biped):
            return float(np.clip((b.shoulder * high * 0.9 - height) / (0.5 * high), 0.0, 1.0))
        arm = 0.94 * (b.upper + b.fore) * high
        for bend in np.linspace(0.0, 1.0, 21):
            lean = 0.98 * bend
            up = (b.hip - 0.2 * bend) * high + (b.shoulder - b.hip) * high * np.cos(lean)
            ahead = -0.055 * high * bend + (b.shoulder - b.hip) * high * np.sin(lean)
            if np.hypot(up - height, far - ahead) < arm:
                return float(bend)
        return 1.0

    def _take(self, actor: _Actor, thing: int, start: float, end: float) -> float:
        """Walks up, bends, takes it, stands up with it; returns when it has it."""
        one = self.cast[thing]
        if actor.holding is not None:
            self._let_go(actor, self._snap(start), None)
        center, heading = self.place_of(thing, start + 0.4 * (end - start))
        off = stand_off(actor.entity, one, "pick_up")
        start = self.approach(actor, start, end, float(center[0]), float(center[2]), off)
        span = max(end - start, 0.4)
        grab = self._snap(start + 0.46 * span)
        done = max(start + span, grab + 0.25)
        x, z, _ = actor.way.here
        far = max(float(np.hypot(center[0] - x, center[2] - z)) - 0.4 * girth(one)[2], 0.05)
        base = float(actor.way.y[0])
        bend = self._bend_for(actor, float(center[1]) - base - 0.1 * girth(one)[1], far)
        actor.bends.append((start, grab, done, bend))
        actor.looks.append((start, done, center))
        center, heading = self._taken(thing, grab, center, heading)
        took = np.array([*center, heading])
        local = carried_at(actor.entity, one)
        self._hold(Grasp(actor.entity.id, thing, "carry", grab, done, took, offset=local), actor)
        actor.way.stand_until(min(done, self.over))
        return done

    def _put(self, actor: _Actor, event: Event, start: float, end: float) -> None:
        if actor.holding is None and event.target and event.target not in self.actors:
            start = self._take(actor, event.target, start, start + 0.55 * (end - start))
        grasp = actor.holding
        if grasp is None:
            return
        one = self.cast[grasp.thing]
        x, z, h = actor.way.here
        off = stand_off(actor.entity, one, "put_down")
        place = event.numbers.get("place")
        base = float(actor.way.y[0])
        if place and len(place) == 3:
            at = np.array([place[0], place[1] + one.size, place[2]])
        else:
            at = np.array([x - off * np.sin(h), base + one.size, z + off * np.cos(h)])
        start = self.approach(actor, start, end, float(at[0]), float(at[2]), off)
        span = max(end - start, 0.4)
        let = self._snap(start + 0.6 * span)
        x, z, h = actor.way.here
        far = max(float(np.hypot(at[0] - x, at[2] - z)) - 0.4 * girth(one)[2], 0.05)
        bend = self._bend_for(actor, float(at[1]) - base - 0.1 * girth(one)[1], far)
        actor.bends.append((start, let, max(start + span, let + 0.2), bend))
        actor.looks.append((start, let, at))
        facing = h + grasp.took[3] - self._at(grasp.walker, max(grasp.start, 0.0))[2]
        self._let_go(actor, let, np.array([*at, facing]), start)
        actor.way.stand_until(min(start + span, self.over))

    def _give(self, actor: _Actor, event: Event, start: float, end: float) -> None:
        ids = [id for id in (event.target, event.other) if id]
        to = next((id for id in ids if id in self.actors and id != actor.entity.id), 0)
        what = next((id for id in ids if id not in self.actors), 0)
        if not to:
            return
        other = self.actors[to]
        if actor.holding is None and what:
            start = self._take(actor, what, start, start + 0.45 * (end - start))
        grasp = actor.holding
        if grasp is None:
            return
        one = self.cast[grasp.thing]
        ox, oz, _ = other.way.here
        off = stand_off(actor.entity, other.entity, "give") + 0.6 * girth(one)[2]
        start = self.approach(actor, start, end, ox, oz, off)
        x, z, h = actor.way.here
        if not self._busy(other, event.start) and not other.seated:
            other.way.face(max(event.start, self._free_from(other, event.start)), x, z, 0.5)
        ox, oz, _ = other.way.here
        span = max(end - start, 0.5)
        meet = self._snap(start + 0.5 * span)
        mine, theirs = carried_at(actor.entity, one), carried_at(other.entity, one)
        share = 0.5
        at = np.array([x + share * (ox - x), 0.5 * (mine[1] + theirs[1]), z + share * (oz - z)])
        at[1] += float(actor.way.y[0])
        facing = h + grasp.took[3] - self._at(grasp.walker, max(grasp.start, 0.0))[2]
        put = np.array([*at, facing])
        self._let_go(actor, meet, put, start + 0.08 * span)
        low = self._bend_for(
            actor, float(at[1]), float(np.hypot(at[0] - x, at[2] - z)) - 0.6 * girth(one)[2]
        )
        actor.bends.append((start, meet, end, min(low, 0.16)))
        low = self._bend_for(
            other, float(at[1]), float(np.hypot(at[0] - ox, at[2] - oz)) - 0.6 * girth(one)[2]
        )
        other.bends.append((start, meet, end, min(low, 0.16)))
        self._hold(
            Grasp(to, one.id, "carry", meet, max(end, meet + 0.3), put, offset=theirs), other
        )
        head = np.array([ox, 1.8 * other.entity.size, oz])
        actor.looks.append((start, end + 0.3, head))
        other.looks.append((start, end + 0.3, np.array([x, 1.8 * actor.entity.size, z])))
        for body in (actor, other):
            body.way.stand_until(min(end, self.over))

    def _kick(self, actor: _Actor, event: Event, start: float, end: float) -> None:
        one = self.cast[event.target]
        center, _ = self.place_of(event.target, start)
        off = stand_off(actor.entity, one, "kick")
        start = self.approach(actor, start, end, float(center[0]), float(center[2]), off)
        span = max(end - start, 0.5)
        hit = self._snap(start + 0.5 * min(span, 1.0))
        done = min(start + span, hit + 0.6)
        h = actor.way.here[2]
        velocity = event.numbers.get("velocity")
        if velocity and len(velocity) == 3:
            v = (float(velocity[0]), float(velocity[1]), float(velocity[2]))
        else:
            v = (-3.0 * float(np.sin(h)), 0.0, 3.0 * float(np.cos(h)))
        self.kicks.append(Kick(one.id, actor.entity.id, hit, v))
        actor.kicks.append((start, hit, done, 1))
        actor.looks.append((start, done, center))
        actor.way.stand_until(min(done, self.over))


def _ring(here: D, center: D) -> D:
    """Once around a center, from where somebody stands."""
    away = here - center
    radius = max(float(np.hypot(*away)), 0.8)
    angle = np.arctan2(away[1], away[0]) + np.linspace(0.0, 2.0 * np.pi, 25)
    out: D = center + radius * np.stack([np.cos(angle), np.sin(angle)], 1)
    return out


def act(spec: SceneSpec, where: Where | None = None) -> Acted:
    """What all walkers of a scene do.

    Args:
        spec: the scene.
        where: says where things are that nobody holds; without it they are taken to be where the
            spec, a cut or a walker last put them.

    Raises:
        BadInput: walkers follow one another in a circle, or a route has an odd number of numbers.
    """
    play = _Play(spec, where)
    fps = float(spec.fps)
    todo: list[tuple[float, int, Event | tuple[float, ...]]] = []
    todo.extend((event.start, 1, event) for event in spec.events if event.agent in play.actors)
    first = 0
    for number, shot in enumerate(spec.shots):
        if number:
            todo.extend((first / fps, 0, s) for s in shot.starts if int(s[0]) in play.actors)
        first += shot.frames
    todo.sort(key=lambda row: row[:2])
    followers = {
        e.agent: e.target for e in spec.events if e.kind == "follow" and e.agent in play.actors
    }
    order = _ranks(followers, list(play.actors))
    for rank in range(max(order.values(), default=0) + 1):
        mine = [row[2] for row in todo if order[_agent(row[2])] == rank]
        used: set[int] = set()
        for k, item in enumerate(mine):
            if k in used:
                continue
            if not isinstance(item, Event):
                actor = play.actors[int(item[0])]
                _, x, y, z, h = item
                when = next(row[0] for row in todo if row[2] is item)
                actor.way.put(when, x, z, h)
                actor.way.y[play.time >= when - 1e-9] = y
                if actor.seated:
                    actor.stands.append((when - 0.01, when))
                    actor.seated = False
                continue
            actor = play.actors[item.agent]
            if play._free_from(actor, item.start) >= play.over - 1e-6 and item.kind not in _LAID:
                continue  # the time is up before it can begin
            if item.manner:
                actor.manners.append((item.start, item.end, item.manner))
            if item.kind in GO:
                chain = [item]
                for j in range(k + 1, len(mine)):
                    after = mine[j]
                    if not isinstance(after, Event) or after.agent != item.agent:
                        if not isinstance(after, Event) and int(after[0]) == item.agent:
                            break
                        continue
                    if after.kind in _LAID:
                        continue
                    if (
                        after.kind not in ("walk", "run", "circle", "carry")
                        or "push" in (after.kind, item.kind)
                        or abs(after.start - chain[-1].end) > 0.3
                        or (after.kind == "carry" and actor.holding is None)
                    ):
                        break
                    chain.append(after)
                    used.add(j)
                    if after.manner:
                        actor.manners.append((after.start, after.end, after.manner))
                play.go(actor, chain)
            elif item.kind == "follow":
                play.follow(actor, item)
            elif item.kind in _DEEDS:
                play.deed(actor, item)
    for actor in play.actors.values():
        actor.way.settle()
    return _finish(play)


_DEEDS = (
    "turn", "spin", "jump", "wave", "sit", "stand", "pick_up", "put_down", "give", "kick",
    "hand_over_face",
)  # fmt: skip


_LAID = ("wave", "hand_over_face", "jump")
"""Deeds that are done while something else goes on."""


def _agent(item: Event | tuple[float, ...]) -> int:
    return item.agent if isinstance(item, Event) else int(item[0])


def _ranks(followers: dict[int, int], ids: list[int]) -> dict[int, int]:
    """How many walkers each goes behind, directly or not."""
    out = {}
    for id in ids:
        rank, at = 0, id
        while at in followers and followers[at] in ids:
            at = followers[at]
            rank += 1
            if rank > len(ids):
                raise BadInput("walkers follow one another in a circle; let one of them lead")
        out[id] = rank
    return out


def _finish(play: _Play) -> Acted:
    """Poses of all frames, once all ways are known."""
    spec = play.spec
    num = spec.num_frames
    at = np.arange(num + 1) * play.fine
    ids = tuple(play.actors)
    roots: dict[int, tuple[D, D]] = {}
    for id, actor in play.actors.items():
        way = actor.way
        root = np.stack([way.x[at], (way.y + way.lift)[at], way.z[at]], 1)
        roots[id] = (root, way.heading[at])
    holds = hold_tracks(play.grasps, play.cast, play.frames, roots)
    poses = [_pose(play, actor, at[:num], holds) for actor in play.actors.values()]
    count = len(ids)
    joints, feet = (
        np.zeros((num, count, 17, 3), np.float32),
        np.zeros((num, count, 4, 3), np.float32),
    )
    stance, phase = np.zeros((num, count, 4), np.bool_), np.zeros((num, count), np.float32)
    stride, distance = np.zeros((num, count)), np.zeros((num, count))
    seats = np.full((num, count), -1, np.int16)
    for w, (actor, (one_pose, carries)) in enumerate(zip(play.actors.values(), poses, strict=True)):
        joints[:, w], feet[:, w] = one_pose.joints, one_pose.soles
        stance[:, w] = carries if carries.shape[1] == 4 else carries[:, [0, 1, 0, 1]]
        phase[:, w] = actor.way.phase[at[:num]]
        stride[:, w] = actor.way.stride[at[:num]]
        distance[:, w] = actor.way.distance[at[:num]]
        for start, _, _, _, target in actor.sits:
            until = min((s for s, _ in actor.stands if s >= start), default=np.inf)
            inside = (play.frames[:num] >= start) & (play.frames[:num] < until)
            seats[inside, w] = target
    return Acted(
        ids=ids,
        root=np.stack([roots[id][0] for id in ids], 1) if ids else np.zeros((num + 1, 0, 3)),
        heading=np.stack([roots[id][1] for id in ids], 1) if ids else np.zeros((num + 1, 0)),
        poses=tuple(one_pose for one_pose, _ in poses),
        skeletons=Skeletons(np.array(ids, np.int16), joints, feet, stance, phase),
        holds=tuple(holds),
        kicks=tuple(sorted(play.kicks, key=lambda kick: kick.time)),
        stride=stride,
        distance=distance,
        seats=seats,
    )


def _bump(time: D, start: float, top: float, hold: float, end: float) -> D:
    """0, up to 1 from `start` to `top`, 1 until `hold`, down to 0 at `end`."""
    up = ease((time - start) / max(top - start, 1e-3))
    return up * (1.0 - ease((time - hold) / max(end - hold, 1e-3)))


def _manner(actor: _Actor, time: D) -> D:
    """The fields of the manner of every frame; a mood stays until somebody does something else."""
    base = np.array([getattr(MANNERS[""], name) for name in FIELDS], np.float64)
    out = np.tile(base, (len(time), 1))
    rows = sorted(row for row in actor.manners if row[2] != "push")
    for k, (start, end, name) in enumerate(rows):
        begins = -1.0 if start <= 0.25 else start
        later = [row[0] for row in rows[k + 1 :] if row[0] >= end - 0.3]
        until = min(later, default=end + 0.8) if later else np.inf
        share = ease((time - begins) / 0.4) * (1.0 - ease((time - until) / 0.4))
        values = np.array([getattr(MANNERS[name], one) for one in FIELDS], np.float64)
        out = out + (values - base) * share[:, None]
    push = [row for row in actor.manners if row[2] == "push"]
    lean, elbow = FIELDS.index("lean"), FIELDS.index("elbow")
    for start, end, _ in push:
        out[:, lean] += 0.24 * _bump(time, start - 0.3, start + 0.3, end - 0.1, end + 0.3)
        out[:, elbow] += 0.0
    return out


def _pose(play: _Play, actor: _Actor, at: NDArray, holds: list[Hold]) -> tuple[Pose, NDArray]:
    one, way = actor.entity, actor.way
    time = play.time[at]
    num, high = len(time), 2.0 * one.size
    balls, face, pitch, carries, loads = (values[at] for values in way.soles())
    m = still(time, len(way.feet))
    m.root = np.stack([way.x[at], (way.y + way.lift)[at], way.z[at]], 1)
    m.heading, m.phase = way.heading[at], way.phase[at]
    m.activity, m.run, m.stride = way.activity[at], way.run[at], way.stride[at]
    m.seed = [play.spec.seed, one.id]
    m.manner = _manner(actor, time)
    sine, cosine = np.sin(m.heading), np.cos(m.heading)
    for start, top, end, amount in actor.bends:
        m.bend = np.maximum(m.bend, amount * _bump(time, start, top, top + 0.06, end))
    for begins, leaves, lands in actor.squats:
        m.squat = np.maximum(
            m.squat, _bump(time, begins, leaves - 0.14, leaves - 0.13, leaves + 0.05)
        )
        m.squat = np.maximum(
            m.squat, 0.85 * _bump(time, lands - 0.03, lands + 0.1, lands + 0.12, lands + 0.4)
        )
        tuck = _bump(time, leaves, 0.5 * (leaves + lands), 0.5 * (leaves + lands), lands)
        balls[:, :, 1] += (0.07 * high * tuck)[:, None]
        pitch += (0.5 * tuck)[:, None]
        if len(way.feet) == 2:
            up = _bump(time, leaves - 0.15, leaves + 0.08, lands - 0.12, lands + 0.25)
            for k, sign in enumerate((-1.0, 1.0)):
                goal = np.array([sign * 0.17, 0.10, 0.15]) * high
                m.chest[:, k] += (goal - m.chest[:, k]) * up[:, None]
                m.chest_weight[:, k] = np.maximum(m.chest_weight[:, k], 0.9 * up)
    for start, end, seat, back, _ in actor.sits:
        until = min((s for s, _ in actor.stands if s >= start), default=np.inf)
        ends = min((e for s, e in actor.stands if s >= start), default=np.inf)
        down = _bump(
            time, start, end, until if until < np.inf else 1e9, ends if ends < np.inf else 2e9
        )
        inside = down > 0
        m.sit = np.maximum(m.sit, down)
        m.seat[inside], m.back[inside] = seat, back
    for start, hit, done, k in actor.kicks:
        ready = 0.6 * (hit - start) + start
        draw = _bump(time, start, ready, ready, hit)
        swing = _bump(time, ready, hit + 0.02, hit + 0.1, done)
        away = 0.24 * high * swing - 0.17 * high * draw
        foot = k if len(way.feet) == 2 else 1
        balls[:, foot, 0] -= sine * away
        balls[:, foot, 2] += cosine * away
        balls[:, foot, 1] += 0.10 * high * draw + 0.07 * high * swing
        pitch[:, foot] += 0.7 * draw - 0.3 * swing
        carries[:, foot] &= (time <= start) | (time >= done)
    m.balls, m.face, m.pitch, m.carries, m.holds = balls, face, pitch, carries, loads
    eyes = np.array([0.0, b_height(one) + 0.12 * high, 0.0])
    for start, end, point in actor.looks:
        share = 0.85 * _bump(time, start - 0.2, start + 0.25, end - 0.05, end + 0.4)
        gap = point - (m.root + eyes)
        yaw = (np.arctan2(-gap[:, 0], gap[:, 2]) - m.heading + np.pi) % (2 * np.pi) - np.pi
        rise = np.arctan2(gap[:, 1], np.hypot(gap[:, 0], gap[:, 2]))
        m.look[:, 0] += (np.clip(yaw, -1.1, 1.1) - m.look[:, 0]) * share
        m.look[:, 1] += (np.clip(0.6 * rise, -0.6, 0.5) - m.look[:, 1]) * share
    if len(way.feet) == 4:  # a paw is raised
        paws = [(start, end, k, 1.0, 0.0) for start, end, k, _ in actor.waves]
        paws += [(start, end, 1, 1.35, 0.3) for start, end in actor.covers]
        for start, end, k, lifted, nod in paws:
            share = _bump(time, start, start + 0.4, end - 0.4, end)
            beat = (lifted < 1.2) * np.sin(2.0 * np.pi * 1.8 * (time - start))
            m.bend = np.maximum(m.bend, nod * share)
            away = (0.11 + 0.03 * beat) * high * share * min(lifted, 1.2)
            balls[:, k, 0] -= sine * away
            balls[:, k, 2] += cosine * away
            balls[:, k, 1] += (0.24 * lifted + 0.03 * beat) * high * share
            pitch[:, k] += 0.5 * share
            carries[:, k] &= share <= 0.0
            loads[:, k] *= 1.0 - share
    for start, end, k, manner in actor.waves:
        share = _bump(time, start, start + 0.35, end - 0.35, end)
        rate = 1.9 * np.clip(MANNERS[manner].speed, 0.6, 1.4)
        beat = np.sin(2.0 * np.pi * rate * (time - start))
        sign = 2.0 * k - 1.0
        goal = np.stack(
            [sign * (0.135 + 0.055 * beat), np.full(num, 0.175), np.full(num, 0.075)], 1
        )
        m.chest[:, k] += (goal * high - m.chest[:, k]) * share[:, None]
        m.chest_weight[:, k] = np.maximum(m.chest_weight[:, k], share)
    for start, end in actor.covers:
        span = end - start
        m.face_hand[:, 1] = np.maximum(
            m.face_hand[:, 1],
            _bump(time, start, start + 0.3 * span, end - 0.3 * span, end),
        )
    for grasp, _, _ in actor.reaches:
        hold = next(hold for hold in holds if hold.thing == grasp.thing)
        thing = play.cast[grasp.thing]
        rows = hold.pose[:num].copy()
        mine = hold.active[:num] & (hold.holder[:num] == one.id)
        mine &= (time >= grasp.start - 1e-9) & (time < grasp.end - 1e-9)
        lead = min(0.5, max(grasp.start, 0.0) * 0.5 + 0.25)
        begins_at = grasp.start - (lead if grasp.kind == "carry" else 0.3)
        until = min(grasp.end, 1e6)
        share = _bump(time, begins_at, grasp.start, until, until + 0.4)
        if not (share > 0).any():
            continue
        rows[time < grasp.start - 1e-9] = grasp.took
        if np.isfinite(grasp.end):
            rest = np.flatnonzero(time >= until - 1e-9)
            end_pose = grasp.put if grasp.put is not None else None
            if end_pose is None and mine.any():
                end_pose = hold.pose[np.flatnonzero(mine)[-1]]
            if end_pose is not None and len(rest):
                rows[rest] = end_pose
        rows = np.where(np.isnan(rows), np.broadcast_to(grasp.took, rows.shape), rows)
        target = grips(one, thing, rows, m.root, m.heading, pushed=grasp.kind == "push")
        m.hands += (target - m.hands) * np.maximum(share, (m.hands_weight[:, :1] == 0)[:, 0])[
            :, None, None
        ]
        m.hands_weight = np.maximum(m.hands_weight, share[:, None])
        if len(way.feet) == 4 and grasp.kind == "carry":
            continue
    return pose(one.kind, one.size, m), carries


def parts(
    acted: Acted,
    spec: SceneSpec,
    color: D,
    second: D,
    present: NDArray[np.bool_],
) -> Parts:
    """What is drawn of the walkers.

    Args:
        color, second: linear RGB of every entity in every frame, `(t, e, 3)`.
        present: bool `(t, e)`.
    """
    num = spec.num_frames
    sheets = []
    for id, one_pose in zip(acted.ids, acted.poses, strict=True):
        one = spec.entity(id)
        table = bodies.build(one.kind).parts
        high = 2.0 * one.size
        bone = np.array([part.bone for part in table])
        at = np.array([part.at for part in table]) * high
        local = np.stack([things.turn(part.pitch, 0.0, part.roll) for part in table])
        turn = one_pose.rotation[:, bone]
        position = one_pose.origin[:, bone] + np.einsum("tpij,pj->tpi", turn, at)
        rotation = np.einsum("tpij,pjk->tpik", turn, local)
        half = np.array([part.half for part in table]) * high
        paint = np.zeros((num, len(table), 3))
        for k, part in enumerate(table):
            if part.paint == "color":
                paint[:, k] = color[:, id - 1]
            elif part.paint == "second":
                paint[:, k] = second[:, id - 1]
            elif part.paint == "skin":
                paint[:, k] = things.linear(one.skin)
            elif part.paint == "hair":
                paint[:, k] = things.linear(one.hair)
            else:
                assert not isinstance(part.paint, str)
                paint[:, k] = things.linear(part.paint)
        own = [part.patterned for part in table]
        sheets.append(
            Parts(
                shape=np.array([SHAPES.index(part.shape) for part in table], np.int8),
                entity=np.full(len(table), id, np.int16),
                param=np.array([part.param for part in table], np.float32),
                pattern=np.array(
                    [PATTERNS.index(one.pattern if mine else "plain") for mine in own], np.int8
                ),
                material=np.array(
                    [
                        MATERIALS.index(
                            one.material if mine and part.material == "matte" else part.material
                        )
                        for part, mine in zip(table, own, strict=True)
                    ],
                    np.int8,
                ),
                pattern_scale=np.full(len(table), 2.0, np.float32),
                pattern_seed=np.full(len(table), one.seed & 0x7FFFFFFF, np.int32),
                position=position.astype(np.float32),
                rotation=rotation.astype(np.float32),
                scale=np.repeat(half[None], num, 0).astype(np.float32),
                color=paint.astype(np.float32),
                second=np.repeat(second[:, id - 1, None], len(table), 1).astype(np.float32),
                pattern_shift=np.zeros((num, len(table), 3), np.float32),
                present=np.repeat(present[:, id - 1, None], len(table), 1),
            )
        )
    if not sheets:
        raise ValueError("a scene without walkers has no parts of them: ask `Acted.ids` first")
    flat = ("shape", "entity", "param", "pattern", "material", "pattern_scale", "pattern_seed")
    joined = {
        name: np.concatenate([getattr(s, name) for s in sheets], 0 if name in flat else 1)
        for name in Parts.__dataclass_fields__
    }
    return Parts(**joined)
