"""Redrawn: stretches in which the picture is drawn afresh again and again, and how.

Signal: two successive steps of the same place, each with the motion taken out. What is drawn anew
every time goes there and back: of independent x the step x3 - x2 takes back the variance of x2 that
the step x2 - x1 brought, half of its power. What moves, turns, is uncovered or lit goes on: theirs
does not come back. What comes back in the same place just before and behind (fine detail that the
pixels catch now and then) is taken off, and so is what fetching along the flow costs at hard edges,
which comes and goes with the fraction of a pixel.

Fine marks that rush or roll by leave and return as well, where the flow has lost them. But several
steps on they are farther off, while of independent drawings any two differ alike.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage
from evenflow.continuity.stretches import Stretch, drifts, overlap, stretches

SAMPLES = 4
"""Frames of a stretch that are looked at, and frames next to it."""
HOLDS = (1, 2, 3)
"""Frames that one drawing may last; of four the last of these still sees a part."""
LEAST = 0.1
"""Least share of a step that the next one takes back."""
RETURNS = 0.25
"""The same of what the steps have more than before and behind; 0.5 for what is independent."""
SURE = 0.4
"""A drawing from which so much returns does not last longer."""
LONGER = 1.4
"""What has to be new in squares if a drawing is to last longer, over what is new if it does not."""
FRESH = 1.4
"""What is taken back, over what is taken back just before and behind."""
COARSE = 0.08
"""Most of the energy of the steps that may lie in coarse light and dark (17 sketch
pixels): a texture has no mean, light and things that move have one."""
EDGE_ONLY = 1.2
"""Gray levels on edges above the stretch's surroundings, under which nothing is asked."""
MOST_LOOKS = 4
FAR = 4
"""Drawings between two that are compared to see whether things go on."""
GOES_ON = 1.85
"""Times what they differ by from one drawing to the next: 1 of independent drawings, up to 1.8
where the flow adds its own error at each; things that the flow has lost differ by 1.9 to 30."""
ALONG = 0.42
"""Least correlation of the size of the steps with the slope, for outlines."""
BETWEEN = 0.1
"""How far it stands above the share of what is left on edges that is left off them as well."""
EVERYWHERE = 0.6
"""Share of the picture that no surface fills: what wobbles there are outlines if more is left on
them than between them."""

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
        along: correlation of the size of the steps with the slope of what the frames share; 0 where
            it was not asked.
        rms: of the steps, gray levels of the sketch.
        fresh: what the steps would be without all that is there before and behind as well.
        share: of the detail that is new in each drawing, in [0, 1].
    """

    stretch: Stretch
    edge: float
    flat: float
    hold: int
    returns: float
    along: float
    rms: float
    fresh: float
    share: float

    @property
    def outlines(self) -> bool:
        """True if it is outlines that wobble, False if it is the surface between them."""
        off = self.flat / max(self.edge, 1e-3)
        everywhere = self.stretch.place.mean() > EVERYWHERE
        return self.along > max(ALONG, off + (-0.2 if everywhere else BETWEEN))


def redrawn(passage: Passage) -> list[Redrawn]:
    """Every stretch that is drawn afresh, loudest first; none overlaps another."""
    if "redrawn" not in passage.shared:
        passage.shared["redrawn"] = _find(passage)
    made: list[Redrawn] = passage.shared["redrawn"]
    return made


def _find(passage: Passage) -> list[Redrawn]:
    flow = drifts(passage)
    kept: list[Redrawn] = []
    others: list[Stretch] = []
    most = MOST_LOOKS + round(len(passage) / passage.fps)
    for one in stretches(passage):
        if any(overlap(one, other.stretch) for other in kept):
            continue
        if any(_same(one, other) for other in others):
            continue
        edge, flat = _above(passage, one)
        if max(edge, flat) < EDGE_ONLY:
            continue
        if len(kept) + len(others) >= most:
            break
        made = _look(passage, one, flow, edge, flat)
        if made is not None and not _goes_on(passage, one, flow, made.hold):
            kept.append(made)
        else:
            others.append(one)
    return kept


def _same(a: Stretch, b: Stretch) -> bool:
    """True if two stretches hold most of one place for most of one time."""
    shared = min(a.end, b.end) - max(a.start, b.start)
    if shared < 0.5 * min(a.end - a.start, b.end - b.start):
        return False
    middle = (max(a.start, b.start) + min(a.end, b.end)) // 2
    x, y = a.at(middle), b.at(middle)
    return bool((x & y).sum() > 0.6 * (x | y).sum())


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
        if high - low < 1 or (best is not None and best.returns > SURE):
            break
        inside = np.unique(np.linspace(low, high - 1, SAMPLES).round().astype(int)).tolist()
        here = _steps(passage, one, flow, inside, hold)
        if here is None or here.back < LEAST * here.power:
            continue
        if here.coarse > COARSE * here.power:
            if hold == 1:
                break
            continue
        near = [one.start - hold - 1, one.start - hold - 3]
        near += [one.end + hold, one.end + hold + 2] if one.closed else []
        rest = _steps(passage, one, flow, near, hold, with_slope=False)
        usual, floor = (rest.back, rest.power) if rest is not None else (0.0, 0.0)
        cost = max(0.0, here.cost - (rest.cost if rest is not None else 0.0))
        usual, floor = usual + cost, floor + cost
        new, more = here.back - usual, here.power - floor
        if new <= 0.0 or here.back < max(FRESH * usual, LEAST * here.power):
            continue
        if new < RETURNS * more:
            continue
        if best is not None and 2.0 * new < LONGER * best.fresh**2:
            continue
        half = min(1.0, new / max(here.detail, 1e-6))
        share = float(1.0 / (1.0 + np.sqrt((1.0 - half) / max(half, 1e-6))))
        rms, fresh = here.power**0.5, (2.0 * new) ** 0.5
        returns = min(1.0, new / max(more, new))
        best = Redrawn(one, edge, flat, hold, returns, here.along, rms, fresh, share)
    return best


@dataclass(frozen=True)
class _Steps:
    """Two successive steps of a place: means over its pixels, squared gray levels of the sketch.

    Args:
        back: of the one step against the other; what is independent adds its variance.
        power: of a step; what is independent adds twice its variance.
        coarse: what of it lies in coarse light and dark.
        detail: of the picture.
        cost: what is lost where the frame between is fetched along the flow, there and back.
        along: correlation of the size of the steps with the slope of what the frames share; 0 where
            it was not asked.
    """

    back: float
    power: float
    coarse: float
    detail: float
    cost: float
    along: float


def _steps(
    passage: Passage,
    one: Stretch,
    flow: NDArray[np.float32],
    frames: list[int],
    hold: int,
    *,
    with_slope: bool = True,
) -> _Steps | None:
    total = np.zeros(5)
    along, area, count = 0.0, 0, 0
    for i in frames:
        if i - hold < 0 or i + hold >= len(passage):
            continue
        mask = _mask(one.at(i), passage.sketch(i).shape)
        size = int(mask.sum())
        if size < 16:
            continue
        box = _box(mask)
        mask = mask[box]
        before, here, after = (passage.gray(i + k) for k in (-hold, 0, hold))
        # a linear one would soften both neighbors: all that is sharp would leave and return
        back = -flow[i - hold + 1 : i + 1].sum(axis=0)
        before = warped(before, back, cv2.INTER_CUBIC, box)
        after = warped(after, flow[i + 1 : i + hold + 1].sum(axis=0), cv2.INTER_CUBIC, box)
        again = warped(warped(here, back, cv2.INTER_CUBIC), -back, cv2.INTER_CUBIC, box)
        here = here[box]
        into, out, lost = here - before, after - here, (again - here)[mask]
        a, b = into[mask], out[mask]
        fine = (here - cv2.blur(here, (13, 13)))[mask]
        low = cv2.blur(into, (17, 17))[mask]
        total += (-(a @ b), 0.5 * (a @ a + b @ b), low @ low, fine @ fine, lost @ lost)
        if with_slope:
            shared = (before + here + after) / 3.0
            gx, gy = cv2.Sobel(shared, cv2.CV_32F, 1, 0), cv2.Sobel(shared, cv2.CV_32F, 0, 1)
            along += _correlation(np.hypot(a, b), np.hypot(gx, gy)[mask])
        area, count = area + size, count + 1
    if count == 0:
        return None
    back, power, coarse, detail, cost = (total / area).tolist()
    return _Steps(back, power, coarse, detail, cost, along / count)


def _goes_on(passage: Passage, one: Stretch, flow: NDArray[np.float32], hold: int) -> bool:
    """True if frames differ the more the farther they are apart, beyond what they do outside."""
    apart = []
    for lag in (hold, FAR * hold):
        if one.end - one.start <= lag:
            return False
        inside = np.unique(np.linspace(one.start + lag, one.end - 1, SAMPLES + 1).round())
        near = [one.start - 1, one.start - 3]
        near += [one.end + lag, one.end + lag + 2] if one.closed else []
        rest = _differ(passage, one, flow, near, lag)
        here = _differ(passage, one, flow, inside.astype(int).tolist(), lag)
        apart.append((here or 0.0) - (rest or 0.0))
    return apart[1] > GOES_ON * max(apart[0], 0.0)


def _differ(
    passage: Passage, one: Stretch, flow: NDArray[np.float32], frames: list[int], lag: int
) -> float | None:
    """Mean square of what frames differ by from those `lag` before, gray levels of the sketch."""
    total, area = 0.0, 0
    for i in frames:
        if i - lag < 0 or i >= len(passage):
            continue
        mask = _mask(one.at(i), passage.sketch(i).shape)
        if mask.sum() < 16:
            continue
        box = _box(mask)
        back = -flow[i - lag + 1 : i + 1].sum(axis=0)
        before = warped(passage.gray(i - lag), back, cv2.INTER_CUBIC, box)
        step = (passage.gray(i)[box] - before)[mask[box]]
        total, area = total + float(step @ step), area + int(mask.sum())
    return total / area if area else None


def _correlation(a: Gray, b: Gray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / max(float(np.sqrt((a @ a) * (b @ b))), 1e-6))


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


Box = tuple[slice, slice]


def _box(mask: NDArray[np.bool_], margin: int = 8) -> Box:
    """Rows and columns around a mask."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    down = slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin)
    return down, slice(max(0, int(cols[0]) - margin), int(cols[-1]) + 1 + margin)


def warped(
    picture: Gray,
    flow: NDArray[np.float32],
    how: int = cv2.INTER_LINEAR,
    box: Box = (slice(None), slice(None)),
) -> Gray:
    """A picture, or a box of it, fetched along a flow on the cells, in cells; linear between."""
    height, width = picture.shape[:2]
    pixels = flow.astype(np.float32) * np.array([width / COLS, height / ROWS], np.float32)
    moves = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    moves = moves[box] + _grid(height, width)[box]
    made: Gray = cv2.remap(picture, moves, None, how, borderMode=cv2.BORDER_REPLICATE)
    return made
