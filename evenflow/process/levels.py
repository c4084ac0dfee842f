"""Where levels are spent: the shift toward noise, and levels drawn for training.

Source: Esser et al. 2024, Stable Diffusion 3, arXiv:2403.03206: equation 19 (logit-normal), section
5.3.2, equation 23 (shift).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor


def shift_levels(level: Float[Tensor, "*any"], *, shift: float) -> Float[Tensor, "*any"]:
    """Levels moved toward noise: `m s / (1 + (m - 1) s)`; keeps 0, 1 and the order.

    Args:
        shift: m > 0; 1 changes nothing, 3 is usual for video. Shifting by m and then by n is
            shifting by m n. For flows it divides the signal-to-noise ratio alpha / sigma by m.

    Raises:
        ValueError: `shift` is not positive.
    """
    if not shift > 0:
        raise ValueError(f"shift={shift} would turn levels around; use shift > 0, 1 for none")
    return shift * level / (1 + (shift - 1) * level)  # equation 23


def logit_normal(
    shape: Sequence[int],
    *,
    generator: Generator,
    mean: float = 0.0,
    std: float = 1.0,
    shift: float = 1.0,
    dtype: torch.dtype | None = None,
) -> Float[Tensor, "*any"]:
    """Levels in (0, 1) whose logit is Gaussian: most in the middle, where it is hard to say.

    Args:
        mean, std: of the logit, before the shift.
        shift: moves them toward noise; adds `log(shift)` to the logit.
    """
    logit = torch.randn(tuple(shape), generator=generator, dtype=dtype, device=generator.device)
    return shift_levels(torch.sigmoid(mean + std * logit), shift=shift)  # equation 19
