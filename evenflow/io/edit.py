"""Edits of a few frames of a clip: everything outside the span stays the source's own planes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from evenflow.core.clip import ArrayFrame, Frame, Source, SourceInfo
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.io.frames import FrameFormat, NativeFrame


@dataclass(frozen=True)
class EditedSource:
    """A source with `edit` applied to its frames `[start, stop)`, when they are streamed.

    Args:
        source: what is edited; it is not changed.
        edit: gives the new picture of a frame, same size and dtype; called in order of frames, so
            it may look at the frames that it has seen.
        start, stop: the span of frames that it is called for.

    Frames outside the span are handed on as the very same objects, so a lossless copy of the result
    holds their planes unchanged.
    """

    source: Source
    edit: Callable[[Frame], Frame]
    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.stop:
            raise BadInput(f"frames to edit are [start, stop), got [{self.start}, {self.stop})")

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length and color of the source."""
        return self.source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings of the source."""
        return self.source.warnings

    @property
    def frame_format(self) -> FrameFormat | None:
        """How the source stores its frames, if it is a file."""
        return getattr(self.source, "frame_format", None)

    @property
    def path(self) -> Path | None:
        """The file behind the source, if there is one."""
        return getattr(self.source, "path", None)

    @property
    def times(self) -> tuple[Fraction, ...] | None:
        """True frame times if the rate varies, else None."""
        return getattr(self.source, "times", None)

    @property
    def first_time(self) -> Fraction:
        """Time of the first picture on the file's own clock."""
        return getattr(self.source, "first_time", Fraction(0))

    @property
    def sample_aspect(self) -> Fraction:
        """Width over height of one stored pixel."""
        return getattr(self.source, "sample_aspect", Fraction(1))

    @property
    def files(self) -> list[Path]:
        """The image files behind the source, if it is a sequence."""
        return getattr(self.source, "files", [])

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`, those in the span edited."""
        frames = self.source.stream(start, stop, cancel=cancel)
        try:
            for frame in frames:
                if self.start <= frame.index < self.stop:
                    yield _in_place_of(frame, self.edit(frame))
                else:
                    yield frame
        finally:
            close: Any = getattr(frames, "close", None)
            if close is not None:
                close()


def _in_place_of(old: Frame, new: Frame) -> Frame:
    if (new.index, new.time) == (old.index, old.time):
        return new
    if isinstance(new, (ArrayFrame, NativeFrame)):
        return replace(new, index=old.index, time=old.time)
    return ArrayFrame(old.index, old.time, new.pixels())
