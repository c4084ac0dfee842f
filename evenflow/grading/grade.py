"""Grade: what the grader says of a clip; every score with its null and its power."""

from dataclasses import dataclass, field
from typing import Any, Literal

from evenflow.core.span import Span

SCHEMA = "evenflow.grade/1"


@dataclass(frozen=True)
class Null:
    """How a score comes out on clean clips of the world that went through the same codec.

    Args:
        codec: `identity` until a tokenizer stands, else its name.
        num_clips: that it was measured on.
        quantiles: of the score at 1, 5, 25, 50, 75, 95 and 99 %.
        power: area under the ROC curve against clips with a defect of strength 2, 3 and 4 that this
            score should see; None where no such defect is known.
    """

    codec: str
    num_clips: int
    quantiles: tuple[float, ...]
    power: tuple[float, float, float] | None = None

    @property
    def informative_only(self) -> bool:
        """True if it does not tell defects of medium strength apart (power below 0.9)."""
        return self.power is None or self.power[1] < 0.9


@dataclass(frozen=True)
class Score:
    """One thing that was graded.

    Args:
        name: a key of SCORES.
        value: in `unit`, or None where nothing can be said.
        unit: what it is measured in.
        better: which way is good.
        reason: why there is no value, or empty.
        null: of clean clips, or None where there is none for this preset and codec.
        spans: where it comes from: frames, entity, how much.
        detail: plain types, for those who look closer.
    """

    name: str
    value: float | None
    unit: str
    better: Literal["higher", "lower"]
    reason: str = ""
    null: Null | None = None
    spans: tuple[Span, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Clause:
    """One thing that the caption says, and whether the clip shows it.

    Args:
        text: in words.
        kind: `attribute`, `count`, `relation`, `event`, `order`, `camera`, `light`, `place`...
        shown: True, False, or None for "not parsed".
        reason: what was seen in its place, or why it could not be parsed.
        start_frame, end_frame: of what was seen, or None.
    """

    text: str
    kind: str
    shown: bool | None
    reason: str = ""
    start_frame: int | None = None
    end_frame: int | None = None


@dataclass(frozen=True)
class Grade:
    """What the grader says of a clip.

    Args:
        clip: path, frames, fps, width, height.
        caption: what it was graded against, or None.
        coverage: share of what is to be seen that was parsed, in [0, 1].
        scores: one Score a row of SCORES; physics has no value where coverage is below 0.8.
        clauses: one a statement of the caption.
        cast: the tracks in plain words: id, kind, color, pattern, frames.
        warnings: what a user should know.
    """

    clip: dict[str, Any]
    caption: str | None
    coverage: float
    scores: dict[str, Score]
    clauses: tuple[Clause, ...] = ()
    cast: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
