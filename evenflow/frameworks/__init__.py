"""Frameworks: in which order the frames of a clip are made. `FRAMEWORKS` is the table.

Each is `(net, cond, *, seed, shape, levels, ...) -> latents`, part by part; `autoregressive` says
what they take. `load` gives a trained model, whose `generate` runs one of them.
"""

from evenflow.frameworks.autoregressive import autoregressive
from evenflow.frameworks.full_sequence import full_sequence
from evenflow.frameworks.model import Model, load

FRAMEWORKS = {"autoregressive": autoregressive, "full_sequence": full_sequence}

__all__ = ["FRAMEWORKS", "Model", "autoregressive", "full_sequence", "load"]
