"""Waves: a number becomes sines and cosines of many rates, as networks like to read it.

Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def waves(
    x: Float[Tensor, "*s"], num: int, *, scale: float = 1000.0, longest: float = 10_000.0
) -> Float[Tensor, "*s num"]:
    """`num / 2` cosines, then as many sines, of `scale x` at falling rates, float32.

    Raises:
        ValueError: `num` is odd.
    """
    if num % 2:
        raise ValueError(f"waves come in pairs: use an even number, got {num}")
    half = num // 2
    rates = torch.exp(-math.log(longest) * torch.arange(half, device=x.device) / half)
    angle = scale * x.float()[..., None] * rates
    return torch.cat([angle.cos(), angle.sin()], dim=-1)
