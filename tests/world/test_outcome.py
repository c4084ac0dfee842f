"""Who hides whom, measured by rays to a few points, agrees with the pixels that are drawn."""

import numpy as np
import pytest

from evenflow.world import outcome, simulate
from evenflow.world.animation import Animation
from evenflow.world.spec import Camera, Entity, Event, SceneSpec, Shot


def looks(spec: SceneSpec) -> tuple[Animation, np.ndarray, np.ndarray, np.ndarray]:
    a = simulate.simulate(spec)
    stage, course, _ = simulate._play_out(spec)
    solids = simulate._solids(spec, stage, course, a.entities.present)
    share, by, inside, _ = outcome.looks(spec, a.entities, a.camera, solids)
    return a, share, by, inside


def scene(events: tuple[Event, ...], *cast: Entity, fov: float = 0.75) -> SceneSpec:
    shot = Shot(25, Camera(eye=(0.3, 1.2, -6), look_at=(0, 0.6, 0), fov=fov, height=5.0))
    return SceneSpec(3, "lab", (shot,), cast=cast, events=events)


def roll(agent: int, *velocity: float) -> Event:
    return Event("roll", 0, 2, agent, numbers={"velocity": velocity})


SCENES = {
    "behind a pillar": (
        (roll(1, 1.6, 0, 0),),
        Entity(1, "ball", "red", size=0.35, position=(-1.6, 0, 1.5), friction=0.0),
        Entity(2, "pillar", "gray", size=1.2, position=(0, 0, 0)),
    ),
    "behind a wall": (
        (roll(1, 1.8, 0, 0.4),),
        Entity(1, "ball", "red", size=0.3, position=(-1.8, 0, 1.2), friction=0.0),
        Entity(2, "wall", "brown", size=0.5, position=(0.2, 0, 0), heading=0.3),
    ),
    "behind a cube": (
        (roll(1, 1.5, 0, -0.5),),
        Entity(1, "ball", "red", size=0.4, position=(-1.6, 0, 2.0), friction=0.0),
        Entity(2, "cube", "blue", size=0.5, position=(0, 0, -0.5), heading=0.5),
        Entity(3, "cylinder", "green", size=0.4, position=(0.5, 0, 2.5)),
    ),
}


@pytest.mark.parametrize("fov", [0.75, 0.0])
@pytest.mark.parametrize("name", list(SCENES))
def test_shares_that_are_hidden_agree_with_pixels(name: str, fov: float):
    torch = pytest.importorskip("torch")
    from dataclasses import replace

    from evenflow.world.render import render

    torch.set_num_threads(1)
    events, *cast = SCENES[name]
    spec = scene(events, *cast, fov=fov)
    a, share, by, inside = looks(spec)
    alone = a.parts.entity == 1
    only = replace(a, parts=replace(a.parts, present=a.parts.present & alone))
    seen, whole = (
        t.visible[:, 0].numpy().astype(float)
        for t in render([a, only], truth=("visible",), antialias=False).truth
    )
    assert whole.min() > 30
    hidden = 1 - seen / whole
    assert np.abs(hidden - share[:, 0]).mean() < 0.07
    assert np.abs(hidden - share[:, 0]).max() < 0.3
    covered = hidden > 0.9
    assert (share[covered, 0] >= outcome.HIDDEN).all() and (by[covered, 0] == 2).all()
    assert (share[hidden == 0, 0] < 0.25).all()
    assert inside[:, 0].all()


def test_a_deed_that_left_no_trace_is_not_listed():
    cast = (
        Entity(1, "cube", "red", position=(0, 0, 0), friction=1.0),
        Entity(2, "man", "blue", size=0.86, position=(3, 0, 3)),
    )
    events = (Event("slide", 0.5, 1.5, 1, numbers={"velocity": (0.05, 0.0, 0.0)}),)
    a = simulate.simulate(scene(events, *cast))
    assert not [h for h in a.happened if h.kind == "slide"]


def test_a_stop_names_what_it_bumped_into():
    cast = (
        Entity(1, "ball", "red", position=(-1.5, 0, 0), size=0.3, restitution=0.0),
        Entity(2, "wall", "brown", position=(0.8, 0, 0), heading=np.pi / 2, size=0.8),
    )
    a = simulate.simulate(scene((roll(1, 1.5, 0, 0),), *cast))
    stop = next(h for h in a.happened if h.kind == "stop" and h.agent == 1)
    hit = next(h for h in a.happened if h.kind == "hit" and h.agent == 1)
    assert stop.target == hit.target == 2
    assert 0 <= stop.start_frame - hit.start_frame <= 3


def test_bounces_are_listed_until_they_are_too_small_to_see():
    cast = (Entity(1, "ball", "red", size=0.3, restitution=0.7),)
    drop = Event("drop", 0.0, 1.0, 1, numbers={"height": (1.2,)})
    a = simulate.simulate(scene((drop,), *cast))
    frames = [h.start_frame for h in a.happened if h.kind == "bounce"]
    fall = np.sqrt(2 * 1.2 / 9.81)
    due = fall * (1 + 2 * np.cumsum([0, 0.7, 0.49]))
    assert frames[:3] == [int(np.ceil(t * 12)) for t in due]
