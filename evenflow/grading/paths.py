"""Paths: where somebody was in every frame, as the camera of the shot sees it, and when it moved.

A path has three coordinates in world units: right, up, and away from the camera of the first frame
of its shot. Where no place in the world is known, right and up come from the picture: pixels after
the background's own motion was taken out, over the pixels that a unit takes up at the size that
such a body usually has; away is then NaN.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenflow.grading.reading import ABSENT, HIDDEN, LOST, OUTSIDE, SEEN, Reading, Track
from evenflow.world.gait import HALF_HEIGHTS

D = NDArray[np.float64]
B = NDArray[np.bool_]

MOVING, STILL = 0.22, 0.12
"""World units a second: faster is motion, and it lasts until it is slower than the second."""
LEAST_WAY = 0.12
"""World units that a motion covers at least."""
TURN = 0.9
"""Radians between two stretches of a way that are told as two motions."""


@dataclass(frozen=True)
class Motion:
    """A stretch in which somebody moves.

    Args:
        start, end: frames, `[start, end)`; the last still moves.
        way: net displacement right, up, away, `(3,)`; away is 0 where it is unknown.
        length: of the path, world units.
        speed: mean, units a second; peak: the largest.
        part: True if it is a piece of a longer motion that turned.
    """

    start: int
    end: int
    way: D
    length: float
    speed: float
    peak: float
    part: bool = False


@dataclass(frozen=True)
class Path:
    """Where a track was.

    Args:
        track: whose it is.
        at: right, up (of its foot), away, `(t, 3)`; NaN where it was not seen.
        filled: the same with gaps bridged in a straight line, NaN before the first and after the
            last frame of a shot that saw it.
        speed: on the ground, units a second, `(t,)`; rise: upward.
        known: True for places in the world, False for those of the picture.
        unit: pixels of a world unit at its place, `(t,)`.
        motions: in the order of time.
    """

    track: Track
    at: D
    filled: D
    speed: D
    rise: D
    known: bool
    unit: D
    motions: tuple[Motion, ...]

    @property
    def seen(self) -> B:
        """Frames that show it."""
        return np.asarray(self.track.state == SEEN)


def shots_of(reading: Reading) -> list[tuple[int, int]]:
    """Frames `[start, end)` between cuts."""
    edges = [0, *reading.cuts, reading.num_frames]
    return [(a, b) for a, b in zip(edges, edges[1:], strict=False) if b > a]


def half_height(kind: str) -> float:
    """Half of the height that such a body usually has, world units."""
    return HALF_HEIGHTS.get(kind, 0.46)


def path_of(track: Track, reading: Reading) -> Path:
    """The path of a track."""
    num = reading.num_frames
    seen = track.state == SEEN
    placed = seen & np.isfinite(track.ground).all(axis=1)
    known = bool(seen.any()) and placed.sum() >= 0.7 * seen.sum()
    at = np.full((num, 3), np.nan)
    size = np.where(np.isfinite(track.size), track.size, np.nan).astype(np.float64)
    middle = float(np.nanmedian(size)) if np.isfinite(size).any() else half_height(track.kind)
    tall = (track.box[:, 3] - track.box[:, 1]).astype(np.float64)
    good = seen & track.whole
    with np.errstate(invalid="ignore"):
        unit = np.where(good | (seen & ~good.any()), tall / (2 * max(middle, 0.05)), np.nan)
    unit = _bridged(unit, edge=True)
    drift = _drift(reading)
    for start, end in shots_of(reading):
        rows = slice(start, end)
        if known:
            turn = reading.view.world_to_camera[start, :3, :3].astype(np.float64)
            if not np.isfinite(turn).all():
                turn = np.eye(3)
            right = np.array([turn[0, 0], 0.0, turn[0, 2]])
            right /= max(float(np.linalg.norm(right)), 1e-9)
            away = np.array([-right[2], 0.0, right[0]])
            if away @ turn[2] < 0:
                away = -away
            ground = track.ground[rows].astype(np.float64)
            at[rows] = np.stack([ground @ right, ground[:, 1], ground @ away], axis=1)
        else:
            x = (track.center[rows, 0] - drift[rows, 0]) / unit[rows]
            y = -(track.box[rows, 3] - drift[rows, 1]) / unit[rows]
            at[rows] = np.stack([x, y, np.full(end - start, np.nan)], axis=1)
    at[~seen] = np.nan
    filled = np.full_like(at, np.nan)
    speed, rise = np.full(num, np.nan), np.full(num, np.nan)
    motions: list[Motion] = []
    for start, end in shots_of(reading):
        rows = slice(start, end)
        filled[rows] = np.stack([_bridged(at[rows, i]) for i in range(3)], axis=1)
        flat = filled[rows][:, [0, 2]] if known else filled[rows][:, [0, 1]]
        v = velocity(np.nan_to_num(flat, nan=0.0) if known else flat, reading.fps)
        there = np.isfinite(filled[rows, 0])
        speed[rows] = np.where(there, np.sqrt((v**2).sum(axis=1)), np.nan)
        rise[rows] = velocity(filled[rows, 1:2], reading.fps)[:, 0]
        both = np.maximum(speed[rows], np.abs(rise[rows])) if known else speed[rows]
        for a, b in stretches(both, start):
            motions += _told(filled, speed, a, b, reading.fps)
    return Path(track, at, filled, speed, rise, known, unit, tuple(motions))


def velocity(values: D, fps: float, half: int = 2) -> D:
    """Slope of a least-squares line through the `2 half + 1` values around each, `(t, d)`; fewer at
    the ends, NaN where less than two are known."""
    num = len(values)
    out = np.full_like(values, np.nan, dtype=np.float64)
    for t in range(num):
        a, b = max(t - half, 0), min(t + half + 1, num)
        time = np.arange(a, b, dtype=np.float64)
        for d in range(values.shape[1]):
            row = values[a:b, d]
            ok = np.isfinite(row)
            if ok.sum() >= 2 and np.isfinite(values[t, d]):
                x = time[ok] - time[ok].mean()
                out[t, d] = (x * (row[ok] - row[ok].mean())).sum() / (x**2).sum() * fps
    return out


def stretches(speed: D, offset: int = 0) -> list[tuple[int, int]]:
    """Frames `[a, b)` of motion with hysteresis; pauses of two frames are none."""
    found: list[list[int]] = []
    moving = False
    for t, v in enumerate(speed):
        if not np.isfinite(v):
            moving = False
            continue
        if not moving and v > MOVING:
            moving = True
            start = t
            while start > 0 and np.isfinite(speed[start - 1]) and speed[start - 1] > STILL:
                start -= 1
            if found and start - found[-1][1] <= 2:
                found[-1][1] = t + 1
            else:
                found.append([start, t + 1])
        elif moving and v > STILL:
            found[-1][1] = t + 1
        else:
            moving = False
    return [(a + offset, b + offset) for a, b in found]


def _told(filled: D, speed: D, a: int, b: int, fps: float) -> list[Motion]:
    """A motion, and its pieces where it turns."""
    whole = _motion(filled, speed, a, b, fps, part=False)
    if whole is None:
        return []
    flat = np.nan_to_num(filled[a:b, [0, 2]])
    pieces: list[tuple[int, int]] = []
    begin = 0
    reach = max(2, round(0.3 * fps))
    t = reach
    while t < len(flat) - reach:
        one, two = flat[t] - flat[max(t - reach, begin)], flat[t + reach] - flat[t]
        lengths = np.linalg.norm(one), np.linalg.norm(two)
        if min(lengths) > 0.08:
            angle = abs(np.arctan2(one[0] * two[1] - one[1] * two[0], one @ two))
            if angle > TURN:
                pieces.append((begin, t))
                begin = t
                t += reach
        t += 1
    if not pieces:
        return [whole]
    pieces.append((begin, len(flat)))
    parts = [_motion(filled, speed, a + i, a + j, fps, part=True) for i, j in pieces]
    return [whole, *(one for one in parts if one is not None)]


def _motion(filled: D, speed: D, a: int, b: int, fps: float, *, part: bool) -> Motion | None:
    before = max(a - 1, 0) if np.isfinite(filled[max(a - 1, 0), 0]) else a
    points = np.nan_to_num(filled[before:b])
    if len(points) < 2:
        return None
    smooth = points.copy()
    if len(points) >= 5:
        smooth[1:-1] = (points[:-2] + points[1:-1] + points[2:]) / 3
    way = smooth[-1] - smooth[0]
    length = float(np.linalg.norm(np.diff(smooth, axis=0), axis=1).sum())
    far = float(np.linalg.norm(smooth - smooth[0], axis=1).max())
    if far < LEAST_WAY:
        return None
    mean = length / max((len(points) - 1) / fps, 1e-9)
    peak = float(np.nanmax(speed[a:b])) if np.isfinite(speed[a:b]).any() else mean
    return Motion(a, b, way, length, mean, peak, part)


def _drift(reading: Reading) -> D:
    """How far the background has moved since the shot began, pixels, `(t, 2)`."""
    out = np.zeros((reading.num_frames, 2))
    for start, end in shots_of(reading):
        shift = np.nan_to_num(reading.view.motion[start:end, :2].astype(np.float64))
        shift[0] = 0
        out[start:end] = np.cumsum(shift, axis=0)
    return out


def _bridged(values: D, *, edge: bool = False) -> D:
    """Gaps between known values bridged in a straight line; `edge` also holds the ends."""
    ok = np.flatnonzero(np.isfinite(values))
    if not len(ok):
        return values.copy()
    rows = np.arange(len(values))
    out = np.interp(rows, ok, values[ok])
    if not edge:
        out[: ok[0]] = np.nan
        out[ok[-1] + 1 :] = np.nan
    return out


def runs(mask: B) -> list[tuple[int, int]]:
    """Frames `[a, b)` of every run of True."""
    edge = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    return [(int(a), int(b)) for a, b in zip(first, last, strict=True)]


__all__ = [
    "ABSENT", "HIDDEN", "LOST", "OUTSIDE", "SEEN",
    "Motion", "Path", "half_height", "path_of", "runs", "shots_of", "stretches", "velocity",
]  # fmt: skip
