"""What the loop knows of a task: a network, lots of clips, a loss, and how the result is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from torch import Generator, nn

from evenflow.core.events import CancelToken, Progress
from evenflow.objectives import Loss
from evenflow.train.feed import Feed, Lot


class Task(Protocol):
    """Something to be trained.

    Attributes:
        net: what is trained.
        told: what prepared clips depend on besides the recipe.
    """

    net: nn.Module
    told: str

    def prepare(self, batch: dict[str, Any]) -> Lot:
        """A batch of `data.Batches` as tensors that can be kept."""
        ...

    def loss(self, lot: Lot, generators: Sequence[Generator], step: int) -> Loss:
        """The loss of some clips of a step."""
        ...

    def sample_lot(self, num_clips: int) -> Lot:
        """Clips of the right shape with nothing on them, to count and time a step."""
        ...

    def layers(self) -> list[nn.Module]:
        """What is sharded, compiled or recomputed by itself."""
        ...

    def gate(self) -> str:
        """Why the weights as they are should not be kept and the run should end, or nothing."""
        ...

    def finish(self, feed: Feed) -> None:
        """The last touch, with the averaged weights in the network."""
        ...

    def save(self, folder: Path) -> None:
        """Writes the folder that `from_pretrained` reads."""
        ...

    def validate(
        self, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> dict[str, Any] | None:
        """What the network can do by now, as numbers; None where there is nothing to ask for."""
        ...
