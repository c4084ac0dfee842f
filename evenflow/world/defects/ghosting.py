"""Ghosting: behind a mover hang stale copies of it, in places that it has left.

The knob is the share of the freshest copy in the picture; two staler ones are weaker.
"""

from dataclasses import replace

from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import carried_by
from evenflow.world.defects.relit import Ghosts
from evenflow.world.defects.seen import movers, paths, who

LAGS = (0.12, 0.24, 0.36)
"""Seconds that the copies are behind."""
LEAST = 0.6
"""Heights of the body a second that it moves over the picture, at least."""


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Movers that leave enough behind."""
    ids = movers(animation, start, end, who(animation, "walkers", "things"))
    quick = paths(animation)[start:end]
    return tuple(id for id in ids if sorted(quick[:, id - 1])[len(quick) // 2] >= LEAST)


def plant(staged: Staged, plan: Plan) -> Staged:
    """Lays the copies over the pictures between the two frames."""
    if plan.magnitude == 0:
        return staged
    animation = staged.animation
    ids = (plan.entity, *carried_by(animation, plan.entity, plan.start, plan.end))
    lags = tuple(max(k + 1, round(s * float(animation.spec.fps))) for k, s in enumerate(LAGS))
    do = Ghosts(animation, ids, plan.magnitude, lags, animation.spec.style)
    return replace(staged, develop=(*staged.develop, (plan.start, plan.end, do)))
