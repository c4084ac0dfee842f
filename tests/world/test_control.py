"""Control: what is drawn comes true, pinned states are met, sketches and depth are read right."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.animation import CameraTrack
from evenflow.world.cameras import intrinsics, matrices
from evenflow.world.control import (
    depth_map,
    draw,
    keyframes,
    move_camera,
    project,
    sketch,
    there_and_back,
    unproject,
    with_colors_and_sizes,
)
from evenflow.world.simulate import simulate
from evenflow.world.spec import Camera, CameraMove, Entity, Key, Place, SceneSpec, Shot


def scene(*cast, frames=25, camera=None) -> SceneSpec:
    shot = Shot(frames, camera or Camera(eye=(0.0, 2.0, -6.0), look_at=(0.0, 0.5, 0.0)))
    return SceneSpec(0, "lab", (shot,), (Place(),), cast)


def camera_track(eye, yaw, pitch, *, fov=0.8, size=(128, 96), height=5.0) -> CameraTrack:
    k = intrinsics(np.array([fov]), np.array([height]), size)
    pose = matrices(np.array([eye]), np.array([yaw]), np.array([pitch]))
    return CameraTrack(k.astype(np.float32), pose.astype(np.float32), np.array([fov <= 0]))


@pytest.mark.parametrize("fov", [0.8, 0.0])
@pytest.mark.parametrize("yaw", [0.0, 1.2, -2.5])
def test_unproject_inverts_project_on_the_ground(fov, yaw):
    camera = camera_track((0.5, 2.0, -4.0), yaw, -0.4, fov=fov)
    rng = np.random.default_rng(1)
    ahead = np.array([-np.sin(yaw), 0.0, np.cos(yaw)])
    right = np.array([np.cos(yaw), 0.0, np.sin(yaw)])
    points = np.array([0.5, 0.0, -4.0]) + rng.uniform(3, 8, (20, 1)) * ahead
    points = points + rng.uniform(-1, 1, (20, 1)) * right
    pixels, depth = project(points, camera, 0)
    assert (depth > 0).all()
    assert unproject(pixels, camera, 0) == pytest.approx(points, abs=1e-4)


def test_the_point_that_a_camera_looks_at_is_in_the_middle():
    camera = camera_track((0.0, 2.0, -2.0), 0.0, -np.pi / 4)
    assert project(np.zeros((1, 3)), camera, 0)[0][0] == pytest.approx([64.0, 48.0], abs=1e-4)
    assert unproject(np.array([[64.0, 48.0]]), camera, 0)[0] == pytest.approx([0, 0, 0], abs=1e-5)
    with pytest.raises(BadInput, match="below the horizon"):
        unproject(np.array([[64.0, -90.0]]), camera, 0)


def test_a_thing_follows_the_line_that_was_drawn_for_it():
    ball = Entity(1, "ball", "red", size=0.3, position=(0.0, 0.0, 0.0))
    spec = scene(ball)
    line = [(30.0, 90.0), (64.0, 80.0), (100.0, 100.0)]
    drawn = draw(spec, 1, line)
    animation = simulate(drawn)
    foot = animation.entities.position[:, 0].astype(float) - [0, 0.3, 0]
    seen = np.stack([project(p[None], animation.camera, f)[0][0] for f, p in enumerate(foot)])
    assert seen[0] == pytest.approx(line[0], abs=0.05)
    assert seen[-1] == pytest.approx(line[-1], abs=0.05)
    assert np.linalg.norm(seen - line[1], axis=1).min() < 2.0
    assert np.abs(foot[:, 1]).max() < 1e-4
    pace = np.linalg.norm(np.diff(foot, axis=0), axis=1)
    assert pace[1:-1].std() < 0.35 * pace.mean()  # even, but where it turns


def test_a_line_is_cast_back_by_the_camera_of_its_time():
    ball = Entity(1, "ball", "red", size=0.3)
    camera = Camera(
        eye=(0.0, 2.0, -6.0), look_at=(0.0, 0.5, 0.0),
        moves=(CameraMove("pan left", 0.0, 2.0, 0.3),),
    )  # fmt: skip
    drawn = draw(scene(ball, camera=camera), 1, [(64.0, 90.0), (64.0, 90.5)])
    animation = simulate(drawn)
    foot = animation.entities.position[:, 0].astype(float) - [0, 0.3, 0]
    last = len(foot) - 1
    assert project(foot[-1][None], animation.camera, last)[0][0] == pytest.approx(
        [64.0, 90.5], abs=0.3
    )
    assert abs(foot[-1, 0]) > 0.5  # the camera turned, so it had to move to stay in the middle


def test_pinned_states_are_met_at_their_times():
    cube = Entity(1, "cube", "red", size=0.3)
    keys = (
        Key(1, 0.0, (-1.0, 0.0, 0.0)),
        Key(1, 1.0, (0.5, 0.8, 0.5), heading=1.0, size=0.45, color="blue"),
        Key(1, 2.0, (1.0, 0.0, 0.0), heading=2.0, size=0.45),
    )
    spec = keyframes(scene(cube), keys)
    animation = simulate(spec)
    for key in keys:
        f = round(key.time * 12)
        size = key.size or 0.3
        assert animation.entities.size[f, 0] == pytest.approx(size, abs=1e-4)
        center = animation.entities.position[f, 0]
        assert center == pytest.approx(np.add(key.position, (0, size, 0)), abs=2e-3)
        forward = animation.entities.rotation[f, 0, :, 2]
        assert np.arctan2(-forward[0], forward[2]) == pytest.approx(key.heading, abs=0.02)
    color = animation.parts.color[:, 0]
    assert color[12, 2] > color[12, 0] and color[0, 0] > color[0, 2]
    assert np.abs(np.diff(animation.parts.scale[:, 0], axis=0)).max() < 0.05  # smoothly


def test_a_pinned_ball_rolls_without_slipping():
    ball = Entity(1, "ball", "red", size=0.3)
    keys = (Key(1, 0.0, (-1.0, 0.0, 0.0)), Key(1, 2.0, (1.0, 0.0, 0.0)))
    turn = simulate(keyframes(scene(ball), keys)).entities.rotation[:, 0].astype(float)
    relative = np.einsum("tij,tkj->tik", turn[1:], turn[:-1])
    angle = np.arccos(np.clip((np.trace(relative, axis1=1, axis2=2) - 1) / 2, -1, 1)).sum()
    assert angle == pytest.approx(2.0 / 0.3, rel=0.02)


def test_walkers_get_routes_and_arrive_in_time():
    man = Entity(1, "man", "red", size=0.88, position=(-1.0, 0.0, 0.0))
    spec = keyframes(
        scene(man, frames=49), (Key(1, 0.0, (-1.0, 0.0, 0.0)), Key(1, 2.0, (1.0, 0.0, 0.0)))
    )
    assert not spec.keys and [e.kind for e in spec.events] == ["walk"]
    assert spec.events[0].numbers["speed"] == (1.0,)
    with pytest.raises(BadInput, match="would have to make"):
        keyframes(scene(man), (Key(1, 0.5, (30.0, 0.0, 0.0)),))


def test_camera_keys_are_where_the_camera_is():
    rows = [(0.0, 0.0, 2.0, -6.0, 0.0, 0.5, 0.0, 0.8), (2.0, 2.0, 3.0, -5.0, 0.0, 0.5, 0.0, 0.6)]
    spec = keyframes(scene(Entity(1, "ball", "red")), camera=rows)
    animation = simulate(spec)
    for row in rows:
        pose = animation.camera.world_to_camera[round(row[0] * 12)].astype(float)
        assert -pose[:3, :3].T @ pose[:3, 3] == pytest.approx(row[1:4], abs=1e-4)


@pytest.mark.parametrize(
    "kind", ["pan left", "whip pan right", "truck left", "zoom in", "orbit left"]
)
def test_there_and_back_ends_with_the_first_view(kind):
    spec = there_and_back(scene(Entity(1, "ball", "red")), kind, 1.5, away_s=3.0)
    camera = simulate(spec).camera
    assert spec.num_frames >= 12 * 4
    assert camera.world_to_camera[-1] == pytest.approx(camera.world_to_camera[0], abs=1e-5)
    assert camera.intrinsics[-1] == pytest.approx(camera.intrinsics[0], rel=1e-5)
    middle = spec.num_frames // 2
    gap = np.abs(camera.world_to_camera[middle] - camera.world_to_camera[0]).max()
    assert gap > 0.1 or abs(camera.intrinsics[middle, 0, 0] / camera.intrinsics[0, 0, 0] - 1) > 0.2


@pytest.mark.parametrize(
    "call",
    [
        lambda s: draw(s, 2, [(60.0, 90.0), (70.0, 90.0)]),
        lambda s: draw(s, 1, [(60.0, 90.0)]),
        lambda s: draw(s, 1, [(60.0, 10.0), (70.0, 90.0)]),
        lambda s: draw(s, 1, [(60.0, 90.0), (70.0, 90.0)], start=1.0, end=0.5),
        lambda s: draw(s, 1, [(60.0, 90.0), (60.0, 90.0)]),
        lambda s: keyframes(s, (Key(1, 1.0, (0.0, 0.0, 0.0)), Key(1, 1.0, (1.0, 0.0, 0.0)))),
        lambda s: keyframes(s, (Key(1, -1.0, (0.0, 0.0, 0.0)),)),
        lambda s: keyframes(s, (Key(1, 1.0, (0.0, 0.0, 0.0), color="mauve"),)),
        lambda s: keyframes(s, camera=[(0.0, 1.0)]),
        lambda s: move_camera(s, (), shot=3),
        lambda s: there_and_back(s, "follow", 1.0, away_s=2.0),
    ],
)
def test_what_cannot_be_is_said_in_a_line(call):
    with pytest.raises(BadInput) as error:
        call(scene(Entity(1, "ball", "red")))
    assert "\n" not in str(error.value)


def plane_and_box() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A slanted plane with a box before it: depth, ids, normals of one frame of 32 x 32."""
    y, _ = np.mgrid[0:32, 0:32] + 0.5
    depth = 100.0 / (y + 5.0)  # 1 / depth is linear, as on a plane
    instance = np.zeros((32, 32), np.int16)
    normal = np.zeros((32, 32, 3), np.float32)
    normal[..., 1] = 1
    instance[8:20, 8:20], depth[8:20, 8:20] = 1, 2.0
    normal[8:20, 8:14] = (-1, 0, 0)
    normal[8:20, 14:20] = (0, 0, -1)
    return depth[None].astype(np.float32), instance[None], normal[None]


def test_a_sketch_has_outlines_and_creases_and_nothing_else():
    depth, instance, normal = plane_and_box()
    lines = sketch(instance, normal, depth)[0] > 0
    inside = instance[0] == 1
    assert not lines[~inside].any()  # the plane is smooth, and the box is nearer
    outline = np.zeros_like(inside)
    outline[8:20, [8, 19]] = outline[[8, 19], 8:20] = True
    assert lines[outline].all()
    crease = lines & ~outline
    assert crease[9:19].any(axis=1).all() and set(np.nonzero(crease)[1]) <= {13, 14}
    with pytest.raises(BadInput, match="of one size"):
        sketch(instance, normal[:, :4], depth)


def test_depth_maps_are_inverse_and_span_their_range():
    depth = np.array([[[1.0, 2.0], [4.0, np.inf]]])
    found = depth_map(depth, near=1.0, far=4.0)
    assert found.dtype == np.uint16
    assert found.tolist() == [[[65535, round((0.5 - 0.25) / 0.75 * 65535)], [0, 0]]]
    assert depth_map(np.full((1, 2, 2), np.inf)).max() == 0
    with pytest.raises(BadInput):
        depth_map(depth, near=3.0, far=1.0)


def test_a_scene_without_keys_is_left_alone():
    animation = simulate(scene(Entity(1, "ball", "red")))
    assert with_colors_and_sizes(animation) is animation
    assert replace(animation.spec, fps=Fraction(12)) == animation.spec
