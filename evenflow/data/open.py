"""The door to data: a folder, a table, tars, a list of datasets or the world as one Source."""

from collections.abc import Sequence
from pathlib import Path

from evenflow.core.errors import BadInput
from evenflow.data.files import Folder, found
from evenflow.data.joined import Joined, Part
from evenflow.data.layouts import LAYOUTS
from evenflow.data.layouts.dataset_list import label_of
from evenflow.data.row import Row, Source


def open_dataset(
    where: str | Path | Sequence[str | Path | Row], *, base: str | Path | None = None
) -> Source:
    """A dataset, whatever it lies in; nothing is decoded and nothing is drawn.

    Args:
        where: one of
            - a folder: with `metadata.*`, with `videos.txt` and `prompts.txt`, with WebDataset
              tars, with videos (captions in text files of the same stem), or with folders of
              frames; the first of these that it has counts (`LAYOUTS`);
            - a file: such a table, a tar (`shard-{000..007}.tar` are several), a TOML or YAML list
              of datasets with repeats or weights, one video;
            - `world:story?seed=0&n=100000`, see `worlds.world_rows`;
            - a sequence of these, one after the other; or of rows, with `base`.
        base: the folder that paths in tables are relative to and that none may leave; by default
            the one that the table lies in. A larger one lets links and absolute paths point there.

    Raises:
        BadInput: it is not there, or nothing in it is known. A single clip that is missing or
            cannot be read raises nothing: its row carries a mark that says why.
        BackendMissing: Parquet without pyarrow.
    """
    root = None if base is None else Path(base).expanduser()
    if root is not None and not root.is_dir():
        raise BadInput(f"the folder {root} does not exist: check the path")
    if not isinstance(where, (str, Path)):
        return _several(list(where), root)
    text = str(where)
    if text.startswith("world:"):
        from evenflow.data.worlds import world_rows

        return world_rows(text)
    path = Path(where).expanduser()
    if root is not None and not path.is_absolute() and not path.exists():
        path = root / path
    if "{" not in path.name and not path.exists():
        raise BadInput(f"{text} does not exist: check the path")
    if root is not None and not path.resolve().is_relative_to(root.resolve()):
        raise BadInput(f"{text} does not lie in {root}, which was given as its base")
    if root is not None:
        path, root = path.resolve(), root.resolve()
    for layout in LAYOUTS.values():
        if layout.claims(path):
            return layout.read(path, root, text)
    kinds = "; ".join(layout.says for layout in LAYOUTS.values())
    what = "the folder" if path.is_dir() else "the file"
    raise BadInput(f"{what} {path.name} is no dataset that is known: {kinds}")


def _several(entries: list[str | Path | Row], root: Path | None) -> Source:
    if not entries:
        raise BadInput("a list of datasets has at least one, got none")
    rows = [one for one in entries if isinstance(one, Row)]
    if rows:
        if len(rows) != len(entries):
            raise BadInput("a sequence holds rows or datasets, not both")
        if root is None:
            raise BadInput("rows need the folder that their paths are relative to: give base=")
        return Folder("rows", root, found(root, rows))
    used: set[str] = set()
    parts = [
        Part(open_dataset(one, base=root), label_of(str(one), used))
        for one in entries
        if not isinstance(one, Row)
    ]
    return parts[0].source if len(parts) == 1 else Joined("several datasets", tuple(parts))
