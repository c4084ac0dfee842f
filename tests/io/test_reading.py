import contextlib
import io
import os
import signal
import sys
import threading
import time
from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest

from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput, Cancelled, ResourceShortage, UnreadableVideo
from evenflow.core.events import CancelToken
from evenflow.io import frame_digest, pool, read, write
from evenflow.io.pool import Job
from evenflow.io.y4m import PipeSource


def digests(clip, start=0, stop=None):
    return [frame_digest(frame.pixels()) for frame in clip.stream(start, stop)]


def independent_rgb(path, index):
    """A frame through PyAV's own decoder and the float64 matrix, chroma repeated."""
    with av.open(str(path)) as file:
        for i, frame in enumerate(file.decode(video=0)):
            if i == index:
                planes = [
                    np.frombuffer(p, np.uint8).reshape(-1, p.line_size)[: p.height, : p.width]
                    for p in frame.planes
                ]
                y, u, v = (p.astype(float) for p in planes)
                u, v = (p.repeat(2, 0).repeat(2, 1)[: y.shape[0], : y.shape[1]] for p in (u, v))
                y, u, v = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
                kr, kb = 0.299, 0.114
                r, b = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
                g = (y - kr * r - kb * b) / (1 - kr - kb)
                return np.clip(np.stack([r, g, b], -1) * 255, 0, 255)
    raise AssertionError


# What is read --------------------------------------------------------------------------------


def test_real_footage_is_read_with_times_and_colors(bikes):
    clip = read(bikes)
    frames = list(clip.stream())
    assert len(frames) == len(clip) == 250
    assert [f.time for f in frames] == [Fraction(i, 25) for i in range(250)]
    want = independent_rgb(bikes, 60)
    error = np.abs(frames[60].pixels() - want)
    assert error.mean() < 1.0  # only where chroma is interpolated, not repeated
    assert clip.warnings == ()


@pytest.mark.parametrize("start", [1, 29, 30, 100, 249])
def test_a_part_is_the_same_as_that_part_of_the_whole(bikes, start):
    clip = read(bikes)
    whole = digests(clip)
    assert digests(clip, start, start + 5) == whole[start : start + 5]


def test_streams_run_side_by_side(carphone):
    clip = read(carphone)
    want = digests(clip)
    results = {}

    def work(k):
        results[k] = digests(clip, 10 * k, 10 * k + 10)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert [d for k in range(6) for d in results[k]] == want[:60]


def test_opening_decodes_almost_nothing(bunny):
    read(bunny)  # the worker is up
    start = time.perf_counter()
    clip = read(bunny)
    assert time.perf_counter() - start < 0.5
    assert (clip.info.num_frames, clip.info.has_audio) == (132, True)


def test_closing_a_stream_ends_its_process(bikes):
    frames = read(bikes).stream()
    next(frames)
    before = _workers()
    frames.close()
    deadline = time.monotonic() + 3
    while _workers() >= before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _workers() < before


def _workers():
    """Jobs that the worker has running."""
    server = pool._server[1].pid
    with open(f"/proc/{server}/task/{server}/children", encoding="ascii") as file:
        return len(file.read().split())


def test_memory_stays_flat(bunny):
    import resource

    clip = read(bunny)
    for _ in clip.stream(0, 20):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        for frame in clip.stream():
            frame.pixels()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def encode(path, codec, pix_fmt, rate=25, num=6, size=(64, 48), **options):
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream(codec, rate=rate, options={k: str(v) for k, v in options.items()})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        for i in range(num):
            y, x = np.mgrid[0 : size[1], 0 : size[0]]
            rgb = np.stack([x * 3 + 5 * i, y * 4, x + y + 9 * i], -1).clip(0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=pix_fmt)
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "stored"),
    [
        ("a.avi", "mpeg4", "yuv420p", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p", "yuvj420p"),
        ("a.avi", "ffv1", "yuv420p", "yuv420p"),
        ("a.avi", "rawvideo", "bgr24", "bgr24"),
        ("a.ts", "libx264", "yuv420p", "yuv420p"),
        ("a.mkv", "libx264", "nv12", "yuv420p"),
        ("a.mkv", "libx264", "yuv444p10le", "yuv444p10le"),
        ("a.mov", "prores_ks", "yuv422p10le", "yuv422p10le"),
        ("a.mov", "qtrle", "argb", "argb"),
        ("a.mov", "png", "rgb48be", "rgb48le"),
        ("a.mkv", "libx265", "yuv420p10le", "yuv420p10le"),
        ("a.webm", "libsvtav1", "yuv420p", "yuv420p"),
        ("a.mkv", "ffv1", "gray", "gray"),
        ("a.m4v", "mpeg4", "yuv420p", "yuv420p"),
    ],
)
def test_containers_and_codecs(tmp_path, name, codec, pix_fmt, stored):
    path = encode(tmp_path / name, codec, pix_fmt)
    clip = read(path)
    assert clip.info.pixel_format == stored
    frames = list(clip.stream())
    assert len(frames) == len(clip) == 6
    assert [f.time for f in frames] == [Fraction(i, 25) for i in range(6)]
    assert clip.warnings == ()
    picture = frames[0].pixels()[..., :3].astype(float)
    picture /= np.iinfo(frames[0].pixels().dtype).max / 255
    y, x = np.mgrid[0:48, 0:64]
    want = np.stack([x * 3, y * 4, x + y], -1).clip(0, 255)
    if picture.shape[-1] == 1:
        want = want @ [[0.299], [0.587], [0.114]]
    assert np.abs(picture - want).mean() < 12  # libav's own conversion and the codec
    assert digests(clip, 4) == digests(clip)[4:]


def test_b_frames_and_edit_lists_are_put_in_order(tmp_path):
    path = encode(tmp_path / "b.mp4", "libx264", "yuv420p", num=30, bf=3, g=10)
    clip = read(path)
    brightness = [f.planes[0].mean() for f in clip.stream()]
    assert len(brightness) == 30
    assert all(b >= a - 0.5 for a, b in zip(brightness, brightness[1:], strict=False))


def test_images_of_all_kinds(tmp_path):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (9, 11, 3)).astype(np.uint8)
    for name, mode in (("a.png", "RGB"), ("b.png", "P"), ("c.png", "L"), ("d.png", "RGBA"),
                       ("e.png", "1"), ("f.png", "LA"), ("g.bmp", "RGB"), ("h.tiff", "RGB"),
                       ("i.webp", "RGB"), ("j.ppm", "RGB")):  # fmt: skip
        picture = PIL.Image.fromarray(rgb).convert(mode)
        picture.save(tmp_path / name, **({"lossless": True} if name == "i.webp" else {}))
        clip = read(tmp_path / name)
        assert len(clip) == 1
        got = clip.frames()[0]
        want = np.asarray(picture.convert({1: "L", 3: "RGB", 4: "RGBA"}[got.shape[-1]]))
        assert (got == want.reshape(got.shape)).all(), name
    PIL.Image.fromarray(rgb.repeat(8, 0).repeat(8, 1)).save(tmp_path / "k.jpg", quality=95)
    assert (
        np.abs(
            read(tmp_path / "k.jpg").frames()[0] - rgb.repeat(8, 0).repeat(8, 1).astype(float)
        ).mean()
        < 9
    )


def test_a_folder_is_sorted_like_people_count(tmp_path):
    for i in (1, 2, 10, 9):
        PIL.Image.new("RGB", (4, 4), (i, 0, 0)).save(tmp_path / f"shot{i}.png")
    (tmp_path / "notes.txt").write_text("hello")
    clip = read(tmp_path)
    assert clip.frames()[:, 0, 0, 0].tolist() == [1, 2, 9, 10]
    assert clip.info.fps == 24
    assert "6 numbers missing" in clip.warnings[0]
    for pattern in ("shot%d.png", "shot*.png", "shot?.png"):
        assert len(read(tmp_path / pattern)) == len(list(tmp_path.glob(pattern.replace("%d", "*"))))
    assert read(tmp_path / "shot*.png", fps="12.5").info.fps == Fraction(25, 2)


def test_mixed_kinds_are_widened_and_mixed_sizes_refused(tmp_path):
    PIL.Image.new("L", (4, 4), 7).save(tmp_path / "0.png")
    PIL.Image.new("RGBA", (4, 4), (1, 2, 3, 4)).save(tmp_path / "1.png")
    clip = read(tmp_path)
    assert clip.frames()[:, 0, 0].tolist() == [[7, 7, 7, 255], [1, 2, 3, 4]]
    assert "mixes" in clip.warnings[0]
    PIL.Image.new("RGB", (5, 4)).save(tmp_path / "2.png")
    with pytest.raises(UnreadableVideo, match=r"2.png is 5 x 4, frame 0 is 4 x 4"):
        read(tmp_path)


def test_a_folder_named_like_a_file_is_a_folder(tmp_path):
    folder = tmp_path / "x.mp4"
    folder.mkdir()
    with pytest.raises(UnreadableVideo, match=r"x\.mp4 holds no images: one of .*\.png"):
        read(folder)
    PIL.Image.new("RGB", (4, 4)).save(folder / "a.png")
    assert len(read(folder)) == 1


def test_animated_png_and_webp(tmp_path):
    pictures = [PIL.Image.new("RGB", (8, 6), (40 * i, 10, 200)) for i in range(5)]
    for name in ("a.png", "a.webp"):
        extra = {"lossless": True} if name == "a.webp" else {}
        pictures[0].save(
            tmp_path / name, save_all=True, append_images=pictures[1:], duration=40, **extra
        )
        clip = read(tmp_path / name)
        assert clip.frames()[:, 0, 0, 0].tolist() == [0, 40, 80, 120, 160]
        assert clip.info.fps == 25
        assert clip.frames(3, 5)[:, 0, 0, 0].tolist() == [120, 160]


def y4m_bytes(make_clip, tmp_path, **kwargs):
    path = write(make_clip(**kwargs), tmp_path / "s.y4m")
    return path.read_bytes()


def test_a_pipe_is_read_once_and_forward(make_clip, tmp_path, monkeypatch):
    data = y4m_bytes(make_clip, tmp_path, t=5)

    class Fake:
        buffer = io.BytesIO(data)

    monkeypatch.setattr(sys, "stdin", Fake)
    clip = read("-")
    assert clip.info.num_frames is None
    first = [frame_digest(f.pixels()) for f in clip.stream(0, 2)]
    rest = [frame_digest(f.pixels()) for f in clip.stream(2)]
    assert first + rest == digests(read(tmp_path / "s.y4m"))
    with pytest.raises(BadInput, match="once and forward"):
        next(clip.stream(0))
    assert clip.info.num_frames == 5


@pytest.mark.parametrize(
    "data",
    [b"", b"hello\n", b"YUV4MPEG2\n", b"YUV4MPEG2 W0 H4 F25:1\n", b"YUV4MPEG2 W99999999 H4 F25:1\n",
     b"YUV4MPEG2 W4 H4 F25:1 C999\n", b"YUV4MPEG2 W4 H4 F1:0 Cmono\n", b"\0" * 9000],
)  # fmt: skip
def test_a_bad_pipe_is_one_line(data):
    with pytest.raises(UnreadableVideo) as caught:
        list(PipeSource(io.BytesIO(data)).stream())
    assert "\n" not in str(caught.value)


def test_a_pipe_that_breaks_off_is_read_that_far(make_clip, tmp_path):
    data = y4m_bytes(make_clip, tmp_path, t=5)
    source = PipeSource(io.BytesIO(data[:-100]))
    assert len(list(source.stream())) == 4
    assert "breaks off after frame 3" in source.warnings[0]


def test_exr_without_the_extra_names_it(tmp_path, monkeypatch):
    from evenflow.core.errors import BackendMissing
    from evenflow.io.pool import explain

    error = explain("x.exr", "need_exr", "")
    assert isinstance(error, BackendMissing)
    assert "evenflow[exr]" in str(error)


# Bad input -----------------------------------------------------------------------------------


def write_bytes(path, data):
    path.write_bytes(data)
    return path


def bad_inputs(tmp_path, good):
    rng = np.random.default_rng(0)
    audio = tmp_path / "sound.mp4"
    with av.open(str(audio), "w") as sink:
        stream = sink.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.int16), "s16", "mono")
        frame.sample_rate = 48000
        sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    empty_mkv = tmp_path / "none.mp4"
    with av.open(str(empty_mkv), "w") as sink:
        stream = sink.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        sink.start_encoding()
    data = good.read_bytes()
    folder = tmp_path / "empty folder"
    folder.mkdir()
    huge = bytearray(
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\x01\0\0\0\x01\0\0\x08\x02\0\0\0" + b"x" * 30
    )
    return {
        "does not exist": tmp_path / "missing.mp4",
        "is empty": write_bytes(tmp_path / "empty.mp4", b""),
        "is text": write_bytes(tmp_path / "text.mp4", b"This is a letter, not a film.\n" * 9),
        "not a video that can be read": write_bytes(tmp_path / "r.mp4", rng.bytes(40_000)),
        "no video stream": audio,
        "none.mp4 has": empty_mkv,
        "no moov box": write_bytes(tmp_path / "cut.mp4", data[: len(data) // 3]),
        "empty folder holds no images": folder,
        "65536": write_bytes(tmp_path / "huge.png", bytes(huge)),
        "damaged image|not an image": write_bytes(
            tmp_path / "half.png", b"\x89PNG\r\n\x1a\n" + b"q" * 40
        ),
        "device or pipe": "/dev/zero",
        "no image matches": tmp_path / "none_%04d.png",
    }


def test_bad_input_is_one_clear_line(tmp_path, carphone, bikes):
    for words, path in bad_inputs(tmp_path, bikes).items():
        with pytest.raises(UnreadableVideo, match=words) as caught:
            list(read(path).stream())
        message = str(caught.value)
        assert "\n" not in message
        assert str(tmp_path) not in message
        assert "Errno" not in message
        assert caught.value.exit_code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_said(tmp_path):
    path = write_bytes(tmp_path / "x.mp4", b"1234")
    path.chmod(0)
    with pytest.raises(UnreadableVideo, match="may not be read"):
        read(path)


def test_no_permission_is_said_to_root_too(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / "x.mp4", b"1234")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(UnreadableVideo, match="may not be read"):
        read(path)


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".webm", ".avi"])
def test_a_truncated_file_is_read_as_far_as_it_goes(make_clip, tmp_path, ending):
    path = tmp_path / f"a{ending}"
    if ending == ".avi":
        encode(path, "mjpeg", "yuvj420p", num=60, size=(160, 120))
    else:
        write(make_clip(60, 120, 160), path)
    whole = digests(read(path))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    clip = read(path)
    got = digests(clip)
    assert 5 < len(got) < 60
    assert got[:-2] == whole[: len(got) - 2]
    assert sum("breaks off after frame" in line for line in clip.warnings) == 1
    assert "of 60" in " ".join(clip.warnings)


@pytest.mark.parametrize("ending", [".gif", ".webp", ".y4m", ".apng"])
def test_what_does_not_say_its_length_is_read_as_far_as_it_goes(make_clip, tmp_path, ending):
    path = tmp_path / f"a{ending}"
    pictures = make_clip(12, 48, 64).frames()
    if ending == ".apng":
        first, *more = (PIL.Image.fromarray(picture) for picture in pictures)
        first.save(path, format="PNG", save_all=True, append_images=more, duration=40)
    else:
        write(Clip(ArraySource(pictures, Fraction(25))), path)
    whole = read(path)
    expected = digests(whole)
    assert len(expected) == 12 and whole.warnings == ()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    clip = read(path)
    got = digests(clip)
    assert 3 < len(got) < 12
    assert got[:-1] == expected[: len(got) - 1]
    assert sum("breaks off after frame" in line for line in clip.warnings) == 1


def test_a_folder_is_read_up_to_a_picture_that_is_cut_off(make_clip, tmp_path):
    folder = write(make_clip(6), tmp_path / "shots")
    last = folder / "000004.png"
    last.write_bytes(last.read_bytes()[:-200])
    clip = read(folder)
    assert len(digests(clip)) == 4
    assert "breaks off after frame 3 of 6: 000004.png: the image is damaged" in clip.warnings[0]


def test_a_png_is_asked_for_its_size_without_decoding_it(make_clip, tmp_path):
    from evenflow.io.image_files import image_header

    path = write(make_clip(1, 48, 64), tmp_path / "a.png")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"IDAT") + 30])
    head = image_header(str(path))
    assert (head["width"], head["height"], head["says_srgb"]) == (64, 48, True)


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_a_photograph_is_turned_upright(tmp_path, ending):
    picture = PIL.Image.fromarray(np.full((48, 64, 3), 90, np.uint8))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / f"a{ending}", exif=exif)
    clip = read(tmp_path / f"a{ending}")
    assert (clip.info.width, clip.info.height) == (48, 64)
    assert clip.frames().shape == (1, 64, 48, 3)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_png_says_what_its_colors_mean(make_clip, tmp_path, depth):
    folder = write(make_clip(2, dtype=depth), tmp_path / "shots")
    assert read(folder).info.color.assumed == ()
    PIL.Image.new("RGB", (64, 48)).save(tmp_path / "plain.png")
    assert read(tmp_path / "plain.png").info.color.assumed == ("primaries", "transfer")


def test_an_image_cut_off_in_its_own_record_is_an_error_line(make_clip, tmp_path):
    path = write(make_clip(1), tmp_path / "a.png", settings={"seed": list(range(300))})
    data = path.read_bytes()
    at = data.index(b"iTXt")
    for cut in range(at, at + 40):
        path.write_bytes(data[:cut])
        with pytest.raises(UnreadableVideo, match=r"damaged|not an image"):
            list(read(path).stream())


def test_damage_in_the_middle_is_a_warning(bikes, tmp_path):
    data = bytearray(bikes.read_bytes())
    rng = np.random.default_rng(4)
    for at in rng.integers(len(data) // 3, len(data) // 2, 60):
        data[at] ^= 0x55
    path = write_bytes(tmp_path / "d.mp4", bytes(data))
    clip = read(path)
    frames = list(clip.stream())
    assert [f.index for f in frames] == list(range(250))
    assert len(clip.warnings) > 0
    assert all("\n" not in line for line in clip.warnings)


# Safety --------------------------------------------------------------------------------------


class Opens:
    """Counts how often a file is opened, by any process."""

    def __init__(self, path):
        import ctypes

        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._libc.inotify_add_watch(self._fd, os.fsencode(path), 0x20) >= 0  # IN_OPEN

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def count(self):
        try:
            return len(os.read(self._fd, 65536)) // 16
        except BlockingIOError:
            return 0


def playlists(target):
    url = str(target)
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile '{url}'\n",
        "plain concat": f"file '{url}'\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
        f'<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{url}'
        "</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "metadata": ";FFMETADATA1\ntitle=x\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n",
    }


@pytest.mark.parametrize("kind", list(playlists("x")))
def test_a_playlist_named_mp4_opens_no_second_file(tmp_path, carphone, kind):
    canary = write_bytes(tmp_path / "canary.mp4", carphone.read_bytes())
    path = tmp_path / "innocent.mp4"
    path.write_text(playlists(canary)[kind])
    with Opens(canary) as opens:
        with pytest.raises(UnreadableVideo, match="not a video"):
            read(path)
        assert opens.count() == 0
        canary.read_bytes()
        assert opens.count() > 0  # the watch works


def test_a_movie_that_refers_to_another_file_opens_no_second_file(make_clip, tmp_path):
    """A QuickTime data reference: the sample data is said to lie in another file."""
    canary = write(make_clip(6), tmp_path / "canary.mov")
    data = bytearray(canary.read_bytes())
    at = data.index(b"url \0\0\0\1")
    data[at + 7] = 0  # no longer "in this file"
    path = write_bytes(tmp_path / "ref.mov", bytes(data))
    with Opens(canary) as opens:
        with contextlib.suppress(UnreadableVideo):
            list(read(path).stream())
        assert opens.count() == 0


def start_of(path):
    work = Job(
        {"op": "decode", "path": str(path), "seek": None, "from": None, "until": None,
         "size": [640, 272], "counted": False},
        name=path.name, silence_s=1.0,
    )  # fmt: skip
    messages = iter(work)
    next(messages)
    return work, messages


def test_a_crash_of_the_decoder_is_an_error_line(bikes):
    work, messages = start_of(bikes)
    os.kill(work.pid, signal.SIGSEGV)
    with pytest.raises(UnreadableVideo, match=r"crashed on this file \(signal 11\)"):
        list(messages)
    work, messages = start_of(bikes)
    os.kill(work.pid, signal.SIGKILL)
    with pytest.raises(ResourceShortage):
        list(messages)
    assert len(read(bikes)) == 250  # the next one is fine


def test_a_hang_of_the_decoder_is_an_error_line(bikes):
    work, messages = start_of(bikes)
    os.kill(work.pid, signal.SIGSTOP)
    start = time.monotonic()
    with pytest.raises(UnreadableVideo, match="silent for 1 s"):
        list(messages)
    assert time.monotonic() - start < 5


def test_greed_for_memory_is_an_error_line(bunny, monkeypatch):
    monkeypatch.setattr(pool, "MEMORY_BYTES", 1 << 20)
    with pytest.raises((ResourceShortage, UnreadableVideo)) as caught:
        list(read(bunny).stream())
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert len(list(read(bunny).stream(0, 3))) == 3


def test_the_worker_comes_back_when_it_was_killed(carphone):
    read(carphone)
    os.kill(pool._server[1].pid, signal.SIGKILL)
    time.sleep(0.05)
    assert len(list(read(carphone).stream(0, 5))) == 5


def test_cancel_ends_the_decoding(bikes):
    token = CancelToken()
    frames = read(bikes).stream(cancel=token)
    assert [next(frames).index for _ in range(4)] == [0, 1, 2, 3]
    token.cancel()
    with pytest.raises(Cancelled):
        next(frames)


def test_the_worker_imports_only_what_it_needs():
    import subprocess

    code = (
        "import sys, evenflow.io.worker;"
        "bad = {'numba', 'torch', 'cv2', 'scipy', 'pydantic', 'PIL'} & set(sys.modules);"
        "assert not bad, bad"
    )
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    subprocess.run([sys.executable, "-c", code], check=True, env=env)


def test_a_clip_larger_than_the_pipe_is_no_deadlock():
    noise = np.random.default_rng(0).integers(0, 256, (3, 900, 1400, 3)).astype(np.uint8)
    clip = Clip(ArraySource(noise))
    assert clip.frames().shape == (3, 900, 1400, 3)
