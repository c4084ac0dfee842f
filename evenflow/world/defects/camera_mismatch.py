"""Camera mismatch: the camera does not do what the caption says: it stands, goes the other way, or
moves where it should stand. A variant of `action_mismatch`.

The knob is how far its way is from the one that was said, in (0, 1]: 1 is the opposite way, or as
far as the picture is wide where it should stand.
"""

from dataclasses import replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.cameras import ease
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import edited
from evenflow.world.defects.shake import aimed

STEADY = ("follow", "shake")
"""Moves that are not said as a way."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Bends the camera's way in the span, smoothly, and keeps what came of it until it ends.

    Raises:
        BadInput: the scene was played, or its camera is led by a file.
    """
    animation = staged.animation
    shot = animation.spec.shots[int(animation.shot[plan.start])]
    if animation.spec.actions or shot.camera.keys or shot.camera.trajectory:
        raise BadInput("no caption says how this camera moves")
    if any(move.kind in STEADY for move in shot.camera.moves):
        raise BadInput("this camera follows or trembles, which has no other way")
    if plan.magnitude == 0:
        return staged
    count = plan.end - plan.start
    width = animation.spec.size[0]
    camera = animation.camera
    view = camera.world_to_camera.astype(np.float64)
    first, last = view[plan.start], view[plan.end - 1]
    if np.abs(first - last).max() < 0.02 and not _zooms(shot.camera.moves):
        rng = np.random.default_rng([plan.seed, 53])
        way = float(rng.choice((-1.0, 1.0)))
        share = ease((np.arange(count) + 1.0) / count)
        pixels = np.stack([way * 0.55 * plan.magnitude * width * share, 0.0 * share], 1)
        return edited(staged, camera=aimed(animation, plan.start, pixels))
    # The time of the camera alone goes slower, stands, and at last runs back.
    pose, lens = camera.world_to_camera.copy(), camera.intrinsics.copy()
    known = np.flatnonzero(animation.shot == animation.shot[plan.start])
    forward = np.arange(count) + plan.start
    back = 2 * plan.start - forward
    at = forward + plan.magnitude * (back - forward)
    for i, frame in enumerate(forward):
        turn, k = _between(view, camera.intrinsics, float(at[i]), int(known[0]), int(known[-1]))
        pose[frame], lens[frame] = turn, k
    return edited(staged, camera=replace(camera, world_to_camera=pose, intrinsics=lens))


def _zooms(moves: tuple) -> bool:
    return any(move.kind.startswith("zoom") for move in moves)


def _between(
    view: np.ndarray, lens: np.ndarray, at: float, first: int, last: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pose and lens at a time between frames; beyond the first one the way is mirrored there."""
    mirrored = at < first
    at = min(2 * first - at if mirrored else at, float(last))
    i = min(int(at), last)
    j = min(i + 1, last)
    share = at - i
    pose, k = (x[i] + share * (x[j] - x[i]) for x in (view, lens.astype(np.float64)))
    if mirrored:
        pose, k = (
            2 * view[first] - pose,
            lens[first].astype(np.float64) ** 2 / np.where(np.abs(k) > 1e-9, k, 1.0),
        )
    u, _, v = np.linalg.svd(pose[:3, :3])
    pose = pose.copy()
    pose[:3, :3] = u @ v
    return pose, k
