"""Made: a clip that a model made, with what is to be told of it wherever it is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

import evenflow
from evenflow.core.clip import ArrayFrame, ArraySource, Frame, SourceInfo
from evenflow.core.events import CancelToken

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's name for pictures that a trained model made, as C2PA uses it."""
Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Made:
    """Source of a generated clip, its pictures `(t, h, w, 3)` in memory.

    Args:
        pictures: all frames.
        fps: frames a second.
        record: all that decides its bytes: prompt, model, seed, levels, size.
        latents: `(c, t, h, w)` float32, from which the pictures were decoded.
        name: for messages.
        warnings: what a user should know of it.
    """

    pictures: Pictures = field(repr=False)
    fps: Fraction
    record: dict[str, Any] = field(repr=False)
    latents: NDArray[np.float32] = field(repr=False)
    name: str = "generated"
    warnings: tuple[str, ...] = ()

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length."""
        return replace(ArraySource(self.pictures, self.fps).info, name=self.name)

    @property
    def settings(self) -> dict[str, Any]:
        """What is embedded in a file of it."""
        return {"generate": self.record}

    @property
    def provenance(self) -> dict[str, Any]:
        """The mark that a file of it carries."""
        return mark(self.record)

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`."""
        return ArraySource(self.pictures, self.fps).stream(start, stop, cancel=cancel)


@dataclass(frozen=True)
class Making:
    """Source of a clip that is being made while it is read; it can be read once.

    Args:
        pictures: called once; gives groups of frames `(g, h, w, 3)` in order.
        about: of the clip when it is done.
        record: as in `Made`.
    """

    pictures: Callable[[], Iterator[Pictures]]
    about: SourceInfo
    record: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length."""
        return self.about

    @property
    def settings(self) -> dict[str, Any]:
        """What is embedded in a file of it."""
        return {"generate": self.record}

    @property
    def provenance(self) -> dict[str, Any]:
        """The mark that a file of it carries."""
        return mark(self.record)

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames as they are made; those before `start` are made too."""
        number = 0
        for group in self.pictures():
            for picture in group:
                if cancel is not None:
                    cancel.check()
                if stop is not None and number >= stop:
                    return
                if number >= start:
                    yield ArrayFrame(number, number / Fraction(self.about.fps), picture)
                number += 1


def about(size: tuple[int, int], frames: int, fps: Fraction, name: str) -> SourceInfo:
    """What `Made` will say of a clip that is not there yet."""
    return SourceInfo(name, *size, fps, frames)


def mark(record: dict[str, Any]) -> dict[str, Any]:
    """The mark of generated pictures: who made them, and that it was a trained model."""
    return {
        "made_by": f"evenflow {evenflow.__version__}",
        "generated": True,
        "digital_source_type": TRAINED,
        "model": record.get("model", {}).get("name"),
    }
