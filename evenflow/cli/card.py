"""A report as a person reads it in a terminal: a card a clip, 80 columns, color or none."""

from collections.abc import Sequence
from pathlib import PurePath

from rich.console import Console
from rich.text import Text

from evenflow.cli.console import one_line
from evenflow.core.finding import Finding
from evenflow.core.gate import CLEAR_JND, FOUND_JND
from evenflow.core.report import Report
from evenflow.core.scale import score_word
from evenflow.core.signals import SIGNALS
from evenflow.core.span import Box
from evenflow.reports.entry import Entry, Unchecked, clock, first_frame, frames, not_judged

MOST_FINDINGS = 12
"""Findings on a card without --verbose: the worst, in order of time."""

_STYLES = {
    "holds together": "green",
    "small flaws": "green",
    "visible flaws": "yellow",
    "clear defects": "red",
    "broken": "bold red",
}


def word(score: float | None) -> tuple[str, str]:
    """A score in words, and the color of it.

    >>> word(93.1)
    ('holds together', 'green')
    """
    text = score_word(score)
    return text, _STYLES.get(text, "yellow")


def print_card(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Score, motion, cuts; a strip of time; findings; the gate; what cannot be judged."""
    fancy = _unicode(console)
    width = min(console.width, 100)
    console.print(_title(report), soft_wrap=True)
    console.print(_verdict(report))
    duration = float(report.clip.get("duration_s") or 0.0)
    strip = _strip(report, width - 2, fancy=fancy)
    if strip:
        console.print(Text("  ") + strip)
        begin = float(report.seconds[0]) if len(report.seconds) else 0.0
        left = clock(begin) if begin else "0 s"
        ends = f"  {left}{clock(begin + duration):>{width - 2 - len(left)}}"
        console.print(Text(ends, style="dim"))
    for finding in _shown(report, verbose=verbose):
        _print_finding(finding, report, console, fancy=fancy)
    hidden = len(report.findings) - len(_shown(report, verbose=verbose))
    if hidden:
        console.print(Text(f"  and {hidden} more of lower severity: -v shows all", style="dim"))
    for verdict in report.gate:
        mark, style = (
            (("✓", "green") if verdict.passed else ("✗", "red"))
            if fancy
            else (("ok", "green") if verdict.passed else ("NO", "red"))
        )
        line = Text.assemble("  gate ", (mark, style), f" {verdict.clause}")
        if verdict.value is None:
            line.append(f": {one_line(verdict.reason or 'not measured')}")
        else:
            line.append(f": {verdict.value:.4g}")
            if not verdict.passed and verdict.start_frame is not None and verdict.end_frame:
                line.append(f" at frames {frames(verdict.start_frame, verdict.end_frame)}")
        console.print(line)
    _print_metrics(report, console)
    _print_notes(report, console, verbose=verbose)
    if verbose:
        _print_signals(report, console)
    console.print()


def print_summary(entries: Sequence[Entry], console: Console) -> None:
    """One line after several clips."""
    reports = [entry for entry in entries if not isinstance(entry, Unchecked)]
    clear = sum(bool(report.clear_findings()) for report in reports)
    parts = [f"{len(entries)} clips", f"{clear} with clear defects"]
    if len(reports) < len(entries):
        parts.append(f"{len(entries) - len(reports)} could not be checked")
    gated = [report for report in reports if report.gate]
    if gated:
        parts.append(f"gate met by {sum(report.passed for report in gated)} of {len(gated)}")
    console.print(Text(", ".join(parts)))


def place(box: Box | None, *, width: int, height: int) -> str:
    """A box in words: where on the picture, and how much of it.

    >>> place((0, 0, 320, 180), width=1280, height=720)
    'top left, 6 %'
    >>> place(None, width=1280, height=720)
    'whole picture'
    """
    if box is None or width <= 0 or height <= 0:
        return "whole picture"
    x0, y0, x1, y1 = box
    share = max(0, x1 - x0) * max(0, y1 - y0) / (width * height)
    if share > 0.9:
        return "whole picture"
    column = ("left", "", "right")[min(2, int(3 * (x0 + x1) / 2 / width))]
    row = ("top", "", "bottom")[min(2, int(3 * (y0 + y1) / 2 / height))]
    where = " ".join(part for part in (row, column) if part) or "center"
    return f"{where}, {max(1, round(100 * share))} %"


def _title(report: Report) -> Text:
    clip = report.clip
    path = PurePath(one_line(str(clip.get("path") or "clip")))
    facts = [
        f"{clip.get('width')}x{clip.get('height')}",
        f"{float(clip.get('fps') or 0):.5g} fps",
        f"{clip.get('frames')} frame{'' if clip.get('frames') == 1 else 's'}",
        clock(float(clip.get("duration_s") or 0.0)),
    ]
    return Text.assemble((path.name or str(path), "bold"), ("  " + "  ".join(facts), "dim"))


def _verdict(report: Report) -> Text:
    what, style = word(report.score)
    line = Text("  ")
    if report.score is not None:
        line.append("score ").append(f"{report.score:.1f}", style=style).append("  ")
    line.append(what, style=style)
    speed = report.motion.get("median_px_per_s")
    if speed is not None:
        line.append(f"   motion {float(speed):.0f} px/s")
        if not report.motion.get("assessable", True):
            line.append(" (too little to judge smoothness)")
    count = len(report.cuts)
    line.append(f"   {count or 'no'} cut{'' if count == 1 else 's'}")
    if not report.findings and report.score is not None and not report.unseen["reasons"]:
        line.append("   nothing found", style="green")
    for reason in report.unseen["reasons"]:
        line.append(f"   {reason}", style="yellow")
    return line


def _shown(report: Report, *, verbose: bool) -> list[Finding]:
    ranked = sorted(report.findings, key=lambda f: -f.severity_jnd)
    chosen = ranked if verbose else ranked[:MOST_FINDINGS]
    return sorted(chosen, key=lambda f: (f.span.start_frame, f.kind))


def _print_finding(finding: Finding, report: Report, console: Console, *, fancy: bool) -> None:
    style = _style(finding.severity_jnd)
    bar = _bar(finding.severity_jnd, fancy=fancy)
    span = finding.span
    where = place(
        span.box,
        width=int(report.clip.get("width") or 0),
        height=int(report.clip.get("height") or 0),
    )
    console.print(
        Text.assemble(
            f"  {clock(finding.start_s):>8} {frames(span.start_frame, span.end_frame):<9} ",
            (f"{finding.kind:<21}", "bold"),
            (f"{finding.severity_jnd:4.1f} jnd ", style),
            (bar, style),
            (f" {where}", "dim"),
        ),
        soft_wrap=True,
    )
    text = Text(one_line(finding.explanation))
    for line in text.wrap(console, max(20, min(console.width, 100) - 12)):
        console.print(Text(" " * 12) + line)


def _print_notes(report: Report, console: Console, *, verbose: bool) -> None:
    from evenflow.continuity.detectors import DETECTORS

    notes = [(one_line(f"warning: {warning}"), "yellow") for warning in report.warnings]
    for reason, kinds in not_judged(report).items():
        shown = [kind for kind in kinds if verbose or kind in DETECTORS]
        if shown:
            notes.append((one_line(f"cannot be judged: {', '.join(shown)} ({reason})"), "dim"))
    for note, style in notes:
        for line in Text(note, style=style).wrap(console, max(20, min(console.width, 100) - 4)):
            console.print(Text("  ") + line)


def _print_metrics(report: Report, console: Console) -> None:
    for name, metric in report.metrics.items():
        if metric.summary is None:
            value = Text(one_line(metric.reason or "not measured"), "yellow")
        else:
            value = Text(f"{metric.summary:.4g} {metric.unit}".strip())
            if metric.better != "neither":
                value.append(f"  {metric.better} is better", style="dim")
        label = Text(f"{one_line(name):<26} ", "bold")
        for line in value.wrap(console, max(20, min(console.width, 100) - 29)):
            console.print(Text("  ") + label + line, soft_wrap=True)
            label = Text(" " * 27)


def _print_signals(report: Report, console: Console) -> None:
    for name, signal in report.signals.items():
        meaning = SIGNALS[name].meaning if name in SIGNALS else ""
        value = signal.reason or "not measured"
        if signal.summary is not None:
            value = f"{signal.summary:.4g} {signal.unit}"
        console.print(
            Text.assemble(f"  {name:<14} ", f"{one_line(value):<20} ", (meaning, "dim")),
            soft_wrap=True,
        )
    console.print(Text(f"  digest {report.digest}", style="dim"), soft_wrap=True)


def _strip(report: Report, width: int, *, fancy: bool) -> Text:
    """The clip from left to right: the largest severity in each cell, and the cuts."""
    num_frames, origin = int(report.clip.get("frames") or 0), first_frame(report)
    if num_frames < 2 or width < 10:
        return Text()
    levels = [0.0] * width
    for finding in report.findings:
        first = max(0, finding.span.start_frame - origin) * width // num_frames
        end = min(finding.span.end_frame - origin, num_frames)
        for i in range(min(first, width - 1), max(first, (end - 1) * width // num_frames) + 1):
            levels[i] = max(levels[i], finding.severity_jnd)
    cuts = {min(width - 1, (cut.end_frame - origin) * width // num_frames) for cut in report.cuts}
    strip = Text()
    for i, level in enumerate(levels):
        if i in cuts:
            strip.append("│" if fancy else "|", style=_style(level) if level else "cyan")
        elif level > 0:
            step = min(7, max(1, round(level * 0.7)))
            cell = "▁▂▃▄▅▆▇█"[step] if fancy else str(min(9, max(1, round(level))))
            strip.append(cell, style=_style(level))
        else:
            strip.append("▁" if fancy else ".", style="dim")
    return strip


def _bar(severity: float, *, fancy: bool) -> str:
    cells = min(5, max(1, round(severity / 2)))
    return ("█" if fancy else "#") * cells + ("·" if fancy else ".") * (5 - cells)


def _style(severity: float) -> str:
    return "red" if severity >= CLEAR_JND else "yellow" if severity >= FOUND_JND else "dim"


def _unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "").startswith("utf")
