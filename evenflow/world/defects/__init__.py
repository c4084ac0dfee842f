"""Defects in the scene: states, light, camera and pictures of the world go wrong on purpose.

`inject` plants a row of DEFECTS in a scene and measures the truth; rows of CONTROLS are legal
look-alikes. A kind is one small file and one row.
"""

from evenflow.world.defects import color_change, teleportation
from evenflow.world.defects.defect import Control, Defect, Develop, Plan, Planted, Staged
from evenflow.world.defects.difference import mask, masks, silhouettes
from evenflow.world.defects.draw import StagedSource
from evenflow.world.defects.inject import inject

DEFECTS: dict[str, Defect] = {
    # Of things and walkers.
    "color_change": Defect(
        color_change.plant, (5, 10, 20, 34, 55), "dE*ab of the paint", color_change.carriers,
        control="captioned_color_change", to_end=True,
    ),
    "teleportation": Defect(
        teleportation.plant, teleportation.LADDER, "heights of the body", teleportation.carriers,
        control="hidden_passage", to_end=True,
    ),
    # Of the whole picture.
}  # fmt: skip

CONTROLS: dict[str, Control] = {}

__all__ = [
    "CONTROLS", "DEFECTS", "Control", "Defect", "Develop", "Plan", "Planted", "Staged",
    "StagedSource", "inject", "mask", "masks", "silhouettes",
]  # fmt: skip
