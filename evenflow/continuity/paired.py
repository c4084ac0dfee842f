"""Paired: what two clips differ by, second by second, with an interval from a block bootstrap.

Two clips are cut into the same blocks of time. A block is one observation, because what happens
within a second hangs together; blocks are drawn with replacement, for all clips alike.

Source: Carlstein 1986, doi:10.1214/aos/1176350057 (blocks that do not overlap); Efron and
Tibshirani 1993, An Introduction to the Bootstrap, chapter 12 (Student's interval).
Differs: the interval is the value plus and minus Student's quantile times the bootstrap's standard
error, not quantiles of the draws, because clips have few seconds: the draws of four blocks reach no
farther than their least and their largest one, which covers a normal mean 88 % of the time.
Where most blocks are 0 and a few are not, as severities are, the interval rather covers too often
where two clips are equal (98 % with 10 blocks) and too seldom where one has all of it (78 %).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from evenflow.core.estimate import LEVEL

RESAMPLES = 4000
"""Bootstrap draws."""

LEAST_BLOCKS = 3
"""Of fewer blocks no interval is given."""

_MOST_CELLS = 2_000_000
"""Counts that are held at once: draws times blocks."""


@dataclass(frozen=True)
class Paired:
    """A difference and how sure it is.

    Args:
        value: second minus first.
        error: its standard error, or None where too few blocks say nothing of it.
        num_blocks: paired blocks that it rests on.
    """

    value: float
    error: float | None
    num_blocks: int

    def interval(self, level: float = LEVEL) -> tuple[float, float] | None:
        """Ends of the interval that covers the true difference with this probability."""
        if self.error is None:
            return None
        if self.error == 0.0:
            return self.value, self.value
        half = float(stdtrit(self.num_blocks - 1, (1 + level) / 2)) * self.error
        return self.value - half, self.value + half

    @property
    def p(self) -> float | None:
        """Chance of a difference at least this large where there is none (two-sided).

        Below `1 - level` exactly where the interval of that level excludes 0.
        """
        if self.error is None:
            return None
        if self.error == 0.0:
            return 0.0 if self.value else 1.0
        return float(2 * stdtr(self.num_blocks - 1, -abs(self.value) / self.error))


@lru_cache(maxsize=4)
def draws(num_blocks: int, *, seed: int = 0, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """How often each block is drawn, `(resamples, num_blocks)`; the same for the same numbers.

    Of very long clips fewer draws are made (1000 at least), so that they fit into memory.
    """
    resamples = min(resamples, max(1000, _MOST_CELLS // num_blocks))
    generator = np.random.default_rng(seed)
    made = generator.multinomial(num_blocks, np.full(num_blocks, 1 / num_blocks), size=resamples)
    counts = made.astype(np.float64)
    counts.setflags(write=False)
    return counts


def error_of(
    drawn: NDArray[np.float64], num_blocks: int, *, value: float, like_all: bool
) -> float | None:
    """Standard error from the draws of a difference.

    Args:
        drawn: the difference in every draw.
        num_blocks: how many blocks were drawn from; the bootstrap's own error is too small by
            `sqrt((n - 1) / n)`, which is put right.
        value: the difference itself.
        like_all: every block is the same in both clips; then nothing is unsure, however few.
    """
    if like_all and value == 0.0:
        return 0.0
    if num_blocks < LEAST_BLOCKS:
        return None
    spread = float(drawn.std())
    if spread <= 1e-12 * max(1.0, abs(value)):
        return 0.0
    return spread * math.sqrt(num_blocks / (num_blocks - 1))


def mean_difference(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    seed: int = 0,
    chained: bool = False,
) -> Paired | None:
    """Mean of second minus first over paired blocks; blocks where one is NaN are left out.

    Args:
        first, second: a number a block, `(n,)`.
        chained: a block is like the one before it, so that ten say less than ten would (`chain`).

    Returns:
        The difference, or None where no block can be paired.
    """
    both = np.isfinite(first) & np.isfinite(second)
    step = (second - first)[both]
    count = len(step)
    if count == 0:
        return None
    value = float(step.mean())
    drawn = draws(count, seed=seed) @ step / count if count >= LEAST_BLOCKS else np.zeros(0)
    error = error_of(drawn, count, value=value, like_all=not step.any())
    if chained and error:
        error *= chain(step)
    return Paired(value, error, count)


def chain(values: NDArray[np.float64]) -> float:
    """How much larger the error of a mean is because each value is like the one before it, >= 1.

    `sqrt((1 + r) / (1 - r))`, r the correlation of neighbors, raised by `(1 + 3 r) / n` because
    few values show too little of it (Kendall 1954, doi:10.1093/biomet/41.3-4.403), within 0 and .9.
    On series of 25 frames a second whose memory is 0.1 s, 0.3 s and 1 s, intervals that are meant
    to cover 95 % cover 96, 94 and 90 % with 10 blocks, and 94, 91 and 76 % without this.
    """
    step = values - values.mean()
    power = float(step @ step)
    if power == 0.0 or len(values) < LEAST_BLOCKS:
        return 1.0
    r = float(step[1:] @ step[:-1]) / power
    r = min(max(r + (1 + 3 * r) / len(values), 0.0), 0.9)
    return math.sqrt((1 + r) / (1 - r))


def holm(p_values: Sequence[float | None], *, level: float = LEVEL) -> list[tuple[bool, float]]:
    """Which of many differences hold, and at what level the interval of each is to be read.

    The smallest of m p-values is tested at `(1 - level) / m`, the next at `(1 - level) / (m - 1)`,
    and so on until one does not pass; it and all larger ones are ties, and their intervals are
    read at that level, so that each holds 0. The chance that even one
    tie is called a difference stays below `1 - level`, whatever depends on what, and nothing is
    lost against Bonferroni's rule. None and 1 (nothing differs at all) take no part, because they
    could never pass (Tarone 1990, doi:10.2307/2531456).

    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    >>> holm([0.04, 0.01, 0.2])
    [(False, 0.975), (True, 0.9833333333333333), (False, 0.975)]
    """
    taking = sorted((p, i) for i, p in enumerate(p_values) if p is not None and p < 1.0)
    result = [(False, level)] * len(p_values)
    going, threshold = True, 1 - level
    for step, (p, i) in enumerate(taking):
        if going:
            threshold = (1 - level) / (len(taking) - step)
            going = p < threshold
        result[i] = (going, 1 - threshold)
    return result
