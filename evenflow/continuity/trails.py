"""Trails: a stretch of a passage brought to one grid, so that every place meets its own past.

The centers of the cells are followed from the middle frame of the stretch to each of its key frames
along the flow of the cells, key frames are drawn on the grid of the middle one, and what has crept
in on the way is taken back by one search against it.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import L_PER_LOG, Passage
from evenflow.motion.flow import MIN_SIDE, flow

Field = NDArray[np.float32]
MOST_CREEP = 2.0
"""Pixels that a search against the middle frame may take back."""


@dataclass(frozen=True)
class Trail:
    """Key frames of a stretch on the grid of one of them.

    Args:
        keys: frame numbers in the passage, rising.
        middle: the frame whose grid it is, one of `keys`.
        lab: `(k, h, w, 3)` float32 CIELAB, light taken out: a frame's own exposure and tint, as the
            median over the picture, are those of the middle frame.
        seen: `(k, h, w)` in the picture from the middle frame to that one.
        tone: `(k, 18, 24, 3)` lightness, a and b since the middle frame as the steps from frame to
            frame add up along the way, without what the picture as a whole does.
    """

    keys: tuple[int, ...]
    middle: int
    lab: NDArray[np.float32]
    seen: NDArray[np.bool_]
    tone: NDArray[np.float32]


def field_of(passage: Passage) -> Field:
    """Displacement of the cells at every step in shares of the picture, `(n, 18, 24, 2)` float32.

    Where a cell has none the camera's is taken.
    """
    flows = np.stack([passage.cells["u"], passage.cells["v"]], axis=2)
    camera = np.nan_to_num(passage.camera_at_cells).astype(np.float32)
    width = passage.lines * passage.size[0] / passage.size[1]
    made = np.where(np.isfinite(flows), flows, camera)
    made /= np.array([width, passage.lines], np.float32)
    return np.ascontiguousarray(made.reshape(-1, ROWS, COLS, 2), np.float32)


@njit(cache=True, nogil=True)
def carried(field: Field, points: NDArray[np.float64], i: int, j: int) -> NDArray[np.float64]:
    """Points of frame `i` at frame `j`, before or behind it; `(n, 2)` in shares of the picture."""
    made = points.copy()
    rows, cols = field.shape[1], field.shape[2]
    for p in range(len(made)):
        x, y = made[p, 0], made[p, 1]
        step = i
        while step != j:
            ahead = j > step
            grid = field[step + 1] if ahead else field[step]
            tx, ty = x, y
            for _ in range(1 if ahead else 2):
                c = min(max(tx * cols - 0.5, 0.0), cols - 1.0)
                r = min(max(ty * rows - 0.5, 0.0), rows - 1.0)
                c0, r0 = int(c), int(r)
                c1, r1 = min(c0 + 1, cols - 1), min(r0 + 1, rows - 1)
                fc, fr = c - c0, r - r0
                dx = (grid[r0, c0, 0] * (1 - fc) + grid[r0, c1, 0] * fc) * (1 - fr)
                dx += (grid[r1, c0, 0] * (1 - fc) + grid[r1, c1, 0] * fc) * fr
                dy = (grid[r0, c0, 1] * (1 - fc) + grid[r0, c1, 1] * fc) * (1 - fr)
                dy += (grid[r1, c0, 1] * (1 - fc) + grid[r1, c1, 1] * fc) * fr
                if ahead:
                    tx, ty = x + dx, y + dy
                else:
                    tx, ty = x - dx, y - dy
            x, y = tx, ty
            step += 1 if ahead else -1
        made[p, 0], made[p, 1] = x, y
    return made


@njit(cache=True, nogil=True)
def gathered(
    field: Field, steps: NDArray[np.float32], points: NDArray[np.float64], i: int, j: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """`carried`, and what the cells on the way say.

    Returns:
        `(n, 2)` places, `(n, c)` the sum of `steps`, and `(n,)` whether they stayed in view.

    Args:
        steps: `(frames, 18, 24, c)`; entry t belongs to the step from t - 1 to t, and is read where
            the step ends. Going back it counts negative.
    """
    rows, cols = field.shape[1], field.shape[2]
    made = points.copy()
    total = np.zeros((len(points), steps.shape[3]))
    stayed = np.ones(len(points), np.bool_)
    sign = 1.0 if j > i else -1.0
    for frame in range(i, j, 1 if j > i else -1):
        following = carried(field, made, frame, frame + (1 if j > i else -1))
        at = following if j > i else made
        entry = steps[frame + 1] if j > i else steps[frame]
        for p in range(len(points)):
            c = min(max(int(at[p, 0] * cols), 0), cols - 1)
            r = min(max(int(at[p, 1] * rows), 0), rows - 1)
            for k in range(entry.shape[2]):
                total[p, k] += sign * entry[r, c, k]
            x, y = following[p, 0], following[p, 1]
            stayed[p] = stayed[p] and 0.0 <= x <= 1.0 and 0.0 <= y <= 1.0
        made = following
    return made, total, stayed


@lru_cache(maxsize=8)
def lattice() -> NDArray[np.float64]:
    """Centers of the cells in shares of the picture, `(432, 2)`."""
    x, y = np.meshgrid((np.arange(COLS) + 0.5) / COLS, (np.arange(ROWS) + 0.5) / ROWS)
    return np.stack([x, y], axis=-1).reshape(-1, 2)


def page(passage: Passage, i: int) -> NDArray[np.float32]:
    """Frame `i` at half its sketch in CIELAB, `(h, w, 3)` float32, to half a unit."""
    rgb = passage.sketch(i)
    small = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2Lab).astype(np.float32)
    lab[..., 0] *= np.float32(100 / 255)
    lab[..., 1:] -= np.float32(128)
    return lab


def trail(
    passage: Passage, field: Field, steps: NDArray[np.float32], keys: tuple[int, ...]
) -> Trail:
    """Brings frames `keys` of a passage to the grid of the middle one."""
    pages = [page(passage, k) for k in keys]
    at = len(keys) // 2
    height, width = pages[at].shape[:2]
    ways, tone, stays = _ways(field, steps, keys, at, (width, height))
    grays = [np.ascontiguousarray((p[..., 0] * 2.55).astype(np.uint8)) for p in pages]
    _settle(ways, grays, at)
    labs = np.stack(
        [
            cv2.remap(p, way, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for p, way in zip(pages, ways, strict=True)
        ]
    )
    x, y = ways[..., 0], ways[..., 1]
    stayed = np.stack(
        [
            cv2.resize(s.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
            for s in stays
        ]
    )
    seen = stayed & (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return Trail(keys, keys[at], _relit(labs, seen, at), seen, tone)


def tone_steps(passage: Passage) -> NDArray[np.float32]:
    """Steps of lightness, a and b along the motion, beyond those of the whole picture.

    Of every cell, `(n, 18, 24, 3)` in dE; 0 where nothing can be compared.
    """
    cells = passage.cells
    table = np.stack([L_PER_LOG * cells["gain"], cells["a"], cells["b"]], axis=2)
    known = np.isfinite(table[..., 0]).any(axis=1)
    ranked = np.sort(table[known], axis=1)  # NaN comes last
    count = np.isfinite(ranked).sum(axis=1, keepdims=True)
    low, high = (
        np.take_along_axis(ranked, k, axis=1) for k in (np.maximum(count - 1, 0) // 2, count // 2)
    )
    table[known] -= np.where(count % 2 == 1, high, np.float32(0.5) * (low + high))
    return np.nan_to_num(table).reshape(-1, ROWS, COLS, 3).astype(np.float32)


def _ways(
    field: Field,
    steps: NDArray[np.float32],
    keys: tuple[int, ...],
    at: int,
    size: tuple[int, int],
) -> tuple[Field, NDArray[np.float32], NDArray[np.bool_]]:
    """Where each pixel of the middle frame lies in every key frame; tone; what stays in view."""
    points = lattice()
    places = [points] * len(keys)
    tone = [np.zeros((len(points), 3))] * len(keys)
    stays = np.ones((len(keys), len(points)), dtype=np.bool_)
    for way in (range(at + 1, len(keys)), range(at - 1, -1, -1)):
        last = at
        for k in way:
            places[k], more, stayed = gathered(field, steps, places[last], keys[last], keys[k])
            tone[k] = tone[last] + more
            stays[k] = stays[last] & stayed
            last = k
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    grid = np.stack([x, y], axis=-1).astype(np.float32)
    moved = ((np.stack(places) - points) * np.array(size)).astype(np.float32)
    ways = np.stack(
        [
            cv2.resize(m, size, interpolation=cv2.INTER_LINEAR) + grid
            for m in moved.reshape(-1, ROWS, COLS, 2)
        ]
    )
    return (
        ways,
        np.stack(tone).reshape(-1, ROWS, COLS, 3).astype(np.float32),
        stays.reshape(-1, ROWS, COLS),
    )


def _settle(ways: Field, grays: list[NDArray[np.uint8]], at: int) -> None:
    """Takes back what has crept in: four key frames are searched, the others lie between."""
    count = len(ways)
    if min(grays[at].shape) < MIN_SIDE:
        return
    known = {at: np.zeros_like(ways[at])}
    for k in sorted({0, count // 4, (3 * count) // 4, count - 1} - {at}):
        drawn = cv2.remap(
            grays[k], ways[k], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        known[k] = _creep(grays[at], drawn)
    stops = sorted(known)
    for a, b in zip(stops, stops[1:], strict=False):
        for k in range(a, b + 1 if b == stops[-1] else b):
            share = np.float32((k - a) / (b - a))
            ways[k] += known[a] * (1 - share) + known[b] * share


def _creep(gray: NDArray[np.uint8], drawn: NDArray[np.uint8]) -> Field:
    """What is left of the way, in pixels, smooth and small."""
    found = flow(gray, drawn)
    small = cv2.resize(found, (COLS, ROWS), interpolation=cv2.INTER_AREA)
    small = np.clip(median_filter(small, size=(3, 3, 1)), -MOST_CREEP, MOST_CREEP)
    made: Field = cv2.resize(small, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_LINEAR)
    return made


def _relit(labs: Field, seen: NDArray[np.bool_], at: int) -> Field:
    """Takes each frame's own exposure and tint out: a factor on L, a shift of a and b."""
    own = labs[at, ::2, ::2]
    for k in range(len(labs)):
        use = seen[k, ::2, ::2]
        if k == at or use.sum() < 50:
            continue
        other = labs[k, ::2, ::2]
        # linear light times g is L + 16, a and b times the cube root of g
        bright = use & (own[..., 0] > 8) & (other[..., 0] > 8) & (other[..., 0] < 97)
        if bright.sum() >= 50:
            factor = np.median((own[bright, 0] + 16) / (other[bright, 0] + 16))
            labs[k, ..., 0] = (labs[k, ..., 0] + 16) * np.float32(factor) - 16
            labs[k, ..., 1:] *= np.float32(factor)
            other = labs[k, ::2, ::2]
        labs[k, ..., 1:] += np.median((own - other)[use][:, 1:], axis=0)
    return labs
