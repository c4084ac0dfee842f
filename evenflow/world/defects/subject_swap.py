"""Subject swap: from one frame to the next another one walks, rolls or stands on the same path.

The knob is the attribute distance of the other one, in [0, 1]: how unlike its outline is, how far
its paint lies (to 70 dE), how much its size differs (to 25 %), and from 0.5 on skin and hair.
"""

from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import quiet
from evenflow.world.defects.models import replaceable, swapped
from evenflow.world.defects.seen import present, who


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Walkers and simple things that do not break meanwhile."""
    ids = present(animation, start, min(end, start + 8), who(animation, "walkers", "things"))
    able = replaceable(animation, ids)
    return tuple(id for id in able if quiet(animation, id, start, end, "cover", "uncover"))


def plant(staged: Staged, plan: Plan) -> Staged:
    """Puts the other one in the place of the entity from `plan.start` on."""
    if plan.magnitude == 0:
        return staged
    return swapped(staged, plan.entity, plan.start, plan.end, plan.magnitude, plan.seed)
