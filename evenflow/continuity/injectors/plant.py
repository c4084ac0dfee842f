"""Plant: one fault to be planted, and the source that plants it while its frames stream by."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.fill import Fill
from evenflow.continuity.injectors.region import Region
from evenflow.continuity.injectors.survey import Track
from evenflow.core.clip import ArrayFrame, Frame, Pixels, Source, SourceInfo
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.core.span import Box

Picture = NDArray[np.float32]
"""`(h, w, 1 or 3)` in [0, 1], sRGB-encoded."""


@dataclass(frozen=True)
class Plant:
    """What to plant where.

    Args:
        start, end: frames `[start, end)` of the source.
        box: region in source pixels, or None for the whole picture.
        magnitude: in the injector's own unit.
        seed: decides everything random; one plant, one result.
        info: of the source.
        region: what the fault acts on, followed through the frames, for kinds that need it.
        ground: how the picture as a whole moves, for kinds that need it.
        fill: where the region's surroundings are borrowed from, for kinds that empty it.
        picture: what is shown instead, for kinds that replace something.
        variant: which of several forms of the kind the seed has drawn.
        settings: other numbers that the look ahead has fixed.
    """

    start: int
    end: int
    box: Box | None
    magnitude: float
    seed: int
    info: SourceInfo
    region: Region | None = None
    ground: Track | None = None
    fill: Fill | None = None
    picture: Picture | None = None
    variant: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Frames of the span."""
        return self.end - self.start

    def rng(self) -> np.random.Generator:
        """Fresh randomness, the same at every call."""
        return np.random.default_rng([self.seed, self.start, self.end])

    def __contains__(self, index: int) -> bool:
        return self.start <= index < self.end

    def followed(self) -> Region:
        """The region, which the kind's plan has put there."""
        assert self.region is not None
        return self.region

    def edited(self, frame: Frame, edit: Callable[[Picture], Picture]) -> Frame:
        """`frame` with its colors in the box run through `edit`."""
        box = self.box or (0, 0, self.info.width, self.info.height)
        return painted(frame, box, edit)

    def softly(self, frame: Frame, edit: Callable[[Picture], Picture]) -> Frame:
        """As `edited`, but the change fades out towards the sides of the box that cut the picture.

        Pixels outside the box are untouched; without a box nothing fades.
        """
        if self.box is None:
            return self.edited(frame, edit)
        x0, y0, x1, y1 = self.box
        cols = _ramp(x1 - x0, x0 > 0, x1 < self.info.width)
        rows = _ramp(y1 - y0, y0 > 0, y1 < self.info.height)
        alpha = (rows[:, None] * cols)[..., None]
        return self.edited(frame, lambda x: x + alpha * (edit(x) - x))

    def within(self, frame: Frame, edit: Callable[[Picture, Box], Picture]) -> Frame:
        """`frame` with its colors in the followed region run through `edit`, softly at its rim.

        `edit` gets the colors of a box around the region, and that box.
        """
        view = self.followed().view(frame.index)
        if view is None:
            return frame
        box, alpha = view
        return painted(frame, box, lambda x: x + alpha * (edit(x, box) - x))


def painted(frame: Frame, box: Box, edit: Callable[[Picture], Picture]) -> Frame:
    """`frame` with the colors of a box run through `edit`; alpha and the rest stay as they are."""
    pixels = frame.pixels()
    white = np.iinfo(pixels.dtype).max
    x0, y0, x1, y1 = box
    color = min(pixels.shape[2], 3)
    region = pixels[y0:y1, x0:x1, :color].astype(np.float32) / np.float32(white)
    made: Pixels = pixels.copy()
    value = np.clip(edit(region), 0.0, 1.0) * white + 0.5
    made[y0:y1, x0:x1, :color] = value.astype(pixels.dtype)
    return ArrayFrame(frame.index, frame.time, made)


def repainted(frame: Frame, picture: Picture) -> Frame:
    """`frame` with all of its colors replaced; a color that is the frame's own stays exact."""
    return painted(frame, (0, 0, picture.shape[1], picture.shape[0]), lambda x: picture)


def colors(frame: Frame) -> Picture:
    """All colors of a frame, without alpha."""
    pixels = frame.pixels()
    shown: Picture = pixels[..., : min(pixels.shape[2], 3)].astype(np.float32)
    return shown / np.float32(np.iinfo(pixels.dtype).max)


def _ramp(length: int, low: bool, high: bool) -> Picture:
    """One in the middle; towards the ends asked for it falls to 0 within an eighth."""
    rise = np.clip((np.arange(length, dtype=np.float32) + 0.5) / max(1.0, length / 8), 0.0, 1.0)
    rise = rise * rise * (3.0 - 2.0 * rise)
    one = np.ones(length, np.float32)
    made: Picture = (rise if low else one) * (rise[::-1] if high else one)
    return made


Apply = Callable[[Iterator[Frame], Plant], Iterator[Frame]]
"""Takes the source's frames from the first one on, gives the planted ones."""


@dataclass(frozen=True)
class Placed:
    """A fault that has found its place: what will be planted, and the truth about it.

    Args:
        plant: with everything that the look ahead has found.
        first, last: frames `[first, last)` that show the fault.
        box: where, in source pixels, over all of these frames; None for the whole picture.
        lost: frames that the fault removes from the clip.
        equal: kinds that the same pixels are just as much.
        parameters: what else is true about it, in plain types.
    """

    plant: Plant
    first: int
    last: int
    box: Box | None
    lost: int = 0
    equal: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)


Plan = Callable[[Source, Plant, CancelToken | None], Placed]
"""Looks at the source as far as the kind needs it, and says where the fault goes.

Raises BadInput where the clip or the range cannot carry the fault.
"""


def in_place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """The plan of a kind that needs no look ahead: the frames and the box that were asked for."""
    return Placed(plant, plant.start, plant.end, plant.box)


@dataclass(frozen=True)
class Injector:
    """One row of the table.

    Args:
        apply: plants the fault while frames stream by.
        magnitudes: at strength 1 (barely visible) to 5 (ruins the shot), in `unit`.
        unit: of the magnitudes.
        plan: where the fault goes; see `Plan`.
        least: frames that the range must hold.
        needs_color: True if a gray clip cannot show the kind.
        box_is: what a box means to the kind.
    """

    apply: Apply
    magnitudes: tuple[float, float, float, float, float]
    unit: str
    plan: Plan = in_place
    least: int = 1
    needs_color: bool = False
    box_is: str = "where it happens"

    def place(
        self, kind: str, source: Source, plant: Plant, cancel: CancelToken | None = None
    ) -> Placed:
        """The plan, after what holds for every kind has been asked.

        Raises:
            BadInput: too few frames, no color, or what the plan itself refuses.
        """
        if plant.length < self.least:
            raise BadInput(
                f"{kind} needs {self.least} frames, the range holds {plant.length}: "
                "give a longer one"
            )
        if self.needs_color and plant.info.channels == 1:
            raise BadInput(f"{kind} needs a color clip, {plant.info.name} is gray")
        return self.plan(source, plant, cancel)


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
