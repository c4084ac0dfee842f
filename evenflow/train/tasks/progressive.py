"""A student in few steps of Euler: each makes the way that its teacher makes in several."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from evenflow.core.contracts import AttentionSpec, Predictor
from evenflow.guidance import classifier_free
from evenflow.layers import masks
from evenflow.objectives import Batch, Loss
from evenflow.objectives.progressive import progressive
from evenflow.process import FLOW, predictor, shift_levels
from evenflow.process.randomness import mixed
from evenflow.samplers import dpmpp_2m, euler
from evenflow.samplers.streaming import Sampler
from evenflow.train.feed import Lot
from evenflow.train.tasks.generator import Seeing
from evenflow.train.tasks.student import STILL, StudentTask


class ProgressiveTask(StudentTask):
    """The task.

    Args:
        recipe: see `StudentTask`; `objective.grid` is the teacher's steps in all.
        ranks: where it computes.
    """

    def loss(self, lot: Lot, generators: Sequence[Generator], step: int) -> Loss:
        """The error of the student's steps; how much past they have is one for all ranks."""
        told = self.recipe.objective
        drawn = Generator().manual_seed(mixed(self.recipe.seed, step, 7))
        blocks = -(-self.shape[1] // told.block)
        short = float(torch.rand((), generator=drawn)) < told.short
        end = told.block * (1 + (0 if short else int(torch.randint(blocks, (), generator=drawn))))
        end = min(end, self.shape[1])
        cond = {name: value for name, value in lot.items() if name != "latents"}
        if "actions" in cond:
            cond["actions"] = cond["actions"][:, :end]
        spec = AttentionSpec(masks.block_causal(told.block))
        guided = predictor(Seeing(self.teacher, spec), FLOW)
        if told.guidance != 1 and self.words is not None:
            guided = classifier_free(told.guidance)(guided)
        return progressive(
            Seeing(self.net, spec),
            guided,
            Batch(lot["latents"][:, :, :end], cond),
            dpmpp_2m,
            generator=generators,
            ways=ways(told.levels, told.grid, told.shift),
            learned=(end - 1) % told.block + 1,
            still=STILL,
            channels=self.weights,
        )

    def sampling(self, predict: Predictor) -> tuple[Sampler, Predictor, Tensor]:
        """The student's own levels, without guidance: it has it inside."""
        return euler, predict, torch.tensor(self.recipe.objective.levels)

    def told_of(self) -> dict[str, Any]:
        """With the sampler that its steps are made for."""
        return super().told_of() | {"sampler": "euler"}


def ways(levels: Sequence[float], num_steps: int, shift: float) -> Tensor:
    """Levels of the teacher on every step of the student, `(n, k)`, even before they were shifted.

    >>> ways([1.0, 0.75, 0.0], 4, 3.0).tolist()
    [[1.0, 0.8999999761581421, 0.75], [0.75, 0.5, 0.0]]
    """
    each = max(1, round(num_steps / (len(levels) - 1)))
    plain = shift_levels(torch.tensor(levels, dtype=torch.float64), shift=1 / shift)
    share = torch.linspace(0, 1, each + 1, dtype=torch.float64)
    rows = torch.lerp(plain[:-1, None], plain[1:, None], share)
    out = shift_levels(rows, shift=shift).float()
    out[:, 0], out[:, -1] = torch.tensor(levels[:-1]), torch.tensor(levels[1:])
    return out
