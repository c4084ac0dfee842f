"""The moving average of the weights (EMA): what is validated and what is saved in the end.

Source: Polyak & Juditsky 1992; the ramp of the decay: Karras et al. 2024, EDM2, arXiv:2312.02696,
section 3, in spirit. Differs: the ramp is `(1 + n) / (10 + n)` of updates n, as in TensorFlow.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Weights that follow others.

    Args:
        net: whose weights are followed; sharded weights are followed shard by shard.
        decay: per update, in [0, 1).
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay, self.updates = decay, 0
        self.weights = {name: p.detach().clone() for name, p in net.named_parameters()}

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Moves a little towards the weights as they are now."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        for name, weight in net.named_parameters():
            self.weights[name].lerp_(weight.detach(), 1 - decay)

    def restart(self, net: nn.Module) -> None:
        """Takes the weights as they are now."""
        for name, weight in net.named_parameters():
            self.weights[name].copy_(weight.detach())
        self.updates = 0

    def load(self, weights: Mapping[str, Tensor], updates: int) -> None:
        """Goes on from what was saved."""
        for name, weight in self.weights.items():
            weight.copy_(weights[name])
        self.updates = updates

    @contextmanager
    def inside(self, net: nn.Module) -> Iterator[None]:
        """The network with the averaged weights in it; afterwards it has its own again."""
        own = {name: p.detach().clone() for name, p in net.named_parameters()}
        try:
            with torch.no_grad():
                for name, weight in net.named_parameters():
                    weight.copy_(self.weights[name])
            yield
        finally:
            with torch.no_grad():
                for name, weight in net.named_parameters():
                    weight.copy_(own[name])
