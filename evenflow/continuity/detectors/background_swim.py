"""Background swim: ground that should be rigid flows out and back in slow waves.

Signal: how far textured places part from each other, a few cells apart, by the cells' own motion
(`evenflow.continuity.own_field`). It rises above the shot's own in most of the picture at once; the
motion goes out and comes back (its sum is small beside its length), is smooth in time, so that flow
follows it, and places half a wave apart move against each other. Plain areas are not asked: they
have no flow of their own and are dragged along by what moves beside them. Things are stiff, and
part from the ground at their outlines only; parallax keeps its sign and follows the camera; tremble
is the camera's.

Where much moves anyway the speed says little. There the stretching, as a share of the fastest
motion, is compared with the shot's own.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.own_field import own_field
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import runs

TEXTURED = 1.0
"""Least gradient of a cell, gray levels a pixel, above that of the grain."""
CORNERED = 0.5
"""Least gradient in the direction in which a cell has least of it (root of the smaller eigenvalue
of its structure tensor), gray levels a pixel: along a straight edge nothing says what moves."""
LEAST_PAIRS = 24
"""Pairs of textured cells under which nothing can be said."""
LOW = 0.3
"""Share of the pairs that may be stiff."""
AGAINST = 1.3
"""Least that two places part, as a multiple of what each moves (rms): 1.41 where they have nothing
to do with each other, more where they move against each other, less on one thing."""
AGAINST_EVEN, UNEVEN = 1.22, 0.5
"""The same where what is too quick to be a wave is no more than this share of the power."""
LOPSIDED, CLEARLY = 0.6, 1.45
"""Most of the motion's power that the liveliest tenth of the cells may have, unless places clearly
move against each other: a wave is everywhere, what enters is somewhere."""
RISE, LEVEL = 1.6, 2.2
"""Least rise above the shot's own, at every frame and in the median over the span."""
LEAST_DEG_S = 0.14
"""Least speed by which places part, degrees a second."""
COVER = 0.62
"""Least share of the pairs that part more than outside the span."""
RETURNS = 0.69
"""Most of the way that may be left at the end, as a share of its length (median over the cells)."""
ADDED = 1.5
"""Most that the cells may move on their own, as a multiple of what they move beside the camera's
similarity (medians): one large thing that moves bends the surface that is fitted to the whole, and
the ground seems to move under all that stands; a ground that swims does so before any fit."""
SEEN = 0.9
"""Least share of cells with a flow, as a share of those outside the span."""
ARCMIN = 0.75
"""rms displacement that is just visible where a whole ground moves."""
MOST_ARCMIN = 20.0
"""More than that is no ground that flows: something passes close by."""
REACH = 4
"""Cells across which stretching is read: half a wave of the ground."""
RETURNS_SOFT = 0.72
"""The same where only the stretching tells."""
SOFT = 0.44
"""Least stretching, as a share of the fastest motion."""
SOFTER = 1.2
"""Least rise of that share above the shot's own."""
STRETCH_DEG_S = 0.22
"""Least stretching across `REACH` cells, degrees a second."""


def detect(passage: Passage) -> list[Candidate]:
    """Spans in which most of the picture swims."""
    if len(passage) < 10 or passage.pairs[-1] is None:
        return []
    steps = own_field(passage)
    window = max(3, round(0.2 * passage.fps) | 1)
    slow = uniform_filter1d(steps, window, axis=0, mode="nearest").astype(np.float32)
    first, second = _pairs(passage)
    if len(first) < LEAST_PAIRS:
        return []
    parts = slow[:, first] - slow[:, second]
    power = (parts**2).sum(axis=2)
    even = max(3, round(0.3 * passage.fps) | 1)
    stretch = uniform_filter1d(np.sqrt(_quantile(power, LOW)), even, mode="nearest")
    return _risen(passage, steps, slow, stretch, power, (first, second)) or _softened(
        passage, slow, stretch, (first, second)
    )


Ends = tuple[NDArray[np.int_], NDArray[np.int_]]
"""The cells of each pair."""


def _pairs(passage: Passage) -> Ends:
    """Textured cells that are `REACH` from each other."""
    texture = np.median(np.nan_to_num(passage.cells["texture"][1:]), axis=0)
    clear = texture > TEXTURED + float(np.median(passage.grain))
    clear &= _cornered(passage) > CORNERED
    grid, held = np.arange(ROWS * COLS).reshape(ROWS, COLS), clear.reshape(ROWS, COLS)
    first = [grid[:, REACH:][held[:, REACH:] & held[:, :-REACH]]]
    first.append(grid[REACH:][held[REACH:] & held[:-REACH]])
    second = np.concatenate([first[0] - REACH, first[1] - REACH * COLS])
    return np.concatenate(first), second


def _cornered(passage: Passage) -> Series:
    """How much gradient each cell has in the direction of least, `(432,)`; over three frames."""
    made = []
    for i in (0, len(passage) // 2, len(passage) - 1):
        gray = passage.gray(i)
        gx = cv2.Sobel(gray, cv2.CV_32F, 1, 0, scale=1 / 8)
        gy = cv2.Sobel(gray, cv2.CV_32F, 0, 1, scale=1 / 8)
        xx, yy, xy = (
            cv2.resize(v, (COLS, ROWS), interpolation=cv2.INTER_AREA)
            for v in (gx * gx, gy * gy, gx * gy)
        )
        least = 0.5 * (xx + yy - np.sqrt((xx - yy) ** 2 + 4.0 * xy * xy))
        made.append(np.sqrt(np.maximum(least, 0.0)))
    return np.asarray(np.median(made, axis=0), np.float64).reshape(-1)


def _risen(
    passage: Passage, steps: Series, slow: Series, stretch: Series, power: Series, ends: Ends
) -> list[Candidate]:
    """Spans in which the ground stretches faster than in the rest of the shot."""
    floor = float(np.percentile(stretch, 8))
    per_s = passage.fps * passage.arcmin / 60.0
    found = []
    for start, end in runs(
        stretch > max(RISE * floor, LEAST_DEG_S / per_s), gap=round(0.3 * passage.fps)
    ):
        if start <= 2 or end - start < max(5, 0.4 * passage.fps):
            continue
        level = float(np.median(stretch[start:end]))
        rise = level / max(floor, 1e-3)
        made = _judged(passage, steps, slow, stretch, power, ends, start, end, rise)
        if made is not None and rise > LEVEL:
            found.append(made)
    return found


def _softened(passage: Passage, slow: Series, stretch: Series, ends: Ends) -> list[Candidate]:
    """Spans in which the ground stretches, for all that moves, as nowhere else in the shot."""
    fastest = np.sqrt(_quantile((slow**2).sum(axis=2), 0.8))
    fastest = uniform_filter1d(fastest, max(3, round(0.3 * passage.fps) | 1), mode="nearest")
    share = stretch / np.maximum(fastest, 1e-4)
    per_s = passage.fps * passage.arcmin / 60.0
    own = float(np.percentile(share, 12))
    soft = (stretch * per_s > STRETCH_DEG_S) & (share > max(SOFT, SOFTER * own))
    found = []
    for start, end in runs(soft, gap=round(0.35 * passage.fps)):
        closed = start > 2 and end < len(passage) - 2  # what comes in and stays is no wave
        if not closed or end - start < max(8, 0.8 * passage.fps):
            continue
        other = _outside(passage, start, end)
        inside = float(np.median(share[start:end]))
        if other.sum() < 8 or inside < SOFTER * float(np.median(share[other])):
            continue
        smooth = _smooth(slow[start:end])
        if smooth < _smooth(slow[other]) or _against(slow[start:end], ends) < AGAINST:
            continue
        if _returns(slow[start:end], ends) > RETURNS_SOFT:
            continue
        size = _size(slow[start:end], ends) * passage.arcmin
        rise = inside / max(float(np.median(share[other])), 1e-3)
        peak = start + int(np.argmax(stretch[start:end]))
        found.append(_candidate(start, end, peak, size, rise))
    return found


def _outside(passage: Passage, start: int, end: int) -> NDArray[np.bool_]:
    made = np.ones(len(passage), bool)
    made[max(0, start - 2) : end + 2] = False
    made[0] = False
    return made


def _against(slow: Series, ends: Ends) -> float:
    """How far two places part, as a multiple of what each moves, the median over the pairs."""
    power = (slow**2).sum(axis=2).mean(axis=0)
    parts = ((slow[:, ends[0]] - slow[:, ends[1]]) ** 2).sum(axis=2).mean(axis=0)
    each = 0.5 * (power[ends[0]] + power[ends[1]])
    return float(np.median(np.sqrt(parts / np.maximum(each, 1e-12))))


def _returns(part: Series, ends: Ends) -> float:
    """Way left at the end as a share of its length, the median over the cells."""
    cells = np.unique(np.concatenate(ends))
    length = np.hypot(part[:, cells, 0], part[:, cells, 1]).sum(axis=0)
    way = np.hypot(*part[:, cells].sum(axis=0).T)
    return float(np.median(way / np.maximum(length, 1e-6)))


def _smooth(steps: Series) -> float:
    """Correlation of each step with the next."""
    return float((steps[1:] * steps[:-1]).sum() / max(float((steps**2).sum()), 1e-9))


def _size(slow: Series, ends: Ends) -> float:
    """What the ground moves by: rms over time, the median over the cells, pixels."""
    cells = np.unique(np.concatenate(ends))
    path = _level(np.cumsum(slow[:, cells], axis=0, dtype=np.float64))
    return float(np.median(np.sqrt((path**2).sum(axis=2).mean(axis=0))))


def _level(path: Series) -> Series:
    """A path without its mean and its straight part in time."""
    time = np.linspace(-1, 1, len(path))[:, None, None]
    slope = (time * path).mean(axis=0) / (time**2).mean()
    made: Series = path - path.mean(axis=0) - time * slope
    return made


def _quantile(values: Series, share: float) -> Series:
    at = round(share * (values.shape[1] - 1))
    made: Series = np.partition(values, at, axis=1)[:, at].astype(np.float64)
    return made


def _judged(
    passage: Passage,
    steps: Series,
    slow: Series,
    stretch: Series,
    power: Series,
    ends: Ends,
    start: int,
    end: int,
    rise: float,
) -> Candidate | None:
    inside, other = slice(start, end), _outside(passage, start, end)
    if other.sum() < 4:
        return None
    cover = np.median(power[inside], axis=0) > 2.0 * np.median(power[other], axis=0)
    part = slow[inside]
    cells = np.unique(np.concatenate(ends))
    returns = _returns(part, ends)
    finite = np.isfinite(passage.cells["u"][:, cells])
    seen = finite[inside].mean() / max(finite[other].mean(), 0.5)
    if cover.mean() < COVER or returns > RETURNS or seen < SEEN:
        return None
    each = (part[:, cells] ** 2).sum(axis=2).mean(axis=0)
    lively = np.sort(each)[-max(1, len(each) // 10) :].sum() / max(float(each.sum()), 1e-12)
    quick = ((steps[inside][:, cells] - part[:, cells]) ** 2).sum(axis=2).mean(axis=0).sum()
    even = quick < UNEVEN * each.sum()
    against = _against(part, ends)
    if against < (AGAINST_EVEN if even else AGAINST):
        return None
    if lively > LOPSIDED and against < CLEARLY:
        return None
    size = _size(part, ends) * passage.arcmin
    if size > MOST_ARCMIN or _added(passage, part, cells, inside) > ADDED:
        return None
    return _candidate(start, end, start + int(np.argmax(stretch[inside])), size, rise)


def _added(passage: Passage, part: Series, cells: NDArray[np.int_], inside: slice) -> float:
    """What the cells move on their own, over what they move beside the camera's similarity."""
    moved = np.stack([passage.cells[k][inside][:, cells] for k in ("u", "v")], axis=-1)
    beside = np.nan_to_num(moved - passage.camera_at_cells[inside][:, cells])
    window = max(3, round(0.2 * passage.fps) | 1)
    beside = uniform_filter1d(beside, window, axis=0, mode="nearest")
    own, raw = (np.median(np.hypot(v[..., 0], v[..., 1])) for v in (part[:, cells], beside))
    return float(own / max(raw, 1e-3))


def _candidate(start: int, end: int, peak: int, size: float, rise: float) -> Candidate:
    return Candidate(
        "background_swim",
        start,
        end,
        peak,
        (size / ARCMIN) ** 0.85,
        0.5 + 0.1 * min(4.0, rise - 1.0),
        f"the ground flows out and back by {size:.1f} minutes of arc (rms) beside the camera's "
        "motion, in most of the picture",
        evidence("own_path", size, ARCMIN),
        ("parallax", "shake", "moving object"),
        # a camera that trembles moves the ground, it does not stretch it
        immune=frozenset({"shake"}),
        causes=frozenset({"unstable_texture"}),  # what the waves leave unexplained
    )
