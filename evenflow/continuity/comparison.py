"""Compare: two clips or more, second by second; who is better, by how much, where, and how surely.

Clips are aligned by presentation time and compared over the time that all of them cover. That time
is cut into blocks of a second; each block has the largest severity of every kind and one number of
every signal, in each clip; what is compared is those, pair by pair (`continuity.paired`).
"""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import evenflow
from evenflow.continuity.one_pass import check
from evenflow.continuity.paired import (
    LEAST_BLOCKS,
    Paired,
    draws,
    error_of,
    holm,
    mean_difference,
)
from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.core.estimate import LEVEL
from evenflow.core.events import CancelToken, Progress
from evenflow.core.finding import Finding
from evenflow.core.gate import FOUND_JND, Clause, Gate
from evenflow.core.kinds import KINDS
from evenflow.core.measurement import Measurement
from evenflow.core.report import Report
from evenflow.core.signals import SIGNALS

SCHEMA = "evenflow.compare/1"

NOTICED_JND = 1.0
"""A second where two clips differ by less looks the same to a viewer."""

CELL_S = 0.25
"""What a stretch in which one clip is better is cut into."""

FEW_BLOCKS = 6
"""With fewer blocks intervals are wide, and the result says how to get more."""

MOST_CLIPS = 26
"""Clips that are compared at once; each has a letter."""

PER_STEP = frozenset(
    {
        "luma_gain", "chroma_shift", "warp_residual", "camera_x", "camera_y", "camera_zoom",
        "own_x", "own_y", "occlusion", "change",
    }
)  # fmt: skip
"""Signals that compare neighboring frames: at another frame rate they mean something else."""

_Array = NDArray[np.float64]
_Among = Literal["signals", "metrics"]


@dataclass(frozen=True)
class Difference:
    """What two clips differ by in one respect: second minus first.

    Args:
        unit: of all numbers.
        better: which direction is better; `neither` knows no better clip.
        first, second: mean over the blocks of each clip; of the score, the score of the time
            compared. None where it cannot be measured.
        value: mean of the paired differences.
        low, high: ends of its interval, or None where too few blocks say nothing of it.
        level: coverage of that interval.
        num_blocks: paired blocks.
        verdict: label of the better clip; `differ` where neither direction is better; `tie` where
            the interval holds 0; None where nothing can be said.
        sure: the verdict also holds where all rows are taken together (Holm).
        reason: why there is no verdict.
        worst_first, worst_second: largest value of a block, of a kind.
        p: chance of such a difference where there is none.
    """

    unit: str
    better: Literal["lower", "higher", "neither"]
    first: float | None = None
    second: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = LEVEL
    num_blocks: int = 0
    verdict: str | None = None
    sure: bool = False
    reason: str | None = None
    worst_first: float | None = None
    worst_second: float | None = None
    p: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types; what could not be compared is `{"value": null, "reason"}`."""
        if self.value is None:
            return {"value": None, "reason": self.reason or "not measured"}
        data: dict[str, Any] = {
            "unit": self.unit,
            "better": self.better,
            "first": _number(self.first),
            "second": _number(self.second),
            "value": _number(self.value),
            "low": _number(self.low),
            "high": _number(self.high),
            "level": round(self.level, 5),
            "blocks": self.num_blocks,
            "verdict": self.verdict,
            "sure": self.sure,
        }
        if self.worst_first is not None:
            data["worst"] = [_number(self.worst_first), _number(self.worst_second)]
        return data if self.reason is None else {**data, "reason": self.reason}


@dataclass(frozen=True)
class Where:
    """A stretch of time in which one of two clips is better by 1 JND or more all along.

    Args:
        start_s, end_s: time of the clips, from the first to the last finding that makes it so.
        better: label of the better clip.
        by_jnd: largest difference of a block.
        mean_jnd: mean difference over its quarters of a second; `low`, `high` its 95 % interval,
            from three of them on. The stretch was chosen because it differs, so that the interval
            says how much the clips differ there, not whether they do.
        kinds: what is found in the worse clip, most severe first.
        start_frame, end_frame: frames of the worse clip, half-open.
    """

    start_s: float
    end_s: float
    better: str
    by_jnd: float
    mean_jnd: float
    low: float | None
    high: float | None
    kinds: tuple[str, ...]
    start_frame: int
    end_frame: int

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "start_s": round(self.start_s, 4),
            "end_s": round(self.end_s, 4),
            "better": self.better,
            "by_jnd": _number(self.by_jnd),
            "mean_jnd": _number(self.mean_jnd),
            "low": _number(self.low),
            "high": _number(self.high),
            "kinds": list(self.kinds),
            "start_frame": self.start_frame,
            "end_frame": self.end_frame,
        }


@dataclass(frozen=True)
class Pair:
    """Two clips against each other.

    Args:
        first, second: their labels; every difference is second minus first.
        score: of the score; its verdict is the verdict on the pair.
        severity: of the largest severity of any kind, in JND a block.
        kinds, signals: one Difference each; metrics, too, where both reports have some.
        where: who is better when, in order of time.
    """

    first: str
    second: str
    score: Difference
    severity: Difference
    kinds: dict[str, Difference]
    signals: dict[str, Difference]
    where: tuple[Where, ...]
    metrics: dict[str, Difference] = field(default_factory=dict)

    @property
    def better(self) -> str | None:
        """Label of the better clip, `tie`, or None where nothing can be said."""
        return self.score.verdict

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "first": self.first,
            "second": self.second,
            "better": self.better,
            "score": self.score.to_json(),
            "severity": self.severity.to_json(),
            "kinds": {name: row.to_json() for name, row in self.kinds.items()},
            "signals": {name: row.to_json() for name, row in self.signals.items()},
            "metrics": {name: row.to_json() for name, row in self.metrics.items()},
            "where": [stretch.to_json() for stretch in self.where],
        }


@dataclass(frozen=True)
class Place:
    """A clip's place in the ranking.

    Args:
        rank: 1 plus the number of clips that are surely better; None where it has no score.
        score: of the time compared.
        tied: labels of the clips that it ties with.
        reason: why it has no rank.
    """

    clip: str
    rank: int | None
    score: float | None
    tied: tuple[str, ...] = ()
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        data = {
            "clip": self.clip,
            "rank": self.rank,
            "score": None if self.score is None else round(self.score, 1),
            "tied": list(self.tied),
        }
        return data if self.reason is None else {**data, "reason": self.reason}


@dataclass(frozen=True)
class GateVerdict:
    """What became of one clause for one clip against the first.

    Args:
        clip, against: their labels.
        clause: as it was asked for; it bounds the difference, `clip` minus `against`.
        passed: False also where the difference or its interval is not known.
        value: the end of the interval that has to hold.
        reason: why there is no value.
    """

    clip: str
    against: str
    clause: Clause
    passed: bool
    value: float | None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        data = {
            "clip": self.clip,
            "against": self.against,
            "clause": str(self.clause),
            "passed": self.passed,
            "value": _number(self.value),
        }
        return data if self.reason is None else {**data, "reason": self.reason}


@dataclass(frozen=True)
class Comparison:
    """What `compare` says of two clips or more.

    Args:
        labels: one letter a clip, in the order in which they came.
        clips: the `clip` of every report: path, frames, fps, duration, size.
        scores: of the whole clips, as their reports say; None where nothing could be assessed.
        start_s, end_s: the time that is compared.
        block_s: length of a block in seconds.
        num_blocks: blocks that the time is cut into.
        pairs: every two clips, in order.
        ranking: best first.
        gate: one verdict a clause and later clip; empty without a gate.
        notes: what is different about the clips and what it means.
        errors: clips that could not be checked, `{"clip": {"path"}, "error"}`.
        seed: of the bootstrap.
    """

    labels: tuple[str, ...]
    clips: tuple[dict[str, Any], ...]
    scores: tuple[float | None, ...]
    start_s: float
    end_s: float
    block_s: float
    num_blocks: int
    pairs: tuple[Pair, ...]
    ranking: tuple[Place, ...]
    gate: tuple[GateVerdict, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[dict[str, Any], ...] = ()
    seed: int = 0
    version: str = field(default_factory=lambda: evenflow.__version__)

    @property
    def passed(self) -> bool:
        """True if no clause of the gate fails (also when there is no gate)."""
        return all(verdict.passed for verdict in self.gate)

    def pair(self, first: str, second: str) -> Pair:
        """The two clips of these labels, in the order in which they were compared."""
        return next(p for p in self.pairs if {p.first, p.second} == {first, second})

    def to_json(self) -> dict[str, Any]:
        """Plain types that follow `compare.schema.json`."""
        return {
            "schema": SCHEMA,
            "version": self.version,
            "clips": [
                {"label": label, "score": score, **clip}
                for label, score, clip in zip(self.labels, self.scores, self.clips, strict=True)
            ],
            "common": {
                "start_s": round(self.start_s, 4),
                "end_s": round(self.end_s, 4),
                "block_s": self.block_s,
                "blocks": self.num_blocks,
                "level": LEVEL,
                "seed": self.seed,
            },
            "notes": list(self.notes),
            "pairs": [pair.to_json() for pair in self.pairs],
            "ranking": [place.to_json() for place in self.ranking],
            "gate": [verdict.to_json() for verdict in self.gate],
            "errors": list(self.errors),
        }

    def dumps(self, *, indent: int | None = 1) -> str:
        """The JSON text; equal comparisons give equal bytes."""
        return json.dumps(self.to_json(), indent=indent, ensure_ascii=False, allow_nan=False)


def compare(
    *clips: Clip | Report | str | Path,
    gate: Gate | None = None,
    block_s: float = 1.0,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Comparison:
    """Which of two clips or more holds together better, by how much, where, and how surely.

    Args:
        clips: reports of `check`, or clips and paths of clips, which are checked first; a path
            that ends in `.json` is a report that was written before.
        gate: clauses that bound how much every later clip may differ from the first: of a kind in
            JND (`"<= 1 jnd"`: no more than 1 JND worse), of a signal in its unit, of the score
            (`">= -5"`). A clause holds where the whole interval does, and for a kind where the
            largest severity does, too.
        block_s: length of a block in seconds. A defect counts once a block that it lasts; blocks
            shorter than defects last make intervals that are too narrow.
        seed: of the bootstrap; the same seed gives the same result.
        workers: threads of `check`.
        progress: called with an Event now and then.
        cancel: looked at between frames.

    Raises:
        BadInput: fewer than two clips or more than 26, no time in common, or no such file.
    """
    reports: list[Report] = []
    for clip in clips:
        if isinstance(clip, Report):
            reports.append(clip)
        elif not isinstance(clip, Clip) and Path(clip).suffix.lower() == ".json":
            reports += stored_reports(clip)
        else:
            reports.append(check(clip, workers=workers, progress=progress, cancel=cancel))
    return compared(reports, gate=gate, block_s=block_s, seed=seed)


def stored_reports(path: str | Path) -> list[Report]:
    """The reports in a file that `check --json` or `-o` wrote, for one clip or several.

    Raises:
        BadInput: the file cannot be read, or holds something else.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {(error.strerror or '').lower()}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{path.name} is not JSON: give a report of `evenflow check -o`") from None
    items = data if isinstance(data, list) else [data]
    for item in items:
        if isinstance(item, dict) and "error" in item and "schema" not in item:
            raise BadInput(f"{path.name} has a clip that could not be checked: {item['error']}")
    try:
        reports = [_sound(Report.from_json(item)) for item in items]
    except BadInput as error:
        raise BadInput(f"{path.name}: {error}") from None
    if not reports:
        raise BadInput(f"{path.name} holds no report of a clip: make a new one")
    return reports


def _sound(report: Report) -> Report:
    """The report, if what is compared of it are numbers that make sense.

    Raises:
        BadInput: a field is missing, has the wrong type, or is out of range.
    """
    try:
        clip, findings = report.clip, report.findings
        positive = [float(clip[key]) for key in ("fps", "duration_s")]
        counts = [int(clip[key]) for key in ("frames", "width", "height")]
        signals = (*report.signals.values(), *report.metrics.values())
        numbers = [
            float(report.unseen["jnd"]),
            *(float(f.span.start_frame + f.span.end_frame) for f in findings),
            *(float(shot.start_frame) for shot in report.shots),
            *(0.0 if report.score is None else float(report.score),),
            *(float(m.summary) for m in signals if m.summary is not None),
        ]
        spans = [(float(f.start_s), float(f.end_s), float(f.severity_jnd)) for f in findings]
        texts = [
            clip.get("path", ""), report.digest, report.version, report.motion.get("reason", ""),
            *report.not_assessable.values(), *(m.reason or "" for m in signals),
            *(m.unit for m in signals), *report.signals, *report.metrics,
        ]  # fmt: skip
        known = all(f.kind in KINDS for f in findings)
        better = all(m.better in ("lower", "higher", "neither") for m in signals)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadInput(f"the report is damaged: {error!r}") from None
    good = (
        known
        and better
        and min(positive) > 0
        and max(positive) <= 1e7
        and min(counts) >= 0
        and all(map(math.isfinite, (*positive, *numbers, *itertools.chain(*spans))))
        and all(start <= end and severity >= 0 for start, end, severity in spans)
        and report.unseen["jnd"] >= 0
        and all(isinstance(text, str) for text in texts)
    )
    if not good:
        raise BadInput("the report is damaged: a value is out of range or of another type")
    return report


def compared(
    reports: Sequence[Report],
    *,
    gate: Gate | None = None,
    block_s: float = 1.0,
    seed: int = 0,
    errors: Sequence[dict[str, Any]] = (),
) -> Comparison:
    """`compare` of reports that are there already; its arguments and errors.

    Args:
        errors: clips that could not be checked, which the result only carries.
    """
    if not 2 <= len(reports) <= MOST_CLIPS:
        raise BadInput(f"compare takes 2 to {MOST_CLIPS} clips, got {len(reports)}")
    if not (math.isfinite(block_s) and 0.1 <= block_s <= 3600):
        raise BadInput(f"a block lasts from 0.1 s to an hour, got {block_s:g} s")
    labels = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(reports)])
    start, end = _common(reports, labels)
    cut = _Cut(start, end, block_s)
    sides = [_Side(label, report, cut, seed) for label, report in zip(labels, reports, strict=True)]
    pairs = [_pair(a, b, cut) for a, b in itertools.combinations(sides, 2)]
    pairs = _settled(pairs, sides, cut)
    return Comparison(
        labels=labels,
        clips=tuple(_clip(report) for report in reports),
        scores=tuple(None if r.score is None else round(r.score, 1) for r in reports),
        start_s=start,
        end_s=end,
        block_s=block_s,
        num_blocks=cut.num_blocks,
        pairs=tuple(pairs),
        ranking=_ranking(sides, pairs),
        gate=() if gate is None else tuple(_judged(gate, sides, pairs)),
        notes=tuple(_notes(sides, cut)),
        errors=tuple(errors),
        seed=seed,
    )


def _clip(report: Report) -> dict[str, Any]:
    """What the report says of its clip, in the types of the schema."""
    clip, timecode = report.clip, report.clip.get("timecode")
    return {
        "path": str(clip.get("path") or "clip"),
        **{key: int(clip.get(key) or 0) for key in ("frames", "width", "height")},
        **{key: float(clip.get(key) or 0.0) for key in ("fps", "duration_s")},
        "timecode": None if timecode is None else str(timecode),
    }


# --- time ---------------------------------------------------------------------------------------


def _span(report: Report) -> tuple[float, float]:
    fps = float(report.clip.get("fps") or 24)
    duration = float(report.clip.get("duration_s") or 0.0)
    if len(report.seconds):
        start = float(report.seconds[0])
    else:  # a report that was read back
        start = (report.shots[0].start_frame if report.shots else 0) / fps
    return start, start + duration


def _common(reports: Sequence[Report], labels: Sequence[str]) -> tuple[float, float]:
    spans = [_span(report) for report in reports]
    start, end = max(s for s, _ in spans), min(e for _, e in spans)
    if end <= start:
        told = ", ".join(
            f"{label} covers {a:.2f} s to {b:.2f} s"
            for label, (a, b) in zip(labels, spans, strict=True)
        )
        raise BadInput(f"the clips have no time in common: {told}; check the same --range of each")
    return start, end


class _Cut:
    """Blocks of the time that is compared: as many as the score has, the last one may be short."""

    def __init__(self, start: float, end: float, block_s: float) -> None:
        self.start, self.end, self.block_s = start, end, block_s
        length = (end - start) / block_s
        self.num_blocks = max(1, math.ceil(length - 1e-6))
        self.num_whole = max(1, min(self.num_blocks, math.floor(length + 0.5)))
        """Blocks with at least half of their time: what an interval may count on."""

    def blocks_of(self, finding: Finding) -> tuple[int, int]:
        """First block and the one after the last, empty where the finding lies outside."""
        if finding.end_s <= self.start or finding.start_s >= self.end:
            return 0, 0
        first = max(0, int((finding.start_s - self.start) / self.block_s))
        last = math.ceil((finding.end_s - self.start) / self.block_s - 1e-6)
        first = min(first, self.num_blocks - 1)
        return first, max(first + 1, min(last, self.num_blocks))


# --- one clip -----------------------------------------------------------------------------------


def _noticed(report: Report, cut: _Cut) -> _Array:
    """Largest severity of any kind in every block, of what is noticed at all."""
    blocks = np.zeros(cut.num_blocks)
    for finding in report.findings:
        if finding.severity_jnd >= NOTICED_JND:
            first, last = cut.blocks_of(finding)
            blocks[first:last] = np.maximum(blocks[first:last], finding.severity_jnd)
    return blocks


class _Side:
    """What is compared of one clip: severities and signals, a number a block."""

    def __init__(self, label: str, report: Report, cut: _Cut, seed: int) -> None:
        self.label, self.report, self.cut, self.seed = label, report, cut, seed
        self.name = PurePath(str(report.clip.get("path") or label)).name
        self.fps = float(report.clip.get("fps") or 24)
        self.severity: dict[str, _Array] = {}
        self.noticed = _noticed(report, cut)
        for finding in report.findings:
            first, last = cut.blocks_of(finding)
            row = self.severity.setdefault(finding.kind, np.zeros(cut.num_blocks))
            row[first:last] = np.maximum(row[first:last], finding.severity_jnd)
        self.unseen = float(report.unseen.get("jnd") or 0.0)

    def of_kind(self, kind: str) -> _Array:
        """Largest severity of a kind in every block, 0 where there is none."""
        return self.severity.get(kind, np.zeros(self.cut.num_blocks))

    @cached_property
    def score(self) -> float:
        """The score of the time that is compared."""
        return float(_score(np.mean(self.noticed**4), self.unseen))

    def measured(self, name: str, among: _Among) -> Measurement | None:
        """A signal or a metric of the report."""
        rows = self.report.metrics if among == "metrics" else self.report.signals
        return rows.get(name)

    def of_signal(self, name: str, among: _Among, *, way: str) -> tuple[_Array, str | None]:
        """A number a block, or why there is none.

        Args:
            way: how the numbers of a block become one: mean, median, rms, max or min.
        """
        empty = np.full(self.cut.num_blocks, math.nan)
        signal = self.measured(name, among)
        if signal is None or signal.summary is None:
            reason = (signal.reason if signal else None) or "not measured"
            return empty, f"{self.label}: {reason}"
        if signal.series is not None:
            values: _Array = np.asarray(signal.series, np.float64)
            times: _Array = self.report.seconds
            if len(times) != len(values):  # a report that was read back
                first = self.report.shots[0].start_frame if self.report.shots else 0
                times = np.asarray((first + np.arange(len(values))) / self.fps)
        elif signal.seconds is not None:
            values = np.asarray(signal.seconds, np.float64)
            times = np.asarray(np.arange(len(values)) + 0.5, np.float64)
        else:
            return empty, f"{self.label}: it has no number a frame"
        return _blocks(values, times, self.cut, way), None


def _score(fourth: Any, unseen: float) -> Any:
    """`100 exp(-P / 10)` as in `core.report.score`, P the fourth root plus what is unseen."""
    return 100.0 * np.exp(-(fourth**0.25 + unseen) / 10.0)


def _rms(values: _Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


_WAYS: dict[str, Callable[[_Array], float]] = {
    "rms": _rms,
    "mean": lambda v: float(v.mean()),
    "median": lambda v: float(np.median(v)),
    "max": lambda v: float(v.max()),
    "min": lambda v: float(v.min()),
}


def _blocks(values: _Array, times: _Array, cut: _Cut, way: str) -> _Array:
    """The summary of every block; a rest of less than half a block counts to the one before."""
    inside = np.isfinite(values) & (times >= cut.start - 1e-9) & (times < cut.end - 1e-9)
    number = np.floor((times[inside] - cut.start) / cut.block_s + 1e-9).astype(np.int64)
    number = np.clip(number, 0, cut.num_whole - 1)
    result = np.full(cut.num_blocks, math.nan)
    if not len(number):
        return result
    kept, begins = np.unique(number, return_index=True)
    for block, part in zip(kept, np.split(values[inside], begins[1:]), strict=True):
        result[block] = _WAYS[way](part)
    return result


# --- two clips ----------------------------------------------------------------------------------


def _pair(a: _Side, b: _Side, cut: _Cut) -> Pair:
    kinds = {kind: _of_kind(kind, a, b, cut) for kind in KINDS}
    names = [n for n in SIGNALS if n in a.report.signals or n in b.report.signals]
    names += sorted(({*a.report.signals} | {*b.report.signals}) - {*names})
    signals = {name: _of_signal(name, a, b) for name in names}
    metrics = {
        name: _of_signal(name, a, b, among="metrics")
        for name in sorted({*a.report.metrics} | {*b.report.metrics})
    }
    return Pair(
        a.label,
        b.label,
        _of_score(a, b, cut),
        _of_severity(a, b, cut),
        _surely(kinds),
        _surely(signals),
        tuple(_where(a, b, cut)),
        _surely(metrics),
    )


def _row(
    found: Paired,
    labels: tuple[str, str],
    unit: str,
    better: Literal["lower", "higher", "neither"],
    means: tuple[float, float],
    worst: tuple[float, float] | None = None,
) -> Difference:
    ends = found.interval()
    row = Difference(
        unit,
        better,
        *means,
        value=found.value,
        low=None if ends is None else ends[0],
        high=None if ends is None else ends[1],
        num_blocks=found.num_blocks,
        worst_first=None if worst is None else worst[0],
        worst_second=None if worst is None else worst[1],
        p=found.p,
    )
    return _decided(row, *labels)


def _decided(row: Difference, first: str, second: str) -> Difference:
    """The verdict that the interval gives."""
    if row.value is None or row.low is None or row.high is None:
        reason = row.reason or (
            f"{row.num_blocks} block{'' if row.num_blocks == 1 else 's'} "
            f"{'is' if row.num_blocks == 1 else 'are'} too few for an interval, "
            f"it needs {LEAST_BLOCKS}: give longer clips or shorter blocks"
        )
        return replace(row, verdict=None, reason=reason)
    if row.low <= 0.0 <= row.high:
        return replace(row, verdict="tie")
    if row.better == "neither":
        return replace(row, verdict="differ")
    return replace(row, verdict=second if (row.value > 0) == (row.better == "higher") else first)


def _surely(rows: Mapping[str, Difference]) -> dict[str, Difference]:
    """Marks the verdicts that hold where all rows are taken together."""
    holds = holm([row.p for row in rows.values()])
    return {
        name: replace(row, sure=sure and row.verdict not in (None, "tie"))
        for (name, row), (sure, _) in zip(rows.items(), holds, strict=True)
    }


def _of_kind(kind: str, a: _Side, b: _Side, cut: _Cut) -> Difference:
    for side in (a, b):
        if kind in side.report.not_assessable:
            reason = f"{side.label}: {side.report.not_assessable[kind]}"
            return Difference("jnd", "lower", reason=reason)
    return _of_blocks(a.of_kind(kind), b.of_kind(kind), a, b, cut)


def _of_severity(a: _Side, b: _Side, cut: _Cut) -> Difference:
    for side in (a, b):
        if side.report.score is None:
            reason = f"{side.label}: nothing could be assessed"
            return Difference("jnd", "lower", reason=reason)
    return _of_blocks(a.noticed, b.noticed, a, b, cut)


def _of_blocks(first: _Array, second: _Array, a: _Side, b: _Side, cut: _Cut) -> Difference:
    """A difference of severities, whose last block may be short."""
    step = second - first
    drawn = draws(cut.num_blocks, seed=a.seed) @ step / cut.num_blocks if step.any() else step
    value = float(step.mean())
    error = error_of(drawn, cut.num_whole, value=value, like_all=not step.any())
    return _row(
        Paired(value, error, cut.num_whole),
        (a.label, b.label),
        "jnd",
        "lower",
        (float(first.mean()), float(second.mean())),
        (float(first.max()), float(second.max())),
    )


def _of_score(a: _Side, b: _Side, cut: _Cut, level: float = LEVEL) -> Difference:
    """Of the score, whose verdict is that of the pair.

    The score lives from the worst seconds, and a bootstrap draws those again and again: its own
    interval told 12 to 24 % of equal clips apart (10 to 100 blocks, defects in 10 to 70 % of
    them). The mean severity of all seconds does not, so it lends the score its relative error: one
    interval holds 0 where the other one does. What is unseen is part of both. Where they
    disagree on who is better, nobody is.
    """
    for side in (a, b):
        if side.report.score is None:
            reason = f"{side.label}: nothing could be assessed"
            return Difference("", "higher", reason=reason)
    step = b.noticed - a.noticed
    drawn = draws(cut.num_blocks, seed=a.seed) @ step / cut.num_blocks if step.any() else step
    worse = float(step.mean()) + (b.unseen - a.unseen)  # in JND, the other way round than scores
    error = error_of(drawn, cut.num_whole, value=float(step.mean()), like_all=not step.any())
    change = b.score - a.score
    found = Paired(worse, error, cut.num_whole)
    agreed = worse * change < 0
    ends = found.interval(level)
    low = high = None
    if ends is not None and agreed:
        low, high = sorted(max(-100.0, min(100.0, change * end / worse)) for end in ends)
    elif ends is not None:
        low, high = 0.0 - abs(change), abs(change)
    row = Difference(
        "",
        "higher",
        a.score,
        b.score,
        change,
        low=low,
        high=high,
        level=level,
        num_blocks=cut.num_whole,
        p=found.p if agreed or found.p is None else 1.0,
    )
    row = _decided(row, a.label, b.label)
    return replace(row, sure=row.verdict not in (None, "tie"))


def _of_signal(name: str, a: _Side, b: _Side, *, among: _Among = "signals") -> Difference:
    both = [m for m in (a.measured(name, among), b.measured(name, among)) if m is not None]
    shown = next((m for m in both if m.summary is not None), both[0])
    unit, better = shown.unit, shown.better
    way: str = "mean"
    if among == "signals" and name in SIGNALS:
        unit, better, way = SIGNALS[name].unit, SIGNALS[name].better, SIGNALS[name].summary
    only_seconds = any(m.series is None and m.seconds is not None for m in both)
    reason = _incomparable(name, among, unit, both, a, b)
    if only_seconds and way not in ("mean", "median"):
        reason = "a report keeps means of seconds only, it needs every frame: give the clip itself"
    values = []
    for side in (a, b):
        blocks, why = side.of_signal(name, among, way="mean" if only_seconds else way)
        values.append(blocks)
        reason = reason or why
    if reason is not None:
        return Difference(unit, better, reason=reason)
    found = mean_difference(*values, seed=a.seed, chained=True)
    if found is None:
        return Difference(unit, better, reason="no block in which both can be measured")
    paired = np.isfinite(values[0]) & np.isfinite(values[1])
    first, second = (float(v[paired].mean()) for v in values)
    return _row(found, (a.label, b.label), unit, better, (first, second))


def _incomparable(
    name: str, among: _Among, unit: str, both: Sequence[Measurement], a: _Side, b: _Side
) -> str | None:
    if len({m.unit for m in both if m.summary is not None}) > 1:
        return "the two are in different units"
    sizes = [(s.report.clip.get("width"), s.report.clip.get("height")) for s in (a, b)]
    if unit in ("px", "px/s") and sizes[0] != sizes[1]:
        return "it is in pixels, and the clips differ in size"
    if (among == "metrics" or name in PER_STEP) and abs(a.fps / b.fps - 1) > 0.01:
        return f"it is measured frame by frame: {a.fps:g} and {b.fps:g} fps do not go together"
    return None


def _where(a: _Side, b: _Side, cut: _Cut) -> Iterable[Where]:
    if a.report.score is None or b.report.score is None:
        return
    step = b.noticed - a.noticed
    sign = np.where(np.abs(step) >= NOTICED_JND, np.sign(step), 0.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0.0], sign, [0.0]])))
    for first, last in itertools.pairwise(edges.tolist()):
        if sign[first] == 0:
            continue
        better, worse = (a, b) if sign[first] > 0 else (b, a)
        blame = _blame(worse, better, cut, first, last)
        if not blame:  # cannot be: a difference has a finding
            continue
        begin, stop = cut.start + first * cut.block_s, cut.start + last * cut.block_s
        start_s = max(begin, min(f.start_s for f in blame))
        end_s = min(stop, cut.end, max(f.end_s for f in blame))
        cells = _Cut(start_s, end_s, CELL_S)
        found = mean_difference(
            _noticed(better.report, cells), _noticed(worse.report, cells), seed=a.seed
        )
        assert found is not None
        ends = found.interval()
        yield Where(
            start_s,
            end_s,
            better.label,
            float(np.abs(step[first:last]).max()),
            found.value,
            None if ends is None else ends[0],
            None if ends is None else ends[1],
            tuple(dict.fromkeys(f.kind for f in sorted(blame, key=lambda f: -f.severity_jnd))),
            max(min(f.span.start_frame for f in blame), _frame(worse, begin)),
            min(max(f.span.end_frame for f in blame), _frame(worse, stop)),
        )


def _blame(worse: _Side, better: _Side, cut: _Cut, first: int, last: int) -> list[Finding]:
    """Findings that make the worse clip worse between two blocks: above what the better one has."""
    blame = []
    for finding in worse.report.findings:
        start, end = (
            max(first, b) if i == 0 else min(last, b) for i, b in enumerate(cut.blocks_of(finding))
        )
        if start < end and finding.severity_jnd >= (
            float(better.noticed[start:end].min()) + NOTICED_JND
        ):
            blame.append(finding)
    return blame


def _frame(side: _Side, seconds: float) -> int:
    if len(side.report.seconds):
        first = side.report.shots[0].start_frame if side.report.shots else 0
        return first + int(np.searchsorted(side.report.seconds, seconds - 1e-6))
    return math.ceil(seconds * side.fps - 1e-6)


# --- all clips ----------------------------------------------------------------------------------


def _settled(pairs: Sequence[Pair], sides: Sequence[_Side], cut: _Cut) -> list[Pair]:
    """Verdicts on the pairs of three clips or more: one level for all of them together (Holm)."""
    if len(pairs) < 2:
        return list(pairs)
    by_label = {side.label: side for side in sides}
    levels = [level for _, level in holm([pair.score.p for pair in pairs])]
    return [
        replace(pair, score=_of_score(by_label[pair.first], by_label[pair.second], cut, level))
        for pair, level in zip(pairs, levels, strict=True)
    ]


def _ranking(sides: Sequence[_Side], pairs: Sequence[Pair]) -> tuple[Place, ...]:
    """Rank 1 plus the number of clips that are surely better; the score orders what ties."""
    places = []
    for side in sides:
        mine = [p for p in pairs if side.label in (p.first, p.second)]
        if side.report.score is None:
            places.append(Place(side.label, None, None, reason="nothing could be assessed"))
            continue
        rivals = {p.second if p.first == side.label else p.first: p for p in mine}
        better = sum(pair.better == rival for rival, pair in rivals.items())
        tied = tuple(rival for rival, pair in rivals.items() if pair.better == "tie")
        known = any(pair.better is not None for pair in rivals.values())
        reason = None if known else next(pair.score.reason for pair in rivals.values())
        rank = 1 + better if known else None
        places.append(Place(side.label, rank, side.score, tied, reason))
    names = {side.label: (side.name, side.label) for side in sides}
    return tuple(
        sorted(
            places,
            key=lambda p: (
                p.rank if p.rank is not None else math.inf,
                -p.score if p.score is not None else math.inf,
                names[p.clip],
            ),
        )
    )


def _judged(gate: Gate, sides: Sequence[_Side], pairs: Sequence[Pair]) -> Iterable[GateVerdict]:
    first = sides[0]
    for pair in pairs:
        if pair.first != first.label:
            continue
        other = next(side for side in sides if side.label == pair.second)
        for clause in gate.clauses:
            value, reason = _bounded(clause, pair, first, other)
            passed = value is not None and clause.holds(value)
            if passed and clause.compare == "==":  # both ends have to be there
                row = _row_of(clause.key, pair)
                passed = row is None or (row.low == row.high == clause.bound)
            yield GateVerdict(other.label, first.label, clause, passed, value, reason)


def _row_of(key: str, pair: Pair) -> Difference | None:
    if key == "score":
        return pair.score
    if key == "any":
        return pair.severity
    return pair.kinds.get(key) or pair.signals.get(key)


def _bounded(
    clause: Clause, pair: Pair, first: _Side, other: _Side
) -> tuple[float | None, str | None]:
    """The number that the clause has to hold for: the end of the interval that is worst for it."""
    if clause.key == "findings":
        counts = [
            sum(
                f.severity_jnd >= FOUND_JND and side.cut.blocks_of(f) != (0, 0)
                for f in side.report.findings
            )
            for side in (first, other)
        ]
        if first.report.score is None or other.report.score is None:
            return None, pair.score.reason
        return float(counts[1] - counts[0]), None
    row = _row_of(clause.key, pair)
    if row is None:
        return None, "not measured"
    if row.value is None or row.low is None or row.high is None:
        return None, row.reason or "not measured"
    upper = clause.compare in ("<=", "<", "==")
    ends = [row.high if upper else row.low]
    if row.worst_first is not None and row.worst_second is not None:
        ends.append(row.worst_second - row.worst_first)
    return (max if upper else min)(ends), None


def _notes(sides: Sequence[_Side], cut: _Cut) -> Iterable[str]:
    spans = [_span(side.report) for side in sides]
    if any(abs(s - cut.start) > 0.5 / 24 or abs(e - cut.end) > 0.5 / 24 for s, e in spans):
        lasts = ", ".join(
            f"{side.label} {s:.2f} s to {e:.2f} s"
            for side, (s, e) in zip(sides, spans, strict=True)
        )
        yield f"not the same length: {lasts}; {cut.start:.2f} s to {cut.end:.2f} s are compared"
    rates = {round(side.fps, 3) for side in sides}
    if len(rates) > 1:
        told = ", ".join(f"{side.label} {side.fps:g}" for side in sides)
        yield f"frame rates differ ({told} fps): aligned by time"
    sizes = {(s.report.clip.get("width"), s.report.clip.get("height")) for s in sides}
    if len(sizes) > 1:
        told = ", ".join(
            f"{s.label} {s.report.clip.get('width')}x{s.report.clip.get('height')}" for s in sides
        )
        yield f"sizes differ ({told}): severities hold for any size, signals in pixels do not"
    if len({side.report.version for side in sides}) > 1:
        yield "the reports come from different versions of Evenflow: check the clips again"
    digests: dict[str, list[str]] = {}
    for side in sides:
        digests.setdefault(side.report.digest, []).append(side.label)
        if not side.report.motion.get("assessable", True):
            reason = side.report.motion.get("reason") or "no motion"
            yield f"{side.label}: {reason}; kinds that need motion cannot be found in it"
    for same in digests.values():
        if len(same) > 1:
            yield f"{' and '.join(same)} hold the same frames"
    told = f"{cut.num_whole} block{'' if cut.num_whole == 1 else 's'} of {cut.block_s:g} s"
    if cut.num_whole < LEAST_BLOCKS:
        yield f"{told}: an interval needs {LEAST_BLOCKS}, so there is no verdict on what differs"
    elif cut.num_whole < FEW_BLOCKS and cut.block_s > 0.25:
        yield (
            f"{told} make wide intervals; shorter ones make them narrower, too narrow where a "
            "defect lasts longer than a block"
        )


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.5g}")


__all__ = [
    "SCHEMA",
    "Comparison",
    "Difference",
    "GateVerdict",
    "Pair",
    "Place",
    "Where",
    "compare",
    "compared",
    "stored_reports",
]
