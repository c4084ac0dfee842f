"""Color change: a thing or a walker's clothes step to another color, and stay so.

The knob is the distance of the paints in CIE L*a*b* (dE*ab).
"""

from dataclasses import replace

import numpy as np

from evenflow.world.animation import Animation
from evenflow.world.defects import paint
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import edited, painted, quiet
from evenflow.world.defects.seen import present, who


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Things and walkers whose color no event changes meanwhile."""
    ids = present(animation, start, min(end, start + 8), who(animation, "things", "walkers"))
    return tuple(id for id in ids if quiet(animation, id, start, end, "change_color"))


def plant(staged: Staged, plan: Plan) -> Staged:
    """Steps the paint at `plan.start` by `plan.magnitude` dE toward a color far away."""
    if plan.magnitude == 0:
        return staged
    parts, states = staged.animation.parts, staged.animation.entities
    rows = painted(staged, plan.entity, ("color",))
    rng = np.random.default_rng([plan.seed, 1])
    sizes = parts.scale[plan.start, rows].prod(axis=-1)
    main = int(rows[int(sizes.argmax())])
    own = paint.lab(parts.color[plan.start, main])
    _, way = paint.toward(own, rng)
    span = slice(plan.start, plan.end)
    color = parts.color.copy()
    color[span, rows] = paint.shifted(parts.color[span][:, rows], way * plan.magnitude)
    names = states.color.copy()
    names[span, plan.entity - 1] = paint.nearest(own + way * plan.magnitude)
    return edited(staged, parts=replace(parts, color=color), entities=replace(states, color=names))
