"""Plant: one fault to be planted, and the source that plants it while its frames stream by."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ArrayFrame, Frame, Pixels, Source, SourceInfo
from evenflow.core.events import CancelToken
from evenflow.core.span import Box


@dataclass(frozen=True)
class Plant:
    """What to plant where.

    Args:
        start, end: frames `[start, end)` of the source.
        box: region in source pixels, or None for the whole picture.
        magnitude: in the injector's own unit.
        seed: decides everything random; one plant, one result.
        info: of the source.
    """

    start: int
    end: int
    box: Box | None
    magnitude: float
    seed: int
    info: SourceInfo

    @property
    def length(self) -> int:
        """Frames of the span."""
        return self.end - self.start

    def rng(self) -> np.random.Generator:
        """Fresh randomness, the same at every call."""
        return np.random.default_rng([self.seed, self.start, self.end])

    def __contains__(self, index: int) -> bool:
        return self.start <= index < self.end

    def edited(
        self, frame: Frame, edit: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    ) -> Frame:
        """`frame` with its colors in the box run through `edit`, `(h, w, 1 or 3)` in [0, 1]."""
        pixels = frame.pixels()
        white = np.iinfo(pixels.dtype).max
        x0, y0, x1, y1 = self.box or (0, 0, pixels.shape[1], pixels.shape[0])
        color = min(pixels.shape[2], 3)
        region = pixels[y0:y1, x0:x1, :color].astype(np.float32) / np.float32(white)
        made: Pixels = pixels.copy()
        value = np.clip(edit(region), 0.0, 1.0) * white + 0.5
        made[y0:y1, x0:x1, :color] = value.astype(pixels.dtype)
        return ArrayFrame(frame.index, frame.time, made)


Apply = Callable[[Iterator[Frame], Plant], Iterator[Frame]]
"""Takes the source's frames from the first one on, gives the planted ones."""


@dataclass(frozen=True)
class Injector:
    """One row of the table: what plants the kind, its magnitudes at strength 1 to 5, their unit."""

    apply: Apply
    magnitudes: tuple[float, float, float, float, float]
    unit: str


@dataclass(frozen=True)
class PlantedSource:
    """A source with one fault in it, planted frame by frame while it streams.

    Args:
        lost: frames that the fault removes from the clip.
    """

    source: Source
    plant: Plant
    apply: Apply
    lost: int = 0

    @property
    def info(self) -> SourceInfo:
        """Of the planted clip."""
        info = self.source.info
        if info.num_frames is None or self.lost == 0:
            return info
        return replace(info, num_frames=info.num_frames - self.lost)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the source."""
        return self.source.warnings

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Planted frames `[start, stop)`; the source is read from its beginning."""
        inner = self.source.stream(0, None, cancel=cancel)
        try:
            yield from islice(self.apply(inner, self.plant), start, stop)
        finally:
            close = getattr(inner, "close", None)
            if close is not None:
                close()
