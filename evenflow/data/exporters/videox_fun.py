"""VideoX-Fun: a JSON list of `file_path`, `text`, `type`, `width`, `height`.

Source: aigc-apps/VideoX-Fun, README (data preparation); paths may be relative.
"""

from collections.abc import Sequence
from pathlib import Path

from evenflow.data.media import as_json
from evenflow.data.row import Row
from evenflow.world.spec_file import write_whole


def index(rows: Sequence[Row], folder: Path) -> None:
    """Writes `metadata.json`."""
    data = [
        {
            "file_path": row.path,
            "text": row.caption,
            "type": "video",
            "width": row.width,
            "height": row.height,
        }
        for row in rows
    ]
    write_whole(folder / "metadata.json", as_json(data, indent=2))
