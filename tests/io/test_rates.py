from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenflow.core.errors import BadInput
from evenflow.io.rates import STANDARD_RATES, parse_rate, settle_times


@pytest.mark.parametrize(
    ("text", "rate"),
    [("23.976", Fraction(24000, 1001)), ("23.98", Fraction(24000, 1001)),
     ("29.97", Fraction(30000, 1001)), ("59.94", Fraction(60000, 1001)),
     ("47.952", Fraction(48000, 1001)), ("119.88", Fraction(120000, 1001)),
     ("30000/1001", Fraction(30000, 1001)), ("24", Fraction(24)), ("24.0", Fraction(24)),
     ("12.5", Fraction(25, 2)), (25, Fraction(25)), (29.97, Fraction(30000, 1001))],
)  # fmt: skip
def test_a_rate_is_what_people_mean_by_it(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "0", "-24", "24/0", "1e9", "nan", "99999"])
def test_what_is_not_a_rate_is_refused(text):
    with pytest.raises(BadInput):
        parse_rate(text)


@given(st.sampled_from([r for r in STANDARD_RATES if r >= 10]), st.integers(0, 5000))
def test_rounding_to_milliseconds_hides_no_standard_rate(rate, start):
    ticks = [round((Fraction(start, 100) + i / rate) * 1000) for i in range(2000)]
    assert settle_times(ticks, Fraction(1, 1000)) == (rate, None)


def test_short_clips_trust_what_the_container_declares():
    rate = Fraction(24000, 1001)
    ticks = [round(i / rate * 1000) for i in range(5)]
    assert settle_times(ticks, Fraction(1, 1000), [rate]) == (rate, None)


def test_uneven_times_stay_as_they_are():
    rate, times = settle_times([0, 40, 100, 140, 300], Fraction(1, 1000), [Fraction(25)])
    assert times == tuple(Fraction(t, 1000) for t in (0, 40, 100, 140, 300))
    assert rate > 0
