"""The error tree: everything a caller may want to catch, each with its exit code.

    EvenflowError                 1   failed
    ├── BadInput (ValueError)     2   usage or bad input
    │   ├── UnreadableVideo           a file that cannot be opened or decoded
    │   ├── OutputExists              nothing is overwritten unasked
    │   ├── TimeError                 a time or range that cannot be understood
    │   ├── GateError                 a gate file that cannot be understood
    │   ├── StoryboardError           a storyboard that cannot be understood (names the line)
    │   └── RecipeError               a recipe that cannot be understood
    ├── GateNotMet                3   the measurement is fine, the clip is not
    ├── ResourceShortage          4   not enough memory or disk
    ├── BackendMissing            5   a model, a license or an extra is missing
    └── Cancelled               130   stopped by the user or the caller

A message is one line: what is true, what came, what to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass


class EvenflowError(Exception):
    """Base of every error that Evenflow raises on purpose."""

    exit_code = 1


class BadInput(EvenflowError, ValueError):
    """An argument or a file that cannot be used; raised before the long work starts."""

    exit_code = 2


class UnreadableVideo(BadInput):
    """A file that is missing, not a video, or that breaks off before its first frame."""


class OutputExists(BadInput):
    """The output is already there, and nobody asked for it to be overwritten."""


class TimeError(BadInput):
    """A time or a range that does not follow the grammar of `core.times`."""


class GateError(BadInput):
    """A gate table with an unknown key or a clause that does not follow the grammar."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file that a person wrote.

    Args:
        file: base name of the file.
        line, column: where it stands, from 1.
        field: path of the field, like `shots.s02.seam.from`, or "" for the file as a whole.
        message: what is true, what came, what to do.

    >>> str(Problem("board.yaml", 3, 7, "canvas.fps", "is missing"))
    'board.yaml:3:7: canvas.fps: is missing'
    """

    file: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}:{self.column}: {field}{self.message}"


class StoryboardError(BadInput):
    """A storyboard that does not follow its schema; one line a problem.

    Args:
        problems: everything that is wrong, in the order of the file; `.problems` keeps them all,
            the message shows the first twenty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.line, p.column)))
        lines = [str(problem) for problem in self.problems[:20]]
        if len(self.problems) > 1:
            lines.insert(0, f"{self.problems[0].file} has {len(self.problems)} problems:")
        if len(self.problems) > 20:
            lines.append(f"... and {len(self.problems) - 20} more")
        super().__init__("\n".join(lines))


class RecipeError(BadInput):
    """A recipe with an unknown row or a misspelt key; the message lists the real ones."""


class GateNotMet(EvenflowError):
    """A gate was asked for and at least one of its clauses does not hold."""

    exit_code = 3


class ResourceShortage(EvenflowError):
    """Not enough memory or disk for the work that was asked for."""

    exit_code = 4


class BackendMissing(EvenflowError):
    """An extra, a model or a license is missing; the message names what to install."""

    exit_code = 5


class Cancelled(EvenflowError):
    """The caller's cancel token was set; nothing half-written is left behind."""

    exit_code = 130
