"""Skies: a gradient from the horizon to the zenith, the sun or the moon with its glow, clouds,
stars, and the panorama in front of them, lit by the light of the moment."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from evenflow.world.grounds import Grounds, wetness
from evenflow.world.panorama import Panorama, fetch
from evenflow.world.patterns import wave
from evenflow.world.shading import FARTHEST, Lights

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
    climb = climb * (1.9 - 0.9 * climb)
    color = torch.lerp(light.horizon, light.zenith, climb)
    # A band of haze lies on the horizon.
    low = (1.0 - lift * 9.0).clamp(min=0.0)
    color = color * (0.94 - 0.14 * (1.0 - low))
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
    empty = color  # what haze before the land is made of
    color = color + (light.color * glare - color * 0.6) * (disk * (1.0 - land[4]))
    # Clouds: white in the sun, of the color of the sky below, dark at night.
    lit = light.color * (0.72 + 0.30 * wide) + light.sky * 0.55 + light.horizon * 0.15
    color = color * (1.0 - land[6]) + lit * land[7]
    # Land: paint in the light of the sun and the whole sky.
    falling = light.direction[1].clamp(0.0, 1.0) * 0.45 + 0.30
    paint_light = light.color * falling + light.sky * 0.75
    air = torch.exp(-light.fog * FARTHEST)
    hazy = land[3] * (1.0 - air)
    color = color * (1.0 - land[4]) + empty * (land[4] - land[3])
    color = color + land[:3] * (paint_light * air) + light.horizon * hazy
    warm = torch.stack([
        0.80 + 0.20 * land[4], 0.84 - 0.22 * land[4], 1.0 - 0.72 * land[4],
    ])  # fmt: skip
    return color + warm * (land[5] * night)


RIPPLES = ((0.31, 0.12, 0.022), (-0.22, 0.57, 0.026), (0.83, -0.41, 0.022), (0.35, 1.9, 0.018))
"""Waves of water: repeats per world unit along x and z, and slope."""


def water(
    color: Float[Tensor, "3 k"],
    grounds: Grounds,
    panorama: Panorama | None,
    place: Int[Tensor, " k"],
    position: Float[Tensor, "3 k"],
    direction: Float[Tensor, "3 k"],
    light: Lights,
    footprint: Float[Tensor, " k"],
) -> Float[Tensor, "3 k"]:
    """Linear RGB of the ground where it is wet: it mirrors the sky, the more the flatter one looks.

    Args:
        color: of the ground in its light.
        position, direction: of its points and of the rays that see them (unit).
        footprint: width of the pixel on the ground; ripples finer than it are left out.
    """
    wet = wetness(grounds, place, position[0], position[2])
    at = (wet > 0).nonzero()[:, 0]
    if at.numel() == 0:
        return color
    x, z, d, width = position[0][at], position[2][at], direction[:, at], footprint[at]
    tilt_x, tilt_z = torch.zeros_like(x), torch.zeros_like(x)
    for along, across, slope in RIPPLES:
        often = (along * along + across * across) ** 0.5
        left = slope * (1.0 - width * (1.6 * often)).clamp(0.0, 1.0)
        bump = wave(x * along + z * across + 0.23 * wave(z * along * 0.7 - x * across * 0.6)) * left
        tilt_x, tilt_z = tilt_x + bump * (along / often), tilt_z + bump * (across / often)
    normal = torch.stack([tilt_x, torch.ones_like(x), tilt_z])
    normal = normal * torch.rsqrt((normal * normal).sum(0))
    cosine = -(d * normal).sum(0)
    mirrored = d + 2.0 * cosine * normal
    mirrored = torch.stack([mirrored[0], mirrored[1].abs().clamp(min=0.004), mirrored[2]])
    mirrored = mirrored * torch.rsqrt((mirrored * mirrored).sum(0))
    grazing = 1.0 - cosine.clamp(0.0, 1.0)
    grazing = grazing * grazing
    share = 0.04 + 0.82 * grazing * grazing
    own = light.take(at) if light.fog.shape[0] == color.shape[1] else light
    reflected = paint(panorama, place[at], mirrored, own) * 0.92
    here = color[:, at]
    foam = wet[at] * (1.0 - wet[at])
    calm = here + (reflected - here) * (share * wet[at])
    calm = calm + (own.sky + own.color * 0.6) * (foam * foam * 6.0)
    out = color.clone()
    out[:, at] = calm
    return out
