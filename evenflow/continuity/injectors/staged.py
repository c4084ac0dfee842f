"""Staged: painted balls that stand in a scene or cross it, as controls need them."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from evenflow.continuity.injectors.identity import noise
from evenflow.continuity.injectors.plant import Picture, painted
from evenflow.continuity.injectors.region import Region
from evenflow.core.clip import Frame, SourceInfo

NUM_BLUR = 5
"""Places that a moving ball is drawn at while the shutter is open for half a frame."""


@dataclass(frozen=True)
class Ball:
    """A ball with a painted surface.

    Args:
        radius: in source pixels.
        surface: `(n, n, 3)` in [0, 1]; the ball is the circle in it.
    """

    radius: float
    surface: Picture

    @staticmethod
    def drawn(radius: float, rng: np.random.Generator) -> "Ball":
        """Two colors in large blotches."""
        side = 2 * int(np.ceil(radius)) + 9
        field = noise((side, side), max(1.0, radius / 3), rng)
        share = np.clip(2.5 * field + 0.5, 0.0, 1.0)[..., None]
        light, dark = rng.uniform(0.55, 0.95, 3), rng.uniform(0.05, 0.35, 3)
        return Ball(radius, (dark + share * (light - dark)).astype(np.float32))

    def over(self, x: Picture, middle: tuple[float, float], turn: float) -> Picture:
        """Colors with the ball in front, lit from above left."""
        alpha, shown = self._layer(x.shape, middle, turn)
        made: Picture = x + alpha * (shown - x)
        return made

    def _layer(
        self, shape: tuple[int, ...], middle: tuple[float, float], turn: float
    ) -> tuple[Picture, Picture]:
        height, width, channels = shape
        col = np.arange(width, dtype=np.float32)[None, :] - np.float32(middle[0])
        row = np.arange(height, dtype=np.float32)[:, None] - np.float32(middle[1])
        radius = np.float32(self.radius)
        away = np.sqrt(col**2 + row**2)
        alpha = np.clip(radius + 0.5 - away, 0.0, 1.0)[..., None]
        half = (self.surface.shape[0] - 1) / 2
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        shown = cv2.remap(
            self.surface,
            (cos * col + sin * row + np.float32(half)).astype(np.float32),
            (cos * row - sin * col + np.float32(half)).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        rise = np.sqrt(np.clip(1.0 - (away / radius) ** 2, 0.0, 1.0))
        light = 0.45 + 0.4 * rise - 0.25 * (col + row) / radius
        shown = shown * np.clip(light, 0.1, 1.3)[..., None]
        if channels == 1:
            shown = shown.mean(axis=2, keepdims=True)
        return alpha, np.clip(shown, 0.0, 1.0).astype(np.float32)

    def moving(
        self, x: Picture, middle: tuple[float, float], step: tuple[float, float], turn: float
    ) -> Picture:
        """As `over`, blurred along the way that it makes in half a frame."""
        made = np.zeros_like(x)
        for part in np.linspace(-0.25, 0.25, NUM_BLUR):
            at = (middle[0] + part * step[0], middle[1] + part * step[1])
            made += self.over(x, at, turn)
        return made / np.float32(NUM_BLUR)


def standing(ball: Ball, region: Region, *, turn: float, fps: float) -> Callable[[Frame], Frame]:
    """Puts a ball in the middle of a region, turning by `turn` radians a second."""

    def edit(frame: Frame) -> Frame:
        matrix = region.track.at(frame.index)
        x, y = matrix[:2, :2] @ np.array(region.center) + matrix[:2, 2]
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
        sized = Ball(ball.radius * scale, ball.surface)
        return _in_box(frame, sized, (float(x), float(y)), (0.0, 0.0), turn * frame.index / fps)

    return edit


def crossing(
    ball: Ball,
    info: SourceInfo,
    *,
    start: float,
    end: float,
    count: int,
    rng: np.random.Generator,
) -> Callable[[Frame], Frame]:
    """Sends a ball from one side to the other between two shares of the clip's length."""
    reach = ball.radius + 3
    first, last = start * (count - 1), end * (count - 1)
    from_left = bool(rng.random() < 0.5)
    low, high = rng.uniform(0.25, 0.75, 2) * info.height
    way = np.array([info.width + 2 * reach, high - low])
    step = way / max(last - first, 1.0)
    spin = float(rng.uniform(-0.08, 0.08))

    def edit(frame: Frame) -> Frame:
        if not first <= frame.index <= last:
            return frame
        x, y = np.array([-reach, low]) + step * (frame.index - first)
        at = (float(x) if from_left else info.width - 1 - float(x), float(y))
        move = (float(step[0]) if from_left else -float(step[0]), float(step[1]))
        return _in_box(frame, ball, at, move, spin * frame.index)

    return edit


def _in_box(
    frame: Frame,
    ball: Ball,
    middle: tuple[float, float],
    step: tuple[float, float],
    turn: float,
) -> Frame:
    """Draws the ball into the part of the frame that it touches."""
    height, width = frame.pixels().shape[:2]
    reach = np.array([ball.radius + 2 + abs(step[0]) / 2, ball.radius + 2 + abs(step[1]) / 2])
    low = np.maximum(np.floor(np.array(middle) - reach), 0).astype(int)
    high = np.minimum(np.ceil(np.array(middle) + reach) + 1, [width, height]).astype(int)
    if (high <= low).any():
        return frame
    at = (middle[0] - float(low[0]), middle[1] - float(low[1]))
    box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    return painted(frame, box, lambda x: ball.moving(x, at, step, turn))
