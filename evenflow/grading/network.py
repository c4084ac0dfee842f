"""Network: a small convolutional net that says of every pixel what it shows, and a second look.

About 210,000 parameters in a U (Ronneberger et al. 2015, arXiv:1505.04597, fig. 1) whose finest
decoded level has half the picture's resolution. One 1 x 1 layer gives all answers; what belongs to
one body is found as in Cheng et al. 2020, Panoptic-DeepLab, arXiv:1911.10194, section 3.2: a map of
centers and, for every pixel, the way to the center of its body. Differs: centers are those of the
whole body, hidden or not, so that the two halves that show beside a pillar point to one place.

Bodies that were found are looked at once more, each in a cut that it fills: what makes a crate of a
cube, or a ring of a ball, is a pixel wide in the picture.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
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


class Wider(nn.Module):
    """Adds what it sees in 5 x 5 cells around, in half of the channels (He et al. 2015, Deep
    residual learning, arXiv:1512.03385, fig. 5); it begins as nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.inner = nn.Sequential(
            _layer(width, half, size=1), _layer(half, half, size=5),
            nn.Conv2d(half, width, 1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip
        nn.init.zeros_(self.inner[3].weight)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The same, and what was added."""
        return x + self.inner(x)


class Network(nn.Module):
    """The net; input sRGB in [0, 1], `(b, 3, h, w)` with h and w multiples of 16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _layer(3, 16)
        self.down2 = nn.Sequential(_layer(16, 32, stride=2), _layer(32, 32))
        self.down4 = nn.Sequential(_layer(32, 48, stride=2), _layer(48, 48))
        self.down8 = nn.Sequential(
            _layer(48, 64, stride=2), _layer(64, 64), Wider(64), Wider(64)
        )  # fmt: skip
        self.down16 = nn.Sequential(_layer(64, 64, stride=2), Wider(64))
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


CUT = 48
"""Pixels of the side of the cut of one body that `Looks` is shown."""
ASKED = {"kind": len(KINDS), "color": len(TINTS), "second": len(TINTS), "pattern": len(PATTERNS)}
"""Answers of `Looks` and their channels, logits."""


class Looks(nn.Module):
    """A second look at one body that was found: its cut fills the view, with its mask.

    Input `(b, 4, CUT, CUT)`: sRGB in [0, 1] and the mask; and the logarithm of the rows of the
    picture that one of its pixels stands for, `(b,)`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _layer(4, 24, stride=2), _layer(24, 40, stride=2), _layer(40, 48),
            _layer(48, 64, stride=2), _layer(64, 64),
        )  # fmt: skip
        self.mix = nn.Sequential(nn.Linear(64 * 9 + 1, 96), nn.ReLU(inplace=True))
        self.heads = nn.Linear(96, sum(ASKED.values()))

    def forward(
        self, x: Float[Tensor, "b 4 s s"], scale: Float[Tensor, " b"]
    ) -> Float[Tensor, "b c"]:
        """All answers, in the order of ASKED."""
        shown = torch.cat([x[:, :3] * 4.0 - 2.0, x[:, 3:] * 2.0 - 1.0], 1)
        y = nn.functional.avg_pool2d(self.body(shown), 2)
        return self.heads(self.mix(torch.cat([y.flatten(1), scale[:, None]], 1)))


def cut_out(
    picture: NDArray[np.uint8], box: tuple[int, int, int, int], mask: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], float]:
    """What `Looks` is shown of a body: `(4, CUT, CUT)`, and the logarithm of its scale.

    Args:
        picture: uint8 sRGB `(h, w, 3)`.
        box: x0, y0, x1, y1; mask: of the size of the box.
    """
    x0, y0, x1, y1 = box
    side = 1.25 * max(x1 - x0, y1 - y0, 6)
    scale = CUT / side
    left, top = 0.5 * (x0 + x1) - 0.5 * side, 0.5 * (y0 + y1) - 0.5 * side
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    matrix[:, 2] += 0.5 * scale - 0.5
    how = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REPLICATE}
    source = picture
    if scale < 0.7:
        source = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
    shown = cv2.warpAffine(source, matrix, (CUT, CUT), **how).astype(np.float32) / 255
    own = np.zeros(picture.shape[:2], np.float32)
    own[y0:y1, x0:x1] = mask
    its = cv2.warpAffine(own, matrix, (CUT, CUT), flags=cv2.INTER_LINEAR)
    out = np.concatenate([shown.transpose(2, 0, 1), its[None]])
    return np.ascontiguousarray(out, np.float32), float(np.log(side / CUT))


def load(path: Path, *, device: str = "cpu") -> tuple[Network, Looks]:
    """Both nets with their weights, ready to answer.

    Raises:
        FileNotFoundError: there are no such weights.
    """
    from safetensors.torch import load_file

    kept = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
    net, looks = Network(), Looks()
    net.load_state_dict({k: v for k, v in kept.items() if not k.startswith("looks.")})
    looks.load_state_dict({k[6:]: v for k, v in kept.items() if k.startswith("looks.")})
    return net.eval().to(device), looks.eval().to(device)
