"""Black: stretches without a picture.

Source: the rule of FFmpeg's filter blackdetect (98 % of the pixels within a tenth of the range of
black). Differs: a stretch counts from a tenth of a second on, and it must have no contrast either,
so that night scenes are none.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.data.curation.runs import longest, runs
from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SHARE = 0.98
CONTRAST = 3.0
"""Gray levels over 32 x 18 areas; a night scene with anything in it has more."""
LEAST_S = 0.1
PLAIN = 1.0
"""Gray levels over 32 x 18 areas below which a picture of any color shows nothing."""
SCORES = {
    "black_share": "share of the frames that are black",
    "plain_share": "share of the frames that are one flat color, black or not",
}
MARKS = {
    "black": f"black for {LEAST_S:g} s or more",
    "plain": f"one flat color that is not black for {LEAST_S:g} s or more",
}


def black_frames(statistics: Statistics) -> NDArray[np.bool_]:
    """Frames `(n,)` that are black."""
    flags: NDArray[np.bool_] = (statistics.dark >= SHARE) & (statistics.contrast < CONTRAST)
    return flags


def black(row: Row, statistics: Statistics) -> Verdict:
    """Share of frames that are black or plain, and whether a stretch of them counts."""
    is_black = black_frames(statistics)
    is_plain = (statistics.contrast < PLAIN) & (statistics.flat > 0.9)
    count = max(1, len(statistics))
    marks = {}
    for name, flags in (("black", is_black), ("plain", is_plain & ~is_black)):
        start, end = longest(runs(flags))
        seconds = (end - start) * statistics.step_s
        if end > start and (seconds >= LEAST_S - 1e-6 or flags.all()):
            marks[name] = f"{seconds:.2f} s from {statistics.seconds[start]:.2f} s on"
    return Verdict(
        {
            "black_share": float(np.count_nonzero(is_black)) / count,
            "plain_share": float(np.count_nonzero(is_plain)) / count,
        },
        marks,
    )
