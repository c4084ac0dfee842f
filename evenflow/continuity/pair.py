"""Pair: how one frame follows from the one before, and whether it can be skipped.

Everything is measured after motion compensation, on pixels whose motion can be trusted.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from evenflow.continuity.cells import leftovers, steps_of_cells
from evenflow.continuity.picture import TILE_COLS, TILE_ROWS, Picture, gray_of
from evenflow.geometry.warp import pixel_grid, warp
from evenflow.motion.camera import CameraStep, camera_step
from evenflow.motion.flow import MIN_SIDE, Match, agree, confidence, flow, match

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""H.273 BT.709."""
STRIDE = 4
"""Photometry is read on every fourth pixel of every fourth row."""


@dataclass(frozen=True)
class Planes:
    """The values of a picture that pairs compare.

    Args:
        gray: `(h, w)` uint8.
        luma: the same as float32.
        rgb: `(h, w, 3)` float32 in [0, 1].
        color: `look_of(rgb)` at every `STRIDE`-th pixel of every `STRIDE`-th row.
        edges: `(h/2, w/2)` float32 gradient magnitude.
        half: gray at half the size, uint8.
    """

    gray: NDArray[np.uint8]
    luma: NDArray[np.float32]
    rgb: NDArray[np.float32]
    color: NDArray[np.float32]
    edges: NDArray[np.float32]
    half: NDArray[np.uint8]


@dataclass(frozen=True)
class Pair:
    """Frame `i` against frame `i - 1`. Tiles are 6 rows of 8, row by row.

    Args:
        gain: change of log luminance; 0.01 is one percent brighter.
        shift_a, shift_b: change of CIELAB a and b.
        tile_gain, tile_a, tile_b: the same per tile, NaN where nothing can be compared.
        residual: mean of what motion, gain and color shift leave, in gray levels.
        tile_residual: the same per tile.
        change: mean absolute difference without any compensation, in gray levels.
        tile_change: the same per tile.
        still: share of pixels that differ by at most one gray level.
        valid: share of the picture with a counterpart.
        tracked: share of the textured area whose edges are found again where the flow says.
        palette_step: half the L1 distance of the Lab marginals, in [0, 1].
        tile_u, tile_v: mean flow per tile from i-1 to i, in pixels of the working size.
        speed: median length of the flow.
        camera: the similarity that most of the flow follows.
        bridge: residual of frame i+1 against frame i-1 at half size (NaN where there is no i+1).
        bridge_gain: gain from i-1 to i+1.
        step_half: residual of frame i against i-1 at half size, to be held against `bridge`.
        cells: `(432, 9)`, the finer grid of `evenflow.continuity.cells`.
    """

    gain: float
    shift_a: float
    shift_b: float
    tile_gain: NDArray[np.float32]
    tile_a: NDArray[np.float32]
    tile_b: NDArray[np.float32]
    residual: float
    tile_residual: NDArray[np.float32]
    change: float
    tile_change: NDArray[np.float32]
    still: float
    valid: float
    tracked: float
    palette_step: float
    tile_u: NDArray[np.float32]
    tile_v: NDArray[np.float32]
    speed: float
    camera: CameraStep
    bridge: float
    bridge_gain: float
    step_half: float
    cells: NDArray[np.float16]


@dataclass(frozen=True)
class Anchor:
    """Frame `i` against frame `i - lag`, about half a second before.

    A path of many small steps adds up what is wrong with each; this one step across holds it.

    Args:
        lag: frames.
        tone: change of log luminance, CIELAB a and b along the motion, `(3,)`.
        valid: share of the picture with a counterpart.
    """

    lag: int
    tone: NDArray[np.float64]
    valid: float


def anchor(before: Picture, after: Picture, lag: int) -> Anchor:
    """Measures how the look of `after` differs from that of a picture `lag` frames before it."""
    a, b = planes_of(before), planes_of(after)
    motion = match(a.gray, b.gray, stride=STRIDE)
    tone = _both_ways(a, b, motion)
    return Anchor(lag, tone, float(motion.valid.mean()))


def comparable(picture: Picture) -> bool:
    """True if the picture is large enough for motion to be searched."""
    return min(picture.rgb.shape[:2]) >= 2 * MIN_SIDE


def planes_of(picture: Picture) -> Planes:
    """The values of a picture that pairs compare."""
    gray = gray_of(picture.rgb)
    rgb = picture.rgb.astype(np.float32) * np.float32(1 / 255)
    color = look_of(np.ascontiguousarray(rgb[::STRIDE, ::STRIDE]))
    height, width = gray.shape
    half = cv2.resize(gray, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    level = half.astype(np.float32)
    edges = cv2.magnitude(cv2.Sobel(level, cv2.CV_32F, 1, 0), cv2.Sobel(level, cv2.CV_32F, 0, 1))
    return Planes(gray, gray.astype(np.float32), rgb, color, edges, half)


def look_of(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log luminance, CIELAB a and b, luma in gray levels, `(h, w, 4)`, of RGB in [0, 1]."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    # L = 116 Y^(1/3) - 16 (CIE 1976), so log Y = 3 log((L + 16) / 116); a line below L = 8
    log_y = 3.0 * np.log((np.maximum(lab[..., 0], 2.0) + 16.0) / 116.0)
    luma = 255.0 * (rgb @ LUMA)
    made: NDArray[np.float32] = np.dstack([log_y, lab[..., 1], lab[..., 2], luma])
    return made


def compare(before: Planes, after: Planes, skipped: Planes | None, palette_step: float) -> Pair:
    """Measures how `after` follows `before`; `skipped` is the frame behind it, for the bridge."""
    motion = match(before.gray, after.gray, stride=STRIDE)
    back, valid = motion.back, motion.valid
    seen_before = look_of(warp(before.rgb, back, stride=STRIDE))
    step, usable = _steps(seen_before, after.color, valid)
    seen_step = np.where(usable[..., None], step, np.float32(np.nan))
    tiles = _tile_centers(seen_step, TILE_ROWS, TILE_COLS)
    onward = _middle(step, usable)
    gain, shift_a, shift_b = (float(v) for v in _unbiased(onward, before, after, motion))

    brighter = _factor(gain)
    tile_means, remains, still = leftovers(
        before.gray, after.gray, warp(before.luma, back), brighter
    )
    residual, change = tile_means.mean(axis=1)
    fine = np.concatenate([steps_of_cells(back, valid, seen_step), remains], axis=1)
    tile_u, tile_v = _tile_flow(back, valid)
    camera = _camera(back, valid, confidence(after.half))
    length = np.hypot(back[::4, ::4, 0], back[::4, ::4, 1])
    back_half = cv2.resize(back, after.half.shape[::-1], interpolation=cv2.INTER_AREA) * 0.5
    step_half = _half_residual(before, after, back_half, gain)
    bridge = bridge_gain = np.nan
    if skipped is not None:
        jump = flow(skipped.half, before.half, rough=True)
        bridge_gain = _half_gain(before, skipped, jump)
        bridge = _half_residual(before, skipped, jump, bridge_gain)
    return Pair(
        gain=gain,
        shift_a=shift_a,
        shift_b=shift_b,
        tile_gain=tiles[:, 0],
        tile_a=tiles[:, 1],
        tile_b=tiles[:, 2],
        residual=float(residual),
        tile_residual=tile_means[0],
        change=float(change),
        tile_change=tile_means[1],
        still=still,
        valid=float(valid.mean()),
        tracked=_tracked(before, after, back_half),
        palette_step=palette_step,
        tile_u=tile_u,
        tile_v=tile_v,
        speed=float(np.median(length)),
        camera=camera,
        bridge=bridge,
        bridge_gain=bridge_gain,
        step_half=step_half,
        cells=fine.astype(np.float16),
    )


def _both_ways(before: Planes, after: Planes, motion: Match) -> NDArray[np.float64]:
    """Step of log luminance, a and b over the whole picture, `(3,)`."""
    warped = look_of(warp(before.rgb, motion.back, stride=STRIDE))
    onward = _overall(warped, after.color, motion.valid)
    return _unbiased(onward, before, after, motion)


def _unbiased(
    onward: NDArray[np.float64], before: Planes, after: Planes, motion: Match
) -> NDArray[np.float64]:
    """Half the difference of a step and the same step read backwards.

    A warped picture is softer than the one it is compared with, which leaves a bias on each step.
    The comparison the other way round leaves the same bias, and the difference none.
    """
    returned = look_of(warp(after.rgb, motion.ahead, stride=STRIDE))
    valid = agree(motion.ahead, motion.back, STRIDE)
    homeward = _overall(returned, before.color, valid)
    made: NDArray[np.float64] = 0.5 * (onward - homeward)
    return made


def _factor(gain: float) -> float:
    """What a gain in linear light (in logs) does to encoded values: the power of 1/2.2."""
    return 1.0 if np.isnan(gain) else float(np.exp(gain / 2.2))


def _overall(
    warped: NDArray[np.float32], after: NDArray[np.float32], valid: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Step of log luminance, a and b over the whole picture, `(3,)`; NaN if little can be seen."""
    return _middle(*_steps(warped, after, valid))


def _steps(
    warped: NDArray[np.float32], after: NDArray[np.float32], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    a, b = warped[..., 3], after[..., 3]
    usable = valid & (np.minimum(a, b) > 12) & (np.maximum(a, b) < 250)
    return after[..., :3] - warped[..., :3], usable


def _middle(step: NDArray[np.float32], usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    if np.count_nonzero(usable) < 0.02 * usable.size:
        return np.full(3, np.nan)
    floors = (0.03, 1.0, 1.0)
    return np.array([_center(step[..., i][usable], floor) for i, floor in enumerate(floors)])


def _center(values: NDArray[np.float32], floor: float) -> float:
    """Mean after values far from the median are drawn in.

    Unlike the median it sees a slow ramp that 8-bit rounding lets through a few pixels at a time.
    """
    middle = np.median(values)
    off = values - middle
    reach = max(floor, 3.7 * float(np.median(np.abs(off))))  # 2.5 sigma
    return float(middle + np.clip(off, -reach, reach).mean(dtype=np.float64))


@njit(cache=True, nogil=True)
def _nth(values: NDArray[np.float32], nth: int, first: int) -> np.float32:
    """The value that sorting would bring to `nth`; reorders `values` from `first` on.

    Source: Hoare 1961, Algorithm 65: FIND.
    """
    left, right = first, len(values) - 1
    while left < right:
        pivot = values[(left + right) // 2]
        i, j = left, right
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j < nth:
            left = i
        if nth < i:
            right = j
    return values[nth]


@njit(cache=True, nogil=True)
def _tile_centers(values: NDArray[np.float32], rows: int, cols: int) -> NDArray[np.float32]:
    """Mean of each channel per tile, its tails of a tenth drawn in (Winsorized); NaN is left out.

    A tile of which less than a tenth is left is NaN.
    """
    height, width, channels = values.shape
    out = np.full((rows * cols, channels), np.nan, np.float32)
    for row in range(rows):
        y0, y1 = row * height // rows, (row + 1) * height // rows
        for col in range(cols):
            x0, x1 = col * width // cols, (col + 1) * width // cols
            size = (y1 - y0) * (x1 - x0)
            kept = np.empty((channels, size), np.float32)
            count = 0
            for y in range(y0, y1):
                for x in range(x0, x1):
                    if not np.isnan(values[y, x, 0]):
                        for channel in range(channels):
                            kept[channel, count] = values[y, x, channel]
                        count += 1
            if count >= max(4, size // 10):
                tail = count // 10
                for channel in range(channels):
                    part = kept[channel, :count]
                    low = _nth(part, tail, 0)
                    high = _nth(part, count - 1 - tail, tail)
                    total = 0.0
                    for value in part:
                        total += min(max(value, low), high)
                    out[row * cols + col, channel] = total / count
    return out


def _tile_mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    means: NDArray[np.float32] = cv2.resize(
        values, (TILE_COLS, TILE_ROWS), interpolation=cv2.INTER_AREA
    ).reshape(-1)
    return means


def _tile_flow(
    back: NDArray[np.float32], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    sparse = np.where(valid[..., None], -back[::STRIDE, ::STRIDE], np.nan).astype(np.float32)
    centers = _tile_centers(sparse, TILE_ROWS, TILE_COLS)
    return centers[:, 0], centers[:, 1]


LEAST_TRUST = 0.02
"""Flow of less confidence is not asked about the camera, unless there is hardly any other."""


@lru_cache(maxsize=16)
def _centered(height: int, width: int) -> NDArray[np.float32]:
    return (pixel_grid(height, width) - np.array([width / 2, height / 2], np.float32))[
        STRIDE :: 2 * STRIDE, STRIDE :: 2 * STRIDE
    ]


def _camera(
    back: NDArray[np.float32], valid: NDArray[np.bool_], trust: NDArray[np.float32]
) -> CameraStep:
    points = _centered(back.shape[0], back.shape[1])  # every second point of the sparse grid
    seen = valid[1::2, 1::2]
    half = trust[2::4, 2::4][: seen.shape[0], : seen.shape[1]]
    half = np.pad(half, [(0, n - m) for n, m in zip(seen.shape, half.shape, strict=True)])
    sure = seen & (half > LEAST_TRUST)
    keep = sure if sure.sum() >= 0.15 * seen.size else seen
    moved = back[STRIDE :: 2 * STRIDE, STRIDE :: 2 * STRIDE]
    moves = -moved
    step = camera_step((points + moved)[keep], moves[keep])
    share = float(seen.mean())
    return CameraStep(step.dx, step.dy, step.zoom, step.rotation, step.inliers * share)


def _half_gain(before: Planes, after: Planes, back: NDArray[np.float32]) -> float:
    a = warp(before.half.astype(np.float32), back)[::2, ::2]
    b = after.half[::2, ::2].astype(np.float32)
    usable = (np.minimum(a, b) > 12) & (np.maximum(a, b) < 250)
    if usable.sum() < 0.02 * usable.size:
        return 0.0
    return float(2.2 * np.median(np.log(b[usable] / a[usable])))


def _half_residual(before: Planes, after: Planes, back: NDArray[np.float32], gain: float) -> float:
    """What motion and gain leave at half size, in gray levels."""
    warped = warp(before.half.astype(np.float32), back)
    expected = np.minimum(warped * np.float32(_factor(gain)), np.float32(255.0))
    return float(np.abs(after.half - expected).mean())


def _tracked(before: Planes, after: Planes, back: NDArray[np.float32]) -> float:
    """Share of the textured area that is found again; NaN where there is too little texture."""
    found = _edges_found(warp(before.edges, back), after.edges)
    if found > 0.6:
        return found
    # where the flow fails on a new look of the same place, the edges still stand where they stood
    return float(np.fmax(found, _edges_found(before.edges, after.edges)))


def _edges_found(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlation of edges per tile, averaged over textured tiles; NaN where there are too few."""
    ma, mb = _tile_mean(a), _tile_mean(b)
    va, vb = _tile_mean(a * a) - ma**2, _tile_mean(b * b) - mb**2
    correlation = (_tile_mean(a * b) - ma * mb) / np.sqrt(np.maximum(va * vb, 1e-6))
    weight = np.sqrt(np.sqrt(np.maximum(va * vb, 0.0)))
    textured = np.minimum(va, vb) > 16.0
    if textured.sum() < 3:
        return float("nan")
    return max(0.0, float((correlation * textured * weight).sum() / (textured * weight).sum()))
