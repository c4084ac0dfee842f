"""HTML: one file with score, heatmap, findings, curves and player; it opens from disk, offline.

The components come from `bundle/` (built from `web/` by `make web`). All data stands in the page as
JSON that no file name and no explanation can break out of, and a content policy lets no script run
but ours and no request leave. A clip is read once more for its pictures, frame by frame, so memory
does not grow with its length.
"""

import base64
import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.core.finding import Finding
from evenflow.core.kinds import KINDS
from evenflow.core.measurement import SERIES_LIMIT
from evenflow.core.notebook import report_html
from evenflow.core.report import Report
from evenflow.core.scale import score_meaning, score_word
from evenflow.core.signals import SIGNALS
from evenflow.io.y4m import PipeSource
from evenflow.reports.entry import Entry, Unchecked, first_frame, name_of, path_of
from evenflow.reports.frames import Still, plan_stills, still
from evenflow.reports.proxy import (
    FrameTable,
    Proxy,
    ProxyWriter,
    Segment,
    frame_table,
    plain,
    plan_segments,
    proxy_size,
    runs_of,
    shrink,
)
from evenflow.reports.save import free_to_write, save

MOST_BYTES = 25_000_000
"""A page is never larger than this; one of a clip of ten seconds or less never than 8 million."""
BYTES_PER_S = 800_000
LEAST_S = 10.0
LEAST_VIDEO_BYTES = 60_000
"""With less room than this (pages of very many clips) there is no video."""
MOST_FINDINGS = 2_000
"""Findings on a page; the less severe of more are counted. The JSON report has them all."""
MOST_CLIPS = 26
"""Clips on one page that compares."""
_SLACK = 20_000


def write_html(
    report: Entry | Sequence[Entry],
    path: str | Path,
    *,
    clip: Clip | Sequence[Clip | None] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Writes the report of a clip, or of several, as one HTML file.

    Args:
        report: one Report, or several in the order in which they shall appear.
        path: the page.
        clip: where the pictures come from, one for each report; without it the page has no player
            and no frames. A stream cannot be read twice and counts as none.
        overwrite: replace a file that is already there.
        progress, cancel: see `core.events`.

    Returns:
        The path that was written. The file appears whole or not at all, 25 MB at most; 8 MB for a
        clip of ten seconds or less.

    Raises:
        BadInput: no reports, as many clips as reports were not given, or a place that cannot be
            written to.
        OutputExists: the file is there and `overwrite` is false.
        ResourceShortage: the disk is full.
    """
    path = Path(path)
    free_to_write(path, overwrite=overwrite)
    entries = [report] if isinstance(report, Report | Unchecked) else list(report)
    clips: list[Clip | None]
    if clip is None:
        clips = [None] * len(entries)
    else:
        clips = [clip] if isinstance(clip, Clip) else list(clip)
    if not entries:
        raise BadInput(f"{path.name} would be empty: give at least one report")
    if len(clips) != len(entries):
        raise BadInput(f"each report needs its clip: got {len(entries)} and {len(clips)} clips")
    return save(_pages(entries, clips, progress=progress, cancel=cancel), path)


def html_text(entries: Sequence[Entry]) -> str:
    """The page of reports without their clips: everything but player and pictures."""
    return _pages(entries, [None] * len(entries))


def write_compare_html(
    reports: Sequence[Report],
    clips: Sequence[Clip | None],
    comparison: Any,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Writes clips side by side, in step, with wipe, blink and difference.

    Args:
        reports: one for each clip, two at least.
        clips: where the pictures come from; None where there is none.
        comparison: what `compare` says (an object with `to_json`, or that JSON, schema
            `evenflow.compare/1`), or None: then the page has no table of differences.
        path: the page; 25 MB at most.
        overwrite: replace a file that is already there.
        progress, cancel: see `core.events`.

    Raises:
        BadInput: fewer than two reports, more than 26, or not a clip (or None) for each.
        OutputExists: the file is there and `overwrite` is false.
    """
    path = Path(path)
    free_to_write(path, overwrite=overwrite)
    if not 2 <= len(reports) <= MOST_CLIPS or len(reports) != len(clips):
        raise BadInput(
            f"the page compares 2 to {MOST_CLIPS} clips, got {len(reports)} reports and "
            f"{len(clips)} clips"
        )
    said = comparison.to_json() if hasattr(comparison, "to_json") else comparison
    longest = max(float(report.clip.get("duration_s") or 0) for report in reports)
    room = _room(max(longest, LEAST_S) * len(reports)) // len(reports)
    segments = _shared_segments(reports)
    parts = [
        _part(
            report, clip, room=room, prefix=f"ef-media-{i}", segments=segments[i], stills=False,
            progress=progress, cancel=cancel,
        )
        for i, (report, clip) in enumerate(zip(reports, clips, strict=True))
    ]  # fmt: skip
    data = {
        "schema": "evenflow.page/1",
        "reports": [part.data for part in parts],
        "comparison": _comparison(said),
    }
    names = " · ".join(name_of(path_of(report)) for report in reports)
    media = [item for part in parts for item in part.media]
    text = _fill("ef-compare-page", f"{names} – compared", data, media, reports)
    return save(text, path)


def write_votes_html(
    pairs: Sequence[tuple[Clip, Clip]] | Sequence[Clip],
    path: str | Path,
    *,
    names: Mapping[int, str] | None = None,
    prompts: Sequence[str | None] | str | None = None,
    question: str = "Which one holds together better?",
    title: str = "Which is better?",
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Writes a blind test: pairs in random order on random sides; votes are saved as a file.

    The file that a voter saves has the schema `evenflow.votes/1`: `votes` is a list of `left`,
    `right` (names of clips), `winner` (`left`, `right` or `tie`), `prompt`, `pair` and `seconds`.

    Args:
        pairs: two clips each; or a list of clips, of which every two become a pair.
        path: the page; 25 MB at most, each clip is in it once.
        names: what a clip is called in the votes, by `id(clip)`; by default its file name, with a
            number where two are the same. Voters do not see it.
        prompts: what was asked for, one for each pair or one for all, shown above the clips.
        question: what the voter is asked.
        title: of the page.
        overwrite: replace a file that is already there.
        progress, cancel: see `core.events`.

    Raises:
        BadInput: no pair, a stream, or prompts that do not fit the pairs.
        OutputExists: the file is there and `overwrite` is false.
    """
    path = Path(path)
    free_to_write(path, overwrite=overwrite)
    alone = [one for one in pairs if isinstance(one, Clip)]
    sides = list(combinations(alone, 2))
    sides += [one for one in pairs if isinstance(one, tuple)]
    if not sides:
        raise BadInput("a blind test needs at least one pair of clips")
    asked = [prompts] * len(sides) if isinstance(prompts, str) or prompts is None else prompts
    if len(asked) != len(sides):
        raise BadInput(f"got {len(asked)} prompts for {len(sides)} pairs: give one for each")
    clips = list({id(clip): clip for pair in sides for clip in pair}.values())
    for clip in clips:
        if _once(clip):
            raise BadInput(f"{clip.info.name} is a stream and cannot be shown again: give a file")
    called = _names(clips, names or {})
    room = (MOST_BYTES - len(_script()) - len(_style()) - _SLACK) // len(clips)
    data_clips, media = [], []
    for i, clip in enumerate(clips):
        num = len(clip)
        fps = clip.info.fps
        kept = min(num, max(1, round(60 * fps)))
        proxy, _ = _read(
            clip, ((0, kept),), [], max_bytes=round(room * 0.74), whole=kept == num,
            meter=Meter("votes", kept, progress=progress, cancel=cancel), cancel=cancel,
        )  # fmt: skip
        if proxy is None:
            raise BadInput(f"{len(clips)} clips do not fit into a page of 25 MB: give fewer")
        element = f"ef-media-{i}"
        media.append((element, base64.b64encode(proxy.data).decode("ascii")))
        data_clips.append(
            {"name": called[id(clip)], "media": proxy.to_json() | {"element": element}}
        )
    places = {id(clip): i for i, clip in enumerate(clips)}
    rows = [
        {"clips": [places[id(left)], places[id(right)]], "prompt": prompt}
        for (left, right), prompt in zip(sides, asked, strict=True)
    ]
    key = json.dumps([[clip["name"] for clip in data_clips], rows, question]).encode()
    data = {
        "schema": "evenflow.blind/1",
        "version": _version(),
        "title": title,
        "question": question,
        "id": hashlib.sha256(key + b"".join(m[1][:4096].encode() for m in media)).hexdigest()[:24],
        "clips": data_clips,
        "pairs": rows,
    }
    return save(_fill("ef-votes", title, data, media, ()), path)


@dataclass
class _Part:
    """One clip's share of a page: its data, and the videos that stand beside it."""

    data: dict[str, Any]
    media: list[tuple[str, str]] = field(default_factory=list)


def _pages(
    entries: Sequence[Entry],
    clips: Sequence[Clip | None],
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> str:
    durations = [
        float(entry.clip.get("duration_s") or 0) if isinstance(entry, Report) else 0.0
        for entry in entries
    ]
    room = (
        _room(durations[0])
        if len(entries) == 1
        else (MOST_BYTES - len(_script()) - len(_style()) - _SLACK) // len(entries)
    )
    parts = []
    for i, (entry, clip) in enumerate(zip(entries, clips, strict=True)):
        if isinstance(entry, Unchecked):
            parts.append(_Part({"clip": name_of(entry.path), "error": entry.error}))
            continue
        prefix = f"ef-media-{i}"
        parts.append(_part(entry, clip, room=room, prefix=prefix, progress=progress, cancel=cancel))
    media = [item for part in parts for item in part.media]
    reports = [entry for entry in entries if isinstance(entry, Report)]
    if len(entries) == 1 and reports:
        title = f"{name_of(path_of(reports[0]))} – Evenflow"
        return _fill("ef-report", title, parts[0].data, media, reports)
    data = {"schema": "evenflow.page/1", "version": _version(), "parts": [p.data for p in parts]}
    return _fill("ef-report-set", f"{len(entries)} clips – Evenflow", data, media, reports)


def _room(duration_s: float) -> int:
    """Bytes that a clip may take in a page of its own, all but the bundle."""
    whole = min(MOST_BYTES, round(BYTES_PER_S * max(LEAST_S, duration_s)))
    return whole - len(_script()) - len(_style()) - _SLACK


def _part(
    report: Report,
    clip: Clip | None,
    *,
    room: int,
    prefix: str,
    segments: tuple[Segment, ...] | None = None,
    stills: bool = True,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> _Part:
    """Report, pictures and video of one clip in at most `room` bytes of page."""
    data = _facts(report)
    _fit(data, room)
    shown: list[Finding] = data.pop("_findings")
    part = _Part(data)
    if clip is None:
        data["no_media"] = "This page was made from a report alone, so it holds no pictures."
        return part
    if _once(clip):
        data["no_media"] = (
            "The clip came through a pipe and could not be read again, so there are no pictures."
        )
        return part
    first = first_frame(report)
    count = min(int(report.clip.get("frames") or 0), max(0, len(clip) - first))
    if count < 1:
        data["no_media"] = "The clip has no frames where the report was made."
        return part
    fps = clip.info.fps
    text_bytes = len(_json(data))
    left = max(0, room - text_bytes)
    still_bytes = min(left // 5, 3_000_000) * 3 // 4
    wanted = plan_stills(
        shown, first=first, end=first + count, shots=report.shots, max_bytes=still_bytes
    )
    if not stills:
        wanted, still_bytes = [[] for _ in shown], 0
    if segments is None:
        segments = plan_segments(shown, first=first, num_frames=count, fps=float(fps))
    segments = tuple((a, min(b, first + count)) for a, b in segments if a < first + count)
    frames = sorted({frame for roles in wanted for _, frame in roles})
    total = sum(b - a for a, b in segments)
    proxy, pictures = _read(
        clip,
        segments,
        frames,
        max_bytes=(left - still_bytes * 4 // 3) * 3 // 4 - 3000 - 40 * len(frames),
        whole=total == count,
        meter=Meter("pictures", _num_read(segments, frames), progress=progress, cancel=cancel),
        cancel=cancel,
    )
    spent = 0
    images: dict[str, Any] = {}
    chosen: list[list[dict[str, Any]]] = [[] for _ in shown]
    for i in sorted(range(len(shown)), key=lambda i: (-shown[i].severity_jnd, i)):
        roles = [(role, frame) for role, frame in wanted[i] if frame in pictures]
        more = {frame for _, frame in roles if str(frame) not in images}
        size = sum(len(pictures[frame].data) for frame in more)
        if spent + size > still_bytes:
            continue
        spent += size
        for frame in more:
            images[str(frame)] = _image(pictures[frame])
        chosen[i] = [{"role": role, "frame": frame} for role, frame in roles]
    data["pictures"], data["images"] = chosen, images
    for finding, roles_ in zip(data["report"]["findings"], chosen, strict=True):
        if not roles_:
            finding["mask"] = None  # it is drawn on a picture that is not there
    if proxy is None:
        data["no_media"] = "There are too many clips in this page for videos: make one page a clip."
    else:
        data["media"] = proxy.to_json() | {"element": prefix}
        part.media.append((prefix, base64.b64encode(proxy.data).decode("ascii")))
    return part


def _facts(report: Report) -> dict[str, Any]:
    """What the components show of a report; base names, not paths."""
    said = report.to_json()
    said["clip"] = {**said["clip"], "path": name_of(str(said["clip"].get("path") or "clip"))}
    said["objects"] = [
        {key: value for key, value in one.items() if key not in ("mask", "boxes")}
        for one in said["objects"]
    ]
    kept = list(report.findings)
    if len(kept) > MOST_FINDINGS:
        worst = sorted(range(len(kept)), key=lambda i: (-kept[i].severity_jnd, i))[:MOST_FINDINGS]
        said["findings"] = [said["findings"][i] for i in sorted(worst)]
        said["warnings"] = [
            *said["warnings"],
            f"the page shows the {MOST_FINDINGS} most severe of {len(kept)} findings",
        ]
        kept = [kept[i] for i in sorted(worst)]
    seconds = None
    times = report.seconds
    if 1 < len(times) <= SERIES_LIMIT and len(times) == report.clip.get("frames"):
        fps = float(report.clip.get("fps") or 24)
        even = (first_frame(report) + np.arange(len(times))) / fps
        if np.abs(times - even).max() > 0.25 / fps:
            seconds = [round(float(t), 5) for t in times]
    signals = dict.fromkeys([*said["signals"], *said.get("metrics", {})], "")
    return {
        "schema": "evenflow.page/1",
        "report": said,
        "first_frame": first_frame(report),
        "seconds": seconds,
        "verdict": {"word": score_word(report.score), "meaning": score_meaning(report.score)},
        "kinds": {
            kind: {"meaning": KINDS[kind].meaning, "dimension": KINDS[kind].dimension}
            for kind in sorted({finding.kind for finding in kept})
        },
        "signals": {name: SIGNALS[name].meaning for name in signals if name in SIGNALS},
        "media": None,
        "no_media": None,
        "pictures": [],
        "images": {},
        "_findings": kept,
    }


def _fit(data: dict[str, Any], room: int) -> None:
    """Leaves out what a page of very many clips has no room for, and says so; scores stay."""

    def too_long() -> bool:
        return len(_json({k: v for k, v in data.items() if k != "_findings"})) > room

    if not too_long():
        return
    said = data["report"]
    for row in [*said["signals"].values(), *said.get("metrics", {}).values()]:
        row.pop("series", None)
        row.pop("series_per_second", None)
    said["objects"] = [{**one, "identity": []} for one in said["objects"]]
    said["warnings"] = [*said["warnings"], "curves are left out: make fewer clips a page"]
    if not too_long():
        return
    kept = data["_findings"]
    worst = sorted(range(len(kept)), key=lambda i: (-kept[i].severity_jnd, i))[:10]
    said["findings"] = [{**said["findings"][i], "mask": None} for i in sorted(worst)]
    data["_findings"] = [kept[i] for i in sorted(worst)]
    said["shots"] = said["shots"][:1]
    said["warnings"].append(f"only the {len(worst)} most severe of {len(kept)} findings are shown")


def _once(clip: Clip) -> bool:
    """True if the frames can be read only once, and a check already did."""
    return clip.info.num_frames is None or isinstance(clip.source, PipeSource)


def _image(small: Still) -> dict[str, Any]:
    text = base64.b64encode(small.data).decode("ascii")
    return {"src": f"data:image/webp;base64,{text}", "width": small.width, "height": small.height}


def _num_read(segments: Sequence[Segment], frames: Sequence[int]) -> int:
    return sum(b - a for a, b in segments) + sum(
        not any(a <= frame < b for a, b in segments) for frame in frames
    )


def _stretches(segments: Sequence[Segment], frames: Sequence[int]) -> list[Segment]:
    """Segments and lone frames in rising order, each frame once."""
    lone = [f for f in frames if not any(a <= f < b for a, b in segments)]
    merged: list[Segment] = []
    for a, b in sorted([*segments, *((f, f + 1) for f in lone)]):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged


def _read(
    clip: Clip,
    segments: tuple[Segment, ...],
    frames: Sequence[int],
    *,
    max_bytes: int,
    whole: bool,
    meter: Meter,
    cancel: CancelToken | None,
) -> tuple[Proxy | None, dict[int, Still]]:
    """One pass over what is wanted of a clip: the video of `segments`, small pictures of `frames`.

    Returns:
        The video, None where `max_bytes` is too little for one; the pictures by frame.
    """
    fps, wanted = Fraction(clip.info.fps), set(frames)
    pictures: dict[int, Still] = {}
    writer: ProxyWriter | None = None
    shown: list[int] = []
    try:
        for start, stop in _stretches(segments, frames):
            for index, picture in _pictures(clip, start, stop, cancel):
                meter.advance()
                if index in wanted:
                    pictures[index] = still(_square(picture, clip))
                if not any(a <= index < b for a, b in segments):
                    continue
                if writer is None and max_bytes >= LEAST_VIDEO_BYTES:
                    size = proxy_size(picture.shape[1], picture.shape[0], aspect=_aspect(clip))
                    total = sum(b - a for a, b in segments)
                    writer = ProxyWriter(size, fps=fps, num_frames=total, max_bytes=max_bytes)
                if writer is not None:
                    writer.add(picture)
                    shown.append(index)
        if writer is None or not shown:
            return None, pictures
        data, size = writer.finish()
    except BaseException:
        if writer is not None:
            writer.abandon()
        raise
    if len(data) > max_bytes:
        return None, pictures
    return Proxy(data, *size, frame_table(data), runs_of(shown), whole), pictures


def _pictures(
    clip: Clip, start: int, stop: int, cancel: CancelToken | None
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for index, frame in enumerate(clip.stream(start, stop, cancel=cancel), start):
        yield index, plain(frame.pixels())


def _aspect(clip: Clip) -> Fraction:
    return Fraction(getattr(clip.source, "sample_aspect", None) or 1)


def _square(picture: NDArray[np.uint8], clip: Clip) -> NDArray[np.uint8]:
    """A picture with square pixels."""
    aspect = _aspect(clip)
    if aspect == 1:
        return picture
    return shrink(picture, max(1, round(picture.shape[1] * aspect)), picture.shape[0])


def _shared_segments(reports: Sequence[Report]) -> list[tuple[Segment, ...]]:
    """The same stretches of time of every clip: round the findings of any of them."""
    origins = [first_frame(report) for report in reports]
    rates = [float(report.clip.get("fps") or 24) for report in reports]
    counts = [int(report.clip.get("frames") or 0) for report in reports]
    lead = max(range(len(reports)), key=lambda i: counts[i] / rates[i])
    first, last = origins[lead], origins[lead] + counts[lead] - 1
    moments = []
    for report, rate in zip(reports, rates, strict=True):
        for finding in report.findings:
            frame = round(finding.peak_frame / rate * rates[lead])
            moments.append(_moved(finding, min(last, max(first, frame))))
    base = plan_segments(moments, first=first, num_frames=max(1, counts[lead]), fps=rates[lead])
    whole = len(base) == 1 and base[0][1] - base[0][0] >= counts[lead]
    shared: list[tuple[Segment, ...]] = []
    for origin, rate, count in zip(origins, rates, counts, strict=True):
        if whole:
            shared.append(((origin, origin + count),))
            continue
        stretches: list[Segment] = []
        for a, b in base:
            start = max(math.floor(a / rates[lead] * rate), origin)
            start = max(start, stretches[-1][1] if stretches else origin)
            stop = min(math.ceil(b / rates[lead] * rate), origin + count)
            if start < stop:
                stretches.append((start, stop))
        shared.append(tuple(stretches) or ((origin, origin + min(count, 1)),))
    return shared


def _moved(finding: Finding, frame: int) -> Finding:
    span = dataclasses.replace(finding.span, start_frame=frame, end_frame=frame + 1)
    return dataclasses.replace(finding, span=span, peak_frame=frame)


def _comparison(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What `compare` says, with base names for paths."""
    if said is None:
        return None
    clips = [{**clip, "path": name_of(str(clip.get("path") or "clip"))} for clip in said["clips"]]
    return {**said, "clips": clips, "errors": []}


def _names(clips: Sequence[Clip], given: Mapping[int, str]) -> dict[int, str]:
    """A name for each clip, no two alike."""
    names: dict[int, str] = {}
    for clip in clips:
        name = name_of(given.get(id(clip)) or clip.info.name)
        taken, number = set(names.values()), 2
        unique = name
        while unique in taken:
            unique, number = f"{name} ({number})", number + 1
        names[id(clip)] = unique
    return names


def _json(data: Any) -> str:
    r"""JSON that may stand in a script element: no `<`, no `&`, ASCII alone.

    >>> _json({"a": "</script>"})
    '{"a":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _script() -> str:
    return resources.files("evenflow.reports").joinpath("bundle/evenflow.js").read_text("utf-8")


@cache
def _style() -> str:
    return resources.files("evenflow.reports").joinpath("bundle/evenflow.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    folder = str(resources.files("evenflow.reports").joinpath("templates"))
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def _version() -> str:
    from evenflow import __version__

    return __version__


def _fill(
    element: str,
    title: str,
    data: Any,
    media: Iterable[tuple[str, str]],
    reports: Iterable[Report],
) -> str:
    script = _script()
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return _environment().get_template("page.html.j2").render(
        element=element,
        title=title.encode("utf-8", "replace").decode(),
        version=_version(),
        script=Markup(script),
        script_digest=base64.b64encode(digest).decode("ascii"),
        style=Markup(_style()),
        data=Markup(_json(data)),
        media=[(name, Markup(text)) for name, text in media],
        plain=[Markup(report_html(report)) for report in list(reports)[:20]],
    )  # fmt: skip


__all__ = [
    "FrameTable",
    "html_text",
    "write_compare_html",
    "write_html",
    "write_votes_html",
]
