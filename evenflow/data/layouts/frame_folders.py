"""Clips as folders of pictures: `a/0001.png`, `a/0002.png`...; `a.txt` or `a/caption.txt` says it.

The frame rate is that of `a/fps.txt`, else of the `evenflow.json` that our writer leaves, else 24.
"""

import os
from pathlib import Path

from evenflow.core.errors import BadInput
from evenflow.data.files import IMAGES, Folder, broken, found, natural, rate_beside, text_of
from evenflow.data.files import siblings as beside
from evenflow.data.row import Row


def frame_folders(folder: Path) -> list[Path]:
    """Folders with pictures, the folder itself included, in natural order."""
    out = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(d for d in folders if d[0] != "." and d != "gt" and ".truth" not in d)
        if any(n[0] != "." and Path(n).suffix.lower() in IMAGES for n in files):
            out.append(Path(where))
    return sorted(out, key=lambda path: natural(path.relative_to(folder).as_posix()))


def claims(path: Path) -> bool:
    """A folder with pictures in it or below it."""
    return path.is_dir() and bool(frame_folders(path))


def read(path: Path, base: Path | None, name: str) -> Folder:
    """All folders of frames below a folder, or the one that it is itself."""
    root = base or path
    rows = []
    for folder in frame_folders(path):
        relative = folder.relative_to(path).as_posix()
        key = relative if relative != "." else folder.name
        try:
            caption = text_of(folder / "caption.txt")
            if caption is None and folder != path:
                caption = text_of(folder.parent / f"{folder.name}.txt")
            rate = rate_beside(folder)
        except BadInput as error:
            rows.append(broken(key, str(error)))
            continue
        count = sum(n[0] != "." and Path(n).suffix.lower() in IMAGES for n in os.listdir(folder))
        extra = dict(beside(root, folder)) if folder != root else {}
        where = folder.relative_to(root).as_posix()
        rows.append(Row(key, where, caption or "", num_frames=count, fps=rate, extra=dict(extra)))
    return Folder(name, root, found(root, rows))
