"""What the world can say: every name that a scene, a caption and a renderer share, as tables.

Spelling is American; the language room of this package accepts more spellings and maps them here.
"""

from dataclasses import dataclass

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (208, 40, 44),
    "orange": (240, 130, 30),
    "yellow": (244, 208, 52),
    "green": (52, 160, 76),
    "teal": (40, 176, 184),
    "blue": (44, 88, 204),
    "purple": (128, 64, 176),
    "pink": (240, 130, 176),
    "white": (236, 234, 228),
    "gray": (140, 142, 146),
    "black": (40, 40, 46),
    "brown": (128, 84, 52),
}
"""sRGB of the paint, before light."""

HUES = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
"""The colors of things to be told apart (`lab`)."""

SIZES: dict[str, float] = {"small": 0.32, "medium": 0.46, "large": 0.68}
"""Half of the height of a thing in world units (about meters)."""

PATTERNS = (
    "plain", "striped", "checkered", "dotted", "two-tone", "ringed", "starred", "lettered",
    "bricks", "planks", "marbled",
)  # fmt: skip
"""Patterns in the local coordinates of a part: one that slides over its part is a defect."""

MATERIALS = ("matte", "rubber", "plastic", "metal", "wood", "stone", "glowing")

PART_MATERIALS = (*MATERIALS, "window")
"""Materials of parts; nobody speaks of the last: panes mirror the sky and are lit at night."""

THINGS = (
    "ball", "cube", "box", "cylinder", "cone", "capsule", "ring", "star", "cup", "vase", "crate",
    "balloon", "cart", "lamp", "tower",
)  # fmt: skip
"""Things that can be moved."""

WALKERS = ("man", "woman", "child", "robot", "dog", "cat", "horse")
"""Actors that walk: two legs or four."""

FIXTURES = (
    "pillar", "wall", "fence", "screen", "door", "table", "ramp", "tree", "bush", "rock", "house",
    "bench", "arch", "sign", "pendulum",
)  # fmt: skip
"""What stands where it stands; a `screen` can be lowered and raised, a `door` opened and closed,
a `pendulum` swings."""

GROUNDS = (
    "plain", "checker", "planks", "tiles", "grass", "sand", "snow", "asphalt", "water", "carpet",
)  # fmt: skip

SKIES = ("plain", "morning", "noon", "evening", "night", "overcast", "studio")

BACKGROUNDS = ("none", "hills", "forest", "city", "mountains", "sea", "desert", "room")
"""What the panorama at the horizon shows."""

STYLES = ("plain", "toon", "pastel", "night", "foggy", "sepia", "pixel", "paper")
"""How the picture is finished."""

MANNERS = (
    "slowly", "quickly", "gently", "cheerfully", "sadly", "nervously", "proudly", "sleepily",
    "drunkenly", "stealthily",
)  # fmt: skip
"""Adverbs of manner and mood: they change gait, speed and light, and so can be graded."""

DIRECTIONS = ("left", "right", "forward", "back", "up", "down")
"""As the camera of the shot sees them; `forward` is away from the camera, `back` toward it."""

RELATIONS = (
    "behind", "in front of", "beside", "past", "around", "through", "onto", "off", "into", "under",
    "between", "toward", "away from", "over", "out from behind",
)  # fmt: skip
"""How a path or a place lies to its target, as the camera of the shot sees it."""

CAMERA_MOVES = (
    "static", "pan left", "pan right", "tilt up", "tilt down", "dolly in", "dolly out",
    "truck left", "truck right", "rise", "sink", "orbit left", "orbit right", "zoom in",
    "zoom out", "follow", "shake", "whip pan left", "whip pan right",
)  # fmt: skip


@dataclass(frozen=True)
class EventKind:
    """What an event is.

    Args:
        roles: which of `agent`, `target`, `other` it needs; `?` marks one that may be missing.
        agents: who may be its agent: `thing`, `walker`, `fixture`, `light`.
        cause: True if the event acts on the scene; False if it is only what then happens (a
            staging that says so must make it come true, and the list of contacts proves it).
        numbers: names of its staged numbers (`Event.numbers`) with their meaning.
    """

    roles: tuple[str, ...]
    agents: tuple[str, ...]
    cause: bool
    numbers: dict[str, str]


_ROUTE = {
    "route": "points (x, z, x, z, ...) on the ground, first where the agent stands at t0",
    "speed": "world units a second",
}
EVENTS: dict[str, EventKind] = {
    # Things that move by physics: the event gives a velocity, the rest follows. What rolls or
    # slides may have a `route` (x, z, x, z, ...) instead: it is led along it while the event lasts.
    "roll": EventKind(
        ("agent", "target?", "other?"), ("thing",), True, {"velocity": "(x, y, z) at t0"}
    ),
    "slide": EventKind(
        ("agent", "target?", "other?"), ("thing",), True, {"velocity": "(x, y, z) at t0"}
    ),
    "drop": EventKind(
        ("agent", "target?", "other?"), ("thing",), True, {"height": "of its bottom at t0"}
    ),
    "throw": EventKind(
        ("agent", "target?", "other?"), ("thing",), True, {"velocity": "(x, y, z) at t0"}
    ),
    "spin": EventKind(("agent",), ("thing", "walker"), True, {"rate": "radians a second, y up"}),
    "swing": EventKind(("agent",), ("fixture",), True, {"angle": "radians at t0"}),
    "rise": EventKind(("agent",), ("thing",), True, {"speed": "up, units a second (balloon)"}),
    "hit": EventKind(("agent", "target"), ("thing", "walker"), False, {}),
    "bounce": EventKind(("agent", "target?"), ("thing",), False, {}),
    "stop": EventKind(("agent", "target?"), ("thing", "walker"), False, {}),
    "fall": EventKind(("agent", "target?"), ("thing",), False, {}),
    "shatter": EventKind(("agent",), ("thing",), False, {}),
    "pass": EventKind(("agent", "target"), ("thing", "walker"), False, {}),
    "hide": EventKind(("agent", "target"), ("thing", "walker"), False, {}),
    "appear": EventKind(("agent", "target?"), ("thing", "walker"), False, {}),
    "enter": EventKind(("agent",), ("thing", "walker"), False, {}),
    "exit": EventKind(("agent",), ("thing", "walker"), False, {}),
    # Walkers.
    "walk": EventKind(("agent", "target?"), ("walker",), True, _ROUTE),
    "run": EventKind(("agent", "target?"), ("walker",), True, _ROUTE),
    "follow": EventKind(("agent", "target"), ("walker",), True, {"gap": "units behind"}),
    "circle": EventKind(("agent", "target"), ("walker",), True, _ROUTE),
    "turn": EventKind(("agent",), ("walker",), True, {"angle": "radians, left positive"}),
    "jump": EventKind(("agent",), ("walker",), True, {"height": "of the feet at the top"}),
    "wave": EventKind(("agent", "target?"), ("walker",), True, {"side": "-1 left, 1 right"}),
    "sit": EventKind(("agent", "target?"), ("walker",), True, {}),
    "stand": EventKind(("agent",), ("walker",), True, {}),
    "pick_up": EventKind(("agent", "target"), ("walker",), True, {}),
    "carry": EventKind(("agent", "target", "other?"), ("walker",), True, _ROUTE),
    "put_down": EventKind(
        ("agent", "target", "other?"), ("walker",), True, {"place": "(x, y, z) of it"}
    ),
    "give": EventKind(("agent", "target", "other"), ("walker",), True, {}),
    "push": EventKind(("agent", "target", "other?"), ("walker",), True, _ROUTE),
    "kick": EventKind(
        ("agent", "target", "other?"), ("walker",), True, {"velocity": "(x, y, z) of it"}
    ),
    "hand_over_face": EventKind(("agent",), ("walker",), True, {}),
    # Changes that are meant.
    "change_color": EventKind(("agent",), ("thing", "walker", "fixture"), True, {}),
    "grow": EventKind(("agent",), ("thing",), True, {"factor": "of the size, above 1"}),
    "shrink": EventKind(("agent",), ("thing",), True, {"factor": "of the size, below 1"}),
    "cover": EventKind(("agent", "target"), ("thing",), True, {"height": "it comes down from"}),
    "uncover": EventKind(("agent", "target"), ("thing",), True, {"height": "it goes up to"}),
    "lower": EventKind(("agent",), ("fixture",), True, {"share": "of its height that is up, t1"}),
    "raise": EventKind(("agent",), ("fixture",), True, {"share": "of its height that is up, t1"}),
    "open": EventKind(("agent",), ("fixture",), True, {"angle": "radians at t1"}),
    "close": EventKind(("agent",), ("fixture",), True, {"angle": "radians at t1"}),
    # Light.
    "dim": EventKind((), ("light",), True, {"gain": "of the light at t1, below 1"}),
    "brighten": EventKind((), ("light",), True, {"gain": "of the light at t1, above 1"}),
    "sunset": EventKind((), ("light",), True, {"elevation": "radians at t1"}),
    "sunrise": EventKind((), ("light",), True, {"elevation": "radians at t1"}),
}
"""Every event. Times are seconds, places world units, y up, the ground at y = 0."""

WALK_SPEED = 1.2
"""World units a second of an adult who walks without a manner."""
