"""Order of time, light that turns, pictures that break down; and who explains whom."""

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.footage import moved_photo
from evenflow.continuity import check, inject
from evenflow.continuity.arbitration import arbitrate
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.core.clip import ArraySource, Clip

FPS = 24


@pytest.fixture(scope="module")
def frames():
    clip = moved_photo("coffee.png", num_frames=60, size=(320, 180), seed=1)
    return np.stack([frame.pixels() for frame in clip.stream(0, None)])


def checked(frames):
    return check(Clip(ArraySource(np.ascontiguousarray(frames), Fraction(FPS), "made")))


def kinds(report):
    return [finding.kind for finding in report.findings]


@pytest.mark.parametrize(
    "order",
    [
        [*range(20), *range(31, 19, -1), *range(32, 60)],  # a part runs backwards
        [*range(15), *range(27, 39), *range(15, 27), *range(39, 60)],  # two parts exchanged
    ],
)
def test_a_wrong_order_is_named_and_spanned(frames, order):
    report = checked(frames[order])
    assert kinds(report) == ["action_sequence"]
    wrong = np.flatnonzero(np.array(order) != np.arange(60))
    span = report.findings[0].span
    assert abs(span.start_frame - wrong[0]) <= 1 and abs(span.end_frame - wrong[-1] - 1) <= 1


def test_skipped_time_has_no_continuation_elsewhere(frames):
    report = checked(np.concatenate([frames[:25], frames[34:]]))
    assert kinds(report) == ["unnatural_jump"]


def test_a_camera_that_swings_to_and_fro_runs_in_no_wrong_order():
    clip = moved_photo("coffee.png", num_frames=1, size=(400, 200), grain=0.0)
    [picture] = [frame.pixels() for frame in clip.stream(0, None)]
    rng = np.random.default_rng(0)
    shift = np.round(35 + 30 * np.sin(np.arange(60) / 9.0)).astype(int)
    views = np.stack([picture[:, s : s + 320] for s in shift]).astype(np.float32)
    views += rng.standard_normal(views.shape)
    assert "action_sequence" not in kinds(checked(np.clip(views, 0, 255).astype(np.uint8)))


def noise_from(frames, start, seed=0):
    rng = np.random.default_rng(seed)
    made = frames.astype(np.float32)
    for i in range(start, len(frames)):
        share = min(1.0, (i - start + 1) / 8)
        made[i] += share * (128 + 45 * rng.standard_normal(made[i].shape) - made[i])
    return np.clip(made, 0, 255).astype(np.uint8)


def test_a_picture_that_dissolves_into_noise_is_a_collapse_and_no_new_shot(frames):
    report = checked(noise_from(frames, 25))
    assert report.cuts == ()
    worst = report.worst
    assert worst.kind == "collapse" and abs(worst.span.start_frame - 25) <= 8


def test_noise_and_nothing_else_is_a_collapse_from_the_start(frames):
    rng = np.random.default_rng(0)
    assert "collapse" in kinds(checked(rng.integers(0, 255, frames[:30].shape, np.uint8)))


def test_a_picture_that_is_drawn_in_dots_from_a_frame_on_has_not_collapsed(frames):
    gray = frames[25:].mean(axis=-1, keepdims=True)
    dots = np.indices(gray.shape[1:3]).sum(axis=0)[None, ..., None] % 2
    drawn = np.where(gray > 70 + 90 * dots, 200, 60).repeat(3, axis=-1).astype(np.uint8)
    assert "collapse" not in kinds(checked(np.concatenate([frames[:25], drawn])))


def test_small_marks_that_stay_the_same_ones_are_no_noise():
    marks = 40 * np.random.default_rng(2).integers(0, 5, (60, 120)).astype(np.uint8)
    page = np.kron(marks, np.ones((4, 4), np.uint8))
    views = np.stack([page[20:200, i : i + 320] for i in range(40)])
    assert "collapse" not in kinds(checked(np.repeat(views[..., None], 3, axis=-1)))


def test_light_that_turns_is_named_where_it_does(frames):
    clip = Clip(ArraySource(frames, Fraction(FPS), "made"))
    planted, truth = inject(clip, "light_direction", strength=5, at="25f..60f", seed=4)
    report = check(planted)
    assert kinds(report) == ["light_direction"]
    span = report.findings[0].span
    assert abs(span.start_frame - truth.start_frame) <= 1
    assert span.box is not None


def test_more_light_everywhere_is_no_light_from_elsewhere(frames):
    brighter = np.clip(frames[30:].astype(np.float32) * 1.2, 0, 255).astype(np.uint8)
    assert "light_direction" not in kinds(checked(np.concatenate([frames[:30], brighter])))


def suspect(kind, start, end, severity, **more):
    return Candidate(kind, start, end, start, severity, 0.9, "", evidence("change", 1, 1), **more)


def place(rows, cols):
    cells = np.zeros((18, 24), dtype=bool)
    cells[rows, cols] = True
    return cells.reshape(-1)


LEFT, RIGHT = place(slice(3, 9), slice(1, 7)), place(slice(3, 9), slice(16, 22))


def test_a_cause_explains_what_shares_its_place_and_no_more():
    swap = suspect("subject_swap", 20, 60, 8.0, tiles=LEFT)
    beside = suspect("unstable_texture", 20, 60, 4.0, tiles=RIGHT)
    [one] = arbitrate([swap, suspect("unstable_texture", 20, 60, 4.0, tiles=LEFT)])
    assert one.kind == "subject_swap" and one.ruled_out == ("unstable_texture",)
    assert [c.kind for c in arbitrate([swap, beside])] == ["subject_swap", "unstable_texture"]


def test_a_step_explains_nothing_that_happens_later():
    look = suspect("style_change", 5, 60, 9.0)
    later = suspect("color_change", 40, 60, 4.0, tiles=LEFT)
    assert len(arbitrate([look, later])) == 2
    assert len(arbitrate([look, suspect("color_change", 5, 60, 4.0, tiles=LEFT)])) == 1


def test_a_tremble_of_the_whole_shot_explains_no_short_fault_of_a_surface():
    shake = suspect("shake", 0, 90, 4.0)
    assert len(arbitrate([shake, suspect("edge_shimmer", 30, 50, 3.0)])) == 2
    assert len(arbitrate([shake, suspect("edge_shimmer", 5, 85, 3.0)])) == 1


def test_skipped_time_shows_in_more_than_a_region():
    region = suspect("vanish", 20, 60, 6.0, tiles=LEFT)
    wide = suspect("unnatural_jump", 20, 21, 4.0, spread=0.6)
    narrow = suspect("unnatural_jump", 20, 21, 4.0, spread=0.1)
    assert [c.kind for c in arbitrate([region, wide])] == ["unnatural_jump"]
    assert [c.kind for c in arbitrate([region, narrow])] == ["vanish"]
