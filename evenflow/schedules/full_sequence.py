"""Full sequence: all frames together, the ordinary diffusion of a clip.

Source: Ho et al. 2022, Video Diffusion Models, arXiv:2204.03458; as a matrix: Chen et al. 2024,
Diffusion Forcing, arXiv:2407.01392, section 3.
"""

from jaxtyping import Float
from torch import Tensor


def full_sequence(
    levels: Float[Tensor, " k"], *, num_frames: int
) -> Float[Tensor, "k {num_frames}"]:
    """Every row holds one level."""
    return levels[:, None].repeat(1, num_frames)
