"""Occluder: a post that passes in front of the scene from one side of the picture to the other."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.plant import Picture, painted
from evenflow.continuity.injectors.region import Region
from evenflow.core.clip import Frame
from evenflow.core.span import Box


@dataclass(frozen=True)
class Bar:
    """A post as high as the picture, in a straight and even movement.

    Args:
        start: frame at which its middle is at `x`.
        x: in source pixels.
        speed: pixels a frame, to the right.
        width: in pixels.
        size: `(width, height)` of the picture.
        seed: of its surface.
        hides, shows, gone: first frames at which the region behind it is hidden, half of it is
            seen again, and the post has left the picture.
    """

    start: int
    x: float
    speed: float
    width: float
    size: tuple[int, int]
    seed: int
    hides: int
    shows: int
    gone: int

    @staticmethod
    def over(region: Region, start: int, end: int, rng: np.random.Generator) -> "Bar":
        """A post that covers a region wholly for a moment, two fifths into `[start, end)`."""
        size = region.size
        hides = start + round(0.4 * (end - start))
        box = region.tight(hides) or region.box
        width = 1.25 * (box[2] - box[0])
        middle = (box[0] + box[2]) / 2
        from_left = bool(rng.random() < 0.5)
        first = -width / 2 - 2 if from_left else size[0] + width / 2 + 2
        speed = (middle - first) / max(hides - start, 1)
        shows = hides + max(1, int(np.ceil(width / 2 / max(abs(speed), 1e-6))))
        last = size[0] + width / 2 + 2 if from_left else -width / 2 - 2
        gone = start + int(np.ceil((last - first) / speed)) + 1
        seed = int(rng.integers(2**31))
        return Bar(start, first, speed, width, size, seed, hides, min(shows, end - 1), gone)

    def box(self, index: int) -> Box | None:
        """What it covers at a frame, or None if it is out of the picture."""
        middle = self.x + self.speed * (index - self.start)
        reach = self.width / 2 + abs(self.speed) / 2 + 2
        low, high = max(0, int(middle - reach)), min(self.size[0], int(np.ceil(middle + reach)))
        if index < self.start or low >= high:
            return None
        return low, 0, high, self.size[1]

    def boxes(self, end: int) -> list[list[int]]:
        """`[frame, x0, y0, x1, y1]` at about 16 frames of its way, before frame `end`."""
        last = min(self.gone, end)
        step = max(1, (last - self.start) // 16)
        there = [(i, self.box(i)) for i in range(self.start, last, step)]
        return [[i, *box] for i, box in there if box is not None]

    def passing(self, frame: Frame) -> Frame:
        """A frame with the post in front of it."""
        box = self.box(frame.index)
        return frame if box is None else painted(frame, box, lambda x: self._drawn(x, box, frame))

    def _drawn(self, x: Picture, box: Box, frame: Frame) -> Picture:
        middle = self.x + self.speed * (frame.index - self.start)
        across = np.arange(box[0], box[2], dtype=np.float32) - np.float32(middle)
        soft = 1.0 + abs(self.speed) / 2  # half a shutter's blur
        alpha = np.clip((self.width / 2 + soft / 2 - np.abs(across)) / soft, 0.0, 1.0)
        surface = self._surface(x.shape[2])
        column = np.clip(across + surface.shape[1] / 2, 0, surface.shape[1] - 1)
        rows = np.arange(self.size[1], dtype=np.float32)
        shown = cv2.remap(
            surface, *np.meshgrid(column.astype(np.float32), rows), cv2.INTER_LINEAR
        ).reshape(x.shape)
        made: Picture = x + alpha[None, :, None] * (shown - x)
        return made

    def _surface(self, channels: int) -> NDArray[np.float32]:
        """Painted wood: a color of its own, streaks along it, darker towards the sides."""
        rng = np.random.default_rng(self.seed)
        width = max(2, int(self.width) + 2)
        color = rng.uniform(0.12, 0.5) * rng.uniform(0.7, 1.3, 3)
        noise = rng.standard_normal((self.size[1], width), dtype=np.float32)
        streaks = cv2.GaussianBlur(noise, (0, 0), sigmaX=1.0, sigmaY=max(3.0, self.size[1] / 12))
        round_ = np.sqrt(np.clip(1.0 - 0.8 * np.linspace(-1, 1, width) ** 2, 0.05, 1.0))
        light = (1.0 + 0.9 * streaks) * round_
        made = light[..., None] * (color if channels == 3 else color.mean(keepdims=True))
        return np.clip(made, 0.0, 1.0).astype(np.float32)
