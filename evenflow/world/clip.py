"""Clips of the world: from a caption or a seed to pictures and truth, in memory or as files.

`scene` makes a SceneSpec, `WorldSource` draws it lazily, `sample` does both, `write_truth` puts all
that is known of a scene into a folder, `sample_many` does this in several processes. A clip's bytes
depend on its scene alone: not on chunks, batches, or the number of workers.

| file | dtype, shape | what |
|---|---|---|
| `scene.json` | text | the SceneSpec: `evenflow world sample --spec scene.json` draws it again |
| `captions.json` | text | captions L0 to L5, ambiguous form, counterfactuals |
| `events.json` | text | events as staged, as they happened, and contacts (`Contact`) |
| `states.npz` | float32 | state of every entity, `EntityTrack`; `shot` and `place` of frames |
| `skeletons.npz` | float32 | joints, soles, stance and phase of walkers, `Skeletons` |
| `cameras.npz` | float32 | `intrinsics (t, 3, 3)`, `world_to_camera (t, 4, 4)`, `orthographic` |
| `cameras.txt` | text | the same as RealEstate10K rows (perspective cameras) |
| `light.npz` | float32 | `LightTrack`: direction, colors, fog, lamps |
| `actions.npy` | float32 (t, 10) | keys and looks of a scene that was played |
| `depth.npy` | float32 (t, h, w) | z-depth in world units, infinite for the sky |
| `instance.npy`, `part.npy` | int16 (t, h, w) | ids; 0 ground and sky; parts: -1 ground, -2 sky |
| `forward_flow.npy`, `backward_flow.npy` | float32 (t, h, w, 2) | (dx, dy) in pixels |
| `forward_occlusion.npy`, `backward_occlusion.npy` | bool (t, h, w) | not seen in that frame |
| `normals.npy`, `albedo.npy`, `coordinates.npy` | float32 (t, h, w, 3) | see `Truth` |
| `shadow.npy` | float32 (t, h, w) | share of the sun that is blocked |
| `boxes.npz` | int16, float32, int32 | `boxes`, `boxes_3d`, `visible` pixels of entities |
| `tracks.npz` | float32 (n, t, 2) | point tracks in TAP layout, `occluded (n, t)` |
| `valid.npz` | bool (t,) | frames whose `forward_flow`, `backward_flow` cross no cut |
| `truth.json` | text | names, units, versions, digests of what lies beside it |
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ArrayFrame, Clip, SourceInfo
from evenflow.core.errors import BackendMissing, BadInput, OutputExists
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.world.animation import Animation
from evenflow.world.spec import CameraMove, Preset, SceneSpec
from evenflow.world.words import CAMERA_MOVES, COLORS, STYLES

if TYPE_CHECKING:
    from evenflow.world.truth import Truth

DENSE = (
    "depth", "instance", "part", "forward_flow", "backward_flow", "forward_occlusion",
    "backward_occlusion", "normals", "shadow", "albedo", "coordinates",
)  # fmt: skip
"""Truth that has a value for every pixel."""
OTHERS = ("light_direction", "visible", "boxes", "boxes_3d", "tracks", "cameras")
TRUTH = (*DENSE, *OTHERS)
"""What can be asked for by name; SHORT has names for several."""
SHORT = {
    "all": TRUTH,
    "flow": ("forward_flow", "backward_flow"),
    "occlusion": ("forward_occlusion", "backward_occlusion"),
    "normal": ("normals",),
    "ids": ("instance", "part"),
}
PRESETS: tuple[Preset, ...] = get_args(Preset)
Level = Literal["L0", "L1", "L2", "L3", "L4", "L5"]
LEVELS: tuple[Level, ...] = get_args(Level)
MOVES = {
    "pan left": 0.5, "pan right": 0.5, "tilt up": 0.25, "tilt down": 0.25, "dolly in": 1.6,
    "dolly out": 1.6, "truck left": 1.4, "truck right": 1.4, "rise": 1.0, "sink": 0.7,
    "orbit left": 0.8, "orbit right": 0.8, "zoom in": 1.6, "zoom out": 0.625, "shake": 1.2,
    "whip pan left": 1.2, "whip pan right": 1.2,
}  # fmt: skip
"""How far a camera goes where nobody says it; units as in `CameraMove.amount`."""


def truth_names(names: Sequence[str]) -> tuple[str, ...]:
    """Flags of `Truth` from what a person asks for: `all`, `flow`, `depth`, ...

    >>> truth_names(["depth", "flow"])
    ('depth', 'forward_flow', 'backward_flow')

    Raises:
        BadInput: there is no such truth.
    """
    wanted: list[str] = []
    for name in names:
        plain = name.strip().lower().replace("-", "_").replace(" ", "_")
        if plain not in SHORT and plain not in TRUTH:
            raise BadInput(
                f"there is no truth {name!r}: say {', '.join(SHORT)} or some of {', '.join(TRUTH)}"
            )
        wanted += SHORT.get(plain, (plain,))
    return tuple(name for name in TRUTH if name in wanted)


def scene(
    caption: str | None = None,
    *,
    preset: Preset = "story",
    seed: int = 0,
    frames: int = 49,
    size: tuple[int, int] = (128, 128),
    fps: Fraction = Fraction(12),
    style: str | None = None,
    camera: str | None = None,
) -> SceneSpec:
    """A scene that shows a caption, or, without one, a scene that the seed chooses.

    Args:
        caption: see `language.parse`.
        preset: `lab` (plain, gradable), `story` (scenery, walkers), `flat` (physics seen from the
            side, orthographic), `maze` (rooms with landmarks; takes no caption).
        frames, size, fps: of the clip; size is (width, height).
        style: a row of STYLES; by default what the caption or the seed says.
        camera: rows of CAMERA_MOVES in place of the shots' own, joined by `, `; they last the shot.

    Raises:
        BadInput: an unknown word, a scene that cannot be staged, a value out of range.
    """
    if preset not in PRESETS:
        raise BadInput(f"there is no preset {preset!r}: say one of {', '.join(PRESETS)}")
    if style is not None and style not in STYLES:
        raise BadInput(f"there is no style {style!r}: say one of {', '.join(STYLES)}")
    if frames < 1:
        raise BadInput(f"a clip has at least one frame, got {frames}")
    if min(size) < 8 or max(size) > 16_384:
        raise BadInput(f"a picture has sides of 8 to 16384 pixels, got {size[0]}x{size[1]}")
    if not 0.1 <= fps <= 1000:
        raise BadInput(f"a frame rate is 0.1 to 1000 a second, got {float(fps):g}")
    if seed < 0:
        raise BadInput(f"a seed is 0 or more, got {seed}")
    if preset == "maze":
        if caption:
            raise BadInput("a maze is walked, not told: leave out the caption, or say --preset lab")
        from evenflow.world.maze import maze_spec

        spec = maze_spec(seed, frames=frames, fps=fps, size=size, behind=seed % 2 == 1)
    elif caption:
        from evenflow.world.language import parse
        from evenflow.world.staging import stage

        script = parse(caption)
        spec = stage(script, preset=preset, seed=seed, frames=frames, fps=fps, size=size)
    else:
        from evenflow.world.sampling import random_spec

        spec = random_spec(preset, seed, frames=frames, fps=fps, size=size)
    if style is not None:
        spec = replace(spec, style=style)
    if camera is not None:
        spec = with_camera(spec, camera)
    return spec


def with_camera(spec: SceneSpec, moves: str) -> SceneSpec:
    """The same scene with other camera moves in every shot, by their names.

    Raises:
        BadInput: there is no such move; or the camera is played, or there is nobody to follow.
    """
    names = [" ".join(name.split()).lower().replace("-", " ") for name in moves.split(",")]
    for name in names:
        if name not in CAMERA_MOVES:
            raise BadInput(
                f"there is no camera move {name!r}: say some of {', '.join(CAMERA_MOVES)}"
            )
    if spec.actions:
        raise BadInput("the camera of this scene is played: it goes where the actions lead it")
    start, shots = 0.0, []
    for shot in spec.shots:
        end = start + shot.frames / float(spec.fps)
        rows = []
        for name in names:
            if name == "static":
                continue
            target = 0
            if name == "follow":
                agents = [e.agent for e in spec.events if e.agent] or [c.id for c in spec.cast]
                if not agents:
                    raise BadInput("the camera follows somebody, and nobody is there")
                target = agents[0]
            rows.append(CameraMove(name, start, end, MOVES.get(name, 1.0), target))
        camera = replace(shot.camera, moves=tuple(rows), keys=())
        shots.append(replace(shot, camera=camera))
        start = end
    return replace(spec, shots=tuple(shots))


@dataclass(frozen=True)
class WorldSource:
    """A scene as a source of frames: simulated once, drawn in chunks when it is streamed.

    Args:
        spec: the scene.
        device: where it is drawn.
        antialias: soft edges.
        chunk: frames that are drawn at once; it changes no byte.
        warnings: nothing is ever wrong with a scene.
    """

    spec: SceneSpec
    device: str = "cpu"
    antialias: bool = True
    chunk: int = 8
    name: str = "world"
    warnings: tuple[str, ...] = ()

    @cached_property
    def animation(self) -> Animation:
        """The scene, simulated."""
        from evenflow.world.simulate import simulate

        return simulate(self.spec)

    @cached_property
    def _lit(self) -> Animation:
        """The same, with the shadows' reach worked out once."""
        from evenflow.world.shadows import reach

        middle, half = reach(self.animation)
        return replace(self.animation, sunlit=np.concatenate([middle, half[:, None]], axis=1))

    @property
    def info(self) -> SourceInfo:
        """Size, rate, length."""
        width, height = self.spec.size
        return SourceInfo(self.name, width, height, self.spec.fps, self.spec.num_frames)

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[ArrayFrame]:
        """Frames `[start, stop)`, in memory for `chunk` frames."""
        rows = range(*slice(start, stop).indices(self.spec.num_frames))
        for first in range(0, len(rows), self.chunk):
            if cancel is not None:
                cancel.check()
            some = rows[first : first + self.chunk]
            pictures = self.draw(some)[0]
            for i, picture in zip(some, pictures, strict=True):
                yield ArrayFrame(i, i / Fraction(self.spec.fps), picture)

    def draw(
        self, frames: Sequence[int], *, truth: Sequence[str] = ()
    ) -> "tuple[NDArray[np.uint8], Truth]":
        """Pictures `(t, h, w, 3)` of some frames, and their truth."""
        render = _render()
        rows = [int(f) for f in frames]
        num = self.spec.num_frames
        if not rows or min(rows) < 0 or max(rows) >= num:
            raise BadInput(f"this scene has frames 0 to {num - 1}, got {rows[:1] or 'none'}")
        # Only what is near is handed over: a call costs as much as its frames, not the clip.
        first, last = max(min(rows) - 1, 0), min(max(rows) + 2, num)
        drawn = render(
            [cut(self._lit, first, last)],
            frames=[f - first for f in rows],
            device=self.device,
            truth=tuple(truth),
            antialias=self.antialias,
        )
        return drawn.frames[0].cpu().numpy(), drawn.truth[0]


def cut(animation: Animation, start: int, stop: int) -> Animation:
    """The frames `[start, stop)` of an animation, as an animation of the same scene.

    Contacts and what happened keep their frames in the whole scene, and shadows their texels.
    """
    from evenflow.world.shadows import reach

    middle, half = reach(animation)
    sunlit = np.concatenate([middle, half[:, None]], axis=1)
    some = slice(start, stop)
    flat = {"shape", "entity", "param", "pattern", "material", "pattern_scale", "pattern_seed"}

    def cut_all(group: Any, but: frozenset[str] | set[str] = frozenset()) -> Any:
        rows = {n: v[some] for n, v in vars(group).items() if n not in but}
        return replace(group, **rows)

    return replace(
        animation,
        parts=cut_all(animation.parts, flat),
        camera=cut_all(animation.camera),
        light=cut_all(animation.light),
        entities=cut_all(animation.entities),
        skeletons=cut_all(animation.skeletons, {"entity"}),
        shot=animation.shot[some],
        place=animation.place[some],
        sunlit=sunlit[some],
    )


def _render() -> Any:
    try:
        from evenflow.world.render import render
    except ImportError as error:
        if error.name not in ("torch", "jaxtyping"):
            raise
        raise BackendMissing(
            f"drawing the world needs {error.name}: pip install 'evenflow[gen]'"
        ) from None
    return render


def need_torch() -> None:
    """Raises BackendMissing, which names the extra, if the world cannot be drawn here."""
    _render()


def sample(
    caption: str | None = None,
    *,
    preset: Preset = "story",
    seed: int = 0,
    frames: int = 49,
    size: tuple[int, int] = (128, 128),
    fps: Fraction = Fraction(12),
    truth: Sequence[str] = (),
    style: str | None = None,
    camera: str | None = None,
    spec: SceneSpec | None = None,
    device: str = "cpu",
    antialias: bool = True,
) -> "tuple[Clip, Truth]":
    """A clip that shows a caption, and what is true of it.

    The clip is lazy (`WorldSource`); truth is drawn at once, and empty where none is asked for.

    Args:
        caption, preset, seed, frames, size, fps, style, camera: see `scene`.
        truth: see `truth_names`.
        spec: a scene, instead of all these.
        device: `cpu` or `cuda`.

    Raises:
        BadInput: see `scene`.
        BackendMissing: torch is not there.
    """
    names = truth_names(truth)
    need_torch()
    from evenflow.world.truth import Truth

    if spec is None:
        spec = scene(
            caption, preset=preset, seed=seed, frames=frames, size=size, fps=fps,
            style=style, camera=camera,
        )  # fmt: skip
    source = WorldSource(spec, device=device, antialias=antialias)
    found = Truth()
    if names:
        found = source.draw(range(spec.num_frames), truth=names)[1]
    return Clip(source), found


def captions(spec: SceneSpec, levels: Sequence[Level] = LEVELS) -> dict[str, Any]:
    """Captions of a scene by level, its ambiguous form, and captions that are false of it.

    Of L4 there is the text and, as `timed`, its stretches with their seconds.
    """
    from evenflow.world.language import counterfactuals, describe, describe_timed

    rows: dict[str, Any] = {}
    for level in levels:
        if level not in LEVELS:
            raise BadInput(f"there is no level {level!r}: say one of {', '.join(LEVELS)}")
        rows[level] = describe(spec, level)
    if "L4" in levels:
        rows["timed"] = asdict(describe_timed(spec))
    rows["ambiguous"] = describe(spec, "L2", form="ambiguous")
    rows["counterfactuals"] = [
        {k: v for k, v in vars(one).items() if k != "script"}
        for one in counterfactuals(spec, seed=spec.seed)
    ]
    return rows


def write_truth(
    source: WorldSource,
    folder: str | Path,
    *,
    truth: Sequence[str] = ("all",),
    levels: Sequence[Level] = LEVELS,
    overwrite: bool = False,
    pictures: NDArray[np.uint8] | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Writes what is known of a scene into a folder; the table above says which files.

    The folder appears when it is whole. Arrays are written chunk by chunk, so memory stays small.

    Args:
        truth: see `truth_names`; states, events, cameras and light are always written.
        levels: of the captions.
        overwrite: replace the folder if it holds truth already.
        pictures: `(t, h, w, 3)`, filled with the pictures that are drawn on the way.

    Raises:
        OutputExists: something is there and `overwrite` is off, or it is no folder of truth.
        BadInput: the folder around it does not exist.
    """
    folder = Path(folder).expanduser()
    names = truth_names(truth)
    free_folder(folder, overwrite=overwrite)
    beside = Path(
        tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", suffix=".part", dir=folder.parent)
    )
    try:
        beside.chmod(0o755)
        _write_known(source, beside, levels)
        _write_drawn(source, beside, names, pictures, progress, cancel)
        _write_index(source, beside, names)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.parent))
            folder.replace(old / "old")
            beside.replace(folder)
            shutil.rmtree(old)
        else:
            beside.replace(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return folder


def free_folder(folder: Path, *, overwrite: bool) -> None:
    """Raises where a folder of truth may not be written."""
    if not folder.parent.is_dir():
        raise BadInput(f"the folder {folder.parent} does not exist: make it first")
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        if not overwrite:
            raise OutputExists(f"{folder.name} is already there: choose another name or say --yes")
        if not (folder / "truth.json").is_file():
            raise OutputExists(
                f"{folder.name} holds something else than truth: choose another name"
            )


def _json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_known(source: WorldSource, folder: Path, levels: Sequence[Level]) -> None:
    """What needs no pictures."""
    from evenflow.world.spec_file import write_spec
    from evenflow.world.trajectories import write_trajectory

    spec, animation = source.spec, source.animation
    write_spec(spec, folder / "scene.json")
    _json(folder / "captions.json", captions(spec, levels))
    _json(
        folder / "events.json",
        {
            "staged": [asdict(event) for event in spec.events],
            "happened": [asdict(one) for one in animation.happened],
            "contacts": [asdict(one) for one in animation.contacts],
        },
    )
    names = np.array([one.kind for one in spec.cast])
    states = dict(vars(animation.entities))
    np.savez_compressed(
        folder / "states.npz",
        **states,
        kind=names,
        shot=animation.shot,
        place=animation.place,
        color_names=np.array(list(COLORS)),
    )
    np.savez_compressed(folder / "skeletons.npz", **vars(animation.skeletons))
    np.savez_compressed(folder / "cameras.npz", **vars(animation.camera))
    np.savez_compressed(folder / "light.npz", **vars(animation.light))
    if not animation.camera.orthographic.any():
        write_trajectory(
            folder / "cameras.txt", animation.camera, size=spec.size, fps=float(spec.fps)
        )
    if spec.actions:
        np.save(folder / "actions.npy", np.array(spec.actions, np.float32))


def _write_drawn(
    source: WorldSource,
    folder: Path,
    names: Sequence[str],
    pictures: NDArray[np.uint8] | None,
    progress: Progress | None,
    cancel: CancelToken | None,
) -> None:
    """What is read off the pictures' pixels, chunk by chunk."""
    spec = source.spec
    num = spec.num_frames
    dense = [name for name in names if name in DENSE]
    small = [name for name in ("visible", "boxes", "boxes_3d") if name in names]
    valid = [f"{way}_valid" for way in ("forward", "backward") if f"{way}_flow" in names]
    files: dict[str, Any] = {}
    lists: dict[str, list[NDArray]] = {name: [] for name in (*small, *valid)}
    asked = (*dense, *small)
    meter = Meter("truth", num, progress=progress, cancel=cancel)
    if asked or pictures is not None:
        for first in range(0, num, source.chunk):
            rows = range(first, min(first + source.chunk, num))
            drawn, found = source.draw(rows, truth=asked)
            if pictures is not None:
                pictures[rows.start : rows.stop] = drawn
            for name in dense:
                values = getattr(found, name).cpu().numpy()
                if values.dtype == np.float32:
                    values = values + np.float32(0)  # there is one zero, not two
                if name not in files:
                    files[name] = np.lib.format.open_memmap(
                        folder / f"{name}.npy",
                        mode="w+",
                        dtype=values.dtype,
                        shape=(num, *values.shape[1:]),
                    )
                files[name][rows.start : rows.stop] = values
            for name, chunks in lists.items():
                chunks.append(getattr(found, name).cpu().numpy())
            meter.advance(len(rows))
    for array in files.values():
        array.flush()
    if small:
        boxes: dict[str, Any] = {name: np.concatenate(lists[name]) for name in small}
        np.savez_compressed(folder / "boxes.npz", **boxes)
    if valid:
        flows: dict[str, Any] = {
            name.replace("valid", "flow"): np.concatenate(lists[name]) for name in valid
        }
        np.savez_compressed(folder / "valid.npz", **flows)
    if "tracks" in names:
        found = source.draw(range(num), truth=("tracks",))[1]
        assert found.tracks is not None and found.track_occluded is not None
        assert found.track_part is not None and found.track_frame is not None
        np.savez_compressed(
            folder / "tracks.npz",
            points=found.tracks.cpu().numpy(),
            occluded=found.track_occluded.cpu().numpy(),
            part=found.track_part.cpu().numpy(),
            frame=found.track_frame.cpu().numpy(),
        )


_UNITS = {
    "depth": "world units (about meters), z, infinite for the sky",
    "instance": "id of the entity, 0 ground and sky",
    "part": "number of the part, -1 ground, -2 sky",
    "forward_flow": "pixels (dx, dy) from frame i to i + 1, right and down positive",
    "backward_flow": "pixels (dx, dy) from frame i to i - 1, right and down positive",
    "forward_occlusion": "True where the point is not seen in frame i + 1",
    "backward_occlusion": "True where the point is not seen in frame i - 1",
    "normals": "unit vectors, world axes (x right, y up, z away)",
    "shadow": "share of the sun that is blocked",
    "albedo": "linear RGB in [0, 1] before light",
    "coordinates": "of the surface in its part, [-1, 1]; world units on the ground",
    "boxes": "pixels x0, y0, x1, y1, half open; corners in world units; visible pixels",
    "tracks": "pixels (x, y), pixel centers at +0.5",
    "cameras": "OpenCV axes, world to camera, pixels",
    "states": "world units, seconds, radians; row i is the entity with id i + 1",
}


def _write_index(source: WorldSource, folder: Path, names: Sequence[str]) -> None:
    """The list of what was written, with what it means and its digest."""
    import evenflow

    spec = source.spec
    rows: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        row: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": digest.hexdigest()}
        if path.suffix == ".npy":
            array = np.load(path, mmap_mode="r")
            row |= {"dtype": str(array.dtype), "shape": list(array.shape)}
        if path.stem in _UNITS:
            row["units"] = _UNITS[path.stem]
        rows[path.name] = row
    _json(
        folder / "truth.json",
        {
            "schema": "evenflow.truth/1",
            "evenflow": evenflow.__version__,
            "scene": spec.digest,
            "frames": spec.num_frames,
            "fps": str(spec.fps),
            "size": list(spec.size),
            "entities": {one.id: f"{one.color} {one.kind}" for one in spec.cast},
            "asked": list(names),
            "files": rows,
        },
    )


@dataclass(frozen=True)
class Sampled:
    """One clip of many.

    Args:
        index: its number in the batch.
        spec: its scene.
        frames: pictures `(t, h, w, 3)`.
        truth: arrays by name, what was asked for.
    """

    index: int
    spec: SceneSpec
    frames: NDArray[np.uint8]
    truth: dict[str, NDArray]


def sample_many(
    specs: Sequence[SceneSpec],
    *,
    truth: Sequence[str] = (),
    workers: int = 1,
    device: str = "cpu",
    antialias: bool = True,
    cancel: CancelToken | None = None,
) -> Iterator[Sampled]:
    """Draws many scenes, in their order, in several processes with one thread each.

    The bytes do not depend on the number of workers. At most two clips a worker are kept waiting.

    Args:
        specs: scenes.
        truth: see `truth_names`.
        workers: processes; 1 draws here.
    """
    names = truth_names(truth)
    if workers < 1:
        raise BadInput(f"there is at least one worker, got {workers}")
    need_torch()
    jobs = [(i, spec, names, device, antialias) for i, spec in enumerate(specs)]
    if workers == 1 or len(jobs) < 2:
        for job in jobs:
            if cancel is not None:
                cancel.check()
            yield _drawn(*job)
        return
    yield from spread(_drawn, jobs, workers=workers, cancel=cancel)


def _drawn(
    index: int, spec: SceneSpec, names: Sequence[str], device: str, antialias: bool
) -> Sampled:
    source = WorldSource(spec, device=device, antialias=antialias)
    pictures, found = source.draw(range(spec.num_frames), truth=names)
    arrays = {name: value.cpu().numpy() for name, value in vars(found).items() if value is not None}
    return Sampled(index, spec, pictures, arrays)


def spread(
    work: Any, jobs: Sequence[tuple[Any, ...]], *, workers: int, cancel: CancelToken | None = None
) -> Iterator[Any]:
    """Results of `work(*job)` in the order of the jobs, from processes with one thread each.

    Args:
        work: a function at the top of a module.
        jobs: what it is called with.
    """
    pool = ProcessPoolExecutor(
        max_workers=min(workers, len(jobs)),
        mp_context=get_context("spawn"),
        initializer=_one_thread,
    )
    waiting: dict[int, Future[Any]] = {}
    following = 0
    try:
        for number in range(len(jobs)):
            while following < len(jobs) and len(waiting) < 2 * workers:
                waiting[following] = pool.submit(work, *jobs[following])
                following += 1
            future = waiting.pop(number)
            while not future.done():
                wait([future], timeout=0.2, return_when=FIRST_COMPLETED)
                if cancel is not None:
                    cancel.check()
            yield future.result()
    finally:
        for future in waiting.values():
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def _one_thread() -> None:
    """A worker computes in one thread and leaves Ctrl-C to its parent."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import torch

    torch.set_num_threads(1)
