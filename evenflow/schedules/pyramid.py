"""Pyramid: uncertainty grows along the clip; later frames are noisier by any slope.

Source: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, section 3 and figure 2; rolling
windows with such rows: Ruhe et al. 2024, Rolling Diffusion, arXiv:2402.09470.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def pyramid(
    levels: Float[Tensor, " k"], *, num_frames: int, slope: float
) -> Float[Tensor, "steps {num_frames}"]:
    """`K[m, t] = clip(S + floor(t u) - m, 0, S)`, as indices into the levels from the clean end.

    Args:
        levels: falling from 1 to 0, S + 1 of them.
        slope: u, steps by which a frame runs behind the one before it, also a fraction: 0 is full
            sequence, S autoregression, 0.5 a step for every two frames.

    Raises:
        ValueError: `slope` is negative.
    """
    if slope < 0:
        raise ValueError(f"slope={slope} would denoise the future before the past; use slope >= 0")
    last = len(levels) - 1
    delay = (torch.arange(num_frames, dtype=torch.float64) * slope).floor().long()
    step = torch.arange(last + 1 + int(delay.max()))[:, None]
    return levels[(step - delay).clamp(0, last).to(levels.device)]
