"""What the loop does beside learning, each by itself."""

import json

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from evenflow.core.errors import BadInput, RecipeError  # noqa: E402
from evenflow.dist import ALONE, Ranks, joined  # noqa: E402
from evenflow.train import estimate  # noqa: E402
from evenflow.train.average import Average  # noqa: E402
from evenflow.train.feed import Flowing, Resident, generators, resident  # noqa: E402
from evenflow.train.logs import Log, read  # noqa: E402
from evenflow.train.optimizers import optimizers, set_rate, split  # noqa: E402
from evenflow.train.recipe import Optimizer  # noqa: E402
from evenflow.train.tasks import TASKS  # noqa: E402
from evenflow.train.tasks.generator import grouped_actions  # noqa: E402
from tests.train_runs import RECIPES, generator_recipe, tokenizer_recipe  # noqa: E402


def test_the_average_follows_with_a_ramp_and_gives_the_weights_back():
    net = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(net.weight)
    average = Average(net, 0.9)
    nn.init.ones_(net.weight)
    value = 0.0
    for n in range(40):
        average.update(net)
        decay = min(0.9, (1 + n) / (10 + n))
        value = decay * value + (1 - decay)
        assert float(average.weights["weight"]) == pytest.approx(value)
    with average.inside(net):
        assert net.weight.item() == pytest.approx(value)
    assert net.weight.item() == 1
    average.restart(net)
    assert float(average.weights["weight"]) == 1 and average.updates == 0


def test_muon_gets_the_matrices_inside_the_layers_and_nothing_else():
    net = TASKS["generator"](generator_recipe(), ALONE).net
    inside, others = split(net)
    assert set(inside) | set(others) == dict(net.named_parameters()).keys()
    assert all(value.ndim == 2 for value in inside.values())
    assert "blocks.0.attention.qkv.weight" in inside
    for name in ("inlet.weight", "outlet.weight", "text.embed.weight", "blocks.0.bias"):
        assert name in others
    both = optimizers(net, Optimizer(adamw=0.1, muon=0.2))
    set_rate(both, 0.5)
    assert [one.param_groups[0]["lr"] for one in both] == [0.05, 0.1]
    assert len(optimizers(net, Optimizer(muon=0))) == 1


def test_a_clip_of_a_step_has_the_same_generator_on_any_rank():
    whole = [g.initial_seed() for g in generators(3, 5, 8, Ranks(0, 1))]
    parts = [[g.initial_seed() for g in generators(3, 5, 8, Ranks(r, 4))] for r in range(4)]
    assert [parts[place % 4][place // 4] for place in range(8)] == whole
    assert len(set(whole)) == 8 and whole != [g.initial_seed() for g in generators(3, 6, 8, ALONE)]


def test_a_resident_feed_is_made_once_and_shared_out(tmp_path):
    recipe = tokenizer_recipe()
    task = TASKS["tokenizer"](recipe, ALONE)
    path = tmp_path / "clips.safetensors"
    made = resident(recipe, task.prepare, path, ALONE, told="x")
    assert made.num_clips == 12 and made.kept["video"].shape == (12, 3, 5, 16, 16)
    epoch = torch.cat([made.lot(step)["video"] for step in range(3)])
    assert epoch.flatten(1).unique(dim=0).shape == made.kept["video"].flatten(1).unique(dim=0).shape

    def never(batch):
        raise AssertionError("nothing is made twice")

    again = resident(recipe, never, path, ALONE, told="x")
    assert torch.equal(again.lot(7)["video"], made.lot(7)["video"])
    both = [Resident(recipe, made.kept, Ranks(r, 2)).lot(7)["video"] for r in (0, 1)]
    whole = made.lot(7)["video"]
    assert torch.equal(both[0], whole[0::2]) and torch.equal(both[1], whole[1::2])
    with pytest.raises(AssertionError):
        resident(recipe, never, path, ALONE, told="other")


def test_a_flowing_feed_goes_to_any_step():
    recipe = tokenizer_recipe(data=tokenizer_recipe().data.model_copy(update={"resident": False}))
    task = TASKS["tokenizer"](recipe, ALONE)
    feed = Flowing(recipe, task.prepare, ALONE)
    lots = [feed.lot(step)["video"] for step in range(5)]
    later = Flowing(recipe, task.prepare, ALONE)
    later.begin(4)
    assert torch.equal(later.lot(4)["video"], lots[4])
    assert not torch.equal(lots[0], lots[3])


@pytest.mark.parametrize("task", RECIPES)
def test_an_estimate_counts_and_leaves_the_network_alone(task):
    recipe = RECIPES[task](schedule={"steps": 100})
    made = TASKS[task](recipe, ALONE)
    before = {k: v.clone() for k, v in made.net.state_dict().items()}
    found = estimate(recipe, made, ALONE)
    assert found.weights == sum(p.numel() for p in made.net.parameters())
    assert all(torch.equal(v, before[k]) for k, v in made.net.state_dict().items())
    assert all(p.grad is None for p in made.net.parameters())
    assert found.steps == 100 and found.minutes == pytest.approx(100 * found.step_s / 60)
    assert found.memory > 4 * 3 * found.weights and found.by_muon < found.weights
    more = RECIPES[task](batch=8)
    assert estimate(more, TASKS[task](more, ALONE), ALONE).flops == 2 * found.flops


def test_operations_are_those_of_the_linear_layers():
    # forward and back: three products of every weight for every token it sees, once
    recipe = generator_recipe(net=generator_recipe().net.model_copy(update={"words": 0}))
    recipe = recipe.model_copy(update={"objective": recipe.objective.model_copy(update={})})
    made = TASKS["generator"](recipe, ALONE)
    found = estimate(recipe, made, ALONE)
    inside = sum(p.numel() for name, p in made.net.named_parameters() if "blocks" in name)
    tokens = 2 * 2 * 2 + made.net.config.registers
    assert found.flops > 0.8 * 6 * inside * tokens * recipe.batch
    assert found.flops < 2.5 * 6 * inside * tokens * recipe.batch


def test_a_log_is_cut_where_a_run_goes_on(tmp_path):
    log = Log(tmp_path, 0)
    for step in range(4):
        log.write({"step": step, "loss": 1.0 / (step + 1), "odd": float("nan")})
    log.close()
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')
    log = Log(tmp_path, 2)
    log.write({"step": 2, "loss": 9.0, "validation": {"psnr": 3.0}})
    log.close()
    rows = read(tmp_path)
    assert [(row["step"], row["loss"]) for row in rows] == [(0, 1.0), (1, 0.5), (2, 9.0)]
    assert rows[0]["odd"] is None
    assert all(json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())


def test_tensorboard_has_what_the_log_has(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = Log(tmp_path, 0)
    log.write({"step": 3, "loss": 0.5, "validation": {"position": {"mean": 0.25}}})
    log.close()
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert board.Scalars("loss")[0].step == 3 and board.Scalars("loss")[0].value == 0.5
    assert board.Scalars("validation/position/mean")[0].value == 0.25


def test_actions_stand_at_the_latent_frame_that_they_lead_to():
    actions = torch.zeros(1, 9, 10)
    actions[0, 3, 2] = 1  # leads to frame 4, the last of latent frame 1
    actions[0, 4, 5] = 1  # leads to frame 5, the first of latent frame 2
    actions[0, 8, 7] = 1  # leads beyond the clip
    told = grouped_actions(actions, 3)
    assert told.shape == (1, 3, 40) and told[0, 0].abs().sum() == 0
    assert told[0, 1].nonzero().flatten().tolist() == [3 * 10 + 2]
    assert told[0, 2].nonzero().flatten().tolist() == [5]


def test_devices_that_are_not_there():
    with pytest.raises(BadInput, match="auto, cpu, cuda"), joined("tpu"):
        pass
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="no cuda"), joined("cuda"):
            pass
    with joined("cpu") as ranks:
        assert ranks == ALONE and ranks.mean(3.0) == 3 and ranks.said("x") == "x"


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ({"size": "big", "tokenizer": "wavelet"}, "net.size"),
        ({"size": "nano"}, "net.tokenizer"),
        ({"size": "nano", "tokenizer": "wavelet:16", "config": {"width": "x"}}, "net.config"),
        ({"size": "nano", "tokenizer": "wavelet:16", "config": {"wide": 3}}, "net.config"),
        ({"size": "nano", "tokenizer": "wavelet:16", "config": {"patch": [1, 4, 4]}}, "tokens"),
        ({"size": "nano", "tokenizer": "wavelet:16", "config": {"actions": 7}}, "actions"),
    ],
)
def test_a_network_that_cannot_be_is_told_before_anything_starts(net, message):
    with pytest.raises(RecipeError, match=message):
        TASKS["generator"](generator_recipe(net=net), ALONE)


def test_a_tokenizer_is_gone_on_with_and_rounded(tmp_path):
    from evenflow.tokenizers import GroupCausalVAE
    from evenflow.train import train
    from tests.train_runs import tokenizer_recipe

    train(tokenizer_recipe(), tmp_path / "first")
    plain = tokenizer_recipe()
    data = plain.data.model_dump() | {"clips": str(tmp_path / "first")}
    start = str(tmp_path / "first" / "model")
    net = {"size": "nano", "start": start, "config": {"rounding": 4, "refinements": 1}}
    train(tokenizer_recipe(data=data, net=net), tmp_path / "second")
    one, other = (
        GroupCausalVAE.from_pretrained(tmp_path / name / "model") for name in ("first", "second")
    )
    assert (one.config.rounding, other.config.rounding) == (0, 4)
    assert (one.config.refinements, other.config.refinements) == (0, 1)
    assert one.config.widths == other.config.widths
    assert not (tmp_path / "second" / "clips.safetensors").exists()
