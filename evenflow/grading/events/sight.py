"""Events of seeing: who comes into the picture, leaves it, is hidden, appears, passes somebody."""

import numpy as np
from numpy.typing import NDArray

from evenflow.grading.events.found import Found, Stage, When, sided
from evenflow.grading.paths import runs, shots_of
from evenflow.grading.reading import HIDDEN, LOST, OUTSIDE, SEEN, Track
from evenflow.world.script import Deed

EDGE = 0.05
"""Share of the picture's side within which somebody is at its border."""


def at_border(stage: Stage, track: Track, t: int) -> bool:
    """Whether the box of a frame lies at the border of the picture."""
    x0, y0, x1, y1 = (float(v) for v in track.box[t])
    w, h = stage.reading.width, stage.reading.height
    slack = EDGE * max(w, h)
    return x0 < slack or y0 < slack or x1 > w - slack or y1 > h - slack


def _whens(stage: Stage, track: Track, coming: bool) -> list[When]:
    """Frames in which somebody comes in over the border or goes out."""
    found = []
    for a, b in shots_of(stage.reading):
        inside = (track.state[a:b] == SEEN) | (track.state[a:b] == HIDDEN)
        for first, last in runs(inside):
            if coming and first > 0 and at_border(stage, track, a + first):
                found.append(When(a + first, min(a + first + 2, b)))
            if not coming and last < b - a and at_border(stage, track, a + last - 1):
                gone = track.state[a + last : b]
                if not (gone == LOST).all() or len(gone):
                    found.append(When(a + last, min(a + last + 1, b)))
    return found


def enter(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It was out of the picture and comes in at the border.

    Who stands outside in the first frame and is cut by the border enters too."""
    whens = _whens(stage, agent, True)
    for a, b in shots_of(stage.reading):
        rows = np.flatnonzero(agent.state[a:b] == SEEN)
        if len(rows) and rows[0] <= 1 and not any(a <= w.start < b for w in whens):
            cut = not agent.whole[a + rows[0]] and at_border(stage, agent, a + int(rows[0]))
            later = agent.whole[a:b].any()
            if cut and later:
                whens.append(When(a + int(rows[0]), a + int(rows[0]) + 2))
    return sided(stage, deed, agent, whens, "does not come in from outside")


def leave(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It goes out over the border and is not seen again at once."""
    whens = _whens(stage, agent, False)
    for a, b in shots_of(stage.reading):
        rows = np.flatnonzero(agent.state[a:b] == SEEN)
        if len(rows) and rows[-1] >= b - a - 2 and not any(a <= w.start < b for w in whens):
            last = a + int(rows[-1])
            cut = not agent.whole[last] and at_border(stage, agent, last)
            motion = [m for m in stage.path(agent).motions if m.end >= b - 3]
            if cut and motion and agent.whole[a:b].any():
                whens.append(When(last, last + 1))
    return sided(stage, deed, agent, whens, "does not leave the picture", before=True)


def _near(stage: Stage, one: Track, t: int, other: Track) -> bool:
    """Whether boxes touch in a frame (of who is not seen, the last that was)."""
    a, b = _box(one, t), _box(other, t)
    if a is None or b is None:
        return False
    slack = 0.03 * stage.reading.height
    return bool(
        a[0] < b[2] + slack and b[0] < a[2] + slack and a[1] < b[3] + slack and b[1] < a[3] + slack
    )


def _box(track: Track, t: int) -> NDArray | None:
    rows = np.flatnonzero(track.state == SEEN)
    if not len(rows):
        return None
    return np.asarray(track.box[rows[np.abs(rows - t).argmin()]])


def hidden(stage: Stage, track: Track, other: Track | None) -> list[tuple[int, int]]:
    """Frames `[a, b)` in which somebody is behind another (or anybody), where not seen at all.

    Over a cut, before the first and after the last sight nothing is hidden without a witness."""
    found = []
    for a, b in shots_of(stage.reading):
        gone = np.isin(track.state[a:b], (HIDDEN, LOST))
        for first, last in runs(gone):
            start, end = a + first, a + last
            by = {int(v) for v in track.hidden_by[start:end]} - {0}
            beside = [t for t in (start - 1, end) if a <= t < b]
            if other is None:
                right = bool(by)
            else:
                right = other.id in by or any(_near(stage, track, t, other) for t in beside)
                if by and other.id not in by:
                    right = any(_near(stage, track, t, other) for t in beside)
            if right:
                found.append((start, end))
    return found


def _mostly(stage: Stage, track: Track, other: Track) -> list[tuple[int, int]]:
    """Stretches in which little is left to see beside a nearer one: nearly hidden."""
    full = np.nanmedian(track.area[track.whole]) if track.whole.any() else np.nanmax(track.area)
    little = (track.state == SEEN) & (track.area < 0.35 * full)
    return [
        (a, b)
        for a, b in runs(little)
        if _near(stage, track, a, other) and not at_border(stage, track, a)
    ]


def hide(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It is gone behind the target while that stands there."""
    target = stage.one(deed.target)
    if deed.target and target is None:
        return Found.unread("what it should be behind was not read")
    places = hidden(stage, agent, target)
    if target is not None:
        places += _mostly(stage, agent, target)
    if places and deed.relation == "in front of":
        return Found((), "is behind it")
    whens = [When(a, b) for a, b in sorted(places) if a > 0]
    return Found(tuple(whens), "is never hidden there")


def appear(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It comes out from behind the target, or is seen first in the middle of a shot."""
    target = stage.one(deed.target)
    if deed.target and target is None:
        return Found.unread("what it should come out from behind was not read")
    whens = []
    if deed.relation == "in front of" and hidden(stage, agent, target):
        return Found((), "was behind it")
    for _, b in hidden(stage, agent, target):
        if b < len(agent.state) and agent.state[b] == SEEN:
            whens.append(When(b, b + 1))
    for a, b in shots_of(stage.reading):
        rows = np.flatnonzero(agent.state[a:b] == SEEN)
        if not len(rows):
            continue
        t = a + int(rows[0])
        if rows[0] > 0 and not at_border(stage, agent, t):
            whens.append(When(t, t + 1))
        elif target is not None:
            grows = [w for w in _mostly(stage, agent, target) if w[1] < b and w[0] >= a]
            whens += [When(w[1], w[1] + 1) for w in grows]
    return Found(tuple(whens), "does not appear")


def passing(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Its middle crosses the target's middle in the picture while both are there."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what it should pass was not read")
    whens = crossings(stage, agent, target)
    return sided(stage, deed, agent, whens, "does not pass it")


def crossings(stage: Stage, one: Track, other: Track) -> list[When]:
    """Where two change sides in the picture."""
    a, b = stage.path(one), stage.path(other)
    x, y = stage.across(a), stage.across(b)
    side = np.sign(x - y)
    whens = []
    last, at = 0.0, 0
    for t, s in enumerate(side):
        if t in stage.reading.cuts:
            last = 0.0
        if not np.isfinite(s) or s == 0:
            continue
        if last and s != last:
            whens.append(When((at + t) // 2 if t - at > 1 else t, t + 1))
        last, at = float(s), t
    return whens


def cover(stage: Stage, deed: Deed, agent: Track) -> Found:
    """The target is gone behind or in the agent and stays so."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what is covered was not read")
    whens = [When(max(a - 3, 0), a + 1) for a, _ in hidden(stage, target, agent) if a > 0]
    whens += [When(max(a - 3, 0), a + 1) for a, _ in _mostly(stage, target, agent) if a > 0]
    return Found(tuple(whens), "nothing is covered")


def uncover(stage: Stage, deed: Deed, agent: Track) -> Found:
    """The target comes to light where the agent was."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what is uncovered was not read")
    whens = [
        When(b, b + 1) for _, b in hidden(stage, target, agent) if b < stage.reading.num_frames
    ]
    first = np.flatnonzero(target.state == SEEN)
    if not whens and len(first) and first[0] > 0 and _near(stage, target, int(first[0]), agent):
        whens.append(When(int(first[0]), int(first[0]) + 1))
    return Found(tuple(whens), "nothing is uncovered")


__all__ = [
    "OUTSIDE", "appear", "at_border", "cover", "crossings", "enter", "hidden", "hide", "leave",
    "passing", "uncover",
]  # fmt: skip
