"""Light direction: one body is shaded, or throws its shadow, as if the sun stood elsewhere.

The knob is the angle in degrees by which that sun is turned about the vertical. In `shading` the
body keeps its shadow, in `shadow` it keeps its shading: either way the two contradict each other.
"""

from dataclasses import replace

import numpy as np

from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import carried_by, need
from evenflow.world.defects.relit import Relit
from evenflow.world.defects.seen import present, who

VARIANTS = ("shading", "shadow")
SUN = 0.35
"""Linear strength of the sun below which nobody can tell where it stands."""


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Everybody that stands in a sun that is strong enough."""
    if float(animation.light.color[start:end].mean()) < SUN:
        return ()
    ids = who(animation, "walkers", "things", "fixtures")
    return present(animation, start, min(end, start + 8), ids)


def plant(staged: Staged, plan: Plan) -> Staged:
    """Lays the other light over the pictures between the two frames."""
    animation = staged.animation
    support = animation.entities.support[plan.start, plan.entity - 1]
    need(
        plan.variant != "shadow" or support == 0,
        f"entity {plan.entity} does not stand on the ground, where its shadow could be wrong",
    )
    if plan.magnitude == 0:
        return staged
    rng = np.random.default_rng([plan.seed, 11])
    angle = float(np.deg2rad(plan.magnitude) * rng.choice([-1, 1]))
    ids = (plan.entity, *carried_by(animation, plan.entity, plan.start, plan.end))
    what = "shadow" if plan.variant == "shadow" else "shading"
    do = Relit(animation, ids, angle, what, animation.spec.style)  # type: ignore[arg-type]
    return replace(staged, develop=(*staged.develop, (plan.start, plan.end, do)))
