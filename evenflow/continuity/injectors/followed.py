"""Followed: the plan that most kinds of objects share, and its truth."""

from dataclasses import replace
from typing import Any

import numpy as np

from evenflow.continuity.injectors.pick import pick
from evenflow.continuity.injectors.plant import Placed, Plant
from evenflow.continuity.injectors.survey import Survey, survey
from evenflow.core.clip import Source
from evenflow.core.events import CancelToken


def generator(plant: Plant, purpose: int = 0) -> np.random.Generator:
    """What chooses places and variants: the same for every strength, one stream a purpose."""
    return np.random.default_rng([plant.seed, plant.start, plant.end, 1, purpose])


def look_ahead(
    source: Source,
    plant: Plant,
    cancel: CancelToken | None,
    *,
    end: int | None = None,
    sides: tuple[float, float] = (0.26, 0.42),
    softness: float = 0.3,
    color: bool = False,
) -> tuple[Plant, Survey]:
    """The plant with a region that is followed through the range, and what was seen on the way.

    Args:
        end: follow on to this frame, which may lie behind the range.
        sides, softness, color: as `pick` takes them.
    """
    look = survey(source, plant.start, end or plant.end, cancel)
    region, camera = pick(
        look, plant.box, generator(plant), sides=sides, softness=softness, color=color
    )
    return replace(plant, region=region, ground=camera), look


def placed(plant: Plant, *, shift: tuple[int, int] = (0, 0), **parameters: Any) -> Placed:
    """The truth of a fault that fills the region, or that moved aside, through the whole range."""
    region = plant.followed()
    box = region.union(plant.start, plant.end, shift=shift)
    boxes = region.boxes(plant.start, plant.end, shift=shift)
    return Placed(
        plant,
        plant.start,
        plant.end,
        box or plant.box,
        parameters={"boxes": boxes, **parameters},
    )


def behind(plant: Plant) -> Placed:
    """The truth of a fault of the background: everywhere but at a subject, which is named."""
    boxes = plant.followed().boxes(plant.start, plant.end)
    return Placed(plant, plant.start, plant.end, None, parameters={"subject_boxes": boxes})
