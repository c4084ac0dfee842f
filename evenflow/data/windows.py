"""Windows: which stretches of a clip become samples, and which of its frames they show.

Frames are taken by their times, never by their numbers: frame k of a window shows what a player
shows at `t0 + k / fps`, so clips of uneven rate come out even.

The names of the samplings are those of musubi-tuner's `frame_extraction`.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.data.stretch import SLACK, times_of


def steps_in(seconds: Fraction | float, fps: Fraction) -> int:
    """How many times `k / fps` lie within a clip, from k = 0; a frame is seen at each of them.

    >>> steps_in(2, Fraction(12)), steps_in(Fraction(49, 24), Fraction(12))
    (24, 25)
    """
    return max(0, ceil((Fraction(seconds) - SLACK) * fps))


def frames_shown(clip: Clip, t0: Fraction, frames: int, fps: Fraction) -> NDArray[np.int64]:
    """Numbers of the frames that are seen at `t0 + k / fps`.

    A frame is seen from its own time until that of the next; times within a millisecond count as
    equal, because containers count milliseconds.

    Raises:
        BadInput: the last of these times lies beyond the end of the clip.
    """
    from evenflow.data.stretch import seconds_of

    end = seconds_of(clip)
    last = t0 + (frames - 1) / fps
    if t0 < 0 or last >= end:
        raise BadInput(
            f"{clip.info.name} lasts {float(end):.3f}s, and a window of {frames} frames at "
            f"{float(fps):g} a second from {float(t0):.3f}s ends at {float(last):.3f}s"
        )
    moments = [t0 + k / fps + SLACK for k in range(frames)]
    times = times_of(clip)
    if times is None:
        rate = Fraction(clip.info.fps)
        numbers = [floor(moment * rate) for moment in moments]
    else:
        numbers = [bisect_right(times, moment) - 1 for moment in moments]
    return np.clip(np.array(numbers, np.int64), 0, len(clip) - 1)


@dataclass(frozen=True)
class Sampling:
    """How windows are laid into a clip.

    Args:
        name: a row of SAMPLINGS.
        stride: steps from window to window (`slide`).
        clips: how many windows (`uniform`).
    """

    name: str = "random"
    stride: int = 1
    clips: int = 1

    def __post_init__(self) -> None:
        if self.name not in SAMPLINGS:
            raise BadInput(f"there is no sampling {self.name!r}: say one of {', '.join(SAMPLINGS)}")
        if self.stride < 1 or self.clips < 1:
            raise BadInput(f"stride and clips are 1 or more, got {self.stride} and {self.clips}")

    def starts(self, total: int, frames: int) -> NDArray[np.int64]:
        """First steps of the windows of `frames` steps in a clip that has `total`; -1 is left to
        chance, anew in every epoch."""
        if total < frames:
            return np.zeros(0, np.int64)
        return np.asarray(SAMPLINGS[self.name](self, total, frames), np.int64)

    @staticmethod
    def parse(text: str) -> "Sampling":
        """`head`, `chunk`, `slide:4` (stride), `uniform:3` (windows), `full` or `random`."""
        name, _, number = text.partition(":")
        if not number:
            return Sampling(name)
        if not number.isdigit() or name not in ("slide", "uniform"):
            raise BadInput(f"a sampling is a name, slide:STRIDE or uniform:CLIPS, got {text!r}")
        return Sampling(name, **{{"slide": "stride", "uniform": "clips"}[name]: int(number)})


def head(how: Sampling, total: int, frames: int) -> Sequence[int]:
    """The beginning."""
    return [0]


def chunk(how: Sampling, total: int, frames: int) -> Sequence[int]:
    """One after the other, as many as fit."""
    return range(0, total - frames + 1, frames)


def slide(how: Sampling, total: int, frames: int) -> Sequence[int]:
    """One every `stride` steps; they overlap."""
    return range(0, total - frames + 1, how.stride)


def uniform(how: Sampling, total: int, frames: int) -> Sequence[int]:
    """`clips` of them, the first at the beginning, the last at the end; no two alike."""
    span = total - frames
    if how.clips == 1:
        return [span // 2]
    return sorted({span * i // (how.clips - 1) for i in range(how.clips)})


def full(how: Sampling, total: int, frames: int) -> Sequence[int]:
    """All of it, from the beginning; the plan chooses the longest length that fits."""
    return [0]


def random(how: Sampling, total: int, frames: int) -> Sequence[int]:
    """One anywhere, another in every epoch."""
    return [-1]


SAMPLINGS: dict[str, Callable[[Sampling, int, int], Sequence[int]]] = {
    "head": head,
    "chunk": chunk,
    "slide": slide,
    "uniform": uniform,
    "full": full,
    "random": random,
}
