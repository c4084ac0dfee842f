"""Scenes as files: JSON to a SceneSpec and back, and what is wrong with one that a person wrote."""

import dataclasses
import json
import math
import os
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from evenflow.core.errors import BadInput, OutputExists
from evenflow.world.spec import VERSION, SceneSpec
from evenflow.world.words import (
    BACKGROUNDS,
    CAMERA_MOVES,
    COLORS,
    EVENTS,
    FIXTURES,
    GROUNDS,
    MANNERS,
    MATERIALS,
    PATTERNS,
    SKIES,
    STYLES,
    THINGS,
    WALKERS,
)

MOST_FRAMES = 1_000_000
MOST_PIXELS = 16_384 * 16_384


def spec_from_json(text: str) -> SceneSpec:
    """The scene that `SceneSpec.to_json` wrote, or that a person did; what is left out is default.

    >>> spec = SceneSpec(3, "lab", (__import__("evenflow.world.spec").world.spec.Shot(8),))
    >>> spec_from_json(spec.to_json()) == spec
    True

    Raises:
        BadInput: not JSON, an unknown or a missing field, a wrong type, a name that is in no
            table, an id that nobody has; the message says where.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"a scene is JSON, and this is not: {error}") from None
    spec = _decode(data, SceneSpec, "scene")
    assert isinstance(spec, SceneSpec)
    check_spec(spec)
    return spec


def read_spec(path: str | Path) -> SceneSpec:
    """The scene of a file.

    Raises:
        BadInput: there is no such file, or see `spec_from_json`.
    """
    path = Path(path).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(f"{path.name} cannot be read as a scene: {str(reason).lower()}") from None
    try:
        return spec_from_json(text)
    except BadInput as error:
        raise BadInput(f"{path.name}: {error}") from None


def write_spec(spec: SceneSpec, path: str | Path, *, overwrite: bool = False) -> None:
    """Writes a scene as JSON, whole or not at all; indented, for people.

    Raises:
        OutputExists: the file is there and `overwrite` is off.
    """
    path = Path(path).expanduser()
    if path.exists() and not overwrite:
        raise OutputExists(f"{path.name} is already there: choose another name or say --yes")
    text = json.dumps(json.loads(spec.to_json()), indent=1) + "\n"
    write_whole(path, text.encode())


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file beside its place and moves it there, so that nobody sees half of it."""
    if not path.parent.is_dir():
        raise BadInput(f"the folder {path.parent} does not exist: make it first")
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _decode(value: Any, kind: Any, where: str) -> Any:
    """A JSON value as the annotation says, or BadInput."""
    origin, arguments = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise BadInput(f"{where} is an object with fields, got {_short(value)}")
        hints = get_type_hints(kind)
        fields = {f.name: f for f in dataclasses.fields(kind)}
        for name in value:
            if name not in fields:
                raise BadInput(f"{where} has no field {name!r}: there are {', '.join(fields)}")
        for name, f in fields.items():
            missing = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
            if missing and name not in value:
                raise BadInput(f"{where} needs the field {name!r}")
        return kind(**{n: _decode(v, hints[n], f"{where}.{n}") for n, v in value.items()})
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise BadInput(f"{where} is a list, got {_short(value)}")
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_decode(v, arguments[0], f"{where}[{i}]") for i, v in enumerate(value))
        if len(value) != len(arguments):
            raise BadInput(f"{where} has {len(arguments)} entries, got {len(value)}")
        return tuple(
            _decode(v, a, f"{where}[{i}]")
            for i, (v, a) in enumerate(zip(value, arguments, strict=True))
        )
    if origin is dict:
        if not isinstance(value, Mapping):
            raise BadInput(f"{where} is an object, got {_short(value)}")
        return {str(k): _decode(v, arguments[1], f"{where}.{k}") for k, v in value.items()}
    if origin is Literal:
        if value not in arguments:
            raise BadInput(f"{where} is one of {', '.join(map(str, arguments))}, got {value!r}")
        return value
    if origin in (Union, UnionType):
        if value is None and type(None) in arguments:
            return None
        return _decode(value, next(a for a in arguments if a is not type(None)), where)
    if kind is Fraction:
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            raise BadInput(f"{where} is a number like 12 or 24000/1001, got {value!r}") from None
    if kind is float:
        fine = isinstance(value, int | float) and not isinstance(value, bool)
        if not fine or not math.isfinite(value):
            raise BadInput(f"{where} is a finite number, got {_short(value)}")
        return float(value)
    if kind is int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadInput(f"{where} is a whole number, got {_short(value)}")
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise BadInput(f"{where} is true or false, got {_short(value)}")
        return value
    if kind is str:
        if not isinstance(value, str):
            raise BadInput(f"{where} is a text, got {_short(value)}")
        return value
    raise TypeError(f"no rule to read {kind}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def check_spec(spec: SceneSpec) -> None:
    """Looks at what types cannot say: names of tables, ids, ranges.

    Raises:
        BadInput: with the first thing that is wrong.
    """

    def named(value: str, table: Any, where: str, *, empty: bool = False) -> None:
        if value not in table and not (empty and value == ""):
            raise BadInput(f"{where} {value!r} is not known: there are {', '.join(table)}")

    def ranged(value: float, low: float, high: float, where: str) -> None:
        if not low <= value <= high:
            raise BadInput(f"{where} is in {low:g} to {high:g}, got {value:g}")

    if spec.version != VERSION:
        raise BadInput(
            f"the scene is of version {spec.version}, this Evenflow reads version {VERSION}"
        )
    if not spec.shots or not spec.places:
        raise BadInput("a scene has at least one shot and one place")
    ranged(float(spec.fps), 0.1, 1000, "fps")
    for side in spec.size:
        ranged(side, 8, 16_384, "a side of the picture")
    named(spec.style, STYLES, "style")
    ranged(spec.num_frames, 1, MOST_FRAMES, "the number of frames")
    ids = [one.id for one in spec.cast]
    if ids != list(range(1, len(ids) + 1)):
        raise BadInput(f"ids of the cast run from 1 in order, got {ids}")
    everybody = {0, *ids}

    def known(id: int, where: str) -> None:
        if id not in everybody:
            raise BadInput(f"{where} is entity {id}, and the cast has {len(ids)}")

    for one in spec.cast:
        where = f"entity {one.id}:"
        named(one.kind, (*THINGS, *WALKERS, *FIXTURES), f"{where} kind")
        named(one.color, COLORS, f"{where} color")
        named(one.second, COLORS, f"{where} second color")
        named(one.pattern, PATTERNS, f"{where} pattern")
        named(one.material, MATERIALS, f"{where} material")
        ranged(one.size, 0.01, 100, f"{where} size")
        ranged(one.mass, 1e-4, 1e6, f"{where} mass")
        ranged(one.restitution, 0, 1, f"{where} restitution")
        ranged(one.friction, 0, 1, f"{where} friction")
        known(one.attached, f"{where} attached")
    for i, shot in enumerate(spec.shots):
        where = f"shot {i}:"
        ranged(shot.frames, 1, MOST_FRAMES, f"{where} frames")
        ranged(shot.place, 0, len(spec.places) - 1, f"{where} place")
        camera = shot.camera
        ranged(camera.fov, 0, 3, f"{where} field of view in radians")
        if math.dist(camera.eye, camera.look_at) < 1e-6:
            raise BadInput(f"{where} the camera looks at the point where it stands")
        for move in camera.moves:
            named(move.kind, CAMERA_MOVES, f"{where} camera move")
            named(move.manner, MANNERS, f"{where} manner of the camera", empty=True)
            known(move.target, f"{where} target of the camera")
        for key in camera.keys:
            if len(key) != 8:
                raise BadInput(f"{where} a key of the camera has 8 numbers, got {len(key)}")
        for id in shot.cast:
            known(id, f"{where} cast")
        for start in shot.starts:
            if len(start) != 5:
                raise BadInput(f"{where} a start is (id, x, y, z, heading), got {len(start)}")
            known(int(start[0]), f"{where} start")
    for i, place in enumerate(spec.places):
        where = f"place {i}:"
        named(place.ground, GROUNDS, f"{where} ground")
        named(place.sky, SKIES, f"{where} sky")
        named(place.background, BACKGROUNDS, f"{where} background")
        ranged(place.fog, 0, 0.999, f"{where} fog")
        ranged(place.scale, 1e-3, 1e3, f"{where} scale")
        if len(place.walls) != len(place.wall_colors):
            raise BadInput(f"{where} every wall has a color, got {len(place.wall_colors)}")
        for color in place.wall_colors:
            named(color, COLORS, f"{where} color of a wall")
    for i, event in enumerate(spec.events):
        where = f"event {i}:"
        named(event.kind, EVENTS, f"{where} kind")
        named(event.manner, MANNERS, f"{where} manner", empty=True)
        named(event.color, COLORS, f"{where} color", empty=True)
        for id in (event.agent, event.target, event.other):
            known(id, where)
        ranged(event.seconds, 0, 1e6, f"{where} seconds")
        if event.end < event.start:
            raise BadInput(f"{where} it ends at {event.end:g} s before it starts")
    known(spec.player, "the player")
    if spec.player and spec.entity(spec.player).kind not in WALKERS:
        raise BadInput(f"the player is a walker, got a {spec.entity(spec.player).kind}")
    for i, row in enumerate(spec.actions):
        if len(row) != 10:
            raise BadInput(f"an action is 8 keys and 2 looks, row {i} has {len(row)} numbers")
    for state in spec.keys:
        known(state.entity, "a pinned state")
        if state.entity == 0 or spec.entity(state.entity).kind in WALKERS:
            raise BadInput("a pinned state is that of a thing or a fixture; walkers have routes")
        named(state.color, COLORS, "color of a pinned state", empty=True)
