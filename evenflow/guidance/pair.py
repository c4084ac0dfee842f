"""Two estimates, with and without something, and what lies beyond the first seen from the second.

The one formula of guidance, `free + scale (asked - free)`, on clean estimates. It is the same on
scores, noises and velocities, since for one x and one level each is affine in the others.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Guidance, Predictor, State
from evenflow.process import spread


@runtime_checkable
class Scale(Protocol):
    """How strongly each frame is guided, given its level; 1 is not at all."""

    def __call__(self, level: Float[Tensor, "b t"]) -> Float[Tensor, "b t"]:
        """The scale."""
        ...


@dataclass(frozen=True)
class Pair:
    """State of a guided predictor: one of its own for each of the two calls."""

    asked: State = None
    free: State = None


def without(cond: Condition, names: tuple[str, ...]) -> Condition:
    """The condition with these names not asked for."""
    left = {name: value for name, value in cond.items() if name not in names}
    if "asked" in left:
        left["asked"] = {k: v for k, v in left["asked"].items() if k not in names}
    return left


def rescaled(
    guided: Float[Tensor, "b c t h w"], asked: Float[Tensor, "b c t h w"], share: float
) -> Float[Tensor, "b c t h w"]:
    """The guided estimate with the contrast of the plain one, by a share of the way.

    Source: Lin et al. 2024, Common Diffusion Noise Schedules, arXiv:2305.08891, equations 15, 16.
    Differs: the standard deviation is of each frame, not of the clip; and of the clean estimate.
    """
    axes = (1, 3, 4)
    ratio = asked.std(dim=axes, keepdim=True) / guided.std(dim=axes, keepdim=True).clamp_min(1e-8)
    return guided * (1 + share * (ratio - 1))


def guided(
    scale: Scale, drop: tuple[str, ...], instead: Condition, rescale: float = 0.0
) -> Guidance:
    """Guidance away from the condition without `drop`, or with `instead` in its place.

    Where the scale is 1 in all frames the second call is not made, and its state stays.

    Raises:
        ValueError: `rescale` outside [0, 1].
    """
    if not 0 <= rescale <= 1:
        raise ValueError(f"rescale={rescale} is a share; use 0 (off) to 1")

    def wrap(predict: Predictor) -> Predictor:
        def guided_predict(
            x: Float[Tensor, "b c t h w"],
            level: Float[Tensor, "b t"],
            cond: Condition,
            state: State,
        ) -> tuple[Float[Tensor, "b c t h w"], State]:
            pair = state if state is not None else Pair()
            asked, asked_state = predict(x, level, cond, pair.asked)
            s = scale(level)
            if bool((s == 1).all()):
                return asked, Pair(asked_state, pair.free)
            free, free_state = predict(x, level, {**without(cond, drop), **instead}, pair.free)
            beyond = free + spread(s) * (asked - free)
            if rescale:
                beyond = rescaled(beyond, asked, rescale)
            return torch.where(spread(s == 1), asked, beyond), Pair(asked_state, free_state)

        return guided_predict

    return wrap
