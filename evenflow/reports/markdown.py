"""Markdown: a summary to paste into a pull request."""

import html
import re
from collections.abc import Sequence

from evenflow.core.gate import FOUND_JND
from evenflow.core.report import Report
from evenflow.reports.entry import Entry, Unchecked, clock, frames, name_of, not_judged, path_of

MOST_FINDINGS = 20
"""Findings that are listed a clip; the rest is counted."""

MOST_KINDS = 8
"""Kinds that are named where they could not be judged; more are counted."""


def markdown(entries: Sequence[Entry]) -> str:
    """A table of the clips, then what was found in each, worst first."""
    lines = [
        "## Evenflow",
        "",
        "| clip | score | findings | worst | gate |",
        "|---|---:|---:|---|---|",
        *(_row(entry) for entry in entries),
    ]
    for entry in entries:
        if not isinstance(entry, Unchecked):
            lines += _details(entry)
    return "\n".join(lines) + "\n"


def _row(entry: Entry) -> str:
    name = _text(name_of(path_of(entry)))
    if isinstance(entry, Unchecked):
        return f"| {name} | - | - | {_text(entry.error)} | not checked |"
    score = "-" if entry.score is None else f"{entry.score:.1f}"
    count = sum(f.severity_jnd >= FOUND_JND for f in entry.findings)
    worst = entry.worst
    what = "-" if worst is None else f"`{worst.kind}` {worst.severity_jnd:.1f} jnd"
    gate = "-" if not entry.gate else "passed" if entry.passed else "**not met**"
    return f"| {name} | {score} | {count} | {what} | {gate} |"


def _details(report: Report) -> list[str]:
    lines: list[str] = []
    if report.findings:
        lines += [
            "",
            f"### {_text(name_of(path_of(report)))}",
            "",
            "| time | frames | kind | jnd | what |",
            "|---|---|---|---:|---|",
        ]
        ranked = sorted(report.findings, key=lambda f: (-f.severity_jnd, f.span.start_frame))
        lines += [
            f"| {clock(f.start_s)} | {frames(f.span.start_frame, f.span.end_frame)} | `{f.kind}` "
            f"| {f.severity_jnd:.1f} | {_text(f.explanation)} |"
            for f in ranked[:MOST_FINDINGS]
        ]
        if len(ranked) > MOST_FINDINGS:
            lines += ["", f"and {len(ranked) - MOST_FINDINGS} more of lower severity"]
    if report.gate:
        lines += ["", f"Gate of {_text(name_of(path_of(report)))}:", ""]
        for verdict in report.gate:
            box = "x" if verdict.passed else " "
            value = verdict.reason if verdict.value is None else f"{verdict.value:.4g}"
            lines.append(f"- [{box}] `{verdict.clause}`: {_text(str(value))}")
    notes = [*report.warnings]
    notes += [
        f"not judged, {why}: {', '.join(kinds) if len(kinds) <= MOST_KINDS else len(kinds)}"
        + (" kinds" if len(kinds) > MOST_KINDS else "")
        for why, kinds in not_judged(report).items()
    ]
    if notes:
        lines += ["", *(f"> {_text(note)}  " for note in notes)]
    return lines


def _text(text: str) -> str:
    """Plain text that Markdown and HTML leave alone, in one line."""
    line = " ".join(html.escape(text, quote=False).split())
    return re.sub(r"([\\`*_\[\]|~#@])", r"\\\1", line)
