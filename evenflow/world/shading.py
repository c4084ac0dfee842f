"""Shading: a warm key light, the cool light of the sky, light from the ground, lamps, highlights.

Everything is linear RGB. A white surface that faces the sun at noon is about 1; `styles.py` brings
what is brighter back below white.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from evenflow.world.animation import LightTrack
from evenflow.world.words import PART_MATERIALS

SURFACES: dict[str, tuple[float, float, float, float, float, float, float]] = {
    # highlight, its sharpness, share of the sky it mirrors, wrap, rim, glow, glow at night
    "matte": (0.03, 6.0, 0.00, 0.20, 0.10, 0.0, 0.0),
    "rubber": (0.10, 10.0, 0.01, 0.12, 0.14, 0.0, 0.0),
    "plastic": (0.55, 60.0, 0.05, 0.08, 0.12, 0.0, 0.0),
    "metal": (0.95, 34.0, 0.42, 0.00, 0.20, 0.0, 0.0),
    "wood": (0.09, 14.0, 0.01, 0.14, 0.08, 0.0, 0.0),
    "stone": (0.04, 6.0, 0.00, 0.16, 0.08, 0.0, 0.0),
    "glowing": (0.00, 6.0, 0.00, 0.30, 0.00, 1.0, 0.0),
    "window": (0.90, 60.0, 0.30, 0.00, 0.20, 0.0, 1.0),
}
"""How each material answers light."""

FARTHEST = 45.0
"""World units of air before what stands at the horizon."""


@dataclass(frozen=True)
class Lights:
    """The light of frames, or of pixels: the last axis is one of frames until `take` spreads it.

    Args:
        direction: unit vector toward the sun.
        color, sky, bounce, zenith, horizon: linear RGB, as in LightTrack.
        fog: density per world unit.
        night: 0 by day, 1 when windows and stars are lit.
        veil: 1 where no sun is seen (an overcast sky, a room, fog), else 0.
        seam: 1 where the ground runs into its backdrop without a seam (a studio), else 0.
        lamps: `(8, lamps, n)`, see LightTrack.
    """

    direction: Float[Tensor, "3 n"]
    color: Float[Tensor, "3 n"]
    sky: Float[Tensor, "3 n"]
    bounce: Float[Tensor, "3 n"]
    zenith: Float[Tensor, "3 n"]
    horizon: Float[Tensor, "3 n"]
    fog: Float[Tensor, " n"]
    night: Float[Tensor, " n"]
    veil: Float[Tensor, " n"]
    seam: Float[Tensor, " n"]
    lamps: Float[Tensor, "8 l n"]

    def take(self, frame: Int[Tensor, " k"]) -> "Lights":
        """The light of every pixel, from the number of its frame."""
        flat = torch.cat([
            self.direction, self.color, self.sky, self.bounce, self.zenith, self.horizon,
            self.fog[None], self.night[None], self.veil[None], self.seam[None],
            self.lamps.flatten(0, 1),
        ]).index_select(1, frame.to(torch.int32))  # fmt: skip
        return _split(flat, self.lamps.shape[1])


def _split(flat: Tensor, num_lamps: int) -> Lights:
    """Views of one table of fields."""
    lamps = flat[22:].reshape(8, num_lamps, flat.shape[1])
    return Lights(
        flat[0:3], flat[3:6], flat[6:9], flat[9:12], flat[12:15], flat[15:18], flat[18], flat[19],
        flat[20], flat[21], lamps,
    )  # fmt: skip


def gather(
    tracks: Sequence[LightTrack],
    frames: Sequence[Sequence[int]],
    *,
    device: torch.device | str = "cpu",
    clear: Sequence[bool] | None = None,
    seamless: Sequence[bool] | None = None,
) -> Lights:
    """Light of the chosen frames of several scenes, one column for each frame.

    Args:
        frames: which frames of each track.
        clear: for each track whether its sun can be seen; all can without it.
        seamless: for each track whether its ground runs into its backdrop; none does without it.
    """
    most = max((track.lamps.shape[1] for track in tracks), default=0)
    columns = []
    for i, (track, which) in enumerate(zip(tracks, frames, strict=True)):
        at = torch.as_tensor(list(which), dtype=torch.int64)
        rows = [
            torch.from_numpy(field)[at].to(torch.float32).reshape(len(at), -1)
            for field in (track.direction, track.color, track.sky, track.bounce, track.zenith,
                          track.horizon, track.fog)
        ]  # fmt: skip
        brightness = rows[4].sum(1, keepdim=True) * (1.0 / 3.0)
        night = ((0.16 - brightness) * 9.0).clamp(0.0, 1.0)
        veil = torch.full((len(at), 1), 0.0 if clear is None or clear[i] else 1.0)
        seam = torch.full((len(at), 1), 1.0 if seamless is not None and seamless[i] else 0.0)
        rows += [night, veil, seam]
        lamps = torch.zeros(len(at), 8, most)
        if track.lamps.shape[1]:
            own = torch.from_numpy(track.lamps)[at].to(torch.float32)
            lamps[:, :, : own.shape[1]] = own.permute(0, 2, 1)
        columns.append(torch.cat([*rows, lamps.reshape(len(at), -1)], dim=1))
    return _split(torch.cat(columns).t().contiguous().to(device), most)


@lru_cache(maxsize=8)
def _surfaces(device: torch.device) -> Tensor:
    """SURFACES as a table, a column for each material."""
    rows = [SURFACES[name] for name in PART_MATERIALS]
    return torch.tensor(rows, device=device).t().contiguous()


def _lobe(cosine: Tensor, sharpness: Tensor | float) -> Tensor:
    """About cosine ** sharpness without a power (Schlick 1994, eq. 5)."""
    return cosine / (sharpness - sharpness * cosine + cosine)


def shade(
    albedo: Float[Tensor, "3 k"],
    normal: Float[Tensor, "3 k"],
    view: Float[Tensor, "3 k"],
    shadow: Float[Tensor, " k"],
    material: Int[Tensor, " k"],
    position: Float[Tensor, "3 k"],
    light: Lights,
) -> Float[Tensor, "3 k"]:
    """Linear RGB that leaves surface points toward the camera.

    Args:
        albedo: paint, linear RGB.
        normal: unit, world.
        view: unit, from the point toward the camera.
        shadow: share of the sun that is hidden, in [0, 1].
        material: row of PART_MATERIALS.
        position: world; what is close to the ground gets less of the sky.
        light: of every pixel.
    """
    gloss, sharp, mirror, wrap, rim, glow, lit = _surfaces(albedo.device).index_select(
        1, material.to(torch.int32)
    )
    toward = light.direction
    cosine = (normal * toward).sum(0)
    key = ((cosine + wrap) / (1.0 + wrap)).clamp(min=0.0)
    open_sun = 1.0 - shadow
    key = key * open_sun
    facing_up = normal[1] * 0.5 + 0.5
    near = position[1].clamp(min=0.0)
    near = near / (near + 0.16)  # 0 at the ground, 1 well above it
    hidden = 1.0 - (1.0 - near) * (1.0 - facing_up) * 0.75
    ambient = torch.lerp(light.bounce, light.sky, facing_up) * hidden
    # A little of the sky comes from the side of the camera: shapes in shade stay round.
    toward_camera = (normal * view).sum(0).clamp(0.0, 1.0)
    ambient = ambient * (0.82 + 0.18 * toward_camera)
    diffuse = light.color * key + ambient
    half = toward + view
    half = half * torch.rsqrt((half * half).sum(0).clamp(min=1e-6))
    along = (normal * half).sum(0).clamp(0.0, 1.0)
    shine = _lobe(along, sharp) * gloss * open_sun * (cosine * 5.0).clamp(0.0, 1.0)
    edge = 1.0 - toward_camera
    edge = edge * edge * edge
    up = 2.0 * toward_camera * normal[1] - view[1]  # of the mirrored ray
    mirrored = torch.lerp(light.bounce, light.horizon * 0.5 + light.sky * 0.6,
                          (up * 1.5 + 0.5).clamp(0.0, 1.0))  # fmt: skip
    sheen = mirrored * (mirror + (1.0 - mirror) * rim * edge) * hidden
    color = albedo * diffuse * (1.0 - 0.65 * mirror)
    metal = mirror * (1.0 / 0.42)  # metals tint what they mirror
    tint = torch.lerp(torch.ones_like(albedo), albedo * 1.5 + 0.1, metal.clamp(max=1.0))
    for i in range(light.lamps.shape[1]):
        lamp = light.lamps[:, i]
        to = lamp[:3] - position
        far2 = (to * to).sum(0)
        to = to * torch.rsqrt(far2.clamp(min=1e-6))
        reach2 = lamp[6] * lamp[6] + 1e-6
        fall = (1.0 - far2 / (reach2 * 9.0)).clamp(min=0.0)
        fall = fall * fall * reach2 / (reach2 + far2 * 3.0) * lamp[7]
        face = ((normal * to).sum(0) * 0.8 + 0.2).clamp(min=0.0)
        face = torch.maximum(face, (1.0 - far2 * 4.0) * 0.6)  # its own shade lets light through
        color = color + albedo * lamp[3:6] * (face * fall)
    color = color + (light.color * shine + sheen) * tint
    color = torch.lerp(color, albedo * 1.12 + 0.02, glow)
    warm = torch.stack([lit * 1.0, lit * 0.66, lit * 0.30])
    return torch.lerp(color, warm, lit * light.night * 0.9)


def ground(
    albedo: Float[Tensor, "3 k"],
    shadow: Float[Tensor, " k"],
    contact: Float[Tensor, " k"],
    position: Float[Tensor, "3 k"],
    light: Lights,
) -> Float[Tensor, "3 k"]:
    """Linear RGB of the ground, which faces up and is matte.

    Args:
        contact: share of the sky that things close by hide, in [0, 1].
    """
    key = light.direction[1].clamp(min=0.0)
    key = key * (1.45 - 0.45 * key) * (1.0 - shadow)  # rough ground is bright under a low sun
    diffuse = light.color * key + light.sky * (1.0 - 0.75 * contact)
    color = albedo * diffuse
    for i in range(light.lamps.shape[1]):
        lamp = light.lamps[:, i]
        to = lamp[:3] - position
        far2 = (to * to).sum(0)
        rise = to[1] * torch.rsqrt(far2.clamp(min=1e-6))
        reach2 = lamp[6] * lamp[6] + 1e-6
        fall = (1.0 - far2 / (reach2 * 9.0)).clamp(min=0.0)
        fall = fall * fall * reach2 / (reach2 + far2 * 3.0) * lamp[7]
        color = color + albedo * lamp[3:6] * ((rise * 0.8 + 0.2).clamp(min=0.0) * fall)
    return color


def fog(
    color: Float[Tensor, "3 k"],
    distance: Float[Tensor, " k"],
    light: Lights,
) -> Float[Tensor, "3 k"]:
    """Color after the air between the point and the camera: `exp(-density * distance)` is left.

    The air ends at the foot of what stands at the horizon, so both meet in one color.
    """
    left = torch.exp(-light.fog * distance.clamp(max=FARTHEST))
    swept = ((distance - 7.0) * (1.0 / 22.0)).clamp(0.0, 1.0)
    left = left * (1.0 - light.seam * swept * (2.0 - swept))
    return torch.lerp(light.horizon, color, left)
