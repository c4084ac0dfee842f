"""Runs: stretches of frames for which something holds."""

import numpy as np
from numpy.typing import NDArray


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches `[start, end)` of True.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def longest(stretches: list[tuple[int, int]]) -> tuple[int, int]:
    """The longest stretch, the first of equal ones; `(0, 0)` if there is none."""
    return max(stretches, key=lambda s: s[1] - s[0], default=(0, 0))
