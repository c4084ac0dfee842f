"""`evenflow train`: end to end at a few steps, and what is said when something cannot be."""

import json

import pytest

pytest.importorskip("torch")

from evenflow.cli.app import main
from tests.train_runs import RECIPES

FEW = ["--set", "data.source=world:flat?seed=0&n=16&frames=9&fps=4&size=32&camera=static"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys):
    return capsys.readouterr()


def test_both_nano_recipes_run_end_to_end_at_a_few_steps(here, capsys):
    """What ships, in small: the tokenizer first, then the generator with it, validated."""
    few = [*FEW, "--set", "schedule.steps=3", "--set", "batch=4", "--device", "cpu"]
    tokenizer = ["train", "nano-tokenizer", *few, "--set", "validation.prompts=2", "--json"]
    assert main(tokenizer) == 0
    told = json.loads(said(capsys).out)
    assert told["schema"] == "evenflow.train/1" and told["steps"] == 3
    assert told["validation"]["psnr"] > 0
    asked = ["--set", "validation.prompts=2", "--set", "validation.steps=2"]
    assert main(["train", "nano", *few, *asked, "--json"]) == 0
    told = json.loads(said(capsys).out)
    assert told["folder"] == "runs/nano" and told["validation"]["psnr"]["prompts"] == 2
    for name in ("config.json", "model.safetensors", "tokenizer/config.json"):
        assert (here / "runs" / "nano" / "model" / name).is_file()
    assert main(["train", "nano", *few, *asked]) == 2
    assert "--resume" in said(capsys).err
    # what is there already is not done again
    assert main(["train", "nano", *few, *asked, "--resume", "-q"]) == 0


def test_a_dry_run_says_what_is_needed_and_leaves_nothing(here, capsys):
    (here / "mine.yaml").write_text(RECIPES["generator"]().to_yaml())
    assert main(["train", "mine.yaml", "--dry-run", "--device", "cpu"]) == 0
    text = said(capsys).out
    for word in ("weights", "memory", "operations", "steps", "minutes"):
        assert word in text
    assert main(["train", "mine.yaml", "--dry-run", "--json", "--device", "cpu"]) == 0
    told = json.loads(said(capsys).out)
    assert told["steps"] == 6 and told["flops"] > 0 and told["memory"] > 0
    assert [path.name for path in here.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nanoo"], 2, "did you mean nano"),
        (["nano", "--set", "batchh=3"], 2, "did you mean batch"),
        (["nano", "--set", "data.frames=10"], 2, "1 + 4n, got 10"),
        (["nano"], 5, "evenflow train nano-tokenizer"),
        (["nano-tokenizer", "--device", "tpu"], 2, "auto, cpu, cuda"),
        (["nano-tokenizer", "--set", "data.source=nowhere"], 2, "does not exist"),
        (["nano-tokenizer", "--set", "net.size=huge"], 2, "net.size of a tokenizer"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_left(here, capsys, words, code, message):
    assert main(["train", *words]) == code
    err = said(capsys).err
    assert message in err and err.count("\n") == 1
    assert not [path for path in here.rglob("*") if path.is_file()]


def test_the_list_says_what_ships(capsys):
    assert main(["train", "list"]) == 0
    assert "nano-tokenizer" in said(capsys).out
    assert main(["train", "list", "--json"]) == 0
    assert {"nano", "nano-tokenizer"} <= {
        row["recipe"] for row in json.loads(said(capsys).out)["recipes"]
    }
