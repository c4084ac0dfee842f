"""Consistency distillation: a student says the end of the teacher's path from any place on it.

A clip is noised to a level of a grid; the teacher, guided, makes one step down to the next; what
the student says there is what it should have said before. No path is stored. The past of the
frames that are learned is clean and true, so that the student is a block-causal generator from the
first step on.

Source: Song et al. 2023, Consistency Models, arXiv:2303.01469, algorithm 2; the target without an
average of its own and the pseudo-Huber distance: Song & Dhariwal 2023, arXiv:2310.14189, sections
3.2 and 3.3; guidance inside the teacher's step: Luo et al. 2023, LCM, arXiv:2310.04378, equation
13; causal, with a true past: Causal Forcing (2026), arXiv:2602.02214.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from evenflow.core.contracts import Predictor
from evenflow.objectives.loss import Batch, Loss, Part, clip_seeds
from evenflow.process import FLOW, Process
from evenflow.process.randomness import mixed

HUBER = 0.00054
"""The distance is quadratic below so much, in root mean squares of latents."""


def consistency(
    student: Predictor,
    teacher: Predictor,
    batch: Batch,
    *,
    generator: Generator | Sequence[Generator],
    levels: Float[Tensor, " k"],
    learned: int,
    still: float = 0.0,
    channels: Float[Tensor, " c"] | None = None,
    process: Process = FLOW,
) -> Loss:
    """Mean distance between what the student says at neighboring levels of the teacher's path.

    Args:
        student: what learns; the gradient is that of its answer at the noisier level.
        teacher: guided as the student is to be; no gradient.
        batch: clean latents and what they follow.
        generator: one, or one for each clip.
        levels: the grid, falling from 1 to 0.
        learned: frames at the end of the clip that are noised and learned; those before are clean.
        still: share of the clips of which the first of these frames is clean too, where nothing is
            before it: a clip that begins with a picture.
        channels: what distances in the latents' channels weigh, of which the mean counts as 1;
            None, all alike.

    Raises:
        ValueError: a grid that does not fall from 1 to 0, frames that the clip has not, other
            channels than the latents have.
    """
    latents = batch.latents.float()
    clips, count, frames = latents.shape[:3]
    if levels.ndim != 1 or len(levels) < 2 or levels[-1] != 0 or bool((levels.diff() >= 0).any()):
        raise ValueError("a grid of levels falls from 1 to 0: (k,)")
    if not 0 < learned <= frames:
        raise ValueError(f"learned={learned} of {frames} frames cannot be")
    if channels is not None and len(channels) != count:
        raise ValueError(f"the latents have {count} channels, got weights of {len(channels)}")
    high, low, noise, weight = [], [], [], []
    for seed in clip_seeds(generator, clips):
        source = Generator().manual_seed(mixed(seed, 0))
        at = int(torch.randint(len(levels) - 1, (), generator=source))
        begun = float(torch.rand((), generator=source)) < still
        inside = torch.arange(frames) >= frames - learned
        if begun and learned == frames and frames > 1:
            inside[0] = False
        there = Generator(latents.device).manual_seed(mixed(seed, 1))
        noise.append(torch.empty_like(latents[0]).normal_(generator=there))
        weight.append(inside)
        high.append(torch.where(inside, levels[at], 0))
        low.append(torch.where(inside, levels[at + 1], 0))
    upper, lower = (torch.stack(one).to(latents) for one in (high, low))
    inside = torch.stack(weight).to(latents)
    noisy = process.mix(latents, torch.stack(noise), upper)
    with torch.no_grad():
        end = teacher(noisy, upper, batch.cond, None)[0].float()
        nearer = process.mix(end, process.noise_of(noisy, end, upper), lower)
        target = student(nearer, lower, batch.cond, None)[0].float()
    said = student(noisy, upper, batch.cond, None)[0].float()
    counted = inside[:, None, :, None, None]
    if channels is not None:
        counted = counted * (channels / channels.mean()).to(counted)[:, None, None, None]
    square = ((said - target).square() * counted).flatten(1).sum(dim=1)
    dims = inside.sum(dim=1) * latents[0, :, 0].numel()
    each = (square / dims + HUBER**2).sqrt() - HUBER
    value = each.mean()
    total = value.new_tensor(float(clips))
    parts = {"loss": Part(value.detach() * total, total)}
    error = ((said.detach() - latents).square() * counted).flatten(1)
    parts["error"] = Part((error.sum(dim=1) / dims).sum(), total)
    return Loss(value, parts)
