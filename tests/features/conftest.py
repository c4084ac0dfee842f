"""A folder with a tiny random model in each subfolder, and a few frames of a drawn pattern.

Without transformers (extra `hub`) only the tests of DINOv2 and CLIP are skipped.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tiny_weights

from evenflow import features

NEED_HUB = {"dinov2", "clip"}
THERE = [name for name in tiny_weights.MAKERS if name not in NEED_HUB or find_spec("transformers")]


class Weights(os.PathLike):
    """A path; asking it for what was not built skips the test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __fspath__(self) -> str:
        return str(self.root)

    def __truediv__(self, name: str) -> Path:
        if name not in THERE:
            pytest.skip(f"{name} needs transformers, which the extra hub brings")
        return self.root / name


class Models(dict):
    def __missing__(self, name):
        pytest.skip(f"{name} needs transformers, which the extra hub brings")


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    root = tmp_path_factory.mktemp("features")
    for name in THERE:
        tiny_weights.MAKERS[name](root / name)
    return Weights(root)


@pytest.fixture(scope="session")
def models(weights):
    return Models(features.load(weights))


@pytest.fixture(scope="session")
def frames():
    """Five frames `(5, 96, 160, 3)` of a smooth pattern that moves by (3, 1) pixels a frame."""
    y, x = np.mgrid[0:96, 0:160].astype(np.float32)
    made = []
    for i in range(5):
        u, v = x - 3 * i, y - i
        channels = [np.sin(u / 9) * np.cos(v / 7), np.sin((u + v) / 12), np.cos(u / 15)]
        made.append(127.5 + 120 * np.stack(channels, axis=-1))
    return np.clip(made, 0, 255).astype(np.uint8)
