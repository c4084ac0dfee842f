"""Timing: deeds of a script share the seconds of their shots, in the order of telling.

A deed has a shortest and a natural duration. Seconds that a caption gives are kept; the others
share what is left, never below their shortest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from evenflow.core.errors import BadInput
from evenflow.world.script import Deed, Script

DURATIONS: dict[str, tuple[float, float]] = {
    "roll": (0.6, 1.3), "slide": (0.5, 1.0), "drop": (0.6, 0.9), "throw": (0.7, 1.0),
    "spin": (0.5, 1.2), "swing": (0.8, 2.2), "rise": (0.7, 1.6), "hit": (0.3, 0.5),
    "bounce": (0.4, 0.7), "stop": (0.25, 0.5), "fall": (0.45, 0.7), "shatter": (0.25, 0.4),
    "pass": (0.5, 0.8), "hide": (0.4, 0.6), "appear": (0.35, 0.6), "enter": (0.5, 0.9),
    "exit": (0.5, 0.9), "walk": (0.9, 1.8), "run": (0.7, 1.3), "follow": (1.0, 2.2),
    "circle": (1.9, 3.2), "turn": (0.4, 0.8), "jump": (0.6, 0.9), "wave": (0.7, 1.2),
    "sit": (0.8, 1.2), "stand": (0.7, 1.0), "pick_up": (0.9, 1.5), "carry": (0.9, 1.7),
    "put_down": (0.7, 1.0), "give": (0.9, 1.6), "push": (0.9, 1.7), "kick": (0.6, 0.9),
    "hand_over_face": (0.7, 1.2), "change_color": (0.3, 0.7), "grow": (0.4, 0.9),
    "shrink": (0.4, 0.9), "cover": (0.6, 1.0), "uncover": (0.6, 1.0), "lower": (0.5, 1.0),
    "raise": (0.5, 1.0), "open": (0.6, 1.0), "close": (0.6, 1.0), "dim": (0.5, 1.3),
    "brighten": (0.5, 1.3), "sunset": (0.8, 2.5), "sunrise": (0.8, 2.5),
}  # fmt: skip
"""Seconds of every kind of event: at least, and where there is room."""

LEAD, TAIL = 0.1, 0.3
"""Seconds before the first and after the last deed of a shot, at least."""
MOST = 1.5
"""How much longer than natural a deed may take where a clip is long."""


def duration(deed: Deed) -> tuple[float, float]:
    """Seconds of a deed: at least, and where there is room."""
    if deed.seconds is not None:
        return deed.seconds, deed.seconds
    return DURATIONS["circle" if deed.relation == "around" else deed.kind]


@dataclass(frozen=True)
class Slot:
    """Seconds of a deed, half open, from the start of the whole scene."""

    start: float
    end: float


def plan(script: Script, *, frames: int, fps: Fraction) -> tuple[tuple[int, ...], tuple[Slot, ...]]:
    """Frames of every shot and the seconds of every deed.

    Raises:
        BadInput: too many deeds for the frames (the message says how many are needed), or given
            seconds that go backward or lie outside the clip.
    """
    total = float(frames / fps)
    num = len(script.shots)
    deeds = [[i for i, d in enumerate(script.deeds) if d.shot == s] for s in range(num)]
    if any(d.shot < 0 or d.shot >= num for d in script.deeds):
        raise BadInput(f"a deed is in a shot that is not there; the script has {num}")
    for deed in script.deeds:
        _given(deed, total)
    needs = [_need([script.deeds[i] for i in group]) for group in deeds]
    wants = [_want([script.deeds[i] for i in group]) for group in deeds]
    seconds = [shot.seconds for shot in script.shots]
    known = sum(s for s in seconds if s is not None)
    free = [s for s in range(num) if seconds[s] is None]
    least = sum(
        max(needs[s], 0.5) if seconds[s] is None else float(seconds[s] or 0) for s in range(num)
    )
    if least > total + 0.5 * num / float(fps):  # given seconds may be rounded
        raise BadInput(
            f"{len(script.deeds)} events need {math.ceil(least * float(fps))} frames at "
            f"{float(fps):g} a second, and the clip has {frames}; ask for more frames or say less"
        )
    spare = total - known - sum(max(needs[s], 0.5) for s in free)
    room = sum(max(wants[s] - needs[s], 0.3) for s in free)
    lengths = [
        float(seconds[s] or 0)
        if seconds[s] is not None
        else max(needs[s], 0.5) + spare * max(wants[s] - needs[s], 0.3) / room
        for s in range(num)
    ]
    counts = _whole(lengths, frames, fps)
    slots: list[Slot] = [Slot(0.0, 0.0)] * len(script.deeds)
    begin = 0
    for s in range(num):
        start, end = float(begin / fps), float((begin + counts[s]) / fps)
        _fill(script.deeds, deeds[s], start, end, slots, fps)
        begin += counts[s]
    return counts, tuple(slots)


def _given(deed: Deed, total: float) -> None:
    if deed.start is not None and not 0 <= deed.start < total:
        raise BadInput(f"{deed.kind} starts at {deed.start:g} s, and the clip is {total:g} s long")
    if deed.start is not None and deed.end is not None and deed.end <= deed.start:
        raise BadInput(f"{deed.kind} ends at {deed.end:g} s, before it starts at {deed.start:g} s")


def _groups(deeds: Sequence[Deed]) -> list[list[int]]:
    """Runs of deeds that happen together."""
    groups: list[list[int]] = []
    for i, deed in enumerate(deeds):
        if deed.together and groups and deed.start is None:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _need(deeds: Sequence[Deed]) -> float:
    if not deeds:
        return 0.0
    return LEAD + TAIL + sum(max(duration(deeds[i])[0] for i in group) for group in _groups(deeds))


def _want(deeds: Sequence[Deed]) -> float:
    if not deeds:
        return 1.0
    return LEAD + TAIL + sum(max(duration(deeds[i])[1] for i in group) for group in _groups(deeds))


def _whole(lengths: Sequence[float], frames: int, fps: Fraction) -> tuple[int, ...]:
    """Whole frames that add up."""
    edges = [0]
    done = 0.0
    for length in lengths:
        done += length
        edges.append(max(edges[-1] + 1, round(done * float(fps))))
    edges[-1] = frames
    counts = [b - a for a, b in zip(edges, edges[1:], strict=False)]
    if min(counts) < 1:
        raise BadInput(
            f"{len(lengths)} shots need {len(lengths)} frames, and the clip has {frames}"
        )
    return tuple(counts)


def _fill(
    deeds: Sequence[Deed], indices: Sequence[int], start: float, end: float, slots: list[Slot],
    fps: Fraction,
) -> None:  # fmt: skip
    """Seconds of the deeds of one shot: runs without given seconds share what is between."""
    groups = [[indices[i] for i in g] for g in _groups([deeds[i] for i in indices])]
    at = start + LEAD
    k = 0
    while k < len(groups):
        first = deeds[groups[k][0]]
        if first.start is not None:
            stop = first.end
            later = [deeds[g[0]].start for g in groups[k + 1 :] if deeds[g[0]].start is not None]
            if stop is None:
                shortest = max(duration(deeds[i])[0] for i in groups[k])
                natural = max(duration(deeds[i])[1] for i in groups[k]) * MOST
                edge = min([t for t in later if t is not None and t > first.start] or [end - 0.05])
                stop = max(first.start + shortest, min(edge, first.start + natural))
            for i in groups[k]:
                own = deeds[i].end
                slots[i] = Slot(first.start, stop if own is None else own)
            at = max(at, stop) if not (k + 1 < len(groups)) else stop
            k += 1
            continue
        last = k
        while last < len(groups) and deeds[groups[last][0]].start is None:
            last += 1
        edge = end - TAIL
        if last < len(groups):
            edge = float(deeds[groups[last][0]].start or 0)
        run = groups[k:last]
        low = [max(duration(deeds[i])[0] for i in g) for g in run]
        high = [max(duration(deeds[i])[1] for i in g) for g in run]
        room = edge - at
        if room < sum(low) - 1e-6:
            names = ", ".join(deeds[i].kind for g in run for i in g)
            short = math.ceil((sum(low) - room) * float(fps))
            raise BadInput(
                f"{names} need {sum(low):.1f} s and have {max(room, 0):.1f} s; "
                f"give {short} frames more or later times"
            )
        if room <= sum(high):
            share = (room - sum(low)) / max(sum(high) - sum(low), 1e-9)
            lengths = [a + share * (b - a) for a, b in zip(low, high, strict=True)]
            gap = 0.0
        else:
            longer = min(MOST, room / sum(high))
            fixed = [any(deeds[i].seconds is not None for i in g) for g in run]
            lengths = [h if f else h * longer for h, f in zip(high, fixed, strict=True)]
            gap = (room - sum(lengths)) / (len(run) + 1)
            gap = min(gap, 4.0)
        for number, (g, length) in enumerate(zip(run, lengths, strict=True)):
            at += gap if number else min(0.4 * gap, 0.5)
            for i in g:
                slots[i] = Slot(round(at, 4), round(at + length, 4))
            at += length
        k = last
