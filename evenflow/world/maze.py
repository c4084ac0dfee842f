"""Mazes: rooms with landmarks behind doorways, and walks that come back to rooms seen before.

Rooms lie on a grid and have a wall color of their own, so that a wall between two rooms has two
sides; every room holds one landmark that no other room has. A walk is a list of rooms; it is played
as actions (`player.py`), so a walk through a maze is the same data as a game that somebody played.

Source: Pasukonis et al. 2022, Evaluating long-term memory in 3D mazes, arXiv:2210.13383.
Differs: rooms on a grid, walls two-sided, and walks by a script instead of a search for targets.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.spec import Camera, Entity, Light, Place, SceneSpec, Shot

Walk = Literal["loop", "there and back", "tour", "random"]
WALKS: tuple[Walk, ...] = ("loop", "there and back", "tour", "random")
Room = tuple[int, int]
"""Column and row; column 0 has the least x, row 0 the least z."""

ROOM = 5.0
"""World units from the middle of a wall to the middle of the wall across."""
DOORWAY = 1.5
"""World units that a doorway is wide."""
WALL = 0.1
"""Thickness of one side of a wall."""
EYE = 1.45
"""Height of the eye of a first-person camera."""

_ROOM_COLORS = (
    "teal", "yellow", "pink", "green", "orange", "blue", "white", "purple", "brown", "red", "gray",
)  # fmt: skip
_LANDMARKS = ("ball", "cube", "cone", "cylinder", "star", "ring", "vase", "tower", "crate")
_LANDMARK_COLORS = ("red", "blue", "yellow", "green", "purple", "orange", "teal", "pink", "white")
_FURNITURE = (
    ("tree", "green", 1.5), ("bench", "brown", 0.42), ("lamp", "black", 0.9),
    ("bush", "green", 0.5), ("table", "brown", 0.38), ("sign", "white", 0.8),
    ("rock", "gray", 0.34), ("arch", "white", 1.0),
    ("fence", "white", 0.4), ("balloon", "red", 0.8), ("cart", "orange", 0.36),
)  # fmt: skip
_FLOORS = ("planks", "tiles", "checker", "carpet", "sand", "grass")
_FLOOR_COLORS = {
    "planks": ((176, 136, 96), (142, 104, 70)),
    "tiles": ((206, 200, 190), (176, 168, 158)),
    "checker": ((214, 210, 202), (156, 160, 168)),
    "carpet": ((150, 118, 118), (128, 98, 100)),
    "sand": ((222, 196, 150), (204, 176, 128)),
    "grass": ((118, 156, 82), (94, 134, 66)),
}
_TALL = {"woman": 0.84, "man": 0.88, "child": 0.6, "robot": 0.85, "dog": 0.36}
_SKIES = ("noon", "morning", "evening", "overcast")


@dataclass(frozen=True)
class Maze:
    """A maze as rooms and doorways.

    Args:
        columns, rows: of rooms.
        doors: pairs of neighboring rooms that a doorway joins, each with its place along the wall
            in [-1, 1] of what leaves room for its posts.
        colors: name of the wall color of every room, row by row.
        seed: what it was made from.
    """

    columns: int
    rows: int
    doors: dict[tuple[Room, Room], float]
    colors: tuple[str, ...]
    seed: int

    @property
    def rooms(self) -> tuple[Room, ...]:
        """All rooms, row by row."""
        return tuple((i, j) for j in range(self.rows) for i in range(self.columns))

    def center(self, room: Room) -> tuple[float, float]:
        """World x and z of a room's middle; the maze's middle is the origin."""
        i, j = room
        return (i + 0.5 - self.columns / 2) * ROOM, (j + 0.5 - self.rows / 2) * ROOM

    def neighbors(self, room: Room) -> tuple[Room, ...]:
        """Rooms behind this room's doorways, in a fixed order."""
        i, j = room
        around = ((i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1))
        return tuple(n for n in around if _pair(room, n) in self.doors)

    def doorway(self, a: Room, b: Room) -> tuple[float, float]:
        """World x and z of the middle of the doorway between two rooms."""
        pair = _pair(a, b)
        shift = self.doors[pair] * (ROOM / 2 - WALL - DOORWAY / 2 - 0.15)
        (x0, z0), (x1, z1) = self.center(pair[0]), self.center(pair[1])
        across = pair[0][0] == pair[1][0]  # one above the other: the doorway shifts along x
        return (x0 + x1) / 2 + (shift if across else 0.0), (z0 + z1) / 2 + (
            0.0 if across else shift
        )

    def room_at(self, x: float, z: float) -> Room | None:
        """The room that a point of the ground lies in, or None outside."""
        i = int(np.floor(x / ROOM + self.columns / 2))
        j = int(np.floor(z / ROOM + self.rows / 2))
        return (i, j) if 0 <= i < self.columns and 0 <= j < self.rows else None

    def path(self, start: Room, goal: Room) -> tuple[Room, ...]:
        """The shortest way from room to room, both included."""
        before: dict[Room, Room] = {start: start}
        queue = deque([start])
        while queue:
            room = queue.popleft()
            if room == goal:
                break
            for following in self.neighbors(room):
                if following not in before:
                    before[following] = room
                    queue.append(following)
        way = [goal]
        while way[-1] != start:
            way.append(before[way[-1]])
        return tuple(reversed(way))

    def walls(self) -> tuple[tuple[tuple[float, float, float, float], ...], tuple[str, ...]]:
        """Rectangles `(x0, z0, x1, z1)` on the ground and the color of each."""
        rectangles, colors = [], []
        for number, room in enumerate(self.rooms):
            x, z = self.center(room)
            i, j = room
            h = ROOM / 2
            for step in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                pair = _pair(room, (i + step[0], j + step[1]))
                pieces = [(-h, h)]
                if pair in self.doors:
                    dx, dz = self.doorway(*pair)
                    middle = dz - z if step[0] else dx - x
                    pieces = [(-h, middle - DOORWAY / 2), (middle + DOORWAY / 2, h)]
                for a, b in pieces:
                    if step[0]:
                        near = x + step[0] * h
                        far = near - step[0] * WALL
                        rectangles.append((min(near, far), z + a, max(near, far), z + b))
                    else:
                        near = z + step[1] * h
                        far = near - step[1] * WALL
                        rectangles.append((x + a, min(near, far), x + b, max(near, far)))
                    colors.append(self.colors[number])
        return tuple(tuple(round(v, 6) for v in r) for r in rectangles), tuple(colors)  # type: ignore[misc]


def _pair(a: Room, b: Room) -> tuple[Room, Room]:
    return (a, b) if a < b else (b, a)


def build(seed: int, *, rooms: tuple[int, int] = (3, 3), loops: float = 0.4) -> Maze:
    """A maze in which every room can be reached.

    Args:
        rooms: columns and rows, each in 1 to 16, at least two rooms in all.
        loops: share of the walls that a tree of doorways leaves closed and that get a doorway too,
            in [0, 1]; 0 is a maze without loops.

    Raises:
        BadInput: a size or a share that is out of range.
    """
    columns, rows = rooms
    if not (1 <= columns <= 16 and 1 <= rows <= 16 and columns * rows >= 2):
        raise BadInput(f"a maze has 1 to 16 columns and rows and two rooms, got {columns}x{rows}")
    if not 0 <= loops <= 1:
        raise BadInput(f"the share of loops is in [0, 1], got {loops}")
    rng = np.random.default_rng([seed, 9001])
    grid = [(i, j) for j in range(rows) for i in range(columns)]
    doors: dict[tuple[Room, Room], float] = {}
    seen = {grid[int(rng.integers(len(grid)))]}
    stack = list(seen)
    while stack:  # depth first: long ways
        i, j = stack[-1]
        around = [(i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)]
        free = [r for r in around if r in grid and r not in seen]
        if not free:
            stack.pop()
            continue
        following = free[int(rng.integers(len(free)))]
        doors[_pair((i, j), following)] = 0.0
        seen.add(following)
        stack.append(following)
    closed = [
        _pair((i, j), n)
        for i, j in grid
        for n in ((i + 1, j), (i, j + 1))
        if n in grid and _pair((i, j), n) not in doors
    ]
    extra = rng.permutation(len(closed))[: int(np.ceil(loops * len(closed)))]
    doors |= {closed[int(k)]: 0.0 for k in extra}
    doors = {pair: round(float(rng.uniform(-1, 1)), 3) for pair in sorted(doors)}
    palette: list[str] = []
    while len(palette) < len(grid):
        palette += [_ROOM_COLORS[int(k)] for k in rng.permutation(len(_ROOM_COLORS))]
    return Maze(columns, rows, doors, tuple(palette[: len(grid)]), seed)


def landmarks(maze: Maze, *, first: int = 1) -> tuple[Entity, ...]:
    """One thing in every room, no two of the same kind and color, out of the way of walkers.

    Args:
        first: id of the first.
    """
    rng = np.random.default_rng([maze.seed, 9002])
    pairs = [(kind, color) for kind in _LANDMARKS for color in _LANDMARK_COLORS]
    order = [int(k) for k in rng.permutation(len(pairs))]
    found: list[Entity] = []
    used: set[str] = set()
    for number, room in enumerate(maze.rooms):
        wall = maze.colors[number]
        if len(used) == len(_LANDMARKS):
            used = set()
        pick = next(k for k in order if pairs[k][1] != wall and pairs[k][0] not in used)
        order.remove(pick)
        kind, color = pairs[pick]
        used.add(kind)
        x, z = maze.center(room)
        sx, sz = _corners(maze, room)[0]
        reach = ROOM / 2 - 0.85
        found.append(
            Entity(
                id=first + number,
                kind=kind,
                color=color,
                second="white" if color != "white" else "black",
                size=0.52,
                pattern=("plain", "striped", "dotted", "checkered")[int(rng.integers(4))],
                material=("matte", "plastic", "rubber")[int(rng.integers(3))],
                position=(round(x + sx * reach, 4), 0.0, round(z + sz * reach, 4)),
                heading=round(float(np.arctan2(sx, -sz)), 4),  # its face to the room
                mass=400.0,  # landmarks stay where they are
                seed=maze.seed * 1000 + number,
            )
        )
    return tuple(found)


def _corners(maze: Maze, room: Room) -> list[tuple[int, int]]:
    """The corners of a room, as signs of x and z, those far from its doorways first."""
    x, z = maze.center(room)
    reach = ROOM / 2 - 0.85
    ways = [maze.doorway(room, n) for n in maze.neighbors(room)]

    def away(spot: tuple[int, int]) -> float:
        at = (x + spot[0] * reach, z + spot[1] * reach)
        return min((float(np.hypot(at[0] - w[0], at[1] - w[1])) for w in ways), default=0.0)

    return sorted([(sx, sz) for sx in (-1, 1) for sz in (-1, 1)], key=away, reverse=True)


def furniture(maze: Maze, *, first: int) -> tuple[Entity, ...]:
    """Something in a second corner of most rooms: a tree, a bench, a lamp...; captions skip it.

    Args:
        first: id of the first.
    """
    rng = np.random.default_rng([maze.seed, 9010])
    order: list[int] = []
    found: list[Entity] = []
    for room in maze.rooms:
        if not order:
            order = [int(k) for k in rng.permutation(len(_FURNITURE))]
        kind, color, size = _FURNITURE[order.pop()]
        turn = float(rng.uniform(-0.2, 0.2))
        if rng.random() < 0.15:
            continue
        x, z = maze.center(room)
        sx, sz = _corners(maze, room)[1]
        reach = ROOM / 2 - (0.85 if kind in ("tree", "lamp", "sign", "balloon") else 1.0)
        found.append(
            Entity(
                id=first + len(found),
                kind=kind,
                color=color,
                second={"green": "green", "brown": "black"}.get(color, "gray"),
                size=size,
                material="wood" if color == "brown" else "matte",
                pattern="lettered" if kind == "sign" else "plain",
                position=(round(x + sx * reach, 4), 0.0, round(z + sz * reach, 4)),
                heading=round(float(np.arctan2(sx, -sz)) + np.pi + turn, 4),
                mass=400.0,
                seed=maze.seed * 1000 + 500 + len(found),
                said=False,
            )
        )
    return tuple(found)


def rooms_of_walk(maze: Maze, walk: Walk, *, seed: int = 0) -> tuple[Room, ...]:
    """The rooms of one round of a walk, from its first room back to it.

    | walk | its rooms |
    |---|---|
    | `loop` | around a ring of rooms, where the maze has one; else there and back |
    | `there and back` | to the room that is farthest away, and the same way back |
    | `tour` | through every room, and back |
    | `random` | 24 doorways at random, then the shortest way back |

    Raises:
        BadInput: there is no such walk.
    """
    rng = np.random.default_rng([maze.seed, 9003, seed])
    rooms = maze.rooms
    start = rooms[int(rng.integers(len(rooms)))]
    if walk == "loop":
        ring = _ring(maze, rng)
        return ring if ring else rooms_of_walk(maze, "there and back", seed=seed)
    if walk == "there and back":
        way = max((maze.path(start, room) for room in rooms), key=len)
        return (*way, *way[-2::-1])
    if walk == "tour":
        todo, way_list = set(rooms) - {start}, [start]
        while todo:
            nearest = min((maze.path(way_list[-1], r) for r in sorted(todo)), key=len)
            way_list += nearest[1:]
            todo -= set(nearest)
        return (*way_list, *maze.path(way_list[-1], start)[1:])
    if walk == "random":
        way_list = [start]
        for _ in range(24):
            around = maze.neighbors(way_list[-1])
            back = way_list[-2] if len(way_list) > 1 else None
            onward = [r for r in around if r != back] or list(around)
            way_list.append(onward[int(rng.integers(len(onward)))])
        return (*way_list, *maze.path(way_list[-1], start)[1:])
    raise BadInput(f"there is no walk {walk!r}: say one of {', '.join(WALKS)}")


def _ring(maze: Maze, rng: np.random.Generator) -> tuple[Room, ...]:
    """A short ring of rooms: one doorway, and the shortest way around that avoids it."""
    rings = []
    for pair in sorted(maze.doors):
        cut = replace(maze, doors={p: s for p, s in maze.doors.items() if p != pair})
        if _connected(cut, *pair):
            rings.append((*cut.path(*pair), pair[0]))
    if not rings:
        return ()
    ring = rings[int(rng.integers(len(rings)))]
    return ring if rng.random() < 0.5 else tuple(reversed(ring))


def _connected(maze: Maze, a: Room, b: Room) -> bool:
    seen, stack = {a}, [a]
    while stack:
        for n in maze.neighbors(stack.pop()):
            if n not in seen:
                seen.add(n)
                stack.append(n)
    return b in seen


def waypoints(maze: Maze, rooms: Sequence[Room]) -> tuple[tuple[float, float], ...]:
    """Points `(x, z)` on the ground that lead through rooms: straight through every doorway."""
    points = [maze.center(rooms[0])]
    for a, b in zip(rooms, rooms[1:], strict=False):
        x, z = maze.doorway(a, b)
        along = (b[0] - a[0], b[1] - a[1])
        step = 0.55  # in front of and behind the doorway, so that it is passed straight
        points.append((x - along[0] * step, z - along[1] * step))
        points.append((x + along[0] * step, z + along[1] * step))
        points.append(maze.center(b))
    return tuple(points)


def maze_spec(
    seed: int,
    *,
    frames: int = 600,
    rooms: tuple[int, int] = (3, 3),
    loops: float = 0.4,
    walk: Walk | None = None,
    behind: bool = False,
    fps: Fraction = Fraction(12),
    size: tuple[int, int] = (128, 128),
    style: str = "plain",
) -> SceneSpec:
    """A walk through a maze, ready to be simulated.

    Args:
        frames: usually 300 to 4,000; a walk that is over begins again.
        rooms, loops: see `build`.
        walk: see `rooms_of_walk`; None leaves it to the seed.
        behind: True shows a walker from behind, False looks through the walker's eyes.

    Raises:
        BadInput: something is out of range.
    """
    from evenflow.world.player import drive

    if frames < 1:
        raise BadInput(f"a clip has at least one frame, got {frames}")
    rng = np.random.default_rng([seed, 9004])
    maze = build(seed, rooms=rooms, loops=loops)
    chosen: Walk = walk if walk is not None else WALKS[int(rng.integers(3))]
    way = rooms_of_walk(maze, chosen, seed=seed)
    points = waypoints(maze, way)
    spec = empty(maze, frames=frames, behind=behind, fps=fps, size=size, style=style)
    spec = facing(spec, points[0], points[1])
    return replace(spec, actions=drive(spec, points, frames=frames, again=True))


def empty(
    maze: Maze,
    *,
    frames: int,
    behind: bool = False,
    fps: Fraction = Fraction(12),
    size: tuple[int, int] = (128, 128),
    style: str = "plain",
) -> SceneSpec:
    """A maze in which nobody has moved yet; the player stands in the middle of the first room."""
    rng = np.random.default_rng([maze.seed, 9005])
    floor = _FLOORS[int(rng.integers(len(_FLOORS)))]
    walls, colors = maze.walls()
    sky = _SKIES[int(rng.integers(len(_SKIES)))]
    sun = Light(
        azimuth=round(float(rng.uniform(-np.pi, np.pi)), 4),
        elevation=round(float({"noon": 1.05, "overcast": 0.9}.get(sky, 0.75)), 4),
        color={"morning": (1.0, 0.93, 0.82), "evening": (1.0, 0.86, 0.7)}.get(
            sky, (1.0, 0.97, 0.92)
        ),
        ambient=0.4,
        gain=0.9,
    )
    place = Place(
        ground=floor,
        sky=sky,
        background="none",
        colors=_FLOOR_COLORS[floor],
        scale=1.0,
        seed=maze.seed,
        walls=walls,
        wall_colors=colors,
        light=sun,
    )
    cast = landmarks(maze)
    cast = (*cast, *furniture(maze, first=len(cast) + 1))
    player = 0
    if behind:
        player = len(cast) + 1
        kind = ("woman", "man", "child", "robot", "dog")[int(rng.integers(5))]
        second = ("blue", "brown", "gray")[int(rng.integers(3))]
        walker = Entity(
            player,
            kind,
            {"dog": "brown", "robot": "white"}.get(kind, "red"),
            second={"dog": "white"}.get(kind, second),
            size=_TALL[kind],
            seed=maze.seed,
            mass=60.0,
        )
        cast = (*cast, walker)
    spec = SceneSpec(
        seed=maze.seed,
        preset="maze",
        shots=(Shot(frames, Camera(fov=1.15)),),
        places=(place,),
        cast=cast,
        fps=fps,
        size=size,
        style=style,
        player=player,
    )
    x, z = maze.center(maze.rooms[0])
    return facing(spec, (x, z), (x, z + 1))


def facing(spec: SceneSpec, at: tuple[float, float], toward: tuple[float, float]) -> SceneSpec:
    """The same scene whose player starts `at` a point of the ground and looks `toward` another."""
    (x, z), (tx, tz) = at, toward
    length = float(np.hypot(tx - x, tz - z)) or 1.0
    dx, dz = (tx - x) / length, (tz - z) / length
    heading = float(np.arctan2(-dx, dz))
    camera = replace(
        spec.shots[0].camera,
        eye=(round(x, 6), EYE, round(z, 6)),
        look_at=(round(x + 2 * dx, 6), EYE - 0.24, round(z + 2 * dz, 6)),
    )
    cast = tuple(
        replace(one, position=(round(x, 6), 0.0, round(z, 6)), heading=round(heading, 6))
        if one.id == spec.player
        else one
        for one in spec.cast
    )
    return replace(spec, shots=(replace(spec.shots[0], camera=camera),), cast=cast)
