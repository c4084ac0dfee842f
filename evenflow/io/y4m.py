"""YUV4MPEG2, the one uncompressed stream that pipes speak: header, reading, writing.

Source: the yuv4mpeg(5) manual page of mjpegtools, with FFmpeg's color space names and XCOLORRANGE.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from evenflow.core.clip import Frame, SourceInfo
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.core.events import CancelToken
from evenflow.io.color import resolve_tags
from evenflow.io.frames import FrameFormat, NativeFrame, split_planes
from evenflow.io.layouts import layout_of
from evenflow.io.rates import MAX_RATE

MAX_HEADER = 4096
SPACES: dict[str, str] = {
    "420": "yuv420p", "420jpeg": "yuv420p", "420mpeg2": "yuv420p", "420paldv": "yuv420p",
    "411": "yuv411p", "422": "yuv422p", "444": "yuv444p", "444alpha": "yuva444p", "mono": "gray",
    **{f"mono{d}": f"gray{d}le" for d in (9, 10, 12, 14, 16)},
    **{f"{s}p{d}": f"yuv{s}p{d}le" for s in ("420", "422", "444") for d in (9, 10, 12, 14, 16)},
}  # fmt: skip
NAMES: dict[str, str] = {
    **{name: space for space, name in SPACES.items()},
    "yuv420p": "420mpeg2",
}


def parse_header(line: bytes, name: str) -> tuple[FrameFormat, Fraction]:
    """Frame format and rate of a `YUV4MPEG2 ...` line.

    Raises:
        UnreadableVideo: no such line, or one with a size, rate or color space that cannot be.
    """
    words = line.decode("ascii", "replace").split()
    if not words or words[0] != "YUV4MPEG2":
        raise UnreadableVideo(
            f"{name} is not a YUV4MPEG2 stream: pipe one in, for example "
            "`ffmpeg -i IN -f yuv4mpegpipe -strict -1 - | evenflow check -`"
        )
    tags = {word[0]: word[1:] for word in words[1:] if word[0] != "X"}
    extra = [word[1:] for word in words[1:] if word[0] == "X"]
    space = tags.get("C", "420jpeg")
    try:
        width, height = int(tags["W"]), int(tags["H"])
        num, den = (int(part) for part in tags.get("F", "24:1").split(":"))
    except (KeyError, ValueError):
        raise UnreadableVideo(f"{name}: the stream header has no usable size or rate") from None
    fps = Fraction(num, den) if num > 0 and den > 0 else Fraction(24)
    if not (0 < width <= 32768 and 0 < height <= 32768 and width * height <= 1 << 28):
        raise UnreadableVideo(f"{name}: the stream claims a picture of {width} x {height}")
    if space not in SPACES or fps > MAX_RATE:
        raise UnreadableVideo(
            f"{name}: the stream has color space {space} at {fps} frames a second"
        )
    layout = layout_of(SPACES[space])
    span = 2 if "COLORRANGE=FULL" in extra else 1 if "COLORRANGE=LIMITED" in extra else 0
    color = resolve_tags(layout, height, matrix=2, full_range=span, primaries=2, transfer=2)
    return FrameFormat(layout.name, width, height, color, centered=space == "420jpeg"), fps


def header_of(form: FrameFormat, fps: Fraction) -> bytes:
    """The stream header for frames of `form`."""
    span = "FULL" if form.color.full_range else "LIMITED"
    space = "420jpeg" if form.pixel_format == "yuv420p" and form.centered else ""
    space = space or NAMES[form.pixel_format]
    return (
        f"YUV4MPEG2 W{form.width} H{form.height} F{fps.numerator}:{fps.denominator} Ip A1:1 "
        f"C{space} XCOLORRANGE={span}\n"
    ).encode()


@dataclass
class PipeSource:
    """A YUV4MPEG2 stream that is read once, forward, while it arrives."""

    file: BinaryIO
    name: str = "-"
    _form: FrameFormat = field(init=False)
    _info: SourceInfo = field(init=False)
    _warnings: list[str] = field(init=False, default_factory=list)
    _at: int = field(init=False, default=0)
    _busy: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        line = self.file.readline(MAX_HEADER)
        self._form, fps = parse_header(line, "standard input" if self.name == "-" else self.name)
        layout = self._form.layout
        self._info = SourceInfo(
            self.name,
            self._form.width,
            self._form.height,
            fps,
            None,
            layout.channels,
            layout.depth,
            self._form.color,
            container="yuv4mpegpipe",
            codec="rawvideo",
            pixel_format=layout.name,
        )

    @property
    def info(self) -> SourceInfo:
        """Size, rate and color; the length is unknown until the stream has ended."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong so far."""
        return tuple(self._warnings)

    @property
    def frame_format(self) -> FrameFormat:
        """How its frames are stored."""
        return self._form

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`; what has gone by cannot be read again.

        Raises:
            BadInput: `start` lies before what was already read.
        """
        if start < self._at or self._busy:
            raise BadInput(
                f"a stream is read once and forward; frame {self._at} is next, {start} was "
                "asked for: save it to a file first"
            )
        self._busy = True
        try:
            size = self._form.layout.num_bytes(self._form.width, self._form.height)
            while stop is None or self._at < stop:
                if cancel is not None:
                    cancel.check()
                buffer = self._next(size)
                if buffer is None:
                    self._info = replace(self._info, num_frames=self._at)
                    return
                index, self._at = self._at, self._at + 1
                if index >= start:
                    planes = split_planes(buffer, self._form)
                    yield NativeFrame(index, index / self._info.fps, self._form, planes)
        finally:
            self._busy = False

    def _next(self, size: int) -> "np.ndarray | None":
        line = self.file.readline(MAX_HEADER)
        if not line:
            if self._at == 0:
                raise UnreadableVideo("the stream has a header and no frames")
            return None
        buffer = np.empty(size, np.uint8)
        view = memoryview(buffer)
        got = 0
        if re.match(rb"FRAME[ \n]", line):
            while got < size:
                num = self.file.readinto(view[got:])  # type: ignore[attr-defined]
                if not num:
                    break
                got += num
        if got < size:
            if self._at == 0:
                raise UnreadableVideo("the stream breaks off in its first frame")
            self._warnings.append(f"the stream breaks off after frame {self._at - 1}")
            return None
        return buffer


def y4m_is_whole(path: Path, size: int, num_frames: int) -> bool:
    """False if a file holds the beginning of another frame behind its `num_frames` whole ones.

    Args:
        size: bytes of one frame's planes.
    """
    with open(path, "rb") as file:
        end = len(file.readline(MAX_HEADER)) + num_frames * (len(b"FRAME\n") + size)
        file.seek(end)
        rest = file.read(6)
    return not (rest and b"FRAME\n".startswith(rest))
