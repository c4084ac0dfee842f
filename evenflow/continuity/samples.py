"""Samples: a few small pictures of a clip, taken while it is read once; for judges and upgrades.

A picture every half second, at most `MOST` of them: when there are more, every other one is let go
and the gap doubles. Which frames are taken depends on their times alone, so that the number of
workers changes nothing, and memory does not grow with the length of the clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.picture import _rgb8, working_size
from evenflow.core.clip import Frame, Pixels

GAP_S = Fraction(1, 2)
MOST = 64
SHORT_SIDE = 336
"""Lines or columns of a sample at most; CLIP reads 224 or 336, judges a little more."""


@dataclass(frozen=True)
class Sample:
    """One small picture.

    Args:
        index: number of the frame, counted from the first one read.
        time_s: its presentation time in seconds.
        rgb: `(h, w, 3)` uint8.
        behind: the frame after it, where that was asked for.
    """

    index: int
    time_s: float
    rgb: NDArray[np.uint8]
    behind: NDArray[np.uint8] | None = None


@dataclass
class Album:
    """Takes samples of the frames that pass through `watch`.

    Args:
        with_next: also the frame behind each sample, for flow.
    """

    with_next: bool = False
    _wanted: list[tuple[int, Fraction]] = field(default_factory=list)
    _taken: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    _gap: Fraction = GAP_S

    def watch(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The same frames; some of them leave a small picture when their pixels are read."""
        first: Fraction | None = None
        due: Fraction | None = None
        behind = False
        for number, frame in enumerate(frames):
            first = frame.time if first is None else first
            if due is None or frame.time >= due:
                self._wanted.append((number, frame.time))
                if len(self._wanted) > MOST:
                    self._thin()
                steps = (frame.time - first) // self._gap + 1
                due = first + steps * self._gap
                behind = self.with_next
                yield _Watched(frame, number, self._taken)
            elif behind:
                behind = False
                yield _Watched(frame, number, self._taken)
            else:
                yield frame

    def samples(self) -> list[Sample]:
        """What was taken, in order; complete once the last frame's pixels were read."""
        return [
            Sample(
                number,
                float(time),
                self._taken[number],
                self._taken.get(number + 1) if self.with_next else None,
            )
            for number, time in self._wanted
            if number in self._taken
        ]

    def _thin(self) -> None:
        """Lets every other sample go, from the second one on."""
        self._wanted, self._gap = self._wanted[::2], self._gap * 2
        kept = {number for number, _ in self._wanted}
        kept |= {number + 1 for number in kept} if self.with_next else set()
        for number in [n for n in self._taken if n not in kept]:
            del self._taken[number]


@dataclass(frozen=True)
class _Watched:
    """A frame that leaves a small picture behind when it is read, in whichever thread."""

    frame: Frame
    number: int
    taken: dict[int, NDArray[np.uint8]]

    @property
    def index(self) -> int:
        return self.frame.index

    @property
    def time(self) -> Fraction:
        return self.frame.time

    def pixels(self) -> Pixels:
        pixels = self.frame.pixels()
        self.taken[self.number] = small(pixels)
        return pixels


def small(pixels: Pixels) -> NDArray[np.uint8]:
    """A picture `(h, w, c)` as uint8 RGB with a short side of `SHORT_SIDE` or less."""
    height, width = pixels.shape[:2]
    # a copy: the frame may lie in memory that is used again
    return np.array(_rgb8(pixels, working_size(width, height, SHORT_SIDE)), order="C")
