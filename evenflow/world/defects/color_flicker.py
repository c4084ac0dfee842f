"""Color flicker: the paint of one thing or walker goes back and forth around its own color.

The knob is the root mean square distance of the paint in CIE L*a*b*. `random` draws every frame
anew, `periodic` swings six to ten times a second.
"""

from dataclasses import replace

import numpy as np

from evenflow.world.defects import paint
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import edited, painted

VARIANTS = ("random", "periodic")


def plant(staged: Staged, plan: Plan) -> Staged:
    """Shifts the paints of the entity by the same way in each frame."""
    if plan.magnitude == 0:
        return staged
    parts = staged.animation.parts
    rows = painted(staged, plan.entity, ("color", "second"))
    rng = np.random.default_rng([plan.seed, 3])
    num, fps = plan.end - plan.start, float(staged.animation.spec.fps)
    if plan.variant == "periodic":
        rate = min(rng.uniform(6, 10), 0.45 * fps)
        wave = np.sin(2 * np.pi * (rate * np.arange(num) / fps + rng.uniform()))
    else:
        wave = rng.normal(size=num)
        wave -= wave.mean()
    wave /= max(float(np.sqrt((wave**2).mean())), 1e-6)
    angle = rng.uniform(0, 2 * np.pi)
    way = np.array([0.45, 0.9 * np.cos(angle), 0.9 * np.sin(angle)])
    way /= np.linalg.norm(way)
    step = (plan.magnitude * wave)[:, None, None] * way
    span = slice(plan.start, plan.end)
    color, second = parts.color.copy(), parts.second.copy()
    color[span, rows] = paint.shifted(parts.color[span][:, rows], step)
    second[span, rows] = paint.shifted(parts.second[span][:, rows], step)
    return edited(staged, parts=replace(parts, color=color, second=second))
