"""Light direction: the shading of an object, or of everything, turns at once and stays turned.

Signal: the step of log luminance along the motion, smoothed. Light multiplies what it falls on: a
smooth factor takes the picture before into the one behind, and structure and colors go on below it.
One side of the region becomes brighter, the opposite side darker. A change of exposure has no dark
side, a shadow that passes is a front that moves, and a new thing draws what was not there.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.follow import followed
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.region_names import named
from evenflow.continuity.region_steps import (
    Image,
    Mask,
    aligned,
    at_border,
    expected_motion,
    lab_of,
    over_border,
    suspects,
)
from evenflow.continuity.robust import around
from evenflow.continuity.severity import SHADING
from evenflow.geometry.warp import warp

HOLD = 3
"""Frames on each side over which the light has to keep what it is."""
LEAST = 0.04
"""Log luminance of a cell that takes part."""
LEAST_PIXEL = 0.06
"""The same for a pixel of the smoothed step."""
LEAST_AREA = 0.01
"""Share of the picture."""
LEAST_MAIN = 0.6
"""Share of all that steps that one place has to hold."""
LEAST_EVEN = 0.1
"""Of the lesser side, bright or dark, over the other one, where there is room for both."""
NO_ROOM = 0.25
"""Share of the step for which a pixel has no room left, too bright or too dark as it is."""
LEAST_FIT_WHOLE = 0.4
"""Share of the step's variance that a plane explains over most of the picture, which a new look
changes in any way it likes."""
LEAST_APART = 0.25
"""Distance of the bright side's center from the dark side's, in sides of the region's area; two
halves of a disk come to 0.48."""
MOST_DRAWN = 0.8
"""What the smooth factor leaves, in structure and color, beyond what motion leaves there in the
frames around, over what it changes: light draws nothing new."""
MOST_RMS = 1.2
"""Log luminance: what is three times as bright on one side and a third on the other is no longer
the same thing in another light, or cannot be told from something else."""
MOST_BEFORE = 0.5
"""Step of light one frame before and one behind, over the step itself."""
WHIP = 0.035
"""Share of the height that a camera goes in a frame, above which light is not asked."""
LARGEST_PASSING = 0.25
"""Share of the picture up to which a place at its border may be something that leaves or enters."""
NUM_LOOKS = 10
"""Most steps of a passage that are looked at closely."""
DRAWN = frozenset({"subject_swap", "teleportation", "vanish"})
"""Kinds that draw something new, which light does not."""


@dataclass(frozen=True)
class Shade:
    """One step of light on the grid of the sketch of its first frame.

    Args:
        field: smoothed step of log luminance, `(h, w)`.
        mask: where.
        rms: of the field in the mask.
        fit: 1 where nothing but light has changed.
    """

    field: Image
    mask: Mask
    rms: float
    fit: float


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
    found: list[tuple[int, Shade]] = []
    for i, cells in _looks(passage):
        if any(abs(i - other) <= HOLD for other, _ in found) or _leaps(passage, i):
            continue  # what is matched badly steps in any direction
        shade = _shade(passage, i, cells)
        if shade is not None:
            found.append((i, shade))
    found.sort(key=lambda item: item[0])
    made: list[Candidate] = []
    used: set[int] = set()
    for k, (start, shade) in enumerate(found):
        if k in used:
            continue
        end = count
        for later in range(k + 1, len(found)):
            if _takes_back(passage, start, shade, *found[later]):
                end = found[later][0]
                used.add(later)
                break
        made.append(_candidate(start, end, shade))
    regions = named(passage, "light_direction")  # plain faces, each as dark as it is turned
    return made + [r for r in regions if all(abs(r.start - m.start) > HOLD for m in made)]


def _looks(passage: Passage) -> list[tuple[int, NDArray[np.bool_]]]:
    """Frames worth a close look and their cells, the largest steps first."""
    at_once, lasting = lasting_steps(passage)
    common = np.clip(at_once * lasting, 0.0, None)
    took = np.abs(lasting) > LEAST
    power = np.sqrt(np.where(took, common, 0.0).sum(axis=1))
    looks: dict[int, NDArray[np.bool_]] = {}
    for i in np.argsort(-power)[:NUM_LOOKS].tolist():
        near = around(power, i, 5)
        if power[i] >= 3 * LEAST and (len(near) == 0 or power[i] > 1.4 * float(np.median(near))):
            looks[i] = took[i]
    for i, _, cells in suspects(passage):  # plain surfaces have no flow that light could be read at
        looks[i] = looks.get(i, False) | cells
    return [(i, cells) for i, cells in looks.items() if HOLD <= i <= len(passage) - HOLD]


def _shade(passage: Passage, i: int, cells: NDArray[np.bool_]) -> Shade | None:
    """The place whose light turns at a frame; None if there is none."""
    back = expected_motion(passage, i, cells)
    first = _step(warp(lab_of(passage.sketch(i - 1)), back), lab_of(passage.sketch(i)))
    if _place(first, 0.6 * LEAST_EVEN) is None:
        return None  # a first look without any flow
    view = aligned(passage, i, cells)
    step = _step(view.before, view.after)
    mask = _place(step, LEAST_EVEN)
    if mask is None:
        return None
    small = mask.mean() < LARGEST_PASSING
    if small and at_border(mask) and over_border(passage, i, mask):
        return None
    field = step.field
    rms = _rms(field[mask])
    around_it = _step(view.earlier, view.last), _step(view.after, view.later)
    if max(_rms(other.field[mask]) for other in around_it) > MOST_BEFORE * rms or rms > MOST_RMS:
        return None
    drawn_2 = 0.0
    for name in ("drawn", "tint"):
        usual = max(_rms(getattr(other, name)[mask]) for other in around_it)
        drawn_2 += max(0.0, _rms(getattr(step, name)[mask]) ** 2 - usual**2)
    drawn = float(np.sqrt(drawn_2)) / max(_rms(step.lit[mask]), 1e-6)
    up, down = (float(np.maximum(sign * field[mask], 0.0).sum()) for sign in (1.0, -1.0))
    one_sided = min(up, down) < LEAST_EVEN * max(up, down)
    most = MOST_DRAWN * (0.6 if one_sided else 1.0)  # half of the evidence is out of sight
    return Shade(field, mask, rms, 1.0 - drawn) if drawn < most else None


@dataclass(frozen=True)
class _Step:
    """What light does between two Lab pictures on one grid, and what it does not, `(h, w)` each.

    Args:
        before: the first one.
        field: smoothed step of log luminance beyond that of the picture.
        lit: what it does to L.
        drawn: what is left of L.
        tint: smoothed length of what is left of a and b.
    """

    before: Image
    field: Image
    lit: Image
    drawn: Image
    tint: Image


def _step(before: Image, after: Image) -> _Step:
    own, now = before[..., 0], after[..., 0]
    sigma = own.shape[0] / 22
    # Y goes with the cube of L + 16 (CIE 1976); nothing is known of what is white or black twice
    known = ((own < 97) | (now < 94)) & ((own > 3) | (now > 6))
    weight = known.astype(np.float32)
    rise = 3.0 * np.log(np.maximum(now + 16.0, 1.0) / np.maximum(own + 16.0, 1.0))
    rise = rise - np.float32(np.median(rise))
    shares = cv2.GaussianBlur(weight, (0, 0), sigma)
    field = cv2.GaussianBlur(rise * weight, (0, 0), sigma) / np.maximum(shares, 1e-3)
    field = np.where(shares > 0.15, field, np.float32(0.0)).astype(np.float32)
    factor = np.exp(field / 3.0)
    expected = np.minimum((own + 16.0) * factor - 16.0, 100.0)
    real = (now + 16.0) / np.maximum(own + 16.0, 1.0)
    rest = cv2.GaussianBlur(after[..., 1:] - before[..., 1:] * real[..., None], (0, 0), 0.5 * sigma)
    tint = np.sqrt((rest * rest).sum(axis=2))
    return _Step(before, field, expected - own, now - expected, tint)


def _place(step: _Step, least_even: float) -> Mask | None:
    """Where the light steps, if it is one place with a bright and a dark side."""
    field = step.field
    loud = np.abs(field) > max(LEAST_PIXEL, 0.25 * float(np.percentile(np.abs(field), 99)))
    # the two sides of the slope meet in a line that does not change
    wide = cv2.morphologyEx(np.pad(loud.astype(np.uint8), 8), cv2.MORPH_CLOSE, np.ones((9, 9)))
    places, number = label(wide[8:-8, 8:-8])
    if number == 0:
        return None
    power = np.bincount(places.reshape(-1), (field * field).reshape(-1), number + 1)[1:]
    k = int(np.argmax(power))
    mask: Mask = places == k + 1
    if mask.mean() < LEAST_AREA or power[k] < LEAST_MAIN * power.sum():
        return None
    values = field[mask]
    rms = _rms(values)
    if rms < 0.6 * SHADING:
        return None
    up, down = float(values[values > 0].sum()), -float(values[values < 0].sum())
    if min(up, down) < least_even * max(up, down):
        return mask if not _room(step.before[..., 0], mask, rms, up < down) else None
    if mask.mean() > 0.5 and _plane_fit(field, mask) < LEAST_FIT_WHOLE:
        return None
    return mask if _apart(field, mask) > LEAST_APART else None


def _room(light: Image, mask: Mask, rms: float, brighter: bool) -> bool:
    """True if what surrounds a place could have become as much brighter, or darker, as it did."""
    reach = 2 * max(2, round(0.5 * float(np.sqrt(mask.sum())))) + 1
    ring = (cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0) & ~mask
    if not ring.any():
        return True
    values = np.maximum(light[ring], 0.0) + 16.0
    room = 3.0 * np.log(116.0 / values if brighter else values / 16.0)
    return bool((room > NO_ROOM * rms).mean() > 0.5)


def _plane_fit(field: Image, mask: Mask) -> float:
    y, x = np.nonzero(mask)
    values = field[mask].astype(np.float64)
    columns = np.stack([np.ones(len(x)), x, y], axis=1).astype(np.float64)
    rest = values - columns @ np.linalg.lstsq(columns, values)[0]
    return 1.0 - float((rest**2).sum() / max(float(((values - values.mean()) ** 2).sum()), 1e-9))


def _apart(field: Image, mask: Mask) -> float:
    y, x = np.nonzero(mask)
    values = field[mask]
    centers = []
    for side in (np.maximum(values, 0.0), np.maximum(-values, 0.0)):
        total = max(float(side.sum()), 1e-9)
        centers.append((float((side * x).sum()) / total, float((side * y).sum()) / total))
    (ax, ay), (bx, by) = centers
    return float(np.hypot(ax - bx, ay - by) / np.sqrt(len(values)))


def _rms(values: Image) -> float:
    return float(np.sqrt((values.astype(np.float64) ** 2).mean()))


def _leaps(passage: Passage, i: int) -> bool:
    """True if the picture as a whole moves on by another step than before and behind it, or so fast
    that the lens's own falloff turns its light."""
    camera = np.nan_to_num(passage.camera[max(1, i - 2) : i + 3])
    own = np.nan_to_num(passage.camera[i])
    usual = np.median(camera, axis=0)
    if float(np.hypot(*own)) > WHIP * passage.lines:
        return True
    return bool(np.hypot(*(own - usual)) > max(1.0, 0.5 * float(np.hypot(*usual))))


def _takes_back(passage: Passage, start: int, first: Shade, at: int, later: Shade) -> bool:
    """True if a later step undoes the first one, on the place that it has gone to."""
    height, width = first.mask.shape
    y, x = np.nonzero(first.mask)
    center = np.array([[(x.mean() + 0.5) / width, (y.mean() + 0.5) / height]])
    went = (followed(passage, center, start, at) - center)[0] * (width, height)
    back = np.full((height, width, 2), -went, np.float32)
    moved = warp(np.where(first.mask, first.field, np.float32(0.0)), back)
    both = float((moved * later.field).sum())
    return both < -0.4 * float((moved * moved).sum())


def _candidate(start: int, end: int, shade: Shade) -> Candidate:
    area = float(shade.mask.mean())
    size = shade.rms / SHADING * min(1.0, area / 0.1) ** 0.25
    return Candidate(
        "light_direction",
        start,
        end,
        start,
        size,
        0.5 + 0.4 * shade.fit,
        f"one side becomes brighter and the other darker by {100 * shade.rms:.0f} % (rms) and "
        "stays so: the light comes from elsewhere",
        evidence("luma_slope", shade.rms, SHADING),
        ("lighting_flicker", "exposure", "passing shadow"),
        None if area > 0.8 else shade.mask,
        immune=DRAWN,
        causes=DRAWN | {"style_change", "drift", "seam"},
    )
