"""Action sequence: what happens is right, but not in this order, or time runs backward for a while.

`swapped` exchanges the times of two deeds of a shot under the caption that they had and simulates
again (the knob is the share of the exchange, from where the order turns). `backward` lets all that
moves stop, go back along its way for some seconds and make good for it; the camera goes on.
"""

from dataclasses import replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.edits import need
from evenflow.world.defects.retold import retold
from evenflow.world.defects.seen import pixels, speeds
from evenflow.world.defects.timing import everybody, warped
from evenflow.world.spec import Event, SceneSpec
from evenflow.world.words import EVENTS

VARIANTS = ("backward", "swapped")
LADDERS: dict[str, Ladder] = {
    "swapped": ((0.6, 0.7, 0.8, 0.9, 1.0), "share of the exchange of two deeds"),
    "backward": ((0.12, 0.22, 0.36, 0.55, 0.8), "s that run backward"),
}


def plant(staged: Staged, plan: Plan) -> Staged:
    """Does what the variant says."""
    return {"swapped": _swapped, "backward": _backward}[plan.variant](staged, plan)


def _pairs(spec: SceneSpec, start: float, end: float) -> list[tuple[Event, Event]]:
    """Deeds that are told one after the other and can change places."""
    deeds = [
        e
        for e in spec.events
        if e.agent and e.said and EVENTS[e.kind].cause and start <= e.start and e.end <= end + 0.2
    ]
    bounds = np.cumsum([shot.frames / float(spec.fps) for shot in spec.shots])
    out = []
    for i, one in enumerate(deeds):
        for two in deeds[i + 1 :]:
            same = np.searchsorted(bounds, one.start, "right") == np.searchsorted(
                bounds, two.start, "right"
            )
            tied = {one.target, one.other} & {two.agent, two.target, two.other} - {0}
            if same and two.start >= one.end - 0.15 and not tied:
                out.append((one, two))
    return out


def _swapped(staged: Staged, plan: Plan) -> Staged:
    spec = staged.animation.spec
    need(not spec.actions, "a scene that is played has no order that was told")
    fps = float(spec.fps)
    pairs = _pairs(spec, plan.start / fps, plan.end / fps)
    need(pairs, "there are no two deeds in these frames whose order could be wrong")
    one, two = pairs[plan.seed % len(pairs)]
    share = plan.magnitude or 1.0
    if one.agent == two.agent:
        share = 1.0  # nobody does two things at once
    late = max(two.end - (one.end - one.start), one.start)
    shift_one = share * (late - one.start)
    shift_two = share * (one.start - two.start)
    events = []
    for event in spec.events:
        by = shift_one if event is one else shift_two if event is two else 0.0
        if by == 0.0 and not event.said and event.agent in (one.agent, two.agent):
            # What only follows from a deed comes and goes with it.
            near = one if abs(event.start - one.start) < abs(event.start - two.start) else two
            by = shift_one if near is one else shift_two
        start = max(event.start + by, 0.0)
        events.append(replace(event, start=start, end=event.end + by) if by else event)
    made = retold(staged, tuple(events))
    return made if plan.magnitude else staged


def _backward(staged: Staged, plan: Plan) -> Staged:
    animation = staged.animation
    num, fps = len(animation.shot), float(animation.spec.fps)
    begin, end = _moving(animation, plan)
    if plan.magnitude == 0:
        return staged
    span = end - begin
    back = max(2, min(round(plan.magnitude * fps), (span - 1) // 4))
    # Time goes back for `back` frames, then at double speed until nothing is missing.
    lag = np.concatenate([np.arange(1, back + 1) * 2.0, 2.0 * back - np.arange(1, 2 * back + 1)])
    lag = np.convolve(np.pad(lag, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
    lag[-1] = 0.0
    middle = begin + back + max(0, (span - back - len(lag)) // 2)
    last = min(middle + len(lag), num)
    times = np.maximum(np.arange(middle, last) - lag[: last - middle], begin)
    return warped(staged, everybody(animation), middle, times)


def _moving(animation: Animation, plan: Plan) -> tuple[int, int]:
    """The stretch of a shot within the plan in which most moves that is seen."""
    fps = float(animation.spec.fps)
    least = round(4 * LADDERS["backward"][0][4] * fps) + 2
    states, bones = animation.entities, animation.skeletons
    rate = speeds(animation) + np.linalg.norm(states.spin, axis=-1) * states.size
    for w, id in enumerate(bones.entity):  # who sits down or waves goes nowhere
        limbs = np.linalg.norm(np.diff(bones.joints[:, w], axis=0), axis=-1).mean(axis=1) * fps
        limbs[animation.shot[1:] != animation.shot[:-1]] = 0.0
        rate[1:, id - 1] = np.maximum(rate[1:, id - 1], limbs)
    total = (rate * (pixels(animation) >= 60)).sum(axis=1)
    best, where = 0.0, (0, 0)
    for shot in np.unique(animation.shot[plan.start : plan.end]):
        rows = np.flatnonzero(animation.shot == shot)
        low, high = max(int(rows[0]), plan.start), min(int(rows[-1]) + 1, plan.end)
        long = min(least, high - low)
        if long < 12:
            continue
        sums = np.convolve(total[low:high], np.ones(long), "valid")
        at = int(sums.argmax())
        if sums[at] / long > best:
            best, where = float(sums[at] / long), (low + at, low + at + long)
    if best < 0.12:
        raise BadInput("nothing moves enough in these frames to run backward")
    return where
