"""`evenflow data`: datasets of real video and of the world, looked over, filtered and written."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Yes,
    print_json,
    print_warning,
    stdout,
    stoppable,
)
from evenflow.core.errors import BackendMissing, BadInput, EvenflowError, OutputExists
from evenflow.core.events import Meter

if TYPE_CHECKING:
    from evenflow.data.row import Row, Source

SCHEMA = "evenflow.data/1"
TABLE_TYPES = (".jsonl", ".json", ".csv")

data = typer.Typer(
    no_args_is_help=True,
    help="Look over, filter, cache and write datasets: folders, tables, tars, and the world.",
)

Dataset = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        show_default=False,
        help="A folder of clips, a table (metadata.jsonl, .csv ...), tars, a .toml list of "
        "datasets, a curated folder, or the world: 'world:story?seed=0&n=20'.",
    ),
]
Base = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder that paths of a table are relative to, and may not leave."
    ),
]
Workers = Annotated[int, typer.Option(min=1, max=256, help="Processes; they change no byte.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what a stopped run left.")]


@data.command("index")
def index(
    source: Dataset,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="A table: .jsonl, .json or .csv."),
    ],
    base: Base = None,
    hashes: Annotated[
        bool, typer.Option("--hash", help="SHA-256 of every clip too; reads all of them.")
    ] = False,
    workers: Workers = 1,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """List what a dataset holds: a row a clip with its size, rate, length and caption.

    No picture is decoded. Clips that cannot be opened stay in the table with
    a mark that says why; then the exit code is 2.
    """
    if output.suffix.lower() not in TABLE_TYPES:
        raise BadInput(f"a table ends with {', '.join(TABLE_TYPES)}, got {output.name}")
    _free(output, yes=yes)
    rows_of = _opened(source, base)
    from evenflow.data.workers import spread
    from evenflow.world.spec_file import write_whole

    rows: list[Row] = []
    with stoppable() as cancel, Bar(quiet=quiet, title=output.name) as bar:
        meter = Meter("index", len(rows_of), progress=bar, cancel=cancel)
        for _, row in spread(
            _fact, range(len(rows_of)), setup=(rows_of, hashes), workers=workers, cancel=cancel
        ):
            if isinstance(row, Exception):
                raise row
            rows.append(_anchored(rows_of, row, output))
            meter.advance()
        write_whole(output, _table(rows, output.suffix.lower()))
    wrong = {row.key: next(iter(row.marks.values())) for row in rows if _unusable(row)}
    seconds = sum(float(row.num_frames / row.fps) for row in rows if row.num_frames and row.fps)
    summary = {
        "schema": SCHEMA, "output": str(output), "rows": len(rows), "seconds": round(seconds, 3),
        "captions": sum(bool(row.caption) for row in rows),
        "errors": [{"clip": {"path": key}, "error": why} for key, why in wrong.items()],
    }  # fmt: skip
    for key, why in list(wrong.items())[:20]:
        print_warning(f"{key}: {why}")
    _say(
        summary,
        f"{output}: {len(rows)} clips, {seconds / 60:.1f} minutes, "
        f"{summary['captions']} with captions" + (f", {len(wrong)} cannot be opened" * bool(wrong)),
        json_=json_,
        quiet=quiet,
    )
    if wrong:
        raise typer.Exit(BadInput.exit_code)


@data.command("curate")
def curate(
    source: Dataset = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="A folder for the tables."),
    ] = None,
    stages: Annotated[
        str | None,
        typer.Option(
            metavar="S,..",
            help="Some stages: cuts,black; or all but some: all,-detectors. `list` shows them.",
        ),
    ] = None,
    base: Base = None,
    workers: Workers = 1,
    resume: Resume = False,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Measure every clip once: cuts, black, frozen, motion, blur, duplicates, defects.

    Writes scores and marks beside the clips and deletes nothing; what to
    keep is said afterwards, by `export --where`.
    """
    from evenflow.data.curate import chosen_stages
    from evenflow.data.curate import curate as run

    if stages is not None and stages.strip().lower() == "list":
        _list_stages(json_=json_)
        return
    if not source or output is None:
        raise BadInput("curate needs a dataset and a folder: evenflow data curate SOURCE -o DIR")
    names = chosen_stages(stages)
    rows = _opened(source, base)
    with stoppable() as cancel, Bar(quiet=quiet, title=output.name) as bar:
        found = run(
            rows, output, stages=names, workers=workers, resume=resume, overwrite=yes,
            progress=bar, cancel=cancel,
        )  # fmt: skip
    bad = found.marks.get("undecodable", 0)
    marks = ", ".join(f"{count} {name}" for name, count in found.marks.items()) or "no marks"
    _say(
        {"schema": SCHEMA, **found.to_json()},
        f"{output}: {found.rows} clips, {found.shots} to choose from; {marks}",
        json_=json_,
        quiet=quiet,
    )
    if bad:
        raise typer.Exit(BadInput.exit_code)


@data.command("export")
def export(
    source: Dataset = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="A folder, new or empty.")
    ] = None,
    format_: Annotated[
        str,
        typer.Option("--format", metavar="F", help="For whom; `list` shows the formats."),
    ] = "metadata",
    where: Annotated[
        str | None,
        typer.Option(
            metavar="E", help="Which rows, like 'motion >= 0.2 and not duplicate'; see docs."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="S", help="Rows of a split (val), or shares: train=0.9,val=0.1."),
    ] = None,
    media: Annotated[
        str,
        typer.Option(metavar="M", help="Whole files: copy, link (hard links), or encode anew."),
    ] = "copy",
    lossless: Annotated[
        bool, typer.Option("--lossless", help="What is written anew: .mkv without loss, not .mp4.")
    ] = False,
    crf: Annotated[
        float | None, typer.Option(min=0, max=51, help="Quality of .mp4, lower is better (15).")
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Of scenes: truth into gt/, like depth,flow or all."),
    ] = None,
    per_shard: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="webdataset: samples of a shard.")
    ] = None,
    shard_mb: Annotated[
        int, typer.Option(min=1, metavar="MB", help="webdataset: megabytes of a shard.")
    ] = 1000,
    base: Base = None,
    workers: Workers = 1,
    resume: Resume = False,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Write the wanted rows as a trainer reads them, with checksums.

    A run that was stopped goes on with --resume, and gives the same bytes.
    """
    from evenflow.data.export import export as run
    from evenflow.data.exporters import EXPORTS
    from evenflow.data.media import MODES, Recipe

    if format_.strip().lower() == "list":
        rows_ = {name: row.says for name, row in EXPORTS.items()}
        if json_:
            print_json(rows_)
        else:
            for name, says in rows_.items():
                typer.echo(f"{name:<16} {says}")
        return
    if not source or output is None:
        raise BadInput("export needs a dataset and a folder: evenflow data export SOURCE -o DIR")
    if format_ not in EXPORTS:
        raise BadInput(f"there is no format {format_!r}: there are {', '.join(EXPORTS)}")
    if media not in MODES:
        raise BadInput(f"--media is one of {', '.join(MODES)}, got {media!r}")
    names: tuple[str, ...] = ()
    if truth is not None:
        from evenflow.world.clip import truth_names

        names = truth_names(truth.split(","))
    if where is not None:
        from evenflow.data.where import parse_where

        parse_where(where)
    recipe = Recipe(
        mode=next(mode for mode in MODES if mode == media),
        suffix=".mkv" if lossless else ".mp4",
        crf=crf,
        truth=names,
    )
    rows = _opened(source, base)
    with stoppable() as cancel, Bar(quiet=quiet, title=output.name) as bar:
        found = run(
            rows, output, format=format_, where=where, split=split, recipe=recipe,
            per_shard=per_shard, shard_bytes=shard_mb * 1_000_000, workers=workers,
            resume=resume, overwrite=yes, progress=bar, cancel=cancel,
        )  # fmt: skip
    for key, why in found.left_out[:20]:
        print_warning(f"{key} is left out: {why}")
    text = f"{output}: {found.rows} clips for {format_}"
    text += f", {found.filtered} filtered" * bool(found.filtered)
    text += f", {len(found.left_out)} cannot be opened" * bool(found.left_out)
    _say({"schema": SCHEMA, **found.to_json()}, text, json_=json_, quiet=quiet)
    if found.failed:
        raise typer.Exit(BadInput.exit_code)


@data.command("verify")
def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", show_default=False, help="What export wrote.")
    ],
    json_: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Hold an exported folder against its checksums, and shards against their list.

    Exit code 1 if something is missing or has changed.
    """
    from evenflow.data.shards import verify as run

    with stoppable() as cancel, Bar(quiet=quiet, title=folder.name) as bar:
        wrong = run(folder, progress=bar, cancel=cancel)
    for line in wrong[:50]:
        print_warning(line)
    text = f"{folder}: " + (f"{len(wrong)} things are wrong" if wrong else "all as it was written")
    _say(
        {"schema": SCHEMA, "folder": str(folder), "problems": wrong}, text, json_=json_, quiet=quiet
    )
    if wrong:
        raise typer.Exit(1)


@data.command("cache")
def cache(
    source: Dataset,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The folder of the cache.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            metavar="K", help="frames (decoded, cropped, scaled), latents or text (need a model)."
        ),
    ] = "frames",
    model: Annotated[
        str | None, typer.Option(metavar="M", help="Of latents and text: a tokenizer or encoder.")
    ] = None,
    bucket: Annotated[
        str, typer.Option(metavar="FxWxH", help="Frames, width and height of what is kept.")
    ] = "33x128x128",
    fps: Annotated[
        str | None, typer.Option(metavar="R", help="Frames a second that are taken (its own).")
    ] = None,
    sampling: Annotated[
        str, typer.Option(metavar="W", help="Windows of a clip: head, chunk, slide:S, uniform:N.")
    ] = "uniform:1",
    where: Annotated[str | None, typer.Option(metavar="E", help="Which rows; see export.")] = None,
    mode: Annotated[
        str,
        typer.Option(
            metavar="M", help="use (make what is missing), only, regenerate, or trust (no checks)."
        ),
    ] = "use",
    base: Base = None,
    workers: Workers = 1,
    json_: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Keep what training would make again and again: frames now, latents with a model.

    What is there already is kept; a stopped run goes on when it is called again.
    """
    from evenflow.data.caches import KINDS, MODES, cache_frames

    if kind not in KINDS:
        raise BadInput(f"--kind is one of {', '.join(KINDS)}, got {kind!r}")
    if mode not in MODES:
        raise BadInput(f"--mode is one of {', '.join(MODES)}, got {mode!r}")
    if kind != "frames":
        what = "tokenizer" if kind == "latents" else "text encoder"
        asked = f" {model!r}" if model else ""
        raise BackendMissing(
            f"there is no {what}{asked} in this version: --kind frames works without one, and "
            f"evenflow.data.caches takes any object with encode and fingerprint"
        )
    rows = _opened(source, base)
    with stoppable() as cancel, Bar(quiet=quiet, title=output.name) as bar:
        found = cache_frames(
            rows, output, bucket=bucket, fps=fps, sampling=sampling, where=where, mode=mode,
            workers=workers, progress=bar, cancel=cancel,
        )  # fmt: skip
    for key, why in found.left_out[:20]:
        print_warning(f"{key} is left out: {why}")
    text = f"{output}: {found.made} made, {found.known} there already"
    text += f", {len(found.left_out)} left out" * bool(found.left_out)
    _say({"schema": SCHEMA, **found.to_json()}, text, json_=json_, quiet=quiet)
    if found.failed:
        raise typer.Exit(BadInput.exit_code)


def _opened(source: str, base: Path | None) -> "Source":
    from evenflow.data.open import open_dataset

    rows = open_dataset(source, base=base)
    if not len(rows):
        raise BadInput(f"{source} holds not one clip")
    return rows


def _free(output: Path, *, yes: bool) -> None:
    if not output.parent.is_dir():
        raise BadInput(f"the folder {output.parent} does not exist: make it first")
    if output.is_dir():
        raise BadInput(f"{output.name} is a folder: give the name of a file")
    if output.exists() and not yes:
        raise OutputExists(f"{output.name} is already there: choose another name or say --yes")


def _fact(setup: "tuple[Source, bool]", number: int) -> "Row":
    """A row with what its container says; what a worker does."""
    from evenflow.data.curation.content import content_hash
    from evenflow.data.files import WRONG
    from evenflow.data.stretch import seconds_of

    source, hashes = setup
    row = source.row(number)
    if any(name in row.marks for name in WRONG):
        return row
    try:
        clip = source.clip(row)
        info = clip.info
        lasts = float(seconds_of(clip)) if info.variable_rate else None
        hash = content_hash(source, row) if hashes and not row.hash else row.hash
    except (EvenflowError, OSError) as error:
        why = " ".join(str(error).split())
        return replace(row, marks=row.marks | {"undecodable": why})
    return replace(
        row, num_frames=info.num_frames, fps=info.fps, width=info.width, height=info.height,
        hash=hash, duration=lasts,
    )  # fmt: skip


def _unusable(row: "Row") -> bool:
    from evenflow.data.files import WRONG

    return any(name in row.marks for name in (*WRONG, "undecodable"))


def _anchored(source: "Source", row: "Row", table: Path) -> "Row":
    """A row whose path is relative to the table, where its file lies below it; else absolute."""
    base: Any = getattr(source, "base", None)
    if base is None or row.path.startswith("world:") or not row.path:
        return row
    from evenflow.data.files import kept

    try:
        path = kept(base, row.path).absolute()
    except EvenflowError:
        return row
    try:
        return replace(row, path=path.relative_to(table.parent.absolute()).as_posix())
    except ValueError:
        return replace(row, path=path.as_posix())


def _table(rows: "list[Row]", suffix: str) -> bytes:
    from evenflow.data.columns import row_to

    lines = [row_to(row) for row in rows]
    if suffix == ".jsonl":
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    if suffix == ".json":
        return (json.dumps(lines, ensure_ascii=False, indent=1) + "\n").encode()
    names = list(dict.fromkeys(name for line in lines for name in line))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow(
            {k: json.dumps(v, ensure_ascii=False) if isinstance(v, dict) else v
             for k, v in line.items()}
        )  # fmt: skip
    return out.getvalue().encode()


def _list_stages(*, json_: bool) -> None:
    from evenflow.data.curation import STAGES

    if json_:
        print_json(
            {
                name: {
                    "meaning": s.meaning,
                    "scores": s.scores,
                    "marks": s.marks,
                    "source": s.source,
                }
                for name, s in STAGES.items()
            }
        )
        return
    for name, stage in STAGES.items():
        typer.echo(f"{name:<12} {stage.meaning}")
        for score, meaning in stage.scores.items():
            typer.echo(f"{'':<14}{score:<18} {meaning}")
        for mark, meaning in stage.marks.items():
            typer.echo(f"{'':<12}! {mark:<18} {meaning}")


def _say(summary: dict[str, Any], text: str, *, json_: bool, quiet: bool) -> None:
    if json_:
        print_json(summary)
    elif not quiet:
        from rich.text import Text

        stdout().print(Text(text), soft_wrap=True)


__all__ = ["data"]
