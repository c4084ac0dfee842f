"""Edge shimmer: outlines wobble at every frame, what lies between them does not."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np

from evenflow.continuity.injectors.identity import noise
from evenflow.continuity.injectors.plant import Picture, Plant
from evenflow.core.clip import Frame


def edge_shimmer(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Displaces strong edges afresh at every frame by `magnitude` percent of the height, rms."""
    for frame in frames:
        if frame.index in plant:
            yield plant.softly(frame, partial(_wobbled, plant=plant, index=frame.index))
        else:
            yield frame


def _wobbled(x: Picture, *, plant: Plant, index: int) -> Picture:
    height, width = x.shape[:2]
    near = _edges(x, plant.info.height)
    rng = np.random.default_rng([plant.seed, index, 5])
    size = plant.magnitude / 100.0 * plant.info.height
    sigma = max(1.0, 0.008 * plant.info.height)  # waves of about 5 % of the height on the outline
    moves = np.stack([noise((height, width), sigma, rng) for _ in range(2)], axis=-1)
    moves *= np.float32(size / np.sqrt(2.0)) * near[..., None]
    y, col = np.mgrid[:height, :width].astype(np.float32)
    made = cv2.remap(
        x, np.stack([col, y], axis=-1) + moves, None,
        cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101,
    ).reshape(x.shape)  # fmt: skip
    return np.where(near[..., None] > 0, made, x)


def _edges(x: Picture, lines: int) -> Picture:
    """One on strong edges, falling to 0 within about 2 % of the height, `(h, w)`."""
    gray = cv2.GaussianBlur(x.mean(axis=2), (0, 0), max(0.8, lines / 300))
    slope = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)) / 4
    least = max(float(np.percentile(slope, 90)), 0.01)
    strong = (slope >= least).astype(np.float32)
    reach = max(1, round(0.01 * lines))
    wide = cv2.dilate(strong, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    soft: Picture = cv2.blur(wide, (2 * reach + 1, 2 * reach + 1))
    return np.where(soft > 0.02, soft, 0.0).astype(np.float32)
