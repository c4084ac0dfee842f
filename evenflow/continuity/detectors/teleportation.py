"""Teleportation: something is elsewhere from one frame to the next.

Two places step at one frame, and the new content of one is the old content of the other, farther
away than any motion goes in a frame.
"""

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.passage import Passage
from evenflow.continuity.region_names import named


def detect(passage: Passage) -> list[Candidate]:
    """Regions whose content stood elsewhere one frame before."""
    return named(passage, "teleportation")
