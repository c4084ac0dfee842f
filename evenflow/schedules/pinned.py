"""Pinned: some frames are known and stay at level 0, the others are drawn given them.

First frame, last frame, keyframes anywhere and continuation are only different sets of frames.

Source: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, section 3.3 (level 0 is an observed
frame); Song et al. 2025, DFoT, arXiv:2502.06764, section 4 (any history).
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.schedules.pyramid import pyramid


def pinned(
    levels: Float[Tensor, " k"], *, num_frames: int, frames: Iterable[int], slope: float = 0.0
) -> Float[Tensor, "steps {num_frames}"]:
    """Noise level of every frame at every step.

    Args:
        levels: falling from 1 to 0, for the frames that are not known.
        frames: numbers of those that are; negative ones count from the end. Their latents in `x`
            are the clean ones.
        slope: of those that are not, as in `pyramid`, counted without the pinned ones.

    Raises:
        ValueError: a frame outside the clip, or nothing left to draw.
    """
    known = torch.zeros(num_frames, dtype=torch.bool)
    for frame in frames:
        if not -num_frames <= frame < num_frames:
            raise ValueError(
                f"frame {frame} is outside the clip; it has {num_frames} latent frames"
            )
        known[frame] = True
    unknown = int((~known).sum())
    if unknown == 0:
        raise ValueError(f"all {num_frames} frames are pinned; leave at least one to draw")
    rows = pyramid(levels, num_frames=unknown, slope=slope)
    matrix = levels.new_zeros(len(rows), num_frames)
    matrix[:, (~known).to(levels.device)] = rows
    return matrix
