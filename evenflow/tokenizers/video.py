"""What tokenizers agree on: 1 + 4n frames, sides of 8, groups of four frames.

The first frame is a group of its own. Networks that know groups of four alone are shown it four
times, and the last of what they make of it counts.
"""

import torch
from jaxtyping import Float
from torch import Tensor

GROUP, SIDE = 4, 8
"""Frames and pixels of one latent."""


def check_video(video: Tensor) -> int:
    """Latent frames of a video that can be encoded.

    Raises:
        ValueError: what does not fit, what came, what to do.
    """
    if video.ndim != 5 or video.shape[1] != 3:
        raise ValueError(f"takes video (b, 3, f, y, x), got {tuple(video.shape)}")
    frames, height, width = video.shape[2:]
    if frames < 1 or (frames - 1) % GROUP:
        fits = 1 + GROUP * max(0, (frames - 1) // GROUP)
        raise ValueError(
            f"takes 1 + {GROUP}n frames, got {frames}: trim to {fits} or pad to {fits + GROUP}"
        )
    if height % SIDE or width % SIDE or min(height, width) < SIDE:
        raise ValueError(f"takes sides that are multiples of {SIDE}, got {width}x{height}")
    return 1 + (frames - 1) // GROUP


def grouped(video: Float[Tensor, "b c f y x"]) -> Float[Tensor, "b c g y x"]:
    """The first frame four times, then the others: whole groups."""
    return torch.cat([video[:, :, :1].expand(-1, -1, GROUP - 1, -1, -1), video], dim=2)


def ungrouped(video: Float[Tensor, "b c g y x"]) -> Float[Tensor, "b c f y x"]:
    """The inverse: of the first group the last frame counts."""
    return video[:, :, GROUP - 1 :]
