"""Files: clips of a plan on disk, with settings and latents that are there before any picture is.

| file | holds |
|---|---|
| `OUT` | the clip; of several the best, with record and mark in its tags |
| `OUT.json` | settings, mark, state (`sampling`, `stopped`, `done`), rank, warnings |
| `OUT.latents.safetensors` | `latents` `(c, t, h, w)` float32, to be decoded or continued |

Others of several variants are `NAME_seedN.EXT`. All are written beside their place and renamed. A
run that was stopped goes on from its latents, to the bytes of one that was not.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput, Cancelled, OutputExists
from evenflow.core.events import CancelToken, Progress
from evenflow.frameworks.made import Making, Pictures, about, mark
from evenflow.frameworks.model import SCHEMA, Model, Plan
from evenflow.frameworks.needs import disk_of, enough_disk
from evenflow.io import write
from evenflow.io.record import KEY, sidecar_name
from evenflow.io.writing import STILL_TYPES, VIDEO_TYPES
from evenflow.reports import save
from evenflow.shoot.generate import Take, in_order, numbered
from evenflow.tokenizers.video import GROUP

LATENTS = "evenflow.latents/1"
Told = Callable[[int], None]
"""Called with the number of frames that are ready, once a block."""


@dataclass(frozen=True)
class Written:
    """A clip on disk.

    Args:
        take: the clip and how it did.
        path: of the clip; settings, latents: beside it, None where nothing lies beside.
    """

    take: Take
    path: Path
    settings: Path | None
    latents: Path | None


@dataclass(frozen=True)
class _Place:
    """Where a clip and what belongs to it lie."""

    clip: Path

    @property
    def plain(self) -> bool:
        """False for standard output, beside which nothing can lie."""
        return str(self.clip) != "-"

    @property
    def stem(self) -> Path:
        """What settings and latents are named by; of a pattern its beginning."""
        name = re.split(r"[_.-]*%", self.clip.name)[0] or "frames"
        return self.clip.with_name(name)

    @property
    def settings(self) -> Path:
        return self.stem.with_name(self.stem.name + ".json")

    @property
    def latents(self) -> Path:
        return self.stem.with_name(self.stem.name + ".latents.safetensors")

    def of_seed(self, seed: int) -> "_Place":
        """Where one of several variants lies."""
        name, clip = self.clip.name, self.clip
        if "%" in name:
            return _Place(clip.with_name(name.replace("%", f"seed{seed}_%", 1)))
        return _Place(clip.with_name(f"{clip.stem}_seed{seed}{clip.suffix}"))


def free_places(
    output: Path, seeds: Sequence[int], *, overwrite: bool, resume: bool = False
) -> None:
    """Says before the work what would go wrong after it.

    Raises:
        BadInput: an ending that cannot be written, no such folder, several clips on stdout.
        OutputExists: something is there already.
    """
    if str(output) == "-":
        if len(seeds) > 1:
            raise BadInput("several variants cannot go to standard output: give -o a name")
        return
    suffix = output.suffix.lower()
    if suffix and suffix not in VIDEO_TYPES + STILL_TYPES and not output.is_dir():
        known = " ".join(VIDEO_TYPES)
        raise BadInput(f"{output.name} cannot be written: use a folder or one of {known}")
    if suffix in STILL_TYPES and "%" not in output.name:
        raise BadInput(
            f"{output.name} is one picture: use a pattern like x_%04d{suffix}, or --preview"
        )
    if not output.parent.is_dir():
        raise BadInput(f"the folder {output.parent} does not exist: make it first")
    if overwrite:
        return
    place = _Place(output)
    wanted = [place]
    if len(seeds) > 1 and not resume:
        wanted += [place.of_seed(one) for one in seeds]
    for one in wanted:
        beside = [] if resume else [one.settings, one.latents]
        for path in (one.clip, *beside):
            taken = path.exists() and not (path.is_dir() and not any(path.iterdir()))
            if "%" in path.name:
                taken = any(path.parent.glob(re.sub(r"%0?\d*d", "[0-9]*", path.name)))
            if taken:
                raise OutputExists(f"{path.name} is there already: give another name or --yes")


def produce(
    model: Model,
    plan: Plan,
    seeds: Sequence[int],
    output: Path,
    *,
    overwrite: bool = False,
    stream: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    note: Callable[[str], None] | None = None,
    told: Told | None = None,
) -> list[Written]:
    """Makes clips and writes them, the best first.

    Args:
        model: from `load`; plan: from `model.plan`.
        seeds: one a clip.
        output: where the best goes, see the top of this file; `-` is YUV4MPEG2 on stdout.
        overwrite: replace what is there.
        stream: write frames as soon as their block is made; the bytes are the same.
        resume: go on from the latents of a run that was stopped.
        progress, cancel: see `core.events`.
        note: told what the file cannot hold.
        told: called with the number of frames that are written, once a block, of each clip.

    Raises:
        OutputExists, BadInput: see `free_places`; or what is there is of another clip.
        ResourceShortage: not enough disk.
        Cancelled: settings and latents are left, and `resume` goes on.
    """
    free_places(output, seeds, overwrite=overwrite, resume=resume)
    place = _Place(output)
    if place.plain:
        channels = model.teacher.net.config.channels
        lossless = output.suffix.lower() not in (".mp4", ".mov", ".m4v", ".webm")
        need = disk_of(plan.size, plan.frames, channels, lossless=lossless)
        enough_disk(output.parent, need * len(seeds))
    made: list[tuple[Take, _Place]] = []
    for i, seed in enumerate(seeds):
        where = place if len(seeds) == 1 else place.of_seed(seed)
        begun = _begun(model, plan, seed, where) if resume else None
        one = _One(model, plan, seed, where, numbered(progress, i, len(seeds)), cancel, note, told)
        made.append((one.make(begun, stream=stream), where))
    takes = in_order(model, plan, [take for take, _ in made], progress=progress, cancel=cancel)
    places = {take.seed: where for take, where in made}
    written = []
    for number, take in enumerate(takes):
        where = places[take.seed]
        if number == 0 and where is not place:
            for old, new in (
                (where.clip, place.clip), (where.latents, place.latents),
            ):  # fmt: skip
                _moved(old, new)
            where.settings.unlink(missing_ok=True)
            where = place
        if where.plain:
            _save_settings(model, plan, take, where, number + 1 if len(takes) > 1 else None)
        beside = (where.settings, where.latents) if where.plain else (None, None)
        written.append(Written(take, where.clip, *beside))
    return written


@dataclass(frozen=True)
class _One:
    """One clip on its way to disk."""

    model: Model
    plan: Plan
    seed: int
    place: _Place
    progress: Progress | None
    cancel: CancelToken | None
    note: Callable[[str], None] | None
    told: Told | None

    def make(self, begun: "torch.Tensor | None", *, stream: bool) -> Take:
        model, plan = self.model, self.plan
        self._say("sampling", 0)
        done: list[torch.Tensor] = []
        pictures: list[Pictures] = []

        def parts() -> Iterator[torch.Tensor]:
            try:
                for part in model.parts(
                    plan, self.seed, begun=begun, progress=self.progress, cancel=self.cancel
                ):
                    done.append(part)
                    if stream:
                        self._keep(done)
                    yield part
            except Cancelled:
                self._keep(done)
                self._say("stopped", sum(part.shape[2] for part in done))
                raise

        def groups(source: Iterator[torch.Tensor], quiet: bool) -> Iterator[Pictures]:
            number = 0
            shown = None if quiet else self.progress
            for group in model.pictures(
                source, frames=plan.frames, progress=shown, cancel=self.cancel
            ):
                pictures.append(group)
                number += len(group)
                yield group
                ready = 1 + GROUP * (sum(part.shape[2] for part in done) - 1)
                if self.told is not None and number == ready:
                    self.told(number)

        record = model.record(plan, self.seed)
        name = self.place.clip.name
        info = about(plan.size, plan.frames, plan.fps, name)
        if stream:
            source = Making(lambda: groups(parts(), True), info, record, plan.warnings)
            try:
                self._write(Clip(source), None)
            except Cancelled:
                self._say("stopped", sum(part.shape[2] for part in done))
                raise
        else:
            for _ in parts():
                pass
            self._keep(done)
            try:
                for _ in groups(iter(done), False):
                    pass
                source = Making(lambda: iter(pictures), info, record, plan.warnings)
                self._write(Clip(source), self.progress)
            except Cancelled:
                self._say("stopped", plan.latent_frames)
                raise
        latents = torch.cat(done, dim=2)[0].float().cpu().numpy()
        return Take(model.made(plan, self.seed, np.concatenate(pictures), latents), self.seed)

    def _write(self, clip: Clip, progress: Progress | None) -> None:
        write(
            clip,
            self.place.clip,
            overwrite=True,  # it was looked for before the work
            progress=progress,
            cancel=self.cancel,
            note=self.note,
        )

    def _say(self, state: str, latent_frames: int) -> None:
        if not self.place.plain:
            return
        record = self.model.record(self.plan, self.seed)
        told = {"state": state, "latent_frames": latent_frames, "provenance": mark(record)}
        _save_json({**record, **told}, self.place.settings)

    def _keep(self, done: list[torch.Tensor]) -> None:
        if not self.place.plain or not done:
            return
        from safetensors.torch import save as packed

        latents = torch.cat(done, dim=2)[0].float().cpu().contiguous()
        record = self.model.record(self.plan, self.seed)
        told = {"schema": LATENTS, "record": record}
        metadata = {KEY: json.dumps(told, ensure_ascii=True)}  # one key: the order of keys varies
        data = packed({"latents": latents}, metadata)
        save_bytes(data, self.place.latents)


def _save_settings(model: Model, plan: Plan, take: Take, place: _Place, rank: int | None) -> None:
    record = model.record(plan, take.seed)
    told: dict[str, Any] = {
        "state": "done",
        "latent_frames": plan.latent_frames,
        "files": {"clip": place.clip.name, "latents": place.latents.name},
        "warnings": list(plan.warnings),
        "provenance": mark(record),
    }
    if rank is not None and take.rank is not None:
        told["rank"] = {"place": rank, **take.rank.to_json()}
    _save_json({**record, **told}, place.settings)


def _save_json(data: dict[str, Any], path: Path) -> None:
    save(json.dumps(data, indent=1, ensure_ascii=False) + "\n", path)


def save_bytes(data: bytes, path: Path) -> None:
    """Writes beside `path` and renames."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            file.write(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _moved(old: Path, new: Path) -> None:
    old_record, new_record = (path.with_name(sidecar_name(path.name)) for path in (old, new))
    if "%" in old.name and old_record.is_file():  # which the pictures of a pattern have beside them
        old_record.replace(new_record)
    if "%" not in old.name:
        if not (new.is_dir() and old.is_dir()):
            old.replace(new)
            return
        made = {path.name for path in old.iterdir()}  # what else lies in the folder stays there
        for path in sorted(new.iterdir()):
            if re.fullmatch(r"\d{6}\.png", path.name) and path.name not in made:
                path.unlink()
        for name in sorted(made):
            (old / name).replace(new / name)
        old.rmdir()
        return
    before, after = (re.split(r"%0?\d*d", path.name, maxsplit=1) for path in (old, new))
    for path in sorted(old.parent.glob(f"{before[0]}*{before[1]}")):
        number = path.name[len(before[0]) : len(path.name) - len(before[1])]
        if number.isdigit():
            path.replace(new.with_name(f"{after[0]}{number}{after[1]}"))


def _begun(model: Model, plan: Plan, seed: int, place: _Place) -> "torch.Tensor | None":
    """Latents that a stopped run left, if they are of this very clip."""
    if not place.plain or not place.latents.is_file():
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(place.latents, "pt") as file:
            record = json.loads((file.metadata() or {}).get(KEY, "{}")).get("record", {})
            latents: torch.Tensor = file.get_tensor("latents")[None]
    except (OSError, ValueError, SafetensorError) as error:
        raise BadInput(
            f"{place.latents.name} cannot be read: {str(error).splitlines()[0]}"
        ) from None
    mine = model.record(plan, seed)
    for name, value in mine.items():
        if name != "version" and record.get(name) != value:
            raise BadInput(
                f"{place.latents.name} is of another clip: its {name} is "
                f"{_brief(record.get(name))}, not {_brief(value)}; give the same, or another -o"
            )
    rows = (plan.size[1] // 8, plan.size[0] // 8)
    channels = model.teacher.net.config.channels
    if latents.shape[1] != channels or tuple(latents.shape[3:]) != rows:
        raise BadInput(f"{place.latents.name} holds latents of another size: give another -o")
    return latents


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def settings_of(output: Path) -> dict[str, Any] | None:
    """What a stopped run was asked for; None where nothing lies beside the clip.

    Raises:
        BadInput: what lies there is something else.
    """
    path = _Place(output).settings
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise BadInput(f"{path.name} is not the settings of a generated clip")
    return data
