"""Markers: what an editor shall see on the timeline; where each stands, what it says, its color."""

from collections.abc import Sequence
from dataclasses import dataclass

from evenflow.core.errors import BadInput, TimeError
from evenflow.core.finding import Finding
from evenflow.core.gate import CLEAR_JND, FOUND_JND
from evenflow.core.report import Report
from evenflow.core.timecode import Counting, is_drop
from evenflow.reports.entry import Entry, Unchecked, name_of, path_of

LEAST_JND = 1.0
"""What nobody notices gets no marker."""


@dataclass(frozen=True)
class Marker:
    """What is found at one frame; findings that begin there together share it.

    Args:
        frame: of the clip, from 0, in the counting of its timecode.
        num_frames: how long the longest of them lasts, at least 1.
        findings: the most severe first.
    """

    frame: int
    num_frames: int
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The kind of the most severe finding."""
        return self.findings[0].kind

    @property
    def color(self) -> str:
        """RED from 3 JND (clear), YELLOW from 2 (found), else BLUE."""
        severity = self.findings[0].severity_jnd
        return "RED" if severity >= CLEAR_JND else "YELLOW" if severity >= FOUND_JND else "BLUE"

    @property
    def note(self) -> str:
        """Kind, severity and explanation of each finding, in one line that starts with a letter."""
        return "; ".join(
            f"{f.kind} {f.severity_jnd:.1f} jnd: {' '.join(f.explanation.split())}"
            for f in self.findings
        )


def only_report(entries: Sequence[Entry], form: str) -> Report:
    """The one report that markers are made of.

    Raises:
        BadInput: several clips, or one that could not be checked.
    """
    if len(entries) != 1:
        raise BadInput(
            f"{form} markers belong to one clip, got {len(entries)}: write a file for each"
        )
    entry = entries[0]
    if isinstance(entry, Unchecked):
        raise BadInput(f"{name_of(path_of(entry))} could not be checked and has no markers")
    return entry


def counting(report: Report) -> tuple[Counting, int, str | None]:
    """How the clip counts frames, the number of its first one, and what is odd about that.

    Its own timecode counts where it has one; drop-frame if that is written so. A rate without
    timecode, such as 12.5, is counted by the clock at the nearest whole rate.
    """
    fps = float(report.clip.get("fps") or 24)
    text = report.clip.get("timecode")
    way = Counting.of(fps, drop=is_drop(text))
    note = None
    if abs(float(way.rate) - fps) >= 1e-3:
        note = (
            f"no timecode counts {fps:g} frames a second: markers stand at their time in {way.base}"
        )
    if text is None:
        return way, 0, note
    try:
        return way, way.number(text), note
    except TimeError:
        return way, 0, f"timecode {text} does not go with {fps:g} fps: frames count from 0"


def markers(report: Report) -> list[Marker]:
    """Every finding of 1 JND and more, in order of time; those of one frame share a marker."""
    way, _, _ = counting(report)
    fps = float(report.clip.get("fps") or 24)
    at: dict[int, list[tuple[int, Finding]]] = {}
    for finding in report.findings:
        if finding.severity_jnd < LEAST_JND:
            continue
        first, end = finding.span.start_frame, finding.span.end_frame
        # by the clock, where frames are not what the timecode counts: odd or variable rates
        by_time = [round(s * float(way.rate)) for s in (finding.start_s, finding.end_s)]
        if abs(float(way.rate) - fps) >= 1e-3 or abs(by_time[0] - first) > 1:
            first, end = by_time
        at.setdefault(first, []).append((max(1, end - first), finding))
    return [
        Marker(
            frame,
            max(length for length, _ in found),
            tuple(sorted((f for _, f in found), key=lambda f: (-f.severity_jnd, f.kind))),
        )
        for frame, found in sorted(at.items())
    ]
