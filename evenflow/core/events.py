"""Progress and cancellation: one stream of events and one token, for any caller."""

import resource
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from evenflow.core.errors import Cancelled


@dataclass(frozen=True)
class Event:
    """One step of long work.

    Args:
        phase: what is being done, one word or two ("analyse", "write").
        step: steps done so far in this phase.
        total: steps in all, or None while that is unknown (a stream).
        eta_s: seconds left in this phase at the pace so far, or None.
        peak_memory: most resident bytes this process has held until now.
    """

    phase: str
    step: int
    total: int | None
    eta_s: float | None
    peak_memory: int


Progress = Callable[[Event], None]
"""What a long call takes as `progress=`: called with each Event, in order, never concurrently."""


class CancelToken:
    """A flag that a caller sets and long work looks at between steps.

    >>> token = CancelToken()
    >>> token.check()
    >>> token.cancel()
    >>> token.cancelled
    True
    """

    def __init__(self) -> None:
        self._flag = threading.Event()

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._flag.is_set()

    def cancel(self) -> None:
        """Asks the work to stop; safe from a signal handler or another thread."""
        self._flag.set()

    def check(self) -> None:
        """Raises Cancelled once `cancel` was called; long work calls this at every step."""
        if self._flag.is_set():
            raise Cancelled("stopped before the end: cancelled by the caller")


class Meter:
    """Turns "one more step" into Events with time left and peak memory, at most `rate_hz` a second.

    The first and the last step of a phase are always reported.
    """

    def __init__(
        self,
        phase: str,
        total: int | None,
        *,
        progress: Progress | None,
        cancel: CancelToken | None = None,
        rate_hz: float = 10.0,
    ) -> None:
        self.phase, self.total = phase, total
        self._progress, self._cancel = progress, cancel
        self._gap_s = 1.0 / rate_hz
        self._start = time.monotonic()
        self._last = -float("inf")
        self.step = 0

    def advance(self, num_steps: int = 1) -> None:
        """Counts steps, reports them, and raises Cancelled if the caller wants to stop."""
        if self._cancel is not None:
            self._cancel.check()
        self.step += num_steps
        if self._progress is None:
            return
        now = time.monotonic()
        if self.step != self.total and now - self._last < self._gap_s:
            return
        self._last = now
        eta_s = None
        if self.total is not None and self.step > 0:
            eta_s = (now - self._start) / self.step * max(self.total - self.step, 0)
        self._progress(Event(self.phase, self.step, self.total, eta_s, peak_memory()))


def peak_memory() -> int:
    """Most resident bytes this process has held until now."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
