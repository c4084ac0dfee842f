from fractions import Fraction

import numpy as np
import pytest

from evenflow.bench.changes import CHANGES, compressed, half_rate, half_size, mirror
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput


@pytest.fixture(scope="module")
def clip():
    y, x, t = np.ogrid[0:64, 0:96, 0:32]
    wave = 128 + 80 * np.sin(x / 7 + t / 5) * np.cos(y / 9)
    frames = np.stack([wave, wave[::-1], 255 - wave], -1).transpose(2, 0, 1, 3)
    return Clip(ArraySource(frames.astype(np.uint8), Fraction(24)))


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_gives_a_clip_as_long_in_time(clip, name):
    changed = CHANGES[name].apply(clip)
    assert changed.info.duration_s == pytest.approx(clip.info.duration_s)
    assert len(changed) == len(clip) / CHANGES[name].step
    assert changed.frames().dtype == np.uint8


def test_mirroring_twice_is_the_clip(clip):
    assert np.array_equal(mirror(mirror(clip)).frames(), clip.frames())


def test_half_the_rate_keeps_every_second_frame(clip):
    changed = half_rate(clip)
    assert changed.info.fps == 12
    assert np.array_equal(changed.frames(), clip.frames()[::2])
    with pytest.raises(BadInput, match="too few"):
        half_rate(changed)


def test_half_the_size_keeps_the_mean(clip):
    changed = half_size(clip)
    assert changed.frames().shape == (32, 32, 48, 3)
    assert changed.frames().mean() == pytest.approx(clip.frames().mean(), abs=0.5)


def test_compression_gets_worse_with_crf(clip):
    errors = [
        np.abs(compressed(clip, crf).frames().astype(float) - clip.frames()).mean()
        for crf in (18, 28, 48)
    ]
    assert errors[0] < errors[1] < errors[2]
    assert errors[0] < 6


def test_odd_sizes_lose_a_line_in_compression():
    frames = np.full((3, 65, 97, 3), 90, np.uint8)
    assert compressed(Clip(ArraySource(frames)), 23).frames().shape == (3, 64, 96, 3)


def test_a_frozen_clip_stands_still(clip):
    frames = CHANGES["frozen"].apply(clip).frames()
    assert (frames == clip.frames()[0]).all()
