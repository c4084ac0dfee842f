"""Static: nothing happens from the first frame to the last beyond grain and compression.

The change between frames a second apart is held against what grain alone makes of it: a slow thing
is hardly seen from one frame to the next, and clearly after a second.

Source: Open-Sora Plan drops clips without motion (its threshold is one of LPIPS, which needs a
network); the rule here is ours, on the differences of small pictures.
"""

import numpy as np

from evenflow.data.curation.hashing import SIDE
from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

LEAST = 0.5
"""Gray levels by which a 32 x 32 picture must differ from the one half a second before (standard
deviation) for anything to have happened; what a codec makes of a still picture stays below it."""
GRAIN = 1.5
"""How many times it must exceed what grain alone leaves of the mean of an area."""
GRAIN_LINES = 360
SLOW = 0.008
"""Heights a second; 95 % of tiles and steps stay below it in a static clip."""
SCORES = {"stir": "change in half a second over 32 x 32 areas, gray levels, the largest"}
MARKS = {"static": f"stir below {LEAST:g} and 95 % of all motion below {SLOW:g} heights a second"}


def static(row: Row, statistics: Statistics) -> Verdict:
    """Whether anything happens."""
    looks = statistics.looks
    if looks is None or statistics.reason:
        return Verdict()
    stir = looks.stir[np.isfinite(looks.stir)]
    if not len(stir):
        return Verdict()
    most = float(stir.max())
    speed = statistics.tile_speed[1:]
    known = speed[np.isfinite(speed)]
    p95 = float(np.percentile(known, 95)) if len(known) else 0.0
    info = statistics.info
    scale = min(1.0, GRAIN_LINES / min(info.width, info.height))
    pixels = info.width * info.height * scale**2 / SIDE**2  # of one of 32 x 32 areas
    grain = float(np.nanmedian(statistics.noise)) * (2.0 / max(1.0, pixels)) ** 0.5
    marks = {}
    if most < max(LEAST, GRAIN * grain) and p95 < SLOW:
        marks["static"] = f"nothing changes by more than {most:.2f} gray levels in half a second"
    return Verdict({"stir": most}, marks)
