"""`evenflow compare`: which of two clips or more holds together better, where, and how surely."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Verbose,
    Yes,
    print_error,
    print_json,
    stdout,
    stoppable,
)

if TYPE_CHECKING:
    from evenflow.core.clip import Clip
    from evenflow.core.report import Report
    from evenflow.reports.entry import Unchecked


def compare(
    clips: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="A B [C...]",
            show_default=False,
            help="Video files, GIFs, image folders, `shot.%04d.png`, or reports of check (.json).",
        ),
    ] = None,
    gate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table gate as for check; its clauses bound how much each later clip differs from "
            "A: lighting_flicker = '<= 1 jnd', score = '>= -5'.",
        ),
    ] = None,
    span: Annotated[
        str | None,
        typer.Option("--range", metavar="A..B", help="Only this part of each: 1s..2.5s, 50%.."),
    ] = None,
    block: Annotated[
        float,
        typer.Option(
            metavar="S", min=0.1, max=3600.0, help="Seconds of a block; short clips need less."
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of the bootstrap.")] = 0,
    votes: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="V.json",
            help="Votes that the blind page saved: ranks clips by them. May repeat.",
        ),
    ] = None,
    blind: Annotated[
        Path | None,
        typer.Option(
            metavar="V.html|DIR",
            help="Write a page on which people choose the better of two clips, not knowing which "
            "is which (DIR/blind.html).",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="R.html", help="Write a page with the clips side by side, in step."),
    ] = None,
    fps: Annotated[
        str | None,
        typer.Option(metavar="R", help="Frame rate of image folders and patterns (24)."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Threads; the result is the same for any number."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="R.json", help="Write what --json prints."),
    ] = None,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Say which of two clips or more is better, by how much, where, and how surely.

    Clips are compared second by second over the time that all of them cover.
    A difference whose 95 % interval holds 0 is a tie. Three clips or more are
    ranked. With --gate the exit code is 3 where a clause does not hold.
    """
    from evenflow.continuity.comparison import MOST_CLIPS
    from evenflow.core.errors import BadInput
    from evenflow.core.gate import Gate
    from evenflow.core.times import Range
    from evenflow.io import parse_rate
    from evenflow.reports.save import free_to_write, save

    # Everything that can be wrong with the options is found before the long work.
    paths, ballots = _sorted_out(clips or [], votes or [])
    clauses = Gate.load(gate) if gate is not None else None
    stretch = Range.parse(span) if span is not None else None
    rate = parse_rate(fps) if fps is not None else None
    if blind is not None and (blind.is_dir() or not blind.suffix):
        blind = blind / "blind.html"
    for path, suffix in ((output, ".json"), (report, ".html"), (blind, ".html")):
        if path is not None:
            free_to_write(path, suffixes=(suffix,), overwrite=yes)
    written = [os.path.realpath(path) for path in (output, report, blind) if path is not None]
    read_from = {os.path.realpath(path) for path in (*paths, *ballots)}
    if len({*written}) < len(written) or {*written} & read_from:
        raise BadInput("two of the given files are the same: name every output differently")
    if "-" in paths:
        raise BadInput("compare needs clips that can be read again, - is stdin: save it first")
    if not paths and not ballots:
        raise BadInput("compare needs two clips or more, or --votes: see `evenflow compare --help`")
    if not paths and (gate or report or blind or span):
        raise BadInput("--gate, --range, --report and --blind need clips, got votes alone")
    if blind is not None and stretch is not None:
        raise BadInput("--blind shows whole clips, and --range takes a part: leave one of them out")
    stored = {path: _stored(path) for path in paths if path.lower().endswith(".json")}
    if stored and (stretch is not None or blind is not None):
        name = Path(next(iter(stored))).name
        raise BadInput(f"--range and --blind need clips, {name} is a report: give its clip")
    count = sum(len(stored.get(path, [None])) for path in paths)
    if paths and not 2 <= count <= MOST_CLIPS:
        raise BadInput(f"compare takes 2 to {MOST_CLIPS} clips, got {count}")

    from evenflow.continuity.votes import preference, read_votes

    liked = preference(read_votes(ballots)) if ballots else None
    data: dict[str, Any] = {}
    failed: list[int] = []
    passed = True
    if paths:
        from evenflow.cli.compare_card import print_comparison
        from evenflow.continuity.comparison import compared

        with stoppable() as cancel:
            reports, sources, errors, failed = _checked(
                paths, stored, rate=rate, stretch=stretch, workers=workers, quiet=quiet,
                cancel=cancel,
            )  # fmt: skip
            if len(reports) < 2:
                raise BadInput(
                    f"compare needs two clips or more, got {len(reports)} that can be compared"
                )
            result = compared(reports, gate=clauses, block_s=block, seed=seed, errors=errors)
            data, passed = result.to_json(), result.passed
            if not json_ and not quiet:
                print_comparison(result, stdout(), verbose=verbose)
            if report is not None:
                from evenflow.reports.html import write_compare_html

                write_compare_html(reports, sources, result, report, overwrite=yes, cancel=cancel)
            if blind is not None:
                from evenflow.reports.html import write_votes_html

                shown = [clip for clip in sources if clip is not None]
                write_votes_html(shown, blind, overwrite=yes, cancel=cancel)
    if liked is not None:
        from evenflow.cli.compare_card import print_preference

        data = {"schema": "evenflow.compare/1", "version": _version(), **data}
        data["votes"] = liked.to_json()
        if not json_ and not quiet:
            print_preference(liked, stdout(), verbose=verbose)
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    if output is not None:
        save(text + "\n", output)
    if json_:
        print_json(text)
    if failed:
        raise typer.Exit(2 if 2 in failed else max(failed))
    if not passed:
        raise typer.Exit(3)


def _checked(
    paths: list[str],
    stored: dict[str, "list[Report] | list[Unchecked]"],
    *,
    rate: Any,
    stretch: Any,
    workers: int | None,
    quiet: bool,
    cancel: Any,
) -> tuple[list["Report"], list["Clip | None"], list[dict[str, Any]], list[int]]:
    """A report and, where there is one, a clip for each path; a bad one does not stop the rest."""
    from evenflow.continuity import check
    from evenflow.core.errors import BadInput, EvenflowError
    from evenflow.io import read
    from evenflow.reports.entry import Unchecked

    reports: list[Report] = []
    sources: list[Clip | None] = []
    errors: list[dict[str, Any]] = []
    codes: list[int] = []
    for path in paths:
        cancel.check()
        for found in stored.get(path, ()):
            if isinstance(found, Unchecked):
                print_error(found.error)
                errors.append(found.to_json())
                codes.append(BadInput.exit_code)
            else:
                reports.append(found)
                sources.append(None)
        if path in stored:
            continue
        try:
            clip = read(path, fps=rate)
            with Bar(quiet=quiet, title=Path(path).name) as bar:
                reports.append(
                    check(
                        clip, span=stretch, workers=workers, path=path, progress=bar, cancel=cancel
                    )
                )
            sources.append(clip)
        except EvenflowError as error:
            if cancel.cancelled:
                raise
            print_error(str(error))
            errors.append(Unchecked(path, str(error)).to_json())
            codes.append(error.exit_code)
    return reports, sources, errors, codes


def _stored(path: str) -> "list[Report] | list[Unchecked]":
    """The reports in a file, or why there is none."""
    from evenflow.continuity.comparison import stored_reports
    from evenflow.core.errors import BadInput
    from evenflow.reports.entry import Unchecked

    try:
        return stored_reports(path)
    except BadInput as error:
        return [Unchecked(path, str(error))]


def _sorted_out(clips: list[str], votes: list[Path]) -> tuple[list[str], list[str]]:
    """Clips and votes; a file of votes needs no option of its own."""
    paths: list[str] = []
    ballots = [str(path) for path in votes]
    for path in clips:
        (ballots if _holds_votes(path) else paths).append(path)
    return paths, ballots


def _holds_votes(path: str) -> bool:
    if not path.lower().endswith(".json"):
        return False
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and str(data.get("schema", "")).startswith("evenflow.votes/")


def _version() -> str:
    import evenflow

    return evenflow.__version__
