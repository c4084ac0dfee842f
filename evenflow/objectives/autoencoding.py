"""Autoencoding: what a video tokenizer is trained to give back; no networks that judge pictures.

Parts, with their weights: Charbonnier distance of the video (1); distance of its Haar details, two
levels (0.5); of its frame differences (0.5); of the latents of what was decoded to those that were
encoded, in units of their spread (0.1); of the mean colors after two round trips to those of the
source (0.1); and the divergence of the encoder's law from the standard normal one (1e-6). The
decoder is shown latents with a little noise, so that what lies between them decodes to something,
too.

Source: Charbonnier et al. 1994 (the smooth absolute value); latent consistency: Wu et al. 2025,
H3AE, arXiv:2504.10567, section 3.4; wavelet loss: Li et al. 2024, WF-VAE, arXiv:2411.17459, section
3.2; divergence: Kingma & Welling 2013, arXiv:1312.6114, appendix B.
Differs: the distance of colors after two round trips is ours; it is what repeated repairs lose.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from evenflow.layers.haar import bands
from evenflow.objectives.loss import Loss, Part, clip_seeds
from evenflow.process.randomness import mixed
from evenflow.tokenizers.group_causal import Moments

WEIGHTS: dict[str, float] = {
    "pixels": 1.0,
    "details": 0.5,
    "motion": 0.5,
    "latents": 0.1,
    "colors": 0.1,
    "divergence": 1e-6,
}
"""Of the parts."""
NOISE = (0.1, 0.2)
"""Standard deviation of what is added to latents, as a share of theirs: drawn for each clip."""


class Autoencoder(Protocol):
    """A tokenizer that can be trained."""

    def moments(self, video: Float[Tensor, "b 3 f y x"]) -> Moments:
        """What the encoder says."""
        ...

    def decoded(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b 3 f y x"]:
        """Video of latents, not clamped."""
        ...


def autoencoding(
    net: Autoencoder,
    video: Float[Tensor, "b 3 f y x"],
    *,
    generator: Generator | Sequence[Generator],
    weights: Mapping[str, float] = WEIGHTS,
    noise: tuple[float, float] = NOISE,
    smooth: float = 1e-3,
    again: float = 1.0,
) -> Loss:
    """The weighted sum of the parts, each a mean over clips.

    Args:
        video: in [0, 1].
        generator: one, or one for each clip.
        weights: of some or all parts; a part that is left out is not computed.
        noise: least and most of what is added to latents.
        smooth: error of a pixel below which the distance is quadratic; a large one learns small
            things on plain ground sooner.
        again: share of the clips that make round trips, for `latents` and `colors`, drawn clip by
            clip; those that do count for the others, so that the loss means the same.

    Raises:
        ValueError: an unknown part, a range of noise that is none, a `smooth` of 0 or a share that
            is not in (0, 1].
    """
    unknown = set(weights) - set(WEIGHTS)
    if unknown:
        raise ValueError(f"no part is called {sorted(unknown)}; there are {', '.join(WEIGHTS)}")
    if not 0 <= noise[0] <= noise[1]:
        raise ValueError(f"noise goes from 0 or more to as much or more, got {noise}")
    if smooth <= 0:
        raise ValueError(f"smooth is above 0, got {smooth}")
    if not 0 < again <= 1:
        raise ValueError(f"again is a share in (0, 1], got {again}")
    moments = net.moments(video)
    seeds = clip_seeds(generator, len(video))
    drawn = [_drawn(moments, i, mixed(seed, 2), noise) for i, seed in enumerate(seeds)]
    made = net.decoded(torch.stack(drawn))
    parts = {"pixels": _distance(made - video, smooth).mean(dim=1)}
    if "details" in weights:
        parts["details"] = _details(made - video)
    if "motion" in weights:
        parts["motion"] = _motion(made - video)
    if "latents" in weights or "colors" in weights:
        far = [i for i, seed in enumerate(seeds) if _goes(seed, again)]
        told, colors = moments.mean.detach(), "colors" in weights
        trips = _round_trips(net, video, made, told, far, colors=colors)
        parts |= {name: value / again for name, value in trips.items()}
    parts["divergence"] = _divergence(moments)
    value = sum((weights[name] * parts[name] for name in weights), video.new_zeros(len(video)))
    error = (made.detach().clamp(0, 1) - video).square().flatten(1).mean(dim=1)
    parts["psnr"] = -10 * torch.log10(error.clamp(min=1e-10))  # for logs
    count = video.new_tensor(float(len(video)))
    logged = {name: Part(part.detach().sum(), count) for name, part in parts.items()}
    logged["loss"] = Part(value.detach().sum(), count)
    return Loss(value.mean(), logged)


def _goes(seed: int, share: float) -> bool:
    """Whether the clip of a seed makes round trips."""
    if share == 1:
        return True
    source = Generator().manual_seed(mixed(seed, 3))
    return float(torch.rand((), generator=source)) < share


def _round_trips(
    net: Autoencoder,
    video: Float[Tensor, "b 3 f y x"],
    made: Float[Tensor, "b 3 f y x"],
    told: Float[Tensor, "b c t h w"],
    far: Sequence[int],
    *,
    colors: bool,
) -> dict[str, Float[Tensor, " b"]]:
    """What the clips `far` lose on their way; 0 for the others."""
    parts = {"latents": video.new_zeros(len(video))}
    if colors:
        parts["colors"] = video.new_zeros(len(video))
    if not far:
        return parts
    rows = torch.tensor(far, device=video.device)
    again, told = net.moments(made[rows]).mean, told[rows]
    spread = told.flatten(1).std(dim=1).clamp(min=1e-3)  # (b,)
    lost = (again - told).abs().flatten(1).mean(dim=1) / spread
    parts["latents"] = parts["latents"].index_put((rows,), lost.to(video))
    if colors:
        off = net.decoded(again).mean(dim=(3, 4)) - video[rows].mean(dim=(3, 4))
        off = off.abs().flatten(1).mean(dim=1).to(video)
        parts["colors"] = parts["colors"].index_put((rows,), off)
    return parts


def _drawn(moments: Moments, clip: int, seed: int, noise: tuple[float, float]) -> Tensor:
    """Latents of one clip: by the encoder's own law, and a little further."""
    mean, log_variance = moments.mean[clip], moments.log_variance[clip]
    source = Generator().manual_seed(seed)
    own, more = torch.randn(2, *mean.shape, generator=source).to(mean)
    share = noise[0] + (noise[1] - noise[0]) * float(torch.rand((), generator=source))
    spread = mean.detach().std() if mean.numel() > 1 else mean.new_ones(())
    return mean + own * (0.5 * log_variance).exp() + share * spread * more


def _distance(difference: Float[Tensor, "b *any"], smooth: float) -> Float[Tensor, "b k"]:
    """The absolute value, smooth at 0, where it is 0."""
    return ((difference.square() + smooth**2).sqrt() - smooth).flatten(1)


def _details(difference: Float[Tensor, "b 3 f y x"]) -> Float[Tensor, " b"]:
    """Absolute differences of the details at two levels."""
    fine = bands(difference, 2)[:-1]
    return torch.stack([band.abs().flatten(1).mean(dim=1) for band in fine]).mean(dim=0)


def _motion(difference: Float[Tensor, "b 3 f y x"]) -> Float[Tensor, " b"]:
    """Absolute differences of what changes from frame to frame; 0 for pictures."""
    if difference.shape[2] < 2:
        return difference.new_zeros(len(difference))
    return difference.diff(dim=2).abs().flatten(1).mean(dim=1)


def _divergence(moments: Moments) -> Float[Tensor, " b"]:
    """Of every number of the latents from the standard normal law, the mean."""
    mean, log_variance = moments.mean, moments.log_variance
    each = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return each.flatten(1).mean(dim=1)
