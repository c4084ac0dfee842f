"""Classifier-free guidance: away from the estimate without the condition.

Source: Ho & Salimans 2022, arXiv:2207.12598, equation 6; their w is `scale - 1`. A scale per frame:
Blattmann et al. 2023, Stable Video Diffusion, arXiv:2311.15127, appendix D.3 (rising linearly).

The score becomes that of `p(x_s) p(c | x_s)^scale` at every level, but what is sampled is not
`p(x) p(c | x)^scale`: for Gaussians the variance comes out as the geometric mean of both where the
tilted law has the harmonic one. `tests/guidance` shows it.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Guidance
from evenflow.guidance.pair import guided


def classifier_free(
    scale: float | Sequence[float] = 3.0,
    *,
    drop: Sequence[str] = ("text",),
    instead: Condition | None = None,
    rescale: float = 0.0,
) -> Guidance:
    """Guidance by one more call of the predictor.

    Args:
        scale: 0 drops the condition, 1 is no guidance and costs nothing, more goes beyond; one for
            all latent frames or one for each.
        drop: names of the condition that the second call does without.
        instead: what it is asked for in their place, such as a negative text.
        rescale: in [0, 1], how far the contrast that guidance raises is brought back, see
            `pair.rescaled`; 0.7 in the paper.
    """

    def scales(level: Float[Tensor, "b t"]) -> Float[Tensor, "b t"]:
        return torch.as_tensor(scale, dtype=level.dtype, device=level.device).expand_as(level)

    return guided(scales, tuple(drop), instead or {}, rescale)
