"""Edge shimmer: outlines wobble by parts of a pixel at every frame; between them all is quiet.

Signal: a place that is drawn afresh (`evenflow.continuity.redrawn`), on edges alone, the more the
steeper the edge is: what a small displacement leaves is its length times the slope.
"""

from dataclasses import replace

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage
from evenflow.continuity.redrawn import Redrawn, redrawn

FINE = 0.64
"""Least of what is left on edges at 240 lines as a share of the steps at 90 lines: where it is
less, it is the coarse flow of the sketch that misses the edges."""
WHOLE = 0.66
"""Steps of which more returns go wrong once and right again, as flow does where there is no edge
across; half of what is fresh returns."""
UNIT = 1.6
"""Gray levels on edges that are just visible: 0.07 % of the height at full contrast."""
OWN = 0.5
"""Gray levels that no one sees."""


def is_shimmer(one: Redrawn) -> bool:
    """True if only edges are drawn afresh, at every frame."""
    fresh = one.hold == 1 and one.returns < WHOLE
    return one.outlines and fresh and one.edge > FINE * one.rms


def detect(passage: Passage) -> list[Candidate]:
    """Stretches of wobbling outlines."""
    found: list[Candidate] = []
    least = max(4, round(0.25 * passage.fps))
    for one in redrawn(passage):
        if not is_shimmer(one) or one.stretch.end - one.stretch.start < least:
            continue
        edge = one.edge * min(1.0, one.fresh / one.rms)
        severity = max(0.0, edge - OWN) / UNIT
        span = one.stretch
        twin = [c for c in found if abs(c.start - span.start) + abs(c.end - span.end) < 4]
        if twin:  # two places that begin and end together are one fault
            cells = np.asarray(twin[0].tiles) | span.cells()
            found[found.index(twin[0])] = replace(twin[0], tiles=cells)
            continue
        found.append(
            Candidate(
                "edge_shimmer",
                span.start,
                span.end,
                (span.start + span.end) // 2,
                severity,
                0.5 + 0.8 * (one.returns - 0.3),
                f"outlines wobble afresh at every frame and leave {edge:.1f} gray levels "
                "beside them, what lies between is quiet",
                evidence("edge_residual", edge, UNIT + OWN),
                ("unstable_texture", "high_frequency_noise", "moving outline"),
                span.cells(),
            )
        )
    return found
