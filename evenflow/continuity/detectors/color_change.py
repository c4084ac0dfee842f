"""Color change: an object takes another color from one frame to the next and keeps it.

A region steps in a and b along the motion at one frame while its fine structure and all around it
go on; light that changes for the whole picture is taken out first.
"""

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.passage import Passage
from evenflow.continuity.region_names import named


def detect(passage: Passage) -> list[Candidate]:
    """Regions that change color and nothing else."""
    return named(passage, "color_change")
