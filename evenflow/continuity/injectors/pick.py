"""Pick: which part of the picture a fault happens to, where nobody has said it.

What looks like an object wins: texture and a color of its own inside, few edges across its rim,
perhaps a movement of its own; and it stays in view.

Source: a rim that cuts few edges is the objectness of Zitnick & Dollar 2014, Edge Boxes, ECCV; a
color unlike the surroundings is that of Alexe et al. 2012, IEEE TPAMI 34(11), section 3.2.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.region import Region
from evenflow.continuity.injectors.survey import Survey, Track, follow, ground
from evenflow.core.span import Box
from evenflow.motion.flow import confidence

NUM_DRAWS = 64
NUM_NUDGED = 4
NUM_NUDGES = 12
NUM_TRIED = 3
WHIM = 0.35
"""Spread of the natural logarithm of a factor by which chance likes a draw, for variety."""

Picture = NDArray[np.float32]


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

    Args:
        sides: least and most size, as a share of the picture's side.
        softness: of the region's rim.
        color: prefers colors that can change at the same lightness.
        still: prefers what moves with the ground over what moves on its own.
    """
    camera, own = ground(look)
    dents = tuple(float(p) for p in rng.uniform(0, 2 * np.pi, 3))
    size = (look.info.width, look.info.height)

    def shaped(b: Box, track: Track) -> Region:
        center = ((b[0] + b[2] - 1) / 2, (b[1] + b[3] - 1) / 2)
        half = (max((b[2] - b[0] - 1) / 2, 0.5), max((b[3] - b[1] - 1) / 2, 0.5))
        return Region(track, center, half, size, softness, dents)  # type: ignore[arg-type]

    if box is not None:
        return shaped(box, follow(look, [box], camera)[0][0]), camera
    sight = _sight(look, -own if still else own, camera, color)
    draws = _draws(size, rng, sides)
    liked = np.exp(WHIM * rng.standard_normal(len(draws)))
    ranked = [(like * _worth(sight, b), like, b) for like, b in zip(liked, draws, strict=True)]
    ranked.sort(key=lambda row: -row[0])
    for _, like, b in ranked[:NUM_NUDGED]:
        close = _nudges(b, size, rng, sides)
        ranked += [(like * _worth(sight, other), like, other) for other in close]
    ranked.sort(key=lambda row: -row[0])
    tried: list[tuple[float, Box]] = []
    for worth, _, b in ranked:
        if len(tried) < NUM_TRIED and all(not _near(b, other) for _, other in tried):
            tried.append((worth, b))
    tracks, inliers = follow(look, [b for _, b in tried], camera)
    values = [
        (0.3 + share) * _in_view(size, b, track) ** 2 * worth
        for (worth, b), track, share in zip(tried, tracks, inliers, strict=True)
    ]
    best = int(np.argmax(values))
    return shaped(tried[best][1], tracks[best]), camera


def _draws(
    size: tuple[int, int], rng: np.random.Generator, sides: tuple[float, float]
) -> list[Box]:
    width, height = size
    made = []
    for _ in range(NUM_DRAWS):
        side, shape = rng.uniform(*sides), rng.uniform(-0.35, 0.35)
        made.append(_box(size, rng.uniform(0, width), rng.uniform(0, height), side, shape))
    return made


def _nudges(
    box: Box, size: tuple[int, int], rng: np.random.Generator, sides: tuple[float, float]
) -> list[Box]:
    """Boxes close to one, of about its size."""
    w, h = box[2] - box[0], box[3] - box[1]
    side, shape = float(np.sqrt(w * h / (size[0] * size[1]))), float(np.log(w / h) / 2)
    made = []
    for _ in range(NUM_NUDGES):
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        dx, dy, grow, turn = rng.standard_normal(4) * (0.1 * w, 0.1 * h, 0.12, 0.1)
        other = float(np.clip(side * np.exp(grow), *sides))
        made.append(_box(size, x + dx, y + dy, other, shape + turn))
    return made


def _box(size: tuple[int, int], x: float, y: float, side: float, shape: float) -> Box:
    """A box of a share of the picture's side, as wide as `exp(2 shape)` times its height."""
    width, height = size
    length = side * np.sqrt(width * height)
    w = int(np.clip(length * np.exp(shape), min(8, width), max(1, 0.7 * width)))
    h = int(np.clip(length / np.exp(shape), min(8, height), max(1, 0.7 * height)))
    left = int(np.clip(x - w / 2, 0, width - w))
    top = int(np.clip(y - h / 2, 0, height - h))
    return left, top, left + w, top + h


@dataclass(frozen=True)
class _Sight:
    """The first frame in small, as it is looked at for objects."""

    look: Survey
    camera: Track
    lab: Picture
    slope: Picture
    sure: Picture
    own: Picture
    color: bool


def _sight(look: Survey, own: Picture, camera: Track, color: bool) -> _Sight:
    gray = look.grays[0]
    to = (gray.shape[1], gray.shape[0])
    small = cv2.resize(look.first, to, interpolation=cv2.INTER_AREA).reshape(*gray.shape, -1)
    if small.shape[2] == 3:
        lab = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2Lab)
    else:
        lab = np.concatenate([100.0 * small, np.zeros((*gray.shape, 2), np.float32)], axis=2)
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)) / 8
    whole = cv2.resize(own, to, interpolation=cv2.INTER_NEAREST)
    sure = confidence(gray) if min(gray.shape) >= 8 else np.zeros(gray.shape, np.float32)
    return _Sight(look, camera, lab, slope, sure, whole, color)


def _worth(sight: _Sight, box: Box) -> float:
    """How much like an object the ellipse in a box looks."""
    (kx, ky), (height, width) = sight.look.scale, sight.sure.shape
    x, y = (box[0] + box[2]) / 2 * kx - 0.5, (box[1] + box[3]) / 2 * ky - 0.5
    a, b = max(1.0, (box[2] - box[0]) / 2 * kx), max(1.0, (box[3] - box[1]) / 2 * ky)
    x0, x1 = max(0, int(x - 1.4 * a)), min(width, int(x + 1.4 * a) + 2)
    y0, y1 = max(0, int(y - 1.4 * b)), min(height, int(y + 1.4 * b) + 2)
    col = (np.arange(x0, x1, dtype=np.float32) - np.float32(x)) / np.float32(a)
    row = (np.arange(y0, y1, dtype=np.float32) - np.float32(y)) / np.float32(b)
    radius = np.sqrt(col[None, :] ** 2 + row[:, None] ** 2)
    inside, rim, ring = radius < 0.8, np.abs(radius - 0.92) < 0.14, radius > 1.08
    if not (inside.any() and rim.any() and ring.any()):
        return 0.01
    part = (slice(y0, y1), slice(x0, x1))
    lab, slope = sight.lab[part], sight.slope[part]
    here, there = lab[inside], lab[ring]
    unlike = float(np.linalg.norm(here.mean(axis=0) - there.mean(axis=0)))
    unlike += 0.7 * float(np.linalg.norm(here.std(axis=0) - there.std(axis=0)))
    inner, across = float(slope[inside].mean()), float(slope[rim].mean())
    own = sight.own[part]
    moving = 0.6 * float(own[inside].mean() - own[ring].mean())
    worth = 0.1 + float(sight.sure[part][inside].mean()) + 0.02 * float(here[:, 0].std()) + moving
    worth = max(0.02, worth) * (0.1 + min(1.0, unlike / 40.0))
    worth *= 0.15 + inner / (inner + 2.0 * across + 0.3)
    light = float(here[:, 0].mean()) / 100.0
    worth *= 0.3 + 0.7 * min(1.0, 5.0 * light * (1.0 - light))
    if sight.color:
        vivid = float(np.hypot(here[:, 1], here[:, 2]).mean()) / 40.0
        middle = float(((here[:, 0] > 20) & (here[:, 0] < 85)).mean())
        worth *= (0.3 + min(1.0, vivid)) * (0.2 + middle)
    size = (sight.look.info.width, sight.look.info.height)
    return worth * _in_view(size, box, sight.camera) ** 2 + 1e-6


def _in_view(size: tuple[int, int], box: Box, track: Track) -> float:
    """The least share of a box that is in the picture, over all frames."""
    corners = np.array([[box[0], box[1]], [box[2], box[3]]], float)
    moved = np.einsum("nij,kj->nki", track.matrices[:, :2, :2], corners)
    moved += track.matrices[:, None, :2, 2]
    low, high = moved[:, 0], moved[:, 1]
    area = np.maximum(high - low, 1e-6).prod(axis=1)
    seen = np.maximum(np.minimum(high, size) - np.maximum(low, 0.0), 0.0).prod(axis=1)
    return float((seen / area).min())


def _near(a: Box, b: Box) -> bool:
    gap = np.hypot((a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2)
    return bool(gap < 0.4 * max(a[2] - a[0], a[3] - a[1]))
