"""Unnatural motion: something jitters, bobs or slides against its ground as no body could.

Signal: the cells' own motion (`evenflow.continuity.own_field`). A part of the picture, all of whose
cells do the same, is accelerated far beyond what the rest of the picture and the shot know, again
and again: it turns several times and ends about where it began. Or it leaps within one frame, at
rest before and after, back to where it had been a while ago: it had slid away. What moves fast but
steadily has no acceleration, what is thrown turns once, a camera that trembles takes the whole
picture with it, and skipped time goes on in the direction of the motion.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, find_objects, label, uniform_filter1d

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, NUM_CELLS, ROWS
from evenflow.continuity.detectors.freeze import has_cadence, held
from evenflow.continuity.own_field import own_field
from evenflow.continuity.passage import L_PER_LOG, Passage, Series
from evenflow.continuity.region_steps import RegionStep, distance, lab_of, region_steps
from evenflow.continuity.robust import runs

LEAST_STEP = 0.25
"""Least change of a step from one frame to the next, rms, pixels of the working size."""
BEYOND = 3.0
"""Times the median of the picture at that time, and of the shot."""
ALIKE = 0.72
"""Least length of the mean acceleration as a share of the mean length: a body moves as one."""
SEEN = 0.5
RETURNS = 0.45
"""Most of the way that may be left at the end, as a share of its length."""
TURNS, TURNS_PER_S = 4, 2.0
RETURNS_OF_FEW = 0.2
"""The same where it turns once less, in a place and on a ground that are calm otherwise."""
LEAST_CELLS, MOST_SHARE = 6, 0.45
ARCMIN = 1.3
"""rms displacement of a thing that is just seen to be wrong."""
PAUSE_S = 0.75
"""Longest time between two pulls of one thing."""
AT_ONCE = 3.0
"""A place is pulled where its acceleration is so many times what it is at its calmest."""
LEAST_PULL = 0.15
"""And at least so much, pixels of the working size."""
LEAP = 1.5
"""Least leap within one frame, pixels of the working size."""
LEAP_BEYOND = 12.0
"""Times what the place does at its other frames, nine in ten of them."""
LONGEST_S = 3.0
"""How far back a leap may lead."""
LEAP_PATH = 0.2
"""rms of a slide about its mean place, as a share of the leap at its end."""
GLIDE = 0.2
"""Least way that it had slid, as a share of the leap; slow flow is damped by the ground around."""
DECISIVE, SEEN_DECISIVE, GLIDE_DECISIVE = 60.0, 0.25, 0.1
"""A leap of so many times what the place does otherwise, with all around at rest, need be seen in
fewer cells and need not have shown as much of its slide."""
FARTHEST = 0.25
"""Longest leap that the flow can follow, as a share of the height."""
LEAST_SLIDE, MOST_ALONG = 1.0, 0.3
"""Where the flow cannot follow the leap: least way that was seen of the slide, pixels of the
working size, and most of it that the ground around goes along."""
LEAST_BOTH = 0.2
"""Share of what changed that the thing covers at both of its places, to be asked."""
LEFT_OVER, LEAST_BACK, BACK_BEYOND = 0.3, 0.5, 0.15
"""Difference that the way back may leave there, as a share of that without it; where it has to, as
a share of those pixels, and how many more than any other way as long."""
STILL_AROUND, NOT_BACK = 2.0, 0.6
"""Difference, dE, that nine tenths of the rest may have from before a slide; and that of the place,
as a share of its leap, above which it is not back where it was."""
CALM = 0.24
"""Most that the place is pulled at other times, rms, as a share of what it is in the span."""
RING = 0.13
"""The same of the ground around it in the span: what is a part of a body takes more along."""
MOVED = 2.0
"""Gray levels by which the picture is not where the camera alone would have brought it."""
FOUND = 0.85
"""Most of that which is left where the thing is said to be."""
MOST_PULL = 0.08
"""Where a place is pulled harder than this share of the height, rms, the flow is lost."""
SKIPPED_S = 0.5
"""Longest time that is skipped, as a rule."""
CLEAR, SURE = 0.1, 0.03
"""A place that is calmer than this at other times turns without a doubt; and where its ground is so
calm as well, the pictures, which may be too plain to tell, are not asked."""
LEFT = frozenset({"unstable_texture", "edge_shimmer", "ghosting"})
"""What the errors of a flow that turns at every few frames look like."""
STEPPED = LEFT | {"vanish", "color_change", "subject_swap", "light_direction", "teleportation"}
"""And what comes and goes where a thing leaps back: a teleportation says nothing of the way."""
BOUNCE = 0.75
"""Most of its fastest step that something keeps from one bounce to the next, on the average."""
IMPACT = 1.5
"""Times that impacts pull harder than gravity pulls back."""
LANDS = 0.2
"""Least share of its whole way by which what falls ends below where it began."""
GAIT = 0.75
"""Pixels of the working size a frame a frame, rms: arms and legs that swing are pulled to either
side alike, and no harder."""
TEXTURED = 0.3
"""Mean gradient of a place, gray levels a pixel, above that of the grain, from which its flow says
something."""
MOST_TONE = 20.0
"""dE that a place may have gone in color from end to end: while it becomes another color, its flow
follows the color."""
MOST_PER_S = 6.0
_AROUND = np.ones((3, 3, 3), bool)


def detect(passage: Passage) -> list[Candidate]:
    """Parts of the picture that jitter, bob or slide."""
    if len(passage) < 8 or passage.pairs[-1] is None or has_cadence(passage, held(passage)):
        return []  # drawings that are held move in steps
    steps = own_field(passage)
    pulls = np.zeros_like(steps)  # acceleration, pixels a frame a frame
    pulls[1:-1] = steps[2:] - steps[1:-1]
    power = (pulls**2).sum(axis=2)
    window = max(3, round(0.12 * passage.fps) | 1)
    size = np.sqrt(np.maximum(uniform_filter1d(power, window, axis=0, mode="nearest"), 0.0))
    usual = np.median(size, axis=1, keepdims=True)
    least = np.maximum(max(LEAST_STEP, BEYOND * float(np.median(usual))), BEYOND * usual)
    labels, num = label((size > least).reshape(-1, ROWS, COLS), _AROUND)
    found = []
    if num:
        for place in _places([p for p in _parts(labels, num, passage) if _is_body(pulls, p)]):
            found += _trembling(passage, steps, place)
    found.sort(key=lambda c: -c.severity)
    far = _leaping_far(passage, steps)
    return _once([c for c in found + _leaping(passage, steps) if _large_enough(c)] + far)


@dataclass(frozen=True)
class Part:
    """Cells `(432,)` that are pulled at frames `[start, end)`."""

    start: int
    end: int
    cells: NDArray[np.bool_]


def _parts(labels: NDArray[np.int32], num: int, passage: Passage) -> list[Part]:
    flat = labels.reshape(-1, NUM_CELLS)
    volume = np.bincount(labels.reshape(-1), minlength=num + 1)
    volume[0] = 0
    slices = find_objects(labels)
    made = []
    most = 4 + round(MOST_PER_S * len(passage) / passage.fps)
    for k in np.argsort(-volume, kind="stable")[:most]:
        if volume[k] < 2 * LEAST_CELLS:
            break
        start, end = slices[int(k) - 1][0].start, slices[int(k) - 1][0].stop
        cells = (flat[start:end] == k).mean(axis=0) > 0.35
        if LEAST_CELLS <= cells.sum() <= MOST_SHARE * NUM_CELLS:
            made.append(Part(start, end, cells))
    return made


def _is_body(pulls: Series, part: Part) -> bool:
    """True if all of the part is pulled alike."""
    pull = pulls[part.start : part.end][:, part.cells]
    one = np.hypot(*pull.mean(axis=1).T).sum()
    return float(one) > ALIKE * float(np.hypot(pull[..., 0], pull[..., 1]).mean(axis=1).sum())


def _places(parts: list[Part]) -> list[NDArray[np.bool_]]:
    """The places of the parts, each once."""
    made: list[NDArray[np.bool_]] = []
    for part in parts:
        if all((part.cells & m).sum() < 0.6 * (part.cells | m).sum() for m in made):
            made.append(part.cells)
    return made


def _path_of(passage: Passage, steps: Series, cells: NDArray[np.bool_]) -> tuple[Series, Series]:
    """Mean step `(n, 2)` of what is seen of a place, and the share that is seen, `(n,)`."""
    seen = np.isfinite(passage.cells["u"][:, cells])
    own: Series = steps[:, cells].sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[:, None]
    share: Series = seen.mean(axis=1)
    return own, share


def _trembling(passage: Passage, steps: Series, cells: NDArray[np.bool_]) -> list[Candidate]:
    """Spans in which a place goes to and fro as no body does."""
    own, seen = _path_of(passage, steps, cells)
    pull = np.hypot(*np.diff(own, axis=0, append=own[-1:]).T)
    quiet, loud = np.percentile(pull, (20, 95))
    level = max(LEAST_PULL, AT_ONCE * float(quiet), float(np.sqrt(max(quiet, 0.02) * loud)))
    made = []
    for first, last in runs(pull > level, gap=round(PAUSE_S * passage.fps)):
        start, end = first + 1, last  # the pull into frame `start`, the one out of `end - 1`
        if end - start < max(6, round(0.4 * passage.fps)) or start <= 2:
            continue
        way = _without_trend(own[start:end])
        length = float(np.hypot(*way.T).sum())
        returns = float(np.hypot(*way.sum(axis=0)) / max(length, 1e-9))
        turns = _turns(way)
        share = float(seen[start:end].mean())
        few = turns < TURNS
        if share < SEEN or turns < TURNS - 1 or returns > (RETURNS_OF_FEW if few else RETURNS):
            continue
        if turns * passage.fps < TURNS_PER_S * (end - start):
            continue
        how = f"to and fro, turning {turns} times"
        inside, outside = slice(start, end), np.r_[1 : start - 1, end + 1 : len(own)]
        strong = max(_rms(pull[inside]), 1e-9)
        calm = _rms(pull[outside]) / strong
        ring_own, _ = _path_of(passage, steps, _ring(cells))
        ring = _rms(np.hypot(*np.diff(ring_own[start : end + 1], axis=0).T)) / strong
        alike = _alike(steps[start : end + 1][:, cells])
        most = CALM * (1.3 if alike > 0.95 else 1.0 if alike > 0.9 else 0.7)
        if calm > most or ring > RING or alike < 0.75 or strong > MOST_PULL * passage.lines:
            continue
        if few and max(calm, ring) > CLEAR:
            continue
        if (len(outside) < 8 and calm > 0.1) or (share < 0.8 and calm > 0.05):
            continue
        if _bounces(way) or _recolored(passage, cells, start, end) > MOST_TONE:
            continue
        if (strong < GAIT and _one_sided(way) < IMPACT) or _plain(passage, cells, start, end):
            continue
        if max(calm, ring) > SURE and not _is_there(passage, steps, cells, start, end):
            continue
        one = _made(passage, way, start, end, cells, how)
        made.append(replace(one, immune=LEFT, causes=LEFT) if calm < CLEAR else one)
    return made


def _is_there(
    passage: Passage, steps: Series, cells: NDArray[np.bool_], start: int, end: int
) -> bool:
    """True if the place is better explained by its own way than by the camera's alone.

    Asked of the two frames between which it went farthest, in the third of its cells that moves
    most. The flow is damped by the ground around: the way may have been longer than it says.
    """
    part = steps[start:end]
    size_of = (part**2).sum(axis=(0, 2))
    core = cells & (size_of >= np.percentile(size_of[cells], 67))
    path = np.cumsum(part[:, cells].mean(axis=1), axis=0)
    ways = [path[k:] - path[:-k] for k in range(1, min(len(path), 9))]
    k, i = max(
        ((k, int(np.hypot(*w.T).argmax())) for k, w in enumerate(ways)),
        key=lambda at: float(np.hypot(*ways[at[0]][at[1]])),
    )
    a, b = start + i, start + i + k + 1
    before, after = (cv2.GaussianBlur(passage.gray(f), (0, 0), 0.7) for f in (a, b))
    size = before.shape[::-1]
    way = passage.camera_path(a, b)
    mask = cv2.resize(
        core.reshape(ROWS, COLS).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST
    )
    left = []
    for times in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0):
        step = np.eye(3)
        step[:2, 2] = times * min(size) / passage.lines * ways[k][i]
        moved = cv2.warpPerspective(before, step @ way, size, borderMode=cv2.BORDER_REPLICATE)
        left.append(float(np.abs(moved - after)[mask > 0].mean()))
    return left[0] > MOVED and min(left) < FOUND * left[0]


def _rms(series: Series) -> float:
    return float(np.sqrt((series**2).mean())) if len(series) else 0.0


def _ring(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells around a place, one cell away from it."""
    grid = cells.reshape(ROWS, COLS)
    near, far = binary_dilation(grid, _AROUND[0], 2), binary_dilation(grid, _AROUND[0], 4)
    made: NDArray[np.bool_] = (far & ~near).reshape(-1)
    return made


def _alike(steps: Series) -> float:
    """How alike the accelerations of the cells of a place are, in [0, 1]."""
    pull = np.diff(steps, axis=0)
    one = np.hypot(*pull.mean(axis=1).T).sum()
    return float(one / max(1e-9, np.hypot(pull[..., 0], pull[..., 1]).mean(axis=1).sum()))


def _leaping(passage: Passage, steps: Series) -> list[Candidate]:
    """Things that leap back within one frame from where they had slid."""
    near = np.stack([np.roll(steps, k, axis=0) for k in (-2, -1, 1, 2)])
    rest = np.median(near, axis=0)
    leap = steps - rest  # (n, 432, 2)
    leap[:3], leap[-2:] = 0.0, 0.0
    size = np.hypot(leap[..., 0], leap[..., 1])
    others = np.percentile(size, 75, axis=1)
    high = size.max(axis=1)
    made = []
    frames = np.flatnonzero(high > np.maximum(LEAP, 4.0 * others))
    most = 2 + round(2.0 * len(passage) / passage.fps)
    for e in sorted(frames[np.argsort(-high[frames], kind="stable")][:most].tolist()):
        marks, _ = label((size[e] > 0.4 * high[e]).reshape(ROWS, COLS), _AROUND[0])
        cells = (marks == marks.reshape(-1)[int(size[e].argmax())]).reshape(-1)
        if not LEAST_CELLS <= cells.sum() <= MOST_SHARE * NUM_CELLS:
            continue
        at = leap[e, cells]
        if np.hypot(*at.mean(axis=0)) < ALIKE * np.hypot(at[:, 0], at[:, 1]).mean():
            continue
        one = _slid(passage, steps, e, cells)
        if one is not None:
            made.append(one)
    return made


def _slid(passage: Passage, steps: Series, e: int, cells: NDArray[np.bool_]) -> Candidate | None:
    """The candidate if the place leaps at frame `e` to where it was before it slid away."""
    own, seen = _path_of(passage, steps, cells)
    leap = own[e] - np.median(own[[e - 2, e - 1, e + 1, e + 2]], axis=0)
    length = float(np.hypot(*leap))
    along = own @ (leap / max(length, 1e-9))
    changes = np.delete(np.abs(np.diff(along)), [e - 1, e])
    others = float(np.percentile(changes, 90))
    if not max(LEAP, LEAP_BEYOND * others) < length < FARTHEST * passage.lines:
        return None
    beside = along[[e - 2, e - 1, e + 1, e + 2]]
    if float(np.abs(beside).max()) > 0.1 * length:
        return None
    if float(beside.mean()) * SKIPPED_S * passage.fps > 0.6 * length:
        return None  # time that was skipped: it only goes on
    ring, _ = _path_of(passage, steps, _ring(cells))
    alone = float(np.hypot(*ring[e])) / length
    decisive = length > DECISIVE * others and alone < 0.03
    if seen[e] < (SEEN_DECISIVE if decisive else SEEN) or alone > 0.15:
        return None
    first = max(1, e - round(LONGEST_S * passage.fps))
    start, way_back, clear = _glide(-along[first:e])
    start += first
    if way_back < (GLIDE_DECISIVE if decisive else GLIDE) * length or clear < 4.0 or start <= 2:
        return None
    if e - start < max(4, round((0.5 if decisive else 0.2) * passage.fps)):
        return None
    arcmin = LEAP_PATH * length * passage.arcmin
    how = "sliding away, and is back within one frame"
    one = _made(passage, own[start:e], start, e, cells, how, arcmin)
    return replace(one, immune=STEPPED, causes=STEPPED)


def _leaping_far(passage: Passage, steps: Series) -> list[Candidate]:
    """The same of leaps that no flow can follow: what becomes another is a thing that is back."""
    made = []
    for step in region_steps(passage):
        one = None if step.kept is not None else _slid_far(passage, steps, step)
        if one is not None:
            made.append(one)
    return made


def _slid_far(passage: Passage, steps: Series, step: RegionStep) -> Candidate | None:
    """The candidate if the step of a region undoes the slide before it."""
    e, mask = step.at, step.mask
    if step.source is not None and step.source.left:
        mask = mask | step.source.mask
    shares = cv2.resize(mask.astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_AREA)
    cells = (shares > 0.3).reshape(-1)
    if cells.sum() < LEAST_CELLS or _came_or_went(step):
        return None
    own, _ = _path_of(passage, steps, cells)
    first = max(1, e - round(LONGEST_S * passage.fps))
    whole = own[first:e].sum(axis=0)
    toward = whole / max(float(np.hypot(*whole)), 1e-9)
    start, way, clear = _glide(own[first:e] @ toward)
    start += first
    if way < LEAST_SLIDE or clear < 4.0 or start <= 2:
        return None
    if e - start < max(4, round(0.2 * passage.fps)):
        return None
    ring, _ = _path_of(passage, steps, _ring(cells))
    if float(ring[start:e].sum(axis=0) @ toward) > MOST_ALONG * way:
        return None
    length = _undone(passage, e, toward, mask)
    if length is None or _elsewhere(passage, start, e, mask):
        return None
    arcmin = LEAP_PATH * length * passage.arcmin
    how = "sliding away, and is back within one frame"
    one = _made(passage, own[start:e], start, e, cells, how, arcmin)
    return replace(one, immune=STEPPED, causes=STEPPED)


def _came_or_went(step: RegionStep) -> bool:
    """True if something stood out at one of both frames and nothing does at the other."""
    return step.source is None and max(step.foreign) > 0.3 and min(step.foreign) < 0.02


def _undone(passage: Passage, e: int, toward: Series, mask: NDArray[np.bool_]) -> float | None:
    """How far the thing has to go back for frame `e - 1` to become frame `e`, working pixels.

    Asked of the pictures: the way back has to explain more of the mask than any other way as long.
    """
    pages = [lab_of(passage.sketch(k)) for k in (e - 1, e)]
    size, path = mask.shape[::-1], passage.camera_path(e - 1, e)
    border = cv2.BORDER_REPLICATE
    gap = distance(cv2.warpPerspective(pages[0], path, size, borderMode=border), pages[1])
    same = LEFT_OVER * float(gap[mask].mean())
    found = []
    for way in (-toward, toward, toward[::-1] * (1, -1), toward[::-1] * (-1, 1)):
        shares = []
        for length in range(2, round(FARTHEST * min(size))):
            step = np.eye(3)
            step[:2, 2] = length * way
            moved = cv2.warpPerspective(pages[0], step @ path, size, borderMode=border)
            both = mask & (cv2.warpPerspective(mask.astype(np.uint8), step, size) > 0)
            enough = both.sum() > LEAST_BOTH * mask.sum()
            left = distance(moved, pages[1])[both]
            shares.append(float((left < same).mean()) if enough else 0.0)
        found.append((max(shares), 2 + int(np.argmax(shares))))
    (share, length), others = found[0], max(k for k, _ in found[1:])
    if share < LEAST_BACK or share < others + BACK_BEYOND:
        return None
    return length * passage.lines / min(size)


def _elsewhere(passage: Passage, start: int, e: int, mask: NDArray[np.bool_]) -> bool:
    """True if all around is as it was before the slide, but the place is not: it is not back."""
    pages = [lab_of(passage.sketch(k)) for k in (start - 1, e - 1, e)]
    size, paths = mask.shape[::-1], [passage.camera_path(k, e) for k in (start - 1, e - 1)]
    border = cv2.BORDER_REPLICATE
    then, last = (
        distance(cv2.warpPerspective(page, path, size, borderMode=border), pages[2])
        for page, path in zip(pages, paths, strict=False)
    )
    rest = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    if not rest.any() or float(np.percentile(then[rest], 90)) > STILL_AROUND:
        return False
    return bool(then[mask].mean() > NOT_BACK * last[mask].mean())


def _glide(along: Series) -> tuple[int, float, float]:
    """The span that goes on most steadily: its start, its way, and that over the noise."""
    total = np.concatenate([[0.0], np.cumsum(along)])
    way = total[None, :] - total[:, None]
    length = np.arange(len(total))[None, :] - np.arange(len(total))[:, None]
    score = np.where(length >= 3, way / np.sqrt(np.maximum(length, 1)), -np.inf)
    start, end = np.unravel_index(int(score.argmax()), score.shape)
    noise = float(np.median(np.abs(np.diff(along)))) + 0.02
    return int(start), float(way[start, end]), float(score[start, end]) / noise


def _made(
    passage: Passage,
    way: Series,
    start: int,
    end: int,
    cells: NDArray[np.bool_],
    how: str,
    arcmin: float | None = None,
) -> Candidate:
    """The candidate; without its own `arcmin` the size is read off the steps `way`."""
    if arcmin is None:
        path = np.cumsum(way, axis=0)
        window = max(3, round(passage.fps) | 1)  # what is slower than a second is its own way
        path = path - uniform_filter1d(path, window, axis=0, mode="nearest")
        arcmin = float(np.sqrt((path**2).sum(axis=1).mean())) * passage.arcmin
    return Candidate(
        "unnatural_motion",
        start,
        end,
        start + int(np.argmax(np.hypot(*way.T))),
        (arcmin / ARCMIN) ** 0.85,
        0.6,
        f"something moves {arcmin:.0f} minutes of arc (rms) against its ground, {how}",
        evidence("own_path", arcmin, ARCMIN),
        ("shake", "teleportation", "bounce"),
        cells,
    )


def _large_enough(candidate: Candidate) -> bool:
    """True unless a few cells are said to swing by more than themselves: their flow is lost."""
    cells = 0 if candidate.tiles is None else int(candidate.tiles.sum())
    return cells >= 2.0 * candidate.severity - 2.0


def _once(found: list[Candidate]) -> list[Candidate]:
    """One candidate for each time and place."""
    kept: list[Candidate] = []
    for one in found:  # what turns comes first: it may end in a leap
        for other in kept:
            assert one.tiles is not None and other.tiles is not None
            shared = min(one.end, other.end) - max(one.start, other.start)
            if shared > 0 and (one.tiles & other.tiles).any():
                break
        else:
            kept.append(one)
    return kept


def _without_trend(way: Series) -> Series:
    """Steps without the straight line that most of them follow: what moves slowly by itself."""
    size = np.hypot(*(way - np.median(way, axis=0)).T)
    calm = size < 3.0 * np.median(size) + 1e-9
    time = np.linspace(-1.0, 1.0, len(way))
    line = np.polynomial.polynomial.polyfit(time[calm], way[calm], 1)
    made: Series = way - np.polynomial.polynomial.polyval(time, line).T
    return made


def _recolored(passage: Passage, cells: NDArray[np.bool_], start: int, end: int) -> float:
    """dE that the color of a place goes in a span, along its motion."""
    fields = (passage.cells[name][start:end][:, cells] for name in ("gain", "a", "b"))
    steps = np.nan_to_num(np.stack(list(fields), axis=-1)) * (L_PER_LOG, 1.0, 1.0)
    return float(np.linalg.norm(steps.sum(axis=0).mean(axis=0)))


def _bounces(way: Series) -> bool:
    """True if something falls and bounces ever less: hit upward for a moment, pulled down between.

    What bobs goes as high each time, and what jitters is pulled to either side alike.
    """
    _, _, axes = np.linalg.svd(way, full_matrices=False)
    if abs(axes[0, 1]) < 0.9:
        return False
    up = -way[:, 1]
    if _one_sided(way) < IMPACT or float(up.max()) > float(-up.min()):
        return False  # it is thrown up faster than it falls
    if float(-up.sum()) < LANDS * float(np.hypot(*way.T).sum()):
        return False
    falls = [float(-up[a:b].min()) for a, b in runs(up < 0)]
    clear = [fall for fall in falls if fall > 0.15 * max(falls)]
    less = all(b < 0.95 * a for a, b in zip(clear, clear[1:], strict=False))
    return len(clear) >= 2 and less and clear[-1] < BOUNCE ** (len(clear) - 1) * clear[0]


def _one_sided(way: Series) -> float:
    """How much harder something is pulled to one side of its main direction than to the other."""
    _, _, axes = np.linalg.svd(way, full_matrices=False)
    pulls = np.sort(np.diff(way @ axes[0]))
    most = max(2, len(pulls) // 10)
    ends = abs(float(pulls[:most].mean())), abs(float(pulls[-most:].mean()))
    return max(ends) / max(min(ends), 1e-6)


def _plain(passage: Passage, cells: NDArray[np.bool_], start: int, end: int) -> bool:
    """True if a place has too little texture for its flow to say anything."""
    texture = np.nan_to_num(passage.cells["texture"][start:end][:, cells])
    seen = float(np.median(np.median(texture, axis=0)))
    return seen < TEXTURED + float(np.median(passage.grain))


def _turns(way: Series) -> int:
    """How often the motion turns round along its main direction; small steps are not asked."""
    size = np.hypot(*way.T)
    most = 2.0 * float(np.median(size)) + 1e-9
    held = way * np.minimum(1.0, most / np.maximum(size, 1e-9))[:, None]  # a leap is not all
    _, _, axes = np.linalg.svd(held, full_matrices=False)
    along = held @ axes[0]
    clear = along[np.abs(along) > 0.25 * np.abs(along).max()]
    return int((np.diff(np.sign(clear)) != 0).sum())
