"""Tiny models with random weights, saved as a folder of features; each test package may build them.

`torch` and `transformers` are imported inside: collecting tests loads neither.
"""

import string
from pathlib import Path

import pytest


def dinov2(folder: Path, seed: int = 0) -> Path:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(seed)
    config = transformers.Dinov2Config(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14
    )
    transformers.Dinov2Model(config).save_pretrained(folder)
    return folder


def clip(folder: Path, seed: int = 0) -> Path:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(seed)
    letters = string.ascii_lowercase + string.digits + string.punctuation
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    start, end = len(tokens) - 2, len(tokens) - 1
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=[])
    tokenizer.save_pretrained(folder)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = transformers.CLIPConfig(
        text_config={
            **small, "num_attention_heads": 2, "vocab_size": len(tokens),
            "max_position_embeddings": 40, "bos_token_id": start, "eos_token_id": end,
            "pad_token_id": end,
        },
        vision_config={**small, "num_attention_heads": 2, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )  # fmt: skip
    transformers.CLIPModel(config).save_pretrained(folder)
    return folder


def raft(folder: Path, seed: int = 0) -> Path:
    torch = pytest.importorskip("torch")
    from evenflow.features.raft_net import RaftNet

    torch.manual_seed(seed)
    return _saved(RaftNet(), folder / "raft-things.safetensors", prefix="module.")


def cotracker(folder: Path, seed: int = 0) -> Path:
    torch = pytest.importorskip("torch")
    from evenflow.features.cotracker_net import CoTrackerNet

    torch.manual_seed(seed)
    net = CoTrackerNet(8, 48, 1, 4, corr_hidden=16, corr_out=8, window=12)
    return _saved(net, folder / "scaled_offline.safetensors")


def insightface(folder: Path, seed: int = 0) -> Path:
    torch = pytest.importorskip("torch")
    from evenflow.features.iresnet import IResNet

    torch.manual_seed(seed)
    return _saved(IResNet((1, 2, 1, 1), (8, 8, 12, 16), 20), folder / "r4.safetensors")


MAKERS = {
    "dinov2": dinov2,
    "clip": clip,
    "insightface": insightface,
    "raft": raft,
    "cotracker": cotracker,
}


def _saved(net, path: Path, prefix: str = "") -> Path:
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    state = {prefix + name: value.clone() for name, value in net.state_dict().items()}
    save_file(state, path)
    return path.parent
