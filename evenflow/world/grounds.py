"""Grounds: procedural textures with mips toward their mean, one set of small atlases for a batch.

The fields of a kind of ground are made once and kept; a place only colors them. All levels of a
place lie in one list of texels, so that a pixel costs two bilinear fetches whatever its ground is.
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

from evenflow.world.spec import Place

SIZE = 256
LEVELS = 9  # 256 ... 1
REPEATS = 8  # repeats of the pattern, as `Place.scale` means them, over a texture
VARIETIES = 4  # of each kind of ground; a place's seed chooses
SHORE = 17.0
"""World units from the origin to the water where the background is the sea."""

BLOCK = 24_576
"""Pixels that a processor paints at once, so that they stay in its cache."""

_OFFSETS = np.cumsum([0] + [(SIZE >> i) ** 2 for i in range(LEVELS)])
SEA = (38, 108, 140)
"""Its own color, sRGB before light, under what it mirrors."""

F = NDArray[np.float32]

SPANS = {
    "plain": 1.5, "checker": 1.0, "planks": 0.75, "tiles": 0.7, "grass": 1.0, "sand": 1.2,
    "snow": 1.6, "asphalt": 0.7, "water": 2.2, "carpet": 0.6,
}  # fmt: skip
"""World units of one repeat at `Place.scale` 1."""

FAR = {"none": 0.0, "room": 0.0}
"""How much of a ground's far color is the background's; 1 for those not named."""


@dataclass(frozen=True)
class Grounds:
    """Textures of some places.

    Args:
        texels: share of the first and of the second color, in all levels of every kind of ground
            that occurs, `(2, kinds * texels)`.
        kind: number of the kind of every place, int32 `(places,)`.
        colors: the two colors of every place, linear RGB, `(6, places)`.
        far: linear RGB that the ground turns into toward the horizon, and how much, `(4, places)`.
        frequency: textures per world unit, `(places,)`.
        shore: distance of the sea, `(places,)`; 1e9 where there is none.
        wet: 1 where the ground is water, `(places,)`.
        water: whether any place has water, its ground's or the sea's.
    """

    texels: Float[Tensor, "2 n"]
    kind: Int[Tensor, " p"]
    colors: Float[Tensor, "6 p"]
    far: Float[Tensor, "4 p"]
    frequency: Float[Tensor, " p"]
    shore: Float[Tensor, " p"]
    wet: Float[Tensor, " p"]
    water: bool


def linear(srgb: Sequence[Any] | NDArray[Any]) -> F:
    """Linear RGB in [0, 1] of sRGB in [0, 255]."""
    c = np.asarray(srgb, dtype=np.float64) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def ring(values: NDArray[Any], size: int) -> F:
    """Smooth interpolation of a ring of values, the last axis, at `size` points."""
    low, high, f = _steps(values.shape[-1], size)
    return np.asarray(values[..., low] * (1 - f) + values[..., high] * f, np.float32)


@lru_cache(maxsize=64)
def _steps(cells: int, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp], F]:
    """Between which of `cells` values each of `size` points lies, and how far, smoothly."""
    at = (np.arange(size) + 0.5) / size * cells - 0.5
    low = np.floor(at).astype(np.intp)
    f = at - low
    return low % cells, (low + 1) % cells, np.asarray(f * f * (3 - 2 * f), np.float32)


def noise(rng: np.random.Generator, cells: int, size: int = SIZE, cells_x: int = 0) -> F:
    """Smooth noise in [-1, 1] that tiles, `cells` bumps along each side."""
    grid = rng.uniform(-1, 1, (cells, cells_x or cells)).astype(np.float32)
    return ring(ring(grid, size).T, size).T


def _fractal(rng: np.random.Generator, cells: int, octaves: int, decay: float = 0.55) -> F:
    """Sum of octaves of noise, scaled to a standard deviation of 1."""
    out = np.zeros((SIZE, SIZE), np.float32)
    for i in range(octaves):
        out += decay**i * noise(rng, min(cells << i, SIZE))
    return np.asarray((out - out.mean()) / out.std(), np.float32)


def _lines(positions: F, at: F, half: float) -> F:
    """Coverage of lines across a ring of SIZE texels; `half` in texels."""
    away = np.abs(at[:, None] - positions[None, :])
    away = np.minimum(away, SIZE - away).min(axis=1)
    return np.clip(half + 0.5 - away, 0, 1).astype(np.float32)


@lru_cache(maxsize=128)
def _fields(ground: str, variety: int) -> tuple[NDArray, NDArray]:
    """(mix, gain) of a ground: share of the second color in [0, 1] and brightness about 1."""
    rng = np.random.default_rng([variety, sum(map(ord, ground))])
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) + 0.5
    cell = SIZE / REPEATS
    one = np.ones((SIZE, SIZE), np.float32)
    fine = rng.standard_normal((SIZE, SIZE)).astype(np.float32)
    broad = _fractal(rng, 2, 3)
    if ground == "plain":
        return np.clip(0.35 + 0.12 * broad, 0, 1), one + 0.012 * fine + 0.012 * broad
    if ground == "checker":
        odd = (np.floor(x / cell) + np.floor(y / cell)) % 2
        seam = np.minimum(
            np.minimum(x % cell, cell - x % cell), np.minimum(y % cell, cell - y % cell)
        )
        tone = rng.uniform(-1, 1, (REPEATS, REPEATS)).astype(np.float32).repeat(32, 0).repeat(32, 1)
        return odd, one + 0.02 * tone + 0.02 * broad - 0.06 * (seam < 0.8)
    if ground == "tiles":
        half = cell / 2
        grid = rng.uniform(-1, 1, (2 * REPEATS, 2 * REPEATS)).astype(np.float32)
        tone = grid.repeat(SIZE // 16, 0).repeat(SIZE // 16, 1)
        seam = np.minimum(
            np.minimum(x % half, half - x % half), np.minimum(y % half, half - y % half)
        )
        joint = np.clip(1.5 - seam, 0, 1)
        accent = (grid > 0.72).astype(np.float32).repeat(SIZE // 16, 0).repeat(SIZE // 16, 1)
        return np.maximum(joint, 0.45 * accent), one + 0.06 * tone + 0.02 * broad
    if ground == "planks":
        rows = 2 * REPEATS
        board = np.floor(y / (SIZE / rows)).astype(int)
        cut = rng.uniform(0, SIZE, rows).astype(np.float32)
        from_cut = (x - cut[board]) % SIZE
        half_board = (from_cut > SIZE / 2).astype(int)
        tone = rng.uniform(-1, 1, (rows, 2)).astype(np.float32)[board, half_board]
        seam_y = np.minimum(y % (SIZE / rows), SIZE / rows - y % (SIZE / rows))
        seam_x = np.minimum(np.minimum(from_cut, SIZE - from_cut), np.abs(from_cut - SIZE / 2))
        gap = np.maximum(np.clip(1.1 - seam_y, 0, 1), np.clip(1.0 - seam_x, 0, 1))
        grain = noise(rng, 128, cells_x=8) + 0.6 * noise(rng, SIZE, cells_x=16)
        mix = np.clip(0.45 + 0.40 * tone + 0.16 * grain, 0, 1)
        return mix, (one + 0.05 * grain) * (1 - 0.62 * gap)
    if ground == "grass":
        blades = np.zeros((SIZE, SIZE), np.float32)
        tufts = _fractal(rng, 16, 3)
        for lag in range(4):  # short strokes that lean
            blades += np.roll(fine, (lag, lag // 2), (0, 1)) * 0.5
        mix = np.clip(0.45 + 0.17 * broad + 0.14 * tufts + 0.10 * blades, 0, 1)
        return mix, np.clip(one + 0.075 * blades + 0.06 * tufts + 0.05 * broad, 0.55, 1.5)
    if ground == "sand":
        warp = 5.0 * noise(rng, 4) + 2.5 * noise(rng, 9)
        ripple = np.sin(2 * np.pi * (y + warp) / 12.8) * (0.5 + 0.5 * noise(rng, 5))
        mix = np.clip(0.4 + 0.15 * broad + 0.12 * ripple, 0, 1)
        return mix, one + 0.045 * ripple + 0.03 * fine + 0.025 * broad
    if ground == "snow":
        drift = _fractal(rng, 3, 4, 0.5)
        mix = np.clip(0.35 - 0.22 * drift, 0, 1)
        return mix, one + 0.025 * drift + 0.014 * fine
    if ground == "asphalt":
        patches = np.clip(_fractal(rng, 5, 2), -1, 1)
        pebble = np.where(fine > 1.7, 0.22, 0.0) - np.where(fine < -1.9, 0.14, 0.0)
        mix = np.clip(0.35 + 0.16 * broad + 0.16 * patches, 0, 1)
        return mix, (one + 0.05 * fine + pebble + 0.03 * broad).astype(np.float32)
    if ground == "water":
        swell = noise(rng, 10, cells_x=5) + 0.7 * noise(rng, 22, cells_x=11)
        swell = swell + 0.5 * noise(rng, 48, cells_x=26)
        return np.clip(0.4 + 0.25 * swell, 0, 1), one + 0.10 * swell
    # carpet: rings in squares with a woven thread
    cx, cy = np.abs(x % (2 * cell) - cell) / cell, np.abs(y % (2 * cell) - cell) / cell
    diamond = cx + cy
    band = ((diamond > 0.55) & (diamond < 0.72)) | (diamond < 0.22) | (np.maximum(cx, cy) > 0.94)
    weave = np.where((x.astype(int) + y.astype(int)) % 2 == 0, 1.0, -1.0)
    return band * 0.85 + 0.05, one + 0.035 * weave + 0.03 * fine + 0.02 * broad


@lru_cache(maxsize=128)
def _pyramid(ground: str, variety: int) -> F:
    """Weights of the first and the second color, for all levels: (2, texels)."""
    mix, gain = _fields(ground, variety)
    level = np.stack([(1 - mix) * gain, mix * gain]).astype(np.float32)
    out = [level.reshape(2, -1)]
    while level.shape[1] > 1:
        half = level.shape[1] // 2
        level = level.reshape(2, half, 2, half, 2).mean((2, 4), dtype=np.float32)
        out.append(level.reshape(2, -1))
    return np.concatenate(out, axis=1)


FAR_COLORS = {
    "hills": (126, 152, 96), "forest": (88, 116, 76), "city": (128, 130, 136),
    "mountains": (122, 136, 122), "sea": (72, 120, 150), "desert": (204, 170, 124),
}  # fmt: skip
"""What lies at the foot of a background, sRGB before light."""


def textures(places: Sequence[Place], device: torch.device | str = "cpu") -> Grounds:
    """Textures of these places, ready to be looked up by their number."""
    far, frequency, shore, wet, paints, number = [], [], [], [], [], []
    kinds: dict[tuple[str, int], int] = {}
    for place in places:
        key = (place.ground, place.seed % VARIETIES)
        number.append(kinds.setdefault(key, len(kinds)))
        first, second = _pyramid(*key)
        colors = linear(place.colors)  # (2, 3)
        paints.append(colors.reshape(6))
        middle = first[-1] * colors[0] + second[-1] * colors[1]  # the mean of all
        share = FAR.get(place.background, 0.75)
        if place.background == "sea" or place.ground == "snow":
            share = 0.0
        foot = linear(FAR_COLORS.get(place.background, (128, 128, 128)))
        far.append(np.concatenate([0.5 * foot + 0.5 * middle, [share]]))
        span = REPEATS * place.scale * SPANS[place.ground]
        frequency.append(1.0 / span)
        shore.append(SHORE if place.background == "sea" and place.ground != "water" else 1e9)
        wet.append(1.0 if place.ground == "water" else 0.0)

    def put(values: Any) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float32)).to(device)

    return Grounds(
        put(np.concatenate([_pyramid(*key) for key in kinds], axis=1)),
        torch.tensor(number, dtype=torch.int32, device=device),
        put(np.stack(paints, axis=1)),
        put(np.stack(far, axis=1)),
        put(frequency),
        put(shore),
        put(wet),
        bool(max(wet) > 0 or min(shore) < 1e8),
    )


@lru_cache(maxsize=8)
def _offsets(device: torch.device) -> Tensor:
    """Where each level begins."""
    return torch.tensor(_OFFSETS, dtype=torch.int32, device=device)


def column(table: Tensor, place: Tensor) -> Tensor:
    """Rows of a table for the place of every pixel; one column where there is one place."""
    return table if table.shape[1] == 1 else table.index_select(1, place)


@lru_cache(maxsize=8)
def _sea(device: torch.device) -> Tensor:
    """The color of the sea as a column."""
    return torch.from_numpy(linear(SEA)).to(device)[:, None]


def _fetch(
    texels: Tensor, base: Tensor, level: Tensor, u: Tensor, v: Tensor
) -> tuple[Tensor, Tensor]:
    """Bilinear fetch of both shares from a level that may differ from pixel to pixel."""
    bits = 8 - level
    size = torch.bitwise_left_shift(torch.ones_like(bits), bits)
    start = _offsets(level.device).index_select(0, level) + base
    scale = size.to(torch.float32)
    x, y = u * scale - 0.5, v * scale - 0.5
    x0, y0 = torch.floor(x), torch.floor(y)
    fx, fy = x - x0, y - y0
    mask = size - 1
    ix, iy = x0.to(torch.int32), y0.to(torch.int32)
    jx, jy = (ix + 1) & mask, (iy + 1) & mask
    ix, iy = ix & mask, iy & mask
    upper, lower = start + iy * size, start + jy * size
    a, b, c, d = upper + ix, upper + jx, lower + ix, lower + jx
    first, second = (
        torch.lerp(
            torch.lerp(plane.index_select(0, a), plane.index_select(0, b), fx),
            torch.lerp(plane.index_select(0, c), plane.index_select(0, d), fx),
            fy,
        )
        for plane in texels
    )
    return first, second


def paint(
    grounds: Grounds,
    place: Int[Tensor, " k"],
    x: Float[Tensor, " k"],
    z: Float[Tensor, " k"],
    footprint: Float[Tensor, " k"],
) -> Float[Tensor, "3 k"]:
    """Albedo of the ground at world points (x, z), linear RGB.

    Args:
        grounds: what `textures` made.
        place: number of the place among those that the textures were made of.
        footprint: width of the pixel on the ground in world units. Seen at a grazing angle a
            pixel is longer than wide; the geometric mean of both keeps the picture crisp.
    """
    place = place.to(torch.int32)
    num = len(x)
    if x.device.type != "cpu" or num <= BLOCK:
        return _paint(grounds, place, x, z, footprint)
    out = torch.empty(3, num)
    for low in range(0, num, BLOCK):
        some = slice(low, low + BLOCK)
        out[:, some] = _paint(grounds, place[some], x[some], z[some], footprint[some])
    return out


def _paint(grounds: Grounds, place: Tensor, x: Tensor, z: Tensor, footprint: Tensor) -> Tensor:
    """Some pixels at once."""
    frequency = column(grounds.frequency[None], place)[0]
    u, v = x * frequency, z * frequency
    # A whole texture repeats; what is far away keeps its bits by leaving whole repeats out.
    u, v = u - torch.floor(u), v - torch.floor(v)
    texel = (footprint * frequency * SIZE).clamp(min=1.0)
    level = torch.log2(texel).clamp(max=LEVELS - 1.001)
    low = torch.floor(level)
    part = level - low
    low = low.to(torch.int32)
    kind = column(grounds.kind[None], place)[0]
    base = kind * int(_OFFSETS[-1])
    near = _fetch(grounds.texels, base, low, u, v)
    next_ = _fetch(grounds.texels, base, low + 1, u, v)
    far = column(grounds.far, place)
    away2 = x * x + z * z
    haze = away2 / (away2 + 1600.0) * far[3]  # half of it at 40 units
    one, two = (torch.lerp(a, b, part) for a, b in zip(near, next_, strict=True))
    colors = column(grounds.colors, place)
    rgb = torch.stack([one * colors[i] + two * colors[i + 3] for i in range(3)])
    rgb = torch.lerp(rgb.clamp_(max=0.92), far[:3], haze)
    if grounds.water:
        sea = wetness(grounds, place, x, z) - column(grounds.wet[None], place)[0]
        deep = _sea(rgb.device)
        rgb = rgb + (deep - rgb) * sea.clamp(min=0.0)
    return rgb


def wetness(
    grounds: Grounds,
    place: Int[Tensor, " k"],
    x: Float[Tensor, " k"],
    z: Float[Tensor, " k"],
) -> Float[Tensor, " k"]:
    """Share of water under world points, in [0, 1]: all of a lake, the sea beyond its shore."""
    place = place.to(torch.int32)
    shore = column(grounds.shore[None], place)[0]
    wet = column(grounds.wet[None], place)[0]
    bay = (x * (1.0 / 46.0)) - torch.floor(x * (1.0 / 46.0)) - 0.5
    line = z + bay * (1.0 - 2.0 * bay.abs()) * 14.0
    return torch.maximum(wet, ((line - shore) * 0.8).clamp(0.0, 1.0))
