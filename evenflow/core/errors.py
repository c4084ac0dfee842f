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
    ├── BackendMissing            5   a model, a licence or an extra is missing
    └── Cancelled               130   stopped by the user or the caller

A message is one line: what is true, what came, what to do.
"""


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


class StoryboardError(BadInput):
    """A storyboard that does not follow its schema; the message names file, line and field."""


class RecipeError(BadInput):
    """A recipe with an unknown row or a misspelt key; the message lists the real ones."""


class GateNotMet(EvenflowError):
    """A gate was asked for and at least one of its clauses does not hold."""

    exit_code = 3


class ResourceShortage(EvenflowError):
    """Not enough memory or disk for the work that was asked for."""

    exit_code = 4


class BackendMissing(EvenflowError):
    """An extra, a model or a licence is missing; the message names what to install."""

    exit_code = 5


class Cancelled(EvenflowError):
    """The caller's cancel token was set; nothing half-written is left behind."""

    exit_code = 130
