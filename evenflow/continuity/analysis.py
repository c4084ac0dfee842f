"""The one pass: decode once, reduce every frame, compare every pair, in fixed chunks, in order.

Chunks are `CHUNK` frames whatever the number of workers, so that results never depend on it. What
is kept of a frame after its chunk is a few kilobytes; memory does not grow with the length of the
clip.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np

from evenflow.continuity.pair import Anchor, Pair, anchor, comparable, compare, planes_of
from evenflow.continuity.picture import Picture, reduce
from evenflow.core.clip import Frame

CHUNK = 64
_NO_PIXELS = np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Step:
    """A frame, how it follows from the one before, and at some frames from one half a second back.

    `pair` is None at the first frame of the clip and where pictures are too small to be compared.
    """

    picture: Picture
    pair: Pair | None
    anchor: Anchor | None = None


def default_workers() -> int:
    """All cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        return os.cpu_count() or 1


def anchor_lag(fps: float) -> int:
    """Frames that an anchor looks back: half a second, at most half a chunk."""
    return min(CHUNK // 2, max(4, round(fps / 2)))


def analyze(frames: Iterator[Frame], *, fps: float, workers: int | None = None) -> Iterator[Step]:
    """One Step a frame, in order, with pixels dropped.

    Args:
        frames: in order; pulled only as fast as they are worked on.
        fps: nominal frames per second.
        workers: threads; None for all cores. The result is the same for any number.
    """
    workers = workers or default_workers()
    cv2.setNumThreads(1)  # the parallelism is over frames
    with ThreadPoolExecutor(workers, thread_name_prefix="evenflow") as pool:
        pictures = _reduced(frames, pool, workers)
        yield from _ordered(_chunks(pictures, pool, anchor_lag(fps)), workers)


def _reduced(frames: Iterator[Frame], pool: ThreadPoolExecutor, workers: int) -> Iterator[Picture]:
    waiting: deque[Future[Picture]] = deque()
    try:
        for frame in frames:
            waiting.append(pool.submit(reduce, frame))
            if len(waiting) > workers + 2:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _chunks(
    pictures: Iterator[Picture], pool: ThreadPoolExecutor, lag: int
) -> Iterator["Future[list[Step]]"]:
    number = 0  # of the first frame of the chunk, counted from the first one read
    earlier: list[Picture] = []
    held: list[Picture] = []
    for picture in pictures:
        held.append(picture)
        if len(held) == CHUNK + 1:  # one more, for the bridge over the last frame
            yield pool.submit(_steps, earlier, held[:CHUNK], held[CHUNK], number, lag)
            earlier, held, number = held[CHUNK - lag : CHUNK], held[CHUNK:], number + CHUNK
    if held:
        yield pool.submit(_steps, earlier, held, None, number, lag)


def _ordered(jobs: Iterator["Future[list[Step]]"], workers: int) -> Iterator[Step]:
    waiting: deque[Future[list[Step]]] = deque()
    try:
        for job in jobs:
            waiting.append(job)
            while waiting and (len(waiting) > workers or waiting[0].done()):
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for job in waiting:
            job.cancel()


def _steps(
    earlier: list[Picture], chunk: list[Picture], behind: Picture | None, number: int, lag: int
) -> list[Step]:
    if not comparable(chunk[0]):
        return [Step(_light(picture), None) for picture in chunk]
    pictures = earlier[-1:] + chunk + ([behind] if behind else [])
    steps = [] if earlier else [Step(_light(chunk[0]), None)]
    planes = [planes_of(picture) for picture in pictures[:2]]
    for i in range(1, len(pictures) - (1 if behind else 0)):
        if i + 1 < len(pictures):
            planes.append(planes_of(pictures[i + 1]))
        skipped = planes[2] if len(planes) > 2 else None
        palette_step = _palette_step(pictures[i - 1], pictures[i])
        pair = compare(planes[0], planes[1], skipped, palette_step)
        steps.append(Step(_light(pictures[i]), pair))
        planes.pop(0)
    reach = earlier + chunk
    for i in range(len(chunk)):
        back = len(earlier) + i - lag
        if (number + i) % lag == 0 and back >= 0:
            steps[i] = replace(steps[i], anchor=anchor(reach[back], chunk[i], lag))
    return steps


def _palette_step(a: Picture, b: Picture) -> float:
    return float(0.5 * np.abs(a.palette - b.palette).sum(axis=1).mean())


def _light(picture: Picture) -> Picture:
    return replace(picture, rgb=_NO_PIXELS)
