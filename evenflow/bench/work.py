"""Work: makes the clip of one Unit, checks it, and keeps what the figures need."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np

from evenflow.bench.changes import CHANGES
from evenflow.bench.footage import Take
from evenflow.bench.plan import Unit, span_of
from evenflow.continuity import INJECTORS, check, control, inject
from evenflow.core.clip import ArraySource, Clip, Pixels
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.core.report import Report
from evenflow.core.span import Box, Span
from evenflow.core.times import Range

ATTEMPTS = 4
"""Times and lengths that are tried before a clip is said to refuse a kind."""


@dataclass(frozen=True)
class Seen:
    """What the figures need of a finding; frames are those of the checked clip."""

    kind: str
    start: int
    end: int
    peak: int
    severity: float
    confidence: float
    box: Box | None

    def overlaps(self, start: int, end: int) -> bool:
        """True if it shares a frame with `[start, end)`."""
        return self.start < end and start < self.end

    def time_iou(self, start: int, end: int) -> float:
        """Intersection over union with frames `[start, end)`."""
        shared = max(0, min(self.end, end) - max(self.start, start))
        return shared / (self.end - self.start + end - start - shared)


@dataclass(frozen=True)
class Outcome:
    """What became of one Unit.

    Args:
        unit: what was asked for.
        refused: why the clip could not be made; then all else is empty.
        truth: of a planted defect, in frames of the checked clip.
        findings: of the report.
        cuts: frames `(start, end)` of the report's cuts.
        score: of the report.
        seconds: length of the checked clip.
        not_assessable: kind to reason, of the report.
        twin: findings of its own clean twin, where that differs from the clean clip of its take.
    """

    unit: Unit
    refused: str = ""
    truth: Span | None = None
    findings: tuple[Seen, ...] = ()
    cuts: tuple[tuple[int, int], ...] = ()
    score: float | None = None
    seconds: float = 0.0
    not_assessable: dict[str, str] | None = None
    twin: tuple[Seen, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, without the unit."""
        return {
            "refused": self.refused,
            "truth": None if self.truth is None else self.truth.to_json(),
            "findings": _rows(self.findings),
            "cuts": [list(cut) for cut in self.cuts],
            "score": self.score,
            "seconds": self.seconds,
            "not_assessable": self.not_assessable,
            "twin": None if self.twin is None else _rows(self.twin),
        }

    @staticmethod
    def from_json(unit: Unit, data: dict[str, Any]) -> "Outcome":
        """The inverse of `to_json`."""
        return Outcome(
            unit,
            data["refused"],
            None if data["truth"] is None else Span.from_json(data["truth"]),
            _seen(data["findings"]),
            tuple((int(a), int(b)) for a, b in data["cuts"]),
            data["score"],
            data["seconds"],
            data["not_assessable"],
            None if data["twin"] is None else _seen(data["twin"]),
        )


def _rows(findings: tuple[Seen, ...]) -> list[list[Any]]:
    return [[f.kind, f.start, f.end, f.peak, f.severity, f.confidence, f.box] for f in findings]


def _seen(rows: list[list[Any]]) -> tuple[Seen, ...]:
    return tuple(
        Seen(k, a, b, p, s, c, None if box is None else cast("Box", tuple(box)))
        for k, a, b, p, s, c, box in rows
    )


def perform(unit: Unit, *, cancel: CancelToken | None = None) -> Outcome:
    """Makes the clip, checks it on one thread, and keeps what the figures need.

    A clip that cannot carry the defect, or that is too short for the change, is an Outcome with the
    reason in `refused`, not an error.
    """
    if unit.scene or unit.prompted:
        from evenflow.bench.staged import perform_staged

        return perform_staged(unit, cancel=cancel)
    try:
        clip, truth = made(unit)
        if unit.change:
            change = CHANGES[unit.change]
            clip = change.apply(clip)
            truth = _thinned(truth, change.step)
    except BadInput as error:
        return Outcome(unit, str(error))
    return outcome_of(unit, truth, check(clip, workers=1, cancel=cancel))


def made(unit: Unit) -> tuple[Clip, Span | None]:
    """The clip of a unit before any change, in memory, and the truth about a planted defect.

    Raises:
        BadInput: the clip cannot carry it; the last of several attempts says why.
    """
    clip = loaded(unit.take)
    if unit.what == "control":
        seed = int(unit.rng().integers(2**31))
        return _in_memory(control(clip, unit.name, seed=seed)), None
    if unit.what == "clean":
        return clip, None
    error = BadInput(f"{clip.info.name} has {len(clip)} frames, too few for {unit.name}")
    for attempt in range(ATTEMPTS):
        least = INJECTORS[unit.name].least
        found = span_of(
            unit, num_frames=len(clip), fps=float(clip.info.fps), least=least, attempt=attempt
        )
        if found is None:
            continue
        at = Range.parse(f"{found[0]}f..{found[1]}f")
        box = place_of(unit, clip, found[0]) if unit.boxed else None
        seed = int(unit.rng().integers(2**31, size=2)[1]) + attempt
        try:
            planted, truth = inject(
                clip, unit.name, strength=unit.strength, at=at, box=box, seed=seed
            )
            return _in_memory(planted), truth
        except BadInput as reason:
            error = reason
    raise error


def place_of(unit: Unit, clip: Clip, frame: int) -> Box:
    """A box for a plant: a quarter to a half of each side, where the picture has texture."""
    rng = np.random.default_rng([int(unit.rng().integers(2**31)), 1])
    height, width = clip.info.height, clip.info.width
    luma = clip.frames(frame, frame + 1)[0].astype(np.float32).mean(axis=2)
    rough = np.abs(np.diff(luma, axis=0))[:, :-1] + np.abs(np.diff(luma, axis=1))[:-1]
    best, most = (0, 0, width, height), -1.0
    for _ in range(6):
        w, h = (int(side * rng.uniform(0.25, 0.5)) // 2 * 2 for side in (width, height))
        x, y = (int(rng.integers(0, room + 1)) // 2 * 2 for room in (width - w, height - h))
        texture = float(rough[y : y + h, x : x + w].mean())
        if texture > most:
            best, most = (x, y, x + w, y + h), texture
    return best


@lru_cache(maxsize=2)
def loaded(take: Take) -> Clip:
    """The clip of a take; the last two are kept."""
    return take.load()


def _in_memory(clip: Clip) -> Clip:
    pixels: Pixels = clip.frames()
    return Clip(ArraySource(pixels, clip.info.fps, clip.info.name))


def _thinned(truth: Span | None, step: int) -> Span | None:
    if truth is None or step == 1:
        return truth
    start = truth.start_frame // step
    end = max(start + 1, -(-truth.end_frame // step))
    return Span(truth.kind, start, end, truth.box, None, truth.magnitude, truth.parameters)


def outcome_of(unit: Unit, truth: Span | None, report: Report) -> Outcome:
    """What the figures need of a report."""
    findings = tuple(
        Seen(
            f.kind,
            f.span.start_frame,
            f.span.end_frame,
            f.peak_frame,
            round(float(f.severity_jnd), 4),
            round(float(f.confidence), 4),
            f.span.box,
        )
        for f in report.findings
    )
    return Outcome(
        unit,
        "",
        truth,
        findings,
        tuple((cut.start_frame, cut.end_frame) for cut in report.cuts),
        None if report.score is None else round(float(report.score), 3),
        float(report.clip["duration_s"]),
        dict(report.not_assessable),
    )
