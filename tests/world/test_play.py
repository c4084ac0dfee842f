"""Play: what was played is replayed to the same bytes; policies do what they say."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.clip import WorldSource
from evenflow.world.maze import build, empty, facing, maze_spec
from evenflow.world.play import (
    MACROS,
    World,
    animate,
    find_way,
    goal_actions,
    playable,
    random_actions,
)
from evenflow.world.player import KEYS, RADIUS, play_out, yard
from evenflow.world.simulate import simulate
from evenflow.world.spec import Camera, Entity, Place, SceneSpec, Shot

AHEAD = (1.0,) + (0.0,) * 9


@pytest.mark.parametrize("view", ["eyes", "behind"])
@pytest.mark.parametrize("preset", ["maze", "story"])
def test_what_was_played_is_replayed_to_the_same_bytes(preset, view):
    seeds = [2, 3, 4]
    world = World(preset, seeds, view=view, size=(48, 40), frames=30)
    pictures = [world.reset()]
    actions = np.stack([random_actions(seed, 14) for seed in seeds], axis=1)
    for row in actions:
        drawn, states = world.step(row)
        pictures.append(drawn)
    assert states.frame.tolist() == [14, 14, 14]
    played = np.stack(pictures, axis=1)
    for i, spec in enumerate(world.specs):
        assert spec.num_frames == 15 and len(spec.actions) == 15
        again = WorldSource(spec, chunk=4).draw(range(15))[0]
        assert (again == played[i]).all()
        track = play_out(spec)
        assert track.position[-1] == pytest.approx(states.position[i])
        assert track.held[-1] == states.held[i]
    alone = World(preset, [3], view=view, size=(48, 40), frames=30)
    alone.reset()
    for row in actions:
        last = alone.step(row[1:2])[0]
    assert (last[0] == played[1, -1]).all()  # a scene does not depend on its batch


def test_reset_begins_anew_and_takes_other_seeds():
    world = World("maze", [0, 1], size=(32, 32), frames=10)
    first = world.reset()
    world.step(np.tile(AHEAD, (2, 1)))
    assert (world.reset() == first).all() and world.states().frame.tolist() == [0, 0]
    other = world.reset([5])
    assert other.shape == (1, 32, 32, 3) and (other[0] != first[0]).any()


@pytest.mark.parametrize("kind", ["woman", "dog"])
def test_feet_of_a_played_walker_do_not_slide(kind):
    spec = maze_spec(2, frames=140, behind=True, walk="tour")
    who = replace(spec.entity(spec.player), kind=kind, size={"dog": 0.36}.get(kind, 0.84))
    spec = replace(spec, cast=(*spec.cast[:-1], who))
    animation = simulate(spec)
    feet = animation.skeletons.feet[:, 0].astype(float)
    stance = animation.skeletons.stance[:, 0]
    planted = stance[1:] & stance[:-1]
    slip = np.linalg.norm(np.diff(feet, axis=0), axis=-1)[planted]
    assert planted.sum() > 100 and slip.max() < 1e-3
    assert (np.diff(animation.skeletons.phase[:, 0]) >= -1e-6).all()
    assert 0.3 < stance.mean() < 0.8
    walked = np.linalg.norm(np.diff(feet[:, 0], axis=0), axis=-1).sum()
    body = np.linalg.norm(np.diff(animation.entities.position[:, who.id - 1], axis=0), axis=-1)
    assert walked == pytest.approx(body.sum(), rel=0.15)  # feet go as far as the body


def test_who_stops_brings_the_feet_together():
    maze = build(0)
    spec = facing(empty(maze, frames=60, behind=True), maze.center((0, 0)), (0.0, 0.0))
    rows = (*((AHEAD,) * 20), *(((0.0,) * 10,) * 40))
    animation = animate(replace(spec, actions=rows))
    assert animation.skeletons.stance[-1].all()
    feet = animation.skeletons.feet[:, 0]
    assert np.abs(np.diff(feet[-8:], axis=0)).max() < 1e-6
    center = animation.entities.position[-1, spec.player - 1]
    assert np.linalg.norm(feet[-1, :2].mean(0) - center, axis=-1) < center[1] + 0.25


def test_the_camera_behind_a_walker_stays_out_of_walls():
    for seed in range(3):
        spec = maze_spec(seed, frames=200, behind=True, walk="tour")
        camera = animate(spec).camera.world_to_camera.astype(float)
        eyes = -np.einsum("tji,tj->ti", camera[:, :3, :3], camera[:, :3, 3])
        walls = np.array(spec.places[0].walls)
        for x, y, z in eyes[::3]:
            inside = (walls[:, 0] < x) & (x < walls[:, 2]) & (walls[:, 1] < z) & (z < walls[:, 3])
            assert not inside.any() and 0.4 < y < 2.4


def test_the_view_goes_with_the_player():
    spec = replace(playable("maze", 1, frames=20), actions=(AHEAD,) * 20)
    animation, track = animate(spec), play_out(spec)
    camera = animation.camera.world_to_camera.astype(float)
    eyes = -np.einsum("tji,tj->ti", camera[:, :3, :3], camera[:, :3, 3])
    assert eyes[:, [0, 2]] == pytest.approx(track.position[:, [0, 2]], abs=1e-4)
    ahead = camera[:, 2, :3]
    assert np.arctan2(-ahead[:, 0], ahead[:, 2]) == pytest.approx(track.heading, abs=1e-5)


def test_what_is_taken_and_put_down_is_told():
    cup = Entity(1, "cup", "red", size=0.2, position=(0.0, 0.0, 0.7), mass=0.3)
    camera = Camera(eye=(0.0, 1.5, 0.0), look_at=(0.0, 1.5, 1.0))
    use = (0.0,) * 7 + (1.0, 0.0, 0.0)
    rows = (use, *((AHEAD,) * 6), use, (0.0,) * 10)
    spec = SceneSpec(0, "lab", (Shot(9, camera),), (Place(),), (cup,), actions=rows)
    animation = simulate(spec)
    assert [(h.kind, h.target) for h in animation.happened] == [("pick_up", 1), ("put_down", 1)]
    assert animation.entities.support[:, 0].tolist().count(-1) == 7
    assert animation.entities.position[-1, 0, 2] > 1.0
    assert animation.parts.position[:, 0] == pytest.approx(
        animation.entities.position[:, 0], abs=1e-5
    )


def test_random_actions_have_no_habits():
    rows = np.concatenate([random_actions(seed, 400) for seed in range(60)])
    share = rows[:, :8].mean(axis=0)
    turn = rows[:, 8]
    assert share[KEYS.index("left")] == pytest.approx(share[KEYS.index("right")], abs=0.03)
    assert share[KEYS.index("turn left")] == pytest.approx(
        share[KEYS.index("turn right")], abs=0.03
    )
    assert abs(turn.mean()) < 0.002 and set(np.unique(rows[:, :8])) == {0.0, 1.0}
    assert (random_actions(3, 50) == random_actions(3, 400)[:50]).all()
    assert Counter(MACROS)[("forward",)] == 2


@pytest.mark.parametrize("seed", range(4))
def test_goal_actions_arrive(seed):
    spec = playable("maze", seed, frames=400)
    goal = spec.cast[len(spec.cast) // 3]
    rows = goal_actions(spec, goal.id, 400)
    end = play_out(replace(spec, actions=rows)).position[-1]
    assert np.hypot(end[0] - goal.position[0], end[2] - goal.position[2]) < 1.5


def test_ways_keep_off_obstacles():
    spec = playable("maze", 5, frames=10)
    target = spec.cast[8].position
    way = np.array(find_way(spec, (target[0], target[2])))
    from evenflow.world.player import distance_to

    solid = yard(spec).obstacles
    for a, b in zip(way[1:], way[2:], strict=False):
        for share in np.linspace(0, 1, 20):
            x, z = a + share * (b - a)
            assert distance_to(solid, x, z) > RADIUS


def test_what_cannot_be_played():
    with pytest.raises(BadInput, match="flat"):
        playable("flat", 0)
    with pytest.raises(BadInput, match="eyes or behind"):
        playable("maze", 0, view="above")  # type: ignore[arg-type]
    world = World("maze", [0, 1], size=(32, 32), frames=3)
    with pytest.raises(BadInput, match="reset"):
        world.step(np.zeros((2, 10)))
    world.reset()
    with pytest.raises(BadInput, match=r"actions are \(2, 10\), got \(10,\)"):
        world.step(np.zeros(10))
    with pytest.raises(BadInput, match="finite"):
        world.step(np.full((2, 10), np.nan))
    world.step(np.zeros((2, 10)))
    world.step(np.zeros((2, 10)))
    with pytest.raises(BadInput, match="all are played"):
        world.step(np.zeros((2, 10)))
    with pytest.raises(BadInput, match="at least one scene"):
        World("maze", []).reset()
    with pytest.raises(BadInput, match="no entity 99"):
        goal_actions(playable("maze", 0, frames=5), 99, 5)
