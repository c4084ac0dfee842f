"""Unstable texture: a surface boils while its outline and its mean color hold."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np

from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.identity import noise
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken
from evenflow.core.span import Box

OUTLINE = np.float32(0.12)
"""Detail well above this contrast is an outline and holds."""


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """A surface with texture."""
    plant, _ = look_ahead(source, plant, cancel)
    return placed(plant, redrawn_every=_hold(plant))


def _hold(plant: Plant) -> int:
    """Frames that a drawing of the texture lasts, 1 or 2."""
    return int(generator(plant).integers(1, 3))


def unstable_texture(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Redraws the texture of a region every frame or two; `magnitude` is the share that is new."""
    hold = _hold(plant)
    for frame in frames:
        if frame.index in plant:
            turn = (frame.index - plant.start) // hold
            yield plant.within(frame, partial(_redrawn, plant=plant, turn=turn))
        else:
            yield frame


def _redrawn(x: Picture, box: Box, *, plant: Plant, turn: int) -> Picture:
    """Weak detail is fetched from random places close by; strong edges are outlines and stay."""
    rng = np.random.default_rng([plant.seed, plant.start, turn, 2])
    side = 2.0 * float(min(plant.followed().half))
    low = cv2.GaussianBlur(x, (0, 0), max(1.5, side / 16)).reshape(x.shape)
    texture = OUTLINE * np.tanh((x - low) / OUTLINE)
    height, width = x.shape[:2]
    reach = np.float32(side / 9)
    moves = np.stack([noise((height, width), max(1.0, side / 14), rng) for _ in "xy"], axis=-1)
    row, col = np.mgrid[:height, :width].astype(np.float32)
    other = cv2.remap(
        texture,
        np.stack([col, row], axis=-1) + reach * moves,
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    ).reshape(x.shape)
    mixed = texture + np.float32(plant.magnitude) * (other - texture)
    mixed *= float(texture.std()) / max(float(mixed.std()), 1e-6)
    return x + (mixed - texture)
