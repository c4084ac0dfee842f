"""Dynamic time warping: how far two sequences are apart when time may stretch and shrink.

Formula: `D = sqrt(min over paths of sum |a_i - b_j|^2)`; a path goes from (0, 0) to (n-1, m-1) by
    steps (1, 1), (1, 0), (0, 1), each of weight 1; with a window, `|i - j|` stays within it (or
    within the difference of lengths, if that is more).
Source: Sakoe & Chiba 1978, IEEE TASSP 26(1); Euclidean local cost squared, root of the sum, as
    tslearn and pyts have it.
Range: 0 to infinity, lower is more alike. `sequence_dtw` of two clips is `D / sqrt(length of the
    path)` over frames as 8 x 8 mean colors (`evenflow.metrics.sequences`): a root mean square in
    gray levels; its series is the largest distance that each frame of the clip has on the path.
Flaws: not a metric (no triangle inequality). Blind to tempo, stutter and holds by design: a clip
    and its slow motion are equal. One outlier among frames can bend the whole path. Libraries
    differ in the local cost, in the weight of a diagonal step and in bands for unequal lengths.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Array, Facts, Result
from evenflow.metrics.sequences import both
from evenflow.metrics.vectors import same_width, vectors


class Alignment(NamedTuple):
    """The best path.

    Args:
        distance: D of the formula.
        path: `(k, 2)`, pairs of frame numbers from (0, 0) to (n-1, m-1).
    """

    distance: float
    path: NDArray[np.int64]


def dtw(a: ArrayLike, b: ArrayLike, *, window: int | None = None) -> float:
    """Distance of two sequences.

    Args:
        a, b: `(n, d)` and `(m, d)`, or `(n,)` and `(m,)`.
        window: frames that the path may leave the diagonal; None is no limit.

    Raises:
        BadInput: empty, not finite, different widths, or a negative window.

    >>> dtw([0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 2.0])
    0.0
    """
    x, y, width = _checked(a, b, window)
    return float(np.sqrt(_cost(x, y, width)))


def align(a: ArrayLike, b: ArrayLike, *, window: int | None = None) -> Alignment:
    """Distance and path; memory is one byte for every pair of frames. Arguments as `dtw`."""
    x, y, width = _checked(a, b, window)
    cost, moves = _table(x, y, width)
    return Alignment(float(np.sqrt(cost)), _walk(moves))


def _checked(a: ArrayLike, b: ArrayLike, window: int | None) -> tuple[Array, Array, int]:
    x, y = vectors(a, name="sequences"), vectors(b, name="sequences")
    same_width(x, y)
    if window is not None and window < 0:
        raise BadInput(f"window={window} lets no path through: give 0 or more frames")
    longest = max(len(x), len(y))
    return x, y, longest if window is None else max(window, abs(len(x) - len(y)))


@njit(cache=True, nogil=True)
def _gap_2(x: Array, y: Array, i: int, j: int) -> float:
    total = 0.0
    for k in range(x.shape[1]):
        total += (x[i, k] - y[j, k]) ** 2
    return total


@njit(cache=True, nogil=True)
def _cost(x: Array, y: Array, window: int) -> float:
    n, m = len(x), len(y)
    above = np.full(m + 1, np.inf)
    above[0] = 0.0
    for i in range(n):
        row = np.full(m + 1, np.inf)
        for j in range(max(0, i - window), min(m, i + window + 1)):
            row[j + 1] = _gap_2(x, y, i, j) + min(above[j], above[j + 1], row[j])
        above = row
    return above[m]


@njit(cache=True, nogil=True)
def _table(x: Array, y: Array, window: int) -> tuple[float, NDArray[np.uint8]]:
    """Least cost, and per cell where the path comes from: 0 diagonal, 1 above, 2 left."""
    n, m = len(x), len(y)
    moves = np.zeros((n, m), np.uint8)
    above = np.full(m + 1, np.inf)
    above[0] = 0.0
    for i in range(n):
        row = np.full(m + 1, np.inf)
        for j in range(max(0, i - window), min(m, i + window + 1)):
            best, move = above[j], 0
            if above[j + 1] < best:
                best, move = above[j + 1], 1
            if row[j] < best:
                best, move = row[j], 2
            row[j + 1] = _gap_2(x, y, i, j) + best
            moves[i, j] = move
        above = row
    return above[m], moves


def _walk(moves: NDArray[np.uint8]) -> NDArray[np.int64]:
    i, j = moves.shape[0] - 1, moves.shape[1] - 1
    path = [(i, j)]
    while i or j:
        move = moves[i, j]
        i, j = i - (move != 2), j - (move != 1)
        path.append((i, j))
    return np.array(path[::-1], np.int64)


def clips(readings: Sequence[Any], facts: Facts) -> Result:
    """Distance of two clips per step of the path."""
    a, b = both(readings)
    return along(a, b)


def along(a: Array, b: Array) -> Result:
    """Root mean square distance along the best path, and each frame's largest one."""
    distance, path = align(a, b)
    gaps = np.sqrt(np.square(a[path[:, 0]] - b[path[:, 1]]).sum(axis=1))
    series = np.zeros(len(a))
    np.maximum.at(series, path[:, 0], gaps)
    return Result(distance / float(np.sqrt(len(path))), series)
