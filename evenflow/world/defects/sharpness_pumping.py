"""Sharpness pumping: key frames are sharp and those between them soft, again and again; or once, in
a burst.

The knob is the largest sigma of the blur in percent of the height; pictures of less than 270 lines
count as so many, because half a pixel is the least that shows.
"""

import numpy as np

from evenflow.world.defects import lens
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.lens import Picture, developed


def plant(staged: Staged, plan: Plan) -> Staged:
    """Blurs between sharp frames, of which the first is `plan.start`.

    Variants: `pumping` has a period of 0.4 to 0.8 s; `burst` goes soft and sharp again within one.
    """
    if plan.magnitude == 0:
        return staged
    rng = np.random.default_rng([plan.seed, 46])
    fps = float(staged.animation.spec.fps)
    period = max(3, round(fps * float(rng.uniform(0.4, 0.8))))
    most = plan.magnitude / 100 * max(staged.animation.spec.size[1], 270)
    end = plan.end
    if plan.variant == "burst":
        end = min(plan.end, plan.start + period)
        period = end - plan.start
    else:
        period = max(3, min(period, (plan.end - plan.start) // 2))

    def pumped(x: Picture, frame: int) -> Picture:
        phase = (frame - plan.start) % period / period
        return lens.soft(x, most * float(np.sin(np.pi * phase)))

    return developed(staged, plan.start, end, pumped)
