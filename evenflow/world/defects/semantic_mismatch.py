"""Semantic mismatch: one clause of the caption is wrong from the first frame to the last.

Every variant has its own knob: how far the paint of `color` lies from the one that is said, how
unlike the `kind` is, how many too many there are (`count`), how much of the way to the other `side`
of the picture somebody stands, by what factor the `size` is wrong, how many limbs are missing
(`part`: a hand counts a quarter, a forearm a half).
"""

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world import bodies
from evenflow.world.animation import Animation, Parts
from evenflow.world.defects import paint
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.edits import STATIC, edited, moved, need, painted, quiet
from evenflow.world.defects.identity_drift import stretched
from evenflow.world.defects.limbs import bones_of
from evenflow.world.defects.models import likes, swapped
from evenflow.world.defects.seen import parts_of, per_unit, project, who
from evenflow.world.words import WALKERS

D = NDArray[np.float64]
VARIANTS = ("color", "kind", "count", "side", "size", "part")
LADDERS: dict[str, Ladder] = {
    "color": ((14.0, 25.0, 40.0, 58.0, 80.0), "dE*ab from what is said"),
    "kind": ((0.15, 0.35, 0.55, 0.8, 1.0), "unlikeness of the outline"),
    "count": ((1.0, 2.0, 3.0, 4.0, 5.0), "too many"),
    "side": ((0.3, 0.5, 0.7, 0.85, 1.0), "share of the way to the other side"),
    "size": ((1.15, 1.3, 1.5, 1.8, 2.2), "times larger or smaller"),
    "part": ((0.25, 0.5, 1.0, 2.0, 3.0), "limbs that are missing"),
}
LIMBS: dict[float, tuple[tuple[int, ...], tuple[int, ...]]] = {
    0.25: ((bodies.HAND,), (bodies.PAW,)),
    0.5: ((bodies.LOWER_ARM, bodies.HAND), (bodies.LOWER, bodies.PAW)),
    1.0: ((bodies.UPPER_ARM, bodies.LOWER_ARM, bodies.HAND),
          (bodies.UPPER, bodies.LOWER, bodies.PAW)),
    2.0: ((bodies.UPPER_ARM, bodies.LOWER_ARM, bodies.HAND,
           bodies.UPPER_ARM + 1, bodies.LOWER_ARM + 1, bodies.HAND + 1),
          (bodies.UPPER, bodies.LOWER, bodies.PAW,
           bodies.UPPER + 2, bodies.LOWER + 2, bodies.PAW + 2)),
    3.0: ((bodies.UPPER_ARM, bodies.LOWER_ARM, bodies.HAND,
           bodies.UPPER_ARM + 1, bodies.LOWER_ARM + 1, bodies.HAND + 1,
           bodies.UPPER_LEG, bodies.LOWER_LEG, bodies.FOOT),
          (bodies.UPPER, bodies.LOWER, bodies.PAW, bodies.UPPER + 2, bodies.LOWER + 2,
           bodies.PAW + 2, bodies.SKULL)),
}  # fmt: skip
"""Bones that are missing, of two and of four legs, for each magnitude of `part`."""


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Those that the caption speaks of and that are there from the first frame on."""
    ids = who(animation, "things", "walkers")
    here = animation.entities.present[start]
    return tuple(id for id in ids if animation.spec.entity(id).said and here[id - 1])


def plant(staged: Staged, plan: Plan) -> Staged:
    """Does what the variant says in all of the frames."""
    return {
        "color": _color, "kind": _kind, "count": _count, "side": _side, "size": _size,
        "part": _part,
    }[plan.variant](staged, plan)  # fmt: skip


def _color(staged: Staged, plan: Plan) -> Staged:
    animation = staged.animation
    need(
        quiet(animation, plan.entity, plan.start, plan.end, "change_color"),
        f"the caption lets entity {plan.entity} change its color",
    )
    if plan.magnitude == 0:
        return staged
    rows = painted(staged, plan.entity, ("color",))
    parts = animation.parts
    own = paint.named(animation.spec.entity(plan.entity).color)
    _, way = paint.toward(own, np.random.default_rng([plan.seed, 12]))
    span = slice(plan.start, plan.end)
    color, names = parts.color.copy(), animation.entities.color.copy()
    color[span, rows] = paint.shifted(parts.color[span][:, rows], way * plan.magnitude)
    names[span, plan.entity - 1] = paint.nearest(own + way * plan.magnitude)
    return edited(
        staged,
        parts=replace(parts, color=color),
        entities=replace(animation.entities, color=names),
    )


def _kind(staged: Staged, plan: Plan) -> Staged:
    kind = staged.animation.spec.entity(plan.entity).kind
    need(likes(kind), f"nothing takes the place of a {kind}")
    if plan.magnitude == 0:
        return staged
    return swapped(
        staged, plan.entity, plan.start, plan.end, plan.magnitude, plan.seed, outline_only=True
    )


def _clear(animation: Animation, entity: int, frame: int, place: D, share: float) -> bool:
    """Whether nobody else is where somebody would be, by a share of the sum of their sizes."""
    states = animation.entities
    apart = np.linalg.norm((states.position[frame] - place) * (1.0, 0.0, 1.0), axis=-1)
    near = apart < share * (states.size[frame] + states.size[frame, entity - 1])
    near &= states.present[frame]
    near[entity - 1] = False
    return not near.any()


def _places(animation: Animation, entity: int, start: int) -> list[D]:
    """Ways to where one more of somebody has room, the nearest first."""
    states = animation.entities
    here = states.position[:, entity - 1].astype(np.float64)
    size = float(states.size[start, entity - 1])
    right = animation.camera.world_to_camera[start, 0, :3] * (1.0, 0.0, 1.0)
    right = right / (np.linalg.norm(right) + 1e-9)
    deep = np.array([-right[2], 0.0, right[0]])
    width, height = animation.spec.size
    margin = 0.5 * size * float(per_unit(animation)[start, entity - 1])
    ways: list[D] = []
    frames = np.unique(np.linspace(start, len(animation.shot) - 1, 4).astype(int))
    frames = frames[animation.shot[frames] == animation.shot[start]]
    for far in (1.0, 1.6, 2.3, 3.1):
        for angle in (0.0, np.pi, 0.5, np.pi - 0.5, -0.5, np.pi + 0.5, 1.2, np.pi - 1.2):
            way = 2.7 * size * far * (np.cos(angle) * right + np.sin(angle) * deep)
            x, y, z = project(animation, here + way)[start]
            if not (margin < x < width - margin and margin < y < height and z > 0.3):
                continue
            clear = all(_clear(animation, entity, f, here[f] + way, 0.9) for f in frames)
            if clear and all(np.linalg.norm(way - w) > 2.4 * size for w in ways):
                ways.append(way)
    return ways


def _count(staged: Staged, plan: Plan) -> Staged:
    animation = staged.animation
    ways = _places(animation, plan.entity, plan.start)
    need(len(ways) >= 2, f"there is no room for more of entity {plan.entity}")
    rows = parts_of(animation, plan.entity)
    parts = animation.parts
    joined = {f.name: [getattr(parts, f.name)] for f in fields(Parts)}
    for way in ways[: round(plan.magnitude)]:
        for name, several in joined.items():
            one = getattr(parts, name)
            if name in STATIC:
                several.append(one[rows])
                continue
            copy = one[:, rows].copy()
            if name == "position":
                copy = (copy + way).astype(one.dtype)
            if name == "present":
                copy[: plan.start] = False
                copy[plan.end :] = False
            several.append(copy)
    made = {n: np.concatenate(v, axis=0 if n in STATIC else 1) for n, v in joined.items()}
    return edited(staged, parts=Parts(**made))


def _side(staged: Staged, plan: Plan) -> Staged:
    animation = staged.animation
    width = animation.spec.size[0]
    e = plan.entity - 1
    there = project(animation, animation.entities.position.astype(np.float64))[:, e]
    off = width - 2 * float(there[plan.start, 0])
    need(abs(off) > 0.25 * width, f"entity {plan.entity} stands in the middle, on no side")
    right = animation.camera.world_to_camera[plan.start, 0, :3] * (1.0, 0.0, 1.0)
    right = right / (np.linalg.norm(right) + 1e-9)
    way = right * off / float(per_unit(animation)[plan.start, e])
    states = animation.entities
    here = states.position[plan.start, e].astype(np.float64)
    clear = all(
        _clear(animation, plan.entity, plan.start, here + share * way, 0.6)
        for share in LADDERS["side"][0]
    )
    need(clear, f"somebody else stands where entity {plan.entity} would be")
    if plan.magnitude == 0:
        return staged
    shift = np.tile(plan.magnitude * way, (plan.end - plan.start, 1))
    return moved(staged, plan.entity, plan.start, shift)


def _size(staged: Staged, plan: Plan) -> Staged:
    if plan.magnitude == 0:
        return staged
    rng = np.random.default_rng([plan.seed, 13])
    factor = plan.magnitude if rng.uniform() < 0.5 else 1 / plan.magnitude
    many = np.full(plan.end - plan.start, factor)
    return stretched(staged, plan.entity, plan.start, many, many)


def _part(staged: Staged, plan: Plan) -> Staged:
    animation = staged.animation
    kind = animation.spec.entity(plan.entity).kind
    need(kind in WALKERS, f"entity {plan.entity} has no limbs that could be missing")
    known = [m for m in LIMBS if m <= plan.magnitude]
    if not known:
        return staged
    missing = LIMBS[max(known)][0 if kind in ("man", "woman", "child", "robot") else 1]
    rows = parts_of(animation, plan.entity)
    bone = bones_of(animation, plan.entity)
    hidden = rows[: len(bone)][np.isin(bone, missing)]
    present = animation.parts.present.copy()
    present[plan.start : plan.end, hidden] = False
    return edited(staged, parts=replace(animation.parts, present=present))
