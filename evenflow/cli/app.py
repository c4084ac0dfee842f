"""The verbs of the command `evenflow`, and the exit code of each run.

Exit codes: 0 good, 1 failed, 2 usage or bad input, 3 gate not met, 4 not enough memory or disk,
5 model, license or extra missing, 130 interrupted.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import evenflow
from evenflow.cli.bench import bench
from evenflow.cli.check import check
from evenflow.cli.compare import compare
from evenflow.cli.console import finish
from evenflow.cli.data import data
from evenflow.cli.demo import demo
from evenflow.cli.doctor import doctor
from evenflow.cli.generate import generate
from evenflow.cli.info import info
from evenflow.cli.inject import inject
from evenflow.cli.train import train
from evenflow.cli.world import world

# Threads that wait for each other must not spin for long: beside another busy program 30 ms would
# become a second. It is read when torch is loaded, which is later.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

app = typer.Typer(
    name="evenflow",
    add_completion=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# One verb a file; each file says what its verb does.
app.command("check")(check)
app.command("compare")(compare)
app.command("inject")(inject)
app.command("generate")(generate)
app.command("info")(info)
app.command("doctor")(doctor)
app.command("demo")(demo)
app.command("train")(train)
app.add_typer(bench, name="bench")
app.add_typer(data, name="data")
app.add_typer(world, name="world")


@app.callback()
def evenflow_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> None:
    """Video that holds together in space and time.

    Exit codes: 0 good, 1 failed, 2 usage or bad input, 3 gate not met,
    4 not enough memory or disk, 5 model, license or extra missing, 130 interrupted.
    """
    if version:
        typer.echo(f"evenflow {evenflow.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code; never raises.

    Args:
        args: without the program's name; `sys.argv` by default.
    """
    words = list(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # any file name can be printed
    return finish(
        lambda: app(args=words, prog_name="evenflow", standalone_mode=False),
        debug="--debug" in words,
    )
