"""A simulated scene does what its events say, and its states, contacts and parts agree."""

from dataclasses import replace

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world import things
from evenflow.world.animation import Animation
from evenflow.world.simulate import overlaps, simulate
from evenflow.world.spec import Camera, Entity, Event, Place, SceneSpec, Shot
from evenflow.world.words import COLORS, FIXTURES, THINGS

FPS = 12.0


def scene(
    cast: tuple[Entity, ...], events: tuple[Event, ...] = (), frames: int = 49, **more: object
) -> SceneSpec:
    return SceneSpec(1, "lab", (Shot(frames),), cast=cast, events=events, **more)  # type: ignore[arg-type]


def ball(id: int = 1, color: str = "red", **more: object) -> Entity:
    return Entity(id, "ball", color, **more)  # type: ignore[arg-type]


def roll(agent: int, *velocity: float, at: float = 0.0) -> Event:
    return Event("roll", at, at + 1, agent, numbers={"velocity": velocity})


def foot(animation: Animation, id: int) -> np.ndarray:
    track = animation.entities
    return track.position[:, id - 1, 1] - track.size[:, id - 1]


def told(animation: Animation, kind: str, agent: int = 0) -> list:
    return [h for h in animation.happened if h.kind == kind and agent in (0, h.agent)]


@pytest.mark.parametrize("kind", [*THINGS, *FIXTURES])
def test_every_kind_stands_still_on_the_ground(kind: str):
    one = Entity(1, kind, "blue", size=things.USUAL_SIZE[kind], heading=0.6, position=(0.3, 0, 1.0))
    a = simulate(scene((one,), frames=25))
    track, parts = a.entities, a.parts
    assert np.abs(track.position - track.position[0]).max() < 1e-6
    assert np.abs(parts.position - parts.position[0]).max() < 1e-6
    assert np.allclose(foot(a, 1), 0, atol=1e-6)
    assert not track.velocity.any() and not a.contacts
    gram = np.einsum("tpij,tpkj->tpik", parts.rotation, parts.rotation)
    assert np.allclose(gram, np.eye(3), atol=1e-5)
    reach = np.abs(parts.rotation) @ parts.scale[..., None]
    low = (parts.position[..., 1] - reach[..., 1, 0]).min()
    top = (parts.position[..., 1] + reach[..., 1, 0]).max()
    assert low > -0.75 * one.size and 1.6 * one.size < top < 3.2 * one.size
    assert parts.present.all() and (parts.color >= 0).all() and (parts.color <= 1).all()
    assert set(parts.entity.tolist()) == {1}


def test_the_same_spec_gives_the_same_bytes():
    cast = (ball(), Entity(2, "vase", "teal", position=(1, 0, 0), size=0.5))
    events = (roll(1, 1.0, 0, 0.1), Event("drop", 0.5, 1, 2, numbers={"height": (1.4,)}))
    a, b = simulate(scene(cast, events)), simulate(scene(cast, events))
    for group in ("parts", "entities", "camera", "light"):
        for name, value in vars(getattr(a, group)).items():
            assert value.tobytes() == getattr(getattr(b, group), name).tobytes(), name
    assert a.contacts == b.contacts and a.happened == b.happened


def test_a_ball_that_rolls_turns_its_pattern_with_its_way():
    a = simulate(scene((ball(friction=0.0, size=0.4),), (roll(1, 1.5, 0, 0),)))
    way = a.entities.position[:, 0, 0]
    assert np.allclose(way, 1.5 * np.arange(49) / FPS, atol=1e-5)
    top = a.parts.rotation[:, 0, 0, 1]  # of its up axis, to the right
    assert np.allclose(top, np.sin(way / 0.4), atol=1e-4)


def test_a_hit_is_listed_once_with_its_frame_impulse_and_place():
    cast = (ball(position=(-2, 0, 0)), Entity(2, "cube", "blue", position=(0.5, 0, 0)))
    a = simulate(scene(cast, (roll(1, 2.0, 0, 0),)))
    hits = [c for c in a.contacts if {c.first, c.second} == {1, 2}]
    first = hits[0]
    gap = 2.5 - 0.92
    slow = 0.05 * 0.4 * 9.81
    due = (2 - np.sqrt(4 - 2 * slow * gap)) / slow
    assert first.time == pytest.approx(due, abs=2e-3)
    assert first.frame == int(np.ceil(first.time * FPS))
    assert first.position[0] == pytest.approx(0.04, abs=5e-3)
    assert abs(first.normal[0]) == pytest.approx(1, abs=1e-3)
    speed = 2 - slow * due
    assert first.impulse == pytest.approx(1.5 * speed / 2, rel=0.02)
    assert told(a, "hit")[0].agent == 1 and told(a, "hit")[0].target == 2
    assert told(a, "stop", 2)


def test_nothing_touches_before_its_contact_is_listed():
    cast = (ball(position=(-2, 0, 0)), ball(2, "blue", position=(0.5, 0, 0.2)))
    a = simulate(scene(cast, (roll(1, 2.0, 0, 0),)))
    gap = a.entities.position[:, 0] - a.entities.position[:, 1]
    apart = np.sqrt((gap.astype(float) ** 2).sum(axis=1)) - 0.92
    first = next(c for c in a.contacts if c.second)
    assert (apart[: first.frame] > 0).all() and apart.min() > -1e-3
    assert np.abs(a.entities.velocity[first.frame, 1]).max() > 0.5


@pytest.mark.parametrize("kind", ["vase", "cup"])
def test_a_dropped_vase_shatters_and_stays_itself(kind: str):
    one = Entity(1, kind, "teal", size=0.45)
    a = simulate(scene((one,), (Event("drop", 0.5, 1.5, 1, numbers={"height": (1.6,)}),)))
    frame = told(a, "shatter", 1)[0].start_frame
    fall = 0.5 + np.sqrt(2 * 1.6 / 9.81)
    assert frame == pytest.approx(fall * FPS, abs=1.01)
    assert (foot(a, 1)[:6] > 1.59).all()  # it is held until it is dropped
    shown = a.parts.present
    assert set(a.parts.entity.tolist()) == {1}
    num = shown.sum(axis=1)
    whole = len(things.model(kind).pieces)
    assert (num[:frame] == whole).all() and 8 <= num[-1] <= 16
    assert not (shown[:frame, whole:].any() or shown[frame:, :whole].any())
    shards = a.parts.position[:, whole:]
    assert shards[-1, :, 1].min() > 0 and shards[-1, :, 1].max() < 0.15
    assert np.abs(shards[-1] - shards[-2]).max() < 0.02
    assert not told(simulate(scene((one,))), "shatter")


def test_a_vase_set_down_gently_does_not_break():
    one = Entity(1, "vase", "teal", size=0.45)
    a = simulate(scene((one,), (Event("drop", 0.2, 1.0, 1, numbers={"height": (0.08,)}),)))
    assert not told(a, "shatter")


def test_a_ball_under_a_cup_goes_where_the_cup_goes():
    cast = (
        Entity(1, "cup", "yellow", size=0.5, position=(0, 0, 0)),
        ball(2, "green", size=0.25, position=(1.2, 0, 0)),
    )
    events = (
        Event("cover", 0.2, 1.2, 1, 2, numbers={"height": (1.2,)}),
        Event("slide", 1.4, 2.6, 1, numbers={"route": (1.2, 0, -1.0, 0.6)}),
        Event("uncover", 3.0, 3.8, 1, 2, numbers={"height": (1.3,)}),
    )
    a = simulate(scene(cast, events))
    ball_way, cup_way = a.entities.position[:, 1], a.entities.position[:, 0]
    assert np.allclose(ball_way[-1], (-1.0, 0.25, 0.6), atol=5e-3)
    assert np.allclose(ball_way[16:35, [0, 2]], cup_way[16:35, [0, 2]], atol=5e-3)
    assert cup_way[-1, 1] == pytest.approx(1.3 + 0.5, abs=0.01)
    assert np.allclose(a.parts.rotation[:, 0, 1, 1], -1, atol=1e-6)  # upside down
    hidden = told(a, "hide", 2)
    assert hidden and hidden[-1].target == 1 and hidden[-1].end_frame >= 34
    assert told(a, "appear", 2)


def test_a_thing_on_a_table_is_carried_by_it_and_falls_when_it_rolls_off():
    table = Entity(1, "table", "brown", size=0.4)
    cast = (table, ball(2, size=0.2, position=(0, 0.8, 0)))
    still = simulate(scene(cast))
    assert (still.entities.support[1:, 1] == 1).all()
    assert np.allclose(still.entities.position[:, 1, 1], 1.0, atol=1e-4)
    a = simulate(scene(cast, (roll(2, 1.2, 0, 0, at=0.5),)))
    assert foot(a, 2)[-1] == pytest.approx(0, abs=1e-3)
    fall = told(a, "fall", 2)[0]
    assert fall.target == 1 and told(a, "bounce", 2)
    edge = 1.75 * 0.4
    assert a.entities.position[fall.start_frame, 1, 0] == pytest.approx(edge, abs=0.15)


def test_a_ramp_sends_a_ball_where_it_faces():
    ramp = Entity(1, "ramp", "brown", size=0.5, heading=-np.pi / 2, friction=0.4)
    start = (-0.6, 0.0, 0.0)
    high = 0.5 * (1 - start[0] / 1.0)  # of the plank there
    b = replace(ball(2, size=0.15), position=(start[0], high + 0.02, 0))
    a = simulate(scene((ramp, b), frames=37))
    assert a.entities.position[-1, 1, 0] > 1.5
    assert np.abs(a.entities.position[:, 1, 2]).max() < 0.02
    assert (a.entities.support[4:8, 1] == 1).all()


def test_a_screen_sinks_and_rises_and_a_door_opens():
    cast = (
        Entity(1, "screen", "blue", size=0.8, position=(-1, 0, 0)),
        Entity(2, "door", "red", size=1.1, position=(1, 0, 0)),
    )
    events = (
        Event("lower", 0.5, 1.5, 1, numbers={"share": (0.1,)}),
        Event("raise", 2.5, 3.5, 1, numbers={"share": (1.0,)}),
        Event("open", 0.5, 1.5, 2, numbers={"angle": (1.4,)}),
        Event("close", 2.5, 3.5, 2, numbers={"angle": (0.0,)}),
    )
    a = simulate(scene(cast, events))
    panel = a.parts.position[:, 0, 1] + a.parts.scale[:, 0, 1]
    assert panel[0] == pytest.approx(1.6) and panel[22] == pytest.approx(0.16, abs=1e-3)
    assert panel[-1] == pytest.approx(1.6, abs=1e-3)
    leaf = int(np.flatnonzero(a.parts.entity == 2)[0])
    angle = np.arctan2(a.parts.rotation[:, leaf, 2, 0], a.parts.rotation[:, leaf, 0, 0])
    assert angle[0] == 0 and angle[22] == pytest.approx(1.4, abs=1e-3)
    hinge = a.parts.position[:, leaf] - 0.44 * a.parts.rotation[:, leaf, :, 0]
    assert np.abs(hinge - hinge[0]).max() < 1e-5


def test_what_grows_keeps_its_foot_on_the_ground():
    a = simulate(scene((ball(),), (Event("grow", 1, 2, 1, numbers={"factor": (1.8,)}),)))
    assert a.entities.size[-1, 0] == pytest.approx(0.46 * 1.8, rel=1e-6)
    assert np.allclose(foot(a, 1), 0, atol=2e-3)
    assert np.allclose(a.parts.scale[:, 0, 0], a.entities.size[:, 0])


def test_a_color_changes_when_it_is_meant_to():
    event = Event("change_color", 1.0, 2.0, 1, color="blue")
    a = simulate(scene((ball(),), (event,)))
    names = list(COLORS)
    assert a.entities.color[0, 0] == names.index("red")
    assert a.entities.color[-1, 0] == names.index("blue")
    assert np.allclose(a.parts.color[-1, 0], things.linear("blue"), atol=1e-6)
    assert np.allclose(a.parts.color[12, 0], things.linear("red"), atol=1e-6)


def test_something_that_spins_turns_left_at_its_rate():
    cast = (Entity(1, "cube", "red"),)
    a = simulate(scene(cast, (Event("spin", 0, 4, 1, numbers={"rate": (1.5,)}),)))
    heading = np.arctan2(-a.entities.rotation[:, 0, 0, 2], a.entities.rotation[:, 0, 2, 2])
    assert np.allclose(np.unwrap(heading), 1.5 * np.arange(49) / FPS, atol=2e-3)
    assert np.allclose(a.entities.spin[1:48, 0], (0, -1.5, 0), atol=1e-6)


def test_velocities_are_those_of_the_positions():
    cast = (
        ball(position=(-2, 0, -2.5)),
        Entity(2, "cup", "yellow", size=0.5, position=(1, 0, 0)),
        Entity(3, "man", "blue", size=0.86, position=(0, 0, 2), heading=-np.pi / 2),
    )
    events = (
        roll(1, 1.0, 0, 0.2),
        Event("slide", 0.5, 2.5, 2, numbers={"route": (1, 0, -0.5, 1.0)}),
        Event("walk", 0.5, 3.0, 3, numbers={"route": (0.0, 2.0, 2.0, 2.0)}),
    )
    track = simulate(scene(cast, events)).entities
    step = np.diff(track.position.astype(float), axis=0) * FPS
    mean = 0.5 * (track.velocity[1:] + track.velocity[:-1])
    assert np.abs(step - mean)[:, 0].max() < 0.02
    assert np.abs(step - mean)[:, 1:].max() < 0.3 and np.abs(step - mean).mean() < 0.03


def test_a_cart_rolls_straight_on_turning_wheels():
    cast = (Entity(1, "cart", "red", size=0.36),)
    a = simulate(scene(cast, (roll(1, 1.2, 0, 0),)))
    way = a.entities.position[:, 0]
    assert way[-1, 0] > 1.5 and np.abs(way[:, 2]).max() < 1e-6
    wheel = int(np.flatnonzero(a.parts.shape == 2)[-1])
    turn = a.parts.rotation[:, wheel, :, 2]  # a radius of the wheel
    angle = np.unwrap(np.arctan2(turn[:, 1], turn[:, 0]))
    assert abs(angle[-1] - angle[0]) == pytest.approx(way[-1, 0] / (0.42 * 0.36), rel=0.02)


def test_a_balloon_rises_when_it_is_let_go():
    cast = (Entity(1, "balloon", "pink", size=0.7),)
    a = simulate(scene(cast, (Event("rise", 1, 4, 1, numbers={"speed": (0.6,)}),)))
    high = a.entities.position[:, 0, 1]
    assert np.allclose(high[:12], 0.7, atol=1e-6)
    assert a.entities.velocity[-1, 0, 1] == pytest.approx(0.6, rel=0.01)


def test_a_pendulum_hits_the_ball_in_its_way():
    cast = (
        Entity(1, "pendulum", "gray", size=1.15),
        ball(2, size=0.16, position=(0.5, 0.42, 0.0)),
    )
    spec = scene(cast, (Event("swing", 0.0, 4.0, 1, numbers={"angle": (-0.7,)}),))
    a = simulate(replace(spec, gravity=9.81))
    assert [c for c in a.contacts if {c.first, c.second} == {1, 2}] or told(a, "fall", 2)


def test_who_goes_behind_a_pillar_is_hidden_and_comes_back():
    cast = (
        ball(size=0.25, position=(-2, 0, 2), friction=0.0),
        Entity(2, "pillar", "gray", size=1.3, position=(0, 0, 0.6)),
    )
    spec = scene(cast, (roll(1, 1.2, 0, 0),))
    shot = Shot(49, Camera(eye=(0, 1.0, -6), look_at=(0, 0.7, 0)))
    a = simulate(replace(spec, shots=(shot,)))
    hide, appear = told(a, "hide", 1), told(a, "appear", 1)
    assert len(hide) == 1 and hide[0].target == 2 and len(appear) == 1
    x = a.entities.position[hide[0].start_frame, 0, 0]
    assert abs(x) < 0.25 and appear[0].start_frame == hide[0].end_frame + 1
    assert [h.target for h in told(a, "pass", 1)] == [2]


def test_who_leaves_the_picture_and_enters_it_is_listed():
    cast = (ball(friction=0.0, position=(-6, 0, 0)),)
    shot = Shot(73, Camera(eye=(0, 1.5, -6), look_at=(0, 0.5, 0)))
    a = simulate(replace(scene(cast, (roll(1, 2.0, 0, 0),)), shots=(shot,)))
    enter, leave = told(a, "enter", 1)[0], told(a, "exit", 1)[0]
    assert 0 < enter.start_frame < leave.start_frame
    x = a.entities.position[:, 0, 0]
    assert x[enter.start_frame] == pytest.approx(-x[leave.start_frame], abs=0.4)


def test_shots_start_where_they_say_or_go_on_where_the_last_one_ended():
    cast = (ball(friction=0.0), Entity(2, "cube", "blue", position=(0, 0, 2)))
    shots = (
        Shot(12),
        Shot(12, cast=(1,)),
        Shot(12, starts=((1, 3.0, 0.0, 1.0, 0.0),)),
    )
    a = simulate(replace(scene(cast, (roll(1, 1.2, 0, 0),)), shots=shots))
    x = a.entities.position[:, 0, 0]
    assert np.allclose(x[:24], 0.1 * np.arange(24), atol=1e-5)
    assert np.allclose(x[24:], 3.0, atol=1e-6)
    assert not a.entities.present[12:24, 1].any() and a.entities.present[24:, 1].all()
    assert list(a.shot) == [0] * 12 + [1] * 12 + [2] * 12


def test_what_goes_on_during_a_cut_goes_on_after_it():
    cast = (ball(), Entity(2, "door", "red", size=1.1, position=(2, 0, 0)))
    events = (
        Event("grow", 0.5, 1.5, 1, numbers={"factor": (1.6,)}),
        Event("open", 0.5, 1.5, 2, numbers={"angle": (1.4,)}),
    )
    shots = (Shot(12), Shot(24, starts=((1, 1.0, 0.0, 1.0, 0.0),)))
    a = simulate(replace(scene(cast, events), shots=shots))
    assert a.entities.size[11, 0] < 0.46 * 1.4
    assert a.entities.size[-1, 0] == pytest.approx(0.46 * 1.6, rel=1e-6)
    assert np.allclose(foot(a, 1), 0, atol=1e-3)
    leaf = int(np.flatnonzero(a.parts.entity == 2)[0])
    turned = np.arctan2(a.parts.rotation[-1, leaf, 2, 0], a.parts.rotation[-1, leaf, 0, 0])
    assert turned == pytest.approx(1.4, abs=1e-3)


def test_walls_of_a_place_stop_a_ball():
    place = Place(walls=((1.0, -2.0, 1.2, 2.0),))
    spec = scene((ball(size=0.3),), (roll(1, 2.0, 0, 0),))
    a = simulate(replace(spec, places=(place,)))
    assert a.entities.position[:, 0, 0].max() < 0.701


def test_flat_scenes_stay_in_their_plane():
    cast = tuple(
        ball(k + 1, color, size=0.3, position=(1.5 * k - 2, 0.5 * k, 0.0))
        for k, color in enumerate(("red", "blue", "green"))
    )
    events = (Event("throw", 0, 2, 1, numbers={"velocity": (2.0, 3.0, 0.0)}),)
    a = simulate(replace(scene(cast, events), preset="flat"))
    assert (a.entities.position[:, :, 2] == 0).all()


def test_a_man_who_pushes_a_crate_moves_it_and_stays_behind_it():
    cast = (
        Entity(1, "man", "blue", size=0.86, position=(-2.0, 0, 0), heading=-np.pi / 2),
        Entity(2, "crate", "brown", size=0.4, position=(-0.5, 0, 0), mass=8.0),
    )
    route = (-0.5, 0.0, 1.5, 0.0)
    events = (Event("push", 0.3, 4.5, 1, 2, numbers={"route": route, "speed": (0.8,)}),)
    a = simulate(scene(cast, events, frames=61))
    crate = a.entities.position[:, 1]
    assert crate[-1, 0] > 0.3 and np.abs(crate[:, 1] - 0.4).max() < 2e-3
    gap = crate[:, 0] - a.entities.position[:, 0, 0]
    assert (gap > 0.45).all()


def test_a_woman_picks_up_a_ball_that_has_rolled():
    cast = (
        Entity(1, "woman", "yellow", size=0.8, position=(1.5, 0, 0.8), heading=np.pi / 2),
        ball(2, size=0.18, position=(-1.5, 0, 0)),
    )
    events = (roll(2, 1.0, 0, 0), Event("pick_up", 3.0, 5.0, 1, 2))
    a = simulate(scene(cast, events, frames=73))
    held = a.entities.support[:, 1] == 1
    assert held[-1] and not held[:36].any()
    step = np.abs(np.diff(a.entities.position[:, 1].astype(float), axis=0)).max(axis=1)
    assert step.max() < 0.25  # it never jumps
    assert a.entities.position[-1, 1, 1] > 0.6


def test_who_stands_inside_of_whom_is_told():
    cup = Entity(1, "cup", "green", size=0.2, position=(0.06, 0.0, 0.6))
    pillar = Entity(3, "pillar", "gray", size=1.2, position=(2.0, 0.0, 0.0))
    far = ball(2, size=0.3, position=(-1, 0, 0))
    near = replace(far, position=(1.5, 0.0, 0.0))
    on_top = replace(far, position=(0.06, 0.4, 0.6))
    assert overlaps(scene((cup, far, pillar))) == []
    assert overlaps(scene((cup, on_top, pillar))) == []
    (found,) = overlaps(scene((cup, near, pillar)))
    assert found[:2] == (2, 3) and 0.3 - 0.5 + 0.24 * 1.2 < found[2] < 0.15


def test_silly_scenes_are_refused_in_one_line():
    with pytest.raises(BadInput, match="shot"):
        simulate(replace(scene((ball(),)), shots=()))
    with pytest.raises(BadInput, match="ids"):
        simulate(scene((ball(2),)))
    with pytest.raises(BadInput, match="kind"):
        simulate(scene((Entity(1, "spoon", "red"),)))
    with pytest.raises(BadInput, match="cast"):
        simulate(scene((ball(),), (roll(3, 1, 0, 0),)))
    with pytest.raises(BadInput, match=r"velocity.*\(x, y, z\)"):
        simulate(scene((ball(),), (roll(1, 1.0, 0.0),)))
