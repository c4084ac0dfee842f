"""Light direction: the shading of one object turns away from the light of the scene."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken
from evenflow.core.span import Box


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """An object, where its light comes from, and where it will come from instead."""
    plant, look = look_ahead(source, plant, cancel, sides=(0.4, 0.52), softness=0.5)
    region = plant.followed()
    view = region.view(plant.start)
    assert view is not None
    box, alpha = view
    own = _slope(
        look.first[box[1] : box[3], box[0] : box[2]], alpha, region.local(plant.start, box)
    )
    rng = generator(plant, 1)
    turn = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.6, 1.0) * np.pi)
    azimuth = float(np.arctan2(own[1], own[0]))
    size = plant.magnitude
    kept = min(float(np.hypot(*own)), size)
    change = size * np.array([np.cos(azimuth + turn), np.sin(azimuth + turn)]) - kept * np.array(
        [np.cos(azimuth), np.sin(azimuth)]
    )
    plant = replace(plant, settings={"change": (float(change[0]), float(change[1]))})
    degrees = [round(float(np.degrees(a)) % 360, 1) for a in (azimuth, azimuth + turn)]
    return placed(plant, azimuth_deg={"was": degrees[0], "is": degrees[1]})


def _slope(
    x: Picture, weight: Picture, local: tuple[Picture, Picture]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How log light rises from the middle of a region to its side, along x and y."""
    light = np.log(np.maximum(x.mean(axis=2), 0.03)) * 2.2
    w = weight[..., 0].ravel().astype(np.float64)
    columns = np.stack([np.ones_like(w), local[0].ravel(), local[1].ravel()], axis=1)
    scaled = columns * w[:, None]
    found = np.linalg.lstsq(scaled.T @ columns + 1e-6 * np.eye(3), scaled.T @ light.ravel())[0]
    return found[1:]


def light_direction(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Turns the shading of a region by 108 to 180 degrees; its mean brightness stays.

    `magnitude` is the light at its side over that in its middle, as a natural logarithm.
    """
    for frame in frames:
        if frame.index in plant:
            yield plant.within(frame, partial(_lit, plant=plant, index=frame.index))
        else:
            yield frame


def _lit(x: Picture, box: Box, *, plant: Plant, index: int) -> Picture:
    region = plant.followed()
    u, v = region.local(index, box)
    along, across = plant.settings["change"]
    # a plane beyond the rim would burn out what the soft rim still shows
    field = np.clip(along * u + across * v, -2.5, 2.5)[..., None]
    weight = region.share(u, v)[..., None]
    light = np.maximum(x, 0.0) ** 2.2
    made = light * np.exp(field)
    before, after = float((light * weight).sum()), float((made * weight).sum())
    made *= before / max(after, 1e-6)
    shown: Picture = np.minimum(made, 1.0) ** np.float32(1 / 2.2)
    return shown
