"""Measurement: one quantity, with a number a frame and one for the clip, or the reason why not."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SERIES_LIMIT = 10_000
"""Longer series are kept as per-second means in the report; `--csv` writes them whole."""


@dataclass(frozen=True)
class Measurement:
    """One quantity over a clip.

    Args:
        name: what is measured, a key of the gate.
        unit: "%", "px/s", "gray levels", "dE", "share", ...
        better: "lower", "higher" or "neither".
        summary: one number for the clip, or None if it cannot be measured.
        series: one entry a frame; entry i compares frames i-1 and i; NaN where nothing can be said.
        reason: why `summary` is None.
        seconds: mean of each second in place of a long series, when it was read from a report.
    """

    name: str
    unit: str
    better: Literal["lower", "higher", "neither"]
    summary: float | None
    series: NDArray[np.float32] | None = None
    reason: str | None = None
    seconds: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.summary is not None and not math.isfinite(self.summary):  # never a passing number
            object.__setattr__(self, "reason", self.reason or f"the summary is {self.summary}")
            object.__setattr__(self, "summary", None)

    def to_json(self, *, seconds: NDArray[np.float64] | None = None) -> dict[str, Any]:
        """Plain types; `seconds` are frame times, needed only for series above `SERIES_LIMIT`."""
        if self.summary is None:
            return {"summary": None, "reason": self.reason or "not measured"}
        data: dict[str, Any] = {
            "unit": self.unit,
            "better": self.better,
            "summary": _number(self.summary),
        }
        if self.seconds is not None:
            data["series_per_second"] = [_number(v) for v in self.seconds]
        if self.series is None:
            return data
        if len(self.series) > SERIES_LIMIT and seconds is not None:
            data["series_per_second"] = [_number(v) for v in per_second(self.series, seconds)]
        else:
            data["series"] = [_number(v) for v in self.series]
        return data


def per_second(series: NDArray[np.float32], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of a series over each whole second; NaN where a second holds nothing measurable."""
    second = np.floor(seconds).astype(np.int64)
    valid = np.isfinite(series)
    length = int(second[-1]) + 1 if len(second) else 0
    total = np.bincount(second[valid], weights=series[valid], minlength=length)
    count = np.bincount(second[valid], minlength=length)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _number(value: float) -> float | None:
    return float(f"{float(value):.5g}") if math.isfinite(value) else None
