"""diffusion-pipe: captions of the same stem, and `dataset.toml`.

Source: tdrussell/diffusion-pipe, examples/dataset.toml.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from evenflow.data.exporters.lists import folders_of, frame_buckets, side
from evenflow.data.row import Row
from evenflow.world.spec_file import write_whole


def index(rows: Sequence[Row], folder: Path) -> None:
    """Writes the configuration; captions lie beside the clips already."""
    lines = [
        "# Paths are relative to the folder that training is started in.",
        f"resolutions = [{side(rows, 32)}]",
        "enable_ar_bucket = true",
        "min_ar = 0.5",
        "max_ar = 2.0",
        "num_ar_buckets = 7",
        f"frame_buckets = {frame_buckets(rows)}",
    ]
    for one in folders_of(rows):
        lines += ["", "[[directory]]", f"path = {json.dumps(one)}", "num_repeats = 1"]
    write_whole(folder / "dataset.toml", ("\n".join(lines) + "\n").encode())
