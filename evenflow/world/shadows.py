"""Shadows: the same casting from an orthographic camera that looks along the sun's rays.

On the ground the shadow is the *coverage* of that picture (everything stands above the ground), box
blurred, so that one bilinear fetch is a soft shadow; on things it is a depth test of the four
texels around a point, weighted bilinearly (percentage-closer filtering). The picture covers where
the things of a shot are and snaps to its texels when it has to follow, so edges never swim.

Source: Williams 1978, Casting curved shadows on curved surfaces; Reeves, Salesin, Cook 1987,
Rendering antialiased shadows with depth maps.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int32
from numpy.typing import NDArray
from torch import Tensor

from evenflow.world import raster
from evenflow.world.animation import Animation

SIZE = 128
"""Texels of the sun's picture along each side."""
LEAST, MOST = 2.5, 11.0
"""World units that it reaches from its center, at least and at most."""
SIGHT = 18.0
"""World units within which things cast shadows (farther ones are left to ambient occlusion)."""
BIAS = 0.6
"""Texels by which points of things are lifted before the depth test."""


@dataclass(frozen=True)
class Shadows:
    """The sun's pictures of a chunk.

    Args:
        coverage: share of the sun that is blocked on the ground, in [0, 1], one texel of margin.
        depth: along the sun's rays, infinite where nothing is.
        matrix: world to (column, row, depth) of every frame: rows of 3 and a constant, `(12, b)`.
        texel: its size in world units.
    """

    coverage: Float[Tensor, "b s s"]
    depth: Float[Tensor, "b s s"]
    matrix: Float[Tensor, "12 b"]
    texel: Float[Tensor, " b"]


def reach(animation: Animation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Center `(t, 3)` and half side `(t,)` of what the sun's picture must show."""
    if animation.sunlit is not None:
        return animation.sunlit[:, :3], animation.sunlit[:, 3]
    parts, camera = animation.parts, animation.camera
    frames = len(animation.shot)
    turn = camera.world_to_camera[:, :3, :3].astype(np.float64)
    shift = camera.world_to_camera[:, :3, 3].astype(np.float64)
    eye = -(turn * shift[:, :, None]).sum(1)
    middle = np.zeros((frames, 3))
    half = np.full(frames, LEAST)
    ahead = turn[:, 2]
    width, height = animation.spec.size
    played = bool(animation.spec.actions)  # nobody knows yet what will be seen
    for shot in np.unique(animation.shot):
        rows = np.flatnonzero(animation.shot == shot)
        some = rows[:: max(1, len(rows) // 6)]
        low, high = np.full(3, np.inf), np.full(3, -np.inf)
        spot, size = parts.position[some].astype(np.float64), parts.scale[some]
        size = np.maximum(np.maximum(size[..., 0], size[..., 1]), size[..., 2])
        place = spot - eye[some, None]
        x, y, z = ((turn[some, None, i] * place).sum(-1) for i in range(3))
        parallel = camera.orthographic[some, None]
        deep = np.where(parallel, 1.0, np.maximum(z, 0.1))
        k = camera.intrinsics[some]
        seen = (z > 0) & (z < SIGHT) & (size < 5.0) & parts.present[some]
        seen &= np.abs(x) < 0.65 * width / k[:, :1, 0] * deep + size
        seen &= np.abs(y) < 0.65 * height / k[:, 1:2, 1] * deep + size
        if seen.any():
            box, margin = spot[seen], size[seen, None]
            low, high = (box - margin).min(0), (box + margin).max(0)
        if not np.isfinite(low).all():
            flat = ahead[rows[0]] * (1.0, 0.0, 1.0)
            low = high = eye[rows[0]] * (1.0, 0.0, 1.0) + 6.0 * flat
        low[1], high[1] = 0.0, max(high[1], 0.0)
        radius = 0.5 * float(np.linalg.norm((high - low) * (1.0, 0.5, 1.0))) + 0.6
        if radius <= MOST and not played:
            middle[rows], half[rows] = 0.5 * (low + high), max(radius, LEAST)
            continue
        flat = ahead[rows] * (1.0, 0.0, 1.0)
        flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6
        middle[rows] = eye[rows] * (1.0, 0.0, 1.0) + 0.75 * MOST * flat
        half[rows] = MOST
    return middle, half


def sun(
    direction: Float[Tensor, "3 b"], middle: Float[Tensor, "3 b"], half: Float[Tensor, " b"]
) -> raster.View:
    """The sun's camera of every frame (float64 in and out).

    Args:
        direction: unit, toward the sun.
        middle, half: see `reach`.
    """
    ahead = -direction
    up = torch.zeros_like(ahead)
    steep = ahead[1].abs() > 0.99
    up[1], up[2] = (~steep).to(up.dtype), steep.to(up.dtype)
    right = torch.linalg.cross(up, ahead, dim=0)
    right = right / (right * right).sum(0).sqrt()
    down = torch.linalg.cross(ahead, right, dim=0)
    texel = 2 * half / (SIZE - 4)
    across = (right * middle).sum(0)
    along = (down * middle).sum(0)
    across, along = ((one / texel).round() * texel for one in (across, along))
    eye = right * across + down * along + ahead * (ahead * middle).sum(0)
    turn = torch.stack([right, down, ahead])
    focal = torch.stack([1 / texel, 1 / texel])
    center = torch.full_like(focal, SIZE / 2)
    return raster.View(SIZE, SIZE, True, turn, eye, focal, center)


def shadows(parts: raster.Instances, view: raster.View) -> Shadows:
    """Cast the sun's pictures of all frames."""
    local = raster.localize(parts, view)
    frames = view.eye.shape[1]
    list_ = raster.pairs(parts, view, local)
    depth = raster.zbuffer(list_, local, True, frames * SIZE * SIZE).depth
    depth = depth.view(frames, SIZE, SIZE)
    covered = (depth < torch.inf).to(torch.float32)[:, None]
    # What reaches the border fades out before it, and beyond the border there is no shadow.
    edge = torch.arange(SIZE, device=depth.device, dtype=torch.float32)
    ramp = (torch.minimum(edge, SIZE - 1 - edge) * (1 / 6)).clamp_max(1.0)
    blurred = _box(_box(covered)) * (ramp * ramp[:, None])
    depth[:, (0, -1)] = torch.inf
    depth[:, :, (0, -1)] = torch.inf
    rows = view.turn * torch.cat([view.focal, torch.ones_like(view.focal[:1])])[:, None]
    base = -raster.product(rows, view.eye)
    base = base + torch.cat([view.center, torch.full_like(view.center[:1], raster.BACK)])
    matrix = torch.cat([rows.reshape(9, frames), base]).to(torch.float32)
    return Shadows(blurred[:, 0], depth, matrix, (1 / view.focal[0]).to(torch.float32))


def _box(image: Tensor) -> Tensor:
    """Mean of 3 x 3, in a fixed order, zero beyond the border."""
    wide = torch.nn.functional.pad(image, (1, 1, 1, 1))
    rows = wide[..., :-2, :] + wide[..., 1:-1, :] + wide[..., 2:, :]
    return (rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]) * (1 / 9)


def _weights(column: Tensor, row: Tensor, frame: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """First of the four texels around points, and the weights of the next column and row."""
    column, row = column.clamp(0, SIZE - 1.001), row.clamp(0, SIZE - 1.001)
    left, top = column.to(torch.int32), row.to(torch.int32)
    return (frame * SIZE + top) * SIZE + left, column - left, row - top


def _mean(values: list[Tensor], fx: Tensor, fy: Tensor) -> Tensor:
    """Bilinear mean of four texels."""
    a, b, c, d = values
    top, bottom = a + fx * (b - a), c + fx * (d - c)
    return top + fy * (bottom - top)


def on_ground(
    shadow: Shadows, frame: Int32[Tensor, " k"], point: Float[Tensor, "3 k"]
) -> Float[Tensor, " k"]:
    """Share of the sun that reaches points of the ground y = 0, in [0, 1]."""
    whole = shadow.matrix
    rows = [whole[0], whole[2], whole[9] - 0.5, whole[3], whole[5], whole[10] - 0.5]
    m = torch.stack(rows).index_select(1, frame)
    column = m[0] * point[0] + m[1] * point[2] + m[2]
    row = m[3] * point[0] + m[4] * point[2] + m[5]
    first, fx, fy = _weights(column, row, frame)
    flat = shadow.coverage.reshape(-1)
    near = [flat.index_select(0, first + one) for one in (0, 1, SIZE, SIZE + 1)]
    return 1.0 - _mean(near, fx, fy)


def on_things(
    shadow: Shadows,
    frame: Int32[Tensor, " k"],
    point: Float[Tensor, "3 k"],
    normal: Float[Tensor, "3 k"],
) -> Float[Tensor, " k"]:
    """Share of the sun that reaches points of things, in [0, 1].

    What faces away from the sun is dark by shading and not by shadow, and near there texels are too
    coarse to tell: shadow fades in with the cosine of the sun's height over the surface.
    """
    texel = shadow.texel.index_select(0, frame)
    lifted = point + normal * (BIAS * texel)
    m = shadow.matrix.index_select(1, frame)
    column = m[0] * lifted[0] + m[1] * lifted[1] + m[2] * lifted[2] + (m[9] - 0.5)
    row = m[3] * lifted[0] + m[4] * lifted[1] + m[5] * lifted[2] + (m[10] - 0.5)
    depth = m[6] * lifted[0] + m[7] * lifted[1] + m[8] * lifted[2] + m[11]
    height = -(m[6] * normal[0] + m[7] * normal[1] + m[8] * normal[2])
    depth = depth - texel * (0.4 + 0.7 / height.clamp_min(0.15))  # more where light grazes
    first, fx, fy = _weights(column, row, frame)
    flat = shadow.depth.reshape(-1)
    near = [
        (flat.index_select(0, first + one) >= depth).to(torch.float32)
        for one in (0, 1, SIZE, SIZE + 1)
    ]
    open_ = _mean(near, fx, fy)
    return 1.0 - (1.0 - open_) * (height * 4.0).clamp(0.0, 1.0)
