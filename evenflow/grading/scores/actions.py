"""Actions: what was commanded, key by key, against what the camera or the player then did."""

import numpy as np

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw
from evenflow.grading.paths import shots_of

LEAST_SHIFT = 0.004
"""Share of the picture's height that the background must move for a command to count as heard."""


def obedience(case: Case) -> Raw:
    """Share of the frames with one of turn, look, forward or back in which the background moves as
    it should for eyes that obey: to the right for a turn left, growing for forward."""
    if case.actions is None:
        return Raw(None, "no actions were given")
    acts = np.asarray(case.actions, np.float64)
    motion = case.reading.view.motion.astype(np.float64)
    height = case.reading.height
    right = wrong = 0
    spans = []
    cuts = {a for a, _ in shots_of(case.reading)}
    for t in range(1, min(len(acts) + 1, len(motion))):
        if t in cuts or not np.isfinite(motion[t]).all():
            continue
        row = acts[t - 1]
        turn = row[5] - row[4] + 4 * row[8]  # to the right positive
        ahead = row[0] - row[1]
        if abs(turn) > 0.05:
            fine = -np.sign(turn) * motion[t, 0] > LEAST_SHIFT * height
        elif abs(ahead) > 0.5:
            fine = np.sign(ahead) * motion[t, 2] > 0.001
        elif not row.any():
            fine = float(np.hypot(motion[t, 0], motion[t, 1])) < LEAST_SHIFT * height
        else:
            continue
        if fine:
            right += 1
        else:
            wrong += 1
            spans.append(Span("action_mismatch", t, t + 1))
    if right + wrong < 5:
        return Raw(None, "no command's effect could be seen in the background")
    return Raw(right / (right + wrong), spans=tuple(spans[:20]))
