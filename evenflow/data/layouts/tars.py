"""WebDataset tars: members with the same name up to the first dot are one sample.

`a.mp4` is the clip, `a.txt` its caption, `a.json` its columns, `a.cls` its class; others can be
asked for by `content`. Nothing is unpacked: members are indexed by their offsets once and streamed
from where they lie. A tar with links, devices or names that leave it is refused as a whole.
"""

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.data.columns import ALIASES, row_from
from evenflow.data.files import LARGE_TEXT, VIDEOS, WRONG, broken, natural
from evenflow.data.row import Row
from evenflow.data.stretch import stretch

_BRACES = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True)
class Member:
    """A file in a tar: bytes `[start, start + size)`."""

    tar: Path
    start: int
    size: int

    def read(self) -> bytes:
        """All of it."""
        with open(self.tar, "rb") as file:
            file.seek(self.start)
            return file.read(self.size)


@dataclass(frozen=True)
class Tars:
    """Samples of one or several tars, in their order.

    Args:
        name: how the user called it.
        rows: all of them; `path` is that of the tar, a slash and the member.
        members: of each sample (by key), by what follows the first dot (`mp4`, `json`).
    """

    name: str
    rows: tuple[Row, ...]
    members: dict[str, dict[str, Member]]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def row(self, index: int) -> Row:
        """Row `index`."""
        return self.rows[index]

    def content(self, row: Row, name: str) -> bytes | None:
        """The bytes of a member, by its suffix (`seg.png`) or the `row.extra` that has it."""
        there = self.members.get(row.key, {})
        member = there.get(name) or there.get(str(row.extra.get(name, "")))
        return None if member is None else member.read()

    def clip(self, row: Row) -> Clip:
        """The frames of a sample, streamed out of the tar.

        Raises:
            UnreadableVideo: it cannot be decoded.
        """
        for wrong in WRONG:
            if wrong in row.marks:
                raise UnreadableVideo(row.marks[wrong])
        from evenflow.io.parts import read_part

        suffix = row.path.rpartition("/")[2].partition(".")[2].lower()
        member = self.members[row.key][suffix]
        name = row.path.rpartition("/")[2]
        whole = read_part(member.tar, member.start, member.size, name=name)
        return stretch(whole, row.t0, row.t1)


def tars_of(path: Path) -> list[Path]:
    """The tars that a path names: a file, all of a folder, or `shard-{000..007}.tar`."""
    if path.is_dir():
        inside = [p for p in path.iterdir() if p.suffix.lower() == ".tar" and p.name[0] != "."]
        return sorted(inside, key=lambda p: natural(p.name))
    span = _BRACES.search(path.name)
    if span is not None:
        width = len(span[1])
        if int(span[2]) - int(span[1]) > 1_000_000:
            raise BadInput(f"{path.name} names more than a million tars: check its numbers")
        return [
            path.with_name(path.name[: span.start()] + f"{i:0{width}d}" + path.name[span.end() :])
            for i in range(int(span[1]), int(span[2]) + 1)
        ]
    return [path]


def claims(path: Path) -> bool:
    """A tar, a folder with tars and no loose videos, or a pattern of them."""
    if path.is_dir():
        loose = any(p.suffix.lower() in VIDEOS and p.name[0] != "." for p in path.iterdir())
        return bool(tars_of(path)) and not loose
    return path.suffix.lower() == ".tar" or path.name.lower().endswith((".tar.gz", ".tgz"))


def read(path: Path, base: Path | None, name: str) -> Tars:
    """The samples of tars.

    Raises:
        BadInput: one is missing, compressed, no tar, or not safe.
    """
    rows: list[Row] = []
    members: dict[str, dict[str, Member]] = {}
    several = path.is_dir() or _BRACES.search(path.name) is not None
    for tar in tars_of(path):
        for stem, files in _samples(tar):
            key = f"{tar.stem}/{stem}" if several else stem
            if key in members:
                rows.append(broken(key, f"{tar.name}: {stem} is there twice: one of them is lost"))
                continue
            members[key] = files
            rows.append(_row(tar, key, stem, files))
    return Tars(name, tuple(rows), members)


def _samples(tar: Path) -> Iterator[tuple[str, dict[str, Member]]]:
    """Stem and members of every sample, in the order in which they begin."""
    stems: dict[str, dict[str, Member]] = {}
    for name, member in _members(tar):
        folder, _, last = name.rpartition("/")
        stem, _, suffix = last.partition(".")
        if not stem or not suffix:
            continue
        stems.setdefault(f"{folder}/{stem}" if folder else stem, {})[suffix.lower()] = member
    yield from stems.items()


def _members(tar: Path) -> Iterator[tuple[str, Member]]:
    try:
        size = tar.stat().st_size
        with tarfile.open(tar, "r:") as archive:
            for info in archive:
                name = info.name[2:] if info.name.startswith("./") else info.name
                place = PurePosixPath(name)
                if place.is_absolute() or ".." in place.parts or "\\" in name or "\0" in name:
                    raise BadInput(
                        f"{tar.name} holds {info.name[:60]!r}, which leaves the archive: refused"
                    )
                if info.isdir():
                    continue
                if info.issym() or info.islnk():
                    raise BadInput(
                        f"{tar.name} holds the link {info.name[:60]!r}: archives with links are "
                        "refused"
                    )
                if not info.isreg() or info.issparse():
                    raise BadInput(
                        f"{tar.name} holds {info.name[:60]!r}, which is no ordinary file: refused"
                    )
                if info.offset_data + info.size > size:
                    raise BadInput(f"{tar.name} is cut off within {info.name[:60]!r}: get it again")
                yield name, Member(tar, info.offset_data, info.size)
    except FileNotFoundError:
        raise BadInput(f"{tar.name} does not exist: check the path") from None
    except tarfile.TarError as error:
        with open(tar, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        if packed:
            raise BadInput(
                f"{tar.name} is compressed, so that nothing in it can be found without unpacking "
                "all: gunzip it first"
            ) from None
        raise BadInput(f"{tar.name} cannot be read as a tar: {error}") from None
    except OSError as error:
        raise BadInput(f"{tar.name} cannot be read: {error.strerror}") from None


def _row(tar: Path, key: str, stem: str, files: dict[str, Member]) -> Row:
    place = f"{tar.name}: {stem}"
    video = next((one for one in files if f".{one.rpartition('.')[2]}" in VIDEOS), None)
    if video is None:
        return broken(key, f"{place} has no video: it has {', '.join(sorted(files))}")
    path = f"{tar.name}/{stem}.{video}"
    texts = {}
    for suffix in ("txt", "json", "cls"):
        member = files.get(suffix)
        if member is None:
            continue
        if member.size > LARGE_TEXT:
            return broken(key, f"{place}.{suffix} is too large for a text: {member.size} bytes")
        try:
            texts[suffix] = member.read().decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            return broken(key, f"{place}.{suffix} is no UTF-8 text")
    columns: Any = {}
    if "json" in texts:
        try:
            columns = json.loads(texts["json"])
        except (ValueError, RecursionError) as error:
            return broken(key, f"{place}.json cannot be read: {error}")
        if not isinstance(columns, dict):
            return broken(key, f"{place}.json is no table of columns")
    try:
        plain = {k: v for k, v in columns.items() if k.strip().lower() not in ALIASES["path"]}
        row = row_from({**plain, "path": path})
    except BadInput as error:
        return broken(key, f"{place}.json: {error}")
    extra = dict(row.extra)
    if "cls" in texts:
        whole = re.fullmatch(r"-?\d{1,9}", texts["cls"])
        extra["cls"] = int(texts["cls"]) if whole else texts["cls"]
    others = {
        "actions": ("actions.npy", "actions.json", "gt.actions.npy"),
        "camera": ("camera.txt", "gt.cameras.txt"),
    }
    for name, suffixes in others.items():
        there = next((one for one in suffixes if one in files), None)
        if there is not None:
            extra[name] = there
    caption = texts.get("txt", "") or row.caption
    return replace(row, key=key, path=path, caption=caption, extra=extra)
