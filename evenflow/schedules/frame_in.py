"""Frame-in: new frames are drawn between known ones, whose neighbors give way a little.

Source: frames put in at any place as pinned ones: Song et al. 2025, DFoT, arXiv:2502.06764, section
4; neighbors that are noised less: Meng et al. 2022, SDEdit, arXiv:2108.01073.
Differs: the strength falls linearly with the distance to the nearest new frame.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.schedules.refine import refine


def frame_in(
    levels: Float[Tensor, " k"],
    *,
    num_frames: int,
    frames: Iterable[int],
    reach: int = 0,
    strength: float = 0.3,
) -> Float[Tensor, "steps {num_frames}"]:
    """Noise level of every frame at every step.

    Args:
        levels: falling from 1 to 0.
        frames: numbers of the new frames; they begin at level 1.
        reach: known frames on either side that are refined; 0 keeps all of them as they are.
        strength: of those nearest to a new frame; `1 / reach` of it less for each frame further.

    Raises:
        ValueError: no new frame, or one outside the clip; a negative `reach`.
    """
    new = sorted(set(frames))
    if not new or new[0] < 0 or new[-1] >= num_frames or reach < 0:
        raise ValueError(
            f"frames={new} and reach={reach}: give at least one frame in [0, {num_frames}) and "
            f"reach >= 0"
        )
    far = (torch.arange(num_frames)[:, None] - torch.tensor(new)).abs().amin(dim=1)
    each = strength * (1 - (far - 1) / max(reach, 1)).clamp(0, 1)
    each = torch.where(far == 0, 1.0, torch.where(far <= reach, each, 0.0))
    return refine(levels, num_frames=num_frames, strength=each.to(levels))
