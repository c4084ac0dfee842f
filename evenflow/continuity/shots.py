"""Shots: what of the film goes on across a cut, and a subject that is another one behind it.

At the first frames of a shot its picture is held against the last and first frames of the shots
before. Where points of both lie as one camera move carries them, it is one place, and everything
else is compared on its grid: a part that stood out and still does, at the place and in the size
that it had, but in other colors and another pattern, while what is around it is the same, is a
subject that was swapped between shots. A cut to another scene is nobody's fault.

Source: points are ORB (Rublee et al. 2011, ICCV) on sketches drawn at twice their size; the camera
move is a similarity by RANSAC (Fischler & Bolles 1981, CACM 24(6)).
"""

from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.candidate import evidence
from evenflow.continuity.likeness import (
    Mask,
    Page,
    colors,
    grain_of,
    overlap,
    relit,
    ring,
    subject_of,
)
from evenflow.continuity.passage import Passage
from evenflow.continuity.severity import IDENTITY, MOST
from evenflow.continuity.trails import page
from evenflow.core.finding import Finding
from evenflow.core.report import Shot
from evenflow.core.span import Box, Span
from evenflow.motion.flow import MIN_SIDE, flow

KEPT = 6
"""Shots that a new one is held against: the pattern of an edit that returns is no longer."""
MARGIN = 2
"""Frames from a cut that are left out: transitions and their codec noise."""
MOST_POINTS = 480
LEAST_POINTS = 14
"""Points that have to follow one camera move for two pictures to show one place."""
CLEARER = 0.2
"""By how much an earlier shot has to be more like this one than the one before."""
MOST_ALIKE = 0.86
"""Likeness of the colors of two parts above which they may be one thing in another pose."""
PLAIN = 0.96
"""Likeness of a part to what is around it above which nobody need be there: it came, or it went."""
OTHER = 10.0
"""dE, rms, beyond which a part is another one; sketches of one thing differ by 3 to 6."""


@dataclass(frozen=True)
class View:
    """One frame of a shot.

    Args:
        lab: its page, CIELAB.
        gray: `(h, w)` uint8, for points.
        palette: histograms of L, a, b, `(3, 32)`.
        moments: means and deviations of L, a, b, `(6,)`.
    """

    lab: Page
    gray: NDArray[np.uint8]
    palette: NDArray[np.float32]
    moments: NDArray[np.float32]

    @cached_property
    def points(self) -> tuple[NDArray[np.float32], NDArray[np.uint8] | None]:
        """Places in shares of the picture, and their descriptions."""
        search = cv2.ORB_create(1500, 1.2, 5, 15, 0, 2, 0, 21, 6)
        places: dict[tuple[int, int], int] = {}
        kept = []
        high, wide = self.gray.shape
        for point in sorted(search.detect(self.gray), key=lambda p: -p.response):
            place = int(point.pt[0] * 6 / wide), int(point.pt[1] * 4 / high)
            places[place] = places.get(place, 0) + 1
            if places[place] <= MOST_POINTS // 24:  # one busy part must not take them all
                kept.append(point)
        found, words = search.compute(self.gray, kept)
        size = np.array(self.gray.shape[::-1], np.float32)
        return np.array([p.pt for p in found], np.float32).reshape(-1, 2) / size, words

    @cached_property
    def subject(self) -> Mask | None:
        """The part that stands out."""
        return subject_of(self.lab)


def view(passage: Passage, i: int) -> View:
    """Frame `i` of a passage."""
    rgb = passage.sketch(i)
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    gray = cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    picture = passage.pictures[i]
    return View(page(passage, i), gray, picture.palette, picture.moments)


@dataclass(frozen=True)
class Link:
    """A shot against an earlier one.

    Args:
        start: first frame of the shot.
        other: first frame of the earlier one.
        like: similarities in [0, 1]: subject (None where nothing stands out), palette, light,
            place.
        color_step: dE between the mean colors of what both show, or None if it is not one place.
        swap: where a subject is another one than it was, and by how many dE.
    """

    start: int
    other: int
    like: dict[str, float | None]
    color_step: float | None
    swap: tuple[Box, float] | None = None


@dataclass
class Film:
    """The shots seen so far: what is kept of each, and how each is like an earlier one."""

    size: tuple[int, int]
    links: list[Link] = field(default_factory=list)
    _shots: "deque[_Seen]" = field(default_factory=lambda: deque(maxlen=KEPT))
    _goes_on: bool = False

    def add(self, passage: Passage, *, closes: bool) -> None:
        """The next stretch of the film, all of one shot.

        Args:
            closes: the shot ends with it.
        """
        count = len(passage)
        if count == 0 or min(passage.sketch(0).shape[:2]) < 2 * MIN_SIDE:
            self._goes_on = False
            return
        last = view(passage, max(0, count - 1 - MARGIN))
        if self._goes_on and self._shots:
            self._shots[-1].last = last
        else:
            first = view(passage, min(count - 1, MARGIN))
            if self._shots:
                self.links.append(self._link(passage, first))
            self._shots.append(_Seen(passage.start, first, last))
        self._goes_on = not closes

    def _link(self, passage: Passage, first: View) -> Link:
        found = []
        for earlier in reversed(self._shots):
            compared = [_compared(v, first) for v in (earlier.last, earlier.first)]
            found.append((earlier, max(compared, key=lambda c: c.worth)))
        earlier, best = found[0]
        for other, candidate in found[1:]:
            if candidate.worth > best.worth + CLEARER:
                earlier, best = other, candidate
        swap = None
        if best.swapped is not None:
            mask, size = best.swapped
            swap = (_box(mask, self.size), size)
        return Link(passage.start, earlier.start, best.like, best.color_step, swap)


@dataclass
class _Seen:
    start: int
    first: View
    last: View


@dataclass(frozen=True)
class _Compared:
    like: dict[str, float | None]
    color_step: float | None
    swapped: tuple[Mask, float] | None

    @property
    def worth(self) -> float:
        """Mean similarity; the place counts twice."""
        palette, light, place = (self.like[k] or 0.0 for k in ("palette", "light", "place"))
        return (palette + light + 2.0 * place) / 4.0


def _compared(a: View, b: View) -> _Compared:
    like: dict[str, float | None] = {
        "subject": _subject(a, b),
        "palette": _palette(a, b),
        "light": _light(a, b),
        "place": 0.0,
    }
    way = camera_move(a, b)
    if way is None:
        like["place"] = _layout(a, b)
        return _Compared(_rounded(like), None, None)
    return _on_one_grid(a, b, way, like)


def _rounded(like: dict[str, float | None]) -> dict[str, float | None]:
    return {k: None if v is None else round(float(np.clip(v, 0, 1)), 3) for k, v in like.items()}


def _palette(a: View, b: View) -> float:
    def smooth(p: NDArray[np.float32]) -> NDArray[np.float32]:
        made: NDArray[np.float32] = cv2.GaussianBlur(p, (7, 1), 1.5)
        return made

    return 1.0 - float(0.5 * np.abs(smooth(a.palette) - smooth(b.palette)).sum(axis=1).mean())


def _light(a: View, b: View) -> float:
    gap = (a.moments - b.moments) / np.array([20.0, 8.0, 10.0, 12.0, 8.0, 8.0])
    return float(np.exp(-np.sqrt((gap**2).sum())))


def _layout(a: View, b: View) -> float:
    """Places that no camera move joins: how alike their rims are, never more than half."""
    small = [cv2.resize(v.lab, (16, 9), interpolation=cv2.INTER_AREA) for v in (a, b)]
    rim = np.ones((9, 16), dtype=bool)
    rim[2:-2, 3:-3] = False
    x, y = (s[rim] - s[rim].mean(axis=0) for s in small)
    same = float((x * y).sum() / max(np.sqrt(float((x * x).sum() * (y * y).sum())), 1e-6))
    height, width = a.lab.shape[:2]
    weight = np.ones((height, width), np.float32)
    weight[height // 5 : -(height // 5), width // 5 : -(width // 5)] = 0.0
    if a.lab.shape != b.lab.shape:
        return 0.0
    drawn = overlap(grain_of(a.lab, weight), grain_of(b.lab, weight))
    tint = overlap(colors(a.lab, weight), colors(b.lab, weight))
    return 0.5 * max(0.0, same) * tint * drawn


def _subject(a: View, b: View) -> float | None:
    if a.subject is None or b.subject is None:
        return None
    return alike(a.lab, a.subject, relit(b.lab, a.lab), b.subject)


def alike(a: Page, of_a: Mask, b: Page, of_b: Mask) -> float:
    """Similarity of a part of one page to a part of another, in [0, 1], whatever their poses."""
    tint = overlap(colors(a, of_a), colors(b, of_b))
    drawn = overlap(grain_of(a, of_a), grain_of(b, of_b))
    return float(tint * max(0.0, 2.0 * drawn - 1.0) ** 0.5)


def camera_move(a: View, b: View) -> NDArray[np.float64] | None:
    """Similarity from the page of `b` to that of `a`, `(2, 3)`; None if it is not one place."""
    (at_a, words_a), (at_b, words_b) = a.points, b.points
    if words_a is None or words_b is None or min(len(words_a), len(words_b)) < LEAST_POINTS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(words_b, words_a, k=2)
    good = [m for m, *n in pairs if not n or m.distance < 0.85 * n[0].distance]
    if len(good) < LEAST_POINTS:
        return None
    high, wide = a.lab.shape[:2]
    size = np.array([wide, high], np.float32)
    source = np.array([at_b[m.queryIdx] for m in good]) * size
    target = np.array([at_a[m.trainIdx] for m in good]) * size
    way, inliers = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=2.0, maxIters=1500
    )
    if way is None or int(inliers.sum()) < max(LEAST_POINTS, 0.15 * len(good)):
        return None
    inside = source[inliers.ravel() > 0]
    if len(np.unique((inside / size * 4).astype(int), axis=0)) < 4:  # all in one corner
        return None
    scale = float(np.sqrt(abs(np.linalg.det(way[:, :2]))))
    if not 0.33 < scale < 3.0:
        return None
    made: NDArray[np.float64] = way
    return made


def _on_one_grid(
    a: View, b: View, way: NDArray[np.float64], like: dict[str, float | None]
) -> _Compared:
    height, width = b.lab.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpAffine(a.lab, way, (width, height), flags=flags)
    seen = cv2.warpAffine(np.ones_like(a.lab[..., 0]), way, (width, height), flags=flags)
    inside = cv2.erode((seen > 0.99).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if inside.mean() < 0.15:
        like["place"] = 0.5
        return _Compared(_rounded(like), None, None)
    drawn = _settled(drawn, b.lab)
    step = np.median(b.lab[inside] - drawn[inside], axis=0)
    drawn = relit(drawn, b.lab, inside)
    gap = apart(drawn, b.lab, inside)
    same = (gap < OTHER) & inside
    like["place"] = 0.5 + 0.5 * float(same.sum() / inside.sum())
    changed = ((gap >= OTHER) & inside).astype(np.uint8)
    changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    whole = int(inside.sum())
    best: tuple[Mask, float] | None = None
    for label in range(1, count):
        area = int(stats[label, cv2.CC_STAT_AREA])
        mask = labels == label
        if area < 0.008 * whole or changed.sum() > 0.5 * whole:
            continue
        size = float(np.sqrt((gap[mask] ** 2).mean()))
        if _swapped(drawn, b.lab, mask, inside) and (best is None or size > best[1]):
            best = (mask, size)
    if best is not None:
        like["subject"] = alike(drawn, best[0], b.lab, best[0])
    elif b.subject is not None and (b.subject & inside).sum() > 0.6 * b.subject.sum():
        part = b.subject & inside
        like["subject"] = max(like["subject"] or 0.0, alike(drawn, part, b.lab, part))
    return _Compared(_rounded(like), float(np.linalg.norm(step)), best)


def _settled(drawn: Page, here: Page) -> Page:
    """Takes back what the camera move leaves: parallax and lens, a pixel or two."""
    grays = [
        np.ascontiguousarray(np.clip(p[..., 0] * 2.55, 0, 255).astype(np.uint8))
        for p in (here, drawn)
    ]
    if min(grays[0].shape) < MIN_SIDE:
        return drawn
    found = cv2.blur(np.clip(flow(grays[0], grays[1]), -2.0, 2.0), (7, 7))
    height, width = grays[0].shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    way = np.stack([x, y], axis=-1) + found
    made: Page = cv2.remap(drawn, way, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return made


def apart(a: Page, b: Page, inside: Mask) -> NDArray[np.float32]:
    """How far two pages differ round each pixel in dE; broad lightness counts a third."""
    whole = b - a
    whole[..., 0] -= np.float32(0.65) * cv2.GaussianBlur(whole[..., 0], (0, 0), 2.5)
    power = (whole**2).sum(axis=-1) * inside
    weight = cv2.blur(inside.astype(np.float32), (5, 5))
    made: NDArray[np.float32] = np.sqrt(cv2.blur(power, (5, 5)) / np.maximum(weight, 1e-3))
    return made


def _swapped(before: Page, after: Page, mask: Mask, inside: Mask) -> bool:
    """True if a part that stood out still does, and is another one; nobody merely came or went."""
    around = ring(mask) & inside
    if around.sum() < 12:
        return False
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    if rows[0] == 0 or cols[0] == 0 or rows[-1] == height - 1 or cols[-1] == width - 1:
        return False
    kept = float(np.sqrt(((before - after)[around] ** 2).sum(axis=1).mean()))
    if kept > 2.0 * OTHER:
        return False
    if overlap(colors(before, mask), colors(after, mask)) > MOST_ALIKE:
        return False
    plain = max(overlap(colors(p, mask), colors(p, around)) for p in (before, after))
    if plain < PLAIN:
        return True
    stands = [
        subject_of(p) for p in (before, after)
    ]  # of one color with its ground, yet the subject
    return all(s is not None and (s & mask).sum() > 0.4 * mask.sum() for s in stands)


def _box(mask: Mask, size: tuple[int, int]) -> Box:
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    (high, wide), (width, height) = mask.shape, size
    return (
        int(cols[0] * width // wide),
        int(rows[0] * height // high),
        int((cols[-1] + 1) * width // wide),
        int((rows[-1] + 1) * height // high),
    )


def linked(shots: tuple[Shot, ...], links: list[Link]) -> tuple[Shot, ...]:
    """The shots with their likeness to earlier ones."""
    starts = np.array([s.start_frame for s in shots])
    made = list(shots)
    for link in links:
        number = int(np.abs(starts - link.start).argmin())
        other = int(np.abs(starts - link.other).argmin())
        if number > 0 and other < number:
            shot = shots[number]
            like: dict[str, Any] = {"shot": other, **link.like}
            made[number] = Shot(shot.start_frame, shot.end_frame, like)
    return tuple(made)


def swaps(
    shots: tuple[Shot, ...], links: list[Link], *, seconds: NDArray[np.float64], first: int
) -> list[Finding]:
    """A finding for every subject that is another one behind a cut; it lasts as long as the shot.

    Args:
        seconds: presentation time of every frame.
        first: number of the first of them.
    """
    starts = np.array([s.start_frame for s in shots])
    made = []
    for link in links:
        if link.swap is None:
            continue
        box, size = link.swap
        shot = shots[int(np.abs(starts - link.start).argmin())]
        severity = min(MOST, size / (2.0 * IDENTITY))
        span = Span("subject_swap", shot.start_frame, shot.end_frame, box, None, round(severity, 2))
        made.append(
            Finding(
                span,
                shot.start_frame,
                float(seconds[shot.start_frame - first]),
                float(seconds[shot.end_frame - first - 1]),
                severity,
                0.6,
                "between shots a subject becomes another one: the place goes on, and what stands "
                f"there differs by {size:.0f} dE from what stood there",
                evidence("own_past", size, OTHER),
                ("cut", "color_change"),
            )
        )
    return made
