"""Sharpness pumping: sharp key frames and soft frames between them, again and again, or one burst.

Signal: log gradient energy of the two finest octaves above that of the fourth, which light and
contrast leave alone; its dips below the sharp frames on both sides. A fault has at least two of
about the same depth within little more than a second each, which take some frames to go down and
up, else they are single bad frames; or it has a single one that is deep and over in less than half
a second, while a focus pull there and back takes longer. Where the picture moves faster in the dips
than between them, it is motion that blurs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from evenflow.continuity.blocks import Found, gathered
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.picture import NUM_TILES, TILE_COLS, TILE_ROWS
from evenflow.continuity.severity import PUMPING

LONGEST_S = 1.3
"""Dips farther apart do not belong to one rhythm."""
SOFT = 0.3
"""Least share of frames that lie more than half way down."""
WIDTH = 1.5
"""Least frames that dips are wide, half way down: a rhythm has its way down and up."""
BURST, BURST_S = 3.5, 0.45
"""Least JND of a dip that stands alone, and its longest time half way down: the focus of a lens
goes there and back in half a second and more."""
LOCAL = 4.0
"""Least JND in a part of the picture, where textures come and go with what moves."""

CAUSES = frozenset(
    {"image_flicker", "style_change", "ghosting", "collapse", "high_frequency_noise"}
)
"""Kinds that a rhythm of the whole picture is the cause of: its soft or sharp frames alone."""


@dataclass(frozen=True)
class Rhythm:
    """Dips of a series: frames `[start, end)`, the bottoms, their usual depth."""

    start: int
    end: int
    bottoms: tuple[int, ...]
    depth: float


def sharpness(passage: Passage) -> Series:
    """Log gradient energy of the two finest octaves above the fourth, `(n,)`."""
    bands = passage.bands
    made: Series = bands[:, :2].mean(axis=1) - bands[:, 3]
    return made


def rhythms(series: Series, fps: float, least: float, *, bursts: bool = False) -> list[Rhythm]:
    """Runs of dips that are deep, near to each other and alike; with `bursts` also single ones."""
    longest = max(4, round(LONGEST_S * fps))
    # the sharp level ahead of the first frame and behind the last one is not known: it is the best
    # of what is near, so that a rhythm may run to the end of the shot
    near = min(longest, len(series))
    padded = np.concatenate([[series[:near].max()], series, [series[-near:].max()]])
    _, found = find_peaks(-padded, prominence=least, wlen=2 * longest + 1, width=0, rel_height=0.5)
    # the middle of a dip: at the bottom of a long one noise decides which frame is the lowest
    bottoms = np.round(0.5 * (found["left_ips"] + found["right_ips"])).astype(np.int64) - 1
    bottoms = np.clip(bottoms, 0, len(series) - 1)
    depths, widths = found["prominences"], found["widths"]
    made, group = [], [0] if len(bottoms) else []
    for i in range(1, len(bottoms) + 1):
        if i < len(bottoms) and bottoms[i] - bottoms[i - 1] <= longest:
            group.append(i)
            continue
        rhythm = _rhythm(series, bottoms[group], depths[group], widths[group])
        if rhythm is None and bursts:
            rhythm = _burst(series, bottoms[group], depths[group], widths[group], fps)
        if rhythm is not None:
            made.append(rhythm)
        group = [i]
    return made


def _rhythm(
    series: Series, bottoms: NDArray[np.int64], depths: Series, widths: Series
) -> Rhythm | None:
    deep = depths > 0.45 * np.percentile(depths, 75)
    bottoms, depths, widths = bottoms[deep], depths[deep], widths[deep]
    if len(bottoms) < 2 or np.median(widths) < WIDTH:
        return None  # single soft frames are images that flicker
    depth = float(np.median(depths))
    start = _edge(series, int(bottoms[0]), -1, depth)
    end = _edge(series, int(bottoms[-1]), 1, depth)
    if len(bottoms) == 2:
        cut_off = start == 0 or end == len(series)
        alike = widths.max() < 3.0 * widths.min() and depths.max() < 2.5 * depths.min()
        if cut_off or not alike or depth < 2.0 * PUMPING:
            return None  # two dips are a rhythm only if both are whole, clear and alike
    gaps = np.diff(bottoms)
    period = max(1.0, float(np.median(gaps)))
    off = np.abs(gaps - period * np.maximum(1.0, np.round(gaps / period)))
    if len(gaps) >= 3 and off.mean() > 0.3 * period:
        return None
    part = series[start:end]
    if (part < part.max() - 0.5 * depth).mean() < SOFT:
        return None
    # between two dips the picture is as sharp again as outside of them
    tops = [float(series[a : b + 1].max()) for a, b in zip(bottoms, bottoms[1:], strict=False)]
    lows = series[bottoms]
    back = [t - max(a, b) for t, a, b in zip(tops, lows, lows[1:], strict=False)]
    if np.median(back) < 0.45 * depth:
        return None
    depth = min(depth, float(np.median(back)))
    rough = float(np.median(np.abs(np.diff(series, 2))))
    if depth < min(2.5 * rough, 4.0 * PUMPING):
        return None  # every frame of this picture is as sharp as chance will have it
    return Rhythm(start, end, tuple(int(b) for b in bottoms), depth)


def _burst(
    series: Series, bottoms: NDArray[np.int64], depths: Series, widths: Series, fps: float
) -> Rhythm | None:
    """One dip far deeper than any around it, soon over, between frames that are equally sharp."""
    k = int(np.argmax(depths))
    depth, bottom = float(depths[k]), int(bottoms[k])
    if depth < BURST * PUMPING or not 2.0 * WIDTH <= widths[k] <= BURST_S * fps:
        return None
    if len(depths) > 1 and float(np.delete(depths, k).max()) > 0.4 * depth:
        return None
    start, end = _edge(series, bottom, -1, depth), _edge(series, bottom, 1, depth)
    near = max(3, round(0.3 * fps))
    before, after = series[max(0, start - near) : start], series[end : end + near]
    if min(len(before), len(after)) < 3:
        return None  # its way down, or back up, is not seen
    low, high = sorted((float(np.median(before)), float(np.median(after))))
    level = low - float(series[bottom])
    if high - low > 0.3 * depth or max(np.ptp(before), np.ptp(after)) > 0.5 * level:
        return None
    return Rhythm(start, end, (bottom,), min(depth, level))


def _edge(series: Series, bottom: int, step: int, depth: float) -> int:
    """Where a dip begins or ends: an eighth of its depth from the sharp level around."""
    i = bottom
    while 0 <= i + step < len(series):
        risen, more = series[i] - series[bottom], series[i + step] - series[i]
        if risen + more > 0.875 * depth or (risen > 0.5 * depth and more < 0.05 * depth):
            break  # sharp again, or as sharp as it gets
        i += step
    return i if step < 0 else i + 1


def blurred_by_motion(passage: Passage, rhythm: Rhythm) -> bool:
    """True if the picture moves clearly faster in most dips than at the sharp frames between."""
    speed = np.nan_to_num(passage.of_pairs("speed"))
    soft = np.array([speed[max(1, b - 1) : b + 2].mean() for b in rhythm.bottoms])
    tops = [(a + b) // 2 for a, b in zip(rhythm.bottoms, rhythm.bottoms[1:], strict=False)]
    tops = tops or [max(2, rhythm.start - 3), min(len(speed) - 2, rhythm.end + 3)]
    sharp = float(np.median([speed[max(1, t - 1) : t + 2].mean() for t in tops]))
    return bool((soft > max(3.0, 1.6 * sharp + 1.0)).mean() > 0.6)


def detect(passage: Passage) -> list[Candidate]:
    """Rhythms of the whole picture, else of a part of it."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    found = [
        _candidate(r.start, r.end, r, r.depth / PUMPING, None)
        for r in rhythms(sharpness(passage), passage.fps, 0.8 * PUMPING, bursts=True)
        if not blurred_by_motion(passage, r)
    ]
    tiles = _tile_texture(passage)
    whole = np.median(tiles, axis=1, keepdims=True)

    def look(block: tuple[int, ...]) -> list[Found]:
        part = 2.0 * (tiles - whole)[:, block].mean(axis=1)
        made = []
        for r in rhythms(part, passage.fps, LOCAL * PUMPING):
            rest = np.concatenate([part[: r.start], part[r.end :]])
            if len(r.bottoms) < 3 or len(rest) < 6 or np.ptp(rest) > 0.5 * r.depth:
                continue  # texture that comes and goes all the time is the scene's own
            each = 2.0 * (tiles - whole)[r.start : r.end, block]
            if np.nan_to_num(np.corrcoef(each, rowvar=False)).min() > 0.6:
                made.append((r.start, r.end, r.depth / PUMPING))
        return made

    for start, end, size, place in gathered(look):
        if all(end <= c.start or start >= c.end for c in found):
            rhythm = Rhythm(start, end, (), size * PUMPING)
            found.append(_candidate(start, end, rhythm, size, place))
    return found


def _tile_texture(passage: Passage) -> Series:
    """Log of the mean gradient per tile, `(n, 48)`; entry 0 is that of frame 1."""
    cells = passage.cells["texture"].reshape(-1, ROWS, COLS)
    down, across = ROWS // TILE_ROWS, COLS // TILE_COLS
    parts = cells.reshape(-1, TILE_ROWS, down, TILE_COLS, across).mean(axis=(2, 4))
    made: Series = np.log(parts.reshape(-1, NUM_TILES).astype(np.float64) + 0.5)
    made[0] = made[1]
    return made


def _candidate(
    start: int,
    end: int,
    rhythm: Rhythm,
    size: float,
    tiles: NDArray[np.bool_] | None,
) -> Candidate:
    where = "the picture" if tiles is None else "a part of the picture"
    percent = 100.0 * (1.0 - float(np.exp(-0.5 * rhythm.depth)))
    times = f"{len(rhythm.bottoms)} times" if rhythm.bottoms else "again and again"
    times = "once, in a burst" if len(rhythm.bottoms) == 1 else times
    return Candidate(
        "sharpness_pumping",
        start,
        end,
        rhythm.bottoms[len(rhythm.bottoms) // 2] if rhythm.bottoms else (start + end) // 2,
        size,
        0.6 + 0.05 * min(4.0, size) + 0.05 * min(4, len(rhythm.bottoms)),
        f"{where} loses {percent:.0f} % of its fine contrast and gets it back, {times}",
        evidence("sharpness", rhythm.depth, PUMPING),
        ("focus pull", "motion blur"),
        tiles,
        causes=CAUSES if tiles is None else frozenset(),
        immune=CAUSES if tiles is None else frozenset(),
    )
