"""Folders of weights: `config.json` beside `model.safetensors`; never pickle.

The folder is what `save_pretrained` writes and `from_pretrained` reads. It is written beside its
place and renamed into it, so that a folder that is there is whole.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from evenflow.core.errors import BackendMissing, BadInput, OutputExists

CONFIG, WEIGHTS = "config.json", "model.safetensors"
Config = TypeVar("Config")
MOST_CONFIG = 4 << 20
"""Bytes of a config.json that is still read."""


def save_folder(
    folder: str | Path,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    *,
    replace: bool = False,
) -> None:
    """Writes weights and config.

    Args:
        folder: to write; its parent is made.
        weights: by name; saved as they are, on the CPU.
        config: plain types; `schema` says what it is of.
        replace: whether a folder that is there may go.

    Raises:
        OutputExists: it is there and may not go.
    """
    from safetensors.torch import save_file

    folder = Path(folder)
    if folder.exists() and not replace:
        raise OutputExists(f"{folder} exists: give another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        kept = {k: v.detach().to("cpu").contiguous() for k, v in weights.items()}
        save_file(kept, part / WEIGHTS, metadata={"schema": str(config.get("schema", ""))})
        (part / CONFIG).write_text(json.dumps(config, indent=1) + "\n")
        if folder.exists():
            gone = folder.with_name(f".{folder.name}.{os.getpid()}.old")
            folder.rename(gone)
            part.rename(folder)
            shutil.rmtree(gone)
        else:
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load_folder(folder: str | Path, schema: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Config and weights of a folder.

    Args:
        folder: see above.
        schema: what it must say that it is, such as `evenflow.tokenizer/1`.

    Raises:
        BackendMissing: there is no such folder, or a file of it is not there.
        BadInput: it is of something else, or its files cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise BackendMissing(
                f"{folder} has no {name}: give a folder that was written by training"
            )
    path = folder / CONFIG
    if path.stat().st_size > MOST_CONFIG:
        raise BadInput(f"{path} is larger than a config can be")
    try:
        config = json.loads(path.read_text())
        weights = load_file(folder / WEIGHTS)
    except (ValueError, OSError, SafetensorError) as error:
        raise BadInput(f"{folder} cannot be read: {str(error).splitlines()[0]}") from None
    said = config.get("schema") if isinstance(config, dict) else None
    if said != schema:
        raise BadInput(f"{folder} holds {said!r}, which is not {schema!r}: give another folder")
    return config, weights


def fill(net: torch.nn.Module, weights: Mapping[str, Tensor], folder: str | Path) -> None:
    """Puts weights into a network.

    Raises:
        BadInput: names or shapes that do not fit.
    """
    own = net.state_dict()
    wrong = sorted(set(own) ^ set(weights))
    wrong += [k for k in own if k in weights and own[k].shape != weights[k].shape]
    if wrong:
        raise BadInput(
            f"the weights of {folder} do not fit their config: {len(wrong)} tensors differ, "
            f"the first is {wrong[0]}"
        )
    net.load_state_dict(dict(weights))


def config_of(kind: type[Config], said: Any, folder: str | Path) -> Config:
    """A config of a network from what its folder says of it.

    Args:
        kind: its dataclass, of numbers and tuples of numbers.
        said: plain types; what is left out keeps its default.

    Raises:
        BadInput: a name that there is not, or a value of another type.
    """
    plain = kind()
    known = {one.name: getattr(plain, one.name) for one in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(said, Mapping) or not set(said) <= set(known):
        raise BadInput(f"{folder} does not say what its network is like: use one that was written")
    values: dict[str, Any] = {}
    for name, value in said.items():
        like = known[name]
        if isinstance(like, tuple):
            value = tuple(value) if isinstance(value, list | tuple) else (None,)
            good = len(value) == len(like) and all(_number(one) for one in value)
        else:
            good = _number(value)
        if not good:
            raise BadInput(f"{folder} says {name} = {said[name]!r}; that is not like {like!r}")
        values[name] = value
    try:
        return kind(**values)
    except ValueError as error:
        raise BadInput(f"{folder}: {error}") from None


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1 << 20
