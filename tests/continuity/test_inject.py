"""Planted faults: exact elsewhere, the same every time, stronger when asked for, or refused."""

import json
from fractions import Fraction

import cv2
import numpy as np
import pytest

from evenflow.continuity import INJECTORS, inject
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput
from evenflow.core.kinds import KINDS
from evenflow.core.span import Span
from evenflow.core.times import Range

AT = Range.parse("16f..30f")
STAYING = ("drift", "identity_drift")
"""Kinds that frames behind the span keep."""
KEPT = [k for k in INJECTORS if k != "unnatural_jump" and k not in STAYING]
WHOLE = ("action_sequence", "action_mismatch", "background_switch", "background_swim")
"""Kinds to which a box is no border of what changes."""
FOLLOWED = [k for k, row in INJECTORS.items() if row.box_is.startswith("the object")]
NOT_RANDOM = ("freeze", "unnatural_jump", "action_mismatch", "sharpness_pumping")
"""Kinds that differ little or not at all from seed to seed in so short a range."""


def at_most(kind, strength):
    """Longest actions do not fit into the short ranges of these tests."""
    return min(strength, 3) if kind == "action_sequence" else strength


@pytest.fixture(scope="module")
def source(photo):
    return photo.frames()


def difference(photo, source, kind, strength=4, at=AT, **options):
    """Absolute difference to the source in each frame, and the truth."""
    clip, truth = inject(photo, kind, strength=strength, at=at, **options)
    frames = clip.frames()
    return np.abs(frames.astype(np.int16) - source[: len(frames)]), truth


def test_every_kind_but_the_world_s_own_can_be_planted():
    assert set(INJECTORS) == set(KINDS) - {"unphysical"}


def test_every_injector_has_rising_magnitudes_and_a_unit():
    for injector in INJECTORS.values():
        assert list(injector.magnitudes) == sorted(set(injector.magnitudes))
        assert injector.unit


@pytest.mark.parametrize("kind", KEPT)
def test_frames_outside_the_span_are_the_source_s_own(photo, kind):
    clip, truth = inject(photo, kind, strength=at_most(kind, 5), at=AT, seed=1)
    for index, (made, own) in enumerate(zip(clip.stream(), photo.stream(), strict=True)):
        same = np.array_equal(made.pixels(), own.pixels())
        assert same or truth.start_frame <= index < truth.end_frame
        assert made.time == own.time and made.index == index
    assert 16 <= truth.start_frame < truth.end_frame <= 31


@pytest.mark.parametrize("kind", STAYING)
def test_what_drifts_away_stays_away(photo, source, kind):
    moved, truth = difference(photo, source, kind)
    assert (truth.start_frame, truth.end_frame) == (16, 30)
    assert not moved[:16].any() and moved[47].any()
    assert moved[47].sum() == pytest.approx(moved[29].sum(), rel=0.2)


@pytest.mark.parametrize("kind", [k for k in KEPT + list(STAYING) if k not in WHOLE])
def test_a_box_confines_the_fault(photo, source, kind):
    box = (40, 30, 200, 120)
    moved, truth = difference(photo, source, kind, box=box, seed=1)
    first = moved[truth.start_frame] if kind in FOLLOWED else moved.max(axis=0)
    inside = first[30:120, 40:200].copy()
    assert inside.any() or kind == "unnatural_motion"  # which begins with hardly any motion
    if kind in ("teleportation", "vanish"):  # it may go somewhere else from there
        return
    grow = 8 if kind == "unnatural_motion" else 0
    first[30 - grow : 120 + grow, 40 - grow : 200 + grow] = 0
    assert not first.any()
    assert truth.box == box if kind not in FOLLOWED else truth.box is not None


@pytest.mark.parametrize("kind", INJECTORS)
def test_the_truth_holds_what_changed(photo, source, kind):
    if kind == "unnatural_jump":
        pytest.skip("frames are missing, none is changed")
    moved, truth = difference(photo, source, kind, strength=at_most(kind, 5), seed=2)
    energy = moved.astype(np.float32) ** 2
    if kind in STAYING:
        energy = energy[: truth.end_frame]
    for index, x0, y0, x1, y1 in truth.parameters.get("occluder", {"boxes": []})["boxes"]:
        energy[max(0, index - 2) : index + 3, y0:y1, x0:x1] = 0  # it is no part of the fault
    total = energy.sum()
    assert total > 0
    span = energy[truth.start_frame : truth.end_frame]
    assert span.sum() >= 0.99 * total
    if truth.box is not None:
        x0, y0, x1, y1 = truth.box
        assert span[:, y0:y1, x0:x1].sum() >= 0.99 * span.sum()
    boxes = {}
    for index, *box in truth.parameters.get("boxes", []):
        boxes.setdefault(index, []).append(box)
    for index, places in boxes.items():
        left = energy[index].copy()
        for x0, y0, x1, y1 in places:
            left[y0:y1, x0:x1] = 0
        assert left.sum() <= 0.01 * energy[index].sum()


@pytest.mark.parametrize("kind", INJECTORS)
def test_one_seed_one_result_in_whatever_pieces_it_is_read(photo, kind):
    first, again, other = (
        inject(photo, kind, strength=3, at=AT, seed=seed)[0] for seed in (5, 5, 6)
    )
    whole = first.frames(12, 34)
    assert np.array_equal(whole, again.frames(12, 34))
    assert np.array_equal(whole[9:13], first.frames(21, 25))
    if kind not in NOT_RANDOM:
        assert not np.array_equal(whole, other.frames(12, 34))


@pytest.fixture(scope="module")
def small(source):
    """The clip in 106 x 60 pixels, which is quick to follow things in."""
    frames = [cv2.resize(f, (106, 60), interpolation=cv2.INTER_AREA) for f in source]
    return Clip(ArraySource(np.stack(frames), Fraction(24)))


@pytest.mark.parametrize("kind", [k for k in INJECTORS if k not in ("freeze", "unnatural_jump")])
def test_a_stronger_fault_changes_more(small, kind):
    own, at = small.frames(), Range.parse("10f..34f")
    sizes = []
    for strength in (1, 3, 5):
        moved, _ = difference(small, own, kind, strength, at=at)
        sizes.append(float((moved.astype(np.float32) ** 2).mean()))
    assert 0 < sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("kind", INJECTORS)
def test_the_truth_survives_json(small, kind):
    _, truth = inject(small, kind, strength=2, at=AT)
    assert Span.from_json(json.loads(json.dumps(truth.to_json()))).to_json() == truth.to_json()
    assert truth.parameters["does"].endswith(".")
    assert set(truth.parameters["equal"]) <= set(KINDS)


def cut_out(photo, form):
    """The clip in another form: 16 bit, gray, with alpha, odd sides, small."""
    frames = photo.frames(0, 32)
    if form == "uint16":
        frames = frames[:, ::2, ::3].astype(np.uint16) * 257
    elif form == "gray":
        frames = frames[:, 60:, 100:, 1:2]
    elif form == "alpha":  # and odd sides
        frames = frames[:, 60:157, 100:203]
        frames = np.concatenate([frames, np.full_like(frames[..., :1], 77)], axis=3)
    elif form == "tiny":
        frames = frames[:, :7, :5]
    return Clip(ArraySource(np.ascontiguousarray(frames), photo.info.fps))


@pytest.mark.parametrize("form", ["uint16", "gray", "alpha", "tiny"])
@pytest.mark.parametrize("kind", INJECTORS)
def test_every_form_of_clip_is_planted_or_refused_in_one_line(photo, kind, form):
    clip = cut_out(photo, form)
    plan = {"strength": 2 if kind == "action_sequence" else 4, "at": Range.parse("16f..24f")}
    if form == "gray" and INJECTORS[kind].needs_color:
        with pytest.raises(BadInput, match=f"{kind} needs a color clip, array is gray"):
            inject(clip, kind, seed=3, **plan)
        return
    made, truth = inject(clip, kind, seed=3, **plan)
    frames, own = made.frames(14, 25), clip.frames(14, 25)
    assert frames.shape == own.shape and frames.dtype == own.dtype
    assert not np.array_equal(frames, own)
    if form == "alpha":
        assert (frames[..., 3] == 77).all()
    if form == "uint16" and kind not in ("freeze", "unnatural_jump", "action_sequence",
                                         "action_mismatch"):  # fmt: skip
        changed = frames[frames != own]
        assert (changed % 257 != 0).any()  # more than 8 bits come out
    if truth.box is not None:
        x0, y0, x1, y1 = truth.box
        assert 0 <= x0 < x1 <= clip.info.width and 0 <= y0 < y1 <= clip.info.height


@pytest.mark.parametrize("kind", INJECTORS)
def test_a_range_of_one_frame_is_planted_or_refused_in_one_line(photo, kind):
    at = Range.parse("20f..21f")
    if INJECTORS[kind].least > 1:
        with pytest.raises(
            BadInput, match="frames, the range holds 1: give a longer one"
        ) as caught:
            inject(photo, kind, strength=3, at=at)
        assert "\n" not in str(caught.value)
        return
    clip, truth = inject(photo, kind, strength=3, at=at)
    assert truth.start_frame == 20 and len(clip.frames(18, 24)) == 6


@pytest.mark.parametrize("kind", INJECTORS)
def test_the_whole_clip_can_be_faulty(small, kind):
    if kind == "unnatural_jump":
        pytest.skip("a jump needs a frame before it")
    clip, truth = inject(small, kind, strength=4, at=Range.parse("0%..100%"))
    assert clip.frames(0, 2).any() and len(clip) == len(small)
    assert truth.start_frame < truth.end_frame <= len(small)


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
        ({"kind": "unphysical"}, "no injector plants unphysical yet"),
        ({"strength": 6}, "from 1 to 5, got 6"),
        ({"box": (0, 0, 999, 10)}, "inside 320 x 180, got 0,0,999,10"),
        ({"kind": "freeze", "at": Range.parse("3f..4f")}, "freeze needs 2 frames"),
        ({"kind": "unnatural_jump", "at": Range.parse("47f..48f")}, "starts at frame 47 of 48"),
        ({"kind": "action_sequence", "strength": 5, "at": Range.parse("3f..14f")}, "holds 11"),
    ],
)
def test_what_cannot_be_planted_is_refused_in_one_line(photo, options, says):
    plan = {"kind": "shake", "strength": 3, "at": AT} | options
    with pytest.raises(BadInput, match=says) as caught:
        inject(photo, plan.pop("kind"), **plan)
    assert "\n" not in str(caught.value)
