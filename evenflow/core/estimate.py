"""Estimate: a number with the interval that it may lie in; what every claim of a comparison is."""

from dataclasses import dataclass

LEVEL = 0.95
"""Coverage that every interval is made for."""


@dataclass(frozen=True)
class Estimate:
    """A number with the interval that it may lie in.

    Args:
        value: the estimate itself.
        low, high: ends of the 95 % interval, None where too little is known for one.
        count: how many observations it rests on.
    """

    value: float
    low: float | None
    high: float | None
    count: int

    def to_json(self) -> dict[str, float | None]:
        """Plain types, rounded to what can be meant."""
        return {
            "value": round(self.value, 4),
            "low": None if self.low is None else round(self.low, 4),
            "high": None if self.high is None else round(self.high, 4),
            "count": self.count,
        }
