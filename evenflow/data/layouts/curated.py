"""A folder that `evenflow data curate` wrote: rows with scores and marks, of another dataset.

Clips stay where they are. The folder says where that is; one that was moved or comes from somebody
else is believed only if the clips lie in it, or if their folder is given.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.data.files import WRONG
from evenflow.data.row import Row, Source
from evenflow.data.stretch import stretch


@dataclass(frozen=True)
class Curated:
    """Rows of a dataset with scores and marks.

    Args:
        name: how the user called it.
        inner: the dataset that the clips belong to.
        rows: whole clips and shots; a shot's `extra["whole"]` is the key of its clip.
    """

    name: str
    inner: Source
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def row(self, index: int) -> Row:
        """Row `index`."""
        return self.rows[index]

    def own(self, row: Row) -> tuple[Source, Row]:
        """The dataset of a row, and the row as it is known there."""
        extra = {k: v for k, v in row.extra.items() if k != "whole"}
        return self.inner, replace(row, key=str(row.extra.get("whole", row.key)), extra=extra)

    def clip(self, row: Row) -> Clip:
        """The frames of a row, of `[t0, t1)` where it has them.

        Raises:
            UnreadableVideo: it cannot be decoded.
        """
        for name in (*WRONG, "undecodable"):
            if name in row.marks:
                raise UnreadableVideo(row.marks[name])
        source, own = self.own(row)
        return stretch(source.clip(replace(own, t0=None, t1=None)), row.t0, row.t1)

    def content(self, row: Row, name: str) -> bytes | None:
        """What lies beside a row under this name, see `files.Folder.content`."""
        source, own = self.own(row)
        read: Any = getattr(source, "content", None)
        return None if read is None else read(own, name)


def claims(path: Path) -> bool:
    """A folder with `curated.json`."""
    return path.is_dir() and (path / "curated.json").is_file()


def read(path: Path, base: Path | None, name: str) -> Curated:
    """Rows of `metadata.jsonl`, and the dataset that they belong to.

    Raises:
        BadInput: a table cannot be read, or the clips are not where they were.
    """
    from evenflow.data.curate import SCHEMA, read_rows
    from evenflow.data.open import open_dataset

    try:
        data = json.loads((path / "curated.json").read_text(encoding="utf-8"))
        where, said, here = str(data["source"]), data.get("base"), str(data["here"])
        known = data["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"curated.json in {path.name} cannot be read: {error}") from None
    if not known:
        raise BadInput(f"curated.json in {path.name} is of another version: curate again")
    rows = tuple(read_rows(path / "metadata.jsonl"))
    if where.startswith("world:"):
        return Curated(name, open_dataset(where), rows)
    root = base or (Path(said) if said else None)
    if base is None and here != str(path.resolve()):
        inside = root is not None and root.resolve().is_relative_to(path.resolve())
        if not inside:
            raise BadInput(
                f"{path.name} was made elsewhere, of clips in {where}: name their folder as base"
            )
    place = Path(where)
    if base is not None and not place.exists():
        place = base
    return Curated(name, open_dataset(place, base=root), rows)
