"""Consistency sampling: the clean estimate is taken for the truth and noised anew, a level lower.

For networks that were taught to say the end of the path from any place on it, in a few steps.

Source: Song et al. 2023, Consistency Models, arXiv:2303.01469, algorithm 1; for blocks of video:
Yin et al. 2025, CausVid, arXiv:2412.07772, algorithm 2.
"""

from typing import Unpack

from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Predictor
from evenflow.process import spread
from evenflow.process.randomness import normal
from evenflow.samplers.run import Here, Memory, RunOptions, run


def step(here: Here) -> tuple[Tensor, Memory]:
    """`x' = alpha' D + sigma' z`, z drawn for every step."""
    if here.seeds is None:
        raise ValueError("consistency draws noise at every step; pass seeds=, one per clip")
    after = spread(here.step.next_level)
    fresh = normal(
        here.seeds,
        here.x.shape[1:],
        stream=1 + here.step.index,
        dtype=here.x.dtype,
        device=here.x.device,
    )
    return here.process.alpha(after) * here.clean + here.process.sigma(after) * fresh, ()


def consistency(
    predict: Predictor,
    x: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, "k t"] | Float[Tensor, "k b t"],
    **options: Unpack[RunOptions],
) -> Float[Tensor, "b c t h w"]:
    """One call of the predictor per step; `seeds` are needed; see `run` for the rest."""
    return run(step, predict, x, levels, **options)
