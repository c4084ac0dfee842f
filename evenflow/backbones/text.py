"""Text encoders: our own over a closed vocabulary, and an adapter for features of others.

Source: the encoder is a pre-norm transformer (Xiong et al. 2020, arXiv:2002.04745, figure 1b).
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from evenflow.backbones.words import PADDING
from evenflow.core.contracts import Attend, AttentionSpec, Tokens
from evenflow.layers.attention import Attention, attend
from evenflow.layers.feedforward import SwiGLU
from evenflow.layers.masks import TEXT


class TextEncoder(nn.Module):
    """Numbers of words to features of the backbone's width.

    Args:
        vocabulary: numbers in all.
        width, layers, heads: of the encoder.
        out: width of its features.
    """

    def __init__(
        self, vocabulary: int, *, width: int = 256, layers: int = 2, heads: int = 4, out: int
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.embed.weight, std=0.5)
        axes = (width // heads, 0, 0)  # words stand in a row: one axis
        self.attentions = nn.ModuleList(Attention(width, heads, axes) for _ in range(layers))
        self.forwards = nn.ModuleList(SwiGLU(width) for _ in range(layers))
        self.out = nn.Linear(width, out, bias=False)

    def forward(self, words: Int[Tensor, "b n"]) -> Float[Tensor, "b n out"]:
        """Features; those of padding are 0 and nobody looks at padding."""
        num = words.shape[1]
        x = self.embed(words)
        place = torch.zeros(num, 3, device=x.device)
        place[:, 0] = torch.arange(num, device=x.device)
        role = torch.full((num,), TEXT, device=x.device)
        tokens = Tokens(place, role, torch.full_like(role, -1), torch.zeros(num, device=x.device))
        # a mask is one for all captions, and padding is not: it is shut out by an edit
        shut = (words == PADDING)[:, None, None, :].clone()
        shut[..., 0] = False  # where there is no caption at all, something has to be seen
        spec = AttentionSpec(edit=lambda _, site: _without(shut))
        for attention, forward in zip(self.attentions, self.forwards, strict=True):
            heard, _ = attention(F.rms_norm(x, x.shape[-1:]), tokens, spec=spec)
            x = x + heard
            x = x + forward(F.rms_norm(x, x.shape[-1:]))
        x = self.out(F.rms_norm(x, x.shape[-1:]))
        return x * (words != PADDING)[..., None]


def _without(shut: Bool[Tensor, "b 1 1 n"]) -> Attend:
    """Attention in which nobody sees what is shut out, caption by caption."""

    def call(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        return attend(q, k, v, ~shut)

    return call


class TextAdapter(nn.Module):
    """Features of another encoder (T5, UMT5: width 4096) to the width of the backbone.

    Args:
        given: width of the features that come.
        out: width of the backbone.
    """

    def __init__(self, given: int, out: int) -> None:
        super().__init__()
        self.inner = nn.Linear(given, out, bias=False)
        self.out = nn.Linear(out, out, bias=False)

    def forward(self, features: Float[Tensor, "b n given"]) -> Float[Tensor, "b n out"]:
        """Features, each by itself; zero stays zero, which is how padding is said."""
        return self.out(F.silu(self.inner(features)))
