"""Probes: the checklist for video generators, as prompts for any tool and as scenes with truth.

A probe is a prompt in plain words, what must hold in any clip that shows it (`Must`, which a
program can read), and, but for prompts that contradict themselves, a scene of ours in which it all
does.
`check` measures every Must on a simulated scene, so that the checklist itself is tested.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation
from evenflow.world.spec import (
    Camera,
    CameraMove,
    Entity,
    Event,
    Light,
    Place,
    SceneSpec,
    Shot,
)
from evenflow.world.words import WALKERS

FPS = Fraction(12)
PI = float(np.pi)

KINDS: dict[str, str] = {
    "frames": "the clip has `value` frames",
    "count": "from the first frame to the last, `who`: `value`",
    "keeps": "the `who` keeps shape, color, pattern and size",
    "moves": "the `who` goes to the `other`, by `value` of the picture's side or more",
    "still": "the `who` stays where it is",
    "fixed": "the camera stays where it is",
    "turns": "the `who` turns by `value` radians about the upright axis, left positive",
    "hidden": "the `who` is out of sight behind the `other` for a time",
    "reappears": "the `who` is seen again after it was out of sight",
    "inside": "the `who` is under the `other` when the clip ends",
    "touches": "the `who` touches the `other`",
    "bounces": "the `who` leaves the ground again `value` times or more, lower each time",
    "rests": "the `who` is at rest when the clip ends",
    "sets off": "the `other` moves once the `who` has touched it, and not before",
    "rolls": "the `who` turns as far as it rolls, without slipping",
    "shatters": "the `who` breaks into pieces when it hits the ground, and not before",
    "order": "`who` comes before `other`",
    "waves over": "a hand of the `who` passes before the face, which is the same afterward",
    "camera": "the camera does this and nothing else: `who`",
    "away": "the first view is out of sight for `value` seconds or more",
    "returns": "the last view is the first view again",
    "level": "the horizon stays straight, level and at its height",
    "either": "one of these is shown, the same all the time: `who`; `other`",
}
"""What can be asked for; `who`, `other` and `value` are fields of a Must."""


@dataclass(frozen=True)
class Must:
    """One thing that must hold.

    Args:
        kind: a row of KINDS.
        who, other: what the prompt calls it, without an article; or empty.
        value: see KINDS.
    """

    kind: str
    who: str = ""
    other: str = ""
    value: float = 0.0

    @property
    def text(self) -> str:
        """The same in plain words."""
        line = KINDS[self.kind]
        number = f"{self.value:.4g}"
        return (
            line.replace("`who`", self.who)
            .replace("`other`", self.other)
            .replace("`value`", number)
        )


@dataclass(frozen=True)
class Probe:
    """One line of the checklist.

    Args:
        name: family and number, like `pillar-1`.
        family: a row of FAMILIES.
        prompt: plain English for any tool.
        must: what must hold.
        spec: a scene in which it does; None where nothing could show the prompt.
        names: what the prompt calls the entities of the scene, by id.
    """

    name: str
    family: str
    prompt: str
    must: tuple[Must, ...]
    spec: SceneSpec | None
    names: dict[int, str]

    @property
    def frames(self) -> int:
        """Frames to ask for."""
        return int(next(m.value for m in self.must if m.kind == "frames"))

    @property
    def seconds(self) -> float:
        """Seconds to ask for, at 12 frames a second."""
        return self.frames / float(FPS)

    def to_json(self) -> dict[str, Any]:
        """As data: prompt, length, and every Must with its words."""
        return {
            "name": self.name,
            "family": self.family,
            "prompt": self.prompt,
            "frames": self.frames,
            "fps": float(FPS),
            "seconds": round(self.seconds, 3),
            "must": [{**asdict(m), "text": m.text} for m in self.must],
            "scene": self.spec is not None,
        }


@dataclass(frozen=True)
class Held:
    """What `check` found of one Must.

    Args:
        must: what was asked for.
        held: if it holds.
        measured: the number that says so, in the units of the Must.
    """

    must: Must
    held: bool
    measured: float


class _Scene:
    """A scene in the making: who is there and how prompts call them."""

    def __init__(self, rng: np.random.Generator, frames: int) -> None:
        self.rng, self.frames = rng, frames
        self.cast: list[Entity] = []
        self.events: list[Event] = []
        self.names: dict[int, str] = {}
        self.camera = Camera(fov=0.66)
        self.place = Place(
            ground="plain",
            sky="plain",
            colors=((178, 178, 180), (160, 160, 164)),
            light=Light(azimuth=-0.7, elevation=0.95, ambient=0.45),
        )

    def put(
        self, kind: str, color: str, x: float, z: float, *, name: str = "", **fields: Any
    ) -> int:
        """Adds somebody or something; returns its id."""
        id = len(self.cast) + 1
        y = fields.pop("y", 0.0)
        fields.setdefault("size", _SIZES.get(kind, 0.46))
        if kind in WALKERS:
            fields.setdefault("second", "blue" if color != "blue" else "brown")
        self.cast.append(Entity(id, kind, color, position=(x, y, z), seed=100 + id, **fields))
        self.names[id] = name or f"{color} {kind}"
        return id

    def add(self, kind: str, start: float, end: float, agent: int = 0, **fields: Any) -> None:
        """Adds an event."""
        self.events.append(Event(kind, start, end, agent=agent, **fields))

    def spec(self, seed: int) -> SceneSpec:
        """The scene as data."""
        return SceneSpec(
            seed=seed,
            preset="lab",
            shots=(Shot(self.frames, self.camera),),
            places=(self.place,),
            cast=tuple(self.cast),
            events=tuple(sorted(self.events, key=lambda e: e.start)),
            fps=FPS,
        )


_SIZES = {
    "man": 0.88, "woman": 0.83, "child": 0.58, "robot": 0.85, "dog": 0.36, "cat": 0.2,
    "horse": 0.85, "pillar": 1.15, "wall": 1.0, "door": 1.1, "arch": 1.3, "screen": 1.0,
    "table": 0.4, "bench": 0.25, "tree": 1.6, "house": 1.8, "sign": 0.7, "pendulum": 1.2,
    "fence": 0.5, "ramp": 0.6, "bush": 0.4, "rock": 0.35, "cup": 0.34, "vase": 0.42,
}  # fmt: skip
_STILL = "The camera does not move."
_FLOOR = "on a plain gray floor"
Rows = list[tuple[str, tuple[Must, ...], "_Scene | None"]]


def _common(scene: _Scene, *, but: tuple[str, ...] = ()) -> tuple[Must, ...]:
    """What holds in nearly every probe: length, nobody added or lost, everybody as before."""
    rows = [Must("frames", value=scene.frames)]
    for name in dict.fromkeys(scene.names.values()):
        if name not in but:
            num = sum(1 for n in scene.names.values() if n == name)
            rows += [Must("count", name, value=num), Must("keeps", name)]
    return tuple(rows)


def _two(rng: np.random.Generator, *avoid: str) -> tuple[str, str]:
    """Two colors that are easily told apart."""
    sets = ("red", "blue", "yellow", "green", "purple", "orange")
    free = [c for c in sets if c not in avoid]
    a, b = (free[int(k)] for k in rng.permutation(len(free))[:2])
    return a, b


def _roll(scene: _Scene, who: int, start: float, end: float, vx: float, vz: float = 0.0) -> None:
    scene.add("roll", start, end, who, numbers={"velocity": (vx, 0.0, vz)})


def _walk(
    scene: _Scene, who: int, start: float, end: float, *points: tuple[float, float], **fields: Any
) -> None:
    route = np.array(points)
    length = float(np.linalg.norm(np.diff(route, axis=0), axis=1).sum())
    numbers = {
        "route": tuple(float(v) for v in route.ravel()),
        "speed": (length / (end - start),),
    }
    scene.add(fields.pop("kind", "walk"), start, end, who, numbers=numbers, **fields)


def _mover(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    scene = _Scene(rng, 49)
    ball = scene.put("ball", a, -1.55, 0.0, friction=0.05)
    _roll(scene, ball, 0.0, 4.0, 0.8)
    name = f"{a} ball"
    rows.append(
        (
            f"A {name} rolls from left to right {_FLOOR}. {_STILL}",
            (*_common(scene), Must("moves", name, "right", 0.4), Must("rolls", name),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 49)
    cube = scene.put("cube", b, 1.6, 0.0, friction=0.05, size=0.4)
    scene.add("slide", 0.0, 4.0, cube, numbers={"velocity": (-1.7, 0.0, 0.0)})
    name = f"{b} cube"
    rows.append(
        (
            f"A {name} slides from right to left {_FLOOR} without turning. {_STILL}",
            (*_common(scene), Must("moves", name, "left", 0.3), Must("turns", name, value=0.0),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 49)
    scene.place = replace(scene.place, ground="grass", colors=((120, 160, 84), (98, 138, 70)))
    dog = scene.put("dog", "brown", -1.7, 0.0, second="white", heading=-PI / 2)
    _walk(scene, dog, 0.3, 3.7, (-1.7, 0.0), (1.7, 0.0))
    rows.append(
        (
            f"A brown dog walks from left to right across a meadow. {_STILL}",
            (*_common(scene), Must("moves", "brown dog", "right", 0.5), Must("fixed")),
            scene,
        )
    )
    return rows


def _rotation(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    for kind, color, fields, turns in (
        ("star", a, {"size": 0.7}, 1),
        ("cube", b, {"size": 0.6, "pattern": "lettered", "second": "white"}, -1),
        ("vase", "white", {"size": 0.7, "pattern": "two-tone", "second": a}, 2),
    ):
        scene = _Scene(rng, 49)
        seconds = 4.0
        who = scene.put(kind, color, 0.0, -0.5, **fields)
        rate = turns * 2 * PI / seconds
        scene.add("spin", 0.0, seconds, who, numbers={"rate": (rate,)})
        side = "left" if turns > 0 else "right"
        times = {1: "once", 2: "twice"}[abs(turns)]
        extra = {"cube": " with a letter on each side", "vase": f" with one {a} half"}.get(kind, "")
        name = f"{color} {kind}"
        rows.append(
            (
                f"A {name}{extra} turns {times} all the way around to the {side} on the spot, "
                f"{_FLOOR}. {_STILL}",
                (*_common(scene), Must("turns", name, value=turns * 2 * PI),
                 Must("still", name), Must("fixed")),
                scene,
            )
        )  # fmt: skip
    return rows


def _reference(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, _ = _two(rng)
    scene = _Scene(rng, 61)
    arch = scene.put("arch", "white", 0.0, 0.6, name="white door frame")
    man = scene.put("man", a, -0.35, 3.6, name=f"man in {a}", heading=PI)
    _walk(scene, man, 0.2, 4.6, (0.0, 3.8), (0.0, -1.6))
    scene.cast[man - 1] = replace(scene.cast[man - 1], position=(0.0, 0.0, 3.8))
    rows.append(
        (
            f"A man in {a} walks toward the camera through a white door frame. {_STILL}",
            (*_common(scene), Must("still", "white door frame"), Must("fixed")),
            scene,
        )
    )
    assert arch == 1
    scene = _Scene(rng, 61)
    scene.place = Place(
        ground="sand", sky="noon", background="sea", colors=((226, 200, 152), (206, 178, 130)),
        light=Light(elevation=0.8),
    )  # fmt: skip
    ball = scene.put("ball", a, 1.55, 0.0, friction=0.05)
    _roll(scene, ball, 0.0, 5.0, -0.62)
    name = f"{a} ball"
    rows.append(
        (
            f"A {name} rolls from right to left along a beach; behind it the sea ends in a level "
            f"horizon. {_STILL}",
            (*_common(scene), Must("moves", name, "left", 0.4), Must("level"),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    return rows


def _turn(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    for kind, color, second, hair, words in (
        ("woman", "yellow", "blue", (40, 30, 28), "A woman with dark hair in a yellow top"),
        ("man", "red", "black", (200, 160, 90), "A man with fair hair in a red sweater"),
        ("dog", "brown", "white", (60, 40, 30), "A brown dog with white legs"),
    ):
        scene = _Scene(rng, 61)
        scene.camera = Camera(
            eye=(0.0, 1.4, -4.6), look_at=(0.0, 0.85 if kind != "dog" else 0.5, 0.0)
        )
        name = f"{color} {kind}" if kind == "dog" else f"{kind} in {color}"
        fields = {"second": second, "hair": hair}
        who = scene.put(kind, color, 0.0, 0.0, name=name, heading=PI, **fields)
        scene.add("turn", 0.5, 4.5, who, numbers={"angle": (2 * PI,)})
        rows.append(
            (
                f"{words} turns all the way around on the spot and faces the camera again. "
                f"{_STILL}",
                (*_common(scene), Must("turns", name, value=2 * PI), Must("fixed")),
                scene,
            )
        )
    return rows


def _hand(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    for kind, color, words in (
        ("woman", "green", "A woman in green"),
        ("man", "blue", "A man in blue"),
    ):
        scene = _Scene(rng, 49)
        scene.camera = Camera(eye=(0.0, 1.5, -2.9), look_at=(0.0, 1.25, 0.0))
        name = f"{kind} in {color}"
        who = scene.put(kind, color, 0.0, 0.0, name=name, heading=PI, second="brown")
        scene.add("hand_over_face", 0.8, 3.2, who)
        rows.append(
            (
                f"{words} looks into the camera, passes a hand before the face and lowers it "
                f"again. {_STILL}",
                (*_common(scene), Must("waves over", name), Must("fixed")),
                scene,
            )
        )
    return rows


def _pillar(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    scene = _Scene(rng, 61)
    scene.camera = Camera(eye=(0.0, 1.2, -6.2), look_at=(0.0, 0.8, 0.0))
    ball = scene.put("ball", a, -1.9, 0.7, size=0.3, friction=0.05)
    scene.put("pillar", "gray", 0.0, -0.8, name="gray pillar")
    _roll(scene, ball, 0.0, 5.0, 0.8)
    name = f"{a} ball"
    rows.append(
        (
            f"A {name} rolls from left to right, disappears behind a gray pillar and comes out on "
            f"the other side. {_STILL}",
            (*_common(scene), Must("hidden", name, "gray pillar"), Must("reappears", name),
             Must("moves", name, "right", 0.5), Must("still", "gray pillar"),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 73)
    scene.camera = Camera(eye=(0.0, 1.4, -7.0), look_at=(0.0, 0.9, 0.0), fov=0.7)
    woman = scene.put("woman", b, 2.2, 1.2, name=f"woman in {b}", heading=PI / 2)
    scene.put("wall", "brown", 0.0, -0.2, name="brown wall", size=0.86)
    _walk(scene, woman, 0.2, 5.6, (2.5, 1.2), (-2.5, 1.2))
    scene.cast[woman - 1] = replace(scene.cast[woman - 1], position=(2.5, 0.0, 1.2))
    name = f"woman in {b}"
    rows.append(
        (
            f"A {name} walks from right to left behind a brown wall and comes out at its left "
            f"end. {_STILL}",
            (*_common(scene), Must("hidden", name, "brown wall"), Must("reappears", name),
             Must("moves", name, "left", 0.4), Must("still", "brown wall"),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    return rows


def _cups(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    scene = _Scene(rng, 73)
    scene.camera = Camera(eye=(0.0, 1.7, -4.2), look_at=(0.0, 0.3, 0.0))
    ball = scene.put("ball", a, 0.0, 0.0, size=0.2)
    cup = scene.put("cup", b, 0.0, 0.0, size=0.36, y=1.0)
    scene.add("cover", 0.5, 1.7, cup, target=ball, numbers={"height": (1.0,)})
    scene.add("uncover", 3.6, 4.8, cup, target=ball, numbers={"height": (1.0,)})
    ball_name, cup_name = f"{a} ball", f"{b} cup"
    rows.append(
        (
            f"A {b} cup is put over a {a} ball, stays there, and is lifted: the ball is still "
            f"there. {_STILL}",
            (*_common(scene), Must("hidden", ball_name, cup_name), Must("reappears", ball_name),
             Must("still", ball_name), Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 73)
    scene.camera = Camera(eye=(0.0, 1.7, -4.6), look_at=(0.0, 0.3, 0.0))
    ball = scene.put("ball", a, -0.9, 0.0, size=0.2)
    cup = scene.put("cup", b, -0.9, 0.0, size=0.36, y=1.0, friction=0.05)
    other = scene.put("cup", "white", 0.9, 0.6, size=0.36, heading=0.4)
    assert other == 3
    scene.add("cover", 0.4, 1.6, cup, target=ball, numbers={"height": (1.0,)})
    scene.add("slide", 2.2, 4.4, cup, numbers={"velocity": (1.0, 0.0, 0.0)})
    rows.append(
        (
            f"A {b} cup is put over a {a} ball and pushed to the right, and the ball goes with "
            f"it; an empty white cup stands beside them. {_STILL}",
            (*_common(scene), Must("hidden", ball_name, cup_name),
             Must("inside", ball_name, cup_name),
             Must("moves", cup_name, "right", 0.15), Must("still", "white cup"),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 61)
    cube = scene.put("cube", a, 0.0, 0.6, size=0.35)
    screen = scene.put("screen", "gray", 0.0, -0.4, name="gray screen", size=0.7)
    assert cube == 1
    scene.add("lower", 2.6, 4.0, screen, numbers={"share": (0.0,)})
    name = f"{a} cube"
    rows.append(
        (
            f"A gray screen sinks into the floor and shows a {name} that stands behind it. "
            f"{_STILL}",
            (*_common(scene), Must("hidden", name, "gray screen"), Must("reappears", name),
             Must("still", name), Must("fixed")),
            scene,
        )
    )  # fmt: skip
    return rows


AWAY_S = (2, 5, 10, 20, 60)


def _pan(rng: np.random.Generator) -> Rows:
    from evenflow.world.control import there_and_back

    rows: Rows = []
    a, b = _two(rng)
    for number, away in enumerate(AWAY_S):
        side = ("left", "right")[number % 2]
        scene = _Scene(rng, 13)
        scene.place = Place(
            ground="grass", sky="noon", background="hills",
            colors=((120, 160, 84), (98, 138, 70)), seed=5,
        )  # fmt: skip
        scene.put("tree", "green", -1.4, 2.2, name="tree")
        scene.put("ball", a, 0.1, 0.0, size=0.38)
        scene.put("bench", b, 1.5, 1.2, name=f"{b} bench")
        moved = there_and_back(scene.spec(0), f"pan {side}", 1.9, away_s=float(away))
        scene.camera, scene.frames = moved.shots[0].camera, moved.num_frames
        rows.append(
            (
                f"A {a} ball lies on a meadow before a tree, and a {b} bench stands beside it. The "
                f"camera pans to the {side} until none of them is seen; after {away} seconds it "
                f"is back: everything is as before.",
                (*_common(scene), Must("still", f"{a} ball"), Must("still", f"{b} bench"),
                 Must("still", "tree"), Must("away", value=away * 0.25), Must("returns")),
                scene,
            )
        )  # fmt: skip
    return rows


def _physics(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    scene = _Scene(rng, 49)
    scene.camera = Camera(eye=(0.0, 1.3, -6.0), look_at=(0.0, 0.9, 0.0))
    ball = scene.put("ball", a, 0.0, 0.0, size=0.3, y=1.6, restitution=0.75, material="rubber")
    scene.add("drop", 0.3, 4.0, ball, numbers={"height": (1.6,)})
    name = f"{a} ball"
    rows.append(
        (
            f"A {a} rubber ball is dropped {_FLOOR} and bounces lower each time. {_STILL}",
            (*_common(scene), Must("bounces", name, value=2), Must("fixed")),
            scene,
        )
    )
    scene = _Scene(rng, 49)
    cube = scene.put("cube", b, 0.0, 0.0, size=0.35, y=1.5, restitution=0.1)
    scene.add("drop", 0.3, 2.0, cube, numbers={"height": (1.5,)})
    name = f"{b} cube"
    rows.append(
        (
            f"A {b} wooden cube falls {_FLOOR} and lies still. {_STILL}",
            (*_common(scene), Must("touches", name, "ground"), Must("rests", name),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 49)
    first = scene.put("ball", a, -1.5, 0.0, size=0.36, friction=0.05, restitution=0.9)
    scene.put("ball", b, 0.1, 0.0, size=0.36, friction=0.05, restitution=0.9)
    _roll(scene, first, 0.0, 4.0, 1.0)
    one, two = f"{a} ball", f"{b} ball"
    rows.append(
        (
            f"A {one} rolls into a {two} that lies still; the {two} rolls on. {_STILL}",
            (*_common(scene), Must("touches", one, two), Must("sets off", one, two),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 49)
    ramp = scene.put("ramp", "gray", -0.6, 0.0, name="gray ramp", size=0.5, heading=-PI / 2)
    ball = scene.put("ball", a, -1.25, 0.0, size=0.24, friction=0.6)
    _lift(scene, ramp, ball)
    rows.append(
        (
            f"A {a} ball rolls down a gray ramp and on over the floor. {_STILL}",
            (*_common(scene), Must("moves", f"{a} ball", "right", 0.25), Must("still", "gray ramp"),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 49)
    scene.camera = Camera(eye=(0.0, 1.3, -5.5), look_at=(0.0, 0.7, 0.0))
    vase = scene.put("vase", "white", 0.0, 0.0, size=0.36, y=1.6, material="stone")
    scene.add("drop", 0.6, 2.5, vase, numbers={"height": (1.6,)})
    scene.add("shatter", 1.1, 2.5, vase)
    rows.append(
        (
            f"A white vase falls {_FLOOR} and shatters into pieces. {_STILL}",
            (*_common(scene, but=("white vase",)), Must("shatters", "white vase"),
             Must("touches", "white vase", "ground"), Must("fixed")),
            scene,
        )
    )  # fmt: skip
    return rows


def _lift(scene: _Scene, ramp: int, ball: int) -> None:
    """Puts a ball down on a ramp that runs down to the right."""
    from evenflow.world.things import RAMP_HALF, ramp_angle

    one, what = scene.cast[ball - 1], scene.cast[ramp - 1]
    x, _, z = one.position
    long = RAMP_HALF[2] * what.size
    height = (what.position[0] + long - x) * float(np.tan(ramp_angle()))
    y = height + one.size / float(np.cos(ramp_angle())) - one.size
    scene.cast[ball - 1] = replace(one, position=(x, round(y, 4), z))


def _order(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    scene = _Scene(rng, 73)
    ball = scene.put("ball", a, -1.4, -0.2, size=0.4, friction=1.0)
    cube = scene.put("cube", b, 1.0, 0.7, size=0.4)
    _roll(scene, ball, 0.3, 2.2, 0.95)
    scene.add("change_color", 2.6, 3.4, cube, color="white")
    scene.add("dim", 4.2, 5.4, numbers={"gain": (0.35,)})
    rows.append(
        (
            f"First a {a} ball rolls to the right, then a {b} cube turns white, then the light "
            f"dims. {_STILL}",
            (Must("frames", value=scene.frames), Must("count", f"{a} ball", value=1),
             Must("count", f"{b} cube", value=1), Must("keeps", f"{a} ball"),
             Must("order", "roll", "change_color"), Must("order", "change_color", "dim"),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 85)
    man = scene.put("man", a, -1.4, 0.6, name=f"man in {a}", heading=-PI / 2)
    child = scene.put("child", b, 1.4, 0.2, name=f"child in {b}", heading=PI)
    scene.add("jump", 0.6, 1.5, child, numbers={"height": (0.3,)})
    _walk(scene, man, 2.2, 4.2, (-1.4, 0.6), (0.2, 0.6))
    scene.add("wave", 4.8, 6.4, man, numbers={"side": (1.0,)})
    rows.append(
        (
            f"First a child in {b} jumps, then a man in {a} walks to the right, then he waves. "
            f"{_STILL}",
            (*_common(scene), Must("order", "jump", "walk"), Must("order", "walk", "wave"),
             Must("fixed")),
            scene,
        )
    )  # fmt: skip
    return rows


CAMERAS: dict[str, tuple[float, str]] = {
    "pan left": (0.5, "pans to the left"),
    "pan right": (0.5, "pans to the right"),
    "tilt up": (0.3, "tilts up"),
    "dolly in": (2.2, "moves forward"),
    "dolly out": (2.2, "moves back"),
    "truck left": (1.5, "travels to the left"),
    "orbit right": (0.9, "circles around the scene to the right"),
    "zoom in": (1.7, "zooms in without moving"),
    "rise": (1.4, "rises"),
}


def _camera(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    for kind, (amount, words) in CAMERAS.items():
        scene = _Scene(rng, 49)
        scene.place = Place(
            ground="tiles", sky="morning", background="city",
            colors=((200, 196, 188), (168, 164, 158)), seed=3,
        )  # fmt: skip
        scene.put("cube", a, -0.9, 0.3, size=0.4)
        scene.put("cone", b, 0.9, 0.0, size=0.5)
        scene.put("pillar", "gray", 0.1, 2.0, name="gray pillar")
        scene.camera = Camera(
            look_at=(0.0, 0.7, 0.5), moves=(CameraMove(kind, 0.25, 3.75, amount),)
        )
        rows.append(
            (
                f"A {a} cube, a {b} cone and a gray pillar stand on tiles. Nothing moves but the "
                f"camera, which {words}.",
                (*_common(scene), *(Must("still", n) for n in scene.names.values()),
                 Must("camera", kind)),
                scene,
            )
        )  # fmt: skip
    return rows


def _crowd(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    scene = _Scene(rng, 61)
    scene.camera = Camera(eye=(0.0, 2.4, -7.5), look_at=(0.0, 0.6, 0.6))
    scene.place = replace(scene.place, ground="tiles")
    spots = [
        (-2.4 + 1.2 * i, 0.2 + 1.3 * j) for j in range(3) for i in range(4) if (i, j) != (0, 0)
    ]
    for number, (x, z) in enumerate(spots):
        kind = ("woman", "man")[number % 2]
        dx, dz = rng.uniform(-0.2, 0.2, 2)
        at = (round(x + 0.55 + dx, 3), round(z + dz, 3))
        scene.put(kind, "gray", *at, name="person in gray", heading=PI, second="black")
    child = scene.put("child", "red", -2.3, -1.4, name="child in red", heading=-PI / 2)
    _walk(scene, child, 0.3, 4.7, (-2.3, -1.4), (2.3, -1.4))
    rows.append(
        (
            "Eleven people in gray stand still in a square; a child in red walks past in front of "
            f"them from left to right. {_STILL}",
            (*_common(scene), Must("still", "person in gray"),
             Must("moves", "child in red", "right", 0.4), Must("fixed")),
            scene,
        )
    )  # fmt: skip
    scene = _Scene(rng, 61)
    scene.camera = Camera(eye=(0.0, 3.0, -6.5), look_at=(0.0, 0.2, 0.4))
    for i in range(9):
        x, z = -1.8 + 0.45 * i, (0.9, 0.0, -0.9)[i % 3]
        ball = scene.put("ball", "blue", round(x, 3), z, size=0.2, friction=0.05, name="blue ball")
        _roll(scene, ball, 0.0, 5.0, 0.0, 0.5 if i % 2 else -0.4)
    rows.append(
        (
            f"Nine blue balls roll about {_FLOOR}; their number never changes. {_STILL}",
            (*_common(scene), Must("fixed")),
            scene,
        )
    )
    return rows


def _contradiction(rng: np.random.Generator) -> Rows:
    a, b = _two(rng)
    frames = Must("frames", value=49)
    return [
        (
            f"A {a} ball rolls to the left and to the right at the same time.",
            (frames, Must("count", f"{a} ball", value=1),
             Must("either", f"the {a} ball rolls to the left", f"the {a} ball rolls to the right")),
            None,
        ),
        (
            f"A {b} cube that is completely {a} stands on the floor.",
            (frames, Must("either", f"a {b} cube", f"a {a} cube")),
            None,
        ),
        (
            "The camera pans to the left while it does not move.",
            (frames, Must("either", "the camera pans to the left", "the camera stands still")),
            None,
        ),
    ]  # fmt: skip


LENGTHS = (16, 32, 64, 128, 1000)


def _length(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    a, b = _two(rng)
    for frames in LENGTHS:
        scene = _Scene(rng, frames)
        scene.camera = Camera(eye=(0.0, 1.5, -6.5), look_at=(0.0, 1.0, 0.0))
        swing = scene.put("pendulum", a, 0.0, 0.3, name=f"{a} pendulum")
        scene.put("cube", b, -0.85, -0.9, size=0.3)
        seconds = frames / float(FPS)
        scene.add("swing", 0.0, seconds, swing, numbers={"angle": (0.6,)})
        rows.append(
            (
                f"A {a} pendulum swings from side to side beside a {b} cube, all the time, for "
                f"{frames} frames. {_STILL}",
                (*_common(scene), Must("still", f"{b} cube"), Must("fixed")),
                scene,
            )
        )
    return rows


@dataclass(frozen=True)
class Family:
    """Some probes of one kind.

    Args:
        title: in a few words.
        build: its prompts, what must hold and the scenes, by a generator for colors.
    """

    title: str
    build: Callable[[np.random.Generator], Rows]


FAMILIES: dict[str, Family] = {
    "mover": Family("a simple mover", _mover),
    "rotation": Family("a rotating object", _rotation),
    "reference": Family("a static reference: door frame, horizon", _reference),
    "turn": Family("same identity while turning", _turn),
    "hand": Family("a hand passes over a face", _hand),
    "pillar": Family("walk behind a pillar and reappear", _pillar),
    "cups": Family("cups and covers", _cups),
    "pan": Family("pan away and back after 2 to 60 seconds", _pan),
    "physics": Family("drop, bounce, collide, roll, shatter", _physics),
    "order": Family("the order of events", _order),
    "camera": Family("only the camera moves", _camera),
    "crowd": Family("a crowd", _crowd),
    "contradiction": Family("prompts that contradict themselves", _contradiction),
    "length": Family("16, 32, 64, 128 and 1000 frames", _length),
}
"""Every family, in the order of the checklist."""


def probes(families: Iterable[str] = (), *, seed: int = 0) -> tuple[Probe, ...]:
    """The checklist, or some families of it.

    Args:
        families: rows of FAMILIES; all where it is empty.
        seed: of the colors.

    Raises:
        BadInput: there is no such family.
    """
    wanted = list(families) or list(FAMILIES)
    found: list[Probe] = []
    for family in FAMILIES:
        if family not in wanted:
            continue
        rng = np.random.default_rng([seed, list(FAMILIES).index(family), 9006])
        for number, (prompt, must, scene) in enumerate(FAMILIES[family].build(rng), start=1):
            spec = None if scene is None else scene.spec(seed)
            names = {} if scene is None else dict(scene.names)
            found.append(Probe(f"{family}-{number}", family, prompt, must, spec, names))
    for family in wanted:
        if family not in FAMILIES:
            raise BadInput(
                f"there is no family of probes {family!r}: there are {', '.join(FAMILIES)}"
            )
    return tuple(found)


def as_text(rows: Iterable[Probe]) -> str:
    """The checklist for people: every prompt, and under it what must hold."""
    lines: list[str] = []
    family = ""
    for probe in rows:
        if probe.family != family:
            family = probe.family
            lines += ["", f"{family}: {FAMILIES[family].title}"]
        lines.append(f"  {probe.name} ({probe.frames} frames)")
        lines.append(f"    {probe.prompt}")
        lines += [f"      - {must.text}" for must in probe.must if must.kind != "frames"]
    return "\n".join(lines[1:]) + "\n"


def as_csv(rows: Iterable[Probe]) -> str:
    """A row a probe: name, family, frames, seconds, prompt, must (a line each)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["name", "family", "frames", "seconds", "prompt", "must"])
    for probe in rows:
        must = "\n".join(m.text for m in probe.must if m.kind != "frames")
        seconds = f"{probe.seconds:.3f}"
        writer.writerow([probe.name, probe.family, probe.frames, seconds, probe.prompt, must])
    return buffer.getvalue()


def as_jsonl(rows: Iterable[Probe]) -> str:
    """A JSON object a line; see `Probe.to_json`."""
    return "".join(json.dumps(probe.to_json(), ensure_ascii=False) + "\n" for probe in rows)


def check(
    probe: Probe, animation: Animation, *, visible: NDArray | None = None
) -> tuple[Held, ...]:
    """Measures every Must of a probe on its scene.

    Args:
        animation: of `probe.spec`.
        visible: pixels that are seen of every entity, `(t, e)`; needed for `hidden`, `reappears`
            and `away`, which hold without being measured where it is missing.
    """
    return tuple(Held(must, *_measure(must, probe, animation, visible)) for must in probe.must)


def _measure(
    must: Must, probe: Probe, animation: Animation, visible: NDArray | None
) -> tuple[bool, float]:
    from evenflow.world.control import project

    spec, tracks = animation.spec, animation.entities
    fps = float(spec.fps)
    who = [id - 1 for id, name in probe.names.items() if name == must.who]
    other = [id - 1 for id, name in probe.names.items() if name == must.other]
    one = who[0] if who else -1
    place = tracks.position.astype(np.float64)

    def seen(e: int) -> NDArray:
        assert visible is not None
        return np.asarray(visible[:, e], np.float64)

    if must.kind == "frames":
        return len(place) == must.value, float(len(place))
    if must.kind == "count":
        there = tracks.present[:, who].all(axis=0).sum()
        return bool(there == must.value), float(there)
    if must.kind == "keeps":
        same = [
            bool(np.ptp(tracks.size[:, e]) < 1e-4) and len(set(tracks.color[:, e].tolist())) == 1
            for e in who
        ]
        return all(same), float(np.mean(same))
    if must.kind == "moves":
        pixels = [
            project(place[f, one][None], animation.camera, f)[0][0] / spec.size
            for f in (0, len(place) - 1)
        ]
        dx, dy = pixels[1] - pixels[0]
        far = {"right": dx, "left": -dx, "down": dy, "up": -dy}[must.other]
        return bool(far >= must.value), float(far)
    if must.kind in ("still", "fixed"):
        if must.kind == "fixed":
            drift = float(np.abs(np.diff(animation.camera.world_to_camera, axis=0)).max(initial=0))
            return drift < 1e-5, drift
        drift = max(float(np.linalg.norm(place[:, e] - place[0, e], axis=1).max()) for e in who)
        return drift < 0.02, drift
    if must.kind == "turns":
        turn = tracks.rotation[:, one].astype(np.float64)
        forward = turn[:, :, 2]
        angle = np.unwrap(np.arctan2(-forward[:, 0], forward[:, 2]))
        by = float(angle[-1] - angle[0])
        return abs(by - must.value) < 0.15, by
    if must.kind in ("hidden", "reappears"):
        if visible is None:
            return True, float("nan")
        pixels_seen = seen(one)
        most = pixels_seen.max()
        gone = pixels_seen <= 0.1 * most
        if must.kind == "hidden":
            return bool(gone.any()), float(gone.sum() / fps)
        after = np.flatnonzero(gone)
        back = bool(len(after) and (pixels_seen[after[0] :] > 0.6 * most).any())
        return back, float(pixels_seen[-1] / max(most, 1))
    if must.kind == "inside":
        gap = float(np.linalg.norm((place[-1, one] - place[-1, other[0]])[[0, 2]]))
        return gap < 0.15, gap
    if must.kind in ("touches", "sets off"):
        ids = {one + 1, 0 if must.other == "ground" else other[0] + 1}
        hits = [c for c in animation.contacts if {c.first, c.second} == ids]
        if must.kind == "touches" or not hits:
            return bool(hits), float(len(hits))
        pace = np.linalg.norm(tracks.velocity[:, other[0]], axis=1)
        frame = hits[0].frame
        before, after_hit = pace[: max(frame, 1)].max(), pace[frame:].max()
        return bool(before < 0.05 and after_hit > 0.2), float(after_hit)
    if must.kind == "bounces":
        hits = [
            c for c in animation.contacts
            if {c.first, c.second} == {one + 1, 0} and c.impulse > 0.3 * spec.cast[one].mass
        ]  # fmt: skip
        falling = all(b.impulse < a.impulse for a, b in zip(hits, hits[1:], strict=False))
        return len(hits) >= must.value and falling, float(len(hits))
    if must.kind == "rests":
        pace_end = float(np.linalg.norm(tracks.velocity[-1, one]))
        return pace_end < 0.02, pace_end
    if must.kind == "rolls":
        turn = tracks.rotation[:, one].astype(np.float64)
        relative = np.einsum("tij,tkj->tik", turn[1:], turn[:-1])
        cosine = np.clip((np.trace(relative, axis1=1, axis2=2) - 1) / 2, -1, 1)
        way = np.linalg.norm(np.diff(place[:, one], axis=0), axis=1)
        ratio = float(np.arccos(cosine).sum() * tracks.size[0, one] / max(way.sum(), 1e-9))
        return abs(ratio - 1) < 0.15, ratio
    if must.kind == "shatters":
        broken = [h for h in animation.happened if h.kind == "shatter" and h.agent == one + 1]
        touched = [c.frame for c in animation.contacts if one + 1 in (c.first, c.second)]
        ok = bool(broken and touched and broken[0].start_frame >= min(touched) - 1)
        return ok, float(len(broken))
    if must.kind == "order":
        first = [h.start_frame for h in animation.happened if h.kind == must.who]
        then = [h.start_frame for h in animation.happened if h.kind == must.other]
        ok = bool(first and then and min(first) < min(then))
        return ok, float(min(then) - min(first)) if ok else float("nan")
    if must.kind == "waves over":
        row = int(np.flatnonzero(animation.skeletons.entity == one + 1)[0])
        joints = animation.skeletons.joints[:, row].astype(np.float64)
        nose = np.stack(
            [project(j[0][None], animation.camera, f)[0][0] for f, j in enumerate(joints)]
        )
        hands = [
            np.stack([project(j[k][None], animation.camera, f)[0][0] for f, j in enumerate(joints)])
            for k in (9, 10)
        ]
        scale = spec.size[1] / 128
        gap = min(float(np.linalg.norm(hand - nose, axis=1).min()) for hand in hands) / scale
        return gap < 12.0, gap
    if must.kind == "camera":
        moves = spec.shots[0].camera.moves
        return len(moves) == 1 and moves[0].kind == must.who, float(len(moves))
    if must.kind == "away":
        if visible is None:
            return True, float("nan")
        gone_s = float((np.asarray(visible).sum(axis=1) == 0).sum() / fps)
        return gone_s >= must.value, gone_s
    if must.kind == "returns":
        drift = float(
            np.abs(animation.camera.world_to_camera[-1] - animation.camera.world_to_camera[0]).max()
        )
        return drift < 1e-4, drift
    if must.kind == "level":
        right = animation.camera.world_to_camera[:, 0, :3]
        tilt = float(np.abs(right[:, 1]).max())
        return tilt < 1e-6, tilt
    if must.kind == "either":
        return True, float("nan")
    raise KeyError(must.kind)


def visible_pixels(instance: NDArray, num_entities: int) -> NDArray[np.int64]:
    """Pixels of every entity in every frame, `(t, e)`, from instance ids `(t, h, w)`."""
    num = len(instance)
    flat = np.asarray(instance).reshape(num, -1).astype(np.int64)
    offset = flat + (num_entities + 1) * np.arange(num)[:, None]
    counts = np.bincount(offset.ravel(), minlength=num * (num_entities + 1))
    return counts[: num * (num_entities + 1)].reshape(num, -1)[:, 1:]
