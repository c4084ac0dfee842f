"""Reads where and when: places, grounds, light, style, seconds, shots and cuts."""

from dataclasses import replace

from evenflow.world import words as world
from evenflow.world.language.cursor import Cursor
from evenflow.world.script import ScriptShot, Setting


class PlaceReader(Cursor):
    """Reads where and when: places, grounds, light, style, seconds, shots and cuts."""

    def cut(self) -> None:
        """Begins another shot."""
        self.shots.append(ScriptShot(place=self.settings[self.place].name))
        self.subjects, self.together, self.late = [], False, False

    def put(self, name: str, value: object) -> None:
        """Notes something about the place of the shot."""
        here = self.settings[self.place]
        old = getattr(here, name)
        if old and old != value:
            self.fail(f"is another {name} than {old!r}; keep one of the two", max(0, self.at - 1))
        self.settings[self.place] = replace(here, **{name: value})  # type: ignore[arg-type]

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

    def setting(self) -> bool:
        """Takes one phrase of place, ground, sky, background or fog."""
        start = self.at
        if self.means("backdrop") is not None and not self.means("backdrop", -1):
            return self.backdrop()
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
            if (sky := self.means("sky")) is not None:
                self.put("sky", sky)
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
            if self.means("place", 1) is not None and sky != "plain":  # "on a night street"
                self.put("sky", sky)
                self.go_to(self.means("place", 1) or "")
                self.at += 2
                return True
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

    def backdrop(self) -> bool:
        """Takes "in the background there are hills"."""
        start = self.at
        self.at += 1
        self.take(",")
        if self.take("there") and self.means("auxiliary") is not None:
            self.at += 1
        self.possessed()
        if (background := self.means("background")) is not None:
            self.put("background", background)
            self.at += 1
            return True
        self.at = start
        rows = ", ".join(name for name in world.BACKGROUNDS if name != "none")
        return self.fail(f"can only be {rows}; of others say behind what they stand")

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
        """Takes "the ground is grass", "the sky is overcast", "the style is toon"."""
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

    def styling_ahead(self) -> bool:
        """True if a phrase of style begins here."""
        at = self.at
        style = self.style
        found = self.styling()
        self.at, self.style = at, style
        return found

    def _style(self, style: str) -> None:
        if self.style and self.style != style:
            self.fail(f"is another style than {self.style!r}; keep one of the two", self.at - 1)
        self.style = style

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

    def framing_ahead(self) -> bool:
        """Takes "in a wide shot" after a verb."""
        if self.text_at() in ("in", "as"):
            return self.framing()
        return False
