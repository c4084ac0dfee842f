"""A generator: learns the velocity of latents at a level per frame, by two kinds of batches.

In most, the network is block-causal and every frame has a past; in the others it sees all and fills
a window. So one set of weights goes on with a cache and repairs a stretch with both sides known.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from evenflow.backbones.dit import SIZES, DiT, DiTConfig, with_vocabulary
from evenflow.backbones.words import BEGIN, Words
from evenflow.core.contracts import AttentionSpec, Condition, Predictor, State
from evenflow.core.errors import BadInput, RecipeError
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.worlds import SCHEME, world_rows
from evenflow.dist import Ranks
from evenflow.guidance import classifier_free
from evenflow.layers import masks, remember
from evenflow.layers.attention import PLAIN
from evenflow.layers.pretrained import config_of
from evenflow.noise import independent
from evenflow.objectives import Batch, Loss, flow_matching
from evenflow.objectives.flow_matching import LAYOUTS
from evenflow.process import FLOW, predictor
from evenflow.process.randomness import mixed
from evenflow.samplers import dpmpp_2m, stream
from evenflow.samplers.streaming import Sampler
from evenflow.schedules.levels import shifted
from evenflow.tokenizers import Tokenizer, load_tokenizer
from evenflow.tokenizers.group_causal import GroupCausalVAE, latent_size
from evenflow.tokenizers.video import GROUP
from evenflow.train.feed import Feed, Lot, Resident
from evenflow.train.precision import computing
from evenflow.train.recipe import Recipe
from evenflow.train.validation import Prompt, prompts_of, validate
from evenflow.train.vocabulary import world_words

ACTIONS = 10
"""Numbers of one frame's actions: eight keys and two looks."""
TOGETHER = 16
"""Clips that are sampled at once for validation."""


class GeneratorTask:
    """The task.

    Args:
        recipe: see there; `net.size` is a row of `dit.SIZES`.
        ranks: where it computes.
    """

    def __init__(self, recipe: Recipe, ranks: Ranks) -> None:
        if recipe.net.size not in SIZES:
            raise RecipeError(
                f"net.size of a generator is {', '.join(SIZES)}, got {recipe.net.size!r}"
            )
        unknown = set(recipe.objective.layouts) - set(LAYOUTS)
        if unknown or sum(recipe.objective.layouts.values()) <= 0:
            raise RecipeError(
                f"objective.layouts are shares of {', '.join(LAYOUTS)}, got "
                f"{recipe.objective.layouts}"
            )
        self.recipe, self.ranks = recipe, ranks
        self.tokenizer = _tokenizer(recipe, ranks)
        self.words = Words(world_words(), recipe.net.words + 1) if recipe.net.words else None
        size = latent_size(recipe.data.frames, recipe.data.size[1], recipe.data.size[0])
        frames, rows, columns = size
        video = torch.zeros(1, 3, 1, 8, 8, device=ranks.device)
        self.shape = (int(self.tokenizer.encode(video).shape[1]), frames, rows, columns)
        torch.manual_seed(recipe.seed)
        if recipe.net.start:
            self.net, _ = DiT.from_pretrained(recipe.net.start)
        else:
            said = SIZES[recipe.net.size].to_json() | recipe.net.config
            said["channels"] = self.shape[0]
            try:
                config = config_of(DiTConfig, said, "net.config")
            except BadInput as error:
                raise RecipeError(str(error)) from None
            if self.words:
                config = with_vocabulary(config, self.words.size)
            self.net = DiT(config)
        patch = self.net.config.patch
        if rows % patch[1] or columns % patch[2]:
            raise RecipeError(
                f"data.size makes {columns}x{rows} latents, which tokens of "
                f"{patch[2]}x{patch[1]} do not fill: change data.size or net.config.patch"
            )
        if self.net.config.actions not in (0, GROUP * ACTIONS):
            raise RecipeError(
                f"net.config.actions is 0 or {GROUP * ACTIONS}, got {self.net.config.actions}"
            )
        self.net.to(ranks.device).train()
        self.shown: DiT = self.net
        self.knows: tuple[str, ...] = ()
        self.told = _fingerprint(self.tokenizer, self.words)
        self.weights = _weights(self.tokenizer, recipe.objective.seen)

    def prepare(self, batch: dict[str, Any]) -> Lot:
        """Latents, and captions as numbers of words; one that is too long is not heard."""
        with computing(self.recipe.precision, self.ranks.device):
            lot: Lot = {"latents": self.tokenizer.encode(batch["video"]).float()}
        if self.words is not None:
            most = self.words.length - 1
            told = [one if len(self.words.split(one)) <= most else "" for one in batch["captions"]]
            lot["text"] = self.words.encode(told).to(self.ranks.device)
        if self.shown.config.actions:
            lot["actions"] = grouped_actions(batch["actions"], self.shape[1])
        return lot

    def loss(self, lot: Lot, generators: Sequence[Generator], step: int) -> Loss:
        """The error of the velocity; which mask and layout a step has is one for all ranks."""
        told = self.recipe.objective
        drawn = Generator().manual_seed(mixed(self.recipe.seed, step, 7))
        causal = float(torch.rand((), generator=drawn)) < told.causal
        short = causal and told.short > 0 and float(torch.rand((), generator=drawn)) < told.short
        spec = AttentionSpec(masks.block_causal(told.block)) if causal else PLAIN
        frames = told.block if short else self.shape[1]
        cond = {name: value for name, value in lot.items() if name != "latents"}
        if "actions" in cond:
            cond["actions"] = cond["actions"][:, :frames]
        return flow_matching(
            Seeing(self.net, spec),
            Batch(lot["latents"][:, :, :frames], cond),
            generator=generators,
            layouts={"full": 1.0} if short else told.layouts if causal else {"infill": 1.0},
            block=told.block,
            mean=told.mean,
            std=told.std,
            shift=told.shift,
            channels=self.weights,
            drop=told.drop,
        )

    def sample_lot(self, num_clips: int) -> Lot:
        """Latents of gray clips that nobody speaks of."""
        device = self.ranks.device
        lot: Lot = {"latents": torch.zeros(num_clips, *self.shape, device=device)}
        if self.words is not None:
            lot["text"] = self.words.encode([""] * num_clips).to(device)
        if self.shown.config.actions:
            size = (num_clips, self.shape[1], self.shown.config.actions)
            lot["actions"] = torch.zeros(size, device=device)
        return lot

    def layers(self) -> list[nn.Module]:
        """The blocks of the transformer."""
        return list(self.shown.blocks)

    def finish(self, feed: Feed) -> None:
        """Notes the words of all captions, where they are known."""
        if isinstance(feed, Resident) and self.words is not None:
            numbers = feed.kept["text"].unique().tolist()
            self.knows = tuple(sorted(self.words.vocabulary[i - 2] for i in numbers if i > BEGIN))

    def gate(self) -> str:
        """Nothing is asked of a checkpoint."""
        return ""

    def save(self, folder: Path) -> None:
        """Writes the generator, and its tokenizer in a folder `tokenizer` inside."""
        told = self.told_of()
        self.shown.save_pretrained(folder, told=told, replace=True)
        if isinstance(self.tokenizer, GroupCausalVAE):
            self.tokenizer.save_pretrained(folder / "tokenizer", replace=True)

    def told_of(self) -> dict[str, Any]:
        """What the config of the weights says beside their shapes."""
        data = self.recipe.data
        told: dict[str, Any] = {
            "recipe": self.recipe.name,
            "frames": data.frames,
            "size": list(data.size),
            "fps": data.fps,
            "block": self.recipe.objective.block,
            "caption": data.caption,
            "shift": self.recipe.objective.shift,
            "steps": self.recipe.validation.steps,
            "guidance": self.recipe.validation.guidance,
        }
        if data.source.startswith(SCHEME):
            rows = world_rows(data.source)
            told |= {"camera": rows.camera or "", "preset": rows.preset}
        if self.knows:
            told["knows"] = list(self.knows)
        if self.words is not None:
            told["words"] = {"vocabulary": self.words.vocabulary, "length": self.words.length}
        if not isinstance(self.tokenizer, GroupCausalVAE):
            told["tokenizer"] = self.recipe.net.tokenizer
        return told

    def validate(
        self, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> dict[str, Any] | None:
        """Clips of unseen scenes from their first frame and caption, graded by the truth."""
        told = self.recipe.validation
        if not told.prompts:
            return None
        prompts = prompts_of(self.recipe.data, told.seed, told.prompts)
        found = validate(
            lambda asked: self.clips(asked, progress=progress, cancel=cancel),
            prompts,
            check=told.check,
            progress=progress,
            cancel=cancel,
        )
        return found.to_json()

    @torch.no_grad()
    def clips(
        self,
        prompts: Sequence[Prompt],
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> list[NDArray[np.uint8]]:
        """Clips `(t, h, w, 3)` of prompts, block by block; a first frame is kept where it is given.

        A clip depends on its own prompt and on the recipe's seed.
        """
        return self.made_by(self.shown, self.sampling, prompts, progress, cancel)

    @torch.no_grad()
    def made_by(
        self,
        net: DiT,
        sampling: Callable[[Predictor], tuple[Sampler, Predictor, Tensor]],
        prompts: Sequence[Prompt],
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> list[NDArray[np.uint8]]:
        """Clips of a network of this form, sampled as `sampling` says."""
        training = net.training
        net.eval()
        meter = Meter("sample", len(prompts), progress=progress, cancel=cancel)
        made: list[NDArray[np.uint8]] = []
        try:
            for start in range(0, len(prompts), TOGETHER):
                some = prompts[start : start + TOGETHER]
                made += self._made(net, sampling, some, cancel)
                meter.advance(len(some))
        finally:
            net.train(training)
        return made

    def sampling(self, predict: Predictor) -> tuple[Sampler, Predictor, Tensor]:
        """How clips are made for validation: a sampler, what it asks, and levels."""
        told = self.recipe.validation
        if told.guidance != 1 and self.words is not None:
            predict = classifier_free(told.guidance)(predict)
        return dpmpp_2m, predict, shifted(told.steps, shift=self.recipe.objective.shift)

    def _made(
        self,
        net: DiT,
        sampling: Callable[[Predictor], tuple[Sampler, Predictor, Tensor]],
        prompts: Sequence[Prompt],
        cancel: CancelToken | None,
    ) -> list[NDArray[np.uint8]]:
        device, block = self.ranks.device, self.recipe.objective.block
        seeds = [mixed(self.recipe.seed, prompt.seed) for prompt in prompts]
        if len({prompt.first is None for prompt in prompts}) > 1:
            raise BadInput("prompts have first frames, or none has: ask for them one after another")
        given = None
        if prompts[0].first is not None:
            stills = np.stack([p.first for p in prompts if p.first is not None])
            video = torch.from_numpy(stills).to(device).permute(0, 3, 1, 2)[:, :, None] / 255
            given = self.tokenizer.encode(video)
        cond: dict[str, Any] = {}
        if self.words is not None:
            cond["text"] = self.words.encode([p.caption for p in prompts]).to(device)
        if self.shown.config.actions:
            frames, size = self.shape[1], self.shown.config.actions
            cond["actions"] = torch.zeros(len(prompts), frames, size, device=device)
        spec = AttentionSpec(masks.block_causal(block), remember=remember.everything())
        sampler, predict, levels = sampling(predictor(Seeing(net, spec), FLOW))
        noise = independent(seeds, self.shape, device=device)
        begin = 0 if given is None else given.shape[2]

        def conds(start: int, end: int) -> Condition:
            return {k: v[:, start:end] if k == "actions" else v for k, v in cond.items()}

        with computing(self.recipe.precision, device):  # pictures are decoded in full
            blocks = stream(
                sampler,
                predict,
                _blocks(noise, begin, block),
                levels,
                conds=conds,
                given=given,
                seeds=seeds,
                cancel=cancel,
            )
            latents = torch.cat([*([] if given is None else [given]), *blocks], dim=2).float()
        video = self.tokenizer.decode(latents).clamp(0, 1)
        bytes_ = (video * 255).round().to(torch.uint8).permute(0, 2, 3, 4, 1).cpu().numpy()
        return list(bytes_)


class Seeing:
    """A network that attends as a spec says."""

    def __init__(self, net: DiT, spec: AttentionSpec) -> None:
        self.net, self.spec = net, spec

    def __call__(
        self, x: Tensor, level: Tensor, cond: Condition, state: State
    ) -> tuple[Tensor, State]:
        """The velocity."""
        made: tuple[Tensor, State] = self.net(x, level, cond, state, spec=self.spec)
        return made


def _blocks(noise: Tensor, begin: int, block: int) -> Iterator[Tensor]:
    """Noise from frame `begin` on, up to every multiple of a block."""
    frames = noise.shape[2]
    while begin < frames:
        end = min((begin // block + 1) * block, frames)
        yield noise[:, :, begin:end]
        begin = end


def grouped_actions(actions: Tensor, latent_frames: int) -> Tensor:
    """Actions of every latent frame: those that led to its four frames, none for the first.

    Args:
        actions: `(b, f, 10)`, row k leads to frame k + 1.
        latent_frames: 1 + (f - 1) / 4.
    """
    before = actions[:, : GROUP * (latent_frames - 1)]
    told = before.unflatten(1, (latent_frames - 1, GROUP)).flatten(2)
    return torch.cat([torch.zeros_like(told[:, :1]), told], dim=1)


def _tokenizer(recipe: Recipe, ranks: Ranks) -> Tokenizer:
    where = recipe.net.tokenizer
    if not where:
        raise RecipeError(
            "net.tokenizer of a generator is a folder of weights, a run of training, or wavelet"
        )
    inner = Path(where) / "model"
    return load_tokenizer(str(inner) if inner.is_dir() else where, device=ranks.device)


def _weights(tokenizer: Tokenizer, power: float) -> Tensor | None:
    """What the errors of the latents' channels weigh."""
    if not power:
        return None
    if not isinstance(tokenizer, GroupCausalVAE):
        raise RecipeError(
            "objective.seen weighs channels by what they change in the picture, which only a "
            "learned tokenizer says: give net.tokenizer a folder of weights, or leave it 0"
        )
    return tokenizer.effect**power


def _fingerprint(tokenizer: Tokenizer, words: Words | None) -> str:
    """What latents and numbers of words depend on; a decoder may be taught anew, unless it refines
    them."""
    state = hashlib.sha256()
    if isinstance(tokenizer, GroupCausalVAE):
        refined = tokenizer.config.refinements > 0
        for name, value in sorted(tokenizer.state_dict().items()):
            if refined or name.startswith("encoder.") or name in ("mean", "std"):
                state.update(name.encode() + value.cpu().numpy().tobytes())
    else:
        state.update(repr(tokenizer).encode())
    state.update(json.dumps([words.vocabulary, words.length] if words else None).encode())
    return state.hexdigest()
