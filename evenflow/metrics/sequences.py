"""Sequences: what a clip looks like over time, as vectors that two clips can be compared by.

A frame is the mean color of 8 x 8 fields, 192 numbers in gray levels over sqrt(192), so that the
distance of two frames is the root mean square difference of their fields, in gray levels.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from evenflow.metrics.metric import Array, Picture, View

FIELDS = 8
"""Rows and columns of fields."""


def fields(picture: Picture) -> Array:
    """A frame as `(192,)`."""
    levels = picture.rgb.astype(np.float32) * np.float32(255.0 / np.iinfo(picture.rgb.dtype).max)
    small = cv2.resize(levels, (FIELDS, FIELDS), interpolation=cv2.INTER_AREA)
    made: Array = small.astype(np.float64).ravel() / np.sqrt(small.size)
    return made


def at(view: View) -> tuple[Array | None, Array | None]:
    """Of the clip and of the reference; None behind the end of one of them."""
    return (
        None if view.picture is None else fields(view.picture),
        None if view.reference is None else fields(view.reference),
    )


def both(readings: Sequence[Any]) -> tuple[Array, Array]:
    """The two sequences, `(n, 192)` and `(m, 192)`."""
    clip = np.array([a for a, _ in readings if a is not None])
    reference = np.array([b for _, b in readings if b is not None])
    return clip, reference
