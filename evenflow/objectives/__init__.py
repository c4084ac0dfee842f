"""Objectives: what a network is trained to say. `OBJECTIVES` is the table.

Each is `(net, batch, *, generator, **settings) -> Loss`.
"""

from evenflow.objectives.condition_dropout import CHANCES
from evenflow.objectives.flow_matching import LAYOUTS, flow_matching
from evenflow.objectives.loss import Batch, Loss, Part
from evenflow.objectives.weights import WEIGHTS

OBJECTIVES = {"flow_matching": flow_matching}

__all__ = [
    "CHANCES",
    "LAYOUTS",
    "OBJECTIVES",
    "WEIGHTS",
    "Batch",
    "Loss",
    "Part",
    "flow_matching",
]
