"""Light: a place's sun and sky, and the events that change them, become a track over the frames.

Every row of SKIES is a look: what the sky shows, what it sends down, and how strong the sun is.
A sunset or a sunrise leads from that look to the look of the sun's height (`HEIGHTS`), so evening
colors come by themselves; dimming and brightening multiply everything. All changes are eased, so
nothing flickers, and no light is negative.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import EntityTrack, LightTrack
from evenflow.world.cameras import ease
from evenflow.world.spec import Event, Light, SceneSpec
from evenflow.world.words import COLORS

D = NDArray[np.float64]
RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """A sky, in linear RGB at gain 1.

    Args:
        zenith, horizon: what is seen.
        fill: color of what comes from the whole sky, about 1.
        sun: color and strength of the sun (or the moon), times that of `spec.Light.color`.
        lamps: how bright lamps are, from 0 in the sun to 1 at night.
    """

    zenith: RGB
    horizon: RGB
    fill: RGB
    sun: RGB
    lamps: float


LOOKS: dict[str, Look] = {
    "plain": Look((0.56, 0.61, 0.66), (0.74, 0.76, 0.78), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), 0.3),
    "morning": Look(
        (0.16, 0.44, 0.88), (0.92, 0.86, 0.76), (0.90, 0.97, 1.10), (1.16, 1.04, 0.90), 0.3
    ),
    "noon": Look(
        (0.13, 0.33, 0.72), (0.58, 0.75, 0.90), (0.90, 0.98, 1.12), (1.06, 1.02, 0.95), 0.1
    ),
    "evening": Look(
        (0.19, 0.22, 0.50), (1.00, 0.54, 0.24), (0.82, 0.78, 0.96), (1.55, 1.10, 0.72), 0.7
    ),
    "night": Look(
        (0.008, 0.014, 0.042), (0.030, 0.044, 0.090), (0.50, 0.58, 0.86), (0.46, 0.54, 0.76), 1.0
    ),
    "overcast": Look(
        (0.50, 0.54, 0.60), (0.66, 0.69, 0.72), (1.18, 1.22, 1.28), (0.42, 0.43, 0.45), 0.4
    ),
    "studio": Look(
        (0.30, 0.31, 0.33), (0.62, 0.62, 0.63), (1.08, 1.07, 1.05), (1.0, 0.99, 0.97), 0.3
    ),
}
"""What each row of SKIES looks like before anything changes."""

HEIGHTS: tuple[tuple[float, Look], ...] = (
    (-0.30, LOOKS["night"]),
    (-0.1, Look((0.04, 0.06, 0.17), (0.3, 0.17, 0.17), (0.5, 0.5, 0.74), (0.44, 0.4, 0.5), 1.0)),
    (0.02, Look((0.13, 0.15, 0.36), (0.82, 0.34, 0.16), (0.7, 0.62, 0.8), (0.95, 0.55, 0.32), 0.9)),
    (0.16, LOOKS["evening"]),
    (0.42, LOOKS["morning"]),
    (0.80, LOOKS["noon"]),
)  # fmt: skip
"""Looks by the height of the sun in radians; between them all is mixed."""

MOODS: dict[str, tuple[float, RGB]] = {
    "cheerfully": (1.07, (1.04, 1.01, 0.95)),
    "proudly": (1.04, (1.03, 1.00, 0.97)),
    "gently": (1.0, (1.02, 1.00, 0.98)),
    "sadly": (0.80, (0.94, 0.98, 1.06)),
    "sleepily": (0.88, (1.03, 0.99, 0.93)),
    "nervously": (0.94, (0.98, 1.02, 0.99)),
    "drunkenly": (0.97, (1.04, 0.99, 0.96)),
    "stealthily": (0.70, (0.93, 0.98, 1.08)),
}
"""Gain and tint of the light while somebody does something in a mood (`story` only); manners that
are no moods (slowly, quickly) leave it alone."""

LOWEST_SUN = 0.16
"""Radians: shadows are drawn as if the sun were never lower."""
SUN_SHARE = 1.25
"""Strength of the sun at gain 1 without ambient light, of white that it meets square."""
LAMP_RADIUS = 9.0
"""A lamp's light has faded this many of its half heights away, at least 4 units."""


def direction(azimuth: D, elevation: D) -> D:
    """Unit vectors toward the sun."""
    flat = np.cos(elevation)
    return np.stack([-np.sin(azimuth) * flat, np.sin(elevation), np.cos(azimuth) * flat], 1)


def linear(color: tuple[int, int, int]) -> RGB:
    """Linear RGB of an 8-bit sRGB color."""
    share = np.array(color, np.float64) / 255.0
    out = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return (float(out[0]), float(out[1]), float(out[2]))


def _row(look: Look) -> D:
    return np.array([*look.zenith, *look.horizon, *look.fill, *look.sun, look.lamps])


def look_at_height(elevation: D) -> D:
    """Rows `(t, 13)` of HEIGHTS at heights of the sun; between them a smooth mixture."""
    knots = np.array([height for height, _ in HEIGHTS])
    rows = np.stack([_row(look) for _, look in HEIGHTS])
    at = np.clip(elevation, knots[0], knots[-1])
    i = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    x = ((at - knots[i]) / (knots[i + 1] - knots[i]))[:, None]
    x = x * x * (3.0 - 2.0 * x)
    return rows[i] * (1.0 - x) + rows[i + 1] * x


def _share(event: Event, time: D) -> D:
    """How far a change of light is, from 0 to 1."""
    return ease((time - event.start) / max(event.end - event.start, 1e-9))


def _number(event: Event, name: str, default: float) -> float:
    values = event.numbers.get(name)
    return float(values[0]) if values else default


def _gain(spec: SceneSpec, time: D) -> D:
    """The product of what dims and brightens."""
    log = np.zeros(len(time))
    for event in spec.events:
        if event.kind in ("dim", "brighten"):
            gain = _number(event, "gain", 0.35 if event.kind == "dim" else 1.8)
            log += np.log(max(gain, 1e-3)) * _share(event, time)
    return np.exp(log)


def _mood(spec: SceneSpec, time: D) -> D:
    """RGB factors `(t, 3)` of the moods; several at once share one place."""
    out = np.zeros((len(time), 3))
    if spec.preset != "story":
        return np.ones((len(time), 3))
    most = np.full(len(time), 1e-9)
    total = np.full(len(time), 1e-9)
    for event in spec.events:
        if event.manner not in MOODS:
            continue
        fade = max(min(0.5, 0.4 * (event.end - event.start)), 1e-3)
        inside = ease((time - event.start) / fade) * ease((event.end - time) / fade)
        if event.start <= 0.0:  # it is so from the beginning
            inside = ease((event.end - time) / fade)
        gain, tint = MOODS[event.manner]
        out += np.log(gain * np.array(tint)) * inside[:, None]
        most = np.maximum(most, inside)
        total += inside
    return np.exp(out * (most / total)[:, None])


def _sun(light: Light, spec: SceneSpec, time: D) -> tuple[D, D]:
    """Elevation of the sun, and how far the sky has gone over to the look of its height."""
    height = np.full(len(time), light.elevation)
    over = np.zeros(len(time))
    events = [event for event in spec.events if event.kind in ("sunset", "sunrise")]
    for event in sorted(events, key=lambda event: event.start):
        default = -0.12 if event.kind == "sunset" else 0.7
        share = _share(event, time)
        height = height + (_number(event, "elevation", default) - height) * share
        over = over + (1.0 - over) * share
    return height, over


def track(spec: SceneSpec, entities: EntityTrack | None = None) -> LightTrack:
    """The light of every frame of a scene.

    Args:
        spec: places, light events and moods are read.
        entities: where lamps are; without it they are taken to stand where the spec puts them.
    """
    num = spec.num_frames
    time = np.arange(num) / float(spec.fps)
    place_of = np.repeat([shot.place for shot in spec.shots], [shot.frames for shot in spec.shots])
    common, mood = _gain(spec, time), _mood(spec, time)
    toward, color, sky, bounce = (np.zeros((num, 3)) for _ in range(4))
    zenith, horizon = np.zeros((num, 3)), np.zeros((num, 3))
    fog, lit = np.zeros(num), np.zeros(num)
    for number, place in enumerate(spec.places):
        frames = place_of == number
        if not frames.any():
            continue
        light, when = place.light, time[frames]
        height, over = _sun(light, spec, when)
        rows = _row(LOOKS[place.sky])
        look = rows + (look_at_height(height) - rows) * over[:, None]
        gain = (common[frames] * light.gain)[:, None] * mood[frames]
        toward[frames] = direction(
            np.full(len(when), light.azimuth), np.maximum(height, LOWEST_SUN)
        )
        strength = SUN_SHARE * (1.0 - light.ambient)
        color[frames] = look[:, 9:12] * np.array(light.color) * gain * strength
        fill = look[:, 6:9] * gain * light.ambient
        sky[frames] = fill
        ground = 0.5 * (np.array(linear(place.colors[0])) + np.array(linear(place.colors[1])))
        high = np.maximum(np.sin(height), 0.1)[:, None]
        bounce[frames] = 0.5 * ground * (fill + color[frames] * high)
        zenith[frames], horizon[frames] = look[:, 0:3] * gain, look[:, 3:6] * gain
        fog[frames] = -np.log(1.0 - min(max(place.fog, 0.0), 0.999)) / 10.0
        lit[frames] = look[:, 12]
    return LightTrack(
        direction=_f(toward),
        color=_f(np.maximum(color, 0.0)),
        sky=_f(np.maximum(sky, 0.0)),
        bounce=_f(np.maximum(bounce, 0.0)),
        zenith=_f(np.maximum(zenith, 0.0)),
        horizon=_f(np.maximum(horizon, 0.0)),
        fog=_f(fog),
        lamps=_lamps(spec, entities, lit, common),
    )


def _lamps(spec: SceneSpec, entities: EntityTrack | None, lit: D, gain: D) -> NDArray[np.float32]:
    """Rows `(t, k, 8)` of the lamps of the cast, whose light is warm with a hint of their color."""
    num = spec.num_frames
    lamps = [one for one in spec.cast if one.kind == "lamp"]
    out = np.zeros((num, len(lamps), 8))
    for k, one in enumerate(lamps):
        there = np.ones(num)
        if entities is None:
            x, y, z = one.position
            out[:, k, :3] = (x, y + 1.45 * one.size, z)
        else:
            up = entities.rotation[:, one.id - 1, :, 1] * entities.size[:, one.id - 1, None]
            out[:, k, :3] = entities.position[:, one.id - 1] + 0.45 * up
            there = entities.present[:, one.id - 1].astype(np.float64)
        hint = np.array(linear(COLORS[one.color]))
        warm = np.array([1.0, 0.74, 0.44]) * (0.72 + 0.28 * hint / max(float(hint.max()), 1e-3))
        out[:, k, 3:6] = warm * (1.6 * lit * gain * there)[:, None]
        out[:, k, 6] = max(4.0, LAMP_RADIUS * one.size)
        out[:, k, 7] = there
    return _f(out)


def _f(values: D) -> NDArray[np.float32]:
    return values.astype(np.float32)
