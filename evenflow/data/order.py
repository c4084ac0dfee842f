"""Order: which samples come when, as a function of (seed, epoch, position) that nobody must replay.

Nothing is shuffled in memory: place i of a permutation is computed (a Feistel network on the next
power of four, walked along its cycle until it lands below n), so a run of 10^8 rows starts at once,
resumes anywhere, and its sequence of batches is the same for any number of ranks: rank r of w takes
the members r, r + w, r + 2w... of each batch.

Source: Black & Rogaway 2002, Ciphers with arbitrary finite domains, sections 3 and 4 (cycle walking
and generalized Feistel networks).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput

ROUNDS = 8
SMALL = 4096
"""Up to here a permutation is drawn and kept: all are equally likely, and little is kept."""
MOST = 1 << 62
Last = Literal["fill", "short", "drop"]
_BITS = (1 << 64) - 1


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele, Lea & Flood 2014, figure 15)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class Permutation:
    """A permutation of `[0, n)` that is computed place by place, in constant memory.

    Args:
        n: how many.
        key: numbers that decide it.

    >>> order = Permutation(10, 7)
    >>> sorted(order(i) for i in range(10)) == list(range(10))
    True
    >>> [order.place(order(i)) for i in range(3)]
    [0, 1, 2]
    """

    def __init__(self, n: int, *key: int) -> None:
        if not 1 <= n <= MOST:
            raise BadInput(f"a permutation has 1 to 2^62 places, got {n}")
        self.n = n
        seeds = np.random.SeedSequence([part & _BITS for part in key])
        self._table: NDArray[np.int64] | None = None
        if n <= SMALL:
            self._table = np.random.default_rng(seeds).permutation(n)
            return
        self._half = (max(2, (n - 1).bit_length()) + 1) // 2
        self._keys = seeds.generate_state(ROUNDS, np.uint64)

    def __call__(self, i: int) -> int:
        """What stands at place `i`."""
        return int(self.many(np.array([i], np.int64))[0])

    def place(self, value: int) -> int:
        """The place at which `value` stands."""
        if not 0 <= value < self.n:
            raise IndexError(f"this permutation has values 0 to {self.n - 1}, got {value}")
        if self._table is not None:
            return int(np.flatnonzero(self._table == value)[0])
        return int(self._walk(np.array([value], np.uint64), back=True)[0])

    def many(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """What stands at several places."""
        places = np.asarray(places, np.int64)
        if places.size and not (int(places.min()) >= 0 and int(places.max()) < self.n):
            raise IndexError(f"this permutation has places 0 to {self.n - 1}")
        if self._table is not None:
            return self._table[places]
        return self._walk(places.astype(np.uint64), back=False).astype(np.int64)

    def _walk(self, x: NDArray[np.uint64], *, back: bool) -> NDArray[np.uint64]:
        x = self._feistel(x, back)
        while (out := x >= self.n).any():
            x[out] = self._feistel(x[out], back)
        return x

    def _feistel(self, x: NDArray[np.uint64], back: bool) -> NDArray[np.uint64]:
        shift, mask = np.uint64(self._half), np.uint64((1 << self._half) - 1)
        left, right = x >> shift, x & mask
        with np.errstate(over="ignore"):
            for key in self._keys[::-1] if back else self._keys:
                if back:
                    left, right = right ^ (_mixed(left + key) & mask), left
                else:
                    left, right = right, left ^ (_mixed(right + key) & mask)
        return (left << shift) | right


@dataclass(frozen=True)
class Shelf:
    """What is batched together: the samples of one bucket, of all datasets.

    Args:
        batch: samples of a batch.
        counts: samples of every dataset.
        factors: how often those of every dataset come in an epoch.
    """

    batch: int
    counts: tuple[int, ...]
    factors: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise BadInput(f"a batch has at least one sample, got {self.batch}")
        if self.factors and len(self.factors) != len(self.counts):
            raise BadInput("every dataset of a shelf needs its factor")

    def span(self, part: int, epoch: int) -> tuple[int, int]:
        """Of the endless line of a dataset's samples, pass after pass, those of an epoch."""
        quota = self.counts[part] * (self.factors[part] if self.factors else Fraction(1))
        return int(epoch * quota), int((epoch + 1) * quota)


@dataclass(frozen=True)
class Member:
    """One sample of a batch.

    Args:
        part: its dataset; entry: its number among the samples of that dataset on the shelf.
        slot: its place in the shelf's epoch: with seed and epoch it decides all that is random
            about it.
    """

    part: int
    entry: int
    slot: int


@dataclass(frozen=True)
class Draw:
    """One batch of all ranks: its shelf and members."""

    shelf: int
    members: tuple[Member, ...]


class Order:
    """Batches by (epoch, number).

    Args:
        shelves: what is batched together.
        seed: decides the order.
        shuffle: False keeps shelves and samples in their order.
        last: of a shelf's last batch that is not full: `fill` it from the beginning of the shelf's
            epoch, leave it `short`, or `drop` it.
    """

    def __init__(
        self,
        shelves: Sequence[Shelf],
        *,
        seed: int = 0,
        shuffle: bool = True,
        last: Last = "fill",
    ) -> None:
        if last not in ("fill", "short", "drop"):
            raise BadInput(f"last is fill, short or drop, got {last!r}")
        self.shelves, self.seed, self.shuffle, self.last = tuple(shelves), seed, shuffle, last

    def samples(self, shelf: int, epoch: int) -> int:
        """Samples of a shelf in an epoch."""
        one = self.shelves[shelf]
        spans = [one.span(part, epoch) for part in range(len(one.counts))]
        return sum(end - start for start, end in spans)

    @lru_cache(maxsize=4)  # noqa: B019
    def _ends(self, epoch: int) -> tuple[int, ...]:
        """Number of the batch after the last of every shelf, in order."""
        counts = []
        for shelf, one in enumerate(self.shelves):
            samples = self.samples(shelf, epoch)
            up = 0 if self.last == "drop" else one.batch - 1
            counts.append((samples + up) // one.batch)
        return tuple(accumulate(counts))

    def num_batches(self, epoch: int) -> int:
        """Batches of an epoch."""
        ends = self._ends(epoch)
        return ends[-1] if ends else 0

    @lru_cache(maxsize=256)  # noqa: B019
    def _permutation(self, n: int, *key: int) -> Permutation:
        return Permutation(n, self.seed, *key)

    def batch(self, epoch: int, number: int) -> Draw:
        """Batch `number` of an epoch.

        Raises:
            IndexError: the epoch has no such batch.
        """
        ends = self._ends(epoch)
        total = ends[-1] if ends else 0
        if not 0 <= number < total:
            raise IndexError(f"epoch {epoch} has batches 0 to {total - 1}, got {number}")
        if self.shuffle:
            number = self._permutation(total, 1, epoch)(number)
        shelf = bisect_right(ends, number)
        number -= ends[shelf - 1] if shelf else 0
        size, samples = self.shelves[shelf].batch, self.samples(shelf, epoch)
        first = number * size
        last = first + size if self.last == "fill" else min(first + size, samples)
        return Draw(shelf, tuple(self.member(epoch, shelf, p) for p in range(first, last)))

    def member(self, epoch: int, shelf: int, position: int) -> Member:
        """The sample at a position of a shelf's epoch; positions go round."""
        one, samples = self.shelves[shelf], self.samples(shelf, epoch)
        round_, slot = divmod(position, samples)
        if self.shuffle:
            slot = self._permutation(samples, 2, epoch, shelf)(slot)
        spans = [one.span(part, epoch) for part in range(len(one.counts))]
        ends = list(accumulate(end - start for start, end in spans))
        part = bisect_right(ends, slot)
        inner = slot - (ends[part - 1] if part else 0)
        count = one.counts[part]
        turn, entry = divmod(spans[part][0] + inner, count)
        if self.shuffle:
            entry = self._permutation(count, 3, shelf, part, turn)(entry)
        return Member(part, entry, slot + round_ * samples)
