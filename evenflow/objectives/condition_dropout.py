"""Conditions dropped at random, so that one network also knows the law without them.

Source: Ho & Salimans 2022, Classifier-Free Diffusion Guidance, arXiv:2207.12598, algorithm 1.
Differs: each name by its own chance.
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool
from torch import Generator, Tensor

from evenflow.core.contracts import Condition

CHANCES: Mapping[str, float] = {"text": 0.1, "actions": 0.1, "keyframes": 0.3}
"""How often a clip goes without, by name."""


def kept_by_chance(
    names: Sequence[str], chances: Mapping[str, float], generator: Generator
) -> dict[str, bool]:
    """Which conditions one clip keeps; the draws of a name do not depend on which others there are.

    Raises:
        ValueError: a chance outside [0, 1].
    """
    kept = {}
    for name, chance in chances.items():
        if not 0 <= chance <= 1:
            raise ValueError(f"{name} is dropped with chance {chance}; it must be in [0, 1]")
        kept[name] = float(torch.rand((), generator=generator)) >= chance
    return {name: kept.get(name, True) for name in names}


def dropped(cond: Condition, kept: Mapping[str, Bool[Tensor, " b"]]) -> Condition:
    """The condition without what clips do not keep.

    A name that no clip keeps is left out. Where only some do, the values of the others are 0, and
    `asked` says by name which clips ask for it (see `core.contracts.Condition`).
    """
    left = dict(cond)
    asked: dict[str, Tensor] = dict(cond.get("asked", {}))
    for name, mask in kept.items():
        if bool(mask.all()):
            continue
        if not bool(mask.any()):
            del left[name]
            left.pop(f"{name.removesuffix('s')}_times", None)  # keyframes and keyframe_times
            asked.pop(name, None)
            continue
        value = left[name]
        left[name] = value * mask.to(value.dtype).reshape(-1, *[1] * (value.ndim - 1))
        asked[name] = mask & asked[name] if name in asked else mask
    if asked:
        left["asked"] = asked
    return left
