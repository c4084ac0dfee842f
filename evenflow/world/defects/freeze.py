"""Freeze: all states stand still for a while, then go on where they would have been.

The knob is the share of the span that repeats its first frame.
"""

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.retimed import LEAST_PIXELS, motion, retimed


def plant(staged: Staged, plan: Plan) -> Staged:
    """Repeats the state at `plan.start` for a share `plan.magnitude` of the span, one frame at
    least.

    Raises:
        BadInput: nothing moves there, so nobody would see it.
    """
    middle = (plan.start + plan.end) // 2
    if motion(staged.animation, plan.start, middle) < LEAST_PIXELS:
        raise BadInput("nothing moves in these frames, so none can freeze: say another --at")
    if plan.magnitude == 0:
        return staged
    length = plan.end - plan.start
    held = max(1, min(length - 1, round(plan.magnitude * (length - 1))))
    rows = np.arange(len(staged.animation.shot))
    rows[plan.start + 1 : plan.start + 1 + held] = plan.start
    return retimed(staged, rows)
