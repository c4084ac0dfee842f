"""Shards: a dataset as WebDataset tars, which are the same to the last byte whoever writes them.

A sample is the members `STEM.json` (columns), `STEM.txt` (caption), `STEM.mp4` and, for scenes,
`STEM.gt.*`; shards hold so many samples or bytes. Workers make samples, one process puts them into
tars in the order of the rows, with times and owners of zero. A shard appears when it is whole, and
`shards.jsonl` lists it; a run that was stopped goes on behind the last one that is listed.

| file | what |
|---|---|
| `shard-000000.tar` ... | samples |
| `shards.jsonl` | one line a shard: name, samples `[first, last)`, bytes, SHA-256 |
| `shards.json` | what was asked for; another request does not go on with it |
| `checksums.sha256` | for `sha256sum -c`, when all is done |
"""

import hashlib
import json
import shutil
import tarfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from evenflow.core.errors import BadInput, EvenflowError, OutputExists
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.columns import row_to
from evenflow.data.curation.content import file_hash
from evenflow.data.media import Recipe, as_json, columns, place, stems
from evenflow.data.row import Row, Source
from evenflow.data.workers import spread
from evenflow.world.spec_file import write_whole

SCHEMA = "evenflow.shards/1"
LIST, REQUEST, SUMS, LEFT = "shards.jsonl", "shards.json", "checksums.sha256", "left_out.jsonl"
SCRATCH = ".parts"
SHARD_BYTES = 1_000_000_000
"""About what readers of WebDataset tars recommend: large enough to stream, small enough to move."""


@dataclass(frozen=True)
class Shard:
    """A finished shard.

    Args:
        name: of its file.
        first, last: samples `[first, last)`, counted over the rows that were asked for.
        bytes: of the file.
        sha256: of the file.
        left_out: rows among them that could not be decoded: key and why.
    """

    name: str
    first: int
    last: int
    bytes: int
    sha256: str
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Shards:
    """What was written.

    Args:
        folder: where.
        shards: in order.
        samples: rows that were asked for.
        left_out: rows that could not be decoded, key and why.
        resumed: shards that were there already.
    """

    folder: Path
    shards: tuple[Shard, ...]
    samples: int
    left_out: tuple[tuple[str, str], ...] = ()
    resumed: int = 0


def write_shards(
    source: Source,
    folder: str | Path,
    *,
    rows: Sequence[Row] | None = None,
    per_shard: int | None = None,
    shard_bytes: int = SHARD_BYTES,
    recipe: Recipe | None = None,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Shards:
    """Writes rows as WebDataset tars.

    Args:
        source: the dataset that opens the rows.
        folder: where; made if it is not there.
        rows: which, in this order; all of them by default.
        per_shard: samples of a shard, at most.
        shard_bytes: bytes of a shard, at most, unless one sample alone has more.
        recipe: how clips are written.
        workers: processes; they change no byte.
        resume: go on behind the last shard that is whole.
        overwrite: begin again where the folder holds shards.

    Raises:
        OutputExists: the folder holds shards, and neither `resume` nor `overwrite` is said.
        BadInput: to be resumed with another request.
        Cancelled: shards that are whole are kept for `resume`.
    """
    folder = Path(folder).expanduser()
    recipe = recipe or Recipe()
    if rows is None:
        rows = [source.row(i) for i in range(len(source))]
    if not rows:
        raise BadInput("there is not one row to write: look at the source and the filter")
    if (per_shard is not None and per_shard < 1) or shard_bytes < 1:
        raise BadInput("a shard holds at least one sample and one byte")
    request = _request(rows, per_shard, shard_bytes, recipe)
    done = _begun(folder, request, resume=resume, overwrite=overwrite)
    scratch = folder / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    writer = _Writer(folder, per_shard or len(rows), shard_bytes, done)
    first = done[-1].last if done else 0
    names = stems(rows, dots=False)
    jobs = [(number, rows[number], names[number]) for number in range(first, len(rows))]
    meter = Meter("shards", len(rows), progress=progress, cancel=cancel)
    meter.advance(first)
    try:
        for _, made in spread(
            _sample, jobs, setup=(source, scratch, recipe), workers=workers, cancel=cancel
        ):
            if isinstance(made, Exception):
                raise made
            writer.add(made)
            meter.advance()
        writer.close()
    finally:
        writer.abandon()
        shutil.rmtree(scratch, ignore_errors=True)
    left = tuple(one for shard in writer.done for one in shard.left_out)
    if left:
        write_whole(folder / LEFT, b"".join(as_json({"key": k, "why": w}) for k, w in left))
    sums = "".join(f"{shard.sha256}  {shard.name}\n" for shard in writer.done)
    write_whole(folder / SUMS, sums.encode())
    return Shards(folder, tuple(writer.done), len(rows), left, len(done))


def _request(
    rows: Sequence[Row], per_shard: int | None, shard_bytes: int, recipe: Recipe
) -> dict[str, Any]:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row_to(row), sort_keys=True).encode() + b"\n")
    return {
        "schema": SCHEMA,
        "rows": len(rows),
        "rows_sha256": digest.hexdigest(),
        "per_shard": per_shard,
        "shard_bytes": shard_bytes,
        "recipe": asdict(recipe) | {"truth": list(recipe.truth)},
    }


def _begun(folder: Path, request: dict[str, Any], *, resume: bool, overwrite: bool) -> list[Shard]:
    """Shards that are whole already, or a folder that is ready for the first."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder.name} is a file: give the name of a folder")
    if not folder.parent.is_dir():
        raise BadInput(f"the folder {folder.parent} does not exist: make it first")
    known = (folder / REQUEST).is_file()
    if known and resume:
        if json.loads((folder / REQUEST).read_text(encoding="utf-8")) != request:
            raise BadInput(
                f"{folder.name} was begun with other rows or settings: say the same again, or "
                "--yes without --resume to begin anew"
            )
        return _listed(folder)
    if folder.is_dir() and any(folder.iterdir()):
        if not known:
            raise OutputExists(f"{folder.name} holds something else: choose another folder")
        if not overwrite:
            raise OutputExists(
                f"{folder.name} holds shards: say --resume to go on, or --yes to begin again"
            )
        for path in (*folder.glob("shard-*.tar"), *folder.glob(".shard-*.part")):
            path.unlink()
        for name in (LIST, SUMS, REQUEST, LEFT):
            (folder / name).unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    write_whole(folder / REQUEST, as_json(request, indent=1))
    return []


def _listed(folder: Path) -> list[Shard]:
    """Shards of the list that are there in full length, up to the first that is not."""
    shards: list[Shard] = []
    path = folder / LIST
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    kept: list[str] = []
    for line in lines[:-1]:  # what follows the last line end is torn
        with suppress(ValueError, KeyError, TypeError, OSError):
            data = json.loads(line)
            data["left_out"] = tuple((k, w) for k, w in data.get("left_out", ()))
            shard = Shard(**data)
            whole = (folder / shard.name).stat().st_size == shard.bytes
            if whole and shard.first == (shards[-1].last if shards else 0):
                shards.append(shard)
                kept.append(line + "\n")
                continue
        break
    if lines:
        write_whole(path, "".join(kept).encode())
    return shards


# One sample -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Made:
    """A sample on the disk, before it is put into a tar.

    Args:
        folder: to be removed afterwards.
        members: name in the tar and file.
        failed: key and why, if the clip cannot be decoded.
    """

    folder: Path
    members: tuple[tuple[str, Path], ...] = ()
    failed: tuple[str, str] | None = None


def _sample(setup: tuple[Source, Path, Recipe], job: tuple[int, Row, str]) -> _Made:
    """Writes the files of one sample; what a worker does."""
    source, scratch, recipe = setup
    number, row, stem = job
    folder = scratch / f"{number:09d}"
    folder.mkdir(parents=True)
    try:
        placed = place(source, row, folder, stem, recipe)
    except EvenflowError as error:
        return _Made(folder, failed=(row.key, " ".join(str(error).split())))
    video = folder / placed.row.path
    extra = {k: v for k, v in placed.row.extra.items() if k != "gt"}
    facts = columns(placed.row, without=("path", "key", "extra"))
    data = {"key": row.key, **facts, **({"extra": extra} if extra else {})}
    text = folder / f"{stem}.json"
    text.write_bytes(as_json(data))
    members = [(text.name, text), (f"{stem}.txt", folder / f"{stem}.txt"), (video.name, video)]
    truth = folder / "gt" / stem
    if truth.is_dir():
        found = sorted(path for path in truth.rglob("*") if path.is_file())
        members += [(f"{stem}.gt.{path.relative_to(truth).as_posix()}", path) for path in found]
    return _Made(folder, tuple(members))


# Tars -------------------------------------------------------------------------------------------


@dataclass
class _Writer:
    """Puts samples into tars, one after the other."""

    folder: Path
    per_shard: int
    shard_bytes: int
    done: list[Shard]
    _file: IO[bytes] | None = None
    _tar: tarfile.TarFile | None = None
    _count: int = 0  # samples of the open shard
    _size: int = 0  # bytes that its members take
    _next: int = 0  # number of the next sample
    _left: list[tuple[str, str]] = field(default_factory=list)
    _resumed: int = field(init=False)

    def __post_init__(self) -> None:
        self.done = list(self.done)
        self._resumed = len(self.done)
        self._next = self.done[-1].last if self.done else 0

    @property
    def _part(self) -> Path:
        return self.folder / f".shard-{len(self.done):06d}.tar.part"

    def add(self, made: _Made) -> None:
        """The next sample."""
        need = sum(_taken(path.stat().st_size) for _, path in made.members)
        full = self._count >= self.per_shard or self._size + need > self.shard_bytes
        if self._tar is not None and self._count and full:
            self.close()
        if self._tar is None:
            self._file = open(self._part, "wb")  # noqa: SIM115
            self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.GNU_FORMAT)
        for name, path in made.members:
            info = tarfile.TarInfo(name)
            info.size = path.stat().st_size
            info.mode = 0o644
            with open(path, "rb") as file:
                self._tar.addfile(info, file)
        self._size += need
        self._next += 1
        if made.failed is None:
            self._count += 1
        else:
            self._left.append(made.failed)
        shutil.rmtree(made.folder, ignore_errors=True)

    def close(self) -> None:
        """Finishes the open shard: it gets its name, then its line in the list."""
        if self._tar is None or self._file is None:
            return
        part = self._part
        self._tar.close()
        self._file.close()
        self._tar = self._file = None
        name = f"shard-{len(self.done):06d}.tar"
        first = self.done[-1].last if self.done else 0
        shard = Shard(
            name, first, self._next, part.stat().st_size, file_hash(part), tuple(self._left)
        )
        part.replace(self.folder / name)
        with open(self.folder / LIST, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(shard)) + "\n")
        self.done.append(shard)
        self._count = self._size = 0
        self._left = []

    def abandon(self) -> None:
        """Removes a shard that is not whole."""
        if self._tar is not None and self._file is not None:
            part = self._part
            self._file.close()
            self._tar = self._file = None
            part.unlink(missing_ok=True)


def _taken(size: int) -> int:
    """Bytes that a member takes in a tar: a header, and content up to a block of 512."""
    return 512 + -(-size // 512) * 512


# Looking after ----------------------------------------------------------------------------------


def verify(
    folder: str | Path, *, progress: Progress | None = None, cancel: CancelToken | None = None
) -> list[str]:
    """What is wrong with an exported folder, one line each: files against `checksums.sha256`.

    Of shards the list is held against them too: names of members are safe, samples are whole.

    Raises:
        BadInput: there are no checksums.
    """
    folder = Path(folder).expanduser()
    if not (folder / SUMS).is_file():
        raise BadInput(f"{folder.name} holds no {SUMS}: it is no export, or one that was stopped")
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    meter = Meter("verify", len(lines), progress=progress, cancel=cancel)
    wrong = []
    for line in lines:
        expected, _, name = line.partition("  ")
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts:
            wrong.append(f"{SUMS} names {name!r}, which leaves the folder")
        elif not (folder / name).is_file():
            wrong.append(f"{name} is missing")
        elif file_hash(folder / name) != expected:
            wrong.append(f"{name} has changed: its checksum is another one")
        meter.advance()
    if (folder / REQUEST).is_file():
        wrong += _wrong_shards(folder)
    return wrong


def _wrong_shards(folder: Path) -> list[str]:
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    shards = _parsed(folder)
    wrong = []
    expected = 0
    for shard in shards:
        if shard.first != expected:
            wrong.append(f"{shard.name} begins with sample {shard.first}, not {expected}")
        expected = shard.last
        path = folder / shard.name
        if not path.is_file():
            continue
        stems_seen: dict[str, set[str]] = {}
        try:
            with tarfile.open(path, "r:") as tar:
                for info in tar:
                    place = PurePosixPath(info.name)
                    if not info.isreg() or place.is_absolute() or ".." in place.parts:
                        wrong.append(f"{shard.name} holds {info.name!r}, which is not safe")
                        continue
                    stem, _, suffix = info.name.partition(".")
                    stems_seen.setdefault(stem, set()).add(suffix)
        except (tarfile.TarError, OSError) as error:
            wrong.append(f"{shard.name} cannot be read as a tar: {error}")
            continue
        num = shard.last - shard.first - len(shard.left_out)
        if len(stems_seen) != num:
            wrong.append(f"{shard.name} holds {len(stems_seen)} samples, the list says {num}")
        for stem, suffixes in stems_seen.items():
            if not {"json", "txt"} <= suffixes:
                wrong.append(f"{shard.name}: the sample {stem} is not whole")
    if expected != request["rows"]:
        wrong.append(f"{expected} of {request['rows']} samples are there")
    return wrong


def _parsed(folder: Path) -> list[Shard]:
    shards = []
    for line in (folder / LIST).read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        data["left_out"] = tuple((k, w) for k, w in data.get("left_out", ()))
        shards.append(Shard(**data))
    return shards
