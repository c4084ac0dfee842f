"""Staggered: each block of frames runs `lag` steps behind the block before it.

Source: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, the scheduling matrix; blocks of
frames: MAGI-1, arXiv:2505.13211, section 2.
Differs: the lag is a whole number of steps, so both limits are exact.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def staggered(
    levels: Float[Tensor, " k"], *, num_frames: int, lag: int, block: int = 1
) -> Float[Tensor, "steps {num_frames}"]:
    """Noise level of every frame at every step of a joint run.

    Args:
        levels: falling, `levels[0]` pure noise and `levels[-1] = 0` clean.
        lag: steps between neighbors; 0 is full sequence, `k - 1` autoregression.
        block: frames that run together.

    Raises:
        ValueError: `lag` is negative, which would let a later frame lead; `block` below 1.
    """
    if lag < 0:
        raise ValueError(f"lag={lag} would denoise the future before the past; use lag >= 0")
    if block < 1:
        raise ValueError(f"block={block} holds no frame; use block >= 1")
    last = len(levels) - 1
    delay = lag * (torch.arange(num_frames, device=levels.device) // block)[None, :]  # (1, t)
    count = last + 1 + int(delay.max())
    step = torch.arange(count, device=levels.device)[:, None]  # (steps, 1)
    return levels[(step - delay).clamp(0, last)]
