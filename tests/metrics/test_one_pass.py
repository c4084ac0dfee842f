import gc
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from metric_pictures import clip, smooth, worse

import evenflow as ef
from evenflow.core.clip import ArrayFrame, ArraySource, Clip
from evenflow.core.errors import BadInput, Cancelled
from evenflow.core.events import CancelToken
from evenflow.metrics import METRICS, OnePass, measure

ALL = "all"
ROOT = Path(__file__).resolve().parents[2]


def film(num=12, *, size=(176, 180), dx=1.5):
    return [smooth(*size, dx=dx * i) for i in range(num)]


def numbers(found):
    """Everything that was measured, exactly."""
    return {
        name: (m.summary, None if m.series is None else m.series.tobytes(), m.reason)
        for name, m in found.items()
    }


def test_any_number_of_workers_gives_the_same_bytes():
    a, b = clip(film()), clip([worse(f, 5, seed=i) for i, f in enumerate(film())])
    one = numbers(measure(ALL, a, b, workers=1))
    assert numbers(measure(ALL, a, b, workers=3)) == one


def test_together_is_what_each_gives_alone():
    a, b = clip(film(7)), clip([worse(f, 5, seed=i) for i, f in enumerate(film(7))])
    for name, found in measure(ALL, a, b).items():
        assert numbers({name: METRICS[name](a, b)}) == numbers({name: found})


@dataclass(frozen=True)
class Endless:
    """A long clip that is drawn when it is asked for; says how far it was read."""

    num: int
    shift: int = 0

    @property
    def info(self):
        held = ArraySource(np.zeros((1, 64, 64, 3), np.uint8), Fraction(24), "long").info
        return replace(held, num_frames=self.num)

    @property
    def warnings(self):
        return ()

    def stream(self, start=0, stop=None, *, cancel=None):
        for i in range(*slice(start, stop).indices(self.num)):
            picture = np.full((64, 64, 3), (i + self.shift) % 200, np.uint8)
            yield ArrayFrame(i, Fraction(i, 24), picture)


def test_memory_does_not_grow_with_the_length():
    names = "psnr,ssim,vbench_temporal_flickering,sequence_euclidean"

    def peak(num):
        gc.collect()
        tracemalloc.start()
        found = measure(names, Clip(Endless(num)), Clip(Endless(num, 3)), workers=2)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(found["psnr"].series) == num
        return held

    peak(60)  # what is loaded once
    frame = 64 * 64 * 3
    assert peak(600) - peak(60) < 540 * frame / 3  # all frames would be three times as much


def test_frames_are_handed_on_as_they_come():
    frames = clip(film(5))
    work = OnePass({"psnr": METRICS["psnr"]}, frames, frames)
    seen = [frame.index for frame in work.watch(frames.stream())]
    assert seen == [0, 1, 2, 3, 4]


def test_a_range_is_cut_out_of_both():
    a = film(10)
    b = [worse(f, 3 * i + 1) for i, f in enumerate(a)]
    work = OnePass({"ssim": METRICS["ssim"]}, clip(a), clip(b), start=4, stop=7)
    for _ in work.watch(clip(a).stream(4, 7)):
        pass
    expected = METRICS["ssim"](clip(a[4:7]), clip(b[4:7]))
    assert numbers(work.measurements()) == numbers({"ssim": expected})


@pytest.mark.parametrize("name", ["psnr", "warp_error_input_dis", "sequence_euclidean"])
def test_another_size_or_length_is_one_clear_line(name):
    a = clip(film(4))
    with pytest.raises(BadInput) as error:
        METRICS[name](a, clip([f[:, :170] for f in film(4)], name="b"))
    said = "a is 180 x 176 and the reference b 170 x 176: scale one of them"
    assert str(error.value).startswith(said) and "\n" not in str(error.value)
    with pytest.raises(BadInput, match="a has 4 frames and the reference b 5: cut them"):
        METRICS[name](a, clip(film(5), name="b"))


@dataclass(frozen=True)
class Stream:
    """Frames whose number is not known before they were read, or is told wrongly."""

    frames: tuple
    told: int | None = None

    @property
    def info(self):
        return replace(ArraySource(np.stack(self.frames)).info, name="s", num_frames=self.told)

    @property
    def warnings(self):
        return ("s is damaged",)

    def stream(self, start=0, stop=None, *, cancel=None):
        for i in range(*slice(start, stop).indices(len(self.frames))):
            yield ArrayFrame(i, Fraction(i, 24), self.frames[i])


@pytest.mark.parametrize("told", [None, 6])
def test_a_length_that_shows_late_is_said_as_clearly(told):
    a, b = clip(film(6)), Clip(Stream(tuple(film(4)), told))
    with pytest.raises(BadInput, match="the reference s ends after 4 of the frames"):
        METRICS["psnr"](a, b)
    with pytest.raises(BadInput, match=r"s ends after 4 of the frames.* and the reference a goes"):
        METRICS["psnr"](b, a)


def test_another_rate_and_a_damaged_reference_are_warnings():
    a, b = clip(film(4)), Clip(replace(clip(film(4)).source, fps=Fraction(30), name="b"))
    work = OnePass({"ssim": METRICS["ssim"]}, a, b)
    assert "compared frame by frame, not by time" in work.warnings[0]
    work = OnePass({"ssim": METRICS["ssim"]}, a, Clip(Stream(tuple(film(4)))))
    for _ in work.watch(a.stream()):
        pass
    assert work.warnings == ("s is damaged",)


def test_a_reference_that_nothing_needs_is_not_read():
    broken = Clip(Stream((film(1)[0],)))
    assert METRICS["vbench_temporal_flickering"](clip(film(3)), broken).summary is not None


def test_nothing_read_is_nothing_measured():
    nothing = Clip(Endless(0))
    for found in measure("psnr,vbench_temporal_flickering", nothing, nothing).values():
        assert found.summary is None and found.reason == "no frame was read"


def test_a_worker_that_fails_stops_the_run():
    class Broken:
        index, time = 1, Fraction(1, 24)

        def pixels(self):
            raise MemoryError("too large")

    frames = [ArrayFrame(0, Fraction(0), film(1)[0]), Broken()]
    work = OnePass({"psnr": METRICS["psnr"]}, clip(film(2)), clip(film(2)))
    with pytest.raises(MemoryError):
        for _ in work.watch(iter(frames)):
            pass


def test_no_network_is_loaded():
    code = "import sys, evenflow.metrics; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "evenflow.metrics.psnr" in loaded
    assert not {"torch", "skimage", "skvideo"} & {*loaded}


def test_gray_and_alpha_are_compared_as_color():
    gray = smooth(64, 64)[..., :1]
    assert METRICS["ssim"](clip([gray]), clip([np.repeat(gray, 3, 2)])).summary == 1.0
    hidden = np.dstack([smooth(64, 64), np.zeros((64, 64, 1), np.uint8)])
    assert (
        METRICS["ssim"](clip([hidden]), clip([np.full_like(hidden[..., :3], 128)])).summary == 1.0
    )


def test_it_can_be_stopped():
    token = CancelToken()
    events = []

    def stop(event):
        events.append(event)
        token.cancel()

    with pytest.raises(Cancelled):
        measure("psnr", clip(film(20)), clip(film(20)), progress=stop, cancel=token)
    assert events[0].phase == "measure" and events[0].total == 20


def test_files_are_read_where_paths_are_given(tmp_path):
    path, other = tmp_path / "a.mkv", tmp_path / "b.mkv"
    ef.write(clip(film(4)), path)
    ef.write(clip([worse(f, 4) for f in film(4)]), other)
    found = measure("psnr", path, str(other))["psnr"]
    assert found.summary == METRICS["psnr"](clip(film(4)), ef.read(other)).summary
