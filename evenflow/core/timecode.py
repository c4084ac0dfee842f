"""Timecode: `HH:MM:SS:FF` to frame numbers and back, at whole and broadcast rates, drop or not.

Source: SMPTE ST 12-1:2014, sections 5 and 7 (drop-frame counting). Every minute that is not a
tenth skips the numbers 00 and 01 at 29.97 frames a second, so that the clock keeps time; 59.94 and
119.88 skip four and eight.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from evenflow.core.errors import TimeError

_TIMECODE = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})([:;.,])([0-9]{2,3})")


@dataclass(frozen=True)
class Counting:
    """How a frame rate counts frames in timecode.

    Args:
        base: frames that a second of timecode counts: 24 for 23.976, 30 for 29.97.
        rate: true frames a second.
        drop: skips numbers so that the clock keeps time; only for 29.97 and its multiples.

    >>> drop = Counting.of(29.97, drop=True)
    >>> drop.text(1799), drop.text(1800), drop.number("00:10:00;00")
    ('00:00:59;29', '00:01:00;02', 17982)
    """

    base: int
    rate: Fraction
    drop: bool = False

    @staticmethod
    def of(fps: float | Fraction, *, drop: bool = False) -> "Counting":
        """The counting of a rate; a rate such as 12.5 counts in the nearest whole one.

        Args:
            fps: frames a second, as it is or to three decimals.
            drop: taken only where the rate knows drop-frame timecode.
        """
        base = max(1, round(fps))
        slow = Fraction(base * 1000, 1001)
        if abs(float(fps) - float(slow)) < 1e-3 and base % 6 == 0:
            return Counting(base, slow, drop and base % 30 == 0)
        return Counting(base, Fraction(base))

    @property
    def skipped(self) -> int:
        """Numbers that a minute skips, 0 without drop-frame."""
        return 2 * self.base // 30 if self.drop else 0

    def number(self, text: str) -> int:
        """The number of a frame, 0 at midnight.

        Raises:
            TimeError: not a timecode of this rate, or one of the skipped numbers.
        """
        match = _TIMECODE.fullmatch(text.strip())
        if match is None:
            raise TimeError(f"a timecode is written HH:MM:SS:FF, got {text!r}")
        hours, minutes, seconds, frame = (int(match[i]) for i in (1, 2, 3, 5))
        skipped = seconds == 0 and minutes % 10 > 0 and frame < self.skipped
        if hours > 23 or minutes > 59 or seconds > 59 or frame >= self.base or skipped:
            raise TimeError(f"{text} is no timecode at {self.base} frames a second of counting")
        passed = 60 * hours + minutes
        counted = self.base * (60 * passed + seconds) + frame
        return counted - self.skipped * (passed - passed // 10)

    def text(self, number: int) -> str:
        """The timecode of a frame; after a day it starts again, as clocks do."""
        minute = 60 * self.base - self.skipped
        ten = 10 * minute + self.skipped  # the tenth minute skips nothing
        number %= 144 * ten
        tens, rest = divmod(number, ten)
        if rest >= minute + self.skipped:
            number += self.skipped * (9 * tens + (rest - self.skipped) // minute)
        else:
            number += self.skipped * 9 * tens
        seconds, frame = divmod(number, self.base)
        mark = ";" if self.drop else ":"
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frame:02d}"


def is_drop(text: str | None) -> bool:
    """True if a timecode is written the drop-frame way, with a semicolon, comma or point."""
    match = _TIMECODE.fullmatch((text or "").strip())
    return match is not None and match[4] != ":"
