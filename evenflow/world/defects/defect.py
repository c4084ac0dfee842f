"""Nouns of planted defects: what will be drawn, the plan of one defect, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.span import Span
from evenflow.world.animation import Animation
from evenflow.world.spec import SceneSpec

LEAST_VISIBLE = 25
"""Pixels of a frame that must differ before anybody sees a defect in it."""

Develop = Callable[[NDArray[np.float32], int], NDArray[np.float32]]
"""What happens to a picture after it was drawn: `(h, w, 3)` sRGB in [0, 1] and the number of the
frame to the same shape; a pure function that is called only for the frames it was made for."""

Ladder = tuple[tuple[float, float, float, float, float], str]
"""Magnitudes of strengths 1 to 5, and their unit."""


@dataclass(frozen=True)
class Staged:
    """A scene that is about to be drawn; defects replace some of it.

    Args:
        animation: its states, frame by frame; its `spec` is the one that was simulated.
        styles: row of STYLES of every frame, or empty where it is the spec's throughout.
        shares: how much of that style is mixed into the spec's own, of every frame, in [0, 1];
            empty where it is all.
        develop: what is done to pictures, in order, each with the frames `[start, end)`.
    """

    animation: Animation
    styles: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    develop: tuple[tuple[int, int, Develop], ...] = ()


@dataclass(frozen=True)
class Plan:
    """One defect that is to be planted.

    Args:
        kind: a key of `core.kinds.KINDS`.
        strength: 1 (barely visible) to 5 (ruins the shot).
        start, end: frames, half open.
        magnitude: the strength in the unit of the kind.
        entity: id of who has it, 0 where it is the whole picture's.
        seed: decides everything random.
        variant: one of the row's variants, or empty where the seed chooses.
    """

    kind: str
    strength: int
    start: int
    end: int
    magnitude: float
    entity: int = 0
    seed: int = 0
    variant: str = ""


@dataclass(frozen=True)
class Defect:
    """One row of DEFECTS.

    Args:
        plant: edits states, pictures or the spec (then it simulates again) between `plan.start` and
            `plan.end`; draws nothing. Magnitude 0 gives back what came, frames outside stay.
        magnitudes: of strengths 1 to 5, in `unit`.
        carriers: ids of those who can have it in these frames, best first; empty where nobody can.
            None for kinds that concern the whole picture.
        control: key of CONTROLS, its legal look-alike.
        least: frames that it needs.
        to_end: what changes stays changed until the clip ends.
        equal: kinds that name what is seen as well.
        equal_of: more such kinds, of single variants.
        variants: forms that it takes; `Plan.variant` names one, else the seed chooses.
        step: what is wrong is a step at `plan.start`; the frames after it differ from the clean
            twin, but nothing is wrong in them, so the span of the truth is one frame.
        seconds: mean length of its span, where nobody says when; whole: it is at its best over
            (almost) the whole clip; first: it is there from the first frame on.
        cuts: it may go on over a cut.
        prepare: what is done to both twins before it is planted (a plain thing gets a pattern that
            can swim); seeds and entities are those of the plan.
        fit: moves the frames of a plan to where its variant needs them (a collision, the end of an
            occlusion), where nobody says when; raises BadInput where there is no such place.
        ladders: magnitudes and unit of variants that have their own.
    """

    plant: Callable[[Staged, Plan], Staged]
    magnitudes: tuple[float, float, float, float, float]
    unit: str
    carriers: Callable[[Animation, int, int], tuple[int, ...]] | None
    control: str
    least: int = 4
    to_end: bool = False
    equal: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    step: bool = False
    seconds: float = 1.0
    whole: bool = False
    first: bool = False
    cuts: bool = False
    prepare: Callable[[Staged, Plan], Staged] | None = None
    fit: Callable[[Animation, Plan], Plan] | None = None
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    equal_of: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Control:
    """A legal look-alike of defects: one row of CONTROLS.

    Args:
        plant: makes a clip of a scene that shows some of a defect's signal and is right all the
            same, and the caption that says so: `(scene, seed)` to what is drawn and its caption.
            Raises BadInput where the scene cannot show it.
        against: kinds whose signal it imitates.
        meaning: what a viewer sees.
    """

    plant: Callable[[SceneSpec, int], "tuple[Staged | SceneSpec, str]"]
    against: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Planted:
    """A clip with a defect, its clean twin, and the truth about the difference.

    Args:
        clip, clean: drawn when they are asked for; frames outside the span are equal byte for byte.
        staged: what `clip` is drawn from.
        spec: of the clean twin.
        caption: what both were meant to show.
        span: kind, first and last frame that differ, their box, the entity, the strength; in its
            parameters the injector's magnitude and unit, the seed, and `equal`.
        entities: ids of those concerned.
        visible: pixels that differ by more than 2/255 of every frame, int32 `(t,)`; a defect of
            which no frame shows 25 is invisible, and no positive.
        boxes: of those pixels in every frame, `x0, y0, x1, y1` half open, -1 where there are none,
            int32 `(t, 4)`.
        before: defects that were planted earlier into the same clip, first to last.
        base: what `clip` was before the last defect was planted; the same as `clean` if there is
            one defect only. `span`, `visible` and `boxes` are about the difference to it.
    """

    clip: Clip
    clean: Clip
    staged: Staged
    spec: SceneSpec
    caption: str
    span: Span
    entities: tuple[int, ...] = ()
    visible: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    boxes: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 4), np.int32))
    before: tuple[Span, ...] = ()
    base: Clip | None = None

    @property
    def is_visible(self) -> bool:
        """Whether a frame shows at least 25 pixels of it."""
        return bool((self.visible >= LEAST_VISIBLE).any())

    @property
    def spans(self) -> tuple[Span, ...]:
        """All defects of the clip, in the order of planting."""
        return (*self.before, self.span)
