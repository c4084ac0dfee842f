"""Planted faults: exact elsewhere, the same every time, stronger when asked for, or refused."""

import numpy as np
import pytest

from evenflow.continuity import INJECTORS, inject
from evenflow.core.errors import BadInput
from evenflow.core.kinds import KINDS
from evenflow.core.times import Range

AT = Range.parse("16f..30f")
KEPT = [k for k in INJECTORS if k not in ("unnatural_jump", "drift")]


def difference(photo, kind, strength=4, **options):
    clip, truth = inject(photo, kind, strength=strength, at=AT, **options)
    moved = np.abs(clip.frames().astype(int)[:30] - photo.frames()[:30])
    return moved, truth


def test_every_injector_is_a_defect_kind_with_rising_magnitudes():
    assert set(INJECTORS) <= set(KINDS)
    for injector in INJECTORS.values():
        assert list(injector.magnitudes) == sorted(set(injector.magnitudes))
        assert injector.unit


@pytest.mark.parametrize("kind", KEPT)
def test_frames_outside_the_span_are_the_source_s_own(photo, kind):
    clip, truth = inject(photo, kind, strength=5, at=AT, seed=1)
    for index, (made, own) in enumerate(zip(clip.stream(), photo.stream(), strict=True)):
        same = np.array_equal(made.pixels(), own.pixels())
        assert same or 16 <= index < 30
        assert made.time == own.time and made.index == index
    assert 16 <= truth.start_frame < truth.end_frame <= 31


@pytest.mark.parametrize("kind", KEPT)
def test_a_box_confines_the_fault(photo, kind):
    moved, truth = difference(photo, kind, box=(40, 30, 200, 120), seed=1)
    assert truth.box == (40, 30, 200, 120)
    inside = moved[:, 30:120, 40:200].copy()
    moved[:, 30:120, 40:200] = 0
    assert inside.any() and not moved.any()


@pytest.mark.parametrize("kind", INJECTORS)
def test_one_seed_one_result(photo, kind):
    first, again, other = (
        inject(photo, kind, strength=3, at=AT, seed=seed)[0].frames() for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    if kind not in ("freeze", "unnatural_jump"):  # nothing in these is random
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", [k for k in KEPT if k != "freeze"])
def test_a_stronger_fault_changes_more(photo, kind):
    sizes = [difference(photo, kind, strength)[0].mean() for strength in (1, 3, 5)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_a_jump_loses_frames_and_keeps_the_clock(photo):
    clip, truth = inject(photo, "unnatural_jump", strength=3, at=AT)
    assert truth.parameters["frames_lost"] == 4
    assert len(clip) == len(photo) - 4
    frames = list(clip.stream())
    assert [f.index for f in frames] == list(range(44))
    assert [f.time for f in frames] == [f.time for f in photo.stream(0, 44)]
    assert np.array_equal(frames[16].pixels(), photo.frames(20, 21)[0])


def test_a_freeze_says_which_frames_it_holds(photo):
    clip, truth = inject(photo, "freeze", strength=5, at=AT)
    frames = clip.frames()
    assert (truth.start_frame, truth.end_frame) == (17, 30)
    assert all(np.array_equal(frames[i], frames[16]) for i in range(17, 30))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "lightning_flicker"}, "did you mean lighting_flicker"),
        ({"kind": "subject_swap"}, "no injector plants subject_swap yet"),
        ({"strength": 6}, "from 1 to 5, got 6"),
        ({"box": (0, 0, 999, 10)}, "inside 320 x 180, got 0,0,999,10"),
        ({"kind": "freeze", "at": Range.parse("3f..4f")}, "needs 2 frames"),
        ({"kind": "unnatural_jump", "at": Range.parse("47f..48f")}, "starts at frame 47 of 48"),
    ],
)
def test_what_cannot_be_planted_is_refused_in_one_line(photo, options, says):
    plan = {"kind": "shake", "strength": 3, "at": AT} | options
    with pytest.raises(BadInput, match=says) as caught:
        inject(photo, plan.pop("kind"), **plan)
    assert "\n" not in str(caught.value)
