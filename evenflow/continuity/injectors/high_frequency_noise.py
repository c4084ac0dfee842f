"""High-frequency noise: independent Gaussian grain on every frame of the span."""

from collections.abc import Iterator

import numpy as np

from evenflow.continuity.injectors.plant import Plant
from evenflow.core.clip import Frame


def high_frequency_noise(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Adds white noise of `magnitude` gray levels (of 255), mostly shared by the color channels."""
    for frame in frames:
        if frame.index not in plant:
            yield frame
            continue
        rng = np.random.default_rng([plant.seed, frame.index])

        def grain(x: np.ndarray, rng: np.random.Generator = rng) -> np.ndarray:
            shared = rng.standard_normal((*x.shape[:2], 1), dtype=np.float32)
            own = rng.standard_normal(x.shape, dtype=np.float32)
            mixed = (0.9 * shared + 0.436 * own) * np.float32(plant.magnitude / 255.0)
            return x + mixed

        yield plant.edited(frame, grain)
