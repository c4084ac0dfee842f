"""Arbitration: the strongest cause first; what it explains is dropped and listed as ruled out.

Order and rules follow what faults do to each other's signals: one bad frame steps every series
twice, a new look steps all of them once, grain raises residuals, a hold ends in a jump.
"""

from evenflow.continuity.candidate import Candidate

EXPLAINS: dict[str, frozenset[str]] = {
    "freeze": frozenset({"unnatural_jump", "image_flicker", "shake"}),
    "image_flicker": frozenset(
        {"unnatural_jump", "style_change", "shake", "high_frequency_noise", "drift"}
    ),
    "lighting_flicker": frozenset({"style_change", "unnatural_jump", "drift"}),
    "high_frequency_noise": frozenset({"style_change", "unnatural_jump", "shake", "drift"}),
    "style_change": frozenset({"unnatural_jump", "drift"}),
    "unnatural_jump": frozenset({"shake", "drift"}),
    "drift": frozenset(),
    "shake": frozenset({"unnatural_jump", "drift"}),
}
"""A kind explains these others inside its span (a few frames of slack)."""
RIVALS = (
    frozenset({"image_flicker", "lighting_flicker"}),
    frozenset({"image_flicker", "freeze"}),
    frozenset({"unnatural_jump", "shake"}),
)
"""Either may be the cause of the other's signal; the stronger one wins."""
LEAST_SHARE = 0.15
"""A cause that is so much weaker than an effect does not explain it."""
SLACK = 3


def arbitrate(candidates: list[Candidate]) -> list[Candidate]:
    """Keeps the cause of what overlaps; names the dropped ones under `ruled_out`."""
    dropped: set[int] = set()
    ruled: dict[int, list[str]] = {}
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


def explains(strong: Candidate, weak: Candidate) -> bool:
    """True if `strong` is the cause of what looks like `weak`."""
    if weak.kind == strong.kind or strong.kind in weak.immune or not _covers(strong, weak):
        return False
    if frozenset({weak.kind, strong.kind}) in RIVALS:
        return strong.severity >= weak.severity
    # a path of color adds up what every other fault does to it; a real drift is worse than that
    least = 1.0 if weak.kind == "drift" else LEAST_SHARE
    return weak.kind in EXPLAINS[strong.kind] and strong.severity >= least * weak.severity


def _covers(strong: Candidate, weak: Candidate) -> bool:
    shared = min(weak.end, strong.end + SLACK) - max(weak.start, strong.start - SLACK)
    return shared > 0.5 * min(weak.end - weak.start, strong.end - strong.start + 2 * SLACK)
