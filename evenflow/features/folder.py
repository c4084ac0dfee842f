"""Folder: weights come from a local folder and nowhere else; safetensors only, checked by shape."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BackendMissing
from evenflow.features.abilities import Frames

if TYPE_CHECKING:
    from torch import Tensor, nn

PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".pkl", ".tar")
"""Formats that can run code when they are opened; never read."""
MAX_CONFIG = 1 << 20
"""Bytes of a `config.json` or `preprocessor_config.json` at most."""


def need(what: str, extra: str, *packages: str) -> None:
    """Raises BackendMissing, naming the extra, if a package is not installed."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise BackendMissing(
            f"{what} needs {' and '.join(missing)}: pip install -c constraints.txt "
            f"'evenflow[{extra}]'"
        )


def weights_file(folder: Path) -> Path:
    """The one safetensors file of a folder.

    Raises:
        BackendMissing: there is none, or several; a pickle comes with how to convert it.
    """
    files = [path for path in _listed(folder) if path.suffix == ".safetensors"]
    if len(files) == 1:
        return files[0]
    if files:
        raise BackendMissing(
            f"{folder.name} holds {len(files)} safetensors files: leave the one to be used"
        )
    pickles = [path for path in _listed(folder) if path.suffix in PICKLES]
    if pickles:
        raise BackendMissing(refusal(pickles[0]))
    raise BackendMissing(f"{folder.name} holds no weights: put a .safetensors file there")


def refusal(path: Path) -> str:
    """Why a pickle is not read, and the one line that converts it."""
    return (
        f"{path.name} is a pickle, which can run code when it is opened: convert it once, in its "
        f"folder, with {conversion(path)}"
    )


def conversion(path: Path) -> str:
    """A command that reads a pickle of tensors without running it and writes safetensors."""
    code = (
        "import torch, safetensors.torch as s; "
        f"d = torch.load({path.name!r}, map_location='cpu', weights_only=True); "
        "d = d.get('model', d.get('state_dict', d)); "
        f"s.save_file({{k: v.clone() for k, v in d.items()}}, {path.stem + '.safetensors'!r})"
    )
    return f'python -c "{code}"'


def tensors(path: Path) -> "dict[str, Tensor]":
    """Every tensor of a safetensors file by name, without the prefix that DataParallel leaves.

    Raises:
        BackendMissing: the file is damaged or is something else.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        loaded = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise BackendMissing(
            f"{path.name} cannot be read as safetensors ({error}): fetch it again"
        ) from None
    return {name.removeprefix("module."): value for name, value in loaded.items()}


def fill(net: "nn.Module", state: "Mapping[str, Tensor]", *, what: str, file: str) -> None:
    """Puts weights into a network, which must want exactly these; floats become float32.

    Raises:
        BackendMissing: a tensor is missing, unknown or of another shape.
    """
    wanted = net.state_dict()
    given = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    counters = {k for k in wanted if k.endswith("num_batches_tracked")}
    missing = [k for k in wanted if k not in given and k not in counters]
    unknown = [k for k in given if k not in wanted]
    other = [k for k in given if k in wanted and given[k].shape != wanted[k].shape]
    wrong = [
        f"{len(names)} tensors {how} (the first is {names[0]})"
        for names, how in ((missing, "missing"), (unknown, "unknown"), (other, "of another shape"))
        if names
    ]
    if wrong:
        raise BackendMissing(f"{file} is not {what}: {', '.join(wrong)}")
    net.load_state_dict({**{k: wanted[k] for k in counters}, **given})
    net.float().eval().requires_grad_(False)


def settings(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is no such file.

    Raises:
        BackendMissing: the file is not a JSON object, or is far too large for one.
    """
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > MAX_CONFIG:
            raise ValueError(f"larger than {MAX_CONFIG} bytes")
        data = json.loads(path.read_text("utf-8"))
        if not isinstance(data, dict):
            raise ValueError("not an object")
    except (OSError, ValueError) as error:
        raise BackendMissing(
            f"{path.parent.name}/{path.name} is damaged ({error}): fetch it again"
        ) from None
    return data


def channels(used: Mapping[str, Any], key: str, default: Sequence[float]) -> NDArray[np.float32]:
    """Three numbers of a preprocessor's settings, or the default.

    Raises:
        BackendMissing: they are not three finite numbers.
    """
    try:
        values = np.array(used.get(key, default), np.float32)
    except (TypeError, ValueError):
        values = np.zeros(0, np.float32)
    if values.shape != (3,) or not np.isfinite(values).all():
        raise BackendMissing(f"{key} of preprocessor_config.json is {used[key]!r}: give 3 numbers")
    return values


def checked_config(folder: Path, model_type: str) -> dict[str, Any]:
    """The `config.json` of a transformers folder, after what must hold before it is loaded.

    Raises:
        BackendMissing: not a folder of this kind of model, or its weights are pickles.
    """
    config = settings(folder / "config.json")
    found = config.get("model_type")
    if found != model_type:
        raise BackendMissing(
            f"{folder.name} holds no {model_type} model: its config.json says model_type "
            f"{found!r}; give a folder as save_pretrained writes it"
            if config
            else f"{folder.name} has no config.json: give a folder as save_pretrained writes it"
        )
    if not any(path.suffix == ".safetensors" for path in _listed(folder)):
        weights_file(folder)  # says what is there instead
    return config


def digest_of(paths: Iterable[Path]) -> str:
    """Hexadecimal SHA-256 over names and content of files."""
    state = hashlib.sha256()
    for path in sorted(paths):
        state.update(f"{path.name};{path.stat().st_size};".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return state.hexdigest()


def transformers_files(folder: Path) -> list[Path]:
    """The files of a transformers folder that decide what a model says."""
    kept = {"config.json", "preprocessor_config.json", "vocab.json", "merges.txt", "tokenizer.json"}
    return [p for p in _listed(folder) if p.suffix == ".safetensors" or p.name in kept]


def checked_frames(frames: Frames) -> Frames:
    """The same frames; raises ValueError unless they are `(t, h, w, 3)` uint8 and not empty."""
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
        raise ValueError(f"frames are (t, h, w, 3) uint8, got {frames.shape} {frames.dtype}")
    return frames


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise BackendMissing(
            f"folder {folder.name} cannot be read ({error.strerror}): give a folder with weights"
        ) from None
