"""Inject: plants one fault of a known kind in any clip and says exactly what it planted."""

import difflib
import inspect

from evenflow.continuity.injectors import INJECTORS, Plant
from evenflow.continuity.injectors.plant import PlantedSource
from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.core.kinds import KINDS
from evenflow.core.span import Box, Span
from evenflow.core.times import Range


def inject(
    clip: Clip,
    kind: str,
    *,
    strength: int,
    at: Range | str,
    box: Box | None = None,
    seed: int = 0,
    cancel: CancelToken | None = None,
) -> tuple[Clip, Span]:
    """A clip with one planted fault, and the truth about it.

    The clip is lazy: faults are planted while frames stream. Frames that the fault does not touch
    are the source's own objects, so a lossless copy keeps them bit for bit. Kinds that act on
    something in the picture read the range once beforehand, to follow it.

    Args:
        kind: a key of `INJECTORS`.
        strength: 1 (barely visible) to 5 (ruins the shot).
        at: where, a Range or text like "1s..2s"; a jump uses only the start of it.
        box: in source pixels: where it happens; for what happens to an object, where the object is
            when the range begins; for faults of the background, the subject that stays as it is.
            Without one it happens everywhere, or to something that the seed chooses.
        seed: decides everything random; the same call gives the same frames.
        cancel: stops the look ahead.

    Returns:
        The planted clip, and a Span whose magnitude is the strength. Its box holds every place
        that changes; its `parameters` hold the injector's own magnitude and unit, the seed, the
        `variant` where a kind has several, and for what moves with the picture its `boxes`, a
        list of `[frame, x0, y0, x1, y1]`.

    Raises:
        BadInput: unknown kind, strength out of range, box outside the picture, or a clip or range
            that cannot carry the kind (too few frames, gray, a stream that cannot look ahead).
    """
    if kind not in INJECTORS:
        if kind in KINDS:
            raise BadInput(f"no injector plants {kind} yet: choose one of {', '.join(INJECTORS)}")
        close = difflib.get_close_matches(kind, INJECTORS, n=3) or list(INJECTORS)
        raise BadInput(f"there is no defect kind {kind!r}: did you mean {', '.join(close)}?")
    if strength not in (1, 2, 3, 4, 5):
        raise BadInput(f"a strength is a whole number from 1 to 5, got {strength}")
    if isinstance(at, str):
        at = Range.parse(at)
    info = clip.info
    start, end = at.frames(num_frames=info.num_frames, fps=info.fps)
    if info.num_frames is None and end >= 2**62:
        raise BadInput("a stream has no end to plant up to: give both sides of the range")
    if box is not None:
        x0, y0, x1, y1 = box
        if not (0 <= x0 < x1 <= info.width and 0 <= y0 < y1 <= info.height):
            raise BadInput(
                f"a box is x0,y0,x1,y1 inside {info.width} x {info.height}, "
                f"got {','.join(map(str, box))}"
            )
    injector = INJECTORS[kind]
    magnitude = injector.magnitudes[strength - 1]
    plant = Plant(start, end, box, magnitude, seed, info)
    placed = injector.place(kind, clip.source, plant, cancel)
    parameters = {
        "injector_magnitude": magnitude,
        "unit": injector.unit,
        "seed": seed,
        "planted_at": [start, end],
        "frames_lost": placed.lost,
        "equal": list(placed.equal),
        "does": (inspect.getdoc(injector.apply) or "").splitlines()[0],
        **placed.parameters,
    }
    source = PlantedSource(clip.source, placed.plant, injector.apply, placed.lost)
    span = Span(kind, placed.first, placed.last, placed.box, None, float(strength), parameters)
    return Clip(source), span
