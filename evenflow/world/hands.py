"""Hands: who holds what from when until when, and where the held thing is meanwhile.

A thing that is lifted goes from where it lies to a place before the chest, where it stays against
the body; hands follow the thing, so they stay on it. A thing that is pushed stays where it is
against the walker behind it. Heights are those of the thing's center.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenflow.world import bodies, things
from evenflow.world.bodies import Biped
from evenflow.world.cameras import ease
from evenflow.world.spec import Entity

D = NDArray[np.float64]


@dataclass(frozen=True)
class Hold:
    """A thing in somebody's hands (or mouth, or before them), over the frames of a scene.

    Args:
        thing: its id.
        pose: its center and heading, `(t + 1, 4)`, one row more than frames; a heading of NaN is
            that of a ball that rolls.
        active: bool `(t + 1,)`: it is there from that frame to the next.
        holder: id of who holds it, int16 `(t + 1,)`, 0 where nobody does.
        pushed: bool `(t + 1,)`: it stays on the ground.
    """

    thing: int
    pose: D
    active: NDArray[np.bool_]
    holder: NDArray[np.int16]
    pushed: NDArray[np.bool_]


@dataclass(frozen=True)
class Kick:
    """A thing that is kicked: when, and the velocity it gets; `None` leaves it to physics."""

    thing: int
    walker: int
    time: float
    velocity: tuple[float, float, float]


@dataclass
class Grasp:
    """One stretch of holding while it is planned.

    Args:
        walker, thing: ids.
        kind: `carry` or `push`.
        start, up: seconds; from taking it to having it before the chest.
        end: when it is let go; `down` when it begins to be put down.
        took: where its center is when it is taken, and its heading `(4,)`; `put` where it is left.
        meet: True where `took` (or, for `put`, `hands_over`) is another pair of hands.
    """

    walker: int
    thing: int
    kind: str
    start: float
    up: float
    took: D
    down: float = np.inf
    end: float = np.inf
    put: D | None = None
    offset: D = field(default_factory=lambda: np.zeros(3))


def girth(thing: Entity) -> tuple[float, float, float]:
    """Half of the box of a thing, in world units: right, up, ahead."""
    return things.extent(thing)


def carried_at(walker: Entity, thing: Entity) -> D:
    """Center of a thing that is carried, in the walker's axes from its root on the ground."""
    b = bodies.build(walker.kind)
    high = 2.0 * walker.size
    _, y, z = girth(thing)
    if isinstance(b, Biped):
        low = min(0.575 * high + 0.1 * y, b.shoulder * high - 0.3 * y)
        return np.array([0.0, max(low, y + 0.02), 0.085 * high + 0.02 * high + z])
    nose = (b.ahead + 0.12 + b.neck * float(np.cos(b.rise)) + b.head + 0.16) * high
    up = (b.shoulder + b.neck * float(np.sin(b.rise)) - 0.02) * high
    return np.array([0.0, max(up, y), nose + 0.5 * z])


def stand_off(walker: Entity, thing: Entity, kind: str) -> float:
    """How far from a thing's center somebody stands who does something to it, world units.

    Args:
        kind: `pick_up`, `put_down`, `push`, `kick` or `give` (then `thing` is who gets it).
    """
    b = bodies.build(walker.kind)
    high = 2.0 * walker.size
    x, _, z = girth(thing) if thing.kind in things.MODELS else (0.2, 0.0, 0.2)
    rim = 0.5 * (x + z)
    if not isinstance(b, Biped):
        return (b.ahead + 0.2) * high + rim
    if kind == "give":
        return 0.25 * (high + 2.0 * thing.size)
    gap = {"push": 0.2, "kick": 0.22}.get(kind, 0.17)
    return gap * high + rim


def hold_tracks(
    grasps: list[Grasp],
    cast: dict[int, Entity],
    time: D,
    roots: dict[int, tuple[D, D]],
) -> list[Hold]:
    """Where held things are.

    Args:
        grasps: in the order of time.
        cast: entities by id.
        time: seconds `(t + 1,)`.
        roots: position `(t + 1, 3)` and heading `(t + 1,)` of walkers, by id.
    """
    out = []
    for thing in sorted({grasp.thing for grasp in grasps}):
        num = len(time)
        pose = np.full((num, 4), np.nan)
        active, pushed = np.zeros(num, np.bool_), np.zeros(num, np.bool_)
        holder = np.zeros(num, np.int16)
        for grasp in grasps:
            if grasp.thing != thing:
                continue
            inside = (time >= grasp.start - 1e-9) & (time < grasp.end - 1e-9)
            root, heading = roots[grasp.walker]
            sine, cosine = np.sin(heading), np.cos(heading)
            local = grasp.offset
            held = np.stack(
                [
                    root[:, 0] + cosine * local[0] - sine * local[2],
                    root[:, 1] + local[1],
                    root[:, 2] + sine * local[0] + cosine * local[2],
                ],
                1,
            )
            at_start = float(np.interp(grasp.start, time, heading))
            facing = heading + grasp.took[3] - at_start
            if grasp.kind == "carry":
                share = ease((time - grasp.start) / max(grasp.up - grasp.start, 1e-6))[:, None]
                held = grasp.took[:3] + (held - grasp.took[:3]) * share
                if grasp.put is not None:
                    away = max(grasp.end - grasp.down, 1e-6)
                    share = ease((time - grasp.down) / away)[:, None]
                    held = held + (grasp.put[:3] - held) * share
            else:
                held[:, 1] = grasp.took[1]
                pushed |= inside
                if cast[thing].kind in ("ball", "balloon"):
                    facing = np.full(num, np.nan)
            pose[inside, :3], pose[inside, 3] = held[inside], facing[inside]
            active |= inside
            holder[inside] = grasp.walker
        out.append(Hold(thing, pose, active, holder, pushed))
    return out


def grips(walker: Entity, thing: Entity, pose: D, root: D, heading: D, *, pushed: bool) -> D:
    """Where the wrists are that hold a thing, left and right, `(t, 2, 3)`.

    Args:
        pose: center and heading of the thing `(t, 4)`.
        root, heading: of the walker `(t, 3)`, `(t,)`.
        pushed: hands are flat against its near side instead of around it.
    """
    high = 2.0 * walker.size
    x, y, z = girth(thing)
    num = len(pose)
    wide = 0.5 * (x + z)
    round_ = thing.kind in ("ball", "balloon", "ring", "star")
    local = np.zeros((num, 2, 3))
    for k, sign in enumerate((-1.0, 1.0)):
        if pushed:
            reach = b_height(walker) - 0.14 * high - pose[:, 1]
            lift = np.clip(reach, -0.6 * y, 0.72 * y)
            apart = min(0.11 * high, 0.8 * x)
            bulge = np.sqrt(np.maximum(1.0 - (lift / y) ** 2, 0.1)) if round_ else np.ones(num)
            local[:, k] = np.stack(
                [np.full(num, sign * apart), lift, -bulge * wide * 0.97 - 0.03 * high], 1
            )
        elif wide < 0.06 * high:  # small enough for one hand; the other is below
            local[:, k] = (sign * (x + 0.012 * high), 0.1 * y * sign, -0.3 * z - 0.02 * high)
        elif round_:
            local[:, k] = (sign * (0.80 * x + 0.015 * high), -0.28 * y, -0.52 * z)
        else:
            local[:, k] = (sign * (x + 0.02 * high), -0.2 * y, -0.25 * z - 0.01 * high)
    # Hands come from where the walker stands, however the thing is turned.
    sine, cosine = np.sin(heading), np.cos(heading)
    out = np.empty((num, 2, 3))
    for k in (0, 1):
        right, up, ahead = local[:, k].T
        out[:, k, 0] = pose[:, 0] + cosine * right - sine * ahead
        out[:, k, 1] = pose[:, 1] + up
        out[:, k, 2] = pose[:, 2] + sine * right + cosine * ahead
    return out


def b_height(walker: Entity) -> float:
    """Height of the shoulders, or of the mouth, of somebody who stands."""
    b = bodies.build(walker.kind)
    return b.shoulder * 2.0 * walker.size
