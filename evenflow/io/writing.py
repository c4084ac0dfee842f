"""Writing: lossless and delivery video, animations and image sequences, whole or not at all."""

import errno
import json
import os
import re
import shutil
import sys
import tempfile
import warnings as python_warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip, ColorTags, Frame, SourceInfo
from evenflow.core.errors import BadInput, OutputExists, ResourceShortage
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.io.color import (
    CODE_OF_MATRIX,
    CODE_OF_PRIMARIES,
    CODE_OF_TRANSFER,
    delivery_tags,
)
from evenflow.io.frames import FrameFormat, NativeFrame, native_frame
from evenflow.io.layouts import PixelLayout
from evenflow.io.pool import Job
from evenflow.io.rates import common_time_base, parse_rate
from evenflow.io.record import KEY, comment, make_record, sidecar_name, steps_of, to_text
from evenflow.io.stills import WebpWriter, gif_palette, png_bytes, tiff_bytes, write_exr
from evenflow.io.y4m import NAMES, header_of

VIDEO_TYPES = (".mkv", ".mp4", ".mov", ".m4v", ".webm", ".gif", ".webp", ".y4m")
STILL_TYPES = (".png", ".tif", ".tiff", ".exr")
DEFAULT_CRF = {".mp4": 15, ".mov": 15, ".m4v": 15, ".webm": 20}
_MUXERS = {".mkv": "matroska", ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".webm": "webm"}

_FFV1 = {
    "rgb24": "bgr0", "bgr24": "bgr0", "rgb0": "bgr0", "0rgb": "bgr0", "0bgr": "bgr0",
    "gbrp": "bgr0", "rgba": "bgra", "argb": "bgra", "abgr": "bgra", "gbrap": "bgra",
    "rgb48le": "gbrp16le", "bgr48le": "gbrp16le", "rgba64le": "gbrap16le",
    "bgra64le": "gbrap16le", "ya16le": "gbrap16le", "gbrap9le": "gbrap16le",
    "yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p",
    "yuvj440p": "yuv440p", "yuvj411p": "yuv411p", "yuva444p14le": "yuva444p16le",
}  # fmt: skip
_RGB = {
    (1, 1): "gray", (1, 3): "bgr0", (1, 4): "bgra",
    (2, 1): "gray16le", (2, 3): "gbrp16le", (2, 4): "gbrap16le",
}  # fmt: skip

Note = Callable[[str], None]


def write(
    clip: Clip | Iterable[Frame],
    path: str | Path,
    *,
    like: Clip | None = None,
    overwrite: bool = False,
    fps: Fraction | str | float | None = None,
    settings: dict[str, Any] | None = None,
    provenance: dict[str, Any] | None = None,
    carry_from: str | Path | None = None,
    crf: float | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    note: Note | None = None,
) -> Path:
    """Writes a clip; the file appears when it is complete, and nothing is left if it is not.

    | path | what is written |
    |---|---|
    | `x.mkv` | FFV1, lossless, in the source's own pixel format and depth, else RGB |
    | `x.mp4`, `x.mov` | H.264 4:2:0, BT.709; 10 bit for deeper sources |
    | `x.webm` | VP9 4:2:0, BT.709, with alpha |
    | `x.gif`, `x.webp` | animation (256 colors a frame; lossless) |
    | a folder, `x_%04d.png` | PNG, 8 or 16 bit |
    | `x_%04d.tiff`, `x_%04d.exr` | TIFF; scene-linear EXR (extra `exr`) |
    | `x.y4m`, `-` | YUV4MPEG2, to a file or standard output |

    Frames of a file that nobody edited keep their planes bit for bit in mkv. Sizes that 4:2:0 H.264
    cannot hold (odd ones) are padded by repeating the last column or row, and the true size is
    recorded, so that `read` gives it back. Rotation stays a tag where the container has one, so
    that planes stay untouched; elsewhere the pictures are turned.

    Args:
        clip: a Clip, or frames with rising times.
        path: where to; the ending says what.
        like: a clip whose pixel format, rate and tags are to be kept where `clip` is bare frames.
        overwrite: replace what is there.
        fps: rate, instead of the clip's own times.
        settings: what the user asked for; embedded, read back by `info`.
        provenance: where the pixels come from; embedded, read back by `info`. A generated clip
            brings both along, so that it is marked wherever it is written.
        carry_from: file whose sound and subtitles are copied untouched; default the clip's own.
        crf: quality of mp4, mov (default 15) and webm (20); lower is better.
        progress, cancel: see `core.events`.
        note: told about what the container cannot hold, one line each; default Python warnings.

    Returns:
        The path written.

    Raises:
        OutputExists: something is there and `overwrite` is off.
        BadInput: an ending that cannot be written, no frames, frames of several sizes.
        ResourceShortage: the disk is full.
    """
    say = note or (lambda line: python_warnings.warn(line, UserWarning, stacklevel=3))
    rate = None if fps is None else parse_rate(fps)
    plan = _Plan(clip, like, rate, settings, provenance, carry_from, crf, say)
    if str(path) == "-":
        _write_all(plan, _Y4m(plan, sys.stdout.buffer), progress, cancel)
        return Path("-")
    path = Path(path).expanduser()
    kind = _kind_of(path)
    _check_target(path, kind, plan, overwrite)
    try:
        if kind == "stills":
            _write_stills(plan, path, progress, cancel)
        else:
            _write_file(plan, path, progress, cancel)
    except OSError as error:  # PyAV's errors are OSErrors too
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResourceShortage(
                f"the disk is full: {path.name} was not written; free some space and run it again"
            ) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise BadInput(
                f"{path.name} may not be written: check the folder's permissions"
            ) from None
        raise
    return path


class _Plan:
    """What is to be written: frames, their rate and times, their format, what goes along."""

    def __init__(
        self,
        clip: Clip | Iterable[Frame],
        like: Clip | None,
        rate: Fraction | None,
        settings: dict[str, Any] | None,
        provenance: dict[str, Any] | None,
        carry_from: str | Path | None,
        crf: float | None,
        note: Note,
    ) -> None:
        self.note = note
        self.crf = crf
        self.clip = clip if isinstance(clip, Clip) else None
        self._frames = None if isinstance(clip, Clip) else clip
        self.model: Any = clip.source if isinstance(clip, Clip) else like.source if like else None
        own = self.model if self.clip is not None else None  # a generated clip tells of itself
        self.settings = settings or getattr(own, "settings", None)
        self.provenance = provenance or getattr(own, "provenance", None)
        self.like: Any = like.source if like is not None else self.model
        self.info: SourceInfo | None = self.model.info if self.model is not None else None
        self.retimed = rate
        self.fps = rate or (self.info.fps if self.info is not None else Fraction(24))
        self.num_frames = clip.info.num_frames if isinstance(clip, Clip) else None
        self.variable = bool(self.info and self.info.variable_rate and rate is None)
        self.times: tuple[Fraction, ...] | None = None
        if self.variable and self.clip is not None:
            self.times = getattr(self.model, "times", None)
        self.carry = self._carry(carry_from)
        self.timecode = self.info.timecode if self.info is not None else None
        bare = self.clip is None or (self.variable and self.times is None)
        if self.times is not None:
            self.time_base = common_time_base(self.times, self.fps)
        elif bare and rate is None:
            factor = max(1, -(-90_000 // self.fps.numerator))
            self.time_base = Fraction(1, self.fps.numerator * factor)
        else:
            self.time_base = 1 / self.fps

    def _carry(self, asked: str | Path | None) -> Path | None:
        if asked is not None:
            path = Path(asked).expanduser()
            if not path.is_file():
                raise BadInput(f"{path.name} does not exist: it was to give the sound")
            return path
        own: Path | None = getattr(self.model, "path", None)
        heard = self.info is not None and (self.info.has_audio or self.info.has_subtitles)
        return own if heard and self.retimed is None else None

    @property
    def carry_start(self) -> Fraction:
        """Time on the clock of the carried file at which our first frame stands."""
        path = getattr(self.model, "path", None)
        if path is not None and self.carry is not None and path.samefile(self.carry):
            return getattr(self.model, "first_time", Fraction(0))
        return Fraction(0)

    def frames(self, cancel: CancelToken | None) -> Iterator[Frame]:
        """The frames, in order."""
        if self.clip is not None:
            return self.clip.stream(cancel=cancel)
        assert self._frames is not None
        return iter(self._frames)

    @property
    def rate_text(self) -> str:
        """The rate as it stands in the record."""
        return f"{self.fps.numerator}/{self.fps.denominator}"

    @property
    def sample_aspect(self) -> Fraction:
        """Width over height of one stored pixel."""
        return getattr(self.like, "sample_aspect", Fraction(1))

    @property
    def steps(self) -> dict[str, Any] | None:
        """True times of a clip of varying rate, for containers whose clock is coarse."""
        return steps_of(self.times, self.time_base)

    def color(self) -> ColorTags | None:
        """Tags of the source, if it has any."""
        return self.info.color if self.info is not None else None

    def record(self, **facts: object) -> dict[str, Any]:
        """The JSON that is embedded."""
        return make_record(self.settings, self.provenance, **facts)


def _kind_of(path: Path) -> str:
    suffix = path.suffix.lower()
    if path.is_dir() or not suffix:
        return "stills"
    if suffix in STILL_TYPES:
        return "stills"
    if suffix in VIDEO_TYPES:
        return "file"
    known = " ".join(VIDEO_TYPES + STILL_TYPES)
    raise BadInput(
        f"{path.name} has an ending that cannot be written: use a folder or one of {known}"
    )


def _check_target(path: Path, kind: str, plan: _Plan, overwrite: bool) -> None:
    parent = path.parent
    if not parent.is_dir():
        raise BadInput(f"the folder {parent} does not exist: create it first")
    sources = [getattr(plan.model, "path", None), plan.carry, *getattr(plan.model, "files", [])]
    is_folder = kind == "stills" and path.suffix.lower() not in STILL_TYPES
    for source in filter(None, sources):
        same = path.exists() and source.exists() and path.samefile(source)
        if same or (is_folder and path.exists() and source.parent.samefile(path)):
            raise BadInput(f"{path.name} is being read: choose another output")
    if overwrite:
        return
    if is_folder:
        taken = path.is_dir() and any(path.iterdir())
    elif "%" in path.name:
        taken = any(_pattern(path).fullmatch(name) for name in os.listdir(parent))
    else:
        taken = path.exists()
    if taken:
        raise OutputExists(f"{path.name} exists: pass --yes (overwrite=True) to replace it")


def _pattern(path: Path) -> re.Pattern[str]:
    found = re.search(r"%0?\d*d", path.name)
    if found is None:
        return re.compile(re.escape(path.name))
    return re.compile(
        re.escape(path.name[: found.start()]) + r"\d+" + re.escape(path.name[found.end() :])
    )


class _Sink(Protocol):
    def open(self, first: Frame) -> None: ...
    def add(self, frame: Frame, ticks: int) -> None: ...
    def close(self, end: Fraction) -> None: ...
    def abandon(self) -> None: ...


def _write_all(
    plan: _Plan, sink: _Sink, progress: Progress | None, cancel: CancelToken | None
) -> None:
    """Runs all frames into `sink`; times rise strictly, the first is 0."""
    frames = plan.frames(cancel)
    meter = Meter("write", plan.num_frames, progress=progress, cancel=cancel)
    try:
        first = next(frames, None)
        if first is None:
            raise BadInput("there are no frames to write")
        if cancel is not None:
            cancel.check()
        sink.open(first)
        origin, last, count = first.time, -1, 0
        for frame in chain([first], frames):
            if plan.retimed is not None or (plan.clip is not None and not plan.variable):
                ticks = count
            else:
                ticks = round((frame.time - origin) / plan.time_base)
            if ticks <= last:
                raise BadInput(f"frame times must rise, frame {frame.index} is at {frame.time} s")
            sink.add(frame, ticks)
            last, count = ticks, count + 1
            meter.advance()
        sink.close(last * plan.time_base + 1 / plan.fps)
    except BaseException:
        sink.abandon()
        raise
    finally:
        close = getattr(frames, "close", None)
        if close is not None:
            close()


def _write_file(
    plan: _Plan, path: Path, progress: Progress | None, cancel: CancelToken | None
) -> None:
    suffix = path.suffix.lower()
    handle, name = tempfile.mkstemp(
        prefix=f".{path.stem[:40]}.", suffix=f".part{suffix}", dir=path.parent
    )
    os.close(handle)
    temporary = [Path(name)]
    try:
        if suffix in _MUXERS:
            video = _Video(plan, Path(name), suffix)
            _write_all(plan, video, progress, cancel)
            if plan.carry is not None:
                temporary.append(Path(name + suffix))
                if _carry_along(plan, video, temporary[0], temporary[1], cancel):
                    os.replace(temporary[1], temporary[0])
        else:
            with open(name, "w+b") as file:
                makers: dict[str, Callable[[_Plan, Any], _Sink]] = {
                    ".gif": _Gif, ".webp": _Webp, ".y4m": _Y4m
                }  # fmt: skip
                _write_all(plan, makers[suffix](plan, file), progress, cancel)
                file.flush()
            if plan.carry is not None and plan.info is not None:
                plan.note(f"{path.name} cannot hold sound or subtitles; they are left out")
        if cancel is not None:
            cancel.check()
        with open(name, "rb+") as file:
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    finally:
        for left in temporary:
            with suppress(OSError):
                left.unlink()


def _carry_along(
    plan: _Plan, video: "_Video", made: Path, target: Path, cancel: CancelToken | None
) -> bool:
    assert plan.carry is not None
    start = plan.carry_start
    job = {
        "op": "remux",
        "video": str(made.resolve()),
        "other": str(plan.carry.resolve()),
        "target": str(target.resolve()),
        "format": video.muxer,
        "options": video.container_options,
        "metadata": video.metadata,
        "stream_metadata": {},
        "start": [start.numerator, start.denominator],
    }
    notes: list[str] = []
    carried = 0
    try:
        for kind, fields, _ in Job(job, name=plan.carry.name, cancel=cancel):
            if kind == b"E":
                notes, carried = fields["notes"], fields["carried"]
    except ResourceShortage:
        raise
    except BadInput as error:
        plan.note(f"sound and subtitles could not be carried along: {error}")
        return False
    for line in notes:
        plan.note(f"{line} of {plan.carry.name} does not fit {video.suffix} and is left out")
    return carried > 0


# Video files ---------------------------------------------------------------------------------


class _Video:
    """FFV1 in Matroska, H.264 in MP4 and MOV, VP9 in WebM."""

    def __init__(self, plan: _Plan, path: Path, suffix: str) -> None:
        self._plan, self._path, self.suffix = plan, path, suffix
        self.muxer = _MUXERS[suffix]
        self.metadata: dict[str, str] = {}
        self.container_options: dict[str, str] = {}
        if self.muxer in ("mp4", "mov"):
            self.container_options["movflags"] = "+faststart+use_metadata_tags+write_colr"
        else:  # no random identifiers: equal frames and settings give equal files
            self.container_options["fflags"] = "+bitexact"
        self._container: Any = None

    def open(self, first: Frame) -> None:
        """Chooses the format from the first frame and starts the file."""
        plan = self._plan
        lossless = self.suffix == ".mkv"
        form = (
            _lossless_format(first, plan)
            if lossless
            else _delivery_format(first, plan, self.suffix)
        )
        self._form = form
        width, height = form.crop or (form.width, form.height)
        padded = form.crop if form.crop is not None else None
        if padded is not None and not _already_padded(first, form):
            plan.note(
                f"H.264 holds even sizes: {width} x {height} is stored as "
                f"{form.width} x {form.height} with its edge repeated; Evenflow reads the true size"
            )
        coarse = self.muxer in ("matroska", "webm")
        record = plan.record(
            fps=plan.rate_text,
            picture=list(padded) if padded is not None else None,
            chroma="center" if form.centered else None,
            sample_aspect=str(plan.sample_aspect) if plan.sample_aspect != 1 else None,
            times=plan.steps if coarse else None,
        )
        self.metadata = {KEY: to_text(record), "comment": comment(record)}
        if plan.timecode:
            self.metadata["timecode"] = plan.timecode
        self._start(form)

    def _start(self, form: FrameFormat) -> None:
        plan = self._plan
        self._container = av.open(
            "file:" + str(self._path.resolve()), "w",
            format=self.muxer, container_options=self.container_options,
        )  # fmt: skip
        self._container.metadata.update(self.metadata)
        codec, options = self._codec(form)
        stream = self._container.add_stream(codec, rate=plan.fps, options=options)
        context = stream.codec_context
        context.width, context.height = form.width, form.height
        context.pix_fmt = form.pixel_format
        context.time_base = plan.time_base
        stream.time_base = plan.time_base
        context.thread_count = max(1, min(4, os.cpu_count() or 1))
        color = form.color
        context.colorspace = CODE_OF_MATRIX.get(color.matrix, 2)
        context.color_range = 2 if color.full_range else 1
        context.color_primaries = CODE_OF_PRIMARIES.get(color.primaries, 2)
        context.color_trc = CODE_OF_TRANSFER.get(color.transfer, 2)
        if plan.sample_aspect != 1:
            context.sample_aspect_ratio = plan.sample_aspect
        if form.rotation_deg:
            stream.set_display_rotation(-form.rotation_deg)
        if form.layout.alpha and self.muxer == "webm":
            stream.metadata["alpha_mode"] = "1"
        self._stream = stream
        try:
            self._container.start_encoding()
        except av.error.FFmpegError:
            if "timecode" not in self.metadata:
                raise
            # Timecode tracks exist for the common rates only.
            timecode = self.metadata.pop("timecode")
            plan.note(
                f"the timecode {timecode} does not go with {float(plan.fps):.3f} frames a second"
            )
            self._container.close()
            self._start(form)

    def _codec(self, form: FrameFormat) -> tuple[str, dict[str, str]]:
        crf = self._plan.crf
        crf = DEFAULT_CRF.get(self.suffix, 0) if crf is None else crf
        location = {"chroma_sample_location": "center" if form.centered else "left"}
        if form.layout.family != "yuv" or (form.layout.log2_w, form.layout.log2_h) == (0, 0):
            location = {}
        if self.suffix == ".mkv":
            slices = "4" if min(form.width, form.height) >= 32 else "1"
            return "ffv1", {"level": "3", "slicecrc": "1", "slices": slices, "g": "1"} | location
        if self.suffix == ".webm":
            options = {"crf": f"{crf:g}", "b": "0", "deadline": "good", "cpu-used": "4"}
            return "libvpx-vp9", options | {"row-mt": "1", "auto-alt-ref": "0"} | location
        return "libx264", {"crf": f"{crf:g}", "preset": "medium"} | location

    def add(self, frame: Frame, ticks: int) -> None:
        """Encodes one frame."""
        planes = _planes_in(frame, self._form)
        picture = picture_of(planes, self._form)
        picture.pts = ticks
        picture.time_base = self._plan.time_base
        picture.duration = max(1, round(1 / (self._plan.fps * self._plan.time_base)))
        self._container.mux(self._stream.encode(picture))

    def close(self, end: Fraction) -> None:
        """Flushes the encoder and completes the file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Closes what is open; the caller removes the file."""
        if self._container is not None:
            with suppress(Exception):
                self._container.close()


def picture_of(planes: tuple[NDArray, ...], form: FrameFormat) -> "av.VideoFrame":
    """Planes as a PyAV frame, tagged, ready for an encoder."""
    picture = av.VideoFrame(form.width, form.height, form.pixel_format)
    size = form.layout.dtype.itemsize
    for stored, plane in zip(picture.planes, planes, strict=True):
        target = np.frombuffer(stored, form.layout.dtype)
        stride = stored.line_size // size
        rows = plane.reshape(plane.shape[0], -1)
        target = target[: stride * rows.shape[0]].reshape(rows.shape[0], stride)
        target[:, : rows.shape[1]] = rows
    picture.colorspace = CODE_OF_MATRIX.get(form.color.matrix, 2)
    picture.color_range = 2 if form.color.full_range else 1
    picture.color_primaries = CODE_OF_PRIMARIES.get(form.color.primaries, 2)
    picture.color_trc = CODE_OF_TRANSFER.get(form.color.transfer, 2)
    return picture


def _planes_in(frame: Frame, form: FrameFormat) -> tuple[NDArray, ...]:
    """The planes of a frame in `form`: its own where they are the same, else converted exactly."""
    if isinstance(frame, NativeFrame):
        mine = frame.format
        stored = (mine.color.matrix, mine.color.full_range, mine.centered, mine.rotation_deg)
        wanted = (form.color.matrix, form.color.full_range, form.centered, form.rotation_deg)
        if _stored_alike(mine.layout, form.layout) and stored == wanted:
            have, want = (mine.width, mine.height), (form.width, form.height)
            if have == want:
                return frame.planes
            if (mine.crop or have) == form.crop and mine.crop is None:
                shapes = form.layout.planes(*want)
                return tuple(
                    _extend(plane, shape.rows, shape.columns)
                    for plane, shape in zip(frame.planes, shapes, strict=True)
                )
    pixels = frame.pixels()
    width, height = form.upright_size
    if pixels.shape[1] != width or pixels.shape[0] != height:
        raise BadInput(
            f"frame {frame.index} is {pixels.shape[1]} x {pixels.shape[0]}, the first is "
            f"{width} x {height}: scale them to one size first"
        )
    return native_frame(pixels, form).planes


def _extend(plane: NDArray, rows: int, columns: int) -> NDArray:
    more = ((0, rows - plane.shape[0]), (0, columns - plane.shape[1]))
    return np.pad(plane, more, mode="edge")


def _stored_alike(a: PixelLayout, b: PixelLayout) -> bool:
    return replace(a, name="", full=False) == replace(b, name="", full=False)


def _already_padded(frame: Frame, form: FrameFormat) -> bool:
    return isinstance(frame, NativeFrame) and frame.format.crop == form.crop


def _lossless_format(first: Frame, plan: _Plan) -> FrameFormat:
    """The source's own format if the frame fits it, else RGB of the frame's depth."""
    form: FrameFormat | None = None
    if isinstance(first, NativeFrame):
        form = first.format
    else:
        form = getattr(plan.like, "frame_format", None)
    pixels = None if isinstance(first, NativeFrame) else first.pixels()
    if form is not None and pixels is not None:
        size = pixels.shape[1], pixels.shape[0]
        deep = pixels.dtype == np.uint16 and form.layout.depth == 8
        more_alpha = pixels.shape[2] == 4 and not form.layout.alpha
        more_color = pixels.shape[2] >= 3 and form.layout.channels == 1
        if form.upright_size != size or deep or more_alpha or more_color:
            form = None
    if form is None:
        assert pixels is not None
        name = _RGB[pixels.dtype.itemsize, pixels.shape[2]]
        matrix = "gray" if pixels.shape[2] == 1 else "rgb"
        color = ColorTags(matrix, True, "bt709", "srgb")
        return FrameFormat(name, pixels.shape[1], pixels.shape[0], color)
    name = _FFV1.get(form.pixel_format, form.pixel_format)
    color = form.color
    if name.startswith("gbrap") and form.layout.family == "gray":
        color = replace(color, matrix="rgb")
    return replace(form, pixel_format=name, color=replace(color, assumed=()))


def _delivery_format(first: Frame, plan: _Plan, suffix: str) -> FrameFormat:
    """4:2:0 in BT.709; the size padded to even where the codec wants it."""
    if isinstance(first, NativeFrame):
        base = first.format
        width, height = base.crop or (base.width, base.height)
        deep, alpha = base.layout.depth > 8, base.layout.alpha
        color, rotation = base.color, base.rotation_deg
    else:
        pixels = first.pixels()
        height, width = pixels.shape[:2]
        deep, alpha = pixels.dtype == np.uint16, pixels.shape[2] == 4
        color, rotation = plan.color() or ColorTags("rgb", True, "bt709", "srgb"), 0
    if suffix == ".webm":
        name = "yuva420p" if alpha else "yuv420p"
        if deep:
            plan.note("webm is written with 8 bits; use mkv, or mp4 for 10 bits")
        return FrameFormat(name, width, height, delivery_tags(color), rotation_deg=rotation)
    if alpha:
        plan.note(f"{suffix[1:]} cannot hold transparency; it is left out (use mkv, webm or webp)")
    if width > 16384 or height > 16384:
        raise BadInput(f"H.264 holds at most 16384 pixels a side, got {width} x {height}: use mkv")
    even = (width + (width & 1), height + (height & 1))
    crop = (width, height) if even != (width, height) else None
    name = "yuv420p10le" if deep else "yuv420p"
    return FrameFormat(name, *even, delivery_tags(color), rotation_deg=rotation, crop=crop)


# Animations and streams ----------------------------------------------------------------------


class _Gif:
    """An animated GIF; equal neighbors stay two frames."""

    def __init__(self, plan: _Plan, file: Any) -> None:
        self._plan, self._file = plan, file
        self._container: Any = None

    def open(self, first: Frame) -> None:
        """Starts the file."""
        plan = self._plan
        shape = first.pixels().shape
        self._shape = shape
        self._container = av.open(self._file, "w", format="gif", container_options={"loop": "0"})
        stream = self._container.add_stream("gif", rate=plan.fps)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = shape[1], shape[0], "pal8"
        context.time_base = Fraction(1, 100)
        context.options = {"gifflags": "-offsetting-transdiff", "global_palette": "0"}
        self._stream = stream
        self._last = -1

    def add(self, frame: Frame, ticks: int) -> None:
        """Adds one picture; a hundredth of a second is the finest step there is."""
        pixels = frame.pixels()
        if pixels.shape != self._shape:
            raise BadInput(f"frame {frame.index} differs in size from the first")
        indices, palette = gif_palette(pixels)
        argb = np.ascontiguousarray(palette[:, [3, 0, 1, 2]])
        picture = av.VideoFrame.from_ndarray((indices, argb), format="pal8")
        hundredths = max(round(ticks * self._plan.time_base * 100), self._last + 1)
        self._last = hundredths
        picture.pts, picture.time_base = hundredths, Fraction(1, 100)
        picture.duration = max(1, round(100 / self._plan.fps))
        self._container.mux(self._stream.encode(picture))

    def close(self, end: Fraction) -> None:
        """Completes the file, with the record in a comment block."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        text = to_text(self._plan.record(fps=self._plan.rate_text, times=self._plan.steps)).encode()
        blocks = b"".join(
            bytes([len(part)]) + part
            for part in (text[i : i + 255] for i in range(0, len(text), 255))
        )
        # Behind the screen descriptor and its palette: readers that count pictures meet it first.
        self._file.seek(0)
        data = self._file.read()
        at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
        self._file.seek(at)
        self._file.write(b"\x21\xfe" + blocks + b"\0" + data[at:])

    def abandon(self) -> None:
        """Closes what is open."""
        if self._container is not None:
            with suppress(Exception):
                self._container.close()


class _Webp:
    def __init__(self, plan: _Plan, file: Any) -> None:
        self._plan, self._file = plan, file

    def open(self, first: Frame) -> None:
        pixels = first.pixels()
        self._shape = pixels.shape
        if pixels.dtype == np.uint16:
            self._plan.note("webp holds 8 bits a channel; the deeper ones are rounded")
        record = to_text(self._plan.record(fps=self._plan.rate_text, times=self._plan.steps))
        inner = f"<evenflow>{_escape(record)}</evenflow>"
        xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{inner}</x:xmpmeta>'
        self._writer = WebpWriter(
            self._file, pixels.shape[1], pixels.shape[0], alpha=pixels.shape[2] == 4, note=xmp
        )

    def add(self, frame: Frame, ticks: int) -> None:
        pixels = frame.pixels()
        if pixels.shape != self._shape:
            raise BadInput(f"frame {frame.index} differs in size from the first")
        self._writer.add(pixels, ticks * self._plan.time_base)

    def close(self, end: Fraction) -> None:
        self._writer.close(end)

    def abandon(self) -> None:
        pass


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Y4m:
    """YUV4MPEG2; it names no matrix, so pictures are put in the one a reader assumes."""

    def __init__(self, plan: _Plan, file: Any) -> None:
        self._plan, self._file = plan, file

    def open(self, first: Frame) -> None:
        if isinstance(first, NativeFrame):
            layout = first.format.layout
            width, height = first.format.upright_size
            turned = first.format.rotation_deg or first.format.crop
            name, centered = layout.name.replace("yuvj", "yuv"), first.format.centered
            full = first.format.color.full_range
            if name not in NAMES or turned:
                name = _y4m_name(layout.channels, layout.depth > 8)
                full, centered = False, False
        else:
            pixels = first.pixels()
            height, width = pixels.shape[:2]
            name = _y4m_name(pixels.shape[2], pixels.dtype == np.uint16)
            full, centered = False, False
        gray = name.startswith("gray")
        full = full or gray
        matrix = "gray" if gray else "bt709" if height >= 720 else "bt601"
        color = ColorTags(matrix, full, matrix, matrix)
        centered = centered and name == "yuv420p"
        self._form = FrameFormat(name, width, height, color, centered)
        self._file.write(header_of(self._form, self._plan.fps))
        if self._plan.variable:
            self._plan.note("y4m holds one constant rate; the true frame times are lost")

    def add(self, frame: Frame, ticks: int) -> None:
        self._file.write(b"FRAME\n")
        for plane in _planes_in(frame, self._form):
            self._file.write(np.ascontiguousarray(plane).data)

    def close(self, end: Fraction) -> None:
        self._file.flush()

    def abandon(self) -> None:
        pass


def _y4m_name(channels: int, deep: bool) -> str:
    if channels == 1:
        return "gray16le" if deep else "gray"
    if channels == 4 and not deep:
        return "yuva444p"
    return "yuv444p16le" if deep else "yuv444p"


# Image sequences -----------------------------------------------------------------------------


class _Stills:
    """One image per frame, into a folder that is not the target yet."""

    def __init__(
        self, plan: _Plan, folder: Path, suffix: str, name_of: Callable[[int], str]
    ) -> None:
        self._plan, self._folder, self._suffix, self._name_of = plan, folder, suffix, name_of
        self._count = 0
        self._shape: tuple[int, ...] = ()
        self.record: dict[str, Any] = {}

    def open(self, first: Frame) -> None:
        plan = self._plan
        self.record = plan.record(
            fps=plan.rate_text,
            timecode=plan.timecode,
            times=plan.steps,
        )
        self._shape = first.pixels().shape

    def add(self, frame: Frame, ticks: int) -> None:
        pixels = frame.pixels()
        if pixels.shape != self._shape:
            raise BadInput(
                f"frame {frame.index} is {pixels.shape}, the first {self._shape}: they must agree"
            )
        path = self._folder / self._name_of(self._count)
        if self._suffix == ".exr":
            write_exr(pixels, path)
        elif self._suffix == ".png":
            texts = [(KEY, to_text(self.record))] if self._count == 0 else []
            path.write_bytes(png_bytes(pixels, texts))
        else:
            path.write_bytes(tiff_bytes(pixels))
        self._count += 1

    def close(self, end: Fraction) -> None:
        pass

    def abandon(self) -> None:
        pass


def _write_stills(
    plan: _Plan, path: Path, progress: Progress | None, cancel: CancelToken | None
) -> None:
    suffix = path.suffix.lower()
    is_folder = suffix not in STILL_TYPES or path.is_dir()
    counter = re.search(r"%0?(\d*)d", path.name)
    if is_folder:
        suffix = ".png"
        name_of: Callable[[int], str] = lambda i: f"{i:06d}.png"  # noqa: E731
    elif counter is not None:
        name_of = lambda i: path.name.replace(counter[0], counter[0] % i)  # noqa: E731
    elif plan.num_frames == 1:
        name_of = lambda i: path.name  # noqa: E731
    else:
        raise BadInput(
            f"{path.name} is one image: use a folder or a pattern such as x_%04d{suffix}"
        )
    work = Path(tempfile.mkdtemp(prefix=f".{path.stem[:40]}.", suffix=".part", dir=path.parent))
    try:
        sink = _Stills(plan, work, suffix, name_of)
        _write_all(plan, sink, progress, cancel)
        if is_folder or counter is not None:
            text = json.dumps(sink.record, indent=1, default=str)
            name = "evenflow.json" if is_folder else sidecar_name(path.name)
            (work / name).write_text(text + "\n", encoding="utf-8")
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(work, 0o777 & ~umask)
        if is_folder and not path.exists():
            os.replace(work, path)
        else:
            target = path if is_folder else path.parent
            made = {entry.name for entry in work.iterdir()}
            old = re.compile(r"\d{6}\.png") if is_folder else _pattern(path)
            for name in sorted(made):
                os.replace(work / name, target / name)
            for name in os.listdir(target):
                if old.fullmatch(name) and name not in made:
                    (target / name).unlink()
        if plan.carry is not None:
            plan.note("images cannot hold sound or subtitles; they are left out")
    finally:
        shutil.rmtree(work, ignore_errors=True)
