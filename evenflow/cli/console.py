"""What all verbs share: the options they have in common, printing, progress, stopping."""

import errno
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenflow.core.errors import BadInput, Cancelled, EvenflowError
from evenflow.core.events import CancelToken, Event

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

Json = Annotated[
    bool, typer.Option("--json", help="Data on stdout; what people read goes to stderr.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Replace files that are already there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Use no network. (This verb never does.)", hidden=True)
]


def stdout() -> "Console":
    """Where results go."""
    return _console(stderr=False)


def stderr() -> "Console":
    """Where progress, warnings and errors go."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    class Quitting(Console):
        """A closed pipe is not an error, it means that the reader has had enough."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Quitting(stderr=stderr, highlight=False, emoji=False)


def one_line(text: str) -> str:
    r"""Text in one line, without characters that would steer a terminal.

    >>> one_line("a\n  b\x1b[2J")
    'a b\\x1b[2J'
    """
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def print_error(message: str) -> None:
    """The one line of an error, on stderr."""
    _print_line("error", "bold red", message)


def print_warning(message: str) -> None:
    """A warning in one line, on stderr."""
    _print_line("warning", "yellow", message)


def _print_line(label: str, style: str, message: str) -> None:
    from rich.text import Text

    try:
        line = Text.assemble((f"{label}:", style), " ", one_line(message))
        stderr().print(line, soft_wrap=True)
    except (BrokenPipeError, ValueError):  # nobody listens
        pass


def print_json(data: Any) -> None:
    """Data on stdout, as it is: no color, no wrapping."""
    text = data if isinstance(data, str) else json.dumps(data, indent=1, ensure_ascii=False)
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


LINE_S = 60.0
"""Seconds between two lines of progress where there is no terminal."""


class Bar:
    """Progress on stderr: phase, share, frames a second, time left.

    Where there is no terminal (a log file), a line a minute; work of less than a minute is silent.
    A context manager, and what a long call takes as `progress=`.
    """

    def __init__(self, *, quiet: bool = False, title: str = "") -> None:
        self._title = title
        self._console = stderr()
        self._quiet, self._shown = quiet, self._console.is_terminal
        self._progress: Progress | None = None
        self._phase: str | None = None
        self._task: TaskID | None = None
        self._start, self._first, self._said = 0.0, 0, time.monotonic()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Shows one step."""
        if self._quiet:
            return
        now = time.monotonic()
        fresh = event.phase != self._phase
        if fresh:
            self._phase, self._start, self._first = event.phase, now, event.step
        label = one_line(f"{self._title} {event.phase}").strip()
        spent = now - self._start
        pace = f"{(event.step - self._first) / spent:.3g}/s" if spent > 0.5 else ""
        left = "" if event.eta_s is None or spent < 0.5 else f"{_minutes(event.eta_s)} left"
        if not self._shown:
            if now - self._said >= LINE_S:
                self._said = now
                known = "" if event.total is None else f" of {event.total}"
                parts = [f"{label} {event.step}{known}", pace, left]
                self._console.print(", ".join(filter(None, parts)), markup=False, soft_wrap=True)
            return
        if self._progress is None:
            self._progress = self._make()
            self._progress.start()
        if fresh or self._task is None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(label, total=event.total, pace="", left="")
        self._progress.update(
            self._task, completed=event.step, total=event.total, pace=pace, left=left
        )

    def _make(self) -> "Progress":
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
        )


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"


@contextmanager
def stoppable() -> Iterator[CancelToken]:
    """A cancel token that Ctrl-C and a polite kill set; a second Ctrl-C does not wait.

    Whatever error comes out of work that was told to stop counts as stopped.
    """
    token = CancelToken()

    def stop(number: int, frame: FrameType | None) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, stop)
    try:
        yield token
        token.check()  # the signal came after the work had looked for the last time
    except EvenflowError as error:
        if token.cancelled:
            raise Cancelled("stopped before the end") from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def kind_name(text: str) -> str:
    """A defect kind as it is written in the table, whichever English it came in.

    >>> kind_name("Colour-Flicker")
    'color_flicker'
    """
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    return name.replace("colour", "color").replace("grey", "gray")


def finish(run: Callable[[], object], *, debug: bool = False) -> int:
    """Calls `run` and turns what happens into an exit code and at most one line on stderr."""
    try:
        result = run()
        sys.stdout.flush()
        if result == Cancelled.exit_code:  # how typer hands on a Ctrl-C
            raise KeyboardInterrupt
        return result if isinstance(result, int) else 0
    except BaseException as error:
        if debug and not isinstance(error, BrokenPipeError | SystemExit):
            traceback.print_exc()
        return _code_of(error)


def _code_of(error: BaseException) -> int:
    if isinstance(error, BrokenPipeError) or (
        isinstance(error, OSError) and error.errno == errno.EPIPE
    ):
        _leave_stdout()
        return 0
    if isinstance(error, SystemExit):  # only rich's help does this, when its pipe is closed
        _leave_stdout()
        return 0 if error.code in (None, 0, 1) else 1
    if isinstance(error, KeyboardInterrupt | typer.Abort | Cancelled):
        print_error("stopped before the end; nothing half-written is left")
        return Cancelled.exit_code
    if isinstance(error, EvenflowError):
        print_error(str(error))
        return error.exit_code
    if isinstance(error, typer.TyperException):
        print_error(_usage(error))
        return BadInput.exit_code
    if isinstance(error, MemoryError):
        print_error("not enough memory: close other programs, or use fewer --workers")
        return 4
    if isinstance(error, OSError):
        name = os.path.basename(str(error.filename)) if error.filename else "a file"
        reason = (error.strerror or str(error)).lower()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _leave_stdout()
            print_error(f"{name} cannot be written, the disk is full: make room and run again")
            return 4
        if error.errno == errno.ENOMEM:
            print_error("not enough memory: close other programs, or use fewer --workers")
            return 4
        if error.filename:
            print_error(f"{name} cannot be used: {reason}")
            return BadInput.exit_code
    text = one_line(f"{type(error).__name__}: {error}")
    print_error(f"this is a bug in Evenflow ({text}): say --debug for the traceback, and report it")
    return 1


def _usage(error: typer.TyperException) -> str:
    """Typer's message as one of ours: what came, what to do."""
    context = getattr(error, "ctx", None)
    verb = context.command_path if context is not None else "evenflow"
    name, near = getattr(error, "option_name", None), getattr(error, "possibilities", None)
    if name is not None and near is not None:
        hint = f"did you mean {' or '.join(sorted(near))}? " if near else ""
        return f"{verb} has no option {one_line(name)}: {hint}`{verb} --help` lists them"
    message = one_line(error.format_message()).rstrip(".")
    details = getattr(error.__cause__, "errors", None)  # pydantic's, which knows what came
    if callable(details) and (found := details()):
        message = f"{message}, got {found[0].get('input')!r}"
    message = message[:1].lower() + message[1:]
    return message if "did you mean" in message.lower() else f"{message}: see `{verb} --help`"


def _leave_stdout() -> None:
    """Lets the interpreter flush into nothing when it exits."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
