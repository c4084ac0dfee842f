"""Progressive distillation: a student makes in one step what its teacher makes in several.

The way from noise to video is cut where the student's steps will stand. A clip is noised to the
beginning of one of these stretches, the teacher, guided, goes down to its end, and the student
learns the mean velocity of that way, so that one step of Euler takes it there. The past of the
frames that are learned is clean and true.

Source: Salimans & Ho 2022, arXiv:2202.00512, algorithm 2; guidance inside the target: Meng et al.
2023, arXiv:2210.03142, section 3.
Differs: in one stage, from the teacher's steps to the student's, not by halves; stretches are those
of Multistep Consistency Models, Heek et al. 2024, arXiv:2403.06807, section 3.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from evenflow.core.contracts import Predictor
from evenflow.objectives.loss import Batch, Loss, Part, clip_seeds
from evenflow.process import FLOW, Network, Process, spread
from evenflow.process.randomness import mixed


def progressive(
    student: Network,
    teacher: Predictor,
    batch: Batch,
    walk: Callable[..., Tensor],
    *,
    generator: Generator | Sequence[Generator],
    ways: Float[Tensor, "n k"],
    learned: int,
    still: float = 0.0,
    channels: Float[Tensor, " c"] | None = None,
    process: Process = FLOW,
) -> Loss:
    """Mean square error of the velocity that takes a clip over a stretch in one step.

    Args:
        student: what learns; says velocities.
        teacher: guided as the student is to be; no gradient.
        batch: clean latents and what they follow.
        walk: how the teacher goes, a row of `samplers.SAMPLERS`.
        generator: one, or one for each clip.
        ways: the levels at which the teacher stands, a row for each step of the student; rows fall,
            the first from 1, the last to 0, and each begins where the one before ends.
        learned: frames at the end of the clip that are noised and learned; those before are clean.
        still: share of the clips of which the first of these frames is clean too, where nothing is
            before it: a clip that begins with a picture.
        channels: what errors of the latents' channels weigh, of which the mean counts as 1; None,
            all alike.

    Raises:
        ValueError: ways that do not lead from 1 to 0, frames that the clip has not, other channels
            than the latents have.
    """
    latents = batch.latents.float()
    clips, count, frames = latents.shape[:3]
    if (
        ways.ndim != 2
        or ways.shape[1] < 2
        or ways[0, 0] != 1
        or ways[-1, -1] != 0
        or bool((ways.diff(dim=1) >= 0).any())
        or bool((ways[1:, 0] != ways[:-1, -1]).any())
    ):
        raise ValueError("ways lead from 1 to 0 without a gap: (n, k), each row falling")
    if not 0 < learned <= frames:
        raise ValueError(f"learned={learned} of {frames} frames cannot be")
    if channels is not None and len(channels) != count:
        raise ValueError(f"the latents have {count} channels, got weights of {len(channels)}")
    at, noise, moved = [], [], []
    for seed in clip_seeds(generator, clips):
        source = Generator().manual_seed(mixed(seed, 0))
        at.append(int(torch.randint(len(ways), (), generator=source)))
        begun = float(torch.rand((), generator=source)) < still
        inside = torch.arange(frames) >= frames - learned
        if begun and learned == frames and frames > 1:
            inside[0] = False
        there = Generator(latents.device).manual_seed(mixed(seed, 1))
        noise.append(torch.empty_like(latents[0]).normal_(generator=there))
        moved.append(inside)
    inside = torch.stack(moved).to(latents)  # (b, t)
    levels = ways[at].to(latents).T[:, :, None] * inside  # (k, b, t)
    upper, lower = levels[0], levels[-1]
    noisy = process.mix(latents, torch.stack(noise), upper)
    with torch.no_grad():
        end = walk(teacher, noisy, levels, cond=batch.cond, process=process)
        wanted = (noisy - end) / spread(torch.where(inside > 0, upper - lower, 1))
    said, _ = student(noisy, upper, batch.cond, None)
    square = (said.float() - wanted).square()
    if channels is not None:
        square = square * (channels / channels.mean()).to(square)[:, None, None, None]
    each = (square.mean(dim=(1, 3, 4)) * inside).sum(dim=1) / inside.sum(dim=1)
    value = each.mean()
    parts = {"loss": Part(each.detach().sum(), value.new_tensor(float(clips)))}
    for row, way in enumerate(ways):
        mine = torch.tensor([number == row for number in at], device=value.device).to(value)
        name = f"step {float(way[0]):.2f}..{float(way[-1]):.2f}"
        parts[name] = Part((each.detach() * mine).sum(), mine.sum())
    return Loss(value, parts)
