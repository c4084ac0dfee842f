"""Shade: in which direction shadows fall, from what is darker on the ground beside bodies."""

import numpy as np
from numpy.typing import NDArray

from evenflow.grading import ground
from evenflow.world.animation import CameraTrack

F = NDArray[np.float32]
DARK = 0.1
"""Share of its light that the ground must lack."""
REACH = 3.5
"""Half heights around a body that its shadow is looked for in."""


def direction(
    luminance: F,
    free: NDArray[np.bool_],
    camera: CameraTrack,
    frame: int,
    feet: NDArray[np.float64],
    sizes: NDArray[np.float64],
    scale: tuple[float, float],
) -> float:
    """Angle about y, arctan2(x, z), in which shadows fall in one frame; NaN where none is seen.

    Args:
        luminance: linear, `(h, w)`; free: where nobody is; both on the grid.
        feet: world points where bodies stand, `(n, 3)`; sizes: their half heights `(n,)`.
        scale: pixels of the camera in one of the grid.
    """
    total = np.zeros(2)
    weight = 0.0
    height, width = luminance.shape
    for foot, size in zip(feet, sizes, strict=True):
        if not (np.isfinite(foot).all() and np.isfinite(size) and size > 0):
            continue
        corners = foot + REACH * size * np.array(
            [[-1, 0, -1], [1, 0, -1], [-1, 0, 1], [1, 0, 1]], np.float64
        )
        pixels = ground.projected(camera, frame, corners) / scale
        if not np.isfinite(pixels).all():
            continue
        x0, y0 = np.maximum(np.floor(pixels.min(0)).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(pixels.max(0)).astype(int) + 1, [width, height])
        if x1 - x0 < 4 or y1 - y0 < 4:
            continue
        y, x = np.nonzero(free[y0:y1, x0:x1])
        if len(y) < 30:
            continue
        x, y = x + x0, y + y0
        start, way = ground.rays(camera, frame, np.stack([x + 0.5, y + 0.5], 1) * scale)
        points = ground.landed(start, way)
        away = points[:, [0, 2]] - foot[[0, 2]]
        far = np.linalg.norm(away, axis=1)
        ok = np.isfinite(far) & (far < REACH * size)
        if ok.sum() < 30:
            continue
        light = luminance[y[ok], x[ok]].astype(np.float64)
        dark = np.clip(1 - light / max(float(np.quantile(light, 0.7)), 1e-4), 0, 0.8)
        dark = np.where(dark > DARK, dark, 0.0)
        depth = ((points[ok] - start[ok]) ** 2).sum(1)  # a pixel far away shows more ground
        mass = dark * depth
        if (dark > 0).sum() < 8 or mass.sum() <= 0:
            continue
        mean = (mass[:, None] * away[ok]).sum(0) / mass.sum() / size
        total += mean * (dark > 0).sum()
        weight += float((dark > 0).sum())
    if weight <= 0 or float(np.linalg.norm(total)) / weight < 0.3:
        return float("nan")
    return float(np.arctan2(total[0], total[1]))
