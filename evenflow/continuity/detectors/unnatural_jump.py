"""Unnatural jump: one step is several times as large as the steps before and after it.

Signals: raw change, length of the tile flow, and what motion leaves, each against the largest of
its neighbors, so that a hit, a fast pan or a shaky hand (which take several frames) do not count.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.detectors.freeze import has_cadence, held
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import around

REACH = 4


def isolation(series: Series, floor: float) -> Series:
    """How many times larger an entry is than the largest of its neighbors (from one apart)."""
    made = np.zeros(len(series))
    for i in range(1, len(series)):
        near = around(series, i, REACH)
        if len(near) >= 3 and np.isfinite(series[i]):
            made[i] = series[i] / max(float(near.max()), floor)
    return made


def excess_arcmin(passage: Passage) -> Series:
    """How far tiles jump beyond their neighbors' flow, minutes of arc, the 75th percentile."""
    u, v = passage.of_tiles("tile_u"), passage.of_tiles("tile_v")
    made = np.zeros(len(passage))
    if len(passage) < 4:
        return made
    for i in range(2, len(passage) - 1):
        before, after = np.stack([u[i - 1], v[i - 1]]), np.stack([u[i + 1], v[i + 1]])
        usual = 0.5 * (before + after)
        own = np.stack([u[i], v[i]])
        ramp = 0.5 * np.hypot(*(after - before))
        beyond = np.hypot(*(own - usual)) - np.nan_to_num(ramp)
        beyond = beyond[np.isfinite(beyond)]
        if len(beyond) >= 6:
            made[i] = max(0.0, float(np.percentile(beyond, 75))) * passage.arcmin
    return made


def spread(passage: Passage, i: int) -> float:
    """Share of the cells in which more is left off the edges than just before: a jump is everywhere
    where something moves, a region that becomes another only there."""
    flat = passage.cells["flat"]
    before = flat[max(1, i - 4) : i]
    if len(before) == 0:
        return 0.0
    usual = np.maximum(np.median(np.nan_to_num(before), axis=0), 0.3)
    return float((np.nan_to_num(flat[i]) > 1.4 * usual).mean())


def detect(passage: Passage) -> list[Candidate]:
    """Steps that stand alone."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    if has_cadence(passage, held(passage)):
        return []  # every step of drawings that are held stands alone
    change = isolation(passage.change, 0.8)
    residual = isolation(passage.step_half, 0.8)
    jump = excess_arcmin(passage)
    palette = np.nan_to_num(passage.of_pairs("palette_step"))
    found = []
    for i in range(2, len(passage) - 1):
        if change[i] < 1.3 or (residual[i] < 1.2 and jump[i] < 4.0):
            continue
        if palette[i] > 0.2:  # a jump shows the same scene: the colors stay
            continue
        alone = max(change[i], residual[i])
        severity = 4.0 * np.log2(max(alone, 1.0)) + min(4.0, jump[i] / 8.0)
        found.append(
            Candidate(
                "unnatural_jump",
                i,
                i + 1,
                i,
                float(severity),
                0.5 + 0.2 * min(2.0, alone - 1.0),
                f"one step is {alone:.1f} times as large as any of the steps around it",
                evidence("change", float(passage.change[i]), float(passage.change[i] / alone)),
                ("cut", "fast motion"),
                # a camera that trembles is followed by the flow and leaves nothing behind it
                immune=frozenset({"shake"} if residual[i] > 2.2 else ()),
                spread=spread(passage, i),
            )
        )
    return found
