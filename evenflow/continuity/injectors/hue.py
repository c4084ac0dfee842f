"""Hue: another color at the same lightness, as far as the gamut allows."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]


def to_lab(x: Picture) -> Picture:
    """CIELAB of sRGB colors in [0, 1]."""
    lab: Picture = cv2.cvtColor(np.ascontiguousarray(x), cv2.COLOR_RGB2Lab)
    return lab


def to_rgb(lab: Picture) -> Picture:
    """sRGB of CIELAB colors; out of gamut it leaves [0, 1]."""
    # OpenCV's inverse clips, which would change lightness; so it is written out (D65, sRGB)
    fy = (lab[..., 0] + 16.0) / 116.0
    fx, fz = fy + lab[..., 1] / 500.0, fy - lab[..., 2] / 200.0
    xyz = np.stack([fx, fy, fz], axis=-1)
    xyz = np.where(xyz > 6 / 29, xyz**3, 3 * (6 / 29) ** 2 * (xyz - 4 / 29))
    xyz = xyz * np.array([0.950456, 1.0, 1.088754], np.float32)
    linear = xyz @ _FROM_XYZ
    low = 12.92 * linear
    high = 1.055 * np.maximum(linear, 1e-8) ** (1 / 2.4) - 0.055
    made: Picture = np.where(linear > 0.0031308, high, low).astype(np.float32)
    return made


_FROM_XYZ = np.array(
    [
        [3.240479, -1.53715, -0.498535],
        [-0.969256, 1.875991, 0.041556],
        [0.055648, -0.204043, 1.057311],
    ],
    np.float32,
).T


def recolored(x: Picture, *, turn: float, tint: tuple[float, float]) -> Picture:
    """Colors with their hue turned and a tint added, lightness kept.

    Where the gamut has no such color, the step is as long as it allows.

    Args:
        turn: of the hue, in radians.
        tint: added to a and b, in dE.
    """
    lab = to_lab(x)
    a, b = lab[..., 1], lab[..., 2]
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    step = np.stack(
        [cos * a - sin * b - a + np.float32(tint[0]), sin * a + cos * b - b + np.float32(tint[1])],
        axis=-1,
    )
    inside, outside = np.zeros(a.shape, np.float32), np.ones(a.shape, np.float32)
    fits = _fits(lab, step)
    inside[fits] = 1.0
    if not fits.all():
        for _ in range(5):  # the longest step that stays in gamut, to a thirtieth
            middle = (inside + outside) * np.float32(0.5)
            good = _fits(lab, step * middle[..., None])
            inside = np.where(fits, 1.0, np.where(good, middle, inside)).astype(np.float32)
            outside = np.where(good, outside, middle).astype(np.float32)
    lab[..., 1:] += step * inside[..., None]
    return np.where(inside[..., None] > 0, to_rgb(lab), x)


def _fits(lab: Picture, step: Picture) -> NDArray[np.bool_]:
    made = to_rgb(np.concatenate([lab[..., :1], lab[..., 1:] + step], axis=-1))
    fits: NDArray[np.bool_] = np.all((made > -0.01) & (made < 1.01), axis=-1)
    return fits


def toward(
    x: Picture, weight: Picture, distance: float, rng: np.random.Generator
) -> tuple[float, tuple[float, float]]:
    """A turn of hue and a tint that move the weighted mean of a picture by `distance` dE.

    Vivid colors are turned, and what a turn of at most 150 degrees does not give, a tint adds.
    """
    lab = to_lab(x)
    share = weight[..., 0] / max(float(weight.sum()), 1e-6)
    mean_a, mean_b = float((lab[..., 1] * share).sum()), float((lab[..., 2] * share).sum())
    chroma = float(np.hypot(mean_a, mean_b))
    sense = float(rng.choice([-1.0, 1.0]))
    angle = float(rng.uniform(0, 2 * np.pi))
    turn = sense * 2.0 * float(np.arcsin(min(distance / max(2.0 * chroma, 1e-6), np.sin(1.309))))
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [
        mean_a,
        mean_b,
    ]
    moved = turned - [mean_a, mean_b]
    rest = distance - float(np.hypot(*moved))
    if rest < 1e-3:
        return turn, (0.0, 0.0)
    if chroma > 8.0:
        way = moved / max(float(np.hypot(*moved)), 1e-6)
    else:
        way = np.array([np.cos(angle), np.sin(angle)])
        turn, rest = 0.0, distance
    return turn, (float(rest * way[0]), float(rest * way[1]))
