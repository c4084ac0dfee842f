"""Blockiness: borders of a codec's blocks that can be seen.

Source: steps over every eighth column against others, as Wang, Sheikh & Bovik 2002, No-reference
perceptual quality assessment of JPEG compressed images, ICIP, equations 1 and 2.
"""

import numpy as np

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

BLOCKS = 1.3
"""Delivered footage shows up to 1.15, H.264 at crf 28 1.2 (`evenflow.continuity.unseen`)."""
LEAST_WIDTH = 240
"""Pixels; narrower pictures have too few borders to be told from what is painted there."""
SCORES = {"blockiness": "steps over every eighth column over other steps, 1 without blocks"}
MARKS = {"blocky": f"blockiness above {BLOCKS:g}"}


def blockiness(row: Row, statistics: Statistics) -> Verdict:
    """Median over every eighth frame."""
    known = statistics.blockiness[np.isfinite(statistics.blockiness)]
    if not len(known) or statistics.info.width < LEAST_WIDTH:
        return Verdict()
    value = float(np.median(known))
    return Verdict(
        {"blockiness": value}, {"blocky": f"blockiness {value:.2f}"} if value > BLOCKS else {}
    )
