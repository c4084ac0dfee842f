"""Processes: how clean video and noise are mixed at a level per frame; laws known in closed form.

`PROCESSES` is the table. Our models are flows; the others serve models that were trained so.
`GaussianVideo` and `MixtureVideo` are the bed on which samplers and guidance are proven.
"""

from evenflow.process.flow import FLOW
from evenflow.process.gaussian_video import GaussianVideo
from evenflow.process.levels import logit_normal, shift_levels
from evenflow.process.mixture_video import MixtureVideo
from evenflow.process.network import Network, network, predictor
from evenflow.process.process import Process, spread
from evenflow.process.variance_preserving import COSINE, LINEAR

PROCESSES: dict[str, Process] = {"flow": FLOW, "cosine": COSINE, "linear": LINEAR}

__all__ = [
    "COSINE",
    "FLOW",
    "LINEAR",
    "PROCESSES",
    "GaussianVideo",
    "MixtureVideo",
    "Network",
    "Process",
    "logit_normal",
    "network",
    "predictor",
    "shift_levels",
    "spread",
]
