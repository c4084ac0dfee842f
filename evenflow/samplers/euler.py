"""Euler: the clean estimate and its noise, mixed anew at the next level; DDIM is the same step.

Source: Song et al. 2021, DDIM, arXiv:2010.02502, equation 12 with sigma = 0; for flows it is
Euler's method in the level (Lipman et al. 2023, arXiv:2210.02747, equation 1). Order 1.
"""

from typing import Unpack

from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Predictor
from evenflow.process import spread
from evenflow.samplers.run import Here, Memory, RunOptions, run


def step(here: Here) -> tuple[Tensor, Memory]:
    """`x' = alpha' D + sigma' E`."""
    noise = here.process.noise_of(here.x, here.clean, here.step.level)
    s = spread(here.step.next_level)
    return here.process.alpha(s) * here.clean + here.process.sigma(s) * noise, ()


def euler(
    predict: Predictor,
    x: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, "k t"] | Float[Tensor, "k b t"],
    **options: Unpack[RunOptions],
) -> Float[Tensor, "b c t h w"]:
    """One call of the predictor per step; see `run` for arguments and errors."""
    return run(step, predict, x, levels, **options)
