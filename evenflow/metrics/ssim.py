"""SSIM: structural similarity to a reference, in the setting of Wang and in scikit-image's.

Formula: mean over the picture of `(2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 +
    C2))`, means, variances and covariance in a window, C1 = (.01 L)^2, C2 = (.03 L)^2, L = 255.
Source: Wang et al. 2004, Image quality assessment: from error visibility to structural similarity,
    IEEE TIP 13(4), equation 13; scikit-image `structural_similarity`.
Range: -1 to 1, higher is better; 1 only for equal pictures.
Conventions: `ssim` is Wang's: a Gaussian window of 11 x 11, sigma 1.5, weights that sum to 1, on
    luma of BT.709. `ssim_skimage` is what scikit-image does unasked: a flat window of 7 x 7, sample
    covariance, mean of the three RGB channels. Both look only where the whole window fits.
Differs: Wang's own program first shrinks the picture to about 256 lines; here, as in scikit-image
    and most papers, it is taken as it is.
Flaws: window, border, covariance and color move the value in the second digit, so that numbers of
    two programs cannot be compared. Forgives contrast that is too high, sees no color (`ssim`) and
    no time; a small shift costs more than a blur that a viewer minds more.
"""

from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Array, Unmeasurable, View

Setting = Literal["wang", "skimage"]
Border = Literal["inside", "reflect"]
ROWS = 128
"""Lines that are worked on at a time; the value does not depend on it."""


def _gaussian() -> Array:
    x = np.arange(-5, 6)
    weights = np.exp(-(x**2) / (2 * 1.5**2))
    made: Array = weights / weights.sum()
    return made


_WINDOWS: dict[Setting, tuple[Array, float]] = {
    "wang": (_gaussian(), 1.0),
    "skimage": (np.full(7, 1 / 7), 49 / 48),
}
"""The window along one side, and what makes a variance out of the window's own."""


class Likeness(NamedTuple):
    """Means over a picture: SSIM, and its part without luminance."""

    whole: float
    contrast: float


def ssim(
    a: NDArray,
    b: NDArray,
    *,
    setting: Setting = "wang",
    white: float = 255.0,
    border: Border = "inside",
) -> float:
    """Mean SSIM of two pictures.

    Args:
        a, b: `(h, w)`, or `(h, w, c)` of which the channels are averaged; any numbers.
        setting: "wang" or "skimage", see above.
        white: the largest value, L of the formula.
        border: "inside" looks only where the window fits, as Wang and scikit-image; "reflect" also
            at the border, on the picture mirrored there, as torchmetrics.

    Raises:
        BadInput: shapes differ, or the picture is smaller than the window.
    """
    _checked(a, b, least=len(_WINDOWS[setting][0]))
    if border == "reflect":
        a, b = mirrored(a, setting=setting), mirrored(b, setting=setting)
    if a.ndim == 2:
        return likeness(a, b, setting=setting, white=white).whole
    each = [
        likeness(a[..., c], b[..., c], setting=setting, white=white).whole
        for c in range(a.shape[2])
    ]
    return float(np.mean(each))


def mirrored(a: NDArray, *, setting: Setting = "wang") -> NDArray:
    """A picture with its border mirrored outside, so that the window fits everywhere."""
    r = len(_WINDOWS[setting][0]) // 2
    return np.pad(a, ((r, r), (r, r), *[(0, 0)] * (a.ndim - 2)), mode="reflect")


def likeness(
    a: NDArray, b: NDArray, *, setting: Setting = "wang", white: float = 255.0
) -> Likeness:
    """SSIM of one channel `(h, w)` and its contrast and structure part, equations 9 and 10."""
    window, spread = _WINDOWS[setting]
    c1, c2 = (0.01 * white) ** 2, (0.03 * white) ** 2
    inner = len(window) - 1
    height, width = a.shape
    whole = contrast = 0.0
    for top in range(0, height - inner, ROWS):
        rows = slice(top, min(top + ROWS, height - inner) + inner)
        x, y = a[rows].astype(np.float64), b[rows].astype(np.float64)
        mx, my = _inside(x, window), _inside(y, window)
        xx, yy, xy = mx * mx, my * my, mx * my
        var_x = spread * (_inside(x * x, window) - xx)
        var_y = spread * (_inside(y * y, window) - yy)
        both = spread * (_inside(x * y, window) - xy)
        part = (2 * both + c2) / (var_x + var_y + c2)
        contrast += float(part.sum())
        whole += float((part * (2 * xy + c1) / (xx + yy + c1)).sum())
    count = (height - inner) * (width - inner)
    return Likeness(whole / count, contrast / count)


def _inside(values: Array, window: Array) -> Array:
    """Weighted means where the window fits."""
    r = len(window) // 2
    made: Array = cv2.sepFilter2D(values, cv2.CV_64F, window, window)
    return made[r:-r, r:-r]


def _checked(a: NDArray, b: NDArray, *, least: int) -> None:
    if a.shape != b.shape or a.ndim not in (2, 3):
        raise BadInput(f"SSIM compares pictures of one size, got {a.shape} and {b.shape}")
    if min(a.shape[:2]) < least:
        raise BadInput(
            f"SSIM looks through a window of {least} x {least} pixels, the picture has "
            f"{a.shape[1]} x {a.shape[0]}"
        )


def _at(view: View, setting: Setting) -> float:
    size = view.here.rgb.shape
    least = len(_WINDOWS[setting][0])
    if min(size[:2]) < least:
        raise Unmeasurable(
            f"the window needs {least} pixels on each side, the picture has {size[1]} x {size[0]}"
        )
    if setting == "wang":
        return ssim(*view.lumas)
    a, b = view.here, view.other
    if a.rgb.dtype == b.rgb.dtype == np.uint8:
        return ssim(a.rgb, b.rgb, setting=setting)
    return ssim(a.levels(), b.levels(), setting=setting)


def at_wang(view: View) -> float:
    """Of luma, as Wang."""
    return _at(view, "wang")


def at_skimage(view: View) -> float:
    """Of RGB, as scikit-image unasked."""
    return _at(view, "skimage")
