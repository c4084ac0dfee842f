"""Flat scenes: physics seen from the side by an orthographic camera, in the plane z = 0.

Uniform motion, collision, parabola, bounce, ramp, pendulum and stack, each with numbers that follow
the textbook until something touches; the setting of Kang et al. 2024, How Far Is Video Generation
from World Model: A Physical Law Perspective.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing
from evenflow.world.spec import Camera
from evenflow.world.words import HUES


def flat_script(rng: np.random.Generator) -> Script:
    """A law by chance: what is said of it."""
    hues = [HUES[i] for i in rng.permutation(len(HUES))]
    law = LAWS[int(rng.integers(len(LAWS)))]
    way = "right" if rng.random() < 0.5 else "left"
    heavy, light = ("metal", "plastic") if rng.random() < 0.5 else ("plastic", "metal")
    ball = Role(1, "ball", color=hues[0], size=("small", "medium", "large")[int(rng.integers(3))])
    cast: tuple[Role, ...] = (ball,)
    standing: tuple[Standing, ...] = ()
    deeds: tuple[Deed, ...]
    if law == "uniform":
        deeds = (Deed("roll", 1, direction=way),)
    elif law == "collision":
        # Balls of one size touch at the height of their centers: the textbook's line.
        cast = (
            Role(1, "ball", color=hues[0], size="medium", material=heavy),
            Role(2, "ball", color=hues[1], size="medium", material=light),
        )
        deeds = (Deed("roll", 1, direction=way), Deed("hit", 1, 2))
    elif law == "parabola":
        deeds = (Deed("throw", 1, direction=way),)
    elif law == "bounce":
        deeds = (Deed("drop", 1), Deed("bounce", 1))
    elif law == "ramp":
        cast = (replace(ball, size="small"), Role(2, "ramp", color="gray"))
        deeds = (Deed("roll", 1, 2, direction="down"),)
    elif law == "pendulum":
        cast = (Role(1, "pendulum", color="gray"),)
        deeds = (Deed("swing", 1),)
    else:
        kinds = ("cube", "box", "cube")
        num = 2 + int(rng.integers(2))
        cast = tuple(
            Role(k + 1, kinds[k], color=hues[k], size=("large", "medium", "small")[k])
            for k in range(num)
        )
        cast = (*cast, Role(num + 1, "ball", color=hues[num], size="small"))
        standing = tuple(Standing(k + 2, "on", k + 1) for k in range(num - 1))
        deeds = (Deed("drop", num + 1, num, relation="onto"),)
    return Script(cast, standing, deeds, (Setting(),), (ScriptShot(moves=("static",)),))


LAWS = ("uniform", "collision", "parabola", "bounce", "ramp", "pendulum", "stack")
"""The laws of `flat_script`."""


def side_view(
    animation: Animation, needed: tuple[int, ...], off: tuple[tuple[int, float, float], ...],
    frames: NDArray[np.int64], size: tuple[int, int],
) -> Camera:  # fmt: skip
    """An orthographic camera that has all of a flat scene in view."""
    from evenflow.world.framing import seen_points

    if needed:
        points, must = seen_points(animation, needed, off, frames, 0.0)
        seen = points[must]
    else:
        seen = np.array([[-2.0, 0.0, 0.0], [2.0, 2.0, 0.0]])
    x0, x1 = float(seen[:, 0].min()), float(seen[:, 0].max())
    top = max(float(seen[:, 1].max()), 0.8)
    shape = size[0] / size[1]
    high = max(1.16 * (x1 - x0) / shape, 1.25 * (top + 0.25), 2.4)
    middle = round(0.5 * (x0 + x1), 4)
    low = round(0.5 * high - 0.16 * high, 4)  # the ground lies in the lower sixth
    return Camera(
        eye=(middle, low, -12.0), look_at=(middle, low, 0.0), fov=0.0, height=round(high, 4)
    )


def allowed(kind: str) -> bool:
    """True for deeds that a flat scene can show."""
    return kind in (
        "roll", "slide", "drop", "throw", "hit", "bounce", "stop", "fall", "swing", "spin",
        "change_color", "grow", "shrink", "shatter", "rise", "dim", "brighten", "pass",
    )  # fmt: skip


def straight(script: Script) -> Script:
    """The script without camera moves, which a flat scene does not have."""
    return replace(script, shots=tuple(replace(shot, moves=("static",)) for shot in script.shots))
