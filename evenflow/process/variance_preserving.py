"""Processes of constant variance, `alpha^2 + sigma^2 = 1`: the cosine and the linear one of DDPM.

Source: cosine: Nichol & Dhariwal 2021, arXiv:2102.09672, equation 17 (offset 0.008, here in
continuous time); linear: Ho et al. 2020, arXiv:2006.11239, section 4, beta from 1e-4 to 0.02 in
1000 steps, whose limit in continuous time is Song et al. 2021, arXiv:2011.13456, equation 33 with
beta from 0.1 to 20. Velocity: Salimans & Ho 2022, arXiv:2202.00512, appendix D.

The linear process keeps alpha = 0.0066 of the clean video at level 1, as published: a run that
begins with pure noise there begins beside the law (Lin et al. 2024, arXiv:2305.08891, section 3.1).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.process.process import Process

OFFSET = 0.008
BETA = (0.1, 20.0)


def _angle(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """Equation 17: `alpha_bar = cos^2(angle) / cos^2(angle at 0)`, of which 0.9999 is the rest."""
    return (level + OFFSET) / (1 + OFFSET) * (math.pi / 2)


FIRST = math.cos(OFFSET / (1 + OFFSET) * math.pi / 2)


def _cosine_alpha(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return (_angle(level).cos() / FIRST).clamp(0, 1).masked_fill(level == 1, 0)


def _cosine_sigma(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    # 1 - cos^2 a / cos^2 b = sin(a - b) sin(a + b) / cos^2 b, which does not cancel near level 0
    difference = level / (1 + OFFSET) * (math.pi / 2)
    total = (level + 2 * OFFSET) / (1 + OFFSET) * (math.pi / 2)
    return (difference.sin() * total.sin()).clamp_min(0).sqrt() / FIRST


def _cosine_level_at(log_snr: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    alpha = torch.sigmoid(2 * log_snr).sqrt()
    return ((alpha * FIRST).acos() / (math.pi / 2) * (1 + OFFSET) - OFFSET).clamp(0, 1)


def _integral(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """Song et al., equation 33: `-log alpha_bar`, the integral of beta."""
    low, high = BETA
    return (high - low) / 2 * level**2 + low * level


def _linear_alpha(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return (-_integral(level) / 2).exp()


def _linear_sigma(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return (-(-_integral(level)).expm1()).sqrt()


def _linear_level_at(log_snr: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    low, high = BETA
    integral = torch.nn.functional.softplus(-2 * log_snr)  # -log sigmoid(2 log_snr)
    # the root of (high - low) / 2 s^2 + low s = integral, written without cancellation
    return 2 * integral / (low + (low**2 + 2 * (high - low) * integral).sqrt())


COSINE = Process(
    "cosine",
    alpha=_cosine_alpha,
    sigma=_cosine_sigma,
    gain=_cosine_alpha,
    loss=_cosine_sigma,
    level_at=_cosine_level_at,
)
"""Constant variance; alpha is 0 at level 1."""

LINEAR = Process(
    "linear",
    alpha=_linear_alpha,
    sigma=_linear_sigma,
    gain=_linear_alpha,
    loss=_linear_sigma,
    level_at=_linear_level_at,
)
"""Constant variance; the one of DDPM and of Stable Diffusion's ancestors."""
