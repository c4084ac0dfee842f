"""Estimate: what a run will need, before it starts: weights, memory, operations, minutes.

Operations and memory are those of real steps on clips with nothing on them, as many at once as fit
the time of a look; both grow in proportion to clips. Data is not counted.
"""

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from evenflow.dist import Ranks
from evenflow.train.feed import generators
from evenflow.train.optimizers import split
from evenflow.train.precision import computing
from evenflow.train.recipe import Recipe
from evenflow.train.tasks import Task

LOOK = 4
"""Clips that are tried at once."""
TRIALS = 3


@dataclass(frozen=True)
class Estimate:
    """What a run will need.

    Args:
        weights: numbers that are learned; by_muon: of them by Muon.
        memory: bytes of one rank: weights, their average, gradients, moments, what layers keep.
        flops: floating-point operations of one step, forward and back, of all ranks.
        step_s: seconds of one step on this device, without data.
        steps: of the run, or None.
        minutes: of the run, or None.
    """

    weights: int
    by_muon: int
    memory: int
    flops: int
    step_s: float
    steps: int | None
    minutes: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return vars(self)


def estimate(recipe: Recipe, task: Task, ranks: Ranks) -> Estimate:
    """Tries some steps; the network's weights are as they were afterwards."""
    share = -(-recipe.batch // (ranks.size * recipe.accumulate))
    clips = min(LOOK, share)
    lot = task.sample_lot(clips)
    kept: dict[int, int] = {}

    def seen(value: Tensor) -> Tensor:
        store = value.untyped_storage()
        if not isinstance(value, torch.nn.Parameter):
            kept[store.data_ptr()] = store.nbytes()
        return value

    def forward(step: int) -> Tensor:
        told = generators(recipe.seed, step, clips, Ranks(device=ranks.device))
        with computing(recipe.precision, ranks.device):
            return task.loss(lot, told, step).value

    counter = FlopCounterMode(display=False)
    with counter, saved_tensors_hooks(seen, lambda value: value):
        forward(0).backward()
    own = {p.data_ptr() for p in task.net.parameters()}
    layers = sum(size for place, size in kept.items() if place not in own)
    task.net.zero_grad(set_to_none=True)
    spent = []
    for trial in range(TRIALS):
        begin = time.perf_counter()
        forward(trial).backward()
        if ranks.device.startswith("cuda"):
            torch.cuda.synchronize(ranks.device)
        spent.append(time.perf_counter() - begin)
        task.net.zero_grad(set_to_none=True)
    inside, others = split(task.net)
    muon = sum(p.numel() for p in inside.values()) if recipe.optimizer.muon else 0
    weights = muon + sum(p.numel() for p in others.values())
    if not recipe.optimizer.muon:
        weights += sum(p.numel() for p in inside.values())
    # weight, average and gradient; AdamW has two moments, Muon one
    held = 4 * (3 * weights + 2 * (weights - muon) + muon)
    if recipe.parallel == "fsdp2":
        held //= ranks.size
    step_s = min(spent) / clips * share * recipe.accumulate
    steps, minutes = recipe.schedule.steps, recipe.schedule.minutes
    if steps is None and minutes is not None:
        steps = max(1, round(60 * minutes / step_s))
    elif steps is not None:
        minutes = steps * step_s / 60
    return Estimate(
        weights=weights,
        by_muon=muon,
        memory=held + layers * share // clips,
        flops=counter.get_total_flops() * recipe.batch // clips,
        step_s=step_s,
        steps=steps,
        minutes=minutes,
    )
