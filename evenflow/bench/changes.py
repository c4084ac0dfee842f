"""Changes: what a clip goes through before it is checked again; the score should say the same.

Two groups: what must not matter (rate, size, compression, mirror), and what hides defects together
with the picture (frozen, blurred, crushed, collapsed), which must never be rewarded.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ArraySource, Clip, Pixels
from evenflow.core.errors import BadInput
from evenflow.io import read, write


@dataclass(frozen=True)
class Change:
    """One row of the table.

    Args:
        apply: makes the changed clip, in memory.
        group: `same` must not matter; `worse` must not be rewarded.
        meaning: what it is, in a few words.
        step: every how manieth frame is kept.
    """

    apply: Callable[[Clip], Clip]
    group: Literal["same", "worse"]
    meaning: str
    step: int = 1


def half_rate(clip: Clip) -> Clip:
    """Every second frame, at half the rate.

    Raises:
        BadInput: too little would be left to be judged.
    """
    if len(clip) < 32:
        raise BadInput(f"{clip.info.name} has {len(clip)} frames: half of them are too few")
    return _clip(clip.frames()[::2], clip, fps=clip.info.fps / 2)


def half_size(clip: Clip) -> Clip:
    """Half as wide and high, by area."""
    to = (clip.info.width // 2, clip.info.height // 2)
    return _each(clip, lambda frame: cv2.resize(frame, to, interpolation=cv2.INTER_AREA))


def mirror(clip: Clip) -> Clip:
    """Left and right exchanged."""
    return _clip(clip.frames()[:, :, ::-1], clip)


def compressed(clip: Clip, crf: float) -> Clip:
    """Through H.264 at a constant quality and back, by way of `ef.write`."""
    frames = clip.frames()
    even = frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]
    with tempfile.TemporaryDirectory(prefix="evenflow-bench-") as folder:
        path = Path(folder) / "clip.mp4"
        write(_clip(even, clip), path, crf=crf)
        return _clip(read(path).frames(), clip)


def frozen(clip: Clip) -> Clip:
    """The first frame, all the time."""
    frames = clip.frames()
    return _clip(np.repeat(frames[:1], len(frames), axis=0), clip)


def blurred(clip: Clip) -> Clip:
    """A Gaussian blur of a fiftieth of the height."""
    sigma = clip.info.height / 50
    return _each(clip, lambda frame: cv2.GaussianBlur(frame, (0, 0), sigma))


def collapsed(clip: Clip) -> Clip:
    """What a failed generator gives: soft colored blotches that wander, nothing else."""
    count, (height, width) = len(clip), (clip.info.height, clip.info.width)
    rng = np.random.default_rng(0)
    small = (max(2, height // 24), max(2, width // 24), 3)
    field = rng.standard_normal(small)
    frames = []
    for _ in range(count):
        field = 0.9 * field + np.sqrt(1 - 0.9**2) * rng.standard_normal(small)
        large = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
        frames.append(np.clip(128 + 40 * large, 0, 255).astype(np.uint8))
    return _clip(np.stack(frames), clip)


def _through(crf: float) -> Callable[[Clip], Clip]:
    return lambda clip: compressed(clip, crf)


CHANGES: dict[str, Change] = {
    "half_rate": Change(half_rate, "same", "every second frame, at half the rate", step=2),
    "half_size": Change(half_size, "same", "half as wide and high"),
    "crf_18": Change(_through(18), "same", "H.264 at crf 18"),
    "crf_23": Change(_through(23), "same", "H.264 at crf 23"),
    "crf_28": Change(_through(28), "same", "H.264 at crf 28"),
    "crf_35": Change(_through(35), "same", "H.264 at crf 35"),
    "mirror": Change(mirror, "same", "left and right exchanged"),
    "frozen": Change(frozen, "worse", "its first frame all the time"),
    "blurred": Change(blurred, "worse", "blurred by a fiftieth of the height"),
    "crushed": Change(_through(48), "worse", "H.264 at crf 48"),
    "collapsed": Change(collapsed, "worse", "wandering blotches in place of the picture"),
}


def _each(clip: Clip, edit: Callable[[Pixels], NDArray]) -> Clip:
    made = [edit(frame.pixels()) for frame in clip.stream()]
    frames = np.stack([m if m.ndim == 3 else m[:, :, None] for m in made])
    return _clip(frames, clip)


def _clip(frames: NDArray, like: Clip, *, fps: Fraction | None = None) -> Clip:
    pixels = cast("Pixels", np.ascontiguousarray(frames))
    return Clip(ArraySource(pixels, fps or like.info.fps, like.info.name))
