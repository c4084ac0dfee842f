"""Motions of things: rolls and slides along a lane, drops, throws, and what comes of them.

A motion and all that it leads to ("rolls behind the pillar, comes out, hits the cube") is one
straight way with stations at known distances; the speed follows from when the last station is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.blocking import (
    FLIGHTS,
    FREE_MOTIONS,
    GRAVITY,
    THEN,
    Stage,
    Unstaged,
    heading_of,
    slowing,
)
from evenflow.world.casting import ROLLING, weigh
from evenflow.world.script import Deed
from evenflow.world.things import RAMP_HALF
from evenflow.world.words import WALKERS

LONGEST = 4.2
"""World units that a thing goes across the picture at most."""
PACES = {"roll": 1.6, "slide": 1.6}
"""Units a second, without a manner."""
CROSS = ("behind", "in front of", "past", "under", "through", "between", "out from behind")


@dataclass(frozen=True)
class Item:
    """A deed of one agent with its seconds; ids are those of entities."""

    index: int
    deed: Deed
    agent: int
    target: int
    other: int
    start: float
    end: float


@dataclass
class Station:
    """A point of a way: what happens there, when it is due, and how far along it is."""

    what: str
    target: int
    time: float
    item: Item
    gap: float = 0.0
    at: float = -1.0


def chain_of(items: Sequence[Item], first: int) -> list[int]:
    """Numbers of the items that are stations of the motion that starts with an item."""
    lead = items[first]
    out = []
    for k in range(first + 1, len(items)):
        item = items[k]
        if item.agent != lead.agent:
            continue
        if item.deed.kind not in THEN:
            if item.deed.kind in (*FREE_MOTIONS, *FLIGHTS, "enter"):
                break
            continue
        out.append(k)
    return out


def go(stage: Stage, items: Sequence[Item], first: int) -> None:
    """Blocks a straight motion on the ground and its stations.

    Args:
        stage: the shot.
        items: all deeds of the shot.
        first: the one that starts the motion; it may be a mere consequence ("a ball hits a cube").
    """
    lead = items[first]
    actor = stage.actors[lead.agent]
    entity = actor.entity
    if (
        lead.target
        and stage.actors[lead.target].entity.kind == "ramp"
        and lead.deed.kind in FREE_MOTIONS
    ):
        down_ramp(stage, items, first)
        return
    kind = (
        lead.deed.kind
        if lead.deed.kind in FREE_MOTIONS
        else ("roll" if entity.kind in ROLLING else "slide")
    )
    rolls = kind == "roll" and entity.kind in ROLLING
    numbers = [first] if lead.deed.kind in (*THEN, "enter") else []
    numbers += chain_of(items, first)
    for k in (first, *numbers):
        stage.done.add(k)
    enters = lead.deed.kind == "enter" or any(
        items[k].deed.kind == "enter" for k in range(first) if items[k].agent == lead.agent
    )
    # How it slows down.
    longest = LONGEST * stage.roomy
    strikes = any(items[k].deed.kind in ("hit", "bounce") for k in numbers)
    chained = strikes and any(
        items[k].agent in {items[j].target for j in numbers if items[j].deed.kind == "hit"}
        and items[k].deed.kind in ("hit", "roll", "slide", "exit")
        and k > first
        for k in range(len(items))
    )
    if rolls:
        actor.entity = replace(entity, friction=0.3 if strikes else 0.85)
        if stage.flat:
            actor.entity = replace(entity, friction=0.0)
    else:
        actor.entity = replace(entity, friction=round(stage.uniform(0.06, 0.1), 3))
    slow = slowing(actor.entity, "roll" if rolls else "slide")
    if stage.flat:
        for k in numbers:
            if items[k].deed.kind == "hit" and items[k].target:
                other = stage.actors[items[k].target]
                if other.entity.kind == "ball":
                    other.entity = replace(other.entity, friction=0.0, restitution=1.0)
                    actor.entity = replace(actor.entity, restitution=1.0)
    begin = lead.start
    stations = _stations(stage, items, lead, numbers)
    stops = bool(stations) and stations[-1].what in ("stop", "stay")
    exits = bool(stations) and stations[-1].what == "exit"
    # The way.
    way, base, fixed = _way(stage, lead, stations, [items[k].deed for k in numbers], enters)
    actor.heading = heading_of(way) if entity.kind in ("cart",) else actor.heading
    if entity.kind == "ring":
        actor.heading = heading_of(way) + np.pi / 2
    radius = actor.reach(way)
    for station in stations:
        station.gap = _gap(stage, station, radius, way)
    # Distances.
    pace = PACES[kind] * stage.haste(lead.deed) * stage.uniform(0.9, 1.1)
    if strikes:
        pace *= 1.4
    if chained:
        pace, longest = 2.4 * pace / PACES[kind], 0.55 * longest
    total = stage.end - begin
    inner = [s for s in stations if s.what != "exit"]
    last = inner[-1].time if inner else begin + min(total, 3.2)
    lasting = max(last - begin, 0.3)
    if stops and rolls:
        # It comes to rest at the last station: v = a t, s = a t t / 2.
        slow = min(slow, 0.42 if lasting > 2.5 else 0.49)
        reach = 0.5 * slow * lasting * lasting
        if fixed is None:
            far = min(reach, longest)
        else:
            far = reach
        if far < 0.55:
            raise Unstaged("there is too little time to roll and stop")
    elif inner and inner[-1].what not in ("exit",):
        far = min(pace * lasting, longest)
    else:
        far = min(pace * lasting, longest * 0.95)
    if (
        inner
        and not stops
        and not enters
        and lead.deed.start is None
        and lasting > 1.25 * far / pace
    ):
        # It sets out later rather than creep.
        begin = max(begin, min(last - 1.1 * far / pace, lead.end - 0.3))
        lasting, total = max(last - begin, 0.3), stage.end - begin
    least = sum(s.gap for s in inner) + 0.25 * len(inner)
    due = lead.end - begin
    brakes = 0.0  # so many units a second squared where the caption says for how long it moves
    if lead.deed.seconds is not None and not stations and not chained and not stage.flat:
        grip = GRAVITY * (0.05 if rolls else 1.0)
        rest = min(far, 0.5 * 0.95 * grip * due * due, longest)
        if rest >= 0.4:
            far, brakes = rest, 2 * rest / (due * due)
            actor.entity = replace(actor.entity, friction=round(brakes / grip, 4))
            slow = slowing(actor.entity, "roll" if rolls else "slide")
    far = max(far, least)
    if exits or enters:
        far = min(far, longest)
    prev = 0.0
    for k, station in enumerate(inner):
        share = (station.time - begin) / lasting
        wanted = far * share if k < len(inner) - 1 else far
        station.at = max(wanted, prev + station.gap)
        prev = station.at
    if inner and inner[-1].at > 1.25 * longest:
        raise Unstaged("the way is too long for the picture")
    start_point: np.ndarray
    if actor.at is not None:
        start_point = actor.flat
    elif fixed is not None:
        start_point = base - way * fixed_distance(inner, fixed)
    else:
        middle = base
        out = inner[-1].at if inner else far
        start_point = middle - way * 0.5 * out
    if enters and actor.at is None:
        start_point = stage_edge(stage, start_point, -way, radius)
    _settle(stage, inner, start_point, way, actor.radius)
    # Speed.
    if inner:
        final = inner[-1]
        due = max(final.time - begin, 0.25)
        if final.what in ("hit", "wall"):
            goal = final.at - _contact(stage, final, radius, way, start_point)
        else:
            goal = final.at
        if stops and rolls:
            speed = 2 * goal / due
            slow_wanted = speed / due
            top = 0.95 * GRAVITY * 0.05
            if slow_wanted > top:
                slow_wanted = top
                speed = float(np.sqrt(2 * slow_wanted * goal))
            actor.entity = replace(actor.entity, friction=round(slow_wanted / (GRAVITY * 0.05), 4))
            slow = slowing(actor.entity, "roll")
            speed = float(np.sqrt(2 * slow * goal))
        elif stops:
            speed = 2 * goal / due
            actor.entity = replace(actor.entity, friction=round(min(0.9, speed / due / GRAVITY), 4))
            slow = slowing(actor.entity, "slide")
            speed = float(np.sqrt(2 * slow * goal))
        else:
            speed = goal / due + 0.5 * slow * due
            slowest = 1.7 if chained else 0.8 if strikes else 0.35
            if speed - slow * due < slowest:
                speed = float(np.sqrt(slowest**2 + 2 * slow * goal))
    elif brakes:
        speed = slow * due
    else:
        rest = total
        speed = far / lasting + 0.5 * slow * lasting
        ends = far
        if not exits:
            # It may go on after its slot: it must come to rest in the picture.
            ends = speed * rest - 0.5 * slow * rest * rest
            if speed < slow * rest:
                ends = speed**2 / (2 * slow)
            if ends > longest:
                speed = (
                    float(np.sqrt(2 * slow * longest))
                    if slow > 0 and np.sqrt(2 * slow * longest) < slow * rest
                    else longest / rest + 0.5 * slow * rest
                )
    if not exits and not stops and not (inner and inner[-1].what in ("hit", "wall")):
        # What goes on afterwards must come to rest, or stay, in the picture.
        most = max(longest, (inner[-1].at + 0.8) if inner else 0.0)
        if slow * total * total > 2 * most:
            speed = min(speed, float(np.sqrt(2 * slow * most)))
        else:
            speed = min(speed, most / total + 0.5 * slow * total)
    if speed > 7.5:
        raise Unstaged("it would have to be too fast")
    out = 0.0
    if exits:
        speed = max(speed, 0.0)
        edge = stage_edge(
            stage, start_point + way * (inner[-1].at if inner else 0.4 * far), way, radius
        )
        out = float(np.hypot(*(edge - start_point)))
        due = max(min(stations[-1].item.end, stage.end - 0.05) - begin, 0.4)
        speed = max(speed, out / due + 0.5 * slow * due)
        if speed - slow * due < 0.2:
            speed = float(np.sqrt(0.2**2 + 2 * slow * out))
        if speed > 7.5:
            raise Unstaged("it would have to be too fast")
        actor.gone = True
        stage.off.append((lead.agent, begin + 0.3, stage.end))
    if enters:
        stage.off.append((lead.agent, stage.start, begin + 0.7 * (lead.end - begin)))
    height = 0.0
    if actor.at is None:
        stage.put(lead.agent, float(start_point[0]), float(start_point[1]))
        pusher = stage.pushers.pop(lead.agent, 0)
        if pusher:
            spot = start_point - way * (radius + stage.actors[pusher].half[2] + 0.2)
            stage.put(pusher, float(spot[0]), float(spot[1]), heading=heading_of(way))
    else:
        height = float(actor.at[1])
    if entity.kind in ("cart",):
        actor.heading = heading_of(way)
    # After a station "hit" the rest is the collision's.
    ending = min(stage.end - begin, speed / max(slow, 1e-9))
    length = speed * ending - 0.5 * slow * ending * ending
    if inner and inner[-1].what in ("hit", "wall"):
        length = min(length, inner[-1].at)
    actor.moves = True
    actor.speed, actor.way = speed, (float(way[0]), float(way[1]))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        d = share * length
        t = (
            (speed - np.sqrt(max(speed * speed - 2 * slow * d, 0.0))) / slow
            if slow > 0
            else d / speed
        )
        p = start_point + way * d
        actor.path.append((begin + float(t), float(p[0]), height, float(p[1])))
    stage.corridor(start_point, start_point + way * length, actor.radius)
    said = lead.deed.kind == kind
    velocity = (float(way[0]) * speed, 0.0, float(way[1]) * speed)
    stop_time = inner[-1].time if inner else begin + ending
    stage.emit(
        lead.index if said else -1,
        lead.deed,
        begin,
        max(lead.end, min(stop_time, stage.end)),
        agent=lead.agent,
        target=lead.target if said else 0,
        other=lead.other if said else 0,
        said=said,
        kind=kind,
        velocity=velocity,
    )
    for station in stations:
        if station.item is lead and said:
            if station.what in ("behind", "front", "center"):
                mid = begin + _when(station.at, speed, slow)
                if station.what == "behind":
                    stage.hidden.append((lead.agent, station.target, mid - 0.9, mid + 0.9))
            continue
        if station.what == "exit":
            when = _when(out, speed, slow)
            stage.emit(
                station.item.index,
                station.item.deed,
                begin + when - 0.4,
                begin + when,
                agent=lead.agent,
            )
            continue
        reached = station.at
        if station.what in ("hit", "wall"):
            reached -= _contact(stage, station, radius, way, start_point)
        when = begin + _when(min(reached, length), speed, slow)
        _note(stage, station, when, lead.agent, speed - slow * (when - begin), begin)
    if lead.deed.kind == "enter":
        stage.emit(lead.index, lead.deed, begin, lead.end, agent=lead.agent)
    _pushed_on(stage, items, stations, way, speed, slow, begin, start_point)


def down_ramp(stage: Stage, items: Sequence[Item], first: int) -> None:
    """Blocks what rolls or slides down a ramp, from near its top."""
    lead = items[first]
    numbers = chain_of(items, first)
    stage.done.update((first, *numbers))
    actor, ramp = stage.actors[lead.agent], stage.actors[lead.target]
    entity = actor.entity
    rolls = entity.kind in ROLLING
    sign = {"left": -1.0, "right": 1.0}.get(lead.deed.direction) or (
        1.0 if stage.rng.random() < 0.5 else -1.0
    )
    way = np.array([sign, 0.0])
    if not stage.flat:
        turn = stage.uniform(-0.35, 0.1)
        way = np.array([sign * np.cos(turn), np.sin(turn)])
    _, hy, hz = (v * ramp.entity.size for v in RAMP_HALF)
    if ramp.at is None:
        ramp.heading = heading_of(way)
        middle = np.array([0.0, 0.0 if stage.flat else stage.uniform(0.0, 0.9)]) - way * 0.9
        stage.put(lead.target, float(middle[0]), float(middle[1]), heading=heading_of(way))
    else:
        way = np.array([-np.sin(ramp.heading), np.cos(ramp.heading)])
    if actor.at is not None:
        raise Unstaged("it stands somewhere else already")
    angle = float(np.arctan2(hy, hz))
    share = stage.uniform(0.55, 0.68)  # of the way from the middle to the top
    if rolls:
        actor.entity = replace(entity, friction=0.5 if stage.flat else 0.75)
    else:
        actor.entity = replace(entity, friction=0.15)
    high = actor.half[1]
    z = -share * hz + high * float(np.sin(angle))
    y = (1 + share) * hy + high * float(np.cos(angle)) - high
    spot = ramp.flat + way * z
    stage.close.add(frozenset((lead.agent, lead.target)))
    stage.put(lead.agent, float(spot[0]), float(spot[1]), y + 0.002, heading=heading_of(way))
    actor.moves = True
    gain = GRAVITY * float(np.sin(angle)) * (5 / 7 if entity.kind == "ball" else 0.8)
    long = (1 + share) * float(np.hypot(hy, hz))
    down = float(np.sqrt(2 * long / gain))
    speed = gain * down
    slow = slowing(actor.entity, "roll" if rolls else "slide")
    foot = ramp.flat + way * hz
    actor.path += [
        (stage.start, float(spot[0]), y, float(spot[1])),
        (stage.start + down, float(foot[0]), 0.0, float(foot[1])),
    ]
    rest = max(stage.end - stage.start - down, 0.1)
    far = speed * rest - 0.5 * slow * rest * rest if speed > slow * rest else speed**2 / (2 * slow)
    stage.emit(
        lead.index, lead.deed, stage.start, stage.start + down, agent=lead.agent,
        target=lead.target, said=lead.index >= 0,
    )  # fmt: skip
    for k in numbers:
        item = items[k]
        when = stage.start + down + 0.35 * rest
        if item.deed.kind == "hit" and item.target:
            target = stage.actors[item.target]
            far = min(0.55 * far, 1.6)
            if target.at is None:
                p = foot + way * (far + actor.half[0] + target.reach(way))
                stage.put(item.target, float(p[0]), float(p[1]))
            when = stage.start + down + _when(far, speed, slow)
        stage.emit(
            item.index,
            item.deed,
            when,
            min(when + 0.4, stage.end),
            agent=item.agent,
            target=item.target,
        )
    if far > 3.4:  # it may roll out of the picture
        stage.off.append((lead.agent, stage.start + down + 3.0 / speed, stage.end))
    end = foot + way * min(far, 3.4)
    actor.path.append((stage.end, float(end[0]), 0.0, float(end[1])))
    stage.corridor(foot, end, actor.radius)


def _when(distance: float, speed: float, slow: float) -> float:
    """Seconds until a distance is covered."""
    if slow < 1e-9:
        return distance / max(speed, 1e-6)
    return float((speed - np.sqrt(max(speed * speed - 2 * slow * distance, 0.0))) / slow)


def _note(
    stage: Stage, station: Station, when: float, agent: int, speed: float, begin: float
) -> None:
    """Writes the event of a station down; it comes after the motion began."""
    item = station.item
    before, after = 0.15, 0.25
    if station.what == "behind" or station.what == "stay":
        wide = stage.actors[station.target].radius if station.target else 0.4
        before = after = (wide + 0.3) / max(speed, 0.4)
        ends = stage.end if station.what == "stay" else when + after + 0.4
        stage.hidden.append((agent, station.target, when - before - 0.5, ends))
        before, after = min(before, 0.6), min(after, 0.9)
    stage.emit(
        item.index,
        item.deed,
        max(stage.start, min(begin + 0.1, when), when - before),
        min(stage.end, when + after),
        agent=agent,
        target=item.target,
        other=item.other,
    )


def _stations(
    stage: Stage, items: Sequence[Item], lead: Item, numbers: Sequence[int]
) -> list[Station]:
    """What a motion passes, in order."""
    out: list[Station] = []
    own = lead.deed
    if own.kind in FREE_MOTIONS and own.relation and lead.target:
        mid = 0.5 * (lead.start + lead.end)
        later = [items[k].deed.kind for k in numbers]
        if own.relation == "behind" or own.relation == "out from behind":
            if own.relation == "behind" and not ({"hide", "appear"} & set(later)):
                out.append(Station("behind", lead.target, max(mid, lead.end - 0.35), lead))
                if not later:
                    out.append(Station("on", 0, min(stage.end - 0.1, lead.end + 0.6), lead))
            elif own.relation == "out from behind":
                stage.starts_hidden[lead.agent] = lead.target
                stage.hidden.append((lead.agent, lead.target, stage.start, lead.end))
        elif own.relation in ("in front of", "past"):
            if "pass" not in later:
                out.append(Station("front", lead.target, mid, lead))
                if not later:
                    out.append(Station("on", 0, lead.end, lead))
        elif own.relation in ("under", "through", "between"):
            out.append(Station("center", lead.target, mid, lead))
            if not later:
                out.append(Station("on", 0, lead.end, lead))
        elif own.relation == "toward" or own.relation == "beside":
            if not ({"hit", "stop", "hide"} & set(later)):
                out.append(Station("near", lead.target, lead.end, lead))
        elif own.relation == "into":
            out.append(Station("hit", lead.target, lead.end, lead))
        elif own.relation == "away from":
            stage.starts_hidden.setdefault(-lead.agent, lead.target)
        elif own.relation == "off":
            stage.starts_hidden.setdefault(-10_000 - lead.agent, lead.target)
        else:
            raise BadInput(
                f"a {stage.actors[lead.agent].entity.kind} cannot {own.kind} {own.relation} a "
                f"{stage.actors[lead.target].entity.kind}; say behind, past, toward, under or into"
            )
    elif own.kind in FREE_MOTIONS and lead.target:
        out.append(Station("near", lead.target, lead.end, lead))
    for n, k in enumerate(numbers):
        item = items[k]
        mid = 0.5 * (item.start + item.end)
        kind = item.deed.kind
        later = [items[j].deed.kind for j in numbers[n + 1 :]]
        if kind == "hide":
            what = "behind" if later else "stay"
            out.append(Station(what, item.target, mid if later else item.end, item))
        elif kind == "appear":
            if not out and item.target:
                stage.starts_hidden[item.agent] = item.target
                stage.hidden.append((item.agent, item.target, stage.start, item.end))
            out.append(Station("on", item.target, mid, item))
        elif kind in ("hit", "bounce"):
            due = mid if item.deed.start is None else item.start + 0.02
            out.append(Station("hit" if kind == "hit" else "wall", item.target, due, item))
        elif kind == "stop":
            if any(s.what in ("hit", "wall") for s in out):
                continue  # comes by itself after a collision: see below
            out.append(Station("stop", item.target, item.end, item))
        elif kind == "pass":
            relation = item.deed.relation
            ways = {"behind": "behind", "under": "center", "through": "center", "between": "center"}
            out.append(Station(ways.get(relation, "front"), item.target, mid, item))
        elif kind == "exit":
            out.append(Station("exit", 0, item.end, item))
        elif kind == "fall":
            if item.target and item.deed.relation in ("off", ""):
                stage.starts_hidden.setdefault(-10_000 - item.agent, item.target)
            out.append(Station("edge", item.target, mid, item))
        elif kind == "shatter":
            out.append(Station("edge", item.target, mid, item))
    return out


def _gap(stage: Stage, station: Station, radius: float, way: np.ndarray) -> float:
    """How far a station is at least from the one before."""
    if not station.target:
        return 0.45
    target = stage.actors[station.target]
    size = target.reach(way)
    if station.what in ("behind", "stay"):
        return size + radius + 0.3
    if station.what == "on":
        return size + radius + 0.25
    if station.what in ("hit", "wall", "near"):
        return size + radius + 0.45
    return size + radius + 0.25


def _contact(
    stage: Stage, station: Station, radius: float, way: np.ndarray, start: np.ndarray
) -> float:
    """Distance of the centers of two that touch along a way."""
    if not station.target:
        return radius
    target = stage.actors[station.target]
    return radius + target.reach(way)


def _aim(stage: Stage, station: Station, radius: float) -> np.ndarray | None:
    """Where a way has to go through because of somebody who stands already."""
    if not station.target or station.what in ("on", "exit", "stop", "edge"):
        return None
    target = stage.actors[station.target]
    if target.at is None:
        return None
    point = target.flat
    away = stage.from_eye(point)
    if station.what in ("behind", "stay"):
        return point + away * (target.reach(away) + radius + stage.uniform(0.12, 0.35))
    if station.what == "front":
        return point - away * (target.reach(away) + radius + stage.uniform(0.2, 0.5))
    return point


def _way(
    stage: Stage, lead: Item, stations: Sequence[Station], deeds: Sequence[Deed], enters: bool
) -> tuple[np.ndarray, np.ndarray, Station | None]:
    """Direction of a way, a point on it, and the station that this point is at (or None)."""
    actor = stage.actors[lead.agent]
    radius = actor.radius
    said = None
    for deed in (lead.deed, *deeds):
        if deed.direction in ("left", "right", "forward", "back"):
            said = stage.way_of(deed)
            if deed.kind == "enter":
                said = enter_way(deed.direction)
            break
    hider = stage.starts_hidden.get(lead.agent)
    if hider and actor.at is None:
        stage.ensure(hider)
        target = stage.actors[hider]
        away = stage.from_eye(target.flat)
        spot = target.flat + away * (target.reach(away) + radius + 0.2)
        stage.put(lead.agent, float(spot[0]), float(spot[1]))
    leaves = stage.starts_hidden.get(-lead.agent)
    if leaves and actor.at is None:
        stage.ensure(leaves)
        target = stage.actors[leaves]
        way = said if said is not None else stage.way_of(lead.deed)
        assert way is not None
        spot = target.flat + way * (target.reach(way) + radius + 0.15)
        stage.put(lead.agent, float(spot[0]), float(spot[1]))
        return way, spot, None
    falls = stage.starts_hidden.get(-10_000 - lead.agent)
    if falls and actor.at is None:
        stage.ensure(falls)
        target = stage.actors[falls]
        assert target.at is not None
        way = said if said is not None else stage.way_of(lead.deed)
        assert way is not None
        way = np.array([np.sign(way[0]) or 1.0, 0.0]) if abs(way[0]) > 0.3 else way
        spot = target.flat + way * max(0.0, target.reach(way) - radius - 0.55)
        stage.put(
            lead.agent, float(spot[0]), float(spot[1]), 2 * target.half[1] + float(target.at[1])
        )
        return way, spot, None
    aims = [(s, p) for s in stations if (p := _aim(stage, s, radius)) is not None]
    if actor.at is not None:
        if aims:
            toward = aims[-1][1] - actor.flat
            distance = float(np.hypot(*toward))
            if distance < 0.3:
                raise Unstaged("it is there already")
            way = toward / distance
            if said is not None and float(way @ said) < 0.5:
                raise Unstaged("that is the other direction")
            return way, actor.flat, None
        free = said if said is not None else _inward(stage, actor.flat, lead.deed)
        return free, actor.flat, None
    if len(aims) >= 2:
        toward = aims[-1][1] - aims[0][1]
        distance = float(np.hypot(*toward))
        if distance > 0.4:
            way = toward / distance
            if said is not None and float(way @ said) < 0.5:
                raise Unstaged("that is the other direction")
            return way, aims[0][1], aims[0][0]
    way = said if said is not None else stage.way_of(lead.deed)
    assert way is not None
    gate = next((stage.actors[s.target] for s, _ in aims if s.what == "center"), None)
    if gate is not None and gate.entity.kind in ("arch", "table", "door"):
        ahead = np.array([-np.sin(gate.heading), np.cos(gate.heading)])
        along = float(ahead @ way)
        if said is not None and abs(along) < 0.5:
            raise Unstaged(f"that is not the way through the {gate.entity.kind}")
        way = ahead if along > 0 else -ahead
    elif said is not None:
        turn = 0.0 if stage.flat else stage.uniform(-0.14, 0.14)
        way = np.array(
            [
                way[0] * np.cos(turn) - way[1] * np.sin(turn),
                way[0] * np.sin(turn) + way[1] * np.cos(turn),
            ]
        )
    if aims:
        return way, aims[0][1], aims[0][0]
    half = 0.5 * LONGEST * stage.roomy * way
    for _ in range(14):
        middle = np.array([stage.uniform(-0.25, 0.25), stage.uniform(-0.4, 1.1)])
        if stage.flat:
            middle = np.array([stage.uniform(-2.0, 2.0), 0.0])
        if stage.lane_free(middle - half, middle + half, radius):
            return way, middle, None
    for _ in range(10):  # behind or before everybody
        middle = np.array([stage.uniform(-0.25, 0.25), stage.uniform(1.1, 2.4)])
        if stage.rng.random() < 0.4:
            middle[1] = stage.uniform(-1.4, -0.4)
        if stage.lane_free(middle - half, middle + half, radius):
            return way, middle, None
    raise Unstaged("there is no free lane")


def _inward(stage: Stage, point: np.ndarray, deed: Deed) -> np.ndarray:
    """A direction that stays in the picture."""
    sign = -1.0 if point[0] > 0 else 1.0
    turn = stage.uniform(-0.25, 0.25)
    return np.array([sign * np.cos(turn), np.sin(turn)])


def enter_way(direction: str) -> np.ndarray:
    """Which way somebody goes who enters: the direction of the deed is that of the motion."""
    return np.array(
        {"left": (-1.0, 0.0), "right": (1.0, 0.0), "forward": (0.0, 1.0), "back": (0.0, -1.0)}[
            direction
        ]
    )


def fixed_distance(stations: Sequence[Station], fixed: Station) -> float:
    """How far along the fixed station is planned."""
    return fixed.at


def stage_edge(stage: Stage, start: np.ndarray, way: np.ndarray, radius: float) -> np.ndarray:
    """First point on a way that is out of the picture, by a nominal camera that stands back."""
    for far in np.arange(0.0, 14.0, 0.2):
        p = start + way * far
        depth = p[1] - stage.eye[2]
        if depth < -radius - 0.3:
            return p
        if abs(p[0] - stage.eye[0]) > depth * stage.half_width * 1.0 + radius + 0.35:
            return p
    return start + way * 14.0


def _settle(
    stage: Stage, stations: Sequence[Station], start: np.ndarray, way: np.ndarray, radius: float
) -> None:
    """Puts the free targets of stations where they are due; measures those that stand already."""
    prev = 0.0
    for station in stations:
        if not station.target or station.what in ("on", "stop", "edge"):
            station.at = max(station.at, prev + 0.2)
            prev = station.at
            continue
        target = stage.actors[station.target]
        point = start + way * station.at
        if target.at is None:
            away = stage.from_eye(point)
            if target.entity.kind in ("arch", "table") and station.what == "center":
                target.heading = heading_of(way)
            elif station.what in ("hit", "wall") and target.entity.kind in (
                "wall", "cube", "box", "crate", "fence", "house", "screen"
            ):  # fmt: skip
                target.heading = heading_of(way) if abs(way[1]) > 0.5 or target.entity.kind in (
                    "wall", "fence", "screen"
                ) else heading_of(way) + np.pi / 2  # fmt: skip
            if station.what in ("behind", "stay"):
                point = point - away * (target.reach(away) + radius + stage.uniform(0.1, 0.3))
            elif station.what == "front":
                point = point + away * (target.reach(away) + radius + stage.uniform(0.15, 0.5))
            elif station.what == "near":
                point = point + way * (target.reach(way) + radius + 0.2)
            stage.put(station.target, float(point[0]), float(point[1]))
        else:
            toward = target.flat - start
            along = float(toward @ way)
            if station.what in ("behind", "stay"):
                # Where the sight line through the target meets the way.
                line = stage.from_eye(target.flat)
                cross = line[0] * way[1] - line[1] * way[0]
                if abs(cross) < 0.15:
                    raise Unstaged("the way goes along the line of sight")
                eye = stage.eye[[0, 2]]
                rel = start - eye
                along = float((rel[0] * line[1] - rel[1] * line[0]) / cross)
                depth = float((start + way * along - target.flat) @ line)
                if depth < target.reach(line) + 0.6 * radius:
                    raise Unstaged("the way does not go behind it")
            off = float(abs(toward[0] * way[1] - toward[1] * way[0]))
            if station.what in ("hit", "wall") and off > 0.35 * (target.reach(way) + radius):
                raise Unstaged("the way misses it")
            if station.what == "near":
                along -= target.reach(way) + radius + 0.2
            station.at = along
        if station.at < prev + 0.1:
            raise Unstaged("the order of the stations does not fit")
        prev = station.at


def _pushed_on(
    stage: Stage, items: Sequence[Item], stations: Sequence[Station], way: np.ndarray,
    speed: float, slow: float, begin: float, start: np.ndarray,
) -> None:  # fmt: skip
    """What the target of a collision does next, with the speed that it gets."""
    hits = [s for s in stations if s.what == "hit" and s.target]
    if not hits:
        return
    hit = hits[-1]
    struck = stage.actors[hit.target]
    one = stage.actors[hit.item.agent]
    entity = struck.entity
    touch = hit.at - _contact(stage, hit, one.reach(way), way, start)
    when = begin + _when(touch, speed, slow)
    arriving = float(np.sqrt(max(speed * speed - 2 * slow * touch, 0.04)))
    if entity.kind in WALKERS or stage.actors[hit.target].at is None:
        return
    own = [k for k, item in enumerate(items) if item.agent == hit.target and k not in stage.done]
    then = []
    for k in own:
        if items[k].start < hit.item.start - 1e-6:
            continue
        if items[k].deed.kind in (*THEN, *FREE_MOTIONS):
            then.append(k)
        else:
            break
    same = [
        k
        for k, i in enumerate(items)
        if i.agent == hit.item.agent and i.deed.kind == "stop" and i.start >= hit.item.start
    ]
    for k in same:
        stage.done.add(k)
        stage.emit(
            items[k].index,
            items[k].deed,
            items[k].start,
            items[k].end,
            agent=items[k].agent,
            target=items[k].target,
        )
    if entity.kind not in ROLLING and not stage.flat:
        mu = 0.22 if not then else 0.1
        struck.entity = entity = replace(entity, friction=mu)
    lost = slowing(entity, "roll" if entity.kind in ROLLING else "slide")
    bounce = min(one.entity.restitution, entity.restitution)
    share = one.entity.mass / (one.entity.mass + entity.mass)
    gained = (1 + bounce) * share * arriving
    if entity.kind == "ball" and not stage.flat:
        gained *= 5 / 7  # it slides until it rolls
    ending = min(stage.end - when, gained / max(lost, 1e-6))
    length = gained * ending - 0.5 * lost * ending**2
    struck.moves = True
    struck.speed, struck.way = gained, (float(way[0]), float(way[1]))
    at = struck.flat
    for t in (0.0, 0.5 * ending, ending):
        p = at + way * (gained * t - 0.5 * lost * t * t)
        struck.path.append((when + t, float(p[0]), float(struck.at[1]), float(p[1])))  # type: ignore[index]
    stage.corridor(at, at + way * length, struck.radius)
    if not then:
        return
    far = 0.0
    for k in then:
        item = items[k]
        stage.done.add(k)
        if item.deed.kind == "hit" and item.target:
            third = stage.actors[item.target]
            near = struck.reach(way) + third.reach(way)
            due = max(0.5 * (item.start + item.end) - when, 0.3)
            far = min(gained * due - 0.5 * lost * due * due, 0.75 * length)
            if far < 0.1:
                raise Unstaged("the push is too weak to go on")
            if third.at is None:
                spot = at + way * (far + near)
                stage.put(item.target, float(spot[0]), float(spot[1]))
            else:
                toward = third.flat - at
                if abs(toward[0] * way[1] - toward[1] * way[0]) > 0.3 * near:
                    raise Unstaged("the push misses it")
                if float(toward @ way) - near > 0.9 * length:
                    raise Unstaged("the push does not reach it")
            stage.emit(
                item.index,
                item.deed,
                when + _when(far, gained, lost) - 0.15,
                when + _when(far, gained, lost) + 0.2,
                agent=hit.target,
                target=item.target,
            )
        elif item.deed.kind in FREE_MOTIONS:
            stage.emit(
                item.index,
                item.deed,
                when,
                min(stage.end, when + ending),
                agent=hit.target,
                target=item.target,
            )
        else:
            stage.emit(
                item.index, item.deed, item.start, item.end, agent=hit.target, target=item.target
            )


def fly(stage: Stage, items: Sequence[Item], first: int) -> None:
    """Blocks a drop or a throw and what comes of it: bounce, hit, fall, shatter, stop."""
    lead = items[first]
    deed = lead.deed
    actor = stage.actors[lead.agent]
    numbers = chain_of(items, first)
    if deed.kind in THEN:
        numbers = [first, *numbers]
    stage.done.update((first, *numbers))
    kinds = [items[k].deed.kind for k in numbers]
    targets = [items[k].target for k in numbers if items[k].deed.kind in ("hit", "bounce", "fall")]
    goal = lead.target or next((t for t in targets if t), 0)
    kind = deed.kind if deed.kind in FLIGHTS else "drop"
    if "bounce" in kinds and actor.entity.restitution < 0.6:
        actor.entity = replace(actor.entity, restitution=0.75)
    if kind == "drop":
        _drop(stage, items, lead, goal, numbers, kinds)
    else:
        _throw(stage, items, lead, goal, numbers)


def _drop(
    stage: Stage, items: Sequence[Item], lead: Item, goal: int, numbers: Sequence[int],
    kinds: Sequence[str],
) -> None:  # fmt: skip
    actor = stage.actors[lead.agent]
    base = 0.0
    if goal and stage.actors[goal].at is None:
        stage.put_aside(goal)
    if actor.at is not None and actor.at[1] < 0.3:
        raise Unstaged(f"the {actor.entity.kind} lies on the ground already")
    if actor.at is None:
        if goal:
            target = stage.actors[goal]
            assert target.at is not None
            base = float(target.at[1]) + 2 * target.half[1]
            x, z = float(target.at[0]), float(target.at[2])
            if target.entity.kind in ("table", "bench"):
                x += stage.uniform(-0.4, 0.4) * max(0.0, target.half[0] - actor.half[0])
            if target.entity.kind == "bench":
                base = float(target.at[1]) + target.half[1] * 1.06
        else:
            x, z = _spot(stage, lead.agent)
        early = lead.start - stage.start < 0.75
        high = stage.uniform(1.3, 1.9)
        if "shatter" in kinds:
            high = max(high, 1.9)
        if not early:
            high = 3.4 + stage.uniform(0.0, 0.4)
            stage.off.append((lead.agent, stage.start, lead.start + 0.6))
        high += base
        stage.put(lead.agent, x, z, high, heading=stage.natural_heading(actor, x, z))
    assert actor.at is not None
    high = float(actor.at[1])
    falling = float(np.sqrt(2 * max(high - base, 0.05) / GRAVITY))
    said = lead.deed.kind == "drop"
    actor.moves = True
    if actor.entity.kind == "ball":
        actor.entity = replace(actor.entity, friction=0.9)
        if goal:  # it may roll off and away
            stage.off.append((lead.agent, lead.start + falling + 0.7, stage.end))
    stage.emit(
        lead.index if said else -1,
        lead.deed,
        lead.start,
        lead.start + falling,
        agent=lead.agent,
        target=goal if not said else lead.target,
        said=said,
        kind="drop",
        height=(high,),
    )
    x, z = float(actor.at[0]), float(actor.at[2])
    for share in (0.0, 0.5, 1.0):
        actor.path.append((lead.start + falling * share, x, high - (high - base) * share**2, z))
    stage.corridor(np.array([x, z]), np.array([x, z]), actor.radius + 0.25)
    _aftermath(stage, items, numbers, lead.start + falling)


def _spot(stage: Stage, id: int) -> tuple[float, float]:
    """Free ground in the middle of the picture."""
    actor = stage.actors[id]
    for _ in range(20):
        x, z = stage.uniform(-1.5, 1.5), 0.0 if stage.flat else stage.uniform(-0.4, 1.0)
        if stage.clear(x, z, actor, 0.25):
            return x, z
    raise Unstaged(f"there is no room for the {actor.entity.kind} to fall")


def _aftermath(stage: Stage, items: Sequence[Item], numbers: Sequence[int], when: float) -> None:
    """Events that follow a fall, from when it touches down."""
    at = when
    for k in numbers:
        item = items[k]
        kind = item.deed.kind
        if kind == "fall":
            start, end = when - 0.4, when
        elif kind in ("hit", "bounce", "shatter"):
            start, end = at, at + 0.4
            at += 0.1
        elif kind == "stop":
            start, end = max(item.start, at + 0.5), max(item.end, at + 0.9)
        else:
            start, end = item.start, item.end
        stage.emit(
            item.index,
            item.deed,
            max(stage.start, start),
            min(end, stage.end),
            agent=item.agent,
            target=item.target,
            other=item.other,
        )


def _throw(
    stage: Stage, items: Sequence[Item], lead: Item, goal: int, numbers: Sequence[int]
) -> None:
    actor = stage.actors[lead.agent]
    deed = lead.deed
    relation = deed.relation
    way = stage.way_of(deed, free=deed.direction in ("left", "right", "forward", "back", ""))
    if stage.throw_way is not None:
        way, stage.throw_way = stage.throw_way, None
    if way is None:
        way = np.array([0.0, 1.0]) * 0.0
    low = actor.half[1]
    target = stage.actors[goal] if goal else None
    if (
        target is not None
        and target.at is None
        and target.entity.kind in ("fence", "wall", "screen")
    ):
        target.heading = heading_of(way)  # across the flight
    if actor.at is not None and target is not None and target.at is not None:
        toward = target.flat - actor.flat
        way = toward / max(float(np.hypot(*toward)), 1e-6)
    distance = stage.uniform(1.6, 2.2) * (1.15 if deed.manner == "quickly" else 1.0)
    actor.entity = replace(actor.entity, friction=0.9)
    upward = deed.direction == "up"
    if upward:
        distance = 0.0
    if relation == "over" and target is not None:
        distance = max(distance, 2 * (target.reach(way) + actor.radius) + 1.4)
    # Where it starts.
    if actor.at is None:
        if target is not None and target.at is not None:
            mid = 0.5 if relation == "over" else 1.0
            start = target.flat - way * distance * mid
        else:
            for _ in range(16):
                depth = 0.0 if stage.flat else stage.uniform(-0.2, 1.2)
                start = np.array([stage.uniform(-0.2, 0.2), depth]) - way * (0.5 * distance + 0.9)
                if stage.lane_free(start, start + way * (distance + 1.5), actor.radius):
                    break
            else:
                raise Unstaged("there is no free lane")
        stage.put(lead.agent, float(start[0]), float(start[1]))
    assert actor.at is not None
    start = actor.flat
    if target is not None and target.at is None:
        mid = 0.5 if relation == "over" else 1.0
        spot = start + way * distance * mid
        stage.put(goal, float(spot[0]), float(spot[1]))
    end_height = low
    end = start + way * distance
    if target is not None and target.at is not None:
        if relation == "over":
            end = start + 2 * (target.flat - start)
        elif relation in ("onto", "on", "into"):
            end = target.flat
            end_height = float(target.at[1]) + 2 * target.half[1] + low
        else:
            # It flies at the body of its target.
            toward = target.flat - start
            unit = toward / max(float(np.hypot(*toward)), 1e-6)
            end = target.flat - unit * (target.reach(unit) + actor.radius - 0.02)
            end_height = max(low, float(target.at[1]) + min(1.2 * target.half[1], 1.0))
    flight = float(np.clip(0.75 * (lead.end - lead.start), 0.7, 1.1))
    top_needed = 0.0
    if relation == "over" and target is not None:
        top_needed = 2 * target.half[1] + actor.half[1] * 2 + 0.25
        flight = max(flight, 2 * float(np.sqrt(2 * max(top_needed - low, 0.1) / GRAVITY)) * 1.08)
    if relation in ("onto", "on", "into") and target is not None:
        rise = end_height - low + 0.35
        flight = max(flight, float(np.sqrt(2 * rise / GRAVITY) + np.sqrt(2 * 0.35 / GRAVITY)))
    y0 = float(actor.at[1]) + low
    vy = (end_height - y0) / flight + 0.5 * GRAVITY * flight
    flat = (end - start) / flight
    actor.moves = True
    stage.emit(
        lead.index,
        deed,
        lead.start,
        lead.start + flight,
        agent=lead.agent,
        target=lead.target,
        other=lead.other,
        velocity=(float(flat[0]), vy, float(flat[1])),
    )
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        t = share * flight
        p = start + flat * t
        y = y0 - low + vy * t - 0.5 * GRAVITY * t * t
        actor.path.append((lead.start + t, float(p[0]), y, float(p[1])))
    rest = min(stage.end - lead.start - flight, 2.5)
    after = end + flat * max(0.0, 0.7 * rest - 0.2 * rest * rest / max(float(np.hypot(*flat)), 0.5))
    if target is None or relation == "over":
        if not any(items[k].deed.kind in ("stop", "hit") for k in numbers):
            stage.off.append((lead.agent, lead.start + flight + 0.8, stage.end))
        actor.path.append((stage.end, float(after[0]), 0.0, float(after[1])))
    stage.corridor(start, after, actor.radius)
    _aftermath(stage, items, numbers, lead.start + flight)


def lone(stage: Stage, items: Sequence[Item], first: int) -> None:
    """A consequence that nothing was said to cause: its cause is added."""
    item = items[first]
    kind = item.deed.kind
    if kind in ("shatter",) or (kind == "bounce" and item.deed.relation != "off") or (
        kind == "fall" and not (item.target and item.deed.relation == "off")
    ):  # fmt: skip
        fly(stage, items, first)
    else:
        go(stage, items, first)


def reweigh(stage: Stage, id: int) -> None:
    """Weighs an actor anew after its size or material changed."""
    stage.actors[id].entity = weigh(stage.actors[id].entity)
