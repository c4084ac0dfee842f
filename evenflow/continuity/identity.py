"""Identity: how like itself each object of a clip stays, at lags from half a second to a minute.

Tracks of the stretches of a long shot are joined where they share looks, so that ids and curves go
on. What is kept of an object is a few hundred numbers a look for the last minute.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evenflow.continuity.objects import Look, Track, tracks_of
from evenflow.continuity.passage import Passage
from evenflow.core.span import Box, encode_mask

LAGS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
NUM_BOXES = 8
"""Key frames whose box the report gives."""
OWN_LEAST = 0.8
"""Likeness of one look to the next that no object's usual one counts below."""


@dataclass(eq=False)
class Being:
    """An object of the clip.

    Args:
        number: from 1, in the order of appearance.
        start, end: frames in which it lives, half-open.
        boxes: `(frame, box)` of its looks, thinned out as they grow.
        key: the largest look of its first seconds, for the mask.
    """

    number: int
    start: int
    end: int
    key: Look
    boxes: list[tuple[int, Box]] = field(default_factory=list)
    likeness: dict[float, list[float]] = field(default_factory=lambda: {s: [] for s in LAGS_S})
    second_ago: list[tuple[int, float]] = field(default_factory=list)
    _past: "deque[Look]" = field(default_factory=lambda: deque(maxlen=160))

    def see(self, look: Look, size: tuple[int, int]) -> None:
        """The next look."""
        for lag in LAGS_S:
            like = self._like_itself(look, lag)
            if like is not None:
                self.likeness[lag].append(like)
                if lag == 1.0:
                    self.second_ago.append((look.frame, like))
        self._past.append(look)
        if look.mask.sum() > self.key.mask.sum() and len(self._past) <= 20:
            self.key = look
        self.boxes.append((look.frame, look.box(size)))
        if len(self.boxes) > 4 * NUM_BOXES:
            self.boxes = self.boxes[::2]
        self.end = max(self.end, look.frame + 1)

    def _like_itself(self, look: Look, lag: float) -> float | None:
        """Similarity to the most similar view of about that lag; poses come back."""
        slack = max(0.3, 0.15 * lag)
        views = [v for v in self._past if abs(look.seconds - v.seconds - lag) <= slack]
        return max((look.likeness(v) for v in views), default=None)

    @property
    def usual(self) -> float:
        """Likeness of one look to the next that is usual for it."""
        near = self.likeness[0.5]
        return max(OWN_LEAST, float(np.median(near))) if near else 1.0

    def to_json(self) -> dict[str, Any]:
        """As the report has it."""
        curve = [
            {
                "lag_s": lag,
                "similarity": round(min(1.0, float(np.median(values)) / self.usual), 3),
            }
            for lag, values in self.likeness.items()
            if values
        ]
        kept = self.boxes[:: max(1, -(-len(self.boxes) // NUM_BOXES))]
        if kept[-1] != self.boxes[-1]:
            kept = [*kept, self.boxes[-1]]
        return {
            "id": self.number,
            "start_frame": self.start,
            "end_frame": self.end,
            "identity": curve,
            "boxes": [{"frame": frame, "box": list(box)} for frame, box in kept],
            "mask": {"frame": self.key.frame, **encode_mask(self.key.mask)},
        }


@dataclass
class Cast:
    """All objects of a clip."""

    size: tuple[int, int]
    beings: list[Being] = field(default_factory=list)
    _open: list[tuple[Being, Track]] = field(default_factory=list)

    def add(self, passage: Passage, *, closes: bool) -> None:
        """The next stretch, all of one shot; `closes`: the shot ends with it."""
        going: list[tuple[Being, Track]] = []
        for track in tracks_of(passage) if len(passage) else ():
            being = self._known(track)
            if being is None:
                being = Being(len(self.beings) + 1, track.start, track.start + 1, track.looks[0])
                self.beings.append(being)
            for look in track.looks:
                if look.frame >= being.end or look.frame == being.start:
                    being.see(look, self.size)
            if track.last.frame >= passage.start + len(passage) - 1 - passage.fps:
                being.end = max(being.end, passage.start + len(passage))
            going.append((being, track))
        self._open = [] if closes else going

    def _known(self, track: Track) -> Being | None:
        """The object of the stretch before that a track goes on with."""
        best, most = None, 0.3
        for being, earlier in self._open:
            masks = {look.frame: look.mask for look in earlier.looks}
            shares = [
                float((look.mask & masks[look.frame]).sum() / (look.mask | masks[look.frame]).sum())
                for look in track.looks
                if look.frame in masks
            ]
            if shares and float(np.median(shares)) > most:
                best, most = being, float(np.median(shares))
        return best

    def series(self, first: int, count: int) -> list[float]:
        """Per frame, similarity of the least similar object to itself a second ago; NaN elsewhere.

        Held from each look to the next.
        """
        made = np.full(count, np.nan)
        for being in self.beings:
            for k, (frame, like) in enumerate(being.second_ago):
                until = being.second_ago[k + 1][0] if k + 1 < len(being.second_ago) else being.end
                a, b = frame - first, min(until, frame + 2 * (frame - being.start + 1)) - first
                a, b = max(0, a), min(count, b)
                made[a:b] = np.fmin(made[a:b], min(1.0, like / being.usual))
        return made.tolist()
