"""Afterimage: whether what appears at once is where things have just been, and fainter.

A thing that pops in, or somebody else in its place, was in none of the frames before. The copies
that a ghost leaves were: what is new there is a mixture of what a few frames of the last second
show in the very same places (led along the camera's path), each with its share. The shares are
fitted by non-negative least squares.

Source: Lawson & Hanson 1974, Solving Least Squares Problems, chapter 23.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage
from evenflow.continuity.region_steps import LEAST_CHANGE, aligned, changed, suspects

YOUNGEST, REACH_S = 2, 0.6
"""Frames that a copy is old at least, and seconds at most."""
EXPLAINED = 0.8
"""Least share of what is new, in squares, that the mixture says."""
LEAST, MOST = 0.08, 0.55
"""Share of the strongest copy."""
WHOLE, BACK = 0.7, 0.8
"""Share with which one frame alone explains what is new best, and share of the new that one frame
as it stands explains, from which on a place is simply back as it was: uncovered, or lit again."""
LEAST_AREA, MOST_AREA = 0.0025, 0.4
"""Share of the picture in which something appears."""
SHORTEST = 4
"""Frames that copies stay at least."""

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Afterimage:
    """What an appearance is made of.

    Args:
        age: frames, of the strongest copy.
        share: of the strongest copy, in [0, 1].
        explained: share of what is new that the copies say, in squares.
        contrast: rms of stale minus fresh where it lies, gray levels.
    """

    age: int
    share: float
    explained: float
    contrast: float


@dataclass(frozen=True)
class Haunted:
    """Copies that appear at once and stay for a while.

    Args:
        start, end: frames of the passage, half-open.
        mask: where, on the sketch of `start`, `(h, w)`.
        copies: what they are.
    """

    start: int
    end: int
    mask: NDArray[np.bool_]
    copies: Afterimage


def haunted(passage: Passage) -> list[Haunted]:
    """Every appearance of copies in a passage; worked out once for all who ask."""
    if "haunted" not in passage.shared:
        passage.shared["haunted"] = _find(passage)
    made: list[Haunted] = passage.shared["haunted"]
    return made


def _find(passage: Passage) -> list[Haunted]:
    made: list[Haunted] = []
    if len(passage) < 8 or passage.pairs[-1] is None:
        return made
    asked = sorted(suspects(passage), key=lambda s: s[0])
    for at, _, cells in asked:
        if any(one.start - 2 <= at <= one.end for one in made):
            continue
        best = max(_looked_at(passage, at, cells), key=lambda b: b[0].explained, default=None)
        if best is None:
            continue
        later = [(score, other) for other, score, _ in asked if other >= at + SHORTEST]
        end = max(later)[1] if later else len(passage)
        if end - at >= SHORTEST:
            made.append(Haunted(at, end, best[1], best[0]))
    return made


def _looked_at(
    passage: Passage, at: int, cells: NDArray[np.bool_]
) -> list[tuple[Afterimage, NDArray[np.bool_]]]:
    """The copies that explain what appears at a frame, in either of two ideas of where."""
    view = aligned(passage, at, cells)
    grid = cells.reshape(ROWS, COLS).astype(np.uint8)
    near = cv2.resize(grid, view.change.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    made = []
    for mask in (changed(view.change), near & (view.across > LEAST_CHANGE)):
        if LEAST_AREA < mask.mean() < MOST_AREA:
            found = afterimage(passage, at, mask)
            if found is not None:
                made.append((found, mask))
    return made


def afterimage(passage: Passage, at: int, mask: NDArray[np.bool_]) -> Afterimage | None:
    """The copies that make up what appears in a mask at frame `at`; None if they do not.

    Args:
        passage: with at least a few frames before `at`.
        at: first frame of the new state.
        mask: on the sketch of `at`, `(h, w)`.
    """
    reach = min(at, round(REACH_S * passage.fps))
    if reach < YOUNGEST + 1 or mask.sum() < 20:
        return None
    fresh = _led(passage, at - 1, at)[mask]
    new = (passage.sketch(at).astype(np.float32)[mask] - fresh).ravel()
    power = float(new @ new)
    ages = range(YOUNGEST, reach + 1)
    stale = [(_led(passage, at - k, at)[mask] - fresh).ravel() for k in ages]
    table = np.stack(stale, axis=1).astype(np.float64)
    shares, rest = nnls(table, new.astype(np.float64))
    best = int(np.argmax(shares))
    explained = 1.0 - rest**2 / max(power, 1e-6)
    if explained < EXPLAINED or not LEAST < shares[best] < MOST:
        return None
    alone = (table * new[:, None]).sum(axis=0), np.maximum((table**2).sum(axis=0), 1e-6)
    single = int(np.argmax(alone[0] ** 2 / alone[1] * (alone[0] > 0)))
    left = ((new[:, None] - table) ** 2).sum(axis=0).min()
    if alone[0][single] / alone[1][single] > WHOLE or left < (1.0 - BACK) * power:
        return None
    contrast = float(np.sqrt((table[:, best] ** 2).mean()))
    return Afterimage(ages[best], float(shares[best]), float(explained), contrast)


def _led(passage: Passage, i: int, at: int) -> Image:
    """Frame `i` along the camera's path to frame `at`, RGB float."""
    page = passage.sketch(i).astype(np.float32)
    size = (page.shape[1], page.shape[0])
    made: Image = cv2.warpPerspective(
        page, passage.camera_path(i, at), size, borderMode=cv2.BORDER_REPLICATE
    )
    return made
