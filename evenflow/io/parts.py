"""Parts: a video that lies somewhere inside a larger file, such as an uncompressed tar."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from evenflow.core.clip import Clip, Frame, SourceInfo
from evenflow.core.errors import UnreadableVideo
from evenflow.core.events import CancelToken
from evenflow.io.frames import FrameFormat
from evenflow.io.reading import FileSource, _ask


@dataclass(frozen=True)
class PartSource:
    """A video inside a file; it has no path of its own, so its sound cannot be copied from it.

    Args:
        inner: what reads it.
    """

    inner: FileSource

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length, color."""
        return self.inner.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was found wrong so far, one line each."""
        return self.inner.warnings

    @property
    def frame_format(self) -> FrameFormat:
        """How its frames are stored."""
        return self.inner.frame_format

    @property
    def times(self) -> tuple[Fraction, ...] | None:
        """True frame times in seconds if the rate varies, else None."""
        return self.inner.times

    @property
    def sample_aspect(self) -> Fraction:
        """Width over height of one stored pixel."""
        return self.inner.sample_aspect

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`."""
        return self.inner.stream(start, stop, cancel=cancel)


def read_part(path: str | Path, start: int, size: int, *, name: str) -> Clip:
    """The video in bytes `[start, start + size)` of a file, streamed from there.

    Args:
        name: what it is called in messages.

    Raises:
        UnreadableVideo: the file is missing or these bytes are no video.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise UnreadableVideo(f"{path.name} does not exist: check the path")
    if size <= 0:
        raise UnreadableVideo(f"{name} is empty (0 bytes): nothing was written to it")
    address = f"part:{start}:{start + size}:{path.resolve()}"
    fields, payload = _ask({"op": "probe", "path": address}, name)
    inner = FileSource(path / name, fields, payload, address=address)
    return Clip(PartSource(inner))
