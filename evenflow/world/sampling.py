"""Random scripts and scenes: what a training set of the world is drawn from.

A script is drawn before anything is placed, so captions, scenes and tests share one source:
`random_spec` stages `random_script`. `lab` is gradable (neutral ground, few plain things, no two
alike), `story` has places, walkers, styles, cameras and shots, `flat` is physics seen from the
side.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world import casting, scenery, timing
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing
from evenflow.world.spec import Preset, SceneSpec
from evenflow.world.staging import layout
from evenflow.world.words import HUES

REDRAWS = 8
"""Scripts that are drawn for a scene before giving up."""


class Draft:
    """A script while it is drawn.

    Args:
        rng: of the script.
        hues: colors that its things may have.
    """

    def __init__(self, rng: np.random.Generator, hues: tuple[str, ...] = HUES) -> None:
        self.rng = rng
        self.hues = hues
        self.cast: list[Role] = []
        self.standing: list[Standing] = []
        self.deeds: list[Deed] = []

    def pick(self, *choices: str) -> str:
        """One of several."""
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """True so often."""
        return bool(self.rng.random() < share)

    def add(self, kind: str, **said: str) -> int:
        """A new role; a color that no other of its kind has, and if it can be nobody at all."""
        used = [role.color for role in self.cast]
        same = [role.color for role in self.cast if role.kind == kind]
        if "color" not in said:
            choices = (
                casting.FIXTURE_COLORS.get(kind) or casting.ANIMAL_COLORS.get(kind) or self.hues
            )
            order = [choices[i] for i in self.rng.permutation(len(choices))]
            free = [c for c in order if c not in same] or [
                c
                for c in (self.hues[i] for i in self.rng.permutation(len(self.hues)))
                if c not in same
            ]
            fresh = [c for c in free if c not in used]
            said["color"] = (fresh or free)[0]
        self.cast.append(Role(id=len(self.cast) + 1, kind=kind, **said))  # type: ignore[arg-type]
        return len(self.cast)

    def thing(self, *kinds: str) -> int:
        """A thing of one of these kinds, sometimes with a size."""
        said = {}
        if self.chance(0.35):
            said["size"] = self.pick("small", "large", "medium")
        return self.add(self.pick(*kinds), **said)

    def do(self, kind: str, agent: int = 0, target: int = 0, **more: object) -> None:
        """A new deed."""
        self.deeds.append(Deed(kind, agent, target, **more))  # type: ignore[arg-type]

    def side(self) -> str:
        """Left or right."""
        return self.pick("left", "right")

    def manner(self, *choices: str) -> str:
        """A manner, now and then."""
        return self.pick(*choices) if choices and self.chance(0.35) else ""


def _occlusion(d: Draft) -> None:
    ball, pillar = d.add("ball", size="small"), d.add("pillar")
    way = d.side()
    if d.chance(0.5):
        d.do("roll", ball, pillar, direction=way, relation="behind")
    else:
        d.do("roll", ball, direction=way, manner=d.manner("slowly"))
        d.do("hide", ball, pillar)
        d.do("appear", ball, pillar)


def _occluded_collision(d: Draft) -> None:
    ball, pillar, other = (
        d.add("ball", size="small"),
        d.add("pillar"),
        d.thing("cube", "cylinder", "cone"),
    )
    d.do("roll", ball, direction=d.side())
    d.do("hide", ball, pillar)
    d.do("appear", ball, pillar)
    d.do("hit", ball, other)


def _hiding(d: Draft) -> None:
    ball, wall = d.add("ball", size="small"), d.add("wall")
    d.do("roll", ball, direction=d.side())
    d.do("hide", ball, wall)


def _collision(d: Draft) -> None:
    ball, other = d.thing("ball"), d.thing("cube", "cylinder", "cone", "box")
    d.do("roll", ball, direction=d.side(), manner=d.manner("quickly", "slowly"))
    d.do("hit", ball, other)


def _chain(d: Draft) -> None:
    one, two, three = (
        d.add("ball", size="medium"),
        d.add("ball", size="medium"),
        d.add("cube", size="small"),
    )
    d.do("roll", one, direction=d.side())
    d.do("hit", one, two)
    d.do("hit", two, three)


def _drop(d: Draft) -> None:
    ball = d.thing("ball", "cube", "star")
    d.do("drop", ball)
    if d.cast[ball - 1].kind == "ball":
        d.do("bounce", ball)


def _drop_on(d: Draft) -> None:
    one, two = d.add("ball", size="small"), d.add(d.pick("cube", "crate", "cylinder"), size="large")
    d.do("drop", one, two, relation="onto")


def _slide(d: Draft) -> None:
    d.do(
        "slide",
        d.thing("cube", "cylinder", "box"),
        direction=d.side(),
        manner=d.manner("slowly", "quickly"),
    )


def _roll_past(d: Draft) -> None:
    one, two = d.thing("ball"), d.thing("cube", "cone", "cylinder")
    d.do("roll", one, two, direction=d.side(), relation=d.pick("past", "in front of", "toward"))


def _throw(d: Draft) -> None:
    ball = d.add("ball", size="small")
    if d.chance(0.5):
        box = d.thing("cube", "cylinder")
        d.do("throw", ball, box, direction=d.side(), relation="over")
    else:
        d.do("throw", ball, direction=d.side())
        d.do("bounce", ball)


def _color(d: Draft) -> None:
    one = d.thing("ball", "cube", "cylinder", "cone")
    taken = [role.color for role in d.cast]
    d.do("change_color", one, color=d.pick(*[c for c in d.hues if c not in taken]))


def _grow(d: Draft) -> None:
    one = d.add(d.pick("ball", "cube", "cylinder", "star"), size="medium")
    d.do(d.pick("grow", "shrink"), one)


def _cover(d: Draft) -> None:
    cup, ball = d.add("cup", size="large"), d.add("ball", size="small")
    d.do("cover", cup, ball)
    if d.chance(0.4):
        d.do("uncover", cup, ball)


def _spin(d: Draft) -> None:
    d.do("spin", d.thing("cube", "star", "ring", "box"), manner=d.manner("slowly", "quickly"))


def _screen(d: Draft) -> None:
    screen, one = d.add("screen"), d.add(d.pick("ball", "cube"), size="small")
    d.do("lower", screen)
    d.do("appear", one, screen)


def _aside(d: Draft) -> None:
    """Somebody else who only stands there."""
    d.thing("cube", "cylinder", "cone", "box", "star")


LAB: tuple[Callable[[Draft], None], ...] = (
    _occlusion, _occluded_collision, _hiding, _collision, _chain, _drop, _drop_on, _slide,
    _roll_past, _throw, _color, _grow, _cover, _spin, _screen,
)  # fmt: skip
"""Scenes of `lab`."""
LAB_MORE: tuple[Callable[[Draft], None], ...] = (_color, _grow, _spin, _drop)
"""Short events that go beside another."""

MOODS = (
    "slowly",
    "quickly",
    "cheerfully",
    "sadly",
    "proudly",
    "nervously",
    "sleepily",
    "stealthily",
)


def _stroll(d: Draft, who: int) -> None:
    d.do("walk", who, direction=d.side(), manner=d.manner(*MOODS))


def _walk_past(d: Draft, who: int) -> None:
    target = d.add(d.pick("pillar", "tree", "bench", "rock", "sign", "bush"))
    d.do(
        "walk",
        who,
        target,
        direction=d.side(),
        relation=d.pick("past", "behind"),
        manner=d.manner(*MOODS),
    )


def _walk_to(d: Draft, who: int) -> None:
    target = d.add(d.pick("bench", "tree", "crate", "rock", "lamp", "cart"))
    d.do(
        d.pick("walk", "walk", "run"),
        who,
        target,
        relation="toward",
        manner=d.manner("slowly", "cheerfully"),
    )


def _hide_walker(d: Draft, who: int) -> None:
    wall = d.add(d.pick("wall", "pillar"), size="large")
    d.do("walk", who, wall, direction=d.side(), relation="behind")


def _wave(d: Draft, who: int) -> None:
    d.do("wave", who, manner=d.manner("cheerfully", "slowly"))


def _jump(d: Draft, who: int) -> None:
    d.do("jump", who, manner=d.manner("cheerfully"))


def _fetch(d: Draft, who: int) -> None:
    thing = d.add(d.pick("ball", "cup", "crate", "cube"), size="small")
    d.do("pick_up", who, thing)
    if d.chance(0.6):
        d.do("carry", who, thing, direction="")
    if d.chance(0.4):
        d.do("put_down", who, thing)


def _give(d: Draft, who: int) -> None:
    other = d.add(d.pick("child", "woman", "man"))
    thing = d.add(d.pick("ball", "star", "cup"), size="small")
    d.do("give", who, thing, other=other)


def _push(d: Draft, who: int) -> None:
    thing = d.add(d.pick("crate", "cart", "box", "cube"), size="medium")
    d.do("push", who, thing, direction=d.side())


def _kick(d: Draft, who: int) -> None:
    d.do("kick", who, d.add("ball", size="small"), direction=d.side())


def _sit(d: Draft, who: int) -> None:
    d.do("sit", who, d.add("bench"))


def _circle(d: Draft, who: int) -> None:
    d.do("circle", who, d.add(d.pick("tree", "rock", "crate", "cone", "lamp")))


def _enter(d: Draft, who: int) -> None:
    d.do("enter", who, direction=d.side())


def _follow(d: Draft, who: int) -> None:
    other = d.add(d.pick("dog", "child", "cat"))
    d.do("walk", who, direction=d.side(), manner=d.manner("slowly", "cheerfully"))
    d.do("follow", other, who, together=True)


def _turn(d: Draft, who: int) -> None:
    d.do("turn", who, direction=d.pick("left", "right", ""))


ANYBODY: tuple[Callable[[Draft, int], None], ...] = (
    _stroll,
    _walk_past,
    _walk_to,
    _hide_walker,
    _circle,
    _enter,
    _turn,
    _jump,
)
PEOPLE_ONLY: tuple[Callable[[Draft, int], None], ...] = (
    _wave,
    _fetch,
    _give,
    _push,
    _kick,
    _sit,
    _follow,
)
AFTER: tuple[Callable[[Draft, int], None], ...] = (_wave, _jump, _turn)

CAMERAS = (
    "pan left", "pan right", "tilt up", "tilt down", "dolly in", "dolly out", "truck left",
    "truck right", "rise", "orbit left", "orbit right", "zoom in", "zoom out", "shake",
)  # fmt: skip


def random_script(preset: Preset, seed: int) -> Script:
    """A script by chance; equal seeds give equal scripts.

    Args:
        preset: `lab`, `story` or `flat`.
        seed: 0 or more.
    """
    rng = np.random.default_rng([seed, 8201])
    if preset == "flat":
        from evenflow.world.flat import flat_script

        return flat_script(rng)
    return _lab(rng) if preset == "lab" else _story(rng)


def _lab(rng: np.random.Generator) -> Script:
    d = Draft(rng)
    if d.chance(0.06):
        one, two = d.thing("cube", "ball", "cone"), d.thing("cylinder", "ring", "box")
        d.standing.append(Standing(one, d.pick("left of", "right of", "in front of"), two))
    else:
        LAB[int(rng.integers(len(LAB)))](d)
    if len(d.deeds) <= 2 and len(d.cast) <= 3 and d.chance(0.3):
        LAB_MORE[int(rng.integers(len(LAB_MORE)))](d)
    while len(d.cast) < 2 or (len(d.cast) < 4 and d.chance(0.4)):
        _aside(d)
    move = CAMERAS[int(rng.integers(len(CAMERAS) - 1))] if d.chance(0.15) else "static"
    return Script(
        cast=tuple(d.cast), standing=tuple(d.standing), deeds=tuple(d.deeds),
        shots=(ScriptShot(moves=(move,)),),
    )  # fmt: skip


def _story(rng: np.random.Generator) -> Script:
    hues = (*HUES, "white")
    d = Draft(rng, hues)
    names = list(scenery.THEMES)
    theme = names[int(rng.integers(len(names)))]
    row = scenery.THEMES[theme]
    setting = Setting(
        name=theme if theme in NAMED else "",
        ground=row.grounds[int(rng.integers(len(row.grounds)))],
        sky=row.skies[int(rng.integers(len(row.skies)))],
        background=row.backgrounds[int(rng.integers(len(row.backgrounds)))],
    )  # fmt: skip
    shots = 1
    if d.chance(0.72):
        who = d.add(row.walkers[int(rng.integers(len(row.walkers)))])
        kind = d.cast[who - 1].kind
        choices = ANYBODY
        if kind in ("man", "woman", "child", "robot"):
            choices = (*ANYBODY, *PEOPLE_ONLY, *PEOPLE_ONLY)
        choices[int(rng.integers(len(choices)))](d, who)
        if d.chance(0.45):
            after = [f for f in AFTER if f is not _wave or kind in casting.HANDS]
            busy = d.deeds[-1].kind in ("sit", "enter", "follow", "pick_up", "carry", "give")
            if not busy:
                after[int(rng.integers(len(after)))](d, who)
        if d.chance(0.3) and len(d.cast) < 4 and len(d.deeds) <= 2:
            (_collision, _drop, _roll_past, _spin)[int(rng.integers(4))](d)
    else:
        pool = (*LAB, _balloon, _shatter, _swing, _off_table, _into_arch)
        pool[int(rng.integers(len(pool)))](d)
        if d.chance(0.3) and len(d.deeds) <= 2:
            LAB_MORE[int(rng.integers(len(LAB_MORE)))](d)
    if len(d.deeds) <= 2 and d.chance(0.12):
        light = d.pick("dim", "brighten", "sunset")
        if setting.sky in ("night", "studio") and light == "sunset":
            light = "dim"
        if setting.sky in ("evening", "noon", "overcast") and light == "brighten":
            light = "dim"
        d.do(light)
    while len(d.cast) < 5 and d.chance(0.3):
        d.thing("ball", "cube", "cone", "crate", "vase", "star", "balloon", "cylinder", "ring")
    moves: tuple[str, ...] = ("static",)
    follows = 0
    chance = rng.random()
    if chance < 0.4:
        moves = (CAMERAS[int(rng.integers(len(CAMERAS)))],)
    elif chance < 0.5 and d.deeds and d.deeds[0].kind in ("walk", "run", "roll"):
        moves, follows = ("follow",), d.deeds[0].agent
    script = Script(
        cast=tuple(d.cast), standing=tuple(d.standing), deeds=tuple(d.deeds), settings=(setting,),
        shots=(ScriptShot(moves=moves, follows=follows),) * shots,
        style="" if d.chance(0.8) else str(rng.choice(row.styles)),
    )  # fmt: skip
    if d.chance(0.25) and 2 <= len(d.deeds) <= 3 and not follows:
        script = _cut(script, d)
    return script


def _cut(script: Script, d: Draft) -> Script:
    """The same script in two shots of one place: the last deed is seen anew."""
    deeds = (*script.deeds[:-1], replace(script.deeds[-1], shot=1, together=False))
    if script.deeds[-1].kind in BOUND:
        return script
    last = script.deeds[-1]
    alone = not last.target and not last.other and last.kind in ("wave", "jump", "turn", "walk")
    if alone and d.chance(0.6):  # the same somebody elsewhere
        here = script.settings[0]
        others = [name for name in NAMED if name != here.name]
        there = others[int(d.rng.integers(len(others)))]
        row = scenery.THEMES[there]
        return replace(
            script, deeds=deeds,
            settings=(
                replace(here, name=here.name or "square"),
                Setting(name=there, ground=row.grounds[0], sky=row.skies[0],
                        background=row.backgrounds[0]),
            ),
            shots=(
                replace(script.shots[0], place=here.name or "square"),
                ScriptShot(place=there, moves=(d.pick("static", "pan right", "dolly in"),)),
            ),
        )  # fmt: skip
    first = replace(script.shots[0], size=d.pick("wide", "medium", ""))
    second = ScriptShot(
        size=d.pick("close", "medium"), moves=(d.pick("static", "dolly in", "pan left"),)
    )
    return replace(script, deeds=deeds, shots=(first, second))


BOUND = (
    "hit", "bounce", "stop", "fall", "shatter", "pass", "hide", "appear", "uncover", "follow",
    "carry", "put_down",
)  # fmt: skip
"""Deeds that cannot be cut off from the one that leads to them."""
NAMED = ("park", "forest", "city", "beach", "desert", "meadow", "playground", "room", "harbor")


def _balloon(d: Draft) -> None:
    d.do("rise", d.add("balloon"), manner=d.manner("slowly"))


def _shatter(d: Draft) -> None:
    vase = d.add("vase")
    d.do("drop", vase)
    d.do("shatter", vase)


def _swing(d: Draft) -> None:
    d.do("swing", d.add("pendulum"))


def _off_table(d: Draft) -> None:
    ball, table = d.add("ball", size="small"), d.add("table")
    d.do("roll", ball, table, relation="off")
    d.do("fall", ball)


def _into_arch(d: Draft) -> None:
    ball, arch = d.add("ball", size="small"), d.add("arch")
    d.do("roll", ball, arch, relation="through")


def random_spec(
    preset: Preset, seed: int, *, frames: int = 49, fps: Fraction = Fraction(12),
    size: tuple[int, int] = (128, 128),
) -> SceneSpec:  # fmt: skip
    """A scene by chance; equal arguments give equal scenes.

    Args:
        preset: `lab`, `story` or `flat`.
        seed: 0 or more.
        frames, fps, size: of the clip; size is (width, height) in pixels.

    Raises:
        BadInput: the clip is too short for anything to happen.
    """
    if preset == "maze":
        from evenflow.world.maze import maze_spec

        return maze_spec(seed, frames=frames, fps=fps, size=size)
    problem = ""
    for draw in range(REDRAWS):
        script = random_script(preset, seed if draw == 0 else seed + (draw << 33))
        script = shortened(script, float(frames / fps))
        try:
            found = layout(
                script, preset=preset, seed=seed + (draw << 33), frames=frames, fps=fps, size=size,
                attempts=5,
            )  # fmt: skip
        except BadInput as error:
            problem = str(error)
            continue
        return replace(found.spec, seed=seed)
    raise BadInput(f"no scene of {preset} fits {frames} frames at {float(fps):g}: {problem}")


def shortened(script: Script, seconds: float) -> Script:
    """The script without the last deeds that do not fit into so many seconds."""
    deeds = script.deeds
    while deeds and _seconds(deeds, len(script.shots)) > seconds:
        deeds = deeds[:-1]
    shots = script.shots
    if len(shots) > 1 and not any(deed.shot == 1 for deed in deeds):
        shots = shots[:1]
    return replace(script, deeds=deeds, shots=shots)


def _seconds(deeds: tuple[Deed, ...], shots: int) -> float:
    total = sum(timing.DURATIONS[d.kind][0] for d in deeds if not d.together)
    return total + shots * (timing.LEAD + timing.TAIL) + 0.05


__all__ = ["LAB", "random_script", "random_spec"]
