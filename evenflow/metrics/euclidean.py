"""Euclidean sequence distance: two sequences of one length, compared step by step.

Formula: `D = sqrt(sum |a_i - b_i|^2)`. `sequence_euclidean` of two clips is `D / sqrt(n)` over
    frames as 8 x 8 mean colors (`evenflow.metrics.sequences`): a root mean square in gray levels.
Source: Faloutsos et al. 1994, Fast subsequence matching in time-series databases, SIGMOD.
Range: 0 to infinity, lower is more alike.
Flaws: one frame of delay costs as much as another picture; use time warping where tempo may differ.
    Grows with the length where it is not divided by it, as here it is for clips.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Facts, Result, View
from evenflow.metrics.sequences import fields
from evenflow.metrics.vectors import same_width, vectors


def euclidean(a: ArrayLike, b: ArrayLike) -> float:
    """Distance of two sequences `(n, d)` or `(n,)`.

    Raises:
        BadInput: lengths or widths differ, or values are not finite.

    >>> euclidean([0.0, 0.0], [3.0, 4.0])
    5.0
    """
    x, y = vectors(a, name="sequences"), vectors(b, name="sequences")
    same_width(x, y)
    if len(x) != len(y):
        raise BadInput(
            f"sequences of {len(x)} and {len(y)} steps have no Euclidean distance: "
            "use dtw, or cut them to one length"
        )
    return float(np.sqrt(np.square(x - y).sum()))


def at(view: View) -> float:
    """Distance of a frame to the reference's, in gray levels."""
    return euclidean(fields(view.here)[None], fields(view.other)[None])


def clips(readings: Sequence[Any], facts: Facts) -> Result:
    """Root mean square over frames."""
    series = np.array(readings, np.float64)
    return Result(float(np.sqrt(np.square(series).mean())), series)
