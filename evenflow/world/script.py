"""Script: what a caption says about a scene, and no more; the words between text and SceneSpec.

A caption is parsed into a Script, a Script is staged into a SceneSpec, and a SceneSpec gives back
the Script that its captions are written from. A field that is empty was not said.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """Somebody or something that is spoken of.

    Args:
        id: from 1, in the order of mention.
        kind: a row of THINGS, WALKERS or FIXTURES; `thing` or `person` where no more is said.
        color, second, size, pattern, material: rows of their tables, or empty.
        count: how many of them ("three balls").
        hair: a row of COLORS, or empty.
        side: `left`, `middle` or `right` of the picture, where that is how it is told from others
            that look alike ("the left ball"), or empty.
    """

    id: int
    kind: str
    color: str = ""
    second: str = ""
    size: str = ""
    pattern: str = ""
    material: str = ""
    count: int = 1
    hair: str = ""
    side: str = ""


@dataclass(frozen=True)
class Standing:
    """Where somebody is at the start: "a cup on the table"; relation as in RELATIONS, or `left of`,
    `right of`, `on`, `in`, `held by` (a walker), `between` (with two targets)."""

    role: int
    relation: str
    target: int
    other: int = 0


@dataclass(frozen=True)
class Deed:
    """Something that happens, in the order of telling.

    Args:
        kind: a row of EVENTS.
        agent, target, other: ids of roles, or 0. Of what is put down, carried, pushed or kicked
            somewhere, `other` is what `relation` is about; of a thing that is dropped, thrown,
            rolled, slid, opened, closed or put over something, `other` is who does it.
        direction, relation, color, manner: rows of their tables, or empty.
        start, end: seconds where the caption gives them, else None.
        seconds: how long it takes where no more than that is said ("for 2 s"), else None.
        together: True if it happens while the deed before it does ("while", "at the same time").
        shot: number of the shot.
    """

    kind: str
    agent: int = 0
    target: int = 0
    other: int = 0
    direction: str = ""
    relation: str = ""
    color: str = ""
    manner: str = ""
    start: float | None = None
    end: float | None = None
    seconds: float | None = None
    together: bool = False
    shot: int = 0


@dataclass(frozen=True)
class ScriptShot:
    """A shot.

    Args:
        place: name of its setting, or empty for the first.
        size: `wide`, `medium`, `close`, or empty.
        moves: rows of CAMERA_MOVES, one after the other.
        follows: id of the role that `follow` and `orbit` hold, or 0.
        seconds: its length, or None.
        manner: of its moves, a row of MANNERS ("the camera pans slowly"), or empty.
    """

    place: str = ""
    size: str = ""
    moves: tuple[str, ...] = ()
    follows: int = 0
    seconds: float | None = None
    manner: str = ""


@dataclass(frozen=True)
class Setting:
    """Where and when, as far as it is said: rows of the tables of `words.py`.

    Args:
        colors: names of COLORS of the ground.
        name: of a place that shots go back to.
        fog: True if fog is spoken of.
    """

    name: str = ""
    ground: str = ""
    colors: tuple[str, ...] = ()
    sky: str = ""
    background: str = ""
    fog: bool = False


@dataclass(frozen=True)
class Script:
    """All that a caption says.

    Args:
        cast, standing, deeds, settings, shots: see there; one shot and one setting at least.
        style: a row of STYLES, or empty.
    """

    cast: tuple[Role, ...] = ()
    standing: tuple[Standing, ...] = ()
    deeds: tuple[Deed, ...] = ()
    settings: tuple[Setting, ...] = (Setting(),)
    shots: tuple[ScriptShot, ...] = (ScriptShot(),)
    style: str = ""
