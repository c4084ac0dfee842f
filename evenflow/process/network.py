"""What a network says, and its translation into the one sentence that samplers know.

Source: translation where a model is wrapped: Crowson, k-diffusion, `external.py`.
"""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.process.process import Process


@runtime_checkable
class Network(Protocol):
    """A predictor's call, with the answer in the network's own unit: the velocity."""

    def __call__(
        self,
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        cond: Condition,
        state: State,
    ) -> tuple[Float[Tensor, "b c t h w"], State]:
        """The velocity and the new state; arguments as in `Predictor`."""
        ...


def predictor(net: Network, process: Process) -> Predictor:
    """The predictor of a network that says velocities; clean frames come back as they went in."""

    def predict(
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        cond: Condition,
        state: State,
    ) -> tuple[Float[Tensor, "b c t h w"], State]:
        velocity, state = net(x, level, cond, state)
        return process.clean_of(x, velocity, level), state

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
