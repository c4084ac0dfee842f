"""Reads sentences from left to right: the clauses of a caption, in the order of telling."""

from dataclasses import replace

from evenflow.world.language.content import normalized
from evenflow.world.language.forms import verb_form
from evenflow.world.language.read_nouns import GARMENTS, MUTUAL
from evenflow.world.language.read_verbs import Slots, VerbReader
from evenflow.world.script import Deed, Script

EXAMPLE = '"a red ball rolls behind a pillar"'


class Reader(VerbReader):
    """Reads sentences from left to right: the clauses of a caption, in the order of telling."""

    def script(self) -> Script:
        """All that has been read."""
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

    def read(self, text: str, *, framing: bool = False) -> None:
        """Reads a text to its end."""
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
        """Reads whatever comes next."""
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
        """Takes a word that joins clauses, and notes how."""
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

    def clause_start(self) -> int:
        """Number of the first deed of the clause that was read last."""
        return self.last_clause

    def listing(self) -> None:
        """Reads who there is ("there is a ball")."""
        group = self.group()
        if group:
            self.clause(group, self.at)
        elif not self.setting():
            self.fail("should be followed by who or what there is", max(0, self.at - 1))

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
                    if grade in ("darker", "out", "down", "off"):
                        kind = "dim"
                    elif grade in ("brighter", "up", "on"):
                        kind = "brighten"
                    if kind:
                        self.at += 1
                if kind and manner:
                    self.manner = manner
        if not kind:
            self.at = start
            return False
        self.last_clause = len(self.deeds)
        slots = Slots(manner=self.manner)
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

    def add(self, deeds: list[Deed], slots: Slots) -> None:
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
        if any(MUTUAL in (deed.target, deed.other) for deed in deeds):
            deeds = self.mutual(deeds, subjects, number)
        self.all_said(deeds, subjects, slots, number)
        if deeds:
            self.add(deeds, slots)
        return None

    def having(self, subjects: list[int]) -> None:
        """ "Has brown hair", "has a cup"."""
        self.at += 1
        at = self.at
        self.possessed()
        if (color := self.means("color")) is not None and self.text_at(1) in GARMENTS:
            self.at += 2
            for id in subjects:
                self.attribute(id, GARMENTS[self.text_at(-1)], color)
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
