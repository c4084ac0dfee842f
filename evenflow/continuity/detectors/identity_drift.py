"""Identity drift: a part of the picture slowly becomes something else, and stays so.

Signal: a stretch of up to four seconds is brought to one grid (`trails`); in every place, what is
seen at the end is held against what was seen at the beginning, and the way from one to the other
against the key frames between. Where somebody becomes somebody else, they lie on that way one
after the other: a ramp that the place as a whole follows, while the rest of the picture stays. A
swap is a step, a passer-by comes and goes, and what merely moved is found again elsewhere.

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
    page,
    tone_steps,
    trail,
)

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
PURE = 0.2
"""Share of a place's change that may lie off the way where nothing else is asked."""
CLEAR = 0.35
"""The same where the rest of the picture hardly changes at all."""
LOOSE = 0.36
"""The same where the mean color goes the way as well, however it is measured."""
LOOSER, LOOSEST, WIDE = 0.42, 0.5, 30
"""The same where so many cells go along and their color goes twice as far as any elsewhere, and
where it goes five times as far."""
LOOSE_CELL = 0.75
"""The same for a single cell."""
NEW = 0.5
"""Least difference, as a share of the change, to every other place at the other end of the stretch:
what was there before or is there now did not merely move."""
MOST_UNSEEN = 0.25
"""Share of what surrounds a place that may be out of view: at the border flow goes astray."""
LEAST = 2.0
"""dE below which a change of pattern is none."""
LEAST_TINT = 3.5
"""dE of mean color that both ways of looking have to agree on."""
LEAST_FIRM, FIRM, LEAST_TINTED = 1.0, 1.5, 0.4
"""dE that no shift by two pixels explains: of a cell, of a place, of a place with its color."""
LEAST_CELLS = 5
LEAST_LOOSE = 12
"""Cells of a place that counts; the second where it is not clear what it is."""
MOST_ERROR = 0.16
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
        agree: length of what both ways of looking say of the mean color, in dE, `(18, 24)`: held
            against itself on one grid, and added up from frame to frame.
        direct, summed: the mean color at each key either way, `(k, 18, 24, 3)`.
        firm: rms change that a shift by two pixels could not explain, `(18, 24)`.
        seen: in the picture throughout, `(18, 24)`.
    """

    times: Series
    size: Grid
    power: Grid
    along: Grid
    total: Grid
    agree: Grid
    direct: Grid
    summed: Grid
    firm: Grid
    seen: NDArray[np.bool_]


@dataclass(frozen=True)
class Ramp:
    """A region that changes.

    Args:
        cells: where, on the grid of the middle frame.
        start, end: from when to when, in keys of the way.
        size: how much, in dE.
        off: share of the change that lies off the way.
        clear: nothing else can be the cause; else it has to be asked whether things merely moved.
    """

    cells: NDArray[np.bool_]
    start: float
    end: float
    size: float
    off: float
    clear: bool


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
    power: Grid = (_cells((whole * whole).sum(axis=-1)) / weight).astype(np.float32)
    along, total = [], []
    for shown in look:
        so_far = (shown - first) * inside[..., None]
        along.append(_cells((so_far * whole).sum(axis=-1)) / weight)
        total.append(_cells((so_far * so_far).sum(axis=-1)) / weight)
    return Way(
        np.array(path.keys, dtype=np.float64),
        np.asarray(np.sqrt(np.maximum(power, 0.0)), np.float32),
        power,
        np.stack(along),
        np.stack(total),
        _agreement(path, ends),
        np.stack([_cells(shown) for shown in lab]),
        path.tone,
        np.sqrt(_cells(_firm(first, last, inside)) / weight).astype(np.float32),
        weight > 0.6,
    )


def _agreement(path: Trail, ends: int) -> Grid:
    direct = _cells(path.lab[-ends:].mean(axis=0) - path.lab[:ends].mean(axis=0))
    summed = path.tone[-ends:].mean(axis=0) - path.tone[:ends].mean(axis=0)
    direct, summed = cv2.blur(direct, (3, 3)), cv2.blur(summed, (3, 3))
    a, b = np.linalg.norm(direct, axis=-1), np.linalg.norm(summed, axis=-1)
    cosine = (direct * summed).sum(axis=-1) / np.maximum(a * b, 1e-3)
    made: Grid = np.minimum(a, b) * np.maximum(cosine, 0.0)
    return made


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
        made.append((gap * gap).sum(axis=-1))
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


def regions(way: Way) -> list[Ramp]:
    """Connected places whose cells go the same way at the same time; the largest change first."""
    power, along, total = (_wide(v) for v in (way.power, way.along, way.total))
    share = along / np.maximum(power, 1e-3)
    size = np.sqrt(np.maximum(power, 0.0))
    off = np.sqrt(np.maximum(total - share**2 * power, 0.0).mean(axis=0)) / np.maximum(size, 1e-3)
    if not way.seen.any():
        return []
    floor = float(np.median(way.size[way.seen]))
    usual = float(np.median(way.agree[way.seen]))
    pure = (off < CLEAR) & (size > max(LEAST, 2.0 * floor))
    tinted = (off < LOOSE_CELL) & (way.agree > np.maximum(max(LEAST_TINT, 2.0 * usual), 0.2 * size))
    tinted &= size > max(LEAST, 1.4 * floor)
    firm = cv2.sqrt(_wide(way.firm**2))
    firmly = (off < LOOSE_CELL) & (firm > max(LEAST_FIRM, 2.0 * _high(firm[way.seen], 70)))
    made = []
    labels, count = ndimage.label(
        way.seen & _steady(share) & (pure | tinted | firmly), np.ones((3, 3))
    )
    for label in range(1, count + 1):
        cells = labels == label
        if LEAST_CELLS <= cells.sum() <= MOST_SHARE * cells.size:
            ramp = measured(way, cells)
            if ramp is not None:
                made.append(ramp)
    return sorted(made, key=lambda r: -r.size * np.sqrt(r.cells.sum()))


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


def measured(way: Way, cells: NDArray[np.bool_]) -> Ramp | None:
    """What a place does as one; None if that is no ramp that its cells share."""
    power = float(way.power[cells].mean())
    if power <= 0.0:
        return None
    size = float(np.sqrt(power))
    share = way.along[:, cells].mean(axis=1).astype(np.float64) / power
    left = way.total[:, cells].mean(axis=1) - share**2 * power
    off = float(np.sqrt(max(float(left.mean()), 0.0))) / size
    start, end, error, step_error = fitted(share)
    direct, summed = way.direct[:, cells].mean(axis=1), way.summed[:, cells].mean(axis=1)
    tint, tint_error = _tint(direct, summed, start, end)
    if error > MOST_ERROR or error > 0.7 * step_error:
        return None
    around = ndimage.binary_dilation(cells, iterations=2)
    rest = way.seen & ~around
    usual, usual_tint = _high(way.size[rest], 75), _high(way.agree[rest], 90)
    firm = float(np.sqrt((way.firm[cells] ** 2).mean()))
    firmly = firm > max(FIRM, 1.5 * _high(way.firm[rest], 95)) and off < LOOSER
    colored = tint > LEAST_TINT and tint_error < 0.2
    firmly = firmly and colored
    alone = size > 5.0 * max(usual, 0.5) and off < CLEAR and (colored or firm > LEAST_FIRM)
    tinted = tint > max(LEAST_TINT, 1.2 * usual_tint) and tint_error < 0.2
    wide = cells.sum() >= WIDE and tint > 2.0 * usual_tint
    rim = ndimage.binary_dilation(cells, np.ones((3, 3))) & ~cells
    tinted = (
        tinted and firm > LEAST_TINTED and bool((rim & ~way.seen).sum() <= MOST_UNSEEN * rim.sum())
    )
    limit = LOOSEST if tint > 5.0 * usual_tint else LOOSER if wide else LOOSE
    sure = off < PURE or alone
    if not (sure or firmly or (tinted and off < limit)) or size < 1.5 * usual:
        return None
    own = float(np.sqrt(max(power * (1.0 - min(1.0, 1.5 * off) ** 2), 0.0)))
    return Ramp(cells, start, end, max(own, tint if tinted else 0.0), off, sure)


def _tint(direct: Series, summed: Series, start: float, end: float) -> tuple[float, float]:
    """What both ways of looking say of the mean color: dE, and how far off the ramp they go."""
    a, b = (s[-2:].mean(axis=0) - s[:2].mean(axis=0) for s in (direct, summed))
    long_a, long_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    cosine = float(a @ b) / max(long_a * long_b, 1e-3)
    if cosine < 0.5:
        return 0.0, 1.0
    spans, courses = _ramps(len(direct))
    course = courses[int(np.abs(spans - (start, end)).sum(axis=1).argmin())]
    errors = [
        float(np.sqrt((((s - s[:2].mean(axis=0)) @ v / (v @ v) - course) ** 2).mean()))
        for s, v in ((direct, a), (summed, b))
    ]
    return min(long_a, long_b) * cosine, max(errors)


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
        way = way_of(trail(passage, field, steps, keys_of(start, end)))
        for ramp in regions(way)[:2]:
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
    if not ramp.clear and (
        ramp.cells.sum() < LEAST_LOOSE or found_elsewhere(passage, field, way, ramp) < NEW
    ):
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


def found_elsewhere(passage: Passage, field: Field, way: Way, ramp: Ramp) -> float:
    """How well what is there at one end is found at another place at the other end.

    Returns:
        rms difference to the best other place over that to its own, the better of both directions;
        small where things merely moved, or uncovered what now is there.
    """
    middle = int(way.times[len(way.times) // 2])
    first, last = int(way.times[0]), int(way.times[-1])
    points = lattice()[ramp.cells.ravel()]
    pages = [cv2.GaussianBlur(page(passage, k), (0, 0), 0.8) for k in (first, last)]
    pages[0] = pages[0] + (np.median(pages[1], axis=(0, 1)) - np.median(pages[0], axis=(0, 1)))
    height, width = pages[0].shape[:2]
    masks, centers = [], []
    for k in (first, last):
        at = carried(field, points, middle, k)
        mask = np.zeros((ROWS, COLS), dtype=np.uint8)
        col = np.clip((at[:, 0] * COLS).astype(int), 0, COLS - 1)
        row = np.clip((at[:, 1] * ROWS).astype(int), 0, ROWS - 1)
        mask[row, col] = 1
        masks.append(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST))
        centers.append(np.median(at, axis=0) * (width, height))
    ratios = []
    for here in (0, 1):
        rows, cols = (np.flatnonzero(masks[here].any(axis=1 - d)) for d in (0, 1))
        y0, y1, x0, x1 = rows[0], rows[-1] + 1, cols[0], cols[-1] + 1
        part, mask = pages[here][y0:y1, x0:x1], masks[here][y0:y1, x0:x1].astype(np.float32)
        gap = cv2.matchTemplate(
            pages[1 - here].astype(np.float32),
            part.astype(np.float32),
            cv2.TM_SQDIFF,
            mask=np.repeat(mask[..., None], 3, axis=2),
        )
        move = centers[1 - here] - centers[here]
        y = int(np.clip(round(float(y0 + move[1])), 0, gap.shape[0] - 1))
        x = int(np.clip(round(float(x0 + move[0])), 0, gap.shape[1] - 1))
        own = float(gap[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].min())
        ratios.append(np.sqrt(max(float(gap.min()), 0.0) / max(own, 1e-6)))
    return float(min(ratios))


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
