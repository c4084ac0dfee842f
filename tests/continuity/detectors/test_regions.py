"""Regions that are suddenly another: found where they change, named by how, and nowhere else."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from benchmarks.footage import data_file, moved_photo
from evenflow.continuity.analysis import analyze
from evenflow.continuity.detectors import (
    background_switch,
    color_change,
    subject_swap,
    teleportation,
    vanish,
)
from evenflow.continuity.ledger import judge
from evenflow.continuity.passage import Passage
from evenflow.continuity.picture import working_size
from evenflow.continuity.region_steps import region_steps, stays_in_part
from evenflow.core.clip import ArraySource, Clip

KINDS = {
    "background_switch": background_switch.detect,
    "color_change": color_change.detect,
    "subject_swap": subject_swap.detect,
    "teleportation": teleportation.detect,
    "vanish": vanish.detect,
}
SIZE = (320, 180)
AT = 16


@pytest.fixture(scope="module")
def frames():
    if data_file("skimage", "data", "coffee.png") is None:
        pytest.skip("photographs come with the extra demo")
    clip = moved_photo("coffee.png", num_frames=36, size=SIZE, seed=11)
    return [frame.pixels().copy() for frame in clip.stream(0, None)]


def passage_of(frames, fps=24):
    clip = Clip(ArraySource(np.stack(frames), Fraction(fps), "drawn"))
    steps = list(analyze(clip.stream(0, None), fps=float(fps), workers=2))
    return Passage(
        start=0,
        seconds=np.array([float(s.picture.time) for s in steps]),
        size=SIZE,
        lines=working_size(*SIZE)[1],
        pictures=[s.picture for s in steps],
        pairs=[None, *(s.pair for s in steps[1:])],
        anchors=[s.anchor for s in steps],
    )


def ellipse(x, y, half_x, half_y, soft=3.0):
    mask = np.zeros((SIZE[1], SIZE[0]), np.float32)
    cv2.ellipse(mask, (x, y), (half_x, half_y), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), soft)[..., None]


def mixed(frame, other, mask):
    return np.clip(frame + mask * (other.astype(np.float32) - frame) + 0.5, 0, 255).astype(np.uint8)


def planted(frames, edit, start=AT, end=None):
    end = len(frames) if end is None else end
    return [edit(f) if start <= i < end else f for i, f in enumerate(frames)]


def turned(frame):
    hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 60) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def spotted(frame):
    rng = np.random.default_rng(3)
    noise = cv2.GaussianBlur(rng.standard_normal(frame.shape[:2]).astype(np.float32), (0, 0), 3)
    share = np.clip(0.5 + 6.0 * noise, 0, 1)[..., None]
    return (share * np.array([40, 200, 90]) + (1 - share) * np.array([20, 30, 120])).astype(
        np.uint8
    )


def sole(passage):
    found = {kind: detect(passage) for kind, detect in KINDS.items()}
    assert sum(map(len, found.values())) == 1, {k: v for k, v in found.items() if v}
    return next((kind, c[0]) for kind, c in found.items() if c)


def overlap(box, truth):
    wide = min(box[2], truth[2]) - max(box[0], truth[0])
    high = min(box[3], truth[3]) - max(box[1], truth[1])
    both = max(0, wide) * max(0, high)
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, truth)]
    return both / (sum(areas) - both)


MASK = ellipse(100, 95, 34, 28)
BOX = (66, 67, 134, 123)


def test_a_moved_photograph_has_no_step_of_a_region(frames):
    assert region_steps(passage_of(frames)) == []


def test_another_hue_in_a_region_is_a_change_of_color_until_the_end(frames):
    passage = passage_of(planted(frames, lambda f: mixed(f, turned(f), MASK)))
    kind, found = sole(passage)
    assert (kind, found.start, found.end) == ("color_change", AT, len(frames))
    assert overlap(passage.box_of(found.tiles), BOX) > 0.5


def test_a_change_of_color_ends_where_the_old_color_is_back(frames):
    passage = passage_of(planted(frames, lambda f: mixed(f, turned(f), MASK), end=27))
    kind, found = sole(passage)
    assert (kind, found.start, found.end) == ("color_change", AT, 27)


def test_foreign_looks_in_a_region_are_another_subject(frames):
    passage = passage_of(planted(frames, lambda f: mixed(f, spotted(f), MASK)))
    kind, found = sole(passage)
    assert (kind, found.start, found.end) == ("subject_swap", AT, len(frames))
    assert overlap(passage.box_of(found.tiles), BOX) > 0.5


def test_what_is_filled_from_its_surroundings_has_vanished(frames):
    mask = ellipse(100, 95, 34, 28, soft=1.5)
    hole = (mask[..., 0] > 0.02).astype(np.uint8)

    def filled(frame):
        return mixed(frame, cv2.inpaint(frame, hole, 5, cv2.INPAINT_TELEA), mask)

    passage = passage_of(planted(frames, filled, end=28))
    kind, found = sole(passage)
    assert (kind, found.start, found.end) == ("vanish", AT, 28)


def test_a_region_that_stands_elsewhere_at_once_is_teleported(frames):
    here, there = ellipse(80, 110, 24, 24, 2.0), ellipse(235, 60, 24, 24, 2.0)
    hole = (here[..., 0] > 0.02).astype(np.uint8)

    def moved(frame):
        other = np.roll(frame, (-50, 155), axis=(0, 1))
        gone = mixed(frame, cv2.inpaint(frame, hole, 5, cv2.INPAINT_TELEA), here)
        return mixed(gone, other, there)

    passage = passage_of(planted(frames, moved))
    kind, found = sole(passage)
    assert (kind, found.start) == ("teleportation", AT)
    assert overlap(passage.box_of(found.tiles), (56, 36, 259, 134)) > 0.5


def test_another_place_behind_a_subject_is_a_switch_and_not_a_cut(frames):
    subject = ellipse(160, 90, 50, 40)
    passage = passage_of(planted(frames, lambda f: mixed(spotted(f[::-1, ::-1]), f, subject)))
    kind, found = sole(passage)
    assert (kind, found.start, found.end) == ("background_switch", AT, len(frames))
    assert stays_in_part(passage, AT)
    assert [f.kind for f in judge(passage)] == ["background_switch"]


def test_nothing_stays_through_a_cut(frames):
    cut = frames[:AT] + [cv2.flip(f, -1) for f in frames[AT:]]
    assert not stays_in_part(passage_of(cut), AT)


@pytest.mark.parametrize("dE", [(12, 30, 60)])
def test_severity_rises_with_the_turn_of_hue(frames, dE):
    sizes = []
    for degrees in dE:

        def tinted(frame, degrees=degrees):
            lab = cv2.cvtColor(frame, cv2.COLOR_RGB2Lab).astype(np.float32)
            lab[..., 1] -= degrees
            lab = np.clip(lab, 0, 255).astype(np.uint8)
            return mixed(frame, cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), MASK)

        _, found = sole(passage_of(planted(frames, tinted)))
        sizes.append(found.severity)
    assert sizes == sorted(sizes) and sizes[0] >= 1.0


def test_a_single_frame_or_a_flicker_of_color_is_no_change(frames):
    once = planted(frames, lambda f: mixed(f, turned(f), MASK), end=AT + 1)
    rng = np.random.default_rng(0)
    shares = rng.uniform(0, 1, len(frames))
    often = [mixed(f, turned(f), MASK * np.float32(s)) for f, s in zip(frames, shares, strict=True)]
    for clip in (once, often):
        passage = passage_of(clip)
        assert [c.kind for detect in KINDS.values() for c in detect(passage)] == []


def test_a_bar_that_passes_is_no_step(frames):
    made = []
    for i, frame in enumerate(frames):
        x = -60 + 12 * i
        frame = frame.copy()
        frame[:, max(0, x) : max(0, x + 50)] = (60, 70, 65)
        made.append(frame)
    passage = passage_of(made)
    assert [c.kind for detect in KINDS.values() for c in detect(passage)] == []


def test_whole_pictures_in_another_light_or_look_are_no_region(frames):
    darker = planted(frames, lambda f: (f * 0.7).astype(np.uint8))
    warmer = planted(frames, lambda f: np.clip(f * [1.15, 1.0, 0.8], 0, 255).astype(np.uint8))
    for clip in (darker, warmer):
        passage = passage_of(clip)
        assert [c.kind for detect in KINDS.values() for c in detect(passage)] == []
