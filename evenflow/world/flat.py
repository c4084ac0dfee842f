"""Flat scenes: physics seen from the side by an orthographic camera, in the plane z = 0.

Uniform motion, collision, parabola, bounce, ramp, pendulum and stack, each with numbers that follow
the textbook until something touches; the setting of Kang et al. 2024, How Far Is Video Generation
from World Model: A Physical Law Perspective.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from evenflow.world import casting, scenery, timing
from evenflow.world.blocking import Actor, Stage, Unstaged, box_of
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing
from evenflow.world.spec import Camera, SceneSpec, Shot
from evenflow.world.words import HUES


def flat_script(rng: np.random.Generator) -> Script:
    """A law by chance: what is said of it."""
    hues = [HUES[i] for i in rng.permutation(len(HUES))]
    law = LAWS[int(rng.integers(len(LAWS)))]
    way = "right" if rng.random() < 0.5 else "left"
    big, small = ("large", "small") if rng.random() < 0.5 else ("small", "medium")
    ball = Role(1, "ball", color=hues[0], size=small)
    cast: tuple[Role, ...] = (ball,)
    standing: tuple[Standing, ...] = ()
    deeds: tuple[Deed, ...]
    if law == "uniform":
        deeds = (Deed("roll", 1, direction=way),)
    elif law == "collision":
        cast = (ball, Role(2, "ball", color=hues[1], size=big))
        deeds = (Deed("roll", 1, direction=way), Deed("hit", 1, 2))
    elif law == "parabola":
        deeds = (Deed("throw", 1, direction=way),)
    elif law == "bounce":
        deeds = (Deed("drop", 1), Deed("bounce", 1))
    elif law == "ramp":
        cast = (replace(ball, size="small"), Role(2, "ramp", color="gray"))
        deeds = (Deed("roll", 1, 2, relation="off", direction=way),)
    elif law == "pendulum":
        cast = (Role(1, "pendulum", color="gray"),)
        deeds = (Deed("swing", 1),)
    else:
        kinds = ("cube", "box", "cube")
        num = 2 + int(rng.integers(2))
        cast = tuple(
            Role(k + 1, kinds[k], color=hues[k], size=("large", "medium", "small")[k]) for k in range(num)
        )
        cast = (*cast, Role(num + 1, "ball", color=hues[num], size="small"))
        standing = tuple(Standing(k + 2, "on", k + 1) for k in range(num - 1))
        deeds = (Deed("drop", num + 1, num, relation="onto"),)
    return Script(cast, standing, deeds, (Setting(),), (ScriptShot(moves=("static",)),))


LAWS = ("uniform", "collision", "parabola", "bounce", "ramp", "pendulum", "stack")
HALF = 3.0
"""World units from the middle of the picture to its side."""
