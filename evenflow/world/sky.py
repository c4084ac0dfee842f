"""Skies: a gradient from the horizon to the zenith, the sun or the moon with its glow, clouds,
stars, and the panorama in front of them, lit by the light of the moment."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from evenflow.world.panorama import Panorama, fetch
from evenflow.world.shading import Lights

SUN = 0.9993
"""Cosine of the radius of the disk: larger than the real one, so that it can be seen at all."""


def paint(
    panorama: Panorama | None,
    place: Int[Tensor, " k"],
    direction: Float[Tensor, "3 k"],
    light: Lights,
) -> Float[Tensor, "3 k"]:
    """Linear RGB that comes from unit directions of the world.

    Args:
        panorama: what `panorama.build` made; None for no more than the gradient.
        place: number of the place of every pixel.
        light: of every pixel (`Lights.take`), or of all pixels (one column).
    """
    up = direction[1]
    lift = up.clamp(min=0.0)
    climb = torch.sqrt(lift)
    climb = climb * (1.7 - 0.7 * climb)
    color = torch.lerp(light.horizon, light.zenith, climb)
    facing = (direction * light.direction).sum(0).clamp(min=0.0)
    wide = facing / (10.0 - 9.0 * facing)
    narrow = facing / (240.0 - 239.0 * facing)
    visible = 1.0 - light.veil
    halo = (0.10 * wide + 0.35 * narrow) * visible
    color = color + light.color * halo
    disk = ((facing - SUN) * 2600.0).clamp(0.0, 1.0) * visible
    night = light.night
    glare = 2.2 + 1.3 * night
    if panorama is None or panorama.empty:
        return color + (light.color * glare - color * 0.6) * disk
    land = fetch(panorama, place, direction)
    color = color + (light.color * glare - color * 0.6) * (disk * (1.0 - land[4]))
    # Clouds: white in the sun, of the color of the sky below, dark at night.
    lit = light.color * (0.42 + 0.30 * wide) + light.sky * 0.55 + light.horizon * 0.18
    color = color * (1.0 - land[6]) + lit * land[7]
    # Land: paint in the light of the sun and the whole sky.
    falling = light.direction[1].clamp(0.0, 1.0) * 0.45 + 0.30
    paint_light = light.color * falling + light.sky * 0.75
    color = color * (1.0 - land[3]) + land[:3] * paint_light
    warm = torch.stack([
        0.80 + 0.20 * land[4], 0.84 - 0.22 * land[4], 1.0 - 0.72 * land[4],
    ])  # fmt: skip
    return color + warm * (land[5] * night)
