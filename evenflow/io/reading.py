"""Reading: any video file, animation, image, folder, pattern or pipe as a lazy Clip."""

import fnmatch
import os
import re
import stat
import sys
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip, ColorTags, Frame, SourceInfo
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.core.events import CancelToken
from evenflow.io.color import UNSUPPORTED_MATRICES, centered_chroma, resolve_tags
from evenflow.io.frames import FrameFormat, NativeFrame, split_planes
from evenflow.io.layouts import layout_of
from evenflow.io.pool import Job
from evenflow.io.rates import parse_rate, settle_times
from evenflow.io.record import KEY, parse_record, sidecar_name
from evenflow.io.stills import gif_is_whole, png_text, webp_record
from evenflow.io.y4m import PipeSource, y4m_is_whole

IMAGE_TYPES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".ppm", ".pgm", ".exr")
DEFAULT_RATE = Fraction(24)
_SEEKABLE = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")


def read(path: str | Path, *, fps: Fraction | str | float | None = None) -> Clip:
    """A video as a Clip: checked and indexed in a child process, decoded only when streamed.

    Takes mp4, mov, mkv, webm, avi, ts, gif and y4m files; PNG, JPEG, TIFF, WebP, BMP and EXR images
    and animations; a folder of images; a pattern (`shot_%04d.png`, `shot_*.png`); and `-`, a
    YUV4MPEG2 stream on standard input.

    Args:
        path: what to read. Nothing that it refers to is opened: playlists are refused.
        fps: frame rate of images without times of their own (default 24, or what the
            `evenflow.json` beside them says); for other files it replaces the stored times.

    Raises:
        UnreadableVideo: missing, empty, no video, damaged before its first frame.
        ResourceShortage: not enough memory.
        BackendMissing: EXR without the extra `exr`.
        BadInput: `fps` is not a frame rate.
    """
    rate = None if fps is None else parse_rate(fps)
    if str(path) == "-":
        return Clip(PipeSource(sys.stdin.buffer))
    path = Path(path).expanduser()
    name = path.name or str(path)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if isinstance(error, PermissionError):
            raise UnreadableVideo(f"{name} may not be read: change its permissions") from None
        found = _matches(path)
        if found is None:
            raise UnreadableVideo(f"{name} does not exist: check the path") from None
        record = read_record(path.parent / sidecar_name(name))
        return Clip(_images(found, name, rate, record))
    if stat.S_ISDIR(mode):
        try:
            entries = sorted(path.iterdir(), key=_natural)
        except PermissionError:
            raise UnreadableVideo(f"{name} may not be read: change its permissions") from None
        files = [p for p in entries if p.suffix.lower() in IMAGE_TYPES and p.name[0] != "."]
        if not files:
            types = " ".join(IMAGE_TYPES)
            raise UnreadableVideo(f"the folder {name} holds no images: one of {types} is needed")
        return Clip(_images(files, name, rate, read_record(path / "evenflow.json")))
    if not stat.S_ISREG(mode):
        raise UnreadableVideo(
            f"{name} is a device or pipe, not a file: pipe YUV4MPEG2 to `-` instead"
        )
    try:
        with open(path, "rb") as file:
            head = file.read(512)
    except PermissionError:
        raise UnreadableVideo(f"{name} may not be read: change its permissions") from None
    except OSError as error:
        raise UnreadableVideo(f"{name} cannot be read: {error.strerror}") from None
    if not head:
        raise UnreadableVideo(f"{name} is empty (0 bytes): nothing was written to it")
    if _is_image(head):
        return Clip(_images([path], name, rate, image_record(path)))
    return Clip(_video(path, head, rate))


def _is_image(head: bytes) -> bool:
    magics = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"\x76\x2f\x31\x01")
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    netpbm = re.match(rb"P[2356]\s", head) is not None
    bitmap = head[:2] == b"BM" and head[6:10] == b"\0\0\0\0"
    return head.startswith(magics) or webp or netpbm or bitmap


def _natural(path: Path) -> list[Any]:
    parts = re.split(r"(\d+)", path.name)
    return [(int(p), p) if i % 2 else p.lower() for i, p in enumerate(parts)]


def _matches(path: Path) -> list[Path] | None:
    """Files that a `%04d` or `*` pattern names, in order; None if `path` is no pattern."""
    counter = re.search(r"%(0?)(\d*)d", path.name)
    if counter is None and not re.search(r"[*?\[]", path.name):
        return None
    try:
        names = os.listdir(path.parent)
    except OSError:
        raise UnreadableVideo(
            f"the folder {path.parent.name} cannot be read: check the path"
        ) from None
    if counter is not None:
        width = int(counter[2] or 1)
        before, after = path.name[: counter.start()], path.name[counter.end() :]
        digits = rf"\d{{{width},}}" if counter[1] else r"\d+"
        rule = re.compile(re.escape(before) + f"({digits})" + re.escape(after) + r"\Z")
        names = [name for name in names if rule.match(name)]
    else:
        names = [name for name in names if fnmatch.fnmatchcase(name, path.name) and name[0] != "."]
        names = [name for name in names if Path(name).suffix.lower() in IMAGE_TYPES]
    if not names:
        raise UnreadableVideo(f"no image matches {path.name}: check the pattern and the folder")
    return sorted((path.parent / name for name in names), key=_natural)


# Video files ---------------------------------------------------------------------------------


def _video(path: Path, head: bytes, rate: Fraction | None) -> "FileSource":
    try:
        fields, payload = _ask({"op": "probe", "path": str(path.resolve())}, path.name)
    except UnreadableVideo as error:
        if "cannot be read as video" not in str(error):
            raise
        raise UnreadableVideo(_diagnosis(path, head)) from error
    return FileSource(path, fields, payload, rate)


def _ask(job: dict[str, Any], name: str) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    answer = None
    for kind, fields, payload in Job(job, name=name):
        if kind == b"I":
            answer = fields, payload
    if answer is None:
        raise UnreadableVideo(f"{name} cannot be read as video: the decoder gave no answer")
    return answer


def _diagnosis(path: Path, head: bytes) -> str:
    """Why a file is not a video, from its first bytes."""
    name = path.name
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    playlists = (b"#EXTM3U", b"ffconcat", b"<MPD", b"<?xml", b"[playlist]", b";FFMETADATA", b"v=0")
    if text.startswith(playlists) or re.match(rb"file\s+['\"/\w]", text):
        return (
            f"{name} is not a video but a list that points at other files, which are never opened: "
            "give the media file itself"
        )
    printable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in head)
    if printable > 0.95 * len(head):
        return f"{name} is text, not a video: check the path"
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip") and not _has_index(path):
        return (
            f"{name} was cut off before its index was written (no moov box), so its frames "
            "cannot be found: record it again, or rebuild it with a repair tool"
        )
    return f"{name} is not a video that can be read: it is damaged or of an unknown kind"


def _has_index(path: Path) -> bool:
    """True if one of the boxes at the top of an mp4 is `moov` and lies wholly in the file."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        at = 0
        for _ in range(1000):
            file.seek(at)
            head = file.read(16)
            if len(head) < 8:
                return False
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if head[4:8] == b"moov":
                return at + length <= size
            if length < 8:
                return False
            at += length
    return True


class FileSource:
    """Frames of a video file. Holds the index of its pictures, and no open file."""

    def __init__(
        self,
        path: Path,
        fields: dict[str, Any],
        payload: NDArray[np.uint8],
        rate: Fraction | None = None,
        *,
        address: str | None = None,
    ) -> None:
        self.path = path
        self.address = address
        self.fields = fields
        self._lock = threading.Lock()
        self._warnings: list[str] = []
        self._breaks_off: str | None = None
        num = len(payload) // 9
        self._ticks = payload[: 8 * num].view("<i8") if num else np.zeros(0, np.int64)
        self._keys = payload[8 * num : 9 * num]
        if len(payload) != 9 * num:
            self._ticks, self._keys = payload.view("<i8"), np.zeros(0, np.uint8)
        if len(self._ticks) == 0:
            raise UnreadableVideo(f"{path.name} has a video stream without a single picture")
        base = Fraction(*fields["time_base"])
        rates = [Fraction(*pair) for pair in fields["rates"] if pair[0] > 0]
        self.embedded = embedded_record(fields["metadata"])
        if (known := recorded_rate(self.embedded)) is not None:
            rates.insert(0, known)
        if fields["counted"]:
            self.fps, self._times = (rates or [DEFAULT_RATE])[0], None
        else:
            ticks = [int(tick) for tick in self._ticks]
            self.fps, self._times = settle_times(ticks, base, rates)
            self._times = self._recorded_times(ticks, base) or self._times
        if rate is not None:
            self.fps, self._times = rate, None
        first = fields["first"]
        if fields["container"] == "gif" and first.get("opaque"):
            first["pixel_format"] = {"bgra": "bgr0", "rgba": "rgb0"}.get(
                first["pixel_format"], first["pixel_format"]
            )
        self.rotation_deg = upright_turn(first.get("rotation", 0))
        self.crop = self._recorded_crop()
        self._formats: dict[tuple, FrameFormat] = {}
        self._form = self._format(first)
        width, height = self._form.upright_size
        layout = self._form.layout
        kinds = [entry["type"] for entry in fields["streams"]]
        self._info = SourceInfo(
            path.name,
            width,
            height,
            self.fps,
            len(self._ticks),
            layout.channels,
            layout.depth,
            self._form.color,
            timecode=timecode_of(fields),
            variable_rate=self._times is not None,
            rotation_deg=self.rotation_deg,
            container=fields["container"],
            codec=fields["codec"],
            pixel_format=self._form.pixel_format,
            has_audio="audio" in kinds,
            has_subtitles="subtitle" in kinds,
        )
        self._look_for_damage()

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length, color."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was found wrong so far, one line each."""
        with self._lock:
            lines = list(self._warnings)
            if self._breaks_off is not None:
                lines.append(self._breaks_off)
            return tuple(lines)

    @property
    def frame_format(self) -> FrameFormat:
        """How its frames are stored."""
        return self._form

    @property
    def times(self) -> tuple[Fraction, ...] | None:
        """True frame times in seconds if the rate varies, else None."""
        return self._times

    @property
    def sample_aspect(self) -> Fraction:
        """Width over height of one stored pixel; 1 for square ones and where the file is silent."""
        with suppress(BadInput):  # Matroska as written here has no room for it
            return parse_rate(self.embedded.get("sample_aspect", ""))
        num, den = self.fields["sar"]
        return Fraction(num, den) if num > 0 and den > 0 else Fraction(1)

    @property
    def first_time(self) -> Fraction:
        """Time of the first picture on the file's own clock, which its sound shares."""
        if self.fields["counted"]:
            return Fraction(0)
        return int(self._ticks[0]) * Fraction(*self.fields["time_base"])

    def time_of(self, index: int) -> Fraction:
        """Presentation time of frame `index` in seconds."""
        if self._times is not None and index < len(self._times):
            return self._times[index]
        return index / self.fps

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`, decoded in a child process from the nearest key frame."""
        start, stop, _ = slice(start, stop).indices(len(self._ticks))
        if start >= stop:
            return
        key = self._key_before(start)
        for seek in [key, None] if key is not None else [None]:
            expected = start
            last: NativeFrame | None = None
            landed = True
            for index, frame in self._decode(seek, start, stop, cancel):
                if last is None and index > start and seek is not None:
                    landed = False  # the seek went too far; decode from the first picture instead
                    break
                index = min(max(index, expected), stop - 1)
                if index > expected:
                    self._warn_hole(expected, index)
                while expected < index:
                    stand_in = last or frame
                    yield replace(stand_in, index=expected, time=self.time_of(expected))
                    expected += 1
                last = replace(frame, index=index, time=self.time_of(index))
                yield last
                expected = index + 1
                if expected >= stop:
                    return
            if landed and (last is not None or seek is None):
                break
        if last is None and start == 0:
            raise UnreadableVideo(f"{self.path.name} holds no picture that can be decoded")
        with self._lock:
            self._breaks_off = self._break_line(expected)

    def _decode(
        self, seek: int | None, start: int, stop: int, cancel: CancelToken | None
    ) -> Iterator[tuple[int, NativeFrame]]:
        counted = self.fields["counted"]
        first = self.fields["first"]
        job = {
            "op": "decode",
            "path": self.address or str(self.path.resolve()),
            "seek": seek,
            "from": int(self._ticks[start]) if start else None,
            "until": int(self._ticks[stop]) if stop < len(self._ticks) else None,
            "size": [first["width"], first["height"]],
            "counted": counted,
        }
        expected = start
        errors = Job(job, name=self.path.name, cancel=cancel)
        try:
            for kind, fields, payload in errors:
                if kind == b"E":
                    self._note_end(fields)
                    return
                form = self._format(fields)
                if len(payload) != form.layout.num_bytes(form.width, form.height):
                    raise UnreadableVideo(f"{self.path.name}: the decoder answered nonsense")
                index = expected
                if fields["pts"] is not None:
                    place = int(np.searchsorted(self._ticks, fields["pts"]))
                    if place < len(self._ticks) and self._ticks[place] == fields["pts"]:
                        index = place
                if fields["corrupt"]:
                    self._warn(
                        f"{self.path.name}: frame {index} is damaged, shown as far as it decodes"
                    )
                expected = index + 1
                yield index, NativeFrame(index, Fraction(0), form, split_planes(payload, form))
        finally:
            errors.close()

    def _key_before(self, start: int) -> int | None:
        if self.fields["counted"] or self.fields["container"] not in _SEEKABLE or start == 0:
            return None
        keys = np.flatnonzero(self._keys[: start + 1])
        if len(keys) == 0 or keys[-1] == 0:
            return None
        return int(self._ticks[keys[-1]])

    def _format(self, fields: dict[str, Any]) -> FrameFormat:
        key = tuple(
            fields[k] for k in
            ("pixel_format", "width", "height", "matrix", "range", "primaries", "transfer")
        )  # fmt: skip
        if key not in self._formats:
            name = key[0]
            if self._formats and self._form.pixel_format in ("bgr0", "rgb0"):
                name = {"bgra": "bgr0", "rgba": "rgb0"}.get(name, name)
            layout = layout_of(name)
            codec = self.fields["codec"]
            if layout.family == "yuv" and fields["matrix"] in UNSUPPORTED_MATRICES:
                matrix = UNSUPPORTED_MATRICES[fields["matrix"]]
                raise UnreadableVideo(
                    f"{self.path.name} is coded in {matrix}, which is not supported: convert it to "
                    "BT.709 or BT.2020 first"
                )
            color = resolve_tags(
                layout,
                fields["height"],
                matrix=fields["matrix"],
                full_range=fields["range"],
                primaries=fields["primaries"],
                transfer=fields["transfer"],
                codec=codec,
            )
            self._formats[key] = FrameFormat(
                layout.name,
                fields["width"],
                fields["height"],
                color,
                centered_chroma(layout, codec) or self.embedded.get("chroma") == "center",
                self.rotation_deg,
                self.crop,
            )
        return self._formats[key]

    def _recorded_crop(self) -> tuple[int, int] | None:
        size = self.embedded.get("picture")
        first = self.fields["first"]
        stored = first["width"], first["height"]
        if (
            isinstance(size, list)
            and len(size) == 2
            and all(isinstance(n, int) for n in size)
            and all(0 < n <= have < n + 8 for n, have in zip(size, stored, strict=True))
            and tuple(size) != stored
        ):
            return size[0], size[1]
        return None

    def _recorded_times(self, ticks: Sequence[int], base: Fraction) -> tuple[Fraction, ...] | None:
        """Exact times that our own writer left where the container's clock is too coarse."""
        record = self.embedded.get("times")
        if not isinstance(record, dict):
            return None
        try:
            unit = Fraction(*record["base"])
            exact = np.cumsum([0, *record["steps"]]).tolist()
        except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
            return None
        if len(exact) != len(ticks) or unit <= 0:
            return None
        times = tuple(Fraction(tick) * unit for tick in exact)
        stored = [(tick - ticks[0]) * base for tick in ticks]
        close = all(abs(a - b) <= base for a, b in zip(times, stored, strict=True))
        rising = all(b > a for a, b in zip(times, times[1:], strict=False))
        return times if close and rising else None

    def _look_for_damage(self) -> None:
        fields, have = self.fields, len(self._ticks)
        if fields["corrupt_packets"] or fields["broken"]:
            self._warn(f"{self.path.name} is damaged; what decodes is used")
        total = self._promised()
        if (total is not None and total > have) or self._stops_short():
            self._breaks_off = self._break_line(have)

    def _stops_short(self) -> bool:
        """True if a file that does not say its length ends in the middle of a picture."""
        try:
            if self.fields["container"] == "gif":
                return not gif_is_whole(self.path)
            if self.fields["container"] == "yuv4mpegpipe":
                size = self._form.layout.num_bytes(self._form.width, self._form.height)
                return not y4m_is_whole(self.path, size, len(self._ticks))
        except OSError:
            pass
        return False

    def _promised(self) -> int | None:
        """Frames that the file says it has, if that can be known."""
        fields, have = self.fields, len(self._ticks)
        if fields["declared_frames"] and fields["container"].startswith(("mov", "avi")):
            total = fields["declared_frames"] - fields["left_out"]
            return total if total > have else None
        tag = fields["stream_metadata"].get("DURATION", "")
        seconds = None
        if found := re.match(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", tag):
            seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
        elif all(entry["type"] == "video" for entry in fields["streams"]):
            seconds = fields["declared_s"]
        if seconds is None or self._times is not None or fields["counted"]:
            return None
        total = round(seconds * self.fps)
        return total if total > have + 1 else None

    def _break_line(self, have: int) -> str:
        total = max(self._promised() or 0, len(self._ticks))
        of = f" of {total}" if total > have else ""
        return (
            f"{self.path.name} breaks off after frame {have - 1}{of}: "
            "the file is cut off or damaged there, and the rest is not used"
        )

    def _note_end(self, fields: dict[str, Any]) -> None:
        if fields.get("ended"):
            self._warn(f"{self.path.name} {fields['ended']}: it is read up to there")
        if fields.get("errors"):
            self._warn(f"{self.path.name} is damaged; what decodes is used")

    def _warn_hole(self, first: int, last: int) -> None:
        which = f"frame {first}" if last == first + 1 else f"frames {first} to {last - 1}"
        self._warn(
            f"{self.path.name}: {which} cannot be decoded; the nearest picture before stands in"
        )

    def _warn(self, line: str) -> None:
        with self._lock:
            if line not in self._warnings and len(self._warnings) < 20:
                self._warnings.append(line)


def upright_turn(counterclockwise: int) -> int:
    """Clockwise degrees that bring a picture upright, from the angle that FFmpeg reports."""
    turn = -round(counterclockwise / 90) * 90
    return turn % 360


def timecode_of(fields: dict[str, Any]) -> str | None:
    """The timecode of the first frame, from wherever a container keeps it."""
    places = [fields["stream_metadata"], fields["metadata"]]
    places += [entry["metadata"] for entry in fields["streams"]]
    for place in places:
        for key, value in place.items():
            if key.lower() == "timecode" and re.match(r"\d\d:\d\d:\d\d[:;.]\d\d", value):
                return value
    return None


def embedded_record(metadata: dict[str, str]) -> dict[str, Any]:
    """The record that our own writer left in a container's tags, or an empty dict."""
    found = [value for key, value in metadata.items() if key.lower() == KEY]
    found += [value for key, value in metadata.items() if key.lower() == "comment"]
    return next((record for text in found if (record := parse_record(text))), {})


def recorded_rate(record: dict[str, Any]) -> Fraction | None:
    """The frame rate in a record, or None."""
    try:
        return parse_rate(str(record["fps"]))
    except (KeyError, BadInput):
        return None


# Images --------------------------------------------------------------------------------------


def _images(
    files: list[Path], name: str, rate: Fraction | None, record: dict[str, Any]
) -> "ImageSource":
    job = {"op": "probe_images", "paths": [str(path.resolve()) for path in files]}
    fields, payload = _ask(job, name)
    return ImageSource(files, name, fields, payload, rate, record)


def read_record(path: Path) -> dict[str, Any]:
    """The record in a JSON file beside images, or an empty dict."""
    try:
        if path.stat().st_size > 1 << 24:
            return {}
        return parse_record(path.read_bytes())
    except OSError:
        return {}


def image_record(path: Path) -> dict[str, Any]:
    """The record inside a PNG or WebP, or an empty dict."""
    try:
        return parse_record(png_text(path, KEY) or webp_record(path))
    except (OSError, ValueError, IndexError, zlib.error):
        return {}


class ImageSource:
    """Frames that are image files, or the pictures of one animated image."""

    def __init__(
        self,
        files: list[Path],
        name: str,
        fields: dict[str, Any],
        payload: NDArray[np.uint8],
        rate: Fraction | None,
        record: dict[str, Any],
    ) -> None:
        self.files = files
        self.fields = fields
        self.embedded = record
        self._name = name
        self._lock = threading.Lock()
        self._warnings: list[str] = []
        self._animation = bool(fields.get("animation"))
        self._times: tuple[Fraction, ...] | None = None
        if self._animation:
            ticks = [int(tick) for tick in payload.view("<i8")]
            num = len(ticks)
            known = recorded_rate(record)
            fps, self._times = settle_times(ticks, Fraction(1, 1000), [known] if known else [])
            self._times = self._recorded_times(num) or self._times
            if rate is not None:
                fps, self._times = rate, None
        else:
            num = len(files)
            fps = rate or recorded_rate(record) or DEFAULT_RATE
            if rate is None:
                self._times = self._recorded_times(num)
            self._look_for_gaps()
        if num == 0:
            raise UnreadableVideo(f"{name} is a damaged image: save it again")
        layout = layout_of(fields["pixel_format"])
        matrix = "gray" if layout.family == "gray" and layout.channels == 1 else "rgb"
        assumed = () if fields.get("says_srgb") else ("primaries", "transfer")
        color = ColorTags(matrix, True, "bt709", "srgb", assumed)
        self._form = FrameFormat(layout.name, fields["width"], fields["height"], color)
        self._info = SourceInfo(
            name,
            fields["width"],
            fields["height"],
            fps,
            num,
            layout.channels,
            layout.depth,
            color,
            timecode=_text(record.get("timecode")),
            variable_rate=self._times is not None,
            container="animation" if self._animation else "images" if len(files) > 1 else "image",
            codec=fields["codec"],
            pixel_format=layout.name,
        )
        if fields.get("cut_off") or (self._animation and num < fields["frames"]):
            total = "" if fields.get("cut_off") else f" of {fields['frames']}"
            self._warn(
                f"{name} breaks off after frame {num - 1}{total}: "
                "the file is cut off or damaged there, and the rest is not used"
            )
        if fields.get("mixed"):
            self._warn(
                f"{name} mixes gray, color, alpha or bit depths; all are read as {layout.name}"
            )

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length, color."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was found wrong so far, one line each."""
        with self._lock:
            return tuple(self._warnings)

    @property
    def frame_format(self) -> FrameFormat:
        """How its frames are handed on."""
        return self._form

    @property
    def times(self) -> tuple[Fraction, ...] | None:
        """True frame times in seconds if the rate varies, else None."""
        return self._times

    def time_of(self, index: int) -> Fraction:
        """Presentation time of frame `index` in seconds."""
        return self._times[index] if self._times is not None else index / self._info.fps

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`, decoded in a child process."""
        assert self._info.num_frames is not None
        start, stop, _ = slice(start, stop).indices(self._info.num_frames)
        if start >= stop:
            return
        fields = self.fields
        job: dict[str, Any] = {
            "channels": fields["channels"],
            "depth": fields["depth"],
            "size": [fields["width"], fields["height"]],
        }
        if self._animation:
            job |= {"op": "decode_animation", "paths": [str(self.files[0].resolve())]}
            job |= {"start": start, "stop": stop}
        else:
            job |= {"op": "decode_images"}
            job["paths"] = [str(path.resolve()) for path in self.files[start:stop]]
        index = start
        work = Job(job, name=self._name, cancel=cancel)
        try:
            for kind, fields, payload in work:
                if kind == b"E":
                    self._note_end(fields, index, stop)
                    return
                form = self._form
                if len(payload) != form.layout.num_bytes(form.width, form.height):
                    raise UnreadableVideo(f"{self._name}: the decoder answered nonsense")
                planes = split_planes(payload, form)
                yield NativeFrame(index, self.time_of(index), form, planes)
                index += 1
                if index >= stop:
                    return
        finally:
            work.close()

    def _note_end(self, fields: dict[str, Any], index: int, stop: int) -> None:
        if fields.get("clipped"):
            self._warn(f"{self._name} holds values above white, which are clipped to white")
        if index < stop:
            why = (fields.get("ended") or "an image is damaged").removeprefix(f"{self._name}: ")
            if index == 0:
                raise UnreadableVideo(f"{self._name} cannot be read: {why}")
            self._warn(
                f"{self._name} breaks off after frame {index - 1} of {self._info.num_frames}: {why}"
            )

    def _recorded_times(self, num: int) -> tuple[Fraction, ...] | None:
        record = self.embedded.get("times")
        try:
            unit = Fraction(*record["base"])  # type: ignore[index]
            ticks = np.cumsum([0, *record["steps"]]).tolist()  # type: ignore[index]
        except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
            return None
        rising = all(b > a for a, b in zip(ticks, ticks[1:], strict=False))
        return tuple(t * unit for t in ticks) if len(ticks) == num and rising else None

    def _look_for_gaps(self) -> None:
        numbers: dict[tuple[str, str], list[int]] = {}
        for path in self.files:
            if found := re.fullmatch(r"(.*?)(\d+)(\D*)", path.name):
                numbers.setdefault((found[1], found[3]), []).append(int(found[2]))
        if len(numbers) > 1:
            self._warn(
                f"{self._name} holds {len(numbers)} numbered sequences, read one after another"
            )
        for values in numbers.values():
            missing = [
                (a + 1, b - 1) for a, b in zip(values, values[1:], strict=False) if b > a + 1
            ]
            if missing:
                first, last = missing[0]
                count = sum(b - a + 1 for a, b in missing)
                where = f"{first}" if first == last else f"{first} to {last}"
                plural = "s" if count > 1 else ""
                more = " and others" if len(missing) > 1 else ""
                self._warn(
                    f"{self._name}: {count} number{plural} missing in the sequence "
                    f"({where}{more}); the frames around follow each other directly"
                )

    def _warn(self, line: str) -> None:
        with self._lock:
            if line not in self._warnings and len(self._warnings) < 20:
                self._warnings.append(line)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
