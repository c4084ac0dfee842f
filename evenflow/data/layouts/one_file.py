"""One clip: a video or a picture, with its caption in the text file of the same stem."""

from pathlib import Path

from evenflow.data.files import IMAGES, VIDEOS, Folder, found, siblings, text_of
from evenflow.data.row import Row


def claims(path: Path) -> bool:
    """A video or a picture."""
    return path.is_file() and path.suffix.lower() in VIDEOS + IMAGES


def read(path: Path, base: Path | None, name: str) -> Folder:
    """A dataset of one clip."""
    base = base or path.parent
    caption = text_of(path.with_suffix(".txt")) or ""
    extra = dict(siblings(path.parent, path)) if base == path.parent else {}
    row = Row(path.stem, path.relative_to(base).as_posix(), caption, extra=dict(extra))
    return Folder(name, base, found(base, [row]))
