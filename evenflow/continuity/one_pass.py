"""Check: a clip in, a Report out; one pass, one passage a shot, in memory that does not grow.

The digest covers version, settings, every frame's pixels and its rational time; not path, container
or number of workers.
"""

import hashlib
import json
import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import evenflow
from evenflow.continuity.analysis import Step, analyze
from evenflow.continuity.announced import unannounced
from evenflow.continuity.detectors import DETECTORS, LEAST_FRAMES, NEEDS_MOTION
from evenflow.continuity.ledger import Ledger
from evenflow.continuity.semantics import (
    KINDS_ASKED,
    MOVES,
    Known,
    Question,
    Reply,
    question,
    watched,
)
from evenflow.continuity.shots import linked, swaps
from evenflow.continuity.unseen import unseen
from evenflow.core.clip import Clip, Frame
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.core.finding import Finding
from evenflow.core.gate import Gate
from evenflow.core.kinds import KINDS
from evenflow.core.measurement import Measurement
from evenflow.core.report import Cut, Report, Shot, score
from evenflow.core.signals import SIGNALS
from evenflow.core.span import Span
from evenflow.core.times import Range
from evenflow.io import read

if TYPE_CHECKING:
    from evenflow.metrics import OnePass

LEAST_SIDE = 32
"""Smaller pictures hold nothing to be checked."""


def check(
    clip: Clip | str | Path,
    *,
    gate: Gate | None = None,
    span: Range | str | None = None,
    prompt: str | None = None,
    references: Sequence[str | Path] | str | Path = (),
    judge: str | Path | None = None,
    features: str | Path | None = None,
    offline: bool = False,
    metrics: Sequence[str] | str = (),
    ref: Clip | str | Path | None = None,
    workers: int | None = None,
    path: str | None = None,
    watch: Callable[[Step], None] | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Report:
    """Where, when and how badly a clip's consistency breaks.

    Args:
        clip: what `ef.read` gives, or the path of a file or folder.
        gate: clauses to be judged; without one the report has no verdicts.
        span: only these frames, a Range or text like "1s..2s"; frame numbers in the report stay
            those of the whole clip.
        prompt: what the clip should show; directions are measured, the rest needs a judge; what it
            announces ("the cube turns blue") is no finding but a warning.
        references: pictures that it should look like; they need a judge.
        judge: a CLIP folder, or the address of a vision model (`http://host/v1#model`).
        features: a folder of optional models; they add signals and change nothing else.
        offline: True refuses a judge at an address.
        metrics: keys of `evenflow.metrics.METRICS`, or "all"; they join the report and change
            nothing else in it but the digest.
        ref: the clip that metrics compare with, frame by frame.
        workers: threads; None for all cores. The report is the same for any number.
        path: what the report calls the clip; its name by default.
        watch: called with each Step in order, for those who measure something else on the way.
        progress: called with an Event now and then.
        cancel: looked at between frames.

    Raises:
        BadInput: the clip is too small, `span` holds no frame, the question makes no sense, a
            metric is unknown or `ref` does not fit.
        BackendMissing: the judge's or the features' models cannot be loaded.
        UnreadableVideo: not one frame can be decoded.
    """
    if not isinstance(clip, Clip):
        path, clip = path or str(clip), read(clip)
    if isinstance(span, str):
        span = Range.parse(span)
    info = clip.info
    if min(info.width, info.height) < LEAST_SIDE:
        raise BadInput(
            f"{info.name} is {info.width} x {info.height}: check needs at least "
            f"{LEAST_SIDE} pixels on each side, so crop or scale it first"
        )
    start, stop = (0, None)
    if span is not None:
        start, stop = span.frames(num_frames=info.num_frames, fps=info.fps)
    total = info.num_frames
    if total is not None:
        total = (total if stop is None else min(stop, total)) - start
    asked = question(
        prompt=prompt, references=references, judge=judge, features=features, offline=offline
    )
    album = asked.album()
    meter = Meter("check", total, progress=progress, cancel=cancel)
    ledger = Ledger(size=(info.width, info.height), first=start, digest=_digest(span, asked))
    frames = _metered(clip, start, stop, meter, cancel)
    measuring = _measuring(
        clip, metrics, ref, start=start, stop=stop, workers=workers, cancel=cancel
    )
    if measuring is not None:
        frames = measuring.watch(frames)
    frames = watched(album, frames)
    for step in analyze(frames, fps=float(info.fps), workers=workers):
        ledger.add(step)
        if watch is not None:
            watch(step)
    ledger.close()
    if not ledger.seconds:
        raise UnreadableVideo(f"{info.name} holds no frame that can be decoded")
    known = Known(
        start,
        np.array(ledger.seconds),
        float(info.fps),
        ledger.size,
        {name: np.array(ledger.series[name], np.float64) for name in MOVES},
        [cut.end_frame for cut in ledger.cuts],
    )
    reply = asked.answer(album.samples() if album else (), known, cancel=cancel)
    report = _report(clip, ledger, path or info.name, gate, reply, asked.prompt)
    return report if measuring is None else _with_metrics(report, measuring, start)


def _measuring(
    clip: Clip,
    metrics: Sequence[str] | str,
    ref: Clip | str | Path | None,
    *,
    start: int,
    stop: int | None,
    workers: int | None,
    cancel: CancelToken | None,
) -> "OnePass | None":
    names = metrics.split(",") if isinstance(metrics, str) else metrics
    if not any(name.strip() for name in names):
        if ref is not None:
            raise BadInput("a reference clip is there for metrics: name some, such as psnr,ssim")
        return None
    from evenflow.metrics import OnePass, chosen

    rows = chosen(names, reference=ref is not None)
    other = ref if ref is None or isinstance(ref, Clip) else read(ref)
    return OnePass(rows, clip, other, start=start, stop=stop, workers=workers, cancel=cancel)


def _with_metrics(report: Report, measuring: "OnePass", start: int) -> Report:
    cut = [
        entry - start
        for change in report.cuts
        for entry in range(change.start_frame + 1, change.end_frame + 1)
    ]
    settings = json.dumps({"check": report.digest, **measuring.settings()}, sort_keys=True)
    return replace(
        report,
        digest=hashlib.sha256(settings.encode()).hexdigest(),
        metrics=measuring.measurements(cut=cut),
        warnings=(*report.warnings, *measuring.warnings),
    )


def _digest(span: Range | None, asked: Question) -> Any:
    settings = {
        "version": evenflow.__version__,
        "detectors": list(DETECTORS),
        "range": None if span is None else str(span),
        "plug-ins": [],
        **asked.settings(),
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode())


def _metered(
    clip: Clip, start: int, stop: int | None, meter: Meter, cancel: CancelToken | None
) -> Iterator[Frame]:
    for frame in clip.stream(start, stop, cancel=cancel):
        yield frame
        meter.advance()


def _joined(findings: list[Finding]) -> list[Finding]:
    """Joins what two stretches of one long shot both found."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.kind, f.span.start_frame)):
        last = kept[-1] if kept else None
        if last and last.kind == finding.kind and finding.span.start_frame < last.span.end_frame:
            worse, other = sorted((finding, last), key=lambda f: -f.severity_jnd)
            first, final = min(last.start_s, finding.start_s), max(last.end_s, finding.end_s)
            span = Span(
                worse.kind,
                min(last.span.start_frame, finding.span.start_frame),
                max(last.span.end_frame, finding.span.end_frame),
                worse.span.box if worse.span.box == other.span.box else None,
                None,
                worse.span.magnitude,
            )
            kept[-1] = Finding(
                span, worse.peak_frame, first, final, worse.severity_jnd, worse.confidence,
                worse.explanation, worse.evidence, worse.ruled_out,
            )  # fmt: skip
        else:
            kept.append(finding)
    return sorted(kept, key=lambda f: (f.span.start_frame, f.kind))


def _report(
    clip: Clip, ledger: Ledger, path: str, gate: Gate | None, reply: Reply, prompt: str | None
) -> Report:
    info = clip.info
    seconds = np.array(ledger.seconds)
    count = len(seconds)
    duration = float(seconds[-1] - seconds[0] + 1 / info.fps)
    moved = bool(np.isfinite(np.array(ledger.series["camera_x"])).any())
    measurements = {n: _measure(n, ledger.series[n], moved=moved) for n in SIGNALS}
    measurements |= {n: _measure(n, array("f", v), moved=moved) for n, v in reply.series.items()}
    measurements |= {n: _unmeasured(n, reason) for n, reason in reply.reasons.items()}
    shots = linked(_shots(ledger.cuts, ledger.first, ledger.first + count), ledger.film.links)
    between = swaps(shots, ledger.film.links, seconds=seconds, first=ledger.first)
    measurements["color_step"] = _color_step(ledger, count)
    measurements["identity"] = _identity(ledger, count)
    own, announced = unannounced([*_joined(ledger.findings), *between], prompt)
    findings = sorted(
        [*own, *reply.findings],
        key=lambda f: (f.span.start_frame, f.kind),
    )
    missing = _not_assessable(measurements, count, ledger.size)
    assessed = len(missing) < len(KINDS)
    missing = {k: v for k, v in missing.items() if k not in KINDS_ASKED} | dict(reply.missing)
    hidden = unseen(
        np.array(ledger.octaves), np.array(ledger.blockiness), np.array(ledger.series["change"])
    )
    # what is below one just-noticeable difference is listed, but nobody notices it
    noticed = _shifted([f for f in findings if f.severity_jnd >= 1.0], float(seconds[0]))
    report = Report(
        version=evenflow.__version__,
        digest=ledger.digest.hexdigest(),
        clip={
            "path": path,
            "frames": count,
            "fps": round(float(info.fps), 3),
            "duration_s": round(duration, 3),
            "width": info.width,
            "height": info.height,
            "timecode": info.timecode,
        },
        score=score(noticed, duration_s=duration, unseen_jnd=hidden["jnd"]) if assessed else None,
        motion=_motion(measurements["motion"], count),
        cuts=tuple(sorted(ledger.cuts, key=lambda c: c.start_frame)),
        shots=shots,
        objects=tuple(being.to_json() for being in ledger.cast.beings),
        signals=measurements,
        findings=tuple(findings),
        not_assessable=missing,
        warnings=(*clip.warnings, *reply.warnings, *announced),
        unseen=hidden,
        seconds=seconds,
    )
    return report if gate is None else report.judged(gate)


def _shifted(findings: list[Finding], origin: float) -> list[Finding]:
    return [replace(f, start_s=f.start_s - origin, end_s=f.end_s - origin) for f in findings]


def _measure(name: str, values: "array[float]", *, moved: bool) -> Measurement:
    signal = SIGNALS[name]
    if not values:
        return _unmeasured(name, "no detector for it yet")
    series = np.array(values, dtype=np.float32)
    finite = series[np.isfinite(series)].astype(np.float64)
    if len(finite) == 0:
        reason = "needs two frames of at least 64 lines or columns at working size"
        if name in ("own_x", "own_y") and moved:
            reason = "nothing moves on its own"
        return Measurement(name, signal.unit, signal.better, None, series, reason)
    ways = {
        "rms": lambda v: math.sqrt(float((v**2).mean())),
        "median": lambda v: float(np.median(v)),
        "max": lambda v: float(v.max()),
        "mean": lambda v: float(v.mean()),
        "min": lambda v: float(v.min()),
    }
    return Measurement(name, signal.unit, signal.better, ways[signal.summary](finite), series)


def _color_step(ledger: Ledger, count: int) -> Measurement:
    series = array("f", [math.nan] * count)
    for link in ledger.film.links:
        if link.color_step is not None:
            series[link.start - ledger.first] = link.color_step
    if not any(map(math.isfinite, series)):
        return _unmeasured("color_step", "no two shots are seen to be of one place")
    return _measure("color_step", series, moved=True)


def _identity(ledger: Ledger, count: int) -> Measurement:
    series = array("f", ledger.cast.series(ledger.first, count))
    if not any(map(math.isfinite, series)):
        reason = "nothing that could be followed for a second"
        return _unmeasured("identity", reason)
    return _measure("identity", series, moved=True)


def _unmeasured(name: str, reason: str) -> Measurement:
    signal = SIGNALS[name]
    return Measurement(name, signal.unit, signal.better, None, reason=reason)


def _motion(speed: Measurement, count: int) -> dict[str, Any]:
    if speed.summary is None:
        return {"median_px_per_s": None, "assessable": False, "reason": speed.reason}
    assert speed.series is not None
    finite = speed.series[np.isfinite(speed.series)]
    moving = bool(np.percentile(finite, 90) > 1.0)
    motion: dict[str, Any] = {"median_px_per_s": round(speed.summary, 2), "assessable": moving}
    if not moving:
        motion["reason"] = "no motion: smoothness is not assessable"
    return motion


def _not_assessable(
    measurements: dict[str, Measurement], count: int, size: tuple[int, int]
) -> dict[str, str]:
    missing = dict.fromkeys((k for k in KINDS if k not in DETECTORS), "no detector for it yet")
    if measurements["change"].summary is None:
        reason = "one frame has nothing to be compared with"
        if count > 1:
            reason = (
                f"motion needs 64 lines or columns at least, and {size[0]} x {size[1]} leaves "
                "fewer at the size that check works with"
            )
        return {**dict.fromkeys(DETECTORS, reason), **missing}
    for kind in DETECTORS:
        frames = LEAST_FRAMES.get(kind, 8)
        if count < frames:
            missing[kind] = f"needs {frames} frames, the clip has {count}"
    moves = _motion(measurements["motion"], count)["assessable"]
    if not moves:
        for kind in sorted(NEEDS_MOTION):
            missing.setdefault(kind, "no motion: smoothness is not assessable")
    return missing


def _shots(cuts: list[Cut], first: int, end: int) -> tuple[Shot, ...]:
    made, start = [], first
    for cut in sorted(cuts, key=lambda c: c.start_frame):
        border = cut.end_frame if cut.kind == "cut" else (cut.start_frame + cut.end_frame) // 2
        if border > start:
            made.append(Shot(start, border))
            start = border
    if end > start:
        made.append(Shot(start, end))
    return tuple(made)


__all__ = ["check"]
