"""CoTracker3 (offline), the network: all points refined together over all frames.

Source: Karaev et al. 2024, CoTracker3: Simpler and Better Point Tracking by Pseudo-Labelling Real
    Videos, arXiv:2410.11831, section 3 (4D correlation of 7x7 windows at four sizes, a transformer
    that alternates over time and over points, the latter through virtual tracks); names as in the
    checkpoint scaled_offline.
Differs: correlation is worked on a few frames at a time, which bounds memory and changes nothing.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from evenflow.features.residual import stage

STRIDE, LEVELS, RADIUS = 4, 4, 3
WINDOW = 2 * RADIUS + 1
DEGREES = 10
"""Octaves of the encoding of how a point moves."""
HEAD_DIM = 48
FRAMES_AT_ONCE = 8


class Encoder(nn.Module):
    """Pictures to features at a quarter of their size, from four stages."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        norm = nn.InstanceNorm2d
        half, most = dim // 2, dim // 4 * 3
        self.conv1 = nn.Conv2d(3, half, 7, stride=2, padding=3)
        self.norm1 = norm(half)
        self.layer1 = stage(half, half, norm, 1)
        self.layer2 = stage(half, most, norm, 2)
        self.layer3 = stage(most, dim, norm, 2)
        self.layer4 = stage(dim, dim, norm, 2)
        self.conv2 = nn.Conv2d(half + most + 2 * dim, 2 * dim, 3, padding=1)
        self.norm2 = norm(2 * dim)
        self.conv3 = nn.Conv2d(2 * dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        size = [side // STRIDE for side in x.shape[-2:]]
        x = self.norm1(self.conv1(x)).relu()
        stages = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            stages.append(F.interpolate(x, size, mode="bilinear", align_corners=True))
        x = self.norm2(self.conv2(torch.cat(stages, 1))).relu()
        return F.normalize(self.conv3(x), dim=1, eps=1e-6)


class Mlp(nn.Module):
    """Two layers with a GELU between."""

    def __init__(self, num_in: int, hidden: int, num_out: int, approximate: str = "none") -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(num_in, hidden), nn.Linear(hidden, num_out)
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.fc2(F.gelu(self.fc1(x), approximate=self.approximate))
        return made


class Attention(nn.Module):
    """Queries from `x`, keys and values from `context`."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.to_q, self.to_kv = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        parts = [self.to_q(x), *self.to_kv(context).chunk(2, dim=-1)]
        q, k, v = (p.unflatten(-1, (-1, HEAD_DIM)).transpose(1, 2) for p in parts)
        mixed = F.scaled_dot_product_attention(q, k, v)
        made: Tensor = self.to_out(mixed.transpose(1, 2).flatten(2))
        return made


class SelfBlock(nn.Module):
    """Attention within one set of tokens, then an MLP."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.attn = Attention(dim)
        self.norm2 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.mlp = Mlp(dim, 4 * dim, dim, "tanh")

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm1(x)
        x = x + self.attn(normed, normed)
        made: Tensor = x + self.mlp(self.norm2(x))
        return made


class CrossBlock(nn.Module):
    """Attention from one set of tokens to another, then an MLP."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.norm_context = nn.LayerNorm(dim)
        self.cross_attn = Attention(dim)
        self.norm2 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.mlp = Mlp(dim, 4 * dim, dim, "tanh")

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        x = x + self.cross_attn(self.norm1(x), self.norm_context(context))
        made: Tensor = x + self.mlp(self.norm2(x))
        return made


class UpdateFormer(nn.Module):
    """Tokens `(n, t, c)` of n points to steps of x, y, visibility and confidence `(n, t, 4)`."""

    def __init__(self, num_in: int, dim: int, depth: int, num_virtual: int) -> None:
        super().__init__()
        self.input_transform = nn.Linear(num_in, dim)
        self.flow_head, self.vis_conf_head = nn.Linear(dim, 2), nn.Linear(dim, 2)
        self.virual_tracks = nn.Parameter(torch.zeros(1, num_virtual, 1, dim))  # so spelled there
        self.time_blocks = nn.ModuleList(SelfBlock(dim) for _ in range(depth))
        self.space_virtual_blocks = nn.ModuleList(SelfBlock(dim) for _ in range(depth))
        self.space_point2virtual_blocks = nn.ModuleList(CrossBlock(dim) for _ in range(depth))
        self.space_virtual2point_blocks = nn.ModuleList(CrossBlock(dim) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        num, frames = x.shape[:2]
        points = self.input_transform(x)
        virtual = self.virual_tracks[0].expand(-1, frames, -1)
        for over_time, among, to_points, to_virtual in zip(
            self.time_blocks,
            self.space_virtual_blocks,
            self.space_point2virtual_blocks,
            self.space_virtual2point_blocks,
            strict=True,
        ):
            tokens = over_time(torch.cat([points, virtual])).transpose(0, 1)  # (t, n, dim)
            points, virtual = tokens[:, :num], tokens[:, num:]
            virtual = among(to_virtual(virtual, points))
            points = to_points(points, virtual).transpose(0, 1)
            virtual = virtual.transpose(0, 1)
        return torch.cat([self.flow_head(points), self.vis_conf_head(points)], -1)


class CoTrackerNet(nn.Module):
    """Follows points through a video.

    Args:
        dim: channels of the features.
        hidden: width of the transformer, a multiple of 48.
        depth: rounds of attention over time and over points.
        num_virtual: virtual tracks.
        corr_hidden, corr_out: of the MLP that reads the correlation.
        window: frames that the time embedding was trained with; others are interpolated.
        resolution: rows and columns that pictures are brought to.
    """

    time_emb: Tensor

    def __init__(
        self,
        dim: int = 128,
        hidden: int = 384,
        depth: int = 3,
        num_virtual: int = 64,
        corr_hidden: int = 384,
        corr_out: int = 256,
        window: int = 60,
        resolution: tuple[int, int] = (384, 512),
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.fnet = Encoder(dim)
        width = 2 + LEVELS * corr_out + 4 * (1 + 2 * DEGREES)  # 1110 in the published weights
        self.updateformer = UpdateFormer(width, hidden, depth, num_virtual)
        self.corr_mlp = Mlp(WINDOW**4, corr_hidden, corr_out)
        self.register_buffer("time_emb", time_embedding(window, width))

    def forward(
        self, video: Tensor, frames: Tensor, points: Tensor, *, num_steps: int = 6
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Positions `(t, n, 2)` in pixels, visibility and confidence `(t, n)` in [0, 1].

        Args:
            video: `(t, 3, h, w)` in [-1, 1] at `resolution`.
            frames: `(n,)` number of the frame in which each point is given.
            points: `(n, 2)` x and y in pixels.
            num_steps: of refinement.
        """
        count, num = len(video), len(points)
        level = torch.cat([self.fnet(part) for part in video.split(FRAMES_AT_ONCE)])
        pyramid = [level]
        for _ in range(LEVELS - 1):
            level = F.avg_pool2d(level, 2)
            pyramid.append(level)
        start = points / STRIDE
        given = [
            torch.stack([windows(f[i : i + 1], p[None] / 2**n)[0, 0] for i, p in
                         zip(frames.tolist(), start[:, None], strict=True)])
            for n, f in enumerate(pyramid)
        ]  # (n, 7, 7, dim) a level  # fmt: skip
        place = start.expand(count, num, 2)
        seen = torch.zeros(count, num, 2)  # logits of visibility and confidence
        rows, cols = self.resolution
        scale = torch.tensor([cols, rows]) / STRIDE
        for _ in range(num_steps):
            alike = torch.cat([self._correlation(f, place / 2**n, given[n])
                               for n, f in enumerate(pyramid)], -1)  # fmt: skip
            tokens = torch.cat([seen, alike, moves(place, scale)], -1).transpose(0, 1)
            step = self.updateformer(tokens + self._times(count)).transpose(0, 1)  # (t, n, 4)
            place, seen = place + step[..., :2], seen + step[..., 2:]
        return place * STRIDE, seen[..., 0].sigmoid(), seen[..., 1].sigmoid()

    def _correlation(self, features: Tensor, place: Tensor, given: Tensor) -> Tensor:
        parts = []
        for few, where in zip(
            features.split(FRAMES_AT_ONCE), place.split(FRAMES_AT_ONCE), strict=True
        ):
            volume = torch.einsum("tnhwc,nijc->tnhwij", windows(few, where), given)
            parts.append(self.corr_mlp(volume.flatten(2)))
        return torch.cat(parts)

    def _times(self, count: int) -> Tensor:
        if count == self.time_emb.shape[1]:
            return self.time_emb
        spread = F.interpolate(self.time_emb.transpose(1, 2), size=count, mode="linear")
        return spread.transpose(1, 2)


def windows(features: Tensor, place: Tensor) -> Tensor:
    """Features in 7x7 windows around `place`: `(t, n, 7, 7, dim)`, the first axis along x.

    Args:
        features: `(t, dim, h, w)`.
        place: `(t, n, 2)`, x and y in pixels of `features`; beyond the border it is repeated.
    """
    reach = torch.arange(-RADIUS, RADIUS + 1).to(place)
    around = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), -1)
    where = (place[:, :, None, None] + around).flatten(1, 2)  # (t, n * 7, 7, 2)
    size = torch.tensor([max(1, side - 1) for side in features.shape[:1:-1]]).to(place)
    found = F.grid_sample(
        features, 2 * where / size - 1, align_corners=True, padding_mode="border"
    )  # (t, dim, n * 7, 7)
    return found.unflatten(2, (-1, WINDOW)).permute(0, 2, 3, 4, 1)


def moves(place: Tensor, scale: Tensor) -> Tensor:
    """How each point moves to both neighbors in time, encoded in ten octaves: `(t, n, 84)`."""
    step = place.diff(dim=0) / scale
    nothing = torch.zeros_like(place[:1])
    both = torch.cat([torch.cat([-step, nothing]), torch.cat([nothing, step])], -1)  # (t, n, 4)
    octaves = (both[..., None, :] * 2.0 ** torch.arange(DEGREES)[:, None]).flatten(-2)
    return torch.cat([both, octaves.sin(), octaves.cos()], -1)


def time_embedding(window: int, width: int) -> Tensor:
    """Sines and cosines of the frame number, `(1, window, width)`."""
    rate = 10000.0 ** -(torch.arange(width // 2, dtype=torch.float64) / (width / 2))
    phase = torch.arange(window, dtype=torch.float64)[:, None] * rate
    return torch.cat([phase.sin(), phase.cos()], 1)[None].float()
