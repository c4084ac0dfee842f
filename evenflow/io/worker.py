"""The decoding worker: every file from outside is opened here, in a process that may safely die.

Run as `python -P -m evenflow.io.worker FD` it imports numpy and PyAV once and then forks a fresh
process for each job, so that a job costs milliseconds and a codec's crash, hang or greed costs
nothing but that job. Imports nothing of ours but what jobs need (`outlet.py`, `image_files.py`) and
the layout table.

A job arrives over a socket as a length and a JSON object; the answer leaves through a pipe as
messages `kind (1 byte), length of JSON (4), length of payload (8), JSON, payload`.
Kinds: `H` heartbeat, `I` what the file is, `F` a frame, `E` the end, `X` an error.
"""

import errno
import heapq
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NoReturn

import av
import av.logging
import numpy as np
from numpy.typing import NDArray

from evenflow.io.image_files import decode_animation, decode_images, probe_images
from evenflow.io.layouts import layout_of, planar_name
from evenflow.io.outlet import MAX_FRAMES, MAX_PIXELS, Outlet, Refusal, check_size

CONTAINERS = "mov,mp4,matroska,webm,avi,mpegts,gif,yuv4mpegpipe"


# Video files ---------------------------------------------------------------------------------


def open_media(path: str) -> "av.container.InputContainer":
    """A media file by the file protocol alone, if its container is on the list.

    `part:START:END:PATH` is the bytes `[START, END)` of a file; no absolute path begins like this.
    """
    address, protocols = "file:" + path, "file"
    if path.startswith("part:"):
        _, start, end, whole = path.split(":", 3)
        address = f"subfile,,start,{int(start)},end,{int(end)},,:file:{whole}"
        protocols = "file,subfile"
    options = {
        "format_whitelist": CONTAINERS,
        "protocol_whitelist": protocols,
        "max_pixels": str(MAX_PIXELS),
        "max_streams": "64",
    }
    container = av.open(address, "r", options=options, metadata_errors="replace")
    if "gif" in container.format.name:
        container.close()
        options |= {"ignore_loop": "1", "min_delay": "0", "max_gif_delay": "65535"}
        options |= {"default_delay": "10"}
        container = av.open(address, "r", options=options, metadata_errors="replace")
    return container


def video_stream(container: "av.container.InputContainer") -> Any:
    """The first video stream that is not a cover picture; the others are not even demuxed."""
    chosen = None
    for stream in container.streams:
        if chosen is None and stream.type == "video" and not _is_cover(stream):
            chosen = stream
        else:
            stream.discard = av.stream.Discard.all
    if chosen is None:
        raise Refusal("no_video")
    context = chosen.codec_context
    if context is None:
        raise Refusal("no_decoder", "is in a codec that cannot be decoded here")
    check_size(context.width, context.height)
    return chosen


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def prepare_decoder(stream: Any) -> Any:
    """The codec context to decode `stream` with, threads set."""
    context = stream.codec_context
    count = max(1, min(4, os.cpu_count() or 1))
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    if tags.get("alpha_mode") == "1" and context.name in ("vp8", "vp9"):
        alpha = av.CodecContext.create("libvpx" if context.name == "vp8" else "libvpx-vp9", "r")
        alpha.thread_count = count
        return alpha
    context.thread_type = "AUTO"
    context.thread_count = count
    context.options = {"max_pixels": str(MAX_PIXELS), "flags": "+output_corrupt"}
    return context


def probe(job: dict[str, Any], out: Outlet) -> None:
    """What the file is: streams, tags, and the index of its pictures; decodes the first one."""
    path = job["path"]
    container = open_media(path)
    everything = [_describe(stream) for stream in container.streams]
    stream = video_stream(container)
    base = stream.time_base
    pts: list[int] = []
    missing = 0
    keys: list[int] = []
    corrupt = 0
    seen_key = False
    leading = None
    broken = ""
    left_out = 0  # frames that are there and never shown
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as error:
            broken = _line(error)
            break
        if packet is None:
            break
        if packet.size == 0 and packet.pts is None and packet.dts is None:
            continue
        out.beat()
        corrupt += packet.is_corrupt
        if len(pts) >= MAX_FRAMES:
            raise Refusal("size", f"has more than {MAX_FRAMES} frames")
        if packet.is_discard:
            left_out += 1
            continue
        if packet.is_keyframe and not seen_key:
            seen_key = True
            leading = packet.pts
            # What comes before the first key frame cannot be decoded.
            left_out += len(pts)
            pts.clear()
            keys.clear()
            missing = 0
        if packet.pts is None:
            missing += 1
            pts.append(-(1 << 62))
        else:
            if seen_key and leading is not None and packet.pts < leading:
                left_out += 1
                continue
            pts.append(packet.pts)
        keys.append(packet.is_keyframe)
    num_packets = len(pts)
    counted = missing > 0
    if counted and missing < num_packets:
        # A second field, or a packed pair, comes without a time of its own.
        kept = [i for i, value in enumerate(pts) if value > -(1 << 62)]
        if 2 * len(kept) >= num_packets - 1:
            pts, keys = [pts[i] for i in kept], [keys[i] for i in kept]
            counted = False
    if counted:
        pts = list(range(num_packets))
    order = np.argsort(np.asarray(pts, np.int64), kind="stable")
    table = np.asarray(pts, np.int64)[order]
    key_table = np.asarray(keys, np.uint8)[order] if len(keys) == len(pts) else np.zeros(0, "u1")
    unique, first = np.unique(table, return_index=True)
    rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    fields: dict[str, Any] = {
        "container": container.format.name,
        "size_bytes": container.size,
        "codec": stream.codec_context.name,
        "stream": stream.index,
        "time_base": _pair(base),
        "rates": [_pair(rate) for rate in rates if rate],
        "declared_frames": stream.frames or 0,
        "declared_s": _seconds(stream.duration, base, container.duration),
        "corrupt_packets": int(corrupt),
        "left_out": left_out,
        "broken": broken,
        "counted": counted,
        "streams": everything,
        "metadata": dict(container.metadata),
        "stream_metadata": dict(stream.metadata),
        "sar": _pair(stream.sample_aspect_ratio or Fraction(1)),
        "bit_rate": container.bit_rate,
    }
    container.close()
    fields["first"] = _first_frame(path, out)
    keys_out = key_table[first] if len(key_table) else key_table
    if fields["container"] == "gif":
        # Packets of a GIF may hold no picture; it is small, so the pictures themselves are counted.
        fields["first"]["opaque"], times = _scan_gif(path, out)
        unique = np.unique(np.asarray(times, np.int64))
        keys_out = np.zeros(len(unique), np.uint8)
    out.send(b"I", fields, unique, keys_out)
    out.send(b"E", {})


def _pair(value: Any) -> list[int]:
    fraction = Fraction(value)
    return [fraction.numerator, fraction.denominator]


def _seconds(duration: int | None, base: Fraction, whole: int | None) -> float | None:
    if duration and base:
        return float(duration * base)
    return whole / 1e6 if whole else None


def _describe(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    entry: dict[str, Any] = {
        "index": stream.index,
        "type": stream.type,
        "codec": context.name if context is not None else None,
        "language": stream.language,
        "metadata": dict(stream.metadata),
    }
    if stream.type == "audio" and context is not None:
        entry |= {"sample_rate": context.sample_rate, "channels": context.channels}
    if stream.type == "video":
        entry["cover"] = _is_cover(stream)
    return entry


def _first_frame(path: str, out: Outlet) -> dict[str, Any]:
    container = open_media(path)
    stream = video_stream(container)
    context = prepare_decoder(stream)
    # One thread: a picture is out after its own packet, not after one for every thread.
    context.thread_count = 1
    for _, frame in _pictures(container, stream, context, out, {}):
        fields = _frame_fields(frame, stream.codec_context)
        fields["rotation"] = frame.rotation
        fields["interlaced"] = bool(frame.interlaced_frame)
        container.close()
        return fields
    container.close()
    raise Refusal("no_frames")


def _frame_fields(frame: Any, context: Any = None) -> dict[str, Any]:
    name = frame.format.name
    check_size(frame.width, frame.height)
    planar = planar_name(name)
    if planar is None:
        raise Refusal("pixel_format", f"stores its pictures as {name}, which is not supported")
    tags = {
        "matrix": int(frame.colorspace),
        "range": int(frame.color_range),
        "primaries": int(frame.color_primaries),
        "transfer": int(frame.color_trc),
    }
    if context is not None:  # what the container says, where the pictures are silent
        silent = {"matrix": 2, "range": 0, "primaries": 2, "transfer": 2}
        said = {
            "matrix": int(context.colorspace),
            "range": int(context.color_range),
            "primaries": int(context.color_primaries),
            "transfer": int(context.color_trc),
        }
        tags = {k: said[k] if value == silent[k] else value for k, value in tags.items()}
    return tags | {
        "pixel_format": planar,
        "stored_as": name,
        "width": frame.width,
        "height": frame.height,
    }


def _scan_gif(path: str, out: Outlet) -> tuple[bool, list[int]]:
    """Whether no pixel of a GIF is clear, and the times of its pictures."""
    container = open_media(path)
    stream = video_stream(container)
    context = prepare_decoder(stream)
    opaque, times = True, []
    for pts, frame in _pictures(container, stream, context, out, {}):
        out.beat()
        fields = _frame_fields(frame)
        (packed,) = planes_of(frame, fields["pixel_format"])
        order = layout_of(fields["pixel_format"]).order
        if opaque and "a" in order and packed[:, :, order.index("a")].min() != 255:
            opaque = False
        if pts is not None:
            times.append(pts)
    container.close()
    return opaque, times


def _pictures(
    container: Any, stream: Any, context: Any, out: Outlet, stats: dict[str, Any]
) -> Iterator[tuple[int | None, Any]]:
    """Decoded frames with their times; errors of single packets are counted, not raised."""
    stats |= {"errors": 0, "first_error": None, "frames": 0, "broken": ""}
    packets = container.demux(stream)

    def note(error: Exception) -> None:
        stats["errors"] += 1
        if stats["first_error"] is None:
            stats["first_error"] = stats["frames"]

    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as error:
            stats["broken"] = _line(error)
            packet = None
        out.beat()
        flush = packet is None or (packet.size == 0 and packet.dts is None)
        try:
            frames = context.decode(None if flush else packet)
        except av.error.MemoryError:
            raise
        except av.error.EOFError:
            frames = []
        except av.error.FFmpegError as error:
            note(error)
            frames = []
        for frame in frames:
            stats["frames"] += 1
            if frame.is_corrupt:
                note(ValueError("corrupt"))
            yield frame.pts, frame
        if flush:
            return


def planes_of(frame: Any, name: str) -> tuple[NDArray, ...]:
    """The planes of a decoded frame as arrays, unpacked to layout `name` if it is not stored so."""
    if frame.format.name != name:
        span = 2 if layout_of(name).full or frame.color_range == 2 else 1
        frame = frame.reformat(format=name, src_color_range=span, dst_color_range=span)
    layout = layout_of(name)
    arrays = []
    for plane, shape in zip(frame.planes, layout.planes(frame.width, frame.height), strict=True):
        stride = plane.line_size // layout.dtype.itemsize
        flat = np.frombuffer(plane, layout.dtype)
        used = shape.columns * shape.components
        if flat.size < stride * shape.rows:  # the last row may end early
            flat = np.concatenate([flat, np.zeros(stride * shape.rows - flat.size, flat.dtype)])
        rows = flat[: stride * shape.rows].reshape(shape.rows, stride)[:, :used]
        if shape.components > 1:
            rows = rows.reshape(shape.rows, shape.columns, shape.components)
        arrays.append(rows)
    return tuple(arrays)


def decode(job: dict[str, Any], out: Outlet) -> None:
    """Pictures with `from <= pts < until`; starts at the key frame `seek` if that is given."""
    container = open_media(job["path"])
    stream = video_stream(container)
    context = prepare_decoder(stream)
    first, until, size = job.get("from"), job.get("until"), tuple(job["size"])
    if job.get("seek") is not None:
        try:
            container.seek(job["seek"], stream=stream, backward=True)
        except av.error.FFmpegError:
            container.close()
            container = open_media(job["path"])
            stream = video_stream(container)
            context = prepare_decoder(stream)
    stats: dict[str, Any] = {}
    counter = 0
    ended = ""
    previous = None
    for pts, frame in _pictures(container, stream, context, out, stats):
        if job["counted"]:
            pts = counter
        counter += 1
        if pts is not None and previous is not None and pts <= previous and not job["counted"]:
            pts = None
        if pts is not None:
            previous = pts
            if first is not None and pts < first:
                continue
            if until is not None and pts >= until:
                break
        fields = _frame_fields(frame, stream.codec_context)
        if (frame.width, frame.height) != size:
            ended = f"changes its size from {size[0]} x {size[1]} to {frame.width} x {frame.height}"
            break
        fields["pts"] = pts
        fields["corrupt"] = bool(frame.is_corrupt)
        out.send(b"F", fields, *_packed(planes_of(frame, fields["pixel_format"])))
    out.send(b"E", stats | {"ended": ended})
    container.close()


def _packed(planes: tuple[NDArray, ...]) -> list[NDArray]:
    return [np.ascontiguousarray(plane) for plane in planes]


# Remuxing ------------------------------------------------------------------------------------


def remux(job: dict[str, Any], out: Outlet) -> None:
    """Our own video file plus sound and subtitles of another, packets untouched, to a third."""
    video_path, other_path, target = job["video"], job["other"], job["target"]
    notes: list[str] = []
    picture = av.open("file:" + video_path, "r")
    other = open_media(other_path)
    shift = Fraction(job["start"][0], job["start"][1])
    options = dict(job["options"])
    with av.open("file:" + target, "w", format=job["format"], options=options) as sink:
        sink.metadata.update(job["metadata"])
        source_video = picture.streams.video[0]
        pairs = {}
        first = sink.add_stream_from_template(source_video)
        first.metadata.update(dict(source_video.metadata) | job["stream_metadata"])
        first.time_base = source_video.time_base
        if job.get("rotation"):
            first.set_display_rotation(job["rotation"])
        for stream in other.streams:
            if stream.type not in ("audio", "subtitle"):
                stream.discard = av.stream.Discard.all
                continue
            codec = stream.codec_context.name if stream.codec_context is not None else "unknown"
            try:
                if codec not in _carriable(sink, stream):
                    raise ValueError(codec)
                copy = sink.add_stream_from_template(stream)
                copy.metadata.update(dict(stream.metadata))
                copy.time_base = stream.time_base
                pairs[stream.index] = (stream, copy)
            except (ValueError, av.error.FFmpegError):
                stream.discard = av.stream.Discard.all
                notes.append(f"{stream.type} stream {stream.index} ({codec})")
        chosen = [pair[0] for pair in pairs.values()]
        queues = [_timed(picture.demux(source_video), first, Fraction(0), out)]
        if chosen:
            queues.append(_timed(other.demux(chosen), pairs, shift, out))
        for _, packet in heapq.merge(*queues, key=lambda item: item[0]):
            sink.mux_one(packet)
    picture.close()
    other.close()
    out.send(b"E", {"notes": notes, "carried": len(pairs)})


def _carriable(sink: Any, stream: Any) -> set[str]:
    if stream.type == "subtitle":
        return {
            "mp4": {"mov_text"}, "mov": {"mov_text"}, "webm": {"webvtt"},
            "matroska": {"ass", "ssa", "subrip", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle",
                         "pgssub", "dvdsub", "dvb_subtitle", "text"},
        }.get(sink.format.name, set())  # fmt: skip
    return set(sink.supported_codecs) | {stream.codec_context.codec.canonical_name}


def _timed(packets: Any, target: Any, shift: Fraction, out: Outlet) -> Iterator[tuple[Any, Any]]:
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            return  # the source breaks off here
        if packet is None:
            return
        out.beat()
        if packet.size == 0 and packet.dts is None:
            continue
        base = packet.time_base
        if isinstance(target, dict):
            if packet.stream.index not in target:
                continue
            packet.stream = target[packet.stream.index][1]
        else:
            packet.stream = target
        if shift:
            ticks = round(shift / base)
            packet.pts = None if packet.pts is None else packet.pts - ticks
            packet.dts = None if packet.dts is None else packet.dts - ticks
        stamp = packet.dts if packet.dts is not None else packet.pts
        yield (stamp if stamp is not None else 0) * base, packet


# The process ---------------------------------------------------------------------------------

JOBS = {
    "probe": probe,
    "decode": decode,
    "probe_images": probe_images,
    "decode_images": decode_images,
    "decode_animation": decode_animation,
    "remux": remux,
}


def _line(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0][:200]


def _limit_memory(num_bytes: int) -> None:
    # Address space counts what is only reserved; what the interpreter holds already is on top.
    if not num_bytes or sys.platform == "darwin":
        return
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = used + num_bytes
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _work(data_fd: int, link: socket.socket) -> NoReturn:
    out = Outlet(data_fd)
    code = 0
    try:
        with link.makefile("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            job = json.loads(file.read(length))
        _limit_memory(int(job.get("memory", 0)))
        out.send(b"H", {"pid": os.getpid()})
        JOBS[job["op"]](job, out)
    except Refusal as refusal:
        _tell(out, refusal.kind, str(refusal))
    except (MemoryError, av.error.MemoryError):
        _tell(out, "memory", "out of memory")
    except BrokenPipeError:
        code = 0
    except OSError as error:
        kind = {
            errno.ENOENT: "missing", errno.EACCES: "permission", errno.EPERM: "permission",
            errno.ENOSPC: "disk", errno.EDQUOT: "disk", errno.ENOMEM: "memory",
        }.get(error.errno or 0, "invalid")  # fmt: skip
        _tell(out, kind, _line(error))
    except Exception as error:  # whatever a damaged file does to a parser is "not readable"
        _tell(out, "invalid", _line(error))
    os._exit(code)


def _tell(out: Outlet, kind: str, text: str) -> None:
    try:
        out.send(b"X", {"kind": kind, "text": text})
    except OSError:
        pass


def serve(control: socket.socket) -> None:
    """Forks one process per job until the parent closes its end."""
    wake_r, wake_w = os.pipe()
    os.set_blocking(wake_w, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_w, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake_r, select.POLLIN)
    links: dict[int, tuple[int, socket.socket]] = {}  # fd -> pid, socket
    control.sendall(b"R")
    while True:
        for fd, event in poll.poll():
            if fd == wake_r:
                os.read(wake_r, 4096)
                _reap(links, poll)
            elif fd == control.fileno():
                data, fds, _, _ = socket.recv_fds(control, 1, 2)
                if not data:
                    for pid, _ in links.values():
                        os.kill(pid, signal.SIGKILL)
                    return
                data_fd, link_fd = fds
                link = socket.socket(fileno=link_fd)
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    control.close()
                    for _, other in links.values():
                        other.close()
                    _work(data_fd, link)
                os.close(data_fd)
                links[link_fd] = (pid, link)
                poll.register(link_fd, 0)
            elif fd in links and event & (select.POLLHUP | select.POLLERR):
                poll.unregister(fd)
                os.kill(links[fd][0], signal.SIGKILL)  # not reaped yet, so the number is still its


def _reap(links: dict[int, tuple[int, socket.socket]], poll: select.poll) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        for fd, (owner, link) in list(links.items()):
            if owner == pid:
                try:
                    link.sendall(struct.pack("<i", os.waitstatus_to_exitcode(status)))
                except OSError:
                    pass
                try:
                    poll.unregister(fd)
                except KeyError:
                    pass
                del links[fd]
                link.close()


def main() -> None:
    """Entry point of the process."""
    av.logging.set_level(None)
    control = socket.socket(fileno=int(sys.argv[1]))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(null, 2)
    serve(control)


if __name__ == "__main__":
    main()
