"""Forward-backward consistency: the share of the picture whose motion there and back agrees.

Formula: the share of pixels with `|w + b|^2 <= .01 (|w|^2 + |b|^2) + .5`, b the flow from this
    frame to the one before, w the flow back at the place where b leads; pixels led out of the
    picture do not agree. Mean over all pairs.
Source: Sundaram, Brox & Keutzer 2010, Dense point trajectories by GPU-accelerated large
    displacement optical flow, ECCV, equation 5.
Differs: DIS flow (Kroeger et al. 2016, arXiv:1603.03590) at full size in place of a learned one.
Range: 0 to 1, higher is called better.
Flaws: says whether motion can be followed, not whether it is right: stillness gets 1, and a flaw
    that moves smoothly is not seen. Where nothing matches, flow that stays near zero both ways
    agrees: fine texture without likeness still gets .8. Falls where things hide each other, at the
    borders of a pan and in fast motion, which are no flaws. The slack of half a squared pixel is
    one of pixels, so that a smaller copy gets a higher share.
"""

import math

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import View
from evenflow.motion.flow import Flow, agree


def flow_consistency(back: Flow, ahead: Flow) -> float:
    """Share of the later picture whose motion agrees both ways, in [0, 1].

    Args:
        back: `(h, w, 2)` float32 from the later picture to the earlier, in pixels.
        ahead: from the earlier to the later.

    Raises:
        BadInput: the two have different shapes.
    """
    if back.shape != ahead.shape or back.ndim != 3 or back.shape[2] != 2:
        raise BadInput(f"two flows (h, w, 2) of one size, got {back.shape} and {ahead.shape}")
    return float(agree(np.ascontiguousarray(back), np.ascontiguousarray(ahead)).mean())


def at(view: View) -> float:
    """Against the frame before."""
    return math.nan if view.previous is None else float(view.motion.valid.mean())
