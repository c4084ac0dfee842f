"""Image flicker: single frames come out dark, bright, tinted, soft or stale; their neighbors do
not.

The knob is how much of the frame is lost, in (0, 1]: of its exposure (1 is 4 stops), of its white
balance, of its light, of its sharpness, of its time.
"""

from collections.abc import Callable

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.defects import lens
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.lens import Picture, developed
from evenflow.world.defects.retimed import LEAST_PIXELS, motion, retimed

STALE = 12.0
"""Frames at 24 a second that a stale frame comes from behind, at most."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Damages one frame in four to eight of the span, never two in a row.

    Raises:
        BadInput: the variant is `stale` and nothing moves.
    """
    frames = struck(plan)
    if plan.variant == "stale":
        return _stale(staged, plan, frames)
    if plan.magnitude == 0:
        return staged
    rng = np.random.default_rng([plan.seed, 43])
    do = FORMS[plan.variant]
    height = staged.animation.spec.size[1]
    for frame in frames:
        number = int(rng.integers(2**31))
        staged = developed(staged, frame, frame + 1, _edit(do, plan.magnitude, height, number))
    return staged


def struck(plan: Plan) -> list[int]:
    """The frames that are damaged, one at least."""
    rng = np.random.default_rng([plan.seed, 44])
    frame = plan.start + int(rng.integers(0, 2)) if plan.end - plan.start > 2 else plan.start
    frames = []
    while frame < plan.end:
        frames.append(frame)
        frame += int(rng.integers(4, 9))
    return frames


def _edit(
    do: Callable[[Picture, float, int, int], Picture], share: float, height: int, seed: int
) -> Callable[[Picture, int], Picture]:
    def edit(x: Picture, frame: int) -> Picture:
        return do(x, share, height, seed)

    return edit


def _exposure(x: Picture, share: float, height: int, seed: int) -> Picture:
    way = 1.0 if seed % 2 else -1.0
    return lens.exposed(x, 2.0 ** (way * 4.0 * share))


def _white_balance(x: Picture, share: float, height: int, seed: int) -> Picture:
    way = 1.0 if seed % 2 else -1.0
    return lens.exposed(x, 2.0 ** (np.array([1.2, 0.1, -1.6]) * 1.6 * share * way))


def _black(x: Picture, share: float, height: int, seed: int) -> Picture:
    return np.asarray(x * np.float32(1.0 - min(1.0, 1.45 * share)), np.float32)


def _soft(x: Picture, share: float, height: int, seed: int) -> Picture:
    return lens.soft(x, max(0.45, share * max(height, 270) / 45))


FORMS: dict[str, Callable[[Picture, float, int, int], Picture]] = {
    "exposure": _exposure, "white_balance": _white_balance, "black": _black, "soft": _soft,
}  # fmt: skip


def _stale(staged: Staged, plan: Plan, frames: list[int]) -> Staged:
    animation = staged.animation
    fps = float(animation.spec.fps)
    most = max(1, round(0.6 * STALE * fps / 24))
    frames = [
        f
        for f in frames
        if f >= most
        and animation.shot[f - most] == animation.shot[f]
        and motion(animation, f - most, f) >= LEAST_PIXELS
    ]
    if not frames:
        raise BadInput("nothing moves in these frames, so none of them can be stale")
    if plan.magnitude == 0:
        return staged
    rows = np.arange(len(animation.shot))
    for f in frames:
        rows[f] -= max(1, round(plan.magnitude * STALE * fps / 24))
    return retimed(staged, np.maximum(rows, 0))
