"""Haar: the orthonormal wavelet of two neighbors, along time, rows and columns.

Source: Haar 1910; as the front end of a video tokenizer: Li et al. 2024, WF-VAE, arXiv:2411.17459,
section 3.1 (gain 1 / sqrt(8) for three axes).
"""

import torch
from jaxtyping import Float
from torch import Tensor

GAIN = 0.5**0.5


def split(x: Float[Tensor, "*s"], dim: int) -> tuple[Float[Tensor, "*r"], Float[Tensor, "*r"]]:
    """Sums and differences of neighbors along one axis, each half as long; energy stays.

    Raises:
        ValueError: the axis has an odd length.
    """
    if x.shape[dim] % 2:
        raise ValueError(f"neighbors come in pairs: an even length, got {x.shape[dim]}")
    first, second = x.unflatten(dim, (-1, 2)).unbind(dim if dim < 0 else dim + 1)
    return GAIN * (first + second), GAIN * (first - second)


def join(low: Float[Tensor, "*r"], high: Float[Tensor, "*r"], dim: int) -> Float[Tensor, "*s"]:
    """The inverse of `split`."""
    after = dim if dim < 0 else dim + 1
    both = torch.stack([GAIN * (low + high), GAIN * (low - high)], dim=after)
    return both.flatten(dim - 1 if dim < 0 else dim, dim if dim < 0 else dim + 1)


def bands(x: Float[Tensor, "*s h w"], levels: int) -> list[Float[Tensor, "*r"]]:
    """Details of a picture or video, finest first (rows, columns, both at each level), then what is
    left of it; sides must be multiples of `2 ** levels`."""
    made: list[Tensor] = []
    for _ in range(levels):
        low, high = split(x, -1)
        x, down = split(low, -2)
        across, corner = split(high, -2)
        made += [down, across, corner]
    return [*made, x]
