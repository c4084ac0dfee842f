"""Group-causal video VAE: groups of four frames see themselves and the past, never the future.

Every block looks at a frame, at half of the features of the one before it and, inside its group, at
the other half of the one after it; all
convolutions are two-dimensional, so that a group costs the same at any place in a clip and memory
stays flat. A clip is coded group by group with what the group before left behind; coding it "at
once" is the same walk.

Source: ordinary convolution inside groups and causal padding between them: Wu et al. 2024, IV-VAE,
arXiv:2411.06449, section 3.3; frames beside each other as channels: TAEHV (O. Bohan, 2024).
Differs: the first frame is a group of four equal frames, so that there is one kind of group.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from evenflow.layers.pretrained import config_of, fill, load_folder, save_folder
from evenflow.tokenizers.video import GROUP, SIDE, check_video, grouped, ungrouped

SCHEMA = "evenflow.tokenizer/1"
SURE = -6.0
"""Logarithm of the variance of latents before training."""
Memory = tuple[Tensor, ...]
"""The last frame that every block has seen, in their order; empty before the first group."""


@dataclass(frozen=True)
class VAEConfig:
    """Everything that decides the shapes of the weights.

    Args:
        channels: of latents.
        widths: of features at half, a quarter and an eighth of the side.
        depths: blocks there.
        rounding: steps in a standard deviation to which latents of a video are rounded; 0 for none.
            Latents that come back less than half a step off are then the very same.
        refinements: how often `encode` decodes what it found and mends it by what the encoder says
            of that: latents, then, which decode to what has the source's own. Each costs a decoding
            and an encoding; round trips come to rest by them.
    """

    channels: int = 16
    widths: tuple[int, int, int] = (48, 96, 160)
    depths: tuple[int, int, int] = (1, 2, 3)
    rounding: int = 0
    refinements: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain types, for the file beside the weights."""
        return asdict(self)

    @classmethod
    def of(cls, said: Any, folder: str | Path) -> "VAEConfig":
        """The inverse of `to_json`.

        Raises:
            BadInput: it does not say what a tokenizer is.
        """
        return config_of(cls, said, folder)


SIZES: dict[str, VAEConfig] = {
    "nano": VAEConfig(widths=(16, 24, 32), depths=(1, 1, 1)),
    "pocket": VAEConfig(),
    "pocket-l": VAEConfig(widths=(64, 128, 192)),
}
"""Sizes by name."""


@dataclass(frozen=True)
class Moments:
    """What the encoder says of a clip.

    Args:
        mean: of the latents; log_variance: of each, at most 2.
    """

    mean: Float[Tensor, "b c t h w"]
    log_variance: Float[Tensor, "b c t h w"]

    def sample(self, generator: torch.Generator) -> Float[Tensor, "b c t h w"]:
        """Latents with the encoder's own uncertainty; the generator is of the CPU."""
        noise = torch.randn(self.mean.shape, generator=generator).to(self.mean)
        return self.mean + noise * (0.5 * self.log_variance).exp()


class _Walk:
    """One group on its way through a network: hands every block what it left last time."""

    def __init__(self, memory: Memory) -> None:
        self._old = iter(memory)
        self.first = not memory
        self.new: list[Tensor] = []

    def before(self, x: Tensor) -> Tensor:
        """The frame before the group (b, c, h, w): the last one's end, or its own first."""
        self.new.append(x[:, -1])
        return x[:, 0] if self.first else next(self._old)


class Block(nn.Module):
    """A residual of two convolutions over a frame and what its neighbors in time show."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.half = width // 2
        self.mix = nn.Conv2d(2 * width, width, 3, padding=1)
        self.out = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Float[Tensor, "b g c h w"], walk: _Walk) -> Float[Tensor, "b g c h w"]:
        """Features of a group."""
        inner = F.silu(_norm(x))
        past = torch.cat([walk.before(inner)[:, None], inner[:, :-1]], dim=1)[:, :, : self.half]
        future = torch.cat([inner[:, 1:], inner[:, -1:]], dim=1)[:, :, self.half :]
        made = self.mix(torch.cat([past, inner, future], dim=2).flatten(0, 1))
        return x + self.out(F.silu(made)).unflatten(0, x.shape[:2])


def _spread(net: nn.Module) -> None:
    """Weights that keep the spread of what they are given, but for residuals, which begin at 0.

    Source: LeCun et al. 1998, Efficient BackProp, section 4.6.
    """
    residual = {id(part.out) for part in net.modules() if isinstance(part, Block)}
    for part in net.modules():
        if isinstance(part, nn.Conv2d) and id(part) not in residual:
            nn.init.normal_(part.weight, std=part.weight[0].numel() ** -0.5)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def _norm(x: Tensor) -> Tensor:
    """Every pixel's features to a root mean square of 1: no statistics over time or place."""
    return x * torch.rsqrt(x.square().mean(dim=2, keepdim=True) + 1e-6)


class _Each(nn.Module):
    """A network of pictures, on every frame of a group."""

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.parts(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        return made


class Halve(nn.Module):
    """Two frames of a group become one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * width, width, 1)

    def forward(self, x: Float[Tensor, "b g c h w"]) -> Float[Tensor, "b r c h w"]:
        """Half as many frames."""
        pairs = x.unflatten(1, (-1, 2)).flatten(2, 3)
        made: Tensor = self.mix(pairs.flatten(0, 1)).unflatten(0, pairs.shape[:2])
        return made + x.unflatten(1, (-1, 2)).mean(dim=2)


class Double(nn.Module):
    """One frame of a group becomes two."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, 2 * width, 1)

    def forward(self, x: Float[Tensor, "b g c h w"]) -> Float[Tensor, "b r c h w"]:
        """Twice as many frames."""
        made = self.mix(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        return (made.unflatten(2, (2, -1)) + x[:, :, None]).flatten(1, 2)


class _Coder(nn.Module):
    """Layers in order, with the blocks' memory led through them."""

    layers: nn.ModuleList

    def forward(self, x: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        walk = _Walk(memory)
        for layer in self.layers:
            x = layer(x, walk) if isinstance(layer, Block) else layer(x)
        return x, tuple(walk.new)


class Encoder(_Coder):
    """A group of four frames to the moments of one latent frame."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        (a, b, c), (k, m, n) = config.widths, config.depths
        last = nn.Conv2d(c, 2 * config.channels, 3, padding=1)
        self.layers = nn.ModuleList(
            [
                _Each(nn.PixelUnshuffle(2), nn.Conv2d(12, a, 3, padding=1)),
                *(Block(a) for _ in range(k)),
                _Each(nn.Conv2d(a, b, 3, stride=2, padding=1)),
                Halve(b),
                *(Block(b) for _ in range(m)),
                _Each(nn.Conv2d(b, c, 3, stride=2, padding=1)),
                Halve(c),
                *(Block(c) for _ in range(n)),
                _Each(last),
            ]
        )
        _spread(self)
        assert last.bias is not None
        with torch.no_grad():  # sure of itself at first: else noise drowns what is to be learned
            last.weight[config.channels :] = 0
            last.bias[config.channels :] = SURE


class Decoder(_Coder):
    """One latent frame to a group of four frames."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        (a, b, c), (k, m, n) = config.widths, config.depths
        self.layers = nn.ModuleList(
            [
                _Each(nn.Conv2d(config.channels, c, 3, padding=1)),
                *(Block(c) for _ in range(n)),
                Double(c),
                _Each(nn.Conv2d(c, 4 * b, 3, padding=1), nn.PixelShuffle(2)),
                *(Block(b) for _ in range(m)),
                Double(b),
                _Each(nn.Conv2d(b, 4 * a, 3, padding=1), nn.PixelShuffle(2)),
                *(Block(a) for _ in range(k)),
                _Each(nn.Conv2d(a, 12, 3, padding=1), nn.PixelShuffle(2)),
            ]
        )
        _spread(self)


class GroupCausalVAE(nn.Module):
    """The tokenizer: 1 + 4n frames and sides of 8 to 1 + n latent frames, and back.

    Latents are told in units of their own spread: `mean` and `std`, of the first latent frame and
    of the others, are measured after training and stand beside the weights; so is `effect`, what
    every channel changes in the picture, with a mean of 1.

    Args:
        config: see there.
    """

    mean: Tensor
    std: Tensor
    effect: Tensor

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        self.register_buffer("mean", torch.zeros(2, config.channels))
        self.register_buffer("std", torch.ones(2, config.channels))
        self.register_buffer("effect", torch.ones(config.channels))

    @property
    def num_weights(self) -> int:
        """Numbers that are learned."""
        return sum(p.numel() for p in self.parameters())

    def save_pretrained(self, folder: str | Path, *, replace: bool = False) -> None:
        """Writes a folder of weights and config; see `layers.pretrained`."""
        config = {"schema": SCHEMA, "kind": "group_causal", "vae": self.config.to_json()}
        save_folder(folder, self.state_dict(), config, replace=replace)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "GroupCausalVAE":
        """The tokenizer of a folder, on the CPU.

        Raises:
            BackendMissing, BadInput: see `layers.pretrained.load_folder`.
        """
        config, weights = load_folder(folder, SCHEMA)
        net = cls(VAEConfig.of(config.get("vae"), folder))
        fill(net, weights, folder)
        return net.eval()

    def moments(self, video: Float[Tensor, "b 3 f y x"]) -> Moments:
        """What the encoder says of a video in [0, 1], in its own units; differentiable.

        Raises:
            ValueError: another number of frames, or other sides.
        """
        check_video(video)
        made = [m for m, _ in self._encoded(_groups(video))]
        both = torch.cat(made, dim=1).transpose(1, 2)
        mean, log_variance = both.chunk(2, dim=1)
        return Moments(mean, log_variance.clamp(-20.0, 2.0))

    def decoded(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b 3 f y x"]:
        """Video of latents in the encoder's units, not clamped; differentiable."""
        made = [v for v, _ in self._decoded(_frames(latents))]
        return ungrouped(torch.cat(made, dim=1).transpose(1, 2)) + 0.5

    @torch.no_grad()
    def encode(self, video: Float[Tensor, "b 3 f y x"]) -> Float[Tensor, "b c t h w"]:
        """Latents of mean 0 and spread 1 over the training's clips, refined and rounded."""
        check_video(video)
        return torch.cat(list(self._coded(_groups(video))), dim=2)

    @torch.no_grad()
    def decode(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b 3 f y x"]:
        """Video in [0, 1]."""
        return self.decoded(self.plain(latents)).clamp(0, 1)

    @torch.no_grad()
    def encode_stream(
        self, groups: Iterable[Float[Tensor, "b 3 g y x"]]
    ) -> Iterator[Float[Tensor, "b c 1 h w"]]:
        """Latent frames, one by one: the first frame alone comes first, then groups of four.

        Memory does not grow with the length.
        """
        parts = ((grouped(g) if i == 0 else g) for i, g in enumerate(groups))
        told = ((g.transpose(1, 2) - 0.5) for g in parts)
        yield from self._coded(told)

    @torch.no_grad()
    def decode_stream(
        self, latents: Iterable[Float[Tensor, "b c 1 h w"]]
    ) -> Iterator[Float[Tensor, "b 3 g y x"]]:
        """Video group by group: one frame, then four at a time, in [0, 1]."""
        told = (
            (z * self._row(self.std, i) + self._row(self.mean, i)).transpose(1, 2)
            for i, z in enumerate(latents)
        )
        for i, (made, _) in enumerate(self._decoded(told)):
            video = (made.transpose(1, 2) + 0.5).clamp(0, 1)
            yield ungrouped(video) if i == 0 else video

    def normal(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b c t h w"]:
        """From the encoder's units to those of generators."""
        return (latents - self._all(self.mean, latents)) / self._all(self.std, latents)

    def rounded(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b c t h w"]:
        """Latents of spread 1 on the grid of `rounding`."""
        steps = self.config.rounding
        return (latents * steps).round() / steps if steps else latents

    def plain(self, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b c t h w"]:
        """The inverse of `normal`."""
        return latents * self._all(self.std, latents) + self._all(self.mean, latents)

    def _row(self, values: Tensor, frame: int) -> Tensor:
        return values[min(frame, 1)][None, :, None, None, None]

    def _all(self, values: Tensor, latents: Tensor) -> Tensor:
        """Of every latent frame, `(1, c, t, 1, 1)`."""
        rows = torch.arange(latents.shape[2], device=latents.device).clamp(max=1)
        return values[rows].T[None, :, :, None, None]

    def _coded(self, groups: Iterable[Tensor]) -> Iterator[Tensor]:
        """Latent frames `(b, c, 1, h, w)` of groups, refined and rounded; as causal as both halves.

        With E and D the halves, z <- z + (E(x) - E(D(z))): where E(D(z)) is z but for a little, it
        comes near the z of which E(D(z)) = E(x).
        """
        back: list[tuple[Memory, Memory]] = [((), ())] * self.config.refinements
        for i, (both, _) in enumerate(self._encoded(groups)):
            said = both.chunk(2, dim=2)[0]  # (b, 1, c, h, w)
            found = said
            for turn, (decoding, encoding) in enumerate(back):
                made, decoding = self.decoder(found, decoding)
                if i == 0:
                    made = made[:, -1:].expand_as(made)
                again, encoding = self.encoder(made.clamp(-0.5, 0.5), encoding)
                found = found + said - again.chunk(2, dim=2)[0]
                back[turn] = decoding, encoding
            found = found.transpose(1, 2)
            yield self.rounded((found - self._row(self.mean, i)) / self._row(self.std, i))

    def _encoded(self, groups: Iterable[Tensor]) -> Iterator[tuple[Tensor, Memory]]:
        memory: Memory = ()
        for group in groups:
            made, memory = self.encoder(group, memory)
            yield made, memory

    def _decoded(self, frames: Iterable[Tensor]) -> Iterator[tuple[Tensor, Memory]]:
        memory: Memory = ()
        for frame in frames:
            made, memory = self.decoder(frame, memory)
            yield made, memory


def _groups(video: Tensor) -> Iterator[Tensor]:
    """Groups of four frames `(b, 4, 3, y, x)` about a gray of 0."""
    yield from (grouped(video).transpose(1, 2) - 0.5).split(GROUP, dim=1)


def _frames(latents: Tensor) -> Iterator[Tensor]:
    """Latent frames `(b, 1, c, h, w)`."""
    yield from latents.transpose(1, 2).split(1, dim=1)


def latent_size(frames: int, height: int, width: int) -> tuple[int, int, int]:
    """Latent frames, rows and columns of a video."""
    return 1 + (frames - 1) // GROUP, height // SIDE, width // SIDE
