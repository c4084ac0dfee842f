"""Edge shimmer: outlines wobble; every part stretches, tilts and trembles a little by itself.

The knob is the root mean square way of the outline in percent of the body's height. The wobble is
band-limited above five hertz, so that nothing moves away and nothing grows for long.
"""

from dataclasses import replace

import numpy as np

from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import edited
from evenflow.world.defects.seen import parts_of, present, who
from evenflow.world.defects.timing import noise
from evenflow.world.things import turn


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Everybody that is there."""
    return present(animation, start, end, who(animation, "things", "walkers", "fixtures"))


def plant(staged: Staged, plan: Plan) -> Staged:
    """Jitters scale, rotation and place of the entity's parts."""
    if plan.magnitude == 0:
        return staged
    animation = staged.animation
    parts = animation.parts
    rows = parts_of(animation, plan.entity)
    rng = np.random.default_rng([plan.seed, 7])
    num, fps = plan.end - plan.start, float(animation.spec.fps)
    span = slice(plan.start, plan.end)
    high = 2.0 * animation.entities.size[span, plan.entity - 1].astype(np.float64)
    way = plan.magnitude / 100 * high[:, None, None]  # world units, (n, 1, 1)
    waves = noise(rng, num, 9 * len(rows), fps, low=min(5.0, 0.3 * fps), high=0.5 * fps)
    waves = waves.reshape(num, len(rows), 9)
    scale, rotation = parts.scale.copy(), parts.rotation.copy()
    position = parts.position.copy()
    half = parts.scale[span][:, rows].astype(np.float64)
    # An outline moves by the growth of its part, by its tilt at the far end, and with its middle.
    scale[span, rows] = np.maximum(half + 0.8 * way * waves[..., :3], 0.25 * half)
    long = np.maximum(half.max(axis=-1, keepdims=True), 1e-3)
    angle = np.clip(0.5 * way / long, 0, 0.5) * waves[..., 3:6]
    tilt = np.array([[turn(*one) for one in row] for row in angle])
    rotation[span, rows] = np.einsum(
        "tkij,tkjl->tkil", parts.rotation[span][:, rows].astype(np.float64), tilt
    )
    position[span, rows] = parts.position[span][:, rows] + 0.3 * way * waves[..., 6:]
    return edited(staged, parts=replace(parts, scale=scale, rotation=rotation, position=position))
