"""Drift: color or exposure runs away slowly and steadily.

Signal: the path of log luminance, a and b after motion compensation, in dE, held every half second
by one step across; the longest way that it goes in one direction, where a ramp explains it better
than a step, and most of the picture goes along.
"""

import cv2
import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import GOES_ON, L_PER_LOG, Passage, Series
from evenflow.continuity.picture import TILE_COLS, TILE_ROWS
from evenflow.continuity.robust import running_median
from evenflow.continuity.severity import TONE

ALIKE = 0.5
"""Least share of the picture that has to go the same way."""
LEAST_VALID = 0.45
"""Least share of the picture whose motion is known, median over the frames."""
LONGEST_MIX = 2.5
"""Seconds that a dissolve lasts at most, as `evenflow.motion.cuts.gradual` knows them."""
DARK, BRIGHT = 16, 200
"""Gray levels; beyond them a tile has no room for a cast, and says nothing where most have."""


def tone_path(passage: Passage) -> Series:
    """Path of the look in dE units, `(n, 3)`, single frames and flicker smoothed away."""
    path = passage.long_tone * np.array([L_PER_LOG, 1.0, 1.0])
    smooth: Series = running_median(path, max(5, round(0.4 * passage.fps)))
    return smooth


def detect(passage: Passage) -> list[Candidate]:
    """The stretch over which the look runs away farthest."""
    count = len(passage)
    if count < max(12, round(0.8 * passage.fps)):
        return []
    path = tone_path(passage)
    best: tuple[float, int, int] | None = None
    lengths = {count, count * 3 // 4, count // 2} | {
        round(s * passage.fps) for s in (1.0, 2.0, 4.0, 8.0, 16.0)
    }
    for length in sorted(n for n in lengths if 10 <= n <= count):
        for start in range(0, count - length + 1, max(1, length // 8)):
            part = path[start : start + length]
            way = ramp(part)
            if way is not None and (best is None or way > best[0] * 1.1):
                best = (way, start, start + length)
    if best is None or best[0] < TONE:
        return []
    way, start, end = best
    if shared_way(passage, start, end) < ALIKE or _lost(passage, start, end):
        return []
    start, end = _moving_part(path, start, end)
    if _passes(path, start, end) or _mixes(passage, start, end):
        return []
    ends = path[end - 1] - path[start]
    what = "brightness" if abs(ends[0]) > np.hypot(ends[1], ends[2]) else "color"
    return [
        Candidate(
            "drift",
            start,
            end,
            end - 1,
            way / TONE,
            0.5 + 0.1 * min(4.0, way / TONE),
            f"{what} runs away by {way:.1f} dE over {(end - start) / passage.fps:.1f} s",
            evidence("tone_path", way, TONE),
            ("style_change", "lighting_flicker"),
        )
    ]


def _moving_part(path: Series, start: int, end: int) -> tuple[int, int]:
    """The span without the quiet ends of it: from a twentieth of the way to all but one."""
    part = path[start:end] - path[start]
    whole = part[-1]
    share = part @ whole / max(float(whole @ whole), 1e-12)
    begun, done = np.flatnonzero(share > 0.05), np.flatnonzero(share < 0.95)
    if len(begun) == 0 or len(done) == 0 or done[-1] + 2 - begun[0] < 8:
        return start, end
    return start + max(0, int(begun[0]) - 1), start + int(done[-1]) + 2


def _passes(path: Series, start: int, end: int) -> bool:
    """True if the look goes back as slowly as it came, before or behind: a light that passes."""
    whole = path[end - 1] - path[start]
    share = (path - path[start]) @ whole / max(float(whole @ whole), 1e-12)  # 0 start, 1 end
    return _comes_back(share[end - 1 :]) or _comes_back(1.0 - share[start::-1])


def _comes_back(share: Series) -> bool:
    """True if a share falls from 1 to below a half, and takes its time."""
    low = np.flatnonzero(share < 0.5)
    if len(low) == 0:
        return False
    left = np.flatnonzero(share[: low[0]] > 0.85)
    return bool(low[0] - (left[-1] if len(left) else 0) >= 4)


def _lost(passage: Passage, start: int, end: int) -> bool:
    """True if motion is not followed well enough for many small steps of color to add up."""
    return bool(np.nanmedian(passage.of_pairs("valid")[max(1, start) : end]) < LEAST_VALID)


def _mixes(passage: Passage, start: int, end: int) -> bool:
    """True if another shot is mixed in: nothing fine of the first frame is in the last."""
    if end - start > LONGEST_MIX * passage.fps:
        return False
    return passage.goes_on(start, end - 1) < GOES_ON


def shared_way(passage: Passage, start: int, end: int) -> float:
    """Share of the tiles whose own color goes at least a third of the way in the same direction."""
    steps = passage.tile_tone[start + 1 : end]  # (n, 48, 3)
    seen = np.isfinite(steps[..., 0]).mean(axis=0) > 0.6
    light = np.mean([p.thumb for p in passage.pictures[start:end:8]], axis=0, dtype=np.float32)
    light = cv2.resize(light, (TILE_COLS, TILE_ROWS), interpolation=cv2.INTER_AREA).ravel()
    room = seen & (light > DARK) & (light < BRIGHT)
    seen = room if room.sum() >= 0.5 * seen.sum() else seen
    if seen.sum() < 8:
        return 0.0
    own = np.nan_to_num(steps[:, seen]).sum(axis=0)  # (tiles, 3)
    whole = passage.long_tone[end - 1] - passage.long_tone[start]
    whole = whole * np.array([L_PER_LOG, 1.0, 1.0])
    way = float(np.linalg.norm(whole))
    return float((own @ (whole / max(way, 1e-9)) > way / 3).mean())


def ramp(path: Series) -> float | None:
    """Length of the way from start to end in dE if it is a steady ramp, else None."""
    count = len(path)
    time = np.linspace(-0.5, 0.5, count)
    centered = path - path.mean(axis=0)
    slope = (time[:, None] * centered).sum(axis=0) / (time**2).sum()
    way = float(np.linalg.norm(slope))
    if way < 0.5:
        return None
    along = centered @ (slope / way)
    ramp_error = float(((along - time * way) ** 2).sum())
    total = np.concatenate([[0.0], np.cumsum(along)])
    split = np.arange(2, count - 1)
    # best two-level fit: squared error = total power - explained by the two means
    explained = total[split] ** 2 / split + (total[-1] - total[split]) ** 2 / (count - split)
    step_error = float((along**2).sum() - explained.max())
    if ramp_error > 0.5 * step_error:
        return None
    return way
