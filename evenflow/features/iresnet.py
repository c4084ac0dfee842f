"""IResNet, the network: the residual network that ArcFace weights are published for.

Source: Deng et al. 2019, ArcFace, arXiv:1801.07698, section 3.1 ("BN-Dropout-FC-BN" after the last
    block), with the blocks of Duta et al. 2020, Improved Residual Networks, arXiv:2004.04989; names
    as in insightface's checkpoints `backbone.pth`.
"""

from collections.abc import Sequence

from torch import Tensor, nn

SIDE = 112
"""Faces are aligned to so many rows and columns."""


class Block(nn.Module):
    """Norm, convolution, norm, PReLU, convolution, norm beside a shortcut."""

    def __init__(self, num_in: int, num_out: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(num_in)
        self.conv1 = nn.Conv2d(num_in, num_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(num_out)
        self.prelu = nn.PReLU(num_out)
        self.conv2 = nn.Conv2d(num_out, num_out, 3, stride=stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(num_out)
        self.downsample = (
            None
            if stride == 1 and num_in == num_out
            else nn.Sequential(
                nn.Conv2d(num_in, num_out, 1, stride=stride, bias=False), nn.BatchNorm2d(num_out)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        y = self.bn3(self.conv2(y))
        made: Tensor = y + (x if self.downsample is None else self.downsample(x))
        return made


class IResNet(nn.Module):
    """Aligned faces `(n, 3, 112, 112)` in [-1, 1] to embeddings `(n, d)`, not normalized.

    Args:
        depths: blocks in each of the four stages; 3, 4, 14, 3 is r50.
        widths: channels of the four stages.
        dim: length of the embedding.
    """

    def __init__(
        self, depths: Sequence[int], widths: Sequence[int] = (64, 128, 256, 512), dim: int = 512
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.prelu = nn.PReLU(widths[0])
        last = widths[0]
        for number, (depth, width) in enumerate(zip(depths, widths, strict=True), 1):
            blocks = [Block(last, width, 2), *(Block(width, width, 1) for _ in range(1, depth))]
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
            last = width
        self.bn2 = nn.BatchNorm2d(last)
        self.fc = nn.Linear(last * (SIDE // 16) ** 2, dim)
        self.features = nn.BatchNorm1d(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.prelu(self.bn1(self.conv1(x)))
        for number in range(1, 5):
            x = getattr(self, f"layer{number}")(x)
        made: Tensor = self.features(self.fc(self.bn2(x).flatten(1)))
        return made
