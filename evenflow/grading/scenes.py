"""Scenes that the parser learns from: pictures, ids, and what every id is, as small files.

A scene is a random one of the world (`sampling.random_spec`), some of its frames drawn, with the
colors and kinds of the spec and the joints of the animation: no person has labeled anything. Seeds
below FIRST are never drawn here, so whatever a test or a bench looks at is new to the parser.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.control import project
from evenflow.world.spec import Preset
from evenflow.world.words import COLORS, FIXTURES, PATTERNS, STYLES, THINGS, WALKERS

FIRST = 10_000_000
"""Smallest seed of a scene that may be learned from."""
KINDS = (*THINGS, *WALKERS, *FIXTURES)
"""What the parser tells apart, in the order of its channels."""
TINTS = tuple(COLORS)
"""Colors in the order of the parser's channels."""
SHARES: tuple[tuple[Preset, float], ...] = (
    ("lab", 0.42),
    ("story", 0.48),
    ("flat", 0.06),
    ("maze", 0.04),
)
"""How often a preset is drawn."""
SIZES = ((128, 128), (128, 128), (160, 128), (192, 128), (224, 128), (96, 128))
"""(width, height) of what is drawn, as often as they stand here."""


@dataclass(frozen=True)
class Sample:
    """Some frames of one scene, and what is true of them.

    Letters: `n` frames, `e` entities (row i is id i + 1), `k` soles.

    Args:
        pictures: uint8 `(n, h, w, 3)`.
        ids: of entities, 0 for the background, uint8 `(n, h, w)`.
        color: row of TINTS of every frame, uint8 `(n, e)`.
        second, pattern, kind: rows of TINTS, PATTERNS and KINDS, uint8 `(e,)`.
        middle: pixels where the center of each entity is, hidden or not, `(n, e, 2)`; NaN where it
            is not in front of the camera.
        soles: pixels of the soles of walkers on the ground, NaN where there is none, `(n, k, 2)`.
    """

    pictures: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    color: NDArray[np.uint8]
    second: NDArray[np.uint8]
    pattern: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    middle: NDArray[np.float32]
    soles: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Writes an npz, whole or not at all."""
        beside = path.with_name(path.name + ".part")
        with beside.open("wb") as file:
            np.savez_compressed(file, **vars(self))
        beside.replace(path)

    @staticmethod
    def load(path: Path) -> "Sample":
        """The inverse of `save`."""
        with np.load(path, allow_pickle=False) as file:
            return Sample(**{name: file[name] for name in file.files})


def preset_of(number: int) -> Preset:
    """The preset of sample `number`."""
    rng = np.random.default_rng([number, 0x9A25E])
    return SHARES[int(rng.choice(len(SHARES), p=[share for _, share in SHARES]))][0]


def draw(number: int, *, pictures: int = 6) -> Sample | None:
    """Sample `number`: preset, size, style and frames follow from it; None if nothing was staged.

    Args:
        number: 0 or more.
        pictures: frames of the scene that are drawn, spread over it.
    """
    from evenflow.world.clip import WorldSource
    from evenflow.world.sampling import random_spec

    rng = np.random.default_rng([number, 0x9A25E])
    names = [name for name, _ in SHARES]
    preset = names[int(rng.choice(len(names), p=[share for _, share in SHARES]))]
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    factor = int(rng.choice([1, 1, 1, 1, 2]))  # some are drawn large and brought down
    num = int(rng.choice([25, 37, 49, 61]))
    try:
        spec = random_spec(
            preset, FIRST + number, frames=num, fps=Fraction(12),
            size=(width * factor, height * factor),
        )  # fmt: skip
    except BadInput:
        return None
    if preset != "lab" and rng.random() < 0.25:
        spec = replace(spec, style=str(rng.choice(STYLES)))
    source = WorldSource(spec)
    animation = source.animation
    chosen = np.unique(np.linspace(0, num - 1, pictures) + rng.uniform(-2, 2, pictures))
    frames = sorted({int(np.clip(round(f), 0, num - 1)) for f in chosen})
    drawn, truth = source.draw(frames, truth=("instance",))
    assert truth.instance is not None
    ids = truth.instance.cpu().numpy()
    if ids.max(initial=0) > 255:
        return None
    if factor == 2:
        mean = drawn.reshape(len(frames), height, 2, width, 2, 3).astype(np.float32)
        drawn = np.rint(mean.mean((2, 4))).astype(np.uint8)
        corner = rng.integers(0, 2, 2)
        ids = ids[:, corner[0] :: 2, corner[1] :: 2]
    cast = spec.cast
    middle = np.full((len(frames), len(cast), 2), np.nan, np.float32)
    for i, frame in enumerate(frames):
        pixels, depth = project(animation.entities.position[frame], animation.camera, frame)
        known = (depth > 0.2) & animation.entities.present[frame]
        middle[i, known] = pixels[known] / factor
    walkers = animation.skeletons
    soles = np.full((len(frames), 4 * len(walkers.entity), 2), np.nan, np.float32)
    for i, frame in enumerate(frames):
        for j, who in enumerate(walkers.entity):
            if not animation.entities.present[frame, who - 1]:
                continue
            pixels, depth = project(walkers.feet[frame, j], animation.camera, frame)
            row = np.where((depth > 0.2)[:, None], pixels / factor, np.nan)
            soles[i, 4 * j : 4 * j + 4] = row
    return Sample(
        pictures=np.ascontiguousarray(drawn),
        ids=np.ascontiguousarray(ids.astype(np.uint8)),
        color=animation.entities.color[frames].astype(np.uint8),
        second=np.array([TINTS.index(one.second) for one in cast], np.uint8),
        pattern=np.array([PATTERNS.index(one.pattern) for one in cast], np.uint8),
        kind=np.array([KINDS.index(one.kind) for one in cast], np.uint8),
        middle=middle,
        soles=soles,
    )


def fill(folder: Path, numbers: range) -> None:
    """Draws samples into a folder, one file each; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        path = folder / f"{number:06d}.npz"
        if path.exists():
            continue
        sample = draw(number)
        if sample is not None:
            sample.save(path)
