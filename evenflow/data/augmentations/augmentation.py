"""Augmentation: one way in which examples are changed, whose every number is recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from evenflow.data.example import Example


@dataclass(frozen=True)
class Augmentation:
    """A row of AUGMENTATIONS.

    Args:
        change: `(example, rng, settings)` to the changed example and its numbers, one row a frame;
            everything that lies beside the picture is moved with it. Depends on nothing else.
        settings: names and defaults, with their units in the file.
        says: what it does.
    """

    change: "Callable[[Example, np.random.Generator, Mapping[str, float]], Changed]"
    settings: dict[str, float]
    says: str


@dataclass(frozen=True)
class Changed:
    """What came of an augmentation.

    Args:
        example: with its truth.
        told: numbers of every frame, `(t, ...)`, that undo or describe it.
    """

    example: "Example"
    told: "dict[str, Tensor]" = field(default_factory=dict)
