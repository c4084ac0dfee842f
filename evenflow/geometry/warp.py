"""Backward warping: fetch every pixel of a picture from where a displacement field points."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=16)
def pixel_grid(height: int, width: int) -> NDArray[np.float32]:
    """Pixel coordinates `(h, w, 2)` as `(x, y)`; shared, so it must not be written into."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    grid = np.stack([x, y], axis=-1)
    grid.flags.writeable = False
    return grid


def warp(
    image: NDArray[np.float32], flow: NDArray[np.float32], *, stride: int = 1
) -> NDArray[np.float32]:
    """`image` at `x + flow(x)`, bilinear; beyond the border the nearest pixel is repeated.

    Args:
        image: `(h, w)` or `(h, w, c)` with c <= 4.
        flow: `(h, w, 2)`, `(dx, dy)` in pixels, right and down positive.
        stride: only every so many pixels and rows are fetched, as `warp(...)[::stride, ::stride]`.
    """
    height, width = flow.shape[:2]
    where = pixel_grid(height, width)[::stride, ::stride] + flow[::stride, ::stride]
    return cv2.remap(image, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def inside(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """True where `x + flow(x)` lies on the picture, `(h, w)`."""
    height, width = flow.shape[:2]
    where = pixel_grid(height, width) + flow
    x, y = where[..., 0], where[..., 1]
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
