"""Rollout: a student makes a clip as it will, block by block from its own past, with one gradient.

Every block is denoised down to one step, drawn for all of them; that step alone carries a gradient,
so that memory is that of one call a block. The past is what the student made, without gradient.

Source: Huang et al. 2025, Self Forcing, arXiv:2506.08009, algorithm 1.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.process import FLOW, Process
from evenflow.process.randomness import mixed, normal


def rollout(
    predict: Predictor,
    noise: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, " k"],
    *,
    block: int,
    exit_step: int,
    conds: Callable[[int, int], Condition],
    seeds: Sequence[int],
    process: Process = FLOW,
) -> Float[Tensor, "b c t h w"]:
    """The clip that the student says at step `exit_step` of every block; carries the gradient.

    Args:
        predict: the student, which remembers what it is shown.
        noise: what the clip begins from.
        levels: of the student's steps, falling from 1 to 0.
        block: latent frames that are made together.
        exit_step: of the steps, the one that counts: 0 is the first.
        conds: what frames `[start, end)` follow.
        seeds: one per clip.

    Raises:
        ValueError: a step that there is not.
    """
    if not 0 <= exit_step < len(levels) - 1:
        raise ValueError(f"a student of {len(levels) - 1} steps has no step {exit_step}")
    state: State = None
    made = []
    for start in range(0, noise.shape[2], block):
        x = noise[:, :, start : start + block]
        end = start + x.shape[2]
        cond = conds(start, end)
        own = [mixed(seed, start) for seed in seeds]

        def at(level: float, x: Tensor = x) -> Tensor:
            return torch.full((x.shape[0], x.shape[2]), level, device=x.device)

        with torch.no_grad():
            for index in range(exit_step):
                clean = predict(x, at(float(levels[index])), cond, state)[0]
                after = at(float(levels[index + 1]))
                fresh = normal(own, x.shape[1:], stream=1 + index, dtype=x.dtype, device=x.device)
                x = process.mix(clean, fresh, after)
        said = predict(x, at(float(levels[exit_step])), cond, state)[0]
        made.append(said)
        if end < noise.shape[2]:
            with torch.no_grad():
                state = predict(said.detach(), at(0.0), cond, state)[1]
    return torch.cat(made, dim=2)
