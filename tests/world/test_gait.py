from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world.fixtures.actors import route, scene, walker

from evenflow.world import cameras
from evenflow.world.gait import FIELDS, MANNERS, pace, path_through, stride_of
from evenflow.world.spec import Event
from evenflow.world.walkers import act
from evenflow.world.words import MANNERS as WORDS
from evenflow.world.words import WALK_SPEED, WALKERS

WAYS = {
    "straight": (-1.5, 0.0, 2.0, 0.0),
    "bends": (-1.5, 0.0, 0.0, 0.0, 0.6, 1.2, -0.5, 2.0),
    "back": (-1.5, 0.0, -2.5, 0.1),
    "short": (-1.5, 0.0, -1.2, 0.1),
}


def slip(acted) -> float:
    """Farthest that a sole moves from one frame to the next while it carries."""
    feet, carries = acted.skeletons.feet.astype(np.float64), acted.skeletons.stance
    both = carries[1:] & carries[:-1]
    far = np.sqrt((np.diff(feet, axis=0) ** 2).sum(-1))
    return float(far[both].max())


@pytest.mark.parametrize("kind", WALKERS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("gait", ["walk", "run"])
def test_feet_that_carry_stay_where_they_are(kind, way, gait):
    event = Event(gait, 0.2, 3.5, 1, numbers=route(*WAYS[way]))
    acted = act(scene([walker(1, kind)], event))
    assert slip(acted) < 1e-3  # world units: a millimeter
    feet, carries = acted.skeletons.feet, acted.skeletons.stance
    assert np.abs(feet[carries][:, 1]).max() < 1e-5
    assert feet[..., 1].min() > -1e-5


@pytest.mark.parametrize("manner", WORDS)
def test_no_mood_makes_feet_slide(manner):
    event = Event("walk", 0.2, 3.5, 1, manner=manner, numbers=route(*WAYS["bends"]))
    for kind in ("woman", "dog"):
        assert slip(act(scene([walker(1, kind)], event))) < 1e-3


def test_feet_slip_less_than_a_pixel_at_128():
    spec = scene([walker(1)], Event("walk", 0, 4, 1, numbers=route(*WAYS["straight"])), fps=12)
    acted = act(spec)
    camera = cameras.track(spec)
    feet = acted.skeletons.feet[:, 0].astype(np.float64)
    local = np.einsum("tij,tfj->tfi", camera.world_to_camera[:, :3, :3], feet)
    local = local + camera.world_to_camera[:, None, :3, 3]
    pixel = np.einsum("tij,tfj->tfi", camera.intrinsics, local)
    pixel = pixel[..., :2] / pixel[..., 2:]
    carries = acted.skeletons.stance[:, 0]
    gap = np.sqrt((np.diff(pixel, axis=0) ** 2).sum(-1))[carries[1:] & carries[:-1]]
    assert gap.max() < 0.01


@pytest.mark.parametrize("kind", ["man", "dog", "horse"])
@pytest.mark.parametrize("gait", ["walk", "run"])
def test_phase_is_distance_over_stride(kind, gait):
    event = Event(gait, 0.0, 4.0, 1, numbers=route(-1.5, 0.0, 1.5, 0.0))
    acted = act(scene([walker(1, kind)], event))
    phase = acted.skeletons.phase[:, 0].astype(np.float64)
    moved = np.diff(acted.distance[:, 0])
    walking = moved > 1e-4
    expected = moved[walking] / acted.stride[1:, 0][walking]
    assert np.diff(phase)[walking] == pytest.approx(expected, abs=2e-6)
    assert acted.distance[-1, 0] == pytest.approx(3.0, abs=0.02)
    assert (2.0 * phase[-1]) % 1.0 == pytest.approx(0.0, abs=1e-5)  # a whole number of steps


def test_walking_always_has_a_foot_down_and_running_has_flights():
    walks = act(scene([walker(1)], Event("walk", 0, 4, 1, numbers=route(-1.5, 0, 2, 0, speed=1.1))))
    assert walks.skeletons.stance[:, 0].any(1).all()
    both = walks.skeletons.stance[40:120, 0, :2].all(1).mean()
    assert 0.1 < both < 0.4  # and sometimes both
    runs = act(scene([walker(1)], Event("run", 0, 4, 1, numbers=route(-1.5, 0, 6, 0, speed=2.8))))
    middle = runs.skeletons.stance[50:110, 0]
    assert 0.1 < (~middle.any(1)).mean() < 0.5
    assert not middle[:, :2].all(1).any()


@pytest.mark.parametrize("kind", ["dog", "cat", "horse"])
def test_four_legs_walk_in_lateral_sequence(kind):
    speed = 0.8 * pace(kind, walker(1, kind).size)
    event = Event("walk", 0, 4, 1, numbers=route(-1.5, 0, 6, 0, speed=speed))
    acted = act(scene([walker(1, kind)], event))
    stance = acted.skeletons.stance[60:150, 0].astype(int)
    assert (stance.sum(1) >= 2).all()
    phase = acted.skeletons.phase[60:150, 0]
    lands = [phase[1:][np.diff(stance[:, k]) == 1] % 1.0 for k in range(4)]
    front_left, front_right, hind_left, hind_right = (float(v[0]) for v in lands)
    assert (front_left - hind_left) % 1 == pytest.approx(0.25, abs=0.06)
    assert (hind_right - hind_left) % 1 == pytest.approx(0.5, abs=0.06)
    assert (front_right - hind_left) % 1 == pytest.approx(0.75, abs=0.06)


def test_a_walk_leaves_from_rest_and_comes_to_rest_where_it_should():
    acted = act(scene([walker(1)], Event("walk", 0.5, 3.5, 1, numbers=route(*WAYS["bends"]))))
    root, heading = acted.root[:, 0], acted.heading[:, 0]
    assert root[-1, [0, 2]] == pytest.approx((-0.5, 2.0), abs=0.01)
    speed = np.sqrt((np.diff(root, axis=0) ** 2).sum(1)) * 48
    assert speed[:24].max() < 1e-6 and speed[-24:].max() < 1e-6
    assert np.abs(np.diff(speed)).max() < 0.25  # no jump of speed
    assert np.abs(np.diff(heading)).max() < 0.12
    feet = acted.skeletons.feet[-1, 0, :2]
    apart = np.hypot(*(feet[0] - feet[1])[[0, 2]])
    assert apart == pytest.approx(2 * 0.05 * 2 * 0.89, abs=0.01)  # it stands as it stood


@pytest.mark.parametrize("angle", [0.4, -1.6, 3.1, -3.1])
@pytest.mark.parametrize("kind", ["man", "horse"])
def test_turning_on_the_spot_takes_steps(kind, angle):
    event = Event("turn", 0.5, 2.5, 1, numbers={"angle": (angle,)})
    acted = act(scene([walker(1, kind)], event))
    assert acted.heading[-1, 0] - acted.heading[0, 0] == pytest.approx(angle, abs=1e-6)
    assert np.ptp(acted.root[:, 0], axis=0).max() < 1e-6
    assert slip(acted) < 1e-3
    assert not acted.skeletons.stance[30:110, 0].all()


@pytest.mark.parametrize("gravity", [9.81, 1.62])
def test_a_jump_is_a_throw(gravity):
    event = Event("jump", 0.5, 3.5, 1, numbers={"height": (0.4,)})
    acted = act(scene([walker(1)], event, fps=100, gravity=gravity))
    y = acted.root[:, 0, 1]
    assert y.max() == pytest.approx(0.4, abs=1e-3)
    up = y > 1e-9
    inside = up[:-2] & up[1:-1] & up[2:]
    pull = np.diff(y, n=2) * 100**2
    assert pull[inside] == pytest.approx(-gravity, rel=1e-6)
    took = up.sum() / 100
    assert took == pytest.approx(2 * np.sqrt(2 * 0.4 / gravity), abs=0.03)
    assert not acted.skeletons.stance[:-1, 0][up[:-2]].any()


def test_a_jump_on_the_run_lands_where_the_body_is():
    acted = act(
        scene(
            [walker(1)],
            Event("run", 0.0, 4.0, 1, numbers=route(-1.5, 0, 5, 0, speed=2.4)),
            Event("jump", 1.2, 2.0, 1, numbers={"height": (0.35,)}),
        )
    )
    assert slip(acted) < 1e-3
    feet, root = acted.skeletons.feet[:, 0], acted.root[:-1, 0]
    assert np.abs(feet[:, :, 0] - root[:, None, 0]).max() < 1.1
    assert root[:, 1].max() == pytest.approx(0.35, abs=0.01)


def test_manners_change_speed_and_stride_as_their_table_says():
    usual = pace("man", 0.89)
    assert usual == pytest.approx(WALK_SPEED)
    assert set(MANNERS) == {"", *WORDS}
    for manner in WORDS:
        event = Event("walk", 0.0, 4.0, 1, manner=manner, numbers=route(-1.5, 0.0, 9.0, 0.0))
        acted = act(scene([walker(1)], event))
        speed = (acted.distance[150, 0] - acted.distance[60, 0]) * 48 / 90
        table = MANNERS[manner]
        assert speed == pytest.approx(usual * table.speed, rel=0.02), manner
        expected = stride_of("man", 0.89, usual * table.speed, manner=manner)
        assert acted.stride[100, 0] == pytest.approx(expected, rel=0.02)
    names = list(MANNERS)
    rows = np.array(
        [[getattr(MANNERS[n], f) for f in MANNERS[""].__dataclass_fields__] for n in names]
    )
    gap = np.abs(rows[:, None] - rows[None]).max(2) + np.eye(len(names))
    assert gap.min() > 0.1  # no two are alike


def test_drunk_people_sway_from_their_route_and_arrive_nevertheless():
    ways = {}
    for manner in ("", "drunkenly"):
        event = Event("walk", 0.0, 6.0, 1, manner=manner, numbers=route(-1.5, 0.0, 1.5, 0.0))
        acted = act(scene([walker(1)], event, seconds=6))
        ways[manner] = acted.root[:, 0, 2]
        assert acted.root[-1, 0, 0] == pytest.approx(1.5, abs=0.02)
    assert np.ptp(ways[""]) < 1e-6 and np.ptp(ways["drunkenly"]) > 0.08
    assert abs(ways["drunkenly"][-1]) < 0.02


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=8))
def test_paths_are_smooth_and_stay_inside_the_hull_of_their_points(points):
    path = path_through(np.array([(0.0, 0.0), *points]))
    low, high = np.min([(0, 0), *points], axis=0), np.max([(0, 0), *points], axis=0)
    assert (path.x >= low[0] - 1e-2).all() and (path.x <= high[0] + 1e-2).all()
    assert (path.z >= low[1] - 1e-2).all() and (path.z <= high[1] + 1e-2).all()
    assert (np.diff(path.s) > 0).all()
    assert path.length <= np.hypot(*np.diff([(0, 0), *points], axis=0).T).sum() + 1e-2
    assert np.isfinite(path.heading).all()


def test_walks_that_join_on_do_not_stop_between():
    acted = act(
        scene(
            [walker(1)],
            Event("walk", 0.0, 2.0, 1, numbers=route(-1.5, 0.0, 0.5, 0.0, speed=1.1)),
            Event("run", 2.0, 4.0, 1, numbers=route(0.5, 0.0, 4.0, 0.0, speed=2.4)),
        )
    )
    speed = np.diff(acted.root[:, 0, 0]) * 48
    assert speed[60:150].min() > 0.8
    assert speed[130:160].max() > 1.7 * speed[60]
    assert slip(acted) < 1e-3


def test_the_same_seed_gives_the_same_bytes_whatever_else_is_there():
    event = Event("walk", 0, 4, 1, manner="drunkenly", numbers=route(*WAYS["bends"]))
    one = act(scene([walker(1)], event))
    again = act(scene([walker(1), walker(2, "dog", 2.0)], event))
    assert (one.skeletons.joints[:, 0] == again.skeletons.joints[:, 0]).all()
    assert (one.skeletons.joints == act(scene([walker(1)], event)).skeletons.joints).all()
    other = act(scene([walker(1)], event, seed=2))
    assert np.abs(one.root - other.root).max() > 1e-3


def test_the_page_of_walkers_shows_the_table_of_manners():
    page = (Path(__file__).parents[2] / "docs" / "world_walkers.md").read_text(encoding="utf-8")
    for name in WORDS:
        line = next(line for line in page.splitlines() if line.startswith(f"| {name} | "))
        cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
        for field, cell in zip(FIELDS, cells, strict=True):
            usual, value = getattr(MANNERS[""], field), getattr(MANNERS[name], field)
            assert cell == ("" if value == usual else f"{value:g}"), (name, field)
