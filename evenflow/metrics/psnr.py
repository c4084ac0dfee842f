"""PSNR: peak signal-to-noise ratio of a clip against a reference, frame by frame.

Formula: `10 log10(MAX^2 / MSE)`, MSE the mean squared difference of the encoded values, MAX white.
Source: ITU-T J.340 (2010); scikit-image `peak_signal_noise_ratio` with data_range=MAX.
Range: 0 dB to infinity, higher is better.
Conventions: `psnr` averages the frames' values in dB over RGB; `psnr_pooled` takes the MSE of all
    frames first; `psnr_y` is the first on luma of BT.709. These differ, also by whole dB, so a
    number means nothing without its convention.
Flaws: blind to structure and to time: a flicker, a shift by one pixel and noise of equal energy get
    one number. A frame without any difference has no finite value (null in the series); one such
    frame leaves the mean over frames without one, and `psnr_pooled` is what remains.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Facts, Result, Unmeasurable, View


def psnr(a: NDArray, b: NDArray, *, white: float | None = None) -> float:
    """PSNR of two pictures in dB, `inf` if they are equal.

    Args:
        a, b: same shape; uint8, uint16 or floating point.
        white: the largest value, 255 for uint8 and 65535 for uint16; must be given for floats.

    Raises:
        BadInput: shapes or types differ, or `white` is not known.

    >>> round(psnr(np.zeros((4, 4), np.uint8), np.full((4, 4), 16, np.uint8)), 3)
    24.048
    """
    if a.shape != b.shape or a.dtype != b.dtype or a.size == 0:
        raise BadInput(
            f"PSNR compares pictures of one shape and type, got {a.shape} {a.dtype} and "
            f"{b.shape} {b.dtype}: convert one of them"
        )
    if white is None:
        if a.dtype not in (np.uint8, np.uint16):
            raise BadInput(f"the range of {a.dtype} pictures is not known: say white=1.0 or 255.0")
        white = float(np.iinfo(a.dtype).max)
    if a.dtype in (np.uint8, np.uint16) and a.ndim <= 3:
        squares = float(cv2.norm(a, b, cv2.NORM_L2SQR))  # exact: sums of whole numbers
    else:
        squares = float(np.square(a.astype(np.float64) - b.astype(np.float64)).sum())
    error = squares / a.size
    return 10.0 * math.log10(white * white / error) if error > 0 else math.inf


def at(view: View) -> float:
    """Of RGB."""
    a, b = view.here, view.other
    if a.rgb.dtype == b.rgb.dtype:
        return psnr(a.rgb, b.rgb)
    return psnr(a.levels(), b.levels(), white=255.0)


def at_luma(view: View) -> float:
    """Of luma."""
    return psnr(*view.lumas, white=255.0)


def mean(readings: Sequence[float], facts: Facts) -> Result:
    """Mean of the frames' values in dB."""
    series = np.array(readings, np.float64)
    equal = int(np.isinf(series).sum())
    if equal == len(series):
        raise Unmeasurable("both clips are equal: PSNR is infinite")
    if equal:
        raise Unmeasurable(
            f"{equal} of {len(series)} frames are equal, so that the mean over frames is infinite: "
            "psnr_pooled is not"
        )
    return Result(float(series.mean()), series)


def pooled(readings: Sequence[float], facts: Facts) -> Result:
    """PSNR of the mean squared error of all frames."""
    series = np.array(readings, np.float64)
    error = float(np.power(10.0, -series / 10.0).mean())  # of white^2
    if error == 0:
        raise Unmeasurable("both clips are equal: PSNR is infinite")
    return Result(-10.0 * math.log10(error), series)
