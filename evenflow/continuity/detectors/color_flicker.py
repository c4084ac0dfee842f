"""Color flicker: the color of a place, or of everything, goes to and fro while its lightness rests.

Signal: CIELAB a and b along the motion, cell by cell. Where color leaves and comes back, the step
into a frame and the step out of it point against each other; a new color, a ramp and a place that
moves have no such pair. It counts where it goes on for most frames, in cells that lie together and
flicker alike, above what the picture does elsewhere and what the place does at other times. The
share of lightness tells it from flicker of the light.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label, uniform_filter, uniform_filter1d

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import L_PER_LOG, Passage
from evenflow.continuity.robust import runs
from evenflow.continuity.severity import COLOR_FLICKER

LAGS = (1, 2, 3)
"""Frames between leaving and returning."""
LEAST = 0.8
"""dE of a cell that takes part."""
LEAST_CELLS = 8
ABOVE = 3.0
"""How far the place stands above the rest of the picture, or above its own rest."""
CHROMA = 1.4
"""Least ratio of color to lightness, both in dE."""
MOST_PLACES = 3
FROM_FIRST = 2
"""What a place does at the first frame that has two neighbors, it has always done."""


def returning(path: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far a path leaves a value and comes back, per frame; the path is `(n, ..., c)`.

    At lag k the shorter of the steps `x[t] - x[t - k]` and `x[t + k] - x[t]`, times how much they
    point against each other: about the rms of an oscillation of 2 to 4 k frames, zero for ramps and
    single steps. The largest of all lags.
    """
    made = np.zeros(path.shape[:-1], np.float32)
    for lag in LAGS:
        if len(path) < 2 * lag + 1:
            break
        step = path[lag:] - path[:-lag]
        against = -(step[:-lag] * step[lag:]).sum(axis=-1)
        length = np.sqrt((step * step).sum(axis=-1))
        shorter = against / np.maximum(np.maximum(length[:-lag], length[lag:]), 1e-6)
        made[lag:-lag] = np.maximum(made[lag:-lag], shorter)
    return made


def chroma_paths(passage: Passage) -> NDArray[np.float32]:
    """Lightness, a and b of every cell as its steps add up, over 3 by 3 cells, `(n, 18, 24, 3)`."""
    cells = passage.cells
    table = np.stack([L_PER_LOG * cells["gain"], cells["a"], cells["b"]], axis=2)
    known = np.isfinite(table[..., :1]).astype(np.float32)
    steps = np.nan_to_num(table).reshape(-1, ROWS, COLS, 3).astype(np.float32)
    weight = uniform_filter(known.reshape(-1, ROWS, COLS, 1), (1, 3, 3, 1), mode="constant")
    steps = uniform_filter(steps, (1, 3, 3, 1), mode="constant") / np.maximum(weight, 0.15)
    made: NDArray[np.float32] = np.cumsum(steps, axis=0, dtype=np.float32)
    return made


def detect(passage: Passage) -> list[Candidate]:
    """Places whose color flickers for a while; the strongest ones of a passage."""
    count = len(passage)
    if count < 8 or passage.pairs[-1] is None:
        return []
    path = chroma_paths(passage)
    window = max(5, round(0.35 * passage.fps))
    level = uniform_filter1d(returning(path[..., 1:]), window, axis=0, mode="constant")
    usual = np.median(level, axis=(1, 2))  # of the picture as a whole, per frame
    own = np.percentile(level, 20, axis=0)  # of a place, at its quiet times
    floor = np.maximum(LEAST, ABOVE * usual[:, None, None])
    fresh = level > np.maximum(floor, 1.6 * own)
    whole = usual > max(LEAST, ABOVE * float(np.percentile(usual, 20)))
    found: list[Candidate] = []
    for start, end in runs(whole, gap=window // 2):
        one = _measured(passage, path, start, end, np.ones((ROWS, COLS), bool), window)
        if one is not None:
            found.append(one)
    many = fresh.sum(axis=(1, 2)) >= LEAST_CELLS
    for start, end in runs(many, gap=window // 2):
        mean = np.where(fresh[start:end], level[start:end], 0.0).max(axis=0)
        places, num = label(mean > 0.45 * np.percentile(mean[mean > 0], 90), np.ones((3, 3)))
        sizes = np.bincount(places.ravel(), mean.ravel(), num + 1)[1:]
        for k in np.argsort(-sizes)[:MOST_PLACES] + 1:
            cells = places == k
            if cells.sum() < LEAST_CELLS:
                continue
            one = _measured(passage, path, start, end, cells, window)
            if one is not None and all(_apart(one, c) for c in found):
                found.append(one)
    return found


def _apart(a: Candidate, b: Candidate) -> bool:
    return a.end <= b.start or b.end <= a.start


def _measured(
    passage: Passage,
    path: NDArray[np.float32],
    start: int,
    end: int,
    cells: NDArray[np.bool_],
    window: int,
) -> Candidate | None:
    """What a place does as one, while it does; None if that is no flicker of color."""
    low, high = max(0, start - window), min(len(passage), end + window)
    own = path[low:high, cells].mean(axis=1)  # (m, 3)
    size = returning(own[:, 1:])
    strong = float(np.percentile(size, 85))
    loud = np.flatnonzero(size > 0.3 * strong)
    if len(loud) < 3 or strong < LEAST:
        return None
    first, last = int(loud[0]), int(loud[-1]) + 1
    part = size[first:last]
    if last - first < max(4, 0.25 * passage.fps) or (part > 0.25 * strong).mean() < 0.5:
        return None
    turns = np.diff(own[first:last, 1:], axis=0)
    if ((turns[1:] * turns[:-1]).sum(axis=1) < 0).mean() < 0.25:
        return None  # one way, and later back: no flicker
    light = returning(own[:, :1])[first:last]
    color_rms = float(np.sqrt((part**2).mean()))
    light_rms = float(np.sqrt((light**2).mean()))
    if color_rms < CHROMA * light_rms:
        return None
    around = binary_dilation(cells, iterations=3)
    rest = 0.0
    if (~around).sum() > 40:
        other = path[low:high, ~around]
        rest = float(np.median(np.sqrt((returning(other[..., 1:])[first:last] ** 2).mean(axis=0))))
    outside = np.concatenate([size[: max(0, first - 2)], size[last + 2 :]])
    before = float(np.median(outside)) if len(outside) >= 4 else 0.0
    if color_rms < ABOVE * max(rest if not cells.all() else 0.0, 0.7 * before):
        return None
    severity = color_rms / COLOR_FLICKER
    if severity < 1.0:
        return None
    everywhere = cells.mean() > 0.7
    if not everywhere and low + first <= FROM_FIRST:
        return None  # a screen or a fire that was there from the beginning
    where = "the color of the whole picture" if everywhere else "the color of a part of the picture"
    return Candidate(
        "color_flicker",
        low + first,
        min(low + last, len(passage)),
        low + first + int(np.argmax(part)),
        severity,
        0.6 + 0.1 * min(3.0, severity - 1.0),
        f"{where} goes to and fro by {color_rms:.1f} dE (rms) from frame to frame, its lightness "
        f"by {light_rms:.1f}",
        evidence("chroma_shift", color_rms, COLOR_FLICKER),
        ("lighting_flicker", "color_change"),
        None if everywhere else cells.ravel(),
        # grain has no color that a whole place shares, and softness none at all
        immune=frozenset({"high_frequency_noise", "sharpness_pumping"}),
        # a color that comes and goes is lighter and darker as well; light has no color of its own
        causes=frozenset({"lighting_flicker"}),
    )
