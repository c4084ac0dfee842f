"""Reading: what the grader saw of a clip, with nobody telling it what the scene was.

Letters: `t` frames, `h w` rows and columns. World axes and units are those of `world/spec.py`.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float32]

ABSENT, SEEN, HIDDEN, OUTSIDE, LOST = range(5)
"""States of a track in a frame: not there yet or rightly gone; seen; behind something nearer;
beyond the border; and gone with no reason, which is what a vanished thing looks like."""


@dataclass(frozen=True)
class Track:
    """Somebody or something that was followed through the clip.

    Args:
        id: from 1, in the order of appearance.
        kind: row of THINGS, WALKERS or FIXTURES that it looks like over the whole clip, or `thing`
            where no kind won.
        kinds: share of votes of every kind.
        color: row of COLORS that most frames show; second: that of its marks, or empty.
        pattern: row of PATTERNS, `plain` where no mark was seen, empty where it cannot be told.
        state: ABSENT, SEEN, ... of every frame, int8 `(t,)`.
        hidden_by: id of the track that is in front where it is HIDDEN, else 0, int16 `(t,)`.
        box: x0, y0, x1, y1 in pixels, NaN where it is not seen, `(t, 4)`.
        center: of its pixels, x and y, NaN where it is not seen, `(t, 2)`.
        area: pixels that show it, `(t,)`.
        colors: row of COLORS that each frame shows, -1 where it is not seen, int8 `(t,)`.
        lab: its mean CIELAB color after the light of the frame was taken out, `(t, 3)`.
        looks: what each frame alone would vote for, a number of `kinds` in order, int8 `(t,)`.
        whole: True where neither the border nor somebody nearer cuts it, bool `(t,)`.
        ground: world x, y, z of its lowest point, NaN where unknown, `(t, 3)`.
        size: half its height in world units, `(t,)`.
        turn: angle of its marks or of its body about its own axis, radians, NaN where it has none
            that can be seen, `(t,)`.
        phase: of a walker's legs, in cycles, NaN elsewhere, `(t,)`.
        feet: x, y in pixels of up to four soles of a walker, NaN elsewhere, `(t, 4, 2)`.
    """

    id: int
    kind: str
    kinds: dict[str, float]
    color: str
    second: str
    pattern: str
    state: NDArray[np.int8]
    hidden_by: NDArray[np.int16]
    box: F
    center: F
    area: F
    colors: NDArray[np.int8]
    lab: F
    looks: NDArray[np.int8]
    whole: NDArray[np.bool_]
    ground: F
    size: F
    turn: F
    phase: F
    feet: F


@dataclass(frozen=True)
class View:
    """The camera that was given or found.

    Args:
        known: `given`, `fitted` or `none`.
        intrinsics: K `(t, 3, 3)` in pixels; world_to_camera: `(t, 4, 4)`; as in `CameraTrack`.
        motion: how the picture of the background moves from frame i - 1 to i: shift x, y in pixels,
            log scale, roll in radians; NaN where it cannot be told, `(t, 4)`.
        orthographic: whether the camera sees without perspective.
    """

    known: str
    intrinsics: F
    world_to_camera: F
    motion: F
    orthographic: bool = False


@dataclass(frozen=True)
class Reading:
    """A clip, read.

    Args:
        fps, width, height, num_frames: of the clip.
        tracks: in the order of their ids.
        labels: id of the track that each pixel of the reading's grid shows, 0 for the background,
            int16 `(t, h', w')`; the grid may be coarser than the picture.
        coverage: share of what moves or stands out that was parsed as somebody, in [0, 1].
        view: the camera.
        light: mean linear RGB of the background after the camera's motion was taken out, `(t, 3)`.
        shadow: direction in which shadows fall on the ground, radians about y, NaN where none is
            seen, `(t,)`.
        background: of each frame, how alike the background is to that of the first frame that shows
            the same place, in [0, 1], NaN where no place is shared, `(t,)`.
        cuts: first frames of new shots.
        notes: what could not be read, and why.
    """

    fps: float
    width: int
    height: int
    num_frames: int
    tracks: tuple[Track, ...]
    labels: NDArray[np.int16]
    coverage: float
    view: View
    light: F
    shadow: F
    background: F
    cuts: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())
