"""Stand-ins for the work of a bench that other processes can import."""

import os
import time
from pathlib import Path

from evenflow.bench.plan import Unit
from evenflow.bench.work import Outcome, Seen
from evenflow.core.errors import BadInput
from evenflow.core.span import Span

FRAMES = 72


def ideal(unit: Unit, *, cancel=None) -> Outcome:
    """What a perfect detector would report, without a picture."""
    score = 100.0
    if unit.change:
        score = {"frozen": 40.0, "half_rate": 97.0}.get(unit.change, 99.0)
    if unit.what != "plant":
        return Outcome(unit, score=score, seconds=FRAMES / 24, not_assessable={})
    start = 10 + unit.turn % 10
    truth = Span(unit.name, start, start + 24, (10, 10, 60, 60), None, unit.strength)
    found = Seen(unit.name, start, start + 24, start, 2.0 * unit.strength, 0.9, (12, 8, 60, 62))
    return Outcome(unit, "", truth, (found,), (), score - 9.0 * unit.strength, 3.0, {})


def blind(unit: Unit, *, cancel=None) -> Outcome:
    """A report without findings."""
    made = ideal(unit)
    return Outcome(unit, "", made.truth, (), (), 100.0, 3.0, {})


def clumsy(unit: Unit, *, cancel=None) -> Outcome:
    """Breaks on some units."""
    if unit.name == "drift":
        raise ValueError("this one\nis broken")
    if unit.name == "freeze":
        return Outcome(unit, refused=str(BadInput("too short")))
    return ideal(unit)


def frail(unit: Unit, *, cancel=None) -> Outcome:
    """Its process dies: at each `drift`, at the first `shake` (a file remembers that)."""
    if unit.name == "drift":
        os._exit(3)
    if unit.name == "shake":
        mark = Path(unit.take.file)
        if not mark.exists():
            mark.touch()
            os._exit(3)
    return ideal(unit)


def slow(unit: Unit, *, cancel=None) -> Outcome:
    """Takes its time."""
    time.sleep(0.05 if unit.strength == 1 else 30.0)
    return ideal(unit)
