"""Dense optical flow between two pictures, where it can be trusted, and where nothing can match.

Source: Kroeger et al. 2016, Fast Optical Flow using Dense Inverse Search, arXiv:1603.03590 (preset
"fast" of OpenCV); occlusion by forward-backward agreement, Sundaram et al. 2010, ECCV, equation 5.
"""

import threading
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

_local = threading.local()

Flow = NDArray[np.float32]
"""`(h, w, 2)`: `(dx, dy)` in pixels of its own grid, right and down positive."""

MIN_SIDE = 32
"""The smallest picture that the search can take, in pixels."""


def flow(
    a: NDArray[np.uint8], b: NDArray[np.uint8], *, rough: bool = False, finest: int | None = None
) -> Flow:
    """Where each pixel of `a` went in `b`; both gray `(h, w)`, sides of at least `MIN_SIDE`.

    The preset searches down to a quarter of the size. Small pictures are searched further down,
    unless `rough` says that a quarter will do.

    Args:
        finest: how often the size is halved for the last search, where that is known better.
    """
    height, width = a.shape
    side = min(height, width)
    if finest is None:
        finest = 2 if rough or side >= 160 else 1 if side >= 100 else 0
    field: Flow = _search(height, width, finest).calc(a, b, None)
    return field


def _search(height: int, width: int, finest: int) -> Any:
    """One search a thread and size: OpenCV's keeps scales that it chose for an earlier picture."""
    searches = _local.__dict__.setdefault("searches", {})
    key = (height, width, finest)
    if key not in searches:
        searches[key] = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        searches[key].setFinestScale(finest)
    return searches[key]


@dataclass(frozen=True)
class Match:
    """How one picture relates to the one before it.

    Args:
        back: from each pixel of the later picture to the earlier one.
        ahead: from each pixel of the earlier picture to the later one.
        valid: every `stride` pixels of the later grid: it has a counterpart that points back to it.
    """

    back: Flow
    ahead: Flow
    valid: NDArray[np.bool_]


def match(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    *,
    stride: int = 1,
    finest: int | None = None,
) -> Match:
    """Flow both ways, and where both agree; `finest` as in `flow`."""
    back, ahead = flow(after, before, finest=finest), flow(before, after, finest=finest)
    return Match(back, ahead, agree(back, ahead, stride))


def confidence(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How well the texture of a picture pins a match down, `(h, w)` in [0, 1); 0 in flat areas.

    The smaller eigenvalue e of the structure tensor over 5 x 5 pixels (Shi & Tomasi 1994, CVPR),
    as e / (e + 4): half at a gradient of two gray levels a pixel in every direction.
    """
    least = np.maximum(cv2.cornerMinEigenVal(gray, 5, ksize=3), 0.0) * np.float32(255.0**2 / 16)
    made: NDArray[np.float32] = least / (least + np.float32(4.0))
    return made


@njit(cache=True, nogil=True)
def agree(back: Flow, ahead: Flow, stride: int = 1) -> NDArray[np.bool_]:
    """True where following `back` and then `ahead` returns to the start, every `stride` pixels.

    `|w + b|^2 <= 0.01 (|w|^2 + |b|^2) + 0.5` in squared pixels (Sundaram et al., equation 5); False
    where `back` leaves the picture.
    """
    height, width = back.shape[:2]
    made = np.zeros(((height + stride - 1) // stride, (width + stride - 1) // stride), np.bool_)
    for row in range(0, height, stride):
        for col in range(0, width, stride):
            bx, by = back[row, col, 0], back[row, col, 1]
            x, y = col + bx, row + by
            if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
                continue
            x0, y0 = int(x), int(y)
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            fx, fy = x - x0, y - y0
            top_x = ahead[y0, x0, 0] * (1 - fx) + ahead[y0, x1, 0] * fx
            top_y = ahead[y0, x0, 1] * (1 - fx) + ahead[y0, x1, 1] * fx
            low_x = ahead[y1, x0, 0] * (1 - fx) + ahead[y1, x1, 0] * fx
            low_y = ahead[y1, x0, 1] * (1 - fx) + ahead[y1, x1, 1] * fx
            rx, ry = top_x * (1 - fy) + low_x * fy, top_y * (1 - fy) + low_y * fy
            gap_2 = (rx + bx) ** 2 + (ry + by) ** 2
            size_2 = rx * rx + ry * ry + bx * bx + by * by
            made[row // stride, col // stride] = gap_2 <= 0.01 * size_2 + 0.5
    return made
