"""Span: a stretch of a clip where something holds or happens; plans, faults, findings share it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput

Box = tuple[int, int, int, int]
"""`(x0, y0, x1, y1)` in source pixels, half-open; None stands for the whole frame."""


@dataclass(frozen=True)
class Span:
    """What, when, where and how much.

    Args:
        kind: a defect kind, or the name of a planned event.
        start_frame, end_frame: half-open.
        box: where, in source pixels, or None for the whole frame.
        object: id of the object it concerns, or None.
        magnitude: how much, in the unit of the kind (an injector's strength, a finding's JND).
        parameters: what else is needed to make it again.
    """

    kind: str
    start_frame: int
    end_frame: int
    box: Box | None = None
    object: int | None = None
    magnitude: float = 0.0
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.start_frame < self.end_frame:
            raise BadInput(
                "a span holds frames [a, b) with 0 <= a < b, "
                f"got [{self.start_frame}, {self.end_frame})"
            )

    def overlap(self, other: "Span", *, slack: int = 0) -> int:
        """Frames that both hold, after `slack` frames are added to each end of `other`."""
        start = max(self.start_frame, other.start_frame - slack)
        return max(0, min(self.end_frame, other.end_frame + slack) - start)

    def time_iou(self, other: "Span") -> float:
        """Intersection over union of the two frame ranges, in [0, 1]."""
        shared = self.overlap(other)
        both = (self.end_frame - self.start_frame) + (other.end_frame - other.start_frame)
        return shared / (both - shared)

    def to_json(self) -> dict[str, Any]:
        """Plain types, schema `evenflow.span/1`."""
        return {
            "schema": "evenflow.span/1",
            "kind": self.kind,
            "start_frame": self.start_frame,
            "end_frame": self.end_frame,
            "box": None if self.box is None else list(self.box),
            "object": self.object,
            "magnitude": self.magnitude,
            "parameters": self.parameters,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Span":
        """The inverse of `to_json`.

        Raises:
            BadInput: a key is missing or has the wrong type.
        """
        try:
            box = data.get("box")
            return Span(
                str(data["kind"]),
                int(data["start_frame"]),
                int(data["end_frame"]),
                None if box is None else tuple(int(v) for v in box),  # type: ignore[arg-type]
                data.get("object"),
                float(data.get("magnitude", 0.0)),
                dict(data.get("parameters", {})),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"a span needs kind, start_frame and end_frame: {error!r}") from None


def encode_mask(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Run-length code of a mask `(h, w)`: lengths of runs in row order, the first run being False.

    >>> encode_mask(np.array([[False, True], [True, False]]))
    {'size': [2, 2], 'counts': [1, 2, 1]}
    """
    flat = np.concatenate([[False], mask.ravel(), [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(flat))
    ends = np.concatenate([[0], edges, [mask.size]])
    counts = np.diff(ends).tolist()
    if counts and counts[-1] == 0:
        counts.pop()
    return {"size": list(mask.shape), "counts": counts}


def decode_mask(code: dict[str, Any]) -> NDArray[np.bool_]:
    """The inverse of `encode_mask`.

    Raises:
        BadInput: a key is missing, or the runs do not add up to the size.
    """
    try:
        height, width = (int(side) for side in code["size"])
        counts = np.array([int(count) for count in code["counts"]], dtype=np.int64)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"a mask needs size and counts: {error!r}") from None
    if min(height, width, *counts.tolist()) < 0 or counts.sum() != height * width:
        raise BadInput(f"mask runs add up to {counts.sum()}, the size says {height}x{width}")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(height, width)
