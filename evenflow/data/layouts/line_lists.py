"""Two files with a line for a clip: `videos.txt` has paths, `prompts.txt` captions."""

from pathlib import Path

from evenflow.core.errors import BadInput
from evenflow.data.files import Folder, found, with_siblings
from evenflow.data.row import Row

PATHS = ("videos.txt", "video.txt")
TEXTS = ("prompts.txt", "prompt.txt", "captions.txt", "caption.txt")


def lists_in(folder: Path) -> tuple[Path | None, Path | None]:
    """The list of paths and that of captions."""
    first = next((folder / n for n in PATHS if (folder / n).is_file()), None)
    second = next((folder / n for n in TEXTS if (folder / n).is_file()), None)
    return first, second


def claims(path: Path) -> bool:
    """A folder with a list of videos."""
    return path.is_dir() and lists_in(path)[0] is not None


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read as UTF-8 text: {error}") from None
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.strip() for line in lines]


def read(path: Path, base: Path | None, name: str) -> Folder:
    """The clips of a list.

    Raises:
        BadInput: the lists differ in length.
    """
    videos, texts = lists_in(path)
    assert videos is not None
    paths = _lines(videos)
    captions = _lines(texts) if texts is not None else [""] * len(paths)
    if len(paths) != len(captions) and texts is not None:
        raise BadInput(
            f"{videos.name} has {len(paths)} lines and {texts.name} {len(captions)}: "
            "each video needs its own line of text"
        )
    rows = [
        Row(str(Path(one).with_suffix("").as_posix()), one, caption)
        for one, caption in zip(paths, captions, strict=True)
        if one
    ]
    root = base or path
    return Folder(name, root, tuple(with_siblings(root, row) for row in found(root, rows)))
