"""Unstable texture: a surface boils while its outline and its mean color hold.

Signal: a place that is drawn afresh every one to four frames (`evenflow.continuity.redrawn`), on
its edges and between them alike: detail turns up where the surface was smooth a moment ago.
Outlines that wobble leave what lies between them alone; grain is as loud where there is no texture
and is gone from the sketch, which averages it away.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.passage import Passage
from evenflow.continuity.redrawn import Redrawn, redrawn

LEAST = 1.2
"""Gray levels off the edges above the surroundings."""
SHARE = 0.045
"""Share of new detail in each drawing that is just visible."""
LOST, SURE = 0.36, 0.45
"""Where nearly all detail is new, the flow may have lost a thing that moves fast; what is truly
drawn afresh takes back half of each step."""
BLURRED, GRAINY = 0.42, 0.95
"""What is left off the edges at 240 lines over the steps at 90 lines. Fresh grain leaves more, as
the sketch averages it away; what the coarse flow of the sketch misses leaves less."""


def is_texture(one: Redrawn) -> bool:
    """True if detail is redrawn; False if outlines wobble or grain lies on the picture."""
    grain = one.flat * 1.25 / max(one.fresh, 1e-3)
    lost = one.share > LOST and one.returns < SURE
    return not one.outlines and one.flat > LEAST and BLURRED < grain < GRAINY and not lost


def detect(passage: Passage) -> list[Candidate]:
    """Stretches of boiling texture."""
    found = []
    least = max(4, round(0.3 * passage.fps))  # less is a thing that rushes by
    for one in redrawn(passage):
        if not is_texture(one) or one.stretch.end - one.stretch.start < least:
            continue
        visible = float(np.clip(np.sqrt(one.flat / 4.0), 0.4, 1.3))
        severity = visible * one.share / SHARE
        found.append(
            Candidate(
                "unstable_texture",
                one.stretch.start,
                one.stretch.end,
                (one.stretch.start + one.stretch.end) // 2,
                severity,
                0.5 + 0.8 * (one.returns - 0.3),
                f"{100 * one.share:.0f} % of the detail of a surface is another one every "
                f"{'frame' if one.hold == 1 else f'{one.hold} frames'}, while its color holds",
                evidence("new_detail", one.share, SHARE),
                ("high_frequency_noise", "edge_shimmer", "moving surface"),
                one.stretch.cells(),
                immune=frozenset({"shake", "unnatural_jump"}),  # what trembles is not drawn afresh
            )
        )
    return found
