"""`evenflow doctor`: is this installation whole, and do colors survive the trip through a file?"""

import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

import evenflow
from evenflow.cli.console import Debug, Json, Offline, Yes, one_line, print_json, stdout
from evenflow.core.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

    from evenflow.io import RoundTrip

SCHEMA = "evenflow.doctor/1"
LOW_DISK_GB = 2.0
LOW_MEMORY_GB = 2.0


@dataclass(frozen=True)
class Item:
    """One thing that was looked at.

    Args:
        name: what.
        state: `good`; `note` is worth knowing; `broken` makes the exit code 1.
        value: what was found.
        fix: what to do, where there is something to do.
    """

    name: str
    state: Literal["good", "note", "broken"]
    value: str
    fix: str = ""

    def to_json(self) -> dict[str, str]:
        """Plain types."""
        return {"name": self.name, "state": self.state, "value": self.value, "fix": self.fix}


def doctor(
    chart: Annotated[
        str | None,
        typer.Argument(
            metavar="CHART",
            show_default=False,
            help="A file that another program made of the chart: are its colors right?",
        ),
    ] = None,
    make_chart: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the chart, to take it through another program."),
    ] = None,
    json_: Json = False,
    yes: Yes = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Look at this installation, and send a color chart through every kind of file.

    Exit code 1 if something is broken. To test another program: write a chart
    with --make-chart chart.mkv, take it through that program, then run
    `evenflow doctor` on what comes out.
    """
    if make_chart is not None:
        if chart is not None:
            raise BadInput("--make-chart writes a chart and CHART reads one: give one of the two")
        _write_chart(make_chart, yes=yes)
        return
    items = [_read_chart(chart)] if chart is not None else _everything()
    if json_:
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "version": evenflow.__version__,
            "items": [item.to_json() for item in items],
        }
        print_json(data)
    else:
        _print(items, stdout())
    if any(item.state == "broken" for item in items):
        raise typer.Exit(1)


def _everything() -> list[Item]:
    return [*machine(), *libraries(), *extras(), *_colors()]


def machine() -> list[Item]:
    """Python, cores, memory, disk."""
    version = platform.python_version()
    items = [
        Item("evenflow", "good", evenflow.__version__),
        Item("python", "good", version)
        if sys.version_info >= (3, 11)
        else Item("python", "broken", version, "install Python 3.11 or newer"),
        Item("cores", "good", str(_cores())),
    ]
    memory = _memory_gb()
    if memory is not None:
        fix = "close other programs before a long clip" if memory < LOW_MEMORY_GB else ""
        state: Literal["good", "note"] = "note" if fix else "good"
        items.append(Item("memory free", state, f"{memory:.1f} GB", fix))
    disk = shutil.disk_usage(Path.cwd()).free / 1e9
    fix = "make room before writing lossless clips" if disk < LOW_DISK_GB else ""
    items.append(Item("disk free here", "note" if fix else "good", f"{disk:.1f} GB", fix))
    return items


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def _memory_gb() -> float | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    match = re.search(r"MemAvailable:\s+(\d+) kB", text)
    return int(match[1]) * 1024 / 1e9 if match else None


def libraries() -> list[Item]:
    """The libraries that the base installation stands on: present, and does each import?"""
    plain = ("numpy", "scipy", "numba", "pillow", "pydantic", "rich", "typer")
    items = [_version(package) for package in plain]
    try:
        import av
    except Exception as error:
        items.append(Item("av", "broken", _first(error), "pip install -c constraints.txt av"))
    else:
        ffmpeg = getattr(av, "ffmpeg_version_info", "of unknown version")
        items.append(Item("av", "good", f"{av.__version__}, FFmpeg {ffmpeg}"))
    try:
        import cv2
    except Exception as error:
        fix = "pip install -c constraints.txt opencv-python-headless"
        items.append(Item("opencv", "broken", _first(error), fix))
    else:
        builds = [
            name
            for name in (
                "opencv-python",
                "opencv-python-headless",
                "opencv-contrib-python",
                "opencv-contrib-python-headless",
            )
            if _installed(name)
        ]
        value = f"{cv2.__version__} from {' and '.join(builds) or 'an unknown package'}"
        if len(builds) > 1:
            fix = "they share one folder and the last one wins: keep opencv-python-headless alone"
            items.append(Item("opencv", "note", value, fix))
        else:
            items.append(Item("opencv", "good", value))
    return items


def extras() -> list[Item]:
    """The extras of the project file: which are whole, and the line that completes the others."""
    try:
        requirements = metadata.requires("evenflow") or []
    except metadata.PackageNotFoundError:
        fix = "pip install -c constraints.txt -e ."
        return [Item("extras", "note", "evenflow is not installed, only found on the path", fix)]
    wanted: dict[str, list[str]] = {}
    for line in requirements:
        match = re.match(r"([A-Za-z0-9._-]+).*;.*extra == ['\"]([a-z]+)['\"]", line)
        if match:
            wanted.setdefault(match[2], []).append(match[1])
    items = []
    for extra, packages in wanted.items():
        missing = [name for name in packages if not _installed(name)]
        if extra == "dev" and missing:
            continue  # for those who work on Evenflow itself
        if not missing:
            packages.sort(key=lambda name: name != "torch")
            value = ", ".join(f"{name} {_installed(name)}" for name in packages[:4])
            items.append(Item(f"extra {extra}", "good", value))
        else:
            fix = f"pip install -c constraints.txt -e '.[{extra}]'"
            items.append(Item(f"extra {extra}", "note", f"without {', '.join(missing)}", fix))
    return items


def _version(package: str) -> Item:
    found = _installed(package)
    if found:
        return Item(package, "good", found)
    return Item(package, "broken", "missing", f"pip install -c constraints.txt {package}")


def _installed(package: str) -> str:
    """The version of a package, "" if it is not there; nothing is imported."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _first(error: BaseException) -> str:
    return one_line(str(error) or type(error).__name__)[:120]


def _print(items: list[Item], console: "Console") -> None:
    from rich.text import Text

    styles = {"good": "green", "note": "yellow", "broken": "bold red"}
    for item in items:
        line = Text.assemble(
            (f"  {item.state:<7}", styles[item.state]), f" {item.name:<20} {one_line(item.value)}"
        )
        console.print(line, soft_wrap=True)
        if item.fix:
            console.print(Text(f"{'':30}{item.fix}", style="dim"), soft_wrap=True)
    broken = sum(item.state == "broken" for item in items)
    if broken:
        console.print(Text(f"{broken} broken: see above", style="bold red"))
    else:
        console.print(Text("nothing broken", style="green"))


LOSSLESS = ("mkv", "webp", "png", "tiff")
"""Writers that must give every pixel back."""


def _colors() -> list[Item]:
    from evenflow.io import round_trips

    return [_trip(trip) for trip in round_trips()]


def _trip(trip: "RoundTrip") -> Item:
    """A writer that was tried, and what the chart lost on the way."""
    name = f"colors in {trip.writer}"
    if trip.reading is None or trip.mean_error is None or trip.max_error is None:
        reason, _, fix = (trip.reason or "not available").partition(": ")
        return Item(name, "note", reason, fix)
    if trip.reading.cause is not None:
        return Item(name, "broken", trip.reading.explanation, "report this: it is a bug")
    if trip.lossless:
        return Item(name, "good", "every pixel comes back as it was")
    value = f"{trip.mean_error:.2f} gray levels mean error, {trip.max_error:.1f} at most"
    if trip.writer in LOSSLESS:
        return Item(name, "broken", f"not lossless: {value}", "report this: it is a bug")
    return Item(name, "good", value)


def _read_chart(chart: str) -> Item:
    from evenflow.io import read, read_chart

    reading = read_chart(read(chart))
    color = reading.color
    tags = f"tagged {color.matrix}, {'full' if color.full_range else 'limited'} range"
    if color.assumed:
        tags += f" (the file does not say its {', '.join(color.assumed)})"
    value = f"{reading.explanation}; {tags}"
    if reading.cause is None:
        return Item(reading.name, "good", value)
    worst = max(reading.patches, key=lambda patch: patch.error)
    where = f"worst patch: {worst.name}, off by {worst.error:.0f} gray levels"
    return Item(reading.name, "broken", value, where)


def _write_chart(path: Path, *, yes: bool) -> None:
    from evenflow.io import write
    from evenflow.io.chart import chart_clip

    write(chart_clip(48), path, overwrite=yes)
    typer.echo(f"{path}: take it through the other program, then run evenflow doctor on the result")
