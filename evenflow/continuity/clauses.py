"""Clauses: a prompt taken apart into claims that can be held against a clip one by one.

A claim about content has alternatives that cannot hold at the same time ("a blue ball" for "a red
ball"), so that a judge compares like with like. A claim about direction ("the camera pans right",
"a car drives left") can be measured. English only; what is not understood stays one claim about
content as a whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from evenflow.core.errors import BadInput

MAX_PROMPT = 4000
"""Characters of a prompt at most."""
MAX_CLAUSES = 32
"""Claims that are looked at; the rest of a long prompt is left out, and the report says so."""

Axis = Literal["x", "y", "zoom", "still"]


@dataclass(frozen=True)
class Direction:
    """Which way something should move, as the camera sees the scene.

    Args:
        who: "camera", or "own" for what moves on its own.
        axis: "x", "y", "zoom", or "still" for a camera that should not move.
        sign: +1 right, down or in; -1 left, up or out; 0 for still.
    """

    who: Literal["camera", "own"]
    axis: Axis
    sign: int


@dataclass(frozen=True)
class Clause:
    """One claim of a prompt.

    Args:
        text: the part of the prompt that makes it.
        about: "what", "who", "color", "count", "place", "time", "weather", "style" (content),
            or "action" (what happens).
        claim: the claim as a caption of a picture, for content.
        others: captions that would hold in its place, none of which can hold beside it.
        direction: for an action that says which way.
    """

    text: str
    about: str
    claim: str = ""
    others: tuple[str, ...] = ()
    direction: Direction | None = None

    @property
    def is_action(self) -> bool:
        """True if only time can show it."""
        return self.about == "action"


NOTHING = ("a photo of something else", "a photo", "a picture of nothing in particular")
"""Captions that fit any picture, and none well: what a claim about a thing has to beat."""
COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white",
          "gray")  # fmt: skip
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SWAPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "who": (
        ("man", "woman"),
        ("men", "women"),
        ("boy", "girl"),
        ("dog", "cat", "horse", "cow", "bird", "elephant", "rabbit", "bear", "fish"),
        ("car", "bus", "truck", "train", "bicycle", "motorcycle", "boat", "airplane"),
    ),
    "time": (("at night", "in bright daylight"), ("at sunset", "at noon", "at night"),
             ("at sunrise", "at noon", "at night")),
    "weather": (("in the rain", "in the snow", "in thick fog", "in bright sunshine"),),
    "style": (
        ("a black and white photo", "a color photo"),
        ("a cartoon", "an oil painting", "a pencil sketch", "a photo", "a 3d render"),
        ("an anime drawing", "an oil painting", "a pencil sketch", "a photo", "a 3d render"),
        ("a watercolor painting", "a photo", "a pencil sketch", "a 3d render"),
    ),
}  # fmt: skip
"""Words or captions of which only one holds; the first that a prompt has is the claim."""
CUES: dict[str, str] = {
    r"\bnight(?:time)?\b": "at night", r"\bdaylight\b|\bdaytime\b": "in bright daylight",
    r"\bsunset\b|\bdusk\b": "at sunset", r"\bsunrise\b|\bdawn\b": "at sunrise",
    r"\brain(?:y|ing)?\b": "in the rain", r"\bsnow(?:y|ing|storm)?\b": "in the snow",
    r"\bfog(?:gy)?\b|\bmist(?:y)?\b": "in thick fog", r"\bsunny\b": "in bright sunshine",
    r"\bblack[- ]and[- ]white\b": "a black and white photo", r"\bcartoon\b": "a cartoon",
    r"\banime\b": "an anime drawing", r"\boil painting\b": "an oil painting",
    r"\bwatercolou?r\b": "a watercolor painting", r"\bpencil (?:sketch|drawing)\b":
    "a pencil sketch", r"\b3d render(?:ing)?\b": "a 3d render",
}  # fmt: skip
PLACES: tuple[tuple[str, ...], ...] = (
    ("beach", "coast", "shore", "island", "sea", "ocean"),
    ("forest", "woods", "jungle", "park", "garden", "field", "meadow", "mountain", "mountains"),
    ("city", "street", "road", "alley", "highway"),
    ("desert",),
    ("kitchen",),
    ("bedroom", "living room"),
    ("office", "classroom", "library"),
    ("restaurant", "cafe", "bar"),
    ("stadium",),
    ("space", "outer space"),
)
"""Places; those of one row look alike and are no alternatives to each other."""
SKIPPED = re.compile(
    r"\b(?:4k|8k|uhd|hdr?|high[- ](?:quality|resolution|detail(?:ed)?)|masterpiece|best quality|"
    r"photo-?realistic|(?:ultra|highly|very)[- ]detailed|cinematic(?: lighting)?|sharp focus|"
    r"professional|award[- ]winning|trending on \w+)\b",
    re.IGNORECASE,
)
"""Words about quality, which claim nothing that can be looked up."""

_CAMERA = r"(?:camera|shot|view|lens|viewpoint|drone)"
_ADVERB = r"(?:\w+ly\s+)?"
_WAYS = r"(left|right|up|down|leftwards?|rightwards?|upwards?|downwards?)"
_TO = rf"(?:(?:in|on|off|out|over|along|around|further)\s+)?(?:(?:to|towards?)\s+the\s+)?{_WAYS}\b"
_NOT_A_SIDE = r"(?!\s+(?:of|side|hand|arm|leg|foot|corner|half|edge))"
_WAY = rf"\s+{_ADVERB}(?:the\s+camera\s+)?{_ADVERB}{_TO}{_NOT_A_SIDE}"
_ACROSS = (
    r"[\w\s]{0,40}?\bfrom\s+(?:the\s+)?(left|right|top|bottom)\b(?:\s+\w+){0,3}?"
    r"\s+to\s+(?:the\s+)?(left|right|top|bottom)\b"
)
_TURN_LIKE = r"pan(?:s|ning)?|tilt(?:s|ing)?"
_GO = (
    r"mov(?:es?|ing)|walk(?:s|ing)?|run(?:s|ning)?|driv(?:es?|ing)|fl(?:y|ies|ying)|roll(?:s|ing)?|"
    r"slid(?:es?|ing)|rid(?:es?|ing)|go(?:es|ing)?|travel(?:s|l?ing)?|drift(?:s|ing)?|"
    r"swim(?:s|ming)?|jog(?:s|ging)?|rac(?:es?|ing)|speed(?:s|ing)?|cross(?:es|ing)?|"
    r"float(?:s|ing)?|sail(?:s|ing)?|stroll(?:s|ing)?|gallop(?:s|ing)?|glid(?:es?|ing)|"
    r"head(?:s|ing)?|march(?:es|ing)?|skat(?:es?|ing)|sprint(?:s|ing)?|crawl(?:s|ing)?|"
    r"hop(?:s|ping)?|jump(?:s|ing)?|fall(?:s|ing)?|ris(?:es?|ing)|climb(?:s|ing)?|drop(?:s|ping)?|"
    r"sweep(?:s|ing)?|swing(?:s|ing)?|descend(?:s|ing)?|ascend(?:s|ing)?"
)
_SCENERY = r"\b(?:picture|image|background|scenery|landscape)\s*$"
_ALSO = re.compile(r"\s+and\s+(left|right|up|down)\b" + _NOT_A_SIDE)
_CAMERA_GO = r"track(?:s|ing)?|truck(?:s|ing)?|crane(?:s)?|craning|boom(?:s|ing)?"
_NEAR = r"(?:in|forwards?|closer|toward(?:s)?)"
_FAR = r"(?:out|back(?:wards?)?|away)"
_DOLLY = r"(?:zoom|doll(?:y|ie)|push|pull|mov|track|fl)(?:e?s|y|ies|ying|e|ing)?"
_STILL = re.compile(
    rf"\b(?:static|stationary|locked[- ](?:off|down)|fixed|motionless)\s+{_CAMERA}\b|"
    rf"\b{_CAMERA}\s+(?:is|stays|remains|stands|holds)\s+(?:completely\s+|perfectly\s+)?"
    r"(?:static|still|stationary|fixed|motionless|locked)|"
    rf"\b{_CAMERA}\s+(?:does\s+not|doesn't|never)\s+moves?\b|\btripod\s+shot\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|no|never|without|doesn't|don't|isn't|aren't|avoid)\b|n't\b", re.I)
ACTIONS = re.compile(
    r"(?<!\ba )(?<!\ban )(?<!\bthe )(?<!\bhis )(?<!\bher )"  # there it is a noun
    rf"\b(?:{_GO}|danc(?:es?|ing)|eat(?:s|ing)?|drink(?:s|ing)?|cook(?:s|ing)?|pour(?:s|ing)?|"
    r"cut(?:s|ting)?|open(?:s|ing)|clos(?:es|ing)|throw(?:s|ing)?|catch(?:es|ing)?|kick(?:s|ing)?|"
    r"hit(?:s|ting)?|push(?:es|ing)?|pull(?:s|ing)?|lift(?:s|ing)?|turn(?:s|ing)?|spin(?:s|ning)?|"
    r"waving|waves\s+(?:at|to|goodbye|his|her)|smil(?:es|ing)|laugh(?:s|ing)?|cr(?:ies|ying)|talk(?:s|ing)?|sing(?:s|ing)?|"
    r"play(?:s|ing)?|read(?:s|ing)|writ(?:es|ing)|paints|draw(?:s|ing)|sit(?:s|ting)?\s+down|"
    r"stand(?:s|ing)?\s+up|look(?:s|ing)?\s+around|nod(?:s|ding)?|bark(?:s|ing)?|chas(?:es?|ing)|"
    r"bounc(?:es?|ing)|explod(?:es?|ing)|melt(?:s|ing)?|burn(?:s|ing)?|grow(?:s|ing)?|"
    r"bloom(?:s|ing)?|crash(?:es|ing)?|land(?:s|ing)|tak(?:es|ing)\s+off|rotat(?:es?|ing)|"
    r"enter(?:s|ing)?|leaving|approach(?:es|ing)?|pick(?:s|ing)?\s+up|put(?:s|ting)?\s+\w+|"
    r"zoom(?:s|ing)?|pan(?:s|ning)|tilt(?:s|ing)|dollies|dollying|shak(?:es?|ing)|"
    r"becom(?:es?|ing)|transform(?:s|ing)?|orbit(?:s|ing)?|follow(?:s|ing)?)\b",
    re.IGNORECASE,
)
_SEEN = re.compile(
    r"\b(?:of|on|following|showing|reveal(?:s|ing)?|over|around|towards?|into|through|at)\s+"
    r"((?:a|an|the|some|two|three|four|five)\b.+)",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"[.;!?\n]+\s*|,\s*(?:and\s+)?(?:then\s+)?|\s+(?:and\s+)?then\s+|\s+(?:while|before|after\s+that"
    r"|followed\s+by)\s+|\s+as\s+(?=(?:the|a|an|he|she|it|they)\b)|\s+and\s+(?=the\s+camera\b)",
    re.IGNORECASE,
)


def clauses(prompt: str) -> tuple[Clause, ...]:
    """Takes a prompt apart.

    Raises:
        BadInput: the prompt is empty or longer than `MAX_PROMPT`.

    >>> for clause in clauses("A red ball rolls to the left, the camera pans right"):
    ...     print(clause.about, "|", clause.claim or clause.direction)
    what | a photo of a red ball
    color | a photo of a red ball
    action | Direction(who='own', axis='x', sign=-1)
    action | Direction(who='camera', axis='x', sign=1)
    """
    text = " ".join(prompt.replace("\n", ". ").split())
    if not re.search(r"\w", text):
        raise BadInput("the prompt is empty: say what the clip should show, or leave it out")
    if len(text) > MAX_PROMPT:
        raise BadInput(f"the prompt has {len(text)} characters: give at most {MAX_PROMPT} of them")
    made: list[Clause] = []
    for part in _parts(text):
        made += [clause for clause in _of_part(part, text.lower()) if clause not in made]
    return tuple(made)


def _parts(text: str) -> Iterator[str]:
    waiting = ""
    for part in _PARTS.split(text):
        part = SKIPPED.sub("", part).strip(" ,:-\"'")
        part = f"{waiting}, {part}" if waiting and part else part
        if part.lower() in COLORS:  # "red, green and blue balloons"
            waiting = part
            continue
        waiting = ""
        if re.search(r"\w", part):
            yield part


def _of_part(part: str, prompt: str) -> list[Clause]:
    low = part.lower()
    asked = directions(low)
    is_camera = bool(re.search(rf"\b{_CAMERA}\b", low)) or any(d.who == "camera" for d in asked)
    verb = ACTIONS.search(low)
    made: list[Clause] = []
    if not (is_camera and (asked or verb)):
        made += _content(part, verb.start() if verb else None, prompt)
    elif seen := _SEEN.search(part):
        verb_there = ACTIONS.search(seen[1].lower())
        made += _content(seen[1], verb_there.start() if verb_there else None, prompt)
    if asked:
        made += [Clause(part, "action", direction=direction) for direction in asked]
    elif verb:
        made.append(Clause(part, "action"))
    return made


def directions(text: str) -> list[Direction]:
    """What a phrase says of which way, in its order; nothing if it is negated.

    >>> directions("the camera zooms in, then tilts up")
    [Direction(who='camera', axis='zoom', sign=1), Direction(who='camera', axis='y', sign=-1)]
    >>> directions("a lamp to the left of the bed"), directions("he lifts his left hand")
    ([], [])
    """
    text = text.lower()
    if _STILL.search(text):
        return [Direction("camera", "still", 0)]
    if _NEGATED.search(text):
        return []
    found: list[tuple[int, Direction]] = []
    taken: list[tuple[int, int]] = []

    def add(match: re.Match[str], direction: Direction) -> None:
        if all(match.end() <= a or match.start() >= b for a, b in taken):
            taken.append(match.span())
            found.append((match.start(), direction))

    def add_way(match: re.Match[str], who: Literal["camera", "own"], flip: int = 1) -> None:
        add(match, _along(who, match, flip))
        if also := _ALSO.match(text, match.end()):  # "to the left and up"
            add(also, _along(who, also, flip))

    about_camera = bool(re.search(rf"\b{_CAMERA}\b", text))
    for match in re.finditer(rf"\bzoom(?:s|ing)?\s+{_ADVERB}(in|out)\b", text):
        add(match, Direction("camera", "zoom", 1 if match[1] == "in" else -1))
    if about_camera or text.startswith(("dolly", "push", "pull")):
        for match in re.finditer(rf"\b{_DOLLY}\s+{_ADVERB}(?:({_NEAR})|({_FAR}))\b", text):
            add(match, Direction("camera", "zoom", 1 if match[1] else -1))
    for match in re.finditer(rf"\b(?:{_TURN_LIKE})(?:{_WAY}|{_ACROSS})", text):
        if about_camera or match.start() == 0 or match[0].startswith("pan"):
            add_way(match, "camera")
    for match in re.finditer(rf"\b(?:({_CAMERA_GO})|{_GO})\b(?:{_WAY}|{_ACROSS})", text):
        before = text[: match.start()]
        camera = re.search(rf"\b{_CAMERA}\b", before)
        bare = not before.strip() and (about_camera or match[1])
        if re.search(_SCENERY, before):  # it goes where the camera does not
            add_way(match, "camera", -1)
        elif camera or bare or not match[1]:  # a truck is a thing, unless the camera trucks
            add_way(match, "camera" if camera or bare else "own")
    return [direction for _, direction in sorted(found, key=lambda pair: pair[0])]


def _along(who: Literal["camera", "own"], match: re.Match[str], flip: int) -> Direction:
    word = next(group for group in reversed(match.groups()) if group)  # the last one said
    axis: Axis = "x" if word.startswith(("left", "right")) else "y"
    return Direction(who, axis, flip if word.startswith(("right", "down", "bottom")) else -flip)


def _content(part: str, verb: int | None, prompt: str) -> list[Clause]:
    low = part.lower()
    subject = low if verb is None else _subject(low[:verb])
    made: list[Clause] = []
    if _NEGATED.search(low):
        return made
    if re.search(r"[a-z]{2}", subject) and subject not in _PRONOUNS:
        made.append(Clause(part, "what", f"a photo of {subject}", NOTHING))
        made += _swapped(part, subject, prompt)
    made += _places(part, low, prompt)
    for pattern, caption in CUES.items():
        if re.search(pattern, low):
            made += _captioned(part, caption, prompt)
    return made


_PRONOUNS = {"he", "she", "it", "they", "we", "someone", "something", "there", "and", "who"}


def _subject(before: str) -> str:
    cut = re.sub(
        r"\s+(?:is|are|was|were|starts?(?:\s+to)?|begins?(?:\s+to)?|that|who|which|slowly|quickly|"
        r"suddenly|gently|and|to|then|\w+ly)\s*$",
        "",
        before.strip(),
    )
    return cut.strip(" ,") if cut == before.strip() else _subject(cut)


def _swapped(part: str, subject: str, prompt: str) -> Iterator[Clause]:
    groups: list[tuple[str, tuple[str, ...]]] = [("color", COLORS), ("count", NUMBERS)]
    groups += [("who", group) for group in SWAPS["who"]]
    for about, group in groups:
        for word in group:
            pattern = rf"\b{'gr[ae]y' if word == 'gray' else word}\b"
            if not re.search(pattern, subject) or _exempt(word, subject):
                continue
            others = [w for w in group if w != word and not re.search(rf"\b{w}s?\b", prompt)]
            if about == "count":  # neighbors in number look alike
                place = group.index(word)
                others = [w for w in others if abs(group.index(w) - place) <= 2]
            captions = (f"a photo of {re.sub(pattern, w, subject)}" for w in others)
            if others:
                swapped = tuple(_with_articles(caption) for caption in captions)
                yield Clause(part, about, f"a photo of {subject}", swapped)


def _with_articles(caption: str) -> str:
    caption = re.sub(r"\ba(?= [aeiou])", "an", caption)
    return re.sub(r"\ban(?= [^aeiou])", "a", caption)


def _exempt(word: str, subject: str) -> bool:
    if word in ("black", "white") and re.search(r"black[- ]and[- ]white", subject):
        return True
    fruit = r"\borange(?:\s+(?:juice|tree)s?)?\s*(?:$|\b(?:on|in|at|and|with|is|of|near|beside)\b)"
    return word == "orange" and bool(re.search(fruit, subject))


def _places(part: str, low: str, prompt: str) -> Iterator[Clause]:
    for row in PLACES:
        for place in row:
            match = re.search(
                rf"\b(in|on|at|inside|through|across|along|by|near|over)\s+"
                rf"((?:the|a|an|some|his|her|their|our)\s+)?((?:\w+\s+){{0,2}}?){place}\b",
                low,
            )
            if match is None:
                continue
            others = [
                f"a photo of {_article(other[0])}"
                for other in PLACES
                if other is not row and not any(re.search(rf"\b{w}\b", prompt) for w in other)
            ]
            if others:
                claim = f"a photo of {_article(place)}"
                yield Clause(part, "place", claim, tuple(others))
            break


def _article(place: str) -> str:
    if place in ("space", "outer space"):
        return "outer space"
    if place in ("sea", "ocean", "woods", "mountains"):
        return f"the {place}"
    return f"{'an' if place[0] in 'aeiou' else 'a'} {place}"


def _captioned(part: str, caption: str, prompt: str) -> Iterator[Clause]:
    for about in ("time", "weather", "style"):
        for group in SWAPS[about]:
            if caption not in group or (about == "time" and group[0] != caption):
                continue
            heard = {other for pattern, other in CUES.items() if re.search(pattern, prompt)}
            others = [other for other in group if other != caption and other not in heard]
            claim = caption if about == "style" else f"a photo taken {caption}"
            if about != "style":
                others = [f"a photo taken {other}" for other in others]
            if others:
                yield Clause(part, about, claim, tuple(others))
                return
