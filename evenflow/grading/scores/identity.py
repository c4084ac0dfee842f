"""Identity: the same color, marks, shape, kind and size from the first frame to the last."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw
from evenflow.grading.paths import runs
from evenflow.grading.reading import SEEN, Track
from evenflow.grading.signals import Look
from evenflow.world.words import FIXTURES, WALKERS

D = NDArray[np.float64]

LEAST_FRAMES = 6
LEAST_PIXELS = 45
"""Frames and pixels below which a track tells nothing of its looks."""
NONE = "nobody is seen well enough"


def worst(
    case: Case,
    measure: Callable[[Track, Look], tuple[float, int] | None],
    name: str,
    *,
    walkers: float = 1.0,
    fixtures: bool = False,
) -> Raw:
    """The largest of a measurement over the tracks, where and when.

    Args:
        walkers: weight of theirs: they are made of parts of many colors that turn.
        fixtures: whether what stands where it stands counts too.
    """
    best: tuple[float, int, Track] | None = None
    values: dict[str, float] = {}
    for track, look in zip(case.reading.tracks, case.signals.looks, strict=True):
        seen = look.least[track.state == SEEN]
        if not len(seen) or np.median(seen) < LEAST_PIXELS:
            continue
        if (track.kind in FIXTURES and not fixtures) or not case.known(track):
            continue
        found = measure(track, look)
        if found is None or not np.isfinite(found[0]):
            continue
        if track.kind in WALKERS:
            found = (walkers * found[0], found[1])
        values[f"{track.id} {track.color} {track.kind}"] = round(found[0], 4)
        if best is None or found[0] > best[0]:
            best = (found[0], found[1], track)
    if best is None:
        return Raw(None, NONE)
    span = Span(name, max(best[1], 0), max(best[1], 0) + 1, None, best[2].id, best[0])
    return Raw(best[0], spans=(span,), detail={"tracks": values})


def good(track: Track, look: Look) -> NDArray[np.bool_]:
    """Frames that show a track whole and large enough."""
    return np.asarray((track.state == SEEN) & track.whole & (look.least >= 0.6 * LEAST_PIXELS))


def clear(track: Track, look: Look) -> NDArray[np.bool_]:
    """Frames that show enough of a track to tell its color, whoever stands beside it."""
    return np.asarray((track.state == SEEN) & (look.least >= 0.6 * LEAST_PIXELS))


def steps(
    values: D, rows: NDArray[np.bool_], half: int = 3, area: D | None = None
) -> tuple[D, NDArray[np.int64]]:
    """Median of `half` frames from each on less that of as many before, among frames that count.

    Args:
        area: where given, steps over which it changes by more than a quarter are left out: there
            somebody was parsed in another way, or is cut.

    Returns:
        The differences `(k, d)` and the frames at which they stand.
    """
    index = np.flatnonzero(rows & np.isfinite(values).all(axis=1))
    if len(index) < 2 * half:
        return np.zeros((0, values.shape[1])), np.zeros(0, np.int64)
    row = values[index]
    out, at = [], []
    for i in range(half, len(row) - half + 1):
        if area is not None:
            one, two = np.median(area[index[i - half : i]]), np.median(area[index[i : i + half]])
            if not 0.75 < two / max(one, 1.0) < 1.33:
                continue
        out.append(np.median(row[i : i + half], axis=0) - np.median(row[i - half : i], axis=0))
        at.append(index[i])
    return np.array(out).reshape(-1, values.shape[1]), np.array(at, np.int64)


WINDOW = 8
"""Frames over which something must be rough to count: a hit or a slip of the eyes is shorter."""


def rough(values: D, rows: NDArray[np.bool_], area: D | None = None) -> tuple[float, int] | None:
    """The largest median of |second differences| over eight frames in a row, and where it is.

    Args:
        area: frames in which it changes by more than an eighth at once do not count.
    """
    ok = rows & np.isfinite(values).all(axis=1)
    if area is not None:
        jump = np.zeros(len(ok), np.bool_)
        ratio = area[1:] / np.maximum(area[:-1], 1.0)
        jump[1:] = (ratio < 0.85) | (ratio > 1.18)
        ok = ok & ~jump
    second = np.full(len(values), np.nan)
    for a, b in runs(ok):
        if b - a >= 3:
            part = values[a + 2 : b] - 2 * values[a + 1 : b - 1] + values[a : b - 2]
            second[a + 1 : b - 1] = np.linalg.norm(part, axis=1)
    return sustained(second)


def sustained(series: D) -> tuple[float, int] | None:
    """Largest median of a window of eight frames that has five known ones, and its first frame."""
    best: tuple[float, int] | None = None
    for t in range(max(len(series) - WINDOW + 1, 0)):
        part = series[t : t + WINDOW]
        part = part[np.isfinite(part)]
        if len(part) >= 5:
            value = float(np.median(part))
            if best is None or value > best[0]:
                best = (value, t)
    return best


def color_share(case: Case) -> Raw:
    """Share of frames with the color that most frames show; the worst track. One that is said to
    turn counts by its frames before or after."""
    best: tuple[float, Track] | None = None
    for track in case.reading.tracks:
        rows = track.colors[(track.colors >= 0) & (track.state == SEEN)]
        if len(rows) < LEAST_FRAMES or np.nanmedian(track.area[track.state == SEEN]) < 60:
            continue
        if case.told(track, "change_color"):
            continue
        share = float(np.bincount(rows).max() / len(rows))
        if best is None or share < best[0]:
            best = (share, track)
    if best is None:
        return Raw(None, NONE)
    return Raw(best[0], detail={"track": best[1].id})


def kind_share(case: Case) -> Raw:
    """Share of frames whose own vote is the kind of the whole track; the worst track."""
    best: tuple[float, Track] | None = None
    for track in case.reading.tracks:
        rows = track.looks[(track.looks >= 0) & (track.state == SEEN) & track.whole]
        if len(rows) < LEAST_FRAMES or track.kind in FIXTURES:
            continue
        if np.nanmedian(track.area[track.state == SEEN]) < 60:
            continue
        share = float(np.bincount(rows).max() / len(rows))
        if best is None or share < best[0]:
            best = (share, track)
    if best is None:
        return Raw(None, NONE)
    return Raw(best[0], detail={"track": best[1].id})


def color_step(case: Case) -> Raw:
    """Largest lasting step of a track's mean color, CIE76 difference with lightness at 0.5, beyond
    twice the median of its own steps (who turns shows other clothes); what the light of the whole
    picture did is taken out."""
    light = _light(case)

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        if case.told(track, "change_color"):
            return None
        values = look.lab * np.array([0.5, 1, 1]) - light * np.array([0.5, 0, 0])
        found, at = steps(values, clear(track, look), area=look.least)
        if not len(found):
            return None
        size = np.linalg.norm(found, axis=1)
        size = np.maximum(size - 2.0 * np.median(size), 0)
        return float(size.max()), int(at[size.argmax()])

    return worst(case, one, "color_change")


def _light(case: Case) -> D:
    """Lightness that the background's light adds in every frame, L of CIELAB, `(t, 1)`."""
    gain = np.nan_to_num(case.signals.step.mean(axis=1))
    total = np.cumsum(gain)
    return (38.0 * total)[:, None] / 1.0 * 0.87


def color_drift(case: Case) -> Raw:
    """Color of the last quarter of the frames against the first, as in `color_step`."""
    light = _light(case)

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        if case.told(track, "change_color"):
            return None
        values = look.lab * np.array([0.3, 1, 1]) - light * np.array([0.3, 0, 0])
        rows = np.flatnonzero(good(track, look))
        if len(rows) < 12:
            return None
        k = len(rows) // 4
        gap = np.median(values[rows[-k:]], axis=0) - np.median(values[rows[:k]], axis=0)
        shape = np.median(look.histogram[rows[-k:]], axis=0) - np.median(
            look.histogram[rows[:k]], axis=0
        )
        return float(np.linalg.norm(gap)) + 10 * float(np.abs(shape).sum()), int(rows[-k])

    return worst(case, one, "identity_drift")


def color_flicker(case: Case) -> Raw:
    """Root mean square second difference of a track's mean color, its roughest third."""

    light = _light(case)

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        return rough(look.lab - light * np.array([1.0, 0, 0]), clear(track, look), look.least)

    return worst(case, one, "color_flicker", walkers=0.5)


def swap(case: Case) -> Raw:
    """Largest lasting step of a track's hues, outline and kind at one time."""

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        if case.told(track, "change_color", "grow", "shrink"):
            return None
        rows = good(track, look)
        values = np.concatenate(
            [
                look.histogram * 0.5,
                np.sort(look.radius, axis=1) / 24**0.5 * 2.0,
                look.outline[:, 1:2] * 0.5,
                look.outline[:, 0:1] * 0.35,
            ],
            axis=1,
        )
        found, at = steps(values, rows)
        if not len(found):
            return None
        size = np.abs(found[:, :12]).sum(axis=1) + np.linalg.norm(found[:, 12:], axis=1)
        return float(size.max()), int(at[size.argmax()])

    return worst(case, one, "subject_swap")


def shape_drift(case: Case) -> Raw:
    """Size and proportions of the last quarter against the first, as logarithms."""

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        if case.told(track, "grow", "shrink", "sit", "stand", "spin", "turn"):
            return None
        rows = np.flatnonzero(good(track, look) & np.isfinite(look.outline[:, 0]))
        if len(rows) < 12:
            return None
        k = len(rows) // 4
        size = track.size.astype(np.float64)
        values = np.stack(
            [np.log(size) if np.isfinite(size[rows]).all() else 0 * size, look.outline[:, 1]],
            axis=1,
        )
        gap = np.median(values[rows[-k:]], axis=0) - np.median(values[rows[:k]], axis=0)
        return float(np.abs(gap).sum()), int(rows[-k])

    return worst(case, one, "identity_drift")


def edges(case: Case) -> Raw:
    """Wobble of outlines: how the motion of an outline changes from frame to frame, direction by
    direction, pixels, kept up for eight frames; walkers, whose limbs go, count by half."""

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        if case.told(track, "grow", "shrink", "lower", "raise", "open", "close", "shatter"):
            return None
        return sustained(np.where(track.state == SEEN, look.wobble, np.nan))

    return worst(case, one, "edge_shimmer", walkers=0.5, fixtures=True)


def texture(case: Case) -> Raw:
    """How marks jump inside their outline, kept up for eight frames: second differences of their
    slide in pixels, and what differs after it, levels of L, beyond what differs in its calmer
    half."""

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        rows = good(track, look) & np.isfinite(look.change)
        if rows.sum() < LEAST_FRAMES:
            return None
        found = rough(look.slide, rows, look.least)
        left = sustained(np.where(rows, look.change, np.nan))
        if left is None:
            return None
        calm = float(np.quantile(look.change[rows], 0.25))
        return left[0] - calm + (0.0 if found is None else found[0]), left[1]

    return worst(case, one, "unstable_texture")


def shading(case: Case) -> Raw:
    """Largest lasting step of the side from which somebody is lit, lightness across its width,
    beyond twice the median of its own steps."""

    def one(track: Track, look: Look) -> tuple[float, int] | None:
        if case.told(track, "spin", "turn", "change_color"):
            return None
        if track.kind not in WALKERS and track.pattern not in ("", "plain"):
            return None
        rows = clear(track, look)
        values = look.slope * np.sqrt(np.maximum(look.least, 1))[:, None]
        found, at = steps(values, rows, area=look.least)
        if not len(found):
            return None
        size = np.linalg.norm(found, axis=1)
        size = np.maximum(size - 2.0 * np.median(size), 0)
        return float(size.max()), int(at[size.argmax()])

    return worst(case, one, "light_direction", walkers=0.5)
