"""Clock: which share of a run is over, by steps or by the time on the wall, and the rate there.

By steps, a run that was stopped and resumed is the same to the last bit. By minutes, it takes the
time that it was given on any machine; what was spent before a stop counts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from evenflow.train.recipe import Schedule


@dataclass
class Clock:
    """The share of a run that is over.

    Args:
        schedule: how long.
        spent: seconds that were spent before this start.
        now: the time, in seconds.
    """

    schedule: Schedule
    spent: float = 0.0
    now: Callable[[], float] = time.monotonic
    _begin: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._begin = self.now()

    @property
    def seconds(self) -> float:
        """Spent in all."""
        return self.spent + self.now() - self._begin

    def share(self, step: int) -> float:
        """In [0, 1], before `step` steps were more: 1 is the end."""
        if self.schedule.steps is not None:
            return min(step / self.schedule.steps, 1.0)
        assert self.schedule.minutes is not None
        return min(self.seconds / (60 * self.schedule.minutes), 1.0)

    def expected(self, step: int) -> int | None:
        """Steps in all at the pace so far, or None while that is not known."""
        if self.schedule.steps is not None:
            return self.schedule.steps
        share = self.share(step)
        return max(step, round(step / share)) if step and share > 0 else None


def rate(schedule: Schedule, step: int, share: float) -> float:
    """What the learning rates are multiplied by: a rise, a plateau, a fall in a line to the floor.

    Args:
        step: from 0; share: that is over before it, in [0, 1].

    >>> flat = Schedule(steps=100, warm_up=4, decay=0.5)
    >>> [rate(flat, step, step / 100) for step in (0, 3, 10, 50, 75)]
    [0.25, 1.0, 1.0, 1.0, 0.5]
    >>> rate(Schedule(steps=100, warm_up=4, decay=0.5, floor=0.5), 75, 0.75)
    0.75
    """
    rising = (step + 1) / schedule.warm_up if schedule.warm_up else 1.0
    falling = (1 - share) / schedule.decay if schedule.decay else 1.0
    return min(rising, 1.0) * (schedule.floor + (1 - schedule.floor) * min(falling, 1.0))
