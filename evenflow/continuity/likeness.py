"""Likeness: how much two places, palettes or lights look like one another, and what stands out.

Everything works on pages, `(h, w, 3)` float32 CIELAB at half a sketch (`trails.page`).
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Page = NDArray[np.float32]
Mask = NDArray[np.bool_]
BINS = (6, 8, 8)
"""Lightness counts less than color: light changes it first."""
STANDS_OUT = 0.5
"""Least chance that a color belongs to what stands out."""


def codes(page: Page) -> NDArray[np.int32]:
    """The bin of each pixel's color, `(h, w)`; a and b from -48 to 48."""
    light = np.clip(page[..., 0] * (BINS[0] / 100.0), 0, BINS[0] - 1).astype(np.int32)
    a, b = (
        np.clip((page[..., k] + 48.0) * (BINS[k] / 96.0), 0, BINS[k] - 1).astype(np.int32)
        for k in (1, 2)
    )
    return (light * BINS[1] + a) * BINS[2] + b


@lru_cache(maxsize=4)
def _neighbors(bins: int) -> NDArray[np.float64]:
    """What spreads a histogram to the bins next to each, `(bins, bins)`; the ends keep theirs."""
    made = 0.5 * np.eye(bins) + 0.25 * (np.eye(bins, k=1) + np.eye(bins, k=-1))
    made[0, 0] = made[-1, -1] = 0.75
    return made


def colors(
    page: Page, weight: NDArray[Any], numbers: NDArray[np.int32] | None = None
) -> NDArray[np.float32]:
    """Histogram of colors, smoothed over neighboring bins, summing to 1; `(384,)`.

    Args:
        numbers: `codes` of the page, where they are known already.
    """
    size = BINS[0] * BINS[1] * BINS[2]
    numbers = codes(page) if numbers is None else numbers
    if weight.dtype == np.bool_:
        counts = np.bincount(numbers[weight], minlength=size).astype(float)
    else:
        counts = np.bincount(numbers.ravel(), weights=weight.ravel(), minlength=size)
    cube: NDArray[Any] = counts.reshape(BINS)
    light, a, b = (_neighbors(n) for n in BINS)
    cube = a @ (light @ cube.reshape(BINS[0], -1)).reshape(BINS) @ b
    made: NDArray[np.float32] = (cube / max(float(cube.sum()), 1e-9)).ravel().astype(np.float32)
    return made


def grain_of(page: Page, weight: NDArray[Any]) -> NDArray[np.float32]:
    """How a surface is drawn, whatever its light: strengths of its edges by size and direction.

    `(12,)`, summing to 1: two octaves of six directions, each relative to the contrast around.
    """
    made = []
    light = page[..., 0]
    for octave in range(2):
        smooth = cv2.GaussianBlur(light, (0, 0), 0.8 * 2**octave)
        dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x) for x in (1, 0))
        turn = np.mod(np.arctan2(dy, dx), np.pi) * (6 / np.pi)
        power = np.hypot(dx, dy) * weight
        bins = np.minimum(turn.astype(int), 5)
        made.append(np.bincount(bins.ravel(), weights=power.ravel(), minlength=6))
    table = np.concatenate(made)
    return (table / max(float(table.sum()), 1e-9)).astype(np.float32)


def overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Bhattacharyya coefficient of two histograms: 1 the same, 0 nothing in common."""
    return float(np.clip(np.sqrt(a * b).sum(), 0.0, 1.0))


def relit(page: Page, like: Page, weight: NDArray[Any] | None = None) -> Page:
    """A page with the exposure and tint of another: medians over the picture (or a part of it)."""
    use = slice(None) if weight is None else weight > 0
    mine, other = page[use].reshape(-1, 3), like[use].reshape(-1, 3)
    made = page.copy()
    bright = float(np.median(mine[:, 0]))
    if bright > 4.0:
        made[..., 0] *= np.float32(np.clip(np.median(other[:, 0]) / bright, 0.4, 2.5))
    made[..., 1:] += (np.median(other, axis=0) - np.median(mine, axis=0))[1:]
    return made


def standing_out(page: Page) -> NDArray[np.float32]:
    """How much each pixel stands out from the rim of the picture, in [0, 1], `(h, w)`.

    The chance that its color is not the rim's, smoothed, and more in the middle.
    """
    height, width = page.shape[:2]
    rim = np.ones((height, width), np.float32)
    dy, dx = max(1, height // 9), max(1, width // 9)
    rim[dy:-dy, dx:-dx] = 0.0
    around, whole = colors(page, rim), colors(page, np.ones_like(rim))
    inside = np.maximum(whole - around * np.float32(rim.mean()), 0.0)
    inside /= max(float(inside.sum()), 1e-9)
    chance = inside / np.maximum(inside + around, 1e-9)
    shown = cv2.GaussianBlur(chance[codes(page)].astype(np.float32), (0, 0), height / 30)
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    middle = np.exp(-2.5 * (x[None, :] ** 2 + y[:, None] ** 2) / 0.25)
    made: NDArray[np.float32] = (shown * middle).astype(np.float32)
    return made


def subject_of(page: Page) -> Mask | None:
    """The connected part that stands out most; None where nothing does."""
    chance = standing_out(page)
    height, width = chance.shape
    mask = (chance > max(0.25, 0.6 * float(chance.max()))).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    best, most = 0, 0.0
    for label in range(1, count):
        area = stats[label, cv2.CC_STAT_AREA] / (height * width)
        worth = float(chance[labels == label].sum())
        if 0.01 < area < 0.5 and worth > most:
            best, most = label, worth
    return labels == best if best else None


def ring(mask: Mask, width: int = 4) -> Mask:
    """What lies around a part, without a thin rim between."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    near = cv2.dilate(mask.astype(np.uint8), kernel)
    far = cv2.dilate(near, kernel, iterations=width)
    made: Mask = (far > 0) & (near == 0)
    return made
