"""Paths: smooth random numbers over time, of a given strength and pace."""

import numpy as np
from numpy.typing import NDArray


def wander(
    rng: np.random.Generator, frames: int, fps: float, *, pace: float, columns: int = 1
) -> NDArray[np.float64]:
    """Numbers `(t, columns)` of mean 0 and root mean square 1 (in expectation) over endless time.

    A sum of eight sines of frequencies drawn evenly up to `pace` and random phases: band-limited,
    defined at any time, so that it depends on seconds and not on the number of frames.

    Args:
        pace: highest frequency, in hertz.
    """
    waves = 8
    time = np.arange(frames)[:, None, None] / fps
    frequency = rng.uniform(0.0, pace, (1, columns, waves))
    phase = rng.uniform(0, 2 * np.pi, (1, columns, waves))
    sines = np.sin(2 * np.pi * frequency * time + phase)
    found: NDArray[np.float64] = sines.sum(-1) * np.sqrt(2 / waves)
    return found
