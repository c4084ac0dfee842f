"""What a network says, and its translation into the one sentence that samplers know.

Source: translation where a model is wrapped: Crowson, k-diffusion, `external.py`.
"""

from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.process.process import Process, spread


@runtime_checkable
class Network(Protocol):
    """A predictor's call, with the answer in the network's own unit; ours say the velocity."""

    def __call__(
        self,
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        cond: Condition,
        state: State,
    ) -> tuple[Float[Tensor, "b c t h w"], State]:
        """The velocity and the new state; arguments as in `Predictor`."""
        ...


def predictor(
    net: Network, process: Process, *, says: Literal["velocity", "noise", "clean"] = "velocity"
) -> Predictor:
    """The predictor of a network; clean frames come back as they went in.

    Args:
        net: the network.
        process: on which it was trained.
        says: its unit. Noise says nothing at a level where alpha is 0 (level 1 of `flow` and
            `cosine`); such networks begin a little below.
    """

    def predict(
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        cond: Condition,
        state: State,
    ) -> tuple[Float[Tensor, "b c t h w"], State]:
        said, state = net(x, level, cond, state)
        if says == "velocity":
            return process.clean_of(x, said, level), state
        clean = said if says == "clean" else process.clean_of_noise(x, said, level)
        return torch.where(spread(level == 0), x, clean), state

    return predict


def network(predict: Predictor, process: Process) -> Network:
    """The other way: what a network would have to say to be this predictor."""

    def net(
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        cond: Condition,
        state: State,
    ) -> tuple[Float[Tensor, "b c t h w"], State]:
        clean, state = predict(x, level, cond, state)
        return process.velocity_of(x, clean, level), state

    return net
