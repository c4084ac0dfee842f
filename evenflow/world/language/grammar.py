"""The patterns that captions are written with, as tables; the reader accepts all of them and more.

A clause begins with who is its subject (`a` agent, `t` target, `o` other, `*` the words that
follow) and a verb in its base form. `{a} {t} {o}` are noun phrases, `{d}` a direction, `{from}` the
side that a motion comes from, `{r}` a relation with what it is about, `{c}` a color, `{m}` a
manner. A pattern fits a deed if it says everything that the deed says.
"""

CLAUSES: dict[str, tuple[str, ...]] = {
    "roll": ("a roll {m} {d} {r}", "a roll {from} {m} {r}", "o roll {a} {m} {d} {r}"),
    "slide": ("a slide {m} {d} {r}", "a slide {from} {m} {r}", "o slide {a} {m} {d} {r}"),
    "drop": ("a drop {m} {r}", "o drop {a} {m} {r}", "a be dropped by {o} {m} {r}"),
    "throw": ("a fly {m} {d} {r}", "o throw {a} {m} {d} {r}", "a be thrown by {o} {m} {d} {r}"),
    "spin": ("a spin {m}", "a rotate {m}"),
    "swing": ("a swing {m}",),
    "rise": ("a rise {m}", "a float up {m}"),
    "hit": ("a hit {t} {m}", "a bump into {t} {m}", "a collide with {t} {m}",
            "t be hit by {a} {m}"),
    "bounce": ("a bounce {m} {d} {r}",),
    "stop": ("a stop {m} {r}", "a come to a stop {m} {r}"),
    "fall": ("a fall {m} {d} {r}",),
    "shatter": ("a shatter {m}", "a break into pieces {m}"),
    "pass": ("a pass {t} {m} {d}", "a pass {m} {d} {r}"),
    "hide": ("a hide {m} {r}", "a disappear {m} {r}"),
    "appear": ("a appear {m} {r}", "a appear {m} from behind {t}",
    "a come out from behind {t} {m}"),
    "enter": ("a enter {m} {from}", "a come in {from} {m}", "a enter the picture {from} {m}"),
    "exit": ("a leave the picture {m} {d}", "a exit {d} {m}"),
    "walk": ("a walk {m} {d} {r}",),
    "run": ("a run {m} {d} {r}",),
    "follow": ("a follow {t} {m}", "t be followed by {a} {m}"),
    "circle": ("a circle around {t} {m}", "a circle {t} {m}"),
    "turn": ("a turn {m} {d}", "a turn around {m}"),
    "jump": ("a jump {m} {d}", "a jump up {m}"),
    "wave": ("a wave {m}", "a wave to {t} {m}", "a wave at {t} {m}"),
    "sit": ("a sit down {m}", "a sit down on {t} {m}", "a sit on {t} {m}"),
    "stand": ("a stand up {m}", "a get up {m}"),
    "pick_up": ("a pick up {t} {m}", "a pick {t} up {m}", "a lift {t} {m}",
                "t be picked up by {a} {m}"),
    "carry": ("a carry {t} {m} {d} {r}", "t be carried by {a} {m} {d} {r}"),
    "put_down": ("a put down {t} {m}", "a put {t} {m} {r}", "a put {t} down {m}",
                 "t be put down by {a} {m}"),
    "give": ("a give {t} to {o} {m}", "a hand {t} to {o} {m}", "a give {o} {t} {m}"),
    "push": ("a push {t} {m} {d} {r}", "t be pushed by {a} {m} {d} {r}"),
    "kick": ("a kick {t} {m} {d} {r}", "t be kicked by {a} {m} {d} {r}"),
    "hand_over_face": ("a put a hand over the face {m}", "a hold a hand over the face {m}"),
    "change_color": ("a turn {c} {m}", "a become {c} {m}", "a change color to {c} {m}"),
    "grow": ("a grow {m}", "a get larger {m}"),
    "shrink": ("a shrink {m}", "a get smaller {m}"),
    "cover": ("a cover {t} {m}", "t be covered by {a} {m}", "o cover {t} with {a} {m}"),
    "uncover": ("a uncover {t} {m}", "t be uncovered by {a} {m}"),
    "lower": ("a lower {m}", "a be lowered {m}"),
    "raise": ("a rise {m}", "a be raised {m}"),
    "open": ("a open {m}", "o open {a} {m}", "a be opened by {o} {m}"),
    "close": ("a close {m}", "o close {a} {m}", "a be closed by {o} {m}"),
    "dim": ("* the light dim {m}", "* it get darker {m}"),
    "brighten": ("* the light brighten {m}", "* it get brighter {m}"),
    "sunset": ("* the sun set {m}",),
    "sunrise": ("* the sun rise {m}",),
}  # fmt: skip
"""How every event is said."""

DIRECTIONS: dict[str, tuple[str, ...]] = {
    "left": ("to the left", "left"),
    "right": ("to the right", "right"),
    "forward": ("away from the camera", "forward"),
    "back": ("toward the camera", "back"),
    "up": ("up",),
    "down": ("down",),
}
"""Where something goes."""

ORIGINS: dict[str, str] = {
    "left": "from the right",
    "right": "from the left",
    "forward": "from the front",
    "back": "from the back",
    "up": "from the bottom",
    "down": "from the top",
}
"""The direction of a motion, said by where it comes from."""

RELATIONS: dict[str, str] = {"left of": "to the left of", "right of": "to the right of"}
"""Relations that are not written as they are called."""

MOVES: dict[str, tuple[str, ...]] = {
    "static": ("stay still",),
    "pan left": ("pan left", "pan to the left"),
    "pan right": ("pan right", "pan to the right"),
    "tilt up": ("tilt up",),
    "tilt down": ("tilt down",),
    "dolly in": ("move in", "dolly in"),
    "dolly out": ("move out", "dolly out"),
    "truck left": ("move to the left", "track left"),
    "truck right": ("move to the right", "track right"),
    "rise": ("rise", "move up"),
    "sink": ("sink", "move down"),
    "orbit left": ("orbit to the left", "orbit left"),
    "orbit right": ("orbit to the right", "orbit right"),
    "zoom in": ("zoom in",),
    "zoom out": ("zoom out",),
    "follow": ("follow",),
    "shake": ("shake",),
    "whip pan left": ("whip pan left",),
    "whip pan right": ("whip pan right",),
}
"""How the camera moves."""

GROUNDS: dict[str, str] = {
    "plain": "a plain floor",
    "checker": "a checker floor",
    "carpet": "a carpet",
}
"""Grounds that are not written as they are called."""

PAINTED_GROUNDS: dict[str, str] = {
    "": "a {} floor", "plain": "a plain {} floor", "checker": "a {} checker floor",
    "planks": "a {} plank floor", "tiles": "a {} tiled floor", "carpet": "a {} carpet",
    "grass": "{} grass", "sand": "{} sand", "snow": "{} snow", "asphalt": "{} asphalt",
    "water": "{} water",
}  # fmt: skip
"""Grounds with their colors."""

SKIES: dict[str, tuple[str, ...]] = {
    "plain": ("under a plain sky",),
    "morning": ("in the morning",),
    "noon": ("at noon",),
    "evening": ("in the evening", "at sunset"),
    "night": ("at night",),
    "overcast": ("under an overcast sky", "on an overcast day"),
    "studio": ("in studio light", "in a studio"),
}
"""Light and time of day."""

BACKGROUNDS: dict[str, str] = {
    "none": "with an empty background",
    "hills": "with hills in the background",
    "forest": "with a forest in the background",
    "city": "with a city in the background",
    "mountains": "with mountains in the background",
    "sea": "with the sea in the background",
    "desert": "with a desert in the background",
    "room": "with a room in the background",
}
"""What the horizon shows."""

ON = frozenset({"beach", "playground", "square", "meadow"})
"""Places that one is on, not in."""

PATTERN_ADJECTIVES: dict[str, str] = {"bricks": "brick", "planks": "plank"}
"""Patterns before a noun, where they are not written as they are called."""

PATTERN_NOUNS: dict[str, str] = {
    "striped": "stripes", "checkered": "checks", "dotted": "dots", "ringed": "rings",
    "starred": "stars", "lettered": "letters", "bricks": "bricks", "planks": "planks",
    "marbled": "marble",
}  # fmt: skip
"""A pattern of which only its own color is known: "with white stripes"."""
