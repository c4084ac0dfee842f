"""DiT with a noise level for every latent frame: text, keyframes, actions and cameras beside it.

Tokens: a prefix (text, registers, keyframe and reference slots) that never looks at the video, then
the patches of latent frames. With a block-causal mask the same weights stream block by block with
a key-value cache; with the full mask they fill in windows with both sides known. What a frame is
told about itself (its level, its actions, what kind of slot it is) enters through one shared
network whose six outputs scale, shift and gate every layer, each layer adding a bias of its own.

Source: Peebles & Xie 2022, DiT, arXiv:2212.09748, section 3.2 (gates that begin at 0); Chen et al.
2023, PixArt-alpha, arXiv:2310.00426, section 2.3 (one network for all layers); a level per frame:
Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, section 3.
Differs: scale, shift and gate are told per latent frame, not per clip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from evenflow.backbones.text import TextAdapter, TextEncoder
from evenflow.core.contracts import (
    AttentionSpec,
    Condition,
    KeyValues,
    MaskBuilder,
    Site,
    State,
    Tokens,
)
from evenflow.layers import patches
from evenflow.layers.attention import PLAIN, Attention, joined
from evenflow.layers.feedforward import SwiGLU
from evenflow.layers.masks import KEYFRAME, REGISTER, TEXT, VIDEO
from evenflow.layers.pretrained import config_of, fill, load_folder, save_folder
from evenflow.layers.rotary import Turns
from evenflow.layers.waves import waves

SCHEMA = "evenflow.backbone/1"

REFERENCE_TIME = -4.0
"""Time of a slot that shows who or what, not when."""
LEVEL_WAVES = 128


@dataclass(frozen=True)
class DiTConfig:
    """Everything that decides the shapes of the weights.

    Args:
        channels: of latents; patch: latent frames (1), rows and columns of a token.
        width, layers, heads: of the network; `width / heads` is split over `axes`.
        axes: numbers of a head that turn by time, row and column.
        vocabulary: numbers of words of its own text encoder; 0 takes features that are given.
        text_width: width of its own encoder, or of what is given.
        registers: tokens that belong to nobody.
        actions: numbers of one frame's actions, frames of one latent frame times keys and looks.
        camera: channels of a camera map on the grid of latents (Pluecker: 6); 0 for none.
    """

    channels: int = 16
    patch: tuple[int, int, int] = (1, 2, 2)
    width: int = 320
    layers: int = 10
    heads: int = 5
    axes: tuple[int, int, int] = (16, 24, 24)
    vocabulary: int = 0
    text_width: int = 256
    registers: int = 4
    actions: int = 40
    camera: int = 6

    def __post_init__(self) -> None:
        if self.patch[0] != 1:
            raise ValueError(
                f"a token holds 1 latent frame, because each has its own level: "
                f"got a patch of {self.patch}"
            )

    def to_json(self) -> dict[str, Any]:
        """Plain types, for the file beside the weights."""
        return asdict(self)


SIZES: dict[str, DiTConfig] = {
    "nano": DiTConfig(width=96, layers=4, heads=3, axes=(8, 12, 12), text_width=96),
    "pocket": DiTConfig(),
    "pocket-m": DiTConfig(width=384, layers=12, heads=6),
}
"""Sizes by name: 0.7, 14 and 23 million weights beside the text encoder."""


@dataclass(frozen=True)
class Cache:
    """What a call leaves for the next: keys and values of every layer, and how far it got.

    Args:
        layers: one a layer; they begin with the prefix.
        num_frames: latent frames so far, so that the next call's come after them.
    """

    layers: tuple[KeyValues | None, ...]
    num_frames: int


@dataclass(frozen=True)
class Prefix:
    """What stands before the video.

    Args:
        x: features; tokens: where and what they are.
        told: row of `Told` that each is told by: text and registers, then one a slot.
    """

    x: Float[Tensor, "b n w"]
    tokens: Tokens
    told: Int[Tensor, " n"]


class Block(nn.Module):
    """Attention, then feed-forward, each scaled, shifted and gated by what its frame is told."""

    def __init__(self, width: int, heads: int, axes: tuple[int, int, int]) -> None:
        super().__init__()
        self.attention = Attention(width, heads, axes)
        self.forward_ = SwiGLU(width)
        self.bias = nn.Parameter(torch.zeros(6, width))

    def forward(
        self,
        x: Float[Tensor, "b n w"],
        told: Float[Tensor, "b f 6 w"],
        whose: Float[Tensor, "n f"],
        tokens: Tokens,
        kept: KeyValues | None,
        spec: AttentionSpec,
        site: Site,
        turns: Turns,
    ) -> tuple[Float[Tensor, "b n w"], KeyValues | None]:
        """Tokens after the block, and what later calls may see; `whose @ told` is each token's."""
        six = (told + self.bias.to(told.dtype)).flatten(2)
        six = whose @ six  # a product of ones and zeros: learning through an index is slow
        shift, scale, gate, shift_f, scale_f, gate_f = six.chunk(6, dim=-1)
        inner = torch.addcmul(shift, F.rms_norm(x, x.shape[-1:]), scale)
        heard, after = self.attention(inner, tokens, kept, spec=spec, site=site, turns=turns)
        x = torch.addcmul(x, gate, heard)
        inner = torch.addcmul(shift_f, F.rms_norm(x, x.shape[-1:]), scale_f)
        return torch.addcmul(x, gate_f, self.forward_(inner)), after


class DiT(nn.Module):
    """The network: noisy latents and a level per latent frame to their velocity.

    Args:
        config: see there.
    """

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        width, size = config.width, config.channels * _product(config.patch)
        self.inlet = nn.Linear(size, width)
        self.text: TextEncoder | TextAdapter = (
            TextEncoder(config.vocabulary, width=config.text_width, out=width)
            if config.vocabulary
            else TextAdapter(config.text_width, width)
        )
        self.registers = nn.Parameter(0.02 * torch.randn(config.registers, width))
        self.level = nn.Sequential(
            nn.Linear(LEVEL_WAVES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.kind = nn.Embedding(3, width)  # video, prefix, slot
        self.actions = nn.Linear(config.actions, width) if config.actions else None
        self.no_actions = nn.Parameter(torch.zeros(width))
        self.camera = (
            nn.Linear(config.camera * _product(config.patch), width, bias=False)
            if config.camera
            else None
        )
        self.told = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList(
            Block(width, config.heads, config.axes) for _ in range(config.layers)
        )
        self.last_told = nn.Linear(width, 2 * width)
        self.outlet = nn.Linear(width, size)
        for part in (self.told, self.last_told, self.outlet, self.camera):
            if part is not None:
                nn.init.zeros_(part.weight)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)

    @property
    def num_weights(self) -> int:
        """Numbers that are learned."""
        return sum(p.numel() for p in self.parameters())

    def save_pretrained(
        self, folder: str | Path, *, told: Mapping[str, Any] | None = None, replace: bool = False
    ) -> None:
        """Writes a folder of weights and config; see `layers.pretrained`.

        Args:
            told: what else is to be known of the weights, such as the words of its captions.
        """
        config = {"schema": SCHEMA, "dit": self.config.to_json(), **(told or {})}
        save_folder(folder, self.state_dict(), config, replace=replace)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "tuple[DiT, dict[str, Any]]":
        """The network of a folder, on the CPU, and all that its config tells.

        Raises:
            BackendMissing, BadInput: see `layers.pretrained.load_folder`.
        """
        config, weights = load_folder(folder, SCHEMA)
        net = cls(config_of(DiTConfig, config.get("dit"), folder))
        fill(net, weights, folder)
        return net.eval(), config

    def forward(
        self,
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        cond: Condition,
        state: State = None,
        *,
        spec: AttentionSpec = PLAIN,
    ) -> tuple[Float[Tensor, "b c t h w"], State]:
        """The velocity of every latent frame and, if the spec remembers, a Cache for the next call.

        Args:
            x: latents of which frame i holds noise of level `level[:, i]`.
            level: in [0, 1].
            cond: by name, each may be absent: `text` (word numbers `(b, n)`, or features
                `(b, n, text_width)`), `keyframes` (clean latents `(b, k, c, h, w)`) with
                `keyframe_times` `(k,)` in latent frames (REFERENCE_TIME for a reference),
                `actions` `(b, t, actions)`, `camera` maps `(b, camera, t, h, w)`, `step` (the Step
                that a sampler stands at, for edits), `asked` (by name, which clips ask for it).
            state: the Cache of the frames before these, or None for a clip's beginning.
            spec: who sees whom; edits and policies are asked at every layer.

        Raises:
            ValueError: shapes that do not fit the weights or each other.
        """
        config = self.config
        counts = self._checked(x, level, cond)
        start = 0 if state is None else state.num_frames
        tokens = _video_tokens(counts, start, level, x.device)
        made = self.inlet(patches.patchify(x, config.patch))
        if self.camera is not None and "camera" in cond:
            turns = self.camera(patches.patchify(cond["camera"], config.patch))
            made = made + turns * asked(cond, "camera", turns)
        told = self._told_video(level, cond)
        row = torch.arange(counts[0], device=x.device).repeat_interleave(counts[1] * counts[2])
        num_video = made.shape[1]
        if state is None:
            prefix = self._prefix(cond, x)
            made = torch.cat([prefix.x, made], dim=1)
            tokens = joined(prefix.tokens, tokens)
            row = torch.cat([prefix.told, row + 2])
            told = torch.cat([self._told_still(x, prefix), told], dim=1)
        whose = F.one_hot(row, told.shape[1]).to(made.dtype)
        six = self.told(F.silu(told)).unflatten(-1, (6, config.width)) + self._ones(told)
        turns = Turns(config.axes, spec.positions)
        if spec.mask is not None:
            spec = replace(spec, mask=_once(spec.mask))
        kept: Sequence[KeyValues | None] = (
            (None,) * config.layers if state is None else state.layers
        )
        left = []
        for i, block in enumerate(self.blocks):
            site = Site(i, "all", cond.get("step"))
            made, after = block(made, six, whose, tokens, kept[i], spec, site, turns)
            left.append(after)
        shift, scale = (whose[-num_video:] @ self.last_told(F.silu(told))).chunk(2, dim=-1)
        made = made[:, -num_video:]
        made = F.rms_norm(made, made.shape[-1:]) * (1 + scale) + shift
        out = patches.unpatchify(self.outlet(made), tuple(x.shape[2:]), config.patch)
        cache = None if spec.remember is None else Cache(tuple(left), start + x.shape[2])
        return out, cache

    def _ones(self, like: Tensor) -> Float[Tensor, "6 1"]:
        """What is added to six outputs, so that both scales begin at 1."""
        return like.new_tensor([0.0, 1.0, 0.0, 0.0, 1.0, 0.0])[:, None]

    def _told_video(self, level: Tensor, cond: Condition) -> Float[Tensor, "b t w"]:
        """What every latent frame is told."""
        made = self.level(waves(level, LEVEL_WAVES).to(self.kind.weight.dtype))
        made = made + self.kind.weight[0]
        actions = cond.get("actions")
        if self.actions is None or actions is None:
            return made + self.no_actions
        done = self.actions(actions.to(made.dtype))
        return made + torch.where(asked(cond, "actions", done) > 0, done, self.no_actions)

    def _told_still(self, x: Tensor, prefix: Prefix) -> Float[Tensor, "b two w"]:
        """What the prefix is told, and what slots are told: they are clean."""
        clean = self.level(waves(x.new_zeros(x.shape[0], 2), LEVEL_WAVES).to(x.dtype))
        return clean + self.kind.weight[1:]

    def _prefix(self, cond: Condition, x: Tensor) -> Prefix:
        """Text, registers and slots."""
        batch, width = x.shape[0], self.config.width
        parts: list[Tensor] = []
        place: list[Tensor] = []
        role: list[Tensor] = []
        told: list[Tensor] = []

        def add(part: Tensor, where: Tensor, kind: int, row: int) -> None:
            parts.append(part)
            place.append(where)
            role.append(torch.full((part.shape[1],), kind, device=x.device))
            told.append(torch.full((part.shape[1],), row, device=x.device))

        if cond.get("text") is not None:
            text = self.text(cond["text"])
            text = text * asked(cond, "text", text)
            where = torch.full((text.shape[1], 3), -1.0, device=x.device)
            where[:, 1] -= torch.arange(text.shape[1], device=x.device)  # words have an order
            add(text, where, TEXT, 0)
        registers = self.registers.to(x.dtype).expand(batch, -1, width)
        add(registers, torch.full((registers.shape[1], 3), -1.0, device=x.device), REGISTER, 0)
        if cond.get("keyframes") is not None:
            frames = cond["keyframes"]
            for i, time in enumerate(cond["keyframe_times"].tolist()):
                one = self.inlet(patches.patchify(frames[:, i, :, None], self.config.patch))
                one = one * asked(cond, "keyframes", one)
                counts = patches.grid((1, *frames.shape[-2:]), self.config.patch)
                where = patches.places(counts, start=float(time), device=x.device)
                add(one, where, KEYFRAME, 1)
        where = torch.cat(place)
        still = torch.cat(role)
        tokens = Tokens(where, still, torch.full_like(still, -1), where.new_zeros(len(where)))
        return Prefix(torch.cat(parts, dim=1), tokens, torch.cat(told))

    def _checked(self, x: Tensor, level: Tensor, cond: Condition) -> tuple[int, int, int]:
        """Tokens along time, rows and columns, after everything was looked at."""
        if x.ndim != 5 or x.shape[1] != self.config.channels:
            raise ValueError(
                f"takes latents (b, {self.config.channels}, t, h, w), got {tuple(x.shape)}"
            )
        if tuple(level.shape) != (x.shape[0], x.shape[2]):
            raise ValueError(
                f"a level for each of {x.shape[0]} clips and {x.shape[2]} latent frames is "
                f"({x.shape[0]}, {x.shape[2]}), got {tuple(level.shape)}"
            )
        actions = cond.get("actions")
        if actions is not None and actions.shape[1:] != (x.shape[2], self.config.actions):
            raise ValueError(
                f"takes actions (b, {x.shape[2]}, {self.config.actions}), "
                f"got {tuple(actions.shape)}"
            )
        if (cond.get("keyframes") is None) != (cond.get("keyframe_times") is None):
            raise ValueError("keyframes go with keyframe_times: give both or neither")
        return patches.grid(tuple(x.shape[2:]), self.config.patch)


def asked(cond: Condition, name: str, like: Tensor) -> Tensor:
    """One for the clips that ask for a condition, 0 for the others, to be multiplied by `like`."""
    some = cond.get("asked", {}).get(name)
    if some is None:
        return like.new_ones(())
    return some.to(like.dtype).reshape(-1, *[1] * (like.ndim - 1))


def _video_tokens(
    counts: tuple[int, int, int], start: int, level: Tensor, device: torch.device
) -> Tokens:
    """Tokens of the video; levels of the first clip stand for all (masks ask for them rarely)."""
    place = patches.places(counts, start=float(start), device=device)
    role = torch.full((len(place),), VIDEO, device=device)
    levels = level[0].float().repeat_interleave(counts[1] * counts[2])
    return Tokens(place, role, torch.full_like(role, -1), levels)


def _once(build: MaskBuilder) -> MaskBuilder:
    """The same mask for all layers whose tokens stand at the same places: built once."""
    known: list[tuple[Tokens, Tensor]] = []

    def mask(query: Tokens, key: Tokens) -> Tensor:
        for tokens, made in known:
            if torch.equal(tokens.place, key.place) and torch.equal(tokens.role, key.role):
                return made
        known.append((key, build(query, key)))
        return known[-1][1]

    return mask


def _product(patch: tuple[int, int, int]) -> int:
    return patch[0] * patch[1] * patch[2]


def with_vocabulary(config: DiTConfig, vocabulary: int) -> DiTConfig:
    """The same with a text encoder of its own over so many numbers."""
    return replace(config, vocabulary=vocabulary)
