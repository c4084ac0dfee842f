"""Pumping sharpness, seams and flickering color: found where they are planted, and nowhere else."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from evenflow.continuity import inject
from evenflow.continuity.analysis import analyze
from evenflow.continuity.detectors import (
    color_flicker,
    lighting_flicker,
    seam,
    sharpness_pumping,
)
from evenflow.continuity.passage import Passage
from evenflow.continuity.picture import working_size
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.times import Range

KINDS = {
    "sharpness_pumping": sharpness_pumping.detect,
    "seam": seam.detect,
    "color_flicker": color_flicker.detect,
}


def passage_of(clip):
    info = clip.info
    steps = list(analyze(clip.stream(0, None), fps=float(info.fps), workers=2))
    size = (info.width, info.height)
    return Passage(
        start=0,
        seconds=np.array([float(s.picture.time) for s in steps]),
        size=size,
        lines=working_size(*size)[1],
        pictures=[s.picture for s in steps],
        pairs=[None, *(s.pair for s in steps[1:])],
        anchors=[s.anchor for s in steps],
    )


def changed(clip, change):
    """The clip with `change(picture, number)` done to float RGB of every frame."""
    frames = [change(f.astype(np.float32), i) for i, f in enumerate(clip.frames())]
    made = np.clip(np.stack(frames) + 0.5, 0, 255).astype(np.uint8)
    return Clip(ArraySource(made, Fraction(24)))


def tinted(picture, a, b, mask):
    lab = cv2.cvtColor(picture / 255.0, cv2.COLOR_RGB2Lab)
    lab[..., 1:] += mask[..., None] * np.float32([a, b])
    return 255.0 * cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)


def suspected(clip):
    passage = passage_of(clip)
    return {kind: detect(passage) for kind, detect in KINDS.items()}


def overlap(candidate, start, end):
    shared = min(candidate.end, end) - max(candidate.start, start)
    return shared / (max(candidate.end, end) - min(candidate.start, start))


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_fault_is_found_in_its_span(photo, kind):
    clip, truth = inject(photo, kind, strength=4, at=Range.parse("8f..44f"), seed=5)
    found = suspected(clip)
    [one] = found[kind]
    assert overlap(one, truth.start_frame, truth.end_frame) > 0.7
    assert one.severity > 3.0
    assert all(c.severity < 0.5 * one.severity for k in KINDS if k != kind for c in found[k])


@pytest.mark.parametrize("kind", KINDS)
def test_severity_grows_with_strength(photo, kind):
    sizes = []
    for strength in (2, 3, 5):
        at = Range.parse("8f..44f")
        planted = passage_of(inject(photo, kind, strength=strength, at=at, seed=5)[0])
        sizes.append(max((c.severity for c in KINDS[kind](planted)), default=0.0))
    assert sizes[0] < sizes[1] < sizes[2]


def test_clean_footage_is_clean(photo):
    assert suspected(photo) == {kind: [] for kind in KINDS}


def test_what_comes_once_is_none_of_them(photo):
    """A focus pull there and back, a light that is switched on, a color that is another one."""
    mask = np.zeros((180, 320), np.float32)
    mask[40:120, 80:200] = 1.0

    def pulled(x, i):
        sigma = 2.5 * np.exp(-(((i - 24) / 7.0) ** 2))
        return cv2.GaussianBlur(x, (0, 0), sigma) if sigma > 0.1 else x

    def lit(x, i):
        return x * (1.12 if i >= 20 else 1.0)

    def other(x, i):
        return tinted(x, 18.0, -12.0, mask) if i >= 20 else x

    for change in (pulled, lit, other):
        assert suspected(changed(photo, change)) == {kind: [] for kind in KINDS}


def test_a_single_bad_frame_is_none_of_them(photo):
    def bad(x, i):
        return cv2.GaussianBlur(x, (0, 0), 2.0) * 0.8 if i == 22 else x

    assert suspected(changed(photo, bad)) == {kind: [] for kind in KINDS}


def test_key_frames_that_come_abruptly_are_a_rhythm_too(photo):
    def keyed(x, i):
        return x if i < 8 or i >= 40 or (i - 8) % 8 == 0 else cv2.GaussianBlur(x, (0, 0), 1.5)

    [one] = suspected(changed(photo, keyed))["sharpness_pumping"]
    assert overlap(one, 9, 40) > 0.8
    assert "sharp" in one.evidence["signal"]


@pytest.mark.parametrize("whole", [False, True])
def test_color_that_swings_evenly_has_its_place(photo, whole):
    mask = np.zeros((180, 320), np.float32)
    mask[40:120, 80:200] = 1.0
    if whole:
        mask[:] = 1.0

    def swinging(x, i):
        swing = 7.0 * np.sin(2 * np.pi * 5.0 * i / 24.0) if 10 <= i < 36 else 0.0
        return tinted(x, swing, 0.5 * swing, mask)

    passage = passage_of(changed(photo, swinging))
    [one] = color_flicker.detect(passage)
    assert overlap(one, 10, 36) > 0.8
    if whole:
        assert one.tiles is None
    else:
        x0, y0, x1, y1 = passage.box_of(one.tiles)
        assert abs(x0 - 80) < 30 and abs(x1 - 200) < 30 and abs(y0 - 40) < 25 and abs(y1 - 120) < 25


def test_light_that_flickers_is_no_color(photo):
    rng = np.random.default_rng(0).normal(1.0, 0.06, 48)
    assert suspected(changed(photo, lambda x, i: x * rng[i]))["color_flicker"] == []


def test_steps_of_tone_at_irregular_times_that_return_are_no_seams(photo):
    def switched(x, i):
        return x * (1.1 if 11 <= i < 30 else 1.0)

    assert suspected(changed(photo, switched))["seam"] == []


def test_windows_with_their_own_tone_are_a_staircase(photo):
    tones = {0: 1.0, 1: 1.03, 2: 0.99, 3: 1.025, 4: 0.98}
    [one] = suspected(changed(photo, lambda x, i: x * tones[i // 10]))["seam"]
    assert (one.start, one.end) == (10, 48)
    assert "0.42 s apart" in one.explanation


def test_single_soft_frames_are_no_rhythm_of_sharpness():
    single = np.zeros(48)
    single[[12, 16, 20, 24, 28]] = -1.5
    wide = np.convolve(single, [0.7, 1.0, 0.7], "same")
    assert sharpness_pumping.rhythms(single, 24.0, 0.15) == []
    assert len(sharpness_pumping.rhythms(wide, 24.0, 0.15)) == 1


def test_light_may_swing_further_down_than_up():
    rng = np.random.default_rng(2)
    path = np.zeros(72)
    path[24:48] = 0.05 * rng.standard_normal(24)
    path[24] = -0.33
    spans = lighting_flicker._spans(path, np.diff(path, prepend=0.0), 24.0)
    assert len(spans) == 1 and abs(spans[0][0] - 24) <= 1
    alone = np.where(np.arange(72) == 24, -0.33, 0.0)
    assert lighting_flicker._spans(alone, np.diff(alone, prepend=0.0), 24.0) == []
