"""A short photograph under a smooth camera, checked once, shared by the tests of the room."""

import pytest

from benchmarks.footage import data_file, moved_photo
from evenflow.continuity import check


@pytest.fixture(scope="session")
def photo():
    if data_file("skimage", "data", "coffee.png") is None:
        pytest.skip("photographs come with the extra demo")
    return moved_photo("coffee.png", num_frames=48, size=(320, 180), seed=11)


@pytest.fixture(scope="session")
def photo_report(photo):
    return check(photo)
