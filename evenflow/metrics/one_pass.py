"""One pass: any number of metrics over one decode of the clip and one of the reference.

Readings of a frame depend on that frame and the two before it alone (and the one before that was
taken for the dynamic degree), so they are made in threads, collected in order, and are the same for
any number of workers. A few frames are held at a time, whatever the length.
"""

import hashlib
import os
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from evenflow.core.clip import Clip, Frame
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.core.measurement import Measurement
from evenflow.io.digest import frame_digest
from evenflow.metrics.dynamic_degree import step
from evenflow.metrics.metric import Facts, Metric, Picture, Unmeasurable, View

NO_REFERENCE = "needs a reference clip"


@dataclass(frozen=True)
class _Read:
    """What came of one frame: a reading a metric, or why there is none; the reference's digest."""

    readings: dict[str, Any]
    failed: dict[str, str]
    digest: bytes | None


class OnePass:
    """Measures while somebody else pulls the frames.

    >>> from evenflow.core.clip import ArraySource
    >>> from evenflow.metrics import METRICS
    >>> clip = Clip(ArraySource(np.zeros((3, 8, 8, 3), np.uint8)))
    >>> work = OnePass({"vbench_temporal_flickering": METRICS["vbench_temporal_flickering"]}, clip)
    >>> for frame in work.watch(clip.stream()):
    ...     pass
    >>> work.measurements()["vbench_temporal_flickering"].summary
    1.0

    Args:
        rows: metrics by name.
        clip: what is measured; its frames come from `watch`.
        reference: what it is compared with, or None.
        start, stop: the frames that `watch` gets, half-open; the reference's are the same.
        workers: threads; None for all cores.
        cancel: looked at while the reference is decoded.

    Raises:
        BadInput: a metric compares frame by frame, and size or length of the reference differ.
    """

    def __init__(
        self,
        rows: Mapping[str, Metric],
        clip: Clip,
        reference: Clip | None = None,
        *,
        start: int = 0,
        stop: int | None = None,
        workers: int | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._rows = dict(rows)
        self._clip, self._reference = clip, reference
        self._start, self._stop = start, stop
        self._workers = workers or _cores()
        self._cancel = cancel
        self._fps = float(clip.info.fps)
        self._compares = reference is not None and any(
            row.reference != "none" for row in self._rows.values()
        )
        self._aligned = any(row.reference == "frames" for row in self._rows.values())
        self._readings: dict[str, list[Any]] = {name: [] for name in self._rows}
        self._failed: dict[str, str] = {}
        for name, row in self._rows.items():
            if row.at is None:
                self._failed[name] = row.needs or "cannot be measured of a clip alone"
            elif row.reference != "none" and reference is None:
                self._failed[name] = NO_REFERENCE
        self._count = 0
        self._digest = hashlib.sha256()
        self.warnings: tuple[str, ...] = ()
        if self._compares:
            self._check_reference()

    def watch(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Hands frames on as they come, and measures them.

        Raises:
            BadInput: the reference has another size or ends earlier or later than the clip.
        """
        cv2.setNumThreads(1)  # the parallelism is over frames
        waiting: deque[Future[_Read]] = deque()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="metrics")
        with closing(self._others()) as others:
            try:
                for view, frame in self._views(frames, others):
                    waiting.append(pool.submit(self._read, view))
                    if len(waiting) > self._workers + 1:
                        self._take(waiting.popleft().result())
                    if frame is not None:
                        self._count += 1
                        yield frame
                while waiting:
                    self._take(waiting.popleft().result())
            finally:
                for future in waiting:
                    future.cancel()
                pool.shutdown(wait=True)
        if self._reference is not None and self._compares:
            self.warnings = (*self.warnings, *self._reference.warnings)

    def measurements(self, *, cut: Sequence[int] = ()) -> dict[str, Measurement]:
        """One Measurement a metric, once all frames went through `watch`.

        Args:
            cut: entries that compare frames of two shots, counted from `start`.
        """
        facts = Facts(self._count, self._fps, frozenset(cut))
        return {name: self._measurement(name, row, facts) for name, row in self._rows.items()}

    def settings(self) -> dict[str, Any]:
        """What the numbers depend on besides the clip, for a digest."""
        return {
            "metrics": list(self._rows),
            "reference": self._digest.hexdigest() if self._compares else None,
        }

    def _check_reference(self) -> None:
        assert self._reference is not None
        a, b = self._clip.info, self._reference.info
        if not self._aligned:
            return
        if (a.width, a.height) != (b.width, b.height):
            raise BadInput(
                f"{a.name} is {a.width} x {a.height} and the reference {b.name} "
                f"{b.width} x {b.height}: scale one of them, frames are compared pixel by pixel"
            )
        if None not in (a.num_frames, b.num_frames):
            here, there = (
                len(range(*slice(self._start, self._stop).indices(count or 0)))
                for count in (a.num_frames, b.num_frames)
            )
            if here != there:
                raise BadInput(
                    f"{a.name} has {here} frames and the reference {b.name} {there}: cut them to "
                    "one length, or give a --range that both have"
                )
        if a.fps != b.fps:
            self.warnings = (
                f"{a.name} has {float(a.fps):.5g} and the reference {b.name} {float(b.fps):.5g} "
                "frames a second: they are compared frame by frame, not by time",
            )

    def _others(self) -> Generator[Frame]:
        if self._reference is not None and self._compares:
            yield from self._reference.stream(self._start, self._stop, cancel=self._cancel)

    def _views(
        self, frames: Iterator[Frame], others: Iterator[Frame]
    ) -> Iterator[tuple[View, Frame | None]]:
        """A view a frame; where only sequences are compared, also behind the end of one."""
        past: deque[Picture] = deque(maxlen=2)
        other_before: Picture | None = None
        taken: Picture | None = None
        every = step(self._fps)
        index = 0
        while True:
            frame, other = next(frames, None), None
            if self._compares:
                other = next(others, None)
                if (frame is None) != (other is None) and self._aligned:
                    raise self._ends_early(index, of_clip=frame is None)
            if frame is None and other is None:
                return
            picture = None if frame is None else Picture(frame)
            beside = None if other is None else Picture(other)
            view = View(
                index,
                self._fps,
                picture,
                beside,
                past[-1] if past and picture else None,
                other_before,
                past[0] if len(past) == 2 and picture else None,
                taken if index % every == 0 and picture else None,
            )
            yield view, frame
            if picture is not None:
                past.append(picture)
                taken = picture if index % every == 0 else taken
            other_before, index = beside, index + 1

    def _ends_early(self, index: int, *, of_clip: bool) -> BadInput:
        assert self._reference is not None
        clip, reference = self._clip.info.name, f"the reference {self._reference.info.name}"
        short, long = (clip, reference) if of_clip else (reference, clip)
        return BadInput(
            f"{short} ends after {index} of the frames that are compared and {long} goes on: cut "
            "them to one length, or give a --range that both have"
        )

    def _read(self, view: View) -> _Read:
        readings, failed = {}, {}
        for name, row in self._rows.items():
            if row.at is None or name in self._failed:
                continue
            if view.picture is None and row.reference != "sequence":
                continue  # behind the end of the clip
            try:
                readings[name] = row.at(view)
            except Unmeasurable as reason:
                failed[name] = str(reason)
        digest = None if view.reference is None else frame_digest(view.reference.rgb)
        return _Read(readings, failed, digest)

    def _take(self, read: _Read) -> None:
        for name, reason in read.failed.items():
            self._failed.setdefault(name, reason)
            self._readings[name].clear()
        for name, value in read.readings.items():
            if name not in self._failed:
                self._readings[name].append(value)
        if read.digest is not None:
            self._digest.update(read.digest)

    def _measurement(self, name: str, row: Metric, facts: Facts) -> Measurement:
        reason = self._failed.get(name)
        if reason is None and facts.num_frames == 0:
            reason = "no frame was read"
        if reason is None:
            assert row.finish is not None
            try:
                result = row.finish(self._readings[name], facts)
            except Unmeasurable as why:
                reason = str(why)
            else:
                series = None if result.series is None else result.series.astype(np.float32)
                return Measurement(name, row.unit, row.better, result.summary, series)
        return Measurement(name, row.unit, row.better, None, reason=reason)


def _cores() -> int:
    """All that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        return os.cpu_count() or 1
