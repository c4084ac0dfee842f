"""Files: rows that lie in a folder, and the rule that nothing outside the folder is opened."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.data.row import Row
from evenflow.data.stretch import stretch

VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m4v", ".gif", ".y4m")
"""Suffixes of files that are taken for clips when a folder is scanned."""
IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".ppm", ".pgm", ".exr")
WRONG = ("missing", "outside", "broken")
"""Marks of rows that cannot be opened; each says why in one line."""
IN_TRUTH = {"actions": "actions.npy", "camera": "cameras.txt"}
"""Files of a folder of truth that stand for those beside a clip."""
WORLD = "world:"
"""Begins the path of a row that is a scene of the world (`worlds.py`), not a file."""
LARGE_TEXT = 1 << 20
"""Bytes of a caption file beyond which it is none."""


def kept(base: Path, path: str) -> Path:
    """The file that `path` names, relative to `base` or absolute; it may not lie outside of it.

    Raises:
        BadInput: it leaves the folder, by `..`, as an absolute path or through a link.
    """
    text = path.replace("\\", "/") if os.sep == "/" and "\\" in path else path
    if "\0" in text or re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        raise BadInput(f"{path[:80]!r} is no path of a file in the folder {base.name}")
    candidate = base / Path(path)
    if not candidate.exists() and text != path:
        candidate = base / Path(text)
    root = base.resolve()
    resolved = candidate.resolve()
    if resolved != root and not resolved.is_relative_to(root):
        raise BadInput(
            f"{path[:80]!r} leaves the folder {base.name}: put the file into it, or name a folder "
            "that holds both as base"
        )
    return candidate


@dataclass(frozen=True)
class Folder:
    """Rows whose paths lie below one folder.

    Args:
        name: how the user called it.
        base: the folder that paths are relative to and that none may leave.
        rows: all of them.
    """

    name: str
    base: Path
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def row(self, index: int) -> Row:
        """Row `index`."""
        return self.rows[index]

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """One line for every row that cannot be opened."""
        return tuple(line for row in self.rows for name, line in row.marks.items() if name in WRONG)

    def file(self, row: Row) -> Path:
        """The file or folder of frames of a row.

        Raises:
            UnreadableVideo: it is marked as missing, outside or broken.
        """
        for name in WRONG:
            if name in row.marks:
                raise UnreadableVideo(row.marks[name])
        return kept(self.base, row.path)

    def beside(self, row: Row, name: str) -> Path | None:
        """What `row.extra[name]` names (`actions`, `camera`, `gt`), or None where it is not there.

        `gt.depth.npy` is a file in the folder of truth.

        Raises:
            BadInput: it leaves the folder.
        """
        if name.startswith("gt."):
            folder = self.beside(row, "gt")
            file = None if folder is None else folder / name.removeprefix("gt.")
            return file if file is not None and file.exists() else None
        said = row.extra.get(name)
        if not isinstance(said, str) or not said:
            return None
        path = kept(self.base, said)
        return path if path.exists() else None

    def content(self, row: Row, name: str) -> bytes | None:
        """The bytes of the file that `beside` finds, or None where there is none.

        Raises:
            BadInput: it leaves the folder.
        """
        path = self.beside(row, name)
        return path.read_bytes() if path is not None and path.is_file() else None

    def clip(self, row: Row) -> Clip:
        """The frames of a row, of `[t0, t1)` where it has them.

        Raises:
            UnreadableVideo: it cannot be decoded.
        """
        if row.path.startswith(WORLD):
            from evenflow.data.worlds import world_rows

            scene = world_rows(row.path)
            return stretch(scene.clip(scene.row(0)), row.t0, row.t1)
        from evenflow.io import read

        path = self.file(row)
        stills = path.is_dir() or path.suffix.lower() in IMAGES
        whole = read(path, fps=row.fps if stills else None)
        return stretch(whole, row.t0, row.t1)


def found(base: Path, rows: Iterable[Row]) -> tuple[Row, ...]:
    """The same rows with marks on those whose file is missing or outside, and unique keys."""
    listed: dict[Path, set[str]] = {}
    seen: dict[str, int] = {}
    out: list[Row] = []
    for row in rows:
        marks = dict(row.marks)
        key = row.key
        number = seen.get(key, 0)
        seen[key] = number + 1
        if number:
            key = f"{key}#{number}"
        if not is_wrong(row) and not row.path.startswith(WORLD):
            try:
                path = kept(base, row.path)
                if path.parent not in listed:
                    try:
                        listed[path.parent] = set(os.listdir(path.parent))
                    except OSError:
                        listed[path.parent] = set()
                there = path.name in listed[path.parent] or path.exists()
                if not there:
                    marks["missing"] = f"{row.path} is not there: it is listed, but no such file"
            except (BadInput, OSError) as error:
                marks["outside"] = str(error)
        out.append(replace(row, key=key, marks=marks) if (marks or number) else row)
    return tuple(out)


def is_wrong(row: Row) -> bool:
    """Whether a row carries a mark that says that it cannot be opened."""
    return any(name in row.marks for name in WRONG)


def broken(key: str, why: str) -> Row:
    """An entry for a line that cannot be read: it is counted, told, and opens as an error."""
    return Row(key, "", marks={"broken": why})


def text_of(path: Path) -> str | None:
    """The caption in a text file; None if there is none.

    Raises:
        BadInput: it is no text, or far too long for a caption.
    """
    try:
        if path.stat().st_size > LARGE_TEXT:
            raise BadInput(f"{path.name} is no caption: it has {path.stat().st_size} bytes")
        return path.read_text(encoding="utf-8-sig").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read as UTF-8 text: {error}") from None


def natural(text: str) -> list[Any]:
    """A key that sorts `a2` before `a10`."""
    parts = re.split(r"(\d+)", text)
    return [(int(p), p) if i % 2 else p.casefold() for i, p in enumerate(parts)]


def siblings(base: Path, path: Path) -> dict[str, str]:
    """Paths, relative to `base`, of what lies beside a clip: truth, actions, camera, mask."""
    stem = path.name if path.is_dir() else path.stem
    relative = path.parent.relative_to(base)
    out: dict[str, str] = {}
    for name, choices in {
        "gt": (f"gt/{stem}", f"{path.name}.truth", f"{stem}.truth", f"../gt/{stem}"),
        "actions": (f"{stem}.actions.npy", f"{stem}.actions.json"),
        "camera": (f"{stem}.camera.txt", f"{stem}.cameras.txt"),
        "mask": tuple(f"{stem}.mask{suffix}" for suffix in (".png", *VIDEOS)),
    }.items():
        for choice in choices:
            there = path.parent / choice
            if choice.startswith("../") and path.parent == base:
                continue
            if there.exists():
                out[name] = Path(os.path.normpath(relative / choice)).as_posix()
                break
    if "gt" in out:
        for name, file in IN_TRUTH.items():
            if name not in out and (base / out["gt"] / file).is_file():
                out[name] = f"{out['gt']}/{file}"
    return out


def with_siblings(base: Path, row: Row) -> Row:
    """A row with what lies beside its clip, where its row does not say it."""
    if is_wrong(row) or row.path.startswith(WORLD):
        return row
    path = kept(base, row.path)
    try:
        path.parent.relative_to(base)
    except ValueError:
        return row
    more = {k: v for k, v in siblings(base, path).items() if k not in row.extra}
    return replace(row, extra=row.extra | more) if more else row


def rate_beside(folder: Path) -> Fraction | None:
    """The frame rate that `fps.txt` in a folder of frames gives; its `evenflow.json` is read too.

    Raises:
        BadInput: it is no rate.
    """
    from evenflow.io import parse_rate

    text = text_of(folder / "fps.txt")
    return parse_rate(text) if text else None
