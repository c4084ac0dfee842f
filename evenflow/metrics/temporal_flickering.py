"""Temporal flickering as VBench defines it: one minus the mean absolute difference of neighbors.

Formula: `1 - mean |F_t - F_t-1| / 255` over pixels and channels of 8-bit frames at full size; mean
    over all pairs, cuts included.
Source: Huang et al. 2024, VBench, arXiv:2311.17982, its `temporal_flickering.py`.
Range: 0 to 1, higher is called better. The raw score; the leaderboard maps .6293 to 1 onto 0 to 1.
Differs: VBench first throws out clips that move, by a learned flow (`static_filter.py`); nothing is
    thrown out here, so compare only clips that hardly move. 16-bit frames are rounded to 8 bits.
Flaws: rewards stillness, blur and compression. Any motion lowers it; a frozen clip gets 1; a
    heavily compressed copy beats its source; output that collapsed into one texture gets .99;
    halving the frame rate alone moves it by up to .05.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import View


def steadiness(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """One minus the mean absolute difference of two pictures, in [0, 1].

    Args:
        before, after: uint8 of one shape.

    Raises:
        BadInput: shapes differ, or other types came.

    >>> steadiness(np.zeros((4, 4), np.uint8), np.full((4, 4), 51, np.uint8))
    0.8
    """
    if before.shape != after.shape or before.dtype != np.uint8 or after.dtype != np.uint8:
        raise BadInput(
            f"two uint8 pictures of one shape are compared, got {before.shape} {before.dtype} and "
            f"{after.shape} {after.dtype}"
        )
    return 1.0 - float(cv2.norm(before, after, cv2.NORM_L1)) / before.size / 255.0


def at(view: View) -> float:
    """Against the frame before."""
    if view.previous is None:
        return math.nan
    return steadiness(view.previous.rgb8, view.here.rgb8)
