"""Bodies: what a parser finds in one frame, before anybody knows who it was in the frame before."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.grading.scenes import KINDS, TINTS
from evenflow.world.words import PATTERNS

F = NDArray[np.float32]


@dataclass(frozen=True)
class Body:
    """Pixels that belong together, and what they look like.

    Places are in pixels of the grid that was parsed, pixel centers at +0.5.

    Args:
        box: x0, y0, x1, y1, half open; mask: bool, of the size of the box.
        center: of its pixels, those at the border of the body by their share, `(2,)`.
        middle: where the center of the whole body is, seen or not, `(2,)`.
        area: pixels, those at the border by their share.
        color, second, pattern, kind: log posteriors, mean over its pixels, in the order of TINTS,
            TINTS, PATTERNS and KINDS; flat where the parser cannot tell.
        lab: mean CIELAB.
        soles: x, y of soles that are seen on it, `(k, 2)`.
        trust: how sure the parser is that there is somebody, in [0, 1].
    """

    box: tuple[int, int, int, int]
    mask: NDArray[np.bool_]
    center: F
    middle: F
    area: float
    color: F
    second: F
    pattern: F
    kind: F
    lab: F
    soles: F
    trust: float = 1.0

    @property
    def side(self) -> float:
        """Side of a square of its area."""
        return float(np.sqrt(self.area))

    @property
    def extent(self) -> float:
        """Longer side of its box."""
        x0, y0, x1, y1 = self.box
        return float(max(x1 - x0, y1 - y0))


FLAT_COLOR = np.full(len(TINTS), -np.log(len(TINTS)), np.float32)
FLAT_KIND = np.full(len(KINDS), -np.log(len(KINDS)), np.float32)
FLAT_PATTERN = np.full(len(PATTERNS), -np.log(len(PATTERNS)), np.float32)


def lab_of(picture: NDArray[np.uint8]) -> F:
    """CIELAB of sRGB pictures `(..., 3)`: L in [0, 100]."""
    shape = picture.shape
    flat = np.ascontiguousarray(picture.reshape(1, -1, 3), np.float32) / np.float32(255)
    made = cv2.cvtColor(flat, cv2.COLOR_RGB2LAB)
    return np.asarray(made.reshape(shape), np.float32)


def linear_of(picture: NDArray[np.uint8]) -> F:
    """Linear RGB in [0, 1] of sRGB pictures (IEC 61966-2-1)."""
    return _LINEAR[picture]


_CODE = np.arange(256) / 255
_LINEAR = np.where(_CODE <= 0.04045, _CODE / 12.92, ((_CODE + 0.055) / 1.055) ** 2.4).astype("f4")
