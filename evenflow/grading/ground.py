"""Ground: where bodies are in the world, from pixels, a camera and the plane they stand on.

A body that stands is where the ray through its center meets the height of its center, and its
height is what its silhouette says at that depth. One that is in the air looks larger than it is
under that assumption, for the ray goes on to the ground behind it: these frames are told by the
size, and get their place from the frames before and after, and their height from the ray.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import CameraTrack

D = NDArray[np.float64]
F = NDArray[np.float32]
RISEN = 1.1
"""Times its size that a body seems to be when it has left the ground."""


def rays(camera: CameraTrack, frame: int, pixels: NDArray) -> tuple[D, D]:
    """Origins and directions `(n, 3)` of rays through pixels `(n, 2)`; directions have depth 1."""
    pose = camera.world_to_camera[frame].astype(np.float64)
    k = camera.intrinsics[frame].astype(np.float64)
    flat = (np.asarray(pixels, np.float64) - [k[0, 2], k[1, 2]]) / [k[0, 0], k[1, 1]]
    turn = pose[:3, :3]
    eye = -turn.T @ pose[:3, 3]
    if camera.orthographic[frame]:
        start = eye + np.c_[flat, np.zeros(len(flat))] @ turn
        return start, np.tile(turn[2], (len(flat), 1))
    return np.tile(eye, (len(flat), 1)), np.c_[flat, np.ones(len(flat))] @ turn


def landed(start: D, way: D, height: D | float = 0.0) -> D:
    """Where rays meet the plane y = height, `(n, 3)`; NaN above the horizon or beyond 60 units."""
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (height - start[:, 1]) / way[:, 1]
    far = np.where((far > 0.05) & (far < 60), far, np.nan)
    return start + far[:, None] * way


def seen_height(camera: CameraTrack, frame: int, place: D, half: float) -> float:
    """Rows of the picture between the foot and the top of an upright line at a place."""
    pose = camera.world_to_camera[frame].astype(np.float64)
    k = camera.intrinsics[frame].astype(np.float64)
    ends = np.array([place - [0, half, 0], place + [0, half, 0]])
    local = ends @ pose[:3, :3].T + pose[:3, 3]
    if camera.orthographic[frame]:
        return float(abs(local[0, 1] - local[1, 1]) * k[1, 1])
    if local[:, 2].min() <= 0.05:
        return float("nan")
    rows = local[:, 1] / local[:, 2] * k[1, 1]
    return float(abs(rows[0] - rows[1]))


def standing(camera: CameraTrack, frame: int, center: NDArray, rows: float) -> tuple[D, float]:
    """Center and half height of a body that stands on the ground and is seen whole.

    Args:
        center: pixel of its center; rows: of the picture that it is high.

    Returns:
        World center `(3,)` and half height; NaN where no ground is seen there.
    """
    start, way = rays(camera, frame, center[None])
    half = 0.3
    place = np.full(3, np.nan)
    for _ in range(12):
        place = landed(start, way, half)[0]
        if not np.isfinite(place).all():
            return np.full(3, np.nan), float("nan")
        unit = seen_height(camera, frame, place, 1e-2) / 1e-2
        if not unit > 0:
            return np.full(3, np.nan), float("nan")
        next_ = float(np.clip(rows / unit, 0.02, 6.0))
        if abs(next_ - half) < 1e-4:
            break
        half = 0.5 * (half + next_)
    return place, half


def places(
    camera: CameraTrack,
    centers: D,
    rows: D,
    whole: NDArray[np.bool_],
    shot: NDArray[np.int64],
    *,
    moves: bool = True,
) -> tuple[F, F]:
    """Lowest point `(t, 3)` and half height `(t,)` of a body, NaN where unknown.

    Args:
        centers: pixels of its center, NaN where it is not seen, `(t, 2)`.
        rows: that it is high, `(t,)`; whole: seen from top to bottom.
        moves: False for what never leaves the ground.
    """
    count = len(centers)
    place = np.full((count, 3), np.nan)
    half = np.full(count, np.nan)
    for t in np.flatnonzero(np.isfinite(centers).all(1) & whole & (rows > 3)):
        place[t], half[t] = standing(camera, int(t), centers[t], float(rows[t]))
    known = np.isfinite(half)
    if not known.any():
        return np.full((count, 3), np.nan, np.float32), np.full(count, np.nan, np.float32)
    size = float(np.quantile(half[known], 0.15)) if known.sum() > 4 else float(half[known].min())
    steady = half[known & (half < 1.12 * size)]
    size = float(np.median(steady)) if len(steady) else size
    down = known & (half < RISEN * size) if moves else known
    if not down.any():
        down = known
    base = np.full((count, 3), np.nan)
    base[down] = place[down]
    base[down, 1] -= half[down]
    tall = np.where(down, half, np.nan)
    steps = np.arange(count)
    for number in np.unique(shot):
        part = shot == number
        here = np.flatnonzero(part & down)
        if not len(here):
            continue
        # Others: over the line between the places on the ground, at the height of their ray.
        need = np.flatnonzero(part & ~down & np.isfinite(centers).all(1))
        for t in need:
            spot = np.array([np.interp(t, here, place[here, axis]) for axis in (0, 2)])
            if t < here[0] or t > here[-1]:
                spot = _onward(place[:, [0, 2]], here, int(t))
            start, way = rays(camera, int(t), centers[t][None])
            flat = way[0, [0, 2]]
            along = float((spot - start[0, [0, 2]]) @ flat / max(float(flat @ flat), 1e-9))
            if along <= 0:
                continue
            point = start[0] + along * way[0]
            near = here[np.argmin(np.abs(here - t))]
            tall[t] = half[near]
            base[t] = point - [0, half[near], 0]
            if whole[t] and base[t, 1] < 0 and np.isfinite(place[t]).all():
                base[t] = [place[t, 0], 0.0, place[t, 2]]
    _ = steps
    return base.astype(np.float32), tall.astype(np.float32)


def _onward(flat: D, here: NDArray[np.int64], frame: int) -> D:
    """A place on the ground before the first or after the last known one, by the speed there."""
    end = here[0] if frame < here[0] else here[-1]
    near = here[np.abs(here - end) <= 4]
    if len(near) < 3 or abs(frame - end) > 12:
        return np.asarray(flat[end])
    speed = np.polyfit(near, flat[near], 1)[0]
    return np.asarray(flat[end] + speed * (frame - end))
