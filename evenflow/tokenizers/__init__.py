"""Tokenizers: video to latents and back, 1 + 4n frames and sides of 8 to 1 + n and an eighth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from evenflow.core.errors import BackendMissing
from evenflow.tokenizers.group_causal import SIZES, GroupCausalVAE
from evenflow.tokenizers.wavelet import Wavelet

TOKENIZERS: dict[str, Callable[[], Any]] = {
    "wavelet": Wavelet,
    "nano": lambda: GroupCausalVAE(SIZES["nano"]),
    "pocket": lambda: GroupCausalVAE(SIZES["pocket"]),
    "pocket-l": lambda: GroupCausalVAE(SIZES["pocket-l"]),
}
"""Tokenizers by name, before training."""


@runtime_checkable
class Tokenizer(Protocol):
    """Video in [0, 1] to latents and back."""

    def encode(self, video: Float[Tensor, "b 3 f y x"]) -> Float[Tensor, "b c t h w"]:
        """Latents."""
        ...

    def decode(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b 3 f y x"]:
        """Video."""
        ...


def load_tokenizer(where: str | Path, *, device: str = "cpu") -> Tokenizer:
    """A tokenizer that is ready: `wavelet`, `wavelet:48` (channels), or a folder of weights.

    Raises:
        BackendMissing: there is no such folder.
        BadInput: the folder holds something else.
    """
    name, _, channels = str(where).partition(":")
    if name == "wavelet" and (not channels or channels.isdigit()):
        return Wavelet(int(channels)) if channels else Wavelet()
    if not Path(where).is_dir():
        raise BackendMissing(
            f"there is no tokenizer {where}: train one (evenflow train nano-tokenizer), give the "
            f"folder of its run, or say wavelet"
        )
    return GroupCausalVAE.from_pretrained(where).to(device)


__all__ = ["TOKENIZERS", "GroupCausalVAE", "Tokenizer", "Wavelet", "load_tokenizer"]
