"""Events of hands and feet: pick up, carry, put down, give, push, kick."""

import numpy as np
from numpy.typing import NDArray

from evenflow.grading.events.found import Found, Stage, When, goes, held, word
from evenflow.grading.events.motion import relates
from evenflow.grading.events.touch import near
from evenflow.grading.paths import Motion, runs
from evenflow.grading.reading import Track
from evenflow.world.script import Deed

D = NDArray[np.float64]


def lifted(stage: Stage, target: Track) -> NDArray[np.bool_]:
    """Frames in which something is higher than where it lay: units of the world, or of the picture
    where the ground is not known."""
    path = stage.path(target)
    if path.known:
        line = held(path.filled)[:, 1]
        return np.asarray(line > max(float(np.nanmin(line)), 0.0) + 0.13)
    line = held(-target.box[:, 3:4].astype(np.float64) / path.unit[:, None])[:, 0]
    return np.asarray(line - np.nanmin(line) > 0.25)


def _holds(stage: Stage, agent: Track, target: Track) -> NDArray[np.bool_]:
    return near(stage, agent, target, slack=0.35)


def pick_up(stage: Stage, deed: Deed, agent: Track) -> Found:
    """The target lay low and goes up beside the agent."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what is picked up was not read")
    up, close = lifted(stage, target), _holds(stage, agent, target)
    whens = [
        When(max(a - 3, 0), a + 1) for a, b in runs(up) if a > 0 and close[a:b].any() and b - a > 1
    ]
    return Found(tuple(whens), "it is never lifted" if not up.any() else "somebody else lifts it")


def put_down(stage: Stage, deed: Deed, agent: Track) -> Found:
    """The target was up beside the agent and comes to lie."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what is put down was not read")
    up, close = lifted(stage, target), _holds(stage, agent, target)
    num = stage.reading.num_frames
    whens = [
        When(max(b - 2, 0), min(b + 1, num))
        for a, b in runs(up)
        if b < num and close[max(b - 4, 0) : b].any()
    ]
    other = stage.one(deed.other)
    if not whens and other is not None and up.any():  # onto something it stays up
        far = stage.distance(target, other)
        still = stage.path(target).speed < 0.15
        rows = np.flatnonzero(still & (far < 1.0) & ~close)
        if len(rows):
            whens = [When(int(rows[0]), int(rows[0]) + 1)]
    return Found(tuple(whens), "it is never put down")


def carry(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Both go the same way together while the target is off the ground."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what is carried was not read")
    return _together(stage, deed, agent, target, up=True)


def push(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Both go the same way together while the target stays low."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what is pushed was not read")
    return _together(stage, deed, agent, target, up=False)


def _together(stage: Stage, deed: Deed, agent: Track, target: Track, *, up: bool) -> Found:
    close = _holds(stage, agent, target)
    one, two = stage.path(agent), stage.path(target)
    high = lifted(stage, target)
    if not one.motions:
        return Found((), "the one who should do it stands still")
    whens, reason = [], "it does not move along"
    for motion in [*two.motions, *(m for m in one.motions if up)]:
        a, b = motion.start, motion.end
        mine = [m for m in one.motions if m.start < b and m.end > a]
        if not mine or close[a:b].mean() < 0.5:
            continue
        if up != bool(high[a:b].mean() > 0.5):
            reason = "it stays on the ground" if up else "it is carried"
            continue
        if deed.direction:
            fits = goes(motion, deed.direction, two)
            if fits is False:
                reason = f"goes {word(motion.way)}"
                continue
        if deed.relation and (other := stage.one(deed.other)) is not None:
            if relates(stage, motion, target, other, deed.relation) is False:
                reason = f"does not go {deed.relation} it"
                continue
        elif deed.relation and deed.other:
            return Found.unread("where it is taken was not read")
        whens.append(When(a, b, motion))
    return Found(tuple(whens), "" if whens else reason)


def give(stage: Stage, deed: Deed, agent: Track) -> Found:
    """The target is near the agent first and near the other afterward."""
    target, other = stage.one(deed.target), stage.one(deed.other)
    if target is None or other is None:
        return Found.unread("what is given, or to whom, was not read")
    mine, theirs = stage.distance(target, agent), stage.distance(target, other)
    nearer = mine < theirs
    ok = np.isfinite(mine) & np.isfinite(theirs)
    rows = np.flatnonzero(ok)
    if len(rows) < 4:
        return Found.unread("it is hardly seen")
    flips = [int(t) for s, t in zip(rows, rows[1:], strict=False) if nearer[s] and not nearer[t]]
    return Found(tuple(When(max(t - 2, 0), t + 1) for t in flips), "it does not change hands")


def kick(stage: Stage, deed: Deed, agent: Track) -> Found:
    """The target starts to move beside the agent and leaves it behind."""
    target = stage.one(deed.target)
    if target is None:
        return Found.unread("what is kicked was not read")
    close = _holds(stage, agent, target)
    path = stage.path(target)
    if not path.motions:
        return Found((), "it does not move")
    whens: list[When] = []
    reason = "nobody is there when it starts"
    for motion in path.motions:
        a = motion.start
        if motion.part or not close[max(a - 3, 0) : a + 4].any():
            continue
        if deed.direction and goes(motion, deed.direction, path) is False:
            reason = f"goes {word(motion.way)}"
            continue
        other = stage.one(deed.other) if deed.relation else None
        if other and relates(stage, motion, target, other, deed.relation) is False:
            reason = f"does not go {deed.relation} it"
            continue
        whens.append(When(max(a - 1, 0), motion.end, motion))
    return Found(tuple(whens), "" if whens else reason)


__all__ = ["Motion", "carry", "give", "kick", "lifted", "pick_up", "push", "put_down"]
