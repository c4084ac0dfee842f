"""A student in few steps: says the end of its teacher's path, guidance and all, from any place.

It begins with the teacher's weights, or goes on from a student's. The past of what is learned is
true, as in teacher forcing, so the student goes on block by block from the first step on.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from evenflow.backbones.dit import DiT
from evenflow.core.contracts import AttentionSpec, Predictor
from evenflow.core.errors import RecipeError
from evenflow.dist import Ranks
from evenflow.guidance import classifier_free
from evenflow.layers import masks
from evenflow.objectives import Batch, Loss
from evenflow.objectives.consistency import consistency
from evenflow.process import FLOW, predictor
from evenflow.process.randomness import mixed
from evenflow.samplers import consistency as few_steps
from evenflow.samplers.streaming import Sampler
from evenflow.schedules.levels import shifted
from evenflow.train.feed import Lot
from evenflow.train.recipe import Recipe
from evenflow.train.tasks.generator import GeneratorTask, Seeing

STILL = 0.4
"""Share of the clips that begin with a picture."""


class StudentTask(GeneratorTask):
    """The task.

    Args:
        recipe: see there; `net.start` is the folder of its first weights, `net.teacher` the
            teacher's, which is `net.start` where nothing is said.
        ranks: where it computes.
    """

    def __init__(self, recipe: Recipe, ranks: Ranks) -> None:
        if not recipe.net.start:
            raise RecipeError("net.start of a student is the folder of its teacher's weights")
        levels = recipe.objective.levels
        falls = all(a > b for a, b in zip(levels, levels[1:], strict=False))
        if len(levels) < 2 or levels[0] != 1 or levels[-1] != 0 or not falls:
            raise RecipeError(f"objective.levels fall from 1 to 0, got {list(levels)}")
        super().__init__(recipe, ranks)
        self.teacher, _ = DiT.from_pretrained(recipe.net.teacher or recipe.net.start)
        if self.teacher.config != self.shown.config:
            raise RecipeError("net.start and net.teacher are networks of different shapes")
        self.teacher.to(ranks.device).requires_grad_(False)
        if recipe.compile:
            for block in self.teacher.blocks:
                block.compile(dynamic=False)

    def loss(self, lot: Lot, generators: Sequence[Generator], step: int) -> Loss:
        """The distance of neighboring answers; how much past a step has is one for all ranks."""
        told = self.recipe.objective
        drawn = Generator().manual_seed(mixed(self.recipe.seed, step, 7))
        blocks = -(-self.shape[1] // told.block)
        end = told.block * (1 + int(torch.randint(blocks, (), generator=drawn)))
        end = min(end, self.shape[1])
        learned = (end - 1) % told.block + 1
        cond = {name: value for name, value in lot.items() if name != "latents"}
        if "actions" in cond:
            cond["actions"] = cond["actions"][:, :end]
        spec = AttentionSpec(masks.block_causal(told.block))
        guided = predictor(Seeing(self.teacher, spec), FLOW)
        if told.guidance != 1 and self.words is not None:
            guided = classifier_free(told.guidance)(guided)
        return consistency(
            predictor(Seeing(self.net, spec), FLOW),
            guided,
            Batch(lot["latents"][:, :, :end], cond),
            generator=generators,
            levels=shifted(told.grid, shift=told.shift).float(),
            learned=learned,
            still=STILL,
            channels=self.weights,
        )

    def sampling(self, predict: Predictor) -> tuple[Sampler, Predictor, Tensor]:
        """The student's own levels, without guidance: it has it inside."""
        return few_steps, predict, torch.tensor(self.recipe.objective.levels)

    def told_of(self) -> dict[str, Any]:
        """With the levels of its steps."""
        told = self.recipe.objective
        return super().told_of() | {
            "levels": list(told.levels),
            "guidance": told.guidance,
            "sampler": "consistency",
        }
