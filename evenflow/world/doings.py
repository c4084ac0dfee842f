"""What walkers do: routes around what stands in the way, and the walks that a deed needs before it
("picks up the cup" walks there first); and what is done to things where they stand.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.blocking import (
    HASTE,
    REACH,
    WAYS,
    Actor,
    Stage,
    Unstaged,
    heading_of,
)
from evenflow.world.gait import pace
from evenflow.world.hands import carried_at
from evenflow.world.motions import Item, enter_way, fly, stage_edge
from evenflow.world.script import Deed
from evenflow.world.words import WALKERS

ROOM = 0.3
"""Free ground that a walker keeps from what it goes around."""
NEAR = 0.55
"""From a walker's side to what it stops at."""
SUPPORTS = ("table", "bench", "crate", "box", "cube", "rock", "wall")
"""What things stand on that somebody takes."""
FARTHEST = 4.4
"""World units that somebody walks across the picture."""


def pace_of(actor: Actor, deed: Deed, *, run: bool = False) -> float:
    """Units a second."""
    entity = actor.entity
    return pace(entity.kind, entity.size, run=run, manner=deed.manner)


def length_of(points: Sequence[np.ndarray]) -> float:
    """Of a polyline."""
    return float(sum(np.hypot(*(b - a)) for a, b in zip(points, points[1:], strict=False)))


def around(
    stage: Stage, actor: Actor, start: np.ndarray, goal: np.ndarray, ignore: Sequence[int] = ()
) -> list[np.ndarray]:
    """A way from start to goal around everybody who stands between."""
    points = [np.array(start), np.array(goal)]
    wide = actor.half[0] + 0.12
    for _ in range(4):
        for k in range(len(points) - 1):
            a, b = points[k], points[k + 1]
            along = b - a
            square = float(along @ along)
            if square < 1e-6:
                continue
            worst, at, who = 0.0, 0.0, None
            for other in stage.actors.values():
                if other is actor or other.at is None or other.held or other.gone:
                    continue
                if other.entity.id in ignore or other.at[1] > 2 * actor.half[1]:
                    continue
                if other.entity.kind in ("arch",):
                    continue
                t = float(np.clip((other.flat - a) @ along / square, 0, 1))
                if t <= 0.02 or t >= 0.98:
                    continue
                need = other.radius + wide
                short = need - float(np.hypot(*(other.flat - a - t * along)))
                if short > worst:
                    worst, at, who = short, t, other
            if who is None:
                continue
            normal = np.array([-along[1], along[0]]) / np.sqrt(square)
            near = a + at * along
            side = float((who.flat - near) @ normal)
            sign = -1.0 if side > 0 else 1.0
            if abs(side) < 0.05:
                sign = 1.0 if (who.flat[1] - stage.eye[2]) < 5 else -1.0
            spot = who.flat + sign * normal * (who.radius + wide + ROOM * 0.5)
            points.insert(k + 1, spot)
            break
        else:
            break
    return points


def walk_along(
    stage: Stage, item: Item, points: Sequence[np.ndarray], *, start: float, end: float,
    said: bool = True, kind: str = "walk", run: bool = False, fastest: float = 2.2,
) -> float:  # fmt: skip
    """A walk on a route; returns when it ends. The speed gives way within bounds to the seconds.

    Raises:
        Unstaged: it would have to be too fast.
    """
    actor = stage.actors[item.agent]
    length = length_of(points)
    if length < 0.15:
        return start
    usual = pace_of(actor, item.deed, run=run)
    room = max(end - start - 0.1, 0.2)
    speed = length / room
    if item.deed.start is None or not said:
        speed = max(speed, 0.55 * usual)
    if speed > fastest * usual:
        raise Unstaged("there is too little time to walk there")
    ends = start + length / speed + 0.1
    route: list[float] = []
    for p in points:
        route += [float(p[0]), float(p[1])]
    stage.emit(
        item.index if said else -1,
        item.deed,
        start,
        min(ends, stage.end),
        agent=item.agent,
        target=item.target if said else 0,
        other=item.other if said else 0,
        said=said,
        kind=kind,
        route=route,
        speed=(speed,),
    )
    _travel(stage, actor, points, start, speed)
    return ends


def _travel(
    stage: Stage, actor: Actor, points: Sequence[np.ndarray], start: float, speed: float
) -> None:
    t = start
    for k, p in enumerate(points):
        if k:
            t += float(np.hypot(*(p - points[k - 1]))) / speed
            stage.corridor(points[k - 1], p, actor.half[0])
        actor.path.append((t, float(p[0]), 0.0, float(p[1])))
    last = points[-1]
    if len(points) > 1:
        actor.heading = heading_of(last - points[-2])
    if actor.at is not None:
        actor.at = np.array([float(last[0]), actor.at[1], float(last[1])])
    actor.moves = True
    if actor.holds:
        thing = stage.actors[actor.holds]
        for q in actor.path[-len(points) :]:
            thing.path.append((q[0], q[1], 0.6, q[3]))
        thing.at = np.array([float(last[0]), 0.0, float(last[1])])


def begin(stage: Stage, id: int, x: float, z: float, heading: float) -> None:
    """Places a walker where it starts."""
    stage.put(id, x, z, heading=heading)


def walk(stage: Stage, items: Sequence[Item], number: int) -> None:
    """walk, run, enter, exit, pass, hide, appear, stop and hit of a walker."""
    item = items[number]
    deed = item.deed
    actor = stage.actors[item.agent]
    kind = deed.kind
    run = kind == "run"
    start, end = item.start, item.end
    usual = pace_of(actor, deed, run=run)
    little = float(np.clip(actor.entity.size / 0.5, 0.5, 1.0))  # small ones are seen from nearer
    reach = min(usual * max(end - start - 0.1, 0.3), FARTHEST * little * stage.roomy)
    relation = deed.relation
    if kind == "hide":
        relation = "to behind"
    elif kind == "pass":
        relation = relation or "past"
    elif kind == "appear":
        relation = "out from behind" if item.target else "enter"
    elif kind == "hit":
        relation = "toward"
    elif kind == "stop":
        stage.emit(item.index, deed, start, end, agent=item.agent, target=item.target)
        if item.target and stage.actors[item.target].at is None:
            ahead = np.array([-np.sin(actor.heading), np.cos(actor.heading)])
            if actor.at is not None:
                spot = actor.flat + ahead * (actor.radius + stage.actors[item.target].radius + 0.3)
                stage.put(item.target, float(spot[0]), float(spot[1]))
        return
    way = np.array(WAYS[deed.direction]) if deed.direction in WAYS else None
    if kind == "enter" or relation == "enter":
        _enter(stage, item, way, usual)
        return
    if kind == "exit":
        _exit(stage, item, way, usual)
        return
    if relation == "off":
        relation = "away from"
    if relation in ("onto", "over") and item.target:
        raise BadInput(
            f"a {actor.entity.kind} cannot walk {relation} a "
            f"{stage.actors[item.target].entity.kind}; say toward, past, around or behind"
        )
    if kind in ("hide", "pass") and actor.at is None and deed.start is None:
        # Nobody said how it gets there: it sets out at once.
        start = stage.start
        later = [i.start for i in items[number + 1 :]]
        end = max(end, min([stage.end - 0.3, start + 2.6, *later]))
    points = _route(stage, item, relation, way, reach)
    own = kind if kind in ("walk", "run") else "walk"
    said = kind in ("walk", "run")
    slow = kind in ("walk", "run") and relation != "around"
    ends = walk_along(
        stage,
        item,
        points,
        start=start,
        end=end,
        said=said,
        kind=own,
        run=run,
        fastest=1.5 if slow else 2.2,
    )
    if not said:
        stage.emit(item.index, deed, start, max(end, ends), agent=item.agent, target=item.target)
    if relation in ("around", "through", "between"):
        stage.hidden.append((item.agent, item.target, start, ends + 0.2))
    if relation in ("to behind", "behind"):
        late = stage.end if relation == "to behind" else ends + 0.3
        stage.hidden.append((item.agent, item.target, start, late))


def _straight(stage: Stage, item: Item, way: np.ndarray | None, reach: float) -> list[np.ndarray]:
    """A walk in a direction."""
    actor = stage.actors[item.agent]
    if actor.at is None:
        going = way if way is not None else stage.way_of(item.deed)
        assert going is not None
        if abs(going[1]) > 0.7:
            reach = min(reach, 2.6)
        for k in range(24):
            deep = (-0.3, 1.1) if k < 10 else (-0.7, 2.4)
            middle = np.array([stage.uniform(-0.4, 0.4), stage.uniform(*deep)])
            a = middle - going * reach / 2
            if _free(stage, actor, a, a + going * reach):
                break
        else:
            raise Unstaged("there is no free way")
        begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(going))
        return [a, a + going * reach]
    a = actor.flat
    if way is None:
        sign = -1.0 if a[0] > 0 else 1.0
        turn = stage.uniform(-0.3, 0.3)
        way = np.array([sign * np.cos(turn), np.sin(turn)])
    bound = 2.3 * stage.roomy
    limit = reach
    if abs(way[0]) > 0.3:
        limit = min(limit, max(0.0, (bound - a[0] * np.sign(way[0])) / abs(way[0])))
    if abs(way[1]) > 0.3:
        limit = min(limit, max(0.0, (2.4 - a[1]) if way[1] > 0 else (a[1] + 1.2)))
    if limit < 0.45:
        raise Unstaged("it stands at the edge already")
    return around(stage, actor, a, a + way * limit)


def _free(stage: Stage, actor: Actor, a: np.ndarray, b: np.ndarray) -> bool:
    along = b - a
    square = max(float(along @ along), 1e-9)
    for other in stage.actors.values():
        if other.at is None or other is actor or other.held:
            continue
        t = float(np.clip((other.flat - a) @ along / square, 0, 1))
        if np.hypot(*(other.flat - a - t * along)) < actor.half[0] + other.radius + 0.1:
            return False
    return True


def _route(
    stage: Stage, item: Item, relation: str, way: np.ndarray | None, reach: float
) -> list[np.ndarray]:
    """Points of a walk with respect to a target."""
    actor = stage.actors[item.agent]
    if not item.target:
        return _straight(stage, item, way, reach)
    target = stage.actors[item.target]
    wide, long = actor.half[0], actor.half[2]
    stand = float(target.radius + long + NEAR * 0.4)
    if relation in ("", "toward", "beside", "into", "in front of", "under") and target.at is None:
        # The target stands where the walk ends.
        points = _straight(stage, item, way, min(reach, 3.2))
        going = points[-1] - points[-2]
        going = going / max(float(np.hypot(*going)), 1e-6)
        if relation == "beside":
            spot = points[-1] + going * 0.15 + stage.from_eye(points[-1]) * stand
        elif relation == "in front of":
            spot = points[-1] + stage.from_eye(points[-1]) * (stand + 0.1)
        else:
            spot = points[-1] + going * (target.reach(going) + long + NEAR * 0.5)
        stage.put(item.target, float(spot[0]), float(spot[1]))
        return points
    if target.at is None:
        if actor.at is None:
            stage.put_aside(item.target, deep=(0.0, 1.0))
        else:
            _ahead(stage, actor, item.target, way, reach)
    assert target.at is not None
    center = target.flat
    away = stage.from_eye(center)
    across = np.array([away[1], -away[0]])  # right of the line of sight
    if relation in ("", "toward", "beside", "into", "in front of", "under"):
        if actor.at is None:
            going = way if way is not None else stage.way_of(item.deed)
            assert going is not None
            far = min(reach, 3.2) + stand
            a = center - going * far
            begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(going))
        a = actor.flat
        if relation == "in front of":
            goal = center - away * (target.reach(away) + wide + 0.3)
        elif relation == "beside":
            sign = -1.0 if (a - center) @ across < 0 else 1.0
            goal = center + across * sign * (target.reach(across) + wide + 0.25)
        else:
            going = center - a
            going = going / max(float(np.hypot(*going)), 1e-6)
            goal = center - going * (target.reach(going) + long + NEAR * 0.5)
        return around(stage, actor, a, goal)
    if relation in ("past", "behind", "to behind", "out from behind", "through", "between"):
        sign = 1.0
        if way is not None and abs(way[0]) > 0.5:
            sign = float(np.sign(way[0]))
        elif actor.at is not None:
            sign = 1.0 if (center - actor.flat) @ across > 0 else -1.0
        elif stage.rng.random() < 0.5:
            sign = -1.0
        near = target.reach(away) + wide + 0.22
        side = target.reach(across) + long + 0.4
        if relation == "past":
            behind = stage.rng.random() < 0.2
            mid = center + away * (near if behind else -near)
        elif relation in ("through", "between"):
            mid = center
            if item.other:
                other = stage.actors[item.other]
                if other.at is None:
                    spot = center + across * (target.reach(across) + other.radius + 2 * wide + 0.5)
                    stage.put(item.other, float(spot[0]), float(spot[1]))
                mid = 0.5 * (center + other.flat)
                run_way = np.array([-(other.flat - center)[1], (other.flat - center)[0]])
                run_way = run_way / max(float(np.hypot(*run_way)), 1e-6)
            else:
                c, s = np.cos(target.heading), np.sin(target.heading)
                run_way = np.array([-s, c])
            if actor.at is not None:
                if (mid - actor.flat) @ run_way < 0:
                    run_way = -run_way
            elif way is not None and way @ run_way < 0:
                run_way = -run_way
            if actor.at is None:
                a = mid - run_way * min(0.5 * reach, 1.9)
                begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(run_way))
            first = actor.flat
            b = mid + run_way * max(0.7, min(0.5 * reach, 1.7))
            entry = mid - run_way * 0.6
            ignore = (item.target, item.other)
            head = (
                around(stage, actor, first, entry, ignore)
                if length_of([first, entry]) > 0.3
                else [first]
            )
            return [*head, mid, b]
        else:
            mid = center + away * near
        if relation == "to behind":
            deep = max(0.0, target.reach(across) - wide - 0.45)  # far enough behind a wide one
            mid = mid - across * sign * deep
            if actor.at is None:
                a = mid - across * sign * max(side - deep, min(reach, 2.6) - deep)
                begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(across * sign))
            return around(stage, actor, actor.flat, mid)
        if relation == "out from behind":
            if actor.at is None:
                begin(stage, item.agent, float(mid[0]), float(mid[1]), heading_of(across * sign))
                stage.hidden.append((item.agent, item.target, stage.start, item.end))
            out = max(side, min(reach, 2.2))
            return around(stage, actor, actor.flat, actor.flat + across * sign * out)
        half = max(side, min(0.5 * reach, 2.1))
        if actor.at is None:
            a = mid - across * sign * half
            begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(across * sign))
        b = mid + across * sign * half
        head = around(stage, actor, actor.flat, mid)
        return [*head, *around(stage, actor, mid, b)[1:]]
    if relation == "around":
        ring = target.radius + wide + 0.35
        if actor.at is None:
            a = center + np.array([-1.0 if stage.rng.random() < 0.5 else 1.0, -0.3]) * (ring + 0.4)
            begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(center - a))
        a = actor.flat
        rel = a - center
        turn0 = float(np.arctan2(rel[1], rel[0]))
        arc = 1.2 * np.pi
        sign = 1.0 if stage.rng.random() < 0.5 else -1.0
        turns = turn0 + sign * np.linspace(0.15, 1.0, 9) * arc
        return [a, *(center + ring * np.array([np.cos(t), np.sin(t)]) for t in turns)]
    if relation == "away from":
        going = way if way is not None else None
        if actor.at is None:
            going = going if going is not None else stage.way_of(item.deed)
            assert going is not None
            a = center + going * (target.reach(going) + long + 0.12)
            begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(going))
        a = actor.flat
        if going is None:
            going = (a - center) / max(float(np.hypot(*(a - center))), 1e-6)
        return around(stage, actor, a, a + going * min(reach, 2.6))
    raise BadInput(f"nobody walks {relation!r} somebody; say toward, past, behind or around")


def _ahead(stage: Stage, actor: Actor, id: int, way: np.ndarray | None, reach: float) -> None:
    """Places a free target where a walker that stands can get in its time."""
    target = stage.actors[id]
    for _ in range(24):
        turn = stage.uniform(-0.9, 0.9)
        sign = (
            (-1.0 if actor.flat[0] > 0 else 1.0) if way is None else float(np.sign(way[0]) or 1.0)
        )
        going = np.array([sign * np.cos(turn), np.sin(turn)])
        if way is not None and abs(way[1]) > 0.7:
            going = np.array([np.sin(turn) * 0.5, float(np.sign(way[1]))])
            going = going / np.hypot(*going)
        far = min(reach, 3.0) * stage.uniform(0.6, 0.95) + target.radius + actor.half[0]
        spot = actor.flat + going * far
        if abs(spot[0]) < 2.4 * stage.roomy and -0.9 < spot[1] < 2.0 * stage.roomy and stage.clear(
            float(spot[0]), float(spot[1]), target
        ):  # fmt: skip
            stage.put(
                id, float(spot[0]), float(spot[1]), heading=stage.natural_heading(target, *spot)
            )
            return
    raise Unstaged(f"there is no room for the {target.entity.kind}")


def _enter(stage: Stage, item: Item, way: np.ndarray | None, usual: float) -> None:
    actor = stage.actors[item.agent]
    going = enter_way(item.deed.direction) if way is not None else None
    if actor.at is not None and not actor.gone:
        raise Unstaged(f"the {actor.entity.kind} is in the picture already")
    if going is None:
        going = np.array([1.0 if stage.rng.random() < 0.5 else -1.0, 0.0])
    for _ in range(16):
        goal = np.array([-going[0] * stage.uniform(0.5, 1.5), stage.uniform(-0.2, 1.0)])
        if abs(going[1]) > 0.5:
            goal = np.array([stage.uniform(-0.8, 0.8), stage.uniform(0.2, 0.8)])
        a = stage_edge(stage, goal, -going, max(actor.half[0], actor.half[2]))
        if _free(stage, actor, a, goal):
            break
    else:
        raise Unstaged("there is no free way in")
    if actor.at is None:
        begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(going))
    length = length_of([a, goal])
    start = item.start
    if start - stage.start < 0.4 and length > 1.2 * usual * (item.end - start):
        start = stage.start
    ends = walk_along(
        stage,
        item,
        [a, goal],
        start=start,
        end=max(item.end, start + 0.6),
        said=False,
        kind="walk",
        run=length / max(item.end - start, 0.3) > 2 * usual,
        fastest=4.0,
    )
    stage.off.append((item.agent, stage.start, start + 0.75 * (ends - start)))
    stage.emit(item.index, item.deed, start, max(item.end, ends), agent=item.agent)
    actor.gone = False


def _exit(stage: Stage, item: Item, way: np.ndarray | None, usual: float) -> None:
    actor = stage.ensure(item.agent)
    sign = 1.0 if actor.flat[0] > 0 else -1.0
    if way is None:
        way = np.array([sign, 0.0])
    goal = stage_edge(stage, actor.flat, way, max(actor.half[0], actor.half[2]))
    points = around(stage, actor, actor.flat, goal)
    length = length_of(points)
    start, end = item.start, item.end
    hurried = length / max(end - start, 0.3) > 1.8 * usual
    ends = walk_along(
        stage,
        item,
        points,
        start=start,
        end=end,
        said=False,
        kind="run" if hurried else "walk",
        run=hurried,
        fastest=3.0,
    )
    stage.emit(item.index, item.deed, start, min(max(end, ends), stage.end), agent=item.agent)
    stage.off.append((item.agent, start, stage.end))
    actor.gone = True


def follow(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Goes where its target goes; a target that does nothing walks."""
    item = items[number]
    actor, target = stage.actors[item.agent], stage.actors[item.target]
    later = [
        k for k, other in enumerate(items)
        if other.agent == item.target and k not in stage.done
        and other.deed.kind in ("walk", "run", "roll", "slide") and other.start < item.end
    ]  # fmt: skip
    if not target.moves and not later:
        if target.entity.kind in WALKERS:
            led = replace(
                item,
                agent=item.target,
                target=0,
                index=-1,
                deed=replace(item.deed, kind="walk", manner=item.deed.manner),
            )
            points = _straight(stage, led, None, min(1.2 * (item.end - item.start), 3.4))
            walk_along(stage, led, points, start=item.start, end=item.end, said=False)
        else:
            raise Unstaged(f"the {target.entity.kind} goes nowhere")
    gap = actor.half[2] + target.half[2] + 0.45
    if actor.at is None:
        if not target.path:
            raise Unstaged("who leads is not placed yet")
        first = target.path[0]
        then = next(
            (p for p in target.path if np.hypot(p[1] - first[1], p[3] - first[3]) > 0.2), None
        )
        if then is None:
            raise Unstaged("who leads stands still")
        going = np.array([then[1] - first[1], then[3] - first[3]])
        going /= np.hypot(*going)
        spot = np.array([first[1], first[3]]) - going * (gap + 0.05)
        begin(stage, item.agent, float(spot[0]), float(spot[1]), heading_of(going))
    stage.emit(
        item.index,
        item.deed,
        item.start,
        item.end,
        agent=item.agent,
        target=item.target,
        gap=(gap,),
    )
    for t, x, y, z in [p for p in target.path if item.start - 0.1 <= p[0] <= item.end + 0.1]:
        actor.path.append((min(t + 0.3, stage.end), x - 0.5 * gap * target.way[0], y, z))
    actor.moves = True
    if target.path:
        end = target.path[-1]
        back = np.array([end[1], end[3]]) - actor.flat
        away = float(np.hypot(*back))
        if away > gap:
            spot = actor.flat + back * (1 - gap / away)
            actor.at = np.array([spot[0], 0.0, spot[1]])
            actor.heading = heading_of(back)


def circle(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Once around the target."""
    item = items[number]
    actor = stage.actors[item.agent]
    target = stage.ensure(item.target)
    wide = actor.half[0]
    usual = pace_of(actor, item.deed)
    ring = target.radius + wide + 0.3
    length = 2 * np.pi * ring
    room = max(item.end - item.start - 0.1, 0.3)
    sign = 1.0 if stage.rng.random() < 0.5 else -1.0
    if actor.at is None:
        turn0 = stage.uniform(-2.6, -0.5)
        a = target.flat + ring * np.array([np.cos(turn0), np.sin(turn0)])
        going = sign * np.array([-np.sin(turn0), np.cos(turn0)])
        begin(stage, item.agent, float(a[0]), float(a[1]), heading_of(going))
    rel = actor.flat - target.flat
    turn0 = float(np.arctan2(rel[1], rel[0]))
    turns = turn0 + sign * np.linspace(0, 2 * np.pi, 17)
    points = [target.flat + ring * np.array([np.cos(t), np.sin(t)]) for t in turns]
    if np.hypot(*(points[0] - actor.flat)) > 0.1:
        points = [actor.flat, *points]
        length = length_of(points)
    speed = length / room
    if speed > 2.9 * usual:
        raise Unstaged("there is too little time to go around")
    route = [float(v) for p in points for v in p]
    stage.emit(
        item.index,
        item.deed,
        item.start,
        item.end,
        agent=item.agent,
        target=item.target,
        route=route,
        speed=(speed,),
    )
    _travel(stage, actor, points, item.start, speed)
    stage.hidden.append((item.agent, item.target, item.start, item.end + 0.2))
    stage.hidden.append((item.target, item.agent, item.start, item.end + 0.2))


def in_place(stage: Stage, items: Sequence[Item], number: int) -> None:
    """turn, jump, wave, stand, hand over face, spin: where somebody stands."""
    item = items[number]
    deed = item.deed
    kind = deed.kind
    actor = stage.actors[item.agent]
    fresh = actor.at is None
    if fresh:
        if kind == "stand" and not actor.sits:
            _seat_first(stage, item)
        else:
            stage.put_aside(item.agent, deep=(-0.5, 0.9))
    if kind in ("wave", "hand_over_face"):
        toward = np.array([stage.eye[0], stage.eye[2]]) - actor.flat
        if item.target:
            toward = stage.ensure(item.target).flat - actor.flat
        want = heading_of(toward)
        if not item.target:
            want += stage.uniform(-0.45, 0.45)
        start = item.start
        acted = any(e.agent == item.agent for _, e in stage.events)
        if not actor.moves and not actor.sits and not acted:
            actor.heading = want
        angle = (want - actor.heading + np.pi) % (2 * np.pi) - np.pi
        if abs(angle) > 0.6 and not actor.sits:
            need = min(0.6, 0.35 * (item.end - item.start))
            _turn(stage, item, start, start + need, float(angle))
            start += need
        side = 1.0 if stage.rng.random() < 0.5 else -1.0
        numbers: dict[str, Sequence[float]] = {"side": (side,)} if kind == "wave" else {}
        stage.emit(
            item.index, deed, start, item.end, agent=item.agent, target=item.target, numbers=numbers
        )
        return
    if kind == "turn":
        angle = {"left": np.pi / 2, "right": -np.pi / 2}.get(deed.direction, np.pi * 0.98)
        if deed.direction in ("back", "forward"):
            want = heading_of(WAYS[deed.direction])
            if fresh:
                actor.heading = want + np.pi * 0.9
            angle = (want - actor.heading + np.pi) % (2 * np.pi) - np.pi
        stage.emit(item.index, deed, item.start, item.end, agent=item.agent, angle=(float(angle),))
        actor.heading += float(angle)
        return
    if kind == "jump":
        high = 0.32 if actor.entity.kind in ("child", "cat", "dog") else 0.4
        high *= {"cheerfully": 1.25, "proudly": 1.1, "sadly": 0.7, "sleepily": 0.6}.get(
            deed.manner, 1
        )
        air = 2 * np.sqrt(2 * high / 9.81)
        if air > 0.75 * (item.end - item.start):
            high *= (0.75 * (item.end - item.start) / air) ** 2
        stage.emit(
            item.index,
            deed,
            item.start,
            item.end,
            agent=item.agent,
            target=item.target,
            height=(high,),
        )
        return
    if kind == "spin":
        sign = {"left": 1.0, "right": -1.0}.get(
            deed.direction, 1.0 if stage.rng.random() < 0.5 else -1.0
        )
        rate = sign * 3.2 * stage.haste(deed)
        stage.emit(item.index, deed, item.start, item.end, agent=item.agent, rate=(rate,))
        return
    stage.emit(item.index, deed, item.start, item.end, agent=item.agent)
    actor.sits = False


def _turn(stage: Stage, item: Item, start: float, end: float, angle: float) -> None:
    actor = stage.actors[item.agent]
    stage.emit(-1, item.deed, start, end, agent=item.agent, said=False, kind="turn", angle=(angle,))
    actor.heading += angle


def face(stage: Stage, item: Item, id: int, point: np.ndarray, start: float, end: float) -> None:
    """Turns a walker toward a point, unless it looks there."""
    actor = stage.actors[id]
    want = heading_of(point - actor.flat)
    if not actor.moves and not any(e.agent == id for _, e in stage.events):
        actor.heading = want
        return
    angle = float((want - actor.heading + np.pi) % (2 * np.pi) - np.pi)
    if abs(angle) > 0.5:
        _turn(stage, replace(item, agent=id), start, end, angle)


def _seat_first(stage: Stage, item: Item) -> None:
    """Somebody who stands up has sat before."""
    actor = stage.actors[item.agent]
    stage.put_aside(item.agent, deep=(-0.4, 0.8))
    actor.heading = heading_of(np.array([stage.eye[0], stage.eye[2]]) - actor.flat) + stage.uniform(
        -0.5, 0.5
    )
    actor.sits = True
    stage.emit(
        -1, item.deed, stage.start, stage.start + 0.05, agent=item.agent, said=False, kind="sit"
    )


def sit(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Sits down on a bench, a rock, a box, or on the ground."""
    item = items[number]
    actor = stage.actors[item.agent]
    start = item.start
    if item.target:
        target = stage.ensure(item.target)
        front = np.array([-np.sin(target.heading), np.cos(target.heading)])
        if target.entity.kind != "bench":
            front = -stage.from_eye(target.flat)
        spot = target.flat + front * (target.reach(front) + actor.half[2] * 0.5 + 0.08)
        stage.close.add(frozenset((item.agent, item.target)))
        if actor.at is None:
            begin(stage, item.agent, float(spot[0]), float(spot[1]), heading_of(front))
        else:
            points = around(stage, actor, actor.flat, spot, (item.target,))
            start = walk_along(stage, item, points, start=start, end=item.end - 0.6, said=False)
            angle = float((heading_of(front) - actor.heading + np.pi) % (2 * np.pi) - np.pi)
            if abs(angle) > 0.4:
                _turn(stage, item, start, start + 0.35, angle)
                start += 0.35
    elif actor.at is None:
        stage.put_aside(item.agent, deep=(-0.5, 0.8))
    actor.sits = True
    stage.emit(
        item.index,
        item.deed,
        start,
        max(item.end, start + 0.6),
        agent=item.agent,
        target=item.target,
    )


def _beside(
    stage: Stage,
    item: Item,
    id: int,
    end: float,
    *,
    side: np.ndarray | None = None,
    gap: float = 0.0,
) -> float:
    """Brings a walker next to a thing, by its start or by a walk; returns when it is there."""
    actor, thing = stage.actors[item.agent], stage.actors[id]
    stage.close.add(frozenset((item.agent, id)))
    usual = pace_of(actor, item.deed)
    if thing.at is None and actor.at is None:
        stage.put_aside(id, deep=(-0.4, 0.8))
    elif thing.at is None:
        _ahead(stage, actor, id, None, max(0.5, min(usual * (end - item.start), 2.4)))
    assert thing.at is not None
    if thing.at[1] > 0.05:
        stage.corridors.append((thing.flat, thing.flat, 0.1))
    spot_way = side
    if spot_way is None:
        if actor.at is not None:
            spot_way = actor.flat - thing.flat
        else:
            sign = 1.0 if thing.flat[0] < 0 else -1.0
            if stage.rng.random() < 0.25:
                sign = -sign
            spot_way = np.array([sign, stage.uniform(-0.5, 0.3)])
        spot_way = spot_way / max(float(np.hypot(*spot_way)), 1e-6)
    under = 0.0
    for other in stage.actors.values():
        if other is thing or other.at is None or thing.at[1] < 0.05:
            continue
        edge = other.flat - thing.flat
        if np.hypot(*edge) < other.radius and other.entity.kind in SUPPORTS:
            under = max(under, other.reach(spot_way) + float(edge @ spot_way))
    if under and side is None:
        # In front of a table, on the side of the eye.
        spot_way = -stage.from_eye(thing.flat) if actor.at is None else spot_way
    base = max(under + actor.half[2] * 0.6, thing.reach(spot_way) + REACH)
    spot = thing.flat + spot_way * (base + gap)
    if actor.at is None:
        lead = max(end - item.start - 0.15, 0.0)
        back = min(usual * lead, 1.8) if lead > 0.5 else 0.0
        start = spot + spot_way * back
        if abs(start[0]) > 2.5 * stage.roomy:
            start = spot
        begin(stage, item.agent, float(start[0]), float(start[1]), heading_of(thing.flat - start))
    if np.hypot(*(spot - actor.flat)) < 0.2:
        face(stage, item, item.agent, thing.flat, item.start, min(item.start + 0.35, end))
        return item.start
    points = around(stage, actor, actor.flat, spot, (id,))
    there = walk_along(stage, item, points, start=item.start, end=end, said=False)
    want = heading_of(thing.flat - actor.flat)
    angle = float((want - actor.heading + np.pi) % (2 * np.pi) - np.pi)
    if abs(angle) > 0.5:
        _turn(stage, item, there, there + 0.3, angle)
        there += 0.3
    return there


def _hold(stage: Stage, item: Item) -> None:
    """The agent has its target in its hands; from the start, if nobody said how it got there."""
    actor, thing = stage.actors[item.agent], stage.actors[item.target]
    if actor.holds == item.target:
        return
    if actor.holds:
        raise BadInput(
            f"the {actor.entity.kind} holds the {stage.actors[actor.holds].entity.kind} already; "
            f"let it be put down first"
        )
    if thing.held:
        raise BadInput(
            f"the {thing.entity.kind} is in somebody else's hands; let it be given first"
        )
    if thing.at is not None:
        _pick(stage, item, item.start + 0.6 * (item.end - item.start))
        return
    thing.entity = replace(thing.entity, attached=item.agent)
    thing.held, actor.holds = item.agent, item.target


def _pick(stage: Stage, item: Item, end: float) -> float:
    """An unsaid picking up before something else."""
    there = _beside(stage, item, item.target, end - 0.7)
    done = max(there + 0.6, end)
    stage.emit(
        -1, item.deed, there, done, agent=item.agent, target=item.target, said=False, kind="pick_up"
    )
    stage.actors[item.agent].holds, stage.actors[item.target].held = item.target, item.agent
    return done


def pick_up(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Walks there and takes it."""
    item = items[number]
    actor, thing = stage.actors[item.agent], stage.actors[item.target]
    if actor.holds == item.target:
        raise BadInput(f"the {actor.entity.kind} holds the {thing.entity.kind} already")
    if thing.held:
        raise BadInput(
            f"the {thing.entity.kind} is in somebody else's hands; let it be given first"
        )
    action = min(0.9, 0.75 * (item.end - item.start))
    there = _beside(stage, item, item.target, item.end - action)
    stage.emit(
        item.index,
        item.deed,
        there,
        max(item.end, there + 0.6),
        agent=item.agent,
        target=item.target,
    )
    actor.holds, thing.held = item.target, item.agent


def carry(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Walks with it in its hands."""
    item = items[number]
    _hold(stage, item)
    actor = stage.actors[item.agent]
    start = max(
        [e.end for _, e in stage.events if e.agent == item.agent and e.end > item.start]
        or [item.start]
    )
    if start > item.end - 0.4:
        start = item.start
    deed = item.deed
    usual = pace_of(actor, deed)
    way = np.array(WAYS[deed.direction]) if deed.direction in WAYS else None
    reach = min(usual * max(item.end - start - 0.1, 0.3), 3.2)
    goal = replace(item, target=item.other, other=0)
    points = _route(stage, goal, deed.relation or ("toward" if item.other else ""), way, reach)
    if actor.at is not None and stage.actors[item.target].at is None:
        stage.actors[item.target].at = np.array([points[0][0], 0.0, points[0][1]])
    length = length_of(points)
    speed = max(length / max(item.end - start - 0.1, 0.2), 0.5 * usual)
    if speed > 2.0 * usual:
        raise Unstaged("there is too little time to carry it there")
    route = [float(v) for p in points for v in p]
    stage.emit(
        item.index,
        deed,
        start,
        min(start + length / speed + 0.1, stage.end),
        agent=item.agent,
        target=item.target,
        other=item.other,
        route=route,
        speed=(speed,),
    )
    _travel(stage, actor, points, start, speed)


def put_down(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Puts what it holds on the ground or on something."""
    item = items[number]
    actor, thing = stage.actors[item.agent], stage.actors[item.target]
    if actor.at is None and not item.other:
        stage.put_aside(item.agent, deep=(-0.4, 0.8))
        actor.heading = stage.uniform(0.6, 1.8) * (1.0 if stage.rng.random() < 0.5 else -1.0)
    _hold(stage, item)
    start = item.start
    height = 0.0
    if item.other:
        target = stage.actors[item.other]
        if target.at is None and actor.at is not None:
            _ahead(stage, actor, item.other, None, 1.2)
        start = _beside(stage, replace(item, target=item.other), item.other, item.end - 0.6)
        target = stage.actors[item.other]
        assert target.at is not None
        spot = target.flat
        toward = actor.flat - spot
        toward = toward / max(float(np.hypot(*toward)), 1e-6)
        on = item.deed.relation in ("", "on", "onto", "into")
        if on:
            spot = spot + toward * max(0.0, target.reach(toward) - thing.half[0] - 0.08)
            height = float(target.at[1]) + 2 * target.half[1]
        else:
            side = np.array([toward[1], -toward[0]])
            spot = target.flat + (side if item.deed.relation == "beside" else toward) * (
                target.reach(side) + thing.radius + 0.12
            )
    else:
        ahead = np.array([-np.sin(actor.heading), np.cos(actor.heading)])
        spot = actor.flat + ahead * (actor.half[2] + thing.half[2] + 0.14)
    stage.emit(
        item.index,
        item.deed,
        start,
        max(item.end, start + 0.5),
        agent=item.agent,
        target=item.target,
        other=item.other,
        place=(float(spot[0]), height, float(spot[1])),
    )
    actor.holds, thing.held = 0, 0
    thing.at = np.array([float(spot[0]), height, float(spot[1])])
    thing.path.append((item.end, float(spot[0]), height, float(spot[1])))


def give(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Walks to the other and hands it over."""
    item = items[number]
    actor = stage.actors[item.agent]
    taker = stage.actors[item.other]
    thing = stage.actors[item.target]
    if taker.holds:
        raise BadInput(f"the {taker.entity.kind} holds something already; let it be put down first")
    if actor.at is None:
        stage.put_aside(item.agent, deep=(-0.3, 0.8))
    _hold(stage, item)
    assert actor.at is not None
    gap = 0.82
    if taker.at is None:
        side = -1.0 if actor.flat[0] > 0 else 1.0
        far = gap + min(1.2, max(0.0, (item.end - item.start - 1.0) * 1.0))
        spot = actor.flat + np.array([side * far, stage.uniform(-0.1, 0.1)])
        stage.put(item.other, float(spot[0]), float(spot[1]), heading=heading_of(actor.flat - spot))
    start = item.start
    toward = taker.flat - actor.flat
    away = float(np.hypot(*toward))
    unit = toward / max(away, 1e-6)
    if away > gap + 0.2:
        spot = taker.flat - unit * gap
        points = around(stage, actor, actor.flat, spot, (item.other,))
        start = walk_along(stage, item, points, start=start, end=item.end - 0.75, said=False)
    face(stage, item, item.agent, taker.flat, start - 0.05, start + 0.3)
    face(stage, item, item.other, actor.flat, item.start, item.start + 0.35)
    stage.emit(
        item.index,
        item.deed,
        start,
        max(item.end, start + 0.7),
        agent=item.agent,
        target=item.target,
        other=item.other,
    )
    actor.holds, thing.held, taker.holds = 0, item.other, item.target


def let_go(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Somebody throws or drops what it has in its hands; a thing that lies is picked up first."""
    item = items[number]
    thing = stage.actors[item.agent]
    holder_id = thing.held or item.other
    holder = stage.actors[holder_id]
    if holder.at is None and (thing.at is None or thing.held):
        stage.put_aside(holder_id, deep=(-0.3, 0.8))
    _hold(stage, replace(item, agent=holder_id, target=item.agent, other=0))
    assert holder.at is not None
    busy = [e.end for _, e in stage.events if e.agent == holder_id and e.end > item.start - 1e-6]
    start = max([item.start, *busy])
    thing_name = thing.entity.kind
    if start > item.end + 0.6 or start > stage.end - 0.5:
        raise Unstaged(f"there is too little time to let the {thing_name} go")
    ahead = np.array([-np.sin(holder.heading), np.cos(holder.heading)])
    way = np.array(WAYS[item.deed.direction]) if item.deed.direction in WAYS else None
    target = stage.actors[item.target] if item.target else None
    if item.deed.kind == "throw":
        if target is not None and target.at is not None:
            way = target.flat - holder.flat
        elif way is None:
            way = np.array([-1.0 if holder.flat[0] > 0 else 1.0, stage.uniform(-0.2, 0.2)])
            if target is not None and target.entity.kind in ("fence", "wall", "screen"):
                way[1] = 1.6  # so that its broad side is seen
        way = way / max(float(np.hypot(*way)), 1e-6)
        still = not holder.moves and not any(e.agent == holder_id for _, e in stage.events)
        if still:
            holder.heading = heading_of(way)
        else:
            angle = float((heading_of(way) - holder.heading + np.pi) % (2 * np.pi) - np.pi)
            if abs(angle) > 0.3:
                _turn(stage, replace(item, agent=holder_id), start, start + 0.4, angle)
                start += 0.42
        ahead = way
        stage.throw_way = way
    local = carried_at(holder.entity, thing.entity)
    spot = holder.flat + ahead * float(local[2])
    thing.at = np.array([float(spot[0]), float(local[1]) - thing.half[1], float(spot[1])])
    stage.close.add(frozenset((holder_id, item.agent)))
    frame_start = float(np.ceil(start * stage.fps - 1e-6) / stage.fps)  # hands open on frames
    later = list(items)
    later[number] = replace(item, start=frame_start, end=max(item.end, frame_start + 0.5))
    fly(stage, later, number)
    holder.holds, thing.held = 0, 0


def stand_by(stage: Stage, item: Item, doer: int) -> None:
    """Somebody who rolls a ball or opens a door is next to it when that begins."""
    actor, thing = stage.actors[doer], stage.actors[item.agent]
    by = replace(item, agent=doer, target=item.agent, other=0)
    if item.deed.kind in ("roll", "slide"):
        stage.close.add(frozenset((doer, item.agent)))
        if actor.at is not None and thing.at is None:
            ahead = np.array([-np.sin(actor.heading), np.cos(actor.heading)])
            spot = actor.flat + ahead * (REACH + thing.half[0] + 0.1)
            stage.put(item.agent, float(spot[0]), float(spot[1]))
        elif actor.at is None:
            stage.pushers[item.agent] = doer
        return
    if item.deed.kind in ("cover", "uncover") and item.target:
        by = replace(by, target=item.target)
        stage.ensure(item.target)
    else:
        stage.ensure(item.agent)
    _beside(stage, by, by.target, item.start if actor.at is None else item.start + 0.4)


def push(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Walks behind a thing and pushes it."""
    item = items[number]
    actor, thing = stage.actors[item.agent], stage.actors[item.target]
    deed = item.deed
    way = (
        np.array(WAYS[deed.direction])
        if deed.direction in ("left", "right", "forward", "back")
        else None
    )
    goal = stage.actors[item.other] if item.other else None
    if way is None and goal is not None and goal.at is not None and thing.at is not None:
        way = (goal.flat - thing.flat) / max(float(np.hypot(*(goal.flat - thing.flat))), 1e-6)
    if way is None:
        if actor.at is not None and thing.at is not None:
            way = thing.flat - actor.flat
            way = np.array([float(np.sign(way[0]) or 1.0), 0.0])
        elif thing.at is not None:
            way = np.array([-1.0 if thing.flat[0] > 0 else 1.0, 0.0])
        else:
            way = stage.way_of(deed)
    assert way is not None
    if thing.at is None:
        spot = -way * stage.uniform(0.3, 0.8) + np.array([0.0, stage.uniform(0.0, 0.7)])
        if actor.at is not None:
            spot = actor.flat + way * (REACH + thing.reach(way) + 0.5)
        thing.heading = 0.0
        stage.put(item.target, float(spot[0]), float(spot[1]), heading=0.0)
    there = item.start
    approach = item.start + (0.35 * (item.end - item.start) if actor.at is not None else 0.0)
    there = _beside(stage, item, item.target, approach, side=-way, gap=0.02)
    room = max(item.end - there, 0.5)
    usual = pace_of(actor, deed) * 0.8
    length = float(np.clip(usual * room, 0.5, 2.6))
    if goal is not None and goal.at is None and item.other:
        spot = thing.flat + way * (length + thing.reach(way) + goal.reach(way) + 0.2)
        stage.put(item.other, float(spot[0]), float(spot[1]))
    elif goal is not None and goal.at is not None:
        length = max(
            0.4,
            float(np.hypot(*(goal.flat - thing.flat))) - thing.reach(way) - goal.reach(way) - 0.2,
        )
    a = actor.flat
    b = a + way * length
    if abs(b[0]) > 2.9 * stage.roomy:
        raise Unstaged("it would be pushed out of the picture")
    speed = length / room
    if speed > 2.0 * usual:
        raise Unstaged("there is too little time to push it there")
    stage.emit(
        item.index,
        deed,
        there,
        there + room,
        agent=item.agent,
        target=item.target,
        other=item.other,
        route=[*map(float, a), *map(float, b)],
        speed=(speed,),
    )
    first = thing.flat
    _travel(stage, actor, [a, b], there, speed)
    thing.path.append((there, float(first[0]), 0.0, float(first[1])))
    end = first + way * length
    thing.path.append((there + room, float(end[0]), 0.0, float(end[1])))
    thing.at = np.array([float(end[0]), 0.0, float(end[1])])
    thing.moves = True
    stage.corridor(first, end, thing.radius)


def kick(stage: Stage, items: Sequence[Item], number: int) -> None:
    """Walks up to a thing and kicks it; what then happens to the thing is its own."""
    item = items[number]
    actor, thing = stage.actors[item.agent], stage.actors[item.target]
    deed = item.deed
    way = (
        np.array(WAYS[deed.direction])
        if deed.direction in ("left", "right", "forward", "back")
        else None
    )
    hits = next(
        (
            k
            for k in range(number + 1, len(items))
            if items[k].agent == item.target and items[k].deed.kind == "hit"
        ),
        None,
    )
    goal_id = item.other or (items[hits].target if hits is not None else 0)
    goal = stage.actors[goal_id] if goal_id else None
    if way is None and goal is not None and goal.at is not None and thing.at is not None:
        way = (goal.flat - thing.flat) / max(float(np.hypot(*(goal.flat - thing.flat))), 1e-6)
    if way is None and thing.at is not None:
        way = np.array([-1.0 if thing.flat[0] > 0 else 1.0, 0.0])
        if actor.at is not None and abs(thing.flat[0] - actor.flat[0]) > 0.4:
            way = np.array([float(np.sign(thing.flat[0] - actor.flat[0])), 0.0])
    if way is None:
        way = stage.way_of(deed)
    assert way is not None
    if thing.at is None:
        spot = -way * stage.uniform(0.5, 1.0) + np.array([0.0, stage.uniform(0.0, 0.7)])
        if actor.at is not None:
            spot = actor.flat + way * 0.9
        stage.put(item.target, float(spot[0]), float(spot[1]))
    approach = item.start + (0.45 * (item.end - item.start) if actor.at is not None else 0.0)
    there = _beside(stage, item, item.target, approach, side=-way, gap=0.0)
    rolls = thing.entity.kind in ("ball", "cart", "ring")
    if not rolls:
        thing.entity = replace(thing.entity, friction=0.15)
    slow = thing.entity.friction * 9.81 * (0.05 if rolls else 1.0)
    when = there + 0.5 * max(item.end - there, 0.5)
    rest = max(stage.end - when, 0.3)
    speed = 2.0 * HASTE.get(deed.manner, 1.0)
    far = 2.6
    if goal is not None and goal_id:
        if goal.at is None:
            spot = thing.flat + way * (
                min(1.5, 0.8 * speed * rest) + thing.radius + goal.reach(way)
            )
            stage.put(goal_id, float(spot[0]), float(spot[1]))
        far = float(np.hypot(*(goal.flat - thing.flat))) - thing.radius - goal.reach(way)
        due = rest * 0.8
        if hits is not None:
            due = max(0.3, 0.5 * (items[hits].start + items[hits].end) - when)
            stage.done.add(hits)
            stage.emit(
                items[hits].index,
                items[hits].deed,
                when + due - 0.15,
                when + due + 0.2,
                agent=item.target,
                target=goal_id,
            )
        speed = float(np.clip(far / due + 0.5 * slow * due, 0.8, 4.0))
    else:
        limit = max(0.8, 2.4 * stage.roomy - float(thing.flat[0] * way[0]))
        far = min(speed * rest - 0.5 * slow * rest * rest, limit) if speed > slow * rest else limit
        speed = min(
            speed,
            far / rest + 0.5 * slow * rest
            if far / rest > 0.5 * slow * rest
            else float(np.sqrt(2 * slow * far)),
        )
    stage.emit(
        item.index,
        deed,
        there,
        max(item.end, there + 0.5),
        agent=item.agent,
        target=item.target,
        other=item.other,
        velocity=(float(way[0]) * speed, 0.0, float(way[1]) * speed),
    )
    first = thing.flat
    end = first + way * far
    thing.path.append((when, float(first[0]), 0.0, float(first[1])))
    thing.path.append((stage.end, float(end[0]), 0.0, float(end[1])))
    thing.moves = True
    stage.corridor(first, end, thing.radius)


def change(stage: Stage, items: Sequence[Item], number: int) -> None:
    """What is done to things where they stand, and to the light."""
    item = items[number]
    deed = item.deed
    kind = deed.kind
    numbers: dict[str, Sequence[float]] = {}
    if kind in ("dim", "brighten"):
        stage.emit(item.index, deed, item.start, item.end, gain=(0.35 if kind == "dim" else 1.7,))
        return
    if kind in ("sunset", "sunrise"):
        stage.emit(
            item.index, deed, item.start, item.end, elevation=(0.03 if kind == "sunset" else 0.6,)
        )
        return
    actor = stage.actors[item.agent]
    if kind in ("cover", "uncover"):
        _cover(stage, item)
        return
    if actor.at is None:
        if kind in ("lower", "raise"):
            behind = next(
                (k for k in items if k.deed.kind in ("appear", "hide") and k.target == item.agent),
                None,
            )
            if behind is not None and stage.actors[behind.agent].at is None:
                stage.put(
                    item.agent, stage.uniform(-0.6, 0.6), stage.uniform(-0.3, 0.2), heading=0.0
                )
                screen = stage.actors[item.agent]
                away = stage.from_eye(screen.flat)
                spot = screen.flat + away * (stage.actors[behind.agent].radius + 0.4)
                stage.put(behind.agent, float(spot[0]), float(spot[1]))
        if actor.at is None:
            stage.put_aside(item.agent, deep=(-0.3, 1.0))
    if kind in ("grow", "shrink"):
        numbers["factor"] = (1.5 if kind == "grow" else 0.6,)
    elif kind in ("lower", "raise"):
        numbers["share"] = (0.08 if kind == "lower" else 1.0,)
    elif kind in ("open", "close"):
        numbers["angle"] = (1.75 if kind == "open" else 0.0,)
    elif kind == "swing":
        numbers["angle"] = ((1.0 if stage.rng.random() < 0.5 else -1.0) * stage.uniform(0.55, 0.8),)
    elif kind == "rise":
        room = max(stage.end - item.start, 0.4)
        speed = min(0.8 * stage.haste(deed), 1.9 / room)
        numbers["speed"] = (speed,)
        assert actor.at is not None
        x, y, z = actor.at
        actor.path.append((item.start, float(x), float(y), float(z)))
        actor.path.append((stage.end, float(x), float(y) + speed * room, float(z)))
    elif kind == "change_color" and not deed.color:
        raise BadInput("a change of color needs a color; say what it turns to")
    end = stage.end if kind == "swing" and deed.end is None else item.end
    stage.emit(
        item.index, deed, item.start, end, agent=item.agent, target=item.target, numbers=numbers
    )


def _cover(stage: Stage, item: Item) -> None:
    """A cup comes down over a thing or goes up from it."""
    actor = stage.actors[item.agent]
    thing = stage.ensure(item.target)
    assert thing.at is not None
    high = 2 * thing.half[1] + 0.35
    kind = item.deed.kind
    if actor.at is None:
        if kind == "uncover":
            actor.held = item.target
            actor.at = np.array([thing.at[0], float(thing.at[1]), thing.at[2]])
        else:
            actor.held = item.target
            actor.at = np.array([thing.at[0], float(thing.at[1]) + high, thing.at[2]])
    top = (item.start, float(thing.at[0]), float(thing.at[1]) + high, float(thing.at[2]))
    actor.path.append(top)
    if kind == "cover":
        stage.hidden.append((item.target, item.agent, item.start, stage.end))
    else:
        stage.hidden.append((item.target, item.agent, stage.start, item.end))
        actor.held = 0
    stage.emit(
        item.index,
        item.deed,
        item.start,
        item.end,
        agent=item.agent,
        target=item.target,
        height=(high,),
    )
