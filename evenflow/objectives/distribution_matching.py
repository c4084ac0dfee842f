"""Distribution matching (DMD): clips are moved to where the real law is denser than the student's.

A clip of the student is noised; the teacher says what is clean under the real law, a critic, that
is trained on the student's clips beside it, what is clean under theirs; the difference is the
gradient of the divergence between the two, and the clip follows it.

Source: Yin et al. 2024, DMD, arXiv:2311.18828, equations 7 and 8 (the gradient and its scale); for
video with a causal student: Yin et al. 2025, CausVid, arXiv:2412.07772, equation 4.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from evenflow.core.contracts import Condition, Predictor
from evenflow.objectives.loss import Loss, Part, clip_seeds
from evenflow.process import FLOW, Process, shift_levels
from evenflow.process.randomness import mixed

LEAST, MOST = 0.02, 0.98
"""Levels before the shift: at the ends one of the laws says nothing."""


def distribution_matching(
    clip: Float[Tensor, "b c t h w"],
    real: Predictor,
    fake: Predictor,
    cond: Condition,
    *,
    generator: Generator | Sequence[Generator],
    shift: float = 3.0,
    learned: int | None = None,
    channels: Float[Tensor, " c"] | None = None,
    process: Process = FLOW,
) -> Loss:
    """A loss whose gradient moves the clips; its value is half the mean squared move.

    Args:
        clip: what the student made, with its gradient.
        real, fake: what is clean under either law; no gradient.
        cond: what the clips follow.
        generator: one, or one for each clip.
        shift: of the levels.
        learned: frames at the end of the clip that are noised and moved; those before stay clean,
            so that the laws are those of what follows them. None, all.
        channels: what the move of the latents' channels weighs, of which the mean counts as 1;
            None, all alike.

    Raises:
        ValueError: frames that the clip has not, other channels than the clips have.
    """
    count, frames = clip.shape[1:3]
    learned = frames if learned is None else learned
    if not 0 < learned <= frames:
        raise ValueError(f"learned={learned} of {frames} frames cannot be")
    if channels is not None and len(channels) != count:
        raise ValueError(f"the latents have {count} channels, got weights of {len(channels)}")
    weights = torch.ones(count) if channels is None else channels / channels.mean()
    weights = weights.to(clip)[:, None, None, None]
    levels, noise = [], []
    for seed in clip_seeds(generator, len(clip)):
        source = Generator().manual_seed(mixed(seed, 0))
        drawn = LEAST + (MOST - LEAST) * torch.rand((), generator=source)
        levels.append(shift_levels(drawn, shift=shift).expand(frames))
        there = Generator(clip.device).manual_seed(mixed(seed, 1))
        noise.append(torch.empty_like(clip[0]).normal_(generator=there))
    level = torch.stack(levels).to(clip)
    level[:, : frames - learned] = 0
    with torch.no_grad():
        noisy = process.mix(clip.detach(), torch.stack(noise), level)
        true = real(noisy, level, cond, None)[0].to(clip.dtype)
        own = fake(noisy, level, cond, None)[0].to(clip.dtype)
        own, true, now = (x[:, :, frames - learned :] for x in (own, true, clip.detach()))
        scale = (weights * (now - true).abs()).flatten(1).mean(dim=1).clamp(min=1e-3)
        move = torch.nan_to_num((own - true) / scale[:, None, None, None, None])
        target = now - move
    square = weights * (clip[:, :, frames - learned :] - target).square()
    each = 0.5 * square.flatten(1).mean(dim=1)
    clips = each.new_tensor(float(len(clip)))
    return Loss(each.mean(), {"loss": Part(each.detach().sum(), clips)})
