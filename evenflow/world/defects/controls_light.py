"""Controls of light: it changes for everybody, as light does, and the caption says so."""

from dataclasses import replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.cameras import ease
from evenflow.world.defects.controls_told import Told, hues, told
from evenflow.world.defects.defect import Staged
from evenflow.world.defects.draw import staged
from evenflow.world.defects.gains import relit
from evenflow.world.language import describe
from evenflow.world.script import Deed, Role
from evenflow.world.simulate import simulate
from evenflow.world.spec import Event, SceneSpec
from evenflow.world.words import PART_MATERIALS

LIGHTS = ("dim", "brighten", "sunset", "sunrise")
CLOUD = 0.62
"""Share of the sun that a cloud takes."""
SKY = 0.16
"""Share of the light of the whole sky that it takes besides."""


def said(spec: SceneSpec, sentence: str = "") -> str:
    """What the world says of a scene, and one sentence more."""
    text = "" if spec.preset == "maze" else describe(spec, "L2")
    return " ".join(one for one in (text, sentence) if one)


def _no_light_events(spec: SceneSpec) -> SceneSpec:
    return replace(spec, events=tuple(e for e in spec.events if e.kind not in LIGHTS))


def _with_event(spec: SceneSpec, kind: str, name: str, value: float, share: float) -> SceneSpec:
    spec = _no_light_events(spec)
    long = spec.num_frames / float(spec.fps)
    start = round(0.15 * long, 3)
    event = Event(kind, start, round(start + share * long, 3), numbers={name: (value,)})
    return replace(spec, events=(*spec.events, event))


def lights_dim(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """The lights dim smoothly, and stay so."""
    rng = np.random.default_rng([seed, 80])
    made = _with_event(spec, "dim", "gain", float(rng.uniform(0.35, 0.6)), 0.45)
    return made, said(made, "The light dims." if spec.preset == "maze" else "")


def sunset(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """The sun sets: lower, redder, darker, with longer shadows.

    Raises:
        BadInput: there is no sun that could set.
    """
    place = spec.places[0]
    if place.sky in ("night", "studio") or place.background == "room" or len(spec.shots) > 1:
        raise BadInput("no sun is seen here that could set: take a scene by day, in one shot")
    low = max(place.light.elevation, 0.4)
    places = (replace(place, light=replace(place.light, elevation=low)), *spec.places[1:])
    made = _with_event(replace(spec, places=places), "sunset", "elevation", 0.05, 0.8)
    return made, said(made)


def passing_cloud(spec: SceneSpec, seed: int) -> tuple[Staged, str]:
    """A cloud goes over the sun: shadows pale, everything darkens a little, and comes back."""
    rng = np.random.default_rng([seed, 81])
    stage = staged(simulate(spec))
    num, fps = spec.num_frames, float(spec.fps)
    long = num / fps
    fade = min(0.9, 0.22 * long)
    stay = 0.3 * long
    begin = float(rng.uniform(0.08, 0.25)) * long
    time = np.arange(num) / fps
    over = ease((time - begin) / fade) * ease((begin + 2 * fade + stay - time) / fade)
    light = stage.animation.light
    dark = relit(stage, 0, 1.0 - SKY * over, lamps=False).animation.light
    color = light.color * (1.0 - CLOUD * over)[:, None]
    made = replace(dark, color=color.astype(np.float32), lamps=light.lamps)
    stage = replace(stage, animation=replace(stage.animation, light=made))
    place = spec.places[0]
    text = "A cloud passes in front of the sun."
    if place.sky == "night":
        text = "A cloud passes in front of the moon."
    elif place.sky == "studio" or place.background == "room":
        text = "The light dims for a while and comes back."
    return stage, said(spec, text)


def flash(spec: SceneSpec, seed: int) -> tuple[Staged, str]:
    """Lightning: within a frame it is bright, and it dies away over the next third of a second."""
    rng = np.random.default_rng([seed, 82])
    stage = staged(simulate(spec))
    num, fps = spec.num_frames, float(spec.fps)
    gain = np.ones(num)
    for _ in range(2):
        at = int(rng.integers(num // 5, max(num // 5 + 1, 4 * num // 5)))
        size = float(rng.uniform(0.9, 1.6))
        time = (np.arange(num) - at) / fps
        gain = np.maximum(gain, np.where(time >= 0, 1.0 + size * np.exp(-time / 0.12), 1.0))
    return relit(stage, 0, gain), said(spec, "Lightning flashes twice.")


def blinking_lamp(spec: SceneSpec, seed: int) -> tuple[Staged, str]:
    """A lamp blinks in an even beat from the first frame to the last; a ball rolls by."""
    rng = np.random.default_rng([seed, 83])
    one, two = hues(rng, 2)
    story = Told(
        cast=(Role(1, "lamp", color=one), Role(2, "ball", color=two)),
        deeds=(Deed("roll", 2, direction="left" if rng.random() < 0.5 else "right"),),
    )
    made, text = told(spec, seed, story)
    stage = staged(simulate(made))
    animation = stage.animation
    lamp = next(c.id for c in made.cast if c.kind == "lamp")
    number = [c.id for c in made.cast if c.kind == "lamp"].index(lamp)
    time = np.arange(made.num_frames) / float(made.fps)
    period = float(rng.uniform(0.6, 1.0))
    phase = (time / period + float(rng.random())) % 1.0
    on = np.clip(np.minimum(phase, 0.5 - phase) * period / 0.06 + 0.5, 0.0, 1.0)
    on = np.maximum(on, np.clip((phase - 1.0) * period / 0.06 + 0.5, 0.0, 1.0))
    lamps = animation.light.lamps.copy()
    lamps[:, number, 3:6] *= (0.04 + 1.6 * on)[:, None]
    parts = animation.parts
    bulb = (parts.entity == lamp) & (parts.material == PART_MATERIALS.index("glowing"))
    color = parts.color.copy()
    color[:, bulb] *= (0.22 + 0.78 * on)[:, None, None]
    changed = replace(
        animation, parts=replace(parts, color=color),
        light=replace(animation.light, lamps=lamps.astype(np.float32)),
    )  # fmt: skip
    return replace(stage, animation=changed), f"{text} The lamp blinks."


def fog(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """Fog, from the first frame to the last: what is far is pale."""
    rng = np.random.default_rng([seed, 84])
    thick = round(float(rng.uniform(0.12, 0.26)), 3)
    made = replace(spec, places=tuple(replace(p, fog=thick) for p in spec.places))
    return made, said(made, "Fog lies over everything.")
