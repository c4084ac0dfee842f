"""Bodies that fall, roll, slide, bounce, swing and come to rest: compiled, one result everywhere.

Balls turn freely; boxes, cylinders and cones stay upright and turn about y only (they are discs and
rectangles seen from above with a height); a wedge is a ramp. A body is free (it obeys forces),
moved (it follows a track or a hand and nothing stops it) or static.

Flight is integrated exactly (the velocity changes linearly within a substep); a bounce is put at
the instant of touch by going back along the flight, so neither makes energy. Impulses along the
normal follow Newton's rule of restitution, along the surface Coulomb's law, so that a ball that
slides starts to roll. What rests is solved by sequential impulses and then from the ground up, so
that stacks stay. A pendulum is integrated by the classical Runge-Kutta rule.

Source: Catto 2005, Iterative Dynamics with Temporal Coherence (sequential impulses);
Guendelman, Bridson, Fedkiw 2003, Nonconvex Rigid Bodies with Stacking, section 7.3 (from the
ground up). Differs: upright bodies, one contact for each pair.
"""

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

SPHERE, BOX, CYLINDER, CONE, CAPSULE, WEDGE = range(6)
"""Shapes of bodies. Half sizes are (x, y, z); a wedge is as high as it is at its back (-z) and runs
down to nothing at its front (+z)."""

ABSENT, STATIC, FREE, MOVED = range(4)
"""What a body is at the moment."""

NOTHING, GROUND = -2, -1
"""What a body stands on if that is no body."""

(
    VELOCITY, RELEASE, SPIN, SCALE, COVER, UNCOVER, SWING, HINGE, PANEL, RISE, TELEPORT, HOLD,
) = range(12)  # fmt: skip
"""What a command does; see `Command`."""

REST_SPEED = 0.12
"""Units a second: what touches more slowly than this does not bounce."""

ROLLING = 0.05
"""Rolling resistance as a share of friction: a ball slows down by `ROLLING * friction * g`."""

SUBSTEPS_PER_SECOND = 120
"""At least so many; at least four a frame."""

SIDE = 0.25
"""Share of friction where two bodies meet side by side: what bumps does not climb."""

SLIP = 0.004
"""World units a substep that a body is pushed aside whose middle is over an edge."""

SLOP = 5e-5
"""World units: bodies this close touch; those at rest stay exactly in touch."""

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@dataclass
class Bodies:
    """All bodies of a scene; `n` rows, float64 unless said otherwise.

    Args:
        shape, mode, entity: see above; entity is an id, int64 `(n,)`.
        half: half sizes, `(n, 3)`; a sphere, a cylinder, a cone and a capsule have their radius
            in x and z.
        position: of the center, `(n, 3)`; velocity `(n, 3)`.
        rotation: unit quaternion (w, x, y, z), `(n, 4)`; spin in radians a second `(n, 3)`:
            a point at r from the center moves at velocity + spin x r.
        heading: of an upright body, `(n,)`; its up axis is `tilt`, `(n, 3)`.
        mass, restitution, friction, rolling: `(n,)`; rolling is the coefficient of resistance.
        weight: share of gravity that it feels, `(n,)`; 0 floats.
        drag: share of its velocity that air takes a second, `(n,)`.
        lift: speed that a balloon rises with, `(n,)`.
        wheels: radius of its wheels, 0 if it slides, `(n,)`; they roll at the heading `front`
            against its own, `(n,)`.
        joint: angle of a hinge or pendulum, share of a panel, angle of wheels, `(n,)`.
        pivot: of a hinge or pendulum and its length (the last column), `(n, 4)`; 0 length for none.
        fragile: change of speed that breaks it, 0 if nothing does, `(n,)`.
        shards: first body and number of its shards, int64 `(n, 2)`.
        burst: directions that a shard flies to and its offset from the center as shares of half,
            `(n, 6)`.
        group: bodies of one group do not touch each other, int64 `(n,)`; 0 is no group.
        host: body that it goes along with, int64 `(n,)`, -1 for none; `grip` is where, `(n, 3)`.
        size: factor of its half sizes, `(n,)`.
        rate: radians a second of a pendulum; of a hinge the heading of its closed leaf, `(n,)`.
    """

    shape: I8
    mode: I8
    entity: I8
    half: F8
    position: F8
    velocity: F8
    rotation: F8
    spin: F8
    heading: F8
    mass: F8
    restitution: F8
    friction: F8
    rolling: F8
    weight: F8
    drag: F8
    lift: F8
    wheels: F8
    front: F8
    joint: F8
    pivot: F8
    fragile: F8
    shards: I8
    burst: F8
    group: I8
    host: I8
    grip: F8
    size: F8
    tilt: F8
    rate: F8


def bodies(num: int) -> Bodies:
    """So many bodies that are not there yet: unit spheres of unit mass."""
    rotation = np.zeros((num, 4))
    rotation[:, 0] = 1
    tilt = np.zeros((num, 3))
    tilt[:, 1] = 1
    return Bodies(
        shape=np.zeros(num, np.int64),
        mode=np.zeros(num, np.int64),
        entity=np.zeros(num, np.int64),
        half=np.ones((num, 3)),
        position=np.zeros((num, 3)),
        velocity=np.zeros((num, 3)),
        rotation=rotation,
        spin=np.zeros((num, 3)),
        heading=np.zeros(num),
        mass=np.ones(num),
        restitution=np.full(num, 0.5),
        friction=np.full(num, 0.4),
        rolling=np.full(num, 0.4 * ROLLING),
        weight=np.ones(num),
        drag=np.zeros(num),
        lift=np.zeros(num),
        wheels=np.zeros(num),
        front=np.zeros(num),
        joint=np.zeros(num),
        pivot=np.zeros((num, 4)),
        fragile=np.zeros(num),
        shards=np.zeros((num, 2), np.int64),
        burst=np.zeros((num, 6)),
        group=np.zeros(num, np.int64),
        host=np.full(num, -1, np.int64),
        grip=np.zeros((num, 3)),
        size=np.ones(num),
        tilt=tilt,
        rate=np.zeros(num),
    )


@dataclass(frozen=True)
class Command:
    """Something that is done to a body from outside.

    Args:
        kind: VELOCITY sets the velocity (values x, y, z) and lets it go, the fourth value 1 makes
            it roll from the start; RELEASE lets it go; SPIN turns it at a heading rate while it
            lasts; SCALE changes its size by a factor; COVER brings it down over `other` from a
            height; UNCOVER lifts it off; SWING lets a pendulum go at an angle; HINGE and PANEL move
            to an angle or share; RISE lets a balloon go up at a speed; TELEPORT puts it at
            (x, y, z, heading) at rest; HOLD keeps it where it is.
        start, end: substeps from the start of the run.
        body, other: rows of `Bodies`, -1 for none.
        values: four numbers.
    """

    kind: int
    start: int
    end: int
    body: int
    other: int = -1
    values: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Track:
    """Where a moved body is at every frame of a run, and when it is moved at all.

    Args:
        body: row of `Bodies`.
        pose: `(frames + 1, 4)`: x, y, z of its center and heading; NaN heading leaves it to roll
            over the ground (a ball) or as it is.
        active: bool `(frames + 1,)`: it follows the track from that frame to the next.
        keep: if it is let go with the velocity that it had.
    """

    body: int
    pose: F8
    active: NDArray[np.bool_]
    keep: bool = True


@dataclass(frozen=True)
class Course:
    """What a run gave, frame by frame: `f` frames, `n` bodies; and what touched.

    Args:
        position, velocity, spin, tilt: `(f, n, 3)`; tilt is the up axis of an upright body.
        rotation: quaternions `(f, n, 4)`.
        joint, size, heading: `(f, n)`.
        mode, support: int64 `(f, n)`.
        touched: int64 `(c, 3)`: substep, first body, second body (GROUND).
        touch: `(c, 9)`: seconds from the start, impulse, position, normal, speed of approach.
        broken: int64 `(k, 2)`: substep and body.
    """

    position: F8
    velocity: F8
    spin: F8
    tilt: F8
    rotation: F8
    joint: F8
    size: F8
    heading: F8
    mode: I8
    support: I8
    touched: I8
    touch: F8
    broken: I8


@njit(nogil=True, cache=True, error_model="numpy")
def _smooth(u: float) -> float:
    u = min(max(u, 0.0), 1.0)
    return u * u * (3 - 2 * u)


@njit(nogil=True, cache=True, error_model="numpy")
def _triangle(
    px: float, py: float, ax: float, ay: float, bx: float, by: float, cx: float, cy: float,
    out: NDArray,
) -> None:  # fmt: skip
    """Signed distance to a counterclockwise triangle and its direction (outward): d, nx, ny."""
    best = -1e30
    inside = True
    xs = (ax, bx, cx, ax)
    ys = (ay, by, cy, ay)
    near = 1e30
    bnx = 0.0
    bny = 0.0
    qx = 0.0
    qy = 0.0
    for k in range(3):
        ex = xs[k + 1] - xs[k]
        ey = ys[k + 1] - ys[k]
        length = np.sqrt(ex * ex + ey * ey)
        nx = ey / length
        ny = -ex / length
        d = (px - xs[k]) * nx + (py - ys[k]) * ny
        if d > 0:
            inside = False
        if d > best:
            best = d
            bnx = nx
            bny = ny
        u = min(max(((px - xs[k]) * ex + (py - ys[k]) * ey) / (length * length), 0.0), 1.0)
        sx = xs[k] + u * ex
        sy = ys[k] + u * ey
        s = (px - sx) ** 2 + (py - sy) ** 2
        if s < near:
            near = s
            qx = sx
            qy = sy
    if inside:
        out[0] = best
        out[1] = bnx
        out[2] = bny
    else:
        d = np.sqrt(near)
        out[0] = d
        if d > 1e-12:
            out[1] = (px - qx) / d
            out[2] = (py - qy) / d
        else:
            out[1] = bnx
            out[2] = bny


@njit(nogil=True, cache=True, error_model="numpy")
def _ball(
    x: float, y: float, z: float, r: float, shape: int, hx: float, hy: float, hz: float,
    work: NDArray, out: NDArray,
) -> bool:  # fmt: skip
    """A ball against a body, in that body's own axes: depth and normal (toward the ball)."""
    if shape == 0 or shape == 4:
        reach = hy - hx if shape == 4 else 0.0
        y -= min(max(y, -reach), reach)
        d = np.sqrt(x * x + y * y + z * z)
        if d >= r + hx:
            return False
        out[0] = r + hx - d
        if d < 1e-9:
            out[1], out[2], out[3] = 0.0, 1.0, 0.0
        else:
            out[1], out[2], out[3] = x / d, y / d, z / d
        return True
    if shape == 1:
        cx = min(max(x, -hx), hx)
        cy = min(max(y, -hy), hy)
        cz = min(max(z, -hz), hz)
        dx, dy, dz = x - cx, y - cy, z - cz
        d = np.sqrt(dx * dx + dy * dy + dz * dz)
        if d >= r:
            return False
        if d > 1e-9:
            out[0] = r - d
            out[1], out[2], out[3] = dx / d, dy / d, dz / d
            return True
        ex, ey, ez = hx - abs(x), hy - abs(y), hz - abs(z)
        out[1], out[2], out[3] = 0.0, 0.0, 0.0
        if ey <= ex and ey <= ez:
            out[0] = r + ey
            out[2] = 1.0 if y > 0 else -1.0
        elif ex <= ez:
            out[0] = r + ex
            out[1] = 1.0 if x > 0 else -1.0
        else:
            out[0] = r + ez
            out[3] = 1.0 if z > 0 else -1.0
        return True
    if shape == 2:
        rho = np.sqrt(x * x + z * z)
        ux = x / rho if rho > 1e-9 else 1.0
        uz = z / rho if rho > 1e-9 else 0.0
        cr = min(rho, hx)
        cy = min(max(y, -hy), hy)
        dr, dy = rho - cr, y - cy
        d = np.sqrt(dr * dr + dy * dy)
        if d >= r:
            return False
        if d > 1e-9:
            out[0] = r - d
            out[1], out[2], out[3] = ux * dr / d, dy / d, uz * dr / d
            return True
        if hy - abs(y) <= hx - rho:
            out[0] = r + hy - abs(y)
            out[1], out[2], out[3] = 0.0, (1.0 if y > 0 else -1.0), 0.0
        else:
            out[0] = r + hx - rho
            out[1], out[2], out[3] = ux, 0.0, uz
        return True
    if shape == 3:
        rho = np.sqrt(x * x + z * z)
        ux = x / rho if rho > 1e-9 else 1.0
        uz = z / rho if rho > 1e-9 else 0.0
        _triangle(rho, y, -hx, -hy, hx, -hy, 0.0, hy, work)
        if work[0] >= r:
            return False
        out[0] = r - work[0]
        out[1], out[2], out[3] = ux * work[1], work[2], uz * work[1]
        return True
    # A wedge: a triangle in (z, y), as thick as it is wide.
    _triangle(z, y, -hz, -hy, hz, -hy, -hz, hy, work)
    d = work[0]
    ny, nz = work[2], work[1]
    side = abs(x) - hx
    if d >= r or side >= r:
        return False
    if side > 0 and d <= 0:
        out[0] = r - side
        out[1], out[2], out[3] = (1.0 if x > 0 else -1.0), 0.0, 0.0
    elif side > 0:
        total = np.sqrt(d * d + side * side)
        if total >= r:
            return False
        out[0] = r - total
        sx = 1.0 if x > 0 else -1.0
        out[1], out[2], out[3] = sx * side / total, ny * d / total, nz * d / total
    elif d <= 0 and side > d:
        out[0] = r - side
        out[1], out[2], out[3] = (1.0 if x > 0 else -1.0), 0.0, 0.0
    else:
        out[0] = r - d
        out[1], out[2], out[3] = 0.0, ny, nz
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def _deepest(
    x: float, z: float, c: float, s: float, hx: float, hz: float, nx: float, nz: float,
    out: NDArray,
) -> int:  # fmt: skip
    """The corners of a rectangle that lie farthest along a direction: one, or two of an edge."""
    best = -1e30
    count = 0
    for k in range(4):
        lx = hx if k == 0 or k == 1 else -hx
        lz = hz if k == 0 or k == 2 else -hz
        wx = x + c * lx - s * lz
        wz = z + s * lx + c * lz
        d = wx * nx + wz * nz
        if d > best + 0.02 * (hx + hz):
            best = d
            count = 1
            out[0], out[1] = wx, wz
        elif d > best - 0.02 * (hx + hz):
            if count == 1:
                out[2], out[3] = wx, wz
                count = 2
            best = max(best, d)
    return count


@njit(nogil=True, cache=True, error_model="numpy")
def _plan(
    ax: float, az: float, aq: bool, ac: float, as_: float, ahx: float, ahz: float,
    bx: float, bz: float, bq: bool, bc: float, bs: float, bhx: float, bhz: float,
    work: NDArray, out: NDArray,
) -> bool:  # fmt: skip
    """Two figures seen from above (`q`: a rectangle, else a disc): depth, nx, nz, point x, z.

    The normal points from the second to the first.
    """
    dx, dz = ax - bx, az - bz
    if not aq and not bq:
        d = np.sqrt(dx * dx + dz * dz)
        if d >= ahx + bhx:
            return False
        ux = dx / d if d > 1e-9 else 1.0
        uz = dz / d if d > 1e-9 else 0.0
        out[0] = ahx + bhx - d
        out[1], out[2] = ux, uz
        out[3], out[4] = bx + ux * bhx, bz + uz * bhx
        return True
    if aq != bq:
        # A disc against a rectangle, in the rectangle's axes.
        if bq:
            rx, rz, c, s, hx, hz, r = bx, bz, bc, bs, bhx, bhz, ahx
            px, pz, sign = dx, dz, 1.0
        else:
            rx, rz, c, s, hx, hz, r = ax, az, ac, as_, ahx, ahz, bhx
            px, pz, sign = -dx, -dz, -1.0
        lx = c * px + s * pz
        lz = -s * px + c * pz
        qx = min(max(lx, -hx), hx)
        qz = min(max(lz, -hz), hz)
        ex, ez = lx - qx, lz - qz
        d = np.sqrt(ex * ex + ez * ez)
        if d >= r:
            return False
        if d > 1e-9:
            nx, nz, depth = ex / d, ez / d, r - d
        elif hx - abs(lx) <= hz - abs(lz):
            nx, nz, depth = (1.0 if lx > 0 else -1.0), 0.0, r + hx - abs(lx)
        else:
            nx, nz, depth = 0.0, (1.0 if lz > 0 else -1.0), r + hz - abs(lz)
        out[0] = depth
        out[1] = sign * (c * nx - s * nz)
        out[2] = sign * (s * nx + c * nz)
        out[3] = rx + c * qx - s * qz
        out[4] = rz + s * qx + c * qz
        return True
    best = 1e30
    mx = 0.0
    mz = 0.0
    for k in range(4):
        if k == 0:
            nx, nz = ac, as_
        elif k == 1:
            nx, nz = -as_, ac
        elif k == 2:
            nx, nz = bc, bs
        else:
            nx, nz = -bs, bc
        ra = abs(nx * ac + nz * as_) * ahx + abs(-nx * as_ + nz * ac) * ahz
        rb = abs(nx * bc + nz * bs) * bhx + abs(-nx * bs + nz * bc) * bhz
        d = dx * nx + dz * nz
        depth = ra + rb - abs(d)
        if depth <= 0:
            return False
        if depth < best - 1e-9:
            best = depth
            mx = nx if d > 0 else -nx
            mz = nz if d > 0 else -nz
    out[0] = best
    out[1], out[2] = mx, mz
    num_b = _deepest(bx, bz, bc, bs, bhx, bhz, mx, mz, work)
    b0x, b0z, b1x, b1z = work[0], work[1], work[2], work[3]
    num_a = _deepest(ax, az, ac, as_, ahx, ahz, -mx, -mz, work)
    if num_a == 1:
        out[3], out[4] = work[0], work[1]
    elif num_b == 1:
        out[3], out[4] = b0x, b0z
    else:
        # Two edges: the middle of what they share.
        tx, tz = -mz, mx
        a0 = work[0] * tx + work[1] * tz
        a1 = work[2] * tx + work[3] * tz
        b0 = b0x * tx + b0z * tz
        b1 = b1x * tx + b1z * tz
        low = max(min(a0, a1), min(b0, b1))
        high = min(max(a0, a1), max(b0, b1))
        t = 0.5 * (low + high)
        m = 0.5 * (b0x * mx + b0z * mz + work[0] * mx + work[1] * mz)
        out[3] = m * mx + t * tx
        out[4] = m * mz + t * tz
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def _pair(
    i: int, j: int, shape: NDArray, half: NDArray, size: NDArray, pos: NDArray, yaw: NDArray,
    work: NDArray, tmp: NDArray, out: NDArray,
) -> bool:  # fmt: skip
    """Do two bodies touch: depth, normal (from j to i), point."""
    if shape[i] != 0 and shape[j] == 0:
        if not _pair(j, i, shape, half, size, pos, yaw, work, tmp, out):
            return False
        out[1], out[2], out[3] = -out[1], -out[2], -out[3]
        return True
    hix, hiy, hiz = half[i, 0] * size[i], half[i, 1] * size[i], half[i, 2] * size[i]
    hjx, hjy, hjz = half[j, 0] * size[j], half[j, 1] * size[j], half[j, 2] * size[j]
    dx, dy, dz = pos[i, 0] - pos[j, 0], pos[i, 1] - pos[j, 1], pos[i, 2] - pos[j, 2]
    # Quick: spheres around both, seen from above, and heights.
    if abs(dy) >= hiy + hjy + SLOP and shape[i] != 5 and shape[j] != 5:
        return False
    if abs(dy) >= 1.5 * (hiy + hjy):
        return False
    ri = hix + hiz if shape[i] == 1 or shape[i] == 5 else hix
    rj = hjx + hjz if shape[j] == 1 or shape[j] == 5 else hjx
    if dx * dx + dz * dz >= (ri + rj) * (ri + rj):
        return False
    ci, si = np.cos(yaw[i]), np.sin(yaw[i])
    cj, sj = np.cos(yaw[j]), np.sin(yaw[j])
    if shape[i] == 0:
        lx = cj * dx + sj * dz
        lz = -sj * dx + cj * dz
        if not _ball(lx, dy, lz, hix + SLOP, shape[j], hjx, hjy, hjz, work, out):
            return False
        nx, nz = out[1], out[3]
        out[1] = cj * nx - sj * nz
        out[3] = sj * nx + cj * nz
        for k in range(3):
            out[4 + k] = pos[i, k] - out[1 + k] * (hix + SLOP - out[0])
        return True
    if shape[i] == 5 or shape[j] == 5:
        # What stands on a ramp lies flat on it: its center is half its height above the plane.
        w = i if shape[i] == 5 else j
        o = j if w == i else i
        hx, hy, hz = half[w, 0] * size[w], half[w, 1] * size[w], half[w, 2] * size[w]
        oy = half[o, 1] * size[o]
        ox = max(half[o, 0], half[o, 2]) * size[o]
        px, py, pz = pos[o, 0] - pos[w, 0], pos[o, 1] - pos[w, 1], pos[o, 2] - pos[w, 2]
        c, s = np.cos(yaw[w]), np.sin(yaw[w])
        lx = c * px + s * pz
        lz = -s * px + c * pz
        long = np.sqrt(hy * hy + hz * hz)
        ny, nz = hz / long, hy / long
        # Distance from the sloping plane through (z, y) = (hz, -hy).
        d = (lz - hz) * nz + (py + hy) * ny
        if abs(lx) < hx and lz > -hz and d > -oy and lz < hz + 0.5 * oy:
            if d >= oy + SLOP:
                return False
            depth = oy + SLOP - d
            sx, sy, sz = 0.0, ny, nz
            qx, qy, qz = lx, py - ny * d, lz - nz * d
        else:
            # The back or a side: a wall.
            back = lz + hz + ox
            side = hx + ox - abs(lx)
            if back <= 0 or side <= 0 or lz > hz or py - oy > -hy + (hz - lz) * hy / hz:
                return False
            if back < side:
                depth, sx, sy, sz = back, 0.0, 0.0, -1.0
            else:
                depth, sx, sy, sz = side, (1.0 if lx > 0 else -1.0), 0.0, 0.0
            if depth > 2 * ox:
                return False
            qx, qy, qz = lx - sx * ox, py, lz - sz * ox
        wx = c * sx - s * sz
        wz = s * sx + c * sz
        sign = 1.0 if o == i else -1.0
        out[0] = depth
        out[1], out[2], out[3] = sign * wx, sign * sy, sign * wz
        out[4] = pos[w, 0] + c * qx - s * qz
        out[5] = pos[w, 1] + qy
        out[6] = pos[w, 2] + s * qx + c * qz
        return True
    up = hiy + hjy + SLOP - abs(dy)
    low = max(pos[i, 1] - hiy, pos[j, 1] - hjy)
    high = min(pos[i, 1] + hiy, pos[j, 1] + hjy)
    if shape[i] == 3:  # cones are thinner higher up
        hix = hiz = hix * min(max(0.5 - 0.5 * (low - pos[i, 1]) / hiy, 0.02), 1.0)
    if shape[j] == 3:
        hjx = hjz = hjx * min(max(0.5 - 0.5 * (low - pos[j, 1]) / hjy, 0.02), 1.0)
    if not _plan(
        pos[i, 0], pos[i, 2], shape[i] == 1, ci, si, hix, hiz,
        pos[j, 0], pos[j, 2], shape[j] == 1, cj, sj, hjx, hjz, work, tmp,
    ):  # fmt: skip
        return False
    if up < tmp[0]:
        o, w = (i, j) if dy > 0 else (j, i)
        # It stands if its middle is over the other one; else it slips off the edge.
        sx, sz = pos[o, 0] - pos[w, 0], pos[o, 2] - pos[w, 2]
        if shape[w] == 1:
            c, s = np.cos(yaw[w]), np.sin(yaw[w])
            wx, wz = half[w, 0] * size[w], half[w, 2] * size[w]
            stands = abs(c * sx + s * sz) <= wx and abs(-s * sx + c * sz) <= wz
        else:
            wx = half[w, 0] * size[w]
            stands = sx * sx + sz * sz <= wx * wx
        if stands:
            out[0] = up
            out[1], out[3] = 0.0, 0.0
            out[2] = 1.0 if dy > 0 else -1.0
            out[4], out[5], out[6] = pos[o, 0], 0.5 * (low + high), pos[o, 2]
        else:
            out[0] = min(tmp[0], SLIP)
            out[1], out[2], out[3] = tmp[1], 0.0, tmp[2]
            out[4], out[5], out[6] = tmp[3], 0.5 * (low + high), tmp[4]
    else:
        out[0] = tmp[0]
        out[1], out[2], out[3] = tmp[1], 0.0, tmp[2]
        out[4], out[5], out[6] = tmp[3], 0.5 * (low + high), tmp[4]
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def _push(
    i: int, jx: float, jy: float, jz: float, ax: float, ay: float, az: float,
    ball: bool, im: float, ii: float, vel: NDArray, spin: NDArray,
) -> None:  # fmt: skip
    """An impulse at an arm from the center."""
    vel[i, 0] += jx * im
    vel[i, 1] += jy * im
    vel[i, 2] += jz * im
    spin[i, 1] += (az * jx - ax * jz) * ii
    if ball:
        spin[i, 0] += (ay * jz - az * jy) * ii
        spin[i, 2] += (ax * jy - ay * jx) * ii


@njit(nogil=True, cache=True, error_model="numpy")
def _soft(
    im: float, ii: float, ball: bool, ax: float, ay: float, az: float,
    dx: float, dy: float, dz: float,
) -> float:  # fmt: skip
    """How much a unit impulse along a direction changes the speed along it."""
    y = az * dx - ax * dz
    s = y * y
    if ball:
        x = ay * dz - az * dy
        z = ax * dy - ay * dx
        s += x * x + z * z
    return im + ii * s


@njit(nogil=True, cache=True, error_model="numpy")
def _turn(q: NDArray, i: int, wx: float, wy: float, wz: float, dt: float) -> None:
    """Turn a quaternion by an angular velocity for a time, exactly for a constant one."""
    w = np.sqrt(wx * wx + wy * wy + wz * wz)
    if w < 1e-12:
        return
    half = 0.5 * w * dt
    s = np.sin(half) / w
    a, b, c, d = np.cos(half), wx * s, wy * s, wz * s
    e, f, g, h = q[i, 0], q[i, 1], q[i, 2], q[i, 3]
    n0 = a * e - b * f - c * g - d * h
    n1 = a * f + b * e + c * h - d * g
    n2 = a * g - b * h + c * e + d * f
    n3 = a * h + b * g - c * f + d * e
    r = 1 / np.sqrt(n0 * n0 + n1 * n1 + n2 * n2 + n3 * n3)
    q[i, 0], q[i, 1], q[i, 2], q[i, 3] = n0 * r, n1 * r, n2 * r, n3 * r


@njit(nogil=True, cache=True, error_model="numpy")
def _inertia(
    shape: NDArray, half: NDArray, size: NDArray, mass: NDArray, flat: bool, out: NDArray
) -> None:
    """Inverse moments: a ball's about any axis, another body's about y (none in a flat world)."""
    for i in range(len(shape)):
        a, b = half[i, 0] * size[i], half[i, 2] * size[i]
        if shape[i] == 0:
            out[i] = 2.5 / (mass[i] * a * a)
        elif flat:
            out[i] = 0.0
        elif shape[i] == 1:
            out[i] = 3.0 / (mass[i] * (a * a + b * b))
        else:
            out[i] = 2.0 / (mass[i] * a * a)


@njit(nogil=True, cache=True, error_model="numpy")
def _arm(
    i: int, c: int, side: float, con: NDArray, shape: NDArray, pos: NDArray, half: NDArray,
    size: NDArray, out: NDArray,
) -> None:  # fmt: skip
    """From the center of a body to where it is touched; upright bodies are not tipped over."""
    out[0] = con[c, 4] - pos[i, 0]
    out[1] = con[c, 5] - pos[i, 1]
    out[2] = con[c, 6] - pos[i, 2]
    if shape[i] == 0:  # a ball is touched where the normal says
        r = side * half[i, 0] * size[i]
        out[0], out[1], out[2] = r * con[c, 1], r * con[c, 2], r * con[c, 3]
    elif abs(con[c, 2]) > 0.7:
        out[0], out[2] = 0.0, 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _weight(
    i: int, nx: float, ny: float, nz: float, mode: NDArray, mass: NDArray, pivot: NDArray,
    joint: NDArray, yaw: NDArray,
) -> float:  # fmt: skip
    """Inverse mass along a direction: a pendulum gives way along its arc only."""
    if mode[i] != 2:
        return 0.0
    if pivot[i, 3] > 0:
        a = joint[i]
        t = nx * np.cos(a) * np.cos(yaw[i]) + ny * np.sin(a) + nz * np.cos(a) * np.sin(yaw[i])
        return t * t / mass[i]
    return 1 / mass[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _touch(
    i: int, j: int, c: int, con: NDArray, e: float, mu: float,
    shape: NDArray, mode: NDArray, mass: NDArray, inertia: NDArray, vel: NDArray, spin: NDArray,
    pos: NDArray, wheels: NDArray, front: NDArray, yaw: NDArray, half: NDArray, size: NDArray,
    pivot: NDArray, joint: NDArray, work: NDArray, tmp: NDArray,
) -> bool:  # fmt: skip
    """Impulses at one contact, normal and along the surface.

    Column 7 of `con` adds up the impulse along the normal, 8 to 10 that along the surface.
    Returns if anything changed.
    """
    nx, ny, nz = con[c, 1], con[c, 2], con[c, 3]
    mi = _weight(i, nx, ny, nz, mode, mass, pivot, joint, yaw)
    mj = _weight(j, nx, ny, nz, mode, mass, pivot, joint, yaw) if j >= 0 else 0.0
    if mi + mj == 0:
        return False
    ii = inertia[i] if mode[i] == 2 and pivot[i, 3] == 0 else 0.0
    ij = inertia[j] if j >= 0 and mode[j] == 2 and pivot[j, 3] == 0 else 0.0
    _arm(i, c, -1.0, con, shape, pos, half, size, work)
    ax, ay, az = work[0], work[1], work[2]
    bi, bj = shape[i] == 0, False
    bx, by, bz = 0.0, 0.0, 0.0
    if j >= 0:
        _arm(j, c, 1.0, con, shape, pos, half, size, work)
        bx, by, bz = work[0], work[1], work[2]
        bj = shape[j] == 0
    _speed(i, j, vel, spin, bi, bj, ax, ay, az, bx, by, bz, mode, tmp)
    vn = tmp[0] * nx + tmp[1] * ny + tmp[2] * nz
    k = _soft(mi, ii, bi, ax, ay, az, nx, ny, nz) + _soft(mj, ij, bj, bx, by, bz, nx, ny, nz)
    jn = -(1 + e) * vn / k
    total = con[c, 7] + jn
    if total < 0:
        total = 0.0
    jn = total - con[c, 7]
    con[c, 7] = total
    changed = abs(jn) * (mi + mj) > 1e-7
    wi = 1 / mass[i] if mode[i] == 2 else 0.0
    wj = 1 / mass[j] if j >= 0 and mode[j] == 2 else 0.0
    _push(i, nx * jn, ny * jn, nz * jn, ax, ay, az, bi, wi, ii, vel, spin)
    if j >= 0:
        _push(j, -nx * jn, -ny * jn, -nz * jn, bx, by, bz, bj, wj, ij, vel, spin)
    if j >= 0 and abs(ny) < 0.7:
        mu *= SIDE
    if mu <= 0 or total <= 0:
        return changed
    _speed(i, j, vel, spin, bi, bj, ax, ay, az, bx, by, bz, mode, tmp)
    vn = tmp[0] * nx + tmp[1] * ny + tmp[2] * nz
    tx, ty, tz = tmp[0] - vn * nx, tmp[1] - vn * ny, tmp[2] - vn * nz
    for w in range(2):  # wheels give way along their own z
        b = i if w == 0 else j
        if b >= 0 and wheels[b] > 0 and abs(ny) > 0.7:
            fx, fz = -np.sin(yaw[b] + front[b]), np.cos(yaw[b] + front[b])
            f = fx * tx + fz * tz
            tx -= f * fx
            tz -= f * fz
    vt = np.sqrt(tx * tx + ty * ty + tz * tz)
    if vt < 1e-10:
        return changed
    ux, uy, uz = tx / vt, ty / vt, tz / vt
    k = _soft(wi, ii, bi, ax, ay, az, ux, uy, uz) + _soft(wj, ij, bj, bx, by, bz, ux, uy, uz)
    jt = vt / k
    fx, fy, fz = con[c, 8] - ux * jt, con[c, 9] - uy * jt, con[c, 10] - uz * jt
    size_f = np.sqrt(fx * fx + fy * fy + fz * fz)
    most = mu * total
    if size_f > most:
        fx *= most / size_f
        fy *= most / size_f
        fz *= most / size_f
    dx, dy, dz = fx - con[c, 8], fy - con[c, 9], fz - con[c, 10]
    con[c, 8], con[c, 9], con[c, 10] = fx, fy, fz
    _push(i, dx, dy, dz, ax, ay, az, bi, wi, ii, vel, spin)
    if j >= 0:
        _push(j, -dx, -dy, -dz, bx, by, bz, bj, wj, ij, vel, spin)
    return changed or (abs(dx) + abs(dy) + abs(dz)) * (wi + wj) > 1e-7


@njit(nogil=True, cache=True, error_model="numpy")
def _speed(
    i: int, j: int, vel: NDArray, spin: NDArray, bi: bool, bj: bool,
    ax: float, ay: float, az: float, bx: float, by: float, bz: float, mode: NDArray, out: NDArray,
) -> None:  # fmt: skip
    """Velocity of the first at the contact relative to the second's."""
    out[0] = vel[i, 0] + spin[i, 1] * az
    out[1] = vel[i, 1]
    out[2] = vel[i, 2] - spin[i, 1] * ax
    if bi:
        out[0] -= spin[i, 2] * ay
        out[1] += spin[i, 2] * ax - spin[i, 0] * az
        out[2] += spin[i, 0] * ay
    if j >= 0:
        out[0] -= vel[j, 0] + spin[j, 1] * bz
        out[1] -= vel[j, 1]
        out[2] -= vel[j, 2] - spin[j, 1] * bx
        if bj:
            out[0] += spin[j, 2] * by
            out[1] -= spin[j, 2] * bx - spin[j, 0] * bz
            out[2] -= spin[j, 0] * by


@njit(nogil=True, cache=True, error_model="numpy")
def _shatter(
    i: int, pos: NDArray, vel: NDArray, spin: NDArray, half: NDArray, size: NDArray,
    mode: NDArray, shards: NDArray, burst: NDArray, speed: float, rest: NDArray,
) -> None:  # fmt: skip
    """Shards fly apart with part of the energy that the blow took."""
    lost = speed * np.sqrt(max(1 - rest[i], 0.0) / (1 + rest[i]))
    for k in range(shards[i, 0], shards[i, 0] + shards[i, 1]):
        mode[k] = 2
        for c in range(3):
            pos[k, c] = pos[i, c] + burst[k, 3 + c] * half[i, c] * size[i]
            vel[k, c] = vel[i, c] + 0.22 * lost * burst[k, c]
        size[k] = size[i]
        pos[k, 1] = max(pos[k, 1], half[k, 1] * size[k])
        spin[k, 0], spin[k, 1], spin[k, 2] = 9 * burst[k, 2], 5 * burst[k, 1], -9 * burst[k, 0]
    mode[i] = 0


@njit(nogil=True, cache=True, error_model="numpy")
def _run(
    num_frames: int, num_sub: int, dt: float, gravity: float, flat: bool, ground: bool,
    shape: NDArray, mode: NDArray, entity: NDArray, half: NDArray, pos: NDArray, vel: NDArray,
    rot: NDArray, spin: NDArray, mass: NDArray, rest: NDArray, fric: NDArray, rolling: NDArray,
    weight: NDArray, drag: NDArray, lift: NDArray, wheels: NDArray, front: NDArray, joint: NDArray,
    pivot: NDArray, fragile: NDArray, shards: NDArray, burst: NDArray, group: NDArray,
    host: NDArray, grip: NDArray, size: NDArray, tilt: NDArray, rate: NDArray, yaw: NDArray,
    commands: NDArray, values: NDArray, track_body: NDArray, track_pose: NDArray,
    track_active: NDArray, track_keep: NDArray, last: NDArray,
    o_pos: NDArray, o_vel: NDArray, o_spin: NDArray, o_tilt: NDArray, o_rot: NDArray,
    o_joint: NDArray, o_size: NDArray, o_mode: NDArray, o_support: NDArray, o_yaw: NDArray,
    touched: NDArray, touch: NDArray, broken: NDArray, counts: NDArray,
) -> None:  # fmt: skip
    n = len(shape)
    ci = np.empty(6 * n + 16, np.int64)
    cj = np.empty(6 * n + 16, np.int64)
    con = np.empty((6 * n + 16, 14))  # depth, normal 3, point 3, jn, friction 3, bounced
    work = np.empty(8)
    tmp = np.empty(8)
    out = np.empty(8)
    inertia = np.empty(n)
    grounded = np.zeros(n, np.bool_)
    support = np.full(n, -2, np.int64)
    order = np.empty(6 * n + 16, np.int64)
    state = np.zeros((len(commands), 8))
    speed_hit = np.zeros(n)
    driven = np.zeros(n, np.bool_)
    found = np.empty((n, 3))
    seen = np.full((n, n + 1), -1000000, np.int64)  # the last column is the ground
    asleep = np.zeros(n, np.bool_)
    live = np.empty(n, np.int64)
    still = np.zeros(n, np.int64)
    moves = np.ones(n, np.bool_)
    before = np.full((n, 5), np.nan)  # where everything was, to see what is moved from outside
    long_still = int(0.12 / dt) + 2
    num_touch = 0
    num_broken = 0
    gap = int(0.06 / dt) + 2
    _inertia(shape, half, size, mass, flat, inertia)
    for s in range(num_frames * num_sub):
        # 1. What is done from outside.
        for k in range(len(commands)):
            kind, start, end = commands[k, 0], commands[k, 1], commands[k, 2]
            i, o = commands[k, 3], commands[k, 4]
            if s < start or s > max(start, end):
                continue
            if mode[i] == 0 and kind != 10:
                continue
            asleep[i] = False
            still[i] = 0
            v = values[k]
            u = (s - start + 1) / max(end - start, 1)
            if kind == 0 and s == start:
                mode[i] = 2
                host[i] = -1
                vel[i, 0], vel[i, 1], vel[i, 2] = v[0], v[1], v[2]
                if v[3] > 0 and shape[i] == 0:
                    r = half[i, 0] * size[i]
                    spin[i, 0], spin[i, 1], spin[i, 2] = v[2] / r, 0.0, -v[0] / r
            elif kind == 1 and s == start:
                mode[i] = 2
                host[i] = -1
            elif kind == 2 and s < end:
                if mode[i] == 3:
                    yaw[i] += v[0] * dt
                    if shape[i] == 0:
                        _turn(rot, i, 0.0, -v[0], 0.0, dt)
                spin[i, 1] = -v[0]
            elif kind == 3 and s < end:
                if s == start:
                    state[k, 0] = size[i]
                new = state[k, 0] * (1 + (v[0] - 1) * _smooth(u))
                if shape[i] == 0 or pivot[i, 3] == 0:
                    pos[i, 1] += half[i, 1] * (new - size[i])
                size[i] = new
                _inertia(shape, half, size, mass, flat, inertia)
            elif kind == 4:
                if s == start:
                    mode[i] = 3
                    for c in range(3):
                        state[k, c] = pos[i, c]
                    state[k, 3] = pos[o, 1] - half[o, 1] * size[o]
                    group[o] = group[i]
                top = v[0] + half[i, 1] * size[i]
                low = state[k, 3] + half[i, 1] * size[i]
                above = (state[k, 0] - pos[o, 0]) ** 2 + (state[k, 2] - pos[o, 2]) ** 2 < 1e-4
                above = above and state[k, 1] > low + 0.01
                a = 0.0 if above else 0.3
                b = 0.0 if above else 0.65
                high = state[k, 1] if above else max(top, state[k, 1])
                if u < a:
                    pos[i, 1] = state[k, 1] + (high - state[k, 1]) * _smooth(u / a)
                elif u < b:
                    w = _smooth((u - a) / (b - a))
                    pos[i, 0] = state[k, 0] + (pos[o, 0] - state[k, 0]) * w
                    pos[i, 2] = state[k, 2] + (pos[o, 2] - state[k, 2]) * w
                    pos[i, 1] = high
                else:
                    pos[i, 0], pos[i, 2] = pos[o, 0], pos[o, 2]
                    pos[i, 1] = high + (low - high) * _smooth((u - b) / (1 - b))
                if s >= end:
                    mode[i] = 2
                    vel[i] = 0.0
                    host[o] = i
                    mode[o] = 3
                    for c in range(3):
                        grip[o, c] = pos[o, c] - pos[i, c]
            elif kind == 5:
                if s == start:
                    mode[i] = 3
                    vel[i] = 0.0
                    state[k, 1] = pos[i, 1]
                    asleep[o] = False
                    if host[o] == i:
                        host[o] = -1
                        group[o] = group[i]
                        mode[o] = 2
                        vel[o] = 0.0
                        spin[o] = 0.0
                top = v[0] + half[i, 1] * size[i]
                pos[i, 1] = state[k, 1] + (top - state[k, 1]) * _smooth(u)
                if s >= end:
                    group[o] = entity[o]
            elif kind == 6 and s == start:
                joint[i] = v[0]
                rate[i] = 0.0
                mode[i] = 2
            elif kind == 7 or kind == 8:
                if s == start:
                    state[k, 0] = joint[i]
                joint[i] = state[k, 0] + (v[0] - state[k, 0]) * _smooth(u)
            elif kind == 9 and s == start:
                mode[i] = 2
                lift[i] = v[0]
                host[i] = -1
            elif kind == 10 and s == start:
                pos[i, 0], pos[i, 1], pos[i, 2] = v[0], v[1], v[2]
                yaw[i] = v[3]
                vel[i] = 0.0
                spin[i] = 0.0
            elif kind == 11 and s == start:
                mode[i] = 3
                vel[i] = 0.0
        # 2. Bodies that are moved.
        driven[:] = False
        frame = s // num_sub
        part = (s - frame * num_sub + 1) / num_sub
        for k in range(len(track_body)):
            i = track_body[k]
            if mode[i] == 0:
                continue
            if track_active[k, frame]:
                mode[i] = 3
                host[i] = -1
                base = (s - frame * num_sub) / num_sub
                for c in range(3):
                    a, b = track_pose[k, frame, c], track_pose[k, frame + 1, c]
                    pos[i, c] = a + (b - a) * base
                    vel[i, c] = (b - a) / (num_sub * dt)
                a, b = track_pose[k, frame, 3], track_pose[k, frame + 1, 3]
                if a == a and b == b:
                    yaw[i] = a + (b - a) * part
                    spin[i, 0], spin[i, 2] = 0.0, 0.0
                    spin[i, 1] = -(b - a) / (num_sub * dt)
                elif shape[i] == 0:
                    r = half[i, 0] * size[i]
                    spin[i, 0], spin[i, 1], spin[i, 2] = vel[i, 2] / r, 0.0, -vel[i, 0] / r
                last[k] = 1
                driven[i] = True
            elif last[k] == 1:
                last[k] = 0
                if mode[i] == 3 and host[i] < 0:  # unless a command let it go just now
                    mode[i] = 2
                    if track_keep[k] != 1:
                        vel[i] = 0.0
                        spin[i] = 0.0
        for i in range(n):
            if pivot[i, 3] < 0:  # a hinge: the leaf turns about its pivot
                a = rate[i] + joint[i]
                pos[i, 0] = pivot[i, 0] - np.cos(a) * pivot[i, 3]
                pos[i, 2] = pivot[i, 2] - np.sin(a) * pivot[i, 3]
                yaw[i] = a
            elif pivot[i, 3] == 0 and pivot[i, 1] > 0:  # a panel: its foot stays
                half[i, 1] = max(pivot[i, 1] * joint[i], 1e-3)
                pos[i, 1] = pivot[i, 0] + half[i, 1]
        # What a frame shows.
        if s % num_sub == 0:
            for i in range(n):
                if pivot[i, 3] > 0:
                    a = joint[i]
                    pos[i, 0] = pivot[i, 0] + pivot[i, 3] * np.sin(a) * np.cos(yaw[i])
                    pos[i, 1] = pivot[i, 1] - pivot[i, 3] * np.cos(a)
                    pos[i, 2] = pivot[i, 2] + pivot[i, 3] * np.sin(a) * np.sin(yaw[i])
                for c in range(3):
                    o_pos[frame, i, c] = pos[i, c]
                    o_vel[frame, i, c] = vel[i, c]
                    o_spin[frame, i, c] = spin[i, c]
                    o_tilt[frame, i, c] = tilt[i, c]
                for c in range(4):
                    o_rot[frame, i, c] = rot[i, c]
                o_joint[frame, i] = joint[i]
                o_size[frame, i] = size[i]
                o_mode[frame, i] = mode[i]
                o_support[frame, i] = support[i]
                o_yaw[frame, i] = yaw[i]
        # 3. Flight.
        for i in range(n):
            if mode[i] == 2:
                moves[i] = not asleep[i]
            elif mode[i] == 3 or pivot[i, 1] != 0:
                moves[i] = (
                    before[i, 0] != pos[i, 0] or before[i, 1] != pos[i, 1]
                    or before[i, 2] != pos[i, 2] or before[i, 3] != yaw[i]
                    or before[i, 4] != half[i, 1] or driven[i]
                )  # fmt: skip
            else:
                moves[i] = False
            before[i, 0], before[i, 1], before[i, 2] = pos[i, 0], pos[i, 1], pos[i, 2]
            before[i, 3], before[i, 4] = yaw[i], half[i, 1]
        for i in range(n):
            if asleep[i]:
                j = support[i]
                if mode[i] != 2 or (j >= 0 and (moves[j] or mode[j] == 0)):
                    asleep[i] = False
                    still[i] = 0
                    moves[i] = True
                if j >= -1:
                    seen[i, j] = s
                    if j >= 0:
                        seen[j, i] = s
        for i in range(n):
            if mode[i] == 2 and not asleep[i]:
                if pivot[i, 3] > 0:
                    length = pivot[i, 3]
                    q, p = joint[i], rate[i]
                    w = gravity / length
                    k1, l1 = p, -w * np.sin(q)
                    k2, l2 = p + 0.5 * dt * l1, -w * np.sin(q + 0.5 * dt * k1)
                    k3, l3 = p + 0.5 * dt * l2, -w * np.sin(q + 0.5 * dt * k2)
                    k4, l4 = p + dt * l3, -w * np.sin(q + dt * k3)
                    joint[i] = q + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
                    rate[i] = p + dt / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
                    a, v1 = joint[i], rate[i] * length
                    cy, sy = np.cos(yaw[i]), np.sin(yaw[i])
                    pos[i, 0] = pivot[i, 0] + length * np.sin(a) * cy
                    pos[i, 1] = pivot[i, 1] - length * np.cos(a)
                    pos[i, 2] = pivot[i, 2] + length * np.sin(a) * sy
                    vel[i, 0] = v1 * np.cos(a) * cy
                    vel[i, 1] = v1 * np.sin(a)
                    vel[i, 2] = v1 * np.cos(a) * sy
                    continue
                g = gravity * weight[i]
                for c in range(3):
                    pos[i, c] += vel[i, c] * dt
                pos[i, 1] -= 0.5 * g * dt * dt
                vel[i, 1] -= g * dt
                if drag[i] > 0:
                    keep = np.exp(-drag[i] * dt)
                    vel[i, 0] *= keep
                    vel[i, 1] = lift[i] + (vel[i, 1] - lift[i]) * keep
                    vel[i, 2] *= keep
                    spin[i] *= keep
                if flat:
                    vel[i, 2] = 0.0
                if shape[i] == 0:
                    _turn(rot, i, spin[i, 0], spin[i, 1], spin[i, 2], dt)
                else:
                    yaw[i] -= spin[i, 1] * dt
                if wheels[i] > 0:
                    a = yaw[i] + front[i]
                    forward = -np.sin(a) * vel[i, 0] + np.cos(a) * vel[i, 2]
                    joint[i] += forward * dt / wheels[i]
            elif driven[i]:
                for c in range(3):
                    pos[i, c] += vel[i, c] * dt
                if shape[i] == 0:
                    _turn(rot, i, spin[i, 0], spin[i, 1], spin[i, 2], dt)
                if wheels[i] > 0:
                    a = yaw[i] + front[i]
                    forward = -np.sin(a) * vel[i, 0] + np.cos(a) * vel[i, 2]
                    joint[i] += forward * dt / wheels[i]
        # 4. What touches.
        num = 0
        for i in range(n):
            live[i] = STATIC if asleep[i] else mode[i]
            for c in range(3):
                found[i, c] = pos[i, c]
        for i in range(n):
            if live[i] < 2:
                continue
            for j in range(n):
                if live[j] == 0 or j == i or (live[j] >= 2 and j < i):
                    continue
                if live[i] == 3 and live[j] != 2 and not asleep[j]:
                    continue
                if not (moves[i] or moves[j]):
                    continue
                if group[i] != 0 and group[i] == group[j]:
                    continue
                if host[i] >= 0 or host[j] >= 0:
                    continue
                if _pair(i, j, shape, half, size, pos, yaw, work, tmp, out) and num < len(ci):
                    ci[num], cj[num] = i, j
                    for c in range(7):
                        con[num, c] = out[c]
                    num += 1
                    if asleep[i] or asleep[j]:
                        w = i if asleep[i] else j
                        vx = vel[i, 0] - vel[j, 0]
                        vy = vel[i, 1] - vel[j, 1]
                        vz = vel[i, 2] - vel[j, 2]
                        vn = vx * out[1] + vy * out[2] + vz * out[3]
                        steep = abs(out[2]) > 0.5
                        along = np.sqrt(max(vx * vx + vy * vy + vz * vz - vn * vn, 0.0))
                        if (
                            live[i] == 3 or live[j] == 3
                            or vn < (-0.2 if steep else -0.01) or (steep and along > 0.05)
                        ):  # fmt: skip
                            asleep[w] = False
                            live[w] = FREE
                            still[w] = 0
        for i in range(n):
            if ground and live[i] == 2 and pivot[i, 3] == 0:
                h = half[i, 1] * size[i] + SLOP
                if pos[i, 1] < h and num < len(ci):
                    ci[num], cj[num] = i, -1
                    con[num, 0] = h - pos[i, 1]
                    con[num, 1], con[num, 2], con[num, 3] = 0.0, 1.0, 0.0
                    con[num, 4], con[num, 5], con[num, 6] = pos[i, 0], 0.0, pos[i, 2]
                    num += 1
        for c in range(num):
            order[c] = c
        for c in range(1, num):  # by height, ties by order
            k = order[c]
            b = c - 1
            while b >= 0 and con[order[b], 5] > con[k, 5]:
                order[b + 1] = order[b]
                b -= 1
            order[b + 1] = k
        # 5. Bounces, at the instant of touch.
        for c in range(num):
            i, j = ci[c], cj[c]
            nx, ny, nz = con[c, 1], con[c, 2], con[c, 3]
            con[c, 7] = 0.0
            con[c, 8], con[c, 9], con[c, 10] = 0.0, 0.0, 0.0
            con[c, 11] = 0.0
            # What stands on something is backed by it: a blow from above does not move it.
            low = j if ny > 0 else i
            backed = (
                j >= 0 and abs(ny) > 0.7 and live[low] == 2
                and support[low] >= -1 and pivot[low, 3] == 0
            )  # fmt: skip
            sinks = gravity * weight[low] * dt if backed and moves[low] else 0.0
            if backed:
                live[low] = STATIC
                vel[low, 1] += sinks
            fi = live[i] == 2
            fj = j >= 0 and live[j] == 2
            vn = vel[i, 0] * nx + vel[i, 1] * ny + vel[i, 2] * nz
            if j >= 0:
                vn -= vel[j, 0] * nx + vel[j, 1] * ny + vel[j, 2] * nz
            gi = -gravity * weight[i] if fi and pivot[i, 3] == 0 else 0.0
            gj = -gravity * weight[j] if fj and pivot[j, 3] == 0 else 0.0
            gn = (gi - gj) * ny
            b = -vn
            deep = con[c, 0] - SLOP
            under = b * b + 2 * gn * deep
            tau = 0.0
            if deep > 0 and b > 0 and under > 0:
                tau = min(2 * deep / (b + np.sqrt(under)), dt)
            slow = vn + (-gn) * tau > -REST_SPEED
            if slow or deep <= 0:
                if not slow:  # not there yet: next time
                    con[c, 11] = 2.0
                if backed:
                    live[low] = FREE
                    vel[low, 1] -= sinks
                continue
            con[c, 11] = 1.0
            for k in range(3):
                if fi:
                    pos[i, k] -= vel[i, k] * tau
                if fj:
                    pos[j, k] -= vel[j, k] * tau
            if fi:
                pos[i, 1] += 0.5 * gi * tau * tau
                vel[i, 1] -= gi * tau
            if fj:
                pos[j, 1] += 0.5 * gj * tau * tau
                vel[j, 1] -= gj * tau
            vn -= gn * tau
            if j >= 0 and shape[i] == 0 and shape[j] == 0:  # the normal at the touch
                nx, ny, nz = pos[i, 0] - pos[j, 0], pos[i, 1] - pos[j, 1], pos[i, 2] - pos[j, 2]
                d = np.sqrt(nx * nx + ny * ny + nz * nz)
                if d > 1e-9:
                    con[c, 1], con[c, 2], con[c, 3] = nx / d, ny / d, nz / d
            if shape[i] == 0:
                for k in range(3):
                    con[c, 4 + k] = pos[i, k] - con[c, 1 + k] * half[i, 0] * size[i]
            elif j < 0:
                con[c, 4], con[c, 6] = pos[i, 0], pos[i, 2]
            e = rest[i] if j < 0 else np.sqrt(rest[i] * rest[j])
            mu = fric[i] if j < 0 else np.sqrt(fric[i] * fric[j])
            _touch(
                i, j, c, con, e, mu, shape, live, mass, inertia, vel, spin, pos, wheels, front, yaw,
                half, size, pivot, joint, work, tmp,
            )  # fmt: skip
            jn = con[c, 7]
            if num_touch < len(touched):
                touched[num_touch, 0], touched[num_touch, 1], touched[num_touch, 2] = s, i, j
                touch[num_touch, 0] = (s + 1) * dt - tau
                touch[num_touch, 1] = jn
                for k in range(3):
                    touch[num_touch, 2 + k] = con[c, 4 + k]
                    touch[num_touch, 5 + k] = con[c, 1 + k]
                touch[num_touch, 8] = -vn
                num_touch += 1
            for k in range(3):
                if fi:
                    pos[i, k] += vel[i, k] * tau
                if fj:
                    pos[j, k] += vel[j, k] * tau
            if fi:
                pos[i, 1] += 0.5 * gi * tau * tau
                vel[i, 1] += gi * tau
                speed_hit[i] = max(speed_hit[i], jn / mass[i])
            if fj:
                pos[j, 1] += 0.5 * gj * tau * tau
                vel[j, 1] += gj * tau
                speed_hit[j] = max(speed_hit[j], jn / mass[j])
            if backed:
                live[low] = FREE
                vel[low, 1] -= sinks
                speed_hit[low] = max(speed_hit[low], jn / mass[low])
        # 6. What rests: impulses that only keep apart.
        for _ in range(10):
            moved = False
            for m in range(num):
                c = order[m]
                if con[c, 11] > 0:
                    continue
                i, j = ci[c], cj[c]
                mu = fric[i] if j < 0 else np.sqrt(fric[i] * fric[j])
                if _touch(
                    i, j, c, con, 0.0, mu, shape, live, mass, inertia, vel, spin, pos, wheels,
                    front,
                    yaw, half, size, pivot, joint, work, tmp,
                ):  # fmt: skip
                    moved = True
            if not moved:
                break
        # 7. From the ground up.
        for i in range(n):
            grounded[i] = live[i] != 2 or asleep[i]
            if not asleep[i]:
                support[i] = -2
        for m in range(num):
            c = order[m]
            if con[c, 11] == 2.0:
                continue
            i, j = ci[c], cj[c]
            nx, ny, nz = con[c, 1], con[c, 2], con[c, 3]
            depth = con[c, 0]
            depth -= (pos[i, 0] - found[i, 0]) * nx + (pos[i, 1] - found[i, 1]) * ny
            depth -= (pos[i, 2] - found[i, 2]) * nz
            if j >= 0:
                depth += (pos[j, 0] - found[j, 0]) * nx + (pos[j, 1] - found[j, 1]) * ny
                depth += (pos[j, 2] - found[j, 2]) * nz
            depth = max(depth - SLOP, 0.0)
            if abs(ny) > 0.3:
                upper, lower, sign = (i, j, 1.0) if ny > 0 else (j, i, -1.0)
                if upper >= 0 and live[upper] == 2 and pivot[upper, 3] == 0:
                    stays = ny * sign > 0.5 and con[c, 11] == 0.0  # it does not bounce off
                    if stays:
                        support[upper] = lower if lower >= 0 else -1
                    if lower < 0 or grounded[lower]:
                        pos[upper, 0] += sign * nx * depth
                        pos[upper, 1] += sign * ny * depth
                        pos[upper, 2] += sign * nz * depth
                        vx, vy, vz = vel[upper, 0], vel[upper, 1], vel[upper, 2]
                        if lower >= 0:
                            vx -= vel[lower, 0]
                            vy -= vel[lower, 1]
                            vz -= vel[lower, 2]
                        vn = sign * (vx * nx + vy * ny + vz * nz)
                        if vn < 0:
                            vel[upper, 0] -= sign * nx * vn
                            vel[upper, 1] -= sign * ny * vn
                            vel[upper, 2] -= sign * nz * vn
                        if stays:
                            grounded[upper] = True
                        continue
            wi = 1 / mass[i] if live[i] == 2 and pivot[i, 3] == 0 else 0.0
            wj = 1 / mass[j] if j >= 0 and live[j] == 2 and pivot[j, 3] == 0 else 0.0
            if wi + wj > 0:
                pi, pj = depth * wi / (wi + wj), depth * wj / (wi + wj)
                pos[i, 0] += nx * pi
                pos[i, 1] += ny * pi
                pos[i, 2] += nz * pi
                if j >= 0:
                    pos[j, 0] -= nx * pj
                    pos[j, 1] -= ny * pj
                    pos[j, 2] -= nz * pj
        if ground:
            for i in range(n):  # squeezed out of something else, but not into the ground
                low = half[i, 1] * size[i]
                if live[i] == 2 and pivot[i, 3] == 0 and pos[i, 1] < low - 1e-9:
                    pos[i, 1] = low
                    vel[i, 1] = max(vel[i, 1], 0.0)
        # 8. Resistance of rolling and turning, tilt on ramps, first touches.
        for c in range(num):
            if con[c, 11] == 2.0:
                continue
            i, j = ci[c], cj[c]
            jn = con[c, 7]
            late = s - seen[i, j] > gap
            seen[i, j] = s
            if j >= 0:
                seen[j, i] = s
            late = late and s > gap and con[c, 11] == 0.0 and jn > 0
            if late and num_touch < len(touched):
                touched[num_touch, 0], touched[num_touch, 1], touched[num_touch, 2] = s, i, j
                touch[num_touch, 0] = (s + 1) * dt
                touch[num_touch, 1] = jn
                for k in range(3):
                    touch[num_touch, 2 + k] = con[c, 4 + k]
                    touch[num_touch, 5 + k] = con[c, 1 + k]
                touch[num_touch, 8] = 0.0
                num_touch += 1
            for side in range(2):
                b = i if side == 0 else j
                if b < 0 or live[b] != 2 or jn <= 0 or con[c, 11] == 1.0 or asleep[b]:
                    continue
                o = j if side == 0 else i
                dv = jn / mass[b]
                if shape[b] == 0 or wheels[b] > 0:
                    ux = vel[b, 0] - (vel[o, 0] if o >= 0 else 0.0)
                    uy = vel[b, 1] - (vel[o, 1] if o >= 0 else 0.0)
                    uz = vel[b, 2] - (vel[o, 2] if o >= 0 else 0.0)
                    un = ux * con[c, 1] + uy * con[c, 2] + uz * con[c, 3]
                    ux -= un * con[c, 1]
                    uy -= un * con[c, 2]
                    uz -= un * con[c, 3]
                    u = np.sqrt(ux * ux + uy * uy + uz * uz)
                    lose = rolling[b] * dv
                    keep = 1 - lose / u if u > lose else 0.0
                    vel[b, 0] -= (1 - keep) * ux
                    vel[b, 1] -= (1 - keep) * uy
                    vel[b, 2] -= (1 - keep) * uz
                    spin[b, 0] *= keep
                    spin[b, 1] *= max(keep, 1 - 2 * dt)
                    spin[b, 2] *= keep
                if shape[b] != 0:
                    arm = 0.67 * half[b, 0] * size[b]
                    lose = fric[b] * jn * arm * inertia[b]
                    if spin[b, 1] > lose:
                        spin[b, 1] -= lose
                    elif spin[b, 1] < -lose:
                        spin[b, 1] += lose
                    else:
                        spin[b, 1] = 0.0
        for i in range(n):
            if live[i] == 2 and pivot[i, 3] == 0 and not asleep[i]:
                v2 = vel[i, 0] ** 2 + vel[i, 1] ** 2 + vel[i, 2] ** 2
                w2 = spin[i, 0] ** 2 + spin[i, 1] ** 2 + spin[i, 2] ** 2
                firm = support[i] == -1
                if support[i] >= 0:
                    j = support[i]
                    firm = live[j] == 1 or (live[j] == 3 and not moves[j]) or asleep[j]
                if firm and v2 < 1e-6 and w2 * half[i, 0] ** 2 < 1e-6:
                    still[i] += 1
                    if still[i] > long_still and abs(tilt[i, 1] - 1) < 1e-6:
                        asleep[i] = True
                        vel[i] = 0.0
                        spin[i] = 0.0
                else:
                    still[i] = 0
            if live[i] == 2 and shape[i] != 0 and pivot[i, 3] == 0 and not asleep[i]:
                tx, ty, tz = 0.0, 1.0, 0.0
                j = support[i]
                if j >= 0 and shape[j] == 5:
                    hy, hz = half[j, 1], half[j, 2]
                    long = np.sqrt(hy * hy + hz * hz)
                    ty = hz / long
                    tx, tz = -np.sin(yaw[j]) * hy / long, np.cos(yaw[j]) * hy / long
                keep = np.exp(-14.0 * dt)
                tilt[i, 0] = tx + (tilt[i, 0] - tx) * keep
                tilt[i, 1] = ty + (tilt[i, 1] - ty) * keep
                tilt[i, 2] = tz + (tilt[i, 2] - tz) * keep
            if pivot[i, 3] > 0 and live[i] == 2:
                a = joint[i]
                rate[i] = (
                    (vel[i, 0] * np.cos(yaw[i]) + vel[i, 2] * np.sin(yaw[i])) * np.cos(a)
                    + vel[i, 1] * np.sin(a)
                ) / pivot[i, 3]
        # 9. What is carried along, and what breaks.
        for i in range(n):
            j = host[i]
            if j >= 0:
                for c in range(3):
                    new = pos[j, c] + grip[i, c]
                    vel[i, c] = (new - pos[i, c]) / dt
                    pos[i, c] = new
                if shape[i] == 0 and abs(vel[i, 1]) < 1e-9:
                    r = half[i, 0] * size[i]
                    spin[i, 0], spin[i, 1], spin[i, 2] = vel[i, 2] / r, 0.0, -vel[i, 0] / r
                    _turn(rot, i, spin[i, 0], 0.0, spin[i, 2], dt)
                else:
                    spin[i] = 0.0
                support[i] = j
        for i in range(n):
            if mode[i] == 2 and fragile[i] > 0 and speed_hit[i] > fragile[i]:
                _shatter(i, pos, vel, spin, half, size, mode, shards, burst, speed_hit[i], rest)
                if num_broken < len(broken):
                    broken[num_broken, 0], broken[num_broken, 1] = s, i
                    num_broken += 1
            speed_hit[i] = 0.0
    counts[0], counts[1] = num_touch, num_broken


def run(
    world: Bodies,
    *,
    num_frames: int,
    fps: float,
    gravity: float = 9.81,
    commands: list[Command] | tuple[Command, ...] = (),
    tracks: list[Track] | tuple[Track, ...] = (),
    flat: bool = False,
    ground: bool = True,
    num_sub: int = 0,
) -> Course:
    """Let bodies go for so many frames; `world` is left as it is at the start of the next one.

    Args:
        world: changed in place.
        num_frames: rows of what comes back; the first shows `world` as it came, after the commands
            of substep 0.
        fps: frames a second.
        gravity: units a second squared, downward.
        flat: everything stays in its plane z = constant and upright bodies do not turn.
        ground: whether the plane y = 0 carries.
        num_sub: substeps a frame, 0 for `substeps(fps)`.
    """
    num_sub = num_sub or substeps(fps)
    n, f = len(world.shape), num_frames
    rows = np.array([[c.kind, c.start, c.end, c.body, c.other] for c in commands], np.int64)
    values = np.array([c.values for c in commands], np.float64)
    most = 64 + 64 * n + 16 * f
    course = Course(
        position=np.empty((f, n, 3)), velocity=np.empty((f, n, 3)), spin=np.empty((f, n, 3)),
        tilt=np.empty((f, n, 3)), rotation=np.empty((f, n, 4)), joint=np.empty((f, n)),
        size=np.empty((f, n)), heading=np.empty((f, n)), mode=np.empty((f, n), np.int64),
        support=np.empty((f, n), np.int64), touched=np.empty((most, 3), np.int64),
        touch=np.empty((most, 9)), broken=np.empty((n, 2), np.int64),
    )  # fmt: skip
    pose = np.empty((len(tracks), f + 1, 4))
    active = np.zeros((len(tracks), f + 1), np.bool_)
    for k, track in enumerate(tracks):
        pose[k], active[k] = track.pose, track.active
    counts = np.zeros(2, np.int64)
    _run(
        f, num_sub, 1 / (fps * num_sub), gravity, flat, ground,
        world.shape, world.mode, world.entity, world.half, world.position, world.velocity,
        world.rotation, world.spin, world.mass, world.restitution, world.friction, world.rolling,
        world.weight, world.drag, world.lift, world.wheels, world.front, world.joint,
        world.pivot, world.fragile, world.shards, world.burst, world.group,
        world.host, world.grip, world.size, world.tilt, world.rate, world.heading,
        rows.reshape(-1, 5), values.reshape(-1, 4),
        np.array([track.body for track in tracks], np.int64), pose, active,
        np.array([int(track.keep) for track in tracks], np.int64),
        np.zeros(len(tracks), np.int64),
        course.position, course.velocity, course.spin, course.tilt, course.rotation, course.joint,
        course.size, course.mode, course.support, course.heading,
        course.touched, course.touch, course.broken, counts,
    )  # fmt: skip
    return replace(
        course,
        touched=course.touched[: counts[0]],
        touch=course.touch[: counts[0]],
        broken=course.broken[: counts[1]],
    )


def depth(world: Bodies, i: int, j: int, work: F8, more: F8, out: F8) -> float:
    """How deep two bodies are in each other, 0 where they are apart; the arrays hold 8 numbers.

    `out` gets the depth, the normal from j to i, and the point.
    """
    hit = _pair(
        i, j, world.shape, world.half, world.size, world.position, world.heading, work, more, out
    )
    return float(out[0]) if hit else 0.0


def substeps(fps: float) -> int:
    """Substeps of a frame: four, or more where frames are long."""
    return max(4, int(np.ceil(SUBSTEPS_PER_SECOND / fps)))
