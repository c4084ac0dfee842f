"""Dynamic degree with classical flow: does the clip move, by VBench's rule.

Formula: every `max(1, round(fps / 8))`-th frame is taken; a pair of neighbors among these moves if
    the mean of the largest 5 % of its displacements is above `6 max(1, 8 / fps) s / 256` pixels, s
    the shorter side; the clip moves (1) if at least `round(4 n / 16)` pairs do, n the number of
    frames taken, else it does not (0). `motion_strength_dis` is the mean over pairs of that largest
    5 %, over that threshold.
Source: Huang et al. 2024, VBench, arXiv:2311.17982, its `dynamic_degree.py`.
Differs: DIS flow (Kroeger et al. 2016, arXiv:1603.03590) in place of RAFT, so this is not VBench's
    number. At least one pair must move; VBench asks for none in clips of two taken frames, which
    then always move.
Range: 0 or 1; the strength has no upper limit. Neither direction is better.
Flaws: a yes or no a clip; one fast patch of 5 % is enough, and so is a cut or flicker that the flow
    mistakes for motion. The step follows a rounded rate, so that 11 and 12 fps are treated unlike.
    Quality scores fall as it rises: it is there to be read beside them.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Facts, Result, Unmeasurable, View, motion_between
from evenflow.motion.flow import Flow


def top_displacement(flow: Flow) -> float:
    """Mean of the largest 5 % of displacements, in pixels.

    Args:
        flow: `(h, w, 2)`, at least 20 pixels in all.

    Raises:
        BadInput: fewer pixels, or another shape.
    """
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.shape[0] * flow.shape[1] < 20:
        raise BadInput(f"a flow is (h, w, 2) with 20 pixels at least, got {flow.shape}")
    lengths = np.hypot(flow[..., 0], flow[..., 1]).ravel()
    count = int(len(lengths) * 0.05)
    return float(np.partition(lengths, len(lengths) - count)[-count:].mean(dtype=np.float64))


def threshold(*, side: int, fps: float) -> float:
    """Pixels from which a pair counts as moving; `side` is the shorter one of the picture."""
    return 6.0 * max(1.0, 8.0 / fps) * side / 256.0


def step(fps: float) -> int:
    """Every so many frames one is taken, about eight a second."""
    return max(1, round(fps / 8))


def at(view: View) -> float:
    """Largest 5 % of displacement since the taken frame before, over the threshold."""
    if view.sampled_previous is None:
        return math.nan
    motion = motion_between(view.sampled_previous, view.here)
    side = min(view.here.rgb8.shape[:2])
    return top_displacement(motion.ahead) / threshold(side=side, fps=view.fps)


def degree(readings: Sequence[Any], facts: Facts) -> Result:
    """1 if enough pairs move, else 0; the series says so pair by pair."""
    strength = _pairs(readings, facts)
    series = np.where(np.isfinite(strength), (strength > 1.0).astype(np.float64), np.nan)
    taken = -(-facts.num_frames // step(facts.fps))
    wanted = max(1, round(4 * taken / 16))
    return Result(float(np.nansum(series) >= wanted), series)


def strength(readings: Sequence[Any], facts: Facts) -> Result:
    """Mean over pairs."""
    series = _pairs(readings, facts)
    return Result(float(np.nanmean(series)), series)


def _pairs(readings: Sequence[Any], facts: Facts) -> np.ndarray[Any, np.dtype[np.float64]]:
    series = np.array(readings, np.float64)
    if not np.isfinite(series).any():
        raise Unmeasurable(
            f"needs two frames that are {step(facts.fps)} apart, the clip has {facts.num_frames}"
        )
    return series
