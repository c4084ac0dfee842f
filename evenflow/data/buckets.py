"""Buckets: the few shapes that clips are cut to, so that a batch is one tensor.

A bucket is an area (side squared), an aspect ratio out of a few that are evenly spaced in their
logarithm, and a length of 1 + k*c frames. A clip goes to the largest area, the nearest ratio and
the longest length that fit it; what fits none is dropped, with a reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import exp, log, sqrt

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.data.sample import Bucket, Crop


def log_ratios(num: int, low: float = 0.5, high: float = 2.0) -> tuple[float, ...]:
    """Aspect ratios (width over height) from `low` to `high`, evenly spaced in their logarithm.

    >>> [round(one, 2) for one in log_ratios(5)]
    [0.5, 0.71, 1.0, 1.41, 2.0]
    """
    if num < 1 or not 0 < low <= high:
        raise BadInput(f"aspect ratios go from low to high, both above 0, got {low:g} to {high:g}")
    if num == 1:
        return (sqrt(low * high),)
    step = log(high / low) / (num - 1)
    return tuple(exp(log(low) + i * step) for i in range(num))


@dataclass(frozen=True)
class Buckets:
    """The shapes of a training run.

    Args:
        sides: areas as sides of their squares in pixels.
        ratios: width over height; see `log_ratios`.
        frames: lengths, each 1 + k * `group`; 1 takes stills and single frames of clips.
        group: frames that the tokenizer takes at a time (c), 1 for any length.
        multiple: widths and heights are multiples of this many pixels.
        upscale: take clips that are smaller than their bucket.
        keep: probability with which a clip that fits stays, by `SIDE` or `SIDExFRAMES` (text: that
            of all lengths, or of one); one that does not stay goes on to the next smaller bucket.
        batch: clips of a batch.
        batches: the same for some buckets, by `str(bucket)` or, as `keep`, by side and length.
        tokens: instead: as many clips as have this many tokens together, one at least.
        token: frames (after the first), rows and columns of pixels that one token stands for.
        even: batch sizes are rounded down to multiples of this, so that so many ranks share them
            (never below it).
    """

    sides: tuple[int, ...] = (128,)
    ratios: tuple[float, ...] = (1.0,)
    frames: tuple[int, ...] = (33,)
    group: int = 4
    multiple: int = 16
    upscale: bool = False
    keep: Mapping[str, float] = field(default_factory=dict)
    batch: int = 8
    batches: Mapping[str, int] = field(default_factory=dict)
    tokens: int | None = None
    token: tuple[int, int, int] = (4, 16, 16)
    even: int = 1

    def __post_init__(self) -> None:
        if not self.sides or not self.ratios or not self.frames:
            raise BadInput("buckets need a side, a ratio and a length at least")
        if self.group < 1 or self.multiple < 1 or self.even < 1 or min(self.token) < 1:
            raise BadInput("group, multiple, even and token are 1 or more")
        if min(self.sides) < self.multiple:
            raise BadInput(
                f"a side of {min(self.sides)} is less than the multiple of {self.multiple} pixels "
                "that all sizes have: take a smaller multiple"
            )
        for length in self.frames:
            if length < 1 or (length - 1) % self.group:
                low = 1 + max(0, length - 1) // self.group * self.group
                raise BadInput(
                    f"lengths are 1 + {self.group}k frames, got {length}: "
                    f"take {low} or {low + self.group}"
                )
        if min(self.ratios) <= 0:
            raise BadInput(f"aspect ratios lie above 0, got {min(self.ratios):g}")
        sizes = [self.batch, *self.batches.values()]
        if min(sizes) < 1 or (self.tokens is not None and self.tokens < 1):
            raise BadInput("a batch has at least one clip and one token")
        for name, share in self.keep.items():
            if not 0 <= share <= 1:
                raise BadInput(f"keep[{name}] is a probability, got {share:g}")
        for name in (*self.keep, *self.batches):
            self._known(name)

    def _known(self, name: str) -> None:
        names = {str(side) for side in self.sides}
        names |= {f"{side}x{length}" for side in self.sides for length in self.frames}
        shapes = {str(one) for one in self.all()}
        if name not in names | shapes:
            raise BadInput(f"there is no bucket {name!r}: there are {', '.join(sorted(names))}")

    @property
    def chancy(self) -> bool:
        """True if chance has a say in who goes where."""
        return any(share < 1 for share in self.keep.values())

    def sizes(self, side: int) -> tuple[tuple[int, int], ...]:
        """Widths and heights of an area, one for each ratio, none twice."""
        found = []
        for ratio in self.ratios:
            width = max(1, round(side * sqrt(ratio) / self.multiple)) * self.multiple
            height = max(1, round(side / sqrt(ratio) / self.multiple)) * self.multiple
            if (width, height) not in found:
                found.append((width, height))
        return tuple(found)

    def all(self) -> tuple[Bucket, ...]:
        """Every bucket, small ones first; with `full` sampling lengths between are used too."""
        return tuple(
            sorted(
                Bucket(length, *size)
                for side in set(self.sides)
                for size in self.sizes(side)
                for length in set(self.frames)
            )
        )

    def fitting(
        self, width: int, height: int, steps: int, *, full: bool = False
    ) -> Iterator[tuple[int, Bucket]]:
        """Side and bucket that a clip fits, the best first.

        Args:
            width, height: of its pictures.
            steps: frames that it has at the rate that is sampled.
            full: any length 1 + k * group up to the longest, not only those of `frames`.
        """
        lengths = sorted({one for one in self.frames if one <= steps}, reverse=True)
        if full and steps >= min(self.frames):
            most = min(steps, max(self.frames))
            lengths = [1 + (most - 1) // self.group * self.group]
        for side in sorted(set(self.sides), reverse=True):
            wide, high = min(
                self.sizes(side), key=lambda s: (abs(log(s[0] / s[1] * height / width)), s)
            )
            if not self.upscale and (wide > width or high > height):
                continue
            for length in lengths:
                yield side, Bucket(length, wide, high)

    def choose(
        self,
        width: int,
        height: int,
        steps: int,
        *,
        rng: np.random.Generator | None = None,
        full: bool = False,
    ) -> Bucket | str:
        """The bucket of a clip, or the reason why it has none.

        Args:
            rng: decides where `keep` does; without one nothing is left to chance.
        """
        any_ = False
        for side, bucket in self.fitting(width, height, steps, full=full):
            any_ = True
            share = self.keep.get(f"{side}x{bucket.frames}", self.keep.get(str(side), 1.0))
            if rng is None or share >= 1 or rng.random() < share:
                return bucket
        if any_:
            return "left out by the keep-probabilities of its buckets"
        if steps < min(self.frames):
            return f"has {steps} frames at this rate, the shortest bucket {min(self.frames)}"
        return (
            f"is {width}x{height}, smaller than its bucket of side {min(self.sides)}: "
            "upscaling is off"
        )

    def batch_of(self, bucket: Bucket) -> int:
        """Clips of a batch of a bucket, of all ranks together."""
        size = self.batch
        if self.tokens is not None:
            size = max(1, self.tokens // self.tokens_of(bucket))
        for side in self.sides:
            if (bucket.width, bucket.height) in self.sizes(side):
                size = self.batches.get(str(side), size)
                size = self.batches.get(f"{side}x{bucket.frames}", size)
        size = self.batches.get(str(bucket), size)
        return max(self.even, size // self.even * self.even)

    def tokens_of(self, bucket: Bucket) -> int:
        """Tokens of one clip of a bucket; the first frame has its own."""
        frames, rows, columns = self.token
        long = 1 + -(-(bucket.frames - 1) // frames)
        return long * -(-bucket.height // rows) * -(-bucket.width // columns)


def crop_for(width: int, height: int, bucket: Bucket) -> Crop:
    """The largest rectangle in the middle of a picture that has the bucket's aspect ratio."""
    scale = max(bucket.width / width, bucket.height / height)
    wide = min(width, max(1, round(bucket.width / scale)))
    high = min(height, max(1, round(bucket.height / scale)))
    return Crop((width - wide) // 2, (height - high) // 2, wide, high)
