"""Text to tokens: known words with all that they can mean, phrases as one, unknown words named."""

import difflib
import re
from dataclasses import dataclass
from functools import cache

from evenflow.core.errors import BadInput
from evenflow.world import words as world
from evenflow.world.language.forms import NUMBERS, ORDINALS, PLURALS, plural, verb_form
from evenflow.world.language.vocabulary import (
    EXPANDED,
    NEAR,
    NEGATIONS,
    PLACES,
    SYNONYMS,
    VERB_SYNONYMS,
    VERBS,
    VOCABULARY,
)

PHRASES: dict[str, tuple[str, str]] = {
    # text -> (class, value); longest first
    "in front of": ("relation", "in front of"), "in back of": ("relation", "behind"),
    "out from behind": ("relation", "out from behind"),
    "from behind": ("relation", "out from behind"), "away from": ("relation", "away from"),
    "next to": ("relation", "beside"), "close to": ("relation", "beside"),
    "out of": ("relation", "out of"), "off of": ("relation", "off"),
    "up to": ("relation",
    "toward"),
    "on top of": ("relation", "on"), "to the left of": ("relation", "left of"),
    "on the left of": ("relation", "left of"), "left of": ("relation", "left of"),
    "to the right of": ("relation", "right of"), "on the right of": ("relation", "right of"),
    "right of": ("relation", "right of"), "held by": ("relation", "held by"),
    "on to": ("relation", "onto"), "in to": ("relation", "into"),
    "at the side of": ("relation", "beside"), "to the side of": ("relation", "beside"),
    "on the left side": ("side", "left"), "on the right side": ("side", "right"),
    "on the left": ("side", "left"), "on the right": ("side", "right"),
    "at the left": ("side", "left"), "at the right": ("side", "right"),
    "in the middle": ("side", "middle"), "at the middle": ("side", "middle"),
    "away from the camera": ("direction", "forward"), "toward the camera": ("direction", "back"),
    "to the camera": ("direction", "back"), "to the left": ("direction", "left"),
    "to the right": ("direction", "right"), "toward the left": ("direction", "left"),
    "toward the right": ("direction", "right"), "to the back": ("direction", "forward"),
    "to the front": ("direction", "back"), "from left to right": ("direction", "right"),
    "from right to left": ("direction", "left"),
    "from the left to the right": ("direction",
    "right"),
    "from the right to the left": ("direction", "left"),
    "into the distance": ("direction", "forward"),
    "in the background": ("backdrop", ""), "in the distance": ("backdrop", ""),
    "from the left": ("from", "right"), "from the right": ("from", "left"),
    "from left": ("from", "right"), "from right": ("from", "left"),
    "from the left side": ("from", "right"), "from the right side": ("from", "left"),
    "from the front": ("from", "forward"), "from the back": ("from", "back"),
    "from over": ("from", "down"), "from under": ("from", "up"),
    "from the sky": ("from", "down"), "from the top": ("from", "down"),
    "from the bottom": ("from", "up"),
    "at the same time": ("together", ""), "at once": ("together", ""),
    "in the meantime": ("together", ""), "meanwhile": ("together", ""),
    "after that": ("then", ""), "and then": ("then", ""), "in the end": ("then", ""),
    "to rest": ("halt", ""), "to a stop": ("halt", ""), "to a halt": ("halt", ""),
    "into pieces": ("pieces", ""), "in pieces": ("pieces", ""), "apart": ("pieces", ""),
    "to pieces": ("pieces", ""),
    "as well": ("filler", ""), "too": ("filler", ""), "close up": ("closeup", ""),
    "close-up": ("closeup", ""), "on the other side": ("filler", ""), "a bit": ("filler", ""),
    "slightly": ("filler", ""), "still": ("still", ""),
    "at night": ("sky", "night"), "by night": ("sky", "night"), "by day": ("sky", "noon"),
    "in a hurry": ("manner", "quickly"), "in a studio": ("sky", "studio"),
    "off screen": ("gone", ""), "off-screen": ("gone", ""),
    "out of the picture": ("gone", ""), "out of picture": ("gone", ""),
    "out of sight": ("gone", ""), "out of the scene": ("gone", ""),
    "each other": ("mutual", ""), "one another": ("mutual", ""), "back and forth": ("filler", ""),
    "up and down": ("filler", ""), "from side to side": ("filler", ""),
    "all the way": ("filler", ""), "on the spot": ("filler", ""), "all the time": ("filler", ""),
    "in place": ("filler", ""), "again": ("filler", ""),
    "into the sky": ("filler", ""), "into the air": ("filler", ""),
    "in the air": ("filler", ""), "through the air": ("filler", ""),
    "two-tone": ("pattern", "two-tone"), "two tone": ("pattern", "two-tone"),
    "empty scene": ("filler", ""), "an empty scene": ("filler", ""), "now": ("filler", ""),
    "just": ("filler", ""), "very": ("filler", ""), "slowly": ("manner", "slowly"),
    "first of all": ("then", ""),
}  # fmt: skip
_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?|[a-z]+(?:[-'][a-z]+)*|[^\sa-z0-9]")
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True)
class Token:
    """A word or a phrase.

    Args:
        text: as it is written, in lower case.
        start, end: of its letters in the text.
        number: of its first word in the text, from 1.
        means: class -> value for all that it can mean.
    """

    text: str
    start: int
    end: int
    number: int
    means: dict[str, str]


@cache
def surface() -> dict[str, dict[str, str]]:
    """Every single word that is understood, and what it can mean: class -> value.

    Classes `singular` and `plural` are kinds, `base`, `third`, `past`, `participle` and `ing` are
    forms of verbs, and so on.
    """
    table: dict[str, dict[str, str]] = {}

    def add(word: str, name: str, value: str) -> None:
        table.setdefault(word, {}).setdefault(name, value)

    for verb, known in [*((v, v) for v in VERBS), *VERB_SYNONYMS.items()]:
        for form in ("base", "third", "past", "participle", "ing"):
            add(verb_form(verb, form), form, known)
    for word in ("is", "are", "was", "were", "be", "been", "being", "am", "has", "have", "had"):
        add(word, "auxiliary", "have" if word.startswith("ha") else "be")
    for kind in (*world.THINGS, *world.WALKERS, *world.FIXTURES, "thing", "person"):
        add(kind, "singular", kind)
        add(plural(kind), "plural", kind)
    rows: dict[str, tuple[str, ...]] = {
        "color": tuple(world.COLORS),
        "size": tuple(world.SIZES),
        "pattern": world.PATTERNS,
        "material": world.MATERIALS,
        "ground": world.GROUNDS,
        "sky": world.SKIES,
        "background": world.BACKGROUNDS,
        "place": tuple(PLACES),
        "style": world.STYLES,
        "manner": world.MANNERS,
        "direction": world.DIRECTIONS,
        "side": ("left", "right", "middle"),
    }
    for name, values in rows.items():
        for value in values:
            add(value, name, value)
    for relation in ("behind", "beside", "past", "around", "through", "onto", "off", "into",
                     "under", "between", "toward", "over", "on", "in"):  # fmt: skip
        add(relation, "relation", relation)
    for number, word in enumerate(NUMBERS, 1):
        add(word, "count", str(number))
    for number, word in enumerate(ORDINALS, 1):
        add(word, "ordinal", str(number))
    add("some", "count", "3")
    for word in ("a", "an", "the", "another", "some"):
        add(word, "article", "a" if word == "an" else word)
    for word in ("same", "other"):
        add(word, "which", word)
    for word in ("it", "he", "she", "they", "him", "her", "them"):
        add(word, "pronoun", {"him": "he", "her": "she", "them": "they"}.get(word, word))
    for word in ("his", "her", "its", "their"):
        add(word, "possessive", word)
    for word in ("then", "next", "finally", "first", "after"):
        add(word, "then", "")
    add("after", "after", "")
    add("when", "after", "")
    for word in ("while", "as"):
        add(word, "while", "")
    for word in ("before", "until", "and"):
        add(word, word, "")
    for word in ("who", "which", "that"):
        add(word, "relative", "")
    for word in ("close", "wide", "medium"):
        add(word, "framing", word)
    add("night", "dark", "")
    for word in ("larger", "smaller", "darker", "brighter"):
        add(word, "grade", word)
    for mark in ".,;:()[]-\n":
        add(mark, "mark", mark)
    for word in VOCABULARY:
        add(word, "word", word)
    for word, known in SYNONYMS.items():
        means = table.get(known, {"word": known})
        for name, value in means.items():
            if name not in ("base", "third", "past", "participle", "ing") or known == "shake":
                add(word, name, value)
        if known in (*world.THINGS, *world.WALKERS, *world.FIXTURES, "person", "thing"):
            add(word if word in PLURALS else plural(word), "plural", known)
    add("sunset", "sunset", "")
    add("brown-haired", "haired", "brown")
    for color in world.COLORS:
        add(f"{color}-haired", "haired", color)
    for word in ("blond-haired", "blonde-haired", "fair-haired"):
        add(word, "haired", "yellow")
    add("grey-haired", "haired", "gray")
    for word in ("foggy", "misty", "hazy"):
        add(word, "fog", "")
    add("second", "time", "")
    add("s", "time", "")
    for word in ("seconds", "sec", "secs"):
        add(word, "time", "")
    return table


@cache
def _phrases() -> dict[tuple[str, ...], tuple[str, str]]:
    return {
        tuple(_canonical(word) for word in text.split()): meaning
        for text, meaning in PHRASES.items()
    }


LONGEST = max(len(text.split()) for text in PHRASES)


_UNMOVED = re.compile(r"camera (?:does not|doesn't|do not|is not|isn't) (?:move|moving)\b")


def plain(text: str) -> str:
    """Lower case, plain quotes and dashes; "the camera does not move" is that it stays still."""
    text = text.lower().replace("’", "'").replace("‘", "'").replace("—", ";").replace("–", "-")
    text = _UNMOVED.sub(lambda found: "camera stays still".ljust(len(found[0])), text)
    return text.replace("&", " and ").replace("!", ".").replace("?", ".").replace("…", ".")


def tokenize(text: str) -> list[Token]:
    """The tokens of a text.

    Raises:
        BadInput: a word is unknown (with the nearest ones) or negates.
    """
    table, phrases = surface(), _phrases()
    low = plain(text)
    raw: list[tuple[str, int, int, int]] = []
    number = 0
    for match in _WORD.finditer(low):
        word, start, end = match[0], match.start(), match.end()
        if word in "\"'“”*`":
            continue
        if word[0].isalnum():
            number += 1
        if word.endswith("'s") and word not in EXPANDED:
            raw += [(word[:-2], start, end - 2, number), ("'s", end - 2, end, number)]
        elif word in EXPANDED:
            raw += [(part, start, end, number) for part in EXPANDED[word]]
        elif "-" in word and word not in table and tuple(word.split()) not in phrases:
            raw += [(part, start, end, number) for part in word.split("-")]
        else:
            raw.append((word, start, end, number))
    _check(low, raw)
    tokens = []
    at = 0
    spelled = [_canonical(word) for word, *_ in raw]
    while at < len(raw):
        word, start, end, number = raw[at]
        if word == "a" and at + 1 < len(raw) and raw[at + 1][0] == "little":
            after = table.get(raw[at + 2][0], {}) if at + 2 < len(raw) else {}
            if not after.keys() & {"singular", "plural", "color", "pattern", "material", "size"}:
                at += 2  # "slides a little"
                continue
        for length in range(min(LONGEST, len(raw) - at), 0, -1):
            if (found := phrases.get(tuple(spelled[at : at + length]))) is not None:
                means = {found[0]: found[1]}
                if length == 1:
                    means = {**table.get(word, {}), **means}
                phrase = " ".join(spelled[at : at + length])
                tokens.append(Token(phrase, start, raw[at + length - 1][2], number, means))
                at += length
                break
        else:
            if word[0] in _DIGITS:
                tokens.append(Token(word, start, end, number, {"digits": word}))
            elif word == "'s":
                tokens.append(Token(word, start, end, number, {"of": ""}))
            else:
                tokens.append(Token(spelled[at], start, end, number, table.get(word, {})))
            at += 1
    return tokens


def _canonical(word: str) -> str:
    """The word as phrases and the parser compare it."""
    return SYNONYMS.get(word, word)


def _check(low: str, raw: list[tuple[str, int, int, int]]) -> None:
    """Refuses negations and unknown words."""
    table = surface()
    for word, start, end, number in raw:
        if word in NEGATIONS:
            raise BadInput(
                f'negation is not understood: "{word}" (word {number}) in '
                f'"{_mark(low, start, end)}"; say what is there instead'
            )
    unknown = [
        one
        for one in raw
        if one[0] not in table
        and (one[0],) not in _phrases()
        and one[0][0] not in _DIGITS
        and one[0] not in ("'s", "a-b")
        and one[0] not in _PHRASE_WORDS
    ]
    if not unknown:
        return
    word, start, end, number = unknown[0]
    close = nearest(word)
    near = ("is " if len(close) == 1 else "are ") + " or ".join(f'"{one}"' for one in close)
    more = sorted({one[0] for one in unknown[1:]} - {word})
    also = f"; not known either: {', '.join(more[:5])}" if more else ""
    raise BadInput(
        f'"{word}" (word {number}) is not a word of this world: "{_mark(low, start, end)}"; '
        f"nearest {near}{also}"
    )


_PHRASE_WORDS = frozenset(word for text in PHRASES for word in text.split())


def _mark(low: str, start: int, end: int) -> str:
    """The text around a word, the word in [brackets]."""
    before, after = low[max(0, start - 30) : start], low[end : end + 30]
    if start > 30:
        before = "..." + before
    if end + 30 < len(low):
        after += "..."
    return " ".join(f"{before}[{low[start:end]}]{after}".split())


def nearest(word: str, *, most: int = 3) -> list[str]:
    """The known words nearest to an unknown one: by meaning where that is listed, else by letters.

    >>> nearest("automobile")
    ['cart', 'box', 'crate']
    >>> nearest("pilar")[0]
    'pillar'
    """
    stems = [word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ing")]
    stems += [word.removesuffix("ing") + "e", word.removesuffix("ed"), word.removesuffix("d")]
    for stem in stems:
        if stem in NEAR:
            return list(NEAR[stem][:most])
    pool = list(dict.fromkeys([*(w for w in VOCABULARY if w[0].isalpha()), *NEAR, *surface()]))
    pool = [one for one in pool if len(one) > 1]
    found: list[str] = []
    for close in difflib.get_close_matches(word, pool, n=12, cutoff=0.55):
        near = NEAR.get(close, (SYNONYMS.get(close, close),))
        found += [one for one in near if one in VOCABULARY or one in surface()]
    found = list(dict.fromkeys(found))
    if not found:
        found = difflib.get_close_matches(word, VOCABULARY, n=most, cutoff=0.0)
    return found[:most]


@cache
def _lemmas() -> dict[str, str]:
    """Every word that is understood -> its word of the vocabulary."""
    table = {word: word for word in VOCABULARY}
    for word, known in SYNONYMS.items():
        table.setdefault(word, known)
    for verb, known in [*((v, v) for v in VERBS), *VERB_SYNONYMS.items()]:
        for form in ("base", "third", "past", "participle", "ing"):
            table.setdefault(verb_form(verb, form), known)
    for kind in (*world.THINGS, *world.WALKERS, *world.FIXTURES, "thing", "person"):
        table.setdefault(plural(kind), kind)
    for word, known in SYNONYMS.items():
        if known in (*world.THINGS, *world.WALKERS, *world.FIXTURES, "person", "thing"):
            table.setdefault(plural(word), known)
    table.update({"was": "be", "were": "be", "has": "hold", "\n": ".", "people": "person"})
    return table


def words(text: str) -> list[str]:
    """The words of the vocabulary that a text is made of: for a tokenizer by words.

    Numbers become digits, a line's end a full stop.

    >>> words("Grey spheres rolled behind 2 boxes.")
    ['gray', 'ball', 'roll', 'behind', '2', 'box', '.']

    Raises:
        BadInput: a word is unknown.
    """
    table = _lemmas()
    found: list[str] = []
    low = plain(text)
    raw: list[tuple[str, int, int, int]] = []
    for number, match in enumerate(_WORD.finditer(low), 1):
        word, start, end = match[0], match.start(), match.end()
        if word in table and word not in EXPANDED:
            found.append(table[word])
        elif word[0] in _DIGITS:
            found += list(word)
        elif word in "\"'“”*`":
            continue
        else:
            stem = word.removesuffix("'s")
            parts = EXPANDED.get(word) or ([stem] if stem in table else stem.split("-"))
            for part in parts:
                if part not in table:
                    raw.append((part, start, end, number))
                else:
                    found.append(table[part])
    _check(low, raw)
    return found
