"""Retake: a window of a clip is drawn again, both sides known; outside it nothing changes.

Source: Lightricks, LTX-2, `retake.py` (start and end of the window); starting below pure noise:
Meng et al. 2022, SDEdit, arXiv:2108.01073, algorithm 1.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.schedules.refine import refine


def retake(
    levels: Float[Tensor, " k"], *, num_frames: int, start: int, end: int, strength: float = 1.0
) -> Float[Tensor, "steps {num_frames}"]:
    """Noise level of every frame at every step.

    Args:
        levels: falling from 1 to 0.
        start, end: the window of latent frames, [start, end).
        strength: level at which the window begins; 1 forgets what was there.

    Raises:
        ValueError: a window that is empty or reaches outside the clip; `strength` not in (0, 1].
    """
    if not 0 <= start < end <= num_frames:
        raise ValueError(
            f"window [{start}, {end}) does not lie in [0, {num_frames}); give start < end inside it"
        )
    strengths = torch.zeros(num_frames, dtype=levels.dtype, device=levels.device)
    strengths[start:end] = strength
    return refine(levels, num_frames=num_frames, strength=strengths)
