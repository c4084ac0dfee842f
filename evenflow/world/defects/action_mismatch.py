"""Action mismatch: something happens that the caption tells otherwise.

`turned` goes another way (degrees), `speed` does it faster or slower (a factor), `actor` lets
somebody else do it (share of the way), `target` leads to somebody else (share of the angle), and
`camera` is a camera that does not do what is said (see `camera_mismatch`). Events are changed and
the scene is simulated again, so bodies walk where they look and hit what is in their way.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.defects import camera_mismatch
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.edits import need
from evenflow.world.defects.retold import (
    retold,
    turned_about,
    turned_velocity,
    way_of,
    with_event,
)
from evenflow.world.defects.seen import who
from evenflow.world.spec import Event, SceneSpec
from evenflow.world.words import WALKERS

D = NDArray[np.float64]
VARIANTS = ("turned", "speed", "actor", "target", "camera")
LADDERS: dict[str, Ladder] = {
    "turned": ((25.0, 50.0, 90.0, 135.0, 180.0), "degrees from the way that is said"),
    "speed": ((1.35, 1.7, 2.2, 3.0, 4.0), "times faster or slower"),
    "actor": ((0.3, 0.5, 0.7, 0.85, 1.0), "share of the way that another one goes"),
    "target": ((0.3, 0.5, 0.7, 0.85, 1.0), "share of the angle to the wrong target"),
    "camera": ((0.2, 0.4, 0.6, 0.8, 1.0), "share of the way to the opposite"),
}


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Agents of events that lead somewhere; 0, the camera, last."""
    agents = {e.agent for e in animation.spec.events if way_of(e) and e.agent}
    here = animation.entities.present[start]
    ids = tuple(id for id in who(animation, "walkers", "things") if id in agents and here[id - 1])
    return (*ids, 0)


def plant(staged: Staged, plan: Plan) -> Staged:
    """Changes the event of the entity, and simulates again."""
    animation = staged.animation
    spec = animation.spec
    if plan.variant == "camera":
        need(not plan.entity, "the camera is nobody: leave out the entity")
        return camera_mismatch.plant(staged, plan)
    need(plan.entity, "nobody here does anything that could go wrong")
    need(not spec.actions, "a scene that is played has no caption to go against")
    mine = [e for e in spec.events if e.agent == plan.entity and way_of(e) and e.said]
    mine = mine or [e for e in spec.events if e.agent == plan.entity and way_of(e)]
    need(mine, f"entity {plan.entity} goes nowhere")
    event = mine[0]
    make = {"turned": _turned, "speed": _speed, "actor": _actor, "target": _target}[plan.variant]
    if plan.magnitude == 0:
        make(spec, event, replace(plan, magnitude=LADDERS[plan.variant][0][4]))
        return staged
    return retold(staged, make(spec, event, plan))


def _led(event: Event, angle: float) -> Event:
    """The event with its way turned."""
    name = way_of(event)
    turn = turned_about if name == "route" else turned_velocity
    return replace(event, numbers={**event.numbers, name: turn(event.numbers[name], angle)})


def _turned(spec: SceneSpec, event: Event, plan: Plan) -> tuple[Event, ...]:
    way = float(np.random.default_rng([plan.seed, 14]).choice([-1, 1]))
    return with_event(spec, event, _led(event, way * float(np.deg2rad(plan.magnitude))))


def _speed(spec: SceneSpec, event: Event, plan: Plan) -> tuple[Event, ...]:
    faster = np.random.default_rng([plan.seed, 15]).uniform() < 0.5
    factor = plan.magnitude if faster else 1 / plan.magnitude
    numbers = dict(event.numbers)
    if "velocity" in numbers:
        x, y, z = numbers["velocity"]
        numbers["velocity"] = (factor * x, y, factor * z)
    if "speed" in numbers:
        numbers["speed"] = (factor * numbers["speed"][0],)
    long = (event.end - event.start) / factor
    return with_event(spec, event, replace(event, numbers=numbers, end=event.start + long))


def _actor(spec: SceneSpec, event: Event, plan: Plan) -> tuple[Event, ...]:
    agent = spec.entity(event.agent)
    walks = agent.kind in WALKERS
    mates = [
        e
        for e in spec.cast
        if e.id not in (event.agent, event.target, event.other)
        and (e.kind in WALKERS) == walks
        and not e.attached
        and e.id in who_acts(spec, walks)
    ]
    need(mates, f"nobody else here could do what entity {agent.id} does")
    other = mates[plan.seed % len(mates)]
    name = way_of(event)
    values = np.array(event.numbers[name], np.float64)
    if name == "route":
        xz = values.reshape(-1, 2)
        start = np.array([other.position[0], other.position[2]])
        values = (start + (xz - xz[0]) * plan.magnitude).ravel()
    else:
        values = values * np.sqrt(plan.magnitude)
    numbers = {**event.numbers, name: tuple(float(v) for v in values)}
    return with_event(spec, event, replace(event, agent=other.id, numbers=numbers))


def who_acts(spec: SceneSpec, walks: bool) -> tuple[int, ...]:
    """Ids of those who can be led: walkers, or things."""
    from evenflow.world.words import THINGS

    table = WALKERS if walks else THINGS
    return tuple(e.id for e in spec.cast if e.kind in table)


def _target(spec: SceneSpec, event: Event, plan: Plan) -> tuple[Event, ...]:
    need(event.target, f"entity {event.agent} goes to nobody")
    here = spec.entity(event.agent).position
    name = way_of(event)
    values = event.numbers[name]
    if name == "route":
        start = np.array(values[:2])
        way = np.array(values[-2:]) - start
    else:
        start, way = np.array([here[0], here[2]]), np.array([values[0], values[2]])
    best, angle = 0, 0.0
    for one in spec.cast:
        if one.id in (event.agent, event.target) or not one.said:
            continue
        there = np.array([one.position[0], one.position[2]]) - start
        turn = float(np.arctan2(way[0] * there[1] - way[1] * there[0], way @ there))
        if abs(turn) > 0.35 and (not best or abs(turn) < abs(angle)):
            best, angle = one.id, turn
    need(best, f"there is nobody else that entity {event.agent} could go to")
    changed = _led(event, plan.magnitude * angle)
    return with_event(spec, event, replace(changed, target=best))
