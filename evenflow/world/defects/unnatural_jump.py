"""Unnatural jump: some frames of time are missing (`skip`), or time jerks ahead and back (`warp`).

The knob is the number of frames that it skips, at 24 frames a second.
"""

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.retimed import longer, motion, retimed

LONGEST = 12
"""Frames of the strongest, at 24 a second: all strengths need as much room and motion."""

STRIDE, LEAST_JUMP = 5.0, 5.0
"""Frames at 24 a second in which a body or the camera must move by so many pixels of a
picture 128 high: what hardly moves cannot be seen to jump."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Shows the state of `k` frames later from `plan.start` on, or for three frames only.

    Raises:
        BadInput: nothing moves there, or too little is left of the clip.
    """
    animation = staged.animation
    fps, num = float(animation.spec.fps), len(animation.shot)
    most = max(1, round(LONGEST * fps / 24))
    skip = plan.magnitude * fps / 24
    last = int(np.flatnonzero(animation.shot == animation.shot[plan.start])[-1])
    if plan.start < 1 or plan.start + most // 2 + 2 > last:
        raise BadInput("a jump needs a frame before it and some after it: say another --at")
    ahead = min(plan.start + max(1, round(STRIDE * fps / 24)), last)
    if motion(animation, plan.start, ahead, bodies=True) < LEAST_JUMP:
        raise BadInput("nothing moves here, so no jump can be seen: say another --at")
    count = max(1, round(skip)) if plan.magnitude else 0
    rows = np.arange(num)
    if plan.variant == "warp":
        for i, share in enumerate((0.6, 1.0, 0.5)):
            at = plan.start + i
            if count and at <= last:
                rows[at] = min(at + max(1, round(share * count)), last)
        return retimed(staged, rows) if count else staged
    whole = longer(staged, most)
    if not count:
        return staged
    rows[plan.start :] += count
    return retimed(staged, rows, of=whole)
