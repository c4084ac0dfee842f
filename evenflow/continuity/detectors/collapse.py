"""Collapse: the picture loses its structure for good: noise, mush, or one piece of it everywhere.

Signals, from the luma of the sketches: the kurtosis of the gradient (natural pictures have few and
strong edges: 8 to 60; blotches and noise have 3), gradient energy that falls more the finer the
octave, and the largest correlation of the picture with itself elsewhere (a repeated pattern). What
comes into view by a camera that moves on is no collapse, nor is a fade.

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

EVERY, EVERY_PATTERN = 2, 8
"""Structure is read at every second frame, patterns at every eighth."""
HALF = 45
"""Lines at which patterns are searched."""
LOST = 0.55
"""Octaves of kurtosis that a shot may lose without having lost its structure."""
SOFT = 1.8
"""Units of log gradient energy that the finest two octaves may lose, and lose alone."""
PATTERN = 0.76
"""Likeness of a picture to itself elsewhere; bricks come to 0.71 and never become so at once."""
MOVED = 0.4
"""Share of the picture's width that a camera may cover in between."""
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
    return float(near.max())


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
    left = _middle([structure(p) for p in after])
    size, name = lost(_middle([structure(p) for p in before]), left)
    return size >= 3.0 and (name != "a repeated pattern" or left.pattern > 0.92)


def _middle(states: Sequence[Structure]) -> Structure:
    table = np.array([(s.kurtosis, s.fine, s.coarse, s.contrast) for s in states])
    kurtosis, fine, coarse, contrast = np.median(table, axis=0).tolist()
    patterns = [s.pattern for s in states if math.isfinite(s.pattern)]
    pattern = statistics.median(patterns) if patterns else math.nan
    return Structure(kurtosis, fine, coarse, pattern, contrast)


def detect(passage: Passage) -> list[Candidate]:
    """The frame from which structure is lost, to where it is back or the end of the shot."""
    count = len(passage)
    if count < 8 or passage.pairs[-1] is None:
        return []
    at = list(range(0, count, EVERY))
    states = [
        structure(passage.pictures[i], with_pattern=i % EVERY_PATTERN == 0 or i == at[-1])
        for i in at
    ]
    whole = _from_the_start(passage, states)
    if whole:
        return whole
    second = max(2, round(passage.fps / EVERY))
    best: tuple[float, int, str] | None = None
    middles: dict[tuple[int, int], Structure] = {}  # what is after one frame is before another

    def middle(low: int, high: int) -> Structure:
        high = min(high, len(states))
        if (low, high) not in middles:
            middles[low, high] = _middle(states[low:high])
        return middles[low, high]

    for k in range(2, len(at) - 2):
        before = middle(max(0, k - second), k)
        late = min(len(at) - 2, k + second // 2)
        after = middle(late, late + second)
        size, name = lost(before, after)
        if size >= 1.0 and (best is None or size > best[0] * 1.05):
            best = size, k, name
    if best is None:
        return []
    size, k, name = best
    start, end = _span(passage, states, at, k, second, name)
    if end - start < max(4, round(0.25 * passage.fps)) or _distance(passage, start) > MOVED:
        return []
    return [_candidate(start, end, size, f"the picture breaks down into {name} and stays so")]


def _span(
    passage: Passage, states: list[Structure], at: list[int], k: int, second: int, name: str
) -> tuple[int, int]:
    """First frame that leaves the old state, and the frame at which it is back."""
    before = _middle(states[max(0, k - second) : k])
    late = min(len(at) - 2, k + second // 2)
    after = _middle(states[late : late + second])
    field = {"blotches": "kurtosis", "mush": "fine"}.get(name)
    if field is None:  # patterns are read rarely: what motion leaves tells when they came
        return _onset(passage, at[max(0, k - second)], at[late]), len(passage)
    series = np.array([getattr(s, field) for s in states])
    top, bottom = getattr(before, field), getattr(after, field)
    share = (top - series) / max(top - bottom, 1e-6)  # 0 before, 1 after
    first = k
    while first > 0 and share[first - 1] > 0.25:
        first -= 1
    while first + 1 < len(at) and share[first] <= 0.25:
        first += 1
    there = np.flatnonzero(share[first:] > 0.7)
    gone = first + int(there[0]) if len(there) else late
    back = np.flatnonzero(share[gone:] < 0.4)
    end = at[gone + int(back[0])] if len(back) else len(passage)
    return max(0, at[first] - (EVERY - 1)), end


def _onset(passage: Passage, low: int, high: int) -> int:
    """The frame from which motion leaves most more than it left before."""
    residual = np.nan_to_num(passage.of_pairs("residual"))
    reach = 6
    rises = [
        float(residual[i : i + reach].mean() - residual[max(1, i - reach) : i].mean())
        for i in range(max(2, low), max(low + 1, min(high, len(residual) - 1)) + 1)
    ]
    most = max(rises)
    # where motion leaves less and less all the way, no rise is above nothing
    last = max(i for i, rise in enumerate(rises) if rise >= most - 0.1 * abs(most))
    return max(2, low) + last


def _distance(passage: Passage, start: int) -> float:
    """Way that the camera would make in half a second from here, in widths of the picture."""
    reach = max(3, round(0.5 * passage.fps))
    steps = np.nan_to_num(passage.camera[max(1, start - reach) : start])
    width = passage.lines * passage.size[0] / passage.size[1]
    return float(np.hypot(*np.median(steps, axis=0)) * reach / width) if len(steps) else 0.0


def _from_the_start(passage: Passage, states: list[Structure]) -> list[Candidate]:
    """A shot in which nothing has any structure and nothing follows from what was before."""
    middle = _middle(states)
    residual = passage.of_pairs("residual")[1:]
    unforeseen = float(np.nanmedian(residual)) / max(middle.contrast, 1.0)
    if (
        np.percentile([s.kurtosis for s in states], 90) > 1.9
        or middle.contrast < LEAST_CONTRAST
        or unforeseen < 0.25
    ):
        return []
    size = 6.0 + 10.0 * (unforeseen - 0.25)
    said = "there is nothing but noise from the first frame to the last"
    return [_candidate(0, len(passage), size, said)]


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
