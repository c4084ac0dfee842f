"""RAFT, the network: all-pairs correlation, looked up and refined by a recurrent unit.

Source: Teed & Deng 2020, RAFT: Recurrent All-Pairs Field Transforms for Optical Flow,
    arXiv:2003.12039, section 3 and appendix A; names as in the checkpoint raft-things.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from evenflow.features.residual import stage

LEVELS, RADIUS = 4, 4
HIDDEN, CONTEXT = 128, 128


class Encoder(nn.Module):
    """A picture to features at an eighth of its size."""

    def __init__(self, num_out: int, norm: type[nn.Module]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.norm1 = norm(64)
        self.layer1 = stage(64, 64, norm, 1)
        self.layer2 = stage(64, 96, norm, 2)
        self.layer3 = stage(96, 128, norm, 2)
        self.conv2 = nn.Conv2d(128, num_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(self.conv1(x)).relu()
        made: Tensor = self.conv2(self.layer3(self.layer2(self.layer1(x))))
        return made


class MotionEncoder(nn.Module):
    """Correlation and flow so far to motion features."""

    def __init__(self) -> None:
        super().__init__()
        self.convc1 = nn.Conv2d(LEVELS * (2 * RADIUS + 1) ** 2, 256, 1)
        self.convc2 = nn.Conv2d(256, 192, 3, padding=1)
        self.convf1 = nn.Conv2d(2, 128, 7, padding=3)
        self.convf2 = nn.Conv2d(128, 64, 3, padding=1)
        self.conv = nn.Conv2d(64 + 192, 128 - 2, 3, padding=1)

    def forward(self, flow: Tensor, correlation: Tensor) -> Tensor:
        seen = self.convc2(self.convc1(correlation).relu()).relu()
        moved = self.convf2(self.convf1(flow).relu()).relu()
        return torch.cat([self.conv(torch.cat([seen, moved], 1)).relu(), flow], 1)


class SeparableGRU(nn.Module):
    """A gated recurrent unit that looks along rows, then along columns."""

    def __init__(self, num_in: int) -> None:
        super().__init__()
        for name, kernel in (("1", (1, 5)), ("2", (5, 1))):
            for gate in "zrq":
                padding = (kernel[0] // 2, kernel[1] // 2)
                conv = nn.Conv2d(HIDDEN + num_in, HIDDEN, kernel, padding=padding)
                self.add_module(f"conv{gate}{name}", conv)

    def forward(self, h: Tensor, x: Tensor) -> Tensor:
        for name in "12":
            part = [getattr(self, f"conv{gate}{name}") for gate in "zrq"]
            both = torch.cat([h, x], 1)
            z, r = part[0](both).sigmoid(), part[1](both).sigmoid()
            h = (1 - z) * h + z * part[2](torch.cat([r * h, x], 1)).tanh()
        return h


class FlowHead(nn.Module):
    """Hidden state to a step of the flow."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(HIDDEN, 256, 3, padding=1)
        self.conv2 = nn.Conv2d(256, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.conv2(self.conv1(x).relu())
        return made


class UpdateBlock(nn.Module):
    """One step of refinement."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = MotionEncoder()
        self.gru = SeparableGRU(CONTEXT + 128)
        self.flow_head = FlowHead()
        self.mask = nn.Sequential(
            nn.Conv2d(HIDDEN, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 64 * 9, 1)
        )

    def forward(
        self, h: Tensor, context: Tensor, correlation: Tensor, flow: Tensor
    ) -> tuple[Tensor, Tensor]:
        h = self.gru(h, torch.cat([context, self.encoder(flow, correlation)], 1))
        return h, self.flow_head(h)


class RaftNet(nn.Module):
    """Two pictures `(b, 3, h, w)` in [-1, 1], sides multiples of 8, to flow `(b, 2, h, w)`."""

    def __init__(self) -> None:
        super().__init__()
        self.fnet = Encoder(256, nn.InstanceNorm2d)
        self.cnet = Encoder(HIDDEN + CONTEXT, nn.BatchNorm2d)
        self.update_block = UpdateBlock()

    def forward(self, before: Tensor, after: Tensor, *, num_steps: int = 20) -> Tensor:
        a, b = self.fnet(torch.cat([before, after])).chunk(2)
        pyramid = correlation_pyramid(a, b)
        h, context = self.cnet(before).split([HIDDEN, CONTEXT], dim=1)
        h, context = h.tanh(), context.relu()
        start = grid(a)
        place = start
        for _ in range(num_steps):
            h, step = self.update_block(h, context, look_up(pyramid, place), place - start)
            place = place + step
        return self.upsample(place - start, h)

    def upsample(self, flow: Tensor, h: Tensor) -> Tensor:
        """Each fine vector is a convex mix of the 3x3 coarse ones around it (section 3.3)."""
        b, _, rows, cols = flow.shape
        weight = (0.25 * self.update_block.mask(h)).view(b, 1, 9, 8, 8, rows, cols).softmax(2)
        near = F.unfold(8 * flow, 3, padding=1).view(b, 2, 9, 1, 1, rows, cols)
        mixed = (weight * near).sum(2)  # (b, 2, 8, 8, rows, cols)
        return mixed.permute(0, 1, 4, 2, 5, 3).reshape(b, 2, 8 * rows, 8 * cols)


def grid(features: Tensor) -> Tensor:
    """Coordinates `(b, 2, h, w)` as `(x, y)`."""
    b, _, rows, cols = features.shape
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(cols), indexing="ij")
    return torch.stack([x, y]).to(features).expand(b, 2, rows, cols)


def correlation_pyramid(a: Tensor, b: Tensor) -> list[Tensor]:
    """Products of every vector of `a` with all of `b`, at four sizes: `(b*h*w, 1, h', w')`."""
    num, depth, rows, cols = a.shape
    products = torch.einsum("bdij,bdkl->bijkl", a, b) / depth**0.5
    level = products.reshape(num * rows * cols, 1, rows, cols)
    levels = [level]
    for _ in range(LEVELS - 1):
        level = F.avg_pool2d(level, 2)
        levels.append(level)
    return levels


def look_up(pyramid: list[Tensor], place: Tensor) -> Tensor:
    """Correlation in 9x9 windows around `place`, `(b, 324, h, w)`."""
    b, _, rows, cols = place.shape
    reach = torch.arange(-RADIUS, RADIUS + 1).to(place)
    # the window's first axis runs along x, as in the published weights
    window = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), -1)[None]  # (1, 9, 9, 2)
    center = place.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
    found = []
    for number, level in enumerate(pyramid):
        size = torch.tensor(level.shape[:1:-1]).to(place)  # columns, rows
        where = 2 * (center / 2**number + window) / (size - 1) - 1
        seen = F.grid_sample(level, where, align_corners=True)
        found.append(seen.view(b, rows, cols, -1))
    return torch.cat(found, -1).permute(0, 3, 1, 2)
