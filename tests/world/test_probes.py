"""Probes: every prompt can be read by people and programs, and holds in its own scene."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.world.probes import (
    AWAY_S,
    CAMERAS,
    FAMILIES,
    KINDS,
    LENGTHS,
    Must,
    as_csv,
    as_jsonl,
    as_text,
    check,
    probes,
    visible_pixels,
)
from evenflow.world.simulate import simulate
from evenflow.world.spec_file import check_spec

ALL = probes()
STAGED = [p for p in ALL if p.spec is not None]


def visible(probe, animation, *, every=2, side=48):
    """Visible pixels of every entity, from small pictures of some frames."""
    from evenflow.world.clip import cut
    from evenflow.world.render import render

    num, size = probe.frames, probe.spec.size
    frames = sorted({*range(0, num, every), num - 1})
    share = side / size[0]
    k = animation.camera.intrinsics.copy()
    k[:, :2] *= share
    small = replace(
        animation,
        spec=replace(probe.spec, size=(side, side)),
        camera=replace(animation.camera, intrinsics=k),
    )
    rows = []
    for first in range(0, len(frames), 32):
        some = frames[first : first + 32]
        part = cut(small, some[0], some[-1] + 1)
        found = render(
            [part], frames=[f - some[0] for f in some], truth=("instance",), antialias=False
        ).truth[0]
        rows.append(visible_pixels(found.instance.numpy(), len(probe.spec.cast)))
    seen = np.concatenate(rows)
    return np.stack(
        [np.interp(np.arange(num), frames, seen[:, e]) for e in range(seen.shape[1])], axis=1
    )


NEEDS_PIXELS = {"hidden", "reappears", "away"}


@pytest.mark.parametrize("probe", STAGED, ids=lambda p: p.name)
def test_what_must_hold_does_in_our_own_scene(probe):
    check_spec(probe.spec)
    animation = simulate(probe.spec)
    seen = None
    if {m.kind for m in probe.must} & NEEDS_PIXELS:
        seen = visible(probe, animation, every=2 if probe.frames < 200 else 8)
    wrong = [(h.must, h.measured) for h in check(probe, animation, visible=seen) if not h.held]
    assert not wrong


def test_a_must_that_does_not_hold_is_found_out():
    probe = next(p for p in STAGED if p.name == "mover-1")
    name = next(iter(probe.names.values()))
    lies = (
        Must("frames", value=3),
        Must("count", name, value=2),
        Must("moves", name, "left", 0.2),
        Must("still", name),
        Must("rests", name),
        Must("bounces", name, value=2),
        Must("shatters", name),
        Must("order", "roll", "dim"),
        Must("camera", "pan left"),
        Must("turns", name, value=1.0),
    )
    animation = simulate(probe.spec)
    held = check(replace(probe, must=lies), animation)
    assert [h.must.kind for h in held if h.held] == []


def test_every_clause_of_the_checklist_is_there():
    assert {p.family for p in ALL} == set(FAMILIES)
    kinds = {m.kind for p in ALL for m in p.must}
    assert kinds == set(KINDS)
    assert {p.frames for p in ALL if p.family == "length"} == {*LENGTHS} == {16, 32, 64, 128, 1000}
    assert AWAY_S[0] == 2 and AWAY_S[-1] == 60
    assert len([p for p in ALL if p.family == "camera"]) == len(CAMERAS)
    assert all(p.spec is None for p in ALL if p.family == "contradiction")
    assert len({p.name for p in ALL}) == len(ALL) == len({p.prompt for p in ALL})


@pytest.mark.parametrize("probe", ALL, ids=lambda p: p.name)
def test_prompts_are_plain_sentences(probe):
    assert probe.prompt[0].isupper() and probe.prompt.endswith(".")
    assert "{" not in probe.prompt and "  " not in probe.prompt and probe.prompt.isascii()
    assert all("`" not in m.text for m in probe.must)
    said = probe.prompt.replace("people", "person")
    for name in probe.names.values():  # whoever is there is spoken of
        assert all(word in said for word in name.split() if len(word) > 4)


def test_seeds_change_colors_and_nothing_else():
    again, other = probes(seed=0), probes(seed=5)
    assert [p.spec for p in again] == [p.spec for p in ALL]
    assert [p.name for p in other] == [p.name for p in ALL]
    assert any(a.prompt != b.prompt for a, b in zip(ALL, other, strict=True))
    assert [[m.kind for m in p.must] for p in other] == [[m.kind for m in p.must] for p in ALL]


def test_text_csv_and_json_lines_say_the_same():
    rows = [json.loads(line) for line in as_jsonl(ALL).splitlines()]
    table = list(csv.DictReader(io.StringIO(as_csv(ALL))))
    text = as_text(ALL)
    assert len(rows) == len(table) == len(ALL)
    for probe, row, line in zip(ALL, rows, table, strict=True):
        assert row["prompt"] == line["prompt"] == probe.prompt and probe.prompt in text
        assert row["frames"] == int(line["frames"]) == probe.frames
        assert [m["kind"] for m in row["must"]] == [m.kind for m in probe.must]
        assert set(row["must"][0]) == {"kind", "who", "other", "value", "text"}


def test_families_can_be_chosen():
    assert {p.family for p in probes(("cups", "mover"))} == {"cups", "mover"}
    with pytest.raises(BadInput, match="no family of probes 'cup'"):
        probes(("cup",))


def test_visible_pixels_counts():
    ids = np.zeros((2, 4, 4), np.int16)
    ids[0, :2], ids[1, 0, 0] = 2, 1
    assert visible_pixels(ids, 2).tolist() == [[0, 8], [1, 0]]
