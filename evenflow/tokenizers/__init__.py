"""Tokenizers: video to latents and back, 1 + 4n frames and sides of 8 to 1 + n and an eighth."""

from collections.abc import Callable
from typing import Any

from evenflow.tokenizers.group_causal import SIZES, GroupCausalVAE
from evenflow.tokenizers.wavelet import Wavelet

TOKENIZERS: dict[str, Callable[[], Any]] = {
    "wavelet": Wavelet,
    "nano": lambda: GroupCausalVAE(SIZES["nano"]),
    "pocket": lambda: GroupCausalVAE(SIZES["pocket"]),
    "pocket-l": lambda: GroupCausalVAE(SIZES["pocket-l"]),
}
"""Tokenizers by name, before training."""
