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
    return {name: value for name, value in cond.items() if name not in names}


def guided(scale: Scale, drop: tuple[str, ...], instead: Condition) -> Guidance:
    """Guidance away from the condition without `drop`, or with `instead` in its place.

    Where the scale is 1 in all frames the second call is not made, and its state stays.
    """

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
            return torch.where(spread(s == 1), asked, beyond), Pair(asked_state, free_state)

        return guided_predict

    return wrap
