"""Independent noise: every frame, channel and pixel its own; the baseline of all noise priors.

Source: Ho et al. 2020, DDPM, arXiv:2006.11239, algorithm 2, line 1.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.process.randomness import normal


def independent(
    seeds: Sequence[int],
    shape: Sequence[int],
    *,
    first_frame: int = 0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "b c t h w"]:
    """What clips start from: Gaussian, mean 0, variance 1, no correlation.

    A clip depends on its seed alone, neither on its batch nor on its neighbors, and its first
    frames do not depend on how many follow.

    Args:
        seeds: one per clip.
        shape: `(c, t, h, w)` of one clip of latents.
        first_frame: number of the first frame, for a stretch that goes on an earlier one.

    >>> both = independent([7, 8], (4, 3, 2, 2))
    >>> bool((both[1:] == independent([8], (4, 3, 2, 2))).all())
    True
    """
    return normal(seeds, shape, first_frame=first_frame, dtype=dtype, device=device)
