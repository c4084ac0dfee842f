"""Arbitration: the strongest cause first; what it explains is dropped and listed as ruled out.

Order and rules follow what faults do to each other's signals: one bad frame steps every series twice,
a new look steps all of them once, grain raises residuals, a hold ends in a jump.
"""

from evenflow.continuity.candidate import Candidate

EXPLAINS: dict[str, frozenset[str]] = {
    "image_flicker": frozenset({"unnatural_jump", "style_change", "lighting_flicker", "shake"}),
    "lighting_flicker": frozenset({"image_flicker", "style_change", "unnatural_jump", "drift"}),
    "high_frequency_noise": frozenset(
        {"style_change", "unnatural_jump", "image_flicker", "lighting_flicker"}
    ),
    "freeze": frozenset({"unnatural_jump", "image_flicker", "style_change", "shake"}),
    "style_change": frozenset({"unnatural_jump", "drift", "high_frequency_noise", "image_flicker"}),
    "unnatural_jump": frozenset({"style_change", "shake", "image_flicker"}),
    "drift": frozenset(),
    "shake": frozenset({"unnatural_jump", "image_flicker"}),
}
"""A kind explains another one that lies inside its span (a few frames of slack)."""
SLACK = 3


def arbitrate(candidates: list[Candidate]) -> list[Candidate]:
    """Keeps the strongest cause of what overlaps; names the dropped ones under `ruled_out`."""
    left = sorted(candidates, key=lambda c: -_weight(c))
    kept: list[Candidate] = []
    for candidate in left:
        cause = next((k for k in kept if _explained(candidate, k)), None)
        if cause is None:
            kept.append(candidate)
        else:
            kept[kept.index(cause)] = cause.without(candidate.kind)
    return sorted(kept, key=lambda c: (c.start, c.kind))


def _weight(candidate: Candidate) -> float:
    return candidate.severity * (0.5 + candidate.confidence)


def _explained(weak: Candidate, strong: Candidate) -> bool:
    if weak.kind == strong.kind or weak.kind not in EXPLAINS[strong.kind]:
        return False
    shared = min(weak.end, strong.end + SLACK) - max(weak.start, strong.start - SLACK)
    return shared > 0.5 * min(weak.end - weak.start, strong.end - strong.start + 2 * SLACK)
