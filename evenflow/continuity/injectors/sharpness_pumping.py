"""Sharpness pumping: key frames are sharp and those between them soft, again and again."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np

from evenflow.continuity.injectors.followed import generator
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken


def period(plant: Plant) -> int:
    """Frames from one sharp frame to the next: 0.4 to 0.8 s, at least two periods in the range."""
    frames = round(float(plant.info.fps) * generator(plant).uniform(0.4, 0.8))
    return max(3, min(frames, plant.length // 2))


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """The frames of the range, which begins with a sharp one."""
    parameters = {"period_frames": period(plant)}
    return Placed(plant, plant.start + 1, plant.end, plant.box, parameters=parameters)


def sharpness_pumping(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Blurs by up to a sigma of `magnitude` percent of the height between sharp frames.

    Pictures of less than 270 lines count as so many: half a pixel is the least that shows.
    """
    most, length = plant.magnitude / 100.0 * max(plant.info.height, 270), period(plant)
    for frame in frames:
        phase = (frame.index - plant.start) % length / length
        sigma = most * float(np.sin(np.pi * phase)) if frame.index in plant else 0.0
        if sigma < 0.05:
            yield frame
        else:
            yield plant.softly(frame, partial(_soft, sigma=sigma))


def _soft(x: Picture, *, sigma: float) -> Picture:
    made: Picture = cv2.GaussianBlur(x, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return made.reshape(x.shape)
