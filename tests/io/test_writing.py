import errno
import json
import os
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from evenflow.core.clip import ArrayFrame, ArraySource, Clip
from evenflow.core.errors import BadInput, Cancelled, OutputExists, ResourceShortage
from evenflow.core.events import CancelToken
from evenflow.io import EditedSource, NativeFrame, frame_digest, info, read, write
from evenflow.io.writing import VIDEO_TYPES


def digests(clip, stop=None):
    return [frame_digest(frame.pixels()) for frame in clip.stream(0, stop)]


def times(clip):
    return [frame.time for frame in clip.stream()]


def as_arrays(clip, stop):
    """The clip as bare RGB frames, so that nothing can pass through a writer as planes."""
    return Clip(ArraySource(clip.frames(0, stop), clip.info.fps, "arrays"))


def no_leftovers(folder: Path, *expected: str):
    assert sorted(p.name for p in folder.iterdir()) == sorted(expected)


# Lossless ------------------------------------------------------------------------------------


def test_five_lossless_hops_change_nothing(bikes, tmp_path):
    first = read(bikes)
    want, planes = digests(first, 25), [f.planes for f in first.stream(0, 25)]
    clip = Clip(_Head(first.source, 25))
    for hop in range(5):
        write(clip, tmp_path / f"{hop}.mkv")
        clip = read(tmp_path / f"{hop}.mkv")
        assert clip.info.pixel_format == "yuv420p"
    assert digests(clip) == want
    for frame, stored in zip(clip.stream(), planes, strict=True):
        assert all((a == b).all() for a, b in zip(frame.planes, stored, strict=True))


@pytest.mark.parametrize("suffix", VIDEO_TYPES)
def test_equal_frames_and_settings_give_equal_files(make_clip, tmp_path, suffix):
    clip = as_arrays(make_clip(h=96, w=128), 6)
    files = [write(clip, tmp_path / f"{i}{suffix}", settings={"a": 1}) for i in range(2)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_source_tells_of_itself_unless_the_caller_does(make_clip, tmp_path):
    class Telling:
        settings, provenance = {"made": 1}, {"generated": True}

        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

    clip = Clip(Telling(as_arrays(make_clip(), 3).source))
    told = info(write(clip, tmp_path / "a.mkv"))
    assert (told["settings"], told["provenance"]) == ({"made": 1}, {"generated": True})
    told = info(write(clip, tmp_path / "b.mkv", settings={"mine": 2}))
    assert (told["settings"], told["provenance"]) == ({"mine": 2}, {"generated": True})
    told = info(write(clip.stream(), tmp_path / "c.mkv", like=clip))  # bare frames are nobody's
    assert told["settings"] is None and told["provenance"] is None


def test_five_hops_through_images_change_nothing(bikes, tmp_path):
    clip = as_arrays(read(bikes), 8)
    want = digests(clip)
    for hop in range(5):
        write(clip, tmp_path / f"{hop}")
        clip = read(tmp_path / f"{hop}")
    assert digests(clip) == want
    assert clip.info.fps == 25


def test_mkv_and_folder_of_the_same_frames_agree(carphone, tmp_path):
    clip = Clip(_Head(read(carphone).source, 30))
    write(clip, tmp_path / "a.mkv")
    write(clip, tmp_path / "a")
    mkv, folder = read(tmp_path / "a.mkv"), read(tmp_path / "a", fps="29.97")
    assert digests(mkv) == digests(folder) == digests(clip)
    assert times(mkv) == times(folder) == [i / Fraction(30000, 1001) for i in range(30)]
    assert mkv.info.fps == folder.info.fps


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(48, 64), (33, 51), (1, 1)])
@pytest.mark.parametrize("ending", [".mkv", "", "_%03d.tiff"])
def test_lossless_writers_keep_any_picture(make_clip, tmp_path, channels, dtype, size, ending):
    clip = make_clip(3, *size, channels, dtype, Fraction(30000, 1001))
    path = tmp_path / f"out{ending}"
    write(clip, path)
    back = read(path)
    assert (back.frames() == clip.frames()).all()
    assert back.frames().dtype == dtype
    assert back.info.channels == channels
    assert times(back) == times(clip)


@pytest.mark.parametrize(
    "name",
    ["yuv422p", "yuv444p", "yuv411p", "yuv410p", "yuvj420p", "yuvj444p", "yuva420p",
     "yuv420p10le", "yuv422p10le", "yuv444p12le", "yuv420p16le", "gbrp10le", "gbrp", "rgb24",
     "rgb48le", "gray10le", "ya8", "gray", "yuva444p10le"],
)  # fmt: skip
def test_every_layout_survives_mkv(name, tmp_path):
    from evenflow.core.clip import ColorTags
    from evenflow.io.color import from_pixels
    from evenflow.io.frames import FrameFormat
    from evenflow.io.layouts import layout_of

    layout = layout_of(name)
    matrix = {"yuv": "bt2020", "gray": "gray"}.get(layout.family, "rgb")
    full = layout.full or layout.family != "yuv"
    color = ColorTags(matrix, full, "bt2020", "bt709")
    form = FrameFormat(name, 34, 18, color, centered=layout.full)
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (18, 34, layout.channels)).astype(np.uint8)
    planes = from_pixels(picture, name, color, centered=layout.full)
    frames = [NativeFrame(i, Fraction(i, 24), form, planes) for i in range(2)]
    write(frames, tmp_path / "a.mkv")
    back = read(tmp_path / "a.mkv")
    assert (back.frames()[0] == frames[0].pixels()).all()
    assert back.info.color.matrix == matrix
    assert back.info.color.full_range == full


def test_an_edit_leaves_the_planes_outside_its_span(carphone, tmp_path):
    source = read(carphone)
    seen = []

    def darker(frame):
        seen.append(frame.index)
        return ArrayFrame(0, Fraction(0), frame.pixels() // 2)  # index and time are put right

    edited = Clip(EditedSource(source.source, darker, 10, 14))
    out = write(edited, tmp_path / "e.mkv")
    assert seen == [10, 11, 12, 13]
    for old, new in zip(source.stream(0, 20), read(out).stream(0, 20), strict=True):
        same = all((a == b).all() for a, b in zip(old.planes, new.planes, strict=True))
        assert same == (not 10 <= old.index < 14)
        if not same:
            error = np.abs(old.pixels() // 2 - new.pixels().astype(float)).mean()
            assert error < 1.0  # what 4:2:0 chroma costs


def test_a_plain_name_with_spaces_and_signs_works(make_clip, tmp_path):
    folder = tmp_path / "a b%20ü"
    folder.mkdir()
    for name in ("x y:1.mkv", "é#?.mp4", "-odd.gif"):
        write(make_clip(2), folder / name)
        assert len(read(folder / name)) == 2


# Delivery ------------------------------------------------------------------------------------


def test_five_mp4_hops_stay_within_a_gray_level_and_a_half(bikes, tmp_path):
    clip = as_arrays(read(bikes), 40)
    first = clip.frames().astype(float)
    for hop in range(5):
        write(clip, tmp_path / f"{hop}.mp4")
        clip = as_arrays(read(tmp_path / f"{hop}.mp4"), 40)
        error = np.abs(clip.frames() - first).mean()
    assert error <= 1.5


def test_five_mp4_hops_of_planes_stay_closer(bikes, tmp_path):
    clip = Clip(_Head(read(bikes).source, 40))
    first = clip.frames().astype(float)
    for hop in range(5):
        write(clip, tmp_path / f"{hop}.mp4")
        clip = read(tmp_path / f"{hop}.mp4")
    assert np.abs(clip.frames() - first).mean() <= 1.5


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".webm"])
def test_delivery_files_carry_all_four_tags(make_clip, tmp_path, ending):
    out = write(make_clip(4), tmp_path / f"a{ending}")
    with av.open(str(out)) as file:
        context = file.streams.video[0].codec_context
        tags = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
    assert tuple(int(t) for t in tags) == (1, 1, 1, 1)
    assert read(out).info.color.assumed == ()
    if ending != ".webm":  # in the container as well
        assert (b"nclx" if ending == ".mp4" else b"nclc") in out.read_bytes()


def test_deep_pictures_are_delivered_with_ten_bits(make_clip, tmp_path):
    clip = make_clip(3, dtype=np.uint16)
    back = read(write(clip, tmp_path / "a.mp4"))
    assert back.info.pixel_format == "yuv420p10le"
    assert np.abs(back.frames().astype(float) - clip.frames()).mean() / 257 < 2.0


@pytest.mark.parametrize("size", [(33, 51), (48, 63), (1, 1)])
def test_odd_sizes_come_back_whole(make_clip, tmp_path, size):
    notes = []
    clip = make_clip(3, *size)
    out = write(clip, tmp_path / "a.mp4", note=notes.append)
    back = read(out)
    assert back.frames().shape == clip.frames().shape
    assert np.abs(back.frames().astype(float) - clip.frames()).mean() < 3
    assert len(notes) == 1
    again = read(write(back, tmp_path / "b.mp4", note=notes.append))
    assert again.frames().shape == clip.frames().shape


def test_alpha_is_kept_or_its_loss_is_said(make_clip, tmp_path):
    clip = make_clip(3, c=4)
    notes = []
    write(clip, tmp_path / "a.mp4", note=notes.append)
    assert any("transparency" in line for line in notes)
    back = read(write(clip, tmp_path / "a.webm"))
    assert back.info.channels == 4
    assert np.abs(back.frames()[..., 3].astype(float) - clip.frames()[..., 3]).mean() < 3
    back = read(write(clip, tmp_path / "a.webp"))
    assert (back.frames() == clip.frames()).all()


# Time, rotation, timecode, sound -------------------------------------------------------------

UNEVEN = [Fraction(n, d) for n, d in ((0, 1), (1, 30), (1, 10), (1, 7), (1, 2), (2, 3), (11, 13))]


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".mov", ".webm", ".webp", ".gif", ""])
def test_uneven_times_come_back(timed_clip, tmp_path, ending):
    back = read(write(timed_clip(UNEVEN), tmp_path / f"v{ending}"))
    if ending == ".gif":  # counts hundredths; the record has the exact times
        assert all(abs(a - b) <= Fraction(1, 100) for a, b in zip(times(back), UNEVEN, strict=True))
    else:
        assert times(back) == UNEVEN
    assert back.info.variable_rate
    assert len(back) == len(UNEVEN)


def test_uneven_times_are_in_the_container_itself(timed_clip, tmp_path):
    out = write(timed_clip(UNEVEN), tmp_path / "v.mp4")
    with av.open(str(out)) as file:
        stream = file.streams.video[0]
        stored = sorted(p.pts * stream.time_base for p in file.demux(stream) if p.pts is not None)
    assert [t - stored[0] for t in stored] == UNEVEN


@pytest.mark.parametrize("rate", ["23.976", "29.97", "24", "12.5", "59.94", "8"])
@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".webm"])
def test_constant_rates_are_exact_in_every_container(make_clip, tmp_path, rate, ending):
    from evenflow.io import parse_rate

    clip = make_clip(9, 16, 16, fps=parse_rate(rate))
    back = read(write(clip, tmp_path / f"r{ending}"))
    assert back.info.fps == parse_rate(rate)
    assert not back.info.variable_rate
    assert times(back) == times(clip)


def test_fps_retimes(make_clip, tmp_path):
    out = write(make_clip(5), tmp_path / "a.mkv", fps="29.97")
    assert read(out).info.fps == Fraction(30000, 1001)


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".mov"])
def test_timecode_is_carried(make_clip, tmp_path, ending):
    clip = make_clip(3, fps=Fraction(25))
    source = clip.source
    tagged = Clip(_Renamed(source, timecode="01:02:03:04"))
    assert read(write(tagged, tmp_path / f"a{ending}")).info.timecode == "01:02:03:04"


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".mov"])
def test_pixels_that_are_not_square_stay_so(make_clip, tmp_path, ending):
    clip = make_clip(2)
    source = _Head(clip.source, 2)
    source.sample_aspect = Fraction(16, 15)
    out = write(Clip(source), tmp_path / f"a{ending}")
    assert read(out).source.sample_aspect == Fraction(16, 15)


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("ending", [".mkv", ".mp4", ""])
def test_rotation_is_carried_or_baked_in(carphone, tmp_path, degrees, ending):
    turned = Clip(_Turned(read(carphone).source, degrees))
    upright = turned.frames(0, 2)
    plain = read(carphone).frames(0, 2)
    assert (upright == np.rot90(plain, -degrees // 90, axes=(1, 2))).all()
    notes = []
    back = read(write(Clip(_Head(turned.source, 2)), tmp_path / f"r{ending}", note=notes.append))
    assert back.frames().shape == upright.shape
    assert np.abs(back.frames().astype(float) - upright).mean() < (
        2.5 if ending == ".mp4" else 0.01
    )


def test_a_phone_turned_clockwise_is_read_upright(make_clip, tmp_path):
    """The matrix that phones write for a portrait recording, put into the file by hand."""
    out = write(make_clip(2), tmp_path / "p.mp4")
    data = bytearray(out.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 36  # version and flags, then 36 bytes before the matrix
    assert struct.unpack(">9i", data[at : at + 36])[0] == 0x10000
    data[at : at + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    plain = read(out).frames()
    out.write_bytes(data)
    back = read(out)
    assert back.info.rotation_deg == 90
    assert (back.info.width, back.info.height) == (48, 64)
    assert (back.frames() == np.rot90(plain, -1, axes=(1, 2))).all()  # clockwise


def packets(path, kind="audio"):
    with av.open(str(path)) as file:
        streams = [s for s in file.streams if s.type == kind]
        return [bytes(p) for p in file.demux(streams[0]) if p.size] if streams else []


@pytest.fixture(scope="module")
def with_sound(tmp_path_factory):
    """A film with a tone and two subtitles."""
    path = tmp_path_factory.mktemp("sound") / "film.mkv"
    with av.open(str(path), "w") as sink:
        video = sink.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 32, 16, "yuv420p"
        audio = sink.add_stream("aac", rate=48000)
        for i in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((16, 32, 3), 20 * i, np.uint8), "rgb24")
            sink.mux(video.encode(frame.reformat(format="yuv420p")))
        tone = (np.sin(np.arange(19200) / 20) * 9000).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        sound.sample_rate = 48000
        sink.mux(audio.encode(sound))
        sink.mux(audio.encode(None))
        sink.mux(video.encode(None))
    return path


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".mov"])
def test_sound_goes_along_untouched(with_sound, tmp_path, ending):
    notes = []
    out = write(read(with_sound), tmp_path / f"a{ending}", note=notes.append)
    assert packets(out) == packets(with_sound)
    assert notes == []
    assert read(out).info.has_audio
    assert len(read(out)) == 10
    assert info(out)["audio"][0]["codec"] == "aac"
    no_leftovers(tmp_path, out.name)


def test_sound_that_does_not_fit_is_named(with_sound, make_clip, tmp_path):
    notes = []
    out = write(read(with_sound), tmp_path / "a.webm", note=notes.append)
    assert packets(out) == []
    assert any("aac" in line for line in notes)
    out = write(make_clip(10), tmp_path / "b.mp4", carry_from=with_sound, note=notes.append)
    assert packets(out) == packets(with_sound)


# Whole or not at all -------------------------------------------------------------------------


def test_nothing_is_overwritten_unasked(make_clip, tmp_path):
    out = write(make_clip(2), tmp_path / "a.mkv")
    before = out.read_bytes()
    with pytest.raises(OutputExists, match="--yes"):
        write(make_clip(2, seed=5), out)
    assert out.read_bytes() == before
    write(make_clip(2, seed=5), out, overwrite=True)
    assert out.read_bytes() != before
    folder = write(make_clip(3), tmp_path / "frames")
    with pytest.raises(OutputExists):
        write(make_clip(2), folder)
    write(make_clip(2), folder, overwrite=True)
    assert len(read(folder)) == 2


def test_the_input_is_no_output(carphone, make_clip, tmp_path):
    out = write(make_clip(2), tmp_path / "a.mkv")
    with pytest.raises(BadInput, match="being read"):
        write(read(out), out, overwrite=True)
    folder = write(make_clip(2), tmp_path / "f")
    with pytest.raises(BadInput, match="being read"):
        write(read(folder), folder, overwrite=True)


class _Bomb:
    """Fails, or is cancelled, after some frames."""

    warnings = ()

    def __init__(self, source, error, at=3):
        self.source, self.error, self.at = source, error, at
        self.info = source.info

    def stream(self, start=0, stop=None, *, cancel=None):
        for frame in self.source.stream(start, stop):
            if frame.index == self.at:
                raise self.error
            yield frame


ENDINGS = [".mkv", ".mp4", ".webm", ".gif", ".webp", ".y4m", "", "_%02d.png"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt(), Cancelled("x")])
def test_an_error_leaves_nothing_behind(make_clip, tmp_path, ending, error):
    clip = Clip(_Bomb(make_clip(6).source, error))
    with pytest.raises(type(error)):
        write(clip, tmp_path / f"a{ending}")
    no_leftovers(tmp_path)


def test_cancel_stops_between_frames(make_clip, tmp_path):
    token = CancelToken()
    steps = []

    def progress(event):
        steps.append(event.step)
        token.cancel()

    with pytest.raises(Cancelled):
        write(make_clip(50), tmp_path / "a.mkv", progress=progress, cancel=token)
    assert steps == [1]
    no_leftovers(tmp_path)


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".gif", ".webp", ".y4m", ""])
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tiny disk takes root")
def test_a_full_disk_is_said_and_nothing_stays(make_clip, tmp_path, ending):
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True
    )
    if made.returncode:
        pytest.skip("no mounts here")
    try:
        rng = np.random.default_rng(0)
        noise = Clip(ArraySource(rng.integers(0, 256, (20, 96, 128, 3)).astype(np.uint8)))
        with pytest.raises(ResourceShortage, match="disk is full"):
            write(noise, disk / f"a{ending}")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_in_the_last_step_is_said(make_clip, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceShortage):
        write(make_clip(2), tmp_path / "a.mkv")
    no_leftovers(tmp_path)


def test_wrong_outputs_are_one_line(make_clip, tmp_path):
    for path, words in (
        (tmp_path / "a.xyz", "ending"),
        (tmp_path / "no" / "a.mkv", "does not exist"),
        (tmp_path / "a.png", "pattern"),
    ):
        with pytest.raises(BadInput, match=words) as caught:
            write(make_clip(2), path)
        assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="no frames"):
        write([], tmp_path / "a.mkv")
    mixed = [
        ArrayFrame(0, Fraction(0), np.zeros((8, 8, 3), np.uint8)),
        ArrayFrame(1, Fraction(1, 24), np.zeros((8, 9, 3), np.uint8)),
    ]
    for ending in ENDINGS:
        with pytest.raises(BadInput):
            write(mixed, tmp_path / f"m{ending}")
    back = [replace(mixed[0], index=1), replace(mixed[0], index=0)]
    with pytest.raises(BadInput, match="rise"):
        write(back, tmp_path / "a.mkv")
    no_leftovers(tmp_path)


# What is embedded ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending", [".mkv", ".mp4", ".mov", ".webm", ".gif", ".webp", "", "_%02d.png"]
)
def test_settings_and_provenance_are_read_back(make_clip, tmp_path, ending):
    settings = {"seed": 7, "prompt": 'a "red" ball, größer', "long": "x" * 5000}
    provenance = {"inputs": ["a.mp4"], "generated": True}
    path = tmp_path / f"a{ending}"
    write(make_clip(2), path, settings=settings, provenance=provenance)
    told = info(path)
    assert told["schema"] == "evenflow.info/1"
    assert told["settings"] == settings
    assert told["provenance"] == provenance
    assert json.loads(json.dumps(told)) == told
    assert told["frames"] == 2


def test_info_of_a_foreign_file_says_what_it_assumes(bikes):
    told = info(bikes)
    assert told["color"]["assumed"] == ["matrix", "range", "primaries", "transfer"]
    assert told["settings"] is None
    assert (told["width"], told["height"], told["frames"], told["fps"]) == (640, 272, 250, 25.0)


def test_every_ending_is_written_and_read(make_clip, tmp_path):
    for ending in VIDEO_TYPES:
        clip = make_clip(4)
        back = read(write(clip, tmp_path / f"all{ending}"))
        assert len(back) == 4
        assert np.abs(back.frames()[..., :3].astype(float) - clip.frames()).mean() < 5, ending


def test_a_pipe_out_is_what_a_pipe_in_reads(make_clip, monkeypatch):
    import io
    import sys

    from evenflow.io.y4m import PipeSource

    class Out:
        buffer = io.BytesIO()

    monkeypatch.setattr(sys, "stdout", Out)
    clip = make_clip(4)
    assert write(clip, "-") == Path("-")
    back = list(PipeSource(io.BytesIO(Out.buffer.getvalue())).stream())
    assert len(back) == 4
    error = np.abs(back[0].pixels().astype(float) - clip.frames()[0])
    assert error.mean() < 0.6
    assert error.max() <= 2


def test_gif_keeps_equal_neighbors_and_their_times(tmp_path):
    still = Clip(ArraySource(np.full((5, 8, 8, 3), 90, np.uint8), Fraction(25)))
    for ending in (".gif", ".webp"):
        back = read(write(still, tmp_path / f"s{ending}"))
        assert len(back) == 5
        assert times(back) == [Fraction(i, 25) for i in range(5)]
        assert (back.frames() == 90).all()


def test_exr_is_linear_and_keeps_eight_bits(make_clip, tmp_path):
    pytest.importorskip("OpenEXR")
    clip = make_clip(2)
    back = read(write(clip, tmp_path / "x_%02d.exr").with_name("x_%02d.exr"))
    eight = (back.frames().astype(np.uint32) * 255 + 32767) // 65535
    assert (eight == clip.frames()).all()
    deep = make_clip(2, dtype=np.uint16)
    write(deep, tmp_path / "d_%02d.exr")
    difference = read(tmp_path / "d_%02d.exr").frames().astype(int) - deep.frames()
    assert np.abs(difference).max() <= 1


class _Head:
    """The first frames of a source."""

    def __init__(self, source, num):
        self.source, self.num = source, num
        self.info = replace(source.info, num_frames=num, has_audio=False)
        self.warnings = ()
        self.frame_format = getattr(source, "frame_format", None)

    def stream(self, start=0, stop=None, *, cancel=None):
        stop = self.num if stop is None else min(stop, self.num)
        return self.source.stream(start, stop, cancel=cancel)


class _Renamed(_Head):
    def __init__(self, source, **changes):
        super().__init__(source, source.info.num_frames)
        self.info = replace(source.info, **changes)


class _Turned(_Head):
    """A source whose stored pictures lie on their side."""

    def __init__(self, source, degrees):
        super().__init__(source, source.info.num_frames)
        self.frame_format = replace(source.frame_format, rotation_deg=degrees)
        width, height = self.frame_format.upright_size
        self.info = replace(self.info, width=width, height=height, rotation_deg=degrees)

    def stream(self, start=0, stop=None, *, cancel=None):
        for frame in self.source.stream(start, stop, cancel=cancel):
            yield replace(frame, format=self.frame_format)
