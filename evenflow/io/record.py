"""The record that our files carry: settings and provenance, and what their container cannot say."""

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

SCHEMA = "evenflow.record/1"
KEY = "evenflow"


def make_record(
    settings: dict[str, Any] | None, provenance: dict[str, Any] | None, **facts: object
) -> dict[str, Any]:
    """The record of one file: `settings`, `provenance` and `facts`, each where it is not None."""
    from evenflow import __version__

    record: dict[str, Any] = {"schema": SCHEMA, "version": __version__}
    if settings is not None:
        record["settings"] = settings
    if provenance is not None:
        record["provenance"] = provenance
    return record | {key: value for key, value in facts.items() if value is not None}


def to_text(record: dict[str, Any]) -> str:
    """One line of JSON, ASCII, so that every container keeps it."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=True, default=str)


def comment(record: dict[str, Any]) -> str:
    """The line for people that goes into the `comment` tag."""
    return f"Written by Evenflow {record['version']}; `evenflow info` shows how it was made."


def steps_of(times: Sequence[Fraction] | None, base: Fraction) -> dict[str, Any] | None:
    """Frame times as whole steps of a unit, for the record; None for a constant rate."""
    if times is None or len(times) < 2:
        return None
    ticks = [int(time / base) for time in times]
    if any(tick * base != time for tick, time in zip(ticks, times, strict=True)):
        return None
    return {"base": [base.numerator, base.denominator], "steps": np.diff(ticks).tolist()}


def sidecar_name(pattern: str) -> str:
    """Name of the record that lies beside the images of a pattern.

    >>> sidecar_name("shot_%04d.png"), sidecar_name("*.png")
    ('shot.evenflow.json', 'frames.evenflow.json')
    """
    stem = re.split(r"[%*?\[]", pattern)[0].rstrip("_-. ")
    return f"{stem or 'frames'}.evenflow.json"


def parse_record(text: str | bytes | None) -> dict[str, Any]:
    """A record read back, or an empty dict where there is none or it is not one."""
    if not text or len(text) > 1 << 24:
        return {}
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
