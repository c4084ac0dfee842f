"""Case: a clip, what was read of it and what was said of it: all that scores look at."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenflow.core.span import Span
from evenflow.grading.events.found import Stage
from evenflow.grading.grade import Clause
from evenflow.grading.paths import Path, path_of
from evenflow.grading.reading import SEEN, Reading, Track
from evenflow.grading.signals import Signals, measure
from evenflow.world.script import Script

COVERAGE = 0.8
"""Share that must be parsed before physics says anything."""


@dataclass(frozen=True)
class Raw:
    """A score before it meets its null; fields as in `grade.Score`."""

    value: float | None
    reason: str = ""
    spans: tuple[Span, ...] = ()
    detail: dict[str, object] = field(default_factory=dict)


@dataclass
class Case:
    """What scores are measured from.

    Args:
        reading: what the eyes saw.
        pictures: `(t, h, w, 3)` uint8 sRGB on the grid of `reading.labels`.
        stage: who is who of the caption, or None without one.
        clauses: of the caption.
        actions: `(t, 10)` as in `SceneSpec.actions`, or None.
    """

    reading: Reading
    pictures: NDArray[np.uint8]
    stage: Stage | None = None
    clauses: tuple[Clause, ...] = ()
    actions: NDArray[np.float64] | None = None

    @cached_property
    def signals(self) -> Signals:
        """What the pixels themselves tell, measured once."""
        return measure(self.pictures, self.reading)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Path of every track, in their order."""
        return tuple(path_of(track, self.reading) for track in self.reading.tracks)

    @property
    def script(self) -> Script | None:
        """What was said."""
        return None if self.stage is None else self.stage.script

    def roles(self, track: Track) -> set[int]:
        """Roles that a track plays."""
        if self.stage is None:
            return set()
        return {role for role, tracks in self.stage.cast.items() if track in tracks}

    def known(self, track: Track) -> bool:
        """Whether a track is somebody for sure: the caption speaks of it, or it is seen for a
        quarter of the clip and a second, and is no crumb. Limbs and shards are followed at times
        as if they were things, and come and go."""
        seen = track.state == SEEN
        if self.roles(track):
            return True
        least = max(self.reading.fps, 0.25 * len(seen))
        scale = (self.reading.height / 128) ** 2
        return bool(seen.sum() >= least and np.median(track.area[seen]) >= 100 * scale)

    def told(self, track: Track, *kinds: str) -> bool:
        """Whether the caption says that such an event happens to a track."""
        if self.script is None:
            return False
        roles = self.roles(track)
        return any(
            deed.kind in kinds and roles & {deed.agent, deed.target, deed.other}
            for deed in self.script.deeds
        )

    def says(self, *kinds: str) -> bool:
        """Whether the caption speaks of such an event at all."""
        return self.script is not None and any(deed.kind in kinds for deed in self.script.deeds)

    def moves(self, *kinds: str) -> bool:
        """Whether the caption speaks of such a move of the camera."""
        return self.script is not None and any(
            move in kinds for shot in self.script.shots for move in shot.moves
        )


Better = Literal["higher", "lower"]
