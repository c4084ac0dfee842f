"""Background switch: from one frame on another place is behind a subject that stays."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from evenflow.continuity.injectors.followed import behind, generator, look_ahead
from evenflow.continuity.injectors.grain import grain_level, grainy
from evenflow.continuity.injectors.plant import Placed, Plant, colors, repainted
from evenflow.continuity.injectors.scene import another_place
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """A subject that stays, and the place that appears behind it."""
    plant, look = look_ahead(source, plant, cancel, sides=(0.42, 0.56), softness=0.2)
    rng = generator(plant, 1)
    settings = {"grain": grain_level(look.first)}
    return behind(replace(plant, picture=another_place(look, rng), settings=settings))


def background_switch(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Replaces all but a subject by another place; `magnitude` is its share.

    The place moves with the camera.
    """
    region, picture, camera = plant.followed(), plant.picture, plant.ground
    assert picture is not None and camera is not None
    height, width, channels = picture.shape
    for frame in frames:
        if frame.index not in plant:
            yield frame
            continue
        own = colors(frame)
        other = cv2.warpAffine(
            picture, camera.at(frame.index)[:2], (width, height),
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101,
        ).reshape(height, width, channels)  # fmt: skip
        other = grainy(other, plant.settings["grain"], [plant.seed, frame.index])
        share = np.float32(plant.magnitude) * (1.0 - region.whole(frame.index))
        yield repainted(frame, own + share * (np.clip(other, 0.0, 1.0) - own))
