"""Weights of the velocity's squared error by level. `WEIGHTS` is the table.

With `D = gain x - sigma v`, the squared error of the clean estimate is sigma^2 times that of the
velocity, so every weighting of the literature is one function of alpha and sigma.
"""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.process import Process

Weight = Callable[[Process, Tensor], Tensor]
"""`(process, level) -> weight`, elementwise."""


def uniform(process: Process, level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """1: where levels matter is left to how they are drawn (Esser et al. 2024, section 3.1)."""
    return torch.ones_like(level)


def clean(process: Process, level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """sigma^2: the squared error of the clean estimate."""
    return process.sigma(level) ** 2


def min_snr(process: Process, level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """Of the clean estimate, by the power ratio but 5 at most.

    Source: Hang et al. 2023, Min-SNR, arXiv:2303.09556, section 3.4, gamma = 5.
    """
    power = process.sigma(level) ** 2
    return torch.minimum(process.alpha(level) ** 2, 5 * power)


WEIGHTS: Mapping[str, Weight] = {"uniform": uniform, "clean": clean, "min_snr": min_snr}
