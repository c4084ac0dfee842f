from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.animation import CameraTrack, EntityTrack
from evenflow.world.cameras import LOWEST, ease, spline, track
from evenflow.world.spec import Camera, CameraMove, Entity, SceneSpec, Shot
from evenflow.world.words import CAMERA_MOVES

AMOUNT = {"zoom in": 1.8, "zoom out": 0.6, "shake": 2.0, "follow": 1.0}


def scene(camera: Camera, frames: int = 49, **more) -> SceneSpec:
    return SceneSpec(3, "story", (Shot(frames, camera),), **more)


def moved(*moves: CameraMove, frames: int = 49, **more) -> CameraTrack:
    return track(scene(Camera(moves=moves), frames, **more))


def eyes(camera: CameraTrack) -> np.ndarray:
    pose = camera.world_to_camera.astype(np.float64)
    return -np.einsum("tji,tj->ti", pose[:, :3, :3], pose[:, :3, 3])


def seen(camera: CameraTrack, points: np.ndarray) -> np.ndarray:
    local = np.einsum("tij,tj->ti", camera.world_to_camera[:, :3, :3], points)
    local = local + camera.world_to_camera[:, :3, 3]
    pixel = np.einsum("tij,tj->ti", camera.intrinsics, local)
    return pixel[:, :2] / pixel[:, 2:]


def entities(position: np.ndarray) -> EntityTrack:
    t, e, _ = position.shape
    zero = np.zeros((t, e, 3), np.float32)
    return EntityTrack(
        position.astype(np.float32), np.tile(np.eye(3, dtype=np.float32), (t, e, 1, 1)), zero, zero,
        np.ones((t, e), np.float32), np.zeros((t, e), np.int8), np.ones((t, e), bool),
        np.zeros((t, e), np.int16),
    )  # fmt: skip


@pytest.mark.parametrize("kind", CAMERA_MOVES)
def test_every_move_is_smooth_and_rigid(kind):
    move = CameraMove(kind, 0.5, 3.0, AMOUNT.get(kind, 0.5), 1 if kind == "follow" else 0)
    way = np.zeros((49, 1, 3))
    way[:, 0, 0] = np.linspace(-1, 1, 49)
    spec = scene(Camera(moves=(move,)), cast=(Entity(1, "ball", "red"),))
    camera = track(spec, entities(way))
    turn = camera.world_to_camera[:, :3, :3].astype(np.float64)
    assert np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max() < 1e-6
    # Our world is left-handed (y up, z away), OpenCV's cameras are right-handed.
    assert np.allclose(np.linalg.det(turn), -1.0, atol=1e-6)
    assert (eyes(camera)[:, 1] >= LOWEST - 1e-6).all()
    if kind not in ("shake", "whip pan left", "whip pan right"):
        jerk = np.abs(np.diff(seen(camera, np.tile([0.2, 0.7, 3.0], (49, 1))), n=2, axis=0))
        assert jerk.max() < 3.0
    if kind == "static":
        assert np.ptp(camera.world_to_camera, axis=0).max() == 0


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("pan left", "pan right"), ("tilt up", "tilt down"), ("dolly in", "dolly out"),
        ("truck left", "truck right"), ("rise", "sink"), ("orbit left", "orbit right"),
        ("zoom in", "zoom out"), ("whip pan left", "whip pan right"),
    ],
)  # fmt: skip
def test_there_and_back_ends_where_it_began(there, back):
    amount = 1.6 if "zoom" in there else 0.7
    camera = moved(CameraMove(there, 0, 1.5, amount), CameraMove(back, 2.0, 3.5, amount))
    assert np.abs(camera.world_to_camera[-1] - camera.world_to_camera[0]).max() < 1e-5
    assert np.abs(camera.intrinsics[-1] - camera.intrinsics[0]).max() < 1e-3
    away = np.abs(camera.world_to_camera[24] - camera.world_to_camera[0]).max()
    assert away + np.abs(camera.intrinsics[24] - camera.intrinsics[0]).max() > 0.05


def test_signs_are_those_of_the_words():
    point = np.tile([0.0, 1.0, 4.0], (49, 1))
    for kind, axis, sign in (
        ("pan left", 0, 1), ("pan right", 0, -1), ("tilt up", 1, 1), ("tilt down", 1, -1),
        ("truck left", 0, 1), ("truck right", 0, -1), ("rise", 1, 1), ("sink", 1, -1),
    ):  # fmt: skip
        at = seen(moved(CameraMove(kind, 0, 4, 0.3)), point)
        assert np.sign(at[-1, axis] - at[0, axis]) == sign, kind
    assert eyes(moved(CameraMove("orbit left", 0, 4, 0.5)))[-1, 0] < -0.5
    assert eyes(moved(CameraMove("dolly in", 0, 4, 2.0)))[-1, 2] == pytest.approx(-4.0, abs=1e-4)


def test_an_orbit_keeps_distance_and_what_it_looks_at():
    camera = moved(CameraMove("orbit right", 0, 4, 1.2))
    eye = eyes(camera)
    assert np.ptp(np.hypot(eye[:, 0], eye[:, 2])) < 1e-4
    assert np.abs(seen(camera, np.tile([0.0, 0.7, 0.0], (49, 1))) - 64.0).max() < 1e-2


def test_an_orbit_around_somebody_who_walks_keeps_them_in_the_middle():
    way = np.zeros((49, 1, 3))
    way[:, 0] = np.stack([np.linspace(0, 2, 49), np.full(49, 0.7), np.linspace(0, 1, 49)], 1)
    move = CameraMove("orbit left", 0, 4, 1.0, 1)
    spec = scene(Camera(moves=(move,)), cast=(Entity(1, "ball", "red"),))
    at = seen(track(spec, entities(way)), way[:, 0])
    assert np.abs(at - 64.0).max() < 4.0


@pytest.mark.parametrize("share", [1.0, 0.5, 0.0])
def test_follow_holds_an_entity_where_it_is_in_the_picture(share):
    way = np.zeros((49, 1, 3))
    way[:, 0, 0] = 2.5 * ease(np.linspace(-0.2, 1.2, 49))
    way[:, 0, 1] = 0.7
    move = CameraMove("follow", 0, 49 / 12, share, 1)
    spec = scene(Camera(moves=(move,)), cast=(Entity(1, "ball", "red"),))
    camera = track(spec, entities(way))
    at = seen(camera, way[:, 0])
    assert np.abs(at[:, 0] - 64.0).max() < 8.0  # low-passed, not glued
    assert np.abs(at[-1] - 64.0).max() < 2.0
    assert eyes(camera)[-1, 0] == pytest.approx(2.5 * share, abs=0.05)


def test_zoom_multiplies_the_focal_length():
    camera = moved(CameraMove("zoom in", 0, 2, 1.8), CameraMove("zoom out", 2, 4, 0.5))
    focal = camera.intrinsics[:, 1, 1]
    assert focal[0] == pytest.approx(64 / np.tan(0.375), rel=1e-6)
    assert focal[24] / focal[0] == pytest.approx(1.8, rel=1e-6)
    assert focal[48] / focal[0] == pytest.approx(0.9, rel=1e-6)
    assert (camera.intrinsics[:, 0, 0] == focal).all()
    flat = track(scene(Camera(fov=0.0, height=4.0, moves=(CameraMove("zoom in", 0, 4, 2.0),))))
    assert flat.orthographic.all()
    assert flat.intrinsics[[0, -1], 0, 0] == pytest.approx([32.0, 64.0])


@pytest.mark.parametrize("rms", [0.5, 2.0, 6.0])
@pytest.mark.parametrize("height", [128, 256])
def test_shake_has_the_rms_that_was_asked_for(rms, height):
    frames = 120
    spec = scene(Camera(moves=(CameraMove("shake", 0, 10, rms),)), frames, size=(height, height))
    spec = replace(spec, fps=Fraction(24), shots=(replace(spec.shots[0], frames=240),))
    far = np.array([0.0, 1.6, -6.0]) + 50.0 * np.array([0.0, -0.9, 6.0]) / np.hypot(0.9, 6.0)
    at = seen(track(spec), np.tile(far, (240, 1))) - 0.5 * height
    measured = np.sqrt((at**2).sum(1).mean()) * 128 / height
    assert measured == pytest.approx(rms, rel=0.03)
    power = np.abs(np.fft.rfft(at - at.mean(0), axis=0)) ** 2
    hertz = np.fft.rfftfreq(240, 1 / 24)
    assert power[hertz > 5.0].sum() < 0.01 * power.sum()
    other = track(replace(spec, seed=4))
    assert np.abs(other.world_to_camera - track(spec).world_to_camera).max() > 1e-4
    assert (track(spec).world_to_camera == track(spec).world_to_camera).all()


def test_keys_are_met_and_the_way_between_is_smooth():
    keys = (
        (0.0, 0, 1.6, -6, 0, 0.7, 0, 0.75),
        (1.0, 2, 2.0, -5, 0, 0.7, 0, 0.60),
        (2.5, 2, 2.0, -5, 0, 0.7, 0, 0.60),
        (4.0, -2, 1.0, -4, 1, 0.7, 0, 0.90),
    )
    camera = track(scene(Camera(keys=keys)))
    eye = eyes(camera)
    for row in keys:
        i = round(row[0] * 12)
        assert eye[i] == pytest.approx(row[1:4], abs=1e-4)
        assert camera.intrinsics[i, 1, 1] == pytest.approx(64 / np.tan(row[7] / 2), rel=1e-5)
    assert np.ptp(eye[12:31], axis=0).max() < 1e-4  # equal keys hold
    assert np.abs(np.diff(eye, n=2, axis=0)).max() < 0.08


def test_the_spline_never_leaves_the_range_of_its_keys():
    rng = np.random.default_rng(0)
    knots = np.sort(rng.uniform(0, 10, 9))
    values = rng.normal(size=(9, 2))
    at = spline(np.linspace(-1, 11, 400), knots, values)
    assert (at.min(0) >= values.min(0) - 1e-12).all() and (at.max(0) <= values.max(0) + 1e-12).all()
    assert np.abs(spline(knots, knots, values) - values).max() < 1e-12


def test_no_camera_goes_below_the_ground():
    for kind in ("sink", "tilt down", "shake"):
        assert (eyes(moved(CameraMove(kind, 0, 3, 5.0)))[:, 1] >= LOWEST - 1e-6).all()
    keys = ((0.0, 0, 1.0, -6, 0, 1, 0, 0.7), (4.0, 0, -3.0, -6, 0, 1, 0, 0.7))
    assert eyes(track(scene(Camera(keys=keys))))[:, 1].min() >= LOWEST - 1e-6


def test_a_cut_begins_anew_and_nothing_moves_before_a_move_begins():
    one = Shot(12, Camera(moves=(CameraMove("pan left", 0, 1, 0.5),)))
    two = Shot(12, Camera(eye=(3, 2, -3), moves=(CameraMove("truck left", 1.5, 2, 1.0),)))
    camera = track(SceneSpec(1, "lab", (one, two)))
    assert eyes(camera)[12] == pytest.approx((3, 2, -3), abs=1e-5)
    assert np.ptp(eyes(camera)[12:19], axis=0).max() < 1e-5
    assert eyes(camera)[-1, 0] < 3


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        (Camera(keys=((0.0, 1.0, 2.0),)), "8 finite numbers"),
        (Camera(trajectory=((0.0, 1.0),)), "17 finite numbers"),
        (Camera(keys=((0.0, 0, 1, -5, 0, 1, float("nan"), 0.7),)), "finite"),
        (Camera(moves=(CameraMove("zoom in", 0, 1, 0.0),)), "above 0"),
    ],
)
def test_rows_that_are_wrong_are_told(camera, said):
    with pytest.raises(BadInput, match=said):
        track(scene(camera, 4))
