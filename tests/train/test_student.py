"""A student begins as its teacher, learns on the teacher's clips, and tells its steps."""

import json

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from evenflow.backbones.dit import DiT  # noqa: E402
from evenflow.core.errors import RecipeError  # noqa: E402
from evenflow.dist import ALONE  # noqa: E402
from evenflow.train import train  # noqa: E402
from evenflow.train.tasks import ProgressiveTask, StudentTask  # noqa: E402
from evenflow.train.tasks.progressive import ways  # noqa: E402
from tests.train_runs import generator_recipe  # noqa: E402


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "teacher"
    train(generator_recipe(), folder)
    return folder


def student_recipe(teacher, task="student", **changes):
    plain = generator_recipe()
    net = plain.net.model_dump() | {"start": str(teacher / "model")}
    return generator_recipe(task=task, net=net, **changes)


SAMPLERS = {"student": "consistency", "progressive": "euler"}


@pytest.mark.parametrize("task", list(SAMPLERS))
def test_a_student_learns_and_tells_where_its_steps_stand(teacher, tmp_path, task):
    data = generator_recipe().data.model_dump() | {"clips": str(teacher)}
    levels = [1.0, 0.8, 0.0]
    told = {"block": 1, "levels": levels, "guidance": 1.5, "grid": 8}
    validation = {"prompts": 2, "check": False}
    recipe = student_recipe(teacher, task, data=data, objective=told, validation=validation)
    log = train(recipe, tmp_path / "run")
    assert log.finished and not (tmp_path / "run" / "clips.safetensors").exists()
    config = json.loads((tmp_path / "run/model/config.json").read_text())
    assert config["levels"] == levels and config["guidance"] == 1.5
    assert config["sampler"] == SAMPLERS[task]
    before = load_file(teacher / "model/model.safetensors")
    after = load_file(tmp_path / "run/model/model.safetensors")
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert log.rows[-1]["validation"]["psnr"]["prompts"] == 2


@pytest.mark.parametrize(("num", "each"), [(8, 4), (12, 6), (1, 1)])
def test_the_teacher_stands_evenly_on_every_step_of_the_student(num, each):
    found = ways([1.0, 0.75, 0.0], num, 3.0)
    assert found.shape == (2, each + 1)
    assert found[:, 0].tolist() == [1.0, 0.75] and found[:, -1].tolist() == [0.75, 0.0]
    assert (found.diff(dim=1) < 0).all()
    if each > 1:  # the middle of the steps of a shifted schedule
        assert found[:, each // 2].tolist() == pytest.approx([0.9, 0.5])


def test_half_of_the_steps_may_be_of_first_blocks_alone(teacher):
    levels = [1.0, 0.5, 0.0]
    told = {"block": 1, "levels": levels, "grid": 2, "short": 1.0}
    task = ProgressiveTask(student_recipe(teacher, "progressive", objective=told), ALONE)
    seen = []
    task.net.register_forward_pre_hook(lambda net, args: seen.append(args[0].shape[2]))
    for step in range(3):
        task.loss(task.sample_lot(2), [torch.Generator().manual_seed(i) for i in range(2)], step)
    assert set(seen) == {1}


def test_a_student_goes_on_from_a_student(teacher, tmp_path):
    told = {"block": 1, "levels": [1.0, 0.5, 0.0], "grid": 2}
    recipe = student_recipe(teacher, "progressive", objective=told)
    train(recipe, tmp_path / "one")
    net = recipe.net.model_dump() | {"start": str(tmp_path / "one/model")}
    net["teacher"] = str(teacher / "model")
    task = ProgressiveTask(recipe.model_copy(update={"net": type(recipe.net)(**net)}), ALONE)
    for own, folder in ((task.net, tmp_path / "one/model"), (task.teacher, teacher / "model")):
        there, _ = DiT.from_pretrained(folder)
        for mine, other in zip(own.parameters(), there.parameters(), strict=True):
            torch.testing.assert_close(mine, other)


def test_it_begins_as_the_teacher_and_the_teacher_stays(teacher):
    task = StudentTask(student_recipe(teacher), ALONE)
    own, _ = DiT.from_pretrained(teacher / "model")
    for net in (task.net, task.teacher):
        same = zip(net.parameters(), own.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in same)
    assert not any(p.requires_grad for p in task.teacher.parameters())
    assert all(p.requires_grad for p in task.net.parameters())


def test_clips_of_other_data_are_refused(teacher, tmp_path):
    data = generator_recipe().data.model_dump()
    with pytest.raises(RecipeError, match="kept its clips"):
        train(student_recipe(teacher, data=data | {"clips": str(tmp_path)}), tmp_path / "a")
    other = data | {"clips": str(teacher), "caption": "L2"}
    with pytest.raises(RecipeError, match="are of other data"):
        train(student_recipe(teacher, data=other), tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("levels", [[1.0], [0.9, 0.0], [1.0, 0.2, 0.5, 0.0], [1.0, 0.3]])
def test_steps_fall_from_noise_to_clean(teacher, levels):
    with pytest.raises(RecipeError, match="fall from 1 to 0"):
        StudentTask(student_recipe(teacher, objective={"levels": levels}), ALONE)


def test_a_student_without_a_teacher_is_none():
    with pytest.raises(RecipeError, match="folder of its teacher"):
        StudentTask(generator_recipe(task="student"), ALONE)
