from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenflow.core.errors import TimeError
from evenflow.core.timecode import Counting, is_drop

RATES = [
    (23.976, False, 24), (24, False, 24), (25, False, 25), (29.97, False, 30), (29.97, True, 30),
    (30, False, 30), (47.952, False, 48), (50, False, 50), (59.94, True, 60), (119.88, True, 120),
]  # fmt: skip


@pytest.mark.parametrize(("fps", "drop", "base"), RATES)
@given(number=st.integers(0, 2_000_000))
def test_every_frame_has_one_timecode(fps, drop, base, number):
    way = Counting.of(fps, drop=drop)
    assert (way.base, way.drop) == (base, drop)
    assert way.number(way.text(number)) == number


@pytest.mark.parametrize(("fps", "skipped"), [(29.97, 2), (59.94, 4), (119.88, 8)])
def test_drop_frame_skips_numbers_at_every_minute_but_the_tenth(fps, skipped):
    way = Counting.of(fps, drop=True)
    for minute in range(1, 21):
        first = way.number(f"00:{minute:02d}:00;{0 if minute % 10 == 0 else skipped:02d}")
        last = f"00:{minute - 1:02d}:59;{way.base - 1:02d}"
        assert way.text(first - 1) == last
        if minute % 10:
            with pytest.raises(TimeError):
                way.number(f"00:{minute:02d}:00;{skipped - 1:02d}")


@pytest.mark.parametrize("fps", [29.97, 59.94])
def test_drop_frame_keeps_the_clock_within_a_tenth_of_a_second_a_day(fps):
    way = Counting.of(fps, drop=True)
    day = way.number(f"23:59:59;{way.base - 1:02d}") + 1
    assert abs(day / way.rate - 86400) < 0.1
    assert way.text(day) == "00:00:00;00"
    slow = Counting.of(fps)
    assert float(slow.number("01:00:00:00") / slow.rate) == pytest.approx(3603.6)


def test_an_hour_of_drop_frame_is_the_number_that_the_standard_gives():
    assert Counting.of(29.97, drop=True).number("01:00:00;00") == 107_892
    assert Counting.of(29.97).number("01:00:00:00") == 108_000


def test_only_rates_of_thirty_know_drop_frame_and_odd_rates_count_in_whole_ones():
    assert not Counting.of(23.976, drop=True).drop
    assert not Counting.of(30, drop=True).drop
    assert Counting.of(12.5) == Counting(12, Fraction(12))
    assert Counting.of(16).rate == 16


@pytest.mark.parametrize("text", ["", "1:2:3:4", "00:00:00:25", "00:60:00:00", "24:00:00:00"])
def test_what_is_no_timecode_is_said(text):
    with pytest.raises(TimeError):
        Counting.of(25).number(text)


def test_the_way_of_writing_says_drop():
    assert is_drop("01:00:00;00") and is_drop("01:00:00.00")
    assert not is_drop("01:00:00:00") and not is_drop(None) and not is_drop("junk")
