"""`evenflow world inject` as people call it."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from evenflow.cli.app import app
from evenflow.cli.world_inject import entity_of
from evenflow.core.errors import BadInput
from evenflow.world.clip import scene

SCENE = ["a red ball rolls to the right past the blue cube", "--preset", "lab", "--seed", "3"]
SMALL = ["--frames", "24", "--fps", "12", "--size", "96x64"]


def run(*words):
    return CliRunner().invoke(app, ["world", "inject", *map(str, words)])


def test_a_clip_its_twin_its_masks_and_its_truth(tmp_path):
    import evenflow as ef

    out, clean, mask = tmp_path / "o.mkv", tmp_path / "c.mkv", tmp_path / "m.npz"
    done = run(
        *SCENE, *SMALL, "--kind", "colour change", "--strength", 4, "--entity", "red ball",
        "--at", "10f..16f", "-o", out, "--clean", clean, "--mask", mask, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    truth = json.loads((tmp_path / "o.mkv.truth.json").read_text())
    assert truth["kind"] == "color_change" and truth["strength"] == 4
    assert (truth["start_frame"], truth["end_frame"]) == (10, 16)
    assert truth["entities"][0]["color"] == "red" and truth["is_visible"]
    with np.load(mask) as data:
        masks = data["mask"]
    a, b = ef.read(out).frames(), ef.read(clean).frames()
    changed = (np.abs(a.astype(int) - b).max(axis=-1) > 2).sum(axis=(1, 2))
    assert changed.tolist() == truth["visible"] == masks.sum(axis=(1, 2)).tolist()
    again = run(*SCENE, *SMALL, "--kind", "color_change", "-o", out)
    assert again.exit_code != 0  # nothing is overwritten without --yes


def test_masks_as_pictures_and_a_look_alike(tmp_path):
    folder = tmp_path / "masks"
    done = run(*SCENE, *SMALL, "--kind", "edge_shimmer", "-o", tmp_path / "o.mkv", "--mask", folder)
    assert done.exit_code == 0, done.output
    assert len(list(folder.glob("*.png"))) == 24
    done = run(*SCENE, *SMALL, "--kind", "color_change", "--control", "-o", tmp_path / "l.mkv")
    assert done.exit_code == 0, done.output
    truth = json.loads((tmp_path / "l.mkv.truth.json").read_text())
    assert truth["kind"] is None and truth["control"] == "captioned_color_change"


@pytest.mark.parametrize(
    "words",
    [
        ["--kind", "teleprtation", "-o", "o.mkv"],
        ["--kind", "vanish"],
        ["--kind", "vanish", "-o", "-"],
        ["--kind", "vanish", "--entity", "horse", "-o", "o.mkv"],
        ["--kind", "vanish", "--control", "--entity", "1", "-o", "o.mkv"],
        ["--kind", "vanish", "--at", "9s..10s", "-o", "o.mkv"],
        ["--kind", "vanish", "--variant", "loudly", "-o", "o.mkv"],
        ["--kind", "vanish", "-o", "nowhere/o.mkv"],
    ],
)
def test_silly_input_writes_nothing(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*SCENE, *SMALL, *words)
    assert done.exit_code != 0 and isinstance(done.exception, BadInput | SystemExit)
    assert not list(tmp_path.iterdir())


def test_kinds_are_listed():
    listed = json.loads(run("--kinds", "--json").stdout)
    assert listed["vanish"]["variants"]["gone"]["unit"] == "s that it is missing"
    assert "stays hidden" in run("--kinds").stdout


def test_who_is_meant():
    spec = scene(SCENE[0], preset="lab", seed=3, frames=24)
    assert entity_of(spec, "2") == 2 and entity_of(spec, "the blue cube") == 2
    assert entity_of(spec, "ball") == 1
    with pytest.raises(BadInput, match="1 red ball"):
        entity_of(spec, "9")
