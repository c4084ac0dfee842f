"""Identity: the looks of somebody else, made of another part of the clip or drawn from nothing."""

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.hue import recolored, to_lab
from evenflow.continuity.injectors.region import Region
from evenflow.continuity.injectors.survey import Survey

Picture = NDArray[np.float32]

LEAST = 28.0
"""dE that another identity is away at least, mean over the region."""


def another(look: Survey, region: Region, rng: np.random.Generator) -> Picture:
    """Another identity for a region, drawn over `region.box` at the first frame.

    A patch from elsewhere in the clip, mirrored or turned and in other colors, or, one time in
    three, drawn patterns in a palette of its own.
    """
    x0, y0, x1, y1 = region.box
    own = look.first[y0:y1, x0:x1]
    u, v = region.local(look.start, region.box)
    weight = region.share(u, v)[..., None]
    made = _pattern(own, rng) if rng.random() < 1 / 3 else _patch(look, region, rng)
    return _unlike(made, own, weight, rng)


def _patch(look: Survey, region: Region, rng: np.random.Generator) -> Picture:
    """The part of the first or last frame, out of sixteen drawn, that is least like the region."""
    x0, y0, x1, y1 = region.box
    w, h = x1 - x0, y1 - y0
    own = look.first[y0:y1, x0:x1]
    best, most = own[::-1, ::-1], -1.0
    for _ in range(16):
        page = look.last if rng.random() < 0.6 else look.first
        x = int(rng.integers(0, page.shape[1] - w + 1))
        y = int(rng.integers(0, page.shape[0] - h + 1))
        part = page[y : y + h, x : x + w]
        apart = max(abs(x - x0) / w, abs(y - y0) / h)
        gap = float(np.abs(part.mean(axis=(0, 1)) - own.mean(axis=(0, 1))).mean())
        worth = min(apart, 1.0) * (0.05 + float(part.std()) + gap)
        if worth > most:
            best, most = part, worth
    turned = best[:, ::-1] if rng.random() < 0.5 else best[::-1]
    if rng.random() < 0.5:
        turned = cv2.resize(
            np.ascontiguousarray(np.rot90(turned)), (w, h), interpolation=cv2.INTER_LINEAR
        )
    return np.ascontiguousarray(turned.reshape(own.shape))


def _pattern(own: Picture, rng: np.random.Generator) -> Picture:
    """Blotches, stripes or scales in three colors, with the grain of a photographed surface."""
    h, w, c = own.shape
    side = float(np.sqrt(h * w))
    y, x = np.mgrid[:h, :w].astype(np.float32) / np.float32(side)
    form = rng.choice(["blotches", "stripes", "scales"])
    if form == "stripes":
        angle, waves = rng.uniform(0, np.pi), rng.uniform(4, 8)
        field = np.sin(2 * np.pi * waves * (x * np.cos(angle) + y * np.sin(angle)))
        field = field + 0.7 * noise((h, w), side / 4, rng)
    elif form == "scales":
        waves = rng.uniform(4, 7)
        field = np.cos(2 * np.pi * waves * x) * np.cos(2 * np.pi * waves * y)
        field = field + 0.5 * noise((h, w), side / 5, rng)
    else:
        field = 1.2 * noise((h, w), side / 8, rng) + 0.6 * noise((h, w), side / 20, rng)
    palette = rng.uniform(0.1, 0.9, (3, 3)).astype(np.float32)
    if c == 1:
        palette = palette.mean(axis=1, keepdims=True)
    low = np.clip(3.0 * field + 1.2, 0.0, 1.0)[..., None]
    high = np.clip(3.0 * field - 1.2, 0.0, 1.0)[..., None]
    made = palette[0] + low * (palette[1] - palette[0]) + high * (palette[2] - palette[1])
    made = made + 0.05 * noise((h, w), 1.5, rng)[..., None]
    shade = 1.0 + 0.25 * (0.5 - y)[..., None]
    shown: Picture = np.clip(made * shade, 0.0, 1.0).astype(np.float32)
    return shown


def noise(size: tuple[int, int], sigma: float, rng: np.random.Generator) -> Picture:
    """Smooth noise of unit variance."""
    field = cv2.GaussianBlur(rng.standard_normal(size, dtype=np.float32), (0, 0), max(sigma, 0.3))
    made: Picture = field / max(float(field.std()), 1e-6)
    return made


def _unlike(made: Picture, own: Picture, weight: Picture, rng: np.random.Generator) -> Picture:
    """`made` in other colors, and pushed away from `own` until it is `LEAST` dE off."""
    share = weight / max(float(weight.sum()), 1e-6)
    if made.shape[2] == 3:
        mean = (to_lab(made) * share).sum(axis=(0, 1))
        angle = float(rng.uniform(0, 2 * np.pi))
        vivid = 26.0 if np.hypot(mean[1], mean[2]) < 20.0 else 0.0
        made = recolored(
            np.clip(made, 0.0, 1.0),
            turn=float(rng.uniform(0.5, 1.5) * np.pi),
            tint=(vivid * float(np.cos(angle)), vivid * float(np.sin(angle))),
        )
    for _ in range(6):
        if _distance(made, own, share) >= LEAST:
            break
        # lighter on dark, darker on light: the way that is open
        up = float((own * share).sum()) / own.shape[2] < 0.5
        made = made + np.float32(0.25) * ((1.0 - made) if up else -made)
    shown: Picture = np.clip(made, 0.0, 1.0).astype(np.float32)
    return shown


def _distance(a: Picture, b: Picture, share: Picture) -> float:
    if a.shape[2] == 1:
        return 100.0 * float((np.abs(a - b) * share).sum())
    gap = np.sqrt(((to_lab(np.clip(a, 0, 1).astype(np.float32)) - to_lab(b)) ** 2).sum(axis=-1))
    return float((gap[..., None] * share).sum())
