"""Footage for tests and benchmarks; it lives in `evenflow.bench.footage`."""

from evenflow.bench.footage import (
    BIKES_SHOTS,
    DEVELOPMENT,
    JUDGING,
    Footage,
    data_file,
    development,
    excerpt,
    folder,
    homography,
    judging,
    moved_photo,
)

__all__ = [
    "BIKES_SHOTS",
    "DEVELOPMENT",
    "JUDGING",
    "Footage",
    "data_file",
    "development",
    "excerpt",
    "folder",
    "homography",
    "judging",
    "moved_photo",
]
