"""Which batches a generator is shown."""

import pytest

torch = pytest.importorskip("torch")

from evenflow.dist import ALONE  # noqa: E402
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
