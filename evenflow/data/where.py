"""Where: which rows to take, as an expression over their columns, scores and marks.

    motion >= 0.2 and not duplicate
    0.5 <= motion < 3 and consistency >= 80 or split == "val"
    caption has "ball" and license in ("CC0", "Apache-2.0")

| form | holds where |
|---|---|
| `NAME` | the mark is set; for a text, it is not empty; for a yes or no, it is yes |
| `A < B`, `<=`, `>`, `>=`, `==`, `!=` | numbers, or texts for `==` and `!=`; chains: `1 <= a < 2` |
| `A in (X, Y)`, `A not in (X, Y)` | equal to one of them |
| `A has "text"` | the text occurs in it, upper or lower case |
| `known NAME` | the row has it |
| `not E`, `E and E`, `E or E`, `( E )` | `not` binds before `and`, `and` before `or` |

A name is a mark, a score, a column, or a column of another tool that was kept; `score.motion`,
`mark.black` and `extra.NAME` say which. What a row does not know makes a comparison unknown, and a
row is taken only where the whole is true: three values, as in SQL (Kleene 1938). Nothing is
evaluated by Python.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from evenflow.core.errors import BadInput
from evenflow.data.row import Row

LONGEST = 4000
"""Characters of an expression."""
DEEPEST = 64
"""Brackets and `not` inside each other."""
COLUMNS = (
    "key", "path", "caption", "num_frames", "fps", "width", "height", "t0", "t1", "shot", "source",
    "license", "split", "hash",
)  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)"
    r"|(?P<sign><=|>=|==|!=|<|>|\(|\)|,|-|\+))"
)
_WORDS = frozenset({"and", "or", "not", "in", "has", "known", "true", "false"})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
Truth = bool | None
_Value = float | str | bool | None
_Term = Callable[[Row], _Value]
_Test = Callable[[Row], Truth]


@dataclass(frozen=True)
class Where:
    """An expression that was understood.

    >>> where = parse_where("motion >= 0.2 and not duplicate")
    >>> where(Row("a", "a.mp4", scores={"motion": 0.3}))
    True
    >>> where(Row("b", "b.mp4", scores={"motion": 0.3}, marks={"duplicate": "of a"}))
    False

    Args:
        text: as it was written.
        names: that it asks for.
        test: True, False, or None where a row does not know.
    """

    text: str
    names: tuple[str, ...]
    test: _Test

    def __call__(self, row: Row) -> bool:
        """True if the row is to be taken."""
        return self.test(row) is True

    def check(self, rows: Iterable[Row], *, marks: Iterable[str] = ()) -> None:
        """Raises where a name is in none of the rows and is no mark that there is.

        Args:
            rows: of the dataset.
            marks: names that may be missing in all rows: a dataset without duplicates is no error.

        Raises:
            BadInput: a name that nothing has; the message says which come near.
        """
        open_names = [name for name in self.names if not _known(name, marks)]
        seen: set[str] = set()
        for row in rows:
            if not open_names:
                return
            open_names = [name for name in open_names if not _has(row, name)]
            seen.update(row.scores, row.marks, row.extra)
        if open_names:
            name = open_names[0]
            choices = sorted({*COLUMNS, *seen, *marks})
            near = difflib.get_close_matches(name.rpartition(".")[2], choices, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"rows have {_few(choices)}"
            raise BadInput(f"no row has {name!r}: {hint}")


def _few(names: list[str]) -> str:
    return ", ".join(names[:40]) + (", ..." if len(names) > 40 else "")


def _known(name: str, marks: Iterable[str]) -> bool:
    table, _, inner = name.rpartition(".")
    return (table in ("", "mark") and inner in set(marks)) or (not table and name in COLUMNS)


def _has(row: Row, name: str) -> bool:
    table, _, inner = name.rpartition(".")
    if table:
        tables: dict[str, dict[str, Any]] = {
            "score": row.scores, "mark": row.marks, "extra": row.extra
        }  # fmt: skip
        return inner in tables[table]
    return any(name in table for table in (row.scores, row.marks, row.extra))


def parse_where(text: str) -> Where:
    """Reads an expression.

    Raises:
        BadInput: it cannot be understood; the message points at the place.
    """
    if len(text) > LONGEST:
        raise BadInput(f"an expression has at most {LONGEST} characters, got {len(text)}")
    parser = _Parser(text)
    test = parser.whole()
    return Where(text, tuple(sorted(parser.names)), test)


class _Parser:
    """Recursive descent; every method reads one form and returns what evaluates it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []
        self.names: set[str] = set()
        self._at = 0
        self._depth = 0
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise self._wrong(start, f"{text[start : start + 12]!r} is nothing that is known")
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind], match.start(kind)))
            position = match.end()
        self._tokens.append(("end", "", len(text)))

    def whole(self) -> _Test:
        if len(self._tokens) == 1:
            raise BadInput("an expression is empty: say something like 'motion >= 0.2'")
        test = self._either()
        kind, word, place = self._tokens[self._at]
        if kind != "end":
            raise self._wrong(place, f"{word!r} is not expected")
        return test

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: _any([test(row) for test in tests])

    def _both(self) -> _Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda row: _all([test(row) for test in tests])

    def _one(self) -> _Test:
        if self._take("not"):
            self._deeper()
            inner = self._one()
            self._depth -= 1
            return lambda row: _opposite(inner(row))
        if self._take("known"):
            name = self._name()
            return lambda row: _look_up(row, name) is not None
        if self._take("("):
            self._deeper()
            test = self._either()
            self._expect(")")
            self._depth -= 1
            return test
        return self._comparison()

    def _comparison(self) -> _Test:
        place = self._tokens[self._at][2]
        first, name = self._term()
        negated = self._ahead("not") and self._ahead("in", 1)
        if negated:
            self._at += 1
        if self._take("in"):
            choices = self._choices()
            inside = _member(first, choices)
            return (lambda row: _opposite(inside(row))) if negated else inside
        if self._take("has"):
            kind, word, where = self._next()
            if kind != "text":
                raise self._wrong(where, "has is followed by a text in quotes")
            return _containing(first, _unquoted(word))
        tests: list[_Test] = []
        left = first
        while self._tokens[self._at][0] == "sign" and self._tokens[self._at][1] in _COMPARE:
            sign = self._next()[1]
            right, _ = self._term()
            tests.append(_compared(left, right, sign))
            left = right
        if tests:
            return tests[0] if len(tests) == 1 else lambda row: _all([test(row) for test in tests])
        if name is None:
            raise self._wrong(place, "a value alone is no condition: compare it with something")
        return _flag(name)

    def _term(self) -> tuple[_Term, str | None]:
        kind, word, place = self._next()
        if kind == "sign" and word in "+-":
            inner, number, where = self._next()
            if inner != "number":
                raise self._wrong(where, "a sign is followed by a number")
            value = float(number) * (-1.0 if word == "-" else 1.0)
            return (lambda row: value), None
        if kind == "number":
            number_ = float(word)
            if not math.isfinite(number_):
                raise self._wrong(place, "the number is too large")
            return (lambda row: number_), None
        if kind == "text":
            said = _unquoted(word)
            return (lambda row: said), None
        if kind == "word" and word in ("true", "false"):
            yes = word == "true"
            return (lambda row: yes), None
        if kind == "word" and word not in _WORDS:
            self._at -= 1
            name = self._name()
            return (lambda row: _look_up(row, name)), name
        what = "the expression ends" if kind == "end" else f"{word!r} stands"
        raise self._wrong(place, f"{what} where a name, a number or a text is expected")

    def _name(self) -> str:
        kind, word, place = self._next()
        if kind != "word" or word in _WORDS:
            raise self._wrong(place, "a name is expected")
        if "." in word and word.partition(".")[0] not in ("score", "mark", "extra"):
            raise self._wrong(place, f"{word!r}: before the dot stands score, mark or extra")
        self.names.add(word)
        return word

    def _choices(self) -> list[_Value]:
        self._expect("(")
        values: list[_Value] = []
        while True:
            place = self._tokens[self._at][2]
            term, name = self._term()
            if name is not None:
                raise self._wrong(place, "a list holds numbers and texts, not names")
            values.append(term(_NOBODY))
            if self._take(")"):
                return values
            self._expect(",")

    def _ahead(self, word: str, more: int = 0) -> bool:
        place = self._at + more
        return place < len(self._tokens) and (
            self._tokens[place][0] in ("word", "sign") and self._tokens[place][1] == word
        )

    def _take(self, word: str) -> bool:
        if self._ahead(word):
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        _, word, place = self._tokens[self._at]
        if not self._take(sign):
            raise self._wrong(place, f"{sign!r} is expected" + (f", got {word!r}" if word else ""))

    def _next(self) -> tuple[str, str, int]:
        token = self._tokens[self._at]
        if token[0] != "end":
            self._at += 1
        return token

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadInput(f"an expression is nested at most {DEEPEST} deep: write it flatter")

    def _wrong(self, place: int, why: str) -> BadInput:
        near = self._text[max(0, place - 16) : place + 16].strip()
        return BadInput(f"the expression is not understood near {near!r}: {why}")


_NOBODY = Row("", "")


def _look_up(row: Row, name: str) -> _Value:
    """What a row knows under a name: a number, a text, a yes or no; None if nothing."""
    table, _, inner = name.rpartition(".")
    if table in ("", "mark") and inner in row.marks:
        return True
    if table in ("", "score") and inner in row.scores:
        return _plain(row.scores[inner])
    if not table and name in COLUMNS:
        value = getattr(row, name)
        missing = value is None or (name in ("width", "height") and not value)
        return None if missing else _plain(value)
    if table in ("", "extra") and inner in row.extra:
        return _plain(row.extra[inner])
    return None


def _plain(value: Any) -> _Value:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Fraction):
        try:
            number = float(value)
        except OverflowError:
            return None
        return None if math.isnan(number) else number
    return None


def _flag(name: str) -> _Test:
    """A name alone: a mark, a text that is not empty, a yes."""

    def test(row: Row) -> Truth:
        value = _look_up(row, name)
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            return value != ""
        if value is None:
            return False  # a mark that is not set
        raise BadInput(f"{name} is a number: compare it, like {name} > 0")

    return test


def _compared(left: _Term, right: _Term, sign: str) -> _Test:
    compare = _COMPARE[sign]

    def test(row: Row) -> Truth:
        a, b = left(row), right(row)
        if a is None or b is None:
            return None
        if isinstance(a, bool) or isinstance(b, bool):
            alike = isinstance(a, bool) and isinstance(b, bool)
            return compare(a, b) if alike and sign in ("==", "!=") else None
        if isinstance(a, str) != isinstance(b, str):
            return None
        if isinstance(a, str) and sign not in ("==", "!="):
            return None
        return compare(a, b)

    return test


def _member(term: _Term, choices: list[_Value]) -> _Test:
    def test(row: Row) -> Truth:
        value = term(row)
        if value is None:
            return None
        return any(type(value) is type(one) and value == one for one in choices)

    return test


def _containing(term: _Term, part: str) -> _Test:
    small = part.casefold()

    def test(row: Row) -> Truth:
        value = term(row)
        return small in value.casefold() if isinstance(value, str) else None

    return test


def _any(values: list[Truth]) -> Truth:
    return True if True in values else None if None in values else False


def _all(values: list[Truth]) -> Truth:
    return False if False in values else None if None in values else True


def _opposite(value: Truth) -> Truth:
    return None if value is None else not value


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
