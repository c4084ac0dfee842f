"""A tiny generator with random weights, saved as training saves one; `torch` is imported inside."""

from dataclasses import replace
from pathlib import Path
from typing import Any

SHAPE = {"frames": 9, "size": [32, 32], "fps": "12", "block": 2}
LEVELS = [1.0, 0.8, 0.5, 0.0]
SAYS = "a red ball rolls to the left"


def tiny_generator(
    folder: Path, *, student: bool = True, half: bool = False, seed: int = 0, **told: Any
) -> Path:
    """A folder of weights.

    Args:
        student: whether there is one inside.
        half: whether weights are stored in half precision.
        told: changes to what its config says.
    """
    import torch

    from evenflow.backbones.dit import DiT, DiTConfig
    from evenflow.backbones.words import Words
    from evenflow.tokenizers.group_causal import GroupCausalVAE, VAEConfig
    from evenflow.train.vocabulary import world_words

    words = Words(world_words(), 25)
    config = DiTConfig(
        channels=4, width=24, layers=2, heads=2, axes=(4, 4, 4), text_width=16, actions=0,
        camera=0, patch=(1, 2, 2), vocabulary=words.size,
    )  # fmt: skip

    def net(number: int) -> DiT:
        torch.manual_seed(seed + number)
        made = DiT(config)
        for part in (made.told, made.last_told, made.outlet):
            torch.nn.init.normal_(part.weight, std=0.1)
        return made.half() if half else made

    says = {
        **SHAPE, "recipe": "tiny", "caption": "L2",
        "words": {"vocabulary": words.vocabulary, "length": words.length},
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        net(0).save_pretrained(folder, told={**says, "steps": 3, **told}, replace=True)
        tokenizer = GroupCausalVAE(replace(VAEConfig(), channels=4, widths=(4, 6, 8)))
        tokenizer.save_pretrained(folder / "tokenizer", replace=True)
        if student:
            net(1).save_pretrained(folder / "student", told={**says, "levels": LEVELS})
    return folder
