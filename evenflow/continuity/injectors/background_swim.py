"""Background swim: the ground that should be rigid flows around a subject that stands."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.followed import behind, look_ahead
from evenflow.continuity.injectors.plant import Placed, Plant, colors, repainted
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken
from evenflow.geometry.warp import pixel_grid

NUM_WAVES = 4


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """A subject that stays as it is."""
    plant, _ = look_ahead(source, plant, cancel, sides=(0.34, 0.46), softness=0.5)
    return behind(plant)


def background_swim(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Warps all but a subject by slow waves; `magnitude` is their rms in percent of the height.

    They rise within 0.4 s, at 0.5 to 2 Hz, and lie down before the span ends.
    """
    region, fps = plant.followed(), float(plant.info.fps)
    width, height = plant.info.width, plant.info.height
    rise = min(max(1.0, 0.4 * fps), plant.length / 2)
    fall = min(max(1.0, 0.3 * fps), plant.length / 2)
    waves = _waves(plant.rng(), height)
    size = plant.magnitude / 100.0 * height
    for frame in frames:
        if frame.index not in plant:
            yield frame
            continue
        at = frame.index - plant.start
        swell = min(1.0, (at + 1) / rise, (plant.length - at) / fall)
        moves = size * swell * _field(waves, (height, width), at / fps)
        moves = moves * (1.0 - region.whole(frame.index))
        own = colors(frame)
        where = (pixel_grid(height, width) + moves).astype(np.float32)
        made = cv2.remap(
            own, where, None, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101
        ).reshape(own.shape)
        still = np.hypot(moves[..., :1], moves[..., 1:]) < 1e-3
        yield repainted(frame, np.where(still, own, made))


def _waves(rng: np.random.Generator, height: int) -> list[dict[str, NDArray[np.float64]]]:
    made = []
    for _ in range(NUM_WAVES):
        angle, along = rng.uniform(0, 2 * np.pi, 2)
        length = rng.uniform(0.3, 0.7) * height
        made.append(
            {
                "number": 2 * np.pi / length * np.array([np.cos(angle), np.sin(angle)]),
                "along": np.array([np.cos(along), np.sin(along)]),
                "pace": np.array([2 * np.pi * rng.uniform(0.5, 2.0), rng.uniform(0, 2 * np.pi)]),
            }
        )
    return made


def _field(
    waves: list[dict[str, NDArray[np.float64]]], size: tuple[int, int], time_s: float
) -> NDArray[np.float32]:
    """Displacement `(h, w, 2)` of unit rms over space and time."""
    grid = pixel_grid(*size)
    made = np.zeros((*size, 2), np.float32)
    for wave in waves:
        phase = grid @ wave["number"].astype(np.float32)
        swing = np.sin(phase + np.float32(wave["pace"][0] * time_s + wave["pace"][1]))
        made += swing[..., None] * wave["along"].astype(np.float32)
    return made * np.float32(np.sqrt(2.0 / len(waves)))
