"""`evenflow bench`: suites over many clips; `detectors` says how well `check` finds and names."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Verbose,
    Yes,
    kind_name,
    print_json,
    print_warning,
    stdout,
    stoppable,
)
from evenflow.core.errors import BadInput

if TYPE_CHECKING:
    from evenflow.bench import DetectorBench, WorldBench

SUFFIXES = (".md", ".json")
"""What a bench can be written as."""

bench = typer.Typer(invoke_without_command=True)


@bench.callback()
def suites(
    context: typer.Context,
    json_: Json = False,
) -> None:
    """Measure over many clips, with intervals: `evenflow bench` lists the suites."""
    if context.invoked_subcommand is not None:
        return
    from evenflow.bench import SUITES

    if json_:
        print_json(SUITES)
        return
    for name, meaning in SUITES.items():
        typer.echo(f"{name:<12} {meaning}")
    typer.echo("\nevenflow bench SUITE --help has the options of each.")


@bench.command("detectors")
def detectors(
    footage: Annotated[
        str,
        typer.Option(
            "--set",
            metavar="judging|development|none",
            help="Clips of the extra demo; thresholds are tuned on development alone.",
        ),
    ] = "judging",
    clips: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Add every video of a folder; each should be one shot."),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            metavar="K,...", help="Plant only these, and leave out what is not about them."
        ),
    ] = None,
    strengths: Annotated[
        str, typer.Option(metavar="A..B", help="Which strengths: 1..5, 4, or 3,5.")
    ] = "1..5",
    seed: Annotated[int, typer.Option(min=0, help="Of times, places and all randomness.")] = 7,
    rounds: Annotated[
        int, typer.Option(min=1, metavar="N", help="How often each kind goes through the clips.")
    ] = 1,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="M", help="Clean footage to look for false alarms on (5)."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes (all cores); figures stay the same."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A page .md, or .json; by default docs/detectors.md (docs/detectors_world.md), "
            "or the same beside you where there is no folder docs.",
        ),
    ] = None,
    world: Annotated[
        bool,
        typer.Option(
            "--world",
            help="Scenes of the procedural world: defects in states beside defects in pixels.",
        ),
    ] = False,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Two short clips: shows that it works, proves nothing."),
    ] = False,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Plant defects of every kind, and measure how well `check` finds and names them.

    Also: how severity grows with strength, time and place, false alarms on
    clean footage and on legal look-alikes, and what rate, size and compression
    do to the score. About 25 minutes on two cores; a run that was stopped goes
    on where it was.

    With --world the clips are scenes that are drawn, the defects are planted in
    their states and, for comparison, in the pixels of the same clips; the sets
    share no seed, style, background and no held kind of motion.

    With --json the figures go to stdout, and a page is written only with -o.
    -v lists what was missed.
    """
    from evenflow.reports import free_to_write, save

    chosen = _kinds(kinds, world=world)
    steps = parse_strengths(strengths)
    if output is None and not json_:
        name = "detectors_world.md" if world else "detectors.md"
        output = Path("docs") / name if Path("docs").is_dir() else Path(name)
    if world and clips is not None:
        raise BadInput("--world has scenes of its own: leave out --clips")
    if output is not None:
        free_to_write(output, suffixes=SUFFIXES, overwrite=yes)

    from evenflow.bench import bench_detectors, bench_world

    result: DetectorBench | WorldBench
    warn = None if quiet else print_warning
    with stoppable() as cancel, Bar(quiet=quiet, title="bench") as bar:
        if world:
            result = bench_world(
                scenes=footage,
                kinds=chosen,
                strengths=steps,
                seed=seed,
                rounds=rounds,
                minutes=minutes,
                workers=workers,
                quick=quick,
                progress=bar,
                cancel=cancel,
                warn=warn,
            )
        else:
            result = bench_detectors(
                footage=footage,
                clips=clips,
                kinds=chosen,
                strengths=steps,
                seed=seed,
                rounds=rounds,
                minutes=minutes,
                workers=workers,
                quick=quick,
                progress=bar,
                cancel=cancel,
                warn=warn,
            )
    if output is not None:
        text = result.to_markdown() if output.suffix.lower() == ".md" else _dumps(result)
        save(text, output)
    if json_:
        print_json(_dumps(result))
    elif not quiet:
        _print_result(result, output, verbose=verbose)


def parse_strengths(text: str) -> list[int]:
    """Reads `A..B`, both included, or a list.

    >>> parse_strengths("3..5"), parse_strengths("1,4")
    ([3, 4, 5], [1, 4])

    Raises:
        BadInput: not that, or outside 1 to 5.
    """
    both = re.fullmatch(r"\s*(\d)\s*\.\.\s*(\d)\s*", text)
    if both:
        made = list(range(int(both[1]), int(both[2]) + 1))
    elif re.fullmatch(r"\s*\d(\s*,\s*\d)*\s*", text):
        made = [int(part) for part in text.split(",")]
    else:
        made = []
    if not made or not all(1 <= step <= 5 for step in made):
        raise BadInput(f"strengths are written 1..5, 4 or 3,5 and lie from 1 to 5, got {text!r}")
    return made


def _kinds(text: str | None, *, world: bool = False) -> list[str] | None:
    if text is None:
        return None
    if world:
        return [kind_name(part) for part in text.split(",") if part.strip()]
    from evenflow.cli.inject import known_kind

    return [known_kind(kind_name(part)) for part in text.split(",") if part.strip()]


def _dumps(result: "DetectorBench | WorldBench") -> str:
    import json

    return json.dumps(result.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _print_result(
    result: "DetectorBench | WorldBench", output: Path | None, *, verbose: bool
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = stdout()
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in ("what", "reached", "aim", "met"):
        table.add_column(name, overflow="fold")
    for row in result.headline.to_json()["rows"]:
        met = row["met"].strip("*")
        style = {"yes": "green", "no": "red"}.get(met, "")
        plain = [row["question"], row["reached"].replace("`", ""), row["aim"]]
        table.add_row(*map(Text, plain), Text(met, style=style))
    console.print(table)
    if verbose:
        for plant in result.plants:
            if not plant["named"]:
                first, end = plant["frames"]
                line = (
                    f"  {plant['clip']}: {plant['kind']} {plant['strength']} "
                    f"at [{first},{end}): {plant['report']}"
                )
                console.print(Text(line), soft_wrap=True)
    if output is not None:
        console.print(Text(f"The page is {output}."), soft_wrap=True)
