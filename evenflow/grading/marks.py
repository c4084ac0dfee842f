"""Marks: how far a ball turned, from its paint; which way a walker faces, from its way."""

import cv2
import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float32]
ANGLES = 72
"""Steps of a full turn."""
MOST = 1.0
"""Radians from one frame to the next that can be told."""
LEAST = 5.0
"""Radius in grid pixels below which marks are not read."""
SURE = 0.35
"""Correlation from which a turn counts."""


def unrolled(lab: F, center: NDArray, radius: float) -> F:
    """Color of a disc by angle and distance from its middle, `(ANGLES, 6, 3)`; L counts little."""
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    far = radius * np.linspace(0.35, 0.85, 6)
    x = center[0] - 0.5 + np.outer(np.cos(angle), far)
    y = center[1] - 0.5 + np.outer(np.sin(angle), far)
    got = cv2.remap(lab, x.astype("f4"), y.astype("f4"), cv2.INTER_LINEAR)
    return np.asarray(got * np.array([0.3, 1.0, 1.0]), np.float32)


def turned(discs: list[F | None]) -> F:
    """Angle in radians by frame that a painted disc has turned in the picture, clockwise, from 0.

    What stays where it is in the mean of all frames is shading and is taken out. NaN where the disc
    is not seen, and everywhere if marks are too faint for half of the steps.
    """
    count = len(discs)
    out = np.full(count, np.nan, np.float32)
    seen = [t for t, disc in enumerate(discs) if disc is not None]
    if len(seen) < 6:
        return out
    mean = np.mean([disc for disc in discs if disc is not None], axis=0)
    rest = {}
    for t in seen:
        disc = discs[t]
        assert disc is not None
        rest[t] = np.fft.rfft(disc - mean, axis=0)
    total, sure, steps = 0.0, 0, 0
    previous = seen[0]
    out[previous] = 0.0
    for t in seen[1:]:
        a, b = rest[previous], rest[t]
        both = np.fft.irfft((np.conj(a) * b).sum((1, 2)), ANGLES)
        power = np.sqrt(_power(a) * _power(b)) + 1e-6
        reach = int(MOST / (2 * np.pi) * ANGLES)
        shifts = np.arange(-reach, reach + 1)
        score = both[shifts] / power
        best = int(score.argmax())
        steps += 1
        step = float(shifts[best])
        if 0 < best < len(score) - 1:
            low, mid, high = score[best - 1 : best + 2]
            step += 0.5 * (low - high) / min(low - 2 * mid + high, -1e-9)
        if score[best] > SURE:
            sure += 1
            total += step * 2 * np.pi / ANGLES
        out[t] = total
        previous = t
    if sure < 0.6 * steps:
        out[:] = np.nan
    return out


def _power(spectrum: NDArray) -> float:
    back = np.fft.irfft(spectrum, ANGLES, axis=0)
    return float((back * back).sum())


def facing(ground: F, fps: float) -> F:
    """Heading of somebody who goes forward, radians about y (0 is +z, left positive); NaN where
    he hardly moves."""
    count = len(ground)
    out = np.full(count, np.nan, np.float32)
    known = np.isfinite(ground[:, 0])
    reach = max(2, round(0.2 * fps))
    for t in np.flatnonzero(known):
        near = np.arange(max(int(t) - reach, 0), min(int(t) + reach + 1, count))
        near = near[known[near]]
        if len(near) < 3:
            continue
        vx = np.polyfit(near, ground[near, 0], 1)[0] * fps
        vz = np.polyfit(near, ground[near, 2], 1)[0] * fps
        if np.hypot(vx, vz) > 0.45:
            out[t] = np.arctan2(-vx, vz)
    return out
