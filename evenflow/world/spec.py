"""SceneSpec: one scene as data. Captions, actions, defects and grades all read or edit it.

World axes: x right, y up, z away from a camera that looks along +z; the ground is y = 0; units are
about meters. A heading is the angle about y, 0 facing +z, left (counterclockwise from above)
positive. Times are seconds from the first frame of the whole scene. A spec is a value: equal specs
give equal bytes.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Literal

VERSION = 1
Preset = Literal["lab", "story", "flat", "maze"]
Vec3 = tuple[float, float, float]


@dataclass(frozen=True)
class Entity:
    """Somebody or something that keeps its identity through the whole scene.

    Args:
        id: from 1, in the order of the cast; 0 is the ground and the sky.
        kind: a row of THINGS, WALKERS or FIXTURES of `words.py`.
        color, second: names of COLORS; the second is that of the pattern, trousers, legs...
        size: half the height in world units.
        size_word: what the language calls it, or empty where nobody would say it.
        pattern, material: rows of PATTERNS and MATERIALS.
        position: of its foot (the lowest point), at the start.
        heading: see above.
        mass: kilograms; restitution and friction are in [0, 1].
        hair, skin: colors of a walker, sRGB.
        seed: of what is random about its looks.
        attached: id of what it starts in the hands of or inside of, or 0.
        said: False if captions need not speak of it (trees and houses around what happens).
    """

    id: int
    kind: str
    color: str
    second: str = "white"
    size: float = 0.46
    size_word: str = ""
    pattern: str = "plain"
    material: str = "matte"
    position: Vec3 = (0.0, 0.0, 0.0)
    heading: float = 0.0
    mass: float = 1.0
    restitution: float = 0.5
    friction: float = 0.4
    hair: tuple[int, int, int] = (60, 40, 30)
    skin: tuple[int, int, int] = (224, 172, 138)
    seed: int = 0
    attached: int = 0
    said: bool = True


@dataclass(frozen=True)
class Event:
    """Something that happens: its words and its staged numbers.

    Args:
        kind: a row of EVENTS of `words.py`, which says what its roles and numbers mean.
        start, end: seconds, half open.
        agent, target, other: ids of entities, 0 where there is none; as in `script.Deed`, `other`
            of a thing that is dropped, rolled, opened, put over something... is who does it.
        direction: a row of DIRECTIONS, or empty.
        relation: a row of RELATIONS (to the target), or empty.
        color: what a `change_color` ends with, or empty.
        manner: a row of MANNERS, or empty.
        numbers: what the simulator needs, by the names that EVENTS lists.
        said: False if captions need not speak of it (the push that makes a ball roll).
        seconds: how long it takes, where that was said ("for 2 s"), or 0.
    """

    kind: str
    start: float
    end: float
    agent: int = 0
    target: int = 0
    other: int = 0
    direction: str = ""
    relation: str = ""
    color: str = ""
    manner: str = ""
    numbers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    said: bool = True
    seconds: float = 0.0


@dataclass(frozen=True)
class CameraMove:
    """One move of the camera; moves that overlap in time add up.

    Args:
        kind: a row of CAMERA_MOVES.
        start, end: seconds.
        amount: radians (pan, tilt, orbit), world units (dolly, truck, rise, sink), the factor of
            the focal length (zoom), root mean square pixels at a height of 128 (shake), the share
            of the entity's way that the camera goes along while it turns for the rest (follow: 1
            goes beside it, 0 stands and turns).
        target: id of the entity that `follow` and `orbit` hold, or 0 for the look-at point; a
            dolly, truck, rise or sink with a target keeps it where it is in the picture.
        manner: a row of MANNERS that was said of it, or empty; the amount has it already.
    """

    kind: str
    start: float
    end: float
    amount: float
    target: int = 0
    manner: str = ""


@dataclass(frozen=True)
class Camera:
    """Where a shot starts to look from, and how it moves.

    Args:
        eye, look_at: world points.
        fov: vertical field of view in radians; 0 is orthographic.
        height: world units that the picture is high (orthographic only).
        moves: one after the other, or at once.
        keys: `(seconds, eye x y z, look-at x y z, fov)` rows; where given they replace the moves.
        trajectory: `(seconds, fx, fy, cx, cy, 12 of world to camera)` rows, as
            `trajectories.read_trajectory` gives them; where given they replace moves and keys.
    """

    eye: Vec3 = (0.0, 1.6, -6.0)
    look_at: Vec3 = (0.0, 0.7, 0.0)
    fov: float = 0.75
    height: float = 6.0
    moves: tuple[CameraMove, ...] = ()
    keys: tuple[tuple[float, ...], ...] = ()
    trajectory: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Light:
    """Sun, sky and lamps.

    Args:
        azimuth: of the sun, radians, as a heading; elevation: above the horizon.
        color: of the sun, linear RGB about 1.
        gain: of everything.
        ambient: share of the light that comes from the whole sky, in [0, 1].
    """

    azimuth: float = -0.7
    elevation: float = 0.9
    color: Vec3 = (1.0, 0.97, 0.92)
    gain: float = 1.0
    ambient: float = 0.4


@dataclass(frozen=True)
class Place:
    """Where it happens.

    Args:
        name: how captions call it when there are several ("the park"), or empty.
        ground, sky, background: rows of GROUNDS, SKIES, BACKGROUNDS.
        colors: two sRGB colors of the ground.
        scale: world units of one repeat of the ground's pattern.
        fog: share of the color that fog takes at 10 units, in [0, 1).
        seed: of what is random about its looks.
        walls: `(x0, z0, x1, z1)` rectangles of full-height walls (maze), with `wall_colors` names.
        light: when the scene begins.
    """

    name: str = ""
    ground: str = "plain"
    sky: str = "plain"
    background: str = "none"
    colors: tuple[tuple[int, int, int], tuple[int, int, int]] = ((176, 176, 176), (150, 150, 150))
    scale: float = 1.0
    fog: float = 0.0
    seed: int = 0
    walls: tuple[tuple[float, float, float, float], ...] = ()
    wall_colors: tuple[str, ...] = ()
    light: Light = Light()


@dataclass(frozen=True)
class Shot:
    """A stretch between two cuts.

    Args:
        frames: how many.
        camera: of the shot.
        place: number of its place in `SceneSpec.places`.
        starts: `(entity id, x, y, z, heading)` of those that do not stand where the shot before
            left them; with another place everybody who is seen must be listed.
        cast: ids of who is there; empty for everybody.
        size_word: `wide`, `medium`, `close`, or empty.
    """

    frames: int
    camera: Camera = Camera()
    place: int = 0
    starts: tuple[tuple[float, ...], ...] = ()
    cast: tuple[int, ...] = ()
    size_word: str = ""


@dataclass(frozen=True)
class Key:
    """A state that somebody pinned: at this time the entity is there, whatever physics says.

    Between its keys an entity follows a smooth curve and pushes what is in its way as a body of
    infinite mass; before the first and after the last it stands. Walkers have no keys: they walk
    (`control.keyframes` turns theirs into routes).

    Args:
        entity: id of a thing or a fixture.
        time: seconds.
        position: of its foot.
        heading: radians.
        size: half its height, or 0 where it stays as it is.
        color: name of one of COLORS, or empty where it stays as it is.
    """

    entity: int
    time: float
    position: Vec3
    heading: float = 0.0
    size: float = 0.0
    color: str = ""


@dataclass(frozen=True)
class SceneSpec:
    """Everything that is needed to draw a scene, and nothing else.

    Args:
        seed: of what is left to chance when it is drawn (shake, gait, splinters).
        preset: where it comes from.
        shots: one after the other; their frames add up to the clip's.
        places, cast, events: what the shots show.
        fps: frames a second.
        size: `(width, height)` in pixels.
        style: a row of STYLES.
        actions: per frame eight keys (forward, back, left, right, turn left, turn right, jump,
            interact) and two looks (dx, dy in radians), for a scene that was played.
        player: id of the walker that the actions move, or 0 for the camera.
        gravity: units a second squared, downward.
        keys: states that are pinned, in the order of time.
    """

    seed: int
    preset: Preset
    shots: tuple[Shot, ...]
    places: tuple[Place, ...] = (Place(),)
    cast: tuple[Entity, ...] = ()
    events: tuple[Event, ...] = ()
    fps: Fraction = Fraction(12)
    size: tuple[int, int] = (128, 128)
    style: str = "plain"
    actions: tuple[tuple[float, ...], ...] = ()
    player: int = 0
    gravity: float = 9.81
    keys: tuple[Key, ...] = ()
    version: int = VERSION

    @property
    def num_frames(self) -> int:
        """Frames of the whole scene."""
        return sum(shot.frames for shot in self.shots)

    def entity(self, id: int) -> Entity:
        """Who has this id."""
        return next(one for one in self.cast if one.id == id)

    def to_json(self) -> str:
        """One line of JSON, keys in order: equal specs give equal text."""
        return json.dumps(asdict(self), default=str, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()
