"""Contact sheets: rows of frames at native size, and pictures of depth, ids, flow and the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from evenflow.world.truth import Truth

U8 = NDArray[np.uint8]

PAPER = (250, 249, 246)
INK = (58, 56, 60)

VIEWS = (
    "depth", "instance", "part", "forward_flow", "backward_flow", "forward_occlusion",
    "backward_occlusion", "normals", "shadow", "albedo", "coordinates",
)  # fmt: skip
"""What `truth_view` can show."""


def _array(values: Any) -> NDArray[Any]:
    """A tensor or an array as an array on the processor."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values)


def sheet(
    rows: Sequence[Any],
    *,
    captions: Sequence[str] | None = None,
    gap: int = 4,
    columns: int = 1,
) -> Image.Image:
    """Rows of frames on one picture, each frame at its own size.

    Args:
        rows: each `(t, h, w, 3)` uint8 (an array or a tensor), or a list of `(h, w, 3)` frames.
        captions: one line of text under every row; too long ones are cut with an ellipsis.
        gap: pixels between frames and around them.
        columns: how many rows stand beside each other.

    Raises:
        ValueError: no rows, an empty row, or not one caption for each row.
    """
    if not rows:
        raise ValueError("a sheet shows rows of frames, got none: give it at least one")
    if captions is not None and len(captions) != len(rows):
        raise ValueError(
            f"{len(rows)} rows have {len(captions)} captions: give one for each, or none at all"
        )
    strips = [[_array(frame) for frame in row] for row in rows]
    for number, strip in enumerate(strips):
        if not strip:
            raise ValueError(f"row {number} of the sheet has no frames: leave it out")
        if any(frame.ndim != 3 or frame.shape[-1] != 3 for frame in strip):
            raise ValueError(
                f"row {number} has a frame of shape {strip[0].shape}: frames are (h, w, 3) uint8"
            )
    text = 0 if captions is None else 14
    wide = max(sum(frame.shape[1] + gap for frame in strip) for strip in strips)
    lines = [strips[i : i + columns] for i in range(0, len(strips), columns)]
    tall = [max(frame.shape[0] for strip in line for frame in strip) + text + gap for line in lines]
    between = 0 if columns == 1 else 2 * gap
    width = columns * wide + gap + (columns - 1) * between
    picture = Image.new("RGB", (width, gap + sum(tall)), PAPER)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(10)
    top = gap
    for number, line in enumerate(lines):
        for column, strip in enumerate(line):
            left = start = gap + column * (wide + between)
            for frame in strip:
                picture.paste(Image.fromarray(np.ascontiguousarray(frame, np.uint8)), (left, top))
                left += frame.shape[1] + gap
            if captions is not None:
                words = _fitting(captions[number * columns + column], font, left - start - gap)
                below = top + max(frame.shape[0] for frame in strip) + 1
                draw.text((start, below), words, fill=INK, font=font)
        top += tall[number]
    return picture


def _fitting(words: str, font: Any, width: float) -> str:
    """As much of a line as is no wider than that."""
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "\u2026") > width:
        words = words[:-1]
    return words.rstrip(" ,;") + "\u2026"


def truth_view(truth: Truth | Mapping[str, Any], name: str) -> U8:
    """A truth as pictures `(t, h, w, 3)`.

    Depth is brighter where it is nearer, ids have colors of their own, flow has its direction as
    hue and its length as strength, occlusion and shadow are light and dark, normals are x, y, z as
    red, green, blue.

    Args:
        truth: what `render` gave, or a mapping with the same names.
        name: one of VIEWS.

    Raises:
        ValueError: another name, or a truth that was not asked for.
    """
    if name not in VIEWS:
        raise ValueError(f"no picture shows {name!r}; there are {', '.join(VIEWS)}")
    values = truth.get(name) if isinstance(truth, Mapping) else getattr(truth, name)
    if values is None:
        raise ValueError(f"the truth holds no {name}: render with truth=({name!r},)")
    data = _array(values)
    if name == "depth":
        return _depth(data)
    if name in ("instance", "part"):
        return ids(data)
    if name.endswith("flow"):
        return flow(data)
    if name.endswith("occlusion"):
        return _gray(data.astype(np.float32))
    if name == "shadow":
        return _gray(1.0 - data)
    if name == "albedo":
        return _gray(np.sqrt(np.clip(data, 0, 1)))
    return _gray(data * 0.5 + 0.5 * (np.abs(data).sum(-1, keepdims=True) > 0))


def _gray(values: NDArray[Any]) -> U8:
    """[0, 1] to bytes, with three channels."""
    out = np.clip(values * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return out if out.shape[-1] == 3 and out.ndim == 4 else np.repeat(out[..., None], 3, axis=-1)


def _depth(depth: NDArray[Any]) -> U8:
    """Inverse depth between the farthest and the nearest of the clip; the sky is black."""
    seen = np.isfinite(depth) & (depth > 0)
    inverse = np.where(seen, 1.0 / np.where(seen, depth, 1.0), 0.0)
    near = np.quantile(inverse[seen], 0.999) if seen.any() else 1.0
    return _gray(np.clip(inverse / max(float(near), 1e-6), 0, 1) ** 0.8)


def ids(numbers: NDArray[Any]) -> U8:
    """A color for every id, far from those of its neighbors; 0 and below are near black."""
    n = numbers.astype(np.int64)
    hue = (n * 0.61803398875) % 1.0
    light = np.where(n % 3 == 0, 0.95, np.where(n % 3 == 1, 0.80, 0.62))
    strong = np.where(n % 2 == 0, 0.55, 0.80)
    color = _hsv(hue, strong, light)
    color[n <= 0] = (16, 16, 20)
    return color


def flow(vectors: NDArray[Any], longest: float | None = None) -> U8:
    """Direction as hue, length as strength on white: `(..., 2)` to `(..., 3)`.

    Args:
        longest: pixels that are full strength; by default the 99th percentile, at least 1.
    """
    dx, dy = vectors[..., 0], vectors[..., 1]
    length = np.hypot(dx, dy)
    full = longest or max(1.0, float(np.quantile(length, 0.99)))
    return _hsv(
        np.arctan2(dy, dx) / (2 * np.pi) % 1.0, np.clip(length / full, 0, 1), np.ones_like(dx)
    )


def _hsv(hue: NDArray[Any], strong: NDArray[Any], light: NDArray[Any]) -> U8:
    """HSV in [0, 1] to bytes."""
    phase = np.stack([(hue + shift) % 1.0 for shift in (0.0, 2 / 3, 1 / 3)], axis=-1)
    wave = np.clip(np.abs(phase * 6.0 - 3.0) - 1.0, 0.0, 1.0)
    rgb = light[..., None] * (1.0 - strong[..., None] * (1.0 - wave))
    return np.clip(rgb * 255.0 + 0.5, 0, 255).astype(np.uint8)
