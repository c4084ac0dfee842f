from dataclasses import replace

import numpy as np
import pytest
from world.fixtures.actors import route, scene, thing, walker

from evenflow.core.errors import BadInput
from evenflow.world import things, walkers
from evenflow.world.animation import SHAPES
from evenflow.world.spec import Entity, Event, Shot
from evenflow.world.walkers import act
from evenflow.world.words import COLORS, EVENTS, WALKERS

WALKER_EVENTS = [name for name, kind in EVENTS.items() if "walker" in kind.agents and kind.cause]


@pytest.mark.parametrize(
    ("kind", "manner"), [*((kind, "") for kind in WALKERS), ("man", "drunkenly")]
)
@pytest.mark.parametrize("name", WALKER_EVENTS)
def test_every_event_of_walkers_can_be_acted_by_all_of_them(kind, name, manner):
    cast = [walker(1, kind), walker(2, "woman", 1.2, 0.4), thing(3, "ball", 0.1, 0.3, 0.2)]
    target = 2 if name == "follow" else 3
    other = 2 if name == "give" else 0
    event = Event(name, 0.4, 3.4, 1, target, other, manner=manner)
    more = [Event("walk", 0.2, 3.0, 2)] if name == "follow" else []
    acted = act(scene(cast, event, *more))
    assert acted.ids == (1, 2)
    for values in (acted.root, acted.skeletons.joints, acted.skeletons.feet, acted.poses[0].origin):
        assert np.isfinite(values).all()
    speed = np.sqrt((np.diff(acted.root, axis=0) ** 2).sum(-1)) * 48
    assert speed.max() < 9.0
    joints = acted.skeletons.joints[:, 0].astype(float)
    assert np.sqrt((np.diff(joints, axis=0) ** 2).sum(-1)).max() * 48 < 16.0
    feet, carries = acted.skeletons.feet, acted.skeletons.stance
    slip = np.sqrt((np.diff(feet, axis=0) ** 2).sum(-1))[carries[1:] & carries[:-1]]
    assert slip.max() < 1e-3
    if name not in ("change_color", "carry", "push", "stand"):
        still = act(scene(cast))
        assert np.abs(acted.skeletons.joints[:, 0] - still.skeletons.joints[:, 0]).max() > 0.05


def test_who_follows_stays_a_gap_behind():
    cast = [walker(1, x=-2.2), walker(2, "woman", x=-1.0)]
    acted = act(
        scene(
            cast,
            Event("walk", 0.3, 3.6, 2, numbers=route(-1.0, 0, 0.8, 0.0, 1.4, 1.2, speed=1.0)),
            Event("follow", 0.3, 3.9, 1, 2, numbers={"gap": (0.9,)}),
        )
    )
    gap = np.sqrt(((acted.root[:, 0] - acted.root[:, 1]) ** 2).sum(1))
    assert gap[48:].min() > 0.6 and gap[-1] == pytest.approx(0.9, abs=0.15)
    assert acted.root[-1, 0, 0] > 0.2


def test_walkers_that_follow_one_another_are_told_to_let_one_lead():
    cast = [walker(1), walker(2, "woman", x=1.0)]
    with pytest.raises(BadInput, match="circle"):
        act(scene(cast, Event("follow", 0, 2, 1, 2), Event("follow", 0, 2, 2, 1)))
    with pytest.raises(BadInput, match="route"):
        act(scene([walker(1)], Event("walk", 0, 2, 1, numbers={"route": (1.0, 2.0, 3.0)})))


def test_circling_keeps_a_distance_from_the_middle():
    cast = [walker(1, x=-1.3), thing(2, "ball", 0.0, 0.0)]
    acted = act(scene(cast, Event("circle", 0.0, 6.0, 1, 2), seconds=7))
    far = np.hypot(acted.root[:, 0, 0], acted.root[:, 0, 2])
    assert far.min() > 1.1 and far.max() < 1.4
    turned = np.unwrap(np.arctan2(acted.root[:, 0, 2], acted.root[:, 0, 0]))
    assert abs(turned[-1] - turned[0]) > 5.0


@pytest.mark.parametrize("heading", [0.0, 0.8, 3.0])
def test_sitting_on_a_bench_puts_the_hips_on_its_seat_facing_ahead(heading):
    bench = Entity(2, "bench", "brown", size=0.44, position=(0.5, 0.0, 0.5), heading=heading)
    ahead = np.array([-np.sin(heading), 0, np.cos(heading)])
    start = np.array([0.5, 0, 0.5]) + 0.9 * ahead + [0.4, 0, 0]
    one = walker(1, x=float(start[0]), z=float(start[2]))
    acted = act(scene([one, bench], Event("sit", 0.2, 3.0, 1, 2)))
    hips = acted.skeletons.joints[-1, 0, 11:13].mean(0)
    seat = 0.44 + things.SEAT * 0.44
    assert hips[1] - seat == pytest.approx(0.062 * 1.78, abs=0.03)
    away = (hips - [0.5, 0, 0.5]) @ ahead
    assert -0.15 < away < 0.2
    side = (hips - [0.5, 0, 0.5]) @ [np.cos(heading), 0, np.sin(heading)]
    assert abs(side) < 0.15
    assert np.cos(acted.heading[-1, 0] - heading) > 0.99
    feet = acted.skeletons.feet[-1, 0]
    assert ((feet - [0.5, 0, 0.5]) @ ahead > 0.3).all()
    assert acted.seats[-1, 0] == 2 and acted.seats[0, 0] == -1


def test_sitting_on_the_ground_and_standing_up():
    spec = scene([walker(1)], Event("sit", 0.3, 1.5, 1), Event("stand", 2.5, 3.6, 1))
    acted = act(spec)
    hips = acted.skeletons.joints[:, 0, 11:13, 1].mean(1)
    assert hips[0] > 0.8 and hips[100] < 0.2 and hips[-1] > 0.8
    assert acted.seats[100, 0] == 0 and acted.seats[-1, 0] == -1


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_waving_hand_is_high_and_goes_to_and_fro(side):
    acted = act(scene([walker(1)], Event("wave", 0.5, 3.5, 1, numbers={"side": (side,)})))
    wrist = 10 if side > 0 else 9
    joints = acted.skeletons.joints[:, 0].astype(float)
    assert (joints[60:140, wrist, 1] > joints[60:140, wrist - 4, 1] + 0.1).all()
    assert (joints[60:140, 19 - wrist, 1] < joints[60:140, 5, 1] - 0.2).all()
    to = joints[60:140, wrist, 2] - joints[60:140, wrist - 4, 2]
    assert np.ptp(to) > 0.12
    assert 5 <= (np.diff(np.sign(np.diff(to))) != 0).sum() <= 14


def test_a_hand_covers_the_face_and_leaves_it_again():
    acted = act(scene([walker(1)], Event("hand_over_face", 0.5, 3.5, 1)))
    hand = acted.poses[0].origin[:, walkers.bodies.HAND + 1]
    nose = acted.skeletons.joints[:, 0, 0].astype(float)
    near = np.sqrt(((hand - nose) ** 2).sum(1))
    assert near[80:120].max() < 0.13
    assert near[5] > 0.5 and near[-1] > 0.5
    ahead = (hand - acted.poses[0].origin[:, walkers.bodies.HEAD])[96]
    assert ahead[0] > 0.1  # before it: this walker faces +x


def test_a_cut_puts_walkers_elsewhere_at_once():
    shots = (Shot(49), Shot(48, starts=((1.0, 2.0, 0.0, 3.0, 0.5),)))
    event = Event("walk", 0.0, 2.0, 1, numbers=route(-1.5, 0, 3, 0, speed=1.2))
    after = Event("walk", 2.2, 3.8, 1, numbers=route(2.0, 3.0, 1.5, 4.0))
    spec = replace(scene([walker(1)], event, after), shots=shots, fps=scene([]).fps / 2)
    acted = act(spec)
    assert acted.root[48, 0, 0] < 1.5
    assert acted.root[49, 0] == pytest.approx((2.0, 0.0, 3.0), abs=1e-6)
    assert acted.heading[49, 0] == pytest.approx(0.5)
    feet = acted.skeletons.feet[49:, 0]
    assert np.abs(feet[0, :, 0] - 2.0).max() < 0.3 and np.abs(feet[0, :, 2] - 3.0).max() < 0.3
    assert acted.root[-1, 0, [0, 2]] == pytest.approx((1.5, 4.0), abs=0.05)


def test_walkers_stand_as_high_as_what_they_stand_on():
    one = replace(walker(1), position=(-1.5, 0.3, 0.0))
    acted = act(scene([one], Event("walk", 0, 3, 1, numbers=route(-1.5, 0, 0, 0))))
    assert acted.root[:, 0, 1] == pytest.approx(0.3)
    assert acted.skeletons.feet[..., 1].min() == pytest.approx(0.3, abs=1e-5)


@pytest.mark.parametrize("kind", WALKERS)
def test_parts_have_one_id_and_wear_their_colors(kind):
    one = replace(walker(3, kind), second="yellow", pattern="striped", hair=(10, 200, 10))
    cast = [thing(1), thing(2, x=2.0), one]
    spec = scene(cast, seconds=0.25)
    acted = act(spec)
    num = spec.num_frames
    color = np.tile([[things.linear(COLORS[e.color]) for e in cast]], (num, 1, 1))
    second = np.tile([[things.linear(COLORS[e.second]) for e in cast]], (num, 1, 1))
    present = np.ones((num, 3), bool)
    present[5:, 2] = False
    parts = walkers.parts(acted, spec, color, second, present)
    count = len(parts.shape)
    assert (parts.entity == 3).all() and (parts.shape < len(SHAPES)).all()
    assert parts.position.shape == (num, count, 3) and parts.rotation.shape == (num, count, 3, 3)
    assert parts.position.dtype == np.float32 and (parts.scale > 0).all()
    assert not parts.present[5:].any() and parts.present[:5].all()
    worn = parts.color[0]
    for wanted in ("blue", "yellow"):
        assert (np.abs(worn - things.linear(COLORS[wanted])).max(1) < 1e-6).any(), wanted
    if kind in ("man", "woman", "child"):
        assert (np.abs(worn - things.linear((10, 200, 10))).max(1) < 1e-6).any()
    assert (parts.pattern > 0).any()
    low, high = parts.position[0, :, 1] - 1.8 * parts.scale[0].max(1), parts.position[0, :, 1]
    assert low.min() > -0.5 and high.max() < 2.3 * one.size


def test_act_is_fast_enough():
    import time

    spec = scene([walker(1), walker(2, "dog", 1.0)], Event("walk", 0, 4, 1), fps=12)
    act(spec)
    best = min(_timed(spec, time.perf_counter) for _ in range(5))
    assert best / spec.num_frames < 1e-3  # a millisecond a frame for two, on a slow machine


def _timed(spec, clock) -> float:
    start = clock()
    act(spec)
    return clock() - start


@pytest.mark.parametrize("kind", WALKERS)
@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_one_after_another_feet_stay_and_bodies_hold_together(kind, seed):
    rng = np.random.default_rng([seed, len(kind)])
    cast = [walker(1, kind), walker(2, "woman", 1.2, 0.4), thing(3, "ball", 0.1, 0.3, 0.2)]
    events, at = [], 0.2
    for k in range(4):
        name = str(rng.choice(WALKER_EVENTS))
        long = float(rng.uniform(1.2, 2.5))
        routed = rng.random() < 0.5 and "route" in EVENTS[name].numbers
        numbers = route(*rng.uniform(-1.5, 1.5, 4)) if routed else {}
        manner = str(rng.choice(["", "drunkenly", "sadly", "quickly"]))
        target = 2 if name == "follow" else 3
        events.append(Event(name, at, at + long, 1, target, 2 if name == "give" else 0,
                            manner=manner, numbers=numbers))  # fmt: skip
        if k == 2:
            events.append(Event("wave", at, at + long, 1, 2))
        at += long + float(rng.choice([0.0, 0.1, 0.6]))
    acted = act(scene(cast, *events, fps=24, seconds=at + 0.3))
    joints = acted.skeletons.joints.astype(float)
    assert np.isfinite(joints).all() and np.isfinite(acted.root).all()
    feet, carries = acted.skeletons.feet, acted.skeletons.stance
    slip = np.sqrt((np.diff(feet, axis=0) ** 2).sum(-1))[carries[1:] & carries[:-1]]
    assert slip.max(initial=0.0) < 1e-3
    step = np.sqrt((np.diff(acted.root[:, 0], axis=0) ** 2).sum(-1)) * 24
    assert step.max() < 7.0
    for hold in acted.holds:
        rows = hold.active[1:] & hold.active[:-1]
        gap = np.sqrt((np.diff(hold.pose[:, :3], axis=0) ** 2).sum(-1))[rows]
        assert gap.max(initial=0.0) * 24 < 16.0
