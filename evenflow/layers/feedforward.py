"""Feed-forward: the gated unit between two attentions.

Source: Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202, equation 6 (SwiGLU).
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class SwiGLU(nn.Module):
    """`(silu(x W) * x V) U`, without biases.

    Args:
        width: of tokens.
        times: hidden width as a multiple of it, rounded up to 32.
    """

    def __init__(self, width: int, *, times: float = 8 / 3) -> None:
        super().__init__()
        hidden = -(-round(width * times) // 32) * 32
        self.inner = nn.Linear(width, 2 * hidden, bias=False)
        self.out = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Float[Tensor, "*b w"]) -> Float[Tensor, "*b w"]:
        """Tokens, each by itself."""
        gate, value = self.inner(x).chunk(2, dim=-1)
        return self.out(F.silu(gate) * value)
