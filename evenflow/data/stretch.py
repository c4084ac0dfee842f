"""Stretch: the frames of a clip whose times lie in [t0, t1), as a clip of its own from time 0."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil

from evenflow.core.clip import ArrayFrame, Clip, Frame, Source, SourceInfo
from evenflow.core.errors import UnreadableVideo
from evenflow.core.events import CancelToken

SLACK = Fraction(1, 1000)
"""Seconds by which a time may miss a frame's: containers count milliseconds."""


def times_of(clip: Clip) -> tuple[Fraction, ...] | None:
    """The true times of the frames where the rate varies, else None: frame i is at `i / fps`."""
    times: tuple[Fraction, ...] | None = getattr(clip.source, "times", None)
    return times


def seconds_of(clip: Clip) -> Fraction:
    """How long a clip is seen: to the end of its last frame, which lasts as the one before it."""
    info = clip.info
    num = len(clip)
    times = times_of(clip)
    if times is None:
        return num / Fraction(info.fps)
    last = times[-1] - times[-2] if num > 1 else 1 / Fraction(info.fps)
    return times[-1] + last


@dataclass(frozen=True)
class StretchSource:
    """Frames `[first, last)` of a source, from time 0.

    Args:
        source: the whole.
        first, last: frames.
    """

    source: Source
    first: int
    last: int

    @cached_property
    def info(self) -> SourceInfo:
        """That of the whole, with fewer frames."""
        times = self.times
        varies = times is not None
        return replace(
            self.source.info, num_frames=self.last - self.first, variable_rate=varies, timecode=None
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings of the whole."""
        return self.source.warnings

    @cached_property
    def times(self) -> tuple[Fraction, ...] | None:
        """True frame times if the rate varies, else None."""
        whole: tuple[Fraction, ...] | None = getattr(self.source, "times", None)
        if whole is None:
            return None
        return tuple(time - whole[self.first] for time in whole[self.first : self.last])

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames of the stretch."""
        start, stop, _ = slice(start, stop).indices(self.last - self.first)
        zero: Fraction | None = None
        if self.times is not None:
            zero = getattr(self.source, "times")[self.first]  # noqa: B009
        else:
            zero = self.first / Fraction(self.source.info.fps)
        for frame in self.source.stream(self.first + start, self.first + stop, cancel=cancel):
            yield ArrayFrame(frame.index - self.first, frame.time - zero, frame.pixels())


def stretch(clip: Clip, t0: float | None, t1: float | None) -> Clip:
    """The frames whose times lie in `[t0, t1)`, within a millisecond; all where neither is given.

    Raises:
        UnreadableVideo: there are none.
    """
    if t0 is None and t1 is None:
        return clip
    num = len(clip)
    times = times_of(clip)
    start = (Fraction(t0) if t0 is not None else Fraction(0)) - SLACK
    end = Fraction(t1) - SLACK if t1 is not None else None
    if times is not None:
        first = bisect_left(times, start)
        last = num if end is None else bisect_left(times, end)
    else:
        fps = Fraction(clip.info.fps)
        first = max(0, ceil(start * fps))
        last = num if end is None else min(num, ceil(end * fps))
    if first >= last:
        raise UnreadableVideo(
            f"{clip.info.name} has no frame in {t0 or 0:g}s..{t1 if t1 is not None else 'end'}: "
            f"it has {num} frames in {float(seconds_of(clip)):.3f}s"
        )
    if (first, last) == (0, num):
        return clip
    return Clip(StretchSource(clip.source, first, last))
