"""Region: a soft-edged part of the picture that follows its content through the frames.

A look ahead keeps small gray pictures of the span. The motion of a region from frame to frame is
the similarity that most of the flow inside it follows; so that errors do not add up, every step is
checked against the region's own first picture.
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
"""Longest span that a region is followed through: what is kept of it takes 0.4 GB."""
STRIDE = 3
"""Motion is kept at every third small pixel."""
NUM_DRAWS = 64
NUM_TRIED = 3

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


@dataclass(frozen=True)
class Region:
    """A rounded shape with a soft rim that moves along a track.

    Args:
        track: how it moves, turns and grows.
        center, half: its middle and half its sides at the first frame, in source pixels.
        size: `(width, height)` of the picture.
        softness: part of the way from the rim to the middle on which it fades in, in (0, 1].
        dents: phases of three gentle waves around the outline.
    """

    track: Track
    center: tuple[float, float]
    half: tuple[float, float]
    size: tuple[int, int]
    softness: float = 0.3
    dents: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def box(self) -> Box:
        """Around it at the first frame, inside the picture."""
        (x, y), (a, b) = self.center, self.half
        width, height = self.size
        return (
            max(0, int(np.floor(x - a))),
            max(0, int(np.floor(y - b))),
            min(width, int(np.ceil(x + a)) + 1),
            min(height, int(np.ceil(y + b)) + 1),
        )

    def local(
        self, index: int, box: Box, shift: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Picture, Picture]:
        """Coordinates inside the shape of the pixels in a box: -1 to 1 from side to side."""
        x0, y0, x1, y1 = box
        back = np.linalg.inv(self.track.at(index))
        x, y = np.meshgrid(
            np.arange(x0, x1, dtype=np.float32) - shift[0],
            np.arange(y0, y1, dtype=np.float32) - shift[1],
        )
        u = (back[0, 0] * x + back[0, 1] * y + back[0, 2] - self.center[0]) / self.half[0]
        v = (back[1, 0] * x + back[1, 1] * y + back[1, 2] - self.center[1]) / self.half[1]
        return u.astype(np.float32), v.astype(np.float32)

    def view(
        self, index: int, *, shift: tuple[float, float] = (0.0, 0.0), pad: float = 0.0
    ) -> tuple[Box, Picture] | None:
        """A box around the region at a frame, and its share of each pixel there, `(h, w, 1)`.

        Args:
            shift: moves it aside, in source pixels.
            pad: widens the box (not the region) by this part of its sides.

        Returns:
            None if the region is out of the picture.
        """
        matrix = self.track.at(index)
        center = matrix[:2, :2] @ np.array(self.center) + matrix[:2, 2] + shift
        spread = np.abs(matrix[:2, :2]) @ np.array(self.half) * (1.0 + 2.0 * pad)
        x0, y0 = np.maximum(np.floor(center - spread), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(center + spread) + 1, self.size).astype(int)
        if x1 <= x0 or y1 <= y0:
            return None
        box = (int(x0), int(y0), int(x1), int(y1))
        alpha = self.share(*self.local(index, box, shift))
        return (box, alpha[..., None]) if alpha.any() else None

    def whole(self, index: int, *, shift: tuple[float, float] = (0.0, 0.0)) -> Picture:
        """Its share of every pixel of the picture at a frame, `(h, w, 1)`."""
        made = np.zeros((self.size[1], self.size[0], 1), np.float32)
        view = self.view(index, shift=shift)
        if view is not None:
            (x0, y0, x1, y1), alpha = view
            made[y0:y1, x0:x1] = alpha
        return made

    def share(self, u: Picture, v: Picture) -> Picture:
        """How much of the region there is at coordinates inside the shape, in [0, 1]."""
        radius = (np.abs(u) ** 2.5 + np.abs(v) ** 2.5) ** np.float32(1 / 2.5)
        turn = np.arctan2(v, u)
        wave = sum(np.sin((k + 2) * turn + p) for k, p in enumerate(self.dents))
        radius = radius * (1.0 + 0.025 * (3.0 + wave))
        rise = np.clip((1.0 - radius) / self.softness, 0.0, 1.0)
        made: Picture = (rise * rise * (3.0 - 2.0 * rise)).astype(np.float32)
        return made

    def placed(self, picture: Picture, index: int, box: Box) -> Picture:
        """`picture`, drawn over `self.box` at the first frame, as it lies in a box at a frame."""
        to = np.eye(3)
        to[0, 2], to[1, 2] = -box[0], -box[1]
        at = np.eye(3)
        at[0, 2], at[1, 2] = self.box[0], self.box[1]
        matrix = (to @ self.track.at(index) @ at)[:2]
        size = (box[2] - box[0], box[3] - box[1])
        made: Picture = cv2.warpAffine(
            picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        return made.reshape(size[1], size[0], picture.shape[2])

    def boxes(
        self, start: int, end: int, *, shift: tuple[float, float] = (0.0, 0.0)
    ) -> list[list[int]]:
        """`[frame, x0, y0, x1, y1]` at about 32 frames of `[start, end)`, where it is in view."""
        step = max(1, (end - start) // 32)
        made = []
        for index in sorted({*range(start, end, step), end - 1}):
            box = self.tight(index, shift=shift)
            if box is not None:
                made.append([index, *box])
        return made

    def tight(self, index: int, *, shift: tuple[float, float] = (0.0, 0.0)) -> Box | None:
        """The smallest box around the region at a frame, or None out of view."""
        view = self.view(index, shift=shift)
        if view is None:
            return None
        box, alpha = view
        rows, cols = np.flatnonzero(alpha.any(axis=(1, 2))), np.flatnonzero(alpha.any(axis=(0, 2)))
        return (
            box[0] + int(cols[0]),
            box[1] + int(rows[0]),
            box[0] + int(cols[-1]) + 1,
            box[1] + int(rows[-1]) + 1,
        )

    def union(self, start: int, end: int, *, shift: tuple[float, float] = (0.0, 0.0)) -> Box | None:
        """Around every place that it takes within frames `[start, end)`."""
        return joined([self.tight(i, shift=shift) for i in range(start, end)])


def joined(boxes: list[Box | None]) -> Box | None:
    """The smallest box around all that are there."""
    there = np.array([b for b in boxes if b is not None])
    if len(there) == 0:
        return None
    low, high = there[:, :2].min(axis=0), there[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def ground(look: Survey) -> Track:
    """How the picture as a whole moves: the camera, where most of it stands still."""
    return _ground(look)[0]


def _ground(look: Survey) -> tuple[Track, Picture]:
    """The camera's track, and how fast pixels of the first frames move on their own.

    The latter for every `STRIDE`-th small pixel, in small pixels a frame, at most 3.
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


def pick(
    look: Survey,
    box: Box | None,
    rng: np.random.Generator,
    *,
    sides: tuple[float, float] = (0.26, 0.42),
    softness: float = 0.3,
    color: bool = False,
    still: bool = False,
) -> tuple[Region, Track]:
    """A region for a fault and the camera's track; without a box the generator chooses one.

    It prefers texture, what moves on its own, and what stays in view.

    Args:
        sides: least and most size, as a share of the picture's side.
        softness: of the region's rim.
        color: prefers colors that can change at the same lightness.
        still: prefers what moves with the ground over what moves on its own.
    """
    camera, own = _ground(look)
    dents = tuple(float(p) for p in rng.uniform(0, 2 * np.pi, 3))
    size = (look.info.width, look.info.height)

    def shaped(b: Box, track: Track) -> Region:
        center = ((b[0] + b[2] - 1) / 2, (b[1] + b[3] - 1) / 2)
        half = (max((b[2] - b[0] - 1) / 2, 0.5), max((b[3] - b[1] - 1) / 2, 0.5))
        return Region(track, center, half, size, softness, dents)  # type: ignore[arg-type]

    if box is not None:
        return shaped(box, follow(look, [box], camera)[0][0]), camera
    drawn = _draws(look, rng, sides)
    worth = [_worth(look, b, -own if still else own, camera, color) for b in drawn]
    tried: list[Box] = []
    for i in np.argsort(worth)[::-1]:
        if len(tried) < NUM_TRIED and all(not _near(drawn[i], b) for b in tried):
            tried.append(drawn[i])
    tracks, inliers = follow(look, tried, camera)
    best, most = 0, -1.0
    for i, (b, track) in enumerate(zip(tried, tracks, strict=True)):
        value = (
            (0.3 + inliers[i]) * _in_view(look, b, track) ** 2 * max(worth[drawn.index(b)], 0.01)
        )
        if value > most:
            best, most = i, value
    return shaped(tried[best], tracks[best]), camera


def _draws(look: Survey, rng: np.random.Generator, sides: tuple[float, float]) -> list[Box]:
    width, height = look.info.width, look.info.height
    made = []
    for _ in range(NUM_DRAWS):
        side = rng.uniform(*sides) * np.sqrt(width * height)
        shape = np.exp(rng.uniform(-0.25, 0.25))
        w = int(np.clip(side * shape, min(8, width), 0.7 * width + 1))
        h = int(np.clip(side / shape, min(8, height), 0.7 * height + 1))
        x = int(rng.integers(0, max(1, width - w + 1)))
        y = int(rng.integers(0, max(1, height - h + 1)))
        made.append((x, y, min(width, x + w), min(height, y + h)))
    return made


def _worth(look: Survey, box: Box, own: Picture, camera: Track, color: bool) -> float:
    """How good a place is for an object: textured, moving on its own, staying in view."""
    kx, ky = look.scale
    x0, y0 = int(box[0] * kx), int(box[1] * ky)
    x1, y1 = max(x0 + 1, int(box[2] * kx)), max(y0 + 1, int(box[3] * ky))
    gray = look.grays[0]
    texture = float(confidence(gray)[y0:y1, x0:x1].mean())
    contrast = min(1.0, float(gray[y0:y1, x0:x1].std()) / 40.0)
    part = own[y0 // STRIDE : -(-y1 // STRIDE), x0 // STRIDE : -(-x1 // STRIDE)]
    moving = 0.7 * float(part.mean())
    worth = max(0.02, 0.1 + texture + 0.6 * contrast + moving)
    light = float(gray[y0:y1, x0:x1].mean()) / 255.0
    worth *= 0.3 + 0.7 * min(1.0, 6.0 * light * (1.0 - light))
    if color:
        shown = look.first[box[1] : box[3], box[0] : box[2]]
        light_there = shown.mean(axis=2)
        vivid = float((shown.max(axis=2) - shown.min(axis=2)).mean())
        middle = float(((light_there > 0.15) & (light_there < 0.85)).mean())
        worth *= (0.3 + min(1.0, 3.0 * vivid)) * (0.2 + middle)
    return worth * _in_view(look, box, camera) ** 2


def _in_view(look: Survey, box: Box, track: Track) -> float:
    """The least share of a box that is in the picture, over all frames."""
    corners = np.array([[box[0], box[1]], [box[2], box[3]]], float)
    least = 1.0
    for matrix in track.matrices:
        low, high = corners @ matrix[:2, :2].T + matrix[:2, 2]
        area = np.prod(np.maximum(high - low, 1e-6))
        seen = np.minimum(high, [look.info.width, look.info.height]) - np.maximum(low, 0.0)
        least = min(least, float(np.prod(np.maximum(seen, 0.0)) / area))
    return least


def _near(a: Box, b: Box) -> bool:
    gap = np.hypot((a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2)
    return bool(gap < 0.4 * max(a[2] - a[0], a[3] - a[1]))
