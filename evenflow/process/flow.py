"""Flow: a straight line from clean video to noise, `x_s = (1 - s) x + s e`, `v = e - x`.

Source: Lipman et al. 2023, Flow Matching, arXiv:2210.02747, equation 22 with sigma_min = 0; Liu et
al. 2023, Rectified Flow, arXiv:2209.03003, equation 1.
Differs: level 0 is clean and 1 is noise, the other way round from both papers.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.process.process import Process


def _alpha(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return 1 - level


def _sigma(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return level


def _one(level: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return torch.ones_like(level)


def _level_at(log_snr: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return torch.sigmoid(-log_snr)  # (1 - s) / s = exp(log_snr)


FLOW = Process("flow", alpha=_alpha, sigma=_sigma, gain=_one, loss=_one, level_at=_level_at)
"""`x_s = (1 - s) x + s e`; all models of this package."""
