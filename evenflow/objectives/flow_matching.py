"""Flow matching with a level per frame: noise a clip, ask for the velocity, compare.

Source: Lipman et al. 2023, Flow Matching, arXiv:2210.02747, equation 23 (conditional loss); levels
logit-normal with a shift: Esser et al. 2024, arXiv:2403.03206, section 3.1 and equation 23; a level
per frame: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, algorithm 1.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from evenflow.objectives.condition_dropout import CHANCES, dropped, kept_by_chance
from evenflow.objectives.layouts import (
    GAIN,
    TINT,
    Layout,
    full,
    history,
    independent,
    infill,
    last,
    still,
)
from evenflow.objectives.loss import Batch, Loss, Part, clip_seeds
from evenflow.objectives.weights import WEIGHTS
from evenflow.process import FLOW, Network, Process, logit_normal
from evenflow.process.randomness import mixed

LAYOUTS = {
    "full": full,
    "independent": independent,
    "history": history,
    "last": last,
    "still": still,
    "infill": infill,
}
BINS = 4
"""Bins of the level in which the error is logged; one curve over all levels says little."""


def flow_matching(
    net: Network,
    batch: Batch,
    *,
    generator: Generator | Sequence[Generator],
    layouts: Mapping[str, float] | None = None,
    block: int = 3,
    mean: float = 0.0,
    std: float = 1.0,
    shift: float = 3.0,
    weight: str = "uniform",
    channels: Float[Tensor, " c"] | None = None,
    drop: Mapping[str, float] = CHANCES,
    process: Process = FLOW,
) -> Loss:
    """Mean squared error of the velocity over the frames that are learned from.

    What is drawn for a clip depends on its generator alone, so the loss of a batch is the mean of
    the losses of its clips, on any number of ranks.

    Args:
        net: says velocities.
        batch: clean latents and what they follow; half precision is noised in float32.
        generator: one, or one for each clip.
        layouts: share of each row of LAYOUTS; default seven tenths `history`, the rest `infill`. A
            network with a causal mask learns from `history`, one that sees all from `infill`.
        block: latent frames that share a level.
        mean, std, shift: of the levels, see `process.logit_normal`.
        weight: by level; a row of WEIGHTS.
        channels: what the errors of the latents' channels weigh, of which the mean counts as 1;
            None, all alike.
        drop: chance by name that a clip goes without a condition.
        process: of the network.

    Raises:
        ValueError: an unknown layout or weight, shares without a sum, a block below 1, other
            channels than the latents have.
    """
    if block < 1:
        raise ValueError(f"block={block} holds no frame; use block >= 1")
    shares = {"history": 0.7, "infill": 0.3} if layouts is None else dict(layouts)
    for name in shares:
        _known(name, LAYOUTS, "layout")
    if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
        raise ValueError(f"layouts={shares} must be shares of at least 0, one of them above")
    by_level = WEIGHTS[_known(weight, WEIGHTS, "weight")]
    latents = batch.latents.to(torch.promote_types(batch.latents.dtype, torch.float32))
    clips, count, frames = latents.shape[:3]
    if channels is not None and len(channels) != count:
        raise ValueError(f"the latents have {count} channels, got weights of {len(channels)}")

    def draw(count: int, source: Generator) -> Float[Tensor, " n"]:
        return logit_normal((count,), generator=source, mean=mean, std=std, shift=shift)

    drawn: list[tuple[Layout, Tensor, Tensor, dict[str, bool]]] = []
    droppable = [name for name in drop if name in batch.cond]
    for seed in clip_seeds(generator, clips):
        source = Generator().manual_seed(mixed(seed, 0))
        kept = kept_by_chance(droppable, drop, source)
        pick = torch.multinomial(torch.tensor(list(shares.values())), 1, generator=source)
        layout = LAYOUTS[list(shares)[int(pick)]](frames, block=block, draw=draw, generator=source)
        off = torch.randn(1 + latents.shape[1], generator=source)
        # noise is the one big thing: it is drawn where the latents are
        there = Generator(latents.device).manual_seed(mixed(seed, 1))
        noise = torch.empty_like(latents[0]).normal_(generator=there)
        drawn.append((layout, noise, off, kept))

    level = _stack(latents, [layout.level for layout, *_ in drawn])
    learned = _stack(latents, [layout.weight for layout, *_ in drawn])
    noise = torch.stack([noise for _, noise, _, _ in drawn])
    seen = torch.stack(
        [_faulty(x, layout, off) for x, (layout, _, off, _) in zip(latents, drawn, strict=True)]
    )
    kept = {
        name: torch.tensor([row[3][name] for row in drawn], device=latents.device)
        for name in droppable
    }
    said, _ = net(process.mix(seen, noise, level), level, dropped(batch.cond, kept), None)
    error = said.float() - process.velocity(latents, noise, level).float()
    error = error.square().mean(dim=(3, 4))  # (b, c, t)
    if channels is not None:
        error = error * (channels / channels.mean()).to(error)[:, None]
    error = error.mean(dim=1)
    weighted = learned * by_level(process, level) * error
    value = (weighted.sum(dim=1) / learned.sum(dim=1)).mean()
    return Loss(value, _parts(value, error.detach(), level, learned))


def _known(name: str, table: Mapping[str, object], what: str) -> str:
    if name not in table:
        near = get_close_matches(name, table, n=1)
        hint = f"; did you mean {near[0]!r}" if near else ""
        raise ValueError(f"no {what} is called {name!r}{hint}; there are {', '.join(table)}")
    return name


def _stack(like: Tensor, each: list[Tensor]) -> Float[Tensor, "b t"]:
    return torch.stack(each).to(like)


def _faulty(
    x: Float[Tensor, "c t h w"], layout: Layout, off: Float[Tensor, " n"]
) -> Float[Tensor, "c t h w"]:
    """The clip as it is looked at: blocks of the past swapped, contrast and tint off."""
    jitter = layout.jitter.to(x)[:, None, None]  # (t, 1, 1)
    gain, tint = off[0].to(x), off[1:].to(x)[:, None, None, None]
    x = x[:, layout.source.to(x.device)]
    return x * (1 + GAIN * gain * jitter) + TINT * tint * jitter


def _parts(value: Tensor, error: Tensor, level: Tensor, learned: Tensor) -> dict[str, Part]:
    clips = value.new_tensor(float(len(level)))
    parts = {"loss": Part(value.detach() * clips, clips)}
    for low in range(BINS):
        inside = learned * (level >= low / BINS) * (level < (low + 1) / BINS)
        if low == BINS - 1:
            inside = inside + learned * (level == 1)
        name = f"level {low / BINS:.2f}..{(low + 1) / BINS:.2f}"
        parts[name] = Part((error * inside).sum(), inside.sum())
    return parts
