"""Media: a row's clip as a file of its own, its caption and columns, and what is true of it.

A whole file is copied (or linked) byte for byte; a stretch of one, a scene, a folder of frames or a
member of a tar is written as H.264. Names of files come from keys; equal rows give equal bytes on
one machine, whoever writes them.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from evenflow.core.clip import Clip
from evenflow.data.columns import row_to
from evenflow.data.curation.content import file_hash, file_of
from evenflow.data.row import Row, Source

Mode = Literal["copy", "link", "encode"]
MODES: tuple[Mode, ...] = ("copy", "link", "encode")
COPIED = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi")
"""Files that every trainer in EXPORTS opens; others are written anew."""
LONGEST_STEM = 80


@dataclass(frozen=True)
class Recipe:
    """How clips are written.

    Args:
        mode: `copy` whole files, `link` them (hard links; copies where that cannot be), or
            `encode` everything anew.
        suffix: of what is written anew: `.mp4`, or `.mkv` without loss.
        crf: quality of `.mp4`, lower is better; None for the writer's default of 15.
        truth: of scenes, see `evenflow.world.clip.truth_names`; empty for none.
    """

    mode: Mode = "copy"
    suffix: str = ".mp4"
    crf: float | None = None
    truth: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A clip that was written.

    Args:
        row: with the facts of the file, and `path` relative to the folder.
        files: paths relative to the folder with their SHA-256, in order.
    """

    row: Row
    files: tuple[tuple[str, str], ...]


def stems(rows: Sequence[Row], *, dots: bool = True) -> list[str]:
    """File names without suffix for the keys of rows: safe, short, all different.

    >>> stems([Row("a/b c", ""), Row("a_b_c", ""), Row("x.y", "")], dots=False)
    ['a_b_c', 'a_b_c_2', 'x_y']
    """
    kept = "._@+-" if dots else "_@+-"
    used: set[str] = set()
    made = []
    for row in rows:
        stem = re.sub(rf"[^A-Za-z0-9{re.escape(kept)}]+", "_", row.key).strip("._") or "clip"
        stem = stem[-LONGEST_STEM:].lstrip("._") or "clip"
        name, number = stem, 1
        while name.casefold() in used:
            number += 1
            name = f"{stem}_{number}"
        used.add(name.casefold())
        made.append(name)
    return made


def place(
    source: Source, row: Row, folder: Path, stem: str, recipe: Recipe, *, below: str = ""
) -> Placed:
    """Writes `below/stem.*` into a folder: the clip, its caption, its truth.

    Args:
        folder: what paths are relative to.
        below: a folder in it, or empty.

    Raises:
        UnreadableVideo: the clip cannot be decoded.
    """
    where = folder / below
    where.mkdir(parents=True, exist_ok=True)
    clip = source.clip(row)
    target = _video(source, row, clip, where / stem, recipe)
    info = clip.info
    frames = info.num_frames
    row = replace(
        row,
        path=target.relative_to(folder).as_posix(),
        num_frames=frames,
        fps=info.fps,
        width=info.width,
        height=info.height,
        t0=None,
        t1=None,
        hash="",
    )
    files = [target]
    caption = where / f"{stem}.txt"
    _write(caption, f"{row.caption}\n".encode())
    files.append(caption)
    truth = folder / "gt" / stem
    if recipe.truth and _truth(source, row, clip, truth, recipe):
        files += sorted(path for path in truth.rglob("*") if path.is_file())
        row = replace(row, extra=row.extra | {"gt": truth.relative_to(folder).as_posix()})
    listed = tuple((path.relative_to(folder).as_posix(), file_hash(path)) for path in files)
    return Placed(replace(row, hash=listed[0][1]), listed)


def _video(source: Source, row: Row, clip: Clip, stem: Path, recipe: Recipe) -> Path:
    whole = file_of(source, row) if recipe.mode != "encode" else None
    if whole is not None and whole.suffix.lower() in COPIED:
        target = stem.with_name(stem.name + whole.suffix.lower())
        beside = target.with_name(f".{target.name}.part")
        beside.unlink(missing_ok=True)
        linked = False
        if recipe.mode == "link":
            with suppress(OSError):
                os.link(whole.resolve(), beside)
                linked = True
        if not linked:
            shutil.copyfile(whole, beside)
        os.replace(beside, target)
        return target
    from evenflow.io import write

    target = stem.with_name(stem.name + recipe.suffix)
    write(clip, target, overwrite=True, crf=recipe.crf, note=_silent)
    return target


def _silent(line: str) -> None:
    """What a container cannot hold is no news in a dataset."""


def _truth(source: Source, row: Row, clip: Clip, folder: Path, recipe: Recipe) -> bool:
    """Writes the truth of a scene; False if the clip is none, or only a part of one."""
    from evenflow.world.clip import WorldSource, write_truth

    if not isinstance(clip.source, WorldSource):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_truth(clip.source, folder, truth=recipe.truth, overwrite=True)
    return True


def columns(row: Row, *, without: Sequence[str] = ("path",)) -> dict[str, Any]:
    """A row as plain values, for the JSON beside its clip."""
    return {k: v for k, v in row_to(row).items() if k not in without}


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.chmod(name, 0o644)
    os.replace(name, path)


def as_json(data: Any, *, indent: int | None = None) -> bytes:
    """JSON as it is written everywhere here: UTF-8, one line end."""
    return (json.dumps(data, ensure_ascii=False, indent=indent) + "\n").encode()


__all__ = [
    "COPIED", "MODES", "Mode", "Placed", "Recipe", "as_json", "columns", "place", "stems",
]  # fmt: skip
