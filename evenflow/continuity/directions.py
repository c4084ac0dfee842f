"""Directions: what a prompt says of which way, held against the measured camera and motion.

Needs no judge. A clause fails where the picture clearly goes the other way, where a camera that
should move stands still, or where one that should stand still moves. The path is measured in
degrees of visual angle (the picture's height is 18): a pan of 1.5 degrees the other way is clear
(3 JND), and every doubling adds 3. These are engineering values. What is neither clearly right nor
clearly wrong is left to a judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from evenflow.continuity.clauses import Clause, Direction
from evenflow.continuity.passage import LINES_DEG

Series = NDArray[np.float64]
CLEAR_DEG = 1.5
"""Way in degrees that is clearly one direction."""
STILL_DEG = 0.4
"""A camera whose whole path is shorter does not move."""
STEADY_DEG = 2.0
"""A camera that should stand still may drift so far (hands, heads, breath)."""
WITH_IT = 0.25
"""Least share of a path that has to go as asked, so that the rest is not simply the other way."""
WORDS = {
    ("x", 1): "right", ("x", -1): "left", ("y", 1): "down", ("y", -1): "up",
    ("zoom", 1): "in", ("zoom", -1): "out",
}  # fmt: skip


@dataclass(frozen=True)
class Graded:
    """What measuring says of a clause.

    Args:
        clause: the claim, or the first of several that only hold together.
        holds: True, False, or None where it is not clear.
        start, end: frames that fail, counted from the first frame read, half-open.
        peak: the worst of them.
        degrees: how far the other way.
        severity: in JND, 0 where it holds.
        explanation: one sentence.
        clauses: all claims that were graded together.
    """

    clause: Clause
    holds: bool | None
    start: int = 0
    end: int = 0
    peak: int = 0
    degrees: float = 0.0
    severity: float = 0.0
    explanation: str = ""
    clauses: tuple[Clause, ...] = ()


def grade(
    clauses: Sequence[Clause],
    series: Mapping[str, Series],
    *,
    fps: float,
    size: tuple[int, int],
) -> list[Graded]:
    """Grades every clause that has a direction.

    Args:
        clauses: in the order of the prompt.
        series: the signals `camera_x`, `camera_y`, `camera_zoom`, `own_x` and `own_y`.
        fps: frames per second.
        size: width and height of the source in pixels.
    """
    asked = [clause for clause in clauses if clause.direction is not None]
    asked.sort(key=_track)
    made = []
    for track, group in groupby(asked, key=_track):
        together = tuple(group)
        speeds = _speeds(track, series, fps=fps, size=size)
        if not np.isfinite(speeds).any():
            made.append(Graded(together[0], None, clauses=together))
        elif track[1] == "still":
            made.append(_steady(together, speeds))
        elif track[0] == "camera" and _carried_off(series):
            made.append(Graded(together[0], None, clauses=together))
        else:
            made.append(_along(together, speeds[:, 0], fps=fps))
    return made


def severity(degrees: float, least: float) -> float:
    """JND of a way the wrong way: 3 at `least`, 3 more with each doubling, 10 at most.

    >>> [round(severity(d, 1.5), 1) for d in (0.0, 1.5, 4.5, 40.0)]
    [0.0, 3.0, 6.0, 10.0]
    """
    return float(min(10.0, 3.0 * np.log2(1.0 + degrees / least)))


def _track(clause: Clause) -> tuple[str, str]:
    assert clause.direction is not None
    return clause.direction.who, clause.direction.axis


def _speeds(
    track: tuple[str, str], series: Mapping[str, Series], *, fps: float, size: tuple[int, int]
) -> Series:
    """Degrees a frame `(n, k)`, right, down and in positive, trembling smoothed away."""
    deg = LINES_DEG / size[1]
    columns = {  # a camera that pans right shifts the picture to the left
        "x": -deg * series["camera_x"],
        "y": -deg * series["camera_y"],
        # growth moves the right border, half a width from the center, by so much
        "zoom": deg * size[0] / 2 * np.log1p(series["camera_zoom"] / 100.0),
    }
    if track[0] == "own":
        columns = {"x": deg * series["own_x"], "y": deg * series["own_y"]}
    wanted = list(columns) if track[1] == "still" else [track[1]]
    raw = np.stack([columns[name] for name in wanted], axis=1).astype(np.float64)
    if not np.isfinite(raw).any():
        return raw
    return uniform_filter1d(np.nan_to_num(raw), max(1, round(0.25 * fps)), axis=0, mode="constant")


def _carried_off(series: Mapping[str, Series]) -> bool:
    """True if one large thing may have been taken for the camera: both move alike."""
    camera = np.stack([series["camera_x"], series["camera_y"]], axis=1)
    own = np.stack([series["own_x"], series["own_y"]], axis=1)
    size = np.hypot(camera[:, 0], camera[:, 1])
    alike = np.hypot(*(camera - own).T) < 0.4 * size  # False at NaN
    moving = size > 0.2
    return bool(moving.any() and alike[moving].mean() > 0.5)


def _steady(clauses: tuple[Clause, ...], speeds: Series) -> Graded:
    path = np.cumsum(speeds, axis=0)
    off = np.linalg.norm(path - path[0], axis=1)
    far = float(off.max())
    if far < STEADY_DEG:
        return Graded(clauses[0], True, clauses=clauses)
    way = np.cumsum(np.linalg.norm(speeds, axis=1))
    return _failed(
        clauses, way, far, severity(far, STEADY_DEG),
        f"the camera should stand still, and moves by {far:.1f} degrees",
    )  # fmt: skip


def _along(clauses: tuple[Clause, ...], speed: Series, *, fps: float) -> Graded:
    wanted = [c.direction for c in clauses if c.direction is not None]
    signs = [sign for sign, _ in groupby(d.sign for d in wanted)]
    _, rights = _best(speed, signs)
    wrong, wrongs = _best(speed, [-sign for sign in signs])
    total = float(np.abs(speed).sum())
    if min(rights) >= CLEAR_DEG / len(signs) and sum(rights) >= max(CLEAR_DEG, sum(wrongs)):
        return Graded(clauses[0], True, clauses=clauses)
    who, axis = wanted[0].who, wanted[0].axis
    asked = " and then ".join(WORDS[axis, sign] for sign in signs)
    thing, verb = ("the camera" if who == "camera" else "what moves"), "go"
    if axis == "zoom":
        verb = "zoom"
    degrees = sum(wrongs)
    with_it = (total - degrees) / 2.0 / max(total, 1e-9)
    if (
        min(wrongs) >= CLEAR_DEG / len(signs)
        and degrees >= max(CLEAR_DEG, 2.0 * sum(rights))
        and with_it < WITH_IT
    ):
        went = " and then ".join(WORDS[axis, -sign] for sign in signs)
        text = f"{thing} should {verb} {asked}, and {verb}es {went} by {degrees:.1f} degrees"
        text = text.replace("zoomes", "zooms")
        return _failed(clauses, np.cumsum(wrong), degrees, severity(degrees, CLEAR_DEG), text)
    if who == "camera" and total < STILL_DEG and len(speed) >= fps:
        text = f"the camera should {verb} {asked}, and does not move"
        return _failed(clauses, np.arange(len(speed)) + 1.0, 0.0, 3.0, text)
    return Graded(clauses[0], None, clauses=clauses)


def _failed(
    clauses: tuple[Clause, ...], way: NDArray[Any], degrees: float, jnd: float, text: str
) -> Graded:
    """A clause that fails over the frames in which most of the way is made."""
    low, high = 0.02 * way[-1], 0.98 * way[-1]
    start = int(np.argmax(way > low))
    end = max(start + 1, len(way) - int(np.argmax(way[::-1] < high)))
    peak = start + int(np.argmax(np.diff(way, prepend=0.0)[start:end]))
    return Graded(clauses[0], False, start, end, peak, degrees, jnd, text, clauses)


def _best(speed: Series, signs: Sequence[int]) -> tuple[Series, list[float]]:
    """The way along the signs in their order, each over the stretch that suits it best.

    Returns:
        Every frame's part of that way, and the way made along each sign.
    """
    num = len(signs)
    best = np.full((num, len(speed)), -np.inf)
    came = np.zeros((num, len(speed)), dtype=np.int64)
    for i, value in enumerate(speed):
        for k, sign in enumerate(signs):
            stay = best[k, i - 1] if i else (0.0 if k == 0 else -np.inf)
            step = best[k - 1, i - 1] if i and k else -np.inf
            came[k, i] = k if stay >= step else k - 1
            best[k, i] = max(stay, step) + sign * value
    parts, ways = np.zeros(len(speed)), [0.0] * num
    if len(speed) < num:
        return parts, ways
    k = num - 1
    for i in range(len(speed) - 1, -1, -1):
        parts[i] = signs[k] * speed[i]
        ways[k] += float(parts[i])
        k = int(came[k, i])
    return parts, ways


__all__ = ["Direction", "Graded", "grade", "severity"]
