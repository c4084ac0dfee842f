"""Vanish: an object is gone from one frame to the next, pops in, or comes back as another one."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from evenflow.continuity.injectors.elsewhere import aside, copied
from evenflow.continuity.injectors.fill import seek
from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.grain import grain_level
from evenflow.continuity.injectors.identity import another
from evenflow.continuity.injectors.occluder import Bar
from evenflow.continuity.injectors.plant import Placed, Plant, colors, repainted
from evenflow.continuity.injectors.subject_swap import replaced
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken

LEAST_PASSAGE_S = 0.9
"""Shortest range in which something can pass in front of the object."""


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """An object and what stands behind it, or a place where a copy of it pops in.

    Half of the seeds make it vanish, three in ten pop in a copy, two in ten bring it back changed
    after something has passed in front of it (in ranges long enough for that).
    """
    rng = generator(plant, 1)
    draw = float(rng.random())
    long = plant.length / float(plant.info.fps) >= LEAST_PASSAGE_S and plant.length >= 12
    variant = "gone" if draw < 0.5 else "pops_in" if draw < 0.8 or not long else "comes_back_wrong"
    wide = 0.75 + 0.25 * plant.magnitude
    plant, look = look_ahead(source, plant, cancel, sides=(0.22, 0.34))
    whole = plant.followed()
    region = replace(whole, half=(whole.half[0] * wide, whole.half[1] * wide))
    plant = replace(plant, region=region, variant=variant)
    if variant == "comes_back_wrong":
        plant = replace(plant, picture=another(look, region, rng))
        bar = Bar.over(region, plant.start, plant.end, rng)
        plant = replace(plant, settings={"bar": bar, "grain": grain_level(look.first)})
        truth = placed(replace(plant, start=bar.shows), variant=variant)
        passes = {
            "frames": [plant.start, min(bar.gone, plant.end)],
            "boxes": bar.boxes(plant.end),
        }
        # whoever comes back is, but for the moment that nobody saw, a swapped subject
        parameters = {**truth.parameters, "occluder": passes}
        return replace(truth, plant=plant, equal=("subject_swap",), parameters=parameters)
    if variant == "pops_in":
        distance = 2.2 * max(region.half)
        shift = aside(region, plant.start, plant.end, distance, rng)
        plant = replace(plant, settings={"shift": shift})
        return placed(plant, shift=shift, variant=variant)
    return placed(replace(plant, fill=seek(look, whole, plant.end)), variant=variant)


def vanish(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Takes an object out of the picture, or puts one in; `magnitude` is how much of it."""
    bar: Bar | None = plant.settings.get("bar")
    region, share = plant.followed(), np.float32(plant.magnitude)
    for frame in frames:
        if frame.index not in plant:
            yield frame
        elif bar is not None:
            behind = frame
            if frame.index >= bar.hides:
                edit = partial(replaced, plant=plant, index=frame.index, share=plant.magnitude)
                behind = plant.within(frame, edit)
            yield bar.passing(behind)
        else:
            own = colors(frame)
            if plant.fill is not None:
                made = plant.fill.over(own, region, frame.index)
            else:
                made = copied(own, region, frame.index, plant.settings["shift"])
            yield repainted(frame, own + share * (made - own))
