"""One run of a sampler: steps, hooks, progress, cancellation, and going on where it stopped.

All samplers solve the same equation, of which each frame has its own clock. With D the clean
estimate, `E = (x - alpha D) / sigma` the noise it implies, and levels that fall from row to row,

    dx = D d(alpha) + E d(sigma)

and a sampler is a rule for one step of it, in one file. The loop around the rule is here.

Source: Song et al. 2021, Score-Based Generative Modeling through SDEs, arXiv:2011.13456, equation
13; in the form of DDIM: Song et al. 2021, arXiv:2010.02502, equation 14; a level per frame: Chen et
al. 2024, Diffusion Forcing, arXiv:2407.01392, algorithm 2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Hooks, Predictor, State, Step, StepHook
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.process import FLOW, Process, spread

Memory = tuple[Tensor, ...]
"""What a rule carries from step to step, such as the clean estimate before."""


@dataclass(frozen=True)
class Standing:
    """Where a run stands between two steps: all that it needs to go on, to the same bits.

    Args:
        index: steps done.
        x: the latents, `(b, c, t, h, w)`.
        state: the predictor's.
        memory: the sampler's.
    """

    index: int
    x: Tensor
    state: State
    memory: Memory


class RunOptions(TypedDict, total=False):
    """What every sampler takes besides predictor, start and levels; all may be left out.

    Keys:
        cond: what to follow; default nothing. The predictor finds the Step in it as `step`.
        process: how clean video and noise are mixed; default FLOW.
        seeds: one per clip; only rules that draw noise need them.
        hooks: functions called at their places; they see what goes into and comes out of every
            call of the predictor.
        state: the predictor's state to begin with, such as a filled cache.
        resume: a `Standing` to go on from; `x` and `state` are then taken from it.
        keep: called with the `Standing` after every step; keep the last one to go on from.
        progress: called with an Event per step.
        cancel: looked at before every call of the predictor; raises Cancelled.
    """

    cond: Condition
    process: Process
    seeds: Sequence[int] | None
    hooks: Hooks
    state: State
    resume: Standing | None
    keep: Callable[[Standing], None] | None
    progress: Progress | None
    cancel: CancelToken | None


@dataclass(frozen=True)
class Here:
    """What a rule knows of its step.

    Args:
        x: the latents before the step.
        clean: the clean estimate of `x`.
        step: levels before and after, `(b, t)`, as Step says.
        process: how clean and noise are mixed.
        memory: what the rule returned last; empty at the first step.
        ask: other latents, at the levels that its Step begins with, after the hooks of `input`, and
            the clean estimate of them.
        seeds: one per clip, or None.
    """

    x: Tensor
    clean: Tensor
    step: Step
    process: Process
    memory: Memory
    ask: Callable[[Tensor, Step], tuple[Tensor, Tensor]]
    seeds: Sequence[int] | None


@runtime_checkable
class Rule(Protocol):
    """One step of the equation; frames that do not move are put back by the loop."""

    def __call__(self, here: Here) -> tuple[Tensor, Memory]:
        """The latents after the step, and what to remember."""
        ...


def run(
    rule: Rule,
    predict: Predictor,
    x: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, "k t"] | Float[Tensor, "k b t"],
    *,
    cond: Condition | None = None,
    process: Process = FLOW,
    seeds: Sequence[int] | None = None,
    hooks: Hooks | None = None,
    state: State = None,
    resume: Standing | None = None,
    keep: Callable[[Standing], None] | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Float[Tensor, "b c t h w"]:
    """Takes `x` from the first row of levels to the last one.

    A frame whose level stays does not change by a bit, so frames at level 0 are the caller's own.
    Half precision is stepped in float32. Gradients flow if the caller lets them.

    Args:
        rule: how to make one step.
        predict: the clean estimate at a level per frame.
        x: latents at the levels of the first row; `Process.mix` makes them.
        levels: falling, in [0, 1], a row per step and one more; the same for all clips, or `(k, b,
            t)`.

    Other arguments: see `RunOptions`.

    Raises:
        ValueError: levels that rise, leave [0, 1] or do not fit `x`; seeds that do not fit.
        Cancelled: `cancel` was set; what `keep` got last goes on.
    """
    cond, hooks = cond or {}, hooks or Hooks()
    dtype = x.dtype
    working = torch.promote_types(dtype, torch.float32)
    rows = checked(levels, x).to(device=x.device, dtype=working)
    if seeds is not None and len(seeds) != len(x):
        raise ValueError(f"seeds has {len(seeds)} numbers for {len(x)} clips; give one per clip")
    num_steps = len(rows) - 1
    first, memory = 0, Memory()

    def step_at(index: int) -> Step:
        return Step(index, num_steps, rows[index], rows[index + 1])

    if resume is None:
        x = _through(hooks.init, x.to(working), step_at(0))
    else:
        first, x, state, memory = resume.index, resume.x, resume.state, resume.memory
    meter = Meter("sample", num_steps - first, progress=progress, cancel=cancel)

    def ask(noisy: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        nonlocal state
        if cancel is not None:
            cancel.check()
        noisy = _through(hooks.input, noisy, step)
        clean, state = predict(noisy, step.level, {**cond, "step": step}, state)
        return noisy, _through(hooks.clean, clean.to(working), step)

    for index in range(first, num_steps):
        step = step_at(index)
        x, clean = ask(x, step)
        here = Here(x, clean, step, process, memory, ask, seeds)
        moved, memory = rule(here)
        x = torch.where(spread(step.level == step.next_level), x, moved)
        x = _through(hooks.step, x, step)
        if keep is not None:
            keep(Standing(index + 1, x, state, memory))
        meter.advance()
    return _through(hooks.end, x, step_at(num_steps - 1)).to(dtype)


def _through(hooks: tuple[StepHook, ...], x: Tensor, step: Step) -> Tensor:
    for hook in hooks:
        x = hook(x, step)
    return x


def checked(levels: Tensor, x: Tensor) -> Tensor:
    """Levels as `(k, b, t)`, or a ValueError that says what is wrong with them."""
    clips, frames = x.shape[0], x.shape[2]
    fits = levels.ndim in (2, 3) and levels.shape[-1] == frames
    if not fits or (levels.ndim == 3 and levels.shape[1] != clips) or len(levels) < 2:
        raise ValueError(
            f"levels {tuple(levels.shape)} do not fit {clips} clips of {frames} latent frames; "
            f"give (k, {frames}) or (k, {clips}, {frames}) with k >= 2 rows"
        )
    if not bool(((levels >= 0) & (levels <= 1)).all()):
        low, high = float(levels.min()), float(levels.max())
        raise ValueError(f"levels reach from {low:g} to {high:g}; they must be in [0, 1]")
    rising = (levels.diff(dim=0) > 0).flatten(1).any(dim=1).nonzero()
    if len(rising):
        row = int(rising[0])
        raise ValueError(
            f"a level rises from row {row} to row {row + 1}; a sampler only removes noise, so "
            f"start a new run there from Process.mix"
        )
    return levels if levels.ndim == 3 else levels[:, None].expand(-1, clips, -1)
