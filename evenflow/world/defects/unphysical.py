"""Unphysical: weight, bounces and collisions that the law of the world does not allow.

`gravity` takes away a share of the weight of what flies, `bounce` gives back more speed than came
(the knob is the ratio of the speeds after and before), `pass through` lets two bodies go on as if
the other were not there and `no reaction` leaves the one that is hit where it is (the knob is the
share of the reaction that is missing). The scene is simulated again, and the entities concerned are
taken from there.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation, Contact
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.edits import is_thing, moved, need, replaced
from evenflow.world.defects.seen import present, who
from evenflow.world.simulate import simulate
from evenflow.world.spec import SceneSpec

D = NDArray[np.float64]
VARIANTS = ("gravity", "bounce", "pass through", "no reaction")
LADDERS: dict[str, Ladder] = {
    "gravity": ((0.2, 0.36, 0.52, 0.68, 0.84), "share of the weight that is missing"),
    "bounce": ((1.0, 1.08, 1.17, 1.28, 1.42), "speed after over before the bounce"),
    "pass through": ((0.2, 0.4, 0.6, 0.8, 1.0), "share of the reaction that is missing"),
    "no reaction": ((0.2, 0.4, 0.6, 0.8, 1.0), "share of the reaction that is missing"),
}
SOFT = 0.15
"""Speed in world units a second below which a collision is none that anybody sees."""


def flights(animation: Animation, entity: int) -> list[tuple[int, int]]:
    """Frames in which a thing is in the air by itself, `[first, last)`, a sixth of a second long at
    least."""
    states = animation.entities
    least = max(3, round(float(animation.spec.fps) / 6))
    free = (states.support[:, entity - 1] == -1) & states.present[:, entity - 1]
    if not is_thing(animation, entity) or animation.spec.entity(entity).kind == "balloon":
        return []
    # In the air by its own weight: it gets faster downward.
    fall = np.zeros(len(free), bool)
    speed = states.velocity[:, entity - 1, 1].astype(np.float64)
    fall[1:] = np.diff(speed) * float(animation.spec.fps) < -0.5 * animation.spec.gravity
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (free & fall).astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= least]


def bounces(animation: Animation, entity: int) -> list[Contact]:
    """Contacts of a thing with the ground after which it leaves it again."""
    out = []
    states, fps = animation.entities, float(animation.spec.fps)
    for c in animation.contacts:
        if entity not in (c.first, c.second) or 0 not in (c.first, c.second):
            continue
        fall = float(states.velocity[max(c.frame - 1, 0), entity - 1, 1])
        if abs(c.normal[1]) > 0.9 and fall < -6 / fps and is_thing(animation, entity):
            out.append(c)
    return out


def hits(animation: Animation, entity: int) -> list[Contact]:
    """Collisions of two things, of which one is this, that anybody can see."""
    out = []
    for c in animation.contacts:
        if entity not in (c.first, c.second) or 0 in (c.first, c.second):
            continue
        if not all(is_thing(animation, id) for id in (c.first, c.second)):
            continue
        light = min(animation.spec.entity(id).mass for id in (c.first, c.second))
        if c.impulse / light >= SOFT and abs(c.normal[1]) < 0.7:
            out.append(c)
    return out


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Things that fly, bounce or collide."""
    ids = present(animation, 0, 1, who(animation, "things"))
    return tuple(
        id for id in ids if flights(animation, id) or bounces(animation, id) or hits(animation, id)
    )


def fit(animation: Animation, plan: Plan) -> Plan:
    """From where the law is broken to the end of the shot."""
    start = _begin(animation, plan)
    end = int(np.flatnonzero(animation.shot == animation.shot[start])[-1]) + 1
    need(end - start >= 4, "the shot ends too soon after it")
    return replace(plan, start=start, end=end)


def _begin(animation: Animation, plan: Plan) -> int:
    if plan.variant == "gravity":
        air = [a for a, _ in flights(animation, plan.entity)]
        need(air, f"entity {plan.entity} never flies")
        return air[0]
    if plan.variant == "bounce":
        touches = bounces(animation, plan.entity)
        need(touches, f"entity {plan.entity} never bounces")
        return touches[0].frame
    touches = hits(animation, plan.entity)
    need(touches, f"entity {plan.entity} hits nothing that it could pass through")
    return max(touches[0].frame - 1, 1)


def plant(staged: Staged, plan: Plan) -> Staged:
    """Takes the entity from a world with another law, in frames `[plan.start, plan.end)`."""
    animation = staged.animation
    spec = animation.spec
    need(not spec.actions, "a scene that is played has no law to break: take another")
    if plan.variant in ("gravity", "bounce"):
        begin = _begin(animation, plan)
        need(
            plan.start <= begin < plan.end, f"it does not happen in frames {plan.start}-{plan.end}"
        )
        # What the strongest cannot have, none has: strengths share their scenes.
        most = LADDERS[plan.variant][0][4]
        _joined(staged, staged, _unlawful(spec, replace(plan, magnitude=most)), plan, begin)
        if plan.magnitude == 0:
            return staged
        other = _unlawful(spec, plan)
        out = replaced(staged, plan.entity, other, begin, plan.end)
        return _joined(out, staged, other, plan, begin)
    touches = [c for c in hits(animation, plan.entity) if plan.start <= c.frame < plan.end]
    need(touches, f"entity {plan.entity} hits nothing in frames {plan.start}-{plan.end - 1}")
    one = touches[0]
    mate = one.second if one.first == plan.entity else one.first
    if plan.magnitude == 0:
        return staged
    speed = np.linalg.norm(animation.entities.velocity[max(one.frame - 2, 0), :, :], axis=-1)
    struck = mate if speed[plan.entity - 1] >= speed[mate - 1] else plan.entity
    concerned = (struck,) if plan.variant == "no reaction" else (plan.entity, mate)
    out = staged
    first = max(one.frame - 1, plan.start)
    for id in concerned:
        alone = simulate(_without(spec, mate if id == plan.entity else plan.entity))
        out = _toward(out, animation, alone, id, first, plan.end, plan.magnitude)
    return out


def _unlawful(spec: SceneSpec, plan: Plan) -> Animation:
    """The scene with another weight or another spring."""
    if plan.variant == "gravity":
        return simulate(replace(spec, gravity=spec.gravity * (1 - plan.magnitude)))
    cast = tuple(
        replace(e, restitution=plan.magnitude) if e.id == plan.entity else e for e in spec.cast
    )
    return simulate(replace(spec, cast=cast))


def _without(spec: SceneSpec, id: int) -> SceneSpec:
    """The scene with somebody far away."""
    far = (400.0, 0.0, 400.0)
    cast = tuple(replace(e, position=far) if e.id == id else e for e in spec.cast)
    shots = tuple(
        replace(s, starts=tuple((r[0], *far, 0.0) if int(r[0]) == id else r for r in s.starts))
        for s in spec.shots
    )
    events = tuple(e for e in spec.events if e.agent != id)
    return replace(spec, cast=cast, shots=shots, events=events)


def _toward(
    staged: Staged, here: Animation, there: Animation, id: int, start: int, end: int, share: float
) -> Staged:
    """Somebody on a part of the way to where another simulation has it; no step at the start."""
    a = here.entities.position[start:end, id - 1].astype(np.float64)
    b = there.entities.position[start:end, id - 1].astype(np.float64)
    gap = b[0] - a[0]
    if np.linalg.norm(gap) > 0.05:
        raise BadInput(f"entity {id} would be elsewhere without the other even before they touch")
    shift = share * (b - a - gap)
    turn = None
    if share >= 0.5:
        axes = here.entities.rotation[start:end, id - 1].astype(np.float64)
        goal = there.entities.rotation[start:end, id - 1].astype(np.float64)
        turn = np.einsum("tij,tkj->tik", goal, axes)
    return moved(staged, id, start, shift, turn=turn)


def _joined(out: Staged, before: Staged, other: Animation, plan: Plan, begin: int) -> Staged:
    """Takes away the step between the two simulations at the start."""
    e = plan.entity - 1
    gap = (before.animation.entities.position[begin, e] - other.entities.position[begin, e]).astype(
        np.float64
    )
    if np.linalg.norm(gap) > 0.3:
        raise BadInput(f"entity {plan.entity} does not get there in a world of another law")
    if np.linalg.norm(gap) < 1e-4:
        return out
    return moved(out, plan.entity, begin, np.tile(gap, (plan.end - begin, 1)))
