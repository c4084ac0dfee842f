"""Open-Sora: a CSV with path, text, num_frames, height, width, aspect_ratio, resolution, fps.

Source: hpcaitech/Open-Sora, docs/train.md; aspect_ratio is height over width, resolution is the
number of pixels of a frame.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from evenflow.data.exporters.lists import one_line
from evenflow.data.row import Row
from evenflow.world.spec_file import write_whole

HEADER = ("path", "text", "num_frames", "height", "width", "aspect_ratio", "resolution", "fps")


def index(rows: Sequence[Row], folder: Path) -> None:
    """Writes `meta.csv`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow(
            (
                row.path,
                one_line(row.caption),
                row.num_frames,
                row.height,
                row.width,
                f"{row.height / row.width:.6g}" if row.width else "",
                row.height * row.width,
                f"{float(row.fps):.6g}" if row.fps else "",
            )
        )
    write_whole(folder / "meta.csv", out.getvalue().encode())
