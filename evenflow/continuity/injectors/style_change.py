"""Style change: from one frame on the whole picture has another look, until the span ends."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.plant import Plant
from evenflow.core.clip import Frame

Picture = NDArray[np.float32]


def _poster(x: Picture) -> Picture:
    flat = cv2.bilateralFilter(np.ascontiguousarray(x), 7, 0.2, 5).reshape(x.shape)
    gray = flat.mean(axis=2)
    edges = cv2.Laplacian(cv2.GaussianBlur(gray, (0, 0), 1.2), cv2.CV_32F, ksize=3)
    ink = np.clip(1.0 - 6.0 * np.abs(edges), 0.0, 1.0)[..., None]
    steps: Picture = np.floor(flat * 5.0 + 0.5) / 5.0 * ink
    return steps


def _duotone(x: Picture) -> Picture:
    gray = x.mean(axis=2, keepdims=True)
    dark, light = np.array([0.10, 0.05, 0.30], np.float32), np.array([1.0, 0.85, 0.55], np.float32)
    toned: Picture = dark + (light - dark) * gray
    return toned if x.shape[2] == 3 else np.sqrt(gray)


def _faded(x: Picture) -> Picture:
    gray = x.mean(axis=2, keepdims=True)
    tint = np.array([1.06, 1.0, 0.82][: x.shape[2]], np.float32)
    made: Picture = (0.30 + 0.55 * (0.35 * x + 0.65 * gray)) * tint
    return made


def _hatch(x: Picture) -> Picture:
    gray = x.mean(axis=2)
    y, col = np.mgrid[: x.shape[0], : x.shape[1]]
    period = max(4.0, x.shape[0] / 90)
    lines = 0.5 + 0.5 * np.sin((col + y) * (2 * np.pi / period))
    ink = np.where(lines < 1.0 - gray, 0.15, 0.95).astype(np.float32)[..., None]
    return np.repeat(ink, x.shape[2], axis=2)


STYLES: dict[str, Callable[[Picture], Picture]] = {
    "poster": _poster,
    "duotone": _duotone,
    "faded": _faded,
    "hatch": _hatch,
}


def style_change(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Mixes in one of `STYLES`, drawn by the seed; `magnitude` in (0, 1] is its share."""
    style = STYLES[str(plant.rng().choice(sorted(STYLES)))]
    share = np.float32(plant.magnitude)
    for frame in frames:
        if frame.index in plant:
            yield plant.edited(frame, lambda x: x + share * (style(x) - x))
        else:
            yield frame
