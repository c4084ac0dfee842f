"""Light direction: the shading of an object, or of everything, turns at once and stays turned.

Signal: the step of log luminance along the motion, cell by cell. It is a slope: one side of the
region becomes brighter, the opposite side darker, its mean changes little and its colors do not. A
change of exposure has no dark side, a shadow that passes is a front that moves.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, label, uniform_filter

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import L_PER_LOG, Passage, Series
from evenflow.continuity.picture import gray_of
from evenflow.continuity.robust import around
from evenflow.continuity.severity import SHADING
from evenflow.geometry.warp import warp

HOLD = 3
"""Frames on each side over which the light has to keep what it is."""
LEAST = 0.04
"""Log luminance of a cell that takes part."""
LEAST_FIT = 0.12
"""Share of the step's variance that a plane explains; a soft rim and texture leave 0.1 to 0.6."""
LEAST_FIT_WHOLE = 0.4
"""The same for most of the picture, which a new look changes in any way it likes."""
LEAST_APART = 0.3
"""Distance of the bright side's center from the dark side's, in sides of the region's area; two
halves of a disk come to 0.48."""
LEAST_ALIKE = 0.955
"""Least correlation of the place's fine structure across the step: light draws nothing new."""
NUM_LOOKS = 10
"""Most steps of a passage that are looked at closely."""


DRAWN = frozenset({"subject_swap", "teleportation", "vanish"})
"""Kinds that draw something new, which light does not."""


def lasting_steps(passage: Passage) -> tuple[Series, Series]:
    """Per frame and cell: what log luminance does at it, and what of it lasts, `(n, 432)` each."""
    at_once = np.nan_to_num(passage.cells["gain"].astype(np.float64))
    path = np.cumsum(at_once, axis=0)
    lasting = np.zeros_like(path)
    if len(path) > 2 * HOLD:
        windows = np.lib.stride_tricks.sliding_window_view(path, HOLD, axis=0)
        middle = np.median(windows, axis=-1)  # entry k: frames k .. k + HOLD - 1
        lasting[HOLD : len(path) - HOLD + 1] = middle[HOLD:] - middle[:-HOLD]
    return at_once, lasting


def detect(passage: Passage) -> list[Candidate]:
    """Frames at which the light turns; the span runs to where it turns back."""
    count = len(passage)
    if count < 4 * HOLD or passage.pairs[-1] is None:
        return []
    at_once, lasting = lasting_steps(passage)
    common = np.clip(at_once * lasting, 0.0, None)
    power = np.sqrt(np.where(np.abs(lasting) > LEAST, common, 0.0).sum(axis=1))
    usual = np.median(np.abs(lasting), axis=0)
    found: list[tuple[int, Series, NDArray[np.bool_], float, float]] = []
    for i in np.argsort(-power)[:NUM_LOOKS].tolist():
        near = around(power, i, 5)
        if power[i] < 3 * LEAST or (len(near) and power[i] < 1.4 * float(np.median(near))):
            continue
        if any(abs(i - other[0]) <= HOLD for other in found):
            continue
        if _leaps(passage, i):
            continue  # what is matched badly steps in any direction
        slope = _slope(passage, i, lasting[i], at_once[i], usual)
        if slope is not None and _alone(lasting, i, slope[0]):
            found.append((i, lasting[i], *slope))
    found.sort(key=lambda item: item[0])
    made: list[Candidate] = []
    used: set[int] = set()
    for k, (start, field, place, size, fit) in enumerate(found):
        if k in used:
            continue
        end = count
        for later in range(k + 1, len(found)):
            back = found[later][1][place]
            if float(back @ field[place]) < -0.5 * float(field[place] @ field[place]):
                end = found[later][0]
                used.add(later)
                break
        made.append(_candidate(start, end, place, size, fit))
    return made


def _slope(
    passage: Passage, i: int, lasting: Series, at_once: Series, usual: Series
) -> tuple[NDArray[np.bool_], float, float] | None:
    """Place, rms in log luminance, and how well a slope explains the step; None if it is none."""
    grid = uniform_filter(lasting.reshape(ROWS, COLS), 3, mode="nearest")
    loud = np.abs(grid) > max(LEAST, 0.15 * float(np.percentile(np.abs(grid), 98)))
    loud &= np.abs(grid) > 2.0 * uniform_filter(usual.reshape(ROWS, COLS), 3, mode="nearest")
    # the two sides of the slope meet in a line that does not change
    parts, num = label(binary_closing(np.pad(loud, 3), np.ones((3, 3)))[3:-3, 3:-3])
    best: tuple[NDArray[np.bool_], float, float] | None = None
    y, x = np.mgrid[:ROWS, :COLS]
    for part in range(1, num + 1):
        place = parts == part
        if place.sum() < 16:
            continue
        values = grid[place]
        columns = np.stack([np.ones(place.sum()), x[place], y[place]], axis=1).astype(np.float64)
        plane = np.linalg.lstsq(columns, values)[0]
        rest = values - columns @ plane
        spread = values - values.mean()
        fit = 1.0 - float((rest**2).sum() / max((spread**2).sum(), 1e-9))
        up, down = float(values[values > 0].sum()), -float(values[values < 0].sum())
        even = min(up, down) / max(up, down, 1e-9)
        rms = float(np.sqrt((values**2).mean()))
        own = lasting.reshape(ROWS, COLS)[place]
        now = at_once.reshape(ROWS, COLS)[place]
        sudden = float(own @ now) / max(float(own @ own), 1e-9)
        least = LEAST_FIT if place.mean() < 0.5 else LEAST_FIT_WHOLE
        if min(fit / least, even / 0.1, sudden / 0.8, rms / (0.6 * SHADING)) < 1.0:
            continue
        if _apart(grid, place) < LEAST_APART or _alike(passage, i, place) < LEAST_ALIKE:
            continue
        if _tint(passage, i, place) > 0.8 * rms * L_PER_LOG:
            continue  # a new color, not a new light
        if best is None or rms * np.sqrt(place.sum()) > best[1] * np.sqrt(best[0].sum()):
            best = place.reshape(-1), rms, fit
    return best


def _alone(lasting: Series, i: int, place: NDArray[np.bool_]) -> bool:
    """True if the place keeps its light before and behind; what moves changes it all the time."""
    size = np.sqrt((lasting[:, place] ** 2).mean(axis=1))
    near = [size[j] for j in (i - HOLD, i - HOLD - 1, i + HOLD, i + HOLD + 1) if 0 < j < len(size)]
    return bool(size[i] > 2.0 * max(near))


def _leaps(passage: Passage, i: int) -> bool:
    """True if the picture as a whole moves on by another step than before and behind it."""
    camera = np.nan_to_num(passage.camera[max(1, i - 2) : i + 3])
    own = np.nan_to_num(passage.camera[i])
    usual = np.median(camera, axis=0)
    return bool(np.hypot(*(own - usual)) > max(1.0, 0.5 * float(np.hypot(*usual))))


def _apart(grid: Series, place: NDArray[np.bool_]) -> float:
    y, x = np.nonzero(place)
    values = grid[place]
    centers = []
    for side in (np.maximum(values, 0.0), np.maximum(-values, 0.0)):
        total = max(float(side.sum()), 1e-9)
        centers.append((float((side * x).sum()) / total, float((side * y).sum()) / total))
    (ax, ay), (bx, by) = centers
    return float(np.hypot(ax - bx, ay - by) / np.sqrt(len(values)))


def _alike(passage: Passage, i: int, place: NDArray[np.bool_]) -> float:
    """Correlation of the fine structure of the place before and behind the step."""
    match = passage.matched(i - 1, i)
    before, after = (_fine(gray_of(passage.sketch(k))) for k in (i - 1, i))
    inside = cv2.resize(place.astype(np.uint8), after.shape[::-1], interpolation=cv2.INTER_NEAREST)
    seen = (inside > 0) & match.valid
    if seen.sum() < 0.4 * inside.sum():
        return 0.0
    a, b = warp(before, match.back)[seen], after[seen]
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))


def _fine(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = np.log(gray.astype(np.float32) + 8.0)
    fine: NDArray[np.float32] = values - cv2.GaussianBlur(values, (0, 0), 3)
    return fine


def _tint(passage: Passage, i: int, place: NDArray[np.bool_]) -> float:
    """Mean step of a and b over the place, dE: what grows with light on one side falls on the
    other, what is a new color does not."""
    flat = place.reshape(-1)
    a, b = (passage.cells[name][i][flat] for name in ("a", "b"))
    return float(np.hypot(np.nan_to_num(a).mean(), np.nan_to_num(b).mean()))


def _candidate(start: int, end: int, place: NDArray[np.bool_], rms: float, fit: float) -> Candidate:
    area = float(place.mean())
    size = rms / SHADING * min(1.0, area / 0.1) ** 0.25
    return Candidate(
        "light_direction",
        start,
        end,
        start,
        size,
        0.5 + 0.4 * fit,
        f"one side becomes brighter and the other darker by {100 * rms:.0f} % (rms) and stays so: "
        "the light comes from elsewhere",
        evidence("luma_slope", rms, SHADING),
        ("lighting_flicker", "exposure", "passing shadow"),
        None if area > 0.8 else place,
        immune=DRAWN,
        causes=DRAWN | {"style_change", "drift", "seam"},
    )
