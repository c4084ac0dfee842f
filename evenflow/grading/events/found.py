"""What is found of an event: when it happened, or why not, or why that cannot be told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenflow.grading.paths import Motion, Path, path_of, shots_of
from evenflow.grading.reading import SEEN, Reading, Track
from evenflow.world.script import Deed, Script

D = NDArray[np.float64]

AXES = {
    "left": (0, -1.0), "right": (0, 1.0), "up": (1, 1.0), "down": (1, -1.0),
    "forward": (2, 1.0), "back": (2, -1.0),
}  # fmt: skip
"""Which coordinate of a path a direction is, and its sign."""
SHARE = 0.42
"""Share of a way that must go in a direction for it to be called so."""


@dataclass(frozen=True)
class When:
    """Frames `[start, end)` in which something happened; `motion` where it was one."""

    start: int
    end: int
    motion: Motion | None = None


@dataclass(frozen=True)
class Found:
    """What came of looking for an event.

    Args:
        whens: every time that it happened.
        reason: why there is none.
        parsed: False where it cannot be told at all.
    """

    whens: tuple[When, ...] = ()
    reason: str = ""
    parsed: bool = True

    @staticmethod
    def unread(reason: str) -> "Found":
        """Nothing can be said, for a reason."""
        return Found((), reason, parsed=False)


@dataclass
class Stage:
    """A reading with who is who.

    Args:
        reading: what was seen.
        script: what was said.
        cast: tracks of every role; a role that was not found has none.
    """

    reading: Reading
    script: Script
    cast: dict[int, list[Track]]
    _paths: dict[int, Path] = field(default_factory=dict)

    def path(self, track: Track) -> Path:
        """The path of a track."""
        if track.id not in self._paths:
            self._paths[track.id] = path_of(track, self.reading)
        return self._paths[track.id]

    def one(self, role: int) -> Track | None:
        """The first track of a role."""
        return next(iter(self.cast.get(role, ())), None)

    def across(self, path: Path) -> D:
        """Middle of somebody from left to right, pixels, gaps bridged, `(t,)`."""
        x = path.track.center[:, 0].astype(np.float64)
        out = np.full(len(x), np.nan)
        for a, b in shots_of(self.reading):
            ok = np.flatnonzero(np.isfinite(x[a:b]) & path.seen[a:b])
            if len(ok):
                out[a + ok[0] : a + ok[-1] + 1] = np.interp(
                    np.arange(ok[0], ok[-1] + 1), ok, x[a:b][ok]
                )
        return out

    def distance(self, one: Track, other: Track) -> D:
        """How far apart two stand, world units on the ground; across the picture where the ground
        is not known, `(t,)`."""
        a, b = self.path(one), self.path(other)
        if a.known and b.known:
            gap = held(a.filled) - held(b.filled)
            return np.asarray(np.hypot(gap[:, 0], gap[:, 2]))
        gap = one.center.astype(np.float64) - other.center
        return np.asarray(np.linalg.norm(gap, axis=1) / np.fmax(a.unit, b.unit))

    def depth(self, track: Track) -> D:
        """How far from the camera somebody stands, along its axis, `(t,)`; by the foot's row where
        the ground is not known (larger is nearer, so it is turned around)."""
        path = self.path(track)
        if path.known and np.isfinite(self.reading.view.world_to_camera).all():
            w2c = self.reading.view.world_to_camera.astype(np.float64)
            ground = track.ground.astype(np.float64)
            return np.asarray(np.einsum("tj,tj->t", w2c[:, 2, :3], ground) + w2c[:, 2, 3])
        return -track.box[:, 3].astype(np.float64)

    def watched(self, track: Track, start: int = 0, end: int | None = None) -> float:
        """Share of the frames that show somebody."""
        return float((track.state[start:end] == SEEN).mean())


def held(values: D) -> D:
    """The same with the first and last known values held, per column."""
    out = values.copy()
    for i in range(values.shape[1]):
        ok = np.flatnonzero(np.isfinite(values[:, i]))
        if len(ok):
            out[:, i] = np.interp(np.arange(len(values)), ok, values[ok, i])
    return out


def goes(motion: Motion, direction: str, path: Path) -> bool | None:
    """Whether a motion goes in a direction; None where that cannot be seen."""
    axis, sign = AXES[direction]
    way = motion.way
    if axis == 2 and not path.known:
        return None
    if axis == 2 and not np.isfinite(way[2]):
        return None
    size = float(np.linalg.norm(way[[0, 2]] if axis != 1 else way))
    if direction in ("up", "down") and path.known:
        return bool(sign * way[1] > 0.12)
    return bool(sign * way[axis] > max(SHARE * size, 0.05))


def sided(
    stage: Stage,
    deed: Deed,
    agent: Track,
    whens: Sequence[When],
    none: str,
    *,
    before: bool = False,
) -> Found:
    """Those events whose motion about that time goes in the direction that was said."""
    if not whens or not deed.direction:
        return Found(tuple(whens), none if not whens else "")
    path = stage.path(agent)
    keep, other = [], ""
    for when in whens:
        reach = max(3, round(0.4 * stage.reading.fps))
        a, b = (when.start - reach, when.start) if before else (when.start, when.start + reach)
        rows = path.filled[max(a, 0) : b + 1]
        rows = rows[np.isfinite(rows[:, 0])]
        if len(rows) < 2:
            keep.append(When(when.start, when.end))
            continue
        way = np.nan_to_num(rows[-1] - rows[0])
        if before is False and np.linalg.norm(way) < 0.05:
            keep.append(when)
            continue
        motion = Motion(a, b, way, 0.0, 0.0, 0.0)
        fits = goes(motion, deed.direction, path)
        if fits is None or fits:
            keep.append(when)
        else:
            other = f"goes {word(way)}"
    return Found(tuple(keep), other)


def word(way: D) -> str:
    """The direction of a way in a word."""
    axis = int(np.abs(way).argmax())
    names = (("left", "right"), ("down", "up"), ("toward the camera", "away from the camera"))
    return names[axis][int(way[axis] > 0)]
