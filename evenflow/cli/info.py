"""`evenflow info`: what a file is, and what it says of how it was made."""

from collections.abc import Iterator
from pathlib import PurePath
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
    console.print(Text(one_line(PurePath(file).name or file), style="bold"))
    for name, value in _rows(data):
        style = "yellow" if name == "warning" else ""
        line = Text.assemble((f"  {name:<11} ", "dim"), (one_line(value), style))
        console.print(line, soft_wrap=True)
    for name in ("settings", "provenance"):
        if data.get(name):
            console.print(Text(f"  {name}", style="dim"))
            for row in _outline(data[name]):
                console.print(Text(f"    {row}"), soft_wrap=True)


def _rows(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What people want to know first; `--json` has everything."""
    size = data.get("size_bytes")
    yield "file", f"{data['codec']} in {data['container']}" + (f", {_bytes(size)}" if size else "")
    picture = f"{data['width']}x{data['height']}, {data['pixel_format']}, {data['bit_depth']} bit"
    if data.get("rotation_deg"):
        picture += f", turned by {data['rotation_deg']} degrees"
    if data.get("sample_aspect") not in (None, 0.0, 1.0):
        picture += f", pixel aspect {data['sample_aspect']:.4g}"
    if data.get("interlaced"):
        picture += ", interlaced"
    yield "picture", picture
    rate = f"{data['fps']:.5g} fps ({data['fps_exact']})"
    if (data.get("times") or {}).get("variable"):
        rate += " on average, variable"
    frames = data.get("frames")
    length = "a stream" if frames is None else f"{frames} frame{'' if frames == 1 else 's'}"
    if data.get("duration_s") is not None:
        length += f", {data['duration_s']:.3f} s"
    yield "time", f"{length}, {rate}"
    if data.get("timecode"):
        yield "timecode", data["timecode"]
    color = data["color"]
    yield (
        "color",
        f"{color['matrix']} matrix, {color['range']} range, {color['primaries']} primaries, "
        f"{color['transfer']} transfer",
    )
    if color["assumed"]:
        yield "", f"the file does not say its {', '.join(color['assumed'])}: assumed"
    for key in ("audio", "subtitles"):
        for stream in data.get(key) or ():
            facts = [str(stream.get("codec", "unknown"))]
            if stream.get("language"):
                facts.append(str(stream["language"]))
            if stream.get("sample_rate"):
                facts.append(f"{stream['sample_rate']} Hz")
            if stream.get("channels"):
                facts.append(f"{stream['channels']} channels")
            yield key, ", ".join(facts)
    if data.get("written_by"):
        yield "written by", data["written_by"]
    for warning in data.get("warnings") or ():
        yield "warning", warning


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{size:.0f} bytes"
        size /= 1000
    raise AssertionError


def _outline(value: Any, indent: int = 0) -> Iterator[str]:
    """Nested values as an outline, without what is empty."""
    pad = "  " * indent
    items = value.items() if isinstance(value, dict) else enumerate(value, start=1)
    for key, item in items:
        name = one_line(str(key)).replace("_", " ")
        if item is None or item in ([], {}, "") or key == "schema":
            continue
        if isinstance(item, dict) or (
            isinstance(item, list) and any(isinstance(part, dict | list) for part in item)
        ):
            yield f"{pad}{name}"
            yield from _outline(item, indent + 1)
        elif isinstance(item, list):
            yield f"{pad}{name}: {one_line(', '.join(map(str, item)))}"
        else:
            yield f"{pad}{name}: {one_line(str(item))}"
