"""The words of a caption, one after the other, and what has been read of them so far."""

from dataclasses import replace
from typing import NoReturn

from evenflow.core.errors import BadInput
from evenflow.world import words as world
from evenflow.world.language.lexer import Token, plain, tokenize
from evenflow.world.script import Deed, Role, ScriptShot, Setting, Standing

FORMS = ("base", "third", "past", "participle", "ing")


class Cursor:
    """The words of a caption, one after the other, and what has been read of them so far."""

    def __init__(self) -> None:
        self.cast: list[Role] = []
        self.standing: list[Standing] = []
        self.deeds: list[Deed] = []
        self.settings: list[Setting] = [Setting()]
        self.shots: list[ScriptShot] = [ScriptShot()]
        self.style = ""
        self.place = 0  # number of the setting of the last shot
        self.known: set[int] = set()  # whom "a ball" may mean again (timed lines)
        self.turned: dict[int, str] = {}  # colors that roles have turned into
        self.recent: list[int] = []  # roles by how lately they were mentioned, the last one last
        self.subjects: list[int] = []  # of the clause, and of the one before with other subjects
        self.subjects_before: list[int] = []
        self.subjects_old: list[int] = []
        self.group_last: list[int] = []  # subjects that were named together last
        self.object_of: list[int] = []  # subjects while their objects are read
        self.together = False  # the next clause happens while the one before does
        self.late = False  # the clause after the next one does ("while A, B")
        self.insert: int | None = None  # where the deeds of the next clause go ("B when A")
        self.early = False  # the clause after the next one comes before it ("before A, B")
        self.subjects_kept: list[int] = []
        self.last_clause = 0  # number of the first deed of the clause that was read last
        self.manner = ""  # said before its verb
        self.times: tuple[float | None, float | None, float | None] = (None, None, None)
        self.tokens: list[Token] = []
        self.at = 0
        self.text = ""

    def load(self, text: str) -> None:
        """Takes a new text."""
        self.text, self.tokens, self.at = plain(text), tokenize(text), 0

    def means(self, name: str, ahead: int = 0) -> str | None:
        """What a token can mean as a word of a class, or None."""
        at = self.at + ahead
        return self.tokens[at].means.get(name) if 0 <= at < len(self.tokens) else None

    def text_at(self, ahead: int = 0) -> str:
        """A token as it is compared: lower case, American, a phrase in one piece."""
        at = self.at + ahead
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def take(self, *texts: str) -> bool:
        """Takes these tokens if they come next."""
        if all(self.text_at(k) == one for k, one in enumerate(texts)):
            self.at += len(texts)
            return True
        return False

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        """Raises: what is wrong with a word, and where it stands."""
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

    def nominal(self, ahead: int) -> bool:
        """True if a word can begin or be a noun."""
        return any(
            self.means(name, ahead) is not None
            for name in ("singular", "plural", "color", "size", "pattern", "material", "haired")
        ) or self.text_at(ahead) in ("one", "ones")

    def adjective(self, ahead: int) -> bool:
        """True if a word says how something looks."""
        return any(
            self.means(name, ahead) is not None for name in ("color", "size", "pattern", "material")
        )

    def verb_ahead_direction(self) -> bool:
        """True if "left" is the past of "leave" here."""
        return self.means("past") == "leave" and self.text_at(1) in ("the", "picture")

    def timelike(self, ahead: int) -> bool:
        """True if "2 s" stands there."""
        if self.means("digits", ahead) is None and self.means("count", ahead) is None:
            return False
        return self.means("time", ahead + 1) is not None or (
            self.text_at(ahead + 1) in ("to", "and", "-") and self.timelike(ahead + 2)
        )

    def number(self) -> float:
        """Takes a number, with its unit where there is one."""
        value = self.means("digits") or self.means("count") or "0"
        self.at += 1
        if self.means("time") is not None:
            self.at += 1
        return round(float(value), 2)

    def possessed(self) -> None:
        """Takes "the", "her" and the like."""
        if self.means("possessive") is not None or self.means("article") is not None:
            self.at += 1

    def shot(self, **changes: object) -> None:
        """Notes something about the last shot."""
        self.shots[-1] = replace(self.shots[-1], **changes)  # type: ignore[arg-type]

    def is_walker(self, id: int) -> bool:
        """True if a role walks."""
        return self.cast[id - 1].kind in (*world.WALKERS, "person") if id else False

    def is_fixture(self, id: int) -> bool:
        """True if a role stands where it stands."""
        return self.cast[id - 1].kind in world.FIXTURES if id else False
