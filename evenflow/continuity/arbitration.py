"""Arbitration: the strongest cause first; what it explains is dropped and listed as ruled out.

Order and rules follow what faults do to each other's signals: one bad frame steps every series
twice, a new look steps all of them once, grain raises residuals, a hold ends in a jump.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.picture import NUM_TILES, TILE_COLS, TILE_ROWS

REGION = frozenset({"subject_swap", "color_change", "vanish", "teleportation"})
"""Steps of a region."""
IN_PLACE = REGION - {"teleportation"}
STEPS = REGION | {"style_change", "background_switch", "light_direction"}
"""Kinds whose evidence is one step, at their peak; what follows it is only their length."""
SURFACE = frozenset(
    {
        "background_swim", "edge_shimmer", "ghosting", "identity_drift", "light_direction",
        "unnatural_motion", "unstable_texture",
    }
)  # fmt: skip
"""Kinds that are read from what motion leaves, and so from the effects of all others as well."""
LASTING = SURFACE | {"shake", "sharpness_pumping", "high_frequency_noise", "lighting_flicker"}
"""Kinds that do the same at every frame of their span."""
EXPLAINS: dict[str, frozenset[str]] = {
    "background_switch": REGION | SURFACE | {"shake", "drift", "style_change", "unnatural_jump"},
    "style_change": REGION | SURFACE | {"unnatural_jump", "drift", "high_frequency_noise"},
    "freeze": REGION | SURFACE | {"unnatural_jump", "image_flicker", "shake", "seam",
                                  "style_change"},
    "image_flicker": REGION | SURFACE | {"unnatural_jump", "style_change", "shake",
                                         "high_frequency_noise", "drift", "seam",
                                         "color_flicker"},
    "lighting_flicker": SURFACE
    | {"style_change", "unnatural_jump", "drift", "color_flicker", "seam"},
    "high_frequency_noise": SURFACE | {"style_change", "unnatural_jump", "drift", "color_flicker",
                                       "sharpness_pumping"},
    "sharpness_pumping": SURFACE | {"image_flicker", "style_change", "high_frequency_noise",
                                    "unnatural_jump", "seam", "drift", "shake",
                                    "lighting_flicker", "color_flicker"},
    "seam": SURFACE | {"lighting_flicker", "color_flicker", "style_change", "unnatural_jump",
                       "image_flicker", "high_frequency_noise", "drift", "shake",
                       "color_change", "vanish", "subject_swap"},
    "color_flicker": SURFACE | {"image_flicker", "lighting_flicker", "color_change",
                                "style_change", "seam", "drift", "unnatural_jump"},
    "unnatural_jump": (SURFACE - {"light_direction", "unnatural_motion"}) | {"shake", "drift"},
    "shake": (SURFACE - {"identity_drift", "light_direction"}) | {"unnatural_jump", "drift"},
    "drift": frozenset(),
    "teleportation": SURFACE | {"vanish", "subject_swap", "color_change", "unnatural_jump"},
    "subject_swap": SURFACE | {"vanish", "color_change", "color_flicker", "unnatural_jump"},
    "color_change": SURFACE | {"color_flicker", "vanish"},
    "vanish": SURFACE | {"unnatural_jump", "color_flicker"},
    "light_direction": frozenset({"unnatural_jump", "style_change", "drift", "seam",
                                  "edge_shimmer", "unstable_texture", "lighting_flicker"}),
    "identity_drift": (SURFACE - {"background_swim"})  # what the place shows between its two selves
    | {"drift", "high_frequency_noise", "sharpness_pumping", "color_flicker", "vanish",
       "subject_swap", "color_change"},
    "unnatural_motion": SURFACE | {"unnatural_jump", "drift", "vanish"},
    "ghosting": SURFACE | {"unnatural_jump", "drift", "shake", "image_flicker"},
    "unstable_texture": SURFACE | {"unnatural_jump", "drift", "image_flicker"},
    "edge_shimmer": SURFACE | {"unnatural_jump", "drift", "shake", "image_flicker"},
    "background_swim": SURFACE | {"unnatural_jump", "drift", "shake"},
}  # fmt: skip
"""A kind explains these others inside its span (a few frames of slack)."""
RIVALS = (
    frozenset({"image_flicker", "lighting_flicker"}),
    frozenset({"image_flicker", "freeze"}),
    frozenset({"high_frequency_noise", "shake"}),
    frozenset({"identity_drift", "drift"}),
    frozenset({"identity_drift", "subject_swap"}),
    frozenset({"identity_drift", "color_change"}),
    frozenset({"high_frequency_noise", "edge_shimmer"}),
    *(frozenset({a, b}) for a in sorted(SURFACE) for b in sorted(SURFACE) if a < b),
    frozenset({"color_flicker", "lighting_flicker"}),
    frozenset({"seam", "high_frequency_noise"}),
)
"""Either may be the cause of the other's signal; the stronger one wins."""
LEAST_SHARE = 0.15
"""A cause that is weaker than this share of an effect does not explain it."""
LEAST_OF_PLACES = 0.5
"""The same for what is found in one place, or read from what motion leaves."""
LEAST_OF: dict[tuple[str, str], float] = {
    ("lighting_flicker", "unnatural_jump"): 0.5,  # gain is compensated before steps are compared
    ("lighting_flicker", "style_change"): 0.5,
    ("color_flicker", "style_change"): 0.7,
    ("high_frequency_noise", "style_change"): 0.3,  # grain changes the look, up to a point
    ("style_change", "high_frequency_noise"): 3.0,  # and a new look may bring a little grain
}
LEAST_OF[("shake", "unnatural_jump")] = 0.6  # the largest of many steps
LEAST_OF |= {(kind, "drift"): 1.0 for kind in EXPLAINS}  # every fault bends the path of color a bit
LEAST_OF |= {  # one way from end to end that a whole place goes is rarely anything else
    (kind, "identity_drift"): 0.8 for kind in EXPLAINS if kind != "background_switch"
}
LEAST_OF_CAUSES = {
    ("sharpness_pumping", "ghosting"): 0.4,
    ("seam", "drift"): 0.5,
    ("background_swim", "unstable_texture"): 0.4,
    ("color_flicker", "lighting_flicker"): 0.4,
}
"""The same for what a candidate itself claims: a copy softens what moves a little, and joins move
the look in steps, none of which is half of the way."""
LEAST_OF |= LEAST_OF_CAUSES
NEXT_TO = {(kind, "high_frequency_noise") for kind in ("style_change", "collapse")} | {
    (kind, "freeze")
    for kind in (
        "lighting_flicker", "color_flicker", "image_flicker", "high_frequency_noise", "shake",
        "sharpness_pumping", "background_swim", "unstable_texture", "edge_shimmer",
    )
}  # fmt: skip
"""Causes that also explain what begins where they end: without grain in the new look, or texture in
mush, the old one looks noisy beside it, and a picture that is at rest looks frozen beside what
shakes all of it."""
SLACK = 3
TINY = 0.03
"""Share of the picture of a spot."""


def arbitrate(candidates: list[Candidate]) -> list[Candidate]:
    """Keeps the cause of what overlaps; names the dropped ones under `ruled_out`."""
    dropped: set[int] = set()
    ruled: dict[int, list[str]] = {}
    candidates = _merged(candidates)
    candidates = [c for c in candidates if not _habit(c, candidates)]
    order = sorted(range(len(candidates)), key=lambda i: -candidates[i].severity)
    for i in order:
        strong = candidates[i]
        if i in dropped:
            continue
        for j in order:
            if j != i and j not in dropped and explains(strong, candidates[j]):
                dropped.add(j)
                ruled.setdefault(i, []).append(candidates[j].kind)
    kept = [c.without(*ruled.get(i, ())) for i, c in enumerate(candidates) if i not in dropped]
    return sorted(kept, key=lambda c: (c.start, c.kind))


def _merged(candidates: list[Candidate]) -> list[Candidate]:
    """Joins what one kind says twice of one time and place; the stronger says where."""
    kept: list[Candidate] = []
    for own in sorted(candidates, key=lambda c: -c.severity):
        for k, other in enumerate(kept):
            shared = min(own.end, other.end) - max(own.start, other.start)
            same = own.kind == other.kind and shared > 0.5 * (own.end - own.start)
            if same and (_meets(other, own) or _meets(own, other)):
                start, end = min(own.start, other.start), max(own.end, other.end)
                kept[k] = replace(other, start=start, end=end)
                break
        else:
            kept.append(own)
    return kept


def _habit(own: Candidate, candidates: list[Candidate]) -> bool:
    """True if one place becomes another again and again: an animation that loops, a screen."""
    if own.kind not in REGION:
        return False
    peaks = sorted(
        c.peak for c in candidates if c.kind in REGION and (_meets(c, own) or _meets(own, c))
    )
    return sum(b - a > SLACK for a, b in zip(peaks, peaks[1:], strict=False)) >= 2


def _meets(strong: Candidate, weak: Candidate) -> bool:
    """True unless both have a place and the places lie apart."""
    if strong.tiles is None or weak.tiles is None:
        return True
    near = binary_dilation(_cells(strong.tiles), iterations=2)
    own = _cells(weak.tiles)
    return bool((own & near).sum() >= 0.25 * own.sum())


def _cells(place: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A place of any form on the grid of the cells."""
    shapes = {NUM_TILES: (TILE_ROWS, TILE_COLS), ROWS * COLS: (ROWS, COLS)}
    grid = place if place.ndim == 2 else place.reshape(shapes[place.size])
    shares = cv2.resize(grid.astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_AREA)
    made: NDArray[np.bool_] = shares > min(0.3, 0.5 * float(shares.max()))
    return made


def explains(strong: Candidate, weak: Candidate) -> bool:
    """True if `strong` is the cause of what looks like `weak`."""
    if weak.kind == strong.kind:
        return False
    if strong.kind == "unnatural_jump" and weak.kind in IN_PLACE:
        return _covers(strong, weak) and _leaps(strong, weak)
    if weak.kind == "unnatural_jump" and strong.kind in IN_PLACE and _leaps(weak, strong):
        return False
    if strong.kind in weak.immune:
        return False
    if strong.kind == "freeze" and weak.kind in REGION and abs(weak.peak - strong.start) <= 1:
        return False  # what goes with the first frame that is held has not been held
    if strong.kind == "freeze" and weak.kind in REGION and abs(weak.peak - strong.end) <= 1:
        return strong.severity >= 2.0  # it goes on where it would have been
    if weak.kind == "freeze" and strong.kind in REGION and abs(strong.peak - weak.start) <= 1:
        return strong.severity >= 0.5 * weak.severity  # all that moved is gone
    if weak.kind == "unnatural_jump" and weak.spread > 0.5 and _small(strong):
        return False  # what happens in one place does not move everything
    if (strong.kind, weak.kind) in NEXT_TO and _touches(strong, weak):
        return True
    if strong.kind == "unnatural_motion" and weak.kind in ("vanish", "subject_swap"):
        # where it ends the thing is at once where it should be
        back = abs(weak.peak - strong.end) <= SLACK and _meets(strong, weak)
        if back and strong.severity >= 2.0:
            return True
    if strong.kind == "vanish" and weak.kind in REGION and abs(weak.peak - strong.end) <= SLACK:
        # it is back, with the light and the shadow that it throws
        return strong.severity >= 0.4 * weak.severity and _meets(strong, weak)
    if not _covers(strong, weak) or not _meets(strong, weak):
        return False
    if strong.kind in STEPS and not _at_once(strong, weak):
        return False
    if weak.kind in strong.causes:
        return _enough(strong, weak)
    if strong.kind in weak.causes and _covers(weak, strong) and _enough(weak, strong):
        return False  # it is the other way round
    if strong.kind in LASTING and weak.kind in SURFACE and _outlasts(strong, weak):
        return False
    if frozenset({weak.kind, strong.kind}) in RIVALS:
        return strong.severity >= weak.severity
    usual = LEAST_OF_PLACES if weak.kind in SURFACE | REGION else LEAST_SHARE
    least = LEAST_OF.get((strong.kind, weak.kind), usual)
    named = weak.kind in EXPLAINS.get(strong.kind, frozenset())
    return named and strong.severity >= least * weak.severity


def _enough(cause: Candidate, effect: Candidate) -> bool:
    """True if the cause is large enough for what it says is its effect."""
    least = LEAST_OF_CAUSES.get((cause.kind, effect.kind), 0.0)
    tiny = cause.tiles is not None and float(cause.tiles.mean()) < TINY
    if tiny and effect.kind == "style_change":
        least = 1.0  # a spot makes no other look of the whole
    return cause.severity >= least * effect.severity


def _leaps(jump: Candidate, region: Candidate) -> bool:
    """True if a jump shows in much more of the picture than the region that seems to change."""
    area = 0.0 if region.tiles is None else float(region.tiles.mean())
    return jump.spread > 0.28 + 1.2 * area


def _small(candidate: Candidate) -> bool:
    return candidate.tiles is not None and float(candidate.tiles.mean()) < 0.25


def _at_once(strong: Candidate, weak: Candidate) -> bool:
    """True if a step, or its way back, is where the weak one is, begins or ends."""
    if weak.kind in STEPS:
        return min(abs(weak.peak - strong.peak), abs(weak.peak - strong.end)) <= SLACK
    if weak.kind in SURFACE and strong.kind in ("background_switch", "style_change"):
        return strong.severity >= 3.0  # another picture moves in its own way throughout
    reach = 2 * SLACK
    return any(weak.start - reach <= at <= weak.end + reach for at in (strong.peak, strong.end))


def _outlasts(strong: Candidate, weak: Candidate) -> bool:
    """True if a steady cause holds so much longer that it would have shown the effect elsewhere."""
    return strong.end - strong.start > 2.5 * (weak.end - weak.start) + 2 * SLACK


def _touches(strong: Candidate, weak: Candidate) -> bool:
    """True if the weak one begins where the strong one ends, or was all there was before it."""
    before = weak.start <= SLACK and abs(weak.end - strong.start) <= SLACK
    return before or abs(weak.start - strong.end) <= SLACK


def _covers(strong: Candidate, weak: Candidate) -> bool:
    """True if most of what `weak` saw lies inside `strong`'s span (with slack)."""
    start, end = weak.start, weak.end
    if weak.kind in STEPS:
        start, end = weak.peak, weak.peak + 1
    length = end - start
    if weak.kind == "drift":  # a short fault bends a long path
        length = min(length, strong.end - strong.start + 2 * SLACK)
    shared = min(end, strong.end + SLACK) - max(start, strong.start - SLACK)
    return shared > 0.5 * length
