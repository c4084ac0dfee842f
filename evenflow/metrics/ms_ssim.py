"""MS-SSIM: structural similarity at five scales, so that the viewing distance matters less.

Formula: contrast and structure of scales 1 to 4 and SSIM of scale 5, each to the power of its
    weight, multiplied; each scale is the mean of 2 x 2 pixels of the one before. On luma of BT.709,
    in Wang's setting of SSIM.
Source: Wang, Simoncelli & Bovik 2003, Multiscale structural similarity for image quality
    assessment, Asilomar, equation 7 and its five weights.
Differs: a negative mean of a scale counts as 0 (torchmetrics and TensorFlow do so too); the paper's
    formula would be a complex number.
Range: 0 to 1, higher is better.
Flaws: those of SSIM. Sides below 161 pixels cannot be halved four times, and no value is given.
    Programs that look beyond the border at the last scale (torchmetrics; `border="reflect"`) or
    drop an odd last line get slightly other values.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Array, Unmeasurable, View
from evenflow.metrics.ssim import Border, likeness, ssim

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
LEAST_SIDE = 161
"""Four halvings, rounded up, leave 11: the side of the window."""


def ms_ssim(a: NDArray, b: NDArray, *, white: float = 255.0, border: Border = "inside") -> float:
    """MS-SSIM of two pictures of one channel.

    Args:
        a, b: `(h, w)`, sides of at least `LEAST_SIDE`.
        white: the largest value.
        border: of the last scale's SSIM: "inside" as Wang, "reflect" as torchmetrics.

    Raises:
        BadInput: shapes differ, or the picture is too small.
    """
    if a.shape != b.shape or a.ndim != 2:
        raise BadInput(f"MS-SSIM compares (h, w) pictures of one size, got {a.shape}, {b.shape}")
    if min(a.shape) < LEAST_SIDE:
        raise BadInput(
            f"MS-SSIM needs {LEAST_SIDE} pixels on each side, the picture has "
            f"{a.shape[1]} x {a.shape[0]}: scale both up, or use SSIM"
        )
    x, y = a.astype(np.float64), b.astype(np.float64)
    product = 1.0
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            x, y = _halved(x), _halved(y)
        if scale < len(WEIGHTS) - 1:
            product *= max(0.0, likeness(x, y, white=white).contrast) ** weight
        else:
            product *= max(0.0, ssim(x, y, white=white, border=border)) ** weight
    return product


def _halved(x: Array) -> Array:
    """Means of 2 x 2; an odd last line stands for its missing neighbor."""
    height, width = x.shape
    x = np.pad(x, ((0, height % 2), (0, width % 2)), mode="edge")
    made: Array = (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4
    return made


def at(view: View) -> float:
    """Of luma."""
    height, width = view.here.rgb.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise Unmeasurable(
            f"five scales need {LEAST_SIDE} pixels on each side, the picture has {width} x {height}"
        )
    return ms_ssim(*view.lumas)
