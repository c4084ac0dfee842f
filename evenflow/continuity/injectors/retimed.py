"""Retimed: frames shown in another order, holding no more of them than have to wait."""

from collections.abc import Iterator

from evenflow.core.clip import ArrayFrame, Frame, SourceInfo
from evenflow.core.errors import BadInput

MOST_BYTES = 2**30


def fits_in_memory(info: SourceInfo, num_frames: int) -> None:
    """Asks whether so many frames can wait.

    Raises:
        BadInput: they take more than `MOST_BYTES`.
    """
    each = info.width * info.height * info.channels * (1 if info.bit_depth <= 8 else 2)
    if each * num_frames > MOST_BYTES:
        raise BadInput(
            f"{num_frames} frames of {info.width} x {info.height} have to wait for their turn and "
            f"take {each * num_frames / 2**30:.1f} GB, more than 1: give a shorter range"
        )


def retimed(frames: Iterator[Frame], first: int, order: list[int]) -> Iterator[Frame]:
    """Shows frame `order[i]` at the place and time of frame `first + i`; others stay."""
    waiting: dict[int, Frame] = {}
    times = []
    shown = 0
    for frame in frames:
        if not first <= frame.index < first + len(order):
            yield frame
            continue
        waiting[frame.index] = frame
        times.append(frame.time)
        while shown < len(order) and shown < len(times) and order[shown] in waiting:
            own = waiting.pop(order[shown])
            index = first + shown
            if own.index == index:
                yield own
            else:
                yield ArrayFrame(index, times[shown], own.pixels())
            shown += 1
