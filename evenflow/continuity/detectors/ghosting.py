"""Ghosting: a stale copy of the picture, two to five frames old, lies on top of it.

Signal: where it begins, what motion cannot explain of a frame is a share of (stale frame - expected
frame): the share is fitted for every age, beside what a wrong flow, a stop of the motion and a
change of light would leave (slopes, the frame before, a gain, a constant). A mere jump is one
picture that has moved: there one flow says more than two layers do, and the share is no share of
what is new. Where the copy ends the same is asked backwards, of the frames before, which hold
copies themselves, and of the clean frame behind, led back along the motion. Between the two the
copy moves along and nothing is left to see from frame to frame.

What only moving things leave behind is asked of `evenflow.continuity.afterimage`.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.afterimage import haunted
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import ROWS
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.picture import NUM_TILES, TILE_COLS, TILE_ROWS
from evenflow.continuity.redrawn import warped
from evenflow.continuity.robust import product
from evenflow.continuity.stretches import FLOOR, drifts, left

SHOWN = 6
"""Tiles in which a copy is looked at."""
OLDEST = 5
"""Frames that a copy may be old."""
SHARE, CONTRAST = 0.1, 16.0
"""Share of the stale copy that is just visible, where it differs by so many gray levels (rms)."""
EXPLAINED = 0.42
"""Least share of what is left that the copy explains, at one end; with both ends `BOTH`."""
BOTH = 0.25
ALONE, PLAIN, UNSURE = 0.5, 0.8, 0.1
"""Where only one end is seen; of what the frame before leaves without any slopes; and how much less
will do where one flow leaves much more than two layers."""
UNLIT = 0.7
"""Of what it explains a copy explains so much still once every tile's own light is taken out."""
FINE, SIGMA = 0.6, 5.0
"""Least share that a copy explains where it begins once every place's own light, read within so
many pixels of the working size, is taken out: light that flickers in one place has no fine
structure of its own, a copy has; in practice 0.7 to 1, and below 0.5 where it is light."""
FINE_SURE = 0.75
"""Above that it counts instead of the share of all that is left, where it is larger."""
CLEAR, ALONE_LOCAL = 0.75, 0.85
"""In a part of the picture: the clearer of both ends, and where only one end is seen."""
LOCAL = 0.6
"""The same for a part of the picture, where there are many places to be lucky."""
MOST_PLACES = 0.6
"""A part that is more than this is the whole picture."""
LAYERS = 0.75
"""What one flow, that of the very step, leaves is at least so many times what two layers leave."""
LEAST_SHARE, MOST_SHARE = 0.06, 0.7
LEAST_LEFT = 0.45
"""Gray levels (rms) of what is left; less cannot be told from rounding."""
SPIKE = 0.3
"""Octaves that what is left of one step stands above the steps next to it."""
LEAST_SPIKE = 40.0
"""Cells in which a step stands out: less than a tenth of the picture is no copy of it."""
STILL = 0.2
"""Pixels of the working size that a step may differ from those next to it."""
SLOW_FPS = 14.0
"""Below that a copy may be one frame old: a stop of the motion is much shorter than a frame."""
REST = 0.5
"""Least share explained at both ends where the step into the copy is no spike: what is left stays
up where the picture's own motion is small or wild, or the flow of that step follows the copy."""
UNSTEADY = 0.75
"""Most that the camera's step changes, as a share of it (rms), where the flow is not asked."""
PER_S = 1.5
"""Steps a second that are asked, loudest first."""

Gray = NDArray[np.float32]


def _means(*shapes: tuple[int, int]) -> Series:
    """Rows that average the tiles of every window of some shapes, `(windows, 48)`."""
    made = []
    for high, wide in shapes:
        for row in range(TILE_ROWS - high + 1):
            for col in range(TILE_COLS - wide + 1):
                one = np.zeros((TILE_ROWS, TILE_COLS))
                one[row : row + high, col : col + wide] = 1.0 / (high * wide)
                made.append(one.reshape(-1))
    return np.stack(made)


_WINDOWS = _means((3, 4), (2, 3))
_SMALL = _means((2, 2))


@dataclass(frozen=True)
class Copy:
    """A stale copy found at one step.

    Args:
        frame: the first frame with the copy, or the first without it.
        age: of the copy, frames.
        share: of the copy.
        plain: share of the change explained by the copy and light alone.
        explained: share of the power left that the copy explains.
        contrast: rms of stale minus expected in the `SHOWN` tiles where it is largest, gray levels.
        left: rms of what motion and light leave, gray levels.
        place: tiles `(48,)`; None for the whole picture.
    """

    frame: int
    age: int
    share: float
    plain: float
    explained: float
    contrast: float
    left: float
    place: NDArray[np.bool_] | None


def detect(passage: Passage) -> list[Candidate]:
    """Spans from the frame where a copy begins to the frame where it is gone."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    flow = drifts(passage)
    tried, ends = [], []
    loud = spikes(passage)
    for frame in loud:
        begin = _best(passage, flow, frame, behind=False)
        fine = 0.0 if begin is None else _fine(passage, flow, begin)
        if begin is not None and fine > FINE:
            sure = begin.explained if fine < FINE_SURE else max(begin.explained, fine)
            tried.append(replace(begin, explained=sure))
        end = _best(passage, flow, frame - 1, behind=True)
        if end is not None:
            ends.append(replace(end, frame=frame))
    begins = [
        b
        for b in tried
        if any(_pair(b, e) and _steady(passage, b.frame, e.frame) for e in ends)
        or _stands(passage, flow, b)
    ]
    found: list[Candidate] = []
    for begin in sorted(begins, key=lambda c: -c.explained):
        if any(c.start - 2 <= begin.frame < c.end for c in found):
            continue
        mine = [
            e
            for e in ends
            if e.frame - begin.frame >= 3
            and 0.33 < _far(e) / _far(begin) < 3.0
            and _meet(begin.place, e.place)
        ]
        sure = begin.explained > (ALONE if begin.place is None else ALONE_LOCAL)
        good = [e for e in mine if min(e.explained, begin.explained) > BOTH]
        if good:
            last = max(good, key=lambda e: _fits(begin, e))
            both = (last.explained, begin.explained)
            if begin.place is None:
                sure = sure or max(both) > EXPLAINED
            else:  # many places to be lucky: both ends have to be clear
                alike = begin.age == last.age and min(both) > EXPLAINED
                sure = sure or (alike and max(both) > CLEAR)
            found += [_candidate(begin, last.frame, last)] if sure else []
        elif sure:
            # where the copy is let go there is a spike as well, even if no fit explains it
            size = loud.get(begin.frame, 0.0)
            later = [f for f in loud if f >= begin.frame + 3 and loud[f] > 0.4 * size]
            until = max(later, key=lambda f: loud[f]) if later else len(passage)
            found.append(_candidate(begin, until, None))
    return found + _trails(passage, found)


def _trails(passage: Passage, found: list[Candidate]) -> list[Candidate]:
    """Copies that things leave behind where they have been, beside what was found."""
    made = []
    for one in haunted(passage):
        if any(c.start - 2 <= one.start < c.end for c in found):
            continue
        copies = one.copies
        visible = float(np.clip(np.sqrt(copies.contrast / CONTRAST), 0.4, 1.3))
        made.append(
            Candidate(
                "ghosting",
                one.start,
                one.end,
                one.start,
                visible * copies.share / SHARE,
                float(np.clip(copies.explained, 0.4, 0.95)),
                f"what appears is what stood there {copies.age} frames ago "
                f"({100 * copies.share:.0f} %)",
                evidence("stale_share", copies.share, SHARE),
                ("motion blur", "dissolve", "image_flicker"),
                one.mask,
                immune=frozenset({"shake", "style_change", "unnatural_jump", "drift"}),
                causes=frozenset({"style_change"}),
            )
        )
    return made


def _steady(passage: Passage, start: int, end: int) -> bool:
    """False if the camera trembles: it comes back to where it was, without any copy."""
    steps = np.nan_to_num(passage.camera[max(1, start - 1) : end + 2])
    jerk = float(np.sqrt((np.diff(steps, axis=0) ** 2).sum(axis=1).mean()))
    return jerk < UNSTEADY * float(np.sqrt((steps**2).sum(axis=1).mean())) + 0.1


def _fits(begin: Copy, end: Copy) -> float:
    ratio = _far(end) / _far(begin)
    same = (1.5 if end.age == begin.age else 1.0) * (1.3 if end.place is begin.place else 1.0)
    return end.explained * same * min(ratio, 1.0 / ratio)


def _meet(a: NDArray[np.bool_] | None, b: NDArray[np.bool_] | None) -> bool:
    return a is None or b is None or bool((a & b).any())


def spikes(passage: Passage) -> dict[int, float]:
    """Frames into which the step leaves more than the steps next to it, and in how many cells."""
    rest = left(passage)
    near = np.maximum(rest[:-2], rest[2:])
    above = np.log2((rest[1:-1] + FLOOR) / (near + FLOOR))
    size = np.where(above > SPIKE, np.minimum(above, 1.0), 0.0).sum(axis=(1, 2))
    size = np.maximum(size, _halts(passage))
    most = 2 + int(PER_S * len(passage) / passage.fps)
    made = {}
    for k in np.argsort(-size, kind="stable")[:most]:
        frame = int(k) + 1
        if size[k] > LEAST_SPIKE and 3 <= frame < len(passage) - 2:
            made[frame] = float(size[k])
    return made


def _halts(passage: Passage) -> Series:
    """In how many cells the flow of one step alone stops or leaps, entry by entry from frame 1."""
    flow = drifts(passage) * np.float32(passage.lines / ROWS)
    bend = np.abs(flow[1:-1] - 0.5 * (flow[:-2] + flow[2:])).max(axis=3)
    usual = np.abs(flow[2:] - flow[:-2]).max(axis=3)
    above = np.log2((bend + STILL) / (usual + STILL))
    made: Series = np.where(above > SPIKE, np.minimum(above, 1.0), 0.0).sum(axis=(1, 2))
    return made


def _pair(begin: Copy, end: Copy) -> bool:
    """True if both ends are clear and of one copy, whatever the flow of the step leaves."""
    alike = abs(begin.age - end.age) <= 1 and 0.6 < _far(end) / _far(begin) < 1.6
    clear = min(begin.explained, end.explained) > REST and begin.plain > BOTH
    same = (begin.place is None) + (end.place is None) > 0 and _meet(begin.place, end.place)
    return alike and clear and same and end.frame - begin.frame >= 3


def _far(copy: Copy) -> float:
    """How old the mixture is: neighboring ages are hardly told apart, their shares make up."""
    return max(copy.share, 0.01) * copy.age


def _best(passage: Passage, flow: NDArray[np.float32], frame: int, *, behind: bool) -> Copy | None:
    """The copy that explains most of a frame; the expected one comes from before or `behind`."""
    ref = frame + 1 if behind else frame - 1
    # the step next to it: the flow of the very step is drawn to the copy
    at = frame + 2 if behind else frame - 1
    if not 1 <= at < len(passage):
        return None
    step = flow[at] if behind else -flow[at]
    found = _fitted(_powers(passage, flow, frame, ref, step, behind), passage, frame)
    if found is None and behind:  # the flow of the very step may do better
        step = flow[frame + 1]
        found = _fitted(_powers(passage, flow, frame, ref, step, behind), passage, frame)
    return found


def _stands(passage: Passage, flow: NDArray[np.float32], copy: Copy) -> bool:
    """True if a share of the copy is all that is new, and the flow of the very step cannot say it.

    A mere jump is one picture that has moved; a camera that trembles is where it was before.
    """
    frame = copy.frame
    before = round(0.4 * passage.fps)
    if copy.plain < PLAIN - UNSURE or not LEAST_SHARE < copy.share < MOST_SHARE:
        return False
    if not _steady(passage, frame - before, frame - 3):
        return False
    place = np.ones(NUM_TILES, bool) if copy.place is None else copy.place
    powers = _powers(passage, flow, frame, frame - 1, -flow[frame], behind=False)
    rest = _solved(powers[place].mean(axis=0)[None])[2]
    layers = rest[0] / max(copy.left * np.sqrt(1.0 - copy.explained), 1e-3)
    return bool(layers > (LAYERS if copy.plain > PLAIN else 2.0 * LAYERS))


NUISANCES = 9


def _powers(
    passage: Passage,
    flow: NDArray[np.float32],
    frame: int,
    ref: int,
    step: NDArray[np.float32],
    behind: bool,
) -> Series:
    """Inner products of everything that may explain what is left, and of that, per tile."""
    base = passage.gray(ref)
    expected = cv2.GaussianBlur(warped(base, step), (0, 0), 0.6)
    height, width = expected.shape
    rows, cols = height // TILE_ROWS * TILE_ROWS, width // TILE_COLS * TILE_COLS
    gx = cv2.Sobel(expected, cv2.CV_32F, 1, 0, scale=1 / 8)
    gy = cv2.Sobel(expected, cv2.CV_32F, 0, 1, scale=1 / 8)
    x, y = _ramps(height, width)
    stay = passage.gray(frame - 1) if behind else base
    youngest = _youngest(passage)
    stop = stay - expected if youngest > 1 else np.zeros_like(gx)
    parts = [gx, gy, gx * x, gx * y, gy * x, gy * y]
    parts += [np.ones_like(gx), expected, stop]
    for age in range(youngest, OLDEST + 1):
        old = frame - age
        stale = _blurred(passage, old) if old >= 0 else expected
        parts.append(stale - expected)
    if behind:  # the frames before hold copies themselves: the same ages, led back from `ref`
        for age in range(youngest, OLDEST + 1):
            way = step + flow[max(1, frame - age + 1) : frame + 1].sum(axis=0)
            parts.append(cv2.GaussianBlur(warped(base, way), (0, 0), 0.6) - expected)
    parts.append(_blurred(passage, frame) - expected)
    high, wide = rows // TILE_ROWS, cols // TILE_COLS
    tiles = np.empty((TILE_ROWS, TILE_COLS, len(parts), high, wide), np.float32)
    for k, part in enumerate(parts):
        split = part[:rows, :cols].reshape(TILE_ROWS, high, TILE_COLS, wide)
        tiles[:, :, k] = split.transpose(0, 2, 1, 3)
    flat = tiles.reshape(NUM_TILES, len(parts), -1)
    made: Series = (flat @ flat.transpose(0, 2, 1)).astype(np.float64) / flat.shape[2]
    return made


def _unlit(powers: Series) -> Series:
    """The same once every tile's own light is taken out: a lamp in one place is no copy."""
    light = slice(NUISANCES - 3, NUISANCES - 1)  # a constant and a gain
    own = powers[:, light, light] + 1e-3 * np.eye(2)
    rows = powers[:, light]
    made: Series = powers - rows.transpose(0, 2, 1) @ np.linalg.solve(own, rows)
    return made


def _fine(passage: Passage, flow: NDArray[np.float32], copy: Copy) -> float:
    """Share of the fine structure left that a copy explains where it begins, beside local light."""
    frame = copy.frame
    base = passage.gray(frame - 1)
    expected = cv2.GaussianBlur(warped(base, -flow[frame - 1]), (0, 0), 0.6)

    def mean(values: Gray) -> Gray:
        made: Gray = cv2.GaussianBlur(values, (0, 0), SIGMA)
        return made

    usual = mean(expected)
    spread = mean(expected * expected) - usual * usual + np.float32(4.0)

    def rest(values: Gray) -> Gray:
        """What a gain and a constant of the place do not explain."""
        low = mean(values)
        gain = (mean(expected * values) - usual * low) / spread
        made: Gray = values - low - gain * (expected - usual)
        return made

    new = rest(_blurred(passage, frame) - expected)
    stale = rest(_blurred(passage, max(0, frame - copy.age)) - expected)
    if copy.place is not None:
        place = copy.place.reshape(TILE_ROWS, TILE_COLS).astype(np.uint8)
        inside = cv2.resize(place, new.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        new, stale = new[inside], stale[inside]
    shown = float((new * stale).sum())
    return shown * max(shown, 0.0) / max(float((new**2).sum() * (stale**2).sum()), 1e-9)


def _youngest(passage: Passage) -> int:
    return 1 if passage.fps < SLOW_FPS else 2


@lru_cache(maxsize=8)
def _ramps(height: int, width: int) -> tuple[Gray, Gray]:
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None]
    return x, np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]


def _fitted(powers: Series, passage: Passage, frame: int) -> Copy | None:
    whole, where = powers.mean(axis=0), np.full(NUM_TILES, 1.0 / NUM_TILES)
    _, explained, remains = (v[0] for v in _solved(whole[None]))
    youngest = _youngest(passage)
    ages = OLDEST + 1 - youngest
    best = int(np.argmax(explained))
    found = explained[best] > BOTH and remains > LEAST_LEFT
    place = None
    if not found or explained[best] < LOCAL:
        shares, parts, lefts = _solved(_means_of(_WINDOWS, powers))
        parts = np.where(lefts[:, None] > 1.5 * LEAST_LEFT, parts, 0.0)
        window, at = (int(k) for k in np.unravel_index(np.argmax(parts), parts.shape))
        if parts[window, at] > max(LOCAL, explained[best] + 0.15):
            place = _place(_means_of(_SMALL, powers), at, float(shares[window, at]))
            place = place if place.any() else _WINDOWS[window] > 0
            place = None if place.mean() > MOST_PLACES else place
            explained, remains = parts[window], lefts[window]
            whole, best, found = np.tensordot(_WINDOWS[window], powers, 1), at, True
            where = _WINDOWS[window]
    if not found:
        return None
    unlit = _solved(np.tensordot(where, _unlit(powers), 1)[None])[1][0, best]
    if unlit < max(BOTH, UNLIT * explained[best]):
        return None
    age = best % ages + youngest
    share, plain = _plain(whole, best)
    copies = np.sort(powers[:, NUISANCES + best, NUISANCES + best])
    contrast = float(np.sqrt(copies[-SHOWN:].mean()))
    return Copy(frame, age, share, plain, float(explained[best]), contrast, float(remains), place)


def _plain(power: Series, at: int) -> tuple[float, float]:
    """Share of a copy beside light alone, and how much of what light leaves it explains."""
    use = [NUISANCES - 3, NUISANCES - 2, NUISANCES + at]
    matrix = power[np.ix_(use, use)] + 1e-4 * np.eye(3)
    target = power[use, -1]
    solved = np.linalg.solve(matrix, target)
    light = power[-1, -1] - target[:2] @ np.linalg.solve(matrix[:2, :2], target[:2])
    rest = power[-1, -1] - target @ solved
    return float(solved[2]), float(1.0 - max(rest, 0.0) / max(light, 1e-9))


def _means_of(windows: Series, powers: Series) -> Series:
    flat = product(windows, powers.reshape(NUM_TILES, -1))
    return flat.reshape(len(windows), *powers.shape[1:])


def _place(small: Series, at: int, share: float) -> NDArray[np.bool_]:
    """Tiles of all small windows that show the same copy."""
    shares, parts, lefts = _solved(small)
    alike = (parts[:, at] > 0.35) & (shares[:, at] > 0.5 * share) & (lefts > LEAST_LEFT)
    made = np.zeros(NUM_TILES, bool)
    for k in np.flatnonzero(alike):
        made |= _SMALL[k] > 0
    return made


def _solved(powers: Series) -> tuple[Series, Series, Series]:
    """Least squares with and without each copy, for a stack of windows.

    Returns:
        Share and share explained, `(w, ages)`; rms left, `(w,)`.
    """
    ages = powers.shape[1] - NUISANCES - 1
    diagonal = np.einsum("wii->wi", powers)
    ridged = powers.copy()
    np.einsum("wii->wi", ridged)[...] += 1e-4 * diagonal + 1e-4
    copies = slice(NUISANCES, NUISANCES + ages)
    # the nuisances are solved for once; each copy adds one row and column (Schur complement)
    mixed, target = ridged[:, :NUISANCES, copies], powers[:, :NUISANCES, -1]
    right = np.concatenate([mixed, target[..., None]], axis=2)
    solved = np.linalg.solve(ridged[:, :NUISANCES, :NUISANCES], right)
    rest = powers[:, -1, -1] - (solved[..., -1] * target).sum(axis=1)
    own = np.einsum("wii->wi", ridged)[:, copies] - (solved[..., :-1] * mixed).sum(axis=1)
    shown = powers[:, copies, -1] - (solved[..., -1:] * mixed).sum(axis=1)
    own = np.maximum(own, 1e-9)
    shares = shown / own
    legal = (shares > LEAST_SHARE) & (shares < MOST_SHARE)
    remains = np.maximum(rest[:, None] - shown * shares, 0.0)
    rest = np.maximum(rest, 1e-9)
    parts = np.where(legal, 1.0 - remains / rest[:, None], 0.0)
    return shares, parts, np.sqrt(rest)


def _blurred(passage: Passage, i: int) -> Gray:
    held: dict[int, Gray] = passage.shared.setdefault("ghosting", {})
    if i not in held:
        if len(held) > 64:
            held.clear()
        held[i] = cv2.GaussianBlur(passage.gray(i), (0, 0), 0.6)
    return held[i]


def _candidate(begin: Copy, end: int, last: Copy | None) -> Candidate:
    share = begin.share
    visible = float(np.clip(np.sqrt(begin.contrast / CONTRAST), 0.4, 1.3))
    place = begin.place
    if last is not None and (begin.place is None or last.place is None):
        place = None
    elif last is not None and begin.place is not None and last.place is not None:
        place = begin.place | last.place
    return Candidate(
        "ghosting",
        begin.frame,
        end,
        begin.frame,
        visible * share / SHARE,
        float(np.clip(begin.explained, 0.4, 0.95)),
        f"a copy of the picture that is {begin.age} frames old lies on top of it "
        f"({100 * share:.0f} %)",
        evidence("stale_share", share, SHARE),
        ("motion blur", "dissolve", "image_flicker"),
        place,
        # nothing else adds an old frame to a new one
        immune=frozenset({"shake", "style_change", "unnatural_jump", "drift"}),
        causes=frozenset({"style_change"}),
    )
