"""Scenes: takes of the procedural world, development and judging apart in more than their seeds.

The two sets share no seed, no style of the picture, no background and no held kind of motion: what
thresholds were chosen on says nothing of how a night scene by the sea is drawn, or of somebody who
jumps. Clean scenes show nothing on purpose that looks like a defect (no light that dims, no color
that changes, no camera that shakes): those are the controls of `evenflow.world.defects`.

The seeds stand here as numbers, so that a bench begins at once; `chosen` finds them, and a test
holds them against it.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from evenflow.bench.footage import Take
from evenflow.core.clip import ArraySource, Clip, Pixels
from evenflow.core.errors import BadInput
from evenflow.world.clip import scene
from evenflow.world.spec import Preset, SceneSpec

FPS = Fraction(24)
SIZE = (384, 256)
FRAMES: dict[str, int] = {"story": 80, "lab": 72}
ON_PURPOSE = frozenset(
    {
        "change_color", "dim", "brighten", "sunset", "shatter", "shake", "whip pan left",
        "whip pan right", "lower", "cover", "uncover",
    }
)  # fmt: skip
"""What happens in no clean scene: it is meant, but only its caption says so."""
HELD_MOTIONS = frozenset(
    {
        "jump", "kick", "throw", "carry", "pick_up", "put_down", "give", "follow", "circle",
        "enter", "swing", "grow", "shrink", "slide", "run", "rise", "exit",
    }
)  # fmt: skip
"""Seen in every judging scene, and in no development scene."""


@dataclass(frozen=True)
class SceneSet:
    """Where the scenes of a set come from.

    Args:
        first: seed that is tried first.
        styles: rows of STYLES, one scene after the other.
        backgrounds: rows of BACKGROUNDS of `story`.
        held: the scenes have motions of `HELD_MOTIONS`; else they have none.
        story, lab: seeds; the first `CARRIERS` of each carry the defects.
    """

    first: int
    styles: tuple[str, ...]
    backgrounds: frozenset[str]
    held: bool
    story: tuple[int, ...]
    lab: tuple[int, ...]


CARRIERS: dict[str, int] = {"story": 18, "lab": 6}
"""Scenes that carry defects and controls, of each preset; all others are looked through for alarms
alone."""

SCENES: dict[str, SceneSet] = {
    "development": SceneSet(
        20_000,
        ("plain", "toon", "pastel", "sepia"),
        frozenset({"none", "city", "hills", "room", "desert"}),
        False,
        (
            20008, 20014, 20016, 20017, 20020, 20031, 20032, 20035, 20036, 20037, 20057, 20066,
            20067, 20071, 20072, 20073, 20074, 20075, 20076, 20094, 20097, 20109, 20110, 20111,
            20113, 20117, 20132, 20140, 20147, 20151, 20152, 20155, 20157, 20169, 20182, 20192,
            20198, 20202, 20204, 20206, 20223, 20236, 20241, 20242, 20246, 20252, 20260, 20262,
            20265, 20266, 20267, 20269, 20277, 20279, 20283, 20289, 20290, 20301, 20307, 20308,
            20311, 20314, 20317, 20326,
        ),
        (
            20001, 20002, 20003, 20004, 20005, 20006, 20008, 20009, 20010, 20013, 20014, 20015,
            20017, 20020, 20021, 20022, 20023, 20028, 20029, 20030, 20033, 20034, 20035, 20037,
            20038, 20041, 20042, 20043, 20044, 20046,
        ),
    ),
    "judging": SceneSet(
        70_000,
        ("night", "foggy", "paper", "pixel"),
        frozenset({"forest", "mountains", "sea"}),
        True,
        (
            70001, 70005, 70008, 70010, 70031, 70034, 70036, 70037, 70042, 70045, 70046, 70052,
            70061, 70073, 70077, 70083, 70087, 70092, 70094, 70106, 70107, 70108, 70112, 70120,
            70130, 70140, 70142, 70147, 70155, 70161, 70164, 70165, 70168, 70175, 70180, 70184,
            70193, 70195, 70196, 70199, 70204, 70206, 70214, 70219, 70220, 70230, 70237, 70242,
            70250, 70251, 70253, 70268, 70275, 70284, 70286, 70291, 70297, 70298, 70315, 70321,
            70324, 70325, 70326, 70332,
        ),
        (
            70002, 70011, 70012, 70013, 70016, 70025, 70027, 70028, 70030, 70034, 70040, 70041,
            70048, 70052, 70056, 70062, 70065, 70078, 70095, 70097, 70117, 70118, 70119, 70120,
            70122, 70123, 70124, 70125, 70126, 70131,
        ),
    ),
}  # fmt: skip
"""The sets by name."""


INVISIBLE = "nothing of it can be seen"
"""Why a planted defect is no positive."""


def spec_of(take: Take) -> SceneSpec:
    """The scene of a take.

    Raises:
        BadInput: the scene cannot be staged.
    """
    return scene(
        None,
        preset=_preset(take.preset),
        seed=take.seed,
        frames=take.stop - take.start,
        size=take.size,
        fps=FPS,
        style=take.style or None,
    )


def clip_of(take: Take) -> Clip:
    """The clean clip of a take, in memory."""
    from evenflow.world.defects.inject import scene_of

    source = scene_of(spec_of(take)).source
    pixels: Pixels = Clip(source).frames()
    return Clip(ArraySource(pixels, source.info.fps, take.name))


@lru_cache(maxsize=256)
def cuts_of(take: Take) -> frozenset[int]:
    """First frames of the shots behind the first that a scene is told in; none of other takes."""
    if not take.preset:
        return frozenset()
    lengths = [shot.frames for shot in spec_of(take).shots[:-1]]
    return frozenset(itertools.accumulate(lengths))


def _preset(name: str) -> Preset:
    if name == "lab":
        return "lab"
    if name == "story":
        return "story"
    raise BadInput(f"scenes of a bench are of lab or story, got {name!r}")


def take_of(name: str, preset: str, seed: int, turn: int) -> Take:
    """The take of a seed in a set; `turn` is its number in the set.

    Raises:
        BadInput: there is no such set.
    """
    row = _set(name)
    style = row.styles[turn % len(row.styles)] if preset == "story" else "plain"
    return Take(
        f"{preset} {seed} {style}",
        preset=preset,
        style=style,
        seed=seed,
        stop=FRAMES[preset],
        size=SIZE,
    )


def scene_takes(name: str) -> list[Take]:
    """The scenes of a set that carry defects.

    Raises:
        BadInput: there is no such set.
    """
    return [take for take, carries in _all(name) if carries]


def more_scenes(name: str) -> list[Take]:
    """Its other scenes, on which alarms are counted."""
    return [take for take, carries in _all(name) if not carries]


def _all(name: str) -> Iterator[tuple[Take, bool]]:
    row = _set(name)
    for preset, seeds in (("story", row.story), ("lab", row.lab)):
        for turn, seed in enumerate(seeds):
            yield take_of(name, preset, seed, turn), turn < CARRIERS[preset]


def _set(name: str) -> SceneSet:
    if name not in SCENES:
        raise BadInput(f"there is no set {name!r} of scenes: choose one of {', '.join(SCENES)}")
    return SCENES[name]


def fits(spec: SceneSpec, row: SceneSet) -> bool:
    """True if a scene belongs into a set, whatever its style."""
    happens = {event.kind for event in spec.events}
    happens |= {move.kind for shot in spec.shots for move in shot.camera.moves}
    if happens & ON_PURPOSE or bool(happens & HELD_MOTIONS) != row.held:
        return False
    return spec.preset != "story" or {p.background for p in spec.places} <= row.backgrounds


def chosen(
    name: str,
    preset: str,
    *,
    most: int,
    allows: Callable[[SceneSpec], bool] | None = None,
) -> Iterator[int]:
    """Seeds of a set, in order: the first `most` whose scenes belong into it.

    Args:
        name: of the set.
        preset: `story` or `lab`.
        most: seeds.
        allows: what else must hold of the scene.
    """
    row, seed, made = _set(name), _set(name).first, 0
    while made < most:
        try:
            spec = spec_of(take_of(name, preset, seed, made))
        except BadInput:
            seed += 1
            continue
        if fits(spec, row) and (allows is None or allows(spec)):
            made += 1
            yield seed
        seed += 1
