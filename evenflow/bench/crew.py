"""Crew: does units of work in processes of its own, and keeps what is done, so it can be resumed.

A worker that dies costs its unit one more try in a new worker. Finished units stand in a file of
JSON lines whose name is a hash of the code that measured them: other code, other file.
"""

import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import evenflow
from evenflow.bench.plan import Unit
from evenflow.bench.work import Outcome, perform
from evenflow.core.errors import Cancelled, EvenflowError
from evenflow.core.events import CancelToken, Meter, Progress

MEASURED_BY = ("core", "geometry", "io", "motion", "features", "world", "continuity")
"""Rooms whose code decides what a report says."""

MADE_BY = ("footage.py", "plan.py", "changes.py", "work.py", "scenes.py", "staged.py")
"""Files of this room that decide what is checked."""

KEPT_FILES = 6
"""Files of finished work that are kept; older ones are removed."""


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def code_mark() -> str:
    """A hash of the code, and of the libraries, that figures depend on."""
    house = Path(evenflow.__file__).parent
    digest = hashlib.sha256()
    files = [path for room in MEASURED_BY for path in sorted((house / room).rglob("*.py"))]
    files += [house / "bench" / name for name in MADE_BY]
    for path in files:
        digest.update(str(path.relative_to(house)).encode() + b"\0" + path.read_bytes() + b"\0")
    for name in ("numpy", "scipy", "numba", "av", "opencv-python-headless"):
        with suppress(importlib.metadata.PackageNotFoundError):
            digest.update(f"{name}={importlib.metadata.version(name)}\0".encode())
    return digest.hexdigest()[:16]


class Store:
    """Finished work in a file of JSON lines, one a unit; a torn last line is passed over.

    Args:
        folder: where the file stands; made if it is not there.
        mark: names the file; see `code_mark`.
    """

    def __init__(self, folder: Path, mark: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"detectors-{mark}.jsonl"
        others = sorted(folder.glob("detectors-*.jsonl"), key=lambda p: p.stat().st_mtime)
        for old in [path for path in others if path != self.path][: -KEPT_FILES + 1 or None]:
            old.unlink(missing_ok=True)
        self._done: dict[str, dict[str, Any]] = {}
        torn = False
        if self.path.exists():
            text = self.path.read_text(encoding="utf-8", errors="replace")
            torn = bool(text) and not text.endswith("\n")
            for line in text.splitlines():
                with suppress(ValueError, KeyError, TypeError):
                    data = json.loads(line)
                    self._done[data["key"]] = data["outcome"]
        self._file = self.path.open("a", encoding="utf-8")
        if torn:
            self._file.write("\n")

    def get(self, unit: Unit) -> Outcome | None:
        """What is known of a unit."""
        data = self._done.get(unit.key())
        return None if data is None else Outcome.from_json(unit, data)

    def put(self, outcome: Outcome) -> None:
        """Keeps an outcome; it is on disk when this returns."""
        key, data = outcome.unit.key(), outcome.to_json()
        self._done[key] = data
        line = {"key": key, "outcome": data}
        self._file.write(json.dumps(line, separators=(",", ":"), default=_plain) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's."""
    return value.item() if hasattr(value, "item") else str(value)


class Crew:
    """Does units of work, several at a time.

    A context manager; its workers end with it.

    Args:
        workers: processes; 1 works in this one.
        store: of finished work, or None to keep nothing.
        progress, cancel: as every long call takes them.
        do: what makes an Outcome of a Unit, `perform` by default; at the top level of a module,
            so that other processes find it.
    """

    def __init__(
        self,
        *,
        workers: int,
        store: Store | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        do: Callable[..., Outcome] | None = None,
    ) -> None:
        self._size, self._store = max(1, workers), store
        self._do = perform if do is None else do
        self._progress, self._cancel = progress, cancel
        self._hands: list[_Hand] = []
        self.failures: list[str] = []
        """One line for each unit that broke."""

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.dismiss()
        self._hands.clear()

    def run(self, phase: str, units: Sequence[Unit]) -> list[Outcome]:
        """Outcomes of units, in their order; one that breaks is left out and told in `failures`.

        Raises:
            Cancelled: the caller wants to stop; what is finished is kept.
        """
        wanted = {unit.key(): unit for unit in units}
        outcomes: dict[str, Outcome] = {}
        missing: list[Unit] = []
        for key, unit in wanted.items():
            known = self._store.get(unit) if self._store is not None else None
            if known is None:
                missing.append(unit)
            else:
                outcomes[key] = known
        # Units of one clip stand together, so that a worker loads it once.
        missing.sort(key=lambda unit: (unit.take.name, unit.take.seed, unit.what, unit.name))
        meter = Meter(phase, len(missing), progress=self._progress, cancel=self._cancel)
        for outcome in self._work(missing):
            if isinstance(outcome, Outcome):
                outcomes[outcome.unit.key()] = outcome
                if self._store is not None:
                    self._store.put(outcome)
            else:
                self.failures.append(outcome)
            meter.advance()
        return [outcomes[key] for key in wanted if key in outcomes]

    def _work(self, units: Sequence[Unit]) -> Iterator[Outcome | str]:
        if self._size == 1:
            for unit in units:
                if self._cancel is not None:
                    self._cancel.check()
                try:
                    yield self._do(unit, cancel=self._cancel)
                except Cancelled:
                    raise
                except Exception as error:  # a bug in one unit must not cost the others
                    yield _failure(unit, error)
            return
        yield from self._share(units)

    def _share(self, units: Sequence[Unit]) -> Iterator[Outcome | str]:
        waiting = deque((unit, 0) for unit in units)
        while len(self._hands) < min(self._size, len(units)):
            self._hands.append(_Hand(self._do))
        while waiting or any(hand.busy for hand in self._hands):
            if self._cancel is not None:
                self._cancel.check()
            for hand in self._hands:
                if waiting and hand.free:
                    hand.give(*waiting.popleft())
            for link in wait([hand.link for hand in self._hands], timeout=0.2):
                hand = next(hand for hand in self._hands if hand.link is link)
                try:
                    answer = hand.take()
                except (EOFError, OSError):
                    if not hand.ready:
                        raise EvenflowError(
                            "the worker processes of the bench did not start: call it below "
                            "if __name__ == '__main__', or with workers=1"
                        ) from None
                    job = hand.job
                    self._hands[self._hands.index(hand)] = _Hand(self._do)
                    hand.dismiss()
                    if job is not None and job[1] == 0:
                        waiting.appendleft((job[0], 1))
                    elif job is not None:
                        yield f"{_named(job[0])}: its process died twice"
                    continue
                if answer is not None:
                    yield answer


class _Hand:
    """One worker process: its end of the pipe, and what it is at."""

    def __init__(self, do: Callable[..., Outcome]) -> None:
        context = multiprocessing.get_context("spawn")
        self.link, far = context.Pipe()
        self.job: tuple[Unit, int] | None = None
        self.ready = False
        self._process = context.Process(target=_serve, args=(far, do), daemon=True)
        self._process.start()
        far.close()

    @property
    def busy(self) -> bool:
        return self.job is not None

    @property
    def free(self) -> bool:
        return self.ready and self.job is None

    def give(self, unit: Unit, tries: int) -> None:
        self.job = (unit, tries)
        with suppress(OSError):  # a dead worker shows when its end is read
            self.link.send(unit)

    def take(self) -> "Outcome | str | None":
        """The answer, or None for the sign that the worker stands ready."""
        answer: Outcome | str | None = self.link.recv()
        if answer is None:
            self.ready = True
        else:
            self.job = None
        return answer

    def dismiss(self) -> None:
        with suppress(OSError):
            self.link.close()
        self._process.terminate()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(link: Connection, do: Callable[..., Outcome]) -> None:
    """What a worker process does until its pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    import cv2

    cv2.setNumThreads(1)
    try:
        link.send(None)
        while True:
            unit: Unit = link.recv()
            try:
                link.send(do(unit))
            except Exception as error:
                link.send(_failure(unit, error))
    except (EOFError, OSError):
        pass


def _failure(unit: Unit, error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{_named(unit)}: {type(error).__name__}: {text}"


def _named(unit: Unit) -> str:
    words = [unit.take.name, unit.name, f"at strength {unit.strength}" if unit.strength else ""]
    return " ".join(filter(None, [*words, unit.change]))
