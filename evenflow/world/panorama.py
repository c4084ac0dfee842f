"""Panoramas: what stands at the horizon, one strip of low frequency for each kind of background.

A strip goes once round and from a little below the horizon to the zenith, finer near the horizon.
It holds land as paint before light, hazier the farther it is, lit windows and stars, and clouds;
`sky.py` lights it. Strips are made once for each kind and variety and shared by all places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from evenflow.world.grounds import column, linear, ring
from evenflow.world.spec import Place

WIDTH, HEIGHT = 1536, 160
LOWEST = -0.06
BEND = 0.35  # the smaller, the more rows lie near the horizon
VARIETIES = 4
CHANNELS = 8
"""Red, green, blue and opacity (both with haze), cover, lights, clouds, brightness of clouds."""

F = NDArray[np.float32]


@dataclass(frozen=True)
class Panorama:
    """Strips of some places.

    Args:
        texels: `(CHANNELS, strips * HEIGHT * (WIDTH + 1))`; the first column stands again last.
        strip: number of the strip of every place, int32 `(p,)`.
        empty: True if no place has anything at its horizon or in its sky.
    """

    texels: Float[Tensor, "c n"]
    strip: Int[Tensor, " p"]
    empty: bool


def _heights() -> F:
    """The sine of the elevation of every row."""
    v = (np.arange(HEIGHT) + 0.5) / HEIGHT
    s = BEND * v * (1 - LOWEST) / (1 - LOWEST + BEND - v * (1 - LOWEST))
    return np.asarray(s * _stretch() + LOWEST, np.float32)


def _stretch() -> float:
    """What makes the last row the zenith."""
    top = 1 - LOWEST
    return float(top / (BEND * top / (top + BEND - top)))


def row_of(height: Tensor) -> Tensor:
    """Where in a strip, in rows, the sine of an elevation lies: the inverse of `_heights`."""
    s = ((height - LOWEST) * (1.0 / _stretch())).clamp(min=0.0)
    top = 1 - LOWEST
    v = s * (top + BEND) / (top * (BEND + s))
    return v * HEIGHT - 0.5


def _profile(rng: np.random.Generator, cells: int, octaves: int, decay: float = 0.5) -> F:
    """Noise in about [-1, 1] round the strip."""
    out = np.zeros(WIDTH, np.float32)
    for i in range(octaves):
        out += decay**i * ring(rng.uniform(-1, 1, cells << i).astype(np.float32), WIDTH)
    return out


def _sheet(rng: np.random.Generator, cells: int, rows: int, octaves: int) -> F:
    """Noise over the strip, `rows` bumps from the bottom to the top: (HEIGHT, WIDTH)."""
    out = np.zeros((HEIGHT, WIDTH), np.float32)
    for i in range(octaves):
        n, m = cells << i, (rows << i) + 2
        at = (np.arange(HEIGHT) + 0.5) / HEIGHT * (m - 2)
        low = np.floor(at).astype(np.intp)
        f = (at - low)[:, None].astype(np.float32)
        f = f * f * (3 - 2 * f)
        grid = rng.uniform(-1, 1, (m, n)).astype(np.float32)
        out += 0.5**i * ring(grid[low] * (1 - f) + grid[low + 1] * f, WIDTH)
    return out


class _Strip:
    """A strip while it is painted, from the farthest layer to the nearest."""

    def __init__(self) -> None:
        self.height = _heights()[:, None]
        self.step = np.gradient(_heights())[:, None]
        self.image = np.zeros((CHANNELS, HEIGHT, WIDTH), np.float32)

    def below(self, profile: NDArray[Any]) -> F:
        """Coverage of everything lower than a profile."""
        return np.asarray(np.clip((profile - self.height) / self.step + 0.5, 0, 1), np.float32)

    def lay(
        self, cover: NDArray, color: NDArray, haze: float | NDArray, lights: NDArray | float = 0.0
    ) -> None:
        """Cover with paint: `color` (3,) or (3, h, w), `haze` the share that the air takes."""
        paint = color if color.ndim == 3 else color[:, None, None]
        keep = 1 - cover
        self.image[:3] = self.image[:3] * keep + paint * (cover * (1 - haze))
        self.image[3] = self.image[3] * keep + cover * (1 - haze)
        self.image[4] = self.image[4] * keep + cover
        self.image[5] = self.image[5] * keep + lights * cover


def _hills(rng: np.random.Generator, strip: _Strip) -> None:
    """Three ranges of meadows and woods, the nearest with hedges and lone trees."""
    for i, (base, rise, haze, color) in enumerate((
        (0.105, 0.030, 0.70, (110, 138, 134)),
        (0.066, 0.026, 0.45, (108, 144, 96)),
        (0.030, 0.022, 0.18, (112, 152, 76)),
    )):  # fmt: skip
        profile = base + rise * _profile(rng, 5 + 3 * i, 4, 0.42)
        woods = _sheet(rng, 24 + 12 * i, 14, 3)
        fields = _sheet(rng, 14 + 6 * i, 26, 1)
        tone = np.where(woods > 0.42, 0.62, 1.0) + 0.10 * np.tanh(6 * fields)
        depth = np.clip((profile - strip.height) / 0.05, 0, 1)
        light = tone * (1.08 - 0.25 * depth)
        strip.lay(strip.below(profile), linear(color)[:, None, None] * light, haze)
        if i:
            _trees(rng, strip, profile - 0.004, 26 * i, (0.006, 0.013), haze, round_share=0.9)
    return


def _trees(
    rng: np.random.Generator,
    strip: _Strip,
    profile: F,
    count: int,
    sizes: tuple[float, float],
    haze: float,
    *,
    round_share: float,
) -> None:
    """Single trees that stand on a profile, each lit from one side."""
    per_radian = WIDTH / (2 * np.pi)
    leaf, needle = linear((78, 122, 58)), linear((52, 92, 66))
    for x in np.sort(rng.integers(0, WIDTH, count)):
        tall = rng.uniform(*sizes)
        leafy = rng.uniform() < round_share
        tone = rng.uniform(0.8, 1.2)
        half = tall * (0.5 if leafy else 0.34)
        reach = max(2, int(np.ceil(half * per_radian)) + 1)
        near = np.arange(x - reach, x + reach + 1) % WIDTH
        offset = (np.arange(-reach, reach + 1) / per_radian / half)[None, :]
        foot = float(profile[x])
        low, high = np.searchsorted(strip.height[:, 0], (foot - 0.3 * tall, foot + 1.15 * tall))
        rows = slice(max(int(low) - 1, 0), int(high) + 1)
        up = (strip.height[rows] - foot) / tall
        if leafy:
            away = np.sqrt(offset**2 + ((up - 0.62) / 0.42) ** 2)
            cover = np.clip((1 - away) * half * per_radian + 0.5, 0, 1)
            color = leaf * tone
        else:
            branch = 0.10 * (np.abs((up * 5) % 1 - 0.5) - 0.25)
            away = (1 - up) * 0.95 + branch - np.abs(offset)
            cover = np.clip(away * half * per_radian + 0.5, 0, 1) * (up > -0.05)
            color = needle * tone
        trunk = np.clip((0.13 - np.abs(offset)) * half * per_radian + 0.5, 0, 1)
        cover = np.maximum(cover, trunk * (up > -0.2) * (up < 0.4)).astype(np.float32)
        light = np.clip(0.95 - 0.38 * offset + 0.22 * (up - 0.5), 0.4, 1.4)
        # Only its own rows and columns are painted.
        part = strip.image[:, rows, near]
        keep = 1 - cover
        part[:3] = part[:3] * keep + color[:, None, None] * light * (cover * (1 - haze))
        part[3] = part[3] * keep + cover * (1 - haze)
        part[4] = part[4] * keep + cover
        part[5] *= keep
        strip.image[:, rows, near] = part


def _forest(rng: np.random.Generator, strip: _Strip) -> None:
    """A far ridge and three rows of trees, the nearest tall."""
    ridge = 0.11 + 0.035 * _profile(rng, 6, 4)
    strip.lay(strip.below(ridge), linear((92, 124, 124)), 0.66)
    for base, sizes, count, haze in (
        (0.045, (0.05, 0.08), 190, 0.52),
        (0.018, (0.07, 0.13), 150, 0.30),
        (-0.010, (0.10, 0.19), 84, 0.10),
    ):
        floor = base + 0.012 * _profile(rng, 9, 3)
        strip.lay(strip.below(floor + 0.02), linear((62, 98, 62)), haze)
        _trees(rng, strip, floor, count, sizes, haze, round_share=0.30)
    low = 0.004 + 0.007 * np.abs(_profile(rng, 90, 2))
    strip.lay(strip.below(low), linear((78, 116, 60)), 0.05)


def _city(rng: np.random.Generator, strip: _Strip) -> None:
    """Two rows of towers in haze and a near street front with windows."""
    per_radian = WIDTH / (2 * np.pi)
    up = strip.height
    for row, (count, low, high, haze) in enumerate((
        (64, 0.08, 0.24, 0.66), (56, 0.06, 0.21, 0.38), (44, 0.035, 0.12, 0.10),
    )):  # fmt: skip
        palette = [(178, 170, 164), (160, 142, 132), (150, 160, 172), (186, 150, 128),
                   (130, 138, 150), (198, 190, 172)]  # fmt: skip
        for _ in range(count):
            left = int(rng.integers(0, WIDTH))
            wide = int(rng.uniform(0.06, 0.15) * per_radian)
            near = (left + np.arange(wide)) % WIDTH
            tall = low + (high - low) * rng.uniform() ** 2
            color = linear(palette[rng.integers(len(palette))]) * rng.uniform(0.75, 1.05)
            x = np.arange(wide)[None, :]
            roof = np.full((1, wide), tall)
            kind = rng.integers(5)
            if kind == 0:  # a step back
                roof = np.where((x > wide * 0.2) & (x < wide * 0.8), tall, tall * 0.8)
            elif kind == 1 and row < 2:  # a mast
                roof = np.where(np.abs(x - wide // 2) < 1, tall + 0.03, tall)
            elif kind == 2 and row == 2:  # a gable
                roof = tall + 0.02 * (1 - np.abs(2 * x / wide - 1))
            cover = np.clip((roof - up) / strip.step + 0.5, 0, 1)
            pitch_y = 0.0125 if row < 2 else 0.0165
            pitch_x = 5 if row < 2 else 6
            cell_y = np.floor((tall - up) / pitch_y).astype(int)
            in_y = (tall - up) / pitch_y - cell_y
            cell_x, in_x = x // pitch_x, (x % pitch_x) / pitch_x
            pane = (in_y > 0.3) & (in_y < 0.85) & (in_x > 0.2) & (in_x < 0.75)
            pane = pane & (x > 1) & (x < wide - 2) & (cell_y >= 0)
            chance = rng.uniform(size=(80, wide // pitch_x + 2))
            draw = chance[
                np.clip(cell_y, 0, 79), np.broadcast_to(cell_x, (*cell_y.shape[:1], wide))
            ]
            dark = np.where(pane, 0.52 + 0.25 * (draw > 0.8), 1.0)
            side = np.where(x < 0.3 * wide, 0.78, 1.0)  # its other side, in shade
            lights = np.where(pane & (draw > 0.55), 0.35 + 0.65 * draw, 0.0) * (1 - 0.6 * haze)
            part = strip.image[:, :, near]
            keep = 1 - cover
            part[:3] = part[:3] * keep + color[:, None, None] * (dark * side * cover * (1 - haze))
            part[3] = part[3] * keep + cover * (1 - haze)
            part[4] = part[4] * keep + cover
            part[5] = part[5] * keep + lights * cover
            strip.image[:, :, near] = part
    strip.lay(
        strip.below(0.006 + 0.004 * np.abs(_profile(rng, 80, 2))), linear((88, 110, 76)), 0.05
    )


def _mountains(rng: np.random.Generator, strip: _Strip) -> None:
    """Two ranges with snow on top, faces in light and in shade, and woods at their feet."""
    columns = np.arange(WIDTH)
    for i, (base, rise, haze, rock) in enumerate((
        (0.075, 0.150, 0.42, (128, 136, 156)), (0.035, 0.115, 0.22, (120, 118, 120)),
    )):  # fmt: skip
        # Peaks: tents of many sizes, the highest of them counts.
        profile = np.full(WIDTH, base, np.float32)
        shade = np.zeros(WIDTH, np.float32)
        for _ in range(26 - 6 * i):
            middle, tall = rng.uniform(0, WIDTH), rise * rng.uniform(0.35, 1.0)
            left, right = rng.uniform(0.7, 1.3, 2) * tall * 1.5 * WIDTH / (2 * np.pi)
            away = (columns - middle + WIDTH / 2) % WIDTH - WIDTH / 2
            tent = base + tall * (1 - np.where(away < 0, -away / left, away / right))
            shade = np.where(tent > profile, np.sign(away), shade)
            profile = np.maximum(profile, tent).astype(np.float32)
        rough = _profile(rng, 40, 5, 0.62)
        profile = profile + (0.07 * rise) * rough
        depth = profile - strip.height
        # Ridges run down from the tops and lean away from them.
        wander = 40 * _sheet(rng, 60, 12, 3)
        lean = columns[None, :] + (depth * 130 * shade[None, :] + wander).astype(int)
        side = shade[lean % WIDTH]
        folds = _profile(rng, 80, 4, 0.65)[(lean + (depth * 300).astype(int)) % WIDTH]
        light = np.where(side < 0, 1.16, 0.66) + 0.20 * np.tanh(2.5 * folds)
        snow_line = base + rise * 0.42 + 0.25 * rise * np.tanh(1.5 * folds) * 0.6
        snow = np.clip((strip.height - snow_line) / 0.010, 0, 1)
        white = linear((240, 244, 250))[:, None, None] * np.clip(light, 0.62, 1.05)
        color = linear(rock)[:, None, None] * light
        strip.lay(strip.below(profile), color * (1 - snow) + white * snow, haze)
    foot = 0.028 + 0.014 * _profile(rng, 12, 4)
    strip.lay(strip.below(foot), linear((72, 98, 80)), 0.28)
    _trees(rng, strip, foot - 0.008, 200, (0.014, 0.026), 0.26, round_share=0.1)
    near = 0.010 + 0.007 * _profile(rng, 14, 4)
    strip.lay(strip.below(near), linear((112, 136, 88)), 0.12)


def _sea(rng: np.random.Generator, strip: _Strip) -> None:
    """Far capes and islands, and a few sails."""
    capes = 0.05 * _profile(rng, 5, 5, 0.5) - 0.012
    strip.lay(strip.below(capes.astype(np.float32)), linear((112, 134, 140)), 0.55)
    isles = 0.032 * _profile(rng, 13, 4, 0.5) - 0.016
    tone = 1 + 0.2 * _sheet(rng, 60, 30, 2)
    strip.lay(
        strip.below(isles.astype(np.float32)), linear((96, 118, 92))[:, None, None] * tone, 0.35
    )
    per_radian = WIDTH / (2 * np.pi)
    up = strip.height
    for _ in range(7):
        x, tall = int(rng.integers(12, WIDTH - 12)), rng.uniform(0.02, 0.045)
        away = (np.arange(-10, 11) / per_radian)[None, :]
        sail = ((1 - up / tall) * 0.45 * tall - away > 0) & (away > -0.002) & (up > 0.006)
        jib = ((1 - up / tall) * 0.3 * tall + away > 0) & (away < -0.004) & (up > 0.006)
        hull = (np.abs(away) < 0.4 * tall) & (up > -0.004) & (up <= 0.005)
        part = strip.image[:, :, x - 10 : x + 11]
        for cover, color in ((sail | jib, (244, 240, 230)), (hull, (120, 64, 52))):
            part[:3] = np.where(cover, linear(color)[:, None, None] * 0.85, part[:3])
            part[3] = np.where(cover, 0.85, part[3])
            part[4] = np.where(cover, 1.0, part[4])


def _desert(rng: np.random.Generator, strip: _Strip) -> None:
    """Table mountains in layers of rock, and dunes."""
    for i, (height, haze, color) in enumerate((
        (0.15, 0.55, (186, 128, 104)), (0.105, 0.28, (190, 112, 74)),
    )):  # fmt: skip
        mass = _profile(rng, 9 + 4 * i, 3, 0.45)
        steep = np.clip((mass - 0.08) * 9, 0, 1) * 0.72 + np.clip((mass + 0.35) * 1.4, 0, 1) * 0.28
        profile = (height * steep * (1 + 0.05 * _profile(rng, 60, 2)) - 0.004).astype(np.float32)
        layers = np.sin(strip.height * 420 + 2.2 * _sheet(rng, 10, 4, 2))
        folds = np.tanh(2.5 * _profile(rng, 80, 3, 0.6))[None, :]
        light = 0.92 + 0.10 * layers + 0.20 * folds
        strip.lay(strip.below(profile), linear(color)[:, None, None] * light, haze)
    for base, rise, haze, color in (
        (0.030, 0.018, 0.25, (222, 174, 118)), (0.012, 0.012, 0.08, (226, 184, 130)),
    ):  # fmt: skip
        ridge = 1 - np.abs(_profile(rng, 9, 2, 0.3))
        profile = (base + rise * (2 * ridge - 1.2)).astype(np.float32)
        slope = np.gradient(profile)
        light = np.where(slope > 0, 1.05, 0.78) + 0.0 * strip.height
        light = light + (0.92 - light) * np.clip((profile - strip.height) / 0.035, 0, 1)
        strip.lay(strip.below(profile), linear(color)[:, None, None] * light, haze)


def _room(rng: np.random.Generator, strip: _Strip) -> None:
    """Walls with a rail, windows, pictures and a door; a pale ceiling."""
    up = strip.height
    x = np.arange(WIDTH)[None, :]
    papers = [((214, 198, 170), (176, 150, 118)), ((176, 196, 196), (120, 146, 150)),
              ((206, 184, 190), (158, 126, 138)), ((190, 202, 170), (138, 152, 116))]  # fmt: skip
    paper, wood = papers[rng.integers(len(papers))]
    wall = linear(paper)[:, None, None] * (1 + 0.035 * np.sign(np.sin(x * (2 * np.pi / 12))))
    wall = wall * (1.04 - 0.25 * np.clip((0.10 - up) / 0.10, 0, 1) ** 2)
    one = np.ones((HEIGHT, WIDTH), np.float32)
    strip.lay(one, linear((236, 232, 224)), 0.0)  # the ceiling
    strip.lay(strip.below(np.full(WIDTH, 0.46, np.float32)), wall, 0.0)
    for low, high, color in ((0.445, 0.47, (240, 236, 228)), (0.10, 0.112, wood),
                             (-0.06, 0.10, tuple(min(255, c + 22) for c in wood)),
                             (-0.06, 0.022, wood)):  # fmt: skip
        band = strip.below(np.full(WIDTH, high, np.float32)) * (1 - strip.below(
            np.full(WIDTH, low, np.float32)))  # fmt: skip
        strip.lay(band, linear(color), 0.0)
    panel = (np.abs((x % 48) - 24) > 21) & (up < 0.096) & (up > 0.026)
    strip.lay(panel.astype(np.float32) * 0.5, linear(wood), 0.0)
    at = int(rng.integers(0, 96))
    for i in range(12):
        near = (at + i * 128 + int(rng.integers(-12, 12)) + np.arange(76)) % WIDTH
        c = np.arange(76)[None, :]
        part = strip.image[:, :, near]
        if i % 3 == 0:  # a window
            frame = (up > 0.15) & (up < 0.40) & (c < 62)
            glass = (up > 0.165) & (up < 0.385) & (c > 3) & (c < 58) & (np.abs(c - 30) > 1)
            glass = glass & (np.abs(up - 0.275) > 0.006)
            view = linear((206, 226, 240))[:, None, None] * (0.8 + 0.9 * (up - 0.15))
            paint = np.where(glass, view, linear((244, 240, 232))[:, None, None])
            lights = np.where(glass, 0.30, 0.0)
        else:  # a picture
            tall = rng.uniform(0.05, 0.09)
            wide = int(rng.integers(16, 34))
            frame = (np.abs(up - 0.26) < tall) & (np.abs(c - 38) < wide)
            inner = (np.abs(up - 0.26) < tall - 0.012) & (np.abs(c - 38) < wide - 3)
            sky, land = rng.integers(90, 230, 3), rng.integers(60, 180, 3)
            line = 0.25 + 0.02 * np.sin(c / 7 + i)
            view = np.where(up > line, linear(sky)[:, None, None], linear(land)[:, None, None])
            paint = np.where(inner, view, linear(wood)[:, None, None] * 0.7)
            lights = np.zeros_like(up + c)
        part[:3] = np.where(frame, paint, part[:3])
        part[5] = np.where(frame, lights, part[5])
        strip.image[:, :, near] = part


PAINTERS = {
    "hills": _hills, "forest": _forest, "city": _city, "mountains": _mountains, "sea": _sea,
    "desert": _desert, "room": _room,
}  # fmt: skip
"""What paints each background; `none` is not painted."""

CLOUDS = {
    "morning": (0.16, 3), "noon": (0.10, 3), "evening": (0.05, 2), "night": (0.30, 2),
    "overcast": (-0.75, 3),
}  # fmt: skip
"""Threshold and octaves of the clouds of a sky; skies not named are clear."""


def _clouds(rng: np.random.Generator, threshold: float, octaves: int) -> tuple[F, F]:
    """Clouds that grow smaller toward the horizon, light on top and gray below: coverage and
    brightness."""
    height = _heights()
    lift = np.clip(height, 0.02, 1)
    # Seen from below a layer of clouds is as far as 1 / height.
    rows = np.clip(1 / (lift + 0.10), 0, 9)
    at = rows / 9 * (HEIGHT - 1)
    field = _sheet(rng, 14, 24, octaves) * 1.1 + 0.35 * _sheet(rng, 5, 6, 1)
    low = np.floor(at).astype(int)
    f = (at - low)[:, None]
    field = field[low] * (1 - f) + field[np.minimum(low + 1, HEIGHT - 1)] * f
    cover = np.clip((field - threshold) * (1.5 if threshold > -0.5 else 0.7), 0, 1)
    cover = cover * cover * (3 - 2 * cover)
    fade = np.clip((height - 0.015) / 0.10, 0, 1)[:, None]
    above = np.roll(cover, -3, axis=0)
    bright = np.clip(0.80 + 0.5 * (cover - above) - 0.16 * cover, 0.45, 1.0)
    cover = 0.8 * cover * fade
    if threshold > -0.5:
        heaps, shine = _heaps(rng, 15 if threshold < 0.25 else 6)
        bright = bright + (shine - bright) * heaps
        cover = cover + (0.95 - cover) * heaps
    return np.asarray(cover, np.float32), np.asarray(bright, np.float32)


def _heaps(rng: np.random.Generator, count: int) -> tuple[F, F]:
    """Heaps of cloud with flat feet, above the horizon: coverage and brightness."""
    height = _heights()
    cover = np.zeros((HEIGHT, WIDTH), np.float32)
    bright = np.full((HEIGHT, WIDTH), 0.8, np.float32)
    rough = 0.016 * _sheet(rng, 110, 40, 2)
    for number in range(count):
        middle = (number + rng.uniform(0.1, 0.9)) / count * WIDTH
        foot = rng.uniform(0.10, 0.36)
        grown = rng.uniform(0.5, 1.0) * (0.05 + 0.30 * foot)
        # Only the rows and columns that it can reach are looked at.
        reach = int(5.0 * grown * WIDTH / (2 * np.pi)) + 4
        near = (int(middle) + np.arange(-reach, reach + 1)) % WIDTH
        low, high = np.searchsorted(height, (foot - 0.05, foot + 1.6 * grown + 0.05))
        up = height[low:high, None]
        x = ((int(middle) + np.arange(-reach, reach + 1) - middle) * (2 * np.pi / WIDTH))[None, :]
        uneven = rough[low:high, near]
        heap = np.full(uneven.shape, -1.0)
        for _ in range(int(rng.integers(5, 9))):
            side = float(np.clip(rng.normal(), -2, 2)) * grown * 1.3
            radius = grown * rng.uniform(0.45, 0.9) * float(np.exp(-((side / grown / 2) ** 2)))
            away = np.hypot((x - side) / 1.35, up - foot - 0.35 * radius)
            heap = np.maximum(heap, radius - away + uneven)
        heap = np.minimum(heap, (up - foot + 0.3 * uneven) * 1.6)
        here = np.clip(heap / 0.012 + 0.5, 0, 1)
        shine = np.clip(0.66 + 0.42 * (up - foot) / grown + 2.0 * uneven, 0.55, 1.06)
        part = bright[low:high, near]
        bright[low:high, near] = part + (shine - part) * here
        cover[low:high, near] = np.maximum(cover[low:high, near], here)
    return cover, bright


def _stars(rng: np.random.Generator, image: F) -> None:
    """Stars all over the sky."""
    rows = np.searchsorted(_heights(), rng.uniform(0.03, 1.0, 420)).clip(max=HEIGHT - 1)
    columns = rng.integers(0, WIDTH, 420)
    image[rows, columns] = 0.25 + 0.75 * rng.uniform(size=420) ** 3


@lru_cache(maxsize=40)
def _land(background: str, variety: int) -> NDArray[np.float16]:
    """The first channels of a strip, without clouds and stars."""
    strip = _Strip()
    if background in PAINTERS:
        PAINTERS[background](np.random.default_rng([variety, len(background), 1]), strip)
    return strip.image[:6].astype(np.float16)


@lru_cache(maxsize=40)
def _above(sky: str, variety: int) -> NDArray[np.float16]:
    """Coverage of clouds, their brightness, and stars: (3, HEIGHT, WIDTH)."""
    image = np.zeros((3, HEIGHT, WIDTH), np.float32)
    rng = np.random.default_rng([variety, len(sky), 2])
    if sky in CLOUDS:
        image[0], image[1] = _clouds(rng, *CLOUDS[sky])
    if sky in ("night", "evening"):
        _stars(rng, image[2])
    return image.astype(np.float16)


@lru_cache(maxsize=12)
def _painted(background: str, sky: str, variety: int) -> F:
    """All channels of a strip: (CHANNELS, HEIGHT * (WIDTH + 1))."""
    out = np.zeros((CHANNELS, HEIGHT, WIDTH + 1), np.float32)
    image = out[:, :, :WIDTH]
    image[:6] = _land(background, variety)
    if background != "room" and sky:
        clouds, bright, stars = _above(sky, variety).astype(np.float32)
        image[6] = clouds * (1 - image[4])
        image[7] = image[6] * bright
        image[5] += stars * (1 - image[4]) * (1 - image[6])
    out[:, :, WIDTH] = out[:, :, 0]
    return out.reshape(CHANNELS, -1)


def build(places: Sequence[Place], device: torch.device | str = "cpu") -> Panorama:
    """Strips of these places, ready to be looked up by their number."""
    keys: dict[tuple[str, str, int], int] = {}
    strip = []
    for place in places:
        sky = place.sky if place.sky in CLOUDS else ""
        plain = not sky and place.background not in PAINTERS
        key = (place.background, sky, 0 if plain else place.seed % VARIETIES)
        strip.append(keys.setdefault(key, len(keys)))
    empty = all(not sky and background not in PAINTERS for background, sky, _ in keys)
    if empty:
        texels = torch.zeros(CHANNELS, 1, device=device)
    else:
        texels = torch.from_numpy(np.concatenate([_painted(*key) for key in keys], axis=1)).to(
            device
        )
    return Panorama(texels, torch.tensor(strip, dtype=torch.int32, device=device), empty)


def fetch(
    panorama: Panorama, place: Int[Tensor, " k"], direction: Float[Tensor, "3 k"]
) -> Float[Tensor, "c k"]:
    """All channels of the strips of places in unit directions of the world."""
    x = torch.atan2(direction[0], direction[2]) * (WIDTH / (2 * np.pi)) + (WIDTH / 2 - 0.5)
    x = torch.where(x < 0, x + WIDTH, x)
    y = row_of(direction[1]).clamp(0.0, HEIGHT - 1.001)
    x0, y0 = x.to(torch.int32).clamp(max=WIDTH - 1), y.to(torch.int32)
    fx, fy = x - x0, y - y0
    strip = column(panorama.strip[None], place.to(torch.int32))[0]
    upper = (strip * HEIGHT + y0) * (WIDTH + 1) + x0
    a, b, c, d = upper, upper + 1, upper + (WIDTH + 1), upper + (WIDTH + 2)
    return torch.stack(
        [
            torch.lerp(
                torch.lerp(plane.index_select(0, a), plane.index_select(0, b), fx),
                torch.lerp(plane.index_select(0, c), plane.index_select(0, d), fx),
                fy,
            )
            for plane in panorama.texels
        ]
    )
