"""Batches: any source as an endless, resumable stream of tensors for training.

Files are decoded in threads (each in a process of its own behind `evenflow.io`), scenes of the
world are simulated in worker processes and drawn on the training device, a batch at once. What
comes out depends on (seed, epoch, number) alone: not on workers, prefetch, ranks, or resuming.
"""

import hashlib
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from fractions import Fraction
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from evenflow.core.errors import BadInput, ResourceShortage, UnreadableVideo
from evenflow.core.events import CancelToken, Progress
from evenflow.core.span import Span
from evenflow.data.buckets import Buckets, crop_for
from evenflow.data.cutting import Cut, chosen, cut
from evenflow.data.example import FLOWS, Example, fit, moved, scaled
from evenflow.data.order import Draw, Last, Member, Order
from evenflow.data.plan import Dropped, Looked, Plan, leaves_of, look_at, plan
from evenflow.data.row import Row, Source
from evenflow.data.sample import Bucket, Crop, Sample, Window, content_name
from evenflow.data.scenes import Scene, draw, stage, staged_and_drawn
from evenflow.data.where import parse_where
from evenflow.data.windows import Sampling
from evenflow.data.worlds import WorldRows
from evenflow.io import parse_rate
from evenflow.world.clip import truth_names

if TYPE_CHECKING:
    from evenflow.data.augment import Augment

ACTIONS = 10
"""Columns of actions where no row has any: eight keys and two looks."""
TRIES = 16
"""Samples that are tried in place of one that cannot be read."""
ANY = "any"
"""As `caption`: one of the row's captions, another in every epoch."""


@dataclass(frozen=True)
class Ready:
    """One sample that is about to go into a batch."""

    sample: Sample
    row: Row
    example: Example
    actions: Tensor | None
    span: Span | None
    told: dict[str, Tensor]


class Batches:
    """Batches of a source, one epoch per iteration; iterating again goes on with the next.

    Each is a dict; `b` clips of one bucket, `t` frames:

    | key | what |
    |---|---|
    | `video` | float32 `(b, 3, t, h, w)` in [0, 1], sRGB-encoded, on `device` |
    | `captions`, `keys` | lists of `b` texts |
    | `samples` | list of `Sample`: what was cut, with the fingerprint that caches use |
    | `fps`, `t0` | float32 `(b,)`: frames a second; seconds of the row at which the window begins |
    | `actions`, `has_actions` | float32 `(b, t, a)`, row k leads to frame k + 1; bool `(b,)` |
    | `intrinsics`, `world_to_camera` | `(b, t, 3, 3)` in pixels, `(b, t, 4, 4)` |
    | `has_camera` | bool `(b,)` |
    | `mask`, `has_mask` | `(b, t, h, w)` in [0, 1], 1 where there is none; bool `(b,)` |
    | `truth` | by name, `(b, t, ...)`, what was asked for and every row has; see `Truth` |
    | `augment` | what augmentations did: by name of the number, `(b, t, ...)`; see `augment.py` |
    | `defects` | list of `Span` or None: what was planted |
    | `bucket`, `epoch`, `number` | of the batch |

    Args:
        source: what `open_dataset` gives.
        buckets: shapes and batch sizes (of all ranks together).
        fps: at which frames are taken, by time.
        sampling: windows of a clip: a row of `windows.SAMPLINGS`, see `Sampling.parse`.
        augment: rows of AUGMENTATIONS by name, with their settings, see `augment.parse`.
        truth: names of the world's truth to draw as well, beside those that `world:...` asks for;
            see `clip.truth_names`.
        caption: which of a row's captions: a level (`L3`), `any`, or empty for `Row.caption`.
        where: which rows count, see `where.py` ("motion >= 0.2 and not duplicate").
        device: where batches are made.
        workers: processes that simulate scenes and threads that decode; 0 does it all here.
        prefetch: batches that are prepared ahead.
        seed: decides the order and all that is random.
        rank, world_size: members rank, rank + world_size... of each batch are ours.
        shuffle: False takes windows in their order.
        last: see `order.Order`.
        progress, cancel: while rows are looked at; `cancel` stops an iteration too.

    Raises:
        BadInput: nothing fits the buckets, or a batch is smaller than the number of ranks.
    """

    def __init__(
        self,
        source: Source,
        *,
        buckets: Buckets | None = None,
        fps: Fraction | str | float = 12,
        sampling: Sampling | str = "random",
        augment: "Augment | str | Mapping[str, Mapping[str, float]] | None" = None,
        truth: Sequence[str] = (),
        caption: str = "",
        where: str | Callable[[Row], bool] | None = None,
        device: str | torch.device = "cpu",
        workers: int = 0,
        prefetch: int = 2,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        shuffle: bool = True,
        last: Last = "fill",
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        if not 0 <= rank < world_size:
            raise BadInput(f"a rank lies in 0 to {world_size - 1}, got {rank}")
        if workers < 0 or prefetch < 0 or seed < 0:
            raise BadInput("workers, prefetch and seed are 0 or more")
        from evenflow.data.augment import Augment

        self.source = source
        self.buckets = buckets or Buckets()
        self.fps = parse_rate(fps)
        self.sampling = Sampling.parse(sampling) if isinstance(sampling, str) else sampling
        self.augment = Augment.of(augment)
        self._leaves = leaves_of(source)
        own = [name for leaf in self._leaves for name in getattr(leaf.source, "truth", ())]
        self.truth = truth_names([*truth, *own])
        self.caption = caption
        self.device = torch.device(device)
        self.workers, self.prefetch = workers, prefetch
        self.seed, self.rank, self.world_size = seed, rank, world_size
        self.shuffle, self.last = shuffle, last
        self.cancel = cancel
        self.epoch = 0
        self.position = 0
        self.failed: list[Dropped] = []
        """Samples that could not be read while training, with reasons; others took their place."""
        keep = parse_where(where) if isinstance(where, str) else where
        self._looked: Looked = look_at(
            source, keep=keep, workers=max(1, workers), progress=progress, cancel=cancel
        )
        self._plans: dict[int, tuple[Plan, Order]] = {}
        self._digests: dict[int, str] = {}
        self._pools: dict[str, Any] = {}
        self._closing = weakref.finalize(self, _close, self._pools)
        order = self._planned(0)[1]
        small = min((shelf.batch for shelf in order.shelves), default=world_size)
        if small < world_size:
            raise BadInput(
                f"a batch of {small} cannot be shared by {world_size} ranks: take larger batches, "
                f"or even={world_size} in the buckets"
            )

    # What comes when ----------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """Windows of this epoch, and the rows that were left out, with reasons."""
        return self._planned(self.epoch)[0]

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Rows that no batch of this epoch has, with reasons."""
        return self.plan.dropped

    def __len__(self) -> int:
        """Batches of this epoch, those that are over included."""
        return self.num_batches(self.epoch)

    def num_batches(self, epoch: int) -> int:
        """Batches of an epoch."""
        return self._planned(epoch)[1].num_batches(epoch)

    def _planned(self, epoch: int) -> tuple[Plan, Order]:
        key = epoch if self.buckets.chancy else 0
        if key not in self._plans:
            made = plan(
                self._looked,
                buckets=self.buckets,
                sampling=self.sampling,
                fps=self.fps,
                seed=self.seed,
                epoch=key,
            )
            shelves = made.shelves(self.buckets, self.source)
            order = Order(shelves, seed=self.seed, shuffle=self.shuffle, last=self.last)
            if len(self._plans) > 1:
                self._plans.pop(min(self._plans))
            self._plans[key] = made, order
        return self._plans[key]

    def members(self, epoch: int, number: int) -> Draw:
        """All members of a batch, of all ranks."""
        return self._planned(epoch)[1].batch(epoch, number)

    def state_dict(self) -> dict[str, Any]:
        """Where we are: batches of `epoch` that were handed out, the same on every rank."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "seed": self.seed,
            "digest": self.digest,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on behind the last batch that was handed out, with any number of ranks.

        Raises:
            BadInput: it is the state of other data, other buckets, or another order.
        """
        missing = {"epoch", "position", "seed"} - set(state)
        if missing:
            raise BadInput(f"this is no state of batches: {', '.join(sorted(missing))} is missing")
        before, self.seed = self.seed, int(state["seed"])
        self._plans.clear()
        if state.get("digest", self.digest) != self.digest:
            self.seed = before
            self._plans.clear()
            raise BadInput(
                "this state belongs to other data, buckets or sampling: give the same as before, "
                "or start anew"
            )
        self.epoch, self.position = int(state["epoch"]), int(state["position"])

    @property
    def digest(self) -> str:
        """SHA-256 of what decides the sequence of samples: not of ranks, device or workers."""
        if self.seed in self._digests:
            return self._digests[self.seed]
        made = self._planned(0)[0]
        state = hashlib.sha256()
        for part in (
            self.buckets, self.sampling, str(self.fps), self.shuffle, self.last,
            self.augment.text, self.caption,
        ):  # fmt: skip
            state.update(repr(part).encode())
        factors = self._planned(0)[1].shelves[0].factors
        for bucket, shelf in zip(made.buckets, made.cuts, strict=True):
            state.update(str(bucket).encode())
            for cuts, factor in zip(shelf, factors, strict=True):
                state.update(f"{len(cuts)} x {factor};".encode())
                for one in (cuts.rows, cuts.starts, cuts.totals):
                    state.update(
                        one.tobytes() if isinstance(one, np.ndarray) else repr(one).encode()
                    )
        for inner, facts in self._looked:
            name = inner.name if facts is None else "".join(f"{key}\n" for _, key, _ in facts)
            state.update(name.encode())
        self._digests[self.seed] = state.hexdigest()
        return self._digests[self.seed]

    # Making them --------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[dict[str, Any]]:
        epoch = self.epoch
        total = len(self)
        ahead: deque[tuple[int, list[tuple[Member, Future[Any] | None]]]] = deque()
        following = self.position
        try:
            while self.position < total:
                if self.cancel is not None:
                    self.cancel.check()
                while following < total and len(ahead) <= self.prefetch:
                    ahead.append((following, self._begin(epoch, following)))
                    following += 1
                number, jobs = ahead.popleft()
                batch = self._finish(epoch, number, jobs)
                self.position = number + 1
                if self.position == total:
                    self.epoch, self.position = epoch + 1, 0
                    yield batch
                    return
                yield batch
                if (self.epoch, self.position) != (epoch, number + 1):
                    raise BadInput("the state of these batches was changed while they were read")
        finally:
            for _, jobs in ahead:
                for _, future in jobs:
                    if future is not None:
                        future.cancel()

    def close(self) -> None:
        """Ends worker processes and threads; they start again when they are needed."""
        _close(self._pools)

    def _mine(self, epoch: int, number: int) -> tuple[int, list[tuple[int, Member]]]:
        """Shelf and members of our rank, with their places in the batch."""
        draw_ = self.members(epoch, number)
        places = range(self.rank, len(draw_.members), self.world_size)
        return draw_.shelf, [(place, draw_.members[place]) for place in places]

    def _begin(self, epoch: int, number: int) -> list[tuple[Member, Future[Any] | None]]:
        shelf, members = self._mine(epoch, number)
        return [(member, self._submit(epoch, shelf, member)) for _, member in members]

    @property
    def _asked(self) -> tuple[str, ...]:
        """Truth that is drawn or read: what was asked for, and what is needed to move it along."""
        names = [name for name in self.truth if name != "cameras"]
        if self.augment.needs_flow:
            names.append("flow")
        names += [f"{way}_flow" for way in FLOWS if f"{way}_occlusion" in names]
        if {"boxes", "visible"} & set(names):
            names.append("instance")
        return truth_names(names)

    def _job(
        self, epoch: int, shelf: int, member: Member
    ) -> tuple[str, Callable[..., Any], tuple[Any, ...]]:
        """What must be done for a member, and where: in a process or a thread."""
        made = self._planned(epoch)[0]
        bucket = made.buckets[shelf]
        index, start, total = made.cuts[shelf][member.part].at(member.entry)
        source = self._looked[member.part][0]
        seed = self._chance(epoch, shelf, member)
        if isinstance(source, WorldRows):
            if start < 0:
                start = chosen(total, bucket.frames, seed)
            told = (source, index, start, bucket.frames, self.fps)
            if self.workers and torch.device(self.device).type == "cpu":
                return "processes", staged_and_drawn, (*told, self._asked)
            return "processes", stage, told
        return "threads", _cut, (
            source, index, start, bucket, self.fps, self.buckets.upscale, seed, self._asked,
        )  # fmt: skip

    def _chance(self, epoch: int, shelf: int, member: Member) -> tuple[int, ...]:
        """Numbers that decide all that is random about a member."""
        return (self.seed, epoch, shelf, member.part, member.slot)

    def _submit(self, epoch: int, shelf: int, member: Member) -> "Future[Any] | None":
        if self.workers == 0:
            return None
        kind, work, arguments = self._job(epoch, shelf, member)
        return self._pool(kind).submit(work, *arguments)

    def _pool(self, kind: str) -> Any:
        if kind not in self._pools:
            if kind == "threads":
                self._pools[kind] = ThreadPoolExecutor(self.workers)
            else:
                self._pools[kind] = ProcessPoolExecutor(
                    self.workers, mp_context=get_context("spawn"), initializer=_one_thread
                )
        return self._pools[kind]

    def _finish(
        self, epoch: int, number: int, jobs: list[tuple[Member, Future[Any] | None]]
    ) -> dict[str, Any]:
        shelf = self.members(epoch, number).shelf
        bucket = self._planned(epoch)[0].buckets[shelf]
        found: list[tuple[Member, Scene | Cut]] = []
        for member, future in jobs:
            found.append(self._result(epoch, shelf, member, future))
        waiting = [i for i, (_, one) in enumerate(found) if isinstance(one, Scene)]
        scenes = [one for _, one in found if isinstance(one, Scene)]
        drawn = dict(
            zip(waiting, draw(scenes, device=self.device, truth=self._asked), strict=True)
            if scenes
            else ()
        )
        ready = []
        for i, (member, one) in enumerate(found):
            if isinstance(one, Scene):
                ready.append(self._of_scene(epoch, shelf, member, one, bucket, *drawn[i]))
            else:
                ready.append(self._of_cut(epoch, shelf, member, one, bucket))
        return self._batch(epoch, number, bucket, ready)

    def _result(
        self, epoch: int, shelf: int, member: Member, future: "Future[Any] | None"
    ) -> tuple[Member, Scene | Cut]:
        """What came of a member, or of the one that takes its place if it cannot be read."""
        order = self._planned(epoch)[1]
        samples = order.samples(shelf, epoch)
        first, reason = member, ""
        for attempt in range(TRIES):
            try:
                if future is not None:
                    while True:
                        try:
                            return member, future.result(timeout=0.5)
                        except TimeoutError:
                            if self.cancel is not None:
                                self.cancel.check()
                _, work, arguments = self._job(epoch, shelf, member)
                return member, work(*arguments)
            except BrokenProcessPool:
                self.close()
                raise ResourceShortage(
                    "a worker process ended before its scene was made: take fewer workers if "
                    "memory runs out, and see that the script guards its main part "
                    "(if __name__ == '__main__')"
                ) from None
            except (BadInput, OSError) as error:
                key = self._key(epoch, shelf, member)
                reason = str(error).split("\n", 1)[0]
                if Dropped(key, reason) not in self.failed:
                    self.failed.append(Dropped(key, reason))
            future = None
            # Any other member of the shelf; which one depends on the slot alone.
            rng = np.random.default_rng([*self._chance(epoch, shelf, first), attempt, 0x5EC0])
            other = order.member(epoch, shelf, int(rng.integers(samples)))
            member = replace(other, slot=first.slot)
        raise UnreadableVideo(
            f"{TRIES} samples of one bucket cannot be read, the last: {reason}"
        ) from None

    def _key(self, epoch: int, shelf: int, member: Member) -> str:
        index = self._planned(epoch)[0].cuts[shelf][member.part].at(member.entry)[0]
        source = self._looked[member.part][0]
        row = source.stub(index) if isinstance(source, WorldRows) else source.row(index)
        return self._named(member.part, row.key)

    def _named(self, part: int, key: str) -> str:
        return self._leaves[part].prefix + key

    def _of_scene(
        self,
        epoch: int,
        shelf: int,
        member: Member,
        scene: Scene,
        bucket: Bucket,
        pictures: Tensor,
        known: Any,
    ) -> Ready:
        width, height = scene.animation.spec.size
        crop = crop_for(width, height, bucket)
        truth = {name: value for name, value in vars(known).items() if value is not None}
        # Out of inference mode these are ordinary tensors that gradients may pass.
        truth = {name: value.clone() for name, value in truth.items()}
        camera = scene.animation.camera
        truth["intrinsics"] = torch.from_numpy(camera.intrinsics.copy()).to(self.device)
        truth["world_to_camera"] = torch.from_numpy(camera.world_to_camera.copy()).to(self.device)
        video = _video(pictures)
        made = self._planned(epoch)[0].cuts[shelf][member.part].at(member.entry)
        start, total = made[1], made[2]
        if start < 0:
            start = chosen(total, bucket.frames, self._chance(epoch, shelf, member))
        return self._ready(
            epoch, shelf, member, scene.row, start, crop, bucket, Example(video, self.fps, truth),
            scene.actions, scene.span,
        )  # fmt: skip

    def _of_cut(self, epoch: int, shelf: int, member: Member, one: Cut, bucket: Bucket) -> Ready:
        pictures = torch.from_numpy(one.pictures).to(self.device)
        truth = {
            name: torch.from_numpy(values).to(self.device) for name, values in one.truth.items()
        }
        if one.intrinsics is not None and one.world_to_camera is not None:
            truth["intrinsics"] = torch.from_numpy(one.intrinsics).to(self.device)
            truth["world_to_camera"] = torch.from_numpy(one.world_to_camera).to(self.device)
        width, height = one.size
        matrix = fit(one.crop, bucket).to(self.device).expand(bucket.frames, 3, 3)
        truth = moved(truth, matrix, (height, width), (bucket.height, bucket.width))
        example = Example(_video(pictures), self.fps, truth)
        return self._ready(
            epoch, shelf, member, one.row, one.start, one.crop, bucket, example, one.actions, None,
            fitted=True,
        )  # fmt: skip

    def _ready(
        self,
        epoch: int,
        shelf: int,
        member: Member,
        row: Row,
        start: int,
        crop: Crop,
        bucket: Bucket,
        example: Example,
        actions: Any,
        span: Span | None,
        *,
        fitted: bool = False,
    ) -> Ready:
        chance = self._chance(epoch, shelf, member)
        if not fitted:
            example = scaled(example, crop, bucket)
        seed = 0
        told: dict[str, Tensor] = {}
        if self.augment:
            seed = int(np.random.default_rng([*chance, 0xA06]).integers(1, 2**53))
            example, told = self.augment(example, seed=seed)
        sample = Sample(
            self._named(member.part, row.key),
            Window(start / self.fps, bucket.frames),
            bucket,
            crop,
            self.fps,
            seed,
            content_name(row.hash, row.t0, row.t1),
            self.augment.text,
        )
        caption = row.caption
        if self.caption == ANY and row.captions:
            rng = np.random.default_rng([*chance, 0xCA9])
            caption = list(row.captions.values())[int(rng.integers(len(row.captions)))]
        elif self.caption:
            caption = row.captions.get(self.caption, caption)
        row = replace(row, caption=caption)
        moves = None if actions is None else torch.from_numpy(actions).to(self.device)
        return Ready(sample, row, example, moves, span, told)

    def _told(self, name: str) -> bool:
        """Whether a truth was asked for: what only augmentations look at is not handed out."""
        if name.endswith("_valid"):
            name = name.replace("_valid", "_flow")
        return name in self.truth or (name.startswith("track_") and "tracks" in self.truth)

    def _batch(self, epoch: int, number: int, bucket: Bucket, ready: list[Ready]) -> dict[str, Any]:
        device, t = self.device, bucket.frames
        b = len(ready)
        shape = (b, 3, t, bucket.height, bucket.width)
        videos = [one.example.video for one in ready]
        wide = max([one.actions.shape[1] for one in ready if one.actions is not None] or [ACTIONS])
        actions = torch.zeros((b, t, wide), device=device)
        for i, one in enumerate(ready):
            if one.actions is not None:
                actions[i, :, : one.actions.shape[1]] = one.actions
        has_camera = ["intrinsics" in one.example.truth for one in ready]
        k = torch.eye(3, device=device).repeat(b, t, 1, 1)
        pose = torch.eye(4, device=device).repeat(b, t, 1, 1)
        for i, one in enumerate(ready):
            if has_camera[i]:
                k[i] = one.example.truth["intrinsics"]
                pose[i] = one.example.truth["world_to_camera"]
        mask = torch.ones((b, t, bucket.height, bucket.width), device=device)
        has_mask = ["mask" in one.example.truth for one in ready]
        for i, one in enumerate(ready):
            if has_mask[i]:
                mask[i] = one.example.truth["mask"]
        names = [name for name in (ready[0].example.truth if ready else {}) if self._told(name)]
        truth = {}
        for name in names:
            values = [one.example.truth.get(name) for one in ready]
            some = [value for value in values if value is not None]
            if len(some) == b:
                truth[name] = _stacked(some)
        told = {
            name: torch.stack([one.told[name] for one in ready])
            for name in (ready[0].told if ready else {})
        }
        return {
            "video": torch.stack(videos) if videos else torch.zeros(shape, device=device),
            "captions": [one.row.caption for one in ready],
            "keys": [one.sample.key for one in ready],
            "samples": [one.sample for one in ready],
            "fps": torch.tensor([float(self.fps)] * b, device=device),
            "t0": torch.tensor([float(one.sample.window.t0) for one in ready], device=device),
            "actions": actions,
            "has_actions": torch.tensor([one.actions is not None for one in ready], device=device),
            "intrinsics": k,
            "world_to_camera": pose,
            "has_camera": torch.tensor(has_camera, dtype=torch.bool, device=device),
            "mask": mask,
            "has_mask": torch.tensor(has_mask, dtype=torch.bool, device=device),
            "truth": truth,
            "augment": told,
            "defects": [one.span for one in ready],
            "bucket": bucket,
            "epoch": epoch,
            "number": number,
        }


def _video(pictures: Tensor) -> Tensor:
    """Pictures `(t, h, w, 3)` as float `(3, t, h, w)` in [0, 1]."""
    planar = pictures.permute(3, 0, 1, 2)
    if pictures.dtype == torch.uint8:
        return planar.to(torch.float32).contiguous() / 255
    return planar.to(torch.float32).contiguous()


def _stacked(values: list[Tensor]) -> Tensor:
    """Tensors as one; where scenes have different casts, rows that are not there are -1 or NaN."""
    shapes = {tuple(one.shape) for one in values}
    if len(shapes) == 1:
        return torch.stack(values)
    most = [max(one.shape[i] for one in values) for i in range(values[0].ndim)]
    kind = values[0].dtype
    fill: Any = False if kind == torch.bool else float("nan") if kind.is_floating_point else -1
    out = torch.full((len(values), *most), fill, dtype=kind, device=values[0].device)
    for i, one in enumerate(values):
        out[(i, *(slice(n) for n in one.shape))] = one
    return out


def _cut(
    source: Source,
    index: int,
    start: int,
    bucket: Bucket,
    fps: Fraction,
    upscale: bool,
    seed: tuple[int, ...],
    truth: tuple[str, ...],
) -> Cut:
    return cut(source, index, start, bucket, fps, upscale=upscale, seed=seed, truth=truth)


def _one_thread() -> None:
    """A worker computes in one thread and leaves Ctrl-C to its parent."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _close(pools: dict[str, Any]) -> None:
    while pools:
        _, pool = pools.popitem()
        pool.shutdown(wait=False, cancel_futures=True)
