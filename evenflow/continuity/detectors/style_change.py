"""Style change: from one frame to the next the whole picture has another look, on the same scene.

Signals: color and brightness along the motion step at one frame by more than they do around it, and
stay; gradient energy in four octaves and the share of flat area step and stay. Each is counted in
units of what is just noticeable. The layout holds across the step, else it is a cut.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import around
from evenflow.continuity.severity import STYLE

COLOR_UNIT = 1.5
"""dE along the motion, rms over the picture."""
MOVED = 1.8
"""dE along the motion beyond which grain cannot be the cause."""
RECOLORED = 4.0
"""dE by which the mean color steps, or its spread shrinks: grain cannot do that either."""
GRAIN_ONLY = frozenset({"high_frequency_noise"})
PALETTE_ALONE = 0.18
"""Least difference of the histograms that speaks without motion; skipped time stays below."""
PALETTE_UNIT = 0.08
"""Half the L1 distance of the histograms of L, a and b."""
TEXTURE_UNITS = np.array([0.25, 0.25, 0.3, 0.3, 0.08])
"""Log energy of four octaves, share of flat area."""
WINDOW = 6
"""Frames on each side that the look is read from."""
PALETTE_STEP = 0.06
"""Least difference of the color histograms for a step of color to count: a scene that moves on
changes them less from one frame to the next than a new look does."""


def color_steps(passage: Passage) -> Series:
    """How far the colors step before each frame and stay, in just-noticeable units, `(n,)`.

    Read along the motion where it can be followed, and from the histograms, which need no motion.
    """
    along = passage.color_step
    palette = np.nan_to_num(passage.of_pairs("palette_step"))
    valid = np.nan_to_num(passage.of_pairs("valid"))
    made = np.zeros(len(passage))
    for i in range(2, len(passage)):
        if palette[i] < PALETTE_STEP or not _stays(passage, i, palette[i]):
            continue
        by_histogram = _beyond(palette, i) / PALETTE_UNIT if palette[i] > PALETTE_ALONE else 0.0
        followed = np.isfinite(along[i]) and valid[i] > 0.5
        by_motion = _beyond(along, i) / COLOR_UNIT if followed else 0.0
        made[i] = max(by_histogram, by_motion)
    return made


def _beyond(series: Series, i: int) -> float:
    """How far an entry stands above its neighbors, the largest of which may be a fluke."""
    near = np.sort(around(series, i, 4))
    if len(near) < 3 or not np.isfinite(series[i]):
        return 0.0
    return max(0.0, float(series[i] - 1.5 * near[-2]))


def _stays(passage: Passage, i: int, step: float) -> bool:
    """True if neither side of the step shows the other side's colors: a flash gives them back."""
    palettes = [p.palette for p in passage.pictures]

    def apart(a: int, b: int) -> float:
        return float(0.5 * np.abs(palettes[a] - palettes[b]).sum(axis=1).mean())

    after = [apart(i - 1, j) for j in range(i + 1, min(i + 4, len(palettes)))]
    before = [apart(j, i) for j in range(max(0, i - 4), i - 1)]
    return min(after + before, default=0.0) > 0.5 * step


def texture_steps(passage: Passage) -> Series:
    """How far texture and flatness step before each frame and stay, in just-noticeable units."""
    flat = np.array([[p.flat] for p in passage.pictures])
    values = np.concatenate([passage.bands, flat], axis=1) / TEXTURE_UNITS
    made = np.zeros(len(passage))
    for i in range(3, len(passage) - 2):
        before, after = values[max(0, i - WINDOW) : i], values[i : i + WINDOW]
        lasting = np.median(after, axis=0) - np.median(before, axis=0)
        at_once = values[i] - values[i - 1]
        usual = np.maximum(
            np.abs(np.diff(before, axis=0)).max(axis=0, initial=0.0),
            np.abs(np.diff(after, axis=0)).max(axis=0, initial=0.0),
        )
        spread = np.maximum(np.ptp(before, axis=0), np.ptp(after, axis=0))
        both = np.where(lasting * at_once > 0, np.minimum(np.abs(lasting), np.abs(at_once)), 0.0)
        clear = np.maximum(0.0, both - 1.0 * usual - 0.5 * spread)
        made[i] = float(np.sqrt((clear**2).sum()))
    return made


def _recolored(passage: Passage, mark: int) -> float:
    """How far the mean of a and b steps at a frame, or their spread shrinks, in dE."""
    before, after = (
        np.median(passage.moments[part], axis=0)
        for part in (slice(max(0, mark - WINDOW), mark), slice(mark, mark + WINDOW))
    )
    step = after - before  # means of L, a, b, then their deviations
    return float(max(abs(step[1]), abs(step[2]), -step[4], -step[5]))


def look(passage: Passage) -> Series:
    """Means and spreads of color and texture, to recognize a look again, `(n, 11)`."""
    flat = np.array([[p.flat] for p in passage.pictures]) / TEXTURE_UNITS[4]
    return np.concatenate([passage.moments / 2.5, passage.bands / 0.27, flat], axis=1)


def detect(passage: Passage) -> list[Candidate]:
    """Lasting steps of the look; the span runs to the step back, or to the end of the shot."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    values = look(passage)
    color, texture = color_steps(passage), texture_steps(passage)
    size = np.hypot(color, np.where((texture > 2.5) | (color > 0), texture, 0.0))
    moved = np.array([_beyond(passage.color_step, i) for i in range(len(passage))])
    marks: list[int] = []
    for i in np.argsort(-size):
        if size[i] < STYLE:
            break
        if all(abs(int(i) - m) > WINDOW for m in marks):
            marks.append(int(i))
    marks.sort()
    found = []
    used: set[int] = set()
    for at, mark in enumerate(marks):
        if mark in used:
            continue
        end = len(passage)
        own = np.median(values[max(0, mark - WINDOW) : mark], axis=0)
        for later in marks[at + 1 :]:
            back = np.median(values[later : later + WINDOW], axis=0)
            held = np.median(values[max(mark, later - WINDOW) : later], axis=0)
            if np.linalg.norm(back - own) < 0.5 * np.linalg.norm(held - own):
                end = later
                used.add(later)
                break
        severity = float(size[mark] / STYLE)
        no_grain = moved[mark] > MOVED or _recolored(passage, mark) > RECOLORED
        found.append(
            Candidate(
                "style_change",
                mark,
                end,
                mark,
                severity,
                0.6 + 0.1 * min(4.0, severity - 1.0),
                f"the look steps by {size[mark]:.1f} just-noticeable units at once and stays, "
                "while the scene goes on",
                evidence("look_step", float(size[mark]), STYLE),
                ("cut", "image_flicker"),
                # grain has no mean: it moves no color along the motion, a new look does
                immune=GRAIN_ONLY if no_grain else frozenset(),
                causes=GRAIN_ONLY if no_grain else frozenset(),
            )
        )
    return found
