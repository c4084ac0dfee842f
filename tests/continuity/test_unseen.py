"""Stillness and softness are never rewarded."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from benchmarks.footage import moved_photo
from evenflow.continuity import check
from evenflow.core.clip import ArraySource, Clip


def frames_of(clip):
    return np.stack([frame.pixels() for frame in clip.stream(0, None)])


@pytest.fixture(scope="module")
def source():
    return frames_of(moved_photo("astronaut.png", num_frames=24, seed=3))


def scored(frames):
    return check(Clip(ArraySource(frames, Fraction(24), "made")))


def test_a_still_picture_scores_less_and_says_why(source):
    frozen = scored(np.repeat(source[:1], 24, axis=0))
    assert frozen.score < scored(source).score
    assert not frozen.motion["assessable"]
    assert "nothing is proved" in frozen.unseen["reasons"][0]


@pytest.mark.parametrize("share", [0.01, 0.03])
def test_the_softer_the_picture_the_lower_the_score(source, share):
    sigma = share * source.shape[1]
    soft = scored(np.stack([cv2.GaussianBlur(f, (0, 0), sigma) for f in source]))
    assert soft.score < scored(source).score
    assert soft.unseen["jnd"] > 2.0


def test_a_natural_picture_hides_nothing(source):
    assert scored(source).unseen == {"jnd": 0.0, "reasons": []}
