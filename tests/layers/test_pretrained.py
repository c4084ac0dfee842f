"""A folder of weights gives back what was put in, or says in a line what is wrong with it."""

import json

import pytest

torch = pytest.importorskip("torch")

from evenflow.backbones.dit import DiT, DiTConfig  # noqa: E402
from evenflow.core.errors import BackendMissing, BadInput, OutputExists  # noqa: E402
from evenflow.tokenizers import Wavelet, load_tokenizer  # noqa: E402
from evenflow.tokenizers.group_causal import GroupCausalVAE, VAEConfig  # noqa: E402

SMALL = DiTConfig(
    channels=3, width=24, layers=2, heads=2, axes=(4, 4, 4), text_width=16, actions=0, camera=0
)
TINY = VAEConfig(channels=4, widths=(4, 6, 8), depths=(1, 1, 1))


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    GroupCausalVAE(TINY).save_pretrained(tmp_path / "vae")
    return tmp_path / "vae"


def test_a_tokenizer_comes_back_to_the_bit(folder):
    torch.manual_seed(0)
    net, again = GroupCausalVAE(TINY), GroupCausalVAE.from_pretrained(folder)
    assert again.config == TINY and not again.training
    video = torch.rand(1, 3, 5, 16, 16)
    assert torch.equal(net.eval().encode(video), again.encode(video))
    loaded = load_tokenizer(folder)
    assert torch.equal(loaded.decode(loaded.encode(video)), again.decode(again.encode(video)))


def test_a_backbone_comes_back_with_what_is_told_of_it(tmp_path):
    net = DiT(SMALL)
    net.save_pretrained(tmp_path / "net", told={"words": {"vocabulary": ["a"], "length": 4}})
    again, config = DiT.from_pretrained(tmp_path / "net")
    assert again.config == SMALL and config["words"]["vocabulary"] == ["a"]
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in net.state_dict().items())
    assert {path.name for path in (tmp_path / "net").iterdir()} == {
        "config.json",
        "model.safetensors",
    }


def test_nothing_is_overwritten_unasked_and_nothing_is_left_beside(folder):
    with pytest.raises(OutputExists, match="another folder"):
        GroupCausalVAE(TINY).save_pretrained(folder)
    before = (folder / "model.safetensors").read_bytes()
    torch.manual_seed(1)
    GroupCausalVAE(TINY).save_pretrained(folder, replace=True)
    assert (folder / "model.safetensors").read_bytes() != before
    assert [path.name for path in folder.parent.iterdir()] == ["vae"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "evenflow.backbone/1"}, "holds 'evenflow.backbone/1'"),
        ({"vae": {"channels": 4, "wide": 3}}, "what its network is like"),
        ({"vae": {"channels": "4"}}, "channels = '4'"),
        ({"vae": {"channels": -1}}, "channels = -1"),
        ({"vae": {"widths": [4, 6]}}, "widths = "),
        ({"vae": {"channels": 5}}, "do not fit"),
        ({"vae": None}, "what its network is like"),
    ],
)
def test_a_config_that_is_wrong_is_told(folder, change, message):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadInput, match=message) as caught:
        GroupCausalVAE.from_pretrained(folder)
    assert "\n" not in str(caught.value)


def test_files_that_are_broken_or_missing(folder, tmp_path):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:50])
    with pytest.raises(BadInput, match="cannot be read"):
        GroupCausalVAE.from_pretrained(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(BadInput, match="cannot be read"):
        GroupCausalVAE.from_pretrained(folder)
    weights.unlink()
    with pytest.raises(BackendMissing, match="has no model"):
        GroupCausalVAE.from_pretrained(folder)
    with pytest.raises(BackendMissing, match="there is no tokenizer"):
        load_tokenizer(tmp_path / "nowhere")


def test_the_wavelet_has_no_folder():
    assert load_tokenizer("wavelet") == Wavelet() and load_tokenizer("wavelet:16") == Wavelet(16)
