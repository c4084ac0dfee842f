"""A place against its own past: slow changes of identity, and how like itself an object stays."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from benchmarks.footage import data_file, moved_photo
from evenflow.continuity import check, inject
from evenflow.continuity.analysis import analyze
from evenflow.continuity.detectors import identity_drift
from evenflow.continuity.passage import Passage
from evenflow.continuity.picture import working_size
from evenflow.continuity.trails import carried
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.times import Range


@pytest.fixture(scope="module")
def clip():
    if data_file("skimage", "data", "coffee.png") is None:
        pytest.skip("photographs come with the extra demo")
    return moved_photo("coffee.png", num_frames=60, size=(320, 180), seed=3)


def passage_of(clip):
    steps = list(analyze(clip.stream(0, None), fps=float(clip.info.fps), workers=1))
    size = (clip.info.width, clip.info.height)
    return Passage(
        start=0,
        seconds=np.array([float(s.picture.time) for s in steps]),
        size=size,
        lines=working_size(*size)[1],
        pictures=[s.picture for s in steps],
        pairs=[None, *(s.pair for s in steps[1:])],
        anchors=[s.anchor for s in steps],
    )


def edited(clip, change):
    frames = [f.pixels().copy() for f in clip.stream(0, None)]
    count = len(frames)
    made = [np.clip(change(f.astype(np.float32), i, count), 0, 255) for i, f in enumerate(frames)]
    return Clip(ArraySource(np.stack(made).astype(np.uint8), Fraction(clip.info.fps), "edited"))


def oval(shape, center, radii):
    mask = np.zeros(shape[:2], np.float32)
    cv2.ellipse(mask, center, radii, 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), 2)[..., None]


def other_texture(shape):
    noise = np.random.default_rng(5).normal(0, 1, shape).astype(np.float32)
    return 120 + 90 * cv2.GaussianBlur(noise, (0, 0), 3) / 0.1 * 0.1 + np.float32([-60, 40, 70])


def test_points_go_where_a_constant_flow_takes_them_and_back():
    field = np.zeros((9, 18, 24, 2), np.float32)
    field[1:] = (0.01, -0.02)
    points = np.array([[0.5, 0.5], [0.3, 0.7]])
    there = carried(field, points, 0, 8)
    assert np.allclose(there - points, (0.08, -0.16), atol=1e-6)
    assert np.allclose(carried(field, there, 8, 0), points, atol=1e-6)


def test_a_ramp_is_fitted_where_it_is():
    course = np.clip((np.arange(11) - 2.0) / 6.0, 0, 1)
    start, end, error, step = identity_drift.fitted(course)
    assert (start, end) == (2.0, 8.0)
    assert error < 1e-9 < step


def test_a_clean_clip_changes_nowhere(clip):
    assert identity_drift.detect(passage_of(clip)) == []


def test_a_planted_drift_is_found_where_it_is_and_named(clip):
    planted, truth = inject(clip, "identity_drift", strength=4, at=Range.parse("8f..60f"), seed=1)
    report = check(planted)
    worst = report.worst
    assert worst is not None and worst.kind == "identity_drift"
    assert worst.span.time_iou(truth) > 0.6
    a, b = worst.span.box, truth.box
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    both = wide * high
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    assert wide > 0 and high > 0 and both / union > 0.3


def test_more_of_the_other_one_is_worse(clip):
    other = None

    def mixed(share):
        def change(frame, i, count):
            nonlocal other
            other = other_texture(frame.shape) if other is None else other
            mask = oval(frame.shape, (150, 90), (45, 40)) * share * min(1.0, i / (count - 6))
            return frame + mask * (other - frame)

        return identity_drift.detect(passage_of(edited(clip, change)))

    weak, strong = mixed(0.45), mixed(1.0)
    assert strong and (not weak or weak[0].severity < strong[0].severity)


@pytest.mark.parametrize("legal", ["step", "exposure", "light", "focus"])
def test_what_is_no_slow_change_of_identity_is_silent(clip, legal):
    def change(frame, i, count):
        share = i / (count - 1)
        if legal == "step":
            mask = oval(frame.shape, (150, 90), (45, 40)) * (i >= count // 2)
            return frame + mask * (other_texture(frame.shape) - frame)
        if legal == "exposure":
            return frame * (1.0 - 0.3 * share)
        if legal == "light":  # a shade that grows over one side
            return frame * (1.0 - 0.4 * share * np.linspace(0, 1, frame.shape[1])[None, :, None])
        return cv2.GaussianBlur(frame, (0, 0), 0.1 + 2.0 * share)

    assert identity_drift.detect(passage_of(edited(clip, change))) == []


def test_an_object_that_stays_itself_has_a_flat_curve(clip):
    report = check(clip)
    assert report.objects
    for thing in report.objects:
        assert all(0.8 <= point["similarity"] <= 1.0 for point in thing["identity"])
    assert report.signals["identity"].summary > 0.8


def test_a_clip_too_short_for_a_second_has_no_identity(clip):
    short = Clip(ArraySource(clip.frames()[:10], Fraction(24), "short"))
    signal = check(short).signals["identity"]
    assert signal.summary is None and "second" in signal.reason
