"""`python -m evenflow`, which is also the command `evenflow`."""

import signal
import sys
from collections.abc import Sequence
from types import FrameType


class Stopped(KeyboardInterrupt):
    """Ctrl-C or a polite kill while the program loads.

    Not KeyboardInterrupt itself: when that passes through `exec` (every dataclass has one), Python
    ends with the signal, not with the exit code.
    """


_asked: list[int] = []
"""Signals that came while it loads: a library may swallow what is raised while it is imported."""


def _stop(number: int, frame: FrameType | None) -> None:
    _asked.append(number)
    raise Stopped


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code.

    It can be stopped from the first moment on; later the work itself listens
    (`evenflow.cli.console.stoppable`).

    Args:
        args: without the program's name; `sys.argv` by default.
    """
    _asked.clear()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler in (signal.default_int_handler, signal.SIG_DFL):  # not where it is ignored
            signal.signal(number, _stop)
    try:
        from evenflow.cli.app import main as run

        if _asked:
            raise Stopped
        return run(args)
    except KeyboardInterrupt:
        sys.stderr.write("error: stopped before the end; nothing half-written is left\n")
        return 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
