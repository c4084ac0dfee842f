"""What happens after the lens: exposure, focus, grain and codecs, as functions of one picture.

Pictures are `(h, w, 3)` sRGB in [0, 1], float32.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.world.defects.defect import Develop, Staged

Picture = NDArray[np.float32]
GAMMA = 2.2


def developed(staged: Staged, start: int, end: int, do: Develop) -> Staged:
    """What was staged, with one more thing done to the pictures of `[start, end)`."""
    return replace(staged, develop=(*staged.develop, (start, end, do)))


def exposed(x: Picture, gain: float | NDArray[np.floating]) -> Picture:
    """A picture in so many times the light, a number or one for each channel."""
    factor = np.power(np.maximum(np.asarray(gain, np.float32), 1e-4), np.float32(1 / GAMMA))
    return np.asarray(x * factor, np.float32)


def soft(x: Picture, sigma: float) -> Picture:
    """A picture out of focus, `sigma` in pixels."""
    if sigma < 0.05:
        return x
    made = cv2.GaussianBlur(x, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(made, np.float32)


def grain(height: int, width: int, seed: list[int]) -> Picture:
    """Film grain of unit standard deviation `(h, w, 3)`, mostly shared by the channels."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((height, width, 1), dtype=np.float32)
    own = rng.standard_normal((height, width, 3), dtype=np.float32)
    return np.asarray(0.9 * shared + 0.436 * own, np.float32)


def squeezed(x: Picture, quality: int) -> Picture:
    """A picture after a JPEG codec of this quality, 1 to 100."""
    whole = np.rint(np.clip(x[..., ::-1], 0, 1) * 255).astype(np.uint8)
    done, code = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    back = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return np.asarray(back[..., ::-1].astype(np.float32) / 255)


def mixed(x: Picture, other: Picture, share: float) -> Picture:
    """Some of another picture in a picture."""
    return np.asarray(x + np.float32(share) * (other - x), np.float32)
