"""Unstable texture: a surface boils while its outline and its mean color hold."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.identity import noise
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken
from evenflow.core.span import Box


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
    """Detail below a tenth of the region's size is fetched from random places close by."""
    rng = np.random.default_rng([plant.seed, plant.start, turn, 2])
    half = plant.followed().half
    side = 2.0 * float(min(half))
    low = cv2.GaussianBlur(x, (0, 0), max(1.5, side / 16)).reshape(x.shape)
    detail = x - low
    height, width = x.shape[:2]
    moves = np.stack(
        [noise((height, width), max(1.0, side / 14), rng) for _ in range(2)], axis=-1
    ) * np.float32(side / 9)
    y, col = np.mgrid[:height, :width].astype(np.float32)
    where = np.stack([col, y], axis=-1) + moves
    other = cv2.remap(
        detail, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    ).reshape(x.shape)
    share = np.float32(plant.magnitude)
    mixed = (1.0 - share) * detail + share * other
    mixed *= _contrast(detail) / max(_contrast(mixed), 1e-6)
    return low + mixed


def _contrast(detail: NDArray[np.float32]) -> float:
    return float(detail.std())
