"""Optimizers: Muon for the matrices inside the layers, AdamW for everything else.

Source: Jordan et al. 2024, Muon (momentum, then five steps of Newton and Schulz to the nearest
orthogonal matrix); the rate is that of the original, scaled by the square root of
max(1, rows / columns). AdamW: Loshchilov & Hutter 2017, arXiv:1711.05101, algorithm 2.
"""

import torch
from torch import nn

from evenflow.train.recipe import Optimizer

INSIDE = ("blocks.", "attentions.", "forwards.")
"""Lists of layers: what is outside them reads or writes the data and is not Muon's."""


def split(net: nn.Module) -> tuple[dict[str, nn.Parameter], dict[str, nn.Parameter]]:
    """Weights by name: matrices of linear layers inside the stacks of layers, and the others."""
    matrices = {
        f"{name}.weight"
        for name, part in net.named_modules()
        if isinstance(part, nn.Linear) and any(one in f"{name}." for one in INSIDE)
    }
    inside: dict[str, nn.Parameter] = {}
    others: dict[str, nn.Parameter] = {}
    for name, weight in net.named_parameters():
        (inside if name in matrices else others)[name] = weight
    return inside, others


def optimizers(net: nn.Module, told: Optimizer) -> list[torch.optim.Optimizer]:
    """One or two optimizers; every group keeps its own rate under `base`.

    Args:
        net: after it was split over ranks.
        told: the recipe's part.
    """
    inside, others = split(net)
    if not told.muon:
        inside, others = {}, {**inside, **others}
    made: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(
            list(others.values()), lr=told.adamw, betas=told.betas, weight_decay=told.weight_decay
        )
    ]
    if inside:
        made.append(
            torch.optim.Muon(
                list(inside.values()),
                lr=told.muon,
                momentum=told.momentum,
                weight_decay=told.muon_decay,
                adjust_lr_fn="original",
            )
        )
    for one in made:
        for group in one.param_groups:
            group["base"] = group["lr"]
    return made


def set_rate(optimizers: list[torch.optim.Optimizer], share: float) -> None:
    """Every group's rate is this share of its own."""
    for one in optimizers:
        for group in one.param_groups:
            group["lr"] = share * group["base"]
