"""Ground: where bodies are in the world, from pixels, a camera and the plane they stand on.

A body that stands is where the ray through its center meets the height of its center, and its
height is what its silhouette says at that depth; a silhouette is that of the body's kind: one looks
down on the lid of a box. A body in the air looks larger than it is under that assumption, for the
ray goes on to the ground behind it: these frames are told by the size, get their place from the
frames before and after, and their height from the ray.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.world import things
from evenflow.world.animation import CameraTrack
from evenflow.world.words import THINGS

D = NDArray[np.float64]
F = NDArray[np.float32]
RISEN = 1.1
"""Times its size that a body seems to be when it has left the ground."""
FARTHEST = 60.0
"""World units beyond which nothing is put on the ground."""


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


def projected(camera: CameraTrack, frame: int, points: NDArray) -> D:
    """Pixels `(n, 2)` of world points `(n, 3)`; NaN behind the camera."""
    pose = camera.world_to_camera[frame].astype(np.float64)
    k = camera.intrinsics[frame].astype(np.float64)
    local = np.asarray(points, np.float64) @ pose[:3, :3].T + pose[:3, 3]
    if camera.orthographic[frame]:
        flat = local[:, :2]
    else:
        flat = local[:, :2] / np.where(local[:, 2] > 0.05, local[:, 2], np.nan)[:, None]
    return np.asarray(flat * [k[0, 0], k[1, 1]] + [k[0, 2], k[1, 2]])


def landed(start: D, way: D, height: D | float = 0.0) -> D:
    """Where rays meet the plane y = height, `(n, 3)`; NaN above the horizon or too far."""
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (height - start[:, 1]) / way[:, 1]
    far = np.where((far > 0.05) & (far < FARTHEST), far, np.nan)
    return np.asarray(start + far[:, None] * way)


def girth(kind: str) -> float:
    """Half of the depth of a kind, in its half heights; 0 for what is flat or unknown."""
    if kind not in THINGS or kind in ("ring", "star", "ball", "lamp", "balloon"):
        return 0.0
    half = things.model(kind).solids[0].half
    return float(0.5 * (half[0] + half[2]))


def profile(camera: CameraTrack, frame: int, place: D, half: float, kind: str) -> D:
    """Pixels of the lowest and the highest point of a body's silhouette, `(2, 2)`.

    Args:
        place: world center; half: half its height.
    """
    turn = camera.world_to_camera[frame, :3, :3].astype(np.float64)
    if kind == "ball":
        up = -half * turn[1]
        return projected(camera, frame, np.stack([place - up, place + up]))
    toward = -turn[2] * [1, 0, 1]
    toward = toward / max(float(np.linalg.norm(toward)), 1e-9) * girth(kind) * half
    up = np.array([0.0, half, 0.0])
    top = up if kind == "cone" else up - toward
    return projected(camera, frame, np.stack([place - up + toward, place + top]))


def standing(
    camera: CameraTrack, frame: int, low: NDArray, high: NDArray, kind: str = "thing"
) -> tuple[D, float]:
    """Center and half height of a body that stands on the ground and is seen whole.

    Args:
        low, high: pixels of the lowest and the highest row of its silhouette, in its middle.

    Returns:
        World center `(3,)` and half height; NaN where no ground is seen there.
    """
    nothing = np.full(3, np.nan), float("nan")
    half, shift = 0.3, 0.0
    rows = float(low[1] - high[1])
    middle = 0.5 * (np.asarray(low, np.float64) + high)
    place = np.full(3, np.nan)
    for _ in range(14):
        start, way = rays(camera, frame, (middle + np.array([0.0, shift]))[None])
        place = landed(start, way, half)[0]
        if not np.isfinite(place).all():
            return nothing
        ends = profile(camera, frame, place, half, kind)
        seen = float(ends[0, 1] - ends[1, 1])
        if not (np.isfinite(seen) and seen > 0):
            return nothing
        shift = float(projected(camera, frame, place[None])[0, 1] - ends[:, 1].mean())
        next_ = float(np.clip(half * rows / seen, 0.02, 6.0))
        done = abs(next_ - half) < 1e-4
        half = 0.4 * half + 0.6 * next_
        if done:
            break
    return place, half


def places(
    camera: CameraTrack,
    low: D,
    high: D,
    whole: NDArray[np.bool_],
    shot: NDArray[np.int64],
    *,
    kind: str = "thing",
) -> tuple[F, F]:
    """Lowest point `(t, 3)` and half height `(t,)` of a body, NaN where unknown.

    Args:
        low, high: pixels of the lowest and the highest row of its silhouette, in its middle, NaN
            where it is not seen, `(t, 2)`.
        whole: seen from top to bottom.
        kind: what it is; what is no thing never leaves the ground.
    """
    count = len(low)
    place = np.full((count, 3), np.nan)
    half = np.full(count, np.nan)
    seen = np.isfinite(low).all(1)
    for t in np.flatnonzero(seen & whole):
        if low[t, 1] - high[t, 1] > 3:
            place[t], half[t] = standing(camera, int(t), low[t], high[t], kind)
    base = np.full((count, 3), np.nan)
    tall = np.full(count, np.nan)
    known = np.isfinite(half)
    if not known.any():
        return base.astype(np.float32), tall.astype(np.float32)
    down = on_ground(half, known) if kind in (*THINGS, "thing") else known
    base[down] = place[down]
    base[down, 1] -= half[down]
    tall[down] = half[down]
    for number in np.unique(shot):
        part = shot == number
        here = np.flatnonzero(part & down)
        if not len(here):
            continue
        # Others: over the line between the places on the ground, at the height of their ray.
        for t in np.flatnonzero(part & ~down & seen):
            if t < here[0] or t > here[-1]:
                spot = _onward(place[:, [0, 2]], here, int(t))
            else:
                spot = np.array([np.interp(t, here, place[here, axis]) for axis in (0, 2)])
            near = here[np.argmin(np.abs(here - t))]
            center = 0.5 * (low[t] + high[t])
            height = half[near]
            if not whole[t]:  # cut: its lowest or its highest row is not its own
                base[t] = [spot[0], 0.0, spot[1]]
                tall[t] = height
                continue
            start, way = rays(camera, int(t), center[None])
            flat = way[0, [0, 2]]
            along = float((spot - start[0, [0, 2]]) @ flat / max(float(flat @ flat), 1e-9))
            if along > 0:
                base[t] = start[0] + along * way[0] - [0, height, 0]
                base[t, 1] = max(base[t, 1], 0.0)
                tall[t] = height
    return base.astype(np.float32), tall.astype(np.float32)


def on_ground(half: D, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames in which a body stands: those that do not make it larger than it is.

    Its size is that of the frames that make it smallest; a size that grows or shrinks steadily is a
    change of size if the frames before and after agree with their neighbors: it is followed over
    half a second to both sides.
    """
    where = np.flatnonzero(known)
    values = half[where]
    if len(values) < 4:
        return known & (half < RISEN * np.nanmin(half))
    size = float(np.quantile(values, 0.15))
    steady = values[np.abs(values - size) < 0.1 * size]
    size = float(np.median(steady)) if len(steady) else size
    out = np.zeros(len(half), bool)
    out[where] = values < RISEN * size
    return out


def _onward(flat: D, here: NDArray[np.int64], frame: int) -> D:
    """A place on the ground before the first or after the last known one, by the speed there."""
    end = here[0] if frame < here[0] else here[-1]
    near = here[np.abs(here - end) <= 4]
    if len(near) < 3 or abs(frame - end) > 12:
        return np.asarray(flat[end])
    speed = np.polyfit(near, flat[near], 1)[0]
    return np.asarray(flat[end] + speed * (frame - end))
