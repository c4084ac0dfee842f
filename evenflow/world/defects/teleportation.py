"""Teleportation: somebody is suddenly elsewhere and goes on from there; shadow and all.

The knob is the length of the jump in heights of the body. Where it goes, it is still in the
picture, on the same support, and inside nobody else.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import moved, need
from evenflow.world.defects.seen import per_unit, present, project, who

D = NDArray[np.float64]
LADDER = (0.5, 0.8, 1.2, 1.8, 2.6)
"""Heights of the body; the longest must fit, so that all strengths go the same way."""


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Things and walkers that nobody holds."""
    ids = present(animation, start, min(end, start + 8), who(animation, "things", "walkers"))
    free = animation.entities.support[start]
    return tuple(id for id in ids if free[id - 1] <= 0)


def ways(animation: Animation, entity: int, start: int, longest: float) -> list[D]:
    """World directions on the ground into which it can jump so far, the best first.

    Best is where the whole way lies in the picture, free of others, and mostly across it.
    """
    states = animation.entities
    shot = int(np.flatnonzero(animation.shot == animation.shot[start])[-1]) + 1
    some = np.unique(np.linspace(start, shot - 1, 6).astype(int))
    here = states.position[:, entity - 1].astype(np.float64)
    size = float(states.size[start, entity - 1])
    right = animation.camera.world_to_camera[start, 0, :3].astype(np.float64)
    flat = right * (1.0, 0.0, 1.0)
    flat /= np.linalg.norm(flat) + 1e-9
    deep = np.array([-flat[2], 0.0, flat[0]])
    side_on = bool(animation.camera.orthographic[start])
    width, height = animation.spec.size
    margin = size * float(per_unit(animation)[start, entity - 1])
    found: list[tuple[float, D]] = []
    for angle in np.arange(12) * np.pi / 6:
        way = np.cos(angle) * flat + (0.0 if side_on else np.sin(angle)) * deep
        if np.linalg.norm(way) < 0.9:
            continue
        score, good = abs(float(np.cos(angle))), True
        for share in (0.25, 0.45, 0.7, 1.0):
            shift = way * longest * share
            there = project(animation, here + shift)[some]
            inside = (
                (there[:, 0] > 0.5 * margin) & (there[:, 0] < width - 0.5 * margin)
                & (there[:, 1] > 0.3 * margin) & (there[:, 1] < height - 0.3 * margin)
                & (there[:, 2] > 0.3)
            )  # fmt: skip
            score += float(inside.mean())
            good = good and bool(inside[0])
            apart = np.linalg.norm(
                (states.position[start] - here[start] - shift) * (1.0, 0.0, 1.0), axis=-1
            )
            apart[entity - 1] = np.inf
            apart[~states.present[start]] = np.inf
            good = good and bool((apart > 0.7 * (size + states.size[start])).all())
        if good:
            found.append((score, way))
    return [way for _, way in sorted(found, key=lambda pair: -pair[0])]


def plant(staged: Staged, plan: Plan) -> Staged:
    """Moves the entity by `plan.magnitude` heights from `plan.start` on."""
    animation = staged.animation
    high = 2.0 * float(animation.entities.size[plan.start, plan.entity - 1])
    for longest in LADDER[:1:-1]:
        found = ways(animation, plan.entity, plan.start, longest * high)
        if found:
            break
    need(found, f"entity {plan.entity} has no room to jump to: take another scene or entity")
    if plan.magnitude == 0:
        return staged
    rng = np.random.default_rng([plan.seed, 2])
    way = found[int(rng.integers(min(3, len(found))))]
    shift = np.tile(way * plan.magnitude * high, (plan.end - plan.start, 1))
    return moved(staged, plan.entity, plan.start, shift)
