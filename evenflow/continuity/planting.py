"""Inject: plants one fault of a known kind in any clip and says exactly what it planted."""

import difflib
import inspect

from evenflow.continuity.injectors import INJECTORS, Plant
from evenflow.continuity.injectors.freeze import held_frames
from evenflow.continuity.injectors.plant import PlantedSource
from evenflow.continuity.injectors.unnatural_jump import skipped_frames
from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
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
) -> tuple[Clip, Span]:
    """A clip with one planted fault, and the truth about it.

    The clip is lazy: faults are planted while frames stream. Frames that the fault does not touch
    are the source's own objects, so a lossless copy keeps them bit for bit.

    Args:
        kind: a key of `INJECTORS`.
        strength: 1 (barely visible) to 5 (ruins the shot).
        at: where, a Range or text like "1s..2s"; a jump uses only the start of it.
        box: region in source pixels, or None for the whole picture.
        seed: decides everything random; the same call gives the same frames.

    Returns:
        The planted clip, and a Span whose magnitude is the strength; its `parameters` hold the
        injector's own magnitude and unit, and the seed.

    Raises:
        BadInput: unknown kind, strength out of range, box outside the picture, or a range that
            holds too few frames for the kind.
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
    lost = 0
    first, last = start, end
    equal: list[str] = []
    if kind == "freeze":
        if end - start < 2:
            raise BadInput(f"a freeze needs 2 frames to hold, {at} holds {end - start}")
        first, last = start + 1, start + 1 + held_frames(plant)
    elif kind == "unnatural_jump":
        lost = skipped_frames(plant)
        first, last = start, start + 1
        if start < 1 or (info.num_frames is not None and start + lost >= info.num_frames):
            raise BadInput(
                f"a jump needs a frame before it and one after {lost} skipped ones: {at} starts at "
                f"frame {start} of {info.num_frames}"
            )
        if box is not None:
            equal = ["image_flicker"]  # one frame that differs from both neighbors is both
    source = PlantedSource(clip.source, plant, injector.apply, lost)
    parameters = {
        "injector_magnitude": magnitude,
        "unit": injector.unit,
        "seed": seed,
        "planted_at": [start, end],
        "frames_lost": lost,
        "equal": equal,
        "does": (inspect.getdoc(injector.apply) or "").splitlines()[0],
    }
    return Clip(source), Span(kind, first, last, box, None, float(strength), parameters)
