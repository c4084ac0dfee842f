"""EDL: findings as markers in a CMX 3600 list that Resolve, Avid and OpenTimelineIO read.

Each marker is an event of one frame. The line below it is Resolve's (note, color, name, duration;
Timelines > Import > Timeline Markers from EDL); the comment `* LOC:` is the locator that Avid
and OpenTimelineIO know.
"""

from collections.abc import Sequence

from evenflow.core.report import Report
from evenflow.reports.entry import Entry, name_of, path_of
from evenflow.reports.markers import counting, markers, only_report

RECORD_START = "01:00:00:00"
"""Where an editor's timeline starts unless told otherwise."""

MOST_EVENTS = 999
"""A CMX 3600 list numbers its events with three digits."""


def edl(entries: Sequence[Entry], *, record_start: str = RECORD_START) -> str:
    """An edit decision list with a marker for every finding of 1 JND and more.

    The source columns count in the clip's own timecode (from 00:00:00:00 where it has none), the
    record columns from `record_start`, where the clip is taken to lie on the timeline. Drop-frame
    where the clip's timecode is; `FCM` says which. Findings that begin on one frame share a marker,
    because Resolve keeps one a frame. Of more than 999 the most severe are kept.

    Args:
        entries: the report of one clip.
        record_start: timecode of the clip's first frame on the timeline.

    Raises:
        BadInput: several clips, or one that could not be checked.
        TimeError: `record_start` is no timecode at the clip's rate.
    """
    return _list(only_report(entries, "EDL"), record_start)


def _list(report: Report, record_start: str) -> str:
    way, source, odd = counting(report)
    record = way.number(record_start)
    lines = [
        f"TITLE: {_plain(name_of(path_of(report)))[:70]}",
        f"FCM: {'DROP FRAME' if way.drop else 'NON-DROP FRAME'}",
        "",
    ]
    if odd:
        lines[2:2] = [f"* {_plain(odd)}"]
    found = markers(report)
    if len(found) > MOST_EVENTS:
        worst = sorted(found, key=lambda m: (-m.findings[0].severity_jnd, m.frame))[:MOST_EVENTS]
        lines[2:2] = [f"* the {MOST_EVENTS} most severe of {len(found)} markers"]
        found = sorted(worst, key=lambda m: m.frame)
    for number, marker in enumerate(found, start=1):
        times = [
            way.text(start + marker.frame + step) for start in (source, record) for step in (0, 1)
        ]
        note = _plain(marker.note)
        lines += [
            f"{number:03d}  001      V     C        {' '.join(times)}",
            f"{note} |C:ResolveColor{marker.color.title()} |M:{marker.name} |D:{marker.num_frames}",
            f"* LOC: {times[2]} {marker.color:<7} {note}",
            "",
        ]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """One line without control characters, and without the bar that parts Resolve's fields."""
    line = " ".join(text.split()).replace("|", "/")
    return "".join(c if c.isprintable() else "?" for c in line)
