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
    "high_frequency_noise": frozenset({"style_change", "unnatural_jump", "drift"}),
    "unnatural_jump": frozenset({"shake", "drift"}),
    "identity_drift": frozenset(  # what the place shows between its two selves
        {
            "drift",
            "unstable_texture",
            "edge_shimmer",
            "high_frequency_noise",
            "sharpness_pumping",
            "light_direction",
            "color_flicker",
            "vanish",
            "subject_swap",
            "color_change",
        }
    ),
    "drift": frozenset(),
    "shake": frozenset({"unnatural_jump", "drift"}),
    "background_switch": frozenset(  # all the picture is another: little can be said beside it
        {"subject_swap", "color_change", "vanish", "teleportation", "identity_drift", "shake"}
    ),
    "style_change": frozenset(
        {
            "unnatural_jump",
            "drift",
            "high_frequency_noise",
            "color_change",
            "subject_swap",
            "vanish",
        }
    ),
    "subject_swap": frozenset({"vanish", "color_change", "identity_drift", "unstable_texture"}),
    "color_change": frozenset({"color_flicker", "identity_drift", "vanish"}),
    "teleportation": frozenset({"vanish", "subject_swap", "unnatural_motion", "identity_drift"}),
    "vanish": frozenset({"identity_drift", "unstable_texture", "unnatural_motion"}),
    "ghosting": frozenset(
        {"unnatural_jump", "drift", "shake", "image_flicker", "edge_shimmer", "background_swim"}
    ),
    "unstable_texture": frozenset(
        {"unnatural_jump", "drift", "identity_drift", "unnatural_motion", "image_flicker"}
    ),
    "edge_shimmer": frozenset(
        {"unnatural_jump", "drift", "shake", "identity_drift", "unnatural_motion", "image_flicker"}
    ),
    "background_swim": frozenset(
        {"unnatural_jump", "drift", "shake", "identity_drift", "unnatural_motion", "edge_shimmer"}
    ),
    "unnatural_motion": frozenset({"unnatural_jump", "drift", "identity_drift"}),
    "sharpness_pumping": frozenset(  # what is soft matches badly and moves in its own way
        {
            "image_flicker",
            "style_change",
            "high_frequency_noise",
            "unnatural_jump",
            "seam",
            "drift",
            "shake",
            "ghosting",
            "identity_drift",
            "unstable_texture",
            "edge_shimmer",
            "background_swim",
            "unnatural_motion",
        }
    ),
    "seam": frozenset(
        {
            "lighting_flicker",
            "color_flicker",
            "style_change",
            "unnatural_jump",
            "image_flicker",
            "high_frequency_noise",
            "drift",
            "shake",
            "color_change",
            "light_direction",
            "background_swim",
            "unnatural_motion",
        }
    ),
    "color_flicker": frozenset(
        {
            "image_flicker",
            "lighting_flicker",
            "color_change",
            "style_change",
            "seam",
            "drift",
            "identity_drift",
            "unstable_texture",
            "light_direction",
            "unnatural_jump",
        }
    ),
}
"""A kind explains these others inside its span (a few frames of slack)."""
RIVALS = (
    frozenset({"image_flicker", "lighting_flicker"}),
    frozenset({"image_flicker", "freeze"}),
    frozenset({"unnatural_jump", "shake"}),
    frozenset({"high_frequency_noise", "shake"}),
    frozenset({"identity_drift", "drift"}),
    frozenset({"identity_drift", "subject_swap"}),
    frozenset({"identity_drift", "color_change"}),
    frozenset({"high_frequency_noise", "unstable_texture"}),
    frozenset({"high_frequency_noise", "edge_shimmer"}),
    frozenset({"unstable_texture", "edge_shimmer"}),
    frozenset({"unstable_texture", "unnatural_motion"}),
    frozenset({"sharpness_pumping", "image_flicker"}),
    frozenset({"sharpness_pumping", "ghosting"}),
    frozenset({"color_flicker", "lighting_flicker"}),
    frozenset({"seam", "high_frequency_noise"}),
)
"""Either may be the cause of the other's signal; the stronger one wins."""
LEAST_SHARE = 0.15
"""A cause that is weaker than this share of an effect does not explain it."""
LEAST_OF: dict[tuple[str, str], float] = {
    ("lighting_flicker", "unnatural_jump"): 0.5,  # gain is compensated before steps are compared
    ("lighting_flicker", "style_change"): 0.5,
    ("high_frequency_noise", "style_change"): 0.3,  # grain changes the look, up to a point
    ("style_change", "high_frequency_noise"): 3.0,  # and a new look may bring a little grain
}
LEAST_OF |= {(kind, "drift"): 1.0 for kind in EXPLAINS}  # every fault bends the path of color a bit
LEAST_OF |= {  # one way from end to end that a whole place goes is rarely anything else
    (kind, "identity_drift"): 0.8 for kind in EXPLAINS if kind != "background_switch"
}
NEXT_TO = {("style_change", "high_frequency_noise")}
"""Causes that also explain what begins where they end: without grain in the new look, the old one
looks noisy beside it."""
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
    if weak.kind == strong.kind or strong.kind in weak.immune:
        return False
    if (strong.kind, weak.kind) in NEXT_TO and _touches(strong, weak):
        return True
    if not _covers(strong, weak):
        return False
    if frozenset({weak.kind, strong.kind}) in RIVALS:
        return strong.severity >= weak.severity
    if weak.kind in strong.causes:
        return True
    least = LEAST_OF.get((strong.kind, weak.kind), LEAST_SHARE)
    named = weak.kind in EXPLAINS.get(strong.kind, frozenset())
    return named and strong.severity >= least * weak.severity


def _touches(strong: Candidate, weak: Candidate) -> bool:
    return abs(weak.start - strong.end) <= SLACK or abs(weak.end - strong.start) <= SLACK


def _covers(strong: Candidate, weak: Candidate) -> bool:
    """True if most of what `weak` saw lies inside `strong`'s span (with slack)."""
    start, end = weak.start, weak.end
    if weak.kind == "style_change":  # the step is the evidence; what follows it is only its length
        start, end = weak.peak, weak.peak + 1
    length = end - start
    if weak.kind == "drift":  # a short fault bends a long path
        length = min(length, strong.end - strong.start + 2 * SLACK)
    shared = min(end, strong.end + SLACK) - max(start, strong.start - SLACK)
    return shared > 0.5 * length
