"""Curate: every clip of a dataset measured once; scores and marks beside it, nothing deleted.

| file | what |
|---|---|
| `curated.jsonl` | every row of the dataset, in order, followed by its shots if it has cuts |
| `metadata.jsonl` | the rows to choose from: clips of one shot, and shots of the others |
| `curated.json` | the dataset that they come from, settings, counts |
| `work.jsonl` | what was measured, a line a clip; what a run that was stopped goes on from |

Results are kept by content and settings: a clip that is moved, or renamed, or that comes twice, is
measured once, and one that has changed is measured again.
"""

import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import evenflow
from evenflow.core.errors import BadInput, EvenflowError, OutputExists
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.columns import row_from, row_to
from evenflow.data.curation import STAGES
from evenflow.data.curation.content import content_hash, content_of
from evenflow.data.curation.cuts import shots
from evenflow.data.curation.duplicates import Entry, find, from_json, to_json
from evenflow.data.curation.statistics import Statistics, measure
from evenflow.data.files import WRONG
from evenflow.data.row import Row, Source
from evenflow.data.workers import spread
from evenflow.world.spec_file import write_whole

SCHEMA = "evenflow.curation/1"
TABLES = ("curated.jsonl", "metadata.jsonl", "curated.json")
WORK = "work.jsonl"


@dataclass(frozen=True)
class Summary:
    """What came of a curation.

    Args:
        rows: clips of the dataset; shots: rows of `metadata.jsonl`.
        measured: clips that were decoded in this run; the others were known.
        marks: how many rows of `metadata.jsonl` carry each mark, and whole clips with cuts.
    """

    folder: Path
    rows: int
    shots: int
    measured: int
    marks: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "folder": str(self.folder), "rows": self.rows, "shots": self.shots,
            "measured": self.measured, "marks": self.marks,
        }  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What decides on the numbers.

    Args:
        stages: names, in the order of STAGES.
    """

    stages: tuple[str, ...] = tuple(STAGES)

    @property
    def wants(self) -> frozenset[str]:
        """What the pass over the frames has to do."""
        return frozenset(STAGES[name].needs for name in self.stages) - {"", "nothing"}

    @property
    def fingerprint(self) -> str:
        """Names stages, their code and that of the pass: equal ones give equal numbers."""
        text = json.dumps([self.stages, code_mark("detectors" in self.wants)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def code_mark(judging: bool = True) -> str:
    """A hash of the code that measures; without detectors theirs does not count."""
    house = Path(evenflow.__file__).parent
    files = sorted((house / "data" / "curation").glob("*.py"))
    for room in ("continuity", "motion"):
        files += sorted((house / room).glob("*.py"))
    if judging:
        files += sorted((house / "continuity" / "detectors").glob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def chosen_stages(text: str | None) -> tuple[str, ...]:
    """Names of stages from what a person writes: `cuts,black`, `all`, `-detectors,-text`.

    >>> chosen_stages("black, cuts")
    ('cuts', 'black')

    Raises:
        BadInput: there is no such stage.
    """
    words = [word.strip().lower() for word in (text or "all").split(",") if word.strip()]
    for word in words:
        if word.lstrip("-") not in STAGES and word != "all":
            raise BadInput(f"there is no stage {word!r}: there are {', '.join(STAGES)}")
    kept = {w for w in words if not w.startswith("-")}
    if "all" in kept or not kept:
        kept = set(STAGES)
    kept -= {w.lstrip("-") for w in words if w.startswith("-")}
    if not kept:
        raise BadInput("no stage is left: say at least one")
    return tuple(name for name in STAGES if name in kept)


def curate(
    source: Source,
    folder: str | Path,
    *,
    stages: Sequence[str] = tuple(STAGES),
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Summary:
    """Measures every clip, looks for duplicates, and writes the tables.

    Args:
        source: a dataset.
        folder: where the tables go; made if it is not there.
        stages: rows of STAGES.
        workers: processes; they change no byte of the tables.
        resume: go on from what `work.jsonl` holds; rows that are new are added.
        overwrite: begin again where the folder holds a curation.

    Raises:
        OutputExists: the folder holds something, and neither `resume` nor `overwrite` is said.
        Cancelled: what is measured is kept for `resume`.
    """
    folder = Path(folder).expanduser()
    settings = Settings(tuple(name for name in STAGES if name in stages))
    _ready(folder, resume=resume, overwrite=overwrite)
    book = _Book(folder / WORK, settings)
    rows = [source.row(i) for i in range(len(source))]
    try:
        jobs = _unknown(source, rows, book)
        meter = Meter("curate", len(jobs), progress=progress, cancel=cancel)
        for _, made in spread(
            _measured, jobs, setup=(source, settings.stages), workers=workers, ordered=False,
            cancel=cancel,
        ):  # fmt: skip
            if isinstance(made, Exception):
                raise made
            book.put(made)
            meter.advance()
        results = [book.get(row) for row in rows]
    finally:
        book.close()
    tables = _assembled(rows, results, settings, progress, cancel)
    return _written(folder, source, settings, *tables, measured=len(jobs))


def _ready(folder: Path, *, resume: bool, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder.name} is a file: give the name of a folder")
    if not folder.parent.is_dir():
        raise BadInput(f"the folder {folder.parent} does not exist: make it first")
    there = [name for name in (*TABLES, WORK) if (folder / name).exists()]
    if there and not resume and not overwrite:
        done = "curated.json" in there
        what = "holds a curation" if done else "holds a curation that was stopped"
        raise OutputExists(f"{folder.name} {what}: say --resume to go on, or --yes to begin again")
    folder.mkdir(exist_ok=True)
    if overwrite and not resume:
        for name in there:
            (folder / name).unlink()


# What is known ----------------------------------------------------------------------------------


class _Book:
    """Finished work, a line a clip; a torn last line is passed over."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._print = settings.fingerprint
        self._done: dict[str, dict[str, Any]] = {}
        self._hashes: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        torn = False
        if path.exists():
            text = path.read_text(encoding="utf-8", errors="replace")
            torn = bool(text) and not text.endswith("\n")
            for line in text.splitlines():
                with suppress(ValueError, KeyError, TypeError):
                    self._take(json.loads(line))
        self._file = path.open("a", encoding="utf-8")
        if torn:
            self._file.write("\n")

    def _take(self, line: dict[str, Any]) -> None:
        if line["token"]:
            self._hashes[line["token"]] = line["hash"]
        if line["settings"] == self._print:
            self._done[line["id"]] = line["result"]

    def hash_of(self, token: str) -> str:
        """The hash of a content that was read before, or empty."""
        return self._hashes.get(token, "") if token else ""

    def __contains__(self, id: str) -> bool:
        return id in self._done

    def expect(self, row: Row, id: str) -> None:
        """Says under which id the result of a row will be found."""
        self._ids[row.key] = id

    def put(self, made: dict[str, Any]) -> None:
        """Keeps a result; it is on disk when this returns."""
        line = {"settings": self._print, **{k: made[k] for k in ("id", "hash", "token", "result")}}
        self._take(line)
        self._ids[made["key"]] = made["id"]
        self._file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
        self._file.flush()

    def get(self, row: Row) -> dict[str, Any]:
        """The result of a row."""
        return self._done[self._ids[row.key]]

    def close(self) -> None:
        self._file.close()


def _id(row: Row, hash: str) -> str:
    """What a result is kept under: the content, and the stretch of it."""
    stretch = "" if row.t0 is None and row.t1 is None else f"@{row.t0}..{row.t1}"
    return f"{hash}{stretch}"


def _unknown(source: Source, rows: list[Row], book: _Book) -> list[Row]:
    """Rows that have to be measured, one for each content; the others are told where theirs is."""
    jobs: list[Row] = []
    for row in rows:
        wrong = next((row.marks[name] for name in WRONG if name in row.marks), None)
        if wrong is not None:
            id = f"wrong {row.key} {wrong}"
            book.expect(row, id)
            if id not in book:
                book.put(_answer(row, id, "", "", {"error": wrong}))
            continue
        try:
            known = content_of(source, row)
        except (EvenflowError, OSError, KeyError) as error:
            id = f"wrong {row.key} {error}"
            book.put(_answer(row, id, "", "", {"error": _line(error)}))
            continue
        hash = known.hash or book.hash_of(known.token)
        if hash and _id(row, hash) in book:
            book.expect(row, _id(row, hash))
            continue
        jobs.append(row)
    return jobs


def _answer(row: Row, id: str, hash: str, token: str, result: dict[str, Any]) -> dict[str, Any]:
    return {"key": row.key, "id": id, "hash": hash, "token": token, "result": result}


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# One clip ---------------------------------------------------------------------------------------


def _measured(setup: tuple[Source, tuple[str, ...]], row: Row) -> dict[str, Any]:
    """Decodes a clip and lets all stages look at it; what a worker does."""
    source, stages = setup
    token = hash = ""
    try:
        known = content_of(source, row)
        token, hash = known.token, known.hash or content_hash(source, row)
        result = {**measured(source, row, stages), "hash": hash}
    except (EvenflowError, OSError) as error:
        result = {"error": _line(error)}
    return _answer(row, _id(row, hash or f"row {row.key}"), hash, token, result)


def measured(source: Source, row: Row, stages: Sequence[str]) -> dict[str, Any]:
    """What the stages say of one clip, and of each of its shots, as plain types.

    Raises:
        UnreadableVideo: it cannot be decoded.
    """
    settings = Settings(tuple(stages))
    clip = source.clip(row)
    statistics = measure(clip, wants=settings.wants)
    whole = _looked(row, statistics, settings)
    info = statistics.info
    whole["facts"] = {
        "num_frames": len(statistics), "fps": str(info.fps), "width": info.width,
        "height": info.height, "frames_hash": statistics.frames_hash,
        "duration": _short(statistics.duration_s) if info.variable_rate else None,
    }  # fmt: skip
    found = shots(statistics) if "cuts" in settings.stages else []
    if len(found) > 1:
        whole["shots"] = []
        for start, end in found:
            part = statistics.part(start, end)
            times = statistics.seconds
            last = times[end] if end < len(times) else times[-1] + statistics.step_s
            one = _looked(row, part, settings)
            one |= {"frames": [start, end], "t0": _short(times[start]), "t1": _short(last)}
            whole["shots"].append(one)
    return whole


def _short(value: float) -> float:
    """A time as it is written: to the tenth of a millisecond."""
    return round(float(value), 4)


def _looked(row: Row, statistics: Statistics, settings: Settings) -> dict[str, Any]:
    scores: dict[str, float] = {}
    marks: dict[str, str] = {}
    for name in settings.stages:
        stage = STAGES[name]
        if stage.needs == "nothing":
            continue  # looks at the row, which may change without its clip
        verdict = stage.look(row, statistics)
        scores |= verdict.scores
        marks |= verdict.marks
    made: dict[str, Any] = {"scores": _rounded(scores), "marks": marks}
    if "duplicates" in settings.stages and statistics.looks is not None:
        made["looks"] = to_json(statistics.looks)
    return made


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    """Five digits; what is not finite is left out."""
    return {k: float(f"{v:.5g}") for k, v in scores.items() if math.isfinite(v)}


# The whole dataset ------------------------------------------------------------------------------


@dataclass
class _Unit:
    """A row of the tables on the way: whole clip or shot."""

    row: Row
    result: dict[str, Any]
    whole: bool
    pixels: int = 0
    frames: int = 0


def _assembled(
    rows: list[Row],
    results: list[dict[str, Any]],
    settings: Settings,
    progress: Progress | None,
    cancel: CancelToken | None,
) -> tuple[list[Row], list[Row]]:
    """All rows, and those to choose from, with scores and marks."""
    units: list[_Unit] = []
    for row, result in zip(rows, results, strict=True):
        units += _units(row, result, settings)
    if "duplicates" in settings.stages:
        _mark_duplicates(units, progress, cancel)
    every = [unit.row for unit in units]
    split = {unit.row.extra["whole"] for unit in units if not unit.whole}
    return every, [unit.row for unit in units if unit.row.key not in split]


def _units(row: Row, result: dict[str, Any], settings: Settings) -> list[_Unit]:
    ours = {name for stage in STAGES.values() for name in stage.marks}
    marks = {k: v for k, v in row.marks.items() if k not in ours}
    scores = dict(row.scores)
    if "error" in result:
        marks["undecodable"] = result["error"]
        return [_Unit(_captioned(replace(row, marks=marks), settings), result, True)]
    facts = result["facts"]
    whole = replace(
        row,
        num_frames=facts["num_frames"],
        fps=Fraction(facts["fps"]),
        width=facts["width"],
        height=facts["height"],
        duration=facts.get("duration"),
        hash=row.hash or result.get("hash", ""),
        scores=scores | result["scores"],
        marks=marks | result["marks"],
    )
    pixels = facts["width"] * facts["height"]
    units = [_Unit(_captioned(whole, settings), result, True, pixels, facts["num_frames"])]
    for number, shot in enumerate(result.get("shots", [])):
        start, end = shot["frames"]
        base = row.t0 or 0.0
        one = replace(
            whole,
            key=f"{row.key}@{number}",
            t0=_short(base + shot["t0"]),
            t1=_short(base + shot["t1"]),
            shot=number,
            num_frames=end - start,
            duration=None,
            hash="",
            scores=scores | shot["scores"],
            marks=marks | shot["marks"],
            extra=row.extra | {"whole": row.key},
        )
        units.append(_Unit(_captioned(one, settings), shot, False, pixels, end - start))
    return units


def _captioned(row: Row, settings: Settings) -> Row:
    for name in settings.stages:
        if STAGES[name].needs == "nothing":
            verdict = STAGES[name].look(row, None)  # type: ignore[arg-type]
            row = replace(
                row,
                scores=row.scores | _rounded(verdict.scores),
                marks=row.marks | verdict.marks,
            )
    return row


def _mark_duplicates(
    units: list[_Unit], progress: Progress | None, cancel: CancelToken | None
) -> None:
    """Whole clips among themselves; then shots and clips without cuts among themselves."""
    split = {unit.row.extra["whole"] for unit in units if not unit.whole}
    for some in (
        [unit for unit in units if unit.whole],
        [unit for unit in units if unit.row.key not in split],
    ):
        entries = [_entry(unit) for unit in some]
        found = find(entries, progress=progress, cancel=cancel)
        groups = Counter(twin.of for twin in found.values())
        for number, unit in enumerate(some):
            if "error" in unit.result:
                continue
            scores = unit.row.scores | {"duplicates": float(groups.get(number, 0))}
            marks = dict(unit.row.marks)
            if number in found:
                twin = found[number]
                scores["duplicates"] = float(groups[twin.of])
                marks["duplicate"] = f"of {some[twin.of].row.key}: {twin.why}"
            unit.row = replace(unit.row, scores=scores, marks=marks)


def _entry(unit: _Unit) -> Entry:
    looks = unit.result.get("looks")
    facts = unit.result.get("facts", {})
    return Entry(
        unit.row.key,
        unit.row.hash if unit.whole and unit.row.t0 is None and unit.row.t1 is None else "",
        facts.get("frames_hash", ""),
        None if looks is None else from_json(looks),
        unit.pixels,
        unit.frames,
    )


# The tables -------------------------------------------------------------------------------------


def _written(
    folder: Path,
    source: Source,
    settings: Settings,
    every: list[Row],
    chosen: list[Row],
    *,
    measured: int,
) -> Summary:
    counts = Counter(name for row in chosen for name in row.marks)
    split = {row.extra["whole"] for row in chosen if "whole" in row.extra}
    if split:
        counts["cut"] = len(split)
    wholes = sum("whole" not in row.extra for row in every)
    marks = dict(sorted(counts.items()))
    where = source.name
    base: Any = getattr(source, "base", None)
    data = {
        "schema": SCHEMA,
        "version": evenflow.__version__,
        "source": where if where.startswith("world:") else os.path.abspath(where),
        "base": None if base is None else str(Path(base).resolve()),
        "here": str(folder.resolve()),
        "stages": list(settings.stages),
        "settings": settings.fingerprint,
        "rows": wholes,
        "shots": len(chosen),
        "marks": marks,
    }
    write_whole(folder / "curated.jsonl", _lines(every))
    write_whole(folder / "metadata.jsonl", _lines(chosen))
    write_whole(folder / "curated.json", (json.dumps(data, indent=1) + "\n").encode())
    return Summary(folder, wholes, len(chosen), measured, marks)


def _lines(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row_to(row), ensure_ascii=False) + "\n" for row in rows).encode()


def read_rows(path: Path) -> Iterator[Row]:
    """Rows of a table that `curate` wrote.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield row_from(json.loads(line))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path.name} cannot be read as a table of rows: {error}") from None
