"""Freeze: the picture stands still to the last grain while it moved before and moves after.

Signal: mean absolute change, against what is usual in the second around. A regular cadence (24
frames a second shown at 30, animation drawn on twos) is not a freeze, and neither is a rest: motion
goes on at its pace until a hold begins, and goes on at once, or leaps, where it ends.
"""

import cv2
import numpy as np

from evenflow.continuity.blocks import Found, gathered
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.picture import TILE_COLS, TILE_ROWS
from evenflow.continuity.robust import runs

SILENT = 0.12
"""Share of the usual change below which a step counts as none."""
STILL = 0.985
"""Least share of pixels that keep their value within one gray level."""
SUDDEN = 0.4
"""Share of the usual change that the steps beside a hold have at least: what slows down into a rest
and speeds up out of it stands still on purpose, and in a drawn picture to the last grain."""
CATCHES_UP = 1.3
"""Times the usual change behind a hold: the picture leaps to where it should be by then."""
BARE = 0.85
"""Share of pixels that keep their value while things move: nothing but those things ever changes,
so that the last grain says nothing, and only a leap tells a freeze from things that stop."""
LEAST_MOTION = 0.9
"""Gray levels of usual change below which nobody would miss the motion."""


def usual_change(change: Series, fps: float, start: int, end: int) -> float:
    """Median change in the second before and the second after, silent steps left out."""
    reach = max(4, round(fps))
    near = np.concatenate([change[max(1, start - reach) : start], change[end : end + reach]])
    near = near[np.isfinite(near)]
    if len(near) == 0:
        return 0.0
    loud = near[near > 0.25 * np.percentile(near, 75)]
    # one flash in a still scene is no motion
    return float(np.median(loud)) if len(loud) >= max(3, 0.3 * len(near)) else 0.0


def held(passage: Passage) -> list[tuple[int, int]]:
    """Runs of steps `[start, end)` in which nothing moves although it did before or does after."""
    change = np.nan_to_num(passage.change, nan=np.inf)
    made = []
    for start, end in runs(change < max(0.6, 0.25 * float(np.median(change[1:])))):
        usual = usual_change(change, passage.fps, start, end)
        if usual >= LEAST_MOTION:
            quiet = change[start:end] < max(0.1, min(0.5, SILENT * usual))
            quiet &= np.nan_to_num(passage.of_pairs("still")[start:end]) > STILL
            made += [(start + a, start + b) for a, b in runs(quiet)]
    return made


def has_cadence(passage: Passage, spans: list[tuple[int, int]]) -> bool:
    """True if holds of the same length come at regular distances through the passage."""
    if len(spans) < 4:
        return False
    starts = np.diff([s for s, _ in spans])
    lengths = np.array([e - s for s, e in spans])
    regular = np.abs(starts - np.median(starts)) <= 1
    return bool(regular.mean() > 0.7 and np.ptp(lengths) <= 2 and np.median(starts) < 12)


def hold_jnd(steps: int, usual: float) -> float:
    """JND of a hold of so many steps where the picture usually changes by so many gray levels.

    An engineering value: two steps in moderate motion are found, a third of a second is clear; one
    repeated frame passes for a slow shutter.
    """
    size = 1.5 * float(np.sqrt(steps)) * min(2.0, float(np.sqrt(usual / 2.0)))
    return 0.6 * size if steps == 1 else size


def detect(passage: Passage) -> list[Candidate]:
    """Holds of at least two steps, or of one step in fast motion."""
    if len(passage) < 6:
        return []
    spans = held(passage)
    if has_cadence(passage, spans):
        return []
    found = []
    for start, end in spans:
        usual = usual_change(passage.change, passage.fps, start, end)
        steps = end - start
        if _rests(passage, start, end, usual):
            continue
        if steps < 2 and not (usual > 4.0 and _moves(passage.change, start, end, usual)):
            continue
        found.append(
            Candidate(
                "freeze",
                start,
                end,
                (start + end) // 2,
                hold_jnd(steps, usual),
                0.95 if steps >= 3 else 0.75,
                f"the picture stands still for {steps} frame{'s' * (steps > 1)} "
                f"where it usually changes by {usual:.1f} gray levels a frame",
                evidence("change", float(passage.change[start:end].max()), SILENT * usual),
                ("still scene", "cadence"),
            )
        )
    return found + _in_places(passage, spans)


def _in_places(passage: Passage, spans: list[tuple[int, int]]) -> list[Candidate]:
    """Parts of the picture that stand still among parts that move, and then catch up at once."""
    tiles_change = np.nan_to_num(passage.of_tiles("tile_change"))
    moved = np.maximum(0.0, tiles_change - _lit(passage))

    def look(block: tuple[int, ...]) -> list[Found]:
        change = tiles_change[:, block]
        leaps = moved[:, block].min(axis=1)
        most, least = change.max(axis=1), change.min(axis=1)
        made = []
        for start, end in runs(most[1:] < 0.3):
            start, end = start + 1, end + 1
            usual = usual_change(least, passage.fps, start, end)
            if end - start < 3 or start < 3 or end >= len(most) or usual < LEAST_MOTION:
                continue
            sharp = least[start - 1] > 0.5 * usual and leaps[end] > 1.3 * usual
            if sharp and most[start:end].max() < max(0.1, 0.08 * usual):
                made.append((start, end, hold_jnd(end - start, usual)))
        return made

    found = []
    for start, end, size, tiles in gathered(look):
        if all(end <= a or start >= b for a, b in spans):
            found.append(
                Candidate(
                    "freeze",
                    start,
                    end,
                    (start + end) // 2,
                    size,
                    0.8,
                    f"a part of the picture stands still for {end - start} frames and catches up",
                    evidence("change", float(tiles_change[start:end, tiles].max()), 0.3),
                    ("still background", "cadence"),
                    tiles,
                )
            )
    return found


def _lit(passage: Passage) -> Series:
    """What more or less light alone changes of each tile, gray levels, `(n, 48)`."""
    size = (TILE_COLS, TILE_ROWS)
    luma = [
        cv2.resize(p.thumb.astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(-1)
        for p in passage.pictures
    ]
    gain = np.abs(np.nan_to_num(passage.of_tiles("tile_gain")))  # of linear light, in logs
    made: Series = np.array(luma, np.float64) * np.expm1(np.minimum(gain, 2.0) / 2.2)
    return made


def _rests(passage: Passage, start: int, end: int, usual: float) -> bool:
    """True if what moves comes to rest by itself, and nothing catches up with lost time.

    What stands from the first frame on has not moved yet: only a leap tells that it should have.
    """
    change = passage.change
    if end < len(change) and change[end] - _lit(passage)[end].mean() > CATCHES_UP * usual:
        return False
    if start <= 1:
        return True
    loud = np.nan_to_num(change) > 0.5 * usual
    if loud.any() and float(np.nanmedian(passage.of_pairs("still")[loud])) > BARE:
        return True
    beside = [change[i] for i in (start - 1, end) if 1 <= i < len(change)]
    return any(step < SUDDEN * usual for step in beside if np.isfinite(step))


def _moves(change: Series, start: int, end: int, usual: float) -> bool:
    before, after = change[max(1, start - 2) : start], change[end : end + 2]
    return bool(len(before) and len(after) and min(before.min(), after.min()) > 0.5 * usual)
