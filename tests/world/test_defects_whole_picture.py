"""Defects of light, lens, time, camera and background: closed forms, limits, what must not move."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.clip import scene
from evenflow.world.defects import (
    CONTROLS,
    DEFECTS,
    Plan,
    Planted,
    Staged,
    StagedSource,
    background_swim,
    camera_mismatch,
    drift,
    freeze,
    image_flicker,
    inject,
    lens,
    paint,
    shake,
    subjects,
)
from evenflow.world.defects.draw import staged
from evenflow.world.simulate import simulate
from evenflow.world.spec import CameraMove, Light, SceneSpec

KINDS = (
    "lighting_flicker", "image_flicker", "style_change", "background_switch", "unnatural_jump",
    "freeze", "high_frequency_noise", "shake", "drift", "seam", "collapse", "background_swim",
    "sharpness_pumping",
)  # fmt: skip
SLOW = pytest.mark.slow
FORMS = [(kind, form) for kind in KINDS for form in (DEFECTS[kind].variants or ("",))]
LAMP_LIT = 14
"""Seed of a scene at night that a lamp lights."""
QUICK = [
    pytest.param(kind, form, marks=() if form in (DEFECTS[kind].variants or ("",))[:1] else SLOW)
    for kind, form in FORMS
]
CHUNKS = [("image_flicker", "soft"), pytest.param("background_swim", "flow", marks=SLOW)]


@lru_cache(maxsize=8)
def spec_of(seed: int, preset: str = "story") -> SceneSpec:
    return scene(preset=preset, seed=seed, frames=30, size=(96, 64), fps=Fraction(12))


@lru_cache(maxsize=4)
def stage_of(seed: int, preset: str = "story") -> Staged:
    return staged(simulate(spec_of(seed, preset)))


def planted(kind: str, form: str, strength: int, **more: object) -> Planted:
    """A defect in the first scene that can have it."""
    scenes = map(spec_of, (LAMP_LIT,) if form == "lamp" else (1, 2, 4, 7))
    problem = ""
    for spec in scenes:
        try:
            return inject(spec, kind, strength=strength, seed=3, variant=form, **more)  # type: ignore[arg-type]
        except BadInput as error:
            problem = str(error)
    raise AssertionError(f"{kind} {form} fits none of the scenes: {problem}")


def frames(clip: object) -> np.ndarray:
    return clip.frames(0, len(clip))  # type: ignore[attr-defined, arg-type, no-any-return]


@pytest.mark.parametrize(("kind", "form"), QUICK)
def test_outside_the_span_every_byte_is_the_clean_twins(kind: str, form: str) -> None:
    made = planted(kind, form, 3)
    a, b = frames(made.clip), frames(made.clean)
    start, end = made.span.parameters["planted"]
    differs = (a != b).any(axis=(1, 2, 3))
    assert not differs[:start].any() and not differs[end:].any()
    assert differs[start:end].any()
    assert made.span.start_frame >= start and made.visible.max() >= 25
    assert (made.visible[~differs] == 0).all()
    nothing = planted(kind, form, 3, magnitude=0.0)
    assert np.array_equal(frames(nothing.clip), frames(nothing.clean))


def _energy(made: Planted) -> float:
    a, b = frames(made.clip).astype(np.float64), frames(made.clean).astype(np.float64)
    return float(np.abs(a - b).mean())


@pytest.mark.parametrize("kind", ["lighting_flicker", "freeze", "shake", "background_switch"])
def test_a_stronger_defect_changes_more(kind: str) -> None:
    form = {"lighting_flicker": "random"}.get(kind, (DEFECTS[kind].variants or ("",))[0])
    ladder = [_energy(planted(kind, form, strength)) for strength in (1, 3, 5)]
    assert 0 < ladder[0] < ladder[1] < ladder[2], ladder


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_every_step_of_every_ladder_changes_more(kind: str, form: str) -> None:
    ladder = [_energy(planted(kind, form, strength)) for strength in range(1, 6)]
    assert (np.diff(ladder) >= -0.02 * max(ladder)).all() and ladder[4] > ladder[2] > ladder[0]


@pytest.mark.parametrize(("kind", "form"), CHUNKS)
def test_chunks_change_no_byte(kind: str, form: str) -> None:
    made = planted(kind, form, 3)
    source = made.clip.source
    assert isinstance(source, StagedSource)
    once = np.stack(replace(source, chunk=3, kept={}).pictures(range(8, 20)))
    again = np.stack(replace(source, chunk=64, kept={}).pictures(range(8, 20)))
    assert np.array_equal(once, again)


def test_a_frozen_frame_is_the_frame_before_it() -> None:
    made = planted("freeze", "", 5)
    start, end = made.span.parameters["planted"]
    a = frames(made.clip)
    assert (a[start:end] == a[start]).all()


def test_what_freezes_must_move() -> None:
    stage = stage_of(1)
    rows = np.zeros(30, np.int64)
    still = freeze.retimed(stage, rows)
    with pytest.raises(BadInput, match="nothing moves"):
        freeze.plant(still, Plan("freeze", 3, 5, 20, 0.5))


def test_after_a_skip_every_frame_is_a_later_one_of_the_clean_twin() -> None:
    made = planted("unnatural_jump", "skip", 5)
    start, _ = made.span.parameters["planted"]
    a, b = frames(made.clip), frames(made.clean)
    count = 6  # 12 frames at 24 a second
    assert np.array_equal(a[start : 30 - count], b[start + count :])
    assert made.span.end_frame == start + 1
    # What comes after the clean twin's end goes on without another jump.
    steps = np.abs(np.diff(a[start:].astype(np.float64), axis=0)).mean(axis=(1, 2, 3))
    before = steps[: 29 - count - start]
    assert steps[29 - count - start :].max() <= 2.0 * before.max() + 0.2


def test_a_style_that_is_wholly_mixed_in_is_that_style() -> None:
    made = planted("style_change", "sepia", 5)
    source = made.clip.source
    assert isinstance(source, StagedSource)
    start, _ = made.span.parameters["planted"]
    alone = StagedSource(staged(simulate(replace(made.spec, style="sepia"))))
    assert np.array_equal(source.pictures([start + 2])[0], alone.pictures([start + 2])[0])


@pytest.mark.parametrize("form", ["exposure", "tint"])
@pytest.mark.parametrize("size", [4.0, 15.0])
def test_drift_ends_at_its_distance(form: str, size: float) -> None:
    stage = stage_of(1)
    plan = Plan("drift", 3, 4, 28, size, seed=5, variant=form)
    before, after = (x.animation.light.sky for x in (stage, drift.plant(stage, plan)))
    gain = after[27].astype(np.float64) / before[27]
    apart = paint.lab(drift.GRAY * gain) - paint.lab(np.full(3, drift.GRAY))
    assert np.linalg.norm(apart) == pytest.approx(size, rel=0.02)
    assert np.array_equal(after[28:], before[28:])
    shares = np.log(after[4:28].astype(np.float64) / before[4:28]).sum(axis=1)
    assert (np.abs(np.diff(np.diff(shares))) < 0.02).all()  # no step anywhere


def test_a_turned_camera_moves_the_horizon_by_as_many_pixels() -> None:
    stage = stage_of(1)
    animation = stage.animation
    path = np.array([[3.0, 0.0], [0.0, -2.0], [0.0, 0.0]])
    camera = shake.aimed(animation, 10, path)
    ahead = animation.camera.world_to_camera[10:13].astype(np.float64)
    focal = animation.camera.intrinsics[10, 1, 1]
    far = np.einsum("tji,j->ti", ahead[:, :3, :3], np.array([0.0, 0.0, 1e6]))
    seen = np.einsum("tij,tj->ti", camera.world_to_camera[10:13, :3, :3].astype(np.float64), far)
    moved = focal * seen[:, :2] / seen[:, 2:]
    assert np.allclose(moved, path, atol=1e-3)
    turn = camera.world_to_camera[10:13, :3, :3].astype(np.float64)
    assert np.allclose(turn @ turn.transpose(0, 2, 1), np.eye(3), atol=1e-5)


def test_tremble_has_the_size_that_is_asked_for() -> None:
    path = shake.tremble(200, np.random.default_rng(0))
    assert np.sqrt((path**2).mean()) == pytest.approx(1.0)
    slow = np.abs(np.fft.rfft(path, axis=0)[:20]).mean()
    assert slow < 3.0 * np.abs(np.fft.rfft(path, axis=0)[20:]).mean()


def test_noise_has_its_sigma_and_leaves_silhouettes_alone() -> None:
    made = planted("high_frequency_noise", "behind", 4)
    start, _ = made.span.parameters["planted"]
    frame = start + 1
    a, b = (x.frames(frame, frame + 1)[0].astype(np.float64) for x in (made.clip, made.clean))
    source = made.clean.source
    assert isinstance(source, StagedSource)
    animation = source.staged.animation
    solid = subjects.silhouette(animation, frame, subjects.subjects(animation))
    assert solid.any() and np.array_equal(a[solid], b[solid])
    free = ~solid & (b.min(axis=-1) > 45) & (b.max(axis=-1) < 210)
    assert (a - b)[free].std() == pytest.approx(10.0, rel=0.06)


def test_who_stands_before_a_switched_background_stays() -> None:
    made = planted("background_switch", "", 5)
    start, _ = made.span.parameters["planted"]
    one, other = made.clip.source, made.clean.source
    assert isinstance(one, StagedSource) and isinstance(other, StagedSource)
    ids = subjects.subjects(other.staged.animation)
    a, b = (subjects.silhouette(x.staged.animation, start + 1, ids) for x in (one, other))
    assert np.array_equal(a, b) and b.any()
    p, q = (x.pictures([start + 1])[0].astype(int) for x in (one, other))
    assert np.abs(p - q)[b].mean() < 0.35 * np.abs(p - q)[~b].mean()


@pytest.mark.parametrize("form", ["slide", "pose"])
def test_who_stands_on_a_swimming_ground_is_drawn_as_before(form: str) -> None:
    made = planted("background_swim", form, 5)
    start, end = made.span.parameters["planted"]
    frame = (start + end) // 2
    one, other = made.clip.source, made.clean.source
    assert isinstance(one, StagedSource) and isinstance(other, StagedSource)
    ids = subjects.subjects(other.staged.animation)
    a, b = (subjects.silhouette(x.staged.animation, frame, ids) for x in (one, other))
    assert (a != b).sum() <= 0.03 * b.sum() + 2  # what stands around may hide some of it
    both = a & b
    p, q = (x.pictures([frame])[0].astype(int) for x in (one, other))
    assert np.median(np.abs(p - q)[both]) <= 2


def test_a_flowing_background_never_fetches_a_silhouette() -> None:
    stage = background_swim.prepare(
        stage_of(2, "lab"), Plan("background_swim", 5, 5, 25, 2.2, variant="flow")
    )
    plan = Plan("background_swim", 5, 5, 25, 2.2, seed=1, variant="flow")
    made = background_swim.plant(stage, plan)
    ((_, _, flowing),) = made.develop
    ids = subjects.subjects(stage.animation)
    solid = subjects.silhouette(stage.animation, 12, ids)
    picture = np.where(solid[..., None], 1.0, 0.0).astype(np.float32).repeat(3, axis=-1)[..., :3]
    out = flowing(picture, 12)
    assert solid.any() and np.array_equal(out[solid], picture[solid])
    assert np.abs(out - picture)[~solid].max() < 0.2  # cubic weights reach a pixel farther


def test_light_flickers_in_the_whole_track_and_nothing_else() -> None:
    made = planted("lighting_flicker", "periodic", 4)
    one, other = made.clip.source, made.clean.source
    assert isinstance(one, StagedSource) and isinstance(other, StagedSource)
    start, end = made.span.parameters["planted"]
    gain = one.staged.animation.light.sky[:, 1] / other.staged.animation.light.sky[:, 1] - 1.0
    assert np.sqrt((gain[start:end] ** 2).mean()) == pytest.approx(0.10, rel=0.02)
    assert (gain[:start] == 0).all() and (gain[end:] == 0).all()
    assert np.array_equal(
        one.staged.animation.parts.position, other.staged.animation.parts.position
    )


def test_flickering_frames_are_single() -> None:
    for seed in range(20):
        plan = Plan("image_flicker", 3, 6, 40, 0.5, seed=seed, variant="black")
        struck = image_flicker.struck(plan)
        assert struck and min(np.diff(struck), default=9) >= 4
        assert all(6 <= frame < 40 for frame in struck)


def test_a_stop_of_exposure_is_twice_the_light() -> None:
    x = np.full((4, 4, 3), 0.3, np.float32)
    assert np.allclose(lens.exposed(x, 2.0) ** 2.2, 2.0 * x**2.2, rtol=1e-4)
    assert np.allclose(lens.soft(x, 3.0), x, atol=1e-6)


def test_a_camera_that_should_move_stands_at_half_and_goes_back_at_full() -> None:
    spec = spec_of(2, "lab")
    long = spec.num_frames / 12
    shot = spec.shots[0]
    moving = replace(
        spec,
        shots=(
            replace(
                shot, camera=replace(shot.camera, moves=(CameraMove("pan left", 0, long, 0.5),))
            ),
        ),
    )
    stage = staged(simulate(moving))
    plan = Plan("action_mismatch", 3, 2, 30, 0.5, variant="camera")
    stands = camera_mismatch.plant(stage, plan).animation.camera.world_to_camera
    assert np.allclose(stands[2:], stands[2], atol=1e-4)
    back = camera_mismatch.plant(stage, replace(plan, magnitude=1.0)).animation.camera
    first = stage.animation.camera.world_to_camera[2, :3, :3]
    ahead = stage.animation.camera.world_to_camera[3, :3, :3] @ first.T
    behind = back.world_to_camera[3, :3, :3] @ first.T
    assert np.allclose(ahead @ behind, np.eye(3), atol=2e-3)


def test_every_row_names_a_control_that_is_there() -> None:
    for kind in KINDS:
        row = DEFECTS[kind]
        assert row.control in CONTROLS and kind in CONTROLS[row.control].against
        assert list(row.magnitudes) == sorted(row.magnitudes) and row.unit


def test_refusals_are_one_line() -> None:
    day = replace(
        spec_of(1),
        places=tuple(replace(p, sky="noon", light=Light()) for p in spec_of(1).places),
    )
    for kind, form in (("lighting_flicker", "lamp"), ("style_change", day.style)):
        with pytest.raises(BadInput) as caught:
            inject(day, kind, strength=3, variant=form)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
