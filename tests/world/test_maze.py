"""Mazes: every room can be reached, walls leave the doorways open, walks come back."""

from collections import Counter
from itertools import groupby

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.maze import (
    DOORWAY,
    ROOM,
    WALKS,
    build,
    furniture,
    landmarks,
    maze_spec,
    rooms_of_walk,
    waypoints,
)
from evenflow.world.player import RADIUS, play_out
from evenflow.world.spec_file import check_spec

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rooms", [(2, 1), (3, 3), (5, 2)])
def test_every_room_can_be_reached_from_every_other(seed, rooms):
    maze = build(seed, rooms=rooms)
    assert all(maze.path(maze.rooms[0], room)[-1] == room for room in maze.rooms)
    assert len(maze.doors) >= len(maze.rooms) - 1


def test_without_loops_a_maze_is_a_tree():
    for seed in SEEDS:
        maze = build(seed, rooms=(4, 4), loops=0.0)
        assert len(maze.doors) == 15
    assert len(build(0, rooms=(4, 4), loops=1.0).doors) == 24  # every inner wall


@pytest.mark.parametrize("seed", SEEDS)
def test_doorways_are_open_and_walls_are_closed(seed):
    maze = build(seed)
    rectangles, colors = maze.walls()
    assert len(rectangles) == len(colors)
    walls = np.array(rectangles)

    def blocked(x, z):
        x0, z0, x1, z1 = walls.T
        return bool(((x > x0) & (x < x1) & (z > z0) & (z < z1)).any())

    for i, j in maze.rooms:
        x, z = maze.center((i, j))
        for step in ((1, 0), (0, 1)):
            there = (i + step[0], j + step[1])
            if there not in maze.rooms:
                continue
            if ((i, j), there) in maze.doors:
                dx, dz = maze.doorway((i, j), there)
                across = (abs(step[1]), abs(step[0]))
                for share in np.linspace(-0.49, 0.49, 9):
                    for depth in (-0.06, 0.06):
                        at_x = dx + share * DOORWAY * across[0] + depth * step[0]
                        at_z = dz + share * DOORWAY * across[1] + depth * step[1]
                        assert not blocked(at_x, at_z)
            else:
                for share in np.linspace(-0.49, 0.49, 9):
                    at_x = x + step[0] * (ROOM / 2 - 0.05) + step[1] * share * ROOM
                    at_z = z + step[1] * (ROOM / 2 - 0.05) + step[0] * share * ROOM
                    assert blocked(at_x, at_z)


def test_landmarks_tell_rooms_apart_and_stand_in_them():
    for seed in SEEDS:
        maze = build(seed)
        things = landmarks(maze)
        assert max(Counter((t.kind, t.color) for t in things).values()) == 1
        assert [maze.room_at(t.position[0], t.position[2]) for t in things] == list(maze.rooms)
        for one in (*things, *furniture(maze, first=20)):
            assert (
                min(
                    np.hypot(one.position[0] - x, one.position[2] - z)
                    for room in maze.rooms
                    for x, z in [maze.center(room)]
                )
                > RADIUS + one.size * 0.5
            )  # nobody stands where people walk


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_goes_through_doorways_and_comes_back(walk):
    for seed in SEEDS:
        maze = build(seed)
        way = rooms_of_walk(maze, walk, seed=seed)
        assert way[0] == way[-1]
        assert all(b in maze.neighbors(a) for a, b in zip(way, way[1:], strict=False))
        if walk == "tour":
            assert set(way) == set(maze.rooms)
        if walk == "loop" and len(way) > 3 and way[1] != way[-2]:
            assert len(set(way)) == len(way) - 1  # a ring, not there and back


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("behind", [False, True])
def test_the_player_walks_the_rooms_of_the_walk(seed, behind):
    spec = maze_spec(seed, frames=1500, walk="tour", behind=behind)
    check_spec(spec)
    maze = build(seed)
    track = play_out(spec)
    been = [r for r, _ in groupby(maze.room_at(x, z) for x, _, z in track.position)]
    way = list(rooms_of_walk(maze, "tour", seed=seed))
    assert been[: len(way)] == way
    assert len(been) > len(way)  # and it begins again
    walls = np.array(spec.places[0].walls)
    for x, _, z in track.position[::5]:
        gap = np.hypot(
            np.maximum(np.maximum(walls[:, 0] - x, x - walls[:, 2]), 0),
            np.maximum(np.maximum(walls[:, 1] - z, z - walls[:, 3]), 0),
        ).min()
        assert gap > RADIUS - 1e-6


def test_the_way_passes_doorways_straight():
    maze = build(3)
    way = rooms_of_walk(maze, "there and back", seed=0)
    points = waypoints(maze, way)
    assert len(points) == 1 + 3 * (len(way) - 1)
    assert points[0] == maze.center(way[0]) and points[-1] == maze.center(way[-1])


def test_equal_seeds_give_equal_mazes_and_others_do_not():
    assert maze_spec(5, frames=40).to_json() == maze_spec(5, frames=40).to_json()
    assert maze_spec(5, frames=40).places != maze_spec(6, frames=40).places


@pytest.mark.parametrize("rooms", [(0, 3), (1, 1), (17, 2)])
def test_mazes_that_cannot_be(rooms):
    with pytest.raises(BadInput, match="columns and rows"):
        build(0, rooms=rooms)
    with pytest.raises(BadInput, match="no walk"):
        rooms_of_walk(build(0), "zigzag")  # type: ignore[arg-type]
