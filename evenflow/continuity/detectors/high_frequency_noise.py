"""High-frequency noise: grain that is not there in the rest of the shot.

Signal: sigma of the Laplacian difference mask in the flatter tiles, above the shot's own lower fifth;
confirmed by what motion cannot explain. Grain that is there from the first frame to the last is style.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage
from evenflow.continuity.robust import running_median, runs
from evenflow.continuity.severity import GRAIN


def detect(passage: Passage) -> list[Candidate]:
    """Spans whose grain stands above the shot's own."""
    grain = passage.grain
    if len(passage) < 6 or not np.isfinite(grain).all():
        return []
    own = float(np.percentile(grain, 15))
    excess = np.sqrt(np.maximum(grain**2 - own**2, 0.0))
    steady = running_median(excess, 5) if len(passage) >= 8 else excess
    found = []
    for start, end in runs(np.minimum(excess, steady * 1.5) > 0.6 * GRAIN, gap=3):
        if end - start < 4:
            continue
        level = float(np.median(excess[start:end]))
        inside = np.nanmedian(passage.step_half[start + 1 : end]) if end > start + 1 else np.nan
        outside = np.concatenate([passage.step_half[1:start], passage.step_half[end + 1 :]])
        outside = outside[np.isfinite(outside)]
        usual = float(np.median(outside)) if len(outside) else 0.0
        # independent grain of sigma s leaves about 0.8 s sqrt(2) / 4 between two frames at 120 lines
        fresh = inside - usual > 0.08 * level if np.isfinite(inside) else True
        sudden = _sudden(excess, start, end)
        if level < 0.6 * GRAIN or not fresh or not sudden:
            continue
        found.append(
            Candidate(
                "high_frequency_noise",
                start,
                end,
                start + int(np.argmax(excess[start:end])),
                level / GRAIN,
                0.6 + 0.1 * min(4.0, level / GRAIN),
                f"grain of {level:.1f} gray levels appears on top of the shot's own {own:.1f}",
                evidence("noise", level, GRAIN),
                ("film grain", "sharp texture"),
            )
        )
    return found


def _sudden(excess: np.ndarray, start: int, end: int) -> bool:
    """True if the grain comes or goes within three frames, as nothing in a lens does."""
    level = float(np.median(excess[start:end]))
    rises = []
    if start > 2:
        rises.append(
            np.median(excess[start + 1 : start + 4]) - np.median(excess[max(0, start - 4) : start])
        )
    if end < len(excess) - 2:
        rises.append(
            np.median(excess[max(0, end - 4) : end - 1]) - np.median(excess[end : end + 4])
        )
    return bool(rises) and max(rises) > 0.5 * level
