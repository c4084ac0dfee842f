"""Reads sentences about the camera."""

from evenflow.world import words as world
from evenflow.world.language.read_nouns import NounReader

CAMERA_VERBS = frozenset({"pan", "tilt", "zoom", "dolly", "track", "orbit", "shake", "sink"})

_BACK = {
    a: b
    for one in ("pan left/pan right", "tilt up/tilt down", "dolly in/dolly out", "rise/sink",
                "truck left/truck right", "orbit left/orbit right", "zoom in/zoom out",
                "whip pan left/whip pan right")
    for a, b in (one.split("/"), one.split("/")[::-1])
}  # fmt: skip

MOVES = ", ".join(world.CAMERA_MOVES)


class CameraReader(NounReader):
    """Reads sentences about the camera."""

    def camera(self) -> bool:
        """Takes a sentence about the camera."""
        start = self.at
        if self.means("article") is not None:
            self.at += 1
        if self.text_at() in ("static", "still", "shake") and self.text_at(1) == "camera":
            self.move("shake" if self.text_at() == "shake" else "static")
            self.at += 2
            return True
        if self.text_at(-1) != "camera" and self.text_at() == "camera":
            self.at += 1
        elif start == self.at and (self.verb() in CAMERA_VERBS) and not self.subjects:
            pass  # "pan left"
        else:
            self.at = start
            return False
        first = len(self.shots[-1].moves)
        again = False
        while True:
            if again:
                again = False
            elif not self.camera_verb():
                if len(self.shots[-1].moves) == first:
                    self.fail("is not a move of the camera; moves are " + MOVES)
                break
            at = self.at
            joined = False
            while (
                self.text_at() == ","
                or self.means("and") is not None
                or self.means("then") is not None
            ):
                self.at += 1
                joined = True
            if (
                joined
                and (
                    self.verb()
                    in (*CAMERA_VERBS, "rise", "move", "go", "follow", "stay", "push", "turn")
                    or (self.text_at() == "back" and self.means("direction") is not None)
                    or self.text_at() == "whip"
                )
                and not self.group_ahead(0)
            ):
                continue
            if joined and self.camera_again():
                again = True
                continue
            self.at = at
            break
        self.together = False
        if self.time():
            self.fail(
                "is a time, and a move of the camera takes its whole shot; leave it out",
                self.at - 1,
            )
        return True

    def camera_again(self) -> bool:
        """Takes the direction alone: "pans right, then left"."""
        direction, moves = self.means("direction"), self.shots[-1].moves
        if direction is None or not moves or self.verb_ahead_direction():
            return False
        move = f"{moves[-1].rsplit(' ', 1)[0]} {direction}"
        if move not in world.CAMERA_MOVES:
            return False
        self.at += 1
        self.move(move)
        return True

    def camera_manner(self) -> None:
        """Notes a manner of the camera."""
        manner, old = self.means("manner"), self.shots[-1].manner
        if manner:
            if old and old != manner:
                self.fail(f"is another manner of the camera than {old!r}; keep one of the two")
            self.shot(manner=manner)

    def camera_verb(self) -> bool:
        """One move."""
        while self.means("auxiliary") is not None or self.means("manner") is not None:
            self.camera_manner()
            self.at += 1
        if self.text_at() == "back":
            self.at += 1
            moves = self.shots[-1].moves
            if not moves or moves[-1] not in _BACK:
                self.fail("has no move to go back from", self.at - 1)
            self.move(_BACK[moves[-1]])
            return True
        whip = self.take("whip") or self.take("whips")
        if whip and self.text_at() == "-":
            self.at += 1
        if self.text_at() in ("still", "static", "fixed", "motionless") or (
            self.means("still") is not None
        ):
            self.at += 1
            self.move("static")
            return True
        if self.text_at() == "shake" and self.verb() != "shake":
            self.at += 1
            self.move("shake")
            return True
        verb = self.verb()
        if verb is None:
            return False
        self.at += 1
        direction = ""
        target = 0
        while True:
            if self.means("manner") is not None or self.means("filler") is not None:
                self.camera_manner()
                self.at += 1
            elif (found := self.means("direction")) is not None:
                direction = found
                self.at += 1
            elif (
                self.text_at() in ("in", "out")
                and not self.group_ahead(1)
                and (not self.setting_ahead())
            ):
                direction = self.text_at()
                self.at += 1
            elif self.text_at() == "still" or self.means("word") in ("still", "static"):
                direction = "still"
                self.at += 1
            elif (
                self.text_at() in ("around", "to", "toward", "on", "past", "in", "at")
                and (self.group_ahead(1) or self.text_at(1) == "scene")
                and not self.setting_ahead()
            ):
                word = self.text_at()
                self.at += 1
                at = self.at
                said = self.describe()
                if said is not None:
                    target = self.find(said, at)
                direction = direction or ("in" if word in ("to", "toward", "on", "in") else "")
            elif (
                verb in ("follow", "orbit", "circle", "track")
                and self.group_ahead(0)
                and not target
            ):
                at = self.at
                said = self.describe()
                if said is not None:
                    target = self.find(said, at)
            else:
                break
        move = _move(verb, direction, target=target)
        if move is None:
            self.fail("is not a move of the camera; moves are " + MOVES, self.at - 1)
        if whip:
            move = f"whip {move}"
        self.move(move)
        if target:
            self.shot(follows=target)
        return True

    def move(self, kind: str) -> None:
        """Notes a move of the camera."""
        if kind not in world.CAMERA_MOVES:
            self.fail(f"would be {kind!r}, which is no move of the camera; moves are {MOVES}")
        moves = self.shots[-1].moves
        if kind == "static" and moves == ("static",):
            return
        self.shot(moves=(*moves, kind))


def _move(verb: str, direction: str, *, target: int) -> str | None:
    """The row of CAMERA_MOVES for a verb and a direction."""
    if direction == "still" or verb in ("be",):
        return "static"
    match verb:
        case "stay":
            return "static"
        case "pan" | "turn":
            if direction in ("up", "down"):
                return f"tilt {direction}"
            return f"pan {direction if direction in ('left', 'right') else 'right'}"
        case "tilt":
            return f"tilt {direction if direction in ('up', 'down') else 'up'}"
        case "zoom":
            return "zoom out" if direction in ("out", "back") else "zoom in"
        case "orbit" | "circle":
            return f"orbit {direction if direction in ('left', 'right') else 'left'}"
        case "follow":
            return "follow"
        case "shake":
            return "shake"
        case "rise":
            return "rise"
        case "sink" | "lower":
            return "sink"
        case "dolly" | "push" | "move" | "go" | "track" | "come" | "fly" | "slide":
            if verb == "track" and target:
                return "follow"
            if direction in ("left", "right"):
                return f"truck {direction}"
            if direction in ("up", "down"):
                return "rise" if direction == "up" else "sink"
            return "dolly out" if direction in ("out", "back") else "dolly in"
    return None
