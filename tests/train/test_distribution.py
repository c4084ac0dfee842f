"""A student that makes whole clips; a critic beside it; a gate before every checkpoint."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from evenflow.backbones.dit import DiT  # noqa: E402
from evenflow.core.errors import RecipeError  # noqa: E402
from evenflow.dist import ALONE  # noqa: E402
from evenflow.train import train  # noqa: E402
from evenflow.train.tasks import DistributionTask  # noqa: E402
from evenflow.train.tasks.distribution import motion  # noqa: E402
from tests.train_runs import generator_recipe  # noqa: E402


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "teacher"
    train(generator_recipe(), folder)
    return str(folder / "model")


def recipe_of(teacher, **changes):
    net = generator_recipe().net.model_dump() | {"start": teacher, "teacher": teacher}
    net["start"] = changes.pop("start", teacher)
    told = {"block": 1, "levels": [1.0, 0.6, 0.0], "guidance": 1.5} | changes.pop("told", {})
    return generator_recipe(task="distribution", net=net, objective=told, **changes)


def of_euler(teacher, folder, levels=(1.0, 0.6, 0.0)):
    """The teacher's weights, as those of a student of Euler."""
    net, told = DiT.from_pretrained(teacher)
    net.save_pretrained(folder, told=told | {"sampler": "euler", "levels": list(levels)})
    return str(folder)


def test_a_student_of_euler_stays_one(teacher, tmp_path):
    start = of_euler(teacher, tmp_path / "student")
    recipe = recipe_of(teacher, start=start, told={"causal": 1.0, "short": 0.5})
    log = train(recipe, tmp_path / "run")
    assert log.finished
    _, told = DiT.from_pretrained(tmp_path / "run/model")
    assert told["sampler"] == "euler" and told["levels"] == [1.0, 0.6, 0.0]


def test_a_student_of_other_levels(teacher, tmp_path):
    start = of_euler(teacher, tmp_path / "student", levels=(1.0, 0.5, 0.0))
    with pytest.raises(RecipeError, match=r"student of euler with levels \[1\.0, 0\.5, 0\.0\]"):
        DistributionTask(recipe_of(teacher, start=start), ALONE)


def test_the_critic_learns_alone_while_the_rate_warms_up(teacher):
    task = DistributionTask(recipe_of(teacher, schedule={"steps": 12, "warm_up": 6}), ALONE)
    lot = task.sample_lot(2)
    for step, name in ((5, "critic"), (11, "student")):
        task.net.zero_grad(set_to_none=True)
        generators = [torch.Generator().manual_seed(i) for i in range(2)]
        task.loss(lot, generators, step).value.backward()
        taught = {n.split(".")[0] for n, p in task.net.named_parameters() if p.grad is not None}
        assert taught == {name}


@pytest.mark.parametrize("causal", [0.0, 1.0])
def test_five_steps_are_the_critics_and_one_is_the_students(teacher, causal):
    task = DistributionTask(recipe_of(teacher, told={"causal": causal}), ALONE)
    lot = task.sample_lot(2)
    for step in range(6):
        task.net.zero_grad(set_to_none=True)
        generators = [torch.Generator().manual_seed(i) for i in range(2)]
        task.loss(lot, generators, step).value.backward()
        taught = {
            name.split(".")[0] for name, p in task.net.named_parameters() if p.grad is not None
        }
        assert taught == {"student" if step == 5 else "critic"}


def test_the_student_alone_is_saved(teacher, tmp_path):
    log = train(recipe_of(teacher), tmp_path / "run")
    assert log.finished
    before = load_file(f"{teacher}/model.safetensors")
    after = load_file(tmp_path / "run/model/model.safetensors")
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_a_run_ends_with_the_checkpoint_before_the_gate_closed(teacher, tmp_path, monkeypatch):
    asked = []

    def gate(self):
        asked.append(len(asked))
        return "" if len(asked) == 1 else "nothing moves"

    monkeypatch.setattr(DistributionTask, "gate", gate)
    recipe = recipe_of(teacher, save_every=2, schedule={"steps": 12, "warm_up": 1})
    log = train(recipe, tmp_path / "run")
    assert log.finished and log.steps == 6
    assert log.rows[-1] == {"step": 6, "ended": "nothing moves", "kept": 4}
    assert (tmp_path / "run/model/model.safetensors").is_file()
    kept = load_file(tmp_path / "run/checkpoints/000004/average.safetensors")
    saved = load_file(tmp_path / "run/model/model.safetensors")
    assert all(torch.equal(saved[name], kept[f"student.{name}"]) for name in saved)


def test_the_gate_sees_that_nothing_moves_any_more(teacher, monkeypatch):
    task = DistributionTask(recipe_of(teacher), ALONE)
    pictures = sliding(3)
    monkeypatch.setattr(task, "made_by", lambda *a, **k: [sliding(3 + i % 3) for i in range(32)])
    monkeypatch.setattr(task, "clips", lambda prompts: [sliding(3 + i % 3) for i in range(32)])
    monkeypatch.setattr("evenflow.train.tasks.distribution.prompts_of", lambda *a: [None] * 32)
    assert task.gate() == ""
    monkeypatch.setattr(task, "clips", lambda prompts: [pictures[:1].repeat(6, 0)] * 32)
    assert "-100%" in task.gate()
    monkeypatch.setattr(task, "clips", lambda prompts: [sliding(4 + i % 3) for i in range(32)])
    assert "+" in task.gate()


def sliding(pixels, frames=6):
    """A textured picture that goes to the right."""
    wide = np.random.default_rng(1).normal(size=(64, 64 + frames * pixels))
    for axis in (0, 1):
        for _ in range(4):
            wide = (wide + np.roll(wide, 1, axis) + np.roll(wide, -1, axis)) / 3
    wide = np.clip(128 + 400 * wide, 0, 255).astype(np.uint8)
    rows = [wide[:, pixels * (frames - i) : pixels * (frames - i) + 64] for i in range(frames)]
    return np.repeat(np.stack(rows)[..., None], 3, axis=-1)


def test_motion_is_in_widths_of_the_picture():
    assert motion(sliding(3)) == pytest.approx(3 / 64, rel=0.15)
    assert motion(sliding(0)) == 0
    small = np.zeros((3, 16, 16, 3), np.uint8)
    assert motion(small) == 0 and motion(small[:1]) == 0


def test_a_student_follows_somebody(teacher):
    net = generator_recipe().net.model_dump() | {"start": teacher}
    with pytest.raises(RecipeError, match=r"net\.teacher is the folder"):
        DistributionTask(generator_recipe(task="distribution", net=net), ALONE)
