"""Objectives: what a network is trained to say. `OBJECTIVES` is the table.

Each is `(net, batch, *, generator, **settings) -> Loss`; the batch of `autoencoding` is video.
"""

from evenflow.objectives.autoencoding import autoencoding
from evenflow.objectives.condition_dropout import CHANCES
from evenflow.objectives.flow_matching import LAYOUTS, flow_matching
from evenflow.objectives.loss import Batch, Loss, Part
from evenflow.objectives.weights import WEIGHTS

OBJECTIVES = {"autoencoding": autoencoding, "flow_matching": flow_matching}

__all__ = [
    "CHANCES",
    "LAYOUTS",
    "OBJECTIVES",
    "WEIGHTS",
    "Batch",
    "Loss",
    "Part",
    "autoencoding",
    "flow_matching",
]
