"""Autoregressive: block by block, each from the clean blocks before it, which a cache keeps.

A clip that is longer than those of the training is made with a sliding window: the first latent
frame and the last ones stay in sight, and are told from times that the training knew. Memory then
does not grow with the length.

Source: Yin et al. 2025, CausVid, arXiv:2412.07772, section 4.4 (blocks with a cache); a window and
a first frame that stays: Xiao et al. 2023, StreamingLLM, arXiv:2309.17453, section 3.2.
"""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import AttentionSpec, Condition, Predictor, State
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.frameworks.seen import STEPS, Net, counted, seeing
from evenflow.guidance import classifier_free
from evenflow.layers import masks, remember
from evenflow.layers.positions import after_sinks
from evenflow.noise import independent
from evenflow.process.randomness import mixed
from evenflow.samplers import stream

SINKS = 1
"""Latent frames from the start of a clip that stay in sight: the first, which is a picture."""


def autoregressive(
    net: Net,
    cond: Condition,
    *,
    seed: int,
    shape: tuple[int, int, int, int],
    levels: Float[Tensor, " k"],
    sampler: str = "dpmpp_2m",
    guidance: float = 1.0,
    block: int = 3,
    trained: int | None = None,
    given: Float[Tensor, "1 c _ h w"] | None = None,
    begun: Float[Tensor, "1 c _ h w"] | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Float[Tensor, "1 c _ h w"]]:
    """Latents of one clip, part by part, from its first frame on.

    Args:
        net: says the velocity.
        cond: what to follow; `actions` has a row a latent frame.
        seed: of the clip's noise.
        shape: `(c, t, h, w)` of its latents.
        levels: falling from 1 to 0, of every block.
        sampler: a row of STEPS.
        guidance: scale of classifier-free guidance; 1 is none.
        block: latent frames that are made together.
        trained: latent frames that the training's clips had; a longer clip gets a window.
        given: clean latents that the clip begins with, such as a picture.
        begun: latents of whole parts that an earlier run has made, `given` among them; they come
            out again, and what follows has the bytes of a run that was never stopped.
        device: where it computes.
        progress: called with an Event a step.
        cancel: looked at before every call of the network.
    """
    frames = shape[1]
    begin = 0 if given is None else given.shape[2]
    old = [] if given is None else [given]
    have = 0 if begun is None else begun.shape[2]
    if begun is not None:
        spans = [(0, begin)] if begin else []
        spans += [span for span in blocks(begin, frames, block) if span[1] <= have]
        old = [begun[:, :, a:b] for a, b in spans]
    ahead = list(blocks(max(begin, sum(part.shape[2] for part in old)), frames, block))
    calls = len(old) + len(ahead) * len(levels)
    meter = Meter("sample", calls, progress=progress, cancel=cancel)
    predict = _predictor(net, block, frames, trained)
    if guidance != 1:
        predict = classifier_free(guidance)(predict)
    predict = counted(predict, meter)

    def conds(start: int, end: int) -> dict[str, Any]:
        told = {k: v[:, start:end] if k == "actions" else v for k, v in cond.items()}
        return {**told, "start": start}

    state: State = None
    start = 0
    for part in old:
        yield part
        end = start + part.shape[2]
        if ahead:
            clean = torch.zeros(1, part.shape[2], device=device)
            state = predict(part, clean, conds(start, end), state)[1]
        start = end
    first = start

    def noise() -> Iterator[Tensor]:
        for a, b in ahead:
            size = (shape[0], b - a, *shape[2:])
            yield independent([seed], size, first_frame=a, device=device)

    def sample(predict: Predictor, x: Tensor, rows: Tensor, **options: Any) -> Tensor:
        told = options["cond"]
        seeds = [mixed(seed, told["start"])]  # steps that draw noise draw other noise in each block
        return STEPS[sampler](predict, x, rows, **{**options, "seeds": seeds})

    yield from stream(
        sample,
        predict,
        noise(),
        levels,
        conds=lambda a, b: conds(a + first, b + first),
        state=state,
        cancel=cancel,
    )


def blocks(begin: int, frames: int, block: int) -> Iterator[tuple[int, int]]:
    """Latent frames `[a, b)` from `begin` on, up to every multiple of a block.

    >>> list(blocks(1, 9, 3))
    [(1, 3), (3, 6), (6, 9)]
    """
    while begin < frames:
        end = min((begin // block + 1) * block, frames)
        yield begin, end
        begin = end


def in_sight(block: int, trained: int) -> int:
    """Latent frames before a block, besides the sinks, so that all is as long as in training."""
    return max(1, trained - block - SINKS)


def _predictor(net: Net, block: int, frames: int, trained: int | None) -> Predictor:
    policy, positions = remember.everything(), None
    if trained is not None and frames > trained:
        policy = remember.window(in_sight(block, trained), sinks=SINKS)
        positions = after_sinks(SINKS)
    first = AttentionSpec(masks.block_causal(block), positions, None, policy)
    return seeing(net, first, AttentionSpec(None, positions, None, policy))
