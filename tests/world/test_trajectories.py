import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.cameras import track
from evenflow.world.spec import Camera, CameraMove, SceneSpec, Shot
from evenflow.world.trajectories import (
    pluecker,
    read_trajectory,
    trajectory_rows,
    write_trajectory,
)

MOVES = (CameraMove("orbit left", 0, 3, 0.8), CameraMove("rise", 1, 3, 0.6))


def camera(frames: int = 37, **more):
    return track(SceneSpec(1, "lab", (Shot(frames, Camera(moves=MOVES, **more)),)))


def test_a_file_gives_back_the_camera_that_it_was_written_from(tmp_path):
    made = camera()
    path = tmp_path / "way.txt"
    write_trajectory(path, made, size=(128, 128), fps=12, address="https://example.org/v")
    rows = read_trajectory(path)
    again = track(SceneSpec(1, "lab", (Shot(37, Camera(trajectory=rows)),)))
    assert np.abs(again.world_to_camera - made.world_to_camera).max() < 2e-5
    assert np.abs(again.intrinsics - made.intrinsics).max() < 1e-3
    lines = path.read_text().splitlines()
    assert len(lines) == 38 and lines[0] == "https://example.org/v"
    words = lines[2].split()
    assert len(words) == 19 and words[0] == "83333" and words[5:7] == ["0.000000000"] * 2


def test_written_matrices_are_right_handed_rotations_and_a_point_lands_in_its_pixel():
    made = camera()
    for i, row in enumerate(trajectory_rows(made, size=(128, 128), fps=12)):
        values = np.array([float(v) for v in row.split()])
        pose = values[7:].reshape(3, 4)
        assert np.linalg.det(pose[:, :3]) == pytest.approx(1.0, abs=1e-6)
        point = np.array([0.3, 0.5, 1.0])
        theirs = pose @ [point[0], -point[1], point[2], 1.0]
        ours = made.world_to_camera[i] @ [*point, 1.0]
        assert theirs == pytest.approx(ours[:3], abs=1e-5)
        assert values[1] * 128 == pytest.approx(made.intrinsics[i, 0, 0], rel=1e-6)


def test_a_trajectory_can_be_put_elsewhere_and_scaled(tmp_path):
    path = tmp_path / "way.txt"
    write_trajectory(path, camera(), size=(128, 128), fps=12)
    rows = read_trajectory(path, eye=(5.0, 2.0, 1.0), scale=2.0)
    eyes = [
        -np.reshape(row[5:], (3, 4))[:, :3].T @ np.reshape(row[5:], (3, 4))[:, 3] for row in rows
    ]
    plain = [
        -np.reshape(row[5:], (3, 4))[:, :3].T @ np.reshape(row[5:], (3, 4))[:, 3]
        for row in read_trajectory(path)
    ]
    assert eyes[0] == pytest.approx((5.0, 2.0, 1.0), abs=1e-6)
    assert eyes[-1] - eyes[0] == pytest.approx(2.0 * (plain[-1] - plain[0]), abs=1e-5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 1 1 0.5 0.5 0 0 1 0 0 0 0 1 0 0 0 0 1\n", "no camera"),
        ("url\n0 1 1 0.5 0.5 0 0 1 0 0 0 0 1 0 0 0 0 1\n", "line 2"),
        ("url\n0 1 1 0.5 0.5 0 0 2 0 0 0 0 1 0 0 0 0 1 0\n", "not a rotation"),
        ("url\n0 1 1 0.5 0.5 0 0 1 0 0 0 0 1 0 0 0 0 nan 0\n", "line 2"),
        ("", "no camera"),
    ],
)
def test_a_file_that_is_wrong_is_told_in_a_line(tmp_path, text, said):
    path = tmp_path / "way.txt"
    path.write_text(text)
    with pytest.raises(BadInput, match=said) as error:
        read_trajectory(path)
    assert "\n" not in str(error.value)
    with pytest.raises(BadInput, match="cannot be read"):
        read_trajectory(tmp_path / "none.txt")


def test_an_orthographic_camera_cannot_be_written():
    with pytest.raises(ValueError, match="orthographic"):
        trajectory_rows(camera(fov=0.0), size=(128, 128), fps=12)


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("fov", [0.75, 0.0])
def test_pluecker_rays_run_through_what_their_pixels_see(relative, fov):
    made = camera(fov=fov)
    maps = pluecker(made, (128, 96), relative=relative).astype(np.float64)
    assert maps.shape == (37, 6, 96, 128)
    moment, direction = maps[:, :3], maps[:, 3:]
    assert np.abs((direction**2).sum(1) - 1.0).max() < 1e-5
    assert np.abs((moment * direction).sum(1)).max() < 1e-4  # a ray's moment stands on it
    rng = np.random.default_rng(0)
    flip = np.diag([1.0, -1.0, 1.0, 1.0])
    first = made.world_to_camera[0].astype(np.float64) @ flip
    for _ in range(60):
        i, u, v = rng.integers(37), rng.integers(128), rng.integers(96)
        depth = rng.uniform(1.0, 9.0)
        k = made.intrinsics[i].astype(np.float64)
        x, y = (u + 0.5 - k[0, 2]) / k[0, 0], (v + 0.5 - k[1, 2]) / k[1, 1]
        local = np.array([x * depth, y * depth, depth, 1.0])
        if fov == 0.0:
            local = np.array([x, y, depth, 1.0])
        point = np.linalg.inv(made.world_to_camera[i].astype(np.float64) @ flip) @ local
        if relative:
            point = first @ point
        assert np.cross(point[:3], direction[i, :, v, u]) == pytest.approx(
            moment[i, :, v, u], abs=2e-4
        )
    if relative and fov:
        assert np.abs(moment[0]).max() < 1e-5  # the first camera is the origin
