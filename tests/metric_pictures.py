"""Pictures and clips with known content, the same on every machine."""

from fractions import Fraction

import numpy as np

from evenflow.core.clip import ArraySource, Clip


def texture(height: int = 272, width: int = 304, *, seed: int = 0) -> np.ndarray:
    """Smooth forms and fine grain, `(h, w)` uint8; only whole random numbers are drawn."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    forms = 128 + 70 * np.sin(x / 17.0 + y / 41.0) * np.cos(y / 13.0)
    grain = rng.integers(-24, 25, (height, width))
    return np.clip(np.rint(forms + grain), 0, 255).astype(np.uint8)


def worse(picture: np.ndarray, strength: int, *, seed: int = 1) -> np.ndarray:
    """The picture with noise up to `strength` gray levels."""
    noise = np.random.default_rng(seed).integers(-strength, strength + 1, picture.shape)
    return np.clip(picture.astype(np.int64) + noise, 0, 255).astype(picture.dtype)


def colored(height: int = 96, width: int = 128, *, seed: int = 0) -> np.ndarray:
    """`(h, w, 3)` uint8."""
    return np.stack([texture(height, width, seed=seed + c) for c in range(3)], axis=2)


def smooth(height: int, width: int, *, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    """A picture that can be shifted by parts of a pixel, `(h, w, 3)` uint8."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = x - dx, y - dy
    waves = [
        np.sin(x / 5.1 + y / 9.7) + np.sin(y / 6.3 - x / 13.0 + c) + np.sin(x / 23.0 + c)
        for c in range(3)
    ]
    return np.rint(128 + 38 * np.stack(waves, axis=2)).astype(np.uint8)


def clip(frames: list[np.ndarray] | np.ndarray, *, fps: int = 24, name: str = "a") -> Clip:
    """Frames as a clip in memory."""
    return Clip(ArraySource(np.stack(list(frames)), Fraction(fps), name))
