"""Times and ranges as people write them: `1.5s`, `36f`, `50%`, `MM:SS.xx`; `A..B` is half-open.

A Time stays symbolic until a clip is at hand: the same `50%` fits any clip.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from evenflow.core.errors import TimeError

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,12})?|\.[0-9]{1,12}"
_PLAIN = re.compile(rf"({_NUMBER})(s|f|%)")
_CLOCK = re.compile(r"(?:([0-9]{1,6}):)?([0-9]{1,6}):([0-9]{1,2}(?:\.[0-9]{1,12})?)")
GRAMMAR = "1.5s, 36f, 50%, MM:SS.xx or end"


@dataclass(frozen=True)
class Time:
    """A point in a clip: seconds, a frame number, or a share of the length.

    >>> Time.parse("36f").frame(num_frames=100, fps=Fraction(24))
    36
    >>> Time.parse("01:02.5").frame(num_frames=10_000, fps=Fraction(24))
    1500
    >>> Time.parse("50%").frame(num_frames=101, fps=Fraction(24))
    51
    """

    value: Fraction
    unit: Literal["s", "f", "%"]

    @staticmethod
    def parse(text: str) -> "Time":
        """Reads one time.

        Raises:
            TimeError: `text` does not follow the grammar.
        """
        text = text.strip().lower()
        if text == "end":
            return Time(Fraction(100), "%")
        if match := _PLAIN.fullmatch(text):
            value, unit = Fraction(match[1]), match[2]
            if unit == "f" and value.denominator != 1:
                raise TimeError(f"a frame is a whole number, got {text!r}")
            if unit == "%" and value > 100:
                raise TimeError(f"a share is at most 100%, got {text!r}")
            return Time(value, unit)  # type: ignore[arg-type]
        if match := _CLOCK.fullmatch(text):
            hours, minutes, seconds = match[1] or "0", match[2], Fraction(match[3])
            if seconds >= 60 or (match[1] and int(minutes) >= 60):
                raise TimeError(f"minutes and seconds stay below 60, got {text!r}")
            return Time(Fraction(hours) * 3600 + Fraction(minutes) * 60 + seconds, "s")
        raise TimeError(f"a time is written {GRAMMAR}, got {text!r}")

    def frame(self, *, num_frames: int | None, fps: Fraction) -> int:
        """The first frame at or after this time, at a constant rate.

        Args:
            num_frames: length of the clip, or None for a stream; only a share needs it.
            fps: frames per second.

        Raises:
            TimeError: a share of a stream whose length is unknown.
        """
        if self.unit == "f":
            return int(self.value)
        if self.unit == "s":
            return _ceil(self.value * fps)
        if num_frames is None:
            raise TimeError(
                f"{self} needs a clip of known length, and a stream has none: use s or f"
            )
        return _ceil(self.value * num_frames / 100)

    def __str__(self) -> str:
        if self == Time(Fraction(100), "%"):
            return "end"
        return f"{decimal(self.value)}{self.unit}"


@dataclass(frozen=True)
class Range:
    """A half-open stretch of a clip.

    >>> Range.parse("1s..2s").frames(num_frames=100, fps=Fraction(25))
    (25, 50)
    >>> Range.parse("90f..").frames(num_frames=100, fps=Fraction(25))
    (90, 100)
    """

    start: Time
    end: Time

    @staticmethod
    def parse(text: str) -> "Range":
        """Reads `A..B`; a missing side is the start or the end of the clip.

        Raises:
            TimeError: `text` does not follow the grammar.
        """
        left, dots, right = text.partition("..")
        if not dots or not (left.strip() or right.strip()):
            raise TimeError(f"a range is written A..B with times like {GRAMMAR}, got {text!r}")
        return Range(Time.parse(left.strip() or "0f"), Time.parse(right.strip() or "end"))

    def frames(self, *, num_frames: int | None, fps: Fraction) -> tuple[int, int]:
        """First frame and the one after the last.

        Raises:
            TimeError: the range is empty, reversed or starts behind the end of the clip.
        """
        start = self.start.frame(num_frames=num_frames, fps=fps)
        if num_frames is None and self.end.unit == "%" and self.end.value == 100:
            return start, 2**62
        end = self.end.frame(num_frames=num_frames, fps=fps)
        if num_frames is not None:
            if start >= num_frames:
                raise TimeError(f"{self} starts at frame {start}, the clip has {num_frames} frames")
            end = min(end, num_frames)
        if end <= start:
            raise TimeError(f"{self} holds no frame (it becomes frames {start}..{end}): widen it")
        return start, end

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"


def decimal(value: Fraction | float) -> str:
    """`value` without an exponent: all digits of a finite decimal, else the nearest float's.

    >>> decimal(Fraction(1234567)), decimal(Fraction(1, 8)), decimal(1e-7)
    ('1234567', '0.125', '0.0000001')
    """
    scaled = Fraction(value) * 10**12  # the grammar has at most twelve decimals
    if isinstance(value, Fraction) and scaled.denominator == 1:
        text = format(Decimal(scaled.numerator).scaleb(-12), "f")
    else:
        text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
