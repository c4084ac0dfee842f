"""Defects that are planted in scenes: what stays, what changes, and what is told of it."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.core.kinds import KINDS
from evenflow.world.clip import WorldSource, scene
from evenflow.world.defects import (
    CONTROLS,
    DEFECTS,
    StagedSource,
    inject,
    masks,
    paint,
    silhouettes,
)
from evenflow.world.defects.draw import staged
from evenflow.world.defects.inject import scene_of
from evenflow.world.defects.page import page
from evenflow.world.defects.placing import spans
from evenflow.world.defects.seen import pixels, project
from evenflow.world.defects.timing import between, noise, upright
from evenflow.world.simulate import simulate

SIZE = (96, 64)
MINE = (
    "color_change", "teleportation", "color_flicker", "identity_drift", "subject_swap", "vanish",
    "unstable_texture", "edge_shimmer", "ghosting", "light_direction", "unnatural_motion",
    "unphysical", "semantic_mismatch", "action_mismatch", "action_sequence",
)  # fmt: skip
ROLL = "a red ball rolls to the right past the blue cube"


@pytest.fixture(scope="module")
def roll():
    return scene(ROLL, preset="lab", seed=3, frames=36, fps=Fraction(12), size=SIZE)


@pytest.fixture(scope="module")
def stroll():
    return scene(
        "a woman walks to the right past the yellow box", preset="story", seed=1, frames=36,
        fps=Fraction(12), size=SIZE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def throw():
    return scene(
        "a green ball drops and bounces", preset="lab", seed=4, frames=36, fps=Fraction(12),
        size=SIZE,
    )  # fmt: skip


def carried(kind, roll, stroll, throw):
    return {"unphysical": throw, "unnatural_motion": stroll}.get(kind, roll)


def test_every_row_is_a_kind_with_a_rising_ladder_and_a_control():
    assert set(DEFECTS) == set(KINDS)
    for kind, row in DEFECTS.items():
        ladders = [row.magnitudes, *(steps for steps, _ in row.ladders.values())]
        for steps in ladders:
            assert len(steps) == 5 and all(np.diff(steps) > 0), kind
        assert row.unit and row.control in CONTROLS, kind
        assert set(row.ladders) <= set(row.variants) and set(row.equal_of) <= set(row.variants)
        assert {k for v in row.equal_of.values() for k in v} | set(row.equal) <= set(KINDS)


WHEN = {"ghosting": "18f..22f", "light_direction": "14f..18f"}
"""Kinds that draw several pictures for one."""
QUICK = [
    pytest.param(k, marks=() if k in ("teleportation", "vanish", "ghosting", "light_direction",
                                      "unphysical", "action_sequence") else pytest.mark.slow)
    for k in MINE
]  # fmt: skip


@pytest.mark.parametrize("kind", QUICK)
def test_magnitude_zero_changes_no_byte_and_frames_outside_the_span_stay(kind, roll, stroll, throw):
    spec = carried(kind, roll, stroll, throw)
    nothing = inject(spec, kind, strength=3, magnitude=0.0, at=WHEN.get(kind))
    some = sorted({0, 12, 20, 35})
    source = nothing.clip.source
    assert isinstance(source, StagedSource)
    alone = StagedSource(nothing.staged)  # drawn by itself, without its twin's frames
    clean = nothing.clean.source
    assert isinstance(clean, StagedSource)
    for f in some:
        assert np.array_equal(alone.pictures([f])[0], clean.pictures([f])[0])
    assert not nothing.is_visible and nothing.visible.sum() == 0

    planted = inject(spec, kind, strength=4, at=WHEN.get(kind))
    assert planted.is_visible
    first, last = planted.span.parameters["planted"]
    outside = [f for f in (0, first - 1, last, 35) if not first <= f < last and 0 <= f < 36]
    alone = StagedSource(planted.staged)
    for f in outside:
        assert np.array_equal(alone.pictures([f])[0], clean.pictures([f])[0])


@pytest.mark.parametrize("kind", ["teleportation", "ghosting", "unnatural_motion"])
def test_the_truth_holds_nearly_all_of_the_change(kind, roll, stroll, throw):
    spec = carried(kind, roll, stroll, throw)
    planted = inject(spec, kind, strength=4, at=WHEN.get(kind))
    a, b = planted.span.start_frame, planted.span.end_frame
    changed = np.abs(planted.clip.frames(a, b).astype(float) - planted.clean.frames(a, b))
    energy = (changed**2).sum(axis=-1)
    held = masks(planted, range(a, b))
    assert energy[held].sum() >= 0.99 * energy.sum()
    x0, y0, x1, y1 = planted.span.box or (0, 0, *SIZE)
    assert energy[:, y0:y1, x0:x1].sum() >= 0.99 * energy.sum()
    assert np.array_equal(held.sum(axis=(1, 2)), planted.visible[a:b])
    who = silhouettes(planted, [a, b - 1])
    assert who.any() and (planted.span.object,) == planted.entities


LADDERS = (
    ("color_change", ""), ("teleportation", ""), ("unstable_texture", "swim"),
    ("edge_shimmer", ""),
    *(
        pytest.param(*one, marks=pytest.mark.slow)
        for one in (
            ("color_flicker", ""), ("identity_drift", ""), ("light_direction", "shading"),
            ("semantic_mismatch", "color"), ("semantic_mismatch", "size"), ("vanish", "gone"),
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "variant"), LADDERS)
def test_a_stronger_one_changes_more(kind, variant, roll):
    total = []
    for strength in (1, 3, 5):
        planted = inject(roll, kind, strength=strength, variant=variant)
        a, b = planted.span.parameters["planted"]
        b = min(b, a + 12) if kind != "vanish" else b
        rows = range(a, b, 2) if kind not in ("identity_drift",) else range(24, 36, 4)
        change = [
            np.abs(
                planted.clip.frames(f, f + 1).astype(float) - planted.clean.frames(f, f + 1)
            ).sum()
            for f in rows
        ]
        total.append(sum(change))
    assert total[0] < total[1] < total[2], total


def test_a_shadow_goes_along(roll):
    planted = inject(roll, "teleportation", strength=5, entity=1)
    f = planted.span.start_frame + 2
    shadows = []
    for clip in (planted.clip, planted.clean):
        source = clip.source
        assert isinstance(source, StagedSource)
        truth = source.draw([f], truth=("shadow", "instance"))[1]
        assert truth.shadow is not None and truth.instance is not None
        dark = (truth.shadow[0] > 0.5) & (truth.instance[0] == 0)
        rows, columns = np.nonzero(dark.numpy())
        body = np.nonzero((truth.instance[0] == 1).numpy())[1].mean()
        shadows.append((np.abs(columns - body).min(), len(rows)))
    assert all(near < 6 and size > 10 for near, size in shadows)


def test_chunks_and_devices_of_drawing_change_no_byte(stroll):
    planted = inject(stroll, "light_direction", strength=4, at="10f..14f")
    a = planted.span.start_frame
    one = StagedSource(planted.staged, chunk=1).pictures(range(a, a + 4))
    all_ = StagedSource(planted.staged, chunk=16).pictures(range(a, a + 4))
    assert all(np.array_equal(x, y) for x, y in zip(one, all_, strict=True))
    again = inject(stroll, "light_direction", strength=4, at="10f..14f")
    assert again.span == planted.span
    assert np.array_equal(again.clip.frames(a, a + 3), planted.clip.frames(a, a + 3))


def test_the_clean_twin_is_the_scene_itself(roll):
    planted = inject(roll, "color_change", strength=2)
    assert np.array_equal(planted.clean.frames(5, 8), WorldSource(roll).draw([5, 6, 7])[0])


def test_strengths_share_time_and_place(stroll):
    plans = [inject(stroll, "edge_shimmer", strength=s).span for s in (1, 5)]
    assert plans[0].object == plans[1].object
    assert plans[0].parameters["planted"] == plans[1].parameters["planted"]


def test_two_defects_in_one_clip(roll):
    first = inject(roll, "color_change", strength=4, entity=1, at="12f..18f")
    both = inject(first, "edge_shimmer", strength=4, entity=2, at="22f..30f")
    assert [span.kind for span in both.spans] == ["color_change", "edge_shimmer"]
    assert np.array_equal(both.clip.frames(12, 18), first.clip.frames(12, 18))
    assert np.array_equal(both.clip.frames(18, 22), both.clean.frames(18, 22))
    assert not np.array_equal(both.clip.frames(22, 30), both.clean.frames(22, 30))
    assert masks(both, [14], clean=True).any() and not masks(both, [14]).any()


def test_a_ghost_is_drawn_of_what_is_planted_later(roll):
    ghost = inject(roll, "ghosting", strength=5, entity=1, at="19f..23f")
    both = inject(ghost, "color_change", strength=5, entity=1, at="17f..24f")
    f = 20
    trail = masks(ghost, [f])[0] & ~silhouettes(ghost, [f])[0]
    before, after = (c.frames(f, f + 1)[0][trail].mean(axis=0) for c in (ghost.clip, both.clip))
    assert np.abs(before.astype(float) - after).max() > 4  # the copies have the new color


def test_what_is_hidden_is_labelled_so(roll):
    planted = inject(roll, "color_change", strength=1, magnitude=0.2)
    assert not planted.is_visible
    assert planted.span.parameters["visible"] is False
    assert planted.span.parameters["first_visible"] is None


def test_a_change_of_paint_is_as_large_as_it_says(roll):
    planted = inject(roll, "color_change", strength=3, entity=1)
    f = planted.span.start_frame
    clean = staged(simulate(roll)).animation.parts
    rows = np.flatnonzero(clean.entity == 1)
    moved = paint.lab(planted.staged.animation.parts.color[f, rows]) - paint.lab(
        clean.color[f, rows]
    )
    assert np.linalg.norm(moved, axis=-1).max() == pytest.approx(20, abs=1.5)
    assert paint.lab(np.ones(3)) == pytest.approx([100, 0, 0], abs=0.01)
    colors = np.random.default_rng(0).uniform(0, 1, (50, 3))
    assert paint.unlab(paint.lab(colors)) == pytest.approx(colors, abs=1e-4)


def test_who_teleports_jumps_as_far_as_it_says_and_stays_in_the_picture(roll):
    planted = inject(roll, "teleportation", strength=4, entity=2)
    f = planted.span.start_frame
    now, was = planted.staged.animation.entities, scene_of(roll).source.staged.animation.entities
    jump = np.linalg.norm(now.position[f, 1] - was.position[f, 1])
    assert jump == pytest.approx(
        planted.span.parameters["magnitude"] * 2 * was.size[f, 1], rel=1e-3
    )
    x, y, _ = project(planted.staged.animation, now.position.astype(float))[f, 1]
    assert 0 < x < SIZE[0] and 0 < y < SIZE[1]


def test_gravity_is_as_wrong_as_it_says(throw):
    planted = inject(throw, "unphysical", strength=4, variant="gravity")
    e = planted.entities[0] - 1
    a = planted.span.start_frame
    y = planted.staged.animation.entities.position[a + 1 : a + 5, e, 1].astype(float)
    fall = -np.diff(y, 2) * 12.0**2
    assert np.median(fall) == pytest.approx(9.81 * (1 - 0.68), rel=0.15)


def test_a_bounce_gives_back_too_much(throw):
    planted = inject(throw, "unphysical", strength=5, variant="bounce")
    e = planted.entities[0] - 1
    now = planted.staged.animation.entities.position[:, e, 1]
    was = scene_of(throw).source.staged.animation.entities.position[:, e, 1]
    a = planted.span.parameters["planted"][0]
    assert now[a:].max() > 1.2 * was[a:].max()


def test_feet_slide_while_the_body_goes_on(stroll):
    planted = inject(stroll, "unnatural_motion", strength=5, variant="sliding", at="8f..24f")
    now, was = planted.staged.animation, scene_of(stroll).source.staged.animation
    assert np.allclose(now.entities.position, was.entities.position)

    def slip(animation):
        feet = animation.skeletons.feet[9:19, 0, :2].astype(float)
        low = feet[..., 1] < 0.03
        way = np.linalg.norm(np.diff(feet[..., (0, 2)], axis=0), axis=-1)
        return way[low[1:] & low[:-1]].mean()

    assert slip(now) > 3 * slip(was)


def test_somebody_who_never_comes_out_is_missed_from_when_it_should():
    spec = scene(
        "a red ball rolls behind the pillar", preset="story", seed=0, frames=48, fps=Fraction(12),
        size=SIZE,
    )  # fmt: skip
    planted = inject(spec, "vanish", strength=5, variant="stays hidden", entity=1)
    a, b = planted.span.start_frame, planted.span.end_frame
    seen = pixels(scene_of(spec).source.staged.animation)[:, 0]
    assert seen[max(a - 3, 0) : a].min() < 0.5 * seen.max() and seen[b - 1] > 60
    assert b == 48


def test_a_played_back_deed_goes_back_along_its_way(roll):
    planted = inject(roll, "action_sequence", strength=5, variant="backward")
    x = planted.staged.animation.entities.position[:, 0, 0].astype(float)
    step = np.diff(x)
    assert step.min() < -0.02 < 0.02 < step.max()
    a, b = planted.span.start_frame, planted.span.end_frame
    was = scene_of(roll).source.staged.animation.entities.position[:, 0, 0]
    assert np.allclose(x[:a], was[:a]) and np.allclose(x[b:], was[b:])


def test_times_between_frames():
    values = np.arange(6, dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    assert between(values, np.array([0.5, 2.0, 9.0]))[:, 0].tolist() == [0.5, 2.0, 5.0]
    turned = upright(np.eye(3) + 0.1 * np.random.default_rng(1).normal(size=(4, 3, 3)))
    assert np.einsum("tij,tik->tjk", turned, turned) == pytest.approx(
        np.broadcast_to(np.eye(3), (4, 3, 3)), abs=1e-9
    )
    wave = noise(np.random.default_rng(2), 200, 2, 24.0, low=4, high=8)
    power = np.abs(np.fft.rfft(wave, axis=0)) ** 2
    f = np.fft.rfftfreq(200, 1 / 24)
    assert power[(f > 3) & (f < 9)].sum() > 0.9 * power.sum()


def test_spans_stay_within_shots(roll):
    animation = replace(
        staged(simulate(roll)).animation, shot=np.repeat([0, 1], [20, 16]).astype(np.int16)
    )
    rng = np.random.default_rng(0)
    for kind in ("color_flicker", "teleportation", "identity_drift"):
        row = DEFECTS[kind]
        for a, b in spans(animation, row, rng):
            assert 0 < a < b <= 36
            if not row.to_end:
                assert animation.shot[a] == animation.shot[b - 1]
    with pytest.raises(BadInput, match="crosses the cut at frame 20"):
        next(spans(animation, DEFECTS["color_flicker"], rng, "10f..30f"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"kind": "rainbow"}, "no defect of kind"),
        ({"strength": 6}, "1 to 5"),
        ({"variant": "loud"}, "no variant"),
        ({"entity": 99}, "entities 1 to"),
        ({"kind": "unnatural_motion", "variant": "sliding"}, "feet"),
        ({"kind": "shake", "entity": 1}, "whole picture"),
        ({"at": "50f..60f"}, "36 frames"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(roll, more, says):
    asked = {"kind": "color_change", "strength": 3, **more}
    kind = asked.pop("kind")
    with pytest.raises(BadInput, match=says) as error:
        inject(roll, kind, **asked)
    assert "\n" not in str(error.value)


def test_the_page_is_made_from_the_tables():
    page_ = (Path(__file__).parents[2] / "docs" / "world_defects.md").read_text(encoding="utf-8")
    assert page_ == page(), "run python -m evenflow.world.defects.page"


@pytest.mark.slow
@pytest.mark.parametrize("kind", MINE)
def test_most_scenes_that_can_carry_a_kind_do(kind):
    done = able = 0
    for preset in ("story", "lab"):
        for seed in range(200, 205):
            spec = scene(preset=preset, seed=seed, frames=36, fps=Fraction(12), size=SIZE)
            animation = scene_of(spec).source.staged.animation
            row = DEFECTS[kind]
            if row.carriers is not None and not row.carriers(animation, 12, 24):
                continue
            if kind == "action_sequence" and not spec.events:
                continue  # nothing happens
            able += 1
            try:
                done += inject(spec, kind, strength=4).is_visible
            except BadInput:
                continue
    assert done >= 0.8 * able, (done, able)
