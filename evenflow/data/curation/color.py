"""Color: how colorful the clip is.

Source: Hasler & Suesstrunk 2003, Measuring colourfulness in natural images, SPIE 5007, section 7:
0 not colorful, 15 slightly, 33 moderately, 45 averagely, 59 quite, 82 highly, 109 extremely.
"""

import numpy as np

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

GRAY = 4.0
"""A quarter of what people call slightly colorful; chroma of a codec's rounding stays below 2."""
SCORES = {"colorfulness": "M(3) of Hasler & Suesstrunk (median)"}
MARKS = {"gray": f"colorfulness below {GRAY:g}"}


def color(row: Row, statistics: Statistics) -> Verdict:
    """Median over the frames."""
    value = float(np.median(statistics.color))
    return Verdict(
        {"colorfulness": value}, {"gray": f"colorfulness {value:.1f}"} if value < GRAY else {}
    )
