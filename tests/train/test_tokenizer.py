"""A tokenizer whose encoder stays, and what the channels of its latents change."""

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from evenflow.core.errors import RecipeError  # noqa: E402
from evenflow.tokenizers import load_tokenizer  # noqa: E402
from evenflow.tokenizers.group_causal import SIZES, GroupCausalVAE  # noqa: E402
from evenflow.train import train  # noqa: E402
from evenflow.train.tasks.tokenizer import effects  # noqa: E402
from tests.train_runs import tokenizer_recipe  # noqa: E402


def test_a_frozen_encoder_makes_the_same_latents_and_the_decoder_learns(tmp_path):
    train(tokenizer_recipe(), tmp_path / "first")
    start = str(tmp_path / "first" / "model")
    net = tokenizer_recipe().net.model_dump() | {"start": start, "frozen": ["encoder"]}
    weights = {"pixels": 1.0, "latents": 0.0, "colors": 0.0}
    train(tokenizer_recipe(net=net, objective={"weights": weights}, seed=5), tmp_path / "second")
    before = load_file(f"{start}/model.safetensors")
    after = load_file(tmp_path / "second" / "model" / "model.safetensors")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(name.startswith(("decoder.", "effect")) for name in changed)
    clip = torch.rand(1, 3, 5, 16, 16)
    one, other = load_tokenizer(start), load_tokenizer(str(tmp_path / "second" / "model"))
    assert torch.equal(one.encode(clip), other.encode(clip))


def test_only_the_encoder_can_be_frozen():
    with pytest.raises(RecipeError, match="encoder"):
        tokenizer_recipe(net={"size": "nano", "frozen": ["eyes"]})


def test_a_channel_that_the_decoder_does_not_look_at_changes_nothing():
    torch.manual_seed(0)
    net = GroupCausalVAE(SIZES["nano"])
    first = net.decoder.layers[0].parts[0]
    with torch.no_grad():
        first.weight[:, 3] = 0
        first.weight[:, 5] *= 3
    found = effects(net, torch.randn(2, 16, 3, 2, 2))
    assert found.argmax() == 5 and found.argmin() == 3 and found[3] < 1e-3
    assert float(found.mean()) == pytest.approx(1, abs=1e-4)


def test_a_trained_tokenizer_says_what_its_channels_change(tmp_path):
    train(tokenizer_recipe(), tmp_path / "run")
    effect = load_file(tmp_path / "run" / "model" / "model.safetensors")["effect"]
    assert float(effect.mean()) == pytest.approx(1, abs=1e-4) and float(effect.std()) > 0.05
