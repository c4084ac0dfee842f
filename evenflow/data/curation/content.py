"""Content: what a row's pictures are made from, by a hash that no renaming changes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenflow.core.errors import EvenflowError
from evenflow.data.row import Row, Source


@dataclass(frozen=True)
class Content:
    """What a row is made from.

    Args:
        token: changes whenever the content may have changed (names, sizes and times of files);
            cheap to get. Empty where nothing of the kind is known.
        hash: SHA-256 if it is known without reading anything (a scene; or that of the names,
            where nothing can be read), else empty.
    """

    token: str
    hash: str = ""


def content_of(source: Source, row: Row) -> Content:
    """What is known of a row's content without reading it."""
    source, row = owner(source, row)
    known: Any = source
    if hasattr(known, "spec"):  # a scene
        return Content("", row.hash or known.spec(row).digest)
    if hasattr(known, "members"):
        member = known.members[row.key][_suffix(row)]
        stat = member.tar.stat()
        place = (member.tar.name, member.start, member.size, stat.st_size, stat.st_mtime_ns)
        return Content(_short(place))
    if hasattr(known, "file"):
        path = known.file(row)
        files = _frames(path) if path.is_dir() else [path]
        parts = tuple((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files)
        return Content(_short((row.path, parts)))
    text = f"{source.name}\0{row.key}\0{row.path}"
    return Content("", row.hash or hashlib.sha256(text.encode()).hexdigest())


def content_hash(source: Source, row: Row) -> str:
    """SHA-256 of a row's content: of its file, member, frames or scene; reads all of it."""
    known = content_of(source, row)
    if known.hash:
        return known.hash
    source, row = owner(source, row)
    inside: Any = source
    digest = hashlib.sha256()
    if hasattr(inside, "members"):
        digest.update(inside.members[row.key][_suffix(row)].read())
    elif hasattr(inside, "file"):
        path = inside.file(row)
        if path.is_dir():
            for file in _frames(path):
                digest.update(file.name.encode() + b"\0" + bytes.fromhex(file_hash(file)))
        else:
            return file_hash(path)
    return digest.hexdigest()


def owner(source: Source, row: Row) -> tuple[Source, Row]:
    """The innermost dataset that a row belongs to, and the row as it is known there."""
    inside: Any = source
    while hasattr(inside, "own"):
        part, row = inside.own(row)
        inside = getattr(part, "source", part)
    if row.path.startswith("world:") and not hasattr(inside, "spec"):  # a scene in a table
        from evenflow.data.worlds import world_rows

        inside = world_rows(row.path)
        row = inside.row(0)
    return inside, row


def file_of(source: Source, row: Row) -> Path | None:
    """The one file that holds all of a row and nothing else, or None."""
    inside: Any
    inside, row = owner(source, row)
    if not hasattr(inside, "file") or row.t0 is not None or row.t1 is not None:
        return None
    try:
        path: Path = inside.file(row)
    except EvenflowError:
        return None
    return path if path.is_file() else None


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _frames(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] != ".")


def _suffix(row: Row) -> str:
    return row.path.rpartition("/")[2].partition(".")[2].lower()


def _short(parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
