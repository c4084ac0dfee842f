"""Frames are taken by their times: even rates, uneven rates, and what a window may hold."""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evenflow as ef
from evenflow.core.clip import ArrayFrame, SourceInfo
from evenflow.core.errors import BadInput
from evenflow.data.stretch import seconds_of, stretch
from evenflow.data.windows import SAMPLINGS, Sampling, frames_shown, steps_in


@dataclass(frozen=True)
class Timed:
    """Frames at given times; frame i is a picture of the number i."""

    times: tuple[Fraction, ...]
    warnings: tuple[str, ...] = ()

    @property
    def info(self):
        return SourceInfo("timed", 8, 8, Fraction(24), len(self.times), variable_rate=True)

    def stream(self, start=0, stop=None, *, cancel=None):
        for i in range(*slice(start, stop).indices(len(self.times))):
            yield ArrayFrame(i, self.times[i], np.full((8, 8, 3), i, np.uint8))


def even(num: int, fps) -> ef.Clip:
    return ef.Clip(ef.ArraySource(np.zeros((num, 8, 8, 3), np.uint8), Fraction(fps)))


@pytest.mark.parametrize(
    ("rate", "to", "numbers"),
    [
        (24, 12, [0, 2, 4, 6]), (30, 12, [0, 2, 5, 7]), (12, 24, [0, 0, 1, 1]),
        (12, 12, [0, 1, 2, 3]), (Fraction(24000, 1001), 24, [0, 0, 1, 2]),
    ],
)  # fmt: skip
def test_even_rates_in_closed_form(rate, to, numbers):
    shown = frames_shown(even(48, rate), Fraction(0), 4, Fraction(to))
    if rate == Fraction(24000, 1001):
        # 24 against 23.976 runs ahead by one frame in a thousand; within a millisecond it is even.
        numbers = [0, 1, 2, 3]
    assert shown.tolist() == numbers


gaps = st.lists(st.integers(1, 400), min_size=1, max_size=40)


@given(gaps, st.sampled_from([6, 12, Fraction(24000, 1001), 30]), st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_uneven_rates_show_what_a_player_shows(ms, fps, start):
    times = (Fraction(0), *(Fraction(t, 1000) for t in np.cumsum(ms).tolist()))
    clip = ef.Clip(Timed(times))
    fps = Fraction(fps)
    total = steps_in(seconds_of(clip), fps)
    frames = total - start
    if frames < 1:
        return
    shown = frames_shown(clip, start / fps, frames, fps)
    for k, number in enumerate(shown.tolist()):
        moment = (start + k) / fps + Fraction(1, 1000)
        assert number == bisect_right(times, moment) - 1
    with pytest.raises(BadInput, match="lasts"):
        frames_shown(clip, start / fps, frames + 2, fps)


def test_by_number_a_clip_of_uneven_rate_would_come_out_wrong():
    # One second at 30 a second, then a second at 6: at 6 a second half the samples lie in each.
    times = tuple(Fraction(i, 30) for i in range(30)) + tuple(1 + Fraction(i, 6) for i in range(6))
    clip = ef.Clip(Timed(times))
    shown = frames_shown(clip, Fraction(0), 12, Fraction(6))
    assert shown.tolist() == [0, 5, 10, 15, 20, 25, 30, 31, 32, 33, 34, 35]
    by_number = np.linspace(0, 35, 12).round().astype(int).tolist()
    assert shown.tolist() != by_number


def test_a_file_of_uneven_rate_is_resampled_by_its_times(tmp_path):
    times = [0, 40, 80, 120, 160, 700, 720, 740, 1000, 1040]  # ms
    source = Timed(tuple(Fraction(t, 1000) for t in times))
    ef.write(ef.Clip(source), tmp_path / "vfr.mkv")
    clip = ef.read(tmp_path / "vfr.mkv")
    assert clip.info.variable_rate
    shown = frames_shown(clip, Fraction(0), 11, Fraction(10))
    assert shown.tolist() == [0, 2, 4, 4, 4, 4, 4, 5, 7, 7, 8]
    part = stretch(clip, 0.7, 1.01)
    assert [int(f.pixels().mean().round()) for f in part.stream()] == [5, 6, 7, 8]
    assert [f.time for f in part.stream()] == [Fraction(t, 1000) for t in (0, 20, 40, 300)]
    assert frames_shown(part, Fraction(0), 4, Fraction(10)).tolist() == [0, 2, 2, 3]


@pytest.mark.parametrize(
    ("seconds", "fps", "steps"),
    [(2, 12, 24), (Fraction(49, 24), 12, 25), (0, 12, 0), (Fraction(1, 24), 12, 1), (1, 1, 1)],
)
def test_steps_in_a_clip(seconds, fps, steps):
    assert steps_in(seconds, Fraction(fps)) == steps


@given(
    st.sampled_from(sorted(SAMPLINGS)), st.integers(0, 90), st.integers(1, 40), st.integers(1, 9)
)
@settings(max_examples=80, deadline=None)
def test_windows_lie_within_their_clip(name, total, frames, number):
    starts = Sampling(name, stride=number, clips=number).starts(total, frames)
    if total < frames:
        assert len(starts) == 0
        return
    assert len(starts) >= 1 and len(set(starts.tolist())) == len(starts)
    for start in starts.tolist():
        assert (name == "random" and start == -1) or 0 <= start <= total - frames
    if name == "chunk":
        assert len(starts) == total // frames
    if name == "slide":
        assert len(starts) == (total - frames) // number + 1
    if name == "uniform" and number > 1:
        assert starts[0] == 0 and starts[-1] == total - frames
        assert len(starts) == min(number, total - frames + 1)


def test_samplings_are_written_as_text():
    assert Sampling.parse("slide:4") == Sampling("slide", stride=4)
    assert Sampling.parse("uniform:3") == Sampling("uniform", clips=3)
    for wrong in ("tail", "head:3", "slide:x", "slide:0"):
        with pytest.raises(BadInput):
            Sampling.parse(wrong)
