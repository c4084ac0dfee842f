"""Primitives: where a ray first meets each shape, and how the surface faces there.

Every function works on flat lists of rays in the shape's *casting space*, that is, after the part's
rotation and a scale that keeps the shape simple (`casting_scale`): a sphere has radius 1, a box is
[-1, 1]^3, a capsule's caps have radius 1. Origins are first moved to the point of the ray nearest
to the shape's center, so that float32 is enough for parts of a centimeter seen from afar. Only
additions, products, quotients and roots are used: the result of a ray does not depend on its list.

Source: interval tests after Kay and Kajiya 1986, Ray tracing complex scenes; sphere tracing after
Hart 1996, Sphere tracing, equation 11; distances of star and rounded box after Quilez, Distance
functions (iquilezles.org).
"""

import math

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from evenflow.world.animation import SHAPES

STEPS = 20
"""Sphere-tracing steps for the shapes without a closed form (torus, rounded box)."""
TINY = 1e-12
SPHERE, BOX, CYLINDER, CONE, CAPSULE, TORUS, STAR, CUP, ROUNDED = range(len(SHAPES))


def casting_scale(
    shape: Shaped[Tensor, " n"], scale: Float[Tensor, "3 n"], param: Float[Tensor, " n"]
) -> Float[Tensor, "3 n"]:
    """World units of one unit of casting space, per axis.

    Args:
        shape: row of SHAPES.
        scale: half extents of the part.
        param: of the shape, see SHAPES.
    """
    x, y, z = scale.clamp_min(1e-6)
    least = torch.minimum(torch.minimum(x, y), z)
    capsule, torus, rounded = (shape == one for one in (CAPSULE, TORUS, ROUNDED))
    tube = param.clamp(0.02, 0.98)
    y2 = torch.where(capsule, torch.minimum(x, y), torch.where(torus, y / tube, y))
    return torch.stack(
        [
            torch.where(rounded, least, torch.where(capsule, torch.minimum(x, y), x)),
            torch.where(rounded, least, y2),
            torch.where(rounded, least, torch.where(capsule, torch.minimum(z, z * y2 / x), z)),
        ]
    )


def _toward(o: Tensor, d: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Parameter of the point of each ray nearest to the center, that point, and d . d."""
    a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + TINY
    t = -(o[0] * d[0] + o[1] * d[1] + o[2] * d[2]) / a
    return t, o + t * d, a


def _root(h: Tensor) -> Tensor:
    """Square root, or NaN (which no comparison likes) where there is none."""
    return torch.sqrt(h)


def _slab(o: Tensor, d: Tensor, half: Tensor | float) -> tuple[Tensor, Tensor]:
    """Interval of a ray between the planes at -half and half."""
    inverse = 1.0 / (d + (d == 0) * TINY)
    middle, reach = -o * inverse, inverse.abs() * half
    return middle - reach, middle + reach


def _box(o: Tensor, d: Tensor, half: Tensor | float) -> tuple[Tensor, Tensor]:
    low, high = _slab(o, d, half)
    enter = torch.maximum(torch.maximum(low[0], low[1]), low[2])
    leave = torch.minimum(torch.minimum(high[0], high[1]), high[2])
    return enter, leave


def _sphere_hit(o: Tensor, d: Tensor) -> Tensor:
    t, f, a = _toward(o, d)
    return t - _root((1.0 - (f[0] * f[0] + f[1] * f[1] + f[2] * f[2])) / a)


def _box_hit(o: Tensor, d: Tensor) -> Tensor:
    enter, leave = _box(o, d, 1.0)
    return torch.where(enter <= leave, enter, torch.nan)


def _tube(o: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    """Interval of a ray inside the endless cylinder of radius 1 about y; NaN where it misses."""
    a = d[0] * d[0] + d[2] * d[2] + TINY
    t = -(o[0] * d[0] + o[2] * d[2]) / a
    x, z = o[0] + t * d[0], o[2] + t * d[2]
    h = _root((1.0 - (x * x + z * z)) / a)
    return t - h, t + h


def _cylinder_hit(o: Tensor, d: Tensor) -> Tensor:
    enter, leave = _tube(o, d)
    low, high = _slab(o[1], d[1], 1.0)
    enter, leave = torch.maximum(enter, low), torch.minimum(leave, high)
    return torch.where(enter <= leave, enter, torch.nan)


def _cone_hit(o: Tensor, d: Tensor) -> Tensor:
    near, f, _ = _toward(o, d)
    q, dq = 0.5 - 0.5 * f[1], -0.5 * d[1]
    a = d[0] * d[0] + d[2] * d[2] - dq * dq
    a = a + (a == 0) * TINY
    b = f[0] * d[0] + f[2] * d[2] - q * dq
    c = f[0] * f[0] + f[2] * f[2] - q * q
    h = _root(b * b - a * c)
    best = torch.full_like(near, torch.inf)
    for s in ((-b - h) / a, (-b + h) / a):
        good = (f[1] + s * d[1]).abs() <= 1.0
        best = torch.where(good & (s < best), s, best)
    s = (-1.0 - f[1]) / (d[1] + (d[1] == 0) * TINY)
    x, z = f[0] + s * d[0], f[2] + s * d[2]
    return near + torch.where((x * x + z * z <= 1.0) & (s < best), s, best)


def _capsule_hit(o: Tensor, d: Tensor, length: Tensor) -> Tensor:
    near, f, _ = _toward(o, d)
    enter, _ = _tube(f, d)
    y = f[1] + enter * d[1]
    center = torch.maximum(torch.minimum(y, length), -length)
    moved = torch.stack([f[0], f[1] - center, f[2]])
    return near + torch.where(y.abs() <= length, enter, _sphere_hit(moved, d))


def _cup_hit(o: Tensor, d: Tensor, wall: Tensor) -> Tensor:
    """A cylinder less a narrower one that is open at the top: two intervals."""
    enter, leave = _tube(o, d)
    low, high = _slab(o[1], d[1], 1.0)
    enter, leave = torch.maximum(enter, low), torch.minimum(leave, high)
    wide = 1.0 - wall.clamp(0.03, 0.9)
    inner = torch.stack([o[0] / wide, o[1], o[2] / wide])
    hollow, end = _tube(inner, torch.stack([d[0] / wide, d[1], d[2] / wide]))
    floor = (-wide - o[1]) / (d[1] + (d[1] == 0) * TINY)  # where the ray passes the floor's plane
    falls = d[1] < 0
    end = torch.where(falls & (floor < end), floor, end)
    hollow = torch.where(~falls & (floor > hollow), floor, hollow)
    through = (hollow <= enter + 1e-6) & (enter < end)
    t = torch.where(through, end, enter)
    return torch.where((enter <= leave) & (t < leave), t, torch.nan)


def _star_hit(o: Tensor, d: Tensor, inner: Tensor) -> Tensor:
    """Five kites, each convex: two edges of the star and two cuts through its center."""
    low, high = _slab(o[2], d[2], 1.0)
    step = math.pi / 5
    # Normals of the ten edges are edge_x * flat + edge_y * tip; the cuts face the notches' lines.
    edge_x, edge_y = 1.0 - inner * math.cos(step), inner * math.sin(step)
    tips = [(math.sin(2 * step * i), math.cos(2 * step * i)) for i in range(5)]
    flats = [(y, -x) for x, y in tips]
    cuts = [(math.cos((2 * i + 1) * step), -math.sin((2 * i + 1) * step)) for i in range(5)]
    lines = torch.tensor([*tips, *flats, *cuts], dtype=o.dtype, device=o.device)
    lines = lines.reshape(15, 2, *(1 for _ in o.shape[1:]))
    across = lines[:, 0] * o[0] + lines[:, 1] * o[1]  # (15, k)
    speed = lines[:, 0] * d[0] + lines[:, 1] * d[1]
    tip, flat, cut = (slice(5 * i, 5 * i + 5) for i in range(3))
    enter, leave = low[None], high[None]
    for side in (1.0, -1.0):
        fast = edge_y * speed[tip] + (side * edge_x) * speed[flat]
        t = (edge_y - (edge_y * across[tip] + (side * edge_x) * across[flat])) / (
            fast + (fast == 0) * TINY
        )
        leave = torch.where((fast > 0) & (t < leave), t, leave)
        enter = torch.where((fast <= 0) & (t > enter), t, enter)
    fast = speed[cut]
    t = -across[cut] / (fast + (fast == 0) * TINY)
    # Kite i lies before cut i and behind cut i - 1.
    for moved, sign in ((0, 1.0), (1, -1.0)):
        s, v = (t, fast) if not moved else (t.roll(1, 0), fast.roll(1, 0))
        out = v * sign > 0
        leave = torch.where(out & (s < leave), s, leave)
        enter = torch.where(~out & (s > enter), s, enter)
    best = torch.where(enter <= leave, enter, torch.inf).amin(0)
    return torch.where(best < torch.inf, best, torch.nan)


def distance(
    shape: int, p: Float[Tensor, "3 *k"], param: Float[Tensor, "*#k"], half: Float[Tensor, "3 *#k"]
) -> Float[Tensor, "*k"]:
    """Distance to a shape whose normal is a gradient, in its casting space; negative inside.

    Args:
        shape: TORUS, STAR, CUP or ROUNDED.
        p: points.
        param: of the shape, see SHAPES.
        half: half extents in casting space (a rounded box needs them).
    """
    x, y, z = p
    if shape == TORUS:
        tube = param.clamp(0.02, 0.98)
        ring = _root(x * x + z * z) - (1.0 - tube)
        return _root(ring * ring + y * y) - tube
    if shape == STAR:
        flat = _star(x, y, param)
        thick = z.abs() - 1.0
        outside = _root(flat.clamp_min(0) * flat.clamp_min(0) + thick.clamp_min(0).square())
        return torch.maximum(flat, thick).clamp_max(0) + outside
    if shape == CUP:
        wall = param.clamp(0.03, 0.9)
        r = _root(x * x + z * z)
        a, b = r - 1.0, y.abs() - 1.0
        solid = torch.maximum(a, b).clamp_max(0) + _root(
            a.clamp_min(0).square() + b.clamp_min(0).square()
        )
        hollow = torch.minimum(1.0 - wall - r, y + 1.0 - wall)  # positive inside the hollow
        return torch.maximum(solid, hollow)
    edge = param.clamp(0.0, 1.0)
    q = p.abs() - half + edge
    over = q.clamp_min(0)
    outside = _root(over[0] * over[0] + over[1] * over[1] + over[2] * over[2])
    return outside + torch.maximum(torch.maximum(q[0], q[1]), q[2]).clamp_max(0) - edge


def _star(x: Tensor, y: Tensor, inner: Tensor) -> Tensor:
    """Distance to the five-pointed star with outer radius 1, a point at y = 1."""
    angle = math.pi / 5
    c, s = math.cos(angle), math.sin(angle)
    x = x.abs()
    for nx, ny in ((c, -s), (-c, -s)):  # fold the plane into one tenth of the star
        over = (x * nx + y * ny).clamp_min(0) * 2
        x, y = x - over * nx, y - over * ny
    x = x.abs()
    y = y - 1.0
    ex, ey = inner * s, inner * c - 1.0  # the edge from a point of the star to a notch
    share = ((x * ex + y * ey) / (ex * ex + ey * ey)).clamp(0, 1)
    dx, dy = x - share * ex, y - share * ey
    side = y * ex - x * ey
    length = _root(dx * dx + dy * dy)
    return torch.where(side > 0, length, -length)


def _traced_hit(shape: int, o: Tensor, d: Tensor, param: Tensor, half: Tensor) -> Tensor:
    """Two steps for all rays, the others for those that are still on their way."""
    enter, leave = _box(o, d, half)
    speed = _root(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + TINY)
    t, gap = _march(shape, enter, 2, o, d, speed, param, half)
    meets = enter <= leave
    far = (meets & (gap > 1e-5)).nonzero()[:, 0]
    few = far.to(torch.int32)
    lists = (one.index_select(one.ndim - 1, few) for one in (t, o, d, speed, param, half))
    first, *rest = lists
    later, rest_gap = _march(shape, first, STEPS - 2, *rest)
    t.scatter_(0, far, later)
    gap.scatter_(0, far, rest_gap)
    good = meets & (gap < 0.01) & (t <= leave + 0.01 / speed)
    return torch.where(good, t, torch.nan)


def _march(
    shape: int,
    t: Tensor,
    steps: int,
    o: Tensor,
    d: Tensor,
    speed: Tensor,
    param: Tensor,
    half: Tensor,
) -> tuple[Tensor, Tensor]:
    """Rays after some steps of sphere tracing, and the last distance."""
    gap = t
    for _ in range(steps):
        gap = distance(shape, o + t * d, param, half)
        t = t + gap / speed
    return t, gap


def hit(
    shape: int,
    o: Float[Tensor, "3 *#k"],
    d: Float[Tensor, "3 *#k"],
    param: Float[Tensor, "*#k"],
    half: Float[Tensor, "3 *#k"],
) -> Float[Tensor, "*k"]:
    """Parameter t of the first point o + t d of each ray on the shape, NaN where it misses.

    A ray that starts inside gets the point behind it where it entered.

    Args:
        shape: row of SHAPES, one for all.
        o: origins, d: directions of any length, in casting space.
        param: of the shape, see SHAPES.
        half: half extents of the part in casting space.
    """
    if shape == SPHERE:
        return _sphere_hit(o, d)
    if shape == BOX:
        return _box_hit(o, d)
    if shape == CYLINDER:
        return _cylinder_hit(o, d)
    if shape == CONE:
        return _cone_hit(o, d)
    if shape == CAPSULE:
        return _capsule_hit(o, d, (half[1] - 1.0).clamp_min(0))
    if shape == STAR:
        return _star_hit(o, d, param)
    if shape == CUP:
        return _cup_hit(o, d, param)
    return _traced_hit(shape, o, d, param, half)


def normal(
    shape: int, p: Float[Tensor, "3 k"], param: Float[Tensor, " k"], half: Float[Tensor, "3 k"]
) -> Float[Tensor, "3 k"]:
    """Outward direction (of any length) of the surface at points of casting space."""
    x, y, z = p
    if shape == SPHERE:
        return p
    if shape == BOX:
        size = p.abs()
        most = torch.maximum(torch.maximum(size[0], size[1]), size[2])
        first = size[0] >= most
        second = (size[1] >= most) & ~first
        return torch.stack([x * first, y * second, z * ~(first | second)])
    if shape == CYLINDER:
        side = y * y <= x * x + z * z
        return torch.stack([x * side, y * ~side, z * side])
    if shape == CONE:
        r = _root(x * x + z * z)
        side = (r - (0.5 - 0.5 * y)).abs() <= (y + 1.0).abs()
        return torch.stack([x * side, torch.where(side, 0.5 * r, -1.0), z * side])
    if shape == CAPSULE:
        length = (half[1] - 1.0).clamp_min(0)
        return torch.stack([x, y - torch.maximum(torch.minimum(y, length), -length), z])
    step = 2e-3
    total = [torch.zeros_like(x) for _ in range(3)]
    for sx, sy, sz in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        moved = torch.stack([x + sx * step, y + sy * step, z + sz * step])
        d = distance(shape, moved, param, half)
        total = [one + sign * d for one, sign in zip(total, (sx, sy, sz), strict=True)]
    return torch.stack(total)


def inside(hit_t: Float[Tensor, "*k"], near: float) -> Bool[Tensor, "*k"]:
    """True where a ray met something farther than `near` (NaN is not)."""
    return hit_t > near
