"""Grain: how noisy a picture is, and fresh noise like it, for what is drawn into the clip."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]


def grain_level(picture: Picture) -> float:
    """Sigma of a picture's grain in [0, 1], read where it is flattest.

    Source: Immerkær 1996, Fast noise variance estimation, CVIU 64(2), equation 2, on the quietest
    fifth of 16 x 16 tiles.
    """
    gray = picture[..., picture.shape[2] // 2]  # the green one: a mean would be quieter
    if min(gray.shape) < 8:
        return 0.0
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    answer = np.abs(cv2.filter2D(gray, cv2.CV_32F, mask)[1:-1, 1:-1])
    size = (max(1, answer.shape[1] // 16), max(1, answer.shape[0] // 16))
    tiles = cv2.resize(answer, size, interpolation=cv2.INTER_AREA)
    return float(np.percentile(tiles, 20) * np.sqrt(np.pi / 2) / 6.0)


def grainy(x: Picture, sigma: float, seed: list[int]) -> Picture:
    """Colors with fresh grain on them, the same for the same seed."""
    if sigma <= 0.0:
        return x
    noise = np.random.default_rng(seed).standard_normal(x.shape, dtype=np.float32)
    made: Picture = x + np.float32(sigma) * noise
    return made
