"""Ranks: one job in several processes, as torchrun starts them.

A process that was started alone is rank 0 of 1, and everything here does nothing.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evenflow.core.errors import BadInput


@dataclass(frozen=True)
class Ranks:
    """Which of the processes of a job this is.

    Args:
        rank: from 0; rank 0 writes files and speaks.
        size: processes in all.
        device: where this rank computes, as torch spells it.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def first(self) -> bool:
        """True for the rank that writes and speaks."""
        return self.rank == 0

    def wait(self) -> None:
        """Comes back when all ranks are here."""
        if self.size > 1:
            from torch import distributed

            distributed.barrier()

    def mean(self, value: float) -> float:
        """The mean of a number over all ranks."""
        return self.total(value) / self.size

    def total(self, value: float) -> float:
        """The sum of a number over all ranks."""
        return self.totals([value])[0]

    def totals(self, values: list[float]) -> list[float]:
        """The sums of some numbers over all ranks, each by itself; in one exchange."""
        if self.size == 1 or not values:
            return values
        import torch
        from torch import distributed

        kind = torch.float32 if self.device.startswith("mps") else torch.float64
        told = torch.tensor(values, dtype=kind, device=self.device)
        distributed.all_reduce(told)
        return [float(one) for one in told.tolist()]

    def said(self, what: Any) -> Any:
        """What rank 0 says, on every rank; plain Python values."""
        if self.size == 1:
            return what
        from torch import distributed

        box = [what if self.first else None]
        distributed.broadcast_object_list(box, src=0)
        return box[0]


ALONE = Ranks()
"""A job of one process on the CPU."""


@contextmanager
def joined(device: str = "auto") -> Iterator[Ranks]:
    """The job that torchrun started us in, or a job of our own.

    Args:
        device: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto` for the best there is. Of several ranks
            each takes the graphics card of its own local rank.

    Raises:
        BadInput: there is no such device here.
    """
    import torch

    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    where = device_of(device)
    if where == "cuda" and size > 1:
        where = f"cuda:{local}"
    if where.startswith("cuda"):
        torch.cuda.set_device(where)
    if size == 1:
        yield Ranks(0, 1, where)
        return
    from torch import distributed

    begun = not distributed.is_initialized()
    if begun:
        distributed.init_process_group("nccl" if where.startswith("cuda") else "gloo")
    try:
        yield Ranks(rank, size, where)
    finally:
        if begun:
            distributed.destroy_process_group()


def device_of(name: str) -> str:
    """A device as torch spells it; `auto` is the best there is.

    Raises:
        BadInput: there is no such device here.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind = name.split(":", 1)[0]
    if kind not in ("cpu", "cuda", "mps"):
        raise BadInput(f"a device is auto, cpu, cuda, cuda:N or mps, got {name!r}")
    there = {
        "cpu": lambda: True,
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
    }
    if not there[kind]():
        raise BadInput(f"there is no {kind} device here: say --device cpu")
    return name
