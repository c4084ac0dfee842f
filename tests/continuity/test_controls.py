"""Legal look-alikes: repeatable, lazy, in every form of clip, and as harmless as they say."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from evenflow.continuity import CONTROLS, control
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput
from evenflow.core.kinds import KINDS


@pytest.fixture(scope="module")
def small(photo):
    """The clip in 160 x 90 pixels."""
    frames = [cv2.resize(f, (160, 90), interpolation=cv2.INTER_AREA) for f in photo.frames()]
    return Clip(ArraySource(np.stack(frames), Fraction(24)))


def change(clip, name, **options):
    """Signed difference to the clip, in gray levels."""
    return control(clip, name, **options).frames().astype(np.int16) - clip.frames()


def test_every_control_names_the_kinds_that_it_imitates():
    for name, row in CONTROLS.items():
        assert row.against and set(row.against) <= set(KINDS), name
        assert row.meaning and row.apply.__doc__


@pytest.mark.parametrize("name", CONTROLS)
def test_one_seed_one_result_in_whatever_pieces_it_is_read(small, name):
    made = control(small, name, seed=3)
    whole = made.frames()
    assert whole.shape == small.frames().shape and not np.array_equal(whole, small.frames())
    assert np.array_equal(whole[17:22], made.frames(17, 22))
    assert np.array_equal(whole, control(small, name, seed=3).frames())
    assert [f.time for f in made.stream()] == [f.time for f in small.stream()]
    if name not in ("focus_pull", "on_twos"):  # nothing in these is random
        assert not np.array_equal(whole, control(small, name, seed=4).frames())


@pytest.mark.parametrize("form", ["gray16", "alpha"])
@pytest.mark.parametrize("name", CONTROLS)
def test_every_form_of_clip_can_carry_a_control(small, name, form):
    frames = small.frames(0, 16)
    if form == "gray16":
        frames = frames[:, :41, :63, 1:2].astype(np.uint16) * 257
    else:
        frames = np.concatenate([frames, np.full_like(frames[..., :1], 77)], axis=3)
    clip = Clip(ArraySource(frames, Fraction(24)))
    made = control(clip, name, seed=1).frames()
    assert made.shape == frames.shape and made.dtype == frames.dtype
    if form == "alpha":
        assert (made[..., 3] == 77).all()


def test_grain_and_flicker_are_as_strong_at_the_beginning_as_at_the_end(small):
    for name in ("film_grain", "flickering_region", "water"):
        size = change(small, name, seed=1).astype(float).std(axis=(1, 2, 3))
        assert size[0] > 0 and 0.5 < size[:24].mean() / size[24:].mean() < 2.0


def test_light_that_passes_comes_and_goes(small):
    for name in ("colored_light", "soft_shadow"):
        size = np.abs(change(small, name, seed=1)).mean(axis=(1, 2, 3))
        assert size[[0, -1]].max() < 0.35 * size.max()
        assert np.abs(np.diff(size)).max() < 0.15 * size.max()  # and nowhere at once


def test_a_ramp_of_exposure_stays_below_what_a_viewer_minds(small):
    light = change(small, "exposure_ramp", seed=1).mean(axis=(1, 2, 3))
    assert 1.0 < abs(light[-1]) < 5.0
    assert np.abs(np.diff(light)).max() < 0.6


def test_what_crosses_the_picture_comes_through_its_border_and_leaves_through_it(small):
    for name in ("enter_and_leave", "fast_motion", "occluder"):
        moved = np.abs(change(small, name, seed=2)).max(axis=(1, 3)) > 8
        there = np.flatnonzero(moved.any(axis=1))
        assert 3 <= len(there) < 48 and (np.diff(there) == 1).all()
        first, last = moved[there[0]], moved[there[-1]]
        ends = [np.flatnonzero(row) for row in (first, last)]
        sides = [cols[0] < 30 or cols[-1] > 129 for cols in ends]
        assert all(sides), name


def test_a_cut_and_a_dissolve_join_two_shots_once(small):
    for name in ("hard_cut", "dissolve"):
        frames = control(small, name, seed=1).frames()
        own = small.frames()
        same = [np.array_equal(a, b) for a, b in zip(frames, own, strict=True)]
        joint = same.index(False)
        assert 10 < joint < 38 and not any(same[joint:])
        assert np.corrcoef(frames[-1].ravel(), own[-1].ravel())[0, 1] < 0.7


def test_drawings_on_twos_are_held_evenly(small):
    frames = control(small, "on_twos").frames()
    assert np.array_equal(frames[::2], frames[1::2])
    assert np.array_equal(frames[::2], small.frames()[::2])


@pytest.mark.parametrize(
    ("name", "frames", "says"),
    [("pann", 20, "did you mean pan"), ("pan", 5, "a control needs 8 frames, array has 5")],
)
def test_what_cannot_be_staged_is_refused_in_one_line(small, name, frames, says):
    clip = Clip(ArraySource(small.frames(0, frames)))
    with pytest.raises(BadInput, match=says):
        control(clip, name)
