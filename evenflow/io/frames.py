"""Frames as they are stored: planes untouched, converted to RGB only where somebody looks."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ColorTags, Pixels
from evenflow.io.color import from_pixels, to_pixels
from evenflow.io.layouts import PixelLayout, layout_of


@dataclass(frozen=True)
class FrameFormat:
    """How every frame of a file is stored.

    Args:
        pixel_format: FFmpeg's name of the layout of the planes.
        width, height: stored size in pixels, before rotation.
        color: matrix, range, primaries, transfer.
        centered: chroma sits between luma columns (JPEG), not on even ones.
        rotation_deg: clockwise turn that brings the stored picture upright: 0, 90, 180 or 270.
        crop: stored columns and rows that are the picture, from the top left, or None for all.
    """

    pixel_format: str
    width: int
    height: int
    color: ColorTags
    centered: bool = False
    rotation_deg: int = 0
    crop: tuple[int, int] | None = None

    @property
    def layout(self) -> PixelLayout:
        """Planes and depth behind the name."""
        return layout_of(self.pixel_format)

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the picture that `pixels()` gives."""
        width, height = self.crop or (self.width, self.height)
        return (height, width) if self.rotation_deg in (90, 270) else (width, height)


@dataclass(frozen=True)
class NativeFrame:
    """One picture of a file, its planes exactly as the decoder gave them.

    Args:
        index: number of the frame in its source, from 0.
        time: presentation time in seconds.
        format: how the planes are stored; shared by the frames of a file.
        planes: `(rows, columns)` arrays, packed formats `(rows, columns, components)`; read-only.
    """

    index: int
    time: Fraction
    format: FrameFormat
    planes: tuple[NDArray, ...] = field(repr=False)

    def pixels(self) -> Pixels:
        """The picture, upright; uint8 for 8-bit files, else uint16 full scale. Needs no GIL."""
        form = self.format
        picture: NDArray = to_pixels(self.planes, form.layout, form.color, centered=form.centered)
        if form.crop is not None:
            picture = picture[: form.crop[1], : form.crop[0]]
        if form.rotation_deg:
            picture = np.rot90(picture, -form.rotation_deg // 90)
        return np.ascontiguousarray(picture)


def native_frame(
    picture: Pixels, form: FrameFormat, *, index: int = 0, time: Fraction = Fraction(0)
) -> NativeFrame:
    """An upright picture as a frame stored in `form`, as an edit of a file's frame becomes."""
    stored: NDArray = np.rot90(picture, form.rotation_deg // 90)
    height, width = stored.shape[:2]
    if (width, height) != (form.width, form.height):
        rows, columns = form.height - height, form.width - width
        stored = np.pad(stored, ((0, rows), (0, columns), (0, 0)), mode="edge")
    planes = from_pixels(
        np.ascontiguousarray(stored), form.pixel_format, form.color, centered=form.centered
    )
    return NativeFrame(index, time, form, planes)


def split_planes(buffer: NDArray[np.uint8], form: FrameFormat) -> tuple[NDArray, ...]:
    """Views of the planes in one packed buffer of `layout.num_bytes` bytes."""
    layout = form.layout
    planes: list[NDArray] = []
    at = 0
    for shape in layout.planes(form.width, form.height):
        size = shape.rows * shape.columns * shape.components * layout.dtype.itemsize
        plane = buffer[at : at + size].view(layout.dtype)
        if shape.components == 1:
            plane = plane.reshape(shape.rows, shape.columns)
        else:
            plane = plane.reshape(shape.rows, shape.columns, shape.components)
        plane.flags.writeable = False
        planes.append(plane)
        at += size
    return tuple(planes)
