"""Plan: which windows of which rows go to which bucket, and what is left out and why.

Nothing is decoded. Lengths and sizes are those that rows carry; where a row has none its file is
opened and looked at. Scenes of the world are all alike, so a hundred million of them cost nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput, EvenflowError
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.buckets import Buckets
from evenflow.data.files import WRONG
from evenflow.data.joined import Joined
from evenflow.data.order import Shelf
from evenflow.data.row import Row, Source
from evenflow.data.sample import Bucket
from evenflow.data.stretch import seconds_of
from evenflow.data.windows import Sampling, steps_in
from evenflow.data.worlds import WorldRows


@dataclass(frozen=True)
class Facts:
    """What must be known of a row before it can be cut.

    Args:
        seconds: how long it is seen, of its stretch alone.
        width, height: of its pictures.
    """

    seconds: Fraction
    width: int
    height: int


@dataclass(frozen=True)
class Dropped:
    """A row that is not used.

    Args:
        key: of the row.
        reason: one line.
    """

    key: str
    reason: str


@dataclass(frozen=True)
class Cuts:
    """Windows of one dataset in one bucket.

    Args:
        rows: number of the row of each window, in its dataset.
        starts: first step of each window at the sampled rate; -1 is left to chance.
        totals: steps that the row has.
    """

    rows: Sequence[int] | NDArray[np.int64]
    starts: NDArray[np.int32] | int
    totals: NDArray[np.int32] | int

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, entry: int) -> tuple[int, int, int]:
        """Row, first step and steps of a window."""
        start = self.starts if isinstance(self.starts, int) else int(self.starts[entry])
        total = self.totals if isinstance(self.totals, int) else int(self.totals[entry])
        return int(self.rows[entry]), start, total


@dataclass(frozen=True)
class Plan:
    """All windows of an epoch.

    Args:
        buckets: those that have any, in order.
        cuts: for every bucket, the windows of every dataset.
        dropped: rows that have none, with reasons.
    """

    buckets: tuple[Bucket, ...]
    cuts: tuple[tuple[Cuts, ...], ...]
    dropped: tuple[Dropped, ...]

    def __len__(self) -> int:
        return sum(len(cuts) for shelf in self.cuts for cuts in shelf)

    def shelves(self, how: Buckets, source: Source) -> tuple[Shelf, ...]:
        """What an `Order` deals."""
        counts = [sum(map(len, of_one)) for of_one in zip(*self.cuts, strict=True)]
        factors = factors_of(source, counts)
        return tuple(
            Shelf(how.batch_of(bucket), tuple(len(one) for one in cuts), tuple(factors))
            for bucket, cuts in zip(self.buckets, self.cuts, strict=True)
        )


@dataclass(frozen=True)
class Leaf:
    """A dataset that joins no others.

    Args:
        source: its rows.
        prefix: begins its keys in the whole, slash included.
    """

    source: Source
    prefix: str = ""


def leaves_of(source: Source, prefix: str = "") -> tuple[Leaf, ...]:
    """The datasets that a source joins, however deep, in order; or itself."""
    if not isinstance(source, Joined):
        return (Leaf(source, prefix),)
    return tuple(
        leaf for part in source.parts for leaf in leaves_of(part.source, f"{prefix}{part.label}/")
    )


def factors_of(source: Source, counts: Sequence[int]) -> tuple[Fraction, ...]:
    """How often the windows of each leaf come in an epoch, from repeats and weights.

    Weights are shares of an epoch that has as many windows as their datasets have together.

    Args:
        counts: windows of every leaf.
    """
    if not isinstance(source, Joined):
        return (Fraction(1),)
    inner: list[tuple[Fraction, ...]] = []
    sizes: list[Fraction] = []
    first = 0
    for part in source.parts:
        last = first + len(leaves_of(part.source))
        own = counts[first:last]
        inner.append(factors_of(part.source, own))
        sizes.append(sum((f * n for f, n in zip(inner[-1], own, strict=True)), Fraction(0)))
        first = last
    repeats = [Fraction(part.repeats).limit_denominator(10**6) for part in source.parts]
    if source.parts[0].weight is not None:
        shares = [
            Fraction(part.weight or 0).limit_denominator(10**6) if size else Fraction(0)
            for part, size in zip(source.parts, sizes, strict=True)
        ]
        whole = sum(shares, Fraction(0)) or Fraction(1)
        repeats = [
            share / whole * sum(counts) / size if size else Fraction(0)
            for share, size in zip(shares, sizes, strict=True)
        ]
    return tuple(repeat * f for repeat, some in zip(repeats, inner, strict=True) for f in some)


def facts_of(row: Row) -> Facts | None:
    """What a row says of itself; None if that is not enough, and its file must be looked at.

    Of a stretch both ends are enough: some tables count the frames of the file, some its own.
    """
    if not (row.width and row.height):
        return None
    if row.t1 is not None:
        seconds = Fraction(row.t1) - Fraction(row.t0 or 0)
    elif row.t0 is not None:
        return None
    elif row.duration is not None:
        seconds = Fraction(row.duration)
    elif row.num_frames is not None and row.fps:
        seconds = row.num_frames / Fraction(row.fps)
    else:
        return None
    return Facts(max(Fraction(0), seconds), row.width, row.height)


def look(source: Source, row: Row) -> Facts:
    """What the file of a row says.

    Raises:
        UnreadableVideo: it cannot be opened.
    """
    clip = source.clip(row)
    info = clip.info
    return Facts(seconds_of(clip), info.width, info.height)


def facts_of_all(
    source: Source,
    *,
    keep: Callable[[Row], bool] | None = None,
    workers: int = 4,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[tuple[int, Row, Facts | str]]:
    """Number, row and facts of every row, in order, or the reason why it cannot be used."""
    meter = Meter("look", len(source), progress=progress, cancel=cancel)

    def known(row: Row) -> Facts | str:
        for name in WRONG:
            if name in row.marks:
                return row.marks[name]
        if keep is not None and not keep(row):
            return "left out by the filter"
        try:
            return facts_of(row) or look(source, row)
        except EvenflowError as error:
            return str(error)

    with ThreadPoolExecutor(max(1, workers)) as pool:
        for first in range(0, len(source), 256):
            numbers = range(first, min(first + 256, len(source)))
            rows = [source.row(i) for i in numbers]
            for number, row, one in zip(numbers, rows, pool.map(known, rows), strict=True):
                yield number, row, one
                meter.advance()


Looked = tuple[tuple[Source, tuple[tuple[int, str, Facts | str], ...] | None], ...]
"""Datasets with the number, key and facts of each row; None for scenes, which are alike."""


def look_at(
    source: Source,
    *,
    keep: Callable[[Row], bool] | None = None,
    workers: int = 4,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Looked:
    """What must be known of all rows of a source.

    Args:
        keep: which rows count, where not all do (curation marks and never deletes); not asked of
            scenes of the world.
        workers: files that are opened at once.
    """
    out: list[tuple[Source, tuple[tuple[int, str, Facts | str], ...] | None]] = []
    for one in (leaf.source for leaf in leaves_of(source)):
        if isinstance(one, WorldRows):
            out.append((one, None))
            continue
        rows = facts_of_all(one, keep=keep, workers=workers, progress=progress, cancel=cancel)
        out.append((one, tuple((number, row.key, facts) for number, row, facts in rows)))
    return tuple(out)


def plan(
    looked: Looked,
    *,
    buckets: Buckets,
    sampling: Sampling,
    fps: Fraction,
    seed: int = 0,
    epoch: int = 0,
) -> Plan:
    """Lays windows into all rows.

    Args:
        fps: at which frames are taken.
        seed, epoch: decide where `buckets.keep` leaves it to chance.

    Raises:
        BadInput: no row fits any bucket.
    """
    lists: dict[Bucket, list[tuple[list[int], list[int], list[int]]]] = {}
    whole: dict[tuple[Bucket, int], Cuts] = {}
    dropped: list[Dropped] = []
    full = sampling.name == "full"
    for d, (one, facts) in enumerate(looked):
        for number, key, known in _each(one, facts, buckets, sampling, fps, whole, d):
            if isinstance(known, str):
                dropped.append(Dropped(key, known))
                continue
            rng = np.random.default_rng([seed, epoch, d, number]) if buckets.chancy else None
            total = steps_in(known.seconds, fps)
            found = buckets.choose(known.width, known.height, total, rng=rng, full=full)
            if isinstance(found, str):
                dropped.append(Dropped(key, found))
                continue
            if found not in lists:
                lists[found] = [([], [], []) for _ in looked]
            rows, starts, totals = lists[found][d]
            for start in sampling.starts(total, found.frames).tolist():
                rows.append(number)
                starts.append(start)
                totals.append(total)
    names = sorted({*lists, *(bucket for bucket, _ in whole)})
    if not names:
        first = f": {dropped[0].key} {dropped[0].reason}" if dropped else ""
        raise BadInput(f"no clip fits a bucket{first}")
    cuts = []
    for bucket in names:
        shelf = []
        for d in range(len(looked)):
            if (bucket, d) in whole:
                shelf.append(whole[bucket, d])
                continue
            rows, starts, totals = lists[bucket][d] if bucket in lists else ([], [], [])
            shelf.append(
                Cuts(
                    np.array(rows, np.int64),
                    np.array(starts, np.int32),
                    np.array(totals, np.int32),
                )
            )
        cuts.append(tuple(shelf))
    return Plan(tuple(names), tuple(cuts), tuple(dropped))


def _each(
    source: Source,
    facts: tuple[tuple[int, str, Facts | str], ...] | None,
    buckets: Buckets,
    sampling: Sampling,
    fps: Fraction,
    whole: dict[tuple[Bucket, int], Cuts],
    d: int,
) -> Iterator[tuple[int, str, Facts | str]]:
    """Rows to lay one by one; scenes that are alike are laid at once, as ranges, into `whole`."""
    if facts is not None:
        yield from facts
        return
    assert isinstance(source, WorldRows)
    same = Facts(source.frames / source.fps, *source.size)
    if buckets.chancy:
        for i in range(len(source)):
            yield i, f"{source.preset}_{source.seed + i:09d}", same
        return
    total = steps_in(same.seconds, fps)
    found = buckets.choose(*source.size, total, full=sampling.name == "full")
    if isinstance(found, str):
        yield 0, source.name, f"every scene {found}"
        return
    starts = sampling.starts(total, found.frames)
    if len(starts) == 1:
        whole[found, d] = Cuts(range(len(source)), int(starts[0]), total)
    else:
        n = len(source)
        whole[found, d] = Cuts(
            np.repeat(np.arange(n, dtype=np.int64), len(starts)),
            np.tile(starts.astype(np.int32), n),
            total,
        )
