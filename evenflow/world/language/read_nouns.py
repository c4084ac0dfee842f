"""Reads noun phrases: who is meant, who is new, and where somebody stands."""

from dataclasses import replace
from itertools import pairwise

from evenflow.world import words as world
from evenflow.world.language.read_places import PlaceReader
from evenflow.world.language.refer import (
    CLOTHED,
    Description,
    may_mean,
    resolve,
)
from evenflow.world.script import Role, Standing

STATIC = frozenset(
    {"on", "in", "under", "behind", "in front of", "beside", "left of", "right of", "between",
     "held by", "over", "around"}
)  # fmt: skip
"""Relations that say where something is."""

GARMENTS = {
    "shirt": "color", "clothes": "color", "jacket": "color", "coat": "color", "dress": "color",
    "outfit": "color", "clothing": "color", "trousers": "second", "pants": "second",
    "leg": "second", "legs": "second", "hair": "hair",
}  # fmt: skip

MUTUAL = -2
"""Stands for "each other" until it is known who they are."""


class NounReader(PlaceReader):
    """Reads noun phrases: who is meant, who is new, and where somebody stands."""

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

    def one_of(self, said: dict[str, object], name: str) -> bool:
        """Takes a word of a table into a description."""
        value = self.means(name)
        if value is None:
            return False
        noun = self.means("singular") or self.means("plural")
        if noun and not (self.means("singular", 1) or self.means("plural", 1)):
            return False  # "ring", "star": a noun unless another noun follows
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
                    if lead == "in" and garment not in GARMENTS:
                        second = self.means("color", 1) or ""
                        self.at += 2
                if self.text_at() in GARMENTS:
                    worn = GARMENTS[self.text_at()]
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
                    self.means("ground") and self.text_at() not in GARMENTS
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
            self.whereabouts([id], found)
            if spread and before == placed < len(self.standing) and not self.begins_clause():
                mine = [one for one in self.standing[before:] if one.role == id]
                for other in found[:-1]:
                    self.standing += [replace(one, role=other) for one in mine]
                spread = False
        return found

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

    def begins_clause(self) -> bool:
        """True if the next token continues a noun phrase into a clause."""
        return self.verb() is not None or self.means("auxiliary") is not None

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

    def locate(self, ids: list[int], relation: str, targets: list[int]) -> None:
        """Notes where several are; "each other" is each with the next."""
        if targets != [MUTUAL]:
            for id in ids:
                self.stand(id, relation, targets)
            return
        if len(ids) < 2:
            self.fail('needs two that are so to "each other"; name both', self.at - 1)
        for one, other in pairwise(ids):
            self.stand(one, relation, [other])

    def whereabouts(self, ids: list[int], group: list[int] | None = None) -> None:
        """Takes "on the table", "behind the pillar", "in her hand" after a noun phrase.

        Args:
            ids: who is there.
            group: all that were named with them, for "beside each other".
        """
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
            mutual = targets == [MUTUAL] and group is not None
            self.locate(group if mutual and group else ids, relation, targets)
            last = targets[:1]

    def stand(self, role: int, relation: str, targets: list[int]) -> None:
        """Notes where somebody is."""
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
            return [MUTUAL]
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
        """Ids of all roles in the order of mention."""
        return [role.id for role in self.cast]

    def pronoun(self, pronoun: str, order: list[Role], at: int) -> int:
        """The role that a pronoun stands for: the only one that it can be, else the likeliest."""
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
        """A new role."""
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
        """Takes a noun phrase that names somebody new."""
        at = self.at
        said = self.describe()
        if said is None:
            return False
        self.found(said, at)
        return True

    def attribute(self, id: int, name: str, value: str) -> None:
        """Notes how a role looks."""
        role = self.cast[id - 1]
        old = getattr(role, name)
        if old and old != value:
            self.fail(f"is another {name} than {old!r}; keep one of the two")
        self.cast[id - 1] = replace(role, **{name: value})  # type: ignore[arg-type]


def _told(said: Description, role: Role) -> bool:
    """True if the role has none of the attributes that the description leaves out."""
    names = ("color", "second", "size", "pattern", "material", "hair", "side")
    return all(getattr(said, name) == getattr(role, name) for name in names)


def _name(role: Role) -> str:
    return " ".join(
        one for one in ("the", role.side, role.size, role.color, role.pattern, role.kind) if one
    )
