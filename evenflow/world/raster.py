"""Rasterizer: analytic primitives, ray cast inside culled screen tiles into a z-buffer.

Every part of every frame becomes a box of pixels (its exact projected bounds); all boxes together
are one flat list of (part, pixel) pairs, ordered by shape, and each pair is one ray in the part's
casting space, where the hit is closed-form (`primitives.py`). The z-buffer is one integer minimum
over (depth, part), so that ties go to the lowest part. What a part costs is the area it covers.

Layout: struct of arrays, `(3, k)` rather than `(k, 3)`; indices are int32.
Letters: `b` frames of the chunk, `n` parts of all its frames, `k` pairs or pixels.
Source: the whole path is in docs/world_rendering.md; bounds of an ellipsoid by its dual conic after
Hartley and Zisserman 2004, Multiple View Geometry, section 8.3.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int32, Int64
from torch import Tensor

from evenflow.world import primitives
from evenflow.world.animation import SHAPES

NEAR = 0.05
"""World units before the camera where pictures begin."""
BACK = 64.0
"""World units that rays of an orthographic camera start before its eye."""
EMPTY = (0x7F800000 << 32) | 0x7FFFFFFF
"""Key of a pixel that nothing covers: infinitely far, no part."""


@dataclass(frozen=True)
class Instances:
    """The parts that are present in the frames of a chunk, in the order (frame, part).

    Args:
        shape: row of SHAPES; frame: of the chunk; part: of its animation; entity: its id.
        param: of the shape.
        position: world, float64.
        turn: part to world rotation, row major, float64.
        scale: half extents; unit: world units of one unit of casting space (`casting_scale`).
        order: all of them sorted by shape, and `starts` where each shape begins in it.
    """

    shape: Int32[Tensor, " n"]
    frame: Int32[Tensor, " n"]
    part: Int32[Tensor, " n"]
    entity: Int32[Tensor, " n"]
    param: Float[Tensor, " n"]
    position: Float[Tensor, "3 n"]
    turn: Float[Tensor, "3 3 n"]
    scale: Float[Tensor, "3 n"]
    unit: Float[Tensor, "3 n"]
    order: Int64[Tensor, " n"]
    starts: tuple[int, ...]


@dataclass(frozen=True)
class View:
    """One camera per frame, all of the same kind.

    Args:
        width, height: of the pictures.
        orthographic: True for parallel rays.
        turn: world to camera rotation, float64.
        eye: world, float64; an orthographic view starts its rays `BACK` before it.
        focal, center: (fx, fy) and (cx, cy) in pixels.
    """

    width: int
    height: int
    orthographic: bool
    turn: Float[Tensor, "3 3 b"]
    eye: Float[Tensor, "3 b"]
    focal: Float[Tensor, "2 b"]
    center: Float[Tensor, "2 b"]

    def rays(self) -> tuple[Float[Tensor, "3 b"], Float[Tensor, "3 3 b"]]:
        """What all rays of a frame share, and what changes with the pixel.

        A perspective ray is `eye + t (m0 + x m1 + y m2)`; an orthographic one is
        `(m0 + x m1 + y m2) + t forward`; x and y are pixels, t is the z-depth (plus BACK). Returned
        are (eye or forward) and the rows m0, m1, m2.
        """
        right, down, ahead = self.turn
        across, along = right / self.focal[0], down / self.focal[1]
        start = -self.center[0] * across - self.center[1] * along
        if self.orthographic:
            return ahead, torch.stack([self.eye - BACK * ahead + start, across, along])
        return self.eye, torch.stack([ahead + start, across, along])


@dataclass(frozen=True)
class Pairs:
    """A flat list of rays against parts, sorted by shape.

    Args:
        inst: the part; cell: the pixel (or sample) that the ray belongs to.
        varying: the part of the ray that changes with the pixel, in casting space.
        starts: where each shape begins.
    """

    inst: Int32[Tensor, " k"]
    cell: Int32[Tensor, " k"]
    varying: Float[Tensor, "3 k"]
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Local:
    """Rays of a view in the casting space of every part.

    Args:
        fixed: origin (perspective) or direction (orthographic), `(3, n)`.
        base, across, along: the varying rest at pixel (0, 0) and its change per pixel.
        param, half: what `primitives.hit` needs.
    """

    fixed: Float[Tensor, "3 n"]
    base: Float[Tensor, "3 n"]
    across: Float[Tensor, "3 n"]
    along: Float[Tensor, "3 n"]
    param: Float[Tensor, " n"]
    half: Float[Tensor, "3 n"]


def product(a: Float[Tensor, "3 3 *n"], v: Float[Tensor, "3 *#n"]) -> Float[Tensor, "3 *n"]:
    """Matrix times vector, added up in a fixed order."""
    return a[:, 0] * v[0] + a[:, 1] * v[1] + a[:, 2] * v[2]


def transposed(a: Float[Tensor, "3 3 *n"], v: Float[Tensor, "3 *#n"]) -> Float[Tensor, "3 *n"]:
    """Transposed matrix times vector, added up in a fixed order."""
    return a[0] * v[0] + a[1] * v[1] + a[2] * v[2]


def localize(parts: Instances, view: View) -> Local:
    """The rays of a view as every part sees them."""
    fixed, moving = view.rays()
    frame = parts.frame
    fixed, moving = fixed[:, frame], moving[:, :, frame]
    here = moving[0] if view.orthographic else fixed
    start = transposed(parts.turn, here - parts.position) / parts.unit
    across = transposed(parts.turn, moving[1]) / parts.unit
    along = transposed(parts.turn, moving[2]) / parts.unit
    if view.orthographic:
        fixed, base = transposed(parts.turn, fixed) / parts.unit, start
    else:
        fixed, base = start, transposed(parts.turn, moving[0]) / parts.unit
    half = parts.scale / parts.unit
    rays = torch.stack([fixed, base, across, along]).to(torch.float32)
    return Local(rays[0], rays[1], rays[2], rays[3], parts.param, half.to(torch.float32))


def bounds(parts: Instances, view: View) -> Int32[Tensor, "4 n"]:
    """Pixel box of every part: first and last-plus-one column, first and last-plus-one row.

    It contains every pixel whose square the part touches; parts outside the picture get empty ones.
    """
    frame = parts.frame
    turn, focal, center = view.turn[:, :, frame], view.focal[:, frame], view.center[:, frame]
    middle = product(turn, parts.position - view.eye[:, frame])
    axes = torch.stack(
        [product(turn, parts.turn[:, i]) * parts.scale[i] for i in range(3)]
    )  # (axis, xyz, n)
    deep = axes[0, 2].abs() + axes[1, 2].abs() + axes[2, 2].abs()
    if view.orthographic:
        reach = axes[0].abs() + axes[1].abs() + axes[2].abs()
        round_reach = (axes[0] * axes[0] + axes[1] * axes[1] + axes[2] * axes[2]).sqrt()
        reach = torch.where(parts.shape == primitives.SPHERE, round_reach, reach)
        low = (middle[:2] - reach[:2]) * focal + center
        high = (middle[:2] + reach[:2]) * focal + center
        hidden = middle[2] + deep < -BACK
    else:
        low, high = _hull(middle, axes)
        spread = axes[0] * axes[0, 2] + axes[1] * axes[1, 2] + axes[2] * axes[2, 2]
        square = axes[0] * axes[0] + axes[1] * axes[1] + axes[2] * axes[2]
        a = middle[2] * middle[2] - spread[2]
        before = (parts.shape == primitives.SPHERE) & (
            middle[2] > spread[2].clamp_min(0).sqrt() + NEAR
        )
        b = middle[:2] * middle[2] - spread[:2]
        c = middle[:2] * middle[:2] - square[:2]
        root = (b * b - a * c).clamp_min(0).sqrt()
        a = torch.where(before, a, 1.0)
        low = torch.where(before, (b - root) / a, low) * focal + center
        high = torch.where(before, (b + root) / a, high) * focal + center
        hidden = middle[2] + deep < NEAR
    size = torch.tensor([view.width, view.height], device=low.device)[:, None]
    low = (low - 0.02).floor().nan_to_num(0.0).clamp_min(0).minimum(size)
    high = (high + 0.02).ceil().nan_to_num(0.0).clamp_min(0).minimum(size)
    high = torch.where(hidden, low, torch.maximum(low, high))
    return torch.stack([low[0], high[0], low[1], high[1]]).to(torch.int32)


def _hull(middle: Tensor, axes: Tensor) -> tuple[Tensor, Tensor]:
    """Bounds of x/z and y/z over a box, clipped where it comes nearer than NEAR."""
    signs = torch.tensor(
        [[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)],
        dtype=middle.dtype,
        device=middle.device,
    )
    corners = middle[:, None] + (
        signs[:, 0, None] * axes[0][:, None]
        + signs[:, 1, None] * axes[1][:, None]
        + signs[:, 2, None] * axes[2][:, None]
    )  # (xyz, 8, n)
    first = torch.tensor([0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 6], device=middle.device)
    second = torch.tensor([1, 2, 4, 3, 5, 3, 6, 7, 5, 6, 7, 7], device=middle.device)
    a, b = corners[:, first], corners[:, second]  # (xyz, 12, n)
    crossing = (a[2] < NEAR) != (b[2] < NEAR)
    share = (NEAR - a[2]) / torch.where(crossing, b[2] - a[2], 1.0)
    cut = a + share * (b - a)
    cut[2] = NEAR
    points = torch.cat([corners, cut], dim=1)
    good = torch.cat([corners[2] >= NEAR, crossing])
    flat = points[:2] / points[2].clamp_min(NEAR)
    low = torch.where(good, flat, torch.inf).amin(dim=1)
    high = torch.where(good, flat, -torch.inf).amax(dim=1)
    return low, high


def pairs(parts: Instances, view: View, local: Local) -> Pairs:
    """Every part with every pixel of its box."""
    box = bounds(parts, view).index_select(1, parts.order)
    device = box.device
    columns, lines = box[1] - box[0], box[3] - box[2]
    lines = lines * (columns > 0)
    ends = torch.cat([lines, lines * columns]).view(2, -1).cumsum(1)
    rows, total = (int(one) for one in ends[:, -1].tolist()) if box.shape[1] else (0, 0)
    starts = _starts(ends[1], parts.starts)
    # Rows of boxes.
    which = torch.repeat_interleave(lines, output_size=rows).to(torch.int32)
    inst = parts.order.to(torch.int32).index_select(0, which)
    offset = (box[2] - (ends[0] - lines)).to(torch.int32).index_select(0, which)
    y = torch.arange(rows, dtype=torch.int32, device=device) + offset
    table = torch.cat([local.base, local.along, local.across]).index_select(1, inst)
    base = table[0:3] + table[3:6] * (y + 0.5)
    length = columns.to(torch.int32).index_select(0, which)
    done = length.cumsum(0, dtype=torch.int32) - length
    left = box[0].index_select(0, which) - done  # column of a pair is its number plus this
    first = (parts.frame.index_select(0, inst) * view.height + y) * view.width
    # Pairs.
    row = torch.repeat_interleave(length, output_size=total).to(torch.int32)
    numbers = torch.stack([inst, left, first]).index_select(1, row)
    x = torch.arange(total, dtype=torch.int32, device=device) + numbers[1]
    vectors = torch.cat([base, table[6:9]]).index_select(1, row)
    varying = vectors[0:3] + vectors[3:6] * (x + 0.5)
    return Pairs(numbers[0], numbers[2] + x, varying, starts)


def _starts(ends: Tensor, shapes: tuple[int, ...]) -> tuple[int, ...]:
    """Where each shape begins in the list of pairs."""
    before = [0, *ends.tolist()] if len(ends) <= 4096 else None
    if before is not None:
        return tuple(int(before[one]) for one in shapes)
    places = torch.tensor(shapes, device=ends.device)
    return tuple(
        int(one) for one in torch.cat([ends.new_zeros(1), ends]).index_select(0, places).tolist()
    )


def cast(
    list_: Pairs, local: Local, orthographic: bool, near: float = NEAR
) -> tuple[Float[Tensor, " k"], Bool[Tensor, " k"]]:
    """Depth t of every pair, and whether it is a hit."""
    t = torch.empty_like(list_.varying[0])
    for shape in range(len(SHAPES)):
        a, b = list_.starts[shape], list_.starts[shape + 1]
        if a == b:
            continue
        inst = list_.inst[a:b]
        rest = local.fixed.index_select(1, inst)
        varying = list_.varying[:, a:b]
        o, d = (varying, rest) if orthographic else (rest, varying)
        param, half = rest[0], rest  # only the shapes that need them pay for them
        if shape >= primitives.CAPSULE:
            param, half = local.param.index_select(0, inst), local.half.index_select(1, inst)
        t[a:b] = primitives.hit(shape, o, d, param, half)
    return t, t > near


def keys(t: Float[Tensor, " k"], inst: Int32[Tensor, " k"]) -> Int64[Tensor, " k"]:
    """Depth and part as one integer that sorts like (depth, part)."""
    return (t.view(torch.int32).to(torch.int64) << 32) | inst


@dataclass(frozen=True)
class Buffer:
    """What every cell (pixel or sample) sees first.

    Args:
        key: see `keys`; EMPTY where nothing was hit.
        pairs: the list that was cast; t: its depths; winner: numbers of those pairs that are seen,
            so sorted by shape; starts: where each shape begins among them.
    """

    key: Int64[Tensor, " c"]
    pairs: Pairs
    t: Float[Tensor, " k"]

    @property
    def depth(self) -> Float[Tensor, " c"]:
        """Depth t of every cell, infinite where nothing was hit."""
        return (self.key >> 32).to(torch.int32).view(torch.float32)

    @property
    def inst(self) -> Int32[Tensor, " c"]:
        """Part of every cell; meaningless where nothing was hit."""
        return self.key.to(torch.int32)


def zbuffer(list_: Pairs, local: Local, orthographic: bool, cells: int) -> Buffer:
    """Nearest hit of every cell."""
    t, good = cast(list_, local, orthographic)
    t = torch.where(good, t, torch.inf)
    key = torch.full((cells,), EMPTY, dtype=torch.int64, device=t.device)
    key.scatter_reduce_(0, list_.cell.to(torch.int64), keys(t, list_.inst), "amin")
    return Buffer(key, list_, t)


@dataclass(frozen=True)
class Surface:
    """Points of parts that are seen, sorted by shape.

    Args:
        cell: where each is seen; inst: the part; t: depth.
        point: in casting space; starts: where each shape begins.
    """

    cell: Int32[Tensor, " k"]
    inst: Int32[Tensor, " k"]
    t: Float[Tensor, " k"]
    point: Float[Tensor, "3 k"]
    starts: tuple[int, ...]


def padded(index: Int32[Tensor, " k"]) -> Int32[Tensor, " m"]:
    """A list made a multiple of 64 long by repeating its last: vector units then treat all alike.

    Exponentials and powers may differ in the last bit between the body and the tail of a list, and
    where the tail lies depends on the batch.
    """
    rest = -len(index) % 64
    return torch.cat([index, index[-1:].expand(rest)]) if rest and len(index) else index


def surface(
    buffer: Buffer, local: Local, orthographic: bool, wanted: Bool[Tensor, " k"] | None = None
) -> Surface:
    """The points that win their cell (and are wanted, a mask over the list of pairs)."""
    list_ = buffer.pairs
    won = buffer.key.index_select(0, list_.cell) == keys(buffer.t, list_.inst)
    won = won & (buffer.t < torch.inf)
    if wanted is not None:
        won = won & wanted
    index = padded(won.nonzero()[:, 0].to(torch.int32))
    places = torch.tensor(list_.starts, dtype=torch.int32, device=index.device)
    starts = tuple(int(one) for one in torch.searchsorted(index, places).tolist())
    inst = list_.inst.index_select(0, index)
    t = buffer.t.index_select(0, index)
    varying = list_.varying.index_select(1, index)
    fixed = local.fixed.index_select(1, inst)
    point = varying + t * fixed if orthographic else fixed + t * varying
    return Surface(list_.cell.index_select(0, index), inst, t, point, starts)


def normals(seen: Surface, parts: Instances, local: Local) -> Float[Tensor, "3 k"]:
    """Unit normals in the world."""
    out = torch.empty_like(seen.point)
    for shape in range(len(SHAPES)):
        a, b = seen.starts[shape], seen.starts[shape + 1]
        if a == b:
            continue
        inst = seen.inst[a:b]
        param, half = seen.t[a:b], seen.point[:, a:b]
        if shape >= primitives.CAPSULE:
            param, half = local.param.index_select(0, inst), local.half.index_select(1, inst)
        out[:, a:b] = primitives.normal(shape, seen.point[:, a:b], param, half)
    matrix = (parts.turn / parts.unit).to(torch.float32).reshape(9, -1).index_select(1, seen.inst)
    world = matrix[0::3] * out[0] + matrix[1::3] * out[1] + matrix[2::3] * out[2]
    length = world[0] * world[0] + world[1] * world[1] + world[2] * world[2]
    return world / length.sqrt().clamp_min(1e-20)


def spread(
    list_: Pairs,
    local: Local,
    chosen: Int32[Tensor, " c"],
    slot: Int32[Tensor, " c"],
    offsets: tuple[tuple[float, float], ...],
) -> Pairs:
    """Some pairs again, each at several points of its pixel.

    Args:
        chosen: numbers of the pairs, rising.
        slot: of each; cell `len(offsets) * slot + s` is its sample s.
        offsets: (x, y) from the pixel's center.
    """
    inst = list_.inst.index_select(0, chosen)
    steps = torch.cat([local.across, local.along]).index_select(1, inst)
    shift = torch.tensor(offsets, dtype=torch.float32, device=inst.device)
    base = list_.varying.index_select(1, chosen)
    varying = base[:, :, None] + (
        steps[0:3, :, None] * shift[:, 0] + steps[3:6, :, None] * shift[:, 1]
    )
    num = len(offsets)
    number = torch.arange(num, dtype=torch.int32, device=inst.device)
    places = torch.tensor(list_.starts, dtype=torch.int32, device=inst.device)
    starts = tuple(num * int(one) for one in torch.searchsorted(chosen, places).tolist())
    return Pairs(
        inst[:, None].expand(-1, num).reshape(-1),
        (slot[:, None] * num + number).reshape(-1),
        varying.reshape(3, -1),
        starts,
    )


@dataclass(frozen=True)
class Rays:
    """World rays of every frame, float32: see `View.rays`.

    Args:
        orthographic: of what kind.
        table: 3 shared numbers, then the rows m0, m1, m2, `(12, b)`.
    """

    orthographic: bool
    table: Float[Tensor, "12 b"]

    @classmethod
    def of(cls, view: View) -> "Rays":
        """Those of a view."""
        fixed, moving = view.rays()
        return cls(view.orthographic, torch.cat([fixed, moving.reshape(9, -1)]).to(torch.float32))

    def at(
        self, frame: Int32[Tensor, " k"], x: Float[Tensor, " k"], y: Float[Tensor, " k"]
    ) -> tuple[Float[Tensor, "3 k"], Float[Tensor, "3 k"]]:
        """Origins and directions (with z-depth 1 per unit) through points of the pictures."""
        rows = self.table.index_select(1, frame)
        varying = rows[3:6] + x * rows[6:9] + y * rows[9:12]
        return (varying, rows[0:3]) if self.orthographic else (rows[0:3], varying)


def ground_depth(
    rays: Rays,
    frame: Int32[Tensor, "*k"],
    x: Float[Tensor, "*k"],
    y: Float[Tensor, "*k"],
    far: float,
) -> Float[Tensor, "*k"]:
    """Depth t of the ground y = 0 along rays, infinite where it is not met or beyond `far`.

    For a horizontal orthographic camera what lies below y = 0 counts as the ground, behind all.
    """
    rows = rays.table.index_select(1, frame)
    return _ground(rays.orthographic, rows, x, y, far)


def ground_image(
    rays: Rays, width: int, height: int, far: float
) -> Float[Tensor, "b {height} {width}"]:
    """`ground_depth` of all pixel centers of all frames."""
    device = rays.table.device
    x = torch.arange(width, device=device) + 0.5
    y = torch.arange(height, device=device)[:, None] + 0.5
    return _ground(rays.orthographic, rays.table[:, :, None, None], x, y, far)


def _ground(flat: bool, rows: Tensor, x: Tensor, y: Tensor, far: float) -> Tensor:
    height = (rows[4] + x * rows[7]) + y * rows[10]
    if flat:
        level = rows[1].abs() < 1e-4
        t = torch.where(level, torch.where(height < 0, 2 * BACK, -1.0), -height / rows[1])
    else:
        t = -rows[1] / height
    return torch.where((t > NEAR) & (t < far), t, torch.inf)
