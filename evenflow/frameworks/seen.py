"""What frameworks ask of a network: the velocity, call by call, as a spec says."""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import AttentionSpec, Condition, Predictor, State
from evenflow.core.events import Meter
from evenflow.process import FLOW, predictor
from evenflow.samplers import SAMPLERS, consistency

STEPS = {**SAMPLERS, "consistency": consistency}
"""Samplers by name; the last is a student's."""


@runtime_checkable
class Net(Protocol):
    """A network that attends as a spec says, such as `backbones.dit.DiT`."""

    def __call__(
        self,
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        cond: Condition,
        state: State = None,
        *,
        spec: AttentionSpec = ...,
    ) -> tuple[Float[Tensor, "b c t h w"], State]:
        """The velocity and the new state."""
        ...


def seeing(net: Net, first: AttentionSpec, later: AttentionSpec) -> Predictor:
    """The predictor of a network that sees by one spec at the start and by another after it."""

    def said(x: Tensor, level: Tensor, cond: Condition, state: State) -> tuple[Tensor, State]:
        return net(x, level, cond, state, spec=first if state is None else later)

    return predictor(said, FLOW)


def counted(predict: Predictor, meter: Meter) -> Predictor:
    """The same predictor; every call is a step of the meter, which also stops it."""

    def call(x: Tensor, level: Tensor, cond: Condition, state: State) -> tuple[Tensor, State]:
        meter.advance(0)
        made = predict(x, level, cond, state)
        meter.advance()
        return made

    return call
