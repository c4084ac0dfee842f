"""Shake: the camera trembles and nobody said so.

The knob is the root mean square of its aim along each axis, in percent of the picture's height.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation, CameraTrack
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import edited
from evenflow.world.defects.seen import centers
from evenflow.world.defects.subjects import shown, subjects

D = NDArray[np.float64]
AWAY = 6.0
"""World units at which a sway is measured at least; else where those who are seen stand."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Trembles through the span: `turn` turns the camera, `sway` moves it, so near things move
    more."""
    if plan.magnitude == 0:
        return staged
    animation = staged.animation
    path = tremble(plan.end - plan.start, np.random.default_rng([plan.seed, 47]))
    size = plan.magnitude / 100 * animation.spec.size[1]
    aim = aimed if plan.variant == "turn" else swayed
    return edited(staged, camera=aim(animation, plan.start, path * size))


def tremble(count: int, rng: np.random.Generator) -> D:
    """Noise `(n, 2)` of unit root mean square, most of it above 3 Hz."""
    noise = rng.standard_normal((count, 2))
    path = np.zeros_like(noise)
    for i in range(count):
        path[i] = noise[i] + (0.3 * path[i - 1] if i else 0.0)
    return np.asarray(path / max(float(np.sqrt((path**2).mean())), 1e-9))


def aimed(animation: Animation, start: int, pixels: D, roll: D | None = None) -> CameraTrack:
    """The camera turned so that the middle of the picture moves by so many pixels.

    Args:
        pixels: right and down, `(n, 2)`, of the frames `[start, start + n)`.
        roll: radians about the axis of the lens, `(n,)`.
    """
    camera = animation.camera
    span = slice(start, start + len(pixels))
    focal = camera.intrinsics[span, 1, 1].astype(np.float64)
    pose = camera.world_to_camera.copy()
    flat = camera.orthographic[span]
    x, y = pixels[:, 0] / focal, pixels[:, 1] / focal
    yaw, pitch = np.where(flat, 0.0, np.arctan(x)), np.where(flat, 0.0, np.arctan(y))
    turn = _about(1, yaw) @ _about(0, -pitch)
    if roll is not None:
        turn = _about(2, roll) @ turn
    made = np.einsum("tij,tjk->tik", turn, pose[span, :3].astype(np.float64))
    made[:, 0, 3] += np.where(flat, x, 0.0)
    made[:, 1, 3] += np.where(flat, y, 0.0)
    pose[span, :3] = made
    return replace(camera, world_to_camera=pose)


def swayed(animation: Animation, start: int, pixels: D) -> CameraTrack:
    """The camera moved across its axis; what is as far as those who are seen moves by so many
    pixels."""
    camera = animation.camera
    span = slice(start, start + len(pixels))
    focal = camera.intrinsics[span, 1, 1].astype(np.float64)
    here = np.array(shown(animation, start, subjects(animation)), np.int64) - 1
    depth = centers(animation)[start, here, 2]
    away = max(AWAY, 1.2 * float(np.median(depth))) if len(here) else AWAY
    unit = np.where(camera.orthographic[span], 1.0 / focal, away / focal)
    pose = camera.world_to_camera.copy()
    pose[span, 0, 3] += pixels[:, 0] * unit
    pose[span, 1, 3] += np.clip(pixels[:, 1] * unit, -0.3, 0.3)
    return replace(camera, world_to_camera=pose)


def _about(axis: int, angle: D) -> D:
    """Rotations `(n, 3, 3)` about an axis by the right-hand formula."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out = np.zeros((len(angle), 3, 3))
    out[:, axis, axis] = 1.0
    out[:, i, i] = out[:, j, j] = np.cos(angle)
    out[:, j, i] = np.sin(angle)
    out[:, i, j] = -np.sin(angle)
    return out
