"""Vanish: something is gone from one frame to the next, or pops in.

A region takes the colors of its surroundings at one frame and leaves no outline, or shows what also
stands elsewhere. A stretch from which it comes back is one finding.
"""

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.passage import Passage
from evenflow.continuity.region_names import named
from evenflow.continuity.returns import returned_wrong


def detect(passage: Passage) -> list[Candidate]:
    """Regions whose content goes or comes without a way in or out."""
    return named(passage, "vanish") + returned_wrong(passage)
