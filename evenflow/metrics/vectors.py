"""Vectors: feature arrays are looked at before the maths, so that nonsense gets no number."""

import numpy as np
from numpy.typing import ArrayLike

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Array


def vectors(features: ArrayLike, *, name: str, least: int = 1, gaps: bool = False) -> Array:
    """Features as float64 `(n, d)`; a plain series `(n,)` becomes `(n, 1)`.

    Args:
        features: one row an item or a frame.
        name: what it is called in an error.
        least: rows that the maths needs.
        gaps: rows of NaN may stand for frames without features.

    Raises:
        BadInput: another shape, too few rows, or values that are not finite.
    """
    try:
        array = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput(f"{name} are numbers (n, d): rows of different length came") from None
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] == 0:
        raise BadInput(f"{name} are (n, d), one row each, got {array.shape}")
    if len(array) < least:
        raise BadInput(f"{name} need at least {least} rows, got {len(array)}")
    whole = np.isfinite(array).all(axis=1)
    if not whole.all() and not (gaps and np.isnan(array[~whole]).all()):
        raise BadInput(f"{name} hold values that are not finite: leave those rows out")
    return array


def same_width(x: Array, y: Array) -> None:
    """Refuses features of two different spaces.

    Raises:
        BadInput: the rows differ in length.
    """
    if x.shape[1] != y.shape[1]:
        raise BadInput(
            f"features of one model have one width, got {x.shape[1]} and {y.shape[1]}: "
            "take both from the same model"
        )
