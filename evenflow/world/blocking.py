"""Blocking: where everybody stands, and which way and how fast they go, so that deeds come true.

One shot is blocked at a time, in stage axes: x is right and z is away as the shot's camera sees
them. Deeds are taken in the order of telling; who is not yet placed is put where the deed needs
them: a pillar is set between a rolling ball's lane and the eye, a cube at the end of the lane.
Straight motions of things use the closed forms of rolling and sliding: a body that loses `a` units
a second squared goes `v t - a t t / 2` in the time `t`. Routes of walkers are polylines around what
stands in the way.

A layout that breaks its own rules raises `Unstaged`; `staging` then tries the next sub-seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.casting import HANDS, weigh
from evenflow.world.gait import HALF_HEIGHTS
from evenflow.world.physics import ROLLING
from evenflow.world.script import Deed, Standing
from evenflow.world.spec import Entity, Event
from evenflow.world.things import extent
from evenflow.world.words import FIXTURES, WALKERS

Flat = Sequence[float] | np.ndarray
"""A direction (x, z) on the ground."""
GRAVITY = 9.81
WAYS: dict[str, tuple[float, float]] = {
    "left": (-1.0, 0.0), "right": (1.0, 0.0), "forward": (0.0, 1.0), "back": (0.0, -1.0),
}  # fmt: skip
HASTE: dict[str, float] = {
    "slowly": 0.6, "quickly": 1.5, "gently": 0.75, "sadly": 0.75, "sleepily": 0.65,
    "stealthily": 0.65, "cheerfully": 1.1, "nervously": 1.1, "drunkenly": 0.8, "proudly": 0.9,
}  # fmt: skip
"""What a manner does to the speed of what has no gait; walkers' own table is in `gait.py`."""

WALKER_HALF: dict[str, tuple[float, float]] = {
    "man": (0.3, 0.26), "woman": (0.28, 0.24), "child": (0.22, 0.2), "robot": (0.33, 0.28),
    "dog": (0.16, 0.48), "cat": (0.11, 0.32), "horse": (0.3, 1.1),
}  # fmt: skip
"""Half width and half length of a walker of natural size."""
REACH = 0.34
"""From the middle of a walker to the near side of what it takes in its hands."""

FREE_MOTIONS = ("roll", "slide")
FLIGHTS = ("drop", "throw")
THEN = ("hit", "bounce", "stop", "fall", "shatter", "pass", "hide", "appear", "exit")
"""What a thing does because it moves."""


ARCH_OPENING = 0.44
"""Half of the width that an arch of size 1 leaves free."""


class Unstaged(Exception):
    """This layout cannot be; another one may."""


@dataclass
class Actor:
    """Somebody or something while it is placed.

    Args:
        entity: what it is.
        half: half of its box (x, y, z) when its heading is 0.
        at: foot (x, y, z), or None while it is free.
        first: foot when the shot begins, if this shot placed it.
        heading: radians.
        path: planned `(seconds, x, y, z)` of its foot.
        placed: it was put there by this shot or stands where an earlier one left it.
        moves: it goes somewhere in this shot.
        holds, held: ids of what it has in its hands and of who holds it.
        gone: it has left the picture.
    """

    entity: Entity
    half: tuple[float, float, float]
    at: np.ndarray | None = None
    first: np.ndarray | None = None
    heading: float = 0.0
    path: list[tuple[float, float, float, float]] = field(default_factory=list)
    moves: bool = False
    holds: int = 0
    held: int = 0
    gone: bool = False
    sits: bool = False
    speed: float = 0.0
    way: tuple[float, float] = (1.0, 0.0)

    @property
    def radius(self) -> float:
        """Of the circle around it on the ground."""
        if self.entity.kind in ("ball", "cylinder", "cone", "capsule", "cup", "vase", "lamp"):
            return self.half[0]
        return float(np.hypot(self.half[0], self.half[2])) * 0.92

    def reach(self, way: Flat) -> float:
        """Half of its extent along a direction on the ground."""
        if self.entity.kind in ("ball", "cylinder", "cone", "capsule", "cup", "vase", "lamp"):
            return self.half[0]
        s, c = np.sin(self.heading), np.cos(self.heading)
        x = abs(way[0] * c + way[1] * s) * self.half[0]
        z = abs(-way[0] * s + way[1] * c) * self.half[2]
        return float(x + z)

    @property
    def flat(self) -> np.ndarray:
        """Its place on the ground."""
        assert self.at is not None
        return self.at[[0, 2]]


def box_of(entity: Entity) -> tuple[float, float, float]:
    """Half of the box that somebody or something takes up (x, y, z) at heading 0."""
    if entity.kind in WALKERS:
        wide, long = WALKER_HALF[entity.kind]
        share = entity.size / HALF_HEIGHTS[entity.kind]
        return wide * share, entity.size, long * share
    return extent(entity)


def heading_of(way: Flat) -> float:
    """Heading of a direction (x, z) on the ground."""
    return float(np.arctan2(-way[0], way[1]))


def slowing(entity: Entity, kind: str) -> float:
    """Units a second squared that it loses by rolling or sliding on the ground."""
    return entity.friction * GRAVITY * (ROLLING if kind == "roll" else 1.0)


class Stage:
    """The blocking of one shot.

    Args:
        actors: by id; those placed by earlier shots have their place.
        eye: nominal camera (x, y, z) in stage axes.
        rng: of this attempt.
        start, end: seconds of the shot.
        half_width: tangent of half the horizontal field of view.
        roomy: factor of the stage's width.
        flat: everything happens in the plane z = 0.
        fps: frames a second.
    """

    def __init__(
        self, actors: dict[int, Actor], *, eye: tuple[float, float, float],
        rng: np.random.Generator, start: float, end: float, half_width: float, roomy: float = 1.0,
        flat: bool = False, fps: float = 12.0,
    ) -> None:  # fmt: skip
        self.actors = actors
        self.eye = np.array(eye)
        self.rng = rng
        self.start, self.end = start, end
        self.half_width = half_width
        self.roomy = roomy
        self.flat = flat
        self.fps = fps
        self.events: list[tuple[int, Event]] = []
        self.corridors: list[tuple[np.ndarray, np.ndarray, float]] = []
        self.off: list[tuple[int, float, float]] = []
        self.hidden: list[tuple[int, int, float, float]] = []
        self.offsets: dict[int, list[tuple[int, np.ndarray]]] = {}
        self.waiting: list[tuple[int, tuple[float, float], float]] = []
        self.pending_enter: list[tuple[int, str]] = []
        self.done: set[int] = set()
        self.starts_hidden: dict[int, int] = {}
        self.close: set[frozenset[int]] = set()
        self.throw_way: np.ndarray | None = None
        self.sides: dict[int, str] = {}
        self.pushers: dict[int, int] = {}
        self.on_ramp: dict[int, int] = {}

    # Placing.

    def uniform(self, low: float, high: float) -> float:
        """A number between two."""
        return float(self.rng.uniform(low, high))

    def put(
        self, id: int, x: float, z: float, y: float = 0.0, heading: float | None = None
    ) -> None:
        """Places an actor and all that stands in a said relation to it."""
        actor = self.actors[id]
        if actor.at is not None:
            raise Unstaged(f"{actor.entity.kind} has to be at two places")
        for other, offset in self.offsets.get(id, ()):
            if offset[1] < -1e-6 and self.actors[other].at is None:  # it stands on that one
                self.put(
                    other,
                    x + float(offset[0]),
                    z + float(offset[2]),
                    max(0.0, y + float(offset[1])),
                )
                return
        actor.at = np.array([x, y, z])
        actor.first = actor.at.copy()
        if heading is not None:
            actor.heading = heading
        for other, offset in self.offsets.get(id, ()):
            there = self.actors[other]
            spot = actor.at + offset
            if there.at is None:
                self.put(other, float(spot[0]), float(spot[2]), float(spot[1]))
        self._apart(id)

    def _apart(self, id: int) -> None:
        one = self.actors[id]
        assert one.at is not None
        for other in self.actors.values():
            if other is one or other.at is None or other.held or one.held or other.gone:
                continue
            if self._stacked(one, other):
                continue
            if frozenset((one.entity.id, other.entity.id)) in self.close:
                continue
            away = float(np.hypot(*(one.flat - other.flat)))
            way = (other.flat - one.flat) / max(away, 1e-6)
            need = one.reach(way) + other.reach(-way)
            if {one.entity.kind, other.entity.kind} & {"arch", "door", "table", "pendulum"}:
                continue
            if away < need + 0.02:
                raise Unstaged(
                    f"{one.entity.kind} and {other.entity.kind} would stand in each other"
                )

    def _stacked(self, one: Actor, other: Actor) -> bool:
        """One above the other."""
        assert one.at is not None and other.at is not None
        low, high = (one, other) if one.at[1] <= other.at[1] else (other, one)
        return bool(low.at[1] + 2 * low.half[1] <= high.at[1] + 1e-3)  # type: ignore[index]

    def clear(self, x: float, z: float, actor: Actor, gap: float = 0.12) -> bool:
        """True if an actor can stand there: nobody is there and nobody goes through."""
        for other in self.actors.values():
            if other.at is None or other is actor or other.held:
                continue
            if np.hypot(x - other.at[0], z - other.at[2]) < actor.radius + other.radius + gap:
                return False
        point = np.array([x, z])
        for a, b, r in self.corridors:
            if _off_segment(point, a, b) < r + actor.radius + gap:
                return False
        return True

    def lane_free(self, a: np.ndarray, b: np.ndarray, r: float, ignore: Sequence[int] = ()) -> bool:
        """True if a straight way hits nobody who stands and crosses nobody's way."""
        for id, other in self.actors.items():
            if other.at is None or id in ignore or other.held or other.gone:
                continue
            if _off_segment(other.flat, a, b) < r + other.radius + 0.08:
                return False
        return all(_apart(a, b, c, d) > r + q + 0.05 for c, d, q in self.corridors)

    def side_of(self, id: int, x: float) -> bool:
        """True if a place is on the side of the picture that "the left ball" speaks of."""
        return {"left": x < -0.35, "right": x > 0.35, "middle": abs(x) < 0.6}.get(
            self.sides.get(id, ""), True
        )

    def put_aside(self, id: int, deep: tuple[float, float] = (-0.6, 1.6)) -> None:
        """Places an actor where it hides nobody and stands in nobody's way."""
        for other, offset in self.offsets.get(id, ()):
            if offset[1] < -1e-6 and self.actors[other].at is None:
                self.put_aside(other, deep)
                return
        actor = self.actors[id]
        best, spot = -1e9, None
        wide = 2.1 * self.roomy
        for _ in range(28):
            z = 0.0 if self.flat else self.uniform(deep[0], deep[1] * self.roomy)
            x = self.uniform(-wide, wide)
            if not self.clear(x, z, actor) or not self.side_of(id, x):
                continue
            score = 0.35 * self.rng.random() - 0.05 * abs(x)
            for them in self.actors.values():
                if them.at is None or them.held:
                    continue
                for px, pz in [(p[1], p[3]) for p in them.path] or [(them.at[0], them.at[2])]:
                    score -= 0.9 * max(0.0, 1.0 - self._screen_gap(x, z, actor, px, pz, them))
            if score > best:
                best, spot = score, (x, z)
        if spot is None:
            for _ in range(40):
                z, x = self.uniform(0.8, 3.4 * self.roomy), self.uniform(-1.3 * wide, 1.3 * wide)
                if self.flat:
                    z, x = 0.0, 2.4 * x
                if self.clear(x, z, actor):
                    spot = (x, z)
                    break
        if spot is None:
            raise Unstaged(f"there is no room for the {actor.entity.kind}")
        self.put(id, *spot, heading=self.natural_heading(actor, *spot))

    def _screen_gap(
        self, x: float, z: float, actor: Actor, px: float, pz: float, other: Actor
    ) -> float:
        """Distance of two on the picture, in sums of their half widths."""
        a = (x - self.eye[0]) / max(z - self.eye[2], 0.5)
        b = (px - self.eye[0]) / max(pz - self.eye[2], 0.5)
        ra = max(actor.half[0], actor.half[2] * 0.7) / max(z - self.eye[2], 0.5)
        rb = max(other.half[0], other.half[2] * 0.7) / max(pz - self.eye[2], 0.5)
        return float(abs(a - b) / (ra + rb))

    def natural_heading(self, actor: Actor, x: float, z: float) -> float:
        """Walkers look toward the eye, more or less; things stand a little turned."""
        kind = actor.entity.kind
        if self.flat:
            return 0.0
        if kind in WALKERS:
            return heading_of((self.eye[0] - x, self.eye[2] - z)) + self.uniform(-0.7, 0.7)
        if kind in ("cube", "box", "crate", "tower", "rock"):
            return self.uniform(-0.5, 0.5)
        if kind in ("cart",):
            return self.uniform(-1.4, 1.4)
        if kind == "bench":
            return np.pi + self.uniform(-0.35, 0.35)
        if kind == "star" or kind in FIXTURES:
            return self.uniform(-0.15, 0.15)
        return 0.0

    def ensure(self, id: int) -> Actor:
        """The actor, placed aside if it was free."""
        if self.actors[id].at is None:
            self.put_aside(id)
        return self.actors[id]

    # Standings.

    def relate(self, standing: Standing, roles: dict[int, tuple[int, ...]]) -> None:
        """Turns "a cup on the table" into offsets between actors."""
        agents = roles[standing.role]
        targets = roles[standing.target]
        others = roles.get(standing.other, ()) if standing.other else ()
        anchor = targets[0]
        side = 1.0 if self.rng.random() < 0.5 else -1.0
        shift = 0.0
        for number, id in enumerate(agents):
            if id not in self.actors or anchor not in self.actors:
                return
            one, two = self.actors[id], self.actors[anchor]
            near = one.radius + two.radius
            gap = self.uniform(0.22, 0.6)
            wide, deep = one.half[0] + two.half[0], one.half[2] + two.half[2]
            relation = standing.relation
            if relation == "between":
                third = others[0] if others else (targets[1] if len(targets) > 1 else 0)
                if not third or third not in self.actors:
                    raise BadInput("between takes two others; say between what and what")
                self._between(id, anchor, third, number)
                continue
            if relation in ("left of", "right of", "left", "right"):
                sign = -1.0 if relation.startswith("left") else 1.0
                offset = np.array([sign * (near + gap + shift), 0.0, self.uniform(-0.25, 0.35)])
                shift += 2 * one.radius + 0.15
            elif relation in ("behind", "out from behind"):
                sideways = side * (0.55 * wide + shift)
                offset = np.array([sideways, 0.0, near * 0.75 + deep * 0.3 + gap])
                shift += 2 * one.radius + 0.15
            elif relation == "in front of":
                sideways = side * (self.uniform(0.35, 0.6) * wide + shift)
                offset = np.array([sideways, 0.0, -(near * 0.75 + deep * 0.3 + gap)])
                shift += 2 * one.radius + 0.15
            elif relation in ("on", "onto") and two.entity.kind == "ramp":
                self.on_ramp[id] = anchor  # it will run down: see `motions.down_ramp`
                continue
            elif relation in ("on", "onto", "over"):
                if relation == "over" and one.entity.kind != "balloon":
                    raise BadInput(
                        f"a {one.entity.kind} does not hang over anything; say on or behind"
                    )
                room = max(0.0, min(two.half[0], 1.6) - one.half[0]) * 0.6
                lift = 2 * two.half[1] + (0.5 if relation == "over" else 0.0)
                along = (
                    self.uniform(-room, room)
                    if two.entity.kind in ("table", "bench", "wall")
                    else 0.0
                )
                if len(agents) > 1 and two.entity.kind in ("table", "bench", "wall"):
                    along = room * (2 * (number + 0.5) / len(agents) - 1)
                elif len(agents) > 1:
                    lift += sum(2 * self.actors[i].half[1] for i in agents[:number])
                if two.entity.kind == "bench":
                    lift = two.half[1] * 1.06
                offset = np.array([along, lift, -0.05 if two.entity.kind == "table" else 0.0])
                if two.entity.kind in ("ball", "cone", "ring", "star", "balloon", "tree", "bush"):
                    raise BadInput(
                        f"nothing rests on a {two.entity.kind}; take a table, a cube or a crate"
                    )
                self.actors[id].heading = self.actors[anchor].heading
            elif relation == "under":
                if 2 * one.half[1] > 1.5 * two.half[1]:
                    raise Unstaged(
                        f"the {one.entity.kind} does not fit under the {two.entity.kind}"
                    )
                offset = np.array([self.uniform(-0.25, 0.25), 0.0, self.uniform(-0.1, 0.1)])
            elif relation == "held by":
                if two.holds or two.entity.kind not in WALKERS:
                    raise BadInput(f"the {two.entity.kind} cannot hold the {one.entity.kind} too")
                one.entity = replace(one.entity, attached=anchor)
                one.held, two.holds = anchor, id
                continue
            elif relation in ("into", "in"):
                entity = one.entity
                self.actors[id].entity = replace(entity, attached=anchor)
                self.actors[id].held = anchor
                offset = np.array([0.0, 0.02, 0.0])
            elif relation == "around":
                turn = 2 * np.pi * (number + 0.5) / len(agents)
                ring = near + 0.35 + 0.12 * len(agents)
                offset = np.array([ring * np.sin(turn), 0.0, ring * np.cos(turn)])
            else:  # beside, and paths that say no more than "near"
                sign = side if number % 2 == 0 else -side
                away = near + 0.3 * gap + 0.06 + (number // 2) * (2 * one.radius + 0.15)
                offset = np.array(
                    [sign * away, 0.0,
                     self.uniform(-0.15, 0.15)]
                )  # fmt: skip
            if self.flat:
                offset[2] = 0.0
            self.offsets.setdefault(anchor, []).append((id, offset))
            self.offsets.setdefault(id, []).append((anchor, -offset))

    def _between(self, id: int, left: int, right: int, number: int) -> None:
        one, two, three = (self.actors[i] for i in (id, left, right))
        side = 1.0 if self.rng.random() < 0.5 else -1.0
        gap = self.uniform(0.25, 0.5)
        a = np.array([-side * (one.radius + two.radius + gap), 0, self.uniform(-0.15, 0.15)])
        b = np.array([side * (one.radius + three.radius + gap), 0, self.uniform(-0.15, 0.15)])
        if number:
            a = a + np.array([0, 0, 0.9 * number])
            b = b + np.array([0, 0, 0.9 * number])
        for other, offset in ((left, a), (right, b)):
            self.offsets.setdefault(id, []).append((other, offset))
            self.offsets.setdefault(other, []).append((id, -offset))

    # Deeds.

    def emit(
        self, index: int, deed: Deed, start: float, end: float, *, agent: int = 0, target: int = 0,
        other: int = 0, said: bool = True, kind: str = "", direction: str = "", relation: str = "",
        numbers: Mapping[str, Sequence[float]] | None = None, **more: Sequence[float],
    ) -> None:  # fmt: skip
        """Writes down an event."""
        self.events.append(
            (
                index,
                Event(
                    kind=kind or deed.kind,
                    start=round(start, 4),
                    end=round(max(end, start + 0.02), 4),
                    agent=agent,
                    target=target,
                    other=other,
                    direction=direction if not said else deed.direction,
                    relation=relation if not said else deed.relation,
                    color=deed.color if said else "",
                    manner=deed.manner,
                    numbers={
                        name: tuple(round(float(v), 5) for v in values)
                        for name, values in {**(numbers or {}), **more}.items()
                    },
                    said=said,
                    seconds=deed.seconds or 0.0 if said else 0.0,
                ),
            )
        )

    def haste(self, deed: Deed) -> float:
        """What the manner does to a speed."""
        return HASTE.get(deed.manner, 1.0)

    def way_of(self, deed: Deed, *, free: bool = True) -> np.ndarray | None:
        """Direction on the ground that a deed speaks of; one by chance if it does not."""
        if deed.direction in WAYS:
            return np.array(WAYS[deed.direction])
        if not free:
            return None
        turn = 0.0 if self.flat else self.uniform(-0.3, 0.3)
        sign = 1.0 if self.rng.random() < 0.5 else -1.0
        return np.array([sign * np.cos(turn), np.sin(turn)])

    def from_eye(self, point: np.ndarray) -> np.ndarray:
        """Unit vector on the ground from the eye to a point (x, z)."""
        away = point - self.eye[[0, 2]]
        unit: np.ndarray = away / max(float(np.hypot(*away)), 1e-6)
        return unit

    def corridor(self, a: np.ndarray, b: np.ndarray, r: float) -> None:
        """Keeps a straight way free."""
        self.corridors.append((np.array(a), np.array(b), r))


def _off_segment(p: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Distance of a point to a segment."""
    along = b - a
    square = float(along @ along)
    t = 0.0 if square < 1e-12 else float(np.clip((p - a) @ along / square, 0, 1))
    return float(np.hypot(*(p - a - t * along)))


def _apart(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    """Distance of two segments."""

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    if side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0:
        return 0.0
    return min(
        _off_segment(a, c, d), _off_segment(b, c, d), _off_segment(c, a, b), _off_segment(d, a, b)
    )


def fit_sizes(
    entities: dict[int, Entity], deeds: Sequence[tuple[Deed, int, int, int]], said: set[int]
) -> None:
    """Sizes that nobody said give way to what has to happen: an occluder is wide enough to hide
    who goes behind it, a cover is larger than what it covers.

    Args:
        entities: by id; changed in place.
        deeds: with the ids of their agents, targets and others.
        said: ids of entities whose size is said.
    """
    for deed, agent, target, other in deeds:
        if not agent or not (target or other):
            continue
        one, two = entities[agent], entities[target or other]
        behind = deed.relation in ("behind", "out from behind")
        if deed.kind in ("hide", "appear") or (
            behind and deed.kind in ("roll", "slide", "walk", "run", "pass")
        ):
            if agent not in said and one.kind in ("ball", "ring") and two.kind in FIXTURES:
                one = entities[agent] = weigh(replace(one, size=0.32, size_word="small"))
            wide, high, _ = box_of(one)
            if one.kind in ("dog", "cat", "horse"):
                wide = box_of(one)[2]
            occluder = box_of(two)
            need = 1.22 * wide
            if two.kind == "pillar":
                occluder = (0.24 * two.size, two.size, 0.24 * two.size)
            factor = max(need / max(occluder[0], 1e-6), 1.05 * high / occluder[1])
            if deed.kind not in ("hide", "appear") and two.kind not in ("pillar", "tree"):
                factor = min(factor, 1.0)
            if factor > 1.0 and target not in said and two.kind not in WALKERS:
                entities[target] = replace(two, size=round(two.size * min(factor, 1.9), 4))
            elif factor > 1.0 and agent not in said and one.kind not in WALKERS:
                entities[agent] = weigh(replace(one, size=round(one.size / min(factor, 1.6), 4)))
        if deed.relation == "through" and two.kind == "arch":
            need = 1.25 * (box_of(one)[0] if one.kind != "ball" else one.size)
            if target not in said and need > ARCH_OPENING * two.size:
                two = entities[target] = replace(two, size=round(min(need / ARCH_OPENING, 1.9), 4))
            if agent not in said and need > ARCH_OPENING * two.size and one.kind not in WALKERS:
                entities[agent] = weigh(replace(one, size=0.46, size_word="medium"))
        if deed.kind in ("cover", "uncover"):
            need = 1.3 * max(box_of(two)[0], box_of(two)[1] * 0.95)
            here = box_of(one)
            factor = max(need / (0.88 * here[0]), need / here[1])
            if factor > 1.0 and target not in said and two.size * 0.7 > 0.2:
                entities[target] = weigh(
                    replace(two, size=round(max(0.22, two.size * 0.7), 4), size_word="small")
                )
                two = entities[target]
                need = 1.3 * max(box_of(two)[0], box_of(two)[1] * 0.95)
                factor = max(need / (0.88 * here[0]), need / here[1])
            if factor > 1.0:
                entities[agent] = weigh(replace(one, size=round(one.size * factor, 4)))
        thrown = deed.kind in ("throw", "drop") and other and entities[other].kind in HANDS
        if thrown and agent not in said and one.size > 0.27:
            entities[agent] = weigh(replace(one, size=0.24, size_word="small"))
        if deed.kind in ("pick_up", "carry", "put_down", "give") and target not in said:
            widest = 0.3 if one.kind in HANDS else 0.2
            if two.size > widest:
                entities[target] = weigh(replace(two, size=widest * 0.9, size_word="small"))
        if deed.kind == "kick" and target not in said and two.size > 0.34:
            entities[target] = weigh(replace(two, size=0.3, size_word="small"))
        if deed.relation == "under" and two.kind == "table" and one.kind not in WALKERS:
            if agent not in said and one.size > 0.7 * two.size:
                one = entities[agent] = weigh(
                    replace(one, size=round(0.68 * two.size, 4), size_word="small")
                )
            if one.size > 0.7 * two.size and target not in said:
                entities[target] = replace(two, size=round(one.size / 0.68, 4))
