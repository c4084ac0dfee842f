"""Report: what `check` says of one clip; the JSON that the world may rely on.

The JSON Schema ships beside this file as `report.schema.json`.
"""

import dataclasses
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.core.finding import Finding
from evenflow.core.gate import CLEAR_JND, FOUND_JND, Gate, Verdict
from evenflow.core.measurement import Measurement

SCHEMA = "evenflow.report/1"


@dataclass(frozen=True)
class Cut:
    """A planned change of shot: `kind` is `cut`, `fade` or `dissolve`.

    Frames `[start_frame, end_frame)` belong to the transition; for a cut, `end_frame` is the first
    frame of the new shot and `start_frame` the one before.
    """

    start_frame: int
    end_frame: int
    kind: str


@dataclass(frozen=True)
class Shot:
    """Frames between two cuts, half-open.

    Args:
        like_previous: similarity to an earlier shot, [0, 1], of subject (None where nothing stands
            out), palette, light and place; `shot` is the number of that shot, from 0: the one
            before, or one that is clearly more alike. None for the first shot.
    """

    start_frame: int
    end_frame: int
    like_previous: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        data: dict[str, Any] = {"start_frame": self.start_frame, "end_frame": self.end_frame}
        return data if self.like_previous is None else data | {"like_previous": self.like_previous}


@dataclass(frozen=True)
class Report:
    """What `check` says of one clip.

    Args:
        clip: path as given, frames, fps, duration_s, width, height, timecode.
        score: 100 perfect, or None where nothing could be assessed.
        motion: median speed and whether smoothness can be assessed at all.
        signals: one Measurement a signal.
        findings: sorted by first frame.
        not_assessable: defect kind to the reason why nothing can be said of it.
        unseen: what stillness or softness may hide: `jnd`, which the score counts, and `reasons`.
        gate: one Verdict a clause, empty without a gate.
        digest: SHA-256 over version, settings, plug-ins, frame hashes and times.
        metrics: what was asked for by `--metrics`, one Measurement a metric; else empty.
        seconds: presentation time of every frame.
    """

    version: str
    digest: str
    clip: dict[str, Any]
    score: float | None
    motion: dict[str, Any]
    cuts: tuple[Cut, ...] = ()
    shots: tuple[Shot, ...] = ()
    objects: tuple[dict[str, Any], ...] = ()
    signals: dict[str, Measurement] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    not_assessable: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unseen: dict[str, Any] = field(default_factory=lambda: {"jnd": 0.0, "reasons": []})
    gate: tuple[Verdict, ...] = ()
    metrics: dict[str, Measurement] = field(default_factory=dict)
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def passed(self) -> bool:
        """True if no clause of the gate fails (also when there is no gate)."""
        return all(verdict.passed for verdict in self.gate)

    @property
    def worst(self) -> Finding | None:
        """The most severe finding."""
        return max(self.findings, key=lambda f: f.severity_jnd, default=None)

    def clear_findings(self) -> list[Finding]:
        """Findings that any viewer sees (3 JND and more)."""
        return [f for f in self.findings if f.severity_jnd >= CLEAR_JND]

    def judged(self, gate: Gate) -> "Report":
        """The same report with the verdicts of `gate`."""
        return dataclasses.replace(self, gate=gate.judge(self))

    def to_json(self) -> dict[str, Any]:
        """Plain types that follow `report.schema.json`."""
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "version": self.version,
            "digest": self.digest,
            "warnings": list(self.warnings),
            "clip": self.clip,
            "score": None if self.score is None else round(self.score, 1),
            "motion": self.motion,
            "unseen": self.unseen,
            "cuts": [dataclasses.asdict(cut) for cut in self.cuts],
            "shots": [shot.to_json() for shot in self.shots],
            "objects": list(self.objects),
            "signals": {k: m.to_json(seconds=self.seconds) for k, m in self.signals.items()},
            "findings": [finding.to_json() for finding in self.findings],
            "not_assessable": self.not_assessable,
            "gate": [verdict.to_json() for verdict in self.gate],
        }
        if self.metrics:
            data["metrics"] = {k: m.to_json(seconds=self.seconds) for k, m in self.metrics.items()}
        return data

    def dumps(self, *, indent: int | None = 1) -> str:
        """The JSON text; equal reports give equal bytes."""
        return json.dumps(self.to_json(), indent=indent, ensure_ascii=False, allow_nan=False)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from evenflow.core.notebook import report_html

        return report_html(self)

    @staticmethod
    def from_json(data: Any) -> "Report":
        """Reads a report back; per-second series stay per second.

        Raises:
            BadInput: not a report of this schema.
        """
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, dict) else type(data).__name__
            raise BadInput(f"a report has schema {SCHEMA!r}, got {found!r}")
        try:
            return Report(
                version=data["version"],
                digest=data["digest"],
                clip=data["clip"],
                score=data["score"],
                motion=data["motion"],
                cuts=tuple(Cut(**cut) for cut in data["cuts"]),
                shots=tuple(
                    Shot(s["start_frame"], s["end_frame"], s.get("like_previous"))
                    for s in data["shots"]
                ),
                objects=tuple(data["objects"]),
                signals={name: _measurement(name, m) for name, m in data["signals"].items()},
                findings=tuple(Finding.from_json(f) for f in data["findings"]),
                not_assessable=data.get("not_assessable", {}),
                warnings=tuple(data["warnings"]),
                unseen=data.get("unseen", {"jnd": 0.0, "reasons": []}),
                gate=tuple(Verdict.from_json(v) for v in data["gate"]),
                metrics={n: _measurement(n, m) for n, m in data.get("metrics", {}).items()},
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadInput(f"the report is damaged: {error!r}") from None


def _measurement(name: str, data: dict[str, Any]) -> Measurement:
    if data["summary"] is None:
        return Measurement(name, "", "neither", None, reason=data.get("reason"))
    return Measurement(
        name,
        data["unit"],
        data["better"],
        data["summary"],
        _series(data.get("series")),
        seconds=_series(data.get("series_per_second")),
    )


def _series(values: list[float | None] | None) -> NDArray[np.float32] | None:
    if values is None:
        return None
    return np.array([math.nan if v is None else v for v in values], dtype=np.float32)


def score(findings: Iterable[Finding], *, duration_s: float, unseen_jnd: float = 0.0) -> float:
    """Consistency from 0 to 100: `100 exp(-P / 10)`, P the 4-norm mean over one-second blocks.

    Each block counts its largest severity, so that one bad second stays visible in a long clip.
    `unseen_jnd` is added to P: what a soft or still picture hides is not rewarded.

    >>> score([], duration_s=3.0)
    100.0
    """
    blocks = np.zeros(max(1, math.ceil(duration_s)))
    for finding in findings:
        first = min(int(finding.start_s), len(blocks) - 1)
        last = min(max(first, math.ceil(finding.end_s) - 1), len(blocks) - 1)
        blocks[first : last + 1] = np.maximum(blocks[first : last + 1], finding.severity_jnd)
    pooled = float(np.mean(blocks**4) ** 0.25)
    return 100.0 * math.exp(-(pooled + unseen_jnd) / 10.0)


@cache
def report_schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    text = resources.files("evenflow.core").joinpath("report.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


__all__ = ["CLEAR_JND", "FOUND_JND", "Cut", "Report", "Shot", "report_schema", "score"]
