"""Clips with their captions in text files of the same stem: `a.mp4` and `a.txt`, at any depth.

A `captions.json` in a folder (file name to one caption or several, as diffusion-pipe reads it)
counts where there is no text file. What lies beside a clip is found too: truth in `gt/a/` or
`a.mp4.truth/`, `a.actions.npy`, `a.camera.txt` (RealEstate10K rows), `a.mask.mkv` or `.png` (white
where it counts).
"""

import json
import os
from pathlib import Path
from typing import Any

from evenflow.core.errors import BadInput
from evenflow.data.files import VIDEOS, Folder, broken, found, natural, siblings, text_of
from evenflow.data.row import Row


def videos_below(folder: Path) -> list[Path]:
    """Videos at any depth, in natural order; hidden folders, links to folders and `gt` are left."""
    out: list[Path] = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(d for d in folders if d[0] != "." and d != "gt" and ".truth" not in d)
        out += [
            Path(where) / name
            for name in files
            if name[0] != "." and Path(name).suffix.lower() in VIDEOS and not is_mask(name)
        ]
    return sorted(out, key=lambda path: natural(path.relative_to(folder).as_posix()))


def is_mask(name: str) -> bool:
    """Whether a file is the mask of a clip (`a.mask.mkv`), not a clip."""
    return Path(name).stem.lower().endswith(".mask")


def claims(path: Path) -> bool:
    """A folder with a video somewhere in it."""
    if not path.is_dir():
        return False
    for _, folders, files in os.walk(path):
        folders[:] = [d for d in folders if d[0] != "."]
        if any(Path(n).suffix.lower() in VIDEOS and n[0] != "." for n in files):
            return True
    return False


def read(path: Path, base: Path | None, name: str) -> Folder:
    """All videos of a folder, with their captions."""
    base = base or path
    tables: dict[Path, dict[str, Any]] = {}
    rows = []
    for video in videos_below(path):
        relative = video.relative_to(path)
        key = relative.with_suffix("").as_posix()
        if video.parent not in tables:
            tables[video.parent] = _captions(video.parent / "captions.json")
        try:
            caption = text_of(video.with_suffix(".txt"))
        except BadInput as error:
            rows.append(broken(key, str(error)))
            continue
        several: dict[str, str] = {}
        if caption is None:
            said = tables[video.parent].get(video.name, tables[video.parent].get(video.stem, ""))
            if isinstance(said, list):
                several = {str(i): str(one) for i, one in enumerate(said)}
                said = said[0] if said else ""
            caption = str(said).strip()
        extra: dict[str, Any] = dict(siblings(path, video))
        if base != path:
            shift = path.relative_to(base)
            extra = {k: (shift / v).as_posix() for k, v in extra.items()}
        rows.append(
            Row(key, video.relative_to(base).as_posix(), caption, captions=several, extra=extra)
        )
    return Folder(name, base, found(base, rows))


def _captions(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} cannot be read as JSON: {error}") from None
    if not isinstance(table, dict):
        raise BadInput(f"{path.name} is a table from file names to captions, got a list")
    return table
