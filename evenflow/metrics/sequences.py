"""Sequences: what a clip looks like over time, as vectors that two clips can be compared by.

A frame is the mean color of 8 x 8 fields, 192 numbers in gray levels over sqrt(192), so that the
distance of two frames is the root mean square difference of their fields, in gray levels.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.metrics.metric import Array, Picture, Unmeasurable, View

FIELDS = 8
"""Rows and columns of fields."""
MOST_FRAMES = 6000
"""Of a clip that is aligned in time; a table of all pairs of frames is made."""


def fields(picture: Picture) -> Array:
    """A frame as `(192,)`."""
    levels = picture.rgb.astype(np.float32) * np.float32(255.0 / np.iinfo(picture.rgb.dtype).max)
    small = cv2.resize(levels, (FIELDS, FIELDS), interpolation=cv2.INTER_AREA)
    made: Array = small.astype(np.float64).ravel() / np.sqrt(small.size)
    return made


def at(view: View) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Of the clip and of the reference; None behind the end of one of them."""
    if view.index >= MOST_FRAMES:
        raise Unmeasurable(
            f"more than {MOST_FRAMES} frames are too many to be aligned: measure a part by --range"
        )
    return (
        None if view.picture is None else fields(view.picture).astype(np.float32),
        None if view.reference is None else fields(view.reference).astype(np.float32),
    )


def both(readings: Sequence[Any]) -> tuple[Array, Array]:
    """The two sequences, `(n, 192)` and `(m, 192)`."""
    clip = np.array([a for a, _ in readings if a is not None], np.float64)
    reference = np.array([b for _, b in readings if b is not None], np.float64)
    return clip, reference
