"""Statistics of a bench: AUROC with ties, rank correlation, intervals over clips.

Small on purpose: every function is a closed form or a plain bootstrap, tested against scipy.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenflow.core.estimate import LEVEL, Estimate

RESAMPLES = 1000
"""Bootstrap draws."""

LEAST_CLUSTERS = 3
"""Of fewer clips a bootstrap says nothing, so no interval is given."""


Cluster = TypeVar("Cluster")


def share(hits: int, count: int) -> Estimate | None:
    """A share with its Wilson interval, or None of nothing.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953. It stays inside [0, 1] and has a width
    even where all or none are hits, which the bootstrap has not.

    >>> found = share(9, 10)
    >>> f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
    '0.90 [0.60, 0.98]'
    """
    if count == 0:
        return None
    z = 1.959963984540054  # the normal quantile at .975
    rate = hits / count
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(rate * (1 - rate) / count + (z / (2 * count)) ** 2)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == count else min(1.0, middle + half)
    return Estimate(rate, low, high, count)


def wins(positives: ArrayLike, negatives: ArrayLike) -> NDArray[np.float64]:
    """Who of each pair scores higher, `(p, n)`: 1 the positive, 0 the negative, .5 a tie."""
    p = np.asarray(positives, dtype=np.float64)[:, None]
    n = np.asarray(negatives, dtype=np.float64)[None, :]
    return (p > n) + 0.5 * (p == n)


def auroc(positives: ArrayLike, negatives: ArrayLike) -> float:
    """Chance that a positive scores higher than a negative, ties counted half; NaN without pairs.

    Source: Mann and Whitney 1947; equal to the area under the receiver operating characteristic.

    >>> auroc([3, 2, 0], [0, 0])
    0.8333333333333334
    """
    table = wins(positives, negatives)
    return float(table.mean()) if table.size else math.nan


def clustered_auroc(
    table: NDArray[np.float64],
    rows: Sequence[Hashable],
    columns: Sequence[Hashable],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate | None:
    """AUROC of a table of `wins`, with a bootstrap interval over the clips behind it.

    Whole clips are drawn with replacement, each with all positives and negatives that were made of
    it, because those are not independent of each other. A draw without positives or without
    negatives is left out.

    Args:
        table: `(p, n)` as `wins` gives it.
        rows, columns: the clip of every positive and of every negative.
        seed: of the bootstrap.
        resamples: its draws; 0 leaves the interval out.
    """
    if table.size == 0:
        return None
    clips = list(dict.fromkeys([*rows, *columns]))
    number = {clip: i for i, clip in enumerate(clips)}
    of_row = np.eye(len(clips))[[number[clip] for clip in rows]]  # (p, clips)
    of_column = np.eye(len(clips))[[number[clip] for clip in columns]]  # (n, clips)
    won = of_row.T @ table @ of_column
    pairs = np.outer(of_row.sum(axis=0), of_column.sum(axis=0))
    value = float(table.mean())
    if len(clips) < LEAST_CLUSTERS or resamples == 0:
        return Estimate(value, None, None, len(rows))
    draws = np.random.default_rng(seed).multinomial(
        len(clips), np.full(len(clips), 1 / len(clips)), size=resamples
    )
    total = (draws @ pairs * draws).sum(axis=1)
    drawn = (draws @ won * draws).sum(axis=1)[total > 0] / total[total > 0]
    if len(drawn) == 0:
        return Estimate(value, None, None, len(rows))
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Estimate(value, min(float(low), value), max(float(high), value), len(rows))


def bootstrap(
    clusters: Sequence[Cluster],
    statistic: Callable[[Sequence[Cluster]], float],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate | None:
    """A statistic of clusters with its percentile interval; draws that give NaN are left out.

    Args:
        clusters: what is drawn with replacement, a clip each.
        statistic: of a list of clusters.

    Source: Efron 1979, doi:10.1214/aos/1176344552.
    """
    value = statistic(clusters) if clusters else math.nan
    if math.isnan(value):
        return None
    if len(clusters) < LEAST_CLUSTERS:
        return Estimate(value, None, None, len(clusters))
    picks = np.random.default_rng(seed).integers(0, len(clusters), (resamples, len(clusters)))
    drawn = np.array([statistic([clusters[i] for i in pick]) for pick in picks])
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) == 0:
        return Estimate(value, None, None, len(clusters))
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Estimate(value, min(float(low), value), max(float(high), value), len(clusters))


def average_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs.

    >>> average_ranks([10, 30, 20, 20]).tolist()
    [1.0, 4.0, 2.5, 2.5]
    """
    data = np.asarray(values, dtype=np.float64)
    _, inverse, counts = np.unique(data, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Rank correlation in [-1, 1]; NaN if one side is constant or there are fewer than two pairs.

    Source: Spearman 1904, as Pearson's correlation of average ranks.
    """
    x, y = average_ranks(a), average_ranks(b)
    if len(x) != len(y):
        raise ValueError(f"spearman compares pairs, got {len(x)} and {len(y)} values")
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])
