"""Referring expressions: which of the cast a description means, and the shortest that tells one.

The reader and the writer of captions share `resolve`: what is written is what is read.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from evenflow.world import words as world
from evenflow.world.language import grammar
from evenflow.world.language.forms import NUMBERS, ORDINALS, plural
from evenflow.world.script import Role

PEOPLE = frozenset({"man", "woman", "child", "person"})
"""Walkers that wear clothes: their color is said as "in yellow"."""
CLOTHED = PEOPLE | {"robot"}
NEUTER = frozenset({*world.THINGS, *world.FIXTURES, "thing", "robot", "dog", "cat", "horse"})


@dataclass(frozen=True)
class Description:
    """What a noun phrase says of somebody or something.

    Args:
        kind: as in `Role`, or empty for "the red one".
        plural: True for several.
        color, second, size, pattern, material, hair, side: as in `Role`, empty where not said.
        count: if it is said, else 0.
        ordinal: 1 for "the first ball" in the order of mention, else 0.
        article: `a`, `the`, `another`, `other`, or empty.
        pronoun: `it`, `he`, `she`, `they`, or empty.
    """

    kind: str = ""
    plural: bool = False
    color: str = ""
    second: str = ""
    size: str = ""
    pattern: str = ""
    material: str = ""
    hair: str = ""
    side: str = ""
    count: int = 0
    ordinal: int = 0
    article: str = ""
    pronoun: str = ""


ATTRIBUTES = ("color", "size", "pattern", "material", "second", "hair")
"""In the order in which they are tried to tell one from the others."""


def fits(
    said: Description, role: Role, *, kinds: frozenset[str] = frozenset(), colors: str = ""
) -> bool:
    """True if a role is what the description says.

    Args:
        kinds: that the noun may mean; empty for the very noun.
        colors: what it has turned into, or empty.
    """
    if said.kind and role.kind != said.kind and role.kind not in kinds:
        return False
    if said.plural != (role.count > 1) or (said.count and said.count != role.count):
        return False
    if said.color and said.color not in (role.color, colors):
        return False
    return all(
        not getattr(said, name) or getattr(said, name) == getattr(role, name)
        for name in (*ATTRIBUTES[1:], "side")
    )


def resolve(
    said: Description, roles: Sequence[Role], *, turned: dict[int, str] | None = None
) -> list[Role]:
    """Those of `roles` (in the order of mention) that a description can mean.

    "thing" and "person" mean a role of just that kind where there is one, else any of the sort.
    """
    turned = turned or {}

    def all_that_fit(kinds: frozenset[str]) -> list[Role]:
        return [one for one in roles if fits(said, one, kinds=kinds, colors=turned.get(one.id, ""))]

    found = all_that_fit(frozenset())
    if not found and said.kind == "thing":
        found = all_that_fit(frozenset({*world.THINGS, *world.FIXTURES}))
    if not found and said.kind == "person":
        found = all_that_fit(PEOPLE)
    if said.ordinal:
        return found[said.ordinal - 1 : said.ordinal]
    return found


def pronoun_of(role: Role) -> str:
    """The pronoun that stands for a role."""
    if role.count > 1:
        return "they"
    return {"man": "he", "woman": "she"}.get(role.kind, "they" if role.kind in PEOPLE else "it")


def may_mean(pronoun: str, role: Role) -> bool:
    """True if a pronoun can stand for a role."""
    if role.count > 1:
        return pronoun == "they"
    if pronoun == "it":
        return role.kind in NEUTER
    if pronoun == "he":
        return role.kind in ("man", "child", "person", "robot", "dog", "cat", "horse")
    if pronoun == "she":
        return role.kind in ("woman", "child", "person", "dog", "cat", "horse")
    return role.kind in ("person", "child")


def shortest(
    role: Role,
    cast: Sequence[Role],
    mentioned: Iterable[int],
    *,
    turned: dict[int, str] | None = None,
) -> Description:
    """The shortest description that tells a role from all others of the cast.

    Attributes first, then the side of the picture, at last the order of mention.

    Args:
        cast: everybody who can be meant.
        mentioned: ids in the order of mention so far, this role among them.
        turned: colors that roles have turned into.
    """
    base = Description(kind=role.kind, plural=role.count > 1, article="the")
    known = [
        name
        for name in ATTRIBUTES
        if getattr(role, name) and not (name == "second" and not role.color)
    ]
    for length in range(len(known) + 1):
        for names in combinations(known, length):
            if "second" in names and "color" not in names and role.kind not in CLOTHED:
                continue
            said = replace(base, **{name: getattr(role, name) for name in names})
            if resolve(said, cast, turned=turned) == [role]:
                return said
    if role.count > 1:
        said = replace(base, count=role.count)
        if resolve(said, cast, turned=turned) == [role]:
            return said
    full = replace(base, **{name: getattr(role, name) for name in known})
    if role.side:
        for said in (replace(base, side=role.side), replace(full, side=role.side)):
            if resolve(said, cast, turned=turned) == [role]:
                return said
    order = [one for id in mentioned for one in cast if one.id == id]
    among = resolve(full, order, turned=turned)
    return replace(full, ordinal=among.index(role) + 1)


def noun_phrase(said: Description) -> str:
    """Words for a description."""
    if said.pronoun:
        return said.pronoun
    parts = [said.article]
    if said.ordinal:
        parts.append(ORDINALS[said.ordinal - 1] if said.ordinal <= len(ORDINALS) else "")
    if said.count > 1:
        parts.append(NUMBERS[said.count - 1] if said.count <= len(NUMBERS) else str(said.count))
    people = said.kind in PEOPLE
    after: list[str] = []
    color = f"{said.color} and {said.second}" if said.color and said.second else said.color
    parts += [said.side if said.article == "the" else "", said.size]
    if people:
        if said.color:
            after.append(f"in {said.color}")
        extra = [f"{said.second} trousers"] if said.second else []
        extra += [f"{said.hair} hair"] if said.hair else []
        if extra:
            after.append("with " + " and ".join(extra))
    else:
        parts.append(color)
        if said.hair:
            after.append(f"with {said.hair} hair")
        if said.second and not said.color:
            noun = grammar.PATTERN_NOUNS.get(said.pattern)
            after.append(f"with {said.second} {noun or 'leg'}")
    bare = said.second and not said.color and not people and said.pattern in grammar.PATTERN_NOUNS
    parts += [
        "" if bare else grammar.PATTERN_ADJECTIVES.get(said.pattern, said.pattern),
        said.material,
    ]
    parts.append(plural(said.kind) if said.plural else said.kind)
    if said.side and said.article != "the":
        after.append("in the middle" if said.side == "middle" else f"on the {said.side}")
    text = " ".join(part for part in (*parts, *after) if part)
    if said.article == "a" and re.match(r"a [aeiou]", text):
        text = "an" + text[1:]
    return text
