"""Identity drift: a part of the picture slowly becomes something else, and stays so.

Signal: a stretch of up to four seconds is brought to one grid (`trails`); in every place, what is
seen at the end is held against what was seen at the beginning, and the way from one to the other
against the key frames between. Where somebody becomes somebody else, they lie on that way one
after the other: a ramp that the place as a whole follows, while the rest of the picture stays. And
motion does not explain it: from key to key each picture may once more be moved to fit the one
before, and what that leaves still adds up to the whole change. A thing that turns, bends, comes
out from behind another or walks by is explained step by step; a swap is a step.

Differs: light does not count. A frame's own exposure and tint are taken out first, slow changes of
lightness over a place count a third, and a mere change of contrast (shade, haze, focus) or a shift
by part of a pixel is taken out of what was found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.severity import IDENTITY, MOST
from evenflow.continuity.trails import (
    Field,
    Trail,
    carried,
    field_of,
    lattice,
    tone_steps,
    trail,
)
from evenflow.motion.flow import MIN_SIDE, flow

STRETCH_S = 4.0
"""Length of the stretches that are looked at whole; each begins in the middle of the last."""
LEAST_S = 0.8
"""Shorter stretches hold no slow change."""
NUM_KEYS = 11
SHADE = 0.35
"""Weight of slow changes of lightness over a place: shade and light wander."""
BROAD = 2.5
"""Sigma, in pixels of half a sketch, above which lightness counts as shade."""
SHORTEST_S = 0.35
"""A change within less is a step: another kind."""
LEAST = 2.0
"""dE below which a change is none; twice what half the picture shows is needed as well."""
CORE = 0.4
"""Share of a place's largest change that a cell has to show to belong to it."""
KEPT, LEFT = 0.85, 0.65
"""Least share of the change that adds up from steps which motion may explain, and least energy of
these steps over that of the steps as they are."""
KEPT_WELL, LEFT_WELL = 0.93, 0.88
"""The same where motion explains next to nothing, and so the rest of the picture may move."""
FIRM = 1.1
"""dE of a place that no shift by two pixels explains."""
CROOKED = 0.53
"""Energy of the steps over every second key, of that of the whole change: 0.2 on a straight and
even way, 0.22 to 0.5 where something becomes something else; 1 where something else comes and goes
at every pixel, and 0.55 to 0.8 where things pass one another or are badly followed."""
LOOSE = 0.5
"""Share of a place's change that may lie off the way."""
SOFT = 0.8
"""Sigma, in pixels of half a sketch, of the pages that steps are read from."""
REACH, MOVED = 3, 0.45
"""Pixels of half a sketch, and energy that the best shift of a whole place by as much leaves, below
which it has moved: in smooth colors without an edge no search finds the way."""
LEAST_CELLS = 5
"""Cells of a place that counts."""
MOST_ERROR = 0.12
"""rms distance of a place's course from a ramp."""
MOST_SHARE = 0.55
"""Largest share of the picture that may change; more is a drift or a dissolve."""

GRAIN = frozenset({"high_frequency_noise"})

Grid = NDArray[np.float32]


@dataclass(frozen=True)
class Way:
    """From the beginning of a stretch to its end, in every cell.

    Args:
        times: frames of the keys, `(k,)`.
        size: rms change from beginning to end in dE, `(18, 24)`.
        power: square of `size`.
        along, total: mean product of the change so far and the whole, mean square of the change so
            far, `(k, 18, 24)`; how much of the way is gone is `along / power`.
        bends: energy of the steps over every second key, over that of the whole change, `(18, 24)`.
        firm: rms change that a shift by two pixels could not explain, `(18, 24)`.
        seen: in the picture throughout, `(18, 24)`.
    """

    times: Series
    size: Grid
    power: Grid
    along: Grid
    total: Grid
    firm: Grid
    bends: Grid
    seen: NDArray[np.bool_]


@dataclass(frozen=True)
class Ramp:
    """A region that changes.

    Args:
        cells: where, on the grid of the middle frame.
        start, end: from when to when, in keys of the way.
        size: how much, in dE.
    """

    cells: NDArray[np.bool_]
    start: float
    end: float
    size: float


def way_of(path: Trail) -> Way:
    """Compares all key frames with both ends of a trail."""
    lab = path.lab
    look = np.empty_like(lab)
    for k, shown in enumerate(lab):
        broad = cv2.GaussianBlur(shown[..., 0], (0, 0), BROAD)
        look[k, ..., 0] = shown[..., 0] - np.float32(1.0 - SHADE) * broad
    look[..., 1:] = lab[..., 1:]
    count = len(lab)
    ends = 2 if count >= 8 else 1
    seen = cv2.erode(path.seen.all(axis=0).astype(np.uint8), np.ones((5, 5), np.uint8))
    inside = seen.astype(np.float32)
    weight = np.maximum(_cells(inside), np.float32(1e-3))
    first, last = look[:ends].mean(axis=0), look[-ends:].mean(axis=0)
    whole = _apart(first, last, look[count // 2], inside)
    power: Grid = (_cells(_dot(whole, whole)) / weight).astype(np.float32)
    along, total = [], []
    for shown in look:
        so_far = (shown - first) * inside[..., None]
        along.append(_cells(_dot(so_far, whole)) / weight)
        total.append(_cells(_dot(so_far, so_far)) / weight)
    return Way(
        np.array(path.keys, dtype=np.float64),
        np.asarray(np.sqrt(np.maximum(power, 0.0)), np.float32),
        power,
        np.stack(along),
        np.stack(total),
        np.sqrt(_cells(_firm(first, last, inside)) / weight).astype(np.float32),
        _bends(lab),
        weight > 0.6,
    )


def _apart(first: Grid, last: Grid, middle: Grid, inside: Grid) -> Grid:
    """What separates two pages beyond contrast and a shift by part of a pixel, place by place."""
    whole: Grid = (last - first) * inside[..., None]
    both = first[..., 0] + last[..., 0]
    basis = [
        both - cv2.blur(both, (7, 7)),
        cv2.Sobel(middle[..., 0], cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8),
        cv2.Sobel(middle[..., 0], cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8),
    ]
    bright = whole[..., 0]
    for pattern in basis:
        pattern *= inside
        gain = cv2.blur(bright * pattern, (9, 9)) / (cv2.blur(pattern * pattern, (9, 9)) + 0.5)
        bright = bright - gain * pattern
    whole[..., 0] = bright
    return whole


def _firm(first: Grid, last: Grid, inside: Grid) -> Grid:
    """Squared distance of each pixel to all values within two pixels on the other page."""
    square = np.ones((5, 5), np.uint8)
    made = []
    for here, there in ((first, last), (last, first)):
        low, high = cv2.erode(there, square), cv2.dilate(there, square)
        gap = np.maximum(np.maximum(low - here, here - high), np.float32(0.0))
        made.append(_dot(gap, gap))
    least: Grid = np.minimum(*made) * inside
    return least


def _cells(values: Grid) -> Grid:
    made: Grid = cv2.resize(values, (COLS, ROWS), interpolation=cv2.INTER_AREA)
    return made


@lru_cache(maxsize=16)
def _ramps(count: int) -> tuple[Series, NDArray[np.float64]]:
    """Ramps over `count` keys: `(m, 2)` begin and end in keys, and their courses `(m, count)`."""
    stops = np.arange(0, count - 0.5, 0.5)
    spans = np.array([(a, b) for a in stops for b in stops if b >= a + 0.5])
    keys = np.arange(count)
    courses = (keys - spans[:, :1]) / (spans[:, 1:] - spans[:, :1])
    return spans, np.clip(courses, 0.0, 1.0)


def fitted(shares: Series) -> tuple[float, float, float, float]:
    """The ramp from 0 to 1 that a course follows best.

    Returns:
        Begin and end in keys, rms error, and the rms error of the best step.
    """
    spans, courses = _ramps(len(shares))
    errors = np.sqrt(((courses - shares) ** 2).mean(axis=1))
    best = int(errors.argmin())
    step = errors[spans[:, 1] - spans[:, 0] <= 1.0].min()
    return float(spans[best, 0]), float(spans[best, 1]), float(errors[best]), float(step)


def regions(way: Way, path: Trail) -> list[Ramp]:
    """Connected places whose cells go the same way at the same time; the largest change first."""
    if not way.seen.any():
        return []
    power, along = (_wide(v) for v in (way.power, way.along))
    size = np.sqrt(np.maximum(power, 0.0))
    least = max(LEAST, 2.0 * float(np.median(way.size[way.seen])))
    cells = way.seen & _steady(along / np.maximum(power, 1e-3)) & (size > least)
    cells &= way.bends < CROOKED + 0.4
    if not any(float(way.firm[place].max()) > FIRM for place in _places(cells)):
        return []
    kept, left = unexplained(path)
    made = []
    for place in _places(cells & (kept > KEPT - 0.1) & (left > LEFT - 0.1)):
        for core in _places(place & (size > CORE * size[place].max())):
            ramp = measured(way, core, kept, left)
            if ramp is not None and not moved(path, core):
                made.append(ramp)
    return sorted(made, key=lambda r: -r.size * np.sqrt(r.cells.sum()))


def moved(path: Trail, cells: NDArray[np.bool_]) -> bool:
    """Whether a place as a whole has only been shifted a little from beginning to end."""
    ends = 2 if len(path.lab) >= 8 else 1
    first, last = path.lab[:ends].mean(axis=0), path.lab[-ends:].mean(axis=0)
    height, width = first.shape[:2]
    inside = cv2.resize(cells.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    rows, cols = np.nonzero(inside)
    wide = cv2.copyMakeBorder(last, REACH, REACH, REACH, REACH, cv2.BORDER_REPLICATE)
    here, rows, cols = first[rows, cols], rows + REACH, cols + REACH
    shifts = range(-REACH, REACH + 1)
    left = [
        float(((here - wide[rows + dy, cols + dx]) ** 2).sum()) for dy in shifts for dx in shifts
    ]
    return min(left) < MOVED * left[len(left) // 2]


def _places(cells: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Connected places that are neither too small nor most of the picture."""
    labels, count = ndimage.label(cells, np.ones((3, 3)))
    for k in range(1, count + 1):
        place = labels == k
        if LEAST_CELLS <= place.sum() <= MOST_SHARE * place.size:
            yield place


def unexplained(path: Trail) -> tuple[Grid, Grid]:
    """What is left of each place's change where every step may be explained by motion.

    Returns:
        Share of the change from beginning to end that the steps still add up to, and energy of the
        steps with each key moved to fit the one before, over that without; `(18, 24)` each.
    """
    soft = [cv2.GaussianBlur(shown, (0, 0), SOFT) for shown in path.lab]
    grays = [np.clip(shown[..., 0] * 2.55, 0, 255).astype(np.uint8) for shown in path.lab]
    height, width = grays[0].shape
    if min(height, width) < MIN_SIDE:
        return np.zeros((ROWS, COLS), np.float32), np.zeros((ROWS, COLS), np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    grid = np.stack([x, y], axis=-1)
    total = np.zeros_like(soft[0])
    before, after = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    for here, there, a, b in zip(soft, soft[1:], grays, grays[1:], strict=False):
        moved = cv2.remap(
            there, grid + flow(a, b), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        total += moved - here
        after += _dot(moved - here, moved - here)
        before += _dot(there - here, there - here)
    whole = soft[-1] - soft[0]
    return _share(_dot(total, whole), _dot(whole, whole)), _share(after, before)


def _bends(lab: Grid) -> Grid:
    """Energy of the steps over every second key, over that of the whole change."""
    soft = [cv2.GaussianBlur(shown, (0, 0), SOFT) for shown in lab]
    strides = np.zeros(lab.shape[1:3], np.float32)
    for here, there in zip(soft[::2], soft[2::2], strict=False):
        strides += _dot(there - here, there - here)
    whole = soft[-1] - soft[0]
    return _share(strides, _dot(whole, whole))


def _dot(a: Grid, b: Grid) -> Grid:
    made: Grid = np.einsum("hwc,hwc->hw", a, b)
    return made


def _share(part: Grid, whole: Grid) -> Grid:
    """One energy over another, in each cell and its neighbors."""
    made = _wide(_cells(part)) / np.maximum(_wide(_cells(whole)), 1e-3)
    return made.astype(np.float32)


def _high(values: Grid, percent: float) -> float:
    return float(np.percentile(values, percent)) if len(values) >= 20 else 0.0


def _wide(values: Grid) -> Grid:
    if values.ndim == 2:
        return cv2.blur(values, (3, 3))
    return np.stack([cv2.blur(v, (3, 3)) for v in values])


def _steady(share: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Cells that never go far back on their way and do not go it in one step."""
    steps = np.diff(share, axis=0)
    back = np.minimum(steps, 0.0).sum(axis=0)
    return (back > -0.6) & (steps.max(axis=0) < 0.75)


def measured(way: Way, cells: NDArray[np.bool_], kept: Grid, left: Grid) -> Ramp | None:
    """What a place does as one; None if that is no ramp, or if motion may explain it."""
    power = float(way.power[cells].mean())
    if power <= 0.0:
        return None
    size = float(np.sqrt(power))
    share = way.along[:, cells].mean(axis=1).astype(np.float64) / power
    rest_of_it = way.total[:, cells].mean(axis=1) - share**2 * power
    off = float(np.sqrt(max(float(rest_of_it.mean()), 0.0))) / size
    start, end, error, step_error = fitted(share)
    if error > MOST_ERROR or error > 0.6 * step_error:
        return None
    around = ndimage.binary_dilation(cells, iterations=2)
    rest = way.seen & ~around
    usual, usual_firm = _high(way.size[rest], 75), _high(way.firm[rest], 95)
    firm = float(np.sqrt((way.firm[cells] ** 2).mean()))
    weight = way.power[cells] / way.power[cells].sum()
    stays, remains, crooked = (float((v[cells] * weight).sum()) for v in (kept, left, way.bends))
    if firm < FIRM or crooked > CROOKED:
        return None
    surely = stays > KEPT_WELL and remains > LEFT_WELL and size > 1.2 * usual
    likely = (
        stays > KEPT
        and remains > LEFT
        and firm > 1.5 * usual_firm
        and size > 2.5 * usual
        and off < LOOSE
    )
    return Ramp(cells, start, end, size) if surely or likely else None


def stretches(passage: Passage) -> Iterator[tuple[int, int]]:
    """First and last frame of each stretch."""
    count = len(passage)
    length = round(STRETCH_S * passage.fps)
    if count <= length * 1.25:
        yield 0, count - 1
        return
    hop = length // 2
    for start in range(0, count - hop, hop):
        end = min(start + length, count) - 1
        yield max(0, end - length + 1), end


def keys_of(start: int, end: int, most: int = NUM_KEYS) -> tuple[int, ...]:
    """Frames spread evenly over a stretch, both ends among them."""
    number = min(most, end - start + 1)
    return tuple(sorted({round(k) for k in np.linspace(start, end, number)}))


def detect(passage: Passage) -> list[Candidate]:
    """Places that became something else, slowly."""
    if len(passage) < max(8, LEAST_S * passage.fps) or passage.pairs[-1] is None:
        return []
    field, steps = field_of(passage), tone_steps(passage)
    made: list[Candidate] = []
    for start, end in stretches(passage):
        path = trail(passage, field, steps, keys_of(start, end))
        way = way_of(path)
        for ramp in regions(way, path)[:2]:
            found = _candidate(passage, field, way, ramp)
            if found is not None:
                made.append(found)
    return _joined(made)


def _candidate(passage: Passage, field: Field, way: Way, ramp: Ramp) -> Candidate | None:
    keys = np.arange(len(way.times))
    start = int(np.interp(ramp.start, keys, way.times))
    end = int(np.ceil(np.interp(ramp.end, keys, way.times))) + 1
    severity = ramp.size / IDENTITY
    length = (end - start) / passage.fps
    if severity < 1.0 or length < SHORTEST_S:
        return None
    return Candidate(
        "identity_drift",
        start,
        end,
        min(end, len(passage)) - 1,
        severity,
        0.5 + 0.1 * min(4.0, severity / 2.0),
        f"a part of the picture becomes another one over {length:.1f} s: its pattern and colors "
        f"end {ramp.size:.0f} dE away from its own past, while the rest stays",
        evidence("own_past", ramp.size, IDENTITY),
        ("subject_swap", "drift"),
        tiles=_place(passage, field, way, ramp, start, end),
        immune=GRAIN,  # no grain is left at half a sketch
        causes=GRAIN,
    )


def _place(
    passage: Passage, field: Field, way: Way, ramp: Ramp, start: int, end: int
) -> NDArray[np.bool_]:
    """Every cell that the place takes from start to end."""
    middle = int(way.times[len(way.times) // 2])
    points = lattice()[ramp.cells.ravel()]
    made = np.zeros((2 * ROWS, 2 * COLS), dtype=np.bool_)
    for frame in np.linspace(start, min(end, len(passage)) - 1, 5):
        at = carried(field, points, middle, round(float(frame)))
        for dx, dy in ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)):
            col = ((at[:, 0] + dx / COLS) * 2 * COLS).astype(int)
            row = ((at[:, 1] + dy / ROWS) * 2 * ROWS).astype(int)
            inside = (col >= 0) & (col < 2 * COLS) & (row >= 0) & (row < 2 * ROWS)
            made[row[inside], col[inside]] = True
    return made


def _joined(found: list[Candidate]) -> list[Candidate]:
    """Joins what stretches that overlap saw of one change; the stronger one tells of it."""
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda c: -c.severity):
        for i, other in enumerate(kept):
            assert one.tiles is not None and other.tiles is not None
            apart = one.start > other.end + 6 or one.end + 6 < other.start
            if not apart and (one.tiles & other.tiles).any():
                start, end = min(one.start, other.start), max(one.end, other.end)
                longer = min(1.7, (end - start) / (other.end - other.start))
                kept[i] = replace(
                    other, start=start, end=end, severity=min(MOST, other.severity * longer)
                )
                break
        else:
            kept.append(one)
    return kept
