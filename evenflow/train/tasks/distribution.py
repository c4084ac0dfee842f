"""The last touch of a student: it makes clips from its own past and moves to the real law.

The network is two: the student, and a critic that learns what the student makes. Of every six
steps five teach the critic and one the student; while the rate warms up, the critic learns alone,
for it begins as the teacher without guidance, which is not what the student makes. The laws are
asked of whole clips, or (`objective.causal`) of one block after a past that the student made: a
teacher that learned to go on says more about the latter. It is a fragile thing: it runs for a few
hundred steps, and a gate looks at how much moves in the student's clips before any checkpoint is
kept; when that leaves the teacher's by more than a share, the run ends with the last that was
good.

Source: Yin et al. 2024, DMD2, arXiv:2405.14867, section 4.2 (several steps of the critic); Huang
et al. 2025, Self Forcing, arXiv:2506.08009 (own past, teacher that sees all).
Differs: the gate; laws of a block after its past.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Generator, Tensor, nn

from evenflow.backbones.dit import DiT
from evenflow.core.contracts import AttentionSpec, Condition, Predictor
from evenflow.core.errors import RecipeError
from evenflow.dist import Ranks
from evenflow.guidance import classifier_free
from evenflow.layers import masks, remember
from evenflow.layers.attention import PLAIN
from evenflow.motion.flow import flow
from evenflow.noise import independent
from evenflow.objectives import Batch, Loss, flow_matching
from evenflow.objectives.distribution_matching import distribution_matching
from evenflow.process import FLOW, predictor
from evenflow.process.randomness import mixed
from evenflow.samplers import consistency, euler
from evenflow.samplers.rollout import STUDENTS, rollout
from evenflow.samplers.streaming import Sampler
from evenflow.train.feed import Lot
from evenflow.train.recipe import Recipe
from evenflow.train.tasks.generator import Seeing
from evenflow.train.tasks.student import StudentTask
from evenflow.train.validation import Pictures, prompts_of

CRITIC = 5
"""Steps of the critic for one of the student."""
LOOKED = 32
"""Clips that the gate looks at."""
SHARE = 0.05
"""By which what moves may differ from the teacher's."""


class Pair(nn.Module):
    """A student and its critic."""

    def __init__(self, student: DiT, critic: DiT) -> None:
        super().__init__()
        self.student, self.critic = student, critic


class DistributionTask(StudentTask):
    """The task.

    Args:
        recipe: see there; `net.start` is the student's folder, `net.teacher` the teacher's.
        ranks: where it computes.
    """

    net: Pair

    def __init__(self, recipe: Recipe, ranks: Ranks) -> None:
        if not recipe.net.teacher:
            raise RecipeError("net.teacher is the folder of the weights that the student follows")
        super().__init__(recipe, ranks)
        critic, _ = DiT.from_pretrained(recipe.net.teacher)
        _, told = DiT.from_pretrained(recipe.net.start)
        self.sampler = str(told.get("sampler", "consistency"))
        levels = told.get("levels", list(recipe.objective.levels))
        if self.sampler not in STUDENTS or levels != list(recipe.objective.levels):
            raise RecipeError(
                f"net.start is a student of {self.sampler} with levels {levels}: a student's "
                f"sampler is {' or '.join(STUDENTS)}, and objective.levels are its own"
            )
        self.net = Pair(self.shown, critic.to(ranks.device).train())
        self._moved: list[float] = []

    def loss(self, lot: Lot, generators: Sequence[Generator], step: int) -> Loss:
        """The critic's error on the student's clips, or the move of these clips."""
        told = self.recipe.objective
        drawn = Generator().manual_seed(mixed(self.recipe.seed, step, 7))
        exit_step = int(torch.randint(len(told.levels) - 1, (), generator=drawn))
        causal = float(torch.rand((), generator=drawn)) < told.causal
        short = causal and float(torch.rand((), generator=drawn)) < told.short
        blocks = -(-self.shape[1] // told.block)
        if causal:
            blocks = 1 + (0 if short else int(torch.randint(blocks, (), generator=drawn)))
        frames = min(blocks * told.block, self.shape[1])
        learned = (frames - 1) % told.block + 1 if causal else frames
        seeds = [int(torch.randint(1 << 62, (), generator=one)) for one in generators]
        cond: Condition = {name: value for name, value in lot.items() if name != "latents"}

        def conds(start: int, end: int) -> Condition:
            return {k: v[:, start:end] if k == "actions" else v for k, v in cond.items()}

        learns = step % (CRITIC + 1) == CRITIC and step >= self.recipe.schedule.warm_up
        past = masks.block_causal(told.block)
        own = AttentionSpec(past, remember=remember.everything())
        shape = (self.shape[0], frames, *self.shape[2:])
        with torch.set_grad_enabled(learns):
            clip = rollout(
                predictor(Seeing(self.shown, own), FLOW),
                independent(seeds, shape, device=self.ranks.device),
                torch.tensor(told.levels),
                block=told.block,
                exit_step=exit_step,
                conds=conds,
                seeds=seeds,
                sampler=self.sampler,
                learned=learned,
            ).float()
        law = AttentionSpec(past) if causal else PLAIN
        if not learns:
            return flow_matching(
                Seeing(self.net.critic, law),
                Batch(clip.detach(), conds(0, frames)),
                generator=generators,
                layouts={"last" if causal else "full": 1.0},
                block=told.block,
                shift=told.shift,
                channels=self.weights,
                drop={},
            )
        real: Predictor = predictor(Seeing(self.teacher, law), FLOW)
        if told.guidance != 1 and self.words is not None:
            real = classifier_free(told.guidance)(real)
        return distribution_matching(
            clip,
            real,
            predictor(Seeing(self.net.critic, law), FLOW),
            conds(0, frames),
            generator=generators,
            shift=told.shift,
            learned=learned,
            channels=self.weights,
        )

    def sampling(self, predict: Predictor) -> tuple[Sampler, Predictor, Tensor]:
        """The student's own levels, and its own kind of steps."""
        sampler = euler if self.sampler == "euler" else consistency
        return sampler, predict, torch.tensor(self.recipe.objective.levels)

    def told_of(self) -> dict[str, Any]:
        """With the sampler that its steps are made for."""
        return super().told_of() | {"sampler": self.sampler}

    def gate(self) -> str:
        """Says so where the student's clips move more or less than the teacher's."""
        told = self.recipe.validation
        prompts = prompts_of(self.recipe.data, told.seed, LOOKED)
        if not self._moved:
            clips = self.made_by(self.teacher, super(StudentTask, self).sampling, prompts)
            self._moved = [motion(one) for one in clips]
        own = [motion(one) for one in self.clips(prompts)]
        gaps = np.array(own) - np.array(self._moved)
        mean = float(np.mean(self._moved))
        off, error = float(gaps.mean()), float(gaps.std(ddof=1)) / len(gaps) ** 0.5
        if abs(off) - 1.96 * error <= SHARE * mean:
            return ""
        return f"what moves is off by {off / mean:+.0%} of the teacher's, more than {SHARE:.0%}"


def motion(pictures: Pictures) -> float:
    """Mean length of the flow from frame to frame, in widths of the picture."""
    least = 64
    factor = max(1, -(-least // min(pictures.shape[1:3])))
    size = (pictures.shape[2] * factor, pictures.shape[1] * factor)
    gray = [
        np.asarray(cv2.cvtColor(cv2.resize(one, size), cv2.COLOR_RGB2GRAY), np.uint8)
        for one in pictures
    ]
    lengths = [
        float(np.linalg.norm(flow(a, b), axis=-1).mean())
        for a, b in zip(gray, gray[1:], strict=False)
    ]
    return float(np.mean(lengths)) / size[0] if lengths else 0.0
