"""Controls that are told as a story: the same setting with somebody else in it, to whom something
happens that looks like a defect and is none. The world stages it and proves that it came true."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world import cameras
from evenflow.world.defects.subjects import silhouette
from evenflow.world.language import describe
from evenflow.world.language.script_of import script_of
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing
from evenflow.world.simulate import simulate
from evenflow.world.spec import SceneSpec
from evenflow.world.staging import stage
from evenflow.world.words import HUES

Made = tuple[SceneSpec, str]
FASTER = 1.7
"""How much faster than what is called quick."""
TRIES = 4
"""Sub-seeds that are staged before a setting is given up."""


@dataclass(frozen=True)
class Told:
    """A script for a setting that is not known yet; fields as in Script."""

    cast: tuple[Role, ...]
    deeds: tuple[Deed, ...] = ()
    standing: tuple[Standing, ...] = ()
    shots: tuple[ScriptShot, ...] = (ScriptShot(moves=("static",)),)
    more: tuple[Setting, ...] = ()


def setting_of(spec: SceneSpec) -> Setting:
    """Where a scene begins, in words."""
    return script_of(spec, full=True).settings[0]


def hues(rng: np.random.Generator, count: int) -> list[str]:
    """Different colors."""
    return [HUES[int(i)] for i in rng.permutation(len(HUES))[:count]]


def told(spec: SceneSpec, seed: int, story: Told, *, level: str = "L2") -> Made:
    """A scene in the setting, style, length and size of another one, and its caption.

    Raises:
        BadInput: it could not be staged, or the scene is a maze.
    """
    if spec.preset == "maze":
        raise BadInput("nothing is told of mazes: take a scene of lab or story")
    here = setting_of(spec)
    script = Script(
        cast=story.cast, deeds=story.deeds, standing=story.standing,
        settings=(here, *story.more), shots=story.shots, style=spec.style,
    )  # fmt: skip
    problem = ""
    for turn in range(TRIES):
        try:
            made = stage(
                script, preset=spec.preset, seed=seed * TRIES + turn, frames=spec.num_frames,
                fps=spec.fps, size=spec.size,
            )  # fmt: skip
        except BadInput as error:
            problem = problem or str(error)
            continue
        return made, describe(made, "L3" if level == "L3" else "L2")
    raise BadInput(problem)


def _side(rng: np.random.Generator) -> str:
    return "left" if rng.random() < 0.5 else "right"


def _person(rng: np.random.Generator, id: int, color: str, kinds: Sequence[str] = ()) -> Role:
    names = tuple(kinds) or ("man", "woman", "child")
    return Role(id, str(rng.choice(names)), color=color)


def cut_elsewhere(spec: SceneSpec, seed: int) -> Made:
    """A storyboard's cut: another subject in another place."""
    rng = np.random.default_rng([seed, 60])
    one, two, three = hues(rng, 3)
    if spec.preset == "flat":
        raise BadInput("a flat scene has one place: take lab or story")
    here = setting_of(spec)
    grounds = (
        ("sand", "grass", "tiles", "snow") if spec.preset == "story" else ("checker", "planks")
    )
    ground = str(rng.choice([g for g in grounds if g != here.ground]))
    there = {
        "sand": Setting("beach", "sand", background="sea", sky="noon"),
        "grass": Setting("meadow", "grass", background="hills", sky="morning"),
        "tiles": Setting("square", "tiles", background="city", sky="noon"),
        "snow": Setting("mountains", "snow", background="mountains", sky="overcast"),
    }.get(ground, Setting("hall", ground))
    first = here.name or "studio"
    if there.name == first:
        there = replace(there, name="garden", ground="grass", background="forest", sky="noon")
    story = Told(
        cast=(
            _person(rng, 1, one),
            Role(2, str(rng.choice(("ball", "cube"))), color=two),
            Role(3, "cone", color=three),
        ),
        deeds=(
            Deed("walk", 1, direction=_side(rng), shot=0),
            Deed("spin", 2, shot=1) if rng.random() < 0.5 else Deed("drop", 2, shot=1),
        ),
        shots=(
            ScriptShot(place=first, moves=("static",)),
            ScriptShot(place=there.name, moves=("static",)),
        ),
        more=(there,),
    )
    named = replace(here, name=first)
    return told(_with_setting(spec, named), seed, story)


def _with_setting(spec: SceneSpec, setting: Setting) -> SceneSpec:
    """The scene with another name of its first place."""
    places = (replace(spec.places[0], name=setting.name), *spec.places[1:])
    return replace(spec, places=places)


def cut(spec: SceneSpec, seed: int) -> Made:
    """A cut to a closer view of the same scene, from another side.

    Raises:
        BadInput: no closer view shows who it is about.
    """
    rng = np.random.default_rng([seed, 61])
    one, two = hues(rng, 2)
    if spec.preset == "flat":
        raise BadInput("a flat scene has one view: take lab or story")
    story = Told(
        cast=(_person(rng, 1, one), Role(2, "cube", color=two)),
        deeds=(Deed("walk", 1, direction=_side(rng)), Deed("wave", 1, shot=1)),
        shots=(ScriptShot(size="wide", moves=("static",)), ScriptShot(size="close")),
    )
    made, _ = told(spec, seed, story)
    made = _closer(made, rng)
    return made, describe(made, "L2")


def _closer(spec: SceneSpec, rng: np.random.Generator) -> SceneSpec:
    """The second shot from nearer, a third of a right angle aside at least."""
    small = replace(spec, size=(96, max(8, round(96 * spec.size[1] / spec.size[0]))))
    before = simulate(small)
    at = spec.shots[0].frames
    seen = silhouette(before, at - 1, (1,)).sum()
    who = before.entities.position[at, 0].astype(np.float64)
    shot = spec.shots[1]
    away = np.array(spec.shots[0].camera.eye) - who
    first = float(rng.choice((-1.0, 1.0)))
    for angle in (0.7, 0.9, 0.55, 1.1):
        for way in (first, -first):
            c, s = np.cos(way * angle), np.sin(way * angle)
            x, z = c * away[0] - s * away[2], s * away[0] + c * away[2]
            share = 0.55 * float(np.linalg.norm(away)) / float(np.hypot(x, z))
            share = max(share, 2.4 / float(np.hypot(x, z)))
            eye = (float(who[0] + share * x), float(who[1] + 0.35), float(who[2] + share * z))
            look = (float(who[0]), float(who[1]), float(who[2]))
            camera = replace(shot.camera, eye=eye, look_at=look, moves=(), keys=())
            shots = (spec.shots[0], replace(shot, camera=camera))
            there = replace(before, camera=cameras.track(replace(small, shots=shots)))
            if silhouette(there, at + 1, (1,)).sum() >= 1.7 * seen:
                return replace(spec, shots=shots)
    raise BadInput("no closer view shows who this is about: take another seed")


def captioned_color_change(spec: SceneSpec, seed: int) -> Made:
    """A thing turns another color, within a moment, and the caption says so."""
    return _recolored(spec, seed, 0.4)


def slow_color_change(spec: SceneSpec, seed: int) -> Made:
    """A thing slowly turns another color through most of the clip, and the caption says so."""
    return _recolored(spec, seed, 0.7 * spec.num_frames / float(spec.fps))


def _recolored(spec: SceneSpec, seed: int, seconds: float) -> Made:
    rng = np.random.default_rng([seed, 62])
    one, two, three = hues(rng, 3)
    seconds = round(min(seconds, spec.num_frames / float(spec.fps) - 0.5), 2)
    manner = "slowly" if seconds > 1.0 else ""
    story = Told(
        cast=(
            Role(1, str(rng.choice(("ball", "cube", "cylinder"))), color=one),
            Role(2, "cone", color=two),
        ),
        deeds=(Deed("change_color", 1, color=three, manner=manner, seconds=seconds),),
    )
    return told(spec, seed, story)


def rotating_pattern(spec: SceneSpec, seed: int) -> Made:
    """A patterned thing turns in its place, and its pattern with it."""
    rng = np.random.default_rng([seed, 63])
    one, two, three = hues(rng, 3)
    kind = str(rng.choice(("ball", "cube", "cylinder", "box")))
    pattern = str(rng.choice(("striped", "checkered", "dotted")))
    story = Told(
        cast=(
            Role(1, kind, color=one, second=two, pattern=pattern, size="large"),
            Role(2, "cone", color=three),
        ),
        deeds=(Deed("spin", 1),),
    )
    return told(spec, seed, story)


def enter_and_leave(spec: SceneSpec, seed: int) -> Made:
    """Somebody comes in at one border and leaves at the other."""
    rng = np.random.default_rng([seed, 64])
    one, two = hues(rng, 2)
    way = _side(rng)
    other = "right" if way == "left" else "left"
    story = Told(
        cast=(_person(rng, 1, one), Role(2, "cube", color=two)),
        deeds=(Deed("enter", 1, direction=other), Deed("exit", 1, direction=other)),
    )
    return told(spec, seed, story)


def exit_at_border(spec: SceneSpec, seed: int) -> Made:
    """Something rolls out of the picture."""
    rng = np.random.default_rng([seed, 65])
    one, two = hues(rng, 2)
    story = Told(
        cast=(Role(1, "ball", color=one), Role(2, "cube", color=two)),
        deeds=(Deed("roll", 1, direction=(way := _side(rng))), Deed("exit", 1, direction=way)),
    )
    return told(spec, seed, story)


def hidden_passage(spec: SceneSpec, seed: int) -> Made:
    """A ball passes behind a pillar and comes out where and when it must."""
    rng = np.random.default_rng([seed, 66])
    one, two = hues(rng, 2)
    story = Told(
        cast=(
            Role(1, "ball", color=one, size="small"), Role(2, "pillar"), Role(3, "cube", color=two),
        ),
        deeds=(Deed("roll", 1, 2, direction=_side(rng), relation="behind"),),
    )  # fmt: skip
    return told(spec, seed, story)


def fast_motion(spec: SceneSpec, seed: int) -> Made:
    """A ball shoots through the picture, fast and evenly."""
    rng = np.random.default_rng([seed, 67])
    one, two = hues(rng, 2)
    story = Told(
        cast=(Role(1, "ball", color=one), Role(2, "cone", color=two)),
        deeds=(Deed("roll", 1, direction=_side(rng), manner="quickly", seconds=0.7),),
    )
    made, text = told(spec, seed, story)
    events = []
    for event in made.events:
        numbers = dict(event.numbers)
        if event.agent == 1 and "velocity" in numbers:
            numbers["velocity"] = tuple(FASTER * v for v in numbers["velocity"])
        events.append(replace(event, numbers=numbers))
    return replace(made, events=tuple(events)), text


def stop(spec: SceneSpec, seed: int) -> Made:
    """Something slides until friction stops it, and then stands."""
    rng = np.random.default_rng([seed, 68])
    one, two = hues(rng, 2)
    story = Told(
        cast=(
            Role(1, str(rng.choice(("cube", "box", "cylinder"))), color=one),
            Role(2, "cone", color=two),
        ),
        deeds=(Deed("slide", 1, direction=_side(rng)), Deed("stop", 1)),
    )
    return told(spec, seed, story)


def jump(spec: SceneSpec, seed: int) -> Made:
    """Somebody jumps: both feet leave the ground, and a parabola brings them back."""
    rng = np.random.default_rng([seed, 69])
    one, two = hues(rng, 2)
    story = Told(cast=(_person(rng, 1, one), Role(2, "cube", color=two)), deeds=(Deed("jump", 1),))
    return told(spec, seed, story)


def pushed_prop(spec: SceneSpec, seed: int) -> Made:
    """A thing glides over the ground without rolling, because somebody pushes it."""
    rng = np.random.default_rng([seed, 70])
    one, two = hues(rng, 2)
    story = Told(
        cast=(
            _person(rng, 1, one, ("man", "woman")),
            Role(2, str(rng.choice(("crate", "box", "cube"))), color=two, size="medium"),
        ),
        deeds=(Deed("push", 1, 2, direction=_side(rng)),),
    )
    return told(spec, seed, story)


def bouncy(spec: SceneSpec, seed: int) -> Made:
    """A rubber ball that bounces high, and never as high as before."""
    rng = np.random.default_rng([seed, 71])
    one, two = hues(rng, 2)
    story = Told(
        cast=(Role(1, "ball", color=one, material="rubber"), Role(2, "cube", color=two)),
        deeds=(Deed("drop", 1), Deed("bounce", 1)),
    )
    made, _ = told(spec, seed, story)
    cast = tuple(replace(c, restitution=0.85) if c.kind == "ball" else c for c in made.cast)
    made = replace(made, cast=cast)
    return made, describe(made, "L2")


def follow(spec: SceneSpec, seed: int) -> Made:
    """The camera goes along with somebody who walks."""
    rng = np.random.default_rng([seed, 72])
    one, two = hues(rng, 2)
    story = Told(
        cast=(_person(rng, 1, one), Role(2, "cube", color=two)),
        deeds=(Deed("walk", 1, direction=_side(rng)),),
        shots=(ScriptShot(moves=("follow",), follows=1),),
    )
    return told(spec, seed, story)


def wet_or_wooded(spec: SceneSpec, seed: int) -> Made:
    """Water on the ground, or a forest all around: fine texture that is there from the start."""
    rng = np.random.default_rng([seed, 73])
    one, two = hues(rng, 2)
    if spec.preset == "flat":
        raise BadInput("a flat scene has no water and no woods: take lab or story")
    if rng.random() < 0.5:
        setting = Setting("lake", "water", background="mountains", sky="morning")
        who: Role = Role(1, "ball", color=one)
    else:
        setting = Setting("forest", "grass", background="forest", sky="noon")
        who = _person(rng, 1, one)
    deed = Deed("roll" if who.kind == "ball" else "walk", 1, direction=_side(rng))
    place = replace(
        spec.places[0], name=setting.name, ground=setting.ground, background=setting.background,
        sky=setting.sky,
    )  # fmt: skip
    shots = tuple(replace(shot, place=0) for shot in spec.shots)
    there = replace(spec, preset="story", places=(place,), shots=shots)
    return told(there, seed, Told(cast=(who, Role(2, "cone", color=two)), deeds=(deed,)))
