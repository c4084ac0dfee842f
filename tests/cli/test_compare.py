"""The verb `compare`: data on stdout, exit codes, files; and what a person reads."""

import json

import jsonschema
import pytest
from fakes import a_finding, a_report

import evenflow as ef
import evenflow.continuity
from evenflow.core.report import Shot
from evenflow.core.schemas import compare_schema

VALID = jsonschema.Draft202012Validator(compare_schema())


def long_report(path: str, *findings, score: float = 100.0):
    clip = {**a_report().clip, "path": path, "frames": 250, "duration_s": 10.0}
    return a_report(
        clip=clip, findings=findings, score=score, signals={}, cuts=(), not_assessable={},
        shots=(Shot(0, 250),), digest=path,
    )  # fmt: skip


@pytest.fixture
def stored(tmp_path):
    """Reports of a clean clip, of one that freezes for nine seconds, and of one between."""
    reports = {
        "clean": long_report("clips/clean.mp4"),
        "bad": long_report("clips/bad.mp4", a_finding("freeze", 0, 225, 6.0), score=55.0),
        "fair": long_report("clips/fair.mp4", a_finding("shake", 0, 240, 2.0), score=82.0),
    }
    return {name: ef.report(report, tmp_path / f"{name}.json") for name, report in reports.items()}


@pytest.fixture
def ballots(tmp_path):
    rows = [{"left": "a.mp4", "right": "b.mp4", "winner": "left"}] * 15
    rows += [{"left": "b.mp4", "right": "a.mp4", "winner": "left"}] * 2
    path = tmp_path / "votes.json"
    path.write_text(json.dumps({"schema": "evenflow.votes/1", "votes": rows}))
    return path


def test_json_is_one_object_that_follows_the_schema(run, stored):
    result = run("compare", stored["clean"], stored["bad"], "--json")
    assert result.code == 0 and result.err == ""
    VALID.validate(result.json)
    assert result.json["schema"] == "evenflow.compare/1"
    assert result.json["pairs"][0]["better"] == "A"
    assert [clip["label"] for clip in result.json["clips"]] == ["A", "B"]


def test_the_card_says_who_is_better_by_how_much_and_where(run, stored):
    result = run("compare", stored["clean"], stored["bad"])
    assert result.code == 0
    for part in ("clean.mp4", "A is better than B", "freeze", "0 s to 9", "by 6.0 jnd"):
        assert part.replace("0 s to 9", "to 9.00 s") in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert "\x1b" not in result.out and "clips/" not in result.out


def test_a_clip_against_itself_is_called_a_tie(run, stored):
    result = run("compare", stored["clean"], stored["clean"])
    assert result.code == 0
    assert "A and B tie: B scores +0.0 [+0.0, +0.0], which holds 0" in result.out
    assert "hold the same frames" in result.out


def test_three_clips_are_ranked(run, stored):
    result = run("compare", stored["bad"], stored["clean"], stored["fair"])
    ranks = [line.split() for line in result.out.splitlines() if ".mp4" in line][3:]
    assert [(row[0], row[2]) for row in ranks[:3]] == [
        ("1", "clean.mp4"), ("2", "fair.mp4"), ("3", "bad.mp4"),
    ]  # fmt: skip
    assert "-v shows every pair" in result.out
    assert run("compare", *stored.values(), "-v").out.count(" is better than ") == 3


def test_a_file_of_several_reports_is_several_clips(run, tmp_path):
    both = ef.report([long_report("a.mp4"), long_report("b.mp4")], tmp_path / "both.json")
    assert len(run("compare", both, "--json").json["clips"]) == 2


@pytest.mark.parametrize(
    ("clause", "code"), [('freeze = "<= 1 jnd"', 3), ('freeze = "<= 9"', 0), ('any = "<= 9"', 0)]
)
def test_a_gate_alone_gives_three(run, stored, tmp_path, clause, code):
    gate = tmp_path / "gate.toml"
    gate.write_text(f"[gate]\n{clause}\n")
    assert run("compare", stored["clean"], stored["bad"]).code == 0
    result = run("compare", stored["clean"], stored["bad"], "--gate", gate, "--json")
    assert result.code == code
    assert [verdict["passed"] for verdict in result.json["gate"]] == [code == 0]
    card = run("compare", stored["clean"], stored["bad"], "--gate", gate)
    assert card.code == code and "gate" in card.out


def test_clips_are_checked_and_a_bad_one_does_not_stop_the_rest(run, fake_check):
    result = run("compare", "a.mp4", "bad.mp4", "c.mp4", "--range", "0f..4f", "--json")
    assert result.code == 2
    VALID.validate(result.json)
    assert [clip["path"] for clip in result.json["clips"]] == ["a.mp4", "c.mp4"]
    assert result.json["errors"][0]["clip"] == {"path": "bad.mp4"}
    assert len(result.errors) == 1
    assert str(fake_check[0]["span"]) == "0f..4f"
    alone = run("compare", "a.mp4", "bad.mp4", "--json")
    assert alone.code == 2 and alone.out == ""
    assert alone.errors[-1] == (
        "error: compare needs two clips or more, got 1 that can be compared"
    )


def test_votes_alone_are_ranked(run, ballots):
    result = run("compare", "--votes", ballots, "--json")
    assert result.code == 0
    assert run("compare", ballots, "--json").out == result.out  # the file says what it is
    VALID.validate(result.json)
    assert [row["clip"] for row in result.json["votes"]["ranking"]] == ["a.mp4", "b.mp4"]
    card = run("compare", "--votes", ballots)
    assert "17 votes on 2 clips" in card.out
    assert "a.mp4 is liked better" in card.out


def test_more_files_of_votes_and_clips_go_together(run, ballots, stored, tmp_path):
    more = tmp_path / "more.json"
    more.write_text(ballots.read_text())
    result = run("compare", "--votes", ballots, more, "--json")
    assert result.json["votes"]["votes"] == 34
    both = run("compare", stored["clean"], stored["bad"], "--votes", ballots, "--json")
    VALID.validate(both.json)
    assert both.json["votes"]["votes"] == 17 and both.json["pairs"]


def test_what_is_printed_is_written_and_never_over_another(run, stored, tmp_path):
    out = tmp_path / "c.json"
    result = run("compare", stored["clean"], stored["bad"], "-o", out, "--json")
    assert json.loads(out.read_text()) == result.json
    again = run("compare", stored["clean"], stored["bad"], "-o", out)
    assert again.code == 2 and "already there" in again.errors[0]
    assert run("compare", stored["clean"], stored["bad"], "-o", out, "-y", "-q").code == 0


def test_pages_are_written_by_the_room_of_reports(run, fake_check, tmp_path, monkeypatch):
    pages = pytest.importorskip("evenflow.reports.html")
    made = {}

    def compare_page(reports, clips, comparison, path, **options):
        made["compare"] = (len(reports), len(clips), comparison.labels, path)

    def votes_page(clips, path, **options):
        made["votes"] = (len(clips), path)

    monkeypatch.setattr(pages, "write_compare_html", compare_page)
    monkeypatch.setattr(pages, "write_votes_html", votes_page)
    r, v = tmp_path / "r.html", tmp_path / "v.html"
    assert run("compare", "a.mp4", "b.mp4", "--report", r, "--blind", v, "-q").code == 0
    assert made == {"compare": (2, 2, ("A", "B"), r), "votes": (2, v)}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "needs two clips or more, or --votes"),
        (["a.mp4"], "2 to 26 clips, got 1"),
        (["a.mp4"] * 27, "2 to 26 clips, got 27"),
        (["a.mp4", "-"], "- is stdin"),
        (["a.mp4", "b.mp4", "--gate", "none.toml"], "none.toml cannot be read"),
        (["a.mp4", "b.mp4", "--range", "1s"], "A..B"),
        (["a.mp4", "b.mp4", "--report", "r.pdf"], ".html"),
        (["a.mp4", "b.mp4", "-o", "r.html"], ".json"),
        (["a.mp4", "b.mp4", "--block", "0"], "0"),
        (["a.mp4", "r.json", "--range", "1s..2s"], "r.json is a report"),
        (["a.mp4", "b.mp4", "--blind", "v.html", "--range", "1s..2s"], "whole clips"),
        (["--votes", "none.json"], "none.json cannot be read"),
        (["--votes", "v.json", "--gate", "g.toml"], "g.toml"),
        (["a.mp4", "b.mp4", "--fps", "fast"], "frame rate"),
    ],
)
def test_wrong_options_are_told_in_one_line(run, fake_check, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    result = run("compare", *words)
    assert result.code == 2
    assert says in result.errors[-1] and len(result.err.splitlines()) == 1
    assert result.out == "" and not list(tmp_path.iterdir())
    assert not fake_check  # before the long work


def test_a_name_cannot_steer_the_terminal(run, tmp_path):
    path = ef.report([long_report("a\x1b[2J.mp4"), long_report("b\n.mp4")], tmp_path / "both.json")
    out = run("compare", path).out
    assert "\x1b" not in out and "a\\x1b[2J.mp4" in out


def test_compare_is_public(monkeypatch):
    assert ef.compare is evenflow.continuity.compare
