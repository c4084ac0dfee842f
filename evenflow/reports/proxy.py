"""Proxy: the small all-intra video that a page carries, and the table of which picture is when.

H.264, at most 480 lines, BT.709, constant rate, every picture a key frame: frame n of the proxy is
its n-th stored picture, so a browser shows exactly the one that was asked for. The table comes from
the time stamps of the finished file, not from the rate.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ColorTags, Pixels
from evenflow.core.finding import Finding
from evenflow.io.color import from_pixels
from evenflow.io.frames import FrameFormat
from evenflow.io.stills import to_8bit
from evenflow.io.writing import picture_of

MOST_LINES = 480
MOST_COLUMNS = 1280
WHOLE_S = 60.0
"""Clips up to this long are kept whole; of longer ones a second round each finding, this in all."""
CRF = 20
"""x264's constant quality where the bytes allow it: grain and texture stay to be judged."""
_TAGS = ColorTags("bt709", False, "bt709", "bt709")

Segment = tuple[int, int]
"""Frames `[start, end)` of the clip."""


@dataclass(frozen=True)
class FrameTable:
    """When each stored picture starts.

    Args:
        timescale: ticks a second.
        runs: `(first, step, count)` in ticks: pictures at equal distances, in rising order.
    """

    timescale: int
    runs: tuple[tuple[int, int, int], ...]

    @property
    def count(self) -> int:
        """How many pictures."""
        return sum(run[2] for run in self.runs)


@dataclass(frozen=True)
class Proxy:
    """A video for a page.

    Args:
        data: the MP4 file.
        width, height: its size.
        table: start of every picture.
        segments: the clip's frames that it shows, in stored order.
        whole: True if these are all frames.
    """

    data: bytes
    width: int
    height: int
    table: FrameTable
    segments: tuple[Segment, ...]
    whole: bool

    def to_json(self) -> dict[str, Any]:
        """Everything but the bytes, as the components take it."""
        return {
            "mime": "video/mp4",
            "width": self.width,
            "height": self.height,
            "timescale": self.table.timescale,
            "runs": [list(run) for run in self.table.runs],
            "segments": [list(segment) for segment in self.segments],
            "whole": self.whole,
        }


def plan_segments(
    findings: Sequence[Finding], *, first: int, num_frames: int, fps: float
) -> tuple[Segment, ...]:
    """Which frames a page keeps.

    All of a clip of up to `WHOLE_S` seconds; of a longer one a second round the worst frame of each
    finding, most severe first, until `WHOLE_S` seconds are reached; without findings its first ten
    seconds.

    Args:
        findings: in any order.
        first: number of the first frame.
        num_frames: how many there are.
        fps: frames a second.

    >>> plan_segments([], first=0, num_frames=100, fps=25.0)
    ((0, 100),)
    """
    end = first + num_frames
    if num_frames <= WHOLE_S * fps + 1:
        return ((first, end),)
    if not findings:
        return ((first, first + max(1, round(10 * fps))),)
    second, budget = max(1, round(fps)), round(WHOLE_S * fps)
    kept: set[int] = set()
    for finding in sorted(findings, key=lambda f: (-f.severity_jnd, f.span.start_frame)):
        start = min(max(first, finding.peak_frame - second // 2), end - second)
        more = set(range(max(first, start), min(end, start + second))) - kept
        if len(kept) + len(more) > budget:
            break
        kept |= more
    return runs_of(sorted(kept))


def runs_of(frames: Sequence[int]) -> tuple[Segment, ...]:
    """Rising frames as half-open stretches.

    >>> runs_of([3, 4, 5, 9])
    ((3, 6), (9, 10))
    """
    runs: list[Segment] = []
    for frame in frames:
        if runs and runs[-1][1] == frame:
            runs[-1] = (runs[-1][0], frame + 1)
        else:
            runs.append((frame, frame + 1))
    return tuple(runs)


def proxy_size(
    width: int, height: int, *, lines: int = MOST_LINES, aspect: Fraction = Fraction(1)
) -> tuple[int, int]:
    """Even width and height of a proxy, never larger than the clip, square pixels.

    >>> proxy_size(1280, 720)
    (854, 480)
    >>> proxy_size(1080, 1920)
    (270, 480)
    """
    shown = float(width * aspect)
    scale = min(1.0, lines / height, MOST_COLUMNS / shown)
    return (max(16, 2 * round(shown * scale / 2)), max(16, 2 * round(height * scale / 2)))


def plain(picture: Pixels) -> NDArray[np.uint8]:
    """Any picture as 8-bit RGB `(h, w, 3)`; what is transparent turns black, as in a player."""
    small = to_8bit(picture)
    if small.shape[2] == 1:
        return small.repeat(3, axis=2)
    if small.shape[2] == 4:
        shade = small[:, :, 3:].astype(np.uint16)
        return ((small[:, :, :3] * shade + 127) // 255).astype(np.uint8)
    return small


def shrink(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A picture in another size; a smaller one is the mean of what it covers."""
    if picture.shape[:2] == (height, width):
        return picture
    smaller = width <= picture.shape[1] and height <= picture.shape[0]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)


class ProxyWriter:
    """Takes pictures one by one; holds only the encoded ones.

    Args:
        size: width and height of the proxy, even.
        fps: its constant rate.
        num_frames: how many pictures will come.
        max_bytes: the finished file is not larger.
    """

    def __init__(
        self, size: tuple[int, int], *, fps: Fraction, num_frames: int, max_bytes: int
    ) -> None:
        self.size, self.fps, self.num_frames = size, fps, max(1, num_frames)
        self.max_bytes = max_bytes
        self._file = io.BytesIO()
        self._form = FrameFormat("yuv420p", *size, _TAGS)
        self._count = 0
        self._container: Any = av.open(self._file, "w", format="mp4")
        self._stream: Any = self._container.add_stream("libx264", rate=fps, options=self._options())
        context = self._stream.codec_context
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = self._stream.time_base = 1 / fps
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1

    def _options(self) -> dict[str, str]:
        # A leaky bucket bounds the whole: rate x duration + bucket, with room for the container.
        seconds = float(self.num_frames / self.fps)
        payload = max(1000, self.max_bytes - 2000 - 16 * self.num_frames) * 8 / 1000 * 0.94
        bucket = payload * min(0.5, 1 / max(seconds, 1e-3))
        rate = (payload - bucket) / max(seconds, 1e-3)
        return {
            "preset": "fast",
            "crf": str(CRF),
            "x264-params": f"keyint=1:scenecut=0:bframes=0:vbv-maxrate={max(1, round(rate))}"
            f":vbv-bufsize={max(1, round(bucket))}",
        }

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Encodes the next picture, `(h, w, 3)` RGB of any size."""
        planes = from_pixels(shrink(picture, *self.size), "yuv420p", _TAGS)
        frame = picture_of(planes, self._form)
        frame.pts, frame.time_base = self._count, 1 / self.fps
        frame.pict_type = av.video.frame.PictureType.I
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def abandon(self) -> None:
        """Frees the encoder where the work is not finished."""
        try:
            self._container.close()
        except Exception:  # nothing was encoded, or the disk is gone: there is nothing to save
            return

    def finish(self) -> tuple[bytes, tuple[int, int]]:
        """The file and its size in pixels: fewer lines where it did not fit at first."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        data, size = self._file.getvalue(), self.size
        for lines in (360, 240, 144, 96, 64):
            if len(data) <= self.max_bytes:
                break
            if lines < size[1]:
                size = proxy_size(*self.size, lines=lines)
                data = _again(data, size, self.fps, self._count, self.max_bytes)
        return data, size


def _again(
    data: bytes, size: tuple[int, int], fps: Fraction, num_frames: int, max_bytes: int
) -> bytes:
    """A finished proxy, encoded once more in a smaller size."""
    writer = ProxyWriter(size, fps=fps, num_frames=num_frames, max_bytes=max_bytes)
    with av.open(io.BytesIO(data)) as source:
        for frame in source.decode(video=0):
            writer.add(frame.to_ndarray(format="rgb24"))
    writer._container.mux(writer._stream.encode(None))
    writer._container.close()
    return writer._file.getvalue()


def frame_table(video: bytes | str | Path) -> FrameTable:
    """When each picture of a video is shown, from its time stamps; nothing is decoded.

    Args:
        video: the bytes of a file that we made, or its path.
    """
    source: Any = io.BytesIO(video) if isinstance(video, bytes) else str(video)
    with av.open(source) as container:
        stream = container.streams.video[0]
        base = Fraction(stream.time_base)
        stamps = sorted(
            packet.pts
            for packet in container.demux(stream)
            if packet.pts is not None and packet.size
        )
    runs: list[tuple[int, int, int]] = []
    for tick in stamps:
        scaled = tick * base.numerator
        if runs:
            first, step, count = runs[-1]
            gap = scaled - (first + step * (count - 1))
            if count == 1 or gap == step:
                runs[-1] = (first, gap, count + 1)
                continue
            runs.append((scaled, gap, 1))
        else:
            runs.append((scaled, base.denominator, 1))
    return FrameTable(base.denominator, tuple(runs))
