"""Returns: an object that passes behind something and is another one when it comes out.

Of the tracks of a passage, one that ends away from the border and one that begins within `GAP_S`
where the first would have come to, moving the same way in the same size, are one object to a
viewer. Where its colors and drawing are not its own any more, it came back wrong.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.objects import GAP_S, Look, Track, tracks_of
from evenflow.continuity.passage import Passage

STRANGER = 0.5
"""Likeness to all its last views below which it is another one."""
WHOLE = 0.6
"""Share of its usual size from which a view shows all of it."""
LEAST_LOOKS = 3
"""Views of it before; a track of fewer is no object yet."""


def returned_wrong(passage: Passage) -> list[Candidate]:
    """Candidates of kind vanish, from the frame of the return to the end of what is seen of it."""
    tracks = [t for t in tracks_of(passage) if t.moves]
    made = []
    for before in tracks:
        for after in tracks:
            like = _stranger(before, after)
            if like is not None:
                made.append(_candidate(passage, after, like))
    return made


def _stranger(before: Track, after: Track) -> float | None:
    """Likeness of two tracks that are one object to a viewer but not alike; else None."""
    usual = float(np.median([look.mask.sum() for look in before.looks]))
    whole = [look for look in before.looks if look.mask.sum() > WHOLE * usual]
    first = after.looks[0]
    if len(whole) < LEAST_LOOKS or len(after.looks) < 2 or before.last.frame >= first.frame:
        return None
    last = whole[-1]  # what is half covered lags behind
    gap = first.seconds - last.seconds
    if first.seconds - before.last.seconds > GAP_S or _at_border(last) or _at_border(first):
        return None
    ratio = first.mask.sum() / usual
    if not 0.4 < ratio < 2.5:
        return None
    own, new = _velocity(whole[-3:]), _velocity(after.looks[:3])
    speed = max(float(np.linalg.norm(own)), float(np.linalg.norm(new)))
    if speed < 0.03 or float(own @ new) < 0.3 * speed**2:
        return None
    expected = last.center + own * gap
    if np.linalg.norm(first.center - expected) > max(0.1, 0.8 * speed * gap):
        return None
    like = max(a.likeness(b) for a in whole[-6:] for b in after.looks[:3])
    return like if like < STRANGER else None


def _velocity(looks: list[Look]) -> NDArray[np.float64]:
    """Shares of the picture a second."""
    span = max(looks[-1].seconds - looks[0].seconds, 1e-3)
    moved: NDArray[np.float64] = (looks[-1].center - looks[0].center) / span
    return moved


def _at_border(look: Look) -> bool:
    mask = look.mask
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _candidate(passage: Passage, after: Track, like: float) -> Candidate:
    start = after.start - passage.start
    end = min(len(passage), after.last.frame - passage.start + 1)
    place = np.zeros_like(after.looks[0].mask)
    for look in after.looks:
        place |= look.mask
    severity = 2.0 + 10.0 * (STRANGER - like)
    return Candidate(
        "vanish",
        start,
        max(end, start + 1),
        start,
        severity,
        0.5,
        "what comes out from behind something is not what went in: colors and drawing are "
        f"{like:.0%} alike",
        evidence("identity", like, STRANGER),
        ("subject_swap", "occlusion"),
        tiles=place,
    )
