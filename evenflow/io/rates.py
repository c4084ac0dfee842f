"""Frame rates and times: exact fractions, standard rates, and when a clip counts as constant."""

import math
import re
from collections.abc import Sequence
from fractions import Fraction

from evenflow.core.errors import BadInput

STANDARD_RATES: tuple[Fraction, ...] = (
    *(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120, 240)),
    *(Fraction(n) for n in (24, 25, 30, 48, 50, 60, 72, 75, 90, 100, 120, 144, 200, 240)),
    *(Fraction(n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18, 20, 22, 40)),
    Fraction(25, 2),
    Fraction(15, 2),
    *(Fraction(n * 500, 1001) for n in (24, 30)),
    Fraction(18000, 1001),
)
"""Rates that a measured rate is taken to mean when every time fits it."""

MAX_RATE = 10_000


def parse_rate(text: str | float | Fraction) -> Fraction:
    """The frame rate a person means by `text`.

    `23.976`, `29.97`, `47.952`, `59.94`, `119.88` are the broadcast rates `n * 1000/1001`; a
    fraction is taken as written; any other decimal is exact.

    Raises:
        BadInput: not a number, or not in (0, 10000].

    >>> parse_rate("29.97"), parse_rate("30000/1001"), parse_rate("12.5")
    (Fraction(30000, 1001), Fraction(30000, 1001), Fraction(25, 2))
    """
    raw = str(text).strip()
    if not re.fullmatch(r"\d{1,9}(\.\d{1,12})?(\s*[/:]\s*\d{1,9})?", raw):
        raise BadInput(f"a frame rate is a number such as 24, 29.97 or 30000/1001, got {raw!r}")
    head, _, tail = re.sub(r"[\s]", "", raw).replace(":", "/").partition("/")
    if tail and int(tail) == 0:
        raise BadInput(f"a frame rate is a number such as 24, 29.97 or 30000/1001, got {raw!r}")
    rate = Fraction(head) / int(tail or 1)
    if not 0 < rate <= MAX_RATE:
        raise BadInput(f"a frame rate lies above 0 and at most {MAX_RATE}, got {raw!r}")
    if not tail and "." in head:
        for whole in (24, 30, 48, 60, 120, 240):
            drop = Fraction(whole * 1000, 1001)
            if abs(rate - drop) < Fraction(6, 1000) * whole / 24:
                return drop
    return rate


def settle_times(
    ticks: Sequence[int], time_base: Fraction, declared: Sequence[Fraction] = ()
) -> tuple[Fraction, tuple[Fraction, ...] | None]:
    """The nominal rate of a clip and, where that rate does not explain them, its true frame times.

    A clip is constant rate if every time lies within one tick of `time_base` of `i / fps` for a
    rate that its container declares or that is standard; its times are then exactly `i / fps`, so
    that a container that counts milliseconds and a folder of the same frames agree.

    Args:
        ticks: presentation times in `time_base`, rising.
        time_base: seconds per tick.
        declared: rates that the container names, best first.

    Returns:
        The rate, and the times in seconds with the first at 0, or None for constant rate.
    """
    declared = [rate for rate in declared if rate and 0 < rate <= MAX_RATE]
    n = len(ticks)
    if n < 2 or ticks[-1] <= ticks[0]:
        return (declared[0] if declared else Fraction(24)), None
    span = (ticks[-1] - ticks[0]) * time_base
    mean = (n - 1) / span
    near = sorted(STANDARD_RATES, key=lambda rate: abs(rate - mean))[:4]
    exact = [rate for rate in declared if rate in STANDARD_RATES]
    simple = mean.limit_denominator(1001)
    for rate in [*exact, *near, *declared, simple, mean]:
        if rate > 0 and _explains(ticks, time_base, rate):
            return rate, None
    nominal = near[0] if abs(near[0] - mean) < mean / 50 else mean.limit_denominator(1000)
    if nominal <= 0:
        nominal = mean
    return nominal, tuple((tick - ticks[0]) * time_base for tick in ticks)


def _explains(ticks: Sequence[int], time_base: Fraction, rate: Fraction) -> bool:
    step = 1 / (rate * time_base)  # ticks per frame
    num, den = step.numerator, step.denominator
    # The first time is rounded too, so the grid may sit anywhere within half a tick of it.
    return all(abs((tick - ticks[0]) * den - i * num) <= den for i, tick in enumerate(ticks))


def common_time_base(times: Sequence[Fraction], fps: Fraction) -> Fraction:
    """A time base in which all `times` are whole ticks, or 1/90000 if there is none."""
    lcm = math.lcm(fps.numerator, *(time.denominator for time in times))
    return Fraction(1, lcm) if lcm <= 1_000_000 else Fraction(1, 90_000)
