from dataclasses import replace

import numpy as np
import pytest

from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput
from evenflow.io import read, read_chart, round_trips, write
from evenflow.io.chart import PATCHES, WRITERS, chart_clip


def test_every_writer_brings_the_chart_back_right():
    trips = {trip.writer: trip for trip in round_trips()}
    assert list(trips) == list(WRITERS)
    for trip in trips.values():
        if trip.reason is not None:
            assert "pip install" in trip.reason
            continue
        assert trip.reading.cause is None, trip
        assert trip.mean_error < 1.0
        if trip.writer in ("mkv", "gif", "webp", "png", "tiff", "exr"):
            assert trip.lossless


def test_five_mp4_hops_keep_the_chart(tmp_path):
    clip = chart_clip()
    for hop in range(5):
        write(Clip(ArraySource(clip.frames(), clip.info.fps)), tmp_path / f"{hop}.mp4")
        clip = read(tmp_path / f"{hop}.mp4")
    reading = read_chart(clip)
    assert reading.cause is None
    assert reading.mean_error <= 1.5


def retag(path, **changes):
    """Reads a file with tags that it does not carry, as a wrong tag would make us."""
    clip = read(path)
    source = clip.source
    form = source.frame_format
    source._formats = {
        key: replace(form, color=replace(form.color, **changes)) for key in source._formats
    }
    source._info = replace(source.info, color=replace(form.color, **changes))
    return clip


@pytest.mark.parametrize("tagged", ["bt601", "bt2020"])
def test_a_wrong_matrix_is_named(tmp_path, tagged):
    path = write(chart_clip(), tmp_path / "c.mp4")
    reading = read_chart(retag(path, matrix=tagged))
    assert reading.cause == "wrong matrix"
    assert reading.true_matrix == "bt709"
    assert "BT709" in reading.explanation
    assert reading.residual < 1.5 < reading.mean_error


def test_a_wrong_tag_in_the_file_itself_is_named(tmp_path):
    """709 numbers in a file whose container and stream both say 601."""
    import av

    good = read(write(chart_clip(), tmp_path / "good.mkv", overwrite=True))
    from evenflow.core.clip import ColorTags
    from evenflow.io.color import from_pixels
    from evenflow.io.frames import FrameFormat
    from evenflow.io.writing import picture_of

    truth = ColorTags("bt709", False, "bt709", "bt709")
    lie = FrameFormat("yuv420p", 320, 192, ColorTags("bt601", False, "bt601", "bt601"))
    with av.open(str(tmp_path / "lie.mp4"), "w") as sink:
        stream = sink.add_stream("libx264", rate=24, options={"crf": "14"})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = 320, 192, "yuv420p"
        context.colorspace, context.color_primaries, context.color_trc = 6, 6, 6
        context.color_range = 1
        for frame in good.stream():
            planes = from_pixels(frame.pixels(), "yuv420p", truth)
            sink.mux(stream.encode(picture_of(planes, lie)))
        sink.mux(stream.encode(None))
    reading = read_chart(read(tmp_path / "lie.mp4"))
    assert (reading.cause, reading.true_matrix) == ("wrong matrix", "bt709")


@pytest.mark.parametrize(("made", "tagged"), [(False, True), (True, False)])
def test_a_wrong_range_is_named(made, tagged):
    from evenflow.io.chart import misread

    expected = np.array([rgb for _, rgb in PATCHES], float)
    seen = misread(expected, ("bt709", made), ("bt709", tagged)).round().astype(np.uint8)
    picture = seen.reshape(6, 10, 3).repeat(32, 0).repeat(32, 1)
    reading = read_chart(Clip(ArraySource(picture[None])))
    assert reading.cause == "wrong range"
    assert reading.true_full_range == made


def test_a_tint_is_not_blamed_on_a_matrix():
    frames = chart_clip(1).frames().astype(float) * [1.0, 0.8, 1.1]
    reading = read_chart(Clip(ArraySource(frames.clip(0, 255).astype(np.uint8))))
    assert reading.cause == "other"


def test_what_is_no_chart_is_refused(bikes):
    with pytest.raises(BadInput, match="does not show the color chart"):
        read_chart(read(bikes))
    with pytest.raises(BadInput):
        read_chart(Clip(ArraySource(np.zeros((1, 32, 32, 3), np.uint8))))


def test_a_scaled_chart_is_still_read():
    small = chart_clip(1).frames()[:, ::2, ::2]
    assert read_chart(Clip(ArraySource(small))).cause is None


def test_patches_are_even_and_large_enough():
    picture = chart_clip(1).frames()[0]
    assert picture.shape == (192, 320, 3)
    assert len({rgb for _, rgb in PATCHES}) >= 45
