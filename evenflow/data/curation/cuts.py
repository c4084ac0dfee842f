"""Cuts: where one shot ends and the next begins; a row with cuts is split into its shots.

Source: `evenflow.motion.cuts`, with the guards of `evenflow.continuity.ledger`.
"""

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SCORES = {"cuts": "cuts, fades and dissolves"}
MARKS = {"cut": "it holds more than one shot"}


def cuts(row: Row, statistics: Statistics) -> Verdict:
    """How many changes of shot, and when."""
    found = statistics.cuts
    marks = {}
    if found:
        times = ", ".join(f"{statistics.seconds[end]:.2f} s" for end in borders(statistics)[:8])
        marks["cut"] = f"{len(found) + 1} shots: new ones at {times}"
    return Verdict({"cuts": float(len(found))}, marks)


def borders(statistics: Statistics) -> list[int]:
    """First frame of every shot but the first."""
    made = []
    for start, end, kind in statistics.cuts:
        border = end if kind == "cut" else (start + end) // 2
        if 0 < border < len(statistics) and border not in made:
            made.append(border)
    return sorted(made)


def shots(statistics: Statistics) -> list[tuple[int, int]]:
    """Frames `[start, end)` of every shot; what belongs to a fade or a dissolve is left out.

    Returns:
        One shot, all frames, where there is no cut.
    """
    made, start = [], 0
    for first, end, kind in sorted(statistics.cuts):
        stop = end if kind == "cut" else first
        if stop > start:
            made.append((start, stop))
        start = max(start, end)
    if len(statistics) > start:
        made.append((start, len(statistics)))
    return made
