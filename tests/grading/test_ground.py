import numpy as np
import pytest

from evenflow.grading import ground
from evenflow.world.animation import CameraTrack


def camera(frames=1, *, height=2.0, pitch=0.3, fov=0.75, size=(160, 120), flat=False):
    """A camera at (0, height, -6) that looks along +z and down."""
    focal = 0.5 * size[1] / np.tan(0.5 * fov)
    if flat:
        focal = size[1] / 6.0
    k = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    ahead = np.array([0, -np.sin(pitch), np.cos(pitch)])
    right = np.array([1.0, 0, 0])
    down = np.cross(right, ahead)  # y up, z away: the world is left-handed
    pose = np.eye(4)
    pose[:3, :3] = [right, down, ahead]
    pose[:3, 3] = -pose[:3, :3] @ [0, height, -6.0]
    return CameraTrack(
        np.tile(k, (frames, 1, 1)).astype("f4"),
        np.tile(pose, (frames, 1, 1)).astype("f4"),
        np.full(frames, flat),
    )


@pytest.mark.parametrize("flat", [False, True])
def test_a_ray_through_the_picture_of_a_point_meets_the_point(flat):
    view = camera(flat=flat)
    points = np.array([[0.5, 0.0, 1.0], [-1.0, 0.0, 4.0], [2.0, 0.0, 2.0]])
    pixels = ground.projected(view, 0, points)
    start, way = ground.rays(view, 0, pixels)
    np.testing.assert_allclose(ground.landed(start, way), points, atol=2e-4)


def test_above_the_horizon_there_is_no_ground():
    start, way = ground.rays(camera(), 0, np.array([[80.0, 0.5]]))
    assert np.isnan(ground.landed(start, way)).all()


@pytest.mark.parametrize("kind", ["ball", "cube", "cone", "cylinder", "man", "thing"])
@pytest.mark.parametrize("half", [0.32, 0.9])
def test_who_stands_is_put_where_he_stands_at_his_height(kind, half):
    view = camera()
    place = np.array([0.7, half, 1.5])
    ends = ground.profile(view, 0, place, half, kind)
    x = ground.projected(view, 0, place[None])[0, 0]
    low, high = np.array([x, ends[0, 1]]), np.array([x, ends[1, 1]])
    found, size = ground.standing(view, 0, low, high, kind)
    assert size == pytest.approx(half, rel=0.01)
    np.testing.assert_allclose(found, place, atol=0.02)


def test_a_ball_that_hops_is_found_over_its_way_at_its_height():
    frames = 21
    view = camera(frames)
    time = np.arange(frames) / 12
    half = 0.4
    hop = np.maximum(0.0, 3.0 * (time - 0.5) - 4.9 * (time - 0.5) ** 2) * (time > 0.5)
    path = np.stack([-1 + time, half + hop, 0.5 + 0.3 * time], 1)
    low, high = np.empty((frames, 2)), np.empty((frames, 2))
    for t in range(frames):
        ends = ground.profile(view, t, path[t], half, "ball")
        low[t], high[t] = ends[0], ends[1]
        low[t, 0] = high[t, 0] = ground.projected(view, t, path[t][None])[0, 0]
    base, size = ground.places(
        view, low, high, np.ones(frames, bool), np.zeros(frames, int), kind="ball"
    )
    assert np.abs(size - half).max() < 0.1 * half
    high_up = hop > 0.25
    assert high_up.sum() >= 4
    assert np.abs(base[:, 1] - hop)[high_up].max() < 0.08
    assert np.abs(base[:, 1])[hop == 0].max() < 0.02
    assert np.abs(base[:, 0] - path[:, 0]).max() < 0.08


def test_what_was_never_seen_whole_is_nowhere():
    view = camera(4)
    low = np.tile([80.0, 90.0], (4, 1))
    base, size = ground.places(view, low, low - 20, np.zeros(4, bool), np.zeros(4, int))
    assert np.isnan(base).all() and np.isnan(size).all()
