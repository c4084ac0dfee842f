"""Identity drift: somebody slowly becomes another one; paint, size and proportions run away.

The knob is the distance of the paint in CIE L*a*b* when the span ends; with every 10 dE the body
also grows or shrinks by 4 % and gets 3 % wider or slimmer. Feet stay where they stand.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world.defects import paint
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import edited, painted
from evenflow.world.defects.seen import parts_of

D = NDArray[np.float64]
GROWTH, WIDTH = 0.004, 0.003
"""Shares of the size and of the width against the height, for each dE."""


def stretched(staged: Staged, entity: int, start: int, high: D, wide: D) -> Staged:
    """Somebody taller and wider in frames from `start` on, on the same feet.

    Args:
        high, wide: factors `(n,)`.
    """
    animation = staged.animation
    parts, states, bones = animation.parts, animation.entities, animation.skeletons
    rows = parts_of(animation, entity)
    span = slice(start, start + len(high))
    center = states.position[span, entity - 1].astype(np.float64)
    foot = center - np.array([0.0, 1.0, 0.0]) * states.size[span, entity - 1, None]
    factor = np.stack([wide, high, wide], -1)[:, None]  # (n, 1, 3)

    def put(values: NDArray) -> D:
        return np.asarray((values - foot[:, None]) * factor + foot[:, None])

    position, scale = parts.position.copy(), parts.scale.copy()
    axes = parts.rotation[span][:, rows].astype(np.float64)  # columns are the part's axes
    longer = np.sqrt(((axes * factor[..., None]) ** 2).sum(axis=-2))
    position[span, rows] = put(parts.position[span][:, rows])
    scale[span, rows] = parts.scale[span][:, rows] * longer
    place, size = states.position.copy(), states.size.copy()
    place[span, entity - 1] = put(center[:, None])[:, 0]
    size[span, entity - 1] = states.size[span, entity - 1] * high
    joints, feet = bones.joints.copy(), bones.feet.copy()
    for w in np.flatnonzero(bones.entity == entity):
        joints[span, w], feet[span, w] = put(bones.joints[span, w]), put(bones.feet[span, w])
    return edited(
        staged,
        parts=replace(parts, position=position, scale=scale),
        entities=replace(states, position=place, size=size),
        skeletons=replace(bones, joints=joints, feet=feet),
    )


def plant(staged: Staged, plan: Plan) -> Staged:
    """A ramp from 0 at `plan.start` to the whole when the span ends."""
    if plan.magnitude == 0:
        return staged
    rng = np.random.default_rng([plan.seed, 4])
    num = plan.end - plan.start
    ramp = np.arange(1, num + 1) / num
    parts, states = staged.animation.parts, staged.animation.entities
    rows = painted(staged, plan.entity, ("color",))
    main = int(rows[int(parts.scale[plan.start, rows].prod(axis=-1).argmax())])
    own = paint.lab(parts.color[plan.start, main])
    _, way = paint.toward(own, rng)
    span = slice(plan.start, plan.end)
    step = plan.magnitude * ramp[:, None, None] * way
    color = parts.color.copy()
    color[span, rows] = paint.shifted(parts.color[span][:, rows], step)
    names = states.color.copy()
    names[span, plan.entity - 1] = paint.nearest(own + step[:, 0])
    out = edited(staged, parts=replace(parts, color=color), entities=replace(states, color=names))
    bigger, wider = rng.choice([-1.0, 1.0], 2)
    high = np.exp(bigger * GROWTH * plan.magnitude * ramp)
    wide = high * np.exp(wider * WIDTH * plan.magnitude * ramp)
    return stretched(out, plan.entity, plan.start, high, wide)
