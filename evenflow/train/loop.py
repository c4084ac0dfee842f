"""The loop: one, for every task; what it does beside learning stands in files of its own.

A run is a folder: `recipe.yaml` (what was run), `log.jsonl`, `tensorboard/`, `checkpoints/`,
`clips.safetensors` (a resident dataset), and at the end `model/`, the averaged weights.
"""

import math
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor, nn

from evenflow.core.errors import Cancelled, EvenflowError, OutputExists, RecipeError
from evenflow.core.events import CancelToken, Event, Progress, peak_memory
from evenflow.dist import ALONE, Ranks
from evenflow.train import checkpoints
from evenflow.train.average import Average
from evenflow.train.clock import Clock, rate
from evenflow.train.feed import Feed, Flowing, Lot, generators, resident
from evenflow.train.logs import Log, RunLog, read
from evenflow.train.optimizers import optimizers, set_rate
from evenflow.train.parallel import PARALLEL, Split, alone, norm
from evenflow.train.precision import computing
from evenflow.train.recipe import Recipe, load
from evenflow.train.recompute import recomputed
from evenflow.train.tasks import TASKS, Task

RECIPE, CLIPS, MODEL = "recipe.yaml", "clips.safetensors", "model"
MOST_WRONG = 20
"""Steps in a row whose gradient is not finite, after which a run gives up."""


class Asked(nn.Module):
    """A task's loss as a module, which is what is put on several ranks."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.net = task.net
        self._task = [task]  # not a submodule

    def forward(
        self, lot: Lot, generators: Sequence[Generator], step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and sums with counts by name for the log."""
        loss = self._task[0].loss(lot, generators, step)
        parts = {k: torch.stack([p.total, p.count]).detach() for k, p in loss.parts.items()}
        return loss.value, parts


def train(
    recipe: Recipe,
    folder: str | Path,
    *,
    resume: bool = False,
    ranks: Ranks = ALONE,
    clock: Clock | None = None,
    until: int | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> RunLog:
    """Runs a recipe in a folder.

    Args:
        recipe: what to do.
        folder: of the run; made.
        resume: goes on from the last checkpoint, or starts where there is none.
        ranks: the processes that do it together; see `dist.joined`.
        clock: what time it is, for tests.
        until: stops, with a checkpoint, after so many steps.
        progress: an Event a step; time left is that of the schedule.
        cancel: looked at every step; what was learned is saved.

    Raises:
        RecipeError: the recipe does not fit itself or the ranks.
        OutputExists: the folder holds a run and nobody asked to resume it.
        Cancelled: `cancel` was set; a checkpoint was written, `resume` goes on.
    """
    folder = Path(folder)
    run = _Run(recipe, folder, resume, ranks, clock, progress, cancel)
    try:
        return run.go(until)
    finally:
        run.close()


class _Run:
    """One start of a run."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        resume: bool,
        ranks: Ranks,
        clock: Clock | None,
        progress: Progress | None,
        cancel: CancelToken | None,
    ) -> None:
        self.recipe, self.folder, self.ranks = recipe, folder, ranks
        self.progress, self.cancel = progress if ranks.first else None, cancel
        _check(recipe, ranks)
        wrong = ranks.said(_occupied(recipe, folder, resume))
        if wrong:
            raise OutputExists(wrong)
        self.task: Task = TASKS[recipe.task](recipe, ranks)
        fresh = not (folder / RECIPE).exists()
        if ranks.first:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / RECIPE, recipe.to_yaml())
        try:
            self.feed: Feed = self._fed()
        except BaseException:
            if fresh and ranks.first:  # nothing was learned: nothing is left
                (folder / RECIPE).unlink()
                with suppress(OSError):
                    folder.rmdir()
            raise
        if recipe.recompute:
            recomputed(self.task.layers())
        if recipe.compile:
            for layer in self.task.layers():
                layer.compile(dynamic=False)  # a kernel for each length is faster than one for all
        strategy = PARALLEL[recipe.parallel] if ranks.size > 1 else alone
        self.split: Split = strategy(Asked(self.task), self.task.layers(), ranks)
        self.optimizers = optimizers(self.task.net, recipe.optimizer)
        self.average = Average(self.task.net, recipe.average.decay)
        self.step, spent = 0, 0.0
        saved = ranks.said([str(p) for p in checkpoints.found(folder)]) if resume else []
        if saved:
            state = checkpoints.load(Path(saved[-1]), self.task.net, self.average, self.optimizers)
            self.step, spent = state.step, state.seconds
        self.feed.begin(self.step)
        self.log = Log(folder, self.step) if ranks.first else None
        self.clock = clock or Clock(recipe.schedule)
        self.clock.spent += spent
        self.saved = self.step if saved else -1
        self.wrong = 0

    def _fed(self) -> Feed:
        recipe = self.recipe
        if not recipe.data.resident:
            return Flowing(recipe, self.task.prepare, self.ranks)
        return resident(
            recipe,
            self.task.prepare,
            self.folder / CLIPS,
            self.ranks,
            told=self.task.told,
            progress=self.progress,
            cancel=self.cancel,
        )

    def go(self, until: int | None) -> RunLog:
        """Steps until the schedule is over."""
        finished = False
        try:
            while not (finished := self._share() >= 1):
                if until is not None and self.step >= until:
                    break
                if self._stopping():
                    self._save()
                    raise Cancelled(
                        f"stopped after {self.step} steps; what was learned is in {self.folder}: "
                        f"go on with --resume"
                    )
                self._learn()
                told = self.recipe.validation
                if told.every and self.step % told.every == 0:
                    self._validate()
                if self.step % self.recipe.save_every == 0:
                    if finished := self._gated():
                        break
                    self._save()
            if not finished or not self._gated():
                self._save()
            if finished:
                self._finish()
        finally:
            if self.log is not None:
                self.log.close()
        return RunLog(self.folder, self.step, self.clock.seconds, finished, read(self.folder))

    def close(self) -> None:
        """Ends workers."""
        self.feed.close()

    def _share(self) -> float:
        """Of the run that is over; by the clock of rank 0."""
        share = self.clock.share(self.step)
        if self.recipe.schedule.steps is None:
            share = float(self.ranks.said(share))
        return share

    def _stopping(self) -> bool:
        stop = self.cancel is not None and self.cancel.cancelled
        return self.ranks.total(float(stop)) > 0 if self.ranks.size > 1 else stop

    def _learn(self) -> None:
        recipe, ranks = self.recipe, self.ranks
        factor = rate(recipe.schedule, self.step, self._share())
        set_rate(self.optimizers, factor)
        lot = self.feed.lot(self.step)
        sources = generators(recipe.seed, self.step, recipe.batch, ranks)
        clips = len(sources)
        each = clips // recipe.accumulate
        sums: dict[str, Tensor] = {}
        for part in range(recipe.accumulate):
            rows = slice(part * each, (part + 1) * each)
            some = {name: value[rows] for name, value in lot.items()}
            last = part == recipe.accumulate - 1
            with torch.enable_grad():
                if last:
                    value, parts = self._asked(some, sources[rows])
                    (value / recipe.accumulate).backward()
                else:
                    with self.split.apart():
                        value, parts = self._asked(some, sources[rows])
                        (value / recipe.accumulate).backward()
            for name, pair in parts.items():
                sums[name] = sums[name] + pair if name in sums else pair
        size = norm(list(self.task.net.parameters()), recipe.optimizer.clip)
        if math.isfinite(size):
            self.wrong = 0
            for one in self.optimizers:
                one.step()
            if self.step == recipe.average.begin:
                self.average.restart(self.task.net)
            self.average.update(self.task.net)
        else:
            self.wrong += 1
            if self.wrong >= MOST_WRONG:
                raise EvenflowError(
                    f"the gradient was not finite in {MOST_WRONG} steps up to {self.step}: lower "
                    f"optimizer.adamw and optimizer.muon, or take precision: fp32"
                )
        for one in self.optimizers:
            one.zero_grad(set_to_none=True)
        if self.step % recipe.log_every == 0:
            self._say(sums, factor, size)
        self.step += 1
        if self.progress is not None:
            total = self.clock.expected(self.step)
            share = self.clock.share(self.step)
            left = self.clock.seconds * (1 - share) / share if share > 0 else None
            self.progress(Event("train", self.step, total, left, peak_memory()))

    def _asked(self, lot: Lot, sources: Sequence[Generator]) -> tuple[Tensor, dict[str, Tensor]]:
        with computing(self.recipe.precision, self.ranks.device):
            made: tuple[Tensor, dict[str, Tensor]] = self.split.call(lot, sources, self.step)
        return made

    def _say(self, sums: dict[str, Tensor], factor: float, size: float) -> None:
        names = sorted(sums)
        flat = [float(one) for name in names for one in sums[name].tolist()]
        flat = self.ranks.totals(flat)
        row: dict[str, Any] = {
            "step": self.step,
            "seconds": round(self.clock.seconds, 3),
            "clips": self.step * self.recipe.batch,
            "rate": factor,
            "gradient": size,
        }
        for i, name in enumerate(names):
            total, count = flat[2 * i : 2 * i + 2]
            row[name] = total / count if count else None
        if self.log is not None:
            self.log.write(row)

    def _gated(self) -> bool:
        """Whether the task sees a reason to end with the checkpoint before; there must be one."""
        if self.saved < 0 or self.saved == self.step:
            return False
        with self.average.inside(self.task.net):
            why = self.task.gate() if self.ranks.first else ""
        why = str(self.ranks.said(why))
        if why and self.log is not None:
            self.log.write({"step": self.step, "ended": why, "kept": self.saved})
        return bool(why)

    def _validate(self) -> None:
        with self.average.inside(self.task.net):
            found = self._asked_for()
        if found is not None and self.log is not None:
            self.log.write({"step": self.step, "validation": found})

    def _asked_for(self) -> dict[str, Any] | None:
        """What rank 0 finds; the others wait. Sharded weights are not looked at on the way."""
        found = None
        if self.ranks.size == 1 or self.recipe.parallel == "ddp":
            if self.ranks.first:
                found = self.task.validate(progress=self.progress, cancel=self.cancel)
            self.ranks.wait()
        return found

    def _save(self) -> None:
        if self.saved == self.step:
            return
        state = checkpoints.State(self.step, self.clock.seconds, self.average.updates)
        checkpoints.save(
            self.folder,
            state,
            self.task.net,
            self.average,
            self.optimizers,
            self.ranks,
            keep=self.recipe.keep,
        )
        self.saved = self.step

    def _finish(self) -> None:
        """The averaged weights, measured and saved by rank 0 from the checkpoint."""
        if self.ranks.first:
            from safetensors.torch import load_file

            place = checkpoints.found(self.folder)[-1]
            whole = Ranks(0, 1, self.ranks.device)
            last: Task = TASKS[self.recipe.task](self.recipe, whole)
            weights = load_file(place / "average.safetensors")
            own = dict(last.net.named_parameters())
            with torch.no_grad():
                for name, value in weights.items():
                    own[name].copy_(value)
            feed = self.feed
            if not self.recipe.data.resident and self.ranks.size > 1:
                feed = Flowing(self.recipe, last.prepare, whole)
            last.net.eval()
            last.finish(feed)
            last.save(self.folder / MODEL)
            found = last.validate(progress=self.progress, cancel=self.cancel)
            if found is not None and self.log is not None:
                self.log.write({"step": self.step, "validation": found})
        self.ranks.wait()


def _check(recipe: Recipe, ranks: Ranks) -> None:
    parts = ranks.size * recipe.accumulate
    if recipe.batch % parts:
        raise RecipeError(
            f"batch={recipe.batch} cannot be shared evenly by {ranks.size} ranks in "
            f"{recipe.accumulate} parts: take a multiple of {parts}"
        )


def _occupied(recipe: Recipe, folder: Path, resume: bool) -> str:
    """Why the folder cannot be used, or nothing."""
    path = folder / RECIPE
    if folder.exists() and not folder.is_dir():
        return f"{folder} is a file: give another folder with -o"
    if not path.exists():
        busy = folder.is_dir() and any(folder.iterdir())
        return f"{folder} holds something else: give another folder with -o" if busy else ""
    if not resume:
        return f"{folder} holds a run: go on with --resume, or give another folder with -o"
    if not _same(path, recipe):
        return (
            f"{folder} was begun with another recipe: say --resume with the same one "
            f"(it is {path}), or give another folder with -o"
        )
    return ""


def _same(path: Path, recipe: Recipe) -> bool:
    """Whether a run was begun with this recipe; what its file does not say yet has its default."""
    try:
        return load(path) == recipe
    except RecipeError:
        return False


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text)
    part.rename(path)
