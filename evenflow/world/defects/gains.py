"""Light that goes wrong: gains of the whole light track, or of one lamp, so that everything that
light does (shading, shadows, sky, water) follows."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world.defects.defect import Staged

D = NDArray[np.float64]
WHOLE = ("color", "sky", "bounce", "zenith", "horizon")
"""Fields of LightTrack that are multiplied; lamps are besides."""


def relit(staged: Staged, start: int, gain: D, *, lamps: bool = True) -> Staged:
    """All light multiplied.

    Args:
        gain: of linear light, `(n,)` or `(n, 3)`, of the frames `[start, start + n)`.
        lamps: theirs too.
    """
    light = staged.animation.light
    span = slice(start, start + len(gain))
    rows = np.broadcast_to(gain if gain.ndim == 2 else gain[:, None], (len(gain), 3))
    values = {}
    for name in WHOLE:
        array = getattr(light, name).copy()
        array[span] = np.maximum(array[span] * rows, 0.0)
        values[name] = array
    lit = light.lamps.copy()
    if lamps and lit.shape[1]:
        lit[span, :, 3:6] = np.maximum(lit[span, :, 3:6] * rows[:, None], 0.0)
    made = replace(light, **values, lamps=lit)
    return replace(staged, animation=replace(staged.animation, light=made))


def lamp_relit(staged: Staged, start: int, lamp: int, gain: D) -> Staged:
    """One lamp's light multiplied by `(n,)` in the frames `[start, start + n)`."""
    light = staged.animation.light
    lit = light.lamps.copy()
    lit[start : start + len(gain), lamp, 3:6] *= np.maximum(gain, 0.0)[:, None]
    made = replace(light, lamps=lit.astype(np.float32))
    return replace(staged, animation=replace(staged.animation, light=made))
