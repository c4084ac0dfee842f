"""Documents that people type: YAML, TOML or JSON, read safely, with the place of every value.

A reader of a format (a storyboard, a recipe) walks the Nodes and can say of each fault where it
stands. YAML scalars stay text until their field says what they are, so that `say: no` is a word
and `at: 1:30` is not the number 90.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from evenflow.core.errors import BadInput

Format = Literal["yaml", "toml", "json"]
FORMATS: dict[str, Format] = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}
"""File name endings and what they hold."""

MAX_CHARACTERS = 1 << 20
"""Longest text that is read."""
MAX_DEPTH = 24
"""Deepest nesting that is read."""
MAX_VALUES = 100_000
"""Most values, counted after YAML aliases are expanded."""

_NULLS = {"", "~", "null", "Null", "NULL"}
_PLAIN_TAGS = {None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq"))}


class DocumentError(BadInput):
    """A text that cannot be read; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True)
class Node:
    """One value and where it stands.

    Args:
        value: a mapping, a list or a scalar; a YAML scalar that is not null is always text.
        line, column: of the value, from 1.
        key: line and column of the key that it belongs to, or None.
        plain: True for YAML text without quotes, which may stand for a number.
        size: values in it, itself included.
    """

    value: "dict[str, Node] | list[Node] | str | int | float | bool | None"
    line: int
    column: int
    key: tuple[int, int] | None = None
    plain: bool = False
    size: int = 1


def read_document(text: str, *, format: Format) -> Node:
    """Reads a text as one mapping.

    Raises:
        DocumentError: too long, too deep, not in this format, a duplicate key, or not a mapping.
    """
    if len(text) > MAX_CHARACTERS:
        raise DocumentError(
            f"has {len(text)} characters, at most {MAX_CHARACTERS} are read: split it", 1, 1
        )
    text = text.removeprefix("\ufeff")
    if match := re.search("[\ud800-\udfff]", text):
        raise _at(text, match.start(), "holds half a character: save it as UTF-8")
    try:
        root = _read_yaml(text) if format == "yaml" else _read_strict(text, format)
    except RecursionError:
        raise DocumentError(f"is nested more than {MAX_DEPTH} deep: flatten it", 1, 1) from None
    if not isinstance(root.value, dict):
        raise DocumentError(
            f"the text is {describe(root)}, it has to be keys with values", root.line, root.column
        )
    return root


def describe(node: Node) -> str:
    """What a value is, for a message: `the text 'x'`, `the number 7`, `a list`, ..."""
    value = node.value
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return f"the text {shorten(value)}"


def shorten(text: str, *, limit: int = 60) -> str:
    """`text` quoted, on one line and not longer than `limit`."""
    return repr(text if len(text) <= limit else text[: limit - 3] + "...")


def suggest(word: str, known: Iterable[str], *, what: str = "there are") -> str:
    """What else a mistyped word may be: `did you mean 'prompt'?`, or the list of what there is."""
    options = list(known)
    if close := difflib.get_close_matches(word.lower(), options, n=1, cutoff=0.6):
        return f"did you mean {close[0]!r}?"
    listed = ", ".join(options[:12]) + (", ..." if len(options) > 12 else "")
    return f"{what} {listed}" if options else f"{what} none"


def _at(text: str, position: int, message: str) -> DocumentError:
    line = text.count("\n", 0, position) + 1
    return DocumentError(message, line, position - (text.rfind("\n", 0, position) + 1) + 1)


# YAML -------------------------------------------------------------------------------------------


def _read_yaml(text: str) -> Node:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = (
        e for e in yaml.parse(text, Loader=loader) if not isinstance(e, yaml.StreamStartEvent)
    )
    try:
        first = next(events)
        if not isinstance(first, yaml.DocumentStartEvent):
            raise DocumentError("is empty", 1, 1)
        root = _yaml_node(events, next(events), {}, depth=1)
        next(events)  # the end of the document
        last: Any = next(events)
        if not isinstance(last, yaml.StreamEndEvent):
            raise DocumentError(
                "holds a second document: keep one, delete the rest from this '---' on",
                last.start_mark.line + 1,
                last.start_mark.column + 1,
            )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError(_yaml_advice(text, line, error.problem or ""), line, column) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        position = getattr(error, "position", 0) or 0
        raise _at(text, position, "holds a control character: delete it") from None
    return root


def _yaml_advice(text: str, line: int, problem: str) -> str:
    lines = ["", *re.split("\r\n|[\n\r\x85\u2028\u2029]", text), ""]  # as YAML counts them
    for candidate in reversed(lines[max(line - 1, 1) : line + 1]):
        if re.match(r" *\t", candidate):
            return "a tab indents this line: YAML is indented with spaces"
        if match := re.search(r"[:,{\[-]\s+>=?\s*-?[0-9.][^\n]*", candidate):
            return f"text that begins with > needs quotes, got {match[0].lstrip(':,{[- ')!r}"
        if re.search(r":\s+[^'\"\[{#&*]\S*[^'\"]*:\s", candidate) and "mapping" in problem:
            return "text with a colon in it needs quotes around it"
        if re.search(r"[:\-]\s+[@`%]", candidate):
            return "text that begins with @, ` or % needs quotes around it"
    problem = re.sub(r"\s+", " ", problem) or "it breaks off"
    return f"is not YAML: {problem}; look at the quotes, brackets and indentation here and above"


def _yaml_node(events: Iterator[Any], event: Any, anchors: dict[str, Node], *, depth: int) -> Node:
    import yaml

    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise DocumentError(
                f"*{event.anchor} repeats nothing that is complete above it: define "
                f"&{event.anchor} first",
                line,
                column,
            )
        return anchors[event.anchor]
    if depth > MAX_DEPTH:
        raise DocumentError(f"is nested more than {MAX_DEPTH} deep: flatten it", line, column)
    if event.tag not in _PLAIN_TAGS:
        name = event.tag.removeprefix("tag:yaml.org,2002:")
        raise DocumentError(f"the tag {shorten(name)} is not read: delete it", line, column)
    if isinstance(event, yaml.ScalarEvent):
        plain = event.style is None or event.style == ""
        value = None if plain and event.tag is None and event.value in _NULLS else event.value
        node = Node(value, line, column, plain=plain and event.tag is None)
    elif isinstance(event, yaml.SequenceStartEvent):
        items = _yaml_items(events, anchors, depth=depth)
        node = Node(items, line, column, size=_size(items, line, column))
    else:
        node = _yaml_mapping(events, anchors, line, column, depth=depth)
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node


def _yaml_items(events: Iterator[Any], anchors: dict[str, Node], *, depth: int) -> list[Node]:
    import yaml

    items = []
    while not isinstance(event := next(events), yaml.CollectionEndEvent):
        items.append(_yaml_node(events, event, anchors, depth=depth + 1))
    return items


def _yaml_mapping(
    events: Iterator[Any], anchors: dict[str, Node], line: int, column: int, *, depth: int
) -> Node:
    import yaml

    own: dict[str, Node] = {}
    merged: dict[str, Node] = {}
    while not isinstance(event := next(events), yaml.CollectionEndEvent):
        key = _yaml_node(events, event, anchors, depth=depth + 1)
        value = _yaml_node(events, next(events), anchors, depth=depth + 1)
        name = key.value if isinstance(key.value, str) else None
        if name is None:
            raise DocumentError(f"a key is text, got {describe(key)}", key.line, key.column)
        if name == "<<" and key.plain:  # merge: what the mapping says itself wins
            for source in value.value if isinstance(value.value, list) else [value]:
                if not isinstance(source.value, dict):
                    raise DocumentError(
                        f"<< takes keys with values, got {describe(source)}",
                        value.line,
                        value.column,
                    )
                merged = {**source.value, **merged}
        elif name in own:
            raise _duplicate(name, own[name], key.line, key.column)
        else:
            own[name] = _with_key(value, key.line, key.column)
    values = {**merged, **own}
    return Node(values, line, column, size=_size(list(values.values()), line, column))


def _with_key(node: Node, line: int, column: int) -> Node:
    return Node(node.value, node.line, node.column, (line, column), node.plain, node.size)


def _duplicate(name: str, first: Node, line: int, column: int) -> DocumentError:
    where = f" in line {first.key[0]}" if first.key else ""
    return DocumentError(
        f"the key {shorten(name)} was already set{where}: keep one of the two", line, column
    )


def _size(items: list[Node], line: int, column: int) -> int:
    size = 1 + sum(item.size for item in items)
    if size > MAX_VALUES:
        raise DocumentError(
            f"holds more than {MAX_VALUES} values once aliases are expanded: shorten it",
            line,
            column,
        )
    return size


# TOML and JSON: the standard library reads, a second walk over the same text finds the places ----


def _read_strict(text: str, format: Format) -> Node:
    text = text.replace("\r\n", "\n")
    try:
        data = (
            tomllib.loads(text)
            if format == "toml"
            else json.loads(text, parse_constant=_refuse_constant)
        )
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}; look at the commas, quotes "
            "and brackets here and above",
            error.lineno,
            error.colno,
        ) from None
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        match = re.search(r"line (\d+), column (\d+)", place)
        line, column = (int(match[1]), int(match[2])) if match else (text.count("\n") + 1, 1)
        message = f"{message[:1].lower()}{message[1:]}" if message else "it breaks off"
        raise DocumentError(f"is not TOML: {message}", line, column) from None
    except ValueError as error:  # a number of thousands of digits
        raise DocumentError(f"a number cannot be read: {error}", 1, 1) from None
    places = _Places(text, format)
    places.walk()
    return _attach(data, (), places, None)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


_Path = tuple[str | int, ...]


def _attach(data: Any, path: _Path, places: "_Places", parent: Node | None) -> Node:
    here = (parent.line, parent.column) if parent else (1, 1)
    line, column = places.values.get(path, here)
    key = places.keys.get(path)
    stub = Node(None, line, column)
    if isinstance(data, dict):
        fields = {name: _attach(v, (*path, name), places, stub) for name, v in data.items()}
        return Node(fields, line, column, key, size=_size(list(fields.values()), line, column))
    if isinstance(data, list):
        items = [_attach(v, (*path, i), places, stub) for i, v in enumerate(data)]
        return Node(items, line, column, key, size=_size(items, line, column))
    if data is None or isinstance(data, (str, int, float)):
        return Node(data, line, column, key)
    raise DocumentError(f"a date or time is text here: put {data} in quotes", line, column)


_KEY = re.compile(r"[A-Za-z0-9_-]+")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{1,2}(?!"))?', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{1,2}(?!'))?", re.DOTALL),
    _JSON_STRING,
    re.compile(r"'[^'\n]*'"),
)
_BARE = re.compile(r"[^,\]}#\n]*")


class _Places:
    """Walks a text that is known to be right and notes where every key and value begins."""

    def __init__(self, text: str, format: Format) -> None:
        self.text, self.toml = text, format == "toml"
        self.keys: dict[_Path, tuple[int, int]] = {}
        self.values: dict[_Path, tuple[int, int]] = {}
        self._position = self._line = self._line_start = 0
        self._counted = 0
        self._tables: dict[_Path, int] = {}

    def walk(self) -> None:
        if not self.toml:
            self._space()
            self._value(())
            return
        base: _Path = ()
        while self._space():
            if self._peek() == "[":
                base = self._header()
            else:
                self._pair(base, "=", depth=1)

    def _peek(self) -> str:
        return self.text[self._position : self._position + 1]

    def _here(self) -> tuple[int, int]:
        self._line += self.text.count("\n", self._counted, self._position)
        self._line_start = self.text.rfind("\n", 0, self._position) + 1
        self._counted = self._position
        return self._line + 1, self._position - self._line_start + 1

    def _space(self) -> bool:
        """Skips space, line ends and comments; False at the end of the text."""
        pattern = r"(?:[ \t\r\n]|#[^\n]*)*" if self.toml else r"[ \t\r\n]*"
        match = re.compile(pattern).match(self.text, self._position)
        self._position = match.end() if match else self._position
        return self._position < len(self.text)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self._position)
        if match is None or not match[0]:
            raise _at(self.text, self._position, "cannot be read here: look at the quotes above")
        self._position = match.end()
        return match[0]

    def _name(self) -> list[str]:
        """A key: one string in JSON, parts joined by dots in TOML."""
        parts = []
        while True:
            self._space()
            if self._peek() == '"':
                raw = self._take(_JSON_STRING)
                loaded = tomllib.loads(f"k = {raw}")["k"] if self.toml else json.loads(raw)
                parts.append(str(loaded))
            elif self._peek() == "'":
                parts.append(self._take(_STRINGS[3])[1:-1])
            else:
                parts.append(self._take(_KEY))
            self._space()
            if not self.toml or self._peek() != ".":
                return parts
            self._position += 1

    def _header(self) -> _Path:
        """`[a.b]` or `[[a.b]]`."""
        place = self._here()
        array = self.text.startswith("[[", self._position)
        self._position += 2 if array else 1
        path: _Path = ()
        parts = self._name()
        for i, part in enumerate(parts):
            path = (*path, part)
            self.keys.setdefault(path, place)
            self.values.setdefault(path, place)
            last = i == len(parts) - 1
            if array and last:
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = (*path, self._tables[path])
                self.values.setdefault(path, place)
        self._position += 2 if array else 1
        return path

    def _pair(self, base: _Path, separator: str, *, depth: int) -> None:
        self._space()
        place = self._here()
        path = base
        for part in self._name():
            path = (*path, part)
            if not self.toml and path in self.keys:
                first = Node(None, *self.keys[path], key=self.keys[path])
                raise _duplicate(part, first, *place)
            self.keys.setdefault(path, place)
            self.values.setdefault(path, place)
        self._space()
        self._position += len(separator)
        self._space()
        self._value(path, depth=depth)

    def _value(self, path: _Path, *, depth: int = 1) -> None:
        self.values[path] = self._here()
        if len(self.values) > MAX_VALUES:
            raise DocumentError(
                f"holds more than {MAX_VALUES} values: shorten it", *self.values[path]
            )
        if depth > MAX_DEPTH:
            raise DocumentError(
                f"is nested more than {MAX_DEPTH} deep: flatten it", *self.values[path]
            )
        opening = self._peek()
        if opening in ("[", "{"):
            closing = "]" if opening == "[" else "}"
            self._position += 1
            count = 0
            while self._space() and self._peek() != closing:
                if opening == "[":
                    self._value((*path, count), depth=depth + 1)
                else:
                    self._pair(path, "=" if self.toml else ":", depth=depth + 1)
                count += 1
                self._space()
                if self._peek() == ",":
                    self._position += 1
            self._position += 1
        elif opening in ('"', "'"):
            for pattern in _STRINGS:
                if pattern.match(self.text, self._position) and (
                    pattern not in _STRINGS[:2] or self.text.startswith(opening * 3, self._position)
                ):
                    self._take(pattern)
                    return
            raise _at(self.text, self._position, "cannot be read here: look at the quotes above")
        else:
            self._take(_BARE)
