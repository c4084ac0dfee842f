"""A process: how clean video and noise are mixed at a level per frame, and back.

At level s a frame is `x_s = alpha(s) x + sigma(s) e` with noise e of unit variance. Everything that
a network may say of it (clean video, noise, velocity) is the same fact in another unit:

    x_s = alpha x + sigma e          v = gain e - loss x          gain alpha + loss sigma = 1

The velocity is `e - x` for flows (gain = loss = 1) and `alpha e - sigma x` for processes of
constant variance (gain = alpha, loss = sigma); because of the third identity both invert the same.

Source: Salimans & Ho 2022, Progressive Distillation, arXiv:2202.00512, section 4 and appendix D
(v, constant variance); Lipman et al. 2023, Flow Matching, arXiv:2210.02747, example II (straight
paths); a level per frame: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

Curve = Callable[[Tensor], Tensor]
"""A number for every number, elementwise; any shape."""


def spread(level: Shaped[Tensor, "b t"]) -> Shaped[Tensor, "b 1 t 1 1"]:
    """A number or a truth per frame, shaped so that it multiplies video."""
    return level[:, None, :, None, None]


@dataclass(frozen=True)
class Process:
    """How much of the clean video and of the noise is left at each level.

    Levels are in [0, 1]; 0 is clean (alpha 1, sigma 0), 1 is the most noise there is. All methods
    but the curves take video `(b, c, t, h, w)` and a level per frame `(b, t)`.

    Args:
        name: its row in PROCESSES.
        alpha: share of the clean video, falling from 1.
        sigma: standard deviation of the noise, rising from 0.
        gain, loss: weights of noise and clean video in the velocity.
        level_at: the level whose log signal-to-noise ratio `log(alpha / sigma)` is given.
    """

    name: str
    alpha: Curve
    sigma: Curve
    gain: Curve
    loss: Curve
    level_at: Curve

    def log_snr(self, level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
        """`log(alpha / sigma)`, half of the log of the power ratio; +inf at level 0."""
        return self.alpha(level).log() - self.sigma(level).log()

    def mix(
        self,
        clean: Float[Tensor, "b c t h w"],
        noise: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b c t h w"]:
        """The video at that level; at level 0 it is `clean` to the bit."""
        s = spread(level)
        return torch.where(s == 0, clean, self.alpha(s) * clean + self.sigma(s) * noise)

    def noise_of(
        self,
        x: Float[Tensor, "b c t h w"],
        clean: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b c t h w"]:
        """The noise in `x` if `clean` is what it hides; 0 in clean frames, which hide none."""
        s = spread(level)
        sigma = self.sigma(s)
        still = sigma == 0
        return ((x - self.alpha(s) * clean) / sigma.masked_fill(still, 1)).masked_fill(still, 0)

    def velocity(
        self,
        clean: Float[Tensor, "b c t h w"],
        noise: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b c t h w"]:
        """`gain e - loss x`, what a network is trained to say."""
        s = spread(level)
        return self.gain(s) * noise - self.loss(s) * clean

    def velocity_of(
        self,
        x: Float[Tensor, "b c t h w"],
        clean: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b c t h w"]:
        """The velocity that says `clean`; in clean frames that of no noise."""
        return self.velocity(clean, self.noise_of(x, clean, level), level)

    def clean_of(
        self,
        x: Float[Tensor, "b c t h w"],
        velocity: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b c t h w"]:
        """The clean video that a velocity says: `gain x_s - sigma v`; `x` itself at level 0."""
        s = spread(level)
        return torch.where(s == 0, x, self.gain(s) * x - self.sigma(s) * velocity)

    def clean_of_noise(
        self,
        x: Float[Tensor, "b c t h w"],
        noise: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b c t h w"]:
        """The clean video that an estimate of the noise says: `(x_s - sigma e) / alpha`.

        Where alpha is 0 the noise says nothing of it, and the answer is infinite: translate such
        models by their velocity.
        """
        s = spread(level)
        return (x - self.sigma(s) * noise) / self.alpha(s)

    def score_of(
        self,
        x: Float[Tensor, "b c t h w"],
        clean: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b c t h w"]:
        """Gradient of the log-density at that level if `clean` is the mean: `-e / sigma`.

        Tweedie's formula (Efron 2011, equation 1.4). Infinite at level 0, where there is no noise.
        """
        return -self.noise_of(x, clean, level) / self.sigma(spread(level))
