"""`evenflow train`: a recipe is run, or what it needs is estimated; a stopped run goes on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    print_json,
    print_warning,
    stderr,
    stdout,
    stoppable,
)
from evenflow.core.errors import Cancelled

if TYPE_CHECKING:
    from evenflow.train import Estimate, Recipe, RunLog

SCHEMA = "evenflow.train/1"


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe that ships (see `list`), or a YAML file.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder of the run (runs/RECIPE).",
            show_default=False,
        ),
    ] = None,
    changes: Annotated[
        list[str],
        typer.Option("--set", metavar="K=V", help="Change the recipe: schedule.minutes=2."),
    ] = [],  # noqa: B006
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what a stopped run left.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say weights, memory, operations and minutes; run nothing."),
    ] = False,
    device: Annotated[str, typer.Option(metavar="D", help="auto, cpu, cuda or mps.")] = "auto",
    json_: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Train a tokenizer or a generator by a recipe.

    Ctrl-C saves what was learned and --resume goes on from there. Under
    torchrun several processes train together:
    torchrun --nproc-per-node 8 -m evenflow train RECIPE.
    """
    from evenflow.world.clip import need_torch

    need_torch()
    from evenflow.dist import joined
    from evenflow.train import estimate, load, names
    from evenflow.train import train as run
    from evenflow.train.recipe import FOLDER
    from evenflow.train.tasks import TASKS

    if recipe == "list" and not Path(recipe).exists():
        known = {name: load(name) for name in names()}
        if json_:
            rows = [{"recipe": name, "about": one.about} for name, one in known.items()]
            print_json({"schema": SCHEMA, "recipes": rows, "folder": FOLDER.name})
            return
        for name, one in known.items():
            stdout().print(f"{name:18} {one.about}", markup=False)
        return
    told = load(recipe, changes)
    folder = output or Path("runs") / told.name
    with joined(device) as ranks:
        quiet = quiet or not ranks.first
        if dry_run:
            found = estimate(told, TASKS[told.task](told, ranks), ranks)
            if ranks.first:
                _say_estimate(told, found, json_=json_)
            return
        with stoppable() as cancel, Bar(quiet=quiet, title=told.name) as bar:
            try:
                log = run(told, folder, resume=resume, ranks=ranks, progress=bar, cancel=cancel)
            except Cancelled as stopped:
                if ranks.first and (folder / "recipe.yaml").exists():
                    print_warning(str(stopped))
                raise
        if ranks.first:
            _say_run(log, json_=json_, quiet=quiet)


def _say_estimate(recipe: "Recipe", found: "Estimate", *, json_: bool) -> None:
    if json_:
        print_json({"schema": SCHEMA, "recipe": recipe.name, **found.to_json()})
        return
    many = f" ({_short(found.by_muon)} of them by Muon)" if found.by_muon else ""
    console = stdout()
    rows = [
        ("weights", _short(found.weights) + many),
        ("memory", f"{found.memory / 1e9:.2g} GB a rank, without data"),
        ("operations", f"{_short(found.flops)} a step of {recipe.batch} clips"),
        ("pace", f"{found.step_s:.3g} s a step here, without data"),
        ("steps", "as many as fit" if found.steps is None else f"{found.steps:,}"),
        ("minutes", "?" if found.minutes is None else f"{found.minutes:.3g}"),
    ]
    for name, value in rows:
        console.print(f"{name:12} {value}", markup=False)


def _say_run(log: "RunLog", *, json_: bool, quiet: bool) -> None:
    last: dict[str, Any] = next((row for row in reversed(log.rows) if "loss" in row), {})
    found = next((row["validation"] for row in reversed(log.rows) if "validation" in row), None)
    if json_:
        told: dict[str, Any] = {
            "schema": SCHEMA,
            "folder": str(log.folder),
            "steps": log.steps,
            "seconds": round(log.seconds, 3),
            "loss": last.get("loss"),
            "validation": found,
        }
        print_json(told)
        return
    if quiet:
        return
    console = stderr()
    loss = f", loss {last['loss']:.4g}" if last.get("loss") is not None else ""
    console.print(
        f"{log.folder}/model: {log.steps:,} steps in {log.seconds / 60:.1f} minutes{loss}",
        markup=False,
    )
    for name, value in (found or {}).items():
        if isinstance(value, dict):
            low, high = value["interval"]
            value = f"{value['mean']:.4g} [{low:.4g}, {high:.4g}] of {value['prompts']}"
        console.print(f"  {name:12} {'not measured' if value is None else value}", markup=False)


def _short(value: float) -> str:
    """A count with a letter for its size.

    >>> _short(15_200_000), _short(950)
    ('15.2 M', '950')
    """
    for size, letter in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:g}"
