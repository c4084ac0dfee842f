"""Streaming: a clip without end, block by block, each from all that was made before it.

A block is denoised while the clean blocks before it stand still in the predictor's state; then it
is shown once more, clean, and what that call leaves behind is the state of the next block. With a
causal mask this is what a joint run with `schedules.autoregressive` computes, at the cost of one
block a step instead of all.

Source: Yin et al. 2025, CausVid, arXiv:2412.07772, section 4.4 (inference with a cache).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.core.events import CancelToken
from evenflow.process.randomness import mixed

Sampler = Callable[..., Tensor]


def stream(
    sampler: Sampler,
    predict: Predictor,
    noise: Iterable[Float[Tensor, "b c _ h w"]],
    levels: Float[Tensor, " k"],
    *,
    conds: Callable[[int, int], Condition] | None = None,
    given: Float[Tensor, "b c _ h w"] | None = None,
    state: State = None,
    seeds: Sequence[int] | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Float[Tensor, "b c _ h w"]]:
    """Clean blocks, one after the other, as soon as each is done.

    Args:
        sampler: a row of SAMPLERS.
        predict: remembers what it is shown: a call returns the state with its frames in it.
        noise: what every block starts from; it ends when the clip does.
        levels: falling from 1 to 0, the same for every block.
        conds: what frames `[start, end)` follow; default nothing.
        given: clean latent frames that come first; they are not yielded again.
        state: the predictor's, if frames before `given` are in it already.
        seeds: one per clip, for samplers that draw noise; each block has draws of its own.
        cancel: looked at before every call.

    Raises:
        ValueError: levels that do not fall from 1 to 0.
    """
    if levels.ndim != 1 or len(levels) < 2 or float(levels[-1]) != 0 or bool((levels > 1).any()):
        raise ValueError("a block needs levels that fall to 0, at least two: (k,)")
    told = conds or (lambda start, end: {})
    start = 0
    if given is not None and given.shape[2]:
        state = _shown(predict, given, told(0, given.shape[2]), state)
        start = given.shape[2]
    for x in noise:
        end = start + x.shape[2]
        cond = told(start, end)
        rows = levels[:, None].expand(-1, x.shape[2])
        own = None if seeds is None else [mixed(seed, start) for seed in seeds]
        made = sampler(_still(predict, state), x, rows, cond=cond, seeds=own, cancel=cancel)
        state = _shown(predict, made, cond, state)
        start = end
        yield made


def _still(predict: Predictor, kept: State) -> Predictor:
    """The same predictor, of which every call starts from one state and leaves none behind."""

    def call(x: Tensor, level: Tensor, cond: Condition, state: State) -> tuple[Tensor, State]:
        return predict(x, level, cond, kept)[0], None

    return call


def _shown(predict: Predictor, x: Tensor, cond: Condition, state: State) -> State:
    """The state after clean frames were seen."""
    clean = torch.zeros(x.shape[0], x.shape[2], dtype=torch.float32, device=x.device)
    return predict(x, clean, cond, state)[1]
