"""Films cut from photographs: the same place again, another place, another subject."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from benchmarks.footage import data_file
from evenflow.continuity import check
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.report import Report

WIDTH, HEIGHT = 320, 180
NEAR, FAR, ASIDE = (1.0, 0, 0), (1.5, 75, -35), (0.85, -55, 20)


def photo(name):
    path = data_file("skimage", "data", name)
    if path is None:
        pytest.skip("photographs come with the extra demo")
    picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    fit = 1.6 * max(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
    return cv2.resize(picture, None, fx=fit, fy=fit, interpolation=cv2.INTER_AREA)


def shot(picture, camera, *, count=14, seed=0):
    high, wide = picture.shape[:2]
    zoom, dx, dy = camera
    rng, frames = np.random.default_rng(seed), []
    for t in range(count):
        move = cv2.getRotationMatrix2D((wide / 2, high / 2), 0, zoom)
        move[:, 2] += [WIDTH / 2 - wide / 2 + dx + 0.6 * t, HEIGHT / 2 - high / 2 + dy - 0.3 * t]
        view = cv2.warpAffine(picture, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT_101)
        view = view + rng.normal(0, 0.8, view.shape)
        frames.append(np.clip(view + 0.5, 0, 255).astype(np.uint8))
    return np.stack(frames)


def film(*shots):
    return check(Clip(ArraySource(np.concatenate(shots), Fraction(24), "film")))


def with_another(picture, color):
    """The same picture with another thing in its middle."""
    high, wide = picture.shape[:2]
    mask = np.zeros((high, wide), np.float32)
    center = (int(0.5 * wide), int(0.53 * high))
    cv2.ellipse(mask, center, (int(0.06 * wide), int(0.1 * high)), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 3)[..., None]
    y, x = np.mgrid[:high, :wide]
    stripes = (np.sin(x / 5.0) * np.sin(y / 7.0))[..., None] * 50
    return (picture + mask * (np.float32(color) + stripes - picture)).clip(0, 255).astype(np.uint8)


def test_the_first_shot_is_like_nothing_before(photo_report):
    assert photo_report.shots[0].like_previous is None
    assert photo_report.signals["color_step"].summary is None
    assert "place" in photo_report.signals["color_step"].reason


def test_an_edit_that_returns_is_held_against_the_shot_that_it_returns_to():
    one, two = photo("astronaut.png"), photo("coffee.png")
    report = film(shot(one, NEAR), shot(two, NEAR), shot(one, ASIDE, seed=3))
    assert [c.kind for c in report.cuts] == ["cut", "cut"]
    second, third = report.shots[1].like_previous, report.shots[2].like_previous
    assert second["shot"] == 0 and second["place"] < 0.4
    assert third["shot"] == 0 and third["place"] > 0.8 and third["subject"] > 0.8
    assert not [f for f in report.findings if f.kind == "subject_swap"]
    assert report.signals["color_step"].summary < 3.0


def test_another_subject_in_the_same_place_is_found_at_the_cut():
    one, two = photo("astronaut.png"), photo("coffee.png")
    back = with_another(one, (40, 170, 90))
    first = with_another(one, (60, 70, 190))
    report = film(shot(first, NEAR), shot(two, NEAR), shot(back, NEAR, seed=3))
    [finding] = [f for f in report.findings if f.kind == "subject_swap"]
    assert finding.span.start_frame == report.cuts[1].end_frame
    assert "between shots" in finding.explanation
    assert finding.severity_jnd > 2
    x0, y0, x1, y1 = finding.span.box
    assert x0 < WIDTH / 2 < x1 and y0 < 0.55 * HEIGHT < y1
    assert report.shots[2].like_previous["subject"] < 0.8


def test_the_same_subject_in_the_same_place_is_no_finding():
    one, two = photo("astronaut.png"), photo("coffee.png")
    same = with_another(one, (40, 170, 90))
    darker = (same * 0.8).astype(np.uint8)
    report = film(shot(same, NEAR), shot(two, NEAR), shot(darker, FAR, seed=3))
    assert not [f for f in report.findings if f.kind == "subject_swap"]


def test_a_cut_to_another_scene_is_nobodys_fault():
    report = film(*(shot(photo(n), NEAR) for n in ("astronaut.png", "coffee.png", "camera.png")))
    assert len(report.cuts) == 2
    assert not [f for f in report.findings if f.kind == "subject_swap"]
    assert all(s.like_previous["place"] < 0.4 for s in report.shots[1:])


def test_the_table_comes_back_from_json():
    one, two = photo("astronaut.png"), photo("coffee.png")
    report = film(shot(one, NEAR), shot(two, NEAR))
    assert Report.from_json(report.to_json()).shots == report.shots
