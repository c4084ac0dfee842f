"""Subject swap: somebody else is in a subject's place from one frame to the next.

A region gets another structure in colors that its surroundings have not, at one frame, and keeps
them; what surrounds it goes on.
"""

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.passage import Passage
from evenflow.continuity.region_names import named


def detect(passage: Passage) -> list[Candidate]:
    """Regions whose content is replaced by something foreign."""
    return named(passage, "subject_swap")
