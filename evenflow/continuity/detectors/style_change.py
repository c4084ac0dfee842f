"""Style change: from one frame to the next the whole picture has another look, on the same scene.

Signal: a lasting step in what describes the look (means and spreads of L, a, b; gradient energy in
four octaves; share of flat area), each in units of what is just noticeable. The layout holds across
the step, else it is a cut.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.severity import STYLE

UNITS = np.array([3.0, 3.0, 2.0, 2.0, 2.0, 2.0, 0.25, 0.25, 0.3, 0.3, 0.08])
"""Just noticeable: dE of the means and spreads of L, a, b; log energy of four octaves; flat share."""
PALETTE_STEP = 0.08
"""Least difference of the color histograms; a scene that moves on changes them less from one frame to
the next than a new look does."""
WINDOW = 6
"""Frames on each side that the look is read from."""


def look(passage: Passage) -> Series:
    """What describes the look of each frame, in just-noticeable units, `(n, 11)`."""
    flat = np.array([[p.flat] for p in passage.pictures])
    return np.concatenate([passage.moments, passage.bands, flat], axis=1) / UNITS


def steps(values: Series) -> tuple[Series, Series]:
    """For each frame the length of the lasting step before it, and its share that comes at once.

    A trend on either side is taken out by extrapolating both sides to the step.
    """
    count = len(values)
    size, share = np.zeros(count), np.zeros(count)
    for i in range(3, count - 2):
        before, after = values[max(0, i - WINDOW) : i], values[i : i + WINDOW]
        lasting = np.median(after, axis=0) - np.median(before, axis=0)
        at_once = values[i] - values[i - 1]
        # what the frames on either side do anyway from one to the next
        usual = np.maximum(
            np.abs(np.diff(before, axis=0)).max(axis=0, initial=0.0),
            np.abs(np.diff(after, axis=0)).max(axis=0, initial=0.0),
        )
        spread = np.maximum(np.ptp(before, axis=0), np.ptp(after, axis=0))
        both = np.sign(lasting) * np.minimum(np.abs(lasting), np.abs(at_once))
        both = np.where(lasting * at_once > 0, both, 0.0)
        clear = np.sign(both) * np.maximum(0.0, np.abs(both) - 1.5 * usual - 0.5 * spread)
        size[i] = float(np.sqrt((clear**2).sum()))
        length = float(np.sqrt((lasting**2).sum()))
        share[i] = float(np.sqrt((both**2).sum())) / max(length, 1e-9)
    return size, share


def detect(passage: Passage) -> list[Candidate]:
    """Lasting steps of the look; the span runs to the step back, or to the end of the shot."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    values = look(passage)
    size, share = steps(values)
    palette = passage.of_pairs("palette_step")
    marks = []
    for i in np.argsort(-size):
        if size[i] < STYLE or share[i] < 0.55 or np.nan_to_num(palette[i]) < PALETTE_STEP:
            continue
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
            )
        )
    return found
