"""Drawn pictures that only move, and clips that end or begin oddly: nothing to report, no crash."""

import warnings
from fractions import Fraction

import cv2
import numpy as np
import pytest

import evenflow as ef
from evenflow.bench.footage import homography
from evenflow.core.clip import ArraySource, Clip

SIZE, NUM = (480, 270), 60


def wheel() -> np.ndarray:
    """All hues around a white center: smooth color without an edge."""
    y, x = np.mgrid[:420, :700]
    hue = (np.arctan2(y - 210, x - 350) / np.pi * 90 + 90) % 180
    depth = np.clip(np.hypot(y - 210, x - 350) / 200, 0, 1) * 255
    picture = np.dstack([hue, depth, np.full_like(depth, 255)]).astype(np.uint8)
    return cv2.cvtColor(picture, cv2.COLOR_HSV2RGB)


def chart() -> np.ndarray:
    """Fields of one color each, with straight edges and little else."""
    rng = np.random.default_rng(1)
    hsv = rng.integers((0, 150, 120), (180, 256, 256), (6, 8, 3)).astype(np.uint8)
    fields = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return np.kron(fields, np.ones((70, 88, 1), np.uint8))[:420, :700]


def moved(picture: np.ndarray, *, seed: int, num: int = NUM) -> Clip:
    """The picture under a hand-held camera, with a little grain."""
    rng, (width, height) = np.random.default_rng(seed), SIZE
    fit = 1.35 * max(width / picture.shape[1], height / picture.shape[0])
    large = cv2.resize(picture, None, fx=fit, fy=fit, interpolation=cv2.INTER_CUBIC)
    middle = np.eye(3)
    middle[:2, 2] = (width - large.shape[1]) / 2, (height - large.shape[0]) / 2
    frames = []
    for i in range(num):
        way = homography(i, seed=seed, size=SIZE, fps=24) @ middle
        frame = cv2.warpPerspective(large, way, SIZE, borderMode=cv2.BORDER_REFLECT_101)
        grain = rng.normal(0.5, 0.6, frame.shape)
        frames.append(np.clip(frame + grain, 0, 255).astype(np.uint8))
    return Clip(ArraySource(np.stack(frames), Fraction(24), "drawn"))


@pytest.mark.parametrize(("draw", "seed"), [(wheel, 1), (wheel, 2), (chart, 903)])
def test_a_drawn_picture_that_only_moves_raises_no_clear_alarm(draw, seed):
    assert ef.check(moved(draw(), seed=seed)).clear_findings() == []


@pytest.mark.parametrize("num", [0, 1, 2, 5])
def test_a_shot_may_end_while_it_dissolves(num):
    a, b = moved(wheel(), seed=1, num=30), moved(chart(), seed=2, num=30 + num)
    first = np.stack([frame.pixels() for frame in a.stream()]).astype(np.float32)
    second = np.stack([frame.pixels() for frame in b.stream()]).astype(np.float32)
    share = np.linspace(0, 1, 20, dtype=np.float32)[:, None, None, None]
    mix = (1 - share) * first[10:] + share * second[10:30]
    frames = np.concatenate([first[:10], mix, second[30:]]).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what was not measured is no news to a user
        report = ef.check(Clip(ArraySource(frames, Fraction(24), "dissolve")))
    assert report.clip["frames"] == 30 + num
