"""Parallel: a network on several ranks, replicated (DDP) or sharded (FSDP2); see `PARALLEL`.

Networks are written for one device; here, and nowhere else, they are split. The loss of all ranks
is the mean of theirs, which are means over equal shares of a batch.

Source: Li et al. 2020, PyTorch Distributed, arXiv:2006.15704; Zhao et al. 2023, FSDP,
arXiv:2304.11277, section 3.2.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from evenflow.dist import Ranks


@dataclass(frozen=True)
class Split:
    """A module on its ranks.

    Args:
        call: the module as it is to be called.
        apart: a context in which gradients stay on their rank, for all parts of a batch but the
            last.
    """

    call: nn.Module
    apart: Callable[[], AbstractContextManager[None]]


def alone(module: nn.Module, layers: Sequence[nn.Module], ranks: Ranks) -> Split:
    """One rank: nothing to split."""
    return Split(module, nullcontext)


def ddp(module: nn.Module, layers: Sequence[nn.Module], ranks: Ranks) -> Split:
    """Every rank has all weights; gradients are averaged."""
    from torch.nn.parallel import DistributedDataParallel

    # a condition that no clip of a batch has leaves its weights without a gradient
    made = DistributedDataParallel(module, find_unused_parameters=True)
    return Split(made, made.no_sync)


def fsdp2(module: nn.Module, layers: Sequence[nn.Module], ranks: Ranks) -> Split:
    """Every rank has a share of each weight; layers come together while they are computed."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(ranks.device.split(":", 1)[0], (ranks.size,))
    for layer in layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)
    return Split(module, lambda: _Unsynchronized(module))


class _Unsynchronized(AbstractContextManager[None]):
    """No exchange of gradients inside."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __enter__(self) -> None:
        self.module.set_requires_gradient_sync(False)

    def __exit__(self, *error: object) -> None:
        self.module.set_requires_gradient_sync(True)


PARALLEL = {"ddp": ddp, "fsdp2": fsdp2}


def whole(value: Tensor) -> Tensor:
    """A tensor as if it had never been sharded; all ranks must ask."""
    full = getattr(value, "full_tensor", None)
    return full() if full is not None else value


def shared(value: Tensor, like: Tensor) -> Tensor:
    """A whole tensor split as another one is."""
    if not hasattr(like, "full_tensor"):
        return value.to(like.device, like.dtype)
    from torch.distributed.tensor import distribute_tensor

    value = value.to(like.device, like.dtype)
    return distribute_tensor(value, like.device_mesh, like.placements)


def norm(weights: Sequence[nn.Parameter], most: float) -> float:
    """Clips the gradients of all ranks together to a norm; the norm that they had."""
    return float(whole(torch.nn.utils.clip_grad_norm_(list(weights), most)))
