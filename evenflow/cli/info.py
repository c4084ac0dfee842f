"""`evenflow info`: what a file is, and what it says of how it was made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from evenflow.cli.console import Debug, Json, Offline, one_line, print_json, stdout


def info(
    file: Annotated[
        str, typer.Argument(metavar="FILE", show_default=False, help="A video or an image folder.")
    ],
    json_: Json = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Say what a file is: size, rate, times, color tags; and the settings that made it."""
    from evenflow.io import info as describe

    data = describe(file)
    if json_:
        print_json(data)
        return
    from rich.text import Text

    console = stdout()
    console.print(Text(one_line(Path(file).name or file), style="bold"))
    for name, value in _rows(data):
        console.print(
            Text.assemble((f"  {one_line(name):<22} ", "dim"), one_line(value)), soft_wrap=True
        )


def _rows(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        name = f"{prefix}{key}".replace("_", " ")
        if prefix == "" and key in ("schema", "path"):
            continue
        if isinstance(value, dict):
            yield from _rows(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
            for i, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _rows(item, f"{prefix}{key}.{i}.")
                else:
                    yield f"{name}.{i}", str(item)
        elif value is None or value in ([], (), ""):
            continue
        else:
            yield name, _words(value)


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(_words(item) for item in value)
    return str(value)
