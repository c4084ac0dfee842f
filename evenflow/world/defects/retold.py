"""Retold: the same scene with other events, simulated again under the caption that it had."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.defects.defect import Staged
from evenflow.world.simulate import simulate
from evenflow.world.spec import Event, SceneSpec

D = NDArray[np.float64]
UNLIKE = 0.02
"""World units by which somebody must be elsewhere, or nothing was retold."""


def retold(staged: Staged, events: tuple[Event, ...]) -> Staged:
    """What comes of other events; shadows keep their texels.

    Raises:
        BadInput: nothing comes of them that can be seen.
    """
    animation = staged.animation
    spec = replace(animation.spec, events=tuple(sorted(events, key=lambda e: (e.start, e.end))))
    other = simulate(spec)
    if other.entities.position.shape != animation.entities.position.shape:
        raise BadInput("the scene cannot be told otherwise")
    apart = np.linalg.norm(other.entities.position - animation.entities.position, axis=-1).max()
    turned = np.abs(other.entities.rotation - animation.entities.rotation).max()
    joints = other.skeletons.joints, animation.skeletons.joints
    limbs = np.abs(joints[0] - joints[1]).max() if joints[0].size else 0.0
    if max(apart, limbs, 0.2 * turned) < UNLIKE:
        raise BadInput("told otherwise, this scene looks the same")
    # The camera is that of the caption, where it goes along with nobody.
    follows = any(m.kind in ("follow", "orbit") for s in spec.shots for m in s.camera.moves)
    camera = other.camera if follows else animation.camera
    made = replace(other, spec=animation.spec, sunlit=animation.sunlit, camera=camera)
    return replace(staged, animation=made)


def turned_about(points: tuple[float, ...], angle: float) -> tuple[float, ...]:
    """A route (x, z, x, z, ...) turned about its first point; left is positive."""
    xz = np.array(points, np.float64).reshape(-1, 2)
    c, s = np.cos(angle), np.sin(angle)
    away = xz - xz[0]
    out = np.stack([c * away[:, 0] - s * away[:, 1], s * away[:, 0] + c * away[:, 1]], 1) + xz[0]
    return tuple(float(v) for v in out.ravel())


def turned_velocity(velocity: tuple[float, ...], angle: float) -> tuple[float, ...]:
    """A velocity (x, y, z) turned about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = velocity
    return (float(c * x - s * z), float(y), float(s * x + c * z))


def way_of(event: Event) -> str:
    """`route` or `velocity`, whichever leads the event; empty where nothing does."""
    for name in ("route", "velocity"):
        values = event.numbers.get(name, ())
        if len(values) >= 3 + (name == "route"):
            return name
    return ""


def with_event(spec: SceneSpec, old: Event, new: Event) -> tuple[Event, ...]:
    """The events of a scene with one of them exchanged."""
    return tuple(new if event is old else event for event in spec.events)
