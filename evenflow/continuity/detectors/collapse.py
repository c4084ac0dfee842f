"""Collapse: the picture loses its structure for good: noise, mush, or one piece of it everywhere.

Two signals have to agree. The picture stops being what it was: half a second later its detail,
looked up along the motion, is not found again, or only as a remainder. And what is there instead
has less structure than the shot's own past: its gradient has lost the heavy tail (natural pictures
have few and strong edges: a kurtosis of 8 to 60; blotches and noise have 3), its octaves are weaker
(the fine ones more: mush; all of them: it washes out), or it is more like itself elsewhere than it
was (a repeated pattern). Where the layout stays, the surfaces tell: within less than a second most
of what had a gradient has none at all (blocks, a few flat colors), or edges melt while colors grow
stronger, which no lens does. What comes into view by a camera that moves on is no collapse, nor is
a fade, and a picture that never had such structure has not lost it.

Source: the heavy tails of natural gradients, Huang & Mumford 1999, CVPR, Statistics of natural
images and models.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.picture import Picture
from evenflow.continuity.robust import runs

HALF = 45
"""Lines at which patterns are searched."""
LOST = 0.55
"""Octaves of kurtosis that a shot may lose without having lost its structure."""
SOFT = 1.8
"""Units of log gradient energy that the finest two octaves may lose, and lose alone."""
PATTERN = 0.76
"""Likeness of a picture to itself elsewhere; bricks come to 0.71 and never become so at once."""
REPEATED = 0.82
"""The same of one piece everywhere, which no shot shows."""
ONE_WAY = 0.2
"""How much less a picture is like itself beside than above, or above than beside: one post is like
itself above, and nowhere beside."""
MOVED = 0.4
"""Share of the picture's width that a camera may cover in between."""
SETTLES_S = 0.6
"""Seconds after which a picture that breaks down has become what it stays."""
STIRRED = 1.3
"""Least rise of what motion leaves, as a factor, for a frame to be looked at."""
LOOKS_PER_S = 0.5
"""Places a second that are looked at, the most likely ones first."""
GONE = 0.3
"""Share of the detail that has to be lost where something else stands in its place."""
NEW_LOOK = 0.1
"""Below this share all of the detail is where it was: the picture is drawn in another way."""
DRAWN, LAYOUT = 1.0, 0.75
"""Log gradient energy of the finest octaves that is won, and likeness of the layout that stays:
hatched and dotted pictures are drawn in another way, too."""
REPEATS = 0.2
"""Least rise of the likeness of the picture to itself elsewhere; less, where the tail of its
gradient is lost as well."""
WASHED = 0.4
"""Log contrast that a picture may lose while its detail stays in place."""
FLAT = 0.62
"""Share of what has a gradient that may be left where it turns into flat patches."""
STAYS = 0.55
"""Least detail that is found again for it to be the same view: a plain wall may come into sight."""
AT_ONCE = 0.6
"""Share of the way that is made within one frame where a picture is drawn in another way."""
VIVID = 1.12
"""Least factor by which the spread of color grows while edges melt: a lens out of focus mixes
colors, and makes them paler."""
MELTS = 0.9
"""Least log gradient energy of the finest octaves, beyond that of the coarsest, that melts away."""
LEAST_CONTRAST = 8.0
"""Standard deviation of luma, gray levels: a picture without contrast is dark, not broken."""
EXPLAINED = frozenset(
    {
        "style_change", "high_frequency_noise", "lighting_flicker", "unnatural_jump", "drift",
        "identity_drift", "subject_swap", "color_change", "vanish", "shake",
        "teleportation", "unstable_texture", "edge_shimmer", "ghosting", "background_swim", "seam",
        "sharpness_pumping", "light_direction", "unnatural_motion", "image_flicker",
        "color_flicker", "freeze", "action_sequence",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Structure:
    """What tells a picture from a mess.

    Args:
        kurtosis: log2 of the kurtosis of the gradient.
        fine, coarse: log gradient energy of the two finest octaves, and of the coarsest.
        pattern: largest correlation with itself elsewhere, in [-1, 1]; NaN where not read.
        contrast: standard deviation of luma, gray levels.
    """

    kurtosis: float
    fine: float
    coarse: float
    pattern: float
    contrast: float


Gray = NDArray[np.float32]
SHARED = 0.25
"""Least overlap, as a share of the whole, in which a picture is likened to itself elsewhere: two
corners may agree by chance."""


def structure(picture: Picture, *, with_pattern: bool = True) -> Structure:
    """Reads the structure of one picture."""
    luma = _luma(picture)
    across, down = cv2.absdiff(luma[:, 1:], luma[:, :-1]), cv2.absdiff(luma[1:], luma[:-1])
    counts = sum(cv2.calcHist([d], [0], None, [256], [0, 256]).ravel() for d in (across, down))
    power = np.arange(256.0) ** 2
    share = counts / (across.size + down.size)
    kurtosis = float((share * power * power).sum()) / (float((share * power).sum()) + 0.05) ** 2
    bands = picture.bands
    return Structure(
        kurtosis=float(np.log2(max(kurtosis, 1.0))),
        fine=float(bands[:2].mean()),
        coarse=float(bands[-1]),
        pattern=_pattern(luma) if with_pattern else np.nan,
        contrast=float(cv2.meanStdDev(luma)[1][0, 0]),
    )


def _luma(picture: Picture) -> NDArray[np.uint8]:
    high = picture.sketch.shape[0] * 2 // 3
    luma: NDArray[np.uint8] = picture.sketch[:high]
    return luma


def _pattern(luma: NDArray[np.uint8]) -> float:
    scale = HALF / min(luma.shape)
    size = (round(luma.shape[1] * scale), round(luma.shape[0] * scale))
    small = cv2.resize(luma.astype(np.int16), size, interpolation=cv2.INTER_AREA)
    small = small.astype(np.float32)
    small -= cv2.GaussianBlur(small, (0, 0), 6)
    window, norm = _window(small.shape[0], small.shape[1])
    own = _autocorrelation(small * window)
    likeness = np.fft.fftshift((own / max(own[0, 0], 1e-6)) / (norm / norm[0, 0] + 0.05))
    row, col = likeness.shape[0] // 2, likeness.shape[1] // 2
    reach = small.shape[0] // 2, small.shape[1] // 2
    near = likeness[row : row + reach[0], col - reach[1] : col + reach[1]].copy()
    y, x = np.mgrid[: near.shape[0], : near.shape[1]]
    near[np.hypot(y, x - reach[1]) < 5] = -1.0
    shared = np.fft.fftshift(norm / norm[0, 0])
    shared = shared[row : row + reach[0], col - reach[1] : col + reach[1]]
    near[shared < SHARED] = -1.0
    flat = np.abs(x - reach[1]) > y
    less, more = sorted((float(near[flat].max()), float(near[~flat].max())))
    return more if less > more - ONE_WAY else less


@lru_cache(maxsize=8)
def _window(height: int, width: int) -> tuple[NDArray[np.float32], Series]:
    """A window that fades to the borders, and its own autocorrelation."""
    made = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    return made, _autocorrelation(made)


def _autocorrelation(values: NDArray[np.float32]) -> Series:
    shape = (2 * values.shape[0], 2 * values.shape[1])
    made: Series = np.fft.irfft2(np.abs(np.fft.rfft2(values, shape)) ** 2, shape)
    return made


def lost(before: Structure, after: Structure) -> tuple[float, str]:
    """How much structure is lost between two states, in JND, and what became of it."""
    if min(before.contrast, after.contrast) < LEAST_CONTRAST:
        return 0.0, ""
    fall = before.kurtosis - after.kurtosis
    noise = 4.5 * max(0.0, fall - LOST) if after.kurtosis < 2.9 else 0.0
    soft = before.fine - after.fine
    alone = soft - max(0.0, before.coarse - after.coarse)
    mush = 2.5 * max(0.0, min(soft, 2.0 * alone) - SOFT) if fall > 0.3 else 0.0
    rise = after.pattern - max(PATTERN, before.pattern + 0.2)
    pattern = 2.5 + 25.0 * rise if rise > 0 else 0.0
    size, name = max((noise, "blotches"), (mush, "mush"), (pattern, "a repeated pattern"))
    return size, name if size > 0 else ""


def breaks_down(before: Sequence[Picture], after: Sequence[Picture]) -> bool:
    """True if the pictures behind a transition are no new shot but what is left of the old one."""
    if not before or not after:
        return False
    was, left = (_middle([structure(p) for p in part]) for part in (before, after))
    if left.pattern > REPEATED and was.pattern < PATTERN and left.contrast > LEAST_CONTRAST / 2:
        return True
    size, name = lost(was, left)
    sure = name != "a repeated pattern" or was.kurtosis - left.kurtosis > 2.0 * LOST
    return size >= 3.0 and sure


def _middle(states: Sequence[Structure]) -> Structure:
    table = np.array([(s.kurtosis, s.fine, s.coarse, s.contrast) for s in states])
    kurtosis, fine, coarse, contrast = np.median(table, axis=0).tolist()
    patterns = [s.pattern for s in states if math.isfinite(s.pattern)]
    pattern = statistics.median(patterns) if patterns else math.nan
    return Structure(kurtosis, fine, coarse, pattern, contrast)


def detect(passage: Passage) -> list[Candidate]:
    """The frame from which structure is lost, to where it is back or the end of the shot."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    whole = _from_the_start(passage)
    if whole:
        return whole
    best: tuple[float, int, str] | None = None
    for start in _onsets(passage):
        size, name = _loss(passage, start)
        if size >= 1.0 and (best is None or size > 1.15 * best[0]):
            best = size, start, name
    if best is None:
        return []
    size, start, name = best
    end = _end(passage, start)
    if end - start < max(4, round(0.25 * passage.fps)) or _distance(passage, start) > MOVED:
        return []
    return [_candidate(start, end, size, f"the picture breaks down into {name} and stays so")]


def _onsets(passage: Passage) -> list[int]:
    """Frames from which motion leaves more than before, or texture is lost; likely ones first."""
    count, second = len(passage), max(4, round(passage.fps))
    short = max(4, round(0.3 * passage.fps))
    left = np.nan_to_num(passage.of_pairs("residual")) + 0.1
    left[0] = left[1]
    texture = passage.bands.mean(axis=1)
    before, after = _windows(left, second)[0], _windows(left, short)[1]
    usual = np.median(before, axis=1)
    rise = np.percentile(after, 25, axis=1) / np.percentile(before, 75, axis=1)
    scores = np.where((rise > STIRRED) & (left > STIRRED * usual), np.log(rise), 0.0)
    later = np.median(_windows(texture, second)[1], axis=1)
    later = later[np.minimum(np.arange(count) + short, count - 1)]
    fall = np.median(_windows(texture, second)[0], axis=1) - later
    scores = np.maximum(scores, np.where(fall > 2 * WASHED - 0.2, 0.2 * fall, 0.0))
    scores[:4] = scores[count - short :] = 0.0
    made: list[int] = []
    most = 1 + int(np.ceil(LOOKS_PER_S * count / passage.fps))
    for i in np.argsort(-scores, kind="stable").tolist():
        if scores[i] <= 0.0 or len(made) >= most:
            break
        if all(abs(i - k) > second // 3 for k in made):
            made.append(i)
    return list(dict.fromkeys(_onset(left, i, second // 3) for i in made))


def _windows(series: Series, length: int) -> tuple[Series, Series]:
    """The entries before each one, and those from each one on; the ends repeat. `(n, length)`."""
    padded = np.pad(series, length, mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, length)
    return views[: len(series)], views[length : length + len(series)]


def _onset(left: Series, at: int, reach: int) -> int:
    """The frame nearby from which motion leaves most more than it left before."""
    while True:
        frames = range(max(4, at - reach), min(len(left) - 3, at + reach + 1))
        rises = [float(left[i : i + 4].mean() / left[max(1, i - 6) : i].mean()) for i in frames]
        best = frames[int(np.argmax(rises))] if rises else at
        if best == at or abs(best - at) < reach:
            return best
        at, reach = best, max(1, reach // 2)


def _loss(passage: Passage, start: int) -> tuple[float, str]:
    """What is lost from a frame on, in JND, and what became of the picture."""
    count, second = len(passage), round(passage.fps)
    held = start - 2
    settled = min(count - 1, start + round(SETTLES_S * passage.fps))
    earlier = max(0, held - (settled - held))
    if settled - start < 3 or held - earlier < 2:
        return 0.0, ""
    stays, share = _found_again(passage, held, settled)
    surface = _surface(passage, start, settled) if stays > STAYS else (0.0, "")
    if surface[0] >= 1.0:
        return surface
    if stays > 1.0 - NEW_LOOK and share > np.exp(-WASHED):
        return 0.0, ""  # all is there, and as strong as it was
    usual, _ = _found_again(passage, earlier, held)
    gone = 1.0 - stays / max(usual, 0.3)
    past = slice(max(0, start - second), start - 1, max(1, second // 6))
    near = slice(settled - second // 8, settled + second // 4 + 1, max(1, second // 12))
    before, after = (
        _middle([structure(p, with_pattern=gone > GONE) for p in passage.pictures[part]])
        for part in (past, near)
    )
    if before.contrast < LEAST_CONTRAST:
        return 0.0, ""
    if after.fine > before.fine + DRAWN and passage.carried(held, settled) > LAYOUT:
        return 0.0, ""
    sizes = [lost(before, after) if gone > NEW_LOOK else (0.0, "")]
    if gone > GONE:
        fall = before.kurtosis - after.kurtosis
        if after.kurtosis < 1.95 and (fall > LOST or _unforeseen(passage, start, settled)):
            sizes.append((12.0 * gone, "blotches"))
        rise = after.pattern - before.pattern
        if after.pattern > 0.55 and rise > 0.1 and rise / REPEATS + max(0.0, fall) > 1.0:
            sizes.append((12.0 * gone, "a repeated pattern"))
    pale = _washed(passage, start, settled)
    if pale > WASHED and stays > 0.5 and share < np.exp(-WASHED):
        sizes.append((4.5 * pale, "a flat remainder"))
    return max(sizes)


def _surface(passage: Passage, start: int, settled: int) -> tuple[float, str]:
    """What becomes of the surfaces where the layout stays: flat patches, or vivid mush."""
    second = max(4, round(passage.fps))
    past, new = slice(max(0, start - second // 2), start), slice(settled, settled + second)
    flat = np.array([p.flat for p in passage.pictures])
    bands, spread = passage.bands, np.hypot(passage.moments[:, 4], passage.moments[:, 5])
    if 2.55 * float(np.median(passage.moments[new, 3])) < LEAST_CONTRAST:
        return 0.0, ""
    before, after = 1.0 - float(np.median(flat[past])), 1.0 - float(np.percentile(flat[new], 10))
    at_once = float(np.diff(flat[start - 2 : settled + 1]).max())
    if after < FLAT * before and at_once < AT_ONCE * (before - after):
        return 3.0 * float(np.log2(before / max(after, 0.02))), "flat patches"
    was, now = np.median(bands[past], axis=0), np.percentile(bands[new], 90, axis=0)
    melts = float((was[:2] - now[:2]).mean() - max(0.0, was[-1] - now[-1]))
    vivid = float(np.median(spread[new]) / max(float(np.median(spread[past])), 1.0))
    melting = float(-np.diff(bands[start - 2 : settled + 1, :2].mean(axis=1)).min())
    if melts > MELTS and vivid > VIVID and melting < AT_ONCE * 1.3 * melts:
        return 2.5 * melts, "vivid mush"
    return 0.0, ""


def _found_again(passage: Passage, i: int, j: int) -> tuple[float, float]:
    """How much of the detail of frame `i` is found in frame `j` where the motion says.

    Returns:
        Correlation in [-1, 1], and the contrast of detail in `j` over that in `i`.
    """
    x, y = (passage.gray(k) for k in (i, j))
    height, width = x.shape
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    grid = np.stack([across, down], axis=-1).astype(np.float32) + passage.matched(i, j).back
    along_flow = cv2.remap(x, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    path, size = passage.camera_path(i, j), (width, height)
    along_camera = cv2.warpPerspective(x, path, size, borderMode=cv2.BORDER_REPLICATE)
    shared = cv2.warpPerspective(np.ones_like(x), path, size) > 0.99
    whole = np.ones_like(shared)
    found = [_likeness(along_flow, y, whole)]
    if shared.mean() > 0.3:  # over fast or repetitive ground the camera knows better
        found.append(_likeness(along_camera, y, shared))
    return max(found)


def _likeness(a: Gray, b: Gray, where: NDArray[np.bool_]) -> tuple[float, float]:
    a, b = (
        (cv2.GaussianBlur(v, (0, 0), 1) - cv2.GaussianBlur(v, (0, 0), 6))[where] for v in (a, b)
    )
    power_a, power_b = float(a @ a) + a.size, float(b @ b) + b.size
    return (float(a @ b) + a.size) / np.sqrt(power_a * power_b), np.sqrt(power_b / power_a)


def _unforeseen(passage: Passage, start: int, settled: int) -> bool:
    """True if what is there follows much less from frame to frame than what was there before."""
    second = round(passage.fps)
    left, contrast = passage.of_pairs("residual"), passage.moments[:, 3]
    before, after = slice(max(1, start - second), start), slice(settled, settled + second)
    usual = np.nanmedian(left[before] / np.maximum(contrast[before], 1.0))
    return bool(np.nanmedian(left[after] / np.maximum(contrast[after], 1.0)) > 2.0 * usual + 0.05)


def _washed(passage: Passage, start: int, settled: int) -> float:
    """Log contrast that the whole picture loses beyond what it loses in light."""
    second = round(passage.fps)
    before, after = slice(max(0, start - second), start), slice(settled, settled + second)
    light, contrast = (np.maximum(passage.moments[:, k], 0.5) for k in (0, 3))
    darker = float(np.log(np.median(light[before]) / np.median(light[after])))
    fall = float(np.log(np.median(contrast[before]) / np.median(contrast[after])))
    at_once = -np.diff(np.log(contrast[start - 1 : settled + 1])).min()
    if at_once > 0.6 * fall:  # another look
        return 0.0
    return fall - max(0.0, darker)


def _end(passage: Passage, start: int) -> int:
    """The frame from which the picture looks as before, or the end of the shot."""
    second = round(passage.fps)
    look = np.concatenate([passage.bands, passage.moments / 10.0], axis=1)
    settled = start + round(SETTLES_S * passage.fps)
    before = np.median(look[max(0, start - second) : start], axis=0)
    away = np.median(look[settled : settled + second], axis=0) - before
    share = (look[settled:] - before) @ away / max(float(away @ away), 1e-9)
    back = runs(share < 0.4)
    for first, last in back:
        if last - first >= 4 or settled + last == len(passage):
            return settled + first
    return len(passage)


def _distance(passage: Passage, start: int) -> float:
    """Way that the camera would make in half a second from here, in widths of the picture."""
    reach = max(3, round(0.5 * passage.fps))
    steps = np.nan_to_num(passage.camera[max(1, start - reach) : start])
    width = passage.lines * passage.size[0] / passage.size[1]
    return float(np.hypot(*np.median(steps, axis=0)) * reach / width) if len(steps) else 0.0


def _from_the_start(passage: Passage) -> list[Candidate]:
    """A shot in which nothing has any structure and nothing follows from what was before."""
    count = len(passage)
    contrast = 2.55 * float(np.median(passage.moments[:, 3]))  # gray levels, as those of the luma
    unforeseen = float(np.nanmedian(passage.of_pairs("residual")[1:])) / max(contrast, 1.0)
    if contrast < LEAST_CONTRAST or unforeseen < 0.25:
        return []
    at = range(0, count, max(1, count // 24))
    states = [structure(passage.pictures[i], with_pattern=False) for i in at]
    if np.percentile([s.kurtosis for s in states], 90) > 1.9:
        return []
    apart = max(2, round(0.25 * passage.fps))
    pairs = [(i, i + apart) for i in range(0, count - apart, max(1, count // 5))]
    if pairs and np.median([_found_again(passage, i, j)[0] for i, j in pairs]) > 0.35:
        return []  # small marks that are the same ones all the time
    size = 6.0 + 10.0 * (unforeseen - 0.25)
    said = "there is nothing but noise from the first frame to the last"
    return [_candidate(0, count, size, said)]


def _candidate(start: int, end: int, size: float, said: str) -> Candidate:
    return Candidate(
        "collapse",
        start,
        end,
        min(end - 1, start + (end - start) // 2),
        size,
        0.6 + 0.05 * min(6.0, size),
        said,
        evidence("structure_lost", size, 1.0),
        ("cut", "fade", "focus pull"),
        immune=EXPLAINED if size >= 2.0 else frozenset(),
        causes=EXPLAINED if size >= 2.0 else frozenset(),
    )
