"""Motion smoothness with classical flow: how well every other frame is foretold by its neighbors.

Formula: odd frames are dropped and made again half-way between their even neighbors; the value is
    `1 - mean |odd - made| / 255` over pixels and channels of 8-bit frames, mean over odd frames.
    The frame between is the mean of both neighbors, each pulled along half of the way: `w_to_0 =
    (w_10 - w_01) / 4`, `w_to_1 = -w_to_0`.
Source: Huang et al. 2024, VBench, arXiv:2311.17982, its `motion_smoothness.py`; the flow half-way
    is Jiang et al. 2018, Super SloMo, arXiv:1712.00080, equation 4 at t = 1/2.
Differs: DIS flow (Kroeger et al. 2016, arXiv:1603.03590) at full size in place of the network
    AMT-S, so this is not VBench's number (nor does it depend on the memory of a graphics card, as
    that does).
Range: 0 to 1, higher is called better.
Flaws: rewards stillness and blur, like temporal flickering; punishes what is hidden or comes into
    view, where nothing can be interpolated; drops to half the rate, so that fast but smooth motion
    looks rough. Only odd frames are judged.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.geometry.warp import warp
from evenflow.metrics.metric import Facts, Result, Unmeasurable, View, motion_between
from evenflow.metrics.temporal_flickering import steadiness
from evenflow.motion.flow import Flow


def halfway(
    before: NDArray[np.uint8], after: NDArray[np.uint8], ahead: Flow, back: Flow
) -> NDArray[np.uint8]:
    """The picture in the middle between two.

    Args:
        before, after: `(h, w, 3)` uint8.
        ahead, back: `(h, w, 2)`, flow from `before` to `after` and back, in pixels.

    Raises:
        BadInput: shapes do not fit each other.
    """
    size = (*before.shape[:2], 2)
    if before.shape != after.shape or ahead.shape != size or back.shape != size:
        raise BadInput(
            f"pictures and flow have one size, got {before.shape}, {after.shape}, {ahead.shape} "
            f"and {back.shape}"
        )
    to_before = (back - ahead) * np.float32(0.25)
    made = warp(before.astype(np.float32), to_before) + warp(after.astype(np.float32), -to_before)
    return np.rint(made * np.float32(0.5)).astype(np.uint8)


def at(view: View) -> float:
    """At even frames, of the odd one before."""
    if view.index % 2 or view.second_previous is None or view.previous is None:
        return math.nan
    before, after = view.second_previous, view.here
    motion = motion_between(before, after)
    made = halfway(before.rgb8, after.rgb8, motion.ahead, motion.back)
    return steadiness(made, view.previous.rgb8)


def mean(readings: Sequence[Any], facts: Facts) -> Result:
    """Mean over odd frames; each entry stands at the odd frame."""
    series = np.array([*readings[1:], math.nan], np.float64)
    finite = series[np.isfinite(series)]
    if len(finite) == 0:
        raise Unmeasurable(f"needs three frames, the clip has {facts.num_frames}")
    return Result(float(finite.mean()), series)
