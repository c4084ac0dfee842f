"""Storyboard: what a film should be, shot by shot, as a person writes it down; read and validated.

The format is `evenflow/storyboard/1`, in YAML, TOML or JSON; its JSON Schema ships beside this file
and is the closed list of fields. Nothing here renders: `plan` and `shoot` do.
"""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from evenflow.core.document import (
    FORMATS,
    MAX_CHARACTERS,
    DocumentError,
    Format,
    read_document,
    suggest,
)
from evenflow.core.errors import Problem, StoryboardError
from evenflow.core.gate import Gate
from evenflow.core.times import Range, Time

SCHEMA = "evenflow/storyboard/1"
SubjectKind = Literal["person", "object", "place"]
SeamMode = Literal["cut", "last_frame", "overlap", "latent"]
Hold = Literal["hard", "soft"]
ColorSpace = Literal["bt601", "bt709", "bt2020"]

MAX_SIDE = 16_384
"""Largest width or height of a canvas in pixels."""
MAX_FPS = 1_000
MAX_SEED = 2**63 - 1
MAX_TEXT = 10_000
"""Longest prompt or other text in characters."""
MAX_HOURS = 24
"""Longest shot."""
ID_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}"
"""Ids become file names on every system, so they are plain ASCII."""

FOOTAGE_LACKS = ("seed", "camera", "frames", "actions", "schedule")
"""Fields of a generated shot that footage does not take."""

SCHEDULES: dict[str, tuple[str, float, float]] = {
    "guidance": ("strength of classifier-free guidance, 1 is none", 0.0, 100.0),
    "strength": ("share of the frame before that is kept, as in Deforum", 0.0, 1.0),
    "noise": ("noise added to the frame before, share of full noise, as in Deforum", 0.0, 1.0),
    "motion": ("amount of motion, 1 is the model's own", 0.0, 10.0),
    "zoom": ("scale a frame, 1 stands still, as in Deforum", 0.01, 100.0),
    "angle": ("roll in degrees a frame, as in Deforum", -360.0, 360.0),
    "translation_x": ("camera step to the right a frame, as in Deforum", -1e4, 1e4),
    "translation_y": ("camera step up a frame, as in Deforum", -1e4, 1e4),
    "translation_z": ("camera step forward a frame, as in Deforum", -1e4, 1e4),
    "rotation_3d_x": ("tilt in degrees a frame, as in Deforum", -360.0, 360.0),
    "rotation_3d_y": ("pan in degrees a frame, as in Deforum", -360.0, 360.0),
    "rotation_3d_z": ("roll in degrees a frame, as in Deforum", -360.0, 360.0),
    "fov": ("field of view in degrees", 1.0, 179.0),
}
"""What a schedule may move over time: meaning, least and greatest value."""


@dataclass(frozen=True)
class Canvas:
    """The picture that every shot fills.

    Args:
        width, height: pixels.
        fps: frames per second, exact: 29.97 is read as 30000/1001.
        color: the delivered color space.
    """

    width: int = 1280
    height: int = 720
    fps: Fraction = Fraction(24)
    color: ColorSpace = "bt709"


@dataclass(frozen=True)
class Subject:
    """Somebody or something that must stay the same wherever it appears.

    Args:
        kind: person, object or place.
        prompt: what it looks like, in words.
        refs: pictures of it, below the project folder.
        lock: what in particular may not change ("face", "clothes").
    """

    kind: SubjectKind
    prompt: str | None = None
    refs: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """What all shots share.

    Args:
        prompt: added to the prompt of every shot.
        seed: start of the randomness; each shot derives its own from it, unless it has a seed.
    """

    prompt: str | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Beat:
    """Something that happens at a time, or throughout a range, of its shot."""

    at: Time | Range
    say: str


@dataclass(frozen=True)
class Pin:
    """A frame that is given.

    Args:
        at: when; `end` is the last frame of the shot.
        image: picture below the project folder.
        hold: `hard` is reproduced, `soft` is aimed at.
    """

    at: Time
    image: str
    hold: Hold = "hard"


@dataclass(frozen=True)
class Action:
    """A control that is held at a time or throughout a range, for models that are steered."""

    at: Time | Range
    do: str


@dataclass(frozen=True)
class Keyframe:
    """A value at a time; between two keyframes it moves in a straight line, outside it stays."""

    at: Time
    value: float


@dataclass(frozen=True)
class Seam:
    """How a shot begins out of an earlier one.

    Args:
        source: id of the earlier shot (`from` in the file; the shot before unless it says so).
        mode: `cut` shares nothing; `last_frame` starts on the source's last frame; `overlap` makes
            `frames` frames of the source again; `latent` carries latents over, `frames` of video if
            it says how many.
        frames: count, for `overlap` and `latent`.
    """

    source: str
    mode: SeamMode
    frames: int | None = None


@dataclass(frozen=True)
class Shot:
    """One shot: generated from a prompt, or footage.

    Args:
        id: unique in the storyboard.
        duration: seconds or frames; None only for footage, which then runs to its end.
        prompt: what to generate; None for footage.
        clip: footage below the project folder; None for a generated shot.
        seed: overrides the look's.
        uses: ids of the bible that appear.
        camera: what the camera does, in words.
        beats, frames, actions: in the order of the file.
        schedule: name (a key of `SCHEDULES`) to keyframes in the order of time.
        seam: how it begins, or None for a plain cut.
        gate: clauses for this shot; they win over the storyboard's clause of the same key.
    """

    id: str
    duration: Time | None = None
    prompt: str | None = None
    clip: str | None = None
    seed: int | None = None
    uses: tuple[str, ...] = ()
    camera: str | None = None
    beats: tuple[Beat, ...] = ()
    frames: tuple[Pin, ...] = ()
    actions: tuple[Action, ...] = ()
    schedule: dict[str, tuple[Keyframe, ...]] = field(default_factory=dict)
    seam: Seam | None = None
    gate: Gate | None = None


@dataclass(frozen=True)
class Storyboard:
    """What a film should be. `load` and `parse` validate; the constructor trusts its caller.

    Args:
        shots: at least one.
        title: for people.
        canvas: the picture that every shot fills.
        bible: id to what must stay the same.
        look: what all shots share.
        gate: what the whole film must hold.
        folder: project folder that file names are relative to, or None if there is none.
    """

    shots: tuple[Shot, ...]
    title: str | None = None
    canvas: Canvas = Canvas()
    bible: dict[str, Subject] = field(default_factory=dict)
    look: Look = Look()
    gate: Gate | None = None
    folder: Path | None = field(default=None, compare=False)

    @staticmethod
    def load(path: str | Path) -> "Storyboard":
        """Reads a `.yaml`, `.yml`, `.toml` or `.json` file; its folder is the project folder.

        Raises:
            StoryboardError: the file cannot be read, or something in it is wrong; `.problems` has
                every problem with line, column and field.
        """
        path = Path(path)
        if path.suffix.lower() not in FORMATS:
            raise _file_error(path, f"a storyboard is {', '.join(FORMATS)}, got {path.suffix!r}")
        try:
            if path.exists() and not path.is_file():
                raise _file_error(path, "is not a file: give the storyboard in it")
            with path.open("rb") as file:
                data = file.read(4 * MAX_CHARACTERS + 1)
            text = data.decode("utf-8")
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise _file_error(path, f"cannot be read: {reason}") from None
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            message = f"is not UTF-8 text (byte {data[error.start]:#04x}): save it as UTF-8"
            raise StoryboardError([Problem(path.name, line, column, "", message)]) from None
        return Storyboard.parse(text, name=path.name, folder=path.parent)

    @staticmethod
    def parse(
        text: str,
        *,
        name: str = "storyboard",
        folder: Path | None = None,
        format: Format | None = None,
    ) -> "Storyboard":
        """Reads a text.

        Args:
            text: the storyboard.
            name: base name of its file, for messages.
            folder: project folder; None leaves unchecked whether files exist.
            format: None takes it from the ending of `name`, else JSON if it is that, else YAML.

        Raises:
            StoryboardError: something is wrong; `.problems` has every problem.
        """
        from evenflow.core.storyboard_reader import read_storyboard

        try:
            root = read_document(text, format=format or _guess(text, name))
        except DocumentError as error:
            raise StoryboardError(
                [Problem(name, error.line, error.column, "", str(error))]
            ) from None
        return read_storyboard(root, name=name, folder=folder)

    def shot(self, id: str) -> Shot:
        """The shot of this id.

        Raises:
            KeyError: there is none.
        """
        return next((shot for shot in self.shots if shot.id == id), None) or _no_shot(self, id)

    def num_frames(self, shot: Shot) -> int | None:
        """Length of a shot at the canvas's rate; None for footage that runs to its end."""
        if shot.duration is None:
            return None
        return shot.duration.frame(num_frames=None, fps=self.canvas.fps)

    def frame(self, shot: Shot, at: Time) -> int:
        """Frame of the shot at a time, from 0; `end` is the last one.

        Raises:
            TimeError: a share of footage whose length the storyboard does not say.
        """
        return frame_in_shot(at, num_frames=self.num_frames(shot), fps=self.canvas.fps)

    def gate_of(self, shot: Shot) -> Gate | None:
        """What this shot must hold: its own clauses and those of the whole that it leaves alone."""
        clauses = {c.key: c for gate in (self.gate, shot.gate) if gate for c in gate.clauses}
        return Gate(tuple(clauses.values())) if clauses else None

    def to_json(self) -> dict[str, Any]:
        """Plain types in canonical form, which follow the JSON Schema."""
        fps = self.canvas.fps
        return {
            "schema": SCHEMA,
            **_given(title=self.title),
            "canvas": {
                "size": f"{self.canvas.width}x{self.canvas.height}",
                "fps": int(fps) if fps.denominator == 1 else str(fps),
                "color": self.canvas.color,
            },
            **_given(
                bible={
                    id: _given(kind=s.kind, prompt=s.prompt, refs=list(s.refs), lock=list(s.lock))
                    for id, s in self.bible.items()
                },
                look=_given(prompt=self.look.prompt, seed=self.look.seed),
            ),
            "shots": [_shot_json(shot) for shot in self.shots],
            **_given(gate=_gate_json(self.gate)),
        }

    def dumps(self) -> str:
        """The canonical form as JSON text."""
        return json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def to_yaml(self) -> str:
        """The canonical form as YAML text; comments of a file that was read are not kept."""
        import yaml

        return yaml.safe_dump(self.to_json(), sort_keys=False, allow_unicode=True, width=96)


@cache
def storyboard_schema() -> dict[str, Any]:
    """The JSON Schema of a storyboard (2020-12)."""
    text = resources.files("evenflow.core").joinpath("storyboard.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _no_shot(board: Storyboard, id: str) -> Shot:
    raise KeyError(f"no shot {id!r}: {suggest(id, [shot.id for shot in board.shots])}")


def _file_error(path: Path, message: str) -> StoryboardError:
    return StoryboardError([Problem(path.name or str(path), 1, 1, "", message)])


def _guess(text: str, name: str) -> Format:
    if known := FORMATS.get(PurePosixPath(name).suffix.lower()):
        return known
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            json.loads(text.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            return "yaml"
        return "json"
    return "yaml"


def frame_in_shot(at: Time, *, num_frames: int | None, fps: Fraction) -> int:
    """Frame at a time of a shot, from 0; `end` is the last one, any other time its own."""
    frame = at.frame(num_frames=num_frames, fps=fps)
    if at.unit == "%" and num_frames is not None:
        return min(frame, num_frames - 1)
    return frame


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], {})}


def _shot_json(shot: Shot) -> dict[str, Any]:
    seam = shot.seam and {
        "from": shot.seam.source,
        "mode": shot.seam.mode,
        **_given(frames=shot.seam.frames),
    }
    return {
        "id": shot.id,
        **_given(
            duration=None if shot.duration is None else str(shot.duration),
            prompt=shot.prompt,
            clip=shot.clip,
            seed=shot.seed,
            seam=seam,
            uses=list(shot.uses),
            camera=shot.camera,
            beats=[{"at": str(beat.at), "say": beat.say} for beat in shot.beats],
            frames=[
                {"at": str(pin.at), "image": pin.image}
                | ({"hold": pin.hold} if pin.hold != "hard" else {})
                for pin in shot.frames
            ],
            actions=[{"at": str(action.at), "do": action.do} for action in shot.actions],
            schedule={
                name: ", ".join(
                    f"{_key(k.at)}:({repr(k.value).removesuffix('.0')})" for k in keyframes
                )
                for name, keyframes in shot.schedule.items()
            },
            gate=_gate_json(shot.gate),
        ),
    }


def _key(at: Time) -> str:
    return str(at).removesuffix("f")


def _gate_json(gate: Gate | None) -> dict[str, str]:
    return {clause.key: clause.value for clause in gate.clauses} if gate else {}
