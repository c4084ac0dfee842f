"""The player: how keys and looks move somebody through a scene, and what that one bumps into.

The player is an upright disc that runs, turns, jumps, is stopped by walls and fixtures, pushes
things and carries one of them; a frame is cut into `SUBSTEPS` equal steps, and a frame depends on
nothing but the state before it and the row of actions, so a game can be played row by row or
replayed at once, with the same numbers.

| column of a row | meaning |
|---|---|
| 0, 1 | forward, back |
| 2, 3 | step to the left, to the right |
| 4, 5 | turn left, turn right, at `TURN_SPEED` |
| 6 | jump, when it goes down and the player stands |
| 7 | interact, when it goes down: take the nearest thing in front, or put down what is held |
| 8 | look dx, radians to the right in this frame |
| 9 | look dy, radians down in this frame |

Keys are pressed from 0.5 up. Row `i` acts from frame `i` to frame `i + 1`, so the last row of a
clip shows nothing.

Source: the positions are settled by projection, Müller et al. 2007, Position based dynamics,
section 3.3, Gauss-Seidel in a fixed order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.spec import Entity, SceneSpec
from evenflow.world.words import FIXTURES, WALKERS

Array = NDArray[np.float64]

KEYS = ("forward", "back", "left", "right", "turn left", "turn right", "jump", "interact")
NUM_ACTIONS = 10
SUBSTEPS = 4
RUN_SPEED = 1.5
"""World units a second, forward; to the side and back it is `SIDE_SPEED`."""
SIDE_SPEED = 1.0
TURN_SPEED = 1.6
"""Radians a second of the keys that turn."""
JUMP_SPEED = 3.3
"""World units a second upward: 0.55 units high under gravity 9.81."""
RADIUS = 0.26
HEIGHT = 1.5
REACH = 1.1
"""How far the rim of a thing may be from the player who takes it."""
CARRY_MASS = 12.0
"""Kilograms of the heaviest thing that can be carried."""
MAX_PITCH = 1.2
_EASE = 0.12  # seconds until a new speed is two thirds there
_MASS = 60.0

# Columns of a player's row.
X, Y, Z, VX, VY, VZ, HEADING, PITCH, TURN, GROUNDED, HELD, JUMP, USE, DISTANCE, TOUCH = range(15)
# Columns of a thing's row.
TX, TY, TZ, TVX, TVZ, YAW, TR, TH, TMASS, TDRAG, ROLLS, SIDE = range(12)
# Columns of an obstacle's row: a rectangle with round corners that stands upright.
OX, OZ, OCOS, OSIN, OHX, OHZ, OR, OBOTTOM, OTOP = range(9)


@dataclass(frozen=True)
class Yard:
    """What is around the player before anything moves.

    Args:
        player: row of the player, `(15,)`; see the names of its columns in this file.
        obstacles: what cannot be moved, `(k, 9)`.
        things: what can be, `(n, 12)`, and `ids` of their entities.
        gravity: units a second squared.
    """

    player: Array
    obstacles: Array
    things: Array
    ids: tuple[int, ...]
    gravity: float


@dataclass(frozen=True)
class PlayerTrack:
    """Where a played scene went, frame by frame.

    Args:
        player: rows of the player, `(t, 15)`.
        things: rows of the things, `(t, n, 12)`.
        rotation: of the things against their start, thing to world, `(t, n, 3, 3)`.
        ids: entities of the things.
    """

    player: Array
    things: Array
    rotation: Array
    ids: tuple[int, ...]

    @property
    def position(self) -> Array:
        """Of the player's soles, `(t, 3)`."""
        return self.player[:, :3]

    @property
    def heading(self) -> Array:
        """Radians, left positive, `(t,)`; it may be beyond a full turn."""
        return self.player[:, HEADING]

    @property
    def pitch(self) -> Array:
        """Radians, up positive, `(t,)`."""
        return self.player[:, PITCH]

    @property
    def held(self) -> NDArray[np.int64]:
        """Id of the thing that is carried, or 0, `(t,)`."""
        ids = np.array([*self.ids, 0], np.int64)
        return ids[self.player[:, HELD].astype(np.int64)]


def action_rows(actions: Sequence[Sequence[float]], num_frames: int) -> Array:
    """Actions as an array `(t, 10)`; frames without a row do nothing.

    Raises:
        BadInput: a row that has not ten numbers, or that is not finite.
    """
    rows = np.zeros((num_frames, NUM_ACTIONS))
    for i, row in enumerate(actions[:num_frames]):
        if len(row) != NUM_ACTIONS:
            raise BadInput(f"an action is 8 keys and 2 looks, row {i} has {len(row)} numbers")
        rows[i] = row
    if not np.isfinite(rows).all():
        raise BadInput("an action is not a finite number: look in radians, keys 0 or 1")
    return rows


def yard(spec: SceneSpec) -> Yard:
    """What the player of a scene can bump into, as it is at the start.

    Walls, fixtures and things of `CARRY_MASS` times 10 and more stay where they are.
    """
    obstacles: list[tuple[float, ...]] = []
    things: list[tuple[float, ...]] = []
    ids: list[int] = []
    place = spec.places[spec.shots[0].place]
    for x0, z0, x1, z1 in place.walls:
        middle = ((x0 + x1) / 2, (z0 + z1) / 2)
        half = (abs(x1 - x0) / 2, abs(z1 - z0) / 2)
        obstacles.append((*middle, 1.0, 0.0, *half, 0.0, 0.0, 1e3))
    for one in spec.cast:
        if one.id == spec.player:
            continue
        if one.kind in WALKERS:
            x, y, z = one.position
            obstacles.append((x, z, 1.0, 0.0, 0.0, 0.0, RADIUS, y, y + 2 * one.size))
        elif one.kind in FIXTURES or one.mass >= 10 * CARRY_MASS:
            obstacles += solids_of(one)
        else:
            things.append(thing_row(one))
            ids.append(one.id)
    player = np.zeros(15)
    if spec.player:
        who = spec.entity(spec.player)
        player[[X, Y, Z]] = who.position
        player[HEADING] = who.heading
    else:
        eye, look = (np.array(v) for v in (spec.shots[0].camera.eye, spec.shots[0].camera.look_at))
        way = look - eye
        player[[X, Z]] = eye[[0, 2]]
        player[HEADING] = np.arctan2(-way[0], way[2])
        player[PITCH] = np.arctan2(way[1], np.hypot(way[0], way[2]))
    player[GROUNDED] = 1.0
    player[HELD] = -1.0
    return Yard(
        player,
        np.array(obstacles, np.float64).reshape(-1, 9),
        np.array(things, np.float64).reshape(-1, 12),
        tuple(ids),
        spec.gravity,
    )


ROLLING = ("ball", "balloon")
"""Things that roll when they are pushed."""


def solids_of(one: Entity) -> list[tuple[float, ...]]:
    """Rows of the obstacles that a fixture, or a thing that stands fast, is made of."""
    from evenflow.world import physics
    from evenflow.world.things import model

    c, s = float(np.cos(one.heading)), float(np.sin(one.heading))
    x, y, z = one.position
    rows: list[tuple[float, ...]] = []
    for solid in model(one.kind, one.seed).solids:
        ax, ay, az = (v * one.size for v in solid.at)
        hx, hy, hz = (v * one.size for v in solid.half)
        middle = (x + c * ax - s * az, z + s * ax + c * az)
        flat = (hx, hz, 0.0)
        if solid.shape in (physics.CYLINDER, physics.CONE, physics.SPHERE, physics.CAPSULE):
            flat = (0.0, 0.0, max(hx, hz))
        bottom = y + one.size + ay - hy
        rows.append((*middle, c, s, *flat, bottom, bottom + 2 * hy))
    return rows


def thing_row(one: Entity) -> tuple[float, ...]:
    """The row of a thing that can be pushed: a disc of about its area."""
    from evenflow.world import physics
    from evenflow.world.things import model

    solid = model(one.kind, one.seed).solids[0]
    hx, _, hz = (v * one.size for v in solid.half)
    rim = max(hx, hz) if solid.shape != physics.BOX else 1.12 * float(np.sqrt(hx * hz))
    rolls = 1.0 if one.kind in ROLLING else 0.0
    drag = 0.35 if rolls else 9.81 * max(one.friction, 0.05)
    x, y, z = one.position
    return (x, y, z, 0.0, 0.0, 0.0, rim, 2 * one.size, one.mass, drag, rolls, 0.0)


class Game:
    """One player in one scene, played frame by frame.

    Args:
        spec: its actions are not looked at.
    """

    def __init__(self, spec: SceneSpec) -> None:
        self.yard = yard(spec)
        self.player = self.yard.player.copy()
        self.things = self.yard.things.copy()
        self.rotation = np.tile(np.eye(3), (len(self.things), 1, 1))
        self._dt = 1.0 / float(spec.fps) / SUBSTEPS

    def step(self, action: Sequence[float] | Array) -> None:
        """Goes on by one frame."""
        row = np.asarray(action, np.float64)
        if row.shape != (NUM_ACTIONS,) or not np.isfinite(row).all():
            raise BadInput(f"an action is 8 keys and 2 finite looks, got shape {row.shape}")
        _advance(
            self.player,
            self.things,
            self.rotation,
            self.yard.obstacles,
            row,
            self._dt,
            self.yard.gravity,
        )


def play_out(spec: SceneSpec) -> PlayerTrack:
    """Replays the actions of a scene; the first frame is its start."""
    rows = action_rows(spec.actions, spec.num_frames)
    game = Game(spec)
    num = len(rows)
    player = np.empty((num, len(game.player)))
    things = np.empty((num, *game.things.shape))
    rotation = np.empty((num, *game.rotation.shape))
    for i in range(num):
        player[i], things[i], rotation[i] = game.player, game.things, game.rotation
        if i + 1 < num:
            game.step(rows[i])
    return PlayerTrack(player, things, rotation, game.yard.ids)


def drive(
    spec: SceneSpec,
    points: Sequence[tuple[float, float]],
    *,
    frames: int,
    again: bool = False,
    arrive: float = 0.3,
) -> tuple[tuple[float, ...], ...]:
    """Actions that lead the player along points of the ground.

    The player turns by looks, walks by the key forward, and stops where it is too far from the way.

    Args:
        points: `(x, z)`, the first where the player stands.
        frames: rows to give.
        again: True begins again at the first point after the last.
        arrive: a point counts as reached this close, in world units.
    """
    game = Game(spec)
    dt = 1.0 / float(spec.fps)
    most = 1.9 * dt
    rows: list[tuple[float, ...]] = []
    goal = 1 if len(points) > 1 else 0
    speed = 0.0
    for _ in range(frames):
        row = [0.0] * NUM_ACTIONS
        x, z, heading = (float(game.player[k]) for k in (X, Z, HEADING))
        while goal < len(points) and np.hypot(points[goal][0] - x, points[goal][1] - z) < arrive:
            goal += 1
            if again and goal == len(points):
                goal = 0
                if len(points) == 1:
                    break
        if goal < len(points):
            px, pz = points[goal]
            error = float(np.arctan2(-(px - x), pz - z)) - heading
            error = (error + np.pi) % (2 * np.pi) - np.pi
            # A turn begins and ends softly.
            wanted = float(np.clip(0.45 * error, -most, most))
            speed += float(np.clip(wanted - speed, -0.3 * most, 0.3 * most))
            row[8] = round(-speed, 4)
            row[0] = 1.0 if abs(error) < 0.55 else 0.0
        else:
            speed = 0.0
        pitch = float(game.player[PITCH])
        row[9] = round(float(np.clip(pitch + 0.12, -0.05, 0.05)), 4)
        rows.append(tuple(row))
        game.step(rows[-1])
    return tuple(rows)


@njit(nogil=True, cache=True)
def _nearest(obstacle: Array, x: float, z: float) -> tuple[float, float, float]:
    """Distance from a point to an obstacle's rim (negative inside), and the way out `(nx, nz)`."""
    c, s = obstacle[OCOS], obstacle[OSIN]
    dx, dz = x - obstacle[OX], z - obstacle[OZ]
    u = c * dx + s * dz  # along its own x axis, (cos h, 0, sin h)
    w = -s * dx + c * dz
    hx, hz = obstacle[OHX], obstacle[OHZ]
    cu = min(max(u, -hx), hx)
    cw = min(max(w, -hz), hz)
    eu, ew = u - cu, w - cw
    far = np.sqrt(eu * eu + ew * ew)
    if far > 1e-9:
        nu, nw = eu / far, ew / far
        distance = far - obstacle[OR]
    else:
        left = hx - abs(u)
        deep = hz - abs(w)
        if left < deep:
            nu, nw = (1.0 if u >= 0 else -1.0), 0.0
            distance = -left - obstacle[OR]
        else:
            nu, nw = 0.0, (1.0 if w >= 0 else -1.0)
            distance = -deep - obstacle[OR]
    return distance, c * nu - s * nw, s * nu + c * nw


@njit(nogil=True, cache=True)
def distance_to(obstacles: Array, x: float, z: float) -> float:
    """From a point of the ground to the nearest rim, negative inside of something."""
    least = np.inf
    for k in range(len(obstacles)):
        least = min(least, _nearest(obstacles[k], x, z)[0])
    return least


@njit(nogil=True, cache=True)
def _roll(rotation: Array, dx: float, dz: float, radius: float) -> None:
    """Turns a ball that went by (dx, dz) without slipping."""
    far = np.sqrt(dx * dx + dz * dz)
    if far < 1e-12:
        return
    angle = far / radius
    ax, az = dz / far, -dx / far
    c, s = np.cos(angle), np.sin(angle)
    t = 1.0 - c
    for column in range(3):
        r0, r1, r2 = rotation[0, column], rotation[1, column], rotation[2, column]
        rotation[0, column] = (c + t * ax * ax) * r0 - s * az * r1 + t * ax * az * r2
        rotation[1, column] = s * az * r0 + c * r1 - s * ax * r2
        rotation[2, column] = t * ax * az * r0 + s * ax * r1 + (c + t * az * az) * r2


@njit(nogil=True, cache=True)
def _floor(obstacles: Array, things: Array, held: int, x: float, y: float, z: float) -> float:
    """Height of what carries a player whose soles are at `y`."""
    height = 0.0
    for k in range(len(obstacles)):
        top = obstacles[k, OTOP]
        if top <= y + 0.03 and top > height and _nearest(obstacles[k], x, z)[0] < 0.4 * RADIUS:
            height = top
    for i in range(len(things)):
        if i == held or things[i, ROLLS] > 0:
            continue
        top = things[i, TY] + things[i, TH]
        dx, dz = things[i, TX] - x, things[i, TZ] - z
        near = np.sqrt(dx * dx + dz * dz) < things[i, TR] + 0.4 * RADIUS
        if top <= y + 0.03 and top > height and near:
            height = top
    return height


@njit(nogil=True, cache=True)
def _use(player: Array, things: Array, obstacles: Array) -> None:
    """Takes the nearest thing in front, or puts down what is held where there is room for it."""
    fx, fz = -np.sin(player[HEADING]), np.cos(player[HEADING])
    held = int(player[HELD])
    if held >= 0:
        far = RADIUS + things[held, TR] + 0.06
        x, z = player[X] + far * fx, player[Z] + far * fz
        height = 0.0
        for k in range(len(obstacles)):
            if _nearest(obstacles[k], x, z)[0] < 0.5 * things[held, TR]:
                height = max(height, obstacles[k, OTOP])
        for i in range(len(things)):
            dx, dz = things[i, TX] - x, things[i, TZ] - z
            if i != held and np.sqrt(dx * dx + dz * dz) < things[i, TR] + things[held, TR]:
                height = max(height, things[i, TY] + things[i, TH])
        if height <= player[Y] + 1.2 and (height == 0.0 or height >= things[held, TH] * 0.3):
            blocked = False
            for k in range(len(obstacles)):
                over = obstacles[k, OTOP] > height + 1e-6
                if over and _nearest(obstacles[k], x, z)[0] < things[held, TR]:
                    blocked = True
            if not blocked:
                things[held, TX], things[held, TY], things[held, TZ] = x, height, z
                things[held, TVX], things[held, TVZ] = 0.0, 0.0
                player[HELD] = -1.0
        return
    best, nearest = -1, REACH
    for i in range(len(things)):
        if things[i, TMASS] > CARRY_MASS:
            continue
        dx, dz = things[i, TX] - player[X], things[i, TZ] - player[Z]
        far = np.sqrt(dx * dx + dz * dz)
        ahead = (dx * fx + dz * fz) / max(far, 1e-9)
        low = things[i, TY] - player[Y]
        if ahead > 0.6 and -0.3 < low < 1.3 and far - things[i, TR] < nearest:
            best, nearest = i, far - things[i, TR]
    if best >= 0:
        player[HELD] = float(best)


@njit(nogil=True, cache=True)
def _hold(player: Array, things: Array) -> None:
    held = int(player[HELD])
    if held >= 0:
        far = RADIUS + things[held, TR] * 0.9
        things[held, TX] = player[X] - far * np.sin(player[HEADING])
        things[held, TZ] = player[Z] + far * np.cos(player[HEADING])
        things[held, TY] = player[Y] + 0.85 - 0.5 * things[held, TH]
        things[held, TVX], things[held, TVZ] = player[VX], player[VZ]


@njit(nogil=True, cache=True)
def _advance(
    player: Array,
    things: Array,
    rotation: Array,
    obstacles: Array,
    action: Array,
    dt: float,
    gravity: float,
) -> None:
    """One frame, in place."""
    num, num_obstacles = len(things), len(obstacles)
    before_x, before_z, turned = player[X], player[Z], player[HEADING]
    player[PITCH] = min(max(player[PITCH] - action[9], -MAX_PITCH), MAX_PITCH)
    if action[7] >= 0.5 and player[USE] < 0.5:
        _use(player, things, obstacles)
    player[USE] = 1.0 if action[7] >= 0.5 else 0.0
    ahead = (1.0 if action[0] >= 0.5 else 0.0) - (1.0 if action[1] >= 0.5 else 0.0)
    aside = (1.0 if action[2] >= 0.5 else 0.0) - (1.0 if action[3] >= 0.5 else 0.0)
    turn = (1.0 if action[4] >= 0.5 else 0.0) - (1.0 if action[5] >= 0.5 else 0.0)
    leap = action[6] >= 0.5 and player[JUMP] < 0.5
    player[JUMP] = 1.0 if action[6] >= 0.5 else 0.0
    ease = 1.0 - np.exp(-dt / _EASE)
    touched = 0.0
    held_yaw = player[HEADING]
    for _ in range(SUBSTEPS):
        player[TURN] += (turn * TURN_SPEED - player[TURN]) * ease
        player[HEADING] += player[TURN] * dt - action[8] / SUBSTEPS
        fx, fz = -np.sin(player[HEADING]), np.cos(player[HEADING])
        v_ahead = ahead * (RUN_SPEED if ahead > 0 else SIDE_SPEED)
        v_side = aside * SIDE_SPEED
        if ahead != 0.0 and aside != 0.0:
            v_ahead, v_side = 0.8 * v_ahead, 0.8 * v_side
        wanted_x = v_ahead * fx - v_side * fz
        wanted_z = v_ahead * fz + v_side * fx
        if player[GROUNDED] > 0.5:
            player[VX] += (wanted_x - player[VX]) * ease
            player[VZ] += (wanted_z - player[VZ]) * ease
            if leap:
                player[VY] = JUMP_SPEED
                player[GROUNDED] = 0.0
                leap = False
        start_x, start_z = player[X], player[Z]
        player[X] += player[VX] * dt
        player[Z] += player[VZ] * dt
        held = int(player[HELD])
        under = _floor(obstacles, things, held, player[X], player[Y], player[Z])
        if player[GROUNDED] > 0.5 and player[Y] > under + 1e-9:
            player[GROUNDED] = 0.0  # it walked over an edge
        if player[GROUNDED] < 0.5:
            player[VY] -= gravity * dt
            player[Y] += player[VY] * dt
            if player[Y] <= under and player[VY] <= 0.0:
                player[Y], player[VY], player[GROUNDED] = under, 0.0, 1.0
        for i in range(num):
            if i == held:
                continue
            speed = np.sqrt(things[i, TVX] ** 2 + things[i, TVZ] ** 2)
            slower = max(speed - things[i, TDRAG] * dt, 0.0)
            share = slower / speed if speed > 0 else 0.0
            things[i, TVX] *= share
            things[i, TVZ] *= share
        old = things[:, :3].copy()
        for i in range(num):
            if i != held:
                things[i, TX] += things[i, TVX] * dt
                things[i, TZ] += things[i, TVZ] * dt
        for sweep in range(6):
            for i in range(num):
                if i == held:
                    continue
                low, high = things[i, TY], things[i, TY] + things[i, TH]
                # Against the player: at the end the thing is a wall.
                if low < player[Y] + HEIGHT and high > player[Y] + 0.05:
                    dx, dz = things[i, TX] - player[X], things[i, TZ] - player[Z]
                    far = np.sqrt(dx * dx + dz * dz)
                    deep = RADIUS + things[i, TR] - far
                    if deep > 0:
                        nx, nz = (dx / far, dz / far) if far > 1e-9 else (fx, fz)
                        share = _MASS / (_MASS + things[i, TMASS]) if sweep < 4 else 0.0
                        things[i, TX] += share * deep * nx
                        things[i, TZ] += share * deep * nz
                        player[X] -= (1 - share) * deep * nx
                        player[Z] -= (1 - share) * deep * nz
                        touched = 1.0
                for j in range(i):
                    if j == held:
                        continue
                    if things[j, TY] >= high or things[j, TY] + things[j, TH] <= low:
                        continue
                    dx, dz = things[i, TX] - things[j, TX], things[i, TZ] - things[j, TZ]
                    far = np.sqrt(dx * dx + dz * dz)
                    deep = things[i, TR] + things[j, TR] - far
                    if deep > 0:
                        nx, nz = (dx / far, dz / far) if far > 1e-9 else (1.0, 0.0)
                        share = things[j, TMASS] / (things[i, TMASS] + things[j, TMASS])
                        things[i, TX] += share * deep * nx
                        things[i, TZ] += share * deep * nz
                        things[j, TX] -= (1 - share) * deep * nx
                        things[j, TZ] -= (1 - share) * deep * nz
                for k in range(num_obstacles):
                    if obstacles[k, OTOP] <= low + 1e-6 or obstacles[k, OBOTTOM] >= high:
                        continue
                    far, nx, nz = _nearest(obstacles[k], things[i, TX], things[i, TZ])
                    if far < things[i, TR]:
                        things[i, TX] += (things[i, TR] - far) * nx
                        things[i, TZ] += (things[i, TR] - far) * nz
            for k in range(num_obstacles):
                if obstacles[k, OTOP] <= player[Y] + 0.05:
                    continue
                if obstacles[k, OBOTTOM] >= player[Y] + HEIGHT:
                    continue
                far, nx, nz = _nearest(obstacles[k], player[X], player[Z])
                if far < RADIUS:
                    player[X] += (RADIUS - far) * nx
                    player[Z] += (RADIUS - far) * nz
                    touched = 1.0
        # What was pushed goes on with the speed that it got; what was stopped has none.
        player[VX] = (player[X] - start_x) / dt
        player[VZ] = (player[Z] - start_z) / dt
        speed = np.sqrt(player[VX] ** 2 + player[VZ] ** 2)
        if speed > RUN_SPEED:
            player[VX] *= RUN_SPEED / speed
            player[VZ] *= RUN_SPEED / speed
        for i in range(num):
            if i == held:
                continue
            dx, dz = things[i, TX] - old[i, 0], things[i, TZ] - old[i, 2]
            things[i, TVX], things[i, TVZ] = dx / dt, dz / dt
            speed = np.sqrt(things[i, TVX] ** 2 + things[i, TVZ] ** 2)
            if speed > 3.0:
                things[i, TVX] *= 3.0 / speed
                things[i, TVZ] *= 3.0 / speed
            if things[i, ROLLS] > 0:
                _roll(rotation[i], dx, dz, things[i, TR])
        _hold(player, things)
    held = int(player[HELD])
    if held >= 0:  # it turns with the player
        by = player[HEADING] - held_yaw
        c, s = np.cos(by), np.sin(by)
        for column in range(3):
            r0, r2 = rotation[held, 0, column], rotation[held, 2, column]
            rotation[held, 0, column] = c * r0 - s * r2
            rotation[held, 2, column] = s * r0 + c * r2
    dx, dz = player[X] - before_x, player[Z] - before_z
    middle = 0.5 * (turned + player[HEADING])
    player[DISTANCE] += -dx * np.sin(middle) + dz * np.cos(middle)
    player[TOUCH] = touched
