"""Paint: colors in CIE L*a*b*, where distances are about what people see.

Source: CIE 15:2004, sections 8.2.1 (L*a*b*) and 8.2.1.3 (dE*ab); sRGB primaries of IEC 61966-2-1.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.world.words import COLORS

D = NDArray[np.float64]
_XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
_WHITE = _XYZ.sum(axis=1)


def lab(linear: NDArray) -> D:
    """L*a*b* of linear RGB `(..., 3)`, white is (1, 1, 1)."""
    xyz = np.asarray(linear, np.float64) @ _XYZ.T / _WHITE
    small = xyz <= (6 / 29) ** 3
    f = np.where(small, xyz / (3 * (6 / 29) ** 2) + 4 / 29, np.cbrt(np.maximum(xyz, 1e-12)))
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def unlab(values: NDArray) -> D:
    """Linear RGB in [0, 1] of L*a*b*; what no paint can show is clipped."""
    values = np.asarray(values, np.float64)
    y = (values[..., 0] + 16) / 116
    f = np.stack([y + values[..., 1] / 500, y, y - values[..., 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    return np.clip(xyz @ np.linalg.inv(_XYZ).T, 0.0, 1.0)


def named(name: str) -> D:
    """L*a*b* of a row of COLORS."""
    return np.asarray(lab(_linear(COLORS[name])))


def nearest(values: NDArray) -> NDArray[np.int8]:
    """Row of COLORS that is nearest to L*a*b* `(..., 3)`."""
    table = np.stack([named(name) for name in COLORS])
    apart = np.linalg.norm(np.asarray(values)[..., None, :] - table, axis=-1)
    return np.asarray(apart.argmin(axis=-1), np.int8)


def toward(
    start: D, rng: np.random.Generator, *, least: float = 58.0, hues: bool = True
) -> tuple[str, D]:
    """Another color, far from one, and the unit way to it in L*a*b*.

    Args:
        start: L*a*b* `(3,)`.
        least: dE that it is away at least.
        hues: prefer one of another hue to one that is only brighter or darker.
    """
    names = [n for n in COLORS if n not in ("black", "brown")] if hues else list(COLORS)
    apart = {n: float(np.linalg.norm(named(n) - start)) for n in names}
    far = [n for n in names if apart[n] >= least] or [max(apart, key=lambda n: apart[n])]
    chosen = far[int(rng.integers(len(far)))]
    way = named(chosen) - start
    return chosen, way / np.linalg.norm(way)


def shifted(linear: NDArray, way: NDArray) -> D:
    """Linear RGB after a step in L*a*b*."""
    return unlab(lab(linear) + way)


def _linear(color: tuple[int, int, int]) -> D:
    share = np.array(color, np.float64) / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
