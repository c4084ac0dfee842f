"""Noise that is a function of (seed of the clip, stream, frame), and of nothing else.

A frame's noise depends neither on the batch nor on the length of its clip nor on what was drawn
before it, so a run may be resumed, extended or split at any place and stay the same to the bit. It
is always drawn on the CPU, so it is the same on every device.

Source: one generator per clip: Karras et al. 2024, EDM2, arXiv:2312.02696, `generate_images.py`
(StackedRandomGenerator). Differs: one for each frame too. Mixing: Steele et al. 2014, splitmix64.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor

_WORD = (1 << 64) - 1


def mixed(*parts: int) -> int:
    """One 64-bit seed out of several numbers; each of them changes all of it.

    >>> mixed(0, 1) != mixed(1, 0)
    True
    """
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state ^ (part & _WORD)) + 0x9E3779B97F4A7C15 & _WORD
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _WORD
        state ^= state >> 31
    return state


def normal(
    seeds: Sequence[int],
    shape: Sequence[int],
    *,
    stream: int = 0,
    first_frame: int = 0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "b c t h w"]:
    """Independent Gaussian noise of unit variance, a seed for each clip.

    Args:
        seeds: one per clip.
        shape: `(c, t, h, w)` of one clip.
        stream: numbers what is drawn for one clip: 0 its first noise, step i its stream 1 + i.
        first_frame: number of the first frame, to draw the noise of a later stretch of a clip.
        dtype: float32 noise rounded or widened; the same numbers whatever it is.
    """
    channels, frames, height, width = shape
    noise = torch.empty(len(seeds), frames, channels, height, width)
    generator = Generator()
    for clip, seed in enumerate(seeds):
        for frame in range(frames):
            generator.manual_seed(mixed(seed, stream, first_frame + frame))
            noise[clip, frame].normal_(generator=generator)
    return noise.movedim(1, 2).to(device=device, dtype=dtype)
