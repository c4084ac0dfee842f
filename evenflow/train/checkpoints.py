"""Checkpoints: all that a run needs to go on, as safetensors and JSON, whole or not there.

A folder `checkpoints/000123` has `model`, `average`, `optimizer.safetensors` and `state.json`. It
is written beside its place by rank 0 and renamed. Weights that are sharded are put together first,
so that a run may go on with another number of ranks. There is no state of a random generator:
everything random is decided by the seed, the step and the place in the batch.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from evenflow.core.errors import BadInput
from evenflow.dist import Ranks
from evenflow.train.average import Average
from evenflow.train.parallel import shared, whole

FOLDER, STATE = "checkpoints", "state.json"


@dataclass(frozen=True)
class State:
    """Where a run stands.

    Args:
        step: steps done.
        seconds: spent.
        updates: of the averaged weights.
    """

    step: int
    seconds: float
    updates: int


def save(
    run: Path,
    state: State,
    net: nn.Module,
    average: Average,
    optimizers: Sequence[torch.optim.Optimizer],
    ranks: Ranks,
    *,
    keep: int,
) -> None:
    """Writes the checkpoint of a step and lets old ones go; all ranks must call."""
    from safetensors.torch import save_file

    files = {
        "model": {k: _still(v) for k, v in net.state_dict().items()},
        "average": {k: _still(v) for k, v in average.weights.items()},
        "optimizer": {k: _still(v) for k, v in _moments(net, optimizers).items()},
    }
    if ranks.first:
        place = run / FOLDER / f"{state.step:06d}"
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for name, tensors in files.items():
            save_file(tensors, part / f"{name}.safetensors")
        (part / STATE).write_text(json.dumps(asdict(state)) + "\n")
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
        for old in found(run)[:-keep]:
            shutil.rmtree(old)
    ranks.wait()


def found(run: Path) -> list[Path]:
    """Checkpoints of a run that are whole, in order."""
    folder = run / FOLDER
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.name.isdigit() and (p / STATE).is_file())


def load(
    place: Path,
    net: nn.Module,
    average: Average,
    optimizers: Sequence[torch.optim.Optimizer],
) -> State:
    """Puts a checkpoint into a run and says where it stood; all ranks must call.

    Raises:
        BadInput: it is of another network, or a file of it cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        told: dict[str, Any] = json.loads((place / STATE).read_text())
        state = State(int(told["step"]), float(told["seconds"]), int(told["updates"]))
        model, averaged, moments = (
            load_file(place / f"{name}.safetensors") for name in ("model", "average", "optimizer")
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        line = str(error).splitlines()[0]
        raise BadInput(f"the checkpoint {place} cannot be read: {line}") from None
    own = net.state_dict()
    if {k: tuple(v.shape) for k, v in own.items()} != {k: tuple(v.shape) for k, v in model.items()}:
        raise BadInput(f"the checkpoint {place} is of another network: go on with its own recipe")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(shared(model[name], value))
    like = average.weights
    average.load({k: shared(averaged[k], like[k]) for k in like}, state.updates)
    _put(net, optimizers, moments)
    return state


def _still(value: Tensor) -> Tensor:
    """A tensor of its own on the CPU."""
    return whole(value.detach()).to("cpu", copy=True).contiguous()


def _named(net: nn.Module, optimizer: torch.optim.Optimizer) -> list[tuple[str, nn.Parameter]]:
    """The weights of an optimizer, in its order, with their names."""
    names = {id(p): name for name, p in net.named_parameters()}
    return [(names[id(p)], p) for group in optimizer.param_groups for p in group["params"]]


def _moments(net: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """What optimizers remember, by `NUMBER/NAME/what`."""
    out = {}
    for number, one in enumerate(optimizers):
        for name, weight in _named(net, one):
            for what, value in one.state.get(weight, {}).items():
                kept = value if isinstance(value, Tensor) else torch.tensor(float(value))
                out[f"{number}/{name}/{what}"] = kept
    return out


def _put(
    net: nn.Module, optimizers: Sequence[torch.optim.Optimizer], moments: dict[str, Tensor]
) -> None:
    """The inverse of `_moments`."""
    for number, one in enumerate(optimizers):
        one.state.clear()
        for name, weight in _named(net, one):
            before = f"{number}/{name}/"
            for key, value in moments.items():
                if key.startswith(before):
                    what = key[len(before) :]
                    alike = value.shape == weight.shape
                    one.state[weight][what] = shared(value, weight) if alike else value
