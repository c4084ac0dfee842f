"""What passes the picture's border, leaps back from afar, or is mixed into what looks like it."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from benchmarks.footage import data_file, moved_photo
from evenflow.continuity import check
from evenflow.continuity.arbitration import arbitrate
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.detectors.collapse import PATTERN, REPEATED, structure
from evenflow.continuity.passage import GOES_ON
from evenflow.core.clip import ArraySource, Clip
from tests.continuity.detectors.test_surfaces_and_motion import passage_of

FPS = 24
SIZE = (432, 240)


def photo_frames(name, num_frames=60, seed=4):
    if data_file("skimage", "data", name) is None:
        pytest.skip("photographs come with the extra demo")
    return np.stack(list(moved_photo(name, num_frames=num_frames, size=SIZE, seed=seed).frames()))


@pytest.fixture(scope="module")
def frames():
    return photo_frames("astronaut.png")


@pytest.fixture(scope="module")
def panned():
    """A camera that pans by a pixel a frame, and its grain."""
    wide = next(iter(moved_photo("astronaut.png", num_frames=1, size=(560, 240)).frames()))
    views = np.stack([wide[:, i : i + SIZE[0]] for i in range(60)])
    grain = np.random.default_rng(3).normal(0, 1.5, views.shape)
    return (views + grain).clip(0, 255).astype(np.uint8)


def checked(frames):
    return check(Clip(ArraySource(np.ascontiguousarray(frames), Fraction(FPS), "made")))


def kinds(report):
    return [finding.kind for finding in report.findings]


def cup():
    """Something with a texture of its own, `(60, 60, 3)`, and its outline."""
    x, y = np.mgrid[-30:30, -30:30]
    soft = np.clip(30 - np.hypot(x, y), 0, 2)[..., None] / 2
    rings = 128 + 90 * np.sin(np.hypot(x - 6, y + 4) / 3.0) + 30 * np.sign(np.sin(y / 4.0))
    return np.stack([rings, 0.5 * rings + 40, 60 + 0 * rings], axis=-1).clip(0, 255), soft


def with_cup(frames, ways):
    """The frames with the cup at `(x, y)` of each, in pixels of its center; None leaves it out."""
    thing, soft = cup()
    made = frames.astype(np.float32)
    height, width = frames.shape[1:3]
    for frame, way in zip(made, ways, strict=True):
        if way is None:
            continue
        move = np.float32([[1, 0, way[0] - 30], [0, 1, way[1] - 30]])
        layer = cv2.warpAffine(thing.astype(np.float32), move, (width, height))
        share = cv2.warpAffine(soft.astype(np.float32), move, (width, height))[..., None]
        frame += share * (layer - frame)
    return made.clip(0, 255).astype(np.uint8)


def test_fine_structure_goes_on_in_one_shot_and_in_no_other(frames):
    toned = (frames[30:] * np.array([0.8, 0.9, 1.0])).astype(np.uint8)
    other = photo_frames("coffee.png", 30)
    assert passage_of(np.concatenate([frames[:30], toned])).goes_on(10, 50) > 0.5
    assert passage_of(np.concatenate([frames[:30], other])).goes_on(10, 50) < GOES_ON
    assert np.isnan(passage_of(np.full((12, *SIZE[::-1], 3), 90, np.uint8)).goes_on(0, 11))


@pytest.mark.parametrize("name", ["grass.png", "moon.png"])
def test_a_dissolve_into_a_closer_view_of_the_same_is_no_drift(name):
    own = photo_frames(name)
    other = np.stack([cv2.resize(f[100:, :240][:, ::-1], SIZE) for f in own]) * 0.8
    share = np.clip((np.arange(60) - 20) / 20, 0, 1)[:, None, None, None]
    assert "drift" not in kinds(checked((own + share * (other - own)).clip(0, 255).astype("u1")))


def test_what_hurries_over_the_border_has_not_vanished(frames):
    for hold in (1, 2):  # as drawn on every frame, and on twos
        ways = [(360 + 14 * max(0, i // hold * hold - 20), 120) for i in range(60)]
        assert "vanish" not in kinds(checked(with_cup(frames, ways)))


def test_what_stands_at_the_border_and_is_gone_has_vanished(frames):
    stood = with_cup(frames, [(400, 120) if i < 30 else None for i in range(60)])
    [finding] = checked(stood).findings
    assert finding.kind == "vanish" and abs(finding.span.start_frame - 30) <= 1


@pytest.mark.parametrize("speed", [1.5, 2.5])
def test_what_slides_far_and_is_back_at_once_has_slid(panned, speed):
    ways = [(250 - i + speed * max(0, i - 14) * (i < 36), 130) for i in range(60)]
    report = checked(with_cup(panned, ways))
    worst = report.worst
    assert worst.kind == "unnatural_motion" and "sliding away" in worst.explanation
    assert abs(worst.span.start_frame - 15) <= 3 and worst.span.end_frame == 36
    assert not {"vanish", "teleportation", "subject_swap"} & set(kinds(report))


def test_what_leaps_to_where_it_never_was_has_not_slid(panned):
    ways = [(250 - i, 130) if i < 36 else (170 - i, 60) for i in range(60)]
    assert "unnatural_motion" not in kinds(checked(with_cup(panned, ways)))


def pattern_of(luma):
    rgb = np.repeat(luma[..., None].astype(np.uint8), 3, axis=-1)
    return structure(passage_of(np.stack([rgb, rgb])).pictures[0]).pattern


def test_one_post_is_no_pattern_but_one_piece_everywhere_is():
    rng = np.random.default_rng(0)
    luma = cv2.GaussianBlur(rng.uniform(0, 255, (180, 320)).astype(np.float32), (0, 0), 8)
    luma = (luma - luma.mean()) * 6 + 128
    post = luma.copy()
    post[:, 140:200] = 20
    tiles = np.tile(np.block([[luma[:24, :24], luma[:24, 23::-1]]]), (8, 7))[:180, :320]
    tiles[24:48] = tiles[23::-1]
    assert pattern_of(post.clip(0, 255)) < 0.5 < PATTERN
    assert pattern_of(tiles.clip(0, 255)) > REPEATED


def test_texture_before_mush_is_no_noise():
    def of(kind, start, end, severity):
        at = evidence("made", severity, 1.0)
        return Candidate(kind, start, end, start, severity, 0.9, "made", at)

    noise, mush = of("high_frequency_noise", 0, 20, 7.0), of("collapse", 20, 60, 5.0)
    assert [c.kind for c in arbitrate([noise, mush])] == ["collapse"]
    later = of("high_frequency_noise", 5, 15, 7.0)
    assert [c.kind for c in arbitrate([later, mush])] == ["high_frequency_noise", "collapse"]
