"""Candidate: what one detector believes it sees in a passage, before the causes are weighed."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.severity import MOST


@dataclass(frozen=True, eq=False)  # each is its own: it holds arrays
class Candidate:
    """One suspicion; frames are counted from the start of the passage.

    Args:
        kind: the defect kind.
        start, end: half-open.
        peak: the worst frame.
        severity: in JND; bounded by `MOST`.
        confidence: in [0, 1].
        explanation: one sentence without frame numbers.
        evidence: the signal, its value and the threshold it passed.
        ruled_out: other causes that do not fit.
        tiles: where, as `Passage.box_of` takes it (tiles, cells or a mask); None: everywhere.
        immune: kinds that cannot be the cause of this, whatever their size.
        causes: kinds that this is surely the cause of, whatever their size.
        spread: share of the picture in which it shows, where the detector says so.
    """

    kind: str
    start: int
    end: int
    peak: int
    severity: float
    confidence: float
    explanation: str
    evidence: dict[str, Any]
    ruled_out: tuple[str, ...] = ()
    tiles: NDArray[np.bool_] | None = field(default=None, compare=False)
    immune: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    spread: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", float(min(self.severity, MOST)))
        object.__setattr__(self, "confidence", float(np.clip(self.confidence, 0.0, 1.0)))

    def without(self, *causes: str) -> "Candidate":
        """The same, with more causes ruled out."""
        more = tuple(c for c in causes if c not in self.ruled_out and c != self.kind)
        return replace(self, ruled_out=self.ruled_out + more)


def evidence(signal: str, value: float, threshold: float) -> dict[str, Any]:
    """The usual evidence record, rounded to what it is worth."""
    return {
        "signal": signal,
        "value": float(f"{value:.4g}"),
        "threshold": float(f"{threshold:.4g}"),
    }
