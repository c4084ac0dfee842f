"""Random scripts and scenes: what each preset promises, and the laws of the flat one."""

from collections import Counter
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.flat import LAWS
from evenflow.world.physics import ROLLING
from evenflow.world.sampling import LAB, random_script, random_spec
from evenflow.world.simulate import simulate
from evenflow.world.spec import SceneSpec
from evenflow.world.staging import layout
from evenflow.world.things import ramp_angle
from evenflow.world.words import EVENTS, HUES, WALKERS

SEEDS = range(40)


def specs(preset: str) -> list[SceneSpec]:
    return [random_spec(preset, seed) for seed in SEEDS]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def lab() -> list[SceneSpec]:
    return specs("lab")


@pytest.fixture(scope="module")
def story() -> list[SceneSpec]:
    return specs("story")


def test_lab_is_gradable(lab: list[SceneSpec]) -> None:
    for spec in lab:
        said = [one for one in spec.cast if one.said]
        assert said == list(spec.cast) and 1 <= len(said) <= 5
        names = Counter((one.color, one.kind) for one in said)
        assert max(names.values()) == 1
        assert all(one.pattern == "plain" for one in said)
        assert all(
            one.color in HUES for one in said if one.kind in ("ball", "cube", "cone", "star")
        )
        (place,) = spec.places
        assert (
            place.ground in ("plain", "checker") and place.background == "none" and place.fog == 0
        )
        assert max(place.colors[0]) - min(place.colors[0]) <= 4
        assert min(place.light.color) > 0.95 and spec.style == "plain"
        assert sum(event.said for event in spec.events) <= 5


def test_lab_shows_occlusion_collision_drop_and_color_change(lab: list[SceneSpec]) -> None:
    kinds = {event.kind for spec in lab for event in spec.events}
    assert kinds >= {"hide", "hit", "drop", "change_color", "roll"}
    assert len(LAB) >= 12


def test_story_has_places_people_cameras_and_styles(story: list[SceneSpec]) -> None:
    assert len({spec.places[0].background for spec in story}) >= 5
    assert len({spec.places[0].ground for spec in story}) >= 6
    assert len({spec.places[0].sky for spec in story}) >= 4
    assert len({spec.style for spec in story}) >= 3
    walkers = {one.kind for spec in story for one in spec.cast if one.kind in WALKERS}
    assert len(walkers) >= 5
    moves = {move.kind for spec in story for shot in spec.shots for move in shot.camera.moves}
    assert len(moves) >= 6
    assert any(len(spec.shots) > 1 for spec in story)
    assert any(one.pattern != "plain" for spec in story for one in spec.cast if one.said)
    assert sum(any(not one.said for one in spec.cast) for spec in story) > 25
    counts = [sum(event.said for event in spec.events) for spec in story]
    assert min(counts) >= 1 and max(counts) <= 6


@pytest.mark.parametrize("preset", ["lab", "story", "flat"])
def test_who_is_spoken_of_can_be_told_apart(preset: str) -> None:
    for spec in specs(preset):
        said = [(one.color, one.kind) for one in spec.cast if one.said]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize("preset", ["lab", "story", "flat"])
def test_a_scene_depends_on_its_seed_alone(preset: str) -> None:
    once = [random_spec(preset, seed).digest for seed in (3, 4, 5)]  # type: ignore[arg-type]
    again = [random_spec(preset, seed).digest for seed in (5, 4, 3)]  # type: ignore[arg-type]
    assert once == again[::-1] and len(set(once)) == 3


def test_all_said_deeds_are_in_the_spec() -> None:
    for seed in range(12):
        script = random_script("lab", seed)
        try:
            spec = layout(script, preset="lab", seed=seed, attempts=12).spec
        except BadInput:
            continue
        told = Counter(event.kind for event in spec.events if event.said)
        assert told == Counter(deed.kind for deed in script.deeds)


def test_scripts_use_most_events() -> None:
    kinds = {d.kind for seed in range(300) for d in random_script("story", seed).deeds}
    assert len(kinds) >= 28 and kinds <= set(EVENTS)


@pytest.mark.parametrize(("frames", "fps"), [(16, 12), (32, 12), (49, 24), (128, 12)])
def test_clips_of_any_length(frames: int, fps: int) -> None:
    for preset in ("lab", "story", "flat"):
        spec = random_spec(preset, 7, frames=frames, fps=Fraction(fps))  # type: ignore[arg-type]
        assert spec.num_frames == frames and spec.fps == fps


def test_key_things_have_sixty_pixels_when_drawn() -> None:
    torch = pytest.importorskip("torch")
    from evenflow.world.render import render

    torch.set_num_threads(1)
    for seed in range(5):
        spec = random_spec("lab", seed)
        animation = simulate(spec)
        drawn = render([animation], frames=list(range(0, 49, 6)), truth=("instance",))
        ids = drawn.truth[0].instance
        assert ids is not None
        for one in spec.cast:
            most = max(int((frame == one.id).sum()) for frame in ids)
            assert most >= 50, f"seed {seed}: the {one.color} {one.kind} has {most} pixels"


# The laws of flat scenes, against closed forms.


@cache
def flats() -> tuple[SceneSpec, ...]:
    return tuple(random_spec("flat", seed) for seed in range(40))


def flat(law: str) -> list[SceneSpec]:
    """Some scenes of one law."""
    kinds = {
        "uniform": lambda s: [e.kind for e in s.events] == ["roll"] and len(s.cast) == 1,
        "collision": lambda s: any(e.kind == "hit" for e in s.events),
        "parabola": lambda s: any(e.kind == "throw" for e in s.events),
        "bounce": lambda s: [e.kind for e in s.events] == ["drop", "bounce"],
        "ramp": lambda s: any(one.kind == "ramp" for one in s.cast),
        "pendulum": lambda s: any(one.kind == "pendulum" for one in s.cast),
        "stack": lambda s: len(s.cast) >= 3,
    }
    found = [spec for spec in flats() if kinds[law](spec)]
    assert len(found) >= 2, law
    return found[:3]


def test_flat_scenes_are_flat_and_seen_from_the_side() -> None:
    assert len(LAWS) == 7
    for law in LAWS:
        spec = flat(law)[0]
        animation = simulate(spec)
        assert animation.camera.orthographic.all()
        assert np.abs(animation.entities.position[:, :, 2]).max() < 1e-5
        assert all(shot.camera.fov == 0 for shot in spec.shots)


def test_uniform_motion_has_constant_velocity() -> None:
    for spec in flat("uniform"):
        animation = simulate(spec)
        after = int(np.ceil(spec.events[0].start * 12)) + 1
        x = animation.entities.position[after:, 0, 0].astype(np.float64)
        assert np.abs(np.diff(x, 2)).max() < 1e-4
        assert abs(np.diff(x)[0] * 12 - spec.events[0].numbers["velocity"][0]) < 1e-3


def test_collisions_keep_momentum_and_energy() -> None:
    for spec in flat("collision"):
        animation = simulate(spec)
        m = np.array([one.mass for one in spec.cast])
        v = animation.entities.velocity[:, :, 0].astype(np.float64)
        (hit,) = [c for c in animation.contacts if c.first and c.second][:1]
        before, after = v[hit.frame - 2], v[min(hit.frame + 2, 48)]
        assert (m * before).sum() == pytest.approx((m * after).sum(), rel=0.01)
        assert (m * before**2).sum() == pytest.approx((m * after**2).sum(), rel=0.02)
        share = 2 * m[0] / m.sum()
        assert after[1] == pytest.approx(share * before[0], rel=0.02)


def test_a_throw_is_a_parabola() -> None:
    for spec in flat("parabola"):
        animation = simulate(spec)
        throw = next(e for e in spec.events if e.kind == "throw")
        a, b = int(np.ceil(throw.start * 12)), int(throw.end * 12)
        t = np.arange(a, b) / 12
        p = animation.entities.position[a:b, 0].astype(np.float64)
        fit = np.polyfit(t, p[:, 1], 2)
        assert fit[0] == pytest.approx(-0.5 * spec.gravity, rel=0.01)
        assert np.abs(np.diff(p[:, 0], 2)).max() < 1e-4


def test_bounces_lose_height_by_the_square_of_restitution() -> None:
    for spec in flat("bounce"):
        animation = simulate(spec)
        one = spec.cast[0]
        fall = next(e for e in spec.events if e.kind == "drop").numbers["height"][0]
        first = [c for c in animation.contacts if 0 in (c.first, c.second)][:2]
        if len(first) < 2:
            continue
        gap = first[1].time - first[0].time  # flight between the bounces: 2 e sqrt(2 h / g)
        ideal = 2 * one.restitution * np.sqrt(2 * fall / spec.gravity)
        assert gap == pytest.approx(ideal, rel=0.03)


def test_a_ball_rolls_down_a_ramp_at_five_sevenths() -> None:
    for spec in flat("ramp"):
        animation = simulate(spec)
        p = animation.entities.position[:, 0].astype(np.float64)
        a, b = 2, int(spec.events[0].end * 12) - 2
        along = np.hypot(p[a:b, 0] - p[0, 0], p[a:b, 1] - p[0, 1])
        fit = np.polyfit(np.arange(a, b) / 12, along, 2)
        slope = ramp_angle()
        resisted = ROLLING * spec.cast[0].friction * np.cos(slope)
        ideal = 5 / 7 * spec.gravity * (np.sin(slope) - resisted)
        assert 2 * fit[0] == pytest.approx(ideal, rel=0.06)


def test_a_pendulum_keeps_its_period() -> None:
    from scipy.special import ellipk

    from evenflow.world.things import model

    for spec in flat("pendulum"):
        animation = simulate(spec)
        one = spec.cast[0]
        swing = spec.events[0]
        bob = np.flatnonzero(animation.parts.entity == one.id)[0]
        x = animation.parts.position[:, bob, 0].astype(np.float64) - one.position[0]
        after = int(np.ceil(swing.start * 12))
        t = np.arange(after, len(x)) / 12
        crossings = [
            t[k] - x[after + k] / (x[after + k + 1] - x[after + k]) / 12
            for k in range(len(t) - 1)
            if x[after + k] * x[after + k + 1] < 0
        ]
        length = model("pendulum").length * one.size
        angle = abs(swing.numbers["angle"][0])
        period = 4 * np.sqrt(length / spec.gravity) * ellipk(np.sin(angle / 2) ** 2)
        assert np.diff(crossings).mean() == pytest.approx(period / 2, rel=0.03)


def test_a_stack_rests() -> None:
    for spec in flat("stack"):
        animation = simulate(spec)
        boxes = [one for one in spec.cast if one.kind != "ball"]
        p = animation.entities.position.astype(np.float64)
        height = 0.0
        for one in boxes:
            assert p[0, one.id - 1, 1] == pytest.approx(height + one.size, abs=0.02)
            height += 2 * one.size
            assert np.abs(p[8, one.id - 1] - p[0, one.id - 1]).max() < 0.05
