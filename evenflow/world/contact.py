"""Contact: how much of the sky is hidden from the ground right beside what stands on it.

Every part that comes close to the ground darkens a patch of it, a little larger than the part; the
darkest patch counts. It costs what the patches cover.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.world import primitives, raster

LOW = 0.30
"""World units above the ground up to which a part darkens it."""
SPREAD = 0.5
"""World units that a patch reaches beyond its part, at most."""


def contact(parts: raster.Instances, view: raster.View) -> Float[Tensor, " cells"]:
    """Share of the sky that is hidden from the ground in every pixel, in [0, 1].

    Args:
        parts: of the frames of the view.
        view: the camera; pixels are numbered frame by frame, row by row.
    """
    cells = view.eye.shape[1] * view.height * view.width
    out = torch.zeros(cells, device=parts.frame.device)
    reach = [
        (parts.turn[i] * parts.scale).abs() for i in range(3)
    ]  # of the parts' axes along world axis i
    half_x, half_y, half_z = (one[0] + one[1] + one[2] for one in reach)
    gap = (parts.position[1] - half_y).abs()
    near = (gap < LOW) & (half_y > 0.02) & (torch.minimum(half_x, half_z) < 4.0)
    chosen = near.nonzero()[:, 0]
    if chosen.numel() == 0:
        return out
    shape = parts.shape[chosen]
    box = (shape == primitives.BOX) & (parts.turn[1, 1, chosen] > 0.99)
    turn = parts.turn[:, :, chosen]
    same = torch.eye(3, dtype=turn.dtype, device=turn.device)[:, :, None]
    turn = torch.where(box, turn, same)
    wide_x = torch.where(box, parts.scale[0, chosen], half_x[chosen])
    wide_z = torch.where(box, parts.scale[2, chosen], half_z[chosen])
    ball = shape == primitives.SPHERE
    soft = (half_y[chosen] * 0.7).clamp(0.04, 0.30)  # how far it darkens
    foot = torch.where(ball, 0.35, 1.0)  # share of its width that touches
    more = (soft * 2.0).clamp(max=SPREAD)
    scale = torch.stack([wide_x + more, torch.full_like(more, 1e-3), wide_z + more])
    position = parts.position[:, chosen].clone()
    position[1] = 0.0
    count = chosen.numel()
    patches = replace(
        parts,
        shape=torch.full_like(shape, primitives.BOX),
        frame=parts.frame[chosen],
        part=parts.part[chosen],
        entity=parts.entity[chosen],
        param=parts.param[chosen],
        position=position,
        turn=turn,
        scale=scale,
        unit=scale,
        order=torch.arange(count, device=out.device),
        starts=tuple(
            [0] * (primitives.BOX + 1) + [count] * (len(parts.starts) - primitives.BOX - 1)
        ),
    )
    local = raster.localize(patches, view)
    list_ = raster.pairs(patches, view, local)
    inst = list_.inst
    fixed = local.fixed.index_select(1, inst)
    start, ray = (list_.varying, fixed) if view.orthographic else (fixed, list_.varying)
    t = -start[1] / torch.where(ray[1] == 0, 1e-9, ray[1])
    numbers = torch.stack([
        wide_x, wide_z, soft, scale[0], scale[2], foot, 0.85 * (1.0 - gap[chosen] / LOW), box,
    ]).to(torch.float32).index_select(1, inst)  # fmt: skip
    x = (start[0] + t * ray[0]).abs() * numbers[3]
    z = (start[2] + t * ray[2]).abs() * numbers[4]
    beyond_x = (x - numbers[0]).clamp(min=0.0)
    beyond_z = (z - numbers[1]).clamp(min=0.0)
    square = beyond_x * beyond_x + beyond_z * beyond_z
    # Round things: distance beyond the foot along the radius.
    qx, qz = x / numbers[0], z / numbers[1]
    q = torch.sqrt(qx * qx + qz * qz)
    beyond = (q - numbers[5]).clamp(min=0.0) * torch.minimum(numbers[0], numbers[1])
    square = torch.where(numbers[7] > 0, square, beyond * beyond)
    far = square / (numbers[2] * numbers[2])
    fade = (1.0 - 0.25 * far).clamp(min=0.0)  # nothing at twice the softness
    value = numbers[6] * fade / (1.0 + 2.0 * far)
    value = torch.where(t > 0, value, 0.0)
    return out.scatter_reduce_(0, list_.cell.to(torch.int64), value, "amax", include_self=True)
