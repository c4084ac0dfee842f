"""Samplers: from noise to video, by a predictor and a matrix of levels. `SAMPLERS` is the table.

Each is `(predict, x, levels, **options) -> x`; see `run.RunOptions`. A sampler knows one sentence:
give me the clean estimate of this video at this level. `stream` runs one of them block by block.
`consistency` is not in the table: it serves students, who say the end of the path and not the mean.
"""

from evenflow.samplers.ancestral import ancestral
from evenflow.samplers.consistency import consistency
from evenflow.samplers.dpmpp_2m import dpmpp_2m
from evenflow.samplers.euler import euler
from evenflow.samplers.heun import heun
from evenflow.samplers.likelihood import log_likelihood
from evenflow.samplers.run import RunOptions, Standing
from evenflow.samplers.streaming import stream

SAMPLERS = {"euler": euler, "heun": heun, "dpmpp_2m": dpmpp_2m, "ancestral": ancestral}

__all__ = [
    "SAMPLERS",
    "RunOptions",
    "Standing",
    "ancestral",
    "consistency",
    "dpmpp_2m",
    "euler",
    "heun",
    "log_likelihood",
    "stream",
]
