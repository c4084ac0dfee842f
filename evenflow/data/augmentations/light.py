"""Light: exposure and color temperature, constant over the clip or wandering, in linear light.

Recorded are the gains of every frame's linear red, green and blue: dividing by them undoes it where
nothing was clipped, and `light_clipped` says what share was. Geometry stays as it is.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from evenflow.data.augmentations.augmentation import Changed
from evenflow.data.augmentations.paths import wander
from evenflow.data.example import Example

SETTINGS = {
    "gain": 0.15,
    "temperature": 60.0,
    "wander": 0.0,
    "wander_temperature": 0.0,
    "pace": 0.5,
}
"""Root mean squares over clips: stops (gain), mireds (temperature); over time within a clip, the
same units (`wander`, `wander_temperature`); hertz."""
WHITE = 6504.0
"""Kelvin of the white that stays white."""


def light(example: Example, rng: np.random.Generator, settings: Mapping[str, float]) -> Changed:
    """Change the light of an example; `light` are the gains `(t, 3)`."""
    frames = example.video.shape[1]
    whole = rng.standard_normal(2)
    path = wander(rng, frames, float(example.fps), pace=settings["pace"], columns=2)
    stops = whole[0] * settings["gain"] + path[:, 0] * settings["wander"]
    mireds = whole[1] * settings["temperature"] + path[:, 1] * settings["wander_temperature"]
    gains = np.exp2(stops)[:, None] * tint(mireds)
    table = torch.from_numpy(gains).to(example.video.device, torch.float32)
    bright = linear(example.video) * table.t()[:, :, None, None]
    clipped = (bright > 1).any(0).to(torch.float32).mean((1, 2))
    video = encoded(bright.clamp(0, 1))
    told = {"light": table, "light_clipped": clipped}
    return Changed(Example(video, example.fps, example.truth), told)


def tint(mireds: np.ndarray) -> np.ndarray:
    """Gains `(t, 3)` of linear sRGB for light that is warmer by so many mireds than daylight.

    The ratio of the black body's color to that of 6504 K, scaled so that the luminance of gray
    stays. Source: Krystek 1985, An algorithm to calculate correlated colour temperature, the
    rational chromaticity of the Planckian locus; IEC 61966-2-1 for XYZ to linear sRGB.
    """
    kelvin = 1e6 / np.clip(1e6 / WHITE + np.asarray(mireds, np.float64), 1e6 / 15000, 1e6 / 1000)
    ratio = _black_body(kelvin) / _black_body(np.array([WHITE]))
    ratio = np.maximum(ratio, 1e-3)
    luminance = ratio @ np.array([0.2126, 0.7152, 0.0722])
    out: np.ndarray = ratio / luminance[:, None]
    return out


def _black_body(kelvin: np.ndarray) -> np.ndarray:
    t = kelvin
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t**2) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t**2
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t**2) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t**2
    )
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    xyz = np.stack([x / y, np.ones_like(x), (1 - x - y) / y], -1)
    matrix = np.array(
        [
            [3.2404542, -1.5371385, -0.4985314],
            [-0.9692660, 1.8760108, 0.0415560],
            [0.0556434, -0.2040259, 1.0572252],
        ]
    )
    out: np.ndarray = xyz @ matrix.T
    return out


def linear(video: Tensor) -> Tensor:
    """Linear light of sRGB in [0, 1] (IEC 61966-2-1)."""
    return torch.where(video <= 0.04045, video / 12.92, ((video + 0.055) / 1.055) ** 2.4)


def encoded(light_: Tensor) -> Tensor:
    """sRGB of linear light in [0, 1]."""
    low = light_ <= 0.0031308
    return torch.where(low, light_ * 12.92, 1.055 * light_.clamp_min(1e-8) ** (1 / 2.4) - 0.055)
