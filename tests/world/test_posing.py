import numpy as np
import pytest
from world.fixtures.actors import route, scene, thing, walker

from evenflow.world import bodies
from evenflow.world.bodies import Biped
from evenflow.world.posing import bone, frame, neutral, pose, still, two_bones
from evenflow.world.spec import Entity, Event
from evenflow.world.walkers import act
from evenflow.world.words import WALKERS

LIMBS = {"two": ((11, 13, 15), (12, 14, 16), (5, 7, 9), (6, 8, 10))}


def lengths(joints: np.ndarray, a: int, b: int) -> np.ndarray:
    return np.sqrt(((joints[..., a, :] - joints[..., b, :]) ** 2).sum(-1))


def test_two_bones_reach_what_is_in_reach_and_keep_their_lengths():
    rng = np.random.default_rng(0)
    a, c, pole = (rng.normal(size=(500, 3)) for _ in range(3))
    far = np.sqrt(((c - a) ** 2).sum(1))
    middle, end = two_bones(a, c, 0.8, 0.7, pole)
    assert np.sqrt(((middle - a) ** 2).sum(1)) == pytest.approx(0.8, abs=1e-9)
    assert np.sqrt(((end - middle) ** 2).sum(1)) == pytest.approx(0.7, abs=1e-9)
    near = (far > 0.11) & (far < 1.499)
    assert near.sum() > 50 and np.abs(end - c)[near].max() < 1e-9
    beyond = far > 1.5
    assert beyond.sum() > 50
    stretched = np.sqrt(((end - a) ** 2).sum(1))[beyond]
    assert stretched == pytest.approx(1.5, rel=1e-3)
    way = ((end - a) * (c - a)).sum(1) / (far * np.sqrt(((end - a) ** 2).sum(1)))
    assert way == pytest.approx(1.0, abs=1e-9)  # it points at it
    bent = middle - a - ((middle - a) * (c - a)).sum(1, keepdims=True) * (c - a) / far[:, None] ** 2
    assert ((bent * pole).sum(1) > -1e-9).all()  # toward the pole


def test_frames_are_rotations_and_lean_as_they_say():
    rng = np.random.default_rng(1)
    yaw, pitch, roll = rng.uniform(-3, 3, (3, 50))
    turn = frame(yaw, pitch, roll)
    assert np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max() < 1e-12
    assert np.linalg.det(turn) == pytest.approx(1.0)
    zero = np.zeros(1)
    assert frame(zero + 0.3)[0, :, 2] == pytest.approx((-np.sin(0.3), 0, np.cos(0.3)))
    assert frame(zero, 0.3)[0, 2, 1] > 0  # the head goes ahead
    assert frame(zero, 0.0, 0.3)[0, 0, 1] > 0  # or to the right
    limb = bone(np.array([[0.0, 1, 0]]), np.array([[0.0, 0, 0.2]]), np.array([[0.0, 0, 1]]))[0]
    assert limb @ limb.T == pytest.approx(np.eye(3), abs=1e-12)
    assert limb[:, 1] == pytest.approx(np.array([0, 1, -0.2]) / np.hypot(1, 0.2))


@pytest.mark.parametrize("kind", WALKERS)
def test_bones_keep_their_lengths_whatever_happens(kind):
    two = kind in bodies.BIPEDS
    events = [
        Event("walk", 0.0, 1.2, 1, numbers=route(-1.5, 0, -0.6, 0.2)),
        Event("jump", 1.3, 2.2, 1, numbers={"height": (0.3,)}),
        Event("sit", 2.3, 3.0, 1),
        Event("stand", 3.2, 3.8, 1),
    ]
    cast = [walker(1, kind)]
    if two:
        cast.append(thing(2, x=0.1, z=0.2))
        events += [Event("pick_up", 4.0, 6.0, 1, 2), Event("wave", 4.0, 6.0, 1)]
        events += [Event("put_down", 6.2, 7.5, 1, 2), Event("hand_over_face", 6.0, 7.5, 1)]
    acted = act(scene(cast, *events, seconds=8))
    joints = acted.skeletons.joints[:, 0].astype(np.float64)
    b = bodies.build(kind)
    high = 2 * cast[0].size
    if isinstance(b, Biped):
        wanted = ((b.thigh, b.shin), (b.thigh, b.shin), (b.upper, b.fore), (b.upper, b.fore))
        limbs = LIMBS["two"]
    else:
        wanted = ((b.upper, b.lower),) * 2 + ((b.thigh, b.shin),) * 2
        limbs = ((5, 7, 9), (6, 8, 10), (11, 13, 15), (12, 14, 16))
    for (top, middle, end), (first, second) in zip(limbs, wanted, strict=True):
        assert lengths(joints, top, middle) == pytest.approx(first * high, abs=1e-5)
        assert lengths(joints, middle, end) == pytest.approx(second * high, abs=1e-5)
    turn = acted.poses[0].rotation
    assert np.abs(turn @ turn.transpose(0, 1, 3, 2) - np.eye(3)).max() < 1e-9
    assert np.linalg.det(turn) == pytest.approx(1.0)
    assert (joints[..., 1] > -0.02).all()  # nobody sinks into the ground


@pytest.mark.parametrize("kind", WALKERS)
def test_a_body_stands_as_high_as_it_is_said_to_be(kind):
    one = walker(1, kind, heading=0.0)
    acted = act(scene([one], seconds=0.5))
    pose_ = acted.poses[0]
    table = bodies.build(kind).parts
    top = max(
        float(pose_.origin[0, part.bone, 1]) + (part.at[1] + part.half[1]) * 2 * one.size
        for part in table
        if part.bone in ((bodies.HEAD,) if kind in bodies.BIPEDS else (bodies.SKULL,))
    )
    assert top == pytest.approx(2 * one.size, rel=0.12)


@pytest.mark.parametrize("kind", WALKERS)
@pytest.mark.parametrize("heading", [0.0, 1.0, -2.5])
def test_a_face_is_where_its_body_heads(kind, heading):
    joints = act(scene([walker(1, kind, heading=heading)], seconds=0.2)).skeletons.joints[0, 0]
    ahead = joints[0] - joints[3:5].mean(0)
    ahead[1] = 0.0
    ahead /= np.sqrt((ahead**2).sum())
    assert ahead @ [-np.sin(heading), 0, np.cos(heading)] > 0.6
    right = joints[4] - joints[3]
    right /= np.sqrt((right**2).sum())
    assert right @ [np.cos(heading), 0, np.sin(heading)] > 0.9
    for left_joint, right_joint in ((5, 6), (11, 12), (1, 2)):
        side = joints[right_joint] - joints[left_joint]
        assert side @ [np.cos(heading), 0, np.sin(heading)] > 0


def test_knees_bend_ahead_and_elbows_back():
    acted = act(scene([walker(1)], Event("run", 0, 4, 1, numbers=route(-1.5, 0, 6, 0, speed=2.5))))
    joints = acted.skeletons.joints[20:150, 0].astype(np.float64)
    for hip, knee, ankle in ((11, 13, 15), (12, 14, 16)):
        line = 0.5 * (joints[:, hip] + joints[:, ankle])
        assert (joints[:, knee, 0] - line[:, 0]).min() > -0.02
    for shoulder, elbow, wrist in ((5, 7, 9), (6, 8, 10)):
        line = 0.5 * (joints[:, shoulder] + joints[:, wrist])
        assert (joints[:, elbow, 0] - line[:, 0]).max() < 0.05


def test_arms_swing_against_the_legs():
    spec = scene([walker(1)], Event("walk", 0, 4, 1, numbers=route(-1.5, 0, 6, 0, speed=1.2)))
    joints = act(spec).skeletons.joints[50:150, 0].astype(np.float64)
    leg = joints[:, 15, 0] - joints[:, 16, 0]
    arm = joints[:, 9, 0] - joints[:, 10, 0]
    assert np.corrcoef(leg, arm)[0, 1] < -0.7
    assert np.ptp(arm) > 0.25


def test_a_body_that_stands_still_lives():
    joints = act(scene([walker(1)], seconds=4)).skeletons.joints[:, 0].astype(np.float64)
    head = np.ptp(joints[:, 0], axis=0)
    assert 0.001 < head.max() < 0.08
    feet = act(scene([walker(1)], seconds=4)).skeletons.feet
    assert np.ptp(feet, axis=0).max() < 1e-12


def test_a_pose_of_some_frames_is_that_of_all():
    m = still(np.linspace(0, 2, 25), 2)
    m.balls[:, :, [0, 2]] = neutral("man", 0.89)[None]
    m.seed = [1, 1]
    whole = pose("man", 0.89, m)
    part = still(np.linspace(0, 2, 25)[7:9], 2)
    part.balls[:, :, [0, 2]] = neutral("man", 0.89)[None]
    part.seed = [1, 1]
    assert (pose("man", 0.89, part).joints == whole.joints[7:9]).all()


def test_parts_of_every_kind_name_shapes_and_bones_that_exist():
    from evenflow.world.animation import SHAPES
    from evenflow.world.words import MATERIALS

    for kind in WALKERS:
        b = bodies.build(kind)
        most = bodies.NUM_BIPED if isinstance(b, Biped) else bodies.NUM_QUADRUPED
        assert 18 <= len(b.parts) <= 34
        for part in b.parts:
            assert part.shape in SHAPES and part.material in MATERIALS and 0 <= part.bone < most
            assert min(part.half) > 0
    assert isinstance(Entity(1, "man", "red"), Entity)
