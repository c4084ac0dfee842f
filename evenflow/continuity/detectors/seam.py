"""Seam: where windows of a generator were joined, the whole picture steps a little and stays so.

Signals: color and brightness along the motion, grain, contrast and fine texture, and the camera's
place, each as a step at one frame that lasts, above what the signal does around it. One seam may be
anything; what tells them is that they come at a regular distance, or that the tone and the place
step at once. Between seams nothing happens: a staircase, neither a ramp nor a flicker.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import L_PER_LOG, Passage, Series
from evenflow.continuity.severity import SEAM_ARCMIN, SEAM_GRAIN, SEAM_TEXTURE, SEAM_TONE

REACH = 4
"""Frames on each side that a step is held against."""
SHORTEST_S = 0.16
"""Windows are no shorter."""
SHARED = 0.55
"""Least share of the picture that steps the same way."""
LARGEST = 14.0
"""JND of tone at one of two seams; a larger step is another look, if no third one follows."""
ALONE = 8.0
"""The same for tone or place of a single seam."""
LEAST_BOTH = 4.0
"""JND from which tone and place step together so clearly that neither is the other's shadow: a new
look moves nothing, and a jump has no other light."""
NEW_TEXTURE = 1.2
"""Step of the fine texture, in its units, from which a single step is a new look: where windows are
joined it steps by 0.5 at most."""
BLINKS = 0.18
"""Share of a step of tone that the next one leaves, below which a light goes on and off: a window
has its own look, a lamp the same two."""
STAIRS = 0.45
"""Least share of all change of tone that happens at the joints."""
UNITS = np.array([SEAM_TONE] * 3 + [SEAM_GRAIN] + [SEAM_TEXTURE] * 2 + [SEAM_ARCMIN] * 2)
TONE, GRAIN, TEXTURE, PLACE = slice(0, 3), slice(3, 4), slice(4, 6), slice(6, 8)
"""Columns of the table of steps."""


CAUSES = frozenset(
    {"style_change", "drift", "unnatural_jump", "image_flicker", "lighting_flicker", "shake"}
)
"""Kinds that a regular train of steps is the cause of."""


@dataclass(frozen=True)
class Joints:
    """Frames at which a window begins, and the distance between them (0 for a single one)."""

    frames: tuple[int, ...]
    period: int


def steps(passage: Passage) -> Series:
    """How far each signal steps at a frame and stays, signed, in just-noticeable units, `(n, 8)`.

    Lightness, a, b, grain, contrast of lightness, fine texture, camera x, camera y.
    """
    tone = passage.tone * np.array([L_PER_LOG, 1.0, 1.0])
    contrast = 2.0 * np.log(passage.moments[:, 3] + 1.0)
    texture = passage.bands[:, 1] - passage.bands[:, 3]
    place = np.cumsum(np.nan_to_num(passage.camera), axis=0) * passage.arcmin
    paths = np.column_stack([tone, passage.grain, contrast, texture, place])
    return lasting(paths / UNITS, REACH if passage.fps > 12 else REACH - 1)


def lasting(paths: Series, reach: int) -> Series:
    """What each path steps at a frame beyond its way before and after, and keeps; `(n, k)`.

    The step is what remains of it after the usual step around is taken off; it has to stand above
    the second largest step near, and the path has to stay: `reach` frames later it is still there.
    """
    count, _width = paths.shape
    made = np.zeros_like(paths)
    if count < 2 * reach:
        return made
    change = np.diff(paths, axis=0, prepend=paths[:1])
    pad = np.pad(change, [(reach, reach), (0, 0)], constant_values=np.nan)
    pad[reach] = np.nan  # there is no step to the first frame
    near = sliding_window_view(pad, 2 * reach + 1, axis=0)  # (n, k, 9)
    near = np.delete(near, reach, axis=2)
    with np.errstate(invalid="ignore"):
        usual = _nanmedian(near)
        off = np.sort(np.abs(near - usual[..., None]), axis=2)  # NaN last
    known = np.isfinite(near).sum(axis=2)
    rank = np.maximum(known - 2, 0)
    floor = np.take_along_axis(off, rank[..., None], axis=2)[..., 0]
    step = change - usual
    beyond = np.maximum(0.0, np.abs(step) - 1.5 * np.nan_to_num(floor))
    trend = usual[..., None]
    later = _window(paths, 1, reach) - paths[:, :, None] - np.arange(1, reach) * trend
    earlier = _window(paths, -reach, -1) - np.roll(paths, 1, axis=0)[:, :, None]
    earlier = earlier + np.arange(reach - 1, 0, -1) * trend
    sign = np.sign(step)
    # what comes back within the next frames, or was away just before, has not stayed
    back = np.nan_to_num(np.maximum(0.0, -_nanmedian(later) * sign))
    away = np.nan_to_num(np.maximum(0.0, _nanmedian(earlier) * -sign * -1.0))
    kept = np.minimum(beyond, np.maximum(0.0, np.abs(step) - 1.5 * np.maximum(back, away)))
    made[2:-2] = (sign * kept)[2:-2]
    return np.nan_to_num(made)


def _nanmedian(values: Series) -> Series:
    """Median over the last axis; NaN entries are left out."""
    ordered = np.sort(values, axis=-1)
    known = np.isfinite(values).sum(axis=-1)
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    high = np.minimum(high, values.shape[-1] - 1)
    pick = [np.take_along_axis(ordered, i[..., None], axis=-1)[..., 0] for i in (low, high)]
    made: Series = 0.5 * (pick[0] + pick[1])
    return made


def _window(paths: Series, first: int, end: int) -> Series:
    """Values from `first` to `end` (exclusive) relative to each frame, `(n, k, end - first)`."""
    reach = max(abs(first), abs(end))
    pad = np.pad(paths, [(reach, reach), (0, 0)], constant_values=np.nan)
    columns = [pad[reach + d : reach + d + len(paths)] for d in range(first, end)]
    return np.stack(columns, axis=2)


def shared_step(passage: Passage, i: int) -> float:
    """Share of the picture whose own color steps as the whole does."""
    tiles = passage.tile_tone[i]  # (48, 3)
    seen = np.isfinite(tiles[:, 0])
    if seen.sum() < 8:
        return 0.0
    near = np.moveaxis(passage.tile_tone[max(1, i - 3) : i + 4][:, seen], 0, 2)
    own = tiles[seen] - _nanmedian(near)
    whole = np.median(own, axis=0)
    length = float(np.linalg.norm(whole))
    return float((own @ whole > 0.35 * length**2).mean()) if length > 0 else 0.0


def joints_of(size: Series, fps: float) -> list[int]:
    """Frames that step by one unit or more, at least `SHORTEST_S` apart; the larger one counts."""
    shortest = max(3, round(SHORTEST_S * fps))
    kept: list[int] = []
    for i in np.argsort(-size, kind="stable"):
        if size[i] < 1.0:
            break
        if all(abs(int(i) - k) >= shortest for k in kept):
            kept.append(int(i))
    return sorted(kept)


def regular(frames: list[int]) -> int:
    """The period of a train of joints, 0 if it has none; the last one may come early or late."""
    if len(frames) < 2:
        return 0
    gaps = np.diff(frames)
    best = 0
    for period in sorted({int(g) for g in gaps} | {round(g / 2) for g in gaps}, reverse=True):
        if period < 3:
            continue
        slack = 1.0 if period >= 6 else 0.5
        for ends in (len(gaps), len(gaps) - 1):  # the last joint may be where the windows end
            part = gaps[:ends]
            if len(part) < 1 or (ends < len(gaps) and len(part) < 2):
                continue
            turns = np.round(part / period)
            off = np.abs(part - turns * period)
            if (turns >= 1).all() and (off <= slack * turns).all() and turns.mean() <= 1.5:
                return max(best, period)
    return best


def detect(passage: Passage) -> list[Candidate]:
    """The train of seams of a passage, or a single seam in which the tone and the place step."""
    if len(passage) < 8 or passage.pairs[-1] is None:
        return []
    table = steps(passage)
    groups = [np.sqrt((table[:, g] ** 2).sum(axis=1)) for g in (TONE, GRAIN, TEXTURE, PLACE)]
    tone, grain, texture, place = groups
    # neither texture nor place alone is a seam: an edge comes in, a hand twitches
    size = np.sqrt(tone**2 + grain**2 + np.where(tone + grain > 1.0, texture**2 + place**2, 0.0))
    size = np.where(place > ALONE, 0.0, size)  # time is missing there
    frames = [i for i in joints_of(size, passage.fps) if _whole(passage, i, table[i])]
    trains = _trains(frames, table, groups)
    return [
        _candidate(passage, train, table, size)
        for train in trains
        if not _blinks(table[list(train.frames)])
        and (
            staircase(passage, train) > (STAIRS if len(train.frames) > 2 else 0.6)
            or tone[list(train.frames)].max() < 1.0
        )
    ]


def _whole(passage: Passage, i: int, step: Series) -> bool:
    """True if most of the picture steps the same way, or all of it from its middle gray."""
    tone, grain = float(np.linalg.norm(step[TONE])), float(np.linalg.norm(step[GRAIN]))
    if tone >= 1.0 and tone >= 0.5 * grain:
        return shared_step(passage, i) > SHARED or abs(step[4]) > 1.5
    before = passage.tile_grain[max(0, i - 3) : i].mean(axis=0)
    more = passage.tile_grain[i : i + 3].mean(axis=0) - before
    return bool((more * np.sign(np.median(more)) > 0.3 * abs(np.median(more))).mean() > SHARED)


def _trains(frames: list[int], table: Series, groups: list[Series]) -> list[Joints]:
    """Joints that belong together."""
    while len(frames) >= 3:
        period = regular(frames)
        if not period and _comes_back(table[frames]):
            period = regular(frames[:-1])  # the last one is the way back, whenever that is
        if period:
            return [Joints(tuple(frames), period)]
        comb = _comb(frames)
        if comb:
            return [Joints(tuple(comb), regular(comb))]
        # drop the weakest: chance has put it there
        size = np.sqrt((table[frames] ** 2).sum(axis=1))
        if size.min() > 0.35 * np.median(size):
            return []
        frames = [f for k, f in enumerate(frames) if k != int(size.argmin())]
    if len(frames) == 2:
        tone = groups[0][frames]
        if tone.max() > LARGEST or tone.min() < 1.2:
            return []  # another look; or grain, which comes and goes with a codec
        a, b = table[frames[0]], table[frames[1]]
        returns = float(np.linalg.norm((a + b)[:6])) < 0.5 * float(np.linalg.norm(a[:6]))
        kinds = np.mean([[g[f] > 0.7 for g in groups] for f in frames], axis=0)
        if returns and not kinds[3]:
            return []  # something was switched on and off
        return [Joints(tuple(frames), frames[1] - frames[0])]
    tone, place = groups[0], groups[3]
    small = (tone < ALONE) & (place < 0.6 * ALONE)  # more is a jump, or a new look,
    small &= np.abs(table[:, 5]) < NEW_TEXTURE  # and so is another fine texture,
    small &= np.abs(table[:, 4]) < np.maximum(1.5, tone)  # or a contrast that tone cannot explain
    both = (tone > LEAST_BOTH) & (place > LEAST_BOTH) & (tone < LARGEST) & (place < ALONE)
    both &= np.abs(table[:, 4:6]).max(axis=1) < NEW_TEXTURE
    return [
        Joints((f,), 0)
        for f in frames
        if (tone[f] >= 1.0 and place[f] >= 2.0 and small[f]) or both[f]
    ]


def _comb(frames: list[int]) -> list[int]:
    """Four joints or more at one distance, if they are most of all; else none."""
    best: list[int] = []
    for period in {int(g) for g in np.diff(frames) if g >= 4}:
        for first in frames:
            off = [(f - first) - period * round((f - first) / period) for f in frames]
            on = [f for f, o in zip(frames, off, strict=True) if o == 0]
            if len(on) > len(best):
                best = on
    return best if len(best) >= max(4, 0.7 * len(frames)) and regular(best) else []


def _comes_back(steps_taken: Series) -> bool:
    """True if steps add up to nothing: the shot is itself again."""
    tones = steps_taken[:, TONE]
    usual = float(np.median(np.linalg.norm(tones, axis=1)))
    return float(np.linalg.norm(tones.sum(axis=0))) < 0.35 * usual


def _blinks(steps_taken: Series) -> bool:
    """True if four steps of tone or more are each taken back by the next: on and off."""
    tones = steps_taken[:, TONE]
    if len(tones) < 4:
        return False
    length = np.linalg.norm(tones, axis=1)
    left = np.linalg.norm(tones[1:] + tones[:-1], axis=1)
    return bool((left < BLINKS * np.maximum(length[1:], length[:-1])).mean() > 0.7)


def _candidate(passage: Passage, joints: Joints, table: Series, size: Series) -> Candidate:
    first, last = joints.frames[0], joints.frames[-1]
    end = len(passage)
    odd = abs((last - joints.frames[-2]) / joints.period - 1.0) > 0.15 if joints.period else False
    rest = (len(passage) - last) / max(1, joints.period)
    if len(joints.frames) > 2 and (rest > 1.3 or odd) and _comes_back(table[list(joints.frames)]):
        end = last  # the last window is the shot's own again
    severity = float(np.percentile(size[list(joints.frames)], 75))
    worst = int(joints.frames[int(np.argmax(size[list(joints.frames)]))])
    step = float(np.linalg.norm(table[worst, TONE]) * SEAM_TONE)
    how = (
        f"at {len(joints.frames)} frames, {joints.period / passage.fps:.2f} s apart,"
        if joints.period
        else "at one frame"
    )
    return Candidate(
        "seam",
        first,
        end,
        worst,
        severity,
        0.6 + 0.1 * min(3, len(joints.frames)) + (0.05 if severity > 3 else 0.0),
        f"{how} the whole picture steps by up to {step:.1f} dE and stays so",
        evidence("window_step", severity, 1.0),
        ("style_change", "lighting_flicker", "drift"),
        causes=CAUSES if joints.period else frozenset(),
    )


def staircase(passage: Passage, joints: Joints) -> float:
    """Share of what tone changes from the first joint on, in squares, that the joints change."""
    tone = np.diff(passage.tone * np.array([L_PER_LOG, 1.0, 1.0]), axis=0, prepend=0.0)
    part = tone[max(0, joints.frames[0] - REACH) :]
    length = np.linalg.norm(part - np.median(part, axis=0), axis=1)
    power = np.maximum(0.0, length - 0.3) ** 2
    at = np.array(joints.frames) - max(0, joints.frames[0] - REACH)
    return float(power[at].sum() / max(float(power.sum()), 1e-9))
