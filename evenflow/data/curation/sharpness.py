"""Sharpness: how much detail there is, and whether a blur has taken it.

Source: energy of gradients by octave as `evenflow.continuity.picture` reads it; natural pictures
fall off by about the same factor an octave (Field 1987, JOSA A 4(12)), a blur takes the finest
octaves first.
"""

import numpy as np

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SOFT = 2.4
"""Natural pictures lose up to so much of log gradient energy from the fourth octave to the first
(`evenflow.continuity.unseen`); a picture without detail loses 4.16."""
SCORES = {
    "sharpness": "gradient amplitude of the first octave over the third, percent (median)",
    "softness": "loss of log gradient energy from the fourth octave to the first (median)",
    "noise": "sigma of the grain, gray levels (median)",
}
MARKS = {"blurred": f"softness above {SOFT:g}: no detail is left that a blur of 1 % would take"}


def sharpness(row: Row, statistics: Statistics) -> Verdict:
    """Sharpness, softness and noise."""
    octaves = statistics.octaves[np.isfinite(statistics.octaves)]
    seen = statistics.contrast >= 3.0  # a plain picture is neither sharp nor soft
    if not len(octaves) or not seen.any():
        return Verdict()
    softness = float(np.median(statistics.octaves[seen]))
    scores = {
        "sharpness": float(np.median(statistics.sharpness[seen])),
        "softness": softness,
        "noise": float(np.nanmedian(statistics.noise)),
    }
    marks = {"blurred": f"softness {softness:.2f}"} if softness > SOFT else {}
    return Verdict(scores, marks)
