"""Guidance in an interval: classifier-free where the noise is neither high nor low.

Source: Kynkaanniemi et al. 2024, Applying Guidance in a Limited Interval, arXiv:2404.07724,
equation 5. Differs: the interval is in levels, and each frame is in it or not by its own level.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Guidance
from evenflow.guidance.pair import guided


def interval(
    scale: float = 3.0,
    *,
    low: float = 0.2,
    high: float = 0.8,
    drop: Sequence[str] = ("text",),
    instead: Condition | None = None,
) -> Guidance:
    """Guidance at levels in (low, high]; elsewhere the second call is saved.

    Args:
        scale: inside the interval; outside it is 1.
        low, high: levels; of a flow's ratio sigma / alpha = r the level is r / (1 + r).
        drop, instead: as in `classifier_free`.

    Raises:
        ValueError: an interval that is empty or leaves [0, 1].
    """
    if not 0 <= low < high <= 1:
        raise ValueError(f"the interval ({low}, {high}] must be 0 <= low < high <= 1")

    def scales(level: Float[Tensor, "b t"]) -> Float[Tensor, "b t"]:
        inside = (level > low) & (level <= high)
        return torch.where(inside, scale, torch.ones_like(level))

    return guided(scales, tuple(drop), instead or {})
