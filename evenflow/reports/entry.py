"""Entry: one clip's place in a report of many; a Report, or why there is none."""

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from evenflow.core.report import Report


@dataclass(frozen=True)
class Unchecked:
    """A clip that could not be checked.

    Args:
        path: as it was given.
        error: one line: what is true, what came, what to do.
    """

    path: str
    error: str

    def to_json(self) -> dict[str, Any]:
        """Plain types: `{"clip": {"path"}, "error"}`."""
        return {"clip": {"path": self.path}, "error": self.error}

    def dumps(self, *, indent: int | None = 1) -> str:
        """The JSON text."""
        return json.dumps(self.to_json(), indent=indent, ensure_ascii=False)


Entry = Report | Unchecked
"""What stands for one clip in a report of several."""


def path_of(entry: Entry) -> str:
    """The clip's path as it was given; "clip" where the report does not know one."""
    if isinstance(entry, Unchecked):
        return entry.path
    return str(entry.clip.get("path") or "clip")


def first_frame(report: Report) -> int:
    """Number of the first frame that was checked; above 0 where only a range was."""
    return report.shots[0].start_frame if report.shots else 0


def not_judged(report: Report) -> dict[str, list[str]]:
    """Why kinds could not be judged, to the kinds, so that a reason is said once."""
    reasons: dict[str, list[str]] = {}
    for kind, reason in report.not_assessable.items():
        reasons.setdefault(reason, []).append(kind)
    return {reason: sorted(kinds) for reason, kinds in sorted(reasons.items())}


def name_of(path: str) -> str:
    """The base name, for what is shown and shared."""
    return PurePath(path).name or path


def clock(seconds: float) -> str:
    """A time as people read it.

    >>> clock(0.48), clock(75.04), clock(3725.5)
    ('0.48 s', '1:15.04', '1:02:05.50')
    """
    if seconds < 60:
        return f"{seconds:.2f} s"
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest / 100:05.2f}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def frames(start: int, end: int) -> str:
    """A half-open range of frames as people read it: first and last.

    >>> frames(12, 24), frames(30, 31)
    ('12-23', '30')
    """
    return str(start) if end - start == 1 else f"{start}-{end - 1}"
