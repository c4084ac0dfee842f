"""Heun: an Euler step, then the same step with the mean of both ends' estimates.

Source: Karras et al. 2022, EDM, arXiv:2206.00364, algorithm 1. Order 2, two calls per step.
Differs: the trapezoid is taken of `dx = D d(alpha) + E d(sigma)`, which serves every process and a
level per frame (for flows it is Heun's method in the level). As in EDM a frame that arrives at
level 0, where the noise of an estimate is 0 / 0, keeps its Euler step; a step in which all moving
frames arrive makes one call.
"""

from typing import Unpack

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Predictor, Step
from evenflow.process import spread
from evenflow.samplers.euler import step as euler_step
from evenflow.samplers.run import Here, Memory, RunOptions, run


def step(here: Here) -> tuple[Tensor, Memory]:
    """`x' = x + (D + D') / 2 (alpha' - alpha) + (E + E') / 2 (sigma' - sigma)`."""
    level, after = here.step.level, here.step.next_level
    guess, _ = euler_step(here)
    arrives = after == 0
    if bool((arrives | (level == after)).all()):
        return guess, ()
    # A frame that stays must be seen as it is: its Euler step is right but for rounding.
    guess = torch.where(spread(level == after), here.x, guess)
    guess, there = here.ask(guess, Step(here.step.index, here.step.num_steps, after, after))
    noise = here.process.noise_of(here.x, here.clean, level)
    noise_there = here.process.noise_of(guess, there, after)
    s, s_after = spread(level), spread(after)
    d_alpha = here.process.alpha(s_after) - here.process.alpha(s)
    d_sigma = here.process.sigma(s_after) - here.process.sigma(s)
    better = here.x + (here.clean + there) / 2 * d_alpha + (noise + noise_there) / 2 * d_sigma
    return torch.where(spread(arrives), guess, better), ()


def heun(
    predict: Predictor,
    x: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, "k t"] | Float[Tensor, "k b t"],
    **options: Unpack[RunOptions],
) -> Float[Tensor, "b c t h w"]:
    """Two calls of the predictor per step; see `run` for arguments and errors."""
    return run(step, predict, x, levels, **options)
