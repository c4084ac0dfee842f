"""Background switch: another place is behind a subject that stays.

Structure and color of most of the picture are others from one frame on, and a compact region of it
goes on as it was.
"""

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.passage import Passage
from evenflow.continuity.region_names import named


def detect(passage: Passage) -> list[Candidate]:
    """Frames at which all but one region is replaced."""
    return named(passage, "background_switch")
