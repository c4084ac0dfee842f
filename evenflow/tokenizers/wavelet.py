"""Wavelet tokenizer: orthonormal, exact, and at hand before anything was trained.

Frames 1 + 4n become 1 + n latent frames of an eighth of the side. The first frame stands alone;
each group of four after it is transformed along time, rows and columns. With all 768 channels
decoding gives back what was encoded; with fewer, what is coarse in space is kept.

Source: see `layers/haar.py`; the first frame alone: Yu et al. 2023, MAGVIT-v2, arXiv:2310.05737,
section 3.2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.layers.haar import join, split
from evenflow.tokenizers.video import GROUP, SIDE, check_video

CHANNELS = 3 * GROUP * SIDE * SIDE


@dataclass(frozen=True)
class Wavelet:
    """The tokenizer.

    Args:
        channels: that are kept, up to 768; the first 12 are means of places: frames times colors.

    Raises:
        ValueError: there are not so many channels.
    """

    channels: int = CHANNELS

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= CHANNELS:
            raise ValueError(f"keeps 1 to {CHANNELS} channels, got {self.channels}")

    def encode(self, video: Float[Tensor, "b 3 f y x"]) -> Float[Tensor, "b c t h w"]:
        """Latents of 1 + 4n frames in [0, 1] whose sides are multiples of 8.

        A gray of 0.5 is 0, and the energy about it stays where all channels do.

        Raises:
            ValueError: another number of frames, or other sides.
        """
        check_video(video)
        first, rest = video[:, :, :1] - 0.5, video[:, :, 1:] - 0.5
        made = [self._coarse_first(first, alone=True)]
        if rest.shape[2]:
            made.append(self._coarse_first(rest, alone=False))
        return torch.cat(made, dim=2)[:, : self.channels]

    def decode(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b 3 f y x"]:
        """Video of 1 + 4n frames; not clamped, so that the inverse is exact."""
        full = latents.new_zeros(latents.shape[0], CHANNELS, *latents.shape[2:])
        full[:, : latents.shape[1]] = latents
        made = [self._back(full[:, :, :1], alone=True)]
        if full.shape[2] > 1:
            made.append(self._back(full[:, :, 1:], alone=False))
        return torch.cat(made, dim=2) + 0.5

    def _coarse_first(self, x: Tensor, *, alone: bool) -> Tensor:
        """Channels from coarse to fine: every split puts its differences behind its sums."""
        if alone:  # one frame: along time there is nothing to tell, and nothing to lose
            x = torch.cat([x, x.new_zeros(x.shape[0], 3 * x.shape[1], *x.shape[2:])], dim=1)
        else:
            for _ in range(2):
                x = torch.cat(split(x, 2), dim=1)
        for _ in range(3):
            x = torch.cat(split(x, -1), dim=1)
            x = torch.cat(split(x, -2), dim=1)
        return x

    def _back(self, x: Tensor, *, alone: bool) -> Tensor:
        for _ in range(3):
            x = _joined(x, -2)
            x = _joined(x, -1)
        if alone:
            return x[:, :3]
        for _ in range(2):
            x = _joined(x, 2)
        return x


def _joined(x: Tensor, dim: int) -> Tensor:
    """Sums in the first half of the channels and differences in the second, along one axis."""
    low, high = x.chunk(2, dim=1)
    return join(low, high, dim)
