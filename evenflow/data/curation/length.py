"""Length: too short to learn from, or so long that it had better be split.

Source: VideoX-Fun's pipeline drops clips of less than 3 s and splits those of more than 10 s again.
"""

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SHORT_S, LONG_S = 3.0, 10.0
SCORES = {"duration_s": "seconds"}
MARKS = {"short": f"less than {SHORT_S:g} s", "long": f"more than {LONG_S:g} s"}


def length(row: Row, statistics: Statistics) -> Verdict:
    """Seconds, by the frames' own times."""
    seconds = statistics.duration_s
    marks = {}
    if seconds < SHORT_S - 1e-6:
        marks["short"] = f"{seconds:.2f} s"
    if seconds > LONG_S + 1e-6:
        marks["long"] = f"{seconds:.2f} s"
    return Verdict({"duration_s": seconds}, marks)
