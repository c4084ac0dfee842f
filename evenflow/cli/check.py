"""`evenflow check`: one pass over each clip; what breaks, when, where and how badly."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Quiet,
    Verbose,
    Yes,
    print_error,
    print_json,
    print_warning,
    stdout,
    stoppable,
)


def check(
    clips: Annotated[
        list[str],
        typer.Argument(
            metavar="CLIP",
            show_default=False,
            help="Video files, GIFs, image folders, `shot.%04d.png`, or - for y4m on stdin.",
        ),
    ],
    gate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML, YAML or JSON with a table gate, such as lighting_flicker = '<= 2 jnd'.",
        ),
    ] = None,
    fail_on: Annotated[
        float | None,
        typer.Option(metavar="JND", min=0.0, help="Not met if any finding is this severe or more."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="R.json",
            help="An earlier report: not met if a kind got worse by more than 1 JND, "
            "or the score fell by more than 5.",
        ),
    ] = None,
    span: Annotated[
        str | None,
        typer.Option("--range", metavar="A..B", help="Only this part: 1s..2.5s, 36f..90f, 50%.."),
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What the clip should show. Directions (pans left, zooms in) are measured; the "
            "rest needs --judge.",
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IMG", help="A picture it should look like; needs --judge. May repeat."
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="URL|DIR",
            help="Who compares: a CLIP folder, or http(s)://HOST/v1#MODEL, which gets small "
            "frames; its key is EVENFLOW_JUDGE_KEY.",
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            envvar="EVENFLOW_FEATURES",
            help="Folder with dinov2, clip, insightface, raft or cotracker: more signals, nothing "
            "else changes.",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C",
            help="Metrics of the literature beside the findings: psnr, ssim, warp_error_dis, ... "
            "or all; docs/metrics.md has the list.",
        ),
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option(metavar="CLIP", help="The clip that metrics compare with, frame by frame."),
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
        typer.Option(
            "--output",
            "-o",
            metavar="R.json",
            help="Write the report: .json, .csv, .xml, .md or .html.",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="R.html",
            help="Write a page to look at and to share: player, heatmap, findings with their "
            "frames, curves. One file, opens offline.",
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="X.csv", help="Write every signal, a row a frame.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="X.xml", help="Write a JUnit report, a test a clause.")
    ] = None,
    findings: Annotated[
        Path | None, typer.Option(metavar="X.csv", help="Write every finding, a row each.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="X.md", help="Write a summary to paste into a pull request."),
    ] = None,
    markers: Annotated[
        Path | None,
        typer.Option(
            metavar="X.edl|X.otio",
            help="Write findings as markers for an editor: Resolve and Avid read .edl, on a "
            "timeline that starts at 01:00:00:00; .otio needs the extra editorial.",
        ),
    ] = None,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use no network: refuses a judge at an address.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Say where a clip breaks: when, where on the picture, what, and how badly.

    Severity is in just-noticeable differences (JND): 1 is barely visible,
    3 is clear, 10 ruins the shot. With --gate, --fail-on or --baseline the
    exit code is 3 where a clause does not hold.
    """
    from evenflow.core.clip import Clip
    from evenflow.core.errors import BadInput, EvenflowError
    from evenflow.core.gate import Clause, Gate
    from evenflow.core.times import Range
    from evenflow.reports import (
        MARKERS,
        WRITERS,
        Baseline,
        Entry,
        Unchecked,
        findings_table,
        free_to_write,
        report,
    )
    from evenflow.reports.json_text import json_text
    from evenflow.reports.junit import junit as junit_text
    from evenflow.reports.markdown import markdown as markdown_text
    from evenflow.reports.otio import otio_or_error
    from evenflow.reports.save import save
    from evenflow.reports.table import table

    # Everything that can be wrong with the options is found before the long work.
    clauses = list(Gate.load(gate).clauses) if gate is not None else []
    if fail_on is not None:
        clauses.append(Clause("any", "<", fail_on))
    before = Baseline.load(baseline).pick(clips) if baseline is not None else {}
    stretch = Range.parse(span) if span is not None else None
    if output is not None:
        free_to_write(output, suffixes=WRITERS, overwrite=yes)
    texts = (
        (csv, table),
        (findings, findings_table),
        (junit, junit_text),
        (markdown, markdown_text),
    )
    for path, _ in texts:
        if path is not None:
            free_to_write(path, overwrite=yes)
    if markers is not None:
        free_to_write(markers, suffixes=MARKERS, overwrite=yes)
        if len(clips) > 1:
            raise BadInput(
                f"{markers.name} holds the markers of one clip, got {len(clips)}: one each"
            )
        if markers.suffix.lower() == ".otio":
            otio_or_error()
    if page is not None:
        free_to_write(page, suffixes=(".html", ".htm"), overwrite=yes)
    outputs = (output, page, csv, findings, junit, markdown, markers)
    written = [os.path.realpath(path) for path in outputs if path is not None]
    inputs = clips if ref is None else [*clips, ref]
    read_from = {os.path.realpath(clip) for clip in inputs if clip != "-"}
    if len({*written}) < len(written) or {*written} & read_from:
        raise BadInput("two of the given files are the same: name every output differently")
    if inputs.count("-") > 1 or (ref == "-" and len(clips) > 1):
        raise BadInput("- is stdin and can be read once, it came more than once")

    from evenflow.cli.card import print_card, print_summary
    from evenflow.continuity import check as check_clip
    from evenflow.continuity.semantics import question
    from evenflow.io import parse_rate, read

    rate = parse_rate(fps) if fps is not None else None
    wanted: dict[str, Any] = {
        "prompt": prompt,
        "references": tuple(reference or ()),
        "judge": judge,
        "features": features,
        "offline": offline,
    }
    question(**wanted)  # what is wrong with it is wrong for every clip
    if metrics is not None or ref is not None:
        from evenflow.metrics import for_reference

        wanted["metrics"] = for_reference(metrics or "", reference=ref is not None)
        wanted["ref"] = None if ref is None else read(ref, fps=rate)
    several = len(clips) > 1
    entries: list[Entry] = []
    sources: list[Clip | None] = []
    codes: list[int] = []
    with stoppable() as cancel:
        for path_text in clips:
            cancel.check()
            try:
                with Bar(quiet=quiet, title=Path(path_text).name) as bar:
                    source = read(path_text, fps=rate)
                    result = check_clip(
                        source,
                        span=stretch,
                        **wanted,
                        workers=workers,
                        path=path_text,
                        progress=bar,
                        cancel=cancel,
                    )
            except EvenflowError as error:
                if cancel.cancelled or not several:
                    if json_ and not cancel.cancelled:
                        print_json(Unchecked(path_text, str(error)).dumps())
                    raise
                entries.append(Unchecked(path_text, str(error)))
                sources.append(None)
                codes.append(error.exit_code)
                print_error(str(error))
                continue
            asked = list(clauses)
            if path_text in before:
                asked += Baseline.gate(before[path_text], result).clauses
            if asked:
                result = result.judged(Gate(tuple(asked)))
            entries.append(result)
            sources.append(source)
            if json_:
                for warning in () if quiet else result.warnings:
                    print_warning(f"{Path(path_text).name}: {warning}")
            elif not quiet:
                print_card(result, stdout(), verbose=verbose)

    if output is not None:
        report(entries, output, overwrite=yes)
    for path, make in texts:
        if path is not None:
            save(make(entries), path)
    if markers is not None:
        report(entries, markers, overwrite=yes)
    if page is not None:
        from evenflow.reports.html import write_html

        with stoppable() as cancel, Bar(quiet=quiet, title=page.name) as bar:
            write_html(entries, page, clip=sources, overwrite=yes, progress=bar, cancel=cancel)
    if json_:
        print_json(json_text(entries, several=several))
    elif several and not quiet:
        print_summary(entries, stdout())
    if codes:
        raise typer.Exit(2 if 2 in codes else max(codes))
    if not all(isinstance(entry, Unchecked) or entry.passed for entry in entries):
        raise typer.Exit(3)
