"""Pattern distance: do two sequences rise and fall alike, whatever their level and their contrast.

Formula: each sequence has its mean taken off and is divided by its standard deviation (one for all
    its dimensions); then the slopes `((x_i - x_i-1) + (x_i+1 - x_i-1) / 2) / 2` are compared by
    time warping, and the root mean square along the path is given. Ends repeat their neighbor's
    slope.
Source: Keogh & Pazzani 2001, Derivative dynamic time warping, SDM (the slopes); Goldin & Kanellakis
    1995, CP (level and scale taken off).
Differs: one scale for all dimensions, so that those that hardly change are not blown up to noise.
Range: 0 to infinity, lower is more alike; 0 for a sequence and its brighter or stronger copy.
    `sequence_pattern` of two clips takes frames as 8 x 8 mean colors.
Flaws: what does not change has no pattern, and no value. Slopes amplify noise. Level is thrown
    away: a clip that is too dark throughout is equal.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evenflow.core.errors import BadInput
from evenflow.metrics.dtw import along
from evenflow.metrics.metric import Array, Facts, Result, Unmeasurable
from evenflow.metrics.sequences import both
from evenflow.metrics.vectors import same_width, vectors

LEAST_STEPS = 3


def pattern_distance(a: ArrayLike, b: ArrayLike) -> float:
    """Distance of the shapes of two sequences `(n, d)` and `(m, d)`, or `(n,)` and `(m,)`.

    Raises:
        BadInput: fewer than three steps, different widths, or a sequence that never changes.
    """
    x = vectors(a, name="sequences", least=LEAST_STEPS)
    y = vectors(b, name="sequences", least=LEAST_STEPS)
    same_width(x, y)
    for values in (x, y):
        if not _changes(values):
            raise BadInput("a sequence that never changes has no pattern: compare it by euclidean")
    return along(slopes(x), slopes(y)).summary


def slopes(x: Array) -> Array:
    """Slopes `(n, d)` of a sequence `(n, d)` without its level and scale."""
    x = x - x.mean(axis=0)
    x = x / np.sqrt(np.square(x).mean())
    inner = ((x[1:-1] - x[:-2]) + (x[2:] - x[:-2]) / 2) / 2
    made: Array = np.concatenate([inner[:1], inner, inner[-1:]])
    return made


def _changes(x: Array) -> bool:
    """False where only rounding is left after the mean is taken off."""
    deviation = float(np.sqrt(np.square(x - x.mean(axis=0)).mean()))
    return deviation > 1e-9 * max(1.0, float(np.abs(x).max()))


def clips(readings: Sequence[Any], facts: Facts) -> Result:
    """Pattern distance of two clips."""
    a, b = both(readings)
    if min(len(a), len(b)) < LEAST_STEPS:
        raise Unmeasurable(f"needs three frames, the clips have {len(a)} and {len(b)}")
    if not (_changes(a) and _changes(b)):
        raise Unmeasurable("one of the clips never changes and has no pattern")
    return along(slopes(a), slopes(b))
