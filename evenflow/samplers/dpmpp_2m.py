"""DPM-Solver++(2M): second order from one call per step, by the clean estimate before.

Source: Lu et al. 2022, DPM-Solver++, arXiv:2211.01095, algorithm 2 and equation 9. Order 2 in the
log signal-to-noise ratio lambda.
Differs: a frame at a time; the first step of each frame, its step from pure noise (lambda = -inf)
and its step to level 0 (lambda = +inf) are first order, as nothing finite can be extrapolated. So
is a step more than LIMIT times as long as the one before, where what other frames did meanwhile
would be extrapolated too far.
"""

from typing import Unpack

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Predictor
from evenflow.process import spread
from evenflow.samplers.run import Here, Memory, RunOptions, run

LIMIT = 4.0
"""Longest step of second order, in steps before."""


def step(here: Here) -> tuple[Tensor, Memory]:
    """`x' = sigma'/sigma x + (alpha' - sigma' alpha/sigma) (D + h/(2 h_before) (D - D_before))`."""
    process, level, after = here.process, here.step.level, here.step.next_level
    clean = here.clean
    if here.memory:
        before, level_before = here.memory
        lam = process.log_snr(level)
        h, h_before = process.log_snr(after) - lam, lam - process.log_snr(level_before)
        usable = h.isfinite() & h_before.isfinite() & (h_before > 0) & (h <= LIMIT * h_before)
        ratio = torch.where(usable, h / torch.where(usable, h_before, 1), 0)  # 1 / r
        clean = clean + spread(ratio / 2) * (clean - before)
    s, s_after = spread(level), spread(after)
    sigma = process.sigma(s)
    shrink = process.sigma(s_after) / torch.where(sigma == 0, 1, sigma)
    # alpha' - sigma' alpha / sigma = alpha' (1 - e^-h), equation 9
    moved = shrink * here.x + (process.alpha(s_after) - shrink * process.alpha(s)) * clean
    return moved, (here.clean, level)


def dpmpp_2m(
    predict: Predictor,
    x: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, "k t"] | Float[Tensor, "k b t"],
    **options: Unpack[RunOptions],
) -> Float[Tensor, "b c t h w"]:
    """One call of the predictor per step; see `run` for arguments and errors."""
    return run(step, predict, x, levels, **options)
