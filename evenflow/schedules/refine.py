"""Refine: every frame is noised to a level of its own and denoised again, more where it is worse.

Source: Meng et al. 2022, SDEdit, arXiv:2108.01073, algorithm 1.
Differs: a strength per frame; those that are noised less wait until the others have come down.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def refine(
    levels: Float[Tensor, " k"], *, num_frames: int, strength: float | Float[Tensor, " t"]
) -> Float[Tensor, "steps {num_frames}"]:
    """Noise level of every frame at every step, from `strength` to 0; no row repeats.

    Args:
        levels: falling from 1 to 0.
        strength: level at which frames begin, in [0, 1]: one for all or one for each. 0 keeps a
            frame as it is. `Process.mix` at the first row makes the start.

    Raises:
        ValueError: a strength outside [0, 1], none above 0, or not one per frame.
    """
    each = torch.as_tensor(strength, dtype=levels.dtype, device=levels.device)
    if each.ndim == 0:
        each = each.repeat(num_frames)
    if len(each) != num_frames:
        raise ValueError(f"strength has {len(each)} numbers for {num_frames} frames; give one each")
    if not bool(((each >= 0) & (each <= 1)).all() and (each > 0).any()):
        raise ValueError(
            f"strength from {float(each.min()):g} to {float(each.max()):g} must lie in [0, 1], "
            f"somewhere above 0"
        )
    # a strength that is a level but for rounding is that level, or its first step would be nothing
    near = (levels[:, None] - each).abs().min(dim=0)
    each = torch.where(near.values < 1e-6, levels[near.indices], each)
    matrix = torch.minimum(levels[:, None], each)
    moves = (matrix[1:] != matrix[:-1]).any(dim=1)
    return torch.cat([matrix[:-1][moves], matrix[-1:]])
