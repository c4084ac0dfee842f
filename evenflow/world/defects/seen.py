"""Who is seen where and how they move: what decides who can carry a defect.

`pixels` counts the pixels that show everybody, on small pictures of every twelfth of a second; the
rest is geometry of an Animation, without drawing.
"""

from collections import OrderedDict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.words import FIXTURES, THINGS, WALKERS

D = NDArray[np.float64]
LEAST_PIXELS = 60
"""Pixels of somebody who counts as seen."""
COUNTED_AT = 112
"""Rows of the small pictures on which pixels are counted."""


_COUNTED: "OrderedDict[int, tuple[Animation, D]]" = OrderedDict()


def pixels(animation: Animation, *, device: str = "cpu") -> D:
    """Pixels of the clip's size that show everybody, `(t, e)`, to about a tenth; of the last few
    animations they are remembered."""
    key = id(animation)
    if key not in _COUNTED:
        _COUNTED[key] = animation, _pixels(animation, device)
        while len(_COUNTED) > 4:
            _COUNTED.popitem(last=False)
    _COUNTED.move_to_end(key)
    return _COUNTED[key][1]


def _pixels(animation: Animation, device: str) -> D:
    from evenflow.world.defects.draw import StagedSource, staged

    num = len(animation.shot)
    if not animation.entities.present.shape[1]:
        return np.zeros((num, 0))
    width, height = animation.spec.size
    share = min(1.0, COUNTED_AT / height)
    size = (max(8, round(width * share)), max(8, round(height * share)))
    across, down = size[0] / width, size[1] / height
    lens = animation.camera.intrinsics.copy()
    lens[:, 0] *= across
    lens[:, 1] *= down
    small = replace(
        animation,
        spec=replace(animation.spec, size=size, style="plain"),
        camera=replace(animation.camera, intrinsics=lens),
    )
    step = max(1, round(float(animation.spec.fps) / 12))
    rows: list[int] = []
    for shot in np.unique(animation.shot):
        mine = np.flatnonzero(animation.shot == shot)
        rows += sorted({*mine[::step].tolist(), int(mine[-1])})
    source = StagedSource(staged(small), device=device)
    found = source._render(rows, "plain", ("visible",))[1].visible
    assert found is not None
    count = found.cpu().numpy() / (across * down)
    near = np.abs(np.arange(num)[:, None] - np.array(rows)[None]).astype(np.float64)
    near += 1e6 * (animation.shot[:, None] != animation.shot[np.array(rows)][None])
    return np.asarray(count[near.argmin(axis=1)])


def project(animation: Animation, points: D) -> D:
    """World points `(t, ..., 3)` to pixels and depth, `(t, ..., 3)`."""
    camera = animation.camera
    view = camera.world_to_camera.astype(np.float64)
    lens = camera.intrinsics.astype(np.float64)
    more = (1,) * (points.ndim - 2)
    turn = view[:, :3, :3].reshape(-1, *more, 3, 3)
    local = (turn * points[..., None, :]).sum(-1) + view[:, :3, 3].reshape(-1, *more, 3)
    depth = local[..., 2]
    flat = camera.orthographic.reshape(-1, *more)
    by = np.where(flat, 1.0, np.maximum(depth, 1e-3))

    def k(i: int, j: int) -> D:
        return lens[:, i, j].reshape(-1, *more)

    return np.stack(
        [k(0, 0) * local[..., 0] / by + k(0, 2), k(1, 1) * local[..., 1] / by + k(1, 2), depth], -1
    )


def centers(animation: Animation) -> D:
    """Middles of everybody in pixels, and their depth, `(t, e, 3)`."""
    return project(animation, animation.entities.position.astype(np.float64))


def per_unit(animation: Animation) -> D:
    """Pixels of one world unit where everybody is, `(t, e)`."""
    camera = animation.camera
    focal = camera.intrinsics[:, 1, 1].astype(np.float64)[:, None]
    depth = np.maximum(centers(animation)[..., 2], 0.1)
    return np.asarray(np.where(camera.orthographic[:, None], focal, focal / depth))


def speeds(animation: Animation) -> D:
    """World units a second that everybody moves, `(t, e)`; 0 over a cut."""
    where = animation.entities.position.astype(np.float64)
    step = np.zeros(where.shape[:2])
    step[1:] = np.linalg.norm(np.diff(where, axis=0), axis=-1) * float(animation.spec.fps)
    step[1:][animation.shot[1:] != animation.shot[:-1]] = 0.0
    if len(step) > 1:
        step[0] = step[1]
    return step


def paths(animation: Animation) -> D:
    """Heights of everybody that their middles move on the picture a second, `(t, e)`, the motion
    of the camera left out."""
    where = animation.entities.position.astype(np.float64)
    before = np.concatenate([where[:1], where[:-1]])
    there, here = project(animation, where)[..., :2], project(animation, before)[..., :2]
    high = 2.0 * animation.entities.size * per_unit(animation)
    step = np.linalg.norm(there - here, axis=-1) * float(animation.spec.fps)
    step[1:][animation.shot[1:] != animation.shot[:-1]] = 0.0
    return np.asarray(step / np.maximum(high, 1e-3))


def who(animation: Animation, *what: str) -> tuple[int, ...]:
    """Ids of `things`, `walkers`, `fixtures`, in this order; those that are spoken of first."""
    tables = {"things": THINGS, "walkers": WALKERS, "fixtures": FIXTURES}
    ids = [
        one.id
        for name in what
        for said in (True, False)
        for one in animation.spec.cast
        if one.kind in tables[name] and one.said == said
    ]
    return tuple(ids)


def present(animation: Animation, start: int, end: int, ids: tuple[int, ...]) -> tuple[int, ...]:
    """Those of some who are there in all of the frames."""
    here = np.asarray(animation.entities.present[start:end]).all(axis=0).reshape(-1)
    return tuple(id for id in ids if here[id - 1])


def movers(
    animation: Animation, start: int, end: int, ids: tuple[int, ...], *, least: float = 0.25
) -> tuple[int, ...]:
    """Those of some who move through most of the frames, the fastest first.

    Args:
        least: world units a second.
    """
    speed = np.median(speeds(animation)[start:end], axis=0)
    ids = present(animation, start, end, ids)
    return tuple(sorted((i for i in ids if speed[i - 1] >= least), key=lambda i: -speed[i - 1]))


def parts_of(animation: Animation, entity: int) -> NDArray[np.int64]:
    """Rows of its parts."""
    return np.flatnonzero(animation.parts.entity == entity)
