"""Cuts: where one shot ends and the next begins; a row with cuts is split into its shots.

A hard change to black or back splits the row as well, so that black stretches fall off; it is no
cut from one picture to another, and `black` marks it.

Source: `evenflow.motion.cuts`, with the guards of `evenflow.continuity.ledger`.
"""

from evenflow.data.curation.black import black_frames
from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SCORES = {"cuts": "cuts, fades and dissolves"}
MARKS = {"cut": "it holds more than one shot"}


def cuts(row: Row, statistics: Statistics) -> Verdict:
    """How many changes of shot, and when."""
    found = borders(statistics)
    marks = {}
    if found:
        times = ", ".join(f"{statistics.seconds[end]:.2f} s" for end in found[:8])
        marks["cut"] = f"{len(found) + 1} shots: new ones at {times}"
    return Verdict({"cuts": float(len(found))}, marks)


def borders(statistics: Statistics) -> list[int]:
    """First frame of every shot but the first, where one picture follows another."""
    made = []
    dark = black_frames(statistics)
    for start, end, kind in statistics.cuts:
        if kind == "cut" and (dark[start] or dark[min(end, len(dark) - 1)]):
            continue
        border = end if kind == "cut" else (start + end) // 2
        if 0 < border < len(statistics) and border not in made:
            made.append(border)
    return sorted(made)


def shots(statistics: Statistics) -> list[tuple[int, int]]:
    """Frames `[start, end)` of every shot; what belongs to a fade or a dissolve is left out.

    Returns:
        One shot, all frames, where nothing changes.
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
