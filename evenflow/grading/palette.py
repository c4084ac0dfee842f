"""Palette: a parser without weights: colors of the world under its light, as a table.

A pixel's posterior over the eight hues of `lab` and the background comes from a table of 32 x 32 x
32 bins that is worked out from the palette (`words.COLORS`), the light of the world and its tone
curve; the posterior's logarithm is averaged over 3 x 3 pixels, the best class wins, and what hangs
together is a body. It knows plain things on neutral ground and nothing else: no kinds, no patterns,
no white, gray, black or brown. The net's colors are checked against it.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.grading.bodies import FLAT_KIND, FLAT_PATTERN, Body, lab_of
from evenflow.grading.scenes import TINTS
from evenflow.world.words import COLORS, HUES

F = NDArray[np.float32]
BINS = 32
LEAST = 20
"""Pixels of the smallest body."""
SHARE = 0.12
"""Of the largest body of its color that a body must have."""
FLOOR = 1e-4
"""Probability of what was never counted."""


def _tone(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """The tone curve of `world/styles.py`, in numpy."""
    s = np.sqrt(np.maximum(linear, 0.0))
    above = ((s + 0.481973) * s + 0.522293) * s
    below = ((s + 0.597132) * s + 0.188582) * s + 0.543551
    return np.asarray(above / below)


def _decode(rgb: tuple[int, int, int]) -> NDArray[np.float64]:
    v = np.array(rgb) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


@lru_cache(maxsize=1)
def table() -> F:
    """Log posteriors `(32, 32, 32, 9)` of HUES and the background, by red, green, blue.

    Light is drawn as the world has it: a key that a surface faces or not, a sky a little cooler, a
    highlight of the light's own color now and then; near a border a pixel is partly ground.
    """
    rng = np.random.default_rng(0x7AB1E)
    count = np.zeros((len(HUES) + 1, BINS, BINS, BINS))
    num = 60_000

    def light() -> NDArray[np.float64]:
        key = rng.uniform(0, 0.8, (num, 1)) * (1 + rng.normal(0, 1, (num, 1)) * [0.03, 0, -0.04])
        fill = rng.uniform(0.12, 0.5, (num, 1)) * (
            1 + rng.normal(0, 1, (num, 1)) * [-0.03, 0, 0.04]
        )
        return key + fill

    def put(row: int, linear: NDArray[np.float64], weight: float) -> None:
        at = np.clip((_tone(linear) * BINS).astype(int), 0, BINS - 1)
        np.add.at(count[row], (at[:, 0], at[:, 1], at[:, 2]), weight / num)

    def ground() -> NDArray[np.float64]:
        gray = rng.uniform(0.03, 0.95, (num, 1)) * (1 + rng.normal(0, 0.03, (num, 3)))
        return gray * light()

    for row, name in enumerate(HUES):
        paint = _decode(COLORS[name]) * light()
        shine = np.maximum(rng.normal(-0.02, 0.05, (num, 1)), 0)
        put(row, paint + shine, 0.75)
        share = rng.uniform(0.5, 1.0, (num, 1))
        put(row, (paint + shine) * share + (1 - share) * ground(), 0.25)
    put(len(HUES), ground(), 3.0)
    for row in range(len(count)):
        count[row] = _blurred(count[row], 0.8)
    posterior = (count + FLOOR * 1e-3) / (count + FLOOR * 1e-3).sum(0)
    posterior = np.maximum(posterior, FLOOR)
    return np.asarray(np.log(posterior / posterior.sum(0)).transpose(1, 2, 3, 0), np.float32)


def _blurred(cube: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(cube, sigma, mode="nearest"))


def balance(pictures: NDArray[np.uint8]) -> F:
    """Gains of red, green and blue `(3,)` that make the ground's median neutral.

    The ground is taken to be most of the lower two thirds of the frames; gains that would go beyond
    a quarter are no cast but paint, and are left alone.
    """
    low = pictures[:, pictures.shape[1] // 3 :: 2, ::2].reshape(-1, 3)
    median = np.maximum(np.median(low, axis=0).astype(np.float64), 1.0)
    gains = median.mean() / median
    if gains.max() > 1.3 or gains.min() < 0.77:
        return np.ones(3, np.float32)
    return np.asarray(gains, np.float32)


def classes(picture: NDArray[np.uint8], gains: F | None = None) -> F:
    """Log posteriors of HUES and the background, mean over 3 x 3 pixels, `(h, w, 9)`."""
    if gains is not None:
        picture = np.clip(picture * gains, 0, 255).astype(np.uint8)
    at = picture >> 3
    flat = table()[at[..., 0], at[..., 1], at[..., 2]]
    return np.asarray(cv2.blur(flat, (3, 3), borderType=cv2.BORDER_REPLICATE), np.float32)


def parse(picture: NDArray[np.uint8], gains: F | None = None) -> list[Body]:
    """The bodies of one frame, largest first.

    Args:
        picture: uint8 sRGB `(h, w, 3)`.
        gains: of `balance`.
    """
    logs = classes(picture, gains)
    best = logs.argmax(-1)
    lab = lab_of(picture)
    found: list[Body] = []
    for row in range(len(HUES)):
        mask = (best == row).astype(np.uint8)
        if mask.sum() < LEAST:
            continue
        num, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        largest = max(int(stats[i, cv2.CC_STAT_AREA]) for i in range(1, num))
        for i in range(1, num):
            x, y, w, h, area = (int(v) for v in stats[i])
            if area < max(LEAST, SHARE * largest):
                continue
            inside = labels[y : y + h, x : x + w] == i
            found.append(_body(inside, (x, y), logs, lab))
    return sorted(found, key=lambda body: -body.area)


def _body(inside: NDArray[np.bool_], corner: tuple[int, int], logs: F, lab: F) -> Body:
    x, y = corner
    h, w = inside.shape
    rows, columns = np.nonzero(inside)
    center = np.array([columns.mean() + x + 0.5, rows.mean() + y + 0.5], np.float32)
    mean = logs[y : y + h, x : x + w][inside].mean(0)
    color = np.full(len(TINTS), np.log(FLOOR), np.float32)
    for k, name in enumerate(HUES):
        color[TINTS.index(name)] = mean[k]
    color -= np.log(np.exp(color).sum())
    return Body(
        box=(x, y, x + w, y + h), mask=inside, center=center, middle=center, area=float(len(rows)),
        color=color, second=np.zeros_like(color) - np.float32(np.log(len(color))),
        pattern=FLAT_PATTERN, kind=FLAT_KIND, lab=lab[y : y + h, x : x + w][inside].mean(0),
        soles=np.zeros((0, 2), np.float32),
    )  # fmt: skip
