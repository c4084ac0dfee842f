"""The page about the world is true: its code runs, its names exist, its commands are understood."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "world.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_code_runs(code):
    small = code.replace("frames=200", "frames=7").replace("199", "5")
    exec(compile(small, "world.md", "exec"), {})


@pytest.mark.parametrize("line", re.findall(r"^evenflow world .*$", PAGE, re.MULTILINE))
def test_options_exist(line, capsys):
    from evenflow.cli.app import main

    words = line.split("#")[0].split()[1:]
    assert main([*words[:2], "--help"]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in words if word.startswith("--"))


def test_names_exist():
    from evenflow.world import control, play, player
    from evenflow.world.probes import FAMILIES
    from evenflow.world.spec import Preset

    homes = {**vars(control), **vars(play), **vars(player)}
    for name in re.findall(r"`(\w+)\(", PAGE):
        assert name in homes, name
    table = PAGE.split("| family | asks |")[1].split("## Playing")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(FAMILIES)
    presets = PAGE.split("## Presets")[1].split("## Conventions")[0]
    assert set(re.findall(r"^\| `(\w+)`", presets, re.MULTILINE)) == set(Preset.__args__)


def test_files_that_it_names_are_there():
    for name in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / name).exists(), name
