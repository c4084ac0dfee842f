"""The loop: what is stopped goes on to the last bit, and ranks and parts change nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from evenflow.core.errors import BadInput, Cancelled, EvenflowError, OutputExists  # noqa: E402
from evenflow.core.events import CancelToken  # noqa: E402
from evenflow.train import checkpoints, train  # noqa: E402
from evenflow.train.clock import Clock  # noqa: E402
from tests.train_runs import RECIPES, generator_recipe, tokenizer_recipe  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Each task, run without a stop."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: train(make(), folder / name) for name, make in RECIPES.items()}


def losses(log):
    return [value for _, value in log.series("loss")]


def weights(folder):
    from safetensors.torch import load_file

    return load_file(checkpoints.found(folder)[-1] / "model.safetensors")


@pytest.mark.parametrize("task", RECIPES)
@pytest.mark.parametrize("stop", [1, 3])
def test_a_run_that_was_stopped_goes_on_to_the_last_bit(task, stop, whole, tmp_path):
    recipe = RECIPES[task]()
    first = train(recipe, tmp_path / "run", until=stop)
    assert not first.finished and first.steps == stop
    assert losses(first) == losses(whole[task])[:stop]
    last = train(recipe, tmp_path / "run", resume=True)
    assert last.finished and losses(last) == losses(whole[task])
    one, other = weights(whole[task].folder), weights(tmp_path / "run")
    assert all(torch.equal(one[name], other[name]) for name in one)
    for name in ("model/model.safetensors", "model/config.json"):
        assert (tmp_path / "run" / name).read_bytes() == (whole[task].folder / name).read_bytes()


@pytest.mark.parametrize("task", RECIPES)
def test_something_is_learned_and_the_log_says_what(task, whole):
    rows = whole[task].rows
    assert [row["step"] for row in rows] == list(range(6))
    assert rows[0]["rate"] == 0.5 and rows[2]["rate"] == 1
    assert all(row["gradient"] > 0 for row in rows)
    before, after = weights_before(task), weights(whole[task].folder)
    assert any(not torch.equal(before[name], after[name]) for name in before)


def weights_before(task):
    from evenflow.dist import ALONE
    from evenflow.train.tasks import TASKS

    return {k: v.clone() for k, v in TASKS[task](RECIPES[task](), ALONE).net.state_dict().items()}


@pytest.mark.parametrize("task", RECIPES)
def test_a_batch_in_parts_is_the_batch(task, whole, tmp_path):
    parts = train(RECIPES[task](accumulate=2), tmp_path / "run")
    near = 1e-5 if task == "generator" else 1e-6  # Muon: see below
    for one, other in zip(losses(parts), losses(whole[task]), strict=True):
        assert abs(one - other) < near * max(1, abs(other))


SCRIPT = """
import sys
import torch
torch.set_num_threads(1)
from evenflow.dist import joined
from evenflow.train import train
sys.path.insert(0, {root!r})
from tests.train_runs import RECIPES
with joined("cpu") as ranks:
    recipe = RECIPES[{task!r}](parallel={parallel!r}, optimizer={optimizer!r})
    train(recipe, {folder!r}, ranks=ranks, resume=True, until={until})
"""


ADAMW, BOTH = {"adamw": 0.002}, {"adamw": 0.002, "muon": 0.02}


def on_two(tmp_path, task, parallel, optimizer, until=None):
    root = str(Path(__file__).parents[2])
    script = tmp_path / "two.py"
    told = {
        "root": root, "task": task, "parallel": parallel, "optimizer": optimizer, "until": until,
    }  # fmt: skip
    script.write_text(SCRIPT.format(**told, folder=str(tmp_path / "run")))
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    env = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize(
    ("task", "parallel", "optimizer", "near"),
    [
        ("generator", "ddp", ADAMW, 1e-6),
        # Muon orthogonalizes in half precision, where the order of sums is seen
        pytest.param("generator", "ddp", BOTH, 1e-5, marks=pytest.mark.slow),
        pytest.param("generator", "fsdp2", BOTH, 1e-5, marks=pytest.mark.slow),
        ("generator", "fsdp2", ADAMW, 1e-6),
        pytest.param("tokenizer", "ddp", ADAMW, 1e-6, marks=pytest.mark.slow),
        pytest.param("tokenizer", "fsdp2", ADAMW, 1e-6, marks=pytest.mark.slow),
    ],
)
def test_two_processes_learn_what_one_does(task, parallel, optimizer, near, whole, tmp_path):
    on_two(tmp_path, task, parallel, optimizer)
    alone = whole[task]
    if task == "generator" and optimizer == ADAMW:
        alone = train(generator_recipe(optimizer=ADAMW), tmp_path / "alone")
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    for row, loss in zip(rows, losses(alone), strict=True):
        assert abs(row["loss"] - loss) < near * max(1, loss)
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()


@pytest.mark.slow
def test_one_process_goes_on_with_what_two_began(whole, tmp_path):
    on_two(tmp_path, "generator", "fsdp2", ADAMW, until=3)
    recipe = generator_recipe(parallel="fsdp2", optimizer=ADAMW)
    log = train(recipe, tmp_path / "run", resume=True)
    alone = train(generator_recipe(optimizer=ADAMW), tmp_path / "alone")
    for one, other in zip(losses(log), losses(alone), strict=True):
        assert abs(one - other) < 1e-6 * max(1, other)


@pytest.mark.parametrize("task", RECIPES)
def test_layers_that_are_recomputed_learn_the_same(task, whole, tmp_path):
    log = train(RECIPES[task](recompute=True), tmp_path / "run", until=3)
    assert losses(log) == losses(whole[task])[:3]


def test_half_precision_is_near_and_the_weights_stay_whole(whole, tmp_path):
    log = train(generator_recipe(precision="bf16"), tmp_path / "run")
    apart = [
        abs(one - other) / other
        for one, other in zip(losses(log), losses(whole["generator"]), strict=True)
    ]
    assert 0 < max(apart) < 0.05
    assert {value.dtype for value in weights(tmp_path / "run").values()} == {torch.float32}


def test_cancelling_saves_within_a_step(tmp_path):
    cancel = CancelToken()

    def stop(event):
        if event.phase == "train" and event.step == 2:
            cancel.cancel()

    with pytest.raises(Cancelled, match=r"after 2 steps.*--resume"):
        train(generator_recipe(), tmp_path / "run", progress=stop, cancel=cancel)
    assert [place.name for place in checkpoints.found(tmp_path / "run")] == ["000002"]


def test_a_budget_of_minutes_is_kept_by_any_clock(tmp_path):
    times = iter(range(0, 10_000, 2))
    recipe = generator_recipe(schedule={"minutes": 1, "warm_up": 0, "decay": 0.5})
    log = train(recipe, tmp_path / "run", clock=Clock(recipe.schedule, now=lambda: next(times)))
    assert log.finished and 60 <= log.seconds < 90
    rates = [row["rate"] for row in log.rows]
    assert rates[0] == 1 and sorted(rates, reverse=True) == rates and 0 < rates[-1] < 0.5
    spent = checkpoints.found(tmp_path / "run")[-1] / "state.json"
    assert json.loads(spent.read_text())["seconds"] >= 60


def test_time_before_a_stop_counts(tmp_path):
    recipe = generator_recipe(schedule={"minutes": 1, "warm_up": 0})
    clock = Clock(recipe.schedule, now=iter(range(0, 10_000, 2)).__next__)
    before = train(recipe, tmp_path / "run", clock=clock, until=2).steps
    clock = Clock(recipe.schedule, now=iter(range(0, 10_000, 2)).__next__)
    after = train(recipe, tmp_path / "run", clock=clock, resume=True)
    assert clock.spent > 0 and after.finished and after.steps > before


def test_nothing_is_overwritten_and_nothing_mixed(tmp_path):
    recipe = tokenizer_recipe()
    train(recipe, tmp_path / "run", until=1)
    with pytest.raises(OutputExists, match="--resume"):
        train(recipe, tmp_path / "run")
    with pytest.raises(OutputExists, match="another recipe"):
        train(tokenizer_recipe(batch=2), tmp_path / "run", resume=True)
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(OutputExists, match="something else"):
        train(recipe, tmp_path / "else")
    with pytest.raises(BadInput, match="shared evenly"):
        train(tokenizer_recipe(accumulate=3), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_checkpoint_that_is_broken_is_told_in_a_line(tmp_path):
    recipe = tokenizer_recipe()
    train(recipe, tmp_path / "run", until=1)
    file = checkpoints.found(tmp_path / "run")[-1] / "model.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(BadInput, match="cannot be read"):
        train(recipe, tmp_path / "run", resume=True)


def test_a_loss_that_is_no_number_ends_the_run_and_spares_the_weights(tmp_path):
    recipe = tokenizer_recipe(schedule={"steps": 100, "warm_up": 0}, optimizer={"adamw": 1e30})
    with pytest.raises(EvenflowError, match="not finite"):
        train(recipe, tmp_path / "run")


def test_old_checkpoints_go(tmp_path):
    train(tokenizer_recipe(save_every=1, keep=2), tmp_path / "run", until=4)
    assert [p.name for p in checkpoints.found(tmp_path / "run")] == ["000003", "000004"]
