import dataclasses
from fractions import Fraction

import cv2
import numpy as np
import pytest

from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput
from evenflow.grading.eyes import read
from evenflow.grading.reading import ABSENT, LOST, SEEN
from evenflow.world.clip import WorldSource, scene

FRAMES = 13


def drawn(caption, seed=0, preset="lab", size=(128, 128), frames=FRAMES):
    spec = scene(caption, preset=preset, seed=seed, frames=frames, size=size)
    source = WorldSource(spec)
    pictures, truth = source.draw(range(frames), truth=("instance",))
    return spec, source.animation, pictures, truth.instance.numpy()


def clip_of(pictures):
    return Clip(ArraySource(pictures, Fraction(12)))


CAPTIONS = (
    "a red ball rolls behind a pillar",
    "a blue cube slides to the left",
    "a yellow cone and a green ball",
    "an orange cylinder and a teal cube",
)


@pytest.fixture(scope="module")
def scenes():
    """Four small scenes, drawn once."""
    return [drawn(caption, seed=i) for i, caption in enumerate(CAPTIONS)]


@pytest.mark.parametrize("parser", ["net", "table"])
def test_four_scenes_are_read_as_they_are(scenes, parser):
    right, bodies, errors = 0, 0, []
    for spec, animation, pictures, ids in scenes:
        reading = read(clip_of(pictures), camera=animation.camera, preset="lab", parser=parser)
        assert reading.num_frames == FRAMES and reading.labels.shape == ids.shape
        for entity in spec.cast:
            own = ids == entity.id
            if entity.kind == "pillar" or own.sum((1, 2)).max() < 60:
                continue
            bodies += 1
            votes = np.bincount(reading.labels[own], minlength=len(reading.tracks) + 1)
            votes[0] = 0
            track = reading.tracks[int(votes.argmax()) - 1]
            right += track.color == entity.color and (
                parser == "table" or track.kind == entity.kind
            )
            for t in np.flatnonzero(own.sum((1, 2)) >= 60):
                if track.state[t] == SEEN:
                    y, x = np.nonzero(own[t])
                    at = np.array([x.mean() + 0.5, y.mean() + 0.5])
                    errors.append(np.hypot(*(track.center[t] - at)))
            if parser == "net":  # the table knows no pillars
                assert LOST not in track.state
    assert bodies >= 6 and right >= bodies - 1
    assert np.median(errors) < 0.6


def test_places_on_the_ground_are_those_of_the_scene(scenes):
    spec, animation, pictures, ids = scenes[1]
    reading = read(clip_of(pictures), camera=animation.camera, preset="lab")
    entity = spec.cast[0]
    votes = np.bincount(reading.labels[ids == entity.id], minlength=len(reading.tracks) + 1)
    votes[0] = 0
    track = reading.tracks[int(votes.argmax()) - 1]
    truth = animation.entities.position[:, entity.id - 1].copy()
    truth[:, 1] -= animation.entities.size[:, entity.id - 1]
    known = np.isfinite(track.ground[:, 0])
    assert known.sum() > FRAMES // 2
    assert np.median(np.abs(track.ground - truth)[known], axis=0).max() < 0.3


def test_a_larger_picture_gives_places_in_its_own_pixels(scenes):
    spec, _, pictures, _ = scenes[2]
    big = np.stack([cv2.resize(p, (384, 384), interpolation=cv2.INTER_LINEAR) for p in pictures])
    small = read(clip_of(pictures), preset="lab", parser="table")
    large = read(clip_of(big), preset="lab", parser="table")
    assert large.width == 384 and large.labels.shape[1] <= 160
    for one in small.tracks:
        two = next(t for t in large.tracks if t.color == one.color)
        assert np.nanmax(np.abs(two.center / 3 - one.center)) < 1.0
    assert spec.size == (128, 128)


def test_who_is_painted_out_is_lost(scenes):
    spec, animation, pictures, ids = scenes[2]
    ball = next(one for one in spec.cast if one.kind == "ball")
    edited = pictures.copy()
    wide = np.ones((9, 9), np.uint8)
    for t in range(10, FRAMES):
        hole = cv2.dilate((ids[t] == ball.id).astype(np.uint8), wide)
        edited[t] = cv2.inpaint(pictures[t], hole, 5, cv2.INPAINT_TELEA)
    reading = read(clip_of(edited), camera=animation.camera, preset="lab", parser="table")
    track = next(one for one in reading.tracks if one.color == ball.color)
    assert (track.state[:10] == SEEN).all() and (track.state[12:] == LOST).all()


def test_a_clip_of_nothing_has_nobody_in_it():
    gray = np.full((6, 64, 96, 3), 150, np.uint8)
    reading = read(clip_of(gray))
    assert reading.tracks == () and reading.cuts == ()
    assert np.nanmax(np.abs(reading.view.motion)) == 0
    np.testing.assert_allclose(reading.background, 1.0, atol=1e-6)


def test_a_cut_is_one_and_a_dimming_light_is_none(scenes):
    one, two = scenes[0][2], np.ascontiguousarray(scenes[3][2][:, :, ::-1] // 2)
    joined = np.concatenate([one[:10], two[:10]])
    assert read(clip_of(joined), parser="table").cuts == (10,)
    gain = np.linspace(1.0, 0.5, 10)[:, None, None, None]
    dimmed = (one[:10] * gain).astype(np.uint8)
    reading = read(clip_of(dimmed), parser="table")
    assert reading.cuts == ()
    assert reading.light[-1].mean() < 0.5 * reading.light[0].mean()


def test_a_camera_that_pans_moves_the_background():
    rng = np.random.default_rng(0)
    wide = cv2.GaussianBlur(
        rng.uniform(0, 255, (96, 200, 1)).repeat(3, 2).astype(np.float32), (0, 0), 1.5
    )
    wide = ((wide - wide.mean()) * 2 + 128).clip(0, 255).astype(np.uint8)
    frames = np.stack([wide[:, 3 * t : 3 * t + 128] for t in range(8)])
    motion = read(clip_of(frames), parser="table").view.motion
    np.testing.assert_allclose(motion[1:, 0], -3.0, atol=0.15)
    np.testing.assert_allclose(motion[1:, 1:], 0.0, atol=0.1)


def test_silly_questions_are_answered_in_a_line(scenes):
    spec, animation, pictures, _ = scenes[0]
    with pytest.raises(BadInput, match="parser"):
        read(clip_of(pictures), parser="eyes")
    camera = animation.camera
    short = dataclasses.replace(camera, intrinsics=camera.intrinsics[:3])
    with pytest.raises(BadInput, match="frames"):
        read(clip_of(pictures), camera=short)
    assert spec.num_frames == FRAMES and ABSENT == 0


def test_gray_alpha_and_deep_pictures_are_read_as_well():
    gray = np.full((3, 40, 50, 1), 90, np.uint8)
    alpha = np.full((3, 40, 50, 4), 90, np.uint8)
    deep = np.full((3, 40, 50, 3), 90 << 8, np.uint16)
    for pictures in (gray, alpha, deep):
        assert read(clip_of(pictures), parser="table").num_frames == 3


@pytest.mark.slow
def test_ten_random_scenes_that_nobody_learned_from_are_read():
    from benchmarks.eyes import measure, summary

    rows = [measure(("lab", 700 + i, "identity", "net", 25, (128, 128))) for i in range(10)]
    found = summary([row for row in rows if row is not None])
    assert found["bodies"] >= 20
    assert found["attributes"] >= 0.88 and found["position_median_px"] <= 0.5
    assert found["frame_recall"] >= 0.97 and found["lost"] <= 0.05
