"""Stretches: where and how long the picture is not what its own past leads to expect.

Signal: what motion leaves in a cell rises at one frame to well above what it was there just before,
stays up, and falls at one frame as well (or stays to the end of the shot). The place is carried
along by the flow between the two. Occlusions and things that enter have no such pair of edges with
the same place between them.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label, uniform_filter

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage, Series

STEP = 0.5
"""Least rise in octaves of what is left."""
FLOOR = 0.5
"""Gray levels that count as nothing left."""
SPILL = 0.33
"""Cells that rise by less than this share of the most are lifted by their neighbors alone."""
LEAST = 6.0
"""Least sum over the cells of a rise, octaves."""
WINDOW = 4
"""Frames on each side of an edge: a texture that is redrawn at every fourth frame still shows."""
PER_S = 3.0
"""Edges a second that are looked at, loudest first."""
LONGEST_S = 6.0
_PLANE = np.zeros((3, 3, 3), bool)
_PLANE[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


@dataclass(frozen=True)
class Stretch:
    """A place that is lifted from frame `start` up to `end`.

    Args:
        start, end: half-open.
        place: cells of the place when it begins, `(18, 24)`.
        path: its displacement since, in cells, `(end - start + 1, 2)` as `(x, y)`.
        lift: how far what is left stands above before and behind, octaves (the smaller).
        closed: False if it runs to the end of the shot.
    """

    start: int
    end: int
    place: NDArray[np.bool_]
    path: Series
    lift: float
    closed: bool

    def at(self, frame: int) -> NDArray[np.bool_]:
        """Cells of the place at a frame; before and behind the span it stands."""
        moved = self.path[min(max(frame - self.start, 0), len(self.path) - 1)]
        return shifted(self.place, moved)

    def cells(self) -> NDArray[np.bool_]:
        """Cells that belong to the place in at least a third of the span, `(432,)`."""
        count = np.zeros((ROWS, COLS))
        frames = range(self.start, self.end)
        for frame in frames:
            count += self.at(frame)
        made: NDArray[np.bool_] = (count > 0.33 * len(frames)).reshape(-1)
        return made


def shifted(place: NDArray[np.bool_], by: Series) -> NDArray[np.bool_]:
    """Cells moved by whole cells; what leaves the picture is lost."""
    dx, dy = round(float(by[0])), round(float(by[1]))
    if abs(dx) >= COLS or abs(dy) >= ROWS:
        return np.zeros_like(place)
    made = np.zeros_like(place)
    made[max(0, dy) : ROWS + min(0, dy), max(0, dx) : COLS + min(0, dx)] = place[
        max(0, -dy) : ROWS - max(0, dy), max(0, -dx) : COLS - max(0, dx)
    ]
    return made


def smooth_cells(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over 3 x 3 cells of what is finite, `(n, 18, 24)`; 0 where nothing is."""
    grid = values.reshape(-1, ROWS, COLS)
    seen = np.isfinite(grid)
    total = uniform_filter(np.where(seen, grid, np.float32(0)), (0, 3, 3))
    share = uniform_filter(seen.astype(np.float32), (0, 3, 3))
    made: NDArray[np.float32] = total / np.maximum(share, 1e-3)
    return made


def left(passage: Passage) -> NDArray[np.float32]:
    """What motion leaves in each cell, on edges or off them, gray levels, `(n, 18, 24)`."""
    if "left" not in passage.shared:
        passage.shared["left"] = _left(passage)
    made: NDArray[np.float32] = passage.shared["left"]
    return made


def _left(passage: Passage) -> NDArray[np.float32]:
    made = smooth_cells(np.fmax(passage.cells["edge"], passage.cells["flat"]))
    made[0] = made[1] if len(made) > 1 else 0.0
    return made


def _rises(rest: NDArray[np.float32]) -> NDArray[np.float32]:
    """Octaves that what is left rises by at each frame and stays up, `(n, 18, 24)`."""
    count = len(rest)
    total = np.concatenate([np.zeros_like(rest[:1]), np.cumsum(rest, axis=0)])
    at = np.arange(count)
    high, low = np.minimum(at + WINDOW, count), np.maximum(at - WINDOW, min(1, count))
    after = (total[high] - total[at]) / np.maximum(high - at, 1)[:, None, None]
    before = (total[at] - total[low]) / np.maximum(at - low, 1)[:, None, None]
    before = np.maximum(before, rest[np.maximum(at - 1, 0)])
    after = np.minimum(after, 4.0 * rest)  # it begins here, not a frame or two later
    made: NDArray[np.float32] = np.log2((after + FLOOR) / (before + FLOOR))
    made[:3] = 0.0
    made[count - 2 :] = 0.0
    return made


Edge = tuple[int, float, NDArray[np.bool_]]
"""Frame, strength, place."""


def _edges(rest: NDArray[np.float32], fps: float) -> list[Edge]:
    rises = _rises(rest)
    labels, num = label(rises > STEP, _PLANE)
    if num == 0:
        return []
    size = np.bincount(labels.reshape(-1), rises.reshape(-1), minlength=num + 1)
    frame_of = np.zeros(num + 1, int)
    where = np.nonzero(labels)
    frame_of[labels[where]] = where[0]
    size[0] = 0.0
    made: list[Edge] = []
    most = int(np.ceil(PER_S * len(rest) / fps)) + 1
    for k in np.argsort(-size, kind="stable"):
        if size[k] < LEAST or len(made) >= most:
            break
        frame = int(frame_of[k])
        place = labels[frame] == k
        place &= rises[frame] > SPILL * float(rises[frame][place].max())
        near = [e for e in made if abs(e[0] - frame) <= 2 and (e[2] & place).any()]
        if near:  # a step that takes two frames
            continue
        made.append((frame, float(size[k]), place))
    return made


def stretches(passage: Passage) -> list[Stretch]:
    """Every place that is lifted for three frames or more, loudest first; they may overlap.

    Asked of what is left off the edges alone as well, which is quieter where things move.
    """
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    flat = smooth_cells(passage.cells["flat"])
    flat[0] = flat[1]
    pairs = _pairs(passage, left(passage)) + _pairs(passage, flat)
    return [one for _, one in sorted(pairs, key=lambda p: -p[0])]


def _pairs(passage: Passage, rest: NDArray[np.float32]) -> list[tuple[float, Stretch]]:
    """Stretches of one signal and how loud their edges are."""
    count = len(passage)
    begins = _edges(rest, passage.fps)
    if not begins:
        return []
    ends = [
        (count - frame, size, place)
        for frame, size, place in _edges(np.concatenate([rest[-1:], rest[:0:-1]]), passage.fps)
    ]
    flow = drifts(passage)
    longest = round(LONGEST_S * passage.fps)
    pairs: list[tuple[float, Stretch]] = []
    for start, rise, place in begins:
        path = _path(flow, place, start, min(count - 1, start + longest))
        mine = [e for e in ends if 3 <= e[0] - start < len(path)]
        for end, fall, other in mine:
            carried, way = shifted(place, path[end - start]), path
            if (carried & other).sum() < (place & other).sum():  # or it stands in the picture
                carried, way = place, np.zeros_like(path)
            both, sizes = (carried & other).sum(), (carried.sum(), other.sum())
            if both < max(0.35 * min(sizes), 0.1 * max(sizes)):
                continue
            made = _stretch(rest, place, shifted(other, -way[end - start]), way, start, end, True)
            if made is not None:
                pairs.append((made.lift * float(np.sqrt(rise * fall)), made))
        made = _stretch(rest, place, place, path, start, min(count, start + len(path)), False)
        if made is not None and made.end == count and rise > 3 * LEAST:
            pairs.append((0.5 * made.lift * rise, made))
    return pairs


def overlap(a: Stretch, b: Stretch) -> bool:
    """True if both hold a cell at the same time."""
    first, last = max(a.start, b.start), min(a.end, b.end)
    if first >= last:
        return False
    middle = (first + last) // 2
    return bool((a.at(middle) & b.at(middle)).any())


def _stretch(
    rest: NDArray[np.float32],
    place: NDArray[np.bool_],
    other: NDArray[np.bool_],
    path: Series,
    start: int,
    end: int,
    closed: bool,
) -> Stretch | None:
    """The stretch if what is left there is up all the time and lower before and behind."""
    core = place & other
    core = core if core.sum() >= 4 else place
    whole = (place | other) & binary_dilation(core, np.ones((3, 3)))
    low, high = max(1, start - WINDOW), min(len(rest), end + 1 + WINDOW)
    rows, cols = np.nonzero(core)
    profile = _profile(rest, rows, cols, path, start, low, high)
    first = start - low
    inside = profile[first : first + end - start + (1 if closed else 0)]
    before, after = profile[:first], profile[first + end - start + 1 :]
    if len(before) < 2 or np.isnan(inside).mean() > 0.3:
        return None
    # the loudest of each few frames: between two drawings of a texture nothing changes
    inside = np.nan_to_num(inside)
    held = np.array([inside[i : i + WINDOW].max() for i in range(0, len(inside), WINDOW)])
    level = float(np.sort(held)[round(0.2 * (len(held) - 1))])
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    floors = [float(side.mean()) for side in (before, after if closed else before) if len(side)]
    if not floors:
        return None
    lift = float(np.log2((level + FLOOR) / (max(floors) + FLOOR)))
    if lift < STEP:
        return None
    return Stretch(start, end, whole, path[: end - start + 1], lift, closed)


@njit(cache=True, nogil=True)
def _profile(
    rest: NDArray[np.float32],
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    path: Series,
    start: int,
    low: int,
    high: int,
) -> Series:
    """Mean of what is left in the carried cells at frames `[low, high)`; NaN out of the picture."""
    made = np.full(high - low, np.nan)
    for frame in range(low, high):
        at = min(max(frame - start, 0), len(path) - 1)
        dx, dy = int(np.rint(path[at, 0])), int(np.rint(path[at, 1]))
        total, count = 0.0, 0
        for i in range(len(rows)):
            x, y = cols[i] + dx, rows[i] + dy
            if 0 <= x < COLS and 0 <= y < ROWS:
                total += rest[frame, y, x]
                count += 1
        if count:
            made[frame - low] = total / count
    return made


def drifts(passage: Passage) -> NDArray[np.float32]:
    """Flow of each cell in cells a frame, `(n, 18, 24, 2)`, the camera's where there is none."""
    if "drifts" not in passage.shared:
        passage.shared["drifts"] = _drifts(passage)
    made: NDArray[np.float32] = passage.shared["drifts"]
    return made


def _drifts(passage: Passage) -> NDArray[np.float32]:
    flow = np.stack([passage.cells["u"], passage.cells["v"]], axis=-1)
    flow = np.where(np.isfinite(flow), flow, np.nan_to_num(passage.camera_at_cells))
    width = passage.lines * passage.size[0] / passage.size[1]
    unit = np.array([COLS / width, ROWS / passage.lines])
    made: NDArray[np.float32] = (flow.reshape(-1, ROWS, COLS, 2) * unit).astype(np.float32)
    return made


def _path(flow: NDArray[np.float32], place: NDArray[np.bool_], start: int, end: int) -> Series:
    """Where the place drifts, in cells, from frame `start` on."""
    rows, cols = np.nonzero(place)
    return _followed(flow[start + 1 : end + 1], rows, cols)


@njit(cache=True, nogil=True)
def _followed(
    flow: NDArray[np.float32], rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> Series:
    path = np.zeros((len(flow) + 1, 2))
    for k in range(len(flow)):
        dx, dy = int(np.rint(path[k, 0])), int(np.rint(path[k, 1]))
        across = down = 0.0
        for i in range(len(rows)):
            x = min(max(cols[i] + dx, 0), COLS - 1)
            y = min(max(rows[i] + dy, 0), ROWS - 1)
            across += flow[k, y, x, 0]
            down += flow[k, y, x, 1]
        path[k + 1, 0] = path[k, 0] + across / len(rows)
        path[k + 1, 1] = path[k, 1] + down / len(rows)
    return path
