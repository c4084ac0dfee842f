"""Drawing of what was staged: pictures frame by frame, in the styles and developed as it says.

Frames outside the span of a defect are drawn by the clip that it was planted into, so they are
equal to its frames byte for byte and cost nothing twice. Chunks change no byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ArrayFrame, Pixels, SourceInfo
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.world.animation import Animation
from evenflow.world.clip import cut, need_torch
from evenflow.world.defects.defect import Develop, Staged
from evenflow.world.words import STYLES

if TYPE_CHECKING:
    from evenflow.world.truth import Truth


@runtime_checkable
class Redrawn(Protocol):
    """A Develop that draws the scene again."""

    def on(self, animation: Animation) -> Develop:
        """The same for another animation of the scene."""
        ...


KEPT = 192 * 2**20
"""Bytes of pictures that a source keeps, so that truth and clip are not drawn twice."""


def staged(animation: Animation) -> Staged:
    """An animation as it is, with the reach of its shadows pinned: whatever a defect moves, the
    texels of all other shadows stay."""
    from evenflow.world.shadows import reach

    if animation.sunlit is None:
        middle, half = reach(animation)
        animation = replace(animation, sunlit=np.concatenate([middle, half[:, None]], axis=1))
    return Staged(animation)


@dataclass(frozen=True)
class StagedSource:
    """What was staged, as a source of frames; drawn in chunks when it is streamed.

    Args:
        staged: the scene.
        like: draws the frames outside `[start, end)`; None if they are drawn here.
        device: where it is drawn.
        antialias: soft edges.
        chunk: frames that are drawn at once; it changes no byte.
    """

    staged: Staged
    like: "StagedSource | None" = None
    start: int = 0
    end: int = 0
    device: str = "cpu"
    antialias: bool = True
    chunk: int = 8
    name: str = "world"
    warnings: tuple[str, ...] = ()
    kept: dict[int, NDArray[np.uint8]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def num_frames(self) -> int:
        """Of the whole clip."""
        return len(self.staged.animation.shot)

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length."""
        spec = self.staged.animation.spec
        width, height = spec.size
        return SourceInfo(self.name, width, height, spec.fps, self.num_frames)

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[ArrayFrame]:
        """Frames `[start, stop)`, in memory for `chunk` frames and for what is kept."""
        rows = range(*slice(start, stop).indices(self.num_frames))
        fps = Fraction(self.staged.animation.spec.fps)
        for first in range(0, len(rows), self.chunk):
            if cancel is not None:
                cancel.check()
            some = rows[first : first + self.chunk]
            for i, picture in zip(some, self.pictures(some), strict=True):
                yield ArrayFrame(i, i / fps, cast("Pixels", picture))

    def pictures(self, frames: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Pictures `(h, w, 3)` of some frames; those that are kept are not drawn again."""
        out: dict[int, NDArray[np.uint8]] = {}
        own = [f for f in frames if self.like is None or self.start <= f < self.end]
        others = [f for f in frames if f not in set(own)]
        if self.like is not None and others:
            out.update(zip(others, self.like.pictures(others), strict=True))
        missing = [f for f in own if f not in self.kept]
        for low in range(0, len(missing), self.chunk):
            some = missing[low : low + self.chunk]
            drawn = self._drawn(some)
            for f, picture in zip(some, drawn, strict=True):
                out[f] = picture
                if (len(self.kept) + 1) * picture.nbytes <= KEPT:
                    self.kept[f] = np.array(picture)
                    self.kept[f].flags.writeable = False
        for f in own:
            if f not in out:
                out[f] = self.kept[f]
        return [out[f] for f in frames]

    def draw(
        self, frames: Sequence[int], *, truth: Sequence[str] = ()
    ) -> "tuple[NDArray[np.uint8], Truth]":
        """Pictures `(t, h, w, 3)` of some frames, and the truth of what they show."""
        rows = self._rows(frames)
        pictures = np.stack(self.pictures(rows))
        if not truth:
            from evenflow.world.truth import Truth

            return pictures, Truth()
        return pictures, self._render(rows, self.staged.animation.spec.style, truth)[1]

    def _rows(self, frames: Sequence[int]) -> list[int]:
        rows = [int(f) for f in frames]
        if not rows or min(rows) < 0 or max(rows) >= self.num_frames:
            raise BadInput(
                f"this scene has frames 0 to {self.num_frames - 1}, got {rows[:1] or 'none'}"
            )
        return rows

    def _drawn(self, frames: Sequence[int]) -> NDArray[np.uint8]:
        """Pictures in their styles, developed."""
        rows = self._rows(frames)
        own = self.staged.animation.spec.style
        style = [self.staged.styles[f] if self.staged.styles else own for f in rows]
        share = [
            (float(self.staged.shares[f]) if self.staged.shares else 1.0) if one != own else 0.0
            for f, one in zip(rows, style, strict=True)
        ]
        out: list[NDArray[np.uint8]] = [np.zeros(0, np.uint8)] * len(rows)
        mixed = [i for i, s in enumerate(share) if 0.0 < s < 1.0]
        for name in STYLES:
            wanted = {
                i
                for i in range(len(rows))
                if (style[i] == name and share[i] >= 1.0) or (name == own and share[i] < 1.0)
            }
            at = sorted(wanted)
            if at:
                drawn = self._render([rows[i] for i in at], name)[0]
                for i, picture in zip(at, drawn, strict=True):
                    out[i] = picture
        for name in sorted({style[i] for i in mixed}):
            at = [i for i in mixed if style[i] == name]
            drawn = self._render([rows[i] for i in at], name)[0]
            for i, picture in zip(at, drawn, strict=True):
                a, b = out[i].astype(np.float32), picture.astype(np.float32)
                out[i] = np.rint(a + (b - a) * np.float32(share[i])).astype(np.uint8)
        for i, f in enumerate(rows):
            steps = [do for start, end, do in self.staged.develop if start <= f < end]
            if not steps:
                continue
            picture = out[i].astype(np.float32) / np.float32(255)
            for do in steps:
                # What draws again draws what is staged now, with all defects in it.
                now = do.on(self.staged.animation) if isinstance(do, Redrawn) else do
                picture = np.asarray(now(picture, f), np.float32)
            out[i] = np.rint(np.clip(picture, 0, 1) * np.float32(255)).astype(np.uint8)
        return np.stack(out)

    def _render(
        self, rows: Sequence[int], style: str, truth: Sequence[str] = ()
    ) -> "tuple[NDArray[np.uint8], Truth]":
        """Pictures in one style."""
        need_torch()
        from evenflow.world.render import render

        first, last = max(min(rows) - 1, 0), min(max(rows) + 2, self.num_frames)
        some = cut(self.staged.animation, first, last)
        if style != some.spec.style:
            some = replace(some, spec=replace(some.spec, style=style))
        drawn = render(
            [some],
            frames=[f - first for f in rows],
            device=self.device,
            truth=tuple(truth),
            antialias=self.antialias,
        )
        return drawn.frames[0].cpu().numpy(), drawn.truth[0]
