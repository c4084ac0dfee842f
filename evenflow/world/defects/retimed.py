"""Time that goes wrong: frames show the states of other frames, all of them: things, walkers,
light and camera; so what is drawn is a picture of the same scene at another time."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Staged
from evenflow.world.defects.edits import STATIC
from evenflow.world.defects.seen import project
from evenflow.world.shadows import reach

N = NDArray[np.int64]
LEAST_PIXELS = 3.0
"""Pixels (of a picture 128 high) that something must have moved to be missed."""


def retimed(staged: Staged, rows: N, *, of: Animation | None = None) -> Staged:
    """What was staged, with every frame as another one was.

    Args:
        rows: number of the frame that each frame shows, `(t,)`.
        of: the animation that is meant, which may be longer; the staged one by default.
    """
    mine = staged.animation
    source = of or mine
    values: dict[str, Any] = {}
    for name in ("parts", "camera", "light", "entities", "skeletons"):
        group = getattr(source, name)
        flat = {*STATIC} if name == "parts" else {"entity"} if name == "skeletons" else set()
        taken = {f.name: getattr(group, f.name)[rows] for f in fields(group) if f.name not in flat}
        values[name] = replace(group, **taken)
    first = {int(f): i for i, f in reversed(list(enumerate(rows)))}
    contacts = tuple(replace(c, frame=first[c.frame]) for c in source.contacts if c.frame in first)
    sunlit = None
    if source.sunlit is not None:
        sunlit = source.sunlit[rows]
    made = replace(
        mine, **values, shot=source.shot[rows], place=source.place[rows], contacts=contacts,
        sunlit=sunlit,
    )  # fmt: skip

    def told(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(values[min(int(r), len(values) - 1)] for r in rows) if values else ()

    return replace(staged, animation=made, styles=told(staged.styles), shares=told(staged.shares))


def longer(staged: Staged, more: int) -> Animation:
    """The staged animation, and `more` frames in which the scene just goes on.

    Raises:
        BadInput: nobody can say how it goes on: it was played, edited, or its camera trembles.
    """
    from evenflow.world.simulate import simulate

    mine = staged.animation
    spec = mine.spec
    if spec.actions:
        raise BadInput("a scene that was played ends where its actions end")
    last = spec.shots[-1]
    shots = (*spec.shots[:-1], replace(last, frames=last.frames + more))
    ahead = simulate(replace(spec, shots=shots))
    num = len(mine.shot)
    same = ahead.parts.position.shape[1] == mine.parts.position.shape[1] and all(
        np.allclose(a[num - 1], b[num - 1], atol=2e-3)
        for a, b in (
            (ahead.parts.position, mine.parts.position),
            (ahead.parts.color, mine.parts.color),
            (ahead.light.color, mine.light.color),
            (ahead.camera.world_to_camera, mine.camera.world_to_camera),
        )
    )
    steps = np.abs(np.diff(ahead.camera.world_to_camera[last.frames and num - 4 :], axis=0))
    steps = steps.reshape(len(steps), -1).max(axis=1)
    if not same or steps[3:].max(initial=0.0) > 0.02 + 3 * steps[:3].max(initial=0.0):
        raise BadInput("this scene cannot go on after its end as it was: take another variant")
    values: dict[str, Any] = {}
    for name in ("parts", "camera", "light", "entities", "skeletons"):
        own, other = getattr(mine, name), getattr(ahead, name)
        flat = {*STATIC} if name == "parts" else {"entity"} if name == "skeletons" else set()
        values[name] = replace(
            own,
            **{
                f.name: np.concatenate([getattr(own, f.name), getattr(other, f.name)[num:]])
                for f in fields(own)
                if f.name not in flat
            },
        )
    middle, half = reach(mine)
    sunlit = np.concatenate([middle, half[:, None]], axis=1)
    return replace(
        mine, **values,
        shot=np.concatenate([mine.shot, np.repeat(mine.shot[-1:], more)]),
        place=np.concatenate([mine.place, np.repeat(mine.place[-1:], more)]),
        contacts=(*mine.contacts, *(c for c in ahead.contacts if c.frame >= num)),
        sunlit=np.concatenate([sunlit, np.repeat(sunlit[-1:], more, axis=0)]),
    )  # fmt: skip


def motion(animation: Animation, first: int, second: int, *, bodies: bool = False) -> float:
    """Pixels, of a picture 128 high, that what moves most is elsewhere in another frame, with the
    camera's own motion: middles that are in the picture.

    Args:
        bodies: middles of whole bodies, not of their parts (legs that swing).
    """
    rows = [first, second]
    group = animation.entities if bodies else animation.parts
    width, height = animation.spec.size
    both = np.flatnonzero(group.present[first] & group.present[second])
    spots = group.position[:, both].astype(np.float64)
    ahead = animation.camera.world_to_camera[first]
    far = ahead[:3, :3].T @ (np.array([0.0, 0.0, 12.0]) - ahead[:3, 3])
    spots = np.concatenate([spots, np.broadcast_to(far, (len(spots), 1, 3))], axis=1)
    one = project(_two(animation, rows), spots[rows])
    inside = (one[..., 2] > 0.2) & (one[..., 0] > 0) & (one[..., 0] < width)
    inside &= (one[..., 1] > 0) & (one[..., 1] < height)
    apart = np.linalg.norm(one[1, :, :2] - one[0, :, :2], axis=-1)[inside.any(axis=0)]
    return float(apart.max(initial=0.0)) * 128.0 / height


def _two(animation: Animation, rows: list[int]) -> Animation:
    camera = animation.camera
    made = replace(
        camera, intrinsics=camera.intrinsics[rows], world_to_camera=camera.world_to_camera[rows],
        orthographic=camera.orthographic[rows],
    )  # fmt: skip
    return replace(animation, camera=made)
