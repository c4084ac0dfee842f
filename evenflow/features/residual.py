"""Residual blocks that RAFT and CoTracker share; the names of parts are those of the checkpoints.

Source: Teed & Deng 2020, arXiv:2003.12039, appendix A ("feature and context encoder").
"""

from collections.abc import Callable

from torch import Tensor, nn

Norm = Callable[[int], nn.Module]
"""Makes the normalization of so many channels."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; half the size with `stride` 2."""

    def __init__(self, num_in: int, num_out: int, norm: Norm, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(num_in, num_out, 3, padding=1, stride=stride)
        self.conv2 = nn.Conv2d(num_out, num_out, 3, padding=1)
        self.norm1, self.norm2 = norm(num_out), norm(num_out)
        self.downsample = (
            None
            if stride == 1
            else nn.Sequential(nn.Conv2d(num_in, num_out, 1, stride=stride), norm(num_out))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features `(b, num_out, h / stride, w / stride)`."""
        y = self.norm1(self.conv1(x)).relu()
        y = self.norm2(self.conv2(y)).relu()
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


def stage(num_in: int, num_out: int, norm: Norm, stride: int) -> nn.Sequential:
    """Two blocks, of which the first changes size and width."""
    return nn.Sequential(
        ResidualBlock(num_in, num_out, norm, stride), ResidualBlock(num_out, num_out, norm)
    )


def without_twins(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Checkpoints name the norm of a shortcut twice; the name inside the shortcut is kept."""
    kept = {k.replace(".norm3.", ".downsample.1."): v for k, v in state.items() if ".norm3." in k}
    return kept | {k: v for k, v in state.items() if ".norm3." not in k}
