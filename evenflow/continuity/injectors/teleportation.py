"""Teleportation: an object disappears at one place and is at another one in the same frame."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from evenflow.continuity.injectors.elsewhere import aside, moved
from evenflow.continuity.injectors.fill import seek
from evenflow.continuity.injectors.followed import generator, look_ahead
from evenflow.continuity.injectors.plant import Placed, Plant, colors, repainted
from evenflow.continuity.injectors.region import joined
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken

FARTHEST = 2.4
"""Diameters at the greatest strength; every strength goes in the direction that suits it."""


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """An object, what stands behind it, and where it will be: `magnitude` diameters away."""
    plant, look = look_ahead(source, plant, cancel, sides=(0.2, 0.28))
    region = plant.followed()
    rng = generator(plant, 1)
    most = 2.0 * float(max(region.half))
    fill = seek(look, region, plant.end)
    if plant.box is None:  # a small object for a small leap
        size = 0.6 + 0.4 * (plant.magnitude - 1.0) / (FARTHEST - 1.0)
        region = replace(region, half=(region.half[0] * size, region.half[1] * size))
    distance = plant.magnitude * 2.0 * float(max(region.half))
    shift = aside(region, plant.start, plant.end, distance, rng, farthest=FARTHEST * most)
    plant = replace(plant, region=region, fill=fill, settings={"shift": shift})
    here = region.union(plant.start, plant.end)
    there = region.union(plant.start, plant.end, shift=shift)
    boxes = region.boxes(plant.start, plant.end) + region.boxes(plant.start, plant.end, shift=shift)
    parameters = {
        "boxes": sorted(boxes),
        "places": {"from": here and list(here), "to": there and list(there)},
        "distance_px": round(float(np.hypot(*shift)), 1),
    }
    return Placed(
        plant, plant.start, plant.end, joined([here, there]) or plant.box, parameters=parameters
    )


def teleportation(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Moves an object by `magnitude` of its diameters at once; it stays there until the end."""
    region, fill, shift = plant.followed(), plant.fill, plant.settings["shift"]
    assert fill is not None
    for frame in frames:
        if frame.index not in plant:
            yield frame
            continue
        yield repainted(frame, moved(colors(frame), region, frame.index, shift, fill))
