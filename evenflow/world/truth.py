"""Truth: depth, ids, flow, occlusion, normals and more of every pixel, from what was cast.

Flow takes the surface point under a pixel's center (its coordinates in its part, so also through
changes of scale), moves it with its part and the camera to the other frame and projects it there;
the sky turns with the camera only. A point is occluded there if it leaves the picture, if its part
is gone, or if something nearer covers it: it is farther than all four pixels around it; where it is
between them, the nearest pixel must show its own part, from the side that faces the camera.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int16, Int32, Int64
from numpy.typing import NDArray
from torch import Tensor

from evenflow.world import primitives, raster
from evenflow.world.animation import SHAPES, Animation
from evenflow.world.edges import GROUND, SKY

TOLERANCE = 2e-3
"""Share of the depth by which a visible point may lie behind what covers its pixel."""


TRACKS = 128
"""Points that are tracked."""


@dataclass(frozen=True)
class Truth:
    """What is true of the frames of one clip; what was not asked for is None.

    Args:
        depth: z-depth in world units, infinite for the sky, float32.
        instance: id of the entity, 0 for ground, walls and sky.
        part: number of the part in `Animation.parts` (walls follow), -1 ground, -2 sky.
        forward_flow, backward_flow: (dx, dy) in pixels to the next and the previous frame, right
            and down positive; 0 where there is none.
        forward_valid, backward_valid: frames that have such a flow: not beyond a cut or the end.
        forward_occlusion, backward_occlusion: True where the point is not seen in that frame.
        normals: unit, world axes, facing the camera's side; 0 for the sky.
        shadow: share of the sun that is blocked, in [0, 1]; 0 for the sky.
        albedo: linear RGB before light; 0 for the sky.
        coordinates: of the surface point in its part, each in [-1, 1]; world x, y, z of the ground.
        light_direction: unit, world axes, toward the sun.
        visible: pixels that show each entity (column i is id i + 1).
        boxes: x0, y0, x1, y1 of the pixels that show each entity, half open, -1 where none does.
        boxes_3d: world corners of each entity's parts' common box, in the entity's axes; NaN if it
            is absent.
        tracks: (x, y) of points that move with surfaces, in pixels; track_occluded: not seen;
            track_part: the part that each is on, -1 the ground; track_frame: where it was picked.
        intrinsics, world_to_camera: see `CameraTrack`.
    """

    depth: Float[Tensor, "t h w"] | None = None
    instance: Int16[Tensor, "t h w"] | None = None
    part: Int16[Tensor, "t h w"] | None = None
    forward_flow: Float[Tensor, "t h w 2"] | None = None
    backward_flow: Float[Tensor, "t h w 2"] | None = None
    forward_valid: Bool[Tensor, " t"] | None = None
    backward_valid: Bool[Tensor, " t"] | None = None
    forward_occlusion: Bool[Tensor, "t h w"] | None = None
    backward_occlusion: Bool[Tensor, "t h w"] | None = None
    normals: Float[Tensor, "t h w 3"] | None = None
    shadow: Float[Tensor, "t h w"] | None = None
    albedo: Float[Tensor, "t h w 3"] | None = None
    coordinates: Float[Tensor, "t h w 3"] | None = None
    light_direction: Float[Tensor, "t 3"] | None = None
    visible: Int32[Tensor, "t e"] | None = None
    boxes: Int16[Tensor, "t e 4"] | None = None
    boxes_3d: Float[Tensor, "t e 8 3"] | None = None
    tracks: Float[Tensor, "n t 2"] | None = None
    track_occluded: Bool[Tensor, "n t"] | None = None
    track_part: Int16[Tensor, " n"] | None = None
    track_frame: Int16[Tensor, " n"] | None = None
    intrinsics: Float[Tensor, "t 3 3"] | None = None
    world_to_camera: Float[Tensor, "t 4 4"] | None = None


FLAGS = (
    "depth", "instance", "part", "forward_flow", "backward_flow", "forward_occlusion",
    "backward_occlusion", "normals", "shadow", "albedo", "coordinates", "light_direction",
    "visible", "boxes", "boxes_3d", "tracks", "cameras",
)  # fmt: skip
"""What can be asked for; `cameras` gives the intrinsics and world_to_camera."""
NAMES = tuple(one.name for one in fields(Truth))


@dataclass(frozen=True)
class Landing:
    """Where points of some pixels are in another frame.

    Args:
        x, y: in pixels; z: depth t; known: False where the part is gone or behind the camera.
    """

    x: Float[Tensor, " k"]
    y: Float[Tensor, " k"]
    z: Float[Tensor, " k"]
    known: Bool[Tensor, " k"]


def part_projection(parts: raster.Instances, view: raster.View) -> Float[Tensor, "12 n"]:
    """Unit coordinates of every part to (x z, y z, z) of its own frame: rows of 3 and constants.

    For an orthographic view to (x, y, z). The depth is t of its rays.
    """
    rows, base = _projection(view)
    rows, base, eye = rows[:, :, parts.frame], base[:, parts.frame], view.eye[:, parts.frame]
    matrix = torch.stack(
        [raster.product(rows, parts.turn[:, i]) * parts.scale[i] for i in range(3)], dim=1
    )
    shift = raster.product(rows, parts.position - eye) + base
    return torch.cat([matrix.reshape(9, -1), shift]).to(torch.float32)


def _projection(view: raster.View) -> tuple[Tensor, Tensor]:
    """Rows (float64) that take a world vector from the eye to (x z, y z, z), and a constant."""
    right, down, ahead = view.turn
    if view.orthographic:
        rows = torch.stack([right * view.focal[0], down * view.focal[1], ahead])
        back = torch.full_like(view.center[:1], raster.BACK)
        return rows, torch.cat([view.center, back])
    rows = [
        right * view.focal[0] + ahead * view.center[0],
        down * view.focal[1] + ahead * view.center[1],
        ahead,
    ]
    return torch.stack(rows), torch.zeros_like(view.eye)


def frame_projection(view: raster.View) -> Float[Tensor, "15 b"]:
    """World vectors from the eye to (x z, y z, z): rows, constants and the eye, per frame."""
    rows, base = _projection(view)
    return torch.cat([rows.reshape(9, -1), base, view.eye]).to(torch.float32)


def _apply(table: Tensor, p: Tensor, orthographic: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Project points by tables that were gathered for each of them."""
    a = table[0] * p[0] + table[1] * p[1] + table[2] * p[2] + table[9]
    b = table[3] * p[0] + table[4] * p[1] + table[5] * p[2] + table[10]
    z = table[6] * p[0] + table[7] * p[1] + table[8] * p[2] + table[11]
    if orthographic:
        return a, b, z
    inverse = 1.0 / torch.where(z > raster.NEAR, z, 1.0)
    return a * inverse, b * inverse, z


def land_things(
    table: Float[Tensor, "12 n"],
    other: Int32[Tensor, " n"],
    inst: Int32[Tensor, " k"],
    unit: Float[Tensor, "3 k"],
    orthographic: bool,
) -> tuple[Landing, Int32[Tensor, " k"]]:
    """Where points of parts are in the other frame, and their part's number there.

    Args:
        table: see `part_projection`.
        other: number of the same part in the other frame, negative if it is absent.
        inst, unit: the part of each point, and where on it.
    """
    there = other.index_select(0, inst)
    x, y, z = _apply(table.index_select(1, there.clamp_min(0)), unit, orthographic)
    return Landing(x, y, z, (there >= 0) & (z > raster.NEAR)), there


def land_ground(
    table: Float[Tensor, "15 b"],
    there: Int32[Tensor, " k"],
    point: Float[Tensor, "3 k"],
    orthographic: bool,
) -> Landing:
    """Where points of the world that stand still are in frame `there` of each."""
    rows = table.index_select(1, there)
    x, y, z = _apply(rows, point - rows[12:15], orthographic)
    return Landing(x, y, z, z > raster.NEAR)


def land_sky(
    table: Float[Tensor, "15 b"],
    there: Int32[Tensor, " k"],
    direction: Float[Tensor, "3 k"],
    x: Float[Tensor, " k"],
    y: Float[Tensor, " k"],
    orthographic: bool,
) -> Landing:
    """Where the sky is in frame `there`: it turns, and parallel rays never see it move."""
    far = torch.full_like(x, torch.inf)
    if orthographic:
        return Landing(x, y, far, torch.ones_like(x, dtype=torch.bool))
    u, v, z = _apply(table.index_select(1, there), direction, False)
    return Landing(u, v, far, z > raster.NEAR)


def seen(
    landing: Landing,
    part: Int32[Tensor, " k"],
    there: Int32[Tensor, " k"],
    depth: Float[Tensor, "b h w"],
    who: Int32[Tensor, "b h w"],
    facing: Bool[Tensor, " k"],
) -> Bool[Tensor, " k"]:
    """Whether landed points are seen.

    Args:
        part: the part of each point as `who` names it in its frame `there`.
        depth, who: of all frames.
        facing: False where the surface shows its back there.
    """
    height, width = who.shape[1:]
    inner = landing.known & (landing.x >= 0) & (landing.x < width)
    inner = inner & (landing.y >= 0) & (landing.y < height)
    x, y = (torch.where(inner, one, 0.5) for one in (landing.x, landing.y))
    column, row = x.to(torch.int32), y.to(torch.int32)
    left = (x - 0.5).floor().to(torch.int32).clamp(0, max(width - 2, 0))
    top = (y - 0.5).floor().to(torch.int32).clamp(0, max(height - 2, 0))
    start = there * height
    first = (start + top) * width + left
    flat = depth.reshape(-1)
    four = [
        flat.index_select(0, first + step)
        for step in (0, min(1, width - 1), width * (height > 1), width * (height > 1) + (width > 1))
    ]
    farthest = torch.maximum(torch.maximum(four[0], four[1]), torch.maximum(four[2], four[3]))
    nearest = torch.minimum(torch.minimum(four[0], four[1]), torch.minimum(four[2], four[3]))
    z = landing.z
    behind = z > farthest * (1 + TOLERANCE)
    before = z <= nearest * (1 + TOLERANCE)
    at = (start + row) * width + column
    same = who.reshape(-1).index_select(0, at) == part
    open_ = z <= flat.index_select(0, at) * (1 + TOLERANCE)
    return inner & ~behind & (before | (facing & (same | open_)))


@dataclass(frozen=True)
class Pixels:
    """What the pixels of a chunk's own frames show: things first, then ground, then sky.

    Args:
        cell: the pixels; frame, x, y: of each.
        inst: part of each of the things; unit: where on it; inner: normal in the part's axes.
        ground: world points of the ground; direction: of the sky's rays.
    """

    cell: Int64[Tensor, " k"]
    frame: Int32[Tensor, " k"]
    x: Float[Tensor, " k"]
    y: Float[Tensor, " k"]
    inst: Int32[Tensor, " a"]
    unit: Float[Tensor, "3 a"]
    inner: Float[Tensor, "3 a"]
    ground: Float[Tensor, "3 g"]
    direction: Float[Tensor, "3 s"]


@dataclass(frozen=True)
class Projections:
    """How every part and every frame of a chunk projects: see `part_projection`.

    Args:
        part: `(12, n)`; frame: `(15, b)`.
        back: of every part, what multiplies and what adds to unit coordinates to give, in the
            part's axes, the ray that sees them, `(6, n)`.
        orthographic: of what kind.
    """

    part: Float[Tensor, "12 n"]
    frame: Float[Tensor, "15 b"]
    back: Float[Tensor, "6 n"]
    orthographic: bool

    @classmethod
    def of(cls, parts: raster.Instances, view: raster.View) -> "Projections":
        """Those of a chunk."""
        if view.orthographic:
            ahead = raster.transposed(parts.turn, view.turn[2][:, parts.frame])
            back = torch.cat([torch.zeros_like(ahead), ahead])
        else:
            offset = parts.position - view.eye[:, parts.frame]
            back = torch.cat([parts.scale, raster.transposed(parts.turn, offset)])
        return cls(
            part_projection(parts, view),
            frame_projection(view),
            back.to(torch.float32),
            view.orthographic,
        )


def flow(
    pixels: Pixels,
    how: Projections,
    other_row: Int32[Tensor, " n"],
    other_frame: Int32[Tensor, " b"],
    depth: Float[Tensor, "b2 h w"],
    who: Int32[Tensor, "b2 h w"],
) -> tuple[Float[Tensor, "2 k"], Bool[Tensor, " k"]]:
    """Flow of every pixel of the list to another frame, and whether its point is hidden there.

    Args:
        pixels, how: of the chunk.
        other_row: number of each part's row in the other frame, -1 where it is absent.
        other_frame: number of the other frame of each of the chunk's own frames, -1 for none.
        depth, who: of all frames of the chunk.
    """
    things, floor = len(pixels.inst), pixels.ground.shape[1]
    there = other_frame.index_select(0, pixels.frame)
    any_ = there >= 0
    there = there.clamp_min(0)
    a, g = slice(0, things), slice(things, things + floor)
    s = slice(things + floor, None)
    flat = how.orthographic
    thing, row = land_things(how.part, other_row, pixels.inst, pixels.unit, flat)
    back = how.back.index_select(1, row.clamp_min(0))
    ray = back[0:3] * pixels.unit + back[3:6]
    inner = pixels.inner
    facing = inner[0] * ray[0] + inner[1] * ray[1] + inner[2] * ray[2] <= 0
    ground = land_ground(how.frame, there[g], pixels.ground, flat)
    sky = land_sky(how.frame, there[s], pixels.direction, pixels.x[s], pixels.y[s], flat)
    landing = Landing(
        *(
            torch.cat([getattr(one, name) for one in (thing, ground, sky)])
            for name in ("x", "y", "z", "known")
        )
    )
    part = torch.cat([row, torch.full_like(there[g], GROUND), torch.full_like(there[s], SKY)])
    front = torch.cat([facing, torch.ones_like(any_[a.stop :])])
    clear = seen(landing, part, there, depth, who, front) & any_
    known = (landing.known & any_).to(torch.float32)
    move = torch.stack([(landing.x - pixels.x) * known, (landing.y - pixels.y) * known])
    return move, ~clear


def boxes_of(
    instance: Int16[Tensor, "t h w"], entities: int
) -> tuple[Int32[Tensor, "t e"], Int16[Tensor, "t e 4"]]:
    """Visible pixels and their bounds, of every entity in every frame."""
    frames, height, width = instance.shape
    index = instance.to(torch.int64)
    offset = torch.arange(frames, device=index.device)[:, None, None] * (entities + 1)
    cell = (index + offset).reshape(-1)
    cells = frames * (entities + 1)
    count = torch.bincount(cell, minlength=cells).view(frames, -1)[:, 1:]
    x = torch.arange(width, device=index.device).expand(frames, height, width).reshape(-1)
    y = torch.arange(height, device=index.device)[:, None]
    y = y.expand(frames, height, width).reshape(-1)
    bounds = []
    for value, how in ((x, "amin"), (y, "amin"), (x, "amax"), (y, "amax")):
        fill = -1 if how == "amax" else 1 << 30
        out = torch.full((cells,), fill, dtype=torch.int64, device=index.device)
        out.scatter_reduce_(0, cell, value, how)
        bounds.append(out.view(frames, -1)[:, 1:])
    box = torch.stack([bounds[0], bounds[1], bounds[2] + 1, bounds[3] + 1], dim=-1)
    box = torch.where(count[..., None] > 0, box, -1)
    return count.to(torch.int32), box.to(torch.int16)


def boxes_3d(animation: Animation, frames: NDArray[np.int64]) -> NDArray[np.float32]:
    """World corners `(t, e, 8, 3)` of the box, in an entity's axes, around all its parts.

    Corners are in the order of (x, y, z) with x slowest, low before high; NaN where the entity has
    no part in a frame.
    """
    parts, states = animation.parts, animation.entities
    num = states.present.shape[1]
    out = np.full((len(frames), num, 8, 3), np.nan, np.float32)
    signs = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    for e in range(num):
        mine = np.flatnonzero(parts.entity == e + 1)
        if not len(mine):
            continue
        axes = states.rotation[frames, e].astype(np.float64)  # (t, 3, 3)
        middle = states.position[frames, e].astype(np.float64)
        place = parts.position[frames][:, mine].astype(np.float64) - middle[:, None]
        turn = parts.rotation[frames][:, mine].astype(np.float64)
        scale = parts.scale[frames][:, mine].astype(np.float64)
        center = np.einsum("tji,tpj->tpi", axes, place)
        relative = np.einsum("tji,tpjk->tpik", axes, turn)
        reach = (np.abs(relative) * scale[:, :, None, :]).sum(-1)
        round_ = np.sqrt((relative**2 * scale[:, :, None, :] ** 2).sum(-1))
        ball = np.isin(parts.shape[mine], [SHAPES.index("sphere")])
        reach = np.where(ball[None, :, None], round_, reach)
        here = np.asarray(parts.present[frames][:, mine])
        low = np.where(here[..., None], center - reach, np.inf).min(1)
        high = np.where(here[..., None], center + reach, -np.inf).max(1)
        there = np.asarray(here.any(1))
        low, high = np.where(there[:, None], low, 0.0), np.where(there[:, None], high, 0.0)
        local = low[:, None] + signs * (high - low)[:, None]
        corners = np.einsum("tij,tcj->tci", axes, local) + middle[:, None]
        out[:, e] = np.where(there[:, None, None], corners, np.nan)
    return out


def tracks(
    animation: Animation,
    frames: NDArray[np.int64],
    depth: Float[Tensor, "t h w"],
    part: Int16[Tensor, "t h w"],
    instance: Int16[Tensor, "t h w"],
    *,
    num: int = TRACKS,
) -> dict[str, Tensor]:
    """Points that move with surfaces, where they are in every frame and whether they are seen.

    Points are picked at pixel centers of random frames, the same number from every entity as long
    as it has some, the rest from the ground and walls.

    Args:
        frames: numbers of the frames that were drawn.
        depth, part, instance: their truth.
        num: of points; fewer if little more than the sky is seen.
    """
    device = depth.device
    rng = np.random.default_rng([animation.spec.seed, 0x7AC])
    count, height, width = part.shape
    at = rng.integers(0, count * height * width, 64 * num)
    where = torch.from_numpy(at).to(device)
    kind = part.reshape(-1)[where].cpu().numpy().astype(np.int64)
    owner = np.where(kind < 0, kind, instance.reshape(-1)[where].cpu().numpy())
    order: list[tuple[int, int]] = []
    for one in np.unique(owner[owner != SKY]):
        order += [(i, int(j)) for i, j in enumerate(np.flatnonzero(owner == one)[:num])]
    chosen = np.array([j for _, j in sorted(order)[:num]], np.int64)
    kind = kind[chosen]
    place = at[chosen]
    first, rest = place // (height * width), place % (height * width)
    own = len(animation.parts.shape)
    moving = (kind >= 0) & (kind < own)
    row = np.where(moving, kind, 0)
    camera = animation.camera

    def rays(f: NDArray[np.int64]) -> tuple[NDArray, NDArray, NDArray, NDArray[np.bool_]]:
        k = camera.intrinsics[f].astype(np.float64)
        turn = camera.world_to_camera[f, :3, :3].astype(np.float64)
        shift = camera.world_to_camera[f, :3, 3].astype(np.float64)
        return k, turn, shift, camera.orthographic[f]

    # The points, in the world and on their parts.
    f = frames[first]
    k, turn, shift, flat = rays(f)
    z = depth.reshape(-1)[torch.from_numpy(place).to(device)].cpu().numpy().astype(np.float64)
    x = (rest % width + 0.5 - k[:, 0, 2]) / k[:, 0, 0]
    y = (rest // width + 0.5 - k[:, 1, 2]) / k[:, 1, 1]
    seen_at = np.stack([np.where(flat, x, x * z), np.where(flat, y, y * z), z], 1)
    world = ((seen_at - shift)[:, :, None] * turn).sum(1)
    parts = animation.parts
    if own:
        axes = parts.rotation[f, row].astype(np.float64)
        size = np.maximum(parts.scale[f, row].astype(np.float64), 1e-6)
        local = ((world - parts.position[f, row])[:, :, None] * axes).sum(1) / size
        normal = _normals_at(parts.shape[row], local, size, parts.param[row])
        # Every frame.
        axes = parts.rotation[frames][:, row].astype(np.float64)  # (t, n, 3, 3)
        here = local * parts.scale[frames][:, row]
        moved = (axes * here[:, :, None, :]).sum(-1) + parts.position[frames][:, row]
        spot = np.where(moving[None, :, None], moved, world)
        there = np.where(moving, parts.present[frames][:, row], True)
    else:
        spot = np.broadcast_to(world, (count, *world.shape))
        there = np.ones(spot.shape[:2], bool)
    same_place = animation.place[frames][:, None] == animation.place[f]
    there = there & (moving | same_place)
    k, turn, shift, flat = rays(frames)
    view = (turn[:, None] * spot[:, :, None, :]).sum(-1) + shift[:, None]
    divisor = np.where(flat[:, None], 1.0, np.maximum(view[..., 2], 1e-6))
    u = k[:, None, 0, 0] * view[..., 0] / divisor + k[:, None, 0, 2]
    v = k[:, None, 1, 1] * view[..., 1] / divisor + k[:, None, 1, 2]
    facing = np.ones(u.shape, bool)
    if own:
        eye = -(turn * shift[:, :, None]).sum(1)
        ray = np.where(flat[:, None, None], turn[:, None, 2], spot - eye[:, None])
        inner = (axes * ray[..., None]).sum(-2)
        facing = (inner * normal).sum(-1) <= 0
        # On the very edge of a box rounding may pick the side that is not seen: no test for these.
        sure = facing[first, np.arange(len(first))]
        facing |= ~moving | ~sure
    back = np.where(flat, raster.BACK, 0.0)[:, None]

    def put(values: NDArray, kind: type) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values.astype(kind))).to(device).reshape(-1)

    known = there & (flat[:, None] | (view[..., 2] > raster.NEAR))
    landing = Landing(
        put(u, np.float32), put(v, np.float32), put(view[..., 2] + back, np.float32),
        put(known, np.bool_),
    )  # fmt: skip
    number = np.broadcast_to(np.arange(count)[:, None], u.shape)
    mine = np.broadcast_to(kind, u.shape)
    depth = depth + put(back, np.float32)[:, None, None]
    clear = seen(
        landing, put(mine, np.int32), put(number, np.int32), depth, part.to(torch.int32),
        put(facing, np.bool_),
    )  # fmt: skip
    pixels = torch.stack([landing.x, landing.y], -1).view(count, -1, 2)
    return {
        "tracks": pixels.transpose(0, 1).contiguous(),
        "track_occluded": ~clear.view(count, -1).t().contiguous(),
        "track_part": torch.from_numpy(kind.astype(np.int16)).to(device),
        "track_frame": torch.from_numpy(first.astype(np.int16)).to(device),
    }


def _normals_at(shape: NDArray, local: NDArray, size: NDArray, param: NDArray) -> NDArray:
    """Outward directions, in their part's axes, at unit coordinates of parts."""
    kinds = torch.from_numpy(shape.astype(np.int32))
    scale, values = torch.from_numpy(size.T.copy()), torch.from_numpy(param.astype(np.float64))
    unit = primitives.casting_scale(kinds, scale, values)
    half = scale / unit
    point = torch.from_numpy(local.T.copy()) * half
    out = torch.zeros_like(point)
    for one in np.unique(shape):
        rows = torch.from_numpy(np.flatnonzero(shape == one))
        out[:, rows] = primitives.normal(int(one), point[:, rows], values[rows], half[:, rows])
    return (out / unit).T.numpy()
