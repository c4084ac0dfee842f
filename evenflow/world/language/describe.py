"""Script to captions of six levels, in words that `parse` reads back without loss."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evenflow.core.errors import BadInput
from evenflow.world.language import grammar
from evenflow.world.language.content import (
    IMPLIED,
    TRANSITIVE,
    CaptionForm,
    Level,
    at_level,
    default_motion,
)
from evenflow.world.language.forms import verb_form
from evenflow.world.language.refer import (
    Description,
    may_mean,
    noun_phrase,
    pronoun_of,
    resolve,
    shortest,
)
from evenflow.world.language.script_of import script_of
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing
from evenflow.world.spec import SceneSpec

LEVELS: tuple[Level, ...] = ("L0", "L1", "L2", "L3", "L4", "L5")


@dataclass(frozen=True)
class TimedCaption:
    """A global caption with captions of stretches, the shape that timed generators take.

    Args:
        overall: what the whole clip shows.
        events: `(start, end, text)` in seconds; None where it is not known.
        cuts: seconds where a shot ends, as far as they are known.
    """

    overall: str
    events: tuple[tuple[float | None, float | None, str], ...]
    cuts: tuple[float, ...] = ()


def describe(
    scene: SceneSpec | Script,
    level: Level = "L2",
    *,
    form: CaptionForm = "explicit",
    seed: int = 0,
) -> str:
    """Writes a caption.

    Args:
        scene: a spec or a script.
        level: L0 tags, L1 one clause, L2 one sentence with attributes, relations and camera, L3 a
            paragraph with place, light and style, L4 with times, L5 shot by shot.
        form: `ambiguous` leaves out what tells one thing from another ("a ball moves behind
            something").
        seed: of the wording; 0 is the plainest.

    Raises:
        BadInput: there is no such level or form.
    """
    if level not in LEVELS:
        raise BadInput(f"a caption has a level of {', '.join(LEVELS)}, got {level!r}")
    if form not in ("explicit", "ambiguous"):
        raise BadInput(f"a caption is explicit or ambiguous, got {form!r}")
    full = level in ("L3", "L5")
    script = script_of(scene, full=full) if isinstance(scene, SceneSpec) else scene
    writer = _Writer(at_level(script, level, form=form), form, seed)
    return {
        "L0": writer.tags,
        "L1": writer.clause_alone,
        "L2": writer.sentence,
        "L3": writer.paragraph,
        "L4": writer.timed_text,
        "L5": writer.storyboard,
    }[level]()


def describe_timed(scene: SceneSpec | Script, *, seed: int = 0) -> TimedCaption:
    """The caption of level L4 as data."""
    script = script_of(scene) if isinstance(scene, SceneSpec) else scene
    return _Writer(at_level(script, "L4"), "explicit", seed).timed()


def refer(scene: SceneSpec | Script, role: int) -> str:
    """The shortest phrase that tells a role from all others: "the red ball", "the left cup".

    Args:
        role: id of the role in the script (of a spec: in `script_of(spec)`).

    Raises:
        BadInput: there is no such role.
    """
    script = script_of(scene) if isinstance(scene, SceneSpec) else scene
    found = next((one for one in script.cast if one.id == role), None)
    if found is None:
        raise BadInput(f"the cast has no role {role}; ids are {[one.id for one in script.cast]}")
    order = [one.id for one in script.cast]
    return noun_phrase(shortest(found, script.cast, order))


class _Writer:
    """Writes one caption and remembers who was named."""

    def __init__(self, script: Script, form: CaptionForm, seed: int) -> None:
        self.script, self.form, self.seed = script, form, seed
        self.rng = random.Random(seed)
        self.cast = {role.id: role for role in script.cast}
        self.mentioned: list[int] = []
        self.turned: dict[int, str] = {}
        self.lately: set[int] = set()  # who the clause before spoke of
        self.now: set[int] = set()
        self.fresh: set[int] = set()  # who was not yet named since the cut
        self.subject = 0
        self.pronouns = True

    def pick(self, options: Sequence[str]) -> str:
        if self.seed == 0 or len(options) == 1:
            return options[0]
        return options[int(self.rng.random() * len(options))]

    def chance(self, share: float) -> bool:
        return self.seed != 0 and self.rng.random() < share

    # --- noun phrases

    def name(self, id: int, *, as_object: bool = False) -> str:
        """A role: introduced, told by a pronoun, or referred to."""
        role = self.cast[id]
        self.now.add(id)
        if id not in self.mentioned:
            text = self.introduce(role)
            self.mentioned.append(id)
            return text
        order = [self.cast[one] for one in self.mentioned]
        pronoun = pronoun_of(role)
        if (
            self.pronouns
            and id in self.lately
            and id not in self.fresh
            and sum(may_mean(pronoun, one) for one in order) == 1
            and not (as_object and id == self.subject)
            and self.chance(0.6)
        ):
            table = {"he": "him", "she": "her", "they": "them"}
            return table.get(pronoun, pronoun) if as_object else pronoun
        said = shortest(role, list(self.cast.values()), self.mentioned, turned=self.turned)
        text = noun_phrase(said)
        if id in self.fresh:
            self.fresh.discard(id)
            if not said.ordinal and (self.seed == 0 or self.chance(0.5)):
                text = text.replace("the ", "the same ", 1)
        return text

    def introduce(self, role: Role) -> str:
        said = Description(
            kind=role.kind,
            plural=role.count > 1,
            count=role.count if role.count > 1 else 0,
            color=role.color,
            second=role.second,
            size=role.size,
            pattern=role.pattern,
            material=role.material,
            hair=role.hair,
            side=role.side,
            article="" if role.count > 1 else "a",
        )
        order = [self.cast[one] for one in self.mentioned]
        order = [one for one in order if one.kind == role.kind]  # "another thing" than a thing
        if role == Role(role.id, "thing") and self.form == "ambiguous" and not order:
            return self.pick(("something", "a thing"))
        if role.count == 1 and resolve(replace(said, article=""), order):
            said = replace(said, article="another")
        return noun_phrase(said)

    def relation(self, relation: str, ids: Sequence[int]) -> str:
        names = " and ".join(self.name(id, as_object=True) for id in ids)
        return f"{grammar.RELATIONS.get(relation, relation)} {names}"

    # --- clauses

    def patterns(self, deed: Deed) -> list[str]:
        """The patterns that say all of a deed."""
        about = deed.other if deed.kind in TRANSITIVE else deed.target
        between = deed.relation == "between" and deed.kind not in TRANSITIVE
        fitting = []
        for pattern in grammar.CLAUSES[deed.kind]:
            subject, rest = pattern.split(" ", 1)
            has = {name: "{" + name + "}" in rest or subject == name for name in "ato"}
            related = "{r}" in rest
            if between and "o" in (subject, *re.findall(r"{(o)}", rest)):
                continue  # "between" needs the place of who does it
            if related and deed.relation:
                has["o" if deed.kind in TRANSITIVE else "t"] = True
                if between:
                    has["o"] = True
            wanted = {"a": deed.agent, "t": deed.target, "o": deed.other}
            if any(bool(wanted[name]) != has[name] for name in "ato"):
                continue
            implied = IMPLIED.get(deed.kind, deed.relation)
            if about and not related and deed.relation != implied:
                continue
            if (
                deed.kind in ("pass", "appear")
                and related
                and deed.relation == (IMPLIED[deed.kind])
            ):
                continue  # "passes the wall", "appears from behind the wall"
            if deed.direction and "{d}" not in rest and "{from}" not in rest:
                continue
            if (
                deed.kind in ("roll", "slide")
                and "{from}" in rest
                and (deed.direction not in ("left", "right"))
            ):
                continue
            if deed.kind == "turn" and not deed.direction and "{d}" in rest:
                continue
            if deed.kind in ("lower", "raise") and self.cast[deed.agent].kind == "thing":
                continue
            fitting.append(pattern)
        if not fitting:
            raise BadInput(
                f"{deed.kind!r} with agent {deed.agent}, target {deed.target}, other {deed.other}, "
                f"relation {deed.relation!r} and direction {deed.direction!r} cannot be said; "
                "see EVENTS for its roles"
            )
        return fitting

    def clause(self, deed: Deed, *, follows: int = 0, ing: bool = False) -> tuple[int, str]:
        """Subject and words of a deed.

        Args:
            follows: the subject of the clause before, which is left out if it is the same.
            ing: say a same subject's verb as "-ing".
        """
        patterns = self.patterns(deed)
        if follows and any(self.subject_of(deed, one) == follows for one in patterns):
            patterns = [one for one in patterns if self.subject_of(deed, one) == follows]
        pattern = self.pick(patterns)
        moves = default_motion(self.cast[deed.agent].kind) if deed.agent else ""
        vague = self.form == "ambiguous" and deed.kind == moves and moves != "rise"
        if vague and not (deed.other and deed.relation != "between"):
            pattern = "a move {r}"
        head, rest = pattern.split(" ", 1)
        subject = self.subject_of(deed, pattern)
        self.subject = subject
        self.lately, self.now = self.now, set()
        same = bool(follows) and subject == follows
        words: list[str] = []
        several = False
        if head == "*":
            lead, verb = rest.split(" ")[:2], rest.split(" ")[2]
            if lead[0] == "it":
                lead, verb = ["it"], rest.split(" ")[1]
            words += lead
            rest = " ".join(rest.split(" ")[len(lead) + 1 :])
        else:
            several = self.cast[subject].count > 1
            verb, _, rest = rest.partition(" ")
            if not same:
                words.append(self.name(subject))
                several = several or words[0] == "they"
            else:
                self.now.add(subject)
        early = bool(deed.manner) and self.chance(0.3) and verb != "be" and not ing
        if early:
            words.append(deed.manner)
        if ing and same:
            words.append(verb_form(verb, "ing"))
        elif several:
            words.append("are" if verb == "be" else verb)
        else:
            words.append(verb_form(verb, "third"))
        near = {words[-1], deed.manner}  # "rolls left", but "pushes the box to the left"
        for part in rest.split(" "):
            match part:
                case "{a}" | "{t}" | "{o}":
                    id = {"a": deed.agent, "t": deed.target, "o": deed.other}[part[1]]
                    words.append(self.name(id, as_object=True))
                case "{d}":
                    if deed.direction:
                        options = grammar.DIRECTIONS[deed.direction]
                        far = deed.kind in ("exit", "turn") or words[-1] not in near
                        words.append(options[0] if far else self.pick(options))
                case "{from}":
                    if deed.direction:
                        words.append(grammar.ORIGINS[deed.direction])
                case "{r}" if words[-1] in ("up", "down") and deed.relation == "toward":
                    words.append(self.name(deed.target, as_object=True))  # "down the ramp"
                case "{r}":
                    if deed.relation:
                        if deed.kind in TRANSITIVE:
                            ids = [deed.other]
                        elif deed.relation == "between":
                            ids = [one for one in (deed.target, deed.other) if one]
                        else:
                            ids = [deed.target]
                        words.append(self.relation(deed.relation, ids))
                case "{c}":
                    words.append(deed.color)
                case "{m}":
                    if deed.manner and not early:
                        words.append(deed.manner)
                case "":
                    pass
                case _:
                    words.append(part)
        if deed.seconds is not None:
            words.append(f"for {deed.seconds:g} s")
        if deed.kind == "change_color":
            self.turned[deed.agent] = deed.color
        return subject, " ".join(words)

    def subject_of(self, deed: Deed, pattern: str) -> int:
        return {"a": deed.agent, "t": deed.target, "o": deed.other, "*": 0}[pattern[0]]

    def chain(self, deeds: Sequence[Deed]) -> str:
        """Deeds in one sentence."""
        text, before = "", 0
        for number, deed in enumerate(deeds):
            if number == 0:
                before, text = self.clause(deed)
                continue
            if deed.together:
                ing = self.chance(0.5)
                subject, words = self.clause(deed, follows=before, ing=ing)
                if subject == before and before and not ing:
                    text += f" and at the same time {words}"
                elif subject == before and before:
                    text += f" while {words}"
                else:
                    text += self.pick((" while ", " and at the same time ")) + words
            else:
                subject, words = self.clause(deed, follows=before)
                same = bool(before) and subject == before
                last = number == len(deeds) - 1
                if same:
                    text += (
                        (", then " if not last else " and then ")
                        if self.seed == 0
                        else (self.pick((", then ", " and then ", " and ", ", and ")))
                    )
                else:
                    text += self.pick((", then ", "; then ", ", and then ", ", and "))
                text += words
            before = subject
        return text

    # --- what else a caption says

    def setup(self, ids: Sequence[int]) -> str:
        """ "There is a red cup on a table", or nothing."""
        items: list[str] = []
        first_count = 0
        standing = [one for one in self.script.standing if one.role in ids]
        named = {one.target for one in standing} | {one.other for one in standing}
        for id in ids:
            mine = [one for one in standing if one.role == id]
            if not mine and (id in self.mentioned or id in named):
                continue
            text = self.name(id)
            if not items:
                first_count = self.cast[id].count
            for one in mine:
                text += " " + self.where(one)
            items.append(text)
        items += [self.name(id) for id in ids if id not in self.mentioned]
        if not items:
            return ""
        listed = items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
        self.lately = self.now = set()
        return f"there {'are' if first_count > 1 else 'is'} {listed}"

    def where(self, one: Standing) -> str:
        ids = [one.target, one.other] if one.other else [one.target]
        return self.relation(one.relation, ids)

    def onlookers(self, number: int | None = None) -> list[int]:
        """Who stands somewhere or does nothing, and must be named before the deeds.

        Args:
            number: of a shot; those who do nothing are named in the first.
        """
        acting: dict[int, int] = {}
        for deed in self.script.deeds:
            for id in (deed.agent, deed.target, deed.other):
                acting.setdefault(id, deed.shot)
        found = []
        for role in self.script.cast:
            stands = any(one.role == role.id for one in self.script.standing)
            shot = acting.get(role.id)
            if not number and (shot is None or stands):
                found.append(role.id)
        return found

    def camera(self, shot: ScriptShot) -> str:
        """ "The camera pans left and then zooms in", or nothing."""
        parts = []
        named = not shot.follows
        for move in shot.moves:
            verb, _, rest = self.pick(grammar.MOVES[move]).partition(" ")
            words = [verb_form(verb, "third")] if verb != "whip" else ["whip"]
            rest = rest.replace("pan ", "pans ", 1) if verb == "whip" else rest
            words += [rest] if rest else []
            if move == "follow" and shot.follows:
                words.append(self.name(shot.follows, as_object=True))
                named = True
            elif move.startswith("orbit") and not named and "follow" not in shot.moves:
                words.append("around " + self.name(shot.follows, as_object=True))
                named = True
            parts.append(" ".join(words))
        if not parts:
            return ""
        if shot.manner:
            parts[0] += f" {shot.manner}"
        return "the camera " + self.pick((" and then ", ", then ")).join(parts)

    def place(self, setting: Setting) -> list[str]:
        """Phrases of where and when."""
        found = []
        if setting.name:
            found.append(f"{'on' if setting.name in grammar.ON else 'in'} the {setting.name}")
        if setting.ground or setting.colors:
            colors = " and ".join(setting.colors)
            if not colors:
                ground = grammar.GROUNDS.get(setting.ground, setting.ground)
            else:
                ground = grammar.PAINTED_GROUNDS[setting.ground].format(colors)
                ground = re.sub("^a (?=[aeiou])", "an ", ground)
            found.append(f"on {ground}")
        if setting.background:
            found.append(grammar.BACKGROUNDS[setting.background])
        if setting.sky:
            found.append(self.pick(grammar.SKIES[setting.sky]))
        if setting.fog:
            found.append(self.pick(("in the fog", "in fog")))
        return found

    def setting(self, name: str) -> Setting:
        return next(one for one in self.script.settings if one.name == name)

    # --- the levels

    def tags(self) -> str:
        script = self.script
        items = []
        for role in script.cast:
            text = self.introduce(role)
            items.append(re.sub(r"^(an?|another) ", "", text))
            self.mentioned.append(role.id)
        setting = script.settings[0]
        if setting.name:
            items += self.place(Setting(setting.name))
        items += self.place(replace(setting, name=""))
        shot = script.shots[0]
        if shot.size:
            items.append(f"{shot.size} shot")
        manner = shot.manner
        for move in shot.moves:
            if move == "static":
                items.append("static camera")
            else:
                items.append(f"camera {move} {manner}".strip())
                manner = ""
        if script.style:
            items.append(f"{script.style} style")
        items += [deed.kind.replace("_", " ") for deed in script.deeds]
        if not items:
            return "empty scene"
        return "; ".join(items) + (";" if len(items) == 1 else "")

    def clause_alone(self) -> str:
        if self.script.deeds:
            return self.clause(self.script.deeds[0])[1]
        names = [self.name(role.id) for role in self.script.cast]
        if not names:
            return "an empty scene"
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]

    def sentence(self) -> str:
        return _capital(self.body(self.script.shots[0], self.script.deeds)) + "."

    def body(self, shot: ScriptShot, deeds: Sequence[Deed], *, sized: bool = True) -> str:
        """Who is there, what they do, and the camera, in one sentence."""
        setup = self.setup(self.onlookers())
        parts = [part for part in (setup, self.chain(deeds)) if part]
        camera = self.camera(shot)
        if camera:
            parts.append(camera)
        text = "; ".join(parts) or "an empty scene"
        if shot.size and sized:
            text = f"in a {shot.size} shot, {text}"
        return text

    def paragraph(self) -> str:
        script = self.script
        sentences: list[str] = []
        been: set[str] = set()
        for number, shot in enumerate(script.shots):
            setting = self.setting(shot.place)
            phrases = self.place(setting if shot.place not in been else Setting(setting.name))
            moved = number == 0 or shot.place != script.shots[number - 1].place
            phrases = phrases if moved else []
            been.add(shot.place)
            lead = ""
            if number:
                self.fresh = set(self.mentioned)
                self.lately = self.now = set()
                size = f"a {shot.size} shot" if shot.size else "another shot"
                sentences.append(" ".join([f"cut to {size}", ", ".join(phrases)]).strip())
            elif phrases:
                phrases = phrases[::-1] if self.chance(0.3) else phrases
                if shot.size:
                    lead = f"in a {shot.size} shot, "
                if self.seed == 0 or self.chance(0.6):
                    lead = f"{lead}{', '.join(phrases)}, "
                else:
                    sentences.append(f"the scene is {', '.join(phrases)}")
            elif shot.size:
                lead = f"in a {shot.size} shot, "
            setup = self.setup(self.onlookers(number)) if number == 0 else ""
            if setup:
                sentences.append(lead + setup)
                lead = ""
            deeds = [one for one in script.deeds if one.shot == number]
            groups: list[list[Deed]] = []
            for deed in deeds:
                most = 2 if self.seed == 0 else 1 + int(self.rng.random() * 3)
                if groups and len(groups[-1]) < most:
                    groups[-1].append(deed)
                else:
                    groups.append([deed])
            for at, group in enumerate(groups):
                opener = ""
                if at:
                    if group[0].together:
                        opener = self.pick(("at the same time, ", "meanwhile, "))
                    elif at == len(groups) - 1 and len(groups) > 2:
                        opener = self.pick(("finally, ", "then "))
                    else:
                        opener = self.pick(("then ", "after that, ", "next, "))
                sentences.append(lead + opener + self.chain(group))
                lead = ""
            camera = self.camera(shot)
            if camera:
                sentences.append(lead + camera)
                lead = ""
            if lead and not setup and not deeds and not camera:
                sentences.append(lead.rstrip(", "))
        if script.style:
            sentences.append(f"the style is {script.style}")
        if not sentences:
            return "An empty scene."
        return " ".join(_capital(one) + "." for one in sentences)

    def timed(self) -> TimedCaption:
        script = self.script
        first = script.shots[0]
        phrases = self.place(self.setting(first.place))
        lead = f"in a {first.size} shot, " if first.size else ""
        text = self.body(
            first,
            [replace(one, seconds=None) for one in script.deeds],
            sized=False,
        )
        lead += f"{', '.join(phrases)}, " if phrases else ""
        text = lead + text
        if script.style:
            text += f"; in {script.style} style"
        self.pronouns = False
        events: list[tuple[float | None, float | None, str]] = []
        self.turned = {}
        self.lines: list[str] = []
        cuts: list[float] = []
        been = {first.place}
        seconds = 0.0
        for number, shot in enumerate(script.shots):
            if number:
                before = script.shots[number - 1]
                size = f"a {shot.size} shot" if shot.size else "another shot"
                moved = shot.place != before.place
                setting = self.setting(shot.place)
                where = self.place(setting if shot.place not in been else Setting(setting.name))
                been.add(shot.place)
                line = " ".join([size, ", ".join(where if moved else [])]).strip()
                camera = self.camera(shot)
                line += f"; {camera}" if camera else ""
                if before.seconds is not None:
                    seconds = round(seconds + before.seconds, 2)
                    cuts.append(seconds)
                    self.lines.append(f"[cut at {seconds:g} s] {line}")
                else:
                    self.lines.append(f"[cut] {line}")
            for deed in script.deeds:
                if deed.shot != number:
                    continue
                _, words = self.clause(deed)
                events.append((deed.start, deed.end, words))
                also = "meanwhile " if deed.together else ""
                self.lines.append(f"[{_bracket(deed)}] {also}{words}")
        return TimedCaption(_capital(text) + ".", tuple(events), tuple(cuts))

    def timed_text(self) -> str:
        overall = self.timed().overall
        return "\n".join([overall, *self.lines])

    def storyboard(self) -> str:
        script = self.script
        lines: list[str] = []
        been: set[str] = set()
        for number, shot in enumerate(script.shots):
            moved = number == 0 or shot.place != script.shots[number - 1].place
            setting = self.setting(shot.place)
            head = [shot.size] if shot.size else []
            head += [f"{shot.seconds:g} s"] if shot.seconds is not None else []
            if moved:
                head += self.place(setting if shot.place not in been else Setting(setting.name))
            been.add(shot.place)
            if number:
                self.fresh = set(self.mentioned)
                self.lately = self.now = set()
            setup = self.setup(self.onlookers(number)) if number == 0 else ""
            deeds = [one for one in script.deeds if one.shot == number]
            parts = [setup, self.chain(deeds), self.camera(shot)]
            text = "; ".join(part for part in parts if part)
            title = f"Shot {number + 1}" + (f" ({', '.join(head)})" if head else "")
            lines.append(f"{title}: {text}." if text else f"{title}.")
        if script.style:
            lines.append(f"In {script.style} style.")
            if len(lines) > 1:
                lines.insert(0, lines.pop())
        return "\n".join(lines)


def _bracket(deed: Deed) -> str:
    if deed.start is None and deed.end is None:
        return "then"
    start = "" if deed.start is None else f"{deed.start:g}"
    if deed.end is None:
        return f"{start} s"
    return f"{start}-{deed.end:g} s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
