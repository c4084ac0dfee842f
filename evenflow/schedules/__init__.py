"""Schedules: levels over steps (`LEVELS`), and a level for every step and frame (`SCHEDULES`).

A row of SCHEDULES takes falling levels and the number of latent frames and gives the matrix
`(steps, frames)` that a sampler runs down. In every matrix levels never rise, and the last row is
clean.
"""

from evenflow.schedules.autoregressive import autoregressive
from evenflow.schedules.frame_in import frame_in
from evenflow.schedules.full_sequence import full_sequence
from evenflow.schedules.levels import karras, linear, log_snr, shifted
from evenflow.schedules.pinned import pinned
from evenflow.schedules.pyramid import pyramid
from evenflow.schedules.refine import refine
from evenflow.schedules.retake import retake
from evenflow.schedules.staggered import staggered

LEVELS = {"linear": linear, "shifted": shifted, "karras": karras, "log_snr": log_snr}

SCHEDULES = {
    "full_sequence": full_sequence,
    "autoregressive": autoregressive,
    "staggered": staggered,
    "pyramid": pyramid,
    "pinned": pinned,
    "retake": retake,
    "refine": refine,
    "frame_in": frame_in,
}

__all__ = ["LEVELS", "SCHEDULES", *LEVELS, *SCHEDULES]
