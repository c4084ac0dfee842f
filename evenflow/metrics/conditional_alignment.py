"""Conditional alignment: does each frame lie near its condition in a shared space of features.

Formula: `cos(f_t, c)`, mean over frames; c is one vector for all frames or one for each.
Source: Wu et al. 2021, GODIVA, arXiv:2104.14806 (CLIPSIM); Radford et al. 2021, arXiv:2103.00020.
Range: -1 to 1, higher is better. Some tables print it times 100; CLIPScore (Hessel et al. 2021,
    arXiv:2104.08718) is 2.5 times its part above 0.
Flaws: with CLIP, matching pairs lie near .2 to .35, so small steps matter and values of two models
    cannot be compared. A bag of words: who does what to whom, counts and order in time are hardly
    seen; frames are judged one by one. Programs that feed unnormalized pixels get another number.
Features: vectors of frames and of the text (or picture, pose, ...) must be given, of one model;
    `check --prompt --judge DIR` asks a CLIP folder clause by clause.
"""

import numpy as np
from numpy.typing import ArrayLike

from evenflow.core.errors import BadInput
from evenflow.core.measurement import Measurement
from evenflow.metrics.metric import Array
from evenflow.metrics.vectors import same_width, vectors


def alignment(features: ArrayLike, condition: ArrayLike) -> Array:
    """Cosine of every frame to its condition, `(n,)`; NaN where a frame has no features.

    Args:
        features: `(n, d)`; a row of NaN or of zeros is a frame without features.
        condition: `(d,)` for all frames, or `(n, d)`.

    Raises:
        BadInput: shapes do not fit, a condition is zero, or values are not finite.
    """
    f = vectors(features, name="features", gaps=True)
    condition = np.asarray(condition, dtype=np.float64)
    c = vectors(condition[None] if condition.ndim == 1 else condition, name="conditions")
    same_width(f, c)
    if len(c) not in (1, len(f)):
        raise BadInput(f"give one condition or one a frame: {len(f)} frames, {len(c)} conditions")
    size = np.linalg.norm(c, axis=1, keepdims=True)
    if (size == 0).any():
        raise BadInput("a condition of zeros has no direction: leave it out")
    length = np.linalg.norm(f, axis=1)
    length[length == 0] = np.nan
    made: Array = (f * (c / size)).sum(axis=1) / length
    return made


def conditional_alignment(features: ArrayLike, condition: ArrayLike) -> Measurement:
    """Mean and series of `alignment`; None with the reason where no frame has features."""
    series = alignment(features, condition)
    finite = series[np.isfinite(series)]
    if len(finite) == 0:
        reason = f"none of {len(series)} frames has features"
        return Measurement("conditional_alignment", "cosine", "higher", None, reason=reason)
    return Measurement(
        "conditional_alignment", "cosine", "higher", float(finite.mean()), series.astype(np.float32)
    )
