"""The world as a dataset: `world:story?seed=0&n=100000`, wherever a folder of videos may stand.

Scenes are made when their row is asked for, and drawn when their clip is: a scan makes nothing.
Row i is the scene of seed `seed + i`, so that `world:story?seed=7` is row 7 of `seed=0&n=100`.
"""

import difflib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote

import numpy as np

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.data.row import Row
from evenflow.io import parse_rate
from evenflow.world.clip import LEVELS, PRESETS, WorldSource, scene, truth_names
from evenflow.world.language import describe
from evenflow.world.spec import Preset, SceneSpec
from evenflow.world.words import COLORS, FIXTURES, THINGS, WALKERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenflow.world.defects.defect import Planted
    from evenflow.world.truth import Truth

SCHEME = "world:"
KEYS = (
    "seed", "n", "frames", "fps", "size", "style", "camera", "truth", "level", "defects",
    "strength", "share", "without",
)  # fmt: skip
"""What a query may say."""
MIX = "mix"
"""A level of its own for every scene."""


@dataclass(frozen=True)
class WorldRows:
    """Scenes of one preset.

    Args:
        preset: `lab`, `story`, `flat` or `maze`.
        seed, n: scenes of the seeds `[seed, seed + n)`.
        frames, fps, size: of every clip.
        style, camera: of every clip, or None where the seed chooses.
        truth: what `truth` and batches tell besides, see `clip.truth_names`.
        level: of `Row.caption`, `L0` to `L5`, or `mix`; all levels are in `Row.captions`.
        defects: kinds of which one is planted in each scene that can have it.
        strength: of the defects, 1 to 5; 0 draws it.
        share: of the scenes that get a defect.
        without: colors with kinds (`red cone`) that are kept unseen: a scene that shows one, at
            any time, cannot be had.
        device: where clips are drawn.
    """

    preset: Preset
    seed: int = 0
    n: int = 1
    frames: int = 49
    fps: Fraction = Fraction(12)
    size: tuple[int, int] = (128, 128)
    style: str | None = None
    camera: str | None = None
    truth: tuple[str, ...] = ()
    level: str = "L2"
    defects: tuple[str, ...] = ()
    strength: int = 0
    share: float = 1.0
    without: tuple[str, ...] = ()
    device: str = field(default="cpu", compare=False)

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise BadInput(f"there is no preset {self.preset!r}: say one of {', '.join(PRESETS)}")
        if self.level not in (*LEVELS, MIX):
            raise BadInput(
                f"there is no level {self.level!r}: say one of {', '.join(LEVELS)} or {MIX}"
            )
        if self.n < 1:
            raise BadInput(f"a dataset of the world has at least one scene, got n={self.n}")
        if self.seed < 0:
            raise BadInput(f"a seed is 0 or more, got {self.seed}")
        if not 0 <= self.strength <= 5 or not 0 <= self.share <= 1:
            raise BadInput(
                "a strength is 1 to 5 (0: any) and a share 0 to 1, got "
                f"{self.strength} and {self.share:g}"
            )
        for pair in self.without:
            color, _, kind = pair.partition(" ")
            if color not in COLORS or kind not in (*THINGS, *WALKERS, *FIXTURES):
                raise BadInput(f"what is left out is a color and a kind, a red cone, got {pair!r}")
        if self.defects:
            from evenflow.world.defects import DEFECTS

            for kind in self.defects:
                if kind != "all" and kind not in DEFECTS:
                    raise BadInput(
                        f"no defect of kind {kind!r} can be planted: there are "
                        f"{', '.join(DEFECTS)}, or all"
                    )

    @property
    def name(self) -> str:
        """What opens it again."""
        return self.address(self.seed, self.n)

    def address(self, seed: int, n: int = 1) -> str:
        """`world:...` of some of its scenes."""
        said: dict[str, Any] = {"seed": seed, "n": n}
        plain = {one.name: one.default for one in fields(self)}
        for name in KEYS[2:]:
            value = getattr(self, name)
            if value != plain[name]:
                joined = {"size": "x", "truth": ",", "defects": ",", "without": ","}.get(name)
                said[name] = joined.join(map(str, value)) if joined else value
        if n == 1:
            del said["n"]
        query = "&".join(f"{k}={quote(str(v), safe=',/')}" for k, v in said.items())
        return f"{SCHEME}{self.preset}?{query}"

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[Row]:
        """What is known of every row before its scene is made: not its caption, nor its hash."""
        return (self.stub(index) for index in range(self.n))

    def stub(self, index: int) -> Row:
        """Row `index` without what only its scene knows."""
        if not 0 <= index < self.n:
            raise IndexError(f"{self.name} has rows 0 to {self.n - 1}, got {index}")
        seed = self.seed + index
        width, height = self.size
        return Row(
            f"{self.preset}_{seed:09d}",
            self.address(seed),
            num_frames=self.frames,
            fps=self.fps,
            width=width,
            height=height,
            source="evenflow world",
            extra={"seed": seed},
        )

    def row(self, index: int) -> Row:
        """Row `index` with its captions; makes the scene, draws nothing."""
        row = self.stub(index)
        try:
            spec = self.spec(row)
        except BadInput as error:
            return replace(row, marks={"broken": f"{row.key}: {error}"})
        captions: dict[str, str] = {level: describe(spec, level) for level in LEVELS}
        level, seed = self.level, self.seed + index
        if level == MIX:
            rng = np.random.default_rng([seed, 0xCA9])
            level = LEVELS[int(rng.integers(len(LEVELS)))]
        hash_ = spec.digest
        if order := self._defects(seed):
            said = json.dumps([spec.digest, *order])
            hash_ = hashlib.sha256(said.encode()).hexdigest()
        return replace(row, caption=captions[level], captions=captions, hash=hash_)

    def spec(self, row: Row) -> SceneSpec:
        """The scene of a row.

        Raises:
            BadInput: it is no row of this dataset, or its scene cannot be staged.
        """
        seed = row.extra.get("seed")
        if not isinstance(seed, int) or not self.seed <= seed < self.seed + self.n:
            raise BadInput(f"{row.key} is no row of {self.name}")
        spec = _scene(self.preset, seed, self.frames, self.fps, self.size, self.style, self.camera)
        if self.without and (shown := pairs(spec) & set(self.without)):
            raise BadInput(f"{row.key} shows a {min(shown)}, which is left out")
        return spec

    def clip(self, row: Row) -> Clip:
        """The scene of a row, drawn when it is streamed; with its defect where it has one."""
        planted = self.planted(row)
        return Clip(self.source(row)) if planted is None else planted.clip

    def _defects(self, seed: int) -> list[tuple[str, int]]:
        """Kinds and strengths that a scene is tried for, in order; none where it stays clean."""
        if not self.defects:
            return []
        from evenflow.world.defects import DEFECTS

        kinds = tuple(DEFECTS) if "all" in self.defects else self.defects
        rng = np.random.default_rng([seed, 0xDEF5])
        if rng.random() >= self.share:
            return []
        strengths = rng.integers(1, 6, len(kinds))
        order = rng.permutation(len(kinds))
        return [(kinds[i], self.strength or int(strengths[i])) for i in order]

    def planted(self, row: Row) -> "Planted | None":
        """The defect of a row: of the kinds that it is tried for, the first that it can have.

        None where the dataset has no defects, or none for this scene. Draws its scene on the way.
        """
        order = self._defects(row.extra.get("seed", 0))
        if not order:
            return None
        from evenflow.world.defects import inject

        spec, seed = self.spec(row), int(row.extra["seed"])
        for kind, strength in order:
            try:
                return inject(spec, kind, strength=strength, seed=seed, device=self.device)
            except BadInput:
                continue
        return None

    def source(self, row: Row) -> WorldSource:
        """The scene of a row as a source of frames.

        Raises:
            UnreadableVideo: the scene cannot be staged.
        """
        try:
            spec = self.spec(row)
        except BadInput as error:
            raise UnreadableVideo(f"{row.key}: {error}") from None
        return WorldSource(spec, device=self.device, name=row.key)

    def known(self, row: Row) -> "tuple[NDArray[np.uint8], Truth]":
        """Pictures `(t, h, w, 3)` of a row and the truth that the dataset was asked for."""
        return self.source(row).draw(range(self.frames), truth=truth_names(self.truth))


def pairs(spec: SceneSpec) -> set[str]:
    """Colors with kinds that a scene shows at some time: `red cone`."""
    kinds = {one.id: one.kind for one in spec.cast}
    shown = {f"{one.color} {one.kind}" for one in spec.cast}
    return shown | {f"{e.color} {kinds[e.agent]}" for e in spec.events if e.color}


@lru_cache(maxsize=64)
def _scene(
    preset: Preset,
    seed: int,
    frames: int,
    fps: Fraction,
    size: tuple[int, int],
    style: str | None,
    camera: str | None,
) -> SceneSpec:
    return scene(
        preset=preset, seed=seed, frames=frames, fps=fps, size=size, style=style, camera=camera
    )


def world_rows(address: str) -> WorldRows:
    """The dataset that `world:PRESET?seed=0&n=100&...` names.

    Query keys: `seed` (0), `n` (1), `frames` (49), `fps` (12), `size` (`128` or `256x144`),
    `style`, `camera` (moves joined by `,`), `truth` (names joined by `,`), `level` (`L2`; `mix`
    draws one a scene), `defects` (kinds joined by `,`, or `all`), `strength` (1 to 5; one is drawn
    where it is not said), `share` of the scenes that get a defect (1) and `without` (colors with
    kinds that no scene may show, `red cone,blue cube`).

    Raises:
        BadInput: an unknown preset or key, or a value that cannot be.

    >>> world_rows("world:lab?seed=3&n=20&size=64").name
    'world:lab?seed=3&n=20&size=64x64'
    """
    preset, _, query = address.removeprefix(SCHEME).partition("?")
    said: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in KEYS:
            near = difflib.get_close_matches(name, KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"say some of {', '.join(KEYS)}"
            raise BadInput(f"{address[:80]} asks for {name!r}, which a world does not have: {hint}")
        if name in said:
            raise BadInput(f"{address[:80]} says {name} twice")
        said[name] = value.strip()
    values: dict[str, Any] = {}
    for name in ("seed", "n", "frames", "strength"):
        if name in said:
            if not said[name].isascii() or not said[name].isdigit() or len(said[name]) > 15:
                raise BadInput(f"{name} is a whole number of 0 or more, got {said[name]!r}")
            values[name] = int(said[name])
    if "fps" in said:
        values["fps"] = parse_rate(said["fps"])
    if "size" in said:
        parts = said["size"].lower().split("x")
        if len(parts) > 2 or not all(part.isdigit() and len(part) < 6 for part in parts):
            raise BadInput(f"size is 128 or 256x144, got {said['size']!r}")
        values["size"] = (int(parts[0]), int(parts[-1]))
    for name in ("style", "camera"):
        if said.get(name):
            values[name] = said[name]
    if said.get("truth"):
        values["truth"] = tuple(one.strip() for one in said["truth"].split(","))
        truth_names(values["truth"])
    if "level" in said:
        values["level"] = said["level"]
    if "share" in said:
        try:
            values["share"] = float(said["share"])
        except ValueError:
            raise BadInput(f"share is a number from 0 to 1, got {said['share']!r}") from None
    if said.get("defects"):
        values["defects"] = tuple(one.strip() for one in said["defects"].split(","))
    if said.get("without"):
        values["without"] = tuple(one.strip() for one in said["without"].split(","))
    rows = WorldRows(cast("Preset", preset or "story"), **values)
    problem: BadInput | None = None
    for seed in range(rows.seed, rows.seed + min(rows.n, 3)):
        try:  # a size, style, camera or length that cannot be is told at once
            replace(rows, without=()).spec(rows.stub(seed - rows.seed))
            break
        except BadInput as error:
            problem = error
    else:
        assert problem is not None
        raise problem
    return rows
