"""Dense optical flow between two pictures, where it can be trusted, and where nothing can match.

Source: Kroeger et al. 2016, Fast Optical Flow using Dense Inverse Search, arXiv:1603.03590 (preset
"fast" of OpenCV); occlusion by forward-backward agreement, Sundaram et al. 2010, ECCV, equation 5.
"""

import threading
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.geometry.warp import inside, warp

_local = threading.local()

Flow = NDArray[np.float32]
"""`(h, w, 2)`: `(dx, dy)` in pixels of its own grid, right and down positive."""

MIN_SIDE = 32
"""The smallest picture that the search can take, in pixels."""


def flow(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
    """Where each pixel of `a` went in `b`; both gray `(h, w)`, sides of at least `MIN_SIDE`."""
    search = getattr(_local, "search", None)
    if search is None:
        search = _local.search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    field: Flow = search.calc(a, b, None)
    return field


@dataclass(frozen=True)
class Match:
    """How one picture relates to the one before it.

    Args:
        back: from each pixel of the later picture to the earlier one.
        ahead: from each pixel of the earlier picture to the later one.
        valid: `(h, w)` on the later grid: it has a counterpart that points back to it.
    """

    back: Flow
    ahead: Flow
    valid: NDArray[np.bool_]


def match(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Match:
    """Flow both ways, and where both agree."""
    back, ahead = flow(after, before), flow(before, after)
    return Match(back, ahead, agree(back, ahead))


def agree(back: Flow, ahead: Flow) -> NDArray[np.bool_]:
    """True where following `back` and then `ahead` returns to the start, `(h, w)`.

    `|w + b|^2 <= 0.01 (|w|^2 + |b|^2) + 0.5` in squared pixels (Sundaram et al., equation 5).
    """
    returned = warp(ahead, back)
    rx, ry, bx, by = returned[..., 0], returned[..., 1], back[..., 0], back[..., 1]
    gap_2 = (rx + bx) ** 2 + (ry + by) ** 2
    size_2 = rx * rx + ry * ry + bx * bx + by * by
    return (gap_2 <= 0.01 * size_2 + 0.5) & inside(back)
