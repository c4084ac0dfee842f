"""Rollout: a student makes a clip as it will, block by block from its own past, with one gradient.

One step of every block, drawn for all of them, carries a gradient, so that memory is that of one
call a block. The past is what the student made, without gradient. A student of `consistency` says
clean video at any step, so it stops at the one that was drawn. A student of `euler` says clean
video at its last step alone: it goes on to the end, and what comes after the drawn step hands its
gradient on as if it changed nothing.

Source: Huang et al. 2025, Self Forcing, arXiv:2506.08009, algorithm 1.
Differs: students of Euler.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.process import FLOW, Process
from evenflow.process.randomness import mixed, normal

STUDENTS = ("consistency", "euler")
"""How the steps of a student follow each other."""


def rollout(
    predict: Predictor,
    noise: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, " k"],
    *,
    block: int,
    exit_step: int,
    conds: Callable[[int, int], Condition],
    seeds: Sequence[int],
    sampler: str = "consistency",
    learned: int | None = None,
    process: Process = FLOW,
) -> Float[Tensor, "b c t h w"]:
    """A clip of the student; step `exit_step` of its blocks carries the gradient.

    Args:
        predict: the student, which remembers what it is shown.
        noise: what the clip begins from.
        levels: of the student's steps, falling from 1 to 0.
        block: latent frames that are made together.
        exit_step: of the steps, the one that counts: 0 is the first.
        conds: what frames `[start, end)` follow.
        seeds: one per clip.
        sampler: of STUDENTS.
        learned: frames at the end of the clip whose blocks carry a gradient; None, all.

    Raises:
        ValueError: a step that there is not, a sampler without students.
    """
    if sampler not in STUDENTS:
        raise ValueError(f"students are of {' or '.join(STUDENTS)}, got {sampler!r}")
    if not 0 <= exit_step < len(levels) - 1:
        raise ValueError(f"a student of {len(levels) - 1} steps has no step {exit_step}")
    last = len(levels) - 2
    euler = sampler == "euler"
    frames = noise.shape[2]
    state: State = None
    made = []
    for start in range(0, frames, block):
        x = noise[:, :, start : start + block]
        end = start + x.shape[2]
        cond = conds(start, end)
        own = [mixed(seed, start) for seed in seeds]
        counts = learned is None or start >= frames - learned

        def at(level: float, x: Tensor = x) -> Tensor:
            return torch.full((x.shape[0], x.shape[2]), level, device=x.device)

        handed: Tensor | None = None
        for index in range(last + 1 if euler or not counts else exit_step + 1):
            level, after = at(float(levels[index])), at(float(levels[index + 1]))
            graded = counts and index == exit_step
            with nullcontext() if graded else torch.no_grad():
                clean = predict(x, level, cond, state)[0]
                if index == last or (graded and not euler):
                    x = clean
                elif euler:
                    x = process.mix(clean, process.noise_of(x, clean, level), after)
                else:
                    fresh = normal(
                        own, x.shape[1:], stream=1 + index, dtype=x.dtype, device=x.device
                    )
                    x = process.mix(clean, fresh, after)
            if graded:
                handed, x = x - x.detach(), x.detach()
        made.append(x if handed is None else x + handed)
        if end < frames:
            with torch.no_grad():
                state = predict(x, at(0.0), cond, state)[1]
    return torch.cat(made, dim=2)
