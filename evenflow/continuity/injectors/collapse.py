"""Collapse: the picture loses its structure, as long generated videos do at their end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from evenflow.continuity.injectors.followed import generator
from evenflow.continuity.injectors.identity import noise
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken

RAMP_S = 0.4


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """The frames of the range, and what the picture dissolves into."""
    plant = replace(plant, variant=str(generator(plant).choice(sorted(FORMS))))
    parameters = {"variant": plant.variant}
    return Placed(plant, plant.start, plant.end, plant.box, parameters=parameters)


def collapse(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Dissolves the picture within 0.4 s and keeps it so; `magnitude` is how far."""
    ramp = max(1.0, min(RAMP_S * float(plant.info.fps), plant.length / 2))
    form = FORMS[plant.variant]
    for frame in frames:
        if frame.index in plant:
            at = frame.index - plant.start
            share = plant.magnitude * min(1.0, (at + 1) / ramp)
            yield plant.softly(frame, partial(form, plant=plant, at=at, share=share))
        else:
            yield frame


def _noise(x: Picture, *, plant: Plant, at: int, share: float) -> Picture:
    """Blotches of color that slowly turn into others."""
    step = max(1, round(float(plant.info.fps) / 4))
    height, width, channels = x.shape
    turn, part = divmod(at, step)
    fields = []
    for key in (turn, turn + 1):
        rng = np.random.default_rng([plant.seed, plant.start, key, 4])
        coarse = [noise((height, width), height / 14, rng) for _ in range(channels)]
        fine = [noise((height, width), height / 60, rng) for _ in range(channels)]
        fields.append(np.stack(coarse, axis=-1) + 0.8 * np.stack(fine, axis=-1))
    angle = np.pi / 2 * part / step
    field = np.cos(angle) * fields[0] + np.sin(angle) * fields[1]
    other = np.clip(0.5 + 0.2 * field, 0.0, 1.0).astype(np.float32)
    return x + np.float32(share) * (other - x)


def _mush(x: Picture, *, plant: Plant, at: int, share: float) -> Picture:
    """Flat, oversaturated color without any edge."""
    sigma = max(0.4, share * 0.07 * plant.info.height)
    soft = cv2.GaussianBlur(x, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101).reshape(x.shape)
    gray = soft.mean(axis=2, keepdims=True)
    vivid = gray + (1.0 + 1.6 * share) * (soft - gray)
    return vivid + np.float32(0.35 * share) * (vivid - 0.5)


def _blocks(x: Picture, *, plant: Plant, at: int, share: float) -> Picture:
    """One small piece of the picture, everywhere."""
    rng = plant.rng()
    height, width = x.shape[:2]
    side = max(2, round(plant.info.height / rng.uniform(5, 8)))
    side = min(side, height, width)
    row, col = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
    piece = x[row : row + side, col : col + side]
    mirrored = np.concatenate([piece, piece[:, ::-1]], axis=1)
    tile = np.concatenate([mirrored, mirrored[::-1]], axis=0)
    times = (-(-height // tile.shape[0]), -(-width // tile.shape[1]), 1)
    other = np.tile(tile, times)[:height, :width]
    return x + np.float32(share) * (other - x)


FORMS: dict[str, Callable[..., Picture]] = {"noise": _noise, "mush": _mush, "blocks": _blocks}
