"""CSV: a row a frame, a column a signal, and what was found there; or a row a finding."""

import csv
import io
import math
from collections.abc import Sequence

import numpy as np

from evenflow.core.report import Report
from evenflow.core.signals import SIGNALS
from evenflow.reports.entry import Entry, Unchecked, first_frame, path_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def text_cell(text: str) -> str:
    """Text that a spreadsheet will not run: what starts a formula gets a quote in front.

    >>> text_cell("=HYPERLINK(1)"), text_cell("bikes.mp4")
    ("'=HYPERLINK(1)", 'bikes.mp4')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def table(entries: Sequence[Entry]) -> str:
    """A row a frame: number, time, signals and metrics, the kinds found there, largest severity.

    The whole series, however long the clip. A cell is empty where nothing can be said. Several
    clips stand below each other, with the clip in the first column; a clip that could not be
    checked has no frames and so no rows.
    """
    reports = [entry for entry in entries if not isinstance(entry, Unchecked)]
    names = [name for name in SIGNALS if any(name in report.signals for report in reports)]
    names += sorted({name for report in reports for name in report.signals} - set(names))
    names += list(dict.fromkeys(name for report in reports for name in report.metrics))
    several = len(entries) > 1
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = ["frame", "time_s", *map(text_cell, names), "findings", "severity_jnd"]
    writer.writerow(["clip", *header] if several else header)
    for report in reports:
        label = [text_cell(path_of(report))] if several else []
        writer.writerows([*label, *row] for row in _rows(report, names))
    return text.getvalue()


_FINDING = (
    "clip", "kind", "dimension", "start_frame", "end_frame", "start_s", "end_s", "peak_frame",
    "x0", "y0", "x1", "y1", "object", "severity_jnd", "confidence", "repairable", "explanation",
    "signal", "value", "threshold", "ruled_out",
)  # fmt: skip


def findings_table(entries: Sequence[Entry]) -> str:
    """A row a finding, in order of time: where, when, how bad, why, and what it is not.

    `end_frame` is exclusive; the box is in source pixels and empty for the whole picture. The clip
    stands in the first column, whether there is one or several. A clip that could not be checked
    has no findings and so no rows.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FINDING)
    for report in entries:
        if isinstance(report, Unchecked):
            continue
        for finding in report.findings:
            row = {**finding.to_json(), "clip": path_of(report)}
            row.update(zip(("x0", "y0", "x1", "y1"), row["box"] or ("",) * 4, strict=True))
            row.update({key: finding.evidence.get(key) for key in ("signal", "value", "threshold")})
            row["ruled_out"] = "; ".join(finding.ruled_out)
            writer.writerow(_cell(row[name]) for name in _FINDING)
    return text.getvalue()


def _cell(value: object) -> object:
    """Numbers as they are, text that runs nowhere, nothing for null."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int | float) else text_cell(str(value))


def _rows(report: Report, names: Sequence[str]) -> list[list[str]]:
    num_frames, first = int(report.clip.get("frames") or 0), first_frame(report)
    seconds = report.seconds
    if len(seconds) != num_frames:  # a report that was read back
        seconds = (first + np.arange(num_frames)) / float(report.clip.get("fps") or 24)
    columns = []
    for name in names:
        signal = report.signals.get(name) or report.metrics.get(name)
        series = signal.series if signal is not None else None
        fits = series is not None and len(series) == num_frames
        columns.append([_number(v) for v in series] if fits else [""] * num_frames)  # type: ignore[union-attr]
    kinds: list[list[str]] = [[] for _ in range(num_frames)]
    worst = [0.0] * num_frames
    for finding in report.findings:
        start, end = finding.span.start_frame - first, finding.span.end_frame - first
        for i in range(max(0, start), min(end, num_frames)):
            kinds[i].append(finding.kind)
            worst[i] = max(worst[i], finding.severity_jnd)
    return [
        [
            str(first + i),
            f"{seconds[i]:.6f}",
            *(column[i] for column in columns),
            text_cell(" ".join(sorted(set(kinds[i])))),
            f"{worst[i]:.2f}" if kinds[i] else "",
        ]
        for i in range(num_frames)
    ]


def _number(value: float) -> str:
    return f"{float(value):.5g}" if math.isfinite(value) else ""
