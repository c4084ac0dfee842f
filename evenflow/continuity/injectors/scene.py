"""Scene: another place, to be put behind a subject."""

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.hue import recolored
from evenflow.continuity.injectors.identity import noise
from evenflow.continuity.injectors.survey import Survey

Picture = NDArray[np.float32]


def another_place(look: Survey, rng: np.random.Generator) -> Picture:
    """A picture as large as the clip's: its own far end seen from elsewhere, or a drawn landscape.

    The clip's own is mirrored, enlarged and in other colors, so that no part stays where it was.
    """
    if rng.random() < 0.4:
        return _landscape(look.first.shape, rng)
    page = look.last[:, ::-1]
    height, width, channels = page.shape
    zoom = rng.uniform(1.3, 1.7)
    w, h = max(2, int(width / zoom)), max(2, int(height / zoom))
    x, y = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
    part = np.ascontiguousarray(page[y : y + h, x : x + w])
    made = cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
    made = np.clip(made.reshape(height, width, channels), 0.0, 1.0)
    if channels == 3:
        angle = rng.uniform(0, 2 * np.pi)
        tint = (14.0 * float(np.cos(angle)), 14.0 * float(np.sin(angle)))
        made = recolored(made, turn=float(rng.uniform(0.5, 1.5) * np.pi), tint=tint)
    light = float(made.mean())
    made = np.clip(made, 0.0, 1.0) ** np.float32(0.6 if light < 0.45 else 1.7)
    return np.clip(made, 0.0, 1.0).astype(np.float32)


def _landscape(shape: tuple[int, ...], rng: np.random.Generator) -> Picture:
    """A sky, three ridges one behind the other, and ground with texture."""
    height, width, channels = shape
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sky = rng.uniform(0.45, 0.95, (2, 3)).astype(np.float32)
    made = sky[0] + y[..., None] * (sky[1] - sky[0])
    made = made + 0.06 * noise((height, width), height / 10, rng)[..., None]
    for layer in range(3):
        line = 0.35 + 0.2 * layer
        for waves in (1.0, 2.3, 5.1, 11.0):
            phase = rng.uniform(0, 2 * np.pi)
            x = np.linspace(0, 2 * np.pi, width, dtype=np.float32)
            line = line + 0.08 / waves * np.sin(waves * x + phase)
        cover = np.clip((y - line) * height / 2.0 + 0.5, 0.0, 1.0)[..., None]
        color = rng.uniform(0.08, 0.7, 3).astype(np.float32)
        rough = 0.5 * noise((height, width), 1.5, rng) + noise((height, width), height / 30, rng)
        made = made + cover * (color * (1.0 + 0.25 * rough[..., None]) - made)
    if channels == 1:
        made = made.mean(axis=2, keepdims=True)
    return np.clip(made, 0.0, 1.0).astype(np.float32)
