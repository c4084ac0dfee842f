"""Row: one clip of a dataset and all that is known of it; Source: rows that can be opened."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from evenflow.core.clip import Clip


@dataclass(frozen=True)
class Row:
    """One clip: a file, a stretch of a file, frames in a folder, a member of a tar, or a scene.

    Args:
        key: names it within its dataset; stays the same from run to run.
        path: relative to the dataset's folder, or what opens it (`world:story?seed=3`).
        caption: the text that it is trained with.
        captions: more of them by level (`L0` to `L5`) or tool.
        num_frames, fps, width, height: of the whole of it; None or 0 while nobody has looked.
        t0, t1: seconds `[t0, t1)` of the file that count, or None for all of it.
        shot: number of its shot in the file, from 0.
        source, license: where it comes from and on what terms.
        split: `train`, `val`, `test`, or empty.
        hash: SHA-256 of the file, or of the scene.
        scores: what curation measured, by name.
        marks: what curation says against it (`black`, `duplicate`...), by name: the reason.
        extra: columns that are not ours, kept as they came; also paths of actions, camera, masks.
        duration: seconds of the whole of it where its times are uneven; None where it is
            `num_frames / fps` or nobody has looked.
    """

    key: str
    path: str
    caption: str = ""
    captions: dict[str, str] = field(default_factory=dict)
    num_frames: int | None = None
    fps: Fraction | None = None
    width: int = 0
    height: int = 0
    t0: float | None = None
    t1: float | None = None
    shot: int = 0
    source: str = ""
    license: str = ""
    split: str = ""
    hash: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    duration: float | None = None


class Source(Protocol):
    """A dataset: rows by number, each of which opens as a clip; nothing is read before it must."""

    @property
    def name(self) -> str:
        """How the user called it: a folder, a list, `world:story?seed=0&n=100`."""
        ...

    def __len__(self) -> int:
        """How many rows."""
        ...

    def __iter__(self) -> Iterator[Row]:
        """All rows, in order; a cheap scan that opens no clip."""
        ...

    def row(self, index: int) -> Row:
        """Row `index`, in [0, len)."""
        ...

    def clip(self, row: Row) -> Clip:
        """The frames of a row, lazily; of `[t0, t1)` where it has them.

        Raises:
            UnreadableVideo: it cannot be decoded.
        """
        ...
