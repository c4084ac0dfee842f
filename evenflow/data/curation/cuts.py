"""Cuts: where one shot ends and the next begins; a row with cuts is split into its shots.

A hard change to black or back splits the row as well, so that black stretches fall off; it is no
cut from one picture to another, and `black` marks it.

Source: `evenflow.motion.cuts`, with the guards of `evenflow.continuity.ledger`.
Differs: single steps in clips whose motion is otherwise followed well count as cuts too, where
nothing is found again although the pictures are built alike (`lone_steps`); dissolves during fast
motion do not.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.data.curation.black import black_frames
from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row
from evenflow.motion.cuts import FLASH, layout_likeness

SCORES = {"cuts": "cuts, fades and dissolves"}
MARKS = {"cut": "it holds more than one shot"}


FOLLOWED = 0.85
"""Median share of texture that is found again in the four steps before and behind."""
LOST = 0.65
"""Share that is found again at a cut: edges of one picture lie on some of the other's."""
INVALID = 0.4
"""Share of the picture whose motion agrees both ways, at a cut."""
ALIKE = 0.5
"""Likeness of layout above which more must be lost: the place is the same, seen from elsewhere."""
LEAST_DIFFERENCE = 10.0
"""Gray levels by which small pictures before and behind differ."""
HELD = 0.25
"""Gray levels of change of the tile that changes most below which a step is a hold."""
FAST = 0.2
"""Picture heights a second: in mixes of two shots the flow finds less than that."""


def lone_steps(statistics: Statistics) -> list[int]:
    """Frames that follow from nothing in a clip whose other frames do; sorted.

    Footage with noise and blur has its own, stricter rule (`evenflow.motion.cuts`); in clean and
    rendered clips edges of the new picture often fall on edges of the old one.
    """
    tracked, valid = statistics.tracked, statistics.valid
    thumbs = statistics.thumbs.astype(np.float32)
    found = []
    for i in range(1, len(statistics)):
        if not (valid[i] < INVALID and tracked[i] < LOST):
            continue
        near = np.concatenate([tracked[max(1, i - 4) : i], tracked[i + 1 : i + 5]])
        near = near[np.isfinite(near)]
        if len(near) < 2 or np.median(near) < FOLLOWED or tracked[i] > 0.7 * np.median(near):
            continue
        before, after = thumbs[i - 1], thumbs[i]
        likeness = abs(layout_likeness(before, after))
        same_place = likeness > ALIKE and not (tracked[i] < 0.3 and valid[i] < 0.25)
        if same_place or likeness > 0.8 or np.abs(before - after).mean() < LEAST_DIFFERENCE:
            continue
        held = i - 1
        while held > 0 and (statistics.same[held] or statistics.most_change[held] < HELD):
            held -= 1
        if 0 < held < i - 1:
            continue  # time went on behind a hold; what stood still from the beginning was no hold
        back = thumbs[i + 1 : i + FLASH + 1]
        if any(_same(before, one) for one in back) or any(
            _same(one, after) for one in thumbs[max(0, i - FLASH - 1) : i - 1]
        ):
            continue  # a flash, or the end of one
        found.append(i)
    return found


def _same(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    return layout_likeness(a, b) > 0.85 and float(np.abs(a - b).mean()) < 24.0


def changes(statistics: Statistics) -> list[tuple[int, int, str]]:
    """All changes of shot, sorted: frames `[start, end)` and kind."""
    made = []
    for start, end, kind in statistics.cuts:
        inside = statistics.tile_speed[start + 1 : end]
        if kind == "dissolve" and np.isfinite(inside).any() and np.nanmedian(inside) > FAST:
            continue
        made.append((start, end, kind))
    for i in lone_steps(statistics):
        if all(i < start or i > end for start, end, _ in made):
            made.append((i - 1, i, "cut"))
    return sorted(made)


def cuts(row: Row, statistics: Statistics) -> Verdict:
    """How many changes of shot, and when."""
    found = borders(statistics)
    marks = {}
    if found:
        times = ", ".join(f"{statistics.seconds[end]:.2f} s" for end in found[:8])
        marks["cut"] = f"{len(found) + 1} shots: new ones at {times}"
    return Verdict({"cuts": float(len(found))}, marks)


def borders(statistics: Statistics) -> list[int]:
    """First frame of every shot but the first, where one picture follows another."""
    made = []
    dark = black_frames(statistics)
    for start, end, kind in changes(statistics):
        if kind == "cut" and (dark[start] or dark[min(end, len(dark) - 1)]):
            continue
        if not (~dark[: start + 1]).any() or not (~dark[end:]).any():
            continue  # nothing on one side
        border = end if kind == "cut" else (start + end) // 2
        if 0 < border < len(statistics) and border not in made:
            made.append(border)
    return sorted(made)


def shots(statistics: Statistics) -> list[tuple[int, int]]:
    """Frames `[start, end)` of every shot; what belongs to a fade or a dissolve is left out.

    Returns:
        One shot, all frames, where nothing changes.
    """
    made, start = [], 0
    for first, end, kind in changes(statistics):
        stop = end if kind == "cut" else first
        if stop > start:
            made.append((start, stop))
        start = max(start, end)
    if len(statistics) > start:
        made.append((start, len(statistics)))
    return made
