"""Drift: exposure or color of the light slowly runs away and does not come back.

The knob is the distance of a lit gray from itself at the end of the span, in CIE dE*ab.
"""

import numpy as np

from evenflow.world.defects import paint
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.gains import relit

GRAY = 0.3
"""Linear light of the gray that is measured."""

LADDERS: dict[str, Ladder] = {
    "exposure": ((4.0, 9.0, 16.0, 25.0, 36.0), "dE*ab of a gray at the end"),
}
"""A slow change of brightness is seen later than one of color."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Moves the light evenly from the span's first frame on; frames after the span keep the end.

    Variants: `exposure` goes darker or brighter, `tint` to a color.
    """
    if plan.magnitude == 0:
        return staged
    rng = np.random.default_rng([plan.seed, 42])
    if plan.variant == "exposure":
        way = np.array([-1.0 if rng.random() < 0.6 else 1.0, 0.0, 0.0])
    else:
        angle = rng.uniform(0, 2 * np.pi)
        way = np.array([float(rng.uniform(-0.25, 0.25)), np.cos(angle), np.sin(angle)])
        way /= np.linalg.norm(way)
    here = paint.lab(np.full(3, GRAY))
    count = plan.end - plan.start
    share = (np.arange(count) + 1.0) / count
    gain = paint.unlab(here + share[:, None] * plan.magnitude * way) / GRAY
    return relit(staged, plan.start, np.maximum(gain, 0.02))
