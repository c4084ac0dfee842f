"""Pictures that a clip begins with: read, fitted to the size of the clip, and known or foreign."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput, UnreadableVideo


@dataclass(frozen=True)
class Still:
    """A first frame.

    Args:
        pixels: `(h, w, 3)` uint8, of the size of the clip.
        name: base name, for the record.
        digest: of these pixels.
        warnings: what was done to it.
    """

    pixels: NDArray[np.uint8]
    name: str
    digest: str
    warnings: tuple[str, ...] = ()


def still(image: "Image", size: tuple[int, int]) -> Still:
    """A picture, fitted: scaled until it covers the size, its middle cut out.

    Args:
        image: a file (of a video the first frame), a clip, or `(h, w)`, `(h, w, 3 or 4)` uint8.
        size: width and height.

    Raises:
        BadInput: it cannot be read, or is no picture.
    """
    name = "picture"
    if isinstance(image, np.ndarray):
        array = image
    else:
        if not isinstance(image, Clip):
            from evenflow.io import read

            name = Path(image).name
            if Path(image).is_dir():
                raise BadInput(f"{name} is a folder: --image takes one picture")
            try:
                image = read(image)
            except UnreadableVideo as error:
                raise UnreadableVideo(str(error).replace("video", "picture")) from None
        name = image.info.name
        array = image.frames(0, 1)[0]
    pixels = _rgb(array)
    fitted, cut = fit(pixels, size)
    digest = hashlib.sha256(np.ascontiguousarray(fitted).tobytes()).hexdigest()
    return Still(fitted, name, digest, (f"{name}: {cut}",) if cut else ())


def _rgb(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Three channels of 8 bits; what is transparent lies on gray."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or not array.size:
        raise BadInput(f"a picture is (h, w), (h, w, 3) or (h, w, 4), got {array.shape}")
    if array.dtype == np.uint16:
        array = np.rint(array / 257).astype(np.uint8)
    if array.dtype != np.uint8:
        raise BadInput(f"a picture has 8 or 16 bits a channel, got {array.dtype}")
    if array.shape[2] == 1:
        array = array.repeat(3, axis=2)
    if array.shape[2] == 4:
        alpha = array[..., 3:].astype(np.float32) / 255
        array = np.rint(array[..., :3] * alpha + 128 * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(array, dtype=np.uint8)


def fit(pixels: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.uint8], str]:
    """Pixels that cover the size, and what was cut off, in words; empty where nothing was."""
    from PIL import Image

    height, width = pixels.shape[:2]
    wide, tall = size
    scale = max(wide / width, tall / height)
    keep = (min(width, wide / scale), min(height, tall / scale))
    left, top = (width - keep[0]) / 2, (height - keep[1]) / 2
    if (width, height) == size:
        return pixels, ""
    picture = Image.fromarray(pixels).resize(
        size,
        Image.Resampling.LANCZOS,
        box=(left, top, left + keep[0], top + keep[1]),
        reducing_gap=3.0,
    )
    cut = ""
    if width * tall != height * wide:
        cut = (
            f"{width}x{height} is another aspect than {wide}x{tall}, so its middle "
            f"{round(keep[0])}x{round(keep[1])} is shown"
        )
    return np.asarray(picture, dtype=np.uint8), cut


Image = str | Path | Clip | NDArray[np.uint8]
"""What a picture may be given as."""


SMOOTH = 0.47
"""Least share of places of a picture of the world that lie on a plane of their neighbors."""
GRAIN = 1.0
"""Distance of the middle pixel from the median around it, from which on a picture has grain."""


def foreign(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture is none that the world could draw: it has grain, or is detailed all over.

    The world's pictures are smooth nearly everywhere and have no grain; photographs have either.
    Drawings by hand, which are smooth too, are not told apart. `docs/generate.md` has the shares
    of right answers on pictures that the two limits were not chosen on.
    """
    import cv2

    grain = cv2.absdiff(pixels, cv2.medianBlur(pixels, 3)).max(axis=2)
    if float(np.median(grain)) >= GRAIN:
        return True
    x = pixels.astype(np.int16)
    bends = [np.abs(np.diff(x, 2, axis=axis)).max(axis=2).ravel() for axis in (0, 1)]
    return bool((np.concatenate(bends) <= 2).mean() < SMOOTH)
