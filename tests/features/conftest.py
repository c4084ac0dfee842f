"""A folder with a tiny random model in each subfolder, and a few frames of a photograph."""

import numpy as np
import pytest
import tiny_weights

from evenflow import features


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    root = tmp_path_factory.mktemp("features")
    for name, make in tiny_weights.MAKERS.items():
        make(root / name)
    return root


@pytest.fixture(scope="session")
def models(weights):
    return features.load(weights)


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
