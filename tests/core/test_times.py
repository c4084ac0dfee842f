"""Times and ranges: what is written is what is read, and every end is exclusive."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenflow.core.errors import TimeError
from evenflow.core.times import Range, Time, decimal

RATES = st.sampled_from(
    [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(1, 2)]
)
DECIMALS = st.decimals(0, 10**9, places=6, allow_nan=False)
TIMES = st.one_of(
    st.builds(Time, DECIMALS.map(Fraction), st.just("s")),
    st.builds(Time, st.integers(0, 10**9).map(Fraction), st.just("f")),
    st.builds(Time, st.decimals(0, 100, places=4, allow_nan=False).map(Fraction), st.just("%")),
)


@given(TIMES)
def test_a_time_reads_back_from_its_text(time):
    assert Time.parse(str(time)) == time


@given(TIMES, TIMES)
def test_a_range_reads_back_from_its_text(start, end):
    assert Range.parse(str(Range(start, end))) == Range(start, end)


@given(st.text(max_size=20) | st.from_regex(r"[0-9.:%sfSF ]{0,12}", fullmatch=True))
def test_any_text_is_a_time_or_a_time_error(text):
    try:
        time = Time.parse(text)
    except TimeError:
        return
    assert time.value >= 0


@given(st.integers(0, 10**6), RATES)
def test_a_frame_number_is_its_own_frame_and_its_time_is_not_earlier(frame, fps):
    assert Time(Fraction(frame), "f").frame(num_frames=None, fps=fps) == frame
    assert (
        Time(frame / fps, "s").frame(num_frames=None, fps=fps) == frame
    )  # exact, never off by one


@given(DECIMALS.map(Fraction), RATES)
def test_seconds_become_the_first_frame_at_or_after_them(seconds, fps):
    frame = Time(seconds, "s").frame(num_frames=None, fps=fps)
    assert (frame - 1) / fps < seconds <= frame / fps


@given(st.integers(1, 10**5), st.lists(st.integers(0, 100), min_size=2, max_size=6), RATES)
def test_ranges_that_share_an_end_tile_the_clip(num_frames, shares, fps):
    """Half-open: neighbors neither overlap nor leave a gap."""
    cuts = sorted({0, 100, *shares})
    covered = []
    for a, b in pairwise(cuts):
        try:
            start, end = Range.parse(f"{a}%..{b}%").frames(num_frames=num_frames, fps=fps)
        except TimeError:  # a part too short for a frame
            continue
        covered += [(start, end)]
    assert covered[0][0] == 0
    assert covered[-1][1] == num_frames
    assert all(a[1] == b[0] for a, b in pairwise(covered))


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1s..2s", (25, 50)),
        ("..2s", (0, 50)),
        ("3s..", (75, 100)),
        ("10f..11f", (10, 11)),
        ("0:01..0:02.5", (25, 63)),
        ("1s..99s", (25, 100)),
        ("50%..end", (50, 100)),
    ],
)
def test_ranges_by_hand(text, frames):
    assert Range.parse(text).frames(num_frames=100, fps=Fraction(25)) == frames


@pytest.mark.parametrize("text", ["2s..1s", "1s..1s", "100f..101f", "4s.."])
def test_a_range_without_a_frame_in_the_clip_is_refused(text):
    with pytest.raises(TimeError):
        Range.parse(text).frames(num_frames=100, fps=Fraction(25))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.5f",
        "101%",
        "1:60",
        "1:61:00",
        "-1s",
        "1e3s",
        "..",
        "1s-2s",
        "9" * 5000 + "s",
        "٣s",
    ],
)
def test_what_is_not_a_time_is_one_line(text):
    with pytest.raises(TimeError) as caught:
        Range.parse(text) if ".." in text else Time.parse(text)
    assert "\n" not in str(caught.value)


def test_a_share_of_a_stream_is_refused_but_its_end_is_not():
    with pytest.raises(TimeError, match="known length"):
        Time.parse("50%").frame(num_frames=None, fps=Fraction(24))
    start, end = Range.parse("1s..").frames(num_frames=None, fps=Fraction(24))
    assert start == 24
    assert end > 10**9


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_keeps_its_value_without_an_exponent(value):
    text = decimal(value)
    assert float(text) == value
    assert "e" not in text
