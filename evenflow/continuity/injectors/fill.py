"""Fill: what stands behind a region, borrowed live from beside it and matched at the rim.

The nearest look-alike of the region's surroundings is searched once, and at every frame the picture
there is copied over, so grain, light and motion are the clip's own; what is left of a difference
along the rim is spread smoothly over the inside.

Source: the search is that of exemplar-based inpainting (Criminisi et al. 2004, IEEE TIP 13(9)) with
one patch; the spreading is seamless cloning (Pérez et al. 2003, ACM TOG 22(3)) by pull-push.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.region import Region
from evenflow.continuity.injectors.survey import Survey
from evenflow.core.span import Box

SIDE = 200
"""Longest side of the picture that is searched, in pixels."""
PAD = 0.25
"""Width of the surroundings that are looked at, as a share of the region."""

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Fill:
    """Where to copy from: whole pixels to the right and down of the place to fill."""

    dx: int
    dy: int

    def fetched(self, picture: Picture, box: Box) -> Picture:
        """The pixels to put into a box; beyond the border the picture is mirrored."""
        rows = _mirrored(np.arange(box[1], box[3]) + self.dy, picture.shape[0])
        cols = _mirrored(np.arange(box[0], box[2]) + self.dx, picture.shape[1])
        made: Picture = picture[rows][:, cols]
        return made

    def over(self, picture: Picture, region: Region, index: int) -> Picture:
        """The whole picture with the region at a frame filled; it is copied, not changed."""
        made = picture.copy()
        view = region.view(index, pad=PAD)
        if view is None:
            return made
        box, alpha = view
        x0, y0, x1, y1 = box
        here = picture[y0:y1, x0:x1]
        there = self.fetched(picture, box)
        known = (alpha == 0).astype(np.float32)
        there = there + spread(here - there, known)
        made[y0:y1, x0:x1] = here + alpha * (there - here)
        return made


def _mirrored(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    period = max(1, 2 * (length - 1))
    index = np.abs(index) % period
    return np.where(index >= length, period - index, index)


def spread(value: Picture, known: Picture) -> Picture:
    """`value` where `known` is 1, carried smoothly into where it is 0: pull and push on a pyramid.

    Args:
        value: `(h, w, c)`.
        known: `(h, w, 1)`.
    """
    small = min(1.0, 48.0 / max(value.shape[:2]))
    size = (max(1, round(value.shape[1] * small)), max(1, round(value.shape[0] * small)))
    weight = _flat(cv2.resize(known, size, interpolation=cv2.INTER_AREA))
    sums = _flat(cv2.resize(value * known, size, interpolation=cv2.INTER_AREA))
    made = _push_pull(sums, weight)
    whole: Picture = cv2.resize(
        made, (value.shape[1], value.shape[0]), interpolation=cv2.INTER_CUBIC
    )
    return _flat(whole)


def _push_pull(sums: Picture, weight: Picture) -> Picture:
    mean = (sums / np.maximum(weight, 1e-6)).astype(np.float32)
    if min(sums.shape[:2]) <= 1 or bool((weight >= 0.99).all()):
        shown: Picture = np.where(weight > 1e-6, mean, np.float32(0.0))
        return shown
    below = _push_pull(_flat(cv2.pyrDown(sums)), _flat(cv2.pyrDown(weight)))
    up = _flat(cv2.pyrUp(below, dstsize=(sums.shape[1], sums.shape[0])))
    trust = np.minimum(weight, np.float32(1.0))
    made: Picture = trust * mean + (np.float32(1.0) - trust) * up
    return made


def _flat(picture: NDArray) -> Picture:
    """OpenCV drops a last axis of length 1; this puts it back."""
    return picture[..., None] if picture.ndim == 2 else picture


def seek(look: Survey, region: Region, end: int) -> Fill:
    """The look-alike of a region's surroundings that stays in view until frame `end`.

    Compared at the first frame; places that leave the picture with the region cost more.
    """
    height, width = look.first.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = _flat(cv2.resize(look.first, size, interpolation=cv2.INTER_AREA))
    view = region.view(look.start, pad=PAD)
    assert view is not None
    box, alpha = view
    x0, y0 = int(box[0] * scale), int(box[1] * scale)
    x1, y1 = max(x0 + 1, int(box[2] * scale)), max(y0 + 1, int(box[3] * scale))
    x1, y1 = min(x1, size[0]), min(y1, size[1])
    hole = cv2.resize(alpha, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    ring = (hole < 0.02).astype(np.float32)
    inner = np.argwhere(hole >= 0.5)
    reach = region.union(look.start, end) or box
    if len(inner) == 0 or not ring.any():
        return Fill(_aside(box[0], box[2], width), 0)
    rows, cols = np.ptp(inner, axis=0) + 1
    hollow = (hole >= 0.5).astype(np.float32)
    cost = np.zeros((size[1] - (y1 - y0) + 1, size[0] - (x1 - x0) + 1), np.float32)
    for channel in range(small.shape[2]):
        page = np.ascontiguousarray(small[..., channel])
        piece = np.ascontiguousarray(page[y0:y1, x0:x1])
        differs = cv2.matchTemplate(page, piece, cv2.TM_SQDIFF, mask=ring) / ring.sum()
        cost += np.maximum(differs, 0.0) + _thing(page, hollow, ring)
    cost /= small.shape[2]
    dy, dx = np.mgrid[: cost.shape[0], : cost.shape[1]]
    dy, dx = dy - y0, dx - x0
    cost = cost + 0.01 * np.hypot(dx, dy) / max(size) + 1e-4
    away_x, away_y = dx / scale, dy / scale
    out = (
        np.maximum(0, -(reach[0] + away_x))
        + np.maximum(0, reach[2] + away_x - width)
        + np.maximum(0, -(reach[1] + away_y))
        + np.maximum(0, reach[3] + away_y - height)
    )
    cost = cost * (1.0 + 4.0 * out / max(reach[2] - reach[0], 1))
    cost[(np.abs(dx) < 0.95 * cols) & (np.abs(dy) < 0.95 * rows)] = np.inf
    if not np.isfinite(cost).any():
        return Fill(_aside(box[0], box[2], width), 0)
    row, col = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return Fill(round((col - x0) / scale), round((row - y0) / scale))


def _thing(page: Picture, hollow: Picture, ring: Picture) -> Picture:
    """How much stands out inside at every place, as a square; an object there would be no fill."""

    def mean(values: Picture, weight: Picture) -> Picture:
        made: Picture = cv2.matchTemplate(values, weight / weight.sum(), cv2.TM_CCORR)
        return made

    inside, around = mean(page, hollow), mean(page, ring)
    rough = mean(page**2, hollow) - inside**2 - (mean(page**2, ring) - around**2)
    return ((inside - around) ** 2 + 0.5 * np.maximum(rough, 0.0)).astype(np.float32)


def _aside(low: int, high: int, width: int) -> int:
    """A whole width to the side that has more room."""
    return (high - low) if width - high >= low else (low - high)
