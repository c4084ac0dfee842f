"""Robust looks at a short series: running medians, spikes against both neighbors, runs."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

Series = NDArray[np.float64]


def running_median(series: Series, window: int) -> Series:
    """Median over `window` (made odd) entries around each one; mirrored at the ends."""
    window = max(3, window | 1)
    made: Series = median_filter(series, size=(window,) + (1,) * (series.ndim - 1), mode="reflect")
    return made


def running_rms(series: Series, window: int) -> Series:
    """Root mean square over `window` entries around each one; cut off at the ends."""
    power = np.convolve(np.nan_to_num(series) ** 2, np.ones(window), "same")
    count = np.convolve(np.ones(len(series)), np.ones(window), "same")
    made: Series = np.sqrt(power / count)
    return made


def around(series: Series, index: int, reach: int, *, skip: int = 0) -> Series:
    """Finite entries within `reach` of `index`, without those within `skip`."""
    low, high = max(0, index - reach), min(len(series), index + reach + 1)
    near = np.concatenate([series[low : max(low, index - skip)], series[index + skip + 1 : high]])
    return near[np.isfinite(near)]


def runs(flags: NDArray[np.bool_], *, gap: int = 0) -> list[tuple[int, int]]:
    """Half-open runs of True; runs with at most `gap` False between them are joined.

    >>> runs(np.array([0, 1, 1, 0, 1, 0], bool)), runs(np.array([0, 1, 0, 1], bool), gap=1)
    ([(1, 3), (4, 5)], [(1, 4)])
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    joined: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def product(left: Series, right: Series) -> Series:
    """`left @ right` of two matrices, a few rows at a time: no product is worth many threads.

    A library for linear algebra wakes all of its threads for a large one, and they spin on for
    longer than the product takes.
    """
    rows = max(1, 200_000 // (right.shape[0] * right.shape[1]))
    pieces = [left[k : k + rows] @ right for k in range(0, len(left), rows)]
    made: Series = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
    return made
