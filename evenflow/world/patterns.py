"""Patterns: paint in the local coordinates of a part, on flat lists of pixels.

A pattern turns and moves with its part by construction; one that slides over it is a defect, and
`shift` makes that defect on purpose. Every edge is as wide as the footprint of its pixel, so that
no pattern shimmers when it is far away. Only sums, products and floors are used: a pixel's color
does not depend on which other pixels are painted with it.
"""

from collections.abc import Iterable
from functools import cache, lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from evenflow.world.animation import SHAPES
from evenflow.world.raster import padded
from evenflow.world.words import PATTERNS

GLYPHS = {
    "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1e11111111111e",
    "E": "1f10101e10101f", "F": "1f10101e101010", "G": "0e11101713110f", "H": "1111111f111111",
    "I": "0e04040404040e", "J": "0702020202120c", "K": "11121418141211", "L": "1010101010101f",
    "M": "111b1515111111", "N": "11191513111111", "O": "0e11111111110e", "P": "1e11111e101010",
    "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e", "T": "1f040404040404",
    "U": "1111111111110e", "V": "11111111110a04", "W": "11111115151b11", "X": "11110a040a1111",
    "Y": "11110a04040404", "Z": "1f01020408101f", "0": "0e11131519110e", "1": "040c040404040e",
    "2": "0e11010204081f", "3": "1f02040201110e", "4": "02060a121f0202", "5": "1f101e0101110e",
    "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e", "9": "0e11110f01020c",
}  # fmt: skip
"""Letters and digits as seven rows of five bits, top first."""

_ROUND = [SHAPES.index(s) for s in ("cylinder", "cone", "capsule", "torus", "cup")]
_BALL = SHAPES.index("sphere")
_CELL = 24  # texels of a glyph


@cache
def _glyphs() -> NDArray[np.float32]:
    """Distances to the outline of every glyph, inside positive, in units of a cell: (37, n, n).

    The last is a five-pointed star.
    """
    y, x = (np.mgrid[0:_CELL, 0:_CELL] + 0.5) / _CELL
    planes = []
    for rows in GLYPHS.values():
        bits = [int(rows[2 * i : 2 * i + 2], 16) for i in range(7)]
        dots = [(c, r) for r, b in enumerate(bits) for c in range(5) if b >> (4 - c) & 1]
        strokes = [(a, b) for a in dots for b in dots if a <= b and _near(a, b, dots)]
        best = np.full(x.shape, 9.0)
        for (ax, ay), (bx, by) in strokes:
            p = np.array([0.5 + (ax - 2) * 0.115, 0.5 + (ay - 3) * 0.115])
            q = np.array([0.5 + (bx - 2) * 0.115, 0.5 + (by - 3) * 0.115])
            d = q - p
            along = ((x - p[0]) * d[0] + (y - p[1]) * d[1]) / max(float(d @ d), 1e-9)
            along = np.clip(along, 0, 1)
            best = np.minimum(best, np.hypot(x - p[0] - along * d[0], y - p[1] - along * d[1]))
        planes.append(0.068 - best)
    angle = np.arctan2(x - 0.5, 0.5 - y)  # clockwise from above
    step = np.pi / 5
    folded = np.abs((angle + step) % (2 * step) - step)
    radius = np.hypot(x - 0.5, y - 0.5)
    px, py = radius * np.sin(folded), radius * np.cos(folded)  # one half of a point, tip up
    tip, notch = np.array([0.0, 0.42]), 0.18 * np.array([np.sin(step), np.cos(step)])
    edge = notch - tip
    planes.append(-((px - tip[0]) * -edge[1] + (py - tip[1]) * edge[0]) / np.hypot(*edge))
    return np.stack(planes).astype(np.float32)


@lru_cache(maxsize=8)
def _glyph_table(device: torch.device) -> Tensor:
    """All glyphs as one list on a device."""
    return torch.from_numpy(_glyphs()).to(device).reshape(-1)


def _near(a: tuple[int, int], b: tuple[int, int], dots: list[tuple[int, int]]) -> bool:
    """Whether a stroke joins two dots: neighbors, diagonal ones only where no corner does it."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    if max(abs(dx), abs(dy)) > 1:
        return False
    return dx * dy == 0 or ((a[0] + dx, a[1]) not in dots and (a[0], a[1] + dy) not in dots)


def hash01(a: Int[Tensor, " k"], b: Int[Tensor, " k"], seed: Int[Tensor, " k"]) -> Tensor:
    """A number in [0, 1) that only its three integers decide (int32 arithmetic that wraps)."""
    n = a.to(torch.int32) * 374761393 + b.to(torch.int32) * 668265263 + seed * 144665
    n = (n ^ ((n >> 13) & 0x7FFFF)) * 1274126177
    n = (n ^ ((n >> 16) & 0xFFFF)) & 0xFFFFFF
    return n.to(torch.float32) * (1.0 / 16777216.0)


def wave(x: Tensor) -> Tensor:
    """A sine of period 1 out of two parabolas (off by less than 0.06)."""
    t = x - torch.floor(x) - 0.5
    return t * (16.0 * t.abs() - 8.0)


def _square(x: Tensor, width: Tensor, duty: float = 0.5) -> Tensor:
    """1 where x is in the first `duty` of its period 1, else 0; edges are `width` wide."""
    t = x - torch.floor(x)
    inside = torch.minimum(t, 1.0 - t)  # distance to the edge at 0
    other = (t - duty).abs()
    side = torch.where(t < duty, torch.minimum(inside, other), -torch.minimum(inside, other))
    sharp = (side / width + 0.5).clamp(0.0, 1.0)
    far = (width * 2.0 - 1.0).clamp(0.0, 1.0)  # more than half a period in a pixel: the mean
    return sharp + (duty - sharp) * far


def _faces(p: Tensor, n: Tensor, shape: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Chart (u, v in [-1, 1]), the number of its face, and whether u runs round an axis.

    Balls use a cube's six charts, boxes the sides of the box, round things the angle about y and
    their height.
    """
    ball = shape == _BALL
    axis = torch.where(ball, p, n).abs()
    top = (axis[1] > axis[0]) & (axis[1] > axis[2])
    front = ~top & (axis[2] >= axis[0])
    lead = torch.where(top, p[1], torch.where(front, p[2], p[0]))
    sign = torch.where(top, n[1], torch.where(front, n[2], n[0]))
    u = torch.where(top | front, p[0], p[2])
    v = torch.where(top, p[2], p[1])
    u = torch.where(sign > 0, u, -u) * torch.where(front, -1.0, 1.0)  # reads from outside
    u = torch.where(top, p[0], u)
    grown = torch.where(ball, 1.0 / lead.abs().clamp(min=0.3), 1.0)
    u, v = u * grown, v * grown
    face = torch.where(top, 2, torch.where(front, 0, 1)) * 2 + (sign > 0).to(torch.int64)
    about = torch.zeros_like(ball)
    for one in _ROUND:
        about = about | (shape == one)
    about = about & (n[1].abs() < 0.8)
    angle = torch.atan2(p[0], -p[2]) * (1.0 / np.pi)
    u = torch.where(about, angle, u)
    v = torch.where(about, p[1], v)
    return u, v, torch.where(about, 6, face), about


def _glyph(u: Tensor, v: Tensor, index: Tensor, width: Tensor) -> Tensor:
    """Coverage of a glyph; u to the right and v down in [0, 1] over its cell."""
    table = _glyph_table(u.device)
    x = (u * _CELL - 0.5).clamp(0.0, _CELL - 1.001)
    y = (v * _CELL - 0.5).clamp(0.0, _CELL - 1.001)
    ix, iy = x.to(torch.int64), y.to(torch.int64)
    fx, fy = x - ix, y - iy
    at = index.to(torch.int64) * (_CELL * _CELL) + iy * _CELL + ix
    upper = table[at] * (1.0 - fx) + table[at + 1] * fx
    lower = table[at + _CELL] * (1.0 - fx) + table[at + _CELL + 1] * fx
    return ((upper + (lower - upper) * fy) / width + 0.5).clamp(0.0, 1.0)


def paint(
    local: Float[Tensor, "3 k"],
    normal_local: Float[Tensor, "3 k"],
    pattern: Int[Tensor, " k"],
    scale: Float[Tensor, " k"],
    seed: Int[Tensor, " k"],
    shift: Float[Tensor, "3 k"],
    color: Float[Tensor, "3 k"],
    second: Float[Tensor, "3 k"],
    *,
    footprint: Float[Tensor, " k"] | None = None,
    shape: Int[Tensor, " k"] | None = None,
    kinds: Iterable[int] | None = None,
) -> Float[Tensor, "3 k"]:
    """Albedo of every pixel, linear RGB in [0, 1].

    Args:
        local: where its surface point lies in its part, each coordinate in [-1, 1].
        normal_local: unit normal there, in the axes of the part.
        pattern: row of PATTERNS.
        scale: repeats over the part.
        seed: what is random about the pattern (marble, boards, which letter).
        shift: of the pattern over its part, in repeats.
        color, second: the two colors.
        footprint: width of the pixel in local coordinates; nothing is smoothed without it.
        shape: row of SHAPES, which chooses the chart; without it all are boxes.
        kinds: the rows of PATTERNS that occur, if known: saves looking for the others.
    """
    albedo = color
    fresh = False
    if kinds is None:
        counts = torch.bincount(pattern, minlength=len(PATTERNS)).tolist()
        kinds = [kind for kind, count in enumerate(counts) if count]
    for kind in sorted(set(kinds)):
        if kind == 0:
            continue
        at = padded((pattern == kind).nonzero()[:, 0].to(torch.int32))
        if at.numel() == 0:
            continue
        p, n, other, drift = (
            one.index_select(1, at) for one in (local, normal_local, second, shift)
        )
        first = color.index_select(1, at)
        s = scale.index_select(0, at)
        width = torch.full_like(s, 0.02) if footprint is None else footprint.index_select(0, at)
        width = (width * s * 0.5).clamp(min=1e-3)  # in repeats
        form = torch.ones_like(at) if shape is None else shape.index_select(0, at)
        share, gain = _mix(
            PATTERNS[kind], p, n, s, seed.index_select(0, at).to(torch.int32), drift, width,
            form.to(torch.int64),
        )  # fmt: skip
        mixed = first + (other - first) * share
        if gain is not None:
            mixed = mixed * gain
        if not fresh:
            albedo, fresh = color.clone(), True
        index = at.to(torch.int64)
        for channel in range(3):
            albedo[channel].scatter_(0, index, mixed[channel])
    return albedo


def _mix(
    kind: str,
    p: Tensor,
    n: Tensor,
    s: Tensor,
    seed: Tensor,
    shift: Tensor,
    width: Tensor,
    shape: Tensor,
) -> tuple[Tensor, Tensor | None]:
    """Share of the second color, and what the mixture is multiplied by."""
    if kind in ("two-tone", "ringed", "checkered", "marbled"):
        q = (p * 0.5 + 0.5) * s + shift  # repeats over the box
        if kind == "two-tone":
            height = p[1] * 0.5 * s + shift[1]
            return (0.5 - height / width).clamp(0.0, 1.0), None
        if kind == "ringed":
            return _square(q[1] + 0.65, width, 0.3), None
        if kind == "checkered":
            q = q - n * 0.25  # the sides of a box lie between two cells
            sx, sy, sz = (2.0 * _square(q[i] * 0.5, width * 0.5) - 1.0 for i in range(3))
            return 0.5 - 0.5 * sx * sy * sz, None
        phase = (seed & 1023).to(torch.float32) * (1.0 / 64.0)
        bend = wave(q[1] * 0.31 + phase) + 0.6 * wave(q[2] * 0.47 + q[0] * 0.23 + phase * 1.7)
        bend = bend + 0.35 * wave(q[0] * 0.9 - q[1] * 0.7 + phase)
        vein = wave((q[0] + q[1] * 0.6 + q[2] * 0.8) * 0.5 + 0.45 * bend)
        soft = (1.0 - width).clamp(0.0, 1.0)
        vein = 1.0 - vein.abs()
        vein = vein * vein * vein  # thin bright veins
        cloud = 1.0 + 0.10 * soft * wave(q[2] * 0.4 + bend * 0.5)
        return (vein * 0.85 * soft + 0.2 * (1.0 - soft)), cloud
    u, v, face, about = _faces(p, n, shape)
    turns = torch.where(about, torch.round(s).clamp(min=1.0) * 2.0, s)  # whole ones close the ring
    a = (u * 0.5 + 0.5) * turns + shift[0]
    b = (0.5 - v * 0.5) * s + shift[1]
    if kind == "striped":
        diagonal = (p[0] + p[1] + p[2]) * 0.5 * s + shift[0]
        around = a * 0.5 + b * 0.5 + shift[0] * 0.5
        ball = (p[1] * 0.5 + 0.5) * s + shift[0] + 0.25
        t = torch.where(about, around, torch.where(shape == _BALL, ball, diagonal))
        return _square(t, width), None
    cell_a, cell_b = torch.floor(a), torch.floor(b)
    in_a, in_b = a - cell_a, b - cell_b
    if kind == "dotted":
        da, db = in_a - 0.5, in_b - 0.5
        away = torch.sqrt(da * da + db * db)
        cover = ((0.3 - away) / width + 0.5).clamp(0.0, 1.0)
        far = (width * 2.0 - 1.0).clamp(0.0, 1.0)
        return cover + (0.28 - cover) * far, None
    if kind == "starred":
        index = torch.full_like(face, len(GLYPHS))
        far = (width * 1.6 - 0.8).clamp(0.0, 1.0)
        cover = _glyph(in_a, in_b, index, width)
        return cover + (0.22 - cover) * far, None
    if kind == "lettered":
        cols = torch.where(about, 2.0, 1.0)  # twice around, once on a side
        a1 = (u * 0.5 + 0.5) * cols + shift[0]
        b1 = 0.5 - v * 0.5 + shift[1]
        a1, b1 = a1 - torch.floor(a1), b1 - torch.floor(b1)
        fine = width / s.clamp(min=1e-3)
        letter = torch.remainder(seed.to(torch.int64), len(GLYPHS))
        cover = _glyph(a1 * 1.1 - 0.05, b1 * 1.1 - 0.05, letter, fine)
        rim = torch.minimum(torch.minimum(a1, 1.0 - a1), torch.minimum(b1, 1.0 - b1))
        frame = ((0.05 - rim) / fine + 0.5).clamp(0.0, 1.0)
        frame = torch.where(about | (shape == _BALL), 0.0, frame)
        return torch.maximum(cover, frame), None
    if kind == "bricks":
        row = torch.floor(b * 2.0)
        along = a + 0.5 * (row - 2.0 * torch.floor(row * 0.5))
        column = torch.floor(along)
        edge_a = torch.minimum(along - column, 1.0 - along + column)
        edge_b = torch.minimum(b * 2.0 - row, 1.0 - b * 2.0 + row) * 0.5
        joint = ((0.045 - torch.minimum(edge_a, edge_b)) / width + 0.5).clamp(0.0, 1.0)
        far = (width * 2.0 - 0.8).clamp(0.0, 1.0)
        joint = joint + (0.26 - joint) * far
        column = torch.where(about, torch.remainder(column, turns), column)
        tone = hash01(column.to(torch.int32), row.to(torch.int32), seed + face.to(torch.int32))
        return joint, 1.0 + (0.34 * tone - 0.19) * (1.0 - far) * (1.0 - joint)
    # planks: boards that stand along v, a little different, with grain
    edge = torch.minimum(in_a, 1.0 - in_a)
    joint = ((0.03 - edge) / width + 0.5).clamp(0.0, 1.0)
    far = (width * 2.0 - 0.8).clamp(0.0, 1.0)
    board = torch.where(about, torch.remainder(cell_a, turns), cell_a).to(torch.int32)
    tone = hash01(board, face.to(torch.int32), seed)
    grain = wave(in_a * 3.0 + tone * 7.0 + 0.35 * wave(b * 0.45 + tone * 3.0))
    soft = (1.0 - 3.0 * width).clamp(0.0, 1.0)
    gain = 1.0 + (0.30 * tone - 0.15) * (1.0 - far) + 0.07 * grain * soft
    gain = gain * (1.0 - 0.55 * (joint + (0.06 - joint) * far))
    return torch.zeros_like(s), gain
