"""Region: a soft-edged part of the picture that follows its content through the frames."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.survey import Track
from evenflow.core.span import Box

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Region:
    """A rounded shape with a soft rim that moves along a track.

    Args:
        track: how it moves, turns and grows.
        center, half: its middle and half its sides at the first frame, in source pixels.
        size: `(width, height)` of the picture.
        softness: part of the way from the rim to the middle on which it fades in, in (0, 1].
        dents: phases of three gentle waves around the outline.
    """

    track: Track
    center: tuple[float, float]
    half: tuple[float, float]
    size: tuple[int, int]
    softness: float = 0.3
    dents: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def box(self) -> Box:
        """Around it at the first frame, inside the picture."""
        (x, y), (a, b) = self.center, self.half
        width, height = self.size
        return (
            max(0, int(np.floor(x - a))),
            max(0, int(np.floor(y - b))),
            min(width, int(np.ceil(x + a)) + 1),
            min(height, int(np.ceil(y + b)) + 1),
        )

    def local(
        self, index: int, box: Box, shift: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Picture, Picture]:
        """Coordinates inside the shape of the pixels in a box: -1 to 1 from side to side."""
        x0, y0, x1, y1 = box
        back = np.linalg.inv(self.track.at(index))
        x, y = np.meshgrid(
            np.arange(x0, x1, dtype=np.float32) - shift[0],
            np.arange(y0, y1, dtype=np.float32) - shift[1],
        )
        u = (back[0, 0] * x + back[0, 1] * y + back[0, 2] - self.center[0]) / self.half[0]
        v = (back[1, 0] * x + back[1, 1] * y + back[1, 2] - self.center[1]) / self.half[1]
        return u.astype(np.float32), v.astype(np.float32)

    def view(
        self, index: int, *, shift: tuple[float, float] = (0.0, 0.0), pad: float = 0.0
    ) -> tuple[Box, Picture] | None:
        """A box around the region at a frame, and its share of each pixel there, `(h, w, 1)`.

        Args:
            shift: moves it aside, in source pixels.
            pad: widens the box (not the region) by this part of its sides.

        Returns:
            None if the region is out of the picture.
        """
        matrix = self.track.at(index)
        center = matrix[:2, :2] @ np.array(self.center) + matrix[:2, 2] + shift
        spread = np.abs(matrix[:2, :2]) @ np.array(self.half) * (1.0 + 2.0 * pad)
        x0, y0 = np.maximum(np.floor(center - spread), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(center + spread) + 1, self.size).astype(int)
        if x1 <= x0 or y1 <= y0:
            return None
        box = (int(x0), int(y0), int(x1), int(y1))
        alpha = self.share(*self.local(index, box, shift))
        return (box, alpha[..., None]) if alpha.any() else None

    def whole(self, index: int, *, shift: tuple[float, float] = (0.0, 0.0)) -> Picture:
        """Its share of every pixel of the picture at a frame, `(h, w, 1)`."""
        made = np.zeros((self.size[1], self.size[0], 1), np.float32)
        view = self.view(index, shift=shift)
        if view is not None:
            (x0, y0, x1, y1), alpha = view
            made[y0:y1, x0:x1] = alpha
        return made

    def share(self, u: Picture, v: Picture) -> Picture:
        """How much of the region there is at coordinates inside the shape, in [0, 1]."""
        radius = (np.abs(u) ** 2.5 + np.abs(v) ** 2.5) ** np.float32(1 / 2.5)
        turn = np.arctan2(v, u)
        wave = sum(np.sin((k + 2) * turn + p) for k, p in enumerate(self.dents))
        radius = radius * (1.0 + 0.025 * (3.0 + wave))
        rise = np.clip((1.0 - radius) / self.softness, 0.0, 1.0)
        made: Picture = (rise * rise * (3.0 - 2.0 * rise)).astype(np.float32)
        return made

    def placed(self, picture: Picture, index: int, box: Box) -> Picture:
        """`picture`, drawn over `self.box` at the first frame, as it lies in a box at a frame."""
        to = np.eye(3)
        to[0, 2], to[1, 2] = -box[0], -box[1]
        at = np.eye(3)
        at[0, 2], at[1, 2] = self.box[0], self.box[1]
        matrix = (to @ self.track.at(index) @ at)[:2]
        size = (box[2] - box[0], box[3] - box[1])
        made: Picture = cv2.warpAffine(
            picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        return made.reshape(size[1], size[0], picture.shape[2])

    def boxes(
        self, start: int, end: int, *, shift: tuple[float, float] = (0.0, 0.0)
    ) -> list[list[int]]:
        """`[frame, x0, y0, x1, y1]` at about 32 frames of `[start, end)`, where it is in view."""
        step = max(1, (end - start) // 32)
        made = []
        for index in sorted({*range(start, end, step), end - 1}):
            box = self.tight(index, shift=shift)
            if box is not None:
                made.append([index, *box])
        return made

    def tight(self, index: int, *, shift: tuple[float, float] = (0.0, 0.0)) -> Box | None:
        """The smallest box around the region at a frame, or None out of view."""
        view = self.view(index, shift=shift)
        if view is None:
            return None
        box, alpha = view
        rows, cols = np.flatnonzero(alpha.any(axis=(1, 2))), np.flatnonzero(alpha.any(axis=(0, 2)))
        return (
            box[0] + int(cols[0]),
            box[1] + int(rows[0]),
            box[0] + int(cols[-1]) + 1,
            box[1] + int(rows[-1]) + 1,
        )

    def union(self, start: int, end: int, *, shift: tuple[float, float] = (0.0, 0.0)) -> Box | None:
        """Around every place that it takes within frames `[start, end)`."""
        return joined([self.tight(i, shift=shift) for i in range(start, end)])


def joined(boxes: list[Box | None]) -> Box | None:
    """The smallest box around all that are there."""
    there = np.array([b for b in boxes if b is not None])
    if len(there) == 0:
        return None
    low, high = there[:, :2].min(axis=0), there[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
