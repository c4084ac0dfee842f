"""Exporters: the layouts that trainers read, one small file each; clips are written once for all.

Every export lies in one folder: clips and their captions below `videos/`, truth below `gt/`, the
trainer's lists and settings beside them, `checksums.sha256` for all.
"""

from evenflow.data.exporters import (
    diffusion_pipe,
    finetrainers,
    metadata,
    musubi,
    opensora,
    videox_fun,
)
from evenflow.data.exporters.exporter import Exporter

EXPORTS: dict[str, Exporter] = {
    "metadata": Exporter(
        metadata.index, "metadata.jsonl with all columns, captions of the same stem", "ours"
    ),
    "finetrainers": Exporter(
        finetrainers.index, "videos.txt, prompts.txt, training.json", "finetrainers docs/dataset"
    ),
    "diffusion-pipe": Exporter(
        diffusion_pipe.index, "captions of the same stem, dataset.toml",
        "diffusion-pipe examples/dataset.toml",
    ),
    "musubi": Exporter(
        musubi.index, "videos.jsonl, dataset.toml", "musubi-tuner docs/dataset_config.md"
    ),
    "opensora": Exporter(opensora.index, "meta.csv", "Open-Sora docs/train.md"),
    "videox-fun": Exporter(videox_fun.index, "metadata.json", "VideoX-Fun README"),
    "webdataset": Exporter(None, "tar shards of .mp4, .txt, .json", "WebDataset naming"),
}  # fmt: skip
"""By name; `evenflow data export --format NAME`."""

__all__ = ["EXPORTS", "Exporter"]
