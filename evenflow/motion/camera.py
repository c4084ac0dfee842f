"""Camera step between two pictures: the similarity that most of the flow follows.

Source: iteratively reweighted least squares with Geman-McClure weights (Black & Anandan 1996, CVIU
63).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CameraStep:
    """How the picture as a whole moved from one frame to the next.

    Args:
        dx, dy: shift of the picture's center in pixels of the flow's grid, right and down positive.
        zoom: natural logarithm of the scale; 0 is none.
        rotation: radians, clockwise on screen.
        inliers: share of the points within one pixel of the model, in [0, 1].
    """

    dx: float
    dy: float
    zoom: float
    rotation: float
    inliers: float


def camera_step(
    points: NDArray[np.float32], moves: NDArray[np.float32], *, num_rounds: int = 6
) -> CameraStep:
    """Fits a similarity to displacements.

    Args:
        points: `(n, 2)`, `(x, y)` from the picture's center, in pixels.
        moves: `(n, 2)`, displacement of each point.
    """
    if len(points) < 8:
        return CameraStep(0.0, 0.0, 0.0, 0.0, 0.0)
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    u, v = moves[:, 0].astype(np.float64), moves[:, 1].astype(np.float64)
    # u = dx + s x - r y ; v = dy + s y + r x   with s = scale - 1 and r = rotation, both small
    s = r = 0.0
    dx, dy = float(np.median(u)), float(np.median(v))
    width = 4.0
    for _ in range(num_rounds):
        eu, ev = u - (dx + s * x - r * y), v - (dy + s * y + r * x)
        error_2 = eu**2 + ev**2
        weight = 1.0 / (1.0 + error_2 / width**2) ** 2
        total = weight.sum()
        mx, my = (weight * x).sum() / total, (weight * y).sum() / total
        mu, mv = (weight * u).sum() / total, (weight * v).sum() / total
        cx, cy, cu, cv = x - mx, y - my, u - mu, v - mv
        spread = (weight * (cx**2 + cy**2)).sum() + 1e-9
        s = float((weight * (cx * cu + cy * cv)).sum() / spread)
        r = float((weight * (cx * cv - cy * cu)).sum() / spread)
        dx, dy = float(mu - s * mx + r * my), float(mv - s * my - r * mx)
        width = max(0.5, width / 2)
    eu, ev = u - (dx + s * x - r * y), v - (dy + s * y + r * x)
    inliers = float((eu**2 + ev**2 < 1.0).mean())
    return CameraStep(dx, dy, float(np.log1p(s)) if s > -0.9 else -2.0, r, inliers)
