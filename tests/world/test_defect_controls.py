"""Legal look-alikes: each is staged in any scene, says what it shows, and is right."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.core.kinds import KINDS
from evenflow.world.clip import scene
from evenflow.world.defects import CONTROLS, DEFECTS, Staged, control
from evenflow.world.defects.draw import staged
from evenflow.world.language import parse
from evenflow.world.simulate import simulate
from evenflow.world.spec import SceneSpec
from evenflow.world.words import THINGS, WALKERS

ADDED = ("blinking_lamp", "passing_cloud", "flash", "fog", "film_grain", "rack_focus")
"""Controls whose caption has a sentence that the world's own language does not know."""


@lru_cache(maxsize=32)
def spec_of(seed: int, preset: str = "story") -> SceneSpec:
    return scene(preset=preset, seed=seed, frames=60, size=(96, 64), fps=Fraction(24))


def stage_of(spec: SceneSpec, name: str, seed: int) -> tuple[Staged, str]:
    made, text = CONTROLS[name].plant(spec, seed)
    return (made if isinstance(made, Staged) else staged(simulate(made))), text


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize(
    ("preset", "seed"), [("story", 2), pytest.param("lab", 5, marks=pytest.mark.slow)]
)
def test_a_scene_shows_it_and_the_caption_says_so(name: str, preset: str, seed: int) -> None:
    spec = spec_of(seed, preset)
    one, text = CONTROLS[name].plant(spec, seed)
    other, again = CONTROLS[name].plant(spec, seed)
    assert text == again and text
    if isinstance(one, SceneSpec):
        assert one == other and one.num_frames == spec.num_frames and one.size == spec.size
    else:
        assert isinstance(other, Staged)
        assert one.animation.spec == other.animation.spec
        assert np.array_equal(one.animation.light.color, other.animation.light.color)
    if name not in ADDED:
        assert parse(text).cast


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTROLS)
def test_ten_scenes_of_either_kind_show_it(name: str) -> None:
    for preset in ("story", "lab"):
        shown = 0
        for seed in range(30, 40):
            if name == "sunset":  # a sun can set by day and under the sky alone
                try:
                    stage_of(spec_of(seed, preset), name, seed)
                except BadInput:
                    continue
            else:
                stage_of(spec_of(seed, preset), name, seed)
            shown += 1
        assert shown == 10 or (name == "sunset" and shown >= 4)


def test_every_defect_has_its_control_and_every_control_its_defects() -> None:
    for kind, row in DEFECTS.items():
        assert row.control in CONTROLS, kind
    for name, row in CONTROLS.items():
        assert row.against and set(row.against) <= set(KINDS), name
        assert row.meaning and row.meaning[0].islower()


def test_a_control_is_a_clip() -> None:
    made = control(spec_of(2), "film_grain", seed=1)
    assert made.caption.endswith("It is shot on grainy film.") and len(made.clip) == 60
    once, again = (
        made.clip.frames(3, 6),
        control(spec_of(2), "film_grain", seed=1).clip.frames(3, 6),
    )
    assert np.array_equal(once, again)
    with pytest.raises(BadInput, match="did you mean film_grain"):
        control(spec_of(2), "film_grian")


def test_grain_is_as_strong_on_the_first_frame_as_on_the_last() -> None:
    clip = control(spec_of(5, "lab"), "film_grain", seed=1).clip
    source = staged(simulate(spec_of(5, "lab")))
    from evenflow.world.defects import StagedSource

    clean = StagedSource(source)
    sigma = []
    for frame in (0, 59):
        a = clip.frames(frame, frame + 1)[0].astype(float) - clean.pictures([frame])[0]
        sigma.append(a.std())
    assert sigma[0] == pytest.approx(5.0, rel=0.06) and sigma[0] == pytest.approx(
        sigma[1], rel=0.05
    )


@pytest.mark.parametrize("name", ["passing_cloud", "lights_dim", "sunset"])
def test_light_that_is_meant_never_flickers(name: str) -> None:
    for seed in (5, 8):
        stage, _ = stage_of(spec_of(seed, "lab"), name, seed)
        light = stage.animation.light
        level = np.log((light.color + light.sky).sum(axis=1).astype(np.float64))
        steps = np.diff(level)
        assert np.abs(steps).max() < 0.12  # no frame is a tenth darker than the one before
        turns = np.flatnonzero(np.diff(np.sign(steps[np.abs(steps) > 1e-4])))
        assert len(turns) <= 1 and np.abs(level - level[0]).max() > 0.2
    assert name != "passing_cloud" or abs(level[-1] - level[0]) < 0.02


def test_lightning_dies_away_and_never_darkens() -> None:
    stage, _ = stage_of(spec_of(5, "lab"), "flash", 3)
    gain = stage.animation.light.sky[:, 0] / stage.animation.light.sky[:, 0].min()
    rises = np.flatnonzero(np.diff(gain) > 0.3)
    assert 1 <= len(rises) <= 2 and gain.max() < 2.7
    falls = np.diff(gain)[np.setdiff1d(np.arange(59), rises)]
    assert (falls <= 1e-6).all() and falls.min() > -0.6


def test_a_lamp_blinks_in_an_even_beat_from_the_start() -> None:
    stage, text = stage_of(spec_of(5, "lab"), "blinking_lamp", 4)
    lamp = stage.animation.light.lamps[:, 0, 3]
    on = lamp > 0.5 * lamp.max()
    turns = np.flatnonzero(np.diff(on.astype(int)))
    assert text.endswith("The lamp blinks.") and len(turns) >= 4
    assert np.ptp(np.diff(turns)) <= 2  # half periods are equal to the frame


def test_what_stops_is_slowed_by_friction_and_then_rests() -> None:
    stage, _ = stage_of(spec_of(5, "lab"), "stop", 2)
    spec = stage.animation.spec
    slid = next(e.agent for e in spec.events if e.kind == "slide")
    speed = np.linalg.norm(stage.animation.entities.velocity[:, slid - 1], axis=-1)
    top = int(speed.argmax())
    assert speed.max() > 0.4 and speed[-3:].max() < 0.05
    assert (np.diff(speed[top:]) <= 0.02).all()


def test_a_rubber_ball_never_rises_as_high_as_before() -> None:
    stage, _ = stage_of(spec_of(5, "lab"), "bouncy", 2)
    ball = next(c.id for c in stage.animation.spec.cast if c.kind == "ball")
    high = stage.animation.entities.position[:, ball - 1, 1].astype(np.float64)
    tops = [high[0]] + [
        high[i] for i in range(1, 59) if high[i - 1] < high[i] >= high[i + 1] and high[i] > 0.5
    ]
    assert len(tops) >= 2 and (np.diff(tops) < 0).all()


def test_what_passes_behind_the_pillar_keeps_its_speed() -> None:
    stage, _ = stage_of(spec_of(5, "lab"), "hidden_passage", 2)
    spec = stage.animation.spec
    ball = next(c.id for c in spec.cast if c.kind == "ball")
    speed = np.linalg.norm(stage.animation.entities.velocity[:, ball - 1], axis=-1)
    moving = speed[speed > 0.3 * speed.max()]
    assert np.abs(np.diff(moving)).max() < 0.12 * speed.max()
    colors = stage.animation.entities.color[:, ball - 1]
    assert (colors == colors[0]).all()


def test_a_quick_pan_comes_back_to_the_same_view() -> None:
    stage, _ = stage_of(spec_of(5, "lab"), "quick_pan", 2)
    pose = stage.animation.camera.world_to_camera
    assert np.allclose(pose[0], pose[-1], atol=1e-4)
    assert np.abs(pose - pose[0]).max() > 0.3


def test_the_focus_is_pulled_once() -> None:
    made = control(spec_of(5, "lab"), "rack_focus", seed=1)
    pictures = np.stack([made.clip.frames(f, f + 1)[0] for f in range(0, 60, 4)])
    pictures = pictures.astype(np.float64).mean(axis=-1)
    sharp = np.abs(np.diff(pictures, axis=2)).mean(axis=(1, 2))
    assert np.abs(np.diff(np.log(sharp))).max() < 0.35  # no frame is suddenly soft


def test_mazes_and_flat_scenes_refuse_in_a_line() -> None:
    maze = replace(scene(preset="maze", seed=1, frames=24, size=(64, 64)))
    for name in ("hidden_passage", "handheld"):
        with pytest.raises(BadInput) as caught:
            CONTROLS[name].plant(maze, 0)
        assert "\n" not in str(caught.value)


def test_told_controls_have_somebody_to_look_at() -> None:
    for name in ("enter_and_leave", "jump", "pushed_prop"):
        stage, _ = stage_of(spec_of(2), name, 2)
        kinds = {c.kind for c in stage.animation.spec.cast if c.said}
        assert kinds & set(WALKERS) and kinds & set(THINGS)
