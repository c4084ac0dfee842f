"""Edge shimmer: outlines wobble by parts of a pixel at every frame; between them all is quiet.

Signal: a place that is drawn afresh (`evenflow.continuity.redrawn`), on edges alone, the more the
steeper the edge is: what a small displacement leaves is its length times the slope.
"""

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage
from evenflow.continuity.redrawn import Redrawn, redrawn

BETWEEN = 0.45
"""Most of what is left off the edges, as a share of what is left on them."""
ALONG = 0.36
"""Least correlation of the size of a step with the slope."""
UNIT = 1.7
"""Gray levels on edges that are just visible: 0.07 % of the height at full contrast."""
OWN = 0.5
"""Gray levels that no one sees."""


def is_shimmer(one: Redrawn) -> bool:
    """True if only edges are drawn afresh, at every frame."""
    return one.flat < BETWEEN * one.edge and one.along > ALONG and one.hold <= 2


def detect(passage: Passage) -> list[Candidate]:
    """Stretches of wobbling outlines."""
    found = []
    for one in redrawn(passage):
        if not is_shimmer(one) or one.stretch.end - one.stretch.start < 4:
            continue
        severity = max(0.0, one.edge - OWN) / UNIT
        found.append(
            Candidate(
                "edge_shimmer",
                one.stretch.start,
                one.stretch.end,
                (one.stretch.start + one.stretch.end) // 2,
                severity,
                0.5 + 0.8 * (one.returns - 0.3),
                f"outlines wobble afresh at every frame and leave {one.edge:.1f} gray levels "
                "beside them, what lies between is quiet",
                evidence("edge_residual", one.edge, UNIT + OWN),
                ("unstable_texture", "high_frequency_noise", "moving outline"),
                one.stretch.cells(),
            )
        )
    return found
