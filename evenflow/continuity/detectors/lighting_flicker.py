"""Lighting flicker: brightness goes up and down from frame to frame, while motion is accounted for.

Signal: the path of log luminance after motion compensation, without its running median; its rms
over half a second. A ramp or a lasting step leaves nothing behind the median.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.blocks import Found, gathered
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.picture import NUM_TILES
from evenflow.continuity.robust import running_median, running_rms, runs
from evenflow.continuity.severity import LUMA_FLICKER

LOCAL = 4.0
"""Least JND for a part of the picture, where things that move change the light as well."""


def flicker_path(passage: Passage) -> Series:
    """Log luminance without what lasts longer than a few frames, `(n,)`."""
    path = passage.tone[:, 0]
    return path - running_median(path, max(9, round(0.7 * passage.fps)))


def sustained(path: Series, start: int, end: int) -> float:
    """Share of frames in the span that deviate at all; single bad frames leave it low."""
    part = np.abs(path[start:end])
    if len(part) == 0:
        return 0.0
    return float((part > 0.2 * np.percentile(part, 92)).mean())


def detect(passage: Passage) -> list[Candidate]:
    """Spans in which most frames deviate in brightness, both ways, everywhere or in one place."""
    if len(passage) < 6 or passage.pairs[-1] is None:
        return []
    path = flicker_path(passage)
    found = []
    for start, end, size in _spans(path, passage.gain, passage.fps):
        tiles = _tiles(passage, path, start, end)
        found.append(_candidate(path, start, end, size, tiles))
    steps = np.nan_to_num(passage.of_tiles("tile_gain"))
    window = max(9, round(0.7 * passage.fps))
    paths = np.cumsum(steps, axis=0)
    paths = paths - running_median(paths, window)

    def look(block: tuple[int, ...]) -> list[Found]:
        own, parts = np.median(paths[:, block], axis=1), paths[:, block]
        made = []
        for start, end, size in _spans(own, np.median(steps[:, block], axis=1), passage.fps):
            rest = np.concatenate([own[: max(0, start - 2)], own[end + 2 :]])
            floor = float(np.sqrt((rest**2).mean())) if len(rest) >= 6 else np.inf
            alike = [_correlation(own[start:end], parts[start:end, k]) for k in range(len(block))]
            turns = _turns(own[start:end])
            if start <= 2:
                continue  # a screen or a fire that was there from the beginning
            clear = size > LOCAL and size * LUMA_FLICKER > 4.0 * floor
            if clear and min(alike) > 0.85 and turns > 0.4 * (end - start):
                made.append((start, end, size))
        return made

    for start, end, size, tiles in gathered(look):
        weaker = [c for c in found if start < c.end and end > c.start and c.severity < 0.7 * size]
        if all(end <= c.start or start >= c.end or c in weaker for c in found):
            found = [c for c in found if c not in weaker]
            own = np.median(paths[:, tiles], axis=1)
            found.append(_candidate(own, start, end, size, tiles))
    return found


def _spans(path: Series, gain: Series, fps: float) -> list[tuple[int, int, float]]:
    """Start, end and JND of stretches in which a path of brightness goes up and down."""
    window = max(6, round(0.5 * fps))
    rms = running_rms(path, window)
    made = []
    loudest = np.zeros_like(rms)  # in the run that a frame belongs to: a quiet rest is left out
    for start, end in runs(rms > LUMA_FLICKER, gap=window // 2):
        loudest[start:end] = rms[start:end].max()
    for start, end in runs((rms > LUMA_FLICKER) & (rms > 0.4 * loudest), gap=window // 2):
        loud = np.flatnonzero(np.abs(path[start:end]) > 0.35 * rms[start:end].max())
        if len(loud) == 0:
            continue
        first, last = start + int(loud[0]), start + int(loud[-1]) + 1
        part = path[first:last]
        turns = _turns(part)
        if last - first < 5 or turns < 3 or sustained(path, first, last) < 0.45:
            continue
        steps = np.sort(np.abs(np.nan_to_num(gain[first : last + 1])))
        small, large = (float(np.sqrt((s**2).mean())) for s in (steps[:-2], steps[-2:]))
        if small < max(1.5 * LUMA_FLICKER, 0.12 * large):
            continue  # one step or one bad frame, not an up and down
        up, down = np.percentile(part, 90), -np.percentile(part, 10)
        if min(up, down) < max(0.35 * float(np.sqrt((part**2).mean())), 0.5 * LUMA_FLICKER):
            continue
        made.append((first, last, float(rms[start:end].max()) / LUMA_FLICKER))
    return made


def _tiles(passage: Passage, path: Series, start: int, end: int) -> NDArray[np.bool_] | None:
    """Tiles that follow the flicker of the whole; None if most of them do."""
    steps = np.nan_to_num(passage.of_tiles("tile_gain"))[start : end + 1]
    own = np.diff(path[start - 1 : end + 1]) if start else np.diff(path[: end + 1], prepend=path[0])
    own = own[: len(steps)]
    power = float((own**2).sum())
    follows = (steps[: len(own)] * own[:, None]).sum(axis=0) > 0.5 * power
    return follows if 0 < follows.sum() <= 0.7 * NUM_TILES else None


def _correlation(a: Series, b: Series) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-12))


def _candidate(
    path: Series, start: int, end: int, size: float, tiles: NDArray[np.bool_] | None
) -> Candidate:
    percent = 100 * size * LUMA_FLICKER
    where = "brightness" if tiles is None else "brightness of a part of the picture"
    return Candidate(
        "lighting_flicker",
        start,
        end,
        start + int(np.argmax(np.abs(path[start:end]))),
        size,
        0.6 + 0.1 * min(4.0, size - 1.0),
        f"{where} goes up and down by {percent:.1f} % (rms) from frame to frame",
        evidence("luma_gain", percent, 100 * LUMA_FLICKER),
        ("cut", "exposure ramp"),
        tiles,
        # windows that were joined hold their light for a while
        immune=frozenset({"seam"} if _turns(path[start:end]) > 0.4 * (end - start) else ()),
    )


def _turns(path: Series) -> int:
    return int((np.diff(np.sign(np.diff(path))) != 0).sum())
