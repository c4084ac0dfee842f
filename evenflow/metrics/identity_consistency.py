"""Identity consistency: does each frame look like the first and like the one before.

Formula: `s_t = (max(0, cos(f_t, f_t-1)) + max(0, cos(f_t, f_0))) / 2` for t >= 1, mean over t.
Source: Huang et al. 2024, VBench, arXiv:2311.17982, its `subject_consistency.py` (features DINO)
    and `background_consistency.py` (CLIP); with features of faces, identity preservation.
Differs: frames without features (no face was found) have no entry and are counted; dropping them in
    silence would reward a face that vanishes. The one before is the last that had features.
Range: 0 to 1, higher is better.
Flaws: whole frames, no mask: any move of the camera lowers the term of the first frame, and both
    terms weigh the same. Saturates near 1 on the leaderboard. A slow change of identity is cheap,
    as each step is small. Rewards stillness.
Features: one vector a frame, of DINO, CLIP or ArcFace, must be given; `check --features DIR`
    reports the signals `subject_similarity` and `face_similarity` of models in a folder.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenflow.core.measurement import Measurement
from evenflow.metrics.metric import Array
from evenflow.metrics.vectors import vectors


def consistency(features: ArrayLike) -> Array:
    """`s_t` for every frame, `(n,)`; NaN at the first and where there are no features.

    Args:
        features: `(n, d)`; a row of NaN or of zeros is a frame without features.

    Raises:
        BadInput: another shape, or values that are not finite.
    """
    f = vectors(features, name="features", gaps=True)
    series = np.full(len(f), np.nan)
    there = _there(f)
    if len(there) < 2:
        return series
    unit = f[there] / np.linalg.norm(f[there], axis=1, keepdims=True)
    near = np.maximum(0.0, (unit[1:] * unit[:-1]).sum(axis=1))
    far = np.maximum(0.0, unit[1:] @ unit[0])
    series[there[1:]] = (near + far) / 2
    return series


def identity_consistency(features: ArrayLike) -> Measurement:
    """Mean and series of `consistency`; None with the reason where fewer than two frames remain."""
    series = consistency(features)
    finite = series[np.isfinite(series)]
    if len(finite) == 0:
        seen = len(_there(vectors(features, name="features", gaps=True)))
        reason = f"needs two frames with features, {seen} of {len(series)} have them"
        return Measurement("identity_consistency", "share", "higher", None, reason=reason)
    return Measurement(
        "identity_consistency",
        "share",
        "higher",
        float(finite.mean()),
        series.astype(np.float32),
    )


def _there(f: Array) -> NDArray[np.intp]:
    """Numbers of the frames that have features."""
    length = np.linalg.norm(f, axis=1)
    return np.flatnonzero(np.isfinite(length) & (length > 0))
