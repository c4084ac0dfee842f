"""Background swim: ground, trees and horizon flow while those who stand before them stand.

The knob is the root mean square of the displacement in percent of the picture's height.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.lens import Picture, developed
from evenflow.world.defects.seen import centers
from evenflow.world.defects.subjects import shown, silhouette, subjects

D = NDArray[np.float64]
NUM_WAVES = 4
RISE_S, FALL_S = 0.4, 0.3
PLAIN = ("plain", "snow")
"""Grounds on which hardly anybody could see them flow."""


def prepare(staged: Staged, plan: Plan) -> Staged:
    """Both twins get a checkered ground where ground and horizon are bare."""
    animation = staged.animation
    number = int(animation.place[plan.start])
    place = animation.spec.places[number]
    if place.ground not in PLAIN or place.background != "none":
        return staged
    places = list(animation.spec.places)
    places[number] = replace(place, ground="checker")
    spec = replace(animation.spec, places=tuple(places))
    return replace(staged, animation=replace(animation, spec=spec))


def plant(staged: Staged, plan: Plan) -> Staged:
    """Lets the background flow through the span; it rises and lies down softly.

    Variants: `flow` bends it in slow waves; `slide` moves ground and trees under those who stand
    there, as one piece; `pose` turns the camera of the background alone.

    Raises:
        BadInput: the variant is `slide` or `pose` and nobody stands before the background, or the
            camera is parallel.
    """
    animation = staged.animation
    ids = subjects(animation)
    if plan.variant != "flow" and not shown(animation, plan.start, ids):
        raise BadInput("nobody stands before the background here: take another variant")
    if plan.variant != "flow" and animation.camera.orthographic[plan.start : plan.end].any():
        raise BadInput("a parallel camera sees no ground from above: take the variant flow")
    if plan.magnitude == 0:
        return staged
    size = plan.magnitude / 100 * animation.spec.size[1]
    if plan.variant == "flow":
        return _flowing(staged, plan, size, ids)
    path = _path(staged, plan) * size
    if plan.variant == "slide":
        return carried(staged, plan.start, _slide(animation, plan.start, path, ids), ids)
    return carried(staged, plan.start, _turn(animation, plan.start, path), ids)


def _swell(plan: Plan, fps: float) -> D:
    """From 0 up to 1 and back over the span."""
    count = plan.end - plan.start
    at = np.arange(count)
    rise, fall = (min(max(1.0, s * fps), count / 2) for s in (RISE_S, FALL_S))
    return np.minimum(1.0, np.minimum((at + 1) / rise, (count - at) / fall))


def _path(staged: Staged, plan: Plan) -> D:
    """A slow way there and back `(n, 2)` of about unit root mean square, 0.5 to 2 Hz."""
    fps = float(staged.animation.spec.fps)
    rng = np.random.default_rng([plan.seed, 51])
    time = np.arange(plan.end - plan.start) / fps
    out = np.zeros((len(time), 2))
    for axis, most in ((0, 1.0), (1, 0.6)):
        for _ in range(2):
            pace, phase = rng.uniform(0.5, 2.0), rng.uniform(0, 2 * np.pi)
            out[:, axis] += most * np.sin(2 * np.pi * pace * time + phase)
    return np.asarray(out * _swell(plan, fps)[:, None])


def _slide(animation: Animation, start: int, path: D, ids: tuple[int, ...]) -> tuple[D, D]:
    """Moves `(n, 4, 4)` of the world's things that look like the ground sliding by pixels."""
    here = shown(animation, start, ids)
    depth = float(np.median(centers(animation)[start, np.array(here) - 1, 2]))
    camera = animation.camera
    span = slice(start, start + len(path))
    focal = camera.intrinsics[span, 1, 1].astype(np.float64)
    unit = max(depth, 0.5) / focal
    right = camera.world_to_camera[span, 0, :3].astype(np.float64)
    right = right * (1.0, 0.0, 1.0)
    right /= np.linalg.norm(right, axis=1, keepdims=True) + 1e-9
    away = np.stack([-right[:, 2], 0.0 * right[:, 0], right[:, 0]], 1)
    # What lies flat is seen at a slant: it goes farther away and back than it seems.
    shift = right * (path[:, :1] * unit[:, None]) + away * (2.0 * path[:, 1:] * unit[:, None])
    return np.tile(np.eye(3), (len(path), 1, 1)), shift


def _turn(animation: Animation, start: int, path: D) -> tuple[D, D]:
    """Turns about the camera's upright axis by which the horizon goes aside by so many pixels."""
    camera = animation.camera
    span = slice(start, start + len(path))
    focal = camera.intrinsics[span, 1, 1].astype(np.float64)
    angle = np.arctan(1.3 * path[:, 0] / focal)
    view = camera.world_to_camera[span].astype(np.float64)
    eye = -np.einsum("tji,tj->ti", view[:, :3, :3], view[:, :3, 3])
    c, s = np.cos(angle), np.sin(angle)
    turn = np.zeros((len(path), 3, 3))
    turn[:, 0, 0], turn[:, 0, 2], turn[:, 1, 1] = c, s, 1.0
    turn[:, 2, 0], turn[:, 2, 2] = -s, c
    return turn, eye - np.einsum("tij,tj->ti", turn, eye)


def carried(staged: Staged, start: int, motion: tuple[D, D], ids: tuple[int, ...]) -> Staged:
    """Some of the world, with camera and sun, carried over the rest of it: they look as before, and
    what is not carried (ground, horizon, trees) goes the other way.

    Args:
        motion: rotations `(n, 3, 3)` and shifts `(n, 3)` of the frames `[start, start + n)`.
        ids: who is carried.
    """
    turn, shift = motion
    animation = staged.animation
    span = slice(start, start + len(shift))
    parts, states, bones = animation.parts, animation.entities, animation.skeletons

    def placed(values: NDArray) -> D:
        more = (1,) * (values.ndim - 2)
        out = (turn.reshape(-1, *more, 3, 3) * values.astype(np.float64)[..., None, :]).sum(-1)
        return np.asarray(out + shift.reshape(-1, *more, 3))

    def turned(values: NDArray) -> D:
        return np.asarray(np.einsum("tij,tkjl->tkil", turn, values.astype(np.float64)))

    rows = np.flatnonzero(np.isin(parts.entity, ids))
    position, rotation = parts.position.copy(), parts.rotation.copy()
    position[span, rows] = placed(parts.position[span][:, rows])
    rotation[span, rows] = turned(parts.rotation[span][:, rows])
    who = np.array(ids, np.int64) - 1
    center, axes = states.position.copy(), states.rotation.copy()
    center[span, who] = placed(states.position[span][:, who])
    axes[span, who] = turned(states.rotation[span][:, who])
    joints, feet = bones.joints.copy(), bones.feet.copy()
    joints[span] = placed(bones.joints[span]) if joints.shape[1] else joints[span]
    feet[span] = placed(bones.feet[span]) if feet.shape[1] else feet[span]
    pose = animation.camera.world_to_camera.copy()
    view = pose[span].astype(np.float64)
    back = np.einsum("tij,tkj->tik", view[:, :3, :3], turn)
    pose[span, :3, :3] = back
    pose[span, :3, 3] = view[:, :3, 3] - np.einsum("tij,tj->ti", back, shift)
    light = animation.light
    direction = light.direction.copy()
    direction[span] = np.einsum("tij,tj->ti", turn, light.direction[span].astype(np.float64))
    sunlit = animation.sunlit
    if sunlit is not None:
        sunlit = sunlit.copy()
        sunlit[span, :3] = placed(sunlit[span, None, :3])[:, 0]
    made = replace(
        animation,
        parts=replace(parts, position=position, rotation=rotation),
        entities=replace(states, position=center, rotation=axes),
        skeletons=replace(bones, joints=joints, feet=feet),
        camera=replace(animation.camera, world_to_camera=pose),
        light=replace(light, direction=direction),
        sunlit=sunlit,
    )
    return replace(staged, animation=made)


def _flowing(staged: Staged, plan: Plan, size: float, ids: tuple[int, ...]) -> Staged:
    animation = staged.animation
    width, height = animation.spec.size
    fps = float(animation.spec.fps)
    swell = _swell(plan, fps)
    waves = _waves(np.random.default_rng([plan.seed, 52]), height)
    y, x = np.mgrid[:height, :width].astype(np.float32)

    def flowing(picture: Picture, frame: int) -> Picture:
        at = frame - plan.start
        moves = _field(waves, x, y, at / fps) * np.float32(size * swell[at])
        solid = silhouette(animation, frame, ids)
        away = cv2.distanceTransform((~solid).astype(np.uint8), cv2.DIST_L2, 5)
        away = np.maximum(away - 1.0, 0.0)
        length = np.maximum(np.hypot(moves[..., 0], moves[..., 1]), 1e-6)
        # No pixel fetches one of a silhouette: near one it moves by less than it is away.
        moves *= np.minimum(1.0, 0.7 * away / length)[..., None]
        made = cv2.remap(
            picture, x + moves[..., 0], y + moves[..., 1], cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip
        still = (np.abs(moves).max(axis=-1) < 1e-3)[..., None]
        return np.asarray(np.where(still, picture, made), np.float32)

    return developed(staged, plan.start, plan.end, flowing)


def _waves(rng: np.random.Generator, height: int) -> D:
    """Rows of wave number (2), direction (2), pace and phase."""
    rows = []
    for _ in range(NUM_WAVES):
        angle, along = rng.uniform(0, 2 * np.pi, 2)
        number = 2 * np.pi / (rng.uniform(0.3, 0.7) * height)
        rows.append([
            number * np.cos(angle), number * np.sin(angle), np.cos(along), np.sin(along),
            2 * np.pi * rng.uniform(0.5, 2.0), rng.uniform(0, 2 * np.pi),
        ])  # fmt: skip
    return np.array(rows)


def _field(
    waves: D, x: NDArray[np.float32], y: NDArray[np.float32], time: float
) -> NDArray[np.float32]:
    """Displacement `(h, w, 2)` of unit root mean square over space and time."""
    out = np.zeros((*x.shape, 2), np.float32)
    for kx, ky, right, down, pace, phase in waves:
        swing = np.sin(x * np.float32(kx) + y * np.float32(ky) + np.float32(pace * time + phase))
        out += swing[..., None] * np.array([right, down], np.float32)
    return np.asarray(out * np.float32(np.sqrt(2.0 / len(waves))))
