"""Network: a small convolutional net that says of every pixel what it shows.

About 210,000 parameters in a U (Ronneberger et al. 2015, arXiv:1505.04597, fig. 1) whose finest
decoded level has half the picture's resolution. One 1 x 1 layer gives all answers; what belongs to
one body is found as in Cheng et al. 2020, Panoptic-DeepLab, arXiv:1911.10194, section 3.2: a map of
centers and, for every pixel, the way to the center of its body. Differs: centers are those of the
whole body, hidden or not, so that the two halves that show beside a pillar point to one place.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from evenflow.grading.scenes import KINDS, TINTS
from evenflow.world.words import PATTERNS

HEADS = {
    "thing": 1, "color": len(TINTS), "second": len(TINTS), "kind": len(KINDS),
    "pattern": len(PATTERNS), "center": 1, "way": 2, "edge": 1, "sole": 1,
}  # fmt: skip
"""Answers and their channels: whether the pixel shows a body (logit); logits of its color, second
color, kind and pattern; whether the center of a body is there (logit); the way to the center in
units of WAY pixels; whether two bodies meet there (logit); whether a sole is there (logit)."""
WAY = 16.0
"""Pixels in one unit of `way`."""
STRIDE = 2
"""Pixels of the picture in a cell of the answers."""
HEIGHT = 128
"""Rows that pictures should have: bodies were seen in this size when the net was fitted."""


def _layer(inner: int, outer: int, *, stride: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outer),
        nn.ReLU(inplace=True),
    )


class Network(nn.Module):
    """The net; input sRGB in [0, 1], `(b, 3, h, w)` with h and w multiples of 16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _layer(3, 16)
        self.down2 = nn.Sequential(_layer(16, 32, stride=2), _layer(32, 32))
        self.down4 = nn.Sequential(_layer(32, 48, stride=2), _layer(48, 48))
        self.down8 = nn.Sequential(_layer(48, 64, stride=2), _layer(64, 64))
        self.down16 = _layer(64, 64, stride=2)
        self.whole = nn.Linear(64, 64)
        self.up8 = _layer(128, 64, size=1)
        self.up4 = nn.Sequential(_layer(112, 48, size=1), _layer(48, 48))
        self.up2 = nn.Sequential(_layer(80, 40, size=1), _layer(40, 40))
        self.heads = nn.Conv2d(40, sum(HEADS.values()), 1)
        with torch.no_grad():  # what is rare begins as rare
            for name, map_ in split(self.heads.bias[None, :, None, None]).items():
                if name in ("center", "sole", "edge"):
                    map_.fill_(-4.0)

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h2 w2"]:
        """All answers, in the order of HEADS."""
        two = self.down2(self.stem(x * 4.0 - 2.0))
        four = self.down4(two)
        eight = self.down8(four)
        deep = self.down16(eight)
        deep = deep + self.whole(deep.mean((2, 3)))[:, :, None, None]
        y = self.up8(torch.cat([_double(deep), eight], 1))
        y = self.up4(torch.cat([_double(y), four], 1))
        y = self.up2(torch.cat([_double(y), two], 1))
        return self.heads(y)


def _double(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def split(answers: Float[Tensor, "b c h w"]) -> dict[str, Tensor]:
    """Answers by name."""
    parts = answers.split(list(HEADS.values()), dim=1)
    return dict(zip(HEADS, parts, strict=True))


@dataclass(frozen=True)
class Weights:
    """Where weights lie, and what is said of them."""

    path: Path = Path(__file__).with_name("weights") / "parser.safetensors"


def load(path: Path | None = None, *, device: str = "cpu") -> Network:
    """The net with its weights, ready to answer.

    Raises:
        FileNotFoundError: there are no such weights.
    """
    from safetensors.torch import load_file

    net = Network()
    net.load_state_dict(load_file(path or Weights().path))
    return net.eval().to(device)
