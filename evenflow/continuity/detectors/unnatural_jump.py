"""Unnatural jump: one step is several times as large as the steps before and after it.

Signals: raw change, length of the tile flow, and what motion leaves, each against the largest of
its neighbors, so that a hit, a fast pan or a shaky hand (which take several frames) do not count.
It is a step of the camera, or of everything where the camera stands: what changes in one place
alone, while the camera goes on as it went, is no jump.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.detectors.freeze import has_cadence, held
from evenflow.continuity.passage import L_PER_LOG, Passage, Series
from evenflow.continuity.robust import around

REACH = 4
LEAP = 3.0
"""The camera leaps where its step bends so many times as much as any step around it,"""
LEAP_PX = 0.6
"""and by so many pixels of the working size."""
SURFACE = frozenset({"high_frequency_noise", "edge_shimmer", "unstable_texture", "drift"})
"""What makes no camera leap."""
MOVED_CELLS, MOVED_PX = 5, 0.5
"""Where the camera stands at least so many cells are moved by so many pixels too far."""
ONE_SIGN, LIT_DE = 0.85, 0.6
"""Share of the cells' steps of lightness that remains in their mean, and that mean in dE, above
which it is a light that goes on or off: what moves is brighter here and darker there."""
MOVES_PX = 0.5
"""From this speed on a camera that moves has to leap, or nearly everything has to step."""
SPREAD_STILL, SPREAD_MOVING = 0.36, 0.6
"""Least share of the cells that step, where the camera stands and where it moves on."""


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


def _lit(passage: Passage, i: int) -> bool:
    """True if most cells become brighter at one frame, or most darker: a lamp."""
    steps = L_PER_LOG * passage.cells["gain"][i]
    steps = steps[np.isfinite(steps)]
    clear = steps[np.abs(steps) > 0.2]
    if len(clear) < 0.3 * len(steps):
        return False
    mean = abs(float(clear.mean()))
    return mean > LIT_DE and mean > ONE_SIGN * float(np.abs(clear).mean())


def leaps(camera: Series, i: int) -> bool:
    """True if the camera's step at one frame stands out from those around it."""
    bend = float(np.hypot(*(camera[i] - 0.5 * (camera[i - 1] + camera[i + 1]))))
    changes = np.hypot(*np.diff(camera, axis=0).T)  # entry k: from step k to k + 1
    near = np.concatenate([changes[max(1, i - 4) : i - 1], changes[i + 1 : i + 4]])
    return bend > max(LEAP_PX, LEAP * (float(near.max(initial=0.0)) + 0.15))


def moved(passage: Passage, i: int) -> int:
    """In how many cells the step to frame `i` lies far from what the steps around it lead to."""
    flow = np.stack([passage.cells["u"], passage.cells["v"]], axis=-1)[i - 1 : i + 2]
    off = np.hypot(*(flow[1] - 0.5 * (flow[0] + flow[2])).T)
    ramp = 0.5 * np.hypot(*(flow[2] - flow[0]).T)
    return int((off - ramp > MOVED_PX).sum())  # False at NaN


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
    camera = np.nan_to_num(passage.camera)
    speed = float(np.median(np.hypot(*camera[1:].T)))
    found = []
    for i in range(2, len(passage) - 1):
        if change[i] < 1.3 or (residual[i] < 1.2 and jump[i] < 4.0):
            continue
        if palette[i] > 0.2:  # a jump shows the same scene: the colors stay
            continue
        leap, share = leaps(camera, i), spread(passage, i)
        if not leap and share < (SPREAD_STILL if speed < MOVES_PX else SPREAD_MOVING):
            continue
        if not leap and moved(passage, i) < MOVED_CELLS:
            continue  # a key frame of the codec renews the whole picture, and nothing moves
        if not leap and _lit(passage, i):
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
                immune=(SURFACE if leap else frozenset())
                | frozenset({"shake"} if residual[i] > 2.2 else ()),
                spread=1.0 if leap else share,
            )
        )
    return found
