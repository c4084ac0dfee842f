"""Collapse: the picture loses its structure, as long generated videos do at their end.

The knob is the share of the structure that is lost, in (0, 1].
"""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation
from evenflow.world.defects import lens
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.lens import Picture, developed
from evenflow.world.defects.subjects import shown, subjects

D = NDArray[np.float64]
RAMP_S = 0.4
SHARE = "share of the structure"
LADDERS: dict[str, Ladder] = {
    "mush": ((0.05, 0.12, 0.25, 0.5, 0.9), SHARE),
    "mosaic": ((0.08, 0.16, 0.3, 0.55, 1.0), SHARE),
    "poster": ((0.1, 0.25, 0.5, 0.75, 1.0), SHARE),
    "codec": ((0.15, 0.3, 0.5, 0.66, 0.82), SHARE),
    "merging": ((0.12, 0.25, 0.45, 0.7, 1.0), SHARE),
}
"""Strengths of the variants; the same share of structure is not lost as visibly in all of them."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Lets structure go within 0.4 s and keeps it gone.

    Variants: `mush` is flat, oversaturated color without edges; `mosaic` ever larger means;
    `poster` few colors; `codec` the blocks of a starved codec; `merging` melts all bodies into one
    lump, shadows and all.

    Raises:
        BadInput: the variant is `merging` and nobody is in the picture.
    """
    animation = staged.animation
    if plan.variant == "merging" and not shown(animation, plan.start, subjects(animation)):
        raise BadInput("nobody is here who could melt: take another variant")
    if plan.magnitude == 0:
        return staged
    count = plan.end - plan.start
    ramp = max(1.0, min(RAMP_S * float(animation.spec.fps), count / 2))
    share = min(1.0, plan.magnitude) * np.minimum(1.0, (np.arange(count) + 1.0) / ramp)
    if plan.variant == "merging":
        return _merging(staged, plan.start, share)
    form = FORMS[plan.variant]
    height = animation.spec.size[1]

    def collapsed(x: Picture, frame: int) -> Picture:
        return form(x, float(share[frame - plan.start]), height)

    return developed(staged, plan.start, plan.end, collapsed)


def _mush(x: Picture, share: float, height: int) -> Picture:
    made = lens.soft(x, max(0.4, 0.07 * share * height))
    gray = made.mean(axis=2, keepdims=True)
    vivid = gray + np.float32(1.0 + 1.6 * share) * (made - gray)
    return np.asarray(vivid + np.float32(0.35 * share) * (vivid - 0.5), np.float32)


def _mosaic(x: Picture, share: float, height: int) -> Picture:
    """Means of blocks that grow, and turn into the mean of all."""
    side = max(2.0, 0.14 * share * height)
    small = cv2.resize(
        x, (max(2, round(x.shape[1] / side)), max(2, round(x.shape[0] / side))),
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    flat = cv2.resize(small, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_NEAREST)
    made = lens.mixed(x, flat, min(1.0, 0.45 + share))
    return lens.mixed(made, np.broadcast_to(x.mean(axis=(0, 1)), x.shape), 0.35 * share)


def _poster(x: Picture, share: float, height: int) -> Picture:
    """Fewer and fewer colors in flat patches."""
    levels = 2.0 + 10.0 * (1.0 - share) ** 1.5
    flat = lens.soft(x, 0.02 * share * height)
    steps = np.floor(np.clip(flat, 0, 1) * levels + 0.5) / levels
    return lens.mixed(x, np.asarray(steps, np.float32), min(1.0, 0.4 + share))


def _codec(x: Picture, share: float, height: int) -> Picture:
    """A codec with ever fewer bits, whose blocks are those of a small picture."""
    quality = max(1, round(26.0 * (1.0 - share) ** 1.6))
    small = max(0.16, 1.0 - 0.84 * share)
    size = (max(16, round(x.shape[1] * small)), max(16, round(x.shape[0] * small)))
    starved = lens.squeezed(cv2.resize(x, size, interpolation=cv2.INTER_AREA), quality)
    return np.asarray(
        cv2.resize(starved, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_NEAREST), np.float32
    )


FORMS: dict[str, Callable[[Picture, float, int], Picture]] = {
    "mush": _mush, "mosaic": _mosaic, "poster": _poster, "codec": _codec,
}  # fmt: skip


def _merging(staged: Staged, start: int, share: D) -> Staged:
    """Parts of all bodies go toward one place, size and color."""
    animation = staged.animation
    parts, span = animation.parts, slice(start, start + len(share))
    rows = np.flatnonzero(np.isin(parts.entity, _near(animation, start)))
    there = parts.present[span][:, rows].astype(np.float64)[..., None]
    weight = there * parts.scale[span][:, rows].prod(axis=-1)[..., None] ** (1 / 3)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)

    def mean(values: NDArray) -> D:
        return np.asarray((values[span][:, rows] * weight).sum(axis=1, keepdims=True) / total)

    m = share[:, None, None]
    arrays = {}
    for name, how in (("position", 0.8), ("color", 0.85), ("second", 0.95)):
        array = getattr(parts, name).copy()
        own = array[span][:, rows]
        array[span, rows] = own + how * m * (mean(getattr(parts, name)) - own)
        arrays[name] = array
    scale = parts.scale.copy()
    own = scale[span][:, rows]
    size = np.cbrt(own.prod(axis=-1, keepdims=True))
    scale[span, rows] = own + 0.8 * m * (1.25 * size - own)
    made = replace(parts, scale=scale, **arrays)
    return replace(staged, animation=replace(animation, parts=made))


def _near(animation: Animation, start: int) -> tuple[int, ...]:
    return shown(animation, start, subjects(animation))
