"""Checking a staged scene: it is simulated, and what was said is measured in what came of it.

Visibility is a cheap projection: every entity is an ellipse or a rectangle on a coarse picture, and
nearer ones cover farther ones. Areas are given in pixels of a picture 128 high.
"""

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.blocking import box_of
from evenflow.world.script import Script
from evenflow.world.spec import Event, SceneSpec
from evenflow.world.words import COLORS, FIXTURES, WALKERS

if TYPE_CHECKING:
    from evenflow.world.staging import Layout

D = NDArray[np.float64]

LEAST_PIXELS = 60.0
"""Visible pixels that what matters has at least, in a picture 128 high."""
MOST_HIDDEN = 0.7
"""Share of it that may be hidden where that is not planned."""
GRID = 64
ROUND = ("ball", "bush", "rock", "balloon", "cup", "vase", "cone")


@njit(cache=True, nogil=True)
def _paint(
    boxes: NDArray, depth: NDArray, kind: NDArray, fill: NDArray, grid_w: int, grid_h: int,
    alone: NDArray, visible: NDArray, by: NDArray,
) -> None:  # fmt: skip
    """Cells that every entity covers alone and with all others, and who covers it most."""
    frames, num = depth.shape
    owner = np.zeros((grid_h, grid_w), np.int64)
    for f in range(frames):
        owner[:, :] = -1
        order = np.argsort(-depth[f])
        for k in order:
            if depth[f, k] <= 0.2 or fill[k] <= 0:
                continue
            x0, y0, x1, y1 = boxes[f, k]
            cx, cy = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
            rx, ry = max(0.5 * (x1 - x0), 1e-6), max(0.5 * (y1 - y0), 1e-6)
            for y in range(max(int(np.floor(y0)), 0), min(int(np.ceil(y1)) + 1, grid_h)):
                for x in range(max(int(np.floor(x0)), 0), min(int(np.ceil(x1)) + 1, grid_w)):
                    px, py = x + 0.5, y + 0.5
                    inside = px >= x0 and px < x1 and py >= y0 and py < y1
                    if kind[k] == 1:
                        u, v = (px - cx) / rx, (py - cy) / ry
                        inside = u * u + v * v <= 1.0
                    if inside:
                        alone[f, k] += 1
                        owner[y, x] = k
        for y in range(grid_h):
            for x in range(grid_w):
                k = owner[y, x]
                if k >= 0:
                    visible[f, k] += 1
        # Who covers whom most: the owner of cells inside a box.
        for k in range(num):
            if alone[f, k] <= 0 or visible[f, k] > 0.5 * alone[f, k]:
                by[f, k] = -1
                continue
            x0, y0, x1, y1 = boxes[f, k]
            best, who = 0, -1
            for j in range(num):
                if j == k:
                    continue
                count = 0
                for y in range(max(int(y0), 0), min(int(y1) + 1, grid_h)):
                    for x in range(max(int(x0), 0), min(int(x1) + 1, grid_w)):
                        if owner[y, x] == j:
                            count += 1
                if count > best:
                    best, who = count, j
            by[f, k] = who


def visibility(
    animation: Animation, frames: NDArray[np.int64]
) -> tuple[D, D, NDArray[np.int64], D]:
    """Of some frames: visible pixels and pixels if nobody was in front `(k, e)`, the id of who
    hides it most (0 nobody), and boxes `(k, e, 4)` (x0, y0, x1, y1) as shares of the picture.
    """
    spec = animation.spec
    num = len(spec.cast)
    wide, high = spec.size
    center = animation.entities.position[frames].astype(np.float64)
    size = animation.entities.size[frames].astype(np.float64)
    pose = animation.camera.world_to_camera[frames].astype(np.float64)
    k = animation.camera.intrinsics[frames].astype(np.float64)
    flat = animation.camera.orthographic[frames]
    boxes = np.zeros((len(frames), num, 4))
    depth = np.zeros((len(frames), num))
    kind = np.zeros(num, np.int64)
    fill = np.ones(num)
    rotation = animation.entities.rotation[frames].astype(np.float64)
    local = np.einsum("tij,tej->tei", pose[:, :3, :3], center) + pose[:, None, :3, 3]
    up = pose[:, :3, 1]
    for e, one in enumerate(spec.cast):
        half = np.array(box_of(one)) / one.size
        kind[e] = one.kind in ROUND
        if one.kind in ("table", "arch", "pendulum", "fence", "tree", "lamp"):
            fill[e] = 0.0 if one.kind != "tree" else 1.0
        right = pose[:, 0, :3]
        if one.kind in ("ball", "cylinder", "cone", "capsule", "cup", "vase"):
            wide_half = np.full(len(frames), half[0])
        else:
            ax = np.abs(np.einsum("ti,ti->t", right, rotation[:, e, :, 0]))
            az = np.abs(np.einsum("ti,ti->t", right, rotation[:, e, :, 2]))
            wide_half = ax * half[0] + az * half[2]
        if one.kind == "tree":
            wide_half = np.full(len(frames), 0.35)
        if one.kind == "pillar":
            wide_half = np.full(len(frames), 0.24)
        ys = (-1.0, 1.0)
        depth[:, e] = local[:, e, 2]
        near = np.maximum(local[:, e, 2], 0.2)
        scale = np.where(flat, 1.0, 1.0 / near) * k[:, 0, 0]
        x = local[:, e, 0] * scale + k[:, 0, 2]
        low = local[:, e] + up * (ys[0] * size[:, e])[:, None]
        top = local[:, e] + up * (ys[1] * size[:, e])[:, None]
        y0 = (
            np.where(flat, 1.0, 1.0 / np.maximum(top[:, 2], 0.2)) * k[:, 1, 1] * top[:, 1]
            + k[:, 1, 2]
        )
        y1 = (
            np.where(flat, 1.0, 1.0 / np.maximum(low[:, 2], 0.2)) * k[:, 1, 1] * low[:, 1]
            + k[:, 1, 2]
        )
        if one.kind == "ball":
            y = local[:, e, 1] * scale + k[:, 1, 2]
            y0, y1 = y - size[:, e] * scale, y + size[:, e] * scale
        if one.kind == "screen":
            y0 = y1 + (y0 - y1) * _panel(animation, frames, one.id)
        rx = wide_half * size[:, e] * scale
        boxes[:, e] = np.stack([x - rx, y0, x + rx, y1], 1)
    absent = ~animation.entities.present[frames]
    depth[absent] = -1.0
    cell = high / GRID
    grid_w = max(round(wide / cell), 1)
    alone = np.zeros((len(frames), num))
    visible = np.zeros((len(frames), num))
    by = np.zeros((len(frames), num), np.int64)
    _paint(boxes / cell, depth, kind, fill, grid_w, GRID, alone, visible, by)
    for e in range(num):
        if fill[e] == 0.0:
            inside = (np.clip(boxes[:, e, 2], 0, wide) - np.clip(boxes[:, e, 0], 0, wide)) * (
                np.clip(boxes[:, e, 3], 0, high) - np.clip(boxes[:, e, 1], 0, high)
            )
            alone[:, e] = visible[:, e] = (
                0.3 * np.maximum(inside, 0) / cell**2 * (depth[:, e] > 0.2)
            )
    share = (128.0 / GRID) ** 2
    return visible * share, alone * share, by + 1, boxes / np.array([wide, high, wide, high])


def _panel(animation: Animation, frames: NDArray[np.int64], id: int) -> D:
    """Share of a screen that is up."""
    first = int(np.flatnonzero(animation.parts.entity == id)[0])
    high: D = animation.parts.scale[frames, first, 1].astype(np.float64)
    return high / animation.spec.cast[id - 1].size


def simulated(spec: SceneSpec) -> Animation:
    """The animation of a scene; a seam so that checks can be made cheaper."""
    from evenflow.world.simulate import simulate

    return simulate(spec)


def problem_of(
    layout: "Layout", script: Script, animation: Animation
) -> tuple[str, dict[int, float]]:
    """What is wrong with a staged scene, in words (empty if all came true), and when the events
    that are consequences really began, by number of the event."""
    spec = layout.spec
    times_of: dict[int, float] = {}
    from evenflow.world.simulate import overlaps

    for first, second, _ in overlaps(spec):
        other = _name(spec, second) if second else "a wall"
        return f"{_name(spec, first)} stands inside of {other}", {}
    fps = float(spec.fps)
    step = max(1, spec.num_frames // 32)
    coarse = np.arange(0, spec.num_frames, step)
    if step > 2:  # long clips are looked at closely where something happens
        close = [
            np.arange(
                max(int((e.start - 0.5) * fps), 0),
                min(int((e.end + 0.5) * fps) + 1, spec.num_frames), max(1, int(fps / 8)),
            )
            for e in spec.events if e.said and e.agent
        ]  # fmt: skip
        coarse = np.unique(np.concatenate([coarse, *close]))[:2000]
    frames = coarse.astype(np.int64)
    visible, alone, _, boxes = visibility(animation, frames)
    times = frames / fps
    problem = _unseen(layout, animation, frames, times, visible, alone, boxes)
    if not problem:
        problem = _misplaced(script, layout, boxes, visible)
    if problem:
        return problem, {}
    listed = {(one.kind, one.agent) for one in animation.happened}
    order: dict[int, float] = {}
    for number, (event, deed) in enumerate(zip(spec.events, layout.deeds, strict=True)):
        if not event.said:
            continue
        seen = event.kind in ("hide", "appear", "enter", "exit", "pass")  # depends on the camera
        if not seen and (event.kind, event.agent) not in listed:
            return f"the {event.kind.replace('_', ' ')} does not come true", {}
        problem, when = _came_true(event, animation, layout, frames, visible, alone, boxes)
        if problem:
            return problem, {}
        if when is not None and event.kind in ("hit", "bounce", "shatter"):
            times_of[number] = when
        given = script.deeds[deed].start if deed >= 0 else None
        late = abs(when - given) if when is not None and given is not None else 0.0
        if number in times_of and late > 0.4:
            return f"the {event.kind} comes at {when:.1f} s rather than {given:g} s", {}
        if when is not None and deed >= 0:
            order[deed] = min(when, order.get(deed, 1e9))
    numbers = sorted(order)
    for a, b in zip(numbers, numbers[1:], strict=False):
        if order[b] < order[a] - 0.35 and not script.deeds[b].together:
            return f"{script.deeds[b].kind} comes before {script.deeds[a].kind}", {}
    return "", times_of


def _misplaced(script: Script, layout: "Layout", boxes: D, visible: D) -> str:
    """Somebody called "the left one" who is not on the left of those who look alike."""
    spec = layout.spec
    ids: dict[int, int] = {}
    at = 1
    for role in script.cast:
        ids[role.id] = at
        at += role.count
    for role in script.cast:
        if not role.side:
            continue
        mine = ids[role.id] - 1
        alike = [
            ids[other.id] - 1
            for other in script.cast
            if other.kind == role.kind and other.id != role.id
        ]
        seen = np.flatnonzero(visible[:, mine] > 0)
        if not len(seen):
            continue
        x = 0.5 * (boxes[seen[0], :, 0] + boxes[seen[0], :, 2])
        low, high = min(x[alike], default=9.0), max(x[alike], default=-9.0)
        fits = {"left": x[mine] < low, "right": x[mine] > high, "middle": low < x[mine] < high}
        if not fits[role.side] and (alike and (role.side != "middle" or len(alike) > 1)):
            return f"the {_name(spec, mine + 1)} is not on the {role.side}"
    return ""


def _name(spec: SceneSpec, id: int) -> str:
    one = spec.cast[id - 1]
    return f"{one.color} {one.kind}"


def _unseen(
    layout: "Layout", animation: Animation, frames: NDArray[np.int64], times: D, visible: D,
    alone: D, boxes: D,
) -> str:  # fmt: skip
    """Somebody who matters and is too small, out of the picture or hidden against the plan."""
    spec = layout.spec
    shot_of = animation.shot[frames]
    carried = {
        e.target
        for e in spec.events
        if e.kind in ("pick_up", "carry", "put_down", "give", "cover", "uncover")
    }
    broken = {e.agent for e in spec.events if e.kind == "shatter"}
    for number, needed in enumerate(layout.needed):
        at = shot_of == number
        if not at.any():
            continue
        for id in needed:
            one = spec.cast[id - 1]
            free = at.copy()
            for who, a, b in layout.off:
                if who == id:
                    free &= (times < a) | (times > b)
            small = (alone[:, id - 1] < LEAST_PIXELS) & free
            if id in broken or (one.kind == "screen" and not small.all()):
                continue
            x0, y0, x1, y1 = np.moveaxis(boxes[:, id - 1], -1, 0)
            if one.kind not in FIXTURES:
                wide = np.clip(x1, 0, 1) - np.clip(x0, 0, 1)
                small |= (wide < 0.75 * (x1 - x0)) & free
                small |= ((y0 + y1 < 0.0) | (y0 + y1 > 2.0)) & free
            share = small.sum() / max(free.sum(), 1)
            if share > 0.0 and not (id in carried and share < 0.5):
                return f"the {_name(spec, id)} is too small or out of the picture"
            for who, _, a, b in layout.hidden:
                if who == id:
                    free &= (times < a) | (times > b)
            hidden = (visible[:, id - 1] < (1 - MOST_HIDDEN) * alone[:, id - 1]) & free
            few = (visible[:, id - 1] < LEAST_PIXELS) & free
            if id in carried or one.kind in FIXTURES:
                continue
            if (hidden | few).sum() > 0.08 * max(free.sum(), 1):
                return f"the {_name(spec, id)} is hidden where it should be seen"
    return ""


def _came_true(
    event: Event, animation: Animation, layout: "Layout", frames: NDArray[np.int64], visible: D,
    alone: D, boxes: D,
) -> tuple[str, float | None]:  # fmt: skip
    """What is wrong with an event (or nothing) and when it really happened."""
    spec = layout.spec
    kind = event.kind
    fps = float(spec.fps)
    if not event.agent:
        return "", event.start
    name = _name(spec, event.agent)
    one = spec.cast[event.agent - 1]
    p = animation.entities.position
    a = min(round(event.start * fps), len(p) - 1)
    shot = int(animation.shot[a])
    last = int(np.flatnonzero(animation.shot == shot)[-1])
    first = int(np.flatnonzero(animation.shot == shot)[0])
    b = min(round(event.end * fps), last)
    walks = one.kind in WALKERS
    pose = animation.camera.world_to_camera[a].astype(np.float64)
    moved = p[b, event.agent - 1].astype(np.float64) - p[a, event.agent - 1]
    side = float(pose[0, :3] @ moved)
    away = np.array([pose[2, 0], 0.0, pose[2, 2]])
    away /= max(float(np.hypot(away[0], away[2])), 1e-9)
    ahead = float(away @ moved)
    if kind in ("roll", "slide", "walk", "run", "carry", "push") or (
        kind == "enter" and event.direction
    ):
        if event.direction in ("left", "right"):
            went = side if event.direction == "right" else -side
            if went < 0.25 or went < 0.8 * abs(ahead):
                return f"the {name} does not go {event.direction}", None
        elif event.direction in ("forward", "back"):
            went = ahead if event.direction == "forward" else -ahead
            if went < 0.25 or went < 0.8 * abs(side):
                return f"the {name} does not go {event.direction}", None
        if kind in ("roll", "slide") and float(np.hypot(moved[0], moved[2])) < 0.2:
            return f"the {name} hardly moves", None
        if kind in ("carry", "push"):
            return _handled(event, animation, first, last), event.start
        if kind in ("roll", "slide") and event.target:
            problem = _related(event, animation, layout, frames, first, last, visible, alone)
            if problem:
                return problem, None
        if kind != "enter":
            return "", event.start
    in_shot = (frames >= first) & (frames <= last)
    share = visible[:, event.agent - 1] / np.maximum(alone[:, event.agent - 1], 1.0)
    if kind == "hide":
        late = in_shot & (frames >= a - 0.4 * fps) & (frames <= b + 0.8 * fps)
        if not late.any() or share[late].min() > 0.15:
            return f"the {name} is not hidden", None
        return "", float(frames[late][share[late].argmin()] / fps)
    if kind == "appear" and event.target:
        early = in_shot & (frames <= b)
        after = in_shot & (frames >= a)
        if not early.any() or share[early].min() > 0.2:
            return f"the {name} is not hidden before it appears", None
        if share[after].max() < 0.6:
            return f"the {name} does not appear", None
        return "", 0.5 * (event.start + event.end)
    if kind in ("hit", "bounce", "shatter"):
        return _touched(event, animation, first, last, name)
    if kind == "exit":
        box = boxes[in_shot, event.agent - 1][-1]
        if box[2] > -0.01 and box[0] < 1.01 and box[3] > 0.0 and box[1] < 1.0:
            return f"the {name} does not leave the picture", None
        return "", event.start
    if kind == "enter":
        rows = in_shot & (frames <= max(a, first) + 1)
        box = boxes[rows, event.agent - 1][0]
        if box[2] > -0.01 and box[0] < 1.01 and box[3] > 0.0 and box[1] < 1.0:
            return f"the {name} is in the picture before it enters", None
        return "", event.start
    if kind == "stop" and not walks:
        v = animation.entities.velocity[last, event.agent - 1]
        if float(np.hypot(v[0], v[2])) > 0.12:
            return f"the {name} does not stop", None
        return "", None
    if kind == "change_color":
        row = list(COLORS).index(event.color)
        if int(animation.entities.color[last, event.agent - 1]) != row:
            return f"the {name} does not become {event.color}", None
        return "", event.start
    if kind in ("drop", "fall"):
        fell = float(p[first : last + 1, event.agent - 1, 1].max() - p[last, event.agent - 1, 1])
        if fell < 0.2:
            return f"the {name} does not fall", None
        return "", event.start
    if kind == "throw":
        return _thrown(event, animation, first, last, name)
    if kind in ("pick_up", "carry", "put_down", "give", "push", "kick"):
        return _handled(event, animation, first, last), event.start
    return "", event.start


def _related(
    event: Event, animation: Animation, layout: "Layout", frames: NDArray[np.int64], first: int,
    last: int, visible: D, alone: D,
) -> str:  # fmt: skip
    """What is wrong with how a motion lies to its target."""
    spec = layout.spec
    name, other = _name(spec, event.agent), _name(spec, event.target)
    p = animation.entities.position[first : last + 1].astype(np.float64)
    gap = p[:, event.agent - 1] - p[:, event.target - 1]
    near = np.hypot(gap[:, 0], gap[:, 2])
    half = box_of(spec.cast[event.target - 1])
    if event.relation == "behind":
        rows = (frames >= first) & (frames <= last)
        share = visible[rows, event.agent - 1] / np.maximum(alone[rows, event.agent - 1], 1.0)
        size = box_of(spec.cast[event.agent - 1])
        if half[1] > 0.95 * size[1] and share.min() > 0.2:
            return f"the {name} does not go behind the {other}"
    elif event.relation in ("under", "through"):
        if near.min() > 0.3:
            return f"the {name} does not go {event.relation} the {other}"
        k = int(near.argmin())
        if np.hypot(gap[-1, 0], gap[-1, 2]) < half[0] * 0.3 and k == len(near) - 1:
            return f"the {name} stays {event.relation} the {other}"
    elif event.relation == "toward":
        if near[-1] > near[0] - 0.2 and near.min() > near[0] - 0.2:
            return f"the {name} does not come nearer to the {other}"
    elif event.relation == "off":
        low = animation.entities.position[last, event.agent - 1, 1]
        if low > 1.5 * animation.entities.size[last, event.agent - 1]:
            return f"the {name} stays on the {other}"
    return ""


def _handled(event: Event, animation: Animation, first: int, last: int) -> str:
    """What is wrong with what hands and feet did to a thing."""
    spec = animation.spec
    fps = float(spec.fps)
    thing = spec.cast[event.target - 1]
    p = animation.entities.position[:, event.target - 1].astype(np.float64)
    k = min(int(event.end * fps) + 1, last)
    if event.kind == "pick_up" and p[k, 1] - thing.size < 0.1:
        return f"the {_name(spec, thing.id)} is not picked up"
    if event.kind in ("push", "kick") and np.hypot(*(p[last] - p[first])[[0, 2]]) < 0.3:
        return f"the {_name(spec, thing.id)} does not move"
    if event.kind == "carry":
        a = min(int(event.start * fps), k)
        if np.hypot(*(p[k] - p[a])[[0, 2]]) < 0.4:
            return f"the {_name(spec, thing.id)} is not carried"
    if event.kind == "give" and event.other in animation.skeletons.entity:
        taker = list(animation.skeletons.entity).index(event.other)
        hands = animation.skeletons.joints[k, taker, 9:11]
        if np.linalg.norm(hands - p[k], axis=1).min() > 0.6:
            return f"the {_name(spec, thing.id)} is not handed over"
    if event.kind == "put_down":
        place = event.numbers.get("place")
        if place and np.hypot(p[last, 0] - place[0], p[last, 2] - place[2]) > 0.5:
            return f"the {_name(spec, thing.id)} is not put down there"
    return ""


def _touched(
    event: Event, animation: Animation, first: int, last: int, name: str
) -> tuple[str, float | None]:
    """A contact of an event, and its time."""
    spec = animation.spec
    fps = float(spec.fps)
    if event.kind == "shatter":
        mine = animation.parts.entity == event.agent
        gone = ~animation.parts.present[last, mine]
        if not gone.any():
            return f"the {name} does not break", None
        return "", event.start
    pair = {event.agent, event.target}
    if event.kind == "bounce" and not event.target:
        pair = {event.agent, 0}
    touches = [
        c for c in animation.contacts
        if {c.first, c.second} == pair and first <= c.frame <= last + 1
        and (event.kind != "bounce" or c.impulse > 0.0)
    ]  # fmt: skip
    if not touches and spec.cast[event.agent - 1].kind in WALKERS:
        return "", event.start  # it walks up to it
    if not touches:
        what = _name(spec, event.target) if event.target else "ground"
        return f"the {name} does not {event.kind} the {what}", None
    near = min(touches, key=lambda c: abs(c.time - event.start))
    if event.kind == "bounce":
        k = min(int(near.time * fps) + 1, last)
        end = min(k + int(0.5 * fps) + 1, last + 1)
        later = animation.entities.position[k:end, event.agent - 1]
        v = animation.entities.velocity[k:end, event.agent - 1]
        if event.relation != "off" and len(v) and float(v[:, 1].max()) < 0.3 and len(later):
            return f"the {name} does not bounce", None
    return "", near.time


def _thrown(
    event: Event, animation: Animation, first: int, last: int, name: str
) -> tuple[str, float | None]:
    """A throw that reaches its target or goes over it."""
    spec = animation.spec
    p = animation.entities.position[first : last + 1]
    mine = p[:, event.agent - 1].astype(np.float64)
    if float(mine[:, 1].max() - mine[0, 1]) < 0.15:
        return f"the {name} does not fly", None
    if event.target:
        target = spec.cast[event.target - 1]
        half = box_of(target)
        there = p[:, event.target - 1].astype(np.float64)
        flat = np.hypot(mine[:, 0] - there[:, 0], mine[:, 2] - there[:, 2])
        if event.relation == "over":
            k = int(flat.argmin())
            if flat[k] > max(half[0], half[2]) + 0.5:
                return f"the {name} does not go over the {_name(spec, event.target)}", None
        elif flat.min() > half[0] + half[2] + 0.9:
            return f"the {name} does not reach the {_name(spec, event.target)}", None
    return "", event.start
