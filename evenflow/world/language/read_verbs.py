"""Reads what belongs to a verb, and makes deeds of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from evenflow.world.language.content import default_motion
from evenflow.world.language.read_camera import CameraReader
from evenflow.world.language.read_nouns import MUTUAL, STATIC
from evenflow.world.script import Deed

OBJECTLESS = frozenset({"pick", "lift", "follow", "hit", "bump", "collide", "give", "hand", "cover",
                        "uncover", "circle", "wave", "hold", "open", "close"})  # fmt: skip
"""Verbs whose object may be followed by where that object is."""

INTRANSITIVE = frozenset(
    {"walk", "run", "fly", "spin", "swing", "rise", "float", "bounce", "stop", "fall", "hide",
     "disappear", "appear", "turn", "jump", "wave", "sit", "stand", "become", "grow", "shrink",
     "go", "come", "lie", "stay", "get", "change", "fade"}
)  # fmt: skip

_ALONG = frozenset({"roll", "slide", "walk", "run", "go", "move", "come", "bounce", "fall"})
"""Verbs with "down the ramp"."""


@dataclass
class Slots:
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


class VerbReader(CameraReader):
    """Reads what belongs to a verb, and makes deeds of it."""

    def slots(self, verb: str, *, passive: bool) -> Slots:
        """Collects what belongs to a verb, up to the next clause."""
        slots = Slots()
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
                last, after_object = [], False
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
                if slots.manner not in ("", manner):
                    self.fail(f'is a second manner after "{slots.manner}"; keep one of the two')
                slots.manner = manner
                self.at += 1
                continue
            if verb == "wave" and self.own_hand():
                continue
            if verb in ("stand", "lie", "stay", "sit") and self.means("still") is not None:
                self.at += 1
                continue
            if self.means("gone") is not None:
                slots.particles.add("gone")
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
            target = after_object and verb in OBJECTLESS
            target = target or bool(last and not after_object and slots.relations)
            if target and self.means("relation") in STATIC and not self.setting_ahead():
                before = self.at
                self.whereabouts(last)  # where that is which was named last
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
                    slots.to = [MUTUAL]
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
                slots.objects.append([MUTUAL])
                self.at += 1
                continue
            if word == "with":
                self.at += 1
                at = self.at
                if self.means("mutual") is not None:
                    self.at += 1
                    slots.using = [MUTUAL]
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
            if not self.group_ahead(0):
                break
            if len(slots.objects) >= (2 if verb in ("give", "hand", "bring") else 1) or (
                verb in INTRANSITIVE and not passive
            ):
                break
            slots.objects.append(self.group_plain(transitive=True))
            last, after_object = slots.objects[-1], True
        return slots

    def edge(self) -> bool:
        """Takes "the picture"."""
        start = self.at
        self.take("the")
        if self.take("picture") or self.take("scene") or self.take("screen", "edge"):
            return True
        self.at = start
        return False

    def own_hand(self) -> bool:
        """Takes "his hand", "with a hand": what one waves with."""
        start = self.at
        self.take("with")
        self.possessed()
        if self.take("hand"):
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

    def face(self, slots: Slots, verb: str) -> bool:
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

    def continues(self, slots: Slots) -> bool:
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

    def deeds_of(  # noqa: RET503  # `fail` does not return
        self, verb: str, subjects: list[int], slots: Slots, *, passive: bool, at: int
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

        def motions(kind: str, agent: int, target: int = 0) -> list[Deed]:
            """One deed for every direction and relation."""
            ways = directions or list(origins[:1])
            relations = [*slots.relations]
            if slots.to:
                relations.append(("toward", slots.to))
            base = Deed(kind, agent=agent, target=target)
            rows = [replace(base, direction=way) for way in ways[:-1]]
            last = replace(base, direction=ways[-1] if ways else "")
            if not relations:
                return [*rows, last]
            if kind in ("throw", "kick") and len(relations) > 1:
                # "throws a ball over the wall to the woman": on its way it passes over the wall
                *way_there, goal = relations
                main = replace(last, relation=goal[0])
                main = (
                    replace(main, other=goal[1][0]) if target else replace(main, target=goal[1][0])
                )
                return [*rows, main] + [
                    Deed("pass", target or agent, ids[0], relation=relation, together=True)
                    for relation, ids in way_there
                ]
            for number, (relation, ids) in enumerate(relations):
                deed = last if number == 0 else base
                relation = {"on": "onto", "in": "into", "from": "away from"}.get(relation, relation)
                if kind in ("fall", "drop") and relation == "away from":
                    relation = "off"
                if kind == "stop" and relation == "toward":
                    relation = "beside"
                deed = replace(deed, relation=relation)
                deed = replace(deed, other=ids[0]) if target else replace(deed, target=ids[0])
                if len(ids) > 1:
                    if target:
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
        if "gone" in particles:
            particles.discard("gone")
            if verb in ("walk", "run", "roll", "slide", "fly"):
                way = (directions or [""])[0]
                moving = self.deeds_of(verb, subjects, slots, passive=passive, at=at)
                leaving = self.each(subjects, lambda id: Deed("exit", agent=id, direction=way))
                return [*moving, *leaving]
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
                covers = {
                    deed.agent: deed.target for deed in self.deeds if deed.kind == "cover"
                }  # a cup that covers a ball is lifted from it
                if passive and not doers and set(subjects) <= set(covers):
                    return self.each(
                        subjects, lambda id: Deed("uncover", agent=id, target=covers[id])
                    )
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
                over = [ids for relation, ids in slots.relations if relation == "over"]
                if over and not any(self.is_fixture(id) for id in over[0]):
                    return [
                        self.with_doer(Deed("cover", agent=t, target=over[0][0]), doers, at)
                        for t in things
                    ]
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
                if not receivers and "over" in particles:
                    near = [id for id in self.recent if self.is_walker(id) and id not in doers]
                    receivers = near[-1:]
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
                    over_it = doers or slots.using
                    need(over_it, "what covers it")
                    return [Deed(verb, agent=over_it[0], target=t) for t in subjects]
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
                if not all(self.is_fixture(id) for id in moved):
                    if verb == "raise" and not any(self.is_walker(id) for id in moved):
                        return self.each(moved, lambda id: Deed("rise", agent=id))
                    self.fail("is said of a screen here; name what goes up or down", at)
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

    def all_said(self, deeds: list[Deed], subjects: list[int], slots: Slots, at: int) -> None:
        """Nothing that a clause says is dropped: what no deed took says where somebody is."""
        told = {id for deed in deeds for id in (deed.agent, deed.target, deed.other)}
        told |= {id for one in self.standing for id in (one.role, one.target, one.other)}
        for relation, ids in slots.relations:
            if set(ids) <= told or ids == [MUTUAL]:
                continue
            if relation not in STATIC:
                self.fail(f'takes no "{relation}" here; say it in a clause of its own', at)
            self.locate(subjects, relation, ids)
        rest = [id for ids in (*slots.objects, slots.to, slots.using, slots.by) for id in ids]
        for id in rest:
            if id not in told and id != MUTUAL:
                self.fail(f"takes no {self.cast[id - 1].kind} here; say it in its own clause", at)
        if "gone" in slots.particles:
            self.fail('does not say that it leaves; add ", then it leaves the picture"', at)
        taken = {deed.direction for deed in deeds}
        for way in (*slots.directions, *slots.origins):
            if way in ("left", "right", "forward", "back") and not taken & {way} and deeds:
                if {deed.kind for deed in deeds} <= {"enter", "exit", "turn"}:
                    continue
                self.fail(f'takes no direction, and "{way}" is one; leave it out', at)

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
                target=after[deed.agent] if deed.target == MUTUAL else deed.target,
                other=after[deed.agent] if deed.other == MUTUAL else deed.other,
            )
            for deed in deeds
        ]

    def with_doer(self, deed: Deed, doers: list[int], at: int) -> Deed:
        """A deed of a thing that somebody does."""
        if not doers or deed.kind == "pass":
            return deed
        if deed.other:
            self.fail('cannot have both a doer and a "between"; leave one out', at)
        return replace(deed, other=doers[0])

    def each(self, ids: list[int], make: Callable[[int], Deed]) -> list[Deed]:
        """The same deed of several, at once."""
        return [replace(make(id), together=number > 0) for number, id in enumerate(ids)]

    def each_many(self, ids: list[int], make: Callable[[int], list[Deed]]) -> list[Deed]:
        """The same deeds of several, beginning at once."""
        rows: list[Deed] = []
        for number, id in enumerate(ids):
            made = make(id)
            if number:
                made[0] = replace(made[0], together=True)
            rows += made
        return rows

    def grade(self, subjects: list[int], slots: Slots, at: int) -> list[Deed]:
        """Growing and shrinking."""
        kind = {"larger": "grow", "smaller": "shrink"}.get(slots.grade)
        if kind is None:
            self.fail("is said of the light", at)
        return self.each(subjects, lambda id: Deed(kind, agent=id))

    def posture(self, verb: str, subjects: list[int], slots: Slots, at: int) -> list[Deed]:
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
            target = 0
            if slots.relations and slots.relations[0][0] in ("on", "onto", "in", "into"):
                target = slots.relations[0][1][0]
            return self.each(subjects, lambda id: Deed("sit", agent=id, target=target))
        if verb == "stand" and walkers and not slots.relations:
            sat = {deed.agent for deed in self.deeds if deed.kind == "sit"}
            if up or sat & set(subjects):
                return self.each(subjects, lambda id: Deed("stand", agent=id))
        for relation, ids in slots.relations:
            self.locate(subjects, {"onto": "on", "into": "in"}.get(relation, relation), ids)
        return []
