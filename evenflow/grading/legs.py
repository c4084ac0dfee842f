"""Legs: soles and the phase of a walker's gait, from the lower part of its silhouette.

Legs spread and close twice in a cycle, whoever looks from whichever side but the front: how far the
lower quarter of a body spreads, over its height, is a wave, and the angle of its analytic signal
(Gabor 1946) runs two turns a cycle. Four legs are too quick and too many for that. Legs that do not
spread have a phase that stands still.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.signal import hilbert

from evenflow.grading.bodies import Body

F = NDArray[np.float32]
LOWER = 0.28
"""Share of the height that is legs, from below."""
SWING = 0.018
"""Swing of the spread, in heights, below which legs stand still."""
SMALLEST = 20
"""Rows of a walker whose legs can be told apart."""
FEWEST = 8
"""Frames in a row from which a phase can be told."""


def spread(body: Body, lab: F, free: NDArray[np.bool_]) -> float:
    """Standard deviation of the columns of the legs, over the height of the body; NaN if too small.

    Legs are what differs from the ground left and right of them, row by row: finer than the mask.

    Args:
        lab: CIELAB of the frame, `(h, w, 3)`.
        free: True where nobody else is.
    """
    x0, y0, x1, y1 = body.box
    tall = y1 - y0
    if tall < SMALLEST:
        return float("nan")
    side = round(0.3 * tall)
    left, right = max(x0 - side, 0), min(x1 + side, lab.shape[1])
    top, bottom = y1 - round(LOWER * tall), min(y1 + 1, lab.shape[0])
    part = lab[top:bottom, left:right]
    clear = free[top:bottom, left:right]
    border = max(2, side // 2)
    ends = np.concatenate([part[:, :border], part[:, -border:]], 1)
    ground = np.median(ends, axis=1)[:, None]
    off = part - ground
    # A shadow only darkens: it needs more of it than paint does.
    far = np.sqrt((0.6 * off[..., 0]) ** 2 + off[..., 1] ** 2 + off[..., 2] ** 2)
    legs = (far > 7.0) & clear
    columns = np.nonzero(legs)[1]
    if len(columns) < 4:
        return float("nan")
    return float(columns.std() / tall)


def phase(spreads: NDArray[np.float64]) -> F:
    """Cycles of a gait by frame, from 0; NaN where too little of the walker is seen.

    Args:
        spreads: `spread` of every frame, NaN where it is not seen whole, `(t,)`.
    """
    out = np.full(len(spreads), np.nan, np.float32)
    known = np.flatnonzero(np.isfinite(spreads))
    if not len(known):
        return out
    filled = np.interp(np.arange(len(spreads)), known, spreads[known])
    for run in np.split(known, np.flatnonzero(np.diff(known) > 2) + 1):
        a, b = int(run[0]), int(run[-1]) + 1
        if b - a < FEWEST:
            continue
        wave = filled[a:b]
        width = min(9, (b - a) // 2 * 2 - 1)
        padded = np.pad(wave, width // 2, mode="reflect")
        wave = wave - np.convolve(padded, np.ones(width) / width, "valid")
        signal = hilbert(np.pad(wave, 8, mode="reflect", reflect_type="odd"))[8:-8]
        size = np.convolve(np.pad(np.abs(signal), 2, mode="edge"), np.ones(5) / 5, "valid")
        turned = np.angle(signal[1:] * np.conj(signal[:-1]))
        turned = np.where(np.minimum(size[1:], size[:-1]) > SWING, np.maximum(turned, 0.0), 0.0)
        out[a:b] = np.concatenate([[0.0], np.cumsum(turned)]) / (4 * np.pi)
    return out


def feet(bodies: Sequence[Body | None]) -> F:
    """Soles of every frame in slots that follow them, grid pixels, NaN where none is seen, `(t, 4,
    2)`."""
    out = np.full((len(bodies), 4, 2), np.nan, np.float32)
    last = np.full((4, 2), np.nan)
    for t, body in enumerate(bodies):
        if body is None:
            continue
        soles = body.soles[:4].astype(np.float64)
        if not len(soles):
            continue
        far = np.hypot(*(soles[:, None] - np.nan_to_num(last, nan=1e3)).transpose(2, 0, 1))
        reach = 0.45 * max(body.extent, 8.0)
        cost = np.where(np.isfinite(last[:, 0])[None], far, reach + np.arange(4)[None] * 0.1)
        cost = np.where(cost > reach + 1, 1e3 + cost, cost)
        for i, j in zip(*linear_sum_assignment(cost), strict=True):
            out[t, j] = soles[i]
            last[j] = soles[i]
    return out
