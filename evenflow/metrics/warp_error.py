"""Warping error: what is left when the next frame is pulled back along the motion, squared.

Formula: `sum M (warp(F_t+1, w) - F_t)^2 / N` over pixels and three channels in [0, 1]; w the flow
    from t to t+1, M the mask below, N its entries over the three channels; mean over all pairs.
    Where nothing is left of the mask, N is all entries, which makes the pair 0.
Mask: a pixel is left out where `|w + b|^2 > .01 (|w|^2 + |b|^2) + .5`, b the flow back from t+1 at
    the place where w leads, or where `|grad u|^2 + |grad v|^2 > .01 |w|^2 + .002`, the rims of
    motion; differences to the next pixel right and below.
Source: Lai et al. 2018, Learning blind video temporal consistency, arXiv:1808.00449, and its
    authors' `evaluate_WarpError.py`; the mask is that of Ruder et al. 2016, arXiv:1604.08610, after
    Sundaram et al. 2010, ECCV.
Conventions: the paper takes flow and mask from the unprocessed input video: `warp_error_input_dis`,
    with that video as the reference. `warp_error_dis` takes them from the clip itself, as papers on
    generated video do.
Differs: DIS flow (Kroeger et al. 2016) at full size in place of FlowNet2, so that numbers are not
    those of papers; entry i of the series compares frames i-1 and i.
Range: 0 to 1, lower is called better.
Flaws: ranks by stillness and softness: blur, heavy compression and output that collapsed all beat
    good footage. Not divided by texture or noise, so clips of different content cannot be compared.
    Sees only steps between neighbors; slow changes cost nothing. A flow that follows the flaw (a
    texture that swims) hides it.
"""

import math

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.geometry.warp import warp
from evenflow.metrics.metric import Picture, View
from evenflow.motion.flow import Flow, Match


def visible(ahead: Flow, back: Flow) -> NDArray[np.bool_]:
    """True where a pixel of the earlier picture counts, `(h, w)`; see Mask above.

    Args:
        ahead: `(h, w, 2)` from the earlier picture to the later, in pixels.
        back: the other way.
    """
    returned = warp(back, ahead)
    gap_2 = np.square(returned + ahead).sum(axis=2)
    size_2 = np.square(ahead).sum(axis=2)
    hidden = gap_2 > 0.01 * (np.square(returned).sum(axis=2) + size_2) + 0.5
    slope = np.zeros(ahead.shape[:2], np.float32)
    slope[:, :-1] += np.square(np.diff(ahead, axis=1)).sum(axis=2)
    slope[:-1] += np.square(np.diff(ahead, axis=0)).sum(axis=2)
    rim = slope > 0.01 * size_2 + 0.002
    seen: NDArray[np.bool_] = ~(hidden | rim)
    return seen


def warp_error(
    before: NDArray[np.float32], after: NDArray[np.float32], ahead: Flow, back: Flow
) -> float:
    """Warping error of one pair.

    Args:
        before, after: `(h, w, 3)` in [0, 1].
        ahead, back: `(h, w, 2)`, flow from `before` to `after` and back, in pixels.

    Raises:
        BadInput: shapes do not fit each other.
    """
    size = (*before.shape[:2], 2)
    if before.shape != after.shape or ahead.shape != size or back.shape != size:
        raise BadInput(
            f"pictures and flow have one size, got {before.shape}, {after.shape}, {ahead.shape} "
            f"and {back.shape}"
        )
    seen = visible(ahead, back)
    gap = np.square(warp(after, ahead) - before)
    count = int(seen.sum()) * before.shape[2]
    return float(gap[seen].sum(dtype=np.float64)) / (count or before.size)


def _share(picture: Picture) -> NDArray[np.float32]:
    white = np.float32(np.iinfo(picture.rgb.dtype).max)
    made: NDArray[np.float32] = picture.rgb.astype(np.float32) / white
    return made


def _pair(view: View, motion: Match) -> float:
    assert view.previous is not None
    return warp_error(_share(view.previous), _share(view.here), motion.ahead, motion.back)


def at(view: View) -> float:
    """Along the clip's own motion."""
    return math.nan if view.previous is None else _pair(view, view.motion)


def at_input(view: View) -> float:
    """Along the motion of the reference, which is the unprocessed input."""
    return math.nan if view.previous is None else _pair(view, view.reference_motion)
