"""Reading a storyboard: every mistake becomes one line with its place, and all are collected."""

import difflib
import math
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TypeVar, cast, get_args

from evenflow.core.document import Node, describe, shorten, suggest
from evenflow.core.errors import GateError, Problem, StoryboardError, TimeError
from evenflow.core.gate import Clause, Gate
from evenflow.core.storyboard import (
    FOOTAGE_LACKS,
    ID_PATTERN,
    MAX_FPS,
    MAX_HOURS,
    MAX_SEED,
    MAX_SIDE,
    MAX_TEXT,
    SCHEDULES,
    SCHEMA,
    Action,
    Beat,
    Canvas,
    ColorSpace,
    Hold,
    Keyframe,
    Look,
    Pin,
    Seam,
    SeamMode,
    Shot,
    Storyboard,
    Subject,
    SubjectKind,
    frame_in_shot,
    storyboard_schema,
)
from evenflow.core.times import Range, Time, decimal

_NTSC = {f"{n / 1.001:.{places}f}": n for n in (24, 30, 48, 60, 120) for places in (2, 3)}


def read_storyboard(root: Node, *, name: str, folder: Path | None) -> Storyboard:
    """The storyboard that a document holds.

    Args:
        root: the whole document.
        name: base name of its file, for messages.
        folder: project folder; None leaves unchecked whether files exist.

    Raises:
        StoryboardError: something is wrong; it has every problem.
    """
    reader = _Reader(name, folder)
    board = reader.board(root)
    if board is None:
        raise StoryboardError(reader.problems)
    return board


_T = TypeVar("_T")
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?"
)
_SIZE = re.compile(r"([0-9]{1,9})\s*[xX×*]\s*([0-9]{1,9})")
_RATIO = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


class _Reader:
    """Walks the nodes of one storyboard and collects everything that is wrong."""

    def __init__(self, name: str, folder: Path | None) -> None:
        self.name, self.folder = name, folder
        self.problems: list[Problem] = []
        self.fps: Fraction | None = None
        self.bible: dict[str, Subject] | None = None

    def fault(self, node: Node, where: str, message: str, *, key: bool = False) -> None:
        line, column = node.key if key and node.key else (node.line, node.column)
        self.problems.append(Problem(self.name, line, column, where, message))

    # what a value is

    def fields(self, node: Node, where: str, type: str) -> dict[str, Node]:
        """The known fields of a mapping that are not null; unknown and missing ones are faults."""
        if not isinstance(node.value, dict):
            self.fault(node, where, f"is keys with values, got {describe(node)}")
            return {}
        schema = storyboard_schema()
        schema = schema["$defs"][type] if type else schema
        known = [name for name in schema["properties"] if name != "colour"]
        found: dict[str, Node] = {}
        for typed, child in node.value.items():
            name = "color" if typed == "colour" else typed
            if name not in known:
                advice = suggest(name, known, what="the keys here are")
                what = f"is not a key of {type or 'a storyboard'}: {advice}"
                self.fault(child, _join(where, shorten(typed)[1:-1]), what, key=True)
            elif name in found:
                self.fault(
                    child, _join(where, typed), "is there in both spellings: keep one", key=True
                )
            elif child.value is not None:
                found[name] = child
        for name in schema.get("required", ()):
            if name not in found:
                self.fault(node, _join(where, name), f"is missing: {_MISSING[name]}")
        return found

    def items(self, node: Node, where: str) -> list[tuple[Node, str]]:
        """The entries of a list with their paths."""
        if not isinstance(node.value, list):
            self.fault(node, where, f"is a list, got {describe(node)}: begin each entry with '-'")
            return []
        return [(item, f"{where}[{i}]") for i, item in enumerate(node.value)]

    def table(self, node: Node, where: str) -> list[tuple[str, Node, str]]:
        """Names that the user chose, with values and paths."""
        if not isinstance(node.value, dict):
            self.fault(node, where, f"is names with values, got {describe(node)}")
            return []
        return [(name, child, _join(where, name)) for name, child in node.value.items()]

    def text(self, node: Node, where: str, *, limit: int = MAX_TEXT) -> str | None:
        if not isinstance(node.value, str):
            self.fault(node, where, f"is text, got {describe(node)}")
            return None
        text = re.sub("\r\n|[\r\x85\u2028\u2029]", "\n", node.value).strip()
        if match := _CONTROL.search(text):
            self.fault(node, where, f"holds the control character {match[0]!a}: delete it")
            return None
        if not text:
            self.fault(node, where, "is empty: write something or delete it")
            return None
        if len(text) > limit:
            self.fault(node, where, f"has {len(text)} characters, at most {limit}: shorten it")
            return None
        return text

    def texts(self, node: Node, where: str) -> tuple[str, ...]:
        """A list of texts, or one text alone; each once."""
        alone = isinstance(node.value, str)
        found: list[str] = []
        for item, path in [(node, where)] if alone else self.items(node, where):
            if text := self.text(item, path, limit=1000):
                if text in found:
                    self.fault(item, path, f"{shorten(text)} is there twice: delete one")
                else:
                    found.append(text)
        return tuple(found)

    def id(self, node: Node, where: str, value: object, *, key: bool = False) -> str | None:
        if isinstance(value, str) and re.fullmatch(ID_PATTERN, value):
            return value
        got = shorten(value) if isinstance(value, str) else describe(node)
        rule = "an id is 1 to 64 of the letters a-z and A-Z, digits, _ and - (not first)"
        self.fault(node, where, f"{rule}, got {got}", key=key)
        return None

    def whole(self, node: Node, where: str, low: int, high: int) -> int | None:
        value = node.value
        if node.plain and isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(node, where, f"is a whole number, got {describe(node)}{_quoted(node)}")
            return None
        if not low <= value <= high:
            self.fault(node, where, f"is from {low} to {high}, got {shorten(str(value))[1:-1]}")
            return None
        return value

    def choice(self, node: Node, where: str, options: tuple[str, ...]) -> str | None:
        if isinstance(node.value, str) and node.value.strip().lower() in options:
            return node.value.strip().lower()
        if not isinstance(node.value, str):
            advice = f"it is one of {', '.join(options)}"
        else:
            advice = suggest(node.value, options, what="it is one of")
        self.fault(node, where, f"cannot be {describe(node)}: {advice}")
        return None

    def time(self, node: Node, where: str) -> Time | None:
        return self._timed(node, where, Time.parse)

    def moment(self, node: Node, where: str) -> Time | Range | None:
        if isinstance(node.value, str) and ".." in node.value:
            return self._timed(node, where, Range.parse)
        return self._timed(node, where, Time.parse, more="; a range is written A..B")

    def _timed(
        self, node: Node, where: str, parse: Callable[[str], _T], *, more: str = ""
    ) -> _T | None:
        text = node.value
        if isinstance(text, (int, float)) and not isinstance(text, bool):
            text = str(text)
        if not isinstance(text, str):
            self.fault(node, where, f"is a time like 1.5s or 36f, got {describe(node)}")
            return None
        if _NUMBER.fullmatch(text):
            self.fault(node, where, f"{text} has no unit: write {text}s or {text}f")
            return None
        try:
            return parse(text if len(text) < 100 else shorten(text)[1:-1])
        except TimeError as error:
            self.fault(node, where, f"{error}{more}")
            return None

    def file(self, node: Node, where: str, *, is_clip: bool = False) -> str | None:
        """A file below the project folder, as a normal relative path."""
        text = self.text(node, where, limit=1000)
        if text is None:
            return None
        path = PurePosixPath(text)
        reason = None
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text):
            reason = "is an address: copy the file into the project folder and name it"
        elif "\\" in text or re.match(r"[A-Za-z]:", text):
            reason = "is a Windows path: write folders with /, below the project folder"
        elif path.is_absolute() or text.startswith("~"):
            reason = "is not below the project folder: copy it there and name it without the folder"
        elif ".." in path.parts:
            reason = "leaves the project folder by '..': copy the file into the project folder"
        elif any(part.startswith("-") for part in path.parts[:1]):
            reason = "begins with '-': rename it"
        elif self.folder is not None:
            reason = _missing(self.folder, path, is_clip=is_clip)
        if reason:
            self.fault(node, where, f"{shorten(text)} {reason}")
            return None
        return path.as_posix()

    # what a storyboard holds

    def board(self, root: Node) -> Storyboard | None:
        got = self.fields(root, "", "")
        if "schema" in got and got["schema"].value != SCHEMA:
            came = describe(got["schema"])
            self.fault(got["schema"], "schema", f"this version reads {SCHEMA!r}, got {came}")
        canvas = self.canvas(got["canvas"]) if "canvas" in got else Canvas()
        self.fps = canvas.fps if canvas else None
        bible = {}
        if "bible" in got:
            known = len(self.problems)
            for id, child, where in self.table(got["bible"], "bible"):
                subject = self.subject(child, where)
                if self.id(child, where, id, key=True) and subject:
                    bible[id] = subject
            # `uses` may name an entry that is there but wrong: one mistake is one line
            names = got["bible"].value if isinstance(got["bible"].value, dict) else {}
            self.bible = {name: bible.get(name, Subject("object")) for name in names}
            self._same_but_for_case(got["bible"], "bible", names, known=known)
        else:
            self.bible = {}
        look = self.look(got["look"]) if "look" in got else Look()
        shots = self.shots(got["shots"]) if "shots" in got else ()
        title = self.text(got["title"], "title", limit=200) if "title" in got else None
        gate = self.gate(got["gate"], "gate") if "gate" in got else None
        if self.problems or canvas is None:
            return None
        return Storyboard(shots, title, canvas, bible, look, gate, self.folder)

    def _same_but_for_case(
        self, node: Node, where: str, names: dict[str, Node], *, known: int
    ) -> None:
        if len(self.problems) > known:
            return
        seen: dict[str, str] = {}
        for name, child in names.items():
            if (other := seen.setdefault(name.lower(), name)) != name:
                self.fault(
                    child, _join(where, name), f"differs from {other!r} only in case", key=True
                )

    def canvas(self, node: Node) -> Canvas | None:
        got = self.fields(node, "canvas", "canvas")
        canvas = Canvas()
        size: tuple[int, int] | None = (canvas.width, canvas.height)
        fps: Fraction | None = canvas.fps
        if "size" in got:
            size = self.size(got["size"])
        if "fps" in got:
            fps = self.rate(got["fps"])
        color: str | None = canvas.color
        if "color" in got:
            color = self.choice(got["color"], "canvas.color", get_args(ColorSpace))
        if size is None or fps is None or color is None:
            return None
        return Canvas(*size, fps, cast(ColorSpace, color))

    def size(self, node: Node) -> tuple[int, int] | None:
        match = _SIZE.fullmatch(node.value.strip()) if isinstance(node.value, str) else None
        if not match:
            self.fault(node, "canvas.size", f"is written like 1280x720, got {describe(node)}")
            return None
        width, height = int(match[1]), int(match[2])
        if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
            self.fault(
                node, "canvas.size", f"each side is 1 to {MAX_SIDE} pixels, got {width}x{height}"
            )
            return None
        return width, height

    def rate(self, node: Node) -> Fraction | None:
        value = node.value
        text = str(value).strip() if not isinstance(value, (bool, list, dict)) else ""
        fps = Fraction(0)
        if text in _NTSC:
            fps = Fraction(_NTSC[text] * 1000, 1001)
        elif match := _RATIO.fullmatch(text):
            fps = Fraction(int(match[1]), max(int(match[2]), 1)) if int(match[2]) else fps
        elif re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            fps = Fraction(text)
        else:
            came = describe(node)
            self.fault(node, "canvas.fps", f"is written like 24, 29.97 or 30000/1001, got {came}")
            return None
        if not Fraction(1, MAX_FPS) <= fps <= MAX_FPS:
            self.fault(node, "canvas.fps", f"is above 0 and at most {MAX_FPS}, got {text}")
            return None
        return fps

    def subject(self, node: Node, where: str) -> Subject | None:
        got = self.fields(node, where, "subject")
        kind = prompt = None
        refs: list[str] = []
        if "kind" in got:
            kind = self.choice(got["kind"], f"{where}.kind", get_args(SubjectKind))
        if "prompt" in got:
            prompt = self.text(got["prompt"], f"{where}.prompt")
        if "refs" in got:
            single = isinstance(got["refs"].value, str)
            listed = [(got["refs"], f"{where}.refs")]
            for item, path in listed if single else self.items(got["refs"], f"{where}.refs"):
                if file := self.file(item, path):
                    if file in refs:
                        self.fault(item, path, f"{shorten(file)} is there twice: delete one")
                    else:
                        refs.append(file)
        lock = self.texts(got["lock"], f"{where}.lock") if "lock" in got else ()
        if isinstance(node.value, dict) and not ("prompt" in got or "refs" in got):
            self.fault(node, where, "says nothing: give it a prompt or refs", key=True)
        return Subject(cast(SubjectKind, kind), prompt, tuple(refs), lock) if kind else None

    def look(self, node: Node) -> Look:
        got = self.fields(node, "look", "look")
        prompt = self.text(got["prompt"], "look.prompt") if "prompt" in got else None
        seed = self.whole(got["seed"], "look.seed", 0, MAX_SEED) if "seed" in got else None
        return Look(prompt, seed)

    def shots(self, node: Node) -> tuple[Shot, ...]:
        entries = self.items(node, "shots")
        if not entries and isinstance(node.value, list):
            self.fault(node, "shots", "is empty: a storyboard has at least one shot")
        all_ids = [_id_of(item) for item, _ in entries]
        lengths: dict[str, int | None] = {}
        lines: dict[str, tuple[str, int]] = {}
        shots = []
        for index, (item, where) in enumerate(entries):
            if not isinstance(item.value, dict):
                self.fault(item, where, f"is keys with values, got {describe(item)}")
                continue
            id = _id_of(item)
            if id is not None:
                where = f"shots.{id}"
                twin = lines.get(id.lower())
                if twin:
                    how = "is" if twin[0] == id else f"differs only in case from {twin[0]!r},"
                    self.fault(
                        item.value["id"],
                        f"{where}.id",
                        f"{how} already the shot of line {twin[1]}: give it another id",
                    )
                lines.setdefault(id.lower(), (id, item.value["id"].line))
            shot, num_frames = self.shot(item, where, lengths, all_ids[index:], all_ids[:index])
            if id is not None:
                lengths.setdefault(id, num_frames)
            if shot:
                shots.append(shot)
        return tuple(shots)

    def shot(
        self,
        node: Node,
        where: str,
        lengths: dict[str, int | None],
        later: list[str | None],
        earlier: list[str | None],
    ) -> tuple[Shot | None, int | None]:
        got = self.fields(node, where, "shot")
        id = self.id(got["id"], f"{where}.id", got["id"].value) if "id" in got else None
        prompt = self.text(got["prompt"], f"{where}.prompt") if "prompt" in got else None
        clip = self.file(got["clip"], f"{where}.clip", is_clip=True) if "clip" in got else None
        if "prompt" in got and "clip" in got:
            both = "has both a prompt and a clip: footage keeps 'clip', a generated shot 'prompt'"
            self.fault(got["clip"], where, both, key=True)
        elif "prompt" not in got and "clip" not in got:
            self.fault(node, where, "has neither a prompt to generate it nor a clip: write one")
        elif "clip" in got:
            for name in FOOTAGE_LACKS:
                if name in got:
                    self.fault(
                        got[name],
                        f"{where}.{name}",
                        "is for generated shots, and this one is footage: delete it",
                        key=True,
                    )
        duration = (
            self.duration(got["duration"], f"{where}.duration") if "duration" in got else None
        )
        if "duration" not in got and "clip" not in got:
            self.fault(node, f"{where}.duration", f"is missing: {_MISSING['duration']}")
        num_frames = None
        if duration is not None and self.fps is not None:
            num_frames = duration.frame(num_frames=None, fps=self.fps)
        seed = self.whole(got["seed"], f"{where}.seed", 0, MAX_SEED) if "seed" in got else None
        uses = self.uses(got["uses"], f"{where}.uses") if "uses" in got else ()
        camera = self.text(got["camera"], f"{where}.camera") if "camera" in got else None
        beats = self.beats(got["beats"], f"{where}.beats", num_frames) if "beats" in got else ()
        pins = self.pins(got["frames"], f"{where}.frames", num_frames) if "frames" in got else ()
        actions = (
            self.actions(got["actions"], f"{where}.actions", num_frames) if "actions" in got else ()
        )
        schedule = (
            self.schedule(got["schedule"], f"{where}.schedule", num_frames)
            if "schedule" in got
            else {}
        )
        seam = None
        if "seam" in got:
            seam = self.seam(got["seam"], f"{where}.seam", lengths, earlier, later, num_frames)
            if seam and "clip" in got and seam.mode != "cut":
                self.fault(
                    got["seam"],
                    f"{where}.seam.mode",
                    f"footage can only begin with a cut, got {seam.mode!r}: delete the seam",
                )
        gate = self.gate(got["gate"], f"{where}.gate") if "gate" in got else None
        if id is None:
            return None, num_frames
        shot = Shot(
            id,
            duration,
            prompt,
            clip,
            seed,
            uses,
            camera,
            beats,
            pins,
            actions,
            schedule,
            seam,
            gate,
        )
        return shot, num_frames

    def duration(self, node: Node, where: str) -> Time | None:
        time = self.time(node, where)
        if time is None:
            return None
        if time.unit == "%":
            self.fault(node, where, f"is seconds or frames, got {describe(node)}: write 6s or 144f")
            return None
        seconds = time.value if time.unit == "s" else time.value / (self.fps or Fraction(24))
        if not 0 < seconds <= MAX_HOURS * 3600:
            came = describe(node)
            self.fault(node, where, f"is above 0 and at most {MAX_HOURS} hours, got {came}")
            return None
        return time

    def inside(self, node: Node, where: str, at: Time | Range, num_frames: int | None) -> bool:
        """True if `at` lies in the shot; its length may be unknown."""
        fps = self.fps
        if fps is None:
            return True
        length = f"the shot has {num_frames} frames ({decimal(Fraction(num_frames or 0) / fps)} s)"
        try:
            if isinstance(at, Time):
                if num_frames is None:
                    return True
                frame = frame_in_shot(at, num_frames=num_frames, fps=fps)
                if frame < num_frames:
                    return True
                self.fault(
                    node, where, f"{at} is frame {frame}, {length}: write an earlier time, or end"
                )
                return False
            if num_frames is None and "%" in (at.start.unit, at.end.unit):
                return True
            end = None if num_frames is None else at.end.frame(num_frames=num_frames, fps=fps)
            if num_frames is not None and end is not None and end > num_frames:
                self.fault(node, where, f"{at} ends at frame {end}, {length}: end it earlier")
                return False
            at.frames(num_frames=num_frames, fps=fps)
        except TimeError as error:
            self.fault(node, where, str(error))
            return False
        return True

    def uses(self, node: Node, where: str) -> tuple[str, ...]:
        names = self.texts(node, where)
        if self.bible is None:
            return names
        alone = not isinstance(node.value, list)
        nodes = [node] if alone else cast("list[Node]", node.value)
        for item in nodes:
            name = item.value.strip() if isinstance(item.value, str) else ""
            if name in names and name not in self.bible:
                advice = suggest(name, self.bible, what="it has")
                self.fault(item, where, f"the bible has no {shorten(name)}: {advice}")
        return names

    def beats(self, node: Node, where: str, num_frames: int | None) -> tuple[Beat, ...]:
        beats = []
        for item, path in self.items(node, where):
            got = self.fields(item, path, "beat")
            at = self.moment(got["at"], f"{path}.at") if "at" in got else None
            say = self.text(got["say"], f"{path}.say") if "say" in got else None
            if at and self.inside(got["at"], f"{path}.at", at, num_frames) and say:
                beats.append(Beat(at, say))
        return tuple(beats)

    def pins(self, node: Node, where: str, num_frames: int | None) -> tuple[Pin, ...]:
        pins = []
        taken: dict[int, int] = {}
        for item, path in self.items(node, where):
            got = self.fields(item, path, "pin")
            at = self.time(got["at"], f"{path}.at") if "at" in got else None
            image = self.file(got["image"], f"{path}.image") if "image" in got else None
            hold: str | None = "hard"
            if "hold" in got:
                hold = self.choice(got["hold"], f"{path}.hold", get_args(Hold))
            if at is None or not self.inside(got["at"], f"{path}.at", at, num_frames):
                continue
            if self.fps is not None and num_frames is not None:
                frame = frame_in_shot(at, num_frames=num_frames, fps=self.fps)
                if frame in taken:
                    message = f"{at} is frame {frame}, which line {taken[frame]} pins already"
                    self.fault(got["at"], f"{path}.at", f"{message}: keep one")
                taken.setdefault(frame, got["at"].line)
            if image and hold:
                pins.append(Pin(at, image, cast(Hold, hold)))
        return tuple(pins)

    def actions(self, node: Node, where: str, num_frames: int | None) -> tuple[Action, ...]:
        if isinstance(node.value, str):  # one action throughout the shot
            do = self.text(node, where)
            return (Action(Range.parse("0f..end"), do),) if do else ()
        actions = []
        for item, path in self.items(node, where):
            got = self.fields(item, path, "action")
            at = self.moment(got["at"], f"{path}.at") if "at" in got else None
            do = self.text(got["do"], f"{path}.do") if "do" in got else None
            if at and self.inside(got["at"], f"{path}.at", at, num_frames) and do:
                actions.append(Action(at, do))
        return tuple(actions)

    def schedule(
        self, node: Node, where: str, num_frames: int | None
    ) -> dict[str, tuple[Keyframe, ...]]:
        found = {}
        for name, child, path in self.table(node, where):
            if name not in SCHEDULES:
                advice = suggest(name.removesuffix("_schedule"), SCHEDULES, what="there are")
                self.fault(child, path, f"nothing of that name can move: {advice}", key=True)
            elif keyframes := self.keyframes(child, path, name, num_frames):
                found[name] = keyframes
        return found

    def keyframes(
        self, node: Node, where: str, name: str, num_frames: int | None
    ) -> tuple[Keyframe, ...]:
        """`0:(6.0), 96:(4.5)`; a number alone holds throughout."""
        form = "is written like 0:(6.0), 96:(4.5) or 0s:(6.0), 4s:(4.5)"
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            pairs = [("0", str(node.value))]
        elif not isinstance(node.value, str) or not node.value.strip():
            self.fault(node, where, f"{form}, got {describe(node)}")
            return ()
        elif _NUMBER.fullmatch(node.value.strip()):
            pairs = [("0", node.value.strip())]
        else:
            pairs = []
            for part in _split(node.value):
                at_text, colon, value = part.partition(":")
                if not colon:
                    self.fault(node, where, f"{form}, got {shorten(part.strip())}")
                    return ()
                pairs.append((at_text.strip(), value.strip()))
        keyframes: list[Keyframe] = []
        _, low, high = SCHEDULES[name]
        for at_text, value_text in pairs:
            at = self.time(
                Node(f"{at_text}f" if at_text.isdigit() else at_text, node.line, node.column), where
            )
            inner = value_text
            if value_text.startswith("(") and value_text.endswith(")"):
                inner = value_text[1:-1].strip()
            if not _NUMBER.fullmatch(inner):
                self.fault(
                    node,
                    where,
                    f"a value is a number, got {shorten(inner)}: write keyframes instead",
                )
                return ()
            number = float(inner)
            if not (math.isfinite(number) and low <= number <= high):
                self.fault(node, where, f"is from {low:g} to {high:g}, got {shorten(inner)[1:-1]}")
                return ()
            if at is None or not self.inside(node, where, at, num_frames):
                return ()
            keyframes.append(Keyframe(at, number))
        for before, after in pairwise(keyframes):
            if not self.ordered(before.at, after.at, num_frames):
                message = f"keyframes go forward in time, got {after.at} after {before.at}"
                self.fault(node, where, f"{message}: sort them")
                return ()
        return tuple(keyframes)

    def ordered(self, first: Time, second: Time, num_frames: int | None) -> bool:
        if self.fps is None or (num_frames is None and "%" in (first.unit, second.unit)):
            return True
        a, b = (frame_in_shot(at, num_frames=num_frames, fps=self.fps) for at in (first, second))
        return a < b

    def seam(
        self,
        node: Node,
        where: str,
        lengths: dict[str, int | None],
        earlier: list[str | None],
        later: list[str | None],
        num_frames: int | None,
    ) -> Seam | None:
        got = self.fields(node, where, "seam")
        mode = (
            self.choice(got["mode"], f"{where}.mode", get_args(SeamMode)) if "mode" in got else None
        )
        before = [id for id in earlier if id is not None]
        source = before[-1] if before else None
        if not earlier:
            self.fault(
                node, where, "the first shot has no earlier one to begin from: delete it", key=True
            )
            return None
        if "from" in got:
            source = self.earlier(got["from"], f"{where}.from", before, later)
        count = None
        if "frames" in got:
            count = self.whole(got["frames"], f"{where}.frames", 1, 10_000)
            if mode in ("cut", "last_frame"):
                message = f"a {mode} seam shares no frames: delete it, or use overlap"
                self.fault(got["frames"], f"{where}.frames", message, key=True)
        elif mode == "overlap":
            self.fault(node, f"{where}.frames", "is missing: say how many frames overlap, like 22")
        if count is not None and source is not None:
            theirs = lengths.get(source)
            if num_frames is not None and count >= num_frames:
                message = f"the shot has {num_frames} frames, got {count}: overlap fewer"
                self.fault(got["frames"], f"{where}.frames", message)
            elif theirs is not None and count > theirs:
                message = f"shot {source!r} has {theirs} frames, got {count}: overlap fewer"
                self.fault(got["frames"], f"{where}.frames", message)
        if mode is None or source is None:
            return None
        return Seam(source, cast(SeamMode, mode), count)

    def earlier(
        self, node: Node, where: str, before: list[str], later: list[str | None]
    ) -> str | None:
        name = node.value
        if name in before:
            return name
        listed = f"earlier shots are {', '.join(before[-12:])}" if before else "there is none"
        if name is not None and name == later[0]:
            self.fault(node, where, f"a shot cannot begin from itself: {listed}")
        elif isinstance(name, str) and name in later:
            self.fault(node, where, f"shot {name!r} comes later: {listed}")
        elif isinstance(name, str):
            advice = suggest(name, before, what="earlier shots are")
            self.fault(node, where, f"no shot is called {shorten(name)}: {advice}")
        else:
            self.fault(node, where, f"is the id of an earlier shot, got {describe(node)}")
        return None

    def gate(self, node: Node, where: str) -> Gate | None:
        clauses: dict[str, Clause] = {}
        entries = self.table(node, where)
        if isinstance(node.value, dict) and not entries:
            self.fault(node, where, "has no clauses: write one like 'any: \"<= 3 jnd\"'")
        for name, child, path in entries:
            if isinstance(child.value, (dict, list)) or child.value is None:
                came = describe(child)
                self.fault(child, path, f"a clause is written like '<= 2 jnd', got {came}")
                continue
            try:
                clause = Clause.parse(name, _clip_text(child.value))
            except GateError as error:
                message = str(error).removeprefix(f"gate {name}: ")
                self.fault(child, path, message, key="knows no key" in message)
                continue
            if clause.key in clauses:
                self.fault(
                    child, path, f"{clause.key} is there in both spellings: keep one", key=True
                )
            clauses[clause.key] = clause
        return Gate(tuple(clauses.values())) if clauses else None


_MISSING = {
    "schema": f"write 'schema: {SCHEMA}' at the top",
    "shots": "list at least one shot",
    "kind": f"it is one of {', '.join(get_args(SubjectKind))}",
    "id": "give the shot a short name like s01",
    "duration": "write it like 6s or 144f",
    "at": "say when, like 1.5s, 36f or 3s..8s",
    "say": "say what happens",
    "image": "name a picture below the project folder",
    "do": "name the action",
    "mode": f"it is one of {', '.join(get_args(SeamMode))}",
}


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _quoted(node: Node) -> str:
    text = node.value
    looks = isinstance(text, str) and not node.plain and _WHOLE.fullmatch(text)
    return ": leave the quotes out" if looks else ""


def _clip_text(value: object) -> str:
    text = str(value)
    return text if len(text) < 100 else shorten(text)[1:-1]


def _id_of(node: Node) -> str | None:
    """The id of a shot if it is one."""
    id = node.value.get("id") if isinstance(node.value, dict) else None
    value = id.value if id else None
    return value if isinstance(value, str) and re.fullmatch(ID_PATTERN, value) else None


def _split(text: str) -> list[str]:
    """Parts between the commas that stand outside parentheses."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth <= 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def _missing(folder: Path, path: PurePosixPath, *, is_clip: bool) -> str | None:
    """Why `path` below `folder` cannot be used, or None."""
    try:
        root = folder.resolve()
        full = (root / path).resolve()
        if not full.is_relative_to(root):
            return "leaves the project folder through a link: copy the file into the project folder"
        if is_clip and re.search(r"%0?[0-9]*d", path.name):  # numbered pictures
            full = full.parent
        if not full.exists():
            names = sorted(p.name for p in full.parent.iterdir()) if full.parent.is_dir() else []
            close = difflib.get_close_matches(path.name, names, n=1)
            advice = (
                f"did you mean {str(path.with_name(close[0]))!r}?" if close else "check the name"
            )
            return f"is not there: {advice}"
        if full.is_dir() and not is_clip:
            return "is a folder: name a file in it"
    except (OSError, RuntimeError, ValueError):
        return "cannot be a file name here: rename it"
    return None
