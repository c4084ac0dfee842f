"""Files from a Report: JSON, tables, a test report, a page for a pull request, markers; by suffix.

`WRITERS` is the table of what several clips share, `MARKERS` of what belongs to one clip: suffix to
the function that makes the text.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from evenflow.core.errors import BadInput
from evenflow.core.report import Report
from evenflow.reports.baseline import Baseline
from evenflow.reports.edl import edl
from evenflow.reports.entry import Entry, Unchecked
from evenflow.reports.json_text import json_text
from evenflow.reports.junit import junit
from evenflow.reports.markdown import markdown
from evenflow.reports.otio import otio
from evenflow.reports.save import free_to_write, save
from evenflow.reports.table import findings_table, table


def _page(entries: Sequence[Entry]) -> str:
    """One HTML page; what makes it is loaded where it is asked for."""
    from evenflow.reports.html import html_text

    return html_text(entries)


WRITERS: dict[str, Callable[[Sequence[Entry]], str]] = {
    ".json": json_text,
    ".csv": table,
    ".xml": junit,
    ".md": markdown,
    ".html": _page,
}

MARKERS: dict[str, Callable[[Sequence[Entry]], str]] = {".edl": edl, ".otio": otio}


def report(report: Entry | Sequence[Entry], path: str | Path, *, overwrite: bool = False) -> Path:
    """Writes what `check` says of one clip or several; the suffix of `path` chooses the form.

    Args:
        report: one Report, or several in the order in which they shall appear.
        path: ends in `.json` (everything), `.csv` (a row a frame), `.xml` (JUnit, a test a clause),
            `.md` (a summary for a pull request) or `.html` (a page with curves and heatmap; the
            pictures need the clip: `evenflow.reports.html.write_html`); of one report also `.edl`
            (markers for an editor) or `.otio` (the same in OpenTimelineIO, with the extra
            `editorial`).
        overwrite: replace a file that is already there.

    Returns:
        The path that was written. The file appears whole or not at all.

    Raises:
        BackendMissing: OpenTimelineIO is not installed.
        BadInput: another suffix, a folder that does not exist, or markers of several clips.
        OutputExists: the file is there and `overwrite` is false.
        ResourceShortage: the disk is full.
    """
    path = Path(path)
    forms = {**WRITERS, **MARKERS}
    free_to_write(path, suffixes=forms, overwrite=overwrite)
    entries = [report] if isinstance(report, Report | Unchecked) else list(report)
    if not entries:
        raise BadInput(f"{path.name} would be empty: give at least one report")
    return save(forms[path.suffix.lower()](entries), path)


__all__ = [
    "MARKERS",
    "WRITERS",
    "Baseline",
    "Entry",
    "Unchecked",
    "edl",
    "findings_table",
    "free_to_write",
    "json_text",
    "junit",
    "markdown",
    "otio",
    "report",
    "save",
    "table",
]
