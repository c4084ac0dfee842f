"""Limbs: which parts of a walker hang on which joint, and turning them there."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world import bodies
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Staged
from evenflow.world.defects.edits import edited
from evenflow.world.defects.seen import parts_of
from evenflow.world.defects.timing import noise
from evenflow.world.things import turn

D = NDArray[np.float64]
TWO_LEGS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (5, (bodies.UPPER_ARM, bodies.LOWER_ARM, bodies.HAND)),
    (6, (bodies.UPPER_ARM + 1, bodies.LOWER_ARM + 1, bodies.HAND + 1)),
    (7, (bodies.LOWER_ARM, bodies.HAND)),
    (8, (bodies.LOWER_ARM + 1, bodies.HAND + 1)),
    (11, (bodies.UPPER_LEG, bodies.LOWER_LEG, bodies.FOOT)),
    (12, (bodies.UPPER_LEG + 1, bodies.LOWER_LEG + 1, bodies.FOOT + 1)),
    (13, (bodies.LOWER_LEG, bodies.FOOT)),
    (14, (bodies.LOWER_LEG + 1, bodies.FOOT + 1)),
)
"""Joint (in COCO's order) and the bones that turn about it, from the body outward."""
FOUR_LEGS: tuple[tuple[int, tuple[int, ...]], ...] = tuple(
    (joint, (bodies.UPPER + k, bodies.LOWER + k, bodies.PAW + k))
    for k, joint in enumerate((5, 6, 11, 12))
) + tuple((joint, (bodies.LOWER + k, bodies.PAW + k)) for k, joint in enumerate((7, 8, 13, 14)))


def bones_of(animation: Animation, entity: int) -> NDArray[np.int64]:
    """The bone of each part of a walker."""
    body = bodies.build(animation.spec.entity(entity).kind)
    return np.array([part.bone for part in body.parts], np.int64)


def trembling(staged: Staged, entity: int, start: int, end: int, angle: float, seed: int) -> Staged:
    """Limbs that tremble about their joints.

    Args:
        angle: root mean square, radians.
    """
    animation = staged.animation
    rng = np.random.default_rng([seed, 10])
    num, fps = end - start, float(animation.spec.fps)
    rows, bone = parts_of(animation, entity), bones_of(animation, entity)
    span = slice(start, end)
    skeleton = animation.skeletons
    w = list(skeleton.entity).index(entity)
    two = animation.spec.entity(entity).kind in ("man", "woman", "child", "robot")
    chains = TWO_LEGS if two else FOUR_LEGS
    place = animation.parts.position[span][:, rows].astype(np.float64)
    axes = animation.parts.rotation[span][:, rows].astype(np.float64)
    joints = skeleton.joints[span, w].astype(np.float64)
    waves = noise(rng, num, 3 * len(chains), fps, low=min(4.0, 0.25 * fps), high=0.5 * fps)
    waves = waves.reshape(num, len(chains), 3) * angle
    # Of a limb the elbow and knee turn first, then the whole about its upper joint.
    order = sorted(range(len(chains)), key=lambda c: len(chains[c][1]))
    for c in order:
        joint, moved = chains[c]
        mine = np.isin(bone, moved)
        pivot = joints[:, joint][:, None]
        spin = np.array([turn(*one) for one in waves[:, c]])
        place[:, mine] = np.einsum("tij,tkj->tki", spin, place[:, mine] - pivot) + pivot
        axes[:, mine] = np.einsum("tij,tkjl->tkil", spin, axes[:, mine])
    parts = animation.parts
    position, rotation = parts.position.copy(), parts.rotation.copy()
    position[span, rows[: len(bone)]] = place
    rotation[span, rows[: len(bone)]] = axes
    return edited(staged, parts=replace(parts, position=position, rotation=rotation))
