"""Redrawn: stretches in which the picture is drawn afresh again and again, and how.

Signal: two successive steps of the same place, each with the motion taken out. What is drawn anew
every time goes there and back: the steps have a correlation of minus one half (x2 - x1 against
x3 - x2 for independent x). What moves, turns, is uncovered or lit goes on: theirs is not negative.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage
from evenflow.continuity.picture import gray_of
from evenflow.continuity.stretches import Stretch, drifts, overlap, stretches

SAMPLES = 4
"""Frames of a stretch that are looked at."""
HOLDS = (1, 2, 3, 4)
"""Frames that one drawing may last."""
RETURNS = 0.33
"""Least share of a step that the next one takes back; 0.5 for what is independent."""
COARSE = 0.08
"""Most of the energy of the steps that may lie in coarse light and dark (17 sketch
pixels): a texture has no mean, light and things that move have one."""
EDGE_ONLY = 1.2
"""Gray levels on edges above the stretch's surroundings, under which nothing is asked."""
MOST_LOOKS = 4

Gray = NDArray[np.float32]


@dataclass(frozen=True)
class Redrawn:
    """A stretch that is drawn afresh.

    Args:
        stretch: where and when.
        edge, flat: what motion leaves on edges and off them above before and behind, gray levels
            of the working size.
        hold: frames that a drawing lasts.
        returns: share of a step that the next takes back.
        along: correlation of the size of the steps with the slope of the picture.
        rms: of the steps, gray levels of the sketch.
        share: of the detail that is new in each drawing, in [0, 1].
    """

    stretch: Stretch
    edge: float
    flat: float
    hold: int
    returns: float
    along: float
    rms: float
    share: float


def redrawn(passage: Passage) -> list[Redrawn]:
    """Every stretch that is drawn afresh, loudest first; none overlaps another."""
    if "redrawn" not in passage.shared:
        passage.shared["redrawn"] = _find(passage)
    made: list[Redrawn] = passage.shared["redrawn"]
    return made


def _find(passage: Passage) -> list[Redrawn]:
    flow = drifts(passage)
    kept: list[Redrawn] = []
    looks = 0
    most = MOST_LOOKS + round(len(passage) / passage.fps)
    for one in stretches(passage):
        if any(overlap(one, other.stretch) for other in kept):
            continue
        edge, flat = _above(passage, one)
        if max(edge, flat) < EDGE_ONLY:
            continue
        looks += 1
        if looks > most:
            break
        made = _look(passage, one, flow, edge, flat)
        if made is not None:
            kept.append(made)
    return kept


def _above(passage: Passage, one: Stretch) -> tuple[float, float]:
    """What is left on edges and off them, inside the stretch above next to it."""
    inside = np.arange(max(1, one.start), one.end)
    near = list(range(max(1, one.start - 5), one.start))
    near += [t for t in range(one.end + 1, min(len(passage), one.end + 6)) if one.closed]
    up, rest = (_levels(passage, one, frames) for frames in (inside, np.array(near, int)))
    return up[0] - rest[0], up[1] - rest[1]


def _levels(passage: Passage, one: Stretch, frames: NDArray[np.int_]) -> list[float]:
    rows, cols = np.nonzero(one.place)
    at = np.clip(frames - one.start, 0, len(one.path) - 1)
    moved = np.rint(one.path[at]).astype(int)
    x, y = cols[None] + moved[:, :1], rows[None] + moved[:, 1:]
    shown = (x >= 0) & (x < COLS) & (y >= 0) & (y < ROWS)
    t = np.broadcast_to(frames[:, None], x.shape)[shown]
    cells = y[shown] * COLS + x[shown]
    made = []
    for name in ("edge", "flat"):
        values = passage.cells[name][t, cells]
        values = values[np.isfinite(values)]
        made.append(float(values.mean()) if len(values) else 0.0)
    return made


def _look(
    passage: Passage, one: Stretch, flow: NDArray[np.float32], edge: float, flat: float
) -> Redrawn | None:
    best: Redrawn | None = None
    for hold in HOLDS:
        low, high = one.start + hold, one.end - hold
        if high - low < 1:
            break
        count = min(SAMPLES, high - low)
        frames = np.unique(np.linspace(low, high - 1, count).round().astype(int))
        back = power = coarse = along = detail = first = area = 0.0
        kept = []
        for i in frames.tolist():
            mask = _mask(one.at(i), passage.sketch(i).shape)
            size = int(mask.sum())
            if size < 16:
                continue
            before, here, after = (_sketch(passage, i + k) for k in (-hold, 0, hold))
            into = here - warped(before, -flow[i - hold + 1 : i + 1].sum(axis=0))
            out = warped(after, flow[i + 1 : i + hold + 1].sum(axis=0)) - here
            a, b = into[mask], out[mask]
            left = float((a * a).sum())
            back -= float((a * b).sum())
            power += 0.5 * (left + float((b * b).sum()))
            first += left
            area += size
            kept.append((here, into, mask, a))
        if power <= 0 or first <= 0:
            continue
        returning = back > RETURNS * power
        if not returning and hold > 1:
            continue
        for _, into, mask, _ in kept:
            coarse += float((cv2.blur(into, (17, 17))[mask] ** 2).sum())
        if coarse > COARSE * first and hold == 1:
            return None
        if not returning:
            continue
        for here, _, mask, a in kept:
            fine = here - cv2.blur(here, (13, 13))
            detail += float((fine[mask] ** 2).sum())
            slope = np.hypot(cv2.Sobel(here, cv2.CV_32F, 1, 0), cv2.Sobel(here, cv2.CV_32F, 0, 1))
            along += _correlation(np.abs(a), slope[mask])
        half = min(1.0, first / max(2.0 * detail, 1e-6))
        made = Redrawn(
            one,
            edge,
            flat,
            hold,
            back / power,
            along / len(frames),
            float(np.sqrt(first / area)),
            float(1.0 / (1.0 + np.sqrt((1.0 - half) / max(half, 1e-6)))),
        )
        if coarse < COARSE * first and (best is None or made.returns > best.returns):
            best = made
        if made.returns > RETURNS + 0.05:
            break
    return best if best is not None and best.returns > RETURNS else None


def _correlation(a: Gray, b: Gray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / max(float(np.sqrt((a @ a) * (b @ b))), 1e-6))


def _sketch(passage: Passage, i: int) -> Gray:
    return gray_of(passage.sketch(i)).astype(np.float32)


def _mask(place: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    size = (shape[1], shape[0])
    made: NDArray[np.bool_] = (
        cv2.resize(place.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    )
    return made


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> NDArray[np.float32]:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y], axis=-1).astype(np.float32)


def warped(picture: Gray, flow: NDArray[np.float32]) -> Gray:
    """A picture fetched along a flow on the cells, in cells; between their centers it is linear."""
    height, width = picture.shape[:2]
    pixels = flow.astype(np.float32) * np.array([width / COLS, height / ROWS], np.float32)
    moves = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    moves += _grid(height, width)
    made: Gray = cv2.remap(picture, moves, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return made
