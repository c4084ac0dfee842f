"""Ours: `metadata.jsonl` with all columns, scores and marks; captions lie beside the clips.

`evenflow.data.open_dataset` reads it, and so does what knows either same-stem text or a metadata
table (finetrainers, Hugging Face video folders by the column `file_name`).
"""

from collections.abc import Sequence
from pathlib import Path

from evenflow.data.columns import row_to
from evenflow.data.media import as_json
from evenflow.data.row import Row
from evenflow.world.spec_file import write_whole


def index(rows: Sequence[Row], folder: Path) -> None:
    """Writes the table."""
    lines = [as_json({**row_to(row), "file_name": row.path}) for row in rows]
    write_whole(folder / "metadata.jsonl", b"".join(lines))
