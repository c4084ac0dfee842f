"""Autoregressive: block after block, each from noise to clean while all before it are clean.

Source: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, section 3.3; blocks of 3 latent
frames: Yin et al. 2025, CausVid, arXiv:2412.07772, section 4.1.
"""

from jaxtyping import Float
from torch import Tensor

from evenflow.schedules.staggered import staggered


def autoregressive(
    levels: Float[Tensor, " k"], *, num_frames: int, block: int = 1
) -> Float[Tensor, "steps {num_frames}"]:
    """Noise level of every frame at every step.

    Args:
        levels: falling from 1 to 0, run through once for every block.
        block: frames that come to exist together; the last block may be shorter.
    """
    return staggered(levels, num_frames=num_frames, lag=len(levels) - 1, block=block)
