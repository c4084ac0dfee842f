"""Workers: one function over many jobs in processes of their own; a process that dies costs little.

Results do not depend on the number of workers; the order is that of the jobs, or that in which
they end, as the caller wants it.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from evenflow.core.events import CancelToken

Work = Callable[[Any, Any], Any]
"""`work(setup, job)`, at the top of a module, so that other processes find it."""


class WorkerDied(Exception):
    """A process died twice over the same job."""


def spread(
    work: Work,
    jobs: Sequence[Any],
    *,
    setup: Any = None,
    workers: int = 1,
    ordered: bool = True,
    cancel: CancelToken | None = None,
) -> Iterator[tuple[int, Any]]:
    """Number and result of every job; a job that raises has its exception as result.

    Args:
        work: called as `work(setup, job)`; `setup` reaches each process once.
        jobs: what is to be done.
        workers: processes; 1 works in this one.
        ordered: in the order of the jobs; else in that in which they end.
    """
    if workers <= 1 or len(jobs) < 2:
        for number, job in enumerate(jobs):
            if cancel is not None:
                cancel.check()
            yield number, _tried(work, setup, job)
        return
    finished: dict[int, Any] = {}
    deaths: dict[int, int] = {}  # of processes that did this job alone
    given = 0
    queue, again = deque(range(len(jobs))), deque[int]()
    while queue or again:
        alone = bool(again)  # one of these killed its process: each gets one of its own
        source, room = (again, 1) if alone else (queue, 2 * workers)
        pool = _pool(work, setup, 1 if alone else min(workers, len(jobs)))
        waiting: dict[Future[Any], int] = {}
        try:
            broken = False
            while (source or waiting) and not broken:
                while source and len(waiting) < room:
                    if ordered and not alone and source[0] >= given + 4 * workers:
                        break  # results that cannot be handed out yet would pile up
                    number = source.popleft()
                    waiting[pool.submit(_do, jobs[number])] = number
                done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                if cancel is not None:
                    cancel.check()
                for future in done:
                    number = waiting.pop(future)
                    if not isinstance(future.exception(), BrokenProcessPool):
                        finished[number] = future.result()
                        continue
                    broken = True
                    deaths[number] = deaths.get(number, 0) + alone
                    if deaths[number] == 2:
                        finished[number] = WorkerDied("the process that worked on it died, twice")
                    else:
                        again.append(number)
                if broken:
                    again.extend(waiting.values())
                    again = deque(sorted(again))
                ready = sorted(finished)
                if ordered:
                    ready = [n for i, n in enumerate(ready) if n == given + i]
                for number in ready:
                    yield number, finished.pop(number)
                    given += 1
        finally:
            for future in waiting:
                future.cancel()
            pool.shutdown(wait=True, cancel_futures=True)


def _pool(work: Work, setup: Any, workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=workers,
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(work, setup),
    )


_hired: tuple[Work, Any] | None = None


def _begin(work: Work, setup: Any) -> None:
    """A worker computes in one thread and leaves Ctrl-C to its parent."""
    global _hired
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    _hired = (work, setup)


def _do(job: Any) -> Any:
    assert _hired is not None
    work, setup = _hired
    return _tried(work, setup, job)


def _tried(work: Work, setup: Any, job: Any) -> Any:
    try:
        return work(setup, job)
    except Exception as error:
        return error
