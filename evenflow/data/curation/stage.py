"""Stage: one look at what was measured of a clip; it writes scores and marks, and never deletes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row


@dataclass(frozen=True)
class Verdict:
    """What a stage says of a clip.

    Args:
        scores: numbers by name; what cannot be measured is left out.
        marks: what speaks against the clip, by name: the reason in a few words.
    """

    scores: dict[str, float] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """A row of `STAGES`.

    Args:
        look: a pure function of the row and its statistics.
        meaning: in one line.
        scores: names of its scores, each with unit and meaning.
        marks: names of its marks, each with the condition under which it is set.
        source: where the idea and the thresholds come from.
        needs: what the pass over the frames has to do for it beyond decoding and comparing
            frames: `detectors`, `text`, `hashes`; or `nothing` if it looks at the row alone.
    """

    look: Callable[[Row, Statistics], Verdict]
    meaning: str
    scores: dict[str, str]
    marks: dict[str, str]
    source: str
    needs: str = ""
