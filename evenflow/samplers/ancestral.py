"""Ancestral sampling: part of the noise is drawn anew at every step; the reverse SDE in steps.

Source: Ho et al. 2020, DDPM, arXiv:2006.11239, equations 6 and 7; the family between it and Euler:
Song et al. 2021, DDIM, arXiv:2010.02502, equations 12 and 16. The law is of order 1.
Differs: the posterior variance is written for any alpha and sigma, so it serves flows too.
"""

from functools import partial
from typing import Unpack

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Predictor
from evenflow.process import spread
from evenflow.process.randomness import normal
from evenflow.samplers.run import Here, Memory, RunOptions, run


def step(here: Here, *, eta: float) -> tuple[Tensor, Memory]:
    """`x' = alpha' D + sqrt(sigma'^2 - tau^2) E + tau z`."""
    if here.seeds is None:
        raise ValueError("ancestral draws noise at every step; pass seeds=, one per clip")
    process, s, after = here.process, spread(here.step.level), spread(here.step.next_level)
    var, var_after = process.sigma(s) ** 2, process.sigma(after) ** 2
    alpha_after = process.alpha(after)
    kept = process.alpha(s) / torch.where(alpha_after == 0, 1, alpha_after)
    # variance of x' given x and the clean video, `sigma'^2 / sigma^2 (sigma^2 - kept^2 sigma'^2)`
    share = var_after / torch.where(var == 0, 1, var)
    tau_sq = (eta**2 * share * (var - kept**2 * var_after)).clamp_min(0)
    noise = process.noise_of(here.x, here.clean, here.step.level)
    fresh = normal(
        here.seeds,
        here.x.shape[1:],
        stream=1 + here.step.index,
        dtype=here.x.dtype,
        device=here.x.device,
    )
    rest = (var_after - tau_sq).clamp_min(0).sqrt()
    return alpha_after * here.clean + rest * noise + tau_sq.sqrt() * fresh, ()


def ancestral(
    predict: Predictor,
    x: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, "k t"] | Float[Tensor, "k b t"],
    *,
    eta: float = 1.0,
    **options: Unpack[RunOptions],
) -> Float[Tensor, "b c t h w"]:
    """One call of the predictor per step; `seeds` are needed; see `run` for the rest.

    Args:
        eta: in [0, 1]; 0 is Euler, 1 the reverse SDE.

    Raises:
        ValueError: `eta` outside [0, 1], or no seeds.
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"eta={eta} is not a share of the fresh noise; use 0 (none) to 1 (all)")
    return run(partial(step, eta=eta), predict, x, levels, **options)
