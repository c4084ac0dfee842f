"""Vanish: somebody is gone, pops in, does not come back from behind something, or comes back wrong.

The knob is how many seconds somebody is missing who should be seen (from 5 s on: to the end). What
is carried goes along, and so does the shadow. Who comes back `wrong` is the more another one (see
`subject_swap`) the stronger it is.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import gone, need
from evenflow.world.defects.models import likes, swapped
from evenflow.world.defects.seen import LEAST_PIXELS, pixels, present, who

VARIANTS = ("gone", "pops in", "stays hidden", "wrong")
FOR_GOOD = 5.0
"""Seconds from which on somebody stays away until the clip ends."""


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Things and walkers."""
    return present(animation, start, min(end, start + 4), who(animation, "things", "walkers"))


def occlusions(
    animation: Animation, seen: NDArray[np.float64], entity: int
) -> list[tuple[int, int]]:
    """Frames `[first, last)` in which somebody is hidden between two times when it is seen, without
    a cut and inside the picture."""
    mine = seen[:, entity - 1]
    here = mine >= LEAST_PIXELS
    out = []
    for shot in np.unique(animation.shot):
        rows = np.flatnonzero(animation.shot == shot)
        known = rows[here[rows]]
        for a, b in zip(known[:-1], known[1:], strict=True):
            if b - a >= 3 and (mine[a + 1 : b] < 0.25 * min(mine[max(a - 4, 0)], 1e9)).any():
                out.append((int(a) + 1, int(b)))
    return out


def fit(animation: Animation, plan: Plan) -> Plan:
    """Where the variant happens, and for how long."""
    num, fps = len(animation.shot), float(animation.spec.fps)
    missing = max(1, round(plan.magnitude * fps)) if plan.magnitude < FOR_GOOD else num
    if plan.variant == "gone":
        return replace(plan, end=min(plan.start + missing, num))
    if plan.variant == "pops in":
        first = int(np.flatnonzero(animation.shot == animation.shot[plan.start])[0])
        last = int(np.flatnonzero(animation.shot == animation.shot[plan.start])[-1]) + 1
        seen = pixels(animation)[first:last, plan.entity - 1] >= LEAST_PIXELS
        need(seen[0], f"entity {plan.entity} is not there when its shot begins")
        return replace(plan, start=first, end=max(first + 1, min(first + missing, last - 4)))
    found = occlusions(animation, pixels(animation), plan.entity)
    need(found, f"entity {plan.entity} never comes out from behind something")
    middle, back = found[plan.seed % len(found)]
    if plan.variant == "wrong":
        need(likes(animation.spec.entity(plan.entity).kind), "nobody can come back in its place")
        return replace(plan, start=(middle + back) // 2, end=num)
    return replace(plan, start=(middle + back) // 2, end=min(back + missing, num))


def plant(staged: Staged, plan: Plan) -> Staged:
    """Takes the entity away, or puts another one in its place."""
    if plan.magnitude == 0:
        return staged
    if plan.variant == "wrong":
        steps = (0.0, 0.1, 0.25, 0.5, 1.0, FOR_GOOD)
        distance = float(np.interp(plan.magnitude, steps, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)))
        return swapped(staged, plan.entity, plan.start, plan.end, distance, plan.seed)
    where = np.zeros(len(staged.animation.shot), np.bool_)
    where[plan.start : plan.end] = True
    if not where.any():
        raise BadInput("nobody is missing for no time: widen the range")
    return gone(staged, plan.entity, where)
