"""The player: speeds, turns and jumps by closed forms; walls stop, things are pushed, carried."""

from fractions import Fraction

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.player import (
    CARRY_MASS,
    JUMP_SPEED,
    RADIUS,
    RUN_SPEED,
    SIDE_SPEED,
    TURN_SPEED,
    TX,
    TZ,
    Game,
    X,
    Y,
    Z,
    drive,
    play_out,
)
from evenflow.world.spec import Camera, Entity, Place, SceneSpec, Shot

IDLE = (0.0,) * 10
AHEAD = (1.0,) + (0.0,) * 9


def scene(*cast, walls=(), actions=(), frames=25, fps=12, eye=(0.0, 1.5, 0.0)) -> SceneSpec:
    """An empty floor with a camera that looks along +z."""
    camera = Camera(eye=eye, look_at=(eye[0], eye[1], eye[2] + 1))
    place = Place(walls=walls, wall_colors=("gray",) * len(walls))
    return SceneSpec(
        0, "lab", (Shot(frames, camera),), (place,), cast, fps=Fraction(fps), actions=actions
    )


def keys(**named) -> tuple[float, ...]:
    names = ("forward", "back", "left", "right", "turn_left", "turn_right", "jump", "interact",
             "dx", "dy")  # fmt: skip
    return tuple(float(named.get(name, 0)) for name in names)


def played(spec, *rows):
    game = Game(spec)
    for row in rows:
        game.step(row)
    return game


@pytest.mark.parametrize(
    ("row", "way", "speed"),
    [
        (keys(forward=1), (0, 1), RUN_SPEED),
        (keys(back=1), (0, -1), SIDE_SPEED),
        (keys(left=1), (-1, 0), SIDE_SPEED),
        (keys(right=1), (1, 0), SIDE_SPEED),
    ],
)
def test_keys_go_their_way_at_their_speed(row, way, speed):
    game = played(scene(), *[row] * 24)
    before = game.player[[X, Z]].copy()
    for _ in range(12):
        game.step(row)
    assert game.player[[X, Z]] - before == pytest.approx(np.array(way) * speed, abs=1e-3)


def test_keys_turn_left_positive_and_looks_turn_right_and_down():
    game = played(scene(), *[keys(turn_left=1)] * 24)
    before = game.player[6]
    played_on = [game.step(keys(turn_left=1)) for _ in range(12)]
    assert len(played_on) == 12 and game.player[6] - before == pytest.approx(TURN_SPEED, abs=1e-3)
    game = played(scene(), keys(dx=0.3, dy=0.2))
    assert game.player[6] == pytest.approx(-0.3) and game.player[7] == pytest.approx(-0.2)


def test_a_jump_is_a_throw_and_ends_on_the_ground():
    spec = scene(fps=60)
    game = Game(spec)
    heights = []
    for i in range(60):
        game.step(keys(jump=i == 0))
        heights.append(float(game.player[Y]))
    assert max(heights) == pytest.approx(JUMP_SPEED**2 / 2 / 9.81, rel=0.03)
    flight = sum(h > 1e-9 for h in heights) / 60
    assert flight == pytest.approx(2 * JUMP_SPEED / 9.81, abs=0.03)
    assert heights[-1] == 0.0


def test_a_key_that_stays_down_jumps_once():
    spec = scene(fps=60)
    game = Game(spec)
    heights = []
    for _ in range(90):
        game.step(keys(jump=1))
        heights.append(float(game.player[Y]))
    assert max(heights[50:]) == 0.0


def test_walls_stop_and_let_slide_along():
    wall = ((-3.0, 1.0, 3.0, 1.2),)
    game = played(scene(walls=wall), *[AHEAD] * 30)
    assert game.player[Z] == pytest.approx(1.0 - RADIUS, abs=1e-6)
    game = played(scene(walls=wall), *[keys(forward=1, dx=0.7)] + [AHEAD] * 20)
    assert game.player[Z] <= 1.0 - RADIUS + 1e-6
    assert game.player[X] > 0.6  # it slid along


def test_nobody_walks_through_a_fixture():
    pillar = Entity(1, "pillar", "gray", size=1.2, position=(0.0, 0.0, 1.5))
    game = played(scene(pillar), *[AHEAD] * 40)
    assert game.player[Z] < 1.5 - RADIUS - 0.2 or abs(game.player[X]) > 0.2


def test_a_light_ball_is_pushed_and_rolls_without_slipping():
    ball = Entity(1, "ball", "red", size=0.3, position=(0.0, 0.0, 1.2), mass=0.5)
    game = played(scene(ball), *[AHEAD] * 20)
    way = game.things[0, TZ] - 1.2
    assert way > 0.8 and abs(game.things[0, TX]) < 1e-6
    assert game.things[0, TZ] - game.player[Z] >= 0.3 + RADIUS - 1e-6
    turned = game.rotation[0]
    angle = way / 0.3
    # It rolls forward: its top goes to +z.
    assert turned @ [0, 1, 0] == pytest.approx([0, np.cos(angle), np.sin(angle)], abs=1e-6)
    assert turned @ turned.T == pytest.approx(np.eye(3), abs=1e-9)


def test_a_thing_between_player_and_wall_stops_the_player():
    ball = Entity(1, "ball", "red", size=0.3, position=(0.0, 0.0, 1.2), mass=0.5)
    game = played(scene(ball, walls=((-3.0, 2.0, 3.0, 2.2),)), *[AHEAD] * 40)
    assert game.things[0, TZ] <= 2.0 - 0.3 + 1e-6
    gap = np.hypot(game.things[0, TX] - game.player[X], game.things[0, TZ] - game.player[Z])
    assert gap >= 0.3 + RADIUS - 1e-3


def test_heavy_things_stay():
    crate = Entity(1, "crate", "brown", size=0.4, position=(0.0, 0.0, 1.5), mass=10 * CARRY_MASS)
    game = played(scene(crate), *[AHEAD] * 30)
    assert len(game.things) == 0 and game.player[Z] == pytest.approx(1.1 - RADIUS, abs=1e-6)


def test_a_thing_is_taken_carried_and_put_down():
    cup = Entity(1, "cup", "red", size=0.2, position=(0.0, 0.0, 0.7), mass=0.3)
    game = played(scene(cup), keys(interact=1), keys())
    assert game.player[10] == 0 and game.things[0, 1] > 0.3
    for _ in range(12):
        game.step(keys(turn_left=1))
    for _ in range(12):
        game.step(AHEAD)
    far = np.hypot(game.things[0, TX] - game.player[X], game.things[0, TZ] - game.player[Z])
    assert far < 0.7 and game.things[0, TX] < -0.5
    game.step(keys(interact=1))
    assert game.player[10] == -1 and game.things[0, 1] == 0.0
    assert np.hypot(*(game.things[0, [TX, TZ]] - game.player[[X, Z]])) >= RADIUS + 0.15


def test_nothing_is_put_into_a_wall():
    cup = Entity(1, "cup", "red", size=0.2, position=(0.0, 0.0, 0.6), mass=0.3)
    spec = scene(cup, walls=((-3.0, 1.0, 3.0, 1.2),))
    game = played(spec, keys(interact=1), *[AHEAD] * 12, keys(), keys(interact=1))
    assert game.player[10] == 0


def test_playing_row_by_row_is_replaying_at_once():
    rng = np.random.default_rng(0)
    rows = [tuple(float(v) for v in (*rng.integers(0, 2, 8), *rng.normal(0, 0.1, 2)))
            for _ in range(80)]  # fmt: skip
    cast = tuple(
        Entity(
            i + 1,
            "ball",
            "red",
            size=0.25,
            mass=0.4,
            position=(*rng.uniform(-1, 1, 1), 0.0, 1.0 + i),
        )
        for i in range(4)
    )
    spec = scene(*cast, actions=tuple(rows), frames=81, walls=((-4.0, 3.0, 4.0, 3.2),))
    track = play_out(spec)
    game = Game(spec)
    for i, row in enumerate(rows):
        assert (track.player[i] == game.player).all() and (track.things[i] == game.things).all()
        game.step(row)
    short = play_out(SceneSpec(**{**vars(spec), "shots": (Shot(30, spec.shots[0].camera),)}))
    assert (short.player == track.player[:30]).all()  # what comes later changes nothing


def test_frames_do_not_change_the_way_much():
    ends = []
    for fps in (12, 24, 48):
        game = played(scene(fps=fps), *[keys(forward=1, turn_left=1)] * (2 * fps))
        ends.append(game.player[[X, Z]].copy())
    assert np.linalg.norm(ends[0] - ends[2]) < 0.12
    assert np.linalg.norm(ends[1] - ends[2]) < np.linalg.norm(ends[0] - ends[2])


def test_drive_reaches_its_points():
    points = ((0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0))
    spec = scene(frames=120)
    rows = drive(spec, points, frames=120)
    track = play_out(SceneSpec(**{**vars(spec), "actions": rows}))
    for x, z in points:
        assert np.hypot(track.player[:, X] - x, track.player[:, Z] - z).min() < 0.35
    assert np.linalg.norm(track.player[-1, [X, Z]] - track.player[-6, [X, Z]]) < 1e-3  # it stands


@pytest.mark.parametrize("row", [(1.0,) * 9, (np.nan,) + (0.0,) * 9, (np.inf,) * 10])
def test_actions_that_are_none(row):
    with pytest.raises(BadInput):
        Game(scene()).step(row)
    with pytest.raises(BadInput):
        play_out(scene(actions=(row,)))
