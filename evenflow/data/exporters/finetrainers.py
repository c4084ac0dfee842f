"""finetrainers: `videos.txt` and `prompts.txt` with a line a clip, and `training.json`.

Source: huggingface/finetrainers, docs/dataset (line lists; the dataset configuration file).
"""

from collections.abc import Sequence
from pathlib import Path

from evenflow.data.exporters.lists import frame_buckets, one_line, side
from evenflow.data.media import as_json
from evenflow.data.row import Row
from evenflow.world.spec_file import write_whole


def index(rows: Sequence[Row], folder: Path) -> None:
    """Writes both lists and the configuration."""
    paths = "".join(f"{row.path}\n" for row in rows)
    prompts = "".join(f"{one_line(row.caption)}\n" for row in rows)
    write_whole(folder / "videos.txt", paths.encode())
    write_whole(folder / "prompts.txt", prompts.encode())
    edge = side(rows, 32)
    training = {
        "datasets": [
            {
                "data_root": ".",
                "dataset_type": "video",
                "id_token": "",
                "video_resolution_buckets": [[n, edge, edge] for n in frame_buckets(rows, 8)],
                "reshape_mode": "bicubic",
                "remove_common_llm_caption_prefixes": True,
            }
        ]
    }
    write_whole(folder / "training.json", as_json(training, indent=2))
