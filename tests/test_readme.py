"""The README's first screen is true: its code runs and prints what stands below it."""

import contextlib
import io
import re
from pathlib import Path

import pytest

import evenflow as ef
from evenflow.cli.app import main

NUMBER = re.compile(r"\d+(?:\.\d+)?")
"""Digits may differ by a few percent between machines; words may not."""
ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def first(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no block of {language}"
    return found[1]


def test_the_first_block_prints_what_the_readme_shows(bikes, tmp_path, monkeypatch):
    from evenflow.cli.demo import make_planted

    monkeypatch.chdir(tmp_path)
    Path("evenflow-demo").mkdir()
    make_planted(bikes, Path("evenflow-demo/bikes_planted.mkv"))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(first("python"), "README.md", "exec"), {})
    shown, came = first("text"), printed.getvalue()
    hint = f"the README shows\n{shown}\nand this comes out:\n{came}"
    assert NUMBER.sub("#", came) == NUMBER.sub("#", shown), hint
    numbers = [[float(n) for n in NUMBER.findall(text)] for text in (came, shown)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.05, abs=0.1), hint
    assert "## Evenflow" in Path("bikes.md").read_text(encoding="utf-8")


def test_every_verb_in_the_readme_is_there_and_the_other_way_round():
    named = set(re.findall(r"^\| `evenflow (\w+)", README, re.MULTILINE))
    from evenflow.cli.app import app

    groups = {group.name for group in app.registered_groups}
    assert named == {command.name for command in app.registered_commands} | groups


def test_every_kind_that_the_readme_names_is_found_and_planted():
    from evenflow.continuity import DETECTORS, INJECTORS
    from evenflow.continuity.semantics import KINDS_ASKED

    table = README.split("**Defects that are found now**")[1].split("`unphysical`")[0]
    named = set(re.findall(r"`([a-z_]+)`", table)) - {"inject"}
    assert named == {*DETECTORS, *KINDS_ASKED} == set(INJECTORS)


def test_the_gate_in_the_readme_is_a_gate(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(first("toml"))
    assert len(ef.Gate.load(path).clauses) == 3


def test_files_that_the_readme_names_are_there():
    for name in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("line", re.findall(r"^evenflow check .*$", README, re.MULTILINE))
def test_the_options_in_the_readme_exist(line, capsys):
    words = line.split("#")[0].split(">")[0].split()[1:]
    options = [word for word in words if word.startswith("--")]
    assert main(["check", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(option in text for option in options)
