"""A video tokenizer: learns to give clips back; validated by what it gives back of unseen ones."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from evenflow.core.errors import BadInput, RecipeError
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.dist import Ranks
from evenflow.layers.pretrained import config_of
from evenflow.objectives import Loss, autoencoding
from evenflow.objectives.autoencoding import WEIGHTS
from evenflow.tokenizers.group_causal import SIZES, GroupCausalVAE, VAEConfig
from evenflow.train.feed import Feed, Lot, batches
from evenflow.train.recipe import Recipe
from evenflow.train.validation import scenes_of

MEASURED = 256
"""Clips from which the spread of latents is measured."""
SHOWN = 32
"""Clips from which it is measured what a channel changes in the picture."""
ROUND_TRIPS = 10
CODING = ("rounding", "refinements")
"""What of a tokenizer's config may change where another run goes on: it has no weights."""


class TokenizerTask:
    """The task.

    Args:
        recipe: see there; `net.size` is a row of `group_causal.SIZES`.
        ranks: where it computes.
    """

    told = ""

    def __init__(self, recipe: Recipe, ranks: Ranks) -> None:
        if recipe.net.size not in SIZES:
            raise RecipeError(
                f"net.size of a tokenizer is {', '.join(SIZES)}, got {recipe.net.size!r}"
            )
        unknown = set(recipe.objective.weights) - set(WEIGHTS)
        if unknown:
            raise RecipeError(
                f"objective.weights has no {sorted(unknown)[0]!r}; there are {', '.join(WEIGHTS)}"
            )
        self.recipe, self.ranks = recipe, ranks
        torch.manual_seed(recipe.seed)
        if recipe.net.start:
            self.net = GroupCausalVAE.from_pretrained(recipe.net.start)
            changed = config_of(VAEConfig, recipe.net.config, "net.config")
            said = {name: getattr(changed, name) for name in CODING if name in recipe.net.config}
            self.net.config = replace(self.net.config, **said)
        else:
            said = SIZES[recipe.net.size].to_json() | recipe.net.config
            try:
                self.net = GroupCausalVAE(config_of(VAEConfig, said, "net.config"))
            except BadInput as error:
                raise RecipeError(str(error)) from None
        for name in recipe.net.frozen:
            self.net.get_submodule(name).requires_grad_(False)
        self.net.to(ranks.device).train()

    def prepare(self, batch: dict[str, Any]) -> Lot:
        """Videos as bytes."""
        return {"video": (batch["video"] * 255).round().to(torch.uint8)}

    def loss(self, lot: Lot, generators: Sequence[Generator], step: int) -> Loss:
        """The distance of what comes back."""
        video = lot["video"].to(torch.float32) / 255
        weights = {**WEIGHTS, **self.recipe.objective.weights}
        weights = {name: value for name, value in weights.items() if value}
        told = self.recipe.objective
        return autoencoding(
            self.net,
            video,
            generator=generators,
            weights=weights,
            smooth=told.smooth,
            again=told.again,
            noise=told.noise,
        )

    def sample_lot(self, num_clips: int) -> Lot:
        """Gray clips."""
        width, height = self.recipe.data.size
        shape = (num_clips, 3, self.recipe.data.frames, height, width)
        return {"video": torch.full(shape, 128, dtype=torch.uint8, device=self.ranks.device)}

    def layers(self) -> list[nn.Module]:
        """Encoder and decoder."""
        return [self.net.encoder, self.net.decoder]

    def gate(self) -> str:
        """Nothing is asked of a checkpoint."""
        return ""

    @torch.no_grad()
    def finish(self, feed: Feed) -> None:
        """Measures mean and spread of latents, of the first latent frame and of the others, and
        what every channel changes in the picture; mean and spread of a frozen encoder are known."""
        made, seen, step = [], 0, 0
        while seen < MEASURED:
            lot = feed.lot(step)
            video = lot["video"].to(torch.float32) / 255
            made.append(self.net.moments(video).mean)
            seen, step = seen + len(video), step + 1
        latents = torch.cat(made)
        if "encoder" not in self.recipe.net.frozen:
            for row, part in enumerate((latents[:, :, :1], latents[:, :, 1:])):
                if part.numel():
                    self.net.mean[row] = part.mean(dim=(0, 2, 3, 4))
                    self.net.std[row] = part.std(dim=(0, 2, 3, 4)).clamp(min=1e-3)
            if latents.shape[2] == 1:  # stills: what follows is taken to be alike
                self.net.mean[1], self.net.std[1] = self.net.mean[0], self.net.std[0]
        self.net.effect.copy_(effects(self.net, self.net.normal(latents[:SHOWN])))

    def save(self, folder: Path) -> None:
        """Writes the folder that `GroupCausalVAE.from_pretrained` reads."""
        self.net.save_pretrained(folder, replace=True)

    @torch.no_grad()
    def validate(
        self, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> dict[str, Any] | None:
        """Peak signal-to-noise ratios in dB and errors of color in levels of 255, unseen clips."""
        told = self.recipe.validation
        if not told.prompts:
            return None
        data = self.recipe.data.model_copy(
            update={"source": scenes_of(self.recipe.data, told.seed, told.prompts), "workers": 0}
        )
        alone = Ranks(0, 1, self.ranks.device)
        made = batches(data, batch=8, seed=0, ranks=alone, shuffle=False)
        meter = Meter("validate", told.prompts, progress=progress, cancel=cancel)
        rows: list[list[float]] = []
        for batch in made:
            video = batch["video"]
            once = self.net.decode(self.net.encode(video))
            often = once
            for _ in range(ROUND_TRIPS - 1):
                often = self.net.decode(self.net.encode(often))
            for clip, one, more in zip(video, once, often, strict=True):
                first, later = _psnr(one[:, :1], clip[:, :1]), _psnr(one[:, 1:], clip[:, 1:])
                shift = (more - clip).mean(dim=(1, 2, 3)).abs().max()
                rows.append([_psnr(one, clip), first, later, _psnr(more, clip), 255 * float(shift)])
            meter.advance(len(video))
        mean = torch.tensor(rows).nanmean(dim=0).tolist()
        names = ("psnr", "psnr_first", "psnr_later", f"psnr_{ROUND_TRIPS}", "color_shift")
        return {name: round(value, 3) for name, value in zip(names, mean, strict=True)}


@torch.no_grad()
def effects(net: GroupCausalVAE, latents: Float[Tensor, "b c t h w"]) -> Float[Tensor, " c"]:
    """What every channel changes in the picture: how far it goes when the channel is its mean.

    Distances are root mean squares over luma and twice the chroma (Rec. 601), told in the mean of
    all channels.

    Args:
        latents: of clips, as `encode` gives them.
    """
    whole = _opponent(net.decode(latents))
    found = []
    for channel in range(latents.shape[1]):
        without = latents.clone()
        without[:, channel] = latents[:, channel].mean()
        found.append((_opponent(net.decode(without)) - whole).square().mean().sqrt())
    effect = torch.stack(found).clamp(min=1e-6)
    return effect / effect.mean()


def _opponent(video: Tensor) -> Tensor:
    """Luma and twice the chroma of a video `(b, 3, f, y, x)`."""
    rows = torch.tensor([[0.299, 0.587, 0.114], [-0.338, -0.662, 1.0], [1.0, -0.838, -0.162]])
    return torch.einsum("kc,bcfyx->bkfyx", rows.to(video), video)


def _psnr(made: torch.Tensor, true: torch.Tensor) -> float:
    if not made.numel():
        return float("nan")
    return float(-10 * torch.log10((made - true).square().mean().clamp(min=1e-10)))
