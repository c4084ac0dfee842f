"""Motion: how much moves, by the camera and by itself, and what stands still.

All speeds are in picture heights a second, so that size and frame rate do not matter.

Source: mean, 95th percentile and patches without motion as in Cosmos-Curate's motion filter (mean
of the picture and of its patches); flow and the camera's similarity are those of
`evenflow.motion`.
"""

import numpy as np

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SLOW = 0.01
"""Heights a second: a tenth of a pixel a frame at 240 lines and 24 frames a second, which is what
the flow itself is off by on grain."""
SCORES = {
    "motion": "mean speed over tiles and time, picture heights a second",
    "motion_p95": "95th percentile of it",
    "motion_camera": "mean speed of the camera's shift, zoom and roll at the picture's edge",
    "motion_own": "mean speed of what the camera does not explain",
    "static_patches": f"share of the 48 tiles that stay below {SLOW:g} on average",
    "tremble": "camera path without its smooth part, thousandths of the picture's height (rms)",
}
MARKS: dict[str, str] = {}


def motion(row: Row, statistics: Statistics) -> Verdict:
    """Mean, p95, camera and own motion, patches that stand still."""
    speed = statistics.tile_speed[1:]
    known = np.isfinite(speed)
    if not known.any():
        return Verdict()
    camera = statistics.camera[1:]
    half_width = 0.5 * statistics.info.width / statistics.info.height
    reach = float(np.hypot(half_width, 0.5)) / 2  # mean distance from the center, roughly
    moved = np.hypot(camera[:, 0], camera[:, 1]) + reach * np.hypot(camera[:, 2], camera[:, 3])
    counts = known.sum(axis=0)
    per_tile = np.where(
        counts > 0, np.where(known, speed, 0).sum(axis=0) / np.maximum(counts, 1), np.nan
    )
    scores = {
        "motion": float(speed[known].mean()),
        "motion_p95": float(np.percentile(speed[known], 95)),
        "static_patches": float((per_tile[counts > 0] < SLOW).mean()),
    }
    if np.isfinite(moved).any():
        scores["motion_camera"] = float(np.nanmean(moved))
    own = statistics.tile_own[1:]
    if np.isfinite(own).any():
        scores["motion_own"] = float(np.nanmean(own))
    tremble = statistics.tremble[np.isfinite(statistics.tremble)]
    if len(tremble):
        height = statistics.info.height
        scores["tremble"] = 1000.0 * float(np.sqrt((tremble.astype(np.float64) ** 2).mean()))
        scores["tremble"] /= height
    return Verdict(scores)
