"""High-frequency noise: grain that was not there before.

The knob is its standard deviation in gray levels of 255.
"""

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.defects import lens
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.lens import Picture, developed
from evenflow.world.defects.subjects import shown, silhouette, subjects


def plant(staged: Staged, plan: Plan) -> Staged:
    """Adds grain to the span.

    Variants: `fresh` on every frame, `frozen` the same on all of them, as on a dirty glass,
    `behind` fresh, and on the background alone.

    Raises:
        BadInput: the variant is `behind` and nobody stands before a background.
    """
    animation = staged.animation
    ids = subjects(animation)
    if plan.variant == "behind" and not shown(animation, plan.start, ids):
        raise BadInput("nobody stands before the background here: take another variant")
    if plan.magnitude == 0:
        return staged
    width, height = animation.spec.size
    size = np.float32(plan.magnitude / 255)

    def grainy(x: Picture, frame: int) -> Picture:
        key = 0 if plan.variant == "frozen" else frame
        noise = lens.grain(height, width, [plan.seed, key, 45]) * size
        if plan.variant == "behind":
            noise *= ~silhouette(animation, frame, ids)[..., None]
        return np.asarray(x + noise, np.float32)

    return developed(staged, plan.start, plan.end, grainy)
