import json

import pytest

import evenflow.continuity
import evenflow.continuity.injectors
import evenflow.io
from evenflow.cli.inject import parse_box
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput, ResourceShortage
from evenflow.core.span import Span
from evenflow.core.times import Range

OPTIONS = ["--kind", "freeze", "--at", "1s..2s"]


@pytest.fixture
def fake_inject(monkeypatch):
    """`read`, `inject` and `write` without pixels."""
    import numpy as np

    calls = {}

    def read(path, *, fps=None):
        return Clip(ArraySource(np.zeros((50, 8, 8, 3), np.uint8), name="a.mp4"))

    def plant(clip, kind, *, strength, at, box=None, seed=0, cancel=None):
        calls.update(kind=kind, strength=strength, at=at, box=box, seed=seed)
        return clip, Span(kind, 24, 48, box, None, float(strength))

    def write(clip, path, **options):
        calls.update(options)
        path.write_bytes(b"clip")
        return path

    monkeypatch.setitem(vars(evenflow.io), "read", read)
    monkeypatch.setitem(vars(evenflow.io), "write", write)
    monkeypatch.setitem(vars(evenflow.continuity), "inject", plant)
    monkeypatch.setitem(
        vars(evenflow.continuity.injectors), "INJECTORS", {"freeze": plant, "color_flicker": plant}
    )
    return calls


def test_the_clip_and_its_truth_appear_together(run, fake_inject, tmp_path):
    out = tmp_path / "b.mkv"
    result = run("inject", "a.mp4", *OPTIONS, "--box", "0,0,4,4", "--strength", 4, "-o", out)
    assert result.code == 0
    truth = json.loads((tmp_path / "b.mkv.truth.json").read_text())
    assert truth["schema"] == "evenflow.inject/1"
    span = Span.from_json(truth)  # it is a Span, with more beside it
    assert (span.kind, span.start_frame, span.end_frame, span.box) == (
        "freeze",
        24,
        48,
        (0, 0, 4, 4),
    )
    assert fake_inject["at"] == Range.parse("1s..2s")
    assert fake_inject["carry_from"] == "a.mp4"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.mkv", "b.mkv.truth.json"]


def test_neither_appears_when_writing_fails(run, fake_inject, tmp_path, monkeypatch):
    def write(clip, path, **options):
        raise ResourceShortage("the disk is full: make room")

    monkeypatch.setitem(vars(evenflow.io), "write", write)
    result = run("inject", "a.mp4", *OPTIONS, "-o", tmp_path / "b.mkv")
    assert result.code == 4
    assert not list(tmp_path.iterdir())
    for name in ("b.mkv", "b.mkv.truth.json"):
        (tmp_path / name).write_text("old")
    assert run("inject", "a.mp4", *OPTIONS, "-o", tmp_path / "b.mkv", "--yes").code == 4
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old", "old"]


def test_nothing_is_overwritten_unasked(run, fake_inject, tmp_path):
    (tmp_path / "b.mkv.truth.json").write_text("mine")
    result = run("inject", "a.mp4", *OPTIONS, "-o", tmp_path / "b.mkv")
    assert result.code == 2
    assert "--yes" in result.errors[0]
    assert (tmp_path / "b.mkv.truth.json").read_text() == "mine"
    assert run("inject", "a.mp4", *OPTIONS, "-o", tmp_path / "b.mkv", "--yes").code == 0


@pytest.mark.parametrize("kind", ["colour-flicker", "Colour_Flicker", "color_flicker"])
def test_both_spellings_and_hyphens_are_understood(run, fake_inject, tmp_path, kind):
    out = tmp_path / "b.mkv"
    assert run("inject", "a.mp4", "--kind", kind, "--at", "0s..1s", "-o", out).code == 0
    assert fake_inject["kind"] == "color_flicker"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a.mp4", "--at", "1s..2s", "-o", "b.mkv"], "--kind"),
        (["a.mp4", "--kind", "freeze", "-o", "b.mkv"], "--at"),
        (["a.mp4", *OPTIONS], "--output"),
        ([*OPTIONS, "-o", "b.mkv"], "needs a clip"),
        (["a.mp4", "--kind", "freze", "--at", "1s..2s", "-o", "b.mkv"], "did you mean freeze"),
        (["a.mp4", "--kind", "zzz", "--at", "1s..2s", "-o", "b.mkv"], "there are freeze"),
        (["a.mp4", *OPTIONS, "-o", "b.mkv", "--box", "1,2,3"], "x0,y0,x1,y1"),
        (["a.mp4", *OPTIONS, "-o", "b.mkv", "--strength", "6"], "6"),
        (["a.mp4", *OPTIONS, "-o", "-"], "not -"),
    ],
)
def test_what_is_wrong_is_one_line(run, fake_inject, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    result = run("inject", *words)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert says in result.errors[0]
    assert not list(tmp_path.iterdir())


def test_the_list_of_kinds(run, fake_inject):
    result = run("inject", "--kind", "list")
    assert result.code == 0
    assert "freeze" in result.out and "stands still" in result.out
    assert set(run("inject", "--kind", "list", "--json").json) == {"freeze", "color_flicker"}


def test_the_help_names_every_kind(run):
    from evenflow.continuity import INJECTORS

    text = run("inject", "--help").out
    assert all(kind in text for kind in INJECTORS)
    assert "--control" in text


def test_the_list_of_controls(run):
    from evenflow.continuity import CONTROLS

    result = run("inject", "--control", "list")
    assert result.code == 0
    assert all(name in result.out for name in CONTROLS)
    rows = run("inject", "--control", "list", "--json").json
    assert set(rows) == set(CONTROLS)
    assert "shake" in rows["handheld"]["against"]


def test_a_control_says_that_it_is_no_defect(run, fake_inject, tmp_path):
    out = tmp_path / "b.mkv"
    result = run("inject", "a.mp4", "--control", "soft-shadow", "--seed", 3, "-o", out)
    assert result.code == 0
    truth = json.loads((tmp_path / "b.mkv.truth.json").read_text())
    assert truth["kind"] is None and truth["control"] == "soft_shadow"
    assert truth["schema"] == "evenflow.inject/1" and truth["seed"] == 3
    assert "lighting_flicker" in truth["against"]
    assert fake_inject["provenance"]["planted_defects"] is False
    assert "no defect" in result.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--control", "soft_shado", "-o", "b.mkv"], "did you mean soft_shadow"),
        (["--control", "pan", "--kind", "freeze", "-o", "b.mkv"], "leave out --kind"),
        (["--control", "pan", "--at", "1s..2s", "-o", "b.mkv"], "leave out --at"),
        (["--control", "pan"], "needs --output"),
    ],
)
def test_a_control_takes_no_place_and_no_time(run, fake_inject, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    result = run("inject", "a.mp4", *words)
    assert result.code == 2
    assert says in result.errors[0] and len(result.errors) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,1,4", "a,b,c,d", "-1,0,4,4"])
def test_a_box_that_holds_nothing_is_refused(text):
    with pytest.raises(BadInput):
        parse_box(text)
