"""Action sequence: segments of time stand in a wrong order, run backwards, or run twice.

Where two segments meet that do not belong together, the frame does not continue the one before it,
and yet its true continuation exists: it stands at an end of another segment. Skipped time (a jump)
has no continuation anywhere. A passage that turns round and shows its own frames again, last one
first, runs backwards; one that shows them again in the same order runs twice.

Signal: distances between all frames of the passage, from the luma of the sketches at 24 lines.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import around, running_median, runs

LINES = 24
LEAST_STEP = 0.02
"""Distance (share of the contrast of a frame) below which nothing can be said to move."""
SEAM = 2.0
"""A seam is at least so many times as large as the largest step near it."""
AGAIN = 0.4
"""Share of a usual step within which two frames count as the same one."""
STANDS = 0.25
"""Most that a frame that is held differs from the one before, as a share of a usual step."""
VISITS, LOOPS = 3, 0.2
"""Times that a frame of a loop is shown; a part that runs twice is shown two times. And the share
of such frames: where a turn does not last a whole number of frames, most lie between two others."""
EXPLAINED = frozenset(
    {
        "unnatural_jump", "image_flicker", "shake", "drift", "style_change", "teleportation",
        "vanish", "subject_swap", "background_switch", "unnatural_motion", "freeze", "ghosting",
        "identity_drift", "background_swim", "light_direction",
    }
)  # fmt: skip


def distances(passage: Passage) -> NDArray[np.float32]:
    """rms difference of every two frames, gain and offset removed, in shares of their contrast."""
    flat = []
    for picture in passage.pictures:
        high, wide = picture.sketch.shape[0] * 2 // 3, picture.sketch.shape[1]
        size = (max(8, round(wide * LINES / high)), LINES)
        small = cv2.resize(picture.sketch[:high], size, interpolation=cv2.INTER_AREA)
        values = small.astype(np.float32).reshape(-1)
        flat.append((values - values.mean()) / max(float(values.std()), 4.0))
    table = np.stack(flat) / np.sqrt(len(flat[0]), dtype=np.float32)
    power = (table * table).sum(axis=1)
    squared = power[:, None] + power[None, :] - 2.0 * cv2.mulTransposed(table, False)
    made: NDArray[np.float32] = np.sqrt(np.maximum(squared, 0.0))
    return made


def detect(passage: Passage) -> list[Candidate]:
    """Stretches that are out of order, backwards, or there twice."""
    count = len(passage)
    if count < 12 or passage.pairs[-1] is None:
        return []
    apart = distances(passage)
    steps = np.concatenate([[np.nan], np.diagonal(apart, 1)]).astype(np.float64)
    seams = _seams(steps)
    if seams and _loops(passage, apart, steps):
        return []
    found = _reordered(passage, apart, steps, seams)
    found += _backwards(passage, apart, steps, seams, found)
    found += _repeated(passage, apart, steps, seams, found)
    found += _turned(passage, apart, steps, found)
    moving = STANDS * float(np.nanmedian(steps))  # frames that are held have no order
    return [c for c in found if float(np.median(steps[c.start + 1 : c.end])) > moving]


def _loops(passage: Passage, apart: NDArray[np.float32], steps: Series) -> bool:
    """True if frames come back again and again: what repeats itself has no wrong order."""
    reach = AGAIN * max(float(np.nanmedian(steps)), 0.5 * LEAST_STEP)
    same = np.pad(apart < reach, ((0, 0), (1, 0)))
    visits = (same[:, 1:] & ~same[:, :-1]).sum(axis=1)
    return bool((visits >= VISITS).mean() > LOOPS)


def _usual(steps: Series, i: int) -> float:
    near = around(steps, i, 5, skip=1)
    return float(np.median(near)) if len(near) else np.inf


def _seams(steps: Series) -> list[int]:
    """Frames that do not continue the one before."""
    padded = np.pad(steps, 4, constant_values=np.nan)
    near = np.lib.stride_tricks.sliding_window_view(padded, 9).copy()
    near[:, 4] = np.nan
    near = np.sort(near, axis=1)  # NaN goes last
    seen = np.isfinite(near).sum(axis=1)
    # a segment may be short, so that the next seam is near: the second largest counts
    usual = np.where(seen > 2, near[np.arange(len(steps)), np.maximum(seen - 2, 0)], np.inf)
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(steps > np.maximum(LEAST_STEP, SEAM * usual)).tolist()


def _reordered(
    passage: Passage, apart: NDArray[np.float32], steps: Series, seams: list[int]
) -> list[Candidate]:
    """Seams whose true continuation is an end of another segment."""
    count = len(steps)
    borders = [0, *seams, count]
    joined: list[tuple[int, int]] = []
    for seam in seams:
        usual = max(_usual(steps, seam), 0.5 * LEAST_STEP)
        reach = min(1.6 * usual, 0.7 * float(steps[seam]))
        last = seam - 1
        for a, b in zip(borders, borders[1:], strict=False):
            # the frame before the seam goes on at the start of a segment, or at its end (reversed)
            ends = [e for e in (a, b - 1) if abs(e - last) > 1 and e not in (seam, 0, count - 1)]
            ends += [e for e in (0, count - 1) if e in (a, b - 1) and abs(e - last) > 3]
            joined += [(seam, e) for e in ends if apart[last, e] < reach]
            # the frame behind the seam continues the end of a segment, or its start (reversed)
            ends = [e for e in (a, b - 1) if abs(e - seam) > 1 and e not in (last, 0, count - 1)]
            ends += [e for e in (0, count - 1) if e in (a, b - 1) and abs(e - seam) > 3]
            joined += [(seam, e) for e in ends if apart[seam, e] < reach]
    made: list[Candidate] = []
    for group in _groups(joined, seams):
        start, end = min(group), max(group)
        if end - start < max(2, round(0.08 * passage.fps)):
            continue
        ratio = max(float(steps[s] / max(_usual(steps, s), 1e-6)) for s in group if 0 < s < count)
        made.append(_candidate(passage, start, end, ratio, "stand in another order than they ran"))
    return made


def _backwards(
    passage: Passage,
    apart: NDArray[np.float32],
    steps: Series,
    seams: list[int],
    found: list[Candidate],
) -> list[Candidate]:
    """Segments at one seam that fit on both sides once they are turned round (a 2-opt move)."""
    count = len(steps)
    least = max(3, round(0.12 * passage.fps))
    made: list[Candidate] = []
    for seam in seams:
        usual = max(_usual(steps, seam), 0.5 * LEAST_STEP)
        best: tuple[float, int, int] | None = None
        for other in range(1, count):
            a, b = min(seam, other), max(seam, other)
            if b - a < least:
                continue
            joints = float(apart[a - 1, b - 1]), float(apart[a, b])
            gain = float(steps[a] + steps[b]) - sum(joints)
            fits = max(joints) < min(1.5 * usual, 0.75 * float(steps[seam]))
            if fits and gain > 1.3 * usual and (best is None or gain > best[0]):
                best = gain, a, b
        if best is not None and all(best[2] <= c.start or best[1] >= c.end for c in found + made):
            ratio = float(steps[seam]) / usual
            made.append(_candidate(passage, best[1], best[2], ratio, "run backwards"))
    return made


def _groups(joined: list[tuple[int, int]], seams: list[int]) -> list[set[int]]:
    """Seams that exchange continuations, with the borders of what they exchange."""
    partners: dict[int, set[int]] = {}
    for seam, end in joined:
        partners.setdefault(seam, set()).add(end)
    groups: list[set[int]] = []
    for seam, ends in partners.items():
        borders = {seam}
        for end in ends:
            borders.add(min((0, *seams), key=lambda s: abs(s - end)))
        touching = [g for g in groups if g & borders]
        for group in touching:
            groups.remove(group)
            borders |= group
        groups.append(borders)
    # one seam alone with the first or last frame may be chance; two seams that fit are none
    return [g for g in groups if len(g & set(partners)) >= 2 or (len(g) >= 2 and 0 in g)]


def _repeated(
    passage: Passage,
    apart: NDArray[np.float32],
    steps: Series,
    seams: list[int],
    found: list[Candidate],
) -> list[Candidate]:
    """Frames behind a seam that are the same as a run of earlier ones, in the same order."""
    least = max(3, round(0.15 * passage.fps))
    known: dict[int, float] = {}
    made: list[Candidate] = []
    for seam in seams:
        for lag in range(least, seam + 1):
            length = 0
            while seam + length < len(steps) and length < lag:
                frame = seam + length
                if frame not in known:  # the same for every lag
                    known[frame] = max(_usual(steps, frame), 1e-6)
                usual = known[frame]
                if usual < LEAST_STEP or apart[seam + length, seam + length - lag] > AGAIN * usual:
                    break
                length += 1
            if length >= least and all(seam + length <= c.start or seam >= c.end for c in found):
                ratio = float(steps[seam] / max(_usual(steps, seam), 1e-6))
                made.append(_candidate(passage, seam, seam + length, ratio, "run twice"))
                break
    return made


def _turned(
    passage: Passage, apart: NDArray[np.float32], steps: Series, found: list[Candidate]
) -> list[Candidate]:
    """A passage that turns round without a seam and shows its own frames again, last one first."""
    count = len(steps)
    least = max(4, round(0.2 * passage.fps))
    length = np.zeros(count, dtype=int)
    if count < 2 * least + 2:
        return []
    usual_at = running_median(np.nan_to_num(steps, nan=float(steps[1])), 2 * least + 1)
    same = np.zeros(count, dtype=bool)
    same[1:-1] = np.diagonal(apart, 2) < AGAIN * usual_at[1:-1]
    for t in (np.flatnonzero(same[least : count - least]) + least).tolist():
        usual = float(usual_at[t])
        if usual < LEAST_STEP or min(steps[t], steps[t + 1]) < 0.6 * usual:
            continue  # what comes to rest and swings back may well come the same way
        k = 1
        while t - k >= 0 and t + k < count and apart[t - k, t + k] < AGAIN * usual:
            k += 1
        if k - 1 >= least and apart[t, t - k + 1] > 3 * usual:
            length[t] = k - 1
    made = []
    for start, end in runs(length > 0, gap=2):
        t = start + int(np.argmax(length[start:end]))
        span = t, t + int(length[t]) + 1
        if all(span[1] <= c.start or span[0] >= c.end for c in found):
            made.append(_candidate(passage, *span, 2.0, "run backwards"))
    return made


def _candidate(passage: Passage, start: int, end: int, ratio: float, what: str) -> Candidate:
    end = min(end, len(passage))
    seconds = (end - start) / passage.fps
    ratio = min(ratio, 30.0)  # a held frame before the seam makes any step endless
    severity = 1.5 * float(np.log2(1.0 + ratio)) + 4.0 * min(1.5, float(np.sqrt(seconds)))
    return Candidate(
        "action_sequence",
        start,
        end,
        start,
        severity,
        0.85,
        f"{end - start} frames {what}: what follows them stands elsewhere",
        evidence("step_ratio", ratio, SEAM),
        ("unnatural_jump", "cut"),
        immune=EXPLAINED,
        causes=EXPLAINED,
    )
