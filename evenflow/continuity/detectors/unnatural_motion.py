"""Unnatural motion: something jitters, bobs or slides against its ground as no body could.

Signal: the cells' own motion (`evenflow.continuity.own_field`). A part of the picture, all of whose
cells do the same, is accelerated far beyond what the rest of the picture and the shot know, again
and again: it turns several times and ends about where it began. What moves fast but steadily has no
acceleration, what is thrown turns once, a camera that trembles takes the whole picture with it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label, uniform_filter1d

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, NUM_CELLS, ROWS
from evenflow.continuity.own_field import own_field
from evenflow.continuity.passage import Passage, Series

LEAST_STEP = 0.4
"""Least change of a step from one frame to the next, rms, pixels of the working size."""
BEYOND = 3.0
"""Times the median of the picture at that time, and of the shot."""
ALIKE = 0.72
"""Least length of the mean acceleration as a share of the mean length: a body moves as one."""
SEEN = 0.8
RETURNS = 0.45
"""Most of the way that may be left at the end, as a share of its length."""
TURNS = 3
LEAST_CELLS, MOST_SHARE = 6, 0.45
ARCMIN = 1.3
"""rms displacement of a thing that is just seen to be wrong."""
JOIN_S = 1.0
"""Longest time between two pulls of one thing."""
MOST_PER_S = 6.0
_AROUND = np.ones((3, 3, 3), bool)


def detect(passage: Passage) -> list[Candidate]:
    """Parts of the picture that jitter or bob."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    steps = own_field(passage)
    pulls = np.zeros_like(steps)  # acceleration, pixels a frame a frame
    pulls[1:-1] = steps[2:] - steps[1:-1]
    window = max(3, round(0.12 * passage.fps) | 1)
    power = uniform_filter1d((pulls**2).sum(axis=2), window, axis=0, mode="nearest")
    size = np.sqrt(np.maximum(power, 0.0))
    usual = np.median(size, axis=1, keepdims=True)
    least = np.maximum(max(LEAST_STEP, BEYOND * float(np.median(usual))), BEYOND * usual)
    labels, num = label((size > least).reshape(-1, ROWS, COLS), _AROUND)
    if num == 0:
        return []
    pulled = [part for part in _parts(labels, num, passage) if _is_body(pulls, part)]
    found = []
    for chain in _chains(pulled, round(JOIN_S * passage.fps)):
        made = _judged(passage, steps, chain)
        if made is not None:
            found.append(made)
    return found


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


def _chains(parts: list[Part], gap: int) -> list[list[Part]]:
    """Pulls of one place, one after the other."""
    chains: list[list[Part]] = []
    for part in sorted(parts, key=lambda p: (p.start, p.end)):
        for chain in chains:
            last = chain[-1]
            both = (last.cells & part.cells).sum()
            near = part.start - max(p.end for p in chain) <= gap
            if near and both > 0.35 * min(last.cells.sum(), part.cells.sum()):
                chain.append(part)
                break
        else:
            chains.append([part])
    return chains


def _judged(passage: Passage, steps: Series, chain: list[Part]) -> Candidate | None:
    """The candidate if the place moves as no body does."""
    count = np.sum([p.cells for p in chain], axis=0)
    cells = count >= max(1, 0.4 * len(chain))
    if not LEAST_CELLS <= cells.sum() <= MOST_SHARE * NUM_CELLS:
        return None
    first, last = min(p.start for p in chain), max(p.end for p in chain)
    own = steps[:, cells].mean(axis=1)  # (n, 2)
    speed = np.hypot(own[:, 0], own[:, 1])
    moves = np.flatnonzero(speed[first:last] > 0.3 * np.percentile(speed[first:last], 80))
    start, end = first + int(moves[0]), first + int(moves[-1])
    if end - start < max(4, round(0.2 * passage.fps)) or start <= 2:
        return None
    inside = slice(start, end + 1)
    seen = float(np.isfinite(passage.cells["u"][inside][:, cells]).mean())
    way = own[inside]
    length = float(speed[inside].sum())
    returns = float(np.hypot(*way.sum(axis=0)) / max(length, 1e-9))
    turns = _turns(way)
    if seen < SEEN:
        return None
    trembles = turns >= TURNS and returns < RETURNS
    if not trembles and not (len(chain) > 1 and _is_abrupt(speed, start, end, passage.fps)):
        return None
    path = np.cumsum(way, axis=0)
    path = path - path.mean(axis=0)
    arcmin = float(np.sqrt((path**2).sum(axis=1).mean())) * passage.arcmin
    how = f"to and fro, turning {turns} times" if trembles else "starting and stopping at once"
    return Candidate(
        "unnatural_motion",
        start,
        end,
        start + int(np.argmax(speed[inside])),
        (arcmin / ARCMIN) ** 0.85,
        0.6,
        f"something moves {arcmin:.0f} minutes of arc (rms) against its ground, {how}",
        evidence("own_path", arcmin, ARCMIN),
        ("shake", "teleportation", "bounce"),
        cells,
    )


def _is_abrupt(speed: Series, start: int, end: int, fps: float) -> bool:
    """True if it is at full speed within two frames from rest, and at rest again likewise."""
    if fps < 15 or end + 4 >= len(speed):
        return False
    level = float(np.median(speed[start : end + 1]))
    before, after = speed[max(1, start - 5) : start - 1], speed[end + 2 : end + 6]
    rest = max(float(before.max(initial=0.0)), float(after.max(initial=0.0)))
    slow = float((speed[start + 1 : end] < 0.4 * level).mean())
    return rest < 0.3 * level and slow < 0.2


def _turns(way: Series) -> int:
    """How often the motion turns round along its main direction; small steps are not asked."""
    _, _, axes = np.linalg.svd(way, full_matrices=False)
    along = way @ axes[0]
    clear = along[np.abs(along) > 0.25 * np.abs(along).max()]
    return int((np.diff(np.sign(clear)) != 0).sum())
