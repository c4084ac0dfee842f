"""The world is a dataset like any other, made when it is looked at and never before."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenflow.core.errors import BadInput
from evenflow.data import worlds
from evenflow.data.batches import Batches
from evenflow.data.buckets import Buckets
from evenflow.data.open import open_dataset
from evenflow.data.scenes import draw, stage, within
from evenflow.data.worlds import WorldRows, world_rows
from evenflow.world.clip import scene
from evenflow.world.language import describe


def test_a_scan_of_a_hundred_thousand_rows_makes_no_scene(monkeypatch):
    source = open_dataset("world:story?seed=5&n=100000")

    def refuse(*_, **__):
        raise AssertionError("a scene was made")

    monkeypatch.setattr(worlds, "scene", refuse)
    worlds._scene.cache_clear()
    keys = Counter(row.key for row in source)
    assert len(source) == len(keys) == 100_000 and max(keys.values()) == 1
    assert source.stub(99_999).extra == {"seed": 100_004}


def test_a_row_is_the_scene_of_its_seed_wherever_it_is_asked_from():
    source = world_rows("world:story?seed=3&n=50&frames=13&size=48x32&fps=8")
    row = source.row(4)
    spec = scene(preset="story", seed=7, frames=13, size=(48, 32), fps=Fraction(8))
    assert row.hash == spec.digest and row.key == "story_000000007"
    assert (row.num_frames, row.fps, row.width, row.height) == (13, 8, 48, 32)
    assert row.captions == {level: describe(spec, level) for level in row.captions}
    assert row.caption == describe(spec, "L2") and set(row.captions) == set(worlds.LEVELS)
    again = open_dataset(row.path)
    assert again.row(0) == row and len(again) == 1
    assert np.array_equal(again.clip(again.row(0)).frames(3, 6), source.clip(row).frames(3, 6))
    pictures, truth = replace(source, truth=("depth",)).known(row)
    assert np.array_equal(pictures, source.clip(row).frames())
    assert truth.depth.shape == (13, 32, 48) and truth.instance is None


def test_levels_choose_the_caption():
    row = world_rows("world:lab?seed=1&level=L3").row(0)
    assert row.caption == row.captions["L3"]
    mixed = world_rows("world:flat?seed=1&n=12&level=mix&frames=13")
    levels = {
        next(level for level, text in row.captions.items() if text == row.caption)
        for row in map(mixed.row, range(12))
    }
    assert len(levels) > 2


@given(
    st.sampled_from(["lab", "story", "flat"]), st.integers(0, 10**9), st.integers(1, 10**8),
    st.integers(9, 400), st.sampled_from([Fraction(12), Fraction(24000, 1001), Fraction(25, 2)]),
    st.sampled_from([None, "toon"]), st.sampled_from([None, "pan left,zoom in"]),
    st.sampled_from([(), ("depth", "flow")]), st.sampled_from(["L2", "L5", "mix"]),
    st.sampled_from([(), ("vanish", "shake"), ("all",)]), st.integers(0, 5),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_an_address_says_all_that_it_was_made_from(
    preset, seed, n, frames, fps, style, camera, truth, level, defects, strength
):
    made = WorldRows(
        preset, seed, n, frames, fps, (64, 48), style, camera, truth, level, defects, strength
    )
    said = made.name.partition("?")[2]
    assert made.name.startswith(f"world:{preset}?seed={seed}")
    parsed = dict(part.split("=") for part in said.split("&"))
    assert int(parsed.get("n", 1)) == n and int(parsed.get("frames", 49)) == frames
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorldRows, "spec", lambda self, row: None)  # parse alone, stage nothing
        assert world_rows(made.name) == made


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("moon?n=1", "preset"), ("lab?sed=1", "did you mean seed"), ("lab?n=0", "at least one"),
        ("lab?seed=-1", "whole number"), ("lab?n=1e5", "whole number"), ("lab?size=ax", "size"),
        ("lab?level=L9", "level"), ("lab?style=oil", "style"), ("lab?truth=beauty", "truth"),
        ("lab?camera=fly", "camera"), ("lab?fps=fast", "rate"), ("lab?frames=1", "frames"),
        ("lab?defects=ugly", "defect"), ("lab?strength=9", "strength"), ("lab?share=x", "share"),
        ("lab?seed=1&seed=2", "twice"),
    ],
)  # fmt: skip
def test_what_a_world_does_not_have_is_told_in_a_line(query, hint):
    with pytest.raises(BadInput, match=hint) as told:
        open_dataset(f"world:{query}")
    assert "\n" not in str(told.value)


def test_defects_are_planted_into_the_share_that_was_asked_for():
    source = world_rows(
        "world:lab?seed=0&n=400&frames=25&size=48&defects=lighting_flicker&strength=5&share=0.5"
    )
    wanted = [bool(source._defects(seed)) for seed in range(400)]
    assert 150 < sum(wanted) < 250
    with_, without = wanted.index(True), wanted.index(False)
    plain = world_rows("world:lab?seed=0&n=400&frames=25&size=48")
    assert source.row(without).hash == plain.row(without).hash
    assert source.row(with_).hash != plain.row(with_).hash
    clean = plain.clip(plain.row(with_)).frames()
    assert np.array_equal(source.clip(source.row(without)).frames(0, 2), plain.clip(
        plain.row(without)).frames(0, 2))  # fmt: skip
    found = source.planted(source.row(with_))
    defective = source.clip(source.row(with_)).frames()
    differs = np.flatnonzero((defective != clean).any((1, 2, 3)))
    assert found.span.kind == "lighting_flicker" and len(differs)
    assert differs[0] >= found.span.start_frame and differs[-1] < found.span.end_frame
    # A batch shows the same pictures, and the span in frames of its window.
    scene_ = stage(source, with_, 2, 20, Fraction(12))
    ((pictures, _),) = draw([scene_], device="cpu")
    assert np.array_equal(pictures.numpy(), defective[2:22])
    assert scene_.span == within(found.span, np.arange(2, 22))
    few = replace(source, seed=with_, n=1)
    buckets = Buckets(sides=(48,), frames=(25,), batch=1)
    batch = next(iter(Batches(few, buckets=buckets)))
    assert batch["defects"] == [found.span]
    assert torch.equal((batch["video"][0] * 255).round().to(torch.uint8).permute(1, 2, 3, 0),
                       torch.from_numpy(defective))  # fmt: skip


def test_spans_are_told_in_frames_of_their_window():
    from evenflow.core.span import Span

    span = Span("vanish", 10, 20)
    assert within(span, np.arange(0, 9)) is None
    got = within(span, np.arange(4, 30, 3))  # 4 7 10 13 16 19 22 25 28
    assert (got.start_frame, got.end_frame) == (2, 6)


def test_what_is_left_out_is_in_no_scene_and_batches_go_on_without_it():
    from evenflow.data.worlds import pairs

    address = "world:lab?seed=0&n=24&frames=9&size=32&without=red cone,blue cube,orange cylinder"
    rows = world_rows(address)
    assert rows.without == ("red cone", "blue cube", "orange cylinder")
    assert world_rows(rows.name) == rows
    plain = world_rows("world:lab?seed=0&n=24&frames=9&size=32")
    gone = 0
    for index in range(24):
        row = rows.row(index)
        shown = pairs(plain.spec(plain.stub(index))) & set(rows.without)
        if shown:
            gone += 1
            assert "left out" in row.marks["broken"]
            with pytest.raises(BadInput, match=f"shows a {min(shown)}, which is left out"):
                rows.spec(row)
        else:
            assert rows.spec(row) == plain.spec(row)
    assert 2 <= gone <= 20


def test_a_color_that_comes_later_counts_too():
    from evenflow.data.worlds import pairs

    rows = world_rows("world:lab?seed=0&n=60&frames=33&size=32")
    turned = 0
    for index in range(60):
        spec = rows.spec(rows.stub(index))
        kinds = {one.id: one.kind for one in spec.cast}
        for event in spec.events:
            if event.kind == "change_color":
                turned += 1
                assert f"{event.color} {kinds[event.agent]}" in pairs(spec)
    assert turned >= 3


@pytest.mark.parametrize("pair", ["cone", "red", "crimson cone", "red cones", "red cone big"])
def test_what_is_left_out_is_a_color_and_a_kind(pair):
    with pytest.raises(BadInput, match="a color and a kind"):
        world_rows(f"world:lab?n=3&without={pair}")
