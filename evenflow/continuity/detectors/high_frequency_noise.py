"""High-frequency noise: grain or specks that are not there in the rest of the shot.

Signal: sigma of the Laplacian difference mask in the flatter tiles (fine grain, specks, coarse
grain) above the shot's own lower sixth; confirmed by what motion cannot explain. Grain that is
there from the first frame to the last is a look.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.blocks import Found, gathered
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import running_median, runs
from evenflow.continuity.severity import GRAIN

LOCAL = 3.0
"""Least JND for a part of the picture, where textures come and go with what moves."""
KINDS = ("fine grain", "specks", "coarse grain")
WEIGHTS = np.array([1.0, 0.4, 1.5])
"""Coarse grain is seen at less contrast than fine grain (peak sensitivity lies at 3 to 5 cycles a
degree). Specks are few and strong; a new look sharpens edges and must not pass for them."""


def excess_grain(passage: Passage) -> Series:
    """Grain above the shot's own, `(3, n)`, in gray levels of fine grain."""
    own = np.percentile(passage.grains, 15, axis=1, keepdims=True)
    excess: Series = WEIGHTS[:, None] * np.sqrt(np.maximum(passage.grains**2 - own**2, 0.0))
    return excess


def detect(passage: Passage) -> list[Candidate]:
    """Spans whose grain stands above the shot's own, in the whole picture or in a part of it."""
    if len(passage) < 6 or passage.pairs[-1] is None:
        return []
    each = excess_grain(passage)
    excess = each.max(axis=0)
    found = []
    for start, end, level in _spans(excess, passage.step_half):
        what = KINDS[int(np.argmax(np.median(each[:, start:end], axis=1)))]
        found.append(_candidate(excess, start, end, level, what, None))
    own = passage.tile_grain - np.percentile(passage.tile_grain, 15, axis=0)
    of_tiles = np.sqrt(np.maximum(own, 0.0) * (passage.tile_grain + 1e-9))

    def look(block: tuple[int, ...]) -> list[Found]:
        part = of_tiles[:, block].min(axis=1)  # all four tiles have to show it
        residual = passage.of_tiles("tile_residual")[:, block].mean(axis=1)
        return [
            (a, b, level / GRAIN) for a, b, level in _spans(part, residual) if level > LOCAL * GRAIN
        ]

    for start, end, size, tiles in gathered(look):
        weaker = [c for c in found if start < c.end and end > c.start and c.severity < 0.7 * size]
        if all(end <= c.start or start >= c.end or c in weaker for c in found):
            found = [c for c in found if c not in weaker]
            series = of_tiles[:, tiles].mean(axis=1)
            found.append(_candidate(series, start, end, size * GRAIN, "grain", tiles))
    return found


def _spans(excess: Series, residual: Series) -> list[tuple[int, int, float]]:
    """Start, end and level of what is loud, sudden and fresh."""
    steady = running_median(excess, 5) if len(excess) >= 8 else excess
    made = []
    for first, last in runs(np.minimum(excess, steady * 1.5) > 0.6 * GRAIN, gap=3):
        start, end = loud_part(excess, first, last)
        if end - start < 4:
            continue
        level = float(np.median(excess[start:end]))
        if level < 0.6 * GRAIN or not is_fresh(residual, start, end, level):
            continue
        rest = np.concatenate([excess[:start], excess[end:]])
        if len(rest) and float((rest > 0.7 * level).mean()) > 0.12:
            continue  # the shot had this grain before: focus comes back
        if is_sudden(excess, start, end):
            made.append((start, end, level))
    return made


def _candidate(
    excess: Series,
    start: int,
    end: int,
    level: float,
    what: str,
    tiles: NDArray[np.bool_] | None,
) -> Candidate:
    return Candidate(
        "high_frequency_noise",
        start,
        end,
        start + int(np.argmax(excess[start:end])),
        level / GRAIN,
        0.6 + 0.1 * min(4.0, level / GRAIN),
        f"{what} of {level:.1f} gray levels appears on top of the shot's own",
        evidence("noise", level, GRAIN),
        ("film grain", "sharp texture"),
        tiles,
    )


def is_fresh(step: Series, start: int, end: int, level: float) -> bool:
    """True if the grain is another one on every frame: texture would move along and cancel.

    Independent grain of sigma s adds 0.3 s, in squares, to what is left between two frames at 120
    lines; `step` is that residual, held against the frames next to the span.
    """
    inside = step[start + 1 : end]
    outside = np.concatenate([step[max(1, start - 8) : start], step[end + 1 : end + 9]])
    inside, outside = inside[np.isfinite(inside)], outside[np.isfinite(outside)]
    if len(inside) == 0 or len(outside) == 0:
        return True
    added = float(np.median(inside) ** 2 - np.median(outside) ** 2)
    return added > (0.12 * level) ** 2


def loud_part(excess: Series, start: int, end: int) -> tuple[int, int]:
    """The longest part of a run that is as loud as its louder half."""
    part = excess[start:end]
    loud = runs(part > 0.45 * float(np.percentile(part, 80)), gap=3)
    first, last = max(loud, key=lambda r: r[1] - r[0])
    return start + first, start + last


def is_sudden(excess: Series, start: int, end: int) -> bool:
    """True if the grain comes or goes within three frames, as nothing in a lens does."""
    level = float(np.median(excess[start:end]))
    rises = []
    if start > 2:
        inside, before = excess[start + 1 : start + 4], excess[max(0, start - 4) : start]
        rises.append(float(np.median(inside) - np.median(before)))
    if end < len(excess) - 2:
        inside, after = excess[max(0, end - 4) : end - 1], excess[end : end + 4]
        rises.append(float(np.median(inside) - np.median(after)))
    return bool(rises) and max(rises) > 0.5 * level
