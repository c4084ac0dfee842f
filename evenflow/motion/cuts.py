"""Where one shot ends and the next begins: cuts, fades, dissolves; and flashes, which are none.

A cut is a step where motion fails both ways, the picture as a whole is another one, and the old
picture does not come back within `FLASH` frames. A fade goes through a picture without contrast; a
dissolve is a mix `a x + (1 - a) y` of two unrelated pictures whose share `a` runs from 1 to 0.

Source: the flash rule and flow failure as notes on PySceneDetect's false cuts call for; the
dissolve model is Hampapur et al. 1995, Production model based digital video segmentation, section
4.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

FLASH = 3
"""A change that is undone within so many frames is a flash, not a cut."""
_LIMITS = ((0.2, 0.2, 0.8), (0.3, 0.35, 0.5))
"""Least tracked, valid and likeness of layout that speak against a cut, together; two regimes."""


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
    return bool(tracked < 0.6 * ordinary or evidence.palette_step[i] > 0.25)


def _same_picture(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    return layout_likeness(a, b) > 0.85 and float(np.abs(a - b).mean()) < 24.0


def gradual(thumbs: NDArray[np.float32], *, fps: float) -> list[tuple[int, int, str]]:
    """Fades and dissolves in a run of frames without cuts: `(start, end, kind)`, half-open.

    Args:
        thumbs: `(n, h, w)` gray levels.
        fps: frames per second; transitions last between 0.2 and 2.5 seconds.
    """
    kept = _fades(thumbs)
    for start, end in _dissolves(thumbs, fps):
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


def _dissolves(thumbs: NDArray[np.float32], fps: float) -> list[tuple[int, int]]:
    count = len(thumbs)
    flat = thumbs.reshape(count, -1).astype(np.float64)
    best: list[tuple[float, int, int]] = []
    for seconds in (0.3, 0.5, 0.8, 1.2, 1.8, 2.5):
        length = max(5, round(seconds * fps))
        for start in range(0, count - length, max(1, length // 6)):
            fit = _mix(flat, start, start + length)
            if fit is not None:
                best.append((fit, start, start + length))
    best.sort()
    kept: list[tuple[int, int]] = []
    for _, start, end in best:
        if all(end <= s or start >= e for s, e in kept):
            kept.append((start, end))
    return [_trimmed(flat, start, end) for start, end in sorted(kept)]


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
    if power < 15.0**2:
        return None
    cx, cy = x - x.mean(), y - y.mean()
    if abs(float(cx @ cy)) > 0.5 * np.sqrt(float(cx @ cx) * float(cy @ cy)):
        return None  # the same place at both ends
    inner = np.linspace(start, end, 9)[1:-1].round().astype(int)
    share = (flat[inner] - y) @ gap / float(gap @ gap)
    left = flat[inner] - y - share[:, None] * gap
    error = float(np.sqrt((left**2).mean() / power))
    spread = share[:-1] - share[1:]
    if error > 0.14 or (spread < -0.03).any() or share[0] < 0.6 or share[-1] > 0.4:
        return None
    if spread.max() > 0.5:  # one sharp step is a cut, not a mix
        return None
    return error
