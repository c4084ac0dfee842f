"""Columns: a line of any metadata table as a Row, and a Row as a line of ours.

The names that other tools give to the same column are in ALIASES (finetrainers, diffusion-pipe,
musubi-tuner, Open-Sora, VideoX-Fun, Hugging Face video folders).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

from evenflow.core.errors import BadInput
from evenflow.data.row import Row
from evenflow.io import parse_rate

ALIASES: dict[str, tuple[str, ...]] = {
    "path": ("video", "file_path", "path", "video_path", "file_name", "media_path"),
    "caption": ("caption", "text", "prompt"),
    "fps": ("fps", "frame_rate"),
    "shot": ("shot", "shot_id"),
}
"""Our column and the names it goes by, the first that is there and not empty wins."""

_OWN = {one.name for one in fields(Row)}
_NUMBERS: dict[str, type[int] | type[float]] = {
    "num_frames": int, "width": int, "height": int, "shot": int,
    "t0": float, "t1": float, "duration": float,
}  # fmt: skip
_TEXTS = ("key", "source", "license", "split", "hash")
_TABLES = ("captions", "scores", "marks", "extra")


def row_from(line: Mapping[str, Any], *, key: str = "") -> Row:
    """A row from a line of a table: cells may be text (CSV) or typed (JSON, Parquet).

    Args:
        line: cells by column; names may differ in case and outer spaces.
        key: for lines that carry none; else the path without its suffix.

    Raises:
        BadInput: no column names the video, or a number cannot be read.
    """
    cells = {str(k).strip().lower(): v for k, v in line.items() if k is not None}
    found: dict[str, Any] = {}
    used: set[str] = set()
    for name, aliases in ALIASES.items():
        for alias in aliases:
            if alias in cells and not _empty(cells[alias]):
                found[name] = cells[alias]
                used.add(alias)
                break
    path = found.get("path")
    if isinstance(path, Mapping):  # Hugging Face writes {"path": ..., "bytes": ...}
        path = path.get("path")
    if not isinstance(path, str) or not path.strip():
        names = ", ".join(ALIASES["path"])
        raise BadInput(f"no column names the video: one of {names} is needed")
    captions = _captions(cells.get("captions"))
    caption = found.get("caption", "")
    if isinstance(caption, list):
        captions |= {str(i): str(one) for i, one in enumerate(caption)}
        caption = caption[0] if caption else ""
    if not caption and captions:
        caption = next(iter(captions.values()))
    values: dict[str, Any] = {"path": path.strip(), "caption": str(caption).strip()}
    values["captions"] = captions
    for name, kind in _NUMBERS.items():
        cell = found.get(name, cells.get(name))
        if not _empty(cell):
            values[name] = _number(name, cell, kind)
    if not _empty(found.get("fps")) and str(found["fps"]).strip() not in ("0", "0.0"):
        values["fps"] = _rate(found["fps"])
    for name in _TEXTS:
        if not _empty(cells.get(name)):
            values[name] = str(cells[name]).strip()
    for name in ("scores", "marks"):
        values[name] = _table(name, cells.get(name))
    extra = dict(_table("extra", cells.get("extra")))
    known = _OWN | used
    extra |= {k: v for k, v in cells.items() if k not in known and not _empty(v)}
    values["extra"] = extra
    stem = path.strip().replace("\\", "/").rpartition(".")[0] or path.strip()
    values.setdefault("key", key or stem)
    return Row(**values)


def row_to(row: Row) -> dict[str, Any]:
    """A row as plain values for JSON: what is empty is left out, `extra` stays a table.

    >>> row_to(Row("a", "a.mp4", "a ball", fps=Fraction(12)))
    {'key': 'a', 'path': 'a.mp4', 'caption': 'a ball', 'fps': '12'}
    """
    out: dict[str, Any] = {}
    for one in fields(Row):
        value = getattr(row, one.name)
        if isinstance(value, Fraction):
            value = str(value)
        if value is None or (isinstance(value, (str, dict)) and not value):
            continue
        if one.name in ("width", "height", "shot") and not value:
            continue
        out[one.name] = value
    return out


def _empty(cell: Any) -> bool:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and not cell.strip()


def _number(name: str, cell: Any, kind: type[int] | type[float]) -> int | float:
    try:
        value = float(cell)
        whole = round(value)
    except (TypeError, ValueError, OverflowError):
        value, whole = math.nan, 0
    if not math.isfinite(value) or value < 0 or (kind is int and value != whole):
        wanted = "a whole number" if kind is int else "a number"
        raise BadInput(f"the column {name} holds {wanted} of 0 or more, got {str(cell)[:40]!r}")
    return whole if kind is int else value


def _rate(cell: Any) -> Fraction:
    if isinstance(cell, float):
        return parse_rate(f"{cell:.9f}".rstrip("0").rstrip("."))
    return parse_rate(str(cell))


def _captions(cell: Any) -> dict[str, str]:
    if isinstance(cell, str) and cell.strip()[:1] in ("{", "["):
        cell = _json("captions", cell)
    if isinstance(cell, Mapping):
        return {str(k): str(v) for k, v in cell.items() if not _empty(v)}
    if isinstance(cell, (list, tuple)):
        return {str(i): str(one) for i, one in enumerate(cell) if not _empty(one)}
    return {} if _empty(cell) else {"0": str(cell)}


def _table(name: str, cell: Any) -> dict[str, Any]:
    if _empty(cell):
        return {}
    if isinstance(cell, str):
        cell = _json(name, cell)
    if not isinstance(cell, Mapping):
        raise BadInput(f"the column {name} holds a table by name, got {str(cell)[:40]!r}")
    return {str(k): v for k, v in cell.items() if v is not None}


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput(f"the column {name} holds JSON that cannot be read: {text[:40]!r}") from None
