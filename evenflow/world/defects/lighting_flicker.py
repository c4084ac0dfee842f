"""Lighting flicker: the light of the scene goes up and down, by chance, in a beat, or that of one
lamp.

The knob is the root mean square of the gain of linear light in percent; a lamp, which lights only
what is near, flickers four times as much.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.gains import lamp_relit, relit

D = NDArray[np.float64]
LAMP_TIMES = 4.0
BRIGHT = 0.5
"""Linear light of a lamp that counts beside that of the sky."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Multiplies light by `1 + n_t` in the span.

    Raises:
        BadInput: the variant is `lamp` and no lamp is bright enough.
    """
    lamp = brightest(staged.animation, plan.start, plan.end) if plan.variant == "lamp" else -1
    if plan.magnitude == 0:
        return staged
    count, fps = plan.end - plan.start, float(staged.animation.spec.fps)
    rng = np.random.default_rng([plan.seed, 41])
    wave = beat(count, fps, rng) if plan.variant == "periodic" else by_chance(count, rng)
    size = plan.magnitude / 100.0
    if plan.variant == "lamp":
        gain = np.maximum(1.0 + LAMP_TIMES * size * wave, 0.02)
        return lamp_relit(staged, plan.start, lamp, gain)
    return relit(staged, plan.start, np.maximum(1.0 + size * wave, 0.05))


def by_chance(count: int, rng: np.random.Generator) -> D:
    """Noise of unit root mean square whose neighbors differ more than its distant values."""
    noise = rng.standard_normal(count)
    wave = noise - 0.3 * np.concatenate([[0.0], noise[:-1]])
    return np.asarray(wave / max(float(np.sqrt((wave**2).mean())), 1e-9))


def beat(count: int, fps: float, rng: np.random.Generator) -> D:
    """A sine of unit root mean square, of 2.5 to 8 Hz as far as the frame rate can show it."""
    pace = min(float(rng.uniform(2.5, 8.0)), 0.31 * fps)
    wave = np.sin(2 * np.pi * pace * np.arange(count) / fps + rng.uniform(0, 2 * np.pi))
    return np.asarray(wave / max(float(np.sqrt((wave**2).mean())), 1e-9))


def brightest(animation: Animation, start: int, end: int) -> int:
    """Number of the lamp that lights the scene most in some frames.

    Raises:
        BadInput: there is none that is bright enough to be seen.
    """
    lamps = animation.light.lamps[start:end]
    if lamps.shape[1]:
        strength = (lamps[..., 3:6].max(axis=-1) * lamps[..., 7]).min(axis=0)
        if strength.max() >= BRIGHT:
            return int(strength.argmax())
    raise BadInput("no lamp is lit here: take a scene at night, or another variant")
