"""Layouts: the ways in which datasets lie on disks, one file each."""

from evenflow.data.layouts import (
    curated,
    dataset_list,
    frame_folders,
    line_lists,
    metadata,
    one_file,
    same_stem,
    tars,
)
from evenflow.data.layouts.layout import Layout

LAYOUTS: dict[str, Layout] = {
    "curated": Layout(curated.claims, curated.read, "what evenflow data curate wrote"),
    "dataset_list": Layout(
        dataset_list.claims, dataset_list.read, "a .toml or .yaml list of datasets"
    ),
    "metadata": Layout(
        metadata.claims, metadata.read, "metadata.csv, .tsv, .json, .jsonl or .parquet"
    ),
    "line_lists": Layout(line_lists.claims, line_lists.read, "videos.txt and prompts.txt"),
    "tars": Layout(tars.claims, tars.read, "WebDataset tars"),
    "same_stem": Layout(same_stem.claims, same_stem.read, "videos, captions in a.txt beside a.mp4"),
    "frame_folders": Layout(frame_folders.claims, frame_folders.read, "folders of frames"),
    "one_file": Layout(one_file.claims, one_file.read, "one video"),
}
"""By name, in the order in which they are tried: what says more about its clips comes first."""
