"""Edits of states: what kinds of defects share. Arrays are copied, never written to."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world import bodies, lights, things
from evenflow.world.animation import Animation, EntityTrack, Parts, Skeletons
from evenflow.world.defects.defect import Staged
from evenflow.world.defects.seen import parts_of
from evenflow.world.words import THINGS, WALKERS

D = NDArray[np.float64]
STATIC = ("shape", "entity", "param", "pattern", "material", "pattern_scale", "pattern_seed")
"""Fields of Parts without frames."""


def edited(staged: Staged, **groups: Any) -> Staged:
    """What was staged, with other parts, entities, light, ... of its animation."""
    return replace(staged, animation=replace(staged.animation, **groups))


def with_parts(staged: Staged, **values: NDArray) -> Staged:
    """What was staged, with other arrays of its parts."""
    parts = staged.animation.parts
    typed = {name: np.asarray(v, getattr(parts, name).dtype) for name, v in values.items()}
    return edited(staged, parts=replace(parts, **typed))


def carried_by(animation: Animation, entity: int, start: int, end: int) -> tuple[int, ...]:
    """Ids of what is in somebody's hands, or lies in or on it, in all of the frames."""
    support = animation.entities.support[start:end]
    out: list[int] = []
    todo = [entity]
    while todo:
        host = todo.pop()
        for row in np.flatnonzero((support == host).all(axis=0)):
            id = int(row) + 1
            if id not in out and id != entity:
                out.append(id)
                todo.append(id)
    return tuple(out)


def moved(
    staged: Staged, entity: int, start: int, shift: D, *, along: bool = True, turn: D | None = None
) -> Staged:
    """Somebody, and what it carries, elsewhere in frames from `start` on.

    Args:
        shift: world units, `(n, 3)`, of the frames `[start, start + n)`.
        along: what it carries comes along.
        turn: rotations `(n, 3, 3)` about its middle, before the shift.
    """
    animation = staged.animation
    end = start + len(shift)
    ids = [entity, *(carried_by(animation, entity, start, end) if along else ())]
    span = slice(start, end)
    parts, states, bones = animation.parts, animation.entities, animation.skeletons
    rows = np.flatnonzero(np.isin(parts.entity, ids))
    who = np.array(ids) - 1
    middle = states.position[span, entity - 1].astype(np.float64)
    spin = np.broadcast_to(np.eye(3), (end - start, 3, 3)) if turn is None else turn

    def placed(values: NDArray) -> D:
        more = (1,) * (values.ndim - 2)
        center = middle.reshape(-1, *more, 3)
        out = (spin.reshape(-1, *more, 3, 3) * (values - center)[..., None, :]).sum(-1)
        return np.asarray(out + center + shift.reshape(-1, *more, 3))

    def turned(values: NDArray) -> D:
        return np.asarray(np.einsum("tij,tkjl->tkil", spin, values.astype(np.float64)))

    position, rotation = parts.position.copy(), parts.rotation.copy()
    position[span, rows] = placed(parts.position[span][:, rows])
    center, axes = states.position.copy(), states.rotation.copy()
    center[span, who] = placed(states.position[span][:, who])
    if turn is not None:
        rotation[span, rows] = turned(parts.rotation[span][:, rows])
        axes[span, who] = turned(states.rotation[span][:, who])
    joints, feet = bones.joints.copy(), bones.feet.copy()
    for w in np.flatnonzero(np.isin(bones.entity, ids)):
        joints[span, w] = placed(bones.joints[span, w])
        feet[span, w] = placed(bones.feet[span, w])
    entities = replace(states, position=center, rotation=axes)
    return edited(
        staged,
        parts=replace(parts, position=position, rotation=rotation),
        entities=entities,
        skeletons=replace(bones, joints=joints, feet=feet),
        light=_lamps(animation, entities, ids),
    )


def _lamps(animation: Animation, entities: EntityTrack, ids: list[int]) -> Any:
    """The light, with lamps where they are now."""
    light = animation.light
    if not any(animation.spec.entity(id).kind == "lamp" for id in ids) or not light.lamps.size:
        return light
    now = lights.track(animation.spec, entities).lamps
    if now.shape != light.lamps.shape:
        return light
    lamps = light.lamps.copy()
    lamps[:, :, :3] = now[:, :, :3]
    return replace(light, lamps=lamps)


def gone(staged: Staged, entity: int, where: NDArray[np.bool_]) -> Staged:
    """Somebody, and what it carries, absent in some frames.

    Args:
        where: the frames, bool `(t,)`.
    """
    animation = staged.animation
    frames = np.flatnonzero(where)
    if not len(frames):
        return staged
    ids = [entity, *carried_by(animation, entity, int(frames[0]), int(frames[-1]) + 1)]
    parts, states = animation.parts, animation.entities
    shown, here = parts.present.copy(), states.present.copy()
    shown[np.ix_(where, np.isin(parts.entity, ids))] = False
    here[np.ix_(where, np.array(ids) - 1)] = False
    light = animation.light
    lamps = [i for i in ids if animation.spec.entity(i).kind == "lamp"]
    if lamps and light.lamps.size:
        lit = light.lamps.copy()
        for id in lamps:
            near = (
                np.linalg.norm(lit[:, :, :3] - states.position[:, None, id - 1], axis=-1)
                < 2.5 * states.size[:, None, id - 1]
            )
            lit[:, :, 7] *= ~(near & where[:, None])
        light = replace(light, lamps=lit)
    return edited(
        staged,
        parts=replace(parts, present=shown),
        entities=replace(states, present=here),
        light=light,
    )


def paints(animation: Animation, entity: int) -> tuple[NDArray[np.int64], list[str]]:
    """Rows of somebody's parts, and what each is painted with: `color`, `second`, `skin`, `hair`,
    or `fixed` (windows, wheels)."""
    rows = parts_of(animation, entity)
    one = animation.spec.entity(entity)
    if one.kind in WALKERS:
        names = [
            part.paint if isinstance(part.paint, str) else "fixed"
            for part in bodies.build(one.kind).parts
        ]
    else:
        sheet = things.sheet(one.kind, one.seed)
        names = [("color", "second", "fixed")[int(p)] for p in sheet.paint]
    names += ["color"] * (len(rows) - len(names))  # splinters
    return rows, names[: len(rows)]


def painted(staged: Staged, entity: int, kinds: tuple[str, ...]) -> NDArray[np.int64]:
    """Rows of somebody's parts that are painted with some of `color`, `second`, ..."""
    rows, names = paints(staged.animation, entity)
    return np.array([r for r, n in zip(rows, names, strict=True) if n in kinds], np.int64)


def replaced(staged: Staged, entity: int, other: Animation, start: int, end: int) -> Staged:
    """Somebody as he is in another animation of the same scene, in frames `[start, end)`.

    Args:
        other: the same length and cast; there the entity may be of another kind.
    """
    mine = staged.animation
    span = slice(start, end)
    theirs = parts_of(other, entity)
    own = parts_of(mine, entity)
    old = mine.parts
    num = len(mine.shot)
    shown = old.present.copy()
    shown[span, own] = False
    joined: dict[str, NDArray] = {}
    for one in fields(Parts):
        a, b = getattr(old, one.name), getattr(other.parts, one.name)
        if one.name in STATIC:
            joined[one.name] = np.concatenate([a, b[theirs]])
        elif one.name == "present":
            more = np.zeros((num, len(theirs)), np.bool_)
            more[span] = b[span][:, theirs]
            joined[one.name] = np.concatenate([shown, more], axis=1)
        else:
            joined[one.name] = np.concatenate([a, b[:, theirs]], axis=1)
    states = mine.entities
    values = {}
    for f in fields(EntityTrack):
        array = getattr(states, f.name).copy()
        array[span, entity - 1] = getattr(other.entities, f.name)[span, entity - 1]
        values[f.name] = array
    bones = mine.skeletons
    if entity in bones.entity and entity in other.skeletons.entity:
        w, v = (list(x.entity).index(entity) for x in (bones, other.skeletons))
        rows = {}
        for f in fields(Skeletons):
            if f.name == "entity":
                continue
            array = getattr(bones, f.name).copy()
            array[span, w] = getattr(other.skeletons, f.name)[span, v]
            rows[f.name] = array
        bones = replace(bones, **rows)
    return edited(staged, parts=Parts(**joined), entities=EntityTrack(**values), skeletons=bones)


def is_thing(animation: Animation, entity: int) -> bool:
    """Whether it is a row of THINGS."""
    return animation.spec.entity(entity).kind in THINGS


def changes(animation: Animation, entity: int, *kinds: str) -> list[tuple[float, float]]:
    """Seconds of the events of some kinds that somebody has."""
    return [
        (e.start, e.end) for e in animation.spec.events if e.agent == entity and e.kind in kinds
    ]


def quiet(animation: Animation, entity: int, start: int, end: int, *kinds: str) -> bool:
    """Whether none of some kinds of events of somebody touches the frames."""
    fps = float(animation.spec.fps)
    return not any(
        a * fps < end and b * fps + 1 > start for a, b in changes(animation, entity, *kinds)
    )


def need(condition: object, message: str) -> None:
    """Raises BadInput with the message unless the condition holds."""
    if not condition:
        raise BadInput(message)
