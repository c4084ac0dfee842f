"""Forms of words: how verbs and nouns are inflected, by rules and two small tables.

The world has no tense: `rolls`, `rolled`, `rolling` and the bare `roll` say the same.
"""

from typing import Literal

Form = Literal["base", "third", "past", "participle", "ing"]

IRREGULAR: dict[str, tuple[str, str, str]] = {
    "run": ("ran", "run", "running"),
    "throw": ("threw", "thrown", "throwing"),
    "fly": ("flew", "flown", "flying"),
    "spin": ("spun", "spun", "spinning"),
    "swing": ("swung", "swung", "swinging"),
    "rise": ("rose", "risen", "rising"),
    "hit": ("hit", "hit", "hitting"),
    "strike": ("struck", "struck", "striking"),
    "fall": ("fell", "fallen", "falling"),
    "break": ("broke", "broken", "breaking"),
    "hide": ("hid", "hidden", "hiding"),
    "leave": ("left", "left", "leaving"),
    "leap": ("leapt", "leapt", "leaping"),
    "sit": ("sat", "sat", "sitting"),
    "stand": ("stood", "stood", "standing"),
    "take": ("took", "taken", "taking"),
    "put": ("put", "put", "putting"),
    "set": ("set", "set", "setting"),
    "lay": ("laid", "laid", "laying"),
    "lie": ("lay", "lain", "lying"),
    "give": ("gave", "given", "giving"),
    "bring": ("brought", "brought", "bringing"),
    "become": ("became", "become", "becoming"),
    "grow": ("grew", "grown", "growing"),
    "shrink": ("shrank", "shrunk", "shrinking"),
    "slide": ("slid", "slid", "sliding"),
    "come": ("came", "come", "coming"),
    "go": ("went", "gone", "going"),
    "get": ("got", "got", "getting"),
    "hold": ("held", "held", "holding"),
    "be": ("was", "been", "being"),
    "have": ("had", "had", "having"),
    "wear": ("wore", "worn", "wearing"),
    "shake": ("shook", "shaken", "shaking"),
    "sink": ("sank", "sunk", "sinking"),
    "shut": ("shut", "shut", "shutting"),
    "see": ("saw", "seen", "seeing"),
    "make": ("made", "made", "making"),
    "keep": ("kept", "kept", "keeping"),
    "cut": ("cut", "cut", "cutting"),
    "drive": ("drove", "driven", "driving"),
}
"""Past, past participle, -ing."""

THIRD = {"be": "is", "have": "has", "go": "goes"}
DOUBLED = frozenset({"drop", "stop", "pan", "dim", "grab", "hop"})
"""Regular verbs that double their last letter: dropped, dropping."""

PLURALS = {"man": "men", "woman": "women", "child": "children", "person": "people"}
"""Nouns that do not follow the rule."""

NUMBERS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def verb_form(verb: str, form: Form) -> str:
    """A form of a verb.

    >>> [verb_form("carry", form) for form in ("third", "past", "ing")]
    ['carries', 'carried', 'carrying']
    """
    if form == "base":
        return verb
    if form == "third":
        if verb in THIRD:
            return THIRD[verb]
        if verb.endswith(("s", "sh", "ch", "x", "z")):
            return verb + "es"
        return verb[:-1] + "ies" if _ends_in_y(verb) else verb + "s"
    if verb in IRREGULAR:
        return IRREGULAR[verb][("past", "participle", "ing").index(form)]
    stem = verb + verb[-1] if verb in DOUBLED else verb
    if form == "ing":
        return stem[:-1] + "ing" if verb.endswith("e") and not verb.endswith("ee") else stem + "ing"
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if _ends_in_y(verb) else stem + "ed"


def plural(noun: str) -> str:
    """Several of them.

    >>> [plural(noun) for noun in ("ball", "box", "bench", "woman", "bush")]
    ['balls', 'boxes', 'benches', 'women', 'bushes']
    """
    if noun in PLURALS:
        return PLURALS[noun]
    if noun.endswith(("s", "sh", "ch", "x", "z")):
        return noun + "es"
    return noun[:-1] + "ies" if _ends_in_y(noun) else noun + "s"


def _ends_in_y(word: str) -> bool:
    return word.endswith("y") and word[-2:-1] not in "aeiou"
