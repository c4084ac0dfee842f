"""Region steps: places of the picture that are another from one frame to the next, and stay so.

Cells name the frames: a connected set of them leaves more behind the motion, steps in color or
loses its counterpart at one frame, and does neither before nor after it. The sketches then say
what happened there: frames before and after are brought to one grid by motion that is extrapolated
from outside the frame in question, because flow fails where a region was replaced, and what
differs across the step but neither before nor after it is the region.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, maximum_filter

from evenflow.continuity.cells import COLS, NUM_CELLS, ROWS
from evenflow.continuity.follow import followed
from evenflow.continuity.passage import Passage
from evenflow.continuity.picture import gray_of
from evenflow.geometry.warp import inside, warp
from evenflow.motion.flow import flow

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]

UNITS = (1.5, 1.5, 0.35)
"""Of a cell's step: residual in gray levels, color in dE, share without a counterpart."""
REACH = 3
"""Frames before and after that a cell's step has to stand out from; a shorter change is a flash."""
LOUD = 0.5
MOST_OF_CELL = 4.0
LEAST_SCORE = 12.0
"""Sum over connected cells of their steps, in units, each at most `MOST_OF_CELL`."""
LEAST_CELLS = 4
PER_SECOND = 0.8
"""Most frames a second that are looked at closely."""
LEAST_CHANGE = 3.0
"""dE by which a pixel of the region differs at least, beyond what it differs anyway."""
LEAST_AREA = 0.004
"""Share of the picture."""
LEAST_COMPACT = 0.29
"""Radius of the largest circle inside, as a share of the root of the area: 0.56 for a circle, 0.3
for three squares in a row. What motion uncovers is a sliver."""
COMPACT_IN_CALM = 0.2
"""The same where nothing else in the picture differs: somebody who stands is no circle."""
MOST_SWEPT = 0.4
"""Widths of itself that what moves beside a region may go in a frame, else it was run over."""
MOST_WITHIN = 0.25
"""Change of a region two frames on, before the step or behind it, as a share of the step: what is
new stands as it stood from one frame on, what passes or is matched badly is another at each."""
MOST_BORDER = 0.16
"""Share of a region's outline that may be the picture's border: there things come and go."""
HASTE = 1.5
"""How much faster something may cross the picture's border than it moves inside."""
SAME_STUFF, LEAST_TRAIL = 10.0, 0.15
"""Difference of colors, dE, of one thing that passes, and how much it leaves free as it passes, as
a share of the region that it frees next."""
LEAST_PART = 0.1
"""The same for one of two places between which something goes."""
LEAST_MAIN = 0.55
"""Share of all the change at a frame that a region has to hold."""
LEAST_LEFT = 0.35
"""Share of a place that has to change for its content to have left it."""
LEAST_LEAP = 0.8
"""Diameters that something has to be away from where it was; less is a jump or a jerk."""
LEAST_STEP, MOST_SHARED = 0.5, 0.55
"""The same of a thing that is seen at both places, in lengths of itself along the way, and the
share of it that both may have in common."""
LEAST_SOURCE = 0.055
"""Radius of a region, in heights of the picture, from which its content can be told elsewhere."""
MOST_APART = 7.0
"""Difference of the mean colors of one content at two places, dE a channel."""
RECOLORED = 0.66
"""Least agreement of structure of a thing in another color."""
LEAST_CLEAR = 0.26
"""Roundness of a region times its share of all the change: scattered slivers stay below."""
LEAST_MAIN_IN_CALM, LEAST_CLEAR_IN_CALM = 0.45, 0.2
"""The same where nothing else in the picture differs."""
REPAINTED = 0.85
"""And where its contrast changes up to twofold."""
STILL_ALIKE = 0.8
"""Agreement of the fine structure above which a region shows the same thing."""
ECHO = 0.3
"""Share of a step that the step back has to have in the cells, at the same place."""
FLICKER_REACH = 10
"""Frames around a step that must not show steps of color like it."""
NUM_PIECES = 7
"""Most pieces of a region that are sought in the other frame."""
LEAST_PLACE, LEAST_PIXELS = 0.003, 16
"""Share of the picture of one of two places between which something goes, and pixels of it."""
QUIET = 2.0
"""Difference of nine tenths of the rest of a picture in which a thing is told by its colors."""
LEAST_COMMON = 0.7
"""Share of what is seen of a thing at one of two places whose colors it has at the other one."""
LEAST_THING = 0.02
"""Share of a region that has to hold colors which its surroundings have not, to be a thing."""
LEAST_OF_RING = 0.01
"""Share of the surroundings from which they have a color."""
SAME_THING = 14.0
"""Difference of the mean color of a thing that went to another place, and to another light, dE."""
LEAST_KEPT, LEAST_THING_RADIUS = 0.008, 0.045
"""Share of the picture, and radius in heights, of a thing that stays where all else is another."""
LEAST_ROUND, MOST_KEPT, LEAST_OWN = 0.25, 0.55, 0.4
"""Least roundness of a thing that stays and stands out, the most that it may change as a share of
what the rest does, and the least share of it whose colors its surroundings have not."""
LARGE = 0.4
"""Share of the picture from which a change is looked at as one of the background."""


@dataclass(frozen=True)
class RegionStep:
    """One place that is another from frame `at` on; everything on the grid of the sketch of `at`.

    Args:
        at: first frame of the new state.
        mask: where, `(h, w)`.
        share: of the picture.
        size: mean color difference across the step inside the mask, in dE.
        shift: mean step of L, a and b there, light-normalized.
        colored: mean length of the shift of a and b beyond what more or less light on a color does.
        alike: correlation of the fine structure before and after; 1 is the same thing.
        contrast: spread of the fine structure after, as a share of that before.
        texture: spread of the fine structure before and after, in L.
        foreign: share of the region whose colors its surroundings have not: before, after.
        rim: mean slope of color across the region's outline: before, after.
        within: change of the region in the frames before and behind, as a share of that across.
        found: how far pieces of what was there are from the nearest likeness anywhere in the frame
            after, and pieces of what is there now from that in the frame before, dE; NaN where the
            region is too thin to hold a piece.
        usual: the same of pieces of what surrounds the region, sought away from where they are.
        source: where what is there now is found in the frame before, if it is, `(x, y)` of its
            center; and whether that place changed at the same frame.
        kept: a region that stays as it was while all else is another; None where most stays.
    """

    at: int
    mask: Mask
    share: float
    size: float
    shift: tuple[float, float, float]
    colored: float
    alike: float
    contrast: float
    texture: tuple[float, float]
    foreign: tuple[float, float]
    rim: tuple[float, float]
    within: float = 0.0
    found: tuple[float, float] = (float("nan"), float("nan"))
    usual: float = float("nan")
    source: "Source | None" = None
    kept: Mask | None = None
    back: "RegionStep | None" = None
    end: int = 0


@dataclass(frozen=True)
class Source:
    """Where the content of a region was before.

    Args:
        distance: from there to the region, in diameters of the region.
        left: the place changed at the same frame: the content has left it.
        match: correlation of colors, in [0, 1].
        mask: the region together with the place that was left.
        seen: the thing was told from its surroundings at both places, which differ.
    """

    distance: float
    left: bool
    match: float
    mask: Mask
    seen: bool = False


@dataclass(frozen=True)
class Aligned:
    """Frames around a step on the grid of its first frame.

    Args:
        at: the first new frame.
        before, after: Lab `(h, w, 3)` of the last old and the first new frame; the light of
            `before` is brought to that of `after`.
        across: dE between them, whatever the neighbors allow, `(h, w)`.
        within: dE that differs two frames on, before the step or behind it, `(h, w)`.
        change: dE that differs across the step and neither before nor after it, `(h, w)`.
        flowed: `before` brought by the flow alone, which is right where the structure goes on.
        last, earlier: the last old frame and one two frames before it, on the grid of the former.
        later: a frame two frames behind the first new one.
    """

    at: int
    before: Image
    after: Image
    across: Image
    within: Image
    change: Image
    flowed: Image
    last: Image
    earlier: Image
    later: Image


def region_steps(passage: Passage) -> list[RegionStep]:
    """All lasting steps of regions, in order of time; read once for all who ask."""
    held: list[RegionStep] | None = passage.__dict__.get("_region_steps")
    if held is None:
        held = passage.__dict__["_region_steps"] = _spans(passage, _found(passage))
    return held


def _found(passage: Passage) -> list[RegionStep]:
    found: list[RegionStep] = []
    if len(passage) < 2 * REACH + 2 or passage.pairs[-1] is None:
        return found
    for at, _, cells in suspects(passage):
        found += looked_at(passage, at, cells)
    return found


def looked_at(passage: Passage, at: int, cells: NDArray[np.bool_]) -> list[RegionStep]:
    """What a close look at one frame finds."""
    large = cells.mean() > LARGE
    if not large and not _worth(passage, at, cells):
        return []
    view = aligned(passage, at, cells)
    every = changed(view.change, _least_change(view))
    if large:
        step = _background(view, kept_things(view))
        if step is not None:
            return [step]
    # where much more steps than is another afterwards, something happened to the whole picture
    spread = cells.mean() > 0.06 + 3.0 * every.mean()
    if every.mean() > LARGE or (spread and not _calm(view, every)):
        return []
    return _regions(passage, view, every)


def _left(passage: Passage, view: Aligned, parts: list[Mask], every: Mask) -> RegionStep | None:
    """The part whose content has left one place for another, the best match of all parts."""
    best: RegionStep | None = None
    for core in parts:
        if not compact(core) or swept(passage, view.at, core):
            continue
        source = source_of(view, core, every)
        if source is None or not source.left:
            continue
        if best is None or best.source is None or source.match > best.source.match:
            mask = grown(view, core)
            step = described(view, core)
            if recolored(step) or step.within > MOST_WITHIN:
                continue
            source = replace(source, mask=source.mask | mask)
            best = replace(step, mask=mask, share=float(mask.mean()), source=source)
    return best


def _went(view: Aligned, core: Mask) -> RegionStep | None:
    """A region of which one part lost a thing and another got it: it went, into another size and
    light maybe, so that its picture is not found again but its color is.
    """
    mask = grown(view, core)
    ring = _ring(mask)
    was, now = (_thing(picture, mask, ring) for picture in (view.before, view.after))
    areas = [float(thing.sum()) for thing in (was, now)]
    if min(areas) < max(LEAST_PIXELS, LEAST_THING * mask.sum()) or max(areas) > 12.0 * min(areas):
        return None
    if float((was & now).sum()) > MOST_SHARED * min(areas):
        return None
    small, large = (was, now)[:: 1 if areas[0] < areas[1] else -1]
    pages = {id(was): view.before, id(now): view.after}
    stuff = _common(pages[id(small)][small], pages[id(large)][large])
    apart = np.median(view.after[now], axis=0) - np.median(view.before[was], axis=0)
    apart[0] *= 0.5  # light and shade
    centers = [np.argwhere(thing).mean(axis=0) for thing in (was, now)]
    way = centers[1] - centers[0]
    distance_ = float(np.linalg.norm(way))
    partly = stuff > 0.9 and max(areas) > 3.0 * min(areas)  # the rest of it is covered
    if stuff < LEAST_COMMON or distance_ < 1.0:
        return None
    if float(np.linalg.norm(apart)) > SAME_THING and not partly:
        return None
    # its length along the way, as if it were even: somebody who stands is gone a step away
    lengths = [np.std(np.argwhere(thing) @ way / distance_) * np.sqrt(12.0) for thing in (was, now)]
    length = max(1.0, float(np.mean(lengths)))
    if distance_ < LEAST_STEP * length:
        return None
    step = described(view, core)
    if step.within > MOST_WITHIN:
        return None
    match = 1.0 - float(np.linalg.norm(apart)) / 100.0
    source = Source(distance_ / length, True, match, mask, seen=True)
    size = max(step.size, float(view.across[was | now].mean()))  # whatever the flow makes of it
    return replace(step, mask=mask, share=float(mask.mean()), size=size, source=source)


def _common(some: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """Share of some Lab colors `(n, 3)` that others have, to about ten dE and more in light."""
    table = np.zeros((14, 30, 30), np.uint8)
    table[_bins(others)] = 1
    near = cv2.dilate(table.reshape(14, -1), np.ones((5, 1), np.uint8)).reshape(14, 30, 30)
    for axis in (1, 2):
        near = near | np.roll(near, 1, axis) | np.roll(near, -1, axis)
    return float((near[_bins(some)] > 0).mean())


def _thing(picture: Image, mask: Mask, ring: Mask) -> Mask:
    """Pixels of a mask whose colors its ring has not, cleaned."""
    made = np.zeros(mask.shape, np.uint8)
    made[mask] = _strange(picture, mask, ring, least=LEAST_OF_RING)
    return cv2.morphologyEx(made, cv2.MORPH_OPEN, _square(3)).astype(bool)


def _ring(mask: Mask) -> Mask:
    """The surroundings of a mask."""
    near = cv2.dilate(mask.astype(np.uint8), _square(3))
    ring: Mask = (cv2.dilate(mask.astype(np.uint8), _square(15)) > near).astype(bool)
    return ring if ring.sum() >= 20 else ~mask


def _calm(view: Aligned, every: Mask, *, most: float = 1.0) -> bool:
    """True if nothing but what changed is any different across the step."""
    rest = view.across[~every]
    return len(rest) > 0 and float(np.percentile(rest, 90)) < most


def _regions(passage: Passage, view: Aligned, every: Mask) -> list[RegionStep]:
    places, number = label(every)
    if number == 0:
        return []
    flat = places.reshape(-1)
    power = np.bincount(flat, view.change.reshape(-1), number + 1)[1:]
    areas = np.bincount(flat, minlength=number + 1)[1:] / flat.size
    whole = float(power.sum())
    calm = _calm(view, every)
    parts = [k for k in np.argsort(-power)[:3] if areas[k] >= LEAST_AREA]
    parts = [k for k in parts if power[k] >= LEAST_PART * whole]
    left = _left(passage, view, [places == k + 1 for k in parts], every)
    far = left is not None and left.source is not None and left.source.distance >= LEAST_LEAP
    both = [k for k in np.argsort(-power)[:4] if areas[k] >= LEAST_PLACE]
    if _calm(view, every, most=QUIET) and parts and not far:
        # a region that is both places is larger than what goes, one of them may be half hidden
        went = _went(view, np.isin(places, np.array(both) + 1))
        if went is not None and not swept(passage, view.at, went.mask):
            return [went]
    if left is not None:
        return [left]
    for k in parts:
        if power[k] < 0.25 * whole:
            continue
        core: Mask = places == k + 1
        mask = grown(view, core)
        step = described(view, core)
        step = replace(step, mask=mask, share=float(mask.mean()))
        if step.within > MOST_WITHIN or swept(passage, view.at, core):
            continue
        alone = power[k] > (LEAST_MAIN_IN_CALM if calm else LEAST_MAIN) * whole
        if recolored(step):  # what motion uncovers is another thing
            if alone and not flickers(passage, step):
                return [step]
            continue
        if not compact(core, least=COMPACT_IN_CALM if calm else LEAST_COMPACT):
            continue
        found_there = _both_found(view, mask)
        usual = _usual(view, mask)
        step = replace(step, found=found_there, usual=usual, source=source_of(view, core, every))
        inner = not at_border(core) or (calm and areas[k] > 0.008 and power[k] > 0.8 * whole)
        round_ = inner_radius(core) / float(np.sqrt(core.sum()))
        clear = round_ * float(power[k]) / whole
        alone = alone and clear > (LEAST_CLEAR_IN_CALM if calm else LEAST_CLEAR)
        if at_border(core) and over_border(passage, view.at, mask):
            continue
        if alone and inner and not flickers(passage, step):
            return [step]
    return []


def recolored(step: RegionStep) -> bool:
    """True if a region shows the same structure in other colors."""
    ratio = min(step.contrast, 1.0 / max(step.contrast, 1e-3))
    # lighter paint shows the same shade with more contrast
    same = step.alike * ratio > RECOLORED or (step.alike > REPAINTED and ratio > 0.5)
    return same and step.colored > 0.6 * step.size


def grown(view: Aligned, core: Mask) -> Mask:
    """A region out to where its change fades into that of the rest."""
    gap = cv2.blur(np.maximum(view.change, 0.5 * view.across), (3, 3))
    faint = (gap > 0.35 * LEAST_CHANGE).astype(np.uint8)
    faint = cv2.morphologyEx(faint, cv2.MORPH_OPEN, _square(3))
    reach = 2 * max(2, round(0.6 * inner_radius(core))) + 1
    near = cv2.dilate(core.astype(np.uint8), _square(reach))
    places, _ = label((faint & near) | core)
    made: Mask = np.isin(places, np.unique(places[core]))
    return made


def flickers(passage: Passage, step: RegionStep) -> bool:
    """True if the color of a region steps as far at several frames around as it does at this one.

    Two other steps may be a step back and forth.
    """
    share = cv2.resize(step.mask.astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_AREA)
    place = (share > 0.6).reshape(-1)
    if place.sum() < 3:
        return False
    low, high = max(1, step.at - FLICKER_REACH), min(len(passage), step.at + FLICKER_REACH + 1)
    a, b = passage.cells["a"][low:high][:, place], passage.cells["b"][low:high][:, place]
    steps = np.hypot(np.nan_to_num(a).mean(axis=1), np.nan_to_num(b).mean(axis=1))
    own = steps[step.at - low]
    return bool(own > 1.5 and (steps > 0.4 * own).sum() > 3)


def cell_steps(passage: Passage) -> NDArray[np.float32]:
    """How far each cell steps at each frame beyond itself and its neighbors around, `(n, 432)`."""
    cells, count = passage.cells, len(passage)
    residual = np.nan_to_num(np.fmax(cells["flat"], np.float32(0.6) * cells["edge"]))
    color = np.nan_to_num(np.hypot(cells["a"], cells["b"]))
    lost = 1.0 - np.nan_to_num(cells["seen"], nan=1.0)
    power = np.zeros((count, NUM_CELLS), np.float32)
    for series, unit in zip((residual, color, lost), UNITS, strict=True):
        wide = maximum_filter(series.reshape(count, ROWS, COLS), size=(1, 3, 3))
        wide = wide.reshape(count, NUM_CELLS)
        usual = np.zeros_like(series)
        for k in range(1, REACH + 1):
            usual[k:] = np.maximum(usual[k:], wide[:-k])
            usual[:-k] = np.maximum(usual[:-k], wide[k:])
        power += (np.maximum(series - usual, 0.0) / np.float32(unit)) ** 2
    made: NDArray[np.float32] = np.sqrt(power)
    return made


def suspects(passage: Passage) -> list[tuple[int, float, NDArray[np.bool_]]]:
    """Frame, score and cells of the steps that are worth a closer look, in order of time."""
    count = len(passage)
    steps = cell_steps(passage)
    loud = steps > LOUD
    found = []
    for i in np.flatnonzero(loud.sum(axis=1) >= LEAST_CELLS):
        if not REACH <= i <= count - REACH:
            continue
        places, number = label(loud[i].reshape(ROWS, COLS), np.ones((3, 3)))
        flat = places.reshape(-1)
        sums = np.bincount(flat, np.minimum(steps[i], MOST_OF_CELL), number + 1)[1:]
        sizes = np.bincount(flat, minlength=number + 1)[1:]
        kept = np.zeros(NUM_CELLS, bool)
        score = 0.0
        for k in np.flatnonzero((sums >= LEAST_SCORE) & (sizes >= LEAST_CELLS)):
            place = flat == k + 1
            if place.mean() > LARGE or not _run_over(passage, int(i), place):
                kept |= place
                score += float(sums[k])
        if kept.any():
            found.append((int(i), score, kept))
    most = 2 + round(PER_SECOND * count / passage.fps)
    found = sorted(found, key=lambda f: -f[1])[:most]
    return sorted(found, key=lambda f: f[0])


def _own_speed(passage: Passage, at: int, cells: NDArray[np.bool_]) -> float:
    """Speed against the camera around a step, the faster tenth, heights of the picture a frame."""
    near = [k for k in (at - 2, at - 1, at + 1, at + 2) if 1 <= k < len(passage)]
    wide = maximum_filter(cells.reshape(ROWS, COLS), size=3).reshape(-1)
    moves = np.stack([passage.cells[k][near][:, wide] for k in ("u", "v")], axis=2)
    own = np.linalg.norm(moves - passage.camera_at_cells[near][:, wide], axis=2)
    own = own[np.isfinite(own)]
    return float(np.percentile(own, 90)) / passage.lines if len(own) >= 3 else 0.0


def _run_over(passage: Passage, at: int, cells: NDArray[np.bool_]) -> bool:
    return _own_speed(passage, at, cells) > MOST_SWEPT * float(np.sqrt(cells.sum())) / ROWS


def swept(passage: Passage, at: int, mask: Mask) -> bool:
    """True if what moves beside a mask crosses much of it within a frame."""
    share = cv2.resize(mask.astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_AREA)
    speed = _own_speed(passage, at, (share > 0.3).reshape(-1)) * mask.shape[0]
    return speed > MOST_SWEPT * 2.0 * inner_radius(mask)


def inner_radius(mask: Mask) -> float:
    """Radius of the largest circle inside a mask, pixels; the picture's border does not cut it."""
    return float(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())


def compact(mask: Mask, *, least: float = LEAST_COMPACT) -> bool:
    """True if a mask is no sliver."""
    return bool(inner_radius(mask) >= least * np.sqrt(mask.sum()))


def at_border(mask: Mask) -> bool:
    """True if much of a mask's outline is the picture's border, where things come and go."""
    outline = mask & ~cv2.erode(mask.astype(np.uint8), _square(3)).astype(bool)
    shared = mask[0].sum() + mask[-1].sum() + mask[:, 0].sum() + mask[:, -1].sum()
    return bool(shared > MOST_BORDER * max(1, outline.sum() + shared))


def over_border(passage: Passage, at: int, mask: Mask) -> bool:
    """True if what was in a region was on its way out of the picture, or what is there comes in.

    Its motion two frames on, before the step and behind it, takes most of it over the border within
    the frame between; or what looks like it was beside the region there and no longer is.
    """
    ys, xs = np.nonzero(mask)
    height, width = mask.shape
    for here, other in ((at - 1, at - 3), (at, at + 2)):
        if not 0 <= other < len(passage):
            continue
        pages = [gray_of(passage.sketch(k)) for k in (here, other)]
        way = flow(*pages, finest=1)[ys, xs]  # to where it was before, or will be after
        x, y = xs - HASTE * way[:, 0] / 2, ys - HASTE * way[:, 1] / 2
        out = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
        if out.mean() > 0.5 or _trailed(passage, here, other, mask):
            return True
    return False


def _trailed(passage: Passage, here: int, other: int, mask: Mask) -> bool:
    """True if beside a region of frame `here` stood, in frame `other`, what the region shows."""
    onto = cv2.INTER_LINEAR | (0 if other < here else cv2.WARP_INVERSE_MAP)
    path = passage.camera_path(min(here, other), max(here, other))
    own, page = (lab_of(passage.sketch(k)) for k in (here, other))
    size, border = mask.shape[::-1], cv2.BORDER_REPLICATE
    page = cv2.warpPerspective(page, path, size, flags=onto, borderMode=border)
    core = cv2.erode(mask.astype(np.uint8), _square(3)).astype(bool)
    thing = np.median(own[core if core.any() else mask], axis=0)
    reach = 2 * round(2.0 * inner_radius(mask)) + 3
    near = cv2.dilate(mask.astype(np.uint8), _square(reach)) > 0
    near &= cv2.dilate(mask.astype(np.uint8), _square(5)) == 0
    now, then = (np.sqrt(((k - thing) ** 2).sum(axis=2)) for k in (own, page))
    left = near & (then < SAME_STUFF) & (now > 2.0 * SAME_STUFF)
    return bool(left.sum() > LEAST_TRAIL * mask.sum())


def _worth(passage: Passage, at: int, cells: NDArray[np.bool_]) -> bool:
    """A first look without any flow: something compact differs from what motion lets expect."""
    doubted = _widened(cells)
    back = expected_motion(passage, at, doubted)
    gap = distance(warp(lab_of(passage.sketch(at - 1)), back), lab_of(passage.sketch(at)))
    height, width = gap.shape
    near = cv2.resize(doubted.reshape(ROWS, COLS).astype(np.uint8), (width, height)) > 0
    mask = changed(np.where(near, cv2.blur(gap, (3, 3)), np.float32(0.0)))
    places, number = label(mask)
    for k in range(1, number + 1):
        place: Mask = places == k
        radius = inner_radius(place)
        if place.mean() >= LEAST_AREA and radius > max(0.02 * height, 0.2 * np.sqrt(place.sum())):
            return True
    return False


def _widened(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    made: NDArray[np.bool_] = maximum_filter(cells.reshape(ROWS, COLS), size=3).reshape(-1)
    return made


def lab_of(rgb: NDArray[np.uint8]) -> Image:
    """CIELAB of 8-bit RGB in its usual units, read with 8 bits."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab).astype(np.float32)
    lab -= np.array([0.0, 128.0, 128.0], np.float32)
    lab *= np.array([100 / 255, 1.0, 1.0], np.float32)
    return lab


def expected_motion(passage: Passage, at: int, doubted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Where each pixel of frame `at` was in the frame before, `(h, w, 2)`, sketch pixels.

    The motion of the doubted cells is that of the frames around, relative to the camera.
    """
    camera, inliers = passage.camera_at_cells, passage.inliers
    near = [k for k in (at - 2, at - 1, at + 1, at + 2) if 1 <= k < len(passage)]
    moves = np.stack([passage.cells[k][[*near, at]] for k in ("u", "v")], axis=2)
    onward = camera[at]
    if not np.isfinite(onward).all() or inliers[at] < 0.6 * float(np.median(inliers[near])):
        onward = np.nan_to_num(camera[[k for k in near if abs(k - at) == 1]]).mean(axis=0)
    own = moves[:-1] - camera[near]
    seen = np.isfinite(own[..., 0])
    own = np.where(seen[..., None], own, 0.0)
    own = np.sort(own, axis=0)  # the middle of at most four, unseen ones counted as none
    middle = own[(len(near) - 1) // 2 : len(near) // 2 + 1].mean(axis=0)
    measured = moves[-1]
    field = np.where(doubted[:, None] | ~np.isfinite(measured), onward + middle, measured)
    field = np.nan_to_num(field).astype(np.float32).reshape(ROWS, COLS, 2)
    height, width = passage.sketch(at).shape[:2]
    back: NDArray[np.float32] = -np.float32(height / passage.lines) * cv2.resize(
        field, (width, height)
    )
    return back


def aligned(passage: Passage, at: int, cells: NDArray[np.bool_]) -> Aligned:
    """Brings the frames around a suspected step to one grid."""
    doubted = _widened(cells)
    back = expected_motion(passage, at, doubted)
    match = passage.matched(at - 1, at)
    off = match.back - back
    sure = match.valid & (np.hypot(off[..., 0], off[..., 1]) < 0.05 * back.shape[0])
    back = np.where(sure[..., None], match.back, back).astype(np.float32)
    last, after = lab_of(passage.sketch(at - 1)), lab_of(passage.sketch(at))
    before = warp(last, back)
    height, width = after.shape[:2]
    calm = cv2.resize(doubted.reshape(ROWS, COLS).astype(np.uint8), (width, height)) == 0
    if calm.mean() > 0.2:
        light = np.median((after - before)[calm], axis=0).astype(np.float32)
        last, before = last + light, before + light
    gray = [gray_of(passage.sketch(k)) for k in (at, at - 1)]
    later, earlier = min(at + 2, len(passage) - 1), max(0, at - 3)
    after_2, before_2 = (
        warp(lab_of(passage.sketch(other)), flow(own, gray_of(passage.sketch(other)), finest=1))
        for own, other in zip(gray, (later, earlier), strict=True)
    )
    within = np.maximum(distance(after, after_2), warp(distance(last, before_2), back))
    across = np.minimum(distance(before, after), distance(before, after_2))
    change = np.where(inside(back), np.maximum(across - within, 0.0), 0.0).astype(np.float32)
    flowed = warp(last, match.back)
    change = cv2.blur(change, (3, 3))
    return Aligned(at, before, after, across, within, change, flowed, last, before_2, after_2)


@lru_cache(maxsize=8)
def _square(side: int) -> NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)


def distance(a: Image, b: Image) -> Image:
    """dE of two Lab pictures where a pixel may be anywhere among its neighbors, `(h, w)`."""
    a, b = cv2.blur(a, (3, 3)), cv2.blur(b, (3, 3))
    square = _square(3)
    beyond = np.maximum(a - cv2.dilate(b, square), cv2.erode(b, square) - a)
    other = np.maximum(b - cv2.dilate(a, square), cv2.erode(a, square) - b)
    gap = np.maximum(np.minimum(beyond, other), 0.0)
    made: Image = np.sqrt((gap * gap).sum(axis=2))
    return made


def _least_change(view: Aligned) -> float:
    """What a pixel has to change by: less where most of the picture does not at all."""
    usual = float(np.percentile(view.across, 75))
    return float(np.clip(0.6 * LEAST_CHANGE + 5.0 * usual, 0.6 * LEAST_CHANGE, LEAST_CHANGE))


def changed(change: Image, least: float = LEAST_CHANGE) -> Mask:
    """The pixels that changed, cleaned."""
    mask = (change > least).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _square(3))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _square(7))
    made: Mask = mask.astype(bool)
    return made


def fine(lab: Image) -> Image:
    """The fine structure of L: what a blur over a thirtieth of the height takes away."""
    light = np.ascontiguousarray(lab[..., 0])
    made: Image = light - cv2.GaussianBlur(light, (0, 0), max(1.0, light.shape[0] / 30))
    return made


def correlated(a: Image, b: Image, mask: Mask) -> tuple[float, float]:
    """Correlation inside a mask at the best shift of at most a pixel, and the ratio of spreads."""
    x = a[mask]
    x = x - x.mean()
    best, ratio = 0.0, 1.0
    power = float((x * x).sum())
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            y = np.roll(b, (dy, dx), axis=(0, 1))[mask]
            y = y - y.mean()
            other = float((y * y).sum())
            value = float((x * y).sum()) / max(float(np.sqrt(power * other)), 1e-2 * len(x))
            if value > best:
                best, ratio = value, float(np.sqrt(other / max(power, 1e-2 * len(x))))
    return best, ratio


def foreign(picture: Image, mask: Mask, ring: Mask) -> float:
    """Share of the mask whose colors the ring does not have, to about ten dE."""
    return float(_strange(picture, mask, ring).mean())


def _strange(picture: Image, mask: Mask, ring: Mask, *, least: float = 0.0) -> NDArray[np.bool_]:
    """Which pixels of the mask have colors that the ring has not, `(mask.sum(),)`.

    Args:
        least: share of the ring from which it has a color: a tail may stick out into it.
    """
    counts = np.zeros((14, 30, 30), np.int64)
    np.add.at(counts, _bins(picture[ring]), 1)
    table = counts > least * ring.sum()
    near = cv2.dilate(table.reshape(14, -1).astype(np.uint8), np.ones((3, 1), np.uint8))
    for axis in (1, 2):
        wide = near.reshape(14, 30, 30)
        wide = wide | np.roll(wide, 1, axis) | np.roll(wide, -1, axis)
        near = wide.reshape(14, -1)
    made: NDArray[np.bool_] = near.reshape(14, 30, 30)[_bins(picture[mask])] == 0
    return made


def _bins(lab: Image) -> tuple[NDArray[np.int64], ...]:
    index = np.floor((lab + np.array([8, 120, 120], np.float32)) / 8.0).astype(np.int64)
    return tuple(np.clip(index, 0, [13, 29, 29]).T)


def rim_slope(picture: Image, mask: Mask) -> float:
    """Mean slope of color across the outline of a mask, dE a pixel."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0)
    nx, ny = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    length = np.hypot(nx, ny)
    band = length > 0.3 * length.max()
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)[band], cv2.Sobel(smooth, cv2.CV_32F, 0, 1)[band]
    weight = length[band]
    across = (gx * nx[band, None] + gy * ny[band, None]) / weight[:, None] / 8.0
    slope = np.sqrt((across**2).sum(axis=1))
    return float((slope * weight).sum() / max(float(weight.sum()), 1e-6))


def described(view: Aligned, mask: Mask) -> RegionStep:
    """Measures what happened in a mask."""
    before, after = view.before, view.after
    core = cv2.erode(mask.astype(np.uint8), _square(3)).astype(bool)
    if core.sum() < 12:
        core = mask
    fine_a = fine(after)
    alike, contrast = correlated(fine(before), fine_a, core)
    by_flow = correlated(fine(view.flowed), fine_a, core)
    shown = float(fine(view.flowed)[core].std()) > 0.6 * float(fine(before)[core].std())
    # flow is right where the structure goes on, and brings anything where it does not
    if shown and by_flow[0] > max(STILL_ALIKE, alike + 0.05) and 0.7 < by_flow[1] < 1.45:
        before, (alike, contrast) = view.flowed, by_flow
    gap = (after - before)[core]
    # more light on the same color: L + 16, a and b grow alike (CIE 1976)
    factor = (after[core][:, :1] + 16.0) / (before[core][:, :1] + 16.0)
    lit = before[core] * factor
    weight = view.change[core]
    shift = (gap * weight[:, None]).sum(axis=0) / max(float(weight.sum()), 1e-6)
    fine_b = fine(before)
    ring = _ring(mask)
    return RegionStep(
        at=view.at,
        mask=mask,
        share=float(mask.mean()),
        size=float(np.sqrt((gap**2).sum(axis=1)).mean()),
        shift=(float(shift[0]), float(shift[1]), float(shift[2])),
        colored=float(np.hypot(*(after[core] - lit)[:, 1:].T).mean()),
        alike=alike,
        contrast=contrast,
        texture=(float(fine_b[core].std()), float(fine_a[core].std())),
        foreign=(foreign(before, core, ring), foreign(after, core, ring)),
        rim=(rim_slope(before, mask), rim_slope(after, mask)),
        within=float(view.within[core].mean()) / max(float(view.across[core].mean()), 1e-3),
    )


def found_again(own: Image, page: Image, mask: Mask) -> float:
    """How far pieces of a region of `own` are from the nearest likeness on `page`, rms dE.

    What fills a gap, and what is there twice, is a piece of the picture; somebody else is not. NaN
    where the region holds no piece.
    """
    depth = _depth(mask)
    half = int(np.clip(round(0.35 * float(depth.max())), 3, 7))
    ys, xs = np.nonzero(depth > half)
    on_grid = (ys % half == half // 2) & (xs % half == half // 2)
    points = np.stack([ys, xs], axis=1)[on_grid]
    if len(points) > NUM_PIECES:
        points = points[np.linspace(0, len(points) - 1, NUM_PIECES).astype(int)]
    apart = []
    for y, x in points.tolist():
        piece = np.ascontiguousarray(own[y - half : y + half + 1, x - half : x + half + 1])
        least = float(cv2.matchTemplate(page, piece, cv2.TM_SQDIFF).min())
        apart.append(float(np.sqrt(max(0.0, least) / (piece.shape[0] * piece.shape[1]))))
    return float(np.mean(apart)) if apart else float("nan")


def _depth(mask: Mask) -> Image:
    """Distance of each pixel of a mask from its outline or the picture's border."""
    padded = np.pad(mask.astype(np.uint8), 1)
    made: Image = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return made


def _both_found(view: Aligned, mask: Mask) -> tuple[float, float]:
    core = cv2.erode(mask.astype(np.uint8), _square(3)).astype(bool)
    was, now = (
        found_again(view.before, view.after, core),
        found_again(view.after, view.before, core),
    )
    return was, now


def _usual(view: Aligned, mask: Mask) -> float:
    """How far pieces of what surrounds a region are from the nearest likeness away from them."""
    reach = 2 * max(4, round(1.5 * inner_radius(mask))) + 1
    gap = cv2.dilate(mask.astype(np.uint8), _square(5))
    near: Mask = (cv2.dilate(mask.astype(np.uint8), _square(reach)) > gap).astype(bool)
    apart = []
    half = int(np.clip(round(0.35 * inner_radius(mask)), 3, 7))
    inside = near.copy()
    inside[:half], inside[-half:], inside[:, :half], inside[:, -half:] = False, False, False, False
    points = np.argwhere(inside & (cv2.erode(near.astype(np.uint8), _square(half)) > 0))
    if len(points) == 0:
        return float("nan")
    for y, x in points[np.linspace(0, len(points) - 1, NUM_PIECES).astype(int)].tolist():
        piece = np.ascontiguousarray(view.after[y - half : y + half + 1, x - half : x + half + 1])
        score = cv2.matchTemplate(view.after, piece, cv2.TM_SQDIFF)
        score[max(0, y - 2 * half) : y + 1, max(0, x - 2 * half) : x + 1] = np.inf
        least = float(score.min())
        apart.append(float(np.sqrt(max(0.0, least) / (piece.shape[0] * piece.shape[1]))))
    return float(np.median(apart))


def source_of(view: Aligned, mask: Mask, every: Mask) -> Source | None:
    """Where else the content of a region is in the other frame; None if it is nowhere.

    Asked both ways: where what is there now came from, and where what was there went. Places that
    changed at the same frame are asked first.
    """
    stepped = np.maximum(every, view.across > LEAST_CHANGE).astype(np.float32)
    both = [
        _sought(now, page, mask, stepped)
        for now, page in ((view.after, view.before), (view.before, view.after))
    ]
    moved = [s for s in both if s is not None and s.left]
    if moved:
        return max(moved, key=lambda s: s.match)
    return both[0]


def _sought(own: Image, page: Image, mask: Mask, stepped: Image) -> Source | None:
    """Seeks what `own` shows in a mask elsewhere on `page`."""
    depth = _depth(mask)
    y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
    height, width = mask.shape
    half = max(3, round(0.75 * float(depth[y, x])))
    x0, y0 = max(0, int(x) - half), max(0, int(y) - half)
    x1, y1 = int(x) + half + 1, int(y) + half + 1
    piece = np.ascontiguousarray(own[y0:y1, x0:x1])
    small = depth[y, x] < LEAST_SOURCE * height
    if (
        depth[y, x] < 0.6 * LEAST_SOURCE * height
        or min(piece.shape[:2]) < half + 2
        or float(piece.std(axis=(0, 1)).max()) < 2.0
    ):
        return None
    score = cv2.matchTemplate(page, piece, cv2.TM_CCOEFF_NORMED)
    ys, xs = np.mgrid[: score.shape[0], : score.shape[1]]
    diameter = 2.0 * float(np.sqrt(mask.sum() / np.pi))
    away: NDArray[np.float64] = np.hypot(ys - y0, xs - x0)
    score[away < 2.0] = -1.0
    here = cv2.boxFilter(
        stepped, -1, (piece.shape[1], piece.shape[0]), anchor=(0, 0),
        borderType=cv2.BORDER_CONSTANT,
    )[: score.shape[0], : score.shape[1]]  # fmt: skip
    # what was not there in the other frame has come there, however little it differs
    there_too = cv2.matchTemplate(own, piece, cv2.TM_CCOEFF_NORMED)
    left = (here > LEAST_LEFT) | ((here > 0.3 * LEAST_LEFT) & (there_too < score - 0.4))
    gone_for_sure = (here > 0.6) & (there_too < score - 0.6)
    near = away < LEAST_LEAP * diameter  # textures repeat, the more so close by
    twice = float(np.where(near, np.float32(-1.0), score).max(initial=-1.0))
    for gone, wanted, least in (
        (True, left & near, max(0.88, twice + 0.03)),
        (True, gone_for_sure & ~near, 0.7),
        (True, left & ~near, 0.85 if small else 0.7),
        (False, ~left & ~near, 2.0 if small else 0.74),
    ):
        among = np.where(wanted, score, np.float32(-1.0))
        row, col = np.unravel_index(int(np.argmax(among)), among.shape)
        match = float(among[row, col])
        there = page[row : row + piece.shape[0], col : col + piece.shape[1]]
        if match < least or float(np.abs((there - piece).mean(axis=(0, 1))).max()) > MOST_APART:
            continue
        shift = np.full((height, width, 2), (x0 - col, y0 - row), np.float32)
        moved = warp(mask.astype(np.float32), shift) > 0.5
        return Source(float(away[row, col]) / diameter, gone, match, mask | moved if gone else mask)
    return None


def _stands_out(view: Aligned, part: Mask) -> bool:
    """True if a place has colors which its surroundings have not, before and after, and keeps
    them."""
    if inner_radius(part) < LEAST_ROUND * np.sqrt(part.sum()):
        return False
    gap = np.sqrt(((view.after - view.before) ** 2).sum(axis=2))
    if float(gap[part].mean()) > MOST_KEPT * float(gap[~part].mean()):
        return False
    ring = _ring(part)
    return min(foreign(page, part, ring) for page in (view.before, view.after)) > LEAST_OWN


def _background(view: Aligned, kept: Mask | None) -> RegionStep | None:
    """The picture around what stays, if all of it is another."""
    if kept is None:
        return None
    rest = cv2.dilate(kept.astype(np.uint8), _square(7)) == 0
    if rest.mean() < LARGE or float((view.across[rest] > LEAST_CHANGE).mean()) < 0.5:
        return None
    step = described(view, rest)
    return replace(step, kept=kept)


def stays_in_part(passage: Passage, at: int) -> bool:
    """True if a sizable region goes on through a frame at which all else is replaced."""
    if not 1 <= at < len(passage) or passage.pairs[at] is None:
        return False
    view = aligned(passage, at, np.ones(NUM_CELLS, bool))
    return _background(view, kept_region(view)) is not None


def kept_region(view: Aligned) -> Mask | None:
    """The largest compact region that goes on as it was while most of the picture does not."""
    parts = _kept_parts(view)
    if not parts:
        return None
    best = max(parts, key=lambda part: int(part.sum()))
    if best.mean() < 0.025 or inner_radius(best) < 0.06 * best.shape[0]:
        return None
    return best if _goes_on(view, best, 0.75, 1.45) else None


def kept_things(view: Aligned) -> Mask | None:
    """All compact places together that go on as they were, and hold something that can be told."""
    least = LEAST_THING_RADIUS * view.across.shape[0]
    parts = [p for p in _kept_parts(view) if p.mean() > LEAST_KEPT and inner_radius(p) > least]
    parts = [p for p in parts if _goes_on(view, p, 0.7, 1.75) or _stands_out(view, p)]
    if not parts:
        return None
    made: Mask = np.any(parts, axis=0)
    return made


def _kept_parts(view: Aligned) -> list[Mask]:
    """Places that differ much less than most of the picture does."""
    away = float(np.percentile(view.across, 75))
    if away < LEAST_CHANGE:
        return []
    same = (cv2.blur(view.across, (3, 3)) < max(2.0, 0.2 * away)).astype(np.uint8)
    same = cv2.morphologyEx(same, cv2.MORPH_CLOSE, _square(3))
    same = cv2.morphologyEx(same, cv2.MORPH_OPEN, _square(5))
    places, number = label(same)
    areas = np.bincount(places.reshape(-1), minlength=number + 1)[1:]
    return [places == 1 + int(k) for k in np.argsort(-areas)[:8]]


def _goes_on(view: Aligned, part: Mask, alike: float, contrast: float) -> bool:
    """True if a place is compact and shows the same structure in the same colors."""
    if inner_radius(part) < 0.33 * np.sqrt(part.sum()):
        return False
    gap = np.sqrt(((view.after - view.before) ** 2).sum(axis=2))
    if float(gap[part].mean()) > 0.25 * float(gap[~part].mean()):
        return False
    fine_b, fine_a = fine(view.before), fine(view.after)
    likeness, times = correlated(fine_b, fine_a, part)
    return bool(fine_b[part].std() >= 1.0 and likeness >= alike and 1 / contrast < times < contrast)


def _spans(passage: Passage, found: list[RegionStep]) -> list[RegionStep]:
    """Joins each step with the step back at the same place, if there is one."""
    made: list[RegionStep] = []
    used: set[int] = set()
    for i, step in enumerate(found):
        if i in used:
            continue
        back = None
        for j in range(i + 1, len(found)):
            if j not in used and found[j].at > step.at and same_place(passage, step, found[j]):
                back = found[j]
                used.add(j)
                break
        if back is None and step.kept is None:
            other = _echo(passage, step)
            if other is not None and other.at < step.at:
                step, back = other, step
            else:
                back = other
        end = len(passage) if back is None else back.at
        made.append(replace(step, back=back, end=end))
    return made


def _echo(passage: Passage, step: RegionStep) -> RegionStep | None:
    """The fainter step at the same place that takes a step back, before it or after it."""
    height, width = step.mask.shape
    share = cv2.resize(step.mask.astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_AREA)
    place = share > 0.4
    if place.sum() < 2:
        return None
    steps = np.minimum(cell_steps(passage), MOST_OF_CELL).reshape(-1, ROWS, COLS)
    ys, xs = np.nonzero(step.mask)
    center = np.array([[(xs.mean() + 0.5) / width, (ys.mean() + 0.5) / height]])
    loud = np.zeros(len(passage))
    places: dict[int, NDArray[np.bool_]] = {}
    for way in (1, -1):
        point = center
        stop = len(passage) - REACH if way > 0 else REACH - 1
        for k in range(step.at + way, stop, way):
            point = followed(passage, point, k - way, k)
            dx, dy = np.rint((point - center)[0] * (COLS, ROWS)).astype(int)
            here = _shifted(place, int(dx), int(dy))
            if here.sum() < 0.5 * place.sum():
                break
            if abs(k - step.at) > REACH:
                loud[k] = steps[k][here].mean()
                places[k] = here
    own = float(steps[step.at][place].mean())
    for k in np.argsort(-loud)[:2]:
        if loud[k] < ECHO * own:
            break
        view = aligned(passage, int(k), places[int(k)].reshape(-1))
        every = changed(view.change)
        near = cv2.resize(places[int(k)].astype(np.uint8), (width, height)) > 0
        mask = every & cv2.dilate(near.astype(np.uint8), _square(9)).astype(bool)
        if mask.sum() < 0.3 * step.mask.sum():
            continue
        other = described(view, mask)
        if _opposite(step, other):
            return replace(other, found=_both_found(view, mask), usual=_usual(view, mask))
    return None


def _opposite(step: RegionStep, other: RegionStep) -> bool:
    """True if one step takes back what the other did."""
    a, b = np.array(step.shift), np.array(other.shift)
    along = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-6)
    return along < -0.5 or min(float(np.linalg.norm(a)), float(np.linalg.norm(b))) < 5.0


def _shifted(place: NDArray[np.bool_], dx: int, dy: int) -> NDArray[np.bool_]:
    made = np.zeros_like(place)
    rows, cols = np.nonzero(place)
    rows, cols = rows + dy, cols + dx
    good = (rows >= 0) & (rows < place.shape[0]) & (cols >= 0) & (cols < place.shape[1])
    made[rows[good], cols[good]] = True
    return made


def same_place(passage: Passage, first: RegionStep, later: RegionStep) -> bool:
    """True if two steps are of one region, which may have moved in between."""
    if (first.kept is None) != (later.kept is None):
        return False
    if first.kept is not None:
        return True
    height, width = first.mask.shape
    masks = [s.source.mask if s.source and s.source.left else s.mask for s in (first, later)]
    ys, xs = np.nonzero(masks[0])
    point = np.array([[(xs.mean() + 0.5) / width, (ys.mean() + 0.5) / height]])
    went = (followed(passage, point, first.at, later.at) - point)[0] * (width, height)
    moved = warp(masks[0].astype(np.float32), np.full((height, width, 2), -went, np.float32)) > 0.5
    both = float((moved & masks[1]).sum())
    return both > 0.35 * min(float(moved.sum()), float(masks[1].sum()))
