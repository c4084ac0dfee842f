"""Generate: clips of a prompt, one a seed, the best first."""

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenflow.core.clip import Clip
from evenflow.core.errors import BackendMissing, BadInput
from evenflow.core.events import CancelToken, Event, Progress
from evenflow.shoot.ranking import Rank, ranked

if TYPE_CHECKING:
    from evenflow.frameworks.model import Model, Plan, Quality
    from evenflow.frameworks.picture import Image

MOST_VARIANTS = 1000


@dataclass(frozen=True)
class Take:
    """One clip of several.

    Args:
        clip: its source is a `frameworks.made.Made`, with record, latents and warnings.
        seed: that it was made from.
        rank: how it did among the others; None for one alone.
    """

    clip: Clip
    seed: int
    rank: Rank | None = None

    @property
    def record(self) -> dict[str, Any]:
        """All that decides its bytes: prompt, model, seed, levels, size."""
        record: dict[str, Any] = getattr(self.clip.source, "record", {})
        return record


def generate(
    prompt: str,
    *,
    model: "str | Path | Model" = "pocket",
    image: "Image | None" = None,
    frames: int | None = None,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    quality: "Quality" = "turbo",
    method: str = "autoregressive",
    variants: int = 1,
    preview: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Clip:
    """The clip of a prompt; of several variants the best one.

    The model knows the language of the world and nothing else. The same seed gives the same bytes
    on one machine, for one variant or many. `clip.source.record` says all that decides them,
    `clip.source.latents` is what was decoded, `clip.source.warnings` what a user should know;
    `ef.write` puts the record and the mark of generated pictures into the file.

    Args:
        prompt: like "a red ball rolls left behind the pillar".
        model: `pocket`, a folder that training wrote, or what `ef.load` gave.
        image: that the clip begins with: a file, a clip or `(h, w, 3)` uint8.
        frames: 4n + 1; by default as in training. Longer clips are made with a sliding window.
        size: width and height; by default as in training.
        seed: variant i has the seed `seed + i`.
        steps, guidance: of the teacher (`quality="full"`); a student's are fixed.
        quality: `turbo` takes the student, where there is one, `full` the teacher.
        method: a row of `frameworks.FRAMEWORKS`.
        variants: how many are made; the best is by `shown x score`: the share of the caption's
            clauses that the grader sees, times the score of `check`; ties go to the lower seed.
            `takes` gives all of them.
        preview: a first look, in as few steps as the model can.
        device: `auto`, `cpu`, `cuda`, ...
        progress: called with an Event a step.
        cancel: looked at before every step.

    Raises:
        BadInput: the prompt, the picture or a number cannot be.
        BackendMissing: there is no such model.
        ResourceShortage: not enough memory.
        Cancelled: `cancel` was set.
    """
    return takes(
        prompt, model=model, image=image, frames=frames, size=size, seed=seed, steps=steps,
        guidance=guidance, quality=quality, method=method, variants=variants, preview=preview,
        device=device, progress=progress, cancel=cancel,
    )[0].clip  # fmt: skip


def takes(
    prompt: str,
    *,
    model: "str | Path | Model" = "pocket",
    image: "Image | None" = None,
    frames: int | None = None,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    quality: "Quality" = "turbo",
    method: str = "autoregressive",
    variants: int = 1,
    preview: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> list[Take]:
    """All variants of a prompt, the best first; arguments and errors as in `generate`."""
    loaded = opened(model, device)
    seeds = seeds_of(seed, variants)
    plan = loaded.plan(
        prompt, image=image, frames=frames, size=size, steps=steps, guidance=guidance,
        quality=quality, method=method, preview=preview,
    )  # fmt: skip
    made = [
        Take(
            made_of(loaded, plan, one, progress=numbered(progress, i, variants), cancel=cancel), one
        )
        for i, one in enumerate(seeds)
    ]
    return in_order(loaded, plan, made, progress=progress, cancel=cancel)


def load(model: "str | Path" = "pocket", *, device: str = "auto") -> "Model":
    """A trained generator, whose `generate` makes clips.

    Args:
        model: `pocket`, which comes with the package, or a folder that training wrote.
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.

    Raises:
        BackendMissing: there is no such model, or torch is not installed.
        BadInput: the folder holds something else, or there is no such device.
    """
    need_torch()
    from evenflow.frameworks.model import load as opened_folder

    return opened_folder(model, device=device)


def need_torch() -> None:
    """Raises BackendMissing, which names the extra, if nothing can be generated here."""
    for name in ("torch", "safetensors", "einops", "jaxtyping"):
        try:
            import_module(name)
        except ImportError:
            raise BackendMissing(
                f"generating needs {name}, which is not installed: pip install 'evenflow[gen]'"
            ) from None


def opened(model: "str | Path | Model", device: str) -> "Model":
    """A model by its name, or one that is open."""
    return load(model, device=device) if isinstance(model, str | Path) else model


def seeds_of(seed: int, variants: int) -> list[int]:
    """Seeds of variants.

    Raises:
        BadInput: a seed or a number of variants that cannot be.
    """
    if not 0 <= seed < 1 << 63:
        raise BadInput(f"a seed is a whole number from 0 on, got {seed}")
    if not 1 <= variants <= MOST_VARIANTS:
        raise BadInput(f"there are 1 to {MOST_VARIANTS} variants, got {variants}")
    return list(range(seed, seed + variants))


def made_of(
    model: "Model",
    plan: "Plan",
    seed: int,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Clip:
    """One clip of a plan."""
    import torch

    latents = torch.cat(list(model.parts(plan, seed, progress=progress, cancel=cancel)), dim=2)
    return model.clip(plan, seed, latents, progress=progress, cancel=cancel)


def in_order(
    model: "Model",
    plan: "Plan",
    made: list[Take],
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> list[Take]:
    """Takes with their ranks, the best first; one alone is not measured."""
    from evenflow.frameworks.prompt import AS_IT_IS

    if len(made) == 1:
        return made
    # what was asked for, not what the model heard: a color that nobody asked for is no clause
    caption = plan.prompt if plan.caption and model.facts.caption != AS_IT_IS else ""
    rows = ranked(
        [take.clip for take in made],
        caption,
        preset=model.facts.preset,
        progress=progress,
        cancel=cancel,
    )
    return [replace(made[i], rank=rank) for i, rank in rows]


def numbered(progress: Progress | None, index: int, count: int) -> Progress | None:
    """Progress whose phases say which of several clips they are of."""
    if progress is None or count == 1:
        return progress

    def tell(event: Event) -> None:
        progress(replace(event, phase=f"{index + 1}/{count} {event.phase}"))

    return tell
