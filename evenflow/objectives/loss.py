"""What an objective takes and gives: a batch of latents, a loss that is mended from its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from evenflow.core.contracts import Condition


@dataclass(frozen=True)
class Batch:
    """Clips to learn from.

    Args:
        latents: clean, `(b, c, t, h, w)`, scaled to about unit variance.
        cond: what they follow, by name; tensors begin with the axis of clips, but for those whose
            name ends in `_times`.
    """

    latents: Float[Tensor, "b c t h w"]
    cond: Condition = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A mean that is not yet divided, so that parts of many batches and ranks can be added."""

    total: Float[Tensor, ""]
    count: Float[Tensor, ""]

    @property
    def mean(self) -> float | None:
        """The mean, or None if nothing was counted."""
        return float(self.total / self.count) if float(self.count) > 0 else None


@dataclass(frozen=True)
class Loss:
    """A loss and what it is made of.

    Args:
        value: what is minimized: the mean over clips, so that the mean of equal shards is that of
            the batch; carries the gradient.
        parts: for logs, without gradient: by name, such as `level 0.25..0.50`.
    """

    value: Float[Tensor, ""]
    parts: Mapping[str, Part]


def clip_seeds(generator: Generator | Sequence[Generator], num_clips: int) -> list[int]:
    """A seed for each clip: one from each of its generators, or all from one.

    With a generator per clip a clip is treated the same in any batch and on any rank.

    Raises:
        ValueError: not one generator per clip.
    """
    top = (1 << 62) - 1
    if isinstance(generator, Generator):
        return _integers(generator, top, num_clips)
    if len(generator) != num_clips:
        raise ValueError(f"{len(generator)} generators for {num_clips} clips; give one or one each")
    return [_integers(each, top, 1)[0] for each in generator]


def _integers(generator: Generator, top: int, count: int) -> list[int]:
    drawn = torch.randint(top, (count,), generator=generator, device=generator.device)
    return [int(value) for value in drawn.tolist()]
