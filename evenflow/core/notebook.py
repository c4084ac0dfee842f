"""A report in a notebook: a score, a strip of time and the findings as plain HTML.

It needs no script and nothing but the report, so it shows on pages that run none, it stays small in
a saved notebook, and `core` imports no other room. `ef.report(r, "x.html")` makes the page with
player and curves.
"""

import html
from typing import TYPE_CHECKING

from evenflow.core.scale import score_meaning, score_word, severity_word

if TYPE_CHECKING:
    from evenflow.core.report import Report

MOST_FINDINGS = 12
"""Findings in the table: the worst, in order of time."""

_STEPS = ((10.0, "#601f05"), (5.0, "#a84a0b"), (3.0, "#d67d1c"), (2.0, "#e9b04b"), (0.0, "#f2d796"))


def report_html(report: "Report") -> str:
    """The report as an HTML fragment; every text in it is escaped.

    >>> from evenflow.core.report import Report
    >>> page = report_html(Report("0.1.0", "d", {"path": "<b>.mp4"}, None, {}))
    >>> "&lt;b&gt;.mp4" in page
    True
    """
    clip = report.clip
    name = html.escape(_base_name(str(clip.get("path") or "clip")))
    score = "" if report.score is None else f"<b style='font-size:2em'>{report.score:.1f}</b> "
    facts = (
        f"{clip.get('width')}×{clip.get('height')}, {float(clip.get('fps') or 0):.5g} fps, "
        f"{clip.get('frames')} frames, {float(clip.get('duration_s') or 0):.2f} s"
    )
    lines = [
        "<div style='font-family:system-ui,sans-serif;max-width:60em;line-height:1.45'>",
        f"<div><b>{name}</b> <span style='opacity:.7'>{html.escape(facts)}</span></div>",
        f"<div>{score}{html.escape(score_word(report.score))}. "
        f"<span style='opacity:.7'>{html.escape(score_meaning(report.score))}</span></div>",
        _strip(report),
    ]
    shown = sorted(report.findings, key=lambda f: -f.severity_jnd)[:MOST_FINDINGS]
    if shown:
        cell = "style='text-align:left;padding:2px 12px 2px 0;vertical-align:top'"
        lines.append(f"<table><tr><th {cell}>time</th><th {cell}>JND</th>")
        lines.append(f"<th {cell}>kind</th><th {cell}>what</th></tr>")
        lines += [
            f"<tr><td {cell}>{f.start_s:.2f} s</td>"
            f"<td {cell}>{f.severity_jnd:.1f} {severity_word(f.severity_jnd)}</td>"
            f"<td {cell}>{html.escape(f.kind)}</td>"
            f"<td {cell}>{html.escape(f.explanation)}</td></tr>"
            for f in sorted(shown, key=lambda f: (f.span.start_frame, f.kind))
        ]
        lines.append("</table>")
    hidden = len(report.findings) - len(shown)
    if hidden:
        lines.append(f"<div style='opacity:.7'>and {hidden} more of lower severity</div>")
    for verdict in report.gate:
        value = verdict.reason if verdict.value is None else f"{verdict.value:.4g}"
        mark = "✓" if verdict.passed else "✗"
        lines.append(f"<div>{mark} {html.escape(str(verdict.clause))}: {html.escape(str(value))}")
        lines.append("</div>")
    lines.append("</div>")
    return "".join(lines).encode("utf-8", "replace").decode()  # names of files may be any bytes


def _base_name(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path


def _strip(report: "Report") -> str:
    """The clip from left to right: findings as bars, cuts as lines."""
    count = int(report.clip.get("frames") or 0)
    if count < 2:
        return ""
    origin = report.shots[0].start_frame if report.shots else 0
    parts = ["<rect width='1000' height='26' fill='#8884'/>"]
    for f in sorted(report.findings, key=lambda f: f.severity_jnd):
        a = (f.span.start_frame - origin) / count * 1000
        wide = max(3.0, (f.span.end_frame - f.span.start_frame) / count * 1000)
        tall = 26 * (0.3 + 0.7 * min(1.0, f.severity_jnd / 10))
        fill = next(color for least, color in _STEPS if round(f.severity_jnd, 1) >= least)
        title = html.escape(f"{f.kind}, {f.severity_jnd:.1f} JND at {f.start_s:.2f} s")
        parts.append(
            f"<rect x='{a:.1f}' y='{26 - tall:.1f}' width='{wide:.1f}' height='{tall:.1f}' "
            f"fill='{fill}'><title>{title}</title></rect>"
        )
    for cut in report.cuts:
        x = (cut.end_frame - origin) / count * 1000
        parts.append(f"<rect x='{x:.1f}' width='2' height='26' fill='#888'/>")
    return (
        "<svg viewBox='0 0 1000 26' preserveAspectRatio='none' role='img' "
        "aria-label='findings over time' style='width:100%;height:26px;margin:6px 0;display:block'>"
        + "".join(parts)
        + "</svg>"
    )
