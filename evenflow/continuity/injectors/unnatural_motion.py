"""Unnatural motion: something jitters, slides or floats as no body on that ground could."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.elsewhere import moved
from evenflow.continuity.injectors.fill import seek
from evenflow.continuity.injectors.followed import generator, look_ahead
from evenflow.continuity.injectors.plant import Placed, Plant, colors, repainted
from evenflow.continuity.injectors.region import joined
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken

VARIANTS = ("jitter", "slide", "bob")


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """An object, what stands behind it, and how it moves."""
    plant, look = look_ahead(source, plant, cancel, sides=(0.2, 0.3))
    region = plant.followed()
    rng = generator(plant, 1)
    variant = str(rng.choice(VARIANTS))
    path = _path(variant, plant, rng)
    fill = seek(look, region, plant.end)
    plant = replace(plant, fill=fill, variant=variant, settings={"path": path})
    boxes, all_boxes = [], []
    step = max(1, plant.length // 32)
    for i in range(plant.start, plant.end):
        shift = (float(path[i - plant.start, 0]), float(path[i - plant.start, 1]))
        box = joined([region.tight(i), region.tight(i, shift=shift)])
        all_boxes.append(box)
        if box is not None and ((i - plant.start) % step == 0 or i == plant.end - 1):
            boxes.append([i, *box])
    parameters = {"boxes": boxes, "variant": variant}
    box = joined(all_boxes) or plant.box
    return Placed(plant, plant.start, plant.end, box, parameters=parameters)


def _path(variant: str, plant: Plant, rng: np.random.Generator) -> NDArray[np.float64]:
    """Where the object is at each frame, `(t, 2)` source pixels from where it should be."""
    count, fps = plant.length, float(plant.info.fps)
    size = plant.magnitude / 100.0 * plant.info.height
    time = (np.arange(count) + 1) / fps
    angle = rng.uniform(0, 2 * np.pi)
    way = np.array([np.cos(angle), np.sin(angle)])
    if variant == "jitter":  # like a limb that cannot decide: 3 to 7 Hz, a new pose each time
        pace = rng.uniform(3.0, 7.0, (3, 2))
        phase = rng.uniform(0, 2 * np.pi, (3, 2))
        waves = np.sin(2 * np.pi * pace[None] * time[:, None, None] + phase[None]).sum(axis=1)
        swell = np.minimum(1.0, time / 0.15)[:, None]
        made = 0.5 * size * swell * waves / np.sqrt(1.5)
    elif variant == "slide":  # starts and stops at once, and stays away
        run = max(2.0, min(0.6 * count, 0.8 * fps)) / fps
        made = 1.6 * size * np.minimum(time / run, 1.0)[:, None] * way
    else:  # floats up and drops, again and again
        lift = np.abs(np.sin(np.pi * rng.uniform(1.5, 2.5) * time))
        made = -1.3 * size * lift[:, None] * np.array([0.15 * way[0], 1.0])
    path: NDArray[np.float64] = made
    return path


def unnatural_motion(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Moves an object over its ground; `magnitude` is how far in percent of the height."""
    region, fill, path = plant.followed(), plant.fill, plant.settings["path"]
    assert fill is not None
    for frame in frames:
        if frame.index not in plant:
            yield frame
            continue
        dx, dy = path[frame.index - plant.start]
        shift = (float(dx), float(dy))
        yield repainted(frame, moved(colors(frame), region, frame.index, shift, fill))
