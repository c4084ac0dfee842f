"""Shake: the camera trembles above what a hand does.

Signal: the camera path without its smooth part (a cubic fitted to a third of a second around each
frame, Savitzky & Golay 1964), rms over half a second, in minutes of arc. It must turn back and
forth, and most of the picture must tremble alike, else it is something in the picture that moves.
"""

import numpy as np
from scipy.signal import savgol_filter

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.detectors.freeze import has_cadence, held
from evenflow.continuity.detectors.unnatural_jump import LEAP_PX, leaps
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.picture import NUM_TILES
from evenflow.continuity.robust import running_median, running_rms, runs
from evenflow.continuity.severity import SHAKE_ARCMIN, SHAKE_OF_SPEED


def tremble(passage: Passage) -> Series:
    """Camera position without its smooth part, rms over the picture, `(n,)`, minutes of arc."""
    rest = _rest(passage)
    made: Series = np.sqrt((rest**2).sum(axis=2).mean(axis=1))
    return made


def _rest(passage: Passage) -> Series:
    steps = np.nan_to_num(passage.camera_at_tiles)
    camera = np.nan_to_num(passage.camera)
    bends = np.hypot(*np.diff(camera, 2, axis=0).T)  # entry k: at step k + 1
    for i in (np.flatnonzero(bends > 2.0 * LEAP_PX) + 1).tolist():
        if leaps(camera, i):  # a jump is no tremble
            steps[i] = 0.5 * (steps[i - 1] + steps[i + 1])
    path = np.cumsum(steps, axis=0)
    flat = path.reshape(len(passage), -1)
    return smooth_free(flat, passage.fps).reshape(path.shape) * passage.arcmin


def smooth_free(path: Series, fps: float) -> Series:
    """A path without the cubic that follows it over a third of a second."""
    window = min(
        max(5, round(fps / 3) | 1), (len(path) - 1) | 1 if len(path) % 2 else len(path) - 1
    )
    if window < 5:
        return np.zeros_like(path)
    rest: Series = path - savgol_filter(path, window, 3, axis=0, mode="interp")
    return rest


def shared_tremble(passage: Passage, start: int, end: int) -> float:
    """Share of the tiles that tremble as the camera is said to, over frames `[start, end)`."""
    camera = np.diff(np.nan_to_num(passage.camera_at_tiles[start:end]), axis=0)  # (n, 48, 2)
    tiles = np.stack([passage.of_tiles("tile_u"), passage.of_tiles("tile_v")], axis=2)[start:end]
    size = np.hypot(camera[..., 0], camera[..., 1])
    off = np.hypot(*np.moveaxis(np.diff(tiles, axis=0) - camera, 2, 0))
    alike = off < 0.5 * size + 0.1
    moving = size > 0.15
    counted = np.isfinite(off) & moving
    if counted.sum() < NUM_TILES:
        return 0.0
    # a tile whose motion cannot be trusted speaks for nobody, but half of them have to speak
    spoken = counted.sum() / max(1, int(moving.sum()))
    return float(alike[counted].mean() * min(1.0, spoken / 0.5))


def detect(passage: Passage) -> list[Candidate]:
    """Stretches of at least a quarter second that tremble."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    if has_cadence(passage, held(passage)):
        return []  # drawings that are held move in steps
    rest = _rest(passage)
    size = tremble(passage)
    size = np.minimum(size, 3.0 * running_median(size, max(9, round(passage.fps))))
    window = max(6, round(0.5 * passage.fps))
    rms = running_rms(size, window)
    found = []
    for start, end in runs(rms > SHAKE_ARCMIN, gap=window // 2):
        loud = np.flatnonzero(size[start:end] > 0.35 * rms[start:end].max())
        if len(loud) == 0:
            continue
        first, last = start + int(loud[0]), start + int(loud[-1]) + 1
        part = rest[first:last].reshape(last - first, -1)
        loudest = part[:, int(np.argmax(part.std(axis=0)))]
        turns = int((np.diff(np.sign(np.diff(loudest))) != 0).sum())
        seconds = (last - first) / passage.fps
        if last - first < 6 or turns < 4 or turns / seconds < min(5.0, 0.4 * passage.fps):
            continue
        many = (size[first:last] > 0.3 * np.percentile(size[first:last], 92)).mean()
        if many < 0.4:
            continue
        if shared_tremble(passage, first, last) < 0.55:
            continue
        value = float(rms[first:last].max())
        speed = np.hypot(*passage.camera[first:last].T) * passage.arcmin
        threshold = max(SHAKE_ARCMIN, SHAKE_OF_SPEED * float(np.nanmedian(speed)))
        if value < threshold:
            continue
        found.append(
            Candidate(
                "shake",
                first,
                last,
                first + int(np.argmax(size[first:last])),
                value / threshold,
                0.5 + 0.1 * min(4.0, value / threshold - 1.0),
                f"the camera trembles by {value:.1f} minutes of arc (rms), "
                f"turning {turns / seconds:.0f} times a second",
                evidence("shake", value, threshold),
                ("pan", "unnatural_jump"),
            )
        )
    return found
