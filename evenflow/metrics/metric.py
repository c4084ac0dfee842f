"""Metric: what a row of the table says, and what a metric gets to see of a clip, frame by frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip, Frame, Pixels
from evenflow.core.measurement import Measurement
from evenflow.motion.flow import MIN_SIDE, Match, match

Array = NDArray[np.float64]


class Unmeasurable(Exception):
    """Why a metric has no number for a clip; becomes the reason of its Measurement."""


class Estimate(NamedTuple):
    """Mean and standard deviation over splits or subsets."""

    mean: float
    std: float


class Result(NamedTuple):
    """One number for the clip and one a frame (NaN where nothing can be said)."""

    summary: float
    series: Array | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a clip once it was seen.

    Args:
        num_frames: frames that were compared.
        fps: nominal frames per second.
        cut: entries that compare frames of two shots; from `check`, else empty.
    """

    num_frames: int
    fps: float
    cut: frozenset[int] = frozenset()


class Picture:
    """One frame in the forms that metrics ask for, each made at most once.

    RGB with alpha is laid over mid gray, as `check` does; gray is repeated three times.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @cached_property
    def rgb(self) -> Pixels:
        """`(h, w, 3)`, uint8 or uint16 as in the file."""
        pixels: Any = self.frame.pixels()
        channels = pixels.shape[2]
        if channels == 1:
            pixels = np.repeat(pixels, 3, axis=2)
        elif channels == 4:
            white = int(np.iinfo(pixels.dtype).max)
            alpha, color = pixels[..., 3:].astype(np.uint64), pixels[..., :3].astype(np.uint64)
            mixed = color * alpha + (white + 1) // 2 * (white - alpha)
            pixels = ((mixed + white // 2) // white).astype(pixels.dtype)
        return cast("Pixels", pixels)

    @cached_property
    def rgb8(self) -> NDArray[np.uint8]:
        """`(h, w, 3)` uint8; 16 bits are rounded."""
        if self.rgb.dtype == np.uint8:
            return cast("NDArray[np.uint8]", self.rgb)
        return ((self.rgb.astype(np.uint32) + 128) // 257).astype(np.uint8)

    @cached_property
    def gray8(self) -> NDArray[np.uint8]:
        """`(h, w)` uint8 for the search of motion."""
        gray: NDArray[np.uint8] = cv2.cvtColor(self.rgb8, cv2.COLOR_RGB2GRAY)
        return gray

    def levels(self) -> Array:
        """`(h, w, 3)` float64, white is 255 at any depth."""
        scale = 255.0 / np.iinfo(self.rgb.dtype).max
        return self.rgb.astype(np.float64) * scale

    def luma(self) -> Array:
        """`(h, w)` float64, white is 255: `.2126 R + .7152 G + .0722 B` of the encoded values.

        Source: ITU-R BT.709-6, item 3.2.
        """
        scale = 255.0 / np.iinfo(self.rgb.dtype).max
        weights = np.array([[0.2126, 0.7152, 0.0722]]) * scale
        height, width = self.rgb.shape[:2]
        made: Array = cv2.transform(self.rgb.astype(np.float64), weights).reshape(height, width)
        return made


@dataclass(frozen=True)
class View:
    """What a metric sees at frame `index` (from 0, of the part that is measured).

    Args:
        picture: the frame, or None beyond the end of the clip (only where sequences of different
            length may be compared).
        reference: the frame of the reference with the same number, or None.
        previous, reference_previous: the frames before.
        second_previous: the frame two before.
        sampled_previous: at every `max(1, round(fps / 8))`-th frame the sampled one before, else
            None.
    """

    index: int
    fps: float
    picture: Picture | None
    reference: Picture | None = None
    previous: Picture | None = None
    reference_previous: Picture | None = None
    second_previous: Picture | None = None
    sampled_previous: Picture | None = None

    @property
    def here(self) -> Picture:
        """The frame; only where there is one."""
        assert self.picture is not None
        return self.picture

    @property
    def other(self) -> Picture:
        """The frame of the reference; only where there is one."""
        assert self.reference is not None
        return self.reference

    @cached_property
    def motion(self) -> Match:
        """Flow between the frame before and this one, at full size, both ways."""
        assert self.previous is not None
        return motion_between(self.previous, self.here)

    @cached_property
    def reference_motion(self) -> Match:
        """The same of the reference."""
        assert self.reference_previous is not None
        return motion_between(self.reference_previous, self.other)

    @cached_property
    def lumas(self) -> tuple[Array, Array]:
        """`Picture.luma` of the frame and of the reference's."""
        return self.here.luma(), self.other.luma()


def motion_between(before: Picture, after: Picture) -> Match:
    """Flow both ways at full size, and where both agree.

    Raises:
        Unmeasurable: the pictures are too small for motion to be searched.
    """
    height, width = before.gray8.shape
    if min(height, width) < MIN_SIDE:
        raise Unmeasurable(
            f"motion needs {MIN_SIDE} pixels on each side, the picture has {width} x {height}"
        )
    return match(before.gray8, after.gray8)


At = Callable[[View], Any]
Finish = Callable[[Sequence[Any], Facts], Result]


@dataclass(frozen=True)
class Metric:
    """A row of `METRICS`.

    Args:
        name: its key in the table.
        meaning: what is measured, in one line.
        function: the maths on arrays that it rests on; its module holds formula, source and flaws.
        unit: of the summary and of every entry of the series; "" for a plain number.
        better: "lower", "higher" or "neither".
        limits: least and most that the summary can be; None is no limit.
        source: where it comes from.
        at: what is read at a frame; None where a clip alone does not suffice.
        finish: readings, one a frame, to the result.
        reference: "none"; "frames", a clip of the same size and length, frame by frame;
            "sequence", a clip of any size and length.
        needs: what is missing where `at` is None.
    """

    name: str
    meaning: str
    function: Callable[..., Any]
    unit: str
    better: Literal["lower", "higher", "neither"]
    limits: tuple[float | None, float | None]
    source: str
    at: At | None = None
    finish: Finish | None = None
    reference: Literal["none", "frames", "sequence"] = "none"
    needs: str | None = None

    def __call__(self, clip: Clip, reference: Clip | None = None) -> Measurement:
        """The metric of a clip; None with the reason where it cannot be measured.

        Raises:
            BadInput: frames are compared, and the reference has another size or length.
        """
        from evenflow.metrics.one_pass import OnePass  # it knows rows, and rows know it

        work = OnePass({self.name: self}, clip, reference)
        for _ in work.watch(clip.stream()):
            pass
        return work.measurements()[self.name]


def mean_of(readings: Sequence[Any], facts: Facts) -> Result:
    """Mean of all entries that are finite.

    Raises:
        Unmeasurable: there is none.
    """
    series = np.array(readings, np.float64)
    finite = series[np.isfinite(series)]
    if len(finite) == 0:
        if facts.num_frames == 1:
            raise Unmeasurable("one frame has nothing to be compared with")
        raise Unmeasurable("no two frames can be compared")
    return Result(float(finite.mean()), series)
