"""Levels over the steps of a run: how fast the noise goes, from 1 to 0, the same for all frames.

Every row takes a number of steps and gives one level more: the first is 1, the last 0, and they
fall strictly between.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.process import FLOW, Process, shift_levels


def _steps(num_steps: int) -> int:
    if num_steps < 1:
        raise ValueError(f"num_steps={num_steps} would not move; use 1 or more")
    return num_steps


def linear(num_steps: int) -> Float[Tensor, " k"]:
    """Equal steps of the level.

    >>> linear(4).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    return torch.linspace(1, 0, _steps(num_steps) + 1, dtype=torch.float64)


def shifted(num_steps: int, *, shift: float = 3.0) -> Float[Tensor, " k"]:
    """More steps where there is much noise, for latents of many pixels.

    Source: Esser et al. 2024, Stable Diffusion 3, arXiv:2403.03206, equation 23.

    >>> shifted(2, shift=3.0).tolist()
    [1.0, 0.75, 0.0]
    """
    return shift_levels(linear(num_steps), shift=shift)


def karras(
    num_steps: int,
    *,
    sigma_min: float = 0.02,
    sigma_max: float = 80.0,
    rho: float = 7.0,
    process: Process = FLOW,
) -> Float[Tensor, " k"]:
    """Steps that shrink toward the clean end: equal in the root of noise over signal.

    Source: Karras et al. 2022, EDM, arXiv:2206.00364, equation 5; their default sigma_min is 0.002.
    Differs: the first level is 1 and not that of `sigma_max`, so that a run begins with pure noise.

    Args:
        sigma_min, sigma_max: sigma / alpha before the last step, and about the first level.
        rho: 1 is equal steps of sigma / alpha; larger puts more steps at the clean end.
        process: in whose levels.
    """
    if not 0 < sigma_min < sigma_max:
        raise ValueError(f"sigma_min={sigma_min} and sigma_max={sigma_max} must be 0 < min < max")
    ramp = torch.linspace(0, 1, _steps(num_steps), dtype=torch.float64)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    sigma = (high + ramp * (low - high)) ** rho
    level = process.level_at(-sigma.log())
    level[0] = 1
    return torch.cat([level, level.new_zeros(1)])


def log_snr(
    num_steps: int, *, low: float = -5.0, high: float = 5.0, process: Process = FLOW
) -> Float[Tensor, " k"]:
    """Equal steps of `log(alpha / sigma)` between two ends, in which DPM-Solver++ is second order.

    Source: Lu et al. 2022, DPM-Solver, arXiv:2206.00927, section 4.1 (uniform lambda).
    Differs: the first level is 1 and the last 0, a step each beyond `low` and `high`.
    """
    if not low < high:
        raise ValueError(f"low={low} and high={high} must be low < high")
    inner = _steps(num_steps) - 1
    level = process.level_at(torch.linspace(low, high, inner, dtype=torch.float64))
    return torch.cat([level.new_ones(1), level, level.new_zeros(1)])
