"""What things and fixtures look like and how they are built: parts to draw, solids to bump into.

Every kind is a model in its own axes: the center of the entity is the origin, half its height is
1, +z is its front, so a model times `Entity.size` is the entity. A ramp runs down to its front; a
pendulum swings along x; a cart rolls to its front, a ring along x.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evenflow.world import physics
from evenflow.world.animation import SHAPES
from evenflow.world.spec import Entity
from evenflow.world.words import COLORS, PART_MATERIALS, PATTERNS, WALKERS

D = NDArray[np.float64]
Rgb = tuple[int, int, int]
Paint = str | Rgb

BODY, WHEEL, LEAF, PANEL, BOB = range(5)
"""What a part goes with: the entity as a whole, a wheel, the leaf of a door, the panel of a screen,
the weight of a pendulum with its rod."""

BARK: Rgb = (104, 74, 50)
DARK: Rgb = (58, 54, 54)
STEEL: Rgb = (150, 154, 160)
WOOD: Rgb = (150, 108, 68)
GLASS: Rgb = (150, 186, 206)
WARM: Rgb = (255, 226, 160)
CREAM: Rgb = (232, 224, 206)

USUAL_SIZE: dict[str, float] = {
    "ball": 0.46, "cube": 0.42, "box": 0.34, "cylinder": 0.46, "cone": 0.5, "capsule": 0.5,
    "ring": 0.46, "star": 0.46, "cup": 0.4, "vase": 0.5, "crate": 0.42, "balloon": 0.8,
    "cart": 0.36, "lamp": 0.8, "tower": 0.75,
    "pillar": 1.35, "wall": 0.85, "fence": 0.5, "screen": 0.85, "door": 1.1, "table": 0.38,
    "ramp": 0.5, "tree": 1.6, "bush": 0.45, "rock": 0.35, "house": 1.7, "bench": 0.44,
    "arch": 1.3, "sign": 0.95, "pendulum": 1.15,
}  # fmt: skip
"""Half the height of a medium one in world units."""

FRAGILE: dict[str, float] = {"vase": 2.6, "cup": 3.4}
"""Change of speed, in units a second, that breaks it."""

DOOR_OPEN = 1.75
"""Radians at which a door stands open."""


@dataclass(frozen=True)
class Piece:
    """One part of a model, in the model's axes.

    Args:
        shape: one of SHAPES.
        at: its center; half: its half extents.
        paint, second: `color` or `second` for those of the entity, or sRGB.
        gain: factor of its linear colors: a shade of the entity's color.
        pattern: one of PATTERNS, or empty for the entity's.
        material: one of PART_MATERIALS, or empty for the entity's.
        param: see SHAPES.
        repeats: of the pattern over its box.
        turn: rotation in its model (x, then y, then z), radians.
        node: what it goes with.
        pivot: where its node turns.
    """

    shape: str
    at: tuple[float, float, float]
    half: tuple[float, float, float]
    paint: Paint = "color"
    second: Paint = "second"
    gain: float = 1.0
    pattern: str = "plain"
    material: str = ""
    param: float = 0.0
    repeats: float = 2.0
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    node: int = BODY
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Solid:
    """What physics sees of a model: a shape of `physics.py`, its center and half sizes."""

    shape: int
    at: tuple[float, float, float]
    half: tuple[float, float, float]
    node: int = BODY


@dataclass(frozen=True)
class Model:
    """A kind of thing.

    Args:
        pieces, solids: see there. Of a thing that moves the first solid is its body.
        wheels: radius of its wheels (or of itself, where it rolls as a whole), 0 if it slides.
        front: heading of its rolling direction against its own.
        pivot: of its leaf or weight; `length` of the pendulum's rod.
    """

    pieces: tuple[Piece, ...]
    solids: tuple[Solid, ...]
    wheels: float = 0.0
    front: float = 0.0
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    length: float = 0.0


def _one(shape: str, half: tuple[float, float, float], solid: int, **more: float) -> Model:
    piece = Piece(shape, (0, 0, 0), half, pattern="", **more)  # type: ignore[arg-type]
    return Model((piece,), (Solid(solid, (0, 0, 0), half),))


def _ball(_: np.random.Generator) -> Model:
    return _one("sphere", (1, 1, 1), physics.SPHERE, repeats=3)


def _cube(_: np.random.Generator) -> Model:
    return _one("box", (1, 1, 1), physics.BOX)


def _box(_: np.random.Generator) -> Model:
    return _one("box", (1.5, 1, 1.05), physics.BOX)


def _cylinder(_: np.random.Generator) -> Model:
    return _one("cylinder", (0.72, 1, 0.72), physics.CYLINDER)


def _cone(_: np.random.Generator) -> Model:
    return _one("cone", (0.82, 1, 0.82), physics.CONE)


def _capsule(_: np.random.Generator) -> Model:
    return _one("capsule", (0.52, 1, 0.52), physics.CYLINDER)


def _ring(_: np.random.Generator) -> Model:
    tube = 0.3
    piece = Piece(
        "torus", (0, 0, 0), (1, tube, 1), pattern="", param=tube, turn=(np.pi / 2, 0, 0), repeats=3
    )
    return Model((piece,), (Solid(physics.BOX, (0, 0, 0), (1, 1, tube)),), 1.0, -np.pi / 2)


def _star(_: np.random.Generator) -> Model:
    piece = Piece("star", (0, -0.1, 0), (1.1, 1.1, 0.36), pattern="", param=0.45)
    return Model((piece,), (Solid(physics.BOX, (0, 0, 0), (0.8, 1, 0.36)),))


def _cup(_: np.random.Generator) -> Model:
    return _one("cup", (0.8, 1, 0.8), physics.CYLINDER, param=0.12)


def _vase(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("sphere", (0, -0.26, 0), (0.62, 0.66, 0.62), pattern="", repeats=3),
            Piece("cylinder", (0, -0.93, 0), (0.36, 0.07, 0.36), "second"),
            Piece("cylinder", (0, 0.5, 0), (0.27, 0.42, 0.27)),
            Piece("cylinder", (0, 0.93, 0), (0.42, 0.07, 0.42), "second"),
        ),
        (Solid(physics.CYLINDER, (0, 0, 0), (0.6, 1, 0.6)),),
    )


def _crate(_: np.random.Generator) -> Model:
    posts = tuple(
        Piece("box", (0.9 * x, 0, 0.9 * z), (0.1, 1, 0.1), gain=0.6, material="wood")
        for x in (-1, 1)
        for z in (-1, 1)
    )
    plates = tuple(
        Piece("box", (0, 0.9 * y, 0), (0.985, 0.1, 0.985), gain=0.6, material="wood")
        for y in (-1, 1)
    )
    core = Piece("box", (0, 0, 0), (0.9, 0.9, 0.9), pattern="planks", material="wood")
    return Model((core, *posts, *plates), (Solid(physics.BOX, (0, 0, 0), (1, 1, 1)),))


def _balloon(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("sphere", (0, 0.42, 0), (0.48, 0.58, 0.48), pattern="", repeats=3),
            Piece("cone", (0, -0.19, 0), (0.08, 0.07, 0.08)),
            Piece("cylinder", (0, -0.61, 0), (0.016, 0.39, 0.016), DARK, material="matte"),
        ),
        (Solid(physics.CYLINDER, (0, 0, 0), (0.45, 1, 0.45)),),
    )


def _cart(_: np.random.Generator) -> Model:
    radius = 0.42
    wheels: list[Piece] = []
    for x in (-0.86, 0.86):
        for z in (-0.85, 0.85):
            at = (x, -1 + radius, z)
            wheels.append(
                Piece("cylinder", at, (radius, 0.1, radius), DARK, (200, 200, 200), 1.0, "two-tone",
                      "rubber", turn=(0, 0, np.pi / 2), node=WHEEL, pivot=at)
            )  # fmt: skip
    return Model(
        (
            Piece("box", (0, 0.0, 0), (0.74, 0.34, 1.35), pattern=""),
            Piece("box", (0, 0.37, 0), (0.78, 0.05, 1.4), "second"),
            Piece("box", (0, 0.7, -1.32), (0.07, 0.3, 0.05), "second"),
            Piece("cylinder", (0, 0.97, -1.32), (0.05, 0.6, 0.05), "second",
                  turn=(0, 0, np.pi / 2)),
            *wheels,
        ),
        (Solid(physics.BOX, (0, 0, 0), (0.9, 1, 1.42)),),
        wheels=radius,
    )  # fmt: skip


def _lamp(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("cylinder", (0, -0.96, 0), (0.26, 0.04, 0.26), "second"),
            Piece("cylinder", (0, -0.2, 0), (0.045, 0.76, 0.045), "second"),
            Piece("cone", (0, 0.72, 0), (0.38, 0.28, 0.38), "color"),
            Piece("sphere", (0, 0.45, 0), (0.15, 0.13, 0.15), WARM, material="glowing"),
        ),
        (Solid(physics.CYLINDER, (0, 0, 0), (0.26, 1, 0.26)),),
    )


def _tower(_: np.random.Generator) -> Model:
    blocks = tuple(
        Piece("box", (0, -0.8 + 0.4 * k, 0), (0.42 - 0.035 * k, 0.2, 0.42 - 0.035 * k),
              "color" if k % 2 == 0 else "second", pattern="" if k % 2 == 0 else "plain",
              turn=(0, 0.12 * (k % 3 - 1), 0))
        for k in range(4)
    )  # fmt: skip
    roof = Piece("cone", (0, 0.8, 0), (0.34, 0.2, 0.34), "color")
    return Model((*blocks, roof), (Solid(physics.BOX, (0, 0, 0), (0.42, 1, 0.42)),))


def _pillar(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("box", (0, -0.95, 0), (0.34, 0.05, 0.34), gain=0.75, material="stone"),
            Piece("cylinder", (0, 0, 0), (0.24, 0.92, 0.24), pattern="", material="stone"),
            Piece("box", (0, 0.94, 0), (0.36, 0.06, 0.36), gain=0.85, material="stone"),
        ),
        (
            Solid(physics.CYLINDER, (0, 0, 0), (0.24, 1, 0.24)),
            Solid(physics.BOX, (0, -0.95, 0), (0.34, 0.05, 0.34)),
        ),
    )


def _wall(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("box", (0, -0.04, 0), (1.7, 0.96, 0.14), pattern="", repeats=4),
            Piece("box", (0, 0.95, 0), (1.76, 0.05, 0.19), gain=0.7),
        ),
        (Solid(physics.BOX, (0, 0, 0), (1.7, 1, 0.16)),),
    )


def _fence(_: np.random.Generator) -> Model:
    pickets = tuple(
        Piece("box", (-2.2 + 0.55 * k, -0.03, 0), (0.13, 0.97, 0.05), pattern="", material="wood")
        for k in range(9)
    )
    rails = tuple(
        Piece("box", (0, y, 0.06), (2.4, 0.09, 0.03), gain=0.72, material="wood")
        for y in (-0.45, 0.5)
    )
    return Model((*pickets, *rails), (Solid(physics.BOX, (0, 0, 0), (2.4, 1, 0.09)),))


def _screen(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("box", (0, 0, 0), (1.15, 1, 0.05), pattern="", node=PANEL),
            Piece("cylinder", (-1.2, 0, 0), (0.06, 1, 0.06), "second"),
            Piece("cylinder", (1.2, 0, 0), (0.06, 1, 0.06), "second"),
            Piece("box", (-1.2, -0.97, 0), (0.14, 0.03, 0.3), "second"),
            Piece("box", (1.2, -0.97, 0), (0.14, 0.03, 0.3), "second"),
        ),
        (
            Solid(physics.BOX, (0, 0, 0), (1.15, 1, 0.05), PANEL),
            Solid(physics.CYLINDER, (-1.2, 0, 0), (0.06, 1, 0.06)),
            Solid(physics.CYLINDER, (1.2, 0, 0), (0.06, 1, 0.06)),
        ),
    )


def _door(_: np.random.Generator) -> Model:
    hinge = (-0.4, 0.0, 0.0)
    return Model(
        (
            Piece("box", (0, -0.045, 0), (0.4, 0.95, 0.03), pattern="", node=LEAF, pivot=hinge),
            Piece("box", (0.0, 0.4, 0), (0.26, 0.3, 0.042), "second", node=LEAF, pivot=hinge),
            Piece("box", (0.0, -0.5, 0), (0.26, 0.3, 0.042), "second", node=LEAF, pivot=hinge),
            Piece("sphere", (0.32, -0.06, 0), (0.035, 0.035, 0.09), WARM, material="metal",
                  node=LEAF, pivot=hinge),
            Piece("box", (-0.46, 0, 0), (0.06, 1, 0.08), CREAM),
            Piece("box", (0.46, 0, 0), (0.06, 1, 0.08), CREAM),
            Piece("box", (0, 0.955, 0), (0.52, 0.05, 0.085), CREAM),
        ),
        (
            Solid(physics.BOX, (0, -0.045, 0), (0.4, 0.95, 0.03), LEAF),
            Solid(physics.BOX, (-0.46, 0, 0), (0.06, 1, 0.08)),
            Solid(physics.BOX, (0.46, 0, 0), (0.06, 1, 0.08)),
            Solid(physics.BOX, (0, 0.955, 0), (0.52, 0.05, 0.085)),
        ),
        pivot=hinge,
    )  # fmt: skip


def _table(_: np.random.Generator) -> Model:
    corners = [(x, z) for x in (-1.5, 1.5) for z in (-0.85, 0.85)]
    return Model(
        (
            Piece("box", (0, 0.91, 0), (1.75, 0.09, 1.1), pattern="", material="wood"),
            Piece("box", (0, 0.72, 0), (1.5, 0.1, 0.85), gain=0.7, material="wood"),
            *(
                Piece("box", (x, -0.1, z), (0.1, 0.92, 0.1), gain=0.7, material="wood")
                for x, z in corners
            ),
        ),
        (
            Solid(physics.BOX, (0, 0.91, 0), (1.75, 0.09, 1.1)),
            *(Solid(physics.BOX, (x, -0.1, z), (0.1, 0.92, 0.1)) for x, z in corners),
        ),
    )


RAMP_HALF = (0.95, 1.0, 2.0)
"""Half sizes of a ramp of size 1: it rises by 2 over 4, 26.6 degrees."""


def ramp_angle() -> float:
    """Inclination of every ramp, in radians."""
    return float(np.arctan2(RAMP_HALF[1], RAMP_HALF[2]))


def _ramp(_: np.random.Generator) -> Model:
    hx, hy, hz = RAMP_HALF
    angle = ramp_angle()
    long, thick = float(np.hypot(hy, hz)), 0.06
    ny, nz = np.cos(angle), np.sin(angle)
    plank = Piece(
        "box", (0, -thick * ny, -thick * nz), (hx, thick, long), pattern="", material="wood",
        turn=(angle, 0, 0), repeats=3,
    )  # fmt: skip
    props = []
    for z in (-0.92, -0.3, 0.3):
        top = -z * hy - 0.16  # of a prop at this share of the length, below the plank
        half = 0.5 * (top + 1)
        props += [
            Piece("box", (x, -1 + half, z * hz), (0.08, half, 0.08), gain=0.6, material="wood")
            for x in (-0.82, 0.82)
        ]
    foot = Piece("box", (0, -0.97, -0.1 * hz), (0.08, 0.03, 0.85 * hz), gain=0.6, material="wood")
    return Model((plank, *props, foot), (Solid(physics.WEDGE, (0, 0, 0), RAMP_HALF),))


def _tree(rng: np.random.Generator) -> Model:
    kind = int(rng.integers(3))
    lean = rng.uniform(-0.03, 0.03, 2)
    trunk = Piece("cylinder", (0, -0.52, 0), (0.075, 0.48, 0.075), BARK, material="wood")
    crown: list[Piece] = []
    if kind == 0:  # a fir
        for k in range(3):
            wide = (0.5 - 0.11 * k) * rng.uniform(0.92, 1.08)
            y = -0.2 + 0.42 * k
            crown.append(
                Piece("cone", (lean[0] * k, y, lean[1] * k), (wide, 0.36, wide),
                      gain=0.72 + 0.16 * k, material="matte")
            )  # fmt: skip
    elif kind == 1:  # a round crown of several balls
        crown.append(Piece("sphere", (0, 0.32, 0), (0.5, 0.52, 0.5), material="matte"))
        turn = rng.uniform(0, 2 * np.pi)
        for k in range(4):
            a = turn + k * np.pi / 2 + rng.uniform(-0.3, 0.3)
            r = rng.uniform(0.26, 0.36)
            crown.append(
                Piece("sphere", (0.34 * np.cos(a), rng.uniform(0.0, 0.4), 0.34 * np.sin(a)),
                      (r, r * 0.92, r), gain=0.78 if k % 2 else 1.12, material="matte")
            )  # fmt: skip
        crown.append(Piece("sphere", (lean[0], 0.72, lean[1]), (0.3, 0.28, 0.3), material="matte"))
    else:  # a poplar
        crown.append(Piece("sphere", (0, 0.28, 0), (0.27, 0.72, 0.27), material="matte"))
        crown.append(
            Piece("sphere", (0.08, -0.05, 0.05), (0.22, 0.42, 0.22), gain=0.8, material="matte")
        )
        crown.append(
            Piece("sphere", (-0.09, 0.12, -0.06), (0.2, 0.5, 0.2), gain=0.88, material="matte")
        )
    return Model((trunk, *crown), (Solid(physics.CYLINDER, (0, -0.5, 0), (0.085, 0.5, 0.085)),))


def _bush(rng: np.random.Generator) -> Model:
    parts = [Piece("sphere", (0, -0.15, 0), (0.85, 0.95, 0.8), material="matte")]
    turn = rng.uniform(0, 2 * np.pi)
    for k in range(4):
        a = turn + k * np.pi / 2
        r = rng.uniform(0.5, 0.65)
        parts.append(
            Piece("sphere", (0.68 * np.cos(a), -0.98 + r, 0.68 * np.sin(a)), (r, r, r),
                  gain=0.75 if k % 2 else 1.1, material="matte")
        )  # fmt: skip
    berries: Rgb = [(214, 52, 60), (250, 240, 240), (246, 196, 60)][int(rng.integers(3))]
    for _ in range(5):
        a, h = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.6)
        w = 0.86 * np.sqrt(1 - ((h + 0.15) / 0.95) ** 2)
        at = (w * np.cos(a), h, w * np.sin(a))
        parts.append(Piece("sphere", at, (0.09, 0.09, 0.09), berries, material="matte"))
    return Model(tuple(parts), (Solid(physics.CYLINDER, (0, 0, 0), (0.95, 1, 0.95)),))


def _rock(rng: np.random.Generator) -> Model:
    about = float(rng.uniform(0, 2 * np.pi))
    lean = [float(v) for v in rng.uniform(-0.3, 0.3, 2)]
    c, d = float(np.cos(about)), float(np.sin(about))
    parts = [
        Piece("sphere", (-0.3 * c, -0.15, -0.3 * d), (0.95, 1.08, 0.9), pattern="",
              material="stone", turn=(lean[0], -about, 0.35 + lean[1])),
        Piece("sphere", (0.6 * c, -0.42, 0.6 * d), (0.85, 0.82, 0.95), pattern="",
              material="stone", gain=0.9, turn=(0.2, -about, -0.45)),
    ]  # fmt: skip
    for k in range(3):
        a = about + 1.0 + k * 1.9
        r = float(rng.uniform(0.3, 0.55)) * (1.0 - 0.12 * k)
        at = (1.1 * np.cos(a), -1 + 0.6 * r, 1.0 * np.sin(a))
        parts.append(
            Piece("sphere", at, (1.2 * r, 0.75 * r, 0.9 * r), gain=(0.8, 1.12, 0.95)[k],
                  material="stone", turn=(0.2 * k, a, 0.3 - 0.25 * k))
        )  # fmt: skip
    return Model(tuple(parts), (Solid(physics.CYLINDER, (0, 0, 0), (1.15, 1, 1.15)),))


def _house(rng: np.random.Generator) -> Model:
    w, depth = 0.78, float(rng.uniform(0.62, 0.85))
    eaves = 1 - w  # the roof rises as much as it is wide
    wall = 0.5 * (1 + eaves)
    roof: Rgb = [(150, 72, 56), (92, 84, 92), (120, 88, 60)][int(rng.integers(3))]
    front = depth
    slab = 0.5 * w * float(np.sqrt(2)) + 0.09
    parts = [
        Piece("box", (0, -1 + wall, 0), (w, wall, depth), pattern=""),
        Piece("box", (0, eaves, 0), (w / np.sqrt(2), w / np.sqrt(2), depth * 0.995),
              turn=(0, 0, np.pi / 4)),
    ]  # fmt: skip
    for side in (-1, 1):
        a = -side * np.pi / 4
        mid = 0.5 * w + 0.03
        parts.append(
            Piece("box", (side * mid, eaves + 0.5 * w + 0.0, 0), (slab, 0.035, depth + 0.1), roof,
                  turn=(0, 0, a), material="matte")
        )  # fmt: skip
    parts += [
        Piece("box", (-0.3, -0.68, front), (0.15, 0.32, 0.03), "second", material="wood"),
        Piece("box", (0.32, -0.52, front), (0.2, 0.17, 0.02), CREAM),
        Piece("box", (0.32, -0.52, front + 0.012), (0.165, 0.135, 0.02), GLASS, material="window"),
        Piece("box", (0.0, 0.28, front), (0.15, 0.15, 0.02), CREAM),
        Piece("box", (0.0, 0.28, front + 0.012), (0.115, 0.115, 0.02), GLASS, material="window"),
        Piece("box", (-0.3, -0.45, -front), (0.2, 0.17, 0.02), CREAM),
        Piece("box", (-0.3, -0.45, -front - 0.012), (0.165, 0.135, 0.02), GLASS, material="window"),
        Piece("box", (0.3, -0.45, -front), (0.2, 0.17, 0.02), CREAM),
        Piece("box", (0.3, -0.45, -front - 0.012), (0.165, 0.135, 0.02), GLASS, material="window"),
        Piece("box", (0.42, 0.72, 0.25 * depth), (0.09, 0.27, 0.09), roof, material="stone"),
    ]
    return Model(
        tuple(parts),
        (
            Solid(physics.BOX, (0, -1 + wall, 0), (w, wall, depth)),
            Solid(physics.BOX, (0, eaves + 0.25 * w, 0), (0.7 * w, 0.25 * w, depth)),
            Solid(physics.BOX, (0, eaves + 0.72 * w, 0), (0.3 * w, 0.28 * w, depth)),
        ),
    )


SEAT = 0.06
"""Height of the seat of a bench of size 1 over its center."""


def _bench(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("box", (0, SEAT - 0.05, 0.05), (1.6, 0.05, 0.5), pattern="", material="wood"),
            Piece("box", (0, 0.42, -0.47), (1.6, 0.13, 0.05), pattern="", material="wood"),
            Piece("box", (0, 0.83, -0.53), (1.6, 0.13, 0.05), pattern="", material="wood"),
            Piece("box", (-1.3, -0.5, 0.05), (0.09, 0.5, 0.42), DARK, material="metal"),
            Piece("box", (1.3, -0.5, 0.05), (0.09, 0.5, 0.42), DARK, material="metal"),
            Piece("box", (-1.3, 0.35, -0.54), (0.07, 0.62, 0.05), DARK, material="metal"),
            Piece("box", (1.3, 0.35, -0.54), (0.07, 0.62, 0.05), DARK, material="metal"),
        ),
        (
            Solid(physics.BOX, (0, -0.47, 0.05), (1.6, 0.53, 0.5)),
            Solid(physics.BOX, (0, 0.2, -0.5), (1.6, 0.76, 0.08)),
        ),
    )


def _arch(_: np.random.Generator) -> Model:
    parts = []
    solids = []
    for x in (-0.62, 0.62):
        parts.append(Piece("box", (x, -0.94, 0), (0.21, 0.06, 0.21), gain=0.75, material="stone"))
        parts.append(
            Piece("box", (x, -0.15, 0), (0.16, 0.75, 0.16), pattern="", material="stone", repeats=3)
        )
        solids.append(Solid(physics.BOX, (x, -0.15, 0), (0.17, 0.85, 0.17)))
    parts.append(Piece("box", (0, 0.72, 0), (0.84, 0.12, 0.2), gain=0.8, material="stone"))
    parts.append(Piece("box", (0, 0.9, 0), (0.7, 0.1, 0.16), pattern="", material="stone"))
    solids.append(Solid(physics.BOX, (0, 0.8, 0), (0.84, 0.2, 0.2)))
    return Model(tuple(parts), tuple(solids))


def _sign(_: np.random.Generator) -> Model:
    return Model(
        (
            Piece("cylinder", (0, -0.35, 0), (0.045, 0.65, 0.045), DARK, material="metal"),
            Piece("box", (0, 0.55, 0), (0.58, 0.4, 0.045), pattern="", repeats=1),
            Piece("box", (0, 0.55, 0), (0.63, 0.45, 0.035), "second"),
        ),
        (Solid(physics.BOX, (0, 0, 0), (0.2, 1, 0.06)),),
    )


def _pendulum(_: np.random.Generator) -> Model:
    top, length, bob = 0.9, 1.35, 0.2
    pivot = (0.0, top, 0.0)
    posts = []
    for x in (-1.3, 1.3):
        posts.append(Piece("box", (x, 0, 0), (0.07, 1, 0.07), WOOD, material="wood"))
        posts.append(Piece("box", (x, -0.96, 0), (0.1, 0.04, 0.4), WOOD, gain=0.7, material="wood"))
    return Model(
        (
            Piece("sphere", (0, top - length, 0), (bob, bob, bob), pattern="", node=BOB,
                  pivot=pivot),
            Piece("cylinder", (0, top - 0.5 * length, 0), (0.018, 0.5 * length, 0.018), DARK,
                  material="metal", node=BOB, pivot=pivot),
            *posts,
            Piece("box", (0, 0.94, 0), (1.37, 0.06, 0.08), WOOD, material="wood"),
        ),
        (
            Solid(physics.SPHERE, (0, top - length, 0), (bob, bob, bob), BOB),
            Solid(physics.BOX, (-1.3, 0, 0), (0.07, 1, 0.07)),
            Solid(physics.BOX, (1.3, 0, 0), (0.07, 1, 0.07)),
        ),
        pivot=pivot,
        length=length,
    )  # fmt: skip


MODELS: dict[str, Callable[[np.random.Generator], Model]] = {
    "ball": _ball, "cube": _cube, "box": _box, "cylinder": _cylinder, "cone": _cone,
    "capsule": _capsule, "ring": _ring, "star": _star, "cup": _cup, "vase": _vase,
    "crate": _crate, "balloon": _balloon, "cart": _cart, "lamp": _lamp, "tower": _tower,
    "pillar": _pillar, "wall": _wall, "fence": _fence, "screen": _screen, "door": _door,
    "table": _table, "ramp": _ramp, "tree": _tree, "bush": _bush, "rock": _rock,
    "house": _house, "bench": _bench, "arch": _arch, "sign": _sign, "pendulum": _pendulum,
}  # fmt: skip
"""Every row of THINGS and FIXTURES of `words.py`."""

VARIED = ("tree", "bush", "rock", "house")
"""Kinds that look a little different with every seed."""


@lru_cache(maxsize=512)
def _model(kind: str, seed: int) -> Model:
    return MODELS[kind](np.random.default_rng([seed, 7001]))


def model(kind: str, seed: int = 0) -> Model:
    """The model of a kind; of the kinds in VARIED, one of many that the seed chooses."""
    return _model(kind, seed if kind in VARIED else 0)


def extent(entity: Entity) -> tuple[float, float, float]:
    """Half of the box it takes up when it stands, in world units (x, y, z), in its own axes."""
    if entity.kind in WALKERS:  # about: who stands with hanging arms
        x, z = {"dog": (0.4, 1.2), "cat": (0.4, 1.2), "horse": (0.35, 1.0)}.get(
            entity.kind, (0.3, 0.2)
        )
        return x * entity.size, entity.size, z * entity.size
    solids = model(entity.kind, entity.seed).solids
    if entity.kind in ("table", "arch", "door", "screen", "bench", "pendulum"):
        x = max(abs(s.at[0]) + s.half[0] for s in solids)
        z = max(abs(s.at[2]) + s.half[2] for s in solids)
        return x * entity.size, entity.size, z * entity.size
    half = solids[0].half
    return half[0] * entity.size, entity.size, half[2] * entity.size


def turn(x: float, y: float, z: float) -> D:
    """Rotation about x, then y, then z, by plain angles: `Rz @ Ry @ Rx`."""
    cx, sx, cy, sy, cz, sz = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    return np.array(
        [
            [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
            [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
            [-sy, cy * sx, cy * cx],
        ]
    )


def linear(color: str | Rgb) -> tuple[float, float, float]:
    """Linear RGB in [0, 1] of a name in COLORS or of sRGB."""
    r, g, b = COLORS[color] if isinstance(color, str) else color
    return _decode(r), _decode(g), _decode(b)


@lru_cache(maxsize=4096)
def _decode(value: float) -> float:
    """IEC 61966-2-1."""
    v = value / 255
    return v / 12.92 if v <= 0.04045 else float(((v + 0.055) / 1.055) ** 2.4)


@dataclass(frozen=True)
class Sheet:
    """The pieces of a model as arrays, one row each (`k`), and which of its colors they take.

    Args:
        shape, pattern, material: rows of their tables; -1 for the entity's.
        param, repeats: see `Piece`.
        at, half, pivot: `(k, 3)`; rotation `(k, 3, 3)`.
        node: `(k,)`.
        gain: `(k,)`, see `Piece`.
        paint: 0 color, 1 second, 2 fixed; fixed colors are linear RGB in `fixed`, `(k, 3)`.
        second: 0 color, 1 second, 2 fixed; `fixed_second`, `(k, 3)`.
    """

    shape: NDArray[np.int8]
    pattern: NDArray[np.int8]
    material: NDArray[np.int8]
    param: NDArray[np.float32]
    repeats: NDArray[np.float32]
    at: D
    half: D
    pivot: D
    rotation: D
    node: NDArray[np.int8]
    gain: D
    paint: NDArray[np.int8]
    fixed: D
    second: NDArray[np.int8]
    fixed_second: D


def _paint(paint: Paint) -> tuple[int, tuple[float, float, float]]:
    if isinstance(paint, str):
        return (0 if paint == "color" else 1), (0.0, 0.0, 0.0)
    return 2, linear(paint)


@lru_cache(maxsize=512)
def _sheet(kind: str, seed: int) -> Sheet:
    pieces = model(kind, seed).pieces
    paints = [_paint(p.paint) for p in pieces]
    seconds = [_paint(p.second) for p in pieces]
    return Sheet(
        shape=np.array([SHAPES.index(p.shape) for p in pieces], np.int8),
        pattern=np.array([PATTERNS.index(p.pattern) if p.pattern else -1 for p in pieces], np.int8),
        material=np.array(
            [PART_MATERIALS.index(p.material) if p.material else -1 for p in pieces], np.int8
        ),
        param=np.array([p.param for p in pieces], np.float32),
        repeats=np.array([p.repeats for p in pieces], np.float32),
        at=np.array([p.at for p in pieces], np.float64),
        half=np.array([p.half for p in pieces], np.float64),
        pivot=np.array([p.pivot for p in pieces], np.float64),
        rotation=np.array([turn(*p.turn) for p in pieces]),
        node=np.array([p.node for p in pieces], np.int8),
        gain=np.array([p.gain for p in pieces], np.float64),
        paint=np.array([p[0] for p in paints], np.int8),
        fixed=np.array([p[1] for p in paints]),
        second=np.array([p[0] for p in seconds], np.int8),
        fixed_second=np.array([p[1] for p in seconds]),
    )


def sheet(kind: str, seed: int = 0) -> Sheet:
    """The pieces of `model(kind, seed)` as arrays."""
    return _sheet(kind, seed if kind in VARIED else 0)
