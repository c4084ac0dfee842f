"""Unseen: what a soft, blocky or motionless picture hides, counted against the score.

A blurred clip shows less grain, less shimmer and less boiling than the clip it was made from, and a
still one shows nothing at all. Neither is a finding (both may be meant), and neither is rewarded.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SOFT = 2.4
"""Natural pictures lose up to so much of log gradient energy from the fourth octave to the first;
a picture without detail loses log 4 an octave, 4.16 in all."""
SOFT_JND = 4.0
"""JND for each further unit; a blur of 1 % of the height comes to 3 or 4."""
BLOCKS = 1.25
"""Delivered footage shows blocks of up to 1.15 (H.264 at crf 28: 1.2), 7 kB a second 1.3 to 3."""
BLOCKS_JND = 5.0
MOST_BLOCKS_JND = 6.0
STILL = 0.03
"""Gray levels of mean change a frame below which a picture is one and the same frame, encoded."""
STILL_JND = 8.0


def unseen(
    octaves: NDArray[np.floating[Any]],
    blockiness: NDArray[np.floating[Any]],
    change: NDArray[np.floating[Any]],
) -> dict[str, Any]:
    """What the report says under `unseen`: `jnd`, which the score counts, and `reasons`.

    Args:
        octaves: per frame, log gradient energy of the fourth octave over that of the first.
        blockiness: per frame, as `Picture.blockiness`; NaN where it was not read.
        change: mean absolute change to the frame before, gray levels; NaN where unknown.
    """
    jnd, reasons = 0.0, []
    octaves = octaves[np.isfinite(octaves)]
    loss = float(np.median(octaves)) if len(octaves) else 0.0
    if loss > SOFT:
        jnd += SOFT_JND * (loss - SOFT)
        reasons.append("the picture is too soft to show fine faults")
    blockiness = blockiness[np.isfinite(blockiness)]
    blocks = float(np.median(blockiness)) if len(blockiness) else 1.0
    if blocks > BLOCKS:
        jnd += min(MOST_BLOCKS_JND, BLOCKS_JND * (blocks - BLOCKS))
        reasons.append("compression has washed out what fine faults would show in")
    change = change[np.isfinite(change)]
    if len(change) >= 2 and float(np.percentile(change, 90)) < STILL:
        jnd += STILL_JND
        reasons.append("nothing changes from the first frame to the last, so nothing is proved")
    return {"jnd": round(jnd, 2), "reasons": reasons}
