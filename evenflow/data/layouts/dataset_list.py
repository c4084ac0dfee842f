"""Several datasets in one TOML or YAML file, with repeats or weights.

```toml
[[dataset]]
path = "clips"          # a folder, a table, tars, or "world:story?n=1000"; relative to this file
repeats = 2             # or weight = 0.5, for all of them
name = "mine"           # begins the keys of its rows
```

The lists of diffusion-pipe (`[[directory]]`) and musubi-tuner (`[[datasets]]` with
`video_directory` or `video_jsonl_file`, `num_repeats`) are understood as far as they say that.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from evenflow.core.errors import BadInput
from evenflow.data.joined import Joined, Part
from evenflow.data.row import Source

TABLES = ("dataset", "datasets", "directory")
PATHS = ("path", "video_directory", "video_jsonl_file")
KNOWN = {*PATHS, "repeats", "num_repeats", "weight", "name"}
"""What an entry may say; the settings of other tools beside it are for them."""
DEPTH = 4


def claims(path: Path) -> bool:
    """A TOML or YAML file."""
    return path.is_file() and path.suffix.lower() in (".toml", ".yaml", ".yml")


def read(path: Path, base: Path | None, name: str) -> Source:
    """All datasets of a list as one."""
    return read_list(path, base, name, depth=0)


def read_list(path: Path, base: Path | None, name: str, *, depth: int) -> Source:
    """The same; lists in lists end somewhere.

    Raises:
        BadInput: the file, or an entry of it, cannot be understood.
    """
    from evenflow.data.open import open_dataset

    if depth >= DEPTH:
        raise BadInput(f"{path.name}: lists of lists of datasets go {DEPTH} deep, not more")
    entries = _entries(path)
    parts: list[Part] = []
    used: set[str] = set()
    for number, entry in enumerate(entries, 1):
        place = f"{path.name}: dataset {number}"
        where = next((entry[k] for k in PATHS if entry.get(k)), None)
        if not isinstance(where, str):
            raise BadInput(f"{place} needs a path, got {sorted(entry)}")
        repeats = entry.get("repeats", entry.get("num_repeats", 1))
        weight = entry.get("weight")
        for word, value in (("repeats", repeats), ("weight", weight)):
            number_like = isinstance(value, (int, float)) and not isinstance(value, bool)
            if value is not None and not number_like:
                raise BadInput(f"{place}: {word} is a number, got {value!r}")
        if not where.startswith("world:"):
            file = path.parent / Path(where).expanduser()
            if claims(file):
                source = read_list(file, base, where, depth=depth + 1)
            else:
                source = open_dataset(file, base=base)
        else:
            source = open_dataset(where)
        label = label_of(str(entry.get("name") or where), used)
        parts.append(Part(source, label, float(repeats), None if weight is None else float(weight)))
    return Joined(name, tuple(parts))


def label_of(text: str, used: set[str]) -> str:
    """A label without slashes, another one than those in `used`."""
    stem = re.split(r"[?]", text.rstrip("/"))[0].rpartition("/")[2].replace(":", "_") or "data"
    label, number = stem, 1
    while label in used:
        number += 1
        label = f"{stem}-{number}"
    used.add(label)
    return label


def _entries(path: Path) -> list[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read as UTF-8 text: {error}") from None
    try:
        if path.suffix.lower() == ".toml":
            data: Any = tomllib.loads(text)
        else:
            if re.search(r"(?m)(^|[\s\[,{:-])[*&][A-Za-z0-9_]", text):
                raise BadInput(f"{path.name}: aliases of YAML are not used here, write it out")
            data = yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        line = " ".join(str(error).split())
        raise BadInput(f"{path.name} cannot be read: {line}") from None
    if isinstance(data, Mapping):
        found = [data[name] for name in TABLES if name in data]
        data = found[0] if len(found) == 1 else None
    if not isinstance(data, list) or not data:
        raise BadInput(f"{path.name} is a list of datasets, each with a path: see docs/data.md")
    out: list[Mapping[str, Any]] = []
    for number, entry in enumerate(data, 1):
        if isinstance(entry, str):
            entry = {"path": entry}
        if not isinstance(entry, Mapping):
            raise BadInput(f"{path.name}: dataset {number} is a table, got {str(entry)[:40]!r}")
        out.append(entry)
    return out
