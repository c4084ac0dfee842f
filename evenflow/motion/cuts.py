"""Where one shot ends and the next begins: cuts, fades, dissolves; and flashes, which are none.

A cut is a step where motion fails both ways, the picture as a whole is another one, and the old
picture does not come back within `FLASH` frames. A fade goes through a picture without contrast; a
dissolve is a mix `a x + (1 - a) y` of two unrelated pictures whose share `a` runs from 1 to 0.

Source: the flash rule and flow failure as notes on PySceneDetect's false cuts call for; the
dissolve model is Hampapur et al. 1995, Production model based digital video segmentation, section
4.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

FLASH = 3
"""A change that is undone within so many frames is a flash, not a cut."""
SOFT = 1.5
"""Blur of the small pictures, in their pixels, before mixes are fitted: both shots may move."""
LEAST_GAP = 8.0
"""Gray levels (rms, blurred) between the two ends of a dissolve."""
MOST_ERROR = 0.3
"""Share of that gap that a mix of the two ends may leave in between."""
_LIMITS = ((0.2, 0.2, 0.8), (0.3, 0.35, 0.5), (0.7, 0.12, 0.35))
"""Least tracked, valid and likeness of layout that speak against a cut, together; three regimes: in
the last there is little texture, and what there is lies on edges that any flow brings together."""


@dataclass(frozen=True)
class Evidence:
    """What cut detection looks at; entry i compares frames i-1 and i.

    Args:
        tracked: `(n,)` share of the textured area found again, NaN without texture.
        valid: `(n,)` share of the picture whose motion agrees both ways.
        palette_step: `(n,)` difference of the color histograms, in [0, 1].
        thumbs: `(n, h, w)` small gray pictures in gray levels.
    """

    tracked: Series
    valid: Series
    palette_step: Series
    thumbs: NDArray[np.float32]


def layout_likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlation of two small pictures, in [-1, 1]; 0 where one of them has no contrast."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if scale < 1e-3 * a.size:
        return 0.0
    return float((a * b).sum() / scale)


def is_cut(evidence: Evidence, i: int) -> bool:
    """True if frame `i` is the first of a new shot; needs `FLASH` frames behind it to be sure."""
    thumbs, count = evidence.thumbs, len(evidence.thumbs)
    if not 0 < i < count or not _breaks(evidence, i):
        return False
    before, after = thumbs[i - 1], thumbs[i]
    for later in range(i + 1, min(count, i + FLASH + 1)):
        if _same_picture(before, thumbs[later]):
            return False  # the old picture is back: a flash
    for earlier in range(max(0, i - FLASH - 1), i - 1):
        if _same_picture(thumbs[earlier], after):
            return False  # the new picture is the one from before a flash
    return True


def _breaks(evidence: Evidence, i: int) -> bool:
    tracked, valid = float(np.nan_to_num(evidence.tracked[i])), float(evidence.valid[i])
    before, after = evidence.thumbs[i - 1], evidence.thumbs[i]
    likeness = abs(layout_likeness(before, after))  # high for another look on the same picture
    if not any(tracked < t and valid < v and likeness < k for t, v, k in _LIMITS):
        return False
    if np.abs(before - after).mean() < 6.0:
        return False
    # in a fast passage motion fails at many frames in a row; a cut stands out among its neighbors
    near = np.concatenate([evidence.tracked[max(1, i - 4) : i], evidence.tracked[i + 1 : i + 5]])
    near = near[np.isfinite(near)]
    ordinary = float(np.median(near)) if len(near) else 1.0
    return bool(tracked < 0.7 * ordinary or evidence.palette_step[i] > 0.25)


def _same_picture(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    return layout_likeness(a, b) > 0.85 and float(np.abs(a - b).mean()) < 24.0


def gradual(
    thumbs: NDArray[np.float32], residual: Series, *, fps: float
) -> list[tuple[int, int, str]]:
    """Fades and dissolves in a run of frames without cuts: `(start, end, kind)`, half-open.

    Args:
        thumbs: `(n, h, w)` gray levels.
        residual: `(n,)` gray levels that motion leaves from frame i-1 to i, NaN where unknown.
        fps: frames per second; transitions last between 0.2 and 2.5 seconds.
    """
    kept = _fades(thumbs)
    for start, end in _dissolves(thumbs, residual, fps):
        if all(end <= s or start >= e for s, e, _ in kept):
            kept.append((start, end, "dissolve"))
    return sorted(kept)


def _fades(thumbs: NDArray[np.float32]) -> list[tuple[int, int, str]]:
    contrast = thumbs.std(axis=(1, 2))
    dark = contrast < 2.0
    if not dark.any() or dark.all():
        return []
    made = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dark.astype(np.int8), [0]])))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        left, right = _slope(contrast, start, -1), _slope(contrast, end - 1, +1)
        if start - left >= 4 or right - end + 1 >= 4:  # the contrast went down or came up slowly
            made.append((left, right + 1, "fade"))
    return made


def _slope(contrast: Series, index: int, step: int) -> int:
    """Follows the contrast uphill from a plain picture as long as it rises by whole steps."""
    while 0 <= index + step < len(contrast):
        rise = contrast[index + step] - contrast[index]
        if rise < 0.02 * max(contrast[index + step], 2.0) + 0.05:
            break
        index += step
    return index


def _dissolves(thumbs: NDArray[np.float32], residual: Series, fps: float) -> list[tuple[int, int]]:
    count = len(thumbs)
    soft = np.stack([cv2.GaussianBlur(thumb, (0, 0), SOFT) for thumb in thumbs])
    flat = soft.reshape(count, -1).astype(np.float64)
    second = max(4, round(fps))
    best: list[tuple[float, int, int]] = []
    for seconds in (0.3, 0.5, 0.8, 1.2, 1.8, 2.5):
        length = max(5, round(seconds * fps))
        for start in range(0, count - length, max(1, length // 6)):
            fit = _mix(flat, start, start + length)
            if fit is not None and _stirs(residual, start, start + length, second) is not None:
                best.append((fit, start, start + length))
    best.sort()
    kept: list[tuple[int, int]] = []
    for _, start, end in best:
        if all(end <= s or start >= e for s, e in kept):
            kept.append((start, end))
    made: list[tuple[int, int]] = []
    for start, end in sorted(kept):
        start, end = _bounds(residual, start, end, second) or _trimmed(flat, start, end)
        if end <= count - 3 and all(end <= s or start >= e for s, e in made):
            made.append((start, end))
    return made


def _stirs(residual: Series, start: int, end: int, second: int) -> tuple[float, float] | None:
    """What motion leaves inside a mix and around it; None if it leaves no more there than else.

    Every step of a mix leaves its part of the change, however well the flow follows the shot that
    goes; where a camera moves on or a thing passes, the flow explains the change.
    """
    parts = (
        residual[start + 1 : end + 1],
        residual[max(0, start - second) : start],
        residual[end + 2 : end + 2 + second],
    )
    inside, before, behind = (part[np.isfinite(part)] for part in parts)
    if min(len(inside), len(before), len(behind)) < 3:
        return None
    usual = float(np.median(np.concatenate([before, behind])))
    middle = np.sort(inside)[len(inside) // 5 :]
    if middle[0] < 1.3 * usual + 0.15 or middle[-1] > 3.5 * np.median(middle):
        return None  # no more than else, or one sharp step
    return float(np.median(inside)), usual


def _bounds(residual: Series, start: int, end: int, second: int) -> tuple[int, int] | None:
    """The frames that are mixed: where motion leaves more without a gap of two frames."""
    found = _stirs(residual, start, end, second)
    if found is None:
        return None
    near = np.nan_to_num(residual)
    near[1:-1] = np.median(np.stack([near[:-2], near[1:-1], near[2:]]), axis=0)
    more = near > (found[0] + found[1]) / 2
    first = last = (start + end) // 2
    while first - 1 > 0 and more[first - 1]:
        first -= 1
    while last + 1 < len(more) and more[last + 1]:
        last += 1
    return (first, last + 1) if 3 <= last - first <= 3 * second else None


def _trimmed(flat: Series, start: int, end: int) -> tuple[int, int]:
    """The window cut down to where the share really moves: a line through its middle part."""
    share = (flat[start : end + 1] - flat[end]) @ (flat[start] - flat[end])
    share = share / float(share[0])
    middle = np.flatnonzero((share > 0.15) & (share < 0.85))
    if len(middle) < 2:
        return start, end + 1
    slope, offset = np.polyfit(middle, share[middle], 1)
    first = start + max(0, round((1.0 - offset) / slope))
    last = start + min(end - start, round(-offset / slope))
    return (first, last + 1) if last - first >= 2 else (start, end + 1)


def _mix(flat: Series, start: int, end: int) -> float | None:
    """How badly the frames between are no mix of the two ends; None if they are none at all."""
    x, y = flat[start], flat[end]
    gap = x - y
    power = float(gap @ gap) / len(gap)
    if power < LEAST_GAP**2:
        return None
    cx, cy = x - x.mean(), y - y.mean()
    if abs(float(cx @ cy)) > 0.8 * np.sqrt(float(cx @ cx) * float(cy @ cy)):
        return None  # the same place at both ends
    inner = np.linspace(start, end, 9)[1:-1].round().astype(int)
    share = (flat[inner] - y) @ gap / float(gap @ gap)
    left = flat[inner] - y - share[:, None] * gap
    error = float(np.sqrt((left**2).mean() / power))
    spread = share[:-1] - share[1:]
    if error > MOST_ERROR or (spread < -0.03).any() or share[0] < 0.6 or share[-1] > 0.4:
        return None
    if spread.max() > 0.5:  # one sharp step is a cut, not a mix
        return None
    return error
