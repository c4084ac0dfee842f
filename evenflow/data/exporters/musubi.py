"""musubi-tuner: `videos.jsonl` with `video_path` and `caption`, and `dataset.toml`.

Source: kohya-ss/musubi-tuner, docs/dataset_config.md (target frames are 4n + 1).
"""

from collections.abc import Sequence
from pathlib import Path

from evenflow.data.exporters.lists import frame_buckets, rate, side
from evenflow.data.media import as_json
from evenflow.data.row import Row
from evenflow.world.spec_file import write_whole


def index(rows: Sequence[Row], folder: Path) -> None:
    """Writes the list and the configuration."""
    lines = [as_json({"video_path": row.path, "caption": row.caption}) for row in rows]
    write_whole(folder / "videos.jsonl", b"".join(lines))
    edge = side(rows)
    text = f"""\
# Paths are relative to the folder that training is started in.
[general]
resolution = [{edge}, {edge}]
caption_extension = ".txt"
batch_size = 1
enable_bucket = true
bucket_no_upscale = true

[[datasets]]
video_jsonl_file = "videos.jsonl"
cache_directory = "cache"
target_frames = {frame_buckets(rows)}
frame_extraction = "head"
source_fps = {rate(rows):.6g}
num_repeats = 1
"""
    write_whole(folder / "dataset.toml", text.encode())
