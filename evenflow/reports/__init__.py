"""Files from a Report: JSON, a table, a test report, a page for a pull request; chosen by suffix.

`WRITERS` is the table: suffix to the function that makes the text.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from evenflow.core.errors import BadInput
from evenflow.core.report import Report
from evenflow.reports.baseline import Baseline
from evenflow.reports.entry import Entry, Unchecked
from evenflow.reports.json_text import json_text
from evenflow.reports.junit import junit
from evenflow.reports.markdown import markdown
from evenflow.reports.save import free_to_write, save
from evenflow.reports.table import table

WRITERS: dict[str, Callable[[Sequence[Entry]], str]] = {
    ".json": json_text,
    ".csv": table,
    ".xml": junit,
    ".md": markdown,
}


def report(report: Entry | Sequence[Entry], path: str | Path, *, overwrite: bool = False) -> Path:
    """Writes what `check` says of one clip or several; the suffix of `path` chooses the form.

    Args:
        report: one Report, or several in the order in which they shall appear.
        path: ends in `.json` (everything), `.csv` (a row a frame), `.xml` (JUnit, a test a clause)
            or `.md` (a summary for a pull request).
        overwrite: replace a file that is already there.

    Returns:
        The path that was written. The file appears whole or not at all.

    Raises:
        BadInput: another suffix, or a folder that does not exist.
        OutputExists: the file is there and `overwrite` is false.
        ResourceShortage: the disk is full.
    """
    path = Path(path)
    free_to_write(path, suffixes=WRITERS, overwrite=overwrite)
    entries = [report] if isinstance(report, Report | Unchecked) else list(report)
    if not entries:
        raise BadInput(f"{path.name} would be empty: give at least one report")
    return save(WRITERS[path.suffix.lower()](entries), path)


__all__ = [
    "WRITERS",
    "Baseline",
    "Entry",
    "Unchecked",
    "free_to_write",
    "json_text",
    "junit",
    "markdown",
    "report",
    "save",
    "table",
]
