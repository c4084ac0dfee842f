"""Oracle: the exact Reading of a scene, taken from its states; eyes that never err.

Judgement that fails on an oracle reading is at fault itself; judgement that fails only on a reading
of `read` was misled by the eyes. What no eye could see (who is behind a wall) is told as a track
tells it: HIDDEN, and by whom.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.grading.reading import (
    ABSENT,
    HIDDEN,
    LOST,
    OUTSIDE,
    SEEN,
    Reading,
    Track,
    View,
)
from evenflow.world.animation import Animation
from evenflow.world.spec import Entity, SceneSpec
from evenflow.world.words import COLORS, WALKERS

D = NDArray[np.float64]

LEAST = 12
"""Pixels that must show somebody for it to be seen."""
_NAMES = tuple(COLORS)


def oracle(
    scene: SceneSpec | Animation,
    pictures: NDArray[np.uint8] | None = None,
    *,
    device: str = "cpu",
    chunk: int = 8,
) -> Reading:
    """What a reader who errs nowhere would read.

    Args:
        scene: a spec, which is simulated, or an animation (one whose states were edited, too).
        pictures: `(t, h, w, 3)` where they are known; else they are drawn. They tell light and
            colors; places and ids come from the states.
        device: where ids and depth are drawn.
        chunk: frames that are drawn at once.
    """
    from evenflow.world.clip import WorldSource, cut
    from evenflow.world.render import render

    if isinstance(scene, SceneSpec):
        animation = WorldSource(scene, device=device).animation
    else:
        animation = scene
    spec = animation.spec
    num = len(animation.shot)
    ids, depths, drawn = [], [], []
    for first in range(0, num, chunk):
        last = min(first + chunk, num)
        out = render(
            [cut(animation, first, last)],
            device=device,
            truth=("instance", "depth"),
            antialias=pictures is None,
        )
        ids.append(out.truth[0].instance.cpu().numpy())  # type: ignore[union-attr]
        depths.append(out.truth[0].depth.cpu().numpy())  # type: ignore[union-attr]
        drawn.append(out.frames[0].cpu().numpy())
    instance, depth = np.concatenate(ids), np.concatenate(depths)
    seen = np.concatenate(drawn) if pictures is None else np.asarray(pictures)
    if seen.shape[:3] != instance.shape:
        raise ValueError(f"pictures are {seen.shape[:3]}, the scene is {instance.shape}")
    return _reading(spec, animation, instance, depth, seen)


def _reading(
    spec: SceneSpec,
    animation: Animation,
    instance: NDArray[np.int16],
    depth: NDArray[np.float32],
    pictures: NDArray[np.uint8],
) -> Reading:
    num, height, width = instance.shape
    cuts = tuple(int(i) for i in np.flatnonzero(np.diff(animation.shot)) + 1)
    linear = _linear(pictures)
    lab = np.stack([cv2.cvtColor(_unit(p), cv2.COLOR_RGB2Lab) for p in pictures])
    area = np.stack([(instance == one.id).sum(axis=(1, 2)) for one in spec.cast], axis=1)
    order = [
        e for e in np.argsort([_first(area[:, e]) for e in range(len(spec.cast))], kind="stable")
        if (area[:, e] >= LEAST).any()
    ]  # fmt: skip
    number = {spec.cast[e].id: i + 1 for i, e in enumerate(order)}
    table = np.zeros(max((one.id for one in spec.cast), default=0) + 1, np.int16)
    for id, row in number.items():
        table[id] = row
    labels = np.where(instance > 0, table[np.clip(instance, 0, len(table) - 1)], 0).astype(np.int16)
    tracks = tuple(
        _track(i + 1, spec.cast[e], e, animation, instance, depth, lab, number, cuts)
        for i, e in enumerate(order)
    )
    back = instance == 0
    light = np.stack(
        [
            linear[t][back[t]].mean(axis=0) if back[t].any() else np.full(3, np.nan)
            for t in range(num)
        ]
    )
    sun = animation.light.direction
    shadow = np.arctan2(-sun[:, 0], -sun[:, 2]).astype(np.float32)
    view = View(
        "given",
        animation.camera.intrinsics,
        animation.camera.world_to_camera,
        _motion(animation, depth, back, cuts),
        bool(animation.camera.orthographic.any()),
    )
    return Reading(
        fps=float(spec.fps),
        width=width,
        height=height,
        num_frames=num,
        tracks=tracks,
        labels=labels,
        coverage=1.0,
        view=view,
        light=light.astype(np.float32),
        shadow=shadow,
        background=np.ones(num, np.float32),
        cuts=cuts,
    )


def _linear(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """sRGB to linear light (IEC 61966-2-1), by a table."""
    x = np.arange(256) / 255.0
    table = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return table[pictures]


def _first(area: NDArray[np.int64]) -> int:
    rows = np.flatnonzero(area >= LEAST)
    return int(rows[0]) if len(rows) else len(area)


def _track(
    id: int,
    one: Entity,
    e: int,
    animation: Animation,
    instance: NDArray[np.int16],
    depth: NDArray[np.float32],
    lab: NDArray[np.float32],
    number: dict[int, int],
    cuts: Sequence[int],
) -> Track:
    num, height, width = instance.shape
    states = animation.entities
    parts = animation.parts
    mine = parts.entity == one.id
    there = states.present[:, e] & (parts.present[:, mine].any(axis=1) if mine.any() else True)
    nan = np.float32(np.nan)
    state = np.zeros(num, np.int8)
    hidden_by = np.zeros(num, np.int16)
    box = np.full((num, 4), nan, np.float32)
    center = np.full((num, 2), nan, np.float32)
    area = np.zeros(num, np.float32)
    mean = np.full((num, 3), nan, np.float32)
    whole = np.zeros(num, np.bool_)
    known = False
    for t in range(num):
        if t in cuts:
            known = False
        mask = instance[t] == one.id
        count = int(mask.sum())
        if count >= LEAST:
            known = True
            state[t] = SEEN
            v, u = np.nonzero(mask)
            area[t] = count
            box[t] = u.min(), v.min(), u.max() + 1, v.max() + 1
            center[t] = u.mean() + 0.5, v.mean() + 0.5
            mean[t] = lab[t][mask].mean(axis=0)
            inside = u.min() > 0 and v.min() > 0 and u.max() < width - 1 and v.max() < height - 1
            ring = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~mask
            nearer = ring & (instance[t] > 0) & (depth[t] < float(np.median(depth[t][mask])) - 0.05)
            whole[t] = inside and int(nearer.sum()) < 3
            continue
        if not there[t]:
            state[t] = LOST if known else ABSENT
            continue
        x, y, z = _project(animation, t, states.position[t, e])
        if z <= 0 or not (0 <= x < width and 0 <= y < height):
            state[t] = OUTSIDE
            continue
        state[t] = HIDDEN
        by = int(instance[t, int(y), int(x)])
        hidden_by[t] = number.get(by, 0) if by != one.id else 0
    position = states.position[:, e].astype(np.float32)
    ground = position - np.stack([np.zeros(num), states.size[:, e], np.zeros(num)], axis=1).astype(
        np.float32
    )
    ground[state != SEEN] = nan
    size = np.where(state == SEEN, states.size[:, e], nan).astype(np.float32)
    turn = np.arctan2(-states.rotation[:, e, 0, 2], states.rotation[:, e, 2, 2]).astype(np.float32)
    phase = np.full(num, nan, np.float32)
    feet = np.full((num, 4, 2), nan, np.float32)
    where = np.flatnonzero(animation.skeletons.entity == one.id)
    if len(where):
        w = int(where[0])
        phase = np.where(state == SEEN, animation.skeletons.phase[:, w], nan).astype(np.float32)
        for row in np.flatnonzero(state == SEEN).tolist():
            for f in range(4):
                feet[row, f] = _project(animation, row, animation.skeletons.feet[row, w, f])[:2]
    colors = np.where(state == SEEN, states.color[:, e], -1).astype(np.int8)
    votes = colors[colors >= 0]
    color = _NAMES[int(np.bincount(votes).argmax())] if len(votes) else one.color
    plain = one.pattern == "plain" and one.kind not in WALKERS
    return Track(
        id=id,
        kind=one.kind,
        kinds={one.kind: 1.0},
        color=color,
        second="" if plain else one.second,
        pattern=one.pattern,
        state=state,
        hidden_by=hidden_by,
        box=box,
        center=center,
        area=area,
        colors=colors,
        lab=mean,
        looks=np.where(state == SEEN, 0, -1).astype(np.int8),
        whole=whole,
        ground=ground,
        size=size,
        turn=np.where(state == SEEN, turn, nan).astype(np.float32),
        phase=phase,
        feet=feet,
    )


def _project(animation: Animation, t: int, point: Any) -> tuple[float, float, float]:
    """Pixel and depth of a world point."""
    camera = animation.camera
    x, y, z = (
        camera.world_to_camera[t, :3, :3].astype(float) @ np.asarray(point, float)
        + (camera.world_to_camera[t, :3, 3])
    )
    k = camera.intrinsics[t].astype(float)
    if camera.orthographic[t]:
        return float(k[0, 0] * x + k[0, 2]), float(k[1, 1] * y + k[1, 2]), float(z) + 1e3
    safe = max(float(z), 1e-6)
    return float(k[0, 0] * x / safe + k[0, 2]), float(k[1, 1] * y / safe + k[1, 2]), float(z)


def _motion(
    animation: Animation,
    depth: NDArray[np.float32],
    back: NDArray[np.bool_],
    cuts: Sequence[int],
) -> NDArray[np.float32]:
    """Shift, log scale and roll that take the background of a frame to that of the next."""
    num, height, width = depth.shape
    out = np.full((num, 4), np.nan, np.float32)
    v, u = np.mgrid[4:height:8, 4:width:8]
    v, u = v.ravel(), u.ravel()
    camera = animation.camera
    for t in range(1, num):
        if t in cuts:
            continue
        take = back[t - 1, v, u]
        if take.sum() < 8:
            continue
        x, y = u[take] + 0.5, v[take] + 0.5
        z = np.minimum(depth[t - 1, v[take], u[take]].astype(float), 60.0)
        k = camera.intrinsics[t - 1].astype(float)
        flat = bool(camera.orthographic[t - 1])
        local = np.stack(
            [
                (x - k[0, 2]) / k[0, 0] * (1 if flat else z),
                (y - k[1, 2]) / k[1, 1] * (1 if flat else z),
                z,
            ]
        )
        a, b = camera.world_to_camera[t - 1].astype(float), camera.world_to_camera[t].astype(float)
        world = a[:3, :3].T @ (local - a[:3, 3:])
        new = b[:3, :3] @ world + b[:3, 3:]
        k = camera.intrinsics[t].astype(float)
        z = np.ones_like(new[2]) if flat else np.maximum(new[2], 1e-6)
        x1, y1 = k[0, 0] * new[0] / z + k[0, 2], k[1, 1] * new[1] / z + k[1, 2]
        out[t] = _similarity(x - width / 2, y - height / 2, x1 - width / 2, y1 - height / 2)
    return out


def _similarity(x: D, y: D, x1: D, y1: D) -> D:
    """Least squares shift, log scale and roll that take points about the middle to others."""
    p, q = x + 1j * y, x1 + 1j * y1
    pm, qm = p.mean(), q.mean()
    factor = ((q - qm) * np.conj(p - pm)).sum() / max(float((np.abs(p - pm) ** 2).sum()), 1e-9)
    shift = qm - factor * pm
    return np.array([shift.real, shift.imag, np.log(max(abs(factor), 1e-6)), np.angle(factor)])


def _unit(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return picture.astype(np.float32) / np.float32(255.0)
