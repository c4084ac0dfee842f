"""Rotary positions in three axes: parts of every head turn by time, by row and by column.

Source: Su et al. 2021, RoFormer, arXiv:2104.09864, equations 14 to 16; three axes side by side as
in Wang et al. 2024, Qwen2-VL, arXiv:2409.12191, section 2.1.
Differs: time may be any number, so that a frame stands where it stands in seconds.
"""

import torch
from jaxtyping import Float
from torch import Tensor

BASES = (100.0, 100.0, 100.0)
"""Longest wave of each axis is 2 pi times this: clips have tens of latent frames and rows."""


def frequencies(
    axes: tuple[int, int, int], *, bases: tuple[float, float, float] = BASES
) -> list[Float[Tensor, " k"]]:
    """Radians a unit of each axis, float64; an axis of `d` numbers of a head has `d / 2` of them.

    Raises:
        ValueError: an axis has an odd number of dimensions.
    """
    if any(d % 2 for d in axes):
        raise ValueError(f"rotary axes turn pairs of numbers: use even widths, got {axes}")
    return [
        base ** (-torch.arange(0, d, 2, dtype=torch.float64) / max(d, 1))
        for d, base in zip(axes, bases, strict=True)
    ]


def angles(
    position: Float[Tensor, "*s n 3"], axes: tuple[int, int, int]
) -> Float[Tensor, "*s n half"]:
    """How far every pair of numbers of a head turns at every token, radians."""
    rows = [
        position[..., i, None].double() * rate.to(position.device)
        for i, rate in enumerate(frequencies(axes))
    ]
    return torch.cat(rows, dim=-1).to(torch.float32)


def rotate(x: Float[Tensor, "b a n d"], angle: Float[Tensor, "n half"]) -> Float[Tensor, "b a n d"]:
    """Turns numbers 2i and 2i + 1 of every head by `angle[:, i]`; the product of two tokens then
    depends on the difference of their positions alone."""
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1)
    return turned.flatten(-2)
