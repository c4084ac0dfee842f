"""Scores give what a pencil gives on readings that were made by hand."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from evenflow.grading import ground, signals
from evenflow.grading.case import Case
from evenflow.grading.judge import measured
from evenflow.grading.reading import HIDDEN, LOST, SEEN, Reading, Track, View
from evenflow.grading.scores import SCORES, SEES, gait, identity, motion, permanence, physics
from evenflow.grading.scores import actions as commanded
from evenflow.grading.scores import picture as pictures_of
from evenflow.world.animation import CameraTrack
from evenflow.world.defects import DEFECTS
from evenflow.world.gait import stride_of
from evenflow.world.words import COLORS

FPS, SIZE = 12.0, 64
UNIT = 16.0  # pixels of a world unit: orthographic, x right, y up
NAMES = tuple(COLORS)


def track(at, id=1, kind="ball", color="red", size=0.3, state=None, **more):
    """A body whose foot is at `(t, 3)` world places, seen from the front without perspective."""
    at = np.asarray(at, np.float32)
    t = len(at)
    state = np.full(t, SEEN, np.int8) if state is None else np.asarray(state, np.int8)
    seen = state == SEEN
    u = SIZE / 2 + UNIT * at[:, 0]
    foot = SIZE - 8 - UNIT * at[:, 1]
    r = UNIT * size
    box = np.stack([u - r, foot - 2 * r, u + r, foot], axis=1).astype(np.float32)
    nan = np.where(seen, 1, np.nan).astype(np.float32)
    fields = {
        "id": id, "kind": kind, "kinds": {kind: 1.0}, "color": color, "second": "",
        "pattern": "plain", "state": state, "hidden_by": np.zeros(t, np.int16),
        "box": box * nan[:, None], "center": np.stack([u, foot - r], 1) * nan[:, None],
        "area": (np.pi * r * r * seen).astype(np.float32),
        "colors": np.where(seen, NAMES.index(color), -1).astype(np.int8),
        "lab": np.full((t, 3), 50, np.float32) * nan[:, None],
        "looks": np.where(seen, 0, -1).astype(np.int8), "whole": seen.copy(),
        "ground": at * nan[:, None], "size": np.full(t, size, np.float32) * nan,
        "turn": np.full(t, np.nan, np.float32), "phase": np.full(t, np.nan, np.float32),
        "feet": np.full((t, 4, 2), np.nan, np.float32),
    }  # fmt: skip
    return Track(**(fields | more))


def reading(*tracks, coverage=1.0, shift=None, shadow=None):
    t = len(tracks[0].state)
    labels = np.zeros((t, SIZE, SIZE), np.int16)
    v, u = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    for one in tracks:
        for i in np.flatnonzero(one.state == SEEN):
            x, y = one.center[i]
            r = (one.box[i, 2] - one.box[i, 0]) / 2
            labels[i][np.hypot(u - x, v - y) < r] = one.id
    move = np.zeros((t, 4), np.float32)
    if shift is not None:
        move[:, :2] = shift
    pose = np.tile(np.eye(4, dtype=np.float32), (t, 1, 1))
    return Reading(
        FPS, SIZE, SIZE, t, tracks, labels, coverage,
        View("given", np.tile(np.eye(3, dtype=np.float32), (t, 1, 1)), pose, move),
        np.full((t, 3), 0.4, np.float32),
        np.full(t, np.nan, np.float32) if shadow is None else np.asarray(shadow, np.float32),
        np.ones(t, np.float32),
    )  # fmt: skip


def case(*tracks, pictures=None, **more):
    found = reading(*tracks, **more)
    if pictures is None:
        pictures = np.full((*found.labels.shape, 3), 128, np.uint8)
        for one in tracks:
            pictures[found.labels == one.id] = COLORS[one.color]
    return Case(found, pictures)


def line(t=24, x0=-1.0, speed=1.0, y=0.0):
    x = x0 + speed * np.arange(t) / FPS
    return np.stack([x, np.full(t, y), np.zeros(t)], axis=1)


def fall(t=8, g=9.81, h=2.5):
    s = np.arange(t) / FPS
    y = np.maximum(h - 0.5 * g * s**2, 0)
    return np.stack([np.zeros(t), y, np.zeros(t)], axis=1)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_a_fall_measures_gravity(factor):
    t = np.arange(9) / FPS
    y = 0.1 + 3.0 * t - 0.5 * 9.81 * factor * t**2 if factor < 2 else None
    if y is None:
        y = 0.1 + 6.0 * t - 0.5 * 9.81 * 2 * t**2
    y = np.maximum(np.concatenate([[0, 0, 0], y, [0, 0, 0]]), 0)
    at = np.stack([0 * y, y, 0 * y], 1)
    raw = physics.gravity(case(track(at)))
    assert raw.value == pytest.approx(abs(math.log(factor)), abs=0.03)


@pytest.mark.parametrize("share", [0.5, 0.8, 1.3])
def test_restitution_is_the_ratio_of_heights(share):
    rise = 1.2 * share
    y = np.concatenate(
        [np.linspace(1.2, 0, 7), np.linspace(0, rise, 6)[1:], np.linspace(rise, 0, 6)]
    )
    raw = physics.restitution(case(track(np.stack([0 * y, y, 0 * y], 1))))
    assert raw.value == pytest.approx(share, rel=1e-3)


def test_standing_high_is_floating_and_falling_is_not():
    high = physics.floating(case(track(line(y=0.3))))
    assert high.value == pytest.approx(0.3 / 0.6, rel=1e-3)
    assert physics.floating(case(track(line()))).value == 0
    assert (physics.floating(case(track(fall()))).value or 0) < 0.3


def test_bodies_in_each_other():
    still = np.zeros((10, 3))
    far = still + np.array([0.9, 0, 0])
    one, two = track(still), track(far, id=2, color="blue")
    assert physics.interpenetration(case(one, two)).value == 0
    near = track(still + np.array([0.3, 0, 0]), id=2, color="blue")
    assert physics.interpenetration(case(one, near)).value == pytest.approx(0.5, abs=0.02)


def test_momentum_of_equal_balls_is_handed_over():
    a = np.concatenate([line(12, -1.7, 1.2)[:, 0], np.full(12, -1.7 + 1.2 * 11 / FPS)])
    b = np.concatenate([np.full(12, 0.0), line(13, 0.0, 1.2)[1:, 0]])
    zero = np.zeros((24, 2))
    one = track(np.column_stack([a, zero]))
    two = track(np.column_stack([b, zero]), id=2, color="blue")
    assert physics.momentum(case(one, two)).value < 0.1
    stays = track(np.zeros((24, 3)), id=2, color="blue")
    assert physics.momentum(case(one, stays)).value > 0.9


def test_what_goes_through_another_is_seen():
    two = track(np.zeros((36, 3)), id=2, color="blue")
    through = track(line(36, -1.5, 1.0))
    assert physics.reaction(case(through, two)).value > 0.9


@pytest.mark.parametrize(("ratio", "value"), [(1.0, 0.0), (0.5, math.log(2)), (0.05, math.log(20))])
def test_rolling_without_slip(ratio, value):
    at = line(24, -1.2, 1.5)
    angle = ratio * (at[:, 0] - at[0, 0]) / 0.3
    ball = track(at, pattern="striped", turn=np.angle(np.exp(1j * angle)).astype(np.float32))
    assert physics.rolling(case(ball)).value == pytest.approx(value, abs=0.15)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.0])
def test_legs_turn_with_the_way(share):
    at = line(30, -1.5, 1.2)
    cycles = share * (at[:, 0] - at[0, 0]) / stride_of("man", 0.89, 1.2)
    man = track(at, kind="man", size=0.89, phase=(cycles % 1).astype(np.float32))
    value = gait.phase(case(man)).value
    assert value == pytest.approx(min(abs(math.log(max(share, 1e-9))), 3.0), abs=0.25)


def test_a_sole_that_stands_does_not_slip():
    at = line(24, -1.2, 1.2)
    u = SIZE / 2 + UNIT * at[:, 0]
    still = np.floor(np.arange(24) / 6) * 6 / FPS * 1.2 * UNIT + u[0]
    feet = np.full((24, 4, 2), 50.0, np.float32)
    feet[:, 0, 0] = feet[:, 2, 0] = still
    feet[:, 1, 0] = feet[:, 3, 0] = u
    planted = track(at, kind="man", feet=feet)
    assert gait.foot_slip(case(planted)).value < 0.05
    slides = feet.copy()
    slides[..., 0] = u[:, None]
    assert gait.foot_slip(case(track(at, kind="man", feet=slides))).value == pytest.approx(
        1, abs=0.05
    )


def test_a_jump_of_two_heights_is_a_teleport():
    at = line()
    assert motion.teleport(case(track(at))).value == 0
    far = at.copy()
    far[12:, 0] += 1.2
    raw = motion.teleport(case(track(far)))
    assert raw.value == pytest.approx(1.2 / 0.6, abs=0.15)
    assert raw.spans[0].start_frame == 12


def test_the_camera_is_no_teleport():
    shift = np.zeros((24, 2))
    shift[12, 0] = 10.0
    at = line(speed=0.0)
    moved = track(at)
    moved.center[12:, 0] += 10
    moved.box[12:, [0, 2]] += 10
    assert motion.teleport(case(moved, shift=shift)).value == 0


def test_lost_seconds_are_counted_and_hidden_ones_are_not():
    state = np.full(24, SEEN)
    state[8:14] = LOST
    assert permanence.permanence(case(track(line(), state=state))).value == pytest.approx(0.5)
    state[8:14] = HIDDEN
    assert permanence.permanence(case(track(line(), state=state))).value == 0


def test_who_comes_from_nowhere_counts():
    state = np.full(24, SEEN)
    state[:9] = 0
    assert permanence.permanence(case(track(line(speed=0), state=state))).value == 0.5


def test_coming_back_where_the_way_leads():
    state = np.full(36, SEEN)
    state[12:20] = HIDDEN
    at = line(36, -1.6, 1.0)
    assert permanence.reappearance(case(track(at, state=state))).value == pytest.approx(0, abs=0.02)
    late = at.copy()
    late[20:, 0] -= 0.6
    raw = permanence.reappearance(case(track(late, state=state)))
    assert raw.value == pytest.approx(1.0, abs=0.05)


def test_color_share_is_the_share():
    colors = np.full(20, NAMES.index("red"), np.int8)
    colors[15:] = NAMES.index("blue")
    assert identity.color_share(case(track(line(20), colors=colors))).value == 0.75


def test_a_step_of_color_is_measured_in_its_unit():
    one = track(line(20, speed=0.0), size=0.6)
    calm = case(one)
    assert identity.color_step(calm).value < 0.1
    painted = calm.pictures.copy()
    painted[10:][calm.reading.labels[10:] == 1] = COLORS["blue"]
    raw = identity.color_step(case(one, pictures=painted))
    assert raw.value > 60 and abs(raw.spans[0].start_frame - 10) <= 1


def test_light_of_frames():
    base = np.full((24, SIZE, SIZE, 3), 120, np.uint8)
    base[:, ::4] = 90
    one = track(line(24, speed=0.0))
    assert pictures_of.exposure_flicker(case(one, pictures=base)).value == 0
    flicker = base.astype(float)
    flicker[::2] *= 1.05
    raw = pictures_of.exposure_flicker(case(one, pictures=flicker.astype(np.uint8)))
    assert 10 < raw.value < 40  # 5 % of the code is 11 % of the light, and it turns every frame
    assert pictures_of.exposure_step(case(one, pictures=base)).value == 0


def test_noise_is_measured_in_levels():
    rng = np.random.default_rng(0)
    base = np.full((24, SIZE, SIZE, 3), 120.0)
    base[10:16] += rng.normal(0, 6, base[10:16].shape)
    raw = pictures_of.grain(case(track(line(24)), pictures=base.astype(np.uint8)))
    assert 2 < raw.value < 8
    assert pictures_of.grain(case(track(line(24)))).value < 0.5


def test_a_bad_frame_returns():
    base = np.full((24, SIZE, SIZE, 3), 120, np.uint8)
    base[9] = 60
    raw = pictures_of.frame_return(case(track(line(24, speed=0)), pictures=base))
    assert raw.value == pytest.approx(60, abs=1)
    assert raw.spans[0].start_frame == 9


def test_commands_are_obeyed_by_the_background():
    acts = np.zeros((24, 10))
    acts[:, 4] = 1  # turn left: the background goes right
    right = np.tile([1.5, 0.0], (24, 1))
    good = case(track(line(24)), shift=right)
    good.actions = acts
    assert commanded.obedience(good).value == 1
    bad = case(track(line(24)), shift=-right)
    bad.actions = acts
    assert commanded.obedience(bad).value == 0


def test_physics_is_withheld_below_the_coverage():
    scores = measured(case(track(fall(12)), coverage=0.7), preset="lab", codec="identity")
    for name, row in SCORES.items():
        if row.parsed:
            assert scores[name].value is None and "withheld" in scores[name].reason


def test_every_score_runs_on_an_empty_reading_and_says_why():
    scores = measured(case(track(line(3), state=np.zeros(3))), preset="lab", codec="identity")
    for score in scores.values():
        assert (score.value is None) == bool(score.reason)


def test_the_table_of_what_is_seen_names_kinds_variants_and_scores():
    for key, names in SEES.items():
        kind, _, variant = key.partition("/")
        assert kind in DEFECTS
        assert not variant or variant in DEFECTS[kind].variants
        assert set(names) <= set(SCORES)
    for kind, row in DEFECTS.items():
        assert kind in SEES or all(f"{kind}/{v}" in SEES for v in row.variants)


def test_a_flow_that_turns_round_every_frame_trembles_and_one_that_goes_on_does_not():
    t = 12
    away = np.linspace(0, 2 * np.pi, signals.SECTORS, endpoint=False)
    way = np.stack([np.cos(away), np.sin(away)], 1)
    growing = np.tile(0.7 * way, (t, 1, 1))
    shaking = growing * ((-1.0) ** np.arange(t))[:, None, None]
    assert np.nanmax(signals._wobble(growing)) == 0
    # The change is 2 x 0.7 and the size 0.7: 1.4 - 1.1 x 0.7.
    np.testing.assert_allclose(signals._wobble(shaking)[1:], 0.63, atol=1e-6)


def test_an_outline_that_trembles_as_a_whole_is_no_shimmer():
    rim = np.zeros((8, signals.SECTORS, 2))
    rim[::2, :, 0], rim[1::2, :, 0] = 2.0, -2.0
    np.testing.assert_allclose(signals._wobble(rim)[1:], 0, atol=1e-9)


def _camera(turn, frames=2, eye=(0.0, 2.0, 0.0), size=96):
    k = np.tile(np.array([[90.0, 0, size / 2], [0, 90.0, size / 2], [0, 0, 1]]), (frames, 1, 1))
    pose = np.tile(np.eye(4), (frames, 1, 1))
    for i in range(frames):
        c, s = np.cos(turn * i), np.sin(turn * i)
        look = np.array([[c, 0, -s], [0, -1, 0], [-s, 0, -c]])  # x right, y down, z ahead
        pose[i, :3, :3] = look
        pose[i, :3, 3] = -look @ (np.array(eye) + np.array([0.1 * i, 0, 0]))
    return CameraTrack(k.astype("f4"), pose.astype("f4"), np.zeros(frames, bool))


def test_ground_and_sky_move_as_the_camera_that_is_given_says():
    camera = _camera(0.05)
    still = reading(track(np.zeros((2, 3))))
    view = View("given", camera.intrinsics, camera.world_to_camera, np.zeros((2, 4), "f4"))
    found = replace(still, view=view, width=96, height=96)
    maps = signals._known(found, 1, (96, 96))
    points = np.array([[0.3, 0.0, -4.0], [-1.0, 0.0, -6.0]])
    before, after = (ground.projected(camera, i, points) for i in (0, 1))
    for (x0, y0), (x1, y1) in zip(before, after, strict=True):
        spot = np.array([[[x1 - 0.5, y1 - 0.5]]], np.float32)
        got = [cv2.remap(m, spot[..., 0], spot[..., 1], cv2.INTER_LINEAR).item() for m in maps]
        np.testing.assert_allclose(got, [x0 - 0.5, y0 - 0.5], atol=0.05)
    # High in the sky only the turn shows: at the middle 90 tan(0.05) pixels.
    shift = abs(float(maps[0][3, 48]) - 48.0)
    assert shift == pytest.approx(90 * np.tan(0.05), rel=0.2)


def test_a_camera_that_stands_moves_nothing():
    found = reading(track(np.zeros((3, 3))))
    x, y = signals._known(found, 1, (SIZE, SIZE))
    assert (x == np.arange(SIZE)[None]).all() and (y == np.arange(SIZE)[:, None]).all()


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_stale_copy_shows_its_share(share):
    one = track(line(t=24, x0=-1.4, speed=1.4))
    made = case(one)
    clean = made.pictures.copy()
    for t in range(3, 24):
        old = made.reading.labels[t - 3] > 0
        spot = old & (made.reading.labels[t] == 0)
        mixed = (1 - share) * clean[t].astype(float) + share * clean[t - 3]
        made.pictures[t][spot] = np.rint(mixed[spot]).astype(np.uint8)
    assert pictures_of.ghost(made).value == pytest.approx(share, abs=0.08)


@pytest.mark.parametrize("back", [0, 4])
def test_who_goes_back_along_the_way_and_on_again_is_measured(back):
    x = np.arange(30) * 0.1 - 1.5
    lag = np.zeros(30)
    lag[10 : 10 + back] = 2 * np.arange(1, back + 1)
    rest = 2 * back - np.arange(1, 2 * back + 1)
    lag[10 + back : 10 + 3 * back] = rest
    at = np.stack([x - 0.1 * lag, 0 * x, 0 * x], 1)
    value = motion.backward(case(track(at, size=0.3))).value
    # It goes back by `back` steps of 0.1, of a height of 0.6.
    assert value == pytest.approx(back * 0.1 / 0.6, abs=0.02)


def test_what_bounces_up_and_down_does_not_go_back():
    t = np.arange(30)
    y = np.abs(np.sin(t / 3.0))
    at = np.stack([t * 0.05 - 1, y, 0 * y], 1)
    assert motion.backward(case(track(at))).value == 0


def test_a_camera_that_shakes_before_a_bare_wall_shakes_everybody():
    rng = np.random.default_rng(0)
    shake = rng.normal(0, 0.1, (24, 1)) * [1, 0, 0]
    one, two = np.zeros((24, 3)) - [1, 0, 0], np.zeros((24, 3)) + np.array([0.8, 0, 0])
    calm = motion.steadiness(case(track(one), track(two, id=2, color="blue"))).value
    alone = motion.steadiness(case(track(one + shake), track(two, id=2, color="blue"))).value
    both = motion.steadiness(case(track(one + shake), track(two + shake, id=2, color="blue"))).value
    assert calm == alone == 0 and both > 10


def test_a_shadow_that_jumps_changes_the_ground_at_once():
    made = case(track(np.zeros((24, 3)), size=0.5))
    v, u = np.mgrid[0:SIZE, 0:SIZE]
    foot = SIZE - 9
    left = (np.abs(v - foot) < 3) & (u > 10) & (u < 22)
    right = (np.abs(v - foot) < 3) & (u > 42) & (u < 54)
    for t in range(24):
        made.pictures[t][left if t < 12 else right] = 60
    calm = case(track(np.zeros((24, 3)), size=0.5))
    for picture in calm.pictures:
        picture[left] = 60
    found = pictures_of.shadow_step(made)
    assert pictures_of.shadow_step(calm).value == 0
    assert found.value > 5 and found.spans[0].start_frame == 12


def test_edges_of_a_body_at_rest_are_still():
    assert identity.edges(case(track(np.zeros((24, 3)), size=0.6))).value == 0
