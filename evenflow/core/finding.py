"""Finding: one defect, with when, where, how bad, how sure, why, and what else it is not."""

from dataclasses import dataclass, field
from typing import Any

from evenflow.core.kinds import KINDS
from evenflow.core.span import Span


@dataclass(frozen=True)
class Finding:
    """One defect that `check` reports.

    Args:
        span: kind, frames, box, object; its magnitude is the severity.
        peak_frame: the worst frame of the span.
        start_s, end_s: presentation times of the span's first frame and of its end.
        severity_jnd: just-noticeable differences: 1 barely visible, 3 clear, 10 ruins the shot.
        confidence: in [0, 1], how sure kind and span are.
        explanation: one sentence for a person.
        evidence: the signal, its value, and the threshold that it passed.
        ruled_out: other causes that were considered and do not fit.
        mask: run-length code of the region, or None.
    """

    span: Span
    peak_frame: int
    start_s: float
    end_s: float
    severity_jnd: float
    confidence: float
    explanation: str
    evidence: dict[str, Any]
    ruled_out: tuple[str, ...] = ()
    mask: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """The defect kind, a key of `KINDS`."""
        return self.span.kind

    @property
    def dimension(self) -> str:
        """The survey's dimension of consistency."""
        return KINDS[self.kind].dimension

    @property
    def repairable(self) -> bool:
        """True if pixels alone can repair it; else it needs a generator."""
        limit = KINDS[self.kind].repair_limit
        return limit is None or self.span.end_frame - self.span.start_frame <= limit

    def to_json(self) -> dict[str, Any]:
        """Plain types, as in the report's JSON Schema."""
        return {
            "kind": self.kind,
            "dimension": self.dimension,
            "start_frame": self.span.start_frame,
            "end_frame": self.span.end_frame,
            "start_s": round(self.start_s, 4),
            "end_s": round(self.end_s, 4),
            "peak_frame": self.peak_frame,
            "box": None if self.span.box is None else list(self.span.box),
            "mask": self.mask,
            "object": self.span.object,
            "severity_jnd": round(self.severity_jnd, 2),
            "confidence": round(self.confidence, 3),
            "repairable": self.repairable,
            "explanation": self.explanation,
            "evidence": self.evidence,
            "ruled_out": list(self.ruled_out),
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Finding":
        """The inverse of `to_json`."""
        box = data["box"]
        span = Span(
            data["kind"],
            data["start_frame"],
            data["end_frame"],
            None if box is None else tuple(box),
            data["object"],
            data["severity_jnd"],
        )
        return Finding(
            span,
            data["peak_frame"],
            data["start_s"],
            data["end_s"],
            data["severity_jnd"],
            data["confidence"],
            data["explanation"],
            data["evidence"],
            tuple(data["ruled_out"]),
            data["mask"],
        )
