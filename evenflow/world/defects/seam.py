"""Seam: from a frame on everything was made by another window: its light, its tint, its camera and
its grain are a little different.

The knob is the step of the light in percent; camera and grain step with it.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.world.defects import lens
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.edits import edited
from evenflow.world.defects.gains import relit
from evenflow.world.defects.lens import Picture, developed
from evenflow.world.defects.shake import aimed

D = NDArray[np.float64]
OFFSET = 0.035
"""Percent of the height that the aim steps for each percent of light."""
GRAIN = 0.07
"""Gray levels of grain for each percent of light."""
BLEND_S = 0.2
LADDERS: dict[str, Ladder] = {"blended": ((3.0, 6.5, 12.0, 20.0, 30.0), "% of light")}
"""What is blended must be farther apart to be seen as well."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Gives every window its own light, tint, aim and grain.

    Variants: `hard` has one joint, at `plan.start`; `blended` mixes its windows over 0.2 s;
    `windows` has a joint every 0.5 to 0.9 s.
    """
    if plan.magnitude == 0:
        return staged
    animation = staged.animation
    fps, count = float(animation.spec.fps), plan.end - plan.start
    rng = np.random.default_rng([plan.seed, 48])
    window = np.zeros(count, np.int64)
    if plan.variant == "windows":
        period = max(3, round(fps * float(rng.uniform(0.5, 0.9))))
        window = np.minimum(np.arange(count) // period, max(0, (count - 2) // period))
    states = _states(rng, int(window.max()) + 1)
    rows = states[window]
    if plan.variant == "blended":
        long = max(2, round(BLEND_S * fps))
        rows = rows * np.minimum(1.0, (np.arange(count) + 1.0) / long)[:, None]
    size = plan.magnitude / 100
    warm = np.array([1.0, 0.0, -1.0])
    gain = (1.0 + size * rows[:, :1]) * (1.0 + size * rows[:, 1:2] * warm)
    staged = relit(staged, plan.start, np.maximum(gain, 0.05))
    aim = rows[:, 2:4] * plan.magnitude * OFFSET / 100 * animation.spec.size[1]
    staged = edited(staged, camera=aimed(staged.animation, plan.start, aim))
    width, height = animation.spec.size
    level = GRAIN / 255 * plan.magnitude * np.abs(rows[:, 4])

    def grainy(x: Picture, frame: int) -> Picture:
        noise = lens.grain(height, width, [plan.seed, frame, 49])
        return np.asarray(x + noise * np.float32(level[frame - plan.start]), np.float32)

    return developed(staged, plan.start, plan.end, grainy)


def _states(rng: np.random.Generator, count: int) -> D:
    """Light, tint, aim right and down, and grain of each window; neighbors differ by about one."""
    now, out = np.zeros(5), []
    for number in range(count):
        way = -np.sign(now[0]) if number else float(rng.choice((-1.0, 1.0)))
        angle = float(rng.uniform(0, 2 * np.pi))
        now = np.array([
            way * float(rng.uniform(0.8, 1.2)) * (1.0 if number % 2 == 0 else 0.4),
            float(rng.uniform(-0.4, 0.4)),
            np.cos(angle), np.sin(angle), float(rng.uniform(0.3, 1.0)) * (number % 2 == 0),
        ])  # fmt: skip
        out.append(now)
    return np.stack(out)
