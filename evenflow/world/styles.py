"""Styles: how linear light becomes a picture; one style for each frame.

The tone curve is close to sRGB in the dark and the middle and bends over below white, so that no
highlight clips: light of 1 gives 219 of 255, light of 4 gives 247. It is a quotient of polynomials
of the square root of the light, which needs no power.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from evenflow.world.words import STYLES

GRADES: dict[str, tuple[tuple[float, float, float], float, float, float]] = {
    # gain of red, green, blue; saturation; contrast about the middle; vignette in the corners
    "plain": ((1.015, 1.00, 0.985), 1.26, 1.08, 0.10),
    "toon": ((1.02, 1.01, 0.98), 1.34, 1.05, 0.0),
    "pastel": ((1.02, 1.00, 1.00), 1.40, 0.70, 0.0),
    "night": ((0.70, 0.84, 1.16), 0.62, 1.06, 0.30),
    "foggy": ((0.99, 1.00, 1.02), 0.70, 0.82, 0.05),
    "sepia": ((1.06, 1.06, 1.06), 0.0, 1.16, 0.26),
    "pixel": ((1.01, 1.00, 1.00), 1.30, 1.08, 0.0),
    "paper": ((1.0, 1.0, 1.0), 0.80, 1.0, 0.0),
}
"""What each style does to the colors after the tone curve."""

EXPOSURE = 1.16
"""What the light is multiplied by before the tone curve, except in neutral frames."""

NEUTRAL = ((1.0, 1.0, 1.0), 1.0, 1.0, 0.0)
"""The grade of `lab` and `flat`: what is painted is what is seen."""

LUMA = (0.2126, 0.7152, 0.0722)
CACHE = 48_000
"""Pixels that a processor finishes at once, so that they stay in its cache."""
PIXELS = 32  # rows of the picture in the style `pixel`


def tone(linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Display value in [0, 1) of linear light; increasing, and never 1."""
    s = torch.sqrt(linear.clamp(min=0.0))
    above = s + 0.481973
    above.mul_(s).add_(0.522293).mul_(s)
    below = s + 0.597132
    below.mul_(s).add_(0.188582).mul_(s).add_(0.543551)
    return above.div_(below)


@lru_cache(maxsize=16)
def _vignette(height: int, width: int, amount: float, device: torch.device) -> Tensor:
    """Falloff toward the corners, 1 in the middle."""
    y = (np.arange(height) + 0.5) / height * 2 - 1
    x = (np.arange(width) + 0.5) / width * 2 - 1
    r2 = (x[None, :] ** 2 + y[:, None] ** 2) / 2
    return torch.from_numpy(np.asarray(1 - amount * r2**1.5, np.float32)).to(device)


@lru_cache(maxsize=4)
def _grain(height: int, width: int) -> NDArray[np.float32]:
    """Fibers and grain of paper, about 1."""
    rng = np.random.default_rng([height, width, 7])
    fine = rng.standard_normal((height, width))
    fibers = sum(np.roll(fine, (i // 3, i), (0, 1)) for i in range(4)) / 4**0.5
    broad = np.kron(rng.standard_normal((height // 16 + 1, width // 16 + 1)), np.ones((16, 16)))
    return np.asarray(
        1 + 0.008 * fine + 0.010 * fibers + 0.006 * broad[:height, :width], np.float32
    )


def finish(
    linear: Float[Tensor, "b 3 h w"],
    depth: Float[Tensor, "b h w"] | None,
    instance: Int[Tensor, "b h w"] | None,
    style: Sequence[int],
    seed: Sequence[int] | None = None,
    *,
    neutral: Sequence[bool] | None = None,
) -> UInt8[Tensor, "b h w 3"]:
    """Pictures from linear light.

    Args:
        linear: radiance, 0 and up.
        depth: z-depth, for fog and outlines; may be missing if all styles are plain.
        instance: who is seen, for outlines; likewise.
        style: row of STYLES of every frame.
        seed: of every frame; no style needs it yet, because what flickers would be a defect.
        neutral: frames that keep the colors of the tone curve (`lab`, `flat`).
    """
    num = linear.shape[0]
    plain = [STYLES.index("plain")] * num
    looks = [
        (int(one), bool(neutral[i]) if neutral is not None else False)
        for i, one in enumerate(style if len(style) else plain)
    ]
    kinds = sorted(set(looks))
    out = torch.empty(num, *linear.shape[2:], 3, dtype=torch.uint8, device=linear.device)
    if len(kinds) == 1:
        pixels = linear.shape[2] * linear.shape[3]
        step = max(1, CACHE // pixels) if linear.device.type == "cpu" else num
        for low in range(0, num, step):
            some = slice(low, low + step)
            out[some] = _develop(
                linear[some],
                None if depth is None else depth[some],
                None if instance is None else instance[some],
                *kinds[0],
            )
        return out
    for kind in kinds:
        at = torch.tensor([i for i, look in enumerate(looks) if look == kind], device=linear.device)
        out[at] = _develop(
            linear[at],
            None if depth is None else depth[at],
            None if instance is None else instance[at],
            *kind,
        )
    return out


def _develop(
    linear: Tensor, depth: Tensor | None, instance: Tensor | None, style: int, neutral: bool
) -> Tensor:
    """Pictures of one style."""
    name = STYLES[style]
    if name == "foggy" and depth is not None:
        far = depth.clamp(min=0.0, max=60.0)
        left = 1.0 / (1.0 + 0.005 * far * far)
        mean = functional.avg_pool2d(linear, linear.shape[2:])  # one order of sums for all batches
        air = 0.35 * mean + 0.65 * mean.mean(dim=1, keepdim=True) + 0.16
        linear = torch.lerp(air, linear, left[:, None])
    if name == "night":
        linear = linear * 0.26
    if name == "pixel":
        linear = _blocks(linear)
    if name == "toon":
        linear = _bands(linear)
    color = tone(linear if neutral else linear * EXPOSURE)
    gains, saturation, contrast, vignette = NEUTRAL if neutral else GRADES[name]
    if name == "pixel":
        color = torch.round(color * 11.0) * (1.0 / 11.0)
    if saturation != 1.0:
        gray = color[:, 0:1] * LUMA[0] + color[:, 1:2] * LUMA[1] + color[:, 2:3] * LUMA[2]
        if saturation > 1.0:  # pale colors gain most, so that none leaves the range
            chroma = color.amax(1, keepdim=True).sub_(color.amin(1, keepdim=True))
            more = chroma.neg_().add_(1.0).mul_(saturation - 1.0)
            color = color.add_((color - gray).mul_(more))
        else:
            color = color.mul_(saturation).add_(gray.mul_(1.0 - saturation))
    if name == "sepia":
        gray = color[:, :1]
        color = torch.cat([
            gray * (1.16 - 0.17 * gray), gray * (0.93 + 0.01 * gray), gray * (0.66 + 0.13 * gray),
        ], dim=1)  # fmt: skip
    if gains != (1.0, 1.0, 1.0):
        color = color.mul_(torch.tensor(gains, device=color.device)[:, None, None])
    if contrast > 1.0:  # an S whose ends stay where they are
        bend = (color - 0.5).mul_(color).mul_(1.0 - color)
        color = color.add_(bend.mul_(4.0 * (contrast - 1.0)))
    elif contrast < 1.0:
        middle = {"pastel": 0.90, "foggy": 0.72, "paper": 0.8}.get(name, 0.5)
        color = color.mul_(contrast).add_(middle - middle * contrast)
    height, width = color.shape[2:]
    if vignette:
        color = color.mul_(_vignette(height, width, vignette, color.device))
    if name == "paper":
        grain = torch.from_numpy(_grain(height, width)).to(color.device)
        color = torch.lerp(torch.tensor([0.96, 0.93, 0.86], device=color.device)[:, None, None],
                           color, 0.86) * grain  # fmt: skip
    if name in ("toon", "paper") and instance is not None:
        line = _outlines(instance, depth, 0.85 if name == "toon" else 0.5)
        ink = torch.tensor([0.10, 0.09, 0.12], device=color.device)[:, None, None]
        color = torch.lerp(color, ink, line[:, None])
    if not neutral:
        over = (color - 0.9).clamp_(min=0.0)  # bends over: a color that is full keeps its shape
        color = color.sub_((over * over).div_(over.add_(0.1)))
        color = color.mul_(0.985).add_(0.012)
    levels = color.mul_(255.0).add_(0.5).clamp_(0.0, 255.0).to(torch.uint8)
    return torch.stack([levels[:, 0], levels[:, 1], levels[:, 2]], dim=-1)


def _blocks(linear: Tensor) -> Tensor:
    """Means of square blocks, as large as they were."""
    height, width = linear.shape[2:]
    side = max(1, height // PIXELS)
    small = functional.avg_pool2d(linear, side, ceil_mode=True)
    large = small.repeat_interleave(side, 2).repeat_interleave(side, 3)
    return large[:, :, :height, :width].contiguous()


def _bands(linear: Tensor) -> Tensor:
    """Brightness in a few flat steps with soft seams; the hue stays."""
    value = linear.amax(dim=1, keepdim=True).clamp(min=1e-4)
    level = torch.sqrt(value) * 5.0
    low = torch.floor(level)
    part = ((level - low - 0.5) * 7.0 + 0.5).clamp(0.0, 1.0)
    flat = (low + part + 0.15) * 0.2
    return linear * (flat * flat / value)


def _outlines(instance: Tensor, depth: Tensor | None, strength: float) -> Tensor:
    """Dark pixels where somebody else, or something much farther, begins: (b, h, w)."""
    ids = instance.to(torch.int32)
    edge = torch.zeros(ids.shape, dtype=torch.bool, device=ids.device)
    for near, other in (
        ((..., slice(None, -1)), (..., slice(1, None))),
        ((..., slice(None, -1), slice(None)), (..., slice(1, None), slice(None))),
    ):
        a, b = ids[near], ids[other]
        line = a != b
        if depth is not None:  # parts of one body, or scenery, one before the other
            farther = (depth[other] - depth[near]).abs() > 0.25 * depth[near]
            line = line | (farther & (a != 0))
        edge[near] |= line
    return edge.to(torch.float32) * strength
