"""Exposure: how bright the picture is, and what is lost at both ends of the range.

The thresholds are ours, by reasoning: where more than half of a picture is at an end of the range
in half of the frames, there is less picture than nothing.
"""

import numpy as np

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

LOST = 0.5
SCORES = {
    "luma": "mean luma, gray levels",
    "contrast": "standard deviation of the luma over 32 x 18 areas, gray levels (median)",
    "dark_share": "share of pixels within a tenth of black (median)",
    "bright_share": "share of pixels within 3 % of white (median)",
}
MARKS = {
    "underexposed": f"dark_share above {LOST:g} and luma below 32",
    "overexposed": f"bright_share above {LOST:g}",
}


def exposure(row: Row, statistics: Statistics) -> Verdict:
    """Brightness, contrast, and what is lost in black and white."""
    luma = float(statistics.luma.mean())
    dark, bright = float(np.median(statistics.dark)), float(np.median(statistics.bright))
    marks = {}
    if dark > LOST and luma < 32:
        marks["underexposed"] = f"{dark:.0%} of the picture is black"
    if bright > LOST:
        marks["overexposed"] = f"{bright:.0%} of the picture is white"
    return Verdict(
        {
            "luma": luma,
            "contrast": float(np.median(statistics.contrast)),
            "dark_share": dark,
            "bright_share": bright,
        },
        marks,
    )
