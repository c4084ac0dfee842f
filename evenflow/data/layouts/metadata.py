"""A table of clips: `metadata.csv`, `.tsv`, `.json`, `.jsonl` or `.parquet`, or any such file.

Columns may have the names of `columns.ALIASES`. A line that cannot be read becomes an entry that
says why; the others are used.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evenflow.core.errors import BackendMissing, BadInput
from evenflow.data.columns import row_from
from evenflow.data.files import Folder, broken, found, with_siblings
from evenflow.data.row import Row

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")
NAMES = ("metadata", "curated")
"""Stems of the table in a folder, the first that is there counts."""


def table_in(folder: Path) -> Path | None:
    """The table of a folder."""
    for stem in NAMES:
        for suffix in SUFFIXES:
            if (folder / f"{stem}{suffix}").is_file():
                return folder / f"{stem}{suffix}"
    return None


def claims(path: Path) -> bool:
    """A table, or a folder with one."""
    if path.is_dir():
        return table_in(path) is not None
    return path.suffix.lower() in SUFFIXES


def read(path: Path, base: Path | None, name: str) -> Folder:
    """The clips of a table.

    Raises:
        BadInput: the table as a whole cannot be read.
        BackendMissing: Parquet without pyarrow.
    """
    table = table_in(path) if path.is_dir() else path
    assert table is not None
    base = base or table.parent
    rows: list[Row] = []
    for number, line in _lines(table):
        place = f"{table.name}:{number}"
        if isinstance(line, str):
            rows.append(broken(place, f"{place}: {line}"))
            continue
        try:
            row = row_from(line)
        except BadInput as error:
            rows.append(broken(place, f"{place}: {error}"))
            continue
        rows.append(row)
    rows = list(found(base, rows))
    rows = [with_siblings(base, row) for row in rows]
    return Folder(name, base, tuple(rows))


def _lines(table: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Number and cells of every line, or what is wrong with it."""
    suffix = table.suffix.lower()
    if suffix == ".parquet":
        yield from enumerate(_parquet(table), 1)
        return
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{table.name} cannot be read as UTF-8 text: {error}") from None
    if suffix in (".csv", ".tsv"):
        yield from _cells(table, text, "\t" if suffix == ".tsv" else ",")
    elif suffix == ".jsonl":
        yield from _json_lines(text)
    else:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            if text.lstrip()[:1] != "{" or "\n" not in text.strip():
                raise BadInput(f"{table.name} cannot be read as JSON: {error}") from None
            yield from _json_lines(text)  # lines under the name of one document
            return
        yield from enumerate(_entries(table, data), 1)


def _entries(table: Path, data: Any) -> Iterator[Mapping[str, Any] | str]:
    """Entries of a JSON document: a list of tables, or a table from path to caption or table."""
    if isinstance(data, Mapping) and isinstance(data.get("data"), list):
        data = data["data"]
    if isinstance(data, Mapping):
        data = [
            {"path": path, **one}
            if isinstance(one, Mapping)
            else {"path": path, "captions": one}
            if isinstance(one, list)
            else {"path": path, "caption": one}
            for path, one in data.items()
        ]
    if not isinstance(data, list):
        raise BadInput(f"{table.name} is a list of clips, got {type(data).__name__}")
    for one in data:
        yield one if isinstance(one, Mapping) else f"is no table: {str(one)[:40]!r}"


def _json_lines(text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"is no JSON: {error}"
            continue
        yield number, data if isinstance(data, Mapping) else "is no table of columns"


def _cells(table: Path, text: str, comma: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    first = text.split("\n", 1)[0]
    if comma == "," and "," not in first and ";" in first:
        comma = ";"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip().lower() for cell in cells]
            elif len(cells) != len(header):
                yield reader.line_num, f"has {len(cells)} cells, the header {len(header)}"
            else:
                yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        yield reader.line_num, f"is no CSV, and nothing behind it is read: {error}"


def _parquet(table: Path) -> list[dict[str, Any]]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise BackendMissing(
            f"{table.name} needs pyarrow to be read: pip install pyarrow, or write it as .jsonl"
        ) from None
    try:
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(table).to_pylist()
    except (OSError, ValueError) as error:
        line = str(error).split("\n", 1)[0]
        raise BadInput(f"{table.name} cannot be read as Parquet: {line}") from None
    return rows
