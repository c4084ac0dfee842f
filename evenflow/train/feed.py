"""Feed: the clips of every step, from files or the world, the same on any number of ranks.

Two kinds. `Flowing` makes clips when they are needed, for data without end. `Resident` makes all of
them once, turns them into what the task learns from (small videos, latents), keeps that in memory
and in the run's folder, and draws batches from it; nothing is decoded or rendered twice.

Batch `step` has numbers `step * size ...` in an endless order; what is random about a clip in it is
decided by (seed, step, place), see `seeds_of`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Generator, Tensor

from evenflow.core.errors import BadInput, RecipeError
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.batches import Batches
from evenflow.data.buckets import Buckets
from evenflow.data.open import open_dataset
from evenflow.data.order import Order, Shelf
from evenflow.dist import Ranks
from evenflow.process.randomness import mixed
from evenflow.train.recipe import Data, Recipe

Lot = dict[str, Tensor]
"""What a rank learns from in one step: tensors by name, the axis of clips first."""
Prepare = Callable[[dict[str, Any]], Lot]
"""Turns a batch of `data.Batches` into a Lot; what it gives is kept by a resident feed."""


class Feed(Protocol):
    """The clips of every step."""

    def lot(self, step: int) -> Lot:
        """This rank's share of the clips of a step; steps are asked for in order."""
        ...

    def begin(self, step: int) -> None:
        """Goes to a step, as after a stop."""
        ...

    def close(self) -> None:
        """Ends worker processes."""
        ...


def generators(seed: int, step: int, size: int, ranks: Ranks) -> list[Generator]:
    """A generator for each of this rank's clips of a step; the same clip has the same anywhere."""
    places = range(ranks.rank, size, ranks.size)
    return [Generator().manual_seed(mixed(mixed(seed, step), place)) for place in places]


def batches(data: Data, *, batch: int, seed: int, ranks: Ranks, shuffle: bool) -> Batches:
    """The dataset of a recipe as batches on this rank's device.

    Raises:
        BadInput: nothing in it fits the recipe.
    """
    width, height = data.size
    side = round((width * height) ** 0.5)
    buckets = Buckets(
        sides=(side,),
        ratios=(width / height,),
        frames=(data.frames,),
        multiple=8,
        batch=batch,
    )
    made = Batches(
        open_dataset(data.source),
        buckets=buckets,
        fps=data.fps,
        sampling="random" if shuffle else "head",
        caption=data.caption,
        device=ranks.device,
        workers=data.workers,
        seed=seed,
        rank=ranks.rank,
        world_size=ranks.size,
        shuffle=shuffle,
        last="fill" if shuffle else "short",
    )
    if not made.num_batches(0):
        why = f": {made.dropped[0].reason}" if made.dropped else ""
        raise BadInput(f"nothing in {data.source} fits the recipe{why}")
    return made


class Flowing:
    """Clips that are made when they are needed.

    Args:
        recipe: its data, batch and seed.
        prepare: turns them into lots.
        ranks: whose share.
    """

    def __init__(self, recipe: Recipe, prepare: Prepare, ranks: Ranks) -> None:
        self.prepare = prepare
        self._batches = batches(
            recipe.data, batch=recipe.batch, seed=recipe.seed, ranks=ranks, shuffle=True
        )
        self._stream: Iterator[dict[str, Any]] = iter(())
        self._next = 0

    def lot(self, step: int) -> Lot:
        """This rank's share of the clips of a step."""
        if step != self._next:
            self.begin(step)
        batch = next(self._stream, None)
        if batch is None:  # an epoch is over
            self._stream = iter(self._batches)
            batch = next(self._stream)
        self._next = step + 1
        return self.prepare(batch)

    def begin(self, step: int) -> None:
        """Goes to a step: counts epochs, draws nothing."""
        epoch, left = 0, step
        while left >= (count := self._batches.num_batches(epoch)):
            epoch, left = epoch + 1, left - count
        state = self._batches.state_dict()
        self._batches.load_state_dict({**state, "epoch": epoch, "position": left})
        self._stream, self._next = iter(self._batches), step

    def close(self) -> None:
        """Ends worker processes."""
        self._batches.close()


class Resident:
    """Clips that are made once and kept.

    Args:
        recipe: its data, batch and seed.
        kept: all clips as one lot.
        ranks: whose share.
    """

    def __init__(self, recipe: Recipe, kept: Mapping[str, Tensor], ranks: Ranks) -> None:
        self.kept = dict(kept)
        self.num_clips = len(next(iter(kept.values())))
        self._batch, self._ranks = recipe.batch, ranks
        shelf = Shelf(recipe.batch, (self.num_clips,))
        self._order = Order([shelf], seed=recipe.seed, last="fill")

    def lot(self, step: int) -> Lot:
        """This rank's share of the clips of a step."""
        epoch, number = divmod(step, self._order.num_batches(0))
        members = self._order.batch(epoch, number).members
        mine = torch.tensor([one.entry for one in members[self._ranks.rank :: self._ranks.size]])
        return {name: value[mine].to(self._ranks.device) for name, value in self.kept.items()}

    def begin(self, step: int) -> None:
        """Any step is as near as any other."""

    def close(self) -> None:
        """There is nothing to end."""


def resident(
    recipe: Recipe,
    prepare: Prepare,
    path: Path,
    ranks: Ranks,
    *,
    told: str,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Resident:
    """Makes all clips of a recipe once, or takes them from the file where a run left them.

    Args:
        path: safetensors; written whole, by rank 0.
        told: what the clips depend on besides the recipe, such as the tokenizer's fingerprint.
    """
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    mark = f"{recipe.data.model_dump_json(exclude={'clips', 'workers'})} {told}"
    fresh = True
    if recipe.data.clips and not path.is_file():
        path = Path(recipe.data.clips) / path.name
        if not path.is_file():
            raise RecipeError(f"data.clips={recipe.data.clips} is no run that kept its clips")
    if path.is_file():
        with safe_open(path, framework="pt") as opened:
            fresh = (opened.metadata() or {}).get("told") != mark
    if ranks.said(fresh):
        if recipe.data.clips:
            raise RecipeError(f"the clips of data.clips={recipe.data.clips} are of other data")
        if ranks.first:
            alone = Ranks(0, 1, ranks.device)
            made = batches(
                recipe.data, batch=recipe.batch, seed=recipe.seed, ranks=alone, shuffle=False
            )
            total = sum(len(made.members(0, i).members) for i in range(len(made)))
            meter = Meter("clips", total, progress=progress, cancel=cancel)
            whole: Lot = {}
            done = 0

            def keep(lot: Lot) -> int:
                """Puts a lot behind the others, into room that was taken for all at once."""
                size = len(next(iter(lot.values())))
                for name, value in lot.items():
                    if name not in whole:
                        whole[name] = value.new_empty((total, *value.shape[1:]))
                    whole[name][done : done + size] = value
                return size

            try:
                with ThreadPoolExecutor(1) as beside:  # the next batch is made meanwhile
                    waiting: Future[Lot] | None = None
                    for batch in made:
                        if waiting is not None:
                            done += keep(waiting.result())
                        waiting = beside.submit(_on_cpu, prepare, batch)
                        meter.advance(len(batch["keys"]))
                    if waiting is not None:
                        done += keep(waiting.result())
            finally:
                made.close()
            whole = {name: value[:done] for name, value in whole.items()}
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            save_file(whole, part, metadata={"told": mark})
            part.rename(path)
        ranks.wait()
    return Resident(recipe, load_file(path), ranks)


def _on_cpu(prepare: Prepare, batch: dict[str, Any]) -> Lot:
    return {name: value.cpu() for name, value in prepare(batch).items()}
