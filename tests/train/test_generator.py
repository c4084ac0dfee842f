"""Which batches a generator is shown."""

import pytest

torch = pytest.importorskip("torch")

from evenflow.core.errors import RecipeError  # noqa: E402
from evenflow.dist import ALONE  # noqa: E402
from evenflow.tokenizers.group_causal import SIZES, GroupCausalVAE  # noqa: E402
from evenflow.train.tasks import GeneratorTask  # noqa: E402
from tests.train_runs import generator_recipe  # noqa: E402


def shown(objective):
    """Frames, and whether each is learned from a level of its own, of 40 batches."""
    task = GeneratorTask(generator_recipe(objective=objective), ALONE)
    seen = []
    task.net.register_forward_pre_hook(lambda _, args: seen.append((args[0].shape[2], args[1])))
    lot = task.sample_lot(2)
    for step in range(40):
        task.loss(lot, [torch.Generator().manual_seed(i) for i in range(2)], step)
    return seen


def test_short_batches_show_the_first_block_with_nothing_given():
    seen = shown({"block": 1, "causal": 1.0, "short": 1.0})
    assert {frames for frames, _ in seen} == {1}
    assert all((level > 0).all() for _, level in seen)


def test_a_share_of_the_causal_batches_is_short():
    frames = [frames for frames, _ in shown({"block": 1, "causal": 0.7, "short": 0.5})]
    assert 5 <= frames.count(1) <= 25 and frames.count(2) == 40 - frames.count(1)


def task_of(folder, power):
    net = generator_recipe().net.model_dump() | {"tokenizer": str(folder)}
    return GeneratorTask(generator_recipe(net=net, objective={"seen": power}), ALONE)


def test_what_shows_weighs_more_and_what_the_decoder_does_is_not_part_of_the_latents(tmp_path):
    net = GroupCausalVAE(SIZES["nano"])
    net.effect.copy_(torch.linspace(0.5, 1.5, 16))
    net.save_pretrained(tmp_path / "one")
    with torch.no_grad():
        net.decoder.layers[0].parts[0].weight.mul_(2)
    net.save_pretrained(tmp_path / "two")
    with torch.no_grad():
        net.std.mul_(2)
    net.save_pretrained(tmp_path / "three")
    one, two, three = (task_of(tmp_path / name, 2.0) for name in ("one", "two", "three"))
    assert torch.equal(one.weights, torch.linspace(0.5, 1.5, 16) ** 2)
    assert one.told == two.told != three.told
    lot, sources = one.sample_lot(2), [torch.Generator().manual_seed(i) for i in range(2)]
    flat = task_of(tmp_path / "one", 0.0).loss(lot, sources, 3)
    assert float(one.loss(lot, sources, 3).value.detach()) != float(flat.value.detach())


def test_a_tokenizer_that_was_not_taught_weighs_nothing():
    with pytest.raises(RecipeError, match="channels by what they change"):
        GeneratorTask(generator_recipe(objective={"seen": 1.0}), ALONE)
