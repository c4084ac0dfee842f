"""Layouts: which frames of a training clip are clean, which noisy, and which are learned from.

A network that has seen these layouts can be run down any matrix of levels: from nothing, from a
past, from a past with faults, and between two sides that are known.

Source: independent levels: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, algorithm 1; a
clean past (teacher forcing): Yin et al. 2025, CausVid, arXiv:2412.07772; slight noise on the past:
Valevski et al. 2024, GameNGen, arXiv:2408.14837, section 3.2.1.
Differs: levels are per block of frames, and the past is swapped and tinted too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

Draw = Callable[[int, Generator], Float[Tensor, " n"]]
"""Levels for training, so many of them."""

CLEAN, INDEPENDENT = 0.5, 0.3
"""Shares of a clean past and of independent levels; the rest is a past with faults."""
SLIGHT = 0.15
"""Highest level of noise on a past with faults."""
GAIN, TINT = 0.05, 0.05
"""Standard deviations of its contrast and of an offset per channel, in units of latents."""


@dataclass(frozen=True)
class Layout:
    """One training clip of t latent frames.

    Args:
        level: of every frame.
        weight: 1 where the velocity is learned, 0 where the frame is only looked at.
        source: which frame of the clip stands in its place; a range but where blocks are swapped.
        jitter: standard deviations of contrast and tint of every frame, multiples of GAIN and TINT.
    """

    level: Float[Tensor, " t"]
    weight: Float[Tensor, " t"]
    source: Int[Tensor, " t"]
    jitter: Float[Tensor, " t"]


def _layout(level: Tensor, weight: Tensor) -> Layout:
    return Layout(level, weight, torch.arange(len(level)), torch.zeros_like(level))


def _blocks(num_frames: int, block: int) -> Int[Tensor, " t"]:
    return torch.arange(num_frames) // block


def _below(top: int, generator: Generator) -> int:
    return int(torch.randint(top, (), generator=generator))


def full(num_frames: int, *, block: int, draw: Draw, generator: Generator) -> Layout:
    """One level for all: plain diffusion of a clip."""
    level = draw(1, generator).expand(num_frames).clone()
    return _layout(level, torch.ones_like(level))


def independent(num_frames: int, *, block: int, draw: Draw, generator: Generator) -> Layout:
    """A level for every block: diffusion forcing."""
    at = _blocks(num_frames, block)
    level = draw(int(at[-1]) + 1, generator)[at]
    return _layout(level, torch.ones_like(level))


def history(num_frames: int, *, block: int, draw: Draw, generator: Generator) -> Layout:
    """A past of whole blocks, any number of them, none too; what follows shares one level.

    The past is clean (half of the clips), or all blocks have levels of their own and all are
    learned from (three tenths), or the past has faults: a little noise, contrast and tint that are
    off, and two of its blocks swapped, where it has two.
    """
    at = _blocks(num_frames, block)
    kind = float(torch.rand((), generator=generator))
    if CLEAN <= kind < CLEAN + INDEPENDENT:
        return independent(num_frames, block=block, draw=draw, generator=generator)
    first = _below(int(at[-1]) + 1, generator)  # the first block of what follows
    past = at < first
    layout = _layout(
        torch.where(past, 0, draw(1, generator)), (~past).to(torch.get_default_dtype())
    )
    if kind < CLEAN or first == 0:
        return layout
    slight = SLIGHT * torch.rand((), generator=generator, dtype=layout.level.dtype)
    source = layout.source.clone()
    if first >= 2:
        one = _below(first, generator)
        other = (one + 1 + _below(first - 1, generator)) % first
        source[at == one], source[at == other] = source[at == other], source[at == one]
    return Layout(
        torch.where(past, slight, layout.level), layout.weight, source, past.to(layout.level.dtype)
    )


def last(num_frames: int, *, block: int, draw: Draw, generator: Generator) -> Layout:
    """The last block is noised and learned from; the past is clean."""
    at = _blocks(num_frames, block)
    end = at == at[-1]
    return _layout(torch.where(end, draw(1, generator), 0), end.to(torch.get_default_dtype()))


def still(num_frames: int, *, block: int, draw: Draw, generator: Generator) -> Layout:
    """A clip that begins with a picture: the first latent frame is clean, which is one frame.

    What follows is as in `history`; where the past ends inside the first block, the rest of that
    block is learned.
    """
    layout = history(num_frames, block=block, draw=draw, generator=generator)
    level, weight, jitter = layout.level.clone(), layout.weight.clone(), layout.jitter.clone()
    source = torch.arange(num_frames) if int(layout.source[0]) else layout.source
    level[0] = weight[0] = jitter[0] = 0
    if not bool(weight.any()):  # a clip of one block whose picture was all there was to learn
        return full(num_frames, block=block, draw=draw, generator=generator)
    return Layout(level, weight, source, jitter)


def infill(num_frames: int, *, block: int, draw: Draw, generator: Generator) -> Layout:
    """A window of whole blocks shares one level, both sides are clean; at most all is window."""
    at = _blocks(num_frames, block)
    count = int(at[-1]) + 1
    length = 1 + _below(count, generator)
    start = _below(count - length + 1, generator)
    inside = (at >= start) & (at < start + length)
    level = torch.where(inside, draw(1, generator), 0)
    return _layout(level, inside.to(level.dtype))
