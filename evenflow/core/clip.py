"""Clip: a video that is read lazily, frame by frame, from whatever `source` holds it."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken

if TYPE_CHECKING:
    from torch import Tensor

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""One picture `(h, w, c)`: sRGB-encoded RGB (`c` = 3), RGB with straight alpha (4) or gray (1).
White is 255 in uint8 and 65535 in uint16, whatever the bit depth of the file."""


@runtime_checkable
class Frame(Protocol):
    """One picture at one time. `pixels` converts to RGB, so that this can run in any thread."""

    @property
    def index(self) -> int:
        """Number of the frame in its source, from 0."""
        ...

    @property
    def time(self) -> Fraction:
        """Presentation time in seconds; the first frame of a source is at 0."""
        ...

    def pixels(self) -> Pixels:
        """The picture, upright, `(h, w, c)`; the caller may not write into it."""
        ...


@dataclass(frozen=True)
class ArrayFrame:
    """A frame that already is an array; what an edit or a renderer makes."""

    index: int
    time: Fraction
    array: Pixels

    def pixels(self) -> Pixels:
        return self.array


@dataclass(frozen=True)
class ColorTags:
    """How numbers in a file become light: the four tags, as ITU-T H.273 names them.

    Args:
        matrix: `bt601`, `bt709`, `bt2020`, `rgb` (no matrix) or `gray`.
        full_range: True if black is 0; False if black is 16 and white 235 (times 2**(depth - 8)).
        primaries: `bt601`, `bt709`, `bt2020`, ...
        transfer: `bt709`, `srgb`, `pq`, `hlg`, ...
        assumed: names of tags that the file did not carry and that were filled in.
    """

    matrix: str
    full_range: bool
    primaries: str
    transfer: str
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceInfo:
    """What is known of a video before its frames are decoded.

    Args:
        name: base name, for messages and reports; never a folder.
        width, height: size of the upright picture in pixels.
        fps: nominal frames per second; frame times are on the frames themselves.
        num_frames: frames that a full decode is expected to give, or None for a stream.
        channels: 3 RGB, 4 RGB with alpha, 1 gray.
        bit_depth: bits per channel in the file (8, 10, 12, 16).
        timecode: `HH:MM:SS:FF` of the first frame, if the file carries one.
        variable_rate: True if frame times are not `i / fps`.
        container, codec, pixel_format: FFmpeg's names, for provenance and lossless copies.
    """

    name: str
    width: int
    height: int
    fps: Fraction
    num_frames: int | None
    channels: int = 3
    bit_depth: int = 8
    color: ColorTags = ColorTags("rgb", True, "bt709", "srgb")
    timecode: str | None = None
    variable_rate: bool = False
    rotation_deg: int = 0
    container: str = "array"
    codec: str = "raw"
    pixel_format: str = "rgb24"
    has_audio: bool = False
    has_subtitles: bool = False

    @property
    def duration_s(self) -> float | None:
        """Nominal length in seconds, or None for a stream."""
        return None if self.num_frames is None else float(self.num_frames / self.fps)


class Source(Protocol):
    """Where frames come from: a file, a folder, an array, an edit of another source."""

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length, color."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each thing that is wrong but did not stop the reading, so far."""
        ...

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)` in order, in bounded memory; closing it frees the decoder."""
        ...


@dataclass(frozen=True)
class ArraySource:
    """Frames in memory, `(t, h, w, c)` uint8 or uint16; for tests, renderers, short edits."""

    array: Pixels
    fps: Fraction = Fraction(24)
    name: str = "array"
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or self.array.shape[-1] not in (1, 3, 4):
            raise BadInput(f"frames are (t, h, w, c) with c 1, 3 or 4, got {self.array.shape}")
        if self.array.dtype not in (np.uint8, np.uint16):
            raise BadInput(f"frames are uint8 or uint16, got {self.array.dtype}: scale them first")

    @property
    def info(self) -> SourceInfo:
        t, h, w, c = self.array.shape
        depth = 8 * self.array.dtype.itemsize
        layout = (
            {1: "gray", 3: "rgb24", 4: "rgba"}
            if depth == 8
            else {1: "gray16le", 3: "rgb48le", 4: "rgba64le"}
        )
        return SourceInfo(self.name, w, h, self.fps, t, c, depth, pixel_format=layout[c])

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        for i in range(*slice(start, stop).indices(len(self.array))):
            if cancel is not None:
                cancel.check()
            yield ArrayFrame(i, i / Fraction(self.fps), self.array[i])


@dataclass(frozen=True)
class Clip:
    """A video: lazy, streaming, with true presentation times.

    >>> clip = Clip(ArraySource(np.zeros((5, 4, 6, 3), np.uint8)))
    >>> clip
    <Clip array: 6x4, 24 fps, 5 frames>
    >>> len(clip), clip.frames(1, 3).shape
    (5, (2, 4, 6, 3))
    """

    source: Source

    def __repr__(self) -> str:
        info = self.info
        length = "a stream" if info.num_frames is None else f"{info.num_frames} frames"
        size = f"{info.width}x{info.height}"
        return f"<Clip {info.name}: {size}, {float(info.fps):.5g} fps, {length}>"

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length, color."""
        return self.source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each thing that is wrong but did not stop the reading, so far."""
        return self.source.warnings

    def __len__(self) -> int:
        if self.info.num_frames is None:
            raise BadInput(f"{self.info.name} is a stream: its length is known after reading it")
        return self.info.num_frames

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)` one by one; memory does not grow with the length of the clip."""
        return self.source.stream(start, stop, cancel=cancel)

    def frames(self, start: int = 0, stop: int | None = None) -> Pixels:
        """Frames `[start, stop)` as one array `(t, h, w, c)`, uint8 or uint16, all in memory."""
        pictures = [frame.pixels() for frame in self.stream(start, stop)]
        if not pictures:
            raise BadInput(f"{self.info.name} has no frames in [{start}, {stop})")
        return cast("Pixels", np.stack(pictures))

    def tensor(self, start: int = 0, stop: int | None = None) -> "Tensor":
        """Frames `[start, stop)` as float32 `(c, t, h, w)` in [0, 1]; needs the extra `gen`."""
        try:
            import torch
        except ImportError:
            from evenflow.core.errors import BackendMissing

            raise BackendMissing("Clip.tensor needs torch: pip install 'evenflow[gen]'") from None
        array = self.frames(start, stop)
        white = np.iinfo(array.dtype).max
        planar = np.ascontiguousarray(array.transpose(3, 0, 1, 2), dtype=np.float32)
        return torch.from_numpy(planar).div_(white)
