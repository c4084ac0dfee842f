import numpy as np
import pytest
from world.fixtures.actors import route, scene, thing, walker

from evenflow.world.hands import girth
from evenflow.world.spec import Event
from evenflow.world.walkers import act


def at(acted, time, fps=48):
    return round(time * fps)


def gap_to_surface(hold, joints, one) -> np.ndarray:
    """How far the wrists are from the box of a held thing, over the frames in which it is held."""
    num = len(joints)
    rows = hold.active[:num]
    center, heading = hold.pose[:num][rows, :3], hold.pose[:num][rows, 3]
    half = np.array(girth(one))
    out = []
    for wrist in (9, 10):
        d = joints[rows][:, wrist] - center
        c, s = np.cos(heading), np.sin(heading)
        local = np.stack([c * d[:, 0] + s * d[:, 2], d[:, 1], -s * d[:, 0] + c * d[:, 2]], 1)
        out.append(np.sqrt((np.maximum(np.abs(local) - half, 0.0) ** 2).sum(1)))
    return np.stack(out, 1)


@pytest.mark.parametrize("kind", ["man", "woman", "child", "robot"])
@pytest.mark.parametrize("what", ["ball", "box", "cup", "cube"])
def test_hands_are_on_what_they_lift_carry_and_put_down(kind, what):
    size = {"cup": 0.16}.get(what, 0.24)
    cast = [walker(1, kind), thing(2, what, -0.3, 0.2, size)]
    acted = act(
        scene(
            cast,
            Event("pick_up", 0.0, 2.2, 1, 2),
            Event("carry", 2.4, 4.4, 1, 2, numbers=route(-0.7, 0.2, 0.6, 1.0)),
            Event("put_down", 4.6, 6.2, 1, 2),
            seconds=6.5,
        )
    )
    (hold,) = acted.holds
    joints = acted.skeletons.joints[:, 0].astype(np.float64)
    gap = gap_to_surface(hold, joints, cast[1])
    assert len(gap) > 150
    assert gap.max() < 0.09 * 2 * cast[0].size  # a hand's length
    held = hold.active
    assert set(hold.holder[held].tolist()) == {1} and not hold.pushed.any()
    path = hold.pose[held, :3]
    assert path[0] == pytest.approx((-0.3, size, 0.2), abs=1e-6)
    assert np.sqrt((np.diff(path, axis=0) ** 2).sum(1)).max() * 48 < 3.5  # it never leaps
    assert path[-1, 1] == pytest.approx(size, abs=0.02)  # it is put on the ground
    lift = hold.pose[at(acted, 3.4)]
    assert lift[1] - size > 0.1
    root, heading = acted.root[at(acted, 3.4), 0], acted.heading[at(acted, 3.4), 0]
    ahead = (lift[:3] - root) @ [-np.sin(heading), 0, np.cos(heading)]
    across = (lift[:3] - root) @ [np.cos(heading), 0, np.sin(heading)]
    assert ahead > 0.1 and abs(across) < 1e-6


def test_a_thing_is_put_where_it_is_said_to_be_put():
    cast = [walker(1), thing(2, "box", -0.9, 0.0)]
    acted = act(
        scene(
            cast,
            Event("pick_up", 0.0, 1.5, 1, 2),
            Event("put_down", 2.0, 4.5, 1, 2, numbers={"place": (0.7, 0.5, 0.9)}),
            seconds=5,
        )
    )
    (hold,) = acted.holds
    last = np.flatnonzero(hold.active)[-1]
    assert hold.pose[last, :3] == pytest.approx((0.7, 0.75, 0.9), abs=0.03)


def test_who_has_it_at_the_start_has_it():
    cast = [walker(1), thing(2, "ball", 5.0, 5.0, attached=1)]
    acted = act(scene(cast, Event("walk", 0.2, 3.0, 1, numbers=route(-1.5, 0, 1, 0))))
    (hold,) = acted.holds
    assert hold.active.all() and (hold.holder == 1).all()
    away = hold.pose[:, :3] - acted.root[:, 0]
    assert np.ptp(np.sqrt((away**2).sum(1))) < 1e-6
    gap = gap_to_surface(hold, acted.skeletons.joints[:, 0].astype(float), cast[1])
    assert gap.max() < 0.1


def test_giving_goes_from_hand_to_hand():
    cast = [
        walker(1, x=-1.0),
        walker(2, "child", x=0.6, heading=1.5708),
        thing(3, "cup", 0, 0, 0.15, attached=1),
    ]
    for target, other in ((3, 2), (2, 3)):
        acted = act(scene(cast, Event("give", 0.5, 3.0, 1, target, other)))
        (hold,) = acted.holds
        assert hold.active.all()
        holders = hold.holder[np.concatenate([[True], np.diff(hold.holder) != 0])]
        assert holders.tolist() == [1, 2]
        swap = np.flatnonzero(hold.holder == 2)[0]
        center = hold.pose[swap, :3]
        for who in (0, 1):
            wrists = acted.skeletons.joints[swap, who, 9:11]
            near = np.sqrt(((wrists - center) ** 2).sum(1)).min()
            assert near < 0.24, (who, near)
        step = np.sqrt((np.diff(hold.pose[:, :3], axis=0) ** 2).sum(1))
        assert step.max() * 48 < 3.0
        faces = acted.heading[swap]
        assert np.cos(faces[0] - faces[1]) < -0.9  # they look at one another


def test_who_pushes_walks_behind_with_the_hands_on_it():
    cast = [walker(1), thing(2, "crate", -0.6, 0.0, 0.4)]
    event = Event("push", 0.0, 3.8, 1, 2, numbers=route(-1.5, 0, 0.6, 0.0, speed=0.7))
    acted = act(scene(cast, event))
    (hold,) = acted.holds
    rows = np.flatnonzero(hold.active[:-1])
    assert hold.pushed[rows].all()
    path = hold.pose[rows, :3]
    assert path[:, 1] == pytest.approx(0.4)
    assert (np.diff(path[:, 0]) > -1e-9).all() and np.ptp(path[:, 0]) > 0.8
    gap = np.sqrt(((path - acted.root[rows, 0]) ** 2)[:, [0, 2]].sum(1))
    assert np.ptp(gap) < 1e-6
    wrists = acted.skeletons.joints[rows[20:-8], 0, 9:11].astype(float)
    behind = path[20:-8, None, 0] - 0.4 - wrists[:, :, 0]
    assert np.abs(behind).max() < 0.13
    ball = thing(2, "ball", -0.6, 0.0, 0.4)
    (rolled,) = act(scene([cast[0], ball], event)).holds
    assert np.isnan(rolled.pose[rolled.active, 3]).all()


def test_a_kick_meets_the_thing_when_it_says():
    cast = [walker(1, x=-1.0), thing(2, "ball", 0.0, 0.0, 0.2)]
    event = Event("kick", 0.5, 2.5, 1, 2, numbers={"velocity": (2.0, 0.5, 0.0)})
    acted = act(scene(cast, event))
    (kick,) = acted.kicks
    assert (kick.thing, kick.walker, kick.velocity) == (2, 1, (2.0, 0.5, 0.0))
    assert 0.5 < kick.time < 2.5
    foot = acted.skeletons.feet[:, 0, 1].astype(float)
    near = np.sqrt(((foot - [0.0, 0.2, 0.0]) ** 2).sum(1))
    assert near[at(acted, kick.time)] < 0.34
    speed = np.diff(foot[:, 0]) * 48
    assert speed[at(acted, kick.time) - 2] > 1.0  # the foot is on its way
    usual = act(scene(cast, Event("kick", 0.5, 2.5, 1, 2)))
    assert usual.kicks[0].velocity[0] > 1.0


def test_a_dog_carries_in_its_mouth():
    cast = [walker(1, "dog"), thing(2, "ball", -0.4, 0.0, 0.1)]
    acted = act(
        scene(
            cast,
            Event("pick_up", 0.0, 2.0, 1, 2),
            Event("carry", 2.2, 4.0, 1, 2, numbers=route(-0.8, 0, 0.6, 0.3)),
        )
    )
    (hold,) = acted.holds
    i = at(acted, 3.2)
    nose = acted.skeletons.joints[i, 0, 0]
    assert np.sqrt(((nose - hold.pose[i, :3]) ** 2).sum()) < 0.25


def test_who_is_told_where_a_thing_is_goes_there():
    cast = [walker(1), thing(2, "ball", 3.0, 3.0, 0.2)]
    event = Event("pick_up", 0.0, 3.5, 1, 2)
    acted = act(scene(cast, event), lambda id, time: ((-0.2, 0.0, 0.5), 0.0))
    (hold,) = acted.holds
    first = np.flatnonzero(hold.active)[0]
    assert hold.pose[first, :3] == pytest.approx((-0.2, 0.2, 0.5))
