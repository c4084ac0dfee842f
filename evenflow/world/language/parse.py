"""Text to Script: reads captions of every level, and what people write.

The grammar stands in `docs/world_language.md`. A sentence is read from left to right: noun phrases
find or found their roles, a verb collects what belongs to it (objects, directions, relations,
manners, times) and becomes deeds; phrases of place, light, style and camera are taken wherever
they stand. What cannot be understood is an error that points to its word.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from evenflow.core.errors import BadInput
from evenflow.world import words as world
from evenflow.world.language.content import assigned, default_motion, normalized
from evenflow.world.language.forms import verb_form
from evenflow.world.language.lexer import Token, plain, tokenize
from evenflow.world.language.refer import (
    CLOTHED,
    Description,
    may_mean,
    resolve,
)
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing

STATIC = frozenset(
    {"on", "in", "under", "behind", "in front of", "beside", "left of", "right of", "between",
     "held by", "over", "around"}
)  # fmt: skip
"""Relations that say where something is."""
FORMS = ("base", "third", "past", "participle", "ing")
OBJECTLESS = frozenset({"pick", "lift", "follow", "hit", "bump", "collide", "give", "hand", "cover",
                        "uncover", "circle", "wave", "hold", "open", "close"})  # fmt: skip
"""Verbs whose object may be followed by where that object is."""
CAMERA_VERBS = frozenset({"pan", "tilt", "zoom", "dolly", "track", "orbit", "shake", "sink"})


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
    reader = _Reader()
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
    reader = _Reader()
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
    reader = _Reader()
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
    reader = _Reader()
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


@dataclass
class _Slots:
    """What belongs to a verb."""

    objects: list[list[int]] = field(default_factory=list)
    relations: list[tuple[str, list[int]]] = field(default_factory=list)
    directions: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    to: list[int] = field(default_factory=list)
    using: list[int] = field(default_factory=list)
    by: list[int] = field(default_factory=list)
    particles: set[str] = field(default_factory=set)
    manner: str = ""
    color: str = ""
    grade: str = ""
    face: bool = False
    start: float | None = None
    end: float | None = None
    seconds: float | None = None
    together: bool = False


class _Reader:
    """Reads sentences one after the other and keeps what they said."""

    def __init__(self) -> None:
        self.cast: list[Role] = []
        self.standing: list[Standing] = []
        self.deeds: list[Deed] = []
        self.settings: list[Setting] = [Setting()]
        self.place = 0
        self.shots: list[ScriptShot] = [ScriptShot()]
        self.style = ""
        self.known: set[int] = set()  # whom "a ball" may mean again (timed lines)
        self.turned: dict[int, str] = {}
        self.subjects: list[int] = []
        self.recent: list[int] = []  # roles by how lately they were mentioned, the last one last
        self.together = False
        self.late = False  # the next clause happens while this one does ("while A, B")
        self.insert: int | None = None  # where the deeds of the next clause go ("B when A")
        self.manner = ""
        self.times: tuple[float | None, float | None, float | None] = (None, None, None)
        self.tokens: list[Token] = []
        self.at = 0
        self.text = ""

    # --- the tokens

    def load(self, text: str) -> None:
        self.text, self.tokens, self.at = plain(text), tokenize(text), 0

    def means(self, name: str, ahead: int = 0) -> str | None:
        at = self.at + ahead
        return self.tokens[at].means.get(name) if 0 <= at < len(self.tokens) else None

    def text_at(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def take(self, *texts: str) -> bool:
        """Takes these tokens if they come next."""
        if all(self.text_at(k) == one for k, one in enumerate(texts)):
            self.at += len(texts)
            return True
        return False

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        at = self.at if at is None else at
        if at < len(self.tokens):
            token = self.tokens[at]
            before, after = (
                self.text[max(0, token.start - 30) : token.start],
                self.text[token.end :],
            )
            shown = " ".join(f"{before}[{self.text[token.start : token.end]}]{after[:30]}".split())
            raise BadInput(f'"{token.text}" (word {token.number}) {message}: "{shown}"')
        raise BadInput(f'the caption ends early: "{" ".join(self.text.split())[-60:]}" {message}')

    def verb(self, ahead: int = 0) -> str | None:
        """The verb that a token can be, whatever its form."""
        for form in FORMS:
            if (found := self.means(form, ahead)) is not None:
                return found
        return None

    # --- the whole

    def script(self) -> Script:
        return normalized(
            Script(
                tuple(self.cast),
                tuple(self.standing),
                tuple(self.deeds),
                tuple(self.settings),
                tuple(self.shots),
                self.style,
            ),
            renumber=False,
        )

    def cut(self) -> None:
        self.shots.append(ScriptShot(place=self.settings[self.place].name))
        self.subjects, self.together, self.late = [], False, False

    def shot(self, **changes: object) -> None:
        self.shots[-1] = replace(self.shots[-1], **changes)  # type: ignore[arg-type]

    def read(self, text: str, *, framing: bool = False) -> None:
        self.load(text)
        if framing:
            self.framing()
        while self.at < len(self.tokens):
            before = self.at
            self.step()
            if self.at == before:
                self.fail("cannot stand here; write who does what, like " + EXAMPLE)
        if self.manner or self.times != (None, None, None):
            self.fail("says how or when, but not what happens", len(self.tokens) - 1)

    def step(self) -> None:
        mark = self.means("mark")
        if mark is not None:
            self.at += 1
            if mark in ".:":
                self.together, self.insert = False, None
            return
        if self.means("filler") is not None:
            self.at += 1
            return
        if self.means("together") is not None:
            self.at += 1
            if self.at >= len(self.tokens) or self.means("mark") == ".":
                self.tie()
            else:
                self.together = True
            return
        if self.connector():
            return
        if self.camera() or self.framing() or self.setting() or self.styling() or self.time():
            return
        if self.light():
            return
        if (manner := self.means("manner")) is not None:
            self.manner = manner
            self.at += 1
            return
        if self.text_at() == "it" and self.means("auxiliary", 1) and self.time_of_day(2):
            return
        if self.text_at() == "there" and self.means("auxiliary", 1):
            self.at += 2
            self.listing()
            return
        if self.sides():
            return
        start = self.at
        lead = self.means("article") is not None or self.means("possessive") is not None
        if self.text_at(1 if lead else 0) == "color":
            self.at += 2 if lead else 1
            if not self.take("of") and self.subjects:
                self.clause(self.subjects, start)  # "its color changes"
                return
            start = self.at
        group = self.group(spread=True)
        if group:
            self.clause(group, start)
            return
        if self.verb() is not None or self.means("auxiliary"):
            if not self.subjects:
                verb = verb_form(self.verb() or "be", "third")
                self.fail(f'has nobody who does it; say who or what first, like "a man {verb}"')
            self.clause(self.subjects, start)

    def time_of_day(self, ahead: int) -> bool:
        """Takes "it is night", "it is foggy"."""
        sky, fog = self.means("sky", ahead), self.means("fog", ahead)
        if (sky is None and fog is None) or self.nominal(ahead):
            return False
        self.at += ahead + 1
        if sky is not None:
            self.put("sky", sky)
        else:
            self.put("fog", True)
        return True

    def sides(self) -> bool:
        """ "On the left stands a man": the side of who comes next."""
        side = self.means("side") if " " in self.text_at() else None
        if side is None or "side" not in self.tokens[self.at].means:
            return False
        if self.means("direction") is not None:
            return False
        self.at += 1
        self.take(",")
        if self.verb() in ("stand", "lie", "be", "sit") or self.take("there"):
            self.at += 1
        group = self.group()
        for id in group:
            self.cast[id - 1] = replace(self.cast[id - 1], side=side)
        if group:
            self.clause(group, self.at)
        return True

    def tie(self) -> None:
        """The last deed happens while the one before it does."""
        if len(self.deeds) > 1:
            self.deeds[-1] = replace(self.deeds[-1], together=True)

    def connector(self) -> bool:
        if self.means("and") is not None:
            self.at += 1
            return True
        first = self.at == 0 or self.means("mark", -1) in (".", ":", "\n")
        if (
            self.means("after") is not None
            and not self.timelike(1)
            and (self.group_ahead(1) or self.means("article", 1))
        ):
            self.at += 1
            if not first:
                self.insert = self.clause_start()
                self.subjects_kept = list(self.subjects)
            return True
        if self.means("then") is not None and not self.timelike(1):
            self.at += 1
            self.insert = None
            return True
        if self.means("while") is not None:
            self.at += 1
            if first:
                self.late = True
            else:
                self.together = True
            return True
        if self.means("before") is not None or self.means("until") is not None:
            if self.timelike(1):
                return False
            self.at += 1
            if first and self.tokens[self.at - 1].text == "before":
                self.insert = len(self.deeds)
                self.early = True
            return True
        if self.means("relative") is not None:
            self.at += 1
            if self.recent:
                whole = self.recent[-1] in self.group_last
                self.subjects = self.group_last if whole else [self.recent[-1]]
            return True
        return False

    early = False
    group_last: list[int] = []  # noqa: RUF012
    subjects_kept: list[int] = []  # noqa: RUF012

    def clause_start(self) -> int:
        """Number of the first deed of the clause that was read last."""
        return self.last_clause

    last_clause = 0

    # --- noun phrases

    def group_ahead(self, ahead: int) -> bool:
        """True if a noun phrase begins so many tokens from here."""
        at, self.at = self.at, self.at + ahead
        found = self.describe() is not None
        self.at = at
        return found

    def describe(self) -> Description | None:
        """Takes a noun phrase, or nothing."""
        start = self.at
        pronoun = self.means("pronoun")
        if pronoun and not (self.means("possessive") and self.nominal(1)):
            self.at += 1
            return Description(pronoun=pronoun, plural=pronoun == "they")
        said: dict[str, object] = {}
        if (article := self.means("article")) is not None:
            said["article"] = article
            if article == "some":
                said["count"] = 3
            self.at += 1
        elif self.means("possessive") is not None:
            self.at += 1
        while True:
            if (which := self.means("which")) is not None:
                said["article"] = "other" if which == "other" else "the"
                self.at += 1
            elif (number := self.means("ordinal")) is not None and said.get("article"):
                said["ordinal"] = int(number)
                self.at += 1
            elif (number := self.means("digits")) is not None and number.isdigit():
                said["count"] = int(number)
                self.at += 1
                if self.means("time") is not None or not said["count"]:
                    break
            elif self.means("count") is not None and not self.means("article"):
                said["count"] = int(self.means("count") or 1)
                self.at += 1
                if self.text_at() == "of":
                    self.at += 1
            elif (color := self.means("color")) is not None:
                if "color" in said:
                    if "second" in said or self.text_at(-1) != "and":
                        self.fail(f'is a second color after "{said["color"]}"; join two with "and"')
                    said["second"] = color
                else:
                    said["color"] = color
                self.at += 1
                if (
                    (self.means("and") is not None or self.text_at() == "-")
                    and self.means("color", 1) is not None
                    and "second" not in said
                ):
                    self.at += 1
                    if self.text_at(-1) != "and":
                        said["second"] = self.means("color")
                        self.at += 1
            elif (
                self.one_of(said, "size")
                or self.one_of(said, "pattern")
                or self.one_of(said, "material")
            ):
                pass
            elif (hair := self.means("haired")) is not None:
                said["hair"] = hair
                self.at += 1
            elif (
                self.means("side") is not None
                and " " not in self.text_at()
                and said.get("article") == "the"
                and self.nominal(1)
            ):
                said["side"] = self.means("side")
                self.at += 1
            elif self.text_at() == "," and self.adjective(1) and self.adjective(-1):
                self.at += 1
            else:
                break
        kind, several = self.means("singular"), self.means("plural")
        if kind is not None:
            said |= {"kind": kind, "plural": int(str(said.get("count", 1))) > 1}
        elif several is not None:
            said |= {"kind": several, "plural": True}
        elif self.text_at() in ("one", "ones") and len(said) > 1:
            said |= {"plural": self.text_at() == "ones"}
        elif said.get("count") == 1 and set(said) <= {"count", "article"} and start < self.at:
            self.at = start
            return None
        elif self.text_at(-1) == "one" and len(said) > 1:
            said.pop("count", None)
            self.at -= 1
        else:
            self.at = start
            return None
        self.at += 1
        if said.get("plural") and "count" not in said and not said.get("article"):
            said["bare"] = True
        self.modifiers(said)
        bare = said.pop("bare", False)
        found = Description(**said)  # type: ignore[arg-type]
        return replace(found, article="" if bare else found.article)

    def nominal(self, ahead: int) -> bool:
        """True if a word can begin or be a noun."""
        return any(
            self.means(name, ahead) is not None
            for name in ("singular", "plural", "color", "size", "pattern", "material", "haired")
        ) or self.text_at(ahead) in ("one", "ones")

    def adjective(self, ahead: int) -> bool:
        return any(
            self.means(name, ahead) is not None for name in ("color", "size", "pattern", "material")
        )

    def one_of(self, said: dict[str, object], name: str) -> bool:
        value = self.means(name)
        if value is None:
            return False
        if self.means("singular") or self.means("plural"):
            # "ring", "star": a noun unless another noun follows.
            if not (self.means("singular", 1) or self.means("plural", 1)):
                return False
        if name in said and said[name] != value:
            self.fail(f'says another {name} than "{said[name]}"; keep one of the two')
        said[name] = value
        self.at += 1
        return True

    def modifiers(self, said: dict[str, object]) -> None:
        """What follows a noun: clothes, hair, what it is made of, the side."""
        human = said.get("kind") in CLOTHED
        while True:
            start = self.at
            joined = self.means("and") is not None or self.text_at() == ","
            if joined:
                self.at += 1
            lead = ""
            if self.text_at() in ("in", "with"):
                lead = self.text_at()
                self.at += 1
            elif self.verb() == "wear" or self.text_at() == "dressed":
                lead = "in"
                self.at += 1
                self.take("in")
            elif self.verb() == "make" or self.text_at() == "made":
                self.at += 1
                if self.take("of") and (material := self.means("material")):
                    said["material"] = material
                    self.at += 1
                    continue
            elif self.text_at() == "of" and (material := self.means("material")):
                pass
            if not lead and self.text_at() == "of" and self.means("material", 1) is not None:
                said["material"] = self.means("material", 1)
                self.at += 2
                continue
            side = self.means("side")
            if (
                side is not None
                and not joined
                and not lead
                and " " not in side
                and (self.means("direction") is None)
            ):
                said["side"] = side
                self.at += 1
                continue
            if not lead and not (joined and start > 0):
                self.at = start
                return
            if self.means("article") is not None:
                self.at += 1
            color = self.means("color")
            worn: str | None = None
            if color is not None:
                self.at += 1
                second = ""
                if self.means("and") is not None and self.means("color", 1) is not None:
                    garment = self.text_at(2)
                    if lead == "with" and self.means("pattern", 2) not in (None, "plain"):
                        said |= {"pattern": self.means("pattern", 2)}
                        said |= {"color": color, "second": self.means("color", 1)}
                        self.at += 3
                        continue
                    if lead == "in" and garment not in _GARMENTS:
                        second = self.means("color", 1) or ""
                        self.at += 2
                if self.text_at() in _GARMENTS:
                    worn = _GARMENTS[self.text_at()]
                    self.at += 1
                elif (
                    lead == "with"
                    and (pattern := self.means("pattern")) is not None
                    and (pattern != "plain")
                ):
                    said |= {"pattern": pattern, "second": color}
                    self.at += 1
                    continue
                elif lead == "in" and human and not self.nominal(0):
                    worn = "color"
                if worn is not None and not (
                    self.means("ground") and self.text_at() not in _GARMENTS
                ):
                    said[worn] = color
                    if second:
                        said["second"] = second
                    continue
            self.at = start
            return

    def group(self, *, spread: bool = False) -> list[int]:
        """Takes one or more noun phrases with where they are, and returns their roles.

        Args:
            spread: "a cube and a ball on a table", with no verb, puts both on the table.
        """
        found: list[int] = []
        placed = len(self.standing)
        while True:
            start = self.at
            if found:
                while self.means("and") is not None or self.text_at() == ",":
                    self.at += 1
                if self.at == start:
                    break
            at = self.at
            said = self.describe()
            if said is None:
                self.at = start
                break
            id = self.find(said, at)
            if id not in found:
                found.append(id)
            before = len(self.standing)
            self.whereabouts([id])
            if spread and before == placed < len(self.standing) and not self.begins_clause():
                mine = [one for one in self.standing[before:] if one.role == id]
                for other in found[:-1]:
                    self.standing += [replace(one, role=other) for one in mine]
                spread = False
        return found

    def begins_clause(self) -> bool:
        """True if the next token continues a noun phrase into a clause."""
        return self.verb() is not None or self.means("auxiliary") is not None

    def whereabouts(self, ids: list[int]) -> None:
        """Takes "on the table", "behind the pillar", "in her hand" after a noun phrase."""
        last = ids
        while True:
            start = self.at
            if self.setting_ahead():
                return
            if self.text_at() in ("with", "holding") or self.verb() == "hold":
                lead = self.text_at()
                self.at += 1
                at = self.at
                said = self.describe()
                if said is not None:
                    held = self.find(said, at)
                    relation = self.means("relation")
                    if relation in STATIC and self.means("pronoun", 1) is not None:
                        self.at += 2  # "a table with a cup on it"
                        self.stand(held, relation, last)
                        continue
                    if self.take("in"):
                        self.possessed()
                        self.take("hand")
                        self.take("hands")
                    walker = self.cast[ids[0] - 1].kind in (*world.WALKERS, "person")
                    if walker and (lead != "with" or self.text_at(-1) in ("hand", "hands")):
                        for id in ids:
                            self.stand(held, "held by", [id])
                        continue
                    if lead == "with" and walker:
                        for id in ids:
                            self.stand(held, "held by", [id])
                        continue
                self.at = start
                return
            relation = self.means("relation")
            if relation not in STATIC:
                return
            self.at += 1
            targets = self.targets(relation)
            if not targets:
                self.at = start
                return
            for id in ids:
                self.stand(id, relation, targets)
            last = targets[:1]

    def possessed(self) -> None:
        if self.means("possessive") is not None or self.means("article") is not None:
            self.at += 1

    def stand(self, role: int, relation: str, targets: list[int]) -> None:
        other = targets[1] if relation == "between" and len(targets) > 1 else 0
        if role in (targets[0], other):
            self.fail(f"would stand {relation} itself; name something else", self.at - 1)
        new = Standing(role, relation, targets[0], other)
        if new not in self.standing:
            self.standing.append(new)

    def targets(self, relation: str) -> list[int]:
        """The noun phrases that a relation takes: two for `between`, else one."""
        at = self.at
        if self.means("mutual") is not None:
            self.at += 1
            return [_MUTUAL]
        said = self.describe()
        if said is None:
            return []
        found = [self.find(said, at)]
        if relation == "between" and self.cast[found[0] - 1].count == 1:
            if self.means("and") is None:
                self.fail('stands alone after "between"; say between what and what', at)
            self.at += 1
            at = self.at
            if (said := self.describe()) is None:
                self.fail("is not the second of what it is between", at)
            found.append(self.find(said, at))
        return found

    def find(self, said: Description, at: int) -> int:
        """The role that a noun phrase means, a new one where it founds one."""
        order = [self.cast[id - 1] for id in dict.fromkeys(self.mentioned)]
        if said.pronoun:
            id = self.pronoun(said.pronoun, order, at)
        else:
            found = resolve(said, order, turned=self.turned)
            if said.article == "other":
                found = [one for one in found if one.id != (self.recent or [0])[-1]] or found
                others = [one for one in found if one.id not in self.subjects]
                found = others or found
                if not found:
                    said = replace(said, article="another")
            if not found and said.article == "the" and not said.plural and said.kind:
                several = resolve(
                    replace(said, plural=True, side="", ordinal=0), order, turned=self.turned
                )
                if several:
                    self.fail(
                        f"is one of {several[0].count} that were named together; name each of them "
                        'by itself, like "a ball on the left and a ball on the right"',
                        at,
                    )
            again = [one for one in found if one.id in self.known]
            if said.article == "a" and len(again) == 1:
                id = again[0].id
            elif (
                said.article in ("a", "another", "some")
                or not found
                or (said.count and not said.article)
            ):
                if not said.article and found and not said.count:
                    id = found[0].id
                elif said.count and not said.article and len(again) == 1:
                    id = again[0].id
                else:
                    id = self.found(said, at)
            elif len(found) == 1:
                id = found[0].id
            elif said.plural and not said.kind:
                id = found[-1].id
            else:
                mine = [one for one in found if _told(said, one)]
                if len(mine) != 1:
                    names = " or ".join(f'"{_name(one)}"' for one in found[:3])
                    self.fail(f"can be {names} here; say which by color, size or side", at)
                id = mine[0].id
        self.recent = [one for one in self.recent if one != id] + [id]
        return id

    @property
    def mentioned(self) -> list[int]:
        return [role.id for role in self.cast]

    def pronoun(self, pronoun: str, order: list[Role], at: int) -> int:
        fitting = [one.id for one in order if may_mean(pronoun, one)]
        if self.object_of and len(fitting) > 1:  # "the ball hits it": not the ball itself
            fitting = [id for id in fitting if id not in self.object_of] or fitting
            subjects = [id for id in self.subjects_old if id in fitting]
            if len(fitting) > 1 and subjects:
                return subjects[-1]
        if not fitting and pronoun == "they" and order:
            fitting = [order[-1].id] if len(order) == 1 else []
            if len(order) > 1:
                return -1  # all who were subjects; see `clause`
        if not fitting:
            self.fail("stands for nobody who was named before; name who is meant", at)
        if len(fitting) == 1:
            return fitting[0]
        if self.object_of:
            handled = [
                deed.target
                for deed in self.deeds
                if deed.kind in ("pick_up", "carry", "push", "kick")
                and deed.agent in self.object_of
                and deed.target in fitting
            ]
            if handled:
                return handled[-1]
        subjects = [id for id in self.subjects if id in fitting]
        if subjects:
            return subjects[-1]
        fitting = [id for id in fitting if not self.is_fixture(id)] or fitting
        lately = [id for id in self.recent if id in fitting]
        return lately[-1] if lately else fitting[-1]

    def found(self, said: Description, at: int) -> int:
        if not said.kind:
            self.fail("means nothing that was named before; name its kind, like a red ball", at)
        count = said.count or (2 if said.plural else 1)
        if not 1 <= count <= 24:
            self.fail(f"would be {count} of them; a scene holds 1 to 24", at)
        second = said.second
        color = said.color
        if second and not color and said.kind not in CLOTHED:
            color = ""
        self.cast.append(
            Role(
                id=len(self.cast) + 1,
                kind=said.kind,
                color=color,
                second=second,
                size=said.size,
                pattern=said.pattern,
                material=said.material,
                count=count,
                hair=said.hair,
                side=said.side,
            )
        )
        return len(self.cast)

    def fragment(self) -> bool:
        at = self.at
        said = self.describe()
        if said is None:
            return False
        self.found(said, at)
        return True

    def listing(self) -> None:
        group = self.group()
        if group:
            self.clause(group, self.at)
        elif not self.setting():
            self.fail("should be followed by who or what there is", max(0, self.at - 1))

    # --- where, when, how

    def setting_ahead(self) -> bool:
        """True if a phrase of place, time of day, shot or style begins here."""
        saved = (
            self.at, list(self.settings), list(self.shots), self.style, self.place,
            len(self.cast), self.times,
        )  # fmt: skip
        found = self.setting() or self.styling() or self.time()
        self.at, self.settings, self.shots, self.style, self.place, size, self.times = saved
        del self.cast[size:]
        return found

    def put(self, name: str, value: object) -> None:
        """Notes something about the place of the shot."""
        here = self.settings[self.place]
        old = getattr(here, name)
        if old and old != value:
            self.fail(f"is another {name} than {old!r}; keep one of the two", max(0, self.at - 1))
        self.settings[self.place] = replace(here, **{name: value})

    def go_to(self, name: str) -> None:
        """The shot is in a place of this name."""
        names = [one.name for one in self.settings]
        here = self.settings[self.place]
        if name in names:
            self.place = names.index(name)
        elif not here.name and (len(self.shots) == 1 or len(self.settings) > 1):
            self.settings[self.place] = replace(here, name=name)
        elif len(self.shots) == 1:
            self.fail(f"is another place than {here.name!r}; a cut begins another place")
        else:
            self.settings.append(Setting(name))
            self.place = len(self.settings) - 1
        self.shot(place=name)

    def tag_setting(self) -> bool:
        """A bare tag: "noon", "grass", "park", "fog"."""
        if len(self.tokens) == 1:
            for name in ("fog",):
                if self.text_at() == name or self.means("fog") is not None:
                    self.put("fog", True)
                    self.at += 1
                    return True
            order = ("ground", "sky", "place", "background")
            for name in order:
                if (value := self.means(name)) is not None and value not in ("plain", "none"):
                    if name == "place":
                        self.go_to(value)
                    else:
                        self.put(name, value)
                    self.at += 1
                    return True
        return self.setting() or self.styling()

    def setting(self) -> bool:
        """Takes one phrase of place, ground, sky, background or fog."""
        start = self.at
        if (sky := self.means("sky")) is not None and " " in self._phrase_text():
            self.put("sky", sky)
            self.at += 1
            return True
        if self.take("empty", "scene") or self.take("a", "empty", "scene"):
            return True
        if self.text_at() == "the" and self._subject_setting():
            return True
        lead = self.text_at()
        if (
            self.means("fog") is not None
            and self.text_at(1) != "style"
            and (self.text_at(1) in ("day", "night", "morning", "evening", "") or lead != "foggy")
        ):
            self.put("fog", True)
            self.at += 1
            return True
        if lead in (
            "in",
            "on",
            "at",
            "under",
            "with",
            "during",
            "through",
            "before",
            "by",
            "over",
            "past",
            "around",
            "into",
            "onto",
            "to",
            "beside",
            "as",
            "beneath",
        ) or (self.means("relation") is not None):
            relation = self.means("relation") or lead
            self.at += 1
        else:
            lead = relation = ""
        if lead and self.take("the", "style"):
            self.at = start
            return False
        article = self.means("article") is not None and not self.means("count")
        if article:
            self.at += 1
        fog = False
        if self.means("fog") is not None and self.text_at() != "fog":
            fog = True
            self.at += 1
        if lead and self.text_at() == "fog":
            self.at += 1
            self.put("fog", True)
            return True
        if lead in ("on", "in", "at", "under", "during", "with", "") and (
            self.means("sky") is not None
        ):
            sky = self.means("sky") or ""
            follows = self.text_at(1)
            takes = follows in ("light", "sky", "day", "sun", "time")
            if (sky not in ("plain", "studio") or takes) and (lead or takes):
                if self.text_at(1) == "style":
                    self.at = start
                    return False
                self.at += 2 if takes else 1
                self.put("sky", sky)
                if fog:
                    self.put("fog", True)
                return True
        if fog and lead and self.text_at() == "day":
            self.at += 1
            self.put("fog", True)
            return True
        if fog:
            if self.text_at() == "style":
                self.at = start
                return False
            self.put("fog", True)
        # background: "with hills in the background", "in front of hills", "against the sea"
        background = self.means("background")
        if background is not None or self.text_at() == "empty":
            value = background or "none"
            if self.text_at() == "empty" and self.take("empty", "background"):
                if lead:
                    self.put("background", "none")
                    return True
                self.at = start
                return False
            if lead == "with" or (
                lead in ("in front of", "before", "into", "against", "by", "beside", "over")
                and value in ("hills", "mountains", "sea", "forest", "city", "desert")
                and (lead != "into" or self.text_at(-1) == "against")
            ):
                self.at += 1
                self.means("backdrop") is not None and self._skip()
                self.take("behind")
                self.put("background", value)
                return True
            if not lead and self.means("backdrop", 1) is not None:
                self.at += 2
                self.put("background", value)
                return True
        # ground: "on grass", "on a red and white checker floor"
        at = self.at
        early = self.means("ground") if self.means("color", 1) is not None else None
        if early is not None:
            self.at += 1
        colors: list[str] = []
        while (color := self.means("color")) is not None and len(colors) < 2:
            colors.append(color)
            self.at += 1
            if self.means("and") is not None and self.means("color", 1) is not None:
                self.at += 1
        if early is not None and lead and self.text_at() in ("floor", "ground"):
            self.at += 1
            self.put("ground", early)
            self.put("colors", tuple(colors))
            return True
        ground = self.means("ground") if early is None else None
        named = self.text_at(1) in ("floor", "ground")
        place_too = self.means("place") is not None
        if (
            ground is not None
            and not place_too
            and (ground != "plain" or named)
            and (
                lead in ("on", "over", "through", "in", "onto", "with", "under", "to", "into")
                or (not lead and named)
                or (colors and not lead and ground not in ("plain",) and not article)
            )
        ):
            if not named and (self.nominal(1) or self.means("sky", 1) is not None):
                self.at = start
                return False
            if self.text_at() in ("bricks", "planks") and self.means("singular", 1):
                self.at = start
                return False
            self.at += 2 if named else 1
            self.put("ground", ground)
            if colors:
                self.put("colors", tuple(colors))
            return True
        if colors and self.text_at() in ("floor", "ground") and lead:
            self.at += 1
            self.put("colors", tuple(colors))
            return True
        if lead and self.text_at() in ("floor", "ground") and not colors:
            self.at += 1  # "on the ground" says nothing new
            return True
        self.at = at
        place = self.means("place")
        if place is not None and lead and relation not in ("behind",):
            self.at += 1
            self.go_to(place)
            return True
        if place is not None and not lead and not article and self.only_setting():
            self.at += 1
            self.go_to(place)
            return True
        self.at = start
        return False

    def only_setting(self) -> bool:
        """True if the token stands alone between marks."""
        return (self.at == 0 or self.means("mark", -1) is not None) and (
            self.at + 1 >= len(self.tokens) or self.means("mark", 1) is not None
        )

    def _skip(self) -> bool:
        self.at += 1
        return True

    def _phrase_text(self) -> str:
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return self.text[token.start : token.end]

    def _subject_setting(self) -> bool:
        """ "The ground is grass", "the sky is overcast", "the style is toon", "the scene is ..." """
        start = self.at
        self.at += 1
        subject = self.text_at()
        if subject not in ("ground", "floor", "sky", "background", "style", "scene", "place") or (
            self.means("auxiliary", 1) is None and self.verb(1) != "show"
        ):
            self.at = start
            return False
        self.at += 2
        if self.means("article") is not None:
            self.at += 1
        if subject == "style":
            if (style := self.means("style")) is None:
                self.fail("is not a style; styles are " + ", ".join(world.STYLES))
            self.style = style
            self.at += 1
            return True
        if subject == "scene":
            if (place := self.means("place")) is not None:
                self.go_to(place)
                self.at += 1
            return True
        colors: list[str] = []
        while (color := self.means("color")) is not None:
            colors.append(color)
            self.at += 1
            if self.means("and") is not None and self.means("color", 1) is not None:
                self.at += 1
        row = {"floor": "ground"}.get(subject, subject)
        value = self.means(row)
        if value is None and not colors:
            self.fail(f"is not a {row}; say one of the rows of its table")
        if value is not None:
            self.at += 1
            self.put(row, value)
        if colors:
            self.put("colors", tuple(colors[:2]))
        return True

    def styling(self) -> bool:
        """Takes "in toon style", "in the style of a toon", "as a cartoon"."""
        start = self.at
        if self.text_at() in ("in", "as", "with", "on"):
            self.at += 1
            self.possessed()
            if self.take("style", "of"):
                self.possessed()
                if (style := self.means("style")) is None:
                    self.fail("is not a style; styles are " + ", ".join(world.STYLES))
                self.at += 1
                self._style(style)
                return True
        elif self.means("article") is not None:
            self.at += 1
        style = self.means("style")
        if style is not None and (
            self.text_at(1) == "style" or (self.tokens[start].text == "as" and style == "toon")
        ):
            self.at += 2 if self.text_at(1) == "style" else 1
            self._style(style)
            return True
        self.at = start
        return False

    def _style(self, style: str) -> None:
        if self.style and self.style != style:
            self.fail(f"is another style than {self.style!r}; keep one of the two", self.at - 1)
        self.style = style

    def timelike(self, ahead: int) -> bool:
        """True if "2 s" stands there."""
        if self.means("digits", ahead) is None and self.means("count", ahead) is None:
            return False
        return self.means("time", ahead + 1) is not None or (
            self.text_at(ahead + 1) in ("to", "and", "-") and self.timelike(ahead + 2)
        )

    def number(self) -> float:
        value = self.means("digits") or self.means("count") or "0"
        self.at += 1
        if self.means("time") is not None:
            self.at += 1
        return round(float(value), 2)

    def time(self) -> bool:
        """Takes "at 2 s", "from 1 to 2 s", "for 2 s", "after 2 s", "until 3 s"."""
        word = self.text_at()
        if word not in ("at", "from", "for", "after", "until", "between", "in", "by") or (
            not self.timelike(1)
        ):
            return False
        self.at += 1
        first = self.number()
        start, end, seconds = self.times
        if word in ("from", "between"):
            start = first
            if self.text_at() in ("to", "and", "-", "until"):
                self.at += 1
                end = self.number()
                if end <= first:
                    self.fail("ends before it begins; swap the two", self.at - 2)
        elif word == "for":
            seconds = first
        elif word in ("until", "by"):
            end = first
        else:
            start = first
        self.times = (start, end, seconds)
        return True

    # --- camera

    def framing(self) -> bool:
        """Takes "in a wide shot", "a close shot of", "cut to"."""
        start = self.at
        if self.take("cut") or self.take("cuts"):
            if self.text_at() == "to":
                self.at += 1
            self.cut()
            self.framing()
            return True
        if self.text_at() in ("in", "as", "with"):
            self.at += 1
        if self.means("article") is not None:
            self.at += 1
        size = self.means("framing")
        if self.means("closeup") is not None:
            size = "close"
            self.at += 1
            self.take("shot")
        elif size is not None and self.text_at(1) == "shot":
            self.at += 2
        elif self.text_at() == "shot" and self.tokens[start].text != "shot":
            self.at += 1
            size = ""
        else:
            self.at = start
            return False
        if size:
            self.shot(size=size)
        if (self.take("of") and self.timelike(0)) or self.timelike(0):
            self.shot(seconds=self.number())
        self.take(":")
        return True

    def camera(self) -> bool:
        """Takes a sentence about the camera."""
        start = self.at
        if self.means("article") is not None:
            self.at += 1
        if self.text_at() in ("static", "still", "shake") and self.text_at(1) == "camera":
            self.move("shake" if self.text_at() == "shake" else "static")
            self.at += 2
            return True
        if self.text_at(-1) != "camera" and self.text_at() == "camera":
            self.at += 1
        elif start == self.at and (self.verb() in CAMERA_VERBS) and not self.subjects:
            pass  # "pan left"
        else:
            self.at = start
            return False
        first = len(self.shots[-1].moves)
        again = False
        while True:
            if again:
                again = False
            elif not self.camera_verb():
                if len(self.shots[-1].moves) == first:
                    self.fail("is not a move of the camera; moves are " + _MOVES)
                break
            at = self.at
            joined = False
            while (
                self.text_at() == ","
                or self.means("and") is not None
                or self.means("then") is not None
            ):
                self.at += 1
                joined = True
            if (
                joined
                and (
                    self.verb()
                    in (*CAMERA_VERBS, "rise", "move", "go", "follow", "stay", "push", "turn")
                    or (self.text_at() == "back" and self.means("direction") is not None)
                    or self.text_at() == "whip"
                )
                and not self.group_ahead(0)
            ):
                continue
            if joined and self.camera_again():
                again = True
                continue
            self.at = at
            break
        self.together = False
        if self.time():
            self.fail(
                "is a time, and a move of the camera takes its whole shot; leave it out",
                self.at - 1,
            )
        return True

    def camera_again(self) -> bool:
        """Takes the direction alone: "pans right, then left"."""
        direction, moves = self.means("direction"), self.shots[-1].moves
        if direction is None or not moves or self.verb_ahead_direction():
            return False
        move = f"{moves[-1].rsplit(' ', 1)[0]} {direction}"
        if move not in world.CAMERA_MOVES:
            return False
        self.at += 1
        self.move(move)
        return True

    def camera_manner(self) -> None:
        """Notes a manner of the camera."""
        manner, old = self.means("manner"), self.shots[-1].manner
        if manner:
            if old and old != manner:
                self.fail(f"is another manner of the camera than {old!r}; keep one of the two")
            self.shot(manner=manner)

    def camera_verb(self) -> bool:
        """One move."""
        while self.means("auxiliary") is not None or self.means("manner") is not None:
            self.camera_manner()
            self.at += 1
        if self.text_at() == "back":
            self.at += 1
            moves = self.shots[-1].moves
            if not moves or moves[-1] not in _BACK:
                self.fail("has no move to go back from", self.at - 1)
            self.move(_BACK[moves[-1]])
            return True
        whip = self.take("whip") or self.take("whips")
        if whip and self.text_at() == "-":
            self.at += 1
        if self.text_at() in ("still", "static", "fixed", "motionless") or (
            self.means("still") is not None
        ):
            self.at += 1
            self.move("static")
            return True
        if self.text_at() == "shake" and self.verb() != "shake":
            self.at += 1
            self.move("shake")
            return True
        verb = self.verb()
        if verb is None:
            return False
        self.at += 1
        direction = ""
        target = 0
        while True:
            if self.means("manner") is not None or self.means("filler") is not None:
                self.camera_manner()
                self.at += 1
            elif (found := self.means("direction")) is not None:
                direction = found
                self.at += 1
            elif (
                self.text_at() in ("in", "out")
                and not self.group_ahead(1)
                and (not self.setting_ahead())
            ):
                direction = self.text_at()
                self.at += 1
            elif self.text_at() == "still" or self.means("word") in ("still", "static"):
                direction = "still"
                self.at += 1
            elif (
                self.text_at() in ("around", "to", "toward", "on", "past", "in", "at")
                and (self.group_ahead(1) or self.text_at(1) == "scene")
                and not self.setting_ahead()
            ):
                word = self.text_at()
                self.at += 1
                at = self.at
                said = self.describe()
                if said is not None:
                    target = self.find(said, at)
                direction = direction or ("in" if word in ("to", "toward", "on", "in") else "")
            elif (
                verb in ("follow", "orbit", "circle", "track")
                and self.group_ahead(0)
                and not target
            ):
                at = self.at
                said = self.describe()
                if said is not None:
                    target = self.find(said, at)
            else:
                break
        move = _move(verb, direction, target=target)
        if move is None:
            self.fail("is not a move of the camera; moves are " + _MOVES, self.at - 1)
        if whip:
            move = f"whip {move}"
        self.move(move)
        if target:
            self.shot(follows=target)
        return True

    def move(self, kind: str) -> None:
        if kind not in world.CAMERA_MOVES:
            self.fail(f"would be {kind!r}, which is no move of the camera; moves are {_MOVES}")
        moves = self.shots[-1].moves
        if kind == "static" and moves == ("static",):
            return
        self.shot(moves=(*moves, kind))

    # --- light

    def light(self) -> bool:
        """Takes "the lights dim", "the sun sets", "it gets dark"."""
        start = self.at
        kind = ""
        early = self.means("manner", 1) or ""
        if self.take("it") and self.verb(1 if early else 0) in ("get", "become", "grow", "turn"):
            self.at += 1 if early else 0
            self.at += 1
            grade = self.means("grade") or ("darker" if self.text_at() == "dark" else "")
            kind = {"darker": "dim", "brighter": "brighten"}.get(grade, "")
            if kind:
                self.manner = early or self.manner
                self.at += 1
        if not kind:
            self.at = start
            if self.means("article") is not None:
                self.at += 1
            subject = self.text_at()
            subject = {"lights": "light", "lighting": "light", "scene": "light"}.get(
                subject, subject
            )
            if self.means("sky") == "night" and self.verb(1) == "fall":
                self.at += 2
                kind = "sunset"
            elif subject in ("light", "sun"):
                self.at += 1
                manner = ""
                if (found := self.means("manner")) is not None:
                    manner = found
                    self.at += 1
                while self.means("auxiliary") is not None:
                    self.at += 1
                verb = self.verb()
                word = self.text_at(1)
                if verb is not None:
                    self.at += 1
                if subject == "sun":
                    kind = {"set": "sunset", "rise": "sunrise", "sink": "sunset", "go": "sunset",
                            "come": "sunrise", "lower": "sunset"}.get(verb or "", "")  # fmt: skip
                    if self.text_at() in ("up", "down"):
                        kind = "sunrise" if self.text_at() == "up" else "sunset"
                        self.at += 1
                elif verb in ("dim", "fade", "lower"):
                    kind = "dim"
                    self.take("down") or self.take("out") or self.take("away")
                elif verb in ("brighten", "raise", "rise"):
                    kind = "brighten"
                    self.take("up")
                elif verb in ("get", "become", "grow", "turn", "go", "come"):
                    grade = self.means("grade") or word
                    kind = {"darker": "dim", "brighter": "brighten", "out": "dim", "down": "dim",
                            "up": "brighten", "on": "brighten", "off": "dim"}.get(grade, "")  # fmt: skip
                    if kind:
                        self.at += 1
                if kind and manner:
                    self.manner = manner
        if not kind:
            self.at = start
            return False
        self.last_clause = len(self.deeds)
        slots = _Slots(manner=self.manner)
        self.manner = ""
        while True:
            if (manner := self.means("manner") or "") != "":
                slots.manner = manner
                self.at += 1
            elif self.means("together") is not None and (
                self.at + 1 >= len(self.tokens) or self.means("mark", 1) is not None
            ):
                slots.together = True
                self.at += 1
            elif not self.time():
                break
        self.add([Deed(kind)], slots)
        return True

    # --- clauses

    def add(self, deeds: list[Deed], slots: _Slots) -> None:
        """Notes deeds with what is said about all of them."""
        start, end, seconds = self.times
        self.times = (None, None, None)
        ready = []
        for number, deed in enumerate(deeds):
            first = number == 0
            together = deed.together or (first and (self.together or slots.together))
            if not first and slots.together:
                together = True
            ready.append(
                replace(
                    deed,
                    manner=slots.manner,
                    start=start,
                    end=end,
                    seconds=seconds,
                    together=together,
                    shot=len(self.shots) - 1,
                )
            )
        for deed in ready:
            if deed.kind == "change_color" and deed.color:
                self.turned[deed.agent] = deed.color
        if self.insert is not None and not self.early:
            at = self.insert
            self.deeds[at:at] = ready
            self.last_clause = at
            self.insert = None
            self.subjects = self.subjects_kept or self.subjects
        elif self.insert is not None:
            self.deeds += ready
            # the clause after "before A," goes before it
            self.early = False
        else:
            self.deeds += ready
        self.together = self.late
        self.late = False

    def clause(self, subjects: list[int], start: int) -> None:
        """Reads what the subjects do."""
        if -1 in subjects:
            subjects = [one for one in (self.subjects_before or self.mentioned) if one > 0]
        if subjects != self.subjects_before:
            self.subjects_old = self.subjects_before
        self.subjects = subjects
        self.subjects_before = subjects
        self.group_last = subjects
        kept_insert = self.insert
        self.last_clause = len(self.deeds)
        if self.means("of") is not None:  # the ball's color changes
            self.at += 1
            if self.take("color"):
                if self.verb() not in ("change", "turn", "become", "fade", "go"):
                    self.fail("should say that the color changes")
            else:
                self.fail("may only be the color that changes")
        elif self.text_at() == "color" and self.verb(1) in ("change", "turn", "become"):
            self.at += 1
        manner = self.manner
        self.manner = ""
        while True:
            if (found := self.means("manner")) is not None:
                manner = found
                self.at += 1
            elif (
                self.means("filler") is not None
                or (self.means("still") is not None and self.verb(1) is not None)
                or self.means("relative") is not None
            ):
                self.at += 1
            elif self.setting() or self.time():
                pass
            else:
                break
        self.insert = kept_insert
        passive = False
        if self.means("auxiliary") is not None:
            auxiliary = self.means("auxiliary")
            if auxiliary == "have" and self.means("participle", 1) is None:
                return self.having(subjects)
            while self.means("auxiliary") is not None or self.means("manner") is not None:
                if self.means("manner"):
                    manner = self.means("manner") or ""
                self.at += 1
            if self.means("ing") is None or self.adjective(0):
                if self.means("participle") is not None and not self.adjective(0):
                    passive = auxiliary == "be"
                else:
                    return self.being(subjects)
        verb = self.verb()
        if verb is None or (
            self.means("past") == "leave"
            and self.means("direction")
            and (self.text_at(1) not in ("the", "picture"))
        ):
            if manner:
                self.manner = manner
            return None
        number = self.at
        self.at += 1
        self.object_of = subjects
        slots = self.slots(verb, passive=passive)
        self.object_of = []
        slots.manner = slots.manner or manner
        if passive and verb == "hide":
            passive = False
        if passive and verb in ("wear",):
            return None
        deeds = self.deeds_of(verb, subjects, slots, passive=passive, at=number)
        if any(_MUTUAL in (deed.target, deed.other) for deed in deeds):
            deeds = self.mutual(deeds, subjects, number)
        self.all_said(deeds, subjects, slots, number)
        if deeds:
            self.add(deeds, slots)
        return None

    def all_said(self, deeds: list[Deed], subjects: list[int], slots: _Slots, at: int) -> None:
        """Nothing that a clause says is dropped: what no deed took says where somebody is."""
        told = {id for deed in deeds for id in (deed.agent, deed.target, deed.other)}
        told |= {id for one in self.standing for id in (one.role, one.target, one.other)}
        for relation, ids in slots.relations:
            if set(ids) <= told or ids == [_MUTUAL]:
                continue
            if relation not in STATIC:
                self.fail(f'takes no "{relation}" here; say it in a clause of its own', at)
            for id in subjects:
                self.stand(id, relation, ids)
        rest = [id for ids in (*slots.objects, slots.to, slots.using, slots.by) for id in ids]
        for id in rest:
            if id not in told and id != _MUTUAL:
                self.fail(f"takes no {self.cast[id - 1].kind} here; say it in its own clause", at)
        taken = {deed.direction for deed in deeds}
        for way in (*slots.directions, *slots.origins):
            if way in ("left", "right", "forward", "back") and not taken & {way} and deeds:
                if {deed.kind for deed in deeds} <= {"enter", "exit", "turn"}:
                    continue
                self.fail(f'takes no direction, and "{way}" is one; leave it out', at)

    subjects_before: list[int] = []  # noqa: RUF012
    subjects_old: list[int] = []  # noqa: RUF012
    object_of: list[int] = []  # noqa: RUF012

    def having(self, subjects: list[int]) -> None:
        """ "Has brown hair", "has a cup"."""
        self.at += 1
        at = self.at
        self.possessed()
        if (color := self.means("color")) is not None and self.text_at(1) in _GARMENTS:
            self.at += 2
            for id in subjects:
                self.attribute(id, _GARMENTS[self.text_at(-1)], color)
            return
        self.at = at
        said = self.describe()
        if said is None:
            self.fail("is not something that one can have")
        held = self.find(said, at)
        if self.take("in"):
            self.possessed()
            self.take("hand") or self.take("hands")
        self.stand(held, "held by", subjects[:1])

    def being(self, subjects: list[int]) -> None:
        """ "Is red", "is behind the pillar", "is still"."""
        took = False
        while True:
            if self.setting():
                took = True
                continue
            for name in ("color", "size", "pattern", "material"):
                if (value := self.means(name)) is not None and not self.nominal(1):
                    for id in subjects:
                        self.attribute(id, name, value)
                    self.at += 1
                    took = True
                    break
            else:
                if self.means("and") is not None and self.adjective(1):
                    self.at += 1
                    continue
                side = self.means("side")
                if side is not None and self.means("direction") is None:
                    for id in subjects:
                        self.attribute(id, "side", side)
                    self.at += 1
                    took = True
                    continue
                if (sky := self.means("sky")) is not None:
                    self.put("sky", sky)
                    self.at += 1
                    took = True
                    continue
                if self.means("still") is not None or self.text_at() in ("still", "static"):
                    self.at += 1
                    took = True
                    continue
                before = self.at
                self.whereabouts(subjects)
                if self.at > before:
                    took = True
                    continue
                break
        if not took:
            self.fail("does not say what it is")

    def attribute(self, id: int, name: str, value: str) -> None:
        role = self.cast[id - 1]
        old = getattr(role, name)
        if old and old != value:
            self.fail(f"is another {name} than {old!r}; keep one of the two")
        self.cast[id - 1] = replace(role, **{name: value})

    def slots(self, verb: str, *, passive: bool) -> _Slots:
        """Collects what belongs to a verb, up to the next clause."""
        slots = _Slots()
        last: list[int] = []  # the object or target before, for where it is
        after_object = False
        while self.at < len(self.tokens):
            start = self.at
            word = self.text_at()
            if word in (".", ";", ":", "\n", ")", "]"):
                break
            if word == "," or self.means("and") is not None or self.means("then") is not None:
                if not self.continues(slots):
                    break
                continue
            if self.means("together") is not None:
                nxt = self.tokens[self.at + 1].means if self.at + 1 < len(self.tokens) else {}
                if not nxt or nxt.get("mark") in (".", ",", ";", "\n"):
                    slots.together = True
                    self.at += 1
                    continue
                break
            if self.means("while") is not None and not self.styling_ahead():
                break
            if self.means("relative") is not None or self.means("filler") is not None:
                if self.means("filler") is not None:
                    self.at += 1
                    continue
                break
            if (manner := self.means("manner")) is not None:
                slots.manner = manner
                self.at += 1
                continue
            if self.time() or self.framing_ahead():
                continue
            if (found := self.means("from")) is not None:
                slots.origins.append(found)
                self.at += 1
                continue
            if self.face(slots, verb):
                continue
            if verb in ("change", "turn", "become", "fade", "go", "get"):
                if self.take("to") and self.means("color") is None:
                    self.at = start
                if self.possessed_color():
                    continue
                if (color := self.means("color")) is not None and not self.nominal(1):
                    slots.color = color
                    self.at += 1
                    continue
                if self.text_at() == "from" and (was := self.means("color", 1)) is not None:
                    self.at += 2
                    for id in self.subjects:
                        self.attribute(id, "color", was)
                    continue
                self.at = start
            if (grade := self.means("grade")) is not None:
                slots.grade = grade
                self.at += 1
                continue
            if word in ("left", "right") and self.text_at(1) == "past":
                pass
            if (direction := self.means("direction")) is not None and not (
                word in ("left", "right", "back") and after_object and self.means("third")
            ):
                self.at += 1
                after_object = False
                if direction in ("up", "down") and verb in _ALONG:
                    if self.take("the") and self.means("place") is not None:
                        self.go_to(self.means("place") or "")  # "down the street"
                        self.at += 1
                        continue
                    self.at = start + 1
                    if self.group_ahead(0):
                        at = self.at
                        said = self.describe()
                        if said is not None:
                            slots.relations.append(("toward", [self.find(said, at)]))
                slots.directions.append(direction)
                continue
            if self.means("halt") is not None or self.means("pieces") is not None:
                slots.particles.add("halt" if self.means("halt") is not None else "pieces")
                self.at += 1
                continue
            if word in ("the", "picture") and self.edge():
                continue
            if (
                (
                    (after_object and verb in OBJECTLESS)
                    or (last and not after_object and slots.relations)
                )
                and self.means("relation") in STATIC
                and not self.setting_ahead()
            ):
                if verb not in ("hit", "bump") or self.means("relation") != "into":
                    before = self.at
                    self.whereabouts(last)
                    if self.at > before:
                        continue
            if self.setting():
                after_object = False
                continue
            if self.styling():
                continue
            if word in ("to", "at", "for"):
                self.at += 1
                at = self.at
                if self.take("the", "camera") or self.take("camera"):
                    continue
                if self.means("mutual") is not None:
                    self.at += 1
                    slots.to = [_MUTUAL]
                    continue
                if word == "to" and self.means("possessive") and self.text_at(1) in ("feet",):
                    self.at += 2
                    continue
                said = self.describe()
                if said is None:
                    self.at = start
                    break
                slots.to = [self.find(said, at)]
                last, after_object = slots.to, True
                continue
            if self.means("mutual") is not None and not slots.objects:
                slots.objects.append([_MUTUAL])
                self.at += 1
                continue
            if word == "with":
                self.at += 1
                at = self.at
                if self.means("mutual") is not None:
                    self.at += 1
                    slots.using = [_MUTUAL]
                    continue
                said = self.describe()
                if said is None:
                    self.at = start
                    break
                slots.using = [self.find(said, at)]
                continue
            if word == "from" or self.means("relation") == "out of":
                self.at += 1
                at = self.at
                said = self.describe()
                if said is None:
                    self.at = start
                    break
                slots.relations.append(("from", [self.find(said, at)]))
                continue
            if word == "by" and passive:
                self.at += 1
                slots.by = self.group_plain()
                if not slots.by:
                    self.fail("should be followed by who does it")
                continue
            relation = self.means("relation") or ("beside" if word == "by" else None)
            if relation is not None:
                self.at += 1
                targets = self.targets(relation)
                if targets:
                    slots.relations.append((relation, targets))
                    last, after_object = targets[:1], False
                else:
                    slots.particles.add(word if word != "by" else "by")
                continue
            if word in ("away", "out", "by", "in", "up", "down", "along"):
                slots.particles.add(word)
                self.at += 1
                continue
            if self.verb() in ("get", "come", "stand", "lie") and False:
                continue
            if not self.group_ahead(0):
                break
            if len(slots.objects) >= (2 if verb in ("give", "hand", "bring") else 1) or (
                verb in INTRANSITIVE and not passive
            ):
                break
            slots.objects.append(self.group_plain(transitive=True))
            last, after_object = slots.objects[-1], True
        return slots

    def framing_ahead(self) -> bool:
        if self.text_at() in ("in", "as"):
            return self.framing()
        return False

    def styling_ahead(self) -> bool:
        at = self.at
        style = self.style
        found = self.styling()
        self.at, self.style = at, style
        return found

    def edge(self) -> bool:
        """Takes "the picture"."""
        start = self.at
        self.take("the")
        if self.take("picture") or self.take("scene") or self.take("screen", "edge"):
            return True
        self.at = start
        return False

    def possessed_color(self) -> bool:
        """Takes "its color to", "color to"."""
        start = self.at
        self.possessed()
        if self.take("color"):
            self.take("to") or self.take("into")
            return True
        self.at = start
        return False

    def face(self, slots: _Slots, verb: str) -> bool:
        """Takes "a hand over the face", "her face with her hand"."""
        start = self.at
        self.possessed()
        if self.text_at() in ("hand", "hands"):
            self.at += 1
            if self.text_at() in (
                "over",
                "in front of",
                "before",
                "across",
                "on",
                "past",
                "through",
                "to",
            ):
                self.at += 1
                self.possessed()
                if self.take("face"):
                    slots.face = True
                    return True
        elif self.take("face"):
            slots.face = True
            if self.take("with"):
                self.possessed()
                self.take("hand") or self.take("hands")
            return True
        self.at = start
        return False

    def group_plain(self, *, transitive: bool = False) -> list[int]:
        """Takes noun phrases without where they are; stops before one that begins a clause."""
        found: list[int] = []
        while True:
            start = self.at
            if found:
                while self.means("and") is not None or self.text_at() == ",":
                    self.at += 1
                if self.at == start:
                    break
            at = self.at
            said = self.describe()
            if said is None:
                self.at = start
                break
            if found and self.clause_follows():
                self.at = start
                break
            id = self.find(said, at)
            if id == -1:
                found += [one for one in self.subjects_before if one > 0 and one not in found]
            elif id not in found:
                found.append(id)
        return found

    def clause_follows(self) -> bool:
        """True if, after a noun phrase, a verb makes it the subject of a clause."""
        ahead = 0
        while self.means("manner", ahead) is not None or self.means("filler", ahead) is not None:
            ahead += 1
        if self.text_at(ahead) in (",", "and", "") and not (self.at + ahead >= len(self.tokens)):
            at, self.at = self.at, self.at + ahead + 1
            found = self.describe() is not None and self.clause_follows()
            self.at = at
            return found
        if self.means("relation", ahead) is not None or self.means("side", ahead) is not None:
            at, self.at = self.at, self.at + ahead + 1
            if self.means("side", -1) is None:
                self.describe()
            found = self.verb() is not None or self.means("auxiliary") is not None
            self.at = at
            return found
        if self.means("of", ahead) is not None:
            return True
        return self.verb(ahead) is not None or self.means("auxiliary", ahead) is not None

    def continues(self, slots: _Slots) -> bool:
        """After "and" or a comma: takes it if more of the same verb follows ("and right")."""
        start = self.at
        while (
            self.text_at() == "," or self.means("and") is not None or self.means("then") is not None
        ):
            self.at += 1
        if self.means("direction") is not None and not self.verb_ahead_direction():
            return True
        if self.means("manner") is not None and self.text_at(1) in (".", ";", ""):
            return True
        relation = self.means("relation")
        if relation is not None and relation not in ("in", "on") and self.group_ahead(1):
            at = self.at
            self.at += 1
            self.describe()
            if relation == "between":
                self.means("and") is not None and self._skip()
                self.describe()
            ends = self.text_at() in (".", ";", ",", "") or self.means("and") is not None
            ends = ends or self.means("then") is not None or self.means("while") is not None
            ends = ends or self.means("together") is not None
            self.at = at
            if ends:
                return True
        self.at = start
        return False

    def verb_ahead_direction(self) -> bool:
        """True if "left" is the past of "leave" here."""
        return self.means("past") == "leave" and self.text_at(1) in ("the", "picture")

    # --- meaning

    def is_walker(self, id: int) -> bool:
        return self.cast[id - 1].kind in (*world.WALKERS, "person") if id else False

    def is_fixture(self, id: int) -> bool:
        return self.cast[id - 1].kind in world.FIXTURES if id else False

    def deeds_of(
        self, verb: str, subjects: list[int], slots: _Slots, *, passive: bool, at: int
    ) -> list[Deed]:
        """What a verb with its slots says."""
        if passive:
            doers, things = slots.by, subjects
        else:
            doers, things = subjects, (slots.objects[0] if slots.objects else [])
        one = doers[0] if doers else 0
        directions = [*slots.directions]
        origins = slots.origins
        particles = slots.particles
        if slots.face and verb in (
            "put",
            "hold",
            "move",
            "pass",
            "cover",
            "raise",
            "lift",
            "wave",
            "place",
            "carry",
        ):
            return self.each(subjects, lambda id: Deed("hand_over_face", agent=id))

        def need(ids: list[int], what: str) -> list[int]:
            if not ids:
                self.fail(f"needs {what}", at)
            return ids

        def motions(kind: str, agent: int, **fixed: int) -> list[Deed]:
            """One deed for every direction and relation."""
            rows: list[Deed] = []
            ways = directions or list(origins[:1])
            relations = [*slots.relations]
            if slots.to:
                relations.append(("toward", slots.to))
            base = Deed(kind, agent=agent, **fixed)
            for way in ways[:-1]:
                rows.append(replace(base, direction=way))
            last = replace(base, direction=ways[-1] if ways else "")
            if not relations:
                return [*rows, last]
            for number, (relation, ids) in enumerate(relations):
                deed = last if number == 0 else base
                relation = {"on": "onto", "in": "into", "from": "away from"}.get(relation, relation)
                if kind in ("fall", "drop") and relation == "away from":
                    relation = "off"
                if kind == "stop" and relation == "toward":
                    relation = "beside"
                slot = "other" if "target" in fixed else "target"
                deed = replace(deed, relation=relation, **{slot: ids[0]})
                if len(ids) > 1:
                    if deed.other or slot == "other":
                        self.fail("takes no two things to be between; name one", at)
                    deed = replace(deed, other=ids[1])
                rows.append(deed)
            return rows

        def plain_deed(kind: str) -> list[Deed]:
            return self.each(subjects, lambda id: Deed(kind, agent=id))

        if verb in ("stand", "sit", "lie", "stay", "be", "get", "hold") and not passive:
            return self.posture(verb, subjects, slots, at)
        if verb == "wear":
            return []
        # who is meant by "go", "come", "move"
        if verb in ("go", "come", "move"):
            if slots.color:
                return self.each(
                    subjects, lambda id: Deed("change_color", agent=id, color=slots.color)
                )
            if "halt" in particles:
                return self.each(subjects, lambda id: motions("stop", id)[0])
            if verb == "move" and things and not passive:
                verb = "push" if self.is_walker(one) else verb
            elif self.is_fixture(subjects[0]) and self.cast[subjects[0] - 1].kind == "screen":
                kind = "raise" if "up" in directions or "up" in particles else "lower"
                return plain_deed(kind)
            elif any(relation == "out from behind" for relation, _ in slots.relations):
                verb = "appear"
            elif (
                "in" in particles
                or (origins and verb == "come")
                or ("into" in particles and verb == "come")
            ):
                verb = "enter"
            elif "out" in particles and not slots.relations:
                verb = "exit" if directions or verb == "go" else "appear"
            elif (
                "down" in directions
                and any(r == "over" for r, _ in slots.relations)
                and (not self.is_walker(one))
            ):
                verb = "cover"
                things = next(ids for r, ids in slots.relations if r == "over")
                slots.relations = []
            elif "up" in directions and not self.is_walker(one):
                return self.each(subjects, lambda id: Deed("rise", agent=id))
            else:
                if "away" in particles and not directions:
                    directions.append("forward")
                return self.each_many(
                    subjects, lambda id: motions(default_motion(self.cast[id - 1].kind), id)
                )
        if (
            "away" in particles
            and not directions
            and verb in ("walk", "run", "roll", "slide", "fly")
        ):
            directions.append("forward")
        if "around" in particles and verb in ("turn",):
            pass
        elif "around" in particles and verb in ("spin", "swing"):
            particles.discard("around")
        match verb:
            case "walk" | "run":
                if "off" in particles and not slots.relations:
                    return self.each(subjects, lambda id: Deed("exit", agent=id))
                if "in" in particles:
                    way = (directions or origins or [""])[0]
                    return self.each(subjects, lambda id: Deed("enter", agent=id, direction=way))
                return self.each_many(subjects, lambda id: motions(verb, id))
            case "roll" | "slide":
                if things or passive:
                    return self.each_many(
                        need(things, "what is moved"),
                        lambda id: [self.with_doer(d, doers, at) for d in motions(verb, id)],
                    )
                return self.each_many(subjects, lambda id: motions(verb, id))
            case "drop" | "throw" | "fly":
                kind = "drop" if verb == "drop" else "throw"
                directions[:] = [d for d in directions if not (kind == "drop" and d == "down")]
                if kind == "drop":
                    slots.relations = [
                        ("onto" if r in ("over",) else r, ids) for r, ids in slots.relations
                    ]
                if things or passive:
                    return self.each_many(
                        things, lambda id: [self.with_doer(d, doers, at) for d in motions(kind, id)]
                    )
                if kind == "throw" and verb == "throw":
                    self.fail("needs what is thrown", at)
                return self.each_many(subjects, lambda id: motions(kind, id))
            case "spin" | "rotate" | "swing":
                kind = "swing" if verb == "swing" else "spin"
                return plain_deed(kind)
            case "rise" | "float":
                if self.is_walker(subjects[0]):
                    return plain_deed("stand")
                if self.is_fixture(subjects[0]):
                    return plain_deed("raise")
                return plain_deed("rise")
            case "sink":
                return plain_deed("lower" if self.is_fixture(subjects[0]) else "fall")
            case "hit" | "bump" | "collide":
                targets = things if not passive else subjects
                agents = subjects if not passive else need(doers, 'who does it ("by the ball")')
                if not passive:
                    rel = [ids for r, ids in slots.relations if r in ("into", "onto", "on")]
                    targets = targets or (rel[0] if rel else []) or slots.using
                if not targets and len(subjects) == 2:
                    agents, targets = subjects[:1], subjects[1:]
                need(targets, "what is hit")
                return [Deed("hit", agent=a, target=t) for a in agents for t in targets]
            case "bounce":
                return self.each_many(subjects, lambda id: motions("bounce", id))
            case "stop":
                return self.each_many(subjects, lambda id: motions("stop", id))
            case "fall":
                directions[:] = [d for d in directions if d != "down"]
                return self.each_many(subjects, lambda id: motions("fall", id))
            case "shatter" | "break":
                if things and not passive:
                    return self.each(things, lambda id: Deed("shatter", agent=id))
                return plain_deed("shatter")
            case "pass":
                if things and not passive:
                    return [
                        Deed(
                            "pass",
                            agent=a,
                            target=t,
                            relation="past",
                            direction=(directions or [""])[0],
                        )
                        for a in subjects
                        for t in things
                    ]
                if not slots.relations:
                    self.fail("needs what is passed", at)
                return self.each_many(subjects, lambda id: motions("pass", id))
            case "hide" | "disappear":
                if not slots.relations:
                    if verb == "disappear":
                        return plain_deed("exit")
                    self.fail('needs what it hides behind ("behind the wall")', at)
                return self.each_many(subjects, lambda id: motions("hide", id))
            case "appear":
                slots.relations = [
                    ("out from behind" if r in ("from",) else r, ids) for r, ids in slots.relations
                ]
                return self.each_many(subjects, lambda id: motions("appear", id))
            case "enter" | "exit" | "leave":
                kind = "enter" if verb == "enter" else "exit"
                way = (directions or origins or [""])[0]
                if kind == "exit" and not directions and origins:
                    way = {"left": "right", "right": "left"}.get(way, way)
                if slots.relations:
                    relation, ids = slots.relations[0]
                    kind = "appear" if kind == "enter" else "walk"
                return self.each(subjects, lambda id: Deed(kind, agent=id, direction=way))
            case "follow" | "circle":
                rel = [ids for r, ids in slots.relations if r in ("around", "behind")]
                targets = (subjects if passive else things) or (rel[0] if rel else [])
                agents = need(doers, "who does it") if passive else subjects
                need(targets, f"whom it {verb}s")
                return self.each(agents, lambda id: Deed(verb, agent=id, target=targets[0]))
            case "turn" | "become":
                if slots.color:
                    return self.each(
                        subjects, lambda id: Deed("change_color", agent=id, color=slots.color)
                    )
                if slots.grade:
                    return self.grade(subjects, slots, at)
                if verb == "become":
                    self.fail("needs what it becomes: a color, larger or smaller", at)
                if slots.relations or slots.to or things:
                    self.fail("turns only left, right, around or toward the camera", at)
                if not self.is_walker(subjects[0]):
                    return plain_deed("spin")
                way = (directions or [""])[0]
                return self.each(subjects, lambda id: Deed("turn", agent=id, direction=way))
            case "jump":
                way = (directions or [""])[0]
                if slots.relations:
                    self.fail("takes no place to jump to; say only that it jumps", at)
                return self.each(
                    subjects,
                    lambda id: Deed("jump", agent=id, direction="" if way == "up" else way),
                )
            case "wave":
                target = (slots.to or [0])[0]
                return self.each(subjects, lambda id: Deed("wave", agent=id, target=target))
            case "pick" | "lift":
                if (
                    passive
                    and any(r in ("off", "from") for r, _ in slots.relations)
                    and (not doers)
                ):
                    ids = next(ids for r, ids in slots.relations if r in ("off", "from"))
                    return self.each(subjects, lambda id: Deed("uncover", agent=id, target=ids[0]))
                need(things, "what is picked up")
                need(doers, 'who does it ("by the man")')
                for relation, ids in slots.relations:
                    where = {"off": "on", "from": "on", "out of": "in"}.get(relation, relation)
                    for thing in things:
                        self.stand(thing, where, ids)
                return [Deed("pick_up", agent=a, target=t) for a in doers for t in things]
            case "put":
                need(things, "what is put down")
                need(doers, 'who does it ("by the man")')
                deeds = []
                for a in doers:
                    for t in things:
                        relation, ids = slots.relations[0] if slots.relations else ("", [0])
                        relation = {"on": "onto", "in": "into"}.get(relation, relation)
                        deeds.append(
                            Deed("put_down", agent=a, target=t, other=ids[0], relation=relation)
                        )
                return deeds
            case "give" | "hand":
                need(doers, 'who gives it ("by the man")')
                if len(slots.objects) == 2:
                    receivers, things = slots.objects
                else:
                    receivers = slots.to
                need(things, "what is given")
                need(receivers, "to whom it is given")
                return [
                    Deed("give", agent=a, target=t, other=receivers[0])
                    for a in doers
                    for t in things
                ]
            case "carry" | "push" | "kick":
                need(things, f"what is {'carried' if verb == 'carry' else verb + 'ed'}")
                need(doers, 'who does it ("by the man")')
                return [d for a in doers for t in things for d in motions(verb, a, target=t)]
            case "change":
                if things and not passive:
                    self.fail("changes only its own color", at)
                if not slots.color:
                    self.fail("needs the color that it changes to", at)
                return self.each(
                    subjects, lambda id: Deed("change_color", agent=id, color=slots.color)
                )
            case "fade":
                if slots.color:
                    return self.each(
                        subjects, lambda id: Deed("change_color", agent=id, color=slots.color)
                    )
                self.fail("needs the color that it fades to", at)
            case "grow" | "shrink":
                return plain_deed(verb)
            case "cover" | "uncover":
                if passive:
                    covers = doers or slots.using
                    need(covers, "what covers it")
                    return [Deed(verb, agent=covers[0], target=t) for t in subjects]
                need(things, f"what is {verb}ed")
                if slots.using:
                    return [
                        self.with_doer(Deed(verb, agent=slots.using[0], target=t), subjects, at)
                        for t in things
                    ]
                return [Deed(verb, agent=a, target=t) for a in subjects for t in things]
            case "lower" | "raise":
                if passive and any(r == "over" for r, _ in slots.relations):
                    ids = next(ids for r, ids in slots.relations if r == "over")
                    return self.each(subjects, lambda id: Deed("cover", agent=id, target=ids[0]))
                moved = things if (things or passive) else subjects
                if (things and not passive) or (doers and passive):
                    self.fail("happens by itself here; say that the screen goes up or down", at)
                return self.each(moved, lambda id: Deed(verb, agent=id))
            case "open" | "close":
                if things or passive:
                    return self.each(
                        things, lambda id: self.with_doer(Deed(verb, agent=id), doers, at)
                    )
                return plain_deed(verb)
            case "dim" | "brighten":
                self.fail('is said of the light; write "the light dims"', at)
            case "set":
                if things and doers:
                    relation, ids = slots.relations[0] if slots.relations else ("", [0])
                    relation = {"on": "onto", "in": "into"}.get(relation, relation)
                    return [
                        Deed("put_down", agent=a, target=t, other=ids[0], relation=relation)
                        for a in doers
                        for t in things
                    ]
                self.fail("needs what is set down", at)
        self.fail("cannot be said of what is in a scene; a camera moves so", at)

    def mutual(self, deeds: list[Deed], subjects: list[int], at: int) -> list[Deed]:
        """ "Each other": everybody with the next one."""
        if len(subjects) < 2:
            self.fail('needs two who do it to "each other"; name both, like "a man and a dog"', at)
        if {deed.kind for deed in deeds} == {"hit"}:
            return [replace(deeds[0], agent=subjects[0], target=subjects[1])]
        after = dict(zip(subjects, [*subjects[1:], subjects[0]], strict=True))
        return [
            replace(
                deed,
                target=after[deed.agent] if deed.target == _MUTUAL else deed.target,
                other=after[deed.agent] if deed.other == _MUTUAL else deed.other,
            )
            for deed in deeds
        ]

    def with_doer(self, deed: Deed, doers: list[int], at: int) -> Deed:
        """A deed of a thing that somebody does."""
        if not doers:
            return deed
        if deed.other:
            self.fail('cannot have both a doer and a "between"; leave one out', at)
        return replace(deed, other=doers[0])

    def each(self, ids: list[int], make: Callable[[int], Deed]) -> list[Deed]:
        """The same deed of several, at once."""
        return [replace(make(id), together=number > 0) for number, id in enumerate(ids)]

    def each_many(self, ids: list[int], make: Callable[[int], list[Deed]]) -> list[Deed]:
        rows: list[Deed] = []
        for number, id in enumerate(ids):
            made = make(id)
            if number:
                made[0] = replace(made[0], together=True)
            rows += made
        return rows

    def grade(self, subjects: list[int], slots: _Slots, at: int) -> list[Deed]:
        kind = {"larger": "grow", "smaller": "shrink"}.get(slots.grade)
        if kind is None:
            self.fail("is said of the light", at)
        return self.each(subjects, lambda id: Deed(kind, agent=id))

    def posture(self, verb: str, subjects: list[int], slots: _Slots, at: int) -> list[Deed]:
        """Standing, sitting, lying, holding, getting."""
        up = "up" in slots.directions or "up" in slots.particles
        walkers = all(self.is_walker(id) for id in subjects)
        if verb == "hold":
            for held in slots.objects[0] if slots.objects else []:
                self.stand(held, "held by", subjects[:1])
            if not slots.objects:
                self.fail("needs what is held", at)
            return []
        if verb == "get":
            if slots.grade:
                return self.grade(subjects, slots, at)
            if slots.color:
                return self.each(
                    subjects, lambda id: Deed("change_color", agent=id, color=slots.color)
                )
            if up:
                return self.each(subjects, lambda id: Deed("stand", agent=id))
            self.fail("needs what it gets: up, larger, smaller or a color", at)
        if verb == "sit" and walkers:
            target = slots.relations[0][1][0] if slots.relations else 0
            return self.each(subjects, lambda id: Deed("sit", agent=id, target=target))
        if verb == "stand" and walkers and not slots.relations:
            sat = {deed.agent for deed in self.deeds if deed.kind == "sit"}
            if up or sat & set(subjects):
                return self.each(subjects, lambda id: Deed("stand", agent=id))
        for relation, ids in slots.relations:
            where = {"onto": "on", "into": "in"}.get(relation, relation)
            for id in subjects:
                self.stand(id, where, ids)
        return []


EXAMPLE = '"a red ball rolls behind a pillar"'
INTRANSITIVE = frozenset(
    {"walk", "run", "fly", "spin", "swing", "rise", "float", "bounce", "stop", "fall", "hide",
     "disappear", "appear", "turn", "jump", "wave", "sit", "stand", "become", "grow", "shrink",
     "go", "come", "lie", "stay", "get", "change", "fade"}
)  # fmt: skip
_GARMENTS = {
    "shirt": "color", "clothes": "color", "jacket": "color", "coat": "color", "dress": "color",
    "outfit": "color", "clothing": "color", "trousers": "second", "pants": "second",
    "leg": "second", "legs": "second", "hair": "hair",
}  # fmt: skip
_MUTUAL = -2
"""Stands for "each other" until it is known who they are."""
_ALONG = frozenset({"roll", "slide", "walk", "run", "go", "move", "come", "bounce", "fall"})
"""Verbs with "down the ramp"."""
_MOVES = ", ".join(world.CAMERA_MOVES)
_BACK = {
    a: b
    for one in ("pan left/pan right", "tilt up/tilt down", "dolly in/dolly out", "rise/sink",
                "truck left/truck right", "orbit left/orbit right", "zoom in/zoom out",
                "whip pan left/whip pan right")
    for a, b in (one.split("/"), one.split("/")[::-1])
}  # fmt: skip


def _move(verb: str, direction: str, *, target: int) -> str | None:
    """The row of CAMERA_MOVES for a verb and a direction."""
    if direction == "still" or verb in ("be",):
        return "static"
    match verb:
        case "stay":
            return "static"
        case "pan" | "turn":
            if direction in ("up", "down"):
                return f"tilt {direction}"
            return f"pan {direction if direction in ('left', 'right') else 'right'}"
        case "tilt":
            return f"tilt {direction if direction in ('up', 'down') else 'up'}"
        case "zoom":
            return "zoom out" if direction in ("out", "back") else "zoom in"
        case "orbit" | "circle":
            return f"orbit {direction if direction in ('left', 'right') else 'left'}"
        case "follow":
            return "follow"
        case "shake":
            return "shake"
        case "rise":
            return "rise"
        case "sink" | "lower":
            return "sink"
        case "dolly" | "push" | "move" | "go" | "track" | "come" | "fly" | "slide":
            if verb == "track" and target:
                return "follow"
            if direction in ("left", "right"):
                return f"truck {direction}"
            if direction in ("up", "down"):
                return "rise" if direction == "up" else "sink"
            return "dolly out" if direction in ("out", "back") else "dolly in"
    return None


def _told(said: Description, role: Role) -> bool:
    """True if the role has none of the attributes that the description leaves out."""
    names = ("color", "second", "size", "pattern", "material", "hair", "side")
    return all(getattr(said, name) == getattr(role, name) for name in names)


def _name(role: Role) -> str:
    return " ".join(
        one for one in ("the", role.side, role.size, role.color, role.pattern, role.kind) if one
    )
