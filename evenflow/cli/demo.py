"""`evenflow demo`: the tour. Real footage is checked, then the same with defects planted in it."""

import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Yes,
    print_json,
    stdout,
    stoppable,
)
from evenflow.core.errors import BadInput, OutputExists
from evenflow.core.events import CancelToken, Progress
from evenflow.core.span import Span

if TYPE_CHECKING:
    from rich.console import Console

    from evenflow.core.finding import Finding
    from evenflow.core.report import Report

SCHEMA = "evenflow.demo/1"

PLAN = (
    ("lighting_flicker", "36f..60f"),
    ("high_frequency_noise", "148f..172f"),
    ("image_flicker", "205f..220f"),
)
"""What is planted in the clip, each inside one shot of `bikes.mp4`."""

SLACK_FRAMES = 3
"""A finding may lie this far beside the planted frames."""


@dataclass(frozen=True)
class Outcome:
    """What became of one planted defect.

    Args:
        planted: what, when and how strong.
        finding: what was found there, the right kind first; None is a miss.
    """

    planted: Span
    finding: "Finding | None"

    @property
    def word(self) -> str:
        """`found`, `found as KIND` or `missed`."""
        if self.finding is None:
            return "missed"
        return (
            "found" if self.finding.kind == self.planted.kind else f"found as {self.finding.kind}"
        )


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where clips and reports go.")
    ] = Path("evenflow-demo"),
    strength: Annotated[int, typer.Option(min=1, max=5, help="Of the planted defects.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Of whatever is random in them.")] = 0,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Check real footage, plant defects in it, and see whether they are found.

    About a minute; no download, no GPU. Clips and reports stay in DIR.
    """
    from evenflow.cli.card import print_card
    from evenflow.continuity import check
    from evenflow.core.gate import FOUND_JND
    from evenflow.io import read
    from evenflow.reports import json_text, save

    started = time.monotonic()
    console = stdout()
    talk = not (json_ or quiet)
    clean_path, planted_path = _prepare(output, yes=yes)

    def say(text: str, style: str = "") -> None:
        if talk:
            from rich.text import Text

            console.print(Text(text, style=style))

    with stoppable() as cancel, Bar(quiet=quiet) as bar:
        say(f"1. The footage as it is: {clean_path}", "bold")
        clean = check(read(clean_path), path=str(clean_path), progress=bar, cancel=cancel)
        save(json_text([clean]), output / "clean.json")
        if talk:
            print_card(clean, console)

        say(f"2. The same with {len(PLAN)} defects planted: {planted_path}", "bold")
        spans = make_planted(
            clean_path, planted_path, strength=strength, seed=seed, progress=bar, cancel=cancel
        )
        broken = check(read(planted_path), path=str(planted_path), progress=bar, cancel=cancel)
        save(json_text([broken]), output / "planted.json")
        if talk:
            print_card(broken, console)

    outcomes = [match(span, broken, clean, least_jnd=FOUND_JND) for span in spans]
    extra = [
        f
        for f in broken.findings
        if f.severity_jnd >= FOUND_JND
        and not any(f.span.overlap(span, slack=SLACK_FRAMES) for span in spans)
        and not _in(f, clean)
    ]
    if json_:
        print_json(
            {
                "schema": SCHEMA,
                "seconds": round(time.monotonic() - started, 1),
                "folder": str(output),
                "planted": [
                    {
                        "truth": outcome.planted.to_json(),
                        "outcome": outcome.word,
                        "finding": outcome.finding.to_json() if outcome.finding else None,
                    }
                    for outcome in outcomes
                ],
                "not_planted": [f.to_json() for f in extra],
                "clean_findings": [f.to_json() for f in clean.findings],
            }
        )
    elif talk:
        _print_outcomes(outcomes, extra, console)
        _print_next(output, clean_path, planted_path, console)
        say(f"\n{time.monotonic() - started:.0f} seconds in all", "dim")
    if all(outcome.finding is None for outcome in outcomes):
        raise typer.Exit(1)


def make_planted(
    source: Path,
    output: Path,
    *,
    strength: int = 4,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> list[Span]:
    """Writes a clip with the defects of `PLAN`, and the truth beside it; returns the truth."""
    from evenflow.cli.inject import write_planted
    from evenflow.continuity import inject
    from evenflow.core.times import Range
    from evenflow.io import read

    clip, spans = read(source), []
    for kind, at in PLAN:
        clip, span = inject(clip, kind, strength=strength, at=Range.parse(at), seed=seed)
        spans.append(span)
    truth = [{**span.to_json(), "schema": "evenflow.inject/1"} for span in spans]
    write_planted(clip, output, truth, source=source, progress=progress, cancel=cancel)
    return spans


def match(span: Span, broken: "Report", clean: "Report", *, least_jnd: float) -> Outcome:
    """The finding that answers a planted defect, or a miss.

    It is at least `least_jnd` severe, overlaps the planted frames within `SLACK_FRAMES`, and is
    not in the clean clip already. The right kind is preferred, then the most severe.
    """
    there = [
        f
        for f in broken.findings
        if f.severity_jnd >= least_jnd
        and f.span.overlap(span, slack=SLACK_FRAMES)
        and not _in(f, clean)
    ]
    there.sort(key=lambda f: (f.kind != span.kind, -f.severity_jnd))
    return Outcome(span, there[0] if there else None)


def _in(finding: "Finding", clean: "Report") -> bool:
    """True if the clean clip has the same finding: kind, place in time, no less severe by half."""
    return any(
        f.kind == finding.kind
        and f.span.overlap(finding.span) > 0
        and f.severity_jnd >= finding.severity_jnd / 2
        for f in clean.findings
    )


def _prepare(folder: Path, *, yes: bool) -> tuple[Path, Path]:
    """Makes the folder and puts the clean footage into it; returns both clips' paths."""
    from evenflow.cli.footage import bikes, pan, pattern, photograph
    from evenflow.io import write

    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file: give the name of a folder")
    if folder.exists() and any(folder.iterdir()) and not yes:
        raise OutputExists(f"{folder} already holds something: choose another name or say --yes")
    if not folder.parent.is_dir():
        raise BadInput(f"the folder {folder.parent} does not exist: make it first")
    folder.mkdir(exist_ok=True)
    real = bikes()
    if real is not None:
        clean = folder / "bikes.mp4"
        shutil.copyfile(real, clean)
        return clean, folder / "bikes_planted.mkv"
    found = photograph()
    name, picture = found if found is not None else ("pattern", pattern())
    clean = folder / f"{Path(name).stem}.mkv"
    write(pan(picture, num_frames=250, name=name), clean, overwrite=True)
    return clean, folder / f"{Path(name).stem}_planted.mkv"


def _print_outcomes(outcomes: list[Outcome], extra: "list[Finding]", console: "Console") -> None:
    from rich.text import Text

    from evenflow.reports.entry import frames

    console.print(Text("3. What was planted, and what was found", style="bold"))
    for outcome in outcomes:
        span, finding = outcome.planted, outcome.finding
        style = {"found": "green", "missed": "red"}.get(outcome.word, "yellow")
        line = Text.assemble(
            f"  {span.kind:<22}frames {frames(span.start_frame, span.end_frame):<9}",
            (outcome.word, style),
        )
        if finding is not None:
            where = frames(finding.span.start_frame, finding.span.end_frame)
            line.append(f", {finding.severity_jnd:.1f} jnd at frames {where}")
        console.print(line, soft_wrap=True)
    hits = sum(outcome.finding is not None for outcome in outcomes)
    also = f"; {len(extra)} reported where nothing was planted" if extra else ""
    console.print(Text(f"  {hits} of {len(outcomes)} found{also}"))


def _print_next(folder: Path, clean: Path, planted: Path, console: "Console") -> None:
    from rich.text import Text

    console.print(Text("\n4. What to try next", style="bold"))
    program = _program()
    for command, why in (
        (f"check {planted} --fail-on 3", "exit code 3, for a CI job"),
        (f"check {planted} --baseline {folder}/clean.json", "no worse than before?"),
        (f"check {planted} --range 0s..3s --csv flicker.csv", "signals, frame by frame"),
        (f"inject {clean} --kind list", "what can be planted"),
        (f"info {planted}", "what the file says of itself"),
        ("doctor", "this machine, and its colors"),
    ):
        text = Text.assemble(f"  {program} {command}\n", (f"      {why}", "dim"))
        console.print(text, soft_wrap=True)


def _program() -> str:
    """How to call this very command again from here."""
    called = Path(sys.argv[0])
    if called.name != "evenflow":
        return "python -m evenflow"
    found = shutil.which("evenflow")
    if found is not None and Path(found).resolve() == called.resolve():
        return "evenflow"
    return os.path.relpath(called)
