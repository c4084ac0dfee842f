"""OTIO: findings as markers on a clip, in OpenTimelineIO's own form; needs extra `editorial`."""

from collections.abc import Sequence
from importlib.util import find_spec

from evenflow.core.errors import BackendMissing
from evenflow.core.report import Report
from evenflow.reports.entry import Entry, first_frame, name_of, path_of
from evenflow.reports.markers import counting, markers, only_report


def otio_or_error() -> None:
    """Says before the long work whether a file can be written.

    Raises:
        BackendMissing: OpenTimelineIO is not installed.
    """
    if find_spec("opentimelineio") is None:
        raise BackendMissing(
            ".otio markers need OpenTimelineIO: pip install 'evenflow[editorial]', or write .edl"
        )


def otio(entries: Sequence[Entry]) -> str:
    """A timeline of one clip with a marker for every finding of 1 JND and more, as JSON text.

    Markers stand in the clip's own time, which starts at its timecode, and carry each finding as
    in the report (without its mask) under `metadata["evenflow"]`. The media is named by its base
    name: editors find it beside the file, or ask.

    Args:
        entries: the report of one clip.

    Raises:
        BackendMissing: OpenTimelineIO is not installed.
        BadInput: several clips, or one that could not be checked.
    """
    otio_or_error()
    return _timeline(only_report(entries, "OTIO"))


def _timeline(report: Report) -> str:
    import opentimelineio as library
    from opentimelineio.opentime import RationalTime, TimeRange

    way, source, odd = counting(report)
    rate = float(way.rate)
    num_frames, first = int(report.clip.get("frames") or 1), first_frame(report)
    fps = float(report.clip.get("fps") or 24)
    if abs(rate - fps) >= 1e-3:
        num_frames = max(1, round(float(report.clip.get("duration_s") or 0) * rate))
        first = round(first / fps * rate)

    def span(first: int, length: int) -> TimeRange:
        return TimeRange(RationalTime(source + first, rate), RationalTime(length, rate))

    name = name_of(path_of(report))
    whole = span(first, num_frames)
    clip = library.schema.Clip(
        name=name,
        media_reference=library.schema.ExternalReference(target_url=name, available_range=whole),
        source_range=whole,
    )
    for marker in markers(report):
        found = [{**finding.to_json(), "mask": None} for finding in marker.findings]
        clip.markers.append(
            library.schema.Marker(
                name=marker.name,
                color=marker.color,
                marked_range=span(marker.frame, marker.num_frames),
                comment=marker.note,
                metadata={"evenflow": {"findings": found}},
            )
        )
    about = {"schema": "evenflow.markers/1", "version": report.version, "digest": report.digest}
    if odd:
        about["note"] = odd
    timeline = library.schema.Timeline(name=name, metadata={"evenflow": about})
    track = library.schema.Track(name="V1", kind=library.schema.TrackKind.Video)
    track.append(clip)
    timeline.tracks.append(track)
    return timeline.to_json_string(indent=1) + "\n"
