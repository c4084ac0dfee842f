"""Survey: a look ahead at the frames of a fault, and how a camera and an object move through them.

Small gray pictures of the span are kept. The motion of an object from frame to frame is the
similarity that most of the flow inside its box follows; so that errors do not add up, every step
is checked against the object's own first picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Source, SourceInfo
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.core.span import Box
from evenflow.motion.camera import camera_step
from evenflow.motion.flow import MIN_SIDE, Flow, agree, confidence, flow

LINES = 150
"""Height of the pictures that motion is read from."""
MOST_FRAMES = 4000
"""Longest span that is looked at: what is kept of it takes 0.4 GB."""
STRIDE = 3
"""Motion is kept at every third small pixel."""

Matrix = NDArray[np.float64]
"""`(3, 3)`, maps homogeneous pixel coordinates `(x, y, 1)`."""
Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Motion:
    """Where every `STRIDE`-th small pixel of a frame goes to, `(h, w, 2)`, and how sure that is."""

    moves: Flow
    trust: Picture


@dataclass(frozen=True)
class Survey:
    """What a look ahead leaves of the frames `[start, start + n)`.

    Args:
        info: of the source.
        start: first frame.
        grays: small gray pictures, at most `LINES` high.
        motions: from each of them to the next; empty if the picture is too small to read motion.
        scale: small pixels to a source pixel.
        first, last: colors of the first and the last frame, `(h, w, 1 or 3)` in [0, 1].
    """

    info: SourceInfo
    start: int
    grays: list[NDArray[np.uint8]]
    motions: list[Motion]
    scale: tuple[float, float]
    first: Picture
    last: Picture


def survey(source: Source, start: int, end: int, cancel: CancelToken | None = None) -> Survey:
    """Looks at the frames `[start, end)` once.

    Raises:
        BadInput: the source cannot be read twice, the span is too long, or it holds no frames.
    """
    info = source.info
    if info.num_frames is None:
        raise BadInput(
            f"{info.name} is a stream, and this kind has to look ahead to follow what it changes: "
            "save it to a file first"
        )
    if end - start > MOST_FRAMES:
        raise BadInput(
            f"what changes is followed for at most {MOST_FRAMES} frames, here for "
            f"{end - start}: give a shorter range or clip"
        )
    grays: list[NDArray[np.uint8]] = []
    motions: list[Motion] = []
    first = pixels = None
    height = min(info.height, LINES)
    width = max(1, round(info.width * height / info.height))
    for frame in source.stream(start, end, cancel=cancel):
        pixels = frame.pixels()
        if first is None:
            first = _colors(pixels)
        small = cv2.resize(_gray(pixels), (width, height), interpolation=cv2.INTER_AREA)
        if grays and min(small.shape) >= MIN_SIDE:
            motions.append(_motion(grays[-1], small))
        grays.append(small)
    if first is None or pixels is None:
        raise BadInput(f"{info.name} has no frames in [{start}, {end})")
    scale = (width / info.width, height / info.height)
    return Survey(info, start, grays, motions, scale, first, _colors(pixels))


def _motion(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Motion:
    back, ahead = flow(after, before), flow(before, after)
    sure = confidence(before)[::STRIDE, ::STRIDE]
    moves = np.ascontiguousarray(ahead[::STRIDE, ::STRIDE])
    return Motion(moves, sure * agree(ahead, back, STRIDE))


def _colors(pixels: NDArray) -> Picture:
    shown: Picture = pixels[..., : min(pixels.shape[2], 3)].astype(np.float32)
    return shown / np.float32(np.iinfo(pixels.dtype).max)


def _gray(pixels: NDArray) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[..., 0])
    gray: NDArray[np.uint8] = cv2.cvtColor(
        np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY
    )
    return gray


@dataclass(frozen=True)
class Track:
    """Motion since a first frame: `matrices[i]` maps its pixels to those of frame `start + i`."""

    start: int
    matrices: NDArray[np.float64]

    def at(self, index: int) -> Matrix:
        """The matrix of a frame; before the first and behind the last frame it stands still."""
        return self.matrices[min(max(index - self.start, 0), len(self.matrices) - 1)]


def ground(look: Survey) -> tuple[Track, Picture]:
    """How the picture as a whole moves, and how fast pixels of the first frames move on their own.

    The former is the camera, where most of the picture stands still; the latter is told for every
    `STRIDE`-th small pixel, in small pixels a frame, at most 3.
    """
    height, width = look.grays[0].shape
    own = np.zeros((-(-height // STRIDE), -(-width // STRIDE)), np.float32)
    matrices = [np.eye(3)]
    points = np.stack([a.ravel() for a in np.meshgrid(
        np.arange(3, width, 9), np.arange(3, height, 9)
    )], axis=1).astype(np.float32)  # fmt: skip
    for i, motion in enumerate(look.motions):
        found, _ = _step(points, motion.moves, motion.trust, STRIDE)
        step = np.eye(3) if found is None else found
        if i < 6:
            x, y = np.meshgrid(np.arange(0, width, STRIDE), np.arange(0, height, STRIDE))
            sx = step[0, 0] * x + step[0, 1] * y + step[0, 2] - x
            sy = step[1, 0] * x + step[1, 1] * y + step[1, 2] - y
            gap = np.hypot(motion.moves[..., 0] - sx, motion.moves[..., 1] - sy)
            own += np.where(motion.trust > 0.2, np.minimum(gap, 3.0), 0.0).astype(np.float32)
        matrices.append(step @ matrices[-1])
    still = [np.eye(3)] * (len(look.grays) - len(matrices))
    own /= np.float32(max(1, min(6, len(look.motions))))
    return _track(look, matrices + still), own


def _step(
    points: NDArray[np.float32], moves: Flow, trust: Picture, stride: int
) -> tuple[Matrix | None, float]:
    """The similarity that most of the trusted points follow, and the share that does.

    None if fewer than twelve of them can be trusted.

    Args:
        points: `(n, 2)`; each is read at the nearest pixel whose motion is known.
        moves, trust: of every `stride`-th pixel.
    """
    height, width = trust.shape
    col, row = np.rint(points / stride).astype(int).T
    inside = (col >= 0) & (row >= 0) & (col < width) & (row < height)
    col, row = col[inside], row[inside]
    use = trust[row, col] > 0.2
    col, row = col[use], row[use]
    if len(col) < 12:
        return None, 0.0
    at = np.stack([col, row], axis=1).astype(np.float32) * stride
    middle = at.mean(axis=0)
    step = moves[row, col]
    found = camera_step(at - middle, step)
    scale, rotation, dx, dy = float(np.expm1(found.zoom)), found.rotation, found.dx, found.dy
    if found.inliers < 0.5 or abs(scale) > 0.06 or abs(rotation) > 0.08:
        scale = rotation = 0.0
        dx, dy = (float(v) for v in np.median(step, axis=0))
    linear = np.array([[1.0 + scale, -rotation], [rotation, 1.0 + scale]])
    made = np.eye(3)
    made[:2, :2] = linear
    made[:2, 2] = middle + np.array([dx, dy]) - linear @ middle
    return made, found.inliers


def _track(look: Survey, matrices: list[Matrix]) -> Track:
    """From small to source pixels; a pixel's middle stays its middle."""
    kx, ky = look.scale
    to_small = np.array([[kx, 0.0, kx / 2 - 0.5], [0.0, ky, ky / 2 - 0.5], [0.0, 0.0, 1.0]])
    back = np.linalg.inv(to_small)
    return Track(look.start, np.stack([back @ m @ to_small for m in matrices]))


@dataclass
class _Follower:
    """One region on its way through the small pictures."""

    center: NDArray[np.float64]
    half: NDArray[np.float64]
    matrices: list[Matrix]
    inliers: list[float]

    def points(self) -> NDArray[np.float32]:
        """A grid over the ellipse at the last frame."""
        u, v = np.meshgrid(np.linspace(-0.9, 0.9, 13), np.linspace(-0.9, 0.9, 13))
        keep = u**2 + v**2 < 0.9
        at = self.center + np.stack([u[keep], v[keep]], axis=1) * self.half
        matrix = self.matrices[-1]
        return (at @ matrix[:2, :2].T + matrix[:2, 2]).astype(np.float32)


def follow(look: Survey, boxes: list[Box], camera: Track) -> tuple[list[Track], list[float]]:
    """Tracks of the content of each box, and how well each was followed, in [0, 1]."""
    kx, ky = look.scale
    scale = np.array([kx, ky])
    followers = []
    for x0, y0, x1, y1 in boxes:
        center = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) * scale - 0.5
        half = np.maximum(np.array([x1 - x0, y1 - y0]) / 2 * scale, 1.0)
        followers.append(_Follower(center, half, [np.eye(3)], []))
    to_small = np.array([[kx, 0.0, kx / 2 - 0.5], [0.0, ky, ky / 2 - 0.5], [0.0, 0.0, 1.0]])
    away = np.linalg.inv(to_small)
    steps = [
        to_small @ b @ np.linalg.inv(a) @ away
        for a, b in zip(camera.matrices, camera.matrices[1:], strict=False)
    ]
    for i in range(len(look.grays) - 1):
        for follower in followers:
            step, inliers = None, 0.0
            if look.motions:
                motion = look.motions[i]
                step, inliers = _step(follower.points(), motion.moves, motion.trust, STRIDE)
            follower.matrices.append((steps[i] if step is None else step) @ follower.matrices[-1])
            follower.inliers.append(inliers)
            _settle(follower, look.grays[0], look.grays[i + 1])
    return (
        [_track(look, f.matrices) for f in followers],
        [float(np.mean(f.inliers)) if f.inliers else 0.0 for f in followers],
    )


def _settle(follower: _Follower, first: NDArray[np.uint8], now: NDArray[np.uint8]) -> None:
    """Takes back what has crept in since the first picture, where that can still be seen."""
    points = follower.points()
    height, width = now.shape
    low = np.floor(points.min(axis=0)).astype(int) - 8
    high = np.ceil(points.max(axis=0)).astype(int) + 9
    need = np.maximum(MIN_SIDE + 8 - (high - low), 0)
    low, high = low - need // 2, high + (need + 1) // 2
    low, high = np.maximum(low, 0), np.minimum(high, [width, height])
    if (high - low < MIN_SIDE).any():
        return
    to = np.eye(3)
    to[:2, 2] = -low
    matrix = (to @ follower.matrices[-1])[:2]
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    shown = cv2.warpAffine(
        first, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    here = np.ascontiguousarray(now[low[1] : high[1], low[0] : high[0]])
    field = flow(shown, here)
    step, inliers = _step(points - low.astype(np.float32), field, confidence(shown), 1)
    if step is None or inliers < 0.6:
        return
    middle = (points.mean(axis=0) - low).astype(np.float64)
    moved = step[:2, :2] @ middle + step[:2, 2] - middle
    if np.hypot(*moved) > 2.0:
        return
    follower.matrices[-1] = np.linalg.inv(to) @ step @ to @ follower.matrices[-1]
