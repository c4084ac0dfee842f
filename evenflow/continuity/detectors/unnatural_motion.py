"""Unnatural motion: something jitters, bobs or slides against its ground as no body could.

Signal: the cells' own motion (`evenflow.continuity.own_field`). A part of the picture, all of whose
cells do the same, is accelerated far beyond what the rest of the picture and the shot know, again
and again: it turns several times and ends about where it began. What moves fast but steadily has no
acceleration, what is thrown turns once, a camera that trembles takes the whole picture with it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, uniform_filter1d

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
ARCMIN = 3.0
"""rms displacement of a thing that is just seen to be wrong."""
_AROUND = np.ones((3, 3, 3), bool)


def detect(passage: Passage) -> list[Candidate]:
    """Parts of the picture that jitter or bob."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    steps = own_field(passage)
    pulls = np.zeros_like(steps)  # acceleration, pixels a frame a frame
    pulls[1:-1] = steps[2:] - steps[1:-1]
    window = max(3, round(0.3 * passage.fps) | 1)
    power = uniform_filter1d((pulls**2).sum(axis=2), window, axis=0, mode="nearest")
    size = np.sqrt(np.maximum(power, 0.0))
    usual = np.median(size, axis=1, keepdims=True)
    least = np.maximum(max(LEAST_STEP, BEYOND * float(np.median(usual))), BEYOND * usual)
    labels, num = label((size > least).reshape(-1, ROWS, COLS), _AROUND)
    if num == 0:
        return []
    volume = np.bincount(labels.reshape(-1))
    volume[0] = 0
    flat = labels.reshape(-1, NUM_CELLS)
    found = []
    most = 3 + int(len(passage) / passage.fps)
    for k in np.argsort(-volume, kind="stable")[:most]:
        if volume[k] < 4 * LEAST_CELLS:
            break
        made = _judged(passage, steps, flat == k)
        if made is not None:
            found.append(made)
    return found


def _judged(passage: Passage, steps: Series, part: NDArray[np.bool_]) -> Candidate | None:
    """The candidate if the part moves as one body does not."""
    area = part.sum(axis=1)
    loud = np.flatnonzero(area > 0.3 * area.max())
    first, last = int(loud[0]), int(loud[-1]) + 1
    cells = part[first:last].mean(axis=0) > 0.35
    if not LEAST_CELLS <= cells.sum() <= MOST_SHARE * NUM_CELLS:
        return None
    own = steps[:, cells].mean(axis=1)  # (n, 2)
    speed = np.hypot(own[:, 0], own[:, 1])
    moves = np.flatnonzero(speed[first:last] > 0.3 * np.percentile(speed[first:last], 80))
    start, end = first + int(moves[0]), first + int(moves[-1])
    if end - start < max(4, round(0.2 * passage.fps)) or start <= 2:
        return None
    inside = slice(start, end + 1)
    body = steps[inside][:, cells]
    pull = np.diff(body, axis=0)
    one = np.hypot(*pull.mean(axis=1).T).sum()
    alike = float(one / max(float(np.hypot(pull[..., 0], pull[..., 1]).mean(axis=1).sum()), 1e-9))
    seen = float(np.isfinite(passage.cells["u"][inside][:, cells]).mean())
    way = own[inside]
    returns = float(np.hypot(*way.sum(axis=0)) / max(float(speed[inside].sum()), 1e-9))
    if alike < ALIKE or seen < SEEN or returns > RETURNS or _turns(way) < TURNS:
        return None
    path = np.cumsum(way, axis=0)
    path = path - path.mean(axis=0)
    arcmin = float(np.sqrt((path**2).sum(axis=1).mean())) * passage.arcmin
    return Candidate(
        "unnatural_motion",
        start,
        end,
        start + int(np.argmax(speed[inside])),
        (arcmin / ARCMIN) ** 0.85,
        0.4 + 0.5 * alike,
        f"something moves {arcmin:.0f} minutes of arc (rms) to and fro against its ground, "
        f"turning {_turns(way)} times",
        evidence("own_path", arcmin, ARCMIN),
        ("shake", "teleportation", "bounce"),
        cells,
    )


def _turns(way: Series) -> int:
    """How often the motion turns round along its main direction; small steps are not asked."""
    _, _, axes = np.linalg.svd(way, full_matrices=False)
    along = way @ axes[0]
    clear = along[np.abs(along) > 0.25 * np.abs(along).max()]
    return int((np.diff(np.sign(clear)) != 0).sum())
