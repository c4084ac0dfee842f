"""Clips with known answers, and work that other processes can import."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import UnreadableVideo
from evenflow.core.events import CancelToken
from evenflow.data.row import Row

FPS = Fraction(24)


def texture(seed: int, size: tuple[int, int] = (240, 240), sigma: float = 0.7) -> np.ndarray:
    """A colored pattern `(h, w, 3)` with detail at every scale; its borders fit together."""
    rng = np.random.default_rng([seed, 7])
    width, height = size
    pace = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    waves = np.fft.fft2(rng.normal(size=(height, width, 3)), axes=(0, 1))
    waves *= (np.exp(-((pace * sigma * np.pi) ** 2)) / np.maximum(pace, 1 / 64))[..., None]
    made = np.fft.ifft2(waves, axes=(0, 1)).real  # amplitude 1/f, as in natural pictures; it wraps
    made = 128 + 36 * (made - made.mean()) / made.std()
    return np.clip(made, 0, 255).astype(np.uint8)


def moving(
    seed: int = 0,
    *,
    frames: int = 36,
    size: tuple[int, int] = (128, 96),
    speed: tuple[int, int] = (2, 1),
    grain: float = 0.0,
) -> np.ndarray:
    """A pattern that passes by, `(t, h, w, 3)`; speed in whole pixels a frame."""
    big = texture(seed, (480, 360))
    rng = np.random.default_rng([seed, 8])
    width, height = size
    made = []
    for i in range(frames):
        shown = np.roll(big, (-speed[1] * i, -speed[0] * i), axis=(0, 1))[:height, :width]
        if grain:
            shown = np.clip(shown + rng.normal(0, grain, shown.shape), 0, 255)
        made.append(shown.astype(np.uint8))
    return np.stack(made)


def clip_of(frames: np.ndarray, fps: Fraction = FPS) -> Clip:
    """Frames in memory as a clip."""
    return Clip(ArraySource(np.ascontiguousarray(frames), fps))


@dataclass(frozen=True)
class Shelf:
    """A dataset in memory: names to frames, or to an error; it counts how often each is opened."""

    clips: dict[str, np.ndarray | str]
    captions: dict[str, str] = field(default_factory=dict)
    name: str = "shelf"
    opened: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Row]:
        return (self.row(i) for i in range(len(self)))

    def row(self, index: int) -> Row:
        key = list(self.clips)[index]
        return Row(key, f"{key}.mp4", self.captions.get(key, f"a clip called {key}"))

    def clip(self, row: Row) -> Clip:
        self.opened.append(row.key)
        made = self.clips[row.key]
        if isinstance(made, str):
            raise UnreadableVideo(made)
        return clip_of(made)


@dataclass(frozen=True)
class Stopping(Shelf):
    """A shelf that stops the work when so many clips were opened."""

    token: CancelToken = field(default_factory=CancelToken)
    after: int = 1

    def clip(self, row: Row) -> Clip:
        made = super().clip(row)
        if len(self.opened) >= self.after:
            self.token.cancel()
        return made


def shelf(num: int = 4, frames: int = 10) -> Shelf:
    """Clips that differ."""
    return Shelf({f"clip{i}": moving(i, frames=frames) for i in range(num)})


def double(setup: int, job: int) -> int:
    """Work that takes longer for early jobs."""
    time.sleep(0.02 if job % 3 == 0 else 0.0)
    if job == 5:
        raise ValueError("five")
    return setup * job


def fatal(setup: str, job: int) -> int:
    """Kills its process over job 2 always, over job 4 the first time."""
    if job == 2:
        os._exit(3)
    if job == 4 and not (mark := Path(setup)).exists():
        mark.touch()
        os._exit(3)
    return job
