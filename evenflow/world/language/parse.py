"""Text to Script: reads captions of every level, and what people write.

The grammar stands in `docs/world_language.md`. A sentence is read from left to right: noun phrases
find or found their roles, a verb collects what belongs to it (objects, directions, relations,
manners, times) and becomes deeds; phrases of place, light, style and camera are taken wherever
they stand. What cannot be understood is an error that points to its word.
"""

import re
from dataclasses import replace

from evenflow.core.errors import BadInput
from evenflow.world import words as world
from evenflow.world.language.content import assigned
from evenflow.world.language.cursor import FORMS
from evenflow.world.language.lexer import plain, tokenize
from evenflow.world.language.reader import Reader
from evenflow.world.script import Deed, Script


def parse(text: str) -> Script:
    """Reads a caption of any level: tags, clauses, paragraphs, timed captions, storyboards.

    >>> script = parse("a red ball rolls behind the pillar")
    >>> [role.kind for role in script.cast], script.deeds[0].kind, script.deeds[0].relation
    (['ball', 'pillar'], 'roll', 'behind')

    Raises:
        BadInput: a word is unknown, something is negated, or a sentence cannot be understood; the
            message names the word and what to write instead.
    """
    if not text.strip():
        raise BadInput('the caption is empty; write one like "a red ball rolls behind a pillar"')
    if _SHOT.search(text):
        return parse_storyboard(text)
    if _TIMED.search(text):
        return parse_timed(text)
    if (script := _parse_tags(text)) is not None:
        return script
    reader = Reader()
    reader.read(text)
    return reader.script()


_TIMED = re.compile(r"^\s*\[[^\]\n]*\]|;\s*\[[\d.]", re.M)

_SHOT = re.compile(r"^\s*(?:then\s+)?shot\s+(\d+|one|two|three)\b", re.I | re.M)


def parse_timed(text: str) -> Script:
    """Reads a global caption and lines like `[0.0-1.4 s] a red ball rolls right` (level L4).

    A line `[cut at 2 s] a close shot in the park; the camera pans left` starts a new shot.

    Raises:
        BadInput: see `parse`; or a bracket is not a time.
    """
    parts = re.split(r"(?:^|;)\s*(?=\[)", text.strip(), flags=re.M)
    head = re.sub(r"^\s*(?:global|caption)\s*:", "", parts[0], flags=re.I).strip()
    reader = Reader()
    if head:
        reader.read(head)
    overall, reader.deeds = reader.deeds, []
    reader.known = {role.id for role in reader.cast}
    cuts: list[float | None] = [0.0]
    for part in parts[1:]:
        match = re.match(r"\[([^\]]*)\](.*)", part.strip(), re.S)
        if not match:
            raise BadInput(f'a timed line begins with a time like [0.5-2 s], got "{part.strip()}"')
        bracket, line = match[1].strip().lower(), match[2].strip().rstrip(";")
        if bracket.startswith("cut"):
            cuts.append(_seconds(bracket.removeprefix("cut").removeprefix(" at")))
            reader.cut()
            reader.read(line, framing=True)
            continue
        start, end = _span(bracket)
        before = len(reader.deeds)
        reader.together = False
        reader.subjects = []
        reader.read(line)
        for at in range(before, len(reader.deeds)):
            reader.deeds[at] = replace(reader.deeds[at], start=start, end=end)
    reader.deeds = _merged(overall, reader.deeds)
    for at in range(len(cuts) - 1):
        first, last = cuts[at], cuts[at + 1]
        if first is not None and last is not None and len(cuts) == len(reader.shots):
            if last <= first:
                raise BadInput(f"cuts go forward in time, got {first:g} s and then {last:g} s")
            reader.shots[at] = replace(reader.shots[at], seconds=round(last - first, 2))
    return reader.script()


def _merged(overall: list[Deed], timed: list[Deed]) -> list[Deed]:
    """The deeds of the global caption with the times that lines give, then those of lines alone."""
    if len(timed) >= len(overall) and all(
        any(_same(one, other) for other in timed) for one in overall
    ):
        return timed
    rest, merged = list(timed), []
    for deed in overall:
        found = next((one for one in rest if _same(deed, one)), None)
        if found is None:
            merged.append(deed)
        else:
            rest.remove(found)
            merged.append(found)
    return sorted([*merged, *rest], key=lambda deed: deed.shot)


def _same(one: Deed, other: Deed) -> bool:
    return (one.kind, one.agent) == (other.kind, other.agent) and (
        not other.target or not one.target or one.target == other.target
    )


def _seconds(text: str) -> float | None:
    text = text.strip().rstrip("s").removesuffix("second").strip()
    if not text:
        return None
    try:
        return round(float(text), 2)
    except ValueError:
        raise BadInput(f'a time is written like "2.5 s", got "{text}"') from None


def _span(text: str) -> tuple[float | None, float | None]:
    """`0.5-2 s`, `0.5 s`, `-2 s`, `then`."""
    if text in ("", "then", "next"):
        return None, None
    bare = re.sub(r"\b(seconds?|sec|s)\b|(?<=\d)s\b", "", text.replace("–", "-")).strip()
    match = re.fullmatch(r"(\d+(?:\.\d+)?)?\s*(?:(-|to|\.\.)\s*(\d+(?:\.\d+)?)?)?", bare)
    if not match or not (match[1] or match[3]):
        raise BadInput(f'a time is written like [0.5-2 s], got "[{text}]"')
    start = round(float(match[1]), 2) if match[1] else None
    end = round(float(match[3]), 2) if match[3] else None
    if start is not None and end is not None and end <= start:
        raise BadInput(f'a time ends after it begins, got "[{text}]"; swap the two')
    return start, end


def parse_storyboard(text: str) -> Script:
    """Reads lines like `Shot 1 (wide, 2 s, in the park): a woman in yellow waves.` (level L5).

    Who is spoken of again is the same one ("the same woman in yellow").

    Raises:
        BadInput: see `parse`.
    """
    reader = Reader()
    begun = False
    for part in re.split(
        r"^\s*(?=(?:then\s+)?shot\s+(?:\d+|one|two|three)\b)", text, flags=re.I | re.M
    ):
        if not part.strip():
            continue
        match = re.match(
            r"(?:then\s+)?shot\s+(?:\d+|\w+)\s*(?:\(([^)]*)\))?\s*[:.,-]?(.*)",
            part.strip(),
            re.I | re.S,
        )
        if not match:
            reader.read(part)
            continue
        if begun:
            reader.cut()
        begun = True
        if match[1]:
            rest = []
            for item in re.split(r"[,;]", match[1]):
                word = item.strip().lower().removesuffix(" shot")
                if word in ("wide", "medium", "close", "close-up"):
                    reader.shot(size=word.removesuffix("-up"))
                elif found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:s|sec|seconds?)", word):
                    reader.shot(seconds=round(float(found[1]), 2))
                elif word:
                    rest.append(item)
            if rest:
                reader.read(", ".join(rest))
        if match[2].strip(" .\n"):
            reader.read(match[2])
    return reader.script()


def _parse_tags(text: str) -> Script | None:
    """Reads tags (level L0), or returns None where the text is none: "red ball; noon; roll"."""
    low = plain(text).replace("\n", ";").strip(" .;")
    if "." in low or re.search(r"\b(is|are|it|he|she|they|then|while)\b", low):
        return None
    items = [item.strip() for item in re.split(r"[;,]", low) if item.strip()]
    articles = ("a ", "an ", "the ", "another ", "there ", "some ")
    if any(item.startswith(articles) for item in items) or not re.search("[;,]", text):
        return None
    events = {kind.replace("_", " "): kind for kind in world.EVENTS}
    verbs: list[str] = []
    reader = Reader()
    for item in items:
        tokens = tokenize(item)
        lemmas = {token.means.get(form) for token in tokens[:1] for form in FORMS} - {None}
        if item in events:
            verbs.append(events[item])
        elif item.removesuffix(" style") in world.STYLES and item.endswith(" style"):
            reader.style = item.removesuffix(" style")
        elif item in world.SIZES and reader.cast and not reader.cast[-1].size:
            reader.cast[-1] = replace(reader.cast[-1], size=item)
        elif (
            len(tokens) == 1
            and lemmas & set(_TAG_VERBS)
            and (not tokens[0].means.keys() & {"color", "singular"})
        ):
            verbs.append(_TAG_VERBS[next(iter(lemmas & set(_TAG_VERBS))) or ""])
        elif "camera" in item.split() or "shot" in item.split():
            reader.read(item)
        else:
            reader.load(item)
            if not (reader.tag_setting() or reader.fragment()):
                return None
            if reader.at < len(reader.tokens):
                return None
    reader.deeds += assigned(verbs, reader.cast)
    return reader.script()


_TAG_VERBS = {
    **{kind: kind for kind in world.EVENTS},
    "collide": "hit", "bump": "hit", "rotate": "spin", "shatter": "shatter", "break": "shatter",
    "pick": "pick_up", "exit": "exit", "leave": "exit", "disappear": "hide",
}  # fmt: skip
