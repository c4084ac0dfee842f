"""Backdrop: what the background does: how it moves, how bright it is, where shots end, revisits."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.grading.bodies import lab_of, linear_of
from evenflow.motion.camera import camera_step
from evenflow.motion.cuts import Evidence, is_cut

F = NDArray[np.float32]
STILL = 1.2
"""Gray levels that nine of ten background pixels may change by while the camera stands."""
FEWEST = 10
"""Features from which the motion of the camera can be told."""
SHARED = 0.2
"""Share of the picture that two views must have in common to be compared."""
SCALE = 12.0
"""CIELAB units of mean difference at which two backgrounds are alike by 1 / e."""


@dataclass(frozen=True)
class Backdrop:
    """See `Reading` and `View`: motion `(t, 4)`, light `(t, 3)`, background `(t,)`, cuts."""

    motion: F
    light: F
    likeness: F
    cuts: tuple[int, ...]


def found(pictures: NDArray[np.uint8], bodies: NDArray[np.bool_]) -> Backdrop:
    """What the background of a clip does.

    Args:
        pictures: uint8 sRGB `(t, h, w, 3)`.
        bodies: True where somebody is, `(t, h, w)`.
    """
    count, height, width = pictures.shape[:3]
    gray = np.stack([cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in pictures])
    wide = np.ones((7, 7), np.uint8)
    free = np.stack([cv2.dilate(m.astype(np.uint8), wide) == 0 for m in bodies])
    motion = np.full((count, 4), np.nan, np.float32)
    motion[0] = 0.0
    tracked = np.full(count, np.nan)
    palette = np.zeros(count)
    before = _colors(pictures[0])
    for i in range(1, count):
        after = _colors(pictures[i])
        palette[i] = 0.5 * np.abs(after - before).sum()
        before = after
        motion[i], tracked[i] = step(gray[i - 1], gray[i], free[i - 1], free[i])
    thumbs = np.stack([cv2.resize(g, (32, 32), interpolation=cv2.INTER_AREA) for g in gray])
    thumbs = thumbs.astype(np.float32)
    share = np.nan_to_num(tracked, nan=0.0)
    evidence = Evidence(tracked, share, palette, thumbs)
    cuts = tuple(i for i in range(1, count) if is_cut(evidence, i) or _torn(thumbs, palette, i))
    for i in cuts:
        motion[i] = np.nan
    starts = [0, *cuts]
    light = np.zeros((count, 3), np.float32)
    likeness = np.full(count, np.nan, np.float32)
    linear = linear_of(pictures)
    lab = np.stack([lab_of(p) for p in pictures])
    center = np.array([0.5 * width, 0.5 * height])
    for k, first in enumerate(starts):
        last = starts[k + 1] if k + 1 < len(starts) else count
        whole = np.eye(3)
        light[first] = linear[first][free[first]].mean(0) if free[first].any() else np.nan
        likeness[first] = 1.0
        if k:
            likeness[first] = _likest(lab, free, first, starts[:k])
        for i in range(first + 1, last):
            whole = similarity(np.nan_to_num(motion[i]), center) @ whole
            moved = bool(np.abs(whole - np.eye(3)).max() > 1e-3)
            if moved:
                near = similarity(np.nan_to_num(motion[i]), center)
                gain = _gain(linear[i - 1], linear[i], free[i - 1], free[i], near)
                light[i] = light[i - 1] * gain
            else:
                gain = _gain(linear[first], linear[i], free[first], free[i], whole)
                light[i] = light[first] * gain
            likeness[i] = _alike(lab[first], lab[i], free[first], free[i], whole)
    return Backdrop(motion, light, likeness, cuts)


def _colors(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    at = (picture[::2, ::2] >> 5).astype(np.int64).reshape(-1, 3)
    flat = np.bincount(at[:, 0] * 64 + at[:, 1] * 8 + at[:, 2], minlength=512)
    return flat / flat.sum()


def _torn(thumbs: F, palette: NDArray, i: int) -> bool:
    """A change of the whole picture that no neighbor knows, for backgrounds without texture."""
    jump = float(np.abs(thumbs[i] - thumbs[i - 1]).mean())
    around = [
        float(np.abs(thumbs[j] - thumbs[j - 1]).mean())
        for j in range(max(1, i - 3), min(len(thumbs), i + 4))
        if j != i
    ]
    if palette[i] < 0.6 or jump < 14 or jump < 4 * max(around, default=0.0):
        return False
    a, b = thumbs[i - 1] - thumbs[i - 1].mean(), thumbs[i] - thumbs[i].mean()
    alike = float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))
    return alike < 0.6


def step(
    before: NDArray[np.uint8], after: NDArray[np.uint8], free: NDArray[np.bool_],
    free_after: NDArray[np.bool_],
) -> tuple[F, float]:  # fmt: skip
    """Motion of the background from one gray frame to the next, and the share of it found again.

    Returns:
        Shift x, y in pixels, log scale and roll in radians about the center of the picture, `(4,)`;
        NaN where it cannot be told, as before a bare wall while bodies move; and the share of
        features that were found again, or NaN.
    """
    height, width = before.shape
    both = free & free_after
    if both.sum() > 200:
        change = np.abs(after.astype(np.int16) - before)
        if np.percentile(change[both], 95) <= STILL:
            if float(np.percentile(change, 99.5)) > STILL and _bare(before, both):
                return np.full(4, np.nan, np.float32), 1.0  # it would look so if it moved, too
            return np.zeros(4, np.float32), 1.0
    points = cv2.goodFeaturesToTrack(
        before, 160, 0.01, 4, mask=(free * 255).astype(np.uint8), blockSize=5
    )
    if points is None or len(points) < 4:
        return np.full(4, np.nan, np.float32), float("nan")
    window = (13, 13)
    ahead, ok, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, winSize=window, maxLevel=3)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(
        after, before, ahead, None, winSize=window, maxLevel=3
    )
    good = (ok[:, 0] > 0) & (ok_back[:, 0] > 0)
    good &= np.hypot(*(back - points)[:, 0].T) < 0.7
    share = float(good.mean())
    if good.sum() < FEWEST:
        return np.full(4, np.nan, np.float32), share
    start = points[good, 0] + 0.5 - [0.5 * width, 0.5 * height]
    found_step = camera_step(start.astype(np.float32), (ahead - points)[good, 0])
    if found_step.inliers < 0.4:
        return np.full(4, np.nan, np.float32), share
    row = [found_step.dx, found_step.dy, found_step.zoom, found_step.rotation]
    return np.array(row, np.float32), share


BARE = 2e-5
"""Smaller eigenvalue of the structure of gray (Shi and Tomasi 1994, as OpenCV scales it) above
which one in twenty pixels of a background lies if its motion can be seen at all."""


def _bare(gray: NDArray[np.uint8], free: NDArray[np.bool_]) -> bool:
    """Whether a background has no corners by which it could be seen to move."""
    return float(np.percentile(cv2.cornerMinEigenVal(gray, 5)[free], 95)) < BARE


def similarity(row: NDArray, center: NDArray) -> NDArray[np.float64]:
    """Matrix `(3, 3)` that takes pixels of the frame before to this one."""
    dx, dy, zoom, roll = (float(v) for v in row)
    a, b = np.exp(zoom) * np.cos(roll), np.exp(zoom) * np.sin(roll)
    turn = np.array([[a, -b], [b, a]])
    out = np.eye(3)
    out[:2, :2] = turn
    out[:2, 2] = center + np.array([dx, dy]) - turn @ center
    return out


def _warp(image: NDArray, matrix: NDArray[np.float64], *, nearest: bool = False) -> NDArray:
    height, width = image.shape[:2]
    shifted = matrix[:2].copy()
    shifted[:, 2] += matrix[:2, :2] @ [0.5, 0.5] - 0.5
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    return cv2.warpAffine(image, shifted, (width, height), flags=how)


def _shared(
    a_free: NDArray[np.bool_], b_free: NDArray[np.bool_], matrix: NDArray[np.float64]
) -> NDArray[np.bool_]:
    return (_warp(a_free.astype(np.uint8), matrix, nearest=True) > 0) & b_free


def _gain(
    a: F, b: F, a_free: NDArray[np.bool_], b_free: NDArray[np.bool_], matrix: NDArray[np.float64]
) -> F:
    """How many times brighter b is than a where both show the background, by channel."""
    both = _shared(a_free, b_free, matrix)
    if both.mean() < 0.05:
        return np.ones(3, np.float32)
    same = bool(np.abs(matrix - np.eye(3)).max() < 1e-6)
    earlier = (a if same else _warp(a, matrix))[both].astype(np.float64) + 1e-3
    later = b[both].astype(np.float64) + 1e-3
    return np.asarray(np.exp(np.median(np.log(later / earlier), axis=0)), np.float32)


def _alike(
    a: F, b: F, a_free: NDArray[np.bool_], b_free: NDArray[np.bool_], matrix: NDArray[np.float64]
) -> float:
    """How alike two backgrounds are where they show the same place, in [0, 1], or NaN.

    One light for all of it is taken out first: L is compared after its median difference.
    """
    both = _shared(a_free, b_free, matrix)
    if both.mean() < SHARED:
        return float("nan")
    same = bool(np.abs(matrix - np.eye(3)).max() < 1e-6)
    earlier = a if same else _warp(a, matrix)
    rest = (b - earlier)[both]
    rest = rest - np.median(rest, axis=0)
    return float(np.exp(-np.linalg.norm(rest, axis=1).mean() / SCALE))


def _likest(lab: F, free: NDArray[np.bool_], frame: int, starts: list[int]) -> float:
    """The likest of earlier shots' first frames, if one shows the same place as it stands."""
    best = float("nan")
    for other in starts:
        value = _alike(lab[other], lab[frame], free[other], free[frame], np.eye(3))
        if np.isfinite(value) and value > 0.6 and not value < best:
            best = value
    return best
