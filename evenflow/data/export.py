"""Export: the rows that are wanted, as a folder that a trainer reads.

Clips that are written are noted in `.export.jsonl`, so that a run that was stopped goes on; when
all is done the note goes and `checksums.sha256` comes.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from evenflow.core.errors import BadInput, EvenflowError, OutputExists
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.columns import row_from, row_to
from evenflow.data.curation import STAGES
from evenflow.data.exporters import EXPORTS
from evenflow.data.files import WRONG
from evenflow.data.media import Placed, Recipe, as_json, place, stems
from evenflow.data.row import Row, Source
from evenflow.data.shards import LEFT, SHARD_BYTES, SUMS, write_shards
from evenflow.data.where import Where, parse_where
from evenflow.data.workers import spread
from evenflow.world.spec_file import write_whole

NOTE = ".export.jsonl"
BELOW = "videos"
MOST_FILES = 5000
"""Clips of one folder; with their captions 10000 files."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Args:
        folder, format: where and how.
        rows: that were written.
        filtered: rows that the expression or the split left out.
        left_out: rows that cannot be opened, or could not be decoded: key and why.
        failed: how many of these nobody knew of before.
        files: names of the lists and shards, without the clips.
    """

    folder: Path
    format: str
    rows: int
    filtered: int
    left_out: tuple[tuple[str, str], ...]
    failed: int
    files: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "folder": str(self.folder), "format": self.format, "rows": self.rows,
            "filtered": self.filtered, "left_out": [{"key": k, "why": w} for k, w in self.left_out],
            "files": list(self.files),
        }  # fmt: skip


def export(
    source: Source,
    folder: str | Path,
    *,
    format: str = "metadata",
    where: str | Where | None = None,
    split: str | None = None,
    recipe: Recipe | None = None,
    per_shard: int | None = None,
    shard_bytes: int = SHARD_BYTES,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Exported:
    """Writes the rows that are wanted.

    Args:
        source: a dataset.
        folder: where; made if it is not there.
        format: a row of EXPORTS.
        where: an expression, see `where.parse_where`.
        split: `val`: rows of that split; or `train=0.9,val=0.1`: gives a split to rows without
            one, by a hash of their key, all shots of a clip alike.
        recipe: how clips are written.
        per_shard, shard_bytes: of `webdataset`, see `shards.write_shards`.
        workers: processes; they change no byte.
        resume: go on with what is there.
        overwrite: begin again where the folder holds an export.

    Raises:
        BadInput: an unknown format, a bad expression, no rows.
        OutputExists: the folder holds something, and neither `resume` nor `overwrite` is said.
    """
    folder = Path(folder).expanduser()
    if format not in EXPORTS:
        raise BadInput(f"there is no format {format!r}: there are {', '.join(EXPORTS)}")
    recipe = recipe or Recipe()
    rows, filtered, known = wanted(source, where=where, split=split)
    if not rows:
        raise BadInput(
            f"no row is left of {filtered + len(known)}: look at the expression and the marks"
        )
    index = EXPORTS[format].index
    if index is None:
        shards = write_shards(
            source, folder, rows=rows, per_shard=per_shard, shard_bytes=shard_bytes,
            recipe=recipe, workers=workers, resume=resume, overwrite=overwrite,
            progress=progress, cancel=cancel,
        )  # fmt: skip
        files = tuple(shard.name for shard in shards.shards)
        left = (*known, *shards.left_out)
        num = len(rows) - len(shards.left_out)
        return Exported(folder, format, num, filtered, left, len(shards.left_out), files)
    notes = _begun(folder, _request(rows, recipe), resume=resume, overwrite=overwrite)
    placed, failed = _placed(source, rows, folder, recipe, notes, workers, progress, cancel)
    left = (*known, *failed)
    made = [one.row for one in placed]
    if not made:
        raise BadInput(f"not one clip could be written: {failed[0][0]}: {failed[0][1]}")
    index(made, folder)
    lists = sorted(
        path.name
        for path in folder.iterdir()
        if path.is_file() and path.name not in (NOTE, SUMS, LEFT)
    )
    if left:
        write_whole(folder / LEFT, b"".join(as_json({"key": k, "why": w}) for k, w in left))
    else:
        (folder / LEFT).unlink(missing_ok=True)
    sums = {name: digest for one in placed for name, digest in one.files}
    for name in lists:
        sums[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    write_whole(folder / SUMS, text.encode())
    (folder / NOTE).unlink(missing_ok=True)
    return Exported(folder, format, len(made), filtered, left, len(failed), tuple(lists))


# Which ------------------------------------------------------------------------------------------


def wanted(
    source: Source, *, where: str | Where | None = None, split: str | None = None
) -> tuple[list[Row], int, list[tuple[str, str]]]:
    """Rows to be written; how many were filtered; and those that are known not to open, with why.

    Raises:
        BadInput: the expression or the split cannot be understood, or asks for what no row has.
    """
    test = parse_where(where) if isinstance(where, str) else where
    rows = [source.row(i) for i in range(len(source))]
    shares = parse_split(split) if split else None
    if isinstance(shares, dict):
        rows = [row if row.split else replace(row, split=_share(row, shares)) for row in rows]
    if test is not None:
        test.check(rows, marks=[name for stage in STAGES.values() for name in stage.marks])
    kept: list[Row] = []
    filtered = 0
    closed: list[tuple[str, str]] = []
    for row in rows:
        if isinstance(shares, str) and row.split != shares:
            filtered += 1
            continue
        if test is not None and not test(row):
            filtered += 1
            continue
        wrong = next((row.marks[n] for n in (*WRONG, "undecodable") if n in row.marks), None)
        if wrong is None:
            kept.append(row)
        else:
            closed.append((row.key, wrong))
    return kept, filtered, closed


def parse_split(text: str) -> str | dict[str, float]:
    """Reads `val`, or shares like `train=0.9,val=0.1` that sum up to 1.

    >>> parse_split("train=0.75, val=0.25")
    {'train': 0.75, 'val': 0.25}

    Raises:
        BadInput: no such form, or shares that do not sum up to 1.
    """
    if "=" not in text:
        name = text.strip()
        if not name:
            raise BadInput("a split has a name, like val")
        return name
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        name = name.strip()
        try:
            value = float(Fraction(share.strip()))
        except (ValueError, ZeroDivisionError, OverflowError):
            raise BadInput(f"a share is a number like 0.9, got {part.strip()!r}") from None
        if not name or name in shares or not 0 <= value <= 1:
            raise BadInput(f"splits are written train=0.9,val=0.1, got {text!r}")
        shares[name] = value
    if abs(sum(shares.values()) - 1.0) > 1e-6:
        raise BadInput(f"the shares sum up to 1, got {sum(shares.values()):g}")
    return shares


def _share(row: Row, shares: dict[str, float]) -> str:
    key = str(row.extra.get("whole", row.key))
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    for name, share in shares.items():
        number -= share
        if number < 0:
            return name
    return list(shares)[-1]


# Clips ------------------------------------------------------------------------------------------


def _request(rows: Sequence[Row], recipe: Recipe) -> str:
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    for row in rows:
        digest.update(json.dumps(row_to(row), sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _begun(folder: Path, request: str, *, resume: bool, overwrite: bool) -> dict[str, Placed]:
    """Clips that are there already, by key; the folder is ready for the others."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder.name} is a file: give the name of a folder")
    if not folder.parent.is_dir():
        raise BadInput(f"the folder {folder.parent} does not exist: make it first")
    note, done = folder / NOTE, folder / SUMS
    filled = folder.is_dir() and any(folder.iterdir())
    if filled and not note.is_file() and not done.is_file():
        raise OutputExists(f"{folder.name} holds something else: choose another folder")
    if filled and not resume and not overwrite:
        what = "an export that was stopped" if note.is_file() else "an export"
        raise OutputExists(
            f"{folder.name} holds {what}: say --resume to go on, or --yes to begin again"
        )
    known: dict[str, Placed] = {}
    if resume and note.is_file():
        lines = note.read_text(encoding="utf-8").split("\n")
        if lines and json.loads(lines[0] or "{}").get("request") != request:
            raise BadInput(
                f"{folder.name} was begun with other rows or settings: say the same again, or "
                "--yes without --resume to begin anew"
            )
        for line in lines[1:-1]:
            with suppress(ValueError, KeyError, TypeError, BadInput):
                data = json.loads(line)
                placed = Placed(row_from(data["row"]), tuple((n, h) for n, h in data["files"]))
                if all((folder / name).is_file() for name, _ in placed.files):
                    known[placed.row.key] = placed
        return known
    if filled:
        _emptied(folder)
    folder.mkdir(exist_ok=True)
    write_whole(note, as_json({"request": request}))
    return known


def _emptied(folder: Path) -> None:
    """Removes an earlier export: only what it is known to have written."""
    if (folder / SUMS).is_file():
        for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
            name = line.partition("  ")[2]
            path = folder / name
            if path.is_file() and ".." not in Path(name).parts and not Path(name).is_absolute():
                path.unlink()
    if (folder / NOTE).is_file():
        for line in (folder / NOTE).read_text(encoding="utf-8").splitlines()[1:]:
            with suppress(ValueError, KeyError, TypeError):
                for name, _ in json.loads(line)["files"]:
                    if ".." not in Path(name).parts and not Path(name).is_absolute():
                        (folder / name).unlink(missing_ok=True)
    for name in (SUMS, NOTE, LEFT):
        (folder / name).unlink(missing_ok=True)


def _placed(
    source: Source,
    rows: list[Row],
    folder: Path,
    recipe: Recipe,
    known: dict[str, Placed],
    workers: int,
    progress: Progress | None,
    cancel: CancelToken | None,
) -> tuple[list[Placed], list[tuple[str, str]]]:
    """Every clip in its place, in the order of the rows; and what failed."""
    names = stems(rows)
    several = len(rows) > MOST_FILES
    jobs = []
    for number, (row, stem) in enumerate(zip(rows, names, strict=True)):
        below = f"{BELOW}/{number // MOST_FILES:04d}" if several else BELOW
        if row.key not in known:
            jobs.append((row, stem, below))
    found = dict(known)
    failed: dict[str, str] = {}
    meter = Meter("export", len(rows), progress=progress, cancel=cancel)
    meter.advance(len(known))
    with open(folder / NOTE, "a", encoding="utf-8") as note:
        for number, made in spread(
            _place, jobs, setup=(source, folder, recipe), workers=workers, ordered=False,
            cancel=cancel,
        ):  # fmt: skip
            row = jobs[number][0]
            if isinstance(made, EvenflowError):
                failed[row.key] = " ".join(str(made).split())
            elif isinstance(made, Exception):
                raise made
            else:
                found[row.key] = made
                data = {"row": row_to(made.row), "files": made.files}
                note.write(json.dumps(data, ensure_ascii=False) + "\n")
                note.flush()
            meter.advance()
    placed = [found[row.key] for row in rows if row.key in found]
    return placed, [(row.key, failed[row.key]) for row in rows if row.key in failed]


def _place(setup: tuple[Source, Path, Recipe], job: tuple[Row, str, str]) -> Placed:
    source, folder, recipe = setup
    row, stem, below = job
    return place(source, row, folder, stem, recipe, below=below)
